"""docs/adding-an-exercise.md, followed word by word: what it says to write is built, handed in and graded."""

import re

import copies
import nbformat
import pytest

RECIPE = (copies.ROOT / "docs" / "adding-an-exercise.md").read_text(encoding="utf-8")
NOTEBOOK = "01_unrolling"
# Where the text says that a file's block goes: in front of this.
PLACES = {
    f"solutions/{NOTEBOOK}.py": "# %% [markdown]\n# ## Where you are\n",
    "course_lib/exercises/unrolling.py": ")\n",
    f"solutions/keys/{NOTEBOOK}.py": "",
}


def blocks():
    """The recipe's blocks by the file that each goes into."""
    return dict(re.findall(r"^```python (\S+)\n(.*?)^```$", RECIPE, re.MULTILINE | re.DOTALL))


def follow(folder, left_out=""):
    """A copy of the course with the recipe's exercise in it."""
    copies.make(folder, ("course_lib", "solutions", "notebooks"))
    for name, block in blocks().items():
        if name != left_out:
            path, place = folder / name, PLACES[name]
            before, found, after = path.read_text(encoding="utf-8").rpartition(place) if place else ("", "", "")
            text = before + block + found + after if place else path.read_text(encoding="utf-8") + block
            path.write_text(text, encoding="utf-8")
    return folder


def test_it_has_a_block_for_each_of_the_places():
    assert blocks().keys() == PLACES.keys()


def test_the_exercise_is_built_and_its_mistakes_are_told(tmp_path):
    course = follow(tmp_path)
    built = copies.run(course, "build", NOTEBOOK)
    assert built.returncode == 0, built.stderr
    answer = next(c for c in notebook(course / "notebooks").cells if c.source.startswith("def leaky_step"))
    assert "NotImplementedError" in answer.source and "alpha * new" not in answer.source

    submission = tmp_path / f"{NOTEBOOK}.ipynb"
    nb = notebook(course / "solutions")
    answer = next(c for c in nb.cells if c.source.startswith("def leaky_step"))
    for before, after, said in (
        ("(1 - alpha) * h_prev + alpha * new", "h_prev + alpha * new", "the whole old state is added"),
        ("h_prev + alpha * new", "h_prev * (1 - alpha) + new * alpha", "11 of 11"),
    ):
        assert before in answer.source
        answer.source = answer.source.replace(before, after)
        nbformat.write(nb, submission)
        checked = copies.run(course, "check", str(submission))
        assert said in " ".join(checked.stdout.split()), checked.stdout + checked.stderr


@pytest.mark.parametrize("left_out", PLACES)
def test_a_step_left_out_is_named(tmp_path, left_out):
    refused = copies.run(follow(tmp_path, left_out), "build", NOTEBOOK)
    assert refused.returncode == 2 and "leaky_step" in refused.stderr


def notebook(folder):
    return nbformat.read(folder / f"{NOTEBOOK}.ipynb", as_version=4)
