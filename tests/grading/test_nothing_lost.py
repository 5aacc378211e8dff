"""The grader is killed, its workers are killed, the disk is full: nothing is lost, and nothing is graded twice."""

import ctypes
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from classes import NOTEBOOK, answer_cell, as_bytes, grading_processes, solved, stubs
from outcomes import outcome

from course_lib.grading.files import remove_unfinished

SIZE = 60
KILLS = 12
PATIENCE = 120.0  # seconds for what takes few, on a machine that does other things too
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def submissions():
    """A class of 60 that costs little: cheap answers, and some of the ways to hand in nothing."""
    one, killer = stubs(), stubs()
    answer_cell(one, "rnn_step").source = answer_cell(solved(), "rnn_step").source
    answer_cell(killer, "rnn_step").source = "def rnn_step(*inputs):\n    __import__('os')._exit(0)"
    kinds = [as_bytes(stubs()), as_bytes(one), b"[]"]
    made = {f"s{number:02}": kinds[number % len(kinds)] for number in range(SIZE - 1)}
    return made | {"s07": as_bytes(killer), "s31": as_bytes(solved()), "nobody": None}


@pytest.fixture(scope="module")
def place():
    """A folder for everything; its name is short, because sockets lie below it."""
    path = Path(tempfile.mkdtemp(prefix="k-"))
    for student, data in submissions().items():
        folder = path / "submitted" / student
        folder.mkdir(parents=True)
        if data is not None:
            (folder / f"{NOTEBOOK}.ipynb").write_bytes(data)
    (path / "secret").write_text("one secret for all runs")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def undisturbed(place):
    """What comes out where nothing happens."""
    assert run(place, place / "undisturbed") == (0, "")
    return outcome(place / "undisturbed")


@pytest.fixture(scope="module")
def moment(place, undisturbed):
    """A function that waits for a random while, in which this machine writes a few results at most."""
    times = sorted(path.stat().st_mtime for path in results(place / "undisturbed"))
    most = min(0.5, 5 * (times[-1] - times[0]) / SIZE)
    return lambda: time.sleep(random.uniform(0, most))


@pytest.fixture
def orphans():
    """A function that gives the living processes which a killed one left behind: they become ours."""
    prctl = ctypes.CDLL(None).prctl
    assert prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    known = set(psutil.Process().children(recursive=True))

    def living():
        found = []
        for process in set(psutil.Process().children(recursive=True)) - known:
            try:
                if process.status() == psutil.STATUS_ZOMBIE:
                    process.wait(0)
                else:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.TimeoutExpired):
                continue
        return found

    yield living
    prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def start(place, out, scratch=None):
    """The grader, in a group of processes of its own."""
    scratch = scratch or place / "tmp"
    scratch.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "course_lib", "grade", place / "submitted", "--out", out, "--jobs", "2"]
    return subprocess.Popen(
        [*command, "--secret", place / "secret"],
        env=os.environ | {"TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(place, out, scratch=None):
    """Exit code and complaint of a run that nobody disturbs."""
    process = start(place, out, scratch)
    _, complaint = process.communicate(timeout=PATIENCE)
    return process.returncode, complaint


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not yet"
        time.sleep(0.01)


def until_written(process, out, number):
    """Wait for so many results, or the end of the run."""
    until(lambda: process.poll() is not None or len(results(out)) >= number, f"{number} results")


def results(out):
    return list(out.glob("results/*/*.json"))


def written(out):
    """What would differ of each result if it were written again. All are whole, and their pages are."""
    found = {}
    for path in results(out):
        assert json.loads(path.read_text(encoding="utf-8"))["student"] == path.parent.name
        page = out / "feedback" / path.parent.name / f"{NOTEBOOK}.html"
        assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
        found[path.parent.name] = (path.stat().st_ino, path.stat().st_mtime_ns)
    return found


def kept(out, before):
    """What is written now; what was there before is still the same."""
    now = written(out)
    assert {student: now[student] for student in before} == before
    return now


def kill_it(process, moment):
    process.kill()


def kill_all_of_it(process, moment):
    os.killpg(process.pid, signal.SIGKILL)


def kill_a_worker_then_it(process, moment):
    if workers := grading_processes(process.pid):
        random.choice(workers).kill()
        moment()
    process.kill()


WAYS = (kill_it, kill_all_of_it, kill_a_worker_then_it)


def test_killed_at_random_moments_it_ends_with_the_same_results_each_written_once(
    place, undisturbed, moment, orphans, bubblewrap
):
    out, before, killed_at = place / "disturbed", {}, []
    for way in [way for _ in range(KILLS // len(WAYS)) for way in random.sample(WAYS, len(WAYS))]:
        process = start(place, out)
        # The first time something is there already; later it may also be killed before it goes on.
        until_written(process, out, len(before) + random.randint(0 if before else 1, 5))
        moment()
        killed = process.poll() is None
        if killed:
            way(process, moment)
        process.communicate(timeout=PATIENCE)
        until(lambda: not orphans(), "the end of every process")
        before = kept(out, before)
        killed_at += [len(before)] if killed else []
        if len(before) == SIZE:  # a fast machine is done before all kills
            break
    assert killed_at and 0 < killed_at[0] < SIZE
    assert run(place, out) == (0, "")
    assert len(kept(out, before)) == SIZE
    assert outcome(out) == undisturbed
    assert list((place / "tmp").iterdir()) == list(out.rglob("*.part")) == []


def test_killed_while_it_starts_or_ends_it_leaves_one_gradebook_or_the_other(place, undisturbed, orphans, bubblewrap):
    out = place / "undisturbed"
    before = written(out)
    for _ in range(4):
        process = start(place, out)
        time.sleep(random.uniform(0, 3))
        process.kill()
        process.communicate(timeout=PATIENCE)
        until(lambda: not orphans(), "the end of every process")
        assert kept(out, before) == before and outcome(out) == undisturbed
    assert run(place, out) == (0, "")
    assert list(out.rglob("*.part")) == []


def test_a_writer_killed_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    file = tmp_path / "file"
    writer = f"""
from pathlib import Path
from course_lib.grading.files import write_atomically
while True:
    for letter in "ab":
        write_atomically(Path({str(file)!r}), letter * 2**22)
"""
    for _ in range(20):
        file.unlink(missing_ok=True)
        process = subprocess.Popen([sys.executable, "-c", writer])
        until(file.exists, "a file")
        time.sleep(random.uniform(0, 0.1))
        process.kill()
        process.wait()
        text = file.read_text()
        assert len(text) == 2**22 and set(text) in ({"a"}, {"b"})
    assert len(list(tmp_path.glob("*.part"))) > 1  # so it was killed in the middle
    remove_unfinished(tmp_path)
    assert list(tmp_path.iterdir()) == [file]


# What is on a disk of a namespace is gone with it: so this runs in there, and takes the results out.
FILLED = """
from test_nothing_lost import *

place, disk, out, scratch = map(Path, sys.argv[1:])
process = start(place, out, scratch)
until_written(process, out, 5)
end, size = time.monotonic() + PATIENCE, 2**20
with open(disk / "filler", "wb", buffering=0) as filler:
    while process.poll() is None and time.monotonic() < end:  # what a submission gives back is taken, too
        try:
            filler.write(bytes(size))
        except OSError:
            size = 4096
            time.sleep(0.001)
_, complaint = process.communicate(timeout=1)
print(process.returncode, complaint)
graded = {path.parent.name for path in results(out) if json.loads(path.read_text())["graded_from"]}
before = {student: at for student, at in written(out).items() if student in graded}
assert 5 <= len(before) < SIZE and not list(out.rglob("*.part"))
(disk / "filler").unlink()
assert run(place, out, scratch) == (0, "")
assert len(kept(out, before)) == SIZE and list(scratch.iterdir()) == []
shutil.copytree(out, place / "taken out")
"""


@pytest.mark.parametrize(
    "out, scratch, words",
    [
        ("disk/out", "tmp", "cannot be written: No space left on device. Every result before it is whole"),
        ("beside", "disk/tmp", "no room in .*: No space left on device|the grader itself failed on"),
    ],
    ids=["results", "temporary files"],
)
def test_killed_by_a_full_disk_it_goes_on_where_there_is_room_again(
    place, undisturbed, out, scratch, words, bubblewrap
):
    disk = place / "disk"
    disk.mkdir(exist_ok=True)
    command = [
        "bwrap",
        "--dev-bind",
        "/",
        "/",
        "--size",
        str(40 * 2**20),
        "--tmpfs",
        disk,
        sys.executable,
        "-c",
        FILLED,
    ]
    done = subprocess.run(
        [*command, place, disk, place / out, place / scratch],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(words, " ".join(done.stdout.split())), done.stdout
    taken = place / "taken out"
    assert outcome(taken) == undisturbed
    shutil.rmtree(taken)
