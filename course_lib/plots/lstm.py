"""Figures of notebook 04, first half: the cell, what its gates do to a memory, and its two candidates."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.graph import gated_link, shaded, sign
from course_lib.plots.style import HIDDEN, INPUT, KEEP, LIGHT, LOSS, NEUTRAL, OUTPUT, READ, WRITE, empty, styled

_BOXES = {"f": (3.0, KEEP), "i": (5.6, WRITE), "g": (8.2, NEUTRAL), "o": (10.8, READ)}  # place, colour
_SLOPES = {"f": "$f(1-f)$", "i": "$i(1-i)$", "g": "$1-g^2$", "o": "$o(1-o)$"}
_BUS, _BOX, _READ, _PRODUCT, _TANH, _LINE = 0.9, 2.5, 3.9, 4.3, 5.1, 6.2  # heights, from below
_F, _I, _G, _O = (place for place, _ in _BOXES.values())
_SUM, _OUT = (_I + _G) / 2, _O + 1.7
_HALF, _SIGN = 0.45, 0.33  # half the height of a box, radius of a sign


@styled
def lstm_cell(back: bool = False) -> Any:
    """One step of an LSTM as a diagram.

    Args:
        back: the way of the gradients, against the arrows, instead of the way of the values.
    """
    figure = empty(12, 6.4, _BACK_ALT if back else _CELL_ALT)
    axes = figure.add_subplot()
    axes.set(xlim=(-1.5 if back else -1.0, 15.6), ylim=(-1.25, 6.9), aspect="equal")
    axes.set_axis_off()

    def wire(points: list, colour: str, ahead: str = "", behind: str = "", at: tuple = (0, 0), **line: Any) -> None:
        """An arrow from the first place to the last, or back, with letters beside it that begin or end there."""
        place, text = (points[::-1], behind) if back else (points, ahead)
        _arrow(axes, place, LOSS if back else colour, **line)
        if text:
            ha = "left" if at[0] > points[0][0] else "right"
            size = 18 if back else 22
            axes.text(*at, text, ha=ha, va="center", fontsize=size, color=LOSS if back else colour)

    wire([(0.5, _LINE), (_F - _SIGN, _LINE)], HIDDEN, width=4)
    wire([(_F + _SIGN, _LINE), (_SUM - _SIGN, _LINE)], HIDDEN, width=4)
    wire([(_SUM + _SIGN, _LINE), (14.2, _LINE)], HIDDEN, width=4)
    if back:
        axes.text(1.7, _LINE + 0.4, r"$\odot\,f$", ha="center", va="center", fontsize=18, color=LOSS)

    up, beside = _BOX + _HALF, 0.15
    wire([(_F, up), (_F, _LINE - _SIGN)], KEEP, "$f$", r"$\odot\,c^{(t-1)}$", (_F - beside, 4.5))
    wire([(_I, up), (_I, _PRODUCT), (_SUM - _SIGN, _PRODUCT)], WRITE, "$i$", r"$\odot\,g$", (_I - beside, 3.6))
    wire([(_G, up), (_G, _PRODUCT), (_SUM + _SIGN, _PRODUCT)], NEUTRAL, "$g$", r"$\odot\,i$", (_G + beside, 3.6))
    wire([(_SUM, _PRODUCT + _SIGN), (_SUM, _LINE - _SIGN)], HIDDEN)
    wire([(_OUT, _LINE), (_OUT, _TANH + _HALF)], HIDDEN)
    wire([(_OUT, _TANH - _HALF), (_OUT, _READ + _SIGN)], HIDDEN, "", r"$\odot\,o$", (_OUT + beside, 4.45))
    wire([(_O, up), (_O, _READ), (_OUT - _SIGN, _READ)], READ, "$o$", r"$\odot\,\tanh c$", (_O - beside, 3.6))
    wire([(_OUT + _SIGN, _READ), (14.2, _READ)], HIDDEN)

    for name, (x, colour) in _BOXES.items():
        wire([(x, _BUS), (x, _BOX - _HALF)], "black", "", f"$da_{name}$", (x + beside, 1.45))
        _box(axes, x, _BOX, _SLOPES[name] if back else "tanh" if name == "g" else "σ", colour)
        if not back:
            own = rf"$U_{name}, W_{name}, b_{name}$"
            axes.text(x + beside, 1.45, own, ha="left", va="center", fontsize=16, color=colour)
    _box(axes, _OUT, _TANH, r"$1-\tanh^2 c$" if back else "tanh", HIDDEN)
    wire([(0.5, _BUS), (1.4, _BUS)], HIDDEN, head=back)
    wire([(1.4, -0.5), (1.4, _BUS)], INPUT, head=back)
    wire([(1.4, _BUS), (_O, _BUS)], "black", head=False)

    sign(axes, _F, _LINE, "×", _SIGN, 22)
    sign(axes, _SUM, _LINE, "+", _SIGN, 22)
    sign(axes, _SUM, _PRODUCT, "×", _SIGN, 22)
    sign(axes, _OUT, _READ, "×", _SIGN, 22)
    axes.plot([_OUT, 1.4], [_LINE, _BUS], "o", ms=8, color=LOSS if back else "black", zorder=4)
    font = {"fontsize": 18, "family": "monospace", "color": LOSS} if back else {"fontsize": 20, "color": HIDDEN}
    for name, code, x, y in (
        ("$c^{(t-1)}$", "dc_prev", 0.4, _LINE),
        ("$h^{(t-1)}$", "dh_prev", 0.4, _BUS),
        ("$c^{(t)}$", "dc", 14.3, _LINE),
        ("$h^{(t)}$", "dh", 14.3, _READ),
    ):
        axes.text(x, y, code if back else name, ha="right" if x < 1 else "left", va="center", **font)
    font["color"] = LOSS if back else INPUT
    axes.text(1.4, -0.6, "dx" if back else "$x^{(t)}$", ha="center", va="top", **font)
    if back:
        axes.text(1.8, -0.25, r"$\sum_k U_k^{\top} da_k$", ha="left", va="center", fontsize=18, color=LOSS)
        axes.text(-0.9, 0.05, r"$\sum_k W_k^{\top} da_k$", ha="left", va="center", fontsize=18, color=LOSS)
    return figure


_CELL_ALT = (
    "Diagram of a step of an LSTM. Along the top the memory line runs from c(t − 1) on the left to c(t) on the right: "
    "it is multiplied by the forget gate f, then the product of input gate i and candidate g is added. From the line a "
    "branch goes down through tanh and is multiplied by the output gate o, which gives h(t). Below stand four boxes, "
    "three with a sigmoid for f, i and o, one with tanh for g; each gets h(t − 1) and x(t) and has its own U, W and b."
)
_BACK_ALT = (
    "The same diagram with all arrows turned round. On the right the gradients dc and dh arrive. dh goes to the "
    "gate o, and through the tanh up to the memory line. From there the gradient goes to the input gate, times g; to "
    "the candidate, times i; to the forget gate, times c(t − 1); and out along the line, times f, as dc_prev. Each box "
    "multiplies by its slope; below, the four results are collected, and leave as dh_prev and dx."
)


def _arrow(axes: Any, points: list, colour: str, width: float = 2.5, head: bool = True) -> None:
    """An arrow round corners; without a head a line."""
    from matplotlib.patches import FancyArrowPatch

    way = points[:-1] if head else points
    axes.plot(*zip(*way, strict=True), "-", color=colour, lw=width, solid_capstyle="projecting", zorder=2)
    if head:
        style = {"arrowstyle": "-|>", "mutation_scale": 20, "shrinkA": 0, "shrinkB": 0}
        axes.add_patch(FancyArrowPatch(*points[-2:], lw=width, color=colour, zorder=2, **style))


def _box(axes: Any, x: float, y: float, text: str, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    half = 1.15 if len(text) > 4 else 0.7
    corner = (x - half + 0.1, y - _HALF + 0.1)
    box = FancyBboxPatch(corner, 2 * half - 0.2, 2 * _HALF - 0.2, boxstyle="round,pad=0.1", linewidth=2.5)
    box.set(facecolor="white", edgecolor=colour, zorder=3)
    axes.add_patch(box)
    axes.text(x, y, text, ha="center", va="center", fontsize=20 if len(text) <= 4 else 16, color=colour, zorder=4)


@styled
def gated_memory(x: Any, gates: Mapping[str, Any], memory: Any, output: Any) -> Any:
    """What the gates of one unit do to its memory.

    Args:
        x: ``(T,)``, the inputs.
        gates: for ``"i"``, ``"f"`` and ``"o"`` the T values of the gates, from 0 to 1.
        memory: ``(T,)``, c.
        output: ``(T,)``, h.
    """
    x, memory, output = asnumpy(x), asnumpy(memory), asnumpy(output)
    T, t = len(x), np.arange(1, len(x) + 1)
    top = int(np.abs(memory).argmax())
    seen = "; ".join(f"{output[k]:.2f} at t = {k + 1}" for k in np.flatnonzero(np.abs(output) > 0.005)[:6])
    figure = empty(
        11,
        6.6,
        f"Four rows over {T} steps. The inputs change at every step. The gates i, f and o, as heights from 0 to 1. "
        f"The memory c: largest in size at t = {top + 1}, {memory[top]:.2f}, and {memory[-1]:.2f} at the end. The "
        f"output h is 0 nearly everywhere; where it is not: {seen or 'nowhere'}.",
    )
    rows = figure.subplots(4, 1, sharex=True, height_ratios=(1.1, 1.5, 1.5, 1.1))
    rows[0].vlines(t, 0, x, color=INPUT, lw=2)
    rows[0].plot(t, x, "o", ms=4, color=INPUT)
    for place, (name, colour) in enumerate((("o", READ), ("f", KEEP), ("i", WRITE))):
        edges, heights = np.arange(0.5, T + 1), place + 0.8 * asnumpy(gates[name])
        rows[1].stairs(heights, edges, baseline=place, fill=True, color=colour)
        rows[1].axhline(place, color=colour, lw=1)
        rows[1].axhline(place + 0.8, color=LIGHT, lw=1, ls=(0, (4, 3)), zorder=0)
    rows[1].set(yticks=[0.4, 1.4, 2.4], yticklabels=["$o$", "$f$", "$i$"], ylim=(-0.05, 3.0))
    rows[1].tick_params(axis="y", length=0, labelsize=17)
    for text, colour in zip(rows[1].get_yticklabels(), (READ, KEEP, WRITE), strict=True):
        text.set_color(colour)
    rows[2].plot(t, memory, "o--", ms=4, lw=1.5, color=HIDDEN)
    rows[3].vlines(t, 0, output, color=HIDDEN, lw=3)
    rows[3].plot(t, output, "s", ms=4, color=HIDDEN)
    for axes, name in zip(rows, ("input $x$", "gates", "memory $c$", "output $h$"), strict=True):
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    for axes in rows[2:]:
        axes.axhline(0, color=LIGHT, lw=1, zorder=0)
        axes.set(ylim=(-1.25, 1.25), yticks=[-1, 0, 1])
    rows[0].axhline(0, color=LIGHT, lw=1, zorder=0)
    rows[3].set(xlabel="time step t", xlim=(0, T + 1), xticks=[1, *range(10, T + 1, 10)])
    figure.align_ylabels(rows)
    return figure


@styled
def gated_sensitivity(memory: Any, output: Any, gates: Mapping[str, Any]) -> Any:
    """How strongly the nodes of an unrolled gated unit depend on its first input.

    Args:
        memory: ``(T,)``, |dc(t)/dx(1)|.
        output: ``(T,)``, |dh(t)/dx(1)|.
        gates: for ``"i"``, ``"f"`` and ``"o"`` the T values of the gates; one of more than ½ counts as open.
    """
    memory, output = asnumpy(memory), asnumpy(output)
    T = len(memory)
    said = "; ".join(
        f"{name} at t = {', '.join(str(t + 1) for t in range(T) if asnumpy(gates[key])[t] > 0.5)}"
        for key, name in (("i", "input gate"), ("f", "forget gate"), ("o", "output gate"))
    )
    shown = ", ".join(f"{value:.2f}" for value in memory)
    figure = empty(
        11,
        4.6,
        f"A gated unit unrolled over {T} steps; a node is the darker, the more it depends on the first input. Open "
        f"are: {said}. Sensitivity of the memory, step by step: {shown}. The output shows it where its gate is open.",
    )
    axes = figure.add_subplot()
    axes.set(xlim=(-0.5, T + 0.6), ylim=(-0.4, 3.5), aspect="equal", xlabel="time step t", xticks=range(1, T + 1))
    axes.set(yticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for y, name in enumerate("xch"):
        axes.text(0.3, _ROW * y, f"${name}^{{(t)}}$", ha="right", va="center", fontsize=17)
    for x, y, name in ((0.3, 0.5, "i"), (0.3, 1.5, "o"), (1.5, 1.26, "f")):
        axes.text(x, _ROW * y, f"${name}$", ha="center" if name == "f" else "right", va="center", fontsize=17)
    for t in range(1, T + 1):
        for name, start, end in (("i", (t, 0), (t, 1)), ("o", (t, 1), (t, 2)), ("f", (t - 1, 1), (t, 1))):
            if name != "f" or t > 1:
                places = ((x, _ROW * y) for x, y in (start, end))
                gated_link(axes, *places, asnumpy(gates[name])[t - 1] > 0.5)
        axes.plot(t, 0, "o", ms=15, mfc=INPUT if t == 1 else "white", mec=INPUT, mew=2, zorder=3)
        for y, value in ((1, memory[t - 1]), (2, output[t - 1])):
            shaded(axes, t, _ROW * y, value)
    handles = [
        axes.plot([], [], "o", ms=9, mfc="white", mec=OUTPUT, mew=2.5, ls="none", label="gate open")[0],
        axes.plot([], [], "_", ms=14, mec=NEUTRAL, mew=4, ls="none", label="gate shut")[0],
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2)
    return figure


_ROW = 1.45


@styled
def candidates(memories: Mapping[str, Any]) -> Any:
    """The memories of an LSTM over time, for each of two candidates.

    Args:
        memories: by the name of the candidate ``(T, n)``, n units.
    """
    memories = {name: asnumpy(values) for name, values in memories.items()}
    said = "; ".join(f"{name}: from {values.min():.1f} to {values.max():.1f}" for name, values in memories.items())
    T, n = next(iter(memories.values())).shape
    figure = empty(
        11, 4.4, f"Memories of {n} units over {T} steps, for two candidates on the same scale. Values with {said}."
    )
    both = figure.subplots(1, 2, sharey=True)
    for axes, (name, values) in zip(both, memories.items(), strict=True):
        axes.axhline(0, color="black", lw=1.5, ls=":")
        for unit, (dash, marker) in zip(range(n), (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D")), strict=False):
            style = {"ls": dash, "marker": marker, "markevery": (5 * unit, 20), "ms": 7}
            axes.plot(range(1, T + 1), values[:, unit], color=HIDDEN, label=f"unit {unit + 1}", **style)
        axes.set(xlabel="time step t", title=name, xlim=(0, T + 1), xticks=[1, *range(20, T + 1, 20)])
    both[0].set_ylabel("memory $c$")
    figure.legend(handles=both[0].get_legend_handles_labels()[0], loc="outside lower center", ncols=n)
    return figure
