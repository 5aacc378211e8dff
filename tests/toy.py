"""A course of one small made-up notebook, for tests of what reads, proves and builds one.

with toy.installed(tmp_path):               # this process knows the notebook 99_toy and no other
    course = toy.course(key=toy.KEY + "…")

toy.write(folder)                           # a copy of the repository that has only this notebook
copies.run(folder, "build")
"""

import contextlib
import importlib.util
import sys
from unittest import mock

import copies

from course_lib import exercises
from course_lib.grading.course import Texts, load

NOTEBOOK = "99_toy"

EXERCISES = '''"""Notebook 99, doubling."""

from course_lib.exercises import Exercise, Test


def _colour(answers, case):
    return {"colour": answers["colour"]}


NOTEBOOK = "99_toy"
EXERCISES = (
    Exercise(
        id="double",
        title="Double",
        names=("double",),
        section="Doubling",
        tests=(Test("values", 1.0, "2x"), Test("float32", 0.5, "float32 stays float32", dtype=True)),
        hints=("Twice.", "2 * x"),
    ),
    Exercise(
        id="quiz",
        title="Quiz",
        names=("quiz",),
        section="Doubling",
        tests=(Test("colour", 0.5, "a colour", probe=_colour, secret=True),),
        hints=("Look up.",),
    ),
)
'''

SOURCE = r"""# %% [markdown]
# # Toy
#
# To double is easy:
#
# $$y = 2x \label{twice}$$
#
# Nothing more than \eqref{twice} is needed.

# %% tags=["setup"]
import numpy as np

from course_lib.checking import check, earned, hint, progress

# %% [markdown] sources=["S1"]
# ## Doubling

# %% tags=["answer"] exercise="double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% tags=["check"] exercise="double" sources=["S1"]
check(double)
### BEGIN HIDDEN TESTS
earned(double)
### END HIDDEN TESTS

# %% tags=["answer"] exercise="quiz"
quiz = {"colour": None}
### BEGIN SOLUTION
quiz = {"colour": "blue"}
### END SOLUTION

# %% tags=["check"] exercise="quiz"
check(quiz)
### BEGIN HIDDEN TESTS
earned(quiz)
### END HIDDEN TESTS

# %% [markdown]
# ## The end

# %% tags=["demo", "volatile"]
import time

print("now", time.time_ns())

# %% tags=["demo"]
from IPython.display import Image

print("a picture")
Image(b"\x89PNG\r\n\x1a\n", format="png")
"""

KEY = '''"""Key of notebook 99."""

import numpy as np

from course_lib.grading.keys import alternative, cases, hide, mistake, show, wrong_option


@cases("double")
def _(rng):
    yield show("values", x=rng.normal(size=(2, 3)))
    yield hide("values", x=rng.normal(size=(1, 4)))
    yield show("float32", x=rng.normal(size=3).astype("float32"))


@mistake("double", "this is x squared.", fails=["values", "float32"])
def double(x):
    return x * x


@mistake("double", "float32 gives float64.", fails=["float32"])
def double(x):
    return np.zeros(x.shape) + 2 * x


@alternative("double", "by addition")
def double(x):
    return x + x


@cases("quiz")
def _(rng):
    yield show("colour")


wrong_option("quiz", "colour", "red", "red is not blue.")
'''

ITEMS = "id,document,says,erratum,notebooks\nS1,A,doubling,,99\nS2,A,a|b,E1,98\n"


@contextlib.contextmanager
def installed(folder, text=EXERCISES):
    """Make 99_toy the only notebook that this process knows."""
    name, path = "course_lib.exercises.toy", folder / "toy.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with mock.patch.dict(sys.modules, {name: module}), mock.patch.object(exercises, "_MODULES", {NOTEBOOK: "toy"}):
        exercises.of_notebook.cache_clear()
        try:
            yield
        finally:
            exercises.of_notebook.cache_clear()


def texts(source=SOURCE, key=KEY):
    return Texts(NOTEBOOK, source, key)


def course(source=SOURCE, key=KEY):
    return load(texts(source, key))


def write(folder):
    """A copy of the repository with 99_toy as its only notebook, not built yet."""
    copies.make(folder, ["course_lib"])
    for path in (folder / "course_lib" / "practice").glob("[0-9]*"):
        path.unlink()
    files = {
        "course_lib/exercises/toy.py": EXERCISES,
        f"solutions/{NOTEBOOK}.py": SOURCE,
        f"solutions/keys/{NOTEBOOK}.py": KEY,
        "solutions/sources.csv": ITEMS,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "notebooks").mkdir()
    path = folder / "course_lib" / "exercises" / "__init__.py"
    code = path.read_text(encoding="utf-8")
    path.write_text(f'{code}\n\n_MODULES = {{"{NOTEBOOK}": "toy"}}\n', encoding="utf-8")
    return folder
