"""A notebook's cells as HTML: text, formulas for the page's own renderer, code line by line, outputs."""

import ast
import base64
import mimetypes
import re
from collections.abc import Collection, Iterator
from html import escape
from pathlib import Path
from urllib.parse import unquote

from nbconvert.filters import Highlight2HTML, strip_ansi
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbformat.notebooknode import NotebookNode

from course_lib.grading.slides import SlidesError
from course_lib.grading.slides.formulas import stepped, tags

_PICTURES = ("image/png", "image/jpeg")
_DRAWING = ("plots", "widgets")  # of course_lib
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_ANCHOR = re.compile(r'<a (?:id|name)="[^"]*">\s*</a>')
_FETCHED = re.compile(
    r"""<[a-z]+\b[^>]*?\b(?:src|srcset|data|poster|background)\s*=\s*["']?(?!data:)([^"'>\s]+)""", re.I
)
_IMAGE = re.compile(r"""(<img\b[^>]*?\bsrc=["'])([^"':]+)(?=["'])""")
_INDENT = re.compile(r" *")


class _Renderer(IPythonRenderer):
    """Formulas become elements that hold their TeX."""

    def block_math(self, body: str) -> str:
        tex, steps = stepped(body)
        ids = "".join(f'<span id="{escape(equation_id(tag))}"></span>' for tag in tags(body))
        return f'<span class="math display" data-steps="{steps}">{escape(tex.strip())}</span>{ids}'

    def inline_math(self, body: str) -> str:
        return f'<span class="math">{escape(body.strip())}</span>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")


def equation_id(tag: str) -> str:
    """What a link to the equation of that number leads to."""
    return f"eq-{tag}"


def text_html(cell: NotebookNode, folder: Path, equations: Collection[str]) -> str:
    """The HTML of a text cell.

    Args:
        cell: the cell.
        folder: where its pictures lie.
        equations: the numbers of the equations that the deck shows; links to others become plain text.

    Raises:
        SlidesError: if it shows a picture that is not there, or a formula has a mark where it cannot be cut.
    """
    renderer = _Renderer(escape=False, exclude_anchor_links=True, attachments=cell.get("attachments", {}))
    try:
        html = MarkdownWithMath(renderer=renderer).render(cell.source)
    except (SlidesError, InvalidNotebook) as error:
        raise SlidesError(f"cell {cell.id}: {error}") from error
    html = _LINK.sub(lambda link: _linked(link, equations), _ANCHOR.sub("", html))
    return _self_contained(_IMAGE.sub(lambda image: _embedded(image, folder), html), cell)


def code_html(cell: NotebookNode) -> str:
    """The HTML of a cell's code, coloured, each line an element; of empty lines between two things one is enough."""
    html = Highlight2HTML(pygments_lexer="ipython3")(re.sub(r"\n\s*\n(?=\s*\n)", "\n", cell.source))
    inner = re.search(r"<pre>(.*)</pre>", html, re.DOTALL).group(1)
    return f'<pre class="code"><code>{_lines(inner.removeprefix("<span></span>").rstrip())}</code></pre>'


def only_draws(cell: NotebookNode) -> bool:
    """Whether code does nothing but import and call a figure or slider: a lecture shows the figure alone."""
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError:  # a line of IPython's own
        return False
    drawn = [each for each in statements if not isinstance(each, ast.Import | ast.ImportFrom)]
    return bool(drawn) and all(isinstance(each, ast.Expr) and _root(each.value) in _DRAWING for each in drawn)


def _root(node: ast.expr) -> str:
    """The first name of a call: `plots` of `plots.show(…)`."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def outputs_html(cell: NotebookNode) -> Iterator[str]:
    """The HTML of each output that a lecture shows.

    Plain text that a cell displays stands in for something that lives in a notebook only, as a slider: it is left out.
    """
    for output in cell.outputs:
        if output.output_type == "stream":
            if text := strip_ansi(output.text).rstrip():
                yield _printed(text)
        elif picture := next((kind for kind in _PICTURES if kind in output.data), None):
            yield _figure(output, picture)
        elif "text/html" in output.data:
            yield _self_contained(f'<div class="html">{output.data["text/html"]}</div>', cell)
        elif output.output_type == "execute_result":
            yield _printed(output.data.get("text/plain", ""))


def _printed(text: str) -> str:
    return f'<pre class="output">{_lines(escape(text, quote=False))}</pre>'


def _lines(html: str) -> str:
    """Each line an element that knows its indentation, to which the rest of a long line returns."""
    lines = html.split("\n")
    return "".join(f'<span class="line" style="--indent: {_indent(line)}ch">{line}\n</span>' for line in lines)


def _indent(line: str) -> int:
    return len(_INDENT.match(re.sub(r"<[^>]*>", "", line)).group())


def _figure(output: NotebookNode, kind: str) -> str:
    about = output.metadata.get(kind, {})
    alt = about.get("alt") or output.data.get("text/plain", "")
    size = "".join(f' {side}="{about[side]}"' for side in ("width", "height") if side in about)
    data = output.data[kind].replace("\n", "")
    return f'<figure><img src="data:{kind};base64,{data}" alt="{escape(alt)}"{size}></figure>'


def _linked(link: re.Match, equations: Collection[str]) -> str:
    """A link to a shown equation, known by its number, or to the web; of others, which lead out of a deck, the text."""
    address, text = link.groups()
    number = text.strip("()")
    if address.startswith("#") and number in equations:
        return f'<a href="#{equation_id(number)}">{text}</a>'
    return f'<a href="{address}" rel="noreferrer">{text}</a>' if address.startswith("https://") else text


def _embedded(image: re.Match, folder: Path) -> str:
    """An image with its file in it, where there is that file below the notebook's folder."""
    path = (folder / unquote(image.group(2))).resolve()
    kind, _ = mimetypes.guess_type(path.name)
    if not (path.is_relative_to(folder.resolve()) and path.is_file() and kind and kind.startswith("image/")):
        return image.group()
    return f"{image.group(1)}data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _self_contained(html: str, cell: NotebookNode) -> str:
    if outside := _FETCHED.search(html):
        raise SlidesError(
            f"cell {cell.id}: {outside.group(1)} is no file beside the notebook; a deck holds all that it shows"
        )
    return html
