"""``course build``: from ``solutions/`` to executed solutions, student notebooks, practice data and SOURCES.md.

Everything is made in memory and written at the end, each file by renaming a finished one. What a rebuild may keep
of the stored files is stated where it is kept, so that building twice changes nothing.
"""

import copy
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.notebooknode import NotebookNode

import course_lib
from course_lib import practice
from course_lib.exercises.answer import Answer
from course_lib.exercises.verdict import Sheet
from course_lib.grading import coverage, equations
from course_lib.grading.course import Course, Texts, load
from course_lib.grading.files import write_atomically
from course_lib.grading.source import SourceError, solution_notebook, student_notebook
from course_lib.grading.trials import prove
from course_lib.practice import Practice

_CELL_SECONDS = 600
# One thread: those of several cores add in another order, and on a busy machine wait for one another.
_ENVIRONMENT = {"COURSE_LIB_BACKEND": "numpy", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_NO_LIBRARY = {"__main__.py", "checking.py", "cli.py", "doctor.py", "exercises", "grading", "panels.py", "practice"}
_WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Layout:
    """Where things lie under the top folder."""

    root: Path

    @property
    def solutions(self) -> Path:
        """The instructor's folder."""
        return self.root / "solutions"

    @property
    def notebooks(self) -> Path:
        """The students' folder."""
        return self.root / "notebooks"

    @property
    def practice(self) -> Path:
        """The visible cases."""
        return self.root / "course_lib" / "practice"

    @property
    def topics(self) -> list[str]:
        """The names of the notebooks that have a source."""
        return sorted(path.stem for path in self.solutions.glob("[0-9][0-9]_*.py"))


def build(layout: Layout, only: str = "", say=print) -> list[Path]:
    """Make everything that is derived from ``solutions/``.

    Args:
        layout: the folders.
        only: the one notebook to build, while it is being written; SOURCES.md, which needs all, is then left alone.
        say: called with one line for each notebook.

    Returns:
        The files that changed.

    Raises:
        SourceError: if a source or key has to be mended; nothing is then written.
    """
    topics = _topics(layout, only)
    files: dict[Path, bytes] = {}
    with ProcessPoolExecutor(max(1, min(len(topics), os.cpu_count() or 1))) as pool:
        try:
            for topic, (count, made) in zip(topics, pool.map(partial(_made, layout), topics), strict=True):
                say(f"{topic}: {count} mistakes told apart, executed")
                files |= made
        except SourceError:
            pool.shutdown(cancel_futures=True)
            raise
    if not only:
        files[layout.solutions / "SOURCES.md"] = coverage.table(layout.solutions, layout.topics).encode()
    changed = [path for path, data in files.items() if not path.exists() or path.read_bytes() != data]
    for path in changed:
        write_atomically(path, files[path])
    return changed


def _made(layout: Layout, topic: str) -> tuple[int, dict[Path, bytes]]:
    """How many known mistakes a notebook's key has, all of them proved, and the files made from its source."""
    texts = _texts(layout, topic)
    course = _numbered(load(texts), _numbers(layout))
    practiced = Practice(topic, texts.made_from, course.released_cells(), prove(course))
    data = dict(zip(practice.paths(topic, layout.practice), _kept(practiced, layout.practice), strict=True))
    notebooks = {
        layout.solutions / f"{topic}.ipynb": _bytes(_executed(course, layout, data)),
        layout.notebooks / f"{topic}.ipynb": _bytes(student_notebook(course.cells, topic)),
    }
    return len(course.key.mistakes), data | notebooks


def stale(layout: Layout, only: str = "") -> Iterator[str]:
    """What no longer agrees with ``solutions/``, one sentence each; executes nothing.

    Sources and metadata of both notebooks are compared, the stored outputs only for being there, and the practice
    data by the hash of what they were made from.

    Args:
        layout: the folders.
        only: the one notebook to look at; SOURCES.md, which all make, is then left out.

    Raises:
        SourceError: if there is no such notebook, or a source cannot be read.
    """
    numbers = _numbers(layout)
    for topic in _topics(layout, only):
        texts = _texts(layout, topic)
        course = _numbered(load(texts), numbers)
        yield from _stale_solution(course, layout)
        path, want = layout.notebooks / f"{topic}.ipynb", student_notebook(course.cells, topic)
        if _text(path) != _bytes(want).decode():
            yield f"notebooks/{topic}.ipynb: {_difference(_notebook(path), want)}"
        yield from _stale_practice(texts, course, layout.practice)
    if only:
        return
    if _text(layout.solutions / "SOURCES.md") != coverage.table(layout.solutions, layout.topics):
        yield "solutions/SOURCES.md differs from the cells' sources"
    for folder in (layout.solutions, layout.notebooks):
        for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
            if path.stem not in layout.topics:
                yield f"{folder.name}/{path.name}: there is no solutions/{path.stem}.py"


def _topics(layout: Layout, only: str) -> list[str]:
    if only and only not in layout.topics:
        raise SourceError(f"there is no solutions/{only}.py; there are {', '.join(layout.topics)}")
    return [only] if only else layout.topics


def _texts(layout: Layout, topic: str) -> Texts:
    try:
        return Texts.read(layout.solutions, topic)
    except FileNotFoundError as error:
        raise SourceError(f"{topic}: solutions/keys/{topic}.py is missing") from error


def _numbers(layout: Layout) -> equations.Numbers:
    sources = {topic: (layout.solutions / f"{topic}.py").read_text(encoding="utf-8") for topic in layout.topics}
    return equations.numbers(sources)


def _numbered(course: Course, numbers: equations.Numbers) -> Course:
    return replace(course, cells=equations.numbered(course.cells, course.notebook, numbers))


def _executed(course: Course, layout: Layout, data: dict[Path, bytes]) -> NotebookNode:
    """The solution notebook with outputs, normalised, keeping of the stored one what may be kept.

    Its checks use the practice ``data`` that are about to be written.
    """
    nb = solution_notebook(course.cells, course.notebook)
    with tempfile.TemporaryDirectory(prefix="course-build-") as folder:
        for path, content in data.items():
            Path(folder, path.name).write_bytes(content)
        client = NotebookClient(nb, timeout=_CELL_SECONDS, resources={"metadata": {"path": folder}})
        client.record_timing = False
        manager = client.create_kernel_manager()  # over sockets in a folder: TCP ports can be taken by another
        manager.transport, manager.ip = "ipc", f"{folder}/socket"
        try:
            client.execute(env=os.environ | _ENVIRONMENT | {"COURSE_LIB_PRACTICE": folder})
        except CellExecutionError as error:
            cell = next(c for c in nb.cells if any(o.output_type == "error" for o in c.get("outputs", [])))
            raise SourceError(f"{course.notebook}, cell {cell.id}: {error.ename}: {error.evalue}") from error
    nb.metadata = solution_notebook(course.cells, course.notebook).metadata | {
        "course": {"notebook": course.notebook, "figures_from": _figures_from()}
    }
    count = 0
    for cell in nb.cells:
        if cell.cell_type == "code":
            count += 1
            _normalise(cell, count)
    path = layout.solutions / f"{course.notebook}.ipynb"
    if stored := _notebook(path):
        _keep(nb, stored)
    return nb


def _normalise(cell: NotebookNode, count: int) -> None:
    """Drop from a cell's outputs what differs from run to run: counters, timings, widget ids."""
    cell.execution_count = count
    cell.metadata.pop("execution", None)
    merged: list[NotebookNode] = []
    for output in cell.outputs:
        if "execution_count" in output:
            output["execution_count"] = count
        if "data" in output:
            output.data.pop(_WIDGET, None)
        if output.output_type == "stream" and merged and merged[-1].get("name") == output.name:
            merged[-1].text += output.text
        else:
            merged.append(output)
    cell.outputs = merged


def _keep(new: NotebookNode, old: NotebookNode) -> None:
    """Keep stored outputs that are no worse than the new ones.

    A volatile cell's, while its source is the same. A picture, while every code cell down to its own, the library
    and all that the cell says in words are the same: another release of the plotting library draws the same numbers
    with other pixels.
    """
    before = {cell.id: cell for cell in old.cells if cell.cell_type == "code"}
    same_so_far = old.metadata.get("course", {}).get("figures_from") == new.metadata["course"]["figures_from"]
    for cell in (cell for cell in new.cells if cell.cell_type == "code"):
        stored = before.get(cell.id)
        if stored is None or stored.source != cell.source:
            same_so_far = False
            continue
        if not stored.outputs:
            continue
        drawn_alike = same_so_far and _words(stored.outputs) == _words(cell.outputs)
        if "volatile" in cell.metadata["tags"] or drawn_alike:
            cell.outputs = stored.outputs
            _normalise(cell, cell.execution_count)


def _words(outputs: list[NotebookNode]) -> str:
    """Everything in outputs but the pixels and the cell's number."""
    kept = [{key: value for key, value in output.items() if key != "execution_count"} for output in outputs]
    for output in kept:
        if "data" in output:
            output["data"] = {k: v for k, v in output["data"].items() if not k.startswith("image/")}
    return json.dumps(kept, sort_keys=True)


def _kept(made: Practice, folder: Path) -> tuple[bytes, bytes]:
    """The practice files: the stored ones where they say the same to rounding, so that no machine dirties them."""
    try:
        stored = practice.load(made.notebook, folder)
    except (OSError, ValueError, KeyError):
        return practice.dump(made)
    same = (stored.made_from, stored.cells) == (made.made_from, made.cells)
    if same and stored.sheets.keys() == made.sheets.keys():
        pairs = [(stored.sheets[key], made.sheets[key]) for key in made.sheets]
        if all(_same_sheet(a, b) for a, b in pairs):
            return tuple(path.read_bytes() for path in practice.paths(made.notebook, folder))
    return practice.dump(made)


def _same_sheet(a: Sheet, b: Sheet) -> bool:
    return len(a.expected) == len(b.expected) and all(
        _same_expected(x, y) for x, y in zip(a.expected, b.expected, strict=True)
    )


def _same_expected(a: Answer | dict, b: Answer | dict) -> bool:
    if isinstance(a, dict) or isinstance(b, dict):
        return a == b
    return a.outputs.keys() == b.outputs.keys() and all(
        np.allclose(a.outputs[k], b.outputs[k], rtol=1e-5, atol=1e-7, equal_nan=True)
        for k in a.outputs
        if not isinstance(a.outputs[k], str)
    )


def _stale_solution(course: Course, layout: Layout) -> Iterator[str]:
    name, path = f"solutions/{course.notebook}.ipynb", layout.solutions / f"{course.notebook}.ipynb"
    want = solution_notebook(course.cells, course.notebook)
    have = _notebook(path)
    if have is None:
        yield f"{name}: {_difference(have, want)}"
        return
    stripped = copy.deepcopy(have)
    figures_from = stripped.metadata.get("course", {}).pop("figures_from", None)
    for cell in stripped.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if _bytes(stripped) != _bytes(want):
        yield f"{name}: {_difference(stripped, want)}"
    if figures_from != _figures_from():
        yield f"{name}: course_lib (plots, functions.py, …) changed since its figures were drawn"
    counts = [cell.execution_count for cell in have.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        yield f"{name}: not executed from top to bottom"


def _stale_practice(texts: Texts, course: Course, folder: Path) -> Iterator[str]:
    name = f"course_lib/practice/{texts.notebook}.json"
    try:
        stored = practice.load(texts.notebook, folder)
    except (OSError, ValueError, KeyError) as error:
        yield f"{name}: {error}"
        return
    if stored.made_from != texts.made_from:
        yield f"{name}: answers, key or exercises changed since it was made"
    elif stored.cells != course.released_cells():
        yield f"{name}: the notebook's code cells changed since it was made"


def _text(path: Path) -> str | None:
    """The text of a file, whatever its line ends are; None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _notebook(path: Path) -> NotebookNode | None:
    """A stored notebook; None where it is missing or none any more, as after a merge."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def _difference(have: NotebookNode | None, want: NotebookNode) -> str:
    """The first cell that differs, by its id."""
    if have is None:
        return "missing, or not a notebook"
    ids = [cell.get("id") for cell in have.cells]
    for cell in want.cells:
        if cell.id not in ids:
            return f"cell {cell.id} is missing"
        stored = have.cells[ids.index(cell.id)]
        if stored.source != cell.source:
            return f"cell {cell.id} differs from the source"
        if stored.metadata != cell.metadata:
            return f"the metadata of cell {cell.id} differ from the source"
    extra = set(ids) - {cell.id for cell in want.cells}
    return f"cells {sorted(extra)} are not in the source" if extra else "its order or metadata differ from the source"


def _figures_from() -> str:
    """Hash of the library, which demo cells compute and draw with."""
    folder = Path(course_lib.__file__).parent
    paths = sorted(path for path in folder.rglob("*.py") if path.relative_to(folder).parts[0] not in _NO_LIBRARY)
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _bytes(nb: NotebookNode) -> bytes:
    return (nbformat.writes(nb).rstrip("\n") + "\n").encode()
