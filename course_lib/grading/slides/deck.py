"""One HTML file from an executed notebook: reveal.js, KaTeX, fonts and figures are all in it."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jinja2
import nbformat
from markupsafe import Markup
from nbformat.notebooknode import NotebookNode

from course_lib.grading.slides import SlidesError
from course_lib.grading.slides.cells import code_html, only_draws, outputs_html, text_html
from course_lib.grading.slides.formulas import tags

_HERE = Path(__file__).parent
_STYLES = ("vendor/reveal/reveal.css", "vendor/katex/katex.min.css", "page/fonts.css", "page/deck.css")
_SCRIPTS = (
    *("vendor/reveal/reveal.js", "vendor/katex/katex.min.js"),
    *("page/formulas.js", "page/blocks.js", "page/pages.js", "page/speaker.js", "page/deck.js"),
)
_BOARD = "progress()"  # how far a student is; a lecture has nobody to say it to


class Part(NamedTuple):
    """What one cell puts on a slide.

    Args:
        kind: ``"text"``, ``"code"`` or ``"notes"``.
        step: whether it waits for a step of its own.
        html: the blocks, one after the other.
    """

    kind: str
    step: bool
    html: Markup


class Slide(NamedTuple):
    """What a notebook calls a slide or subslide; it fills one page or more.

    Args:
        id: the cell that begins it.
        section: the heading it stands under.
        begins: whether it is the first of its section.
        parts: what its cells put on it.
    """

    id: str
    section: str
    begins: bool
    parts: list[Part]


def read(path: Path) -> NotebookNode:
    """An executed notebook.

    Raises:
        SlidesError: if there is none, or cells of it have not been executed.
    """
    try:
        nb = nbformat.read(path, as_version=4)
    except FileNotFoundError as error:
        raise SlidesError(f"there is no {path}: `course build` makes it") from error
    except OSError as error:
        raise SlidesError(f"{path} cannot be read: {error.strerror}") from error
    except Exception as error:  # nbformat raises whatever the broken file leads it to
        raise SlidesError(f"{path} is no notebook: {error}") from error
    for number, cell in enumerate(nb.cells, start=1):
        cell.setdefault("id", f"cell-{number}")  # notebooks of older formats have none
    code = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    if any(cell.execution_count is None for cell in code):
        raise SlidesError(f"{path} is not executed, and slides show outputs: `course build` makes those in solutions/")
    for cell in code:
        if any(output.output_type == "error" for output in cell.outputs):
            raise SlidesError(f"{path}: cell {cell.id} ends in an error: mend it, then `course build`")
    return nb


def deck(nb: NotebookNode, folder: Path) -> str:
    """The lecture as a whole HTML page; the same notebook gives the same bytes.

    Args:
        nb: an executed notebook with nbconvert's slide types.
        folder: where the pictures of its text cells lie.

    Raises:
        SlidesError: if no cell is a slide, or a cell shows what is not in the notebook.
    """
    found = slides(nb, folder)
    if not found:
        raise SlidesError("no cell of the notebook begins a slide: give one slideshow's slide type `slide`")
    scripts = [_asset(name) for name in _SCRIPTS]
    return _template().render(
        title=_plain(found[0].section),
        slides=found,
        styles=[Markup(_style(name)) for name in _STYLES],
        scripts=[Markup(script) for script in scripts],
        hashes=[base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts],
    )


def slides(nb: NotebookNode, folder: Path) -> list[Slide]:
    """The slides of a notebook, without those that would show nothing but a heading."""
    shown = [cell for cell in nb.cells if _type(cell) != "skip" and cell.source.strip() != _BOARD]
    visible = [cell for cell in shown if _type(cell) != "notes" and cell.cell_type == "markdown"]
    equations = {tag for cell in visible for tag in tags(cell.source)}
    found: list[Slide] = []
    section = ""
    for cell in shown:
        kind = _type(cell)
        heading = re.match(r"##? +(.+)", cell.source) if cell.cell_type == "markdown" else None
        section = heading.group(1).strip() if heading else section
        if kind in ("slide", "subslide") or not found:
            found.append(Slide(cell.id, section, kind == "slide" or not found, []))
        found[-1].parts.extend(_parts(cell, kind, folder, equations))
    return [slide for slide in found if any(part.kind != "notes" and _says(part) for part in slide.parts)]


def _type(cell: NotebookNode) -> str:
    return cell.metadata.get("slideshow", {}).get("slide_type") or "-"


def _parts(cell: NotebookNode, kind: str, folder: Path, equations: set[str]) -> list[Part]:
    if kind == "notes":
        html = text_html(cell, folder, equations) if cell.cell_type == "markdown" else code_html(cell)
        return [Part("notes", False, Markup(html))]
    if cell.cell_type == "markdown":
        return [Part("text", kind == "fragment", Markup(text_html(cell, folder, equations)))]
    if cell.cell_type == "code" and cell.source.strip():
        html = "\n".join([*([] if only_draws(cell) else [code_html(cell)]), *outputs_html(cell)])
        return [Part("code", kind == "fragment", Markup(html))]
    return []


def _says(part: Part) -> bool:
    """Whether there is anything beside headings."""
    return bool(re.sub(r"<h\d[^>]*>.*?</h\d>|\s", "", part.html, flags=re.DOTALL))


def _plain(markdown: str) -> str:
    """A heading's text without its marks."""
    return re.sub(r"[*`$\\]", "", markdown)


@cache
def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8").replace("</script", r"<\/script")


@cache
def _style(name: str) -> str:
    """A style sheet with its fonts in it; of several formats the first, WOFF2."""
    css = re.sub(
        r"(src:url\([^)]*\.woff2\) format\(\"woff2\"\))(,url\([^)]*\) format\(\"\w+\"\))*", r"\1", _asset(name)
    )
    folder = (_HERE / name).parent

    def inside(match: re.Match) -> str:
        data = base64.b64encode((folder / match.group(1)).read_bytes()).decode()
        return f"url(data:font/woff2;base64,{data})"

    return re.sub(r"url\(([^):]*\.woff2)\)", inside, css)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = _plain
    return environment.get_template("deck.html.j2")
