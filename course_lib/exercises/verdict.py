"""The verdict on one test: passed, not attempted, or what is wrong, by name where it is a known mistake."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_lib.exercises import Exercise, Malformed, Test
from course_lib.exercises.answer import Answer, Failure
from course_lib.exercises.distance import accepted, distance, error_map

Fingerprint = dict[str, Any]

PASSED, FAILED, NOT_ATTEMPTED = "passed", "failed", "not attempted"
_MATCH = 1e-3  # two fingerprints agree within this, relative to the size of the values: float32 sums differ by less

_DIFFERENCES = 1e-6  # of the largest value: the error of a derivative by finite differences is smaller
_NOISE = 1e-5  # of a test's floor: smaller values are rounding, also in float32


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
    mistakes: Sequence[tuple[str, Sequence[Fingerprint]]] = ()


@dataclass(frozen=True)
class Verdict:
    """What a student is told of one test.

    Args:
        exercise: the exercise's id.
        test: the test's name.
        state: `PASSED`, `FAILED` or `NOT_ATTEMPTED`.
        points: earned.
        max_points: what it is worth.
        message: what is wrong.
        known_mistake: whether the message is that of a known mistake.
        error_map: where the first wrong array of the first wrong case is wrong, as from `distance.error_map`.
    """

    exercise: str
    test: str
    state: str
    points: float
    max_points: float
    message: str = ""
    known_mistake: bool = False
    error_map: dict[str, Any] | None = None

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
    answers = [seen(test, answer, case) for answer, case in zip(answers, sheet.cases, strict=True)]
    wrong = [i for i, given in enumerate(answers) if not agrees(test, sheet.expected[i], given)]
    if not wrong:
        return Verdict(exercise.id, test.name, PASSED, test.points, test.points)
    first = answers[wrong[0]]
    if is_blank(exercise, test, first):
        return Verdict(exercise.id, test.name, NOT_ATTEMPTED, 0.0, test.points, "not attempted yet")
    message = mistake = _diagnosis(test, sheet, answers, wrong)
    if not message:
        message = _difference(test, sheet.expected[wrong[0]], first, reveal)
        if len(wrong) < len(sheet.cases):
            message += f" (case: {_describe(sheet.cases[wrong[0]])})"
    shown = _error_map(test, sheet.expected[wrong[0]], first)
    if shown:
        shown["wrong_cases"], shown["cases"] = len(wrong), len(sheet.cases)
    return Verdict(exercise.id, test.name, FAILED, 0.0, test.points, message, bool(mistake), shown)


def seen(test: Test, answer: Answer, case: Mapping[str, Any]) -> Answer:
    """An answer as it is compared: through the test's view, where it has one."""
    if test.view is None or answer.error:
        return answer
    try:
        with np.errstate(all="ignore"):
            outputs = {name: _kept(value) for name, value in test.view(answer.outputs, case).items()}
    except Exception:  # whatever a submission sends must not stop the grader; nothing right has the name "result"
        outputs = {"result": f"something that cannot be read: {_listed(answer.outputs)}"}
    return replace(answer, outputs=outputs)


def _kept(value: Any) -> np.ndarray | str:
    return value if isinstance(value, str) else np.asarray(value)


def is_blank(exercise: Exercise, test: Test, answer: Answer) -> bool:
    """Whether the student has not written this exercise yet.

    A stub raises; a quiz holds None. A function that returns None was written, and its ``return`` forgotten.
    """
    if answer.error:
        return answer.error.type == "NotImplementedError" and answer.error.function in (
            *exercise.names,
            "<module>",
        )
    return test.secret and _all_text(answer) and set(answer.outputs.values()) == {"None"}


def agrees(test: Test, expected: Answer | Fingerprint, given: Answer) -> bool:
    """Whether an answer is right."""
    if test.secret:
        return fingerprint(test, given) == expected
    return given.error is None and not _difference(test, expected, given, reveal=False)


def fingerprint(test: Test, answer: Answer) -> Fingerprint:
    """A few numbers by which an answer is recognised, whatever the order its sums were done in.

    For an array: its dtype where that counts, shape, counts of NaN and infinity, root mean square and two
    projections of its finite values. For a secret test a hash, which hides the answer from a glance, no more.
    """
    if test.secret:
        text = repr([(name, _canonical(value)) for name, value in sorted(answer.outputs.items())])
        return {"hash": hashlib.sha256(f"{test.name}:{text}:{bool(answer.error)}".encode()).hexdigest()}
    return {
        "outputs": {name: _print(value, test) for name, value in answer.outputs.items()},
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

    A mistake must agree in every wrong case, and in one of them be a wrong value: two answers that both merely
    raise a ValueError are not thereby the same, nor are two that are both nearly right. Of several, the one that
    agrees in most cases.
    """
    prints = [fingerprint(test, answer) for answer in answers]
    right = [e if isinstance(e, dict) else fingerprint(test, e) for e in sheet.expected]
    best, message = 0, ""
    for tell, theirs in sheet.mistakes:
        if not all(matches(prints[i], theirs[i]) for i in wrong):  # most are found to differ in the first case
            continue
        same = sum(matches(prints[i], theirs[i]) for i in range(len(answers)))
        telling = any(answers[i].error is None and not matches(theirs[i], right[i]) for i in wrong)
        if telling and same > best:
            best, message = same, tell
    return message


def _difference(test: Test, expected: Answer | Fingerprint, given: Answer, reveal: bool) -> str:
    """What first differs between a right and a given answer, or "" where nothing does."""
    if given.error:
        return _told(given.error)
    if not isinstance(expected, Answer):
        return "this is not the right answer"
    if expected.outputs.keys() != given.outputs.keys():
        return _names_difference(test, expected.outputs, given.outputs)
    for name, right in expected.outputs.items():
        if text := _value_difference(test, right, given.outputs[name], reveal):
            return f"{name}: {text}"
    if changed := set(given.changed) - set(expected.changed):
        return f"you changed an input in place: {_listed(sorted(changed))}; work on a copy"
    if shares := set(given.shares) - set(expected.shares):
        return f"{_listed(sorted(shares))} shares memory with an input: return a new array"
    if not given.repeats:
        return "a second call with the same inputs gave something else: something is kept between calls"
    return ""


def _error_map(test: Test, expected: Answer | Fingerprint, given: Answer) -> dict[str, Any] | None:
    """The map of the first array that differs; None where no array does, or the right one is not known here."""
    if not isinstance(expected, Answer) or given.error or expected.outputs.keys() != given.outputs.keys():
        return None
    pairs = ((name, right, given.outputs[name]) for name, right in expected.outputs.items())
    wrong = next((pair for pair in pairs if _value_difference(test, *pair[1:], reveal=False)), None)
    return error_map(test, *wrong) if wrong else None


def _names_difference(test: Test, expected: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    if listed := [name for name in expected if any(other.startswith(f"{name}.0") for other in given)]:
        return f"{_listed(listed)}: this is a list or a tuple; np.stack makes one array of its arrays"
    if nested := [name for name in expected if any(other.startswith(f"{name}.") for other in given)]:
        return f"{_listed(nested)}: this is a dictionary; expected an array"
    if returns := getattr(test.probe, "returns", ""):
        is_dictionary = not any(name.split(".")[0].isdigit() or name == "result" for name in given)
        return f"you returned {'a dictionary with ' * is_dictionary}{_form(given)}; expected {returns}"
    if expected.keys() & given.keys():
        missing = _listed(name for name in expected if name not in given)
        extra = _listed(name for name in given if name not in expected)
        parts = [f"{missing} missing"] * bool(missing) + [f"{extra} not asked for"] * bool(extra)
        return "what you returned: " + ", ".join(parts)
    wanted = "a text" if isinstance(expected.get("result"), str) else _form(expected)
    advice = " (np.stack makes one array of a list)" if wanted.startswith("an array") and "0" in given else ""
    return f"you returned {_form(given)}; expected {wanted}{advice}"


def _value_difference(test: Test, right: np.ndarray | str, given: np.ndarray | str, reveal: bool) -> str:
    if isinstance(right, str) or isinstance(given, str):
        return _text_difference(right, given, reveal)
    if right.shape != given.shape:
        return f"shape {given.shape}, expected {right.shape or 'one number, shape ()'}"
    with np.errstate(all="ignore"):
        return _number_difference(test, right, given, reveal)


def _text_difference(right: np.ndarray | str, given: np.ndarray | str, reveal: bool) -> str:
    if isinstance(right, str) and isinstance(given, str) and given == right:
        return ""
    wanted = "another text" if isinstance(right, str) and not reveal else _kind(right)
    return f"this is {_kind(given)}, expected {wanted}"


def _number_difference(test: Test, right: np.ndarray, given: np.ndarray, reveal: bool) -> str:
    numbers, wanted = given.astype(np.float64), right.astype(np.float64)
    finite = np.isfinite(wanted)
    if bad := int(np.count_nonzero(~np.isfinite(numbers) & finite)):
        kind = "NaN" if np.isnan(numbers[finite]).any() else "infinite"
        return f"{bad} of {given.size} values are {kind}"
    if not np.array_equal(numbers[~finite], wanted[~finite], equal_nan=True):
        return "values that should be infinite or NaN are not"
    error, scale, tolerance = distance(test, right, given)
    count = int(np.count_nonzero(error > tolerance * scale))
    if not count:
        return f"dtype {given.dtype}, expected {right.dtype}" if test.dtype and given.dtype != right.dtype else ""
    worst = np.unravel_index(int(np.argmax(error)), error.shape)
    if given.dtype == np.float32 != right.dtype and error[worst] <= accepted(test, "float32") * scale:
        return f"right to the precision of float32 only; expected {right.dtype}"
    text = "the value is wrong"
    if right.dtype == np.float64 and error[worst] < _DIFFERENCES * scale:
        text = f"right to {-np.log10(error[worst] / scale):.0f} digits only (by finite differences, or rounded?)"
    elif worst:
        text = f"{count} of {given.size} values are wrong; the largest error, at [{', '.join(map(str, worst))}], "
        text += f"is {error[worst] / scale:.2g} times the largest right value"
    return text + (f": {_apart(float(numbers[worst]), float(wanted[worst]))}" if reveal else "")


def _apart(one: float, two: float) -> str:
    """Two numbers with digits enough to see that they differ."""
    texts = next(t for n in (6, 12, 17) if len(set(t := (f"{one:.{n}g}", f"{two:.{n}g}"))) == 2)
    return " instead of ".join(texts)


def _told(error: Failure) -> str:
    if error.type == "NotImplementedError" and error.function:
        return f"it needs {error.function}, which is not written yet"
    if error.type == Malformed.__name__:
        return error.text
    if error.code:
        return f"{error.type}: {error.text} in {error.function}, line {error.line}: `{error.code}`"
    if error.type == "NameError" and error.text:
        return error.text
    # No line of the student's own: a call with other arguments, or a result that is no pair.
    return f"calling it, or reading what it returned, gave {error.type}: {error.text}"


def _print(value: np.ndarray | str, test: Test) -> Any:
    if isinstance(value, str):
        return value
    with np.errstate(all="ignore"):
        numbers = value.astype(np.float64).ravel()
        counts = np.isfinite(numbers) & (np.abs(numbers) >= _NOISE * test.floor)
        finite = np.where(counts, numbers, 0.0)
        i, root = np.arange(1, finite.size + 1), np.sqrt(max(finite.size, 1))
        size = np.linalg.norm(finite) / root
        projections = [np.cos(k * i) @ finite / root for k in (0.7, 1.9)]
    # Six digits are far more than _MATCH needs, and the same on every machine.
    rounded = [float(f"{number:.6g}") for number in np.nan_to_num([size, *projections])]
    exact = [value.dtype.name if test.dtype else "", list(value.shape)]
    return [*exact, int(np.isnan(numbers).sum()), int(np.isinf(numbers).sum()), *rounded]


def _close(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    if a[:4] != b[:4]:
        return False
    scale = max(a[4], b[4], 1e-300)
    return all(abs(p - q) <= _MATCH * scale for p, q in zip(a[4:], b[4:], strict=True))


def _canonical(value: np.ndarray | str) -> str:
    return value.strip().lower() if isinstance(value, str) else repr(value.astype(np.float64).tolist())


def _all_text(answer: Answer) -> bool:
    return bool(answer.outputs) and all(isinstance(value, str) for value in answer.outputs.values())


def _kind(value: np.ndarray | str) -> str:
    if isinstance(value, str):
        return "None (is a `return` missing?)" if value == "None" else f"{value[:60]!r}"
    return "a number" if value.ndim == 0 else f"an array of shape {value.shape}"


def _form(outputs: Mapping[str, Any]) -> str:
    """What was returned, as far as its names say."""
    if list(outputs) == ["result"]:
        return _kind(outputs["result"])
    first = {name.split(".")[0] for name in outputs}
    return f"{len(first)} values" if all(name.isdigit() for name in first) else _listed(outputs)


def _listed(names: Iterable[str]) -> str:
    names = [name[:60] for name in names]
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")


def _describe(case: Mapping[str, Any]) -> str:
    """Shapes and dtypes of a case's arrays, without their values; its numbers and names."""
    parts = []
    for name, value in case.items():
        if name.startswith("_"):  # what only the probe is about
            continue
        if isinstance(value, np.ndarray):
            parts.append(f"{name} {value.shape} {value.dtype}")
        elif isinstance(value, Mapping):
            parts.append(f"{name} with {', '.join(f'{k} {np.shape(v)}' for k, v in value.items())}")
        elif isinstance(value, int | float | str):
            parts.append(f"{name} = {value}")
    return "; ".join(parts)
