"""One notebook's source and key, loaded: its right answers, and the sheets that answers are judged by."""

import hashlib
import inspect
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib import exercises
from course_lib.exercises import Exercise, Test, answer, distance, verdict
from course_lib.exercises.answer import Answer, attempt
from course_lib.exercises.verdict import Fingerprint, Sheet, fingerprint, seen
from course_lib.grading import keys
from course_lib.grading.source import Cell, SourceError, read

Rngs = Callable[[str], np.random.Generator]  # a generator for each exercise


class _Prints(Sequence[Fingerprint]):
    """What a known mistake gives on a test's cases, each found out when it is first asked for: most never are.

    Args:
        length: how many cases there are.
        find_out: gives the fingerprint of one, by its number.
    """

    def __init__(self, length: int, find_out: Callable[[int], Fingerprint]):
        self._length, self._find_out, self._found = length, find_out, {}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, case: int) -> Fingerprint:
        if not 0 <= case < self._length:
            raise IndexError(case)
        if case not in self._found:
            self._found[case] = self._find_out(case)
        return self._found[case]


@dataclass(frozen=True)
class Texts:
    """The two texts a notebook is graded from; they travel to workers, which have no ``solutions/``."""

    notebook: str
    source: str
    key: str

    @classmethod
    def read(cls, solutions: Path, notebook: str) -> "Texts":
        """Read them from the instructor's folder.

        Raises:
            FileNotFoundError: if one of the two is missing.
        """
        paths = solutions / f"{notebook}.py", solutions / "keys" / f"{notebook}.py"
        return cls(notebook, *(path.read_text(encoding="utf-8") for path in paths))

    @property
    def made_from(self) -> str:
        """Hash of everything the right answers, fingerprints and points depend on, the same on every machine."""
        texts = [cell.text for cell in load(self).cells if cell.role in ("setup", "answer")]
        texts.append(self.key)
        for code in (exercises.module(self.notebook), exercises, answer, distance, verdict):
            texts.append(inspect.getsource(code))
        return hashlib.sha256("\0".join(texts).replace("\r\n", "\n").encode()).hexdigest()


@dataclass(frozen=True)
class Course:
    """A notebook's cells, key and exercises."""

    notebook: str
    cells: list[Cell]
    key: keys.Key

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """Its exercises, in order."""
        return exercises.of_notebook(self.notebook)

    def released_cells(self) -> list[dict[str, str]]:
        """The code cells as students get them: id, role, exercise and source."""
        return [
            {"id": cell.id, "role": cell.role, "exercise": cell.exercise, "source": cell.released}
            for cell in self.cells
            if cell.kind == "code"
        ]

    def namespace(self, *extra: str, released: bool = False) -> dict[str, Any]:
        """Run setup and answer cells, then ``extra`` code, in a fresh namespace.

        Args:
            extra: code that replaces answers, e.g. a mistake's.
            released: run the stubs instead of the answers.
        """
        run = [cell for cell in self.cells if cell.role in ("setup", "answer")]
        texts = [(f"cell {cell.id}", cell.released if released else cell.text) for cell in run]
        namespace: dict[str, Any] = {"__name__": "answers"}
        for name, text in [*texts, *(("the key's code", code) for code in extra)]:
            try:
                exec(compile(text, f"<{name}>", "exec"), namespace)
            except Exception as error:
                raise SourceError(f"{self.notebook}, {name}: {type(error).__name__}: {error}") from error
        return namespace

    def cases(self, exercise: Exercise, rngs: Rngs) -> list[keys.Case]:
        """Draw an exercise's cases.

        Raises:
            SourceError: if the key's generator fails.
        """
        try:
            return list(self.key.cases[exercise.id](rngs(exercise.id)))
        except Exception as error:
            where = f"{self.notebook}, exercise {exercise.id}"
            raise SourceError(f"{where}: its cases raise {type(error).__name__}: {error}") from error

    def sheets(self, rngs: Rngs, visible: bool = False) -> dict[tuple[str, str], Sheet]:
        """Draw the cases of every test and answer them, rightly and with every known mistake.

        Args:
            rngs: where the random inputs come from.
            visible: only the cases that students may see.

        Returns:
            The sheets by (exercise, test), without those tests that have no case.
        """
        right, sheets = self._right, {}
        for exercise in self.exercises:
            cases = [case for case in self.cases(exercise, rngs) if case.visible or not visible]
            for test in exercise.tests:
                inputs = [case.inputs for case in cases if case.test == test.name]
                if not inputs:
                    continue

                if test.right:
                    expected = [Answer(test.right)] * len(inputs)
                else:
                    expected = [_answer(exercise, test, right, case) for case in inputs]
                    expected = [fingerprint(test, each) for each in expected] if test.secret else expected
                sheets[exercise.id, test.name] = Sheet(inputs, expected, self._mistakes(exercise, test, inputs))
        return sheets

    def _mistakes(self, exercise: Exercise, test: Test, inputs: list[dict]) -> list[tuple[str, _Prints]]:
        """For each known mistake of an exercise what to tell, and what it gives in a test."""

        def prints(mistake: keys.Mistake) -> _Prints:
            def find_out(case: int) -> Fingerprint:
                return fingerprint(test, _answer(exercise, test, self._wrong(mistake), inputs[case]))

            return _Prints(len(inputs), find_out)

        return [(mistake.tell, prints(mistake)) for mistake in self.key.mistakes if mistake.exercise == exercise.id]

    @cached_property
    def _right(self) -> dict[str, Any]:
        return self.namespace()

    @cached_property
    def _wrong(self) -> Callable[[keys.Mistake], dict[str, Any]]:
        """Gives, for a known mistake, a namespace in which it is made."""
        return cache(lambda mistake: self.namespace(mistake.code))


def _answer(exercise: Exercise, test: Test, namespace: dict[str, Any], case: dict[str, Any]) -> Answer:
    """What is seen of the answer in a namespace."""
    return seen(test, attempt(exercise, test, namespace, case), case)


@lru_cache(maxsize=16)
def load(texts: Texts) -> Course:
    """Load a notebook's source and key.

    Raises:
        SourceError: if the source has a fault, the key cannot be run, an exercise has no cases, or the key names
            one that does not exist.
    """
    cells = read(texts.source, texts.notebook)
    place = f"<key of {texts.notebook}>"
    try:
        key = keys.load(texts.key, place)
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == place]
        where = f" in line {lines[-1]}" if lines else ""
        raise SourceError(f"{texts.notebook}: its key raises {type(error).__name__}{where}: {error}") from error
    course = Course(texts.notebook, cells, key)
    ids = {exercise.id for exercise in course.exercises}
    for missing in sorted(ids - course.key.cases.keys()):
        raise SourceError(f"{texts.notebook}, exercise {missing}: the key has no cases for it")
    named = {
        *course.key.cases,
        *(m.exercise for m in course.key.mistakes),
        *(a[0] for a in course.key.alternatives),
    }
    for unknown in sorted(named - ids):
        raise SourceError(f"{texts.notebook}: the key names an exercise {unknown!r} that does not exist")
    return course


def seeded(*words: str) -> Rngs:
    """Generators that depend only on these words and the exercise: the practice data, and the build's trials."""

    def rng(exercise: str) -> np.random.Generator:
        digest = hashlib.sha256("\0".join([*words, exercise]).encode()).digest()
        return np.random.default_rng(int.from_bytes(digest))

    return rng
