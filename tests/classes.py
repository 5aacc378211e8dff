"""Making submissions and grading them, for every test that needs one."""

import copy
import json
from contextlib import suppress
from functools import cache
from pathlib import Path

import nbformat
import psutil

from course_lib import exercises
from course_lib.grading.course import Course, Texts, load
from course_lib.grading.grade import Job, Result, grade_one
from course_lib.grading.gradebook import points  # noqa: F401 – the tests have it from here
from course_lib.grading.sandbox import Limits
from course_lib.grading.source import solution_notebook, student_notebook

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = "01_unrolling"
QUICK = Limits(cell=4.0, extra=2.0, total=60.0)


@cache
def texts(notebook: str = NOTEBOOK) -> Texts:
    return Texts.read(ROOT / "solutions", notebook)


def course(notebook: str = NOTEBOOK) -> Course:
    return load(texts(notebook))


def seeds(secret: int = 1, notebook: str = NOTEBOOK) -> dict[str, int]:
    return {exercise.id: secret * 1000 + i for i, exercise in enumerate(exercises.of_notebook(notebook))}


def solved(notebook: str = NOTEBOOK) -> nbformat.NotebookNode:
    """A fresh copy of a notebook with every right answer."""
    return copy.deepcopy(solution_notebook(course(notebook).cells, notebook))


def stubs(notebook: str = NOTEBOOK) -> nbformat.NotebookNode:
    """A fresh copy of a notebook as students get it."""
    return copy.deepcopy(student_notebook(course(notebook).cells, notebook))


def answer_cell(nb: nbformat.NotebookNode, exercise: str) -> nbformat.NotebookNode:
    return next(cell for cell in nb.cells if cell.metadata.get("course") == {"exercise": exercise, "role": "answer"})


def with_cell(nb: nbformat.NotebookNode, source: str, before: str | None = None) -> nbformat.NotebookNode:
    """Put a cell of the student's own before an answer cell, or at the very beginning."""
    place = nb.cells.index(answer_cell(nb, before)) if before else 0
    nb.cells.insert(place, nbformat.v4.new_code_cell(source))
    return nb


def as_bytes(nb: nbformat.NotebookNode) -> bytes:
    return json.dumps(json.loads(nbformat.writes(nb))).encode()


def graded(
    nb: nbformat.NotebookNode | bytes, sandbox="bwrap", limits: Limits = QUICK, secret=1, notebook=NOTEBOOK
) -> Result:
    data = nb if isinstance(nb, bytes) else as_bytes(nb)
    return grade_one(Job("ada", notebook, data, texts(notebook), seeds(secret, notebook), sandbox, limits))


def grading_processes(pid: int | None = None) -> list[psutil.Process]:
    """The processes in which a process grades, this one by default."""
    found = []
    for child in psutil.Process(pid).children():
        with suppress(psutil.NoSuchProcess):  # it may end while it is looked at
            if lives(child) and "apart.main()" in " ".join(child.cmdline()):
                found.append(child)
    return found


def lives(process: psutil.Process | int) -> bool:
    """Whether a process, or the one of that number, has not ended; a zombie has, though psutil calls it running."""
    try:
        process = psutil.Process(process) if isinstance(process, int) else process
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def make_result(student="s1", status="ok", failed=(), text="", message="", seconds=1.31) -> Result:
    """A result as the grader stores it, made up: ``text`` is the message of each test of an exercise in ``failed``."""
    none_ran = status in ("missing", "corrupt")
    tests = [
        {
            **{"exercise": exercise.id, "test": test.name, "max_points": test.points, "passed": not lost},
            **{"points": 0.0 if lost else test.points, "message": text if lost and not none_ran else ""},
            **{"known_mistake": False, "error_map": None},
        }
        for exercise in exercises.of_notebook(NOTEBOOK)
        for test in exercise.tests
        for lost in [none_ran or exercise.id in failed]
    ]
    return {
        **{"student": student, "notebook": NOTEBOOK, "status": status, "message": message, "tests": tests},
        **{"score": sum(t["points"] for t in tests), "max_score": sum(t["max_points"] for t in tests)},
        **{"seconds": 0.0 if none_ran else seconds, "graded_from": {}},
    }
