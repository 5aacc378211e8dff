"""Which network solved which task, as text."""

from collections.abc import Mapping

import numpy as np
from measuring.words import NONE, bullets, paragraph, table

from course_lib.long_memory import BATCH, MODELS, TEST_BATCH
from course_lib.tasks import TASKS

Table = Mapping[str, np.ndarray]


def section(runs: Table, setup: Mapping[str, str]) -> str:
    """The section of RESULTS.md.

    Args:
        runs: as `course_lib.data.long_memory` returns it.
        setup: what to say of the machine, by name.
    """
    errors = "; ".join(f"{name}: {task.unit}" for name, task in TASKS.items() if name in runs["task"])
    return "\n\n".join(
        [
            "## Tasks that need a long memory",
            bullets({**setup, "error": errors}),
            paragraph(_TEXT),
            table(
                ["task", "T", "iterations", "chance", "solved below", *MODELS],
                [_row(runs, *task) for task in sorted(set(zip(runs["task"], runs["T"], strict=True)), key=_order)],
            ),
        ]
    )


_TEXT = f"""A network learns from batches of {BATCH} sequences, by Adam, with the gradients clipped to norm 1, and is
tested every so many iterations on {TEST_BATCH} fresh ones. It has solved the task when a test's error is below the
bound; then it stops. A whole number says after how many iterations that was. A figure in parentheses is the lowest
error of a network that did not solve the task within its iterations, to be compared with that of chance; the tests of
one that guesses scatter, and the lowest of them lies up to a tenth below chance. One figure for each seed, 0 first.
LSTM: forget bias 1. GRU: all biases 0. chrono: gate biases for memories of up to T steps."""


def _order(task: tuple[str, int]) -> tuple[int, int]:
    return list(TASKS).index(task[0]), task[1]


def first_below(error: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """The number of each run's first test with an error below its threshold; -1 where there was none.

    Args:
        error: ``(runs, tests)``, with nan where there was no test.
        threshold: ``(runs,)``.
    """
    below = error < threshold[:, None]
    return np.where(below.any(axis=1), below.argmax(axis=1), -1)


def _row(runs: Table, task: str, T: int) -> list[str]:
    here = (runs["task"] == task) & (runs["T"] == T)
    chance, bound = (f"{runs[name][here][0]:.3g}" for name in ("chance", "threshold"))
    results = [_results(runs, here & (runs["model"] == model)) for model in MODELS]
    return [task, str(T), str(runs["iterations"][here].max()), chance, bound, *results]


def _results(runs: Table, rows: np.ndarray) -> str:
    """A figure for each seed."""
    tests = first_below(runs["error"][rows], runs["threshold"][rows])
    figures = [
        str(test * every) if test >= 0 else f"({np.nanmin(error):.3g})"
        for test, every, error in zip(tests, runs["every"][rows], runs["error"][rows], strict=True)
    ]
    return ", ".join(figures) or NONE
