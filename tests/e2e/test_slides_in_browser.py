"""Every deck of the course in a real browser, each page of it; and that the test would notice what it looks for."""

import re
import time

import decks
import looks
import pytest
from copies import ROOT
from small_notebooks import code, notebook, picture, printed, text

from course_lib import exercises
from course_lib.grading.slides.deck import deck, read
from course_lib.grading.slides.printing import pdf

SOLUTIONS = ROOT / "solutions"


def written(folder, *cells, change=lambda page: page):
    path = folder / "deck.html"
    path.write_text(change(deck(notebook(*cells), folder)), encoding="utf-8")
    return path


def problems(chromium, path):
    with decks.opened(chromium, path) as (page, wrong):
        return decks.problems(page, wrong)


@pytest.mark.parametrize("name", exercises.notebooks())
def test_nothing_is_wrong_with_any_page(chromium, screens, tmp_path, name):
    path = tmp_path / f"{name}.html"
    path.write_text(deck(read(SOLUTIONS / f"{name}.ipynb"), SOLUTIONS), encoding="utf-8")
    with decks.opened(chromium, path) as (page, wrong):
        assert decks.problems(page, wrong, every=1 if name == "01_unrolling" else 9) == []
        for k in (1, 2, 20):
            page.evaluate(
                "k => { const { h, v } = Reveal.getIndices(Reveal.getSlides()[k - 1]); Reveal.slide(h, v) }", k
            )
            page.evaluate("async () => { await Promise.allSettled(document.getAnimations().map(a => a.finished)) }")
            page.screenshot(path=screens / f"slides-{name}-{k}.png")
            if name == "01_unrolling":  # it takes its time, and all decks are made alike
                assert looks.axe(page, "section.page.present") == []


WORDS = "These are words of a paragraph that cannot be cut, and so its page cannot hold it. " * 60
WRONG = {
    "a formula that is none": ("# A\n\n$x \\nosuch{y}$", r"a formula is not set: x \\nosuch"),
    "a paragraph as tall as two pages": (f"# A\n\n{WORDS}", "cut off: “These are words"),
    "a word as wide as two pages": (f"# A\n\n{'wide' * 100}", "cut off: “widewide"),
    "a letter that no font has": ("# A\n\n漢", "no font has '漢'"),
    "raw Markdown": ("# A\n\n<p>**bold**</p>", r"raw text: \*\*bold"),
    "a picture without a text": (
        "# A\n\n<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
        "no text that stands",
    ),
}


@pytest.mark.parametrize("source, said", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_found(chromium, tmp_path, source, said):
    found = problems(chromium, written(tmp_path, text(source, "slide")))
    assert any(re.search(said, problem) for problem in found), found


def test_what_a_deck_would_fetch_is_found_and_not_fetched(chromium, tmp_path):
    outside = '<p>A</p><img src="http://127.0.0.1:9/seen.png" alt="a">'
    path = written(tmp_path, text("# A\n\nB", "slide"), change=lambda page: page.replace("<p>B</p>", outside))
    found = problems(chromium, path)
    assert any("Content Security Policy" in problem for problem in found)
    assert any("a picture is not shown" in problem for problem in found)
    without_policy = path.read_text(encoding="utf-8").replace("Content-Security-Policy", "x-none")
    path.write_text(without_policy, encoding="utf-8")
    assert any("asks for http://127.0.0.1:9/seen.png" in problem for problem in problems(chromium, path))


def test_a_page_that_moves_is_found(chromium, tmp_path):
    path = written(
        tmp_path,
        text("# A\n\n$$a$$\n\n$$b$$", "slide"),
        change=lambda page: page.replace("</style>", ".fragment:not(.visible) { display: none; }</style>", 1),
    )
    assert any("its steps move what is shown" in problem for problem in problems(chromium, path))


# ------------------------------------------------------------------------------------------------------ steps

STEPS = """# Steps

Before.

$$\\begin{aligned} a &= b %|
 + c \\\\ &= d \\end{aligned} \\tag{9.1}$$

Between.

$$e = f$$

After."""


def seen(page):
    """The page's letters that are to be seen, without white space."""
    return page.evaluate(
        """() => [...Reveal.getCurrentSlide().querySelectorAll(".block, .katex-html *")]
          .filter((element) => getComputedStyle(element).visibility === "visible" && !element.matches(".heading"))
          .flatMap((element) => [...element.childNodes].filter((node) => node.nodeType === 3)
            .concat([...element.querySelectorAll(":scope > p")].flatMap((p) => [...p.childNodes])
            .filter((node) => node.nodeType === 3)))
          .map((node) => node.data).join("").replace(/[\\s\\p{Cf}]/gu, "")"""
    )


def test_formulas_build_up_with_the_text_between_them(chromium, tmp_path):
    question = text("Why?\n\n<details><summary>Answer</summary>\n\nSo.\n\n</details>")
    path = written(tmp_path, text(STEPS, "slide"), text("Later.", "fragment"), code("1 + 1", printed("2")), question)
    with decks.opened(chromium, path) as (page, _):
        steps = [seen(page)]
        while page.evaluate("Reveal.availableFragments().next"):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(250)
            steps.append(seen(page))
    assert steps[0] == "Before.a=b(9.1)"
    assert steps[1] == "Before.a=b+c(9.1)"
    assert steps[2] == "Before.a=b+c=d(9.1)Between."
    assert steps[3] == "Before.a=b+c=d(9.1)Between.e=fAfter."
    assert steps[4].startswith("Before.a=b+c=d(9.1)Between.e=fAfter.Later.")


def test_a_link_leads_to_its_formula_with_its_steps_done(chromium, tmp_path):
    cells = [text("# A\n\nB", "slide"), text("$$x$$\n\n$$y \\tag{9.2}$$"), text("## C\n\n[(9.2)](#cell-id=a)", "slide")]
    with decks.opened(chromium, written(tmp_path, *cells)) as (page, _):
        page.evaluate("Reveal.slide(1)")
        page.get_by_role("link", name="(9.2)").click()
        assert page.evaluate("Reveal.getIndices().h") == 0
        assert page.evaluate("getComputedStyle(document.querySelector('.katex-tag')).visibility") == "visible"


# ------------------------------------------------------------------------------------- speaker, keys, paper


def test_the_speaker_sees_notes_clock_and_what_comes_next(chromium, screens, tmp_path):
    cells = [text("# A\n\nB", "slide"), text("Say **this**, and $x^2$.", "notes"), text("## C\n\nD", "slide")]
    with decks.opened(chromium, written(tmp_path, *cells)) as (page, wrong):
        with page.expect_popup() as opening:
            page.keyboard.press("s")
        speaker = opening.value
        assert speaker.get_by_role("main").inner_text().startswith("Say this, and ")
        assert speaker.locator(".number").inner_text() == "1 of 2"
        assert speaker.locator(".frame h2").inner_text() == "C"
        assert re.fullmatch(r"\d+:\d\d", speaker.locator(".passed").inner_text())
        speaker.screenshot(path=screens / "slides-speaker.png")
        speaker.keyboard.press("ArrowRight")
        assert page.evaluate("Reveal.getIndices().h") == 1
        assert speaker.get_by_role("main").inner_text() == "No notes on this page."
        assert speaker.locator(".next > h2").inner_text() == "This is the last page"
        speaker.close()
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("Reveal.getIndices().h") == 0 and not wrong


def test_the_keyboard_is_enough_and_controls_have_names(chromium, tmp_path):
    cells = [text("# A\n\nB", "slide"), text(f"C. {WORDS[:2400]}"), text("## D\n\nE", "slide")]
    with decks.opened(chromium, written(tmp_path, *cells)) as (page, _):
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        assert page.evaluate("Reveal.isLastSlide()")
        page.keyboard.press("Home")
        assert page.evaluate("Reveal.getIndices().h") == 0
        page.keyboard.press("Escape")
        assert page.evaluate("Reveal.isOverview()")
        page.keyboard.press("Escape")
        page.keyboard.press("Shift+Slash")
        assert "Speaker notes" in page.locator(".r-overlay-help").inner_text()
        page.keyboard.press("Escape")
        assert page.get_by_role("button", name="Next page").is_visible()
        assert page.evaluate("document.documentElement.lang") == "en" and page.title() == "A"
        assert {section.get_attribute("aria-label") for section in page.locator("section.page").all()} == {"A", "D"}


def test_a_deck_on_paper_has_a_page_each_and_no_notes(chromium, tmp_path):
    cells = [text(STEPS, "slide"), text("said aloud only", "notes"), text("## C\n\nD", "slide"), code("1", picture())]
    path = written(tmp_path, *cells)
    started = time.monotonic()
    paper = pdf(path)
    assert paper.startswith(b"%PDF") and time.monotonic() - started < 60
    assert paper.count(b"/Type /Page\n") == 2
    assert set(re.findall(rb"/MediaBox \[(.*?)\]", paper)) == {b"0 0 960 540"}  # points: 1280 × 720 at 96 an inch
    path.write_text(path.read_text(encoding="utf-8").replace(">e = f<", ">e = \\nosuch<"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"a formula could not be set: e = \\nosuch"):
        pdf(path)
