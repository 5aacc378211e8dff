"""The seam between the formulas and the speed: which kernels a cell runs on.

A kernel object serves one forward or backward pass. It owns the layout of the arrays (``pack``, ``views``), the
products and the element-wise part of a step, all of whose arrays are passed whole, with the step ``t``. The loops
in rnn.py, lstm.py and gru.py are the same for every kind:

=========  ==============================  =====================================================
kind       file                            runs on
=========  ==============================  =====================================================
plain      plain.py: array functions       NumPy and CuPy; the reference for the other two
numba      compiled.py: compiled loops     NumPy, where numba is installed (extra ``fast``)
fused      fused.py: CUDA                  CuPy
=========  ==============================  =====================================================

There is no way back from one kind to another in the middle: a kind serves every option and dtype, or it fails.
"""

import contextlib
import functools
import os
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from course_lib.backend import numba_version
from course_lib.cells.plain import Plain

KINDS = ("plain", "numba", "fused")
_VARIABLE = "COURSE_LIB_KERNELS"

_in_block: ContextVar[str | None] = ContextVar("course_lib_kernels", default=None)


def kind(xp: Any) -> str:
    """The kind of kernels for arrays of ``xp``: as `use` or COURSE_LIB_KERNELS say, else the fastest there is."""
    if name := _in_block.get() or os.environ.get(_VARIABLE):
        return _known(name)
    if xp is np:
        return "numba" if numba_version() else "plain"
    return "fused"


@contextlib.contextmanager
def use(name: str) -> Iterator[None]:
    """Within the block, in this thread, run every cell on kernels of that kind: to compare them.

    Raises:
        ValueError: if there is no such kind.
    """
    token = _in_block.set(_known(name))
    try:
        yield
    finally:
        _in_block.reset(token)


def _known(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"there are no kernels {name!r}; choose one of {', '.join(KINDS)}")
    return name


def start(xp: Any, T: int, B: int, H: int, dtype: Any) -> Any:
    """Kernels for one pass over ``T`` steps of ``B`` sequences with ``H`` units."""
    return _class(kind(xp), xp is np)(xp, T, B, H, dtype)


@functools.cache
def _class(name: str, on_cpu: bool) -> type:
    if name == "plain":
        return Plain
    if on_cpu != (name == "numba"):
        raise ValueError(f"kernels {name!r} work on arrays of {'CuPy' if on_cpu else 'NumPy'} only")
    if name == "numba":
        if not numba_version():
            raise ImportError("kernels 'numba' need the package numba: pip install \"course-lib[fast]\"")
        try:
            from course_lib.cells.compiled import Compiled  # takes a second to import
        except ImportError as error:
            raise ImportError(
                f"numba {numba_version()} is installed, but cannot be imported ({error}); install it again, or run "
                "the cells without it: with course_lib.cells.kernels.use('plain'): ..."
            ) from error

        return Compiled
    from course_lib.cells.fused import Fused

    return Fused
