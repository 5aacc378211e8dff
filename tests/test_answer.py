import contextlib
import copy
import json
import linecache
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib import backend
from course_lib.exercises import Exercise
from course_lib.exercises import Test as Asked  # not for pytest to collect
from course_lib.exercises.answer import Answer, Failure, attempt, decode, decode_case, encode, encode_case

# ------------------------------------------------------------------------------------------- as data and back

DTYPES = st.sampled_from(["bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64"])
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.lists(TEXT, max_size=3).map(tuple)
ANSWERS = st.builds(
    Answer,
    outputs=st.dictionaries(TEXT, ARRAYS | TEXT, max_size=4),
    error=st.none() | st.builds(Failure, TEXT, TEXT, TEXT, st.integers(0, 1000), TEXT),
    changed=NAMES,
    shares=NAMES,
    repeats=st.booleans(),
)


def through_json(data):
    return json.loads(json.dumps(data))


def assert_same(one, two):
    """The same to the bit: dtype, shape, NaNs and signed zeros too."""
    assert type(one) is type(two)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes()) == (two.dtype, two.shape, two.tobytes())
    elif isinstance(one, dict):
        assert list(one) == list(two)
        for key in one:
            assert_same(one[key], two[key])
    elif isinstance(one, list):
        assert len(one) == len(two)
        for a, b in zip(one, two, strict=True):
            assert_same(a, b)
    else:
        assert one == two


@given(ANSWERS)
def test_an_answer_comes_back_as_it_was_sent(answer):
    back = decode(through_json(encode(answer)))
    assert_same(dict(back.outputs), dict(answer.outputs))
    assert (back.error, back.changed, back.shares, back.repeats) == (
        *(answer.error, answer.changed, answer.shares, answer.repeats),
    )


VALUES = st.recursive(
    ARRAYS | TEXT | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_a_case_comes_back_as_it_was_sent(case):
    assert_same(decode_case(through_json(encode_case(case))), case)


def test_a_transposed_or_big_endian_array_comes_back_with_its_values():
    for array in (np.arange(6.0).reshape(2, 3).T, np.arange(6, dtype=">i4"), np.arange(9.0)[::2]):
        back = decode_case(through_json(encode_case({"x": array})))["x"]
        assert np.array_equal(back, array) and back.flags.writeable


def test_a_case_holds_plain_data_only():
    with pytest.raises(TypeError, match="not set"):
        encode_case({"x": {1, 2}})


ARRAY = {"dtype": "float64", "shape": [2], "data": "AAAAAAAA8D8AAAAAAADwPw=="}


def answer_with(**changes):
    return {"outputs": {"dict": {}}, "error": None, "changed": [], "shares": [], "repeats": True} | changes


def array_with(**changes):
    return answer_with(outputs={"dict": {"hs": {"array": ARRAY | changes}}})


def deep(depth):
    data = {"value": 1}
    for _ in range(depth):
        data = {"list": [data]}
    return answer_with(outputs={"dict": {"hs": data}})


HOSTILE = {
    "nothing": None,
    "a list": [],
    "no outputs": {"error": None},
    "outputs of no kind": answer_with(outputs={}),
    "outputs of two kinds": answer_with(outputs={"dict": {}, "list": []}),
    "a list of outputs": answer_with(outputs={"list": []}),
    "a number for an array": answer_with(outputs={"dict": {"hs": {"value": 1.0}}}),
    "nested outputs": answer_with(outputs={"dict": {"hs": {"dict": {}}}}),
    "far too many outputs": answer_with(outputs={"dict": {str(i): {"value": ""} for i in range(5000)}}),
    "far too deep": deep(100_000),
    "objects": array_with(dtype="O"),
    "text": array_with(dtype="U8"),
    "dates": array_with(dtype="M8[ns]"),
    "a structure": array_with(dtype="f4,f4"),
    "a sub-array": array_with(dtype="(2,)f8"),
    "no dtype": array_with(dtype="float65"),
    "a dtype that does not parse": array_with(dtype="(1,f8,"),
    "a dtype of commas": array_with(dtype=","),
    "a dtype with half a surrogate pair": array_with(dtype="\ud800"),
    "a huge shape": array_with(shape=[10**9, 10**9]),
    "a shape that overflows": array_with(shape=[2**62, 4]),
    "an infinite shape": array_with(shape=[float("inf")]),
    "a negative shape": array_with(shape=[-1]),
    "many axes": array_with(shape=[1] * 100),
    "an empty array of a huge shape": array_with(shape=[0, 2**63], data=""),
    "too little data": array_with(shape=[3]),
    "too much data": array_with(shape=[1]),
    "no base64": array_with(data="!!!!"),
    "no ASCII": array_with(data="ä"),
    "data that are no text": array_with(data=7),
    "an error that is none": answer_with(error="ValueError"),
    "an error with more": answer_with(error={"type": "E", "text": "", "evil": 1}),
    "an error without its type": answer_with(error={"text": ""}),
    "an error in line inf": answer_with(error={"type": "E", "text": "", "line": float("inf")}),
    "a number of changes": answer_with(changed=7),
    "a change with a name that is no text": answer_with(changed=[7]),
    "a change with a very long name": answer_with(changed=["x" * 10**6]),
    "far too many changes": answer_with(shares=["x"] * 10**6),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_data_are_refused_with_a_value_error(what):
    with pytest.raises(ValueError):
        decode(HOSTILE[what])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(ARRAY),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["dict", "list", "array", "value", "dtype", "shape", "data"]), inner)
    ),
    max_leaves=8,
)


@given(st.fixed_dictionaries({name: JSON for name in answer_with()}) | JSON)
def test_whatever_is_sent_gives_an_answer_or_a_value_error(data):
    with contextlib.suppress(ValueError):
        assert isinstance(decode(data), Answer)


@given(st.text(max_size=12))
def test_whatever_dtype_is_sent_gives_an_answer_or_a_value_error(dtype):
    with contextlib.suppress(ValueError):
        decode(array_with(dtype=dtype))


def test_a_long_error_is_cut():
    error = decode(answer_with(error={"type": "E" * 10**6, "text": "x" * 10**6, "line": 3})).error
    assert len(error.type) <= 500 and len(error.text) <= 500


# ------------------------------------------------------------------------------------------------- one call

VALUES_TEST = Asked("values", 1.0, "values")
EXERCISE = Exercise("f", "F", ("f", "g"), (VALUES_TEST,), ("hint",), "section")


def call(function, test=VALUES_TEST, **case):
    return attempt(EXERCISE, test, {"f": function}, case or {"x": np.array([[1.0, 2.0], [3.0, 4.0]])})


def typed(code, **names):
    """A function as a student types it in a cell: its lines are known by the file name of the cell."""
    filename = "/tmp/ipykernel_1/123.py"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    exec(compile(code, filename, "exec"), names)
    return names["f"]


def test_outputs_are_on_the_cpu_with_their_dtype(xp_backend):
    answer = call(lambda x: 2 * x, x=np.array([1.0, 2.0], "float32"))
    assert answer.outputs["result"].dtype == "float32" and type(answer.outputs["result"]) is np.ndarray
    assert answer.outputs["result"].tolist() == [2, 4]
    assert (answer.error, answer.changed, answer.shares, answer.repeats) == (None, (), (), True)


def test_a_function_gets_arrays_of_the_backend(xp_backend):
    kinds = []
    call(lambda x: kinds.append(type(x)) or x + 1)
    assert set(kinds) == {xp_backend.ndarray}


def test_outputs_are_named_by_the_test_by_keys_and_by_place():
    def names(value, outputs=()):
        return list(call(lambda x: value, Asked("t", 1.0, "", outputs=outputs)).outputs)

    a, b = np.ones(2), np.zeros(2)
    assert names(a) == ["result"]
    assert names(a, ("loss",)) == ["loss"]
    assert names((a, b)) == ["0", "1"]
    assert names((a, b), ("hs", "os")) == ["hs", "os"]
    assert names([a, b], ("hs", "os")) == ["hs", "os"]
    assert names((a, b, a), ("hs", "os")) == ["0", "1", "2"]
    assert names({"dW": a, "db": b}) == ["dW", "db"]
    assert names({"hs": a, "os": b}, ("hs", "os")) == ["hs (in a dictionary)", "os (in a dictionary)"]
    assert names([{"U": a}, {"U": b}]) == ["0.U", "1.U"]
    assert names((a, {"U": b}), ("hs", "grads")) == ["hs", "grads.U"]
    assert names(()) == names([]) == names({}) == ["result"]


@pytest.mark.parametrize("value", [1, 1.5, True, np.float32(2)])
def test_plain_numbers_are_arrays_without_axes(value):
    output = call(lambda x: value).outputs["result"]
    assert output.shape == () and output == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ("abc", "abc"),
        (1j, "complex of dtype complex128 with shape ()"),
        (np.array(["a"]), "ndarray of dtype <U1 with shape (1,)"),
        (object(), "object of dtype object with shape ()"),
        (np.zeros(2_000_000, bool), "ndarray of dtype bool with shape (2000000,)"),
    ],
)
def test_what_is_no_real_array_is_told_as_text(value, text):
    assert call(lambda x: value).outputs["result"] == text


def test_inputs_stay_as_they_are_whatever_the_function_does():
    def spoil(x, params, parts):
        x[...] = 0
        params["U"] += 1
        params["new"] = 1
        parts[0][...] = 7
        return x.sum()

    case = {"x": np.ones(3), "params": {"U": np.ones(2), "b": np.ones(1)}, "parts": [np.zeros(2), np.zeros(2)]}
    before = copy.deepcopy(case)
    answer = call(spoil, **case)
    assert_same(case, before)
    assert set(answer.changed) == {"x", "params.U", "params.new", "parts.0"}


def test_changed_inputs_are_seen_on_every_backend(xp_backend):
    def spoil(x, y):
        x[0] = 5.0
        return y + 1

    assert call(spoil, x=np.zeros(2), y=np.zeros(2)).changed == ("x",)


def test_an_input_that_holds_nan_is_not_changed_by_reading_it():
    assert call(lambda x: x + 1, x=np.array([np.nan, 1.0])).changed == ()


@pytest.mark.parametrize(
    "view", [lambda x: x, lambda x: x.T, lambda x: x[1:], lambda x: x.reshape(-1), lambda x: {"a": x}]
)
def test_a_view_of_an_input_is_seen(view):
    assert call(view).shares


def test_a_view_in_a_box_is_seen():
    class Box:
        def __init__(self, array):
            self.array, self.dtype = array, array.dtype

        def __array__(self, dtype=None, copy=None):
            return self.array

    assert call(Box).shares and not call(lambda x: Box(x.copy())).shares


@pytest.mark.parametrize("fresh", [lambda x: x.copy(), lambda x: x + 0, lambda x: x[[0, 1]], lambda x: x.sum()])
def test_a_new_array_is_no_view(fresh):
    assert call(fresh).shares == ()


def test_a_view_of_an_array_inside_an_input_is_seen():
    def first(params):
        return params["U"], params["U"] + 0

    answer = call(first, Asked("t", 1.0, "", outputs=("view", "copy")), params={"U": np.ones(3)})
    assert answer.shares == ("view",)


def test_a_result_that_changes_from_call_to_call_is_seen():
    seen = []
    assert not call(lambda x: seen.append(1) or x + len(seen)).repeats
    random = np.random.default_rng(0)
    assert not call(lambda x: random.normal(size=3)).repeats
    assert not call(lambda x: (x,) * len(seen) if seen.append(1) else (x, x)[: 1 + len(seen) % 2]).repeats
    assert call(lambda x: x * np.nan).repeats


def test_state_that_is_kept_in_a_default_argument_is_seen():
    assert not call(typed("def f(x, seen=[]):\n    seen.append(1)\n    return x + len(seen)")).repeats


def test_an_exception_is_told_by_the_students_own_line():
    code = "def g(x):\n    y = x[5]  # one too many\n    return y\n\ndef f(x):\n    return g(x)\n"
    error = call(typed(code)).error
    assert (error.type, error.function, error.line) == ("IndexError", "g", 2)
    assert error.code == "y = x[5]  # one too many" and "out of bounds" in error.text


def test_an_exception_inside_numpy_is_told_by_the_line_that_called_it():
    error = call(typed("def f(x):\n    return np.linalg.inv(x[:1])\n", np=np)).error
    assert (error.type, error.function, error.line) == ("LinAlgError", "f", 2)
    assert error.code == "return np.linalg.inv(x[:1])"


def test_an_exception_without_a_line_of_the_student_has_none_of_ours():
    error = call(lambda x, y: x).error
    assert error.type == "TypeError" and "missing 1 required" in error.text
    assert (error.function, error.line, error.code) == ("", 0, "")


@pytest.mark.parametrize("kind", [SystemExit, RecursionError, MemoryError, AssertionError, StopIteration])
def test_exceptions_of_every_kind_are_part_of_the_answer(kind):
    error = call(typed("def f(x):\n    raise kind('so')\n", kind=kind)).error
    assert (error.type, error.text, error.line) == (kind.__name__, "so", 2)


def test_a_recursion_without_end_is_part_of_the_answer():
    assert call(typed("def f(x):\n    return f(x)\n")).error.type == "RecursionError"


def test_a_function_that_is_not_there_is_said_so():
    answer = attempt(EXERCISE, VALUES_TEST, {}, {"x": np.ones(1)})
    assert answer.error == Failure("NameError", "there is no f: run its answer cell first")


def test_the_test_chooses_the_function_and_how_it_is_called():
    test = Asked("t", 1.0, "", function="g", probe=lambda function, case: {"twice": function(case["x"], 2)})
    answer = attempt(EXERCISE, test, {"f": None, "g": lambda x, n: n * x}, {"x": np.ones(1)})
    assert answer.outputs["twice"].tolist() == [2.0]


def test_nothing_is_warned_about_overflow():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(call(lambda x: np.exp(1000 * x)).outputs["result"]).all()


def test_the_backend_of_the_caller_does_not_change(xp_backend):
    before = backend.backend_name()
    call(lambda x: x + 1)
    assert backend.backend_name() == before


def test_where_many_answers_are_right_one_call_is_enough():
    calls = []

    def count(x):
        calls.append(x)
        return len(calls)

    for view, times in ((None, 2), (lambda outputs, case: outputs, 3)):
        given = call(count, Asked("t", 1.0, "", view=view))
        assert len(calls) == times
        assert given.repeats == (view is not None)
