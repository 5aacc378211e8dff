"""The pages that the grader writes, in a real browser: nothing missing, nothing fetched, no error, for everybody."""

import json
import time

import looks
import pytest
from classes import NOTEBOOK, course, texts

from course_lib.grading import classroom, demo
from course_lib.grading.submissions import find

STUDENTS = {"absent", "corrupt", "kills-the-kernel", "mistakes-3", "perfect", "stub"}


@pytest.fixture(scope="module")
def graded_class(tmp_path_factory):
    """A small class, really graded."""
    folder, out = tmp_path_factory.mktemp("submitted"), tmp_path_factory.mktemp("graded")
    class_ = {student.name: student for student in demo.make(course(), 9)}
    demo.write([class_[name] for name in sorted(STUDENTS & class_.keys())], NOTEBOOK, folder)
    submissions, _ = find(folder, [NOTEBOOK], {"absent": {}})
    classroom.grade(classroom.Run(out, {NOTEBOOK: texts()}, b"secret", 2), submissions, lambda result, was_there: None)
    classroom.publish(out, None)
    return out


@pytest.fixture(scope="module")
def pages(graded_class):
    """The pages of that class by name."""
    found = {"index": graded_class / "index.html"}
    found |= {path.parent.name: path for path in (graded_class / "feedback").glob("*/*.html")}
    assert found.keys() == STUDENTS | {"index"}
    assert len(list((graded_class / "exercises" / NOTEBOOK).glob("*.html"))) == 6
    return found | {"exercise": graded_class / "exercises" / NOTEBOOK / "rnn_step.html"}


@pytest.fixture
def view(chromium):
    """Opens pages of playwright in a window of a certain size and scheme; all are closed in the end."""
    contexts = []

    def opened(scheme="light", width=1280):
        contexts.append(chromium.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("width", "scheme"), [(400, "light"), (1280, "light"), (1280, "dark"), (1920, "light"), (1920, "dark")]
)
def test_pages_open_without_errors_and_without_the_network(view, pages, screens, width, scheme):
    page = view(scheme, width)
    problems = looks.problems(page)
    every = (width, scheme) == (1280, "light")  # the others are of the same kinds
    for name in pages if every else ("index", "exercise", "mistakes-3", "corrupt"):
        page.goto(pages[name].as_uri())
        page.screenshot(path=screens / f"{name}-{width}-{scheme}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, f"{name} is wider than the window"
    assert problems == []


def test_no_sign_of_a_page_is_missing_in_its_fonts(view, pages):
    page = view()
    for path in pages.values():
        page.goto(path.as_uri())
        assert looks.missing_glyphs(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_say(view, pages, scheme):
    page = view(scheme)
    for name in ("index", "exercise", "mistakes-3", "corrupt"):
        page.goto(pages[name].as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
        assert looks.axe(page) == [], name


def test_what_looks_at_pages_sees_what_is_wrong(view, pages):
    """The control: an error of each kind in a copy of a page."""
    page = view()
    problems = looks.problems(page)
    page.goto(pages["mistakes-3"].as_uri())
    page.evaluate("document.querySelector('h1').append('\\u0378\\ue123')")
    page.evaluate("document.querySelector('.total').style.color = '#ccc'")
    page.evaluate("document.querySelector('table').insertAdjacentHTML('afterend', '<img>')")
    assert looks.missing_glyphs(page) == ["\u0378", "\ue123"]
    found = " ".join(looks.axe(page))
    assert "serious: color-contrast" in found and "critical: image-alt" in found
    assert problems == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<script>acted = 1</script><img src=x onerror=1>')")
    page.evaluate("fetch('https://example.org/').catch(() => null)")
    soon(page, lambda: any("Content Security Policy" in problem for problem in problems))
    page.evaluate("setTimeout(() => undefined_name, 0)")
    soon(page, lambda: any("undefined_name" in problem for problem in problems))
    bare = view()
    problems = looks.problems(bare)
    bare.route("**/*", lambda route: route.abort())
    bare.set_content("<img src='http://example.org/seen.png'>")
    soon(bare, lambda: "leaves the machine: http://example.org/seen.png" in problems)


def soon(page, condition):
    """Wait for what a browser tells a little later."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


def test_links_lead_to_pages(view, graded_class):
    page = view()
    problems = looks.problems(page)
    todo, seen = [(graded_class / "index.html").as_uri()], set()
    while todo:
        address = todo.pop().partition("#")[0]
        if address in seen:
            continue
        seen.add(address)
        page.goto(address)
        assert NOTEBOOK in page.content()
        todo += page.eval_on_selector_all("a[href]:not([download], [href$='.csv'])", "links => links.map(a => a.href)")
    assert problems == []
    assert len(seen) == 1 + 6 + len(STUDENTS)


def test_tables_can_be_downloaded_without_a_server(view, pages, graded_class):
    page = view()
    page.goto(pages["index"].as_uri())
    for name in ("gradebook.csv", "similar.csv"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).first.click()
        assert (graded_class / name).read_bytes() == download.value.path().read_bytes()


def rows(page, column):
    """A column of the students' table."""
    return page.eval_on_selector_all(f".class tbody tr > :nth-child({column})", "cells => cells.map(c => c.innerText)")


def press_tab_until(page, name):
    """Go on with the keyboard alone, until what has the focus begins with a text."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.innerText || ''")
        if focused.startswith(name) and page.evaluate("document.activeElement.matches('a, button, summary')"):
            visible = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert visible == "solid", f"{name} has the focus and does not show it"
            return
    raise AssertionError(f"the tabulator never comes to {name}")


def test_the_class_is_sorted_and_read_with_the_keyboard_alone(view, pages, graded_class):
    page = view()
    page.goto(pages["index"].as_uri())
    names = rows(page, 1)
    assert names == sorted(names)
    press_tab_until(page, "rnn_step")
    page.keyboard.press("Enter")
    page.wait_for_url("**/exercises/*/rnn_step.html")
    press_tab_until(page, "Class results")
    page.keyboard.press("Enter")
    page.wait_for_url("**/index.html")
    press_tab_until(page, "Score")
    head = page.locator(".class th", has_text="Score")
    for direction in ("ascending", "descending"):
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == direction
        assert page.locator(".class th[aria-sort]").count() == 1
        scores = [float(text) for text in rows(page, 3)]
        assert scores == sorted(scores, reverse=direction == "descending") and len(set(scores)) > 2
    press_tab_until(page, "Seconds")
    for backwards in (False, True):
        page.keyboard.press("Space")
        seconds = rows(page, 4)
        ran = [float(text) for text in seconds[:4]]
        assert ran == sorted(ran, reverse=backwards) and seconds[4:] == ["–", "–"]  # nothing comes last
    press_tab_until(page, rows(page, 1)[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/feedback/**")


def test_without_scripts_the_tables_are_there_and_nothing_looks_like_a_button(chromium, pages):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["index"].as_uri())
    assert page.get_by_role("button").count() == 0
    assert page.get_by_role("row").count() == 2 + 6 + len(STUDENTS)
    context.close()


def test_printed_pages_cut_nothing_off(view, pages):
    page = view(width=718)  # what A4 has between its margins
    page.emulate_media(media="print")
    for name in ("index", "exercise", "mistakes-3"):
        page.goto(pages[name].as_uri())
        assert not page.evaluate(
            "[...document.querySelectorAll('.scroll, body')].some(e => e.scrollWidth > e.clientWidth)"
        )


def test_feedback_shows_how_far_off_and_never_inputs_or_right_answers(view, pages, graded_class):
    result = json.loads((graded_class / "results" / "mistakes-3" / f"{NOTEBOOK}.json").read_text())
    assert not any("instead of" in test["message"] for test in result["tests"])
    maps = [test["error_map"] for test in result["tests"] if test["error_map"]]
    assert maps and all(not test["error_map"] for test in result["tests"] if test["passed"])
    assert all(set("".join(each["rows"])) <= set("012345") for each in maps)
    page = view()
    page.goto(pages["mistakes-3"].as_uri())
    for folded in page.locator("summary").all():
        folded.press("Enter")
    assert page.get_by_role("img", name="Map of the errors of").count() == len(maps)
    assert page.get_by_text("a known mistake").count() >= 5
