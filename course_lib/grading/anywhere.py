"""The cell that fetches course_lib where it is not installed: Colab, Kaggle, a kernel of another environment.

The build puts it before the first code cell of every notebook. It needs no pip: course_lib is plain Python, so a
folder that holds it is put on the path, cloned from the students' repository, found unpacked, or out of the zip file
of `course release`. Where course_lib can be imported the cell does nothing and says nothing.
"""

import re

ID = "anywhere"
METADATA = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # folded in JupyterLab, a form in Colab

_ADDRESS = re.compile(r"https?://[a-z0-9.-]+(:\d+)?(/[\w.~+-]+)+/?", re.ASCII | re.IGNORECASE)
_PAGE = re.compile(r"/(tree|blob|raw|archive)/")  # of a platform, about one folder or file of a repository
_LINE = re.compile(r'^_REPOSITORY = ".*?"', re.MULTILINE)

SOURCE = """# @title Fetches course_lib where it is not installed, as on Colab and Kaggle
import importlib.util

_REPOSITORY = ""


def _fetch_course():
    import os, subprocess, sys, tempfile, zipfile
    from pathlib import Path

    inside, folder, origin, said = "course_lib/__init__.py", Path(tempfile.mkdtemp(prefix="course-")), None, []
    here, colab, kaggle = Path().resolve(), Path("/content"), Path("/kaggle/input")

    def found():
        near = (here.parent.glob(inside), here.glob("*/" + inside), colab.glob("*/" + inside), kaggle.rglob(inside))
        return next((str(init.parents[1]) for some in (folder.rglob(inside), *near) for init in some), None)

    if _REPOSITORY:
        clone = ["git", "clone", "--quiet", "--depth=1", _REPOSITORY, str(folder)]
        quiet = {"env": {**os.environ, "GIT_TERMINAL_PROMPT": "0"}, "stdin": subprocess.DEVNULL, "capture_output": True}
        try:
            said.append(subprocess.run(clone, **quiet).stderr.decode(errors="replace").strip())
        except OSError as error:
            said.append(f"git cannot be run: {error}")
        origin = _REPOSITORY if any(folder.rglob(inside)) else None
    if not found():
        zipped = {*here.glob("*.zip"), *colab.glob("*.zip"), *kaggle.rglob("*.zip")}
        for path in sorted(zipped, key=lambda path: path.stat().st_mtime, reverse=True):
            try:
                with zipfile.ZipFile(path) as archive:
                    if any(name.endswith(inside) for name in archive.namelist()):
                        archive.extractall(folder)
                        origin = path
                        break
            except zipfile.BadZipFile:
                said.append(f"{path} is no whole zip file: upload it once more, and wait until it is there.")
    if place := found():
        sys.path.append(place)
        print(f"course_lib is not installed here: this kernel takes it from {origin or place}.")
        parts = [part for part in ("numpy", "matplotlib", "ipywidgets") if not importlib.util.find_spec(part)]
        if parts:
            print("It needs more. Run:  %pip install", *parts)
        return
    way = f"put course.zip into {here}"
    if "KAGGLE_KERNEL_RUN_TYPE" in os.environ:
        said += ["Is the internet on, in this notebook's Settings?"] if _REPOSITORY else []
        way = "choose Add Input, Upload, New Dataset and give it course.zip"
    elif "COLAB_RELEASE_TAG" in os.environ:
        way = "open Files (the folder at the left edge), drop course.zip there, wait until it is uploaded"
    said.append(f"course_lib is not here. Get course.zip from your lecturer, {way}, and run this cell again.")
    print(*filter(None, said), sep="\\n")


if importlib.util.find_spec("course_lib") is None:
    _fetch_course()"""


def addressed(source: str, address: str) -> str:
    """A cell's source with this address of the students' repository in it; other cells stay as they are."""
    return _LINE.sub(lambda line: f'_REPOSITORY = "{address}"', source)


def checked(address: str) -> str:
    """The address, if a notebook can clone a repository from it.

    Raises:
        ValueError: if it is not one; the message is a sentence.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError(
            f"{address!r} is not the address of a repository: it looks like https://host/owner/name, without a user "
            "name, a password or anything behind it"
        )
    if _PAGE.search(address):
        raise ValueError(f"{address!r} is a page about a repository: give the address that it is cloned from")
    return address
