"""What a student's function gives on one case, as plain data that can be stored, sent and compared.

The same code runs in the student's notebook, in the graded kernel and on the instructor's answers, so all three
are compared like with like.
"""

import base64
import copy
import math
import os
import site
import sys
import sysconfig
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib import backend
from course_lib.exercises import Exercise, Test

MIME = "application/vnd.course.answer+json"
_KINDS = "biuf"  # the array kinds that travel: booleans, integers, real numbers
_DTYPES = {np.dtype(code).name: np.dtype(code) for code in "?bhilqBHILQefdg"}  # np.dtype() parses far more than names
_MOST_VALUES = 200_000  # in all arrays of an answer, far above any exercise: a bound on what a submission can send
_MOST_OUTPUTS = 1_000
_MOST_LETTERS = 200  # of a name


@dataclass(frozen=True)
class Failure:
    """An exception out of the student's code: its type and text, and the student's own line it came from."""

    type: str
    text: str
    function: str = ""
    line: int = 0
    code: str = ""

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Describe ``error`` by the innermost line that the student wrote."""
        frames = [f for f in traceback.extract_tb(error.__traceback__) if not _is_library(f.filename)]
        last = frames[-1] if frames else None
        text = str(error)[:500]
        if last is None:
            return cls(type(error).__name__, text)
        return cls(type(error).__name__, text, last.name, last.lineno or 0, (last.line or "").strip()[:200])


@dataclass(frozen=True)
class Answer:
    """What one call gave.

    Args:
        outputs: values by name: arrays, or text for what is no number.
        error: the exception, if it raised one; ``outputs`` is then empty.
        changed: inputs that the call changed in place.
        shares: outputs that are views of an input.
        repeats: whether a second call with the same inputs gave the same; not asked where many answers are right.
    """

    outputs: Mapping[str, np.ndarray | str]
    error: Failure | None = None
    changed: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    repeats: bool = True


def attempt(exercise: Exercise, test: Test, namespace: Mapping[str, Any], case: Mapping[str, Any]) -> Answer:
    """Call the function that ``test`` asks for on copies of a case's inputs.

    Args:
        exercise: the exercise.
        test: one of its tests.
        namespace: where the student's names are looked up.
        case: the inputs by name; they stay as they are.

    Returns:
        The answer; an exception in the student's code is part of it.
    """
    name = exercise.function(test)
    if name not in namespace:
        return Answer({}, Failure("NameError", f"there is no {name}: run its answer cell first"))
    function, inputs = namespace[name], _copied(case)
    try:
        with np.errstate(all="ignore"):  # overflow shows in the values; a warning would only be in the way
            value = test.probe(function, inputs)
            outputs = dict(_leaves(value, test.outputs))
            shares = tuple(key for key, leaf in outputs.items() if _overlaps(leaf, inputs))
            outputs = {key: _plain(leaf) for key, leaf in outputs.items()}
            changed = _changed(case, inputs)
            if test.view is not None:  # where many answers are right, a second one may be another
                return Answer(outputs, None, changed, shares)
            again = {k: _plain(v) for k, v in _leaves(test.probe(function, _copied(case)), test.outputs)}
    except (Exception, SystemExit) as error:
        return Answer({}, Failure.of(error))
    repeats = outputs.keys() == again.keys() and all(_equal(outputs[k], again[k]) for k in outputs)
    return Answer(outputs, None, changed, shares, repeats)


def encode(answer: Answer) -> dict[str, Any]:
    """An answer as JSON data."""
    return {
        "outputs": pack(dict(answer.outputs), _to_text),
        "error": vars(answer.error) if answer.error else None,
        "changed": list(answer.changed),
        "shares": list(answer.shares),
        "repeats": answer.repeats,
    }


def decode(data: Any) -> Answer:
    """The answer in JSON data that a submission sent: nothing in it is trusted.

    Raises:
        ValueError: if it is not what `encode` makes.
    """
    try:
        outputs, error = unpack(data["outputs"], _from_text), data["error"]
        if not all(isinstance(value, np.ndarray | str) for value in outputs.values()):
            raise ValueError("outputs are arrays or text")
        if sum(_room(value.shape) for value in outputs.values() if not isinstance(value, str)) > _MOST_VALUES:
            raise ValueError("more values than any answer has")
        return Answer(
            dict(zip(_names(outputs), outputs.values(), strict=True)),
            Failure(**{k: int(v) if k == "line" else str(v)[:500] for k, v in error.items()}) if error else None,
            _names(data["changed"]),
            _names(data["shares"]),
            data["repeats"] is True,
        )
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"not an answer: {error}") from error


def pack(value: Any, store: Callable[[np.ndarray], Any]) -> Any:
    """Nested dicts and lists of arrays and scalars as JSON data; ``store`` says what stands for an array."""
    if isinstance(value, Mapping):
        return {"dict": {key: pack(item, store) for key, item in value.items()}}
    if isinstance(value, list | tuple):
        return {"list": [pack(item, store) for item in value]}
    if isinstance(value, np.ndarray | np.generic):
        return {"array": store(np.asarray(value))}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    raise TypeError(f"a case holds arrays, numbers, text, lists and dicts; not {type(value).__name__}")


def unpack(data: Any, fetch: Callable[[Any], np.ndarray]) -> Any:
    """The inverse of `pack`."""
    ((kind, content),) = data.items()
    if kind == "dict":
        return {key: unpack(item, fetch) for key, item in content.items()}
    if kind == "list":
        return [unpack(item, fetch) for item in content]
    return fetch(content) if kind == "array" else content


def encode_case(case: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a case as JSON data."""
    return pack(dict(case), _to_text)


def decode_case(data: dict[str, Any]) -> dict[str, Any]:
    """The inverse of `encode_case`."""
    return unpack(data, _from_text)


def _to_text(array: np.ndarray) -> dict[str, Any]:
    array = np.asarray(array, order="C")
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    data = base64.b64encode(little.tobytes()).decode("ascii")
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def _from_text(content: Mapping[str, Any]) -> np.ndarray:
    dtype, shape = _DTYPES[content["dtype"]], content["shape"]
    if not isinstance(shape, list) or len(shape) > 8 or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ValueError("an array whose shape is none")
    if _room(shape) > _MOST_VALUES:
        raise ValueError("an array with more values than any answer has")
    data = base64.b64decode(content["data"], validate=True)
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError("an array whose data do not fit its shape")
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(shape)


def _room(shape: Sequence[int]) -> int:
    """What working with an array of this shape can cost: an empty one may have many rows of nothing."""
    return math.prod(max(n, 1) for n in shape)


def _names(names: Collection[str]) -> tuple[str, ...]:
    """Names that a submission sent.

    Raises:
        ValueError: if there are more of them, or longer ones, than in any answer.
    """
    if len(names) > _MOST_OUTPUTS or not all(isinstance(name, str) and len(name) <= _MOST_LETTERS for name in names):
        raise ValueError("names are short texts")
    return tuple(names)


def _copied(value: Any) -> Any:
    """A deep copy whose arrays live on the current backend."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(item) for item in value)
    return backend.asarray(value.copy()) if isinstance(value, np.ndarray) else copy.deepcopy(value)


def _leaves(value: Any, names: tuple[str, ...] = (), path: str = "") -> Iterator[tuple[str, Any]]:
    """The arrays and scalars inside a returned value, each with its name: ``hs``, ``dW``, ``0.U``."""
    if isinstance(value, Mapping):
        odd = " (in a dictionary)" if names else ""  # which must not pass for the values that were asked for
        pairs = [(f"{key}{odd}", item) for key, item in value.items()]
    elif isinstance(value, tuple | list):
        labels = names if len(names) == len(value) else map(str, range(len(value)))
        pairs = list(zip(labels, value, strict=True))
    else:
        yield path or (names[0] if len(names) == 1 else "result"), value
        return
    if not pairs:
        yield path or "result", f"an empty {type(value).__name__}"
    for key, item in pairs:
        yield from _leaves(item, (), f"{path}.{key}" if path else key)


def _plain(leaf: Any) -> np.ndarray | str:
    """A copy on the CPU, or text where it is not a numerical array."""
    if isinstance(leaf, str):
        return leaf[:1000]
    if leaf is None:
        return "None"
    array = np.array(backend.asnumpy(leaf)) if hasattr(leaf, "dtype") else np.asarray(leaf)
    if array.dtype.kind not in _KINDS or array.size > _MOST_VALUES:
        return f"{type(leaf).__name__} of dtype {array.dtype} with shape {array.shape}"
    return array


def _overlaps(leaf: Any, inputs: Mapping[str, Any]) -> bool:
    """Whether an output is a view of an input, or holds one."""
    xp = backend.array_namespace(leaf)
    if xp is np and hasattr(leaf, "__array__"):
        leaf = np.asarray(leaf)
    return isinstance(leaf, xp.ndarray) and any(
        isinstance(given, xp.ndarray) and bool(xp.may_share_memory(leaf, given)) for _, given in _leaves(inputs)
    )


def _changed(case: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[str, ...]:
    before, after = dict(_leaves(case)), dict(_leaves(inputs))
    changed = [k for k in before if k not in after or not _equal(_plain(before[k]), _plain(after[k]))]
    return tuple(changed + [k for k in after if k not in before])


def _equal(a: np.ndarray | str, b: np.ndarray | str) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f" and b.dtype.kind == "f")


_LIBRARY = tuple(
    os.path.join(os.path.realpath(folder), "")
    for folder in {
        os.path.dirname(os.path.dirname(__file__)),
        sysconfig.get_path("stdlib"),
        *site.getsitepackages(),
        os.path.join(sys.prefix, "lib"),
    }
)


def _is_library(filename: str) -> bool:
    """Whether a traceback frame is in installed code rather than in a cell."""
    return filename.startswith("<frozen") or os.path.realpath(filename).startswith(_LIBRARY)
