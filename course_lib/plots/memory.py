"""Figures of notebook 07, second half: what was solved, what happened on the way, and what a network remembers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.style import INPUT, KEEP, LIGHT, LOSS, NEUTRAL, OUTPUT, empty, styled

# Six networks: a colour and a marker for the cell; dashed and hollow with the usual start, solid with a better one.
_KINDS = ((NEUTRAL, "s"), (LOSS, "o"), ("black", "^"))
_LOOKS = [(colour, marker, dash, full) for colour, marker in _KINDS for dash, full in (("--", False), ("-", True))]


@styled
def solved_grid(rows: Sequence[str], columns: Sequence[str], solved: Any, texts: Sequence[Sequence[str]]) -> Any:
    """Which network solved which task.

    Args:
        rows: the tasks.
        columns: the networks.
        solved: ``(rows, columns)``, the share of the starts that solved it, from 0 to 1; nan where none was tried.
        texts: what stands in each field.
    """
    from matplotlib.patches import Rectangle

    solved = np.asarray(solved, float)
    names = [column.replace("\n", " ") for column in columns]
    said = "; ".join(
        f"{row}: {', '.join(name for name, share in zip(names, line, strict=True) if share > 0) or 'none'}"
        for row, line in zip(rows, solved, strict=True)
    )
    figure = empty(
        12,
        1.2 + 0.62 * len(rows),
        f"Table of {len(rows)} tasks and {len(columns)} networks. A field is filled where all starts solved the task, "
        f"hatched where some did. Solved by at least one start: {said}.",
    )
    axes = figure.add_subplot()
    for i, line in enumerate(solved):
        for j, share in enumerate(line):
            look, colour = {"facecolor": "#F2F2F2", "edgecolor": "white"}, NEUTRAL
            if share == 1:
                look, colour = {"facecolor": OUTPUT, "edgecolor": "white"}, "white"
            elif share > 0:
                look, colour = {"facecolor": "white", "edgecolor": OUTPUT, "hatch": "////"}, "black"
            axes.add_patch(Rectangle((j - 0.47, i - 0.44), 0.94, 0.88, lw=1.5, **look))
            back = {"facecolor": "white", "edgecolor": "none", "pad": 2} if 0 < share < 1 else None
            weight = "bold" if share > 0 else "normal"
            axes.text(j, i, texts[i][j], ha="center", va="center", color=colour, weight=weight, fontsize=13, bbox=back)
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set(xticks=range(len(columns)), yticks=range(len(rows)), xticklabels=columns, yticklabels=rows)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


@styled
def trial_curves(
    curves: Mapping[str, Sequence[tuple[Any, Any]]],
    ylabel: str,
    levels: Mapping[str, float],
    title: str = "",
    log: bool = False,
) -> Any:
    """What was measured from test to test, of up to six networks.

    Args:
        curves: by network, the usual start of each cell before the better one; for each run its iterations ``(n,)``
            and values ``(n,)``.
        ylabel: what the values are.
        levels: by label, values to compare with, as lines; at most two.
        title: which task.
        log: whether values are on a logarithmic axis.
    """
    curves = {name: [tuple(map(asnumpy, run)) for run in runs] for name, runs in curves.items()}
    said = "; ".join(f"{name}: {', '.join(_from_to(y) for _, y in runs)}" for name, runs in curves.items())
    across = "".join(f" A line across: {name}, {value:.3g}." for name, value in levels.items())
    figure = empty(11, 5.0, f"{title}: {ylabel} against iterations. {said}.{across}")
    axes = figure.add_subplot()
    for (name, value), dash in zip(levels.items(), (":", "-."), strict=False):
        axes.axhline(value, color="black", lw=1.5, ls=dash, label=name)
    for (name, runs), (colour, marker, dash, full) in zip(curves.items(), _LOOKS, strict=False):
        for n, (x, y) in enumerate(runs):
            look = {"color": colour, "marker": marker, "ls": dash, "ms": 7, "lw": 1.8}
            axes.plot(x, y, mfc=colour if full else "white", label=None if n else name, markevery=_sparse(x), **look)
    end = max(x[-1] for runs in curves.values() for x, _ in runs)
    if end > 300:
        axes.set_xscale("symlog", linthresh=100, linscale=0.5)
        axes.set_xticks([0, 100, 300, 1000, 3000], ["0", "100", "300", "1000", "3000"])
        axes.set_xticks([], minor=True)
    axes.set(xlabel="iteration", ylabel=ylabel, title=title, yscale="log" if log else "linear")
    axes.set_xlim(-0.08 * min(end, 100), 1.1 * end if end > 300 else 1.03 * end)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _sparse(x: Any) -> list[int]:
    """Markers that stand about evenly on an axis of iterations that is logarithmic from 100 on."""
    places = np.where(x < 100, x / 100, 1 + 4 * np.log10(np.maximum(x, 100) / 100))
    kept, last = [], -1.0
    for i, place in enumerate(places):
        if place - last > 0.35 or i == len(x) - 1:
            kept.append(i)
            last = place
    return kept


def _from_to(y: Any) -> str:
    first, last = (float(f"{value:.1g}") for value in y[[0, -1]])
    return f"from about {first:g} to about {last:g}"


@styled
def flows(parts: Mapping[str, Mapping[str, Any]], solved: Sequence[str], asked: tuple[float, float], title: str) -> Any:
    """How much of a gradient arrives at each step on its way back, of up to six networks, at several times.

    Args:
        parts: by title of a part, for each network ``(T,)`` norms for t = 1, …, T; 0 where nothing arrives.
        solved: the networks that solved the task.
        asked: the steps between which stands what has to be kept longest; shaded.
        title: which task.
    """
    parts = {part: {name: asnumpy(line) for name, line in lines.items()} for part, lines in parts.items()}
    lowest = 1e-20
    said = " ".join(
        f"{part}, at t = 1 relative to the last step: {'; '.join(f'{n}: {_power(v)}' for n, v in lines.items())}."
        for part, lines in parts.items()
    )
    figure = empty(
        12, 5.2, f"{title}: norm of the gradient at h(t), logarithmic, against t. {said} Solved by {', '.join(solved)}."
    )
    for axes, (part, lines) in zip(figure.subplots(1, len(parts), sharey=True), parts.items(), strict=True):
        axes.axvspan(*asked, color="#E6E6E6", lw=0, zorder=0)
        for (name, norms), (colour, marker, dash, full) in zip(lines.items(), _LOOKS, strict=False):
            t, seen = np.arange(1, len(norms) + 1), np.where(norms > lowest, norms, np.nan)
            label = f"{name}, solved" if name in solved else name
            look = {"color": colour, "marker": marker, "ls": dash, "ms": 7, "lw": 1.8}
            every = (len(norms) // 10 - 1, max(1, len(norms) // 6))
            axes.semilogy(t, seen, mfc=colour if full else "white", markevery=every, label=label, **look)
        axes.set(xlabel="time step t", title=part, xlim=(0, len(norms) + 1), ylim=(lowest, 10))
    figure.axes[0].set_ylabel("$\\Vert dL/dh^{(t)} \\Vert$")
    figure.suptitle(title)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _power(norms: Any) -> str:
    """The first over the last, as a power of ten."""
    share = norms[0] / norms[-1]
    return f"about 1e{np.log10(share):.0f}" if share > 0 else "nothing"


@styled
def arrivals(groups: Mapping[str, tuple[Any, Any]], when: str, labels: tuple[str, str], lowest: float = 1e-12) -> Any:
    """What share of a gradient arrives, for the runs that did something and for those that did not.

    Args:
        groups: by task, the share that arrives ``(n,)``, and whether each run did it ``(n,)``.
        when: the share was measured.
        labels: what the first ones did, and what the others.
        lowest: shares below this are drawn at the left edge.
    """
    groups = {name: (asnumpy(shares), asnumpy(did).astype(bool)) for name, (shares, did) in groups.items()}
    said = "; ".join(
        f"{name}: {labels[0]} {_span(shares[did])}, {labels[1]} {_span(shares[~did])}"
        for name, (shares, did) in groups.items()
    )
    figure = empty(11, 1.1 + 0.6 * len(groups), f"Share of the gradient that arrives {when}. {said}.")
    axes = figure.add_subplot()
    for row, (shares, did) in enumerate(groups.values()):
        shares = np.maximum(shares, lowest)
        axes.axhline(row, color=LIGHT, lw=0.8, zorder=0)
        look = {"ls": "", "mew": 2, "clip_on": False}
        axes.plot(shares[~did], np.full((~did).sum(), row + 0.18), "x", color=NEUTRAL, ms=9, **look)
        axes.plot(shares[did], np.full(did.sum(), row - 0.18), "o", color=OUTPUT, ms=9, mfc="none", **look)
    axes.plot([], [], "o", color=OUTPUT, mfc="none", mew=2, label=labels[0])
    axes.plot([], [], "x", color=NEUTRAL, mew=2, label=labels[1])
    axes.set(xscale="log", xlim=(0.3 * lowest, 100), ylim=(len(groups) - 0.5, -0.5), yticks=range(len(groups)))
    axes.set_yticklabels(groups)
    axes.set_xlabel(f"share of the gradient that arrives, {when} (left edge: {lowest:.0e} and less)")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _span(shares: Any) -> str:
    if not len(shares):
        return "none"
    low, high = (f"1e{np.floor(np.log10(value)):.0f}" if value > 0 else "0" for value in (shares.min(), shares.max()))
    return f"from {low} to {high}"


@styled
def error_by_length(
    lengths: Sequence[int], errors: Mapping[str, Any], trained: Mapping[str, tuple[float, float]], chance: float
) -> Any:
    """The error on sequences of other lengths than those of the training.

    Args:
        lengths: of the sequences, in steps.
        errors: by network, its error at each length, as a fraction; at most two.
        trained: for each network the shortest and the longest length it was trained with.
        chance: the error of a guess.
    """
    errors = {name: 100 * asnumpy(values) for name, values in errors.items()}
    said = "; ".join(
        f"{name}, trained with {_range(*trained[name])} steps: below 5 per cent at "
        f"{', '.join(str(T) for T, e in zip(lengths, values, strict=True) if e < 5) or 'none'}"
        for name, values in errors.items()
    )
    figure = empty(11, 4.6, f"Error in per cent against the length. {said}. Guessing: {100 * chance:g}.")
    axes = figure.add_subplot()
    axes.axhline(100 * chance, color="black", lw=1.5, ls=":", label=f"guessing: {100 * chance:g} %")
    looks = ((LOSS, "o", "-", LOSS), ("black", "^", "--", "white"))
    for row, ((name, values), (colour, marker, dash, face)) in enumerate(zip(errors.items(), looks, strict=False)):
        axes.plot(lengths, values, marker=marker, ls=dash, color=colour, mfc=face, lw=1.8, label=name)
        low, high = trained[name]
        axes.plot([low / 1.02, high * 1.02], [-6 - 5 * row] * 2, color=colour, lw=5, ls="-", solid_capstyle="butt")
    axes.set_xscale("log")
    axes.set_xticks(lengths, [str(T) for T in lengths])
    axes.set_xticks([], minor=True)
    axes.set(xlabel="length T of the new sequences (bars below: lengths of the training)", ylabel="wrong classes [%]")
    axes.set(ylim=(-15, 85), yticks=[0, 25, 50, 75])
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _range(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


@styled
def kept_and_known(symbols: Sequence[str], counting: Mapping[int, str], keeps: Any, known: Mapping[str, Any]) -> Any:
    """What each unit keeps from step to step in one sequence, and what can be read from the states.

    Args:
        symbols: two lines that name the upper and the lower part.
        counting: by step, from 1, the symbols that count.
        keeps: ``(T, H)``, the share of its state that each unit keeps, drawn in the order of their means.
        known: by label, for each step ``(T,)`` the share of sequences in which something can be read from the state;
            at most three.
    """
    from matplotlib.colors import LinearSegmentedColormap

    keeps = asnumpy(keeps)
    T, H = keeps.shape
    keeps = keeps[:, np.argsort(keeps.mean(axis=0))]
    known = {name: 100 * asnumpy(values) for name, values in known.items()}
    said = "; ".join(
        f"{name}: {values[0]:.0f} per cent at t = 1, {values[-1]:.0f} at t = {T}" for name, values in known.items()
    )
    where = " and ".join(f"{symbol} in step {t}" for t, symbol in counting.items())
    figure = empty(
        12,
        6.6,
        f"Above: what each of {H} units keeps at each of {T} steps, as shades, for a sequence with {where}. "
        f"Below: what can be read from the state at each step, in per cent of sequences. {said}.",
    )
    top, low = figure.subplots(2, 1, sharex=True, height_ratios=[1.25, 1])
    shades = LinearSegmentedColormap.from_list("keep", ["white", KEEP])
    box = (0.5, T + 0.5, 0.5, H + 0.5)
    image = top.imshow(keeps.T, origin="lower", extent=box, aspect="auto", cmap=shades, vmin=0, vmax=1)
    for t, symbol in counting.items():
        top.plot(t, H + 1.6, "v", color=INPUT, ms=9, clip_on=False)
        top.text(t, H + 3, symbol, ha="center", va="bottom", color=INPUT, weight="bold", clip_on=False)
    top.set(ylabel="unit", yticks=[1, H])
    figure.colorbar(image, ax=top, label=symbols[0], pad=0.01, ticks=[0, 0.5, 1])
    looks = ((INPUT, "-", "o"), ("black", "--", "s"), (NEUTRAL, ":", "^"))
    for (name, values), (colour, dash, marker) in zip(known.items(), looks, strict=False):
        axes_look = {"ls": dash, "marker": marker, "markevery": max(1, T // 10), "ms": 7, "lw": 2}
        low.plot(np.arange(1, T + 1), values, color=colour, label=name, **axes_look)
    low.axhline(50, color="black", lw=1.5, ls=":")
    low.set(xlabel="time step t", ylabel=symbols[1], xlim=(0.5, T + 0.5), ylim=(40, 104), yticks=[50, 75, 100])
    low.legend(loc="center right")
    return figure


@styled
def against_chance(rows: Mapping[str, Mapping[str, float]], ours: Sequence[str] = ()) -> Any:
    """Errors as shares of what a guess has.

    Args:
        rows: by task, for each network its error divided by that of chance.
        ours: the tasks that were measured here; the others are from the literature.
    """
    said = "; ".join(
        f"{row}: {', '.join(f'{name} {share:.2g}' for name, share in shares.items())}" for row, shares in rows.items()
    )
    figure = empty(11.5, 1.5 + 0.72 * len(rows), f"Errors as shares of chance, on a logarithmic axis. {said}.")
    axes = figure.add_subplot()
    axes.axvline(1, color="black", lw=1.5, ls=":")
    names = list(dict.fromkeys(name for shares in rows.values() for name in shares))
    looks = dict(zip(names, ((NEUTRAL, "s"), (LOSS, "o"), ("black", "^"), (LIGHT, "D")), strict=False))
    for i, (row, shares) in enumerate(rows.items()):
        axes.axhline(i, color=LIGHT, lw=0.8, zorder=0)
        for name, share in shares.items():
            colour, marker = looks[name]
            place, face = i + 0.2 * (names.index(name) - (len(names) - 1) / 2), colour if row in ours else "white"
            axes.plot(share, place, marker, color=colour, mfc=face, mew=2, ms=9)
    for name, (colour, marker) in looks.items():
        axes.plot([], [], marker, color=colour, mew=2, ms=10, mfc="white", label=name)
    axes.set(xscale="log", ylim=(len(rows) - 0.5, -0.5), yticks=range(len(rows)), yticklabels=rows)
    axes.set_xlabel("error, divided by that of chance (dotted: chance)")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
