"""NumPy or CuPy: which of the two makes new arrays, and the only doors between CPU and GPU.

    xp = backend.set_backend("auto")            # the module to make arrays with: numpy, or cupy
    x = backend.asarray(data)                   # to where xp works
    backend.asnumpy(x)                          # back to the CPU, to print or plot

The choice matters only where new arrays are made. Code that is given arrays asks them:
``xp = array_namespace(x)``, so that a layer works on either side whatever was chosen.

This is the only file that names CuPy, and it imports it only when asked to use it.
"""

import contextlib
import functools
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from types import ModuleType
from typing import Any

import numpy as np

GPU_MODULE = "cupy"  # its import makes no context on a GPU; its first use does
_VARIABLE = "COURSE_LIB_BACKEND"
_ON_BOTH_SIDES = (type(None), int, float, np.generic)  # what may stand beside arrays of either backend

# The choice of set_backend holds for the whole process: a ContextVar would forget it in other threads, and
# notebooks lose one after a cell that awaits. The choice of use_backend belongs to its block alone.
_chosen: str | None = None
_in_block: ContextVar[str | None] = ContextVar("course_lib_backend", default=None)


class BackendUnavailable(ImportError):
    """The backend asked for does not work here; the first line says why, the next ones what mends it."""


def set_backend(name: str) -> ModuleType:
    """Choose where new arrays are made in this process, in every thread.

    Args:
        name: ``"numpy"``, ``"cupy"``, or ``"auto"``: CuPy where a GPU works, else NumPy; it prints one line
            that says which, and why.

    Returns:
        The module to make arrays with, by custom called ``xp``.

    Raises:
        ValueError: if there is no backend of that name.
        BackendUnavailable: if CuPy is asked for and does not work here.
    """
    global _chosen
    _chosen = _resolve(name)
    return _module(_chosen)


@contextlib.contextmanager
def use_backend(name: str) -> Iterator[ModuleType]:
    """Make new arrays elsewhere within a block, and in this thread only.

    ::

        with use_backend("numpy") as xp:
            ...

    Takes the names that `set_backend` takes and raises what it raises. Within the block it has the last word.
    """
    resolved = _resolve(name)
    token = _in_block.set(resolved)
    try:
        yield _module(resolved)
    finally:
        _in_block.reset(token)


def backend_name() -> str:
    """``"numpy"`` or ``"cupy"``: as chosen, else as COURSE_LIB_BACKEND says, else ``"numpy"``."""
    global _chosen
    if (name := _in_block.get()) is not None:
        return name
    if _chosen is None:
        _chosen = _from_environment()
    return _chosen


def get_xp() -> ModuleType:
    """The module to make new arrays with: ``numpy`` or ``cupy``."""
    return _module(backend_name())


def describe() -> str:
    """The current backend in one line, such as ``numpy 2.4.6 on CPU, no numba (CuPy not installed)``.

    With numba the line says so: the cells' steps are compiled by it wherever it is installed.
    """
    xp = get_xp()
    if xp is not np:
        return f"cupy {xp.__version__} on {_gpu_name(xp)}"
    compiled = f"cells compiled by numba {version}" if (version := numba_version()) else "no numba"
    note = "not used" if importlib.util.find_spec("cupy") else "not installed"
    return f"numpy {np.__version__} on CPU, {compiled} (CuPy {note})"


@functools.cache
def numba_version() -> str | None:
    """The version of numba, which compiles the cells' steps on the CPU; None where it is not installed."""
    from importlib import metadata  # slow to import, and needed only by those who ask

    try:
        return metadata.version("numba")
    except metadata.PackageNotFoundError:
        return None


def array_namespace(*xs: Any) -> ModuleType:
    """The module, ``numpy`` or ``cupy``, that the arrays belong to; ``None`` and numbers belong to both.

    Raises:
        TypeError: if some are on the CPU and some on the GPU.
    """
    cupy = sys.modules.get("cupy")
    if cupy is None:  # never imported: nothing can be on a GPU
        return np
    on_gpu = {isinstance(x, cupy.ndarray) for x in xs if not isinstance(x, _ON_BOTH_SIDES)}
    if len(on_gpu) == 2:
        raise TypeError(
            "one call got arrays on the CPU (numpy) and on the GPU (cupy).\n"
            "Move them to one side first: backend.asarray(x) takes x to the chosen backend, "
            "backend.asnumpy(x) to the CPU."
        )
    return cupy if True in on_gpu else np


def asarray(x: Any, dtype: Any = None) -> Any:
    """``x`` as an array of the current backend: moved, or converted to ``dtype``, only if it has to be."""
    xp = get_xp()
    return xp.asarray(asnumpy(x) if xp is np else x, dtype=dtype)


def asnumpy(x: Any) -> np.ndarray:
    """``x`` as a NumPy array, itself if it is one. Only here does data leave the GPU, and the CPU wait."""
    return x.get() if array_namespace(x) is not np else np.asarray(x)


def synchronize() -> None:
    """Wait until the GPU has done all it was told: needed before a clock is read. Nothing on the CPU."""
    xp = get_xp()
    if xp is not np:
        xp.cuda.Device().synchronize()


class Rng:
    """Random numbers from a seed, the same on both backends.

    They are drawn on the CPU in float64 (PCG64), rounded to ``dtype`` and then moved, so neither the backend
    nor the dtype changes what comes next. ``rng.generator`` is the ``numpy.random.Generator`` they come from:
    draw from it what is to stay on the CPU, such as the order in which a list of texts is read.

    Args:
        seed: the same seed gives the same numbers.
    """

    def __init__(self, seed: int):
        self.generator = np.random.Generator(np.random.PCG64(seed))

    def normal(self, shape: Any, scale: float = 1.0, dtype: Any = "float32") -> Any:
        """Normal numbers of mean 0 and standard deviation ``scale``."""
        return asarray(scale * self.generator.standard_normal(shape), dtype)

    def uniform(self, low: float, high: float, shape: Any, dtype: Any = "float32") -> Any:
        """Numbers spread evenly over ``[low, high)``, before they are rounded to ``dtype``."""
        return asarray(self.generator.uniform(low, high, shape), dtype)

    def integers(self, low: int, high: int, shape: Any, dtype: Any = "int64") -> Any:
        """Whole numbers ``low, …, high - 1``, each as likely."""
        return asarray(self.generator.integers(low, high, shape), dtype)

    def permutation(self, n: int) -> Any:
        """The numbers ``0, …, n - 1`` in random order."""
        return asarray(self.generator.permutation(n))

    def choice(self, p: Any) -> Any:
        """One class from each row of probabilities, without waiting for the GPU.

        Args:
            p: floats ``(..., O)``, not negative; each row is taken relative to its sum.

        Returns:
            Classes ``(...)`` in ``0, …, O - 1``; one of probability 0 is never drawn.

        Raises:
            ValueError: if a row is all zeros or holds nan. On a GPU, to look would be to wait: there it gives 0.
        """
        cumulative = p.cumsum(axis=-1)
        if array_namespace(p) is np and not (cumulative[..., -1] > 0).all():
            raise ValueError("a row of p has no class with a probability above 0; look for nan in what made it")
        # 1 - [0, 1) is (0, 1]: above 0, so that a first class of probability 0 is passed over.
        u = asarray(1 - self.generator.random((*p.shape[:-1], 1)), p.dtype)
        return (cumulative < u * cumulative[..., -1:]).sum(axis=-1)


def _resolve(name: str) -> str:
    """The backend that ``name`` stands for, once it is known to work here."""
    if name == "auto":
        return _best()
    if name == "cupy":
        _load_cupy()
    elif name != "numpy":
        raise ValueError(f"there is no backend {name!r}; choose 'numpy', 'cupy' or 'auto'")
    return name


def _best() -> str:
    try:
        cupy = _load_cupy()
    except BackendUnavailable as error:
        print(f"Backend numpy {np.__version__} on CPU: {str(error).splitlines()[0]}")
        return "numpy"
    print(f"Backend cupy {cupy.__version__}: found a working GPU, {_gpu_name(cupy)}.")
    return "cupy"


def _from_environment() -> str:
    name = os.environ.get(_VARIABLE) or "numpy"
    try:
        return _resolve(name)
    except (ValueError, BackendUnavailable) as error:
        raise type(error)(f"{_VARIABLE}={name} (environment variable): {error}") from error.__cause__


def _module(name: str) -> ModuleType:
    return np if name == "numpy" else sys.modules["cupy"]


def _gpu_name(cupy: ModuleType) -> str:
    return cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"].decode()


def _load_cupy() -> ModuleType:
    """CuPy, once it has computed something: importing it succeeds even where there is no GPU at all."""
    if importlib.util.find_spec("cupy") is None:
        raise BackendUnavailable(
            "CuPy is not installed.\n"
            '  pip install "cupy-cuda13x[ctk]"     (where nvidia-smi says CUDA 12: "cupy-cuda12x[ctk]")\n'
            "Everything in this course also runs with backend 'numpy', the default."
        )
    try:
        cupy = importlib.import_module("cupy")
        if cupy.cuda.is_available():
            ones = cupy.ones((2, 2), dtype="float32")
            cupy.asnumpy(ones @ cupy.tanh(ones))  # takes memory, cuBLAS and the kernel compiler
            return cupy
    except Exception as error:
        raise _libraries_missing(error) from error
    raise BackendUnavailable(
        f"CuPy {cupy.__version__} is installed, but it sees no usable NVIDIA GPU ({_why_no_gpu(cupy)}).\n"
        "  nvidia-smi      shows whether there is a GPU and a driver for it; without one,\n"
        '  backend.set_backend("numpy")      goes on with the CPU.'
    )


def _why_no_gpu(cupy: ModuleType) -> str:
    try:
        return f"{cupy.cuda.runtime.getDeviceCount()} devices"
    except Exception as error:
        return str(error)


def _libraries_missing(error: Exception) -> BackendUnavailable:
    from importlib import metadata  # slow to import, and needed only here

    # The wheel is called after its CUDA version, and two of them must not be mixed; conda's is just "cupy".
    package = metadata.packages_distributions().get("cupy", ["cupy-cuda13x"])[0]
    if package.startswith("cupy-cuda"):
        mend = f'pip install "{package}[ctk]"'
    else:
        mend = "conda install -c conda-forge cupy"
    cause = error.__cause__ or error  # CuPy frames the error of a library in a page of advice
    reason = f"{type(cause).__name__}: {cause}".splitlines()[0]
    return BackendUnavailable(
        f"CuPy is installed, but fails when it is first used ({reason}).\n"
        f"  {mend}      brings the CUDA libraries that are most often missing;\n"
        "  python -c 'import cupy; cupy.show_config()'      shows which."
    )
