"""Tables of arrays in files that the course brings along."""

import os
from pathlib import Path

import numpy as np


def write(path: Path, table: dict[str, np.ndarray]) -> None:
    """The whole file or nothing; the same table gives the same bytes."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with open(temporary, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **table)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
