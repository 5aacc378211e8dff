"""The verdict on one test: passed, not attempted, or what is wrong, by name where it is a known mistake."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.exercises import Exercise, Test
from course_lib.exercises.answer import Answer

Fingerprint = dict[str, Any]

PASSED, FAILED, NOT_ATTEMPTED = "passed", "failed", "not attempted"
_MATCH = 1e-3  # two fingerprints agree within this, relative to the size of the values: float32 sums differ by less


@dataclass(frozen=True)
class Sheet:
    """Everything one test is judged by.

    Args:
        cases: the inputs, one mapping a case.
        expected: the right answer of each case; only its fingerprint where the test is secret.
        mistakes: for each known mistake what to tell the student, and its fingerprint on each case.
    """

    cases: list[dict[str, Any]]
    expected: list[Answer | Fingerprint]
    mistakes: list[tuple[str, list[Fingerprint]]] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """What a student is told of one test."""

    exercise: str
    test: str
    state: str
    points: float
    max_points: float
    message: str = ""

    @property
    def passed(self) -> bool:
        """Whether the points were earned."""
        return self.state == PASSED


def judge(exercise: Exercise, test: Test, sheet: Sheet, answers: list[Answer], reveal: bool) -> Verdict:
    """Judge the answers to all cases of one test.

    Args:
        exercise: the exercise.
        test: the test.
        sheet: its cases, right answers and known mistakes.
        answers: the answers given, in the order of the cases.
        reveal: whether a message may show values (visible cases only).

    Returns:
        The verdict; the message is that of the first case that differs.
    """
    wrong = [i for i, given in enumerate(answers) if not agrees(test, sheet.expected[i], given)]
    if not wrong:
        return Verdict(exercise.id, test.name, PASSED, test.points, test.points)
    first = answers[wrong[0]]
    if is_blank(exercise, first):
        return Verdict(exercise.id, test.name, NOT_ATTEMPTED, 0.0, test.points, "not attempted yet")
    message = _diagnosis(test, sheet, answers, wrong) or _difference(test, sheet.expected[wrong[0]], first, reveal)
    if len(sheet.cases) > 1 and sheet.cases[wrong[0]]:
        message += f" (case: {_describe(sheet.cases[wrong[0]])})"
    return Verdict(exercise.id, test.name, FAILED, 0.0, test.points, message)


def is_blank(exercise: Exercise, answer: Answer) -> bool:
    """Whether the student has not written this exercise yet."""
    if answer.error:
        return answer.error.type == "NotImplementedError" and answer.error.function in (
            *exercise.names,
            "<module>",
        )
    return set(answer.outputs.values()) == {"None"} if _all_text(answer) else False


def agrees(test: Test, expected: Answer | Fingerprint, given: Answer) -> bool:
    """Whether an answer is right."""
    if test.secret:
        return fingerprint(test, given) == expected
    return not _difference(test, expected, given, reveal=False)


def fingerprint(test: Test, answer: Answer) -> Fingerprint:
    """A few numbers by which an answer is recognised, whatever the order its sums were done in.

    For an array: shape, counts of NaN and infinity, root mean square and two projections of its finite values.
    For a secret test a salted hash.
    """
    if test.secret:
        text = repr([(name, _canonical(value)) for name, value in sorted(answer.outputs.items())])
        return {"hash": hashlib.sha256(f"{test.name}:{text}:{bool(answer.error)}".encode()).hexdigest()}
    return {
        "outputs": {name: _print(value) for name, value in answer.outputs.items()},
        "error": answer.error.type if answer.error else None,
        "effects": [list(answer.changed), list(answer.shares), answer.repeats],
    }


def matches(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether two fingerprints are of the same answer."""
    if "hash" in a or "hash" in b:
        return a == b
    if (a["error"], a["effects"]) != (b["error"], b["effects"]) or a["outputs"].keys() != b["outputs"].keys():
        return False
    return all(_close(a["outputs"][name], b["outputs"][name]) for name in a["outputs"])


def _diagnosis(test: Test, sheet: Sheet, answers: list[Answer], wrong: list[int]) -> str:
    """The message of the known mistake whose answers these are.

    A mistake must agree in every wrong case, in one of them by values: two answers that both merely raise a
    ValueError are not thereby the same. Of several, the one that agrees in most cases.
    """
    prints = [fingerprint(test, answer) for answer in answers]
    best, message = 0, ""
    for tell, theirs in sheet.mistakes:
        same = [i for i in range(len(answers)) if matches(prints[i], theirs[i])]
        if set(wrong) <= set(same) and any(answers[i].error is None for i in wrong) and len(same) > best:
            best, message = len(same), tell
    return message


def _difference(test: Test, expected: Answer | Fingerprint, given: Answer, reveal: bool) -> str:
    """What first differs between a right and a given answer, or "" where nothing does."""
    if given.error:
        return _told(given)
    if not isinstance(expected, Answer):
        return "this is not the right answer"
    if expected.outputs.keys() != given.outputs.keys():
        return f"returned {_listed(given.outputs)}; expected {_listed(expected.outputs)}"
    for name, right in expected.outputs.items():
        if text := _value_difference(test, right, given.outputs[name], reveal):
            return f"{name}: {text}"
    if set(given.changed) - set(expected.changed):
        return f"you changed an input in place: {', '.join(given.changed)}; work on a copy"
    if set(given.shares) - set(expected.shares):
        return f"{', '.join(given.shares)} shares memory with an input: return a new array"
    if not given.repeats:
        return "a second call with the same inputs gave something else: something is kept between calls"
    return ""


def _value_difference(test: Test, right: np.ndarray | str, given: np.ndarray | str, reveal: bool) -> str:
    if isinstance(right, str) or isinstance(given, str):
        return "" if isinstance(given, str) and given == right else f"this is {_kind(given)}, expected {_kind(right)}"
    if right.shape != given.shape:
        return f"shape {given.shape}, expected {right.shape}"
    numbers = given.astype(np.float64)
    if bad := int(np.count_nonzero(~np.isfinite(numbers) & np.isfinite(right.astype(np.float64)))):
        kind = "NaN" if np.isnan(numbers).any() else "infinite"
        return f"{bad} of {given.size} values are {kind}"
    error = np.abs(numbers - right.astype(np.float64))
    scale = float(np.max(np.abs(right), initial=0.0)) or 1.0
    tolerance = test.tolerance.get(right.dtype.name, test.tolerance["float64"])
    if not error.size or np.nanmax(error) <= tolerance * scale:
        return f"dtype {given.dtype}, expected {right.dtype}" if test.dtype and given.dtype != right.dtype else ""
    worst = np.unravel_index(int(np.nanargmax(error)), error.shape)
    count = int(np.count_nonzero(error > tolerance * scale))
    where = f" at [{', '.join(map(str, worst))}]" if worst else ""
    text = f"{count} of {given.size} values are wrong; largest error {error[worst] / scale:.1e} of the scale{where}"
    return text + (f": {numbers[worst]:.6g} instead of {float(right[worst]):.6g}" if reveal else "")


def _told(answer: Answer) -> str:
    error = answer.error
    if error.type == "NotImplementedError" and error.function:
        return f"it needs {error.function}, which is not written yet"
    where = f" in {error.function}, line {error.line}: `{error.code}`" if error.code else ""
    return f"{error.type}: {error.text}{where}" if error.type != "NameError" or where else error.text


def _print(value: np.ndarray | str) -> Any:
    if isinstance(value, str):
        return value
    numbers = value.astype(np.float64).ravel()
    finite = np.where(np.isfinite(numbers), numbers, 0.0)
    i, root = np.arange(1, finite.size + 1), np.sqrt(max(finite.size, 1))
    projections = [float(np.cos(k * i) @ finite) / root for k in (0.7, 1.9)]
    size = float(np.linalg.norm(finite)) / root
    # Six digits are far more than _MATCH needs, and the same on every machine.
    rounded = [float(f"{number:.6g}") for number in (size, *projections)]
    return [list(value.shape), int(np.isnan(numbers).sum()), int(np.isinf(numbers).sum()), *rounded]


def _close(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    if a[:3] != b[:3]:
        return False
    scale = max(a[3], b[3], 1e-300)
    return all(abs(p - q) <= _MATCH * scale for p, q in zip(a[3:], b[3:], strict=True))


def _canonical(value: np.ndarray | str) -> str:
    return value.strip().lower() if isinstance(value, str) else repr(value.astype(np.float64).tolist())


def _all_text(answer: Answer) -> bool:
    return bool(answer.outputs) and all(isinstance(value, str) for value in answer.outputs.values())


def _kind(value: np.ndarray | str) -> str:
    if isinstance(value, str):
        return "None" if value == "None" else f"{value[:60]!r}"
    return "a number" if value.ndim == 0 else f"an array of shape {value.shape}"


def _listed(outputs: Mapping[str, Any]) -> str:
    names = list(outputs)
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "") or "nothing"


def _describe(case: Mapping[str, Any]) -> str:
    """Shapes and dtypes of a case's inputs, without their values."""
    parts = []
    for name, value in case.items():
        if isinstance(value, np.ndarray):
            parts.append(f"{name} {value.shape} {value.dtype}")
        elif isinstance(value, Mapping):
            parts.append(f"{name} with {', '.join(f'{k} {np.shape(v)}' for k, v in value.items())}")
        elif isinstance(value, int | float):
            parts.append(f"{name} = {value}")
    return "; ".join(parts)
