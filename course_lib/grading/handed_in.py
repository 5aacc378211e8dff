"""The files that were handed in, in a folder or a zip file: listed and read, and none of them believed.

A zip file is never unpacked onto the disk. What leads out of it by name leads nowhere then, a link in it is a few bytes
of text, and however much its notebooks claim to hold, one of them at a time is in memory and no more of it than a
notebook may have.
"""

import contextlib
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

from course_lib.grading.graft import MOST_BYTES, too_large
from course_lib.grading.lateness import moment
from course_lib.grading.roster import LONGEST_NAME

_LONGEST_END = 2**17  # bytes: the last entry of a zip file with its comment is half as long at most
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack a small piece to any size at once
_MOST_FOLDERS = 3  # below each other; a notebook in the third is too deep already
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
_NO_FILE = "This is not a file: hand in the notebook itself."
_A_LINK = "The file is a link that leads elsewhere: hand in the notebook itself."


class Unusable(ValueError):
    """Nothing can be read from there; the message says why."""


@dataclass(frozen=True)
class Entry:
    """A file in a zip file: what a path is in a folder."""

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo


class Listing(NamedTuple):
    """What there is.

    Args:
        notebooks: whatever is named like one: its place, and where to read it.
        folders: the top folders, and a sentence about each that cannot be looked into.
        passed_over: a sentence for each file that was not looked at.
    """

    notebooks: list[tuple[PurePath, Path | Entry]]
    folders: dict[str, str]
    passed_over: list[str]


def listing(source: Path) -> Listing:
    """List a folder or a zip file; none of the notebooks is read yet.

    Raises:
        Unusable: if it is neither, or cannot be read.
    """
    try:
        return _in_folder(source) if source.is_dir() else _in_zip(source)
    except OSError as error:
        raise Unusable(f"{source} cannot be read: {error.strerror or error}") from error


def read(path: Path | Entry) -> tuple[bytes | None, str]:
    """The bytes of a file that anybody may have put there, or None and a sentence."""
    return _unpack(path) if isinstance(path, Entry) else _read_file(path)


def time_of(path: Path | Entry) -> tuple[datetime | None, str]:
    """When a file was handed in: what nbgrader's ``timestamp.txt`` beside it says, else the file's own time.

    nbgrader takes a timestamp without a zone for UTC (``parse_utc`` in nbgrader/utils.py). A zip file notes the local
    time of the machine that made it, without its zone: this machine's is taken.

    Returns:
        The time, None where it is not known; and a sentence about a timestamp that cannot be read.
    """
    written = _beside(path, "timestamp.txt")
    problem = ""
    if written is not None:
        try:
            return moment(written.decode("utf-8"), UTC), ""
        except ValueError as error:
            problem = f"its timestamp.txt is passed over: {error}"
    try:
        if isinstance(path, Entry):
            return datetime(*path.info.date_time).astimezone(UTC), problem
        return datetime.fromtimestamp(os.lstat(path).st_mtime, UTC), problem
    except (OSError, ValueError, OverflowError):
        return None, problem


def _in_folder(folder: Path) -> Listing:
    tops = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    passed_over: list[str] = []
    notebooks = [(path.relative_to(folder), path) for path in _notebook_files(tops, passed_over.append)]
    folders = {top.name: _closed(top) for top in tops if top.is_dir() and top.suffix != ".ipynb"}
    return Listing(notebooks, folders, passed_over)


def _closed(folder: Path) -> str:
    """Why a student's folder cannot be looked into; empty where it can."""
    if folder.is_symlink():
        return "The folder is a link that leads elsewhere: hand in the folder itself."
    try:
        os.listdir(folder)
    except OSError as error:
        return f"The folder cannot be read: {error.strerror}."
    return ""


def _notebook_files(tops: list[Path], say: Callable[[str], None]) -> Iterator[Path]:
    """Everything that may be a submitted notebook, without following links to folders."""
    for top in tops:
        if top.suffix == ".ipynb":
            yield top
        elif top.is_dir() and not _closed(top):
            yield from _notebooks_below(top, say)


def _notebooks_below(top: Path, say: Callable[[str], None]) -> Iterator[Path]:
    """Those in a student's folder, where folders may lie in each other as deep as a disk can hold them."""
    too_deep: list[str] = []
    for place, folders, files in os.walk(top, onerror=lambda error: say(f"{error.filename}: {error.strerror}")):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names = [name for name in folders + files if name.endswith(".ipynb") and not name.startswith(".")]
        yield from (Path(place, name) for name in sorted(names))
        if len(Path(place).parts) - len(top.parts) + 1 == _MOST_FOLDERS:
            too_deep += [os.path.join(place, name) for name in folders]
            folders.clear()
    if too_deep:
        more = len(too_deep) - 1
        say(f"{min(too_deep)}: too deep, nobody looks into it{f' and {more} like it' if more else ''}")


def _read_file(path: Path) -> tuple[bytes | None, str]:
    if path.is_symlink():
        return None, _A_LINK
    try:
        # Without blocking: a named pipe would wait for a writer for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            info = os.fstat(handle)
            if not stat.S_ISREG(info.st_mode):
                return None, _NO_FILE
            if info.st_size > MOST_BYTES:
                return None, too_large(info.st_size)
            with open(handle, "rb", closefd=False) as file:
                return file.read(), ""
        finally:
            os.close(handle)
    except OSError as error:
        return None, f"The file cannot be read: {error.strerror}."


class _Sparing(io.BufferedReader):
    """A zip file of which no piece is read that is larger than a notebook; its table of contents is such a piece."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_BYTES:
            raise zipfile.BadZipFile("it claims to hold far more files than a class hands in")
        return super().read(_LONGEST_END if size is None or size < 0 else size)


def _in_zip(path: Path) -> Listing:
    file = _Sparing(io.FileIO(path))
    if not zipfile.is_zipfile(file):
        raise Unusable(f"{path} is neither a folder nor a zip file")
    try:
        archive = zipfile.ZipFile(file)
    except _BROKEN as error:
        raise Unusable(f"{path} cannot be read as a zip file ({error}): unpack it, and give the folder") from error
    notebooks, folders, passed_over = [], {}, []
    for info in archive.infolist():
        place = _place(info)
        if isinstance(place, str):
            passed_over.append(place)
            continue
        if not place.parts or place.parts[0].startswith(".") or place.parts[0] == "__MACOSX":
            continue
        if (len(place.parts) > 1 or info.is_dir()) and not place.parts[0].endswith(".ipynb"):
            folders[place.parts[0]] = ""
        if place.suffix == ".ipynb" and not info.is_dir() and not any(part.startswith(".") for part in place.parts):
            notebooks.append((place, Entry(archive, info)))
    return Listing(sorted(notebooks, key=lambda each: each[0]), folders, passed_over)


def _place(info: zipfile.ZipInfo) -> PurePosixPath | str:
    """Where a file of a zip would lie, or a sentence if that is not inside."""
    name = info.filename
    if not info.flag_bits & 0x800:  # not marked as UTF-8, which many programs write all the same
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or re.match("[A-Za-z]:", name) or ".." in parts:
        return f"{name[:LONGEST_NAME]}: its name leads out of the zip file"
    if any(len(part.encode()) > LONGEST_NAME for part in parts):
        return f"{name[:LONGEST_NAME]}…: its name is too long"
    return PurePosixPath(*parts)


def _unpack(entry: Entry) -> tuple[bytes | None, str]:
    info = entry.info
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return None, _A_LINK
    if kind not in (0, stat.S_IFREG):
        return None, _NO_FILE
    if info.flag_bits & 0x1:
        return None, "The file is encrypted in the zip file: hand in the notebook itself."
    if info.compress_type not in _PLAIN_METHODS:
        return None, "The file is packed in an unusual way: hand in the notebook itself."
    if info.file_size > MOST_BYTES:
        return None, too_large(info.file_size)
    try:
        with entry.archive.open(info) as file:
            # No more than it claims to have; where it has more, its checksum is wrong.
            return file.read(info.file_size), ""
    except _BROKEN as error:
        return None, f"The file is damaged in the zip file ({error})."


def _beside(path: Path | Entry, name: str) -> bytes | None:
    """The content of another file in the same folder; None where there is none."""
    if isinstance(path, Path):
        return _read_file(path.with_name(name))[0]
    folder, slash, _ = path.info.filename.rpartition("/")
    try:
        return _unpack(Entry(path.archive, path.archive.getinfo(f"{folder}{slash}{name}")))[0]
    except KeyError:
        return None
