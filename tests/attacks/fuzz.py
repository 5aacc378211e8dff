"""Mutated notebooks through the real grader: each gets a status, and none makes it crash or hang.

    python tests/attacks/fuzz.py --n 10000 [--seed 1] [--jobs 2] [--each] [--keep build/fuzz]

Every mutant is read by the grader. Of those of which the same cells are left, one is graded: to all that comes after
reading they are one and the same exam, and a kernel for each would say nothing more. A few of the others are graded
all the same, to see that this is so; ``--each`` grades every one. A mutant that makes the grader raise, die or take
longer than it ever may is kept with what happened. Exit code 1 if there is one.
"""

import argparse
import contextlib
import hashlib
import multiprocessing
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).parents[1]))  # run as a program it knows its own folder only

import mutated
from classes import NOTEBOOK, course, seeds, texts

from course_lib.grading import graft
from course_lib.grading.grade import Job, grade_one
from course_lib.grading.sandbox import Limits

LIMITS = Limits(cell=2.0, extra=1.0, total=20.0)
MOST_SECONDS = 180.0  # for one mutant: its limit, runs without the cells that end the kernel, and a busy machine
ALL_THE_SAME = 50  # how many are graded although an equal one was


class Status(NamedTuple):
    """What the grader made of a mutant."""

    status: str
    score: float
    points: tuple[float, ...]


class Crash(NamedTuple):
    """What happened in place of a status."""

    what: str


def read(seed: int, number: int) -> Status | str:
    """What the grader takes out of a mutant, as a hash; the status where that is nothing."""
    data = mutated.mutant(seed, number)
    try:
        grafted = graft.graft(data, NOTEBOOK, course().released_cells())
    except graft.Unreadable:
        return grade(seed, number)
    return hashlib.sha256(repr(grafted).encode("utf-8", "surrogatepass")).hexdigest()


def grade(seed: int, number: int) -> Status:
    """Grade a mutant as any submission."""
    data = mutated.mutant(seed, number)
    result = grade_one(Job("ada", NOTEBOOK, data, texts(), seeds(), limits=LIMITS))
    return Status(result["status"], result["score"], tuple(test["points"] for test in result["tests"]))


# ------------------------------------------------------------------------------------------------------- workers


def _work(tasks: Connection, scratch: str) -> None:
    """Do what is asked until nothing more is; a crash is an answer, too."""
    tempfile.tempdir = scratch
    while (task := tasks.recv()) is not None:
        what, seed, number = task
        try:
            answer = {"read": read, "grade": grade}[what](seed, number)
        except BaseException:  # whatever it is, it must not have come this far
            answer = Crash(traceback.format_exc())
        tasks.send((answer, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


class Worker:
    """A process that grades, and is started anew where a mutant ends it."""

    def __init__(self, scratch: str):
        self.scratch, self.number, self.most_memory = scratch, -1, 0
        self._start()

    def ask(self, what: str, seed: int, number: int) -> None:
        """Have it do one thing."""
        self.number, self.since = number, time.monotonic()
        with contextlib.suppress(ConnectionError):  # its end is its answer
            self.tasks.send((what, seed, number))

    def answer(self, most_seconds: float) -> Status | str | Crash | None:
        """What it has to say, or how it failed; None while it works."""
        try:
            if self.tasks.poll():
                answer, memory = self.tasks.recv()
                self.most_memory = max(self.most_memory, memory)
                return answer
        except (EOFError, ConnectionError):
            self.process.join()
            answer = Crash(f"the grader's process ended with {self.process.exitcode}")
        else:
            if time.monotonic() - self.since < most_seconds:
                return None
            answer = Crash(f"no end after {most_seconds:g} seconds")
        self.stop()
        self._start()
        return answer

    def stop(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.join()
        self.tasks.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.tasks, there = context.Pipe()
        self.process = context.Process(target=_work, args=(there, self.scratch))
        self.process.start()
        there.close()


def _done(workers: list[Worker], what: str, seed: int, numbers: Iterable[int], most: float) -> Iterator[tuple]:
    """Each number with its answer, as they come."""
    waiting, idle = iter(numbers), list(workers)
    busy: list[Worker] = []
    while True:
        while idle and (number := next(waiting, None)) is not None:
            busy.append(idle.pop())
            busy[-1].ask(what, seed, number)
        if not busy:
            return
        wait([worker.tasks for worker in busy], timeout=0.2)
        for worker in list(busy):
            if (answer := worker.answer(most)) is not None:
                busy.remove(worker)
                idle.append(worker)
                yield worker.number, answer


# ------------------------------------------------------------------------------------------------------ campaign


class Campaign:
    """What becomes of ``n`` mutants of a seed.

    Args:
        seed: which mutants.
        n: how many.
        each: whether each is graded in a kernel of its own.
    """

    def __init__(self, seed: int, n: int, each: bool = False):
        self.seed, self.n, self.each = seed, n, each
        self.statuses: dict[int, Status] = {}
        self.crashes: dict[int, str] = {}
        self.kernels = self.most_memory = 0

    def run(self, jobs: int, most_seconds: float = MOST_SECONDS) -> None:
        """Read all, and grade what is to be graded."""
        with tempfile.TemporaryDirectory(prefix="f-", ignore_cleanup_errors=True) as scratch:
            workers = [Worker(scratch) for _ in range(jobs)]
            try:
                self._run(workers, most_seconds)
            finally:
                for worker in workers:
                    worker.stop()
                    self.most_memory = max(self.most_memory, worker.most_memory)

    def _run(self, workers: list[Worker], most: float) -> None:
        equal: dict[str, list[int]] = {}  # by what is left of them
        for number, answer in _done(workers, "read", self.seed, range(self.n), most):
            if isinstance(answer, str):
                equal.setdefault(answer, []).append(number)
            else:
                self._note(number, answer)
            self._say(f"{len(self.statuses) + sum(map(len, equal.values()))} of {self.n} read")
        first = {numbers[0]: numbers for numbers in equal.values()}
        for number, answer in _done(workers, "grade", self.seed, first, most):
            self.kernels += 1
            self._note(number, answer)
            self._say(f"{self.kernels} of {len(first)} graded")
        others = [(number, numbers[0]) for numbers in first.values() for number in numbers[1:]]
        chosen = others if self.each else random.Random(self.seed).sample(others, min(ALL_THE_SAME, len(others)))
        like = dict(others)
        for number, answer in _done(workers, "grade", self.seed, [number for number, _ in chosen], most):
            self.kernels += 1
            self._note(number, answer)
            if number in self.statuses and self.statuses[number] != self.statuses.get(like[number]):
                self.crashes[number] = f"{answer}, but number {like[number]}, of which the same cells are left, did not"
        for number in like.keys() - self.statuses.keys() - self.crashes.keys():
            if like[number] in self.statuses:
                self.statuses[number] = self.statuses[like[number]]

    def _note(self, number: int, answer: Status | Crash) -> None:
        if isinstance(answer, Crash):
            self.crashes[number] = answer.what
        else:
            self.statuses[number] = answer

    def _say(self, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{text} ", end="", file=sys.stderr)

    def keep(self, folder: Path) -> None:
        """Write down every mutant that has no status, with what happened."""
        for number, what in self.crashes.items():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{self.seed}-{number}.ipynb").write_bytes(mutated.mutant(self.seed, number))
            (folder / f"{self.seed}-{number}.txt").write_text(what)

    def report(self, seconds: float) -> str:
        """What came out, and last how many crashes and statuses."""
        counts = Counter(status.status for status in self.statuses.values())
        with_points = sum(status.status == "ok" and status.score > 0 for status in self.statuses.values())
        lines = [f"{count:6d} {status}" for status, count in counts.most_common()]
        lines.append(f"{with_points:6d} of them ok with points: {with_points / max(self.n, 1):.0%}")
        lines.append(f"{self.kernels:6d} graded in a kernel of their own, the others read and equal to one of these")
        lines.append(f"{self.n / seconds:.1f} mutants a second, the largest grader {self.most_memory / 1024:.0f} MB")
        lines += [f"crash {self.seed}-{number}: {what.splitlines()[-1]}" for number, what in self.crashes.items()]
        return "\n".join([*lines, f"{len(self.crashes)} crashes, {len(self.statuses)} statuses"])


def main() -> int:
    """Run a campaign, and say whether the grader stood it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000, help="mutants")
    parser.add_argument("--seed", type=int, default=1, help="which mutants")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--each", action="store_true", help="grade each in a kernel of its own")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where mutants that crash the grader go")
    asked = parser.parse_args()
    campaign, started = Campaign(asked.seed, asked.n, asked.each), time.monotonic()
    campaign.run(asked.jobs)
    campaign.keep(asked.keep)
    print(campaign.report(time.monotonic() - started))
    return 0 if len(campaign.statuses) == asked.n and not campaign.crashes else 1


if __name__ == "__main__":
    sys.exit(main())
