"""Sliders for the notebooks, over figures that are also there without one.

The figure is an ordinary picture below the slider, redrawn in place when the slider moves. So a stored notebook
shows the figure where no kernel runs and no widget can: on a web page, on paper, or just opened.
"""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import uuid4

from course_lib import plots

_VIEW = "application/vnd.jupyter.widget-view+json"


def slider(draw: Callable[[int], Any], name: str, low: int, high: int, start: int) -> None:
    """Show ``draw(start)`` and, where a kernel runs, a slider that shows ``draw`` of another value.

    Args:
        draw: from a whole number to a figure.
        name: what the number is called, as on the figure.
        low: its smallest value.
        high: its largest value.
        start: the value of the stored figure.
    """
    from IPython.display import publish_display_data
    from ipywidgets import IntSlider, Layout

    bundle = cache(lambda value: plots.bundle(draw(value)))  # drawn once for each value
    place = {"display_id": uuid4().hex}
    control = IntSlider(
        start, low, high, description=name, continuous_update=False, layout=Layout(width="min(100%, 30em)")
    )
    control.observe(
        lambda change: publish_display_data(*bundle(change["new"]), transient=place, update=True),
        names="value",
    )
    # Without the view, which `course build` drops (its id differs in every run), the sentence remains.
    view = {"model_id": control.model_id, "version_major": 2, "version_minor": 0}
    sentence = f"{name} = {start} is shown. Run this cell to get a slider from {low} to {high}."
    publish_display_data({_VIEW: view, "text/plain": sentence})
    publish_display_data(*bundle(start), transient=place)
