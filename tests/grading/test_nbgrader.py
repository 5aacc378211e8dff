"""The notebooks in the hands of nbgrader itself: released, handed in, and graded like ours."""

import os
import re
import subprocess
import sys
from pathlib import Path

import classes
import nbformat
import pytest

from course_lib import exercises
from course_lib.grading import demo
from course_lib.grading.grade import OK, Job, grade_one

nbgrader_api = pytest.importorskip("nbgrader.api")


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def role(cell):
    return cell.metadata.get("course", {}).get("role", "")


def some_mistakes(notebook):
    """The solved notebook with one known mistake in each exercise, one that leaves points where there is one."""
    nb, key = classes.solved(notebook), classes.course(notebook).key
    for exercise in exercises.of_notebook(notebook):
        known = [mistake for mistake in key.mistakes if mistake.exercise == exercise.id]
        mild = min(known, key=lambda mistake: len(mistake.fails))
        classes.answer_cell(nb, exercise.id).source += f"\n\n\n{mild.code}"
    return nb


def noisy(notebook):
    """Right answers of which the first warns: for nbgrader whatever a check writes to stderr is a failure."""
    nb = classes.solved(notebook)
    cell = classes.answer_cell(nb, exercises.of_notebook(notebook)[0].id)
    head, body = cell.source.split('"""\n', 1)
    cell.source = f'{head}"""\n    import warnings; warnings.warn("slow")\n{body}'
    return nb


def demo_class(notebook):
    """The class of `course demo`, but for those who would wreck a kernel without a sandbox, and the broken file."""
    return {s.name: s.submission for s in demo.make(classes.course(notebook), 18) if s.status == OK}


@pytest.fixture(scope="module", params=exercises.notebooks()[::3])  # what a build writes for nbgrader is alike in all
def graded(request, tmp_path_factory):
    """A class graded by nbgrader: the notebook, its release, what was handed in, points by student and exercise."""
    notebook, folder = request.param, tmp_path_factory.mktemp("nbgrader")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path)
        patch.setenv("JUPYTER_CONFIG_DIR", str(folder / "config"))
        source = folder / "source" / notebook / f"{notebook}.ipynb"
        source.parent.mkdir(parents=True)
        source.write_bytes((classes.ROOT / "solutions" / source.name).read_bytes())
        run(folder, "generate_assignment", notebook, "--create")
        released = nbformat.read(folder / "release" / notebook / source.name, as_version=4)
        submissions = {
            "solved": classes.solved(notebook),
            "mistakes": some_mistakes(notebook),
            "noisy": noisy(notebook),
            "released": released,
            "ours": classes.stubs(notebook),
        }
        if notebook == classes.NOTEBOOK:
            submissions |= {name: nbformat.reads(data, 4) for name, data in demo_class(notebook).items()}
        for student, nb in submissions.items():
            if student != "solved":  # the others without their long demonstrations
                nb.cells = [cell for cell in nb.cells if role(cell) != "demo"]
            to = folder / "submitted" / student / notebook / source.name
            to.parent.mkdir(parents=True)
            nbformat.write(nb, to)
        run(folder, "autograde", notebook)
        with nbgrader_api.Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            points = {}
            for student in submissions:
                judged = gradebook.find_submission_notebook(notebook, notebook, student)
                points[student] = {grade.name.removeprefix("test_"): grade.score for grade in judged.grades}
                assert judged.max_score == sum(e.points for e in exercises.of_notebook(notebook))
    return notebook, released, submissions, points


def test_the_release_has_stubs_and_no_answer(graded):
    notebook, released, _, _ = graded
    ours = {cell.id: cell for cell in classes.stubs(notebook).cells}
    for cell in released.cells:
        if role(cell) in ("answer", "check"):
            # nbgrader's stub does not name the function, and raises at the top level too.
            stub = re.sub(
                r'NotImplementedError\("\w+ is not written yet"\)', "NotImplementedError()", ours[cell.id].source
            )
            assert cell.source.removesuffix("\nraise NotImplementedError()") == stub.removesuffix(
                "\nraise NotImplementedError()"
            )
        assert not cell.get("outputs")
        assert "SOLUTION" not in cell.source and "earned(" not in cell.source


def test_the_solution_gets_full_marks(graded):
    notebook, *_, points = graded
    assert points["solved"] == {e.id: e.points for e in exercises.of_notebook(notebook)}


def test_the_stub_gets_nothing_nbgraders_and_ours(graded):
    *_, points = graded
    assert set(points["released"].values()) == set(points["ours"].values()) == {0.0}


def test_mistakes_cost_the_same_points_as_here(graded):
    notebook, _, submissions, points = graded
    ours = grade_one(Job("ada", notebook, classes.as_bytes(submissions["mistakes"]), sandbox="none"))
    assert points["mistakes"] == classes.points(ours)
    assert 0 < sum(points["mistakes"].values()) < sum(points["solved"].values())
    assert any(0 < earned < points["solved"][exercise] for exercise, earned in points["mistakes"].items())


def test_a_warning_costs_nothing(graded):
    *_, points = graded
    assert points["noisy"] == points["solved"]


@pytest.mark.parametrize("graded", [classes.NOTEBOOK], indirect=True)
def test_scores_of_the_demo_class_agree_with_those_of_course_grade(graded):
    """With inputs drawn for each student here, and the visible cases there."""
    notebook, *_, points = graded
    class_ = demo_class(notebook)
    ours = {
        name: classes.points(classes.graded(data, sandbox="none", notebook=notebook)) for name, data in class_.items()
    }
    assert {name: points[name] for name in class_} == ours
    scores = {sum(earned.values()) for earned in ours.values()}
    assert len(class_) == 14 and {0.0, 10.0} < scores and len(scores) > 5
