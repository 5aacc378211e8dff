"""What all layers share: parameters, and checks of what comes in."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.backend import Rng

DTYPES = ("float32", "float64")


def check_array(name: str, array: Any) -> None:
    """Refuse what is not an array of NumPy or CuPy, such as a list or a tensor of torch."""
    if not hasattr(array, "dtype") or not hasattr(array, "strides"):
        raise TypeError(f"{name} is a {type(array).__name__}; make it an array first: backend.asarray({name})")


def check_shape(name: str, array: Any, shape: tuple[int, ...], letters: str) -> None:
    """Refuse what is not an array of that shape, and say what it should be."""
    check_array(name, array)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, but {letters} is {shape} here")


def check_dtype(name: str, array: Any, dtype: Any) -> None:
    """Refuse another dtype than the parameters': a mixture would turn float32 into float64 without a word."""
    if array.dtype != dtype:
        raise TypeError(
            f"{name} is {array.dtype}, but the parameters are {dtype}; convert it first: {name}.astype('{dtype}')"
        )


def check_no_nan(name: str, array: Any) -> None:
    """Refuse nan in what comes in, on the CPU (on a GPU, to look would be to wait for it; there nan spreads)."""
    # A sum of squares is nan only where an element is: infinities cannot cancel. It takes no memory on the way.
    if isinstance(array, np.ndarray) and np.isnan(np.vdot(array, array)):
        where = tuple(int(i) for i in np.argwhere(np.isnan(array))[0])
        raise ValueError(f"{name} holds nan, first at index {where}; look for what made it before this call")


@dataclass(slots=True, eq=False)
class LayerCache:
    """What a backward pass needs of its forward pass."""

    layer: "Layer"
    params: dict[str, Any]  # the arrays themselves
    inputs: Any


class Layer:
    """A layer with parameters.

    Attributes:
        params: the parameters by name. They may be replaced or changed in place between one `backward` and the
            next `forward`; a backward pass must see the parameters and inputs that its forward pass saw, for the
            cache refers to them and does not copy them.
        shapes: the shape that each parameter has to have.
    """

    params: dict[str, Any]

    def __init__(self, rng: Rng, dtype: Any, **sizes: int):
        if not isinstance(rng, Rng):
            raise TypeError(f"rng is {rng!r}; pass backend.Rng(seed)")
        for name, size in sizes.items():
            if not isinstance(size, int | np.integer) or size < 1:
                raise ValueError(f"{name} is {size!r}; it has to be a whole number of at least 1")
            setattr(self, name, int(size))
        if np.dtype(dtype) not in map(np.dtype, DTYPES):
            raise ValueError(f"dtype is {np.dtype(dtype).name}; layers compute in float32 or float64")
        self.dtype = np.dtype(dtype)
        self.shapes = self._shapes()

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape that each parameter has to have."""
        raise NotImplementedError

    def _checked_params(self) -> dict[str, Any]:
        """The parameters, once they are known to be of the layer's shapes and dtype."""
        if self.params.keys() != self.shapes.keys():
            raise ValueError(
                f"params has {sorted(self.params)}, but this {type(self).__name__} needs {sorted(self.shapes)}"
            )
        for name, array in self.params.items():
            if getattr(array, "shape", None) != self.shapes[name] or array.dtype != self.dtype:
                check_shape(f'params["{name}"]', array, self.shapes[name], "its shape")
                check_dtype(f'params["{name}"]', array, self.dtype)
        return dict(self.params)

    def _check_cache(self, cache: Any) -> None:
        """Refuse a cache that the forward pass of another layer made."""
        if getattr(cache, "layer", None) is not self:
            raise ValueError(
                f"this cache was not made by this {type(self).__name__}; pass the last result of its own forward"
            )
