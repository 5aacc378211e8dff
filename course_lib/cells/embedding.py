"""Rows of a matrix looked up by whole numbers, and the gradient of that."""

from typing import Any

from course_lib.backend import array_namespace


def sum_rows(ids: Any, rows: Any, n: int) -> Any:
    """The sum of the rows of each id, ``Σ_{j: ids_j = k} rows_j`` for ``k = 0, …, n - 1``.

    The rows are sorted by id and each run is summed. Unlike ``xp.add.at`` this takes no longer where ids repeat,
    and on a GPU it adds in the same order every time.

    Args:
        ids: whole numbers ``(N,)`` in ``0, …, n - 1``.
        rows: ``(N, ...)``.
        n: how many rows the result has.

    Returns:
        ``(n, ...)``; zeros for ids that do not occur.
    """
    xp = array_namespace(ids, rows)
    order = xp.argsort(ids, kind="stable")
    ids = ids[order]
    starts = xp.searchsorted(ids, xp.arange(n))
    ends = xp.searchsorted(ids, xp.arange(n), side="right")
    sums = xp.add.reduceat(rows[order], xp.minimum(starts, len(ids) - 1), axis=0)
    # Where an id does not occur, reduceat gives the row that stands at its start.
    present = (ends > starts).reshape(-1, *[1] * (rows.ndim - 1))
    return xp.where(present, sums, xp.zeros((), dtype=rows.dtype))
