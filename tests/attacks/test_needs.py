"""What of course_lib is in the kernel of a notebook whose answers are built from parts of it."""

import textwrap

import pytest
from attacking import graded
from classes import answer_cell, stubs

from course_lib import exercises

pytestmark = pytest.mark.usefixtures("bubblewrap")

LOOK = """
    import importlib, os
    told = []
    for name in ("backend", "init", "cells", "cells.lstm", "optim", "training", "functions", "tasks", "text", "data",
                 "long_memory", "interop", "runs", "practice", "grading", "grading.course", "plots"):
        try:
            importlib.import_module("course_lib." + name)
            told.append(name)
        except ImportError:
            pass
    raise AssertionError(" ".join(["told", *told, os.environ["COURSE_LIB_KERNELS"], "end"]))
"""


def told(notebook, exercise):
    nb = stubs(notebook)
    answer_cell(nb, exercise).source = f"def {exercise}(*args):\n{textwrap.indent(textwrap.dedent(LOOK), '    ')}"
    messages = [t["message"] for t in graded(nb, notebook=notebook)["tests"] if t["exercise"] == exercise]
    return messages[0].split("told ")[1].split(" end")[0].split()


def test_a_notebook_has_the_parts_that_it_needs_and_no_others():
    assert exercises.needs("07_long_memory") == ("functions", "init", "cells", "optim", "training")
    parts = ["backend", "init", "cells", "cells.lstm", "optim", "training", "functions"]
    assert told("07_long_memory", "copy_memory") == [*parts, "plain"]


def test_where_nothing_is_needed_nothing_is_there():
    assert exercises.needs("06_language_model") == ()
    assert told("06_language_model", "batchify") == ["backend", "plain"]
