"""Figures of notebook 03, second half: what is remembered, the cliff in the loss, clipping, remedies."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.graph import gated_link, shaded
from course_lib.plots.style import HIDDEN, INPUT, LIGHT, LOSS, NEUTRAL, OUTPUT, decades, empty, styled


@styled
def sensitivity(plain: Any, memory: Any, gated: Any, gates: Mapping[str, Sequence[int]]) -> Any:
    """How strongly each node of two unrolled networks of one unit depends on the first input.

    Args:
        plain: ``(T,)``, |∂h(t)/∂x(1)| of a plain unit.
        memory: ``(T,)``, |∂c(t)/∂x(1)| of the memory of a gated unit.
        gated: ``(T,)``, |∂h(t)/∂x(1)| of what the gated unit puts out.
        gates: for ``"i"``, ``"f"`` and ``"o"`` the T values of the gates, 0 or 1.
    """
    plain, memory, gated = asnumpy(plain), asnumpy(memory), asnumpy(gated)
    T = len(plain)
    seen = ", ".join(str(t + 1) for t in range(T) if gated[t] > 0)
    figure = empty(
        10.5,
        6.6,
        f"Two networks unrolled over {T} steps; a node is the darker, the more it depends on the first input. Plain "
        f"unit: from {plain[0]:.2f} at t = 1 the shade fades to {plain[-1]:.2f} at t = {T}. Gated unit: the memory "
        f"keeps {memory[-1]:.2f} at every step, and the output shows it at t = {seen}, where the output gate is open.",
    )
    axes = figure.add_subplot()
    axes.set(xlim=(-0.9, T + 0.6), ylim=(-0.5, 7.0), aspect="equal", xticks=range(1, T + 1), xlabel="time step t")
    axes.set(yticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for title, rows, low in (("unit with gates:  ○ open,  – shut", "xch", 0), ("plain unit", "xh", 4.7)):
        for place, row in enumerate(rows):
            axes.text(0.2, low + _ROW * place, f"${row}^{{(t)}}$", ha="right", va="center")
        axes.text(-0.9, low + _ROW * (len(rows) - 1) + 0.55, title, va="bottom", fontsize=15)
        for t in range(1, T + 1):
            _input(axes, t, low, first=t == 1)
    for t in range(1, T + 1):
        _link(axes, (t, 4.7), (t, 4.7 + _ROW))
        shaded(axes, t, 4.7 + _ROW, plain[t - 1])
        gated_link(axes, (t, 0), (t, _ROW), gates["i"][t - 1])
        gated_link(axes, (t, _ROW), (t, 2 * _ROW), gates["o"][t - 1])
        shaded(axes, t, _ROW, memory[t - 1])
        shaded(axes, t, 2 * _ROW, gated[t - 1])
        if t > 1:
            _link(axes, (t - 1, 4.7 + _ROW), (t, 4.7 + _ROW))
            gated_link(axes, (t - 1, _ROW), (t, _ROW), gates["f"][t - 1])
    return figure


_ROW = 1.4


def _input(axes: Any, t: int, y: float, first: bool) -> None:
    from matplotlib.patches import Circle

    face, edge = (INPUT, INPUT) if first else ("white", LIGHT)
    axes.add_patch(Circle((t, y), 0.17, facecolor=face, edgecolor=edge, linewidth=2))


def _link(axes: Any, start: tuple, end: tuple) -> None:
    axes.plot(*zip(start, end, strict=True), "-", color=LIGHT, lw=1.5, zorder=0)


@styled
def over_time(curves: Mapping[str, Any], compared: Mapping[str, Any], ylabel: str, first: int = 1) -> Any:
    """Sizes that differ by powers of ten, at each step.

    Args:
        curves: by label, one value for each step.
        compared: the same, drawn in grey.
        ylabel: what the values are.
        first: the step of the first value.
    """
    curves, compared = ({name: asnumpy(line) for name, line in lines.items()} for lines in (curves, compared))
    lines = curves | compared
    length = len(next(iter(lines.values())))
    last = first + length - 1
    said = "; ".join(f"{name}: {line[0]:.0e}" for name, line in lines.items())
    figure = empty(
        11,
        5.0,
        f"Sizes on a logarithmic axis against the time step, from t = {first} to {last}; from right to left most lines "
        f"fall, nearly straight. At t = {first}: {said}.",
    )
    axes = figure.add_subplot()
    decades(axes, np.arange(first, last + 1), curves, compared, every=max(1, length // 10))
    far = 20 if length > 50 else 5
    axes.set(xlabel="time step t", ylabel=ylabel, xlim=(0, last + 1), xticks=[first, *range(far, last + 1, far)])
    return figure


@styled
def cliff_surface(w: Any, b: Any, loss: Any) -> Any:
    """The loss of a recurrent unit over its two parameters, as a landscape.

    Args:
        w: weights ``(m, n)``; the lines of the grid should run along the cliff, or the wall is drawn as a saw.
        b: biases ``(m, n)``.
        loss: ``(m, n)``.
    """
    from matplotlib.colors import LightSource

    w, b, loss = asnumpy(w), asnumpy(b), asnumpy(loss)
    figure = empty(
        10.5,
        6.0,
        f"The loss as a landscape over w from {w.min():g} to {w.max():g} and b from {b.min():g} to {b.max():g}: a "
        f"smooth valley on the right, which narrows to the foot of an upright wall on the left; above it a plateau.",
    )
    axes = figure.add_subplot(projection="3d")
    light = LightSource(azdeg=20, altdeg=50)
    shades = light.shade(loss, _purples(), vmin=-0.15, vmax=0.75, vert_exag=8, blend_mode="soft", fraction=0.6)
    axes.plot_surface(w, b, loss, facecolors=shades, rcount=400, ccount=200, lw=0, antialiased=False, shade=False)
    axes.set(xlabel="weight w", ylabel="bias b", zlabel="loss E", zticks=[0, 0.1, 0.2, 0.3, 0.4])
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.labelpad = 10
        axis.pane.set_facecolor("white")
    axes.view_init(elev=30, azim=62)
    axes.set_box_aspect((1.3, 1.1, 0.55), zoom=1.1)
    return figure


def _purples() -> Any:
    from matplotlib import colormaps

    return colormaps["Purples"]


@styled
def cliff_paths(w: Any, b: Any, loss: Any, free: Any, clipped: Any, lr: float, threshold: float) -> Any:
    """Gradient descent at the cliff, with and without clipping.

    Args:
        w: ``(n,)``, values of the weight.
        b: ``(m,)``, values of the bias.
        loss: ``(m, n)``.
        free: ``(k, 2)``, w and b after each step without clipping, the start first.
        clipped: ``(k, 2)``, the same with clipping.
        lr: the learning rate.
        threshold: the largest norm that is not clipped.
    """
    w, b, loss, free, clipped = (asnumpy(values) for values in (w, b, loss, free, clipped))
    jump = np.hypot(*(free[1] - free[0]))
    end = clipped[-1]
    stays = w[0] <= end[0] <= w[-1] and b[0] <= end[1] <= b[-1]
    ends = f"ends at w = {end[0]:.1f}, b = {end[1]:.1f}" if stays else "leaves the map, too"
    figure = empty(
        10.5,
        5.6,
        f"Map of the loss over w and b with two paths from the same point on the cliff, learning rate {lr:g}. Without "
        f"clipping the first step is {jump:.0f} long and leaves the map. Clipped at {threshold:g}, the path of "
        f"{len(clipped) - 1} steps {ends}. An inset enlarges the surroundings of the start.",
    )
    axes = figure.add_subplot()
    box = (w[0], w[-1], b[0], b[-1])
    image = axes.imshow(loss, origin="lower", extent=box, aspect="auto", cmap="Greys", vmin=0, vmax=0.6)
    axes.contourf(w, b, loss, levels=[0, 0.0005], colors=[OUTPUT])
    axes.fill_between([], [], color=OUTPUT, label="bottom of the valley, E < 0.0005")
    where = free[0] + (free[1] - free[0]) / jump * min(jump, 8)
    label = f"without clipping: a first step of {jump:.3g}"
    axes.plot(*zip(free[0], where, strict=True), "--", color=HIDDEN, label=label)
    label = f"clipped at {threshold:g}: {len(clipped) - 1} steps"
    axes.plot(*clipped.T, "-", marker=".", ms=4, lw=1, color=LOSS, label=label)
    axes.plot(*free[0], "o", color="black", ms=10, zorder=5, label="start, on the cliff")
    axes.plot(*end, "*", color=LOSS, mec="white", ms=20, zorder=6, label="end of the clipped path")
    enlarged = axes.inset_axes((0.64, 0.24, 0.34, 0.36))
    enlarged.imshow(loss, origin="lower", extent=box, aspect="auto", cmap="Greys", vmin=0, vmax=0.6)
    enlarged.plot(*zip(free[0], where, strict=True), "--", color=HIDDEN)
    enlarged.plot(*clipped.T, "-", marker=".", ms=6, lw=1.2, color=LOSS)
    enlarged.plot(*free[0], "o", color="black", ms=8, zorder=5)
    around = free[0] + [[-0.2, -0.05], [0.03, 0.13]]
    enlarged.set(xlim=around[:, 0], ylim=around[:, 1], xticks=[], yticks=[])
    enlarged.spines[:].set(visible=True, color="black", linewidth=1)
    axes.indicate_inset_zoom(enlarged, edgecolor="black", alpha=1)
    axes.set(xlim=box[:2], ylim=box[2:], xlabel="weight w", ylabel="bias b")
    axes.set_title(f"learning rate {lr:g}, threshold {threshold:g}")
    figure.colorbar(image, ax=axes, label="loss E", pad=0.02, ticks=[0, 0.1, 0.2, 0.3, 0.4])
    figure.legend(handles=axes.get_legend_handles_labels()[0], loc="outside lower center", ncols=2)
    return figure


@styled
def clipped_directions(gradient: Sequence[float], limit: float) -> Any:
    """A gradient of two entries, clipped by its norm and entry by entry.

    Args:
        gradient: two numbers, both positive.
        limit: the largest norm, or the largest entry.
    """
    g = np.asarray(gradient, float)
    by_norm, by_entry = g * min(1, limit / np.hypot(*g)), np.minimum(g, limit)
    angle = np.degrees(np.arctan2(by_entry[1], by_entry[0]) - np.arctan2(g[1], g[0]))
    figure = empty(
        11,
        3.1,
        f"Three arrows from the origin: the gradient ({g[0]:g}, {g[1]:g}); clipped by norm, a shorter arrow in the "
        f"same direction; clipped entry by entry, an arrow that is turned by {angle:.0f} degrees.",
    )
    axes = figure.add_subplot()
    for vector, colour, width, dash, name in (
        (g, LIGHT, 6, "-", "the gradient"),
        (by_norm, LOSS, 3, "-", "clipped by norm"),
        (by_entry, HIDDEN, 3, (0, (3, 1.5)), "clipped entry by entry"),
    ):
        head = {"arrowstyle": "-|>", "color": colour, "lw": width, "mutation_scale": 24, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", vector, (0, 0), arrowprops=head | {"linestyle": dash})
        axes.plot([], [], color=colour, lw=width, ls=dash, label=name)
    edge = limit * np.exp(1j * np.linspace(0, np.pi / 2, 50))
    axes.plot(edge.real, edge.imag, ":", color="black", lw=1.5, label=f"norm {limit:g}")
    axes.plot([0, limit, limit], [limit, limit, 0], "-", color="black", lw=1, label=f"entries up to {limit:g}")
    axes.set(xlim=(-0.05, 1.08 * g[0]), ylim=(-0.05, 1.15 * limit), xlabel="$g_1$", ylabel="$g_2$", aspect="equal")
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure


@styled
def step_ratios(before: Any, after: Any) -> Any:
    """By how much each step changes the length of the gradient that flows back, before and after some training.

    Args:
        before: ``(T - 1,)``, ‖Jᵀ dL/dh(t+1)‖ / ‖dL/dh(t+1)‖.
        after: the same.
    """
    before, after = asnumpy(before), asnumpy(after)
    t = np.arange(1, len(before) + 1)
    figure = empty(
        10,
        4.2,
        f"Factor by which each of {len(t)} steps back changes the length of the gradient. Before: from "
        f"{before.min():.1f} to {before.max():.1f}. After: from {after.min():.1f} to {after.max():.1f}.",
    )
    axes = figure.add_subplot()
    axes.axhline(1, color="black", lw=1.5, ls=":")
    axes.plot(t, before, "s--", color=NEUTRAL, mfc="white", mew=2, label="uniform start")
    axes.plot(t, after, "o-", color=LOSS, label="after the steps on Ω")
    axes.set(xlabel="time step t", ylabel="factor $r^{(t)}$", xlim=(0.5, len(t) + 0.5))
    axes.set(ylim=(0, max(1.5, 1.1 * after.max(), 1.1 * before.max())))
    axes.legend(loc="lower right", ncols=2)
    return figure


@styled
def learning_curves(groups: Mapping[str, Sequence[Any]], every: int, chance: float) -> Any:
    """The error during training, of several networks that were started in the same way.

    Args:
        groups: by name, the errors of each network, as fractions.
        every: how many iterations an error is the mean of.
        chance: the error of a guess.
    """
    ends = "; ".join(f"{name}: {_said(runs, chance)}" for name, runs in groups.items())
    figure = empty(10, 4.4, f"Error in per cent against iterations. Guessing gives {100 * chance:g}. {ends}.")
    axes = figure.add_subplot()
    axes.axhline(100 * chance, color="black", lw=1.5, ls=":", label=f"guessing: {100 * chance:g} %")
    for (name, runs), colour, marker, dash in zip(groups.items(), (NEUTRAL, LOSS), "so", ("--", "-"), strict=True):
        for n, run in enumerate(runs):
            run = 100 * asnumpy(run)
            axes.plot(
                every * np.arange(1, len(run) + 1),
                run,
                ls=dash,
                marker=marker,
                ms=6,
                lw=1.8,
                color=colour,
                mfc="white" if colour == NEUTRAL else None,
                label=None if n else f"W {name}, {len(runs)} starts",
            )
    axes.set(xlabel="iteration", ylabel="error on new sequences [%]", xlim=(0, None), ylim=(-2, 108))
    axes.legend(loc="upper right", ncols=3)
    return figure


def _said(runs: Sequence[Any], chance: float) -> str:
    """How learning went, in words that do not depend on the last digits."""
    runs = [asnumpy(run) for run in runs]
    near = sum(run.min() > chance - 0.1 for run in runs)
    learned = sum(run.min() < 0.1 for run in runs)
    return f"of {len(runs)} lines {near} stay where guessing is, {learned} go down to below 10"
