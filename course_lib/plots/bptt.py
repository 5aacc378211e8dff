"""Figures of notebook 02: the gradient's paths, its contributions, costs, and the error of a numerical gradient."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.plots.graph import RADIUS, arrow, node
from course_lib.plots.style import HIDDEN, LIGHT, LOSS, NEUTRAL, OUTPUT, empty, styled


@styled
def gradient_paths(t: int, T: int = 4) -> Any:
    """The unrolled network with the arrows of the backward pass, when it has come down to step t.

    Args:
        t: the step whose total derivative was found last, counted from 1.
        T: number of steps.
    """
    figure = empty(
        _WIDE * T + 1.5,
        5.0,
        f"The network unrolled over {T} steps, with thin grey arrows forwards. Thick purple arrows lead back: from "
        f"every loss L to its output o and to its state h, and along the states from h({T}) to h({t}). Where the arrow "
        f"from above and the one from the right meet, the total derivative is known: at the steps from {T} to {t}.",
    )
    axes = figure.add_subplot()
    axes.set(xlim=(-0.45, _WIDE * T + 1.0), ylim=(-0.85, 4.15), aspect="equal")
    axes.axis("off")
    node(axes, 0, 0.7, "$h^{(0)}$", "white", edge=HIDDEN)
    for s in range(1, T + 1):
        x, done = _WIDE * s, s >= t
        for low, high in ((0.7, 2.45), (2.45, 3.75)):
            arrow(axes, (x - 0.1, low), (x - 0.1, high), LIGHT, width=1.5)
        arrow(axes, (x - _WIDE, 0.8), (x, 0.8), LIGHT, width=1.5)
        node(axes, x, 0.7, f"$h^{{({s})}}$", HIDDEN)
        node(axes, x, 2.45, f"$o^{{({s})}}$", OUTPUT)
        node(axes, x, 3.75, f"$L^{{({s})}}$", LOSS, square=True)
        arrow(axes, (x + 0.1, 3.75), (x + 0.1, 2.45), LOSS, "p - 1_y", (0.47, 0), width=3.5)
        arrow(axes, (x + 0.1, 2.45), (x + 0.1, 0.7), LOSS, _by(r"\partial^+ L", r"\partial h", s), (0.5, 0), width=3.5)
        if done:
            axes.text(x, -0.02, f"${_by('dL', 'dh', s)}$", color=LOSS, ha="center", va="center")
        if t <= s < T:
            jacobian = rf"W^\top\mathrm{{diag}}\left(1-(h^{{({s + 1})}})^2\right)"
            arrow(axes, (x + _WIDE, 0.6), (x, 0.6), LOSS, width=3.5)
            axes.text(x + _WIDE / 2, 0.3, f"${jacobian}$", color=LOSS, ha="center", va="center", fontsize=12)
    axes.text(_WIDE * (T + 1) / 2, -0.75, f"the backward pass has come to t = {t}", ha="center", fontsize=15)
    return figure


@styled
def gradient_copies(T: int = 4) -> Any:
    """What each copy of W contributes, and the sum, the gradient of the one W.

    Args:
        T: number of steps.
    """
    figure = empty(
        _WIDE * T + 1.5,
        5.2,
        f"The states h(0) to h({T}), with purple arrows from above and from the right into h(1) to h({T}). From "
        f"each an arrow leads down to the copy of W that made it, W1 to W{T}, and from all copies to one box, dL/dW.",
    )
    axes = figure.add_subplot()
    axes.set(xlim=(-0.45, _WIDE * T + 1.0), ylim=(-3.3, 2.0), aspect="equal")
    axes.axis("off")
    middle = _WIDE * (T + 1) / 2
    node(axes, 0, 0.7, "$h^{(0)}$", "white", edge=HIDDEN)
    for t in range(1, T + 1):
        x = _WIDE * t
        arrow(axes, (x - _WIDE, 0.8), (x, 0.8), LIGHT, width=1.5)
        arrow(axes, (x, 2.1), (x, 0.7), LOSS, _by(r"\partial^+ L", r"\partial h", t), (0.4, 0.1), width=3.5)
        if t < T:
            arrow(axes, (x + _WIDE, 0.6), (x, 0.6), LOSS, width=3.5)
        node(axes, x, 0.7, f"$h^{{({t})}}$", HIDDEN)
        arrow(axes, (x, 0.7), (x, -1.2), LOSS, width=3.5)
        term = rf"{_by('dL', 'da', t)}\,h^{{({t - 1})\top}}"
        axes.text(x + 0.15, -0.22, f"${term}$", color=LOSS, ha="left", va="center")
        node(axes, x, -1.2, f"$W_{t}$", "white", edge=HIDDEN, square=True)
        start, box_edge = np.array([x, -1.2]), np.array([middle + 0.2 * (x - middle), -2.62])
        along = (box_edge - start) / np.linalg.norm(box_edge - start)
        arrow(axes, start, box_edge + (RADIUS + 0.04) * along, LOSS, width=3.5)  # an arrow ends before a node
    box = {"boxstyle": "square,pad=0.35", "facecolor": LOSS, "edgecolor": LOSS}
    total = r"dL/dW \;=\; \Sigma_t \; dL/da^{(t)}\,h^{(t-1)\top}"
    axes.text(middle, -2.85, f"${total}$", color="white", ha="center", va="center", fontsize=16, bbox=box)
    return figure


_WIDE = 2.3  # inches from step to step


def _by(above: str, below: str, t: int) -> str:
    """The fraction of a derivative by a variable of step t, for mathtext."""
    return rf"\dfrac{{{above}}}{{{below}^{{({t})}}}}"


@styled
def contributions(sizes: Sequence[float]) -> Any:
    """How much each step contributes to the gradient of one step's loss.

    Args:
        sizes: the norms of the terms of steps 1, …, t; the loss is that of step t.
    """
    last = len(sizes)
    listed = ", ".join(f"k = {k}: {size:.3f}" for k, size in zip(range(last, 0, -1), reversed(sizes), strict=True))
    figure = empty(
        9,
        4.2,
        f"Bars: the size of what step k contributes to the gradient of L({last}) with respect to W. {listed}.",
    )
    axes = figure.add_subplot()
    steps = range(1, last + 1)
    bars = axes.bar(steps, sizes, 0.6, color=LOSS)
    axes.bar_label(bars, [f"{size:.3f}" if size else "0" for size in sizes], padding=3)
    axes.set(
        xlabel=f"step k, whose use of W is counted; the loss is at k = {last}",
        ylabel="size of the contribution",
        xticks=steps,
        xlim=(0.4, last + 0.6),
        ylim=(0, 1.15 * max(sizes)),
    )
    return figure


@styled
def cost_of_length(lengths: Sequence[int], naive: Sequence[float], one_loop: Sequence[float]) -> Any:
    """The time of two ways to the same gradient, over the length of the sequence.

    Args:
        lengths: numbers of steps T.
        naive: seconds of the backward pass that begins at each loss anew.
        one_loop: seconds of the one backward loop.
    """
    figure = empty(
        9,
        5,
        f"Time against the number of steps T from {lengths[0]} to {lengths[-1]}, both axes logarithmic. The naive way "
        "climbs along a dotted line of slope 2, the one loop along one of slope 1.",
    )
    axes = figure.add_subplot()
    for seconds, power, colour, style, label in (
        (naive, 2, NEUTRAL, "s--", "naive: one loop for each loss"),
        (one_loop, 1, LOSS, "o-", "one loop for all losses"),
    ):
        milliseconds = [1000 * s for s in seconds]
        guide = [milliseconds[-1] * (T / lengths[-1]) ** power for T in lengths]
        axes.plot(lengths, guide, ":", color=LIGHT, lw=2)
        axes.annotate(
            f"slope {power}", (lengths[0], guide[0]), (-8, 0), textcoords="offset points", ha="right", va="center"
        )
        axes.plot(lengths, milliseconds, style, color=colour, label=label)
    _logarithmic(axes, lengths, "number of steps T", "time of one gradient in ms")
    axes.set_xlim(lengths[0] / 1.7, lengths[-1] * 1.15)
    axes.legend(loc="upper left")
    return figure


@styled
def forward_reverse(
    sizes: Sequence[int], seconds: Mapping[str, Sequence[float]], numbers: Mapping[str, Sequence[int]]
) -> Any:
    """Time and memory of forward mode and of reverse mode, over the number of hidden units.

    Args:
        sizes: numbers of hidden units H.
        seconds: of ``"forward"`` and of ``"reverse"``, measured.
        numbers: how many float64 numbers each of them keeps, by the same names.
    """
    figure = empty(
        11,
        4.8,
        f"Left: time, right: memory, against H from {sizes[0]} to {sizes[-1]}, all axes logarithmic. In both, forward "
        "mode grows much faster than reverse mode: in memory like H cubed against H.",
    )
    left, right = figure.subplots(1, 2)
    for name, colour, style in (("forward", NEUTRAL, "s--"), ("reverse", LOSS, "o-")):
        left.plot(sizes, [1000 * s for s in seconds[name]], style, color=colour)
        right.plot(sizes, [8 * n / 1000 for n in numbers[name]], style, color=colour, label=name)
    _logarithmic(left, sizes, "hidden units H", "time of one gradient in ms")
    _logarithmic(right, sizes, "hidden units H", "memory in kB")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


@styled
def difference_errors(steps: Sequence[float], errors: Mapping[str, Sequence[float]]) -> Any:
    """The error of numerical derivatives over their step.

    Args:
        steps: the values of ε.
        errors: relative errors by what they are called; at most three curves.
    """
    figure = empty(
        10,
        5.2,
        f"Relative error against the step ε, both axes logarithmic. The curves are valleys: {'; '.join(errors)}. "
        "Where ε is small, rounding dominates; where it is large, the series. The valley of the first is the deepest.",
    )
    axes = figure.add_subplot()
    styles = (LOSS, "o-"), ("black", "^--"), (NEUTRAL, "s:")
    for (label, values), (colour, style) in zip(errors.items(), styles, strict=False):
        axes.plot(steps, values, style, color=colour, label=label, ms=7)
    axes.set(xscale="log", yscale="log", xlabel="step ε", ylabel="relative error")
    axes.set_xticks([10.0**power for power in range(-12, 0, 2)])
    axes.minorticks_off()
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def _logarithmic(axes: Any, ticks: Sequence[int], xlabel: str, ylabel: str) -> None:
    """Both axes logarithmic, with the measured places as plain numbers below."""
    axes.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    axes.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
    axes.minorticks_off()
