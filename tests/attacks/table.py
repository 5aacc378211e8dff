"""What became of every attack, as a table at the end of a run: whatever is run, and on however many processes."""

import pytest
from _pytest.terminal import TerminalReporter  # pytest itself names it from version 9 on

_KEY = "attack"


class Table:
    """Collects what attacks came to; pytest-xdist brings the reports of its processes to the one that prints."""

    def __init__(self):
        self.rows: dict[str, list[tuple[str, str, str]]] = {}
        self.outcomes: dict[str, set[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the lines that a test has told, and whether every phase of it went well."""
        told = [value for key, value in report.user_properties if key == _KEY]
        if told or report.nodeid in self.rows:
            self.rows[report.nodeid] = told
        outcome = "known" if hasattr(report, "wasxfail") else report.outcome
        self.outcomes.setdefault(report.nodeid, set()).add(outcome)

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Print a line for each attack: what it earned, its status, and whether the grader held."""
        lines = [("attack", "points", "status", "outcome")]
        for nodeid, rows in self.rows.items():
            ends = self.outcomes[nodeid]
            outcome = "NOT HELD" if "failed" in ends else "NOT HELD, known" if "known" in ends else "held"
            lines += [(*row, outcome) for row in rows]
        if len(lines) == 1:
            return
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        terminalreporter.section("attacks")
        for attack, points, status, outcome in lines:
            terminalreporter.line(f"{attack:<{widths[0]}}  {points:>{widths[1]}}  {status:<{widths[2]}}  {outcome}")
        held = sum(line[3] == "held" for line in lines)
        terminalreporter.line(f"{held} of {len(lines) - 1} held")


def tell(item: pytest.Item, rows: list[tuple[str, dict]]) -> None:
    """Have the table say what a test's submissions came to: each attack that has a name, else the last one."""
    named = [(f"{_spoken(item)}: {attack}", result) for attack, result in rows if attack]
    for attack, result in named or [(_spoken(item), result) for _, result in rows[-1:]]:
        points = f"{result['score']:g} of {result['max_score']:g}"
        item.user_properties.append((_KEY, (attack, points, result["status"])))
    if not rows:
        item.user_properties.append((_KEY, (_spoken(item), "–", "–")))


def _spoken(item: pytest.Item) -> str:
    name, _, case = item.name.partition("[")
    return name.removeprefix("test_").replace("_", " ") + (f": {case[:-1]}" if case else "")


def pytest_configure(config: pytest.Config) -> None:
    """Keep a table for this run."""
    config.pluginmanager.register(Table(), "the table of attacks")
