"""Decks as text: what of a notebook is on which slide, what is refused, and what the command says."""

import base64
import os
import re

import nbformat
import pytest
from copies import ROOT
from nbformat.v4 import new_output
from small_notebooks import DOT, code, notebook, picture, printed, text
from typer.testing import CliRunner

from course_lib import cli, exercises
from course_lib.grading.slides import SlidesError, printing
from course_lib.grading.slides.deck import deck, read, slides
from course_lib.grading.slides.formulas import stepped, tags

SOLUTIONS = ROOT / "solutions"


def html(*cells, folder=ROOT):
    """The HTML of one slide."""
    (slide,) = slides(notebook(*cells), folder)
    return "\n".join(part.html for part in slide.parts)


def refused(*cells, folder=ROOT):
    with pytest.raises(SlidesError) as caught:
        slides(notebook(*cells), folder)
    return str(caught.value)


# ---------------------------------------------------------------------------------------------------- slides


def test_cells_become_slides_as_their_types_say():
    cells = [
        text("# Title", "slide"),
        text("skipped", "skip"),
        text("below"),
        code("x = 1", printed("1")),
        text("said", "notes"),
        text("later", "fragment"),
        text("## Part", "slide"),
        text("of it"),
    ]
    cells[0].source += "\n\nwords"
    cells[6].source += "\n\nwords"
    found = slides(notebook(*cells), ROOT)
    assert [(slide.section, slide.begins) for slide in found] == [
        ("Title", True),
        ("Title", False),
        ("Part", True),
        ("Part", False),
    ]
    assert [(part.kind, part.step) for part in found[1].parts] == [
        ("text", False),
        ("code", False),
        ("notes", False),
        ("text", True),
    ]
    assert "skipped" not in deck(notebook(*cells), ROOT)


def test_a_slide_that_would_only_have_a_heading_is_left_out():
    found = slides(notebook(text("# A\n\nb", "slide"), text("## Where", "slide"), code("progress()")), ROOT)
    assert [slide.section for slide in found] == ["A"]


def test_code_and_text_wait_for_a_step_where_their_type_says_so():
    cells = [text("a", "slide"), code("x = 1", printed("1")), code("y = 2", printed("2")), text("b", "fragment")]
    cells[2].metadata["slideshow"] = {"slide_type": "fragment"}
    (slide,) = slides(notebook(*cells), ROOT)
    assert [part.step for part in slide.parts] == [False, False, True, True]


def test_outputs_are_shown_but_not_what_stands_in_for_a_slider():
    slider = new_output("display_data", {"text/plain": "Run this cell to get a slider."})
    value = new_output("execute_result", {"text/plain": "4"}, execution_count=1)
    shown = html(text("a", "slide"), code("f(x)", printed("\x1b[31mred\x1b[0m < 1\n"), picture(), slider, value))
    assert "red &lt; 1" in shown and "\x1b" not in shown
    assert 'alt="a dot" width="10" height="10"' in shown
    assert "slider" not in shown and ">4\n<" in shown


@pytest.mark.parametrize(
    "source, is_left_out",
    [
        ("from course_lib import plots\n\nplots.show(plots.path(3))", True),
        ("widgets.sliders(plots.path, {'T': [1]}, start=(1,))", True),
        ("plots.show(plots.path(3))\nassert True", False),
        ("x = plots.path(3)", False),
        ("import numpy", False),
        ("print(1)", False),
        ("%matplotlib inline", False),
    ],
)
def test_code_that_only_draws_is_left_out(source, is_left_out):
    shown = html(text("a", "slide"), code(source, picture()))
    assert ("<pre" not in shown) == is_left_out and "<img" in shown


def test_code_keeps_its_indentation_and_one_of_two_empty_lines():
    shown = html(text("a", "slide"), code("def f():\n    return 1\n\n\nf()"))
    lines = re.findall(r'<span class="line" style="--indent: (\d+)ch">(.*?)\n</span>', shown, re.DOTALL)
    plain = [(int(indent), re.sub("<.*?>", "", line)) for indent, line in lines]
    assert plain == [(0, "def f():"), (4, "    return 1"), (0, ""), (0, "f()")]


# -------------------------------------------------------------------------------------------------- formulas


@pytest.mark.parametrize(
    "tex, steps",
    [
        (r"a = b", 0),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", 1),
        (r"\begin{gathered} a \\[2pt] b \\ c \\ \end{gathered} \quad d", 2),
        (r"x = \begin{cases} 1 \\ 2 \end{cases}", 0),
        (r"\begin{aligned} a &= \begin{pmatrix} 1 \\ 2 \end{pmatrix} \\ b &= {c \\ d} \end{aligned}", 1),
        (r"\boxed{\begin{aligned} a \\ b \end{aligned}}", 0),
        ("a %|\n= b %|\n= c", 2),
        ("a %|\n", 0),
        ("a = 90\\,\\% %| of b\n + c", 0),
        ("\\begin{aligned} a &= b %|\n + c \\\\ &= d \\end{aligned}", 2),
    ],
)
def test_rows_and_marks_of_a_formula_are_steps(tex, steps):
    made, count = stepped(tex)
    assert count == steps
    assert sorted(set(map(int, re.findall(r"step=(\d+)", made)))) == list(range(1, steps + 1))
    bare = re.sub(r"\\htmlData\{step=\d+\}", "", made)
    assert re.sub(r"[\s{}]", "", bare) == re.sub(r"[\s{}]|(?<!\\)%[^\n]*", "", tex)


def test_a_row_waits_as_a_whole_and_its_number_does_not():
    made, _ = stepped(r"\begin{aligned} a &= b \\ c &= d \end{aligned} \tag{2.4}")
    assert made.endswith(r"\tag{2.4}") and tags(made) == ["2.4"]
    assert r"\\\htmlData{step=1}{ c }&\htmlData{step=1}{= d }\end{aligned}" in made


@pytest.mark.parametrize("tex", ["{a %|\n b}", "\\left( a %|\n \\right)", "\\begin{cases} 1 %|\n\\end{cases}"])
def test_a_mark_where_a_formula_cannot_be_cut_is_refused(tex):
    said = refused(text(f"# A\n\n$${tex}$$", "slide", "here"))
    assert said.startswith("cell here: the mark %| stands inside ")


def test_a_formula_is_text_and_no_markup():
    shown = html(text("$a <b> & c$\n\n$$d <i> & e$$", "slide"))
    assert "a &lt;b&gt; &amp; c" in shown and "d &lt;i&gt; &amp; e" in shown


def test_links_lead_to_formulas_that_are_shown():
    shown = html(
        text(
            '# A\n\n<a id="cell-id=a"></a>See [(1.1)](#cell-id=a), [(1.2)](#cell-id=b), [(1.1)](#eq-1.1), '
            "[other](02_bptt.ipynb), [web](https://example.org/).\n\n$$x \\tag{1.1}$$",
            "slide",
        ),
        text("$$y \\tag{1.2}$$", "notes"),
    )
    assert re.findall(r'<a href="(.*?)".*?>(.*?)</a>', shown) == [
        ("#eq-1.1", "(1.1)"),
        ("#eq-1.1", "(1.1)"),
        ("https://example.org/", "web"),
    ]
    assert "(1.2), " in shown and "other, " in shown


# ------------------------------------------------------------------------------------------ one file, in itself


@pytest.mark.parametrize(
    "source",
    [
        "![a](https://example.org/a.png)",
        "![a](missing.png)",
        "![a](../outside.png)",
        "<img src='//example.org/a.png'>",
        "<iframe src=https://example.org></iframe>",
        '<video poster="https://example.org/a.png"></video>',
    ],
)
def test_what_is_not_in_the_notebook_is_refused(source, tmp_path):
    (tmp_path / "outside.png").write_bytes(DOT)
    (tmp_path / "course").mkdir()
    said = refused(text(f"# A\n\n{source}", "slide", "here"), folder=tmp_path / "course")
    assert said.startswith("cell here: ") and "a deck holds all that it shows" in said


def test_a_picture_beside_the_notebook_is_put_in(tmp_path):
    (tmp_path / "my dot.png").write_bytes(DOT)
    shown = html(text("# A\n\n![dot](my%20dot.png)", "slide"), folder=tmp_path)
    assert f'src="data:image/png;base64,{base64.b64encode(DOT).decode()}" alt="dot"' in shown


@pytest.mark.parametrize("name", exercises.notebooks())
def test_a_deck_names_no_address_that_a_browser_fetches(name):
    path = SOLUTIONS / f"{name}.ipynb"
    page = deck(read(path), SOLUTIONS)
    assert page == deck(read(path), SOLUTIONS)  # the same bytes
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(
        r"""(?:src|srcset|poster)\s*=\s*(?!["']?data:)\S{1,60}|url\((?!data:).{1,60}|@import""", markup
    )
    assert "default-src 'none'" in page and page.count("<script>") == page.count("'sha256-")
    assert page.count('<span class="math') > 100 and page.count('alt=""') == 0


# ----------------------------------------------------------------------------------------------- the command


def course(*arguments):
    result = CliRunner().invoke(cli.app, ["slides", *map(str, arguments)], env={"COLUMNS": "400"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def stopped(*arguments):
    code, said, complaint = course(*arguments)
    assert (code, said) == (2, "") and complaint.startswith("error: ")
    return complaint


@pytest.mark.parametrize("named", ["01_unrolling", "01_unrolling.ipynb", SOLUTIONS / "01_unrolling.ipynb"])
def test_the_command_takes_a_name_or_a_path(named, tmp_path):
    code, said, _ = course(named, "--out", tmp_path / "deck.html")
    assert code == 0 and said == f"written: {tmp_path}/deck.html\n"
    assert [path.name for path in tmp_path.iterdir()] == ["deck.html"]
    assert "<title>1 · Unrolling</title>" in (tmp_path / "deck.html").read_text(encoding="utf-8")


def test_what_is_no_lecture_is_said(tmp_path):
    known = ", ".join(exercises.notebooks())
    assert f"there is no notebook 99_x; the course has {known}" in stopped("99_x")
    assert "there is no notebook no/01_unrolling.ipynb" in stopped("no/01_unrolling.ipynb")
    students = ROOT / "notebooks" / "01_unrolling.ipynb"
    assert "is not executed, and slides show outputs: `course build`" in stopped(students)
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    assert f"{broken} is no notebook" in stopped(broken)
    plain = tmp_path / "plain.ipynb"
    nbformat.write(notebook(text("words", "skip")), plain)
    assert "no cell of the notebook begins a slide" in stopped(plain)
    wrong = code("1 / 0", new_output("error", ename="ZeroDivisionError", evalue="", traceback=[]), name="here")
    nbformat.write(notebook(text("# A", "slide"), wrong), plain)
    assert "cell here ends in an error" in stopped(plain)
    assert "--out is the HTML file to write, e.g. x.html" in stopped("01_unrolling", "--out", "x.pdf")
    assert "cannot be written: File exists" in stopped("01_unrolling", "--out", broken / "x.html")
    assert not (tmp_path / "x.html").exists()


def test_a_notebook_of_an_older_format_will_do(tmp_path):
    old = notebook(text("# Old\n\nwords", "slide"))
    del old.cells[0]["id"]
    old.nbformat_minor = 4
    nbformat.write(old, tmp_path / "old.ipynb")
    assert slides(read(tmp_path / "old.ipynb"), tmp_path)[0].id == "cell-1"


def test_a_pdf_without_chromium_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no chromium: apt-get install chromium" in stopped("01_unrolling", "--pdf", "--out", tmp_path / "a.html")
    assert not list(tmp_path.iterdir())


def test_a_chromium_that_does_not_start_is_said(tmp_path, monkeypatch):
    chromium = tmp_path / "chromium"
    chromium.write_text("#!/bin/sh\necho cannot open display >&2\nexit 1\n")
    chromium.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SlidesError, match="chromium ended: cannot open display"):
        printing.pdf(tmp_path / "deck.html")
