import csv
import os
import unicodedata
from pathlib import Path

import pytest
from classes import NOTEBOOK, make_result

from course_lib.grading import gradebook


def written(tmp_path, results, roster=None):
    path = tmp_path / "gradebook.csv"
    gradebook.write(path, results, roster)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_header_is_nbgraders_then_ours(tmp_path):
    gradebook.write(tmp_path / "g.csv", [make_result("s1")])
    header = (tmp_path / "g.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == (
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,"
        "score,max_score,status,seconds,minutes_late,rnn_step,rnn_forward,cross_entropy,future_leak,tied_grad,answers01"
    )


def test_numbers_of_one_line(tmp_path):
    [row] = written(tmp_path, [make_result("s1", failed=["rnn_forward"])])
    assert row["assignment"] == NOTEBOOK
    assert (row["raw_score"], row["score"], row["max_score"]) == ("7", "7", "10")
    assert (row["late_submission_penalty"], row["seconds"], row["status"]) == ("0", "1.31", "ok")
    assert (row["rnn_step"], row["rnn_forward"]) == ("2", "0")
    assert (row["duedate"], row["timestamp"], row["last_name"]) == ("", "", "")


def test_sums_of_fractions_are_written_as_people_write_them(tmp_path):
    [row] = written(tmp_path, [{**make_result("s1"), "score": 0.1 + 0.2}])
    assert row["score"] == "0.3"


@pytest.mark.parametrize("status", ["missing", "corrupt"])
def test_score_0_is_never_silent(tmp_path, status):
    [row] = written(tmp_path, [make_result("s1", status)])
    assert (row["score"], row["status"]) == ("0", status)


def test_sorted_and_independent_of_the_order_of_results(tmp_path):
    older = {**make_result("a"), "notebook": "00_gone"}
    results = [make_result("b"), make_result("a"), older]
    rows = written(tmp_path, results)
    assert [(r["assignment"], r["student_id"]) for r in rows] == [
        ("00_gone", "a"),
        (NOTEBOOK, "a"),
        (NOTEBOOK, "b"),
    ]
    bytes_one_way = (tmp_path / "gradebook.csv").read_bytes()
    written(tmp_path, results[::-1])
    assert (tmp_path / "gradebook.csv").read_bytes() == bytes_one_way


def test_exercises_of_other_notebooks_stay_empty(tmp_path):
    test = {"exercise": "other", "test": "t", "points": 2.0, "max_points": 2.0, "passed": True, "message": ""}
    other = {**make_result("a"), "notebook": "99_other", "tests": [test]}
    first, second = written(tmp_path, [other, make_result("a")])
    assert list(first)[-1] == "other"
    assert (first["rnn_step"], first["other"]) == ("2", "")
    assert (second["rnn_step"], second["other"]) == ("", "2")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_is_a_formula(tmp_path, start):
    evil = start + 'HYPERLINK("x")'
    roster = {evil: {"last_name": evil, "first_name": "Ann-Marie", "email": evil}}
    [row] = written(tmp_path, [make_result(evil)], roster)
    assert row["student_id"] == row["last_name"] == row["email"] == "'" + evil
    assert row["first_name"] == "Ann-Marie"


@pytest.mark.parametrize("name", ['the "quoted"', "a,b", "two\nlines", "two\r\nlines", "lone\rreturn", "é ü 漢"])
def test_any_name_comes_back_as_it_was(tmp_path, name):
    roster = {"s1": {"last_name": name, "first_name": "", "email": ""}}
    [row] = written(tmp_path, [make_result("s1")], roster)
    assert row["last_name"] == name


def test_folder_name_that_is_not_utf8_still_gets_its_line(tmp_path):
    [row] = written(tmp_path, [make_result(os.fsdecode(b"jos\xe9"))])
    assert row["student_id"] == "jos?"


def test_a_failed_write_leaves_the_old_file_alone(tmp_path, monkeypatch):
    written(tmp_path, [make_result("s1")])
    before = (tmp_path / "gradebook.csv").read_bytes()

    def full_disk(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="no space"):
        gradebook.write(tmp_path / "gradebook.csv", [make_result("s2")])
    assert (tmp_path / "gradebook.csv").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["gradebook.csv"]


def test_the_draft_lies_beside_the_file_it_replaces(tmp_path, monkeypatch):
    replace, moves = os.replace, []
    monkeypatch.setattr(os, "replace", lambda a, b: (moves.append((a, b)), replace(a, b)))
    gradebook.write(tmp_path / "gradebook.csv", [make_result("s1")])
    [(draft, target)] = moves
    assert (Path(draft).parent, target) == (tmp_path, tmp_path / "gradebook.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["gradebook.csv"]


def test_who_is_on_the_roster_without_a_result_is_missing(tmp_path):
    roster = {"s1": {"last_name": "B", "first_name": "A", "email": ""}}
    roster["s2"] = {"last_name": "D", "first_name": "C", "email": ""}
    rows = written(tmp_path, [make_result("s1")], roster)
    assert [(r["student_id"], r["last_name"], r["status"], r["score"], r["max_score"]) for r in rows] == [
        ("s1", "B", "ok", "10", "10"),
        ("s2", "D", "missing", "0", "10"),
    ]


def test_one_student_in_two_unicode_spellings_is_one(tmp_path):
    roster = {"André": {"last_name": "X", "first_name": "", "email": ""}}
    rows = written(tmp_path, [make_result(unicodedata.normalize("NFD", "André"))], roster)
    assert [(row["last_name"], row["status"]) for row in rows] == [("X", "ok")]
