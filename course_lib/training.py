"""From a batch to the gradients of all parameters: in one go, or in chunks through which the state flows.

::

    cell, output = LSTM(65, 128, rng), Output(128, 65, rng)
    rule = Adam(cell.params | output.params, lr=3e-3)
    for loss, grads, state in truncated_bptt(cell, output, x, y, steps=50):
        clip_by_norm(grads, 1.0)
        rule.step(grads)

Nothing here waits for a GPU: the loss stays there until it is printed.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib import functions
from course_lib.backend import array_namespace
from course_lib.cells.cell import Padding
from course_lib.cells.layer import check_array

LOSSES = {
    "cross_entropy": (functions.cross_entropy, functions.dcross_entropy),
    "squared_error": (functions.squared_error, functions.dsquared_error),
}


def loss_and_gradients(
    cell: Any, output: Any, x: Any, y: Any, state: Any = None, mask: Any = None, loss: str = "cross_entropy"
) -> tuple[Any, dict[str, Any], Any]:
    """The loss of a batch and its gradients, with nothing behind the last state.

    ``h_t`` from the cell, ``o_t = V h_t + c``, ``L = 1/B Σ_t Σ_b L_t(o_tb, y_tb)``; then back.

    Args:
        cell: an RNN, LSTM or GRU.
        output: the `Output` layer on it.
        x: inputs, as the cell takes them.
        y: targets, as the loss takes them.
        state: the state before the first step, as the cell takes it; zeros if None. No gradient flows into it.
        mask: ``(T, B)``, for sequences of unequal length: ones to the end of each, then zeros. Steps after the end
            change neither state nor loss. None if all are of length T.
        loss: ``"cross_entropy"`` or ``"squared_error"``.

    Returns:
        The loss, shape ``()``; the gradients, with the names of ``cell.params`` and ``output.params``; and the
        last state, from which another call may go on.

    Raises:
        ValueError, TypeError: if something does not fit; the message names it.

    Source: Grabocka, S5 to S9 and S11 to S19.
    """
    value, derivative = _loss(loss)
    check_array("y", y)
    hs, state, cell_cache = cell.forward(x, state, mask)
    o, output_cache = output.forward(hs)
    dhs, output_grads = output.backward(derivative(o, y, mask), output_cache)
    _, _, cell_grads = cell.backward(dhs, cell_cache)
    return value(o, y, mask), cell_grads | output_grads, state


def last_step_gradients(
    cell: Any, output: Any, x: Any, y: Any, loss: str = "cross_entropy"
) -> tuple[Any, dict[str, Any]]:
    """The loss of a batch that is asked once, after its last step, and its gradients.

    ``o_T = V h_T + c``, ``L = 1/B Σ_b L_T(o_Tb, y_b)``. No other step has an output, so that back-propagation begins
    with ``∂⁺L/∂h_t = 0`` for all t but T: whatever reaches an early step has come the whole way.

    Args:
        cell: an RNN, LSTM or GRU.
        output: the `Output` layer on it.
        x: inputs, as the cell takes them.
        y: targets without the axis of time: classes ``(B,)``, or ``(B, O)``.
        loss: as for `loss_and_gradients`.

    Returns:
        The loss, shape ``()``; and the gradients, with the names of ``cell.params`` and ``output.params``.

    Raises:
        ValueError, TypeError: if something does not fit; the message names it.

    Source: Grabocka, S12 and S13.
    """
    value, derivative = _loss(loss)
    check_array("y", y)
    hs, _, cell_cache = cell.forward(x)
    o, output_cache = output.forward(hs[-1:])
    dhs = array_namespace(hs).zeros_like(hs)
    dhs[-1:], output_grads = output.backward(derivative(o, y[None]), output_cache)
    _, _, cell_grads = cell.backward(dhs, cell_cache)
    return value(o, y[None]), cell_grads | output_grads


def truncated_bptt(
    cell: Any,
    output: Any,
    x: Any,
    y: Any,
    steps: int,
    state: Any = None,
    mask: Any = None,
    loss: str = "cross_entropy",
) -> Iterator[tuple[Any, dict[str, Any], Any]]:
    """Back-propagation within chunks of a long sequence; the state flows on from each to the next.

    Each chunk is a `loss_and_gradients` of its own, from the last state of the one before, taken as a constant.
    It is computed when it is asked for: parameters that were changed since the last one are seen by the next.
    While they stay, the losses sum to that of the whole sequence; the gradients do not, for what flows from
    one chunk back into another is left out.

    Args:
        cell: an RNN, LSTM or GRU.
        output: the `Output` layer on it.
        x: inputs of T steps, as the cell takes them.
        y: targets of T steps, as the loss takes them.
        steps: the length of a chunk; the last may be shorter.
        state: the state before the first chunk; zeros if None.
        mask: ``(T, B)``, as for `loss_and_gradients`; a sequence may end in any chunk.
        loss: as for `loss_and_gradients`.

    Yields:
        For each chunk its loss, gradients and last state, as `loss_and_gradients` returns them.

    Raises:
        ValueError, TypeError: if something does not fit; the message names it. It comes with the first chunk, or
            with that in which x or y holds an impossible value.

    Source: Ramanathan, S80. The listings S47 and S68 cut differently: back from each step by itself.
    """
    if not isinstance(steps, int | np.integer) or steps < 1:
        raise ValueError(f"steps is {steps!r}; it has to be a whole number of at least 1")
    check_array("x", x)
    check_array("y", y)
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} steps, but y has {len(y)}")
    if mask is not None:
        # Ones after zeros are seen here only: a border between chunks may lie between them.
        Padding.read(x, mask)
    for start in range(0, len(x), steps):
        chunk = slice(start, start + steps)
        part = None if mask is None else mask[chunk]
        value, grads, state = loss_and_gradients(cell, output, x[chunk], y[chunk], state, part, loss)
        yield value, grads, state


def _loss(name: str) -> tuple[Any, Any]:
    if name not in LOSSES:
        raise ValueError(f"loss is {name!r}; choose one of {', '.join(map(repr, LOSSES))}")
    return LOSSES[name]
