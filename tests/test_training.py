import itertools

import mock_cupy
import numpy as np
import pytest

from course_lib import functions
from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.cells import GRU, LSTM, RNN, kernels
from course_lib.cells.output import Output
from course_lib.gradcheck import check_gradients, relative_error
from course_lib.optim import Adam, clip_by_norm
from course_lib.training import last_step_gradients, loss_and_gradients, truncated_bptt

CELLS = {
    "RNN": (RNN, {}),
    "LSTM": (LSTM, {"peephole": "diagonal"}),
    "GRU": (GRU, {"reset": "after"}),
}
SIZES = [(1, 1, 1, 1, 1), (1, 3, 2, 4, 2), (5, 1, 3, 2, 3), (7, 3, 3, 2, 4)]  # T, B, D, H, O
LENGTHS = (7, 0, 4)  # of the sequences in the last of them: to the end, none, and to within a chunk or its border


@pytest.fixture(autouse=True)
def plain_kernels():
    """The same everywhere; that the others compute the same is checked with the cells."""
    with kernels.use("plain"):
        yield


def layers(name, D, H, O, dtype="float64"):  # noqa: E741
    """A cell and an output layer none of whose parameters is zero."""
    kind, options = CELLS[name]
    rng = Rng(0)
    cell, output = kind(D, H, rng, dtype, **options), Output(H, O, rng, dtype)
    for parameter in (cell.params | output.params).values():
        parameter += rng.normal(parameter.shape, 0.3, dtype)
    return cell, output


def first_state(cell, B, dtype="float64"):
    rng = Rng(5)
    h, c = (rng.normal((B, cell.hidden_size), dtype=dtype) for _ in "hc")
    return (h, c) if isinstance(cell, LSTM) else h


def batch(size, loss="cross_entropy", dtype="float64"):
    T, B, D, _, O = size  # noqa: E741
    rng = Rng(1)
    x = rng.normal((T, B, D), dtype=dtype)
    return x, rng.integers(0, O, (T, B)) if loss == "cross_entropy" else rng.normal((T, B, O), dtype=dtype)


def ends(T, lengths=LENGTHS):
    return asarray((np.arange(T)[:, None] < np.array(lengths)).astype("float32"))


def flat(state):
    """The state of any cell as one host array."""
    return np.concatenate([asnumpy(part) for part in (state if isinstance(state, tuple) else (state,))])


# One go


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CELLS)
def test_gradients(xp_backend, name, size, loss):
    cell, output = layers(name, *size[2:])
    (x, y), state = batch(size, loss), first_state(cell, size[1])
    value, grads, last = loss_and_gradients(cell, output, x, y, state, loss=loss)
    hs, expected_last, _ = cell.forward(x, state)
    assert relative_error(value, getattr(functions, loss)(output.forward(hs)[0], y)) == 0
    assert relative_error(flat(last), flat(expected_last)) == 0
    params = cell.params | output.params
    errors = check_gradients(lambda _: loss_and_gradients(cell, output, x, y, state, loss=loss)[0], params, grads)
    if size[-1] == 1 and loss == "cross_entropy":  # one class has probability 1 whatever its logit
        assert not any(asnumpy(gradient).any() for gradient in grads.values())
    assert max(errors.values()) <= 1e-7, errors


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("name", CELLS)
def test_gradients_of_sequences_of_unequal_length(xp_backend, name, loss):
    size = SIZES[-1]
    cell, output = layers(name, *size[2:])
    (x, y), mask = batch(size, loss), ends(size[0])
    value, grads, last = loss_and_gradients(cell, output, x, y, mask=mask, loss=loss)
    params = cell.params | output.params
    errors = check_gradients(lambda _: loss_and_gradients(cell, output, x, y, mask=mask, loss=loss)[0], params, grads)
    assert max(errors.values()) <= 1e-7, errors

    losses, rows = 0, flat(last).reshape(-1, 3, cell.hidden_size)
    for b, length in enumerate(LENGTHS):  # each sequence by itself, cut where it ends
        if length:
            alone = slice(length), slice(b, b + 1)
            loss_alone, _, last_alone = loss_and_gradients(cell, output, x[alone], y[alone], loss=loss)
            losses += asnumpy(loss_alone) / 3
            assert relative_error(rows[:, b], flat(last_alone)) < 1e-13
        else:
            assert not rows[:, b].any()
    assert relative_error(value, losses) < 1e-13


@pytest.mark.parametrize("name", CELLS)
def test_whole_numbers_for_one_hot_rows(xp_backend, name):
    cell, output = layers(name, 3, 2, 4)
    x, y = Rng(1).integers(0, 3, (5, 2)), Rng(2).integers(0, 4, (5, 2))
    rows = asarray((asnumpy(x)[..., None] == np.arange(3)).astype("float64"))
    value, grads, _ = loss_and_gradients(cell, output, x, y)
    expected, expected_grads, _ = loss_and_gradients(cell, output, rows, y)
    assert relative_error(value, expected) < 1e-13
    assert max(relative_error(grads[name], expected_grads[name]) for name in grads) < 1e-13


def test_names_never_clash():
    rng = Rng(0)
    cells = [RNN(2, 3, rng), LSTM(2, 3, rng, peephole="full"), GRU(2, 3, rng, reset="after")]
    assert not {name for cell in cells for name in cell.params} & Output(3, 2, rng).params.keys()


@pytest.mark.parametrize("name", CELLS)
def test_float32_stays_and_nothing_waits_for_the_device(xp_backend, name):
    size = SIZES[-1]
    cell, output = layers(name, *size[2:], "float32")
    (x, y), mask = batch(size, dtype="float32"), ends(size[0])
    rule = Adam(cell.params | output.params)
    with mock_cupy.no_syncs():
        for value, grads, _ in truncated_bptt(cell, output, x, y, 3, mask=mask):
            clip_by_norm(grads, 1.0)
            rule.step(grads)
            assert all(array.dtype == np.float32 for array in (value, *grads.values()))
            assert all(array_namespace(array) is xp_backend for array in (value, *grads.values()))
    assert {n: g.shape for n, g in grads.items()} == {n: p.shape for n, p in (cell.params | output.params).items()}


# Asked once, after the last step


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CELLS)
def test_gradients_of_the_last_step(xp_backend, name, size, loss):
    cell, output = layers(name, *size[2:])
    x, y = batch(size, loss)

    def last_loss(_=None):
        o, _ = output.forward(cell.forward(x)[0])
        return getattr(functions, loss)(o[-1:], y[-1:])

    value, grads = last_step_gradients(cell, output, x, y[-1], loss)
    assert relative_error(value, last_loss()) < 1e-13
    params = cell.params | output.params
    errors = check_gradients(last_loss, params, grads)
    if size[-1] > 1 or loss == "squared_error":  # else one class has probability 1, and all gradients are 0
        assert max(errors.values()) <= 1e-7, errors
        every_step = loss_and_gradients(cell, output, x, y, loss=loss)[1]
        assert size[0] == 1 or relative_error(grads["V"], every_step["V"]) > 1e-3
    assert grads.keys() == params.keys()


@pytest.mark.parametrize("name", CELLS)
def test_the_last_step_in_float32_waits_for_nothing(xp_backend, name):
    size = SIZES[-1]
    cell, output = layers(name, *size[2:], "float32")
    x, y = batch(size, dtype="float32")
    with mock_cupy.no_syncs():
        value, grads = last_step_gradients(cell, output, x, y[-1])
    assert all(array.dtype == np.float32 for array in (value, *grads.values()))
    assert all(array_namespace(array) is xp_backend for array in (value, *grads.values()))


def test_targets_of_the_last_step_have_no_axis_of_time():
    size = SIZES[-1]
    cell, output = layers("RNN", *size[2:])
    x, y = batch(size)
    with pytest.raises(ValueError, match=r"targets y of shape \(1, 7, 3\) do not fit"):
        last_step_gradients(cell, output, x, y)
    with pytest.raises(TypeError, match="y is a list"):
        last_step_gradients(cell, output, x, y[-1].tolist())
    with pytest.raises(ValueError, match="loss is 'hinge'; choose one of 'cross_entropy', 'squared_error'"):
        last_step_gradients(cell, output, x, y[-1], loss="hinge")


# Chunks


def copied(chunks):
    return [(asnumpy(value), {n: asnumpy(g) for n, g in grads.items()}, flat(state)) for value, grads, state in chunks]


@pytest.mark.parametrize("steps", [7, 8, 100, np.int64(7)])
@pytest.mark.parametrize("name", CELLS)
def test_one_chunk_is_the_whole(xp_backend, name, steps):
    size = SIZES[-1]
    cell, output = layers(name, *size[2:])
    (x, y), state = batch(size), first_state(cell, size[1])
    (chunk,) = copied(truncated_bptt(cell, output, x, y, steps, state))
    (whole,) = copied([loss_and_gradients(cell, output, x, y, state)])
    assert chunk[0] == whole[0]
    assert all(np.array_equal(chunk[1][n], whole[1][n]) for n in whole[1])
    assert np.array_equal(chunk[2], whole[2])


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("name", CELLS)
def test_states_flow_on_and_losses_add_up(xp_backend, name, steps, masked):
    size = SIZES[-1]
    cell, output = layers(name, *size[2:])
    (x, y), state = batch(size), first_state(cell, size[1])
    mask = ends(size[0]) if masked else None
    chunks = copied(truncated_bptt(cell, output, x, y, steps, state, mask))
    assert len(chunks) == -(-7 // steps)
    for k, (_, _, last) in enumerate(chunks, 1):
        cut = slice(k * steps)
        _, expected, _ = cell.forward(x[cut], state, None if mask is None else mask[cut])
        assert relative_error(last, flat(expected)) < 1e-13
    whole, _, _ = loss_and_gradients(cell, output, x, y, state, mask)
    assert relative_error(sum(value for value, _, _ in chunks), asnumpy(whole)) < 1e-13


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("name", CELLS)
def test_no_gradient_flows_into_an_earlier_chunk(name, steps, masked):
    size = SIZES[-1]
    cell, output = layers(name, *size[2:])
    frozen, _ = layers(name, *size[2:])  # a copy that keeps its parameters
    (x, y), state, mask = batch(size), first_state(cell, size[1]), ends(size[0], LENGTHS if masked else [7] * 3)

    def loss_of_chunk(start):
        """What the parameters do to a chunk, when they do nothing to the state that it begins with."""
        before, chunk = slice(start), slice(start, start + steps)
        known = frozen.forward(x[before], state, mask[before])[1] if start else state
        hs, _, _ = cell.forward(x[chunk], known, mask[chunk])
        return functions.cross_entropy(output.forward(hs)[0], y[chunk], mask[chunk])

    for k, (_, grads, _) in enumerate(truncated_bptt(cell, output, x, y, steps, state, mask)):
        errors = check_gradients(lambda _, k=k: loss_of_chunk(k * steps), cell.params | output.params, grads)
        assert max(errors.values()) <= 1e-7, (k, errors)


def test_gradients_of_chunks_do_not_add_up():
    size = SIZES[-1]
    cell, output = layers("RNN", *size[2:])
    x, y = batch(size)
    _, whole, _ = loss_and_gradients(cell, output, x, y)
    chunks = [grads for _, grads, _ in truncated_bptt(cell, output, x, y, 3)]
    assert relative_error(sum(grads["V"] for grads in chunks), whole["V"]) < 1e-13  # V is seen once by each step
    assert relative_error(sum(grads["W"] for grads in chunks), whole["W"]) > 1e-3


@pytest.mark.parametrize("name", CELLS)
def test_a_sequence_that_ended_before_a_chunk_changes_nothing_there(xp_backend, name):
    size = SIZES[-1]
    cell, output = layers(name, *size[2:])
    x, y = batch(size)
    lengths = (2, 4, 2)
    x_other, y_other, mask = x.copy(), y.copy(), ends(7, lengths)
    for b, length in enumerate(lengths):
        x_other[length:, b] = 7.0
        y_other[length:, b] = -1  # no class
    chunks, others = (copied(truncated_bptt(cell, output, *xy, 2, mask=mask)) for xy in ((x, y), (x_other, y_other)))
    for (value, grads, state), (other, other_grads, other_state) in zip(chunks, others, strict=True):
        assert value == other
        assert all(relative_error(grads[n], other_grads[n]) == 0 for n in grads)
        assert np.array_equal(state, other_state)
    assert chunks[2][0] == chunks[3][0] == 0  # all have ended
    assert not any(gradient.any() for gradient in chunks[3][1].values())
    assert np.array_equal(chunks[1][2], chunks[3][2])


@pytest.mark.parametrize("name", CELLS)
def test_the_next_chunk_sees_changed_parameters(xp_backend, name):
    size = SIZES[-1]
    (x, y), steps = batch(size), 3
    cell, output = layers(name, *size[2:])
    by_hand, by_hand_output = layers(name, *size[2:])
    state = None
    for k, (value, grads, last) in enumerate(truncated_bptt(cell, output, x, y, steps)):
        cut = slice(k * steps, (k + 1) * steps)
        expected, expected_grads, state = loss_and_gradients(by_hand, by_hand_output, x[cut], y[cut], state)
        assert relative_error(value, expected) == 0
        assert relative_error(flat(last), flat(state)) == 0
        for params, changes in [
            (cell.params | output.params, grads),
            (by_hand.params | by_hand_output.params, expected_grads),
        ]:
            for n, parameter in params.items():
                parameter -= 0.5 * changes[n]


def test_states_are_numbers_of_their_own(xp_backend):
    """What was yielded stays as it is while the next chunks are computed."""
    size = SIZES[-1]
    cell, output = layers("LSTM", *size[2:])
    yielded = list(truncated_bptt(cell, output, *batch(size), 2))
    again = copied(truncated_bptt(cell, output, *batch(size), 2))
    for (value, grads, state), expected in zip(yielded, again, strict=True):
        assert asnumpy(value) == expected[0]
        assert all(np.array_equal(asnumpy(grads[n]), expected[1][n]) for n in grads)
        assert np.array_equal(flat(state), expected[2])


# Learning


def test_learns_to_echo_what_an_earlier_chunk_has_said():
    """A stream of random bits, repeated 2 steps late, in chunks of 4: half of the answers lie in the chunk before."""
    rng = Rng(0)
    bits = rng.integers(0, 2, (1600, 16))
    x, y = bits[2:], bits[:-2]
    cell, output = LSTM(2, 16, rng), Output(16, 2, rng)
    rule = Adam(cell.params | output.params, lr=0.02)
    losses = []
    for loss, grads, _ in truncated_bptt(cell, output, x, y, steps=4):
        clip_by_norm(grads, 1.0)
        rule.step(grads)
        losses.append(float(loss) / 4)
    assert abs(losses[0] - np.log(2)) < 0.05
    assert max(losses[-10:]) < 0.02
    # Without the state the first two answers of a chunk are guesses.
    blind, _, _ = loss_and_gradients(cell, output, x[-4:], y[-4:])
    assert float(blind) / 4 > 0.2


def test_learns_parity():
    rng = Rng(0)
    cell, output = LSTM(2, 16, rng), Output(16, 2, rng)
    rule = Adam(cell.params | output.params, lr=0.02)
    for _ in range(300):
        x = rng.integers(0, 2, (8, 32))
        loss, grads, _ = loss_and_gradients(cell, output, x, x.cumsum(axis=0) % 2)
        clip_by_norm(grads, 1.0)
        rule.step(grads)
    every = np.array(list(itertools.product((0, 1), repeat=8))).T
    o, _ = output.forward(cell.forward(every)[0])
    assert loss.dtype == np.float32
    assert (o.argmax(axis=-1) == every.cumsum(axis=0) % 2).all()


# Errors


def test_a_loss_that_is_none():
    cell, output = layers("RNN", 3, 2, 4)
    with pytest.raises(ValueError, match="loss is 'hinge'; choose one of 'cross_entropy', 'squared_error'"):
        loss_and_gradients(cell, output, *batch(SIZES[-1]), loss="hinge")


@pytest.mark.parametrize("steps", [0, -1, 2.0, None])
def test_steps_that_are_none(steps):
    cell, output = layers("RNN", 3, 2, 4)
    with pytest.raises(ValueError, match=r"steps is .*; it has to be a whole number of at least 1"):
        next(truncated_bptt(cell, output, *batch(SIZES[-1]), steps))


def test_inputs_and_targets_of_unequal_length():
    """Seen before anything is learnt from the first chunk."""
    cell, output = layers("RNN", 3, 2, 4)
    x, y = batch(SIZES[-1])
    for one, other in [(x[:-1], y), (x, y[:-1])]:
        with pytest.raises(ValueError, match=f"x has {len(one)} steps, but y has {len(other)}"):
            next(truncated_bptt(cell, output, one, other, 2))


def test_a_mask_that_begins_again_at_the_border_of_a_chunk():
    cell, output = layers("RNN", 3, 2, 4)
    mask = np.ones((7, 3))
    mask[1, 0] = 0  # ones and a zero, then only ones: each chunk by itself looks right
    with pytest.raises(ValueError, match="mask has ones after zeros"):
        next(truncated_bptt(cell, output, *batch(SIZES[-1]), 2, mask=mask))


@pytest.mark.parametrize("wrong, message", [(0, "x is a list"), (1, "y is a list")])
def test_lists(wrong, message):
    cell, output = layers("RNN", 3, 2, 4)
    xy = list(batch(SIZES[-1]))
    xy[wrong] = xy[wrong].tolist()
    for call in (loss_and_gradients, lambda *args: next(truncated_bptt(*args, 2))):
        with pytest.raises(TypeError, match=message):
            call(cell, output, *xy)


def test_a_mask_of_another_shape():
    cell, output = layers("RNN", 3, 2, 4)
    with pytest.raises(ValueError, match=r"mask has shape \(6, 3\), but \(T, B\) is \(7, 3\) here"):
        next(truncated_bptt(cell, output, *batch(SIZES[-1]), 2, mask=np.ones((6, 3))))
