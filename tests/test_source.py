import nbformat
import pytest
import toy

from course_lib.grading import source
from course_lib.grading.source import SourceError

ANSWER = """# %% tags=["answer"] exercise="double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
"""
CHECK = """check(double)
### BEGIN HIDDEN TESTS
earned(double)
### END HIDDEN TESTS
"""


@pytest.fixture(autouse=True)
def notebook(tmp_path):
    with toy.installed(tmp_path):
        yield


def read(text=toy.SOURCE):
    return source.read(text, toy.NOTEBOOK)


def by_id(nb, cell_id):
    return next(cell for cell in nb.cells if cell.id == cell_id)


def with_demo(text, header='tags=["demo"]'):
    return f"{toy.SOURCE}\n# %% {header}\n{text}\n"


FAULTS = {
    "no role": (with_demo("x = 1", ""), ["cell 11", "x = 1", "one role"]),
    "two roles": (with_demo("x = 1", 'tags=["demo", "setup"]'), ["cell 11", "one role"]),
    "role not first": (with_demo("x = 1", 'tags=["volatile", "demo"]'), ["cell 11", "first tag"]),
    "library in setup": (
        with_demo("from course_lib import backend, plots", 'tags=["setup"]'),
        ["cell 11", "no course_lib.plots", "demo cell"],
    ),
    "cells in setup": (with_demo("import course_lib.cells.rnn", 'tags=["setup"]'), ["no course_lib.cells"]),
    "unknown tag": (with_demo("x = 1", 'tags=["demo", "slow"]'), ["cell 11", "slow"]),
    "answer without exercise": (with_demo("x = 1", 'tags=["answer"]'), ["cell 11", "exercise="]),
    "demo with exercise": (with_demo("x = 1", 'tags=["demo"] exercise="double"'), ["cell 11", "exercise="]),
    "unknown exercise": (with_demo("x = 1", 'tags=["answer"] exercise="triple"'), ["cell 11", "'triple'"]),
    "two answers": (f"{toy.SOURCE}\n{ANSWER}", ["cell 11", "exercise double", "two answer cells"]),
    "no answer": (toy.SOURCE.replace(ANSWER, ""), ["exercise double", "no answer cell"]),
    "no check": (
        toy.SOURCE.replace(f'# %% tags=["check"] exercise="double" sources=["S1"]\n{CHECK}', ""),
        ["exercise double", "no check cell"],
    ),
    "no solution": (
        toy.SOURCE.replace("    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", "    return 2 * x"),
        ["exercise double", "no SOLUTION region"],
    ),
    "begin without end": (
        toy.SOURCE.replace("    return 2 * x\n    ### END SOLUTION", "    return 2 * x"),
        ["cell 4", "def double(x):", "exercise double", "BEGIN SOLUTION without its END"],
    ),
    "end without begin": (
        toy.SOURCE.replace("    ### BEGIN SOLUTION\n    return 2 * x", "    return 2 * x"),
        ["cell 4", "exercise double", "line 3", "END SOLUTION without its BEGIN"],
    ),
    "one in the other": (
        toy.SOURCE.replace("    return 2 * x", "    ### BEGIN HIDDEN TESTS\n    return 2 * x"),
        ["cell 4", "exercise double", "line 3", "HIDDEN TESTS begins inside SOLUTION"],
    ),
    "crossed": (
        toy.SOURCE.replace("    return 2 * x\n    ### END SOLUTION", "    return 2 * x\n    ### END HIDDEN TESTS"),
        ["cell 4", "exercise double", "line 4", "END HIDDEN TESTS without its BEGIN"],
    ),
    "unknown marker": (
        toy.SOURCE.replace("### BEGIN SOLUTION\n    return", "### BEGIN ANSWER\n    return"),
        ["cell 4", "exercise double", "line 2", "unknown marker"],
    ),
    "misspelt marker": (with_demo("###BEGIN SOLUTION\nx = 1\n# end solution"), ["cell 11", "line 1", "###BEGIN"]),
    "marker in text": (with_demo("# ### BEGIN SOLUTION", "[markdown]"), ["cell 11", "without its END"]),
    "check cell without earned": (
        toy.SOURCE.replace(CHECK, "check(double)\n"),
        ["cell 5", "exercise double", "a check cell reads"],
    ),
    "check of another": (
        toy.SOURCE.replace(CHECK, CHECK.replace("double", "quiz")),
        ["cell 5", "exercise double", "a check cell reads"],
    ),
    "unknown slide": (with_demo("x = 1", 'tags=["demo"] slide="page"'), ["cell 11", "slide='page'", "fragment"]),
    "sources without assert": (with_demo("x = 1", 'tags=["demo"] sources=["S1"]'), ["cell 11", "no assert"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_source_names_notebook_cell_and_exercise(fault):
    text, named = FAULTS[fault]
    with pytest.raises(SourceError) as error:
        read(text)
    message = str(error.value)
    assert message.startswith(toy.NOTEBOOK)
    for words in named:
        assert words in message


def test_a_notebook_that_exercises_do_not_know_is_named():
    with pytest.raises(SourceError, match=r"98_other: course_lib/exercises/__init__\.py has no line"):
        source.read(toy.SOURCE, "98_other")


def test_cells_have_ids_that_say_where_they_are_and_stay_when_others_come():
    ids = [cell.id for cell in read()]
    assert ids == [
        *("toy-01", "anywhere", "toy-02", "doubling-01", "double-answer", "double-check", "quiz-answer", "quiz-check"),
        *("the-end-01", "the-end-02", "the-end-03"),
    ]
    more = toy.SOURCE.replace("# ## Doubling\n", '# ## Doubling\n\n# %% tags=["demo"]\nx = 1\n')
    assert set(ids) < {cell.id for cell in read(more)}


def test_ids_are_valid_and_unique_whatever_a_heading_says():
    headings = ["∂E/∂W", "Ärger & Übermut", "x" * 90, "x" * 91, "∂E/∂W"]
    cells = read(toy.SOURCE + "".join(f"\n# %% [markdown]\n# ## {heading}\n" for heading in headings))
    assert len({cell.id for cell in cells}) == len(cells)
    nbformat.validate(source.solution_notebook(cells, toy.NOTEBOOK))
    nbformat.validate(source.student_notebook(cells, toy.NOTEBOOK))


def test_students_get_stubs_that_raise_in_functions_and_comment_at_top_level():
    nb = source.student_notebook(read(), toy.NOTEBOOK)
    assert by_id(nb, "double-answer").source == (
        'def double(x):\n    # YOUR CODE HERE\n    raise NotImplementedError("double is not written yet")'
    )
    assert by_id(nb, "quiz-answer").source == 'quiz = {"colour": None}\n# YOUR CODE HERE'
    assert by_id(nb, "double-check").source == "check(double)"


def test_a_stub_is_indented_as_the_solution_was():
    text = toy.SOURCE.replace(
        "    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
        "    if True:\n        ### BEGIN SOLUTION\n        return 2 * x\n        ### END SOLUTION",
    )
    released = next(cell.released for cell in read(text) if cell.id == "double-answer")
    assert released.endswith(
        'if True:\n        # YOUR CODE HERE\n        raise NotImplementedError("double is not written yet")'
    )
    compile(released, "released", "exec")


def test_both_notebooks_carry_roles_and_what_nbgrader_needs():
    for make in (source.solution_notebook, source.student_notebook):
        nb = make(read(), toy.NOTEBOOK)
        nbformat.validate(nb)
        answer, check = by_id(nb, "double-answer").metadata, by_id(nb, "double-check").metadata
        assert answer["course"] == {"role": "answer", "exercise": "double"}
        assert check["course"] == {"role": "check", "exercise": "double", "sources": ["S1"]}
        assert (answer["nbgrader"]["solution"], answer["nbgrader"]["grade"]) == (True, False)
        assert (check["nbgrader"]["solution"], check["nbgrader"]["grade"]) == (False, True)
        assert check["nbgrader"]["points"] == 1.5 and "points" not in answer["nbgrader"]
        assert nb.metadata["course"] == {"notebook": toy.NOTEBOOK}
        assert all(cell.metadata["tags"][0] in source.ROLES for cell in nb.cells if cell.cell_type == "code")


def slides(text=toy.SOURCE):
    return [cell.slide for cell in read(text)]


def test_a_lecture_has_a_slide_for_each_section_and_leaves_exercises_out():
    assert slides() == ["slide", "skip", "skip", "slide", "skip", "skip", "skip", "skip", "slide", "-", "-"]
    more = "\n# %% [markdown]\n# A text.\n\n# %% [markdown]\n# ### Exercise 3\n#\n# Do it.\n"
    assert slides(toy.SOURCE + more)[-2:] == ["subslide", "skip"]


def test_what_a_cell_is_in_a_lecture_can_be_said_on_it():
    text = with_demo("# An aside.", '[markdown] slide="notes"')
    assert slides(text)[-1] == "notes"
    for make in (source.solution_notebook, source.student_notebook):
        kinds = [cell.metadata["slideshow"]["slide_type"] for cell in make(read(text), toy.NOTEBOOK).cells]
        assert kinds == slides(text)


def test_outputs_are_compared_in_the_solution_only_and_never_where_they_depend_on_the_clock():
    solution, student = (make(read(), "99_toy") for make in (source.solution_notebook, source.student_notebook))
    tag = "nbval-check-output"
    assert tag in by_id(solution, "the-end-03").metadata["tags"]
    assert tag not in by_id(solution, "the-end-02").metadata["tags"]
    assert not any(tag in cell.metadata.get("tags", []) for cell in student.cells)
