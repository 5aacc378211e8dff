"""From the seconds of every round to one figure. ``seconds[name][n]`` is the time of a candidate in round n."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

Seconds = Mapping[str, Sequence[float]]


def ratio(seconds: Seconds, name: str, to: str) -> float:
    """The median over the rounds of a round's ratio: what slows down a whole round changes nothing."""
    return statistics.median(_ratios(seconds, name, to))


def spread(seconds: Seconds, name: str, to: str) -> float:
    """From the first to the third quartile of the ratios, relative to their median."""
    ratios = _ratios(seconds, name, to)
    if len(ratios) < 2:
        return 0.0
    first, median, third = statistics.quantiles(ratios, method="inclusive")
    return (third - first) / median


def exponent(lengths: Sequence[float], times: Sequence[float]) -> float:
    """``k`` where the times are closest to ``lengthᵏ``: the slope of a line through their logarithms."""
    return statistics.linear_regression([math.log(n) for n in lengths], [math.log(t) for t in times]).slope


def exponents(points: Sequence[Mapping[str, Any]], place: int) -> dict[str, float]:
    """The `exponent` of each candidate, from points of growth whose sizes differ in one place."""
    lengths = [point["size"][place] for point in points]
    names = points[0]["seconds"]
    return {name: exponent(lengths, [statistics.median(p["seconds"][name]) for p in points]) for name in names}


def _ratios(seconds: Seconds, name: str, to: str) -> list[float]:
    return [a / b for a, b in zip(seconds[name], seconds[to], strict=True)]
