"""The map of errors that students see: right in its levels, small, and no way back to a right value."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.exercises import Exercise, call
from course_lib.exercises import Test as Asked  # not for pytest to collect
from course_lib.exercises.answer import Answer, Failure, attempt
from course_lib.exercises.distance import LEVELS, error_map
from course_lib.exercises.verdict import FAILED, Sheet, fingerprint, judge

TEST = Asked("values", 1.0, "the values", probe=call)
RIGHT = np.linspace(-2.0, 1.5, 12).reshape(3, 4)  # its largest value is 2


def drawn(given, right=RIGHT, test=TEST):
    return error_map(test, "hs", right, given)


def moved(*errors):
    """The right array with these errors, as shares of its largest value, in its first places."""
    given = RIGHT.copy()
    given.flat[: len(errors)] += 2 * np.array(errors)
    return given


def test_levels_are_shares_of_the_largest_right_value():
    found = drawn(moved(0.0, 1e-12, 1e-6, 0.0099, -0.0101, 0.0999, 0.101, -0.999, 1.001, 50, np.nan, -np.inf))
    assert found["rows"] == ["0011", "2233", "4455"]
    assert found["counts"] == [2, 2, 2, 2, 2, 2] and len(found["counts"]) == len(LEVELS)
    assert (found["array"], found["shape"], found["row_axes"]) == ("hs", [3, 4], 1)


def test_a_level_begins_with_its_share():
    right = np.array([4.0, 1.0, 0.5])
    assert drawn(np.array([0.0, 1.0, 0.5]), right)["rows"] == ["400"]
    assert drawn(np.array([4.0, np.nextafter(5.0, 0), 0.5]), right)["rows"] == ["030"]


def test_what_a_test_accepts_is_right_however_large():
    loose = Asked("loose", 1.0, "about", tolerance={"float64": 0.2, "float32": 0.2})
    assert drawn(moved(0.19, 0.21), test=loose)["rows"][0] == "0300"
    floor = Asked("floor", 1.0, "small ones", floor=200.0)
    assert drawn(moved(0.02), test=floor)["rows"][0] == "1000"


def test_what_is_not_finite_where_it_should_be():
    right = np.array([[np.inf, -np.inf, np.nan], [0.5, 0.25, 0.1]])
    assert drawn(right.copy(), right) is None
    given = np.array([[np.inf, np.inf, 0.0], [0.5, np.nan, 0.1]])
    assert drawn(given, right)["rows"] == ["055", "050"]


@pytest.mark.parametrize(
    ("shape", "wrong", "where"),
    [
        ((4, 5), np.s_[1:3, :], ["1–2", "all"]),
        ((4, 5), np.s_[::2, 4], ["0, 2", "4"]),
        ((5, 2, 3), np.s_[:, 0, :], ["all", "0", "all"]),
        ((40, 2), np.s_[::3, :], ["14 of 40", "all"]),
        ((6,), np.s_[5], ["5"]),
    ],
)
def test_where_it_is_wrong_is_told_for_each_axis(shape, wrong, where):
    right = np.random.default_rng(1).normal(size=shape)
    given = right.copy()
    given[wrong] += 1
    assert drawn(given, right)["where"] == where


@pytest.mark.parametrize(
    ("shape", "split", "rows", "columns"),
    [
        ((7,), 0, 1, 7),
        ((1000,), 0, 1, 24),
        ((3, 4), 1, 3, 4),
        ((12, 24), 1, 12, 24),
        ((13, 25), 1, 7, 13),
        ((1000, 1), 1, 12, 1),
        ((5, 3, 4), 1, 5, 12),
        ((2, 4, 4, 3), 2, 8, 12),
        ((35, 20, 65), 2, 12, 22),
    ],
)
def test_a_map_is_small_however_large_the_array(shape, split, rows, columns):
    right = np.random.default_rng(1).normal(size=shape)
    given = right.copy()
    given[(-1,) * len(shape)] += 1e3
    found = drawn(given, right)
    assert (found["row_axes"], len(found["rows"])) == (split, rows)
    assert {len(row) for row in found["rows"]} <= {columns} and columns <= 24
    assert (
        found["rows"][-1][-1] == "4" and "".join(found["rows"]).count("0") == rows * columns - 1
    )  # the worst of a block
    assert sum(found["counts"]) == right.size and found["counts"][4] == 1


@pytest.mark.parametrize(
    ("right", "given"),
    [
        (np.array(0.5), np.array(0.7)),
        (np.array([0.5]), np.array([0.7])),
        (np.empty((0, 3)), np.empty((0, 3))),
        (RIGHT, RIGHT.T),
        (RIGHT, RIGHT.copy()),
        (RIGHT, RIGHT.astype(np.float32).astype(np.float64)[:2]),
        (RIGHT, "None"),
        ("text", RIGHT),
        (np.array([3, 1, 2]), np.array([3, 1, 1])),
        (np.array([True, False]), np.array([False, False])),
        (np.eye(3), np.zeros((3, 3))),  # whole numbers in float64: a level could tell which
    ],
)
def test_what_has_no_map(right, given):
    assert drawn(given, right) is None


ANY = arrays.arrays(
    st.sampled_from(["?", "i1", "u8", "f2", "f4", "f8", "g"]),
    st.just((3, 4)),
)


@settings(max_examples=200, deadline=None)
@given(ANY)
def test_any_array_of_the_right_shape_gives_a_small_map_of_levels(answer):
    found = drawn(answer)
    levels = "".join(found["rows"])
    assert set(levels) <= set("012345") and len(levels) == 12
    assert [levels.count(str(level)) for level in range(6)] == found["counts"]
    assert len(json.dumps(found)) < 300


@settings(max_examples=100, deadline=None)
@given(st.floats(0.2, 0.9), st.integers(0, 11))
def test_many_right_answers_have_one_map(share, place):
    """Nothing finer than a level is in the map: what is as wrong elsewhere within the level looks the same."""
    one, other = RIGHT.copy(), RIGHT.copy()
    one.flat[place] += 2 * share
    other.flat[place] -= 2 * 0.5
    assert drawn(one) == drawn(other)


EXERCISE = Exercise("f", "F", ("f",), (TEST,), (), "Section")


def told(function, test=TEST, cases=({"x": RIGHT}, {"x": RIGHT + 1}, {"x": RIGHT - 1}), right=np.tanh, mistakes=()):
    """The verdict on a function."""
    answers, expected = ([attempt(EXERCISE, test, {"f": f}, case) for case in cases] for f in (function, right))
    expected = [fingerprint(test, each) for each in expected] if test.secret else expected
    return judge(EXERCISE, test, Sheet(list(cases), expected, mistakes), answers, reveal=False)


def test_a_verdict_maps_the_first_wrong_array_of_the_first_wrong_case():
    def two(f):
        return lambda x: {"right": np.tanh(x), "hs": f(x), "os": np.sin(x)}

    def sometimes(x):
        return np.tanh(x) + (x[0, 0] > -2.5) * 0.5

    verdict = told(two(sometimes), right=two(np.tanh))
    assert verdict.state == FAILED and not verdict.known_mistake and verdict.message.startswith("hs: ")
    assert (verdict.error_map["array"], verdict.error_map["rows"]) == ("hs", ["3333"] * 3)
    assert (verdict.error_map["wrong_cases"], verdict.error_map["cases"]) == (2, 3)


def test_a_verdict_says_whether_the_mistake_is_known():
    cases = [{"x": RIGHT}]
    prints = [fingerprint(TEST, attempt(EXERCISE, TEST, {"f": np.sin}, case)) for case in cases]
    verdict = told(np.sin, cases=cases, mistakes=[("sin is not tanh", prints)])
    assert verdict.known_mistake and verdict.message == "sin is not tanh" and verdict.error_map["array"] == "result"
    assert not told(np.cos, cases=cases, mistakes=[("sin is not tanh", prints)]).known_mistake


def refuses(x):
    raise ValueError("no")


@pytest.mark.parametrize(
    "function",
    [
        np.tanh,
        refuses,
        lambda x: np.tanh(x).T,
        lambda x: np.tanh(x).astype(complex),
        lambda x: np.tanh(x).tolist()[0],
        lambda x: {"result": np.tanh(x), "more": x},
        lambda x: np.zeros((10**6,)),
        lambda x: None,
    ],
)
def test_where_no_array_of_the_right_shape_is_wrong_there_is_no_map(function):
    assert told(function).error_map is None


def test_what_is_secret_is_never_mapped():
    secret = Asked("values", 1.0, "the values", probe=call, secret=True)
    assert told(np.sin, test=secret).state == FAILED and told(np.sin, test=secret).error_map is None


def test_an_answer_that_is_not_blank_but_failed_has_no_map():
    verdict = judge(
        EXERCISE, TEST, Sheet([{}], [Answer({"result": RIGHT})]), [Answer({}, Failure("OSError", "x"))], False
    )
    assert verdict.state == FAILED and verdict.error_map is None
