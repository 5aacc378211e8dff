"""Characters as numbers, and networks that say which character comes next.

::

    vocabulary = Vocabulary(text)
    x, y = batches(vocabulary.encode(text), B=32)           # (T, 32) each; y is one character ahead of x
    for loss, grads, state in truncated_bptt(cell, output, x, y, steps=64):
        ...
    evaluate(cell, output, vocabulary.encode(held_out))     # nats per character
    sample(cell, output, vocabulary, "The ", 200, temperature=0.8, rng=Rng(0))

``x`` goes into a cell as it is: whole numbers stand for one-hot rows.
"""

import math
from typing import Any

import numpy as np

from course_lib import functions
from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.cells.layer import check_array

_CHUNK = 256  # steps that `evaluate` takes at once: its memory does not grow with the text


class Vocabulary:
    """The characters of a text, each with its number: its place among them in sorted order.

    Attributes:
        characters: all of them, sorted, in one string.

    Args:
        text: any text that has each character at least once.

    Raises:
        TypeError: if it is not a string.
        ValueError: if it is empty.

    Source: Ramanathan, S61.
    """

    def __init__(self, text: str):
        _check_text("text", text)
        if not text:
            raise ValueError("text is empty: there are no characters to make a vocabulary of")
        self.characters = "".join(sorted(set(text)))
        self._codes = _codes(self.characters)

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Any:
        """The number of each character.

        Args:
            text: N characters of the vocabulary.

        Returns:
            Whole numbers ``(N,)`` in ``0, …, len(self) - 1``, on the current backend.

        Raises:
            TypeError: if it is not a string.
            ValueError: if a character is not in the vocabulary.
        """
        _check_text("text", text)
        codes = _codes(text)
        ids = np.minimum(np.searchsorted(self._codes, codes), len(self) - 1)
        unknown = np.flatnonzero(self._codes[ids] != codes)
        if unknown.size:
            raise ValueError(
                f"text holds {text[unknown[0]]!r} at index {unknown[0]}, which is not among the {len(self)} characters "
                "of the vocabulary; make the vocabulary from all the text there is, or replace the character"
            )
        return asarray(ids, "int64")

    def decode(self, ids: Any) -> str:
        """The text whose characters have these numbers: the inverse of `encode`.

        Args:
            ids: whole numbers ``(N,)``, on either backend, or a list of them.

        Returns:
            N characters.

        Raises:
            ValueError: if they are not ``(N,)`` whole numbers in ``0, …, len(self) - 1``.
        """
        ids = asnumpy(ids)
        if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
            raise ValueError(f"ids have shape {ids.shape} and dtype {ids.dtype}; expected (N,) whole numbers")
        if ids.size and not 0 <= ids.min() <= ids.max() < len(self):
            raise ValueError(f"ids go from {ids.min()} to {ids.max()}, but there are characters 0 to {len(self) - 1}")
        return "".join([self.characters[k] for k in ids.tolist()])


def batches(ids: Any, B: int) -> tuple[Any, Any]:
    """A text as B sequences side by side, each a part of it that goes on from step to step.

    Sequence b is characters ``b·T, …, (b+1)·T - 1`` of the text; cut into chunks along the time axis, each chunk
    goes on where the one before has stopped, so that a state may be carried from one to the next.

    Args:
        ids: the text as whole numbers ``(N,)``.
        B: how many sequences.

    Returns:
        ``x (T, B)`` and ``y (T, B)``, with ``y`` the character after each of ``x`` and ``T = (N - 1) // B``. What
        does not fill a step of all sequences, fewer than B characters, is left out at the end.

    Raises:
        TypeError: if ``ids`` is not an array.
        ValueError: if ``ids`` are not ``(N,)`` whole numbers, B is not a whole number of at least 1, or the text is
            too short for B sequences.

    Source: Ramanathan, S80.
    """
    T = _steps(ids, B)
    xp = array_namespace(ids)
    x, y = (xp.ascontiguousarray(ids[shift : shift + T * B].reshape(B, T).T) for shift in (0, 1))
    return x, y


def evaluate(cell: Any, output: Any, ids: Any, B: int = 1) -> float:
    """How well a network predicts a text: ``-1/N Σ_n log p(character n+1 | characters 1 … n)`` in nats.

    Args:
        cell: an RNN, LSTM or GRU.
        output: the `Output` layer on it.
        ids: the text as whole numbers ``(N,)``.
        B: in how many parts it is read side by side, as by `batches`. Each begins with a state of zeros: with more
            parts it takes less time, and the result is a little larger.

    Returns:
        Nats per character. A GPU is waited for once, at the end.

    Raises:
        ValueError, TypeError: as `batches`, or if something does not fit; the message names it.

    Source: Grabocka, S9.
    """
    x, y = batches(ids, B)
    state, total = None, 0.0
    for start in range(0, len(x), _CHUNK):
        hs, state, _ = cell.forward(x[start : start + _CHUNK], state)
        o, _ = output.forward(hs)
        # A sum over time, of a mean over the batch. Sums of float32 would lose digits in a long text.
        total = total + functions.cross_entropy(o, y[start : start + _CHUNK]).astype("float64")
    return float(total) / len(x)


def bits_per_char(nats: Any) -> Any:
    """A loss per character in bits, ``nats / ln 2``: how long a perfect compression would be.

    Args:
        nats: a number, or an array of any shape.

    Returns:
        Bits per character, the same shape.
    """
    return nats / math.log(2)


def perplexity(nats: Any) -> Any:
    """Among how many equally likely characters a network would be as uncertain, ``e^nats``.

    Args:
        nats: loss per character, a number or an array of any shape.

    Returns:
        The perplexity, the same shape: 1 if each character is certain, V if all V are equally likely.
    """
    return array_namespace(nats).exp(nats)


def sample(cell: Any, output: Any, vocabulary: Vocabulary, prompt: str, n: int, temperature: float, rng: Rng) -> str:
    """Text that a network goes on with: each character is drawn, then read as the next input.

    ``p = softmax(o / temperature)``: below 1 the likely ones become more likely still, above 1 less.

    Args:
        cell: an RNN, LSTM or GRU whose inputs are the vocabulary.
        output: the `Output` layer on it.
        vocabulary: what the numbers mean.
        prompt: what the network reads first, one character at least.
        n: how many characters to draw.
        temperature: above 0; or 0, for the most likely character each time.
        rng: where the characters are drawn from.

    Returns:
        The n characters, without the prompt.

    Raises:
        TypeError: if the prompt is not a string.
        ValueError: if the prompt is empty or holds a character that the vocabulary has not, cell or output are not
            of its size, n is not a whole number of at least 0, or the temperature is negative.

    Source: Ramanathan, S62.
    """
    _check_sampling(cell, output, vocabulary, prompt, n, temperature)
    x, state, drawn = vocabulary.encode(prompt)[:, None], None, []
    for _ in range(n):
        hs, state, _ = cell.forward(x, state)
        o, _ = output.forward(hs[-1:])
        x = rng.choice(functions.softmax(o / temperature)) if temperature else o.argmax(axis=-1)
        drawn.append(x[0])
    return vocabulary.decode(array_namespace(x).concatenate(drawn)) if drawn else ""


def _check_sampling(cell: Any, output: Any, vocabulary: Vocabulary, prompt: str, n: int, temperature: float) -> None:
    sizes = {"the cell has inputs": cell.input_size, "the output layer has outputs": output.output_size}
    for what, size in sizes.items():
        if size != len(vocabulary):
            raise ValueError(f"{what} for {size} characters, but the vocabulary has {len(vocabulary)}")
    _check_text("prompt", prompt)
    if not prompt:
        raise ValueError("prompt is empty; the network has to read one character at least before it goes on")
    if not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(f"n is {n!r}; it has to be a whole number of at least 0")
    if not temperature >= 0:
        raise ValueError(f"temperature is {temperature!r}; it has to be 0 or above")


def _steps(ids: Any, B: int) -> int:
    """How many steps of B sequences there are in a text, each with a character after it."""
    check_array("ids", ids)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise ValueError(f"ids have shape {ids.shape} and dtype {ids.dtype}; expected (N,) whole numbers")
    if not isinstance(B, int | np.integer) or B < 1:
        raise ValueError(f"B is {B!r}; it has to be a whole number of at least 1")
    if len(ids) <= B:
        raise ValueError(
            f"a text of {len(ids)} characters is too short for {B} sequences: each needs a character and the next one"
        )
    return (len(ids) - 1) // B


def _codes(text: str) -> np.ndarray:
    """The code point of each character."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _check_text(name: str, text: Any) -> None:
    if not isinstance(text, str):
        raise TypeError(f"{name} is a {type(text).__name__}; it has to be a string")
