"""Grade one submission: bytes in, a result out, nothing else touched.

The function is pure but for the kernel it runs, so it maps over any ``concurrent.futures`` executor, here or on
another machine.
"""

import contextlib
import io
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from jupyter_client.provisioning import KernelProvisionerFactory

from course_lib import exercises, practice
from course_lib.exercises.verdict import NOT_ATTEMPTED
from course_lib.grading import sandbox, similar
from course_lib.grading.course import Texts, load
from course_lib.grading.exam import Exam, Sheets, as_notebook, compose
from course_lib.grading.graft import Graft, Part, Unreadable, graft
from course_lib.grading.plugin import ExamPlugin, Outcome
from course_lib.grading.sandbox import Limits

OK, TIMEOUT, OUT_OF_MEMORY, CRASHED = "ok", "timeout", "out_of_memory", "crashed"
CORRUPT, MISSING = "corrupt", "missing"
_MOST_RUNS = 8  # how often a submission is run, each time without one more cell or exercise that ended the kernel
_RESTART_SECONDS = 10.0  # what another run gets at least: with less its kernel would not even start

Result = dict[str, Any]


class GraderFault(RuntimeError):
    """The exam could not be held, and no submission can be the reason; trying again may help."""


@dataclass(frozen=True)
class Job:
    """Everything needed to grade one submission.

    Args:
        student: whose it is.
        notebook: which one it should be.
        submission: the file's bytes.
        texts: what the instructor has of the notebook; None marks on the visible cases that students have.
        seeds: for each exercise the number this student's inputs are drawn from.
        sandbox: ``"bwrap"`` or ``"none"``.
        limits: what it may use.
        backend: ``"numpy"`` or ``"cupy"``: where the answers' inputs are.
    """

    student: str
    notebook: str
    submission: bytes
    texts: Texts | None = None
    seeds: dict[str, int] = field(default_factory=dict)
    sandbox: str = "bwrap"
    limits: Limits = field(default_factory=Limits)
    backend: str = "numpy"


@dataclass(frozen=True)
class Examination:
    """One grading: its result, and what that was read from.

    Args:
        result: the result as it is stored, but for what identifies its origin.
        sheets: the inputs and right answers of each test.
        parts: the submission's cells in their order, with a place for each exam cell; none where it is unreadable.
        outcomes: what became of them. A cell that was left out, because it ended the kernel, has none.
        starved: whether something ran out of time while its kernel waited for a processor.
    """

    result: Result
    sheets: Sheets
    parts: list[Part] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    starved: bool = False


def grade_one(job: Job) -> Result:
    """Grade one submission.

    Returns:
        The result as it is stored, but for what identifies its origin.

    Raises:
        GraderFault: if no kernel starts.
    """
    return examine(job).result


def examine(job: Job) -> Examination:
    """Grade one submission, and keep what its result was read from.

    Raises:
        GraderFault: if no kernel starts.
    """
    started = time.monotonic()
    sheets, released = _asked(job)
    try:
        grafted = graft(job.submission, job.notebook, released)
    except Unreadable as error:
        return Examination(failed(job.student, job.notebook, CORRUPT, str(error)), sheets)
    plugin, starved = _run_without_killers(job, grafted, sheets)
    tests = [
        _test(exercise, test, plugin, grafted)
        for exercise in exercises.of_notebook(job.notebook)
        for test in exercise.tests
        if (exercise.id, test.name) in sheets
    ]
    status, message = _status(plugin)
    result = _result(job.student, job.notebook, status, message, tests, time.monotonic() - started)
    if job.texts:
        result["statements"] = similar.statements(job.texts, grafted.parts)
    return Examination(result, sheets, grafted.parts, plugin.outcomes, starved)


def failed(student: str, notebook: str, status: str, message: str) -> Result:
    """The result of a submission that could not be run at all."""
    tests = [
        _entry(exercise.id, test.name, 0.0, test.points, "")
        for exercise in exercises.of_notebook(notebook)
        for test in exercise.tests
    ]
    return _result(student, notebook, status, message, tests, 0.0)


def _asked(job: Job) -> tuple[Sheets, list[dict[str, str]]]:
    """The sheets this student is judged by and the notebook's code cells as released."""
    if job.texts is None:
        visible = practice.load(job.notebook)
        return visible.sheets, visible.cells
    course = load(job.texts)
    sheets = course.sheets(lambda exercise: np.random.default_rng(job.seeds[exercise]))
    return sheets, course.released_cells()


def _run_without_killers(job: Job, grafted: Graft, sheets: Sheets) -> tuple[ExamPlugin, bool]:
    """Run the exam, and say whether it was starved; where a cell ends the kernel, run the rest again without it.

    Without a cell of the student's own, or without an exercise whose answer does it: that exercise keeps what it had
    earned, and the others lose nothing.
    """
    parts, settled, cause, starved, limits = grafted.parts, [], "", False, job.limits
    deadline = time.monotonic() + limits.total
    for _ in range(_MOST_RUNS):
        sandbox.configure(job.sandbox, limits, exercises.needs(job.notebook), gpu=job.backend != "numpy")
        plugin = _run(compose(job.notebook, parts, sheets, job.texts is None, job.backend), limits)
        starved = starved or plugin.starved
        killer = next((o.part for o in plugin.outcomes if o.error == "ended" or _lost(o, plugin)), None)
        if killer is None or killer.role == "setup" or time.monotonic() > deadline:
            break
        if killer.role == "extra":
            parts = [part for part in parts if part is not killer]
        else:
            cause = cause or plugin.cause
            settled += [outcome for outcome in plugin.outcomes if outcome.part.exercise == killer.exercise]
            parts = [part for part in parts if part.exercise != killer.exercise]
        limits = replace(limits, total=max(deadline - time.monotonic(), _RESTART_SECONDS))
    plugin.outcomes = settled + plugin.outcomes
    plugin.cause = cause or plugin.cause
    plugin.limits = job.limits
    return plugin, starved


def _lost(outcome: Outcome, plugin: ExamPlugin) -> bool:
    """Whether the kernel could not be interrupted in this cell and had to be stopped."""
    if outcome.error != "timeout":
        return False
    following = plugin.outcomes[plugin.outcomes.index(outcome) + 1 :]
    return next((later.error for later in following if later.error != "not run"), "") == "ended"


# Of pytest's own plugins those that nbval needs. What the others do takes longer than a small notebook: collecting
# garbage twice, reading source for tracebacks that nobody sees.
_UNUSED = (
    "cacheprovider doctest faulthandler junitxml logging monkeypatch nose pastebin recwarn setuponly setupplan "
    "stepwise subtests threadexception tmpdir unittest unraisableexception warnings"
)


def _run(exam: Exam, limits: Limits) -> ExamPlugin:
    """Run pytest with nbval on an exam, in this process."""
    import pytest

    plugin = ExamPlugin(exam, limits)
    with tempfile.TemporaryDirectory(prefix="course-exam-") as folder, _kernels_started_by(sandbox.provisioner()):
        path = Path(folder, "exam.ipynb")
        path.write_text(json.dumps(as_notebook(exam)), encoding="utf-8")
        arguments = ["-p", "nbval.plugin", "--nbval", "--nbval-current-env", "--color=no", "--tb=no", "-q", "-s"]
        arguments += [word for name in _UNUSED.split() for word in ("-p", f"no:{name}")]
        arguments += ["-c", os.devnull, "--rootdir", folder, "--confcutdir", folder, str(path)]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            plugin.exit_status = int(pytest.main(arguments, plugins=[plugin]))
    if plugin.exit_status not in (0, 1) or not plugin.outcomes:
        raise GraderFault(f"the notebook's kernel did not start (pytest ended with {plugin.exit_status})")
    if faults := [outcome for outcome in plugin.outcomes if outcome.part.role == "setup" and outcome.error]:
        raise GraderFault(f"the course's own setup cell failed: {faults[0].error}: {faults[0].text}")
    return plugin


@contextlib.contextmanager
def _kernels_started_by(provisioner: str) -> Iterator[None]:
    """Have a provisioner of ours start kernels, and pytest do what it is told here, whatever the environment says."""
    factory = KernelProvisionerFactory.instance()
    usual = factory.default_provisioner_name
    factory.default_provisioner_name = provisioner
    try:
        with patch.dict(os.environ, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_ADDOPTS="", PYTEST_PLUGINS=""):
            yield
    finally:
        factory.default_provisioner_name = usual


def _test(exercise: exercises.Exercise, test: exercises.Test, plugin: ExamPlugin, grafted: Graft) -> dict[str, Any]:
    """One line of the result: the verdict on one test, or why there is none."""
    if exercise.id in grafted.absent:
        message = f"no code cell of the notebook answers {exercise.id}: was it deleted, or turned into text?"
        return _entry(exercise.id, test.name, 0.0, test.points, message)
    asked = (exercise.id, test.name)
    outcome = next((o for o in plugin.outcomes if (o.part.exercise, o.part.test) == asked), None)
    answer = next(
        (o for o in plugin.outcomes if o.part.role == "answer" and o.part.exercise == asked[0] and o.error),
        None,
    )
    if outcome and outcome.verdict:
        earned, message = outcome.verdict.points, outcome.verdict.message
        if outcome.error:  # right values, but the kernel's reply says that the cell failed
            earned, message = 0.0, f"the test cell failed: {outcome.error}"
        if answer and not outcome.verdict.passed and outcome.verdict.state != NOT_ATTEMPTED:
            message = f"the answer cell raises {answer.error}: {answer.text}; {message}"
        shown = {"known_mistake": outcome.verdict.known_mistake, "error_map": outcome.verdict.error_map}
        return _entry(*asked, earned, test.points, message) | shown
    return _entry(*asked, 0.0, test.points, _why(outcome, plugin.limits))


def _why(outcome: Outcome | None, limits: Limits) -> str:
    """Why an exam cell has no verdict."""
    error = outcome.error if outcome else "ended"
    if error == "timeout":
        return f"no end after {limits.cell:g} seconds: is there a loop that never stops?"
    if error == "not run":
        return "not run: an earlier cell of this exercise did not end in time"
    if error == "ended":
        return "the notebook's kernel ended here, or in an earlier cell of this exercise"
    if error == "no answer":
        return f"the test gave no usable answer: {outcome.text}"
    return f"{error}: {outcome.text}"


def _status(plugin: ExamPlugin) -> tuple[str, str]:
    """The submission's status, and a sentence where it is not ok."""
    outcomes = [outcome for outcome in plugin.outcomes if outcome.part.role != "extra"]
    memory = [o for o in outcomes if _short_of_memory(o)]
    ended = [o for o in plugin.outcomes if o.error == "ended"]
    if plugin.cause == OUT_OF_MEMORY or memory:
        gigabytes = plugin.limits.memory / 2**30
        return OUT_OF_MEMORY, f"{_where(memory or ended)}asked for more than {gigabytes:g} GiB of memory."
    if plugin.cause == TIMEOUT:
        return TIMEOUT, f"The notebook did not end within {plugin.limits.total:g} seconds."
    late = [o for o in outcomes if o.error == "timeout"]
    if late:
        return TIMEOUT, f"{_where(late)}did not end within {plugin.limits.cell:g} seconds."
    if any(o.part.role != "extra" for o in ended):
        return CRASHED, f"{_where(ended)}ended the kernel (os._exit, a fatal error, or more output than can be kept)."
    return OK, ""


def _short_of_memory(outcome: Outcome) -> bool:
    errors = [outcome.error, *(answer.error.type for answer in outcome.answers if answer.error)]
    return any(error.endswith("MemoryError") for error in errors)


def _where(outcomes: list[Outcome]) -> str:
    """The subject of a sentence about the first of these cells."""
    part = outcomes[0].part if outcomes else None
    if part and part.role == "extra":
        return "A cell of the student's own "
    return f"The answer to {part.exercise} " if part and part.exercise else "The notebook "


def _entry(exercise: str, test: str, points: float, max_points: float, message: str) -> dict[str, Any]:
    return {
        "exercise": exercise,
        "test": test,
        "points": points,
        "max_points": max_points,
        "passed": points == max_points,
        "message": message,
        "known_mistake": False,
        "error_map": None,
    }


def _result(student: str, notebook: str, status: str, message: str, tests: list[dict], seconds: float) -> Result:
    return {
        "student": student,
        "notebook": notebook,
        "status": status,
        "score": math.fsum(test["points"] for test in tests),
        "max_score": math.fsum(test["max_points"] for test in tests),
        "seconds": round(seconds, 2),
        "message": message,
        "tests": tests,
    }
