"""Figures of notebook 06, first half: a text as a sequence, cut into pieces, and what its cut gradient lacks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.graph import arrow, node
from course_lib.plots.style import HIDDEN, INPUT, LIGHT, LOSS, NEUTRAL, OUTPUT, empty, styled


@styled
def context_losses(train: Sequence[float], held_out: Sequence[float], guess: float) -> Any:
    """What a table of counts costs per character, over how many characters back it looks.

    Args:
        train: nats per character on the text that was counted, looking back 0, 1, 2, … characters.
        held_out: the same on a text that was not.
        guess: nats per character where all are taken as equally likely.
    """
    orders = np.arange(len(train))
    best = int(np.argmin(held_out))
    figure = empty(
        10,
        4.6,
        f"Nats per character against the number of characters looked back, from 0 to {orders[-1]}. On the text that "
        f"was counted the line keeps falling; on the other text it falls until {best} and then rises. A line across at "
        f"{guess:.2f}: all characters equally likely.",
    )
    axes = figure.add_subplot()
    axes.axhline(guess, color="black", lw=1.5, ls=":")
    axes.text(orders[-1], guess - 0.08, f"equally likely: {guess:.2f}", ha="right", va="top")
    axes.plot(orders, held_out, "o-", color=LOSS, label="text not seen")
    axes.plot(orders, train, "s--", color=NEUTRAL, mfc="white", mew=2, label="text that was counted")
    axes.annotate(
        f"{held_out[best]:.2f}", (best, held_out[best]), (0, 12), textcoords="offset points", ha="center", color=LOSS
    )
    axes.set(xlabel="characters looked back", ylabel="nats per character", xticks=orders, ylim=(0, 1.08 * guess))
    axes.legend(loc="lower left")
    return figure


@styled
def next_tables(tables: Mapping[str, Any], characters: str, read: str, target: str) -> Any:
    """The probability of each next character, after each prefix of a short text, for several models side by side.

    Args:
        tables: by what the model is called, ``(T, O)``.
        characters: the O characters in their order.
        read: the T characters read.
        target: the T characters that come next.
    """
    tables = {name: asnumpy(p) for name, p in tables.items()}
    wanted = [characters.index(letter) for letter in target]
    said = "; ".join(
        f"{name}: the right character gets "
        + ", ".join(f"{p[t, i]:.2f} after {read[: t + 1]}" for t, i in enumerate(wanted))
        for name, p in tables.items()
    )
    figure = empty(5.4 * len(tables), 4.4, f"Tables of the probability of the next character. {said}.")
    figure.get_layout_engine().set(wspace=0.08)
    panels = figure.subplots(1, len(tables), sharey=True)
    for (name, p), axes in zip(tables.items(), panels, strict=True):
        axes.imshow(p.T, cmap=_greens(), vmin=0, vmax=1, aspect="auto")
        for t, row in enumerate(p):
            for i, value in enumerate(row):
                ours = i == wanted[t]
                text = {"color": "white" if value > 0.55 else "black", "fontweight": "bold" if ours else "normal"}
                axes.text(t, i, f"{value:.2f}", ha="center", va="center", fontsize=15, **text)
            axes.add_patch(_frame(t, wanted[t]))
        axes.set(xticks=range(len(read)), yticks=range(len(characters)), xlabel="read so far")
        axes.set_xticklabels([read[: t + 1] for t in range(len(read))])
        axes.set_yticklabels(characters)
        axes.tick_params(length=0, labelsize=16)
        axes.spines[:].set_visible(False)
        axes.set_title(name, pad=12)
    panels[0].set_ylabel("next character")
    return figure


def _greens() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("", ["white", OUTPUT])


def _frame(x: int, y: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.46), 0.94, 0.92, facecolor="none", edgecolor="black", linewidth=2.5)


@styled
def text_rows(text: str, B: int, T: int) -> Any:
    """A text laid out as rows that are read side by side, and cut into chunks.

    Args:
        text: its characters; the last is only a target.
        B: rows.
        T: the length of a chunk.
    """
    n = (len(text) - 1) // (B * T)
    width = n * T
    left = text[B * width :]
    figure = empty(
        12,
        0.62 * B + 1.9,
        f"A text of {len(text)} characters in {B} rows of {width}, each cut into {n} chunks of {T}. Along each row an "
        f"arrow leads from chunk to chunk: the state. The rows are one text: each begins where the one above ends. The "
        f"last characters, “{left}”, are in no row.",
    )
    axes = figure.add_subplot()
    gap = 0.9
    axes.set(xlim=(-2.2, width + gap * (n - 1) + 0.2), ylim=(B + 1.0, -1.1))
    axes.axis("off")
    for k in range(n):
        axes.text(k * (T + gap) + T / 2, -0.6, f"chunk {k + 1}", ha="center", va="center")
    for b in range(B):
        axes.text(-0.4, b + 0.5, f"row {b}", ha="right", va="center")
        for k in range(n):
            start = k * (T + gap)
            for t in range(T):
                _letter(axes, start + t, b, text[b * width + k * T + t], INPUT)
            if k:
                style = {"arrowstyle": "-|>", "color": HIDDEN, "lw": 2.5, "shrinkA": 0, "shrinkB": 0}
                axes.annotate("", (start - 0.03, b + 0.5), (start - gap + 0.03, b + 0.5), arrowprops=style)
    axes.text(-0.4, B + 0.5, "left over", ha="right", va="center", color=NEUTRAL)
    for t, letter in enumerate(left):
        _letter(axes, t, B, letter, LIGHT)
    return figure


def _letter(axes: Any, x: float, y: float, letter: str, colour: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x + 0.05, y + 0.1), 0.9, 0.8, facecolor="white", edgecolor=colour, linewidth=1.5))
    axes.text(x + 0.5, y + 0.5, letter.replace(" ", "␣").replace("\n", "¶"), ha="center", va="center", fontsize=15)


@styled
def position_losses(carried: Any, reset: Any) -> Any:
    """What each place of a chunk costs, with the state of the chunk before and with a state of zeros.

    Args:
        carried: ``(T,)``, nats per character.
        reset: ``(T,)``, the same where each chunk begins from zeros.
    """
    carried, reset = asnumpy(carried), asnumpy(reset)
    t = np.arange(1, len(carried) + 1)
    figure = empty(
        10,
        4.6,
        f"Nats per character against the place in a chunk of {len(t)}. With the state carried on, the line is level. "
        f"With a state of zeros it begins at about {reset[0]:.1f} and comes down within the chunk.",
    )
    axes = figure.add_subplot()
    axes.plot(t, reset, "s--", color=NEUTRAL, mfc="white", mew=2, ms=7, label="state reset to 0 at each chunk")
    axes.plot(t, carried, "o-", color=LOSS, ms=7, label="state carried on")
    axes.set(xlabel="place t in the chunk", ylabel="nats per character", xlim=(0, len(t) + 1), ylim=(0, None))
    axes.set_xticks([1, *range(5, len(t) + 1, 5)])
    axes.legend(loc="upper right")
    return figure


_WAYS = ("chunks", "sliding")


@styled
def cut_paths(T: int, k: int) -> Any:
    """How far back the loss of each step is followed: to the beginning of its chunk, or over its last k steps.

    Args:
        T: number of steps.
        k: the length of a chunk, and the reach of a sliding cut.
    """
    figure = empty(
        12,
        6.6,
        f"Two pictures of {T} states in a row, the forward pass going through all of them. Under each state an arrow "
        f"shows how far back its loss is followed. Above, chunks of {k}: arrows of 1 to {k} steps, none across the end "
        f"of a chunk. Below, sliding: arrows of {k} steps each, shorter only at the beginning.",
    )
    for way, axes in zip(_WAYS, figure.subplots(2, 1), strict=True):
        axes.set(xlim=(-0.6, T + 0.6), ylim=(-2.35, 0.75), aspect="equal")
        axes.axis("off")
        said = f"chunks of {k}" if way == "chunks" else f"sliding: back over {k} steps"
        axes.set_title(said, loc="left", pad=2)
        node(axes, 0, 0, "$h^{(0)}$", "white", edge=HIDDEN)
        for t in range(1, T + 1):
            arrow(axes, (t - 1, 0), (t, 0), NEUTRAL)
            node(axes, t, 0, f"$h^{{({t})}}$", HIDDEN)
            first = (t - 1) // k * k + 1 if way == "chunks" else max(1, t - k + 1)
            y = -0.75 - 0.42 * ((t - 1) % k)
            axes.plot(t, y, "o", color=LOSS, ms=8)
            if first < t:
                style = {"arrowstyle": "-|>", "color": LOSS, "lw": 2.5, "shrinkA": 0, "shrinkB": 0}
                axes.annotate("", (first - 0.05, y), (t, y), arrowprops=style)
            if way == "chunks" and t % k == 0 and t < T:
                axes.plot([t + 0.5] * 2, [-2.2, -0.35], color="black", lw=2, ls=":")
    return figure


@styled
def pair_cuts(T: int, k: int) -> Any:
    """Which pairs of a loss and a place a gradient adds up: all, those at most k steps apart, those in one chunk.

    Args:
        T: number of steps.
        k: the length of a chunk, and the reach of a sliding cut.
    """
    t, s = np.mgrid[1 : T + 1, 1 : T + 1]
    there = s <= t
    counted = {
        "full": there,
        f"sliding, k = {k}": there & (t - s < k),
        f"chunks of {k}": there & ((t - 1) // k == (s - 1) // k),
    }
    counts = ", ".join(f"{name} {pairs.sum()}" for name, pairs in counted.items())
    figure = empty(
        12,
        4.7,
        f"Three square tables with a row for the loss of each step t and a column for each place s, {T} of each. "
        f"Filled are the pairs that are counted: {counts}. The full gradient fills the lower triangle, sliding a band "
        f"along the diagonal, chunks small triangles on it.",
    )
    panels = figure.subplots(1, 3, sharey=True)
    for (name, pairs), axes in zip(counted.items(), panels, strict=True):
        for i, j in np.argwhere(there):
            kept = pairs[i, j]
            face, edge = (LOSS, LOSS) if kept else ("white", LIGHT)
            axes.plot(j + 1, i + 1, "s", ms=_SQUARE / T, mfc=face, mec=edge, mew=1.2)
        if name.startswith("chunks"):
            for end in range(k, T, k):
                axes.plot([0.5, T + 0.5], [end + 0.5] * 2, color="black", lw=1, ls=":")
                axes.plot([end + 0.5] * 2, [0.5, T + 0.5], color="black", lw=1, ls=":")
        ticks = [1, *range(5, T + 1, 5)]
        axes.set(xlim=(0.3, T + 0.7), ylim=(T + 0.7, 0.3), aspect="equal", xticks=ticks, yticks=ticks)
        axes.set(xlabel="place s", title=f"{name}: {pairs.sum()} pairs")
    panels[0].set_ylabel("loss of step t")
    return figure


_SQUARE = 175  # points, the side of all squares of a row together


@styled
def gradient_agreement(lengths: Sequence[int], cosines: Mapping[str, Any], sizes: Mapping[str, Any]) -> Any:
    """Direction and length of cut gradients, compared with the full one, over the length of the cut.

    Args:
        lengths: the K values of k.
        cosines: for ``"chunks"`` and ``"sliding"``, ``(n, K)`` cosines of n networks.
        sizes: for the same, ``(n, K)`` lengths as parts of the length of the full gradient.
    """
    cosines, sizes = ({name: asnumpy(v) for name, v in values.items()} for values in (cosines, sizes))
    said = "; ".join(
        f"{name}: cosine {np.median(values[:, 0]):.1f} at k = {lengths[0]}, {np.median(values[:, -1]):.2f} at "
        f"k = {lengths[-1]}"
        for name, values in cosines.items()
    )
    figure = empty(
        12,
        4.8,
        f"Left the cosine, right the length of a cut gradient, compared with the full one, against k from {lengths[0]} "
        f"to {lengths[-1]} on a logarithmic axis. Both climb to 1, sliding sooner than chunks. {said}.",
    )
    panels = figure.subplots(1, 2)
    titles = "cosine with the full gradient", "length, full gradient = 1"
    for axes, values, title in zip(panels, (cosines, sizes), titles, strict=True):
        axes.axhline(1, color="black", lw=1.2, ls=":")
        for name, (colour, style, face) in _LINES.items():
            low, middle, high = values[name].min(axis=0), np.median(values[name], axis=0), values[name].max(axis=0)
            axes.fill_between(lengths, low, high, color=colour, alpha=0.22, lw=0)
            axes.plot(lengths, middle, style, color=colour, mfc=face, mew=2, ms=8, label=name)
        axes.set(xscale="log", xlabel="length of the cut k", ylabel=title, ylim=(0.4, 1.05))
        axes.set_xticks(lengths, [str(k) for k in lengths])
        axes.minorticks_off()
    panels[0].legend(loc="lower right")
    return figure


_LINES = {"sliding": (NEUTRAL, "s--", "white"), "chunks": (LOSS, "o-", LOSS)}


@styled
def left_out(lengths: Sequence[int], shares: Mapping[str, Any], laws: Mapping[str, Any]) -> Any:
    """How much of the full gradient a cut one lacks, over the length of the cut.

    Args:
        lengths: the K values of k.
        shares: for ``"chunks"`` and ``"sliding"``, ``(K,)`` lengths of what is left out, full gradient = 1.
        laws: for the same, ``(K,)`` values of a simple rule.
    """
    shares, laws = ({name: asnumpy(v) for name, v in values.items()} for values in (shares, laws))
    said = ", ".join(f"{name} {values[-1]:.0e}" for name, values in shares.items())
    figure = empty(
        10,
        5,
        f"What is left out, on a logarithmic axis, against k from {lengths[0]} to {lengths[-1]}: sliding falls along a "
        f"straight line, chunks along a curve that grows ever flatter. At k = {lengths[-1]}: {said}.",
    )
    axes = figure.add_subplot()
    for name, (colour, style, face) in _LINES.items():
        axes.semilogy(lengths, laws[name], ":", color="black", lw=2)
        axes.semilogy(lengths, shares[name], style[0], color=colour, mfc=face, mew=2, ms=9, label=name)
    axes.semilogy([], [], ":", color="black", lw=2, label="the two rules")
    axes.set(xlabel="length of the cut k", ylabel="left out, full gradient = 1", xlim=(0, lengths[-1] * 1.03))
    axes.legend(loc="lower left")
    return figure
