"""What is taken out of a submitted file, without running any of it."""

import copy
import json
import time
import warnings

import nbformat
import pytest
from classes import NOTEBOOK, answer_cell, as_bytes, course, solved, stubs, with_cell

from course_lib import exercises
from course_lib.grading.graft import MOST_BYTES, Unreadable, graft

EXAMS = [(e.id, test.name) for e in exercises.of_notebook(NOTEBOOK) for test in e.tests]
STEP = "def rnn_step(x_t, h_prev, U, W, b):\n    return np.tanh(x_t @ U.T + h_prev @ W.T + b)"
QUIZ = "answers01['parameters'] = 12"


def grafted(nb):
    return graft(nb if isinstance(nb, bytes) else as_bytes(nb), NOTEBOOK, course().released_cells())


def sources(nb, role):
    return [part.source for part in grafted(nb).parts if part.role == role]


def examined_after(nb, exercise):
    """The sources that run for an exercise before its first test, without the setup."""
    parts = grafted(nb).parts
    first = next(i for i, part in enumerate(parts) if part.role == "exam" and part.exercise == exercise)
    return [part.source for part in parts[:first] if part.exercise in ("", exercise) and part.role != "setup"]


def check_cell(nb, exercise):
    return next(cell for cell in nb.cells if cell.id == f"{exercise}-check")


def own(source):
    return nbformat.v4.new_code_cell(source)


def put(nb, source, after):
    nb.cells.insert(nb.cells.index(after) + 1, own(source))
    return nb


def stripped(nb, ids):
    """The notebook as an editor leaves it that knows nothing of metadata (and, perhaps, of ids)."""
    for number, cell in enumerate(nb.cells):
        cell.metadata = nbformat.NotebookNode()
        if ids:
            cell.id = f"new-{number}"
    return nb


def other_course():
    nb = nbformat.v4.new_notebook(cells=[own("import pandas as pd\ndf = pd.read_csv('x.csv')"), own("1 + 1")])
    return as_bytes(nb)


def nb_with(**changes):
    return json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | changes).encode()


UNREADABLE = {
    "empty": (b"", "The file is empty"),
    "blank": (b" \n\t ", "The file is empty"),
    "text": (b"my homework", "no valid JSON"),
    "binary": (bytes(range(256)), "no valid JSON"),
    "cut off": (b'{"cells": [', "no valid JSON"),
    "too deep": (b"[" * 200_000, "no valid JSON"),
    "too deep objects": (b'{"cells":' * 200_000, "no valid JSON"),
    "huge integer": (b'{"nbformat": ' + b"9" * 5000 + b"}", "no valid JSON"),
    "large integer": (b'{"nbformat": ' + b"9" * 4000 + b"}", "format 999999999,"),
    "a list": (b"[]", "not a notebook"),
    "no format": (b"{}", "not a notebook"),
    "format as text": (nb_with(nbformat="4"), "not a notebook"),
    "format 3": (b'{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}', "format 3, this course uses format 4"),
    "format 5": (nb_with(nbformat=5), "format 5"),
    "cells an object": (nb_with(cells={}), "no list of cells"),
    "no cells": (b'{"nbformat": 4}', "no list of cells"),
    "empty notebook": (nb_with(), "another course or topic"),
    "another course": (other_course(), "another course or topic"),
    "very many cells": (nb_with(cells=[{}] * 2001), "2001 cells"),
    "data in a cell": (nb_with(cells=[{"cell_type": "code", "source": "x" * 2_000_000}]), "1.9 MB of text"),
    "20 MB": (b"{" + b" " * MOST_BYTES, "20 MB: clear its outputs"),
}


@pytest.mark.parametrize("data, words", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_notebook_of_this_course_is_said_in_a_sentence(data, words):
    with pytest.raises(Unreadable) as caught:
        grafted(data)
    message = str(caught.value)
    assert words in message
    assert message[0].isupper() and message.endswith((".", "?")) and len(message) < 250


def test_cells_without_form_are_passed_over():
    nb = json.loads(as_bytes(solved()))
    junk = [None, 3, "code", [], {}, {"cell_type": ["code"]}, {"cell_type": "code"}]
    junk += [{"cell_type": "code", "source": source} for source in (5, None, {}, [], [1, None])]
    nb["cells"] += junk
    assert grafted(json.dumps(nb).encode()) == grafted(solved())


@pytest.mark.parametrize("metadata", [None, "text", [], 3, {"course": []}, {"course": {"role": 3, "exercise": []}}])
@pytest.mark.parametrize("cell_id", ["x", None, 3, [[]], {}])
def test_marks_without_form_leave_a_cell_of_the_students_own(metadata, cell_id):
    nb = json.loads(as_bytes(solved()))
    nb["cells"].insert(0, {"cell_type": "code", "id": cell_id, "metadata": metadata, "source": ["a = 1\n", None, "b"]})
    parts = grafted(json.dumps(nb).encode()).parts
    assert [part.source for part in parts if part.role == "extra"] == ["a = 1\nb"]
    assert [(part.exercise, part.test) for part in parts if part.role == "exam"] == EXAMS


@pytest.mark.parametrize("marks", [{"nbgrader": 5}, {"nbgrader": {"grade_id": []}}, {"nbgrader": {"solution": True}}])
def test_nbgraders_marks_without_form_do_no_harm(marks):
    nb = solved()
    for cell in nb.cells:
        cell.metadata.pop("nbgrader", None)
        cell.metadata.update(copy.deepcopy(marks))
    assert grafted(nb) == grafted(solved())


def test_half_a_surrogate_pair_becomes_text_that_a_file_can_hold():
    nb = json.loads(as_bytes(solved()))
    nb["cells"].insert(0, {"cell_type": "code", "metadata": {}, "source": "x = '\ud800'"})
    [source] = [part.source for part in grafted(json.dumps(nb).encode()).parts if part.role == "extra"]
    assert source == "x = '?'"


def test_every_test_is_asked_once_and_after_its_answer():
    parts = grafted(solved()).parts
    assert [(part.exercise, part.test) for part in parts if part.role == "exam"] == EXAMS
    answered = [part.exercise for part in parts if part.role == "answer"]
    assert answered == [exercise.id for exercise in exercises.of_notebook(NOTEBOOK)]
    assert sources(solved(), "extra") == []


def test_an_untouched_notebook_is_all_stubs():
    assert all("YOUR CODE HERE" in source for source in sources(stubs(), "answer"))
    assert sources(stubs(), "extra") == [] and grafted(stubs()).absent == []


def test_source_as_a_list_of_lines_is_the_same():
    assert grafted(nbformat.writes(solved()).encode()) == grafted(json.dumps(dict(solved())).encode())


@pytest.mark.parametrize("ids", [False, True], ids=["ids kept", "ids new"])
@pytest.mark.parametrize("make", [solved, stubs])
def test_an_editor_that_drops_metadata_changes_nothing(make, ids):
    assert [part for part in grafted(stripped(make(), ids)).parts if part.role != "extra"] == grafted(make()).parts


def test_an_editor_that_drops_metadata_makes_no_demo_run():
    released = {cell["source"] for cell in course().released_cells()}
    assert not released & set(sources(stripped(solved(), ids=True), "extra"))


def test_nbgraders_marks_alone_are_enough():
    nb = solved()
    for number, cell in enumerate(nb.cells):
        cell.id = f"new-{number}"
        cell.metadata.pop("course", None)
    assert [part for part in grafted(nb).parts if part.role != "extra"] == grafted(solved()).parts


@pytest.mark.parametrize("change", ["deleted", "markdown", "raw"])
def test_a_deleted_or_retyped_answer_is_absent_and_takes_no_other_with_it(change):
    nb = solved()
    cell = answer_cell(nb, "rnn_forward")
    if change == "deleted":
        nb.cells.remove(cell)
    else:
        cell.cell_type = change
        del cell["outputs"], cell["execution_count"]
    result = grafted(nb)
    assert result.absent == ["rnn_forward"]
    asked = [(part.exercise, part.test) for part in result.parts if part.role == "exam"]
    assert asked == [exam for exam in EXAMS if exam[0] != "rnn_forward"]


def test_of_a_doubled_answer_both_run_and_the_last_counts():
    nb = solved()
    cell = answer_cell(nb, "rnn_step")
    doubled = copy.deepcopy(cell)
    doubled.id, doubled.source = "copy", STEP
    nb.cells.insert(nb.cells.index(cell) + 1, doubled)
    assert examined_after(nb, "rnn_step") == [cell.source, STEP]


def test_an_untouched_copy_of_the_stub_does_not_undo_the_answer():
    nb = solved()
    cell, stub = answer_cell(nb, "rnn_step"), answer_cell(stubs(), "rnn_step")
    stub.id = "copy"
    nb.cells.insert(nb.cells.index(cell) + 1, stub)
    assert examined_after(nb, "rnn_step") == [cell.source]


@pytest.mark.parametrize("comment", ["", "# see the cell below"])
def test_a_function_in_a_new_cell_answers_while_the_stub_stays(comment):
    nb = stubs()
    cell = answer_cell(nb, "rnn_step")
    cell.source += f"\n\n    {comment}\n"
    put(nb, STEP, cell)
    assert examined_after(nb, "rnn_step")[-1] == STEP


def test_a_function_above_its_untouched_stub_answers():
    assert examined_after(with_cell(stubs(), STEP, before="rnn_step"), "rnn_step") == [STEP]


def test_a_function_in_the_answer_cell_of_another_exercise_answers():
    nb = stubs()
    answer_cell(nb, "rnn_forward").source += f"\n\n{STEP}"
    assert STEP in examined_after(nb, "rnn_step")[-1]


def test_a_quiz_that_is_filled_in_from_another_cell_keeps_its_dictionary():
    nb = stubs()
    cell = answer_cell(nb, "answers01")
    assert examined_after(put(nb, QUIZ, cell), "answers01") == [cell.source, QUIZ]


def test_the_second_function_of_an_exercise_may_stand_in_a_cell_below():
    nb, loss = solved(), "def cross_entropy(o, y):\n    return 0.0"
    cell = answer_cell(nb, "cross_entropy")
    assert examined_after(put(nb, loss, cell), "cross_entropy") == [cell.source, loss]


def test_a_trial_below_the_check_does_not_undo_the_answer():
    nb, trial = solved(), "rnn_step = None"
    put(nb, trial, check_cell(nb, "rnn_step"))
    assert trial not in examined_after(nb, "rnn_step")
    assert trial in sources(nb, "extra")


def test_check_cells_are_never_run_and_never_missed():
    edited, deleted = solved(), solved()
    for exercise in exercises.of_notebook(NOTEBOOK):
        check_cell(edited, exercise.id).source = "earned = lambda answer: 100.0"
        deleted.cells.remove(check_cell(deleted, exercise.id))
    assert grafted(edited) == grafted(deleted) == grafted(solved())


def test_an_edited_setup_runs_after_the_released_one():
    nb = solved()
    setup = next(cell for cell in nb.cells if cell.metadata.get("course") == {"role": "setup"})
    released, setup.source = setup.source, f"import math\n{setup.source}"
    parts = [(part.role, part.source) for part in grafted(nb).parts]
    assert parts.index(("setup", released)) < parts.index(("extra", setup.source))


def test_an_edited_demo_runs_as_a_cell_of_the_students_own_and_others_do_not():
    nb = solved()
    demo = next(cell for cell in nb.cells if cell.metadata.get("course", {}).get("role") == "demo")
    demo.source = "theta = 3"
    assert sources(nb, "extra") == ["theta = 3"]


def test_own_cells_keep_their_place():
    nb = with_cell(with_cell(solved(), "first = 1"), "second = 2", before="tied_grad")
    parts = [part.source for part in grafted(nb).parts if part.role in ("extra", "answer")]
    assert parts[0] == "first = 1"
    assert parts[parts.index("second = 2") + 1] == answer_cell(nb, "tied_grad").source


@pytest.mark.parametrize(
    "source",
    [STEP.replace("return", "retrun np"), "rnn_step = (lambda:", "async def  rnn_step(:", "%magic\nrnn_step=f("],
)
def test_a_cell_that_does_not_parse_still_answers(source):
    assert examined_after(with_cell(stubs(), source, before="rnn_step"), "rnn_step") == [source]


@pytest.mark.parametrize(
    "source",
    [
        "(\n" + "\n" * 900_000,
        "(" + " " * 900_000,
        "rnn_step" + ".a" * 400_000,
        "x = " + "-" * 900_000 + "1",
        "x = " + "(" * 900_000,
        "x" * 900_000 + " (",
        "rnn_step\0",
    ],
    ids=["newlines", "blanks", "attributes", "signs", "brackets", "letters", "nul"],
)
def test_no_text_keeps_the_grader_busy(source):
    started = time.monotonic()
    assert source in sources(with_cell(solved(), source), "extra")
    assert time.monotonic() - started < 5


def test_a_doubtful_escape_in_a_submission_warns_nobody():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grafted(with_cell(solved(), 'x = "\\d"'))
