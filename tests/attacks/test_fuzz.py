"""Whatever is handed in or sent, the grader has an answer: hypothesis on its parts, and a short run of `fuzz.py`."""

import base64
import json
import multiprocessing
import os
import signal
import time

import fuzz
import numpy as np
from classes import NOTEBOOK, as_bytes, course, solved
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import exercises
from course_lib.exercises.answer import decode
from course_lib.exercises.verdict import judge
from course_lib.grading import graft
from course_lib.grading.report import STATUSES

on_examples = settings(max_examples=300, deadline=None, derandomize=True, database=None)

NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**70), 1e308, 10**400])
TEXTS = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(["\0", "\ud800", "=1", "<b>", "np", "def x("])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def likely(**values):
    """A dictionary that mostly has the form it should."""
    return st.fixed_dictionaries({}, optional={name: value | JSON for name, value in values.items()})


IDS = st.sampled_from([exercise.id for exercise in exercises.of_notebook(NOTEBOOK)])
MARKS = likely(role=st.sampled_from(["answer", "check", "setup", "demo"]), exercise=IDS)
GRADER = likely(grade_id=IDS | IDS.map("test_{}".format), solution=st.booleans())
CODE = st.sampled_from([cell["source"] for cell in course().released_cells()]) | TEXTS
CELLS = likely(
    cell_type=st.sampled_from(["code", "code", "code", "markdown", "raw"]),
    id=st.sampled_from([cell["id"] for cell in course().released_cells()]) | TEXTS,
    metadata=likely(course=MARKS, nbgrader=GRADER, tags=st.lists(TEXTS)),
    source=CODE | st.lists(CODE, max_size=3),
)
NOTEBOOKS = likely(nbformat=st.just(4), cells=st.lists(CELLS | JSON, max_size=12), metadata=JSON)


@on_examples
@given(NOTEBOOKS)
def test_any_cells_are_read_or_refused_in_a_sentence(nb):
    data = json.dumps(nb).encode()
    try:
        grafted = graft.graft(data, NOTEBOOK, course().released_cells())
    except graft.Unreadable as error:
        assert str(error).endswith((".", "?"))
    else:
        repr(grafted).encode()
        exams = [part for part in grafted.parts if part.role == "exam"]
        assert len(exams) == len(set(exams))


RIGHT = as_bytes(solved())


@on_examples
@given(st.binary(max_size=200), st.integers(0, len(RIGHT)), st.integers(0, 300))
def test_any_bytes_in_a_file_are_read_or_refused(piece, place, cut):
    data = RIGHT[:place] + piece + RIGHT[place + cut :]
    try:
        graft.graft(data, NOTEBOOK, course().released_cells())
    except graft.Unreadable as error:
        assert str(error).endswith((".", "?"))


ARRAYS = likely(
    dtype=st.sampled_from(["float64", "float32", "int64", "bool", "float16", "longdouble", "uint8"]),
    shape=st.lists(st.integers(0, 4), max_size=4),
    data=st.binary(max_size=80).map(lambda raw: base64.b64encode(raw).decode()),
)
FILLED = (
    st.integers(0, 4)
    .flatmap(lambda n: st.lists(st.floats(width=64), min_size=n, max_size=n))
    .map(lambda numbers: {"array": {"dtype": "float64", "shape": [len(numbers)], "data": _packed(numbers)}})
)
VALUES = FILLED | st.fixed_dictionaries({"array": ARRAYS}) | st.fixed_dictionaries({"value": JSON}) | JSON
NAMES = st.sampled_from(["result", "hs", "os", "0", "1", "dW", "parameters", "memory"]) | TEXTS
FAILURES = likely(type=TEXTS, text=TEXTS, function=TEXTS, line=NUMBERS, code=TEXTS)
ANSWERS = likely(
    outputs=st.fixed_dictionaries({"dict": st.dictionaries(NAMES, VALUES, max_size=4) | JSON}),
    error=st.none() | FAILURES,
    changed=st.lists(NAMES, max_size=3),
    shares=st.lists(NAMES, max_size=3),
    repeats=st.booleans(),
)


def _packed(numbers):
    return base64.b64encode(np.array(numbers, "<f8").tobytes()).decode()


ASKED = [(exercise, test) for exercise in exercises.of_notebook(NOTEBOOK) for test in exercise.tests]
SHEETS = course().sheets(lambda exercise: np.random.default_rng(5))


@on_examples
@given(st.sampled_from(ASKED), ANSWERS, st.booleans())
def test_any_answer_is_refused_or_judged(asked, data, reveal):
    exercise, test = asked
    try:
        answer = decode(data)
    except ValueError:
        return
    sheet = SHEETS[exercise.id, test.name]
    verdict = judge(exercise, test, sheet, [answer] * len(sheet.cases), reveal)
    assert verdict.points in (0.0, test.points) and len(verdict.message) < 5000
    json.dumps(verdict.message, ensure_ascii=False).encode("utf-8", "backslashreplace")


def test_mutants_get_a_status(bubblewrap):
    """In a process of its own, as `fuzz.py` runs them."""
    campaign, started = fuzz.Campaign(seed=2, n=40), time.monotonic()
    campaign.run(jobs=1)
    assert campaign.report(time.monotonic() - started).endswith("0 crashes, 40 statuses")
    assert {status.status for status in campaign.statuses.values()} <= STATUSES.keys()
    assert sum(status.score > 0 for status in campaign.statuses.values()) > 20


def test_a_mutant_that_the_grader_does_not_end_with_is_kept(tmp_path_factory):
    campaign, folder = fuzz.Campaign(seed=2, n=2), tmp_path_factory.mktemp("kept")
    campaign.run(jobs=1, most_seconds=0.0)
    campaign.keep(folder)
    assert campaign.report(1.0).endswith("crash 2-1: no end after 0 seconds\n2 crashes, 0 statuses")
    assert (folder / "2-0.ipynb").read_bytes() == fuzz.mutated.mutant(2, 0)
    assert (folder / "2-0.txt").read_text() == "no end after 0 seconds"


def test_what_the_grader_raises_or_dies_of_is_a_crash(monkeypatch, nothing_left):
    def broken(*args):
        raise IndexError("in the grader")

    monkeypatch.setattr(graft, "graft", broken)
    here, there = multiprocessing.Pipe()
    here.send(("read", 2, 0))
    here.send(None)
    fuzz._work(there, str(nothing_left))
    answer, _ = here.recv()
    assert answer.what.endswith("IndexError: in the grader\n")
    worker = fuzz.Worker(str(nothing_left))
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.ask("read", 2, 0)
    worker.process.join()
    assert worker.answer(60.0) == fuzz.Crash("the grader's process ended with -9")
    worker.stop()
