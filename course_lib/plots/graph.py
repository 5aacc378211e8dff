"""Nodes, arrows, gates and signs, of which the pictures of networks are made."""

from typing import Any

import numpy as np

from course_lib.plots.style import LIGHT, NEUTRAL, OUTPUT

RADIUS = 0.3


def node(axes: Any, x: float, y: float, text: str, colour: str, edge: str = "", square: bool = False) -> None:
    """A circle or a square with letters in it.

    Args:
        axes: where to draw.
        x: its centre.
        y: its centre.
        text: what stands in it.
        colour: of its face.
        edge: of its edge and letters; without it the letters are white.
        square: a square, otherwise a circle.
    """
    from matplotlib.patches import Circle, Rectangle

    corner = (x - 0.9 * RADIUS, y - 0.9 * RADIUS)
    shape = Rectangle(corner, 1.8 * RADIUS, 1.8 * RADIUS) if square else Circle((x, y), RADIUS)
    shape.set(facecolor=colour, edgecolor=edge or colour, linewidth=2, linestyle="-", zorder=3)
    axes.add_patch(shape)
    axes.text(x, y - 0.01, text, ha="center", va="center", color=edge or "white", zorder=4)


def arrow(
    axes: Any,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    text: str = "",
    beside: tuple[float, float] = (0, 0),
    width: float = 2,
    dashed: bool = False,
) -> None:
    """An arrow from node to node, which touches neither.

    Args:
        axes: where to draw.
        start: centre of the first node.
        end: centre of the second node.
        colour: of the arrow and its letters.
        text: letters of a formula beside the arrow.
        beside: where they stand, seen from the middle of the arrow.
        width: of the line.
        dashed: whether the line is dashed.
    """
    from matplotlib.patches import FancyArrowPatch

    (x0, y0), (x1, y1) = start, end
    length = np.hypot(x1 - x0, y1 - y0)
    dx, dy = (x1 - x0) / length * (RADIUS + 0.04), (y1 - y0) / length * (RADIUS + 0.04)
    ends = (x0 + dx, y0 + dy), (x1 - dx, y1 - dy)
    line = FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=14, shrinkA=0, shrinkB=0, lw=width, color=colour)
    if dashed:
        line.set_linestyle((0, (3, 2)))
    axes.add_patch(line)
    if text:
        x, y = (x0 + x1) / 2 + beside[0], (y0 + y1) / 2 + beside[1]
        axes.text(x, y, f"${text}$", color=colour, ha="center", va="center")


def sign(axes: Any, x: float, y: float, text: str, radius: float, size: float) -> None:
    """A sum or a product, entry by entry: a ring with the sign in it.

    Args:
        axes: where to draw.
        x: its centre.
        y: its centre.
        text: the sign.
        radius: of the ring.
        size: of the sign, in points.
    """
    from matplotlib.patches import Circle

    axes.add_patch(Circle((x, y), radius, facecolor="white", edgecolor="black", linewidth=2, zorder=4))
    axes.text(x, y - 0.02, text, ha="center", va="center", fontsize=size, zorder=5)


def shaded(axes: Any, x: float, y: float, value: float) -> None:
    """A node whose shade, and the number in it, are a sensitivity: the darkest is 0.42.

    Args:
        axes: where to draw.
        x: its centre.
        y: its centre.
        value: the sensitivity, 0 or more.
    """
    from matplotlib.patches import Circle

    grey = 1 - 0.88 * min(value / 0.42, 1)
    axes.add_patch(Circle((x, y), 0.33, facecolor=(grey,) * 3, edgecolor="black", linewidth=1.5, zorder=3))
    text = "0" if value < 0.005 else f"{value:.2f}"[1:]
    axes.text(x, y - 0.01, text, ha="center", va="center", color="black" if grey > 0.5 else "white", zorder=4)


def gated_link(axes: Any, start: tuple[float, float], end: tuple[float, float], is_open: bool) -> None:
    """A link between two nodes with a gate on it: a ring where it is open, a bar across where it is shut.

    Args:
        axes: where to draw.
        start: centre of the first node.
        end: centre of the second node, above the first or beside it.
        is_open: whether the gate is open.
    """
    (x0, y0), (x1, y1) = start, end
    axes.plot([x0, x1], [y0, y1], "-", color=LIGHT, lw=1.5, zorder=0)
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    if is_open:
        axes.plot(*middle, "o", ms=9, mfc="white", mec=OUTPUT, mew=2.5, zorder=4)
    else:
        axes.plot(*middle, marker="_" if x0 == x1 else "|", ms=14, mec=NEUTRAL, mew=4, zorder=4)
