"""The tasks of a long memory: what is drawn, what chance reaches, and that a wrong task would be noticed."""

import math

import mock_cupy
import numpy as np
import pytest

from course_lib import backend, tasks
from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.training import LOSSES

DRAWS = [tasks.adding, tasks.temporal_order, tasks.copy_memory]


def drawn(draw, T, B, seed=0):
    return tuple(asnumpy(array) for array in draw(T, B, Rng(seed)))


# What a task must be. Each is also tried on wrong tasks, below.


def check_adding(draw, T):
    x, y = drawn(draw, T, 4000)
    values, markers = x[..., 0], x[..., 1]
    assert x.shape == (T, 4000, 2) and y.shape == (4000, 1)
    assert values.min() >= 0 and values.max() <= 1 and abs(values.mean() - 0.5) < 0.02
    assert set(np.unique(markers)) <= {0, 1}
    for half in (markers[: T // 2], markers[T // 2 :]):
        assert (half.sum(axis=0) == 1).all() and half.any(axis=1).all()
    np.testing.assert_allclose(y[:, 0], (values * markers).sum(axis=0), atol=1e-6)


def check_temporal_order(draw, T):
    x, y = drawn(draw, T, 4000)
    assert x.shape == (T, 4000) and y.shape == (4000,) and x.dtype.kind == y.dtype.kind == "i"
    assert x.min() == 0 and x.max() == 5
    steps, sequences = np.nonzero((x >= 4).T)[::-1]
    assert (np.bincount(sequences) == 2).all()
    first, second = steps.reshape(-1, 2).T
    assert set(first) == set(range(T // 10, 2 * T // 10)) and set(second) == set(range(T // 2, 6 * T // 10))
    each = np.arange(4000)
    np.testing.assert_array_equal(y, 2 * (x[first, each] == 5) + (x[second, each] == 5))
    assert np.bincount(y).min() > 900 and np.bincount(x[x < 4]).min() > 0.24 * (x < 4).sum()


def check_copy_memory(draw, T):
    x, y = drawn(draw, T, 400)
    assert x.shape == y.shape == (T + 20, 400) and x.dtype.kind == y.dtype.kind == "i"
    assert set(np.unique(x[:10])) == set(range(8))
    assert (x[10 : T + 9] == 8).all() and (x[T + 9] == 9).all() and (x[T + 10 :] == 8).all()
    assert (y[: T + 10] == 8).all()
    np.testing.assert_array_equal(y[T + 10 :], x[:10])


CHECKS = {tasks.adding: check_adding, tasks.temporal_order: check_temporal_order, tasks.copy_memory: check_copy_memory}


@pytest.mark.parametrize("T", [10, 11, 50, np.int64(23)])
@pytest.mark.parametrize("draw", DRAWS)
def test_tasks(xp_backend, draw, T):
    CHECKS[draw](draw, T)
    assert all(array_namespace(array) is xp_backend for array in draw(T, 2, Rng(0)))


@pytest.mark.parametrize(("draw", "T"), [(tasks.adding, 2), (tasks.adding, 3), (tasks.copy_memory, 1)])
def test_the_shortest(draw, T):
    CHECKS[draw](draw, T)


def halved(T, B, rng):
    x, y = tasks.adding(T, B, rng)
    return x, y / 2


def marked_anywhere(T, B, rng):
    x, _ = tasks.adding(T, B, rng)
    x[..., 1] = rng.generator.permuted(x[..., 1], axis=0)
    return x, (x[..., 0] * x[..., 1]).sum(axis=0)[:, None]


def without_axis(T, B, rng):
    x, y = tasks.adding(T, B, rng)
    return x, y[:, 0]


def other_classes(T, B, rng):
    x, y = tasks.temporal_order(T, B, rng)
    return x, y // 2 + 2 * (y % 2)


def one_step_later(T, B, rng):
    x, y = tasks.temporal_order(T, B, rng)
    return np.roll(x, 1, axis=0), y


def seldom(T, B, rng):
    x, y = tasks.temporal_order(T, 4 * B, rng)
    last = np.argsort(y, kind="stable")[-B:]
    return x[:, last], y[last]


def backwards(T, B, rng):
    x, y = tasks.copy_memory(T, B, rng)
    return x, np.concatenate([y[:-10], y[:-11:-1]])


def without_signal(T, B, rng):
    x, y = tasks.copy_memory(T, B, rng)
    return np.where(x == 9, 8, x), y


def too_short(T, B, rng):
    return tasks.copy_memory(T - 1, B, rng)


WRONG = [
    (check_adding, halved),
    (check_adding, marked_anywhere),
    (check_adding, without_axis),
    (check_temporal_order, other_classes),
    (check_temporal_order, one_step_later),
    (check_temporal_order, seldom),
    (check_copy_memory, backwards),
    (check_copy_memory, without_signal),
    (check_copy_memory, too_short),
]


@pytest.mark.parametrize(("check", "wrong"), WRONG)
def test_a_wrong_task_is_noticed(check, wrong):
    with pytest.raises(AssertionError):
        check(wrong, 20)


@pytest.mark.parametrize("draw", DRAWS)
def test_the_seed_decides_and_nothing_waits_for_the_device(draw):
    first, again, other = drawn(draw, 12, 3), drawn(draw, 12, 3), drawn(draw, 12, 3, seed=1)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))
    with mock_cupy.installed(), backend.use_backend("cupy") as xp, mock_cupy.no_syncs():
        there = draw(12, 3, Rng(0))
        assert all(isinstance(array, xp.ndarray) for array in there)
    assert all((a == b.get()).all() for a, b in zip(first, there, strict=True))


def test_dtypes():
    assert {array.dtype for array in tasks.adding(4, 2, Rng(0))} == {np.dtype("float32")}
    assert {array.dtype for array in tasks.adding(4, 2, Rng(0), "float64")} == {np.dtype("float64")}
    rounded, exact = (tasks.adding(4, 2, Rng(0), dtype)[0] for dtype in ("float32", "float64"))
    np.testing.assert_array_equal(rounded, exact.astype("float32"))


@pytest.mark.parametrize(("draw", "T"), [(tasks.adding, 1), (tasks.temporal_order, 9), (tasks.copy_memory, 0)])
def test_too_short(draw, T):
    with pytest.raises(ValueError, match=f"^T is {T}; {draw.__name__} needs a whole number of at least {T + 1}$"):
        draw(T, 5, Rng(0))


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(("T", "B", "message"), [(20.0, 5, "T is 20.0"), (20, 0, "B is 0"), (20, "5", "B is '5'")])
def test_impossible_sizes(draw, T, B, message):
    with pytest.raises(ValueError, match=f"^{message}; {draw.__name__} needs a whole number"):
        draw(T, B, Rng(0))


# Chance, and errors


def test_chance_of_the_adding_problem():
    _, y = drawn(tasks.adding, 10, 200_000)
    always_one = tasks.mean_squared_error(np.ones_like(y), y)
    assert abs(always_one - tasks.adding_chance(10)) < 0.0015 < abs(always_one - 0.1767)
    assert tasks.adding_chance(10) == tasks.adding_chance(1000) == pytest.approx(np.var(y), rel=0.01)


def test_chance_of_temporal_order():
    _, y = drawn(tasks.temporal_order, 10, 40_000)
    for guess in np.eye(4):
        assert abs(tasks.wrong_share(np.tile(guess, (len(y), 1)), y) - tasks.temporal_order_chance(10)) < 0.01


def test_chance_of_copy_memory(xp_backend):
    _, y = tasks.copy_memory(30, 20, Rng(0))
    o = np.full((50, 20, 9), -1000.0)
    o[:40, :, 8] = o[40:, :, :8] = 0  # a blank; then one of eight, each as likely
    assert float(tasks.mean_cross_entropy(asarray(o), y)) == pytest.approx(tasks.copy_memory_chance(30))
    assert tasks.copy_memory_chance(1000) == pytest.approx(10 * math.log(8) / 1020) == pytest.approx(0.0204, rel=1e-2)


def test_errors_by_hand(xp_backend):
    o, y = asarray([[1.0], [3.0]]), asarray([[2.0], [0.0]])
    assert float(tasks.mean_squared_error(o, y)) == 5
    o, y = asarray([[0.0, 2, 1, 1], [5, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]), asarray([1, 0, 3, 0])
    assert float(tasks.wrong_share(o, y)) == 0.25
    o, y = asarray(np.zeros((3, 2, 9))), asarray(np.zeros((3, 2), int))
    assert float(tasks.mean_cross_entropy(o, y)) == pytest.approx(math.log(9))


@pytest.mark.parametrize("name", tasks.TASKS)
def test_the_table_fits_the_tasks(xp_backend, name):
    """The right answers solve a task, those of chance do not; sizes and losses are what layers take."""
    task, T = tasks.TASKS[name], 20
    assert task.draw is getattr(tasks, name) and len({task.title, task.unit}) == 2
    x, y = task.draw(T, 7, Rng(0))
    assert x.ndim == 2 or x.shape[2] == task.inputs
    if x.ndim == 2:
        assert asnumpy(x).max() == task.inputs - 1 and asnumpy(y).max() <= task.outputs - 1
    right = y if task.loss == "squared_error" else asarray(100.0 * (asnumpy(y)[..., None] == np.arange(task.outputs)))
    assert right.shape == ((7, task.outputs) if task.last_step else (*x.shape[:2], task.outputs))
    assert float(task.error(right, y)) < task.solved(T) < task.chance(T) / 10
    value, _ = LOSSES[task.loss]
    assert float(value(right[None], y[None]) if task.last_step else value(right, y)) < 1e-6
