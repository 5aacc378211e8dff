"""Sliders for the notebooks, over figures that are also there without one.

The figure is an ordinary picture below the slider, redrawn in place when the slider moves. So a stored notebook
shows the figure where no kernel runs and no widget can: on a web page, on paper, or just opened.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import uuid4

from course_lib import plots

_VIEW = "application/vnd.jupyter.widget-view+json"


def sliders(draw: Callable[..., Any], choices: Mapping[str, Sequence[Any]], start: tuple[Any, ...]) -> None:
    """Show ``draw(*start)`` and, where a kernel runs, a slider for each argument that shows ``draw`` of other values.

    Args:
        draw: from the chosen values, one an argument, to a figure.
        choices: for each argument what it is called, as on the figure, and the values it can take, in order.
        start: the values of the stored figure.
    """
    from IPython.display import publish_display_data
    from ipywidgets import Layout, SelectionSlider, VBox

    bundle = cache(lambda *values: plots.bundle(draw(*values)))  # drawn once for each choice
    place = {"display_id": uuid4().hex}
    controls = [
        SelectionSlider(
            options=[(f"{value:g}", value) for value in values],
            value=value,
            description=name,
            continuous_update=False,
            layout=Layout(width="min(100%, 30em)"),
            style={"description_width": "initial"},
        )
        for (name, values), value in zip(choices.items(), start, strict=True)
    ]

    def redraw(_: Any) -> None:
        now = [control.value for control in controls]
        publish_display_data(*bundle(*now), transient=place, update=True)

    for control in controls:
        control.observe(redraw, names="value")
    box = controls[0] if len(controls) == 1 else VBox(controls)
    # Without the view, which `course build` drops (its id differs in every run), the sentence remains.
    view = {"model_id": box.model_id, "version_major": 2, "version_minor": 0}
    shown = ", ".join(f"{name} = {value:g}" for name, value in zip(choices, start, strict=True))
    ranges = ", ".join(f"{name} from {values[0]:g} to {values[-1]:g}" for name, values in choices.items())
    sentence = f"{shown} is shown. Run this cell to get a slider for {ranges}."
    publish_display_data({_VIEW: view, "text/plain": sentence})
    publish_display_data(*bundle(*start), transient=place)
