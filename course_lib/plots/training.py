"""The figure of a training that runs."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.style import LOSS, NEUTRAL, empty, styled

_LINES = ((LOSS, "-"), (NEUTRAL, "--"), ("black", "-."))
_FEW = 30  # points, each of which gets a marker


@styled
def training_curves(
    curves: Mapping[str, tuple[Any, Any]],
    labels: Mapping[str, str],
    iterations: int,
    title: str = "",
    compared: Mapping[str, float] | None = None,
    log: bool = False,
) -> Any:
    """What was measured during a training, as far as it has come.

    Args:
        curves: by name, iterations ``(n,)`` and values ``(n,)``; one that is not there yet is left out.
        labels: for each name what its values are; up to three that say the same are drawn in one part.
        iterations: where the training is to end.
        title: which training.
        compared: by label, values drawn as lines across the first part, such as chance.
        log: whether values are on a logarithmic axis.

    Raises:
        ValueError: if there are more lines than can be told apart.
    """
    curves = {name: tuple(map(asnumpy, curves[name])) for name in labels if name in curves}
    compared = compared or {}
    parts = list(dict.fromkeys(labels.values()))
    if max(len(compared), *Counter(labels.values()).values()) > len(_LINES):
        raise ValueError(f"at most {len(_LINES)} curves share an axis, and as many values are drawn across")
    said = "; ".join(f"{name} {_said(values)}" for name, (_, values) in curves.items()) or "no curve yet"
    across = "".join(f" A line across at {value:g}: {name}." for name, value in compared.items())
    figure = empty(11, 4.4, f"{title}, {iterations} iterations: {said}.{across}")
    panels = np.atleast_1d(figure.subplots(1, len(parts)))
    for (name, value), dash in zip(compared.items(), (":", "--", "-."), strict=False):
        panels[0].axhline(value, color="black", lw=1.5, ls=dash, label=f"{name}: {value:g}")
    for label, axes in zip(parts, panels, strict=True):
        names = [name for name in labels if labels[name] == label]
        for name, (colour, dash) in zip(names, _LINES, strict=False):
            x, y = curves.get(name, (np.empty(0), np.empty(0)))
            y = np.where(np.isfinite(y), y, np.nan)
            marker = "o" if len(x) <= _FEW else ""
            axes.plot(x, y, ls=dash, marker=marker, ms=5, lw=1.8, color=colour, label=name)
        scale = "log" if log and axes.dataLim.minposy < np.inf else "linear"  # without a value above 0 there is no log
        axes.set(xlabel="iteration", ylabel=label, xlim=(0, iterations), yscale=scale)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=3)
    figure.suptitle(title)
    return figure


def _said(values: Any) -> str:
    """From where to where, in words that do not depend on the last digits."""
    if not len(values):
        return "not yet"
    first, last = (float(f"{value:.1g}") for value in values[[0, -1]])
    return f"from about {first:g} to about {last:g}"
