"""Reading ``solutions/NN_topic.py``: the one text from which both notebooks of a topic are derived.

A cell keeps its id from build to build: exercise cells are named after the exercise, the others after their
section and place in it.
"""

import ast
import copy
import re
import unicodedata
from dataclasses import dataclass

import jupytext
import nbformat
from nbformat.notebooknode import NotebookNode

from course_lib import exercises
from course_lib.grading import anywhere

_GRADED_WITH = {"backend", "checking"}  # of course_lib, in every notebook
ROLES = ("setup", "demo", "answer", "check")
SLIDES = ("slide", "subslide", "fragment", "-", "notes", "skip")  # as Jupyter and nbconvert name them
STUB = "# YOUR CODE HERE"
_REGIONS = {"SOLUTION", "HIDDEN TESTS"}
_MARKER = re.compile(r"^\s*### (BEGIN|END) (.+?)\s*$")
_MISSPELT = re.compile(r"^\s*#+\s*(begin|end)\W*(solution|hidden)", re.IGNORECASE)
_CHECK = """check({0})
### BEGIN HIDDEN TESTS
earned({0})
### END HIDDEN TESTS"""


class SourceError(ValueError):
    """Something an author has to mend; the message names notebook, cell and exercise."""


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook's source.

    Args:
        id: the same in every build.
        kind: ``"code"`` or ``"markdown"``.
        text: the cell's text, with the solution in it.
        section: the heading it stands under.
        tags: the role of a code cell first, then ``volatile`` where given.
        exercise: the exercise of an answer or check cell.
        sources: the items of the source documents that it teaches or verifies.
        slide: what the cell is in a lecture, one of `SLIDES`.
    """

    id: str
    kind: str
    text: str
    section: str
    tags: tuple[str, ...] = ()
    exercise: str = ""
    sources: tuple[str, ...] = ()
    slide: str = ""

    @property
    def role(self) -> str:
        """``setup``, ``demo``, ``answer`` or ``check``; empty for text."""
        return self.tags[0] if self.kind == "code" else ""

    @property
    def released(self) -> str:
        """The text that students get: solutions replaced by stubs, hidden tests cut."""
        return _cut(_cut(self.text, "HIDDEN TESTS"), "SOLUTION")


def read(text: str, notebook: str) -> list[Cell]:
    """The cells of a py:percent source, checked, and the one that fetches course_lib where it is missing.

    Args:
        text: the file's text.
        notebook: its name, e.g. ``"01_unrolling"``.

    Raises:
        SourceError: if a cell has no role, markers do not balance, or exercises and cells disagree.
    """
    if notebook not in exercises.notebooks():
        raise SourceError(f"{notebook}: course_lib/exercises/__init__.py has no line for it")
    cells, section, counts = [], "start", {}
    for number, node in enumerate(jupytext.reads(text, fmt="py:percent").cells, start=1):
        if node.cell_type == "markdown" and (heading := re.match(r"##? +(.+)", node.source)):
            section = heading.group(1).strip()
        where = f"{notebook}, cell {number} ({_first_line(node.source)})"
        tags = tuple(node.metadata.get("tags", []))
        exercise = node.metadata.get("exercise", "")
        sources = tuple(node.metadata.get("sources", []))
        if node.cell_type == "code":
            _check_role(where, tags, exercise, notebook)
            _check_text(where, tags[0], exercise, sources, node.source)
        if tags and tags[0] in ("setup", "answer"):
            _check_imports(where, node.source, _GRADED_WITH | set(exercises.needs(notebook)))
        _check_markers(where, exercise, node.source)
        slug = f"{exercise}-{tags[0]}" if exercise else _slug(section)
        counts[slug] = counts.get(slug, 0) + 1
        cell_id = slug if exercise else f"{slug}-{counts[slug]:02d}"
        if exercise and counts[slug] > 1:
            raise SourceError(f"{where}: exercise {exercise} has two {tags[0]} cells")
        slide = node.metadata.get("slide") or _slide(node, tags)
        if slide not in SLIDES:
            raise SourceError(f"{where}: slide={slide!r}; in a lecture a cell is one of {SLIDES}")
        cells.append(Cell(cell_id, node.cell_type, node.source, section, tags, exercise, sources, slide))
    _check_exercises(cells, notebook)
    first = next(place for place, cell in enumerate(cells) if cell.kind == "code")
    fetch = Cell(anywhere.ID, "code", anywhere.SOURCE, cells[first].section, ("demo",), slide="skip")
    return [*cells[:first], fetch, *cells[first:]]


def solution_notebook(cells: list[Cell], notebook: str) -> NotebookNode:
    """The instructor's notebook, not yet executed."""
    return _notebook(cells, notebook, released=False)


def student_notebook(cells: list[Cell], notebook: str) -> NotebookNode:
    """The notebook that students get: stubs instead of answers, no outputs."""
    return _notebook(cells, notebook, released=True)


def stub(indent: str, function: str) -> str:
    """What stands in the place of a solution: inside a function it raises, at top level it is a comment."""
    if not indent:
        return STUB
    return f'{indent}{STUB}\n{indent}raise NotImplementedError("{function} is not written yet")'


def _notebook(cells: list[Cell], notebook: str, released: bool) -> NotebookNode:
    nodes = []
    for cell in cells:
        make = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
        nodes.append(make(cell.released if released else cell.text, id=cell.id, metadata=_metadata(cell, released)))
    nb = nbformat.v4.new_notebook(cells=nodes)
    nb.metadata = nbformat.from_dict(
        {
            "course": {"notebook": notebook},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
        }
    )
    return nb


def _metadata(cell: Cell, released: bool) -> dict:
    metadata: dict = {"slideshow": {"slide_type": cell.slide}}
    if cell.kind == "code":
        metadata["course"] = {"role": cell.role} | ({"exercise": cell.exercise} if cell.exercise else {})
        metadata["tags"] = list(cell.tags)
        if released and cell.role == "demo":
            # It may use an answer that is not written yet; "Run All" goes on after it all the same.
            metadata["tags"].append("raises-exception")
        elif not released and "volatile" not in cell.tags:
            # Only the executed notebook has outputs to compare; nbval compares those of tagged cells.
            metadata["tags"].append("nbval-check-output")
    if cell.id == anywhere.ID:
        metadata |= copy.deepcopy(anywhere.METADATA)
    if cell.sources:
        metadata.setdefault("course", {})["sources"] = list(cell.sources)
    if cell.exercise:
        answer = cell.role == "answer"
        metadata["nbgrader"] = {
            "cell_type": "code",
            "grade": not answer,
            "grade_id": cell.exercise if answer else f"test_{cell.exercise}",
            "locked": not answer,
            "schema_version": 3,
            "solution": answer,
            "task": False,
        }
        if not answer:
            metadata["nbgrader"]["points"] = _exercise(cell.exercise).points
        if released:
            metadata["deletable"] = False
            metadata["editable"] = answer
    return metadata


def _slide(node: NotebookNode, tags: tuple[str, ...]) -> str:
    """What a cell is in a lecture where its source does not say it.

    A section begins a slide, a text after it one below; a figure or number stands on the slide of its text.
    Exercises are for afterwards.
    """
    if node.cell_type == "code":
        return "-" if tags[0] == "demo" else "skip"
    if re.match(r"##? ", node.source):
        return "slide"
    return "skip" if re.match(r"### Exercise", node.source) else "subslide"


def _cut(text: str, region: str) -> str:
    """Replace each region of that name: a solution by its stub, a hidden test by nothing."""
    lines, inside, function = [], False, ""
    for line in text.splitlines():
        marker = _MARKER.match(line)
        if defined := re.match(r"\s*def (\w+)", line):
            function = defined.group(1)
        if marker and marker.group(2) == region:
            inside = marker.group(1) == "BEGIN"
            if inside and region == "SOLUTION":
                lines.append(stub(line[: len(line) - len(line.lstrip())], function))
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def _check_role(where: str, tags: tuple[str, ...], exercise: str, notebook: str) -> None:
    roles = [tag for tag in tags if tag in ROLES]
    if len(roles) != 1 or tags[0] not in ROLES:
        raise SourceError(f'{where}: a code cell has one role as its first tag, e.g. tags=["demo"]; roles: {ROLES}')
    if unknown := set(tags) - set(ROLES) - {"volatile"}:
        raise SourceError(f"{where}: unknown tags {sorted(unknown)}")
    if (roles[0] in ("answer", "check")) != bool(exercise):
        raise SourceError(f'{where}: answer and check cells, and only these, name their exercise: exercise="…"')
    if exercise and exercise not in {e.id for e in exercises.of_notebook(notebook)}:
        raise SourceError(f"{where}: course_lib/exercises has no exercise {exercise!r} for {notebook}")


def _check_imports(where: str, text: str, graded_with: set[str]) -> None:
    """Setup and answer cells run in a graded kernel, which has little of course_lib."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        return  # a line of IPython's own; the build runs the cell anyway
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "course_lib":
            wanted = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            wanted = {node.module.split(".")[1]} if (node.module or "").startswith("course_lib.") else set()
        elif isinstance(node, ast.Import):
            wanted = {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("course_lib.")}
        else:
            continue
        if missing := wanted - graded_with:
            raise SourceError(
                f"{where}: a graded kernel has no course_lib.{', '.join(sorted(missing))}; import it in a demo cell"
            )


def _check_text(where: str, role: str, exercise: str, sources: tuple[str, ...], text: str) -> None:
    # Without its last line a check cell that raises nothing would be worth full marks to nbgrader.
    if role == "check" and text.strip() != _CHECK.format(exercise):
        raise SourceError(f"{where}, exercise {exercise}: a check cell reads\n{_CHECK.format(exercise)}")
    if sources and role != "check" and not re.search(r"\bassert\b", text):
        raise SourceError(f"{where}: a code cell with sources verifies them, but this has no assert")


def _check_markers(where: str, exercise: str, text: str) -> None:
    where = f"{where}, exercise {exercise}" if exercise else where
    opened = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not (marker := _MARKER.match(line)):
            if _MISSPELT.match(line):
                raise SourceError(f"{where}, line {number}: a marker reads '### BEGIN SOLUTION', not {line.strip()!r}")
            continue
        edge, region = marker.groups()
        if region not in _REGIONS:
            raise SourceError(f"{where}, line {number}: unknown marker {line.strip()!r}")
        if edge == "BEGIN" and opened:
            raise SourceError(f"{where}, line {number}: {region} begins inside {opened}")
        if edge == "END" and opened != region:
            raise SourceError(f"{where}, line {number}: END {region} without its BEGIN")
        opened = region if edge == "BEGIN" else None
    if opened:
        raise SourceError(f"{where}: BEGIN {opened} without its END")


def _check_exercises(cells: list[Cell], notebook: str) -> None:
    for exercise in exercises.of_notebook(notebook):
        for role in ("answer", "check"):
            found = [cell for cell in cells if cell.exercise == exercise.id and cell.role == role]
            if not found:
                raise SourceError(f"{notebook}: exercise {exercise.id} has no {role} cell")
            if role == "answer" and found[0].released == found[0].text:
                raise SourceError(f"{notebook}, exercise {exercise.id}: the answer cell has no SOLUTION region")


def _exercise(name: str) -> exercises.Exercise:
    return exercises.find(name)[1]


def _first_line(text: str) -> str:
    return next((line.strip()[:50] for line in text.splitlines() if line.strip()), "empty")


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "section"
