"""Figures of notebook 05, second half: how many parameters a cell has, and how an LSTM becomes a GRU."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.style import HIDDEN, INPUT, KEEP, LIGHT, NEUTRAL, READ, WRITE, empty, styled

_PARTS = {"U": (INPUT, ""), "W": (HIDDEN, "//"), "b": (NEUTRAL, "xx")}


@styled
def parameter_bars(counts: Mapping[str, Mapping[str, int]], inputs: int, hidden: int) -> Any:
    """How many parameters each kind of cell has, by what they multiply.

    Args:
        counts: by kind of cell, the numbers in ``"U"``, ``"W"`` and ``"b"``; the first kind is the unit of the ratios.
        inputs: D.
        hidden: H.
    """
    totals = {kind: sum(parts.values()) for kind, parts in counts.items()}
    unit = next(iter(totals.values()))
    said = ", ".join(f"{kind} {total}, {total / unit:g} times" for kind, total in totals.items())
    figure = empty(
        10,
        3.4,
        f"Bars of the number of parameters for {inputs} inputs and {hidden} units: {said}. Nearly all of each bar is "
        "the recurrent matrix W.",
    )
    axes = figure.add_subplot()
    for row, parts in enumerate(counts.values()):
        left = 0
        for name, (colour, hatch) in _PARTS.items():
            label = f"${name}$" if row == 0 else None
            axes.barh(row, parts[name], left=left, color=colour, hatch=hatch, ec="white", height=0.6, label=label)
            left += parts[name]
        axes.text(left, row, f"  {left}  =  {left / unit:g} · {unit}", va="center")
    axes.set(yticks=range(len(counts)), yticklabels=list(counts), xlim=(0, 1.32 * max(totals.values())))
    axes.set(xlabel=f"numbers that are trained, D = {inputs}, H = {hidden}", ylim=(len(counts) - 0.5, -0.5))
    axes.tick_params(axis="y", length=0)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def step_cuts() -> Any:
    """One chain of computations, cut into the steps of a GRU above and into those of an LSTM below."""
    figure = empty(
        12.5,
        3.3,
        "One chain of computations, from left to right: memory c(t−1), read, candidate, write, memory c(t), read, "
        "candidate, write, memory c(t+1). Above, the steps of a GRU: each begins with a read and ends with a write, "
        "and all three see the same input. Below, those of an LSTM: each begins with a candidate and ends with a "
        "read. So the read gate on c(t) sees x(t+1) in the GRU and x(t) in the LSTM.",
    )
    axes = figure.add_subplot()
    axes.set(xlim=(-1.0, 11.1), ylim=(-1.75, 1.75), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    when = ("t-1", "t", "t+1")
    chain, x = [], 0.0
    for k in range(2):
        chain += [("state", f"$c^{{({when[k]})}}$"), ("read", "read"), ("candidate", "candidate"), ("write", "write")]
    chain.append(("state", f"$c^{{({when[2]})}}$"))
    colours = {"state": HIDDEN, "read": READ, "candidate": NEUTRAL, "write": WRITE}
    places: list[tuple[str, float, float]] = []
    for kind, text in chain:
        half = {"state": 0.36, "read": 0.42, "candidate": 0.74, "write": 0.46}[kind]
        x += half
        places.append((kind, x - half, x + half))
        _box(axes, x, half, text, colours[kind], round_=kind == "state")
        x += half + 0.17
    for (_, _, end), (_, start, _) in pairwise(places):
        axes.annotate("", (start, 0), (end, 0), arrowprops={"arrowstyle": "->", "color": "black", "lw": 1.5})
    reads = [place for place in places if place[0] == "read"]
    writes = [place for place in places if place[0] == "write"]
    candidates = [place for place in places if place[0] == "candidate"]
    for k in range(2):
        _step(axes, reads[k][1], writes[k][2], 1, f"GRU, step ${when[k + 1]}$:  sees $x^{{({when[k + 1]})}}$")
    _step(axes, -0.9, reads[0][2], -1, "$x^{(t-1)}$")
    _step(axes, candidates[0][1], reads[1][2], -1, "LSTM, step $t$:  sees $x^{(t)}$")
    _step(axes, candidates[1][1], 11.0, -1, "LSTM, step $t+1$:  sees $x^{(t+1)}$")
    return figure


def _box(axes: Any, x: float, half: float, text: str, colour: str, round_: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    style = "round,pad=0,rounding_size=0.3" if round_ else "square,pad=0"
    face = "white" if round_ else colour
    axes.add_patch(FancyBboxPatch((x - half, -0.34), 2 * half, 0.68, boxstyle=style, fc=face, ec=colour, lw=2))
    axes.text(x, -0.02, text, ha="center", va="center", color=colour if round_ else "white", fontsize=14)


def _step(axes: Any, start: float, end: float, side: int, text: str) -> None:
    """A bracket over (side 1) or under (side −1) what one step computes."""
    near, far = 0.55 * side, 0.95 * side
    axes.plot([start, start, end, end], [near, far, far, near], color=INPUT, lw=2.2, ls="-" if side > 0 else "--")
    axes.text((start + end) / 2, 1.15 * side, text, ha="center", va="bottom" if side > 0 else "top", color=INPUT)


_CONDITIONS = {  # colour, dash, marker
    "all four conditions": (HIDDEN, "-", "o"),
    "without coupled": (WRITE, "--", "s"),
    "without peephole": (KEEP, ":", "^"),
    "without identity": (READ, "-.", "D"),
    "without delay": (NEUTRAL, (0, (6, 1.5)), "v"),
}


@styled
def state_gaps(gaps: Mapping[str, Any], rounding: float) -> Any:
    """How far the memory of an LSTM is from the state of a GRU with the same numbers, at each step.

    Args:
        gaps: by label, ``(T,)``, the largest |c(t) − h(t)| of any unit; of these labels: ``"all four conditions"``,
            ``"without coupled"``, ``"without peephole"``, ``"without identity"``, ``"without delay"``.
        rounding: what two ways to compute the same number may differ by; a line is drawn there. Gaps of less than
            a hundredth of it, 0 too, are drawn at a hundredth.
    """
    gaps = {name: np.maximum(asnumpy(line), rounding / 100) for name, line in gaps.items()}
    T = len(next(iter(gaps.values())))
    figure = empty(
        11.5,
        5.0,
        f"Largest difference of c(t) and h(t), logarithmic, against t from 1 to {T}. {_describe(gaps, rounding)}",
    )
    axes = figure.add_subplot()
    t = np.arange(1, T + 1)
    for name, line in gaps.items():
        colour, dash, marker = _CONDITIONS[name]
        axes.semilogy(t, line, ls=dash, marker=marker, ms=6, color=colour, markevery=max(1, T // 13), label=name)
    axes.axhline(rounding, color=LIGHT, lw=1.5, zorder=0)
    axes.text(T, 1.5 * rounding, "rounding of float64", color=NEUTRAL, ha="right", va="bottom")
    axes.set(xlabel="time step t", ylabel="largest $|c^{(t)} - h^{(t)}|$", xlim=(0, T + 1))
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda n: -gaps[labels[n]].mean())
    axes.legend([handles[n] for n in order], [labels[n] for n in order], loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _describe(gaps: Mapping[str, Any], rounding: float) -> str:
    """What there is to see, in words that do not depend on the last digits."""
    exact = [name for name, line in gaps.items() if line.max() < 100 * rounding]
    others = {name: line.max() for name, line in gaps.items() if name not in exact}
    said = "; ".join(f"{name}: up to {most:.0e}" for name, most in others.items())
    return f"At the rounding of float64 all the time: {', '.join(exact)}. Far above it: {said}."
