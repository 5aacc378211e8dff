"""How every page of the grader is made: the templates, and what makes a student's words harmless in them.

A page is one self-contained file without an outside address, and the same results always give the same bytes. What a
student chose (folder names, texts of errors) is cleaned and escaped, never trusted. A page with a script names its
hash in its policy: no other script runs there.
"""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from course_lib.grading import tables


class Status(NamedTuple):
    """How a status is shown: in words, with a sign of its own shape, and a sentence for the student."""

    words: str
    sign: str
    sentence: str


STATUSES = {
    "ok": Status("ok", "✓", ""),
    "timeout": Status("timeout", "◔", "Your notebook ran longer than the time limit."),
    "out_of_memory": Status("out of memory", "▲", "Your notebook needed more memory than the limit."),
    "crashed": Status("crashed", "✗", "The kernel died while your notebook was running."),
    "corrupt": Status("corrupt", "◇", "The file could not be read as a notebook, so no test was run."),
    "missing": Status("missing", "○", "No notebook was handed in, so there was nothing to run."),
}
NOT_RUN = ("corrupt", "missing")

_LONGEST = 2000  # characters of one message: an error's text can be as long as its author likes
_TERMINAL_CODES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # window titles, links
    r"|\x1b[ -/]*[0-~]?"
)
# Control characters but tab and newline, lone surrogates, and marks that reverse the text around them.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")


def render(template: str, script: str = "", **values: object) -> str:
    """A page.

    Args:
        template: its name, ``index`` for ``index.html.j2``.
        script: the name of the only script that may run in it; none by default.
        values: what the template shows.
    """
    return _environment().get_template(f"{template}.html.j2").render(script=_script(script), **values)


def clean(text: str) -> str:
    """Text without terminal codes, control characters and marks that turn its direction, cut if very long."""
    text = _UNSEEN.sub("", _TERMINAL_CODES.sub("", text)).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … (cut)"


def feedback_page(student: str, notebook: str) -> str:
    """The address of a student's feedback, from the folder of the results."""
    return f"feedback/{_quoted(student)}/{_quoted(notebook)}.html"


def exercise_page(notebook: str, exercise: str) -> str:
    """The address of the page about an exercise, from the folder of the results."""
    return f"exercises/{_quoted(notebook)}/{_quoted(exercise)}.html"


def _quoted(name: str) -> str:
    """A file name as part of an address; bytes that are no text come back as they lie on the disk."""
    return quote(name, safe="", errors="surrogateescape")


class _Script(NamedTuple):
    """A script as it stands in a page, and the source that the page's policy allows."""

    text: Markup
    source: str


@cache
def _script(name: str) -> _Script | None:
    if not name:
        return None
    text = files(__package__).joinpath("templates", f"{name}.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return _Script(Markup(text), f"sha256-{digest}")


@cache
def _environment() -> jinja2.Environment:
    """The templates; every value is escaped and an unknown name is an error, not an empty place."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course_lib.grading"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _shown_number, "clean": clean, "name": _name, "code": _code, "brief": _brief}
    return environment


def _name(student: str) -> str:
    """A student's id as shown: bytes of a folder name that are no text become a visible sign."""
    return clean(re.sub("[\ud800-\udfff]", "\ufffd", student))


def _brief(text: str, most: int) -> str:
    """A text on one line, cut where it is longer than the place it has."""
    text = " ".join(clean(text).split())
    return text if len(text) <= most else f"{text[:most]} …"


def _shown_number(value: float, digits: int = 2) -> str:
    """A number as shown, with no more digits than people read."""
    return tables.number(round(value, digits))


def _code(text: str) -> Markup:
    """Escaped text in which `words between backticks` are set as code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(clean(text)))))
