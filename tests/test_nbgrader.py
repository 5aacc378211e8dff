"""The notebook in the hands of nbgrader itself: released, handed in, and graded like ours."""

import os
import re
import subprocess
import sys
from pathlib import Path

import classes
import nbformat
import pytest

from course_lib import exercises
from course_lib.grading.grade import Job, grade_one

nbgrader_api = pytest.importorskip("nbgrader.api")


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def role(cell):
    return cell.metadata.get("course", {}).get("role", "")


def some_mistakes():
    """The solved notebook with one known mistake in each exercise, one that leaves points where there is one."""
    nb, key = classes.solved(), classes.course().key
    for exercise in classes.course().exercises:
        known = [mistake for mistake in key.mistakes if mistake.exercise == exercise.id]
        mild = min(known, key=lambda mistake: len(mistake.fails))
        classes.answer_cell(nb, exercise.id).source += f"\n\n\n{mild.code}"
    return nb


def noisy():
    """Right answers that warn: for nbgrader whatever a check writes to stderr is a failure."""
    nb = classes.solved()
    for cell in nb.cells:
        if cell.metadata.get("course") == {"role": "answer", "exercise": "rnn_step"}:
            head, body = cell.source.split('"""\n', 1)
            cell.source = f'{head}"""\n    import warnings; warnings.warn("slow")\n{body}'
    return nb


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class graded by nbgrader: points by student and exercise, and what was handed in."""
    folder = tmp_path_factory.mktemp("nbgrader")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path)
        patch.setenv("JUPYTER_CONFIG_DIR", str(folder / "config"))
        source = folder / "source" / classes.NOTEBOOK / f"{classes.NOTEBOOK}.ipynb"
        source.parent.mkdir(parents=True)
        source.write_bytes((classes.ROOT / "solutions" / source.name).read_bytes())
        run(folder, "generate_assignment", classes.NOTEBOOK, "--create")
        released = nbformat.read(folder / "release" / classes.NOTEBOOK / source.name, as_version=4)
        submissions = {
            "solved": classes.solved(),
            "mistakes": some_mistakes(),
            "noisy": noisy(),
            "released": released,
            "ours": classes.stubs(),
        }
        for student, nb in submissions.items():
            if student != "solved":  # the others without their long demonstrations
                nb.cells = [cell for cell in nb.cells if role(cell) != "demo"]
            to = folder / "submitted" / student / classes.NOTEBOOK / source.name
            to.parent.mkdir(parents=True)
            nbformat.write(nb, to)
        run(folder, "autograde", classes.NOTEBOOK)
        with nbgrader_api.Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            points = {}
            for student in submissions:
                notebook = gradebook.find_submission_notebook(classes.NOTEBOOK, classes.NOTEBOOK, student)
                points[student] = {grade.name.removeprefix("test_"): grade.score for grade in notebook.grades}
                assert notebook.max_score == sum(e.points for e in exercises.of_notebook(classes.NOTEBOOK))
    return released, submissions, points


def test_the_release_has_stubs_and_no_answer(graded):
    released, _, _ = graded
    ours = {cell.id: cell for cell in classes.stubs().cells}
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
    _, _, points = graded
    assert points["solved"] == {e.id: e.points for e in exercises.of_notebook(classes.NOTEBOOK)}


def test_the_stub_gets_nothing_nbgraders_and_ours(graded):
    _, _, points = graded
    assert set(points["released"].values()) == set(points["ours"].values()) == {0.0}


def test_mistakes_cost_the_same_points_as_here(graded):
    _, submissions, points = graded
    ours = grade_one(Job("ada", classes.NOTEBOOK, classes.as_bytes(submissions["mistakes"]), sandbox="none"))
    assert points["mistakes"] == classes.points(ours)
    assert 0 < sum(points["mistakes"].values()) < sum(points["solved"].values())
    assert any(0 < earned < points["solved"][exercise] for exercise, earned in points["mistakes"].items())


def test_a_warning_costs_nothing(graded):
    _, _, points = graded
    assert points["noisy"] == points["solved"]
