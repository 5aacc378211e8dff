"""Small notebooks to make slides of."""

import base64
import itertools

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


_NUMBERS = itertools.count()


def text(source, kind="subslide", name=""):
    return new_markdown_cell(source, **_about(kind, name))


def code(source, *outputs, kind="-", name=""):
    return new_code_cell(source, outputs=list(outputs), execution_count=1, **_about(kind, name))


def _about(kind, name):
    return {"id": name or f"cell-{next(_NUMBERS)}", "metadata": {"slideshow": {"slide_type": kind}}}


def notebook(*cells):
    return new_notebook(cells=list(cells))


def picture(alt="a dot"):
    about = {"image/png": {"alt": alt, "width": 10, "height": 10}}
    data = {"image/png": base64.b64encode(DOT).decode(), "text/plain": alt}
    return new_output("display_data", data, metadata=about)


def printed(words):
    return new_output("stream", name="stdout", text=words)
