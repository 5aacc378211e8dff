"""How far a given array is from the right one: the numbers a verdict rests on, and a map of them that gives none away.

The map knows levels only, and of arrays of whole numbers there is none: a level of one of those could tell its value.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from course_lib.exercises import TOLERANCE, Test

# What a level says of an error: its size as a share of the array's largest right value.
LEVELS = ("right", "below 1 %", "1 to 10 %", "10 to 100 %", "100 % or more", "NaN or infinite")
_STEPS = (0.01, 0.1, 1.0)

_MOST_ROWS, _MOST_COLUMNS = 12, 24  # of a map: larger ones are drawn in blocks
_MOST_RANGES = 4  # of indices that are listed


class Distance(NamedTuple):
    """How far a given array is from the right one.

    Args:
        error: of each value; 0 where the right one is not finite.
        scale: what the errors are relative to, the largest right value but for a test's floor.
        tolerance: the largest accepted error as a share of it.
    """

    error: np.ndarray
    scale: float
    tolerance: float


def distance(test: Test, right: np.ndarray, given: np.ndarray) -> Distance:
    """The errors of a given array of the right shape, and what they are compared with."""
    wanted = right.astype(np.float64)
    finite = np.isfinite(wanted)
    with np.errstate(all="ignore"):
        error = np.abs(np.where(finite, given.astype(np.float64) - wanted, 0.0))
        scale = max(float(np.max(np.abs(wanted), initial=0.0, where=finite)), test.floor) or 1.0
    return Distance(error, scale, accepted(test, right.dtype.name))


def accepted(test: Test, dtype: str) -> float:
    """The largest error that a test accepts in arrays of a dtype, relative to the largest value."""
    tolerances = {**TOLERANCE, **test.tolerance}
    return tolerances.get(dtype, tolerances["float64"])


def error_map(test: Test, name: str, right: np.ndarray | str, given: np.ndarray | str) -> dict[str, Any] | None:
    """Where a wrong array is wrong and how much, in levels.

    Args:
        test: the test that compares them.
        name: what the array is called.
        right: the right output.
        given: the given output.

    Returns:
        The array's name and shape; how many of its values have each of the `LEVELS`; for each axis the indices at
        which something is wrong; and the map, a text for each row with a digit for each column, which is the worst
        level in its block. The first ``row_axes`` axes lie along the rows. None where there is nothing to draw: other
        shapes, text, single values, whole numbers, no wrong value.
    """
    if isinstance(right, str) or isinstance(given, str) or right.shape != given.shape:
        return None
    if right.size < 2 or right.dtype.kind != "f" or np.array_equal(right, np.rint(right), equal_nan=True):
        return None
    levels = _levels(test, right, given)
    if not levels.any():
        return None
    split = _split(right.shape)
    grid = levels.reshape(math.prod(right.shape[:split]), -1)
    for axis, most in enumerate((_MOST_ROWS, _MOST_COLUMNS)):
        starts = np.arange(0, grid.shape[axis], -(-grid.shape[axis] // most))
        grid = np.maximum.reduceat(grid, starts, axis=axis)
    return {
        "array": name,
        "shape": list(right.shape),
        "counts": np.bincount(levels.ravel(), minlength=len(LEVELS)).tolist(),
        "where": [_indices(levels, axis) for axis in range(levels.ndim)],
        "row_axes": split,
        "rows": ["".join(map(str, row)) for row in grid.tolist()],
    }


def _levels(test: Test, right: np.ndarray, given: np.ndarray) -> np.ndarray:
    """The level of each value: its place in `LEVELS`."""
    error, scale, tolerance = distance(test, right, given)
    with np.errstate(all="ignore"):
        wrong = 1 + np.searchsorted(_STEPS, error / scale, side="right")
        levels = np.where(error <= tolerance * scale, 0, wrong)
    lost = np.isfinite(right) != np.isfinite(given)
    odd = ~np.isfinite(right) & ~lost  # where another infinity, or one in place of NaN, is as wrong
    lost[odd] = ~((right[odd] == given[odd]) | (np.isnan(right[odd]) & np.isnan(given[odd])))
    return np.where(lost, len(LEVELS) - 1, levels)


def _split(shape: Sequence[int]) -> int:
    """How many axes lie along the rows of a map, so that it is as square as can be; a vector is one row."""

    def slenderness(rows: int) -> float:
        return abs(math.log(math.prod(shape[:rows]) / math.prod(shape[rows:])))

    return min(range(1, len(shape)) or range(1), key=slenderness)


def _indices(levels: np.ndarray, axis: int) -> str:
    """The indices along an axis at which something is wrong: ``all``, ``0–2, 5``, or how many where they are many."""
    others = tuple(other for other in range(levels.ndim) if other != axis)
    wrong = np.flatnonzero((levels > 0).any(axis=others))
    if len(wrong) == levels.shape[axis]:
        return "all"
    ranges = np.split(wrong, np.flatnonzero(np.diff(wrong) > 1) + 1)
    if len(ranges) > _MOST_RANGES:
        return f"{len(wrong)} of {levels.shape[axis]}"
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}–{part[-1]}" for part in ranges)
