"""The layer that turns hidden states into outputs."""

from typing import Any

from course_lib import init
from course_lib.backend import Rng, array_namespace, get_xp
from course_lib.cells.layer import Layer, LayerCache, check_array, check_dtype, check_no_nan, check_shape


class Output(Layer):
    """A linear layer at each step, ``o_t = V h_t + c``.

    Parameters ``V (O, H)`` and ``c (O,)``: uniform weights and no bias at first.

    Args:
        hidden_size: H.
        output_size: O.
        rng: where the first weights come from.
        dtype: that of the cell below, float32 or float64.

    Raises:
        ValueError: if a size or the dtype is not one of these.

    Source: Grabocka, S7.
    """

    def __init__(self, hidden_size: int, output_size: int, rng: Rng, dtype: Any = "float32"):
        super().__init__(rng, dtype, hidden_size=hidden_size, output_size=output_size)
        self.params = {
            "V": init.uniform((output_size, hidden_size), rng, dtype),
            "c": get_xp().zeros(output_size, dtype=dtype),
        }

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {"V": (self.output_size, self.hidden_size), "c": (self.output_size,)}

    def forward(self, hs: Any) -> tuple[Any, LayerCache]:
        """The outputs of all steps, ``o_t = V h_t + c``.

        Args:
            hs: hidden states ``(T, B, H)`` in the dtype of the layer.

        Returns:
            ``o (T, B, O)``, and the cache for `backward`.

        Raises:
            ValueError, TypeError: if something does not fit; the message names it.
        """
        params = self._checked_params()
        check_array("hs", hs)
        array_namespace(hs, *params.values())  # refuses arrays of two backends, with the cure
        if hs.ndim != 3 or hs.shape[2] != self.hidden_size:
            raise ValueError(f"hs has shape {hs.shape}; expected (T, B, {self.hidden_size})")
        check_dtype("hs", hs, self.dtype)
        check_no_nan("hs", hs)
        # As (T·B, H): one product of all steps is faster than T small ones.
        o = hs.reshape(-1, self.hidden_size) @ params["V"].T
        o += params["c"]
        return o.reshape(*hs.shape[:2], self.output_size), LayerCache(self, params, hs)

    def backward(self, do: Any, cache: LayerCache) -> tuple[Any, dict[str, Any]]:
        """The gradients of a loss, from its gradient at each output.

        ``dh_t = Vᵀ do_t``, ``dV = Σ_t do_t h_tᵀ``, ``dc = Σ_t do_t``.

        Args:
            do: ``∂L/∂o_t (T, B, O)``.
            cache: second result of `forward`; it may be used more than once.

        Returns:
            ``dhs (T, B, H)``: what the cell's `backward` wants; and the gradients of the parameters, with the
            names and shapes of ``params``.

        Raises:
            ValueError, TypeError: if something does not fit; the message names it.

        Source: Grabocka, S12 and S14; Ramanathan, S77.
        """
        self._check_cache(cache)
        hs, V = cache.inputs, cache.params["V"]
        check_shape("do", do, (*hs.shape[:2], self.output_size), "(T, B, O)")
        array_namespace(do, hs)
        check_dtype("do", do, self.dtype)
        check_no_nan("do", do)
        do = do.reshape(-1, self.output_size)
        grads = {"V": do.T @ hs.reshape(-1, self.hidden_size), "c": do.sum(axis=0)}
        return (do @ V).reshape(hs.shape), grads
