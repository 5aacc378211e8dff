import base64
import hashlib
import os
import re
from importlib.resources import files
from itertools import pairwise
from urllib.parse import unquote_to_bytes

import pytest
from classes import NOTEBOOK, make_result
from page import Page

from course_lib import exercises
from course_lib.grading import report
from course_lib.grading.mistakes import mistakes
from course_lib.grading.pages import STATUSES, clean
from course_lib.grading.similar import Pair

EVIL = "<script>alert('x')</script> & \"y\""


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


def rnn_step_page(results, roster=None):
    return dict(report.exercise_pages(results, roster))[f"exercises/{NOTEBOOK}/rnn_step.html"]


def off(**changes):
    """An error map as the judge makes it."""
    whole = {"array": "hs", "shape": [3, 2, 4], "counts": [18, 2, 0, 1, 2, 1], "where": ["all", "0", "1–2"]}
    drawn = {"row_axes": 2, "rows": ["0000", "0110", "0000", "0440", "0000", "0530"]}
    return {**whole, **drawn, "wrong_cases": 2, "cases": 5, **changes}


def differing(*maps):
    """A result whose first tests have these error maps."""
    result = make_result(failed=["rnn_step"], text="tanh is missing")
    for test, each in zip(result["tests"], maps, strict=False):
        test["error_map"] = each
    return result


def pages():
    written = [report.feedback(result) for result in [*make_class(), differing(off(), off(array="os"))]]
    return [report.index(make_class()), rnn_step_page(make_class()), *written]


@pytest.mark.parametrize("html", pages(), ids=["index", "exercise", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "map"])
def test_each_page_is_whole_and_needs_nothing_else(html):
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert page.all("html", lang="en")
    assert not re.search(r"https?:|//[a-z]|url\(|@import", html)
    assert not {"link", "img", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert all(cell.get("scope") for cell in page.all("th"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        assert set(attributes.get("aria-labelledby", "").split()) <= set(ids)
        assert attributes.get("href", "").removeprefix("#") in ids or not attributes.get("href", "").startswith("#")
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def policy(page):
    [meta] = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    return meta["content"]


def test_only_the_class_has_a_script_and_its_policy_allows_just_that_one():
    page = Page(report.index(make_class()))
    assert len(page.all("script")) == 1
    digest = base64.b64encode(hashlib.sha256(page.script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy(page)
    for html in (report.feedback(make_result()), rnn_step_page(make_class())):
        assert not Page(html).all("script") and "script-src" not in policy(Page(html))


def test_same_results_same_pages():
    assert report.index(make_class()) == report.index(make_class()[::-1])
    assert rnn_step_page(make_class()) == rnn_step_page(make_class()[::-1])
    assert report.feedback(make_class()[1]) == report.feedback(make_class()[1])


def test_feedback_shows_what_was_asked_the_verdict_and_the_points():
    page = Page(report.feedback(make_result(failed=["rnn_step"], text="`tanh` is missing"))).text
    assert "8 of 10 points" in page
    assert "16 of 19 tests passed" in page
    for exercise in exercises.of_notebook(NOTEBOOK):
        assert exercise.title in page
        assert all(test.asks in page for test in exercise.tests)
    assert "✗ not passed" in page and "✓ passed" in page
    assert page.count("tanh is missing") == 1 and page.count("The same as above.") == 2
    assert "0 of 0.5" in page


def test_feedback_says_what_to_read_again_only_where_points_were_lost():
    page = Page(report.feedback(make_result(failed=["future_leak"], text="it looks ahead"))).text
    assert page.count("Read again") == 1
    assert "Read again: Only the past" in page


@pytest.mark.parametrize("status", [name for name in STATUSES if name != "ok"])
def test_feedback_says_why_where_the_status_is_not_ok(status):
    standard = Page(report.feedback(make_result(status=status))).text
    assert STATUSES[status].words.capitalize() in standard
    assert STATUSES[status].sentence in standard
    told = Page(report.feedback(make_result(status=status, message="It ended in line 3."))).text
    assert "It ended in line 3." in told and STATUSES[status].sentence not in told


@pytest.mark.parametrize("status", ["corrupt", "missing"])
def test_tests_that_never_ran_are_not_called_failed(status):
    page = Page(report.feedback(make_result(status=status))).text
    assert page.count("– not run") == 19
    assert "not passed" not in page and "tests passed" not in page and "Read again" not in page


def test_what_students_write_is_text_and_nothing_else():
    hostile = make_result(EVIL, failed=["rnn_step"], text=EVIL, message=EVIL)
    roster = {EVIL: {"last_name": EVIL, "first_name": EVIL, "email": ""}}
    for html in (report.feedback(hostile), report.index([hostile], roster), rnn_step_page([hostile], roster)):
        page = Page(html)
        assert EVIL in page.text
        assert "<script>a" not in html and "<script>a" not in page.script


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
    assert clean(raw) == shown


def test_a_message_of_any_length_fits_on_the_page():
    html = report.feedback(make_result(failed=["rnn_step"], text="x" * 10**6))
    assert len(html) < 50_000 and "(cut)" in html


def test_the_page_of_the_class_shows_as_much_of_a_message_as_there_is_room_for():
    for text, shown in (("x" * 300, "x" * 300), ("x" * 301, "x" * 300 + " …"), ("no\n\n  end", "no end")):
        html = report.index([make_result("s1", failed=["rnn_step"], text=text)])
        assert f"<p>{shown}</p>" in html


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
    assert "exercises/99_gone/old_one.html" in dict(report.exercise_pages([{**result, "notebook": "99_gone"}]))


def test_results_of_earlier_versions_are_still_shown():
    old = make_result(failed=["rnn_step"], text="tanh is missing")
    for test in old["tests"]:
        del test["known_mistake"], test["error_map"]
    for html in (report.feedback(old), report.index([old]), rnn_step_page([old])):
        assert "tanh is missing" in html and "known mistake" not in html


def test_index_shows_each_student_with_numbers():
    page = Page(report.index(make_class()))
    assert "s2✓ ok81.3032111" in page.text
    assert "s7○ missing0–––––––" in page.text
    assert "5 of 7 graded" in page.text
    assert "9 median score" in page.text and "9 mean score" in page.text


def test_the_median_is_not_the_mean():
    class_ = [make_result("s1"), make_result("s2"), make_result("s3", failed=["rnn_forward", "rnn_step"])]
    text = Page(report.index(class_)).text
    assert "10 median score" in text and "8.33 mean score" in text


def test_index_counts_statuses():
    page = Page(report.index([*make_class(), make_result("s8", "missing")])).text
    assert "✓ ok 2" in page and "○ missing 2" in page and "▲ out of memory 1" in page


def test_index_names_who_is_missing_and_who_is_unknown():
    roster = {name: {"last_name": f"Last-{name}", "first_name": "", "email": ""} for name in ("s1", "s9")}
    page = Page(report.index([make_result("s1"), make_result("s2")], roster))
    assert "Missing s9 Last-s9 Not on the roster s2 Students" in page.text
    assert feedback_links(page) == [f"feedback/{s}/{NOTEBOOK}.html" for s in ("s1", "s2")]


def feedback_links(page):
    return [link["href"] for link in page.all("a") if "feedback/" in link["href"]]


def test_index_names_who_was_stopped_and_why():
    class_ = [*make_class(), make_result("s8", "timeout", message="A cell ran longer than 30 s.")]
    text = Page(report.index(class_)).text
    stopped = text[text.index("Stopped on the way") : text.index("Students Student")]
    assert "◔ timeout 2 students: A cell ran longer than 30 s. s3 s8 ▲ out of memory 1 student s4" in stopped
    assert "✗ crashed 1 student s5 ◇ corrupt 1 student s6" in stopped and "s7" not in stopped
    assert "Stopped on the way" not in Page(report.index([make_result("s1"), make_result("s2", "missing")])).text


def test_a_long_list_of_people_is_folded():
    class_ = [make_result(f"s{i:03}", "missing") for i in range(40)] + [make_result("s999")]
    page = Page(report.index(class_))
    assert "s011 and 28 more s012" in page.text and len(page.all("details")) == 1


def test_index_lists_the_exercises_the_hardest_first():
    class_ = [make_result("s1", failed=["tied_grad"]), make_result("s2", failed=["tied_grad", "rnn_forward"])]
    for test in class_[1]["tests"]:
        if test["exercise"] == "rnn_forward":
            test["message"] = "not attempted yet"
    text = Page(report.index(class_)).text
    first = text.index("tied_grad Untie and tie 0 % 0 of 1 0")
    assert first < text.index("rnn_forward The loop 50 % 1.5 of 3 1") < text.index("rnn_step One step 100 % 2 of 2 0")


def test_index_offers_the_tables_that_are_there():
    def tables(results):
        return [link["href"] for link in Page(report.index(results)).all("a", download=None)]

    assert tables([]) == tables(make_class()) == ["gradebook.csv", "similar.csv"]
    moved = {**make_result("s9"), "score_before": 3.0}
    assert tables([*make_class(), moved]) == ["gradebook.csv", "similar.csv", "moved.csv"]


@pytest.mark.parametrize("student", ["a b", "Élodie", "50%?#x", "a&b'\"<c>", "漢字", os.fsdecode(b"jos\xe9")])
def test_links_lead_to_the_feedback_on_the_disk(tmp_path, student):
    page = tmp_path / "feedback" / student / f"{NOTEBOOK}.html"
    page.parent.mkdir(parents=True)
    html = report.feedback(make_result(student))
    page.write_text(html, encoding="utf-8")
    [link] = feedback_links(Page(report.index([make_result(student)])))
    assert os.path.exists(os.path.join(os.fsencode(tmp_path), unquote_to_bytes(link)))
    failing = make_result(student, failed=["rnn_step"], text="tanh is missing")
    [link] = feedback_links(Page(rnn_step_page([failing])))
    there = os.path.join(os.fsencode(tmp_path), b"exercises", b"x", unquote_to_bytes(link))
    assert os.path.exists(os.path.normpath(there))


def test_links_between_the_class_and_its_exercises_lead_there():
    written = dict(report.exercise_pages(make_class()))
    linked = {link["href"] for link in Page(report.index(make_class())).all("a") if "exercises/" in link["href"]}
    assert linked == set(written)
    for html in written.values():
        links = [link["href"] for link in Page(html).all("a") if "feedback" not in link["href"]]
        assert links[0] == "../../index.html" and {f"../../{name}" for name in written} >= set(links[1:])
        assert len(links) in (2, 3)


def test_the_page_of_an_exercise_leads_to_the_one_before_and_the_one_after():
    names = [each.id for each in exercises.of_notebook(NOTEBOOK)]
    written = [Page(html).text for _, html in report.exercise_pages(make_class())]
    for text, before, after in zip(written, [None, *names], [*names[1:], None], strict=False):
        links = [f"previous: {before}"] * bool(before) + [f"next: {after}"] * bool(after)
        assert " ".join(["Class results", *links, NOTEBOOK]) in text
        assert text.count("previous: ") + text.count("next: ") == len(links)


def test_index_has_the_mistakes_that_most_students_made():
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
    class_ += failing("answers01", 7, "not attempted yet")
    class_ += failing("tied_grad", 1, "ggg")
    text = Page(report.index(class_)).text
    counts = re.findall(r"(\d) students? (\w+) other (aaa|bbb|ccc|ddd|eee|fff|not)", text)
    assert [(int(number), name) for number, name, _ in counts] == [
        (6, "tied_grad"),
        (5, "rnn_forward"),
        (4, "future_leak"),
        (3, "rnn_step"),
        (2, "cross_entropy"),
        (1, "answers01"),
    ]
    assert "1 more, and who made which, on the pages of the exercises." in text


def test_of_wordings_that_are_as_frequent_the_first_in_the_alphabet_is_shown():
    class_ = [make_result(f"s{n}", failed=["rnn_step"], text=f"error {number}") for n, number in enumerate((3, 2, 4))]
    for results in (class_, class_[::-1]):
        assert [(mistake.text, len(mistake.students)) for mistake in mistakes(results)] == [("error 2", 3)]


def test_a_message_of_which_nothing_can_be_shown_is_none():
    assert mistakes([make_result("s1", failed=["rnn_step"], text="\x1b[0m")]) == []


def test_known_mistakes_are_told_from_others_and_come_first_on_the_page_of_the_exercise():
    class_ = [make_result(f"a{i}", failed=["rnn_step"], text="another shape") for i in range(3)]
    class_ += [make_result("z", failed=["rnn_step"], text="not attempted yet")] * 4
    class_ += [make_result("k", failed=["rnn_step"], text="tanh is missing")]
    for test in class_[-1]["tests"]:
        test["known_mistake"] = test["message"] != ""
    index = Page(report.index(class_)).text
    assert "3 students rnn_step other another shape" in index
    assert "1 student rnn_step known mistake tanh is missing" in index
    text = Page(rnn_step_page(class_)).text
    tests = "; ".join(test.name for test in exercises.of_notebook(NOTEBOOK)[0].tests)
    assert f"Messages 1 student known mistake in tests {tests} tanh is missing k 3 students other in tests" in text
    assert text.index("a0 a1 a2") < text.index("1 student not attempted")
    assert "a known mistake tanh is missing" in Page(report.feedback(class_[-1])).text


def test_the_page_of_an_exercise_counts_who_passed_each_test():
    class_ = [make_result("s1"), make_result("s2", failed=["rnn_step"]), make_result("s3", "missing")]
    class_[1]["tests"][0] |= {"passed": True, "points": class_[1]["tests"][0]["max_points"]}
    text = Page(rnn_step_page(class_)).text
    asks = [test.asks for test in exercises.of_notebook(NOTEBOOK)[0].tests]
    assert f"{asks[0]}2 of 2" in text and f"{asks[1]}1 of 2" in text
    assert "2 graded" in text and "1 to 1.5 points: 1. 1.5 to 2 points: 1." in text


def test_an_error_map_says_in_words_what_it_shows():
    text = Page(report.feedback(differing(off()))).text
    assert "hs, shape (3, 2, 4): 6 of 24 values are wrong, only at axis 1, index 0; axis 2, index 1–2." in text
    assert "right 18 below 1 % 2 10 to 100 % 1 100 % or more 2 NaN or infinite 1" in text
    assert "Rows: axes 0, 1; columns: axis 2. Shown is the first of 2 wrong cases, of 5 in all." in text
    one = off(shape=[24], row_axes=0, rows=["0" * 23 + "1"], counts=[23, 1, 0, 0, 0, 0], where=["23"], cases=1)
    text = Page(report.feedback(differing(one))).text
    assert "hs, shape (24,): 1 of 24 values is wrong, only at axis 0, index 23." in text
    assert "Shown is" not in text and "Rows" not in text
    assert "Shown is the only wrong case, of 3 in all." in report.feedback(differing(off(wrong_cases=1, cases=3)))


def test_the_same_message_again_folds_its_map():
    page = Page(report.feedback(differing(off(), off(array="os"), off(array="V"))))
    assert len(page.all("svg", role="img")) == 3 and len(page.all("details")) == 2
    assert "The same as above. Where os is wrong" in page.text


def test_pictures_leave_out_who_was_not_run_and_say_their_numbers_in_words():
    results = [make_result("s1", failed=["rnn_forward"]), make_result("s2"), make_result("s3", "missing")]
    html = report.index(results)
    assert len(Page(html).all("svg", role="img")) == 1
    assert "7 to 8 points: 1. 9 to 10 points: 1." in html
    assert "rnn_forward The loop 50 % 1.5 of 3" in Page(html).text


def test_several_notebooks_get_a_section_each():
    page = Page(report.index([*make_class(), {**make_result("s1"), "notebook": "02_other"}]))
    assert [link["href"] for link in page.all("a")[:2]] == ["#notebook-1", "#notebook-2"]
    assert len(page.all("section")) == 2 and len(page.all("table")) == 4


def test_who_is_alike_is_said_in_the_section_of_that_notebook_only():
    other = exercises.notebooks()[1]
    class_ = [{**make_result(student), "notebook": name} for student in ("ada", "ben") for name in (NOTEBOOK, other)]
    text = Page(report.index(class_, alike=[Pair(other, "ada", "ben", {"rnn_backward": 0.9})])).text
    assert text.count("Only a hint where to look") == 1
    assert text.rindex(other) < text.index("Only a hint where to look")


def test_a_class_of_thousands_has_a_light_table():
    class_ = [make_result(f"s{i:04}", failed=["rnn_step"] * (i % 2), text=f"wrong at {i}") for i in range(2000)]
    assert len(report.index(class_)) < 40_000 + 650 * len(class_)


def test_nothing_to_show_is_said():
    assert "There are no results yet." in Page(report.index([])).text
    nobody = Page(report.index([make_result("s1", "corrupt")]))
    assert "0 of 1 graded" in nobody.text and not nobody.all("svg")


def test_every_status_has_its_own_words_and_sign():
    statuses = STATUSES.values()
    assert len({s.sign for s in statuses}) == len({s.words for s in statuses}) == len(STATUSES) == 6


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
    for mark in ("error-1", "error-2", "error-3", "error-4", "good", "ink"):
        assert contrast(colours[mark], colours["track"]) >= 3
    for text in ("ink", "muted", "link", "good", "bad"):
        assert contrast(colours[text], colours["page"]) >= 4.5
        assert contrast(colours[text], colours["card"]) >= 4.5
    for tint in ("good-tint", "bad-tint"):
        assert contrast(colours["ink"], colours[tint]) >= 4.5
    assert contrast(colours["bad"], colours["bad-tint"]) >= 4.5
    assert contrast(colours["bar"], colours["card"]) >= 3
    assert contrast(colours["bar"], colours["track"]) >= 3
