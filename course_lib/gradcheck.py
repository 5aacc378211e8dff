"""Gradients checked against central differences: does a backward pass belong to its forward pass?"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course_lib.backend import array_namespace, asnumpy


def numerical_gradient(f: Callable[[Any], Any], x: Any, eps: float = 1e-6) -> Any:
    """The gradient of ``f`` at ``x`` by central differences, ``∂f/∂x_i ≈ (f(x + εe_i) - f(x - εe_i)) / 2ε``.

    The elements of ``x`` are changed in place, one at a time, and put back; so ``f`` may also read ``x`` from
    elsewhere, e.g. from a dictionary of parameters. The error is of the order of ``ε²`` from the formula and
    ``10⁻¹⁶ |f| / ε`` from rounding: a smaller ε makes it worse.

    Args:
        f: from ``x`` to a number, or to an array of one element.
        x: float64 array of any shape, on either backend.
        eps: the step ε.

    Returns:
        The gradient: an array like ``x``.

    Raises:
        TypeError: if ``x`` or what ``f`` returns is not float64: in float32, differences are mostly rounding.
    """
    if x.dtype != np.float64:
        raise TypeError(f"central differences need float64, but x is {x.dtype}")
    values = asnumpy(x).copy()  # on a GPU, an element that is read is a view, and would change with x
    gradient = np.empty_like(values)
    for i in np.ndindex(x.shape):
        above, below = values[i] + eps, values[i] - eps
        difference = _with_element(f, x, i, above, values[i]) - _with_element(f, x, i, below, values[i])
        gradient[i] = difference / (above - below)  # the step that was really taken, after rounding
    return array_namespace(x).asarray(gradient)


def relative_error(a: Any, b: Any) -> float:
    """The largest difference of two arrays, relative to their largest value.

    ``max|a - b| / max(max|a|, max|b|)``; 0 where both are all zeros or empty, nan where either has a nan.

    Args:
        a: any shape, on either backend.
        b: the same shape, on either backend.

    Raises:
        ValueError: if the shapes differ.
    """
    a, b = asnumpy(a), asnumpy(b)
    if a.shape != b.shape:
        raise ValueError(f"shapes {a.shape} and {b.shape} differ")
    scale = np.max([np.abs(a).max(initial=0), np.abs(b).max(initial=0)])
    return 0.0 if scale == 0 else float(np.abs(a - b).max() / scale)


def check_gradients(
    f: Callable[[Mapping[str, Any]], Any],
    params: Mapping[str, Any],
    grads: Mapping[str, Any],
    eps: float = 1e-6,
) -> dict[str, float]:
    """The `relative_error` of each gradient against central differences; 1e-7 or less is right.

    Args:
        f: from ``params`` to the loss.
        params: float64 arrays by name; changed in place during the check, and put back.
        grads: the gradients to check, with the same names.
        eps: the step of `numerical_gradient`.

    Returns:
        The error by name.

    Raises:
        ValueError: if the names differ.
    """
    if params.keys() != grads.keys():
        raise ValueError(f"params has {sorted(params)}, but grads has {sorted(grads)}")
    return {
        name: relative_error(grads[name], numerical_gradient(lambda _: f(params), params[name], eps)) for name in params
    }


def _with_element(f: Callable[[Any], Any], x: Any, i: tuple[int, ...], value: float, before: float) -> float:
    """``f(x)`` with element ``i`` of ``x`` set to ``value``, and back to ``before`` whatever happens."""
    x[i] = value
    try:
        loss = asnumpy(f(x))
    finally:
        x[i] = before
    if loss.dtype != np.float64:
        raise TypeError(f"central differences need float64, but f returned {loss.dtype}")
    return loss.item()
