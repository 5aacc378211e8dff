"""What the cells refuse, and that they say which argument it was, what came and what was expected."""

import re
from dataclasses import replace

import numpy as np
import pytest
import samples

from course_lib.backend import Rng, asarray, asnumpy
from course_lib.cells import GRU, LSTM, RNN

T, B, D, H = 3, 2, 4, 5
KINDS = ["RNN", "GRU", "LSTM"]


@pytest.fixture(params=KINDS)
def cell(request):
    return samples.make(request.param, D, H, "float32")


@pytest.fixture
def sample(cell):
    return samples.draw(cell, T, B)


def refuses(error, message, call, *arguments):
    """The whole message, so that nothing of it gets lost."""
    with pytest.raises(error) as caught:
        call(*arguments)
    assert str(caught.value) == message


# Arguments of forward

ONES = np.ones((T, B, D), "float32")
NAN = ONES.copy()
NAN[1, 0, 2] = NAN[2, 0, 0] = np.nan

X = {
    "list": (TypeError, ONES.tolist(), "x is a list; make it an array first: backend.asarray(x)"),
    "None": (TypeError, None, "x is a NoneType; make it an array first: backend.asarray(x)"),
    "one sequence": (
        ValueError,
        ONES[:, 0],
        "x has shape (3, 4); expected (T, B, 4), or (T, B) whole numbers for one-hot rows",
    ),
    "another D": (
        ValueError,
        ONES[..., :3],
        "x has shape (3, 2, 3); expected (T, B, 4), or (T, B) whole numbers for one-hot rows",
    ),
    "four axes": (
        ValueError,
        ONES[None],
        "x has shape (1, 3, 2, 4); expected (T, B, 4), or (T, B) whole numbers for one-hot rows",
    ),
    "float64": (
        TypeError,
        ONES.astype("float64"),
        "x is float64, but the parameters are float32; convert it first: x.astype('float32')",
    ),
    "float16": (
        TypeError,
        ONES.astype("float16"),
        "x is float16, but the parameters are float32; convert it first: x.astype('float32')",
    ),
    "whole vectors": (
        TypeError,
        ONES.astype("int64"),
        "x is int64, but the parameters are float32; convert it first: x.astype('float32')",
    ),
    "no step": (
        ValueError,
        ONES[:0],
        "x has shape (0, 2, 4): there is no time step, or no sequence, to compute",
    ),
    "no sequence": (
        ValueError,
        ONES[:, :0],
        "x has shape (3, 0, 4): there is no time step, or no sequence, to compute",
    ),
    "no whole number": (
        ValueError,
        np.zeros((0, 2), int),
        "x has shape (0, 2): there is no time step, or no sequence, to compute",
    ),
    "nan": (
        ValueError,
        NAN,
        "x holds nan, first at index (1, 0, 2); look for what made it before this call",
    ),
    "too large a number": (
        ValueError,
        np.array([[0, 3], [4, 1]]),
        "x goes from 0 to 4, but the cell has inputs 0 to 3",
    ),
    "a negative number": (
        ValueError,
        np.array([[0, -1]]),
        "x goes from -1 to 0, but the cell has inputs 0 to 3",
    ),
}


@pytest.mark.parametrize("case", X)
def test_x(cell, case):
    error, x, message = X[case]
    refuses(error, message, cell.forward, x)


MASKS = {
    "list": (TypeError, [[1, 1]] * T, "mask is a list; make it an array first: backend.asarray(mask)"),
    "the wrong way round": (ValueError, np.ones((B, T)), "mask has shape (2, 3), but (T, B) is (3, 2) here"),
    "with a hole": (
        ValueError,
        np.array([[1, 1], [0, 1], [1, 1]]),
        "mask has ones after zeros; each sequence is ones to its end, then zeros (pad at the end)",
    ),
    "padded at the start": (
        ValueError,
        np.array([[0, 1], [1, 1], [1, 1]]),
        "mask has ones after zeros; each sequence is ones to its end, then zeros (pad at the end)",
    ),
}


@pytest.mark.parametrize("case", MASKS)
def test_mask(cell, case):
    error, mask, message = MASKS[case]
    refuses(error, message, cell.forward, ONES, None, mask)


# States, and gradients at them

NAN_STATE = np.ones((B, H), "float32")
NAN_STATE[0, 1] = np.nan

STATES = {
    "list": (TypeError, [[0.0] * H] * B, "{} is a list; make it an array first: backend.asarray({})"),
    "one sequence": (ValueError, np.ones(H, "float32"), "{} has shape (5,), but (B, H) is (2, 5) here"),
    "another H": (ValueError, np.ones((B, D), "float32"), "{} has shape (2, 4), but (B, H) is (2, 5) here"),
    "another B": (ValueError, np.ones((1, H), "float32"), "{} has shape (1, 5), but (B, H) is (2, 5) here"),
    "layers first": (ValueError, np.ones((1, B, H), "float32"), "{} has shape (1, 2, 5), but (B, H) is (2, 5) here"),
    "float64": (
        TypeError,
        np.ones((B, H)),
        "{} is float64, but the parameters are float32; convert it first: {}.astype('float32')",
    ),
    "nan": (ValueError, NAN_STATE, "{} holds nan, first at index (0, 1); look for what made it before this call"),
}


def pass_state(cell, sample, name, state):
    if name == "state":
        cell.forward(sample.x, state)
    else:
        cell.backward(sample.dhs, samples.forward(cell, sample)[1], state)


@pytest.mark.parametrize("case", STATES)
@pytest.mark.parametrize("name", ["state", "dstate"])
def test_states(cell, sample, name, case):
    error, state, message = STATES[case]
    if isinstance(cell, LSTM):
        fine = np.zeros((B, H), "float32")
        for pair, place in (((state, fine), f"{name}[0]"), ((fine, state), f"{name}[1]")):
            refuses(error, message.replace("{}", place), pass_state, cell, sample, name, pair)
    else:
        refuses(error, message.replace("{}", name), pass_state, cell, sample, name, state)


@pytest.mark.parametrize("name", ["state", "dstate"])
def test_the_state_of_an_lstm_is_a_pair(name):
    cell = samples.make("LSTM", D, H, "float32")
    sample = samples.draw(cell, T, B)
    h, c = sample.state
    for state, kind in ((h, "ndarray"), ((h,), "tuple"), ((h, c, c), "tuple"), (np.stack([h, c]), "ndarray")):
        refuses(
            TypeError,
            f"{name} is a {kind}; an LSTM's is a pair of arrays (h, c)",
            *(pass_state, cell, sample, name, state),
        )


@pytest.mark.parametrize("kind", ["RNN", "GRU"])
def test_the_state_of_the_others_is_no_pair(kind):
    cell = samples.make(kind, D, H, "float32")
    h = np.zeros((B, H), "float32")
    refuses(
        TypeError,
        "state is a tuple; make it an array first: backend.asarray(state)",
        *(cell.forward, ONES, (h, h)),
    )


# Arguments of backward

NAN_DHS = np.ones((T, B, H), "float32")
NAN_DHS[2, 1, 4] = np.nan

DHS = {
    "list": (TypeError, NAN_DHS.tolist(), "dhs is a list; make it an array first: backend.asarray(dhs)"),
    "the last step alone": (ValueError, NAN_DHS[2], "dhs has shape (2, 5), but (T, B, H) is (3, 2, 5) here"),
    "another length": (ValueError, NAN_DHS[:2], "dhs has shape (2, 2, 5), but (T, B, H) is (3, 2, 5) here"),
    "float64": (
        TypeError,
        np.ones((T, B, H)),
        "dhs is float64, but the parameters are float32; convert it first: dhs.astype('float32')",
    ),
    "whole": (
        TypeError,
        np.ones((T, B, H), int),
        "dhs is int64, but the parameters are float32; convert it first: dhs.astype('float32')",
    ),
    "nan": (ValueError, NAN_DHS, "dhs holds nan, first at index (2, 1, 4); look for what made it before this call"),
}


@pytest.mark.parametrize("case", DHS)
def test_dhs(cell, sample, case):
    error, dhs, message = DHS[case]
    _, cache = samples.forward(cell, sample)
    refuses(error, message, cell.backward, dhs, cache)


def test_cache_of_another_cell(cell, sample):
    twin = type(cell)(D, H, Rng(0))
    name = type(cell).__name__
    message = f"this cache was not made by this {name}; pass the last result of its own forward"
    for cache in (twin.forward(sample.x)[2], twin.forward(sample.x), None):
        refuses(ValueError, message, cell.backward, sample.dhs, cache)


def test_cache_of_another_length(cell, sample):
    _, _, cache = cell.forward(sample.x[:2], sample.state)
    message = "dhs has shape (3, 2, 5), but (T, B, H) is (2, 2, 5) here"
    refuses(ValueError, message, cell.backward, sample.dhs, cache)


# Parameters


def test_params_missing_and_extra(cell):
    needed = f"but this {type(cell).__name__} needs {sorted(cell.params)}"
    b = cell.params.pop("b")
    refuses(ValueError, f"params has {sorted(cell.params)}, {needed}", cell.forward, ONES)
    cell.params |= {"b": b, "V": b}
    refuses(ValueError, f"params has {sorted(cell.params)}, {needed}", cell.forward, ONES)


def test_params_of_another_shape_or_dtype(cell):
    for name, parameter in cell.params.items():
        cell.params[name] = parameter[..., :-1]
        shapes = f"{cell.params[name].shape}, but its shape is {parameter.shape} here"
        refuses(ValueError, f'params["{name}"] has shape {shapes}', cell.forward, ONES)
        cell.params[name] = parameter.astype("float64")
        message = (
            f'params["{name}"] is float64, but the parameters are float32; '
            f"convert it first: params[\"{name}\"].astype('float32')"
        )
        refuses(TypeError, message, cell.forward, ONES)
        cell.params[name] = parameter.tolist()
        message = f'params["{name}"] is a list; make it an array first: backend.asarray(params["{name}"])'
        refuses(TypeError, message, cell.forward, ONES)
        cell.params[name] = parameter


# Arguments of the cells themselves

CONSTRUCTED = {
    "no inputs": (RNN, (0, 3), {}, "input_size is 0; it has to be a whole number of at least 1"),
    "negative": (LSTM, (2, -1), {}, "hidden_size is -1; it has to be a whole number of at least 1"),
    "float": (GRU, (2, 3.0), {}, "hidden_size is 3.0; it has to be a whole number of at least 1"),
    "text": (RNN, ("2", 3), {}, "input_size is '2'; it has to be a whole number of at least 1"),
    "float16": (RNN, (2, 3), {"dtype": "float16"}, "dtype is float16; layers compute in float32 or float64"),
    "int": (LSTM, (2, 3), {"dtype": int}, "dtype is int64; layers compute in float32 or float64"),
    "activation": (RNN, (2, 3), {"activation": "sigmoid"}, "activation is 'sigmoid'; choose 'tanh' or 'relu'"),
    "reset": (GRU, (2, 3), {"reset": True}, "reset is True; choose 'before' or 'after' (the product)"),
    "candidate": (LSTM, (2, 3), {"candidate": "relu"}, "candidate is 'relu'; choose one of 'tanh', 'sigmoid'"),
    "peephole": (LSTM, (2, 3), {"peephole": True}, "peephole is True; choose one of None, 'full', 'diagonal'"),
    "output": (LSTM, (2, 3), {"output": None}, "output is None; choose one of 'tanh', 'identity'"),
    "coupled": (LSTM, (2, 3), {"coupled": "yes"}, "coupled is 'yes'; choose one of False, True"),
}


@pytest.mark.parametrize("case", CONSTRUCTED)
def test_arguments_of_a_cell(case):
    kind, sizes, options, message = CONSTRUCTED[case]
    refuses(ValueError, message, lambda: kind(*sizes, Rng(0), **options))


# Two backends


def test_arrays_of_two_backends(cell, sample):
    _, cache = samples.forward(cell, sample)
    message = re.escape("one call got arrays on the CPU (numpy) and on the GPU (cupy).\nMove them to one side first")
    with samples.running("mock", "plain"):
        other = type(cell)(D, H, Rng(0))
        moved = samples.draw(other, T, B)
        _, moved_cache = samples.forward(other, moved)
        calls = {
            "x on the GPU": lambda: cell.forward(moved.x),
            "x on the CPU": lambda: other.forward(sample.x),
            "whole numbers on the GPU": lambda: cell.forward(asarray(np.zeros((T, B), int))),
            "state on the GPU": lambda: cell.forward(sample.x, moved.state),
            "state on the CPU": lambda: other.forward(moved.x, sample.state),
            "mask on the GPU": lambda: cell.forward(sample.x, None, asarray(np.ones((T, B)))),
            "mask on the CPU": lambda: other.forward(moved.x, None, np.ones((T, B))),
            "dhs on the GPU": lambda: cell.backward(moved.dhs, cache),
            "dhs on the CPU": lambda: other.backward(sample.dhs, moved_cache),
            "dstate on the GPU": lambda: cell.backward(sample.dhs, cache, moved.dstate),
            "dstate on the CPU": lambda: other.backward(moved.dhs, moved_cache, sample.dstate),
        }
        for name, call in calls.items():
            with pytest.raises(TypeError, match=message):
                pytest.fail(f"{name}: {call()}")
        for name in cell.params:
            cell.params[name] = asarray(cell.params[name])
            with pytest.raises(TypeError, match=message):
                pytest.fail(f"params[{name}]: {cell.forward(sample.x)}")
            cell.params[name] = asnumpy(cell.params[name])


# What must work


def not_contiguous(array):
    """The same numbers, each with another one after it."""
    return np.repeat(array, 2, axis=-1)[..., ::2]


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


UNUSUAL = {
    "not contiguous": not_contiguous,
    "backwards": lambda array: array[::-1].copy()[::-1],
    "Fortran": np.asfortranarray,
    "read-only": read_only,
    "turned": lambda array: np.moveaxis(np.moveaxis(array, 0, -1).copy(), -1, 0),
}


def assert_same(values, expected):
    for name, value in values.items():
        assert np.array_equal(value, expected[name]), name


@pytest.mark.parametrize("layout", UNUSUAL)
@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
@pytest.mark.parametrize("kind", samples.NUMPY_KINDS)
def test_any_layout_of_memory(kind, name, layout):
    cell, change = samples.make(name, D, H), UNUSUAL[layout]
    sample = samples.draw(cell, T, B, (3, 1))
    with samples.running("numpy", kind):
        expected = samples.run(cell, sample)
        changed = samples.Sample(
            change(sample.x),
            samples.each(change, sample.state),
            change(sample.mask),
            change(sample.dhs),
            samples.each(change, sample.dstate),
        )
        assert_same(samples.run(cell, changed), expected)
        cell.params = {name: change(parameter) for name, parameter in cell.params.items()}
        assert_same(samples.run(cell, changed), expected)


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "float32", "float64"])
def test_any_dtype_of_a_mask(xp, cell, dtype):
    sample = samples.draw(cell, T, B, (3, 1))
    values = samples.run(cell, replace(sample, mask=sample.mask.astype(dtype)))
    assert_same(
        {n: asnumpy(v) for n, v in values.items()}, {n: asnumpy(v) for n, v in samples.run(cell, sample).items()}
    )


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint64"])
def test_any_dtype_of_whole_numbers(xp, cell, dtype):
    sample = samples.draw(cell, T, B, whole_numbers=True)
    values = samples.run(cell, replace(sample, x=sample.x.astype(dtype)))
    assert_same(
        {n: asnumpy(v) for n, v in values.items()}, {n: asnumpy(v) for n, v in samples.run(cell, sample).items()}
    )


def test_sizes_of_numpy(xp):
    cell = LSTM(np.int64(3), np.int32(2), Rng(0), dtype=np.float64)
    assert type(cell.input_size) is type(cell.hidden_size) is int
    assert cell.dtype == np.float64
    cell.forward(xp.ones((2, 1, 3)))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of the unused lanes of a vector instruction
def test_infinities_pass(cell):
    """They are not nan, and a saturated unit is no fault."""
    x = ONES.copy()
    x[0, 0, 0] = np.inf
    hs, _, _ = cell.forward(x)
    assert not np.isnan(hs).any()


def test_hs_is_read_only(cell, sample):
    hs, state, cache = cell.forward(sample.x)
    with pytest.raises(ValueError, match="read-only"):
        hs[0] = 0
    for part in samples.parts(state):
        part[...] = 0
    dx, dstate, grads = cell.backward(sample.dhs, cache)
    for array in (dx, *samples.parts(dstate), *grads.values()):
        array[...] = 0


def test_the_state_may_come_as_a_list_or_in_half():
    cell = samples.make("LSTM", D, H)
    sample = samples.draw(cell, T, B)
    h, c = sample.state
    assert_same(samples.run(cell, replace(sample, state=[h, c])), samples.run(cell, sample))
    zero = np.zeros_like(h)
    assert_same(
        samples.run(cell, replace(sample, state=(None, c))), samples.run(cell, replace(sample, state=(zero, c)))
    )


def test_a_seed_is_no_rng():
    with pytest.raises(TypeError, match=r"rng is 0; pass backend\.Rng\(seed\)"):
        LSTM(2, 3, 0)


def test_numbers_in_the_other_byte_order():
    with pytest.raises(ValueError, match="layers compute in float32 or float64"):
        RNN(2, 3, Rng(0), ">f4")


def test_a_tensor_is_no_array():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="x is a Tensor; make it an array first"):
        RNN(2, 3, Rng(0)).forward(torch.zeros(4, 1, 2))
