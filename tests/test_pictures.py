import math
import re

import pytest

from course_lib.grading.pictures import error_map, histogram


@pytest.mark.parametrize(
    ("scores", "top", "counts"),
    [
        ([0, 0.5, 1, 9.75, 10], 10, [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]),
        ([0.7 + 0.2 + 0.1, 2.5], 2.5, [0, 0, 1, 0, 1]),
        ([16.5, 17], 17, [0, 0, 0, 0, 0, 0, 0, 0, 2]),
        ([], 10, [0] * 10),
        ([], 0, []),
    ],
)
def test_histogram_puts_every_score_in_one_bar(scores, top, counts):
    picture = histogram(scores, top)
    assert [bar["count"] for bar in picture["bars"]] == counts
    assert picture["x_ticks"][-1] == {"at": picture["right"] if top else picture["left"], "value": top}


@pytest.mark.parametrize("tallest", [1, 4, 5, 37, 300])
def test_histogram_counts_people_in_whole_numbers(tallest):
    picture = histogram([5.0] * tallest, 10)
    values = [tick["value"] for tick in picture["y_ticks"]]
    assert values[0] == 0 and values[-1] >= tallest and len(values) <= 6
    assert all(value == int(value) for value in values)
    assert all(28 <= bar["y"] <= picture["floor"] for bar in picture["bars"])


def stored(shape, row_axes, rows):
    flat = "".join(rows)
    counts = [flat.count(str(level)) for level in range(6)]
    return {"array": "x", "shape": shape, "row_axes": row_axes, "rows": rows, "counts": counts}


def test_an_error_map_has_a_mark_in_each_cell():
    picture = error_map(stored([2, 3], 1, ["012", "345"]))
    assert [mark["level"] for mark in picture["marks"]] == [0, 1, 2, 3, 4, 5]
    places = [re.match(r"M(\d+) (\d+)", mark["path"]).groups() for mark in picture["marks"]]
    assert [(int(x) - picture["left"], int(y) - picture["top"]) for x, y in places] == [
        *((10, 10), (30, 10), (50, 10)),
        *((10, 30), (30, 30), (45, 25)),  # a cross begins at its corner
    ]
    assert (picture["width"], picture["height"], picture["block"]) == (60, 40, None)


@pytest.mark.parametrize(
    ("shape", "row_axes", "rows", "first", "columns", "block"),
    [
        ([4], 0, ["0010"], [""], ["0", "1", "2", "3"], None),
        ([2, 2], 1, ["00", "01"], ["0", "1"], ["0", "1"], None),
        ([2, 2, 3], 2, ["001"] * 4, ["0, 0", "0, 1", "1, 0", "1, 1"], ["0", "1", "2"], None),
        ([2, 3, 2], 1, ["100000"] * 2, ["0", "1"], ["0, 0", "1, 0", "2, 0"], None),
        ([100, 5], 1, ["00100"] * 12, [str(9 * i) for i in range(12)], ["0", "1", "2", "3", "4"], (9, 1)),
        ([2, 1000], 1, ["0" * 24] * 2, ["0", "1"], [str(84 * i) for i in range(12)], (1, 42)),
    ],
)
def test_an_error_map_is_labelled_by_index(shape, row_axes, rows, first, columns, block):
    picture = error_map(stored(shape, row_axes, rows))
    assert [row["text"] for row in picture["rows"]] == first
    assert [column["text"] for column in picture["columns"]] == columns
    assert picture["block"] == block


def test_labels_of_an_error_map_do_not_touch():
    for shape, columns in ([2, 1000], 24), ([2, 10, 100], 24), ([3, 7], 7):
        picture = error_map(stored(shape, 1, ["0" * columns] * shape[0]))
        for one, other in zip(picture["columns"], picture["columns"][1:], strict=False):
            assert other["x"] - one["x"] >= 6.5 * max(len(one["text"]), len(other["text"]))
        assert picture["left"] >= math.ceil(6.5 * max(len(row["text"]) for row in picture["rows"])) + 7
