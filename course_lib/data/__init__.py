"""Data that come with the course; ``README.md`` beside them says where each is from and under which terms."""

from importlib.resources import files
from pathlib import Path

import numpy as np

_HELD_OUT = 'Mapping Types — "dict"\n'  # the first line of the first topic that is held out


def sunspots() -> tuple[np.ndarray, np.ndarray]:
    """How many sunspots were seen, each year from 1700 to 2008.

    Returns:
        ``years (309,)``, whole numbers; and ``numbers (309,)``, the yearly means of the daily sunspot number.
    """
    rows = np.loadtxt(files(__name__) / "sunspots.csv", delimiter=",", skiprows=1)
    return rows[:, 0].astype(int), rows[:, 1]


def reference_text() -> tuple[str, str]:
    """Topics of the Python 3.11 reference: English prose about a programming language, with code and grammar.

    The last topics, a tenth of the text, are held out. A topic that mostly repeats another is not in the text, so that
    what is held out was not read before.

    Returns:
        The text to train on, and the held-out text.
    """
    text = (files(__name__) / "reference.txt").read_text(encoding="utf-8")
    start = text.index(_HELD_OUT)
    return text[:start], text[start:]


def cities() -> list[str]:
    """Names of the cities, islands and regions that time zones are named after, sorted, each once."""
    return (files(__name__) / "cities.txt").read_text(encoding="utf-8").splitlines()


def long_memory() -> dict[str, np.ndarray]:
    """What came of training six networks on three tasks of long memory, as ``benchmarks/long_memory.py`` did.

    Returns:
        Columns by name, with a row for each of N runs. What was trained: ``task``, ``T``, ``model``, ``seed``; for
        how many ``iterations`` at most, and after how many each it was tested, ``every``. The error of ``chance``,
        and the ``threshold`` below which the task is solved, where training ended. Curves ``(N, tests)`` from before
        training on, nan after the last test: ``error``, and ``radius``, the spectral radius of the recurrent matrix
        (in LSTM and GRU of that of the candidate). And ``flow (N, 2, steps)``, before and after training: the norm of
        the gradient of the last step's loss at each state, nan after the last step.
    """
    with np.load(files(__name__) / "long_memory.npz") as archive:
        return dict(archive)


def char_lm() -> dict[str, np.ndarray]:
    """What came of training networks to predict the reference text, as ``benchmarks/char_lm.py`` did.

    Returns:
        Columns by name, with a row for each of N trainings: ``name`` and ``cell`` of the network, the ``library`` that
        trained it, ``hidden_size``, ``B`` sequences side by side, ``T`` characters in a chunk, ``iterations``, ``lr``,
        the ``seed``, and whether its recipe was a ``published`` one; ``seconds``, without the tests. Curves in nats per
        character: ``train (N, points)``, means of the iterations up to ``iteration (N, points)``; and
        ``held_out (N, stages)``, tested after ``tested (N, stages)`` iterations. And K texts that networks have drawn,
        with what they were given to begin with: ``sample``, ``sample_name``, ``sample_iteration``,
        ``sample_temperature``.
    """
    with np.load(files(__name__) / "char_lm.npz") as archive:
        return dict(archive)


def char_model() -> Path:
    """Where the parameters of the LSTM in `char_lm` are, rounded to float16.

    Returns:
        A file for `saving.load`. Its facts: ``cell``, ``input_size``, ``hidden_size``, the ``characters`` of the
        vocabulary, and ``held_out``, the nats per character that the rounded network has on the held-out text.
    """
    return Path(str(files(__name__) / "char_model.npz"))
