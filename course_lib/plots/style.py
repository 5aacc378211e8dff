"""What all figures share: colours, letters, and how a figure is made and shown."""

import base64
import functools
import html
import io
import sys
from collections.abc import Callable, Mapping
from typing import Any

INPUT = "#0072B2"  # blue: x, U
HIDDEN = "#D55E00"  # vermilion: h, W
OUTPUT = "#009E73"  # green: o, p, V
LOSS = "#B0548B"  # purple, darker than the palette's for white letters: the loss, and gradients
KEEP = "#8F7200"  # olive: the gate that keeps the old state, f and 1 − z
WRITE = "#4A3AA8"  # indigo: the gate that takes in the new, i and z
READ = "#222222"  # black: the gate through which the state is read, o and r
NEUTRAL = "#6B6B6B"  # grey: whatever a figure compares with
LIGHT = "#A6A6A6"
DIVERGING = "PuOr"  # for values around 0: orange below, purple above, white at 0

_LINES = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"), ((0, (6, 1.5)), "v"))
_DPI = 160  # twice the 80 dots an inch at which notebooks show it: sharp on a projector
_STYLE = {
    "axes.grid": False,
    "axes.labelsize": 15,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 15,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters on every machine
    "font.size": 14,
    "legend.fontsize": 14,
    "legend.frameon": False,
    "lines.linewidth": 2.5,
    "lines.markersize": 9,
    "mathtext.fontset": "dejavusans",
    "xtick.labelsize": 13,
    "ytick.labelsize": 13,
}


def bundle(figure: Any, watched: bool = False) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """The data and metadata by which a notebook stores a figure: a PNG and its sentence.

    The same figure gives the same bytes: the PNG holds neither a date nor a version.

    Args:
        figure: a matplotlib figure with ``alt``.
        watched: for somebody's front end, where the PNG stands in HTML: JupyterLab shows a PNG that stands alone
            without its sentence, so that a screen reader has nothing to say.
    """
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None})
    width, height = (round(inches * _DPI / 2) for inches in figure.get_size_inches())
    letters = base64.b64encode(png.getvalue()).decode("ascii")
    if watched:
        size = f"width='{width}' height='{height}' style='max-width:100%;height:auto;border-radius:4px'"
        page = f"<img src='data:image/png;base64,{letters}' alt='{html.escape(figure.alt)}' {size}>"
        return {"text/html": page, "text/plain": figure.alt}, {}
    data = {"image/png": letters, "text/plain": figure.alt}
    return data, {"image/png": {"alt": figure.alt, "height": height, "width": width}}


def show(figure: Any) -> None:
    """Show a figure below the cell."""
    from IPython.display import publish_display_data

    publish_display_data(*bundle(figure, watched()))


def watched() -> bool:
    """Whether the cell that runs is somebody's: one that is built, tested or graded could not ask for input."""
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython() if ipython else None, "kernel", None)
    try:
        return bool(kernel.get_parent("shell")["content"]["allow_stdin"])
    except (AttributeError, KeyError, TypeError):  # no kernel, or none that is like Jupyter's
        return False


def styled(draw: Callable) -> Callable:
    """Draw in the course's style, whatever the student has set."""

    @functools.wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        import matplotlib

        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_STYLE)
            return draw(*args, **kwargs)

    return drawn


def empty(width: float, height: float, alt: str) -> Any:
    """A figure without axes.

    Args:
        width: in inches; a notebook shows 80 dots an inch.
        height: in inches.
        alt: a sentence that says what there is to see.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    figure.alt = alt
    return figure


def decades(axes: Any, x: Any, lines: Mapping[str, Any], compared: Mapping[str, Any] | None = None, every=5) -> None:
    """Lines over a logarithmic axis, each with its own dash and marker; the key has the order of their left ends.

    Args:
        axes: where to draw.
        x: ``(n,)``.
        lines: by label, ``(n,)`` values above 0, drawn in shades of the colour of gradients, from light to dark.
        compared: the same, drawn in grey.
        every: a marker stands at every so many values.
    """
    both = dict(lines) | dict(compared or {})
    colours = _shades(len(lines)) + [NEUTRAL] * len(compared or {})
    for i, ((name, line), colour) in enumerate(zip(both.items(), colours, strict=True)):
        dash, marker = _LINES[i % len(_LINES)]
        face = colour if i < len(_LINES) else "white"
        axes.semilogy(x, line, ls=dash, marker=marker, mfc=face, color=colour, ms=7, markevery=every, label=name)
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(both)), key=[line[0] for line in both.values()].__getitem__, reverse=True)
    axes.legend([handles[i] for i in order], [labels[i] for i in order], loc="center left", bbox_to_anchor=(1, 0.5))


def _shades(n: int) -> list[tuple[float, ...]]:
    """So many shades of the colour of gradients, from light to dark."""
    from matplotlib.colors import to_rgb

    shares = [i / max(1, n - 1) for i in range(n)]
    return [tuple((1 - s) * (0.65 * c + 0.35) + s * 0.45 * c for c in to_rgb(LOSS)) for s in shares]
