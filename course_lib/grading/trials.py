"""Proof that a key does what it says, before any student meets it.

The right answers and their alternatives pass, the stubs count as not attempted, and every known mistake fails
exactly its tests and gets its own message, both in the notebook and when graded.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from course_lib.exercises import Exercise
from course_lib.exercises.answer import Answer, attempt
from course_lib.exercises.verdict import NOT_ATTEMPTED, PASSED, Sheet, Verdict, judge, matches
from course_lib.grading.course import Course, seeded
from course_lib.grading.keys import Mistake
from course_lib.grading.source import SourceError

Sheets = dict[tuple[str, str], Sheet]
_SEEDS = ("first trial", "second trial", "third trial")


def prove(course: Course) -> Sheets:
    """Try everything a key claims on several draws of its cases.

    Returns:
        The sheets of the visible cases, as they are shipped.

    Raises:
        SourceError: naming notebook, exercise and what does not hold.
    """
    practice = course.sheets(seeded(course.notebook, "practice"), visible=True)
    first, *others = (course.sheets(seeded(course.notebook, seed)) for seed in _SEEDS)
    # Messages are looked at once when graded; without known mistakes to compare with, a verdict is quick.
    draws = [first, *({asked: replace(sheet, mistakes=()) for asked, sheet in draw.items()} for draw in others)]
    for sheets in (practice, *draws):
        _prove_right(course, sheets)
    _prove_cases(course, practice, draws)
    for exercise in course.exercises:
        _prove_distinct(course, exercise, draws[0])
    for mistake in course.key.mistakes:
        _prove_mistake(course, mistake, practice, draws)
    return practice


def verdicts(course: Course, namespace: dict, sheets: Sheets, only: str = "") -> Iterator[Verdict]:
    """Judge a namespace on every test that has a sheet, or on those of one exercise."""
    for exercise in course.exercises:
        for test in exercise.tests if only in ("", exercise.id) else ():
            if sheet := sheets.get((exercise.id, test.name)):
                answers = [attempt(exercise, test, namespace, case) for case in sheet.cases]
                yield judge(exercise, test, sheet, answers, reveal=False)


def _prove_cases(course: Course, practice: Sheets, draws: list[Sheets]) -> None:
    for exercise in course.exercises:
        named = {case.test for case in course.cases(exercise, seeded("names"))}
        if unknown := named - {test.name for test in exercise.tests}:
            raise SourceError(f"{course.notebook}, exercise {exercise.id}: cases for unknown tests {sorted(unknown)}")
        if not any((exercise.id, test.name) in practice for test in exercise.tests):
            raise SourceError(f"{course.notebook}, exercise {exercise.id}: no visible case")
        for test in exercise.tests:
            where = f"{course.notebook}, exercise {exercise.id}, test {test.name}"
            if (exercise.id, test.name) not in draws[0]:
                raise SourceError(f"{where}: no case")
            one, two = (draw[exercise.id, test.name].expected for draw in draws[:2])
            if not (test.secret or test.right) and all(map(_same, one, two)):
                raise SourceError(f"{where}: no right answer depends on rng, so that a constant would pass")


def _prove_right(course: Course, sheets: Sheets) -> None:
    for (exercise, test), sheet in sheets.items():
        for answer in sheet.expected:
            if isinstance(answer, Answer) and (answer.error or answer.changed or answer.shares or not answer.repeats):
                raise SourceError(
                    f"{course.notebook}, exercise {exercise}, test {test}: the right answer {_fault(answer)}"
                )
    known = [(e.id, "the solution itself", "") for e in course.exercises if any(test.right for test in e.tests)]
    for exercise, differs, code in (*known, *course.key.alternatives):
        for verdict in verdicts(course, course.namespace(code), sheets, exercise):
            if not verdict.passed:
                raise SourceError(
                    f"{course.notebook}, exercise {exercise}: the alternative {differs!r} fails "
                    f"{verdict.exercise}/{verdict.test}: {verdict.message}"
                )
    for verdict in verdicts(course, course.namespace(released=True), sheets):
        if verdict.state == PASSED:
            raise SourceError(f"{course.notebook}, exercise {verdict.exercise}: the stub passes {verdict.test}")
        if verdict.state != NOT_ATTEMPTED:
            raise SourceError(
                f"{course.notebook}, exercise {verdict.exercise}, test {verdict.test}: the stub does not count as "
                f"not attempted: {verdict.message}"
            )


def _prove_mistake(course: Course, mistake: Mistake, practice: Sheets, draws: list[Sheets]) -> None:
    where = f"{course.notebook}, exercise {mistake.exercise}, mistake {mistake.tell[:60]!r}"
    namespace = course.namespace(mistake.code)
    # Other exercises may build on this one; what they lose by it is not this mistake's to say.
    judged = [list(verdicts(course, namespace, sheets, mistake.exercise)) for sheets in (practice, *draws)]
    for found in judged[1:]:
        failed = {verdict.test for verdict in found if not verdict.passed}
        if not failed:
            raise SourceError(f"{where}: it passes")
        if failed != mistake.fails:
            raise SourceError(f"{where}: it fails {sorted(failed)}, the key says {sorted(mistake.fails)}")
    for found, place in zip(judged[:2], ("in the notebook", "when graded"), strict=True):
        if not any(verdict.message.startswith(mistake.tell) for verdict in found):
            raise SourceError(f"{where}: its message is never shown {place}")


def _prove_distinct(course: Course, exercise: Exercise, sheets: Sheets) -> None:
    prints: dict[str, list] = {}
    for test in exercise.tests:
        for tell, theirs in sheets[exercise.id, test.name].mistakes:
            prints.setdefault(tell, []).extend(theirs)
    told = [mistake.tell for mistake in course.key.mistakes if mistake.exercise == exercise.id]
    if len(prints) < len(told):
        raise SourceError(f"{course.notebook}, exercise {exercise.id}: two mistakes have the same message")
    for i, one in enumerate(told):
        for two in told[i + 1 :]:
            if all(matches(a, b) for a, b in zip(prints[one], prints[two], strict=True)):
                raise SourceError(
                    f"{course.notebook}, exercise {exercise.id}: two mistakes give the same: {one[:60]!r}, {two[:60]!r}"
                )


def _fault(right: Answer) -> str:
    if right.error:
        return f"raises {right.error.type}: {right.error.text}"
    if right.changed:
        return f"changes its input {', '.join(right.changed)}"
    if right.shares:
        return f"shares memory with its input: {', '.join(right.shares)}"
    return "is another one when it is called again"


def _same(one: Answer, two: Answer) -> bool:
    return one.outputs.keys() == two.outputs.keys() and all(
        np.array_equal(one.outputs[name], two.outputs[name]) for name in one.outputs
    )
