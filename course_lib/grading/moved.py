"""Whose score moved when the same file was graded again: by a mended key, say.

A stored result remembers what the file had before, as ``score_before``, until it is graded again. So the list is whole
also where a run was interrupted.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from course_lib.grading import tables

Result = Mapping[str, Any]


def since(before: Result | None, result: Result) -> dict[str, float]:
    """What a new result has to remember of the one it replaces.

    Args:
        before: the stored one; None where there is none.
        result: the new one.
    """
    moved = before and same_file(before, result["graded_from"]) and before["score"] != result["score"]
    return {"score_before": before["score"]} if moved else {}


def same_file(before: Result, origin: Mapping[str, str] | None) -> bool:
    """Whether a result is of the very file that is graded now; not known where the grader failed on it."""
    return bool(before["graded_from"] and origin and before["graded_from"]["submission"] == origin["submission"])


def write(path: Path, results: Iterable[Result]) -> None:
    """Write the list as CSV; where nothing moved there is no such file."""
    rows = [(r["notebook"], r["student"], r["score_before"], r["score"]) for r in results if "score_before" in r]
    if rows:
        tables.write(path, ["assignment", "student_id", "score_before", "score"], rows)
    else:
        path.unlink(missing_ok=True)
