"""Grading on dask workers: a real scheduler and workers, each a process that has the package and nothing else."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import dask
import psutil
import pytest
from classes import NOTEBOOK, QUICK, ROOT, as_bytes, course, grading_processes, lives, seeds, solved, stubs, texts
from distributed import Client
from outcomes import outcome
from typer.testing import CliRunner

from course_lib import cli
from course_lib.grading import apart, classroom, demo, sandbox, workers
from course_lib.grading.apart import Reply
from course_lib.grading.grade import Job
from course_lib.grading.submissions import find
from course_lib.grading.workers import WorkersError

FILE = f"{NOTEBOOK}.ipynb"
PATIENCE = 120.0  # seconds for what takes few, on a machine that does other things too

pytestmark = pytest.mark.usefixtures("bubblewrap")


class Cluster:
    """A scheduler, and workers that find empty folders where the course and the class lie."""

    def __init__(self, place):
        self.place, self.processes = place, []
        self.package = place / "package"
        shutil.copytree(ROOT / "course_lib", self.package / "course_lib", ignore=shutil.ignore_patterns("__pycache__"))
        file = place / "scheduler.json"
        scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file]
        # Two workers that end with a job are enough to give it up.
        self.scheduler = self.start(*scheduler, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1")
        self.address = self.wait(lambda: file.exists() and json.loads(file.read_text() or "{}").get("address"))
        self.client = Client(self.address, set_as_default=False)

    def start(self, *arguments, before=(), **variables):
        command = [*before, sys.executable, "-m", "dask", *arguments]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | variables
        with open(self.place / f"{arguments[0]}-{len(self.processes)}.log", "wb") as log:
            self.processes.append(subprocess.Popen(command, cwd=self.place, env=environment, stderr=log))
        return self.processes[-1]

    def worker(self, *options, package=None, hidden=(), **variables):
        """Start a worker and wait until it is there; its address."""
        known = set(self.workers())
        hidden = [ROOT / name for name in ("course_lib", "notebooks", "solutions", "tests")] + list(hidden)
        masks = [word for folder in hidden for word in ("--tmpfs", folder)]
        variables = {"PYTHONPATH": str(package or self.package)} | variables
        options = [self.address, "--no-dashboard", "--local-directory", self.place / "workers", *options]
        self.start("worker", *options, before=[shutil.which("bwrap"), "--dev-bind", "/", "/", *masks], **variables)
        [address] = self.wait(lambda: set(self.workers()) - known)
        return address

    def workers(self):
        return self.client.scheduler_info()["workers"]

    @staticmethod
    def wait(condition):
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return found

    def close(self):
        self.client.close()
        for process in reversed(self.processes):
            for member in [*psutil.Process(process.pid).children(recursive=True), process]:
                member.kill()
            process.wait()


@contextmanager
def a_cluster():
    place = Path(tempfile.mkdtemp(prefix="d-"))
    cluster = Cluster(place)
    try:
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(place)


@pytest.fixture
def cluster():
    with a_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def two_workers():
    """A cluster for tests that leave it as it was; its workers come back when they are killed."""
    with a_cluster() as cluster:
        cluster.worker("--nthreads", "1")
        cluster.worker("--nthreads", "1")
        yield cluster


@pytest.fixture
def place(tmp_path):
    (tmp_path / "submitted").mkdir()
    return tmp_path


def hand_in(place, files):
    for student, data in files.items():
        path = place / "submitted" / student / FILE
        path.parent.mkdir()
        path.write_bytes(data)


def grade(place, out, done=lambda result, was_there: None, dask=""):
    """Grade the class; the results that arrived now, by student."""
    arrived = {}

    def count(result, was_there):
        if not was_there:
            arrived[result["student"]] = result
        done(result, was_there)

    run = classroom.Run(place / out, {NOTEBOOK: texts()}, b"secret", 2, limits=QUICK, dask=dask)
    classroom.grade(run, find(place / "submitted", [NOTEBOOK])[0], count)
    return arrived


def refused(place, address):
    """What `course grade` says that stops before it has graded anybody."""
    arguments = ["grade", str(place / "submitted"), "--out", str(place / "out"), "--dask", address]
    result = CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "400"})
    assert (result.exit_code, result.stdout) == (2, "") and not (place / "out" / "results").exists()
    said = result.stderr.strip()
    assert said.startswith("error: ") and "Traceback" not in said
    return said


# --- As on one machine ------------------------------------------------------------------------------------------


def test_a_worker_dies_in_the_middle_and_the_gradebook_is_that_of_one_machine(place, cluster):
    students = [s for s in demo.make(course(), 12) if s.name not in ("loops-forever", "wants-all-memory")]
    hand_in(place, {student.name: student.submission for student in students})
    (place / "submitted" / "nobody").mkdir()
    victim = cluster.worker("--nthreads", "2", "--no-nanny", hidden=[place])
    other = cluster.worker("--nthreads", "1", "--no-nanny", hidden=[place])
    for folder in (ROOT / "solutions", ROOT / "course_lib", place):
        assert set(map(tuple, cluster.client.run(os.listdir, str(folder)).values())) == {()}
    found = cluster.client.run(eval, "__import__('course_lib').__file__")
    assert set(found.values()) == {str(cluster.package / "course_lib" / "__init__.py")}
    pid, family = cluster.client.run(os.getpid)[victim], []

    def kill(result, was_there):
        if result["status"] == "ok" and not family:
            family.extend(psutil.Process(pid).children(recursive=True))
            assert len(grading_processes(pid)) == 2
            os.kill(pid, signal.SIGKILL)

    grade(place, "there", kill, cluster.address)
    assert list(cluster.workers()) == [other]
    cluster.wait(lambda: family and not any(map(lives, family)))
    grade(place, "here")
    for out in ("there", "here"):
        classroom.publish(place / out, None)
    assert outcome(place / "there") == outcome(place / "here")
    assert len(outcome(place / "here")["results"]) == len(students) + 1


def test_never_more_is_under_way_than_keeps_the_workers_busy(place, two_workers):
    taken, most, arrived = 0, 0, []

    def todo():
        nonlocal taken
        for number in range(100):
            taken += 1
            yield number, Job(f"s{number}", NOTEBOOK, b"", texts(), seeds())

    with workers.dask(two_workers.address) as pool:
        for number, reply in workers.grade_all(pool, todo()):
            arrived.append(number)
            most = max(most, taken - len(arrived))
            assert reply.result["status"] == "corrupt"
            known = two_workers.client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
            assert known <= 8  # it forgets a little later
    assert sorted(arrived) == list(range(100)) and most <= 4


def test_a_worker_says_what_ran_out_of_time_for_want_of_a_processor(monkeypatch):
    reply = Reply({}, starved=True)
    monkeypatch.setattr("distributed.get_worker", lambda: SimpleNamespace(address="tcp://here"))
    monkeypatch.setattr(apart, "_here", SimpleNamespace(grade=lambda *job: reply))
    future = Future()
    future.set_result(apart.grade_on_worker(b"", "", 1.0))
    assert workers._Dask("", Mock()).reply(future) == reply


# --- What breaks ------------------------------------------------------------------------------------------------


class Deadly(Job):
    """A submission that ends the process which opens it, or the dask worker above that."""

    def __reduce__(self):
        return eval, (self.submission.decode(),)


@pytest.mark.parametrize(
    "code, reason",
    [
        ("__import__('os')._exit(9)", "its process ended, in worker tcp://"),
        ("__import__('os').kill(__import__('os').getppid(), 9)", "the workers that had it ended, the last was tcp://"),
    ],
    ids=["its process", "the worker"],
)
def test_what_kills_its_worker_twice_is_crashed_and_takes_nobody_along(place, two_workers, monkeypatch, code, reason):
    hand_in(place, {f"s{number}": b"" for number in range(12)} | {"deadly": code.encode(), "ada": as_bytes(stubs())})
    job = classroom._job

    def deadly(run, submission, data):
        made = job(run, submission, data)
        return Deadly(**vars(made)) if submission.student == "deadly" else made

    monkeypatch.setattr(classroom, "_job", deadly)
    results = grade(place, "out", dask=two_workers.address)
    result = results.pop("deadly")
    assert (result["status"], result["graded_from"]) == ("crashed", None)
    assert result["message"].startswith(f"The grader itself failed on it, twice: {reason}")
    assert results.pop("ada")["status"] == "ok"
    assert len(results) == 12 and {result["status"] for result in results.values()} == {"corrupt"}
    two_workers.wait(lambda: len(two_workers.workers()) == 2)  # the next test finds them again


def test_a_worker_with_another_course_lib_or_none_is_refused_by_name(place, cluster):
    hand_in(place, {"ada": b""})
    other, none = cluster.place / "other", cluster.place / "none"
    shutil.copytree(cluster.package, other)
    with (other / "course_lib" / "grading" / "grade.py").open("a") as file:
        file.write("# one comment more\n")
    (none / "course_lib").mkdir(parents=True)
    (none / "course_lib" / "__init__.py").write_text("raise ImportError('nothing here')\n")
    cluster.worker()
    changed, missing = cluster.worker(package=other), cluster.worker(package=none)
    said = refused(place, cluster.address)
    assert said.startswith("error: every worker needs the course_lib of this machine: ")
    assert f"{changed} has another" in said and f"{missing} cannot load it (nothing here)" in said
    assert said.count("tcp://") == 2


def test_a_worker_that_comes_later_is_refused_by_name_too(place, cluster):
    hand_in(place, {f"s{number:02}": b"" for number in range(40)})
    other = cluster.place / "other"
    shutil.copytree(cluster.package, other)
    (other / "course_lib" / "more.py").touch()
    cluster.worker("--nthreads", "1")
    late = []

    def done(result, was_there):
        if not late:
            late.append(cluster.worker("--nthreads", "1", package=other))
            time.sleep(1)

    with pytest.raises(WorkersError, match="is not the one that this run began with") as error:
        grade(place, "out", done, cluster.address)
    assert str(error.value).startswith(f"worker {late[0]} on ")


def test_a_worker_without_a_sandbox_says_so_and_grades_nobody(place, cluster, monkeypatch):
    hand_in(place, {"ada": as_bytes(solved())})
    worker = cluster.worker("--no-nanny", PATH=str(place))
    monkeypatch.setenv("PATH", str(place))  # this machine needs none
    said = refused(place, cluster.address)
    assert f"error: worker {worker} on " in said and "bwrap is not installed: apt-get install bubblewrap" in said
    assert sandbox.choose("auto", elsewhere=True) == "bwrap"


def test_without_scheduler_workers_or_dask_it_says_what_is_missing(place, cluster, monkeypatch):
    hand_in(place, {"ada": b""})
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        assert "no dask scheduler answers at tcp://127.0.0.1:1: Timed out" in refused(place, "tcp://127.0.0.1:1")
    assert "no dask scheduler answers at nonsense: missing port number" in refused(place, "nonsense")
    assert "no dask scheduler answers at tls://127.0.0.1:1: TLS expects" in refused(place, "tls://127.0.0.1:1")
    monkeypatch.setattr(workers, "_PATIENCE_SECONDS", 1.0)
    said = refused(place, cluster.address)
    assert f"there is no worker at {cluster.address}: start some with `dask worker {cluster.address}`" in said
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert '--dask needs dask: pip install -e ".[cluster]"' in refused(place, cluster.address)


def test_a_scheduler_that_is_lost_in_the_middle_costs_nothing_that_arrived(place, cluster):
    hand_in(place, {f"s{number:02}": as_bytes(stubs()) if number > 2 else b"" for number in range(8)})
    cluster.worker("--nthreads", "1")
    command = [sys.executable, "-m", "course_lib", "grade", place / "submitted", "--out", place / "out"]
    process = subprocess.Popen([*command, "--dask", cluster.address], stderr=subprocess.PIPE, text=True)
    cluster.wait(lambda: len(arrived(place / "out")) >= 3)
    cluster.scheduler.kill()
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert " ".join(said.split()) == (
        f"error: the scheduler at {cluster.address} is gone. Every result that arrived is kept, and the same command "
        "goes on from here"
    )
    before = arrived(place / "out")
    assert 3 <= len(before) < 8
    done = subprocess.run([*command, "--jobs", "1"], capture_output=True, text=True, timeout=PATIENCE)
    assert f"{len(before)} of 8 were graded before and are unchanged" in done.stdout
    assert len(arrived(place / "out")) == 8


def arrived(out):
    return list(out.glob("results/*/*.json"))
