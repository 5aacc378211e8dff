"""Results in the forms that learning platforms import: ``course export``.

What has a grade is a submission that ran, also one that was stopped on the way: it keeps what it had earned. Where
there is no grade to give (missing, corrupt, a fault of the grader) a file for a platform has no line, and the student
is named: to Canvas and Moodle an empty cell is the wish to delete what stands there (``no_change_to_value?`` in
instructure/canvas-lms, lib/gradebook_importer.rb; ``update_grade_item`` in moodle/moodle,
grade/import/csv/classes/load_data.php).
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from course_lib.grading import gradebook, lateness, tables
from course_lib.grading.classroom import ClassroomError, results_in
from course_lib.grading.files import write_atomically
from course_lib.grading.grade import CORRUPT, MISSING
from course_lib.grading.gradebook import Result
from course_lib.grading.pages import clean
from course_lib.grading.roster import Roster, person

FORMATS = ("csv", "canvas", "moodle", "gradescope")

_IN_CANVAS = ("canvas_id", "sis_user_id", "sis_login_id")  # what Canvas finds a student by, in its order
_OF_1980 = (1980, 1, 1, 0, 0, 0)  # so that the same results always give the same bytes


def export(out: Path, form: str, to: Path | None, notebook: str, roster: Roster | None) -> tuple[list[Path], list[str]]:
    """Write the results of `course grade` in one of the `FORMATS`.

    Args:
        out: where the results are.
        form: ``"csv"`` is the gradebook again; each of the others is a file for each notebook, as a platform has an
            assignment for each.
        to: the file to write; by default one in ``out``.
        notebook: only this one; all by default.
        roster: the class, with what the platform knows students by.

    Returns:
        The files that were written, and a sentence for each student who is in none of them.

    Raises:
        ClassroomError: if there are no such results, more notebooks than ``to`` can hold, or nobody whom the platform
            would know.
        OSError: if a file cannot be written.
    """
    results = [result for result in results_in(out) if notebook in ("", result["notebook"])]
    if not results:
        raise ClassroomError(f"{out} has no results{f' of {notebook}' if notebook else ''}: run `course grade` first")
    if form == "csv":
        path = to or out / (f"gradebook_{notebook}.csv" if notebook else "gradebook.csv")
        gradebook.write(path, results, roster, lateness.due_dates(out))
        return [path], []
    notebooks = sorted({result["notebook"] for result in results})
    if to and len(notebooks) > 1:
        raise ClassroomError(f"a file is of one notebook, {out} has {', '.join(notebooks)}: choose with --notebook")
    written, left_out = [], []
    for name in notebooks:
        graded, without = _sorted_out(form, name, [result for result in results if result["notebook"] == name], roster)
        left_out += without
        if graded:
            written.append(to or out / f"{form}_{name}.{'zip' if form == 'gradescope' else 'csv'}")
            _write(written[-1], form, name, graded, roster)
    if not written:
        raise ClassroomError(f"there is no grade to export. {'; '.join(left_out[:3])}")
    return written, left_out


def _sorted_out(
    form: str, notebook: str, results: list[Result], roster: Roster | None
) -> tuple[list[Result], list[str]]:
    """The results that can be exported, and a sentence about each of the others."""
    graded, without = [], []
    emails = Counter(row["email"].casefold() for row in (roster or {}).values())
    for result in sorted(gradebook.with_missing(results, roster), key=lambda result: result["student"]):
        problem = _without_grade(result) or _unknown(form, person(roster, result["student"]), emails)
        if problem:
            without.append(f"{result['student']}, {notebook}: {problem}")
        else:
            graded.append(result)
    return graded, without


def _without_grade(result: Result) -> str:
    """Why there is no grade to export; empty where there is one."""
    if result["status"] in (MISSING, CORRUPT):
        return result["status"]
    return "the grader itself failed on it, grade again" if result["graded_from"] is None else ""


def _unknown(form: str, who: Mapping[str, str], emails: Counter[str]) -> str:
    """Why the platform would not know a student, or take one for another; empty where it knows."""
    if form == "canvas" and not any(who.get(column) for column in _IN_CANVAS):
        return f"the roster has none of {', '.join(_IN_CANVAS)}; Canvas' gradebook export is a roster that has them"
    if form == "moodle" and not who.get("email"):
        return "the roster has no email, by which Moodle finds students"
    if form == "moodle" and emails[who["email"].casefold()] > 1:
        return "the roster has somebody else with the same email, by which Moodle finds students"
    return ""


def _write(path: Path, form: str, notebook: str, results: list[Result], roster: Roster | None) -> None:
    if form == "gradescope":
        write_atomically(path, _archive(results))
    else:
        tables.write(path, *(_canvas if form == "canvas" else _moodle)(notebook, results, roster))


def _canvas(notebook: str, results: list[Result], roster: Roster | None) -> tuple[list[str], list[list[Any]]]:
    """Canvas' gradebook: ``Student``, ``ID`` and ``Section`` must be there, and the SIS columns between them.

    An assignment that is called like the notebook gets the grades; for another name Canvas asks, or makes a new one
    with the points possible. See ``row_has_student_headers?``, ``update_column_count`` and ``parse_assignments`` in
    instructure/canvas-lms, lib/gradebook_importer.rb.
    """
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", notebook]
    rows: list[list[Any]] = [["    Points Possible", "", "", "", "", max(result["max_score"] for result in results)]]
    for result in results:
        who = person(roster, result["student"])
        name = ", ".join(filter(None, (who["last_name"], who["first_name"])))
        rows.append([name, *(who.get(column, "") for column in (*_IN_CANVAS, "section")), result["score"]])
    return header, rows


def _moodle(notebook: str, results: list[Result], roster: Roster | None) -> tuple[list[str], list[list[Any]]]:
    """Moodle's grade import: "Email address" is mapped to the student, the last two to a grade and its feedback.

    The column that is mapped to the student must be filled in every line: a line without it stops the import, or gives
    its grade to the student before (moodle/moodle, grade/import/csv/classes/load_data.php, ``map_user_data_with_value``
    and ``prepare_import_grade_data``). Map both of the last two: https://docs.moodle.org/405/en/Grade_import says that
    feedback alone deletes grades.
    """
    header = ["First name", "Last name", "Email address", notebook, f"{notebook} (feedback)"]
    rows = []
    for result in results:
        who = person(roster, result["student"])
        rows.append([who["first_name"], who["last_name"], who["email"], result["score"], _feedback(result)])
    return header, rows


def _feedback(result: Result) -> str:
    """What a student should know of a result, in a few lines of plain text."""
    tests: dict[tuple[str, str], list[str]] = {}
    for test in result["tests"]:
        if test["message"]:
            tests.setdefault((test["exercise"], test["message"]), []).append(test["test"])
    lines = [f"{exercise} – {', '.join(names)}: {message}" for (exercise, message), names in tests.items()]
    return "\n".join(clean(line) for line in (result["message"], *lines) if line)


def _archive(results: Iterable[Result]) -> bytes:
    """A zip file with ``<student>/results.json`` for each."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for result in results:
            # A folder name that was not UTF-8 reaches us as lone surrogates, which no zip file can hold.
            student = result["student"].encode("utf-8", "backslashreplace").decode("utf-8")
            student = student.replace("%", "%25").replace("\\", "%5C")  # which on Windows leads into another folder
            entry = zipfile.ZipInfo(f"{student}/results.json", _OF_1980)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, json.dumps(_gradescope(result), indent=1))
    return data.getvalue()


def _gradescope(result: Result) -> dict[str, Any]:
    """What an autograder reports to Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/."""
    tests = [
        {
            "name": f"{test['exercise']} – {test['test']}",
            "score": test["points"],
            "max_score": test["max_points"],
            "status": "passed" if test["passed"] else "failed",
            "output": clean(test["message"]),
            "output_format": "text",
            "visibility": "visible",
        }
        for test in result["tests"]
    ]
    return {
        "score": result["score"],
        "execution_time": result["seconds"],
        "output": clean(result["message"]),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"status": result["status"], "notebook": result["notebook"], "student": result["student"]},
    }
