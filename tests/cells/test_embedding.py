from dataclasses import replace

import mock_cupy
import numpy as np
import pytest
import samples

from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.cells import embedding
from course_lib.cells.embedding import Embedding, sum_rows
from course_lib.gradcheck import check_gradients, relative_error

# ids, n: each present; the first and the last absent; one row; one class; all but one absent; many
LOOKUPS = [
    ([2, 0, 1, 2, 2, 0], 3),
    ([3, 1, 3, 3, 2, 1], 5),
    ([2], 5),
    ([0], 1),
    ([0, 0, 0, 0], 1),
    ([4, 4, 4], 5),
    ([0, 0, 0], 5),
    (np.random.default_rng(0).integers(0, 65, 300), 65),
    (np.random.default_rng(1).zipf(1.3, 300) % 1000, 1000),
]


def one_hot(ids, n):
    return (np.asarray(ids)[..., None] == np.arange(n)).astype("float64")


# The sum of rows


@pytest.mark.parametrize("ids, n", LOOKUPS)
@pytest.mark.parametrize("trailing", [(1,), (4,), (2, 3)])
def test_sum_rows_is_the_product_with_one_hot_rows(xp_backend, ids, n, trailing):
    rows = np.random.default_rng(2).standard_normal((len(ids), *trailing))
    sums = sum_rows(asarray(np.array(ids, "int64")), asarray(rows), n)
    assert array_namespace(sums) is xp_backend
    assert relative_error(sums, np.tensordot(one_hot(np.array(ids, "int64"), n), rows, (0, 0))) < 1e-13
    added = np.zeros((n, *trailing))
    np.add.at(added, np.array(ids, "int64"), rows)
    assert relative_error(sums, added) < 1e-13


def test_sum_rows_in_blocks(xp_backend, monkeypatch):
    monkeypatch.setattr(embedding, "_ONE_HOT", 13)  # two classes at a time
    ids, rows = Rng(0).integers(0, 7, 6), Rng(1).normal((6, 2), dtype="float64")
    assert relative_error(sum_rows(ids, rows, 7), one_hot(asnumpy(ids), 7).T @ asnumpy(rows)) < 1e-14


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
def test_sum_rows_of_any_integer_dtype(xp_backend, dtype):
    ids, rows = Rng(0).integers(0, 7, 20), Rng(1).normal((20, 2))
    sums = sum_rows(ids.astype(dtype), rows, 7)
    assert sums.dtype == np.float32
    assert np.array_equal(asnumpy(sums), asnumpy(sum_rows(ids, rows, 7)))


def test_sum_rows_keeps_the_digits_of_small_rows_beside_large_ones(xp_backend):
    ids, rows = asarray(np.array([0, 1, 2, 1])), asarray(np.array([[1e8], [1.0], [1e8], [0.25]], "float32"))
    assert asnumpy(sum_rows(ids, rows, 3)).tolist() == [[1e8], [1.25], [1e8]]


def test_sum_rows_is_the_same_every_time(xp_backend):
    ids, rows = Rng(0).integers(0, 65, 2000), Rng(1).normal((2000, 16))
    sums = [asnumpy(sum_rows(ids, rows, 65)).tobytes() for _ in range(3)]
    assert len(set(sums)) == 1


# The layer


@pytest.mark.parametrize("size", [(1, 1, 1, 1), (1, 3, 5, 2), (4, 1, 2, 3), (5, 3, 9, 4)])  # T, B, V, D
def test_gradients(xp_backend, size):
    T, B, V, D = size
    layer, ids = Embedding(V, D, Rng(0), "float64"), Rng(1).integers(0, V, (T, B))
    dx = Rng(2).normal((T, B, D), dtype="float64")
    x, cache = layer.forward(ids)
    assert relative_error(x, one_hot(asnumpy(ids), V) @ asnumpy(layer.params["E"])) < 1e-14
    grads = layer.backward(dx, cache)
    errors = check_gradients(lambda _: (layer.forward(ids)[0] * dx).sum(), layer.params, grads)
    assert max(errors.values()) <= 1e-7


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["uint8", "int64"])
def test_dtypes_shapes_and_backend(xp_backend, dtype, kind):
    layer = Embedding(300, 4, Rng(0), dtype)
    x, cache = layer.forward(Rng(1).integers(0, 256, (3, 2)).astype(kind))
    grads = layer.backward(x, cache)
    assert (x.shape, grads["E"].shape) == ((3, 2, 4), (300, 4))
    assert x.dtype == grads["E"].dtype == dtype
    assert array_namespace(x) is array_namespace(grads["E"]) is xp_backend


def test_the_first_vectors():
    E = Embedding(1000, 50, Rng(0)).params["E"]
    assert E.dtype == np.float32
    assert abs(E.mean()) < 0.02
    assert abs(E.std() - 1) < 0.02


def test_vectors_are_copies(xp_backend):
    layer = Embedding(3, 2, Rng(0))
    before = asnumpy(layer.params["E"]).copy()
    x, _ = layer.forward(asarray(np.array([[0, 1, 2]])))
    x += 1
    assert np.array_equal(asnumpy(layer.params["E"]), before)


def test_nothing_waits_for_the_device(xp_backend):
    layer, ids = Embedding(7, 4, Rng(0)), Rng(1).integers(0, 7, (5, 3))
    with mock_cupy.no_syncs():
        x, cache = layer.forward(ids)
        layer.backward(x, cache)


@pytest.mark.parametrize("name", ["RNN", "RNN relu", "LSTM", "LSTM diagonal", "GRU", "GRU after"])
@pytest.mark.parametrize("size", [(1, 1, 1, 1), (1, 3, 4, 2), (6, 4, 5, 3), (3, 2, 40, 2)])  # T, B, D, H
def test_cells_take_whole_numbers_for_one_hot_rows(xp, name, size):
    T, B, D, H = size
    cell = samples.make(name, D, H)
    sample = samples.draw(cell, T, B, whole_numbers=True)
    rows = samples.run(cell, replace(sample, x=asarray(one_hot(asnumpy(sample.x), D))))
    numbers = samples.run(cell, sample)
    assert rows.keys() - numbers.keys() == {"dx"}
    assert max(relative_error(numbers[name], rows[name]) for name in numbers) < 1e-12


# Errors


@pytest.mark.parametrize("sizes, message", [((0, 3), "vocabulary_size is 0"), ((4, "8"), "size is '8'")])
def test_sizes_that_are_none(sizes, message):
    with pytest.raises(ValueError, match=message):
        Embedding(*sizes, Rng(0))


@pytest.mark.parametrize(
    "ids, error, message",
    [
        (np.zeros(3, "int64"), ValueError, r"ids has shape \(3,\) and dtype int64; expected \(T, B\) whole numbers"),
        (np.zeros((3, 2)), ValueError, r"ids has shape \(3, 2\) and dtype float64; expected \(T, B\) whole numbers"),
        ([[0]], TypeError, r"ids is a list; .*backend\.asarray\(ids\)"),
    ],
)
def test_ids_that_do_not_fit(ids, error, message):
    with pytest.raises(error, match=message):
        Embedding(7, 4, Rng(0)).forward(ids)


@pytest.mark.parametrize("wrong", [-1, 7])
def test_impossible_ids(xp_backend, wrong):
    layer, ids = Embedding(7, 4, Rng(0)), Rng(1).integers(0, 7, (5, 3))
    ids[2, 1] = wrong
    if xp_backend is np:
        with pytest.raises(ValueError, match=r"ids go from .* to .*, but there are vectors 0 to 6"):
            layer.forward(ids)
    else:  # to raise, the device would have to be waited for
        x, cache = layer.forward(ids)
        nan = np.isnan(asnumpy(x))
        assert nan[2, 1].all()
        assert nan.sum() == 4
        # What is made of nan is nan, but no other vector than those looked up gets the blame for a wrong id.
        gradient = asnumpy(layer.backward(xp_backend.ones((5, 3, 4), dtype="float32"), cache)["E"])
        assert gradient.sum() == 14 * 4


@pytest.mark.parametrize(
    "dx, error, message",
    [
        (np.zeros((5, 2, 3), "float32"), ValueError, r"dx has shape \(5, 2, 3\), but \(T, B, D\) is \(5, 3, 4\) here"),
        (np.zeros((5, 3, 4)), TypeError, r"dx is float64, but the parameters are float32"),
        (np.full((5, 3, 4), np.nan, "float32"), ValueError, r"dx holds nan"),
    ],
)
def test_gradients_that_do_not_fit(dx, error, message):
    layer = Embedding(7, 4, Rng(0))
    _, cache = layer.forward(np.zeros((5, 3), "int64"))
    with pytest.raises(error, match=message):
        layer.backward(dx, cache)


def test_a_cache_of_another_layer():
    _, cache = Embedding(7, 4, Rng(0)).forward(np.zeros((5, 3), "int64"))
    with pytest.raises(ValueError, match="not made by this Embedding"):
        Embedding(7, 4, Rng(0)).backward(np.zeros((5, 3, 4), "float32"), cache)


def test_arrays_of_two_backends():
    layer = Embedding(7, 4, Rng(0))
    with mock_cupy.installed(), pytest.raises(TypeError, match=r"backend\.asarray"):
        layer.forward(mock_cupy.zeros((5, 3), dtype="int64"))
