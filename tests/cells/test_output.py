import mock_cupy
import numpy as np
import pytest

from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.cells.output import Output
from course_lib.gradcheck import check_gradients, numerical_gradient, relative_error

SIZES = [(1, 1, 1, 1), (1, 3, 4, 2), (5, 1, 2, 3), (4, 3, 5, 1), (3, 2, 4, 6)]  # T, B, H, O


def layer(H=4, O=3, dtype="float64"):  # noqa: E741
    output = Output(H, O, Rng(0), dtype)
    output.params["c"] += Rng(1).normal((O,), dtype=dtype)
    return output


@pytest.mark.parametrize("size", SIZES)
def test_outputs_are_the_formula_at_each_step(xp_backend, size):
    T, B, H, O = size  # noqa: E741
    output, hs = layer(H, O), Rng(2).normal((T, B, H), dtype="float64")
    o, _ = output.forward(hs)
    V, c, host = (asnumpy(array) for array in (output.params["V"], output.params["c"], hs))
    expected = [[[sum(V[i, j] * h[j] for j in range(H)) + c[i] for i in range(O)] for h in step] for step in host]
    assert relative_error(o, np.array(expected)) < 1e-14


@pytest.mark.parametrize("size", SIZES)
def test_gradients(xp_backend, size):
    T, B, H, O = size  # noqa: E741
    output, hs = layer(H, O), Rng(2).normal((T, B, H), dtype="float64")
    do = Rng(3).normal((T, B, O), dtype="float64")

    def loss(_):
        return (output.forward(hs)[0] * do).sum()

    dhs, grads = output.backward(do, output.forward(hs)[1])
    assert relative_error(dhs, numerical_gradient(loss, hs)) <= 1e-7
    assert max(check_gradients(loss, output.params, grads).values()) <= 1e-7


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtypes_shapes_and_backend(xp_backend, dtype):
    output, hs = layer(dtype=dtype), Rng(2).normal((5, 2, 4), dtype=dtype)
    o, cache = output.forward(hs)
    dhs, grads = output.backward(o, cache)
    for array, shape in [(o, (5, 2, 3)), (dhs, (5, 2, 4)), (grads["V"], (3, 4)), (grads["c"], (3,))]:
        assert (array.shape, array.dtype.name) == (shape, dtype)
        assert array_namespace(array) is xp_backend
    assert grads.keys() == output.params.keys()


def test_the_first_parameters():
    output = Output(400, 3, Rng(0))
    assert output.params["V"].dtype == np.float32
    assert 0.04 < np.abs(output.params["V"]).max() <= 0.05
    assert not output.params["c"].any()


def test_arrays_that_are_not_contiguous(xp_backend):
    output, hs, do = layer(), Rng(2).normal((2, 5, 4), dtype="float64"), Rng(3).normal((2, 5, 3), dtype="float64")
    o, cache = output.forward(hs.swapaxes(0, 1))
    dhs, grads = output.backward(do.swapaxes(0, 1), cache)
    o_straight, cache = output.forward(hs)
    dhs_straight, grads_straight = output.backward(do, cache)
    assert relative_error(o.swapaxes(0, 1), o_straight) < 1e-14
    assert relative_error(dhs.swapaxes(0, 1), dhs_straight) < 1e-14
    assert relative_error(grads["V"], grads_straight["V"]) < 1e-14


def test_inputs_stay_as_they_are_and_a_cache_serves_twice(xp_backend):
    output, hs, do = layer(), Rng(2).normal((5, 2, 4), dtype="float64"), Rng(3).normal((5, 2, 3), dtype="float64")
    before = asnumpy(hs).copy(), asnumpy(do).copy()
    _, cache = output.forward(hs)
    first, second = output.backward(do, cache), output.backward(do, cache)
    assert np.array_equal(asnumpy(first[0]), asnumpy(second[0]))
    assert np.array_equal(asnumpy(first[1]["V"]), asnumpy(second[1]["V"]))
    assert np.array_equal(asnumpy(hs), before[0])
    assert np.array_equal(asnumpy(do), before[1])


def test_replaced_parameters_count(xp_backend):
    output, hs = layer(), Rng(2).normal((5, 2, 4), dtype="float64")
    output.params["V"] = asarray(np.zeros((3, 4)))
    output.params["c"] = asarray(np.array([1.0, 2.0, 3.0]))
    assert (asnumpy(output.forward(hs)[0]) == [1, 2, 3]).all()


def test_nothing_waits_for_the_device(xp_backend):
    output, hs = layer(), Rng(2).normal((5, 2, 4), dtype="float64")
    with mock_cupy.no_syncs():
        o, cache = output.forward(hs)
        output.backward(o, cache)


# Errors


@pytest.mark.parametrize("sizes, message", [((0, 3), "hidden_size is 0"), ((4, 2.5), "output_size is 2.5")])
def test_sizes_that_are_none(sizes, message):
    with pytest.raises(ValueError, match=message):
        Output(*sizes, Rng(0))


def test_a_dtype_that_is_none():
    with pytest.raises(ValueError, match="dtype is float16"):
        Output(4, 3, Rng(0), "float16")


@pytest.mark.parametrize(
    "hs, error, message",
    [
        (np.zeros((5, 2, 3)), ValueError, r"hs has shape \(5, 2, 3\); expected \(T, B, 4\)"),
        (np.zeros((5, 4)), ValueError, r"hs has shape \(5, 4\); expected \(T, B, 4\)"),
        (np.zeros((5, 2, 4), "float32"), TypeError, r"hs is float32, but the parameters are float64"),
        ([[[0.0] * 4]], TypeError, r"hs is a list; .*backend\.asarray\(hs\)"),
        (np.full((1, 1, 4), np.nan), ValueError, r"hs holds nan, first at index \(0, 0, 0\)"),
    ],
)
def test_hidden_states_that_do_not_fit(hs, error, message):
    with pytest.raises(error, match=message):
        layer().forward(hs)


@pytest.mark.parametrize(
    "do, error, message",
    [
        (np.zeros((5, 2, 4)), ValueError, r"do has shape \(5, 2, 4\), but \(T, B, O\) is \(5, 2, 3\) here"),
        (np.zeros((5, 2, 3), "float32"), TypeError, r"do is float32, but the parameters are float64"),
        ([0.0], TypeError, r"do is a list"),
        (np.full((5, 2, 3), np.nan), ValueError, r"do holds nan"),
    ],
)
def test_gradients_that_do_not_fit(do, error, message):
    output = layer()
    _, cache = output.forward(np.zeros((5, 2, 4)))
    with pytest.raises(error, match=message):
        output.backward(do, cache)


def test_a_cache_of_another_layer():
    _, cache = layer().forward(np.zeros((5, 2, 4)))
    with pytest.raises(ValueError, match="not made by this Output"):
        layer().backward(np.zeros((5, 2, 3)), cache)


@pytest.mark.parametrize(
    "params, error, message",
    [
        ({"V": np.zeros((4, 3)), "c": np.zeros(3)}, ValueError, r'params\["V"\] has shape \(4, 3\), .* is \(3, 4\)'),
        ({"V": np.zeros((3, 4)), "c": np.zeros(3, "float32")}, TypeError, r'params\["c"\] is float32'),
        ({"V": np.zeros((3, 4))}, ValueError, r"params has \['V'\], but this Output needs \['V', 'c'\]"),
    ],
)
def test_parameters_that_do_not_fit(params, error, message):
    output = layer()
    output.params = params
    with pytest.raises(error, match=message):
        output.forward(np.zeros((5, 2, 4)))


def test_arrays_of_two_backends():
    output = layer()
    _, cache = output.forward(np.zeros((5, 2, 4)))
    with mock_cupy.installed():
        with pytest.raises(TypeError, match=r"backend\.asarray"):
            output.forward(mock_cupy.zeros((5, 2, 4)))
        with pytest.raises(TypeError, match=r"backend\.asarray"):
            output.backward(mock_cupy.zeros((5, 2, 3)), cache)
