"""Rows of a matrix looked up by whole numbers, and the gradient of that."""

from typing import Any

import numpy as np

from course_lib.backend import Rng, array_namespace
from course_lib.cells.layer import Layer, LayerCache, check_array, check_dtype, check_no_nan, check_shape

_ONE_HOT = 1 << 24  # numbers that a block of one-hot rows may take: 64 MB in float32


class Embedding(Layer):
    """A vector for each word or character, ``x_t = Eᵀ 1[id_t]``: row ``id_t`` of a matrix.

    Parameter ``E (V, D)``: normal numbers of standard deviation 1 at first, so that a cell gets inputs of about
    the size that its own first weights are meant for.

    Args:
        vocabulary_size: V, how many ids there are.
        size: D, the length of each vector.
        rng: where the first vectors come from.
        dtype: that of the cell above, float32 or float64.

    Raises:
        ValueError: if a size or the dtype is not one of these.

    Source: the product of a matrix with a one-hot row: Ramanathan, S61; learnt: Bengio et al. (2003).
    """

    def __init__(self, vocabulary_size: int, size: int, rng: Rng, dtype: Any = "float32"):
        super().__init__(rng, dtype, vocabulary_size=vocabulary_size, size=size)
        self.params = {"E": rng.normal((vocabulary_size, size), dtype=dtype)}

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {"E": (self.vocabulary_size, self.size)}

    def forward(self, ids: Any) -> tuple[Any, LayerCache]:
        """The vector of each id, ``x_tb = E[id_tb]``.

        Args:
            ids: whole numbers ``(T, B)`` in ``0, …, V - 1``.

        Returns:
            ``x (T, B, D)``, and the cache for `backward`.

        Raises:
            ValueError, TypeError: if something does not fit; the message names it. On a GPU, to look at the ids
                would be to wait for them: there the vector of an impossible id is nan instead.
        """
        params = self._checked_params()
        E, n = params["E"], self.vocabulary_size
        check_array("ids", ids)
        xp = array_namespace(ids, E)
        if ids.ndim != 2 or ids.dtype.kind not in "iu":
            raise ValueError(f"ids has shape {ids.shape} and dtype {ids.dtype}; expected (T, B) whole numbers")
        if xp is np and ids.size and not 0 <= ids.min() <= ids.max() < n:
            raise ValueError(f"ids go from {ids.min()} to {ids.max()}, but there are vectors 0 to {n - 1}")
        ids = ids.astype("int64", copy=False)
        if xp is np:
            x = E[ids]
        else:
            possible = (ids >= 0) & (ids < n)
            x = xp.where(possible[..., None], E[ids * possible], xp.full((), np.nan, dtype=self.dtype))
        return x, LayerCache(self, params, ids)

    def backward(self, dx: Any, cache: LayerCache) -> dict[str, Any]:
        """The gradients of a loss, from its gradient at each vector, ``dE_k = Σ_{t,b: id_tb = k} dx_tb``.

        Args:
            dx: ``∂L/∂x_t (T, B, D)``.
            cache: second result of `forward`; it may be used more than once.

        Returns:
            The gradients of the parameters, with the names and shapes of ``params``. Ids have none.

        Raises:
            ValueError, TypeError: if something does not fit; the message names it.
        """
        self._check_cache(cache)
        ids = cache.inputs
        check_shape("dx", dx, (*ids.shape, self.size), "(T, B, D)")
        array_namespace(dx, ids)
        check_dtype("dx", dx, self.dtype)
        check_no_nan("dx", dx)
        return {"E": sum_rows(ids.reshape(-1), dx.reshape(-1, self.size), self.vocabulary_size)}


def sum_rows(ids: Any, rows: Any, n: int) -> Any:
    """The sum of the rows of each id, ``Σ_{j: ids_j = k} rows_j`` for ``k = 0, …, n - 1``.

    It adds in the same order every time, also on a GPU, where ``xp.add.at`` does not.

    Args:
        ids: whole numbers ``(N,)`` in ``0, …, n - 1``.
        rows: ``(N, ...)``.
        n: how many rows the result has.

    Returns:
        ``(n, ...)``; zeros for ids that do not occur.
    """
    xp = array_namespace(ids, rows)
    sums = xp.zeros((n, *rows.shape[1:]), dtype=rows.dtype)
    if xp is np:  # sorted by id, each run is summed in one go
        ids = ids.astype("int64", copy=False)
        rows = np.take(rows, np.argsort(ids, kind="stable"), axis=0)
        counts = np.bincount(ids, minlength=n)
        present = np.flatnonzero(counts)
        start = 0
        for k, end in zip(present.tolist(), np.cumsum(counts[present]).tolist(), strict=True):
            np.add.reduce(rows[start:end], axis=0, out=sums[k])
            start = end
    else:
        # A product with one-hot rows, in which nan in one row makes all sums nan. CuPy's reduceat would subtract
        # running sums: the same, and it costs float32 its digits.
        rows, flat = rows.reshape(len(rows), -1), sums.reshape(n, -1)
        block = max(1, _ONE_HOT // len(rows))
        for start in range(0, n, block):
            part = flat[start : start + block]
            one_hot = ids == xp.arange(start, start + len(part))[:, None]
            xp.matmul(one_hot.astype(rows.dtype), rows, out=part)
    return sums
