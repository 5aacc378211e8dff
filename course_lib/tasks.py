"""Three tasks that cannot be solved without a long memory, each with what is reached without one.

::

    x, y = temporal_order(100, 50, rng)         # 50 sequences of 100 steps, and what is to be answered
    task = TASKS["temporal_order"]              # the same, and all that a program must know of the task
    task.chance(100), task.solved(100)          # 0.75 and 0.01: the share of wrong answers by guessing, and when solved

How far back the answer lies is the parameter T. At every T a task can be drawn anew without end, so nothing can be
learnt by heart, and the error on a fresh batch is the error.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib import functions
from course_lib.backend import Rng, asarray

X, Y = 4, 5  # of temporal_order: the two symbols that count
BLANK, GO = 8, 9  # of copy_memory: nothing to be seen, and the signal to repeat
_DATA = 10  # symbols that copy_memory has to keep


def adding(T: int, B: int, rng: Rng, dtype: Any = "float32") -> tuple[Any, Any]:
    """The adding problem: of many numbers, add the two that are marked.

    ``x_t = (value, marker)`` with values from [0, 1). One step of the first half (``T//2`` steps) and one of the rest
    have the marker 1, all others 0. ``y`` is the sum of the two marked values, asked for after the last step.

    Args:
        T: steps, at least 2.
        B: sequences.
        rng: where they come from.
        dtype: of both results.

    Returns:
        ``x (T, B, 2)`` and ``y (B, 1)``.

    Raises:
        ValueError: if T or B is too small.

    Source: Hochreiter and Schmidhuber (1997), experiment 4; in this form Le, Jaitly and Hinton (2015).
    """
    _check_sizes("adding", T, B, least=2)
    generator, each = rng.generator, np.arange(B)
    values, markers = generator.random((T, B)), np.zeros((T, B))
    first, second = generator.integers(0, T // 2, B), generator.integers(T // 2, T, B)
    markers[first, each] = markers[second, each] = 1
    y = values[first, each] + values[second, each]
    return asarray(np.stack([values, markers], axis=-1), dtype), asarray(y[:, None], dtype)


def adding_chance(T: int) -> float:
    """The mean squared error of always answering 1, the best without the inputs: 1/6 at every T.

    It is the variance of a sum of two numbers from [0, 1), ``2 · 1/12``. Some papers have 0.1767, which is wrong.
    """
    return 1 / 6


def mean_squared_error(o: Any, y: Any) -> Any:
    """The error of `adding`: the squared distance of outputs and targets, averaged over the batch.

    Args:
        o: outputs of the last step ``(B, 1)``.
        y: targets ``(B, 1)``.

    Returns:
        ``1/B Σ_b (o_b - y_b)²``, shape ``()``.
    """
    return ((o - y) ** 2).mean()


def temporal_order(T: int, B: int, rng: Rng) -> tuple[Any, Any]:
    """The temporal order problem: of two symbols far apart, which came first, which second?

    Whole numbers stand for symbols: 0 to 3 mean nothing, 4 is X, 5 is Y. X or Y, each as likely, stand at one random
    step of ``[T/10, 2T/10)`` and at one of ``[T/2, 6T/10)``, counted from 0; everywhere else is one of the others.
    The class is ``2·(the first is Y) + (the second is Y)``: XX, XY, YX, YY. It is asked for after the last step.

    Args:
        T: steps, at least 10.
        B: sequences.
        rng: where they come from.

    Returns:
        ``x (T, B)``, whole numbers that a cell with 6 inputs takes as one-hot rows, and the classes ``y (B,)``.

    Raises:
        ValueError: if T or B is too small.

    Source: Hochreiter and Schmidhuber (1997), experiment 6a; these positions: Pascanu, Mikolov and Bengio (2013).
    """
    _check_sizes("temporal_order", T, B, least=10)
    generator, each = rng.generator, np.arange(B)
    x = generator.integers(0, X, (T, B))
    first, second = generator.integers(0, 2, (2, B))
    x[generator.integers(T // 10, 2 * T // 10, B), each] = X + first
    x[generator.integers(T // 2, 6 * T // 10, B), each] = X + second
    return asarray(x), asarray(2 * first + second)


def temporal_order_chance(T: int) -> float:
    """The share of wrong classes of a guess among four: 0.75 at every T (and a cross entropy of ln 4 = 1.386)."""
    return 0.75


def wrong_share(o: Any, y: Any) -> Any:
    """The error of `temporal_order`: the share of sequences whose largest logit is not that of their class.

    Args:
        o: logits of the last step ``(B, 4)``.
        y: classes ``(B,)``.

    Returns:
        A number in [0, 1], shape ``()``.
    """
    return (o.argmax(axis=-1) != y).mean()


def copy_memory(T: int, B: int, rng: Rng) -> tuple[Any, Any]:
    """The copy problem: keep ten symbols for T steps, then repeat them in order.

    Whole numbers stand for symbols: 0 to 7 are data, 8 is a blank, 9 the signal to repeat. The inputs are ten data,
    ``T - 1`` blanks, the signal, ten blanks. The targets are blanks, and in the last ten steps the data.

    Args:
        T: steps from each symbol of the data to its repetition, less ten; at least 1.
        B: sequences.
        rng: where they come from.

    Returns:
        ``x (T+20, B)``, whole numbers that a cell with 10 inputs takes as one-hot rows, and the classes
        ``y (T+20, B)``: 0 to 8, for the signal is never a target.

    Raises:
        ValueError: if T or B is too small.

    Source: Hochreiter and Schmidhuber (1997), experiment 2; in this form Arjovsky, Shah and Bengio (2016).
    """
    _check_sizes("copy_memory", T, B, least=1)
    symbols = rng.generator.integers(0, BLANK, (_DATA, B))
    x, y = np.full((2, T + 2 * _DATA, B), BLANK)
    x[:_DATA] = y[-_DATA:] = symbols
    x[-_DATA - 1] = GO
    return asarray(x), asarray(y)


def copy_memory_chance(T: int) -> float:
    """The mean cross entropy of a step without memory, ``10 ln 8 / (T + 20)``.

    Blanks are foreseen without error, for it is known when they end; then ten times one of eight is guessed.

    Args:
        T: as for `copy_memory`.
    """
    return _DATA * math.log(8) / (T + 2 * _DATA)


def mean_cross_entropy(o: Any, y: Any) -> Any:
    """The error of `copy_memory`: the cross entropy averaged over all steps and the batch, in nats.

    Args:
        o: logits ``(T+20, B, 9)``.
        y: classes ``(T+20, B)``.

    Returns:
        ``-1/((T+20) B) Σ_t Σ_b log p_tb[y_tb]``, shape ``()``.
    """
    return functions.cross_entropy(o, y) / len(o)


@dataclass(frozen=True)
class Task:
    """What a program must know of a task to train a network on it and to say whether it is solved."""

    title: str
    draw: Callable[..., tuple[Any, Any]]  # draw(T, B, rng) -> x, y
    inputs: int  # D of the cell
    outputs: int  # O of the output layer
    loss: str  # "squared_error" or "cross_entropy", as in course_lib.training
    last_step: bool  # whether y is asked for after the last step alone, and has no axis of time
    error: Callable[[Any, Any], Any]  # error(o, y): o (B, O) where the last step alone counts, else (T, B, O)
    unit: str  # of the error, to be read
    chance: Callable[[int], float]  # chance(T): the error that is reached without a memory
    solved: Callable[[int], float]  # solved(T): the task counts as solved below this error


TASKS = {
    "adding": Task(
        "adding problem",
        adding,
        inputs=2,
        outputs=1,
        loss="squared_error",
        last_step=True,
        error=mean_squared_error,
        unit="mean squared error",
        chance=adding_chance,
        solved=lambda T: 0.01,
    ),
    "temporal_order": Task(
        "temporal order",
        temporal_order,
        inputs=6,
        outputs=4,
        loss="cross_entropy",
        last_step=True,
        error=wrong_share,
        unit="share of wrong classes",
        chance=temporal_order_chance,
        solved=lambda T: 0.01,
    ),
    "copy_memory": Task(
        "copy memory",
        copy_memory,
        inputs=10,
        outputs=9,
        loss="cross_entropy",
        last_step=False,
        error=mean_cross_entropy,
        unit="nats per step",
        chance=copy_memory_chance,
        solved=lambda T: 0.05 * copy_memory_chance(T),
    ),
}


def _check_sizes(task: str, T: int, B: int, least: int) -> None:
    for name, size, smallest in (("T", T, least), ("B", B, 1)):
        if not isinstance(size, int | np.integer) or size < smallest:
            raise ValueError(f"{name} is {size!r}; {task} needs a whole number of at least {smallest}")
