"""What was judged, written down for the lecturer: true to the grading, honest about the stored result, harmless."""

import html
import json
import re
import stat
from html.parser import HTMLParser

import nbformat
import numpy as np
import pytest
from classes import NOTEBOOK, QUICK, answer_cell, as_bytes, solved, stubs, texts, with_cell
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.filters import markdown2html
from typer.testing import CliRunner

from course_lib import cli
from course_lib.exercises.answer import MIME, encode, encode_case
from course_lib.grading import classroom
from course_lib.grading.audit import Trial, audit
from course_lib.grading.classroom import Run, Submission
from course_lib.grading.exam import as_notebook, compose
from course_lib.grading.grade import examine
from course_lib.grading.sandbox import Limits

HOSTILE = (
    '<img src="x" onerror="alert(1)"> <script>alert(1)</script> [a](javascript:alert(1)) $\\\\href{x}{y}$ \\x1b[31m'
)
WRONG = "def rnn_step(x_t, h_prev, U, W, b):\n    return x_t @ U.T + h_prev @ W.T + b"
RAISES = f"def future_leak(*inputs):\n    raise ValueError('{HOSTILE}')"
HUGE = (
    f"def cross_entropy(o, y):\n    return {{'{HOSTILE}': np.zeros(8 * (4,), np.int8), 'text': '{HOSTILE}' * 10_000}}"
)


def handed_in(folder, nb, student="ada", notebook=NOTEBOOK):
    """Where a submission lies that was just handed in."""
    path = folder / "submitted" / student / f"{notebook}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(nb if isinstance(nb, bytes) else as_bytes(nb))
    return Submission(student, notebook, path)


def run(folder, secret=b"secret", limits=QUICK):
    return Run(folder / "out", {NOTEBOOK: texts()}, secret, 1, limits=limits)


def graded(folder, submission, **options):
    """Grade a submission and store its result."""
    classroom.grade(run(folder, **options), [submission], lambda result, was_there: None)


def audited(folder, nb, student="ada"):
    """The audit of a submission that was graded just now."""
    submission = handed_in(folder, nb, student)
    graded(folder, submission)
    return read(audit(run(folder), submission).path)


def read(path):
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    return nb


def text(nb):
    """All text cells."""
    return "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")


def plain(markdown):
    """Markdown with its character references read."""
    return html.unescape(markdown)


def shown(nb, exercise, test):
    """What the cells of a test's cases show."""
    start = f'inputs, right = trials["{exercise}", "{test}"].again('
    return [cell.outputs[0].text for cell in nb.cells if cell.source.startswith(start)]


def trials(nb):
    """The tests with their inputs and right answers, out of the cells that hold them."""
    found = {}
    for cell in nb.cells:
        if cell.source.startswith("trials["):
            exec(cell.source, {"trials": found, "Trial": Trial})
    return found


@pytest.fixture(scope="module")
def judged(tmp_path_factory, bubblewrap):
    """A submission with mistakes of all kinds, what was found when it was examined, and its audit."""
    folder = tmp_path_factory.mktemp("judged")
    nb = with_cell(with_cell(solved(), "factor = 1.0"), f"print(factor)\nraise OSError('{HOSTILE}')", "rnn_step")
    for exercise, code in (("rnn_step", WRONG), ("future_leak", RAISES), ("cross_entropy", HUGE)):
        answer_cell(nb, exercise).source = code
    submission = handed_in(folder, nb)
    graded(folder, submission)
    found = examine(classroom.second_look(run(folder), submission).job)
    path, compared = audit(run(folder), submission)
    return {"submission": nb, "examined": found, "path": path, "compared": compared, "audit": read(path)}


# --- True to the grading ----------------------------------------------------------------------------------------


def test_the_cells_are_those_that_were_run_in_their_order(judged):
    code = [cell.source for cell in judged["audit"].cells if cell.cell_type == "code"]
    ours = re.compile(r"trials\[|inputs, right = |# Below stands")
    assert [source for source in code if not ours.match(source)] == [
        part.source for part in judged["examined"].parts if part.role != "exam"
    ]
    assert {WRONG, RAISES, HUGE, "factor = 1.0"} <= set(code)


def test_inputs_and_right_answers_are_those_of_the_exam(judged):
    """Byte for byte what the exam cells were given and compared with; letters of a quiz are said, not their hash."""
    examined, found = judged["examined"], trials(judged["audit"])
    assert found.keys() == examined.sheets.keys()
    exam = compose(NOTEBOOK, examined.parts, examined.sheets, reveal=False)
    cells = {
        (part.exercise, part.test): (part, cell)
        for part, cell in zip(exam.parts, as_notebook(exam)["cells"], strict=True)
    }
    data = {c.source.split("]")[0]: c.source for c in judged["audit"].cells if c.source.startswith("trials[")}
    for (exercise, test), sheet in examined.sheets.items():
        part, cell = cells[exercise, test]
        asked = re.search(r'"([\w+/=]{4,})"\)$', part.source)[1]
        written = data[f'trials["{exercise}", "{test}"']
        assert f'"{asked}"' in written
        assert len(found[exercise, test]._cases) == len(sheet.cases)
        assert [encode_case(case) for case in found[exercise, test]._cases] == [encode_case(c) for c in sheet.cases]
        stored = cell["outputs"][0]["data"][MIME]["answers"]
        for right, wanted in zip(found[exercise, test]._expected, stored, strict=True):
            if "hash" not in wanted:
                assert encode(right) == wanted
    assert dict(found["answers01", "memory"]._expected[0].outputs) == {"memory": "c"}


def test_every_test_is_there_with_its_points_and_message(judged):
    said = text(judged["audit"])
    for test in judged["examined"].result["tests"]:
        verdict = f"{'passed' if test['passed'] else 'not passed'}, {test['points']:g} of {test['max_points']:g} points"
        assert f"### `{test['exercise']}`, test “{test['test']}”: {verdict}" in said
    assert "tanh is missing" in plain(said)


def test_a_case_shows_the_right_and_the_given_values_and_where_they_are_farthest(judged):
    case = shown(judged["audit"], "rnn_step", "values")[0]
    trial = trials(judged["audit"])["rnn_step", "values"]
    inputs, right = trial._cases[0], trial._expected[0].outputs["result"]
    given = inputs["x_t"] @ inputs["U"].T + inputs["h_prev"] @ inputs["W"].T + inputs["b"]
    error = np.abs(given - right)
    worst = np.unravel_index(error.argmax(), error.shape)
    assert case.startswith("failed: result: ")
    assert f"{given[worst]:.6g} instead of {right[worst]:.6g}" in case
    assert f"farthest from right at [{worst[0]}, {worst[1]}]: {given[worst]:.9g}, right is {right[worst]:.9g}" in case
    assert f"  x_t  float64 {inputs['x_t'].shape}" in case
    assert shown(judged["audit"], "rnn_forward", "outputs")[0].startswith("passed")


def test_what_became_of_the_students_cells_is_said(judged):
    said = plain(text(judged["audit"]))
    assert "It raised <code>OSError: <img" in said
    assert "The student's answer to `rnn_step`\n\nIt ran" in said


def test_tried_again_every_case_shows_what_is_written_down(judged):
    nb = nbformat.from_dict(json.loads(json.dumps(judged["audit"])))
    guard = next(cell for cell in nb.cells if "I_HAVE_READ_IT" in cell.source)
    guard.source = guard.source.replace("I_HAVE_READ_IT = False", "I_HAVE_READ_IT = True")
    NotebookClient(nb, timeout=60, kernel_name="python3", allow_errors=True).execute()
    cells = [
        (before, after)
        for before, after in zip(judged["audit"].cells, nb.cells, strict=True)
        if before.cell_type == "code" and before.outputs
    ]
    assert len(cells) > 40
    for before, after in cells:
        assert "".join(output.text for output in after.outputs) == before.outputs[0].text, before.source


def test_nothing_of_the_student_runs_before_the_lecturer_says_so(judged, tmp_path):
    nb = nbformat.from_dict(json.loads(json.dumps(judged["audit"])))
    first = next(i for i, cell in enumerate(nb.cells) if cell.cell_type == "code")
    assert "I_HAVE_READ_IT = False" in nb.cells[first].source
    nb.cells.insert(first + 1, nbformat.v4.new_code_cell(f"open({str(tmp_path / 'ran')!r}, 'w').close()"))
    with pytest.raises(CellExecutionError, match="read what the student wrote"):
        NotebookClient(nb, timeout=60, kernel_name="python3").execute()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("role", "code", "became", "verdict"),
    [
        ("extra", "__import__('os')._exit(0)", "It was left out: it had ended the kernel", "passed"),
        (
            "answer",
            "def rnn_step(*inputs):\n    __import__('os')._exit(0)",
            "It ran",
            "the notebook's kernel ended here",
        ),
        ("answer", "while True: pass", "It did not end in time", "not run: an earlier cell of this exercise"),
    ],
)
def test_cells_that_end_the_kernel_or_never_end(tmp_path, bubblewrap, role, code, became, verdict):
    nb = solved()
    if role == "extra":
        with_cell(nb, code)
    else:
        answer_cell(nb, "rnn_step").source = code
    written = audited(tmp_path, nb)
    place = next(i for i, cell in enumerate(written.cells) if cell.source == code)
    assert became in written.cells[place - 1].source
    said = plain(text(written))
    assert verdict in said[said.index("### `rnn_step`, test “values”") :]
    assert ("given\n  no answer" in shown(written, "rnn_step", "values")[0]) == (role == "answer")
    assert shown(written, "rnn_forward", "outputs")[0].startswith("passed")


def test_an_exercise_without_an_answer_cell_is_said(tmp_path, bubblewrap):
    nb = solved()
    nb.cells.remove(answer_cell(nb, "tied_grad"))
    said = plain(text(audited(tmp_path, nb)))
    assert "### `tied_grad`, test “untie”: not passed, 0 of" in said
    assert "no code cell of the notebook answers tied_grad" in said


def test_a_file_that_is_no_notebook_has_a_head_and_no_cells(tmp_path):
    nb = audited(tmp_path, b'{"cells": [')
    assert [cell.cell_type for cell in nb.cells] == ["markdown"]
    assert "not a notebook" in plain(text(nb)) and "| status | corrupt |" in text(nb)


# --- Beside the stored result -----------------------------------------------------------------------------------


def test_the_same_is_said_to_be_the_same(judged):
    assert judged["compared"] == ["The stored result says the same, test by test."]
    assert text(judged["audit"]).count("the same |") == 3


def test_without_a_stored_result_it_is_refused(tmp_path, bubblewrap):
    handed_in(tmp_path, stubs())
    code, _, complaint = course_grade(tmp_path, "--audit", "ada", "--due", "2026-11-20T23:59Z", "--notebook", NOTEBOOK)
    assert code == 2 and f"holds no result of ada in {NOTEBOOK}: give the folder that" in complaint
    assert not (tmp_path / "out").exists()


def compared(folder, submission, **options):
    """What is said of the stored result, on the terminal and in the notebook."""
    path, lines = audit(run(folder, **options), submission)
    assert all(line in plain(text(read(path))) for line in lines)
    return lines


def test_what_differs_from_the_stored_result_is_said(tmp_path, bubblewrap):
    submission = handed_in(tmp_path, solved())
    graded(tmp_path, submission)
    stored = classroom.result_path(tmp_path / "out", "ada", NOTEBOOK)
    before = stored.read_bytes()
    nb = solved()
    answer_cell(nb, "rnn_step").source = WRONG
    handed_in(tmp_path, nb)
    lines = compared(tmp_path, submission)
    assert lines[:2] == ["The stored result is of another submission.", "score: 10 is stored, 8 was found now"]
    assert "rnn_step, values, points: 1 is stored, 0 was found now" in lines
    assert any(line.startswith("rnn_step, values, message: '' is stored, 'tanh is missing") for line in lines)
    assert stored.read_bytes() == before


def test_another_secret_course_or_submission_behind_the_stored_result_is_said(tmp_path):
    submission = handed_in(tmp_path, b"[")  # runs no kernel
    graded(tmp_path, submission)
    assert compared(tmp_path, submission) == ["The stored result says the same, test by test."]
    assert compared(tmp_path, submission, secret=b"another") == ["The stored result is of another secret."]
    limits = Limits(cell=5.0, total=60.0)
    other = "The stored result is of another state of course texts, grader and limits."
    assert compared(tmp_path, submission, limits=limits) == [other]
    stored = classroom.result_path(tmp_path / "out", "ada", NOTEBOOK)
    stored.write_text(json.dumps(json.loads(stored.read_bytes()) | {"graded_from": None}))
    assert len(compared(tmp_path, submission)) == 3
    stored.write_text("{}")
    with pytest.raises(classroom.ClassroomError, match="holds no result"):
        compared(tmp_path, submission)


def test_a_submission_that_cannot_be_read_is_refused(tmp_path):
    handed_in(tmp_path, b"")
    link = tmp_path / "link.ipynb"
    link.symlink_to(tmp_path / "submitted")
    with pytest.raises(classroom.ClassroomError, match="no notebook of ada to look at: The file is a link"):
        audit(run(tmp_path), Submission("ada", NOTEBOOK, link))


# --- Harmless, and for one reader -------------------------------------------------------------------------------


def test_only_its_owner_may_read_it_and_its_top_says_for_whom_it_is(judged):
    assert stat.S_IMODE(judged["path"].stat().st_mode) == 0o600
    assert judged["path"].parts[-3:] == ("audit", "ada", f"{NOTEBOOK}.ipynb")
    assert "**For the lecturer only" in judged["audit"].cells[0].source


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, attributes))


def test_what_the_student_wrote_is_text_and_nothing_else(judged):
    nb = judged["audit"]
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            tags = Tags(markdown2html(cell.source)).found
            assert {tag for tag, _ in tags} <= {"h1", "h2", "h3", "p", "code", "strong", "ul", "li", "hr"} | {
                *("table", "thead", "tbody", "tr", "th", "td", "a")
            }
            links = [attributes for tag, attributes in tags if tag == "a"]
            assert all(dict(link).get("href", "").startswith("#") for link in links)  # to the headings themselves
            assert "$" not in cell.source and "\x1b" not in cell.source
        else:
            assert {output.output_type for output in cell.outputs} <= {"stream"}
            assert not any("\x1b" in output.text for output in cell.outputs)
    assert "onerror" in plain(text(nb))  # it is said all the same


def test_what_is_huge_is_abbreviated(judged):
    case = shown(judged["audit"], "cross_entropy", "loss")[0]
    assert len(case) < 15_000 and "(cut)" in case and "int8 (4, 4, 4, 4, 4, 4, 4, 4)" in case
    assert judged["path"].stat().st_size < 2_000_000


def test_a_cell_that_is_not_what_it_looks_like_or_very_long_is_marked(tmp_path, bubblewrap):
    nb = with_cell(with_cell(stubs(), "x = 'user\u202e\u2066# admin'"), f"y = '{'z' * 60_000}'")
    blank = "\u00ad\u115f\u180b\u2800\u3164\ufe0f\ufffa\U000e0041"
    with_cell(nb, f"z = 'is{blank}'")
    written = audited(tmp_path, nb)
    said = text(written)
    assert "(U+00AD, U+115F, U+180B, U+2800, U+3164, U+E0041, U+FE0F, U+FFFA)" in said
    assert "characters that cannot be seen** (U+202E, U+2066)" in said
    assert "lines of more than 1000 characters** (1)" in said
    assert "It has 60006 characters; here are the first 50000" in said
    assert max(len(cell.source) for cell in written.cells) < 60_000


def test_a_folder_whose_name_is_no_text(tmp_path, bubblewrap):
    student = "caf\udce9 *<b>_$x$"
    nb = audited(tmp_path, stubs(), student)
    assert "<code>caf &#42;&#60;b&#62;&#95;&#36;x&#36;</code>" in nb.cells[0].source


# --- course grade --audit ---------------------------------------------------------------------------------------


def course_grade(folder, *arguments):
    command = ["grade", str(folder / "submitted"), "--out", str(folder / "out"), *arguments]
    result = CliRunner().invoke(cli.app, command, env={"COLUMNS": "400"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_command_writes_the_audit_and_nothing_else(tmp_path, bubblewrap):
    handed_in(tmp_path, stubs())
    handed_in(tmp_path, stubs(), "ben")
    assert course_grade(tmp_path)[0] == 0
    out = tmp_path / "out"
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    roster = tmp_path / "roster.csv"
    roster.write_text("student_id,last_name,first_name,email\nada,,,\n")
    due = ("--due", "2026-11-20T23:59Z", "--notebook", NOTEBOOK, "--roster", roster)
    code, said, _ = course_grade(tmp_path, "--audit", "ada", *due)  # what is said of the class is not kept
    assert code == 0 and "The stored result says the same, test by test." in said
    assert "for the lecturer only, it holds hidden inputs and right answers" in said
    after = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert after.keys() - before.keys() == {out / "audit" / "ada" / f"{NOTEBOOK}.ipynb"}
    assert before.items() <= after.items()


def test_whose_notebook_is_asked_where_it_is_not_clear(tmp_path, bubblewrap):
    handed_in(tmp_path, b"")
    handed_in(tmp_path, b"", notebook="02_bptt")
    assert course_grade(tmp_path)[0] == 0
    code, _, complaint = course_grade(tmp_path, "--audit", "ada")
    assert code == 2 and "ada handed in 01_unrolling, 02_bptt: say which with --notebook" in complaint
    code, _, complaint = course_grade(tmp_path, "--audit", "nobody")
    assert code == 2 and "no notebook of nobody is among the submissions" in complaint
    code, said, _ = course_grade(tmp_path, "--audit", "ada", "--notebook", "02_bptt")
    assert code == 0 and "02_bptt.ipynb" in said
