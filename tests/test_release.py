"""What students get: everything they need, and no answer."""

import io
import json
import re
import subprocess
import sys
import zipfile

import pytest
from classes import NOTEBOOK, ROOT, as_bytes, solved

from course_lib.grading import release

SOURCES = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))
TRIVIAL = 25  # a shorter line, such as `return h`, can stand anywhere
LIBRARY = ("course/course_lib/functions.py", "course/course_lib/cells/")  # given on purpose; not there while grading


def released(folder, last=""):
    release.release(ROOT, folder / "course.zip", last)
    return zipfile.ZipFile(folder / "course.zip")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return released(tmp_path_factory.mktemp("release"))


def answer_lines(text):
    """The lines of all solution regions."""
    regions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", text, re.DOTALL)
    return {line.strip() for region in regions for line in region.splitlines()}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_answer_is_given_away(source, tmp_path):
    archive = released(tmp_path, last=source.stem)  # a later notebook may begin with what this one asks for
    text = source.read_text(encoding="utf-8")
    taught = re.sub(r"### BEGIN SOLUTION\n.*?### END SOLUTION", "", text, flags=re.DOTALL)
    secret = {line for line in answer_lines(text) if len(line) > TRIVIAL and line not in taught}
    assert len(secret) > 5
    given = {name: _text(archive, name) for name in archive.namelist() if not name.startswith(LIBRARY)}
    assert {(name, line) for name, content in given.items() for line in secret if line in content} == set()


def test_the_answers_of_the_quiz_are_not_given_away(archive):
    practice = json.loads(archive.read(f"course/course_lib/practice/{NOTEBOOK}.json"))
    quiz = [sheet for sheet in practice["sheets"] if sheet["exercise"] == "answers01"]
    assert quiz and all(set(item) == {"hash"} for sheet in quiz for item in sheet["expected"])


def test_only_what_students_need_is_in_it(archive):
    names = [name.removeprefix("course/") for name in archive.namelist()]
    tops = {name.split("/")[0] for name in names}
    needed = {".gitignore", "README.md", "LICENSE", "Makefile", "environment.yml", "environment-gpu.yml"}
    assert tops == needed | {"pyproject.toml", "course_lib", "notebooks"}
    assert f"notebooks/{NOTEBOOK}.ipynb" in names
    assert f"course_lib/practice/{NOTEBOOK}.npz" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_make_offers_only_what_works_there(archive, tmp_path):
    archive.extractall(tmp_path)
    said = subprocess.run(["make", "help"], cwd=tmp_path / "course", capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^make (\w+)", said, re.MULTILINE) == ["lab"]
    refused = subprocess.run(["make", "test"], cwd=tmp_path / "course", capture_output=True, text=True)
    assert refused.returncode == 2 and "No rule to make target 'test'" in refused.stderr


def test_later_notebooks_can_be_kept_back(tmp_path):
    topics = [source.stem for source in SOURCES]
    for given, last in enumerate(topics, start=1):
        names = released(tmp_path, last).namelist()
        for kind, ends in (("notebooks", (".ipynb",)), ("course_lib/practice", (".json", ".npz"))):
            files = [name.removeprefix(f"course/{kind}/") for name in names if name.startswith(f"course/{kind}/")]
            assert [file for file in files if file.endswith(ends)] == [
                f"{topic}{end}" for topic in topics[:given] for end in ends
            ]
        assert "course/course_lib/practice/__init__.py" in names


def test_the_same_files_give_the_same_bytes(tmp_path):
    first, second = (tmp_path / name for name in ("one.zip", "two.zip"))
    assert release.release(ROOT, first) == release.release(ROOT, second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("git", [True, False], ids=["git there", "no git"])
def test_what_lies_around_is_not_given_away(tmp_path, monkeypatch, git):
    """Outside a repository nobody says which files belong to the course."""
    given = ["docs/students.md", "pyproject.toml", "notebooks/01_a.ipynb", "course_lib/grading/templates/a.j2"]
    kept = [
        "README.md",
        "solutions/01_a.py",
        "tests/x.py",
        "graded/secret",
        "roster.csv",
        "notes.txt",
        "course_lib/__pycache__/a.pyc",
    ]
    for name in given + kept:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    if not git:
        monkeypatch.setenv("PATH", str(tmp_path))
    assert release.release(tmp_path, tmp_path / "course.zip") == sorted(given)


def test_students_find_their_own_page_as_readme(archive):
    assert archive.read("course/README.md").decode() == (ROOT / "docs" / "students.md").read_text(encoding="utf-8")


def test_an_unpacked_course_checks_and_marks(archive, tmp_path, bubblewrap):
    archive.extractall(tmp_path)
    course = tmp_path / "course"
    right = course / "notebooks" / f"ada_{NOTEBOOK}.ipynb"
    right.write_bytes(as_bytes(solved()))
    shares = []
    for path in (course / "notebooks" / f"{NOTEBOOK}.ipynb", right):
        said = _run(course, "-m", "course_lib", "check", str(path))
        earned, most = re.search(r"([\d.]+) of ([\d.]+) points on the visible cases", said).groups()
        shares.append(float(earned) / float(most))
    assert shares == [0, 1]
    code = "import course_lib; print(course_lib.__file__); from course_lib.checking import check, hint\n"
    code += "def rnn_step(x_t, h_prev, U, W, b): raise NotImplementedError()\ncheck(rnn_step); hint(rnn_step)"
    said = _run(course, "-c", code)
    assert str(course / "course_lib" / "__init__.py") in said
    assert "not attempted" in said and "Hint 1 of" in said


def test_an_unpacked_course_says_what_only_the_instructor_has(archive, tmp_path):
    archive.extractall(tmp_path)
    done = _start(tmp_path / "course", "-m", "course_lib", "demo")
    assert done.returncode == 2 and "only the instructor's copy of the course has" in done.stderr


def _text(archive, name):
    content = archive.read(name)
    if name.endswith(".npz"):
        with zipfile.ZipFile(io.BytesIO(content)) as inner:
            content = b"".join(map(inner.read, inner.namelist()))
    if name.endswith(".ipynb"):
        return "\n".join("".join(cell["source"]) for cell in json.loads(content)["cells"])
    return content.decode("utf-8", "replace")


def _start(course, *arguments):
    # Isolated from this environment's own course_lib by where it is looked for first.
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=course,
        env={"PYTHONPATH": str(course), "PATH": "/usr/local/bin:/usr/bin:/bin", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def _run(course, *arguments):
    done = _start(course, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
