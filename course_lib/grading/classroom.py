"""A folder of submissions in, a folder of results out: ``course grade``.

Only this process writes; workers get bytes and return results. A result is written as soon as it is there, so an
interrupted run goes on where it stopped.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import course_lib
from course_lib import exercises
from course_lib.grading import gradebook, handed_in, lateness, moved, report, similar, workers
from course_lib.grading.course import Texts, load
from course_lib.grading.files import remove_unfinished, write_atomically
from course_lib.grading.grade import CORRUPT, CRASHED, MISSING, Job, Result, failed
from course_lib.grading.roster import Roster
from course_lib.grading.sandbox import Limits
from course_lib.grading.submissions import Submission

_RESERVE = 20 * 2**20  # bytes that must be free before a run, besides what the results need
_RESULT_BYTES = 200_000  # of one result with its feedback page, generously

Origin = dict[str, str]


class ClassroomError(RuntimeError):
    """The run cannot start or go on; the message says what to do."""


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
        times: when students handed in, where that is known better than from the file.
        dask: the address of a dask scheduler whose workers grade; empty for processes of this machine.
        backend: ``"numpy"`` or ``"cupy"``: where the answers' inputs are.
    """

    out: Path
    texts: dict[str, Texts]
    secret: bytes
    jobs: int
    sandbox: str = "bwrap"
    limits: Limits = field(default_factory=Limits)
    force: bool = False
    times: Mapping[str, datetime] = field(default_factory=dict)
    dask: str = ""
    backend: str = "numpy"


class Look(NamedTuple):
    """The job that `grade` makes of a submission, what its result would depend on, and the result that is stored."""

    job: Job
    origin: Origin
    stored: Result


def secret_of(out: Path, given: Path | None) -> bytes:
    """The secret in the given file, else the one kept in ``out``, made there on the first run.

    Raises:
        ClassroomError: if the given file cannot be read or is empty.
    """
    path = given or out / "secret"
    try:
        if not given and not path.exists():
            write_atomically(path, secrets.token_hex(32), private=True)
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
        ClassroomError: if a result cannot be written, or another run is writing there; those written are whole.
        WorkersError: if nobody is left to grade.
    """
    again: list[Submission] = []

    def finish(submission: Submission, origin: Origin | None, result: Result) -> None:
        before, result = _stored(run.out, submission), result | {"graded_from": origin}
        done(_write(run.out, result | _handed_in(run, submission, origin, before) | moved.since(before, result)), False)

    def todo(submissions: list[Submission]) -> Iterator[tuple[tuple[Submission, Origin], Job]]:
        # One after the other, so that a class of thousands is never in memory at once.
        for submission in submissions:
            data, status, problem = _read(submission)
            origin = _origin(run, submission.notebook, data, problem)
            before = _stored(run.out, submission)
            if before and before["graded_from"] == origin and not run.force:
                dated = before | _handed_in(run, submission, origin, before)
                done(before if dated == before else _write(run.out, dated), True)
            elif data is None:
                finish(submission, origin, failed(submission.student, submission.notebook, status, problem))
            else:
                yield (submission, origin), _job(run, submission, data)

    beside = run.dask or run.jobs > 1
    where = workers.dask(run.dask) if run.dask else workers.here(run.jobs)
    with _only_run(run.out), where as graders:
        # What the grader fails on is tried again alone: if it fails then, no other submission is the reason. So is
        # what ran out of time because others, by whatever they started, had left it too little of a processor.
        for turn, alone in ((submissions, False), (again, True)):
            for (submission, origin), reply in workers.grade_all(graders, todo(turn), alone):
                result = reply.result
                if (result is None or (reply.starved and beside)) and not alone:
                    again.append(submission)
                    continue
                if result is None:  # without an origin, so it stands only until the next run
                    message = f"The grader itself failed on it, twice: {reply.failed}. The next run tries it again."
                    result, origin = failed(submission.student, submission.notebook, CRASHED, message), None
                finish(submission, origin, result)


def results_in(out: Path) -> list[Result]:
    """All results in a folder, by notebook and student.

    Raises:
        ClassroomError: if a file among them is none.
    """
    results = [_load(path) for path in (out / "results").glob("*/*.json")]
    return sorted(results, key=lambda result: (result["notebook"], result["student"]))


def publish(out: Path, roster: Roster | None) -> list[Result]:
    """Write what is about the whole class, from all results in a folder.

    That is gradebook.csv, similar.csv, where scores moved moved.csv, index.html and a page for each exercise.

    Returns:
        The results, by notebook and student.

    Raises:
        ClassroomError: if a file among the results is none, the disk is full, or another run is writing there.
    """
    with _only_run(out):
        results, due = results_in(out), lateness.due_dates(out)
        alike = similar.pairs(results)
        try:
            gradebook.write(out / "gradebook.csv", results, roster, due)
            similar.write(out / "similar.csv", alike)
            moved.write(out / "moved.csv", results)
            _write_exercise_pages(out, results, roster)
            write_atomically(out / "index.html", report.index(results, roster, due, alike))
        except OSError as error:
            raise ClassroomError(
                f"the gradebook cannot be written: {error.strerror or error}. Every result is whole; run the same "
                "command again once there is room"
            ) from error
        return results


def _write_exercise_pages(out: Path, results: list[Result], roster: Roster | None) -> None:
    """Write the page of each exercise and remove those of exercises that no result is about any more."""
    written = set()
    for name, page in report.exercise_pages(results, roster):
        write_atomically(out / name, page)
        written.add(out / name)
    for path in set((out / "exercises").glob("*/*.html")) - written:
        path.unlink()


def second_look(run: Run, submission: Submission) -> Look:
    """What a second look at a submission starts from.

    Raises:
        ClassroomError: if there is nothing to look at, or no result is stored.
    """
    data, _, problem = _read(submission)
    if data is None:
        raise ClassroomError(f"there is no notebook of {submission.student} to look at: {problem}")
    stored = result_of(run.out, submission)
    return Look(_job(run, submission, data), _origin(run, submission.notebook, data, ""), stored)


def result_of(out: Path, submission: Submission) -> Result:
    """The stored result of a submission.

    Raises:
        ClassroomError: if there is none, or the file in its place is none.
    """
    path = result_path(out, submission.student, submission.notebook)
    if not path.exists():
        raise ClassroomError(
            f"{out} holds no result of {submission.student} in {submission.notebook}: give the folder that "
            "`course grade` wrote with --out"
        )
    return _load(path)


def result_path(out: Path, student: str, notebook: str) -> Path:
    """Where a result is stored."""
    return out / "results" / student / f"{notebook}.json"


@contextmanager
def _only_run(out: Path) -> Iterator[None]:
    """Keep other runs out of the results meanwhile, and remove the halves of files that a killed one left there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out / ".lock", os.O_WRONLY | os.O_CREAT, 0o666)
    except OSError as error:
        raise ClassroomError(f"results cannot be written to {out}: {error.strerror or error}") from error
    with open(handle, "wb"):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ClassroomError(f"another run is writing to {out}: wait for it, or choose another --out") from error
        except OSError:
            pass  # a file system without locks
        remove_unfinished(out)
        yield


def _read(submission: Submission) -> tuple[bytes | None, str, str]:
    """A file that anybody may have put there: its bytes, or a status and a sentence."""
    if submission.path is None:
        return (None, CORRUPT, submission.problem) if submission.problem else (None, MISSING, "No file was handed in.")
    data, problem = handed_in.read(submission.path)
    return data, "" if data is not None else CORRUPT, problem


def _handed_in(run: Run, submission: Submission, origin: Origin | None, before: Result | None) -> dict[str, Any]:
    """When it was handed in: as the run says, else as was known of this very file before, else as the file says."""
    time = lateness.shown(run.times.get(submission.student, submission.time) if submission.path else None)
    if before and submission.student not in run.times and moved.same_file(before, origin):
        time = before.get("timestamp", time)
    return {"timestamp": time} | ({"marked_late": True} if submission.marked_late else {})


def _origin(run: Run, notebook: str, data: bytes | None, problem: str) -> Origin:
    """What a result depends on: graded again when any of it changes."""
    return {
        "submission": hashlib.sha256(data).hexdigest() if data is not None else problem,
        "course": _course(run.texts[notebook], run.limits, run.backend),
        "secret": hmac.new(run.secret, b"which secret", "sha256").hexdigest()[:16],
    }


@cache
def _course(texts: Texts, limits: Limits, backend: str) -> str:
    """Hash of a notebook's code and key, the grader and how it runs; neither of a text nor of another notebook."""
    cells = json.dumps(load(texts).released_cells())
    words = f"{_code(texts.notebook)}\0{cells}\0{texts.made_from}\0{limits}\0{backend}"
    return hashlib.sha256(words.encode()).hexdigest()


@cache
def _code(notebook: str) -> str:
    """Hash of the code that grades a notebook: a mended grader grades again."""
    package = Path(course_lib.__file__).parent
    others = {Path(exercises.module(name).__file__) for name in exercises.notebooks() if name != notebook}
    files = sorted(path for path in package.rglob("*.py") if path not in others)
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _stored(out: Path, submission: Submission) -> Result | None:
    """The result that is there already."""
    try:
        return _load(result_path(out, submission.student, submission.notebook))
    except ClassroomError:
        return None  # none yet, or one that is written anew now


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
    return Job(submission.student, submission.notebook, data, texts, seeds, run.sandbox, run.limits, run.backend)


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
