"""The pages people read: feedback for a student on one notebook; for the lecturer the class, and each exercise."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from statistics import mean, median
from typing import Any

from course_lib.exercises.verdict import NOT_ATTEMPTED
from course_lib.grading import gradebook, lateness, pages, pictures
from course_lib.grading.gradebook import DueDates, Result
from course_lib.grading.mistakes import KNOWN, OTHER, Mistake, mistakes
from course_lib.grading.pages import NOT_RUN, STATUSES
from course_lib.grading.roster import Roster, on_roster, person
from course_lib.grading.similar import Pair

_FREQUENT = 6  # mistakes of a notebook on the page of the class; the pages of the exercises have all


def feedback(result: Result) -> str:
    """The page for one student on one notebook.

    It shows what each test asks, what the grader said and how far off the values are, never the inputs or the right
    answers.

    Args:
        result: as stored in ``OUT/results``.

    Returns:
        A whole HTML page.
    """
    return pages.render(
        "feedback",
        result=result,
        status=STATUSES[result["status"]],
        note=result["message"] or STATUSES[result["status"]].sentence,
        was_run=result["status"] not in NOT_RUN,
        exercises=_exercises(result),
        passed=sum(test["passed"] for test in result["tests"]),
    )


def index(
    results: Iterable[Result],
    roster: Roster | None = None,
    due: DueDates | None = None,
    alike: Iterable[Pair] = (),
) -> str:
    """The page for the lecturer: for each notebook the class table, how scores fall and what goes wrong.

    Args:
        results: as stored in ``OUT/results``.
        roster: as from `roster.read`; who is on it and has no result is shown as missing.
        due: when each notebook is due.
        alike: the students whose answers are alike, as from `similar.pairs`.

    Returns:
        A whole HTML page, meant to lie beside the folders ``feedback`` and ``exercises``, ``gradebook.csv``,
        ``similar.csv`` and, where scores moved, ``moved.csv``.
    """
    results, alike = list(results), list(alike)
    with_page = {(result["student"], result["notebook"]) for result in results}
    of_notebook = defaultdict(list)
    for result in sorted(gradebook.with_missing(results, roster), key=lambda result: result["student"]):
        of_notebook[result["notebook"]].append(result)
    sections = [
        _section(name, of_notebook[name], roster, with_page, (due or {}).get(name), alike)
        for name in sorted(of_notebook)
    ]
    moved = sum("score_before" in result for result in results)
    return pages.render("index", "sort", sections=sections, statuses=STATUSES, moved=moved)


def exercise_pages(results: Iterable[Result], roster: Roster | None = None) -> Iterator[tuple[str, str]]:
    """The page of each exercise: how its points fall, who passed which test, every message and who got it.

    Args:
        results: as stored in ``OUT/results``.
        roster: as from `roster.read`, for the students' names.

    Returns:
        Where each page lies in the folder of the results, and its HTML; one after the other, as those of a class of
        thousands are large.
    """
    of_notebook = defaultdict(list)
    for result in sorted(results, key=lambda result: result["student"]):
        of_notebook[result["notebook"]].append(result)
    for notebook, theirs in sorted(of_notebook.items()):
        run = [result for result in theirs if result["status"] not in NOT_RUN]
        parts, told = _parts(notebook, theirs, run), mistakes(run)
        for i, part in enumerate(parts):
            html = pages.render(
                "exercise",
                notebook=notebook,
                part=part,
                others={"previous": parts[i - 1] if i else None, "next": parts[i + 1] if i + 1 < len(parts) else None},
                tests=_tests(notebook, part["id"], run),
                scores=pictures.histogram(part["earned"], part["max_points"]),
                messages=_told(part["id"], told, notebook, roster),
            )
            yield f"exercises/{notebook}/{part['id']}.html", html


def _exercises(result: Result) -> list[dict[str, Any]]:
    """What the feedback page says about each exercise of a result, in the order of the notebook."""
    known = {exercise.id: exercise for exercise in gradebook.course_exercises(result["notebook"])}
    shown = []
    for name, earned in sorted(gradebook.points(result).items(), key=lambda item: _place(item[0], known)):
        exercise = known.get(name)
        tests = [test for test in result["tests"] if test["exercise"] == name]
        shown.append(
            {
                "id": name,
                "title": exercise.title if exercise else name,
                "section": exercise.section if exercise else "",
                "points": earned,
                "max_points": math.fsum(test["max_points"] for test in tests),
                "tests": _verdicts(tests, {test.name: test.asks for test in exercise.tests} if exercise else {}),
            }
        )
    return shown


def _verdicts(tests: list[Mapping[str, Any]], asks: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the feedback page says about each test of an exercise; the same message again only as such."""
    shown, last = [], ""
    for test in tests:
        stored = test.get("error_map")  # results of earlier versions lack it
        shown.append(
            {
                **test,
                "asks": asks.get(test["test"], test["test"]),
                "known_mistake": test.get("known_mistake", False),
                "again": test["message"] == last,
                "map": _map(stored) if stored else None,
            }
        )
        last = test["message"] or last
    return shown


def _map(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What the feedback page shows of an error map."""
    picture = pictures.error_map(stored)
    return picture | _words(stored, picture["block"])


def _words(stored: Mapping[str, Any], block: tuple[int, int] | None) -> dict[str, str]:
    """What the map of an error shows: which array, how many of its values and where, and how to read the map."""
    counts, shape, split = stored["counts"], tuple(stored["shape"]), stored["row_axes"]
    wrong, total = sum(counts[1:]), sum(counts)
    places = [
        f"axis {axis}, {indices} indices" if "of" in indices else f"axis {axis}, index {indices}"
        for axis, indices in enumerate(stored["where"])
        if indices != "all"
    ]
    said = f"`{stored['array']}`, shape {shape}: {wrong} of {total} values {'is' if wrong == 1 else 'are'} wrong"
    said += f", only at {'; '.join(places)}." if places else "."
    axes = f"Rows: {_axes(range(split))}; columns: {_axes(range(split, len(shape)))}." if split else ""
    if block:
        axes += f" Each mark is the worst of {block[0]} × {block[1]} values."
    if stored["cases"] > 1:
        which = "only wrong case" if stored["wrong_cases"] == 1 else f"first of {stored['wrong_cases']} wrong cases"
        axes += f" Shown is the {which}, of {stored['cases']} in all."
    return {"array": pages.clean(stored["array"]), "said": said, "axes": axes}


def _axes(axes: range) -> str:
    return f"{'axis' if len(axes) == 1 else 'axes'} {', '.join(map(str, axes))}"


def _place(name: str, known: Mapping[str, Any]) -> int:
    """Where an exercise comes in the notebook; one that the course has dropped since comes last."""
    return list(known).index(name) if name in known else len(known)


def _section(
    notebook: str,
    results: list[Result],
    roster: Roster | None,
    with_page: set[tuple[str, str]],
    due: datetime | None,
    alike: list[Pair],
) -> dict[str, Any]:
    """What the lecturer's page says about one notebook."""
    run = [result for result in results if result["status"] not in NOT_RUN]
    scores = [result["score"] for result in run]
    max_score = max(result["max_score"] for result in results)
    students = [result["student"] for result in results]
    parts, told = _parts(notebook, results, run), mistakes(run)
    wrong = [mistake for mistake in told if mistake.kind != NOT_ATTEMPTED]
    late = [lateness.minutes_late(result, due) for result in results]
    return {
        "notebook": notebook,
        "rows": [
            _line(result, parts, roster, with_page) | {"late": _delay(minutes), "minutes_late": minutes}
            for result, minutes in zip(results, late, strict=True)
        ],
        "has_times": any(minutes != "" for minutes in late),
        "parts": parts,
        "hardest": _hardest(parts, told),
        "max_score": max_score,
        "counts": Counter(result["status"] for result in results),
        "run": len(run),
        "mean": mean(scores) if scores else None,
        "median": median(scores) if scores else None,
        "scores": pictures.histogram(scores, max_score),
        "mistakes": [_shown(mistake, notebook) for mistake in wrong[:_FREQUENT]],
        "more_mistakes": len(wrong[_FREQUENT:]),
        "stopped": _stopped(results, roster),
        "alike": [_two(pair, roster) for pair in alike if pair.notebook == notebook],
        "missing": [_who(result["student"], roster) for result in results if result["status"] == "missing"],
        "strangers": [_who(name, roster) for name in students if roster and not on_roster(roster, name)],
    }


def _parts(notebook: str, results: list[Result], run: list[Result]) -> list[dict[str, Any]]:
    """Each exercise of a notebook with its title, its points, what was earned and the class's mean."""
    known = {exercise.id: exercise for exercise in gradebook.course_exercises(notebook)}
    most = {name: worth for result in results for name, worth in gradebook.points(result, "max_points").items()}
    earned = [gradebook.points(result) for result in run]
    parts = []
    for name in gradebook.exercise_ids(results):
        points = [each.get(name, 0.0) for each in earned]
        average, worth = mean(points) if points else 0.0, most.get(name, 0)  # 0 for one newer than these results
        parts.append(
            {
                "id": name,
                "title": known[name].title if name in known else name,
                "section": known[name].section if name in known else "",
                "href": pages.exercise_page(notebook, name),
                "earned": points,
                "mean": average,
                "max_points": worth,
                "share": average / worth if worth else 0.0,
            }
        )
    return parts


def _hardest(parts: list[dict[str, Any]], told: list[Mistake]) -> list[dict[str, Any]]:
    """The exercises, the hardest first, each with how many never began it."""
    idle = Counter()
    for mistake in told:
        if mistake.kind == NOT_ATTEMPTED:
            idle[mistake.exercise] += len(mistake.students)
    return sorted(({**part, "idle": idle[part["id"]]} for part in parts), key=lambda part: part["share"])


def _tests(notebook: str, exercise: str, run: list[Result]) -> list[dict[str, Any]]:
    """Each test of an exercise, and how many passed it."""
    known = [each for each in gradebook.course_exercises(notebook) if each.id == exercise]
    asks = {test.name: test.asks for each in known for test in each.tests}
    passed, asked, worth = Counter(), Counter(), {}
    for result in run:
        for test in result["tests"]:
            if test["exercise"] == exercise:
                asked[test["test"]] += 1
                passed[test["test"]] += test["passed"]
                worth[test["test"]] = test["max_points"]
    return [
        {"name": name, "asks": asks.get(name, name), "passed": passed[name], "of": asked[name], "points": worth[name]}
        for name in worth
    ]


def _told(exercise: str, told: list[Mistake], notebook: str, roster: Roster | None) -> list[dict[str, Any]]:
    """The messages of an exercise, known mistakes first, each with who got it."""
    own = [mistake for mistake in told if mistake.exercise == exercise]
    return [
        _shown(mistake, notebook) | {"people": [_reader(name, notebook, roster) for name in mistake.students]}
        for kind in (KNOWN, OTHER, NOT_ATTEMPTED)
        for mistake in own
        if mistake.kind == kind
    ]


def _shown(mistake: Mistake, notebook: str) -> dict[str, Any]:
    """A message with its numbers and the page of its exercise."""
    return {
        **mistake._asdict(),
        "known": mistake.kind == KNOWN,
        "number": len(mistake.students),
        "href": pages.exercise_page(notebook, mistake.exercise),
    }


def _stopped(results: list[Result], roster: Roster | None) -> list[dict[str, Any]]:
    """Who was stopped on the way or could not be read, by status and what the grader said of it."""
    found = defaultdict(list)
    for result in results:
        if result["status"] not in ("ok", "missing"):
            found[result["status"], pages.clean(result["message"])].append(result)
    order = sorted(found, key=lambda said: (list(STATUSES).index(said[0]), -len(found[said]), said[1]))
    return [
        {
            "status": STATUSES[status],
            "message": message,
            "people": [_reader(result["student"], result["notebook"], roster) for result in found[status, message]],
        }
        for status, message in order
    ]


def _who(student: str, roster: Roster | None) -> dict[str, str]:
    """A student's id and name."""
    who = person(roster, student)
    return {"student": student, "name": f"{who['first_name']} {who['last_name']}".strip(), "href": ""}


def _reader(student: str, notebook: str, roster: Roster | None) -> dict[str, str]:
    """A student who has feedback on a notebook: id, name and its address."""
    return _who(student, roster) | {"href": pages.feedback_page(student, notebook)}


def _two(pair: Pair, roster: Roster | None) -> dict[str, Any]:
    """Two students and where their answers are alike."""
    return {"both": [_who(pair.student, roster), _who(pair.other, roster)], "exercises": pair.exercises}


def _line(
    result: Result, parts: list[dict[str, Any]], roster: Roster | None, with_page: set[tuple[str, str]]
) -> dict[str, Any]:
    """One line of the class table."""
    student, notebook = result["student"], result["notebook"]
    earned = gradebook.points(result)
    has_page = (student, notebook) in with_page
    return {
        **result,
        **(_reader(student, notebook, roster) if has_page else _who(student, roster)),
        "was_run": result["status"] not in NOT_RUN,
        "cells": [{"points": earned.get(part["id"]), "max_points": part["max_points"]} for part in parts],
    }


def _delay(minutes: int | str) -> str:
    """How late somebody was, as people say it."""
    if isinstance(minutes, str):
        return minutes
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (rest, "min")) if number]
    return " ".join(parts[:2])
