"""Times as people and programs write them, and how late that is."""

from datetime import UTC, datetime

import pytest
from classes import NOTEBOOK, make_result

from course_lib.grading import gradebook, lateness, report

DUE = datetime(2026, 11, 20, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T23:59+01:00",
        "2026-11-20T22:59:00Z",
        "2026-11-20 22:59:00+00:00",
        " 2026-11-20 14:59:00 -0800\n",
        "2026-11-20 22:59:00.000000 UTC",
        "2026-11-20 23:59 Europe/Berlin",
        "2026-11-20 22:59:00 Etc/UTC",
    ],
)
def test_one_moment_in_many_forms(text):
    assert lateness.moment(text) == DUE


@pytest.mark.parametrize(
    "text, words",
    [
        ("2026-11-20T23:59", "does not say in which time zone it is: write it like"),
        ("2026-11-20 23:59:00.123456", "does not say in which time zone it is"),
        ("2026-11-20", "is no time: write it like 2026-11-20T23:59"),
        ("", "is no time"),
        ("tomorrow", "is no time"),
        ("20.11.2026 23:59 UTC", "is no time"),
        ("2026-11-20 23:59 Atlantis", "is no time"),
        ("2026-11-20 23:59 ../../../../etc/passwd", "is no time"),
        ("2026-11-20 23:59 Europe", "is no time"),
        ("0001-01-01T00:00+14:00", "is no time"),
    ],
)
def test_what_is_no_moment_is_said(text, words):
    with pytest.raises(ValueError) as error:
        lateness.moment(text)
    assert words in str(error.value)


def test_times_of_students(tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("student_id,timestamp,x\nada,2026-11-20T22:59Z,1\njose\u0301,2026-11-21T00:00+01:00,2\n")
    assert lateness.read_times(path) == {"ada": DUE, "josé": DUE.replace(hour=23, minute=0)}


@pytest.mark.parametrize(
    "text, words",
    [
        ("id,timestamp\n", "has no column 'student_id': its header is 'id,timestamp'"),
        ("student_id,time\n", "has no column 'timestamp'"),
        ("student_id,timestamp\nada,2026-11-20T22:59\n", "line 2: '2026-11-20T22:59' does not say in which time zone"),
        ("student_id,timestamp\nada,\n", "line 2: '' is no time"),
        (
            "student_id,timestamp\nada,2026-11-20T22:59Z\nada,2026-11-20T22:59Z\n",
            "line 3: the student_id 'ada' is there twice",
        ),
    ],
)
def test_a_table_of_times_that_is_none_is_said(tmp_path, text, words):
    path = tmp_path / "times.csv"
    path.write_text(text)
    with pytest.raises(ValueError) as error:
        lateness.read_times(path)
    assert words in str(error.value) and str(error.value).startswith(str(path))


def test_due_dates_are_kept_for_each_notebook(tmp_path):
    assert lateness.due_dates(tmp_path) == {}
    lateness.set_due(tmp_path, "b", DUE)
    lateness.set_due(tmp_path, "a", DUE.replace(day=1))
    lateness.set_due(tmp_path, "b", DUE.replace(day=2))
    assert lateness.due_dates(tmp_path) == {"a": DUE.replace(day=1), "b": DUE.replace(day=2)}


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": "x"}', '{"a": "2026-11-20T22:59"}'])
def test_due_dates_that_were_damaged_are_said(tmp_path, text):
    (tmp_path / "due.json").write_text(text)
    with pytest.raises(ValueError, match=r"due\.json cannot be read .*: delete it and give --due again"):
        lateness.due_dates(tmp_path)


def handed_in(when="", **more):
    return make_result() | {"timestamp": when} | more


@pytest.mark.parametrize(
    "result, late",
    [
        (handed_in("2026-11-20T22:59:00+00:00"), 0),
        (handed_in("2026-11-20T12:00:00+00:00"), 0),
        (handed_in("2026-11-20T22:59:01+00:00"), 1),
        (handed_in("2026-11-20T23:59:00+00:00"), 60),
        (handed_in("2026-11-22T22:59:00+00:00", marked_late=True), 2880),
        (handed_in("2026-11-20T12:00:00+00:00", marked_late=True), 0),
        (handed_in(marked_late=True), "yes"),
        (handed_in(), ""),
        (make_result(), ""),
    ],
)
def test_late_is_counted_in_begun_minutes(result, late):
    assert lateness.minutes_late(result, DUE) == late


def test_without_a_due_date_only_the_platforms_mark_is_known():
    assert lateness.minutes_late(handed_in("2026-11-20T22:59:00+00:00"), None) == ""
    assert lateness.minutes_late(handed_in("2026-11-20T22:59:00+00:00", marked_late=True), None) == "yes"


def test_gradebook_has_times_with_their_zone_and_the_score_stays(tmp_path):
    path = tmp_path / "g.csv"
    results = [handed_in("2026-11-21T00:00:00+00:00"), make_result("s2", "missing"), handed_in() | {"student": "s3"}]
    gradebook.write(path, results, None, {NOTEBOOK: DUE})
    header, *lines = [line.split(",") for line in path.read_text().splitlines()]
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    shown = ("duedate", "timestamp", "late_submission_penalty", "score", "minutes_late")
    assert [[row[name] for name in shown] for row in rows] == [
        ["2026-11-20T22:59:00+00:00", "2026-11-21T00:00:00+00:00", "0", "10", "61"],
        ["2026-11-20T22:59:00+00:00", "", "0", "0", ""],
        ["2026-11-20T22:59:00+00:00", "", "0", "10", ""],
    ]


@pytest.mark.parametrize(
    "minutes, words", [(1, "1 min"), (60, "1 h"), (200, "3 h 20 min"), (3000, "2 d 2 h"), (1445, "1 d 5 min")]
)
def test_the_lecturers_page_says_how_late_in_words(minutes, words):
    when = lateness.shown(datetime.fromtimestamp(DUE.timestamp() + 60 * minutes, UTC))
    page = report.index([handed_in(when)], None, {NOTEBOOK: DUE})
    assert f'<td class="number" data-key="{minutes}">{words}</td>' in page and ">Late</th>" in page


def test_the_lecturers_page_has_no_such_column_where_nothing_is_known():
    assert ">Late</th>" not in report.index([handed_in("2026-11-20T22:59:00+00:00")])
