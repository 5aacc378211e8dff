"""Memory that a pass leaves behind, kept for the next one.

A training loop asks for the same large arrays again and again. The system would map and clear their pages each
time. So blocks return here when the last array that looks at them is gone, and are lent again. On a GPU, CuPy does
the same.
"""

import math

import numpy as np

_SMALLEST = 1 << 18  # bytes; what is smaller comes from the allocator at no such cost
_KEPT = 1 << 30  # bytes that may lie here unused
_LINE = 64  # bytes of a cache line: vector instructions are fastest on memory that begins with one

_free: dict[int, np.ndarray] = {}  # by id; each change of a dictionary is one step, also among threads


class _Loan:
    """Lends a block to an array, and takes it back when no array looks at it any more."""

    def __init__(self, block: np.ndarray):
        self._block, self.__array_interface__ = block, block.__array_interface__

    def __del__(self):
        _free[id(self._block)] = self._block
        while sum(block.nbytes for block in list(_free.values())) > _KEPT:
            _free.pop(next(iter(_free)), None)


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array with whatever was in the memory before, as ``numpy.empty`` makes it.

    Args:
        shape: of the array.
        dtype: of the array.

    Returns:
        The array. Its memory is its own until it and all its views are gone.
    """
    size = math.prod(shape) * dtype.itemsize
    if size < _SMALLEST:
        return np.empty(shape, dtype)
    return np.asarray(_Loan(_block(size)))[:size].view(dtype).reshape(shape)


def _block(size: int) -> np.ndarray:
    """A free block of that size or little more, or a new one."""
    for key in reversed(list(_free)):  # of the keys alone: while it is made, no garbage can be collected
        block = _free.get(key)
        if block is not None and size <= block.nbytes <= size + size // 4 and _free.pop(key, None) is not None:
            return block
    try:
        memory = np.empty(size + _LINE, np.uint8)
    except MemoryError:
        _free.clear()
        memory = np.empty(size + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + size]
