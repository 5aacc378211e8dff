"""Every gradient of every cell with every option against central differences."""

from dataclasses import replace

import pytest
import samples

from course_lib.backend import asnumpy
from course_lib.gradcheck import relative_error

# T, B, D, H, lengths of the sequences
CASES = {
    "all one": (1, 1, 1, 1, None),
    "one step": (1, 3, 2, 4, None),
    "one sequence": (4, 1, 3, 2, None),
    "D < H": (4, 3, 2, 5, None),
    "D > H": (3, 2, 4, 2, None),
    "unequal lengths": (4, 4, 3, 2, (4, 0, 1, 3)),
    "one shorter sequence": (3, 1, 2, 3, (2,)),
    "no step at all": (2, 2, 2, 2, (0, 0)),
}


def assert_gradients(cell, sample):
    numerical = samples.numerical_gradients(cell, sample)
    _, cache = samples.forward(cell, sample)
    gradients = samples.backward(cell, sample, cache)
    assert gradients.keys() == numerical.keys()
    errors = {name: relative_error(gradients[name], numerical[name]) for name in numerical}
    assert max(errors.values()) <= 1e-7, errors


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", samples.CELLS)
@pytest.mark.parametrize("kind", samples.NUMPY_KINDS)
def test_gradients(kind, name, case):
    T, B, D, H, lengths = CASES[case]
    with samples.running("numpy", kind):
        cell = samples.make(name, D, H)
        sample = samples.draw(cell, T, B, lengths)
        if name == "RNN relu":
            assert_no_kink(cell, sample)
        assert_gradients(cell, sample)


def assert_no_kink(cell, sample):
    """Differences across the kink of relu are of no use: no pre-activation may lie close to it."""
    U, W, b = (cell.params[name] for name in ("U", "W", "b"))
    h = sample.state
    for x_t in sample.x:
        a = x_t @ U.T + h @ W.T + b
        assert abs(a).min() > 1e-4
        h = a * (a > 0)


@pytest.mark.parametrize("name", samples.CELLS)
@pytest.mark.parametrize("kind", samples.NUMPY_KINDS)
def test_gradients_of_whole_numbers(kind, name):
    with samples.running("numpy", kind):
        cell = samples.make(name, D=7, H=2)
        sample = samples.draw(cell, 4, 3, (2, 4, 0), whole_numbers=True)
        seen = sample.x.ravel().tolist()
        assert len(set(seen)) < min(7, len(seen)), "an input that repeats and one that does not occur"
        assert_gradients(cell, sample)


@pytest.mark.parametrize("whole_numbers", [False, True], ids=["vectors", "whole numbers"])
@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
def test_gradients_on_each_backend(xp, name, whole_numbers):
    cell = samples.make(name, D=3, H=2)
    assert_gradients(cell, samples.draw(cell, 2, 3, (2, 0, 1), whole_numbers))


@pytest.mark.parametrize("name", samples.CELLS)
def test_whole_numbers_are_one_hot_rows(xp, name):
    cell = samples.make(name, D=4, H=3)
    sample = samples.draw(cell, 5, 2, whole_numbers=True)
    x = (sample.x[..., None] == xp.arange(4)).astype("float64")
    expected = samples.run(cell, replace(sample, x=x))
    values = samples.run(cell, sample)
    assert expected.keys() - values.keys() == {"dx"}
    for key, value in values.items():
        assert relative_error(value, expected[key]) < 1e-14, key


@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
def test_no_gradient_at_the_last_state_is_one_of_zero(xp, name):
    cell = samples.make(name, D=2, H=3)
    sample = samples.draw(cell, 3, 2)
    without = samples.run(cell, replace(sample, dstate=None))
    zero = samples.run(cell, replace(sample, dstate=samples.each(xp.zeros_like, sample.dstate)))
    for key, value in without.items():
        assert (asnumpy(value) == asnumpy(zero[key])).all(), key
