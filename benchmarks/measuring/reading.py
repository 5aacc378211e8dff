"""Networks that learn to predict a text, character by character, and how far each of them is."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measuring.networks import Network

from course_lib import backend, data, init, text
from course_lib.backend import Rng, array_namespace, asarray, asnumpy, get_xp
from course_lib.cells import GRU, LSTM, RNN, Output
from course_lib.optim import Adagrad, Adam, clip_by_norm
from course_lib.runs import Run
from course_lib.training import loss_and_gradients

POINTS = 10  # of the training curve, in each stage
PROMPT, LENGTH = "The ", 300
TEMPERATURES = (0.5, 1.0)
SAMPLED = (1, 3, 10)  # stages after which text is drawn


class Passes:
    """A text read again and again, in chunks, each time from another place on.

    Otherwise a state of zeros would always come before the same few characters, and a network that begins to read
    anywhere else can take a thousand characters to find its way.
    """

    def __init__(self, ids: np.ndarray, network: Network):
        self._ids, self._network = ids, network
        self._chunks = (len(ids) - 1) // network.B // network.T
        self._pass = -1

    def chunk(self, i: int) -> tuple[Any, Any, bool]:
        """``x (T, B)`` and ``y (T, B)`` of iteration i, and whether a pass begins with it."""
        number, n = divmod(i, self._chunks)
        if number != self._pass:
            start = np.random.default_rng((self._network.seed, number)).integers(len(self._ids))
            self._x, self._y = text.batches(asarray(np.roll(self._ids, -start)), self._network.B)
            self._pass = number
        rows = slice(n * self._network.T, (n + 1) * self._network.T)
        return self._x[rows], self._y[rows], n == 0


def texts() -> tuple[text.Vocabulary, np.ndarray, np.ndarray]:
    """The vocabulary of the reference text, and its two parts as whole numbers."""
    parts = data.reference_text()
    vocabulary = text.Vocabulary("".join(parts))
    return vocabulary, *(asnumpy(vocabulary.encode(part)) for part in parts)


class Learner:
    """A network that learns; on which library, the subclasses say.

    Attributes:
        run: how far it is. ``keep`` holds ``seconds`` of training, the ``held_out`` loss after each stage, and what
            the subclass needs to go on.
        network: what is trained.
        rule: the optimiser.
    """

    library = ""
    rule: Any

    def __init__(self, network: Network, vocabulary: text.Vocabulary):
        self.network, self.vocabulary = network, vocabulary
        self._start(len(vocabulary))
        self.run = Run(self.rule, every=max(1, network.stage // POINTS))
        self.run.keep |= {"seconds": np.zeros(()), "held_out": np.zeros(0)}

    def __str__(self) -> str:
        return f"{self.network.name}, {self.library}"

    def go_on(self, passes: Passes, held_out: np.ndarray, end: int, path: Path) -> bool:
        """Learn until so many iterations are done, then test; all is kept in a file.

        Returns:
            Whether it came that far; False after an interrupt.
        """
        began = _clock()
        for i in self.run.until(end):
            x, y, first = passes.chunk(i)
            self.rule.lr = self.network.learning_rate(i)
            self.run.note(train=self._learn(x, y, first) / self.network.T)
        keep = self.run.keep
        keep["seconds"] = asnumpy(keep["seconds"]) + _clock() - began
        if self.run.i == end:
            keep["held_out"] = np.append(asnumpy(keep["held_out"]), self.test(held_out))
            self._after(len(keep["held_out"]))
        self.save(path)
        return self.run.i == end

    def progress(self) -> str:
        """How far it is, in one line."""
        keep, network = self.run.keep, self.network
        done, nats = f"{self.run.i} of {network.iterations}", asnumpy(keep["held_out"])[-1]
        seconds = asnumpy(keep["seconds"])
        return f"{self}: {done}, {nats:.3f} nats per character held out, {seconds:.0f} s"

    def curves(self) -> dict[str, np.ndarray]:
        """What was measured, as `data.char_lm` describes it."""
        keep, stage = self.run.keep, self.network.stage
        iteration, train = self.run.curve["train"]
        held_out = asnumpy(keep["held_out"])
        curves = {"iteration": iteration, "train": train.astype("float32")}
        curves |= {"tested": stage * np.arange(1, len(held_out) + 1), "held_out": held_out}
        return curves | {"seconds": asnumpy(keep["seconds"])}

    def samples(self) -> list[tuple[int, float, str]]:
        """After how many iterations, at which temperature, which text."""
        return []

    def save(self, path: Path) -> None:
        """Keep everything in a file."""
        self.run.save(path)

    def load(self, path: Path) -> None:
        """Go on from there."""
        self.run.load(path)

    def test(self, ids: np.ndarray) -> float:
        """Nats per character on a text, read in one go."""
        raise NotImplementedError

    def _start(self, V: int) -> None:
        """Make the network and its rule."""
        raise NotImplementedError

    def _learn(self, x: Any, y: Any, first: bool) -> Any:
        """Take a step, from a state of zeros if it is the first of a pass.

        Returns:
            The loss: a sum over time, a mean over the batch.
        """
        raise NotImplementedError

    def _after(self, stage: int) -> None:
        """What else is to be kept after a stage."""


class Ours(Learner):
    """With course_lib."""

    library = "course_lib"

    def _start(self, V: int) -> None:
        network, rng = self.network, Rng(self.network.seed)
        H = network.hidden_size
        if network.cell == "GRU":
            self.cell = GRU(V, H, rng, reset="after")  # torch has no other
        else:
            self.cell = {"RNN": RNN, "LSTM": LSTM}[network.cell](V, H, rng)
        if network.cell == "LSTM":
            self.cell.params["b"][...] = init.lstm_bias(H, forget=1.0)
        self.output = Output(H, V, rng)
        params = self.cell.params | self.output.params
        if network.published:
            for name in "UWV":
                params[name][...] = rng.normal(params[name].shape, 0.01)
        self.rule = (Adagrad if network.published else Adam)(params, network.lr)

    def _learn(self, x: Any, y: Any, first: bool) -> Any:
        keep = self.run.keep
        state = None if first else (keep["h"], keep["c"]) if "c" in keep else keep["h"]
        loss, grads, state = loss_and_gradients(self.cell, self.output, x, y, state)
        keep |= dict(zip("hc", state if isinstance(state, tuple) else (state,), strict=False))
        if self.network.published:
            for g in grads.values():
                array_namespace(g).clip(g, -5, 5, out=g)
        else:
            clip_by_norm(grads, self.network.T)  # the loss is a sum over so many characters
        self.rule.step(grads)
        return loss

    def test(self, ids: np.ndarray) -> float:
        return text.evaluate(self.cell, self.output, asarray(ids))

    def _after(self, stage: int) -> None:
        for temperature in TEMPERATURES if stage in SAMPLED else ():
            rng = Rng(self.network.seed)
            drawn = text.sample(self.cell, self.output, self.vocabulary, PROMPT, LENGTH, temperature, rng)
            self.run.keep[f"sample {stage} {temperature}"] = self.vocabulary.encode(PROMPT + drawn)

    def samples(self) -> list[tuple[int, float, str]]:
        drawn = []
        for name, ids in self.run.keep.items():
            word, *numbers = name.split()
            if word == "sample":
                stage, temperature = map(float, numbers)
                drawn.append((int(stage) * self.network.stage, temperature, self.vocabulary.decode(ids)))
        return drawn

    def rounded(self, ids: np.ndarray) -> tuple[dict[str, np.ndarray], float]:
        """The parameters in float16, and the nats per character that are left with them; the network has them then."""
        params = {name: asnumpy(array).astype("float16") for name, array in self.rule.params.items()}
        for name, array in self.rule.params.items():
            array[...] = asarray(params[name])
        return params, self.test(ids)


def learners(networks: Sequence[Network], vocabulary: text.Vocabulary) -> list[list[Learner]]:
    """For each network, those that train it: ours, and torch where it is there and has what is needed."""
    kinds: list[type[Learner]] = [Ours]
    if problem := _torch_missing():
        print(f"Nothing is compared with torch: {problem}.", file=sys.stderr)
    else:
        from measuring.peer_text import Torch

        kinds.append(Torch)
    return [[kind(one, vocabulary) for kind in kinds if kind is Ours or not one.published] for one in networks]


def _torch_missing() -> str | None:
    """Why torch cannot be compared with, if it cannot."""
    try:
        import torch
    except ImportError:
        return 'it is not installed; pip install "course-lib[bench]" brings it'
    return None if get_xp() is np or torch.cuda.is_available() else "the one that is installed sees no GPU"


def _clock() -> float:
    """On one core the processor's own time, which other programs change little; on a GPU that on the wall."""
    backend.synchronize()
    return time.process_time() if get_xp() is np else time.perf_counter()
