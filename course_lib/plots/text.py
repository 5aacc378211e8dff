"""Figures of notebook 06, second half: steps for letters, temperature, texts in colour, errors years ahead."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.style import DIVERGING, INPUT, LIGHT, LOSS, NEUTRAL, OUTPUT, empty, styled

_SHOWN = {" ": "␣", "\n": "↵"}  # characters that leave no ink


def _names(characters: Sequence[str]) -> list[str]:
    return [_SHOWN.get(character, character) for character in characters]


@styled
def letter_steps(read: Any, moved: Mapping[str, Any], characters: str, named: str) -> Any:
    """How far the column of U of each character has moved, against how often the character was read.

    Args:
        read: ``(V,)``, how often.
        moved: by rule, ``(V,)`` distances above 0; two rules.
        characters: the V characters.
        named: those of them whose names are written beside the first rule's points.
    """
    read, moved = asnumpy(read), {rule: asnumpy(far) for rule, far in moved.items()}
    often, seldom = read.argmax(), np.where(read > 0, read, read.max() + 1).argmin()
    said = "; ".join(f"{rule}: by a factor of {_digit(far[often] / far[seldom])}" for rule, far in moved.items())
    figure = empty(
        10.5,
        4.8,
        "How far the column of each character has moved, against how often it was read, both logarithmic. The column "
        f"of the most frequent character has moved further than that of the rarest, {said}.",
    )
    axes = figure.add_subplot()
    seen = read > 0
    for (rule, far), colour, marker, face in zip(moved.items(), (NEUTRAL, INPUT), "so", ("white", INPUT), strict=True):
        axes.loglog(read[seen], far[seen], marker, color=colour, mfc=face, mew=1.6, ms=7, label=rule)
    first = next(iter(moved.values()))
    for character, name in zip(named, _names(named), strict=True):
        place = characters.index(character)
        line = {"arrowstyle": "-", "color": NEUTRAL, "shrinkA": 0, "shrinkB": 5}
        low = {"textcoords": "offset points", "ha": "center", "va": "top", "arrowprops": line}
        axes.annotate(f"{name}", (read[place], first[place]), (16, -34), **low)
    axes.set(xlabel="how often the character was read", ylabel="distance of its column of $U$")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _digit(value: float) -> str:
    return f"{float(f'{value:.1g}'):g}"


@styled
def temperatures(panels: Mapping[str, Any], characters: str, most: int = 12) -> Any:
    """The probabilities of the next character at several temperatures, the likeliest first.

    Args:
        panels: by title, probabilities ``(V,)``; the order of the characters is that of the first.
        characters: the V characters.
        most: how many are shown; the others are one bar.
    """
    panels = {title: asnumpy(p) for title, p in panels.items()}
    order = np.argsort(-next(iter(panels.values())), kind="stable")[:most]
    names = _names([characters[k] for k in order])
    said = "; ".join(f"{title.splitlines()[0]}: {p[order[0]]:.2f} for the likeliest" for title, p in panels.items())
    figure = empty(4.2 * len(panels) + 0.6, 4.2, f"Probabilities of the {most} likeliest next characters: {said}.")
    for axes, (title, p) in zip(
        np.atleast_1d(figure.subplots(1, len(panels), sharey=True)), panels.items(), strict=True
    ):
        axes.bar(range(most), p[order], 0.75, color=OUTPUT)
        axes.bar([most + 0.5], [1 - p[order].sum()], 0.75, color=LIGHT, hatch="//", edgecolor=NEUTRAL)
        axes.set(xticks=[*range(most), most + 0.5], xticklabels=[*names, "rest"], ylim=(0, 1.02), xlabel="character")
        axes.set_title(title)
    figure.axes[0].set_ylabel("probability p")
    return figure


@styled
def coloured_text(
    text: str, rows: Mapping[str, Any], limits: tuple[float, float] = (-1, 1), label: str = "state h"
) -> Any:
    """A text, each character on a cell that is coloured by a value, such as what a unit holds after reading it.

    Args:
        text: N characters, drawn line by line.
        rows: by title, ``(N,)`` values; the text is drawn once for each.
        limits: the values of the darkest colours.
        label: what the values are.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    broken = text.splitlines(keepends=True)
    places = [(row, column) for row, line in enumerate(broken) for column in range(len(line))]
    lines, width = len(broken), max(map(len, broken))
    rows = {title: asnumpy(values) for title, values in rows.items()}
    said = "; ".join(f"{title}: {_said(text, values)}" for title, values in rows.items())
    cell, gap = 0.235, 1.9  # inches a line, lines a title
    high = cell * (len(rows) * (lines + gap)) + 0.3
    figure = empty(0.119 * width + 1.5, high, f"A text in colours, one for each character. {said}.")
    axes = figure.add_subplot()
    colours, scale = colormaps[DIVERGING], Normalize(*limits)
    top = 0.0
    for title, values in rows.items():
        axes.text(0, -top - 0.75, title, ha="left", va="center", fontsize=14)
        top += gap - 0.5
        for character, (row, column), value in zip(text, places, values, strict=True):
            face = colours(scale(value))
            axes.fill([column, column + 1, column + 1, column], -top - row - np.array([0, 0, 1, 1]), color=face, lw=0)
            dark = np.dot(face[:3], (0.2126, 0.7152, 0.0722)) < 0.4
            axes.text(
                column + 0.5,
                -top - row - 0.53,
                {"\n": "↵", " ": ""}.get(character, character).replace("$", r"\$"),
                color="white" if dark else "black",
                family="DejaVu Sans Mono",
                fontsize=11,
                ha="center",
                va="center",
            )
        top += lines + 0.5
    axes.set(xlim=(0, width), ylim=(-top, 0))
    axes.axis("off")
    bar = figure.colorbar(ScalarMappable(scale, colours), ax=axes, fraction=0.03, aspect=12, pad=0.01, label=label)
    bar.set_ticks([limits[0], sum(limits) / 2, limits[1]])
    return figure


def _said(text: str, values: Any) -> str:
    """The stretches of high values, in words: where they begin and how long they are."""
    high = np.concatenate([[False], values > 0.5, [False]])
    edges = np.flatnonzero(high[1:] != high[:-1]).reshape(-1, 2)
    long = sorted(edges.tolist(), key=lambda edge: edge[0] - edge[1])[:3]
    parts = [f"“{text[start:end].strip()[:20]}…”" for start, end in sorted(long)]
    return f"high at {', '.join(parts)}" if parts else "nowhere high"


@styled
def text_curves(
    curves: Mapping[str, tuple[Any, Any]],
    levels: Mapping[str, float],
    xlabel: str,
    points: Mapping[str, tuple[float, float]],
) -> Any:
    """How well networks predict a text while they are trained.

    Args:
        curves: by name, where ``(n,)`` and nats per character ``(n,)``.
        levels: by label, values to compare with: lines across.
        xlabel: what the curves run over.
        points: by label, where and nats per character: stars.
    """
    curves = {name: tuple(map(asnumpy, pair)) for name, pair in curves.items()}
    said = "; ".join(f"{name} to {y[-1]:.1f}" for name, (_, y) in curves.items())
    figure = empty(11, 4.8, f"Nats per character on held-out text, falling: {said}.")
    axes = figure.add_subplot()
    for (name, value), dash in zip(levels.items(), (":", "--", "-."), strict=False):
        axes.axhline(value, color="black", lw=1.3, ls=dash, label=f"{name}: {value:.2f}")
    looks = ((LOSS, "o", "-"), (NEUTRAL, "^", "--"), (LIGHT, "s", "-"), (NEUTRAL, "D", ":"))
    for (name, (x, y)), (colour, marker, dash) in zip(curves.items(), looks, strict=False):
        every = max(1, len(x) // 10)
        axes.plot(x, y, ls=dash, marker=marker, color=colour, ms=7, markevery=every, lw=2, label=name)
    for name, (x, y) in points.items():
        axes.plot([x], [y], "*", color="black", ms=17, label=name)
    axes.set(xlabel=xlabel, ylabel="nats per character", xlim=(0, None))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=3)
    return figure


@styled
def errors_ahead(lines: Mapping[str, Any], compared: Mapping[str, Any]) -> Any:
    """The error of predictions for one year ahead, two years, and so on.

    Args:
        lines: by name, ``(K,)`` errors in sunspots, of networks.
        compared: the same, of simple rules, drawn in grey.
    """
    both = {name: asnumpy(line) for name, line in (dict(lines) | dict(compared)).items()}
    K = len(next(iter(both.values())))
    said = "; ".join(f"{name}: from {line[0]:.0f} to {line[-1]:.0f}" for name, line in both.items())
    figure = empty(10.5, 4.6, f"Error in sunspots against how many years ahead, from 1 to {K}: {said}.")
    axes = figure.add_subplot()
    grey = ((NEUTRAL, "s", "--"), (LIGHT, "^", ":"), ("black", "D", "-."))
    looks = [(OUTPUT, "o", "-")] * len(lines) + list(grey)
    for (name, line), (colour, marker, dash) in zip(both.items(), looks, strict=False):
        axes.plot(range(1, K + 1), line, ls=dash, marker=marker, color=colour, label=name)
    axes.set(xlabel="years ahead", ylabel="error [sunspots]", xticks=range(1, K + 1), ylim=(0, None))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=3)
    return figure
