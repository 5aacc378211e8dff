"""Figures of notebook 01: the unrolled graph, states over time, causality, the next character."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.graph import arrow, node
from course_lib.plots.style import DIVERGING, HIDDEN, INPUT, LIGHT, LOSS, NEUTRAL, OUTPUT, empty, styled


@styled
def unrolled(T: int) -> Any:
    """The network as a loop, and the same network unrolled over T steps.

    Args:
        T: number of steps; each makes the picture an inch wider.
    """
    steps = "1 step" if T == 1 else f"{T} steps"
    figure = empty(
        T + 3.4,
        5.4,
        f"Left: the network with a loop from h to itself. Right: the same network unrolled over {steps}, "
        f"from x(1) to x({T}), with one U, one W and one V on every arrow of their kind.",
    )
    axes = figure.add_subplot()
    axes.set(xlim=(-0.75, T + 2.65), ylim=(-0.85, 4.5), aspect="equal")
    axes.axis("off")

    _column(axes, 0, "")
    _loop(axes, 0, 1)
    axes.text(0, -0.78, "folded", ha="center", fontsize=15)
    axes.annotate(
        "",
        (1.5, 1),
        (1.0, 1),
        arrowprops={"arrowstyle": "-|>", "lw": 4, "color": NEUTRAL, "mutation_scale": 26},
    )

    node(axes, 2, 1, "$h^{(0)}$", "white", edge=HIDDEN)
    for t in range(1, T + 1):
        _column(axes, t + 2, f"^{{({t})}}")
        arrow(axes, (t + 1, 1), (t + 2, 1), HIDDEN, "W", (0, 0.2))
    axes.text((T + 4) / 2 + 0.25, -0.78, f"unfolded, T = {T}", ha="center", fontsize=15)
    return figure


def _column(axes: Any, x: float, time: str) -> None:
    """One step: x → h → o → L ← y, from the bottom upwards."""
    arrow(axes, (x, 0), (x, 1), INPUT, "U", (-0.2, 0))
    arrow(axes, (x, 1), (x, 2), OUTPUT, "V", (-0.2, 0))
    arrow(axes, (x, 2), (x, 3), "black")
    arrow(axes, (x, 4), (x, 3), "black")
    node(axes, x, 0, f"$x{time}$", INPUT)
    node(axes, x, 1, f"$h{time}$", HIDDEN)
    node(axes, x, 2, f"$o{time}$", OUTPUT)
    node(axes, x, 3, f"$L{time}$", LOSS, square=True)
    node(axes, x, 4, f"$y{time}$", "white", edge="black")


def _loop(axes: Any, x: float, y: float) -> None:
    """The arrow from h to itself."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    path = Path([(x + 0.26, y + 0.21), (x + 1.0, y + 0.75), (x + 1.0, y - 0.75), (x + 0.26, y - 0.21)], [1, 4, 4, 4])
    axes.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=14, lw=2, color=HIDDEN, fc="none"))
    axes.text(x + 0.66, y + 0.52, "$W$", color=HIDDEN, ha="center", va="center")


@styled
def states(hs: Any, pulses: Sequence[int] = ()) -> Any:
    """The states of one sequence as a picture: a row for each hidden unit, a column for each step.

    Args:
        hs: ``(T, H)``.
        pulses: steps, counted from 1, to mark as those with an input.
    """
    hs = asnumpy(hs)
    T, H = hs.shape
    marked = " and ".join(str(t) for t in pulses)
    figure = empty(
        10.5,
        4.6,
        f"Heat map of {H} hidden units over {T} steps, values between -1 and 1. Before the first input all are 0; "
        f"after the inputs at t = {marked} the columns are strongly coloured and then fade.",
    )
    axes = figure.add_subplot()
    box = (0.5, T + 0.5, H + 0.5, 0.5)
    image = axes.imshow(hs.T, cmap=DIVERGING, vmin=-1, vmax=1, aspect="auto", extent=box, interpolation="nearest")
    for t in pulses:
        axes.annotate(
            f"$x^{{({t})}}\\neq 0$",
            (t, 0.5),
            (t, -0.7),
            ha="center",
            va="bottom",
            color=INPUT,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-|>", "color": INPUT, "lw": 2},
        )
    axes.set(
        xlabel="time step t",
        ylabel="hidden unit i",
        xticks=[1, *range(5, T + 1, 5)],
        yticks=range(1, H + 1, 3),
    )
    axes.spines[["top", "right"]].set_visible(True)
    figure.colorbar(image, ax=axes, label="state $h_i^{(t)}$", ticks=[-1, -0.5, 0, 0.5, 1], pad=0.02)
    return figure


@styled
def causality(change: Any, bidirectional: Any, k: int) -> Any:
    """How much each output moves when the input of one step is changed.

    Args:
        change: largest change of p at each step, ``(T,)``, of a recurrent network.
        bidirectional: the same of a network that also reads from the end.
        k: the step, counted from 1, whose input was changed.
    """
    change, bidirectional = asnumpy(change), asnumpy(bidirectional)
    t = np.arange(1, len(change) + 1)
    figure = empty(
        10,
        4.6,
        f"Change of the probabilities p(t) when x({k}) is changed. Recurrent network: exactly 0 for every t "
        f"below {k}, then a jump at t = {k} that fades. Bidirectional network: not 0 before {k} either.",
    )
    axes = figure.add_subplot()
    axes.axvspan(0.5, k - 0.5, color="#F0F0F0", zorder=0)
    for shift, values, marker, face, edge, label in (
        (-0.12, change, "o", OUTPUT, OUTPUT, "recurrent: reads forwards"),
        (0.12, bidirectional, "s", "white", NEUTRAL, "bidirectional: reads both ways"),
    ):
        axes.vlines(t + shift, 0, values, color=edge, lw=2)
        axes.plot(t + shift, values, marker, mfc=face, mec=edge, mew=2, label=label, clip_on=False, zorder=3)
    top = 1.15 * max(change.max(), bidirectional.max())
    axes.text(k / 2, 0.95 * top, f"t < {k}: before the change", ha="center", va="top")
    axes.set(
        xlabel="time step t",
        ylabel="largest change of $p^{(t)}$",
        xticks=t,
        xlim=(0.5, len(t) + 0.5),
        ylim=(0, top),
    )
    axes.legend(loc="upper right")
    return figure


@styled
def next_character(p: Any, before: Any, characters: str, read: str, target: str) -> Any:
    """The probabilities of the next character after each step of a text.

    Args:
        p: ``(T, O)`` of the fitted network.
        before: ``(T, O)`` of the same network before it was fitted.
        characters: the O characters in their order.
        read: the T characters read.
        target: the T characters that come next.
    """
    p, before = asnumpy(p), asnumpy(before)
    said = "; ".join(
        f"after {read[: t + 1]} most likely {characters[p[t].argmax()]} ({p[t].max():.2f})" for t in range(len(read))
    )
    figure = empty(11, 4.2, f"Probabilities of the next character: {said}. Before fitting all are near 1/4.")
    for t, (axes, wanted) in enumerate(zip(figure.subplots(1, len(read), sharey=True), target, strict=True)):
        place = np.arange(len(characters))
        right = place == characters.index(wanted)
        axes.bar(place, p[t], 0.7, color=np.where(right, OUTPUT, LIGHT), label="fitted")
        axes.bar(place, before[t], 0.7, facecolor="none", edgecolor="black", lw=1.8, ls="--", label="before")
        axes.set(
            xticks=place,
            xticklabels=characters,
            ylim=(0, 1.05),
            yticks=[0, 0.25, 0.5, 0.75, 1],
            xlabel="next character",
        )
        axes.set_title(f"read “{read[: t + 1]}”", pad=12)
        for label, ours in zip(axes.get_xticklabels(), right, strict=True):
            label.set(fontsize=16, fontweight="bold" if ours else "normal", color=OUTPUT if ours else "black")
    figure.axes[0].set_ylabel("probability p")
    handles = _key()
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _key() -> list:
    from matplotlib.patches import Patch

    return [
        Patch(color=OUTPUT, label="target"),
        Patch(color=LIGHT, label="other characters"),
        Patch(facecolor="none", edgecolor="black", lw=1.8, ls="--", label="before fitting"),
    ]
