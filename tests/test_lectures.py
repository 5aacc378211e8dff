"""Every notebook is a lecture: its slides, as the metadata of the executed notebook say."""

import os
import re
import shutil

import nbformat
import pytest
from classes import NOTEBOOK, as_bytes, solved
from copies import ROOT
from jupytext import TextFileContentsManager
from nbconvert import SlidesExporter

from course_lib import exercises

NOTEBOOKS = exercises.notebooks()
MINUTES = 90


def slides(notebook):
    """The cells of each slide, without what is for afterwards."""
    found = []
    for cell in nbformat.read(ROOT / "solutions" / f"{notebook}.ipynb", as_version=4).cells:
        kind = cell.metadata.slideshow.slide_type
        if kind in ("slide", "subslide"):
            found.append([cell])
        elif kind in ("-", "fragment"):
            found[-1].append(cell)
    return found


def shown(slide):
    """The words on a slide: neither formulas nor what is folded away, nor where a link leads."""
    text = "\n".join(cell.source for cell in slide if cell.cell_type == "markdown")
    text = re.sub(r"<details>.*?</details>|<a id=[^>]*></a>|(?<=\])\(#[^)]*\)", "", text, flags=re.DOTALL)
    return re.sub(r"\$\$.*?\$\$|\$[^$]*\$", "x", text, flags=re.DOTALL)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_lecture_fills_ninety_minutes(notebook):
    assert 35 <= len(slides(notebook)) <= 75  # 1.2 to 2.6 minutes a slide


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_no_slide_is_a_page_of_a_book(notebook):
    for slide in slides(notebook):
        assert len(re.findall(r"\w+", shown(slide))) <= 180, slide[0].id
        assert sum(bool(cell.get("outputs")) for cell in slide) <= 2, slide[0].id


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_lecture_shows_no_answer_and_begins_with_its_title(notebook):
    found = slides(notebook)
    assert found[0][0].source.startswith("# ")
    roles = {cell.metadata.get("course", {}).get("role") for slide in found for cell in slide}
    assert not roles & {"setup", "answer", "check"}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_nbconvert_makes_the_deck(notebook):
    page, _ = SlidesExporter().from_filename(str(ROOT / "solutions" / f"{notebook}.ipynb"))
    assert page.count("<section>") >= len(slides(notebook))


def test_jupyterlab_opens_what_was_built_after_its_source_and_leaves_the_source_alone(tmp_path):
    """It reads and writes with jupytext, which would refuse a notebook newer than a source that it is paired with."""
    source, built = tmp_path / f"{NOTEBOOK}.py", tmp_path / f"{NOTEBOOK}.ipynb"
    shutil.copy(ROOT / "solutions" / source.name, source)
    os.utime(source, (0, 0))
    before = source.read_bytes()
    built.write_bytes(as_bytes(solved()))
    jupyter = TextFileContentsManager(root_dir=str(tmp_path))
    jupyter.get(source.name, type="notebook")
    opened = jupyter.get(built.name)
    opened["content"]["cells"][0]["source"] = "changed"
    jupyter.save(opened, built.name)
    assert source.read_bytes() == before and "changed" in built.read_text(encoding="utf-8")
