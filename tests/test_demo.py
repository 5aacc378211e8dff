"""The example class, and with it known mistakes through the real grader."""

from dataclasses import replace

import pytest
from classes import NOTEBOOK, QUICK, course, texts

from course_lib import exercises
from course_lib.grading import classroom, demo
from course_lib.grading.submissions import find

NOTEBOOKS = exercises.notebooks()
MAKERS = 12  # of mistakes; all of them, hundreds in the later notebooks, would take ten minutes

TROUBLE = {
    "perfect": "ok",
    "stub": "ok",
    "corrupt": "corrupt",
    "loops-forever": "timeout",
    "wants-all-memory": "out_of_memory",
    "kills-the-kernel": "crashed",
}


@pytest.mark.parametrize("size", [1, 3, 6, 7, 12])
def test_a_class_has_its_size_and_every_kind_of_student(size):
    students = demo.make(course(), size)
    assert len(students) == len({student.name for student in students}) == size
    statuses = {student.name: student.status for student in students if not student.name.startswith("mistakes")}
    assert statuses == dict(list(TROUBLE.items())[:size])


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_nobody_makes_two_mistakes_in_an_exercise_and_every_mistake_is_made(notebook):
    students = demo.make(course(notebook))
    made = [tell for student in students for tell in student.told]
    assert sorted(made) == sorted(mistake.tell for mistake in course(notebook).key.mistakes)
    assert len(students) == len({student.name for student in students})
    for student in students:
        assert not student.told or len(student.told) == len({exercise for exercise, _ in student.lost})


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_known_mistakes_lose_exactly_their_tests_and_are_told(notebook, tmp_path, bubblewrap):
    """``course demo --notebook`` has the whole class; here is every kind of trouble, and of mistakes one in a few."""
    everybody = demo.make(course(notebook))
    makers = everybody[len(TROUBLE) :]
    students = everybody[: len(TROUBLE)] + makers[:: max(1, len(makers) // MAKERS)][:MAKERS]
    demo.write(students, notebook, tmp_path / "submitted")
    limits = replace(QUICK, cell=20.0) if exercises.needs(notebook) else QUICK  # such answers train
    run = classroom.Run(tmp_path / "out", {notebook: texts(notebook)}, b"secret", 2, limits=limits)
    submissions, _ = find(tmp_path / "submitted", [notebook])
    results = []
    classroom.grade(run, submissions, lambda result, was_there: results.append(result))
    assert len(results) == len(students)
    assert demo.surprises(students, notebook, results) == []


def result(student, lost=(), status="ok", message=""):
    tests = [
        {"exercise": "e", "test": name, "passed": name not in lost, "message": message if name in lost else ""}
        for name in ("one", "two")
    ]
    return {"student": student, "notebook": NOTEBOOK, "status": status, "tests": tests}


def test_what_differs_from_what_was_expected_is_said():
    student = demo.Student("ada", b"", "ok", frozenset([("e", "one")]), ("b is missing",))
    assert demo.surprises([student], NOTEBOOK, [result("ada", ["one"], message="b is missing. See …")]) == []
    assert demo.surprises([student], NOTEBOOK, [result("ada", ["two"], status="crashed")]) == [
        "ada: status crashed, expected ok",
        "ada: lost [('e', 'two')] too much and [('e', 'one')] too little",
        "ada: was not told 'b is missing'",
    ]
    empty = demo.Student("stub", b"", lost=None)
    assert demo.surprises([empty], NOTEBOOK, [result("stub", ["one", "two"])]) == []
    assert len(demo.surprises([empty], NOTEBOOK, [result("stub", ["one"])])) == 1
