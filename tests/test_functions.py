import mock_cupy
import numpy as np
import pytest

from course_lib import functions as F
from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.gradcheck import numerical_gradient, relative_error

ACTIVATIONS = [(F.tanh, F.dtanh), (F.sigmoid, F.dsigmoid), (F.relu, F.drelu)]
SIZES = [(1, 1, 1), (1, 1, 4), (5, 1, 3), (1, 3, 2), (4, 3, 5)]  # T, B, O


def classes(size):
    T, B, O = size  # noqa: E741
    return Rng(1).integers(0, O, (T, B))


def one_hot(size):
    return (classes(size)[..., None] == asarray(np.arange(size[2]))).astype("float64")


def probabilities(size):
    return F.softmax(Rng(2).normal(size, dtype="float64"))


def padded(size):
    """Probabilities with the last step of the first sequence left out."""
    y = probabilities(size)
    y[-1, 0] = 0
    return y


TARGETS = [classes, one_hot, probabilities, padded]


def outputs(size, scale=2.0, dtype="float64"):
    return Rng(0).normal(size, scale, dtype)


# Activations


@pytest.mark.parametrize("function, derivative", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(), (1,), (3, 2, 4)])
def test_activation_gradients(xp_backend, function, derivative, shape):
    a = Rng(3).normal(shape, 2, "float64")
    numerical = numerical_gradient(lambda a: function(a).sum(), a)
    assert relative_error(derivative(function(a)), numerical) <= 1e-7


@pytest.mark.parametrize("function, derivative", ACTIVATIONS)
def test_activations_keep_dtype_and_backend(xp_backend, function, derivative):
    a = outputs((2, 3, 4), dtype="float32")
    for result in (function(a), derivative(function(a)), F.softmax(a)):
        assert result.dtype == np.float32
        assert array_namespace(result) is xp_backend


@pytest.mark.filterwarnings("error")
def test_activations_of_large_numbers(xp_backend):
    a = asarray([-1e4, -1.0, 0.0, 1.0, 1e4])
    assert np.allclose(asnumpy(F.sigmoid(a)), [0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1], atol=1e-15)
    assert np.allclose(asnumpy(F.tanh(a)), [-1, np.tanh(-1), 0, np.tanh(1), 1], atol=1e-15)
    assert asnumpy(F.relu(a)).tolist() == [0, 0, 0, 1, 1e4]
    assert asnumpy(F.drelu(F.relu(a))).tolist() == [0, 0, 0, 1, 1]
    assert asnumpy(F.dsigmoid(F.sigmoid(a)))[2] == 0.25


# Softmax


@pytest.mark.parametrize("shape", [(1,), (4,), (2, 3), (5, 2, 3)])
def test_softmax_along_the_last_axis(xp_backend, shape):
    o = outputs(shape)
    e = np.exp(asnumpy(o))
    assert relative_error(F.softmax(o), e / e.sum(axis=-1, keepdims=True)) < 1e-12


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_of_large_logits(xp_backend, dtype):
    o = asarray([[1e4, 1e4, -1e4], [-1e4, -1e4, -1e4]], dtype)
    assert np.allclose(asnumpy(F.softmax(o)), [[0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)


# Losses


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("targets", TARGETS)
def test_cross_entropy_is_its_definition(xp_backend, size, targets):
    o, y = outputs(size), targets(size)
    y_rows = asnumpy(one_hot(size) if targets is classes else y)
    expected = -(y_rows * np.log(asnumpy(F.softmax(o)))).sum() / size[1]
    loss = F.cross_entropy(o, y)
    assert loss.shape == ()
    assert relative_error(loss, expected) < 1e-12


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("targets", TARGETS)
def test_cross_entropy_gradient(xp_backend, size, targets):
    o, y = outputs(size), targets(size)
    do = F.dcross_entropy(o, y)
    numerical = numerical_gradient(lambda o: F.cross_entropy(o, y), o)
    if size[2] == 1:  # one class has probability 1 whatever its logit
        assert np.abs(asnumpy(do)).max() == np.abs(asnumpy(numerical)).max() == 0
    assert relative_error(do, numerical) <= 1e-7


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cross_entropy_of_large_logits(xp_backend, dtype):
    o = asarray([[[1e4, -1e4]], [[1e4, -1e4]]], dtype)
    y = asarray([[0], [1]])
    assert float(F.cross_entropy(o, y)) == 2e4
    assert np.array_equal(asnumpy(F.dcross_entropy(o, y)), [[[0, 0]], [[1, -1]]])


def test_cross_entropy_gradient_of_large_logits(xp_backend):
    o = outputs((2, 2, 3), scale=1e4)
    y = classes((2, 2, 3))
    # The loss is about 1e4: a wider step, for it is rounded to 1e-12.
    numerical = numerical_gradient(lambda o: F.cross_entropy(o, y), o, eps=1e-2)
    assert relative_error(F.dcross_entropy(o, y), numerical) <= 1e-7


def test_a_row_of_zeros_leaves_its_step_out(xp_backend):
    size = (4, 3, 5)
    o, y = outputs(size), padded(size)
    loss = F.cross_entropy(o, y)
    o[-1, 0] = 1e3
    assert float(F.cross_entropy(o, y)) == float(loss)
    assert not asnumpy(F.dcross_entropy(o, y))[-1, 0].any()


@pytest.mark.parametrize("size", SIZES)
def test_squared_error(xp_backend, size):
    o, y = outputs(size), probabilities(size)
    assert relative_error(F.squared_error(o, y), ((asnumpy(o) - asnumpy(y)) ** 2).sum() / size[1]) < 1e-12
    numerical = numerical_gradient(lambda o: F.squared_error(o, y), o)
    assert relative_error(F.dsquared_error(o, y), numerical) <= 1e-7


PAIRS = [(F.cross_entropy, F.dcross_entropy, targets) for targets in TARGETS]
PAIRS += [(F.squared_error, F.dsquared_error, targets) for targets in TARGETS[1:]]


@pytest.mark.parametrize("loss, derivative, targets", PAIRS)
@pytest.mark.parametrize("dtype", ["bool", "int64", "float32"])
def test_a_mask_leaves_steps_out(xp_backend, loss, derivative, targets, dtype):
    size = (4, 3, 5)
    o, y, counts = outputs(size), targets(size), np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
    mask = asarray(counts.astype(dtype))
    value, do = loss(o, y, mask), derivative(o, y, mask)
    assert relative_error(do, numerical_gradient(lambda o: loss(o, y, mask), o)) <= 1e-7
    assert not asnumpy(do)[counts == 0].any()
    one_step = [(slice(t, t + 1), slice(b, b + 1)) for t, b in np.argwhere(counts)]
    assert relative_error(value, sum(asnumpy(loss(o[s], y[s])) for s in one_step) / 3) < 1e-12

    y[asarray(counts) == 0] = -7 if targets is classes else np.nan  # never looked at
    assert float(loss(o, y, mask)) == float(value)
    assert np.array_equal(asnumpy(derivative(o, y, mask)), asnumpy(do))


def test_a_mask_of_ones_changes_nothing(xp_backend):
    size = (4, 3, 5)
    o = outputs(size, dtype="float32")
    for loss, derivative, targets in PAIRS:
        y, mask = targets(size), xp_backend.ones((4, 3))
        assert float(loss(o, y, mask)) == float(loss(o, y))
        assert np.array_equal(asnumpy(derivative(o, y, mask)), asnumpy(derivative(o, y)))
        assert loss(o, y, mask).dtype == derivative(o, y, mask).dtype == np.float32


LOSSES = [F.cross_entropy, F.dcross_entropy, F.squared_error, F.dsquared_error]


@pytest.mark.parametrize("function", LOSSES)
def test_losses_keep_float32_whatever_the_targets(xp_backend, function):
    o = outputs((4, 3, 5), dtype="float32")
    result = function(o, probabilities((4, 3, 5)))
    assert result.dtype == np.float32
    assert array_namespace(result) is xp_backend


@pytest.mark.parametrize("function", LOSSES[:2])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64"])
def test_classes_of_any_integer_dtype(xp_backend, function, dtype):
    o, y = outputs((4, 3, 5), dtype="float32"), classes((4, 3, 5))
    result = function(o, y.astype(dtype))
    assert result.dtype == np.float32
    assert relative_error(result, function(o, y)) == 0


def test_nothing_waits_for_the_device(xp_backend):
    size = (4, 3, 5)
    o, targets, mask = outputs(size), [make(size) for make in TARGETS], xp_backend.ones((4, 3))
    with mock_cupy.no_syncs():
        for y in targets:
            F.cross_entropy(o, y, mask)
            F.dcross_entropy(o, y, mask)
        F.squared_error(o, targets[1], mask)
        F.dsquared_error(o, targets[1], mask)
        for function, derivative in ACTIVATIONS:
            derivative(function(o))


def test_inputs_stay_as_they_are(xp_backend):
    o, y = outputs((4, 3, 5)), probabilities((4, 3, 5))
    before = asnumpy(o).copy(), asnumpy(y).copy()
    for function in LOSSES:
        function(o, y)
    assert np.array_equal(asnumpy(o), before[0])
    assert np.array_equal(asnumpy(y), before[1])


# Errors


@pytest.mark.parametrize("function", LOSSES)
@pytest.mark.parametrize(
    "o_shape, y_shape, message",
    [
        ((4, 5), (4,), r"o is \(T, B, O\).*\(4, 5\)"),
        ((4, 3, 5), (3, 4), r"y of shape \(3, 4\) do not fit .* o of shape \(4, 3, 5\)"),
        ((4, 3, 5), (4, 3, 1), r"y of shape \(4, 3, 1\) do not fit .* o of shape \(4, 3, 5\)"),
    ],
)
def test_shapes_that_do_not_fit(xp_backend, function, o_shape, y_shape, message):
    with pytest.raises(ValueError, match=message):
        function(xp_backend.zeros(o_shape), xp_backend.zeros(y_shape, dtype="int64"))


@pytest.mark.parametrize("function", LOSSES)
@pytest.mark.parametrize("shape", [(3, 4), (4, 3, 1), (4,)])
def test_a_mask_that_does_not_fit(xp_backend, function, shape):
    o = xp_backend.zeros((4, 3, 5))
    with pytest.raises(
        ValueError, match=r"mask of shape .* does not fit outputs o of shape \(4, 3, 5\): it is \(T, B\)"
    ):
        function(o, o, xp_backend.ones(shape))


@pytest.mark.parametrize("function", LOSSES)
def test_integer_outputs(xp_backend, function):
    o = xp_backend.zeros((1, 1, 2), dtype="int64")
    with pytest.raises(ValueError, match="o holds floats, but its dtype is int64"):
        function(o, o)


@pytest.mark.parametrize("function", LOSSES[:2])
def test_classes_that_are_floats(xp_backend, function):
    with pytest.raises(ValueError, match="integers, but their dtype is float64"):
        function(xp_backend.zeros((4, 3, 5)), xp_backend.zeros((4, 3)))


@pytest.mark.parametrize("function", LOSSES[:2])
@pytest.mark.parametrize("wrong", [-1, 5])
def test_classes_out_of_range(xp_backend, function, wrong):
    o, y = outputs((4, 3, 5)), classes((4, 3, 5))
    y[2, 1] = wrong
    if xp_backend is np:
        with pytest.raises(ValueError, match=r"y go from .* to .*, but o has classes 0 to 4"):
            function(o, y)
    else:  # to raise, the device would have to be waited for
        nan = np.isnan(asnumpy(function(o, y)))
        assert nan.any()
        assert nan.sum() in (1, 5)  # the loss, or the gradient of that step alone


@pytest.mark.parametrize("function", LOSSES)
def test_arrays_of_two_backends(function):
    with mock_cupy.installed(), pytest.raises(TypeError, match=r"backend\.asarray"):
        function(mock_cupy.zeros((1, 1, 2)), np.zeros((1, 1, 2)))


@pytest.mark.parametrize("dtype, error", [("float32", 1e-6), ("float64", 1e-15)])
@pytest.mark.filterwarnings("error")
def test_small_values_of_sigmoid_keep_their_digits(xp_backend, dtype, error):
    a = np.linspace(-80, 80, 9999).astype(dtype)
    right = 1 / (1 + np.exp(-a.astype("float64")))
    assert np.max(np.abs(asnumpy(F.sigmoid(asarray(a))) / right - 1)) < error
    assert asnumpy(F.sigmoid(asarray(np.array([-1e30, 1e30], dtype)))).tolist() == [0, 1]
