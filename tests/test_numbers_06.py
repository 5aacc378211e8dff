"""What the first half of notebook 06 prints, against formulas, counts, and values found with other code.

The lecture notebook is stored with its outputs. A value that follows from a formula has to agree to the digits
printed; of cut gradients, the values found before in one network have to lie within the range of the notebook's twenty.
"""

import math
import re
from collections import Counter

import pytest
from lecture import everything, printed

from course_lib import data


@pytest.fixture(scope="module")
def text():
    return everything("06_language_model")


EXACT = {
    "without a state, after # steps: #; 2 ln 2 = #": [1000, 1.39, 1.39],
    "“hello”, no state    # # #": [0.35, 0.5, 1.41],  # ln 2 / 2, ½ bit, √2
    "mean length # bits, entropy # bits, equal lengths # bits": [1.75, 1.75, 2],
    # pairs of a loss and a place: T (T + 1) / 2; k T − k (k − 1) / 2; T (k + 1) / 2
    "T = 12, k = 4: full #, sliding #, chunks #": [78, 42, 30],
    "T = 200, k = 5: full #, sliding #, chunks #": [20100, 990, 600],
    "T = 200, k = 25: full #, sliding #, chunks #": [20100, 4700, 2600],
    "T = 200, k = 25: steps back, sliding #, chunks #": [4700, 200],
}


@pytest.mark.parametrize("pattern", EXACT)
def test_what_follows_from_a_formula_agrees_to_the_last_digit(text, pattern):
    assert printed(text, pattern) == pytest.approx(EXACT[pattern], rel=1e-9)


# Cosines of cut gradients with the full one, sliding and in chunks: T = 200, H = 16, W orthogonal.
COSINES = {1: (0.712, 0.712), 5: (0.942, 0.876), 10: (0.991, 0.925), 25: (1.000, 0.986), 50: (1.000, 0.994)}


@pytest.mark.parametrize("k", COSINES)
def test_a_network_of_the_same_kind_lies_among_the_twenty(text, k):
    line = "cosine, sliding # (# to #), chunks # (# to #)"
    numbers = printed(text, f"k = {k}: {line}")
    for (median, low, high), expected in zip((numbers[:3], numbers[3:]), COSINES[k], strict=True):
        assert low - 0.0051 <= expected <= high + 0.0051
        assert abs(median - expected) < 0.07


def test_longer_cuts_are_nearer_and_windows_nearer_than_chunks(text):
    medians = [printed(text, f"k = {k}: cosine, sliding # (# to #), chunks # (# to #)") for k in (1, 2, 5, 10, 25, 50)]
    sliding, chunks = [numbers[0] for numbers in medians], [numbers[3] for numbers in medians]
    assert sliding == sorted(sliding) and chunks == sorted(chunks)
    assert all(one > other for one, other in zip(sliding[1:], chunks[1:], strict=True))


def test_what_chunks_leave_out_falls_like_the_root_of_their_length(text):
    (gamma,) = printed(text, "γ = #\n")
    for k in (10, 25, 50):
        measured, rule = printed(text, f"k = {k}: left out by chunks #, by the rule #")
        assert rule == pytest.approx(gamma / math.sqrt(1 - gamma**2) * math.sqrt(1 / k - 1 / 200), abs=0.02)
        assert 0.75 * rule < measured < 1.1 * rule


def test_levels_of_chance_are_those_of_the_text(text):
    train, held_out = data.reference_text()
    size = len(set(train + held_out))
    singles, pairs = Counter(train), Counter(zip(train, train[1:] + train[0], strict=True))
    entropy, of_pairs = (-sum(n * math.log(n / len(train)) for n in c.values()) / len(train) for c in (singles, pairs))
    assert printed(text, "all characters equally likely: ln # = # nats") == [size, round(math.log(size), 2)]
    assert printed(text, "their frequencies: #;") == [round(entropy, 2)]
    expected = [of_pairs, entropy, of_pairs - entropy]
    assert printed(text, "pairs # − single # = # nats") == pytest.approx(expected, abs=0.0051)


def test_a_table_of_a_few_characters_is_best_on_a_text_not_seen(text):
    none, one, best, back, rows = printed(
        text, "held out: # looking back 0, # looking back 1, # looking back #: a table of # rows"
    )
    assert none > one > best and 3 <= back <= 5 and rows > 10_000


def test_noise_falls_like_the_root_of_the_batch(text):
    found = re.findall(r"B = +(\d+): off by ([\d.]+) of the mean's length", text)
    scaled = [float(error) * int(B) ** 0.5 for B, error in found]
    assert len(found) == 4 and max(scaled) < 1.2 * min(scaled)


def test_chunks_add_up_to_the_whole_loss_but_not_to_the_whole_gradient(text):
    chunks, whole = printed(text, "loss of the chunks #, of the whole #")
    assert chunks == whole
    assert "eight chunks against the library: all differences below 1e-12: True" in text
    for name in "UWb":
        assert printed(text, f"{name}: sum over the chunks differs from the whole by #\n")[0] > 0.01
    for name in "Vc":
        assert f"{name}: sum over the chunks differs from the whole by < 1e-12" in text
