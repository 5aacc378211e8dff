"""Answers that read alike across students: a hint for a human, and nothing more.

An answer is compared statement by statement, by what is left when names, layout, comments, annotations, prints and the
order of statements, of sums and of products are put aside. What the course says itself (cells, known mistakes and
other right answers) counts for nothing. Of the rest a statement counts the more the fewer wrote it, and an answer that
is like many others' is nobody's in particular. Nothing is executed.

The worker that grades a submission hashes its statements: it has the cells at hand, and is the process that may die of
a hostile one. The hashes are stored with the result, so a run that goes on, or grades another notebook into the same
folder, compares everybody without reading a submission again.
"""

import ast
import hashlib
import itertools
import math
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from course_lib.grading import tables
from course_lib.grading.course import Texts, load
from course_lib.grading.graft import Part

_MOST_LETTERS = 50_000  # of an answer, twenty times the longest honest one: longer ones are not compared
_MOST_STATEMENTS = 200  # of an answer; of more, those with the smallest hashes, which are the same for everybody
_SMALL = 5  # nodes in the syntax tree of a statement: smaller ones, like `return h`, say nothing

# Where everybody writes by themselves, but each line in one of the few ways that all know, and every tenth answer is
# copied, these two numbers let through 1 pair that is no copy, and find 42 of 162 copies: test_independent_classes in
# tests/grading/test_similar.py. What has lines of its own is found however small the class.
_ALIKE = 0.75  # of all that the one or the other says, by size
_SURE = 5.0  # exp(-5) pairs of a class would share as much if everybody drew their statements by lot
_CLASS = 30  # a smaller class counts as one of 30: what both of two students wrote is not what everybody writes
_FEW, _MANY = 6, 50  # students who may write alike: a tenth of the class, but at least 6, and 50 at most

_DEFINES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

Statements = dict[str, int]  # the hash of a statement: its size


class Pair(NamedTuple):
    """Two students, and how much alike their answers are (up to 1) in each exercise where that is remarkable."""

    notebook: str
    student: str
    other: str
    exercises: dict[str, float]


def statements(texts: Texts, parts: Iterable[Part]) -> dict[str, Statements]:
    """What the answers of a submission say of their own, by exercise; quizzes are left out.

    Args:
        texts: what the instructor has of the notebook.
        parts: the submission's cells.
    """
    sources, given, own = defaultdict(list), _given(texts), {}
    for part in parts:
        if part.role == "answer":
            sources[part.exercise].append(part.source)
    for exercise in load(texts).exercises:
        if not exercise.tests[0].secret:
            said = _statements("\n".join(sources[exercise.id]), exercise.names)
            mine = sorted((key, size) for key, size in said.items() if key not in given)
            own[exercise.id] = dict(mine[:_MOST_STATEMENTS])
    return own


def pairs(results: Iterable[Mapping[str, Any]]) -> list[Pair]:
    """Whose answers are alike, those first who have most in common.

    Args:
        results: as stored in ``OUT/results``.
    """
    answers: dict[tuple[str, str], dict[str, Statements]] = defaultdict(dict)
    for result in results:
        for exercise, said in result.get("statements", {}).items():
            answers[result["notebook"], exercise][result["student"]] = said
    found: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for (notebook, exercise), said in answers.items():
        for student, other, alike in _alike(said):
            found[notebook, student, other][exercise] = alike
    listed = [Pair(*names, alike) for names, alike in found.items()]
    return sorted(listed, key=lambda pair: (pair.notebook, -math.fsum(pair.exercises.values()), pair[1:3]))


def write(path: Path, found: Iterable[Pair]) -> None:
    """Write the pairs as CSV, a line for two students in a notebook."""
    rows = [
        (
            *(pair.notebook, pair.student, pair.other, len(pair.exercises)),
            "; ".join(f"{name} {alike:.0%}" for name, alike in pair.exercises.items()),
        )
        for pair in found
    ]
    tables.write(path, ["assignment", "student_id", "other_student_id", "exercises_alike", "which"], rows)


def _alike(answers: Mapping[str, Statements]) -> Iterator[tuple[str, str, float]]:
    """The pairs of students whose answers to one exercise are alike, and how much."""
    class_ = max(len(answers), _CLASS)
    writers = Counter(key for said in answers.values() for key in said)
    rarity = {key: math.log(class_ / number) for key, number in writers.items()}
    enough = math.log(class_**2 / 2) + _SURE
    students = defaultdict(list)
    for student in sorted(answers):
        if math.fsum(rarity[key] for key in answers[student]) >= enough:
            students[tuple(sorted(answers[student].items()))].append(student)
    groups = list(students.values())  # of those who say the same
    near = list(_near(list(students), rarity, enough))
    many = Counter()  # of each group, how many write like that
    for one, other, _ in near:
        many[one] += len(groups[other])
        many[other] += len(groups[one]) * (other != one)
    most = min(max(_FEW, len(answers) // 10), _MANY)
    for one, other, alike in near:
        if max(many[one], many[other]) <= most:
            same = itertools.combinations(groups[one], 2)
            both = same if other == one else itertools.product(groups[one], groups[other])
            yield from ((*sorted(pair), alike) for pair in both)


def _near(
    said: list[tuple[tuple[str, int], ...]], rarity: Mapping[str, float], enough: float
) -> Iterator[tuple[int, int, float]]:
    """The pairs among sets of statements that are alike, each set with itself among them.

    Args:
        said: the sets, each of hashes and sizes.
        rarity: how much it tells that two share a statement.
        enough: how much it has to tell.
    """
    holders = defaultdict(list)
    for number, one in enumerate(said):
        for key, _ in one:
            holders[key].append(number)
    found = {key: np.array(numbers) for key, numbers in holders.items()}
    whole = np.array([sum(size for _, size in one) for one in said])
    for number, one in enumerate(said):
        sharing = [found[key] for key, _ in one]
        others, times = np.concatenate(sharing), [len(numbers) for numbers in sharing]
        shared = np.bincount(others, np.repeat([size for _, size in one], times), len(said))
        telling = np.bincount(others, np.repeat([rarity[key] for key, _ in one], times), len(said))
        alike = shared / (whole + whole[number] - shared)
        for other in np.flatnonzero((alike >= _ALIKE) & (telling >= enough)):
            if other >= number:
                yield number, int(other), float(alike[other])


@lru_cache(maxsize=16)
def _given(texts: Texts) -> frozenset[str]:
    """The statements of the course's own cells and key: anybody may come to them."""
    course = load(texts)
    names = {exercise.id: exercise.names for exercise in course.exercises}
    said = [(cell.exercise, text) for cell in course.cells if cell.role for text in (cell.text, cell.released)]
    said += [(mistake.exercise, mistake.code) for mistake in course.key.mistakes]
    said += [(exercise, code) for exercise, _, code in course.key.alternatives]
    return frozenset(key for exercise, text in said for key in _statements(text, names.get(exercise, ())))


def _statements(source: str, names: Iterable[str]) -> Statements:
    """The statements of an answer; none where it is no Python, or more than is worth the time.

    Args:
        source: its text.
        names: what the exercise asks for. Every other name that the text binds may as well be another.
    """
    if len(source) > _MOST_LETTERS:
        return {}
    source = re.sub(r"^[ \t]*[%!].*$", "", source, flags=re.MULTILINE)  # IPython's own commands
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a doubtful escape in a student's text
            nodes = list(ast.walk(ast.parse(source)))
        form = _Form(_bound(nodes) - set(names))
        said = [form.of(node) for node in nodes if isinstance(node, ast.stmt) and not _is_idle(node)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {
        hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=5).hexdigest(): size
        for text, size in said
        if size >= _SMALL
    }


def _bound(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that a text binds: variables, arguments, functions."""
    bound = set()
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, _DEFINES):
            bound.add(node.name)
    return bound


def _is_idle(node: ast.stmt) -> bool:
    """Whether a statement does nothing for the answer: a docstring, a print, ``pass``."""
    if isinstance(node, ast.Expr):
        called = node.value.func if isinstance(node.value, ast.Call) else None
        return isinstance(node.value, ast.Constant) or (isinstance(called, ast.Name) and called.id == "print")
    return isinstance(node, ast.Pass | ast.Global | ast.Nonlocal)


class _Form:
    """Writes a statement as text, the same text for all ways to write it that do not count as different.

    Args:
        free: the names that may as well be others: they are numbered in each statement.
    """

    _LEFT_OUT = ("ctx", "annotation", "returns", "type_comment", "type_params", "kind", "simple")
    _INSIDE = ast.stmt | ast.ExceptHandler | ast.match_case  # of a compound statement: looked at by themselves
    _NAMED = _DEFINES | ast.arg
    _FREE = re.compile("\0(.*?)\0")

    def __init__(self, free: set[str]):
        self._free, self._size = free, 0

    def of(self, node: ast.stmt) -> tuple[str, int]:
        """The text of a statement, of a compound one that of its head, and its size."""
        self._size, numbers = 0, {}
        text = self._text(node)
        return self._FREE.sub(lambda name: numbers.setdefault(name[1], f"${len(numbers)}"), text), self._size

    def _text(self, value: Any) -> str:
        if isinstance(value, list):
            return f"[{' '.join(self._text(item) for item in value if not isinstance(item, self._INSIDE))}]"
        if not isinstance(value, ast.AST):
            return repr(value)
        self._size += 1
        if isinstance(value, ast.Name):
            return self._name(value.id)
        if isinstance(value, ast.Constant):
            return _constant(value.value)
        if isinstance(value, ast.AnnAssign) and value.value:
            return f"(Assign [{self._text(value.target)}] {self._text(value.value)})"
        if isinstance(value, ast.AugAssign):  # a += b is a = a + b
            sum_ = ast.BinOp(value.target, value.op, value.value)
            return f"(Assign [{self._text(value.target)}] {self._text(sum_)})"
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Mult):
            operands = [self._text(operand) for operand in _operands(value, type(value.op))]
            return f"({type(value.op).__name__} {' '.join(sorted(operands, key=self._nameless))})"
        fields = [(name, getattr(value, name, None)) for name in value._fields if name not in self._LEFT_OUT]
        said = [
            self._name(field) if name in ("name", "arg") and isinstance(value, self._NAMED) else self._text(field)
            for name, field in fields
            if field not in (None, [])
        ]
        return f"({' '.join([type(value).__name__, *said])})"

    def _name(self, name: str) -> str:
        return f"\0{name}\0" if name in self._free else name

    def _nameless(self, text: str) -> str:
        return self._FREE.sub("$", text)


def _operands(node: ast.expr, operator: type) -> Iterator[ast.expr]:
    """The terms of a sum or the factors of a product, however they are put in brackets."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, operator):
        yield from _operands(node.left, operator)
        yield from _operands(node.right, operator)
    else:
        yield node


def _constant(value: Any) -> str:
    """A constant as text; 1 and 1.0 are one, as are 1e-3 and 0.001."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return repr(float(value))
        except OverflowError:
            return f"{value:x}"  # repr() raises where an integer is very long
    return repr(value)
