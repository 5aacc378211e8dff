"""The options of an LSTM as the kernels get them: one whole number, a bit for each.

numba keeps compiled code by the file that it stands in, and would not notice a change here: change compiled.py, too.
"""

SIGMOID_CANDIDATE = 1  # g = σ(…) instead of tanh(…)
COUPLED = 2  # i = 1 - f
LINEAR_OUTPUT = 4  # h = o ⊙ c instead of o ⊙ tanh(c)
DIAGONAL = 8  # peepholes from each unit to itself; full ones are products, which the loop asks for
