"""A student in JupyterLab: sees what is not attempted, makes a known mistake, mends it; the grader marks the file."""

import contextlib
import time

from classes import NOTEBOOK, graded, points
from playwright.sync_api import Page

WRONG = "def rnn_step(x_t, h_prev, U, W, b):\n    return x_t @ U.T + h_prev @ W.T + b"
RIGHT = "def rnn_step(x_t, h_prev, U, W, b):\n    return np.tanh(x_t @ U.T + h_prev @ W.T + b)"


def test_a_student_works_in_jupyterlab_and_the_grader_marks_that_file(chromium, lab, screens):
    address, folder = lab
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    try:
        page.goto(address)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        run_all(page, until=("progress()", "0 of 10 points"))
        see(page, "check(rnn_step)", "not attempted")

        write(page, "def rnn_step(", WRONG)
        run(page, "check(rnn_step)")
        see(page, "check(rnn_step)", "tanh is missing")
        page.screenshot(path=screens / "lab-mistake.png")

        write(page, "def rnn_step(", RIGHT)
        run(page, "check(rnn_step)")
        see(page, "check(rnn_step)", "2 of 2 points")
        page.screenshot(path=screens / "lab-right.png")

        page.keyboard.press("Control+s")
        page.wait_for_timeout(1500)
    finally:
        page.close()
    result = graded((folder / f"{NOTEBOOK}.ipynb").read_bytes())
    assert result["status"] == "ok"
    assert points(result)["rnn_step"] == 2.0
    assert result["score"] == 2.0


def menu(page: Page, *path: str) -> None:
    page.get_by_role("menuitem", name=path[0], exact=True).click()
    page.get_by_role("menuitem", name=path[1], exact=True).click()


def run_all(page: Page, until: tuple[str, str]) -> None:
    """Run every cell. Before JupyterLab has found the kernel the menu entry does nothing: then once more."""
    for _ in range(4):
        menu(page, "Run", "Run All Cells")
        with contextlib.suppress(AssertionError):
            return see(page, *until, seconds=30)
    see(page, *until)


def cell(page: Page, text: str):
    """The code cell whose source holds a text, scrolled to, as JupyterLab draws only what is near."""
    found = page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text=text)).first
    panel = page.locator(".jp-WindowedPanel-outer").first
    panel.evaluate("panel => panel.scrollTo(0, 0)")
    for _ in range(80):
        if found.count():
            found.scroll_into_view_if_needed()
            return found
        panel.evaluate("panel => panel.scrollBy(0, 500)")
        page.wait_for_timeout(100)
    raise AssertionError(f"no cell with {text!r}")


def see(page: Page, text: str, words: str, seconds: float = 20) -> None:
    """Wait until the output of a cell says something; running cells makes JupyterLab scroll elsewhere."""
    end = time.monotonic() + seconds
    said = ""
    while time.monotonic() < end:
        outputs = cell(page, text).locator(".jp-OutputArea")
        for _ in range(10):  # what was just scrolled to is drawn a little later
            said = " ".join(outputs.all_inner_texts())
            if words in said:
                outputs.first.scroll_into_view_if_needed()
                return
            page.wait_for_timeout(300)
    raise AssertionError(f"the output of {text} says {said!r}, not {words!r}")


def write(page: Page, text: str, source: str) -> None:
    """Replace the source of a cell and run it."""
    cell(page, text).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Control+Enter")


def run(page: Page, text: str) -> None:
    cell(page, text).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
