"""Candidates for the same work: first compared in what they compute, then timed in turn."""

import contextlib
import gc
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course_lib.gradcheck import relative_error

TOLERANCE = 1e-4  # float32, sums over some thousand terms in different orders


class WrongResult(Exception):
    """A candidate computes something else; its time would mean nothing."""


def _values_are_not_compared(_: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Candidate:
    """One way to do the work.

    Args:
        name: in the tables.
        run: does it once, and returns what `values` understands.
        values: the results of a run by name, as NumPy arrays.
        around: what holds during many runs, and is not timed.
    """

    name: str
    run: Callable[[], Any]
    values: Callable[[Any], Mapping[str, Any]] = _values_are_not_compared
    around: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext


def check(reference: Candidate, others: Sequence[Candidate], work: Any, runs: int = 1) -> None:
    """Refuse a candidate whose last run of ``runs`` gives other results than that of the reference.

    Raises:
        WrongResult: it names the candidate and the result.
    """
    expected = _last(reference, runs)
    for candidate in others:
        values = _last(candidate, runs)
        if values.keys() != expected.keys():
            raise WrongResult(f"{work}: {candidate.name} gives {sorted(values)}, not {sorted(expected)}")
        for name, value in values.items():
            error = relative_error(value, expected[name])
            if not error <= TOLERANCE:  # nor nan
                raise WrongResult(f"{work}: {name} of {candidate.name} is off by {error:.1e} from {reference.name}")


def _last(candidate: Candidate, runs: int) -> Mapping[str, Any]:
    with candidate.around():
        for _ in range(runs):
            result = candidate.run()
        return candidate.values(result)


def race(
    candidates: Sequence[Candidate], rounds: int, block: float, synchronize: Callable[[], Any] = lambda: None
) -> dict[str, list[float]]:
    """The seconds of one run, for each candidate and round.

    Args:
        candidates: in each round another one begins.
        rounds: how often each has its turn.
        block: seconds a turn lasts, at least: short runs are repeated.
        synchronize: waits until everything that was started is done.
    """
    repeats = {candidate.name: _repeats(candidate, block, synchronize) for candidate in candidates}
    seconds: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
    for number in range(rounds):
        first = number % len(candidates)
        for candidate in (*candidates[first:], *candidates[:first]):
            _settle()
            seconds[candidate.name].append(_seconds(candidate, repeats[candidate.name], synchronize))
    return seconds


def _settle() -> None:
    """Wait until the threads of the candidate before are asleep.

    Those of OpenBLAS go on looking for work for a tenth of a second. torch, whose own threads wait for one another
    many times in a pass, would meanwhile be several times slower than it is.
    """
    for _ in range(200):
        start = time.process_time()  # of all threads
        time.sleep(0.005)
        if time.process_time() - start < 0.0005:
            return


def _repeats(candidate: Candidate, block: float, synchronize: Callable[[], Any]) -> int:
    """How many runs fill a turn, found after one that may have to compile."""
    _seconds(candidate, 1, synchronize)
    return max(1, math.ceil(block / _seconds(candidate, 1, synchronize)))


def _seconds(candidate: Candidate, repeats: int, synchronize: Callable[[], Any]) -> float:
    collecting = gc.isenabled()
    gc.disable()  # as timeit does: a collection is paid by whoever happens to be running
    try:
        with candidate.around():
            if repeats > 1:
                candidate.run()  # wakes its threads, which long runs hardly notice
            synchronize()
            start = time.perf_counter()
            for _ in range(repeats):
                candidate.run()
            synchronize()
            return (time.perf_counter() - start) / repeats
    finally:
        if collecting:
            gc.enable()
