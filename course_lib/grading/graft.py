"""From a submitted file to the cells worth running: nothing in the file is trusted, not even its form."""

import ast
import json
import re
from dataclasses import dataclass, field
from typing import Any

from course_lib import exercises
from course_lib.exercises import Exercise

_MOST_CELLS = 2000
_MOST_BYTES = 100 * 2**20


class Unreadable(ValueError):
    """A submission that is no notebook of this course; the message is a sentence for student and lecturer."""


@dataclass(frozen=True)
class Part:
    """One cell of the notebook that is run.

    Args:
        role: ``setup``, ``extra``, ``answer`` or ``exam``.
        source: its code.
        exercise: of an answer or exam cell.
        test: of an exam cell.
    """

    role: str
    source: str
    exercise: str = ""
    test: str = ""


@dataclass(frozen=True)
class Graft:
    """A submission's own cells in their order, with exam cells put after the answers they examine.

    Args:
        parts: what to run; the exam cells' sources are still empty.
        absent: the exercises without an answer cell.
    """

    parts: list[Part]
    absent: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Given:
    """A submitted code cell as far as its form can be believed."""

    source: str
    id: str
    role: str
    exercise: str


def graft(data: bytes, notebook: str, released: list[dict[str, str]]) -> Graft:
    """Take the student's cells out of a submission.

    Setup, demo and check cells are the course's own: setup is put first as it was released, the others are left
    out. A cell of theirs that the student changed counts as one of the student's own, except that a check cell
    never does. An exercise's answer is every cell that carries its mark; where none does or all are untouched,
    every cell that defines its names. The exam follows the last of them.

    Args:
        data: the file's bytes.
        notebook: the name of the notebook it should be.
        released: its code cells as released.

    Raises:
        Unreadable: if the file is no such notebook.
    """
    asked = exercises.of_notebook(notebook)
    given = _read(data, {exercise.id for exercise in asked}, {cell["id"]: cell for cell in released})
    known = {(cell["role"], cell["source"].strip()) for cell in released}
    answers = {exercise.id: _answers(exercise, given, known) for exercise in asked}
    if not any(answers.values()):
        raise Unreadable(
            f"none of the answer cells of {notebook} is in this file: is it a notebook of another course or topic?"
        )
    parts = [Part("setup", cell["source"]) for cell in released if cell["role"] == "setup"]
    for position, cell in enumerate(given):
        mine = [exercise for exercise in asked if position in answers[exercise.id]]
        if mine:
            parts.append(Part("answer", cell.source, mine[0].id))
        elif cell.role != "check" and (cell.role, cell.source.strip()) not in known:
            parts.append(Part("extra", cell.source))
        for exercise in mine:
            if position == max(answers[exercise.id]):
                parts += [Part("exam", "", exercise.id, test.name) for test in exercise.tests]
    return Graft(parts, [exercise.id for exercise in asked if not answers[exercise.id]])


def _read(data: bytes, ids: set[str], released: dict[str, dict[str, str]]) -> list[_Given]:
    """The code cells of a notebook file."""
    nb = _parse(data)
    given = []
    for cell in nb["cells"][:_MOST_CELLS]:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        if not isinstance(source, str):
            continue
        # Half of a surrogate pair can stand in JSON but in no file.
        source = source.encode("utf-8", "replace").decode("utf-8")
        given.append(_Given(source, *_marks(cell, ids, released)))
    return given


def _parse(data: bytes) -> dict[str, Any]:
    if not data.strip():
        raise Unreadable("the file is empty")
    if len(data) > _MOST_BYTES:
        raise Unreadable(f"the file has {len(data) // 2**20} MB: clear its outputs and hand it in again")
    try:
        nb = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the file is not a notebook: it is no valid JSON ({str(error)[:80]})") from error
    if not isinstance(nb, dict) or not isinstance(nb.get("nbformat"), int):
        raise Unreadable("the file is JSON, but not a notebook")
    if nb["nbformat"] != 4:
        raise Unreadable(
            f"the notebook is in format {nb['nbformat']}, this course uses format 4: open it in JupyterLab, save it "
            "and hand it in again"
        )
    if not isinstance(nb.get("cells"), list):
        raise Unreadable("the notebook has no list of cells")
    return nb


def _marks(cell: dict[str, Any], ids: set[str], released: dict[str, dict[str, str]]) -> tuple[str, str, str]:
    """A cell's id, role and exercise, by its metadata or, where an editor dropped them, by its id."""
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    course = metadata.get("course") if isinstance(metadata.get("course"), dict) else {}
    nbgrader = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
    cell_id = cell["id"] if isinstance(cell.get("id"), str) else ""
    origin = released.get(cell_id, {})
    role, exercise = (
        course.get("role") or origin.get("role", ""),
        course.get("exercise") or origin.get("exercise", ""),
    )
    grade_id = nbgrader.get("grade_id")
    if not course and isinstance(grade_id, str):
        exercise = grade_id.removeprefix("test_")
        role = "answer" if nbgrader.get("solution") is True else "check"
    if not isinstance(role, str) or not isinstance(exercise, str) or (exercise and exercise not in ids):
        return cell_id, "", ""
    return cell_id, role, exercise


def _answers(exercise: Exercise, given: list[_Given], known: set[tuple[str, str]]) -> list[int]:
    """The positions of the cells that answer an exercise."""
    marked = [i for i, cell in enumerate(given) if cell.role == "answer" and cell.exercise == exercise.id]
    written = [i for i in marked if ("answer", given[i].source.strip()) not in known]
    if written:
        return written
    defining = [i for i, cell in enumerate(given) if cell.role not in ("check", "answer", "setup", "demo")]
    defining = [i for i in defining if _defined(given[i].source) & set(exercise.names)]
    return defining or marked


def _defined(source: str) -> set[str]:
    """The names a cell defines at its top level, also where it does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(re.findall(r"^(?:async\s+)?(?:def|class)?\s*(\w+)\s*[(=]", source, re.MULTILINE))
    names = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names
