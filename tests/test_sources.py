import csv
import re
from collections import Counter

import pytest
import toy
from copies import ROOT

from course_lib.grading import coverage
from course_lib.grading.source import SourceError

SOLUTIONS = ROOT / "solutions"
TOPICS = sorted(path.stem for path in SOLUTIONS.glob("[0-9][0-9]_*.py"))


def items():
    with (SOLUTIONS / "sources.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows():
    """The table of SOURCES.md: its cells by item."""
    lines = (SOLUTIONS / "SOURCES.md").read_text(encoding="utf-8").splitlines()
    parts = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("| S")]
    return {row[0].strip(): [cell.strip() for cell in row] for row in parts}


def test_every_item_of_the_sources_is_listed_once():
    counts = Counter(item["id"] for item in items())
    assert set(counts.values()) == {1} and set(counts) == {f"S{i}" for i in range(1, 102)}
    assert all(item["says"] and item["notebooks"] for item in items())
    assert {item["document"] for item in items()} == set("ABCD")


def test_every_item_belongs_to_a_notebook_of_the_course():
    assert all(re.fullmatch(r"0[1-7]( 0[1-7])*", item["notebooks"]) for item in items())


def test_the_table_has_every_item_with_what_the_list_says():
    assert list(rows()) == [item["id"] for item in items()]
    for item in items():
        _, document, says, erratum, *_ = rows()[item["id"]]
        assert (document, says.replace("\\|", "|")) == (item["document"], item["says"].strip())
        assert erratum.strip("–") == item["erratum"]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_item_of_a_finished_notebook_is_taught_and_verified_in_it(topic):
    for item in items():
        if topic[:2] in item["notebooks"].split():
            *_, taught, verified = rows()[item["id"]]
            assert f"{topic} §" in taught, f"{item['id']} is not taught in {topic}"
            remark = item["says"].startswith("remark")
            assert remark or topic in verified or "exercise" in verified, f"{item['id']} is not verified in {topic}"


@pytest.fixture
def solutions(tmp_path):
    (tmp_path / f"{toy.NOTEBOOK}.py").write_text(toy.SOURCE)
    (tmp_path / "sources.csv").write_text(toy.ITEMS)
    with toy.installed(tmp_path):
        yield tmp_path


def test_a_row_says_where_an_item_is_taught_and_what_verifies_it(solutions):
    table = coverage.table(solutions, [toy.NOTEBOOK])
    assert "| S1 | A | doubling | – | 99_toy § Doubling | exercise `double` |\n" in table
    assert "| S2 | A | a\\|b | E1 | – | – |\n" in table  # of a notebook that is not written yet


def test_an_item_that_is_not_taught_is_named(solutions):
    (solutions / "sources.csv").write_text(toy.ITEMS + "S3,A,tripling,,98 99\nS4,A,halving,,99\n")
    with pytest.raises(SourceError, match="99_toy: no cell teaches S3, S4"):
        coverage.table(solutions, [toy.NOTEBOOK])


def test_an_item_that_does_not_exist_is_named_with_its_cell(solutions):
    path = solutions / f"{toy.NOTEBOOK}.py"
    path.write_text(path.read_text().replace('[markdown] sources=["S1"]', '[markdown] sources=["S1", "S77"]'))
    with pytest.raises(SourceError, match=r"99_toy, cell doubling-01: .*S77"):
        coverage.table(solutions, [toy.NOTEBOOK])
