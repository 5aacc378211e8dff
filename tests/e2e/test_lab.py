"""A student in JupyterLab, from opening the notebook to handing it in; then the grader marks that very file.

One JupyterLab serves all, as it takes seconds to start. A click puts the cursor into the answer; from there the
keyboard is enough.
"""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import time

import looks
from classes import NOTEBOOK, ROOT, points
from playwright.sync_api import Locator, Page, TimeoutError

WRONG = "def rnn_step(x_t, h_prev, U, W, b):\n    return x_t @ U.T + h_prev @ W.T + b"
RIGHT = "def rnn_step(x_t, h_prev, U, W, b):\n    return np.tanh(x_t @ U.T + h_prev @ W.T + b)"
SLIDER = "widgets.sliders(plots.unrolled"

# From the next key in a cell to the moment when its new picture can be seen, in milliseconds.
TIMED = """cell => new Promise(resolve => {
  const src = () => cell.querySelector(".jp-OutputArea img")?.src;
  const old = src();
  let start;
  cell.addEventListener("keydown", () => { start = performance.now(); }, { capture: true, once: true });
  const watch = new MutationObserver(async () => {
    if (!src() || src() === old) return;
    watch.disconnect();
    await cell.querySelector(".jp-OutputArea img").decode();
    resolve(performance.now() - start);
  });
  watch.observe(cell, { childList: true, subtree: true, attributes: true });
})"""


def test_a_student_works_in_jupyterlab_and_the_grader_marks_that_file(chromium, lab, screens, capsys, tmp_path):
    address, folder = lab
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    problems = looks.problems(page)
    page.add_locator_handler(page.locator(".jp-Dialog").first, choose_the_kernel)
    try:
        opened = time.monotonic()
        page.goto(address)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        run_all(page, until=("progress()", "0 of 10 points"))
        see(page, "check(rnn_step)", "not attempted")

        write(page, "def rnn_step(", WRONG)
        see(page, "check(rnn_step)", "tanh is missing")
        open_the_hints(page)
        look(page, screens, mistake=("check(rnn_step)", "hint(rnn_step)"))

        write(page, "def rnn_step(", RIGHT)
        see(page, "check(rnn_step)", "2 of 2 points")
        passed = time.monotonic() - opened

        moved = move_the_slider(page)
        run(page, "progress()")
        see(page, "progress()", "2 of 10 points")
        look(page, screens, slider=(SLIDER,), board=("progress()",))
        follow_the_board(page)

        page.keyboard.press("Control+s")
        page.locator(".lm-TabBar-tab.jp-mod-dirty").wait_for(state="detached")
    finally:
        page.close()
    assert problems == []
    result = grade(folder, tmp_path)
    assert result["status"] == "ok"
    assert points(result)["rnn_step"] == result["score"] == 2.0
    with capsys.disabled():
        print(f"\nopened to first passed check: {passed:.0f} s; key to new picture: {moved:.0f} ms")


def open_the_hints(page: Page) -> None:
    """Ask for a hint below the check, which is the active cell, and open the others, with the keyboard alone."""
    for key in ("b", "Enter"):
        page.keyboard.press(key)
    page.keyboard.insert_text("hint(rnn_step)")
    page.keyboard.press("Control+Enter")
    see(page, "hint(rnn_step)", "Hint 1 of 3:")
    for number, key in ((2, "Space"), (3, "Enter")):
        said = cell(page, "hint(rnn_step)").locator(".jp-OutputArea").inner_text()
        assert f"Hint {number} of 3" in said and f"Hint {number + 1} of 3" not in said
        tab_to(page, f"Hint {number} of 3")
        page.keyboard.press(key)
    see(page, "hint(rnn_step)", "That was the last hint")


def move_the_slider(page: Page) -> float:
    """From the active cell go up to the slider and move it, with the keyboard alone; milliseconds to the picture."""
    for _ in range(40):
        if SLIDER in page.locator(".jp-Notebook-cell.jp-mod-active .cm-content").first.inner_text():
            break
        page.keyboard.press("ArrowUp")
    picture = cell(page, SLIDER).locator(".jp-OutputArea img")
    assert "unrolled over 4 steps" in picture.get_attribute("alt")
    tab_to(page, "slider")
    page.wait_for_timeout(1500)  # a student looks at the picture, and the kernel rests
    timing = cell(page, SLIDER).evaluate_handle(f"cell => {{ window.moved = ({TIMED})(cell) }}")
    page.keyboard.press("ArrowRight")
    timing.dispose()
    moved = page.evaluate("window.moved")
    assert "unrolled over 5 steps" in picture.get_attribute("alt")
    return moved


def follow_the_board(page: Page) -> None:
    """What comes next is one link away."""
    link = cell(page, "progress()").locator("a", has_text="The loop")
    link.focus()
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name="The loop", exact=True)
    heading.wait_for()
    page.wait_for_function(
        "heading => Math.abs(heading.getBoundingClientRect().top - 500) < 400", arg=heading.element_handle()
    )


def look(page: Page, screens, **views: tuple[str, ...]) -> None:
    """Pictures of cells in both widths and themes; axe-core has nothing against what we show in them."""
    for theme in ("dark", "light"):
        use_theme(page, theme)
        for name, cells in views.items():
            for width in (1920, 1280):
                page.set_viewport_size({"width": width, "height": 1000})
                for text in cells:
                    cell(page, text)
                page.screenshot(path=screens / f"lab-{name}-{width}-{theme}.png")
            assert looks.axe(page, ".jp-OutputArea [role=status], .jp-OutputArea img") == []


def use_theme(page: Page, theme: str) -> None:
    page.keyboard.press("Control+Shift+c")
    page.locator(".lm-CommandPalette-input").wait_for()
    page.keyboard.insert_text(f"Use Theme: JupyterLab {theme.title()}")
    page.locator(".lm-CommandPalette-item.lm-mod-active").wait_for()
    page.keyboard.press("Enter")
    page.locator(f"body[data-jp-theme-light={'true' if theme == 'light' else 'false'}]").wait_for(state="attached")


def grade(folder, place):
    """The result of the file in a folder, by the command that a lecturer types."""
    submitted, out = place / "submitted" / "ada", place / "graded"
    submitted.mkdir(parents=True)
    shutil.copy(folder / f"{NOTEBOOK}.ipynb", submitted)
    command = ["grade", str(submitted.parent), "--out", str(out), "--notebook", NOTEBOOK]
    done = subprocess.run(
        [sys.executable, "-m", "course_lib", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / "results" / "ada" / f"{NOTEBOOK}.json").read_text(encoding="utf-8"))


def menu(page: Page, *path: str) -> None:
    page.get_by_role("menuitem", name=path[0], exact=True).click()
    page.get_by_role("menuitem", name=path[1], exact=True).click()


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the focus is on what has that role, or text."""
    for _ in range(30):
        focus = page.locator(":focus").last
        if focus.count() and wanted in (focus.get_attribute("role"), focus.inner_text()):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {wanted}")


def choose_the_kernel(dialog: Locator) -> None:
    """On a busy machine JupyterLab may ask, even twice, for a kernel not found yet: its own proposal is right."""
    for _ in range(5):
        with contextlib.suppress(TimeoutError):
            dialog.locator(".jp-mod-accept").click(timeout=1000)


def run_all(page: Page, until: tuple[str, str]) -> None:
    """Run every cell. Before JupyterLab has found the kernel the menu entry does nothing: then once more."""
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    begun = page.locator(".jp-InputPrompt", has_text=re.compile(r"[\d*]")).first
    for _ in range(4):
        menu(page, "Run", "Run All Cells")
        with contextlib.suppress(TimeoutError):
            begun.wait_for(state="attached", timeout=5000)
            break
    see(page, *until, seconds=60)


def cell(page: Page, text: str):
    """The code cell whose source holds a text, scrolled to, as JupyterLab draws only what is near."""
    found = page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text=text)).first
    if found.count():
        found.scroll_into_view_if_needed()
        return found
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
    """Replace the source of an answer, run it, and the check below it."""
    cell(page, text).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Control+Enter")


def run(page: Page, text: str) -> None:
    cell(page, text).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
