"""What a class got wrong: the messages of its tests, with everybody who got them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from course_lib.exercises.verdict import NOT_ATTEMPTED
from course_lib.grading.pages import clean

KNOWN, OTHER = "known mistake", "other"

_NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")


class Mistake(NamedTuple):
    """One message.

    Args:
        exercise: the exercise it is about.
        kind: `KNOWN`, `OTHER` or ``verdict.NOT_ATTEMPTED``.
        text: its most frequent wording.
        tests: the tests that it was told of.
        students: who got it.
    """

    exercise: str
    kind: str
    text: str
    tests: list[str]
    students: list[str]


def mistakes(results: Iterable[Mapping[str, Any]]) -> list[Mistake]:
    """Every message of the tests that were not passed, those that most students got first.

    Inputs differ from student to student, so messages that differ only in numbers are one; its most frequent wording
    stands for it. A student who got it in several tests of an exercise counts once.
    """
    told = defaultdict(list)
    for result in results:
        for test in result["tests"]:
            text = "" if test["passed"] else clean(test["message"])
            if text:
                told[test["exercise"], _NUMBER.sub("#", text)].append((text, result["student"], test))
    found = [_mistake(exercise, cases) for (exercise, _), cases in told.items()]
    return sorted(found, key=lambda mistake: (-len(mistake.students), mistake.exercise, mistake.text))


def _mistake(exercise: str, told: list[tuple[str, str, Mapping[str, Any]]]) -> Mistake:
    """One message, from each time that it was told: its wording, the student and the test."""
    wordings = Counter(text for text, _, _ in told)
    text = min(wordings, key=lambda text: (-wordings[text], text))
    known = any(test.get("known_mistake") for _, _, test in told)  # results of earlier versions lack it
    kind = NOT_ATTEMPTED if text.startswith(NOT_ATTEMPTED) else KNOWN if known else OTHER
    tests = list(dict.fromkeys(test["test"] for _, _, test in told))
    return Mistake(exercise, kind, text, tests, sorted({student for _, student, _ in told}))
