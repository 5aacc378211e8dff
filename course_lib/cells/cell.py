"""What the three cells share: parameters, checks of what comes in, and sequences of unequal length."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib import init
from course_lib.backend import Rng, array_namespace, get_xp
from course_lib.cells.layer import Layer, check_array, check_dtype, check_no_nan, check_shape


@dataclass(frozen=True)
class Padding:
    """Where the sequences of a batch end, from a mask ``(T, B)`` of ones followed by zeros.

    Steps after the end of a sequence compute something that nobody sees: the loops run over them as over any
    other, `hold` then overwrites them, and no gradient enters there. The loops know nothing of it.
    """

    mask: Any  # (T, B, 1) bool
    ends: Any  # (T + 1, B, 1) bool: row t marks the sequences of length t
    lengths: Any  # (B,)

    @classmethod
    def read(cls, x: Any, mask: Any) -> "Padding":
        """Check the mask of an input ``(T, B, …)`` and find the ends."""
        T, B = x.shape[:2]
        check_shape("mask", mask, (T, B), "(T, B)")
        xp = array_namespace(x, mask)
        mask = mask.astype(bool)
        if xp is np and not (mask[1:] <= mask[:-1]).all():  # on a GPU, to look would be to wait
            raise ValueError("mask has ones after zeros; each sequence is ones to its end, then zeros (pad at the end)")
        lengths = mask.sum(axis=0)
        return cls(mask[..., None], (lengths == xp.arange(T + 1)[:, None])[..., None], lengths)

    def last(self, states: Any) -> Any:
        """The state ``(B, H)`` at the end of each sequence, from all states ``(T+1, B, H)``."""
        xp = array_namespace(states)
        return states[self.lengths, xp.arange(states.shape[1])]

    def clear(self, x: Any) -> Any:
        """``x (T, B, D)`` or ``(T, B)`` with zeros after the end of each sequence, whatever stands there."""
        xp = array_namespace(x)
        return xp.where(self.mask if x.ndim == 3 else self.mask[..., 0], x, xp.zeros((), dtype=x.dtype))

    def hold(self, states: Any) -> None:
        """Overwrite the states ``(T+1, B, H)`` after the end of each sequence with its last one."""
        xp = array_namespace(states)
        states[1:] = xp.where(self.mask, states[1:], self.last(states))

    def gather(self, dhs: Any, dlast: Any) -> tuple[Any, Any]:
        """The gradients of held states, moved to where each state was made.

        Args:
            dhs: ``(T, B, H)``, also at steps after the end.
            dlast: ``(B, H)``, at the last states.

        Returns:
            ``(T, B, H)``, zero after the end, and ``(B, H)``: what sequences of length 0 pass to the first state.
        """
        xp = array_namespace(dhs)
        zero = xp.zeros((), dtype=dhs.dtype)
        dlast = dlast + xp.where(self.mask, zero, dhs).sum(axis=0)
        at_ends = xp.where(self.ends, dlast, zero)
        return xp.where(self.mask, dhs, zero) + at_ends[1:], at_ends[0]


@dataclass(slots=True, eq=False)
class Cache:
    """What a backward pass needs of its forward pass."""

    layer: "Cell"
    params: dict[str, Any]  # the arrays themselves
    x: Any
    kernels: type  # of the forward pass: the layout of what follows is theirs
    padding: Padding | None
    h: Any  # (T + 1, B, H), from h0 on


class Cell(Layer):
    """A recurrent layer: what RNN, LSTM and GRU have in common.

    Attributes:
        gates: names of the parts along the first axis of ``U``, ``W`` and ``b``; none for a plain RNN.
    """

    gates: tuple[str, ...] = ()

    def __init__(self, input_size: int, hidden_size: int, rng: Rng, dtype: Any = "float32"):
        super().__init__(rng, dtype, input_size=input_size, hidden_size=hidden_size)
        self.params = {
            name: get_xp().zeros(shape, dtype=dtype) if name.startswith("b") else init.uniform(shape, rng, dtype)
            for name, shape in self.shapes.items()
        }

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        stack, H, D = (len(self.gates),) if self.gates else (), self.hidden_size, self.input_size
        return {"U": (*stack, H, D), "W": (*stack, H, H), "b": (*stack, H)}

    def gate_values(self, cache: Any) -> dict[str, Any]:
        """What each gate, and the candidate, was at each step of a forward pass: to be drawn.

        Args:
            cache: third result of `forward`.

        Returns:
            ``(T, B, H)`` by the names of `gates`, on the CPU read-only. After the end of a masked sequence they
            mean nothing.

        Raises:
            ValueError: if the cache was made by another cell.
        """
        self._check_cache(cache)
        xp = array_namespace(cache.h)
        return {name: seal(xp, cache.kernels.gate(cache.gates, n)) for n, name in enumerate(self.gates)}

    def _kernels(self, cache: Any) -> Any:
        """Kernels for a backward pass: new ones, for what they write to is no part of the cache."""
        xp, (T, B, H) = array_namespace(cache.h), cache.h.shape
        return cache.kernels(xp, T - 1, B, H, self.dtype)

    def _checked_input(self, x: Any, mask: Any) -> tuple[Any, Any, Padding | None]:
        """``xp``, ``x (T, B, D)`` or ``(T, B)`` whole numbers for one-hot rows, and where the sequences end."""
        D = self.input_size
        check_array("x", x)
        xp = array_namespace(x, *self.params.values())
        one_hot = x.ndim == 2 and x.dtype.kind in "iu"
        if not one_hot and (x.ndim != 3 or x.shape[2] != D):
            raise ValueError(f"x has shape {x.shape}; expected (T, B, {D}), or (T, B) whole numbers for one-hot rows")
        if not one_hot:
            check_dtype("x", x, self.dtype)
        if 0 in x.shape[:2]:
            raise ValueError(f"x has shape {x.shape}: there is no time step, or no sequence, to compute")
        padding = None if mask is None else Padding.read(x, mask)
        x = xp.ascontiguousarray(padding.clear(x) if padding else x)
        if not one_hot:
            check_no_nan("x", x)
        elif xp is np and not 0 <= x.min() <= x.max() < D:
            raise ValueError(f"x goes from {x.min()} to {x.max()}, but the cell has inputs 0 to {D - 1}")
        return xp, x, padding

    def _checked_state(self, name: str, state: Any, B: int) -> Any:
        """A state, or the gradient at one, ``(B, H)``; zeros if it is None."""
        W = self.params["W"]
        xp = array_namespace(W, state)
        if state is None:
            return xp.zeros((B, self.hidden_size), dtype=self.dtype)
        check_shape(name, state, (B, self.hidden_size), "(B, H)")
        check_dtype(name, state, self.dtype)
        check_no_nan(name, state)
        return state

    def _checked_gradient(self, dhs: Any, cache: Any) -> Any:
        """``dhs (T, B, H)``, for the forward pass that made the cache."""
        self._check_cache(cache)
        T, B, H = cache.h.shape[0] - 1, cache.h.shape[1], self.hidden_size
        check_shape("dhs", dhs, (T, B, H), "(T, B, H)")
        xp = array_namespace(dhs, cache.h)
        check_dtype("dhs", dhs, self.dtype)
        dhs = xp.ascontiguousarray(dhs)
        check_no_nan("dhs", dhs)
        # numba would compile its kernels once more for a read-only array.
        return dhs.copy() if xp is np and not dhs.flags.writeable else dhs

    def _parameter_gradients(self, k: Any, cache: Any, da: Any, dv: Any = None) -> tuple[Any, dict[str, Any]]:
        """``dx`` and the gradients of U, W and b.

        Args:
            k: the kernels of this pass.
            cache: of the forward pass.
            da: gradients of the pre-activations, in the layout of the kernels.
            dv: gradients of the products ``W h_{t-1}``, where they are not ``da``.
        """
        x, U = cache.x, cache.params["U"]
        if x.ndim == 3:
            dx, dU = k.inputs_backward(da, U.reshape(-1, *U.shape[-2:])), k.weights_backward(da, x)
        else:
            dx, dU = None, k.one_hot_weights_backward(da, x.reshape(-1), self.input_size)
        dW = k.weights_backward(da if dv is None else dv, cache.h[:-1])
        grads = {"U": dU, "W": dW, "b": k.bias_backward(da)}
        return dx, {name: gradient.reshape(self.shapes[name]) for name, gradient in grads.items()}


def seal(xp: Any, hs: Any) -> Any:
    """``hs`` as the caller gets it: read-only where NumPy can, for the cache looks at the same memory."""
    if xp is np:
        hs = hs.view()
        hs.flags.writeable = False
    return hs
