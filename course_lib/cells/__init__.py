"""Recurrent layers: forward over a sequence, and back-propagation through time.

::

    cell = LSTM(input_size=65, hidden_size=128, rng=backend.Rng(0))
    hs, state, cache = cell.forward(x)                  # x (T, B, 65) → hs (T, B, 128); state is (h, c)
    dx, dstate, grads = cell.backward(dhs, cache)       # grads has the names and shapes of cell.params

    output = Output(hidden_size=128, output_size=65, rng=backend.Rng(1))
    o, cache = output.forward(hs)                       # logits (T, B, 65), for functions.cross_entropy

Layers are stacked by calling one after the other::

    hs1, state1, cache1 = first.forward(x)
    hs2, state2, cache2 = second.forward(hs1)
    dhs1, _, grads2 = second.backward(dhs2, cache2)
    dx, _, grads1 = first.backward(dhs1, cache1)

Where a gradient is wanted at each state, all of it and not only what its own step adds, take the steps one by one::

    caches = []
    for t in range(T):
        h, state, cache = cell.forward(x[t : t + 1], state)
        caches.append(cache)
    dstate = None
    for t in reversed(range(T)):
        _, dstate, _ = cell.backward(dhs[t : t + 1], caches[t], dstate)     # dL/dh_{t-1}; (dh, dc) for an LSTM

How they are made fast is in kernels.py; the formulas are in rnn.py, lstm.py and gru.py.
"""

from course_lib.cells.embedding import Embedding
from course_lib.cells.gru import GRU
from course_lib.cells.lstm import LSTM
from course_lib.cells.output import Output
from course_lib.cells.rnn import RNN

__all__ = ["GRU", "LSTM", "RNN", "Embedding", "Output"]
