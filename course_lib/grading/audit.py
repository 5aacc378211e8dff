"""The notebook that was judged, for the lecturer to read and to try: ``course grade DIR --out OUT --audit STUDENT``.

The submission is graded again the way `grade` does it, and what the judge saw is written down: the student's cells as
they were run, and for each exam cell the inputs, what was expected and what came back. The same function that writes
a case down here shows it again when its cell is run.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import numpy as np
from nbformat.notebooknode import NotebookNode

from course_lib import exercises
from course_lib.exercises import TOLERANCE, Exercise, Test
from course_lib.exercises.answer import Answer, attempt, decode, decode_case, encode, encode_case
from course_lib.exercises.verdict import Sheet, fingerprint, judge, seen
from course_lib.grading.classroom import Look, Run, second_look
from course_lib.grading.course import load
from course_lib.grading.exam import Sheets
from course_lib.grading.files import write_atomically
from course_lib.grading.grade import Examination, Result, examine
from course_lib.grading.graft import Part
from course_lib.grading.pages import clean
from course_lib.grading.plugin import Outcome
from course_lib.grading.submissions import Submission

_MOST_LETTERS = 50_000  # of a cell that is shown; the longest honest one has a twentieth
_MOST_VALUES = 20  # inputs or outputs of one case that are shown
_WHOLE = 60  # an array of more numbers is abbreviated
_LONG_LINE = 1000  # letters; none of the course's own has more than an eighth
# Characters without ink, or that turn the text around them: they can make code read as other code.
_UNSEEN = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)

_GUARD = """# Below stands what the student wrote. To run it is to run it on this computer, without a sandbox,
# with all the rights that you have. Read it first, then say True.
I_HAVE_READ_IT = False

if not I_HAVE_READ_IT:
    raise RuntimeError("read what the student wrote, then set I_HAVE_READ_IT to True")
from course_lib.grading.audit import Trial

trials = {}"""

_ORIGINS = {"submission": "submission", "course": "state of course texts, grader and limits", "secret": "secret"}


class Audit(NamedTuple):
    """Where the notebook lies, and how the stored result compares with what was found now, in sentences."""

    path: Path
    compared: list[str]


def audit(run: Run, submission: Submission) -> Audit:
    """Grade a submission once more and write down what was judged; its stored result stays as it is.

    Args:
        run: how the class is graded.
        submission: whose notebook.

    Raises:
        ClassroomError: if the submission or its stored result cannot be read.
        GraderFault: if no kernel starts.
    """
    look = second_look(run, submission)
    examination = examine(look.job)
    compared = _compared(look, examination.result)
    nb = _notebook(look, examination, compared)
    path = run.out / "audit" / submission.student / f"{submission.notebook}.ipynb"
    write_atomically(path, nbformat.writes(nb) + "\n", private=True)
    return Audit(path, compared)


class Trial:
    """The cases of one test, in a notebook that `audit` wrote.

    Args:
        exercise: the exercise's id.
        test: the test's name.
        cases: its inputs, as the exam cell has them.
        expected: the right answers, likewise.
    """

    def __init__(self, exercise: str, test: str, cases: str, expected: str):
        _, self._exercise = exercises.find(exercise)
        self._test = self._exercise.test(test)
        self._cases = [decode_case(case) for case in _unpacked(cases)]
        self._expected = [decode(answer) for answer in _unpacked(expected)]

    def again(self, number: int, namespace: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Try a case on what the namespace holds now, and show what came of it as in the audit.

        Args:
            number: which one, counted from 1.
            namespace: where the student's function is, ``globals()``.

        Returns:
            The inputs and the right outputs, to go on with.
        """
        case, expected = self._cases[number - 1], self._expected[number - 1]
        given = attempt(self._exercise, self._test, namespace, case)
        print(_described(self._exercise, self._test, case, expected, given))
        return case, dict(expected.outputs)


def _compared(look: Look, found: Result) -> list[str]:
    """How the stored result compares with that found now."""
    stored = look.stored
    before = stored["graded_from"] or {}  # none where the grader itself had failed
    other = [what for name, what in _ORIGINS.items() if before.get(name) != look.origin[name]]
    lines = [f"The stored result is of another {what}." for what in other]
    for name in ("status", "message", "score", "max_score"):
        lines += _unlike(name, stored[name], found[name])
    tests = [{(test["exercise"], test["test"]): test for test in result["tests"]} for result in (stored, found)]
    for one in dict.fromkeys([*tests[0], *tests[1]]):
        for name in ("points", "max_points", "message"):
            lines += _unlike(f"{one[0]}, {one[1]}, {name}", *(test.get(one, {}).get(name, "–") for test in tests))
    return lines or ["The stored result says the same, test by test."]


def _unlike(what: str, stored: Any, found: Any) -> list[str]:
    return [] if stored == found else [f"{what}: {_said(stored)} is stored, {_said(found)} was found now"]


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(clean(str(value)))


def _notebook(look: Look, examination: Examination, compared: list[str]) -> NotebookNode:
    cells = [_head(look, examination.result, compared)]
    if examination.parts:
        cells += [nbformat.v4.new_code_cell(_GUARD)]
        cells += _body(look, examination)
    for number, cell in enumerate(cells):
        cell.id = f"audit-{number}"
    nb = nbformat.v4.new_notebook(cells=cells)
    nb.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nb


def _head(look: Look, found: Result, compared: list[str]) -> NotebookNode:
    """What this is, of which submission, course and secret, and how it compares with the stored result."""
    job, rows = look.job, []
    for name, what in _ORIGINS.items():
        before = ((look.stored or {}).get("graded_from") or {}).get(name)
        same = "the same" if before == look.origin[name] else _literal(before or "–")
        rows.append(f"| {what} | {_literal(look.origin[name])} | {same} |")
    rows.append(f"| status | {found['status']} | {look.stored['status'] if look.stored else '–'} |")
    points = [f"{r['score']:g} of {r['max_score']:g}" if r else "–" for r in (found, look.stored)]
    rows.append(f"| points | {points[0]} | {points[1]} |")
    text = f"""# What was judged: {job.notebook} of {_literal(job.student)}

**For the lecturer only: this notebook holds hidden inputs and right answers.**

It was made by grading the submission once more (sandbox: {job.sandbox}), with this student's inputs. The cells are as
they were run, in their order; left out are the course's demo cells and the grader's first one, which silences output.
Below an answer each test stands with its verdict, and each of its cases with the inputs, the right and the given
values. Run the cell of a case, after those above it, to try it again: `inputs` and `right` are then there to work with.

| | now | stored result |
|---|---|---|
{chr(10).join(rows)}

{chr(10).join(f"- {_literal(line)}" for line in compared)}
"""
    if found["message"]:
        text += f"\n{_literal(found['message'])}\n"
    return nbformat.v4.new_markdown_cell(text)


def _body(look: Look, examination: Examination) -> Iterator[NotebookNode]:
    """The cells that were run, each with what became of it."""
    outcomes = list(examination.outcomes)
    entries = {(test["exercise"], test["test"]): test for test in examination.result["tests"]}
    for part in examination.parts:
        outcome = next((o for o in outcomes if _is_of(o, part)), None)
        if outcome:
            outcomes.remove(outcome)  # of two cells that are the same, the first is done
        if part.role != "exam":
            yield from _own(part, outcome)
        elif entry := entries.pop((part.exercise, part.test), None):
            yield from _exam(look, part, outcome, entry, examination.sheets)
    yield from map(_verdict, entries.values())  # nothing in the submission answers these


def _is_of(outcome: Outcome, part: Part) -> bool:
    """Whether this became of that cell; an exam cell got its source only when it was run."""
    one = outcome.part
    return (one.role, one.exercise, one.test) == (part.role, part.exercise, part.test) and (
        part.role == "exam" or one.source == part.source
    )


def _own(part: Part, outcome: Outcome | None) -> Iterator[NotebookNode]:
    """A cell of the course's or the student's own."""
    titles = {
        "setup": "## The course's setup",
        "answer": f"## The student's answer to `{part.exercise}`",
        "extra": "## A cell of the student's own",
    }
    lines, length = [titles[part.role], _became(outcome)], len(part.source)
    if unseen := ", ".join(sorted(f"U+{ord(sign):04X}" for sign in set(_UNSEEN.findall(part.source)))):
        lines.append(f"**It holds characters that cannot be seen** ({unseen}): it may be other code than you read.")
    if long := [str(number) for number, line in enumerate(part.source.split("\n"), 1) if len(line) > _LONG_LINE]:
        lines.append(f"**It holds lines of more than {_LONG_LINE} characters** ({', '.join(long)}): read to their end.")
    if length > _MOST_LETTERS:
        lines.append(f"It has {length} characters; here are the first {_MOST_LETTERS}, the submission has the rest.")
    yield nbformat.v4.new_markdown_cell("\n\n".join(lines))
    yield nbformat.v4.new_code_cell(part.source[:_MOST_LETTERS])


def _became(outcome: Outcome | None) -> str:
    """What became of a cell, in a sentence."""
    if outcome is None:
        return "It was left out: it had ended the kernel, and the rest was run again without it."
    if not outcome.error:
        return f"It ran, in {outcome.seconds:.2f} s."
    told = {
        "timeout": f"It did not end in time, and was stopped after {outcome.seconds:.1f} s.",
        "ended": "The kernel ended here.",
        "not run": "It was not run: the cells before it had taken too long already.",
    }
    return told.get(outcome.error) or f"It raised {_literal(f'{outcome.error}: {outcome.text}')}"


def _exam(
    look: Look, part: Part, outcome: Outcome | None, entry: Mapping[str, Any], sheets: Sheets
) -> Iterator[NotebookNode]:
    """An exam cell: what it asked, the verdict, and its cases one by one."""
    _, exercise = exercises.find(part.exercise)
    test, sheet = exercise.test(part.test), sheets[part.exercise, part.test]
    expected = _right(look, exercise, test, sheet)
    answers = outcome.answers if outcome and outcome.answers else [None] * len(expected)
    yield _verdict(entry, f"Asked: {_literal(test.asks)}", _accepted(test))
    names = f'"{exercise.id}", "{test.name}"'
    inputs, right = _packed(map(encode_case, sheet.cases)), _packed(map(encode, expected))
    source = f'trials[{names}] = Trial(\n    {names},\n    "{inputs}",  # as in the exam cell\n    "{right}",\n)'
    yield nbformat.v4.new_code_cell(source, metadata={"jupyter": {"source_hidden": True}})
    for number, (case, wanted, given) in enumerate(zip(sheet.cases, expected, answers, strict=True), start=1):
        source = f"inputs, right = trials[{names}].again({number}, globals())  # case {number} of {len(expected)}"
        shown = nbformat.v4.new_output("stream", text=_described(exercise, test, case, wanted, given) + "\n")
        folded = {"jupyter": {"outputs_hidden": True}} if entry["passed"] else {}
        yield nbformat.v4.new_code_cell(source, outputs=[shown], metadata=folded)


def _verdict(entry: Mapping[str, Any], *about: str) -> NotebookNode:
    """The verdict on a test, and what was said of it."""
    title = f"### `{entry['exercise']}`, test “{entry['test']}”: {'passed' if entry['passed'] else 'not passed'}"
    points = f"{entry['points']:g} of {entry['max_points']:g} points"
    told = f"Told: {_literal(entry['message'])}" if entry["message"] else "Told: nothing, it is right."
    return nbformat.v4.new_markdown_cell("\n\n".join([f"{title}, {points}", *about, told]))


def _right(look: Look, exercise: Exercise, test: Test, sheet: Sheet) -> list[Answer]:
    """The right answer to each case; the sheet of a secret test has only a hash of it."""
    if not test.secret:
        return sheet.expected
    namespace = load(look.job.texts).namespace()
    return [attempt(exercise, test, namespace, case) for case in sheet.cases]


def _accepted(test: Test) -> str:
    """What counts as right, in a sentence."""
    if test.secret:
        return "Right is the same answer."
    within = ", ".join(f"{share:g} in {dtype}" for dtype, share in {**TOLERANCE, **test.tolerance}.items())
    text = f"Right is what differs by no more than this share of an array's largest right value: {within}"
    text += f"; a largest value below {test.floor:g} counts as {test.floor:g}" if test.floor else ""
    return text + ("; the dtype counts too." if test.dtype else ".")


def _described(exercise: Exercise, test: Test, case: Mapping[str, Any], expected: Answer, given: Answer | None) -> str:
    """A case as text: the judge's word on it alone, its inputs, the right and the given values."""
    lines = ["inputs", *_listed(_leaves(case))]
    if given is None:
        lines += ["right", *_listed(expected.outputs.items()), "given", "  no answer"]
        return "\n".join(lines)
    wanted = fingerprint(test, expected) if test.secret else expected
    verdict = judge(exercise, test, Sheet([case], [wanted]), [given], reveal=True)
    lines.insert(0, f"{verdict.state}: {clean(verdict.message)}" if verdict.message else verdict.state)
    compared = seen(test, given, case)
    lines += ["right", *_listed(expected.outputs.items()), "given", *_given(compared, expected)]
    if test.view and not given.error:
        lines += ["returned, of which the above is looked at", *_listed(given.outputs.items())]
    return "\n".join(lines)


def _given(given: Answer, expected: Answer) -> Iterator[str]:
    """What came back, each array with where it is farthest from the right one."""
    if error := given.error:
        yield f"  {clean(error.type)}: {clean(error.text)}"
        if error.code:
            yield f"  in {clean(error.function)}, line {error.line}: {clean(error.code)}"
        return
    yield from _listed(given.outputs.items(), expected.outputs)
    if given.changed:
        yield f"  changed in place: {clean(', '.join(given.changed))}"
    if given.shares:
        yield f"  shares memory with an input: {clean(', '.join(given.shares))}"
    if not given.repeats:
        yield "  a second call gave something else"


def _farthest(given: Any, right: Any) -> str:
    """Where two arrays of one shape differ most."""
    if not isinstance(given, np.ndarray) or not isinstance(right, np.ndarray) or given.shape != right.shape:
        return ""
    with np.errstate(all="ignore"):
        given, right = given.astype(np.float64), right.astype(np.float64)
        error = np.nan_to_num(np.abs(given - right), nan=np.inf)
    error = np.where((given == right) | (np.isnan(given) & np.isnan(right)), 0.0, error)
    if not error.any():
        return ""
    worst = np.unravel_index(int(np.argmax(error)), error.shape)
    place = f" at [{', '.join(map(str, worst))}]" if worst else ""
    return f"farthest from right{place}: {given[worst]:.9g}, right is {right[worst]:.9g}"


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The arrays, numbers and texts among a case's inputs, by name."""
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from _leaves(item, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _listed(values: Iterable[tuple[str, Any]], right: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Named values as lines of text, each array with where it is farthest from the right one, if that is given."""
    values = list(values)
    for name, value in values[:_MOST_VALUES]:
        if isinstance(value, np.ndarray):
            # Cut, too: numpy abbreviates no axis that is short, however many there are.
            numbers = clean(np.array2string(value, max_line_width=110, precision=6, threshold=_WHOLE, edgeitems=2))
            text = f"{value.dtype} {value.shape}"
            text += "\n" + numbers if "\n" in numbers or len(numbers) > 60 else f"  {numbers}"
        else:
            text = clean(repr(value))
        yield f"  {clean(name)}  " + text.replace("\n", "\n    ")
        if far := _farthest(value, (right or {}).get(name)):
            yield f"    {far}"
    if len(values) > _MOST_VALUES:
        yield f"  … and {len(values) - _MOST_VALUES} more"


def _literal(text: str) -> str:
    """Text as it is, whatever markdown, HTML or TeX would make of it."""
    return "<code>" + re.sub(r"[^\w ]|_", lambda sign: f"&#{ord(sign[0])};", clean(text)) + "</code>"


def _packed(items: Iterable[Any]) -> str:
    """Data as the exam cell has them: text without quotes."""
    return base64.b64encode(json.dumps(list(items)).encode()).decode()


def _unpacked(text: str) -> list[Any]:
    return json.loads(base64.b64decode(text))
