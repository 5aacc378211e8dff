"""A folder of submissions in, a folder of results out: ``course grade``.

Only this process writes; workers get bytes and return results. A result is written as soon as it is there, so an
interrupted run goes on where it stopped.
"""

import hashlib
import hmac
import json
import multiprocessing
import os
import re
import secrets
import shutil
import signal
import stat
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import course_lib
from course_lib import exercises
from course_lib.grading import gradebook, report
from course_lib.grading.course import Texts
from course_lib.grading.files import write_atomically
from course_lib.grading.grade import CORRUPT, CRASHED, MISSING, Job, Result, failed, grade_one
from course_lib.grading.graft import MOST_BYTES, too_large
from course_lib.grading.sandbox import Limits

_RESERVE = 20 * 2**20  # bytes that must be free before a run, besides what the results need
_RESULT_BYTES = 200_000  # of one result with its feedback page, generously
_ENDED = "its process ended"
_COPY = re.compile(r"[ _-]*(\(\d+\)|-?Copy\d*)$")  # what browsers and JupyterLab put behind the name of a copy

Origin = dict[str, str]


class ClassroomError(RuntimeError):
    """The run cannot start or go on; the message says what to do."""


@dataclass(frozen=True)
class Submission:
    """Where one student's notebook lies, or why there is none.

    Args:
        student: the student's id.
        notebook: the notebook it is.
        path: its file; None where there is none.
        problem: a sentence about a folder that cannot be looked into.
    """

    student: str
    notebook: str
    path: Path | None = None
    problem: str = ""


@dataclass(frozen=True)
class Run:
    """How a class is graded.

    Args:
        out: where results go.
        texts: the instructor's texts of each notebook that is graded.
        secret: the bytes that the inputs are drawn from.
        jobs: how many submissions are graded at a time.
        sandbox: ``"bwrap"`` or ``"none"``.
        limits: what one submission may use.
        force: grade again what is graded already.
    """

    out: Path
    texts: dict[str, Texts]
    secret: bytes
    jobs: int
    sandbox: str = "bwrap"
    limits: Limits = field(default_factory=Limits)
    force: bool = False


class _Failure(NamedTuple):
    """A submission without a result, and why the grader failed on it."""

    job: Job
    origin: Origin
    reason: str


def find(folder: Path, notebooks: Iterable[str], students: Iterable[str] = ()) -> tuple[list[Submission], list[str]]:
    """All submissions in a folder; none of them is read yet.

    Knows ``<student>/<NN_topic>.ipynb``, nbgrader's ``<student>/<assignment>/<NN_topic>.ipynb`` and flat
    ``<student>_<NN_topic>.ipynb``. Ids are taken in one Unicode spelling, the roster's.

    Args:
        folder: where they lie.
        notebooks: the names to look for.
        students: ids that must appear, with or without a file.

    Returns:
        The submissions in order, and a sentence for each file that was passed over.

    Raises:
        ClassroomError: if the folder cannot be read, or an id cannot be the name of a folder of results.
    """
    wanted, found, passed_over = set(notebooks), {}, []
    known = wanted | set(exercises.notebooks())
    people = {_student(student) for student in students}
    for student in sorted(people):
        if "/" in student or "\0" in student or student in (".", ".."):
            raise ClassroomError(f"the roster's id {student!r} cannot be the name of a folder: results are kept in one")
    try:
        tops = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise ClassroomError(f"{folder} cannot be read: {error.strerror}") from error
    folders = {_student(top.name): _closed(top) for top in tops if top.is_dir() and top.suffix != ".ipynb"}
    files = _notebook_files(tops, lambda error: passed_over.append(f"{error.filename}: {error.strerror}"))
    for path in sorted(files, key=lambda path: path.stem not in wanted):  # the plain name before a download's copy
        relative = path.relative_to(folder)
        owner = _owner(relative, known)
        if isinstance(owner, str):
            passed_over.append(f"{relative}: {owner}")
        elif owner[1] not in wanted:  # another notebook of the course: not asked for, and nobody's mistake
            people.add(owner[0])
        elif owner in found:
            passed_over.append(f"{relative}: {owner[0]} handed in {owner[1]} twice, the first counts")
        else:
            found[owner] = path
    people |= {student for student, _ in found} | folders.keys()
    handed_in = {notebook for _, notebook in found} or wanted
    owners = sorted((notebook, student) for student in people for notebook in handed_in)
    return [Submission(s, n, found.get((s, n)), folders.get(s, "")) for n, s in owners], passed_over


def secret_of(out: Path, given: Path | None) -> bytes:
    """The secret in the given file, else the one kept in ``out``, made there on the first run.

    Raises:
        ClassroomError: if the given file cannot be read or is empty.
    """
    path = given or out / "secret"
    try:
        if not given and not path.exists():
            write_atomically(path, secrets.token_hex(32))
            path.chmod(0o600)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise ClassroomError(f"the secret cannot be read from {path}: {error.strerror or error}") from error
    if not secret:
        raise ClassroomError(f"the secret in {path} is empty: write some random text into it")
    return secret


def prepare(out: Path, folder: Path, submissions: int) -> None:
    """Prove before any work that results can be written.

    Args:
        out: where results go.
        folder: where the submissions lie.
        submissions: how many there are.

    Raises:
        ClassroomError: if the folder cannot be written, would be taken for a student's, or the disk is nearly full.
    """
    if out.resolve().is_relative_to(folder.resolve()):
        raise ClassroomError(f"{out} lies among the submissions in {folder}: choose another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out) as file:
            file.write(b"0" * 4096)
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(out).free
    except OSError as error:
        raise ClassroomError(f"results cannot be written to {out}: {error.strerror or error}") from error
    need = _RESERVE + submissions * _RESULT_BYTES
    if free < need:
        raise ClassroomError(
            f"the disk of {out} has {free / 2**20:.0f} MB left, this run may need {need / 2**20:.0f} MB: "
            "make room or choose another --out"
        )


def grade(run: Run, submissions: list[Submission], done: Callable[[Result, bool], None]) -> None:
    """Grade a class and write every result with its feedback.

    Args:
        run: how.
        submissions: what.
        done: called with each result, and whether it was there already.

    Raises:
        ClassroomError: if a result cannot be written; those written before are whole.
    """

    def todo() -> Iterator[tuple[Job, Origin]]:
        # One after the other, so that a class of thousands is never in memory at once.
        for submission in submissions:
            data, status, problem = _read(submission)
            origin = _origin(run, submission.notebook, data, problem)
            stored = None if run.force else _stored(run.out, submission, origin)
            if stored is not None:
                done(stored, True)
            elif data is None:
                result = failed(submission.student, submission.notebook, status, problem)
                done(_write(run.out, result | {"graded_from": origin}), False)
            else:
                yield _job(run, submission, data), origin

    for origin, result in _map(todo(), run.jobs):
        done(_write(run.out, result | {"graded_from": origin}), False)


def publish(out: Path, roster: dict[str, dict[str, str]] | None) -> list[Result]:
    """Write gradebook.csv and index.html from all results in a folder.

    Returns:
        The results, by notebook and student.

    Raises:
        ClassroomError: if a file among the results is none, or the disk is full.
    """
    results = [_load(path) for path in (out / "results").glob("*/*.json")]
    results.sort(key=lambda result: (result["notebook"], result["student"]))
    try:
        gradebook.write(out / "gradebook.csv", results, roster)
        write_atomically(out / "index.html", report.index(results, roster))
    except OSError as error:
        raise ClassroomError(
            f"the gradebook cannot be written: {error.strerror or error}. Every result is whole; run the same command "
            "again once there is room"
        ) from error
    return results


def result_path(out: Path, student: str, notebook: str) -> Path:
    """Where a result is stored."""
    return out / "results" / student / f"{notebook}.json"


def _student(name: str) -> str:
    """A student's id in the roster's spelling: macOS writes é as two characters."""
    return unicodedata.normalize("NFC", name)


def _closed(folder: Path) -> str:
    """Why a student's folder cannot be looked into; empty where it can."""
    if folder.is_symlink():
        return "The folder is a link that leads elsewhere: hand in the folder itself."
    try:
        os.listdir(folder)
    except OSError as error:
        return f"The folder cannot be read: {error.strerror}."
    return ""


def _notebook_files(tops: list[Path], unreadable: Callable[[OSError], None]) -> Iterator[Path]:
    """Everything that may be a submitted notebook, without following links to folders."""
    for top in tops:
        if top.suffix == ".ipynb":
            yield top
        elif top.is_dir() and not _closed(top):
            for place, folders, files in os.walk(top, onerror=unreadable):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                names = [name for name in folders + files if name.endswith(".ipynb") and not name.startswith(".")]
                yield from (Path(place, name) for name in sorted(names))


def _owner(path: Path, notebooks: set[str]) -> tuple[str, str] | str:
    """The student and notebook that a path stands for, or a sentence that says why it stands for none."""
    known = ", ".join(sorted(notebooks))
    if len(path.parts) == 1:
        for name in notebooks:
            if (student := path.stem.removesuffix(f"_{name}")) not in ("", path.stem):
                return _student(student), name
        return f"whose is it? It should be <student>_<notebook>.ipynb; the notebook is one of {known}"
    notebook = _COPY.sub("", path.stem)
    if notebook not in notebooks:
        return f"not one of {known}"
    if len(path.parts) > 3:
        return "too deep: it should be <student>/<notebook>.ipynb or one folder below"
    return _student(path.parts[0]), notebook


def _read(submission: Submission) -> tuple[bytes | None, str, str]:
    """A file that anybody may have put there: its bytes, or a status and a sentence."""
    path = submission.path
    if path is None:
        return (None, CORRUPT, submission.problem) if submission.problem else (None, MISSING, "No file was handed in.")
    if path.is_symlink():
        return None, CORRUPT, "The file is a link that leads elsewhere: hand in the notebook itself."
    try:
        # Without blocking: a named pipe would wait for a writer for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            info = os.fstat(handle)
            if not stat.S_ISREG(info.st_mode):
                return None, CORRUPT, "This is not a file: hand in the notebook itself."
            if info.st_size > MOST_BYTES:
                return None, CORRUPT, too_large(info.st_size)
            with open(handle, "rb", closefd=False) as file:
                return file.read(), "", ""
        finally:
            os.close(handle)
    except OSError as error:
        return None, CORRUPT, f"The file cannot be read: {error.strerror}."


def _origin(run: Run, notebook: str, data: bytes | None, problem: str) -> Origin:
    """What a result depends on: graded again when any of it changes."""
    texts = run.texts[notebook]
    course = hashlib.sha256(f"{_code()}\0{texts.source}\0{texts.made_from}\0{run.limits}".encode())
    return {
        "submission": hashlib.sha256(data).hexdigest() if data is not None else problem,
        "course": course.hexdigest(),
        "secret": hmac.new(run.secret, b"which secret", "sha256").hexdigest()[:16],
    }


@cache
def _code() -> str:
    """Hash of the grader's own code: a mended grader grades again."""
    files = sorted(Path(course_lib.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _stored(out: Path, submission: Submission, origin: Origin) -> Result | None:
    """The result that is there already, if it is of this very submission."""
    try:
        result = _load(result_path(out, submission.student, submission.notebook))
    except ClassroomError:
        return None  # none yet, or one that is written anew now
    return result if result["graded_from"] == origin else None


def _load(path: Path) -> Result:
    """A stored result.

    Raises:
        ClassroomError: if the file holds none, so somebody else wrote it.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ClassroomError(f"{path} cannot be read: {error}. Delete it, then grade again") from error
    if not isinstance(result, dict) or not {"student", "notebook", "tests", "graded_from"} <= result.keys():
        raise ClassroomError(f"{path} holds no result: delete it, then grade again")
    return result


def _job(run: Run, submission: Submission, data: bytes) -> Job:
    seeds = {}
    for exercise in exercises.of_notebook(submission.notebook):
        # A folder's name need not be UTF-8; the pass lets its bytes through.
        words = f"{submission.student}\0{exercise.id}".encode("utf-8", "surrogatepass")
        seeds[exercise.id] = int.from_bytes(hmac.new(run.secret, words, "sha256").digest())
    texts = run.texts[submission.notebook]
    return Job(submission.student, submission.notebook, data, texts, seeds, run.sandbox, run.limits)


def _write(out: Path, result: Result) -> Result:
    student, notebook = result["student"], result["notebook"]
    # Half a surrogate pair, of a folder's name or an error's text, becomes its JSON escape.
    text = json.dumps(result, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    try:
        write_atomically(out / "feedback" / student / f"{notebook}.html", report.feedback(result))
        write_atomically(result_path(out, student, notebook), text + b"\n")
    except OSError as error:
        raise ClassroomError(
            f"the result of {student} cannot be written: {error.strerror or error}. Every result before it is "
            "whole; run the same command again once there is room"
        ) from error
    return result


def _map(todo: Iterator[tuple[Job, Origin]], jobs: int) -> Iterator[tuple[Origin | None, Result]]:
    """Grade in worker processes; one that dies takes nobody's result with it.

    What was under way when a worker died is graded again, alone, so that a submission that kills its worker is known
    by killing it twice. Its result then comes without an origin: it stands only until the next run.
    """
    suspects: list[_Failure] = []
    guilty: list[_Failure] = []
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as scratch:
        yield from _in_pools(todo, jobs, 2 * jobs, scratch, suspects)
        again = iter([(suspect.job, suspect.origin) for suspect in suspects])
        yield from _in_pools(again, 1, 1, scratch, guilty)
    for failure in guilty:
        message = f"The grader itself failed on it, twice: {failure.reason}. The next run tries it again."
        yield None, failed(failure.job.student, failure.job.notebook, CRASHED, message)


def _in_pools(
    todo: Iterator[tuple[Job, Origin]], jobs: int, most: int, scratch: str, failures: list[_Failure]
) -> Iterator[tuple[Origin, Result]]:
    """Grade in one pool of ``jobs`` workers after another until nothing is left; see `_until_broken`."""
    broken = True
    while broken:
        with _pool(jobs, scratch) as pool:
            broken = yield from _until_broken(pool, todo, most, failures)


def _until_broken(
    pool: Executor, todo: Iterator[tuple[Job, Origin]], most: int, failures: list[_Failure]
) -> Generator[tuple[Origin, Result], None, bool]:
    """Grade until nothing is left or the pool breaks.

    Args:
        pool: where.
        todo: what; taken from only as the pool gets room.
        most: how many to keep under way.
        failures: where that goes which has no result, when the pool breaks all that was under way.

    Returns:
        Whether the pool broke.
    """
    running: dict[Future, tuple[Job, Origin]] = {}
    while True:
        while len(running) < most and (one := next(todo, None)):
            try:
                running[pool.submit(grade_one, one[0])] = one
            except BrokenProcessPool:
                failures += [_Failure(*each, _ENDED) for each in (*running.values(), one)]
                return True
        if not running:
            return False
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            try:
                result = future.result()
            except BrokenProcessPool:
                failures += [_Failure(*each, _ENDED) for each in running.values()]
                return True
            except Exception as error:  # whatever it is, the others go on
                failures.append(_Failure(*running.pop(future), f"{type(error).__name__}: {error}"))
            else:
                yield running.pop(future)[1], result


@contextmanager
def _pool(jobs: int, scratch: str) -> Iterator[ProcessPoolExecutor]:
    """Worker processes; an interrupt ends them at once instead of waiting for what nobody will read."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_start_worker, initargs=(scratch,))
    try:
        yield pool
    except BaseException:
        for worker in multiprocessing.active_children():
            worker.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker(scratch: str) -> None:
    """A worker leaves the interrupt key to the process that writes, and goes when that one is gone.

    Its temporary files lie in a folder that the other process removes, however the worker ends.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = scratch
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
