import pytest
from ipywidgets.widgets.widget import _instances

from course_lib import plots, widgets

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def shown(monkeypatch):
    """What is published: (data, keywords) of each display."""
    displays = []
    monkeypatch.setattr(
        "IPython.display.publish_display_data", lambda data, metadata=None, **more: displays.append((data, more))
    )
    return displays


def controls(shown):
    """The sliders of what is shown."""
    box = _instances[shown[0][0][VIEW]["model_id"]]
    return box.children if hasattr(box, "children") else [box]


def figure(*values):
    figure = plots.unrolled(1)
    figure.alt = " ".join(map(str, values))
    return figure


def test_a_figure_is_shown_below_its_slider_and_redrawn_in_place(shown):
    widgets.sliders(figure, {"T": range(1, 9)}, start=(4,))
    (control,) = controls(shown)
    assert (control.description, control.value, len(control.options)) == ("T", 4, 8)
    (_, (first, place)) = shown
    assert first["text/plain"] == "4" and "image/png" in first and "update" not in place
    control.value = 7
    data, where = shown[-1]
    assert data["text/plain"] == "7" and where == {**place, "update": True}


def test_each_argument_has_a_slider_and_its_values(shown):
    widgets.sliders(figure, {"rate": (0.01, 0.05), "threshold": (0.5, 1, float("inf"))}, start=(0.05, 1))
    rate, threshold = controls(shown)
    assert [label for label, _ in threshold.options] == ["0.5", "1", "inf"]
    threshold.value = float("inf")
    rate.value = 0.01
    assert [data["text/plain"] for data, _ in shown[1:]] == ["0.05 1", "0.05 inf", "0.01 inf"]


def test_without_a_widget_a_sentence_says_what_is_shown(shown):
    widgets.sliders(figure, {"rate": (0.01, 0.05), "threshold": (0.5, 1)}, start=(0.05, 1))
    assert shown[0][0]["text/plain"] == (
        "rate = 0.05, threshold = 1 is shown. Run this cell to get a slider for rate from 0.01 to 0.05, "
        "threshold from 0.5 to 1."
    )


def test_a_choice_is_drawn_once(shown):
    drawn = []
    widgets.sliders(lambda T: drawn.append(T) or figure(T), {"T": range(1, 4)}, start=(2,))
    (control,) = controls(shown)
    for value in (3, 2, 3, 1):
        control.value = value
    assert drawn == [2, 3, 1]


def test_a_start_that_is_no_choice_is_refused(shown):
    with pytest.raises(Exception, match=r"(?i)invalid|option"):
        widgets.sliders(figure, {"T": range(1, 4)}, start=(9,))
    assert not shown
