import re

import numpy as np
import pytest

from course_lib import backend, init
from course_lib import functions as F
from course_lib.backend import Rng, array_namespace, asnumpy
from course_lib.gradcheck import relative_error


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (1, 4), (50, 400), (4, 30, 5)])
def test_uniform_stays_within_its_bound(xp_backend, shape):
    values = asnumpy(init.uniform(shape, Rng(0)))
    assert values.shape == shape
    assert np.abs(values).max() <= np.float32(1 / np.sqrt(shape[-1]))


def test_uniform_has_its_variance():
    values = init.uniform((50, 400), Rng(0))
    assert abs(values.var() * 3 * 400 - 1) < 0.05
    assert abs(values.mean() * 20) < 0.02


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("D, H, O", [(1, 1, 1), (3, 5, 2)])
def test_rnn_params(xp_backend, D, H, O, dtype):  # noqa: E741
    params = init.rnn_params(D, H, O, Rng(0), dtype)
    shapes = {name: value.shape for name, value in params.items()}
    assert shapes == {"U": (H, D), "W": (H, H), "b": (H,), "V": (O, H), "c": (O,)}
    for value in params.values():
        assert value.dtype == dtype
        assert array_namespace(value) is xp_backend
    assert not asnumpy(params["b"]).any()
    assert not asnumpy(params["c"]).any()


def test_rnn_params_are_float32_and_seeded(xp_backend):
    first, again, other = (init.rnn_params(3, 5, 2, Rng(seed)) for seed in (1, 1, 2))
    assert first["W"].dtype == np.float32
    for name in "UWV":
        assert np.array_equal(asnumpy(first[name]), asnumpy(again[name]))
        assert not np.array_equal(asnumpy(first[name]), asnumpy(other[name]))


# Initialisers: what holds for all of them

MATRICES = [init.uniform, init.glorot, init.orthogonal]
SQUARE_MATRICES = [init.identity, init.spectral]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (5, 3), (4, 6, 2), (4, 3, 3), (2, 3, 2, 2)])
@pytest.mark.parametrize("initialiser", MATRICES + SQUARE_MATRICES)
def test_shape_dtype_and_backend(xp_backend, initialiser, shape, dtype):
    if initialiser in SQUARE_MATRICES and shape[-2] != shape[-1]:
        shape = (*shape[:-1], shape[-2])
    W = initialiser(shape, Rng(0), dtype)
    assert W.shape == shape
    assert W.dtype == dtype
    assert W.flags.c_contiguous
    assert array_namespace(W) is xp_backend
    W[...] = 0  # its own memory, and not read-only
    assert initialiser(shape, Rng(0)).dtype == np.float32


@pytest.mark.parametrize("initialiser", [*MATRICES, init.spectral])
def test_numbers_are_those_of_numpy_and_of_the_seed(xp_backend, initialiser):
    values = asnumpy(initialiser((4, 6, 6), Rng(1), "float64"))
    with backend.use_backend("numpy"):
        assert np.array_equal(values, initialiser((4, 6, 6), Rng(1), "float64"))
        assert np.array_equal(values.astype("float32"), initialiser((4, 6, 6), Rng(1)))
        assert not np.array_equal(values, initialiser((4, 6, 6), Rng(2), "float64"))


@pytest.mark.parametrize("initialiser", [*MATRICES, init.spectral])
def test_stacked_matrices_are_made_one_after_the_other(initialiser):
    stack, rng = initialiser((3, 5, 5), Rng(0), "float64"), Rng(0)
    for W in stack:
        assert relative_error(W, initialiser((5, 5), rng, "float64")) < 1e-12
    assert min(np.abs(stack[i] - stack[j]).max() for i, j in [(0, 1), (0, 2), (1, 2)]) > 0.1


@pytest.mark.parametrize("shape", [(), (5,), (0, 3), (3, 0), (0, 3, 3)])
@pytest.mark.parametrize("initialiser", [init.glorot, init.orthogonal, *SQUARE_MATRICES])
def test_shapes_of_no_matrix(initialiser, shape):
    with pytest.raises(
        ValueError, match=re.escape(f"(outputs, inputs), or a stack of such, each at least 1; not {shape}")
    ):
        initialiser(shape, Rng(0))


@pytest.mark.parametrize("shape", [(3, 5), (3, 3, 5)])
@pytest.mark.parametrize("initialiser", SQUARE_MATRICES)
def test_matrices_that_must_be_square(initialiser, shape):
    message = f"{initialiser.__name__} needs a square matrix, such as W (H, H); not shape {shape}"
    with pytest.raises(ValueError, match=re.escape(message)):
        initialiser(shape, Rng(0))


# Initialisers: what is particular


@pytest.mark.parametrize("shape, bound", [((4, 2), 1.0), ((2, 4), 1.0), ((3, 20, 30), 0.12**0.5)])
def test_glorot_fills_its_bounds(xp_backend, shape, bound):
    values = asnumpy(init.glorot((500, *shape), Rng(0), "float64"))
    assert 0.99 * bound < np.abs(values).max() <= bound
    assert abs(values.mean()) < 0.05 * bound
    assert abs(values.var() / (2 / (shape[-2] + shape[-1])) - 1) < 0.05


@pytest.mark.parametrize("gain", [1.0, 1.5, -0.5])
@pytest.mark.parametrize("shape", [(1, 1), (50, 50), (3, 8), (8, 3), (4, 5, 5), (4, 3, 8), (4, 8, 3)])
def test_orthogonal_rows_or_columns(xp_backend, shape, gain):
    W = asnumpy(init.orthogonal(shape, Rng(0), "float64", gain=gain))
    short = W @ W.swapaxes(-2, -1) if shape[-2] <= shape[-1] else W.swapaxes(-2, -1) @ W
    assert np.abs(short - gain**2 * np.eye(min(shape[-2:]))).max() < 1e-12


def test_orthogonal_gain_multiplies():
    plain = init.orthogonal((4, 4), Rng(0), "float64")
    assert np.array_equal(init.orthogonal((4, 4), Rng(0), "float64", gain=-2.0), -2 * plain)


def test_orthogonal_matrices_are_all_as_likely():
    Q = init.orthogonal((20_000, 3, 3), Rng(0), "float64")
    # Under Haar's measure every element has mean 0, square 1/3 and fourth power 3/(3·5), and the determinant
    # is 1 as often as -1. Without the signs, each diagonal element would be negative more often than not.
    assert np.abs(Q.mean(axis=0)).max() < 0.02
    assert np.abs((Q**2).mean(axis=0) - 1 / 3).max() < 0.01
    assert np.abs((Q**4).mean(axis=0) - 1 / 5).max() < 0.01
    assert abs(np.linalg.det(Q).mean()) < 0.03
    assert abs(np.trace(Q, axis1=1, axis2=2).mean()) < 0.03


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3)])
def test_identity(xp_backend, shape):
    rng = Rng(0)
    for gain in (1.0, 0.5):
        values = asnumpy(init.identity(shape, rng, gain=gain))
        assert np.array_equal(values, np.broadcast_to(gain * np.eye(3), shape))
    assert rng.generator.random() == Rng(0).generator.random()  # nothing was drawn


@pytest.mark.parametrize("radius", [0.0, 0.9, 1.0, 2.0])
@pytest.mark.parametrize("shape", [(1, 1), (50, 50), (4, 7, 7)])
def test_spectral_radius(xp_backend, shape, radius):
    W = asnumpy(init.spectral(shape, Rng(0), "float64", radius=radius))
    radii = np.abs(np.linalg.eigvals(W)).max(axis=-1)
    assert np.abs(radii - radius).max() < 1e-12


def test_spectral_radius_is_not_the_largest_singular_value():
    W = init.spectral((100, 100), Rng(0), "float64")
    assert 1.5 < np.linalg.norm(W, 2) < 2.5


@pytest.mark.parametrize("radius", [-1.0, float("nan")])
def test_spectral_radius_that_cannot_be(radius):
    with pytest.raises(ValueError, match=f"a spectral radius is at least 0, not {radius}"):
        init.spectral((2, 2), Rng(0), radius=radius)


# Biases of gates


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("t_max", [3, 4, 200])
def test_chrono(xp_backend, t_max, dtype):
    b_i, b_f = init.chrono(5000, t_max, Rng(0), dtype)
    for b in (b_i, b_f):
        assert b.shape == (5000,)
        assert b.dtype == dtype
        assert array_namespace(b) is xp_backend
    b_i, b_f = asnumpy(b_i), asnumpy(b_f)
    assert np.array_equal(b_i, -b_f)
    u = np.exp(b_f.astype("float64"))
    assert 1 - 1e-6 < u.min() < 1 + 0.01 * (t_max - 2)
    assert t_max - 1 - 0.01 * (t_max - 2) < u.max() < (t_max - 1) * (1 + 1e-6)
    assert abs(u.mean() - t_max / 2) < 0.02 * (t_max - 2)  # u is even, not its logarithm
    spans = 1 / (1 - F.sigmoid(b_f.astype("float64")))
    assert 2 - 1e-6 < spans.min() < spans.max() < t_max * (1 + 1e-6)


def test_chrono_numbers_are_those_of_numpy_and_of_the_seed(xp_backend):
    b_f = asnumpy(init.chrono(8, 50, Rng(3), "float64")[1])
    assert np.array_equal(b_f, np.log(Rng(3).generator.uniform(1, 49, 8)))
    assert init.chrono(8, 50, Rng(3))[1].dtype == np.float32


def test_chrono_in_its_places(xp_backend):
    H = 4
    lstm, gru = init.lstm_bias(H), xp_backend.zeros((3, H), dtype="float32")
    lstm[0], lstm[1] = init.chrono(H, 100, Rng(0))
    gru[0], _ = init.chrono(H, 100, Rng(0))
    lstm, gru = asnumpy(lstm), asnumpy(gru)
    assert np.array_equal(lstm[0], -lstm[1])
    assert (lstm[1] > 0).all()
    assert np.array_equal(gru[0], -lstm[1])  # 1 - z keeps as much as f
    assert not lstm[2:].any()
    assert not gru[1:].any()


@pytest.mark.parametrize("t_max", [2, 0, -5, 2.99, float("nan")])
def test_chrono_needs_three_steps(t_max):
    with pytest.raises(ValueError, match=f"chrono needs t_max of at least 3 steps, not {t_max}"):
        init.chrono(4, t_max, Rng(0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lstm_bias(xp_backend, dtype):
    for b, forget in [(init.lstm_bias(3, dtype=dtype), 1.0), (init.lstm_bias(3, -2.5, dtype), -2.5)]:
        assert b.dtype == dtype
        assert array_namespace(b) is xp_backend
        assert asnumpy(b).tolist() == [[0] * 3, [forget] * 3, [0] * 3, [0] * 3]
