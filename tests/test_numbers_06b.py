"""What the second half of notebook 06 prints, against values that were found with other code or follow from a formula.

The lecture notebook is stored with its outputs. What follows from a formula has to agree to the digits printed; what
was trained has to lie within limits, or in an order.
"""

import math
import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from lecture import everything, printed

from course_lib import data


@pytest.fixture(scope="module")
def text():
    return everything("06_language_model")


EXACT = {
    # Σ 1/√k, and the two integrals around it
    "m = 1: way # with g = 0.01, # with g = 10; between # and #": [1.00, 1.00, 0.83, 1.00],
    "m = 100: way # with g = 0.01, # with g = 10; between # and #": [18.59, 18.59, 18.10, 19.00],
    "m = 10000: way # with g = 0.01, # with g = 10; between # and #": [198.54, 198.54, 198.01, 199.00],
    # η/√n with η = 1; RMSprop begins with 1/√(1 − 0.99)
    "Adagrad equal gradients: length of step 1, 100, 1000: # # #": [1.00, 0.10, 0.03],
    "RMSprop equal gradients: length of step 1, 100, 1000: # # #": [10.00, 1.26, 1.00],
    # 0.1/√10; 0.1 · 5/√(10 + 25); 0.1/√(11 + 25)
    "clipped to ±5.0: step 10: #, step 11, the huge one: #, step 12: #": [0.0316, 0.0845, 0.0167],
    "SGD step with the sum / step with the mean: #": [16.0],
    "Adagrad step with the sum / step with the mean: #": [1.0],
    # 3^(1/τ)
    "τ = 0.5: p = # # # # p₁/p₂ = #": [0.860, 0.096, 0.002, 0.043, 9],
    "τ = 1.0: p = # # # # p₁/p₂ = #": [0.623, 0.208, 0.031, 0.139, 3],
    "τ = 2.0: p = # # # # p₁/p₂ = #": [0.440, 0.254, 0.098, 0.208, 1.73],
    # two steps of squared error: (1² + 2²) + 0.5²
    "two steps: # # ; their sum #": [5, 0.25, 5.25],
    "1.50 nats, perplexity #: # bits, # bytes": [4.48, 2.16, 27051],
    "1.10 nats, perplexity #: # bits, # bytes": [3.00, 1.58, 19812],
}


@pytest.mark.parametrize("pattern", EXACT)
def test_what_follows_from_a_formula_agrees_to_the_last_digit(text, pattern):
    assert printed(text, pattern) == pytest.approx(EXACT[pattern], rel=1e-9)


TRUE = (
    "your steps are those of the library",
    "gone on from the file, 3040 iterations: the same bit for bit",
    "from the parameters only, after one step: more than 1 nat worse",
    "relative error of every gradient below 1e-7",
    "largest difference below 0.02",
    "lowest on held-out names within 30 times through",
)


@pytest.mark.parametrize("claim", TRUE)
def test_what_is_either_so_or_not_is_so(text, claim):
    assert f"{claim}: True" in text


@pytest.mark.parametrize("tau", [0.3, 1.0, 3.0])
def test_the_entropy_grows_by_the_variance_over_the_cube(text, tau):
    """Computed here from other formulas: Σ p ln p, and a difference."""
    o = np.array([2.0, 2.0 - math.log(3), -1.0, 0.5])

    def entropy(at):
        p = np.exp(o / at) / np.exp(o / at).sum()
        return float(-(p * np.log(p)).sum())

    slope = (entropy(tau + 1e-5) - entropy(tau - 1e-5)) / 2e-5
    shown, *slopes = printed(text, f"τ = {tau}: entropy #, its slope #, by the formula #")
    assert shown == pytest.approx(entropy(tau), abs=5.1e-4)
    assert slopes == pytest.approx([slope, slope], abs=5.1e-5)


def test_a_guess_gets_what_counting_says(text):
    """Counted with dictionaries; one more of each, so that none has the probability 0."""
    seen, fresh = data.reference_text()
    V = len(set(seen + fresh))
    single, following = Counter(seen), Counter(seen[:-1])
    pairs, steps = Counter(pairwise(seen)), list(pairwise(fresh))
    frequencies = -sum(math.log((single[b] + 1) / (len(seen) + V)) for _, b in steps) / len(steps)
    of_pairs = -sum(math.log((pairs[a, b] + 1) / (following[a] + V)) for a, b in steps) / len(steps)
    for name, level in {"all alike, ln V": math.log(V), "frequencies": frequencies, "pairs": of_pairs}.items():
        (nats, bits, perplexity) = printed(text, f"{name} # nats, # bits, perplexity #")
        assert nats == pytest.approx(level, abs=5.1e-3), name
        assert bits == pytest.approx(level / math.log(2), abs=5.1e-3)
        assert perplexity == pytest.approx(math.exp(level), abs=5.1e-3)


def test_the_own_network_is_where_its_recipe_should_be(text):
    """The published recipe reached 1.6 to 1.9 nats on other cuts of this text, with one row and ten times the steps."""
    (nats,) = printed(text, "your network # nats; perplexity below 6: True")
    assert 1.5 < nats < 1.9


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_the_stored_networks_are_as_good_as_in_torch(text, cell):
    ours, theirs = printed(text, f"{cell} #, in PyTorch #")
    assert abs(ours - theirs) <= 0.03
    assert ours <= 1.65


def test_the_rare_letter_gets_as_far_as_the_space_with_adagrad_only(text):
    (_, far), (_, near) = (
        printed(text, f"{name} read # times; its column has moved by #") for name in ("space", "digit 1")
    )
    assert far > 10 * near
    sgd, adagrad = printed(text, "loss of the last 20 chunks: SGD #, Adagrad #")
    assert adagrad < sgd - 0.2


def test_warmer_means_fewer_known_words_and_more_different_ones(text):
    rows = [
        printed(text, f"τ = {tau}: #% of the words are known, #% are different ones") for tau in (0.2, 0.7, 1.0, 1.5)
    ]
    known, different = zip(*rows, strict=True)
    assert list(known) == sorted(known, reverse=True)
    assert list(different) == sorted(different)
    assert known[0] > 95


def test_one_unit_is_needed_for_the_second_quotation_mark(text):
    rises = [float(rise) for rise in re.findall(r"unit +\d+ held: .* ends of quotations ([+-][\d.]+)", text)]
    assert len(rises) >= 4
    assert rises[0] > 1
    assert max(map(abs, rises[1:])) < rises[0] / 3


def test_random_weights_know_the_place_in_the_line_better(text):
    *_, table = text.partition("all units together, held out")
    place = re.search(r"place in line +(-?[\d.]+) +(-?[\d.]+)", table)
    quotes = re.search(r"inside quotes +(-?[\d.]+) +(-?[\d.]+)", table)
    assert float(place[1]) < float(place[2])
    assert float(quotes[1]) > float(quotes[2])


def test_five_years_ahead_the_rules_err_as_they_must(text):
    """The rules learn nothing, so their errors follow from the table of sunspots alone."""
    _, numbers = data.sunspots()
    first, last = 1957 - 1700, len(numbers) - 5  # the year now: the years from the next one on are the test
    now = np.arange(first, last)
    for k in (1, 5):
        wanted = numbers[now + k]
        off = {"as this year": numbers[now] - wanted, "cycle before": numbers[now + k - 11] - wanted}
        for name, errors in off.items():
            pattern = f"{name} 1 year: # 2 years: # 3 years: # 4 years: # 5 years: #"
            assert printed(text, pattern)[k - 1] == round(np.sqrt((errors**2).mean()))


def test_the_network_is_better_for_the_next_years_but_not_for_the_fifth(text):
    pattern = "1 year: # 2 years: # 3 years: # 4 years: # 5 years: #"
    network, cycle, same = (printed(text, f"{name} {pattern}") for name in ("network", "cycle before", "as this year"))
    assert network[0] < 0.75 * min(cycle[0], same[0])
    assert abs(network[4] - cycle[4]) < 8
    assert network == sorted(network)
