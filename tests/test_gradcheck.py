import numpy as np
import pytest

from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.gradcheck import check_gradients, numerical_gradient, relative_error


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (3,), (2, 3, 4), (0, 2)])
def test_gradient_of_a_cubic(xp_backend, shape):
    x = Rng(0).normal(shape, dtype="float64")
    before = asnumpy(x).copy()
    gradient = numerical_gradient(lambda x: (x**3).sum(), x)
    assert array_namespace(gradient) is xp_backend
    assert gradient.dtype == np.float64
    assert relative_error(gradient, 3 * before**2) < 1e-8
    assert np.array_equal(asnumpy(x), before)


def test_views_are_changed_in_place(xp_backend):
    whole = Rng(0).normal((4, 6), dtype="float64")
    x = whole[::2, 1:4].T
    gradient = numerical_gradient(lambda _: (whole * whole).sum(), x)
    assert relative_error(gradient, 2 * x) < 1e-8


def test_large_values_take_the_step_that_rounding_leaves(xp_backend):
    x = asarray([1e9])  # x ± 1e-6 are not representable
    assert relative_error(numerical_gradient(lambda x: 3 * x.sum(), x), asarray([3.0])) < 1e-9


def test_f_may_return_a_number_or_one_element(xp_backend):
    x = asarray([2.0])
    for f in (lambda x: x * x, lambda x: float(x[0]) ** 2):
        assert relative_error(numerical_gradient(f, x), asarray([4.0])) < 1e-8


def test_x_is_put_back_when_f_fails(xp_backend):
    x = asarray([1.0, 2.0])
    with pytest.raises(ZeroDivisionError):
        numerical_gradient(lambda x: 1 / 0, x)
    assert asnumpy(x).tolist() == [1, 2]


def test_float32_is_refused(xp_backend):
    with pytest.raises(TypeError, match="x is float32"):
        numerical_gradient(lambda x: x.sum(), asarray([1.0], "float32"))
    x = asarray([1.0])
    with pytest.raises(TypeError, match="f returned float32"):
        numerical_gradient(lambda x: x.astype("float32").sum(), x)
    assert float(x[0]) == 1


@pytest.mark.parametrize(
    "a, b, error",
    [
        ([0.0, 0.0], [0.0, 0.0], 0),
        ([], [], 0),
        ([1.0, -4.0], [1.0, -4.0], 0),
        ([1.0, -4.0], [2.0, -4.0], 0.25),
        ([0.0], [1e-300], 1),
        (3.0, 2.0, 1 / 3),
        ([np.nan], [np.nan], np.nan),
        ([np.nan, 1.0], [0.0, 1.0], np.nan),
    ],
)
def test_relative_error(xp_backend, a, b, error):
    result = relative_error(asarray(a, "float64"), asarray(b, "float64"))
    assert isinstance(result, float)
    assert result == pytest.approx(error, nan_ok=True)
    assert relative_error(asarray(b, "float64"), asarray(a, "float64")) == pytest.approx(result, nan_ok=True)


def test_relative_error_between_backends(xp_backend):
    assert relative_error(xp_backend.ones(2), np.ones(2)) == 0


def test_relative_error_of_different_shapes(xp_backend):
    with pytest.raises(ValueError, match=r"\(2,\) and \(2, 1\)"):
        relative_error(xp_backend.ones(2), xp_backend.ones((2, 1)))


def quadratic(params):
    return (params["W"] @ params["v"]).sum() + (params["v"] ** 2).sum()


def quadratic_gradients(params):
    W, v = params["W"], params["v"]
    return {"W": array_namespace(W).ones((3, 1)) * v, "v": W.sum(axis=0) + 2 * v}


def test_check_gradients(xp_backend):
    rng = Rng(0)
    params = {"W": rng.normal((3, 2), dtype="float64"), "v": rng.normal((2,), dtype="float64")}
    grads = quadratic_gradients(params)
    errors = check_gradients(quadratic, params, grads)
    assert errors.keys() == {"W", "v"}
    assert max(errors.values()) < 1e-8

    grads["W"] = 1.01 * grads["W"]
    errors = check_gradients(quadratic, params, grads)
    assert errors["W"] == pytest.approx(0.01 / 1.01, rel=1e-3)
    assert errors["v"] < 1e-8


def test_check_gradients_wants_the_same_names(xp_backend):
    with pytest.raises(ValueError, match=r"\['W', 'v'\].*\['W'\]"):
        check_gradients(quadratic, {"W": 0, "v": 0}, {"W": 0})
