"""RESULTS.md: one section for each benchmark, which replaces its own and leaves the others as they are."""

import os
import tempfile
from pathlib import Path

PATH = Path(__file__).parents[1] / "RESULTS.md"
_TITLE = (
    "# Results\n\nWritten by the scripts beside this file, each its own section: change the script, not the text.\n"
)


def replace(name: str, section: str, path: Path = PATH) -> None:
    """Put a section in place of the one of that name; at the end where there is none."""
    text = path.read_text(encoding="utf-8") if path.exists() else _TITLE
    _write(path, _with_section(text, name, section))


def _with_section(text: str, name: str, section: str) -> str:
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    marked = f"{begin}\n{section.strip()}\n{end}"
    if (text.count(begin), text.count(end)) == (0, 0):
        return f"{text.rstrip()}\n\n{marked}\n"
    if (text.count(begin), text.count(end)) != (1, 1) or text.index(begin) > text.index(end):
        raise ValueError(f"the section {name} does not stand between one {begin} and one {end}; mend that by hand")
    return text[: text.index(begin)] + marked + text[text.index(end) + len(end) :]


def _write(path: Path, text: str) -> None:
    """The whole file or nothing: whoever reads it meanwhile sees the old one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)  # mkstemp lets nobody else read it
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
