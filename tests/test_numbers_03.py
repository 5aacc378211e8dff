"""What notebook 03 prints, against values that were found with other code, before the notebook was written.

The lecture notebook is stored with its outputs. A value that follows from a formula has to agree to the digits
printed; one that depends on random numbers has to lie within the factor that stands beside it.
"""

import pytest
from lecture import everything, printed


@pytest.fixture(scope="module")
def text():
    return everything("03_vanishing_gradients")


EXACT = {
    # the eigenvalue -1.1 grows, though it is below 1
    "λ = −1.1: λ < 1 is True, but |λ^50| = #": [117],
    # ((0.5, 10), (0, 0.5)): small radius, large norm
    "ρ = 0.5, σ_max = #": [10.0],
    "below 1 for the first time at k = #": [8],
    # 2 · orthogonal at h = 0
    "h = 0 : norm of J #;": [2.000],
    "sigmoid: from 0.00 to 1.00, derivative at most #": [0.2500],
    "w = 8, z = 0: factor #;": [2.000],
    # Graves' picture: a plain unit, the memory of a gated one, and what it puts out
    "sensitivity: # # # # # # # #": [0.42, 0.224, 0.14, 0.093, 0.063, 0.044, 0.031, 0.021],
    "output: # # # # # # # #": [0.247, 0, 0, 0.247, 0, 0.247, 0, 0],
    # a gradient of -0.9 that grows by 1.5 at each step
    "float32: the formula says k > 219.1; -inf at step #,": [220],
    "float64: the formula says k > 1750.8; -inf at step #,": [1751],
    # the cliff
    "largest norm: #, at w = #, b = #": [3320, 4.94, -2.575],
    "median of the norm: #; above 1 on #%": [0.049, 0.17],
    "length of the step: #": [166],
    "landed at w = #, b = #; E = #, gradient #": [92.6, 138.4, 0.09, 0],
    # ReLU: gain^500, by the formula and by the network's backward pass
    "gain 0.99: gain^500 = #, the backward pass says #": [6.57e-3, 6.57e-3],
    "gain 1.01: gain^500 = #, the backward pass says #": [145, 145],
    "gain 1.05: gain^500 = #, the backward pass says #": [3.93e10, 3.93e10],
}


@pytest.mark.parametrize("pattern", EXACT)
def test_what_follows_from_a_formula_agrees_to_the_last_digit(text, pattern):
    assert printed(text, pattern) == pytest.approx(EXACT[pattern], rel=1e-9, abs=1e-12)


RATIO = "‖dL/dh(1)‖ / ‖dL/dh(100)‖ = #"
# The gradient after 99 steps back, 64 units, at the start; the uniform one is a power of a random radius.
RATIOS = {
    f"\nuniform {RATIO}": (8.8e-19, 1e4),
    f"\northogonal {RATIO}": (4.4e-6, 10),
    f"1.5 · orthogonal {RATIO}": (2.8e2, 10),
    f"2 · orthogonal {RATIO}": (3.2e6, 10),
    f"orthogonal, tiny inputs {RATIO}": (0.98, 1.1),
    f"identity, ReLU {RATIO}": (0.32, 3),
    f"LSTM {RATIO}": (8.2e-21, 100),
    f"LSTM, forget bias 3 {RATIO}": (2.8, 3),
    # a Gaussian matrix of 50 rows over √50
    "Gaussian: ρ #, σ_max 1.90": (1.091, 1.2),
    "Gaussian: ρ 1.00, σ_max #": (1.859, 1.1),
}


@pytest.mark.parametrize("pattern", RATIOS)
def test_what_depends_on_random_numbers_is_as_large_as_it_was(text, pattern):
    expected, factor = RATIOS[pattern]
    (value,) = printed(text, pattern)
    assert expected / factor < value < expected * factor


def test_most_eigenvalues_of_a_gaussian_matrix_are_complex(text):
    (count,) = printed(text, "as it is : largest error of QΛQᵀ 0.7, of QΛQ⁻¹ 0.0; complex λ: # of 50")
    assert 40 <= count <= 50  # 46 were found


def test_clipping_reaches_the_valley(text):
    """To 0.0005 where it was first measured; the path bounces, so its last digits are not the same everywhere."""
    assert "loss below 0.002 at each of the last 50 of 600 steps: True" in text


def test_the_start_decides_whether_temporal_order_is_learned(text):
    """At 50 steps: uniform stays where guessing is, orthogonal has learned it in 300 iterations; at 100 neither."""
    assert "uniform:    error above 45 % throughout in 3 of 3 runs" in text
    assert "orthogonal: error below 10 % within 300 iterations in 3 of 3 runs" in text
    assert "orthogonal, sequences of 100: error above 60 % throughout: True" in text


def test_in_float32_the_gradient_is_inf_first_and_nan_later(text):
    assert text.count("with 1 RuntimeWarning; nan, as printed: False") == 2
    assert "one operation later: inf − inf = nan, 0 · inf = nan" in text
