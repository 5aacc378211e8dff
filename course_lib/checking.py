"""The instant verdict in the notebook: ``check(fn)``, ``hint(fn)`` and ``progress()``.

Everything runs in the student's own kernel on the visible cases; what counts is marked later, elsewhere.
"""

import ast
import contextlib
import dis
import math
import re
import sys
from collections.abc import Iterator
from functools import cache
from types import CodeType, ModuleType
from typing import Any

from course_lib import exercises, panels, practice
from course_lib.exercises import Exercise
from course_lib.exercises.answer import attempt
from course_lib.exercises.verdict import Verdict, judge

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
    _show(panels.verdict(exercise, verdicts, [note for note in notes if note]))


def earned(answer: Any) -> float:
    """The points of the latest check of this exercise; the last line of a check cell, for nbgrader."""
    _, exercise = _exercise_of(answer)
    return math.fsum(verdict.points for verdict in _verdicts.get(exercise.id, []))


def hint(answer: Any) -> None:
    """Show the next hint for an exercise: each call goes one step further, the last one nearly says it.

    On a page the hints given before stand above it, and the ones to come can be opened one by one.

    Args:
        answer: the function or variable, e.g. ``hint(rnn_step)``.
    """
    _, exercise = _exercise_of(answer)
    given = _hints_given[exercise.id] = min(_hints_given.get(exercise.id, 0) + 1, len(exercise.hints))
    _show(panels.hints(exercise, given))


def progress() -> None:
    """Show every exercise of this notebook with the points of its latest check, and what comes next."""
    _show(panels.board(_current_notebook(), _verdicts))


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
    codes = [getattr(_namespace().get(name), "__code__", None) for name in exercise.names]
    used = [_read(code, "LOAD_GLOBAL", "IMPORT_NAME") for code in codes]
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
    codes = [getattr(names.get(name), "__code__", None) for name in exercise.names]
    read = set().union(*(_read(code, "LOAD_GLOBAL") for code in codes))
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


def _read(code: CodeType | None, *instructions: str) -> set[str]:
    """The names that a function reads by such instructions, also in functions inside it."""
    if code is None:
        return set()
    read = {step.argval for step in dis.get_instructions(code) if step.opname in instructions}
    return read.union(*(_read(part, *instructions) for part in code.co_consts if isinstance(part, CodeType)))


def _part(name: str, value: Any) -> set[str]:
    """The part of course_lib that a name, or what it stands for in the notebook, belongs to; empty if to none."""
    home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    parts = [str(place).split(".") for place in (name, home)]
    return {part[1] for part in parts if part[0] == "course_lib" and len(part) > 1}


def _show(panel: panels.Panel) -> None:
    from IPython.display import publish_display_data

    rich, plain = panel
    publish_display_data({"text/html": rich, "text/plain": plain})
