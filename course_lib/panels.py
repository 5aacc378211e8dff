"""What ``check``, ``hint`` and ``progress`` show: each as HTML and, for front ends that show none, in plain words.

Styles stand inside the elements, as a notebook that is not trusted yet keeps no others. They name no colour of the
page: letters have the page's own, grounds are tints that a light and a dark page shine through. So a panel looks the
same in JupyterLab, the classic notebook, VS Code and on a web page.
"""

import html
import math
import os
import re
from collections.abc import Mapping, Sequence

from course_lib import exercises
from course_lib.exercises import Exercise
from course_lib.exercises.verdict import FAILED, NOT_ATTEMPTED, PASSED, Verdict

_PARTLY = "partly passed"  # of an exercise, where its tests differ
_SYMBOL = {PASSED: "✓", FAILED: "✗", NOT_ATTEMPTED: "○", _PARTLY: "◐"}
# White on these has the contrast of WCAG AA, whatever the theme of the page; the symbol and the word say the same.
_COLOUR = {PASSED: "#1a7f4b", FAILED: "#c0392b", NOT_ATTEMPTED: "#6b7280", _PARTLY: "#8a5a00"}
_INFORMATION = "#0072b2"
_TINT = "rgba(128,128,128,0.12)"
_RULE = "rgba(128,128,128,0.35)"

Panel = tuple[str, str]  # HTML, and plain text


def verdict(exercise: Exercise, verdicts: Sequence[Verdict], notes: Sequence[str]) -> Panel:
    """The verdict on each test of an exercise.

    Args:
        exercise: what was checked.
        verdicts: of the tests that have visible cases.
        notes: sentences about the answer as a whole.
    """
    points = _points(_sum(verdicts), exercise.points)
    rows, lines = [], [_title(exercise.title, points)]
    for one, told in zip(verdicts, _messages(verdicts), strict=True):
        asks, got = exercise.test(one.test).asks, f"{one.points:g} of {one.max_points:g}"
        rows.append(_row(one.state, _words(asks) + _message(one.state, told), got))
        lines.append(f"  {_SYMBOL[one.state]} {one.state}, {got} – {asks}{f': {told}' if told else ''}")
    said = "".join(_line("Note:", _words(note)) for note in notes)
    page = _box(_COLOUR[_state(verdicts)], _head(exercise.title, points) + _table(rows) + said)
    return page, "\n".join([*lines, *(f"  Note: {note}" for note in notes)])


def hints(exercise: Exercise, given: int) -> Panel:
    """The hints that were given, and each further one closed inside the one before; in plain text the newest alone.

    Args:
        exercise: whose hints.
        given: how many were given.
    """
    most, end = len(exercise.hints), " (That was the last hint. Read again: section “{}”.)"
    said = [_words(text) for text in exercise.hints]
    said[-1] += end.format(_link(exercise.section))
    shown = "".join(_line(f"Hint {number} of {most}:", said[number - 1]) for number in range(1, given + 1))
    closed = ""
    for number in range(most, given, -1):
        closed = _details(f"Hint {number} of {most}", said[number - 1] + closed)
    plain = exercise.hints[given - 1] + (end.format(exercise.section) if given == most else "")
    return _box(_INFORMATION, shown + closed), f"Hint {given} of {most}: {plain}"


def board(notebook: str, latest: Mapping[str, Sequence[Verdict]]) -> Panel:
    """All exercises of a notebook: state and points of each, their sum, and what comes next.

    Args:
        notebook: its name.
        latest: by exercise, the verdicts of its latest check.
    """
    every = exercises.of_notebook(notebook)
    earned = [_sum(latest.get(exercise.id, ())) for exercise in every]
    states = [_state(latest.get(exercise.id, ())) for exercise in every]
    got, most = math.fsum(earned), math.fsum(exercise.points for exercise in every)
    points = _points(got, most)
    rows, lines, left = [], [_title(notebook, points)], []
    for number, (exercise, own, state) in enumerate(zip(every, earned, states, strict=True), start=1):
        name, share = f"{number} · {exercise.title}", f"{own:g} of {exercise.points:g}"
        rows.append(_row(state, html.escape(name), share, _bar(_COLOUR[state], own / exercise.points)))
        lines.append(f"  {_SYMBOL[state]} {name} – {share} ({state})")
        left += [(name, exercise)] if state != PASSED else []
    head, text, section = "Done:", "every exercise passes on the visible cases. Save the notebook and hand it in.", ""
    if left:
        name, exercise = left[0]
        head, text, section = "Next:", f"{name}. Read “{{}}”; `hint({exercise.id})` helps.", exercise.section
    body = _head(notebook, points) + _bar(_INFORMATION, got / most) + _table(rows)
    body += _line(head, _words(text).format(_link(section)))
    return _box(_INFORMATION, body), "\n".join([*lines, f"  {head} {text.format(section)}"])


def _sum(verdicts: Sequence[Verdict]) -> float:
    return math.fsum(verdict.points for verdict in verdicts)


def _state(verdicts: Sequence[Verdict]) -> str:
    states = {verdict.state for verdict in verdicts} or {NOT_ATTEMPTED}
    if len(states) == 1:
        return states.pop()
    return _PARTLY if PASSED in states else FAILED


def _messages(verdicts: Sequence[Verdict]) -> list[str]:
    """What each verdict says of a failure, once: the same again is only referred to."""
    told: list[str] = []
    for verdict in verdicts:
        message = verdict.message if verdict.state == FAILED else ""
        told.append("the same as above" if message and message in told else message)
    return told


def _points(got: float, most: float) -> str:
    return f"{got:g} of {most:g} point{'s' if most != 1 else ''}"


def _title(name: str, points: str) -> str:
    return f"{name} – {points} on the visible cases"


def _words(text: str) -> str:
    """Text as HTML; what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _link(section: str) -> str:
    """A section's heading, as a link where a Jupyter server shows the notebook: elsewhere it would lead nowhere."""
    name = html.escape(section)
    link = f"<a href='#{name.replace(' ', '-')}' style='text-decoration:underline'>{name}</a>"
    return link if "JPY_SESSION_NAME" in os.environ else name


def _box(colour: str, body: str) -> str:
    style = f"border-left:5px solid {colour};padding:0.25em 1em;max-width:60em;line-height:1.45"
    return f"<div role='status' style='{style}'>{body}</div>"


def _head(name: str, points: str) -> str:
    style = "display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1.5em;margin:0.25em 0"
    name = f"<strong style='font-size:1.1em'>{html.escape(name)}</strong>"
    return f"<div style='{style}'>{name}<span><strong>{points}</strong> on the visible cases</span></div>"


def _line(head: str, text: str) -> str:
    return f"<div style='margin:0.4em 0'><strong>{head}</strong> {text}</div>"


def _details(head: str, text: str) -> str:
    """What one click, or the space bar, opens; the classic notebook hides the triangle that says so."""
    summary = f"<summary style='cursor:pointer;display:list-item'>{head}</summary>"
    return f"<details style='margin:0.4em 0'>{summary}<div style='margin:0.25em 0 0 1em'>{text}</div></details>"


def _table(rows: Sequence[str]) -> str:
    style = "table-layout:fixed;width:100%;margin:0.4em 0 0;border-collapse:collapse;font-size:1em"
    return f"<table style='{style}'><tbody>{''.join(rows)}</tbody></table>"


def _row(state: str, text: str, points: str, bar: str = "") -> str:
    """A row of a table: the state on a ground of its own colour, ``text`` as HTML, a bar where given, the points."""
    cell = f"border:0;border-top:1px solid {_RULE};padding:0.4em 1em 0.4em 0;text-align:left;vertical-align:top"
    cell += ";line-height:1.45"  # a page's own style for tables sets another
    badge = f"background:{_COLOUR[state]};color:#fff;font-weight:bold;padding:0.1em 0.55em;border-radius:0.3em"
    symbol = f"<span aria-hidden='true'>{_SYMBOL[state]}</span>"
    cells = [
        f"<td style='{cell};width:11em;white-space:nowrap'><span style='{badge}'>{symbol} {state}</span></td>",
        f"<td style='{cell};overflow-wrap:break-word'>{text}</td>",
        f"<td style='{cell};width:25%;vertical-align:middle'>{bar}</td>" if bar else "",
        f"<td style='{cell};width:6.5em;white-space:nowrap;padding-right:0;text-align:right'>{points}</td>",
    ]
    return f"<tr style='background:none'>{''.join(cells)}</tr>"


def _message(state: str, told: str) -> str:
    """What is wrong, below the name of its test."""
    style = f"margin-top:0.3em;padding:0.3em 0.8em;border-left:3px solid {_COLOUR[state]};background:{_TINT}"
    return f"<div style='{style};white-space:pre-wrap'>{_words(told)}</div>" if told else ""


def _bar(colour: str, share: float) -> str:
    full = f"<div style='width:{100 * share:.0f}%;height:0.5em;border-radius:0.25em;background:{colour}'></div>"
    return f"<div style='border-radius:0.25em;background:{_RULE}'>{full}</div>"
