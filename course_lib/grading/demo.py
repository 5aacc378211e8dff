"""``course demo``: a class made of the instructor's answers, their known mistakes and every kind of trouble.

It is a demonstration and a test at once: what each student must get is known beforehand and compared.
"""

import copy
import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from course_lib.grading.course import Course
from course_lib.grading.grade import CORRUPT, CRASHED, OK, OUT_OF_MEMORY, TIMEOUT, Result
from course_lib.grading.source import solution_notebook, student_notebook

# What a function does instead of answering; it costs that exercise and no other.
_TROUBLE = {
    "loops-forever": (TIMEOUT, "while True: pass"),
    "wants-all-memory": (OUT_OF_MEMORY, "return np.ones(8 * 10**9)"),
    "kills-the-kernel": (CRASHED, "__import__('os')._exit(0)"),
}


@dataclass(frozen=True)
class Student:
    """One member of the class.

    Args:
        name: the id.
        submission: the file's bytes.
        status: what must come out.
        lost: the (exercise, test) pairs that must be lost; None for all.
        told: the sentences that must be told.
    """

    name: str
    submission: bytes
    status: str = OK
    lost: frozenset[tuple[str, str]] | None = frozenset()
    told: tuple[str, ...] = field(default=())


def make(course: Course, size: int = 0) -> list[Student]:
    """A class of ``size``: one perfect, one empty, one broken file, three kinds of trouble, mistakes for the rest.

    Each student makes at most one mistake in an exercise, the first maker the first known one and so on. Without
    ``size`` the class is large enough for every known mistake to be made.
    """
    students = [
        Student("perfect", _file(solution_notebook(course.cells, course.notebook))),
        Student("stub", _file(student_notebook(course.cells, course.notebook)), lost=None),
        Student("corrupt", b'{"cells": [', CORRUPT, lost=None),
    ]
    written = [exercise for exercise in course.exercises if not exercise.tests[0].secret]
    for (name, (status, line)), hit in zip(_TROUBLE.items(), cycle(written)):
        code = "\n\n".join(f"def {function}(*inputs):\n    {line}" for function in hit.names)
        lost = frozenset((hit.id, test.name) for test in hit.tests)
        students.append(Student(name, _with(course, {hit.id: code}), status, lost))
    most = max(Counter(mistake.exercise for mistake in course.key.mistakes).values(), default=0)
    makers = max(size - len(students), 0) if size else most
    for number in range(makers):
        mistakes = {}
        for exercise in course.exercises:
            known = [m for m in course.key.mistakes if m.exercise == exercise.id]
            if number < len(known):
                mistakes[exercise.id] = known[number]
        lost = frozenset((m.exercise, test) for m in mistakes.values() for test in m.fails)
        code = {exercise: m.code for exercise, m in mistakes.items()}
        told = tuple(m.tell for m in mistakes.values())
        students.append(Student(f"mistakes-{number + 1}", _with(course, code), OK, lost, told))
    return students[:size] if size else students


def forget(out: Path) -> None:
    """Remove an earlier example class from the results, and nobody else: its students would be counted, too."""
    for path in (*out.glob("results/*"), *out.glob("feedback/*")):
        if path.name in ("perfect", "stub", "corrupt", *_TROUBLE) or re.fullmatch(r"mistakes-\d+", path.name):
            shutil.rmtree(path)


def write(students: list[Student], notebook: str, folder: Path) -> None:
    """Put the class's files where ``course grade`` looks for them."""
    for student in students:
        path = folder / student.name / f"{notebook}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(student.submission)


def surprises(students: list[Student], notebook: str, results: list[Result]) -> list[str]:
    """Where the results are not what they must be, one sentence each."""
    found, by_name = [], {result["student"]: result for result in results if result["notebook"] == notebook}
    for student in students:
        result = by_name[student.name]
        lost = {(t["exercise"], t["test"]) for t in result["tests"] if not t["passed"]}
        must = {(t["exercise"], t["test"]) for t in result["tests"]} if student.lost is None else student.lost
        if result["status"] != student.status:
            found.append(f"{student.name}: status {result['status']}, expected {student.status}")
        if lost != must:
            found.append(f"{student.name}: lost {sorted(lost - must)} too much and {sorted(must - lost)} too little")
        messages = " ".join(test["message"] for test in result["tests"])
        found += [f"{student.name}: was not told {tell!r}" for tell in student.told if tell not in messages]
    return found


def _with(course: Course, code: dict[str, str]) -> bytes:
    """The right notebook with code put after the answers to some exercises."""
    nb = copy.deepcopy(solution_notebook(course.cells, course.notebook))
    for cell in nb.cells:
        marks = cell.metadata.get("course", {})
        if marks.get("role") == "answer" and marks["exercise"] in code:
            cell.source += f"\n\n\n{code[marks['exercise']]}"
    return _file(nb)


def _file(nb: NotebookNode) -> bytes:
    return json.dumps(json.loads(nbformat.writes(nb))).encode()
