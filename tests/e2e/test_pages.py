"""The pages that the grader writes, in a real browser: nothing missing, nothing fetched, no error."""

import json

import pytest
from classes import NOTEBOOK, course, texts

from course_lib.grading import classroom, demo


@pytest.fixture(scope="module")
def graded_class(tmp_path_factory):
    """A small class, really graded."""
    folder, out = tmp_path_factory.mktemp("submitted"), tmp_path_factory.mktemp("graded")
    demo.write(demo.make(course(), 7)[:3] + demo.make(course(), 7)[6:], NOTEBOOK, folder)
    submissions, _ = classroom.find(folder, [NOTEBOOK], ["absent"])
    classroom.grade(classroom.Run(out, {NOTEBOOK: texts()}, b"secret", 2), submissions, lambda result, was_there: None)
    classroom.publish(out, None)
    return out


@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_open_without_errors_and_without_the_network(chromium, graded_class, screens, width, scheme):
    pages = {"index": graded_class / "index.html"}
    pages |= {path.parent.name: path for path in (graded_class / "feedback").glob("*/*.html")}
    assert set(pages) == {"index", "absent", "corrupt", "mistakes-1", "perfect", "stub"}
    context = chromium.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    problems = []
    page = context.new_page()
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: request.url.startswith("file:") or problems.append(request.url))
    for name, path in pages.items():
        page.goto(path.as_uri())
        page.screenshot(path=screens / f"{name}-{width}-{scheme}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, f"{name} is wider than the window"
    context.close()
    assert problems == []


def test_links_of_the_index_lead_to_pages(chromium, graded_class):
    page = chromium.new_page()
    page.goto((graded_class / "index.html").as_uri())
    targets = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
    feedback = [target for target in targets if "/feedback/" in target]
    assert len(feedback) == 5
    for target in feedback:
        page.goto(target)
        assert NOTEBOOK in page.content()
    page.close()


def test_feedback_never_shows_inputs_or_right_answers(graded_class):
    result = json.loads((graded_class / "results" / "mistakes-1" / f"{NOTEBOOK}.json").read_text())
    assert not any("instead of" in test["message"] for test in result["tests"])
