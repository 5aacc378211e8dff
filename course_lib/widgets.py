"""Sliders for the notebooks, over figures that are also there without one.

The figure is an ordinary picture below the slider, redrawn in place when the slider moves. So a stored notebook
shows the figure where no kernel runs and no widget can: on a web page, on paper, or just opened.

A drawing takes some tenths of a second. So where somebody looks on, the pictures that one move can lead to are drawn
beforehand, while the kernel rests.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from course_lib import plots

_VIEW = "application/vnd.jupyter.widget-view+json"
_REST = 0.5  # seconds without a cell or a move: then the kernel rests
_GAP = 0.02  # seconds between two drawings, in which messages are read


def sliders(draw: Callable[..., Any], choices: Mapping[str, Sequence[Any]], start: tuple[Any, ...]) -> None:
    """Show ``draw(*start)`` and, where a kernel runs, a slider for each argument that shows ``draw`` of other values.

    Args:
        draw: from the chosen values, one an argument, to a figure.
        choices: for each argument what it is called, as on the figure, and the values it can take, in order.
        start: the values of the stored figure.
    """
    from IPython.display import publish_display_data
    from ipywidgets import Layout, SelectionSlider, VBox

    place = {"display_id": uuid4().hex}
    controls = [
        SelectionSlider(
            options=[(f"{value:g}", value) for value in values],
            value=value,
            description=name,
            layout=Layout(width="min(100%, 30em)"),
            style={"description_width": "initial"},
        )
        for (name, values), value in zip(choices.items(), start, strict=True)
    ]
    pictures = _Pictures(draw, list(choices.values()), start)

    def redraw(_: Any) -> None:
        picture = pictures.of(tuple(control.value for control in controls))
        publish_display_data(*picture, transient=place, update=True)

    for control in controls:
        control.observe(redraw, names="value")
    box = controls[0] if len(controls) == 1 else VBox(controls)
    # Without the view, which `course build` drops (its id differs in every run), the sentence remains.
    view = {"model_id": box.model_id, "version_major": 2, "version_minor": 0}
    shown = ", ".join(f"{name} = {value:g}" for name, value in zip(choices, start, strict=True))
    ranges = ", ".join(f"{name} from {values[0]:g} to {values[-1]:g}" for name, values in choices.items())
    sentence = f"{shown} is shown. Run this cell to get a slider for {ranges}."
    publish_display_data({_VIEW: view, "text/plain": sentence})
    publish_display_data(*pictures.of(start), transient=place)


class _Pictures:
    """The pictures of all choices, each drawn once: when it is chosen, or before."""

    moved = 0.0  # when any slider was moved last

    def __init__(self, draw: Callable[..., Any], values: Sequence[Sequence[Any]], start: tuple[Any, ...]):
        self._draw, self._values, self._now = draw, values, start
        self._drawn: dict[tuple[Any, ...], Any] = {}
        self._watched = plots.watched()
        self._ahead: asyncio.Task | None = None

    def of(self, chosen: tuple[Any, ...]) -> Any:
        """The data and metadata of a picture; after it, while the kernel rests, those of its neighbours are made."""
        if chosen not in self._drawn:
            self._drawn[chosen] = plots.bundle(self._draw(*chosen), self._watched)
        self._now = chosen
        _Pictures.moved = time.monotonic()
        if self._watched and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.get_running_loop().create_task(self._draw_ahead())
        return self._drawn[chosen]

    async def _draw_ahead(self) -> None:
        """Draw what one move can lead to, nearest first; a cell, or a move, waits for one drawing at most."""
        from IPython import get_ipython

        cells = None
        while True:
            before, cells = cells, get_ipython().execution_count
            rests = cells == before and time.monotonic() > _Pictures.moved + _REST
            if rests:
                left = next((choice for choice in self._neighbours() if choice not in self._drawn), None)
                if left is None:
                    return
                try:
                    self._drawn[left] = plots.bundle(self._draw(*left), self._watched)
                except Exception:  # it is said where this is chosen
                    return
            await asyncio.sleep(_GAP if rests else _REST)

    def _neighbours(self) -> Iterator[tuple[Any, ...]]:
        """The choices that differ from the present one in one value."""
        here = [list(values).index(value) for values, value in zip(self._values, self._now, strict=True)]
        steps = [(abs(i - here[k]), k, i) for k, values in enumerate(self._values) for i in range(len(values))]
        for _, k, i in sorted(steps):
            yield (*self._now[:k], self._values[k][i], *self._now[k + 1 :])
