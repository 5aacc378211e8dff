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
# # 4 · Long short-term memory
#
# Notebook 03 ended with a hope: a network with a memory that gates protect, so that the way through time is a product
# of numbers which the network can set to 1. This is that network: the LSTM of Hochreiter and Schmidhuber (1997), with
# the forget gate that Gers, Schmidhuber and Cummins gave it in 2000. You build it, take its gradient apart, and find
# out when the hope comes true. It does not come true by itself.
#
# Afterwards you can
#
# * say what each gate of an LSTM is for, and write one step and a whole sequence;
# * derive the backward step gate by gate, for two gradients that arrive at once;
# * tell which part of the gradient through time is the product of forget gates, and which part is not;
# * choose the first biases so that a gradient arrives at all, and say what the common variants change.

# %% [markdown] slide="skip"
# **How to work.** Go from top to bottom and run every cell. There are six exercises, 15 points in all. Below each one,
# `check(…)` says at once what is right and what is wrong, and `hint(…)` helps. As in the notebooks before, a cell below
# an exercise that is not solved yet may end in `NotImplementedError` or `NameError`: solve the exercise, then choose
# Run → Run All Cells. That is safer than running one cell again, since later cells use some names anew.
#
# Two of the four documents treat the LSTM: **A**, the slides by J. Grabocka, and **C**, the slides by A. Ramanathan.
# The letters are those of notebook 01, with two changes. So far $c$ was the bias of the outputs and $o$ the logits.
# From here on **$c$ is the memory** and **$o$ the output gate**. As before, $d$ is the total and $\partial^+$ the
# immediate derivative (a plain $\partial$, as notebook 03 had it for Jacobians, does not occur). Text writes columns,
# code writes a batch as rows, and $\odot$ is the product entry by entry.
#
# The cell below gives you $\sigma(a) = 1/(1 + e^{-a})$, written with tanh as in notebook 03, so that it cannot
# overflow.

# %% tags=["setup"]
import numpy as np

from course_lib.checking import check, earned, hint, progress  # earned: for the grader


def sigmoid(a):
    """1 / (1 + exp(−a)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))

# %% [markdown] sources=["S81"]
# ## A memory with gates
#
# A plain recurrent unit makes its whole state anew at every step, $h^{(t)} = \tanh(\dots)$. Whatever is to last must go
# through the sum and through the tanh again and again. Each passage costs a factor, and notebook 03 measured what is
# left of their product. C's second remedy against this (the first is truncation, notebook 06) is to **replace the
# single tanh** by something that lets information through under control: gates.
#
# The idea: do not make the memory anew. *Edit* it. Leave it as it is, erase it, or add to it, and let numbers between
# 0 and 1 say how much of each.
#
# That explains the name. The state of a network is its *short-term* memory, in contrast to what the weights have
# learned; this one lasts *long*.

# %% [markdown] sources=["S25"]
# A **gate** is a number between 0 (shut) and 1 (open) by which something is multiplied. A puts a memory with three of
# them into two lines:
#
# $$\text{State} := \text{State}\cdot\text{State gate} + \text{Input}\cdot\text{Input gate}, \qquad
# \text{Output} := \varphi(\text{State})\cdot\text{Output gate} \label{edited-state}$$
#
# (A writes $f$ for our $\varphi$. It is a function, tanh, and not the forget gate $f$ of the next section.) With the
# state 0.8 and the input −0.5, the first line can do all this:
#
# | state gate | input gate | | new state |
# |:-:|:-:|:--|:-:|
# | 1 | 0 | keep | 0.8 |
# | 0 | 1 | replace | −0.5 |
# | 1 | 1 | add | 0.3 |
# | 0 | 0 | erase | 0 |
# | ½ | ½ | mean of both | 0.15 |

# %% tags=["demo"] sources=["S25"]
gate_pairs = [(1, 0), (0, 1), (1, 1), (0, 0), (0.5, 0.5)]
states = [0.8 * state_gate + -0.5 * input_gate for state_gate, input_gate in gate_pairs]
print("new states:", *(f"{state:.2f}" for state in states))
print(f"output of the state 0.8: gate open {np.tanh(0.8) * 1:.2f}, gate shut {np.tanh(0.8) * 0:.2f}")
assert np.allclose(states, [0.8, -0.5, 0.3, 0, 0.15])

# %% [markdown] sources=["S25"]
# **Where does a number between 0 and 1 come from?** From the sigmoid. A writes a gate as a function from $\mathbb R$ to
# $[0, 1]$. To be exact, $\sigma$ maps to the open interval $(0, 1)$: no gate is ever quite open or quite shut. On a
# computer it is, as soon as rounding swallows the rest.
#
# That a gate has a slope is the point of it. A switch that is only open or shut has the derivative 0 nearly everywhere,
# and nothing could be learned about when to open it.

# %% tags=["demo"] sources=["S25"]
for number in (-10, -5, 0, 5, 10):
    print(f"σ({number:3d}) = {sigmoid(number):.5f}   slope {sigmoid(number) * (1 - sigmoid(number)):.5f}")
print("σ(50) is 1, rounded to float64:", bool(sigmoid(50.0) == 1))
assert 0 < sigmoid(-10) < sigmoid(10) < 1 == sigmoid(50.0)

# %% [markdown] sources=["S25", "S81"]
# **Keep one bit for 50 steps.** One unit, gates set by hand, as in \eqref{gated-unit}:
#
# $$c^{(t)} = f^{(t)} c^{(t-1)} + i^{(t)} \tanh\big(x^{(t)}\big), \qquad h^{(t)} = o^{(t)} \tanh\big(c^{(t)}\big)$$
#
# The bit is the sign of $x^{(5)} = 3$; everything else that comes in is noise. At $t = 5$ we write ($i = 1$, $f = 0$),
# then we hold ($i = 0$, $f = 1$), and at $t = 55$ we read ($o = 1$). At $t = 60$ another bit, $x^{(60)} = -3$,
# replaces the first; it is read at $t = 67$.
#
# *What to see:* while the input gate is shut the memory is a level line, and the noise above does not touch it. The
# output is 0 wherever the output gate is shut.

# %% tags=["demo"] sources=["S25"]
from course_lib import backend, plots

noise = backend.Rng(60).uniform(-1, 1, 70, "float64")
noise[[4, 59]] = 3, -3  # x(5) and x(60): code counts from 0
by_hand = {"i": np.zeros(70), "f": np.ones(70), "o": np.zeros(70)}
by_hand["i"][[4, 59]], by_hand["f"][[4, 59]], by_hand["o"][[54, 66]] = 1, 0, 1


def edited_memory(x, i, f, o):
    """The memory and the output of one unit after each step, for given gates."""
    c, memory = 0.0, []
    for x_t, i_t, f_t in zip(x, i, f, strict=True):
        c = f_t * c + i_t * np.tanh(x_t)
        memory.append(c)
    return np.array(memory), o * np.tanh(memory)


memory, output = edited_memory(noise, **by_hand)
plots.show(plots.gated_memory(noise, by_hand, memory, output))
print(f"written at t = 5: {memory[4]:.3f}, kept at t = 55: {memory[54]:.3f}, read: {output[54]:.3f}")
assert memory[4] == memory[54] == np.tanh(3) and output[54] == np.tanh(memory[54])

# %% [markdown] sources=["S81"]
# **And the plain unit?** Give the same inputs to $h^{(t)} = \tanh\big(x^{(t)} + w\,h^{(t-1)}\big)$, once with
# $x^{(5)} = 3$ and once with $x^{(5)} = -3$. If anything of the bit is left at $t = 55$, the two states differ there.

# %% tags=["demo"] sources=["S81"]
def plain_unit(x, w):
    h, path = 0.0, []
    for x_t in x:
        h = np.tanh(x_t + w * h)
        path.append(h)
    return np.array(path)


flipped = noise.copy()
flipped[4] = -3
for w in (0.7, 0.9):
    gap = abs(plain_unit(noise, w) - plain_unit(flipped, w))
    print(f"plain unit, w = {w}: difference at t = 5 {gap[4]:.2f}, at t = 10 {gap[9]:.0e}, at t = 30 {gap[29]:.0e}")
    assert gap[4] > 1 and gap[29] < 1e-6 and gap[54] < 1e-12
gap = abs(edited_memory(noise, **by_hand)[1] - edited_memory(flipped, **by_hand)[1])
print(f"gated unit: difference of the outputs at t = 55 {gap[54]:.2f}")
assert gap[54] > 1.4

# %% [markdown] sources=["S24"]
# **What the gates do to the gradient.** The picture of notebook 03 once more (A has it from Graves, 2008), now with
# gates that do something in between. How much does step $t$ still depend on $x^{(1)}$?
#
# The way from $x^{(1)}$ to $c^{(1)}$ has the factor $i^{(1)} \tanh'(x^{(1)})$, and each later step the factor
# $\partial^+ c^{(k)} / \partial c^{(k-1)} = f^{(k)}$. The term $i^{(k)} \tanh(x^{(k)})$, $k > 1$, is *added*, and does
# not depend on $x^{(1)}$: its derivative is 0. So, with $\tanh' = 1 - \tanh^2$,
#
# $$\frac{dc^{(t)}}{dx^{(1)}} = \Big(\prod_{k=2}^{t} f^{(k)}\Big)\, i^{(1)}
# \big(1 - \tanh^2 x^{(1)}\big), \qquad
# \frac{dh^{(t)}}{dx^{(1)}} = o^{(t)} \big(1 - \tanh^2 c^{(t)}\big)\,
# \frac{dc^{(t)}}{dx^{(1)}}$$

# %% tags=["demo"] sources=["S24"]
from course_lib.gradcheck import numerical_gradient

eight = {"i": [1, 0, 0, 1, 0, 0, 0, 0], "f": [1, 1, 1, 1, 1, 1, 0, 1], "o": [1, 0, 1, 0, 0, 1, 0, 1]}
eight = {name: np.array(values, float) for name, values in eight.items()}
signal = np.array([1.0, 0.3, -0.8, -0.9, 0.5, 0.2, -0.4, 0.6])

c_path, _ = edited_memory(signal, **eight)
by_memory = np.cumprod(np.append(1, eight["f"][1:])) * eight["i"][0] * (1 - np.tanh(signal[0]) ** 2)
by_output = eight["o"] * (1 - np.tanh(c_path) ** 2) * by_memory

for name, formula, which in (("memory", by_memory, 0), ("output", by_output, 1)):
    # the gradient of entry t by all inputs; its first entry is the one by x(1)
    slopes = [numerical_gradient(lambda x, t=t, n=which: edited_memory(x, **eight)[n][t], signal)[0] for t in range(8)]
    print(f"{name}:", *(f"{value:.2f}" for value in formula))
    assert np.allclose(formula, slopes, atol=1e-8)

# %% [markdown] sources=["S24"]
# *What to see:* the darker a node, the more it depends on $x^{(1)}$. The memory keeps its shade from node to node while
# the forget gate is open. At $t = 4$ the input gate opens again and something new is written. That does **not** fade
# the old: a sum keeps both. (The two nearly cancel in $c^{(6)}$. The tanh is steep near 0, so the output at $t = 6$
# shows $x^{(1)}$ even better than before.) Only at $t = 7$, where the forget gate shuts, is everything gone, and the
# open output gate at $t = 8$ has nothing of $x^{(1)}$ to show.

# %% tags=["demo"] sources=["S24"]
from course_lib import plots

plots.show(plots.gated_sensitivity(by_memory, by_output, eight))
assert by_memory[0] == by_memory[5] > 0.4 and by_memory[6] == by_memory[7] == by_output[7] == 0

# %% [markdown]
# **A forget gate that is not quite open.** Real gates lie between 0 and 1. The memory of the bit after $k$ steps of
# holding is $f^k$ times what was written. Move the slider: how close to 1 must $f$ be, for the bit to be read clearly
# at $t = 55$?

# %% tags=["demo"]
from course_lib import plots, widgets


def with_forget_gate(f):
    held = by_hand | {"f": np.where(by_hand["f"] == 1, f, 0)}
    return plots.gated_memory(noise, held, *edited_memory(noise, **held))


widgets.sliders(with_forget_gate, {"forget gate f": (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1)}, start=(0.95,))
for leak in (0.9, 0.95, 0.99):
    held = by_hand | {"f": np.where(by_hand["f"] == 1, leak, 0)}
    kept = edited_memory(noise, **held)[0][54] / np.tanh(3)
    print(f"f = {leak:.2f}: {100 * kept:.1f} % of the bit is left after 50 steps; f⁵⁰ = {leak**50:.3f}")
    assert np.isclose(kept, leak**50)

# %% [markdown] sources=["S26", "S27", "S30", "S82", "S83", "S85"]
# ## Three gates and a candidate
#
# Nobody sets gates by hand: the network computes them at each step, from what it reads and from its own last output.
# Each gate is a small layer of its own, with a sigmoid. So $H$ units have $H$ gates of each kind:
#
# $$\begin{aligned}
# \text{input gate}\quad & i^{(t)} = \sigma\big(a_i\big), & a_i &= b_i + U_i\, x^{(t)} + W_i\, h^{(t-1)} \\
# \text{forget gate}\quad & f^{(t)} = \sigma\big(a_f\big), & a_f &= b_f + U_f\, x^{(t)} + W_f\, h^{(t-1)} \\
# \text{output gate}\quad & o^{(t)} = \sigma\big(a_o\big), & a_o &= b_o + U_o\, x^{(t)} + W_o\, h^{(t-1)} \\
# \text{candidate}\quad & g^{(t)} = \tanh\big(a_g\big), & a_g &= b_g + U_g\, x^{(t)} + W_g\, h^{(t-1)}
# \end{aligned} \label{gates}$$
#
# The **candidate** is what could be written. It is a plain recurrent unit, and no gate: its values may be negative.
# The letters $i, f, o, g$ below a matrix are names, not numbers.

# %% [markdown] sources=["S28", "S29", "S84", "S85"]
# Then the two lines \eqref{edited-state}, entry by entry, every unit with its own gates:
#
# $$\begin{aligned}
# \text{memory}\quad & c^{(t)} = f^{(t)} \odot c^{(t-1)} + i^{(t)} \odot g^{(t)} \\
# \text{state}\quad & h^{(t)} = o^{(t)} \odot \tanh\big(c^{(t)}\big)
# \end{aligned} \label{memory}$$
#
# **By hand**, one unit with $c^{(t-1)} = 0.5$ and the sums $a_i = \ln 3$, $a_f = \ln 4$, $a_o = 0$, $a_g = \ln 2$. With
# $\sigma(\ln n) = \frac{1}{1 + 1/n} = \frac{n}{n+1}$ and
# $\tanh(\ln n) = \frac{n - 1/n}{n + 1/n} = \frac{n^2-1}{n^2+1}$:
#
# $$i = \tfrac34, \quad f = \tfrac45, \quad o = \tfrac12, \quad g = \tfrac35, \qquad
# c = 0.8 \cdot 0.5 + 0.75 \cdot 0.6 = 0.85, \qquad h = 0.5 \cdot \tanh 0.85 = 0.346$$

# %% tags=["demo"]
a_hand, c_before = {"i": np.log(3), "f": np.log(4), "o": 0.0, "g": np.log(2)}, 0.5
hand = {name: np.tanh(a) if name == "g" else sigmoid(a) for name, a in a_hand.items()}
c_hand = hand["f"] * c_before + hand["i"] * hand["g"]
h_hand = hand["o"] * np.tanh(c_hand)
print(", ".join(f"{name} = {value:.2f}" for name, value in hand.items()) + f"; c = {c_hand:.3f}, h = {h_hand:.3f}")
assert np.allclose([*hand.values(), c_hand], [0.75, 0.8, 0.5, 0.6, 0.85]) and round(h_hand, 3) == 0.346

# %% [markdown] sources=["S25"]
# *What to see:* along the top runs the memory line, from step to step. On it there are only two things: a product with
# $f$ and a sum. No matrix and no tanh stands in the way of the memory. The tanh at the right is on a branch: it
# shapes what is *read*, not what is kept. Everything below the line computes the gates, and there the old $h$ comes in
# through four matrices.

# %% tags=["demo"]
from course_lib import plots

plots.show(plots.lstm_cell())

# %% [markdown] sources=["S26", "S27", "S28", "S29", "S30", "S82", "S83", "S84", "S85"]
# **The sources' letters.** Mind $g$: in A it is the input gate, here and in most libraries the candidate.
#
# | | A | C | this course | `params` |
# |:--|:--|:--|:--|:--|
# | input gate | $g$ | $i_t$ | $i^{(t)}$ | `U[0]`, `W[0]`, `b[0]` |
# | forget gate (A: also state gate) | $f$ | $f_t$ | $f^{(t)}$ | `U[1]`, `W[1]`, `b[1]` |
# | output gate | $q$ | $o_t$ | $o^{(t)}$ | `U[2]`, `W[2]`, `b[2]` |
# | candidate | no letter; $\sigma(\dots)$ | $\tilde C_t = \tanh(\dots)$ | $g^{(t)}$, tanh | `U[3]`, `W[3]`, `b[3]` |
# | memory | $s$ | $C_t$ | $c^{(t)}$ | |
# | state | $h$ | $h_t$ | $h^{(t)}$ | |
# | a gate's parameters | $b^f, U^f, W^f$ | $W_f, b_f$, in $W_f \cdot [h_{t-1}, x_t]$ | $b_f, U_f, W_f$ | |
#
# In code the four parts are stacked, in the order $i, f, o, g$: `params["U"]` has the shape (4, H, D), and
# `params["U"][0]` is $U_i$. The same holds for `W`, (4, H, H), and `b`, (4, H).

# %% [markdown] slide="skip" sources=["S26", "S27", "S28", "S29", "S30"]
# A writes everything out entry by entry, with sums over $m = 1, \dots, M$ inputs and $j = 1, \dots, N$ units, for
# instance
#
# $$f_{i}^{(t)} = \sigma\Big(b_{i}^{f} + \sum_{m=1}^{M} U_{i,m}^{f}\, x_{m}^{(t)} + \sum_{j=1}^{N} W_{i,j}^{f}\,
# h_{j}^{(t-1)}\Big)$$
#
# The next cell takes A's formulas in A's letters, sum by sum. (One sign is mended: A's output gate $q$ lacks its
# $\sigma$. That is the erratum below.) With the table above they are the library's LSTM with a sigmoid for the
# candidate.

# %% tags=["demo"] slide="skip" sources=["S26", "S27", "S28", "S29", "S30"]
from course_lib import backend
from course_lib.cells import LSTM


def a_step(x, h, s, P, squash=sigmoid):
    """One step in A's letters; P has (b, U, W) of g, f, q and of the input; squash: of the output gate q."""
    N, M = P["g"][1].shape

    def total(name, i):
        b, U, W = P[name]
        return b[i] + sum(U[i, m] * x[m] for m in range(M)) + sum(W[i, j] * h[j] for j in range(N))

    g, f, new = (np.array([sigmoid(total(name, i)) for i in range(N)]) for name in ("g", "f", "input"))
    q = np.array([squash(total("q", i)) for i in range(N)])
    s = f * s + g * new
    return np.tanh(s) * q, s, q


rng = backend.Rng(1)
library = LSTM(4, 8, backend.Rng(0), "float64", candidate="sigmoid")  # M = 4, N = 8
library.params = {
    "U": rng.normal((4, 8, 4), 1 / np.sqrt(4), dtype="float64"),
    "W": rng.normal((4, 8, 8), 1 / np.sqrt(8), dtype="float64"),
    "b": np.zeros((4, 8)),
}
sixty = rng.normal((60, 4), dtype="float64")
of_library = library.forward(sixty[:, None])[0][:, 0]
letters_A = {name: [library.params[p][k] for p in "bUW"] for k, name in enumerate(("g", "f", "q", "input"))}

h_A, s_A, of_A = np.zeros(8), np.zeros(8), []
for x_A in sixty:
    h_A, s_A, _ = a_step(x_A, h_A, s_A, letters_A)
    of_A.append(h_A)
gap = abs(np.array(of_A) - of_library).max()
print(f"A's formulas against the library, {len(sixty)} steps: largest difference below 1e-12: {gap < 1e-12}")
assert gap < 1e-12

# %% [markdown] sources=["S30"]
# > **Erratum (A).** *Printed:*
# > $q_{i}^{(t)} = \big(b_{i}^{q} + \sum_{m} U_{i,m}^{q} x_{m}^{(t)} + \sum_{j} W_{i,j}^{q} h_{j}^{(t-1)}\big)$ for the
# > output gate. *Correct:* $q_{i}^{(t)} = \sigma\big(b_{i}^{q} + \dots\big)$. *Why:* a gate is a number from 0 to 1,
# > as A's own slide on gates says, and a sum is any number. A negative "gate" turns the sign of what is read; one
# > above 1 makes it larger than the memory allows, and as $h^{(t-1)}$ it goes into all sums of the next step.
#
# In a network with random weights, of standard deviation $1/\sqrt M$ in $U$ and $1/\sqrt N$ in $W$, most of the printed
# gates lie outside $[0, 1]$. With weights three times as large, the loop through $h$ blows up.

# %% tags=["demo"] sources=["S30"]
def run(scale, squash):
    """All output gates and states over the 60 steps, for weights that are scale times as large."""
    h, s, qs, hs = np.zeros(8), np.zeros(8), [], []
    larger = {name: (b, scale * U, scale * W) for name, (b, U, W) in letters_A.items()}
    for x_t in sixty:
        h, s, q = a_step(x_t, h, s, larger, squash)
        qs.append(q)
        hs.append(h)
    return np.array(qs), np.abs(hs)


for name, squash in (("as printed", lambda a: a), ("mended", sigmoid)):
    qs, sizes = run(1, squash)
    outside = ((qs < 0) | (qs > 1)).mean()
    wild = run(3, squash)[1].max() > 100
    print(f"{name:10s}: {100 * outside:2.0f} % of the output gates outside [0, 1], largest |h| {sizes.max():.1f}")
    print(f"{'':10s}  with weights · 3, |h| grows beyond 100: {wild}")
    assert (outside > 0.5 and sizes.max() > 1.5 and wild) if name == "as printed" else (outside == 0 and not wild)

# %% [markdown] sources=["S31"]
# **Four groups of parameters.** A counts: input, input gate, forget gate, output gate (our $g, i, f, o$), each with a
# $b$, a $U$ and a $W$ of its own. A plain network of the same size has one such group. So
#
# $$\text{LSTM: } 4\,(HD + H^2 + H), \qquad \text{plain: } HD + H^2 + H$$
#
# For $D = 3$ and $H = 5$ that is $4 \cdot (15 + 25 + 5) = 180$ against 45. The memory itself has no parameters.

# %% tags=["demo"] sources=["S31"]
from course_lib import backend
from course_lib.cells import LSTM, RNN

for n_in, n in ((3, 5), (65, 128)):
    lstm, plain = (sum(p.size for p in kind(n_in, n, backend.Rng(0)).params.values()) for kind in (LSTM, RNN))
    print(f"D = {n_in}, H = {n}: LSTM {lstm}, plain {plain}, ratio {lstm / plain:g}")
    assert lstm == 4 * (n * n_in + n * n + n) and lstm == 4 * plain

# %% [markdown]
# ## One step
#
# In code a batch of $B$ samples is $B$ rows, so each sum of the last section is turned round as in notebook 01:
# $a_k = b_k + U_k x + W_k h$ becomes `x_t @ U_k.T + h_prev @ W_k.T + b_k`, of shape (B, H). There are four of them.
# Three go through `sigmoid`, the last one through `np.tanh`.
#
# A step takes **two** arrays from the step before, $h^{(t-1)}$ and $c^{(t-1)}$, and hands on two. The gates are
# returned as well: pictures need them, and so does the backward step.

# %% [markdown]
# ### Exercise 1 · One step of an LSTM (3 points)
#
# Write `lstm_step(x_t, h_prev, c_prev, params)`: the gates and the candidate \eqref{gates} of one step, the new memory
# and the new state \eqref{memory}, for a batch.
#
# | argument | shape | |
# |:--|:--|:--|
# | `x_t` | (B, D) | the inputs of this step |
# | `h_prev` | (B, H) | the states before the step, $h^{(t-1)}$ |
# | `c_prev` | (B, H) | the memories before the step, $c^{(t-1)}$ |
# | `params` | dict | `"U"` (4, H, D), `"W"` (4, H, H), `"b"` (4, H): one block for each of i, f, o, g, **in this order** |
# | *returns* `h` | (B, H) | the states after the step, $h^{(t)}$ |
# | *returns* `c` | (B, H) | the memories after the step, $c^{(t)}$ |
# | *returns* `gates` | (4, B, H) | $i^{(t)}$, $f^{(t)}$, $o^{(t)}$ and the candidate $g^{(t)}$, each after its $\sigma$ or tanh |
#
# Return `h, c, gates`, in this order. The candidate has a tanh. The setup cell has `sigmoid`, which takes arrays of any
# shape and numbers of any size.
#
# All sizes can be 1. float32 inputs give float32 results. Do not change the inputs. Marked: `c` (1 point), `h` (1),
# `gates` (0.5), all three where ±1000 and more goes into the gates (0.25), float32 (0.25). `hint(lstm_step)` gives a
# hint.

# %% tags=["answer"] exercise="lstm_step"
def lstm_step(x_t, h_prev, c_prev, params):
    """One step: the new state h (B, H), the new memory c (B, H), and the gates (4, B, H) in the order i, f, o, g."""
    ### BEGIN SOLUTION
    U, W, b = params["U"], params["W"], params["b"]
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o = sigmoid(a[:3])
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])
    ### END SOLUTION

# %% tags=["check"] exercise="lstm_step" sources=["S26", "S27", "S29", "S30", "S82", "S83", "S84", "S85"]
check(lstm_step)
### BEGIN HIDDEN TESTS
earned(lstm_step)
### END HIDDEN TESTS

# %% [markdown] sources=["S82", "S83", "S84", "S85"]
# **C's way to write it.** C puts $h_{t-1}$ and $x_t$ under each other, one column of length $H + D$, and has one matrix
# for each gate:
#
# $$f_t = \sigma\big(W_f \cdot [h_{t-1}, x_t] + b_f\big), \qquad
# W_f^{\,\text{C}} = \big(\,W_f \;\; U_f\,\big) \quad\text{of shape } (H, H + D)$$
#
# A matrix of two blocks times a column of two blocks is the sum of two products:
# $(W_f \;\; U_f) \binom{h}{x} = W_f h + U_f x$. It is the same step. C's lines, one by one, against yours:

# %% tags=["demo"] sources=["S82", "S83", "S84", "S85"]
from course_lib import backend

rng = backend.Rng(61)  # D = 3, H = 5
theta = {"U": rng.normal((4, 5, 3), dtype="float64"), "W": rng.normal((4, 5, 5), dtype="float64")}
theta["b"] = rng.normal((4, 5), dtype="float64")
x_C, h_C, c_C = (rng.normal(n, dtype="float64") for n in (3, 5, 5))
h_yours, c_yours, gates_yours = (array for array in lstm_step(x_C[None], h_C[None], c_C[None], theta))

W_C = {name: np.hstack([theta["W"][k], theta["U"][k]]) for k, name in enumerate("ifoC")}  # (H, H + D)
b_C = dict(zip("ifoC", theta["b"], strict=True))
both = np.concatenate([h_C, x_C])
f_t = sigmoid(W_C["f"] @ both + b_C["f"])
i_t, candidate = sigmoid(W_C["i"] @ both + b_C["i"]), np.tanh(W_C["C"] @ both + b_C["C"])
C_t = f_t * c_C + i_t * candidate
o_t = sigmoid(W_C["o"] @ both + b_C["o"])
h_t = o_t * np.tanh(C_t)

print("C_t:", C_t.round(3), "\nyours:", c_yours[0].round(3))
print("h_t:", h_t.round(3), "\nyours:", h_yours[0].round(3))
assert np.allclose(C_t, c_yours[0]) and np.allclose(h_t, h_yours[0]), "check(lstm_step) first"
assert np.allclose([i_t, f_t, o_t, candidate], gates_yours[:, 0])

# %% [markdown] sources=["S25", "S29"]
# **The bounds.** $|h| \lt 1$ always, as $0 \lt o \lt 1$ and $|\tanh| \lt 1$. The memory has no such bound: each step
# can add nearly 1 to it. After $t$ steps from $c^{(0)} = 0$, $|c^{(t)}| \le t$, for
# $|c^{(t)}| \le |c^{(t-1)}| + 1$.
#
# So $c$ can **count**, which no tanh unit can. Take gates that are as good as open, $b_i = b_f = b_o = 50$, and a
# candidate as good as 1, $b_g = 50$. After 100 steps the memory is 100, and $h$ cannot show it any more:
# $\tanh 100 = 1$ up to rounding.

# %% tags=["demo"] sources=["S29"]
counter = {"U": np.zeros((4, 1, 1)), "W": np.zeros((4, 1, 1)), "b": np.full((4, 1), 50.0)}
shown, count = np.zeros((1, 1)), np.zeros((1, 1))
for t in range(1, 101):
    shown, count, _ = lstm_step(np.zeros((1, 1)), shown, count, counter)
    if t in (1, 3, 100):
        print(f"t = {t:3d}: c = {count.item():g}, h = {shown.item():.4f}")
assert count.item() == 100 and abs(shown.item()) <= 1

# %% [markdown]
# ## Over a sequence
#
# What an LSTM carries from step to step is the **pair** $(h, c)$: $2H$ numbers. Whoever hands on only $h$ starts
# again with an empty memory. This happens easily where a long sequence is read in pieces.

# %% [markdown]
# ### Exercise 2 · Over a sequence (2 points)
#
# Write `lstm_forward(x, h0, c0, params)`: the steps of Exercise 1, one after the other.
#
# | argument | shape | |
# |:--|:--|:--|
# | `x` | (T, B, D) | the inputs |
# | `h0`, `c0` | (B, H) | the states and the memories before `x[0]`, not always 0 |
# | `params` | dict | `"U"` (4, H, D), `"W"` (4, H, H), `"b"` (4, H), in the order i, f, o, g |
# | *returns* `hs` | (T, B, H) | `hs[t]`: the states after `x[t]` |
# | *returns* `cs` | (T, B, H) | `cs[t]`: the memories after `x[t]` |
# | *returns* `gates` | (T, 4, B, H) | `gates[t]`: i, f, o, g of the step that reads `x[t]` |
#
# Return `hs, cs, gates`, in this order; `h0` and `c0` are not among them. You may call your `lstm_step`, once it passes
# its check; a mistake in it would cost points here, too.
#
# All sizes can be 1. float32 inputs give float32 results. Do not change the inputs. Marked: `hs` (0.75 points), `cs`
# (0.5), `gates` (0.25), all three for T = 1 (0.25), float32 (0.25). `hint(lstm_forward)` gives a hint.

# %% tags=["answer"] exercise="lstm_forward"
def lstm_forward(x, h0, c0, params):
    """All states hs (T, B, H), memories cs (T, B, H) and gates (T, 4, B, H) for the inputs x (T, B, D)."""
    ### BEGIN SOLUTION
    U, W, b = params["U"], params["W"], params["b"]
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o = sigmoid(a[:3])
        g = np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)
    ### END SOLUTION

# %% tags=["check"] exercise="lstm_forward"
check(lstm_forward)
### BEGIN HIDDEN TESTS
earned(lstm_forward)
### END HIDDEN TESTS

# %% [markdown] slide="skip"
# **In pieces.** Read 20 steps in one go, or 12 and then 8, and carry the state over. With the pair the states are the
# same. With $h$ alone, and a memory that starts again at 0, they are not.

# %% tags=["demo"] slide="skip"
from course_lib import backend
from course_lib.gradcheck import relative_error

rng = backend.Rng(62)
x, (h0, c0) = rng.normal((20, 2, 3), dtype="float64"), rng.normal((2, 2, 5), dtype="float64")
in_one_go = lstm_forward(x, h0, c0, theta)[0][12:]
first_hs, first_cs, _ = lstm_forward(x[:12], h0, c0, theta)
pair = lstm_forward(x[12:], first_hs[-1], first_cs[-1], theta)[0]
alone = lstm_forward(x[12:], first_hs[-1], np.zeros_like(c0), theta)[0]

print(f"12 + 8 steps, (h, c) carried: relative error below 1e-12: {relative_error(pair, in_one_go) < 1e-12}")
print(f"12 + 8 steps, only h carried: relative error {relative_error(alone, in_one_go):.1f}")
assert relative_error(pair, in_one_go) < 1e-12, "check(lstm_forward) first"
assert relative_error(alone, in_one_go) > 0.1

# %% [markdown] sources=["S24", "S25"]
# **The bit again, without hands on the gates.** Is there an LSTM that does by its own parameters what we did by hand?
# Yes, if its input says when. Let $x^{(t)}$ have four entries: the signal, and three that are 1 where a gate should be
# open, 0 where not. With a weight of 20 and a bias of −10, a gate sees $a = \pm 10$:
#
# $$\begin{gathered}
# U_i = (0, 20, 0, 0), \quad U_f = (0, 0, 20, 0), \quad U_o = (0, 0, 0, 20), \quad U_g = (1, 0, 0, 0), \\
# W = 0, \qquad b_i = b_f = b_o = -10, \quad b_g = 0
# \end{gathered}$$
#
# $\sigma(\pm 10)$ is not quite 1 and 0, so 50 steps lose a little. A trained LSTM has to find such weights, and what
# its gates should react to, by gradient descent.

# %% tags=["demo"] sources=["S24", "S25"]
steered = {"U": np.zeros((4, 1, 4)), "W": np.zeros((4, 1, 1)), "b": np.array([[-10.0], [-10], [-10], [0]])}
steered["U"][:, 0] = [[0, 20, 0, 0], [0, 0, 20, 0], [0, 0, 0, 20], [1, 0, 0, 0]]
four_inputs = np.stack([noise, by_hand["i"], by_hand["f"], by_hand["o"]], axis=1)[:, None]  # (T, 1, 4)

zero = np.zeros((1, 1))
shown, stored, computed = lstm_forward(four_inputs, zero, zero, steered)
print(f"written: {stored[4].item():.3f}, kept for 50 steps: {stored[54].item():.3f}, read: {shown[54].item():.3f}")
print(f"set by hand: {memory[54]:.3f}, read: {output[54]:.3f}")
assert np.abs(stored[:, 0, 0] - memory).max() < 0.01 and np.abs(shown[:, 0, 0] - output).max() < 0.01
for k, name in enumerate("ifo"):
    assert np.abs(computed[:, k, 0, 0] - by_hand[name]).max() < 1e-4

# %% [markdown] sources=["S28", "S83"]
# ## Two candidates
#
# A and C do not agree on the candidate. A writes $\sigma$, as Goodfellow, Bengio and Courville do; C writes tanh, as
# nearly everybody does today. It is no erratum: both work. But they make two different memories. To see it, put the
# formula of the memory \eqref{memory} into itself, again and again, down to $c^{(0)} = 0$:
#
# $$c^{(t)} = i^{(t)} \odot g^{(t)} + f^{(t)} \odot c^{(t-1)} =
# \sum_{k=1}^{t} \Big(\prod_{j=k+1}^{t} f^{(j)}\Big) \odot i^{(k)} \odot g^{(k)} \label{written}$$
#
# What was written at step $k$ counts with the share that the forget gates have let pass since.

# %% [markdown] slide="fragment" sources=["S28", "S83"]
# All $f$ and $i$ in \eqref{written} are positive. So
#
# * with $g = \sigma(\dots) \gt 0$, every term is positive: $c$ **can never be negative**, and where $f = 1$ it can
#   only grow. The only way down is to forget;
# * with $g = \tanh(\dots)$ terms of both signs are written. The memory can go up, go down, and cancel.

# %% tags=["demo"] sources=["S28", "S83"]
from course_lib import backend
from course_lib.cells import LSTM

inputs = backend.Rng(0).normal((100, 1, 4), dtype="float64")


def memory_path(candidate, params):
    """c(1), …, c(100) with another function for the candidate, step by step and by the sum."""
    (U, W, b), h, c, path, written, f_path = (params[name] for name in "UWb"), np.zeros(8), np.zeros(8), [], [], []
    for x_t in inputs[:, 0]:
        a = b + U @ x_t + W @ h
        i, f, o, g = *sigmoid(a[:3]), candidate(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        path.append(c)
        written.append(i * g)
        f_path.append(f)
    by_sum = [sum(np.prod(f_path[k + 1 : t + 1], axis=0) * written[k] for k in range(t + 1)) for t in range(100)]
    return np.array(path), np.array(by_sum)


memories, slopes = {}, {}
for name, candidate in (("sigmoid", sigmoid), ("tanh", np.tanh)):
    cell = LSTM(4, 8, backend.Rng(50), "float64", candidate=name)
    cell.params["b"][1] = 3  # the forget gates are mostly open
    memories[name], by_sum = memory_path(candidate, cell.params)
    assert np.allclose(memories[name], by_sum) and np.allclose(memories[name][-1], cell.forward(inputs)[1][1])
    slopes[name] = (1 - np.tanh(memories[name][50:]) ** 2).mean()
    low, high = memories[name].min(), memories[name].max()
    print(f"candidate {name:7s}: c from {low:4.1f} to {high:.1f}; slope of tanh(c), second half {slopes[name]:.2f}")
assert memories["sigmoid"].min() > 0 and memories["tanh"].min() < -2

# %% [markdown] sources=["S28"]
# *What to see:* the same inputs, the same weights, the forget gates mostly open (bias 3). Left, all memories climb at
# once, to where forgetting and writing balance, and stay there. There $\tanh c$ is close to 1 and its slope close
# to 0: the outputs say little, and hardly any gradient comes back through them. Right, the memories move up and down
# around 0.

# %% tags=["demo"] sources=["S28"]
from course_lib import plots

titles = {"sigmoid": "candidate σ, as in A", "tanh": "candidate tanh, as in C"}
plots.show(plots.candidates({titles[name]: c[:, :4] for name, c in memories.items()}))
assert slopes["sigmoid"] < 0.1 < 0.2 < slopes["tanh"]

# %% [markdown]
# ## The backward step
#
# Neither A nor C says how to go back through an LSTM; modern libraries do it by themselves. We derive it gate by gate.
# Look at the diagram: two arrows leave the step on the right, so **two gradients arrive**.
#
# * At $h^{(t)}$: $\dfrac{dL}{dh^{(t)}}$, complete, as in notebook 02. It is the immediate derivative plus what the four
#   sums of step $t + 1$ send back.
# * At $c^{(t)}$, along the memory line:
#   $\delta_c^{(t)} = \Big(\dfrac{\partial^+ c^{(t+1)}}{\partial c^{(t)}}\Big)^{\!\top}\dfrac{dL}{dc^{(t+1)}}$. This is
#   **not** yet $\dfrac{dL}{dc^{(t)}}$: the memory also acts through $h^{(t)}$ of its own step.
#
# In code they are called `dh` and `dc`.

# %% [markdown]
# **One step by itself.** What comes after the step matters only through these two gradients. So for testing we may
# replace it by the simplest loss that sends back given vectors $v$ and $w$:
#
# $$L = v^\top h^{(t)} + w^\top c^{(t)} \qquad\Longrightarrow\qquad
# \frac{dL}{dh^{(t)}} = v, \qquad \delta_c^{(t)} = w$$
#
# From now on we leave out $(t)$ where only one step is meant, and write $c^-, h^-$ for $c^{(t-1)}, h^{(t-1)}$. The next
# cell makes such a step, for one sample with $D = 2$ and $H = 3$. It moves each part of the step a little, lets all
# that comes after follow, and so *measures* $dL/do$, $dL/dc$ and so on. The formulas below have to agree with that.

# %% tags=["demo"]
from course_lib import backend
from course_lib.gradcheck import numerical_gradient

rng = backend.Rng(86)
theta = {"U": rng.normal((4, 3, 2), 0.7, dtype="float64"), "W": rng.normal((4, 3, 3), 0.7, dtype="float64")}
theta["b"] = rng.normal((4, 3), 0.7, dtype="float64")
x_row, h_row, c_row, v, w = (rng.normal(n, dtype="float64") for n in (2, 3, 3, 3, 3))


def loss_of_step():
    h_new, c_new, _ = lstm_step(x_row[None], h_row[None], c_row[None], theta)
    return v @ h_new[0] + w @ c_new[0]


_, c_new, gates_new = lstm_step(x_row[None], h_row[None], c_row[None], theta)
step_parts = dict(zip("ifog", gates_new[:, 0], strict=True)) | {"c⁻": c_row}


def loss_with(name, value):
    """The loss, when one part of the step has another value, and those after it follow."""
    now = step_parts | {name: value}
    now = {"c": now["f"] * now["c⁻"] + now["i"] * now["g"]} | now
    return v @ (now["o"] * np.tanh(now["c"])) + w @ now["c"]


measured = {
    name: numerical_gradient(lambda value, name=name: loss_with(name, value), part.copy())
    for name, part in (step_parts | {"c": c_new[0]}).items()
}
print(*(f"{name} = {part.round(2)}" for name, part in step_parts.items() if name != "c⁻"), sep="  ")
print(f"c = {c_new[0].round(2)}  L = {loss_of_step():.3f}")
print("by differences: dL/do", measured["o"].round(3), " dL/dc", measured["c"].round(3))
assert np.isclose(loss_of_step(), loss_with("c⁻", c_row))

# %% [markdown]
# **1. Through the output**, $h = o \odot \tanh(c)$. Entry by entry, a product of two things. The gate first:
# $\partial^+ h_n / \partial o_n = \tanh(c_n)$, and $o$ acts on nothing else:
#
# $$\frac{dL}{do} = \frac{dL}{dh} \odot \tanh(c)$$
#
# Now the memory. $c_n$ acts in two ways: straight ahead along the line, and through $h_n$ with the slope
# $\partial^+ h_n/\partial c_n = o_n \big(1 - \tanh^2(c_n)\big)$. Two ways, two terms:
#
# $$\frac{dL}{dc} = \underbrace{\delta_c}_{\text{along the line}} + \underbrace{\frac{dL}{dh} \odot o \odot
# \big(1 - \tanh^2(c)\big)}_{\text{through } h} \label{two-arrivals}$$
#
# This is where the two arrivals meet. The gate $o$ stands in the second term only: it can be shut, and the memory still
# gets its gradient from later steps. (The cell divides what was measured by $dL/dh = v$; the factor of the formula has
# to remain. It has $1/\cosh^2$ for $1 - \tanh^2$, which is the same.)

# %% tags=["demo"]
for n in range(3):
    remains = measured["o"][n] / v[n], (measured["c"][n] - w[n]) / v[n]
    factors = np.tanh(c_new[0, n]), step_parts["o"][n] / np.cosh(c_new[0, n]) ** 2
    print(f"unit {n + 1}: dL/do ÷ dL/dh {remains[0]:.3f}, tanh(c) {factors[0]:.3f};", end="  ")
    print(f"(dL/dc − δ_c) ÷ dL/dh {remains[1]:.3f}, o · slope of tanh {factors[1]:.3f}")
    assert np.allclose(remains, factors, atol=1e-7)
assert not np.allclose(w, measured["c"], atol=0.01)  # what arrives along the line is not all

# %% [markdown]
# **2. Through the memory**, $c = f \odot c^- + i \odot g$. Four things are multiplied, in two products. Each gets
# $\frac{dL}{dc}$ times its partner:
#
# $$\frac{dL}{di} = \frac{dL}{dc} \odot g, \qquad \frac{dL}{dg} = \frac{dL}{dc} \odot i, \qquad
# \frac{dL}{df} = \frac{dL}{dc} \odot c^-, \qquad \delta_c^{(t-1)} = \frac{dL}{dc} \odot f$$
#
# The last one goes out to the left, along the line, to step $t - 1$. It is all that $c^-$ gets from this step: no gate
# looks at $c^-$. (With peepholes they do; see "Variants".) The factor is the forget gate and nothing else. (Again the
# cell divides, by the measured $dL/dc$: the partner remains.)

# %% tags=["demo"]
from course_lib.gradcheck import numerical_gradient

for name, partner in ("ig", "gi", ("f", "c⁻"), ("c⁻", "f")):
    remains = measured[name] / measured["c"]
    print(f"by {name:2s}: remains {remains.round(3)}, partner {partner:2s} {step_parts[partner].round(3)}")
    assert np.allclose(remains, step_parts[partner], atol=1e-7)
whole_step = numerical_gradient(lambda _: loss_of_step(), c_row)
assert np.allclose(measured["c⁻"], whole_step, atol=1e-8)  # no other way leads from c⁻ to the loss

# %% [markdown]
# **3. Through the squashing.** Each gate has the slope $\sigma' = \sigma (1 - \sigma)$ (notebook 03), the candidate
# $\tanh' = 1 - \tanh^2$. Both need the *values* only, no $a$:
#
# $$\begin{aligned}
# \frac{dL}{da_i} &= \frac{dL}{di} \odot i \odot (1 - i), &
# \frac{dL}{da_f} &= \frac{dL}{df} \odot f \odot (1 - f), \\
# \frac{dL}{da_o} &= \frac{dL}{do} \odot o \odot (1 - o), &
# \frac{dL}{da_g} &= \frac{dL}{dg} \odot \big(1 - g \odot g\big)
# \end{aligned}$$
#
# A gate that is nearly open or nearly shut has a slope near 0. It does its work, but it hardly learns.

# %% tags=["demo"]
from course_lib.gradcheck import numerical_gradient

# b_k is added to a_k and to nothing else: moving b_k is moving a_k
by_sums = numerical_gradient(lambda _: loss_of_step(), theta["b"])
for row, name in zip(by_sums, "ifog", strict=True):
    value, remains = step_parts[name], row / measured[name]
    slope = 1 - value**2 if name == "g" else value * (1 - value)
    print(f"dL/da_{name} ÷ dL/d{name}: remains {remains.round(3)}, slope {slope.round(3)}")
    assert np.allclose(remains, slope, atol=1e-7)

# %% [markdown]
# **4. Through the sums**, $a_k = b_k + U_k x + W_k h^-$ for $k = i, f, o, g$. Each is the sum of a plain network, so
# notebook 02 has the answer, four times over. To the parameters:
#
# $$\frac{dL}{db_k} = \frac{dL}{da_k}, \qquad \frac{dL}{dU_k} = \frac{dL}{da_k}\, x^\top, \qquad
# \frac{dL}{dW_k} = \frac{dL}{da_k}\, (h^-)^\top$$
#
# But there is only one $x$ and one $h^-$, and each goes into **all four** sums. Four ways, four terms:
#
# $$\frac{dL}{dx} = \sum_{k} U_k^\top\, \frac{dL}{da_k}, \qquad
# \frac{dL}{dh^-} = \sum_{k} W_k^\top\, \frac{dL}{da_k}$$
#
# (The second one is what this step sends to $h^-$. To get $dL/dh^{(t-1)}$, add
# $\partial^+ L / \partial h^{(t-1)}$.) In the cell each sum has a copy of $x$ and of $h^-$ of its own. Moving one copy
# at a time shows the four terms one by one.

# %% tags=["demo"]
from course_lib.gradcheck import numerical_gradient

copies = {"U": np.stack([x_row] * 4), "W": np.stack([h_row] * 4)}


def loss_of_copies():
    """The loss, when sum k has the copies k of x and h⁻."""
    sums = [theta["b"][k] + sum(theta[p][k] @ copy[k] for p, copy in copies.items()) for k in range(4)]
    now = {name: np.tanh(a) if name == "g" else sigmoid(a) for name, a in zip("ifog", sums, strict=True)}
    memory_now = now["f"] * c_row + now["i"] * now["g"]
    return v @ (now["o"] * np.tanh(memory_now)) + w @ memory_now


for name, p, seen in (("x", "U", x_row), ("h⁻", "W", h_row)):
    by_matrix = numerical_gradient(lambda _: loss_of_step(), theta[p])
    assert np.allclose(by_matrix / by_sums[:, :, None], seen, atol=1e-5)  # dU_k: each row, divided by da_k, leaves x
    ways = numerical_gradient(lambda _: loss_of_copies(), copies[p])
    altogether = numerical_gradient(lambda _: loss_of_step(), seen)
    print(f"first entry of {name:2s}: through i, f, o, g {ways[:, 0].round(3)}; by {name} itself {altogether[0]:.3f}")
    remains = by_matrix[1, 0] / by_sums[1, 0]
    print(f"  first row of dL/d{p}_f ÷ first entry of dL/da_f: remains {remains.round(3)}; {name} {seen.round(3)}")
    assert np.allclose(ways.sum(axis=0), altogether, atol=1e-7)
    for k in range(4):  # the term of sum k, for the first entry, unit by unit
        assert np.isclose(ways[k, 0], sum(theta[p][k, n, 0] * by_sums[k, n] for n in range(3)), atol=1e-7)

# %% [markdown] slide="skip"
# **A batch.** The samples do not meet in a step: each has its own gates and its own memory. So everything above holds
# row by row, and `dx`, `dh_prev` and `dc_prev` have one row for each sample. The parameters are shared by all samples.
# Their gradients are sums over the batch, like those over time in notebook 02.

# %% tags=["demo"] slide="skip"
from course_lib import backend
from course_lib.gradcheck import numerical_gradient

rng = backend.Rng(64)
rows = [rng.normal((3, n), dtype="float64") for n in (2, 3, 3)]  # x, h⁻, c⁻ of three samples


def loss_of_rows(x_rows, h_rows, c_rows):
    h_rows, c_rows, _ = lstm_step(x_rows, h_rows, c_rows, theta)
    return (h_rows @ v + c_rows @ w).sum()


together = numerical_gradient(lambda _: loss_of_rows(*rows), theta["W"])
one_by_one = sum(
    numerical_gradient(lambda _, n=n: loss_of_rows(*(row[n : n + 1] for row in rows)), theta["W"]) for n in range(3)
)
print(f"dW of the batch is the sum over its samples: {np.allclose(together, one_by_one, atol=1e-7)}")
assert np.allclose(together, one_by_one, atol=1e-7)

# %% [markdown]
# *What to see:* the diagram with all arrows turned round, labelled as in code. Right, what arrives: `dh` is
# $\frac{dL}{dh^{(t)}}$, `dc` is $\delta_c^{(t)}$. Left, what this step **sends**: `dc_prev` is $\delta_c^{(t-1)}$, but
# `dh_prev` is not all of $\frac{dL}{dh^{(t-1)}}$. The immediate derivative $\frac{\partial^+ L}{\partial h^{(t-1)}}$ is
# still to be added.
#
# What was multiplied by something on the way there is multiplied by the same thing on the way back. Where an arrow
# forked, two gradients are added (the dots); where two arrows met in a sum, the gradient is copied. On the memory line,
# the way back meets a single factor: $f$.

# %% tags=["demo"]
from course_lib import plots

plots.show(plots.lstm_cell(back=True))

# %% [markdown]
# **By hand, continued.** The unit from above, $i = 0.75$, $f = 0.8$, $o = 0.5$, $g = 0.6$, $c^- = 0.5$, $c = 0.85$, and
# $\tanh c = 0.691$. Let $\frac{dL}{dh} = 1$ and $\delta_c = 0.5$ arrive. The slope is $1 - 0.691^2 = 0.522$, and
#
# $$\frac{dL}{dc} = 0.5 + 1 \cdot 0.5 \cdot 0.522 = 0.761, \qquad
# \delta_c^{(t-1)} = 0.761 \cdot 0.8 = 0.609$$
#
# $$\frac{dL}{da_i} = 0.761 \cdot 0.6 \cdot 0.75 \cdot 0.25 = 0.086, \qquad
# \frac{dL}{da_f} = 0.761 \cdot 0.5 \cdot 0.8 \cdot 0.2 = 0.061$$
#
# $$\frac{dL}{da_o} = 1 \cdot 0.691 \cdot 0.5 \cdot 0.5 = 0.173, \qquad
# \frac{dL}{da_g} = 0.761 \cdot 0.75 \cdot \big(1 - 0.6^2\big) = 0.365$$

# %% tags=["demo"]
from course_lib.gradcheck import numerical_gradient


def hand_loss(values):
    """L = 1 · h + 0.5 · c, from the memory before and the sums a_i, a_f, a_o, a_g."""
    c_before, a_i, a_f, a_o, a_g = values
    c = sigmoid(a_f) * c_before + sigmoid(a_i) * np.tanh(a_g)
    return sigmoid(a_o) * np.tanh(c) + 0.5 * c


found = numerical_gradient(hand_loss, np.array([0.5, np.log(3), np.log(4), 0.0, np.log(2)]))
slope = 1 - np.tanh(0.85) ** 2
print(f"tanh c = {np.tanh(0.85):.3f}, slope {slope:.3f}, dL/dc = {0.5 + 0.5 * slope:.3f}")
print("by c⁻, a_i, a_f, a_o, a_g:", found.round(3))
assert np.allclose(found, [0.609, 0.086, 0.061, 0.173, 0.365], atol=6e-4)

# %% [markdown]
# ### Exercise 3 · One step back (5 points)
#
# Write `lstm_step_backward(dh, dc, cache)`: the step of Exercise 1, backwards.
#
# | argument | shape | |
# |:--|:--|:--|
# | `dh` | (B, H) | what arrives at the states $h^{(t)}$, from this step's own output and from the next step |
# | `dc` | (B, H) | what arrives at the memories $c^{(t)}$ from the next step; **the path from $h^{(t)}$ to $c^{(t)}$ is not yet in it** |
# | `cache` | dict | `"x_t"` (B, D), `"h_prev"`, `"c_prev"`, `"c"` (B, H), `"gates"` (4, B, H), `"U"` (4, H, D), `"W"` (4, H, H) |
# | *returns* | dict | `"dx"` (B, D), `"dh_prev"`, `"dc_prev"` (B, H), `"dU"` (4, H, D), `"dW"` (4, H, H), `"db"` (4, H) |
#
# * `c` is the memory after the step, $c^{(t)}$, before its tanh. `gates` holds i, f, o, g, after their $\sigma$ and
#   tanh.
# * `dU`, `dW` and `db` are **sums** over the samples, in the order i, f, o, g; nothing is divided. `dx`, `dh_prev` and
#   `dc_prev` have a row for each sample.
# * `dh` and `dc` are any numbers, and either can be 0 everywhere. Nothing is clipped.
#
# The gradients are exact up to rounding: finite differences are not enough. All sizes can be 1. float32 inputs give
# float32 gradients. Neither `dh`, `dc` nor the arrays in `cache` may change.
#
# Marked: `db`, `dU`, `dW`, `dx`, `dh_prev` (0.75 points each), `dc_prev` (0.5), all six where `dh` or `dc` is 0 (0.25),
# all six once more, with the inputs as they were afterwards (0.25), float32 (0.25). `hint(lstm_step_backward)` gives a
# hint.

# %% tags=["answer"] exercise="lstm_step_backward"
def lstm_step_backward(dh, dc, cache):
    """The gradients {"dx", "dh_prev", "dc_prev", "dU", "dW", "db"}, from dh (B, H) at h(t) and dc (B, H) at c(t)."""
    ### BEGIN SOLUTION
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da = np.stack(
        [
            dc * g * i * (1 - i),
            dc * c_prev * f * (1 - f),
            dh * tanh_c * o * (1 - o),
            dc * i * (1 - g**2),
        ]
    )
    return {
        "dx": (da @ U).sum(axis=0),
        "dh_prev": (da @ W).sum(axis=0),
        "dc_prev": dc * f,
        "dU": da.transpose(0, 2, 1) @ x_t,
        "dW": da.transpose(0, 2, 1) @ h_prev,
        "db": da.sum(axis=1),
    }
    ### END SOLUTION

# %% tags=["check"] exercise="lstm_step_backward"
check(lstm_step_backward)
### BEGIN HIDDEN TESTS
earned(lstm_step_backward)
### END HIDDEN TESTS

# %% [markdown]
# **Back over time.** One step gives what the step before needs. So the loop is short. It starts at the end with
# nothing: $\delta_c^{(T)} = 0$, and at $h^{(T)}$ the immediate derivative only. Then, from right to left,
#
# $$\frac{dL}{dh^{(t)}} = \frac{\partial^+ L}{\partial h^{(t)}} + \sum_k W_k^\top \frac{dL}{da_k^{(t+1)}}, \qquad
# \delta_c^{(t)} = f^{(t+1)} \odot \frac{dL}{dc^{(t+1)}}$$
#
# The parameters are the same at all steps, so their gradients are sums over time:
#
# $$\frac{dL}{dW_k} = \sum_{t=1}^{T} \frac{dL}{da_k^{(t)}}\, \big(h^{(t-1)}\big)^\top, \qquad
# \text{likewise } \frac{dL}{dU_k} \text{ and } \frac{dL}{db_k}$$
#
# What comes out at the left end are the gradients by $h^{(0)}$ and $c^{(0)}$. All of them against differences:

# %% tags=["demo"]
from course_lib import backend
from course_lib.gradcheck import numerical_gradient, relative_error


def lstm_backward(dhs, x, h0, c0, params):
    """All gradients over time, from dhs (T, B, H), the immediate derivatives by the states."""
    hs, cs, all_gates = lstm_forward(x, h0, c0, params)
    grads = {name: np.zeros_like(array) for name, array in params.items()}
    dx, dh, dc = np.zeros_like(x), np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(len(x))):
        h_prev, c_prev = (hs[t - 1], cs[t - 1]) if t else (h0, c0)
        cache = {"x_t": x[t], "h_prev": h_prev, "c_prev": c_prev, "c": cs[t], "gates": all_gates[t]}
        step = lstm_step_backward(dhs[t] + dh, dc, cache | {"U": params["U"], "W": params["W"]})
        dx[t], dh, dc = step["dx"], step["dh_prev"], step["dc_prev"]
        for name in "UWb":
            grads[name] += step["d" + name]
    return grads | {"x": dx, "h0": dh, "c0": dc}


rng = backend.Rng(65)
T, B, D, H = 7, 2, 3, 4
params = {"U": rng.normal((4, H, D), dtype="float64"), "W": rng.normal((4, H, H), dtype="float64")}
params["b"] = rng.normal((4, H), dtype="float64")
x, vs = rng.normal((T, B, D), dtype="float64"), rng.normal((T, B, H), dtype="float64")
h0, c0 = rng.normal((2, B, H), dtype="float64")

found = lstm_backward(vs, x, h0, c0, params)  # of L = Σ v(t) · h(t)
for name, array in (params | {"x": x, "h0": h0, "c0": c0}).items():
    differences = numerical_gradient(lambda _: (vs * lstm_forward(x, h0, c0, params)[0]).sum(), array)
    error = relative_error(found[name], differences)
    print(f"d{name:2s} {array.shape!s:10s} relative error below 1e-6: {error < 1e-6}")
    assert error < 1e-6, "check(lstm_step_backward) first"

# %% [markdown]
# **What the second arrival is worth.** Leave out $\delta_c$: hand back only the gradient by $h$, as in a plain network.
# The code runs, the shapes fit, and the last step is even right. All that the memory line carries is lost. The
# sequence has 30 steps, the forget gates a bias of 3, and the loss looks at the last state only.

# %% tags=["demo"]
from course_lib import backend
from course_lib.cells import LSTM

T, B, D, H = 30, 4, 3, 16
rng = backend.Rng(66)
cell = LSTM(D, H, backend.Rng(67), "float64")
cell.params["b"][1] = 3
x, v_last, zero = rng.normal((T, B, D), dtype="float64"), rng.normal((B, H), dtype="float64"), np.zeros((B, H))
hs, cs, all_gates = lstm_forward(x, zero, zero, cell.params)

sizes = {}
for name, carried in (("with both", 1.0), ("without δ_c", 0.0)):
    dh, dc = v_last, zero
    for t in reversed(range(T)):
        before = (hs[t - 1], cs[t - 1]) if t else (zero, zero)
        cache = {"x_t": x[t], "h_prev": before[0], "c_prev": before[1], "c": cs[t], "gates": all_gates[t]}
        step = lstm_step_backward(dh, carried * dc, cache | {"U": cell.params["U"], "W": cell.params["W"]})
        dh, dc = step["dh_prev"], step["dc_prev"]
    sizes[name] = np.linalg.norm(step["dx"])
    print(f"{name:11s}: ‖dL/dx(1)‖ = {sizes[name]:.0e}")
assert sizes["without δ_c"] < 1e-6 * sizes["with both"]

# %% [markdown] slide="skip"
# **Against a library.** `torch.nn.LSTM` is the same cell, with two differences of bookkeeping: its gates are stacked in
# the order $i, f, g, o$, and it has two biases that it only ever adds up. `from_torch` takes its numbers over into our
# order. Then your forward pass, and your backward step in the loop above, can be compared with torch's automatic
# derivatives.

# %% tags=["demo", "volatile"] slide="skip"
try:
    import torch
except ImportError:
    print("torch is not installed here; nothing is compared.")
else:
    from course_lib import backend, interop

    T, B, D, H = 9, 2, 3, 5
    torch.manual_seed(0)
    module = torch.nn.LSTM(D, H, dtype=torch.float64)
    rng = backend.Rng(68)
    arrays = [rng.normal(shape, dtype="float64") for shape in ((T, B, D), (B, H), (B, H), (T, B, H))]
    x, h0, c0, vs = (torch.tensor(array, requires_grad=True) for array in arrays)
    theirs, _ = module(x, (h0[None], c0[None]))
    (vs * theirs).sum().backward()

    params = interop.from_torch(module).params
    x_n, h_n, c_n, v_n = arrays
    gaps = {"hs": np.abs(lstm_forward(x_n, h_n, c_n, params)[0] - theirs.detach().numpy()).max()}
    found = lstm_backward(v_n, x_n, h_n, c_n, params)
    order = [0, 1, 3, 2]  # torch's i, f, g, o as i, f, o, g
    expected = {"x": x.grad, "h0": h0.grad, "c0": c0.grad, "U": module.weight_ih_l0.grad.reshape(4, H, D)[order]}
    expected["W"] = module.weight_hh_l0.grad.reshape(4, H, H)[order]
    expected["b"] = module.bias_ih_l0.grad.reshape(4, H)[order]
    gaps |= {"d" + name: np.abs(found[name] - array.numpy()).max() for name, array in expected.items()}
    for name, gap in gaps.items():
        print(f"{name:3s}: largest difference from torch below 1e-12: {gap < 1e-12}")
    assert max(gaps.values()) < 1e-12

# %% [markdown]
# ## The cell Jacobian
#
# How does the memory depend on the memory one step before?
#
# $$c^{(t)} = f^{(t)} \odot c^{(t-1)} + i^{(t)} \odot g^{(t)}$$
#
# A quick reader says: $c^{(t-1)}$ is multiplied by $f^{(t)}$, so the derivative is $\operatorname{diag}(f^{(t)})$. That
# is the **direct path**, and the reason why the LSTM was built. It holds no $W$ and no tanh′, only one number between
# 0 and 1 for each unit. Where $f = 1$, a gradient passes any number of steps unchanged.
#
# But $i$, $f$ and $g$ are no constants. They are computed from $h^{(t-1)} = o^{(t-1)} \odot \tanh c^{(t-1)}$. So there
# is a second path: from $c^{(t-1)}$ **through** $h^{(t-1)}$ to the gates and the candidate, and from there to
# $c^{(t)}$.

# %% [markdown] slide="notes"
# The LSTM of Hochreiter and Schmidhuber (1997) had no forget gate ($f = 1$), and its learning rule left the second path
# out of the gradient on purpose: what flows back along the direct path alone can neither vanish nor explode. They
# called it the constant error carousel. The forget gate came with Gers, Schmidhuber and Cummins (2000). Today the
# gradient is computed in full.

# %% [markdown]
# **By hand.** One unit without inputs: $c^{(t-1)} = 1$, $o^{(t-1)} = 0.8$, so $h^{(t-1)} = 0.8 \tanh 1 = 0.609$. Let
# $W_f = 2$, $W_g = 1$, $W_i = 0$ and all biases be 0. Then
#
# $$f = \sigma(1.219) = 0.772, \qquad i = \sigma(0) = 0.5, \qquad g = \tanh 0.609 = 0.544$$
#
# A small step of $c^{(t-1)}$ moves $h^{(t-1)}$ by $0.8\,(1 - \tanh^2 1) = 0.336$ times as much. That moves $f$ by
# $f(1-f)\,W_f = 0.352$ and $g$ by $(1 - g^2)\,W_g = 0.704$ times as much as $h$. So
#
# $$\frac{dc^{(t)}}{dc^{(t-1)}} = \underbrace{0.772}_{\text{direct}} + \underbrace{\big(1 \cdot 0.352 + 0.5 \cdot
# 0.704\big) \cdot 0.336}_{\text{through } h^{(t-1)}} \approx 0.77 + 0.24 = 1.01$$
#
# *What to see:* two ways lead from left to right. The forget gate says 0.77, the whole derivative is 1.01.

# %% tags=["demo"]
from course_lib import plots


def next_memory(c, o=0.8):
    """c(t) of one unit with W_f = 2, W_g = 1, from c(t−1)."""
    h = o * np.tanh(c)
    return sigmoid(2 * h) * c + 0.5 * np.tanh(h)


h_1 = 0.8 * np.tanh(1)
f_1, g_1 = sigmoid(2 * h_1), np.tanh(h_1)
h_by_c, f_by_h, g_by_h = 0.8 * (1 - np.tanh(1) ** 2), f_1 * (1 - f_1) * 2, 1 - g_1**2
print(f"h(t−1) = {h_1:.3f}, f = σ({2 * h_1:.3f}) = {f_1:.3f}, g = {g_1:.3f}")
print(f"slopes: h by c {h_by_c:.3f}, f by h {f_by_h:.3f}, g by h {g_by_h:.3f}")

eps = 1e-6
whole = (next_memory(1 + eps) - next_memory(1 - eps)) / (2 * eps)
through = (1 * f_by_h + 0.5 * g_by_h) * h_by_c
print(f"direct {f_1:.2f}, through h(t−1) {through:.2f}, together {f_1 + through:.2f}; by differences {whole:.2f}")
plots.show(plots.cell_paths(f_1, through))
assert abs(f_1 + through - whole) < 1e-8 and abs(whole - 1.008) < 6e-4

# %% [markdown]
# **With $H$ units.** Unit $k$ of $h^{(t-1)}$ acts on unit $j$ of $c^{(t)} = f \odot c^{(t-1)} + i \odot g$ in three
# ways: through $i_j$, through $f_j$ and through $g_j$ (all of step $t$). Put their formulas into this one. Then
# $c^{(t)}$ is a formula of $c^{(t-1)}$, $h^{(t-1)}$ and $x^{(t)}$, and its immediate derivative by $h^{(t-1)}$, the
# other two held fixed, is, with $W_{i,jk}$ for the entry $(j, k)$ of $W_i$:
#
# $$\frac{\partial^+ c_j^{(t)}}{\partial h_k^{(t-1)}} = g_j\, i_j (1 - i_j)\, W_{i,jk} \;+\;
# c_j^{(t-1)} f_j (1 - f_j)\, W_{f,jk} \;+\; i_j (1 - g_j^2)\, W_{g,jk} \label{through-gates}$$
#
# And $h_k^{(t-1)} = o_k^{(t-1)} \tanh c_k^{(t-1)}$. Its gate $o^{(t-1)}$ was made from $h^{(t-2)}$, not from
# $c^{(t-1)}$, so it is a constant here:
#
# $$\frac{\partial^+ h_k^{(t-1)}}{\partial c_k^{(t-1)}} = o_k^{(t-1)} \big(1 - \tanh^2 c_k^{(t-1)}\big),
# \qquad\text{and 0 for two different units}$$

# %% [markdown] slide="fragment"
# Together, with the matrix \eqref{through-gates} called $K^{(t)}$:
#
# $$\frac{dc^{(t)}}{dc^{(t-1)}} = \underbrace{\operatorname{diag}\big(f^{(t)}\big)}_{\text{direct}} +
# \underbrace{K^{(t)} \operatorname{diag}\Big(o^{(t-1)} \odot \big(1 - \tanh^2 c^{(t-1)}\big)\Big)}_{\text{through }
# h^{(t-1)}} \label{cell-jacobian}$$
#
# Row $j$: new memory, column $k$: old memory. The slopes of the gates multiply the *rows* of $W$, those of $h^{(t-1)}$
# the *columns*. The output gate $o^{(t)}$ and its weights $W_o$ do not occur: $o^{(t)}$ is not used in $c^{(t)}$. The
# exercise asks for the two parts; the cell after it checks them by differences.

# %% [markdown]
# ### Exercise 4 · Two paths through a step (2 points)
#
# Write `cell_jacobian_parts(cache)`: for each sample the two parts of $\dfrac{dc^{(t)}}{dc^{(t-1)}}$,
# \eqref{cell-jacobian}. One is the direct path, the other one leads from $c^{(t-1)}$ to $h^{(t-1)} = o^{(t-1)} \odot
# \tanh c^{(t-1)}$, and from there through the gates and the candidate of step $t$. The inputs $x^{(t)}$ and the gate
# $o^{(t-1)}$ are held fixed.
#
# | argument | shape | |
# |:--|:--|:--|
# | `cache` | dict | `"gates"` (4, B, H): i, f, o, g **of step $t$**; `"c_prev"` (B, H): $c^{(t-1)}$; `"o_prev"` (B, H): $o^{(t-1)}$; `"W"` (4, H, H) |
# | *returns* `direct` | (B, H, H) | `[b, j, k]`: the part of $dc_j^{(t)} / dc_k^{(t-1)}$ of sample `b` on the direct path |
# | *returns* `through_h` | (B, H, H) | the same for the path through $h^{(t-1)}$ |
#
# Return `direct, through_h`, in this order; their sum is the whole Jacobian. Both are matrices for each sample, also
# where most of the entries are 0.
#
# They are exact up to rounding: finite differences are not enough. All sizes can be 1. float32 inputs give float32
# results. Do not change the inputs. Marked: `direct` (0.5 points), `through_h` (1), both for large memories and for
# gates that are open or shut (0.25), float32 (0.25). `hint(cell_jacobian_parts)` gives a hint.

# %% tags=["answer"] exercise="cell_jacobian_parts"
def cell_jacobian_parts(cache):
    """The two parts (B, H, H) of dc(t)/dc(t−1): the direct path, and the path through h(t−1)."""
    ### BEGIN SOLUTION
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_a = {0: g * i * (1 - i), 1: c_prev * f * (1 - f), 3: i * (1 - g**2)}
    by_h = sum(slope[:, :, None] * W[gate] for gate, slope in by_a.items())
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    return direct, by_h * dh_dc[:, None, :]
    ### END SOLUTION

# %% tags=["check"] exercise="cell_jacobian_parts"
check(cell_jacobian_parts)
### BEGIN HIDDEN TESTS
earned(cell_jacobian_parts)
### END HIDDEN TESTS

# %% [markdown]
# **The check.** For a batch of four and an LSTM with normal weights: the two parts of your function, against central
# differences of `lstm_step` by $c^{(t-1)}$, where $h^{(t-1)} = o^{(t-1)} \odot \tanh c^{(t-1)}$ moves along. And how
# far off is "only $f$"? Here by more than half of the whole: with weights as large as these, the path through
# $h^{(t-1)}$ is no small correction.

# %% tags=["demo"]
from course_lib import backend

rng = backend.Rng(43)
B, D, H = 4, 3, 5
params = {
    "U": rng.normal((4, H, D), 1.5, dtype="float64"),
    "W": rng.normal((4, H, H), 1.5, dtype="float64"),
    "b": np.zeros((4, H)),
}
x_t, c_prev = rng.normal((B, D), dtype="float64"), rng.normal((B, H), dtype="float64")
o_prev = rng.uniform(0, 1, (B, H), "float64")


def memory_after(c):
    """c(t) from c(t−1), with h(t−1) moving along."""
    return lstm_step(x_t, o_prev * np.tanh(c), c, params)[1]


_, _, gates = lstm_step(x_t, o_prev * np.tanh(c_prev), c_prev, params)
direct, through = cell_jacobian_parts({"c_prev": c_prev, "o_prev": o_prev, "gates": gates, "W": params["W"]})
columns = [(memory_after(c_prev + move) - memory_after(c_prev - move)) / 2e-6 for move in 1e-6 * np.eye(H)]
measured = np.stack(columns, axis=2)
off = np.linalg.norm(measured - direct) / np.linalg.norm(measured)
print(f"direct + through: largest error below 1e-7: {np.abs(direct + through - measured).max() < 1e-7}")
print(f"only f: relative difference {off:.2f}")
assert np.abs(direct + through - measured).max() < 1e-7 and off > 0.4

# %% [markdown]
# **Over several steps** there is a trap. It is tempting to multiply the matrices $dc^{(t)}/dc^{(t-1)}$ as notebook 03
# multiplied Jacobians. For the plain network that was exact, since $h^{(t-1)}$ is *all* that step $t$ knows of the
# past. In an LSTM $c^{(t-1)}$ is not. It also acts on $c^{(t+1)}$ past $c^{(t)}$, by way of the output gate:
#
# $$c^{(t-1)} \to h^{(t-1)} \to o^{(t)} \to h^{(t)} = o^{(t)} \odot \tanh c^{(t)} \to c^{(t+1)}$$
#
# The state of an LSTM is the *pair* $(h, c)$. To be exact, carry both back, as your `lstm_step_backward` does.

# %% [markdown] slide="fragment"
# Take one unit $n$ of the last memory as the loss, $L = c_n^{(T)}$. At the end $\frac{dL}{dh^{(T)}} = 0$ and
# $\delta_c^{(T)} = e_n$, row $n$ of the matrix $I$. Each call gets $\frac{dL}{dh^{(t)}}$ as `dh` and $\delta_c^{(t)}$
# as `dc`, and returns the same two for $t - 1$. (No immediate derivative is to be added: $L$ uses no state.) Where they
# meet, as in \eqref{two-arrivals},
#
# $$\frac{dc_n^{(T)}}{dc^{(t)}} = \frac{dL}{dc^{(t)}} = \delta_c^{(t)} + \frac{dL}{dh^{(t)}} \odot o^{(t)} \odot
# \big(1 - \tanh^2 c^{(t)}\big)$$
#
# That is row $n$ of the matrix $\frac{dc^{(T)}}{dc^{(t)}}$. The $H$ units give its $H$ rows.

# %% [markdown] slide="skip"
# The function below uses a batch for that. It takes one sequence, copies it $H$ times, and asks in copy $n$ for the
# gradient of unit $n$ of $c^{(T)}$. So all copies together begin with `d_h` $= 0$ and `d_c` $= I$.
#
# For each $t$ the function returns three things: the exact matrix $dc^{(T)}/dc^{(t)}$; the
# direct path alone, which is $f^{(T)} \odot \dots \odot f^{(t+1)}$; and the product of the matrices
# $dc^{(s)}/dc^{(s-1)}$ for $s = T, \dots, t + 1$.

# %% tags=["demo"] slide="skip"
def memory_flow(params, x):
    """For t = 1, …, T and one sequence x (T, 1, D): the matrices dc(T)/dc(t), the products of f, and those of J."""
    T, H = len(x), params["W"].shape[-1]
    zero = np.zeros((1, H))
    hs, cs, gates = lstm_forward(x, zero, zero, params)
    d_h, d_c, f, J = np.zeros((H, H)), np.eye(H), np.ones(H), np.eye(H)
    whole, direct, product = [d_c], [f], [J]
    for t in range(T - 1, 0, -1):  # from the step that made cs[t] to cs[t − 1]
        o_prev = gates[t - 1, 2]
        step = {"x_t": x[t], "h_prev": hs[t - 1], "c_prev": cs[t - 1], "c": cs[t]}
        cache = {name: np.repeat(array, H, axis=0) for name, array in step.items()}
        cache |= {"gates": np.repeat(gates[t], H, axis=1), "U": params["U"], "W": params["W"]}
        back = lstm_step_backward(d_h, d_c, cache)
        d_h, d_c = back["dh_prev"], back["dc_prev"]
        parts = cell_jacobian_parts({"c_prev": cs[t - 1], "o_prev": o_prev, "gates": gates[t], "W": params["W"]})
        f, J = f * gates[t, 1, 0], J @ (parts[0] + parts[1])[0]
        whole.append(d_c + d_h * o_prev * (1 - np.tanh(cs[t - 1]) ** 2))
        direct.append(f)
        product.append(J)
    return [np.stack(values[::-1]) for values in (whole, direct, product)]

# %% tags=["demo"]
from course_lib.gradcheck import numerical_gradient, relative_error

short = backend.Rng(42).normal((8, 1, D), dtype="float64")
whole, direct, product = memory_flow(params, short)
zero = np.zeros((1, H))
hs, cs, gates = lstm_forward(short, zero, zero, params)


def last_memory(c):
    """c(8) when c(5) is c, with h(5) = o(5) ⊙ tanh c."""
    return lstm_forward(short[5:], gates[4, 2] * np.tanh(c), c, params)[1][-1, 0]


by_differences = np.stack([numerical_gradient(lambda c, k=k: last_memory(c)[k], cs[4])[0] for k in range(H)])
print(f"dc(8)/dc(5), both carried back: relative error below 1e-6: {relative_error(whole[4], by_differences) < 1e-6}")
missing = np.linalg.norm(product[4] - by_differences) / np.linalg.norm(by_differences)
print(f"product of three matrices dc(t)/dc(t−1): off by {missing:.2f}")
assert relative_error(whole[4], by_differences) < 1e-6 and missing > 0.01
assert np.allclose(whole[6], product[6])  # one step: the same

# %% [markdown]
# **100 steps** of random inputs, 64 units, uniform first weights between $\pm 1/\sqrt{64}$, as in notebook 03
# ("Remedies"). The exact derivative, against the product of the forget gates.
#
# *What to see:* (mind the different scales) left, all biases are 0 and $f \approx \tfrac12$. The direct path falls as a
# power of ½. Both paths together fall more slowly, and are still nothing at $t = 1$. Right, the bias of the forget gate
# is 3. The direct path still falls, since $f \approx 0.95$. But the whole derivative *grows*: more than what is lost
# through $f$ comes in through $h$. In neither panel does the product of the $f$ tell the story.

# %% tags=["demo"]
from course_lib import backend, plots
from course_lib.cells import LSTM

T, B, D, H = 100, 20, 10, 64
x = backend.Rng(41).normal((T, B, D), dtype="float64")


def first_params(seed, b):
    """Uniform U and W between ±1/√H, and the given biases b (4, H)."""
    cell = LSTM(D, H, backend.Rng(seed), "float64")
    return {"U": np.sqrt(D / H) * cell.params["U"], "W": cell.params["W"], "b": b}


panels = {}
for bias in (0, 3):
    b = np.zeros((4, H))
    b[1] = bias
    whole, direct, _ = memory_flow(first_params(50, b), x[:, :1])
    panels[f"forget bias {bias}"] = both, alone = np.linalg.norm(whole, 2, axis=(1, 2)), direct.max(axis=1)
    print(f"forget bias {bias}: dc(100)/dc(1): both paths {both[0]:.0e}, direct path alone {alone[0]:.0e}")
plots.show(plots.memory_paths(panels))
assert panels["forget bias 0"][1][0] < 1e-25 < panels["forget bias 0"][0][0] < 1e-15
assert panels["forget bias 3"][1][0] < 0.2 < 10 < panels["forget bias 3"][0][0]

# %% [markdown]
# ## Why gates alone do not help
#
# How long does a memory last, if its forget gate stays at $f$? After $n$ steps the share $f^n$ is left. Half of it is
# left after the **half-life** $n_{1/2}$:
#
# $$f^{\,n} = \tfrac12 \quad\Longleftrightarrow\quad n_{1/2} = \frac{\ln 2}{-\ln f} \label{half-life}$$
#
# The gate is $f = \sigma(a)$ with $a = U_f x + W_f h + b_f$. At the start the weights are small, so $a \approx b_f$ and
# $-\ln f \approx -\ln \sigma(b_f) = \ln(1 + e^{-b_f})$. *What to see:* with bias 0 a memory lives for **one** step. To
# the right the line is straight on a logarithmic axis: there $\ln(1 + e^{-b}) \approx e^{-b}$, so that
# $n_{1/2} \approx 0.69\, e^{b}$. Each 1 more in the bias makes a memory live $e = 2.7$ times as long.

# %% tags=["demo"]
from course_lib import plots

lives = {bias: np.log(2) / -np.log(sigmoid(bias)) for bias in (0, 1, 2, 3, 5)}
for bias, life in lives.items():
    share = sigmoid(bias)
    print(f"bias {bias}: f = {share:.3f}, half-life {life:.1f} steps, left after 99 steps {share**99:.0e}")
    assert np.isclose(share**life, 0.5)
print(f"ln 2 · e⁵ = {np.log(2):.2f} · {np.exp(5):.0f} = {np.log(2) * np.exp(5):.1f}")
plots.show(plots.half_life(np.linspace(-2, 6.4, 169), lives))

# %% [markdown]
# **So what does an LSTM do whose biases all start at 0?** 64 units, 100 steps, uniform weights, a loss of the last
# state only. We ask how much of its gradient arrives at the first state, $\lVert dL/dh^{(1)} \rVert \,/\,
# \lVert dL/dh^{(100)} \rVert$, over a batch of 20. Three networks each, from three seeds. For comparison the plain
# network of notebook 03, started in the same way.
#
# The LSTM, built against the vanishing gradient, has lost its gradient as thoroughly as the plain network. **A gate
# that is half open is no memory.**

# %% tags=["demo"] slide="skip"
from course_lib import backend
from course_lib.cells import RNN

seeds = 50, 51, 52
d_last = backend.Rng(43).normal((B, H), dtype="float64")


def lstm_gradients(params):
    """dL/dh(t) and δ_c(t) for t = 1, …, T, for a loss whose gradient at h(T) is d_last."""
    zero = np.zeros((B, H))
    hs, cs, gates = lstm_forward(x, zero, zero, params)
    flow = [(d_last, zero)]
    for t in range(T - 1, 0, -1):
        cache = {"x_t": x[t], "h_prev": hs[t - 1], "c_prev": cs[t - 1], "c": cs[t], "gates": gates[t]}
        back = lstm_step_backward(*flow[-1], cache | {"U": params["U"], "W": params["W"]})
        flow.append((back["dh_prev"], back["dc_prev"]))
    return [np.stack(parts[::-1]) for parts in zip(*flow, strict=True)]


def rnn_gradients(seed):
    """The same for a plain network: dL/dh(t)."""
    cell = RNN(D, H, backend.Rng(seed), "float64")
    cell.params["U"] *= np.sqrt(D / H)
    hs, flow = cell.forward(x)[0], [d_last]
    for h in hs[:0:-1]:
        flow.append(((1 - h**2) * flow[-1]) @ cell.params["W"])
    return np.stack(flow[::-1])


def ratio(flow):
    return np.linalg.norm(flow[0]) / np.linalg.norm(flow[-1])

# %% tags=["demo"]
plain = [rnn_gradients(seed) for seed in seeds]
closed = [lstm_gradients(first_params(seed, np.zeros((4, H))))[0] for seed in seeds]
for name, networks in (("plain network", plain), ("LSTM, biases 0", closed)):
    found = sorted(ratio(flow) for flow in networks)
    print(f"{name:14s}: ‖dL/dh(1)‖ / ‖dL/dh(100)‖ from {found[0]:.0e} to {found[-1]:.0e}")
    assert found[-1] < 1e-15

# %% [markdown]
# **Why so small – and why not smaller?** The direct path alone would leave $0.5^{99} = 2 \cdot 10^{-30}$. What is
# measured is eight to ten powers of ten more. The rest comes through $h$. At this start the states are small, so
# replace every curve by its tangent: the gates by ½, tanh by the identity. (The slopes of $i$ and $f$ drop out: they
# stand beside $g$ and $c$, which are small.) With $h = \tfrac12 c$,
#
# $$c^{(t)} \approx \tfrac12\, c^{(t-1)} + \tfrac12\, W_g h^{(t-1)} + \dots =
# \big(\tfrac12 I + \tfrac14 W_g\big)\, c^{(t-1)} + \dots \label{tangent}$$
#
# This is the linear recurrence, \eqref{linear-recurrence}. The eigenvalues of $W_g$, uniform of size $1/\sqrt H$,
# fill a disc of radius about $1/\sqrt 3 = 0.58$. So those of $\tfrac12 I + \tfrac14 W_g$ fill one around ½, out to
# about $0.5 + 0.25 \cdot 0.58 = 0.64$. A plain network loses by its $W$, whose radius is 0.58, too. Measured a step:
# the three LSTMs 0.62 to 0.64, the plain ones 0.55 to 0.63. All have died after 99 steps: $0.64^{99} = 6 \cdot
# 10^{-20}$.

# %% tags=["demo"]
for seed, flow, rnn in zip(seeds, closed, plain, strict=True):
    W_g = first_params(seed, None)["W"][3]
    radius = np.abs(np.linalg.eigvals(0.5 * np.eye(H) + 0.25 * W_g)).max()
    measured, of_rnn = ((np.linalg.norm(f[9]) / np.linalg.norm(f[89])) ** (1 / 80) for f in (flow, rnn))
    print(f"LSTM: radius of ½I + ¼W_g {radius:.2f}, measured factor a step {measured:.2f}; plain network {of_rnn:.2f}")
    assert abs(radius - measured) < 0.04 and 0.55 < measured < 0.7

states, memories, gates = lstm_forward(x, np.zeros((B, H)), np.zeros((B, H)), first_params(50, np.zeros((4, H))))
print(f"mean |c| {np.abs(memories).mean():.1f}, mean |h| {np.abs(states).mean():.2f}; mean f {gates[:, 1].mean():.2f}")
print(f"0.5^99 = {0.5**99:.0e}, 0.64^99 = {0.64**99:.0e}; (0.66/0.63)^99 = {(0.66 / 0.63) ** 99:.0e}")
assert np.abs(memories).mean() < 0.2 and abs(gates[:, 1].mean() - 0.5) < 0.02

# %% [markdown] slide="notes"
# Which of the two networks has more left depends on the seed. The 99th power makes a large difference out of a small
# one in the radius: $(0.66/0.63)^{99} \approx 100$. So compare such numbers by their powers of ten only.

# %% [markdown]
# ## Biases that remember
#
# The cure costs one line. **Start the bias of the forget gate above 0**, so that the gate begins open and the network
# has to learn to forget rather than to remember. Gers, Schmidhuber and Cummins (2000) did so when they introduced the
# gate; Jozefowicz, Zaremba and Sutskever (2015) found that with a bias of 1 an LSTM does as well as its rivals. How
# large has it to be, for a half-life of $n$ steps? Solve \eqref{half-life}, $f^n = \tfrac12$, for $b$:
#
# $$\frac{1}{1 + e^{-b}} = 2^{-1/n} \quad\Longleftrightarrow\quad b = -\ln\big(2^{1/n} - 1\big) \approx
# \ln \frac{n}{\ln 2}$$
#
# (for large $n$, since $2^{1/n} = e^{\ln 2/n} \approx 1 + \frac{\ln 2}{n}$). A bias of 1 is good for two steps, not
# for a hundred.

# %% tags=["demo"]
for n in (1, 10, 100, 1000):
    bias = 0.0 - np.log(2 ** (1 / n) - 1)
    print(f"half-life {n:4}: bias {bias:.2f}, approximately {np.log(n / np.log(2)):.2f}")
    assert np.isclose(sigmoid(bias) ** n, 0.5)

# %% [markdown]
# **Which $n$?** Nobody tells how far back the task reaches. Tallec and Ollivier (2018) therefore give every unit a time
# of its own ("chrono initialization"). A gate that stays at $f$ forgets within about $\frac{1}{1-f}$ steps: that is the
# sum of what is left, $1 + f + f^2 + \dots$ To have $\frac{1}{1-f} = 1 + u$, set
#
# $$f = \frac{u}{1+u} = \frac{1}{1 + e^{-\ln u}} = \sigma(\ln u), \qquad\text{so}\qquad b_f = \ln u, \qquad
# u \sim \mathcal U[1, t_{\max} - 1], \qquad b_i = -b_f \label{chrono}$$
#
# The times are then spread evenly from 2 to $t_{\max}$, the longest span you expect. Why $b_i = -b_f$? Since
# $\sigma(-b) = 1 - \sigma(b)$, it makes $i = 1 - f$ at the start, and $c^{(t)} = f \odot c^{(t-1)} + (1 - f) \odot
# g^{(t)}$ is a *weighted mean* of candidates. It stays between −1 and 1. With $i = \tfrac12$ and candidates near 1 it
# would climb to $\frac12 (1 + f + f^2 + \dots) = \frac{1/2}{1-f}$.

# %% tags=["demo"]
spans = np.array([1.0, 9.0, 99.0])
shares = sigmoid(np.log(spans))
print("u =", spans, " f =", shares.round(2), " 1/(1 − f) =", (1 / (1 - shares)).round(1))
for name, taken in (("i = 1 − f", sigmoid(-np.log(spans))), ("i = 0.5  ", 0.5)):
    mean = np.zeros(3)
    for _ in range(2000):
        mean = shares * mean + taken * 1.0  # the candidate is 1 all the time
    print(f"{name}: c after 2000 steps", mean.round(2))
    assert np.allclose(mean, taken / (1 - shares))
assert np.allclose(1 / (1 - shares), 1 + spans) and np.allclose(sigmoid(-np.log(spans)), 1 - shares)

# %% [markdown]
# ### Exercise 5 · Biases that remember (2 points)
#
# Write `gate_bias(kind, H, t_max, rng)`: first values for the biases of an LSTM.
#
# | argument | | |
# |:--|:--|:--|
# | `kind` | a text | `"zeros"`, `"one"` or `"chrono"`; any other raises a `ValueError` |
# | `H` | an integer ≥ 1 | the number of units |
# | `t_max` | an integer ≥ 3 | the longest time, in steps, over which something is to be remembered |
# | `rng` | a `numpy.random.Generator` | where the numbers come from, such as `np.random.default_rng(0)` |
# | *returns* | (4, H), float64 | the biases, in the order i, f, o, g |
#
# * `"zeros"`: all are 0.
# * `"one"`: those of the forget gate are 1, all others 0.
# * `"chrono"`, as in \eqref{chrono}: $b_f = \ln u$, where $u$ is drawn evenly from $1$ to $t_{\max} - 1$ (any number
#   between them, not only whole ones), for each unit anew; $b_i = -b_f$; $b_o$ and $b_g$ are 0.
#
# Draw from `rng` only: the same seed gives the same biases, another seed other ones, and neither `np.random.seed` nor
# other global state is used or changed. Nothing but `"chrono"` depends on `t_max` and `rng`. Marked: zeros, one and
# unknown kinds (0.5 points), chrono (1), where its numbers come from (0.5). `hint(gate_bias)` gives a hint.

# %% tags=["answer"] exercise="gate_bias"
def gate_bias(kind, H, t_max, rng):
    """First biases (4, H) of an LSTM, in the order i, f, o, g: "zeros", "one" (forget gate) or "chrono"."""
    ### BEGIN SOLUTION
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(f"kind is {kind!r}; choose 'zeros', 'one' or 'chrono'")
    return b
    ### END SOLUTION

# %% tags=["check"] exercise="gate_bias"
check(gate_bias)
### BEGIN HIDDEN TESTS
earned(gate_bias)
### END HIDDEN TESTS

# %% [markdown]
# **The ratio once more**, with the same weights and inputs as before. Only the biases differ: on the forget gate 0, 1,
# 3 or 5, or chrono for 100 steps.
#
# One bias turns $10^{-21}$ into something around 1. And a bias of 1, the usual one, is not nearly enough for 100 steps.

# %% tags=["demo"]
def first_bias(kind, seed=0):
    """A number for the forget gate's bias, or "chrono" for T steps."""
    if kind == "chrono":
        return gate_bias("chrono", H, T, np.random.default_rng(seed))
    b = np.zeros((4, H))
    b[1] = kind
    return b


kinds = {"forget bias 0": 0, "forget bias 1": 1, "forget bias 3": 3, "forget bias 5": 5, "chrono": "chrono"}
flows = {
    name: [lstm_gradients(first_params(seed, first_bias(kind, seed))) for seed in seeds]
    for name, kind in kinds.items()
}
print("H = 64, T = 100, uniform weights; three networks each")
found = {name: sorted(ratio(d_h) for d_h, _ in some) for name, some in flows.items()}
for name, values in found.items():
    print(f"{name:13s}: ‖dL/dh(1)‖ / ‖dL/dh(100)‖ from {values[0]:.0e} to {values[-1]:.0e}")
assert max(found["forget bias 0"]) < 1e-15 and 1e-11 < min(found["forget bias 1"]) < max(found["forget bias 1"]) < 1e-4
assert 0.1 < min(found["forget bias 3"]) < 10 and 0.3 < min(found["forget bias 5"]) < 20
assert 1e-4 < min(found["chrono"]) < max(found["chrono"]) < 1e-2

# %% [markdown]
# **Did chrono do badly?** Its ratio, about $10^{-3}$, is far below that of bias 3. But look at what the ratio measures:
# the gradient at $h^{(1)}$. What $h^{(1)}$ does to later steps, it does through gates and candidates. With chrono these
# ways are narrow: the input gates are nearly shut, $i = 1 - f \approx 0.02$, and gates that are nearly shut or nearly
# open have small slopes. But the LSTM hands on a pair. Along the memory line, at $c^{(1)}$, there arrives a
# $\delta_c^{(1)}$ that is a tenth as long as the gradient at the end. So always ask: the gradient *by what*?

# %% tags=["demo"]
for name in ("forget bias 1", "forget bias 3", "chrono"):
    at_c = [np.linalg.norm(d_c[0]) / np.linalg.norm(d_last) for _, d_c in flows[name]]
    print(f"{name:13s}: ‖δ_c(1)‖ / ‖dL/dh(100)‖ from {min(at_c):.0e} to {max(at_c):.0e}")
b = first_bias("chrono")
print(f"chrono, gates at the start: median f {np.median(sigmoid(b[1])):.2f}, median i {np.median(sigmoid(b[0])):.2f}")
assert min(at_c) > 0.03 and np.median(sigmoid(b[0])) < 0.05

# %% [markdown]
# **Along the way.** The exact derivative $\lVert dc^{(T)}/dc^{(t)} \rVert_2$ of the first of the three networks; in
# grey $\lVert dh^{(T)}/dh^{(t)} \rVert_2$ of the plain one.
#
# *What to see:* go from right to left, as the gradient does. Bias 0 falls like the plain network; with this seed the
# two lines are one. Bias 1 falls less steeply, but it falls. Chrono stays close to 1. Biases 3 and 5 go *above* 1: a
# mild explosion.

# %% tags=["demo"]
from course_lib import plots

memory_flows = {name: memory_flow(first_params(50, first_bias(kind)), x[:, :1]) for name, kind in kinds.items()}
norms = {name: np.linalg.norm(whole, 2, axis=(1, 2)) for name, (whole, _, _) in memory_flows.items()}

rnn = RNN(D, H, backend.Rng(50), "float64")
rnn.params["U"] *= np.sqrt(D / H)
J, plain_norms = np.eye(H), []
for h in rnn.forward(x[:, :1])[0][::-1, 0]:
    plain_norms.append(np.linalg.norm(J, 2))
    J = J @ ((1 - h**2)[:, None] * rnn.params["W"])

plots.show(plots.over_time(norms, {"plain network": np.array(plain_norms[::-1])}, "size of the derivative"))
for name, norm in norms.items():
    print(f"{name}: at t = 1 {norm[0]:.0e}")
assert norms["forget bias 0"][0] < 1e-15 < norms["forget bias 1"][0] < 1e-3 < 0.1 < norms["chrono"][0] < 1
assert norms["forget bias 3"][0] > 5 and norms["forget bias 5"][0] > 5

# %% [markdown]
# **Where do the values above 1 come from?** Not from the direct path: $f \lt 1$. Compare the two. With bias 3 the
# direct path keeps two per cent at best; all the rest comes in through $h$. Take the tangent \eqref{tangent} at this
# bias: $i$ and $o$ are still ½, only $f$ is 0.95 now. So it is $f I + \tfrac14 W_g$, with the radius 1.1: a growing
# power. (The real factor, 1.04, is smaller, since the states are no longer small.) With chrono the input gates are
# nearly shut, so the path through $h$ is narrow. There the whole derivative is nearly the direct path, and what is
# often said of LSTMs is true: $f$ rules the memory.

# %% tags=["demo"]
for name in ("forget bias 3", "forget bias 5", "chrono"):
    direct = memory_flows[name][1].max(axis=1)
    print(f"{name:13s}: dc(100)/dc(1): direct path alone {direct[0]:.0e}, both paths {norms[name][0]:.0e}")
    assert direct[0] < 1
    assert (norms[name][0] / direct[0] < 2) == (name == "chrono")
W_g = first_params(50, None)["W"][3]
radius = np.abs(np.linalg.eigvals(sigmoid(3) * np.eye(H) + 0.25 * W_g)).max()
factor = (norms["forget bias 3"][9] / norms["forget bias 3"][89]) ** (1 / 80)
print(f"forget bias 3: radius of the tangent {radius:.1f}; measured factor a step {factor:.2f}")
assert 1 < factor < radius

# %% [markdown] slide="skip"
# Turn the slider to see the two paths for other biases. The direct path falls for all of them. With a bias of 1.5 both
# paths together fall, too; with 2.5 they rise.

# %% tags=["demo"] slide="skip"
from course_lib import plots, widgets

choices = [0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0]
known = {}
for bias in choices:
    whole, direct, _ = memory_flow(first_params(50, first_bias(bias)), x[:, :1])
    known[bias] = np.linalg.norm(whole, 2, axis=(1, 2)), direct.max(axis=1)
    assert (direct <= 1).all()
for bias in (1.5, 2.5):
    both, alone = known[bias]
    print(f"forget bias {bias}: at t = 1, both paths {both[0]:.0e}, direct path alone {alone[0]:.0e}")
assert known[1.5][0][0] < 0.1 < 3 < known[2.5][0][0]
widgets.sliders(
    lambda bias: plots.memory_paths({f"forget bias {bias:g}": known[bias]}), {"forget bias": choices}, start=(2.0,)
)

# %% [markdown]
# **Does it matter?** The simplest task that needs memory: the *first* of 60 symbols is X or Y, the other 59 are noise
# from a, b, c, d. At the end the network has to say which one came first. Guessing is wrong in 50 % of the cases.
# Sixteen units, Adam, 160 batches of 32 new sequences. Only the first biases differ; three starts of each.

# %% tags=["demo"] slide="skip"
from course_lib import backend, functions, optim
from course_lib.cells import LSTM, Output


def first_symbol(T, B, rng):
    """Symbols (T, B): X = 0 or Y = 1, then noise 2 to 5; and the class (1, B)."""
    symbols, y = rng.integers(2, 6, (T, B)), rng.integers(0, 2, (1, B))
    symbols[0] = y[0]
    return symbols, y


def recall_errors(b, seed, iterations=160, T=60, B=32, H=16):
    """The error on each new batch, as the mean of 20 iterations; b (4, H) are the first biases."""
    rng = backend.Rng(seed)
    cell, output = LSTM(6, H, rng), Output(H, 2, rng)
    cell.params["U"] *= np.sqrt(6 / H)
    cell.params["b"][...] = b
    rule, errors = optim.Adam(cell.params | output.params, lr=3e-3), []
    for _ in range(iterations):
        symbols, y = first_symbol(T, B, rng)
        hs, _, cell_cache = cell.forward(symbols)
        o, output_cache = output.forward(hs[-1:])  # the loss stands at the last step only
        d_last_h, grads = output.backward(functions.dcross_entropy(o, y), output_cache)
        dhs = np.zeros_like(hs)
        dhs[-1:] = d_last_h
        grads |= cell.backward(dhs, cell_cache)[2]
        optim.clip_by_norm(grads, 1.0)
        rule.step(grads)
        errors.append((o.argmax(axis=-1) != y).mean())
    return np.reshape(errors, (-1, 20)).mean(axis=1)


def bias_16(kind, seed):
    b = np.zeros((4, 16))
    if kind == "chrono":
        return gate_bias("chrono", 16, 60, np.random.default_rng(seed))
    b[1] = kind
    return b

# %% tags=["demo"]
runs = {
    name: np.array([recall_errors(bias_16(kind, seed), seed) for seed in range(3)])
    for name, kind in kinds.items()
    if kind != 5
}
for name, errors in runs.items():
    if kinds[name] in (0, 1):
        print(f"{name}: error above 35 % throughout in {(errors.min(axis=1) > 0.35).sum()} of 3 runs")
        assert errors.min() > 0.35
    else:
        print(f"{name}: error below 5 % at the end in {(errors[:, -1] < 0.05).sum()} of 3 runs")
        assert errors[:, -1].max() < 0.05

# %% [markdown] slide="-"
# *What to see:* with biases 0 and 1 nothing is learned: for 160 batches the lines stay where guessing is. With bias 3,
# and with chrono, the same network, the same weights and the same data are enough. The bias decides whether learning
# begins.

# %% tags=["demo"]
from course_lib import plots

plots.show(plots.recall_curves(runs, 20, 0.5))

# %% [markdown] slide="notes"
# In the picture chrono begins later than bias 3. A guess would be: its input gates are nearly shut, so the first symbol
# is written faintly, and they have to open first. That can be tested: keep chrono's forget gates, but set $b_i = 0$.
# Then it begins earlier, so the guess was right. It does not follow that $b_i = -b_f$ is a mistake: this is one task,
# where one single symbol has to be kept.

# %% tags=["demo"] slide="notes"
without = []
for seed in range(3):
    b = bias_16("chrono", seed)
    b[0] = 0
    without.append(recall_errors(b, seed, iterations=80))
early = runs["chrono"][:, :4].mean(), np.array(without)[:, :4].mean()
print(f"error over the first 80 batches below 40 %: chrono {early[0] < 0.4}, with b_i = 0 {early[1] < 0.4}")
assert early[1] < early[0] - 0.1

# %% [markdown] sources=["S86"]
# ## Variants
#
# A gate sees $x^{(t)}$ and $h^{(t-1)}$. While the output gate of a unit is shut, its $h$ is 0, and no gate can know
# what its memory holds. **Peepholes** let the gates look at the memory itself. C prints, with $[\cdot]$ for vectors on
# top of one another,
#
# $$f_t = \sigma(W_f \cdot [C_{t-1}, h_{t-1}, x_t] + b_f), \quad i_t = \sigma(W_i \cdot [C_{t-1}, h_{t-1}, x_t] + b_i),
# \quad o_t = \sigma(W_o \cdot [C_t, h_{t-1}, x_t] + b_o)$$
#
# A matrix times a stack is a sum over its blocks. So in our letters each gate gets one more matrix, $P$ $(H \times H)$:
#
# $$f = \sigma(U_f x^{(t)} + W_f h^{(t-1)} + P_f\, c^{(t-1)} + b_f), \qquad
# o = \sigma(U_o x^{(t)} + W_o h^{(t-1)} + P_o\, c^{(t)} + b_o) \label{peepholes}$$
#
# and $i$ like $f$. Note the times: $i$ and $f$ see the **old** memory, for the new one is not there yet. $o$ comes last
# and sees the **new** one. The candidate has no peephole.

# %% tags=["demo"] sources=["S86"]
rng = np.random.default_rng(5)
peep = {"U": (4, 3, 2), "W": (4, 3, 3), "P": (3, 3, 3), "b": (4, 3)}
peep = {name: rng.standard_normal(shape) for name, shape in peep.items()}
x_one, h_one, c_one = (rng.standard_normal((1, n)) for n in (2, 3, 3))

U_f, W_f, P_f, b_f = (array[1] for array in peep.values())
stack = np.concatenate([c_one[0], h_one[0], x_one[0]])
as_printed = sigmoid(np.concatenate([P_f, W_f, U_f], axis=1) @ stack + b_f)  # W_f · [C, h, x] + b_f
in_blocks = sigmoid(U_f @ x_one[0] + W_f @ h_one[0] + P_f @ c_one[0] + b_f)
print("f as printed:", as_printed.round(4), " in blocks:", in_blocks.round(4))
assert np.allclose(as_printed, in_blocks)

# %% [markdown] sources=["S86"]
# **Full or diagonal?** What C prints is a full matrix: every gate sees every unit's memory. The peepholes of Gers,
# Schraudolph and Schmidhuber (2002) are **diagonal**: the gates of unit $k$ see the memory of
# unit $k$ only,
#
# $$a_{f,k} = \dots + p_{f,k}\; c_k^{(t-1)}, \qquad P_f = \operatorname{diag}(p_f)$$
#
# That is $3H$ more numbers in place of $3H^2$. A diagonal peephole is a full one with zeros beside the diagonal.

# %% [markdown] slide="fragment" sources=["S87"]
# **Coupled gates.** The other variant of C has one gate less. What is forgotten makes room for what is written:
#
# $$c^{(t)} = f \odot c^{(t-1)} + (1 - f) \odot g^{(t)}, \qquad\text{that is}\quad i = 1 - f \label{coupled-gates}$$
#
# Then $c^{(t)}$ lies between $c^{(t-1)}$ and $g^{(t)}$, entry by entry. So if $|c^{(0)}| \le 1$, then $|c^{(t)}| \lt 1$
# at all later steps. A quarter of the parameters is saved.

# %% [markdown]
# ### Exercise 6 · Variants (1 point)
#
# Write `lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False)`: the step of Exercise 1 with two
# options.
#
# | argument | shape | |
# |:--|:--|:--|
# | `x_t`, `h_prev`, `c_prev` | | as in Exercise 1 |
# | `params` | dict | `"U"`, `"W"`, `"b"` as in Exercise 1; with peepholes also `"P"`, one block for each of i, f, o, in this order |
# | `peephole` | `None`, `"full"` or `"diagonal"` | `"full"`: `P` is (3, H, H); `"diagonal"`: `P` is (3, H), one number for each unit |
# | `coupled` | `False` or `True` | `True`: $i^{(t)} = 1 - f^{(t)}$; the blocks of i in `params` are then not used |
# | *returns* | | `h, c, gates` as in Exercise 1 |
#
# With peepholes \eqref{peepholes} a gate's $\sigma$ also gets what it sees of the memory: $P_i\, c^{(t-1)}$, $P_f\,
# c^{(t-1)}$ and, for the output gate, $P_o\, c^{(t)}$, the new memory; $p \odot c$ where they are diagonal. The
# candidate sees no memory. Both options can be chosen together. With `peephole=None` there may be a `"P"` in `params`
# and it is still not used.
#
# All sizes can be 1. Do not change the inputs. Marked: without options (0.25 points), coupled gates (0.25), full
# peepholes (0.25), diagonal peepholes (0.25). `hint(lstm_variant)` gives a hint.

# %% tags=["answer"] exercise="lstm_variant"
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    """One step as lstm_step returns it, with peepholes (None, "full" or "diagonal") and coupled gates."""
    ### BEGIN SOLUTION
    U, W, b = params["U"], params["W"], params["b"]

    def seen(c, gate):
        """What the gate sees of the memory."""
        if peephole is None:
            return 0
        P = params["P"][gate]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    return o * np.tanh(c), c, np.stack([i, f, o, g])
    ### END SOLUTION

# %% tags=["check"] exercise="lstm_variant" sources=["S86", "S87"]
check(lstm_variant)
### BEGIN HIDDEN TESTS
earned(lstm_variant)
### END HIDDEN TESTS

# %% [markdown] sources=["S86", "S87"]
# **What the two do.** First, the peephole: the output gate was shut ($h^{(t-1)} = 0$), the input is the same, and the
# memory is one of two. Without peepholes the forget gate cannot tell the two apart. With them it can. And a peephole of
# the output gate that looked at the old memory would be another network.
#
# Second, the coupling: an LSTM whose input and forget gates both stay near 0.9 piles up a memory far beyond 1. The
# coupled one, with the same weights, stays below 1.

# %% tags=["demo"] sources=["S86", "S87"]
h_shut = np.zeros((1, 3))
two = np.array([[1.0, -1.0, 0.5]]), np.array([[-1.0, 1.0, 2.0]])  # two memories
for peephole in (None, "full"):
    gate = [lstm_variant(x_one, h_shut, c, peep, peephole)[2][1] for c in two]
    difference = np.abs(gate[0] - gate[1]).max()
    print(f"peephole {peephole!s:5s}: f differs between the two memories by at most {difference:.1f}")
    assert (difference == 0) == (peephole is None)

_, c_new, gates = lstm_variant(x_one, h_shut, two[0], peep, "full")
saw_new, saw_old = (sigmoid(x_one @ peep["U"][2].T + c @ peep["P"][2].T + peep["b"][2]) for c in (c_new, two[0]))
off = np.abs(saw_old - saw_new).max()
print(f"o sees c(t): {np.allclose(gates[2], saw_new)}; with c(t−1) it would be off by {off:.1f}")
assert np.allclose(gates[2], saw_new) and off > 0.05

thin = peep | {"P": peep["P"].diagonal(axis1=1, axis2=2)}
fat = peep | {"P": np.stack([np.diag(p) for p in thin["P"]])}
one, other = lstm_variant(x_one, h_shut, two[0], thin, "diagonal"), lstm_variant(x_one, h_shut, two[0], fat, "full")
assert np.allclose(one[0], other[0])  # a diagonal peephole is a full one with zeros

wide = {"U": peep["U"], "W": np.zeros((4, 3, 3)), "b": np.array([2.2, 2.2, 0, 1.0])[:, None] + np.zeros((4, 3))}
for coupled in (False, True):
    h, c = h_shut, h_shut
    for _ in range(100):
        h, c, _ = lstm_variant(0 * x_one, h, c, wide, coupled=coupled)
    print(f"coupled {coupled!s:5s}: f = {sigmoid(2.2):.1f}, |c| after 100 steps {np.abs(c).max():.1f}")
    assert (np.abs(c).max() < 1) == coupled

# %% [markdown] slide="skip" sources=["S86", "S87"]
# Over a whole sequence, against the cells of the library, which were written independently: full and diagonal peepholes
# and coupled gates, alone and together. A coupled cell of the library stores three gates; the exercise keeps four and
# does not look at $i$'s.

# %% tags=["demo"] slide="skip" sources=["S86", "S87"]
from course_lib import backend
from course_lib.cells import LSTM

for peephole in (None, "full", "diagonal"):
    for coupled in (False, True):
        cell = LSTM(2, 3, backend.Rng(44), "float64", peephole=peephole, coupled=coupled)
        sequence = backend.Rng(45).normal((12, 2, 2), dtype="float64")
        theirs, _, _ = cell.forward(sequence)
        mine = {name: np.concatenate([p[:1], p]) if coupled else p for name, p in cell.params.items()}  # any i
        h = c = np.zeros((2, 3))
        for t, x_now in enumerate(sequence):
            h, c, _ = lstm_variant(x_now, h, c, mine, peephole, coupled)
            assert np.allclose(h, theirs[t])
        size = sum(p.size for p in cell.params.values())
        print(f"peephole {peephole!s:8s} coupled {coupled!s:5s}: {size} parameters")

# %% [markdown]
# ## Gates on a real sequence
#
# The number of sunspots, yearly from 1700 to 2008: waves of about eleven years, no two alike. The task: from the years
# up to now, say next year's number. One LSTM of 8 units, one input, one output, reads the whole sequence.
#
# It is trained on the years to 1907. The years 1908 to 1957 (validation) decide when to stop. The years from 1958 on
# (test) decide nothing, they are only reported. The measure is the root of the mean squared error, in sunspots.

# %% tags=["demo"] slide="skip"
from course_lib import backend, data, optim
from course_lib.cells import LSTM, Output
from course_lib.training import loss_and_gradients

years, numbers = data.sunspots()
scaled = numbers / 100
inputs, targets, target_years = scaled[:-1, None, None], scaled[1:, None, None], years[1:]
parts = {
    "training": (target_years > 1708) & (target_years < 1908),  # from the year on that all the rules can say
    "validation": (target_years >= 1908) & (target_years < 1958),
    "test": target_years >= 1958,
}
n_train = (target_years < 1908).sum()


def errors_by_part(predicted):
    """The root of the mean squared error in sunspots, for each part of the years."""
    off = 100 * (predicted - targets[:, 0, 0])
    return {name: np.sqrt((off[part] ** 2).mean()) for name, part in parts.items()}


def fit(seed):
    """A trained LSTM: its first parameters, its parameters when it was best on the validation years, and that step."""
    rng = backend.Rng(seed)
    cell, output = LSTM(1, 8, rng, "float64"), Output(8, 1, rng, "float64")
    cell.params["b"][1] = 1
    trained = cell.params | output.params
    first = {name: p.copy() for name, p in trained.items()}
    rule, best = optim.Adam(trained, lr=1e-2), np.inf
    for k in range(301):
        if k % 20 == 0:
            score = errors_by_part(output.forward(cell.forward(inputs)[0])[0][:, 0, 0])["validation"]
            if score < best:
                best, chosen, step = score, {name: p.copy() for name, p in trained.items()}, k
        _, grads, _ = loss_and_gradients(cell, output, inputs[:n_train], targets[:n_train], loss="squared_error")
        rule.step(grads)
    return first, chosen, step


def gates_of(params):
    """States and memories (T, 8) and gates (T, 4, 8) over all years, by your lstm_forward."""
    zero = np.zeros((1, 8))
    hs, cs, gates = lstm_forward(inputs, zero, zero, params)
    return hs[:, 0], cs[:, 0], gates[:, :, 0]

# %% [markdown]
# **Is the result good?** That can be told only beside something simple. So three rules stand beside it: *next year is
# like this year*; a linear rule of the last two years; a linear rule of the last nine (both fitted to the years to
# 1907).

# %% tags=["demo"]
def linear_rule(n):
    """A linear rule of the last n years, fitted to the training years; it says nothing for the first ones."""
    rows = np.stack([scaled[n - 1 - k : len(scaled) - 1 - k] for k in range(n)] + [np.ones(len(scaled) - n)], axis=1)
    seen = n_train - (n - 1)
    weights = np.linalg.lstsq(rows[:seen], scaled[n:][:seen], rcond=None)[0]
    return np.concatenate([np.full(n - 1, np.nan), rows @ weights])


untrained, network, chosen = fit(0)
sun_hs, sun_cs, sun_gates = gates_of(network)
said = sun_hs @ network["V"][0] + network["c"][0]
table = {
    "like this year": inputs[:, 0, 0],
    "linear, two years": linear_rule(2),
    "linear, nine years": linear_rule(9),
    "LSTM(1, 8)": said,
}
scores = {name: errors_by_part(predicted) for name, predicted in table.items()}
for name, score in scores.items():
    print(f"{name:18s}", *(f"{part} {value:.0f}" for part, value in score.items()), sep="  ")
print(f"stopped after {chosen} of 300 steps; parameters of the LSTM: {sum(p.size for p in network.values())}")
for part in ("validation", "test"):
    assert scores["LSTM(1, 8)"][part] < 0.75 * scores["like this year"][part]

# %% [markdown] slide="fragment"
# The LSTM is far better than "like this year", and better than the linear rule of two years.
# On the test years it is only as good as the linear rule of nine years, which has 10 numbers where the LSTM has 329.
# (On the validation years it is better, but these chose when it stopped.)
#
# All four err more in the later years, whose waves are higher. With "like this year", which has nothing to learn, the
# error grows from 21 to 30, by less than a half. With the LSTM it grows from 10 to 17, by more. That is the sign of
# overfitting: 207 years are few for 329 parameters.

# %% [markdown]
# **What do its gates do?** Eight units with three gates each are 24 curves, and in 24 curves one sees what one wants to
# see. So state the question before looking: *is there a forget gate that follows whether the number of sunspots rises?*
# By the **training years** choose the unit whose $f$ has the largest correlation (in absolute value) with the rise from
# last year to this year. Then measure that correlation on the **later years**, 1908 to 2007, which had no part in the
# choice.

# %% tags=["demo"]
level = scaled[:-1]
rise = np.diff(level, prepend=level[0])
later = target_years >= 1908


def correlations(gate, signal, part):
    return np.array([np.corrcoef(unit[part], signal[part])[0, 1] for unit in gate.T])


by_training = correlations(sun_gates[:, 1], rise, parts["training"])
unit = np.abs(by_training).argmax()
with_rise, with_level = (correlations(sun_gates[:, 1], signal, later)[unit] for signal in (rise, level))
print(f"unit {unit + 1}: f and the rise, training years: {by_training[unit]:.1f}")
print(f"        later years: f and the rise {with_rise:.1f}, f and the number itself {with_level:.1f}")
assert abs(with_rise) > 0.4 and abs(with_level) < 0.4

# %% [markdown] slide="-"
# *What to see:* above, the sunspots and what the network said a year before. Below, the gates of that unit: its input
# and output gates stay open, its forget gate swings between about 0.2 and 0.6 and is high while the numbers rise. At
# the bottom its memory and its state.

# %% tags=["demo"]
from course_lib import plots

shown = slice(150, None)
plots.show(
    plots.gate_traces(
        target_years[shown] - 1,
        100 * level[shown],
        {name: sun_gates[shown, k, unit] for name, k in (("f", 1), ("i", 0), ("o", 2))},
        {"$c^{(t)}$": sun_cs[shown, unit], "$h^{(t)}$": sun_hs[shown, unit]},
        prediction=100 * np.concatenate([[np.nan], said[:-1]])[shown],
        split=1907.5,
        title=f"unit {unit + 1} of 8",
    )
)
for name, k in (("f", 1), ("i", 0), ("o", 2)):
    curve = sun_gates[shown, k, unit]
    print(f"{name} of unit {unit + 1}, years from 1850: from {curve.min():.1f} to {curve.max():.1f}")

# %% [markdown]
# **A forget gate that has learned to watch for the rise?** It looks like that. So ask the same of the network *before*
# its training, with its random first weights. It has such a unit, too, and its correlation is no smaller. A gate sees
# $x^{(t)}$ and $h^{(t-1)}$; a random mixture of the two says something about the rise as a matter of course. That a
# gate follows the data is no sign that it has learned to.

# %% tags=["demo"]
first_gates = gates_of(untrained)[2]
of_first = correlations(first_gates[:, 1], rise, parts["training"])
other = np.abs(of_first).argmax()
of_later = correlations(first_gates[:, 1], rise, later)[other]
print(f"before training, unit {other + 1}: f and the rise, training years: {of_first[other]:.1f}")
print(f"                        later years: f and the rise {of_later:.1f}")
assert abs(of_later) > abs(with_rise) - 0.1

# %% [markdown]
# **Does the network need it?** A gate that moves with the data need not matter. Test it: hold one gate of *all* units
# at its own mean over the years, and leave the rest as it is. With $U_f = 0$, $W_f = 0$ and $b_f =
# \sigma^{-1}(\text{mean}) = \ln \frac{m}{1 - m}$ the forget gate is exactly that, at every step.

# %% tags=["demo"]
def held(k, network):
    """The errors with gate k of every unit held at its mean; with nothing held where k is None."""
    params = {name: network[name].copy() for name in "UWb"}
    if k is not None:
        mean = gates_of(params)[2][:, k].mean(axis=0)
        params["U"][k], params["W"][k] = 0, 0
        params["b"][k] = np.log(mean / (1 - mean)) if k < 3 else np.arctanh(mean)
    hs, _, new_gates = gates_of(params)
    assert k is None or np.allclose(new_gates[:, k], mean)
    return errors_by_part(hs @ network["V"][0] + network["c"][0])


holds = {"nothing": None, "input gate i": 0, "forget gate f": 1, "output gate o": 2, "candidate g": 3}
kept = {name: held(k, network) for name, k in holds.items()}
for name, values in kept.items():
    print(f"held: {name:14s}", *(f"{part} {value:.0f}" for part, value in values.items()), sep="  ")
more = {name: values["test"] - kept["nothing"]["test"] for name, values in kept.items()}
assert abs(more["input gate i"]) < 3 < more["output gate o"] < more["candidate g"]
assert 0 < more["forget gate f"] < more["output gate o"]

# %% [markdown] slide="fragment"
# A sobering result. The input gates could as well be constants; the error hardly changes. The forget gates, whose
# beautiful curve we have just seen, are worth two to four sunspots. The output gates matter more, and the candidate
# most. **A picture shows what a gate does. What it is good for, only an experiment tells.** (And that is one network
# and one small task. From another seed the order is another.)

# %% tags=["demo"] slide="skip"
another = fit(4)[1]
for name, k in holds.items():
    print(f"seed 4, held: {name:14s}  test {held(k, another)['test']:.0f}")
assert held(2, another)["test"] > held(3, another)["test"]  # here the output gates matter most

# %% [markdown]
# ## Questions
#
# Four questions without points. Answer first, then open the answer; the cell below each one computes it.

# %% [markdown] slide="fragment"
# **1.** Your sequences have 1000 steps. Is the usual forget bias of 1 enough to keep half of a memory to the end? If
# not, which bias is?
#
# <details><summary>Answer</summary>
#
# No. With $f = \sigma(1) = 0.7311$ the share $f^{1000} \approx 10^{-136}$ is left. For half of it,
# $b = -\ln(2^{1/1000} - 1) = 7.27$: the forget gate has to be 0.9993. Or chrono with $t_{\max} = 1000$, where the units
# differ.
#
# </details>

# %% tags=["demo"]
for bias in (1, 7.27):
    quiet = {"U": np.zeros((4, 1, 1)), "W": np.zeros((4, 1, 1)), "b": np.array([[0.0], [bias], [0.0], [0.0]])}
    memory = lstm_forward(np.zeros((1000, 1, 1)), np.zeros((1, 1)), np.ones((1, 1)), quiet)[1][-1, 0, 0]
    print(f"forget bias {bias}: f = {sigmoid(bias):.4f}; of c(0) = 1, {memory:.0e} is left after 1000 steps")
assert abs(memory - 0.5) < 0.01

# %% [markdown]
# **2.** All output gates stay shut, $o = 0$, until the last step. What is $dc^{(T)}/dc^{(t)}$ then? And can the network
# still be trained?
#
# <details><summary>Answer</summary>
#
# The path through $h$ is closed, since $\partial^+ h/\partial c = o\,(1 - \tanh^2 c) = 0$. So the derivative is exactly
# the product of the forget gates, a diagonal matrix. The units do not hear one another. A loss at the last step, where
# $o$ opens, still reaches all earlier steps along the direct path, so the network can be trained. This is the gated
# unit of the picture in "A memory with gates".
#
# </details>

# %% tags=["demo"]
b = np.zeros((4, 64))
b[1], b[2] = 3, -1000  # σ(−1000) is 0.0
whole, direct, _ = memory_flow(first_params(50, b), x[:, :1])
diagonals = np.stack([np.diag(f) for f in direct])
print(f"dc(T)/dc(t) is the product of the forget gates for all t: {np.allclose(whole, diagonals, rtol=1e-12, atol=0)}")
print(f"of a gradient at c(100), unit by unit, c(1) gets from {direct[0].min():.3f} to {direct[0].max():.3f}")
assert np.allclose(whole, diagonals, rtol=1e-12, atol=0)

# %% [markdown]
# **3.** For a perfect memory somebody fixes $f = 1$ and $i = 1$ for all units at all times. What goes wrong?
#
# <details><summary>Answer</summary>
#
# Then $c^{(t)} = c^{(t-1)} + g^{(t)}$: nothing is ever forgotten, and everything is written. If the candidates have a
# mean, $c$ grows with the number of steps. Soon $\tanh c$ is saturated: $h$ is stuck at $\pm o$, and the slope
# $1 - \tanh^2 c$, through which every gradient has to get into $c$, is 0. The direct path is perfect, but there is no
# way in. Coupled gates prevent it ($|c| \lt 1$).
#
# </details>

# %% tags=["demo"]
c = np.zeros(3)
for t in range(1, 101):
    c = c + np.tanh([0.05, 0.2, 0.5])  # f = i = 1, candidates with these means
    if t in (10, 100):
        print(f"after {t:3d} steps: c {c.round(1)}, slope of tanh {(1 - np.tanh(c) ** 2).round(2)}")
assert c.max() > 40 and (1 - np.tanh(c) ** 2).max() < 1e-3

# %% [markdown]
# **4.** Somebody reports: "In our trained LSTM the forget gates are 0.9 on average, so it forgets within a few dozen
# steps." What is wrong with that?
#
# <details><summary>Answer</summary>
#
# The share that is left is a *product over time of each unit's own* gate. A mean over the units says little about it.
# Half of the units at 0.999 and half at 0.801 have the mean 0.9; after 100 steps the first half has kept 90 % of its
# memory, while $0.9^{100}$ would be next to nothing. Besides, the product of the $f$ is only the direct path.
#
# </details>

# %% tags=["demo"]
f = np.array([0.999, 0.801])
left = f**100
print(f"mean of f {f.mean():.2f}; left after 100 steps: {left[0]:.2f} and {left[1]:.0e}; 0.9^100 = {0.9**100:.0e}")
assert np.isclose(f.mean(), 0.9) and round(left[0], 1) == 0.9 and left[1] < 0.9**100 < 1e-4

# %% [markdown]
# ## Where you are

# %% tags=["demo"]
progress()

# %% [markdown] slide="fragment"
# You can build an LSTM, take its gradient by hand, and say what its memory keeps:
#
# * three gates and a candidate; $c^{(t)} = f \odot c^{(t-1)} + i \odot g$ adds where a plain network multiplies;
# * the derivative of the memory has **two** paths. The direct one is $\operatorname{diag}(f)$; the one through
#   $h^{(t-1)}$ can be larger;
# * with biases of 0 the gates are half open, and the gradient vanishes as in a plain network;
# * the bias of the forget gate sets the half-life: 1 for two steps, 5 for a hundred, chrono for
#   all spans up to $t_{\max}$;
# * what a gate is good for is told by an experiment, not by its curve.
#
# The next notebook does the same with fewer gates: the GRU.

# %% [markdown] slide="skip"
# To read on: Hochreiter and Schmidhuber, "Long short-term memory" (1997); Gers, Schmidhuber and Cummins, "Learning to
# forget: continual prediction with LSTM" (2000); Gers, Schraudolph and Schmidhuber, "Learning precise timing with LSTM
# recurrent networks" (2002); Greff et al., "LSTM: a search space odyssey" (2017, the variants compared); Jozefowicz,
# Zaremba and Sutskever, "An empirical exploration of recurrent network architectures" (2015); Tallec and Ollivier, "Can
# recurrent neural networks warp time?" (2018).
