"""The gradebook: one line for each student and notebook, in nbgrader's columns, with names from a roster."""

import math
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from course_lib import exercises
from course_lib.grading import lateness, tables
from course_lib.grading.roster import PERSON, Roster, person, same_spelling

# nbgrader's header, in its order, so that what reads its export reads ours.
COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)

Result = Mapping[str, Any]
DueDates = Mapping[str, datetime]


def write(
    path: str | os.PathLike, results: Iterable[Result], roster: Roster | None = None, due: DueDates | None = None
) -> None:
    """Write the gradebook as CSV, sorted by notebook, then student.

    A notebook that is missing or corrupt gets score 0, as in nbgrader's own export: an empty cell would drop the
    student out of a spreadsheet's mean. It is not a silent 0, because the status in the same line says what happened.

    Args:
        path: the file; it is replaced in one step, so a reader never sees half of it.
        results: as stored in ``OUT/results``.
        roster: as from `roster.read`; who is on it and has no result gets a line with status ``missing``.
        due: when each notebook is due; what is late is shown and costs nothing.
    """
    results = sorted(with_missing(results, roster), key=lambda each: (each["notebook"], each["student"]))
    ids = exercise_ids(results)
    rows = [_row(result, ids, roster, (due or {}).get(result["notebook"])) for result in results]
    tables.write(Path(path), [*COLUMNS, "status", "seconds", "minutes_late", *ids], rows)


def with_missing(results: Iterable[Result], roster: Roster | None) -> list[Result]:
    """The results, and one with status ``missing`` for each notebook among them that a student lacks.

    Args:
        results: as stored in ``OUT/results``.
        roster: the students to expect; None expects nobody.

    Returns:
        A new list: the given results first, in their order.
    """
    results = list(results)
    there = {(same_spelling(result["student"]), result["notebook"]) for result in results}
    notebooks = sorted({result["notebook"] for result in results})
    absent = [(s, n) for n in notebooks for s in roster or () if (same_spelling(s), n) not in there]
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


def _row(result: Result, ids: Iterable[str], roster: Roster | None, due: datetime | None) -> list[Any]:
    """One line of the gradebook."""
    earned, who = points(result), person(roster, result["student"])
    times = lateness.shown(due), result.get("timestamp", "")
    return [
        *(result["notebook"], *times, result["student"], *(who[name] for name in PERSON)),
        *(result["score"], 0, result["score"], result["max_score"]),
        *(result["status"], result["seconds"], lateness.minutes_late(result, due)),
        *(earned.get(name, "") for name in ids),
    ]


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
