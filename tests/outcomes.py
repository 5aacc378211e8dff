"""What a run of the grader leaves, compared with what another one leaves. Seconds are never the same."""

import csv
import json
from pathlib import Path


def outcome(out: Path) -> dict:
    """Every result, every feedback page and the gradebook of a folder of results."""
    results = {path.parent.name: _without_seconds(path) for path in sorted(out.glob("results/*/*.json"))}
    pages = {path.parent.name: path.read_bytes() for path in sorted(out.glob("feedback/*/*.html"))}
    assert results.keys() == pages.keys()
    with (out / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        rows = [row | {"seconds": ""} for row in csv.DictReader(file)]
    assert sorted(row["student_id"] for row in rows) == sorted(results)
    assert "</html>" in (out / "index.html").read_text(encoding="utf-8")
    return {"results": results, "feedback": pages, "gradebook": rows}


def _without_seconds(path: Path) -> dict:
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result.pop("seconds") >= 0
    return result
