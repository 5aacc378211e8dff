"""What notebook 05 prints, against values that were found with other code, before the notebook was written.

The lecture notebook is stored with its outputs. A value that follows from a formula has to agree to the digits
printed; one that depends on random numbers has to lie within the factor that stands beside it.
"""

import re

import pytest
from lecture import everything, printed


@pytest.fixture(scope="module")
def text():
    return everything("05_gru")


EXACT = {
    # what a gate keeps, and after how many steps it is half
    "b_z = 0: 1 − z = #, half-life # steps": [0.5, 1.0],
    "b_z = -1: 1 − z = #, half-life # steps": [0.731, 2.2],
    "b_z = -2: 1 − z = #, half-life # steps": [0.881, 5.5],
    "b_z = -3: 1 − z = #, half-life # steps": [0.953, 14.3],
    "b_z = -5: 1 − z = #, half-life # steps": [0.993, 103.2],
    # 1 : 3 : 4, with 10 inputs and 64 units: (10 + 64 + 1) · 64
    "RNN : # numbers in the arrays; by the formula #": [4800, 4800],
    "GRU : # numbers in the arrays; by the formula #": [14400, 14400],
    "LSTM: # numbers in the arrays; by the formula #": [19200, 19200],
}


@pytest.mark.parametrize("pattern", EXACT)
def test_what_follows_from_a_formula_agrees_to_the_last_digit(text, pattern):
    assert printed(text, pattern) == pytest.approx(EXACT[pattern], rel=1e-9)


RATIO = "‖dL/dh(1)‖ / ‖dL/dh(100)‖ = #"
# The gradient after 99 steps back, 64 units, at the start.
RATIOS = {
    f"GRU, bias 0 : {RATIO}": (1.1e-20, 100),
    f"GRU, bias −3 : {RATIO}": (1.5e-2, 3),
    f"plain network : {RATIO}": (8.8e-19, 1e4),  # a power of a random radius
}


@pytest.mark.parametrize("pattern", RATIOS)
def test_the_gradient_that_arrives_is_as_large_as_it_was(text, pattern):
    expected, factor = RATIOS[pattern]
    (value,) = printed(text, pattern)
    assert expected / factor < value < expected * factor


# Of a GRU and an LSTM that lacks one condition; in another setting, so only their order of magnitude is the same.
GAPS = {"coupled": 0.189, "peephole": 0.356, "identity": 0.028, "delay": 0.325}


@pytest.mark.parametrize("condition", GAPS)
def test_without_one_of_the_four_conditions_an_lstm_is_no_gru(text, condition):
    for gap in printed(text, f"without {condition} # #"):
        assert GAPS[condition] / 10 < gap < GAPS[condition] * 10


def test_squashing_costs_least(text):
    gaps = {condition: printed(text, f"without {condition} # #") for condition in GAPS}
    assert min(gaps, key=lambda condition: gaps[condition][1]) == "identity"


def test_with_all_four_conditions_it_is_one(text):
    assert "8 networks, 50 steps each: largest |c − h| below 1e-12: True" in text
    assert "looking ahead: off the GRU by less than 1e-12: True" in text
    assert "an LSTM with the four conditions, read as a GRU: the states differ by less than 1e-12: True" in text


def test_the_two_conventions_are_one_network(text):
    assert "swapped: the states differ by less than 1e-12: True" in text


def test_the_bias_decides_whether_temporal_order_is_learned(text):
    """No GRU with the usual bias learned it, each one did with a bias that keeps."""
    assert "b_z =  0: error above 65 % at the end of 240 iterations in 3 of 3 runs" in text
    assert "b_z = −3: error below 25 % at the end of 240 iterations in 3 of 3 runs" in text


def test_without_the_delay_only_the_input_of_the_output_gate_is_another(text):
    """Not the gate of the step before, which had seen an older memory."""
    assert re.search(r"no delay: x\(T−1\), c\(T−1\) .* gives the ordinary LSTM's h: True", text)
    assert re.search(r"\no\(T−1\) .* gives the ordinary LSTM's h: False", text)
    assert "a gate of x(T−1) and c(T−1), times c(T−1): 0.00 from" in text


def test_the_tied_gate_is_nearly_shut_at_high_maxima_only(text):
    (high, low), weak = printed(text, "above 100 sunspots #, below 10 #; in"), printed(text, "in 1804 and 1816 # and #")
    assert high < 0.15 < 0.2 < min(weak) < max(weak) < 0.3 < 0.35 < low
