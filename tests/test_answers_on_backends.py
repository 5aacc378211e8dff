"""Every right answer of the course, the instructor's and the ones written differently, on every backend.

Students write ``np.``. An answer that would only run on NumPy is not one to hold up as an example, so the same text is
run here with ``np`` standing for the backend's module.
"""

import mock_cupy
import pytest
from copies import ROOT

from course_lib import backend, exercises
from course_lib.exercises.answer import attempt
from course_lib.exercises.exam import on_backend
from course_lib.exercises.verdict import judge
from course_lib.grading.course import Texts, load, seeded

COURSES = {notebook: load(Texts.read(ROOT / "solutions", notebook)) for notebook in exercises.notebooks()}
SHEETS = {notebook: course.sheets(seeded("on backends")) for notebook, course in COURSES.items()}  # answered by NumPy

ON_THE_HOST = [one.id for course in COURSES.values() for one in course.exercises if one.on_host]

WRITTEN = [
    pytest.param(notebook, exercise, code, id=f"{exercise.id}-{differs}")
    for notebook, course in COURSES.items()
    for exercise in course.exercises
    for differs, code in [
        ("the answer", ""),
        *((differs, code) for one, differs, code in course.key.alternatives if one == exercise.id),
    ]
    if not exercise.tests[0].secret
]


def failures(notebook, exercise, code):
    """The messages of all tests that do not pass on the current backend."""
    for test in exercise.tests:
        sheet = SHEETS[notebook][exercise.id, test.name]
        with on_backend(COURSES[notebook].namespace(code), exercise) as namespace:
            answers = [attempt(exercise, test, namespace, case) for case in sheet.cases]
        verdict = judge(exercise, test, sheet, answers, reveal=True)
        if not verdict.passed:
            yield f"{test.name}: {verdict.message}"


@pytest.mark.parametrize("notebook, exercise, code", WRITTEN)
def test_a_right_answer_is_right_on_every_backend(notebook, exercise, code, xp_backend):
    assert not list(failures(notebook, exercise, code))


@pytest.mark.parametrize("name", ON_THE_HOST)
def test_what_stays_on_the_host_has_to(name):
    with mock_cupy.installed(), backend.use_backend("cupy"):
        ((notebook, exercise, code),) = [p.values for p in WRITTEN if p.id == f"{name}-the answer"]
        assert list(failures(notebook, exercise, f"{code}\nimport cupy as np"))


def test_a_wrong_answer_is_wrong_here_too():
    (exercise,) = [one for one in COURSES["02_bptt"].exercises if one.id == "rnn_backward"]
    wrong = "def rnn_backward(dhs, cache):\n    return {name: np.zeros_like(dhs) for name in ('dx', 'dU')}"
    assert len(list(failures("02_bptt", exercise, wrong))) == len(exercise.tests)
