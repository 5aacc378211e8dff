"""Grading processes: one that breaks is the only one that does, and none outlives who asked for it."""

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from classes import NOTEBOOK, QUICK, as_bytes, grading_processes, lives, seeds, stubs, texts

from course_lib.grading.apart import Graders, Reply, code
from course_lib.grading.grade import Job

NOTHING = Job("ada", NOTEBOOK, b"", texts(), seeds())
LONG = 600.0


class Doing(Job):
    """A submission that does something to the process which opens it."""

    def __reduce__(self):
        return eval, (self.submission.decode(),)


def doing(what):
    return pickle.dumps(Doing("ada", NOTEBOOK, what.encode()))


@pytest.fixture
def scratch(monkeypatch):
    """An empty folder for temporary files that has a short name, because sockets lie below it."""
    path = Path(tempfile.mkdtemp(prefix="a-"))
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def graders(scratch):
    graders = Graders()
    yield graders
    graders.close()
    assert grading_processes() == [] and list(scratch.iterdir()) == []


def test_one_process_grades_one_submission_after_another(graders):
    replies = [graders.grade(pickle.dumps(NOTHING), code(), LONG) for _ in range(3)]
    assert [reply.result["status"] for reply in replies] == ["corrupt"] * 3
    assert len(grading_processes()) == 1


def test_a_process_that_breaks_is_the_only_one_and_is_replaced(graders):
    end = doing("__import__('os')._exit(3)")
    assert graders.grade(end, code(), LONG) == Reply(failed="its process ended")
    assert graders.grade(doing("1 / 0"), code(), LONG) == Reply(failed="ZeroDivisionError: division by zero")
    assert graders.grade(doing("__import__('time').sleep(99)"), code(), 2.0) == Reply(failed="its process ended")
    assert graders.grade(pickle.dumps(NOTHING), code(), LONG).result


def test_what_it_prints_is_no_reply(graders, capfd):
    said = doing("[print('to you'), __import__('os').write(1, b'and you'), 1 / 0]")
    assert graders.grade(said, code(), LONG).failed == "ZeroDivisionError: division by zero"
    assert capfd.readouterr().out == ""


def test_other_code_than_was_asked_for_grades_nobody(graders):
    reply = graders.grade(pickle.dumps(NOTHING), "another", LONG)
    assert reply == Reply(unfit="its course_lib is not the one that this run began with")


def test_a_full_disk_is_no_fault_of_a_submission(graders):
    full = doing("(_ for _ in ()).throw(OSError(28, 'No space left on device'))")
    reply = graders.grade(full, code(), LONG)
    assert reply.failed == "" and reply.unfit.startswith("no room in ") and "No space left on device" in reply.unfit


def test_without_a_place_for_temporary_files_it_says_so(bubblewrap):
    script = "from test_apart import *; tempfile.tempdir = '/tmp'; print(Graders().grade(b'', code(), LONG).unfit)"
    command = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", sys.executable, "-B", "-c", script]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True)
    assert done.stdout.startswith("there is no place for temporary files: No usable temporary directory"), done.stderr


def test_what_a_killed_process_left_is_removed_by_the_next_and_nothing_else(graders, scratch):
    first = threading.Thread(target=graders.grade, args=(doing("__import__('time').sleep(99)"), code(), LONG))
    first.start()
    [living] = wait(lambda: list(scratch.glob("course_grader_*")))
    (scratch / "somebody else's").mkdir()
    kill = doing("__import__('os').kill(__import__('os').getpid(), 9)")
    for _ in range(2):
        assert graders.grade(kill, code(), LONG).failed == "its process ended"
        assert len(list(scratch.glob("course_grader_*"))) == 2 and living.exists()
    (scratch / "somebody else's").rmdir()
    graders.close()
    first.join(10)
    assert not first.is_alive() and list(scratch.iterdir()) == []


def test_closed_in_the_middle_it_ends_at_once_with_its_kernel_and_its_files(graders, bubblewrap):
    job = Job("ada", NOTEBOOK, as_bytes(stubs()), texts(), seeds(), limits=QUICK)
    reply = []
    thread = threading.Thread(target=lambda: reply.append(graders.grade(pickle.dumps(job), code(), LONG)))
    thread.start()
    family = wait(lambda: [p for child in grading_processes() for p in child.children(recursive=True)])
    graders.close()
    thread.join(5)
    assert [each.failed for each in reply] == ["its process ended"]
    wait(lambda: not any(map(lives, family)))
    assert graders.grade(pickle.dumps(job), code(), LONG).failed.startswith("no process can be started")


def wait(condition):
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found
