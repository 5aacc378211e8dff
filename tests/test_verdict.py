import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.exercises import Exercise, choice, gradients, part
from course_lib.exercises import Test as Asked  # not for pytest to collect
from course_lib.exercises.answer import Answer, Failure, attempt, decode, encode
from course_lib.exercises.verdict import FAILED, NOT_ATTEMPTED, PASSED, Sheet, fingerprint, judge, matches, seen

VALUES = Asked("values", 1.0, "values")
DTYPED = Asked("dtyped", 1.0, "values and dtype", dtype=True)
PAIR = Asked("pair", 1.0, "two outputs", outputs=("hs", "os"))
QUIZ = Asked("quiz", 0.5, "a letter", probe=lambda answers, case: {"q": answers["q"]}, secret=True)
EXERCISE = Exercise("f", "F", ("f",), (VALUES, DTYPED, PAIR, QUIZ), ("hint",), "section")
X = np.array([[1.125, -2.25], [3.5, 4.75]])


def step(x):
    return np.tanh(x) + 0.5


def answered(function, test=VALUES, cases=({"x": X},)):
    return [attempt(EXERCISE, test, {"f": function}, case) for case in cases]


def viewed(function, test, cases):
    return [seen(test, answer, case) for answer, case in zip(answered(function, test, cases), cases, strict=True)]


def judged(function, right=step, test=VALUES, cases=({"x": X},), mistakes=(), reveal=False):
    """The verdict on a function, where another one is right."""
    known = [(tell, [fingerprint(test, answer) for answer in viewed(wrong, test, cases)]) for tell, wrong in mistakes]
    expected = [fingerprint(test, a) if test.secret else a for a in viewed(right, test, cases)]
    return judge(EXERCISE, test, Sheet(list(cases), expected, known), answered(function, test, cases), reveal)


def message(*arguments, **options):
    verdict = judged(*arguments, **options)
    assert (verdict.state, verdict.points) == (FAILED, 0.0)
    return verdict.message


# ------------------------------------------------------------------------------------------ what is right


def test_the_right_values_pass_and_earn_the_points():
    verdict = judged(step)
    assert (verdict.state, verdict.points, verdict.max_points, verdict.message) == (PASSED, 1.0, 1.0, "")


def test_another_order_of_sums_passes(xp_backend):
    x, W = np.random.default_rng(0).normal(size=(2, 50, 50))

    def sum_of_columns(x, W):
        return sum(x[:, k : k + 1] * W[:, k] for k in range(50))

    assert judged(sum_of_columns, lambda x, W: x @ W.T, cases=({"x": x, "W": W},)).passed


def test_float32_is_given_the_tolerance_of_float32():
    cases = ({"x": X.astype("float32")},)
    assert judged(lambda x: step(x) * np.float32(1 + 2e-5), cases=cases).passed
    assert not judged(lambda x: step(x) * np.float32(1 + 2e-3), cases=cases).passed
    assert not judged(lambda x: step(x) * (1 + 2e-5)).passed


def test_below_a_tests_floor_rounding_does_not_count():
    floored = Asked("floored", 1.0, "terms that cancel", floor=1.0)
    noise, other, wrong = (lambda x, n=n: X * 0 + n for n in (3e-17, -1e-16, 1e-8))
    assert judged(other, noise, floored).passed and not judged(other, noise).passed
    assert not judged(wrong, noise, floored).passed
    assert judged(lambda x: x * (1 + 1e-10), lambda x: x * 1, floored).passed


def test_a_mistake_whose_values_should_vanish_is_known_by_what_does_not():
    floored = Asked("floored", 1.0, "terms that cancel", floor=1.0, outputs=("a", "b"))
    right, known, given = (lambda x, n=n, b=b: (X * 0 + n, X * b) for n, b in ((0, 1), (2e-17, 2), (-7e-17, 2)))
    assert message(given, right, floored, mistakes=[("b is twice too large.", known)]) == "b is twice too large."


def test_a_value_with_the_digits_of_finite_differences_is_told_so():
    said = message(lambda x: np.tanh(x) * (1 + 3e-8), lambda x: np.tanh(x))
    assert said == "result: right to 8 digits only (by finite differences, or rounded?)"
    assert "values are wrong" in message(lambda x: np.tanh(x) * (1 + 3e-5), lambda x: np.tanh(x))


def test_a_list_in_place_of_an_array_is_told_so():
    named = Asked("named", 1.0, "dx", probe=lambda f, case: {"dx": f(case["x"])})
    assert message(lambda x: list(x + 1), lambda x: x + 1, named) == (
        "dx: this is a list or a tuple; np.stack makes one array of its arrays"
    )
    said = message(lambda x: list(x + 1), lambda x: x + 1)
    assert said == "you returned 2 values; expected an array of shape (2, 2) (np.stack makes one array of a list)"


def test_what_only_the_probe_is_about_is_not_told():
    hidden = Asked("hidden", 1.0, "f", probe=lambda f, case: f(case["x"]))
    cases = ({"x": X, "_secret": X}, {"x": X + 1, "_secret": X})
    said = message(lambda x: x + 1 - (x[0, 0] > 2), lambda x: x + 1, hidden, cases)
    assert "x (2, 2)" in said and "secret" not in said


def test_the_tolerance_is_relative_to_the_largest_value_of_the_array():
    assert judged(lambda x: np.array([1e12, 1.0 + 1]), lambda x: np.array([1e12, 1.0])).passed
    assert judged(lambda x: np.array([1e-20]), lambda x: np.array([0.0])).passed
    assert not judged(lambda x: np.array([2e-20]), lambda x: np.array([1e-20])).passed


def test_whole_numbers_and_booleans_are_compared_too():
    assert judged(lambda x: x > 0, lambda x: x > 0).passed
    assert not judged(lambda x: x >= 3, lambda x: x > 0).passed
    assert judged(lambda x: 725, lambda x: 725.0).passed
    assert not judged(lambda x: 724, lambda x: 725).passed


def test_values_that_are_infinite_or_nan_must_be_just_these():
    odd = np.array([np.inf, -np.inf, np.nan, 1.0])
    assert judged(lambda x: odd.copy(), lambda x: odd.copy()).passed
    for other in ([np.inf, np.inf, np.nan, 1], [2, -np.inf, np.nan, 1], [np.inf, -np.inf, 0, 1]):
        assert "should be infinite or NaN" in message(lambda x, o=other: np.array(o), lambda x: odd.copy())
    assert not judged(lambda x: np.array([np.inf, -np.inf, np.nan, 2.0]), lambda x: odd.copy()).passed


def test_empty_arrays_agree():
    assert judged(lambda x: np.zeros((0, 3)), lambda x: np.zeros((0, 3))).passed
    assert message(lambda x: np.zeros((3, 0)), lambda x: np.zeros((0, 3))) == "result: shape (3, 0), expected (0, 3)"


# ------------------------------------------------------------------------------------------ what is wrong


def test_wrong_values_are_counted_and_the_worst_is_located():
    def two_wrong(x):
        y = step(x)
        y[0, 1] += 0.1
        y[1, 0] -= 1.5
        return y

    said = message(two_wrong)
    assert said.startswith("result: 2 of 4 values are wrong; the largest error, at [1, 0], is 1 times")
    assert message(two_wrong, reveal=True).endswith("the largest right value: -0.0018221 instead of 1.49818")


def test_a_single_number_needs_no_place():
    said = message(lambda x: 2.0, lambda x: 1.0, reveal=True)
    assert said == "result: the value is wrong: 2 instead of 1"


def test_numbers_that_differ_far_behind_the_point_are_told_with_digits_enough():
    said = message(lambda x: 1 / 3 + 1e-8, lambda x: 1 / 3, reveal=True)
    assert said.endswith("0.333333343333 instead of 0.333333333333")


def test_float32_where_float64_is_asked_is_told_as_that():
    said = message(lambda x: step(x.astype("float32")))
    assert said == "result: right to the precision of float32 only; expected float64"
    assert "values are wrong" in message(lambda x: (2 * step(x)).astype("float32"))


def test_shapes_are_told_before_values():
    assert message(lambda x: step(x)[0]) == "result: shape (2,), expected (2, 2)"
    assert message(lambda x: step(x).sum()) == "result: shape (), expected (2, 2)"


def test_the_dtype_counts_where_the_test_says_so():
    cases = ({"x": X.astype("float32")},)
    assert judged(lambda x: step(x).astype("float64"), cases=cases).passed
    said = message(lambda x: step(x).astype("float64"), test=DTYPED, cases=cases)
    assert said == "result: dtype float64, expected float32"


def test_nan_and_infinite_values_are_counted():
    assert message(lambda x: np.where(x > 3, np.nan, step(x))) == "result: 2 of 4 values are NaN"
    assert message(lambda x: np.where(x > 4, np.inf, step(x))) == "result: 1 of 4 values are infinite"
    assert message(lambda x: -np.inf, lambda x: 1.0) == "result: 1 of 1 values are infinite"


def test_a_forgotten_return_is_said_to_be_one():
    for test, right in ((VALUES, step), (PAIR, lambda x: (x + 1, x + 2)), (VALUES, lambda x: 1.0)):
        assert "None (is a `return` missing?)" in message(lambda x: None, right, test)
    # Whatever is expected, an array of any size or a text.
    for right in (np.zeros(0), np.zeros(1), np.zeros(7), "text"):
        assert "None (is a `return` missing?)" in message(lambda x: None, lambda x, right=right: right)


def test_a_text_where_numbers_are_expected_and_the_other_way_round():
    assert message(lambda x: "abc") == "result: this is 'abc', expected an array of shape (2, 2)"
    assert message(lambda x: x + 1, lambda x: "abc", reveal=True) == (
        "result: this is an array of shape (2, 2), expected 'abc'"
    )
    assert message(lambda x: [i for i in x], lambda x: 1.0) == "you returned 2 values; expected a number"
    assert "this is 'generator of" in message(lambda x: (i for i in x))


def test_missing_and_unasked_outputs_are_named():
    def right(x):
        return {"dW": x + 1, "db": x + 2, "dU": x + 3}

    assert message(lambda x: {"dW": x + 1}, right) == "what you returned: db, dU missing"
    assert message(lambda x: right(x) | {"dV": x + 1}, right) == "what you returned: dV not asked for"
    assert message(lambda x: {"dW": x + 1, "dV": x + 1}, right) == (
        "what you returned: db, dU missing, dV not asked for"
    )
    assert message(lambda x: x + 1, right) == "you returned an array of shape (2, 2); expected dW, db, dU"


def test_a_pair_that_is_none_is_told_by_what_it_is():
    def right(x):
        return x + 1, x + 2

    assert judged(right, right, PAIR).passed
    assert message(lambda x: x + 1, right, PAIR) == "you returned an array of shape (2, 2); expected hs, os"
    assert message(lambda x: (x, x, x), right, PAIR) == "you returned 3 values; expected hs, os"
    assert message(lambda x: (), right, PAIR) == "you returned 'an empty tuple'; expected hs, os"
    assert message(lambda x: (x + 1, None), right, PAIR).startswith("os: this is None")


def test_where_a_part_counts_the_whole_is_told():
    def right(x):
        return x + 1, x + 2

    PART = Asked("part", 1.0, "one of two", probe=part("os", ("hs", "os")))
    assert judged(right, right, PART).passed
    for form, told in [
        (lambda x: x + 2, "an array of shape (2, 2)"),
        (lambda x: (x, x, x + 2), "3 values"),
        (lambda x: {"hs": x + 1, "os": x + 2}, "a dictionary with hs, os"),
    ]:
        assert message(form, right, PART) == f"you returned {told}; expected hs, os, in this order"
    for form in (lambda x: (x, list(x)), lambda x: (x, tuple(x)), lambda x: (x, x.tolist())):
        assert message(form, right, PART).startswith("os: this is a list or a tuple; np.stack")
    assert message(lambda x: (x, {"a": x}), right, PART) == "os: this is a dictionary; expected an array"

    GRADIENT = Asked("gradient", 1.0, "one of two", probe=gradients("dW", "db"))
    right = {"dU": X, "dW": X + 1, "db": X + 2}
    assert judged(lambda x: right, lambda x: right, GRADIENT).passed
    for form, told in [
        ((X, X), "2 values"),
        ({"dW": X}, "a dictionary with dW"),
        (None, "None (is a `return` missing?)"),
    ]:
        said = message(lambda x, form=form: form, lambda x: right, GRADIENT)
        assert said == f"you returned {told}; expected a dictionary with dW, db"


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"why": "because"}, "one of the letters a, b, c, d is asked for"),
        ({"why": 3}, "one of the letters a, b, c, d is asked for"),
        (["a"], "there is no answer to 'why': keep the dictionary and its keys"),
        ({}, "there is no answer to 'why': keep the dictionary and its keys"),
    ],
)
def test_a_quiz_that_cannot_be_read_is_told_how_it_can(answers, told):
    test = choice("why", 1.0)
    right = [fingerprint(test, attempt(EXERCISE, test, {"f": {"why": "a"}}, {}))]
    verdict = judge(EXERCISE, test, Sheet([{}], right), [attempt(EXERCISE, test, {"f": answers}, {})], reveal=True)
    assert (verdict.state, verdict.message) == (FAILED, told)


def test_long_lists_of_names_name_what_differs():
    def copies(n):
        return lambda x: [{"U": x + 1, "W": x + 2} for _ in range(n)]

    said = message(copies(9), copies(8))
    assert said == "what you returned: 8.U, 8.W not asked for"
    assert len(message(lambda x: {f"{'k' * 150}{i}": x for i in range(500)}, lambda x: {"hs": x})) < 500


def test_changed_inputs_and_views_fail_although_the_values_are_right():
    def in_place(x):
        x *= 2
        return x.copy()

    assert message(in_place, lambda x: 2 * x) == "you changed an input in place: x; work on a copy"
    assert message(lambda x: x.T, lambda x: x.T.copy()) == "result shares memory with an input: return a new array"


def test_something_that_is_kept_between_calls_is_said_so():
    calls = []

    def first_right(x):
        calls.append(1)
        return step(x) if len(calls) == 1 else step(x) + 1

    assert message(first_right) == (
        "a second call with the same inputs gave something else: something is kept between calls"
    )


def test_an_exception_is_told_with_the_students_line():
    error = Failure("ValueError", "shapes do not fit", "f", 3, "a = x @ W")
    sheet = Sheet([{"x": X}], answered(step))
    verdict = judge(EXERCISE, VALUES, sheet, [Answer({}, error)], reveal=False)
    assert verdict.message == "ValueError: shapes do not fit in f, line 3: `a = x @ W`"


def test_an_exception_without_a_line_says_where_it_may_come_from():
    assert message(lambda: 1) == (
        "calling it, or reading what it returned, gave TypeError: "
        + "test_an_exception_without_a_line_says_where_it_may_come_from.<locals>.<lambda>() takes 0 positional "
        "arguments but 1 was given"
    )
    missing = judge(EXERCISE, VALUES, Sheet([{"x": X}], answered(step)), [attempt(EXERCISE, VALUES, {}, {})], False)
    assert missing.message == "there is no f: run its answer cell first"


@pytest.mark.parametrize("kind", ["", "NameError", "NotImplementedError", "ValueError"])
@pytest.mark.parametrize("test", [VALUES, DTYPED, PAIR, QUIZ])
def test_an_exception_never_passes_whatever_it_says_of_itself(kind, test):
    function = {"q": "c"} if test.secret else (lambda x: (x + 1, x + 2)) if test.outputs else step
    right = answered(function, test)
    expected = [fingerprint(test, answer) if test.secret else answer for answer in right]
    for outputs in ({}, right[0].outputs):  # with the right values beside it, too
        claimed = Answer(outputs, Failure(kind, ""))
        verdict = judge(EXERCISE, test, Sheet([{"x": X}], expected), [claimed], reveal=False)
        assert (verdict.state, verdict.points) == (FAILED, 0.0) and verdict.message


def test_another_function_that_is_not_written_yet_is_named():
    error = Failure("NotImplementedError", "", "helper", 2, "raise NotImplementedError()")
    verdict = judge(EXERCISE, VALUES, Sheet([{"x": X}], answered(step)), [Answer({}, error)], reveal=False)
    assert (verdict.state, verdict.message) == (FAILED, "it needs helper, which is not written yet")


def test_the_case_is_described_where_there_are_several():
    cases = ({"x": X}, {"x": X[:1], "k": 3, "params": {"U": np.ones(2)}, "kind": "causal"})
    said = message(lambda x, *_: step(x) if len(x) == 2 else step(x) + 1, lambda x, *_: step(x), cases=cases)
    assert said.endswith("(case: x (1, 2) float64; k = 3; params with U (2,); kind = causal)")


# ------------------------------------------------------------------------------------- not attempted, quizzes


@pytest.mark.parametrize("where", ["f", "<module>"])
def test_the_stub_is_not_attempted(where):
    stub = Answer({}, Failure("NotImplementedError", "", where, 2, "raise NotImplementedError()"))
    verdict = judge(EXERCISE, VALUES, Sheet([{"x": X}], answered(step)), [stub], reveal=True)
    assert (verdict.state, verdict.points, verdict.message) == (NOT_ATTEMPTED, 0.0, "not attempted yet")


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"q": "c"}, PASSED),
        ({"q": " C "}, PASSED),
        ({"q": "a"}, FAILED),
        ({"q": 3}, FAILED),
        ({"q": ["c"]}, FAILED),
        ({}, FAILED),
        (7, FAILED),
        ({"q": None}, NOT_ATTEMPTED),
    ],
)
def test_a_quiz_knows_right_wrong_and_unanswered(given, state):
    verdict = judged(given, {"q": "c"}, QUIZ, ({},))
    assert verdict.state == state
    assert "'c'" not in verdict.message


def test_a_wrong_option_gets_its_own_sentence():
    known = [("a is wrong.", {"q": "a"}), ("b is wrong.", {"q": "b"})]
    assert message({"q": "b"}, {"q": "c"}, QUIZ, ({},), known) == "b is wrong."
    assert message({"q": "d"}, {"q": "c"}, QUIZ, ({},), known) == "this is not the right answer"


def test_a_quiz_keeps_no_answer_in_its_fingerprint():
    (answer,) = answered({"q": "Paris"}, QUIZ, ({},))
    assert "paris" not in str(fingerprint(QUIZ, answer)).lower()


# ------------------------------------------------------------------------------------------- nothing is revealed

SECRETS = np.array([[0.123456789, -7.65432198], [31.4159265, 0.271828183]])
WRONG = {
    "off by one": lambda x: SECRETS + 1,
    "one wrong": lambda x: SECRETS + np.array([[0, 0], [0, 1e-3]]),
    "zeros": lambda x: np.zeros((2, 2)),
    "float32": lambda x: SECRETS.astype("float32"),
    "nan": lambda x: np.full((2, 2), np.nan),
    "another shape": lambda x: np.zeros(3),
    "none": lambda x: None,
    "text": lambda x: "abc",
    "a pair": lambda x: (x, x),
    "an exception": lambda x: 1 / 0,
    "an input": lambda x: x,
}


@pytest.mark.parametrize("what", WRONG)
def test_values_are_told_only_where_they_may_be(what):
    said = message(WRONG[what], lambda x: SECRETS.copy())
    numbers = [f"{abs(value):.3g}" for value in SECRETS.ravel()]
    assert not any(number in said for number in numbers)


def test_a_text_is_told_only_where_it_may_be():
    assert message(lambda x: "wrong", lambda x: "the secret") == "result: this is 'wrong', expected another text"
    assert "secret" not in message(lambda x: None, lambda x: "the secret")
    assert "secret" not in message(lambda x: {"hs": x}, lambda x: "the secret")


# ---------------------------------------------------------------------------------------------------- views

SQUARE = Asked("square", 1.0, "the square", view=lambda outputs, case: {"square": outputs["result"] ** 2})


def test_what_is_compared_is_what_the_view_sees():
    assert judged(lambda x: -x, lambda x: x + 0, SQUARE).passed
    assert judged(lambda x: np.random.default_rng().choice([-1, 1]) * x, lambda x: x + 0, SQUARE).passed
    known = [("twice as large.", lambda x: 2 * x)]
    assert message(lambda x: -2 * x, lambda x: x + 0, SQUARE, mistakes=known) == "twice as large."


@pytest.mark.parametrize("sent", [lambda x: {"square": x**2}, lambda x: (x, x), lambda x: None, lambda x: "x"])
def test_nothing_that_a_view_cannot_read_is_right(sent):
    assert "you returned" in message(sent, lambda x: x + 0, SQUARE)


# ---------------------------------------------------------------------------------------------- fingerprints

FLOATS = hnp.arrays("float64", hnp.array_shapes(max_side=5), elements=st.floats(-1e6, 1e6))


def printed(value, test=VALUES):
    return fingerprint(test, Answer({"hs": np.asarray(value)}))


@given(FLOATS)
def test_a_fingerprint_does_not_depend_on_precision(array):
    assume(not array.any() or np.abs(array).max() > 1e-30)
    assert matches(printed(array), printed(array.astype("float32")))
    assert matches(printed(array), printed(array * (1 + 1e-7)))


def test_a_fingerprint_does_not_depend_on_the_order_of_sums(xp_backend):
    rng = np.random.default_rng(1)
    case = {"x": rng.normal(size=(5, 400)), "W": rng.normal(size=(7, 400))}
    by_matrix, by_column = (
        answered(function, VALUES, (single,))[0]
        for function in (lambda x, W: x @ W.T, lambda x, W: sum(x[:, k : k + 1] * W[:, k] for k in range(400)))
        for single in ({name: value.astype("float32") for name, value in case.items()},)
    )
    exact = answered(lambda x, W: x @ W.T, VALUES, (case,))[0]
    assert matches(fingerprint(VALUES, by_matrix), fingerprint(VALUES, by_column))
    assert matches(fingerprint(VALUES, by_matrix), fingerprint(VALUES, exact))


def test_different_answers_have_different_fingerprints(xp_backend):
    rng = np.random.default_rng(2)
    x, W, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4)
    cases = ({"x": x, "W": W, "b": b},)
    functions = [
        lambda x, W, b: xp_backend.tanh(x @ W.T + b),
        lambda x, W, b: x @ W.T + b,
        lambda x, W, b: xp_backend.tanh(x @ W + b),
        lambda x, W, b: xp_backend.tanh(x @ W.T),
        lambda x, W, b: xp_backend.tanh(x @ W.T) + b,
        lambda x, W, b: xp_backend.tanh(x @ W.T - b),
        lambda x, W, b: -xp_backend.tanh(x @ W.T + b),
        lambda x, W, b: xp_backend.tanh(x @ W.T + b)[::-1] + 0,
        lambda x, W, b: xp_backend.tanh(x @ W.T + b).T + 0,
        lambda x, W, b: xp_backend.tanh(x @ W.T + b).sum(axis=0),
        lambda x, W, b: 1.01 * xp_backend.tanh(x @ W.T + b),
        lambda x, W, b: {"h": xp_backend.tanh(x @ W.T + b)},
        lambda x, W, b: xp_backend.log(-xp_backend.abs(x)),
        lambda x, W, b: x / 0,
        lambda x, W, b: None,
        lambda x, W, b: 1 / 0,
        lambda x, W, b: [][0],
        lambda x, W, b: x,
    ]
    prints = [fingerprint(VALUES, answered(function, VALUES, cases)[0]) for function in functions]
    for i, one in enumerate(prints):
        assert [matches(one, two) for two in prints] == [j == i for j in range(len(prints))]


@given(FLOATS, st.floats(0.05, 0.5), st.data())
def test_one_value_that_is_clearly_other_shows_in_the_fingerprint(array, change, data):
    scale = np.sqrt(np.mean(array**2))
    assume(scale > 1e-6)
    place = tuple(data.draw(st.integers(0, n - 1)) for n in array.shape)
    other = array.copy()
    other[place] += change * scale * np.sqrt(array.size)
    assert not matches(printed(array), printed(other))


@pytest.mark.parametrize("value", [1e308, -1e308, np.inf, np.nan, 5e-324, 0.0])
def test_a_fingerprint_of_extreme_values_is_plain_json_and_matches_itself(value):
    array = np.full(50, value)
    made = printed(array)
    assert matches(made, printed(array.copy()))
    assert not re.search(r"inf|nan", str(made["outputs"]["hs"][4:]))


def test_the_dtype_is_in_the_fingerprint_where_it_counts():
    array = np.ones(3)
    assert matches(printed(array), printed(array.astype("float32")))
    assert not matches(printed(array, DTYPED), printed(array.astype("float32"), DTYPED))


def test_a_fingerprint_survives_being_sent():
    (answer,) = answered(lambda x: (x + 1, x.sum()), PAIR)
    assert matches(fingerprint(PAIR, answer), fingerprint(PAIR, decode(encode(answer))))


# ---------------------------------------------------------------------------------------------- known mistakes


def test_a_known_mistake_is_called_by_its_name():
    known = [("tanh is missing.", lambda x: x + 0.5), ("0.5 is missing.", lambda x: np.tanh(x))]
    assert message(lambda x: x - 0 + 0.5, mistakes=known) == "tanh is missing."
    assert message(lambda x: np.sinh(x) / np.cosh(x), mistakes=known) == "0.5 is missing."
    assert message(lambda x: x + 0.7, mistakes=known).startswith("result: 4 of 4 values are wrong")


def test_a_mistake_has_to_agree_in_every_wrong_case():
    cases = ({"x": X}, {"x": X[:1]})
    known = [("tanh is missing.", lambda x: x + 0.5)]
    assert message(lambda x: x + 0.5, cases=cases, mistakes=known).startswith("tanh is missing.")
    said = message(lambda x: x + 0.5 if len(x) == 2 else x, cases=cases, mistakes=known)
    assert not said.startswith("tanh")


def test_of_two_mistakes_the_one_that_agrees_in_more_cases_is_told():
    cases = ({"x": X}, {"x": X[:1]})
    known = [
        ("wrong for one row only.", lambda x: x if len(x) == 1 else step(x)),
        ("wrong always.", lambda x: x),
    ]
    assert message(lambda x: x + 0, cases=cases, mistakes=[("always.", lambda x: x + 0), *known]).startswith("always.")
    only = message(lambda x: x + 0 if len(x) == 1 else step(x), cases=cases, mistakes=[
        ("always.", lambda x: x + 0),
        ("one row.", lambda x: x + 0 if len(x) == 1 else step(x)),
    ])  # fmt: skip
    assert only.startswith("one row.")


def test_two_exceptions_of_a_kind_are_not_the_same_mistake():
    known = [("the shapes do not fit.", lambda x: x @ np.ones(7))]
    assert "invalid literal" in message(lambda x: int("x"), mistakes=known)


def test_an_answer_that_is_nearly_right_is_not_taken_for_a_mistake_that_is_right_in_this_case():
    """A mistake shows only for one row; this answer is a little off for two rows."""
    cases = ({"x": X}, {"x": X[:1]})
    known = [("wrong for one row.", lambda x: x + 0 if len(x) == 1 else step(x))]
    said = message(lambda x: step(x) * (1 + 1e-6) if len(x) == 2 else step(x), cases=cases, mistakes=known)
    assert not said.startswith("wrong for one row.")
    float64 = [("float32 gives float64.", lambda x: step(x).astype("float64"))]
    single = ({"x": X.astype("float32")},)
    assert message(lambda x: step(x).astype("float64"), test=DTYPED, cases=single, mistakes=float64) == float64[0][0]
    said = message(lambda x: step(x) * np.float32(1 + 5e-4), test=DTYPED, cases=single, mistakes=float64)
    assert "values are wrong" in said
