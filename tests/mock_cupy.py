"""A strict stand-in for CuPy where there is no GPU: arrays in host memory that behave like arrays on a GPU.

    with mock_cupy.installed():                 # this module is now sys.modules["cupy"]
        xp = backend.set_backend("cupy")
        with mock_cupy.no_syncs():              # whatever waits for the device raises SyncError
            loss = functions.cross_entropy(o, y)

It computes with NumPy, so its numbers are NumPy's, bit for bit. What it refuses is what goes wrong when code
that only ever ran on NumPy meets CuPy 14 (all of it read in CuPy's source or tried with its wheel):

=====================================  =================================================================
code that only ever ran on NumPy       here (and in CuPy, where nothing else is said)
=====================================  =================================================================
``np.asarray(x)``                      TypeError
an operand or ``out=`` on the host     TypeError; a host array assigned to ``x[...]``: ValueError
a list in place of an array            TypeError
``x.sum()``, ``x[0, 0]``               an array without axes, never a scalar; ``x[0, 0]`` is a view
``float(x)``, ``if x:``, ``x[mask]``   waits for the device: logged in `syncs`, SyncError in `no_syncs`
``x[[1, 1]] = values``                 IndexError (CuPy: one of the values, nobody knows which)
``x[array]`` out of range              IndexError (CuPy: wraps around in silence)
functions and keywords CuPy lacks      AttributeError, TypeError
``xp.random``                          other numbers than NumPy's for the same seed
floating-point warnings                none
=====================================  =================================================================

Kernels written in CUDA are compiled by g++ and run on the host: `RawModule`, `RawKernel`. What would start a kernel
on a GPU is logged in `launches`.

What it cannot show: speed, last digits that differ, and threads that get in each other's way.
"""

import contextlib
import ctypes
import functools
import hashlib
import importlib.machinery
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import numpy as np

__version__ = "14.2.0"
__spec__ = importlib.machinery.ModuleSpec("cupy", loader=None)  # asked for by importlib.util.find_spec

# ------------------------------------------------------------------------------------------- for the tests

syncs: list[str] = []  # what has waited for the device since the list was last cleared
launches: list[str] = []  # what has started a kernel on it, or a copy
_refusing_syncs = False


class SyncError(RuntimeError):
    """Code waits for the device where it must not."""


@contextlib.contextmanager
def installed():
    """Put this module in place of CuPy, and put back what was there before."""
    before = sys.modules.get("cupy")
    sys.modules["cupy"] = sys.modules[__name__]
    try:
        yield sys.modules[__name__]
    finally:
        if before is None:
            del sys.modules["cupy"]
        else:
            sys.modules["cupy"] = before


@contextlib.contextmanager
def no_syncs():
    """Within the block, whatever waits for the device raises SyncError, also ``asnumpy``."""
    global _refusing_syncs
    _refusing_syncs = True
    try:
        yield
    finally:
        _refusing_syncs = False


def _sync(what):
    syncs.append(what)
    if _refusing_syncs:
        raise SyncError(f"{what} waits for the device")


# ----------------------------------------------------------------------------- between "device" and host


def _to_host(x, where):
    """The NumPy array behind ``x``; also within tuples and lists. Host arrays are refused."""
    if isinstance(x, ndarray):
        return x._host
    if isinstance(x, np.ndarray):
        raise TypeError(f"Unsupported type {type(x)} ({where})")
    if isinstance(x, tuple | list):
        return type(x)(_to_host(item, where) for item in x)
    return x


def _to_device(result):
    """What NumPy returned, as CuPy returns it: an array without axes where NumPy has a scalar."""
    if isinstance(result, np.ndarray | np.generic):
        return ndarray(np.asarray(result))
    if isinstance(result, tuple | list):
        make = getattr(result, "_make", type(result))  # linalg has named tuples
        return make(_to_device(item) for item in result)
    return result


def _run(function, name, args, kwargs):
    """Call a NumPy function on the memory of device arrays."""
    _refuse_keywords(name, kwargs)
    if name in _SYNCING or (name == "where" and len(args) == 1):
        _sync(name)
    out = kwargs.get("out")
    if isinstance(out, tuple):  # as operators and np.add(x, y, out=z) pass it
        (out,) = out
        kwargs["out"] = out
    if out is not None and not isinstance(out, ndarray):
        raise TypeError(f"Unsupported type {type(out)} (out= of {name})")
    host_args = [_to_host(arg, name) for arg in args]
    host_kwargs = {key: _to_host(value, name) for key, value in kwargs.items()}
    with np.errstate(all="ignore"):
        result = function(*host_args, **host_kwargs)
    _log_launches(name, host_args, result, out)
    return _to_device(result) if out is None else out


def _log_launches(name, operands, result, out):
    """Log a call that starts a kernel: not one that returns a view of an operand, or memory as it is."""
    operands = [operand for operand in operands if isinstance(operand, np.ndarray)]
    if isinstance(result, np.ndarray):
        is_view = out is None and any(np.may_share_memory(result, operand) for operand in operands)
        if is_view or result.size == 0 or name in ("empty", "empty_like"):
            return
    if name in ("matmul", "dot"):
        launches.extend("copy for matmul" for operand in operands if _cublas_cannot_read(operand))
        if any(operand.shape[:-2] != result.shape[:-2] for operand in operands):
            launches.extend(3 * ["pointers for matmul"])  # to each matrix of a batch with broadcasting
    launches.append(name)


def _cublas_cannot_read(operand):
    """Whether CuPy copies an operand first: a view with gaps, or a transposed one in a batch of matrices."""
    return not (operand.flags.c_contiguous or (operand.ndim < 3 and operand.flags.f_contiguous))


# ------------------------------------------------------------------------------------------------- arrays


class ndarray(np.lib.mixins.NDArrayOperatorsMixin):
    """An array on the imagined device; ``_host`` is its memory, shared by its views."""

    __slots__ = ("_host",)

    def __init__(self, host):
        self._host = host

    # What CuPy knows without asking the device.
    shape = property(lambda self: self._host.shape)
    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    nbytes = property(lambda self: self._host.nbytes)
    itemsize = property(lambda self: self._host.itemsize)
    strides = property(lambda self: self._host.strides)
    flags = property(lambda self: self._host.flags)
    T = property(lambda self: ndarray(self._host.T))

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    # What leaves the device, and so waits for it.
    def get(self, out=None):
        _sync("get")
        if out is None:
            return self._host.copy()
        out[...] = self._host
        return out

    def item(self, *index):
        _sync("item")
        return self._host.item(*index)

    def tolist(self):
        _sync("tolist")
        return self._host.tolist()

    def __float__(self):
        _sync("float")
        return float(self._host)

    def __int__(self):
        _sync("int")
        return int(self._host)

    def __index__(self):
        _sync("index")
        return self._host.__index__()

    def __bool__(self):
        _sync("bool")
        return bool(self._host)

    def __repr__(self):
        _sync("repr")
        return repr(self._host)

    def __format__(self, spec):
        _sync("format")
        return format(self._host, spec)

    def __array__(self, *args, **kwargs):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def set(self, host):
        if not isinstance(host, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        launches.append("set")
        self._host[...] = host

    # np.tanh(x) and np.sum(x) work on CuPy arrays too: NumPy hands the call over.
    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        return _run(getattr(ufunc, method), ufunc.__name__, args, kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return _call(function, args, kwargs)

    def __getitem__(self, index):
        index = _index(index)
        if any(isinstance(part, np.ndarray) and part.dtype == bool for part in index):
            _sync("reading by a boolean mask")  # the size of the result is not known before
        result = self._host[index]
        _log_launches("reading by an index array", [self._host], result, None)
        return ndarray(result)

    def __setitem__(self, index, value):
        if isinstance(value, np.ndarray) and value.shape != ():
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        if isinstance(value, list):
            raise TypeError("Unsupported type <class 'list'> (assignment)")
        index = _index(index)
        _refuse_duplicates(index, self.shape)
        launches.append("assignment")
        self._host[index] = _to_host(value, "assignment")


def _index(index):
    """A NumPy index from one of CuPy, which takes index arrays of both sides.

    The ellipsis makes NumPy return a view without axes where it would return a scalar, as CuPy does: on CuPy
    ``before = x[0]; x[0] = 1`` changes ``before``.
    """
    index = index if isinstance(index, tuple) else (index,)
    index = tuple(part._host if isinstance(part, ndarray) else part for part in index)
    return index if any(part is Ellipsis for part in index) else (*index, Ellipsis)


def _refuse_duplicates(index, shape):
    """Refuse an assignment that reaches an element twice: on a GPU any of the values may stay."""
    if not any(isinstance(part, np.ndarray | list) for part in index):
        return
    reached = np.arange(np.prod(shape, dtype=int)).reshape(shape)[index]
    if np.unique(reached).size != reached.size:
        raise IndexError("an index occurs twice in an assignment: undefined on CuPy (use xp.add.at)")


def _method(name):
    def method(self, *args, **kwargs):
        return _run(getattr(np.ndarray, name), name, (self, *args), kwargs)

    return method


def _words(text):
    return frozenset(text.split())


for _name in _words("""
    all any argmax argmin argsort astype clip copy cumprod cumsum diagonal dot fill flatten max mean
    min nonzero prod ravel repeat reshape round sort squeeze std sum swapaxes take trace transpose
    var view
"""):
    setattr(ndarray, _name, _method(_name))

# ---------------------------------------------------------------------------------------------- functions

# In NumPy's namespace and not in CuPy 14.2's; vectorize is there, but would have to be translated to CUDA.
_LACKING = _words("""
    asmatrix block bmat char ctypeslib datetime64 einsum_path emath errstate frompyfunc geomspace
    geterr insert longdouble ma matrix matvec memmap nanpercentile nanquantile ndenumerate nditer
    nested_iters object_ polyder polydiv polyint rec recarray seterr spacing str_ strings
    timedelta64 unstack vecdot vecmat vectorize void
""")
_LACKING_KEYWORDS = {
    **dict.fromkeys(_words("sum prod max min nanmax nanmin"), _words("initial where")),
    **dict.fromkeys(_words("all any mean std var"), _words("where correction")),
    **dict.fromkeys(_words("argsort sort"), _words("order stable")),
    **dict.fromkeys(_words("arange empty eye full linspace ones zeros"), _words("device like")),
}
_SYNCING = _words("argwhere flatnonzero nonzero unique")  # the size of the result depends on the values
_TAKING_SHAPES = _words("empty full ones zeros")
_RETURNING_BOOL = _words("allclose array_equal array_equiv")  # in CuPy, an array


def _refuse_keywords(name, kwargs):
    for keyword in _LACKING_KEYWORDS.get(name, _words("")) & kwargs.keys():
        raise TypeError(f"{name}() got an unexpected keyword argument {keyword!r}")


def _refuse_missing(name):
    if name in _LACKING:
        raise AttributeError(f"module 'cupy' has no attribute {name!r}")


def _refuse_numbers(items, where):
    """Refuse a list of numbers; a list of device arrays is for ``concatenate`` and its like."""
    if not any(isinstance(item, ndarray) for item in items):
        raise TypeError(f"Unsupported type <class 'list'> ({where})")


def _call(function, args, kwargs):
    """Call a function of NumPy's namespace as CuPy's of the same name."""
    name = function.__name__
    _refuse_missing(name)
    if args and isinstance(args[0], list) and name not in _TAKING_SHAPES:
        _refuse_numbers(args[0], name)
    result = _run(function, name, args, kwargs)
    return asarray(result) if name in _RETURNING_BOOL else result


class ufunc:
    """``cupy.tanh`` and its like: a NumPy ufunc that takes numbers and device arrays only."""

    def __init__(self, host):
        self._host = host

    def __call__(self, *args, **kwargs):
        for arg in args:
            if isinstance(arg, list | tuple):
                raise TypeError(f"Unsupported type {type(arg)} ({self._host.__name__})")
        if self._host.signature and len(args) > self._host.nin:
            raise TypeError(f"{self._host.__name__}() got multiple values for argument 'out'")
        return _run(self._host, self._host.__name__, args, kwargs)

    def at(self, a, indices, b):
        if isinstance(indices, np.ndarray | list):  # CuPy copies them over
            indices = asarray(indices)
        return _run(self._host.at, self._host.__name__, (a, indices, b), {})

    def __getattr__(self, method):  # reduce, reduceat, accumulate, outer
        return _guarded(getattr(self._host, method))


def array(obj, dtype=None):
    """A new device array from numbers, lists, host arrays, or lists of device arrays."""
    if isinstance(obj, ndarray):
        obj = obj._host
    elif isinstance(obj, list | tuple) and any(isinstance(item, ndarray) for item in obj):
        obj = [_to_host(item, "array") for item in obj]
    launches.append("array")
    return ndarray(np.array(obj, dtype=dtype))


def asarray(a, dtype=None):
    """``a`` itself where it is a device array of that dtype, else a new one."""
    if isinstance(a, ndarray) and dtype in (None, a.dtype):
        return a
    return array(a, dtype)


def asnumpy(a):
    """``a`` on the host."""
    return a.get() if isinstance(a, ndarray) else np.asarray(a)


def __getattr__(name):  # whatever else CuPy has is NumPy's, guarded
    if name.startswith("_"):
        raise AttributeError(name)
    _refuse_missing(name)
    return _guarded(getattr(np, name))


def _guarded(host):
    if isinstance(host, np.ufunc):
        return ufunc(host)
    if isinstance(host, type) or not callable(host):  # float32, newaxis, pi
        return host

    def function(*args, **kwargs):
        return _call(host, args, kwargs)

    return function


class _Linalg:
    """``cupy.linalg``: NumPy's, guarded."""

    def __getattr__(self, name):
        if name in {"matrix_norm", "multi_dot", "svdvals", "vector_norm"}:
            raise AttributeError(f"module 'cupy.linalg' has no attribute {name!r}")
        return _guarded(getattr(np.linalg, name))


linalg = _Linalg()

# ------------------------------------------------------------------------------------------- kernels in CUDA

# Four threads, so that one that takes the elements of another is found out.
_PRELUDE = """
#include <math.h>
#define __global__
#define __device__ static inline
struct Index { int x, y, z; };
extern "C" { Index blockIdx, threadIdx, blockDim = {2, 1, 1}, gridDim = {2, 1, 1}; }
"""


@functools.cache
def _library(code, options):
    """CUDA text as functions of the host; g++ compiles it once on this machine."""
    folder = pathlib.Path(tempfile.gettempdir(), f"mock_cupy-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{hashlib.sha256(repr((_PRELUDE, code, options)).encode()).hexdigest()}.so"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=folder) as building:
            source, built = pathlib.Path(building, "kernels.cpp"), pathlib.Path(building, "kernels.so")
            source.write_text(_PRELUDE + code, encoding="utf-8")
            command = ["g++", *options, "-O1", "-shared", "-fPIC", "-o", built, source]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"g++ does not compile the kernels:\n{done.stderr}")
            built.replace(path)  # at once: another process may be at it too
    return ctypes.CDLL(str(path))


def _parameters(code, options, name):
    """For each parameter of a kernel, whether it is a pointer, and the dtype."""
    types = {"int": "int32", "float": "float32", "double": "float64"}
    for new, old in [re.fullmatch(r"-D(\w+)=(\w+)", option).groups() for option in options]:
        types[new] = types.get(old)
    for old, new in re.findall(r"typedef (\w+) (\w+);", code):
        types[new] = types[old]
    (declared,) = re.findall(rf"__global__ void {name}\(([^)]*)\)", code)
    words = [parameter.replace("const ", "").replace("*", " * ").split() for parameter in declared.split(",")]
    return [("*" in parameter, np.dtype(types[parameter[0]])) for parameter in words]


class RawKernel:
    """``cupy.RawKernel``, which takes any arguments; this one refuses what would end in wrong numbers there."""

    def __init__(self, code, name, options=()):
        if not isinstance(options, tuple):
            raise TypeError(f"options is a {type(options).__name__}, not a tuple")
        self.name, self._library = name, _library(code, options)
        self._parameters = _parameters(code, options, name)

    def __call__(self, grid, block, args):
        if not (1 <= np.prod(block) <= 1024 and np.prod(grid) >= 1):
            raise ValueError(f"{self.name} cannot run on blocks {grid} of threads {block}")
        if len(args) != len(self._parameters):
            raise TypeError(f"{self.name} takes {len(self._parameters)} arguments, not {len(args)}")
        values = [self._value(arg, *declared) for arg, declared in zip(args, self._parameters, strict=True)]
        launches.append(self.name)
        for place in itertools.product(range(2), range(2)):
            for index, value in zip(("blockIdx", "threadIdx"), place, strict=True):
                ctypes.c_int.in_dll(self._library, index).value = value
            getattr(self._library, self.name)(*values)

    def _value(self, arg, is_pointer, dtype):
        """An argument as C gets it: CuPy looks neither at strides nor at what the kernel has declared."""
        if not isinstance(arg, ndarray if is_pointer else np.generic) or arg.dtype != dtype:
            kind = "device array" if is_pointer else "NumPy number"
            raise TypeError(f"{self.name} takes a {kind} of {dtype}, not {getattr(arg, 'dtype', '')} {type(arg)}")
        if not is_pointer:
            return np.ctypeslib.as_ctypes_type(dtype)(arg)
        if not arg.flags.c_contiguous:
            raise ValueError(f"{self.name} got a view with strides {arg.strides}, which it does not see")
        return ctypes.c_void_p(arg._host.ctypes.data)


class RawModule:
    """``cupy.RawModule`` of CUDA text."""

    def __init__(self, *, code, options=()):
        self._code, self._options = code, options

    def get_function(self, name):
        return RawKernel(self._code, name, self._options)


# -------------------------------------------------------------------------------------- device and chance


class _Generator:
    """``cupy.random.Generator``: another bit generator than NumPy's, and fewer distributions."""

    _HAS = _words("beta binomial exponential gamma integers poisson random standard_normal uniform")

    def __init__(self, seed=None):
        self._host = np.random.Generator(np.random.SFC64(seed))

    def __getattr__(self, name):
        if name not in self._HAS:
            raise AttributeError(f"'Generator' object has no attribute {name!r}")
        return _guarded(getattr(self._host, name))


class _Random:
    """``cupy.random``: `default_rng`, and functions that share one stream."""

    default_rng = Generator = _Generator

    def __init__(self):
        self.seed()

    def seed(self, seed=None):
        self._shared = np.random.RandomState(np.random.SFC64(seed))

    def __getattr__(self, name):
        return _guarded(getattr(self._shared, name))


class _Device:
    def __init__(self, device=0):
        self.id = device

    def synchronize(self):
        _sync("Device.synchronize")


random = _Random()
cuda = SimpleNamespace(
    is_available=lambda: True,
    Device=_Device,
    runtime=SimpleNamespace(getDeviceProperties=lambda device: {"name": b"mock GPU"}),
)
