"""Figures of notebook 05, first half: the cell, the new state between the old one and the candidate, its limits."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.graph import sign
from course_lib.plots.style import HIDDEN, INPUT, KEEP, LIGHT, LOSS, NEUTRAL, READ, WRITE, empty, styled

_BUS, _INPUTS, _GATE, _INNER, _LINE = 0.3, -0.35, 1.25, 2.9, 4.5  # heights
_R, _G, _KEEP, _Z, _SUM, _LAST = 2.4, 5.1, 6.9, 8.5, 10.6, 11.9  # places


@styled
def gru_cell(back: bool = False) -> Any:
    """One step of a GRU, with the reset before the product, as a diagram.

    Args:
        back: the way of the gradients, against the arrows, instead of the way of the values.
    """
    figure = empty(12, 5.7, _BACK_ALT if back else _CELL_ALT)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.95, 12.7), ylim=(-0.7, 5.15), aspect="equal")
    axes.axis("off")
    for points, colour, wide in _WIRES:
        _wire(axes, points[::-1] if back else points, LOSS if back else colour, 4 if wide else 2.5)
    for x, y, colour in _BRANCHES:
        axes.plot(x, y, "o", color=LOSS if back else colour, ms=8, zorder=2)
    for x, y, side, colour, ahead, behind in _LETTERS:
        text = behind if back else ahead
        shown = f"${text}$" if text else ""
        axes.text(x, y, shown, color=LOSS if back else colour, ha=side, va="center", fontsize=16, zorder=5)
    for (x, y), (name, colour, letter, inside, slope) in zip(_PLACES, _BOXES, strict=True):
        _box(axes, x, y, slope if back else inside, colour, 1.32 if back else 1.25)
        if not back and letter == "g":
            axes.text(x, y + 0.62, name, color=colour, ha="center", va="center", fontsize=13)
            axes.text(x + 0.12, y - 0.72, "$U_g, W_g, b_g$", color=colour, ha="left", va="center", fontsize=14)
        elif not back:
            axes.text(x + 0.8, y + 0.18, name, color=colour, ha="left", va="center", fontsize=13)
            axes.text(
                x + 0.8, y - 0.18, f"$U_{letter}, W_{letter}, b_{letter}$", color=colour, va="center", fontsize=14
            )
    _box(axes, _KEEP, 3.5, "× (−1)" if back else "1 −", KEEP, 0.9 if back else 0.62, high=0.34, size=13)
    for x, y, text in ((_R, _INNER, "×"), (_Z, _INNER, "×"), (_KEEP, _LINE, "×"), (_SUM, _LINE, "+")):
        sign(axes, x, y, text, 0.26, 18)
    for x, y, name, colour in (
        (-0.1, _LINE, "h^{(t-1)}", HIDDEN),
        (-0.1, _INPUTS, "x^{(t)}", INPUT),
        (_LAST + 0.1, _LINE, "h^{(t)}", HIDDEN),
    ):
        shown = f"${'d' if back else ''}{name}$"
        side = "left" if x > 0 else "right"
        axes.text(x, y, shown, color=LOSS if back else colour, ha=side, va="center", fontsize=18)
    return figure


_CELL_ALT = (
    "Diagram of a step of a GRU. Along the top runs the state, from h(t−1) on the left to h(t) on the right: it is "
    "multiplied by 1 − z, then the product of z and the candidate g is added. Below stand two gates, each a sigmoid of "
    "x(t) and h(t−1). The reset gate r multiplies h(t−1); the product goes, with x(t), into the tanh that makes g. The "
    "update gate z multiplies g and, as 1 − z, the old state."
)
_BACK_ALT = (
    "The same diagram with all arrows turned round. The gradient of h(t) arrives on the right and goes four ways to "
    "h(t−1): along the top, times 1 − z; down into the update gate, times g and times minus h(t−1), and through its "
    "weights; into the candidate, times z, through its weights, and times r; and from there, times h(t−1), into the "
    "reset gate and through its weights. From all three boxes it also goes to x(t)."
)
_WIRES = (  # points, colour, whether it is the line of the state; later ones pass over earlier ones
    (((0, _LINE), (_LAST, _LINE)), HIDDEN, True),
    (((1.0, _LINE), (1.0, _BUS), (_Z - 0.35, _BUS), (_Z - 0.35, _GATE - 0.38)), HIDDEN, False),
    (((_R - 0.35, _BUS), (_R - 0.35, _GATE - 0.38)), HIDDEN, False),
    (((_R, _LINE), (_R, _INNER + 0.26)), HIDDEN, False),
    (((0, _INPUTS), (_Z + 0.35, _INPUTS), (_Z + 0.35, _GATE - 0.38)), INPUT, False),
    (((_R + 0.35, _INPUTS), (_R + 0.35, _GATE - 0.38)), INPUT, False),
    (((_G, _INPUTS), (_G, _INNER - 0.38)), INPUT, False),
    (((_R, _GATE + 0.36), (_R, _INNER - 0.26)), READ, False),
    (((_R + 0.25, _INNER), (_G - 0.66, _INNER)), HIDDEN, False),
    (((_G + 0.62, _INNER), (_Z - 0.26, _INNER)), NEUTRAL, False),
    (((_Z + 0.25, _INNER), (_SUM, _INNER), (_SUM, _LINE - 0.26)), NEUTRAL, False),
    (((_Z, _GATE + 0.36), (_Z, _INNER - 0.26)), WRITE, False),
    (((_Z, 2.05), (_KEEP, 2.05), (_KEEP, 3.32)), WRITE, False),
    (((_KEEP, 3.68), (_KEEP, _LINE - 0.26)), KEEP, False),
)
_BRANCHES = (
    (1.0, _LINE, HIDDEN),
    (_R, _LINE, HIDDEN),
    (_R - 0.35, _BUS, HIDDEN),
    (_R + 0.35, _INPUTS, INPUT),
    (_G, _INPUTS, INPUT),
    (_Z, 2.05, WRITE),
)
_LETTERS = (  # place and side, colour, beside the way of the values, beside that of the gradients
    (_R + 0.15, 2.12, "left", READ, "r", r"\odot\,h^{(t-1)}"),
    (_Z + 0.15, 2.35, "left", WRITE, "z", r"\odot\,g"),
    (_KEEP - 0.15, 2.45, "right", WRITE, "z", ""),
    (_KEEP + 0.18, 4.0, "left", KEEP, "1-z", r"\odot\,h^{(t-1)}"),
    (3.5, _INNER + 0.35, "center", HIDDEN, r"r\odot h^{(t-1)}", r"W_g^\top"),
    (6.3, _INNER + 0.28, "center", NEUTRAL, "g", r"\odot\,z"),
    (9.65, _INNER + 0.32, "center", NEUTRAL, r"z\odot g", ""),
    (8.75, _LINE + 0.35, "center", HIDDEN, r"(1-z)\odot h^{(t-1)}", ""),
    (4.6, _LINE + 0.35, "center", HIDDEN, "", r"\odot\,(1-z)"),
    (_R + 0.15, 3.75, "left", HIDDEN, "", r"\odot\,r"),
    (_R - 0.45, 0.62, "right", HIDDEN, "", r"W_r^\top"),
    (_Z - 0.45, 0.62, "right", HIDDEN, "", r"W_z^\top"),
    (_R + 0.47, 0.62, "left", INPUT, "", r"U_r^\top"),
    (_G + 0.12, 0.62, "left", INPUT, "", r"U_g^\top"),
    (_Z + 0.47, 0.62, "left", INPUT, "", r"U_z^\top"),
)
_PLACES = (_R, _GATE), (_Z, _GATE), (_G, _INNER)
_BOXES = (
    ("reset gate", READ, "r", "σ", "$r(1-r)$"),
    ("update gate", WRITE, "z", "σ", "$z(1-z)$"),
    ("candidate", NEUTRAL, "g", "tanh", "$1-g^2$"),
)


def _wire(axes: Any, points: Sequence[tuple[float, float]], colour: str, width: float) -> None:
    """An arrow along the points, with a white edge where it passes over another one."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    style = {"path": Path(points), "shrinkA": 0, "shrinkB": 0, "joinstyle": "miter", "capstyle": "butt", "zorder": 1}
    axes.add_patch(FancyArrowPatch(arrowstyle="-", lw=9, color="white", **style))
    axes.add_patch(FancyArrowPatch(arrowstyle="-|>", mutation_scale=18, lw=width, color=colour, **style))


def _box(axes: Any, x: float, y: float, text: str, colour: str, wide: float, high: float = 0.72, size=18) -> None:
    """A function of one number."""
    from matplotlib.patches import FancyBboxPatch

    corner = (x - wide / 2 + 0.06, y - high / 2 + 0.06)
    shape = FancyBboxPatch(corner, wide - 0.12, high - 0.12, boxstyle="round,pad=0.06", fc="white", ec=colour, lw=2.5)
    axes.add_patch(shape).set_zorder(3)
    axes.text(x, y - 0.01, text, color=colour, ha="center", va="center", fontsize=size, zorder=4)


@styled
def between(h_prev: Sequence[float], g: Sequence[float], z: Sequence[float]) -> Any:
    """The new state of two units on its way from the old one to the candidate.

    Args:
        h_prev: the old state, two numbers.
        g: the candidate, two numbers.
        z: how much of the way each unit goes, two numbers from 0 to 1.
    """
    old, new, z = (np.asarray(values, float) for values in (h_prev, g, z))
    h = (1 - z) * old + z * new
    where = "on the straight line between them" if np.isclose(*z) else "beside the line between them, in the rectangle"
    figure = empty(
        9.5,
        5.4,
        f"The plane of two units. The old state is at ({old[0]:g}, {old[1]:g}), the candidate at ({new[0]:g}, "
        f"{new[1]:g}). With z = ({z[0]:g}, {z[1]:g}) the new state is at ({h[0]:.2f}, {h[1]:.2f}), {where}: unit 1 has "
        f"gone {100 * z[0]:.0f} per cent of its way to the right, unit 2 {100 * z[1]:.0f} per cent of its way up.",
    )
    axes = figure.add_subplot()
    corners = [old[0], new[0], new[0], old[0], old[0]], [old[1], old[1], new[1], new[1], old[1]]
    axes.plot(*corners, ls=(0, (2, 3)), color=LIGHT, lw=2, zorder=1)
    axes.plot(*zip(old, new, strict=True), "-", color=NEUTRAL, lw=2, zorder=1, label="the same $z$ in both units")
    for part in (0.25, 0.5, 0.75):
        at = (1 - part) * old + part * new
        axes.plot(*at, "|", color=NEUTRAL, ms=12, mew=2, zorder=2)
        axes.annotate(f"{part:g}", at, (10, -12), textcoords="offset points", color=NEUTRAL, fontsize=13)
    for i, (end, outside) in enumerate((((h[0], old[1]), (0, -12)), ((old[0], h[1]), (-12, 0)))):
        if z[i] > 0:
            head = {"arrowstyle": "-|>", "color": WRITE, "lw": 3.5, "mutation_scale": 22, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", end, old, arrowprops=head, zorder=3)
        axes.plot(*zip(end, h, strict=True), ":", color=WRITE, lw=1.5, zorder=2)
        sides = {"ha": "right", "va": "center"} if i else {"ha": "center", "va": "top"}
        middle = (old + end) / 2
        axes.annotate(f"$z_{i + 1} = {z[i]:g}$", middle, outside, textcoords="offset points", color=WRITE, **sides)
    axes.plot(*old, "o", color=HIDDEN, mfc="white", mew=2.5, ms=14, zorder=4, label="old state $h^{(t-1)}$")
    axes.plot(*new, "s", color=NEUTRAL, ms=13, zorder=4, label="candidate $g$")
    axes.plot(*h, "o", color=HIDDEN, ms=14, zorder=5, label="new state $h^{(t)}$")
    axes.set(xlim=(-1, 1), ylim=(-1, 1), xlabel="state of unit 1", ylabel="state of unit 2", aspect="equal")
    axes.set(xticks=[-1, -0.5, 0, 0.5, 1], yticks=[-1, -0.5, 0, 0.5, 1])
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure


@styled
def update_limits(runs: Mapping[str, Any], plain: Any) -> Any:
    """The states of one network on one input sequence, for several values of its update gate.

    Args:
        runs: by title, the states ``(T + 1, H)`` from h(0) on.
        plain: ``(T + 1, H)``, those of a plain network, drawn as rings into the last panel.
    """
    runs, plain = {title: asnumpy(run) for title, run in runs.items()}, asnumpy(plain)
    moved = "; ".join(f"{title}: {np.abs(np.diff(run, axis=0)).mean():.2f}" for title, run in runs.items())
    figure = empty(
        13,
        4.3,
        f"The states of {plain.shape[1]} units over {len(plain) - 1} steps, in {len(runs)} panels, from flat lines on "
        f"the left to lively ones on the right. How far a unit moves in a step, on average: {moved}. In the last panel "
        f"rings mark the states of a plain recurrent network: they lie on the lines.",
    )
    panels = figure.subplots(1, len(runs), sharey=True)
    for axes, (title, run) in zip(panels, runs.items(), strict=True):
        axes.axhline(0, color=LIGHT, lw=1, zorder=0)
        for unit, (line, dash) in enumerate(zip(run.T, ("-", "--", ":"), strict=True)):
            axes.plot(line, ls=dash, color=HIDDEN, lw=2.2, label=f"unit {unit + 1}")
        axes.set(title=title, xlabel="time step t", xlim=(0, len(plain) - 1), ylim=(-1.05, 1.05))
    for line in plain.T:
        rings = panels[-1].plot(line, "o", color=NEUTRAL, mfc="none", ms=7, mew=1.5, clip_on=False)[0]
    panels[0].set(ylabel="state")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend([*handles, rings], [*labels, "plain RNN"], loc="outside lower center", ncols=4, handlelength=2.6)
    return figure


@styled
def reset_positions(before: Any, after: Any) -> Any:
    """The states of two GRUs with the same numbers, whose resets act before and after the product.

    Args:
        before: ``(T, H)``.
        after: ``(T, H)``.
    """
    before, after = asnumpy(before), asnumpy(after)
    t, apart = np.arange(1, len(before) + 1), np.abs(before - after)
    unit = apart.max(axis=0).argmax()
    figure = empty(
        11,
        5.4,
        f"Above: the state of one unit over {len(t)} steps, reset before and after the product; the two lines have a "
        f"similar shape, but come apart. Below: the largest difference of all units; it lies between "
        f"{apart.max(axis=1).min():.2f} and {apart.max():.2f}.",
    )
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.2, 1))
    top.plot(t, before[:, unit], "-o", color=HIDDEN, ms=6, label="reset before")
    top.plot(t, after[:, unit], "--s", color=NEUTRAL, mfc="white", ms=6, label="reset after")
    top.set(ylabel=f"state of unit {unit + 1}", ylim=(-1.05, 1.05))
    top.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.align_ylabels()
    bottom.bar(t, apart.max(axis=1), 0.7, color=LIGHT, edgecolor=NEUTRAL, label="largest\ndifference\nof all units")
    bottom.set(xlabel="time step t", ylabel="difference", xlim=(0, len(t) + 1), ylim=(0, None))
    bottom.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
