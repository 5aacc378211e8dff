"""What a submission has people read: nothing of it acts in a browser, a terminal or a spreadsheet."""

import csv
import io
import os
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from attacking import graded
from classes import make_result, stubs, with_cell

from course_lib.grading import gradebook, report

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "attributes": "\"><img src=x onerror=alert(1)> '><svg/onload=alert(1)>",
    "an end of everything": "</title></style></code></p></main><iframe src=//evil.example>",
    "comments": "<!-- --!> <![CDATA[ ]]> &lt;script&gt; &#60;script&#62;",
    "addresses": "javascript:alert(1) data:text/html,<script>alert(1)</script>",
    "code": "`<b onclick=alert(1)>code</b>` `` ` ```",
    "templates": "{{ 7 * 7 }} {% include '/etc/passwd' %} {# #} ${7*7} #{7*7}",
    "a terminal's codes": "\x1b[2J\x1b[31m\x1b]0;owned\x07\x1b]8;;http://evil.example\x1b\\click\x1b\\ \x9b2J",
    "markup": "[red]no[/red] [link=http://evil.example]here[/link] \\[bold]",
    "directions": "\u202eecnalab\u202c \u2066x\u2069 \ufeff\u200b",
    "control characters": "\x00\x08\x7f\r\n\r\x85\u2028\u2029",
    "halves of characters": "\ud83d and \udc00, half of a character each",
    "a program": "=cmd|'/C calc'!A0",
    "a formula": "@SUM(1+1)*cmd|' /C calc'!A0",
    "length": "x" * 5000 + "<script>",
    "letters": "𝒻𝑜𝓃𝓉s " + "a\u0300" * 300,
}
# The text of one of these in every place of an answer that is quoted to people.
SENDER = f"""
from course_lib.exercises import exam
from IPython.display import publish_display_data
texts = {list(HOSTILE.values())!r}
def run(exercise, test, cases):
    text, number = texts[run.turn % len(texts)], len(exam.json.loads(exam.base64.b64decode(cases)))
    run.turn += 1
    error = {{"type": text[:400], "text": text, "function": text, "line": 10**300, "code": text}}
    if run.turn % 3 == 1:
        answer = {{"outputs": {{"dict": {{}}}}, "error": error}}
    elif run.turn % 3 == 2:
        answer = {{"outputs": {{"dict": {{text[:190]: {{"value": text}}, "x": {{"value": text}}}}}}, "error": None}}
    else:
        answer = {{"outputs": {{"dict": {{"result": {{"value": text}}}}}}, "error": None}}
    effects = {{"changed": [text[:190]], "shares": [text[:190]], "repeats": False}}
    publish_display_data({{exam.MIME: {{"answers": [{{**answer, **effects}}] * number}}}})
run.turn = {{turn}}
exam.run = run
"""


class Skeleton(HTMLParser):
    """A page without its words: every tag, and the names of its attributes."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag != "code":  # text between backticks
            self.tags.append((tag, sorted(name for name, _ in attributes)))


def assert_harmless(page, like):
    """A page has the tags of another, which nobody attacked, and no character that acts by itself."""
    assert Skeleton(page).tags == Skeleton(like).tags
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]", page)
    page.encode("utf-8")


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_nothing_that_an_answer_says_acts_in_a_page(turn, bubblewrap):
    result = graded(with_cell(stubs(), SENDER.replace("{turn}", str(turn))))
    assert (result["status"], result["score"]) == ("ok", 0.0)
    assert_harmless_everywhere(result, result | {"tests": in_plain_words(result["tests"])})


def in_plain_words(tests):
    """The tests of a result with harmless messages, the same where they were the same."""
    order = list(dict.fromkeys(test["message"] for test in tests))
    return [{**test, "message": f"plain {'word' * order.index(test['message'])}"} for test in tests]


def assert_harmless_everywhere(result, like, roster=None, like_roster=None):
    """Every page about a result has the tags of the same page about another, which nobody attacked."""
    assert_harmless(report.feedback(result), report.feedback(like))
    assert_harmless(report.index([result], roster), report.index([like], like_roster))
    about = zip(report.exercise_pages([result], roster), report.exercise_pages([like], like_roster), strict=True)
    for (_, page), (_, harmless) in about:
        assert_harmless(page, harmless)


def folder_name(text):
    """What a folder can be called of a text, as the grader reads it from the disk."""
    name = os.fsdecode(text.encode("utf-8", "surrogatepass")).replace("/", "_").replace("\0", "_")
    return unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_that_a_student_is_called_acts_in_a_page(kind):
    text = HOSTILE[kind]
    name = folder_name(text)
    hostile = make_result(student=name, status="crashed", failed=["rnn_step"], text="tanh is missing", message=text)
    like = hostile | {"student": "ada", "message": "plain words"}
    roster = {name: {"last_name": text, "first_name": text, "email": text}}
    like_roster = {"ada": {"last_name": "words", "first_name": "words", "email": "words"}}
    assert_harmless_everywhere(hostile, like, roster, like_roster)


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_that_an_array_is_called_acts_in_a_page(kind):
    """The names in an error map are those of right answers; nothing rests on it."""

    def result(name):
        drawn = {"array": name, "shape": [2, 2], "counts": [3, 0, 1, 0, 0, 0], "where": ["0", "1"], "row_axes": 1}
        made = make_result(failed=["rnn_step"], text="tanh is missing")
        for test in made["tests"]:
            test["error_map"] = {**drawn, "rows": ["02", "00"], "wrong_cases": 1, "cases": 2}
        return made

    assert_harmless(report.feedback(result(HOSTILE[kind])), report.feedback(result("hs")))


SPLIT = ("x;=1+1;y", "x\t=1+1\ty", "x\n=1+1", "x\r\n=1+1", '";=1+1;"', '"\t@x"', "x|=1+1|y", "x; =1+1;y")
SPLIT += ("＝1+1", " =1+1", "\u3000=1+1")


@pytest.mark.parametrize("text", [*HOSTILE.values(), *SPLIT], ids=[*HOSTILE, *map(ascii, SPLIT)])
def test_no_cell_of_the_gradebook_is_a_formula_whatever_separates_them(text, tmp_path_factory):
    """A spreadsheet splits at what is usual in its country, not at the comma that the file is written with."""
    path = tmp_path_factory.getbasetemp() / "gradebook.csv"
    name = folder_name(text)
    roster = {name: {"last_name": text, "first_name": text, "email": text}}
    gradebook.write(path, [make_result(student=name)], roster)
    written = path.read_bytes().decode()
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
            assert not [cell for cell in row if re.match("[=+@\t\r＝＋－＠-]", cell.strip(" \u3000"))], separator
