"""What the reports are made of: tables in Markdown, paragraphs, and figures as text."""

import statistics
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from measuring.figures import Seconds, ratio
from measuring.plan import Size

Rows = Sequence[Mapping[str, Any]]
NONE = "–"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose columns also stand below one another in plain text; numbers to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    padded = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def paragraph(text: str) -> str:
    """The words of a text in lines of the usual length."""
    return textwrap.fill(" ".join(text.split()), 118, break_on_hyphens=False)


def bullets(items: Mapping[str, str]) -> str:
    """A line for each item."""
    return "\n".join(f"- {name}: {what}" for name, what in items.items())


def digits(value: float) -> str:
    """Three digits, and never an exponent."""
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def dimensions(size: Size) -> str:
    """``(T, B, D, H)`` in numbers."""
    return f"({', '.join(map(str, size))})"


def milliseconds(seconds: Seconds, name: str) -> str:
    """The median of a candidate's times."""
    return digits(1e3 * statistics.median(seconds[name]))


def microseconds(seconds: Seconds, name: str) -> str:
    """The median of a candidate's times, if it was there."""
    return digits(1e6 * statistics.median(seconds[name])) if name in seconds else NONE


def ratio_to(seconds: Seconds, name: str, to: str) -> str:
    """The median ratio of two candidates, if both were there."""
    return f"{ratio(seconds, name, to):.2f}" if name in seconds and to in seconds else NONE


RESET_BEFORE = paragraph(
    """The default of the course's GRU; torch has only the other. Its time relative to that of the same kernels with
    the reset after the product: the price of a second product in each step."""
)
