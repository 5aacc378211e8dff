import numpy as np
import pytest

from course_lib import init
from course_lib.backend import Rng, array_namespace, asnumpy


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (1, 4), (50, 400)])
def test_uniform_stays_within_its_bound(xp_backend, shape):
    values = asnumpy(init.uniform(shape, Rng(0)))
    assert values.shape == shape
    assert np.abs(values).max() <= np.float32(1 / np.sqrt(shape[1]))


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
