"""Grading again: what is, what is not, and what is said about whose score moved."""

import json
import os
import re
import shutil
import zipfile

import pytest
from classes import NOTEBOOK, QUICK, ROOT, answer_cell, as_bytes, make_result, solved, texts
from typer.testing import CliRunner

from course_lib import cli, exercises
from course_lib.grading import classroom, lateness, moved
from course_lib.grading.classroom import Run, grade, publish
from course_lib.grading.course import Texts
from course_lib.grading.submissions import find

FILE = f"{NOTEBOOK}.ipynb"
MONDAY = 1_794_844_800  # 2026-11-16 16:00 UTC
OTHER = exercises.notebooks()[1]


def put(folder, where, data=b""):
    path = folder / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else as_bytes(data))
    return path


def graded(run, folder):
    """Grade a folder; who was graded now, and the results by student."""
    now, results = [], {}

    def done(result, was_there):
        results[result["student"]] = result
        now.extend([] if was_there else [result["student"]])

    grade(run, find(folder, run.texts)[0], done)
    return now, results


def changed(old, new, notebook=NOTEBOOK):
    """A notebook's texts, its source changed in one place."""
    source = texts(notebook).source
    assert source.count(old) == 1
    return Texts(notebook, source.replace(old, new), texts(notebook).key)


# --- What a result depends on -------------------------------------------------------------------------------------


def origin(notebook=NOTEBOOK, data=b"1", text=None, **options):
    """What is stored with a result as its origin."""
    run = Run(None, {notebook: text or texts(notebook)}, **{"secret": b"s", "jobs": 1, "limits": QUICK} | options)
    return classroom._origin(run, notebook, data, "")


def test_the_file_the_code_the_key_the_limits_and_the_secret_count():
    right = texts()
    for other in (
        origin(data=b"2"),
        origin(text=changed('"memory": "c",', '"memory": "b",')),
        origin(text=Texts(NOTEBOOK, right.source, right.key + "\n")),
        origin(limits=classroom.Limits()),
        origin(secret=b"t"),
    ):
        assert other != origin()


def test_neither_the_number_of_workers_nor_a_text_of_the_notebook_counts():
    assert origin(jobs=7, force=True, sandbox="none") == origin()
    assert origin(text=changed("You have a network that reads", "You have a network which reads")) == origin()


@pytest.fixture
def another_package(tmp_path, monkeypatch):
    """A copy of course_lib that the grader takes for its own."""
    copied = tmp_path / "course_lib"
    shutil.copytree(ROOT / "course_lib", copied, ignore=shutil.ignore_patterns("__pycache__", "*.npz", "*.txt"))
    monkeypatch.setattr(classroom.course_lib, "__file__", str(copied / "__init__.py"))
    for name in exercises.notebooks():
        module = exercises.module(name)
        monkeypatch.setattr(module, "__file__", str(copied / "exercises" / module.__file__.rpartition("/")[2]))
    classroom._code.cache_clear()
    yield copied
    classroom._code.cache_clear()


def test_the_exercises_of_one_notebook_do_not_count_for_another_and_the_grader_for_all(another_package):
    def codes():
        classroom._code.cache_clear()
        return classroom._code(NOTEBOOK), classroom._code(OTHER)

    before = codes()
    with open(another_package / "exercises" / "bptt.py", "a") as file:
        file.write("# mended\n")
    assert OTHER == "02_bptt" and codes()[0] == before[0] and codes()[1] != before[1]
    before = codes()
    with open(another_package / "grading" / "graft.py", "a") as file:
        file.write("# mended\n")
    assert codes()[0] != before[0] and codes()[1] != before[1]


def test_a_mended_key_of_one_notebook_leaves_the_results_of_another_alone(tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    for name in (NOTEBOOK, OTHER):
        put(folder, f"ada/{name}.ipynb", b"no notebook")
    run = Run(out, {name: texts(name) for name in (NOTEBOOK, OTHER)}, b"secret", 1)
    assert graded(run, folder)[0] == ["ada", "ada"]
    before = (out / "results" / "ada" / FILE.replace("ipynb", "json")).read_bytes()
    mended = Texts(OTHER, texts(OTHER).source, texts(OTHER).key + "\n")
    now = []
    again = Run(out, {NOTEBOOK: texts(), OTHER: mended}, b"secret", 1)
    grade(again, find(folder, again.texts)[0], lambda result, there: now.append((result["notebook"], there)))
    assert sorted(now) == [(NOTEBOOK, True), (OTHER, False)]
    assert (out / "results" / "ada" / FILE.replace("ipynb", "json")).read_bytes() == before


# --- Whose score moved --------------------------------------------------------------------------------------------


def wrong_quiz():
    nb = solved()
    cell = answer_cell(nb, "answers01")
    cell.source = cell.source.replace('"memory": "c"', '"memory": "b"')
    return nb


def course(*arguments):
    done = CliRunner().invoke(cli.app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def lines_of(text, *students):
    """The cells of those lines of the table of moved scores that begin with a student's name."""
    part = text.partition("moved by grading again")[2]
    rows = (line.split() for line in part.splitlines())
    return {row[0]: row[1:] for row in rows if row and row[0] in students}


@pytest.fixture
def mend(monkeypatch):
    """Gives the command line other texts of the notebook than those in solutions/."""

    def with_texts(text):
        usual = cli._texts
        monkeypatch.setattr(cli, "_texts", lambda name: text if name == NOTEBOOK else usual(name))

    return with_texts


def test_after_a_mended_key_the_run_says_whose_score_moved_up_and_down(tmp_path, bubblewrap, mend):
    """The answer to a question of the quiz was wrong in the key."""
    folder, out = tmp_path / "in", tmp_path / "out"
    put(folder, f"ada/{FILE}", solved())
    put(folder, f"ben/{FILE}", wrong_quiz())
    put(folder, f"cleo/{FILE}", b"no notebook")
    command = ("grade", folder, "--out", out, "--jobs", 2)
    code, said, _ = course(*command)
    assert code == 0 and "moved" not in said and not (out / "moved.csv").exists()
    mend(changed('"memory": "c",', '"memory": "b",'))
    code, said, _ = course(*command)
    assert code == 0
    assert lines_of(said, "ada", "ben", "cleo") == {
        "ada": [NOTEBOOK, "10", "9.75", "-0.25"],
        "ben": [NOTEBOOK, "9.75", "10", "+0.25"],
    }
    listed = f"assignment,student_id,score_before,score\n{NOTEBOOK},ada,10,9.75\n{NOTEBOOK},ben,9.75,10\n"
    assert (out / "moved.csv").read_text() == listed
    code, said, _ = course(*command)
    assert "3 of 3 were graded before" in said and "moved" not in said
    assert (out / "moved.csv").read_text() == listed
    code, said, _ = course(*command, "--force")
    assert "moved" not in said and not (out / "moved.csv").exists()


def test_a_new_file_or_one_that_the_grader_failed_on_has_not_moved():
    before = make_result("ada") | {"graded_from": {"submission": "1", "course": "a"}}
    same = {"submission": "1", "course": "b"}
    worse = make_result("ada", failed=["rnn_step"]) | {"graded_from": same}
    assert moved.since(before, worse) == {"score_before": 10}
    assert moved.since(before, before | {"graded_from": same}) == {}
    assert moved.since(before, worse | {"graded_from": {"submission": "2", "course": "b"}}) == {}
    assert moved.since(before, worse | {"graded_from": None}) == {}
    assert moved.since(before | {"graded_from": None}, worse) == {}
    assert moved.since(None, worse) == {}


def test_an_interrupted_run_forgets_nobody_s_move(tmp_path):
    """What was written before the interruption says by itself what it had been."""
    for number, before in enumerate((9.0, None, 8.0)):
        more = {} if before is None else {"score_before": before}
        result = make_result(f"s{number}") | {"graded_from": {"submission": "x"}} | more
        put(tmp_path, f"results/s{number}/{NOTEBOOK}.json", json.dumps(result).encode())
    publish(tmp_path, None)
    assert [line.split(",")[1:] for line in (tmp_path / "moved.csv").read_text().splitlines()[1:]] == [
        ["s0", "9", "10"],
        ["s2", "8", "10"],
    ]


# --- Times through a run --------------------------------------------------------------------------------------------


def test_the_time_of_a_file_is_taken_once_and_corrected_without_grading_again(tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    path = put(folder, f"ada/{FILE}", b"no notebook")
    os.utime(path, (MONDAY, MONDAY))
    (folder / "ben").mkdir()
    run = Run(out, {NOTEBOOK: texts()}, b"secret", 1)
    first = graded(run, folder)[1]["ada"]["timestamp"]
    assert lateness.moment(first).timestamp() == MONDAY
    shutil.copy(path, tmp_path / "copy")
    path.unlink()
    shutil.copyfile(tmp_path / "copy", path)  # a copy has the time of the copy
    now, results = graded(run, folder)
    assert now == [] and results["ada"]["timestamp"] == first
    times = {"ada": lateness.moment("2026-11-20T23:59+01:00"), "ben": lateness.moment("2026-11-20T23:59+01:00")}
    now, results = graded(Run(out, run.texts, run.secret, 1, times=times), folder)
    assert now == [] and results["ada"]["timestamp"] == "2026-11-20T22:59:00+00:00"
    assert results["ben"]["timestamp"] == ""  # who handed in nothing did so at no time
    assert graded(run, folder)[1]["ada"]["timestamp"] == "2026-11-20T22:59:00+00:00"
    os.utime(put(folder, f"ada/{FILE}", b"another"), (MONDAY + 1, MONDAY + 1))
    now, results = graded(run, folder)
    assert now == ["ada"] and lateness.moment(results["ada"]["timestamp"]).timestamp() == MONDAY + 1


def test_a_download_of_canvas_is_graded_with_roster_times_and_a_due_date(tmp_path, bubblewrap):
    """From the zip file to the table that goes back, by the commands of the README."""
    source, out = tmp_path / "submissions.zip", tmp_path / "out"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr(f"doejane_4711_98765_{FILE}", as_bytes(solved()))
        archive.writestr(f"roeben_LATE_4712_98766_{FILE}", as_bytes(wrong_quiz()))
        archive.writestr(f"zettcleo_LATE_4713_98767_{FILE}", b"no notebook")
        archive.writestr("../evil.ipynb", b"")
    roster = put(
        tmp_path,
        "canvas.csv",
        b'Student,ID,SIS Login ID,Section\n    Points Possible,,,\n"Doe, Jane",4711,jane,A\n"Roe, Ben",4712,ben,A\n'
        b'"Zett, Cleo",4713,cleo,A\n"Ems, Eve",4714,eve,A\n',
    )
    times = put(tmp_path, "times.csv", b"student_id,timestamp\n4711,2026-11-20T22:00Z\n4712,2026-11-21T00:05+01:00\n")
    options = ("--notebook", NOTEBOOK, "--due", "2026-11-20T23:59+01:00", "--times", times, "--roster", roster)
    code, said, complaint = course("grade", source, "--out", out, "--jobs", 2, *options)
    assert code == 0 and complaint == "passed over: ../evil.ipynb: its name leads out of the zip file\n"
    rows = {line.split()[0]: line.split()[1:3] for line in said.splitlines() if "/10" in line}
    assert rows == {
        **{"4711": ["ok", "10/10"], "4712": ["ok", "9.75/10"]},
        **{"4713": ["corrupt", "0/10"], "4714": ["missing", "0/10"]},
    }
    header, *lines = [line.split(",") for line in (out / "gradebook.csv").read_text().splitlines()]
    late = {line[3]: (line[header.index("score")], line[header.index("minutes_late")]) for line in lines}
    assert late == {"4711": ("10", "0"), "4712": ("9.75", "6"), "4713": ("0", "yes"), "4714": ("0", "")}
    code, said, complaint = course("export", out, "--format", "canvas")
    assert code == 0 and re.findall("left out: (\\d+)", complaint) == ["4713", "4714"]
    assert (out / f"canvas_{NOTEBOOK}.csv").read_text().splitlines()[2:] == [
        '"Doe, Jane",4711,,jane,A,10',
        '"Roe, Ben",4712,,ben,A,9.75',
    ]
    # What was given once is kept.
    code, said, _ = course("grade", source, "--out", out)
    assert code == 0 and "4 of 4 were graded before and are unchanged" in said
    header, *lines = [line.split(",") for line in (out / "gradebook.csv").read_text().splitlines()]
    assert {line[3]: (line[header.index("score")], line[header.index("minutes_late")]) for line in lines} == late


def test_a_due_date_is_of_one_notebook_and_has_a_zone(tmp_path):
    put(tmp_path, f"in/ada/{FILE}")
    command = ("grade", tmp_path / "in", "--out", tmp_path / "out", "--sandbox", "none")
    assert "--due is of one notebook: say of which with --notebook" in course(*command, "--due", "2026-11-20T23:59Z")[2]
    said = course(*command, "--due", "2026-11-20T23:59", "--notebook", NOTEBOOK)[2]
    assert "does not say in which time zone it is" in said
    assert "cannot be read: No such file" in course(*command, "--times", tmp_path / "nowhere.csv")[2]
    assert not (tmp_path / "out").exists()
