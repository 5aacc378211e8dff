"""The commands as people type them: what is printed, what is written, and the exit code."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from classes import NOTEBOOK, answer_cell, as_bytes, solved, stubs
from rich.console import Console
from typer.testing import CliRunner

from course_lib import cli, exercises
from course_lib.grading import demo, workers
from course_lib.grading.apart import Reply
from course_lib.grading.grade import failed

FILE = f"{NOTEBOOK}.ipynb"
COURSE = (sys.executable, "-m", "course_lib")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "submitted"
    path.mkdir()
    return path


def put(folder, where, data=b""):
    path = folder / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else as_bytes(data))
    return path


def course(*arguments, columns=400):
    """Exit code and output of a command; wide, so that no line is broken."""
    result = CliRunner().invoke(cli.app, [str(a) for a in arguments], env={"COLUMNS": str(columns)})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def refused(*arguments):
    """What a command says that stops before any work."""
    code, said, complaint = course(*arguments)
    assert (code, said) == (2, "")
    assert complaint.startswith("error: ") and "Traceback" not in complaint
    return complaint


# --- course check -----------------------------------------------------------------------------------------------


def test_check_says_of_an_untouched_notebook_that_it_is_not_attempted(tmp_path, bubblewrap):
    code, said, _ = course("check", put(tmp_path, FILE, stubs()))
    *tests, total = said.splitlines()
    assert code == 0 and total.startswith("0 of ")
    assert tests and all(line.startswith("○") and line.endswith("not attempted yet") for line in tests)


def test_check_marks_right_and_wrong_answers(tmp_path, bubblewrap):
    nb = solved()
    answer_cell(nb, "rnn_step").source += "\n\nrnn_step = None"
    code, said, _ = course("check", put(tmp_path, FILE, nb))
    *tests, total = said.splitlines()
    wrong = [line for line in tests if line.startswith("✗")]
    right = [line for line in tests if line.startswith("✓")]
    assert code == 0 and len(wrong) + len(right) == len(tests)
    assert wrong and all("  rnn_step – " in line and ": " in line for line in wrong)
    assert re.match(r"[\d.]+ of [\d.]+ points on the visible cases", total)


def test_check_gives_a_right_notebook_full_marks(tmp_path, bubblewrap):
    _, said, _ = course("check", put(tmp_path, f"my_{FILE}", solved()))
    earned, most = re.search(r"([\d.]+) of ([\d.]+) points", said).groups()
    assert earned == most != "0" and "✗" not in said and "○" not in said


def test_check_says_what_is_wrong_with_a_file(tmp_path):
    code, said, _ = course("check", put(tmp_path, FILE, b"{"))
    assert code == 0 and said.startswith("corrupt: The file is not a notebook")
    assert "x.ipynb: rename it after its notebook of the course, 01_unrolling" in refused(
        "check", put(tmp_path, "x.ipynb")
    )
    assert "cannot be read: No such file or directory" in refused("check", tmp_path / "no" / FILE)


# --- course grade -----------------------------------------------------------------------------------------------


def test_grade_from_end_to_end_exits_with_0_whatever_the_scores(folder, tmp_path, bubblewrap):
    put(folder, f"ada/{FILE}", solved())
    put(folder, f"ben/{FILE}", b"")
    put(folder, "ben/homework.ipynb")
    put(folder, f"jose\u0301_{FILE}", b"[]")
    roster = put(tmp_path, "class.csv", "student_id,last_name\nada,Lovelace\njosé,Ruiz\nzoe,Zett\n".encode())
    out = tmp_path / "out"
    code, said, complaint = course("grade", folder, "--out", out, "--roster", roster, "--jobs", 1)
    assert code == 0
    assert complaint.strip() == f"passed over: ben/homework.ipynb: not one of {', '.join(exercises.notebooks())}"
    rows = {line.split()[0]: line.split()[1:3] for line in said.splitlines() if "/10" in line}
    nobody = {name: ["corrupt", "0/10"] for name in ("ben", "josé")} | {"zoe": ["missing", "0/10"]}
    assert rows == {"ada": ["ok", "10/10"]} | nobody
    assert f"gradebook: {out}/gradebook.csv" in said
    for student in rows:
        assert (out / "results" / student / f"{NOTEBOOK}.json").exists()
        assert (out / "feedback" / student / f"{NOTEBOOK}.html").exists()
    assert "Lovelace" in (out / "gradebook.csv").read_text(encoding="utf-8")
    again, said, _ = course("grade", folder, "--out", out, "--roster", roster, "--jobs", 1)
    assert again == 0 and "4 of 4 were graded before and are unchanged" in said


def test_what_cannot_be_graded_is_said_before_any_work(folder, tmp_path):
    put(folder, f"ada/{FILE}", b"")
    (tmp_path / "nothing").mkdir()
    out, file = tmp_path / "out", put(tmp_path, "file")
    assert f"there is no folder or zip file {tmp_path}/no" in refused("grade", tmp_path / "no", "--out", out)
    assert f"{file} is neither a folder nor a zip file" in refused("grade", file, "--out", out)
    assert f"no submission in {tmp_path}/nothing" in refused("grade", tmp_path / "nothing", "--out", out)
    said = refused("grade", folder, "--out", out, "--notebook", "99_x")
    assert "the course has no notebook '99_x'; it has 01_unrolling" in said
    assert "--sandbox is one of auto, bwrap, none" in refused("grade", folder, "--out", out, "--sandbox", "x")
    assert not out.exists()
    assert "lies among the submissions" in refused("grade", folder, "--out", folder / "out", "--sandbox", "none")
    assert "File exists" in refused("grade", folder, "--out", file, "--sandbox", "none")
    assert "is empty" in refused("grade", folder, "--out", out, "--secret", file, "--sandbox", "none")
    assert not (out / "results").exists()


@pytest.mark.parametrize(
    "roster, words",
    [
        (None, "cannot be read: No such file or directory"),
        (b"name\nada\n", "has no column 'student_id'"),
        (b"student_id\nada\nada\n", "is there twice"),
        (b"student_id\n2023/1\n", "cannot be the name of a folder"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_roster_that_is_none_is_said_once(folder, tmp_path, roster, words):
    put(folder, f"ada/{FILE}")
    path = put(tmp_path, "class.csv", roster) if roster else tmp_path / "class.csv"
    said = refused("grade", folder, "--out", tmp_path / "out", "--roster", path, "--sandbox", "none")
    assert words in said and said.count(str(path)) <= 1


def test_without_bubblewrap_grade_refuses_with_what_mends_it_and_goes_on_if_told(folder, tmp_path, monkeypatch):
    put(folder, f"ada/{FILE}", solved())
    monkeypatch.setenv("PATH", str(tmp_path))
    for mode in ("auto", "bwrap"):
        said = refused("grade", folder, "--out", tmp_path / "out", "--sandbox", mode)
        assert "bwrap is not installed: apt-get install bubblewrap" in said
        assert "`--sandbox none` grades without one" in said
    assert not (tmp_path / "out").exists()
    code, said, _ = course("grade", folder, "--out", tmp_path / "out", "--sandbox", "none", "--jobs", 1)
    assert code == 0 and re.search(r"ada +ok +10/10", said)


@pytest.mark.parametrize(
    "options, words",
    [
        (["--tmpfs", "DISK", "--remount-ro", "DISK"], "results cannot be written to DISK/out: Read-only file system"),
        (["--size", "1000000", "--tmpfs", "DISK"], "the disk of DISK/out has 1 MB left, this run may need 20 MB"),
    ],
    ids=["read-only", "full"],
)
def test_a_disk_without_room_is_said_before_any_work(folder, tmp_path, bubblewrap, options, words):
    put(folder, f"ada/{FILE}", solved())
    disk = tmp_path / "disk"
    disk.mkdir()
    options = [option.replace("DISK", str(disk)) for option in options]
    command = ["bwrap", "--dev-bind", "/", "/", *options, *COURSE, "grade", folder, "--out", disk / "out"]
    done = subprocess.run([*command, "--sandbox", "none"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert words.replace("DISK", str(disk)) in done.stderr.replace("\n", "")


def test_an_interrupted_run_keeps_what_it_wrote_and_goes_on(folder, tmp_path, bubblewrap):
    students = [f"s{number}" for number in range(12)]  # a fast machine has not graded all before the interrupt
    for student in students:
        put(folder, f"{student}/{FILE}", stubs())
    out = tmp_path / "out"
    command = [*COURSE, "grade", str(folder), "--out", str(out), "--jobs", "1"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that run in the background were told to ignore interrupts, and would pass that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not list(out.glob("results/*/*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in complaint
    assert "interrupted; what was graded is kept, and the same command goes on from here" in complaint
    kept = {path: path.read_bytes() for path in out.glob("results/*/*.json")}
    assert 0 < len(kept) < len(students) and all(map(json.loads, kept.values()))
    code, said, _ = course("grade", folder, "--out", out, "--jobs", 2)
    assert code == 0 and f"{len(kept)} of {len(students)} were graded before" in said
    assert {path: path.read_bytes() for path in kept} == kept
    assert len(list(out.glob("results/*/*.json"))) == len(students)


def test_a_fault_of_the_grader_is_said(folder, tmp_path, monkeypatch, bubblewrap):
    put(folder, f"ada/{FILE}", solved())

    def fail(graders, todo, alone):
        for key, _ in todo:
            yield key, Reply(failed="…")

    monkeypatch.setattr(workers, "grade_all", fail)
    code, said, complaint = course("grade", folder, "--out", tmp_path / "out")
    assert code == 0 and re.search(r"ada +crashed +0/10", said)
    assert complaint == "the grader itself failed on 1; the same command tries them again\n"


# --- The gradebook on the screen --------------------------------------------------------------------------------


def a_class():
    names = ["ada", "mistakes-12", "wants-all-memory", "a-very-long-name-as-a-platform-makes-it_assignsubmission_file"]
    results = []
    for name, status in zip(names, ["ok", "timeout", "out_of_memory", "ok"], strict=True):
        result = failed(name, NOTEBOOK, status, "")
        for test in result["tests"]:
            test["points"] = test["max_points"] / (2 if test["exercise"] == "rnn_step" else 1)
        result["score"] = sum(test["points"] for test in result["tests"])
        results.append(result)
    return results


@pytest.mark.parametrize("columns", [80, 120])
def test_the_gradebook_is_readable(monkeypatch, capsys, columns):
    monkeypatch.setattr(cli, "out", Console(width=columns))
    cli._print_gradebook(a_class())
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    ids = [exercise.id for exercise in exercises.of_notebook(NOTEBOOK)]
    assert lines[0].strip() == NOTEBOOK
    assert lines[1].split() == ["student", "status", "score", *(str(n) for n in range(1, len(ids) + 1))]
    rows = [line.split() for line in lines[3:7]]
    assert [row[0] for row in rows[:3]] == ["ada", "mistakes-12", "wants-all-memory"]
    assert rows[2][1:] == ["out_of_memory", "9/10", "1", "3", "2", "1", "1", "1"]
    assert rows[3][1:] == ["ok", "9/10", "1", "3", "2", "1", "1", "1"]
    end = next(i for i, line in enumerate(lines) if line.startswith("1="))
    long_name = "".join(line[: lines[1].index("status")].strip() for line in lines[6:end])
    assert long_name == a_class()[3]["student"]
    legend = " ".join(lines[end:])
    assert all(f"{number}={name}" in legend for number, name in enumerate(ids, start=1))


def test_no_submission_writes_on_the_terminal(folder, tmp_path):
    """Neither by a folder's name nor by a file's: no colours, no bells, no half characters, no markup."""
    names = ["\x1b[31mred", "bell\x07", os.fsdecode(b"jos\xe9"), "[bold]", "n\npassed over: m", "t\tb"]
    for name in names:
        put(folder, f"{name}/{FILE}", b"")
        put(folder, f"{name}/{name}.ipynb", b"")
    code, said, complaint = course("grade", folder, "--out", tmp_path / "out", "--sandbox", "none", "--jobs", 1)
    assert code == 0
    for text in (said, complaint):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", text)
        for shown in ("red", "bell", "jos?", "[bold]", "n passed over: m", "t b"):
            assert shown in text


# --- The other commands -----------------------------------------------------------------------------------------


def test_demo_grades_a_small_class_as_expected(tmp_path, bubblewrap):
    code, said, _ = course("demo", "--students", 4, "--out", tmp_path / "out")
    assert code == 0 and "every one of the 4 students got what was expected" in said
    assert re.search(r"loops-forever +timeout +8/10", said)
    assert re.search(r"perfect +ok +10/10", said)


def test_demo_forgets_an_earlier_class_and_nobody_else(tmp_path, bubblewrap):
    for student in ("mistakes-9", "ada", "mistakes-are-mine"):
        for folder in ("results", "feedback"):
            (tmp_path / folder / student).mkdir(parents=True)
    demo.forget(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*")} == {
        f"{folder}/{student}" for folder in ("results", "feedback") for student in ("ada", "mistakes-are-mine")
    }
    for size in (2, 1):
        code, said, _ = course("demo", "--students", size, "--out", tmp_path / "out")
        assert code == 0 and re.findall(r"^(\S+) +ok", said, re.MULTILINE) == ["perfect", "stub"][:size]


def test_demo_exits_with_1_where_something_else_comes_out(tmp_path, monkeypatch, bubblewrap):
    monkeypatch.setattr(demo, "surprises", lambda students, notebook, results: ["perfect: status crashed, expected ok"])
    code, _, complaint = course("demo", "--students", 1, "--out", tmp_path / "out")
    assert code == 1 and complaint == "unexpected: perfect: status crashed, expected ok\n"


def test_release_says_how_much_it_packed_or_why_not(tmp_path):
    code, said, _ = course("release", "--out", tmp_path / "course.zip")
    assert code == 0 and re.fullmatch(r"\d+ files in .*course\.zip\n", said)
    put(tmp_path, "file")
    assert "cannot be written: " in refused("release", "--out", tmp_path / "file" / "course.zip")


def test_lab_names_the_notebooks_there_are():
    assert "there is no 99_x.ipynb in notebooks/; it has 01_unrolling" in refused("lab", "99_x")


@pytest.mark.parametrize("command", ["lab", "check", "build", "grade", "export", "demo", "release", "doctor"])
def test_every_command_explains_itself(command):
    code, said, _ = course(command, "--help")
    assert code == 0 and f"{command} [OPTIONS]" in said
