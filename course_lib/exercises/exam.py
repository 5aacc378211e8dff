"""The graded kernel's side: run one test and hand its answers to the grader as data.

Nothing here knows a right answer. A submission may replace all of this; it still has to send the right values.
"""

import base64
import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib import backend
from course_lib.exercises import Exercise, find
from course_lib.exercises.answer import MIME, Answer, Failure, attempt, decode_case, encode

_MOST_BYTES = 3 * 2**20  # of all answers together; the grader hangs up on a larger message


def cell(exercise: str, test: str, cases: list[dict]) -> str:
    """The source of the exam cell that runs one test on these encoded cases."""
    text = base64.b64encode(json.dumps(cases).encode()).decode()
    return f'__import__("course_lib.exercises.exam", fromlist=["run"]).run("{exercise}", "{test}", "{text}")'


@contextlib.contextmanager
def on_backend(namespace: dict[str, Any], exercise: Exercise) -> Iterator[dict[str, Any]]:
    """Have the ``np`` of a notebook stand for the backend's module within a block: answers are written with it.

    Args:
        namespace: the notebook's names.
        exercise: whose answers run; where they draw from a NumPy generator all stays as it is.
    """
    xp = backend.get_xp()
    names = [] if xp is np or exercise.on_host else [name for name, value in namespace.items() if value is np]
    namespace.update(dict.fromkeys(names, xp))
    try:
        yield namespace
    finally:
        namespace.update(dict.fromkeys(names, np))


def run(exercise: str, test: str, cases: str) -> None:
    """Call the student's function on each case and publish the answers as one output."""
    from IPython.display import publish_display_data

    _, asked = find(exercise)
    inputs = [decode_case(case) for case in json.loads(base64.b64decode(cases))]
    with on_backend(sys.modules["__main__"].__dict__, asked) as namespace:
        answers = [encode(attempt(asked, asked.test(test), namespace, case)) for case in inputs]
    if len(json.dumps(answers)) > _MOST_BYTES:
        answers = [encode(Answer({}, Failure("ValueError", "the outputs are far larger than asked for")))] * len(inputs)
    publish_display_data({MIME: {"answers": answers}})
