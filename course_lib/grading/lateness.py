"""When a submission was handed in, and how late that was. It is shown, and never changes a score.

A time without a zone is a riddle, so one that a person writes must have it: ``2026-11-20T23:59+01:00``. Results and
gradebook have every time in UTC.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from course_lib.grading import tables
from course_lib.grading.files import write_atomically
from course_lib.grading.roster import same_spelling

_LIKE = "write it like 2026-11-20T23:59+01:00"


def moment(text: str, zone: tzinfo | None = None) -> datetime:
    """Read a time: ISO 8601, or as nbgrader writes it, ``2026-11-20 22:59:00.000000 UTC``.

    That form is the default of ``Exchange.timestamp_format`` in nbgrader/exchange/abc/exchange.py.

    Args:
        text: with an offset or the name of a time zone.
        zone: which it is where the text does not say; None refuses such a text.

    Returns:
        The time in UTC.

    Raises:
        ValueError: if it is no time, or has no time zone.
    """
    try:
        time = _parse(text.strip())
        zone = time.tzinfo or zone
        if zone is not None:
            return time.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:50]!r} is no time: {_LIKE}") from None
    raise ValueError(f"{text!r} does not say in which time zone it is: {_LIKE}")


def shown(time: datetime | None) -> str:
    """A time as it stands in results and gradebook; empty where there is none."""
    return time.isoformat(timespec="seconds") if time else ""


def read_times(path: Path) -> dict[str, datetime]:
    """Read when students handed in, from a CSV file with the columns ``student_id`` and ``timestamp``.

    Raises:
        ValueError: if it is not UTF-8 or not CSV, lacks a column, a student is there twice, or a time is none.
    """
    header, rows = tables.read(path)
    if missing := {"student_id", "timestamp"} - set(header):
        raise ValueError(f"{path} has no column {sorted(missing)[0]!r}: its header is {','.join(header)!r}.")
    times: dict[str, datetime] = {}
    for line, row in rows:
        student = same_spelling(row["student_id"])
        if student in times:
            raise ValueError(f"{path}, line {line}: the student_id {student!r} is there twice.")
        try:
            times[student] = moment(row["timestamp"])
        except ValueError as error:
            raise ValueError(f"{path}, line {line}: {error}.") from None
    return times


def due_dates(out: Path) -> dict[str, datetime]:
    """When each notebook is due, as far as a run has said.

    Raises:
        ValueError: if the file that keeps it was damaged.
    """
    path = _kept(out)
    if not path.exists():
        return {}
    try:
        return {name: moment(time) for name, time in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({error}): delete it and give --due again") from None


def set_due(out: Path, notebook: str, time: datetime) -> None:
    """Keep among the results when a notebook is due, for later runs.

    Raises:
        ValueError: as `due_dates`.
    """
    kept = due_dates(out) | {notebook: time}
    write_atomically(_kept(out), json.dumps({name: shown(kept[name]) for name in sorted(kept)}, indent=1) + "\n")


def minutes_late(result: Mapping[str, Any], due: datetime | None) -> int | str:
    """How late a result's submission came, in begun minutes.

    Args:
        result: as stored in ``OUT/results``.
        due: when its notebook is due.

    Returns:
        0 where it came in time; ``"yes"`` where only the platform's mark in the file's name is known; empty where
        nothing is.
    """
    if due is not None and result.get("timestamp"):
        seconds = (moment(result["timestamp"]) - due).total_seconds()
        return max(0, math.ceil(seconds / 60))
    return "yes" if result.get("marked_late") else ""


def _parse(text: str) -> datetime:
    if ":" not in text:
        raise ValueError("a day has no one time")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        time, _, zone = text.rpartition(" ")
        if zone[:1] in ("+", "-"):
            return datetime.fromisoformat(time + zone)
        return datetime.fromisoformat(time).replace(tzinfo=_zone(zone))


def _zone(name: str) -> tzinfo:
    """A time zone by its name; UTC is known also where no time zones are installed."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"no time zone {name}") from error


def _kept(out: Path) -> Path:
    return out / "due.json"
