"""Parameters in a file: written whole or not at all, and read back exactly or refused.

::

    save("model.npz", cell.params | output.params, cell="LSTM", hidden_size=128)
    params, facts = load("model.npz")

The file is a zip archive with ``NAME.npy`` for each parameter, so ``numpy.load`` reads it too, and
``header.json``: the format, its version, the names and the facts. There is no pickle in it, and none is read:
a file from somebody else can hold wrong numbers, but runs nothing.
"""

import io
import json
import os
import uuid
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.backend import asarray, asnumpy

FORMAT, VERSION = "course_lib parameters", 1
_HEADER = "header.json"


class LaterVersion(ValueError):
    """A file was written by a later version of this library."""


def save(path: str | os.PathLike[str], params: dict[str, Any], /, **facts: Any) -> None:
    """Write parameters to a file, in place of what was there before.

    They go to a temporary file beside it first: if anything fails, the old file stays as it was. The same
    parameters and facts give the same bytes.

    Args:
        path: the file; nothing is appended to its name.
        params: arrays by name, on either backend.
        facts: what else should be known, such as ``cell="LSTM"``: anything that JSON has.

    Raises:
        TypeError: if a fact is not plain JSON, or an array holds Python objects.
        OSError: if the file cannot be written.
    """
    arrays = {name: asnumpy(array) for name, array in params.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"params[{name!r}] holds Python objects; only numbers can be saved")
    for name, fact in facts.items():
        try:  # JSON refuses some values, and gives others back changed: tuples, and keys that are numbers
            plain = json.loads(json.dumps(fact, allow_nan=False)) == fact
        except (TypeError, ValueError):
            plain = False
        if not plain:
            raise TypeError(
                f"fact {name} is {fact!r}; it has to be text, a finite number, True, False, None, "
                "or lists and dictionaries (with text as keys) of these"
            )
    header = {"format": FORMAT, "version": VERSION, "params": list(arrays), "facts": facts}

    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} into")
    temporary = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with open(temporary, "xb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                # A ZipInfo made by its name alone has a date of its own, not today's.
                archive.writestr(zipfile.ZipInfo(_HEADER), json.dumps(header))
                for name, array in arrays.items():
                    with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())  # the name must not point to data that a power cut can still lose
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what `save` wrote.

    To put them into a cell and an output layer made with the same sizes::

        for layer in (cell, output):
            for name, array in layer.params.items():
                array[...] = params[name]

    Args:
        path: the file.

    Returns:
        The parameters by name, on the current backend, and the facts.

    Raises:
        FileNotFoundError: if there is no such file.
        LaterVersion: if a later version of this library wrote it.
        ValueError: if something else wrote it, or it was changed or cut off since.
    """
    data = io.BytesIO(Path(path).read_bytes())
    try:
        with zipfile.ZipFile(data) as archive:
            header = json.loads(archive.read(_HEADER))
            if header["format"] != FORMAT:
                raise ValueError(f"its header says {header['format']!r}")
            if header["version"] > VERSION:
                raise LaterVersion(
                    f"{path} has version {header['version']} of the format, but this course_lib reads none "
                    f"later than {VERSION}; update course_lib"
                )
            # Each member is read to its end, where its checksum is compared, before anything looks at it.
            members = {name: io.BytesIO(archive.read(f"{name}.npy")) for name in header["params"]}
            arrays = {name: np.lib.format.read_array(npy, allow_pickle=False) for name, npy in members.items()}
            facts = dict(header["facts"])
    except (LaterVersion, MemoryError):
        raise
    except Exception as error:  # a changed byte makes zipfile and its decoders raise ten kinds
        raise ValueError(
            f"{path} is not a whole file of parameters ({type(error).__name__}: {error}); "
            "write it again with course_lib.saving.save, or take another copy"
        ) from error
    return {name: asarray(array) for name, array in arrays.items()}, facts
