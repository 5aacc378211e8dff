"""How long a submission takes to grade, beside nbgrader, otter-grader and plain nbval.

    python benchmarks/grading.py             # this grader alone; prints
    python benchmarks/grading.py --peers     # beside the others; prints, and writes its section of RESULTS.md

All get the same five answers in 40 notebooks; in every other one the gradient is not clipped. Time on the clock is that
of the whole command, from start to end. Processor time is that of the whole machine meanwhile: what a sandbox has
used is counted nowhere else, since it dies at once with all that is in it. So nothing else should be running.
"""

import argparse
import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from five_cells.asserts import ASSERTS
from measuring import graders, machine, results
from measuring.graders import Grader

ROOT = Path(__file__).resolve().parents[1]
FIVE = ROOT / "benchmarks" / "five_cells"
NOTEBOOK = "00_five_cells"
WRONG = {"clip": "def clip(g, c):\n    return g"}


@dataclass(frozen=True)
class Timing:
    """What it took to grade all submissions, in seconds on the clock and of processors."""

    wall: float
    cpu: float


def main(arguments: list[str]) -> None:
    """Measure and print, and write what was measured beside the peers."""
    options = _parse(arguments)
    work = ROOT / "build" / "grading"
    shutil.rmtree(work, ignore_errors=True)
    answers = _answers()
    submissions = [answers | (WRONG if number % 2 else {}) for number in range(options.n)]
    names = {"ours": ours, **({"nbgrader": graders.nbgrader, "otter": graders.otter} if options.peers else {})}
    names |= {"plain nbval": graders.nbval} if options.peers else {}
    ready = {name: make(work / name.replace(" ", "-"), submissions, ASSERTS) for name, make in names.items()}
    others = machine.load_of_others()
    measured = {name: _timed(name, grader, options.n) for name, grader in ready.items()}
    section = _section(measured, ready, options.n, shlex.join(["python", "benchmarks/grading.py", *arguments]), others)
    if options.peers:
        results.replace("grading", section)
    print(section)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=40, help="how many submissions")
    parser.add_argument("--peers", action="store_true", help="the others, too")
    return parser.parse_args(arguments)


def _answers() -> dict[str, str]:
    """The right answers, without the marks around them."""
    found = {}
    for cell in jupytext.reads((FIVE / "source.py").read_text(), fmt="py:percent").cells:
        if "answer" in cell.metadata.get("tags", []):
            lines = [line for line in cell.source.splitlines() if "### " not in line]
            found[cell.metadata["exercise"]] = "\n".join(lines).strip()
    return found


def ours(folder: Path, submissions: list[dict[str, str]], asserts: object) -> Grader:
    """`course grade`, of a copy of the course that has the five cells for a notebook."""
    course = folder / "course"
    shutil.copytree(ROOT / "course_lib", course / "course_lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", course)
    shutil.copy(FIVE / "exercises.py", course / "course_lib" / "exercises" / "five_cells.py")
    registry = course / "course_lib" / "exercises" / "__init__.py"
    text = re.sub(r"_MODULES = \{.*?\}", f'_MODULES = {{"{NOTEBOOK}": "five_cells"}}', registry.read_text(), flags=re.S)
    registry.write_text(text)
    (course / "notebooks").mkdir()
    (course / "solutions" / "keys").mkdir(parents=True)
    shutil.copy(FIVE / "source.py", course / "solutions" / f"{NOTEBOOK}.py")
    shutil.copy(FIVE / "key.py", course / "solutions" / "keys" / f"{NOTEBOOK}.py")
    source = jupytext.reads((FIVE / "source.py").read_text(), fmt="py:percent")
    for number, answers in enumerate(submissions):
        nb = nbformat.v4.new_notebook()
        for cell in source.cells:
            kind, marks = cell.metadata.get("tags", [""])[0], cell.metadata.get("exercise", "")
            if cell.cell_type == "code":
                text = answers[marks] if kind == "answer" else cell.source.split("\n###")[0]
                metadata = {"course": {"exercise": marks, "role": kind}}
                place = f"{marks}-{kind}" if marks else kind
                nb.cells.append(nbformat.v4.new_code_cell(text, metadata=metadata, id=place))
        path = folder / "submitted" / f"s{number:03d}" / f"{NOTEBOOK}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(nb, path)
    out = folder / "graded"

    def scores() -> list[float]:
        with (out / "gradebook.csv").open(newline="") as file:
            return [float(row["score"]) for row in csv.DictReader(file)]

    command = [sys.executable, "-m", "course_lib", "grade", str(folder / "submitted"), "--out", str(out)]
    variables = os.environ | {"PYTHONPATH": str(course)}
    return Grader(command, course, variables, scores, "")


def _timed(name: str, grader: Grader, n: int) -> Timing:
    """Let a grader grade, and compare what it gives with what the answers have earned."""
    load, started = machine.Load(), time.monotonic()
    done = subprocess.run(grader.command, cwd=grader.folder, env=grader.environment, capture_output=True, text=True)
    timing = Timing(time.monotonic() - started, load.seconds())
    right = [8.0 if number % 2 else 10.0 for number in range(n)]
    try:
        given = grader.scores()
    except OSError as error:  # there are none
        given = str(error)
    if given != right:
        said = done.stdout[-1000:] + done.stderr[-1000:]
        raise SystemExit(f"{name} gives other scores than the answers have earned: {given}\n{said}")
    return timing


def _section(measured: dict[str, Timing], ready: dict[str, Grader], n: int, command: str, others: str) -> str:
    """The section of RESULTS.md; its last line is the result in one sentence."""
    first = measured["ours"]
    rows = [
        f"| {f'{name} {ready[name].version}'.strip()} | {t.wall / n:.2f} | {t.cpu / n:.2f} "
        f"| {t.wall / first.wall:.1f} | {t.cpu / first.cpu:.1f} |"
        for name, t in measured.items()
    ]
    said = f"ours {first.wall / n:.2f} s wall {first.cpu / n:.2f} s CPU per submission"
    if "nbgrader" in measured:
        said += f"; nbgrader / ours = {measured['nbgrader'].wall / first.wall:.1f}"
    return "\n".join(
        [
            "## Grading",
            "",
            f"- command: `{command}`",
            f"- machine: {machine.description()}",
            f"- other programs: {others}",
            "",
            f"Five graded cells in {n} submissions, all scores as they must be. Ours is `course grade` in the sandbox,",
            f"{os.cpu_count()} submissions at a time, with inputs drawn for each student and feedback pages written.",
            "nbgrader has no parallel mode, and neither it nor otter, here called without its container, isolates a",
            f"submission. Plain nbval is `pytest --nbval-lax -n {os.cpu_count()}`: it only finds cells that raise.",
            "",
            "| grader | s wall / submission | s CPU / submission | wall / ours | CPU / ours |",
            "| --- | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            said,
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
