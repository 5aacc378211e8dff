"""One notebook's source and key, loaded: its right answers, and the sheets that answers are judged by."""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib import exercises
from course_lib.exercises import Exercise, answer, verdict
from course_lib.exercises.answer import Answer, attempt
from course_lib.exercises.verdict import Sheet, fingerprint, seen
from course_lib.grading import keys
from course_lib.grading.source import Cell, SourceError, read

Rngs = Callable[[str], np.random.Generator]  # a generator for each exercise


@dataclass
class _Mistakes:
    """What the known mistakes give on a test's cases, found out when it is first asked for: most answers are right."""

    find_out: Callable[[], list]

    def __iter__(self) -> Iterator:
        return iter(self._found)

    @cached_property
    def _found(self) -> list:
        return self.find_out()


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
        for code in (exercises.module(self.notebook), exercises, answer, verdict):
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

                def answers(namespace: dict[str, Any], inputs=inputs, exercise=exercise, test=test) -> list:
                    return [seen(test, attempt(exercise, test, namespace, case), case) for case in inputs]

                def prints(namespace: dict[str, Any], answers=answers, test=test) -> list:
                    return [fingerprint(test, given) for given in answers(namespace)]

                if test.right:
                    expected = [Answer(test.right)] * len(inputs)
                else:
                    expected = prints(right) if test.secret else answers(right)

                def known(prints=prints, exercise=exercise) -> list:
                    return [(tell, prints(wrong)) for name, tell, wrong in self._wrong if name == exercise.id]

                sheets[exercise.id, test.name] = Sheet(inputs, expected, _Mistakes(known))
        return sheets

    @cached_property
    def _right(self) -> dict[str, Any]:
        return self.namespace()

    @cached_property
    def _wrong(self) -> list[tuple[str, str, dict[str, Any]]]:
        """For each known mistake its exercise, what to tell, and a namespace in which it is made."""
        return [(m.exercise, m.tell, self.namespace(m.code)) for m in self.key.mistakes]


@lru_cache(maxsize=16)
def load(texts: Texts) -> Course:
    """Load a notebook's source and key.

    Raises:
        SourceError: if the source has a fault, the key cannot be run, an exercise has no cases, or the key names
            one that does not exist.
    """
    cells = read(texts.source, texts.notebook)
    try:
        key = keys.load(texts.key, f"<key of {texts.notebook}>")
    except Exception as error:
        raise SourceError(f"{texts.notebook}: its key raises {type(error).__name__}: {error}") from error
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
