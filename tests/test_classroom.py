"""A folder of submissions in, a folder of results out, whatever lies in the first and happens on the way."""

import csv
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unicodedata
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from classes import NOTEBOOK, QUICK, ROOT, as_bytes, course, grading_processes, lives, solved, stubs, texts

from course_lib import exercises
from course_lib.grading import classroom, demo, report, workers
from course_lib.grading.apart import Reply
from course_lib.grading.classroom import ClassroomError, Run, grade, prepare, publish, secret_of
from course_lib.grading.grade import failed
from course_lib.grading.handed_in import Unusable
from course_lib.grading.submissions import Submission, find

FILE = f"{NOTEBOOK}.ipynb"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "submitted"
    path.mkdir()
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def public():
    """A folder that any user may look into."""
    path = Path(tempfile.mkdtemp(prefix="class-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@contextmanager
def ordinary_user():
    """Somebody for whom not every file is readable, also where the tests run as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def put(folder, where, data=b""):
    path = folder / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def roster_of(students):
    return {student: {} for student in students}


def found(folder, students=()):
    """What is found: the place of each student's file, or what is said instead; and what was passed over."""
    submissions, passed_over = find(folder, [NOTEBOOK], roster_of(students))
    assert all(submission.notebook == NOTEBOOK for submission in submissions)
    places = {s.student: str(s.path.relative_to(folder)) if s.path else s.problem for s in submissions}
    return places, passed_over


def run(out, secret=b"secret", jobs=1, force=False):
    return Run(out, {NOTEBOOK: texts()}, secret, jobs, limits=QUICK, force=force)


def graded(folder, out, students=(), **options):
    """Grade a folder; the results by student, and who was graded now."""
    results, now = {}, []

    def done(result, was_there):
        results[result["student"]] = result
        if not was_there:
            now.append(result["student"])

    grade(run(out, **options), find(folder, [NOTEBOOK], roster_of(students))[0], done)
    return results, now


def stored(out):
    """Every stored result's text, without its time."""
    paths = sorted((out / "results").rglob("*.json"))
    lines = {path: path.read_text(encoding="utf-8").splitlines() for path in paths}
    return {str(path.relative_to(out)): [x for x in text if '"seconds"' not in x] for path, text in lines.items()}


# --- What is found ----------------------------------------------------------------------------------------------


def test_three_ways_to_hand_in(folder):
    put(folder, f"ada/{FILE}")
    put(folder, f"ben/homework/{FILE}")
    put(folder, f"cleo_{FILE}")
    places = {"ada": f"ada/{FILE}", "ben": f"ben/homework/{FILE}", "cleo": f"cleo_{FILE}"}
    assert found(folder) == (places, [])


def test_another_notebook_of_the_course_is_left_for_its_own_turn(folder):
    other = exercises.notebooks()[1]
    for path in (f"ada/{FILE}", f"ada/{other}.ipynb", f"ben/{other}.ipynb", f"cleo_{other}.ipynb", "ada/x.ipynb"):
        put(folder, path)
    places, passed_over = found(folder)
    assert places == {"ada": f"ada/{FILE}", "ben": "", "cleo": ""}
    assert [line.split(":")[0] for line in passed_over] == ["ada/x.ipynb"]


def test_ids_with_blanks_accents_and_underscores(folder):
    names = ["Ann Lee", "josé", "Ünal_Öz 漢", "o'hara", "x;y&z", "-f", "[a]*?"]
    for name in names:
        put(folder, f"{name}/{FILE}")
    put(folder, f"mary_ann_{FILE}")
    assert set(found(folder)[0]) == {*names, "mary_ann"}


@pytest.mark.parametrize("where", ["{}/" + FILE, "{}/hw/" + FILE, "{}_" + FILE], ids=["folder", "nbgrader", "flat"])
@pytest.mark.parametrize("spelling", ["NFC", "NFD"])
@pytest.mark.parametrize("on_roster", ["NFC", "NFD"])
def test_an_accent_is_one_person_however_it_is_spelled(folder, where, spelling, on_roster):
    path = where.format(unicodedata.normalize(spelling, "josé"))
    put(folder, path)
    assert found(folder, [unicodedata.normalize(on_roster, "josé")])[0] == {"josé": path}


def test_of_two_notebooks_of_one_student_the_first_counts_and_the_other_is_said(folder):
    for path in (f"ada/{FILE}", f"ada/hw/{FILE}", f"ada_{FILE}"):
        put(folder, path)
    places, passed_over = found(folder)
    assert places == {"ada": f"ada/{FILE}"}
    assert len(passed_over) == 2 and all("ada handed in 01_unrolling twice" in line for line in passed_over)


@pytest.mark.parametrize("name", ["01_unrolling (1)", "01_unrolling(2)", "01_unrolling-Copy1", "01_unrolling - Copy"])
def test_a_download_s_copy_counts_where_the_plain_name_is_not_there(folder, name):
    put(folder, f"ada/{name}.ipynb")
    assert found(folder) == ({"ada": f"ada/{name}.ipynb"}, [])
    put(folder, f"ada/{FILE}")
    places, [line] = found(folder)
    assert places == {"ada": f"ada/{FILE}"} and "twice" in line


@pytest.mark.parametrize(
    "path, words",
    [
        ("ada/homework.ipynb", "not one of 01_unrolling"),
        ("ada/01_unrolling old.ipynb", "not one of 01_unrolling"),
        (FILE, "whose is it? It should be <student>_<notebook>.ipynb"),
        (f"_{FILE}", "whose is it?"),
        ("homework.ipynb", "whose is it?"),
        (f"ada/a/b/{FILE}", "too deep"),
    ],
)
def test_wrong_names_are_said(folder, path, words):
    put(folder, path)
    put(folder, f"ben/{FILE}")
    places, [line] = found(folder)
    assert line.startswith(f"{path}: ") and words in line
    assert places == {"ben": f"ben/{FILE}"} | ({"ada": ""} if path.startswith("ada") else {})


def test_hidden_files_and_other_files_are_nobodys_submission(folder):
    for path in (f"ada/.ipynb_checkpoints/{FILE}", f".git/{FILE}", "ada/data.csv", "README.txt", f".x_{FILE}"):
        put(folder, path)
    assert found(folder) == ({"ada": ""}, [])


def test_who_is_on_the_roster_or_has_a_folder_is_missing_without_a_file(folder):
    (folder / "ben").mkdir()
    put(folder, f"ada/{FILE}")
    assert found(folder, ["cleo", "ada"])[0] == {"ada": f"ada/{FILE}", "ben": "", "cleo": ""}


@pytest.mark.parametrize("student", ["2023/117", "..", ".", "a\0b", "/etc"])
def test_a_roster_id_that_can_be_no_folder_is_refused(folder, student):
    with pytest.raises(Unusable, match="cannot be the name of a folder"):
        found(folder, [student])


def test_links_and_what_is_no_file_are_corrupt_with_a_reason(folder, tmp_path):
    elsewhere = put(tmp_path, f"elsewhere/{FILE}", as_bytes(solved()))
    victim = put(folder, f"victim/{FILE}", as_bytes(solved()))
    for student in ("link", "link inside", "loop", "pipe", "folder", "socket", "broken"):
        (folder / student).mkdir()
    (folder / "link" / FILE).symlink_to(elsewhere)
    (folder / "link inside" / FILE).symlink_to(victim)
    (folder / "loop" / FILE).symlink_to(folder / "loop" / FILE)
    (folder / "broken" / FILE).symlink_to(tmp_path / "nowhere")
    (folder / "linked folder").symlink_to(elsewhere.parent)
    (folder / "linked victim").symlink_to(victim.parent)
    os.mkfifo(folder / "pipe" / FILE)
    (folder / "folder" / FILE).mkdir()
    (folder / f"flat_{FILE}").mkdir()
    here = os.open(".", os.O_RDONLY)
    os.chdir(folder / "socket")  # a socket's address is short
    try:
        server = socket.socket(socket.AF_UNIX)
        server.bind(FILE)
    finally:
        os.fchdir(here)
        os.close(here)
    said = {s.student: classroom._read(s)[1:] for s in find(folder, [NOTEBOOK])[0]}
    server.close()
    assert said.pop("victim") == ("", "")
    a_link = ("corrupt", "The file is a link that leads elsewhere: hand in the notebook itself.")
    a_linked_folder = ("corrupt", "The folder is a link that leads elsewhere: hand in the folder itself.")
    no_file = ("corrupt", "This is not a file: hand in the notebook itself.")
    assert said == {
        **dict.fromkeys(["link", "link inside", "loop", "broken"], a_link),
        **dict.fromkeys(["linked folder", "linked victim"], a_linked_folder),
        **dict.fromkeys(["pipe", "folder", "flat"], no_file),
        "socket": ("corrupt", "The file cannot be read: No such device or address."),
    }


def test_what_may_not_be_read_is_corrupt_with_a_reason(public):
    put(public, f"file/{FILE}").chmod(0)
    put(public, f"folder/{FILE}").parent.chmod(0)
    put(public, f"inner/hw/{FILE}").parent.chmod(0)
    with ordinary_user():
        submissions, passed_over = find(public, [NOTEBOOK])
        said = {s.student: classroom._read(s)[1:] for s in submissions}
    for name in ("folder", "inner/hw"):
        (public / name).chmod(0o755)
    assert said["file"] == ("corrupt", "The file cannot be read: Permission denied.")
    assert said["folder"] == ("corrupt", "The folder cannot be read: Permission denied.")
    assert said["inner"][0] == "missing"
    assert passed_over == [f"{public}/inner/hw: Permission denied"]


def test_a_file_of_100_mb_is_not_even_read(folder):
    path = put(folder, f"ada/{FILE}")
    os.truncate(path, 101 * 2**20)
    [submission] = find(folder, [NOTEBOOK])[0]
    expected = (None, "corrupt", "The file has 101 MB: clear its outputs and hand it in again.")
    assert classroom._read(submission) == expected


# --- Before any work --------------------------------------------------------------------------------------------


def test_the_secret_is_made_once_and_kept_to_oneself(out):
    first = secret_of(out, None)
    assert len(first) == 64 and secret_of(out, None) == first
    assert (out / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", [b"", b" \n"])
def test_an_empty_secret_is_refused_also_the_kept_one(out, text):
    put(out, "secret", text)
    for given in (None, out / "secret"):
        with pytest.raises(ClassroomError, match="is empty: write some random text"):
            secret_of(out, given)


def test_a_missing_secret_is_refused(out):
    with pytest.raises(ClassroomError, match=r"cannot be read from .*: No such file"):
        secret_of(out, out / "nowhere")


def test_results_among_the_submissions_would_be_a_student(folder):
    for out in (folder, folder / "out", folder / "ada" / ".." / "out"):
        with pytest.raises(ClassroomError, match="lies among the submissions"):
            prepare(out, folder, 1)
    assert list(folder.iterdir()) == []


def test_a_file_in_the_place_of_the_results_is_said(folder, tmp_path):
    put(tmp_path, "out", b"mine")
    with pytest.raises(ClassroomError, match=r"results cannot be written to .*: File exists"):
        prepare(tmp_path / "out", folder, 1)


def test_a_class_that_is_larger_than_the_disk_is_said(folder, out):
    with pytest.raises(ClassroomError, match=r"has \d+ MB left, this run may need \d+ MB: make room"):
        prepare(out, folder, 10**13)


def test_preparing_leaves_nothing_but_the_folder(folder, out):
    prepare(out, folder, 1)
    assert list(out.iterdir()) == []


def test_every_student_exercise_and_secret_has_inputs_of_its_own(out):
    def drawn(student="ada", secret=b"secret"):
        return list(classroom._job(run(out, secret), Submission(student, NOTEBOOK), b"").seeds.values())

    seeds = [*drawn(), *drawn("ben"), *drawn(secret=b"another")]
    assert len(set(seeds)) == len(seeds) == 3 * len(exercises.of_notebook(NOTEBOOK))
    assert drawn() == seeds[: len(drawn())]


# --- Grading without a kernel: files that are no notebooks ------------------------------------------------------

BROKEN = {
    "empty": b"",
    "text": b"hello",
    "cut": b'{"cells": [',
    "deep": b"[" * 100_000,
    "huge": b'{"nbformat": ' + b"9" * 5000 + b"}",
    "old": b'{"nbformat": 3, "worksheets": []}',
    "other": b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "1"}]}',
}


def test_everybody_gets_a_status_a_sentence_a_page_and_a_line(folder, out):
    not_utf8 = os.fsdecode(b"jos\xe9")
    for name, data in BROKEN.items():
        put(folder, f"{name}/{FILE}", data)
    put(folder, f"{not_utf8}/{FILE}", b"")
    put(folder, f"Ann Lee/{FILE}", b"")
    (folder / "nothing").mkdir()
    prepare(out, folder, 1)
    results, _ = graded(folder, out, students=["absent", "josé"])
    expected = dict.fromkeys([*BROKEN, not_utf8, "Ann Lee"], "corrupt")
    expected |= dict.fromkeys(["nothing", "absent", "josé"], "missing")
    assert {student: result["status"] for student, result in results.items()} == expected
    for student, result in results.items():
        assert result["message"][0].isupper() and result["message"].endswith((".", "?"))
        assert result["score"] == 0 < result["max_score"] == sum(test["max_points"] for test in result["tests"])
        assert "<html" in (out / "feedback" / student / f"{NOTEBOOK}.html").read_text(encoding="utf-8")
    assert sorted(r["student"] for r in publish(out, None)) == sorted(results)
    with (out / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row["status"] for row in csv.DictReader(file)}
    assert len(rows) == len(expected) and rows["jos?"] == "corrupt"
    assert "absent" in (out / "index.html").read_text(encoding="utf-8")
    written = {".lock", "results", "feedback", "exercises", "gradebook.csv", "similar.csv", "index.html"}
    assert {path.name for path in out.iterdir()} == written


def test_a_stored_result_has_the_promised_keys_and_its_origin(folder, out):
    put(folder, f"ada/{FILE}", b"")
    graded(folder, out)
    [path] = (out / "results").rglob("*.json")
    assert path == out / "results" / "ada" / f"{NOTEBOOK}.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    assert set(result) == {
        *("student", "notebook", "status", "score", "max_score", "seconds", "tests"),
        *("message", "graded_from", "timestamp"),
    }
    assert set(result["graded_from"]) == {"submission", "course", "secret"}
    assert set(result["tests"][0]) == {
        *("exercise", "test", "points", "max_points", "passed", "message", "known_mistake", "error_map"),
    }
    assert "secret" not in result["graded_from"]["secret"]


def test_a_message_of_any_characters_is_kept(out):
    message = "é 漢 \ud800 \x1b[2J \u202e </pre><script>"
    result = failed("ada", NOTEBOOK, "crashed", message) | {"graded_from": None}
    classroom._write(out, result)
    assert publish(out, None) == [result]
    assert "é 漢" in (out / "results" / "ada" / f"{NOTEBOOK}.json").read_text(encoding="utf-8")
    assert "<script" not in (out / "feedback" / "ada" / f"{NOTEBOOK}.html").read_text(encoding="utf-8")


def test_a_result_is_stored_after_its_page_so_that_no_page_is_missing_for_good(out, monkeypatch):
    def full(result):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report, "feedback", full)
    with pytest.raises(ClassroomError, match="the result of ada cannot be written: No space left on device"):
        classroom._write(out, failed("ada", NOTEBOOK, "crashed", "") | {"graded_from": None})
    assert not (out / "results").exists()


def test_the_pages_of_exercises_are_those_of_the_results(out):
    def pages():
        return {path.relative_to(out / "exercises").as_posix() for path in (out / "exercises").rglob("*.*")}

    for notebook in exercises.notebooks()[:2]:
        classroom._write(out, failed("ada", notebook, "crashed", "") | {"graded_from": None})
    publish(out, None)
    both = {f"{name}/{each.id}.html" for name in exercises.notebooks()[:2] for each in exercises.of_notebook(name)}
    assert pages() == both
    before = {name: (out / "exercises" / name).read_bytes() for name in both}
    put(out, f"exercises/{NOTEBOOK}/dropped.html", b"of an exercise that the course had once")
    (out / "results" / "ada" / f"{exercises.notebooks()[1]}.json").unlink()
    publish(out, None)
    assert pages() == {name for name in both if name.startswith(NOTEBOOK)}
    assert all((out / "exercises" / name).read_bytes() == before[name] for name in pages())


def test_results_of_an_earlier_version_are_published_and_graded_again(folder, out):
    put(folder, f"ada/{FILE}", b"")
    graded(folder, out)
    path = out / "results" / "ada" / f"{NOTEBOOK}.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    for test in result["tests"]:
        del test["known_mistake"], test["error_map"]
    result["graded_from"]["course"] = "of another grader"
    path.write_text(json.dumps(result), encoding="utf-8")
    assert publish(out, None) == [result]
    assert graded(folder, out)[1] == ["ada"]
    assert "error_map" in json.loads(path.read_text(encoding="utf-8"))["tests"][0]


def test_only_what_is_new_is_graded_again(folder, out):
    put(folder, f"ada/{FILE}", b"1")
    put(folder, f"ben/{FILE}", b"2")
    assert graded(folder, out)[1] == ["ada", "ben"]
    assert graded(folder, out)[1] == []
    put(folder, f"ben/{FILE}", b"3")
    put(folder, f"cleo/{FILE}", b"4")
    assert graded(folder, out)[1] == ["ben", "cleo"]
    assert graded(folder, out, force=True)[1] == ["ada", "ben", "cleo"]
    assert graded(folder, out, secret=b"another")[1] == ["ada", "ben", "cleo"]
    (folder / "ada" / FILE).unlink()
    assert graded(folder, out, secret=b"another")[0]["ada"]["status"] == "missing"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"student": "ada"}'])
def test_a_broken_result_is_written_anew_and_one_of_nobody_is_named(folder, out, text):
    put(folder, f"ada/{FILE}")
    put(out, f"results/ada/{NOTEBOOK}.json", text.encode())
    assert graded(folder, out)[1] == ["ada"]
    stranger = put(out, f"results/zoe/{NOTEBOOK}.json", text.encode())
    with pytest.raises(ClassroomError, match=f"{stranger} .*[Dd]elete it, then grade again"):
        publish(out, None)


def test_a_disk_that_fills_up_in_the_middle_keeps_whole_what_is_written(folder, bubblewrap, tmp_path):
    for number in range(6):
        put(folder, f"s{number}/{FILE}", b"")
    disk = tmp_path / "disk"
    disk.mkdir()
    # The disk is gone with bubblewrap, so the script looks at it.
    script = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT / "tests")!r})
from test_classroom import *
out, written = Path({str(disk)!r}), []
def done(result, was_there):
    written.append(result["student"])
    if len(written) == 3:
        with open(out / "filler", "wb", buffering=0) as file:
            try:
                while file.write(b"0" * 4096):
                    pass
            except OSError:
                pass
if __name__ == "__main__":
    try:
        grade(run(out, jobs=1), find(Path({str(folder)!r}), [NOTEBOOK])[0], done)
    except ClassroomError as error:
        print(error)
    (out / "filler").unlink()
    assert sorted(json.loads(path.read_text())["student"] for path in out.glob("results/*/*.json")) == written
    assert len(written) == 3 and not list(out.rglob("*.part"))
    results, now = graded(Path({str(folder)!r}), out)
    assert len(results) == 6 and len(now) == 3
    print("whole")
"""
    command = ["bwrap", "--dev-bind", "/", "/", "--size", str(2 * 2**20), "--tmpfs", str(disk)]
    path = put(tmp_path, "fill.py", script.encode())
    done = subprocess.run([*command, sys.executable, str(path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        "the result of s3 cannot be written: No space left on device. Every result before it is whole; run the same "
        "command again once there is room",
        "whole",
    ], done.stderr


def test_what_a_killed_writer_left_is_removed_and_two_runs_never_write_at_once(folder, out):
    put(folder, f"ada/{FILE}", b"")
    put(folder, f"ben/{FILE}", b"")
    for path in (".0.part", f"results/ada/.{NOTEBOOK}.part", "feedback/zoe/.1.part"):
        put(out, path, b"half")

    def again(result, was_there):
        assert not list(out.rglob("*.part"))
        for what in (lambda: graded(folder, out), lambda: publish(out, None)):
            with pytest.raises(ClassroomError, match=f"another run is writing to {out}: wait for it"):
                what()

    grade(run(out), find(folder, [NOTEBOOK])[0], again)
    assert graded(folder, out)[1] == []


# --- With kernels -----------------------------------------------------------------------------------------------


def test_the_same_secret_gives_the_same_bytes_and_another_the_same_scores(folder, tmp_path, bubblewrap):
    demo.write([s for s in demo.make(course(), 8) if s.status == "ok" and s.name != "stub"], NOTEBOOK, folder)
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    first = graded(folder, one, jobs=1)[0]
    graded(folder, two, jobs=2)
    changed = graded(folder, other, jobs=2, secret=b"another")[0]
    assert len(first) == 3 and stored(one) == stored(two)
    assert {s: r["score"] for s, r in first.items()} == {s: r["score"] for s, r in changed.items()}
    assert len({result["score"] for result in first.values()}) == 3


def test_a_worker_that_is_killed_loses_nothing(folder, out, bubblewrap):
    for number in range(4):
        put(folder, f"s{number}/{FILE}", as_bytes(solved() if number % 2 else stubs()))
    scores, killed = {}, []

    def done(result, was_there):
        scores[result["student"]] = (result["status"], result["score"])
        if not killed:
            killed.append(grading_processes()[0])
            killed[0].kill()

    grade(run(out, jobs=2), find(folder, [NOTEBOOK])[0], done)
    assert killed and scores == {f"s{number}": ("ok", 10.0 * (number % 2)) for number in range(4)}
    assert len(list((out / "results").rglob("*.json"))) == 4


class Deadly(classroom.Job):
    """A submission that ends the process which unpacks it."""

    def __reduce__(self):
        return os._exit, (9,)


def test_what_kills_its_worker_twice_is_crashed_and_tried_again_next_time(folder, out, monkeypatch):
    for name, data in BROKEN.items():
        put(folder, f"{name}/{FILE}", data)
    job = classroom._job

    def deadly(run, submission, data):
        made = job(run, submission, data)
        return Deadly(**vars(made)) if submission.student == "huge" else made

    monkeypatch.setattr(classroom, "_job", deadly)
    results, now = graded(folder, out)
    assert set(now) == set(BROKEN)
    result = results.pop("huge")
    assert (result["status"], result["graded_from"]) == ("crashed", None)
    assert result["message"] == (
        "The grader itself failed on it, twice: its process ended. The next run tries it again."
    )
    assert {result["status"] for result in results.values()} == {"corrupt"}
    monkeypatch.undo()
    results, now = graded(folder, out)
    assert now == ["huge"] and results["huge"]["status"] == "corrupt"


def test_an_error_of_the_grader_stops_nobody_else(folder, out, monkeypatch):
    put(folder, f"ada/{FILE}", as_bytes(solved()))
    put(folder, f"ben/{FILE}", b"")
    job = classroom._job

    def without_seeds(run, submission, data):
        made = job(run, submission, data)
        return classroom.Job(**vars(made) | {"seeds": {}}) if submission.student == "ada" else made

    monkeypatch.setattr(classroom, "_job", without_seeds)
    results, _ = graded(folder, out)
    assert results["ben"]["status"] == "corrupt"
    assert results["ada"]["message"].startswith("The grader itself failed on it, twice: SourceError: ")


class Pretending:
    """Workers whose every result ran out of time."""

    def __init__(self, starved):
        self.starved, self.gradings = starved, 0

    def room(self):
        return 2

    def submit(self, *job):
        self.gradings += 1
        future = Future()
        future.set_result(None)
        return future

    def reply(self, future):
        return Reply(failed("ada", NOTEBOOK, "timeout", ""), starved=self.starved)


@pytest.mark.parametrize("starved, jobs, gradings", [(True, 2, 2), (False, 2, 1), (True, 1, 1)])
def test_only_what_was_kept_from_a_processor_by_others_is_graded_again(
    folder, out, monkeypatch, starved, jobs, gradings
):
    """And once only: an endless loop on a busy machine has no end either."""
    put(folder, f"ada/{FILE}")
    pretending = Pretending(starved)
    monkeypatch.setattr(workers, "here", lambda jobs: nullcontext(pretending))
    results, now = graded(folder, out, jobs=jobs)
    assert (now, pretending.gradings) == (["ada"], gradings)
    assert results["ada"]["status"] == "timeout" and "starved" not in results["ada"]


def test_nothing_stays_in_the_temporary_folder(folder, out, monkeypatch, bubblewrap):
    scratch = Path(tempfile.mkdtemp(prefix="t"))
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    put(folder, f"ada/{FILE}", as_bytes(stubs()))

    def kill(result, was_there):
        raise KeyboardInterrupt

    put(folder, f"ben/{FILE}", as_bytes(stubs()))
    put(folder, f"cleo/{FILE}", as_bytes(stubs()))
    with pytest.raises(KeyboardInterrupt):
        grade(run(out), find(folder, [NOTEBOOK])[0], kill)
    assert list(scratch.iterdir()) == [] and grading_processes() == []
    scratch.rmdir()


def test_workers_go_with_the_process_that_started_them(folder, out, bubblewrap, tmp_path):
    for number in range(4):
        put(folder, f"s{number}/{FILE}", as_bytes(stubs()))
    script = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT / "tests")!r})
from test_classroom import *
def done(result, was_there):
    print(*(child.pid for child in grading_processes()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__":
    grade(run(Path({str(out)!r}), jobs=2), find(Path({str(folder)!r}), [NOTEBOOK])[0], done)
"""
    path = put(tmp_path, "killed.py", script.encode())
    scratch = Path(tempfile.mkdtemp(prefix="t"))
    environment = os.environ | {"TMPDIR": str(scratch)}
    done = subprocess.run([sys.executable, path], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL and len(done.stdout.split()) == 2
    deadline = time.monotonic() + 60
    while any(lives(int(pid)) for pid in done.stdout.split()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    scratch.rmdir()  # they took their files along
