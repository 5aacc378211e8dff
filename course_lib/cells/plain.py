"""The kernels in plain array functions: the reference, which runs on NumPy and on CuPy.

Arrays are gate-major, ``(G, T, B, H)`` or ``(T, G, B, H)``: each gate of a step is one block of memory, the
element-wise functions run over it in one go, and the product of ``(B, H)`` with ``(G, H, H)`` is faster than
with ``(H, G·H)``. Everything is written into arrays that are already there.
"""

from typing import Any

from course_lib.cells.embedding import sum_rows
from course_lib.cells.options import COUPLED, DIAGONAL, LINEAR_OUTPUT, SIGMOID_CANDIDATE

_CACHED = 1 << 19  # numbers that a block of rows may take to stay in the second-level cache
_BLOCK = 1 << 15  # numbers of a block of steps whose local derivatives are computed together


class Plain:
    """One forward or backward pass over ``T`` steps of a batch of ``B`` sequences with ``H`` units."""

    name = "plain"

    def __init__(self, xp: Any, T: int, B: int, H: int, dtype: Any):
        self.xp, self.T, self.B, self.H, self.dtype = xp, T, B, H, dtype
        self.half, self.one = xp.asarray(0.5, dtype=dtype), xp.asarray(1, dtype=dtype)  # faster than 0.5 and 1
        self.temporary, self.dh = self.empty(B, H), self.empty(B, H)
        self.products, self.local = {}, None

    # ------------------------------------------------------------------------------------------ layout

    def empty(self, *shape: int) -> Any:
        """New memory."""
        return self.xp.empty(shape, dtype=self.dtype)

    def steps(self, G: int) -> Any:
        """Memory for the gates of all steps; ``[t]`` is one step."""
        return self.empty(self.T, G, self.B, self.H)

    def zeros_like(self, array: Any) -> Any:
        """Zeros."""
        return self.xp.zeros_like(array)

    def gradients(self, G: int) -> Any:
        """Memory for the gradients of the gates of all steps."""
        return self.empty(G, self.T, self.B, self.H)

    def gate(self, a: Any, n: int) -> Any:
        """Gate ``n`` of all steps, ``(T, B, H)``."""
        return a[:, n]

    def pack(self, W: Any, sigmoids: int) -> Any:
        """``W (G, H, K)`` as the products of the forward pass want it, with the sigmoid gates halved.

        ``σ(a) = (1 + tanh(a/2)) / 2``: where the weights are halved, one tanh serves all gates.
        """
        packed = self.empty(W.shape[0], W.shape[2], W.shape[1])
        self.xp.multiply(W[:sigmoids].swapaxes(1, 2), self.half, out=packed[:sigmoids])
        packed[sigmoids:] = W[sigmoids:].swapaxes(1, 2)
        return packed

    def rows(self, b: Any) -> Any:
        """``b (G, H)`` repeated for each sequence."""
        rows = self.empty(len(b), self.B, self.H)
        rows[...] = b[:, None]
        return rows

    # ---------------------------------------------------------------------------------------- products

    def inputs(self, x: Any, U: Any, b: Any, sigmoids: int) -> Any:
        """``U x_t + b`` for all steps and gates at once, ``(G, T, B, H)``, halved as `pack` halves."""
        xp, rows, (G, H) = self.xp, self.T * self.B, b.shape
        packed, bias = self.pack(U, sigmoids), self.empty(G, 1, H)
        bias[:, 0] = b
        bias[:sigmoids] *= self.half
        ux = self.empty(G, rows, H)
        if x.ndim == 2:  # the product with a one-hot row is a row of the weights
            packed += bias
            xp.take(packed, x.reshape(-1), axis=1, out=ux)
            return ux.reshape(G, self.T, self.B, H)
        x = x.reshape(rows, -1)
        block = max(64, _CACHED // (G * H))
        for start in range(0, rows, block):
            part = ux[:, start : start + block]
            xp.matmul(x[start : start + block], packed, out=part)
            part += bias
        return ux.reshape(G, self.T, self.B, H)

    def recurrent(self, h: Any, W: Any) -> Any:
        """``W h`` for all gates of one step, with packed weights; the next call overwrites it."""
        return self.xp.matmul(h, W, out=self._product(len(W)))

    def add(self, wh: Any, product: Any, first: int) -> None:
        """Add another product to those of a step, from gate ``first`` on."""
        wh[first : first + len(product)] += product

    def future(self, G: int, dh: Any) -> Any:
        """In place of `recurrent_backward` for the last step: ``dh``, which comes from outside."""
        rec = self._product(G)
        rec[0] = dh
        rec[1:] = 0
        return rec

    def recurrent_backward(self, t: int, da: Any, W: Any, first: int = 0) -> Any:
        """``Wᵀ da_t`` for each gate from gate ``first`` on; the next call overwrites it.

        Their sum is what step ``t`` adds to the gradient at what ``W`` was multiplied with.
        """
        return self.xp.matmul(da[first : first + len(W), t], W, out=self._product(len(W)))

    def _product(self, G: int) -> Any:
        """Memory for a product."""
        if (memory := self.products.get(G)) is None:
            memory = self.products[G] = self.empty(G, self.B, self.H)
        return memory

    def total(self, rec: Any) -> Any:
        """The sum over the gates, ``(B, H)``."""
        return rec.sum(axis=0)

    def weights_backward(self, da: Any, h: Any) -> Any:
        """``Σ_t da_t h_tᵀ`` for all gates, ``(G, H, K)``."""
        G, rows = da.shape[0], self.T * self.B
        return self.xp.matmul(da.reshape(G, rows, self.H).swapaxes(1, 2), h.reshape(rows, -1))

    def input_weights_backward(self, da: Any, x: Any, D: int) -> Any:
        """``Σ_t da_t x_tᵀ`` for all gates, ``(G, H, D)``, also for one-hot rows given as whole numbers."""
        if x.ndim == 3:
            return self.weights_backward(da, x)
        rows = da.reshape(da.shape[0], -1, self.H).swapaxes(0, 1)  # (T·B, G, H)
        return self.xp.moveaxis(sum_rows(x.reshape(-1), rows, D), 0, -1)

    def peephole_backward(self, da: Any, c: Any, full: bool) -> Any:
        """``Σ_t da_t c_{t-1}ᵀ``, for the output gate ``Σ_t da_t c_tᵀ``; only the diagonals unless full."""
        xp, early, late = self.xp, da[:-2], da[-2:-1]
        if full:
            return xp.concatenate([self.weights_backward(early, c[:-1]), self.weights_backward(late, c[1:])])
        return xp.concatenate([(early * c[:-1]).sum(axis=(1, 2)), (late * c[1:]).sum(axis=(1, 2))])

    def last_gate(self, da: Any) -> Any:
        """The gradients of the last gate alone."""
        return da[-1:]

    def bias_backward(self, da: Any) -> Any:
        """``Σ_t da_t`` for all gates, ``(G, H)``."""
        ones = self.xp.ones((1, self.T * self.B), dtype=self.dtype)  # a product: twice as fast as a sum
        return self.xp.matmul(ones, da.reshape(da.shape[0], -1, self.H))[:, 0]

    def inputs_backward(self, da: Any, U: Any) -> Any:
        """``Σ_gates Uᵀ da_t`` for all steps, ``(T, B, D)``."""
        da = da.reshape(da.shape[0], -1, self.H)
        dx = self.xp.matmul(da[0], U[0])
        if len(U) > 1:
            part = self.xp.empty_like(dx)
            for da_gate, U_gate in zip(da[1:], U[1:], strict=True):
                dx += self.xp.matmul(da_gate, U_gate, out=part)
        return dx.reshape(self.T, self.B, -1)

    # --------------------------------------------------------------------------------------------- RNN

    def rnn_forward(self, t: int, wh: Any, ux: Any, h: Any, relu: int) -> None:
        """``h_t = tanh(W h_{t-1} + U x_t + b)``; relu instead if asked."""
        out = h[t + 1]
        self.xp.add(wh[0], ux[0, t], out=out)
        if relu:
            self.xp.maximum(out, 0, out=out)
        else:
            self.xp.tanh(out, out=out)

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
        """σ for the first gates of a block and tanh for the rest, in place."""
        self.xp.tanh(a, out=a)
        s = a[:sigmoids]
        self.xp.multiply(s, self.half, out=s)
        self.xp.add(s, self.half, out=s)

    def lstm_forward(self, t: int, wh: Any, ux: Any, a: Any, c: Any, tanh_c: Any, h: Any, P: Any, options: int) -> None:
        """The gates ``a_t``, ``c_t`` and ``h_t``."""
        if options & DIAGONAL:
            self.lstm_state(t, wh, ux, a, c, P, options)
            self.lstm_output(t, wh, ux, a, c, tanh_c, h, P, options)
            return
        a = a[t]
        self.xp.add(wh, ux[:, t], out=a)
        self._squash(a, len(a) if options & SIGMOID_CANDIDATE else len(a) - 1)
        self._cell_state(t, a, c, options)
        self._cell_output(t, a, c, tanh_c, h, options)

    def lstm_state(self, t: int, wh: Any, ux: Any, a: Any, c: Any, P: Any, options: int) -> None:
        """With peepholes, the first half of `lstm_forward`: ``i, f, g`` and ``c_t``."""
        a = a[t]
        self.xp.add(wh, ux[:, t], out=a)
        if options & DIAGONAL:
            a[:-2] += self.half * P[:-1] * c[t]
        self._squash(a[:-2], len(a) - 2)
        self._squash(a[-1:], 1 if options & SIGMOID_CANDIDATE else 0)
        self._cell_state(t, a, c, options)

    def lstm_output(self, t: int, wh: Any, ux: Any, a: Any, c: Any, tanh_c: Any, h: Any, P: Any, options: int) -> None:
        """With peepholes, the second half of `lstm_forward`: ``o``, which sees ``c_t``, and ``h_t``."""
        a = a[t]
        self.xp.add(wh[-2], ux[-2, t], out=a[-2])
        if options & DIAGONAL:
            a[-2] += self.half * P[-1] * c[t + 1]
        self._squash(a[-2:-1], 1)
        self._cell_output(t, a, c, tanh_c, h, options)

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

    def _cell_output(self, t: int, a: Any, c: Any, tanh_c: Any, h: Any, options: int) -> None:
        """``h_t = o ⊙ tanh(c_t)``, or ``o ⊙ c_t``."""
        squashed = c[t + 1] if options & LINEAR_OUTPUT else self.xp.tanh(c[t + 1], out=tanh_c[t])
        self.xp.multiply(a[-2], squashed, out=h[t + 1])

    def _lstm_local(self, t: int, a: Any, c: Any, tanh_c: Any, da: Any, options: int) -> None:
        """The factors of the backward step that no later step changes, for a block of steps up to ``t``."""
        xp, one = self.xp, self.one
        block = max(1, _BLOCK // (da.shape[0] * self.B * self.H))
        if (self.T - 1 - t) % block:
            return
        if self.local is None:
            self.local = self.empty(self.T, self.B, self.H)
        w = slice(max(0, t + 1 - block), t + 1)
        gates, d, local = a[w].swapaxes(0, 1), da[:, w], self.local[w]
        f, o, g = gates[-3], gates[-2], gates[-1]
        n = len(gates) if options & SIGMOID_CANDIDATE else len(gates) - 1
        xp.subtract(one, gates[:n], out=d[:n])  # σ′ = s (1 - s)
        d[:n] *= gates[:n]
        if n < len(gates):  # tanh′ = 1 - g²
            xp.multiply(g, g, out=d[-1])
            xp.subtract(one, d[-1], out=d[-1])
        if options & COUPLED:
            d[-1] *= one - f
            d[-3] *= c[w] - g
        else:
            d[-1] *= gates[-4]
            d[-4] *= g
            d[-3] *= c[w]
        if options & LINEAR_OUTPUT:
            d[-2] *= c[w.start + 1 : w.stop + 1]
            local[...] = o
        else:
            d[-2] *= tanh_c[w]
            xp.multiply(tanh_c[w], tanh_c[w], out=local)
            xp.subtract(one, local, out=local)
            local *= o

    def lstm_backward(
        self, t: int, dhs: Any, rec: Any, dc: Any, a: Any, c: Any, tanh_c: Any, P: Any, da: Any, options: int
    ) -> None:
        """``da_t`` from ``dh_t`` and ``dc``; ``dc`` becomes that of ``c_{t-1}``."""
        self.lstm_output_backward(t, dhs, rec, dc, a, c, tanh_c, P, da, options)
        self.lstm_state_backward(t, dc, a, c, P, da, options)

    def lstm_output_backward(
        self, t: int, dhs: Any, rec: Any, dc: Any, a: Any, c: Any, tanh_c: Any, P: Any, da: Any, options: int
    ) -> None:
        """The first half of `lstm_backward`: ``dh_t``, ``da`` of the output gate, and ``dc += dh ⊙ o ⊙ tanh′(c)``."""
        xp, dh, tmp, do = self.xp, self.dh, self.temporary, da[-2, t]
        self._lstm_local(t, a, c, tanh_c, da, options)
        xp.add.reduce(rec, axis=0, out=dh)
        xp.add(dh, dhs[t], out=dh)
        xp.multiply(do, dh, out=do)
        xp.multiply(self.local[t], dh, out=tmp)
        xp.add(dc, tmp, out=dc)
        if options & DIAGONAL:
            dc += do * P[-1]

    def lstm_state_backward(self, t: int, dc: Any, a: Any, c: Any, P: Any, da: Any, options: int) -> None:
        """The second half of `lstm_backward`: ``da`` of the other gates, and ``dc ⊙ f`` for the step before."""
        xp, early, dg = self.xp, da[:-2, t], da[-1, t]
        xp.multiply(early, dc, out=early)
        xp.multiply(dg, dc, out=dg)
        xp.multiply(dc, a[t, -3], out=dc)
        if options & DIAGONAL:
            dc += (early * P[:-1]).sum(axis=0)

    # --------------------------------------------------------------------------------------------- GRU

    def gru_gates(self, t: int, wh: Any, ux: Any, a: Any, h: Any, rh: Any) -> None:
        """Reset before the product: ``z``, ``r`` and ``r ⊙ h_{t-1}``."""
        zr = a[t, :2]
        self.xp.add(wh, ux[:2, t], out=zr)
        self._squash(zr, 2)
        self.xp.multiply(zr[1], h[t], out=rh[t])

    def gru_state(self, t: int, wh: Any, ux: Any, a: Any, h: Any) -> None:
        """Reset before the product: ``g = tanh(W_g (r ⊙ h_{t-1}) + ux_g)`` and ``h_t``."""
        g = a[t, 2]
        self.xp.add(wh[0], ux[2, t], out=g)
        self.xp.tanh(g, out=g)
        self._mix(t, a, h)

    def gru_forward(self, t: int, wh: Any, ux: Any, a: Any, b_reset: Any, inner: Any, h: Any) -> None:
        """Reset after the product: ``z``, ``r``, ``g = tanh(ux_g + r ⊙ (W_g h_{t-1} + b_reset))`` and ``h_t``."""
        xp, zr, g, tmp = self.xp, a[t, :2], a[t, 2], self.temporary
        xp.add(wh[2], b_reset[0], out=inner[t])
        xp.add(wh[:2], ux[:2, t], out=zr)
        self._squash(zr, 2)
        xp.multiply(zr[1], inner[t], out=tmp)
        xp.add(tmp, ux[2, t], out=g)
        xp.tanh(g, out=g)
        self._mix(t, a, h)

    def _mix(self, t: int, a: Any, h: Any) -> None:
        """``h_t = h_{t-1} + z ⊙ (g - h_{t-1})``."""
        z, _, g = a[t]
        new = h[t + 1]
        self.xp.subtract(g, h[t], out=new)
        self.xp.multiply(new, z, out=new)
        self.xp.add(new, h[t], out=new)

    def gru_state_backward(self, t: int, dhs: Any, rec: Any, direct: Any, a: Any, h: Any, da: Any) -> None:
        """``da`` of ``z`` and of ``g``, from ``dh_t``; ``direct`` becomes ``dh_t ⊙ (1 - z)``."""
        xp, dh, tmp = self.xp, self.dh, self.temporary
        z, _, g = a[t]
        dz, dg = da[0, t], da[2, t]
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

    def gru_gates_backward(self, t: int, drh: Any, direct: Any, a: Any, h: Any, da: Any) -> None:
        """Reset before the product: ``da_r``, from the gradient of ``r ⊙ h_{t-1}``, which is added to ``direct``."""
        r, dr, drh = a[t, 1], da[1, t], drh[0]
        self.xp.multiply(drh, h[t], out=dr)
        self._gru_reset(r, dr)
        self.xp.multiply(drh, r, out=self.temporary)
        self.xp.add(direct, self.temporary, out=direct)

    def gru_backward(
        self, t: int, dhs: Any, rec: Any, direct: Any, a: Any, inner: Any, h: Any, da: Any, dv: Any
    ) -> None:
        """Reset after the product: ``da``, and ``dv``, the gradients of the products ``W h_{t-1}``."""
        xp, r, dr, dg = self.xp, a[t, 1], da[1, t], da[2, t]
        self.gru_state_backward(t, dhs, rec, direct, a, h, da)
        xp.multiply(dg, inner[t], out=dr)
        self._gru_reset(r, dr)
        dv[:2, t] = da[:2, t]
        xp.multiply(dg, r, out=dv[2, t])
