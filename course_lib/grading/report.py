"""The pages people read: feedback for a student on one notebook, and the class for the lecturer.

Both are one self-contained file without a script or an outside address, and the same results always give the
same bytes. What a student chose (folder names, texts of errors) is cleaned and escaped, never trusted.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import count
from statistics import mean, median
from typing import Any, NamedTuple
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from course_lib.grading import gradebook
from course_lib.grading.gradebook import Result, Roster, on_roster


class Status(NamedTuple):
    """How a status is shown: in words, with a sign of its own shape, and a sentence for the student."""

    words: str
    sign: str
    sentence: str


STATUSES = {
    "ok": Status("ok", "✓", ""),
    "timeout": Status("timeout", "◔", "Your notebook ran longer than the time limit."),
    "out_of_memory": Status("out of memory", "▲", "Your notebook needed more memory than the limit."),
    "crashed": Status("crashed", "✗", "The kernel died while your notebook was running."),
    "corrupt": Status("corrupt", "◇", "The file could not be read as a notebook, so no test was run."),
    "missing": Status("missing", "○", "No notebook was handed in, so there was nothing to run."),
}
_NOT_RUN = ("corrupt", "missing")

_LONGEST = 2000  # characters of one message: an error's text can be as long as its author likes
_TERMINAL_CODES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # window titles, links
    r"|\x1b[ -/]*[0-~]?"
)
# Control characters but tab and newline, lone surrogates, and marks that reverse the text around them.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")


def feedback(result: Result) -> str:
    """The page for one student on one notebook.

    It shows what each test asks and what the grader said, never the inputs or the right answers.

    Args:
        result: as stored in ``OUT/results``.

    Returns:
        A whole HTML page.
    """
    template = _environment().get_template("feedback.html.j2")
    return template.render(
        result=result,
        status=STATUSES[result["status"]],
        note=result["message"] or STATUSES[result["status"]].sentence,
        was_run=result["status"] not in _NOT_RUN,
        exercises=_exercises(result),
        passed=sum(test["passed"] for test in result["tests"]),
    )


def index(results: Iterable[Result], roster: Roster | None = None) -> str:
    """The page for the lecturer: for each notebook the class table, how scores fall and what goes wrong.

    Args:
        results: as stored in ``OUT/results``.
        roster: as from `gradebook.read_roster`; who is on it and has no result is shown as missing.

    Returns:
        A whole HTML page, meant to lie beside the folder ``feedback``.
    """
    results = list(results)
    with_page = {(result["student"], result["notebook"]) for result in results}
    of_notebook = defaultdict(list)
    for result in sorted(gradebook.with_missing(results, roster), key=lambda result: result["student"]):
        of_notebook[result["notebook"]].append(result)
    sections = [_section(name, of_notebook[name], roster, with_page) for name in sorted(of_notebook)]
    return _environment().get_template("index.html.j2").render(sections=sections, statuses=STATUSES)


def clean(text: str) -> str:
    """Text without terminal codes, control characters and marks that turn its direction, cut if very long."""
    text = _UNSEEN.sub("", _TERMINAL_CODES.sub("", text)).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … (cut)"


def _name(student: str) -> str:
    """A student's id as shown: bytes of a folder name that are no text become a visible sign."""
    return clean(re.sub("[\ud800-\udfff]", "\ufffd", student))


def _exercises(result: Result) -> list[dict[str, Any]]:
    """What the feedback page says about each exercise of a result, in the order of the notebook."""
    known = {exercise.id: exercise for exercise in gradebook.course_exercises(result["notebook"])}
    shown = []
    for name, earned in sorted(gradebook.points(result).items(), key=lambda item: _place(item[0], known)):
        exercise = known.get(name)
        asks = {test.name: test.asks for test in exercise.tests} if exercise else {}
        tests = [test for test in result["tests"] if test["exercise"] == name]
        shown.append(
            {
                "id": name,
                "title": exercise.title if exercise else name,
                "section": exercise.section if exercise else "",
                "points": earned,
                "max_points": math.fsum(test["max_points"] for test in tests),
                "tests": [{**test, "asks": asks.get(test["test"], test["test"])} for test in tests],
            }
        )
    return shown


def _place(name: str, known: Mapping[str, Any]) -> int:
    """Where an exercise comes in the notebook; one that the course has dropped since comes last."""
    return list(known).index(name) if name in known else len(known)


def _section(
    notebook: str, results: list[Result], roster: Roster | None, with_page: set[tuple[str, str]]
) -> dict[str, Any]:
    """What the lecturer's page says about one notebook."""
    run = [result for result in results if result["status"] not in _NOT_RUN]
    scores = [result["score"] for result in run]
    max_score = max(result["max_score"] for result in results)
    parts = _parts(notebook, results, run)
    return {
        "notebook": notebook,
        "rows": [_line(result, parts, roster, with_page) for result in results],
        "parts": parts,
        "max_score": max_score,
        "counts": Counter(result["status"] for result in results),
        "run": len(run),
        "mean": mean(scores) if scores else None,
        "median": median(scores) if scores else None,
        "scores": _histogram(scores, max_score),
        "shares": _bars(parts),
        "messages": _messages(run),
        "missing": [_who(result, roster) for result in results if result["status"] == "missing"],
        "strangers": [_who(each, roster) for each in results if roster and not on_roster(roster, each["student"])],
    }


def _parts(notebook: str, results: list[Result], run: list[Result]) -> list[dict[str, Any]]:
    """Each exercise of a notebook with its title, its points and the class's mean."""
    titles = {exercise.id: exercise.title for exercise in gradebook.course_exercises(notebook)}
    most = {name: worth for result in results for name, worth in gradebook.points(result, "max_points").items()}
    earned = [gradebook.points(result) for result in run]
    return [
        {
            "id": name,
            "title": titles.get(name, name),
            "max_points": most.get(name, 0),  # 0 for an exercise newer than these results
            "mean": mean(points.get(name, 0) for points in earned) if earned else 0,
        }
        for name in gradebook.exercise_ids(results)
    ]


def _who(result: Result, roster: Roster | None) -> dict[str, str]:
    """A student's id and name."""
    person = gradebook.person(roster, result["student"])
    return {"student": result["student"], "name": f"{person['first_name']} {person['last_name']}".strip()}


def _line(
    result: Result, parts: list[dict[str, Any]], roster: Roster | None, with_page: set[tuple[str, str]]
) -> dict[str, Any]:
    """One line of the class table."""
    student, notebook = result["student"], result["notebook"]
    page = f"feedback/{_quoted(student)}/{_quoted(notebook)}.html"
    earned = gradebook.points(result)
    return {
        **result,
        **_who(result, roster),
        "was_run": result["status"] not in _NOT_RUN,
        "href": page if (student, notebook) in with_page else "",
        "cells": [{"points": earned.get(part["id"]), "max_points": part["max_points"]} for part in parts],
    }


def _quoted(name: str) -> str:
    """A file name as part of an address; bytes that are no text come back as they lie on the disk."""
    return quote(name, safe="", errors="surrogateescape")


def _messages(results: Iterable[Result], most: int = 5) -> list[dict[str, Any]]:
    """The messages that most students got, with their number.

    Inputs differ from student to student, so messages that differ only in numbers are one; its most frequent
    wording stands for it. A student who got it in several tests of an exercise counts once.
    """
    students = defaultdict(set)
    wordings = defaultdict(Counter)
    for result in results:
        for test in result["tests"]:
            text = clean(test["message"])
            if text and not test["passed"]:
                kind = (test["exercise"], re.sub(r"\d+(\.\d+)?(e[+-]?\d+)?", "#", text))
                students[kind].add(result["student"])
                wordings[kind][text] += 1
    order = sorted(students, key=lambda kind: (-len(students[kind]), kind))
    return [
        {
            "exercise": kind[0],
            "text": min(wordings[kind], key=lambda text: (-wordings[kind][text], text)),
            "students": len(students[kind]),
        }
        for kind in order[:most]
    ]


def _step(top: float, most: int) -> float:
    """The smallest of 0.5, 1, 2, 5, 10, … that takes at most ``most`` steps to ``top``."""
    steps = (base * 10.0**power for power in count(-1) for base in (5, 10, 20))
    return next(step for step in steps if top <= most * step)


def _histogram(scores: list[float], top: float) -> dict[str, Any]:
    """Geometry of the picture of scores: how many students lie between two marks, the last mark included.

    Args:
        scores: one for each student who counts.
        top: the best possible score, where the axis ends.

    Returns:
        The frame, the bars and the ticks of both axes, in the picture's own units.
    """
    left, right, floor, ceiling = 36, 584, 228, 28
    step = _step(top, 12)
    edges = [i * step for i in range(math.ceil(top / step))] + [top]
    counts = [0] * (len(edges) - 1)
    for score in scores:
        counts[min(int(score / step + 1e-9), len(counts) - 1)] += 1
    rise = max(1, _step(max(counts, default=0), 4))
    height = rise * max(1, math.ceil(max(counts, default=0) / rise))

    def x(score: float) -> float:
        return round(left + (right - left) * score / (top or 1), 1)

    def y(students: float) -> float:
        return round(floor - (floor - ceiling) * students / height, 1)

    bars = [
        {
            **{"low": low, "high": high, "count": n, "middle": x((low + high) / 2)},
            "x": round(x(low) + 3, 1),
            "y": y(n),
            "width": round(x(high) - x(low) - 6, 1),
            "height": round(floor - y(n), 1),
        }
        for low, high, n in zip(edges, edges[1:], counts, strict=False)
    ]
    return {
        **{"left": left, "right": right, "floor": floor, "bars": bars},
        "x_ticks": [{"at": x(edge), "value": edge} for edge in edges],
        "y_ticks": [{"at": y(i * rise), "value": i * rise} for i in range(round(height / rise) + 1)],
    }


def _bars(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Geometry of the picture of points: for each exercise the mean share of its points.

    Args:
        parts: the exercises, as from `_parts`.

    Returns:
        The frame, the bars and the ticks, in the picture's own units.
    """
    row, top = 32, 12
    left, right = 20 + 8 * max((len(part["id"]) for part in parts), default=0), 500
    bars = []
    for i, part in enumerate(parts):
        share = part["mean"] / part["max_points"] if part["max_points"] else 0
        bars.append({**part, "y": top + i * row, "width": round((right - left) * share, 1)})
    return {
        **{"left": left, "right": right, "floor": top + row * len(parts), "bars": bars},
        "ticks": [{"at": left + (right - left) * i / 4, "value": 25 * i} for i in range(5)],
    }


@cache
def _environment() -> jinja2.Environment:
    """The templates; every value is escaped and an unknown name is an error, not an empty place."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course_lib.grading"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _shown_number, "clean": clean, "name": _name, "code": _code}
    return environment


def _shown_number(value: float, digits: int = 2) -> str:
    """A number as shown, with no more digits than people read."""
    return gradebook.number(round(value, digits))


def _code(text: str) -> Markup:
    """Escaped text in which `words between backticks` are set as code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(clean(text)))))
