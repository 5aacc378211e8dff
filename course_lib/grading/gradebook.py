"""The gradebook: one line for each student and notebook, in nbgrader's columns, with names from a roster."""

import csv
import io
import math
import os
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from course_lib import exercises
from course_lib.grading.files import write_atomically

# nbgrader's header, in its order, so that what reads its export reads ours.
COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)
_PERSON = ("last_name", "first_name", "email")

# A spreadsheet runs a cell that starts with one of these; East Asian versions know the wide forms too.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")

Roster = Mapping[str, Mapping[str, str]]
Result = Mapping[str, Any]


def write(path: str | os.PathLike, results: Iterable[Result], roster: Roster | None = None) -> None:
    """Write the gradebook as CSV, sorted by notebook, then student.

    A notebook that is missing or corrupt gets score 0, as in nbgrader's own export: an empty cell would leave
    an older mark standing when the file is imported into a learning platform, and would drop the student out
    of a spreadsheet's mean. It is not a silent 0, because the status in the same line says what happened.

    Args:
        path: the file; it is replaced in one step, so a reader never sees half of it.
        results: as stored in ``OUT/results``.
        roster: as from `read_roster`; who is on it and has no result gets a line with status ``missing``.
    """
    results = sorted(with_missing(results, roster), key=lambda each: (each["notebook"], each["student"]))
    ids = exercise_ids(results)
    text = io.StringIO(newline="")
    table = csv.writer(text)  # its \r\n line ends make it quote a lone \r in a name as well
    table.writerow([*COLUMNS, "status", "seconds", *ids])
    for result in results:
        table.writerow([_cell(value) for value in _row(result, ids, person(roster, result["student"]))])
    # A folder name that was not UTF-8 reaches us as lone surrogates, which no UTF-8 file can hold.
    write_atomically(Path(path), text.getvalue().encode("utf-8", errors="replace"))


def read_roster(path: str | os.PathLike) -> dict[str, dict[str, str]]:
    """Read who is in the class from a CSV file with a header: ``student_id`` (or nbgrader's ``id``), names.

    Args:
        path: a UTF-8 file, with or without byte order mark; other columns than the four known are ignored.

    Returns:
        ``last_name``, ``first_name`` and ``email`` (empty where not given) for each student id.

    Raises:
        ValueError: if it is not UTF-8 or not CSV, has no id column, or an id is empty or there twice.
    """
    path = Path(path)
    try:
        table = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        header = [name.strip() for name in table.fieldnames or ()]
        table.fieldnames = header
        rows = [(table.line_num, row) for row in table]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 (byte {error.start}): save it again as UTF-8 CSV.") from None
    except csv.Error as error:
        raise ValueError(f"{path} is not a CSV file: {error}.") from None
    column = next((name for name in ("student_id", "id") if name in header), None)
    if column is None:
        raise ValueError(f"{path} has no column 'student_id' or 'id': its header is {','.join(header)!r}.")
    roster: dict[str, dict[str, str]] = {}
    for line, row in rows:
        student = _same_spelling((row[column] or "").strip())
        if not student:
            raise ValueError(f"{path}, line {line}: the {column} is empty.")
        if student in roster:
            raise ValueError(f"{path}, line {line}: the {column} {student!r} is there twice.")
        roster[student] = {name: (row.get(name) or "").strip() for name in _PERSON}
    return roster


def person(roster: Roster | None, student: str) -> Mapping[str, str]:
    """What the roster says about a student, empty where it says nothing."""
    return (roster or {}).get(_same_spelling(student)) or dict.fromkeys(_PERSON, "")


def on_roster(roster: Roster, student: str) -> bool:
    """Whether the roster has the student."""
    return _same_spelling(student) in roster


def with_missing(results: Iterable[Result], roster: Roster | None) -> list[Result]:
    """The results, and one with status ``missing`` for each notebook among them that a student lacks.

    Args:
        results: as stored in ``OUT/results``.
        roster: the students to expect; None expects nobody.

    Returns:
        A new list: the given results first, in their order.
    """
    results = list(results)
    there = {(_same_spelling(result["student"]), result["notebook"]) for result in results}
    notebooks = sorted({result["notebook"] for result in results})
    absent = [(s, n) for n in notebooks for s in roster or () if (_same_spelling(s), n) not in there]
    return results + [_missing(student, notebook) for student, notebook in absent]


def course_exercises(notebook: str) -> tuple[exercises.Exercise, ...]:
    """The exercises of a notebook; none where the course has dropped it since it was graded."""
    return exercises.of_notebook(notebook) if notebook in exercises.notebooks() else ()


def exercise_ids(results: Iterable[Result]) -> tuple[str, ...]:
    """The exercises that the results are about, in the order of the course, those it has dropped last."""
    results = list(results)
    notebooks = sorted({result["notebook"] for result in results})  # their numbers are the course's order
    known = [exercise.id for notebook in notebooks for exercise in course_exercises(notebook)]
    graded = [test["exercise"] for result in results for test in result["tests"]]
    return tuple(dict.fromkeys(known + graded))


def points(result: Result, which: str = "points") -> dict[str, float]:
    """What a result says of each of its exercises: the points earned, or the ``"max_points"``."""
    parts: dict[str, list[float]] = {}
    for test in result["tests"]:
        parts.setdefault(test["exercise"], []).append(test[which])
    return {exercise: math.fsum(points) for exercise, points in parts.items()}


def number(value: float) -> str:
    """A score as people write it: 7.5 and 10, not 7.500000001 and 10.0."""
    return f"{round(value, 4):.10g}"


def _row(result: Result, ids: Iterable[str], who: Mapping[str, str]) -> list[Any]:
    """One line of the gradebook; hand-in time, due date and lateness are the learning platform's to know."""
    earned = points(result)
    return [
        *(result["notebook"], "", "", result["student"], *(who[name] for name in _PERSON)),
        *(result["score"], 0, result["score"], result["max_score"]),
        *(result["status"], result["seconds"], *(earned.get(name, "") for name in ids)),
    ]


def _cell(value: Any) -> str:
    """A value as it goes into a cell: numbers as numbers, text never as a formula."""
    if not isinstance(value, str):
        return number(value)
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _missing(student: str, notebook: str) -> Result:
    """The result of a notebook that nobody handed in."""
    tests = [
        {"exercise": exercise.id, "test": test.name, "points": 0.0, "max_points": test.points}
        for exercise in course_exercises(notebook)
        for test in exercise.tests
    ]
    return {
        **{"student": student, "notebook": notebook, "status": "missing", "message": "", "seconds": 0.0},
        **{"score": 0.0, "max_score": math.fsum(test["max_points"] for test in tests)},
        "tests": [{**test, "passed": False, "message": ""} for test in tests],
    }


def _same_spelling(student: str) -> str:
    """An id in one Unicode spelling: folders from macOS write é as two characters, a roster as one."""
    return unicodedata.normalize("NFC", student)
