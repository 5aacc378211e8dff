"""Cells with every option and sequences to run them on, seeded; and the kernels there are to run them.

cell = samples.make("LSTM coupled", D=2, H=3)
sample = samples.draw(cell, T=4, B=3, lengths=(4, 0, 2))
values = samples.run(cell, sample)                       # outputs and gradients by name
expected = samples.numerical_gradients(cell, sample)     # the gradients by central differences
"""

import contextlib
import itertools
import shutil
from dataclasses import dataclass
from typing import Any

import mock_cupy
import numpy as np

from course_lib import backend
from course_lib.backend import Rng, asarray, asnumpy
from course_lib.cells import GRU, LSTM, RNN, kernels
from course_lib.gradcheck import numerical_gradient

# ------------------------------------------------------------------------------------------------- kernels


def _gpu():
    try:
        with backend.use_backend("cupy"):
            return True
    except backend.BackendUnavailable:
        return False


NUMPY_KINDS = ["plain", *(["numba"] if backend.numba_version() else [])]
MOCK_KINDS = ["plain", *(["fused"] if shutil.which("g++") else [])]  # the mock compiles CUDA for the host
CUPY_KINDS = ["plain", "fused"] if _gpu() else []
KERNELS = [
    (place, kind)
    for place, kinds in {"numpy": NUMPY_KINDS, "mock": MOCK_KINDS, "cupy": CUPY_KINDS}.items()
    for kind in kinds
]


@contextlib.contextmanager
def running(place, kind):
    """Within the block, new arrays are made on that backend, and cells run on that kind of kernels."""
    with contextlib.ExitStack() as stack:
        if place == "mock":
            stack.enter_context(mock_cupy.installed())
        xp = stack.enter_context(backend.use_backend("numpy" if place == "numpy" else "cupy"))
        stack.enter_context(kernels.use(kind))
        yield xp


# --------------------------------------------------------------------------------------------------- cells


def _lstms():
    """All 24 combinations of the options, each named by what is not the default."""
    for candidate, coupled, peephole, output in itertools.product(
        ("tanh", "sigmoid"), (False, True), (None, "full", "diagonal"), ("tanh", "identity")
    ):
        words = ["LSTM", candidate, "coupled" if coupled else None, peephole, output]
        name = " ".join(word for word in words if word not in (None, "tanh"))
        yield name, (LSTM, {"candidate": candidate, "coupled": coupled, "peephole": peephole, "output": output})


CELLS = {
    "RNN": (RNN, {}),
    "RNN relu": (RNN, {"activation": "relu"}),
    "GRU": (GRU, {}),
    "GRU after": (GRU, {"reset": "after"}),
    **dict(_lstms()),
}
ONE_OF_EACH = ["RNN", "RNN relu", "GRU", "GRU after", "LSTM", "LSTM sigmoid coupled full identity", "LSTM diagonal"]


def make(name, D, H, dtype="float64", seed=0):
    """A cell none of whose parameters is zero, and small enough for rounding not to grow with time."""
    kind, options = CELLS[name]
    rng = Rng(seed)
    cell = kind(D, H, rng, dtype, **options)
    for parameter in cell.params.values():
        parameter += rng.normal(parameter.shape, 0.5 / parameter.shape[-1] ** 0.5, dtype)
    return cell


# ----------------------------------------------------------------------------------------------- sequences


@dataclass(frozen=True)
class Sample:
    """What goes into one forward and one backward pass."""

    x: Any
    state: Any
    mask: Any
    dhs: Any
    dstate: Any


def draw(cell, T, B, lengths=None, whole_numbers=False, seed=1):
    """Arrays for `cell` in its dtype, none of them zero; `lengths` makes a mask, else there is none."""
    rng, H = Rng(seed), cell.hidden_size

    def state():
        h = rng.normal((B, H), dtype=cell.dtype)
        return (h, rng.normal((B, H), dtype=cell.dtype)) if isinstance(cell, LSTM) else h

    if whole_numbers:
        x = rng.integers(0, cell.input_size, (T, B))
    else:
        x = rng.normal((T, B, cell.input_size), dtype=cell.dtype)
    mask = None if lengths is None else asarray(np.arange(T)[:, None] < np.array(lengths))
    return Sample(x, state(), mask, rng.normal((T, B, H), dtype=cell.dtype), state())


def parts(state):
    """The state of any cell as a tuple."""
    return state if isinstance(state, tuple) else (state,)


def each(function, *states):
    """The function of each part of the states of any cell."""
    if isinstance(states[0], tuple):
        return tuple(function(*together) for together in zip(*states, strict=True))
    return function(*states)


def forward(cell, sample):
    """``hs`` and the last state by name, and the cache."""
    hs, state, cache = cell.forward(sample.x, sample.state, sample.mask)
    return {"hs": hs} | dict(zip("hc", parts(state), strict=False)), cache


def backward(cell, sample, cache):
    """The gradients by name: ``dx`` (not of whole numbers), ``dh0``, ``dc0`` and ``d`` + each parameter."""
    dx, dstate, grads = cell.backward(sample.dhs, cache, sample.dstate)
    gradients = {} if dx is None else {"dx": dx}
    gradients |= dict(zip(("dh0", "dc0"), parts(dstate), strict=False))
    return gradients | {f"d{name}": gradient for name, gradient in grads.items()}


def run(cell, sample):
    """All that a forward and a backward pass return, by name."""
    values, cache = forward(cell, sample)
    return values | backward(cell, sample, cache)


def numerical_gradients(cell, sample):
    """What `backward` should return, by central differences of a loss that is linear in the outputs."""
    at_first = [asnumpy(value).copy() for value in forward(cell, sample)[0].values()]
    weights = [asnumpy(weight) for weight in (sample.dhs, *parts(sample.dstate))]

    def loss(_):
        outputs = [asnumpy(value) for value in forward(cell, sample)[0].values()]
        # Without the outputs at first, the digits of the sum would drown those of its change.
        return sum(np.sum(w * (new - old)) for w, new, old in zip(weights, outputs, at_first, strict=True))

    at = {"dx": sample.x} if sample.x.ndim == 3 else {}
    at |= dict(zip(("dh0", "dc0"), parts(sample.state), strict=False))
    at |= {f"d{name}": parameter for name, parameter in cell.params.items()}
    return {name: numerical_gradient(loss, array) for name, array in at.items()}
