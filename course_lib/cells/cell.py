"""What the three cells share: parameters, checks of what comes in, and sequences of unequal length."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib import init
from course_lib.backend import Rng, array_namespace, get_xp

DTYPES = ("float32", "float64")


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
    def read(cls, xp: Any, mask: Any, T: int, B: int) -> "Padding":
        """Check a mask and find the ends."""
        check_shape("mask", mask, (T, B), "(T, B)")
        mask = mask.astype(bool)
        if xp is np and not (mask[1:] <= mask[:-1]).all():  # on a GPU, to look would be to wait
            raise ValueError("mask has ones after zeros; each sequence is ones to its end, then zeros (pad at the end)")
        lengths = mask.sum(axis=0)
        return cls(mask[..., None], (lengths == xp.arange(T + 1)[:, None])[..., None], lengths)

    def last(self, states: Any) -> Any:
        """The state ``(B, H)`` at the end of each sequence, from all states ``(T+1, B, H)``."""
        xp = array_namespace(states)
        return states[self.lengths, xp.arange(states.shape[1])]

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


def check_shape(name: str, array: Any, shape: tuple[int, ...], letters: str) -> None:
    """Refuse what is not an array of that shape, and say what it should be."""
    if not hasattr(array, "dtype"):
        raise TypeError(f"{name} is a {type(array).__name__}; make it an array first: backend.asarray({name})")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, but {letters} is {shape} here")


def check_dtype(name: str, array: Any, dtype: Any) -> None:
    """Refuse another dtype than the cell's: a mixture would turn float32 into float64 without a word."""
    if array.dtype != dtype:
        raise TypeError(
            f"{name} is {array.dtype}, but the parameters are {dtype}; convert it first: {name}.astype('{dtype}')"
        )


def check_no_nan(name: str, array: Any) -> None:
    """Refuse nan in what comes in, on the CPU (on a GPU, to look would be to wait for it; there nan spreads)."""
    # A sum of squares is nan only where an element is: infinities cannot cancel. BLAS needs a tenth of the time
    # of isnan for it.
    if isinstance(array, np.ndarray) and np.isnan(np.vdot(array, array)):
        where = tuple(int(i) for i in np.argwhere(np.isnan(array))[0])
        raise ValueError(f"{name} holds nan, first at index {where}; look for what made it before this call")


@dataclass(slots=True, eq=False)
class Cache:
    """What a backward pass needs of its forward pass."""

    cell: "Cell"
    kernels: Any  # of the forward pass: the layout of what follows is theirs
    params: dict[str, Any]  # the arrays themselves
    x: Any
    padding: Padding | None
    h: Any  # (T + 1, B, H), from h0 on


class Cell:
    """A recurrent layer: what RNN, LSTM and GRU have in common.

    Attributes:
        params: the parameters by name. They may be replaced or changed in place between one `backward` and the
            next `forward`; a backward pass must see the parameters that its forward pass saw, for the cache
            refers to them and does not copy them.
        shapes: the shape that each parameter has to have.
        gates: names of the parts along the first axis of ``U``, ``W`` and ``b``; none for a plain RNN.
    """

    gates: tuple[str, ...] = ()

    def __init__(self, input_size: int, hidden_size: int, rng: Rng, dtype: Any = "float32"):
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if not isinstance(size, int | np.integer) or size < 1:
                raise ValueError(f"{name} is {size!r}; it has to be a whole number of at least 1")
        if np.dtype(dtype).name not in DTYPES:
            raise ValueError(f"dtype is {np.dtype(dtype).name}; cells compute in float32 or float64")
        self.input_size, self.hidden_size, self.dtype = int(input_size), int(hidden_size), np.dtype(dtype)
        self.shapes = self._shapes()
        self.params = {
            name: get_xp().zeros(shape, dtype=dtype) if name.startswith("b") else init.uniform(shape, rng, dtype)
            for name, shape in self.shapes.items()
        }

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape that each parameter has to have."""
        stack, H, D = (len(self.gates),) if self.gates else (), self.hidden_size, self.input_size
        return {"U": (*stack, H, D), "W": (*stack, H, H), "b": (*stack, H)}

    def _checked_params(self) -> dict[str, Any]:
        """The parameters, once they are known to be of the cell's shapes and dtype."""
        shapes = self.shapes
        if self.params.keys() != shapes.keys():
            raise ValueError(f"params has {sorted(self.params)}, but this cell needs {sorted(shapes)}")
        for name, array in self.params.items():
            if getattr(array, "shape", None) != shapes[name] or array.dtype != self.dtype:
                check_shape(f'params["{name}"]', array, shapes[name], "its shape")
                check_dtype(f'params["{name}"]', array, self.dtype)
        return self.params

    def _checked_input(self, x: Any) -> tuple[Any, Any, int, int]:
        """``xp, x, T, B`` for an input ``(T, B, D)``, or ``(T, B)`` whole numbers that stand for one-hot rows."""
        D = self.input_size
        if not hasattr(x, "dtype"):
            raise TypeError(f"x is a {type(x).__name__}; make it an array first: backend.asarray(x)")
        xp = array_namespace(x, *self.params.values())
        if x.ndim == 2 and x.dtype.kind in "iu":
            if x.size and xp is np and not 0 <= x.min() <= x.max() < D:
                raise ValueError(f"x goes from {x.min()} to {x.max()}, but the cell has inputs 0 to {D - 1}")
        elif x.ndim != 3 or x.shape[2] != D:
            raise ValueError(f"x has shape {x.shape}; expected (T, B, {D}), or (T, B) whole numbers for one-hot rows")
        else:
            check_dtype("x", x, self.dtype)
        if 0 in x.shape[:2]:
            raise ValueError(f"x has shape {x.shape}: there is no time step, or no sequence, to compute")
        x = xp.ascontiguousarray(x)
        if x.ndim == 3:
            check_no_nan("x", x)
        return xp, x, x.shape[0], x.shape[1]

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
        if getattr(cache, "cell", None) is not self:
            raise ValueError("this cache was not made by this cell; pass the third result of its own forward")
        T, B, H = cache.h.shape[0] - 1, cache.h.shape[1], self.hidden_size
        check_shape("dhs", dhs, (T, B, H), "(T, B, H)")
        xp = array_namespace(dhs, cache.h)
        check_dtype("dhs", dhs, self.dtype)
        dhs = xp.ascontiguousarray(dhs)
        check_no_nan("dhs", dhs)
        # numba would compile its kernels once more for a read-only array.
        return dhs.copy() if xp is np and not dhs.flags.writeable else dhs

    def _parameter_gradients(self, cache: Any, da: Any, dv: Any = None) -> tuple[Any, dict[str, Any]]:
        """``dx`` and the gradients of U, W and b.

        Args:
            cache: of the forward pass.
            da: gradients of the pre-activations, in the layout of the kernels.
            dv: gradients of the products ``W h_{t-1}``, where they are not ``da``.
        """
        k, x, U = cache.kernels, cache.x, cache.params["U"]
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
