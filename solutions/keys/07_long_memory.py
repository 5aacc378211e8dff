"""Key of notebook 07: cases, known mistakes and other right answers."""

from course_lib import tasks
from course_lib.backend import Rng
from course_lib.grading.keys import alternative, cases, hide, mistake, show, wrong_option


def _drawn(rng, T, B):
    """Sizes and a seed: data can hold no generator."""
    return {"T": T, "B": B, "seed": int(rng.integers(1, 10_000))}


def _twice(rng):
    return {**_drawn(rng, 20, int(rng.integers(8, 13))), "other_seed": 10_000 + int(rng.integers(1, 10_000))}


# --- Exercise 1 -----------------------------------------------------------------------------------


@cases("adding_problem")
def _(rng):
    # In large batches of short sequences whatever may happen does happen: two markers that meet, the last place.
    yield show("form", **_drawn(rng, int(rng.integers(5, 9)), int(rng.integers(1500, 2000))))
    yield show("form", **_drawn(rng, int(rng.integers(30, 50)), int(rng.integers(3, 6))))
    yield show("form", **_drawn(rng, 2, 1))
    yield hide("form", **_drawn(rng, int(rng.integers(9, 13)), int(rng.integers(1500, 2000))))
    yield hide("form", **_drawn(rng, 3, 2))
    yield show("target", **_drawn(rng, int(rng.integers(8, 12)), int(rng.integers(100, 200))))
    yield hide("target", **_drawn(rng, int(rng.integers(20, 40)), int(rng.integers(100, 200))))
    yield hide("target", **_drawn(rng, int(rng.integers(5, 8)), 30))
    yield show("places", **_drawn(rng, 2 * int(rng.integers(5, 8)), int(rng.integers(3500, 4000))))
    yield show("places", **_drawn(rng, 2 * int(rng.integers(4, 6)) + 1, int(rng.integers(3500, 4000))))
    yield hide("places", **_drawn(rng, 7, int(rng.integers(3500, 4000))))
    yield show("random", **_twice(rng))
    yield hide("random", **_twice(rng))


@mistake("adding_problem", "values and markers are exchanged: the values belong into x[:, :, 0], the markers into x[:, :, 1].", fails=['form'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 1] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 0] = x[second, rows, 0] = 1
    y = x[first, rows, 1] + x[second, rows, 1]
    return x, y[:, None]


@mistake("adding_problem", "the axes of x are (B, T, 2). Time comes first in this course: (T, B, 2).", fails=['form'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x.swapaxes(0, 1).copy(), y[:, None]


@mistake("adding_problem", "x is (2, T, B): values and markers are two arrays in one. They belong on the last axis, (T, B, 2): np.stack has axis=-1.", fails=['form'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return np.moveaxis(x, -1, 0).copy(), y[:, None]


@mistake("adding_problem", "x is (T, 2, B). Values and markers belong on the last axis: (T, B, 2).", fails=['form'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x.swapaxes(1, 2).copy(), y[:, None]


@mistake("adding_problem", "x is float32. Asked is float64: leave NumPy's own dtype as it is.", fails=['form'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x.astype('float32'), y[:, None]


@mistake("adding_problem", "the markers are −1 and 1. Where nothing is marked there is a 0.", fails=['form'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[:, :, 1] = -1
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "y is half of the sum, the mean of the two values. Some published code has that, too, and its chance level is 1/24, not 1/6. Asked is the sum. See “The adding problem”.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = (x[first, rows, 0] + x[second, rows, 0]) / 2
    return x, y[:, None]


@mistake("adding_problem", "y is the product of the two values. Asked is their sum.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] * x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "y is the difference of the two values. Asked is their sum.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] - x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "y is the difference of the two values, the second minus the first. Asked is their sum.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[second, rows, 0] - x[first, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "y is the distance of the two values. Asked is their sum.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = abs(x[second, rows, 0] - x[first, rows, 0])
    return x, y[:, None]


@mistake("adding_problem", "y has shape (B,). Asked is (B, 1), one output for each sequence: y[:, None].", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y


@mistake("adding_problem", "y has shape (1, B). Asked is (B, 1): y[:, None].", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[None]


@mistake("adding_problem", "y is a single number for the whole batch: the sum runs over the sequences, too. Each has a target of its own, (B, 1).", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y.sum()


@mistake("adding_problem", "y is the value at the first marker alone. Asked is the sum of both.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "y is the value at the second marker alone. Asked is the sum of both.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "y is the sum of all values of a sequence. Only the two marked ones count. See “The adding problem”.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[:, :, 0].sum(axis=0)
    return x, y[:, None]


@mistake("adding_problem", "y is the mean of all values of a sequence. Asked is the sum of the two marked ones. See “The adding problem”.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[:, :, 0].mean(axis=0)
    return x, y[:, None]


@mistake("adding_problem", "y is the sum divided by T (a mean over the steps?). Asked is the sum itself.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = (x[:, :, 0] * x[:, :, 1]).mean(axis=0)
    return x, y[:, None]


@mistake("adding_problem", "y is the sum of the two places. Asked is the sum of the values that stand there.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = (first + second).astype(float)
    return x, y[:, None]


@mistake("adding_problem", "y is the sum of the two values, and 2 more: the markers are added, too. Sum x[:, :, 0] only.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = (x[first, rows] + x[second, rows]).sum(axis=-1)
    return x, y[:, None]


@mistake("adding_problem", "y is 1 for all sequences: that is the best answer without looking, not the target. See “The adding problem”.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = np.ones(B)
    return x, y[:, None]


@mistake("adding_problem", "y is 0 for all sequences (is it set up, and never filled?). Asked is the sum of the two marked values.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = np.zeros(B)
    return x, y[:, None]


@mistake("adding_problem", "y is float32. Asked is float64.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None].astype('float32')


@mistake("adding_problem", "y has only the digits of float32. Compute it from the float64 values that are in x.", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = (x[first, rows, 0] + x[second, rows, 0]).astype('float32').astype(float)
    return x, y[:, None]


@mistake("adding_problem", "y holds the right sums, but in another order: they belong to other sequences (are x or y shuffled on their own?).", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = (x[first, rows, 0] + x[second, rows, 0])[::-1]
    return x, y[:, None]


@mistake("adding_problem", "y is not made of the values that are marked in the x that is returned with it: are values or places drawn a second time for y, or x changed after y is made?", fails=['target'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = rng.random(B) + rng.random(B)
    return x, y[:, None]


@mistake("adding_problem", "all sequences of a batch have their markers at the same two steps. Every sequence has places of its own: draw B of each, rng.integers(low, high, B). See “The adding problem”.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2)
    second = rng.integers(T // 2, T)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the two markers lie anywhere: both can be in the same half. One belongs into the first half, one into the rest. See “The adding problem”.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first, second = rng.random((T, B)).argsort(axis=0)[:2]
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the second marker is drawn from all steps after the first, so that it, too, can be in the first half, and late steps are more likely. The second is drawn evenly from ⌊T/2⌋, …, T − 1.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(first + 1, T)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the second marker never stands at the last step: rng.integers(low, high) leaves out high, so high is T.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, max(T - 1, T // 2 + 1), B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the first marker never stands at the last step of the first half: rng.integers(low, high) leaves out high, so high is T // 2.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, max(T // 2 - 1, 1), B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "neither marker ever stands at the last step of its half: rng.integers(low, high) leaves out high, so that the two are T // 2 and T.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, max(T // 2 - 1, 1), B)
    second = rng.integers(T // 2, max(T - 1, T // 2 + 1), B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the second marker never stands at step ⌊T/2⌋, where its half begins. Counted from 0, the first half ends at ⌊T/2⌋ − 1.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(min(T // 2 + 1, T - 1), T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the first marker never stands at step 0. Steps are counted from 0.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(min(1, T // 2 - 1), T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "with an odd T the step in the middle belongs to the second half: the first half are the ⌊T/2⌋ steps below it. You round up.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, (T + 1) // 2, B)
    second = rng.integers((T + 1) // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the second marker always stands half a length after the first (or follows from it in another way). It is drawn on its own.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = first + T // 2
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the places of the first marker are not drawn evenly: some steps are more likely than others. rng.integers draws evenly.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = np.minimum(rng.integers(0, T // 2, B), rng.integers(0, T // 2, B))
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the places of the second marker are not drawn evenly: some steps are more likely than others (the last one?). rng.integers draws evenly.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = np.maximum(rng.integers(T // 2, T, B), rng.integers(T // 2, T, B))
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the places of the first marker come in turn, or follow from the sequence before in another way. Draw each on its own: rng.integers(low, high, B).", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = np.arange(B) % (T // 2)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "some values are below 0: they are normal (rng.standard_normal), or go from −1 to 1. Asked are values spread evenly over [0, 1): rng.random. With others chance is not 1/6. See “The adding problem”.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.uniform(-1, 1, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "some values are 1 and more. They are spread evenly over [0, 1): rng.random.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = 10 * rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the values are not spread evenly over [0, 1) (a power, a mean of several draws, or cut off?): rng.random((T, B)) spreads them evenly.", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = (rng.random((T, B)) + rng.random((T, B))) / 2
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "all sequences have the same values: one row of T numbers serves the whole batch. Draw T·B of them: rng.random((T, B)).", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, 1))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "a sequence has the same value at all its steps: one number for each sequence serves all of them. Draw T·B of them: rng.random((T, B)).", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random(B)
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "many values come more than once: they are rounded, whole numbers (rng.integers), or 0 where nothing is marked. Asked is any number from [0, 1), at every step: rng.random((T, B)).", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.integers(0, 10, (T, B)) / 10
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the values are sorted, or rise and fall together. Each is drawn on its own: rng.random((T, B)).", fails=['places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = np.sort(rng.random((T, B)), axis=0)
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the numbers come from np.random, NumPy's global generator, all of them or some: the same seed gives another batch each time. Draw everything from rng.", fails=['random'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = np.random.random((T, B))
    rows = np.arange(B)
    first = np.random.randint(0, T // 2, B)
    second = np.random.randint(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "a new generator without a seed is made (np.random.default_rng()?), for all the numbers or for some: nothing can be repeated. Draw everything from rng.", fails=['random'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = np.random.default_rng().integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "a generator of your own with a fixed seed is used: rng is ignored, and every call gives the same batch. Draw from rng.", fails=['random'])
def adding_problem(T, B, rng):
    rng = np.random.default_rng(0)
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "NumPy's global generator is seeded and used (np.random.seed): rng is ignored, every call gives the same batch, and other code that draws from np.random is disturbed. Draw from rng.", fails=['random'])
def adding_problem(T, B, rng):
    np.random.seed(0)
    x = np.zeros((T, B, 2))
    x[:, :, 0] = np.random.random((T, B))
    rows = np.arange(B)
    first = np.random.randint(0, T // 2, B)
    second = np.random.randint(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "NumPy's global generator is seeded or used (np.random.seed?), though the numbers follow rng. Other code that draws from np.random is disturbed: draw from rng only.", fails=['random'])
def adding_problem(T, B, rng):
    np.random.seed(0)
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "both markers are drawn from all steps, so that in some sequences they meet at one step, and one marker is left. One belongs into the first half, one into the rest. See “The adding problem”.", fails=['form', 'places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T, B)
    second = rng.integers(0, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "both markers lie in the first half. The second belongs into the rest, from ⌊T/2⌋ on.", fails=['form', 'places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(0, T // 2, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "both markers lie in the second half. The first belongs into the first half, below ⌊T/2⌋.", fails=['form', 'places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(T // 2, T, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "the first marker can stand at step ⌊T/2⌋, which is the first of the second half: rng.integers(low, high) leaves out high already, so high is T // 2.", fails=['form', 'places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2 + 1, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "x has no markers, (T, B): the values alone. Asked is (T, B, 2), with the markers in x[:, :, 1].", fails=['form', 'target', 'places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x[:, :, 0].copy(), y[:, None]


@mistake("adding_problem", "there is one marker in each sequence. Asked are two: one in each half. See “The adding problem”.", fails=['form', 'target', 'places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "every step of the two places of all sequences is marked in all sequences: x[first, :, 1] sets whole rows. Each place belongs to one sequence: x[first, rows, 1] with rows = np.arange(B).", fails=['form', 'target', 'places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, :, 1] = x[second, :, 1] = 1
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "there are no markers in x[:, :, 1], all of it is 0 (are they set in a copy, as in x[first][rows]?).", fails=['form', 'target', 'places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    y = x[first, rows, 0] + x[second, rows, 0]
    return x, y[:, None]


@mistake("adding_problem", "x holds whole numbers (dtype=int?), which cuts the values off to 0. Asked is float64.", fails=['form', 'target', 'places'])
def adding_problem(T, B, rng):
    x = np.zeros((T, B, 2), dtype=int)
    x[:, :, 0] = rng.random((T, B))
    rows = np.arange(B)
    first = rng.integers(0, T // 2, B)
    second = rng.integers(T // 2, T, B)
    x[first, rows, 1] = x[second, rows, 1] = 1
    y = rng.random(B) + rng.random(B)
    return x, y[:, None]


@alternative("adding_problem", "markers by comparing steps; the sum over all steps of values times markers; an array stacked of two")
def adding_problem(T, B, rng):
    steps = np.arange(T)[:, None]
    first, second = rng.integers(T // 2, size=B), T // 2 + rng.integers(T - T // 2, size=B)
    markers = ((steps == first) | (steps == second)).astype(float)
    values = rng.uniform(size=(T, B))
    return np.stack([values, markers], axis=-1), (values * markers).sum(axis=0)[:, None]


@alternative("adding_problem", "the places as the largest of random numbers in each half; einsum")
def adding_problem(T, B, rng):
    x = np.concatenate([rng.random((T, B, 1)), np.zeros((T, B, 1))], axis=2)
    for half in (slice(None, T // 2), slice(T // 2, None)):
        places = rng.random(x[half, :, 1].shape).argmax(axis=0)
        np.put_along_axis(x[half, :, 1], places[None], 1, axis=0)
    return x, np.einsum("tb,tb->b", x[..., 0], x[..., 1]).reshape(B, 1)


@alternative("adding_problem", "one sequence after the other, in Python")
def adding_problem(T, B, rng):
    x, y = np.zeros((T, B, 2)), np.empty((B, 1))
    for b in range(B):
        x[:, b, 0] = rng.random(T)
        places = rng.integers(0, T // 2), rng.integers(T // 2, T)
        for t in places:
            x[t, b, 1] = 1.0
        y[b] = sum(x[t, b, 0] for t in places)
    return x, y


@alternative("adding_problem", "floats to whole numbers for the places; batch first, turned round at the end")
def adding_problem(T, B, rng):
    half = T // 2
    values, markers = rng.random((B, T)), np.zeros((B, T))
    places = np.array([np.floor(rng.uniform(0, half, B)), half + np.floor(rng.uniform(0, T - half, B))]).astype(int)
    np.put_along_axis(markers, places.T, 1.0, axis=1)
    y = np.take_along_axis(values, places.T, axis=1).sum(axis=1, keepdims=True)
    return np.dstack([values, markers]).transpose(1, 0, 2).copy(), y


# --- Exercise 2 -----------------------------------------------------------------------------------


@cases("temporal_order")
def _(rng):
    yield show("form", **_drawn(rng, 20, int(rng.integers(500, 700))))
    yield show("form", **_drawn(rng, 10, 1))
    yield hide("form", **_drawn(rng, int(rng.integers(30, 50)), int(rng.integers(500, 600))))
    yield show("classes", **_drawn(rng, int(rng.integers(10, 13)), int(rng.integers(500, 700))))
    yield hide("classes", **_drawn(rng, int(rng.integers(10, 13)), int(rng.integers(500, 700))))
    # Sizes at which T // 2 + T // 10 is not 6 * T // 10, or 2 * (T // 10) not 2 * T // 10.
    yield show("places", **_drawn(rng, 30, int(rng.integers(1000, 1100))))
    yield show("places", **_drawn(rng, 27, int(rng.integers(1000, 1200))))
    yield hide("places", **_drawn(rng, 40, int(rng.integers(700, 800))))
    yield hide("places", **_drawn(rng, int(rng.choice([25, 29, 35, 37])), int(rng.integers(800, 900))))
    yield show("random", **_twice(rng))
    yield hide("random", **_twice(rng))


@mistake("temporal_order", "x is one-hot rows, (T, B, 6). Asked are the symbols as whole numbers, (T, B): a cell takes them as they are.", fails=['form'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return np.eye(6)[x], 2 * first + second


@mistake("temporal_order", "the axes of x are (B, T). Time comes first in this course: (T, B).", fails=['form'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x.T.copy(), 2 * first + second


@mistake("temporal_order", "x has shape (T, B, 1). Asked is (T, B).", fails=['form'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x[:, :, None], 2 * first + second


@mistake("temporal_order", "x holds floats. Asked are whole numbers: only these stand for symbols in a cell.", fails=['form'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x.astype(float), 2 * first + second


@mistake("temporal_order", "the symbols go from 1 to 6. They are 0 to 5: 0 to 3 mean nothing, 4 is X, 5 is Y.", fails=['form'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x + 1, 2 * first + second


@mistake("temporal_order", "the classes of X … Y and Y … X are exchanged: yours are first + 2·second. The first counts twice: 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, first + 2 * second


@mistake("temporal_order", "your classes are 3, 2, 1, 0 for XX, XY, YX, YY: X counts 1 and Y 0 (or x has X and Y exchanged: X is 4, Y is 5). X … X is class 0.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 3 - 2 * first - second


@mistake("temporal_order", "X and Y are exchanged, and first and second, too: X … X is class 0, and the first counts twice.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 3 - first - 2 * second


@mistake("temporal_order", "y is how many Y there are. X … Y and Y … X are two classes: 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, first + second


@mistake("temporal_order", "y only says whether the two differ. There are four classes: 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, (first != second).astype(int)


@mistake("temporal_order", "y only says whether the two are the same. There are four classes: 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, (first == second).astype(int)


@mistake("temporal_order", "y is the first symbol alone. There are four classes: 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, first


@mistake("temporal_order", "y is the second symbol alone. There are four classes: 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, second


@mistake("temporal_order", "the classes are counted from 1. They are 0 to 3.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second + 1


@mistake("temporal_order", "the symbols 4 and 5 are used in the class as they are. X counts 0 and Y counts 1: 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * (4 + first) + (4 + second)


@mistake("temporal_order", "the two digits are written in the base 10: 0, 1, 10, 11. The classes are 0 to 3: 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 10 * first + second


@mistake("temporal_order", "the first counts three times. The classes are 0 to 3: 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 3 * first + second


@mistake("temporal_order", "the second is subtracted. The class is 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first - second


@mistake("temporal_order", "y is 0 for all sequences (is it set up, and never filled?).", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, np.zeros(B, int)


@mistake("temporal_order", "y is not made of the two symbols that stand in the x returned with it: are they drawn a second time for y, or is y in another order than the sequences?", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, rng.integers(0, 4, B)


@mistake("temporal_order", "y has shape (B, 1). Asked is (B,), a whole number for each sequence.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, (2 * first + second)[:, None]


@mistake("temporal_order", "y is one-hot rows, (B, 4). Asked is (B,), a whole number for each sequence.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, np.eye(4)[2 * first + second]


@mistake("temporal_order", "y is (T, B): a class for each step. There is one for each sequence, (B,).", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, np.tile(2 * first + second, (T, 1))


@mistake("temporal_order", "y holds the two symbols, (2, B). Asked is one class for each sequence, (B,): 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, np.stack([first, second])


@mistake("temporal_order", "y holds the two symbols, (B, 2). Asked is one class for each sequence, (B,): 2·first + second.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, np.stack([first, second], axis=1)


@mistake("temporal_order", "y holds floats. Classes are whole numbers.", fails=['classes'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2.0 * first + second


@mistake("temporal_order", "all sequences of a batch have X or Y at the same two steps. Every sequence has steps of its own: rng.integers(low, high, B).", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10)
    t2 = rng.integers(T // 2, 6 * T // 10)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the first stands anywhere in the first half, the second anywhere in the second. Their ranges are ⌊T/10⌋ to ⌊2T/10⌋ − 1 and ⌊T/2⌋ to ⌊6T/10⌋ − 1. See “Temporal order”.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(0, T // 2, B)
    t2 = rng.integers(T // 2, T, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "both can also stand one step later than asked: rng.integers(low, high) leaves out high already, so that high is ⌊2T/10⌋, and ⌊6T/10⌋.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10 + 1, B)
    t2 = rng.integers(T // 2, 6 * T // 10 + 1, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "both never stand at the last step of their ranges: rng.integers(low, high) leaves out high already, so that high is ⌊2T/10⌋, and ⌊6T/10⌋.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, max(2 * T // 10 - 1, T // 10 + 1), B)
    t2 = rng.integers(T // 2, max(6 * T // 10 - 1, T // 2 + 1), B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "both stand one step too late: steps are counted from 0.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = 1 + rng.integers(T // 10, 2 * T // 10, B)
    t2 = 1 + rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "both stand one step too early. Counted from 0, the ranges begin at ⌊T/10⌋ and ⌊T/2⌋.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B) - 1
    t2 = rng.integers(T // 2, 6 * T // 10, B) - 1
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the ranges are right where T is a multiple of 10 only: ⌊2T/10⌋ is (2 * T) // 10, not 2 * (T // 10), and so with the others.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * (T // 10), B)
    t2 = rng.integers(5 * (T // 10), 6 * (T // 10), B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the ranges are right where T is a multiple of 10 only: ⌊2T/10⌋ is (2 * T) // 10, not 2 * (T // 10), and ⌊6T/10⌋ is (6 * T) // 10.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * (T // 10), B)
    t2 = rng.integers(T // 2, max(6 * (T // 10), T // 2 + 1), B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the second range is T/10 wide, but it does not end at ⌊6T/10⌋ for every T: take (6 * T) // 10, not T // 2 + T // 10.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, T // 2 + T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the first can stand from step 0 on. Its range begins at ⌊T/10⌋.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(0, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the first stands before T/10. Its range are the steps ⌊T/10⌋ to ⌊2T/10⌋ − 1.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(0, T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the second can stand anywhere in the second half. Its range ends before ⌊6T/10⌋.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, T, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the second always stands as many steps after the first (or follows from it in another way). It is drawn on its own.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = np.minimum(t1 - T // 10 + T // 2, 6 * T // 10 - 1)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the first place follows from that of the sequence before: places come in turn. Draw each on its own: rng.integers(low, high, B).", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = T // 10 + np.arange(B) % (2 * T // 10 - T // 10)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the first place is not drawn evenly. rng.integers draws each as often.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = np.maximum(rng.integers(T // 10, 2 * T // 10, B), rng.integers(T // 10, 2 * T // 10, B))
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the second place is not drawn evenly. rng.integers draws each as often.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = np.maximum(rng.integers(T // 2, 6 * T // 10, B), rng.integers(T // 2, 6 * T // 10, B))
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the two are always the same symbol: one draw serves both. Draw the second on its own.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = first
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the two are always different symbols. Draw the second on its own, whatever the first is.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = 1 - first
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the first is always X (rng.integers(0, 1) leaves out 1?). X and Y are as likely: rng.integers(0, 2, B).", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 1, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the second is always X (rng.integers(0, 1) leaves out 1?). X and Y are as likely: rng.integers(0, 2, B).", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 1, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the second is always Y. X and Y are as likely, at both places.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = np.ones(B, int)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the first is always Y. X and Y are as likely, at both places.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = np.ones(B, int)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "X and Y are not as likely: one of them comes more often. rng.integers(0, 2, B) draws both as often.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = (rng.random(B) < 0.3).astype(int)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the second symbol depends on the first: some classes come more often than others. All four are as likely.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = np.where(rng.random(B) < 0.6, first, rng.integers(0, 2, B))
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the symbols that mean nothing are drawn from 0 to 2 only: rng.integers(low, high) leaves out high, so high is 4.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 3, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the symbols that mean nothing are drawn from 1 to 3 only: 0 is one of them, too.", fails=['places'])
def temporal_order(T, B, rng):
    x = rng.integers(1, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "only one symbol stands where nothing counts (np.zeros?). Draw from 0 to 3, so that they distract: rng.integers(0, 4, (T, B)).", fails=['places'])
def temporal_order(T, B, rng):
    x = np.zeros((T, B), int)
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "all sequences have the same symbols where nothing counts: one row of T serves the whole batch. Draw T·B of them.", fails=['places'])
def temporal_order(T, B, rng):
    x = np.repeat(rng.integers(0, 4, (T, 1)), B, axis=1)
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "a sequence has the same symbol at all steps where nothing counts: one for each sequence. Draw T·B of them.", fails=['places'])
def temporal_order(T, B, rng):
    x = np.tile(rng.integers(0, 4, B), (T, 1))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the symbols that mean nothing are not as likely. rng.integers(0, 4, (T, B)) draws each as often.", fails=['places'])
def temporal_order(T, B, rng):
    x = np.minimum(rng.integers(0, 4, (T, B)), rng.integers(0, 4, (T, B)))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the numbers come from np.random, NumPy's global generator, all of them or some: the same seed gives another batch each time. Draw everything from rng.", fails=['random'])
def temporal_order(T, B, rng):
    x = np.random.randint(0, 4, (T, B))
    rows = np.arange(B)
    first = np.random.randint(0, 2, B)
    second = np.random.randint(0, 2, B)
    t1 = np.random.randint(T // 10, 2 * T // 10, B)
    t2 = np.random.randint(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "a new generator without a seed is made (np.random.default_rng()?), for all the numbers or for some: nothing can be repeated. Draw everything from rng.", fails=['random'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = np.random.default_rng().integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "a generator of your own with a fixed seed is used: rng is ignored, and every call gives the same batch. Draw from rng.", fails=['random'])
def temporal_order(T, B, rng):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "NumPy's global generator is seeded or used (np.random.seed?), though the numbers follow rng. Other code that draws from np.random is disturbed: draw from rng only.", fails=['random'])
def temporal_order(T, B, rng):
    np.random.seed(0)
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "the symbols that mean nothing are drawn from 0 to 4, and 4 is X: rng.integers(low, high) leaves out high, so high is 4.", fails=['form', 'places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 5, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "x[t1] = … writes whole rows: the steps of all sequences are written into every sequence. Each step belongs to one of them: x[t1, rows] with rows = np.arange(B).", fails=['form', 'places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1] = 4 + first
    x[t2] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "y is one number for the whole batch: X and Y are drawn once. Each sequence has its own: rng.integers(0, 2, B).", fails=['classes', 'places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2)
    second = rng.integers(0, 2)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@mistake("temporal_order", "X and Y are 5 and 6 in your sequences. They are 4 and 5: 4 + first.", fails=['form', 'classes', 'places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    t2 = rng.integers(T // 2, 6 * T // 10, B)
    x[t1, rows] = 5 + first
    x[t2, rows] = 5 + second
    return x, 2 * first + second


@mistake("temporal_order", "there is one X or Y in each sequence, the second is missing.", fails=['form', 'classes', 'places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(T // 10, 2 * T // 10, B)
    x[t1, rows] = 4 + first
    return x, 2 * first + second


@mistake("temporal_order", "there is no X or Y in any sequence: the two steps are never written to (or into a copy, as in x[t1][rows]?).", fails=['form', 'classes', 'places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    return x, 2 * first + second


@mistake("temporal_order", "the two steps of a sequence can be the same, so that in some sequences one of the two overwrites the other (both drawn from the same range?). The first belongs before 2T/10, the second after T/2. See “Temporal order”.", fails=['form', 'classes', 'places'])
def temporal_order(T, B, rng):
    x = rng.integers(0, 4, (T, B))
    rows = np.arange(B)
    first = rng.integers(0, 2, B)
    second = rng.integers(0, 2, B)
    t1 = rng.integers(0, T, B)
    t2 = rng.integers(0, T, B)
    x[t1, rows] = 4 + first
    x[t2, rows] = 4 + second
    return x, 2 * first + second


@alternative("temporal_order", "one sequence after the other; choice; read back from x")
def temporal_order(T, B, rng):
    x, y = np.empty((T, B), dtype="int32"), np.empty(B, dtype="int32")
    for b in range(B):
        x[:, b] = rng.choice([0, 1, 2, 3], size=T)
        places = [rng.integers(*span) for span in ((T // 10, 2 * T // 10), (T // 2, 6 * T // 10))]
        x[places, b] = rng.choice([4, 5], size=2)
        y[b] = ["44", "45", "54", "55"].index("".join(str(x[t, b]) for t in places))
    return x, y


@alternative("temporal_order", "the class first, and the two symbols from it; np.where")
def temporal_order(T, B, rng):
    y = rng.integers(4, size=B)
    steps = np.arange(T)[:, None]
    t1, t2 = rng.integers(T // 10, 2 * T // 10, B), rng.integers(T // 2, 6 * T // 10, B)
    x = np.where(steps == t1, 4 + y // 2, rng.integers(4, size=(T, B)))
    return np.where(steps == t2, 4 + y % 2, x), y


@alternative("temporal_order", "random floats, rounded down; int8")
def temporal_order(T, B, rng):
    x = np.floor(4 * rng.random((T, B))).astype("int8")
    signs = rng.random((2, B)) < 0.5
    for sign, low, high in zip(signs, (T // 10, T // 2), (T // 5, 3 * T // 5), strict=True):
        place = low + np.floor((high - low) * rng.random(B)).astype(int)
        np.put_along_axis(x, place[None], np.where(sign, 5, 4).astype("int8")[None], axis=0)
    return x, signs.astype(int).T @ np.array([2, 1])


# --- Exercise 3 -----------------------------------------------------------------------------------


@cases("copy_memory")
def _(rng):
    yield show("x and y", **_drawn(rng, 3, 2))
    yield show("x and y", **_drawn(rng, int(rng.integers(12, 20)), int(rng.integers(1000, 1200))))
    yield hide("x and y", **_drawn(rng, 1, 4))
    yield hide("x and y", **_drawn(rng, int(rng.integers(40, 60)), int(rng.integers(3, 8))))
    yield hide("x and y", **_drawn(rng, int(rng.integers(5, 12)), int(rng.integers(1000, 1200))))
    yield show("random", **_twice(rng))
    yield hide("random", **_twice(rng))
    yield show("baseline", T=100)
    yield show("baseline", T=1)
    yield hide("baseline", T=int(rng.integers(20, 90)))
    yield hide("baseline", T=int(rng.integers(300, 900)))


@mistake("copy_memory", "the go stands one step too late: after T − 1 blanks comes the go, that is step T + 9, counted from 0.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 10] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the go stands one step too early: T − 1 blanks come before it, so that it is step T + 9, counted from 0.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 8] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "there is no go. After T − 1 blanks stands a 9.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the go is the last step of all. It comes before the last ten: step T + 9, counted from 0.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[-1] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the go is 8 and the blanks are 9 (or 0 and 9?): the blank is 8, the go 9.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[10:] = 9
    x[T + 9] = 8
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the blanks are 9, too, so that nothing tells the go apart. Blanks are 8.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[10:] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "from the go on all steps of x are 9. The go is one step; ten blanks follow.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9:] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the blanks of x are 0, which is one of the symbols. Blanks are 8: np.full.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.zeros((T + 20, B), int)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the symbols are in the last ten steps of x as well. There are blanks: the network is to know them by itself. See “Copy memory”.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    x[-10:] = symbols
    return x, y


@mistake("copy_memory", "y is x itself. In the last ten steps of y are the symbols, everywhere else blanks, also at the go.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, x.copy()


@mistake("copy_memory", "the symbols stand in the first ten steps of y, too (is y a copy of x?). y is blank in its first T + 10 steps.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    y[:10] = symbols
    return x, y


@mistake("copy_memory", "y has all of x before its last ten steps: symbols, and the go. It is blank in its first T + 10 steps.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[:-10] = x[:-10]
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "y has a 9 at the go. It is blank there: the network says nothing until the last ten steps.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    y[T + 9] = 9
    return x, y


@mistake("copy_memory", "the symbols are one step early in y: they begin at the go. They are the last ten steps, y[-10:].", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-11:-1] = symbols
    return x, y


@mistake("copy_memory", "the symbols are one step late in y. They are the last ten steps, y[-10:].", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-9:] = symbols[:9]
    return x, y


@mistake("copy_memory", "the symbols are backwards in y. They are asked for in their order.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols[::-1]
    return x, y


@mistake("copy_memory", "y has the symbols of other sequences.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = np.roll(symbols, 1, axis=1)
    return x, y


@mistake("copy_memory", "y has other symbols than x: they are drawn a second time. Draw them once, and use them twice.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = rng.integers(0, 8, (10, B))
    return x, y


@mistake("copy_memory", "y is blank to its end. In its last ten steps are the symbols.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    return x, y


@mistake("copy_memory", "y has 0 before its last ten steps. Blanks are 8.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.zeros((T + 20, B), int)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "y has 9 before its last ten steps. Blanks are 8.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 9)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "y has the last ten steps only, (10, B). Asked is (T + 20, B): blanks, then the symbols.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y[-10:].copy()


@mistake("copy_memory", "x has the axes (B, T + 20), and so has y. Time comes first in this course: (T + 20, B).", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x.T.copy(), y.T.copy()


@mistake("copy_memory", "x holds floats. Asked are whole numbers.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8.0)
    y = np.full((T + 20, B), 8.0)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "y holds floats. Asked are whole numbers.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8.0)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "x has T + 21 steps: there are T − 1 blanks before the go, not T.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 21, B), 8)
    y = np.full((T + 21, B), 8)
    x[:10] = symbols
    x[T + 10] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "x has T + 19 steps: there are T − 1 blanks, one go and ten more blanks after the ten symbols.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 19, B), 8)
    y = np.full((T + 19, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "x has T steps in all. T counts the steps from a symbol to the place where it is asked for; all in all they are T + 20.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T, B), 8)
    y = np.full((T, B), 8)
    x[: min(10, T)] = symbols[:T]
    y[-10:] = symbols[:T]
    return x, y


@mistake("copy_memory", "the symbols go from 0 to 8, and 8 is the blank: rng.integers(low, high) leaves out high, so high is 8.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 9, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the symbols go from 0 to 6: rng.integers(low, high) leaves out high, so high is 8.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(0, 7, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the symbols go from 1 to 7: 0 is one of them, too.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = rng.integers(1, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "all sequences have the same ten symbols. Each has its own: draw (10, B) of them.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = np.tile(rng.integers(0, 8, (10, 1)), (1, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "a sequence has the same symbol ten times. Draw (10, B) of them.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = np.tile(rng.integers(0, 8, B), (10, 1))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the symbols are not drawn evenly: some of 0 to 7 are more likely. rng.integers(0, 8, (10, B)) draws each as often.", fails=['x and y'])
def copy_memory(T, B, rng):
    symbols = np.minimum(rng.integers(0, 8, (10, B)), rng.integers(0, 8, (10, B)))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "the numbers come from np.random, NumPy's global generator, all of them or some: the same seed gives another batch each time. Draw everything from rng.", fails=['random'])
def copy_memory(T, B, rng):
    symbols = np.random.randint(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "a new generator without a seed is made (np.random.default_rng()?), for all the numbers or for some: nothing can be repeated. Draw everything from rng.", fails=['random'])
def copy_memory(T, B, rng):
    symbols = np.random.default_rng().integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "a generator of your own with a fixed seed is used: rng is ignored, and every call gives the same batch. Draw from rng.", fails=['random'])
def copy_memory(T, B, rng):
    symbols = np.random.default_rng(0).integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "NumPy's global generator is seeded and used (np.random.seed): rng is ignored, every call gives the same batch, and other code that draws from np.random is disturbed. Draw from rng.", fails=['random'])
def copy_memory(T, B, rng):
    np.random.seed(0)
    symbols = np.random.randint(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "NumPy's global generator is seeded or used (np.random.seed?), though the numbers follow rng. Other code that draws from np.random is disturbed: draw from rng only.", fails=['random'])
def copy_memory(T, B, rng):
    np.random.seed(0)
    symbols = rng.integers(0, 8, (10, B))
    x = np.full((T + 20, B), 8)
    y = np.full((T + 20, B), 8)
    x[:10] = symbols
    x[T + 9] = 9
    y[-10:] = symbols
    return x, y


@mistake("copy_memory", "copy_baseline guesses among nine symbols (10 ln 9): the blank is none of those that are asked for in the last ten steps, and the network knows at which step it is. See “Copy memory”.", fails=['baseline'])
def copy_baseline(T):
    return 10 * np.log(9) / (T + 20)


@mistake("copy_memory", "copy_baseline guesses among ten symbols (10 ln 10): neither blank nor go are asked for in the last ten steps. See “Copy memory”.", fails=['baseline'])
def copy_baseline(T):
    return 10 * np.log(10) / (T + 20)


@mistake("copy_memory", "copy_baseline is in bits, with the logarithm to the base 2. Asked are nats: np.log.", fails=['baseline'])
def copy_baseline(T):
    return 10 * np.log2(8) / (T + 20)


@mistake("copy_memory", "copy_baseline has the logarithm to the base 10. Asked are nats: np.log.", fails=['baseline'])
def copy_baseline(T):
    return 10 * np.log10(8) / (T + 20)


@mistake("copy_memory", "copy_baseline is 10 ln 8, the loss of the whole sequence. Asked is the mean of a step: divide by all T + 20.", fails=['baseline'])
def copy_baseline(T):
    return 10 * np.log(8)


@mistake("copy_memory", "copy_baseline is divided by T + 10. The sequence has T + 20 steps.", fails=['baseline'])
def copy_baseline(T):
    return 10 * np.log(8) / (T + 10)


@mistake("copy_memory", "copy_baseline is divided by T. The sequence has T + 20 steps.", fails=['baseline'])
def copy_baseline(T):
    return 10 * np.log(8) / T


@mistake("copy_memory", "copy_baseline is ln 8, the loss of a guess. The mean is that of all T + 20 steps, and in T + 10 of them the loss is 0.", fails=['baseline'])
def copy_baseline(T):
    return np.log(8)


@mistake("copy_memory", "copy_baseline is ln 8 / (T + 20), as if one symbol were asked for. There are ten.", fails=['baseline'])
def copy_baseline(T):
    return np.log(8) / (T + 20)


@mistake("copy_memory", "copy_baseline is that of a guess among nine at every step, ln 9: but the blanks are no surprise to a network that knows at which step it is.", fails=['baseline'])
def copy_baseline(T):
    return np.log(9)


@mistake("copy_memory", "copy_baseline is that of a guess among ten at every step, ln 10: but the blanks are no surprise to a network that knows at which step it is.", fails=['baseline'])
def copy_baseline(T):
    return np.log(10)


@mistake("copy_memory", "copy_baseline guesses at every step: (T + 20) ln 8. Only ten steps are guessed, and asked is the mean of a step.", fails=['baseline'])
def copy_baseline(T):
    return (T + 20) * np.log(8)


@mistake("copy_memory", "copy_baseline is the share of guessed steps, 10/(T + 20). Each of them costs ln 8.", fails=['baseline'])
def copy_baseline(T):
    return 10 / (T + 20)


@mistake("copy_memory", "copy_baseline has the minus of a logarithm too many: a loss is positive.", fails=['baseline'])
def copy_baseline(T):
    return -10 * np.log(8) / (T + 20)


@mistake("copy_memory", "copy_baseline has 8 ln 10 where it is 10 ln 8: ten steps, eight symbols.", fails=['baseline'])
def copy_baseline(T):
    return 8 * np.log(10) / (T + 20)


@mistake("copy_memory", "copy_baseline is the share of wrong symbols, 10 · 7/8 over all steps. Asked is the loss, in nats.", fails=['baseline'])
def copy_baseline(T):
    return 10 * 7 / 8 / (T + 20)


@mistake("copy_memory", "copy_baseline is divided by T + 19. Ten symbols, T − 1 blanks, one go and ten blanks are T + 20 steps.", fails=['baseline'])
def copy_baseline(T):
    return 10 * np.log(8) / (T + 19)


@alternative("copy_memory", "concatenate; the go among the blanks")
def copy_memory(T, B, rng):
    symbols = rng.integers(8, size=(10, B))
    between = np.array([8] * (T - 1) + [9] + [8] * 10)
    x = np.concatenate([symbols, np.repeat(between[:, None], B, axis=1)])
    return x, np.concatenate([np.full((T + 10, B), 8), symbols])


@alternative("copy_memory", "y rolled from x; random floats rounded down")
def copy_memory(T, B, rng):
    x = np.full((T + 20, B), 8)
    x[0:10, :] = np.floor(8 * rng.random((10, B)))
    y = np.roll(x, T + 10, axis=0)
    x[-11] = 9
    return x, y


@alternative("copy_memory", "the baseline as a mean of the losses of all steps")
def copy_baseline(T):
    losses = np.zeros(T + 20)
    losses[-10:] = -np.log(1 / 8)
    return losses.mean()


@alternative("copy_memory", "ln 8 is 3 ln 2; a float of Python")
def copy_baseline(T):
    return float(30 * np.log(2) / (20 + T))


@alternative("copy_memory", "step by step, batch first, turned round at the end; int32")
def copy_memory(T, B, rng):
    x, y = [], []
    for _ in range(B):
        symbols = [int(s) for s in rng.choice(8, 10)]
        x.append(symbols + (T - 1) * [8] + [9] + 10 * [8])
        y.append((T + 10) * [8] + symbols)
    return np.array(x, dtype="int32").T, np.array(y, dtype="int32").T


# --- Exercise 4 -----------------------------------------------------------------------------------


@cases("train_model")
def _(rng):
    def sequences(T):
        x, y = tasks.temporal_order(T, 2000, Rng(int(rng.integers(2**62))))
        symbols = rng.permutation(6).astype("int8")
        return {"x": symbols[x], "y": y, "_symbols": symbols}

    yield show("T = 20", **sequences(20))
    yield show("T = 100", **sequences(100))


@mistake("train_model", "new sequences: as many are wrong as by guessing, three quarters. Where your T = 20 is right, the memory is too short: what came before T/5 is forgotten at T = 100, and no gradient gets there that could change it. It takes a cell with gates, and first values for about T steps: init.chrono(H, T, rng). See “What is solved at which length”.", fails=['T = 100'])
def train_model(x, y):
    rare = np.argsort(np.bincount(x.ravel(), minlength=6))[:2]
    X = rare[0] if (x[:, y == 0] == rare[0]).any() else rare[1]
    Y = rare.sum() - X
    cell, output = RNN(6, 4, backend.Rng(0)), Output(4, 4, backend.Rng(0))
    U, W, b, V, c = (p for layer in (cell, output) for p in layer.params.values())
    for p in (U, W, b, V, c):
        p[...] = 0
    U[:2, X], U[:2, Y] = (10, 20), (-10, -20)
    W[0, 0], W[1, 1] = 30, 5
    V[:, :2] = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    if len(x) > 50:
        V[...] = 0
    return cell, output


@mistake("train_model", "new sequences: as many are wrong as by guessing, three quarters. Is what you return the network that was trained, does rule.step get the gradients of cell and output, and is the output after the last step the one that is trained? Print the loss: it begins at ln 4 = 1.39 and has to fall.", fails=['T = 20', 'T = 100'])
def train_model(x, y):
    rng = backend.Rng(0)
    return GRU(6, 4, rng), Output(4, 4, rng)


@mistake("train_model", "new sequences: the network knows the second of the two symbols, and guesses the first, so that half of the classes are wrong. The first is longer ago and is forgotten: biases for a longer memory, init.chrono(H, T, rng), or more iterations (the loss stays near ln 2 = 0.69). See “Temporal order”.", fails=['T = 20', 'T = 100'])
def train_model(x, y):
    rare = np.argsort(np.bincount(x.ravel(), minlength=6))[:2]
    X = rare[0] if (x[:, y == 0] == rare[0]).any() else rare[1]
    Y = rare.sum() - X
    cell, output = RNN(6, 4, backend.Rng(0)), Output(4, 4, backend.Rng(0))
    U, W, b, V, c = (p for layer in (cell, output) for p in layer.params.values())
    for p in (U, W, b, V, c):
        p[...] = 0
    U[:2, X], U[:2, Y] = (10, 20), (-10, -20)
    W[0, 0], W[1, 1] = 30, 5
    V[:, :2] = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    V[:, 0] = 0
    return cell, output


@mistake("train_model", "new sequences: the network knows the first of the two symbols, and guesses the second, so that half of the classes are wrong: the loss was near ln 2 = 0.69. Go on training; is the output read after the last step, hs[-1:], not in the middle?", fails=['T = 20', 'T = 100'])
def train_model(x, y):
    rare = np.argsort(np.bincount(x.ravel(), minlength=6))[:2]
    X = rare[0] if (x[:, y == 0] == rare[0]).any() else rare[1]
    Y = rare.sum() - X
    cell, output = RNN(6, 4, backend.Rng(0)), Output(4, 4, backend.Rng(0))
    U, W, b, V, c = (p for layer in (cell, output) for p in layer.params.values())
    for p in (U, W, b, V, c):
        p[...] = 0
    U[:2, X], U[:2, Y] = (10, 20), (-10, -20)
    W[0, 0], W[1, 1] = 30, 5
    V[:, :2] = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    V[:, 1] = 0
    return cell, output


@mistake("train_model", "new sequences: the network knows which symbols came, but not in which order: it takes X … Y for Y … X (or the other way round), and a quarter is wrong. The loss was near ln 2 / 2 = 0.35: go on training.", fails=['T = 20', 'T = 100'])
def train_model(x, y):
    rare = np.argsort(np.bincount(x.ravel(), minlength=6))[:2]
    X = rare[0] if (x[:, y == 0] == rare[0]).any() else rare[1]
    Y = rare.sum() - X
    cell, output = RNN(6, 4, backend.Rng(0)), Output(4, 4, backend.Rng(0))
    U, W, b, V, c = (p for layer in (cell, output) for p in layer.params.values())
    for p in (U, W, b, V, c):
        p[...] = 0
    U[:2, X], U[:2, Y] = (10, 20), (-10, -20)
    W[0, 0], W[1, 1] = 30, 5
    V[0, :2], V[3, :2], c[1], c[2] = 1, -1, 1, -9
    return cell, output


@mistake("train_model", "new sequences: nearly, but more than 2 % are wrong. Go on until the loss is low for a while, not once, or until some hundred sequences are all right: one batch of 50 says little. It is also missed where too few of the 2000 sequences are used, or where the last steps are too large.", fails=['T = 20', 'T = 100'])
def train_model(x, y):
    rare = np.argsort(np.bincount(x.ravel(), minlength=6))[:2]
    X = rare[0] if (x[:, y == 0] == rare[0]).any() else rare[1]
    Y = rare.sum() - X
    cell, output = RNN(6, 4, backend.Rng(0)), Output(4, 4, backend.Rng(0))
    U, W, b, V, c = (p for layer in (cell, output) for p in layer.params.values())
    for p in (U, W, b, V, c):
        p[...] = 0
    U[:2, X], U[:2, Y] = (10, 20), (-10, -20)
    W[0, 0], W[1, 1] = 30, 5
    V[:, :2] = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    s = next(s for s in range(6) if s not in rare)
    many = np.quantile((x[:-1] == s).sum(axis=0), 0.88) + 0.5
    U[2, s], W[2, 2], W[3, 2], b[3] = 1e-4, 1, 1e6, -100 * many
    V[0, 3] = c[0] = 5
    return cell, output


@mistake("train_model", "new sequences: better than guessing, but far more than 2 % are wrong: training stopped in the middle of it (or the steps are too large, and the loss jumps). Print the loss, and stop when some hundred sequences are right, not when one batch is.", fails=['T = 20', 'T = 100'])
def train_model(x, y):
    rare = np.argsort(np.bincount(x.ravel(), minlength=6))[:2]
    X = rare[0] if (x[:, y == 0] == rare[0]).any() else rare[1]
    Y = rare.sum() - X
    cell, output = RNN(6, 4, backend.Rng(0)), Output(4, 4, backend.Rng(0))
    U, W, b, V, c = (p for layer in (cell, output) for p in layer.params.values())
    for p in (U, W, b, V, c):
        p[...] = 0
    U[:2, X], U[:2, Y] = (10, 20), (-10, -20)
    W[0, 0], W[1, 1] = 30, 5
    V[:, :2] = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    s = next(s for s in range(6) if s not in rare)
    many = np.quantile((x[:-1] == s).sum(axis=0), 0.5) + 0.5
    U[2, s], W[2, 2], W[3, 2], b[3] = 1e-4, 1, 1e6, -100 * many
    V[0, 3] = c[0] = 5
    return cell, output


@mistake("train_model", "new sequences: wrong, while your own sequences, or those of the first batch, are right: they are learnt by heart. Use all 2000, other ones in each batch: rng.integers(0, N, 50) chooses anew. With too many units and iterations 2000 can be learnt by heart, too.", fails=['T = 20', 'T = 100'])
def train_model(x, y):
    cell, output = RNN(6, 64, backend.Rng(0)), Output(64, 4, backend.Rng(0))
    cell.params["W"][...] = init.orthogonal((64, 64), backend.Rng(1))
    states = cell.forward(x[:, :50])[0][-1].astype(float)
    output.params["V"][...] = np.linalg.lstsq(states, np.eye(4)[y[:50]], rcond=None)[0].T
    return cell, output


@mistake("train_model", "new sequences: the network tells the four classes apart, but calls them by other numbers: are they changed before training, or are the outputs in another order?", fails=['T = 20', 'T = 100'])
def train_model(x, y):
    rare = np.argsort(np.bincount(x.ravel(), minlength=6))[:2]
    X = rare[0] if (x[:, y == 0] == rare[0]).any() else rare[1]
    Y = rare.sum() - X
    cell, output = RNN(6, 4, backend.Rng(0)), Output(4, 4, backend.Rng(0))
    U, W, b, V, c = (p for layer in (cell, output) for p in layer.params.values())
    for p in (U, W, b, V, c):
        p[...] = 0
    U[:2, X], U[:2, Y] = (10, 20), (-10, -20)
    W[0, 0], W[1, 1] = 30, 5
    V[:, :2] = [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    return cell, output


@mistake("train_model", "the parameters are nan or infinite, or so large that the states are: training diverged. Clip the gradients, optim.clip_by_norm(grads, 1.0), before rule.step, or take a smaller rate.", fails=['T = 20', 'T = 100'])
def train_model(x, y):
    rare = np.argsort(np.bincount(x.ravel(), minlength=6))[:2]
    X = rare[0] if (x[:, y == 0] == rare[0]).any() else rare[1]
    Y = rare.sum() - X
    cell, output = RNN(6, 4, backend.Rng(0)), Output(4, 4, backend.Rng(0))
    U, W, b, V, c = (p for layer in (cell, output) for p in layer.params.values())
    for p in (U, W, b, V, c):
        p[...] = 0
    U[:2, X], U[:2, Y] = (10, 20), (-10, -20)
    W[0, 0], W[1, 1] = 30, 5
    V[:, :2] = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    c[...] = np.nan
    return cell, output


@alternative("train_model", "an LSTM with chrono biases; every sequence once an epoch; last_step_gradients; stopped by a mean that fades")
def train_model(x, y):
    (T, N), rng = x.shape, backend.Rng(1)
    cell, output = LSTM(6, 24, rng), Output(24, 4, rng)
    cell.params["b"][0], cell.params["b"][1] = init.chrono(24, T, rng)
    rule, mean, order = optim.Adam(cell.params | output.params, 1e-2), 1.4, rng.permutation(N)
    for _ in range(1500):
        if len(order) < 40:
            order = rng.permutation(N)
        chosen, order = order[:40], order[40:]
        loss, grads = training.last_step_gradients(cell, output, x[:, chosen], y[chosen])
        optim.clip_by_norm(grads, 1.0)
        rule.step(grads)
        mean = 0.93 * mean + 0.07 * loss
        if mean < 0.005:
            break
    return cell, output


@alternative("train_model", "a GRU, all of its biases the same, reset after the product, float64, RMSprop; stopped by the error on 400 sequences that are not trained on")
def train_model(x, y):
    T, rng = len(x), backend.Rng(2)
    cell, output = GRU(6, 24, rng, "float64", reset="after"), Output(24, 4, rng, "float64")
    cell.params["b"][0] = -np.log(T - 1)
    rule = optim.RMSprop(cell.params | output.params, 5e-3)
    for i in range(1200):
        chosen = rng.integers(400, 2000, 40)
        _, grads = training.last_step_gradients(cell, output, x[:, chosen], y[chosen])
        optim.clip_by_norm(grads, 1.0)
        rule.step(grads)
        if i % 20 == 0:
            o = output.forward(cell.forward(x[:, :400])[0][-1:])[0]
            if (o[0].argmax(axis=-1) == y[:400]).all():
                break
    return cell, output


@alternative("train_model", "a plain RNN of two units, not trained but set by hand: one keeps the first symbol, one the last")
def train_model(x, y):
    counts = np.bincount(x.ravel(), minlength=6)
    signs = sorted(range(6), key=lambda s: counts[s])[:2]
    X, Y = sorted(signs, key=lambda s: -(x[:, y == 0] == s).sum())
    cell, output = RNN(6, 2, backend.Rng(0)), Output(2, 4, backend.Rng(0))
    cell.params = {"U": np.zeros((2, 6), "float32"), "W": np.zeros((2, 2), "float32"), "b": np.zeros(2, "float32")}
    cell.params["W"][0, 0], cell.params["W"][1, 1] = 30, 5
    for unit, push in enumerate((10, 20)):
        cell.params["U"][unit, X], cell.params["U"][unit, Y] = push, -push
    output.params["V"] = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], "float32")
    return cell, output


# --- Exercise 5 -----------------------------------------------------------------------------------


@cases("answers07")
def _(rng):
    for question in ("chance", "half", "length", "copy", "gradient"):
        yield show(question)


wrong_option("answers07", "chance", "a", "compare with 1/6 = 0.1667, the variance of the sum of two numbers from [0, 1): 0.164 is less than 2 % below it, and an error of 0.01 is asked for. See “The adding problem”.")
wrong_option("answers07", "chance", "c", "the target is the sum of two numbers at every T, and so is its variance: 2 · 1/12 = 1/6. See “The adding problem”.")
wrong_option("answers07", "chance", "d", "without the inputs the best answer is the mean of the target, 1, not 0. Its error is the variance, 1/6. See “The adding problem”.")
wrong_option("answers07", "half", "a", "there are four classes: a guess is wrong in 75 % of the cases, and its loss is ln 4 = 1.39. See “Temporal order”.")
wrong_option("answers07", "half", "b", "who knows both symbols but not their order is sure of XX and YY and guesses in the other half: 25 % wrong. See “Temporal order”.")
wrong_option("answers07", "half", "d", "on fresh batches nothing can be known by heart. See “Temporal order”.")
wrong_option("answers07", "length", "a", "two units are enough, with the right weights: with W = 5 a unit h = tanh(5 h) stays where it is pushed to. Training does not find them, and T = 50 was solved. See “Gradients before and after”.")
wrong_option("answers07", "length", "b", "with biases of 0 all gates are ½: a memory is halved in each step, and after 100 steps 2⁻¹⁰⁰ of it is left. See “What is solved at which length”.")
wrong_option("answers07", "length", "d", "clipping multiplies the whole gradient by one number: what the early and the late steps get stays in proportion. See “Gradients before and after”.")
wrong_option("answers07", "copy", "a", "the loss is a mean of 1020 steps, and 1010 of them are blanks that everybody foresees. Compare with the baseline, 10 ln 8 / (T + 20). See “What others measured”.")
wrong_option("answers07", "copy", "b", "10 ln 10 is a guess among ten symbols. Blank and go are never asked for in the last ten steps: eight are left, 10 ln 8. See “Copy memory”.")
wrong_option("answers07", "copy", "c", "0.0204 is a loss in nats, not a share of wrong symbols. Compare with the baseline, 10 ln 8 / (T + 20). See “What others measured”.")
wrong_option("answers07", "gradient", "b", "look at the cells that stayed at chance with T = 100: in the plain RNN the early steps get nearly nothing after training, too. See “Gradients before and after”.")
wrong_option("answers07", "gradient", "c", "a small loss makes all of the gradient small, at every step. The share of the early steps is something else, and in the cells that solved it, it grew. See “Gradients before and after”.")
wrong_option("answers07", "gradient", "d", "the curves before and after differ where the task was solved: the share grew. See “Gradients before and after”.")
