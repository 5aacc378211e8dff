"""Who is in the class, and what learning platforms call them."""

import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from course_lib.grading import tables
from course_lib.grading.files import write_atomically

LONGEST_NAME = 255  # bytes of the name of a folder, as all usual file systems have it
PERSON = ("last_name", "first_name", "email")

# Optional columns: the ids that Canvas' gradebook and Moodle's downloads use.
_PLATFORM = ("canvas_id", "sis_user_id", "sis_login_id", "section", "moodle_id")
_CANVAS_EXPORT = {
    **{"ID": "canvas_id", "SIS User ID": "sis_user_id"},
    **{"SIS Login ID": "sis_login_id", "Section": "section"},
}

Roster = Mapping[str, Mapping[str, str]]


def read(path: str | os.PathLike) -> dict[str, dict[str, str]]:
    """Read who is in the class from a CSV file with a header.

    Its columns are ``student_id`` (or nbgrader's ``id``), ``last_name``, ``first_name``, ``email``, and ``canvas_id``,
    ``sis_user_id``, ``sis_login_id``, ``section``, ``moodle_id`` where a platform knows the students by these. The file
    that Canvas' gradebook exports is a roster as it is: its ``ID`` is then the student's id here, too.

    Args:
        path: a UTF-8 file, with or without byte order mark; other columns than these are ignored.

    Returns:
        For each student id ``last_name``, ``first_name`` and ``email`` (empty where not given), and the platforms'
        columns that the file has.

    Raises:
        ValueError: if it is not UTF-8 or not CSV, has no id column, an id is empty or there twice, or a Canvas id is
            no number.
    """
    path = Path(path)
    header, rows = tables.read(path)
    if header[:2] == ["Student", "ID"] and "Section" in header:
        column, rows = "ID", [(line, _of_canvas(row)) for line, row in rows if row["ID"]]
    else:
        column = next((name for name in ("student_id", "id") if name in header), None)
    if column is None:
        raise ValueError(f"{path} has no column 'student_id' or 'id': its header is {','.join(header)!r}.")
    roster: dict[str, dict[str, str]] = {}
    for line, row in rows:
        student = same_spelling(row[column])
        if not student:
            raise ValueError(f"{path}, line {line}: the {column} is empty.")
        if student in roster:
            raise ValueError(f"{path}, line {line}: the {column} {student!r} is there twice.")
        roster[student] = {name: row.get(name, "") for name in PERSON}
        roster[student] |= {name: row[name] for name in _PLATFORM if name in row}
    _check_ids(path, roster)
    return roster


def of(out: Path, given: Path | None) -> Roster | None:
    """The roster in the given file, else the one that an earlier run kept in ``out``; None where there is none.

    Raises:
        ValueError: as `read`.
        OSError: if the file cannot be read.
    """
    path = given or _kept(out)
    return read(path) if given or path.exists() else None


def keep(out: Path, given: Path) -> None:
    """Keep a roster among the results, for later runs and for `course export`."""
    write_atomically(_kept(out), given.read_bytes())


def person(roster: Roster | None, student: str) -> Mapping[str, str]:
    """What the roster says about a student, empty where it says nothing."""
    return (roster or {}).get(same_spelling(student)) or dict.fromkeys(PERSON, "")


def on_roster(roster: Roster, student: str) -> bool:
    """Whether the roster has the student."""
    return same_spelling(student) in roster


def same_spelling(student: str) -> str:
    """An id in one Unicode spelling: folders from macOS write é as two characters, a roster as one."""
    same = unicodedata.normalize("NFC", student)
    # Some letters are longer in it, and an id names a folder of results.
    return student if too_long(same) else same


def too_long(student: str) -> bool:
    """Whether an id cannot be the name of a folder for its length."""
    return len(os.fsencode(student)) > LONGEST_NAME


def _kept(out: Path) -> Path:
    return out / "roster.csv"


def _of_canvas(row: Mapping[str, str]) -> dict[str, str]:
    """A row of Canvas' gradebook in our columns; those without an ID, such as the points possible, are no students."""
    last, _, first = row["Student"].partition(", ")
    ours = {ours: row[theirs] for theirs, ours in _CANVAS_EXPORT.items() if theirs in row}
    return {"ID": row["ID"], "last_name": last, "first_name": first, **ours}


def _check_ids(path: Path, roster: Roster) -> None:
    """Refuse what would put a grade to somebody else's name: Canvas reads an id ``7a`` as 7."""
    for column in ("canvas_id", "sis_user_id", "sis_login_id", "moodle_id"):
        seen: dict[str, str] = {}
        for student, row in roster.items():
            value = row.get(column, "")
            if column == "canvas_id" and value and not re.fullmatch(r"[0-9]+", value):
                raise ValueError(f"{path}: the canvas_id {value!r} of {student} is no number.")
            if value and seen.setdefault(value, student) != student:
                raise ValueError(f"{path}: {seen[value]} and {student} have the same {column} {value!r}.")
