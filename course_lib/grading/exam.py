"""The notebook that nbval judges: the student's cells, exam cells with this student's inputs, the right answers.

The right answers stand in the notebook as the exam cells' stored outputs, which is what nbval compares with. The
notebook stays in the grader; the kernel gets only the cells' code.
"""

from dataclasses import dataclass
from typing import Any

from course_lib import exercises
from course_lib.exercises import exam
from course_lib.exercises.answer import MIME, Answer, decode, encode, encode_case
from course_lib.exercises.verdict import Sheet, Verdict, judge
from course_lib.grading.graft import Part

Sheets = dict[tuple[str, str], Sheet]

# What a submission prints or shows is nobody's business here, and 200 MB of it no one's memory; `exit` would end the
# kernel some time later.
_PROLOGUE = f"""import os as _os, sys as _sys
_sys.stdout = _sys.stderr = open(_os.devnull, "w")
exit = quit = _sys.exit
get_ipython().ast_node_interactivity = "none"
get_ipython().display_pub.register_hook(lambda sent: sent if "{MIME}" in sent["content"].get("data", ()) else None)
del _os, _sys"""
_BACKEND = """
__import__("course_lib.backend").backend.set_backend("{backend}")"""


@dataclass(frozen=True)
class Exam:
    """What one submission is asked.

    Args:
        notebook: the name of the notebook.
        parts: the cells to run, those of the exam with their source.
        sheets: the cases, right answers and known mistakes of each test.
        reveal: whether messages may show values.
    """

    notebook: str
    parts: list[Part]
    sheets: Sheets
    reveal: bool

    def verdict(self, part: Part, expected: list, answers: list[Answer]) -> Verdict:
        """The verdict on the answers to one exam cell, compared with the outputs stored in it."""
        _, exercise = exercises.find(part.exercise)
        sheet = self.sheets[part.exercise, part.test]
        stored = Sheet(sheet.cases, expected, sheet.mistakes)
        return judge(exercise, exercise.test(part.test), stored, answers, self.reveal)


def compose(notebook: str, parts: list[Part], sheets: Sheets, reveal: bool, backend: str = "numpy") -> Exam:
    """Put prologue and exam sources in place; a test without a case (when only visible ones run) is left out."""
    composed = [Part("setup", _PROLOGUE + _BACKEND.format(backend=backend))]
    for part in parts:
        if part.role != "exam":
            composed.append(part)
        elif sheet := sheets.get((part.exercise, part.test)):
            source = exam.cell(part.exercise, part.test, [encode_case(case) for case in sheet.cases])
            composed.append(Part("exam", source, part.exercise, part.test))
    return Exam(notebook, composed, sheets, reveal)


def as_notebook(exam: Exam) -> dict[str, Any]:
    """The notebook file for nbval: a cell for each part, the right answers as stored outputs.

    Written out here, since nbformat would check each cell, and nbval does so again when it reads the file.
    """
    cells = []
    for number, part in enumerate(exam.parts):
        cell = {"cell_type": "code", "id": f"part-{number}", "metadata": {}, "source": part.source}
        cell |= {"execution_count": None, "outputs": []}
        if part.role == "exam":
            stored = [e if isinstance(e, dict) else encode(e) for e in exam.sheets[part.exercise, part.test].expected]
            data = {MIME: {"answers": stored}}
            cell["execution_count"] = number + 1
            cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
        cells.append(cell)
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def stored_answers(payload: dict) -> list:
    """The right answers in a stored output."""
    return [item if "hash" in item else decode(item) for item in payload["answers"]]
