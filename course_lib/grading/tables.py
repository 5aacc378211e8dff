"""CSV files: read so that what is wrong is said in a sentence, written so that no spreadsheet runs a cell."""

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from course_lib.grading.files import write_atomically

# A spreadsheet runs a cell that starts with one of these; East Asian versions know the wide forms too. A cell starts
# where the text does, blanks before it or not, and after what separates cells in another country than in this file.
_FORMULA_START = re.compile(r"^(?=\s*[=+@＝＋－＠-]|[\t\r\n])|(?<=[;|\t\r\n])(?= *[=+@＝＋－＠-])")


def read(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Read a table with a header.

    Args:
        path: a UTF-8 file, with or without byte order mark.

    Returns:
        The names of the columns, and for each row the line it ends on and its cells, stripped of blanks.

    Raises:
        ValueError: if it is not UTF-8 or not CSV.
    """
    try:
        table = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        table.fieldnames = header = [name.strip() for name in table.fieldnames or ()]
        rows = [(table.line_num, {name: (row[name] or "").strip() for name in header}) for row in table]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 (byte {error.start}): save it again as UTF-8 CSV.") from None
    except csv.Error as error:
        raise ValueError(f"{path} is not a CSV file: {error}.") from None
    return header, rows


def write(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a table in one step, so that a reader never sees half of it."""
    text = io.StringIO(newline="")
    table = csv.writer(text)  # its \r\n line ends make it quote a lone \r in a name as well
    table.writerow(header)
    for row in rows:
        table.writerow([_cell(value) for value in row])
    # A folder name that was not UTF-8 reaches us as lone surrogates, which no UTF-8 file can hold.
    write_atomically(path, text.getvalue().encode("utf-8", errors="replace"))


def number(value: float) -> str:
    """A score as people write it: 7.5 and 10, not 7.500000001 and 10.0."""
    return f"{round(value, 4):.10g}"


def _cell(value: Any) -> str:
    """A value as it goes into a cell: numbers as numbers, text never as a formula."""
    if not isinstance(value, str):
        return number(value)
    return _FORMULA_START.sub("'", value)
