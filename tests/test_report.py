import os
import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from urllib.parse import unquote_to_bytes

import pytest
from classes import NOTEBOOK, make_result

from course_lib import exercises
from course_lib.grading import report

EVIL = "<script>alert('x')</script> & \"y\""
VOID = {"meta", "br", "link", "img", "hr", "input"}


def make_class():
    return [
        make_result("s1"),
        make_result("s2", failed=["rnn_step"], text="tanh is missing"),
        make_result("s3", "timeout", failed=["tied_grad"], message="A cell ran longer than 30 s."),
        make_result("s4", "out_of_memory", failed=["answers01"]),
        make_result("s5", "crashed", failed=["answers01"]),
        make_result("s6", "corrupt"),
        make_result("s7", "missing"),
    ]


class Page(HTMLParser):
    """A page read strictly: every tag closed in order, with its tags, text and links at hand."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.texts = [], [], []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.texts))

    def all(self, tag, **attributes):
        wanted = attributes.items()
        return [found for name, found in self.tags if name == tag and wanted <= found.items()]


def pages():
    return [report.index(make_class()), *(report.feedback(result) for result in make_class())]


@pytest.mark.parametrize("html", pages(), ids=["index", "s1", "s2", "s3", "s4", "s5", "s6", "s7"])
def test_each_page_is_whole_and_needs_nothing_else(html):
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert page.all("html", lang="en")
    assert not re.search(r"https?:|//[a-z]|url\(|@import", html)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert all(cell.get("scope") for cell in page.all("th"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        assert set(attributes.get("aria-labelledby", "").split()) <= set(ids)
        assert attributes.get("href", "").removeprefix("#") in ids or not attributes.get("href", "").startswith("#")
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_same_results_same_pages():
    assert report.index(make_class()) == report.index(make_class()[::-1])
    assert report.feedback(make_class()[1]) == report.feedback(make_class()[1])


def test_feedback_shows_what_was_asked_the_verdict_and_the_points():
    page = Page(report.feedback(make_result(failed=["rnn_step"], text="`tanh` is missing"))).text
    assert "8 of 10 points" in page
    assert "16 of 19 tests passed" in page
    for exercise in exercises.of_notebook(NOTEBOOK):
        assert exercise.title in page
        assert all(test.asks in page for test in exercise.tests)
    assert "✗ not passed" in page and "✓ passed" in page
    assert page.count("tanh is missing") == 3
    assert "0 of 0.5" in page


def test_feedback_says_what_to_read_again_only_where_points_were_lost():
    page = Page(report.feedback(make_result(failed=["future_leak"], text="it looks ahead"))).text
    assert page.count("Read again") == 1
    assert "Read again: Only the past" in page


@pytest.mark.parametrize("status", [name for name in report.STATUSES if name != "ok"])
def test_feedback_says_why_where_the_status_is_not_ok(status):
    standard = Page(report.feedback(make_result(status=status))).text
    assert report.STATUSES[status].words.capitalize() in standard
    assert report.STATUSES[status].sentence in standard
    told = Page(report.feedback(make_result(status=status, message="It ended in line 3."))).text
    assert "It ended in line 3." in told and report.STATUSES[status].sentence not in told


@pytest.mark.parametrize("status", ["corrupt", "missing"])
def test_tests_that_never_ran_are_not_called_failed(status):
    page = Page(report.feedback(make_result(status=status))).text
    assert page.count("– not run") == 19
    assert "not passed" not in page and "tests passed" not in page and "Read again" not in page


def test_what_students_write_is_text_and_nothing_else():
    hostile = make_result(EVIL, failed=["rnn_step"], text=EVIL, message=EVIL)
    roster = {EVIL: {"last_name": EVIL, "first_name": EVIL, "email": ""}}
    for html in (report.feedback(hostile), report.index([hostile], roster)):
        page = Page(html)
        assert not page.all("script")
        assert EVIL in page.text
        assert "<script" not in html


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07text\x1b]8;;x\x1b\\link", "textlink"),
        ("\x1b]0;never closed", ""),
        ("a\x00b\x08c\x7fd\ud800e", "abcde"),
        ("line 1\nline 2\tend", "line 1\nline 2\tend"),
        ("safe\u202eexe.txt", "safeexe.txt"),
        ("\x1b", ""),
        ("ünïcödé 漢字 ∂h", "ünïcödé 漢字 ∂h"),
    ],
)
def test_clean_leaves_the_text_and_nothing_of_the_terminal(raw, shown):
    assert report.clean(raw) == shown


def test_a_message_of_any_length_fits_on_the_page():
    html = report.feedback(make_result(failed=["rnn_step"], text="x" * 10**6))
    assert len(html) < 50_000 and "(cut)" in html


def test_unknown_exercises_of_an_older_course_are_still_shown():
    old = {
        "exercise": "old_one",
        "test": "values",
        "points": 1.0,
        "max_points": 1.0,
        "passed": True,
        "message": "",
    }
    result = make_result()
    result["tests"].append(old)
    assert "old_one" in Page(report.feedback(result)).text
    assert "old_one" in Page(report.index([{**result, "notebook": "99_gone"}])).text


def test_index_shows_each_student_with_numbers():
    page = Page(report.index(make_class()))
    assert "s2 ✓ ok 8 of 10 1.3 0 3 2 1 1 1" in page.text
    assert "s3 ◔ timeout A cell ran longer than 30 s. 9 of 10" in page.text
    assert "s7 ○ missing 0 of 10 – – – – – – –" in page.text
    assert "5 of 7 graded" in page.text
    assert "9 median score" in page.text and "9 mean score" in page.text


def test_index_counts_statuses():
    page = Page(report.index([*make_class(), make_result("s8", "missing")])).text
    assert "✓ ok 2" in page and "○ missing 2" in page and "▲ out of memory 1" in page


def test_index_names_who_is_missing_and_who_is_unknown():
    roster = {name: {"last_name": f"Last-{name}", "first_name": "", "email": ""} for name in ("s1", "s9")}
    page = Page(report.index([make_result("s1"), make_result("s2")], roster))
    assert "Missing s9 Last-s9 Not on the roster s2 Students" in page.text
    assert [link["href"] for link in page.all("a")] == [f"feedback/{s}/{NOTEBOOK}.html" for s in ("s1", "s2")]


@pytest.mark.parametrize("student", ["a b", "Élodie", "50%?#x", "a&b'\"<c>", "漢字", os.fsdecode(b"jos\xe9")])
def test_links_lead_to_the_feedback_on_the_disk(tmp_path, student):
    page = tmp_path / "feedback" / student / f"{NOTEBOOK}.html"
    page.parent.mkdir(parents=True)
    html = report.feedback(make_result(student))
    page.write_text(html, encoding="utf-8")
    [link] = Page(report.index([make_result(student)])).all("a")
    assert os.path.exists(os.path.join(os.fsencode(tmp_path), unquote_to_bytes(link["href"])))


def test_index_has_the_five_messages_that_most_students_got():
    def failing(name, count, text):
        return [make_result(f"{text[:3]}{i}", failed=[name], text=f"{text} {i}") for i in range(count)]

    class_ = [
        *failing("rnn_step", 3, "aaa: largest error"),
        *failing("rnn_forward", 5, "bbb"),
        *failing("cross_entropy", 2, "ccc"),
        *failing("future_leak", 4, "ddd"),
        *failing("tied_grad", 6, "eee"),
        *failing("answers01", 1, "fff"),
    ]
    counts = re.findall(r"(\d) students? (\w+)(aaa|bbb|ccc|ddd|eee|fff)", Page(report.index(class_)).text)
    assert [(int(number), name) for number, name, _ in counts] == [
        (6, "tied_grad"),
        (5, "rnn_forward"),
        (4, "future_leak"),
        (3, "rnn_step"),
        (2, "cross_entropy"),
    ]


@pytest.mark.parametrize(
    ("scores", "top", "counts"),
    [
        ([0, 0.5, 1, 9.75, 10], 10, [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]),
        ([0.1 + 0.2 + 0.7, 2.5], 2.5, [0, 0, 1, 0, 1]),
        ([16.5, 17], 17, [0, 0, 0, 0, 0, 0, 0, 0, 2]),
        ([], 10, [0] * 10),
        ([], 0, []),
    ],
)
def test_histogram_puts_every_score_in_one_bar(scores, top, counts):
    picture = report._histogram(scores, top)
    assert [bar["count"] for bar in picture["bars"]] == counts
    assert picture["x_ticks"][-1] == {"at": picture["right"] if top else picture["left"], "value": top}


@pytest.mark.parametrize("tallest", [1, 4, 5, 37, 300])
def test_histogram_counts_people_in_whole_numbers(tallest):
    picture = report._histogram([5.0] * tallest, 10)
    values = [tick["value"] for tick in picture["y_ticks"]]
    assert values[0] == 0 and values[-1] >= tallest and len(values) <= 6
    assert all(value == int(value) for value in values)
    assert all(28 <= bar["y"] <= picture["floor"] for bar in picture["bars"])


def test_pictures_leave_out_who_was_not_run_and_say_their_numbers_in_words():
    results = [make_result("s1", failed=["rnn_forward"]), make_result("s2"), make_result("s3", "missing")]
    html = report.index(results)
    assert len(Page(html).all("svg", role="img")) == 2
    assert "7 to 8 points: 1. 9 to 10 points: 1." in html
    assert "rnn_step: 2 of 2. rnn_forward: 1.5 of 3." in html


def test_several_notebooks_get_a_section_each():
    page = Page(report.index([*make_class(), {**make_result("s1"), "notebook": "02_other"}]))
    assert [link["href"] for link in page.all("a")[:2]] == ["#notebook-1", "#notebook-2"]
    assert len(page.all("section")) == 2 and len(page.all("table")) == 2


def test_nothing_to_show_is_said():
    assert "There are no results yet." in Page(report.index([])).text
    nobody = Page(report.index([make_result("s1", "corrupt")]))
    assert "0 of 1 graded" in nobody.text and not nobody.all("svg")


def test_every_status_has_its_own_words_and_sign():
    statuses = report.STATUSES.values()
    assert len({s.sign for s in statuses}) == len({s.words for s in statuses}) == len(report.STATUSES) == 6


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, two):
    darker, lighter = sorted((luminance(one), luminance(two)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_are_told_apart(scheme):
    css = files("course_lib.grading").joinpath("templates/style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]))
    for text in ("ink", "muted", "link", "good", "bad"):
        assert contrast(colours[text], colours["page"]) >= 4.5
        assert contrast(colours[text], colours["card"]) >= 4.5
    for tint in ("good-tint", "bad-tint"):
        assert contrast(colours["ink"], colours[tint]) >= 4.5
    assert contrast(colours["bad"], colours["bad-tint"]) >= 4.5
    assert contrast(colours["bar"], colours["card"]) >= 3
    assert contrast(colours["bar"], colours["track"]) >= 3
