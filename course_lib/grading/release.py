"""``course release``: what students get, as one zip file."""

import io
import subprocess
import zipfile
from pathlib import Path

import nbformat

from course_lib.grading import anywhere
from course_lib.grading.files import write_atomically

# Named one by one, so that nothing new beside them is given away: answers, submissions, grades.
_GIVEN = (
    *(".gitignore", "LICENSE", "Makefile", "docs/students.md", "environment-gpu.yml", "environment.yml"),
    *("pyproject.toml", "course_lib", "notebooks"),
)
_RENAMED = {"docs/students.md": "README.md"}  # the course's own README is for those who teach
_SKIPPED = {"__pycache__", ".ipynb_checkpoints"}


def release(root: Path, target: Path, last: str = "", repository: str = "") -> list[str]:
    """Write the zip file; the same files give the same bytes.

    Args:
        root: the top folder.
        target: the file to write.
        last: the last notebook to give, all by default: a later one may repeat what an earlier one asks for.
        repository: a `checked` address, where students' notebooks find the course on Colab and Kaggle.

    Returns:
        The files that are in it.
    """
    names = [name for name in sorted(_names(root)) if not last or _number(name) <= last[:2]]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            # Dated 1980, so that the bytes do not depend on the day.
            entry = zipfile.ZipInfo(f"course/{_RENAMED.get(name, name)}")
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            data = (root / name).read_bytes()
            archive.writestr(entry, _addressed(data, repository) if repository and name.endswith(".ipynb") else data)
    write_atomically(target, buffer.getvalue())
    return names


def _addressed(notebook: bytes, repository: str) -> bytes:
    """A notebook whose first code cell knows the students' repository."""
    nb = nbformat.reads(notebook.decode("utf-8"), as_version=4)
    for cell in nb.cells:
        if cell.id == anywhere.ID:
            cell.source = anywhere.addressed(cell.source, repository)
    return f"{nbformat.writes(nb).rstrip()}\n".encode()


def _number(name: str) -> str:
    """The number of the notebook that a file belongs to, 00 for the others."""
    folder, _, file = name.rpartition("/")
    return file[:2] if folder in ("notebooks", "course_lib/practice") and file[:2].isdigit() else "00"


def _names(root: Path) -> list[str]:
    """The files that students get: those git knows, or all where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *_GIVEN],
            cwd=root,
            capture_output=True,
            text=True,
        )
        names = [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    except FileNotFoundError:  # git is not installed
        names = []
    if not names:
        found = [path for name in _GIVEN for path in (root / name, *(root / name).rglob("*")) if path.is_file()]
        names = [path.relative_to(root).as_posix() for path in found if not _SKIPPED & set(path.parts)]
    return names
