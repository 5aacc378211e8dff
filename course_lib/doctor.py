"""``course doctor``: what works on this machine, what is missing, and the line that mends it."""

import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from course_lib import backend


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Args:
        what: the part.
        found: what was found, and what mends it where it is missing.
        fine: whether it works.
        needed: whether the course cannot be worked through without it.
    """

    what: str
    found: str
    fine: bool
    needed: bool = False


def examine() -> Iterator[Finding]:
    """Look at Python, packages, backend, numba, sandbox and browser."""
    yield Finding("Python", f"{platform.python_version()} (needs 3.11)", sys.version_info >= (3, 11), needed=True)
    yield from _packages()
    yield _backend()
    yield _numba()
    yield _sandbox()
    yield _browser()


def _packages() -> Iterator[Finding]:
    """The packages the course declares, with the versions it needs."""
    try:
        declared = metadata.requires("course-lib") or ()
    except metadata.PackageNotFoundError:
        yield Finding("course-lib", "not installed: pip install -e . in the course's folder", fine=False, needed=True)
        return
    for line in declared:
        match = re.match(r"([\w.-]+)(?:\[[\w,]+\])?>=([\w.]+)$", line)
        if not match:
            continue  # an extra
        name, least = match.groups()
        try:
            have = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding(name, f'not installed: pip install "{name}>={least}"', fine=False, needed=True)
            continue
        fine = _numbers(have) >= _numbers(least)
        mend = "" if fine else f', needs {least}: pip install -U "{name}>={least}"'
        yield Finding(name, have + mend, fine, needed=True)


def _backend() -> Finding:
    try:
        with backend.use_backend("cupy"):
            return Finding("GPU", backend.describe(), fine=True)
    except backend.BackendUnavailable as error:
        text = " ".join(str(error).split())
        return Finding("GPU", f"not used, and not needed. {text}", fine=False)


def _numba() -> Finding:
    if version := backend.numba_version():
        return Finding("numba", f"{version}, compiles the cells' steps", fine=True)
    return Finding("numba", 'not installed: pip install -e ".[fast]" makes recurrent layers faster', fine=False)


def _sandbox() -> Finding:
    from course_lib.grading.sandbox import unavailable

    if problem := unavailable():
        return Finding("sandbox", f"{problem} Only grading needs it.", fine=False)
    return Finding("sandbox", "bubblewrap works", fine=True)


def _browser() -> Finding:
    from course_lib.grading.slides import SlidesError, printing

    try:
        return Finding("browser", printing.browser(), fine=True)
    except SlidesError as error:
        return Finding("browser", f"{error}. Only `course slides --pdf` and the browser tests need it.", fine=False)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
