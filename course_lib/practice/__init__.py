"""The visible cases of each notebook as data: ``NN_topic.json`` for the structure, ``NN_topic.npz`` for the arrays.

Made by ``course build`` from ``solutions/``; read by the checks in the notebook and by ``course check``.
"""

import hashlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.exercises.answer import Answer, pack, unpack
from course_lib.exercises.verdict import Sheet

# Elsewhere while `course build` tries new data that are not written yet.
FOLDER = Path(os.environ.get("COURSE_LIB_PRACTICE", Path(__file__).parent))


@dataclass(frozen=True)
class Practice:
    """What a student has of a notebook's key.

    Args:
        notebook: its name.
        made_from: hash of the sources it was built from.
        cells: the code cells of the notebook as released, in order: id, role, exercise and source.
        sheets: the visible cases of each test, by (exercise, test).
    """

    notebook: str
    made_from: str
    cells: list[dict[str, str]]
    sheets: dict[tuple[str, str], Sheet]


def paths(notebook: str, folder: Path = FOLDER) -> tuple[Path, Path]:
    """The json and the npz file of a notebook."""
    return folder / f"{notebook}.json", folder / f"{notebook}.npz"


def load(notebook: str, folder: Path = FOLDER) -> Practice:
    """Read a notebook's practice data.

    Raises:
        FileNotFoundError: if there are none, or one of the two files is missing.
        ValueError: if the two files are not of one build.
    """
    json_path, npz_path = paths(notebook, folder)
    data, packed = json.loads(json_path.read_text(encoding="utf-8")), npz_path.read_bytes()
    if data.get("seal") != _seal(data["sheets"], packed):
        raise ValueError(f"{npz_path.name} does not belong to {json_path.name}, or one was edited: run `course build`")
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        sheets = {
            (entry["exercise"], entry["test"]): Sheet(
                [unpack(case, arrays.__getitem__) for case in entry["cases"]],
                [_expected(item, arrays) for item in entry["expected"]],
                [(tell, prints) for tell, prints in entry["mistakes"]],
            )
            for entry in data["sheets"]
        }
    return Practice(data["notebook"], data["made_from"], data["cells"], sheets)


def dump(practice: Practice) -> tuple[bytes, bytes]:
    """The bytes of the json and the npz file; the same practice data give the same bytes."""
    arrays: dict[str, np.ndarray] = {}

    def store(array: np.ndarray) -> str:
        arrays[f"a{len(arrays)}"] = array
        return f"a{len(arrays) - 1}"

    sheets = [
        {
            "exercise": exercise,
            "test": test,
            "cases": [pack(case, store) for case in sheet.cases],
            "expected": [pack(dict(e.outputs), store) if isinstance(e, Answer) else e for e in sheet.expected],
            "mistakes": [[tell, list(prints)] for tell, prints in sheet.mistakes],
        }
        for (exercise, test), sheet in practice.sheets.items()
    ]
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    data = {
        "notebook": practice.notebook,
        "made_from": practice.made_from,
        "seal": _seal(sheets, buffer.getvalue()),
        "cells": practice.cells,
        "sheets": sheets,
    }
    return _text(data).encode(), buffer.getvalue()


def _seal(sheets: list[dict[str, Any]], packed: bytes) -> str:
    """Hash of the two files' contents, by which they are known to be of one build."""
    return hashlib.sha256(json.dumps(sheets).encode() + packed).hexdigest()


def _text(data: dict[str, Any]) -> str:
    """JSON with one line for each cell and each sheet, so that a change shows where it is."""
    lines = []
    for key, value in data.items():
        items = value if isinstance(value, list) else [value]
        texts = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
        lines.append(f'"{key}": ' + (f"[\n{texts}\n]" if isinstance(value, list) else texts))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _expected(item: dict[str, Any], arrays: Any) -> Answer | dict[str, Any]:
    return item if "hash" in item else Answer(unpack(item, arrays.__getitem__))
