"""Memory that is lent and comes back."""

import gc

import numpy as np
import pytest

from course_lib.cells import memory

LARGE = (memory._SMALLEST,)


@pytest.fixture(autouse=True)
def nothing_free(monkeypatch):
    monkeypatch.setattr(memory, "_free", {})


def test_a_block_comes_back_when_the_last_view_is_gone():
    array = memory.empty(LARGE, np.dtype("float32"))
    address, view = array.ctypes.data, array[3:5]
    del array
    assert not memory._free
    assert memory.empty(LARGE, np.dtype("float32")).ctypes.data != address
    del view
    assert memory.empty(LARGE, np.dtype("float32")).ctypes.data == address


def test_it_begins_with_a_cache_line_and_has_the_shape():
    array = memory.empty((3, *LARGE), np.dtype("float64"))
    assert (array.shape, array.dtype) == ((3, *LARGE), np.float64)
    assert array.ctypes.data % 64 == 0
    assert array.flags.c_contiguous


def test_small_arrays_and_much_larger_blocks_are_left_alone():
    memory.empty((4,), np.dtype("float32"))
    memory.empty((2 * LARGE[0],), np.dtype("float32"))  # comes back at once
    assert len(memory._free) == 1
    memory.empty(LARGE, np.dtype("float32"))
    assert len(memory._free) == 2


def test_no_more_is_kept_than_said(monkeypatch):
    monkeypatch.setattr(memory, "_KEPT", 3 * memory._SMALLEST)
    arrays = [memory.empty(LARGE, np.dtype("uint8")) for _ in range(5)]
    arrays.clear()
    assert sum(block.nbytes for block in memory._free.values()) == 3 * memory._SMALLEST


def test_garbage_in_a_circle_may_come_back_while_a_block_is_looked_for(monkeypatch):
    class Node:
        pass

    # So many free blocks that an object made for each of them would set off a collection on the way.
    monkeypatch.setattr(memory, "_SMALLEST", 1)
    arrays = [memory.empty((64,), np.dtype("uint8")) for _ in range(6000)]
    in_circles = [arrays.pop() for _ in range(5)]
    arrays.clear()
    while in_circles:
        gc.collect()
        node = Node()
        node.me, node.array = node, in_circles.pop()
        del node
        memory.empty((1024,), np.dtype("uint8"))
    gc.collect()
    assert len(memory._free) == 6001


def test_what_lies_unused_is_given_up_before_memory_runs_out(monkeypatch):
    memory.empty(LARGE, np.dtype("uint8"))
    kept = len(memory._free)

    def once_full(size, dtype, empty=np.empty):
        if memory._free:
            raise MemoryError
        return empty(size, dtype)

    monkeypatch.setattr(memory.np, "empty", once_full)
    array = memory.empty((9 * LARGE[0],), np.dtype("uint8"))
    assert kept == 1
    assert array.nbytes == 9 * LARGE[0]
