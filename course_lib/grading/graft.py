"""From a submitted file to the cells worth running: nothing in the file is trusted, not even its form."""

import ast
import json
import re
import warnings
from dataclasses import dataclass, field
from typing import Any

from course_lib import exercises
from course_lib.exercises import Exercise
from course_lib.grading.anywhere import addressed

MOST_BYTES = 20 * 2**20  # of a file: reading JSON takes up to 25 times its size in memory
_MOST_CELLS = 2000
_MOST_CODE = 2**20  # characters in all code cells, far above any honest notebook: parsing takes 500 times as much


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
    """A submitted code cell.

    Args:
        source: its text.
        role: the role it was released with, empty for a cell of the student's own.
        exercise: of an answer or check cell.
        untouched: whether it says what was released; comments and layout do not count.
        names: what it defines.
    """

    source: str
    role: str
    exercise: str
    untouched: bool
    names: frozenset[str]


def graft(data: bytes, notebook: str, released: list[dict[str, str]]) -> Graft:
    """Take the student's cells out of a submission.

    Setup, demo and check cells are the course's own: setup is put first as it was released, the others are left
    out. A cell of theirs that the student changed counts as one of the student's own, except that a check cell
    never does. The exam of an exercise stands where its check cell stood, or follows the last of its answers.

    Args:
        data: the file's bytes.
        notebook: the name of the notebook it should be.
        released: its code cells as released.

    Raises:
        Unreadable: if the file is no such notebook.
    """
    asked = exercises.of_notebook(notebook)
    given = _read(data, {exercise.id for exercise in asked}, released)
    answers = {exercise.id: _answers(exercise, given) for exercise in asked}
    if not any(answers.values()):
        raise Unreadable(
            f"None of the answer cells of {notebook} is in this file: is it a notebook of another course or topic?"
        )
    places = {exercise.id: _exam_place(exercise, answers[exercise.id], given) for exercise in asked}
    parts = [Part("setup", cell["source"]) for cell in released if cell["role"] == "setup"]
    for position, cell in enumerate(given):
        mine = [exercise for exercise in asked if position in answers[exercise.id]]
        if mine:
            parts.append(Part("answer", cell.source, mine[0].id))
        elif cell.role != "check" and not cell.untouched and cell.source.strip():
            parts.append(Part("extra", cell.source))
        for exercise in asked:
            if position == places[exercise.id]:
                parts += [Part("exam", "", exercise.id, test.name) for test in exercise.tests]
    return Graft(parts, [exercise.id for exercise in asked if not answers[exercise.id]])


def _exam_place(exercise: Exercise, answers: list[int], given: list[_Given]) -> int:
    """After which cell an exercise is examined: its first check cell below the answer, else the answer itself.

    A helper that stands between the two is then there in the exam, as it is in the notebook.
    """
    if not answers:
        return -1
    last = max(answers)
    checks = (i for i, cell in enumerate(given) if (cell.role, cell.exercise) == ("check", exercise.id) and i > last)
    return next(checks, last)


def _answers(exercise: Exercise, given: list[_Given]) -> list[int]:
    """The positions of the cells that answer an exercise.

    Every cell that carries its mark and was written in counts, and any other in which its names are defined anew
    before its check cell. Where the marked ones are untouched or gone, every cell that defines its names.
    """
    marked = [i for i, cell in enumerate(given) if (cell.role, cell.exercise) == ("answer", exercise.id)]
    written = [i for i in marked if not given[i].untouched]
    elsewhere = [
        i
        for i, cell in enumerate(given)
        if i not in marked and cell.role != "check" and not cell.untouched and cell.names & set(exercise.names)
    ]
    if written:
        checks = [i for i, cell in enumerate(given) if (cell.role, cell.exercise) == ("check", exercise.id)]
        return written + [i for i in elsewhere if max(written) < i < max(checks, default=0)]
    if elsewhere:
        # An untouched dictionary is filled in from elsewhere; an untouched stub must not undo what stands before it.
        return [i for i in marked if i < min(elsewhere)] + elsewhere
    return marked


def _read(data: bytes, ids: set[str], released: list[dict[str, str]]) -> list[_Given]:
    """The code cells of a notebook file."""
    cells = [cell for cell in _parse(data)["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    sources = [_source(cell) for cell in cells]
    if (length := sum(map(len, sources))) > _MOST_CODE:
        raise Unreadable(f"Its code cells hold {length / 2**20:.1f} MB of text: keep data out of them.")
    by_id = {cell["id"]: cell for cell in released}
    by_code = {_code(cell["source"]): cell for cell in released}
    known = {(cell["role"], cell["exercise"], _code(cell["source"])) for cell in released}
    given = []
    for cell, source in zip(cells, sources, strict=True):
        cell_id, code = cell.get("id"), _code(source)
        origin = by_id.get(cell_id if isinstance(cell_id, str) else "") or by_code.get(code, {})
        role, exercise = _marks(cell, origin)
        if exercise not in ids | {""} or role not in ("setup", "demo", "answer", "check"):
            role = exercise = ""
        given.append(_Given(source, role, exercise, (role, exercise, code) in known, _defined(source)))
    return given


def _parse(data: bytes) -> dict[str, Any]:
    if not data.strip():
        raise Unreadable("The file is empty.")
    if len(data) > MOST_BYTES:
        raise Unreadable(too_large(len(data)))
    try:
        nb = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The file is not a notebook: it is no valid JSON ({str(error)[:80]}).") from error
    if not isinstance(nb, dict) or not isinstance(nb.get("nbformat"), int):
        raise Unreadable("The file is JSON, but not a notebook.")
    if nb["nbformat"] != 4:
        raise Unreadable(
            f"The notebook is in format {str(nb['nbformat'])[:9]}, this course uses format 4: open it in JupyterLab, "
            "save it and hand it in again."
        )
    if not isinstance(nb.get("cells"), list):
        raise Unreadable("The notebook has no list of cells.")
    if len(nb["cells"]) > _MOST_CELLS:
        raise Unreadable(f"The notebook has {len(nb['cells'])} cells, more than {_MOST_CELLS}: delete some.")
    return nb


def too_large(size: int) -> str:
    """What to tell about a file of more than `MOST_BYTES`."""
    return f"The file has {size / 2**20:.0f} MB: clear its outputs and hand it in again."


def _source(cell: dict[str, Any]) -> str:
    """A cell's text; what is no text counts as empty."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    # Half of a surrogate pair can stand in JSON but in no file.
    return source.encode("utf-8", "replace").decode("utf-8") if isinstance(source, str) else ""


def _code(source: str) -> str:
    """Text without comments, blank lines and a release's address, to see whether somebody wrote code into a cell."""
    lines = (line.split("#")[0].rstrip() for line in addressed(source, "").splitlines())
    return "\n".join(line for line in lines if line)


def _marks(cell: dict[str, Any], origin: dict[str, str]) -> tuple[str, str]:
    """A cell's role and exercise by its metadata or, where an editor dropped them, of the cell it is known to be."""
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    course = metadata.get("course") if isinstance(metadata.get("course"), dict) else {}
    nbgrader = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
    grade_id = nbgrader.get("grade_id")
    if not course and isinstance(grade_id, str):
        return "answer" if nbgrader.get("solution") is True else "check", grade_id.removeprefix("test_")
    marks = (course.get("role") or origin.get("role", ""), course.get("exercise") or origin.get("exercise", ""))
    return marks if all(isinstance(mark, str) for mark in marks) else ("", "")


def _defined(source: str) -> frozenset[str]:
    """The names a cell defines or fills in at its top level, also where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a doubtful escape in a student's text
            body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Blanks without newlines: matching must not take longer than the text.
        return frozenset(re.findall(r"^(?:(?:async +)?(?:def|class)[ \t]+)?(\w+)[ \t]*[(\[=]", source, re.MULTILINE))
    names = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            targets = [target.value if isinstance(target, ast.Subscript) else target for target in node.targets]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(names)
