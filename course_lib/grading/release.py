"""``course release``: what students get, as one zip file."""

import io
import subprocess
import zipfile
from pathlib import Path

from course_lib.grading.files import write_atomically

# tests/ holds submissions with answers in them.
_WITHHELD = ("solutions", "tests", "benchmarks", ".ci", ".github", ".pre-commit-config.yaml", ".gitignore")
_SKIPPED = {
    ".git",
    ".venv",
    "__pycache__",
    ".ipynb_checkpoints",
    ".pytest_cache",
    ".ruff_cache",
    "build",
    "dist",
}


def release(root: Path, target: Path) -> list[str]:
    """Write the zip file; the same files give the same bytes.

    Args:
        root: the top folder.
        target: the file to write.

    Returns:
        The names in it.
    """
    names = sorted(_names(root))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"course/{name}")  # dated 1980, so that the bytes do not depend on the day
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, (root / name).read_bytes())
    write_atomically(target, buffer.getvalue())
    return names


def _names(root: Path) -> list[str]:
    """The files of the course without the instructor's: those git knows, or all where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        names = [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    else:
        found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        names = [path.as_posix() for path in found if not _SKIPPED & set(path.parts)]
    return [name for name in names if name.split("/")[0] not in _WITHHELD]
