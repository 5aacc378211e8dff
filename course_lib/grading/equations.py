r"""The numbers of displayed formulas, and the links that lead to them.

A source says ``$$ … \label{step} $$`` for a formula to point at, and ``\eqref{step}`` in a text to point at it. The
notebooks say ``\tag{1.2}``, the notebook's number and the formula's in it, and a link ``[(1.2)](#cell-id=one-step-01)``
to the cell it stands in.
"""

import re
from dataclasses import replace

from course_lib.grading.source import Cell, SourceError

Numbers = dict[str, tuple[str, str]]  # label: its notebook, its number

_LABEL = re.compile(r"\s*\\label\{([^{}]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_REFERENCE = re.compile(r"\\eqref\{([^{}]*)\}")
_DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_INLINE = re.compile(r"\$[^$]+\$")
_NO_TEXT = ("#", "|", "```", "<")  # a heading, a table, code, HTML: an anchor would change them


def numbers(sources: dict[str, str]) -> Numbers:
    """The number of every formula of the course that has a label.

    Args:
        sources: the text of each notebook's source, by the notebook's name.

    Raises:
        SourceError: if two formulas have one label.
    """
    found: Numbers = {}
    for notebook, text in sources.items():
        cells = re.split(r"^# %%", text, flags=re.MULTILINE)
        labels = [name for cell in cells if cell.startswith(" [markdown]") for name in _LABEL.findall(cell)]
        for count, name in enumerate(labels, start=1):
            if name in found:
                raise SourceError(f"{notebook}: the label {name!r} is taken, by a formula of {found[name][0]}")
            found[name] = (notebook, f"{int(notebook[:2])}.{count}")
    return found


def numbered(cells: list[Cell], notebook: str, known: Numbers) -> list[Cell]:
    """The cells of a notebook with numbers in place of labels, and links in place of references.

    Args:
        cells: as the source has them; code stays as it is.
        notebook: the name of their notebook.
        known: the numbers of the course.

    Raises:
        SourceError: if a label or a reference stands where it cannot work, or points at nothing.
    """
    homes = {name: cell.id for cell in cells if cell.kind == "markdown" for name in _LABEL.findall(cell.text)}

    def resolved(cell: Cell) -> Cell:
        where = f"{notebook}, cell {cell.id}"
        parts = _DISPLAY.split(cell.text)  # texts and formulas in turn
        _check(parts, where)
        _number(parts, known)
        if cell.id in homes.values():
            _anchor(parts, cell.id, where)
        parts[::2] = (_linked(text, where, notebook, known, homes) for text in parts[::2])
        return replace(cell, text="$$".join(parts))

    return [resolved(cell) if cell.kind == "markdown" else cell for cell in cells]


def _check(parts: list[str], where: str) -> None:
    if any(_LABEL.search(text) for text in parts[::2]):
        raise SourceError(f"{where}: a label stands outside of a displayed formula, $$ … $$")
    inline = _INLINE.findall("".join(parts[::2]))
    if any(_REFERENCE.search(formula) for formula in (*parts[1::2], *inline)):
        raise SourceError(f"{where}: \\eqref stands inside a formula, where it can be no link")
    for formula in parts[1::2]:
        names = _LABEL.findall(formula)
        if len(names) > 1:
            raise SourceError(f"{where}: a displayed formula has two labels, {names[0]!r} and {names[1]!r}")
        if wrong := [name for name in names if not _NAME.fullmatch(name)]:
            raise SourceError(f"{where}: the label {wrong[0]!r} is not made of small letters, digits and hyphens")


def _number(parts: list[str], known: Numbers) -> None:
    """Put the numbers in. Last in a formula, at its top level: in a box, or between aligned lines, they are errors."""
    for place in range(1, len(parts), 2):
        for name in _LABEL.findall(parts[place]):
            parts[place] = f"{_LABEL.sub('', parts[place]).rstrip()} \\tag{{{known[name][1]}}}"


def _anchor(parts: list[str], cell_id: str, where: str) -> None:
    """Put an anchor above a cell's first number, where VS Code and slides look; others find the cell by its id.

    It ends a line of text: there it takes no room, and the formula is in view below what was scrolled to.
    """
    first = next(place for place in range(1, len(parts), 2) if "\\tag{" in parts[place])
    for place in range(first - 1, -1, -2):
        if text := parts[place].rstrip():
            break
    if not text or text.splitlines()[-1].lstrip("> ").startswith(_NO_TEXT):
        raise SourceError(f"{where}: a formula with a label needs a line of text above it, where links arrive")
    parts[place] = f'{text}<a id="cell-id={cell_id}"></a>{parts[place][len(text) :]}'


def _linked(text: str, where: str, notebook: str, known: Numbers, homes: dict[str, str]) -> str:
    """A text with links to this notebook's formulas, and the numbers of other notebooks', in place of references."""

    def link(reference: re.Match) -> str:
        name = reference.group(1)
        if name not in known:
            raise SourceError(f"{where}: no formula of the course has the label {name!r}")
        home, number = known[name]
        return f"[({number})](#cell-id={homes[name]})" if home == notebook else f"({number}) of notebook {home[:2]}"

    return _REFERENCE.sub(link, text)
