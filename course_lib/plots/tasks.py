"""Figures of notebook 07, first half: the three tasks, what guessing reaches, and what two networks answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.style import INPUT, LIGHT, LOSS, NEUTRAL, OUTPUT, empty, styled

_PALE = "#E6E6E6"  # the face of a step that says nothing


@styled
def task_spans(tasks: Mapping[str, tuple[int, Sequence[tuple[int, int, str]], Sequence[tuple[int, int]]]]) -> Any:
    """Where in a sequence that stands which is to be kept, and where it is asked for.

    Args:
        tasks: by title, the number of steps; the ranges in which something is to be kept, as first step, last step
            and what; and the ranges, as first and last step, in which the answer is given.
    """
    said = "; ".join(
        f"{title}: {' and '.join(f'{what} {_steps(first, last)}' for first, last, what in kept)}, "
        f"answer {' and '.join(_steps(*span) for span in asked)}"
        for title, (_, kept, asked) in tasks.items()
    )
    figure = empty(11, 1.1 + 1.15 * len(tasks), f"Sequences as bars from left to right. {said}.")
    axes = figure.add_subplot()
    longest = max(steps for steps, _, _ in tasks.values())
    for row, (steps, kept, asked) in enumerate(tasks.values()):
        axes.broken_barh([(0.5, steps)], (row - 0.22, 0.44), facecolor=_PALE, edgecolor=LIGHT)
        for first, last, what in kept:
            width = last - first + 1
            axes.broken_barh([(first - 0.5, width)], (row - 0.22, 0.44), facecolor=INPUT, edgecolor="white", lw=1.5)
            place, side = (last + 0.5, "right") if width < 4 else (first - 0.5 + width / 2, "center")
            axes.text(place, row - 0.3, what, ha=side, va="bottom", fontsize=13, color=INPUT)
        for first, last in asked:
            width = max(last - first + 1, 1.2)
            axes.broken_barh(
                [(last + 0.5 - width, width)], (row - 0.22, 0.44), facecolor=OUTPUT, hatch="///", ec="white"
            )
            place, side = (last + 0.5 - width / 2, "center") if width < 4 else (last + 1.5 - width, "left")
            axes.text(place, row - 0.3, "answer", ha=side, va="bottom", fontsize=13, color=OUTPUT)
    axes.set(xlabel="time step t", xlim=(0, longest + 4), ylim=(len(tasks) - 0.55, -0.75), yticks=range(len(tasks)))
    axes.set_yticklabels(tasks)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


def _steps(first: int, last: int) -> str:
    return f"in step {last}" if first == last else f"in steps {first} to {last}"


@styled
def marked_numbers(x: Any, y: Any) -> Any:
    """Some sequences of the adding problem.

    Args:
        x: ``(T, n, 2)``, values and markers.
        y: ``(n, 1)``, targets.
    """
    x, y = asnumpy(x), asnumpy(y)
    T, n = x.shape[:2]
    t = np.arange(1, T + 1)
    marked = [np.flatnonzero(x[:, i, 1]) for i in range(n)]
    said = "; ".join(
        f"marked are steps {' and '.join(str(k + 1) for k in where)}, the target is {y[i, 0]:.2f}"
        for i, where in enumerate(marked)
    )
    figure = empty(11, 0.6 + 1.5 * n, f"{n} sequences of {T} numbers between 0 and 1 as bars; {said}.")
    for i, axes in enumerate(np.atleast_1d(figure.subplots(n, 1, sharex=True))):
        axes.bar(t, x[:, i, 0], width=0.7, color=LIGHT)
        axes.bar(t[marked[i]], x[marked[i], i, 0], width=0.7, color=INPUT)
        for k in marked[i]:
            axes.plot(k + 1, 1.1, "v", color=INPUT, ms=10, clip_on=False)
            axes.text(k + 1, 1.22, f"{x[k, i, 0]:.2f}", ha="center", va="bottom", fontsize=13, color=INPUT)
        axes.text(T + 1.5, 0.5, f"y = {y[i, 0]:.2f}", va="center", fontsize=15, color=OUTPUT, clip_on=False)
        axes.set(ylim=(0, 1.55), yticks=[0, 1], xlim=(0, T + 1))
    axes.set(xlabel="time step t")
    figure.supylabel("value", fontsize=15)
    return figure


@styled
def constant_answer(c: float) -> Any:
    """What it costs to answer c, whatever the sum of two numbers from [0, 1) is.

    Args:
        c: the answer.
    """
    error = 1 / 6 + (c - 1) ** 2
    figure = empty(
        11,
        4.0,
        f"Left: the density of the sum is a triangle over 0 to 2 with its tip at 1; a line marks the answer {c:g}. "
        f"Right: the mean squared error against the constant answer, a parabola with its bottom 0.167 at 1; the answer "
        f"{c:g} has {error:.4f}.",
    )
    left, right = figure.subplots(1, 2)
    left.fill_between([0, 1, 2], [0, 1, 0], color=LIGHT, alpha=0.6, lw=0)
    left.plot([0, 1, 2], [0, 1, 0], color=NEUTRAL)
    left.axvline(c, color=OUTPUT, ls="--")
    left.text(c + 0.04, 1.1, f"answer c = {c:g}", color=OUTPUT, va="top")
    left.set(xlabel="sum y", ylabel="density", xlim=(0, 2.4), ylim=(0, 1.15), xticks=[0, 0.5, 1, 1.5, 2])
    answers = np.linspace(0.5, 1.5, 101)
    right.plot(answers, 1 / 6 + (answers - 1) ** 2, color=LOSS)
    right.axhline(1 / 6, color="black", lw=1.5, ls=":")
    right.text(0.47, 1 / 6 - 0.006, "1/6", va="top")
    right.plot(c, error, "o", color=LOSS, ms=11)
    right.text(c, error + 0.02, f"{error:.4f}", ha="center", va="bottom", color=LOSS)
    right.set(xlabel="answer c", ylabel="mean squared error", xlim=(0.45, 1.55), ylim=(0.12, 0.48))
    return figure


@styled
def measured_guesses(errors: Any, levels: Mapping[str, float]) -> Any:
    """How the measured error of a constant answer spreads over test sets.

    Args:
        errors: ``(n,)``, the mean squared error on each test set.
        levels: by label, values to compare with, as lines.
    """
    errors = asnumpy(errors)
    said = "; ".join(f"{name} at {value:g}" for name, value in levels.items())
    figure = empty(
        10.5,
        4.6,
        f"Histogram of {len(errors)} measured errors, a hill around {errors.mean():.3f} that reaches to about 0.02 on "
        f"either side. Lines: {said}.",
    )
    axes = figure.add_subplot()
    axes.hist(errors, bins=np.arange(0.143, 0.1915, 0.002), color=LIGHT, edgecolor="white")
    looks = (("black", "-"), (LOSS, "--"), (NEUTRAL, ":"), (NEUTRAL, "-."))
    for (name, value), (colour, dash) in zip(levels.items(), looks, strict=False):
        axes.axvline(value, color=colour, ls=dash, label=f"{name}: {value:.4g}")
    axes.set(xlabel="mean squared error of “always 1”", ylabel="test sets", xlim=(0.143, 0.191))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def symbol_grid(x: Any, labels: Sequence[str], names: Sequence[str], counting: Sequence[str]) -> Any:
    """Sequences of symbols, one a row, with those that count standing out.

    Args:
        x: ``(T, n)``, whole numbers.
        labels: ``(n,)``, what is written behind each row.
        names: for each number its letter.
        counting: the letters that count; the first one gets white letters on a dark face, the others the reverse.
    """
    x = asnumpy(x)
    T, n = x.shape
    rows = ["".join(names[k] for k in x[:, i]) for i in range(n)]
    said = "; ".join(f"{row}: {label}" for row, label in zip(rows, labels, strict=True))
    figure = empty(11.5, 0.9 + 0.5 * n, f"{n} sequences of {T} symbols, and what is to be answered: {said}.")
    axes = figure.add_subplot()
    for i in range(n):
        for t in range(T):
            name = names[x[t, i]]
            look = (_PALE, "white", NEUTRAL)
            if name in counting:
                look = (INPUT, INPUT, "white") if name == counting[0] else ("white", INPUT, INPUT)
            _cell(axes, t + 1, i, name, *look, bold=name in counting)
        axes.text(T + 1, i, labels[i], va="center", fontsize=15, color=OUTPUT)
    axes.set(xlabel="time step t", xlim=(0.4, T + 2.6), ylim=(n - 0.4, -0.6), yticks=[])
    axes.set_xticks([1, *range(5, T + 1, 5)])
    axes.spines["left"].set_visible(False)
    return figure


@styled
def copied_symbols(x: Any, y: Any, blank: int, go: int) -> Any:
    """One sequence of copy memory: what is read, and what is to be answered.

    Args:
        x: ``(n,)``, inputs.
        y: ``(n,)``, targets.
        blank: the number of the blank.
        go: the number of the signal.
    """
    x, y = asnumpy(x), asnumpy(y)
    steps, kept = len(x), [int(k) for k in y if k != blank]
    figure = empty(
        12,
        2.5,
        f"Two rows of {steps} symbols. Input: {' '.join(map(str, kept))}, then blanks, a go in step "
        f"{int(np.argmax(x == go)) + 1}, blanks. Target: blanks, and in the last {len(kept)} steps the same digits.",
    )
    axes = figure.add_subplot()
    for row, symbols, colour in ((0, x, INPUT), (1.4, y, OUTPUT)):
        for t, k in enumerate(symbols, start=1):
            if k == blank:
                _cell(axes, t, row, "·", _PALE, "white", NEUTRAL)
            elif k == go:
                _cell(axes, t, row, "go", "black", "black", "white", bold=True, size=10)
            else:
                _cell(axes, t, row, str(k), colour, colour, "white", bold=True)
    axes.set(xlabel="time step t", xlim=(0.4, steps + 0.6), ylim=(2.0, -0.6), yticks=[0, 1.4])
    axes.set_yticklabels(["input", "target"])
    axes.set_xticks([1, *range(5, steps + 1, 5)])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


def _cell(
    axes: Any, t: float, row: float, text: str, face: str, edge: str, colour: str, bold: bool = False, size: int = 12
) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((t - 0.45, row - 0.42), 0.9, 0.84, facecolor=face, edgecolor=edge, linewidth=1.5))
    weight = "bold" if bold else "normal"
    axes.text(t, row, text, ha="center", va="center_baseline", fontsize=size, color=colour, weight=weight)


@styled
def loss_by_step(losses: Mapping[str, Any]) -> Any:
    """What each step costs networks that know more or less.

    Args:
        losses: by label, the expected cross entropy at each step ``(n,)``, in nats; at most three.
    """
    losses = {name: asnumpy(values) for name, values in losses.items()}
    steps = len(next(iter(losses.values())))
    said = "; ".join(f"{name}: mean {values.mean():.2f}" for name, values in losses.items())
    figure = empty(11, 4.2, f"Loss of each of {steps} steps in nats, as stairs. {said}.")
    axes = figure.add_subplot()
    looks = ((NEUTRAL, ":", 4.5), (LOSS, "-", 2.5), ("black", "--", 2))
    for (name, values), (colour, dash, width) in zip(losses.items(), looks, strict=False):
        axes.stairs(values, np.arange(steps + 1) + 0.5, color=colour, ls=dash, lw=width, label=name, baseline=None)
    axes.set(xlabel="time step t", ylabel="loss of the step [nats]", xlim=(0.5, steps + 0.5))
    axes.legend(loc="upper left")
    return figure


@styled
def answered(y: Any, answers: Mapping[str, Any], constant: float) -> Any:
    """What networks answer, against what is right.

    Args:
        y: ``(n,)``, targets.
        answers: by name, the answers ``(n,)``.
        constant: the best answer without a memory.
    """
    y, answers = asnumpy(y), {name: asnumpy(values) for name, values in answers.items()}
    figure = empty(
        5.2 * len(answers) + 0.6,
        5.2,
        "Answers against the right sums, with the diagonal and a level line at "
        f"{constant:g}. {' '.join(_told(name, y, values, constant) for name, values in answers.items())}",
    )
    ends = [float(min(y.min(), 0)), float(max(y.max(), 2))]
    for axes, (name, values) in zip(
        np.atleast_1d(figure.subplots(1, len(answers), sharey=True)), answers.items(), strict=True
    ):
        axes.plot(ends, ends, color="black", lw=1.5, label="right")
        axes.axhline(constant, color="black", lw=1.5, ls=":", label=f"always {constant:g}")
        axes.plot(y, values, "o", color=OUTPUT, ms=4, alpha=0.6, mew=0)
        axes.set(xlabel="right answer y", title=name, xlim=(-0.1, 2.1), ylim=(-0.1, 2.1), aspect="equal")
        axes.set(xticks=[0, 0.5, 1, 1.5, 2])
        axes.legend(loc="upper left")
    figure.axes[0].set_ylabel("answer of the network")
    return figure


def _told(name: str, y: Any, values: Any, constant: float) -> str:
    """Where the points lie, in words that do not depend on the last digits."""
    if np.abs(values - y).mean() < 0.12:
        return f"{name}: the points lie along the diagonal."
    near = np.abs(values - constant).mean() < np.abs(values - y).mean()
    return f"{name}: the points lie {'in a flat band around the level line' if near else 'scattered'}."


@styled
def remembered(shares: Mapping[str, Any]) -> Any:
    """How much of a value is in the answer of a network, against how far back it stood.

    Args:
        shares: by name, the slope of the answer over the value, for values 0, 1, … steps before the last ``(n,)``; at
            most three.
    """
    shares = {name: asnumpy(values) for name, values in shares.items()}
    said = "; ".join(f"{name}: {_reach(values)}" for name, values in shares.items())
    n = len(next(iter(shares.values())))
    alt = f"Share of a marked value that is in the answer, for values 0 to {n - 1} steps back. {said}."
    figure = empty(10.5, 4.4, alt)
    axes = figure.add_subplot()
    looks = ((NEUTRAL, "s", "--", "white"), (OUTPUT, "o", "-", OUTPUT), (LOSS, "^", "-.", LOSS))
    for (name, values), (colour, marker, dash, face) in zip(shares.items(), looks, strict=False):
        axes.plot(np.arange(n), values, ls=dash, marker=marker, ms=6, lw=1.8, color=colour, mfc=face, label=name)
    axes.axhline(0, color="black", lw=1, zorder=0)
    axes.set(xlabel="steps from the marked value to the last step", ylabel="share in the answer", ylim=(-0.25, 1.35))
    axes.set(xlim=(-1, n))
    axes.legend(loc="upper right", ncols=3)
    return figure


def _reach(values: Any) -> str:
    """How far back values are in the answer, in words that do not depend on the last digits."""
    if values.min() > 0.6:
        return "near 1 everywhere"
    return f"{'above 0.2 in the last steps' if values[:4].max() > 0.2 else 'small in the last steps'}, near 0 far back"
