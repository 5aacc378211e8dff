"""The language of ``solutions/keys/NN_topic.py``: cases, known mistakes and other right answers.

A key is an ordinary Python file that only the instructor has::

    @cases("rnn_step")
    def _(rng):
        yield show("values", x_t=..., h_prev=...)      # visible: students' own checks use it too
        yield hide("batch", x_t=rng.normal(...), ...)  # drawn anew for every student, seen by nobody

    @mistake("rnn_step", "tanh is missing: ...", fails=["values", "batch"])
    def rnn_step(x_t, h_prev, U, W, b):
        return x_t @ U.T + h_prev @ W.T + b

The function under ``@mistake`` or ``@alternative`` replaces the instructor's one of the same name. It is run in
the namespace of the notebook's setup and answer cells, so it uses what a student's code could use (``np``, the
other exercises' functions) and nothing else of the key.
"""

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """Inputs of one call in one test; ``visible`` ones are also shipped to students."""

    test: str
    inputs: dict[str, Any]
    visible: bool


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer: what to tell the student, code that makes it, and exactly the tests it fails."""

    exercise: str
    tell: str
    code: str
    fails: frozenset[str]


@dataclass
class Key:
    """One notebook's key, as loaded."""

    cases: dict[str, Callable[[Any], Iterator[Case]]] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    alternatives: list[tuple[str, str, str]] = field(default_factory=list)  # exercise, what differs, code


_loading: Key | None = None  # the key whose file is being executed


def show(test: str, **inputs: Any) -> Case:
    """A visible case: shipped with the notebook, and drawn anew when graded."""
    return Case(test, inputs, visible=True)


def hide(test: str, **inputs: Any) -> Case:
    """A hidden case: used only when graded."""
    return Case(test, inputs, visible=False)


def cases(exercise: str) -> Callable:
    """Register a generator of cases: ``f(rng)`` with a ``numpy.random.Generator``."""

    def register(function: Callable) -> Callable:
        if exercise in _key().cases:
            raise ValueError(f"exercise {exercise} has its cases twice")
        _key().cases[exercise] = function
        return function

    return register


def mistake(exercise: str, tell: str, fails: Iterable[str]) -> Callable:
    """Register a wrong version of a function, with the sentence for the student and the tests it fails."""

    def register(function: Callable) -> Callable:
        _key().mistakes.append(Mistake(exercise, tell, _source(function), frozenset(fails)))
        return function

    return register


def wrong_option(exercise: str, question: str, option: Any, tell: str) -> None:
    """Register a wrong choice in a quiz dictionary; its test has the question's name."""
    code = f"{exercise}[{question!r}] = {option!r}"
    _key().mistakes.append(Mistake(exercise, tell, code, frozenset([question])))


def alternative(exercise: str, differs: str) -> Callable:
    """Register a right answer that is written differently; the build proves that it passes."""

    def register(function: Callable) -> Callable:
        _key().alternatives.append((exercise, differs, _source(function)))
        return function

    return register


def load(text: str, filename: str) -> Key:
    """Run the text of a key file and return what it registered."""
    global _loading
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    _loading = key = Key()
    try:
        exec(compile(text, filename, "exec"), {"__name__": "key", "__file__": filename})
    finally:
        _loading = None
    return key


def _key() -> Key:
    if _loading is None:
        raise RuntimeError("cases, mistakes and alternatives are registered while a key file is loaded")
    return _loading


def _source(function: Callable) -> str:
    """The function's text without its decorators (the key's file need not exist on this machine)."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    tree.body[0].decorator_list = []
    return ast.unparse(tree)
