"""The CUDA kernels: they compile, their numbers are those of the plain kernels, and a step starts few of them."""

import collections
import ctypes
import importlib.metadata
import re

import mock_cupy
import numpy as np
import pytest
import samples

from course_lib.cells import fused, kernels
from course_lib.gradcheck import relative_error

# T, B, D, H, lengths of the sequences
CASES = {
    "all one": (1, 1, 1, 1, None),
    "one step": (1, 3, 2, 4, None),
    "one sequence": (4, 1, 3, 2, None),
    "one unit": (3, 2, 4, 1, None),
    "D < H": (6, 3, 2, 7, None),
    "unequal lengths": (5, 4, 3, 2, (4, 0, 1, 5)),
}


@pytest.fixture
def xp():
    """The mock, with the fused kernels."""
    if "fused" not in samples.MOCK_KINDS:
        pytest.skip("g++ is not installed, which compiles the kernels for the mock")
    with samples.running("mock", "fused") as xp:
        yield xp


# ----------------------------------------------------------------------------------------------- compilation


@pytest.fixture(scope="module")
def nvrtc():
    """The compiler that CuPy uses; it takes no GPU."""
    try:
        files = importlib.metadata.files("nvidia-cuda-nvrtc")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip('the compiler is not installed: pip install "nvidia-cuda-nvrtc>=13"')
    paths = [str(file.locate()) for file in files if re.match(r"libnvrtc(-builtins)?\.so", file.name)]
    # libnvrtc-builtins comes first: the other one does not look for it where it is, but takes it if it is loaded.
    return [ctypes.CDLL(path) for path in sorted(paths)][-1]


def compile_kernels(nvrtc, code, *compiler_options):
    """The code for the GPU, None if the kernels are wrong; and the compiler's log."""
    program = ctypes.c_void_p()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), code.encode(), b"steps.cu", 0, None, None) == 0
    try:
        given = (ctypes.c_char_p * len(compiler_options))(*(option.encode() for option in compiler_options))
        failed = nvrtc.nvrtcCompileProgram(program, len(given), given)
        return None if failed else _text(nvrtc, "PTX", program), _text(nvrtc, "ProgramLog", program)
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _text(nvrtc, what, program):
    size = ctypes.c_size_t()
    assert getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size)) == 0
    text = ctypes.create_string_buffer(size.value)
    assert getattr(nvrtc, f"nvrtcGet{what}")(program, text) == 0
    return text.value.decode()


CODE = fused.SOURCE.read_text(encoding="utf-8")


@pytest.mark.parametrize("architecture", ["compute_75", "compute_90", "compute_120"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nvrtc_compiles_the_kernels(nvrtc, dtype, architecture):
    ptx, log = compile_kernels(nvrtc, CODE, f"--gpu-architecture={architecture}", *fused.compiler_options(dtype))
    assert ptx is not None, log
    assert log == ""  # no warning either
    names = re.findall(r"\.entry (\w+)", ptx)
    assert sorted(names) == sorted(re.findall(r"__global__ void (\w+)", CODE))
    assert dtype == "float64" or ".f64" not in ptx, "a constant turns float into double"


@pytest.mark.parametrize(
    ("right", "wrong"), [("tanh(a);", "tangent(a);"), ("real *h,", "real *h"), ("typedef REAL real;", "")]
)
def test_nvrtc_refuses_what_is_wrong(nvrtc, right, wrong):
    ptx, log = compile_kernels(nvrtc, CODE.replace(right, wrong, 1), *fused.compiler_options("float32"))
    assert ptx is None
    assert "error" in log


def test_the_kernels_need_no_header():
    assert "#include" not in CODE


# --------------------------------------------------------------------------------------------------- numbers


def assert_equal_to_plain(cell, sample):
    with kernels.use("plain"):
        expected = samples.run(cell, sample)
    values = samples.run(cell, sample)
    assert values.keys() == expected.keys()
    assert {value.dtype.name for value in values.values()} == {cell.dtype.name}
    errors = {name: relative_error(values[name], expected[name]) for name in expected}
    assert max(errors.values()) <= {"float32": 2e-6, "float64": 1e-12}[cell.dtype.name], errors


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", samples.CELLS)
def test_equal_to_plain(xp, name, case):
    T, B, D, H, lengths = CASES[case]
    cell = samples.make(name, D, H)
    assert_equal_to_plain(cell, samples.draw(cell, T, B, lengths))


@pytest.mark.parametrize("lengths", [None, (5, 0, 2, 7, 1)], ids=["equal lengths", "unequal lengths"])
@pytest.mark.parametrize("name", samples.CELLS)
def test_equal_to_plain_in_float32(xp, name, lengths):
    cell = samples.make(name, 6, 11, "float32")
    assert_equal_to_plain(cell, samples.draw(cell, 7, 5, lengths))


@pytest.mark.parametrize("name", samples.CELLS)
def test_equal_to_plain_for_whole_numbers(xp, name):
    cell = samples.make(name, D=7, H=3)
    assert_equal_to_plain(cell, samples.draw(cell, 4, 3, (2, 4, 0), whole_numbers=True))


@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
def test_equal_to_plain_where_arrays_have_gaps(xp, name):
    """Kernels see no strides: whatever comes in with some is copied first."""
    cell = samples.make(name, D=3, H=4)
    sample = samples.draw(cell, 3, 5)
    gaps = samples.Sample(
        with_gaps(xp, sample.x),
        samples.each(lambda h: with_gaps(xp, h), sample.state),
        None,
        with_gaps(xp, sample.dhs),
        samples.each(lambda h: with_gaps(xp, h), sample.dstate),
    )
    cell.params = {key: with_gaps(xp, parameter) for key, parameter in cell.params.items()}
    assert_equal_to_plain(cell, gaps)


def with_gaps(xp, array):
    """The same numbers at every other place of a larger array, and with the axes turned round."""
    wide = xp.full((*reversed(array.shape[1:]), 2 * len(array)), np.nan, dtype=array.dtype)[..., ::2]
    turned = wide.transpose()
    turned[...] = array
    return turned


@pytest.mark.parametrize("name", samples.ONE_OF_EACH)
def test_a_cache_serves_twice(xp, name):
    cell = samples.make(name, D=2, H=3)
    sample = samples.draw(cell, 4, 2)
    _, cache = samples.forward(cell, sample)
    first = samples.backward(cell, sample, cache)
    before = {key: value.copy() for key, value in first.items()}
    again = samples.backward(cell, sample, cache)
    for key, value in before.items():
        assert (value == first[key]).all(), key
        assert (value == again[key]).all(), key


@pytest.mark.parametrize("impossible", [-1, 4])
@pytest.mark.parametrize("dtype", ["int8", "int64"])
def test_an_impossible_whole_number_is_nan(xp, dtype, impossible):
    cell = samples.make("RNN", D=4, H=3)
    x = xp.asarray(np.array([[0, 1], [2, impossible], [3, 0]], dtype=dtype))
    hs, _, _ = cell.forward(x)
    assert np.isnan(hs.get()).all(axis=2).tolist() == [[False, False], [False, True], [False, True]]


@pytest.mark.parametrize("name", samples.CELLS)
def test_nothing_waits_for_the_device(xp, name):
    for whole_numbers in (False, True):
        cell = samples.make(name, D=3, H=2)
        sample = samples.draw(cell, 3, 2, (3, 1), whole_numbers)
        with mock_cupy.no_syncs():
            samples.run(cell, sample)


# -------------------------------------------------------------------------------------------------- launches


def launches(cell, T, lengths=None):
    """What a forward pass, and then a backward pass, start on the device."""
    sample = samples.draw(cell, T, 2, lengths)
    mock_cupy.launches.clear()
    _, cache = samples.forward(cell, sample)
    forward = collections.Counter(mock_cupy.launches)
    mock_cupy.launches.clear()
    samples.backward(cell, sample, cache)
    return forward, collections.Counter(mock_cupy.launches)


def expected_launches(name):
    """Per step, forward and backward; the table in fused.py."""
    if name == "GRU":
        return 4, 4
    return (5, 7) if "full" in name else (2, 2)


@pytest.mark.parametrize("name", samples.CELLS)
def test_launches_per_step(xp, name):
    cell = samples.make(name, D=4, H=3)
    short, long = launches(cell, T=3), launches(cell, T=5)
    per_step = [(after - before) for before, after in zip(short, long, strict=True)]
    assert [count.total() / 2 for count in per_step] == list(expected_launches(name)), per_step
    for total, count in zip(short, expected_launches(name), strict=True):
        assert total.total() - 3 * count < 40, total  # once for all steps


def test_unequal_lengths_cost_an_lstm_one_launch_per_step(xp):
    for name, more in (("RNN", 0), ("LSTM", 1), ("GRU after", 0)):
        cell = samples.make(name, D=4, H=3)
        short, long = launches(cell, 3, (3, 1)), launches(cell, 5, (3, 1))
        per_step = [(after - before).total() / 2 for before, after in zip(short, long, strict=True)]
        assert per_step == [2, 2 + more]
