"""The kernels in plain array functions: the reference, which runs on NumPy and on CuPy.

Arrays are gate-major, ``(G, T, B, H)``: each gate of a step is one block of memory, the element-wise functions
run over it in one go, and the product of ``(B, H)`` with ``(G, H, H)`` is faster than with ``(H, G·H)``.
Everything is written into arrays that are already there: the gates replace ``U x_t + b`` where it stood.
"""

import contextlib
import functools
from typing import Any

import numpy as np

from course_lib.cells import memory
from course_lib.cells.embedding import sum_rows
from course_lib.cells.options import COUPLED, DIAGONAL, LINEAR_OUTPUT, SIGMOID_CANDIDATE

_WORTH_A_COPY = 32  # rows of products
_CACHED = 1 << 19  # numbers that a block of rows may take to stay in the second-level cache
_BLOCK = 1 << 15  # numbers of a block of steps whose local derivatives are computed together


@functools.cache
def _one(xp: Any, dtype: Any) -> Any:
    """1 as an array without axes, which functions take with less ado than a number."""
    return xp.asarray(1, dtype=dtype)


class Plain:
    """One forward or backward pass over ``T`` steps of a batch of ``B`` sequences with ``H`` units."""

    name = "plain"

    def __init__(self, xp: Any, T: int, B: int, H: int, dtype: Any):
        self.xp, self.T, self.B, self.H, self.dtype = xp, T, B, H, dtype
        self.one = _one(xp, dtype)
        self.minus_one = -self.one
        self.local = None
        #: ``product(h_t, W, out)`` is ``W h_t`` for packed weights, ``product(da_t, W, out)`` is ``Wᵀ da_t``.
        self.product = xp.matmul if xp is np else self._product

    def _product(self, h: Any, W: Any, out: Any) -> Any:
        """`product` on CuPy, whose matmul takes no third argument without its name."""
        return self.xp.matmul(h, W, out=out)

    @functools.cached_property
    def temporary(self) -> Any:
        """Memory for what a step needs and the next does not."""
        return self.empty(self.B, self.H)

    @functools.cached_property
    def dh(self) -> Any:
        """Memory for the gradient at the state of a step."""
        return self.empty(self.B, self.H)

    def quiet(self) -> Any:
        """Around a loop over time: no warning where ``e⁻ᵃ`` overflows, for there σ is 0 as it should be."""
        return np.errstate(over="ignore") if self.xp is np else contextlib.nullcontext()

    # ------------------------------------------------------------------------------------------ layout

    def empty(self, *shape: int) -> Any:
        """New memory."""
        return memory.empty(shape, self.dtype) if self.xp is np else self.xp.empty(shape, dtype=self.dtype)

    def zeros_like(self, array: Any) -> Any:
        """Zeros."""
        return self.xp.zeros_like(array)

    def products(self, G: int) -> Any:
        """Memory for the products of ``G`` gates in one step."""
        return self.empty(G, self.B, self.H)

    def gradients(self, G: int) -> Any:
        """Memory for the gradients of ``G`` gates at all steps."""
        return self.empty(G, self.T, self.B, self.H)

    @staticmethod
    def gate(gates: Any, n: int) -> Any:
        """Gate ``n`` at all steps, ``(T, B, H)``."""
        return gates[n]

    def views(self, da: Any, gates: slice) -> list[Any]:
        """The gradients of some gates at each step, for `product`."""
        return list(da[gates].swapaxes(0, 1))

    def pack(self, W: Any) -> Any:
        """``W (G, H, K)`` as the products of the forward pass want it, ``(G, K, H)``.

        The products are faster with a copy in that order, once there are enough of them to pay for it.
        """
        packed = W.swapaxes(1, 2)
        return packed.copy() if self.T * self.B >= _WORTH_A_COPY else packed

    def pack_backward(self, W: Any) -> Any:
        """``W (G, H, K)`` as the products of the backward pass want it."""
        return W

    def rows(self, b: Any) -> Any:
        """``b (G, H)`` repeated for each sequence."""
        rows = self.products(len(b))
        rows[...] = b[:, None]
        return rows

    # ---------------------------------------------------------------------------------------- products

    def inputs(self, x: Any, U: Any, b: Any, out: Any = None) -> Any:
        """``U x_t + b`` at all steps: memory that the gates take over, step by step.

        Args:
            x: ``(T, B, D)``, or ``(T, B)`` whole numbers.
            U: ``(G, H, D)``.
            b: ``(G, H)``.
            out: memory for the result of a single gate, ``(T, B, H)``.
        """
        rows, (G, H) = self.T * self.B, b.shape
        gates = (self.gradients(G) if out is None else out).reshape(G, rows, H)
        self._fill(x, U.swapaxes(1, 2), b[:, None], gates)
        return gates.reshape(G, self.T, self.B, H)

    def _fill(self, x: Any, U: Any, b: Any, gates: Any) -> None:
        """``gates (..., T·B, N)`` from the rows of x, ``U (..., D, N)`` and ``b (..., 1, N)``."""
        if x.ndim == 2:
            gates[...] = self._look_up(U, x.reshape(-1))
            gates += b
            return
        x = x.reshape(self.T * self.B, -1)
        for block in self._blocks(gates.size // len(x)):
            part = gates[..., block, :]
            self.product(x[block], U, part)
            part += b

    def _blocks(self, width: int) -> list[slice]:
        """The rows ``0, …, T·B - 1`` in blocks whose gates stay in the cache from one operation to the next."""
        rows, block = self.T * self.B, max(64, _CACHED // width)
        return [slice(start, start + block) for start in range(0, rows, block)]

    def _look_up(self, U: Any, ids: Any) -> Any:
        """Rows of ``U (..., D, N)`` by whole numbers; on a GPU, where nobody looked, nan for impossible ones."""
        xp, D = self.xp, U.shape[-2]
        if xp is np:
            # The rows have gaps; with many to read it is faster to close these first.
            return (U.copy() if len(ids) > D else U)[..., ids, :]
        possible = (ids >= 0) & (ids < D)
        nan = xp.full((), xp.nan, dtype=self.dtype)
        return xp.where(possible[:, None], xp.take(U, ids * possible, axis=-2), nan)

    def add(self, wh: Any, product: Any, first: int) -> None:
        """Add another product to those of a step, from gate ``first`` on."""
        wh[first : first + len(product)] += product

    def future(self, G: int, dh: Any) -> Any:
        """Memory for the products of the backward pass; at first ``dh``, which comes from outside."""
        rec = self.products(G)
        rec[0] = dh
        rec[1:] = 0
        return rec

    def total(self, rec: Any) -> Any:
        """The sum of products of the backward pass over the gates, ``(B, H)``."""
        return self.xp.add.reduce(rec, axis=0)

    def weights_backward(self, da: Any, h: Any, gates: slice = slice(None)) -> Any:
        """``Σ_t da_t h_tᵀ`` for some gates, ``(G, H, K)``."""
        da, h = da[gates].reshape(-1, self.T * self.B, self.H), h.reshape(self.T * self.B, -1)
        return self.xp.matmul(da.swapaxes(1, 2), h, out=self.empty(len(da), self.H, h.shape[1]))

    def one_hot_weights_backward(self, da: Any, ids: Any, D: int) -> Any:
        """``Σ_t da_t x_tᵀ`` for one-hot rows given as whole numbers, ``(G, H, D)``."""
        rows = da.reshape(len(da), -1, self.H).swapaxes(0, 1)  # (T·B, G, H)
        return self.xp.moveaxis(sum_rows(ids, rows, D), 0, -1)

    def diagonal_backward(self, da: Any, c: Any, gates: slice) -> Any:
        """The diagonals of `weights_backward`, ``(G, H)``."""
        return (da[gates] * c).sum(axis=(1, 2))

    def bias_backward(self, da: Any, gates: slice = slice(None)) -> Any:
        """``Σ_t da_t`` for some gates, ``(G, H)``."""
        da = da[gates].reshape(-1, self.T * self.B, self.H)
        ones = self.xp.ones((1, da.shape[1]), dtype=self.dtype)  # a product is faster than a sum
        return self.xp.matmul(ones, da)[:, 0]

    def inputs_backward(self, da: Any, U: Any) -> Any:
        """``Σ_gates Uᵀ da_t`` for all steps, ``(T, B, D)``."""
        da, rows, D = da.reshape(len(da), -1, self.H), self.T * self.B, U.shape[2]
        dx = self.xp.matmul(da[0], U[0], out=self.empty(rows, D))
        if len(U) > 1:
            part = self.empty(rows, D)
            for gate in range(1, len(U)):
                dx += self.xp.matmul(da[gate], U[gate], out=part)
        return dx.reshape(self.T, self.B, D)

    # --------------------------------------------------------------------------------------------- RNN

    def rnn_forward(self, t: int, wh: Any, h: Any, relu: int) -> None:
        """``h_t = tanh(U x_t + b + W h_{t-1})``, relu if asked; the first part stands where ``h_t`` goes."""
        h_t = h[t + 1]
        self.xp.add(h_t, wh[0], out=h_t)
        if relu:
            self.xp.maximum(h_t, 0, out=h_t)
        else:
            self.xp.tanh(h_t, out=h_t)

    def rnn_backward(self, t: int, dhs: Any, rec: Any, h: Any, da: Any, relu: int) -> None:
        """``da_t = dh_t ⊙ (1 - h_t²)``; for relu, ``dh_t`` where ``h_t > 0``."""
        xp, h_t, da_t, dh = self.xp, h[t + 1], da[0, t], self.dh
        xp.add(dhs[t], rec[0], out=dh)
        if relu:
            xp.multiply(dh, h_t > 0, out=da_t)
        else:
            xp.multiply(h_t, h_t, out=da_t)
            xp.subtract(self.one, da_t, out=da_t)
            xp.multiply(da_t, dh, out=da_t)

    # -------------------------------------------------------------------------------------------- LSTM

    def _squash(self, a: Any, sigmoids: int) -> None:
        """σ for the first gates of a step and tanh for the rest, in place.

        ``σ(a) = 1 / (1 + e⁻ᵃ)``: a small gate keeps all its digits, which ``(1 + tanh(a/2)) / 2`` would cancel.
        """
        xp, s, g = self.xp, a[:sigmoids], a[sigmoids:]
        xp.multiply(s, self.minus_one, out=s)  # NumPy 2.4.6's negative, in place, spoils numbers 16 or 64 bytes apart
        xp.exp(s, out=s)
        xp.add(s, self.one, out=s)
        xp.divide(self.one, s, out=s)
        if len(g):
            xp.tanh(g, out=g)

    def lstm_forward(self, t: int, wh: Any, gates: Any, c: Any, h: Any, P: Any, options: int) -> None:
        """The gates, ``c_t`` and ``h_t``."""
        if options & DIAGONAL:
            self.lstm_state(t, wh, gates, c, P, options)
            self.lstm_output(t, wh, gates, c, h, P, options)
            return
        self.xp.add(wh, gates[:, t], out=wh)  # in one run of memory, faster than where the gates stand
        self._squash(wh, len(wh) if options & SIGMOID_CANDIDATE else len(wh) - 1)
        self._cell_state(t, wh, c, options)
        self._cell_output(t, wh, c, h, options)
        gates[:, t] = wh

    def lstm_state(self, t: int, wh: Any, gates: Any, c: Any, P: Any, options: int) -> None:
        """With peepholes, the first half of `lstm_forward`: ``i, f, g`` and ``c_t``."""
        a = gates[:, t]
        early, g = a[:-2], a[-1:]
        early += wh[:-2]
        g += wh[-1:]
        if options & DIAGONAL:
            early += P[:-1] * c[t]
        self._squash(early, len(early))
        self._squash(g, 1 if options & SIGMOID_CANDIDATE else 0)
        self._cell_state(t, a, c, options)

    def lstm_output(self, t: int, wh: Any, gates: Any, c: Any, h: Any, P: Any, options: int) -> None:
        """With peepholes, the second half of `lstm_forward`: ``o``, which sees ``c_t``, and ``h_t``."""
        a = gates[:, t]
        o = a[-2:-1]
        o += wh[-2:-1]
        if options & DIAGONAL:
            o += P[-1:] * c[t + 1]
        self._squash(o, 1)
        self._cell_output(t, a, c, h, options)

    def _cell_state(self, t: int, a: Any, c: Any, options: int) -> None:
        """``c_t = f ⊙ c_{t-1} + i ⊙ g``."""
        xp, new, f, g, tmp = self.xp, c[t + 1], a[-3], a[-1], self.temporary
        if options & COUPLED:  # i = 1 - f: c_t = g + f ⊙ (c_{t-1} - g)
            xp.subtract(c[t], g, out=new)
            xp.multiply(new, f, out=new)
            xp.add(new, g, out=new)
        else:
            xp.multiply(f, c[t], out=new)
            xp.multiply(a[-4], g, out=tmp)
            xp.add(new, tmp, out=new)

    def _cell_output(self, t: int, a: Any, c: Any, h: Any, options: int) -> None:
        """``h_t = o ⊙ tanh(c_t)``, or ``o ⊙ c_t``."""
        squashed = c[t + 1] if options & LINEAR_OUTPUT else self.xp.tanh(c[t + 1], out=self.temporary)
        self.xp.multiply(a[-2], squashed, out=h[t + 1])

    def _lstm_local(self, t: int, gates: Any, c: Any, da: Any, options: int) -> None:
        """The factors of the backward step that no later step changes, for a block of steps up to ``t``."""
        block = max(1, _BLOCK // (da.shape[0] * self.B * self.H))
        if (self.T - 1 - t) % block:
            return
        if self.local is None:
            self.local = self.empty(self.T, self.B, self.H)
        start = max(0, t + 1 - block)
        a, d, local = gates[:, start : t + 1], da[:, start : t + 1], self.local[start : t + 1]
        before, after = c[start : t + 1], c[start + 1 : t + 2]
        self._squash_backward(a, d, len(a) if options & SIGMOID_CANDIDATE else len(a) - 1)
        if options & COUPLED:
            d[-1] *= self.one - a[-3]
            d[-3] *= before - a[-1]
        else:
            d[-1] *= a[-4]
            d[-4] *= a[-1]
            d[-3] *= before
        self._output_backward(a[-2], after, d[-2], local, options)

    def _squash_backward(self, a: Any, d: Any, sigmoids: int) -> None:
        """``σ′ = s (1 - s)`` for the first gates, ``tanh′ = 1 - g²`` for the rest."""
        s, g = slice(0, sigmoids), slice(sigmoids, len(a))
        self.xp.subtract(self.one, a[s], out=d[s])
        d[s] *= a[s]
        self.xp.multiply(a[g], a[g], out=d[g])
        self.xp.subtract(self.one, d[g], out=d[g])

    def _output_backward(self, o: Any, c: Any, do: Any, local: Any, options: int) -> None:
        """``do ⊙ tanh(c)``, and in ``local`` what ``dc`` gets of ``dh``: ``o ⊙ (1 - tanh²(c))``."""
        xp = self.xp
        if options & LINEAR_OUTPUT:
            do *= c
            local[...] = o
        else:
            xp.tanh(c, out=local)
            do *= local
            xp.multiply(local, local, out=local)
            xp.subtract(self.one, local, out=local)
            local *= o

    def lstm_backward(
        self, t: int, dhs: Any, rec: Any, dc: Any, gates: Any, c: Any, P: Any, da: Any, options: int
    ) -> None:
        """``da_t`` from ``dh_t`` and ``dc``; ``dc`` becomes that of ``c_{t-1}``."""
        self.lstm_output_backward(t, dhs, rec, dc, gates, c, P, da, options)
        self.lstm_state_backward(t, dc, gates, c, P, da, options)

    def lstm_output_backward(
        self, t: int, dhs: Any, rec: Any, dc: Any, gates: Any, c: Any, P: Any, da: Any, options: int
    ) -> None:
        """The first half of `lstm_backward`: ``dh_t``, ``da_o``, and ``dc += dh ⊙ o ⊙ (1 - tanh²(c))``."""
        xp, dh, tmp, do = self.xp, self.dh, self.temporary, da[-2, t]
        self._lstm_local(t, gates, c, da, options)
        xp.add.reduce(rec, axis=0, out=dh)
        xp.add(dh, dhs[t], out=dh)
        xp.multiply(do, dh, out=do)
        xp.multiply(self.local[t], dh, out=tmp)
        xp.add(dc, tmp, out=dc)
        if options & DIAGONAL:
            dc += do * P[-1]

    def lstm_state_backward(self, t: int, dc: Any, gates: Any, c: Any, P: Any, da: Any, options: int) -> None:
        """The second half of `lstm_backward`: ``da`` of the other gates, and ``dc ⊙ f`` for the step before."""
        xp, early, dg = self.xp, da[:-2, t], da[-1, t]
        xp.multiply(early, dc, out=early)
        xp.multiply(dg, dc, out=dg)
        xp.multiply(dc, gates[-3, t], out=dc)
        if options & DIAGONAL:
            dc += (early * P[:-1]).sum(axis=0)

    # --------------------------------------------------------------------------------------------- GRU

    def gru_gates(self, t: int, wh: Any, gates: Any, h: Any, rh: Any) -> None:
        """Reset before the product: ``z``, ``r`` and ``r ⊙ h_{t-1}``."""
        zr = gates[:2, t]
        self.xp.add(zr, wh, out=zr)
        self._squash(zr, 2)
        self.xp.multiply(zr[1], h[t], out=rh[t])

    def gru_state(self, t: int, wh: Any, gates: Any, h: Any) -> None:
        """Reset before the product: ``g = tanh(U_g x_t + b_g + W_g (r ⊙ h_{t-1}))`` and ``h_t``."""
        g = gates[2, t]
        self.xp.add(g, wh[0], out=g)
        self.xp.tanh(g, out=g)
        self._mix(t, gates, h)

    def gru_forward(self, t: int, wh: Any, gates: Any, b_reset: Any, inner: Any, h: Any) -> None:
        """Reset after the product: ``z``, ``r``, ``g = tanh(U_g x_t + b_g + r ⊙ (W_g h_{t-1} + b_reset))``, ``h_t``."""
        xp, zr, g, tmp = self.xp, gates[:2, t], gates[2, t], self.temporary
        xp.add(wh[2], b_reset[0], out=inner[t])
        xp.add(zr, wh[:2], out=zr)
        self._squash(zr, 2)
        xp.multiply(zr[1], inner[t], out=tmp)
        xp.add(g, tmp, out=g)
        xp.tanh(g, out=g)
        self._mix(t, gates, h)

    def _mix(self, t: int, gates: Any, h: Any) -> None:
        """``h_t = h_{t-1} + z ⊙ (g - h_{t-1})``."""
        old, new = h[t], h[t + 1]
        self.xp.subtract(gates[2, t], old, out=new)
        self.xp.multiply(new, gates[0, t], out=new)
        self.xp.add(new, old, out=new)

    def gru_state_backward(self, t: int, dhs: Any, rec: Any, direct: Any, gates: Any, h: Any, da: Any) -> None:
        """``da`` of ``z`` and of ``g``, from ``dh_t``; ``direct`` becomes ``dh_t ⊙ (1 - z)``."""
        xp, dh, tmp = self.xp, self.dh, self.temporary
        z, g, dz, dg = gates[0, t], gates[2, t], da[0, t], da[2, t]
        xp.add.reduce(rec, axis=0, out=dh)
        xp.add(dh, dhs[t], out=dh)
        xp.add(dh, direct, out=dh)
        xp.multiply(dh, z, out=dg)  # dL/dg, before tanh
        xp.subtract(dh, dg, out=direct)
        xp.multiply(g, g, out=tmp)
        xp.subtract(self.one, tmp, out=tmp)
        xp.subtract(g, h[t], out=dz)  # dL/da_z = dh (g - h) z (1 - z) = dL/dg (g - h) (1 - z)
        xp.multiply(dz, dg, out=dz)
        xp.multiply(dg, tmp, out=dg)
        xp.subtract(self.one, z, out=tmp)
        xp.multiply(dz, tmp, out=dz)

    def _gru_reset(self, r: Any, dr: Any) -> None:
        """``da_r = dr ⊙ r (1 - r)``, in place of ``dr``."""
        xp, tmp = self.xp, self.temporary
        xp.multiply(dr, r, out=dr)
        xp.subtract(self.one, r, out=tmp)
        xp.multiply(dr, tmp, out=dr)

    def gru_gates_backward(self, t: int, drh: Any, direct: Any, gates: Any, h: Any, da: Any) -> None:
        """Reset before the product: ``da_r``, from the gradient of ``r ⊙ h_{t-1}``, which is added to ``direct``."""
        r, dr, drh = gates[1, t], da[1, t], drh[0]
        self.xp.multiply(drh, h[t], out=dr)
        self._gru_reset(r, dr)
        self.xp.multiply(drh, r, out=self.temporary)
        self.xp.add(direct, self.temporary, out=direct)

    def gru_backward(
        self, t: int, dhs: Any, rec: Any, direct: Any, gates: Any, inner: Any, h: Any, da: Any, dv: Any
    ) -> None:
        """Reset after the product: ``da``, and ``dv``, the gradients of the products ``W h_{t-1}``."""
        xp, r, dr, dg = self.xp, gates[1, t], da[1, t], da[2, t]
        self.gru_state_backward(t, dhs, rec, direct, gates, h, da)
        xp.multiply(dg, inner[t], out=dr)
        self._gru_reset(r, dr)
        dv[:2, t] = da[:2, t]
        xp.multiply(dg, r, out=dv[2, t])
