"""The cell that fetches course_lib: in kernels that do not have it, as on Colab and Kaggle."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile

import nbformat
import pytest
from classes import NOTEBOOK, ROOT, as_bytes, course, stubs
from nbclient import NotebookClient
from typer.testing import CliRunner

from course_lib import cli
from course_lib.grading import anywhere, release
from course_lib.grading.graft import graft

ADDRESS = "https://example.org/rnn/course.git"


@pytest.fixture(scope="module")
def zipped(tmp_path_factory):
    """What `course release` makes."""
    path = tmp_path_factory.mktemp("released") / "course.zip"
    release.release(ROOT, path)
    return path


def said(folder, source=anywhere.SOURCE, **variables):
    """What the cell prints in an interpreter that has nothing but Python's own library."""
    scratch = folder.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", source],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(scratch), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def test_it_is_silent_where_course_lib_is_installed(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", anywhere.SOURCE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == done.stderr == ""


def test_a_kernel_without_course_lib_takes_it_from_the_zip_file_beside_the_notebook(tmp_path, zipped, monkeypatch):
    """A new environment that sees every package of this one except course_lib, which is installed by a .pth file."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    inner = next((tmp_path / "bare").glob("lib/python*/site-packages"))
    inner.joinpath("peers.pth").write_text(sysconfig.get_path("purelib") + "\n")
    kernel = tmp_path / "kernels" / "bare"
    kernel.mkdir(parents=True)
    command = [str(tmp_path / "bare" / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "bare", "language": "python"}
    kernel.joinpath("kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    (work / "course (1).zip").write_bytes(zipped.read_bytes())  # as a browser names the second download
    nb = nbformat.reads(zipfile.ZipFile(zipped).read(f"course/notebooks/{NOTEBOOK}.ipynb").decode(), as_version=4)
    last = next(place for place, cell in enumerate(nb.cells) if cell.id == "rnn_step-check")
    nb.cells = nb.cells[: last + 1]
    NotebookClient(nb, kernel_name="bare", resources={"metadata": {"path": str(work)}}).execute()
    fetch = next(cell for cell in nb.cells if cell.id == anywhere.ID)
    assert fetch is next(cell for cell in nb.cells if cell.cell_type == "code")
    (output,) = fetch.outputs
    assert output.text == (
        f"course_lib is not installed here: this kernel takes it from {(work / 'course (1).zip').resolve()}.\n"
    )
    assert "○ not attempted" in nb.cells[-1].outputs[0].data["text/plain"]


def test_it_says_what_to_upload_and_where(tmp_path):
    assert f"put course.zip into {tmp_path.resolve()}, and run this cell again" in said(tmp_path)
    assert "open Files (the folder at the left edge), drop course.zip" in said(tmp_path, COLAB_RELEASE_TAG="1")
    kaggle = said(tmp_path, anywhere.addressed(anywhere.SOURCE, "/none"), KAGGLE_KERNEL_RUN_TYPE="Interactive")
    assert "Add Input" in kaggle and "Is the internet on" in kaggle


def test_it_finds_an_unpacked_course_and_says_what_the_kernel_lacks(tmp_path, zipped):
    zipfile.ZipFile(zipped).extractall(tmp_path)
    for folder in (tmp_path, tmp_path / "course" / "notebooks"):
        assert said(folder).splitlines() == [
            f"course_lib is not installed here: this kernel takes it from {(tmp_path / 'course').resolve()}.",
            "It needs more. Run:  %pip install numpy matplotlib ipywidgets",
        ]


def test_half_an_upload_and_a_zip_file_of_something_else_are_no_course(tmp_path, zipped):
    (tmp_path / "course.zip").write_bytes(zipped.read_bytes()[:100_000])
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("holiday.txt", "sun")
    told = said(tmp_path)
    assert f"{(tmp_path / 'course.zip').resolve()} is no whole zip file" in told and "run this cell again" in told


def test_of_several_zip_files_it_takes_the_newest(tmp_path, zipped):
    for name, when in (("b.zip", 1_500_000_000), ("course (1).zip", 2_000_000_000), ("course.zip", 1_000_000_000)):
        (tmp_path / name).write_bytes(zipped.read_bytes())
        os.utime(tmp_path / name, (when, when))
    assert f"takes it from {(tmp_path / 'course (1).zip').resolve()}." in said(tmp_path)


def test_it_clones_the_students_repository_and_falls_back_on_the_zip_file(tmp_path, zipped):
    zipfile.ZipFile(zipped).extractall(tmp_path)
    repository, work = tmp_path / "course", tmp_path / "a" / "b"
    work.mkdir(parents=True)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", repository]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "released"]):
        subprocess.run([*git, *arguments], check=True)
    source = anywhere.addressed(anywhere.SOURCE, str(repository))
    assert f"this kernel takes it from {repository}." in said(work, source)
    gone = anywhere.addressed(anywhere.SOURCE, str(tmp_path / "gone"))
    assert "does not exist" in said(work, gone) and "put course.zip into" in said(work, gone)
    (work / "course.zip").write_bytes(zipped.read_bytes())
    assert f"this kernel takes it from {(work / 'course.zip').resolve()}." in said(work, gone)


def test_a_release_writes_the_address_into_every_notebook_and_nothing_else(tmp_path, zipped):
    release.release(ROOT, tmp_path / "course.zip", repository=ADDRESS)
    plain, addressed = zipfile.ZipFile(zipped), zipfile.ZipFile(tmp_path / "course.zip")
    changed = [name for name in plain.namelist() if plain.read(name) != addressed.read(name)]
    assert changed == [name for name in plain.namelist() if name.endswith(".ipynb")]
    for name in changed:
        assert addressed.read(name).decode() == plain.read(name).decode().replace(
            '_REPOSITORY = \\"\\"', f'_REPOSITORY = \\"{ADDRESS}\\"'
        )


def test_the_address_makes_no_extra_cell_of_a_submission():
    nb, released = stubs(), course(NOTEBOOK).released_cells()
    before = graft(as_bytes(nb), NOTEBOOK, released)
    fetch = next(cell for cell in nb.cells if cell.id == anywhere.ID)
    fetch.source = anywhere.addressed(fetch.source, ADDRESS)
    assert ADDRESS in fetch.source and graft(as_bytes(nb), NOTEBOOK, released) == before
    assert not any(part.role == "extra" for part in before.parts)


@pytest.mark.parametrize(
    "address",
    ["git@example.org:a/b", "https://u:p@example.org/a", "https://example.org", "file:///a/b", 'https://a.b/c"', "a b"],
)
def test_what_is_no_address_of_a_repository_is_refused(address):
    with pytest.raises(ValueError, match="is not the address of a repository"):
        anywhere.checked(address)


def test_a_page_about_a_repository_is_refused_by_the_command(tmp_path):
    arguments = ["release", "--out", str(tmp_path / "course.zip"), "--repository", f"{ADDRESS}/tree/main"]
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 2 and "give the address that it is cloned from" in result.output.replace("\n", " ")
    assert not any(tmp_path.iterdir())
