"""The kinds of kernels: each computes what the plain ones do, and which one runs is as asked."""

import copy
import dataclasses
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import mock_cupy
import numpy as np
import pytest
import samples

from course_lib import backend
from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.cells import LSTM, RNN, kernels

# T, B, D, H, lengths. The last one is large enough for blocks of rows, blocks of steps and memory that is lent.
SIZES = [
    (1, 1, 1, 1, None),
    (7, 1, 3, 5, None),
    (6, 3, 4, 2, (6, 0, 2)),
    (9, 5, 2, 33, None),
    (30, 16, 70, 128, None),
]
TOLERANCE = {"float32": 2e-6, "float64": 1e-12}
ELSEWHERE = [pair for pair in samples.KERNELS if pair != ("numpy", "plain")]


def run(place, kind, name, size, dtype, whole_numbers=False):
    """What a pass returns, on the CPU."""
    T, B, D, H, lengths = size
    with samples.running(place, kind):
        cell = samples.make(name, D, H, dtype)
        values = samples.run(cell, samples.draw(cell, T, B, lengths, whole_numbers))
        return {key: asnumpy(value) for key, value in values.items()}


def assert_close(values, expected, tolerance):
    assert values.keys() == expected.keys()
    for name, value in values.items():  # relative to 1 where all is smaller: a sum of gates may cancel
        scale = max(1, np.abs(expected[name]).max())
        assert np.abs(value - expected[name]).max() <= tolerance * scale, name


# All kinds compute the same


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("size", SIZES[:-1], ids=str)
@pytest.mark.parametrize("name", samples.CELLS)
@pytest.mark.parametrize("place, kind", ELSEWHERE)
def test_the_same_as_plain(place, kind, name, size, dtype):
    expected = run("numpy", "plain", name, size, dtype)
    assert_close(run(place, kind, name, size, dtype), expected, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
@pytest.mark.parametrize("place, kind", ELSEWHERE)
def test_the_same_as_plain_where_it_is_large(place, kind, name, dtype):
    expected = run("numpy", "plain", name, SIZES[-1], dtype)
    assert_close(run(place, kind, name, SIZES[-1], dtype), expected, 10 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
@pytest.mark.parametrize("place, kind", ELSEWHERE)
def test_the_same_as_plain_of_whole_numbers(place, kind, name, dtype):
    expected = run("numpy", "plain", name, SIZES[2], dtype, whole_numbers=True)
    assert_close(run(place, kind, name, SIZES[2], dtype, whole_numbers=True), expected, TOLERANCE[dtype])


@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
@pytest.mark.parametrize("place, kind", samples.KERNELS)
def test_the_same_every_time(place, kind, name):
    first, again = (run(place, kind, name, SIZES[3], "float32") for _ in range(2))
    for key, value in first.items():
        assert np.array_equal(value, again[key]), key


@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
@pytest.mark.parametrize("kind", samples.NUMPY_KINDS)
def test_large_results_stay_when_others_are_computed(kind, name):
    """Memory is lent again only when nobody looks at it any more."""
    T, B, D, H, _ = SIZES[-1]
    with samples.running("numpy", kind):
        cell = samples.make(name, D, H)
        sample, other = samples.draw(cell, T, B), samples.draw(cell, T, B, seed=9)
        values, cache = samples.forward(cell, sample)
        values |= samples.backward(cell, sample, cache)
        copies = {key: value.copy() for key, value in values.items()}
        for _ in range(2):
            samples.run(cell, other)
        again = samples.backward(cell, sample, cache)
    for key, value in values.items():
        assert np.array_equal(value, copies[key]), key
        assert key not in again or np.array_equal(value, again[key]), key


@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
@pytest.mark.parametrize("kind", samples.NUMPY_KINDS)
def test_threads_do_not_meet(kind, name):
    def job(number):
        return run("numpy", kind, name, (20, 8, 6, 40 + number % 2, None), "float32")

    alone = [job(number) for number in range(2)]
    with ThreadPoolExecutor(4) as pool:
        for number, values in enumerate(pool.map(job, range(8))):
            for key, value in values.items():
                assert np.array_equal(value, alone[number % 2][key]), key


# dtypes and waiting


def arrays(thing):
    """The arrays of a cache, and of the kernels in it."""
    if dataclasses.is_dataclass(thing):
        return [array for field in dataclasses.fields(thing) for array in arrays(getattr(thing, field.name))]
    if isinstance(thing, dict):
        return [array for value in thing.values() for array in arrays(value)]
    if isinstance(thing, list | tuple):
        return [array for value in thing for array in arrays(value)]
    if hasattr(thing, "dtype") and hasattr(thing, "shape"):
        return [thing]
    return arrays(vars(thing)) if hasattr(thing, "xp") else []


@pytest.mark.parametrize("case", ["vectors", "whole numbers", "padded"])
@pytest.mark.parametrize("name", samples.CELLS)
def test_float32_stays_float32(xp, name, case):
    cell = samples.make(name, 3, 4, "float32")
    sample = samples.draw(cell, 3, 2, (1, 3) if case == "padded" else None, case == "whole numbers")
    values, cache = samples.forward(cell, sample)
    values |= samples.backward(cell, sample, cache)
    assert len(arrays(cache)) >= 5
    floats = [array for array in [*values.values(), *arrays(cache)] if array.dtype.kind == "f"]
    assert {array.dtype for array in floats} == {np.dtype("float32")}
    assert array_namespace(*floats) is xp


@pytest.mark.parametrize("case", ["vectors", "whole numbers", "padded"])
@pytest.mark.parametrize("name", samples.CELLS)
@pytest.mark.parametrize("kind", samples.MOCK_KINDS)
def test_nothing_waits_for_the_gpu(kind, name, case):
    with samples.running("mock", kind):
        cell = samples.make(name, 3, 4, "float32")
        sample = samples.draw(cell, 3, 2, (1, 3) if case == "padded" else None, case == "whole numbers")
        with mock_cupy.no_syncs():
            samples.run(cell, sample)


# tanh of float32


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype, units", [("float32", 5), ("float64", 2)])
def test_tanh_to_the_last_places(xp, dtype, units):
    cell = RNN(1, 1, Rng(0), dtype)
    cell.params["U"][...] = 1
    numbers = np.concatenate([np.linspace(-12, 12, 24001), np.geomspace(1e-30, 1e30, 3001), [0.0, np.inf, -np.inf]])
    a = xp.asarray(numbers.astype(dtype))
    tanh = asnumpy(cell.forward(a[None, :, None])[0])[0, :, 0]
    exact = np.tanh(asnumpy(a).astype("float64"))
    assert np.abs(tanh).max() <= 1
    assert (np.abs(tanh - exact) <= units * np.spacing(np.abs(exact).astype(dtype))).all()


# Which kernels run


def test_the_fastest_kernels_run_unless_others_are_asked_for():
    assert kernels.kind(np) == samples.NUMPY_KINDS[-1]
    assert kernels.kind(mock_cupy) == "fused"
    with kernels.use("plain"):
        assert kernels.kind(np) == kernels.kind(mock_cupy) == "plain"
        with pytest.raises(ZeroDivisionError), kernels.use("numba"):
            assert kernels.kind(np) == "numba"
            raise ZeroDivisionError
        assert kernels.kind(np) == "plain"
    assert kernels.kind(np) == samples.NUMPY_KINDS[-1]


def test_another_thread_runs_what_it_asks_for():
    with kernels.use("plain"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(kernels.kind, np).result() == samples.NUMPY_KINDS[-1]


@pytest.mark.parametrize("place, kind", samples.KERNELS)
def test_the_kernels_that_were_asked_for_run(place, kind):
    with samples.running(place, kind):
        cell = samples.make("RNN", 2, 3)
        _, cache = samples.forward(cell, samples.draw(cell, 2, 1))
    assert cache.kernels.name == kind


def test_a_backward_pass_runs_on_the_kernels_of_its_forward_pass():
    cell = samples.make("LSTM", 2, 3)
    sample = samples.draw(cell, 4, 2)
    with kernels.use(samples.NUMPY_KINDS[-1]):
        expected = samples.run(cell, sample)
        _, cache = samples.forward(cell, sample)
    with kernels.use("plain"):
        for key, value in samples.backward(cell, sample, cache).items():
            assert np.array_equal(value, expected[key]), key


def test_the_environment_says_which_kernels_run_but_for_a_block(monkeypatch):
    monkeypatch.setenv("COURSE_LIB_KERNELS", "plain")
    assert kernels.kind(np) == kernels.kind(mock_cupy) == "plain"
    with kernels.use("numba"):
        assert kernels.kind(np) == "numba"
    monkeypatch.setenv("COURSE_LIB_KERNELS", "")
    assert kernels.kind(np) == samples.NUMPY_KINDS[-1]


def test_no_kernels_of_that_name(monkeypatch):
    with pytest.raises(ValueError, match="there are no kernels 'cuda'; choose one of plain, numba, fused"):
        kernels.use("cuda").__enter__()
    assert kernels.kind(np) in samples.NUMPY_KINDS
    monkeypatch.setenv("COURSE_LIB_KERNELS", "cuda")
    with pytest.raises(ValueError, match="there are no kernels 'cuda'"):
        kernels.kind(np)


@pytest.mark.parametrize(
    "place, kind, side", [("numpy", "fused", "CuPy"), ("mock", "numba", "NumPy")], ids=["fused", "numba"]
)
def test_kernels_of_the_other_side(place, kind, side):
    with samples.running(place, "plain"):
        cell = samples.make("GRU", 2, 3)
        sample = samples.draw(cell, 2, 1)
    with (
        samples.running(place, kind),
        pytest.raises(ValueError, match=f"kernels '{kind}' work on arrays of {side} only"),
    ):
        cell.forward(sample.x)


def test_an_installed_numba_that_cannot_be_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, "course_lib.cells.compiled", None)
    monkeypatch.setattr(kernels, "numba_version", lambda: "0.61.0")
    kernels._class.cache_clear()
    try:
        with kernels.use("numba"), pytest.raises(ImportError, match=r"0\.61\.0 is installed, but .*use\('plain'\)"):
            cell = samples.make("RNN", 2, 3)
            samples.forward(cell, samples.draw(cell, 2, 1))
    finally:
        kernels._class.cache_clear()


@pytest.mark.skipif(not backend.numba_version(), reason="numba is not installed")
def test_numba_compiles_where_there_is_no_folder_to_keep_code_in(monkeypatch):
    from course_lib.cells import compiled

    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(compiled.numba, "njit", njit)
    assert compiled.compiled(abs) is abs


# ------------------------------------------------------------------------------- gates far from their middle


def gate_at(a, dtype):
    """The forget gate of an LSTM of one unit at each pre-activation ``a``, which comes from outside."""
    cell = LSTM(1, 1, Rng(0), dtype)
    for parameter in cell.params.values():
        parameter[...] = 0
    cell.params["U"][1] = 1
    _, _, cache = cell.forward(asarray(a.reshape(1, -1, 1), dtype))
    return asnumpy(cell.gate_values(cache)["f"]).ravel()


@pytest.mark.parametrize("dtype, error", [("float32", 1e-6), ("float64", 1e-14)])
def test_a_small_gate_keeps_its_digits(xp, dtype, error):
    a = np.linspace(-80, 80, 20001)
    right = 1 / (1 + np.exp(-a.astype(dtype).astype("float64")))
    assert np.max(np.abs(gate_at(a, dtype) / right - 1)) < error


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("error")
def test_a_gate_can_be_shut_and_can_be_open(xp, dtype):
    values = gate_at(np.array([-1e30, 1e30]), dtype)
    assert np.allclose(values, [0, 1], rtol=0, atol=1e-37)


def test_a_saturated_unit_has_no_gradient(xp):
    cell = RNN(2, 3, Rng(0))
    cell.params["b"] += 50
    hs, _, cache = cell.forward(Rng(1).normal((4, 2, 2)))
    _, _, grads = cell.backward(xp.ones_like(hs), cache)
    assert (asnumpy(hs) == 1).all()
    assert not asnumpy(grads["b"]).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
def test_nan_in_a_parameter_is_not_hidden(xp, name, dtype):
    size = len(samples.make(name, 2, 9).params["b"].reshape(-1, 9))
    for gate in range(size):
        cell = samples.make(name, 2, 9, dtype)
        cell.params["b"].reshape(-1, 9)[gate, 4] = np.nan
        hs, _, _ = cell.forward(Rng(1).normal((3, 2, 2), dtype=dtype))
        assert np.isnan(asnumpy(hs)[:, :, 4]).all(), gate


# ------------------------------------------------------------------------------------------------- caches


@pytest.fixture
def restless_threads():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
@pytest.mark.parametrize("kind", samples.NUMPY_KINDS)
def test_one_cache_in_several_threads(kind, name, restless_threads):
    cell = samples.make(name, 3, 4)
    sample = samples.draw(cell, 40, 3)
    with kernels.use(kind):
        _, cache = samples.forward(cell, sample)
    expected = samples.backward(cell, sample, cache)
    with ThreadPoolExecutor(3) as pool:
        for run in [pool.submit(samples.backward, cell, sample, cache) for _ in range(40)]:
            assert all(np.array_equal(value, expected[key]) for key, value in run.result().items())


def test_a_cache_can_be_copied():
    cell = samples.make("GRU", 2, 3)
    sample = samples.draw(cell, 3, 2)
    _, cache = samples.forward(cell, sample)
    both = copy.deepcopy((cell, cache))
    expected = samples.backward(cell, sample, cache)
    for key, value in samples.backward(both[0], sample, both[1]).items():
        assert np.array_equal(value, expected[key]), key


# -------------------------------------------------------------------------------------------- gate values


@pytest.mark.parametrize("name", ["LSTM", "LSTM coupled", "GRU", "GRU after", "RNN"])
def test_the_values_of_the_gates_make_the_states(xp, name):
    cell = samples.make(name, 2, 3)
    sample = samples.draw(cell, 4, 2)
    values, cache = samples.forward(cell, sample)
    gates = cell.gate_values(cache)
    assert tuple(gates) == cell.gates
    assert all(gate.shape == (4, 2, 3) for gate in gates.values())
    g = {key: asnumpy(gate) for key, gate in gates.items()}
    h = np.concatenate([asnumpy(samples.parts(sample.state)[0])[None], asnumpy(values["hs"])])
    if name.startswith("GRU"):
        assert np.allclose(h[1:], (1 - g["z"]) * h[:-1] + g["z"] * g["g"], rtol=0, atol=1e-14)
    elif name.startswith("LSTM"):
        c = asnumpy(cache.c)
        assert np.allclose(c[1:], g["f"] * c[:-1] + g.get("i", 1 - g["f"]) * g["g"], rtol=0, atol=1e-14)
        assert np.allclose(h[1:], g["o"] * np.tanh(c[1:]), rtol=0, atol=1e-14)


def test_the_values_of_the_gates_are_those_of_the_cell_and_stay_so():
    cell, other = samples.make("LSTM", 2, 3), samples.make("LSTM", 2, 3)
    _, cache = samples.forward(cell, samples.draw(cell, 4, 2))
    with pytest.raises(ValueError, match="this cache was not made by this LSTM"):
        other.gate_values(cache)
    with pytest.raises(ValueError, match="read-only"):
        cell.gate_values(cache)["f"][...] = 0


# ----------------------------------------------------------------------------------------------- no numba


@pytest.fixture
def without_numba(monkeypatch):
    monkeypatch.setattr(kernels, "numba_version", lambda: None)
    kernels._class.cache_clear()
    yield
    kernels._class.cache_clear()


def test_without_numba(without_numba):
    assert kernels.kind(np) == "plain"
    cell = samples.make("GRU", 2, 3)
    sample = samples.draw(cell, 2, 1)
    assert samples.forward(cell, sample)[1].kernels.name == "plain"
    message = r"kernels 'numba' need the package numba: pip install \"course-lib\[fast\]\""
    with kernels.use("numba"), pytest.raises(ImportError, match=message):
        cell.forward(sample.x)


def test_numba_is_imported_when_it_is_first_used():
    code = "import sys; from course_lib.cells import LSTM; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
