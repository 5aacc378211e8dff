"""The plain recurrent network: forward over a sequence, and back-propagation through time."""

from typing import Any

from course_lib.backend import Rng
from course_lib.cells import kernels
from course_lib.cells.cell import Cache, Cell, seal


class RNN(Cell):
    """A recurrent layer, ``h_t = tanh(U x_t + W h_{t-1} + b)``.

    Parameters ``U (H, D)``, ``W (H, H)``, ``b (H,)``: uniform weights and no bias at first.

    Args:
        input_size: D.
        hidden_size: H.
        rng: where the first weights come from, U before W.
        dtype: float32 to train, float64 to check gradients.
        activation: ``"tanh"`` or ``"relu"``.

    Raises:
        ValueError: if a size, the dtype or the activation is not one of these.

    Source: Grabocka, S5 and S6; relu: WildML, S55.
    """

    def __init__(self, input_size: int, hidden_size: int, rng: Rng, dtype: Any = "float32", activation: str = "tanh"):
        if activation not in ("tanh", "relu"):
            raise ValueError(f"activation is {activation!r}; choose 'tanh' or 'relu'")
        self.activation = activation
        super().__init__(input_size, hidden_size, rng, dtype)

    def forward(self, x: Any, state: Any = None, mask: Any = None) -> tuple[Any, Any, Cache]:
        """Run over the sequences of a batch, ``h_t = tanh(U x_t + W h_{t-1} + b)``.

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
        params, H, relu = self._checked_params(), self.hidden_size, int(self.activation == "relu")
        k = kernels.start(xp, T, B, H, self.dtype)

        h = k.empty(T + 1, B, H)
        h[0] = self._checked_state("state", state, B)
        k.inputs(x, params["U"][None], params["b"][None], out=h[1:])  # U x_t + b for all t
        W, wh = k.pack(params["W"][None]), k.products(1)
        for t in range(T):
            k.product(h[t], W, wh)  #                W h_{t-1}
            k.rnn_forward(t, wh, h, relu)  #         h_t = tanh(U x_t + b + W h_{t-1})

        if padding:
            padding.hold(h)
        return seal(xp, h[1:]), h[T].copy(), Cache(self, params, x, type(k), padding, h)

    def backward(self, dhs: Any, cache: Cache, dstate: Any = None) -> tuple[Any, Any, dict[str, Any]]:
        """Back-propagation through time: the gradients of a loss, from its gradient at each state.

        ``dh_t = ∂⁺L/∂h_t + Wᵀ da_{t+1}``, ``da_t = dh_t ⊙ (1 - h_t²)``, then
        ``dU = Σ_t da_t x_tᵀ``, ``dW = Σ_t da_t h_{t-1}ᵀ``, ``db = Σ_t da_t``, ``dx_t = Uᵀ da_t``.

        Args:
            dhs: ``∂⁺L/∂h_t (T, B, H)``, without what flows back from later steps.
            cache: third result of `forward`; it may be used more than once.
            dstate: ``(B, H)``, gradient at the last state that `forward` returned; none if None.

        Returns:
            ``dx`` like x (None for whole numbers); the gradient at the first state ``(B, H)``; and the gradients
            of the parameters, with the names and shapes of ``params``.

        Raises:
            ValueError, TypeError: if something does not fit; the message names it.

        Source: Grabocka, S13 to S19; Ramanathan, S77 and S78.
        """
        dhs = self._checked_gradient(dhs, cache)
        dh = self._checked_state("dstate", dstate, dhs.shape[1])
        k, h, relu = self._kernels(cache), cache.h, int(self.activation == "relu")
        W, padding = k.pack_backward(cache.params["W"][None]), cache.padding
        if padding:
            dhs, dh0 = padding.gather(dhs, dh)
            dh = k.zeros_like(dh)

        da, rec = k.gradients(1), k.future(1, dh)
        das = k.views(da, slice(0, 1))
        for t in reversed(range(len(dhs))):
            k.rnn_backward(t, dhs, rec, h, da, relu)  #      da_t = (dh_t + Wᵀ da_{t+1}) ⊙ (1 - h_t²)
            k.product(das[t], W, rec)  #                     Wᵀ da_t

        dx, grads = self._parameter_gradients(k, cache, da)
        return dx, k.total(rec) + dh0 if padding else k.total(rec), grads
