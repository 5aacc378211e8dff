import base64
import re
import time

import copies
import nbformat
import pytest
import toy

from course_lib import exercises
from course_lib.grading import build as building
from course_lib.grading.build import Layout

TOPICS = exercises.notebooks()
REAL = TOPICS[0]
SOURCE, KEY = f"solutions/{toy.NOTEBOOK}.py", f"solutions/keys/{toy.NOTEBOOK}.py"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nof another release").decode()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The toy course, built once; tests leave it as they found it."""
    folder = toy.write(tmp_path_factory.mktemp("toy"))
    build(folder)
    return folder


@pytest.fixture
def restored(made):
    """The toy course, put back after the test."""
    kept = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    yield made
    for path in made.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()
    for path, data in kept.items():
        path.write_bytes(data)


def notebook(folder, where, name=toy.NOTEBOOK):
    return nbformat.read(folder / where / f"{name}.ipynb", as_version=4)


def cell(nb, cell_id):
    return next(cell for cell in nb.cells if cell.id == cell_id)


def check(folder, **options):
    done = copies.run(folder, "build", "--check", **options)
    return done.returncode, done.stdout + done.stderr


def build(folder, *only):
    done = copies.run(folder, "build", *only)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ------------------------------------------------------------------------------------------- the real notebook


@pytest.fixture(scope="module")
def course_copy(tmp_path_factory):
    """A copy of the course, built: as it is stored where that is not stale."""
    folder = copies.make(tmp_path_factory.mktemp("course"))
    if check(folder)[0]:
        build(folder)
    return folder


def test_building_twice_changes_nothing(course_copy):
    before = copies.built(course_copy)
    assert "written" not in build(course_copy, REAL)  # .ci/run does it with all
    assert copies.built(course_copy) == before


def test_the_check_agrees_with_the_build_and_takes_seconds(course_copy):
    started = time.monotonic()
    code, said = check(course_copy)
    assert (code, said.strip()) == (0, "everything agrees with solutions/")
    assert time.monotonic() - started < 60  # a build takes minutes


def test_formulas_are_numbered_in_both_notebooks(made):
    for folder in ("solutions", "notebooks"):
        text = notebook(made, folder).cells[0].source
        assert "$$y = 2x \\tag{99.1}$$" in text and "[(99.1)](#cell-id=toy-01)" in text


def test_students_get_no_marker_of_a_solution(course_copy):
    for path in [*course_copy.glob("notebooks/*.ipynb"), *course_copy.glob("course_lib/practice/*.json")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search("SOLUTION|HIDDEN|earned\\(", text), path.name


@pytest.mark.parametrize("topic", TOPICS)
def test_the_lecture_notebook_is_executed_and_the_students_is_not(course_copy, topic):
    solution, student = notebook(course_copy, "solutions", topic), notebook(course_copy, "notebooks", topic)
    counts = [c.execution_count for c in solution.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert not any(o.output_type == "error" for c in solution.cells for o in c.get("outputs", []))
    checks = [c for c in solution.cells if c.metadata.get("course", {}).get("role") == "check"]
    assert checks and all(len(c.outputs) == 2 and "✗" not in c.outputs[0].data["text/plain"] for c in checks)
    assert all(not c.outputs and c.execution_count is None for c in student.cells if c.cell_type == "code")
    nbformat.validate(solution)
    nbformat.validate(student)


# ------------------------------------------------------------------------------------------- what is stale

CHANGES = {
    "an answer": (SOURCE, "return 2 * x", "return x + x", ["solutions/99", "practice/99"]),
    "a text": (SOURCE, "is easy", "is not hard", ["solutions/99", "notebooks/99", "cell toy-01"]),
    "sources of a cell": (
        SOURCE,
        'exercise="double" sources=["S1"]',
        'exercise="double"',
        ["SOURCES.md", "metadata of cell double-check"],
    ),
    "the key": (KEY, "x squared.", "x².", ["practice/99_toy.json"]),
    "the exercises": ("course_lib/exercises/toy.py", '"2 * x"', '"x + x"', ["practice/99_toy.json"]),
    "a student notebook": (f"notebooks/{toy.NOTEBOOK}.ipynb", "is easy", "is hard", ["notebooks/99", "cell toy-01"]),
    "a lecture notebook": (f"solutions/{toy.NOTEBOOK}.ipynb", "is easy", "is hard", ["solutions/99", "cell toy-01"]),
    "the order it ran in": (
        f"solutions/{toy.NOTEBOOK}.ipynb",
        '"execution_count": 1,',
        '"execution_count": 7,',
        ["solutions/99_toy.ipynb: not executed from top to bottom"],
    ),
    "a merge": (f"notebooks/{toy.NOTEBOOK}.ipynb", '{\n "cells"', '<<<<<<<\n{\n "cells"', ["not a notebook"]),
    "the figures": ("course_lib/plots/style.py", '"""', '"""A figure: ', ["(plots, functions.py, …) changed"]),
    "SOURCES.md": ("solutions/SOURCES.md", "| S1 | A |", "| S1 | B |", ["solutions/SOURCES.md"]),
    "sources.csv": ("solutions/sources.csv", "doubling", "twice", ["solutions/SOURCES.md"]),
    "practice json": (
        "course_lib/practice/99_toy.json",
        "is x squared",
        "is x cubed",
        ["99_toy.json, or one was edited"],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_check_names_what_is_stale(restored, what):
    name, old, new, named = CHANGES[what]
    path = restored / name
    text = path.read_bytes().decode()
    path.write_bytes(text.replace(old, new, 1).encode())
    assert path.read_bytes().decode() != text
    code, said = check(restored)
    assert code == 1
    for words in named:
        assert words in said


def test_the_check_names_practice_data_of_another_build(restored):
    path = restored / "course_lib" / "practice" / f"{toy.NOTEBOOK}.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    code, said = check(restored)
    assert code == 1 and "99_toy.npz does not belong to 99_toy.json" in said


def test_the_check_names_what_is_missing_and_what_has_no_source(restored):
    (restored / "notebooks" / "99_toy.ipynb").rename(restored / "notebooks" / "98_old.ipynb")
    (restored / "solutions" / "99_toy.ipynb").unlink()
    code, said = check(restored)
    assert code == 1
    assert "solutions/99_toy.ipynb: missing" in said and "notebooks/99_toy.ipynb: missing" in said
    assert "notebooks/98_old.ipynb: there is no solutions/98_old.py" in said


def test_the_check_says_the_same_from_another_folder(made):
    assert check(made, cwd=made / "solutions" / "keys") == check(made)
    assert check(made)[0] == 0


def test_the_check_says_the_same_with_the_line_ends_of_windows(restored):
    for path in restored.rglob("*"):
        if path.suffix in {".py", ".md", ".csv", ".ipynb", ".json"} and b"\r" not in path.read_bytes():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert check(restored)[0] == 0
    copies.replace(restored / "solutions" / "99_toy.py", "is easy", "is not hard")
    assert check(restored)[0] == 1


def test_the_check_executes_no_notebook(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a notebook was executed")

    monkeypatch.setattr(building, "NotebookClient", refuse)
    monkeypatch.setattr("subprocess.Popen.__init__", refuse)
    list(building.stale(Layout(copies.ROOT)))


# -------------------------------------------------------------------------------------- what a build may keep


def store(folder, nb):
    (folder / "solutions" / f"{toy.NOTEBOOK}.ipynb").write_text(nbformat.writes(nb) + "\n", encoding="utf-8")


def test_what_depends_on_the_clock_is_kept_and_pictures_are_while_the_words_are_the_same(restored):
    before = notebook(restored, "solutions")
    cell(before, "the-end-03").outputs[-1].data["image/png"] = PNG
    store(restored, before)
    # A cell before them shifts the numbers of all others.
    copies.replace(
        restored / "solutions" / "99_toy.py", "# ## The end\n", '# ## The end\n\n# %% tags=["setup"]\nmore = 1\n'
    )
    build(restored)
    after = notebook(restored, "solutions")
    # Ids count within a section, so the source decides; the number in the output is that of its cell.
    clock, picture = (next(c for c in after.cells if words in c.source) for words in ("time_ns", "a picture"))
    assert [c.execution_count for c in after.cells if c.cell_type == "code"] == list(range(1, 10))
    assert picture.outputs[-1].execution_count == picture.execution_count
    assert clock.outputs[0].text.startswith("now ")


def test_a_volatile_output_stays_until_its_source_changes(restored):
    def shown():
        return cell(notebook(restored, "solutions"), "the-end-02").outputs[0].text

    first = shown()
    copies.replace(restored / "solutions" / "99_toy.py", "is easy", "is not hard")
    build(restored)
    assert shown() == first
    copies.replace(restored / "solutions" / "99_toy.py", '"now"', '"now:"')
    build(restored)
    assert shown() != first


def test_a_picture_stays_while_only_its_pixels_would_change(restored):
    def stored(text):
        nb = notebook(restored, "solutions")
        picture = cell(nb, "the-end-03")
        picture.outputs[0].text = text
        picture.outputs[-1].data["image/png"] = PNG
        store(restored, nb)
        build(restored)
        return cell(notebook(restored, "solutions"), "the-end-03").outputs[-1].data["image/png"].strip() == PNG

    assert stored("a picture\n")
    assert not stored("another text\n")
    # Other numbers can be drawn with the same words.
    copies.replace(restored / "solutions" / "99_toy.py", "return 2 * x", "return x * 2")
    assert not stored("a picture\n")


def test_a_broken_lecture_notebook_is_made_anew(restored):
    good = (restored / "solutions" / "99_toy.ipynb").read_bytes()
    (restored / "solutions" / "99_toy.ipynb").write_bytes(b"<<<<<<< HEAD\n" + good)
    build(restored)
    assert check(restored)[0] == 0


CHECK = 'exercise="double" sources=["S1"]'
BROKEN = {
    "source": (SOURCE, "### END SOLUTION\n\n# %%", "\n# %%", "cell 4 (def double(x):), exercise double"),
    "key": (KEY, "return x * x", "return x + x", "exercise double, mistake 'this is x"),
    "exercises": ("course_lib/exercises/toy.py", 'Test("float32"', 'Test("other"', "exercise double"),
    "a demo that raises": (SOURCE, 'print("a picture")', "1 / 0", "cell the-end-03: ZeroDivisionError"),
    "an unknown item": (
        SOURCE,
        CHECK,
        CHECK.replace("S1", "S9"),
        "cell double-check: sources.csv has no item S9",
    ),
    "an unknown label": (
        SOURCE,
        "eqref{twice}",
        "eqref{thrice}",
        "cell toy-01: no formula of the course has the label",
    ),
    "a missing item": (SOURCE, '[markdown] sources=["S1"]', "[markdown]", "99_toy: no cell teaches S1"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_nothing_is_written_where_something_has_to_be_mended(restored, what):
    name, old, new, named = BROKEN[what]
    copies.replace(restored / "solutions" / "99_toy.py", "is easy", "is not hard")  # there would be something to write
    path = restored / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    before = copies.built(restored)
    done = copies.run(restored, "build")
    assert done.returncode == 2 and "99_toy" in done.stderr and named in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: 99_toy")
    assert copies.built(restored) == before


def test_a_missing_key_is_named(restored):
    (restored / "solutions" / "keys" / "99_toy.py").unlink()
    for arguments in (["build"], ["build", "--check"]):
        done = copies.run(restored, *arguments)
        assert done.returncode == 2 and "solutions/keys/99_toy.py is missing" in done.stderr


def test_a_source_that_no_exercises_belong_to_is_named(restored):
    (restored / "solutions" / "98_new.py").write_text(toy.SOURCE)
    (restored / "solutions" / "keys" / "98_new.py").write_text(toy.KEY)
    done = copies.run(restored, "build")
    assert done.returncode == 2 and "98_new: course_lib/exercises/__init__.py has no line for it" in done.stderr


# ---------------------------------------------------------------------------------------------- one notebook


def test_one_notebook_is_built_alone_and_sources_md_waits_for_all(restored):
    for kind, start in (("", "# Twice"), ("keys/", '"""Twice"""')):
        path = restored / "solutions" / kind / "98_half.py"
        path.write_text(f"{start}\n")  # begun, and far from finished
    path = restored / SOURCE
    path.write_text(path.read_text().replace("To double is easy", "Doubling is easy"))
    written = build(restored, toy.NOTEBOOK)
    assert f"written: notebooks/{toy.NOTEBOOK}.ipynb" in written and "SOURCES" not in written
    assert "Doubling is easy" in notebook(restored, "notebooks").cells[0].source


def test_a_notebook_that_has_no_source_is_named(restored):
    done = copies.run(restored, "build", "55_other")
    assert done.returncode == 2 and "there is no solutions/55_other.py; there are 99_toy" in done.stderr
