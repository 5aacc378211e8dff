"""Long short-term memory: forward over a sequence, and back-propagation through time."""

from dataclasses import dataclass
from typing import Any

from course_lib.backend import Rng
from course_lib.cells import kernels, options
from course_lib.cells.cell import Cache, Cell, seal

CHOICES = {
    "candidate": ("tanh", "sigmoid"),
    "coupled": (False, True),
    "peephole": (None, "full", "diagonal"),
    "output": ("tanh", "identity"),
}


EARLY, OUTPUT = slice(0, -2), slice(-2, -1)  # gates that look at c_{t-1}, and the one that looks at c_t


@dataclass(slots=True, eq=False)
class LSTMCache(Cache):
    """What the backward pass needs besides: the gates, and ``c (T+1, B, H)`` from ``c0`` on."""

    gates: Any
    c: Any


class LSTM(Cell):
    """A recurrent layer with a gated memory ``c``.

    ``i, f, o = σ(U x_t + W h_{t-1} + b)`` and ``g = tanh(U x_t + W h_{t-1} + b)``, each with its own part of the
    parameters; ``c_t = f ⊙ c_{t-1} + i ⊙ g`` and ``h_t = o ⊙ tanh(c_t)``.

    Parameters ``U (4, H, D)``, ``W (4, H, H)``, ``b (4, H)``, one part for each of `gates`, so that
    ``W_i, W_f, W_o, W_g = cell.params["W"]``. Uniform weights and no bias at first; a forget gate that starts
    open is ``cell.params["b"][cell.gates.index("f")] = 1``. The state is the pair ``(h, c)``.

    Args:
        input_size: D.
        hidden_size: H.
        rng: where the first weights come from, in the order U, W, P.
        dtype: float32 to train, float64 to check gradients.
        candidate: ``"tanh"``, or ``"sigmoid"`` for ``g = σ(…)`` as Grabocka's slides and Goodfellow have it.
        coupled: ``i = 1 - f``. There are three gates then, f, o and g.
        peephole: gates also see the memory, ``i`` and ``f`` as ``… + P c_{t-1}``, ``o`` as ``… + P c_t``.
            ``"full"``: ``P (3, H, H)``; ``"diagonal"``: each unit sees its own memory only, ``P (3, H)``.
        output: ``"tanh"``, or ``"identity"`` for ``h_t = o ⊙ c_t``.

    Raises:
        ValueError: if a size, the dtype or an option is not one of these.

    Source: Ramanathan, S82 to S87; sigmoid candidate: Grabocka, S26 to S30 (σ of the output gate was lost
    there); diagonal peepholes: Gers, Schraudolph and Schmidhuber (2002).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        rng: Rng,
        dtype: Any = "float32",
        candidate: str = "tanh",
        coupled: bool = False,
        peephole: str | None = None,
        output: str = "tanh",
    ):
        chosen = {"candidate": candidate, "coupled": coupled, "peephole": peephole, "output": output}
        for name, value in chosen.items():
            if value not in CHOICES[name]:
                raise ValueError(f"{name} is {value!r}; choose one of {', '.join(map(repr, CHOICES[name]))}")
        self.candidate, self.coupled, self.peephole, self.output = candidate, bool(coupled), peephole, output
        self.gates = ("f", "o", "g") if coupled else ("i", "f", "o", "g")
        super().__init__(input_size, hidden_size, rng, dtype)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = super()._shapes()
        if self.peephole:
            H = self.hidden_size
            shapes["P"] = (len(self.gates) - 1, H, H) if self.peephole == "full" else (len(self.gates) - 1, H)
        return shapes

    def _options(self) -> int:
        """The options as the kernels get them."""
        return (
            options.SIGMOID_CANDIDATE * (self.candidate == "sigmoid")
            | options.COUPLED * self.coupled
            | options.LINEAR_OUTPUT * (self.output == "identity")
            | options.DIAGONAL * (self.peephole == "diagonal")
        )

    def _diagonal(self, k: Any, params: dict[str, Any]) -> Any:
        """Diagonal peepholes as the kernels want them, or an empty array in their place."""
        return k.rows(params["P"]) if self.peephole == "diagonal" else k.empty(0, 0, 0)

    def forward(self, x: Any, state: Any = None, mask: Any = None) -> tuple[Any, Any, LSTMCache]:
        """Run over the sequences of a batch; the formulas are those of the class.

        Args:
            x: ``(T, B, D)`` in the dtype of the cell, or ``(T, B)`` whole numbers that stand for one-hot rows.
            state: ``(h0, c0)``, each ``(B, H)``; zeros if None.
            mask: ``(T, B)``, for sequences of unequal length: ones to the end of each, then zeros. After its end
                a sequence keeps its last state, whatever stands in ``x``. None if all are of length T.

        Returns:
            ``hs (T, B, H)``, on the CPU read-only; the last state ``(h, c)``; and the cache for `backward`.

        Raises:
            ValueError, TypeError: if something does not fit; the message names it.
        """
        xp, x, padding = self._checked_input(x, mask)
        T, B = x.shape[:2]
        params, G, H, opts = self._checked_params(), len(self.gates), self.hidden_size, self._options()
        k = kernels.start(xp, T, B, H, self.dtype)

        h, c = k.empty(T + 1, B, H), k.empty(T + 1, B, H)
        h[0], c[0] = self._checked_pair("state", state, B)
        gates = k.inputs(x, params["U"], params["b"])  # U x_t + b for all t
        W, wh, P = k.pack(params["W"]), k.products(G), self._diagonal(k, params)
        if self.peephole == "full":
            P_early, pc = k.pack(params["P"][:-1]), k.products(G - 2)
            P_o, pc_o = k.pack(params["P"][-1:]), k.products(1)
        with k.quiet():
            for t in range(T):
                k.product(h[t], W, wh)  #                              W h_{t-1}
                if self.peephole == "full":
                    k.product(c[t], P_early, pc)
                    k.add(wh, pc, 0)  #                                i, f: + P c_{t-1}
                    k.lstm_state(t, wh, gates, c, P, opts)  #          i, f, g;  c_t = f ⊙ c_{t-1} + i ⊙ g
                    k.product(c[t + 1], P_o, pc_o)
                    k.add(wh, pc_o, G - 2)  #                          o: + P c_t
                    k.lstm_output(t, wh, gates, c, h, P, opts)  #      o;  h_t = o ⊙ tanh(c_t)
                else:
                    k.lstm_forward(t, wh, gates, c, h, P, opts)  #     i, f, o, g;  c_t;  h_t

        if padding:
            padding.hold(h)
            padding.hold(c)
        last = h[T].copy(), c[T].copy()
        return seal(xp, h[1:]), last, LSTMCache(self, params, x, type(k), padding, h, gates, c)

    def backward(self, dhs: Any, cache: LSTMCache, dstate: Any = None) -> tuple[Any, Any, dict[str, Any]]:
        """Back-propagation through time: the gradients of a loss, from its gradient at each state.

        With ``dh_t = ∂⁺L/∂h_t + Wᵀ da_{t+1}``::

            da_o = dh_t ⊙ tanh(c_t) ⊙ o (1 - o)
            dc_t = dc_{t+1} ⊙ f_{t+1} + dh_t ⊙ o ⊙ (1 - tanh²(c_t))
            da_i = dc_t ⊙ g ⊙ i (1 - i)
            da_f = dc_t ⊙ c_{t-1} ⊙ f (1 - f)
            da_g = dc_t ⊙ i ⊙ (1 - g²)

        then, as in an RNN, ``dU = Σ_t da_t x_tᵀ``, ``dW = Σ_t da_t h_{t-1}ᵀ``, ``db = Σ_t da_t`` and
        ``dx_t = Uᵀ da_t``. Peepholes add ``Pᵀ da_o`` to ``dc_t``, and ``Pᵀ da_i + Pᵀ da_f`` to ``dc_{t-1}``.

        Args:
            dhs: ``∂⁺L/∂h_t (T, B, H)``, without what flows back from later steps.
            cache: third result of `forward`; it may be used more than once.
            dstate: ``(dh, dc)``, each ``(B, H)``, gradients at the last state that `forward` returned; none if
                None.

        Returns:
            ``dx`` like x (None for whole numbers); the gradients at the first state ``(dh0, dc0)``; and the
            gradients of the parameters, with the names and shapes of ``params``.

        Raises:
            ValueError, TypeError: if something does not fit; the message names it.

        Source: Gers, Schraudolph and Schmidhuber (2002), in full; no source document has it.
        """
        dhs = self._checked_gradient(dhs, cache)
        dh, dc = self._checked_pair("dstate", dstate, dhs.shape[1])
        k, gates, c, padding = self._kernels(cache), cache.gates, cache.c, cache.padding
        G, opts, P = len(self.gates), self._options(), self._diagonal(k, cache.params)
        if padding:
            dhs, dh0 = padding.gather(dhs, dh)
            dcs, dc0 = padding.gather(k.zeros_like(dhs), dc)
            dh, dc = k.zeros_like(dh), k.zeros_like(dc)
        else:
            dc = dc.copy()

        W, da, rec = k.pack_backward(cache.params["W"]), k.gradients(G), k.future(G, dh)
        das = k.views(da, slice(0, G))
        if self.peephole == "full":
            P_early, dc_early = k.pack_backward(cache.params["P"][:-1]), k.future(G - 2, dh)
            P_o, dc_o = k.pack_backward(cache.params["P"][-1:]), k.future(1, dh)
            das_early, das_o = k.views(da, EARLY), k.views(da, OUTPUT)
        for t in reversed(range(len(dhs))):
            if padding:
                dc += dcs[t]
            if self.peephole == "full":
                k.lstm_output_backward(t, dhs, rec, dc, gates, c, P, da, opts)  #   da_o;  dc_t
                k.product(das_o[t], P_o, dc_o)
                dc += k.total(dc_o)  #                                              dc_t += Pᵀ da_o
                k.lstm_state_backward(t, dc, gates, c, P, da, opts)  #              da_i, da_f, da_g;  dc_t ⊙ f
                k.product(das_early[t], P_early, dc_early)
                dc += k.total(dc_early)  #                                          + Pᵀ da_i + Pᵀ da_f
            else:
                k.lstm_backward(t, dhs, rec, dc, gates, c, P, da, opts)  #          da_t;  dc_t ⊙ f
            k.product(das[t], W, rec)  #                                            Wᵀ da_t

        dx, grads = self._parameter_gradients(k, cache, da)
        if self.peephole:
            of_gates = k.weights_backward if self.peephole == "full" else k.diagonal_backward
            grads["P"] = k.xp.concatenate([of_gates(da, c[:-1], EARLY), of_gates(da, c[1:], OUTPUT)])
        dh = k.total(rec)
        return dx, (dh + dh0, dc + dc0) if padding else (dh, dc), grads

    def _checked_pair(self, name: str, pair: Any, B: int) -> tuple[Any, Any]:
        """``(h, c)``, or the gradients at them."""
        if pair is None:
            pair = None, None
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"{name} is a {type(pair).__name__}; an LSTM's is a pair of arrays (h, c)")
        return self._checked_state(f"{name}[0]", pair[0], B), self._checked_state(f"{name}[1]", pair[1], B)
