"""Other graders, made ready to grade the five cells: each in an environment of its own, as its manual says.

Each function makes a folder with an assignment and its submissions, and returns what grades them.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

VENVS = Path(__file__).resolve().parents[2] / "build" / "graders"
_SPEC = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


class Grader(NamedTuple):
    """A command that grades all submissions, where it is run, and how its scores are read, in their order."""

    command: list[str]
    folder: Path
    environment: dict[str, str]
    scores: Callable[[], list[float]]
    version: str


def nbgrader(folder: Path, submissions: list[dict[str, str]], asserts: dict[str, tuple[str, str]]) -> Grader:
    """nbgrader's ``autograde``, after a release with ``generate_assignment``."""
    python = _environment("nbgrader", "nbgrader==0.9.6")
    cells = [new_code_cell("import numpy as np")]
    for name, answer in submissions[0].items():
        solution = f"### BEGIN SOLUTION\n{answer}\n### END SOLUTION"
        cells.append(new_code_cell(solution, metadata=_marks(name, solution=True)))
        shown, hidden = asserts[name]
        hidden = f"\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS" if hidden else ""
        cells.append(new_code_cell(shown + hidden, metadata=_marks(f"test_{name}", grade=True, locked=True, points=2)))
    source = folder / "source" / "ps1" / "hw.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata=_SPEC), source)
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'five'\n")
    command = [str(python.with_name("nbgrader"))]
    _run([*command, "generate_assignment", "ps1"], folder)
    released = nbformat.read(folder / "release" / "ps1" / "hw.ipynb", as_version=4)
    for number, answers in enumerate(submissions):
        for cell in released.cells:
            marks = cell.metadata.get("nbgrader", {})
            if marks.get("solution"):
                cell.source = answers[marks["grade_id"]]
        path = folder / "submitted" / f"s{number:03d}" / "ps1" / "hw.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(released, path)

    def scores() -> list[float]:
        _run([*command, "export"], folder)
        with (folder / "grades.csv").open(newline="") as file:
            return [float(row["score"]) for row in sorted(csv.DictReader(file), key=lambda row: row["student_id"])]

    return Grader([*command, "autograde", "ps1"], folder, _variables(python), scores, _version(python, "nbgrader"))


def otter(folder: Path, submissions: list[dict[str, str]], asserts: dict[str, tuple[str, str]]) -> Grader:
    """otter-grader's `grade_submission` in one process, without a container: the fastest way it has."""
    python = _environment("otter", "otter-grader[grading]==7.0.0", "jupytext")
    cells = [new_raw_cell("# ASSIGNMENT CONFIG\nname: ps1\ninit_cell: true\nexport_cell: false")]
    cells.append(new_code_cell("import numpy as np"))
    for name, answer in submissions[0].items():
        cells += [new_raw_cell(f"# BEGIN QUESTION\nname: {name}\npoints: 2"), new_markdown_cell(name)]
        first, body = answer.split("\n", 1)
        solution = f"{first}\n    # BEGIN SOLUTION\n{body}\n    # END SOLUTION"
        cells += [new_raw_cell("# BEGIN SOLUTION"), new_code_cell(solution), new_raw_cell("# END SOLUTION")]
        shown, hidden = asserts[name]
        cells += [new_raw_cell("# BEGIN TESTS"), new_code_cell(shown)]
        cells += [new_code_cell(f"# HIDDEN\n{hidden}")] if hidden else []
        cells += [new_raw_cell("# END TESTS"), new_raw_cell("# END QUESTION")]
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata=_SPEC), folder / "ps1.ipynb")
    _run([str(python.with_name("otter")), "assign", "ps1.ipynb", "dist", "--no-run-tests"], folder)
    student = nbformat.read(folder / "dist" / "student" / "ps1.ipynb", as_version=4)
    (folder / "submitted").mkdir()
    for number, answers in enumerate(submissions):
        written = iter(answers.values())
        for cell in student.cells:
            if "otter_answer_cell" in cell.metadata.get("tags", []):
                cell.source = next(written)
        nbformat.write(student, folder / "submitted" / f"s{number:03d}.ipynb")
    program = textwrap.dedent("""
        import glob, json
        from otter.api import grade_submission
        (tests,) = glob.glob("dist/autograder/*.zip")
        files = sorted(glob.glob("submitted/*.ipynb"))
        json.dump([grade_submission(file, ag_path=tests, quiet=True).total for file in files], open("scores.json", "w"))
    """)
    return Grader(
        [str(python), "-c", program],
        folder,
        _variables(python),
        lambda: json.loads((folder / "scores.json").read_text()),
        _version(python, "otter-grader"),
    )


def nbval(folder: Path, submissions: list[dict[str, str]], asserts: dict[str, tuple[str, str]]) -> Grader:
    """nbval as it is, on two processes: a cell with assertions passes or fails."""
    python = _environment("nbval", "nbval==0.11.0", "ipykernel", "numpy", "pytest-xdist")
    folder.mkdir(parents=True)
    for number, answers in enumerate(submissions):
        cells = [new_code_cell("import numpy as np", execution_count=1)]
        for name, answer in answers.items():
            cells += [new_code_cell(text, execution_count=1) for text in (answer, "\n".join(asserts[name]))]
        nbformat.write(new_notebook(cells=cells, metadata=_SPEC), folder / f"s{number:03d}.ipynb")
    options = [
        "-q",
        "--nbval-lax",
        "--nbval-current-env",
        "-p",
        "no:cacheprovider",
        "--junitxml",
        "said.xml",
        "-c",
        os.devnull,
    ]
    command = [str(python), "-m", "pytest", *options, "-n", str(os.cpu_count()), "--dist", "loadfile", "."]

    def scores() -> list[float]:
        earned = dict.fromkeys((f"s{number:03d}" for number in range(len(submissions))), 0.0)
        for case in ET.parse(folder / "said.xml").iter("testcase"):
            cell = int(case.get("name").split()[-1])
            if cell and cell % 2 == 0 and case.find("failure") is None:
                earned[case.get("classname").split(".")[-2]] += 2.0
        return list(earned.values())

    return Grader(command, folder, _variables(python), scores, _version(python, "nbval"))


def _marks(name: str, **marks: object) -> dict[str, object]:
    usual = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": usual | {"grade_id": name, "cell_type": "code"} | marks}


def _environment(name: str, *packages: str) -> Path:
    """The Python of an environment with these packages, made on first use."""
    python = VENVS / name / "bin" / "python"
    if not (VENVS / name / "made").exists():
        shutil.rmtree(VENVS / name, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(VENVS / name)], Path.cwd())
        _run([str(python), "-m", "pip", "install", "--quiet", *packages, "ipykernel", "numpy"], Path.cwd())
        (VENVS / name / "made").touch()
    return python


def _variables(python: Path) -> dict[str, str]:
    return os.environ | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(python.parents[1]),
    }


def _version(python: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _run(command: list[str], folder: Path) -> None:
    """Run a command of the preparation, which is not measured."""
    environment = _variables(Path(command[0])) if "bin" in Path(command[0]).parts else os.environ
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
