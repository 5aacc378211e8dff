"""Which item of the source documents is taught where, and what verifies it: ``solutions/SOURCES.md``."""

import csv
from pathlib import Path

from course_lib.grading.source import Cell, SourceError, read

_HEAD = """# Where each item of the sources is taught and verified

Made by `course build` from the `sources=[…]` of the notebooks' cells and `sources.csv`; not edited by hand.
Documents: A Grabocka, recurrent neural networks (slides). B Britz, RNN tutorial part 3. C Ramanathan, training
recurrent nets (slides). D Ni, backpropagation through time of RNN (slides).

| item | document | what it says | erratum | taught in | verified by |
|---|---|---|---|---|---|
"""


def table(solutions: Path, topics: list[str]) -> str:
    """The text of SOURCES.md.

    Raises:
        SourceError: if a finished notebook lacks one of its items, or a cell names an unknown item.
    """
    items = _items(solutions)
    cells = {topic: read((solutions / f"{topic}.py").read_text(encoding="utf-8"), topic) for topic in topics}
    for topic in topics:
        for cell in cells[topic]:
            if unknown := set(cell.sources) - {item["id"] for item in items}:
                raise SourceError(f"{topic}, cell {cell.id}: sources.csv has no item {', '.join(sorted(unknown))}")
        if missing := untaught(items, cells[topic], topic):
            raise SourceError(f"{topic}: no cell teaches {', '.join(missing)}")
    rows = []
    for item in items:
        taught = [f"{topic} § {cell.section}" for topic, cell in _places(item["id"], cells, "markdown")]
        checks = [_check(topic, cell) for topic, cell in _places(item["id"], cells, "code")]
        places = [", ".join(dict.fromkeys(column)) for column in (taught, checks)]
        texts = [item["id"], item["document"], item["says"], item["erratum"], *places]
        rows.append("| " + " | ".join(text.replace("|", "\\|") or "–" for text in texts) + " |")
    return _HEAD + "\n".join(rows) + "\n"


def untaught(items: list[dict[str, str]], cells: list[Cell], topic: str) -> list[str]:
    """The items that belong to a notebook and stand in none of its text cells."""
    taught = {source for cell in cells if cell.kind == "markdown" for source in cell.sources}
    return [item["id"] for item in items if topic[:2] in item["notebooks"].split() and item["id"] not in taught]


def _items(solutions: Path) -> list[dict[str, str]]:
    with (solutions / "sources.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _places(item: str, cells: dict[str, list[Cell]], kind: str) -> list[tuple[str, Cell]]:
    return [
        (t, cell) for t, all_cells in cells.items() for cell in all_cells if cell.kind == kind and item in cell.sources
    ]


def _check(topic: str, cell: Cell) -> str:
    return f"exercise `{cell.exercise}`" if cell.exercise else f"{topic} cell `{cell.id}`"
