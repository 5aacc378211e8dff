"""Grading processes: what a submission, or a fault of the grader, does to its process reaches nobody else.

They are the same under ``course grade`` and in a dask worker, each a fresh Python whose main thread grades one
submission after another. Jobs and replies go through its pipes. It goes when the other end is closed, so no grading
process outlives the one that asked for it, however that ended, and takes its temporary files with it.

A dask worker imports this file to pass jobs on: only a grading process loads the grader itself.
"""

import errno
import fcntl
import hashlib
import json
import os
import pickle
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import course_lib

if TYPE_CHECKING:
    from course_lib.grading.grade import Job

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from course_lib.grading import apart; apart.main()"
_SCRATCH = "course_grader_"
_GOODBYE_SECONDS = 5.0  # what an ending process gets to remove its files


class Reply(NamedTuple):
    """What became of a job.

    Args:
        result: the result; None where there is none.
        failed: why the grader failed on this submission.
        unfit: why this machine cannot grade any.
        starved: whether the result has something that ran out of time while its kernel waited for a processor.
    """

    result: dict[str, Any] | None = None
    failed: str = ""
    unfit: str = ""
    starved: bool = False


@cache
def code() -> str:
    """Hash of the course_lib that is here: all that grade together need the same."""
    files = sorted(Path(course_lib.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


class Graders:
    """The grading processes of one process: as many as it has threads that ask, kept for the next job."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Grader] = []
        self._all: set[_Grader] = set()
        self._closed = False

    def grade(self, job: bytes, wanted: str, seconds: float) -> Reply:
        """Grade one submission.

        Args:
            job: a pickled `Job`; only the grading process opens it.
            wanted: the `code` it must be graded by.
            seconds: after which it is given up and its process killed.
        """
        try:
            grader = self._take()
        except OSError as error:
            return Reply(failed=f"no process can be started: {error}")
        reply = grader.ask(job, wanted, seconds)
        with self._lock:
            if reply.result is not None:
                self._idle.append(grader)
                return reply
            self._all.discard(grader)
        grader.close()  # whatever it has become
        return reply

    def close(self) -> None:
        """End all of them at once, also in the middle of a job."""
        with self._lock:
            self._closed, ending = True, list(self._all)
        for grader in ending:
            grader.hang_up()
        for grader in ending:
            grader.close()
        _remove_abandoned()

    def _take(self) -> "_Grader":
        with self._lock:
            if self._closed:
                raise OSError("the run has ended")
            grader = self._idle.pop() if self._idle else _Grader()
            self._all.add(grader)
            return grader


class _Grader:
    """One grading process, seen from the one that asks."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", _START, json.dumps(sys.path)]
        environment = os.environ | {"TMPDIR": tempfile.gettempdir()}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def ask(self, job: bytes, wanted: str, seconds: float) -> Reply:
        late = threading.Timer(seconds, self._process.kill)
        late.daemon = True
        late.start()
        try:
            pickle.dump((job, wanted), self._process.stdin)
            self._process.stdin.flush()
            return Reply(*pickle.load(self._process.stdout))
        except (OSError, EOFError, ValueError, TypeError, pickle.UnpicklingError):
            return Reply(failed="its process ended")
        finally:
            late.cancel()

    def hang_up(self) -> None:
        with suppress(OSError):  # of what it did not read any more
            self._process.stdin.close()

    def close(self) -> None:
        self.hang_up()
        try:
            self._process.wait(_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


_here = Graders()


def grade_on_worker(job: bytes, wanted: str, seconds: float) -> tuple:
    """Grade in a dask worker, which keeps a grading process for each of its threads.

    Returns:
        A `Reply`, as plain data, whose reasons name the worker.
    """
    from distributed import get_worker

    result, failed, unfit, starved = _here.grade(job, wanted, seconds)
    where = f"worker {get_worker().address} on {socket.gethostname()}"
    return result, failed and f"{failed}, in {where}", unfit and f"{where}: {unfit}", starved


# --- Inside a grading process -----------------------------------------------------------------------------------


def main() -> None:
    """Grade what comes in until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the interrupt key is for the process that writes
    jobs, replies = _streams()
    unfit = ""
    try:
        tempfile.tempdir = _scratch()
    except OSError as error:
        unfit = f"there is no place for temporary files: {error.strerror or error}"
    asked: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs, asked), daemon=True).start()
    while True:
        job, wanted = asked.get()
        reply = Reply(unfit=unfit) if unfit else _reply(job, wanted)
        with suppress(OSError):  # nobody is there to read it: the listener ends this process
            pickle.dump(tuple(reply), replies)
            replies.flush()


def _streams() -> tuple[BinaryIO, BinaryIO]:
    """Where jobs come from and replies go to; nothing that this process starts or prints has a part in it."""
    jobs, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return jobs, replies


def _listen(jobs: BinaryIO, asked: queue.SimpleQueue) -> None:
    """Pass jobs on; when there will be no more, end this process whatever it is doing."""
    with suppress(EOFError, OSError, pickle.UnpicklingError):
        while True:
            asked.put(pickle.load(jobs))
    with suppress(OSError, TypeError):  # of a folder that is not there
        gone = f"{tempfile.tempdir}_gone"
        os.rename(tempfile.tempdir, gone)  # so that the main thread can make nothing new in it
        shutil.rmtree(gone)
    os._exit(0)


def _reply(job: bytes, wanted: str) -> Reply:
    from course_lib.grading.grade import GraderFault, examine

    if code() != wanted:
        return Reply(unfit="its course_lib is not the one that this run began with")
    try:
        opened = pickle.loads(job)
        examination = examine(opened)
        return Reply(examination.result, starved=examination.starved)
    except Exception as error:  # whatever it is, the others go on
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):  # no submission can be the reason
            return Reply(unfit=f"no room in {tempfile.gettempdir()}: {error.strerror}")
        if isinstance(error, GraderFault) and (problem := _missing(opened)):
            return Reply(unfit=problem)
        return Reply(failed=f"{type(error).__name__}: {error}")


def _missing(job: "Job") -> str:
    """What this machine lacks to grade a job, with what mends it; empty where it has everything."""
    from course_lib.backend import BackendUnavailable, use_backend
    from course_lib.grading.sandbox import unavailable

    try:
        with use_backend(job.backend):
            return "" if job.sandbox == "none" else unavailable()
    except BackendUnavailable as error:
        return str(error)


def _scratch() -> str:
    """This process's folder for temporary files: locked while it lives, found by its name only then."""
    _remove_abandoned()
    folder = tempfile.mkdtemp(prefix=".")
    with suppress(OSError):  # a file system without locks: it stays if this process is killed
        _lock(folder)
    name = os.path.join(tempfile.gettempdir(), _SCRATCH + os.path.basename(folder)[1:])
    os.rename(folder, name)
    return name


def _remove_abandoned() -> None:
    """Remove the temporary files of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*"):
        with suppress(OSError):  # somebody else's, or in use
            os.close(_lock(folder))
            shutil.rmtree(folder)


def _lock(folder: str | Path) -> int:
    """Lock a folder until the returned handle is closed, or this process ends.

    Raises:
        OSError: if another process has it.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
