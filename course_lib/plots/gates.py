"""Figures of gates at work: what they do over a real sequence, and what they let through of a gradient."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.style import HIDDEN, INPUT, KEEP, LIGHT, LOSS, NEUTRAL, OUTPUT, READ, WRITE, empty, styled

_GATES = {  # colour, dash, and what the gate does
    "f": (KEEP, "-", "keeps"),
    "1 − z": (KEEP, "-", "keeps"),
    "i": (WRITE, "--", "writes"),
    "z": (WRITE, "--", "writes"),
    "o": (READ, ":", "reads"),
    "r": (READ, ":", "reads"),
}
_STATES = ("-", "--", ":")


@styled
def gate_traces(
    years: Any,
    series: Any,
    traces: Mapping[str, Any],
    memory: Mapping[str, Any] | None = None,
    prediction: Any = None,
    split: float | None = None,
    title: str = "",
) -> Any:
    """The number of sunspots above, and the gates of one unit that reads them below it, at the same times.

    Args:
        years: ``(T,)``.
        series: ``(T,)``, the number of sunspots in each.
        traces: by name, ``(T,)`` values from 0 to 1 of a gate: ``"f"``, ``"i"``, ``"o"`` of an LSTM; ``"z"``,
            ``"1 − z"``, ``"r"`` of a GRU. The name decides colour and dash.
        memory: by label, ``(T,)`` values of at most three states, drawn in a third part; none if None.
        prediction: ``(T,)``, what a network said the values would be; none if None.
        split: where the years that were trained on end; a line is drawn there.
        title: which unit of which network.

    Raises:
        KeyError: if a trace is not named like a gate.
    """
    years, series = asnumpy(years), asnumpy(series)
    traces, memory = ({n: asnumpy(line) for n, line in lines.items()} for lines in (traces, memory or {}))
    said = "; ".join(f"{name} from {line.min():.1f} to {line.max():.1f}" for name, line in traces.items())
    states = [re.sub(r"[$^{}]", "", name) for name in memory]
    below = f", and below them the states {' and '.join(states)}" if memory else ""
    figure = empty(
        12,
        6.6 if memory else 5.2,
        f"Sunspots, {years[0]:g} to {years[-1]:g}, in waves"
        f"{'' if prediction is None else ', with the prediction for each year'}; below, at the same times, the gates "
        f"of one unit: {said}{below}.",
    )
    ratios = [1.25, 1, 0.8] if memory else [1.2, 1]
    panels = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
    top = panels[0]
    top.plot(years, series, color=INPUT, lw=2, label="seen")
    if prediction is not None:
        top.plot(years, asnumpy(prediction), "--", color=OUTPUT, lw=2, label="predicted")
    room = 1.08 if split is None else 1.25  # for the words beside the split, above all waves
    top.set(ylabel="sunspots", ylim=(0, room * series.max()), title=title)
    for name, line in traces.items():
        colour, dash, does = _GATES[name]
        panels[1].plot(years, line, ls=dash, color=colour, lw=2.2, label=f"${name}$ {does}".replace("−", "-"))
    panels[1].set(ylabel="gate", ylim=(-0.04, 1.04), yticks=[0, 0.5, 1], yticklabels=["0 shut", "0.5", "1 open"])
    for (name, line), dash in zip(memory.items(), _STATES, strict=False):
        panels[2].plot(years, line, ls=dash, color=HIDDEN, lw=2.2, label=name)
    if memory:
        panels[2].axhline(0, color="black", lw=0.8, zorder=0)
        panels[2].set(ylabel="state")
    for axes in panels:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=2.4)
        if split is not None:
            axes.axvline(split, color=NEUTRAL, lw=1.5, ls="-.")
    if split is not None:
        top.text(split, 0.99 * room * series.max(), " not trained on →", color=NEUTRAL, ha="left", va="top")
    panels[-1].set(xlabel="year", xlim=(years[0], years[-1]))
    figure.align_ylabels()
    return figure


@styled
def cell_paths(direct: float, through: float) -> Any:
    """The two ways from the memory of one step to that of the next, in an LSTM of one unit.

    Args:
        direct: the derivative along the upper way.
        through: the derivative along the lower one.
    """
    figure = empty(
        11,
        4.0,
        f"Two ways from c(t−1) to c(t). The direct one is a line with the factor f(t), here {direct:.2f}. The other "
        f"one goes down to h(t−1), from there to the gates i(t), f(t) and the candidate g(t), and up to c(t); it adds "
        f"{through:.2f}.",
    )
    axes = figure.add_subplot()
    axes.set(xlim=(-0.9, 10.2), ylim=(-1.15, 3.2), aspect="equal")
    axes.axis("off")
    boxes = {
        "$c^{(t-1)}$": (0, 2.5, HIDDEN),
        "$h^{(t-1)}$": (2.4, 0, HIDDEN),
        "$f^{(t)}$": (5.4, 0.75, KEEP),
        "$i^{(t)}$": (5.4, 0, WRITE),
        "$g^{(t)}$": (5.4, -0.75, NEUTRAL),
        "$c^{(t)}$": (8.3, 2.5, HIDDEN),
    }
    for name, (x, y, colour) in boxes.items():
        gate = name[1] in "fig"
        axes.text(
            x,
            y,
            name,
            ha="center",
            va="center",
            fontsize=15 if gate else 17,
            color=colour,
            bbox={"boxstyle": f"{'square' if gate else 'round'},pad=0.3", "facecolor": "white", "edgecolor": colour},
        )
    arrow = {"arrowstyle": "-|>", "mutation_scale": 20, "lw": 2.5}
    axes.annotate("", (7.7, 2.5), (0.75, 2.5), arrowprops=arrow | {"color": KEEP})
    axes.text(4.2, 2.62, f"direct: $f^{{(t)}}$ = {direct:.2f}", ha="center", va="bottom", color=KEEP)
    dashed = arrow | {"color": LOSS, "linestyle": "--"}
    axes.annotate("", (1.95, 0.35), (0.35, 2.0), arrowprops=dashed)
    axes.text(0.75, 0.95, "$o^{(t-1)} \\tanh'$", ha="right", va="center", color=LOSS)
    for y in (0.75, 0, -0.75):
        axes.annotate("", (4.95, y), (3.1, 0.12 * y), arrowprops=dashed | {"lw": 2})
        axes.annotate("", (8.0, 2.0), (5.85, y), arrowprops=dashed | {"lw": 2})
    axes.text(4.0, 0.62, "$W$", ha="center", va="bottom", color=LOSS)
    axes.text(7.55, 0.35, f"through $h^{{(t-1)}}$: {through:.2f}", ha="left", va="center", color=LOSS)
    return figure


@styled
def memory_paths(panels: Mapping[str, tuple[Any, Any]]) -> Any:
    """How strongly the last memory depends on each one before it: along the direct path, and along both.

    Args:
        panels: by title, ``‖dc(T)/dc(t)‖₂`` and the largest product of forget gates, each ``(T,)`` for t = 1, …, T.
    """
    panels = {title: tuple(asnumpy(line) for line in pair) for title, pair in panels.items()}
    T = len(next(iter(panels.values()))[0])
    said = "; ".join(f"{title}: both paths {b[0]:.0e}, direct path {d[0]:.0e}" for title, (b, d) in panels.items())
    figure = empty(
        max(8, 5.6 * len(panels) + 0.8),
        4.9,
        f"Derivative of the memory c({T}) by c(t), logarithmic, against t; at t = {T} all lines are at 1. "
        f"At t = 1: {said}.",
    )
    for axes, (title, (both, direct)) in zip(
        np.atleast_1d(figure.subplots(1, len(panels))), panels.items(), strict=True
    ):
        t = np.arange(1, T + 1)
        axes.axhline(1, color="black", lw=1, zorder=0)
        axes.semilogy(t, both, "o-", color=LOSS, ms=6, markevery=10, label="both paths: $\\|dc^{(T)}/dc^{(t)}\\|_2$")
        axes.semilogy(t, direct, "s--", color=KEEP, ms=6, mfc="white", mew=2, markevery=10)
        axes.plot([], "s--", color=KEEP, ms=6, mfc="white", mew=2, label="direct path: largest $\\prod f$")
        axes.set(xlabel="time step t", title=title, xlim=(0, T + 1), xticks=[1, *range(T // 5, T + 1, T // 5)])
        axes.set_ylim(min(1e-3, direct.min() / 10), max(10, 10 * both.max()))
    figure.axes[0].set_ylabel("factor")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


@styled
def half_life(biases: Any, marked: Mapping[float, float]) -> Any:
    """After how many steps half of a memory is left, if its forget gate stays at the sigmoid of its bias.

    Args:
        biases: ``(n,)``, where to draw the line.
        marked: the half-life for some biases, which stand out.
    """
    biases = asnumpy(biases)
    said = ", ".join(f"{steps:.1f} for bias {bias:g}" for bias, steps in marked.items())
    figure = empty(10, 4.6, f"Half-life of a memory in steps, logarithmic, against the forget gate's bias: {said}.")
    axes = figure.add_subplot()
    axes.semilogy(biases, np.log(2) / np.logaddexp(0, -biases), color=KEEP)
    for bias, steps in marked.items():
        axes.plot([bias], [steps], "o", color=KEEP)
        text = f"$f$ = {1 / (1 + np.exp(-bias)):.3f}\n{steps:.1f} steps"
        axes.annotate(text, (bias, steps), (10, -6), textcoords="offset points", va="top", fontsize=13)
    axes.set(xlabel="bias of the forget gate", ylabel="half-life [steps]", xlim=(biases[0], biases[-1]))
    return figure


@styled
def recall_curves(groups: Mapping[str, Any], every: int, chance: float) -> Any:
    """The error during training, of networks that differ in the first biases of their gates.

    Args:
        groups: by name, the errors ``(runs, n)`` as fractions; at most four groups.
        every: how many iterations an error is the mean of.
        chance: the error of a guess.
    """
    groups = {name: asnumpy(runs) for name, runs in groups.items()}
    said = "; ".join(
        f"{name}: {(runs[:, -1] < 0.05).sum()} of {len(runs)} below 5 at the end"
        + (f", all above {100 * (chance - 0.1):.0f} throughout" if (runs > chance - 0.1).all() else "")
        for name, runs in groups.items()
    )
    figure = empty(11, 4.6, f"Error in per cent against iterations; guessing gives {100 * chance:g}. {said}.")
    axes = figure.add_subplot()
    axes.axhline(100 * chance, color="black", lw=1.5, ls=":", label=f"guessing: {100 * chance:g} %")
    looks = (
        (LIGHT, "s", "--", LIGHT),
        (NEUTRAL, "^", ":", NEUTRAL),
        (LOSS, "D", "-.", "white"),
        (LOSS, "o", "-", LOSS),
    )
    for (name, runs), (colour, marker, dash, face) in zip(groups.items(), looks, strict=False):
        for n, run in enumerate(runs):
            t = every * np.arange(1, len(run) + 1)
            label = None if n else f"{name}, {len(runs)} starts"
            axes.plot(t, 100 * run, ls=dash, marker=marker, ms=6, lw=1.8, color=colour, mfc=face, label=label)
    axes.set(xlabel="iteration", ylabel="error on new sequences [%]", xlim=(0, None), ylim=(-2, 70))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=3)
    return figure
