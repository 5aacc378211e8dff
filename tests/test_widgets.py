import asyncio
import html
import re

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


def test_a_front_end_gets_the_sentence_with_the_picture():
    said = "x < 1 and 'y' & \"z\""
    stored, about = plots.bundle(figure(said))
    assert stored["text/plain"] == about["image/png"]["alt"] == said
    page, _ = plots.bundle(figure(said), watched=True)
    assert page["text/plain"] == said and set(page) == {"text/html", "text/plain"}
    assert f"src='data:image/png;base64,{stored['image/png']}'" in page["text/html"]
    assert html.unescape(re.search("alt='([^']*)'", page["text/html"]).group(1)) == said


def test_a_start_that_is_no_choice_is_refused(shown):
    with pytest.raises(Exception, match=r"(?i)invalid|option"):
        widgets.sliders(figure, {"T": range(1, 4)}, start=(9,))
    assert not shown


# -------------------------------------------------------------------------------------- drawn while the kernel rests


class Kernel:
    """What is asked of IPython and of the time, which passes only when the test says so."""

    execution_count, now = 1, 1000.0
    get_running_loop = staticmethod(asyncio.get_running_loop)

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        end = self.now + seconds
        while self.now < end:
            await asyncio.sleep(0)

    async def rest(self, seconds):
        for _ in range(round(100 * seconds)):
            self.now += 0.01
            for _ in range(3):
                await asyncio.sleep(0)


@pytest.fixture
def kernel(shown, monkeypatch):
    """A kernel whose cells are somebody's."""
    kernel = Kernel()
    monkeypatch.setattr("IPython.get_ipython", lambda: kernel)
    monkeypatch.setattr(widgets, "time", kernel)
    monkeypatch.setattr(widgets, "asyncio", kernel)
    monkeypatch.setattr(plots, "watched", lambda: True)
    monkeypatch.setattr(plots, "bundle", lambda figure, watched: ({"text/plain": str(figure), "for": watched}, {}))
    return kernel


def test_while_the_kernel_rests_everything_one_move_leads_to_is_drawn_nearest_first(kernel, shown):
    drawn = []

    async def use():
        choices = {"a": (1, 2, 3), "b": (10, 20, 30, 40)}
        widgets.sliders(lambda a, b: drawn.append((a, b)) or (a, b), choices, start=(1, 20))
        await kernel.rest(0.5)
        assert drawn == [(1, 20)]
        await kernel.rest(2)
        assert drawn[1:] == [(2, 20), (1, 10), (1, 30), (3, 20), (1, 40)]
        for control, value, told in zip(controls(shown) * 2, (2, 30, 1, 20), (1, 6, 3, 0), strict=True):
            control.value = value
            assert shown[-1][0] == {"text/plain": str(drawn[told]), "for": True}
        assert drawn[6:] == [(2, 30)]  # two moves from the start
        await kernel.rest(5)
        assert drawn[6:] == [(2, 30)]
        controls(shown)[0].value = 3
        await kernel.rest(5)
        assert sorted(drawn[7:]) == [(3, 10), (3, 30), (3, 40)]

    asyncio.run(use())


def test_nothing_is_drawn_while_cells_or_moves_follow_one_another(kernel, shown):
    drawn = []

    async def use():
        widgets.sliders(lambda T: drawn.append(T) or T, {"T": range(1, 9)}, start=(4,))
        for _ in range(20):
            kernel.execution_count += 1
            await kernel.rest(0.4)
        for i in range(20):
            controls(shown)[0].value = (5, 4)[i % 2]
            await kernel.rest(0.4)
        assert drawn == [4, 5]
        await kernel.rest(5)
        assert sorted(drawn) == list(range(1, 9))

    asyncio.run(use())


def test_what_cannot_be_drawn_says_so_when_it_is_chosen(kernel, shown):
    drawn = []

    async def use():
        widgets.sliders(lambda T: drawn.append(T) or 1 / (T - 3), {"T": range(1, 9)}, start=(5,))
        await kernel.rest(5)
        assert drawn == [5, 4, 6, 3]
        with pytest.raises(ZeroDivisionError):
            controls(shown)[0].value = 3

    asyncio.run(use())


def test_where_nobody_looks_on_only_what_is_shown_is_drawn(shown):
    drawn = []

    async def use():
        widgets.sliders(lambda T: drawn.append(T) or figure(T), {"T": range(1, 4)}, start=(2,))
        assert len(asyncio.all_tasks()) == 1  # this one

    asyncio.run(use())
    assert drawn == [2] and "image/png" in shown[1][0]
