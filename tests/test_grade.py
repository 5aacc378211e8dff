"""Single submissions through the real grader: kernel, sandbox, nbval and all."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import zmq
from classes import (
    NOTEBOOK,
    QUICK,
    answer_cell,
    as_bytes,
    course,
    graded,
    points,
    seeds,
    solved,
    stubs,
    texts,
    with_cell,
)

from course_lib import exercises
from course_lib.exercises.verdict import NOT_ATTEMPTED
from course_lib.grading import grade
from course_lib.grading.grade import GraderFault, Job, failed, grade_one
from course_lib.grading.plugin import ExamKernel, ExamPlugin, KernelEnded, Outcome
from course_lib.grading.sandbox import Limits

pytestmark = pytest.mark.usefixtures("bubblewrap")

FULL = {exercise.id: exercise.points for exercise in exercises.of_notebook(NOTEBOOK)}
ALL = sum(FULL.values())


def answering(exercise, source):
    """The right notebook with another text in one answer cell."""
    nb = solved()
    answer_cell(nb, exercise).source = source
    return nb


def following(exercise, source):
    """The right notebook with something put below one right answer, in its cell."""
    nb = solved()
    answer_cell(nb, exercise).source += f"\n\n{source}"
    return nb


def messages(result, exercise):
    return [test["message"] for test in result["tests"] if test["exercise"] == exercise]


def assert_only_lost(result, exercise):
    assert points(result) == FULL | {exercise: 0}
    assert all(messages(result, exercise))


def assert_full(result):
    assert (result["status"], result["message"], points(result)) == ("ok", "", FULL)


def test_a_right_notebook_gets_everything_and_a_result_has_the_promised_keys():
    result = graded(solved())
    assert_full(result)
    keys = ["student", "notebook", "status", "score", "max_score", "seconds", "message", "tests", "statements"]
    assert list(result) == keys
    keys = ["exercise", "test", "points", "max_points", "passed", "message", "known_mistake", "error_map"]
    assert all(list(test) == keys for test in result["tests"])
    assert (result["score"], result["max_score"]) == (ALL, ALL)
    assert json.loads(json.dumps(result)) == result


def test_an_untouched_notebook_is_not_attempted():
    result = graded(stubs())
    assert (result["status"], result["score"]) == ("ok", 0)
    assert all(test["message"].startswith(NOT_ATTEMPTED) for test in result["tests"])


def test_a_file_that_is_no_notebook_is_corrupt_and_still_has_all_its_tests():
    result = graded(b'{"cells": [')
    assert result == failed("ada", NOTEBOOK, "corrupt", result["message"])
    assert result["message"].startswith("The file is not a notebook: it is no valid JSON")
    assert (result["score"], result["max_score"], result["seconds"]) == (0, ALL, 0)
    assert len(result["tests"]) == sum(len(exercise.tests) for exercise in exercises.of_notebook(NOTEBOOK))


def test_an_endless_loop_in_an_answer_costs_only_that_answer():
    result = graded(following("rnn_step", "def rnn_step(*inputs):\n    while True: pass"), limits=Limits(cell=2.0))
    assert result["status"] == "timeout"
    assert result["message"] == "The answer to rnn_step did not end within 2 seconds."
    assert messages(result, "rnn_step")[0] == "no end after 2 seconds: is there a loop that never stops?"
    assert_only_lost(result, "rnn_step")


def test_an_endless_loop_while_an_answer_is_defined_costs_only_that_answer():
    result = graded(answering("rnn_step", "while True:\n    pass"), limits=Limits(cell=2.0))
    assert result["status"] == "timeout"
    assert "did not end in time" in messages(result, "rnn_step")[0]
    assert_only_lost(result, "rnn_step")


@pytest.mark.parametrize("sandbox", ["bwrap", "none"])
def test_how_long_a_kernel_waited_for_a_processor_is_known_of_each_cell(sandbox):
    limits = replace(QUICK, cell=1.0)
    nb = answering("rnn_step", "def rnn_step(*inputs):\n    while True: pass")
    job = Job("ada", NOTEBOOK, as_bytes(nb), texts(), seeds(), sandbox, limits)
    outcomes = grade.examine(job).outcomes
    assert any(outcome.error == "timeout" for outcome in outcomes)
    assert all(0 <= outcome.waited <= outcome.seconds + 0.5 for outcome in outcomes)


@pytest.mark.parametrize(
    "cells, cause, starved",
    [
        ([("timeout", 4.0, 0.1), ("", 9.0, 8.0)], "", False),  # an endless loop; that others were slow says nothing
        ([("timeout", 4.0, 0.9), ("", 9.0, 0.0)], "", True),
        ([("timeout", 4.0, math.nan)], "", True),  # the system does not say
        ([("", 9.0, 2.0), ("ended", 1.0, 0.1)], "timeout", True),
        ([("", 9.0, 1.0), ("ended", 1.0, 0.1)], "timeout", False),
        ([("", 9.0, 8.0), ("ended", 1.0, 0.9)], "out_of_memory", False),
        ([("", 9.0, 8.0), ("not run", 0.0, 0.0)], "", True),
        ([("", 9.0, 8.0)], "", False),
    ],
)
def test_starved_is_what_ran_out_of_time_while_its_kernel_waited(cells, cause, starved):
    plugin = ExamPlugin(None, QUICK)
    plugin.outcomes = [Outcome(None, seconds, waited, error) for error, seconds, waited in cells]
    plugin.cause = cause
    assert plugin.starved == starved


def test_os_exit_in_an_answer_costs_only_that_answer():
    result = graded(following("future_leak", "def future_leak(*inputs):\n    __import__('os')._exit(0)"))
    assert result["status"] == "crashed"
    assert result["message"].startswith("The answer to future_leak ended the kernel")
    assert "kernel ended" in messages(result, "future_leak")[0]
    assert_only_lost(result, "future_leak")


def test_two_answers_that_end_the_kernel_cost_only_themselves():
    nb = following("future_leak", "def future_leak(*inputs):\n    __import__('os')._exit(0)")
    answer_cell(nb, "rnn_forward").source = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    result = graded(nb)
    assert result["status"] == "crashed"
    assert points(result) == FULL | {"future_leak": 0, "rnn_forward": 0}


def test_a_helper_between_an_answer_and_its_check_is_there_in_the_exam():
    nb = answering("rnn_step", "def rnn_step(x_t, h_prev, U, W, b):\n    return squash(x_t @ U.T + h_prev @ W.T + b)")
    nb.cells.insert(nb.cells.index(answer_cell(nb, "rnn_step")) + 1, nbformat.v4.new_code_cell("squash = np.tanh"))
    assert_full(graded(nb))


def test_another_run_has_the_time_that_is_left_and_enough_to_start(monkeypatch):
    given = []

    def run(exam, limits):
        given.append(limits.total)
        plugin = ExamPlugin(exam, limits)
        part = next(part for part in exam.parts if part.role == "exam")
        plugin.outcomes = [Outcome(part, error="ended")] if len(given) < 3 else []
        return plugin

    monkeypatch.setattr(grade, "_run", run)
    graded(solved(), limits=Limits(total=3.0))
    assert given == [3.0, 10.0, 10.0]
    given.clear()
    graded(solved(), limits=Limits(total=300.0))
    assert given[0] == 300.0 and all(250.0 < total < 300.0 for total in given[1:])


def test_the_lecturers_own_pytest_settings_change_nothing(monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x --maxfail=1")
    result = graded(answering("rnn_step", "def rnn_step(*inputs):\n    return 1.0"))
    assert_only_lost(result, "rnn_step")


def test_a_setup_cell_that_fails_is_the_graders_fault():
    needs_the_host = "import numpy as np\n\nopen('/etc/passwd').close()\n"
    broken = replace(texts(), source=texts().source.replace("import numpy as np\n", needs_the_host, 1))
    with pytest.raises(GraderFault, match="the course's own setup cell failed: PermissionError"):
        grade_one(Job("ada", NOTEBOOK, as_bytes(solved()), broken, seeds(), limits=QUICK))


def test_a_syntax_error_costs_only_that_answer_and_is_named():
    result = graded(following("rnn_forward", "def oops(:"))
    assert result["status"] == "ok"
    assert all("the answer cell raises SyntaxError" in message for message in messages(result, "rnn_forward"))
    assert_only_lost(result, "rnn_forward")


def test_an_error_below_a_right_answer_costs_nothing():
    assert_full(graded(following("rnn_forward", "print(undefined)")))


def test_a_missing_answer_costs_only_itself_and_is_said():
    nb = solved()
    nb.cells.remove(answer_cell(nb, "tied_grad"))
    result = graded(nb)
    assert result["status"] == "ok"
    expected = "no code cell of the notebook answers tied_grad: was it deleted, or turned into text?"
    assert set(messages(result, "tied_grad")) == {expected}
    assert_only_lost(result, "tied_grad")


def test_what_surrounds_a_right_answer_costs_nothing():
    """A helper of one's own, an import in the setup, warnings, prints and a cell that fails."""
    nb = with_cell(solved(), "def halve(a):\n    return math.floor(a) / 2", before="rnn_step")
    nb = with_cell(nb, "1 / 0", before="rnn_step")
    setup = next(cell for cell in nb.cells if cell.metadata.get("course") == {"role": "setup"})
    setup.source = f"import math\nimport sys\nimport warnings\n{setup.source}"
    answer_cell(nb, "rnn_step").source += """

right_step = rnn_step

def rnn_step(*inputs):
    warnings.warn("this is slow")
    print("step", file=sys.stderr)
    return right_step(*inputs) * 2 * halve(1.5) + right_step(*inputs) * math.sin(0)
"""
    assert halve_is_needed(nb)
    assert_full(graded(nb))


def halve_is_needed(nb):
    return sum("halve" in cell.source for cell in nb.cells) == 2


@pytest.mark.parametrize("source", ["while True:\n    pass", "__import__('os')._exit(0)"], ids=["loop", "exit"])
def test_a_cell_of_ones_own_that_never_ends_or_ends_the_kernel_costs_nothing(source):
    assert_full(graded(with_cell(solved(), source, before="tied_grad"), limits=Limits(extra=1.0)))


def test_more_killing_cells_than_are_forgiven_are_said_to_be_the_students_own():
    nb = solved()
    for _ in range(9):
        nb = with_cell(nb, "__import__('os')._exit(0)")
    result = graded(nb)
    assert (result["status"], result["score"]) == ("crashed", 0)
    assert result["message"].startswith("A cell of the student's own ended the kernel")


def test_answers_in_new_cells_get_their_points():
    nb, right = stubs(), solved()
    for exercise in FULL:
        with_cell(nb, answer_cell(right, exercise).source, before=exercise)
    assert_full(graded(nb))


def test_a_notebook_whose_metadata_were_dropped_gets_its_points():
    nb = solved()
    for number, cell in enumerate(nb.cells):
        cell.id, cell.metadata = f"new-{number}", type(nb)()
    assert_full(graded(nb))


def test_an_error_whose_text_is_no_text_is_a_result_like_others():
    result = graded(following("rnn_step", "def rnn_step(*inputs):\n    raise ValueError('\\ud800\\x1b[2J')"))
    assert result["status"] == "ok"
    assert_only_lost(result, "rnn_step")


def test_all_alternatives_of_the_key_get_full_marks():
    by_exercise = {e: [code for name, _, code in course().key.alternatives if name == e] for e in FULL}
    assert all(len(codes) >= 3 for e, codes in by_exercise.items() if e != "answers01")
    for number in range(max(map(len, by_exercise.values()))):
        nb = solved()
        for exercise, codes in by_exercise.items():
            if number < len(codes):
                answer_cell(nb, exercise).source += f"\n\n\n{codes[number]}"
        assert_full(graded(nb))


def test_the_same_seeds_give_the_same_result_and_others_the_same_score():
    mistake = next(m for m in course().key.mistakes if m.exercise == "rnn_step")
    nb = following("rnn_step", mistake.code)
    first, again, other = (graded(nb, secret=secret) for secret in (1, 1, 2))
    assert first | {"seconds": 0} == again | {"seconds": 0}
    assert points(first) == points(other)
    one, two = (drawn(secret)["rnn_step", "values"].cases for secret in (1, 2))
    assert not np.array_equal(one[0]["x_t"], two[0]["x_t"])


def drawn(secret):
    chosen = seeds(secret)
    return course().sheets(lambda exercise: np.random.default_rng(chosen[exercise]))


def test_where_no_kernel_starts_nobody_gets_a_grade():
    with pytest.raises(GraderFault, match="kernel did not start"):
        graded(solved(), limits=Limits(memory=2**20))


class HungUpOn(ExamKernel):
    """A kernel to which there is no connection any more."""

    def __init__(self, socket):
        channel = SimpleNamespace(socket=socket)
        self.kc = SimpleNamespace(
            shell_channel=channel, iopub_channel=channel, execute=lambda *a, **o: socket.send(b"")
        )
        self.stopped = False

    def stop(self):
        self.stopped = True

    def _wait(self, seconds, *sockets):
        return {}


@pytest.mark.parametrize("talk", [lambda k: k.execute_cell_input("1"), lambda k: k.await_reply("id", timeout=0.01)])
def test_a_kernel_that_was_hung_up_on_is_stopped_and_not_waited_for(talk):
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:  # connected to nobody
        kernel = HungUpOn(socket)
        with pytest.raises(KernelEnded):
            talk(kernel)
        assert kernel.stopped


def test_without_the_instructors_texts_the_visible_cases_are_marked():
    result = grade_one(Job("you", NOTEBOOK, as_bytes(solved()), limits=QUICK))
    assert result["status"] == "ok"
    assert 0 < result["score"] == result["max_score"] <= ALL
