"""What notebook 07 prints in its first half, against values that follow from formulas or were found with other code.

A number that follows from a formula has to agree to the digits printed. What a training came to is said in words.
"""

import math

import pytest
from lecture import everything, printed


@pytest.fixture(scope="module")
def text():
    return everything("07_long_memory")


LN2, LN4, LN8 = (math.log(n) for n in (2, 4, 8))


def entropy(r):
    return -r * math.log(r) - (1 - r) * math.log(1 - r)


def baseline(T):
    return 10 * LN8 / (T + 20)


EXACT = {
    # the adding problem: one value, the sum, half the sum
    "one value: mean #, variance # = 1/#": [0.5, 0.0833, 12],
    "the sum: mean #, error of “always 1” # = 1/#": [1, 0.1667, 6],
    "two million sums drawn: error of “always 1” #": [0.167],
    "the value kept + ½: error #, 1/12 = #": [0.083, 0.083],
    "half the sum, “always ½”: error #, 1/24 = #": [0.0417, 0.0417],
    "squared error above 0.04: # % of the sequences, by the formula #": [36, 0.36],
    # 0.1767 is 1/6 + 0.1²: the error of whoever always says 0.9, or 1.1
    "always 0.9: #; always 1.1: #": [0.1767, 0.1767],
    "E u⁴ = 1/#, Var u² = #, scatter of a test on 1000 sequences #": [15, 0.0389, 0.0062],
    "LSTM 0.164: # scatters from 1/6, # from 0.1767": [-0.4, -2.0],
    # temporal order, to one who knows so much
    "nothing : # % wrong, cross-entropy #": [75, LN4],
    "the first symbol : # % wrong, cross-entropy #": [50, LN2],
    "the second symbol: # % wrong, cross-entropy #": [50, LN2],
    "how many Y : # % wrong, cross-entropy #": [25, LN2 / 2],
    "T = 50: the first symbol stands # to # steps before the last one, the second # to #": [40, 44, 20, 24],
    # copy memory; 0.0204 is what Bai, Kolter and Koltun (2018) print for an LSTM at T = 1000
    "knowing the step, and nothing else: #; your copy_baseline: #": [baseline(30), baseline(30)],
    "T = 1000: no state #, baseline #": [(1009 * entropy(10 / 1009) + 10 * LN8) / 1020, 0.0204],
    "T = 1000: right steps without one symbol kept: # %": [99.1],
    "T = 50, keeping the last 5 steps: #, by the formula #; at T = 600 #": [0.15, 0.150, 0.165],
    "copy memory: # steps; what comes first is kept over # steps": [120, 110],
    "# parameters; its own sequences come below": [32 * 2 + 32 * 32 + 32 + 32 + 1],
}


@pytest.mark.parametrize("pattern", EXACT)
def test_what_follows_from_a_formula_agrees_to_the_digits_printed(text, pattern):
    rounding = 6e-3 if "cross-entropy" in pattern else 6e-4 if "copy_baseline" in pattern else 6e-5
    assert printed(text, pattern) == pytest.approx(EXACT[pattern], abs=rounding)


def test_the_printed_chance_level_is_wrong_and_ours_is_right(text):
    assert "printed: 0.1767 is the error of “always 1” on two million sums: False" in text
    assert "mended: 0.1667 is the error of “always 1” on two million sums: True" in text


def test_a_gradient_behind_the_cut_is_zero_and_a_gate_keeps_it(text):
    assert printed(text, "plain, stop after 25 τ = 5: #, τ = 20: #, τ = 80: #")[2] == 0
    assert printed(text, "gated τ = 5: #, τ = 20: #, τ = 80: #")[2] > 0.1


def test_the_loop_by_hand_has_the_right_gradient(text):
    assert "{'U': True, 'W': True, 'b': True, 'V': True, 'c': True}" in text
    assert "the library's gradients are the same: True" in text
    assert "by the product of Jacobians and by BPTT the same: True" in text
    assert "a loss at every step instead: relative errors all above 0.1: True" in text


def test_the_gated_network_adds_and_the_plain_one_guesses(text):
    """As measured before with other code: a plain RNN never below 0.147 at T = 50, a GRU soon solved."""
    assert "RNN, 600 iterations: error on 2000 new sequences between 0.14 and 0.2: True; chance 0.167" in text
    (iterations,) = printed(text, "below 0.01 within # iterations; error on new sequences below 0.005: True")
    assert iterations <= 300
    assert "RNN, T = 10: error below 0.03: True; at chance: False" in text
    assert "RNN, T = 50: error below 0.03: False; at chance: True" in text


def test_what_is_learned_by_heart_is_worse_than_a_guess_on_new_sequences(text):
    assert "its own sequences come below 0.005: True; new ones end above 0.2: True" in text
