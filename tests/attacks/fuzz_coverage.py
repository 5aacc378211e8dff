"""A fuzzer that is led by coverage: bytes through what reads files and what reads answers. It needs atheris.

    pip install atheris
    mkdir -p build/corpus
    python tests/attacks/fuzz_coverage.py -max_total_time=60 build/corpus

libFuzzer's own options; it ends with a traceback, and a file ``crash-…`` beside it, where anything but `Unreadable` or
ValueError is raised.
"""

import json
import sys
from pathlib import Path

import atheris

sys.path.append(str(Path(__file__).parents[1]))  # run as a program it knows its own folder only

with atheris.instrument_imports(include=["course_lib.grading.graft", "course_lib.exercises"]):
    import numpy as np
    from classes import NOTEBOOK, as_bytes, course, solved

    from course_lib import exercises
    from course_lib.exercises.answer import attempt, decode, encode
    from course_lib.exercises.verdict import judge
    from course_lib.grading import graft

SHEETS = course().sheets(lambda exercise: np.random.default_rng(1))
ASKED = [(exercise, test) for exercise in exercises.of_notebook(NOTEBOOK) for test in exercise.tests]


def read(data: bytes) -> None:
    """Bytes as a file that was handed in."""
    try:
        graft.graft(data, NOTEBOOK, course().released_cells())
    except graft.Unreadable:
        return


def judged(data: bytes) -> None:
    """Bytes as the answer to a test, which the first of them chooses."""
    try:
        answer = decode(json.loads(data[1:]))
    except (ValueError, RecursionError):
        return
    exercise, test = ASKED[data[0] % len(ASKED)]
    sheet = SHEETS[exercise.id, test.name]
    judge(exercise, test, sheet, [answer] * len(sheet.cases), reveal=bool(data[0] & 128))


def one(data: bytes) -> None:
    """One input; its first byte says what for."""
    if data:
        (judged if data[0] & 1 else read)(data[1:] or b" ")


def beginnings() -> list[bytes]:
    """A notebook of answers only, and a right answer to each test."""
    nb = json.loads(as_bytes(solved()))
    nb["cells"] = [cell for cell in nb["cells"] if cell["cell_type"] == "code" and "nbgrader" in cell["metadata"]]
    right, made = course().namespace(), [b"\0" + json.dumps(nb).encode()]
    for number, (exercise, test) in enumerate(ASKED):
        answer = attempt(exercise, test, right, SHEETS[exercise.id, test.name].cases[0])
        made.append(bytes([1, number]) + json.dumps(encode(answer)).encode())
    return made


if __name__ == "__main__":
    for folder in (Path(word) for word in sys.argv[1:] if not word.startswith("-")):
        for number, data in enumerate(beginnings()):
            (folder / f"beginning-{number}").write_bytes(data)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
