# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1 · Unrolling
#
# A recurrent network reads a sequence one element at a time and carries a *state* from step to step. On paper it
# is a loop of one line. This notebook opens the loop: you write it, unroll it, measure what it can and cannot see,
# and train it to spell a word.
#
# Afterwards you can
#
# * say what the state at time $t$ is a function of, and prove by experiment what it is *not* a function of;
# * write one step, the loop over time and the loss, for batches, in a few lines each;
# * explain why an unrolled network is an ordinary network of many layers that share their weights, and what that costs.

# %% [markdown] slide="skip"
# **How to work.** Go from top to bottom and run every cell. You write six short answers, 10 points in all. Below each
# one, `check(…)` tells you at once what is right and what is wrong; `hint(…)` helps, a little more each time you call
# it. You may check as often as you like.
#
# Beside the formulas stand cells that confirm them with numbers: an `assert` in them would raise an error if the
# formula were wrong. From Exercise 2 on, these cells run on the functions that *you* wrote. So as long as an exercise
# is not solved, a cell below it may end in `NotImplementedError`, or in `NameError` where an earlier cell could not
# finish. That is no fault of yours and costs nothing: solve the exercise, then choose Run → Run All Cells. It takes a
# few seconds, and is safer than running one cell again, since later cells use some names anew.

# %% tags=["setup"]
import numpy as np

from course_lib.checking import check, earned, hint, progress  # earned: for the grader

# %% [markdown]
# ## One notation
#
# These letters mean the same in the whole course, in text and in code.
#
# | meaning | text | code | shape |
# |:--|:--|:--|:--|
# | input of step $t$ | $x^{(t)}$ | `x[t]` | (B, D); of `x` (T, B, D) |
# | hidden state: what the network remembers | $h^{(t)}$ | `h` | (B, H) |
# | the state before the first step | $h^{(0)}$ | `h0` | (B, H) |
# | the sum of which the state is the tanh | $a^{(t)}$ | `a` | (B, H) |
# | output: any numbers (*logits*, if they become probabilities) | $o^{(t)}$ | `o` | (B, O) |
# | those probabilities | $p^{(t)}$ | `p` | (B, O) |
# | target: what the output should be, here the number of a class | $y^{(t)}$ | `y[t]` | (B,) |
# | loss: how wrong the outputs are | $L$ | `loss` | one number |
# | matrix from input to state | $U$ | `U` | (H, D) |
# | matrix from state to next state | $W$ | `W` | (H, H) |
# | matrix from state to output | $V$ | `V` | (O, H) |
# | biases of state and output | $b$, $c$ | `b`, `c` | (H,), (O,) |

# %% [markdown]
# $T$ is the number of steps, $B$ the number of sequences read at the same time (a *batch*), and $D$, $H$, $O$ are the
# sizes of one input, state and output. Two things to remember:
#
# * **Time comes first, samples are rows.** Formulas speak of one sample, a column vector. Code holds `B` samples at
#   once, one in each row. As $(Ux)^\top = x^\top U^\top$, the product $Ux$ becomes `x[t] @ U.T`.
# * **Text counts from 1, code from 0.** $x^{(1)}$ is `x[0]`. The start $h^{(0)}$ is a separate array `h0`.

# %% tags=["demo"]
U_example = np.array([[1, 2, 0], [0, 1, -1]])  # (H, D) = (2, 3)
two_samples = np.array([[1, 0, 2], [3, 1, 1]])  # (B, D) = (2, 3), one sample in each row

print("U x of the first sample: ", U_example @ two_samples[0])
print("U x of the second sample:", U_example @ two_samples[1])
print("x @ U.T, both at once:\n", two_samples @ U_example.T, sep="")
for row, sample in zip(two_samples @ U_example.T, two_samples, strict=True):
    assert np.array_equal(row, U_example @ sample)

# %% [markdown] sources=["S6", "S8", "S72", "S73"]
# The course draws on four documents: **A** the slides on recurrent networks by J. Grabocka (Hildesheim, after
# chapter 10 of Goodfellow, Bengio and Courville), **B** the third part of D. Britz's RNN tutorial (WildML), **C** the
# slides "Training Recurrent Nets" by A. Ramanathan (Oak Ridge), which change notation half-way, and **D** the slides
# on backpropagation through time by H. Ni (UCL). You do not need them; if you have one of them open, this helps:
#
# <details>
# <summary>The same letters in the four documents, and their misprints (click to open)</summary>
#
# | meaning | **here** | A | B | C, first part | C, second part | D |
# |:--|:--|:--|:--|:--|:--|:--|
# | input | $x^{(t)}$ | $x^{(t)}$ | $x_t$ | $x_t$ | $x^{(t)}$ | $x_t$ |
# | hidden state | $h^{(t)}$ | $h^{(t)}$ | $s_t$ | $h_t$, then $s_t$ | $h^{(t)}$ | $s_t$ |
# | before the tanh | $a^{(t)}$ | $a^{(t)}$ | $z_t$ | – | $a^{(t)}$ | – |
# | input → hidden | $U$ | $U$ | $U$ | $W_{xh}$, then $U$ | $U$ | $U$ |
# | hidden → hidden | $W$ | $W$ | $W$ | $W_{hh}$, then $W$ | $W$ | $W$ |
# | hidden → output | $V$ | $V$ | $V$ | $W_{hy}$, then $V$ | $V$ | $V$ |
# | biases | $b$, $c$ | $b$, $c$ | none | none | $b$, $c$ | none |
# | output (logits) | $o^{(t)}$ | $o^{(t)}$ | $V s_t$ | $y_t$ | $o^{(t)}$ | $V s_t$ |
# | probabilities | $p^{(t)}$ | $\hat y^{(t)}$ | $\hat y_t$ | $\hat o_t$ | $\hat y$ | – |
# | target | $y^{(t)}$ | $y^{(t)}$ | $y_t$ | $o_t$ (!) | $y^{(t)}$ | $y_t$ |
# | loss | $L$ | $\mathcal L$ | $E$ | $E$ | $L$ | $L = \sum_t E_t$ |
# | first step, start | $1$, $h^{(0)}$ | $1$, $h^{(0)}$ | $0$, $s_{-1}$ | mixed | $1$ | $1$, $s_0$ |
# | number of steps | $T$ | $\tau$ | – | – | $\tau$ | $T$ |
# | sizes | $D$, $H$, $O$ | $M$, $N$, $L$ | – | – | – | – |
#
# **One letter, two meanings.** In the first part of C, $y_t$ is the output and $o_t$ is the target: just the other
# way round than here.
#
# **Misprints.** Errors that change what a formula says are told where the formula comes up. These are slips of the
# pen:
#
# | in | printed | correct | why |
# |:--|:--|:--|:--|
# | A | $h^{(t)} = anh(a^{(t)})$ | $\tanh(a^{(t)})$ | a letter was lost |
# | A | softmax: $y_l^{(t)} = \dots$ | $\hat y_l^{(t)}$, our $p_l^{(t)}$ | without its hat, $y$ is the target |
# | C | $z_3 = v s_3$; "a weight matrix" without a name | $z_3 = V s_3$; the matrix $V$ | a small $v$ would be a vector |
# | C | $y = \operatorname{softmax}(o)$, compared with "the target $y$" | $\hat y = \operatorname{softmax}(o)$ | a target is given, not computed |
# | C | $\hat y = \operatorname{softmax}(o^{(t)})$ | $\hat y^{(t)} = \dots$ | there is one prediction for each step |
#
# </details>

# %% [markdown] sources=["S1", "S58"]
# ## A system with a state
#
# A state that changes with each input is a **dynamical system**:
#
# $$h^{(t)} = f\big(h^{(t-1)},\, x^{(t)};\, \theta\big) \label{dynamical-system}$$
#
# From left to right: the *new state* is one fixed function $f$, with *parameters* $\theta$, of the *old state* and
# the *new input* (C writes $h_t = f_W(h_{t-1}, x_t)$ and puts the parameters in the index). Neither $f$ nor
# $\theta$ has an index $t$: the same rule holds at every step.
#
# The smallest example has one number as its state, $f(h, x;\theta) = \theta h + x$. With $\theta = \tfrac12$ each
# input is remembered, and loses half its weight with every step:

# %% tags=["demo"] sources=["S1", "S58"]
def f(h, x, theta=0.5):
    return theta * h + x


inputs, h, path = [1, 0, 0, 2], 0.0, []
for x_t in inputs:
    h = f(h, x_t)
    path.append(h)

print("h(1), …, h(4) =", path)
assert path == [1.0, 0.5, 0.25, 2.125]

# %% [markdown] sources=["S2", "S3", "S60"]
# ## Unfold
#
# Put the rule \eqref{dynamical-system} into itself until only inputs are left. For three steps:
#
# $$h^{(3)} = f\Big(f\big(f(h^{(0)}, x^{(1)}),\, x^{(2)}\big),\, x^{(3)}\Big) = g^{(3)}\big(x^{(3)}, x^{(2)}, x^{(1)}\big)$$
#
# So the state is a function of **the whole history**. There is a different $g^{(t)}$ for every length, with one
# argument more each time; but all of them are made of the one $f$, which always takes two arguments. That is what
# makes learning possible: we learn $f$, and get $g^{(1)}, g^{(2)}, g^{(3)}, \dots$ for nothing.
#
# In our example $g$ can be written down, $g^{(t)} = \sum_{s=1}^{t} \theta^{\,t-s} x^{(s)}$, and agrees with the loop:

# %% tags=["demo"] sources=["S2", "S3", "S60"]
nested = f(f(f(0.0, inputs[0]), inputs[1]), inputs[2])
g4 = sum(0.5 ** (4 - s) * inputs[s - 1] for s in range(1, 5))

print(f"h(3): loop {path[2]}, nested {nested}")
print(f"h(4): loop {path[3]}, g(4)   {g4}")
assert nested == path[2] and g4 == path[3]

# %% [markdown] sources=["S3", "S4", "S40"]
# The picture of this step is the most important one of the notebook. On the left the network as a loop; on the right
# the same network **unrolled** (unfolded) over $T$ steps. Circles are values, arrows are computations. Each step
# takes an input $x$, makes a state $h$, from it an output $o$, and compares that with a target $y$ in a loss $L$.
#
# *What to see:* move the slider. The graph grows, but no new letter appears: all blue arrows carry the same $U$, all
# orange ones the same $W$, all green ones the same $V$. (The black arrows carry no parameters.)

# %% tags=["demo"]
from course_lib import plots, widgets

widgets.sliders(plots.unrolled, {"T": range(1, 9)}, start=(4,))

# %% [markdown] sources=["S4"]
# Three properties can be read off (A lists them; B draws the same graph with losses $E_0, \dots, E_4$):
#
# 1. whatever the length of the sequence, a step has the **same input size**;
# 2. every step uses the **same function with the same parameters**;
# 3. the recurrent connection goes **from hidden state to hidden state**.
#
# > **Erratum (B, C).** *Printed:* $s_3 = \tanh(U x_t + W s_2)$, and in C also $s_2 = \tanh(U x_t + W s_1)$.
# > *Correct:* $x_3$ in the first, $x_2$ in the second. *Why:* each step reads its own input. Taken literally, all steps
# > would read the same $x$, and the history would be lost.
#
# In our example, with $x^{(3)} = 0$ in all places:

# %% tags=["demo"]
literal = f(f(f(0.0, inputs[2]), inputs[2]), inputs[2])

print(f"h(3) with x(1), x(2), x(3): {path[2]}")
print(f"h(3) with x(3) everywhere:  {literal}")
assert path[2] == 0.25 and literal == 0.0

# %% [markdown] sources=["S5", "S6", "S38", "S59", "S73"]
# ## One step
#
# A recurrent network is the dynamical system \eqref{dynamical-system} with this $f$: a linear map of the input, a
# linear map of the old state, a bias, and a tanh that keeps every entry between −1 and 1.
#
# $$a^{(t)} = b + W h^{(t-1)} + U x^{(t)} \qquad\qquad h^{(t)} = \tanh\big(a^{(t)}\big) \label{step}$$
#
# A writes it so, and so does C in its second part. B and the first part of C leave out the bias,
# $s_t = \tanh(U x_t + W s_{t-1})$ and $h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t)$; that is the case $b = 0$. D allows
# another function in place of tanh.
#
# One step by hand, with two inputs and two hidden units, so $D = H = 2$:
#
# $$x = \begin{pmatrix}1\\2\end{pmatrix},\quad h^{(0)} = \begin{pmatrix}0.5\\-0.5\end{pmatrix},\quad
# U = \begin{pmatrix}1&-1\\0&0.5\end{pmatrix},\quad W = \begin{pmatrix}0&2\\1&0\end{pmatrix},\quad
# b = \begin{pmatrix}0.5\\0\end{pmatrix}$$
#
# $$a = \begin{pmatrix}0.5\\0\end{pmatrix} + \begin{pmatrix}-1\\0.5\end{pmatrix} + \begin{pmatrix}-1\\1\end{pmatrix}
# = \begin{pmatrix}-1.5\\1.5\end{pmatrix},\qquad h^{(1)} = \begin{pmatrix}-0.905\\0.905\end{pmatrix}$$

# %% tags=["demo"] sources=["S5", "S6", "S38", "S59", "S73"]
U1, W1 = np.array([[1.0, -1.0], [0.0, 0.5]]), np.array([[0.0, 2.0], [1.0, 0.0]])
b1 = np.array([0.5, 0.0])
x1, start = np.array([1.0, 2.0]), np.array([0.5, -0.5])

a1 = b1 + W1 @ start + U1 @ x1
h1 = np.tanh(a1)

print("a(1) =", a1)
print("h(1) =", h1.round(3))
assert np.allclose(a1, [-1.5, 1.5]) and np.allclose(h1, [-0.905, 0.905], atol=5e-4)

# %% [markdown]
# ### Exercise 1 · One step (2 points)
#
# Write `rnn_step(x_t, h_prev, U, W, b)`: the step \eqref{step} for a batch of `B` samples, one in each row.
#
# | argument | shape | |
# |:--|:--|:--|
# | `x_t` | (B, D) | the inputs of this step |
# | `h_prev` | (B, H) | the states before it |
# | `U`, `W`, `b` | (H, D), (H, H), (H,) | the parameters |
# | *returns* | (B, H) | the states after it, a new array |
#
# It has to work for all sizes, 1 included. float32 inputs give a float32 result, float64 inputs a float64 result.
# Do not change the inputs. Marked: right values with $b = 0$ (1 point), the bias (0.5), float32 (0.5).
# `hint(rnn_step)` gives a hint.

# %% tags=["answer"] exercise="rnn_step"
def rnn_step(x_t, h_prev, U, W, b):
    """One step of the network: the states (B, H) after the inputs x_t (B, D)."""
    ### BEGIN SOLUTION
    return np.tanh(x_t @ U.T + h_prev @ W.T + b)
    ### END SOLUTION

# %% tags=["check"] exercise="rnn_step" sources=["S5", "S6"]
check(rnn_step)
### BEGIN HIDDEN TESTS
earned(rnn_step)
### END HIDDEN TESTS

# %% [markdown] sources=["S7", "S59", "S72", "S73"]
# ## The loop
#
# The state is what the network knows; what it *says* is a linear map of the state, the same at every step:
#
# $$o^{(t)} = c + V h^{(t)} \label{output}$$
#
# (In the first part of C: $y_t = W_{hy} h_t$, without bias.) Together with the step \eqref{step}, this is the whole
# forward pass:
#
# > start with $h = h^{(0)}$; for $t = 1, \dots, T$: &nbsp; $h \leftarrow \tanh(b + W h + U x^{(t)})$, &nbsp;
# > $o^{(t)} = c + V h$.
#
# C describes the same graph in words: it maps an input sequence to an output sequence, a loss measures how far each
# output is from its target, and three matrices connect input to hidden ($U$), hidden to hidden ($W$), and hidden to
# output ($V$).

# %% [markdown]
# ### Exercise 2 · The loop (3 points)
#
# Write `rnn_forward(x, h0, params)`: run the network, \eqref{step} and \eqref{output}, over a whole batch of sequences.
#
# | argument | shape | |
# |:--|:--|:--|
# | `x` | (T, B, D) | the inputs; time comes first |
# | `h0` | (B, H) | the states before the first step, not always 0 |
# | `params` | dict | `"U"` (H, D), `"W"` (H, H), `"b"` (H,), `"V"` (O, H), `"c"` (O,) |
# | *returns* `hs` | (T, B, H) | `hs[t]`: the states after `x[t]`; `h0` is not among them |
# | *returns* `os` | (T, B, O) | `os[t]`: the outputs computed from `hs[t]` |
#
# Return the pair `hs, os`, in this order. All sizes can be 1. float32 inputs give float32 results. Do not change the
# inputs. You may call your `rnn_step`, once it passes its check, or write the line again: what is marked is the result,
# so a mistake in `rnn_step` would cost points here, too. Marked: the states (1 point), the outputs (1), the start from
# `h0` (0.5), float32 (0.5). `hint(rnn_forward)` gives a hint.

# %% tags=["answer"] exercise="rnn_forward"
def rnn_forward(x, h0, params):
    """The states hs (T, B, H) and outputs os (T, B, O) for the inputs x, started from h0."""
    ### BEGIN SOLUTION
    U, W, b, V, c = (params[name] for name in "UWbVc")
    h, hs, os = h0, [], []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
        os.append(h @ V.T + c)
    return np.stack(hs), np.stack(os)
    ### END SOLUTION

# %% tags=["check"] exercise="rnn_forward" sources=["S7", "S59", "S73"]
check(rnn_forward)
### BEGIN HIDDEN TESTS
earned(rnn_forward)
### END HIDDEN TESTS

# %% [markdown]
# The example from above, carried on for a second step with $x^{(2)} = (0, 1)^\top$, $V = (1\;\;1)$ and $c = 0.1$. By
# hand: $a^{(2)} = (0.5 + 2 \cdot 0.905 - 1,\; -0.905 + 0.5)^\top = (1.310,\, -0.405)^\top$, so
# $h^{(2)} = (0.864,\, -0.384)^\top$, and the outputs are $-0.905 + 0.905 + 0.1$ and $0.864 - 0.384 + 0.1$.

# %% tags=["demo"] sources=["S7", "S72"]
example = {"U": U1, "W": W1, "b": b1, "V": np.array([[1.0, 1.0]]), "c": np.array([0.1])}
two_inputs = np.array([[[1.0, 2.0]], [[0.0, 1.0]]])  # (T, B, D) = (2, 1, 2)
hs, os = rnn_forward(two_inputs, start[None], example)  # start[None]: as a row, (B, H) = (1, 2)

print("h(1), h(2) =", *hs[:, 0].round(3))
print("o(1), o(2) =", *os[:, 0].round(2))
assert np.allclose(hs[:, 0], [[-0.905, 0.905], [0.864, -0.384]], atol=1e-3)
assert np.allclose(os[:, 0, 0], [0.1, 0.58], atol=5e-3)

# %% [markdown] sources=["S4"]
# The three properties, with numbers. A network with $D=3$, $H=5$, $O=2$ has
# $HD + H^2 + H + OH + O = 15 + 25 + 5 + 10 + 2 = 57$ parameters, for sequences of 2 and of 50 steps alike. And if
# the first 2 of 50 inputs are those of the short sequence, the first 2 states are the same: it *is* the same network.

# %% tags=["demo"] sources=["S4"]
from course_lib import backend, init

rng = backend.Rng(1)
small = init.rnn_params(3, 5, 2, rng, "float64")  # D, H, O; small random U, W, V, and b = c = 0
x50, zero = rng.normal((50, 1, 3), dtype="float64"), np.zeros((1, 5))
hs2, _ = rnn_forward(x50[:2], zero, small)
hs50, _ = rnn_forward(x50, zero, small)

count = sum(value.size for value in small.values())
print(f"{count} parameters; hs for 2 steps {hs2.shape}, for 50 steps {hs50.shape}")
assert count == 57 and np.array_equal(hs50[:2], hs2)

# %% [markdown]
# What does a state look like from inside? Here 16 hidden units read 40 inputs that are all zero, except at two steps.
#
# *What to see:* each row is a hidden unit, each column one state. Before the first input all units are 0. An input
# lights up a whole column; afterwards nothing comes in, and the network lives on its memory, which fades. How fast it
# fades, and how to slow it down, is the subject of notebook 03.

# %% tags=["demo"]
from course_lib import backend, init, plots

rng = backend.Rng(3)
params = init.rnn_params(4, 16, 2, rng, "float64")
params["U"] *= 3
params["W"] *= 1.6
pulses = np.zeros((40, 1, 4))
pulses[[4, 24]] = rng.normal((2, 1, 4), dtype="float64")
hs, _ = rnn_forward(pulses, np.zeros((1, 16)), params)

plots.show(plots.states(hs[:, 0], pulses=(5, 25)))
size = np.abs(hs[:, 0]).max(axis=1)
assert size[3] == 0 and size[4] > 0.9 and size[23] < size[4] / 5

# %% [markdown] sources=["S56"]
# ## What the loop is good for
#
# A convolutional network, as C recalls, takes an input of fixed size, returns an output of fixed size, in a fixed
# number of layers, one processing step after another (LeNet, an early network that reads handwritten digits, has
# five), and each output of a layer sees only a neighbourhood of its inputs. It is "one to one". A loop has no fixed
# length, and serves several uses, depending on which inputs you feed and which outputs you read:
#
# | use | example | what you do |
# |:--|:--|:--|
# | many to one | is this review friendly? | feed all, read the last output `os[-1]` |
# | many to many, aligned | which word class has each word? | feed all, read all of `os` |
# | one to many | write a caption for this picture | feed it once, then feed back what was said |
# | many to many, delayed | translate | first read, then write |

# %% [markdown] sources=["S56"]
# The neighbourhood in numbers: five convolutions of width 3 see 5 inputs to either side, 11 in all, however they are
# trained. The state of our example sees everything before it, only with less and less weight.

# %% tags=["demo"] sources=["S56"]
def five_layers(x):
    for _ in range(5):
        x = np.tanh(np.convolve(x, [0.2, 0.5, 0.3], mode="same"))
    return x


signal, middle = np.zeros(41), 20
seen = sum(abs(five_layers(signal + bump)[middle]) > 0 for bump in np.eye(41))
far_back = 0.5**40  # the weight of x(1) in h(41) = sum of 0.5^(41-s) x(s)

print(f"inputs seen by one output: convolution {seen} of 41, recurrence 41 of 41")
print(f"weight of the first input in the recurrence: {far_back:.0e}")
assert seen == 11 and far_back > 0

# %% [markdown] sources=["S56"]
# The four uses, with the shapes that you get from your own loop. For "one to many" the output of a step is the input
# of the next one.

# %% tags=["demo"] sources=["S56"]
from course_lib import backend, init

rng = backend.Rng(4)
T, B, D, H, O = 6, 2, 3, 5, 3
params = init.rnn_params(D, H, O, rng, "float64")
x, zero = rng.normal((T, B, D), dtype="float64"), np.zeros((B, H))

hs, os = rnn_forward(x, zero, params)
print("many to one:          ", os[-1].shape)
print("many to many, aligned:", os.shape)

fed, h, said = x[0], zero, []
for _ in range(4):
    h = rnn_step(fed, h, params["U"], params["W"], params["b"])
    fed = h @ params["V"].T + params["c"]
    said.append(fed)
print("one to many:          ", np.stack(said).shape)

silent = np.zeros((3, B, D))
_, os_after = rnn_forward(silent, hs[-1], params)  # the last state is all that is handed over
print("many to many, delayed:", os_after.shape)
assert os[-1].shape == (2, 3) and np.stack(said).shape == (4, 2, 3) and os_after.shape == (3, 2, 3)
assert np.allclose(os_after, rnn_forward(np.concatenate([x, silent]), zero, params)[1][T:])

# %% [markdown] sources=["S57"]
# **A caveat.** C says that recurrent networks are Turing complete, that they can run any program. This is a theorem
# (Siegelmann and Sontag), but about a network that no computer runs: its state has **unbounded precision**, and it may
# take **unbounded time** before it answers. The proof keeps a whole tape of bits in the digits of one hidden unit:
# to push a bit is $h \leftarrow (h + \text{bit})/2$, to pop one is to read the first binary digit. With the floats
# of a computer, the tape has an end. (The theorem also says nothing about whether training would find that program.)

# %% tags=["demo"] sources=["S57"]
def remembers(bits, number):
    """Whether all bits come back after they were pushed into one floating-point number."""
    h, back = number(0), []
    for bit in bits:
        h = (h + number(bit)) / number(2)
    for _ in bits:
        h = number(2) * h
        back.append(int(h >= 1))
        h -= number(back[-1])
    return back[::-1] == bits


for number in (np.float32, np.float64):
    longest = max(n for n in range(2, 100) if remembers([1] + [0] * (n - 2) + [1], number))
    print(f"{number.__name__}: a tape of {longest} bits")
assert longest == 53

# %% [markdown] sources=["S8", "S38", "S63"]
# ## The loss
#
# To predict one of $O$ classes at each step, the output becomes probabilities:
#
# $$p^{(t)} = \operatorname{softmax}\big(o^{(t)}\big), \qquad p_l = \frac{e^{o_l}}{\sum_{k=1}^{O} e^{o_k}}
# \label{softmax}$$
#
# This is $\hat y^{(t)}$ in A and C, $\hat y_t = \operatorname{softmax}(V s_t)$ in B, and $\hat o_t$ in the middle of
# C. The numbers $o_l$ that go in are called *logits*.
#
# A small example: $o = (0, \ln 2, \ln 5)$ has $e^o = (1, 2, 5)$, so $p = (\tfrac18, \tfrac28, \tfrac58)$.

# %% tags=["demo"] sources=["S8", "S38", "S63"]
o = np.array([0, np.log(2), np.log(5)])
p = np.exp(o) / np.exp(o).sum()

print("p =", p)
assert np.allclose(p, [1 / 8, 2 / 8, 5 / 8])

# %% [markdown] sources=["S9", "S39", "S63", "S74", "S91"]
# The loss of a sequence is **the sum over its steps** of the negative log-probability of the target,
#
# $$L = \sum_{t=1}^{T} L^{(t)} = -\sum_{t=1}^{T} \log P\big(y^{(t)} \mid x^{(1)}, \dots, x^{(t)}\big)
# = -\sum_{t=1}^{T} \log p^{(t)}_{y^{(t)}} \label{sequence-loss}$$
#
# and the loss of a batch is the **mean over its sequences**. D calls a loss of the form $\sum_t E(o^{(t)}, y^{(t)})$
# *additive*: each step has a term of its own.
#
# B writes the target as a vector with a single 1 (one-hot), $E_t = -y_t \cdot \log \hat y_t$. The zeros strike out every
# other class, so this is the same number. C copies the formula as $-o_t \log \hat o_t$: there $o_t$ is the **target**,
# not the output. With $p = (\tfrac18, \tfrac28, \tfrac58)$ and class 2 as the target, $L = \log 4 = 1.386$:

# %% tags=["demo"] sources=["S39", "S63"]
one_hot = np.array([0, 1, 0])
by_index, by_vector = -np.log(p[1]), -(one_hot * np.log(p)).sum()

print(f"−log p_y = {by_index:.3f}, −y·log p = {by_vector:.3f}")
assert np.isclose(by_index, np.log(4)) and by_index == by_vector

# %% [markdown] sources=["S9", "S74"]
# > **Erratum (A, C).** *Printed:* $-\sum_t \log P\big(y^{(t)} \mid x^{(1)}, \dots, x^{(\tau)}\big)$, with the whole
# > sequence behind the bar. *Correct:* $x^{(1)}, \dots, x^{(t)}$. *Why:* when this network makes $p^{(t)}$ it has not
# > read $x^{(t+1)}, \dots, x^{(\tau)}$; the section "Only the past" measures it.
# >
# > In A the formula is also called "negative likelihood": it is the negative **log**-likelihood. The likelihood is the
# > product of the probabilities, $e^{-L}$.

# %% [markdown] sources=["S91", "S92"]
# **The other choice.** To predict numbers instead of classes, D compares the output itself with the target,
#
# $$E(o, y) = \lVert o - y \rVert_2^2 = \sum_{i=1}^{O} (o_i - y_i)^2, \qquad L = \sum_{t=1}^{T} E\big(o^{(t)}, y^{(t)}\big)
# \label{squared-error}$$
#
# For two steps with $o^{(1)} = (1, 2)$, $y^{(1)} = (0, 4)$ and $o^{(2)} = y^{(2)}$: $L = (1 + 4) + 0 = 5$.

# %% tags=["demo"] sources=["S91", "S92"]
from course_lib import functions

o2 = np.array([[[1.0, 2.0]], [[3.0, 3.0]]])  # (T, B, O) = (2, 1, 2)
y2 = np.array([[[0.0, 4.0]], [[3.0, 3.0]]])

squared = functions.squared_error(o2, y2)
print(f"squared error {squared:.1f}")
assert squared == 5 == sum(np.sum((o2[t] - y2[t]) ** 2) for t in range(2))

# %% [markdown]
# ### Large logits
#
# The softmax \eqref{softmax} is not yet a program. $e^{1000}$ is too large for a float, and $\infty/\infty$ is not a
# number. The way out: $\operatorname{softmax}(o - m) = \operatorname{softmax}(o)$ for every number $m$, because
# $e^{-m}$ cancels in the fraction. With $m$ the largest logit, all exponents are at most 0.
#
# The loss has the opposite trouble: a probability can be so small that it rounds to 0, and $\log 0 = -\infty$. Take the
# logarithm before anything can round:
#
# $$\log p_l = o_l - \log \sum_k e^{o_k} = (o_l - m) - \log \sum_k e^{o_k - m} \label{log-softmax}$$

# %% tags=["demo"]
o = np.array([1000.0, 0.0])
z = o - o.max()
with np.errstate(over="ignore", invalid="ignore"):
    naive = np.exp(o) / np.exp(o).sum()
stable = np.exp(z) / np.exp(z).sum()
log_p = z - np.log(np.exp(z).sum())

print("naive softmax:", naive, " stable:", stable, " log p:", log_p)
assert np.isnan(naive[0]) and stable[0] == 1 and stable[1] == 0  # p rounds to 0 ...
assert log_p[1] == -1000  # ... but log p is exact

# %% [markdown]
# ### Exercise 3 · Softmax and cross-entropy (2 points)
#
# Write two functions.
#
# `softmax(o)`: logits `o` of shape (…, O), with any number of axes before the last one, to probabilities of the same
# shape and dtype. Each row along the **last** axis sums to 1.
#
# `cross_entropy(o, y)`: logits `o` (T, B, O) and targets `y` (T, B), integers from 0 to O − 1, to one number:
# the sum over the T steps, then the mean over the B sequences, of $-\log p_y$: the loss \eqref{sequence-loss}.
#
# Both must be right for logits of ±10 000, also where one row is far above another: no `inf`, no `nan`, no small
# number added inside the logarithm. Do not change the inputs. Marked: softmax (0.5 points; large logits 0.25;
# float32 0.25), the loss (0.5; large logits 0.5). `hint(cross_entropy)` gives a hint.

# %% tags=["answer"] exercise="cross_entropy"
def softmax(o):
    """Probabilities along the last axis of the logits o (..., O)."""
    ### BEGIN SOLUTION
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
    ### END SOLUTION


def cross_entropy(o, y):
    """The loss of the logits o (T, B, O) for the classes y (T, B): summed over time, batch mean."""
    ### BEGIN SOLUTION
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    log_p_y = np.take_along_axis(log_p, y[..., None], axis=-1)[..., 0]
    return -log_p_y.sum(axis=0).mean()
    ### END SOLUTION

# %% tags=["check"] exercise="cross_entropy" sources=["S8", "S9", "S39"]
check(cross_entropy)
### BEGIN HIDDEN TESTS
earned(cross_entropy)
### END HIDDEN TESTS

# %% [markdown] sources=["S9", "S91"]
# Two numbers that are worth remembering. A network that knows nothing gives each of $O$ classes the probability $1/O$,
# so its loss is $T \log O$: if training starts far above that, something is wrong. And $e^{-L}$ is the
# probability that the network gives to the whole target sequence.

# %% tags=["demo"] sources=["S9", "S74", "S91"]
from course_lib import backend

T, O = 5, 4
knows_nothing = cross_entropy(np.zeros((T, 1, O)), np.zeros((T, 1), int))
print(f"T log O = {T * np.log(O):.3f}, loss = {knows_nothing:.3f}")
assert np.isclose(knows_nothing, T * np.log(O))

rng = backend.Rng(5)
o, y = rng.normal((T, 1, O), dtype="float64"), rng.integers(0, O, (T, 1))
likelihood = np.prod([softmax(o)[t, 0, y[t, 0]] for t in range(T)])
from_loss = np.exp(-cross_entropy(o, y))
print(f"product of the probabilities = {likelihood:.2e}, e^−L = {from_loss:.2e}")
assert np.isclose(likelihood, from_loss)

# %% [markdown] sources=["S9", "S74"]
# ## Only the past
#
# Now the correction of the loss \eqref{sequence-loss}, as an experiment. A network with random weights reads $T = 7$
# inputs. Shift $x^{(5)}, x^{(6)}, x^{(7)}$ by +5 and compare the probabilities $p^{(1)}, \dots, p^{(4)}$ before and
# after. If $p^{(t)}$ depended on the whole sequence, as printed, they would move.

# %% tags=["demo"] sources=["S9", "S74"]
from course_lib import backend, init

rng = backend.Rng(6)
params, zero = init.rnn_params(3, 8, 4, rng, "float64"), np.zeros((2, 8))
x = rng.normal((7, 2, 3), dtype="float64")
shifted = x.copy()
shifted[4:] += 5

p_before, p_after = (softmax(rnn_forward(inputs, zero, params)[1]) for inputs in (x, shifted))
change = np.abs(p_after - p_before)
print(f"largest change of p(1), …, p(4): {change[:4].max():.1f}")
print(f"largest change of p(5), …, p(7): {change[4:].max():.1f}")
assert change[:4].max() == 0 and change[4:].max() > 0.1

# %% [markdown]
# Not small: **exactly** 0, as no arrow of the unrolled graph points backwards in time. A network with this property
# is called *causal*. The test is worth a function of its own, because it finds the most common mistake in work with
# sequences: a preprocessing step or a layer looks into the future, and that makes the results too good to be true.

# %% [markdown]
# ### Exercise 4 · Does the future leak? (1 point)
#
# Write `future_leak(fn, x, k)`, which measures how strongly the future reaches the past of a function `fn`.
#
# * `fn` maps inputs (T, B, D) to outputs (T, B, O). It is given; call it.
# * `x` is an array (T, B, D), and `k` an index with $1 \le k < T$, counted as in code.
# * Add exactly 1 to every entry of `x[k:]`. Return the largest absolute change of any entry of the outputs at the
#   steps **before** `k`, that is of `fn(x)[:k]`: one number, 0 for a causal `fn`.
#
# Do not change `x`. Marked: two causal functions and two whose every output sees all inputs (0.5), two other leaks
# (0.5). `hint(future_leak)` gives a hint.

# %% tags=["answer"] exercise="future_leak"
def future_leak(fn, x, k):
    """The largest change of the outputs fn(x)[:k] when 1 is added to the inputs x[k:]."""
    ### BEGIN SOLUTION
    changed = x.copy()
    changed[k:] += 1
    return np.abs(fn(changed) - fn(x))[:k].max()
    ### END SOLUTION

# %% tags=["check"] exercise="future_leak" sources=["S9", "S74"]
check(future_leak)
### BEGIN HIDDEN TESTS
earned(future_leak)
### END HIDDEN TESTS

# %% [markdown]
# With it we compare our network with a **bidirectional** one: a second network reads the sequence from the end, and the
# outputs of the two are added. There the formula as A and C print it is right: each output knows the whole
# sequence. Such a network can label a finished sentence, but it cannot predict the next word.
#
# *What to see:* only $x^{(7)}$ is changed. The circles are exactly 0 before $t = 7$, jump there, and fade. The squares
# are highest near $t = 7$ and fade to both sides: some are above 0 before the change, too.

# %% tags=["demo"]
from course_lib import backend, init, plots

rng = backend.Rng(22)
T, k, zero = 12, 7, np.zeros((1, 8))
ahead, behind = (init.rnn_params(3, 8, 4, rng, "float64") for _ in range(2))
for net in (ahead, behind):
    net["W"] *= 1.6  # a longer memory shows better
x = 2 * rng.normal((T, 1, 3), dtype="float64")


def forwards(x):
    return softmax(rnn_forward(x, zero, ahead)[1])


def both_ways(x):
    return softmax(rnn_forward(x, zero, ahead)[1] + rnn_forward(x[::-1], zero, behind)[1][::-1])


moved = x.copy()
moved[k - 1] += 3
changes = [np.abs(fn(moved) - fn(x)).max(axis=(1, 2)) for fn in (forwards, both_ways)]

plots.show(plots.causality(*changes, k))
leaks = [future_leak(fn, x, k - 1) for fn in (forwards, both_ways)]
print(f"future_leak: recurrent {leaks[0]:.1f}, bidirectional {leaks[1]:.2f}")
assert changes[0][: k - 1].max() == 0 == leaks[0] and changes[1][: k - 1].max() > 0 < leaks[1]

# %% [markdown] sources=["S10", "S75"]
# ## The price of unrolling
#
# To learn, the network runs forwards from left to right through the unrolled graph, then backwards from right to left.
# (C notes it for the loss, and that the same holds for the recurrence between hidden units.) That has two costs.
#
# * **Serial time $O(T)$.** $h^{(t)}$ cannot be begun before $h^{(t-1)}$ is done. $T$ steps take $T$ turns, on any number
#   of processors. Only what does not wait for the state can be done for all steps at once: the products
#   $U x^{(1)}, \dots, U x^{(T)}$.
# * **Memory $O(T)$.** The backward pass needs the state of every step, so all of them have to be kept. The parameters
#   do not grow.

# %% tags=["demo"] sources=["S10", "S75"]
from course_lib import backend, init

rng = backend.Rng(8)
params, zero = init.rnn_params(10, 20, 5, rng, "float64"), np.zeros((1, 20))
for T in (100, 200, 400):
    x = rng.normal((T, 1, 10), dtype="float64")
    Ux = x @ params["U"].T  # all steps at once
    h, turns = zero, 0
    for t in range(T):  # one after the other
        h = np.tanh(Ux[t] + h @ params["W"].T + params["b"])
        turns += 1
    hs, _ = rnn_forward(x, zero, params)
    states, held = hs.nbytes / 1000, sum(value.nbytes for value in params.values()) / 1000
    print(f"T = {T}: {turns} turns, states {states:.0f} kB, parameters {held:.1f} kB")
    assert np.allclose(h, hs[-1]) and turns == T and hs.nbytes == 8 * T * 20

# %% [markdown]
# ## The unrolled network is a feed-forward network
#
# A *feed-forward network* has no loop: it is a chain of *layers*, each of which takes the numbers of the layer before,
# applies a linear map of its own and a function like tanh, and hands the result on.
#
# Look at the unrolled graph once more and forget that it came from a loop. It is such a network with $T$ layers, and
# $h^{(t)}$ is what layer $t$ hands on. Only two things are unusual: every layer also gets an input of its own, and all
# layers are **tied**, they share one $W$.

# %% [markdown]
# So let us untie them: give each layer $k$ its own copy $W_k$, all with the same values. The loss is then a function
# of $T$ matrices, and ordinary calculus applies to each. Tying them again, $W_1 = \dots = W_T = W$, is the chain rule
# for a variable that appears in $T$ places:
#
# $$\frac{\partial L}{\partial W} = \sum_{k=1}^{T} \frac{\partial L}{\partial W_k} \label{sum-over-copies}$$
#
# The same holds for $U$, $b$, $V$ and $c$. This sum over copies is all that separates backpropagation
# *through time* from ordinary backpropagation.

# %% [markdown]
# ### Exercise 5 · Untie and tie (1 point)
#
# Write two functions.
#
# `untie(params, T)`: a list of `T` dictionaries with the names and values of `params`, independent of each other and
# of `params`: whoever changes an array of one copy must change nothing else.
#
# `tied_grad(copies_grads)`: `copies_grads` is a list of dictionaries, one for each copy, from a parameter's name to
# the gradient with respect to *that copy*. Return one dictionary: the gradients with respect to the shared
# parameters, each a new array with the parameter's shape.
#
# Both work for any names, not only `"U"`, `"W"`, `"b"`, `"V"`, `"c"`, keep the dtype of the arrays, and do not change
# the inputs. Marked: `untie` (0.5), `tied_grad` (0.5). `hint(tied_grad)` gives a hint.

# %% tags=["answer"] exercise="tied_grad"
def untie(params, T):
    """T independent copies of the parameters."""
    ### BEGIN SOLUTION
    return [{name: value.copy() for name, value in params.items()} for _ in range(T)]
    ### END SOLUTION


def tied_grad(copies_grads):
    """The gradient of the shared parameters, from the gradients of the copies."""
    ### BEGIN SOLUTION
    return {name: sum(grads[name] for grads in copies_grads) for name in copies_grads[0]}
    ### END SOLUTION

# %% tags=["check"] exercise="tied_grad" sources=["S40"]
check(tied_grad)
### BEGIN HIDDEN TESTS
earned(tied_grad)
### END HIDDEN TESTS

# %% [markdown]
# Does it hold for our network? We do not have backpropagation yet, but a derivative is a limit, and a computer can come
# close: move one parameter by $\pm\varepsilon$, see how the loss moves, $\dfrac{L(w + \varepsilon) -
# L(w - \varepsilon)}{2\varepsilon}$. `numerical_gradient` does this for every entry. It is slow, and it is our
# independent witness in the whole course. First for each untied copy, then for the tied parameters:

# %% tags=["demo"]
from course_lib import backend, init
from course_lib.gradcheck import numerical_gradient, relative_error

rng = backend.Rng(9)
T, D, H, O = 4, 3, 3, 2
params, zero = init.rnn_params(D, H, O, rng, "float64"), np.zeros((1, H))
x, y = rng.normal((T, 1, D), dtype="float64"), rng.integers(0, O, (T, 1))


def losses(copies):
    """L(1), …, L(T) of the feed-forward network whose layer k has the parameters copies[k]."""
    h, terms = zero, []
    for own, x_t, y_t in zip(copies, x, y, strict=True):
        h = rnn_step(x_t, h, own["U"], own["W"], own["b"])
        terms.append(cross_entropy((h @ own["V"].T + own["c"])[None], y_t[None]))
    return np.array(terms)


def loss_of_copies(_):  # numerical_gradient moves the entries in place, so no argument is needed
    return losses(copies).sum()


def loss_of_shared(_):
    return cross_entropy(rnn_forward(x, zero, params)[1], y)


copies = untie(params, T)
untied = [{name: numerical_gradient(loss_of_copies, own[name]) for name in own} for own in copies]
shared = {name: numerical_gradient(loss_of_shared, params[name]) for name in params}
total = tied_grad(untied)
for name in params:
    sizes = np.linalg.norm(shared[name]), np.linalg.norm(total[name])
    print(f"{name}: size of the gradient {sizes[0]:.3f}, of the sum over copies {sizes[1]:.3f}")
    assert relative_error(total[name], shared[name]) < 1e-6

# %% [markdown] sources=["S40"]
# B and C begin their derivation with another sum, $\dfrac{\partial E}{\partial W} = \sum_t \dfrac{\partial
# E_t}{\partial W}$; in our letters, $\dfrac{\partial L}{\partial W} = \sum_t \dfrac{\partial L^{(t)}}{\partial W}$.
# This one runs over the **losses** of the steps, not over the copies of $W$ like \eqref{sum-over-copies}: it only says
# that the derivative of a sum is the sum of the derivatives. The two sums are the rows and the columns of one table,
# whose entry in row $t$ and column $k$ is $\partial L^{(t)} / \partial W_k$. Here are the sizes of its entries.
#
# *What to see:* above the diagonal all entries are 0, since the loss at step $t$ cannot depend on a later copy: causality
# again. (The first column is 0 because $h^{(0)} = 0$.) Adding up a row gives $\partial L^{(t)}/\partial W$, adding up a
# column gives $\partial L/\partial W_k$, adding up all gives $\partial L/\partial W$.

# %% tags=["demo"] sources=["S40"]
table = np.array([
    [numerical_gradient(lambda _, t=t: losses(copies)[t], own["W"]) for own in copies]
    for t in range(T)
])  # (T, T, H, H)

print("size of ∂L(t)/∂W_k      " + "".join(f"  k = {k}" for k in range(1, T + 1)))
for t in range(T):
    row = "".join(f"{np.linalg.norm(entry):7.3f}" for entry in table[t])
    print(f"                  t = {t + 1} {row}")
by_loss = sum(table.sum(axis=1))  # first along each row: the gradient of one step's loss
by_copy = sum(table.sum(axis=0))  # first along each column: the gradient of one copy
assert all(not table[t, k].any() for t in range(T) for k in range(t + 1, T))
assert relative_error(by_loss, shared["W"]) < 1e-6 and relative_error(by_copy, shared["W"]) < 1e-6

# %% [markdown] sources=["S61"]
# ## "hello"
#
# C's example of a language model has four characters, h, e, l, o, and one training text, "hello". The network reads
# h, e, l, l, and its targets are the characters that come next: e, l, l, o. Each character goes in as a one-hot vector.
#
# Small as it is, the task needs a state. After "l" comes once "l" and once "o". Without memory the best you can do
# there is to give each the probability ½, which costs $\log 2$ twice: the loss cannot fall below $2 \log 2 = 1.386$.
# With a state, "hel" and "hell" are different situations.
#
# We fit 4 hidden units by **gradient descent**: 20 times, move every parameter a little against its gradient. The
# gradient is the numerical one, since it is all we have; it takes two forward passes for every parameter.

# %% tags=["demo"] sources=["S61"]
from course_lib import backend, init
from course_lib.gradcheck import numerical_gradient

letters = "helo"
x = np.eye(4)[[letters.index(letter) for letter in "hell"]][:, None]  # (4, 1, 4)
y = np.array([letters.index(letter) for letter in "ello"])[:, None]  # (4, 1)
params, zero = init.rnn_params(4, 4, 4, backend.Rng(0), "float64"), np.zeros((1, 4))


def loss(_=None):
    return cross_entropy(rnn_forward(x, zero, params)[1], y)


before, loss_before = softmax(rnn_forward(x, zero, params)[1])[:, 0], loss()
for _ in range(20):
    grads = {name: numerical_gradient(loss, value) for name, value in params.items()}
    for name in params:
        params[name] -= 0.2 * grads[name]
fitted, loss_after = softmax(rnn_forward(x, zero, params)[1])[:, 0], loss()

count = sum(value.size for value in params.values())
print(f"loss: {loss_before:.2f} before, {loss_after:.2f} after 20 steps")
print(f"      {2 * np.log(2):.2f} at best without memory")
print(f"{count} parameters, so 20 · 2 · {count} = {40 * count} forward passes")
assert loss_after < 0.5 < 2 * np.log(2) < loss_before

# %% [markdown]
# Before fitting, the loss is near $4 \log 4 = 5.55$, that of a network that knows nothing. The number of forward passes
# is large for so small a network. Backpropagation, in notebook 02, gets the whole gradient for the price of a few
# passes, however many parameters there are.
#
# *What to see:* before fitting, the four characters are about equally likely everywhere. Afterwards the target (green)
# has nearly all the probability, and the two panels on the right differ although the last character read is "l" in both.

# %% tags=["demo"] sources=["S61"]
from course_lib import plots

plots.show(plots.next_character(fitted, before, letters, read="hell", target="ello"))
assert letters[fitted[2].argmax()] == "l" and letters[fitted[3].argmax()] == "o"

# %% [markdown] sources=["S62"]
# **Sampling.** When the network writes by itself there is no given input: we draw a character from $p^{(t)}$ and feed it
# back as $x^{(t+1)}$. This is "one to many" from above, with a draw in between. Before fitting it writes nonsense,
# afterwards mostly one word.

# %% tags=["demo"] sources=["S62"]
untrained = init.rnn_params(4, 4, 4, backend.Rng(0), "float64")


def write(params, samples, rng):
    """Words of five letters that begin with h, each letter drawn from what the network expects."""
    h, drawn = np.zeros((samples, 4)), np.zeros((1, samples), int)
    for _ in range(4):
        h = rnn_step(np.eye(4)[drawn[-1]], h, params["U"], params["W"], params["b"])
        p = softmax(h @ params["V"].T + params["c"])
        drawn = np.concatenate([drawn, rng.choice(p)[None]])
    return ["".join(letters[i] for i in word) for word in drawn.T]


print("before:", *write(untrained, 6, backend.Rng(1)))
print("after: ", *write(params, 6, backend.Rng(1)))

words = write(params, 2000, backend.Rng(2))
expected, found = np.exp(-loss_after), words.count("hello") / len(words)
print(f"'hello' has probability e^−L = {expected:.2f}; it is {found:.2f} of 2000 samples")
assert abs(expected - found) < 0.03

# %% [markdown]
# ## Quiz
#
# ### Exercise 6 · Quiz (1 point)
#
# Replace each `None`: an integer for `"parameters"`, one of the letters `"a"`, `"b"`, `"c"`, `"d"` for the other two.
#
# **parameters** (0.5 points). A network as in Exercise 2 has $D = 10$, $H = 20$, $O = 5$. It is trained on sequences of
# $T = 100$ steps in batches of $B = 32$. How many numbers are learned? ($h^{(0)}$ is fixed at 0.)
#
# **memory** (0.25 points). For the backward pass the states are kept. How does the memory that they need grow with $T$?
#
# * a: not at all, for $W$ is shared
# * b: like $\log T$
# * c: like $T$
# * d: like $T^2$, as every step depends on all earlier ones
#
# **erratum** (0.25 points). A prints $L = -\sum_t \log P\big(y^{(t)} \mid x^{(1)}, \dots, x^{(\tau)}\big)$. For which
# network is it right as printed?
#
# * a: the network of this notebook, once it is trained
# * b: the network of this notebook, if $H$ is large enough
# * c: a bidirectional network
# * d: the network of this notebook, started with $h^{(0)} \neq 0$
#
# `hint(answers01)` gives a hint.

# %% tags=["answer"] exercise="answers01"
answers01 = {
    "parameters": None,
    "memory": None,
    "erratum": None,
}
### BEGIN SOLUTION
answers01 = {
    "parameters": 20 * 10 + 20 * 20 + 20 + 5 * 20 + 5,  # U, W, b, V, c: 725; T and B do not count
    "memory": "c",
    "erratum": "c",
}
### END SOLUTION

# %% tags=["check"] exercise="answers01" sources=["S4", "S9", "S10"]
check(answers01)
### BEGIN HIDDEN TESTS
earned(answers01)
### END HIDDEN TESTS

# %% [markdown]
# ## Where you are

# %% tags=["demo"]
progress()

# %% [markdown]
# You have a network that reads, a loss that says how badly, and a proof by experiment that it only knows the past. You
# also trained it, in the slowest way there is. The next notebook replaces that way: the sum over copies
# \eqref{sum-over-copies} becomes *backpropagation through time*, one backward loop that costs about as much as the
# forward one.
#
# To read on: Goodfellow, Bengio and Courville, *Deep Learning* (2016), sections 10.1 and 10.2; Siegelmann and Sontag,
# "On the computational power of neural nets" (1995), for what "Turing complete" means and what it assumes.
