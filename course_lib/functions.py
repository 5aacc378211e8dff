"""Activations and losses, each with its derivative, for arrays of either backend and any float dtype.

The derivative of an activation takes the *output* of the activation, not its input: ``h = tanh(a)``,
``da = dh * dtanh(h)``. A backward pass has stored ``h`` and need not keep ``a``.

A loss is summed over time and averaged over the batch. A mask leaves steps out of the sum; B stays what it is, and
chunks of a sequence add up. It is computed in the dtype of ``o``, whatever that of the targets, so float32 stays
float32. It is returned as an array without axes, on a GPU still on the GPU: nothing here waits for the device.
"""

from typing import Any

import numpy as np

from course_lib.backend import array_namespace


def tanh(a: Any) -> Any:
    """The hyperbolic tangent of each element, ``(eᵃ - e⁻ᵃ) / (eᵃ + e⁻ᵃ)``.

    Args:
        a: any shape.

    Returns:
        Values in ``[-1, 1]`` of the same shape.

    Source: Grabocka, slide "RNN prediction model", S6.
    """
    return array_namespace(a).tanh(a)


def dtanh(h: Any) -> Any:
    """The derivative of tanh at each element, from its output: ``tanh′ = 1 - h²`` where ``h = tanh(a)``.

    Args:
        h: output of `tanh`, any shape.

    Returns:
        ``dh/da``, the same shape.

    Source: Grabocka, S13; WildML, S52.
    """
    return 1 - h * h


def sigmoid(a: Any) -> Any:
    """The logistic function of each element, ``σ(a) = 1 / (1 + e⁻ᵃ)``.

    Where ``a < 0`` it is computed as ``eᵃ / (1 + eᵃ)``: nothing overflows, and small values keep all their digits.

    Args:
        a: any shape.

    Returns:
        Values in ``[0, 1]`` of the same shape.

    Source: Grabocka, gates of the LSTM, S26.
    """
    xp = array_namespace(a)
    e = xp.exp(-xp.abs(a))
    return xp.where(a < 0, e, 1) / (1 + e)


def dsigmoid(s: Any) -> Any:
    """The derivative of σ at each element, from its output: ``σ′ = s (1 - s)`` where ``s = σ(a)``.

    Args:
        s: output of `sigmoid`, any shape.

    Returns:
        ``ds/da``, the same shape, at most ¼.

    Source: Ramanathan, S71.
    """
    return s * (1 - s)


def relu(a: Any) -> Any:
    """The positive part of each element, ``max(a, 0)``.

    Args:
        a: any shape.

    Returns:
        Values of at least 0, the same shape.

    Source: WildML, S55.
    """
    return array_namespace(a).maximum(a, 0)


def drelu(h: Any) -> Any:
    """The derivative of relu at each element, from its output: 1 where ``h > 0``, else 0 (at 0 too).

    Args:
        h: output of `relu`, any shape.

    Returns:
        ``dh/da``, the same shape and dtype.

    Source: WildML, S55.
    """
    return (h > 0).astype(h.dtype)


def softmax(o: Any) -> Any:
    """Logits to probabilities along the last axis, ``p_l = e^{o_l} / Σ_k e^{o_k}``.

    The largest logit is subtracted first: it cancels in the fraction, and no exponential overflows.

    Args:
        o: logits ``(..., O)``.

    Returns:
        Probabilities ``(..., O)``; each row sums to 1.

    Source: Grabocka, slide "RNN prediction model", S8.
    """
    xp = array_namespace(o)
    e = xp.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(o: Any, y: Any, mask: Any = None) -> Any:
    """The negative log-likelihood of the targets under ``softmax(o)``.

    ``L = -1/B Σ_t Σ_b Σ_l y_l log p_l``, with ``-log p_l = log Σ_k e^{o_k} - o_l`` (no logarithm of 0).

    Args:
        o: logits ``(T, B, O)``.
        y: integer classes ``(T, B)``, or the probability of each class ``(T, B, O)``. A row of zeros leaves
            its step out, e.g. where a shorter sequence is padded.
        mask: ``(T, B)``, ones at the steps that count; the others are left out, whatever their targets. None if
            all count.

    Returns:
        The loss, shape ``()``.

    Raises:
        ValueError: if the shapes do not fit, or a class is outside ``0, …, O - 1``. On a GPU, to look at the
            classes would be to wait for them: there the loss becomes nan instead.

    Source: Grabocka, S9; WildML, S39.
    """
    y = _probabilities(o, y, mask)
    xp = array_namespace(o, y)
    shifted = o - o.max(axis=-1, keepdims=True)
    minus_log_p = xp.log(xp.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    return (y * minus_log_p).sum() / o.shape[1]


def dcross_entropy(o: Any, y: Any, mask: Any = None) -> Any:
    """The gradient of `cross_entropy` with respect to the logits.

    ``∂L/∂o_l = (p_l Σ_k y_k - y_l) / B``, which is ``(p_l - 1[l = y]) / B`` for classes.

    Args:
        o: logits ``(T, B, O)``.
        y: targets, as for `cross_entropy`.
        mask: as for `cross_entropy`.

    Returns:
        ``do``, shape ``(T, B, O)``.

    Raises:
        ValueError: as `cross_entropy`; on a GPU, nan in the rows of impossible classes.

    Source: Grabocka, S11.
    """
    y = _probabilities(o, y, mask)
    return (softmax(o) * y.sum(axis=-1, keepdims=True) - y) / o.shape[1]


def squared_error(o: Any, y: Any, mask: Any = None) -> Any:
    """The squared distance of outputs and targets, ``L = 1/B Σ_t Σ_b ‖o - y‖²``.

    Args:
        o: outputs ``(T, B, O)``.
        y: targets ``(T, B, O)``.
        mask: as for `cross_entropy`.

    Returns:
        The loss, shape ``()``.

    Raises:
        ValueError: if the shapes do not fit.

    Source: Ni, S91 and S92.
    """
    difference = _difference(o, y, mask)
    return (difference * difference).sum() / o.shape[1]


def dsquared_error(o: Any, y: Any, mask: Any = None) -> Any:
    """The gradient of `squared_error` with respect to the outputs, ``∂L/∂o = 2 (o - y) / B``.

    Args:
        o: outputs ``(T, B, O)``.
        y: targets ``(T, B, O)``.
        mask: as for `cross_entropy`.

    Returns:
        ``do``, shape ``(T, B, O)``.

    Raises:
        ValueError: if the shapes do not fit.

    Source: Ni, S95.
    """
    return 2 * _difference(o, y, mask) / o.shape[1]


def _difference(o: Any, y: Any, mask: Any) -> Any:
    array_namespace(o, y, mask)  # refuses arrays of two backends, with the cure
    _check_outputs(o, mask)
    if y.shape != o.shape:
        raise ValueError(f"targets y of shape {y.shape} do not fit outputs o of shape {o.shape}")
    return _masked(o - y.astype(o.dtype, copy=False), mask)


def _probabilities(o: Any, y: Any, mask: Any) -> Any:
    """The targets ``y`` as probabilities in the shape and dtype of the logits ``o``; zeros where masked."""
    xp = array_namespace(o, y, mask)
    _check_outputs(o, mask)
    if y.shape == o.shape:
        return _masked(y.astype(o.dtype, copy=False), mask)
    if y.shape != o.shape[:2]:
        raise ValueError(
            f"targets y of shape {y.shape} do not fit logits o of shape {o.shape}: "
            "y is (T, B) classes or (T, B, O) probabilities"
        )
    if y.dtype.kind not in "iu":
        raise ValueError(f"targets y (T, B) are classes, hence integers, but their dtype is {y.dtype}")

    if mask is not None:
        y = y * mask.astype(bool)  # what fills up a shorter sequence need not be a class
    classes = o.shape[2]
    if xp is np and y.size and not 0 <= y.min() <= y.max() < classes:
        raise ValueError(f"targets y go from {y.min()} to {y.max()}, but o has classes 0 to {classes - 1}")
    one_hot = (y[..., None] == xp.arange(classes)).astype(o.dtype)
    # On a GPU the check would wait for the device; there 0/0 makes nan of an impossible class, plain to see.
    return _masked(one_hot if xp is np else one_hot / one_hot.sum(axis=-1, keepdims=True), mask)


def _masked(rows: Any, mask: Any) -> Any:
    """``rows (T, B, O)`` with zeros at the steps that the mask leaves out."""
    if mask is None:
        return rows
    xp = array_namespace(rows)
    return xp.where(mask.astype(bool)[..., None], rows, xp.zeros((), dtype=rows.dtype))


def _check_outputs(o: Any, mask: Any) -> None:
    if o.ndim != 3:
        raise ValueError(f"o is (T, B, O): time, batch, outputs; its shape is {o.shape}")
    if o.dtype.kind != "f":
        raise ValueError(f"o holds floats, but its dtype is {o.dtype}")
    if mask is not None and mask.shape != o.shape[:2]:
        raise ValueError(f"mask of shape {mask.shape} does not fit outputs o of shape {o.shape}: it is (T, B)")
