"""Copies of the repository to build in and to break."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")


def make(folder, names=("course_lib", "solutions", "notebooks")):
    """Copy these folders, and what marks the top of the repository, into a new folder."""
    for name in names:
        shutil.copytree(ROOT / name, folder / name, ignore=_LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def run(folder, *arguments, cwd=None, **variables):
    """`course …` with the code of the copy, not of the repository."""
    return subprocess.run(
        [sys.executable, "-m", "course_lib", *arguments],
        cwd=cwd or folder,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def built(folder):
    """The bytes of everything that a build writes."""
    paths = [*folder.glob("solutions/*.ipynb"), *folder.glob("notebooks/*"), *folder.glob("course_lib/practice/[0-9]*")]
    return {path: path.read_bytes() for path in [*paths, folder / "solutions" / "SOURCES.md"]}


def replace(path, old, new):
    """Change one place of a file."""
    text = path.read_bytes().decode()
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path.name}"
    path.write_bytes(text.replace(old, new).encode())
