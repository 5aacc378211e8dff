"""A second layout: the gates of a sequence at a step stand side by side, ``(T, B, G, H)``.

Products over all steps at once are then single products with ``(T·B, G·H)``, which are faster than one for each
gate. Array functions would be slower on it, since a gate of a step is no longer one run of memory; loops written
out, as in compiled.py and fused.py, do not mind.
"""

from typing import Any

from course_lib.cells.embedding import sum_rows
from course_lib.cells.plain import Plain


class Concatenated(Plain):
    """What of `Plain` depends on where the gates stand."""

    def gradients(self, G: int) -> Any:
        """Memory for the gradients of ``G`` gates at all steps."""
        return self.empty(self.T, self.B, G, self.H)

    @staticmethod
    def gate(gates: Any, n: int) -> Any:
        """Gate ``n`` at all steps, ``(T, B, H)``."""
        return gates[:, :, n]

    def views(self, da: Any, gates: slice) -> list[Any]:
        """The gradients of some gates at each step, for `product`."""
        return list(da[:, :, gates].swapaxes(1, 2))

    def inputs(self, x: Any, U: Any, b: Any, out: Any = None) -> Any:
        """``U x_t + b`` at all steps: memory that the gates take over, step by step."""
        G, H = b.shape
        gates = self.gradients(G) if out is None else out
        self._fill(x, U.reshape(G * H, -1).T, b.reshape(1, -1), gates.reshape(-1, G * H))
        return gates.reshape(self.T, self.B, G, H)

    def weights_backward(self, da: Any, h: Any, gates: slice = slice(None)) -> Any:
        """``Σ_t da_t h_tᵀ`` for some gates, ``(G, H, K)``."""
        da, h = self._columns(da, gates), h.reshape(self.T * self.B, -1)
        return self.xp.matmul(da.T, h, out=self.empty(da.shape[1], h.shape[1])).reshape(-1, self.H, h.shape[1])

    def one_hot_weights_backward(self, da: Any, ids: Any, D: int) -> Any:
        """``Σ_t da_t x_tᵀ`` for one-hot rows given as whole numbers, ``(G, H, D)``."""
        return self.xp.moveaxis(sum_rows(ids, da.reshape(len(ids), -1, self.H), D), 0, -1)

    def diagonal_backward(self, da: Any, c: Any, gates: slice) -> Any:
        """The diagonals of `weights_backward`, ``(G, H)``."""
        return (da[:, :, gates] * c[:, :, None]).sum(axis=(0, 1))

    def bias_backward(self, da: Any, gates: slice = slice(None)) -> Any:
        """``Σ_t da_t`` for some gates, ``(G, H)``."""
        da = self._columns(da, gates)
        return self.xp.matmul(self.xp.ones((1, len(da)), dtype=self.dtype), da).reshape(-1, self.H)

    def _columns(self, da: Any, gates: slice) -> Any:
        """``da (T, B, G, H)`` of some gates as a matrix ``(T·B, G·H)``, without a copy."""
        first, last, _ = gates.indices(da.shape[2])
        return da.reshape(self.T * self.B, -1)[:, first * self.H : last * self.H]

    def inputs_backward(self, da: Any, U: Any) -> Any:
        """``Σ_gates Uᵀ da_t`` for all steps, ``(T, B, D)``."""
        U = U.reshape(-1, U.shape[2])
        dx = self.empty(self.T, self.B, U.shape[1])
        self.xp.matmul(da.reshape(-1, len(U)), U, out=dx.reshape(-1, U.shape[1]))
        return dx
