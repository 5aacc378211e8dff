"""`course export`: each form has what its platform documents, and nobody gets a grade that is not known."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from classes import NOTEBOOK, make_result
from typer.testing import CliRunner

from course_lib import cli, exercises
from course_lib.grading import classroom, lateness, roster
from course_lib.grading.gradebook import COLUMNS

OTHER = exercises.notebooks()[1]
ROSTER = (
    "student_id,last_name,first_name,email,canvas_id,sis_user_id,sis_login_id,section\n"
    "ada,Lovelace,Ada,ada@example.org,4711,u1,ada,A\n"
    "ben,Roe,Ben,ben@example.org,4712,,,\n"
    "cleo,Zett,Cleo,,,,cleo,\n"
    "dan,Doe,Dan,dan@example.org,,,,\n"
    "eve,Ems,Eve,eve@example.org,4715,,,B\n"
)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def store(out, *results, names=ROSTER):
    """Results as `course grade` leaves them, with the roster it was given."""
    for result in results:
        path = classroom.result_path(out, result["student"], result["notebook"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result))
    if names:
        (out.parent / "class.csv").write_text(names)
        roster.keep(out, out.parent / "class.csv")


def run(out, form, *options):
    """What the command prints: the exit code, the files it names, and what it says beside them."""
    done = CliRunner().invoke(
        cli.app, ["export", str(out), "--format", form, *map(str, options)], env={"COLUMNS": "400"}
    )
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, [line.removeprefix("written: ") for line in done.stdout.splitlines()], done.stderr


def table(out, form, *options):
    """The table that an export makes, and what it says."""
    code, [path], said = run(out, form, *options)
    assert code == 0
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file)), said


# --- Which columns ----------------------------------------------------------------------------------------------


def test_csv_is_the_gradebook_with_nbgraders_columns(out):
    """CsvExportPlugin in nbgrader/plugins/export.py."""
    store(out, make_result("ada"), make_result("ben", "corrupt"))
    (header, *rows), said = table(out, "csv")
    assert header[: len(COLUMNS)] == [
        *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
        *("raw_score", "late_submission_penalty", "score", "max_score"),
    ]
    assert [row[3] for row in rows] == ["ada", "ben", "cleo", "dan", "eve"] and said == ""
    before = (out / "gradebook.csv").read_bytes()
    classroom.publish(out, roster.of(out, None))
    assert (out / "gradebook.csv").read_bytes() == before


def canvas_reads(rows):
    """What Canvas takes from a table: points possible and scores by id; its rules are those of its importer.

    ``row_has_student_headers?``: the first cell has "Student", the second "ID", and there are more than three.
    ``update_column_count``: "SIS User ID" and "SIS Login ID" may follow, in this order. ``header?``: the last of these
    columns is "Section"; what comes then is an assignment each. ``check_for_non_student_row``: a row whose first cell
    has "Points Possible" has the points. ``process_student``: a student is found by ID, SIS User ID, SIS Login ID.
    instructure/canvas-lms, lib/gradebook_importer.rb.
    """
    header, *rows = rows
    assert len(header) > 3 and "Student" in header[0] and "ID" in header[1]
    assert header[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    possible, scores = {}, {}
    for row in rows:
        values = {name: cell for name, cell in zip(header[5:], row[5:], strict=True)}
        if "Points Possible" in row[0]:
            possible = values
        else:
            assert row[1] == "" or row[1].isdigit()
            scores[next(cell for cell in row[1:4] if cell)] = values
    return possible, scores


def test_canvas_finds_every_student_and_the_points(out):
    store(out, make_result("ada", failed=["rnn_forward"]), make_result("ben"), make_result("cleo"))
    rows, _ = table(out, "canvas")
    assert canvas_reads(rows) == (
        {NOTEBOOK: "10"},
        {"4711": {NOTEBOOK: "7"}, "4712": {NOTEBOOK: "10"}, "cleo": {NOTEBOOK: "10"}},
    )
    assert rows[2] == ["Lovelace, Ada", "4711", "u1", "ada", "A", "7"]


def test_the_points_possible_are_those_of_the_result_that_has_most(out):
    """Results of an earlier version of the course may have fewer."""
    few = [make_result(student) | {"max_score": 9.0} for student in ("ada", "eve")]
    store(out, *few, make_result("ben"))
    assert table(out, "canvas")[0][1][-1] == "10"


def test_canvas_own_export_goes_in_and_a_table_that_it_knows_comes_out(out):
    """Its columns are those of ``csv_data`` in lib/gradebook_exporter.rb."""
    export = (
        'Student,ID,SIS User ID,SIS Login ID,Section,"01_unrolling (99)",Current Score\n'
        '    Points Possible,,,,,10,(read only)\n"Lovelace, Ada",4711,u1,ada,A,,\n'
    )
    store(out, make_result("4711"), names=export)
    rows, said = table(out, "canvas")
    assert canvas_reads(rows)[1] == {"4711": {NOTEBOOK: "10"}} and said == ""
    assert rows[2][:5] == ["Lovelace, Ada", "4711", "u1", "ada", "A"]


def test_moodle_has_one_column_of_students_that_is_filled_in_every_line(out):
    """https://docs.moodle.org/405/en/Grade_import: one column is mapped to the student, e.g. "Email address" to
    useremail, each other to a grade item, to the feedback of one, or to nothing; grade and feedback go together."""
    red, bell = "\x1b[31mno end\x1b[0m", "The answer did not end.\a"
    store(out, make_result("ada"), make_result("ben", "timeout", failed=["rnn_step"], text=red, message=bell))
    (header, *rows), _ = table(out, "moodle")
    assert header == ["First name", "Last name", "Email address", NOTEBOOK, f"{NOTEBOOK} (feedback)"]
    assert rows[0] == ["Ada", "Lovelace", "ada@example.org", "10", ""]
    assert rows[1][:4] == ["Ben", "Roe", "ben@example.org", "8"]
    assert rows[1][4].splitlines() == ["The answer did not end.", "rnn_step – values, bias, float32: no end"]


# https://gradescope-autograders.readthedocs.io/en/latest/specs/: what may be there, and of which type.
NUMBER = (int, float)
SUBMISSION = {
    **{"score": NUMBER, "execution_time": NUMBER, "output": str, "output_format": str, "test_output_format": str},
    **{"test_name_format": str, "visibility": str, "stdout_visibility": str, "extra_data": dict, "tests": list},
    "leaderboard": list,
}
CASE = {
    **{"score": NUMBER, "max_score": NUMBER, "status": str, "name": str, "name_format": str, "number": str},
    **{"output": str, "output_format": str, "tags": list, "visibility": str, "extra_data": dict},
}
VISIBILITIES = ("hidden", "after_due_date", "after_published", "visible")
OUTPUT_FORMATS = ("text", "html", "simple_format", "md", "ansi")


def test_gradescope_has_a_results_json_for_each_student(out):
    lost = make_result("ben", "timeout", failed=["rnn_step"], text="\x1b[31mno end", message="It did not end.")
    store(out, make_result("ada"), lost)
    code, [path], _ = run(out, "gradescope")
    assert code == 0
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["ada/results.json", "ben/results.json"]
        given = {name.split("/")[0]: json.loads(archive.read(name)) for name in archive.namelist()}
    for result in given.values():
        assert all(isinstance(value, SUBMISSION[key]) for key, value in result.items())
        assert {result["visibility"], result["stdout_visibility"]} <= set(VISIBILITIES)
        for test in result["tests"]:
            assert all(isinstance(value, CASE[key]) for key, value in test.items())
            assert test["visibility"] in VISIBILITIES and test["output_format"] in OUTPUT_FORMATS
            assert test["status"] in ("passed", "failed")
        assert result["score"] == sum(test["score"] for test in result["tests"])
    assert (given["ada"]["score"], given["ben"]["score"]) == (10, 8)
    assert given["ben"]["output"] == "It did not end." and given["ben"]["extra_data"]["status"] == "timeout"
    failed = [test for test in given["ben"]["tests"] if test["status"] == "failed"]
    assert failed and all(test["output"] == "no end" and test["score"] == 0 < test["max_score"] for test in failed)


# --- Who ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["canvas", "moodle", "gradescope"])
def test_who_has_no_grade_is_left_out_and_named(out, form):
    """An empty cell would delete what stands there; a 0 would be a grade."""
    fault = make_result("eve", "crashed", failed=["rnn_step"]) | {"graded_from": None}
    store(out, make_result("ada", "crashed", failed=["rnn_step"]), make_result("ben", "corrupt"), fault)
    code, [path], said = run(out, form)
    assert code == 0
    assert f"left out: ben, {NOTEBOOK}: corrupt\n" in said
    assert f"left out: cleo, {NOTEBOOK}: missing\n" in said
    assert f"left out: eve, {NOTEBOOK}: the grader itself failed on it, grade again\n" in said
    if form == "gradescope":
        assert zipfile.ZipFile(path).namelist() == ["ada/results.json"]
    else:
        rows, _ = table(out, form)
        assert len(rows) == (3 if form == "canvas" else 2) and rows[-1][-1 if form == "canvas" else 3] == "8"


@pytest.mark.parametrize(
    "form, reason",
    [
        ("canvas", "the roster has none of canvas_id, sis_user_id, sis_login_id"),
        ("moodle", "the roster has no email, by which Moodle finds students"),
    ],
)
def test_whom_the_platform_would_not_know_is_left_out_and_named(out, form, reason):
    store(out, *(make_result(student) for student in ("ada", "cleo", "dan", "stranger")))
    unknown = {"canvas": ["dan", "stranger"], "moodle": ["cleo", "stranger"]}[form]
    rows, said = table(out, form)
    named = [line.split(",")[0].removeprefix("left out: ") for line in said.splitlines() if reason in line]
    assert named == unknown
    assert len(rows) == {"canvas": 2, "moodle": 1}[form] + 2
    if form == "moodle":
        assert all(row[2] for row in rows)


def test_two_with_one_email_would_get_one_grade_in_moodle(out):
    names = "student_id,email\nada,x@example.org\nben,X@example.org\neve,eve@example.org\n"
    store(out, *(make_result(student) for student in ("ada", "ben", "eve")), names=names)
    rows, said = table(out, "moodle")
    assert [row[2] for row in rows[1:]] == ["eve@example.org"]
    assert said.count("the roster has somebody else with the same email") == 2


@pytest.mark.parametrize("form", ["canvas", "moodle"])
def test_without_a_roster_a_platform_knows_nobody(out, form):
    store(out, make_result("ada"), names="")
    code, written, said = run(out, form)
    assert code == 2 and written == []
    assert f"error: there is no grade to export. ada, {NOTEBOOK}: the roster has no" in said
    assert not list(out.glob("*.csv"))


def test_gradescope_and_csv_need_none(out):
    store(out, make_result("ada"), names="")
    assert run(out, "gradescope")[0] == run(out, "csv")[0] == 0


# --- Files --------------------------------------------------------------------------------------------------------


def both(out):
    store(out, make_result("ada"), make_result("ada") | {"notebook": OTHER})


@pytest.mark.parametrize("form, ending", [("canvas", "csv"), ("moodle", "csv"), ("gradescope", "zip")])
def test_a_file_for_each_notebook_or_of_one_where_it_is_wanted(out, tmp_path, form, ending):
    both(out)
    names = [str(out / f"{form}_{notebook}.{ending}") for notebook in (NOTEBOOK, OTHER)]
    assert run(out, form)[:2] == (0, names)
    assert run(out, form, "--notebook", OTHER)[:2] == (0, names[1:])
    to = tmp_path / "new" / "file"
    assert run(out, form, "--notebook", OTHER, "--to", to)[:2] == (0, [str(to)])
    assert to.read_bytes() == (out / f"{form}_{OTHER}.{ending}").read_bytes()
    code, _, said = run(out, form, "--to", to)
    assert code == 2 and f"a file is of one notebook, {out} has {NOTEBOOK}, {OTHER}: choose with --notebook" in said


def test_csv_of_one_notebook_leaves_the_gradebook_alone(out):
    both(out)
    assert run(out, "csv")[1] == [str(out / "gradebook.csv")]
    before = (out / "gradebook.csv").read_bytes()
    assert run(out, "csv", "--notebook", OTHER)[1] == [str(out / f"gradebook_{OTHER}.csv")]
    assert (out / "gradebook.csv").read_bytes() == before


def test_csv_keeps_when_it_was_due_and_who_was_late(out):
    store(out, make_result("ada") | {"timestamp": "2026-11-21T00:00:00+00:00"})
    lateness.set_due(out, NOTEBOOK, datetime(2026, 11, 20, tzinfo=UTC))
    classroom.publish(out, roster.of(out, None))
    before = (out / "gradebook.csv").read_bytes()
    assert b",1440," in before
    run(out, "csv")
    assert (out / "gradebook.csv").read_bytes() == before


def test_the_same_results_give_the_same_bytes(out):
    both(out)
    for form in ("csv", "canvas", "moodle", "gradescope"):
        _, paths, _ = run(out, form)
        first = [Path(path).read_bytes() for path in paths]
        assert [Path(path).read_bytes() for path in run(out, form)[1]] == first


def test_what_cannot_be_exported_is_said(out, tmp_path):
    assert "has no results: run `course grade` first" in run(out, "csv")[2]
    store(out, make_result("ada"))
    assert f"has no results of {OTHER}: run" in run(out, "csv", "--notebook", OTHER)[2]
    assert "--format is one of csv, canvas, moodle, gradescope" in run(out, "excel")[2]
    (tmp_path / "file").write_text("")
    code, _, said = run(out, "canvas", "--to", tmp_path / "file" / "x.csv")
    assert code == 2 and "cannot be written: " in said
    (out / "roster.csv").write_text("nonsense\n")
    assert "has no column 'student_id' or 'id'" in run(out, "canvas")[2]


# --- Hostile names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
@pytest.mark.parametrize("start", list("=+-@\t"))
def test_no_cell_is_a_formula(out, form, start):
    evil = start + 'cmd|" /C calc"!A1'
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["student_id", "last_name", "first_name", "email", "canvas_id", "section", "sis_login_id"])
    writer.writerow(["ada", evil, evil, evil, "4711", evil, evil])
    store(out, make_result("ada", "timeout", ["rnn_step"], text=evil, message=evil), names=text.getvalue())
    rows, _ = table(out, form)
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert [cell for cell in cells if "calc" in cell]


def test_no_name_leads_out_of_its_own_folder_in_a_zip_file(out):
    store(out, make_result("..\\ada"), make_result("..%5Cada"))
    _, [path], _ = run(out, "gradescope")
    assert zipfile.ZipFile(path).namelist() == ["..%255Cada/results.json", "..%5Cada/results.json"]


def test_a_folder_that_is_not_utf_8_and_markup_in_a_name(out):
    store(out, make_result("jos\udce9"), make_result("[bold]\x1b[31m", "corrupt"))
    code, [path], said = run(out, "gradescope")
    assert code == 0 and zipfile.ZipFile(path).namelist() == ["jos%5Cudce9/results.json"]
    assert f"left out: [bold], {NOTEBOOK}: corrupt\n" in said and "\x1b" not in said
