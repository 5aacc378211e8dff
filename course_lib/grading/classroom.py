"""A folder of submissions in, a folder of results out: ``course grade``.

Only this process writes; workers get bytes and return results. A result is written as soon as it is there, so an
interrupted run goes on where it stopped.
"""

import hashlib
import hmac
import json
import multiprocessing
import os
import secrets
import shutil
import signal
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

import course_lib
from course_lib import exercises
from course_lib.grading import gradebook, report
from course_lib.grading.course import Texts
from course_lib.grading.files import write_atomically
from course_lib.grading.grade import CORRUPT, CRASHED, MISSING, Job, Result, failed, grade_one
from course_lib.grading.sandbox import Limits

_MOST_BYTES = 100 * 2**20
_RESERVE = 20 * 2**20  # bytes that must be free before a run, besides what the results need
_RESULT_BYTES = 200_000  # of one result with its feedback page, generously


class ClassroomError(RuntimeError):
    """The run cannot start or go on; the message says what to do."""


@dataclass(frozen=True)
class Submission:
    """One file, or the lack of one.

    Args:
        student: the student's id.
        notebook: the notebook it is.
        data: its bytes; None where there is no usable file.
        status: ``missing`` or ``corrupt`` where there is none.
        problem: a sentence about that.
    """

    student: str
    notebook: str
    data: bytes | None
    status: str = ""
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


def find(folder: Path, notebooks: Iterable[str], students: Iterable[str] = ()) -> tuple[list[Submission], list[str]]:
    """All submissions in a folder.

    Knows ``<student>/<NN_topic>.ipynb``, nbgrader's ``<student>/<assignment>/<NN_topic>.ipynb`` and flat
    ``<student>_<NN_topic>.ipynb``.

    Args:
        folder: where they lie.
        notebooks: the names to look for.
        students: ids that must appear, with or without a file.

    Returns:
        The submissions in order, and a sentence for each file that was passed over.
    """
    wanted, found, passed_over = set(notebooks), {}, []
    for path in sorted(_notebook_files(folder)):
        if not (owner := _owner(path.relative_to(folder), wanted)):
            passed_over.append(f"{path.relative_to(folder)}: not one of {', '.join(sorted(wanted))}")
        elif owner in found:
            passed_over.append(f"{path.relative_to(folder)}: {owner[0]} handed in {owner[1]} twice, the first counts")
        else:
            found[owner] = path
    folders = {p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")}
    handed_in = {notebook for _, notebook in found} or wanted
    for student in {*students, *folders, *(student for student, _ in found)}:
        for notebook in handed_in:
            found.setdefault((student, notebook), None)
    order = sorted(found, key=lambda owner: (owner[1], owner[0]))
    return [_read(folder, found[owner], *owner) for owner in order], passed_over


def secret_of(out: Path, given: Path | None) -> bytes:
    """The secret in the given file, else the one kept in ``out``, made there on the first run.

    Raises:
        ClassroomError: if the given file cannot be read or is empty.
    """
    if given:
        try:
            secret = given.read_bytes().strip()
        except OSError as error:
            raise ClassroomError(f"the secret cannot be read: {error}") from error
        if not secret:
            raise ClassroomError(f"the secret in {given} is empty: write some random text into it")
        return secret
    path = out / "secret"
    if not path.exists():
        write_atomically(path, secrets.token_hex(32))
        path.chmod(0o600)
    return path.read_bytes().strip()


def prepare(out: Path, submissions: int) -> None:
    """Prove before any work that results can be written.

    Raises:
        ClassroomError: if the folder cannot be written or the disk is nearly full.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".probe"
        with probe.open("wb") as file:
            file.write(b"0" * 4096)
            file.flush()
            os.fsync(file.fileno())
        probe.unlink()
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
    todo: list[tuple[Job, dict]] = []
    for submission in submissions:
        origin = _origin(run, submission)
        path = result_path(run.out, submission.student, submission.notebook)
        stored = None if run.force else _stored(path, origin)
        if stored is not None:
            done(stored, True)
        elif submission.data is None:
            result = failed(submission.student, submission.notebook, submission.status, submission.problem)
            done(_write(run.out, result | {"graded_from": origin}), False)
        else:
            todo.append((_job(run, submission), origin))
    for origin, result in _map(todo, run.jobs):
        done(_write(run.out, result | {"graded_from": origin}), False)


def publish(out: Path, roster: dict[str, dict[str, str]] | None) -> list[Result]:
    """Write gradebook.csv and index.html from all results in a folder.

    Returns:
        The results, by notebook and student.
    """
    results = sorted(
        (json.loads(path.read_text(encoding="utf-8")) for path in (out / "results").glob("*/*.json")),
        key=lambda result: (result["notebook"], result["student"]),
    )
    gradebook.write(out / "gradebook.csv", results, roster)
    write_atomically(out / "index.html", report.index(results, roster))
    return results


def result_path(out: Path, student: str, notebook: str) -> Path:
    """Where a result is stored."""
    return out / "results" / student / f"{notebook}.json"


def _notebook_files(folder: Path) -> Iterator[Path]:
    """Everything that may be a submitted notebook, without following links to folders."""
    for depth in ("*.ipynb", "*/*.ipynb", "*/*/*.ipynb"):
        for path in folder.glob(depth):
            if not any(part.startswith(".") for part in path.relative_to(folder).parts):
                yield path


def _owner(path: Path, notebooks: set[str]) -> tuple[str, str] | None:
    """The student and notebook that a path stands for."""
    if len(path.parts) > 1:
        return (path.parts[0], path.stem) if path.stem in notebooks else None
    match = next((name for name in notebooks if path.stem.endswith(f"_{name}")), None)
    return (path.stem.removesuffix(f"_{match}"), match) if match and path.stem != f"_{match}" else None


def _read(folder: Path, path: Path | None, student: str, notebook: str) -> Submission:
    """Read a file that anybody may have put there."""
    if path is None:
        return Submission(student, notebook, None, MISSING, "No file was handed in.")
    if not path.resolve().is_relative_to(folder.resolve()) or path.is_symlink():
        problem = "The file is a link that leads elsewhere: hand in the notebook itself."
        return Submission(student, notebook, None, CORRUPT, problem)
    try:
        # Without blocking: a named pipe would wait for a writer for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            info = os.fstat(handle)
            if not stat.S_ISREG(info.st_mode):
                return Submission(student, notebook, None, CORRUPT, "This is not a file.")
            if info.st_size > _MOST_BYTES:
                problem = f"The file has {info.st_size / 2**20:.0f} MB: clear its outputs and hand it in again."
                return Submission(student, notebook, None, CORRUPT, problem)
            return Submission(student, notebook, file.read())
    except OSError as error:
        return Submission(student, notebook, None, CORRUPT, f"The file cannot be read: {error.strerror}.")


def _origin(run: Run, submission: Submission) -> dict[str, str | None]:
    """What a result depends on: graded again when any of it changes."""
    data, texts = submission.data, run.texts[submission.notebook]
    course = hashlib.sha256(f"{course_lib.__version__}\0{texts.source}\0{texts.made_from}\0{run.limits}".encode())
    return {
        "submission": hashlib.sha256(data).hexdigest() if data is not None else submission.problem,
        "course": course.hexdigest(),
        "secret": hmac.new(run.secret, b"which secret", "sha256").hexdigest()[:16],
    }


def _stored(path: Path, origin: dict) -> Result | None:
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return result if result.get("graded_from") == origin else None


def _job(run: Run, submission: Submission) -> Job:
    seeds = {}
    for exercise in exercises.of_notebook(submission.notebook):
        words = f"{submission.student}\0{exercise.id}".encode()
        seeds[exercise.id] = int.from_bytes(hmac.new(run.secret, words, "sha256").digest())
    texts = run.texts[submission.notebook]
    return Job(submission.student, submission.notebook, submission.data, texts, seeds, run.sandbox, run.limits)


def _write(out: Path, result: Result) -> Result:
    student, notebook = result["student"], result["notebook"]
    try:
        write_atomically(out / "feedback" / student / f"{notebook}.html", report.feedback(result))
        text = json.dumps(result, ensure_ascii=False, indent=1)
        write_atomically(result_path(out, student, notebook), text + "\n")
    except OSError as error:
        raise ClassroomError(
            f"the result of {student} cannot be written: {error.strerror or error}. Every result before it is "
            "whole; run the same command again once there is room"
        ) from error
    return result


def _map(todo: list[tuple[Job, dict]], jobs: int) -> Iterator[tuple[dict, Result]]:
    """Grade in worker processes; one that dies takes nobody's result with it.

    When a worker dies, every submission that was under way is graded again alone, so that the one that kills its
    worker is known by killing it twice.
    """
    suspects = []
    with _pool(jobs) as pool:
        for job, origin, result in _submit(pool, todo, jobs):
            if result is None:
                suspects.append((job, origin))
            else:
                yield origin, result
    for job, origin in suspects:
        with _pool(1) as pool:
            for _, _, result in _submit(pool, [(job, origin)], 1):
                message = "Grading it ended the grader's own process, twice."
                yield origin, result or failed(job.student, job.notebook, CRASHED, message)


def _submit(pool: Executor, todo: list, jobs: int) -> Iterator[tuple[Job, dict, Result | None]]:
    """Keep a pool busy; None stands for the result of what was under way when it broke, or came after."""
    waiting, running = list(reversed(todo)), {}
    while waiting or running:
        while waiting and len(running) < 2 * jobs:
            job, origin = waiting.pop()
            try:
                running[pool.submit(grade_one, job)] = (job, origin)
            except BrokenProcessPool:
                yield job, origin, None
        for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
            yield *running.pop(future), _outcome(future)


def _outcome(future: Future) -> Result | None:
    try:
        return future.result()
    except BrokenProcessPool:
        return None


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_start_worker)


def _start_worker() -> None:
    """A worker leaves the interrupt key to the process that writes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
