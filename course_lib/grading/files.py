"""Writing files so that no reader ever sees half of one, whenever the writer is killed."""

import os
import secrets
from pathlib import Path

_PART = ".part"  # what an unfinished file's name ends with; it begins with a dot


def write_atomically(path: Path, data: bytes | str, private: bool = False) -> None:
    """Write to a temporary file beside ``path``, then rename it: the old content or the new, nothing between.

    Args:
        path: the file; its folder is made.
        data: what goes into it, text as UTF-8.
        private: whether only its owner may read it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{secrets.token_hex(8)}{_PART}"
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        with open(handle, "wb") as file:
            file.write(data.encode("utf-8") if isinstance(data, str) else data)
            file.flush()
            os.fsync(handle)  # some disks say only now that they are full, or would lose it with the power
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_unfinished(folder: Path) -> None:
    """Remove what writers that were killed left in a folder and below; nobody may be writing there."""
    for path in folder.rglob(f".*{_PART}"):
        path.unlink(missing_ok=True)
