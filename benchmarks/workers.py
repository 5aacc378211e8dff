"""How grading grows with the workers, here and through dask, and what 10,000 submissions cost.

    python benchmarks/workers.py              # some minutes, on a quiet machine
    python benchmarks/workers.py --quick      # whether it works; writes nothing

It grades classes of two sizes and takes the difference, so that what is paid once is not counted: starting processes,
loading the grader. It writes its section of RESULTS.md.
"""

import argparse
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Client
from measuring import machine, results
from measuring.words import bullets, digits, paragraph, table

from course_lib.grading import classroom, demo
from course_lib.grading.course import Texts, load
from course_lib.grading.grade import OK
from course_lib.grading.submissions import find

ROOT = Path(__file__).parents[1]
NOTEBOOK = "01_unrolling"
MANY = 10_000


@dataclass(frozen=True)
class Cost:
    """Seconds that one submission more takes.

    Args:
        wall: of waiting.
        caller: of processor time in the process that reads submissions and writes results.
        workers: of processor time in all others.
    """

    wall: float
    caller: float
    workers: float


def main(arguments: list[str]) -> None:
    """Measure, print, and write unless quick."""
    parser = argparse.ArgumentParser(prog="workers.py", description="How grading grows with the workers.")
    parser.add_argument("--quick", action="store_true", help="small classes; print, and store nothing")
    options = parser.parse_args(arguments)
    sizes, counts = ((1, 3), (1,)) if options.quick else ((10, 50), (1, 2))
    others = machine.load_of_others()
    costs = {name: cost(around, jobs, sizes) for name, jobs, around in ways(counts)}
    setup = {
        "command": f"`{shlex.join(['python', 'benchmarks/workers.py', *arguments])}`",
        "machine": machine.description(),
        "submissions": f"{sizes[1]} and {sizes[0]} of {NOTEBOOK}, right and with known mistakes, in the sandbox",
        "other programs": others,
    }
    section = report(costs, setup)
    print(section)
    if not options.quick:
        results.replace("workers", section)


def ways(counts: tuple[int, ...]) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    """What is compared: its name, how many jobs, and what starts a cluster and gives its address."""
    for count in counts:
        yield f"--jobs {count}", count, lambda: nullcontext("")
    for count in counts:
        yield f"--dask, workers: {count}", count, lambda count=count: cluster(count)


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """A scheduler and workers, each a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    commands = [["scheduler", "--host", address], *[["worker", address, "--nthreads", "1", "--no-nanny"]] * workers]
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        processes = [
            subprocess.Popen([sys.executable, "-m", "dask", *words, "--no-dashboard"], cwd=folder, stderr=nowhere)
            for words in commands
        ]
        try:
            with Client(address, set_as_default=False) as client:
                client.wait_for_workers(workers)
            yield address
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()


def cost(around: Callable[[], Any], jobs: int, sizes: tuple[int, int]) -> Cost:
    """From a small class to a large one."""
    few, many = (seconds(around, jobs, size) for size in sizes)
    return Cost(*((after - before) / (sizes[1] - sizes[0]) for before, after in zip(few, many, strict=True)))


def seconds(around: Callable[[], Any], jobs: int, size: int) -> tuple[float, float, float]:
    """What grading a class takes: wall time, and processor time of this process and of all others."""
    texts = Texts.read(ROOT / "solutions", NOTEBOOK)
    class_ = [student for student in demo.make(load(texts), size + 10) if student.status == OK][:size]
    with tempfile.TemporaryDirectory() as folder:
        submitted = Path(folder, "submitted")
        demo.write(class_, NOTEBOOK, submitted)
        submissions, _ = find(submitted, [NOTEBOOK])
        graded = []
        all_programs, before = machine.Load(), time.process_time()
        with around() as address:
            started = time.monotonic()
            run = classroom.Run(Path(folder, "out"), {NOTEBOOK: texts}, b"secret", jobs, dask=address)
            classroom.grade(run, submissions, lambda result, was_there: graded.append(result["status"]))
            wall = time.monotonic() - started
        own = time.process_time() - before
    assert graded == [OK] * size, graded
    return wall, own, all_programs.seconds() - own


def report(costs: dict[str, Cost], setup: dict[str, str]) -> str:
    """The section of RESULTS.md."""
    base = costs["--jobs 1"].wall
    rows = [
        [name, f"{c.wall:.3f}", f"{base / c.wall:.2f}", f"{c.workers:.3f}", f"{c.caller:.4f}"]
        for name, c in costs.items()
    ]
    header = ["", "wall s", "times `--jobs 1`", "CPU s of workers", "CPU s of caller"]
    *_, each = costs.values()
    hours = MANY * (each.workers + each.caller) / 3600
    words = _TEXT.format(
        many=MANY,
        each=each.workers + each.caller,
        hours=digits(hours),
        wall=digits(60 * hours / 16),
        most=int(each.workers / each.caller),
    )
    return "\n\n".join(["## Grading with many workers", bullets(setup), table(header, rows), paragraph(words)])


_TEXT = """Seconds of each submission. On paper, {many:,} submissions at {each:.3f} s of processor time are {hours}
hours of it, which 16 cores do in {wall} minutes. The caller writes results and feedback: with more than about {most}
workers they would wait for it."""

if __name__ == "__main__":
    main(sys.argv[1:])
