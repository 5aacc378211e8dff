"""What holds for every cell, whatever its sizes, options and numbers."""

from dataclasses import replace

import numpy as np
import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import functions as F
from course_lib.backend import Rng
from course_lib.cells import LSTM

on_each_kind = pytest.mark.parametrize("kind", samples.NUMPY_KINDS)
on_examples = settings(derandomize=True, deadline=None, max_examples=150, database=None)


@st.composite
def problems(draw, masked=None, dtypes=("float64",)):
    """A cell and sequences for it; `masked` says whether they are of unequal length, None that either will do."""
    T, B, D, H = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 5))
    lengths = None
    if draw(st.booleans()) if masked is None else masked:
        lengths = draw(st.lists(st.integers(0, T), min_size=B, max_size=B))
    dtype, seed = draw(st.sampled_from(dtypes)), draw(st.integers(0, 1000))
    cell = samples.make(draw(st.sampled_from(list(samples.CELLS))), D, H, dtype, seed)
    return cell, samples.draw(cell, T, B, lengths, draw(st.booleans()), seed + 1)


def run(kind, cell, sample):
    with samples.running("numpy", kind):
        return samples.run(cell, sample)


def assert_close(values, expected, tolerance=1e-12):
    assert values.keys() == expected.keys()
    for name, value in values.items():
        scale = max(1, np.abs(expected[name]).max(initial=0))
        assert np.abs(value - expected[name]).max(initial=0) <= tolerance * scale, name


def assert_equal(values, expected):
    assert values.keys() == expected.keys()
    for name, value in values.items():
        assert np.array_equal(value, expected[name]), name


def other_numbers(cell, x, seed=7):
    """Something else to stand where `x` stands."""
    return samples.draw(cell, *x.shape[:2], whole_numbers=x.ndim == 2, seed=seed).x


# Time


@on_each_kind
@on_examples
@given(problems(masked=False, dtypes=("float32", "float64")), st.data())
def test_no_output_depends_on_a_later_input(kind, problem, data):
    cell, sample = problem
    t = data.draw(st.integers(0, len(sample.x)))
    x = sample.x.copy()
    x[t:] = other_numbers(cell, x)[t:]
    hs, changed = run(kind, cell, sample)["hs"], run(kind, cell, replace(sample, x=x))["hs"]
    assert np.array_equal(hs[:t], changed[:t])


@on_each_kind
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", samples.CELLS)
def test_one_state_of_one_sequence_is_the_same_in_a_sequence_of_any_length(name, dtype, kind):
    """With one row and one unit the gates of a step lie T numbers apart, which NumPy treats in ways of its own."""
    cell = samples.make(name, 1, 1, dtype, 3)
    sample = samples.draw(cell, 17, 1)
    longest = run(kind, cell, sample)["hs"]
    for T in range(1, 17):
        short = replace(sample, x=sample.x[:T], dhs=sample.dhs[:T])
        assert np.allclose(run(kind, cell, short)["hs"], longest[:T], rtol=1e-6), T


@on_each_kind
@on_examples
@given(problems(masked=False), st.data())
def test_no_gradient_reaches_a_later_input(kind, problem, data):
    cell, sample = problem
    t = data.draw(st.integers(0, len(sample.x)))
    dhs = sample.dhs.copy()
    dhs[t:] = 0
    dx = run(kind, cell, replace(sample, dhs=dhs, dstate=None)).get("dx")
    assert dx is None or not dx[t:].any()


@on_each_kind
@on_examples
@given(problems(masked=False), st.data())
def test_a_sequence_in_two_pieces(kind, problem, data):
    """State carried on, gradient carried back: the same as the whole."""
    cell, sample = problem
    whole = run(kind, cell, sample)
    t = data.draw(st.integers(1, len(sample.x)))
    if t == len(sample.x):
        return
    with samples.running("numpy", kind):
        hs1, state, cache1 = cell.forward(sample.x[:t], sample.state)
        hs2, last, cache2 = cell.forward(sample.x[t:], state)
        dx2, dstate, grads2 = cell.backward(sample.dhs[t:], cache2, sample.dstate)
        dx1, dfirst, grads1 = cell.backward(sample.dhs[:t], cache1, dstate)
    pieces = {"hs": np.concatenate([hs1, hs2])} | dict(zip("hc", samples.parts(last), strict=False))
    if dx1 is not None:
        pieces["dx"] = np.concatenate([dx1, dx2])
    pieces |= dict(zip(("dh0", "dc0"), samples.parts(dfirst), strict=False))
    assert_close(pieces | {f"d{name}": gradient + grads2[name] for name, gradient in grads1.items()}, whole)


# Batches


def sequence(sample, b):
    """One sequence of a batch, without its padding: its held outputs are so many more of its last state."""
    length, part = int(sample.mask[:, b].sum()), slice(b, b + 1)
    first, *others = samples.parts(samples.each(lambda array: array[part], sample.dstate))
    first = first + sample.dhs[length:, part].sum(axis=0)
    return samples.Sample(
        sample.x[:length, part],
        samples.each(lambda array: array[part], sample.state),
        None,
        sample.dhs[:length, part],
        (first, *others) if others else first,
    )


@on_each_kind
@on_examples
@given(problems(masked=True))
def test_a_sequence_that_ends_early_is_as_if_alone(kind, problem):
    cell, sample = problem
    batch = run(kind, cell, sample)
    sums = {f"d{name}": np.zeros_like(parameter) for name, parameter in cell.params.items()}
    for b in range(sample.x.shape[1]):
        one = sequence(sample, b)
        length = len(one.x)
        if length:
            values = run(kind, cell, one)
            for name in sums:
                sums[name] += values.pop(name)
        else:  # nothing happens to the first state, nor to the gradient at it
            values = {"hs": one.dhs} | dict(zip("hc", samples.parts(one.state), strict=False))
            values |= dict(zip(("dh0", "dc0"), samples.parts(one.dstate), strict=False))
        after = batch["hs"][length:, b]
        assert (after == batch["h"][b]).all(), "held"
        for name, value in values.items():
            ours = batch[name][:length, b] if name in ("hs", "dx") else batch[name][b]
            assert_close({name: ours}, {name: value[:, 0] if name in ("hs", "dx") else value[0]})
    assert_close({name: batch[name] for name in sums}, sums)


@on_each_kind
@on_examples
@given(problems(masked=True, dtypes=("float32", "float64")), st.sampled_from([0, 1, -1e30, np.inf, np.nan]))
def test_nothing_depends_on_what_stands_in_the_padding(kind, problem, scale):
    cell, sample = problem
    x, padding = sample.x.copy(), ~sample.mask
    x[padding] = -1 if x.ndim == 2 else scale * other_numbers(cell, x)[padding]
    assert_equal(run(kind, cell, replace(sample, x=x)), run(kind, cell, sample))


@on_each_kind
@on_examples
@given(problems())
def test_a_mask_of_ones_is_none(kind, problem):
    cell, sample = problem
    ones = replace(sample, mask=np.ones(sample.x.shape[:2], dtype=bool))
    assert_close(run(kind, cell, ones), run(kind, cell, replace(sample, mask=None)))


@on_each_kind
@on_examples
@given(problems(), st.data())
def test_the_order_of_a_batch_is_the_order_of_the_results(kind, problem, data):
    cell, sample = problem
    order = np.array(data.draw(st.permutations(range(sample.x.shape[1]))))
    shuffled = samples.Sample(
        sample.x[:, order],
        samples.each(lambda array: array[order], sample.state),
        None if sample.mask is None else sample.mask[:, order],
        sample.dhs[:, order],
        samples.each(lambda array: array[order], sample.dstate),
    )
    expected = run(kind, cell, sample)
    for name, axis in {"hs": 1, "dx": 1, "h": 0, "c": 0, "dh0": 0, "dc0": 0}.items():
        if name in expected:
            expected[name] = expected[name].take(order, axis=axis)
    assert_close(run(kind, cell, shuffled), expected)


# Backward passes


@on_each_kind
@on_examples
@given(problems(), st.integers(-3, 3))
def test_the_backward_pass_is_linear(kind, problem, factor):
    cell, sample = problem
    other = samples.draw(cell, *sample.x.shape[:2], seed=9)
    combined = replace(
        sample,
        dhs=sample.dhs + factor * other.dhs,
        dstate=samples.each(lambda first, second: first + factor * second, sample.dstate, other.dstate),
    )
    with samples.running("numpy", kind):
        _, cache = samples.forward(cell, sample)
        first, second, both = (samples.backward(cell, s, cache) for s in (sample, other, combined))
    assert_close(both, {name: value + factor * second[name] for name, value in first.items()})


@on_each_kind
@on_examples
@given(problems(dtypes=("float32", "float64")))
def test_a_cache_may_be_used_again(kind, problem):
    """Also after other passes of the same cell, and after a gradient that is not this one."""
    cell, sample = problem
    other = samples.draw(cell, *sample.x.shape[:2], seed=9)
    with samples.running("numpy", kind):
        _, cache = samples.forward(cell, sample)
        first = {name: value.copy() for name, value in samples.backward(cell, sample, cache).items()}
        samples.run(cell, other)
        samples.backward(cell, other, cache)
        assert_equal(samples.backward(cell, sample, cache), first)


@on_each_kind
@on_examples
@given(problems(dtypes=("float32", "float64")))
def test_no_argument_is_changed_and_no_result_either(kind, problem):
    cell, sample = problem
    arguments = [sample.x, *samples.parts(sample.state), sample.dhs, *samples.parts(sample.dstate)]
    arguments += [*cell.params.values(), *([] if sample.mask is None else [sample.mask])]
    before = [array.copy() for array in arguments]
    with samples.running("numpy", kind):
        values, cache = samples.forward(cell, sample)
        values |= samples.backward(cell, sample, cache)
        copies = {name: value.copy() for name, value in values.items()}
        again = samples.run(cell, samples.draw(cell, *sample.x.shape[:2], seed=9))
        samples.backward(cell, sample, cache)
    assert all(np.array_equal(array, copy) for array, copy in zip(arguments, before, strict=True))
    assert_equal(values, copies)
    for name, value in again.items():
        assert not any(np.shares_memory(value, array) for array in arguments), name


@on_each_kind
@on_examples
@given(problems())
def test_results_may_be_written_over(kind, problem):
    """The last state and the gradients belong to the caller: what is written into them changes no later pass."""
    cell, sample = problem
    with samples.running("numpy", kind):
        values, cache = samples.forward(cell, sample)
        first = samples.backward(cell, sample, cache)
        copies = {name: value.copy() for name, value in first.items()}
        for name, value in (values | first).items():
            if name != "hs":
                value[...] = np.nan
        assert_equal(samples.backward(cell, sample, cache), copies)


# An LSTM that is a GRU (S89: two lists of equations side by side, which are equivalent only under four conditions)


def as_lstm(gru, coupled=True, peephole="full", output="identity", delayed=True):
    """An LSTM for inputs ``[x_t, x_{t+1}]`` whose ``c_t`` is the GRU's ``h_t`` if all four conditions hold."""
    D, H = gru.input_size, gru.hidden_size
    lstm = LSTM(2 * D, H, Rng(0), "float64", coupled=coupled, peephole=peephole, output=output)
    parts = {name: dict(zip(gru.gates, gru.params[name], strict=True)) for name in ("U", "W", "b")}
    lstm.params = {name: np.zeros_like(parameter) for name, parameter in lstm.params.items()}
    f, o, g = (lstm.gates.index(gate) for gate in "fog")
    U, W, b = (lstm.params[name] for name in ("U", "W", "b"))
    U[f, :, :D], b[f] = -parts["U"]["z"], -parts["b"]["z"]  # f = 1 - z
    U[g, :, :D], b[g] = parts["U"]["g"], parts["b"]["g"]
    W[g] = parts["W"]["g"]  # of the LSTM's h, which is r ⊙ c
    now_or_next = slice(D, None) if delayed else slice(D)
    U[o, :, now_or_next], b[o] = parts["U"]["r"], parts["b"]["r"]  # o_t = r_{t+1}
    gates_see = lstm.params["P"] if peephole else W
    gates_see[f], gates_see[o] = -parts["W"]["z"], parts["W"]["r"]
    return lstm


@pytest.fixture
def gru_run():
    """A GRU, its inputs and first state, all its ``h``, and ``r`` of each step."""
    gru = samples.make("GRU", D=3, H=4)
    sample = samples.draw(gru, T=8, B=2)
    hs, _, _ = gru.forward(sample.x, sample.state)
    before = np.concatenate([sample.state[None], hs[:-1]])
    r = F.sigmoid(sample.x @ gru.params["U"][1].T + before @ gru.params["W"][1].T + gru.params["b"][1])
    return gru, sample, hs, r


def largest_gap(lstm, sample, hs, r):
    """Between the LSTM's ``c_t`` and the GRU's ``h_t``, and between its ``h_t`` and ``r_{t+1} ⊙ h_t``."""
    following = np.concatenate([sample.x[1:], np.zeros_like(sample.x[:1])])
    x = np.concatenate([sample.x, following], axis=2)
    state, gap = (r[0] * sample.state, sample.state), 0
    for t in range(len(x)):
        out, state, _ = lstm.forward(x[t : t + 1], state)
        gap = max(gap, np.abs(state[1] - hs[t]).max())
        if t + 1 < len(x):
            gap = max(gap, np.abs(out[0] - r[t + 1] * hs[t]).max())
    return gap


def test_an_lstm_that_is_a_gru(gru_run):
    gru, *expected = gru_run
    assert largest_gap(as_lstm(gru), *expected) < 1e-12


@pytest.mark.parametrize(
    "dropped",
    [{"coupled": False}, {"peephole": None}, {"output": "tanh"}, {"delayed": False}],
    ids=lambda d: next(iter(d)),
)
def test_each_of_the_four_conditions_is_needed(gru_run, dropped):
    gru, *expected = gru_run
    assert largest_gap(as_lstm(gru, **dropped), *expected) > 0.01
