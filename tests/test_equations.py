"""Numbered formulas: what a label and a reference become, and what an author is told."""

import pytest
import toy

from course_lib.grading import equations, source
from course_lib.grading.source import SourceError

FORMULAS = r"""
# %% [markdown]
# ## Squares
#
# A square is
#
# $$y = x^2 \label{square}$$
#
# so that
#
# $$\begin{aligned}
# \boxed{x} &= \sqrt y \\
# x &\ge 0 \label{root}
# \end{aligned}$$

# %% [markdown]
# By \eqref{root} and \eqref{square}, $x$ is positive.
"""
BOTH = {toy.NOTEBOOK: toy.SOURCE + FORMULAS, "07_other": "# %% [markdown]\n# Cubes:\n#\n# $$x^3 \\label{cube}$$\n"}


@pytest.fixture(autouse=True)
def notebook(tmp_path):
    with toy.installed(tmp_path):
        yield


def texts(more=FORMULAS, others=BOTH):
    """The texts of the cells below the toy's own."""
    cells = source.read(toy.SOURCE + more, toy.NOTEBOOK)
    known = equations.numbers({**others, toy.NOTEBOOK: toy.SOURCE + more})
    return [cell.text for cell in equations.numbered(cells, toy.NOTEBOOK, known)][11:]


def test_a_formula_gets_the_number_of_its_notebook_and_its_own_and_links_lead_to_its_cell():
    formulas, references = texts()
    assert references == "By [(99.3)](#cell-id=squares-01) and [(99.2)](#cell-id=squares-01), $x$ is positive."
    assert formulas == (
        '## Squares\n\nA square is<a id="cell-id=squares-01"></a>\n\n$$y = x^2 \\tag{99.2}$$\n\nso that\n\n'
        "$$\\begin{aligned}\n\\boxed{x} &= \\sqrt y \\\\\nx &\\ge 0\n\\end{aligned} \\tag{99.3}$$"
    )


def test_a_formula_of_another_notebook_is_named_with_it():
    *_, text = texts(FORMULAS.replace(r"\eqref{root}", r"\eqref{cube}"))
    assert text.startswith("By (7.1) of notebook 07 and [(99.2)]")


def test_code_and_texts_without_formulas_stay_as_they_are():
    more = f'{FORMULAS}\n# %% tags=["demo"]\nprint(r"$$ \\label{{none}} $$ \\eqref{{none}}")\n'
    before = source.read(toy.SOURCE + more, toy.NOTEBOOK)
    after = equations.numbered(before, toy.NOTEBOOK, equations.numbers({toy.NOTEBOOK: toy.SOURCE + more}))
    changed = [one.id for one, two in zip(before, after, strict=True) if one != two]
    assert changed == ["toy-01", "squares-01", "squares-02"]


FAULTS = {
    "an unknown label": (r"\eqref{square}", r"\eqref{circle}", "squares-02", "'circle'"),
    "in the line": ("By ", r"As $x \label{line}$, by ", "squares-02", "outside of a displayed formula"),
    "a label in the text": ("By ", r"\label{text} By ", "squares-02", "outside of a displayed formula"),
    "a reference in the line": ("$x$ is", r"$x \eqref{root}$ is", "squares-02", "inside a formula"),
    "a reference in a formula": (r"\ge 0", r"\ge \eqref{square}", "squares-01", "inside a formula"),
    "two labels": (
        r"\label{square}",
        r"\label{square} \label{power}",
        "squares-01",
        "two labels, 'square'",
    ),
    "a label with a space": (r"\label{square}", r"\label{a square}", "squares-01", "'a square' is not made of"),
    "nothing above": ("# A square is\n", "", "squares-01", "a line of text above it"),
    "a table above": ("# A square is\n", "# | a | b |\n", "squares-01", "a line of text above it"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_names_notebook_and_cell(fault):
    old, new, cell, named = FAULTS[fault]
    assert FORMULAS.count(old) == 1
    with pytest.raises(SourceError) as error:
        texts(FORMULAS.replace(old, new))
    assert str(error.value).startswith(f"{toy.NOTEBOOK}, cell {cell}: ") and named in str(error.value)


@pytest.mark.parametrize("home", [toy.NOTEBOOK, "07_other"])
def test_two_formulas_with_one_label_are_an_error_in_a_notebook_and_in_the_course(home):
    name = "square" if home == toy.NOTEBOOK else "cube"
    again = FORMULAS.replace("root", name)
    with pytest.raises(SourceError, match=f"{toy.NOTEBOOK}: the label '{name}' is taken, by a formula of {home}"):
        texts(again, {"07_other": BOTH["07_other"]})
