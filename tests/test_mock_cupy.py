"""The mock catches what goes wrong on a GPU, and lets pass what works there."""

import shutil
import sys
import warnings

import mock_cupy as cupy
import numpy as np
import pytest
from mock_cupy import SyncError


@pytest.fixture
def x():
    return cupy.asarray(np.arange(6, dtype="float32").reshape(2, 3))


HOST = np.ones((2, 3), dtype="float32")

REFUSED = {
    "conversion by asarray": (TypeError, lambda x: np.asarray(x)),
    "conversion by array": (TypeError, lambda x: np.array(x)),
    "conversion of a list of arrays": (TypeError, lambda x: np.array([x, x])),
    "host operand on the right": (TypeError, lambda x: x + HOST),
    "host operand on the left": (TypeError, lambda x: HOST * x),
    "host operand in place": (TypeError, lambda x: x.__iadd__(HOST)),
    "host operand of matmul": (TypeError, lambda x: x @ HOST.T),
    "host operand of a ufunc": (TypeError, lambda x: cupy.maximum(x, HOST)),
    "host array alone in a ufunc": (TypeError, lambda x: cupy.tanh(HOST)),
    "host operand of a function": (TypeError, lambda x: cupy.where(x > 1, x, HOST)),
    "host array among device arrays": (TypeError, lambda x: cupy.concatenate([x, HOST])),
    "host argument of a method": (TypeError, lambda x: x.dot(HOST.T)),
    "out of matmul without its name": (TypeError, lambda x: cupy.matmul(x, x.T, cupy.empty((2, 2), "float32"))),
    "host operand of einsum": (TypeError, lambda x: cupy.einsum("ij,kj->ik", x, HOST)),
    "host operand of linalg": (TypeError, lambda x: cupy.linalg.norm(HOST)),
    "host out of a ufunc": (TypeError, lambda x: cupy.tanh(x, out=np.empty((2, 3), "float32"))),
    "host out of numpy's ufunc": (TypeError, lambda x: np.tanh(x, out=np.empty((2, 3), "float32"))),
    "host out of a reduction": (TypeError, lambda x: x.sum(axis=0, out=np.empty(3, "float32"))),
    "host array assigned": (ValueError, lambda x: x.__setitem__(slice(None), HOST)),
    "list assigned": (TypeError, lambda x: x.__setitem__(0, [1, 2, 3])),
    "list as an operand": (TypeError, lambda x: cupy.tanh([1.0, 2.0])),
    "list as an argument": (TypeError, lambda x: cupy.sum([1.0, 2.0])),
    "list of host arrays": (TypeError, lambda x: cupy.stack([HOST, HOST])),
    "duplicates assigned by list": (IndexError, lambda x: x.__setitem__([0, 0], 1)),
    "duplicates assigned by array": (IndexError, lambda x: x.__setitem__((0, cupy.asarray([1, 1])), 1)),
    "index array out of range": (IndexError, lambda x: x[cupy.asarray([2])]),
    "errstate": (AttributeError, lambda x: cupy.errstate(all="raise")),
    "nditer": (AttributeError, lambda x: cupy.nditer(x)),
    "vectorize": (AttributeError, lambda x: cupy.vectorize(abs)(x)),
    "keyword of a function": (TypeError, lambda x: cupy.sum(x, where=x > 1)),
    "keyword of a method": (TypeError, lambda x: x.max(initial=0)),
    "normal of a generator": (AttributeError, lambda x: cupy.random.default_rng(0).normal()),
}

WAITS = {
    "float": lambda x: float(x.sum()),
    "int": lambda x: int(x[0, 0]),
    "index": lambda x: range(cupy.asarray(3)),
    "bool": lambda x: bool((x > 1).any()),
    "condition": lambda x: 1 if x[0, 0] < 1 else 0,
    "largest in Python": lambda x: max(x[0]),
    "item": lambda x: x.sum().item(),
    "tolist": lambda x: x.tolist(),
    "get": lambda x: x.get(),
    "asnumpy": lambda x: cupy.asnumpy(x),
    "text": lambda x: str(x),
    "formatted text": lambda x: f"{x.sum():.3f}",
    "reading by a mask": lambda x: x[x > 1],
    "nonzero": lambda x: cupy.nonzero(x),
    "nonzero, the method": lambda x: x.nonzero(),
    "unique": lambda x: cupy.unique(x),
    "where with a condition alone": lambda x: cupy.where(x > 1),
    "synchronize": lambda x: cupy.cuda.Device().synchronize(),
}

LEGAL = {
    "operators with numbers": lambda a: (2 * a + 1) / np.float32(3) - a**2,
    "in place": lambda a: a.__imul__(a),
    "matmul with a transposed view": lambda a: a @ a.T,
    "reductions": lambda a: a.sum() + a.max(axis=1, keepdims=True) + a.mean(axis=0),
    "numpy's functions, handed over": lambda a: np.tanh(a) + np.sum(a) + np.zeros_like(a),
    "slices, ellipsis and new axes": lambda a: a[..., None, 1:] + a[0, ::2],
    "reading by an index array": lambda a: a[[1, 1, 0]],
    "argmax": lambda a: a.argmax(axis=-1),
    "conversion of dtype": lambda a: (a > 2).astype("float64"),
    "reshape and swapaxes": lambda a: a.reshape(3, -1).swapaxes(0, 1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, x):
    error, wrong = REFUSED[name]
    with pytest.raises(error):
        wrong(x)


@pytest.mark.parametrize("name", WAITS)
def test_waiting_is_logged_and_can_be_refused(name, x):
    cupy.syncs.clear()
    WAITS[name](x)
    assert cupy.syncs
    with cupy.no_syncs(), pytest.raises(SyncError):
        WAITS[name](x)
    WAITS[name](x)  # allowed again


@pytest.mark.parametrize("name", LEGAL)
def test_legal_and_equal_to_numpy(name, x):
    expected = np.asarray(LEGAL[name](x.get()))
    with cupy.no_syncs():
        result = LEGAL[name](x)
    assert isinstance(result, cupy.ndarray)
    assert result.dtype == expected.dtype
    assert np.array_equal(result.get(), expected)


def in_place(xp, a):
    """What fast code does to buffers; no element is assigned twice."""
    xp.add.at(a, xp.asarray([0, 0, 1]), xp.ones((3, 3), dtype="float32"))
    product = xp.empty((2, 2), dtype="float32")
    xp.matmul(a, a.T, out=product)
    a[xp.asarray([True, False])] = 0
    a[1, 1:] = product[0]
    a[[1, 0], [0, 1]] = -1
    product.fill(7)
    return xp.concatenate([a, product], axis=1)


def test_legal_in_place(x):
    expected = in_place(np, x.get())
    with cupy.no_syncs():
        result = in_place(cupy, x)
    assert np.array_equal(result.get(), expected)


def test_no_scalars(x):
    for value in (x.sum(), x[0, 0], x.max(), cupy.allclose(x, x), next(iter(x[0]))):
        assert isinstance(value, cupy.ndarray)
        assert value.shape == ()


def test_an_element_is_a_view(x):
    before = x[0, 0]
    x[0, 0] = 5
    assert float(before) == 5


def test_creation_takes_numpys_arguments():
    with cupy.no_syncs():
        assert cupy.zeros([2, 3], dtype="float32").dtype == "float32"
        assert cupy.full((2,), 3).shape == cupy.arange(2).shape
        assert cupy.asarray([cupy.ones(2), cupy.zeros(2)]).shape == (2, 2)
        assert cupy.concatenate([cupy.ones(2), cupy.zeros(1)]).shape == (3,)


def test_asarray_copies_host_arrays_and_keeps_device_arrays(x):
    host = np.zeros(2)
    device = cupy.asarray(host)
    host[0] = 1
    assert float(device[0]) == 0
    assert cupy.asarray(x) is x
    assert cupy.asarray(x, dtype="float64").dtype == "float64"


def test_set_copies_in_and_get_copies_out(x):
    x.set(HOST)
    out = np.empty_like(HOST)
    assert x.get(out=out) is out
    assert np.array_equal(out, HOST)
    x.get()[0, 0] = 9
    assert float(x[0, 0]) == 1


def test_no_floating_point_warnings(x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan((x / 0).get()[0, 0])
        cupy.log(x * 0)
        cupy.exp(x * 1000)


def test_another_random_stream():
    assert float(cupy.random.default_rng(0).random()) != np.random.default_rng(0).random()
    assert cupy.random.rand(2, 3).shape == (2, 3)
    cupy.random.seed(1)
    first = cupy.random.randn(3).get()
    cupy.random.seed(1)
    assert np.array_equal(cupy.random.randn(3).get(), first)


def test_linalg(x):
    with cupy.no_syncs():
        q, r = cupy.linalg.qr(x)
    assert np.allclose((q @ r).get(), x.get(), atol=1e-6)
    with pytest.raises(AttributeError):
        cupy.linalg.vector_norm(x)


# ------------------------------------------------------------------------------------------- kernels in CUDA

CUDA = """
typedef REAL real;
__device__ real twice(real a) { return 2 * a; }
extern "C" __global__ void scale(int n, const real *x, real *y)
{
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        y[i] += twice(x[i]);
}
"""
KERNELS = cupy.RawModule(code=CUDA, options=("-DREAL=float",))
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


def scale(*args, grid=(1,), block=(32,)):
    KERNELS.get_function("scale")(grid, block, args)


WRONG_CALLS = {
    "a host array": (TypeError, lambda x: scale(np.int32(6), HOST, x)),
    "an array with gaps": (ValueError, lambda x: scale(np.int32(2), x[:, 0], x)),
    "an array of another dtype": (TypeError, lambda x: scale(np.int32(6), x.astype("float64"), x)),
    "a number of Python": (TypeError, lambda x: scale(6, x, x)),
    "a number of another dtype": (TypeError, lambda x: scale(np.int64(6), x, x)),
    "a number in place of an array": (TypeError, lambda x: scale(np.int32(6), np.float32(1), x)),
    "too few arguments": (TypeError, lambda x: scale(np.int32(6), x)),
    "too many threads": (ValueError, lambda x: scale(np.int32(6), x, x, block=(2048,))),
    "no block": (ValueError, lambda x: scale(np.int32(6), x, x, grid=(0,))),
    "options in a list": (TypeError, lambda x: cupy.RawKernel(CUDA, "scale", ["-DREAL=float"])),
    "text that is no CUDA": (RuntimeError, lambda x: cupy.RawKernel(CUDA, "scale", ())),
}


@needs_compiler
@pytest.mark.parametrize("name", WRONG_CALLS)
def test_a_wrong_call_of_a_kernel_is_refused(name, x):
    error, wrong = WRONG_CALLS[name]
    with pytest.raises(error):
        wrong(x)


@needs_compiler
def test_a_kernel_runs_on_every_element(x):
    y = cupy.ones((2, 3), dtype="float32")
    with cupy.no_syncs():
        scale(np.int32(6), x, y)
    assert np.array_equal(y.get(), 2 * x.get() + 1)
    assert cupy.launches[-1] == "scale"


@needs_compiler
@pytest.mark.parametrize("stride", ["1", "blockDim.x"])
def test_threads_that_share_an_element_are_found_out(x, stride):
    kernel = cupy.RawKernel(CUDA.replace("gridDim.x * blockDim.x", stride), "scale", ("-DREAL=float",))
    y = cupy.zeros((2, 3), dtype="float32")
    kernel((1,), (32,), (np.int32(6), x, y))
    assert not np.array_equal(y.get(), 2 * x.get())


LAUNCHES = {
    "a view": (0, lambda x: x.T[1:].reshape(-1, 2, 1)),
    "memory": (0, lambda x: cupy.empty((2, 3))),
    "an operation on no element": (0, lambda x: x[:0].__imul__(2)),
    "no copy": (0, lambda x: cupy.ascontiguousarray(x).astype("float32", copy=False)),
    "an operation": (1, lambda x: x + 1),
    "an operation in place": (1, lambda x: x.__iadd__(x)),
    "an operation into memory": (1, lambda x: cupy.tanh(x, out=x)),
    "filling": (1, lambda x: x.fill(1)),
    "an assignment": (1, lambda x: x.__setitem__(0, x[1])),
    "a reduction": (1, lambda x: x.sum()),
    "a reshape that copies": (1, lambda x: x.T.reshape(-1)),
    "a copy from the host": (1, lambda x: cupy.asarray(HOST)),
    "rows by index": (1, lambda x: x[[1, 0]]),
    "a product": (1, lambda x: x @ x.T),
    "a product of a view with gaps": (2, lambda x: x[:, :2] @ cupy.empty((2, 2))),
    "products of batches": (1, lambda x: cupy.empty((4, 2, 3)) @ cupy.empty((4, 3, 2))),
    "products of a transposed batch": (2, lambda x: cupy.empty((4, 3, 2)).swapaxes(1, 2) @ cupy.empty((4, 3, 2))),
    "products of a batch with one matrix": (4, lambda x: cupy.empty((4, 2, 3)) @ cupy.empty((3, 2))),
}


@pytest.mark.parametrize("name", LAUNCHES)
def test_launches_are_logged(name, x):
    count, operation = LAUNCHES[name]
    cupy.launches.clear()
    operation(x)
    assert len(cupy.launches) == count, cupy.launches


def test_installed_puts_back_what_was_there():
    before = sys.modules.get("cupy")
    with cupy.installed() as module:
        assert sys.modules["cupy"] is module is cupy
    assert sys.modules.get("cupy") is before
