"""The instant verdict in the notebook: ``check(fn)``, ``hint(fn)`` and ``progress()``.

Everything runs in the student's own kernel on the visible cases; what counts is marked later, elsewhere.
"""

import ast
import contextlib
import dis
import html
import math
import re
import sys
from collections.abc import Iterator
from functools import cache
from types import CodeType, ModuleType
from typing import Any

from course_lib import exercises, practice
from course_lib.exercises import Exercise
from course_lib.exercises.answer import attempt
from course_lib.exercises.verdict import FAILED, NOT_ATTEMPTED, PASSED, Verdict, judge

_PARTLY = "partly passed"  # of an exercise, where its tests differ
_SYMBOL = {PASSED: "✓", FAILED: "✗", NOT_ATTEMPTED: "○", _PARTLY: "◐"}
# White on these has the contrast of WCAG AA, whatever the theme of the page; the symbol and the word say the same.
_COLOUR = {PASSED: "#1a7f4b", FAILED: "#c0392b", NOT_ATTEMPTED: "#6b7280", _PARTLY: "#8a5a00"}
_INFORMATION = "#0072b2"

_verdicts: dict[str, list[Verdict]] = {}  # the latest check of each exercise in this kernel
_hints_given: dict[str, int] = {}


def check(answer: Any) -> None:
    """Run the visible tests of the exercise that ``answer`` belongs to and show the verdict of each.

    Args:
        answer: the function or variable you wrote, e.g. ``check(rnn_step)``.

    Raises:
        ValueError: if no exercise of the course asks for it.
    """
    notebook, exercise = _exercise_of(answer)
    sheets, namespace = _practice(notebook).sheets, _namespace()
    verdicts = []
    with contextlib.redirect_stderr(sys.stdout):  # for nbgrader a cell that writes to stderr has failed
        for test in exercise.tests:
            if sheet := sheets.get((exercise.id, test.name)):
                answers = [attempt(exercise, test, namespace, case) for case in sheet.cases]
                verdicts.append(judge(exercise, test, sheet, answers, reveal=True))
    _verdicts.pop(exercise.id, None)  # so that the latest check comes last
    _verdicts[exercise.id] = verdicts
    notes = [
        _hidden(exercise, verdicts),
        _outdated(exercise),
        _borrowed(notebook, exercise),
        _left_over(notebook, exercise),
    ]
    notes = [note for note in notes if note]
    _show(_check_html(exercise, verdicts, notes), _check_text(exercise, verdicts, notes))


def earned(answer: Any) -> float:
    """The points of the latest check of this exercise; the last line of a check cell, for nbgrader."""
    _, exercise = _exercise_of(answer)
    return math.fsum(verdict.points for verdict in _verdicts.get(exercise.id, []))


def hint(answer: Any) -> None:
    """Show the next hint for an exercise: each call goes one step further, the last one nearly says it.

    Args:
        answer: the function or variable, e.g. ``hint(rnn_step)``.
    """
    _, exercise = _exercise_of(answer)
    most = len(exercise.hints)
    given = _hints_given[exercise.id] = min(_hints_given.get(exercise.id, 0) + 1, most)
    head, text = f"Hint {given} of {most}", exercise.hints[given - 1]
    if given == most:
        text += f" (That was the last hint. Read again: section “{exercise.section}”.)"
    _show(_box(_INFORMATION, f"{_head(head)} {html.escape(text)}"), f"{head}: {text}")


def progress() -> None:
    """Show every exercise of this notebook with the points of its latest check."""
    notebook = _current_notebook()
    rows, text, total = [], [], 0.0
    for exercise in exercises.of_notebook(notebook):
        verdicts = _verdicts.get(exercise.id)
        points = sum(verdict.points for verdict in verdicts or [])
        state = _state(verdicts)
        total += points
        rows.append(_row(state, html.escape(exercise.title), points, exercise.points))
        text.append(f"{_SYMBOL[state]} {exercise.title} – {points:g} of {exercise.points:g} ({state})")
    most = sum(exercise.points for exercise in exercises.of_notebook(notebook))
    head = f"{notebook} – {total:g} of {most:g} points on the visible cases"
    _show(_box(_INFORMATION, _head(head) + _table(rows)), "\n".join([head, *text]))


def _state(verdicts: list[Verdict] | None) -> str:
    states = {verdict.state for verdict in verdicts or []} or {NOT_ATTEMPTED}
    if len(states) == 1:
        return states.pop()
    return _PARTLY if PASSED in states else FAILED


@cache
def _practice(notebook: str) -> practice.Practice:
    return practice.load(notebook)


def _namespace() -> dict[str, Any]:
    return sys.modules["__main__"].__dict__


def _exercise_of(answer: Any) -> tuple[str, Exercise]:
    """The exercise of a function by its name, of a variable by being that variable."""
    name = getattr(answer, "__name__", "")
    if found := exercises.find(name):
        return found
    for key, value in _namespace().items():
        if value is answer and (found := exercises.find(key)):
            return found
    raise ValueError(
        f"no exercise asks for {name or type(answer).__name__!r}: give the function itself and keep its name, "
        "as in check(rnn_step)"
    )


def _current_notebook() -> str:
    """The notebook of the latest check; before any, the one most of whose exercises have a name in this kernel."""
    if _verdicts:
        return exercises.find(list(_verdicts)[-1])[0]
    defined = _namespace().keys()
    return max(
        exercises.notebooks(),
        key=lambda notebook: sum(exercise.id in defined for exercise in exercises.of_notebook(notebook)),
    )


def _hidden(exercise: Exercise, verdicts: list[Verdict]) -> str:
    """The tests that have no visible case, in a sentence."""
    seen = {verdict.test for verdict in verdicts}
    asks = [test.asks for test in exercise.tests if test.name not in seen]
    return f"Also marked, on cases you do not see: {'; '.join(asks)}." if asks else ""


def _outdated(exercise: Exercise) -> str:
    """A warning where the answer cell was run just now and failed, so that an older answer was checked."""
    from IPython import get_ipython

    last = getattr(get_ipython(), "last_execution_result", None)
    if last is None or last.success or last.info is None:
        return ""
    defines = re.search(rf"^(?:def )?(?:{'|'.join(exercise.names)})\b", last.info.raw_cell or "", re.MULTILINE)
    error = type(last.error_before_exec or last.error_in_exec).__name__
    return f"The cell run just before stopped with {error}: the answer before it was checked." if defines else ""


def _borrowed(notebook: str, exercise: Exercise) -> str:
    """A warning where an answer uses parts of the library, which are not there when it is graded."""
    used = [_names_in(getattr(_namespace().get(name), "__code__", None)) for name in exercise.names]
    kept = {"backend", "exercises", "checking", *exercises.needs(notebook)}
    library = sorted(name for name in set().union(*used) if _part(name, _namespace().get(name)) - kept)
    return f"When graded, {', '.join(library)} will not be there: use your own code and NumPy." if library else ""


def _left_over(notebook: str, exercise: Exercise) -> str:
    """A warning where an answer uses what a demonstration cell has made: those cells are not graded."""
    cells, names = _practice(notebook).cells, _namespace()
    shown, kept = (
        set().union(*(_variables(cell["source"]) for cell in cells if (cell["role"] == "demo") == demo))
        for demo in (True, False)
    )
    read = set().union(*(_globals(getattr(names.get(name), "__code__", None)) for name in exercise.names))
    if left := sorted(read & (shown - kept) & names.keys()):
        listed = ", ".join(left)
        return f"{listed}: set by a cell that shows something, and not there when graded. Make it in your own code."
    return ""


def _variables(source: str) -> set[str]:
    """The names that a cell assigns or defines at its top level, imports aside."""
    nodes = [node for line in ast.parse(source).body for node in _outside_functions(line)]
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """A node and those inside it, but for what has variables of its own."""
    yield node
    own = ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp
    if not isinstance(node, own):
        for child in ast.iter_child_nodes(node):
            yield from _outside_functions(child)


def _globals(code: CodeType | None) -> set[str]:
    """The names that a function reads from outside, also in functions inside it."""
    if code is None:
        return set()
    read = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return read.union(*(_globals(part) for part in code.co_consts if isinstance(part, CodeType)))


def _names_in(code: CodeType | None) -> set[str]:
    """The names that a function looks up or imports, also in functions inside it."""
    if code is None:
        return set()
    return set(code.co_names).union(*(_names_in(part) for part in code.co_consts if isinstance(part, CodeType)))


def _part(name: str, value: Any) -> set[str]:
    """The part of course_lib that a name, or what it stands for in the notebook, belongs to; empty if to none."""
    home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    parts = [str(place).split(".") for place in (name, home)]
    return {part[1] for part in parts if part[0] == "course_lib" and len(part) > 1}


def _messages(verdicts: list[Verdict]) -> list[str]:
    """What each verdict says of a failure, once: the same again is only referred to."""
    told: list[str] = []
    for verdict in verdicts:
        message = verdict.message if verdict.state == FAILED else ""
        told.append("the same as above" if message and message in told else message)
    return told


def _check_text(exercise: Exercise, verdicts: list[Verdict], notes: list[str]) -> str:
    points = sum(verdict.points for verdict in verdicts)
    lines = [f"{exercise.title} – {points:g} of {exercise.points:g} points on the visible cases"]
    for verdict, told in zip(verdicts, _messages(verdicts), strict=True):
        asks = exercise.test(verdict.test).asks
        message = f": {told}" if told else ""
        earned = f"{verdict.points:g} of {verdict.max_points:g}"
        lines.append(f"  {_SYMBOL[verdict.state]} {verdict.state}, {earned} – {asks}{message}")
    return "\n".join([*lines, *(f"  {note}" for note in notes)])


def _check_html(exercise: Exercise, verdicts: list[Verdict], notes: list[str]) -> str:
    state = _state(verdicts)
    points = sum(verdict.points for verdict in verdicts)
    rows = []
    for verdict, told in zip(verdicts, _messages(verdicts), strict=True):
        message = f"<br>{html.escape(told)}" if told else ""
        asks = html.escape(exercise.test(verdict.test).asks)
        rows.append(_row(verdict.state, asks + message, verdict.points, verdict.max_points))
    head = f"{exercise.title} – {points:g} of {exercise.points:g} points on the visible cases"
    said = "".join(f"<div style='margin-top:0.3em'>{html.escape(note)}</div>" for note in notes)
    return _box(_COLOUR[state], _head(head) + _table(rows) + said)


def _box(colour: str, body: str) -> str:
    return f"<div role='status' style='border-left:5px solid {colour};padding:0.4em 0.8em'>{body}</div>"


def _head(text: str) -> str:
    return f"<strong>{html.escape(text)}</strong>"


def _table(rows: list[str]) -> str:
    return f"<table style='margin:0.4em 0 0;border-collapse:collapse'><tbody>{''.join(rows)}</tbody></table>"


def _row(state: str, text: str, points: float, most: float) -> str:
    """A row of a table: the state on a ground of its own colour, ``text`` as HTML, the points."""
    cell = "text-align:left;vertical-align:top;padding:0.25em 0.8em 0.25em 0;overflow-wrap:anywhere"
    short = f"{cell};white-space:nowrap"
    badge = f"background:{_COLOUR[state]};color:#fff;font-weight:bold;padding:0.1em 0.5em;border-radius:0.3em"
    return (
        f"<tr><td style='{short}'><span style='{badge}'>{_SYMBOL[state]} {state}</span></td>"
        f"<td style='{cell}'>{text}</td><td style='{short}'>{points:g} / {most:g}</td></tr>"
    )


def _show(rich: str, plain: str) -> None:
    """Show HTML with its plain-text twin."""
    from IPython.display import publish_display_data

    publish_display_data({"text/html": rich, "text/plain": plain})
