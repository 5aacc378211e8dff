"""The gated recurrent unit: forward over a sequence, and back-propagation through time."""

from dataclasses import dataclass
from typing import Any

from course_lib.backend import Rng
from course_lib.cells import kernels
from course_lib.cells.cell import Cache, Cell, seal

CANDIDATE = slice(2, 3)


@dataclass(slots=True, eq=False)
class GRUCache(Cache):
    """What the backward pass needs besides: the gates, and ``r ⊙ h`` or ``W_g h + b_reset`` of each step."""

    gates: Any
    inner: Any


class GRU(Cell):
    """A recurrent layer that moves its state towards a candidate, ``h_t = (1 - z) ⊙ h_{t-1} + z ⊙ g``.

    ``z, r = σ(U x_t + W h_{t-1} + b)``, each with its own part of the parameters, and the candidate is

    - ``g = tanh(U_g x_t + W_g (r ⊙ h_{t-1}) + b_g)`` with the reset before the product, or
    - ``g = tanh(U_g x_t + b_g + r ⊙ (W_g h_{t-1} + b_reset))`` with the reset after it, as in cuDNN and torch.

    Parameters ``U (3, H, D)``, ``W (3, H, H)``, ``b (3, H)``, one part for each of `gates`, so that
    ``W_z, W_r, W_g = cell.params["W"]``; with the reset after the product also ``b_reset (H,)``. Uniform weights
    and no bias at first. Where a source keeps the old state with u, ``u = 1 - z``.

    Args:
        input_size: D.
        hidden_size: H.
        rng: where the first weights come from, U before W.
        dtype: float32 to train, float64 to check gradients.
        reset: ``"before"`` or ``"after"`` the product.

    Raises:
        ValueError: if a size, the dtype or the option is not one of these.

    Source: Ramanathan, S88; Grabocka, S32 to S34 (with u, and σ of the gates lost).
    """

    gates = ("z", "r", "g")

    def __init__(self, input_size: int, hidden_size: int, rng: Rng, dtype: Any = "float32", reset: str = "before"):
        if reset not in ("before", "after"):
            raise ValueError(f"reset is {reset!r}; choose 'before' or 'after' (the product)")
        self.reset = reset
        super().__init__(input_size, hidden_size, rng, dtype)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = super()._shapes()
        return shapes | {"b_reset": (self.hidden_size,)} if self.reset == "after" else shapes

    def forward(self, x: Any, state: Any = None, mask: Any = None) -> tuple[Any, Any, GRUCache]:
        """Run over the sequences of a batch; the formulas are those of the class.

        Args:
            x: ``(T, B, D)`` in the dtype of the cell, or ``(T, B)`` whole numbers that stand for one-hot rows.
            state: ``h0 (B, H)``; zeros if None.
            mask: ``(T, B)``, for sequences of unequal length: ones to the end of each, then zeros. After its end
                a sequence keeps its last state, whatever stands in ``x``. None if all are of length T.

        Returns:
            ``hs (T, B, H)``, on the CPU read-only; the last state ``(B, H)``; and the cache for `backward`.

        Raises:
            ValueError, TypeError: if something does not fit; the message names it.
        """
        xp, x, padding = self._checked_input(x, mask)
        T, B = x.shape[:2]
        params, H = self._checked_params(), self.hidden_size
        k = kernels.start(xp, T, B, H, self.dtype)

        h, inner = k.empty(T + 1, B, H), k.empty(T, B, H)
        h[0] = self._checked_state("state", state, B)
        gates = k.inputs(x, params["U"], params["b"])  # U x_t + b for all t
        if self.reset == "before":
            W_zr, wh_zr = k.pack(params["W"][:2]), k.products(2)
            W_g, wh_g = k.pack(params["W"][2:]), k.products(1)
        else:
            W, wh, b_reset = k.pack(params["W"]), k.products(3), k.rows(params["b_reset"][None])
        with k.quiet():
            for t in range(T):
                if self.reset == "before":
                    k.product(h[t], W_zr, wh_zr)  #                    W_z h_{t-1}, W_r h_{t-1}
                    k.gru_gates(t, wh_zr, gates, h, inner)  #          z, r;  r ⊙ h_{t-1}
                    k.product(inner[t], W_g, wh_g)  #                  W_g (r ⊙ h_{t-1})
                    k.gru_state(t, wh_g, gates, h)  #                  g;  h_t = (1 - z) ⊙ h_{t-1} + z ⊙ g
                else:
                    k.product(h[t], W, wh)  #                          W h_{t-1}
                    k.gru_forward(t, wh, gates, b_reset, inner, h)  #  z, r;  g from r ⊙ (W_g h_{t-1} + b_reset);  h_t

        if padding:
            padding.hold(h)
        return seal(xp, h[1:]), h[T].copy(), GRUCache(self, params, x, type(k), padding, h, gates, inner)

    def backward(self, dhs: Any, cache: GRUCache, dstate: Any = None) -> tuple[Any, Any, dict[str, Any]]:
        """Back-propagation through time: the gradients of a loss, from its gradient at each state.

        With ``dh_t = ∂⁺L/∂h_t + (1 - z_{t+1}) ⊙ dh_{t+1} + `` what comes through the gates of step t+1::

            da_z = dh_t ⊙ (g - h_{t-1}) ⊙ z (1 - z)
            da_g = dh_t ⊙ z ⊙ (1 - g²)
            da_r = Wᵀ_g da_g ⊙ h_{t-1} ⊙ r (1 - r)                  reset before the product
            da_r = da_g ⊙ (W_g h_{t-1} + b_reset) ⊙ r (1 - r)       reset after it

        then, as in an RNN, ``dU = Σ_t da_t x_tᵀ``, ``dW = Σ_t dv_t h_{t-1}ᵀ``, ``db = Σ_t da_t`` and
        ``dx_t = Uᵀ da_t``. Here ``dv`` is ``da``, but for the candidate: before, ``r ⊙ h_{t-1}`` takes the place
        of ``h_{t-1}``; after, ``dv_g = da_g ⊙ r``.

        Args:
            dhs: ``∂⁺L/∂h_t (T, B, H)``, without what flows back from later steps.
            cache: third result of `forward`; it may be used more than once.
            dstate: ``(B, H)``, gradient at the last state that `forward` returned; none if None.

        Returns:
            ``dx`` like x (None for whole numbers); the gradient at the first state ``(B, H)``; and the gradients
            of the parameters, with the names and shapes of ``params``.

        Raises:
            ValueError, TypeError: if something does not fit; the message names it.

        Source: derived from S88; no source document has it.
        """
        dhs = self._checked_gradient(dhs, cache)
        dh = self._checked_state("dstate", dstate, dhs.shape[1])
        k, gates, h, inner, padding = self._kernels(cache), cache.gates, cache.h, cache.inner, cache.padding
        if padding:
            dhs, dh0 = padding.gather(dhs, dh)
            dh = k.zeros_like(dh)

        W, da, direct = cache.params["W"], k.gradients(3), k.zeros_like(dh)
        if self.reset == "before":
            W_zr, das_zr, rec = k.pack_backward(W[:2]), k.views(da, slice(0, 2)), k.future(2, dh)
            W_g, das_g, drh = k.pack_backward(W[2:]), k.views(da, CANDIDATE), k.future(1, dh)
            for t in reversed(range(len(dhs))):
                k.gru_state_backward(t, dhs, rec, direct, gates, h, da)  #   da_z, da_g;  (1 - z) ⊙ dh_t
                k.product(das_g[t], W_g, drh)  #                             Wᵀ da_g
                k.gru_gates_backward(t, drh, direct, gates, h, da)  #        da_r;  + r ⊙ Wᵀ da_g
                k.product(das_zr[t], W_zr, rec)  #                           Wᵀ da_z + Wᵀ da_r
            dx, grads = self._parameter_gradients(k, cache, da)
            grads["W"][2] = k.weights_backward(da, inner, CANDIDATE)[0]
        else:
            W, dv, rec = k.pack_backward(W), k.gradients(3), k.future(3, dh)
            dvs = k.views(dv, slice(0, 3))
            for t in reversed(range(len(dhs))):
                k.gru_backward(t, dhs, rec, direct, gates, inner, h, da, dv)  # da, dv;  (1 - z) ⊙ dh_t
                k.product(dvs[t], W, rec)  #                                    Wᵀ dv
            dx, grads = self._parameter_gradients(k, cache, da, dv)
            grads["b_reset"] = k.bias_backward(dv, CANDIDATE)[0]

        dh = k.total(rec) + direct
        return dx, dh + dh0 if padding else dh, grads
