"""What a student's kernel may know of the exercises: how each is called, its points, tolerance and hints.

One module a notebook (``unrolling.py`` for ``01_unrolling``), holding ``EXERCISES`` and, where answers are built
from parts of course_lib, ``NEEDS``.
The right answers are not here: they are in ``solutions/``, which students do not have.
"""

import copy
import importlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

# One line for each notebook, in the order of the course.
_MODULES = {
    "01_unrolling": "unrolling",
    "02_bptt": "bptt",
    "03_vanishing_gradients": "vanishing",
    "04_lstm": "lstm",
    "05_gru": "gru",
    "06_language_model": "language",
    "07_long_memory": "long_memory",
}

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
EXACT = {"float64": 1e-12}  # where a formula is asked for: central differences have fewer digits


class Malformed(ValueError):
    """What a probe raises where an answer cannot be read at all; its text is told as it is."""


def call(function: Callable, case: Mapping[str, Any]) -> Any:
    """Call ``function`` with the inputs of a case, in their order: the probe of most tests."""
    return function(*case.values())


def part(name: str, names: tuple[str, ...]) -> Callable:
    """A probe that looks at one of several results; whatever does not have as many is passed on as it is.

    Args:
        name: the result that counts.
        names: all of them, in the order in which they are returned.
    """

    def probe(function: Callable, case: Mapping[str, Any]) -> Any:
        results = call(function, case)
        if not isinstance(results, tuple | list) or len(results) != len(names):
            return results
        return {name: results[names.index(name)]}

    probe.returns = f"{', '.join(names)}, in this order"
    return probe


def gradients(*names: str, of_copies: bool = True) -> Callable:
    """A probe that looks at some of the gradients in a dictionary; whatever lacks one is passed on as it is.

    Args:
        names: the gradients that count.
        of_copies: whether the function gets copies of the inputs: whether they stay as they are is then for
            another test to say.
    """

    def probe(function: Callable, case: Mapping[str, Any]) -> Any:
        result = call(function, copy.deepcopy(case) if of_copies else case)
        if not isinstance(result, Mapping) or not set(names) <= result.keys():
            return result
        return {name: result[name] for name in names}

    probe.returns = f"a dictionary with {', '.join(names)}"
    return probe


def draws(make: Callable) -> Callable:
    """A probe of what is random: several draws, while NumPy's global generator is in another state for each.

    Args:
        make: ``make(function, case, rng)`` is one array, drawn from ``rng``: data can hold no generator, so a case
            has a ``seed`` and an ``other_seed``.
    """

    def probe(function: Callable, case: Mapping[str, Any]) -> dict[str, Any]:
        before = np.random.get_state()
        try:
            np.random.seed(1)
            drawn = {"one": make(function, case, np.random.default_rng(case["seed"]))}
            np.random.seed(2)
            state = np.random.get_state()[1].copy()
            drawn["again"] = make(function, case, np.random.default_rng(case["seed"]))
            untouched = np.array_equal(state, np.random.get_state()[1]) and np.random.get_state()[2] == 624
            rng = np.random.default_rng(case["seed"])
            drawn |= {name: make(function, case, rng) for name in ("first", "second")}
            drawn["other"] = make(function, case, np.random.default_rng(case["other_seed"]))
        finally:
            np.random.set_state(before)
        return {**drawn, "untouched": untouched}

    return probe


def randomness(is_right: Callable) -> Callable:
    """The view of `draws`: which of them are equal. ``is_right(array)`` is whether it has the form of an answer."""

    def view(outputs: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
        one, again, first, second, other = (outputs[name] for name in ("one", "again", "first", "second", "other"))
        if not all(map(is_right, (one, again, first, second, other))):
            return {"result": one}
        return {
            "shape": np.array(one.shape),
            "the same seed gives the same": bool((again == one).all() and (first == one).all()),
            "another seed gives another": bool((other != one).any()),
            "a second draw gives another": bool((first != second).any()),
            "global state stays": outputs["untouched"],
        }

    return view


def raised(make: Callable, *args: Any) -> dict[str, str]:
    """What ``make(*args)`` raises, where a ValueError is asked for, or that it raises none."""
    try:
        result = make(*args)
    except ValueError as error:
        return {"raises": type(error).__name__}
    return {"raises": f"nothing: you return {'None' if result is None else f'a value of type {type(result).__name__}'}"}


@dataclass(frozen=True)
class Test:
    """One thing an exercise is marked on.

    Args:
        name: short and unique in the exercise, e.g. ``"batch"``.
        points: what it is worth.
        asks: what is checked, as the student reads it.
        function: the name it calls (or the variable it reads); the exercise's id where empty.
        probe: ``probe(function, case) -> outputs``: how it is called on one case and which values count. Where that
            is a part of what the function returns, ``probe.returns`` says in words what the whole is.
        view: ``view(outputs, case) -> outputs``: what of the outputs is compared where many answers are right. It is
            worked out where the answer is judged, not where the student's code runs, and names no output ``result``.
        right: what the view shows of every right answer, where that is known beforehand. No right answer is then
            worked out for each student, which for one that trains a network takes seconds.
        outputs: names of the outputs where the probe returns a tuple.
        tolerance: largest accepted error of an array, relative to its largest value, for each dtype.
        floor: an array whose largest value is smaller is compared as if it were this large: where terms cancel or
            vanish, rounding is relative to the terms, not to what is left of them.
        dtype: whether the dtype of the outputs counts too.
        secret: keep the expected values of visible cases only as hashes (quizzes).
    """

    name: str
    points: float
    asks: str
    function: str = ""
    probe: Callable = call
    view: Callable | None = None
    right: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    tolerance: Mapping[str, float] = field(default_factory=lambda: TOLERANCE)
    floor: float = 0.0
    dtype: bool = False
    secret: bool = False


def choice(question: str, points: float) -> Test:
    """The test of a quiz question whose answer is a letter: ``"c"``, ``"C"``, ``"c)"``, ``"(c)"`` or ``"c: like T"``.

    Args:
        question: its name in the quiz's dictionary.
        points: what it is worth.
    """

    def probe(answers: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, str | None]:
        if not isinstance(answers, Mapping) or question not in answers:
            raise Malformed(f"there is no answer to {question!r}: keep the dictionary and its keys")
        if answers[question] is None:
            return {question: None}  # not attempted
        found = re.match(r"\W*([a-d])\b", str(answers[question]).lower())
        if not found:
            raise Malformed("one of the letters a, b, c, d is asked for")
        return {question: found.group(1)}

    return Test(question, points, f"{question}: one of the letters a, b, c, d", probe=probe, secret=True)


@dataclass(frozen=True)
class Exercise:
    """One exercise: ``id`` is the name of the function (or variable) the student writes.

    Args:
        id: unique in the whole course.
        title: as in the notebook's heading.
        names: every name its answer cell defines, ``id`` among them.
        tests: what it is marked on.
        hints: from a nudge to nearly the answer.
        section: the notebook section to read again.
        on_host: whether its answers compute on the CPU whatever the backend, since they draw from a NumPy generator.
    """

    id: str
    title: str
    names: tuple[str, ...]
    tests: tuple[Test, ...]
    hints: tuple[str, ...]
    section: str
    on_host: bool = False

    @property
    def points(self) -> float:
        """The sum of its tests' points."""
        return math.fsum(test.points for test in self.tests)

    def test(self, name: str) -> Test:
        """The test of that name."""
        return next(test for test in self.tests if test.name == name)

    def function(self, test: Test) -> str:
        """The name that ``test`` calls."""
        return test.function or self.id


def notebooks() -> tuple[str, ...]:
    """The names of the notebooks that have exercises, in the order of the course."""
    return tuple(_MODULES)


@cache
def of_notebook(notebook: str) -> tuple[Exercise, ...]:
    """The exercises of a notebook, in its order.

    Raises:
        KeyError: if the course has no such notebook.
    """
    return module(notebook).EXERCISES


def module(notebook: str) -> ModuleType:
    """The module of a notebook's exercises.

    Raises:
        KeyError: if the course has no such notebook.
    """
    if notebook not in _MODULES:
        raise KeyError(f"the course has no notebook {notebook!r}; it has {', '.join(_MODULES)}")
    return importlib.import_module(f"{__name__}.{_MODULES[notebook]}")


def needs(notebook: str) -> tuple[str, ...]:
    """The parts of course_lib that a notebook's answers may use, also while they are graded.

    Raises:
        KeyError: if the course has no such notebook.
    """
    return getattr(module(notebook), "NEEDS", ())


def find(name: str) -> tuple[str, Exercise] | None:
    """The notebook and exercise that ask for a function or variable of that name, or None."""
    for notebook in _MODULES:
        for exercise in of_notebook(notebook):
            if name in exercise.names:
                return notebook, exercise
    return None
