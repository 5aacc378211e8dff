"""The geometry of the pictures in the grader's pages, in units of their own."""

import math
from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np

from course_lib.exercises.distance import LEVELS

_CELL = 20  # of an error map
_LETTER = 6.5  # the width of a digit of its labels


def histogram(scores: list[float], top: float) -> dict[str, Any]:
    """Geometry of the picture of scores: how many students lie between two marks, the last mark included.

    Args:
        scores: one for each student who counts.
        top: the best possible score, where the axis ends.

    Returns:
        The frame, the bars and the ticks of both axes.
    """
    left, right, floor, ceiling = 36, 584, 228, 28
    step = _step(top, 12)
    edges = [i * step for i in range(math.ceil(top / step))] + [top]
    counts = [0] * (len(edges) - 1)
    for score in scores:
        counts[min(int(score / step + 1e-9), len(counts) - 1)] += 1
    rise = max(1, _step(max(counts, default=0), 4))
    height = rise * max(1, math.ceil(max(counts, default=0) / rise))

    def x(score: float) -> float:
        return round(left + (right - left) * score / (top or 1), 1)

    def y(students: float) -> float:
        return round(floor - (floor - ceiling) * students / height, 1)

    bars = [
        {
            **{"low": low, "high": high, "count": n, "middle": x((low + high) / 2)},
            "x": round(x(low) + 3, 1),
            "y": y(n),
            "width": round(x(high) - x(low) - 6, 1),
            "height": round(floor - y(n), 1),
        }
        for low, high, n in zip(edges, edges[1:], counts, strict=False)
    ]
    return {
        **{"left": left, "right": right, "floor": floor, "bars": bars},
        "x_ticks": [{"at": x(edge), "value": edge} for edge in edges],
        "y_ticks": [{"at": y(i * rise), "value": i * rise} for i in range(round(height / rise) + 1)],
    }


def error_map(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Geometry of an error map: a mark in each cell, which is the larger the larger the error.

    Args:
        stored: as from `distance.error_map`.

    Returns:
        Its size; for each level that occurs the path of its marks, for strokes as wide as the marks are large; the
        labels of rows and columns, and how many values one mark stands for.
    """
    rows, shape, split = stored["rows"], stored["shape"], stored["row_axes"]
    row_axes, column_axes = shape[:split], shape[split:]
    blocks = -(-math.prod(row_axes) // len(rows)), -(-math.prod(column_axes) // len(rows[0]))
    row_names = [_index(row_axes, blocks[0] * i) if row_axes else "" for i in range(len(rows))]
    column_names = [_index(column_axes, blocks[1] * i) for i in range(len(rows[0]))]
    left, top = math.ceil(_LETTER * max(map(len, row_names))) + 8, 20
    every = math.ceil((_LETTER * max(map(len, column_names)) + 4) / _CELL)
    marks: dict[int, list[str]] = {}
    for i, row in enumerate(rows):
        for j, level in enumerate(row):
            marks.setdefault(int(level), []).append(_mark(int(level), left + _CELL * j, top + _CELL * i))
    width, height = _CELL * len(rows[0]), _CELL * len(rows)
    return {
        **{"left": left, "top": top, "width": width, "height": height, "cell": _CELL},
        "marks": [{"level": level, "path": "".join(marks[level])} for level in sorted(marks)],
        "rules": "".join(
            [f"M{left + _CELL * j} {top}v{height}" for j in range(1, len(rows[0]))]
            + [f"M{left} {top + _CELL * i}h{width}" for i in range(1, len(rows))]
        ),
        "rows": [{"y": top + _CELL * i + 14, "text": text} for i, text in enumerate(row_names)],
        "columns": [
            {"x": left + _CELL * j + _CELL // 2, "text": text} for j, text in enumerate(column_names) if j % every == 0
        ],
        "block": blocks if max(blocks) > 1 else None,
        "levels": [
            {"level": level, "words": LEVELS[level], "count": number, "path": _mark(level, 0, 0)}
            for level, number in enumerate(stored["counts"])
            if number
        ],
    }


def _mark(level: int, x: float, y: float) -> str:
    """The path of one mark: a point, which its stroke makes a dot or a square, or a cross."""
    if level == len(LEVELS) - 1:
        return f"M{x + 5} {y + 5}l10 10m0-10l-10 10"
    return f"M{x + _CELL // 2} {y + _CELL // 2}h0"


def _index(axes: list[int], place: int) -> str:
    """The index of a place along some axes, as text."""
    return ", ".join(map(str, np.unravel_index(place, axes)))


def _step(top: float, most: int) -> float:
    """The smallest of 0.5, 1, 2, 5, 10, … that takes at most ``most`` steps to ``top``."""
    steps = (base * 10.0**power for power in count(-1) for base in (5, 10, 20))
    return next(step for step in steps if top <= most * step)
