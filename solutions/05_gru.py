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
# # 5 · The gated recurrent unit
#
# An LSTM has three gates, a memory beside its state, and four times the parameters of a plain network. Is all of this
# needed? The *gated recurrent unit* (GRU; Cho et al., 2014) asks what can be left out. It has two gates and no separate
# memory, and in comparisons it learns about as well (Chung et al., 2014). This notebook builds it, takes its gradient
# apart path by path, and then answers a question that is often asked and seldom answered exactly: is a GRU an LSTM?
#
# Afterwards you can
#
# * compute a step of a GRU forwards and backwards, with the reset gate before or after the product;
# * read the formulas of other books and libraries, where $z$ may mean the opposite;
# * say what the limits of the gates do: copy, plain network, no memory;
# * name the four conditions under which an LSTM is a GRU, and measure what each one is worth.

# %% [markdown] slide="skip"
# **How to work.** Go from top to bottom and run every cell. There are five exercises, 12 points in all. Below each one,
# `check(…)` says at once what is right and what is wrong, and `hint(…)` helps. As in the notebooks before, a cell below
# an exercise that is not solved yet may end in `NotImplementedError` or `NameError`: solve the exercise, then choose
# Run → Run All Cells. That is safer than running one cell again, since later cells use some names anew.
#
# The letters are those of notebook 01, and so are the documents; two of them have GRUs: **A**, the slides by J.
# Grabocka, and **C**, the slides by A. Ramanathan. From notebook 04 we need the words *gate*, *candidate*, *forget
# gate* ($f$), *input gate* ($i$) and *output gate* ($o$), but none of its code. The index of a matrix says whose it is:
# $U_z, W_z, b_z$ belong to the gate $z$. $g$ is the candidate. $\odot$ is the product entry by entry.
#
# The cell below gives you `sigmoid`, $\sigma(a) = 1/(1 + e^{-a})$.

# %% tags=["setup"]
import numpy as np

from course_lib.checking import check, earned, hint, progress  # earned: for the grader


def sigmoid(a):
    """1 / (1 + exp(−a)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))

# %% [markdown]
# ## One gate for two tasks
#
# The memory of an LSTM takes two decisions in each step: how much of the old value to keep, and how much of the new one
# to write.
#
# $$c^{(t)} = f^{(t)} \odot c^{(t-1)} + i^{(t)} \odot g^{(t)}$$
#
# As $f$ and $i$ are separate gates, both can be open. Then the memory piles up: with $f = i = 0.9$ and $g = 1$ in every
# step, it climbs towards the value that $c = 0.9\,c + 0.9$ leaves unchanged, $c = 9$. That is useful for counting. If
# the memory is to hold a value of the size of the candidates, it is more than we need.
#
# A memory that writes only where it forgets has $i = 1 - f$. One gate takes both decisions. With $i = 0.1$, $f = 0.9$,
# the fixed point is $c = 1$, the candidate itself.

# %% tags=["demo"]
separate = coupled = 0.0
for _ in range(200):
    separate = 0.9 * separate + 0.9 * 1.0
    coupled = 0.9 * coupled + 0.1 * 1.0

print(f"after 200 steps: f = i = 0.9: {separate:.3f}; f = 0.9, i = 1 − f: {coupled:.3f}")
assert np.isclose(separate, 9) and np.isclose(coupled, 1)

# %% [markdown] sources=["S88"]
# The GRU calls this one gate $z$, the **update gate**: it is the share of the new. What is kept is $1 - z$. And it has
# no memory beside its state: $h$ itself is kept. So nothing is left for an output gate to hide. In its place a
# **reset gate** $r$ decides what of the old state the candidate may see.
#
# $$\begin{aligned}
# z^{(t)} &= \sigma\big(U_z\, x^{(t)} + W_z\, h^{(t-1)} + b_z\big) \\
# r^{(t)} &= \sigma\big(U_r\, x^{(t)} + W_r\, h^{(t-1)} + b_r\big) \\
# g^{(t)} &= \tanh\big(U_g\, x^{(t)} + W_g\, (r^{(t)} \odot h^{(t-1)}) + b_g\big) \\
# h^{(t)} &= (1 - z^{(t)}) \odot h^{(t-1)} + z^{(t)} \odot g^{(t)}
# \end{aligned} \label{gru}$$
#
# C prints these four lines without biases. It writes $\tilde h_t$ for $g$, and one product
# $W_z \cdot [h_{t-1}, x_t]$ where we have two: its matrix is our $W_z$ and $U_z$ side by side.

# %% [markdown] slide="fragment" sources=["S88"]
# By hand, with one unit and one input: $x = 1$, $h^{(t-1)} = 0.5$; $\;U_z, W_z, b_z = 1, -2, 0$;
# $\;U_r, W_r, b_r = 0, 2, -1$; $\;U_g, W_g, b_g = 1, 2, -0.5$.
#
# $$\begin{aligned}
# z &= \sigma(1 - 1 + 0) = \tfrac12, & g &= \tanh(1 + 2 \cdot \tfrac12 \cdot 0.5 - 0.5) = \tanh 1 = 0.762 \\
# r &= \sigma(0 + 1 - 1) = \tfrac12, & h^{(t)} &= \tfrac12 \cdot 0.5 + \tfrac12 \cdot 0.762 = 0.631
# \end{aligned}$$

# %% tags=["demo"] sources=["S88"]
from course_lib import backend
from course_lib.cells import GRU

cell = GRU(1, 1, backend.Rng(0), "float64")
cell.params = {
    "U": np.array([1.0, 0.0, 1.0]).reshape(3, 1, 1),
    "W": np.array([-2.0, 2.0, 2.0]).reshape(3, 1, 1),
    "b": np.array([0.0, -1.0, -0.5]).reshape(3, 1),
}
_, h_new, cache = cell.forward(np.ones((1, 1, 1)), np.array([[0.5]]))
print(f"by the library: h(t) = {h_new.item():.3f}; by hand: {0.5 * 0.5 + 0.5 * np.tanh(1):.3f}")
assert np.isclose(h_new.item(), 0.631, atol=5e-4)

# %% [markdown] sources=["S88"]
# *What to see:* the thick line on top is the state. In a step it meets two signs only, × and +. The reset gate (black)
# acts on the way to the candidate. The update gate (indigo) sets both what is kept, through the olive box $1 - z$, and
# what is written.

# %% tags=["demo"]
from course_lib import plots

plots.show(plots.gru_cell())

# %% [markdown] sources=["S88"]
# **On the line.** The last line of \eqref{gru} is a weighted mean, unit by unit: the weights $1 - z_i$ and $z_i$ are
# positive and their sum is 1. Written as a step from the old state,
#
# $$h_i^{(t)} = h_i^{(t-1)} + z_i\,\big(g_i - h_i^{(t-1)}\big),$$
#
# unit $i$ goes the share $z_i$ of its way to the candidate.
#
# *What to see:* if both units had the same $z$, the new state would lie on the grey line. Each unit has its own, so
# it can be anywhere in the rectangle, but never outside. Move the sliders: at 0 the old state stays, at 1 the candidate
# takes its place.

# %% tags=["demo"]
from course_lib import plots, widgets

old, candidate = np.array([-0.6, -0.5]), np.array([0.6, 0.7])
z = np.array([0.3, 0.8])
mean, moved = (1 - z) * old + z * candidate, old + z * (candidate - old)
print("weighted mean:", mean.round(2), " old state + z · way:", moved.round(2))
assert np.allclose(mean, moved)

shares = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
widgets.sliders(lambda z1, z2: plots.between(old, candidate, (z1, z2)), {"z₁": shares, "z₂": shares}, start=(0.3, 0.8))

# %% [markdown]
# **So a GRU cannot run away.** A weighted mean is at most as large as the larger of the two:
#
# $$|h_i^{(t)}| \le (1 - z_i)\,|h_i^{(t-1)}| + z_i\,|g_i| \le \max\big(|h_i^{(t-1)}|, |g_i|\big), \qquad
# \text{and } |g_i| \lt 1 \label{bounded}$$
#
# Started inside $(-1, 1)$, the state stays there for ever. Started outside, a unit never gets further away. The memory
# $c$ of an LSTM has no such bound: with biases that hold $f$ and $i$ open and make the candidates positive, it climbs.

# %% tags=["demo"]
from course_lib import backend
from course_lib.cells import GRU, LSTM

rng, T, D, H = backend.Rng(50), 200, 3, 6
x = rng.normal((T, 1, D), dtype="float64")
gru, lstm = GRU(D, H, rng, "float64"), LSTM(D, H, rng, "float64")
lstm.params["b"] = np.array([5.0, 5.0, 0.0, 2.0])[:, None] * np.ones(H)  # of i, f, o, g

hs, _, _ = gru.forward(x)
far, _, _ = gru.forward(x, np.full((1, H), 4.0))
_, (_, c), _ = lstm.forward(x)
print(f"GRU from 0: largest |h| < 1: {np.abs(hs).max() < 1}; from 4: largest |h| ≤ 4: {np.abs(far).max() <= 4}")
print(f"LSTM: largest |c| after {T} steps above 50: {np.abs(c).max() > 50}")
assert np.abs(hs).max() < 1 and np.abs(far).max() <= 4 and np.abs(c).max() > 50

# %% [markdown] sources=["S32", "S88"]
# **Who keeps?** A writes the last line the other way round, with a gate $u$ that **keeps**:
#
# $$\text{A: } h^{(t)} = u \odot h^{(t-1)} + (1 - u) \odot (\dots) \qquad\qquad \text{C and this course: }
# h^{(t)} = (1 - z) \odot h^{(t-1)} + z \odot (\dots)$$
#
# | | takes the new | keeps the old | reset: before or after $W_g$ | candidate | biases |
# |:--|:--|:--|:--|:--|:--|
# | this course | $z$ | $1 - z$ | before; after, if asked | $g = \tanh(\dots)$ | yes |
# | C | $z$ | $1 - z$ | before | $\tilde h = \tanh(\dots)$ | no |
# | A | $1 - u$ | $u$ | before | $\sigma(\dots)$ | yes |
# | PyTorch | $1 - z$ | $z$ | after | $n = \tanh(\dots)$ | yes |
#
# The reset gate is $r$ for all of them. Its place is the subject of “Before or after the product”. With $u = 1 - z$ the
# two lines above are one, whatever the candidate is. What becomes of the *parameters* is the question of “Who keeps,
# who takes”.

# %% tags=["demo"] sources=["S32"]
rng = backend.Rng(51)
z, h_prev, g = rng.uniform(0, 1, 5, "float64"), rng.normal(5, dtype="float64"), rng.normal(5, dtype="float64")
u = 1 - z
keeps, takes = u * h_prev + (1 - u) * g, (1 - z) * h_prev + z * g
print("u keeps: ", keeps.round(3), "\nz takes: ", takes.round(3))
assert np.allclose(keeps, takes)

# %% [markdown] slide="skip"
# The candidate of A is a sigmoid, as in Goodfellow et al. (2016). Then all candidates are positive, and so are, in the
# end, all states: what notebook 04 says about the two candidates of an LSTM ("Two candidates") holds here, too. This
# notebook takes tanh, except where it examines A's formulas.

# %% [markdown] sources=["S33", "S34", "S88"]
# ## One step
#
# The three parts have the same shapes, so they are stacked, in the order $z, r, g$:
#
# | | shape | |
# |:--|:--|:--|
# | `params["U"]` | (3, H, D) | `params["U"][0]` is $U_z$, `[1]` is $U_r$, `[2]` is $U_g$ |
# | `params["W"]` | (3, H, H) | $W_z, W_r, W_g$ |
# | `params["b"]` | (3, H) | $b_z, b_r, b_g$ |
#
# In a batch each sample is a row, as in the notebooks before: `x_t` (B, D), `h_prev` (B, H). A product $W_z h$ of the
# text is `h @ W[0].T` in code. The gates are different for every sample.

# %% tags=["demo"]
from course_lib import backend
from course_lib.cells import GRU

cell = GRU(3, 4, backend.Rng(0), "float64")  # D = 3, H = 4
U_z, U_r, U_g = cell.params["U"]
print({name: array.shape for name, array in cell.params.items()}, " U_z:", U_z.shape)
rows, column = np.ones((5, 4)), np.ones(4)
assert np.allclose((rows @ cell.params["W"][0].T)[2], cell.params["W"][0] @ column)

# %% [markdown]
# ### Exercise 1 · One step of a GRU (3 points)
#
# Write `gru_step(x_t, h_prev, params, reset="before")`: one step \eqref{gru}, for a batch.
#
# | argument | shape | |
# |:--|:--|:--|
# | `x_t` | (B, D) | the inputs of this step |
# | `h_prev` | (B, H) | the states before it |
# | `params` | dict | `"U"` (3, H, D), `"W"` (3, H, H), `"b"` (3, H), each in the order z, r, g; with `reset="after"` also `"b_reset"` (H,), which `"before"` does not use, even if it is there |
# | `reset` | `"before"` or `"after"` | where r acts: before the product with $W_g$, or after it |
# | *returns* `h` | (B, H) | the new states |
# | *returns* `gates` | (3, B, H) | $z$, $r$ and $g$, in this order, each after its σ or tanh |
#
# * z takes the new: $h^{(t)} = (1 - z) \odot h^{(t-1)} + z \odot g$. Both gates see `x_t` and `h_prev`. The candidate
#   has a tanh.
# * `reset="before"`: $g = \tanh\big(U_g x^{(t)} + W_g (r \odot h^{(t-1)}) + b_g\big)$.
# * `reset="after"`: $g = \tanh\big(U_g x^{(t)} + r \odot (W_g h^{(t-1)} + b_{\text{reset}}) + b_g\big)$, as cuDNN and
#   PyTorch compute it. The section after this one compares the two.
#
# Return the pair `h, gates`. The results are exact up to rounding. Where biases of ±1000 drive a gate to 0 or 1, it is
# 0 or 1 to all digits: an error of $10^{-13}$ is too much. The notebook's `sigmoid` can do that. All sizes can be
# 1. float32 inputs give float32 results. Do not change the inputs. Marked: the state of one sample, B = 1 (0.5 points),
# of a batch (0.75), the gates (0.5), `reset="after"` (0.5), gates that are 0 or 1 (0.5), float32 (0.25).
# `hint(gru_step)` gives a hint.

# %% tags=["answer"] exercise="gru_step"
def gru_step(x_t, h_prev, params, reset="before"):
    """One step: the new state h (B, H) and the gates (3, B, H) in the order z, r, g."""
    ### BEGIN SOLUTION
    U, W, b = (params[name] for name in "UWb")
    if reset not in ("before", "after"):
        raise ValueError(f"reset is {reset!r}; choose 'before' or 'after'")
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    return (1 - z) * h_prev + z * g, np.stack([z, r, g])
    ### END SOLUTION

# %% tags=["check"] exercise="gru_step" sources=["S33", "S34", "S88"]
check(gru_step)
### BEGIN HIDDEN TESTS
earned(gru_step)
### END HIDDEN TESTS

# %% [markdown] slide="fragment" sources=["S33", "S34", "S88"]
# A loop over the steps makes a network of your step. It computes what the layer of the library computes.

# %% tags=["demo"] sources=["S33", "S34", "S88"]
from course_lib import backend
from course_lib.cells import GRU


def gru_states(x, h0, params, reset="before"):
    """The states hs (T, B, H) and the gates (T, 3, B, H), with your step."""
    h, hs, all_gates = h0, [], []
    for x_t in x:
        h, gates = gru_step(x_t, h, params, reset)
        hs.append(h)
        all_gates.append(gates)
    return np.stack(hs), np.stack(all_gates)


rng, T, B, D, H = backend.Rng(52), 12, 2, 3, 5
params = {"U": rng.normal((3, H, D), 0.7, "float64"), "W": rng.normal((3, H, H), 0.7, "float64")}
params["b"] = rng.normal((3, H), 0.5, "float64")
x, h0 = rng.normal((T, B, D), dtype="float64"), rng.normal((B, H), 0.5, "float64")

hs, gates = gru_states(x, h0, params)
cell = GRU(D, H, rng, "float64")
cell.params = params
theirs, _, _ = cell.forward(x, h0)
z, r, g = gates.transpose(1, 0, 2, 3)
print("your states are those of the library:", np.allclose(hs, theirs, atol=1e-12))
print(f"z from {z.min():.2f} to {z.max():.2f}, r from {r.min():.2f} to {r.max():.2f}, |g| up to {np.abs(g).max():.2f}")
assert np.allclose(hs, theirs, atol=1e-12), "check(gru_step) first"
assert min(z.min(), r.min()) > 0 and max(z.max(), r.max()) < 1

# %% [markdown] sources=["S33", "S34"]
# > **Erratum (A).** *Printed:* $\displaystyle u_i^{(t)} = \Big(b_i^u + \sum_m U^u_{i,m}\, x_m^{(t)} +
# > \sum_j W^u_{i,j}\, h_j^{(t-1)}\Big)$, and $r_i^{(t)}$ likewise. *Correct:* $u_i^{(t)} = \sigma(\dots)$,
# > $r_i^{(t)} = \sigma(\dots)$. *Why:* a gate is a share, between 0 and 1; A itself says so where it introduces
# > gates. A sum can be any number.
#
# A "share" $u = 3$ triples the state, and takes $-2$ times the candidate. The larger state makes larger gates, as they
# are sums over states, and these multiply it again. In the end the state is roughly squared in every step: its number
# of digits doubles.
#
# **The trial.** 100 networks with $D = 3$, $H = 5$; all parameters are drawn with standard deviation 0.5. Each starts
# at $h^{(0)} = 0$ and reads the same 60 inputs of standard deviation 1. The candidate is A's, with $\sigma$.

# %% tags=["demo"] sources=["S33", "S34"]
from course_lib import backend

rng, T, D, H = backend.Rng(53), 60, 3, 5
x = rng.normal((T, D), dtype="float64")


def sizes(U, W, b, squash):
    """The largest |h_i| after each step with A's formulas, and the gates u, r of the first step; one sequence."""
    h, found, first = np.zeros(H), [], None
    for x_t in x:
        u, r = (squash(b[k] + U[k] @ x_t + W[k] @ h) for k in (0, 1))
        first = np.stack([u, r]) if first is None else first
        h = u * h + (1 - u) * sigmoid(b[2] + U[2] @ x_t + W[2] @ (r * h))
        found.append(np.abs(h).max())
    return np.array(found), first


networks = [[rng.normal((3, H, *shape), 0.5, "float64") for shape in ((D,), (H,), ())] for _ in range(100)]
for name, squash in (("as printed", lambda a: a), ("with σ", sigmoid)):
    with np.errstate(over="ignore", invalid="ignore"):
        runs = [sizes(*network, squash) for network in networks]
    outside = np.mean([(first < 0) | (first > 1) for _, first in runs])
    lost = sum(not found[-1] < 1e6 for found, _ in runs)  # nan is not below a million
    print(f"{name}: {100 * outside:.0f} % of the gates of step 1 outside [0, 1]; ", end="")
    print(f"{lost} of 100 networks end above a million, at inf or at nan")
    example = runs[0][0][np.isfinite(runs[0][0])]
    print("    the largest |h| of the first network, its last finite steps:", *[f"{size:.0e}" for size in example[-8:]])
    assert (lost > 90 and outside > 0.4) if name == "as printed" else (lost == 0 and outside == 0 and example.max() < 1)

# %% [markdown] sources=["S32"]
# > **Erratum (A).** *Printed:* $\displaystyle h_i^{(t)} = u_i^{(t-1)} h_i^{(t-1)} + \big(1 - u_i^{(t-1)}\big)\,
# > \sigma\Big(\dots + \sum_j W_{i,j}\, r_j^{(t-1)} h_j^{(t-1)}\Big)$. *Correct:* $u_i^{(t)}$ and $r_j^{(t)}$. *Why:* A
# > makes $u^{(t)}$ from $x^{(t)}$ and $h^{(t-1)}$. Both are there when $h^{(t)}$ is to be made. With $u^{(t-1)}$ the
# > gates decide about $x^{(t)}$ before they have seen it; and step 1 would need $u^{(0)}$, made from $x^{(0)}$ and
# > $h^{(-1)}$, which do not exist.
#
# To run the printed line at all, $u^{(0)}$ and $r^{(0)}$ have to be made up. Where the slip comes from: in Goodfellow
# et al. (2016), whom A follows, the gates are made from $x^{(t)}$ and $h^{(t)}$. There, $u^{(t-1)}$ has seen
# $h^{(t-1)}$, as it should; only its input is one step late. The cell runs this reading, too; all with random
# parameters of standard deviation 1.

# %% tags=["demo"] sources=["S32"]
rng, T, D, H = backend.Rng(55), 10, 3, 5
params = {"U": rng.normal((3, H, D), dtype="float64"), "W": rng.normal((3, H, H), dtype="float64")}
params["b"] = np.zeros((3, H))
U, W = params["U"], params["W"]
x = rng.normal((T + 1, D), dtype="float64")  # x[t] is x(t); there is no x(0), so x[0] is not used
h0 = rng.uniform(0, 1, H, "float64")


def gates_from(x_t, h_t):  # u, which is 1 − z, and r
    return 1 - sigmoid(U[0] @ x_t + W[0] @ h_t), sigmoid(U[1] @ x_t + W[1] @ h_t)


def states_by(seen, first=None, squash=sigmoid):
    """h(1), …, h(T) by A's formula. In step t the gates see seen(t, h); in step 1 they are `first`, if given."""
    h = {0: h0}
    for t in range(1, T + 1):
        u, r = first if t == 1 and first else gates_from(*seen(t, h))
        h[t] = u * h[t - 1] + (1 - u) * squash(U[2] @ x[t] + W[2] @ (r * h[t - 1]))
    return np.stack([h[t] for t in range(1, T + 1)])


mended = states_by(lambda t, h: (x[t], h[t - 1]))
try:
    states_by(lambda t, h: (x[t - 1], h[t - 2]))
except KeyError as error:
    print(f"as printed, step 1 asks for h({error}): there is none")
readings = ("as printed, u(0) = r(0) = ½", 2, 0.5), ("… with 1 instead of ½", 2, 1.0), ("Goodfellow, ½", 1, 0.5)
for name, back, value in readings:
    other = states_by(lambda t, h, k=back: (x[t - 1], h[t - k]), first=(value, value))
    print(f"{name:28} h(10) differs from the mended one by {np.abs(other - mended)[-1].max():.2f}")
    assert np.abs(other - mended)[-1].max() > 0.1

with_tanh = states_by(lambda t, h: (x[t], h[t - 1]), squash=np.tanh)
yours, _ = gru_states(x[1:, None], h0[None], params)
print("mended, and with tanh in place of A's σ, it is your step:", np.allclose(with_tanh, yours[:, 0]))
assert np.allclose(with_tanh, yours[:, 0]), "check(gru_step) first"

# %% [markdown]
# ## Before or after the product
#
# Where does the reset gate act? Two places are in use. Only the candidate is different:
#
# $$\begin{aligned}
# \text{before: } g &= \tanh\big(U_g x + W_g\,(r \odot h) + b_g\big) \\
# \text{after: } g &= \tanh\big(U_g x + r \odot (W_g\, h + b_{\text{reset}}) + b_g\big)
# \end{aligned} \label{reset-places}$$
#
# (Here $h = h^{(t-1)}$.) *Before* is what A and C print. *After* is what cuDNN computes, and with it PyTorch. Its
# advantage: $W_z h$, $W_r h$ and $W_g h$ are products with the same $h$, one large product instead of two in a row. As
# a bias inside the bracket is multiplied by $r$, it is not the same as $b_g$, and has a name of its own,
# $b_{\text{reset}}$.
#
# *What to see:* same numbers, $b_{\text{reset}} = 0$, same input. The two networks are alike, not equal.

# %% tags=["demo"]
from course_lib import backend, plots

rng, T, D, H = backend.Rng(56), 30, 3, 5
params = {"U": rng.normal((3, H, D), 0.7, "float64"), "W": rng.normal((3, H, H), 0.7, "float64")}
params |= {"b": np.zeros((3, H)), "b_reset": np.zeros(H)}
x, zero = rng.normal((T, 1, D), dtype="float64"), np.zeros((1, H))
before, _ = gru_states(x, zero, params, "before")
after, _ = gru_states(x, zero, params, "after")

apart = np.abs(before - after).max(axis=(1, 2))
plots.show(plots.reset_positions(before[:, 0], after[:, 0]))
print(f"largest difference at t = 1: {apart[0]:.2f}, at t = 2: {apart[1]:.2f}, over all {T} steps: {apart.max():.2f}")
assert apart[0] < 1e-12 and apart.max() > 0.1, "check(gru_step) first"

# %% [markdown]
# At $t = 1$ there is no difference, as $h^{(0)} = 0$ has nothing to reset. With a single unit there is none at all:
# $W_g r h = r W_g h$ for numbers. For matrices the order counts, as it did in notebook 03. How does entry $i$ of the
# two vectors change with $h_j$, the gate held fixed?
#
# $$\begin{aligned}
# \text{before: } \big(W_g (r \odot h)\big)_i &= \sum_j W_{ij}\, r_j\, h_j
# & &\Longrightarrow & W_{ij}\, r_j,& \text{ the matrix } W_g \operatorname{diag}(r) \\
# \text{after: } \big(r \odot (W_g h)\big)_i &= r_i \sum_j W_{ij}\, h_j
# & &\Longrightarrow & r_i\, W_{ij},& \text{ the matrix } \operatorname{diag}(r)\, W_g
# \end{aligned}$$
#
# **Before**, unit $j$ is hidden from *all* candidates: $r$ selects what is **read**. **After**, candidate $i$ turns
# away from *all* units: $r$ selects who **listens**.

# %% tags=["demo"]
from course_lib.gradcheck import numerical_gradient

W_g, r, h = params["W"][2][:3, :3], np.array([1.0, 0.5, 0.0]), np.array([0.3, -0.8, 0.4])
read = np.stack([numerical_gradient(lambda h, i=i: (W_g @ (r * h))[i], h) for i in range(3)])
listen = np.stack([numerical_gradient(lambda h, i=i: (r * (W_g @ h))[i], h) for i in range(3)])

print("r = (1, 0.5, 0)\nbefore:", *read.round(2) + 0.0, "\nafter: ", *listen.round(2) + 0.0)
assert np.allclose(read, W_g @ np.diag(r)) and np.allclose(listen, np.diag(r) @ W_g)

# %% [markdown]
# **Can other numbers make up for it?** Not in the candidate. Let the resets depend on the input only. In an *after*
# network candidate $i$ sees the sum $\sum_j W_{ij} h_j$, whose weights are fixed; $r_i$ makes it louder or softer. Its
# sensitivities to $h_1$ and $h_2$ have the ratio $W_{i1} : W_{i2}$ **for every input**. In a *before* network the ratio
# is $W_{i1} r_1 : W_{i2} r_2$, and the input decides. Here with $W_{11} = W_{12} = 1$:

# %% tags=["demo"]
def ratio(r, position):
    """How many times stronger the first candidate's sum depends on h_1 than on h_2."""
    W = np.ones((2, 2))
    rows = W @ np.diag(r) if position == "before" else np.diag(r) @ W
    return rows[0, 0] / rows[0, 1]


for x_text, sums in (("input 1", [2.0, -2.0]), ("input 2", [-2.0, 2.0])):
    r = sigmoid(np.array(sums))
    print(f"{x_text}: r = {r.round(2)}; ratio before {ratio(r, 'before'):.2f}, after {ratio(r, 'after'):.2f}")
    assert ratio(r, "after") == 1 and not 0.5 < ratio(r, "before") < 2

# %% [markdown] slide="skip"
# And if the resets read the state, too? Look at $h = 0$, where the product rule leaves little. Before: the sum of
# candidate 1 has the derivatives $\big(W_{11}\, r_1, W_{12}\, r_2\big)$, as the derivative of $r_j$ is multiplied by
# $h_j = 0$. The input can set $r_1$ and $r_2$ to any two numbers in $(0, 1)$: the pairs fill a rectangle. After: this
# network may have a matrix of its own, $W'$ in place of $W$, and its first reset gate the weights $w_1, w_2$ for $h_1$
# and $h_2$. Then the derivatives are $r_1 W'_{1j} + r_1 (1 - r_1)\, w_j\, b_{\text{reset}}$ for $j = 1, 2$, where
# $b_{\text{reset}}$ is that of candidate 1. Whatever the numbers are, these pairs depend on the input through the one
# number $r_1$. As $r_1$ goes from 0 to 1 they run along one curve, and a curve leaves nearly all of a rectangle empty.
# (The cell has the same $W$ for both.)

# %% tags=["demo"] slide="skip"
from course_lib.gradcheck import numerical_gradient

rng = backend.Rng(57)
W_gate, W_cand, b_in = rng.normal((2, 2), dtype="float64"), rng.normal((2, 2), dtype="float64"), 0.7


def candidate_sums(h, a):
    """The state's part in the sum of candidate 1, reset before and after; a is what the input adds to the resets."""
    r = sigmoid(a + W_gate @ h)
    return (W_cand @ (r * h))[0], r[0] * ((W_cand @ h)[0] + b_in)


for a in rng.normal((3, 2), dtype="float64"):
    r = sigmoid(a)
    at_zero = [numerical_gradient(lambda h, a=a, k=k: candidate_sums(h, a)[k], np.zeros(2)) for k in (0, 1)]
    assert np.allclose(at_zero[0], W_cand[0] * r)
    assert np.allclose(at_zero[1], r[0] * W_cand[0] + r[0] * (1 - r[0]) * W_gate[0] * b_in)
print("both formulas agree with differences at three inputs")

# %% [markdown]
# **Reading other people's numbers.** Parameters that were trained with one position are wrong for the other. So every
# library has to say which it is: Keras offers both (`reset_after`), PyTorch has only *after*. `from_torch` makes a layer
# of this course from a PyTorch module, with the parts in our order and the update gate in our convention. If torch is
# installed, the next cell compares outputs and gradients.

# %% tags=["demo", "volatile"]
from course_lib.interop import from_torch

try:
    import torch
except ImportError:
    print("torch is not installed; it is needed for nothing but this comparison.")
else:
    torch.manual_seed(0)
    T, B, D, H = 7, 2, 3, 5
    module = torch.nn.GRU(D, H).double()
    x_torch = torch.randn(T, B, D, dtype=torch.float64, requires_grad=True)
    h0_torch = torch.randn(1, B, H, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(T, B, H, dtype=torch.float64)
    out, _ = module(x_torch, h0_torch)
    (weights * out).sum().backward()

    cell = from_torch(module)
    x_same, h0_same = x_torch.detach().numpy(), h0_torch.detach().numpy()[0]
    hs, _, cache = cell.forward(x_same, h0_same)
    dx, dh0, grads = cell.backward(weights.numpy(), cache)
    dW_torch = module.weight_hh_l0.grad.numpy().reshape(3, H, H)  # torch's order is r, z, g
    yours, _ = gru_states(x_same, h0_same, cell.params, reset="after")
    wrong, _ = gru_states(x_same, h0_same, cell.params, reset="before")
    pairs = {
        "forward, the library": (hs, out.detach().numpy()),
        "forward, your gru_step": (yours, out.detach().numpy()),
        "dx": (dx, x_torch.grad.numpy()),
        "dh0": (dh0, h0_torch.grad.numpy()[0]),
        "dW of r and of g": (grads["W"][1:], dW_torch[[0, 2]]),
    }
    print(f'reset="{cell.reset}"; with the reset before, the states would differ by {np.abs(wrong - yours).max():.2f}')
    for name, (ours, theirs) in pairs.items():
        print(f"{name:28} equal up to rounding: {np.allclose(ours, theirs, atol=1e-12)}")
        assert np.allclose(ours, theirs, atol=1e-12)

# %% [markdown] sources=["S35"]
# ## Two questions
#
# A ends its slide with two questions: what happens with $u_i^{(t)} = 0$ and $r_i^{(t)} = 1$? And with
# $u_i^{(t)} = 1$? Put the numbers in.
#
# $$u = 0,\; r = 1: \quad h^{(t)} = 0 \odot h^{(t-1)} + 1 \odot \sigma\big(b + U x^{(t)} + W (1 \odot h^{(t-1)})\big)
# = \sigma\big(b + U x^{(t)} + W h^{(t-1)}\big)$$
#
# This is a step of a **plain recurrent network**, with A's $\sigma$, or with tanh as in notebook 01, whichever the
# candidate has.
#
# $$u = 1: \quad h^{(t)} = 1 \odot h^{(t-1)} + 0 \odot \sigma(\dots) = h^{(t-1)}$$
#
# An **exact copy**. The input is not looked at, and $r$ does not matter.

# %% tags=["demo"] sources=["S35"]
from course_lib import backend

rng, T, D, H = backend.Rng(58), 60, 2, 3
U, W, b = rng.normal((H, D), 0.6, "float64"), rng.normal((H, H), 0.6, "float64"), rng.normal(H, 0.3, "float64")
x, h0 = rng.normal((T, D), dtype="float64"), np.array([0.7, -0.4, 0.1])


def with_gates(u, r, squash):
    """h(0), …, h(T) with A's formula, when both gates are held at one value."""
    h = [h0]
    for x_t in x:
        h.append(u * h[-1] + (1 - u) * squash(b + U @ x_t + W @ (r * h[-1])))
    return np.stack(h)


def plain_states(squash):
    h = [h0]
    for x_t in x:
        h.append(squash(b + U @ x_t + W @ h[-1]))
    return np.stack(h)


for name, squash in (("σ", sigmoid), ("tanh", np.tanh)):
    as_plain = np.abs(with_gates(0, 1, squash) - plain_states(squash)).max()
    as_copy = np.abs(with_gates(1, 0.3, squash) - h0).max()
    print(f"{name:4}: u = 0, r = 1: largest difference from a plain network {as_plain}; u = 1: from h(0) {as_copy}")
    assert as_plain == 0 and as_copy == 0

# %% [markdown] sources=["S35"]
# **With real gates.** A sigmoid only comes near 0 and 1. But floats have an end: for a bias of 100, $1 - \sigma(100)$
# is $4 \cdot 10^{-44}$, and $\sigma(100)$ is stored as 1. So a large bias answers both questions with your
# `gru_step`. Remember that $u = 1 - z$.
#
# One more limit follows: $z = 1$ and $r = 0$. Then the old state is neither kept nor seen, and
# $h^{(t)} = \tanh(U_g x^{(t)} + b_g)$ is a layer **without memory**.
#
# | $u = 1 - z$ | $r$ | the step is |
# |:--|:--|:--|
# | 1 | any | a copy |
# | 0 | 1 | that of a plain network |
# | 0 | 0 | a layer without memory |

# %% tags=["demo"] sources=["S35"]
def held(b_z, b_r):
    """Your network, with biases that hold its gates; the candidate has the numbers of the plain network above."""
    none_U, none_W = np.zeros((2, H, D)), np.zeros((2, H, H))
    biases = np.stack([np.full(H, b_z), np.full(H, b_r), b])
    numbers = {"U": np.concatenate([none_U, U[None]]), "W": np.concatenate([none_W, W[None]]), "b": biases}
    return gru_states(x[:, None], h0[None], numbers)[0][:, 0]


copy, plain, layer = held(-100.0, 0.0), held(100.0, 100.0), held(100.0, -100.0)
print(f"1 − σ(100) = {1 / (1 + np.exp(100)):.0e}; σ(100) is stored as 1: {sigmoid(100.0) == 1}")
print("z = 0: largest difference from h(0)", np.abs(copy - h0).max())
print("z = 1, r = 1: a plain network up to rounding:", np.allclose(plain, plain_states(np.tanh)[1:], atol=1e-9))
print("z = 1, r = 0: tanh(Ux + b) of each input alone:", np.allclose(layer, np.tanh(x @ U.T + b), atol=1e-12))
assert np.abs(copy - h0).max() == 0, "check(gru_step) first"
assert np.allclose(plain, plain_states(np.tanh)[1:], atol=1e-9) and np.allclose(layer, np.tanh(x @ U.T + b), atol=1e-12)

# %% [markdown] sources=["S35"]
# **Between the limits.** Hold $u$ at one value. Unrolling $h^{(t)} = u\, h^{(t-1)} + (1 - u)\, g^{(t)}$ gives
#
# $$h^{(t)} = u^t\, h^{(0)} + (1 - u) \sum_{k=1}^{t} u^{t-k}\, g^{(k)},$$
#
# a mean of all candidates so far. The weight of a candidate falls by the factor $u$ with each step of its age, and
# all weights together are 1: $u^t + (1 - u)(1 + u + \dots + u^{t-1}) = u^t + (1 - u^t)$.
#
# *What to see:* from flat lines (a copy) on the left to the plain network on the right, whose states fall on the rings.
# Between them the states are smoothed, the more, the larger $u$ is.

# %% tags=["demo"] sources=["S35"]
from course_lib import plots

runs = {"u = 1: copy": 1, "u = 0.9": 0.9, "u = 0.5": 0.5, "u = 0, r = 1: plain": 0}
runs = {title: with_gates(u, 1, np.tanh)[:21] for title, u in runs.items()}
plots.show(plots.update_limits(runs, plain_states(np.tanh)[:21]))

u, t = 0.9, 20
h = runs["u = 0.9"]
g = [np.tanh(b + U @ x[k - 1] + W @ h[k - 1]) for k in range(1, t + 1)]
weights = [(1 - u) * u ** (t - k) for k in range(1, t + 1)]
mean = u**t * h0 + sum(weight * g_k for weight, g_k in zip(weights, g, strict=True))
print("u = 0.9: h(20) step by step", h[t].round(3), " as a mean", mean.round(3))
assert np.allclose(h[t], mean) and np.isclose(u**t + sum(weights), 1)

# %% [markdown]
# ## The backward step
#
# The loss $L$ depends on $h^{(t)}$ through the output of step $t$ and through all later steps. Say that this is done:
# we know the total derivative $\dfrac{dL}{dh^{(t)}}$. How does it go on to $h^{(t-1)}$, to the input and to the
# parameters? No source derives it.
#
# In this section $h_-$ is short for $h^{(t-1)}$. A $d$ before a name, as in the code, is the derivative of $L$ by it:
# $dh$ is $\dfrac{dL}{dh^{(t)}}$, and $dh_-$ is what comes to $h^{(t-1)}$ **through step $t$**. To see every path by
# itself, give a name to each value on the way:
#
# $$\begin{aligned}
# a_z &= U_z x + W_z h_- + b_z, & z &= \sigma(a_z), & m &= r \odot h_-, & h &= (1 - z) \odot h_- + z \odot g \\
# a_r &= U_r x + W_r h_- + b_r, & r &= \sigma(a_r), & a_g &= U_g x + W_g m + b_g, & g &= \tanh(a_g)
# \end{aligned}$$

# %% [markdown]
# *What to see:* all arrows are turned round. At a × the gradient goes both ways, each time multiplied by what came from
# the other side. In a box it is multiplied by the slope, below the box by transposed weights. Four ways lead to
# $h_-$: along the top; through the update gate $z$; through the candidate, by $m$; and from $m$ through the reset
# gate $r$.

# %% tags=["demo"]
from course_lib import plots

plots.show(plots.gru_cell(back=True))

# %% [markdown]
# **Four copies.** $h_-$ stands in four places. As with the copies of $W$ in notebook 02, pretend that they are four
# variables: $h_-^{\text{top}}$ in the last line, $h_-^{z}$ and $h_-^{r}$ in the gates, $h_-^{m}$ in $m$. The chain
# rule says that the derivative of the one variable is the sum of the derivatives of the copies:
#
# $$dh_- = dh_-^{\text{top}} + dh_-^{z} + dh_-^{m} + dh_-^{r}$$
#
# Differences can move one copy alone. They are the witness for each path below. The loss is
# $L = v \cdot h^{(t)}$ with a fixed $v$, so that $dh = v$.

# %% tags=["demo"]
from course_lib import backend
from course_lib.gradcheck import numerical_gradient

rng, D, H = backend.Rng(94), 3, 4
U, W = rng.normal((3, H, D), 0.8, "float64"), rng.normal((3, H, H), 0.8, "float64")
b, x, h_old, v = (rng.normal(shape, 0.8, "float64") for shape in ((3, H), D, H, H))


def loss_of_copies(top, to_z, to_m, to_r):
    """v · h(t), when each place of h(t−1) has its own value."""
    z, r = sigmoid(U[0] @ x + W[0] @ to_z + b[0]), sigmoid(U[1] @ x + W[1] @ to_r + b[1])
    return v @ ((1 - z) * top + z * np.tanh(U[2] @ x + W[2] @ (r * to_m) + b[2]))


def by_copy(k):
    """The derivative by copy k alone."""
    copies = [h_old.copy() for _ in range(4)]
    return numerical_gradient(lambda _: loss_of_copies(*copies), copies[k])


top, through_z, through_m, through_r = (by_copy(k) for k in range(4))
whole = numerical_gradient(lambda h: loss_of_copies(h, h, h, h), h_old)
for name, part in (("top", top), ("z", through_z), ("m", through_m), ("r", through_r), ("all at once", whole)):
    print(f"{name:12}", part.round(3))
assert np.allclose(top + through_z + through_m + through_r, whole, atol=1e-7)

# %% [markdown]
# **The last line.** $h_i = (1 - z_i)\, h_{-,i} + z_i\, g_i$ has three variables. Entry $i$ depends on entry $i$ of each
# only:
#
# $$\frac{\partial^+ h_i}{\partial h_{-,i}} = 1 - z_i, \qquad
# \frac{\partial^+ h_i}{\partial z_i} = g_i - h_{-,i}, \qquad
# \frac{\partial^+ h_i}{\partial g_i} = z_i$$
#
# Times $dh_i$, that is for all entries
#
# $$dh_-^{\text{top}} = dh \odot (1 - z), \qquad dz = dh \odot (g - h_-), \qquad dg = dh \odot z$$
#
# The first one is the path along the top: **no matrix, no slope**, just the share that is kept. The second one
# compares: where the candidate is larger than the old state, a larger $z$ makes $h$ larger.

# %% tags=["demo"]
z, r = sigmoid(U[0] @ x + W[0] @ h_old + b[0]), sigmoid(U[1] @ x + W[1] @ h_old + b[1])
g = np.tanh(U[2] @ x + W[2] @ (r * h_old) + b[2])

print("        formula: 1 − z, g − h₋, z    differences")
for i in range(H):
    three = np.array([h_old[i], z[i], g[i]])
    measured = numerical_gradient(lambda a: (1 - a[1]) * a[0] + a[1] * a[2], three)
    formula = np.array([1 - z[i], g[i] - h_old[i], z[i]])
    print(f"unit {i + 1}:", *(f"{value:8.3f}" for value in formula), "  ", *(f"{value:8.3f}" for value in measured))
    assert np.allclose(formula, measured, atol=1e-7)
    assert np.isclose(top[i], measured[0] * v[i], atol=1e-7)  # along the top

# %% [markdown]
# **Through the update gate.** The slope of the sigmoid is $\sigma' = \sigma\,(1 - \sigma)$ (notebook 03, "A chain of
# four neurons"), so it can be told from $z$ itself. Then the sum: $a_{z,i} = \dots + \sum_j W_{z,ij}\, h_{-,j}$, and
# $h_{-,j}$ is in *all* of these sums, in the $i$-th with the weight $W_{z,ij}$.
#
# $$da_z = dz \odot z \odot (1 - z), \qquad
# dh_{-,j}^{z} = \sum_i W_{z,ij}\, da_{z,i}, \quad\text{that is}\quad dh_-^{z} = W_z^\top\, da_z$$
#
# Differences can measure $da_z$, too: the bias stands in the sum by itself, so whoever moves $b_{z,i}$ moves $a_{z,i}$.

# %% tags=["demo"]
at_sums = numerical_gradient(lambda _: loss_of_copies(*4 * [h_old]), b)  # at the sums of z, r, g
at_z = numerical_gradient(lambda z: v @ ((1 - z) * h_old + z * g), z)
print("differences at the sum, divided by those at z:", (at_sums[0] / at_z).round(3))
print("the slope z (1 − z):                          ", (z * (1 - z)).round(3))
assert np.allclose(at_sums[0] / at_z, z * (1 - z), atol=1e-6)

for j in range(H):
    ways = [W[0][i, j] * at_sums[0, i] for i in range(H)]  # from h₋,j through the sum of unit i
    print(f"unit {j + 1}: {' + '.join(f'({way:.4f})' for way in ways)} = {sum(ways):.4f}", end="; ")
    print(f"copy moved: {through_z[j]:.4f}")
    assert np.isclose(sum(ways), through_z[j], atol=1e-7)

# %% [markdown]
# **Through the candidate.** The slope of tanh is $1 - g^2$, by \eqref{tanh-slope}. Behind it, $a_g$ has the
# product $m = r \odot h_-$ where a plain network has $h_-$:
#
# $$da_g = dg \odot (1 - g^2), \qquad dm = W_g^\top\, da_g$$
#
# Now the product, entry by entry: $m_i = r_i\, h_{-,i}$ has two factors, and each gets the gradient times the other.
#
# $$dh_-^{m} = dm \odot r, \qquad dr = dm \odot h_-$$
#
# The first one arrives at $h_-$. A unit that the reset gate hides ($r_j = 0$) gets nothing on this path.

# %% tags=["demo"]
at_g = numerical_gradient(lambda g: v @ ((1 - z) * h_old + z * g), g)
at_m = numerical_gradient(lambda m: v @ (z * np.tanh(U[2] @ x + W[2] @ m + b[2])), r * h_old)
for text, ratio, name, factor in (
    ("at the sum, divided by those at g:", at_sums[2] / at_g, "1 − g²:", 1 - g**2),
    ("by the copy, divided by those at m:", through_m / at_m, "r:", r),
):
    print(f"differences {text:35}", ratio.round(3), f" {name:7}", factor.round(3))
    assert np.allclose(ratio, factor, atol=1e-6)

for j in range(H):  # every sum has m_j, that of unit i with the weight W_g,ij
    assert np.isclose(sum(W[2][i, j] * at_sums[2, i] for i in range(H)), at_m[j], atol=1e-7)

# %% [markdown]
# **Through the reset gate.** The second factor goes on like the update gate: slope, then weights.
#
# $$da_r = dr \odot r \odot (1 - r) = dm \odot h_- \odot r \odot (1 - r), \qquad dh_-^{r} = W_r^\top\, da_r$$
#
# This is the longest of the four paths, $dh \to dg \to da_g \to dm \to dr \to da_r \to dh_-$: the gradient is
# multiplied by $z$, $1 - g^2$, $h_-$ and $r(1 - r)$, of which none is above 1 in a network that starts inside
# $(-1, 1)$, and by two matrices. It is easily forgotten.

# %% tags=["demo"]
at_r = numerical_gradient(lambda r: v @ (z * np.tanh(U[2] @ x + W[2] @ (r * h_old) + b[2])), r)
for text, ratio, name, factor in (
    ("at r, divided by those at m:", at_r / at_m, "h₋:", h_old),
    ("at the sum, divided by those at r:", at_sums[1] / at_r, "r(1 − r):", r * (1 - r)),
):
    print(f"differences {text:34}", ratio.round(3), f" {name:9}", factor.round(3))
    assert np.allclose(ratio, factor, atol=1e-6)

for j in range(H):
    assert np.isclose(sum(W[1][i, j] * at_sums[1, i] for i in range(H)), through_r[j], atol=1e-7)

# %% [markdown]
# **All together.** What the step before gets:
#
# $$\frac{dL}{dh^{(t-1)}} = \underbrace{dh \odot (1 - z)}_{\text{top}} \;+\;
# \underbrace{W_z^\top da_z}_{\text{update gate}} \;+\; \underbrace{r \odot \big(W_g^\top da_g\big)}_{\text{candidate}}
# \;+\; \underbrace{W_r^\top da_r}_{\text{reset gate}} \;+\; \frac{\partial^+ L}{\partial h^{(t-1)}}
# \label{four-paths}$$
#
# The first four terms are $dh_-$. The last one is new at every step, from the output of step $t - 1$ itself, as in
# notebook 02. It is not part of the step back: a loop over time adds it.
#
# Leave out one path, and the rest still looks like a gradient. How wrong is it?

# %% tags=["demo"]
from course_lib.gradcheck import relative_error

paths = {"top": top, "update gate": through_z, "candidate": through_m, "reset gate": through_r}
total = sum(paths.values())  # each path as it was measured; the formulas have been compared with them above
print("all four:", total.round(3), " h₋ moved as a whole:", whole.round(3))
assert relative_error(total, whole) < 1e-6
for name, path in paths.items():
    print(f"without {name:12} relative error {relative_error(total - path, whole):.2f}")
    assert relative_error(total - path, whole) > 0.1

# %% [markdown]
# **Parameters and input.** The three sums $a_z, a_r, a_g$ are built alike, so their parameters are, too. In
# $a_{z,i} = \sum_m U_{z,im}\, x_m + \sum_j W_{z,ij}\, h_{-,j} + b_{z,i}$ the weight $W_{z,ij}$ stands once, beside
# $h_{-,j}$: its gradient is $da_{z,i}\, h_{-,j}$. For the candidate, what stands there is $m$:
#
# $$\begin{aligned}
# dW_z &= da_z\, h_-^\top, & dW_r &= da_r\, h_-^\top, & dW_g &= da_g\, (r \odot h_-)^\top \\
# dU_k &= da_k\, x^\top, & db_k &= da_k, & dx &= U_z^\top da_z + U_r^\top da_r + U_g^\top da_g
# \end{aligned}$$
#
# with $k = z, r, g$. The input goes three ways, not four: it is not in the last line.

# %% tags=["demo"]
from course_lib.gradcheck import numerical_gradient

by_W, by_U, by_x = (numerical_gradient(lambda _: loss_of_copies(*4 * [h_old]), variable) for variable in (W, U, x))
print("differences by the weights of one row, divided by that at its sum, for unit 1:")
for k, (name, beside) in enumerate((("z", h_old), ("r", h_old), ("g", r * h_old))):
    print(f"W_{name}:", (by_W[k, 0] / at_sums[k, 0]).round(3), " beside it stands", beside.round(3))
    for i in range(H):  # every row
        assert np.allclose(by_W[k, i] / at_sums[k, i], beside, atol=1e-5)
        assert np.allclose(by_U[k, i] / at_sums[k, i], x, atol=1e-5)

ways = [sum(U[k][i, 0] * at_sums[k, i] for i in range(H)) for k in range(3)]
print("first input: through z, r, g", np.round(ways, 3), f" together {sum(ways):.3f}, differences {by_x[0]:.3f}")
assert np.isclose(sum(ways), by_x[0], atol=1e-7)

# %% [markdown] slide="skip"
# **A batch.** Every sample is a row, and has its own way through the step. So products entry by entry stay as they are.
# A product with a matrix has to be turned round, as the vectors are rows. The parameters are shared by all samples, so
# their gradients are sums over the rows; `dx` and `dh_prev` keep a row for each sample. All this is as in notebook 02
# ("A batch").

# %% [markdown]
# ### Exercise 2 · One step back (4 points)
#
# Write `gru_step_backward(dh, cache)`: the way back through one step, with the reset before the product.
#
# | argument | shape | |
# |:--|:--|:--|
# | `dh` | (B, H) | $\frac{dL}{dh^{(t)}}$: everything that arrives at the new states, from this step's output and from later steps |
# | `cache` | dict | what the forward step kept: `"x_t"` (B, D), `"h_prev"` (B, H), `"gates"` (3, B, H), `"U"` (3, H, D), `"W"` (3, H, H) |
# | *returns* | dict | `"dx"` (B, D), `"dh_prev"` (B, H), `"dU"` (3, H, D), `"dW"` (3, H, H), `"db"` (3, H) |
#
# * `gates` are $z$, $r$ and $g$ of this step, in this order, after σ and tanh. The parts of `dU`, `dW` and `db` are in
#   the same order.
# * `dh_prev` is $\frac{dL}{dh^{(t-1)}}$ as far as it comes through this step: the old state goes into the new one in
#   four places.
# * `dU`, `dW` and `db` are **sums** over the samples; a mean over the batch, if there is one, is already in `dh`. `dx`
#   and `dh_prev` have a row for each sample.
#
# The result is exact up to rounding: finite differences are not enough. All sizes can be 1. float32 inputs give float32
# gradients. Neither `dh` nor the arrays in `cache` may change.
#
# Marked: `db` (0.25 points), `dU` (0.5), `dW` (0.75), `dx` (0.5), `dh_prev` (1), all five for one sample, B = 1 (0.25),
# all five once more, with the inputs as they were afterwards (0.25), float32 (0.5). `hint(gru_step_backward)` gives a
# hint.

# %% tags=["answer"] exercise="gru_step_backward"
def gru_step_backward(dh, cache):
    """The gradients {"dx", "dh_prev", "dU", "dW", "db"}, from dh (B, H) at h(t); the reset is before the product."""
    ### BEGIN SOLUTION
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]  # by m = r ⊙ h_prev
    da_r = dm * h_prev * r * (1 - r)
    da = np.stack([da_z, da_r, da_g])
    seen = np.stack([h_prev, h_prev, r * h_prev])
    return {
        "dx": (da @ U).sum(axis=0),
        "dh_prev": dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r,
        "dU": da.transpose(0, 2, 1) @ x_t,
        "dW": da.transpose(0, 2, 1) @ seen,
        "db": da.sum(axis=1),
    }
    ### END SOLUTION

# %% tags=["check"] exercise="gru_step_backward" sources=["S88"]
check(gru_step_backward)
### BEGIN HIDDEN TESTS
earned(gru_step_backward)
### END HIDDEN TESTS

# %% [markdown]
# **Over time.** A backward pass is a loop over your step, from the last one to the first. What comes from the later
# steps meets the step's own $\dfrac{\partial^+ L}{\partial h^{(t)}}$; the parameters are shared by all steps, so their
# gradients add up; what is left over in the end is the gradient of $h^{(0)}$.
#
# The loss below looks at every state, $L = \sum_t v^{(t)} \cdot h^{(t)}$, so that
# $\dfrac{\partial^+ L}{\partial h^{(t)}} = v^{(t)}$. Everything is compared with differences.

# %% tags=["demo"]
from course_lib import backend
from course_lib.gradcheck import numerical_gradient, relative_error


def gru_backward(dhs, x, h0, params):
    """The gradients {"dx", "dh0", "dU", "dW", "db"}, from dhs (T, B, H), with your two functions."""
    hs, gates = gru_states(x, h0, params)
    dx, sums, dh = np.zeros_like(x), {f"d{name}": np.zeros_like(params[name]) for name in "UWb"}, np.zeros_like(h0)
    for t in reversed(range(len(x))):
        cache = {"x_t": x[t], "h_prev": hs[t - 1] if t else h0, "gates": gates[t], "U": params["U"], "W": params["W"]}
        grads = gru_step_backward(dhs[t] + dh, cache)
        dx[t], dh = grads["dx"], grads["dh_prev"]
        for name in sums:
            sums[name] += grads[name]
    return {"dx": dx, "dh0": dh, **sums}


rng, T, B, D, H = backend.Rng(60), 6, 2, 3, 4
params = {"U": rng.normal((3, H, D), 0.8, "float64"), "W": rng.normal((3, H, H), 0.8, "float64")}
params["b"] = rng.normal((3, H), 0.5, "float64")
x, h0 = rng.normal((T, B, D), dtype="float64"), rng.normal((B, H), 0.5, "float64")
v = rng.normal((T, B, H), dtype="float64")

grads = gru_backward(v, x, h0, params)
for name, value in {**params, "x": x, "h0": h0}.items():
    differences = numerical_gradient(lambda _: (v * gru_states(x, h0, params)[0]).sum(), value)
    error = relative_error(grads[f"d{name}"], differences)
    print(f"d{name:2}  shape {value.shape!s:10}  error {'below 1e-6' if error < 1e-6 else error}")
    assert error < 1e-6, "check(gru_step) and check(gru_step_backward) first"

# %% [markdown] sources=["S35"]
# **A's second question, backwards.** With $u = 1$ the state is copied. Then $z = 0$. On the top path the factor is
# $1 - z = 1$. $dg = dh \odot z = 0$ shuts the way to the candidate and to $r$, and the slope $z (1 - z) = 0$ shuts that
# through the update gate. So the gradient is copied, too:
#
# $$u = 1: \qquad \frac{dL}{dh^{(t-1)}} = \frac{dL}{dh^{(t)}} + \frac{\partial^+ L}{\partial h^{(t-1)}}$$
#
# Nothing vanishes and nothing explodes, over any number of steps. But nothing is learned either: the gradients of all
# parameters of the cell are 0. A useful update gate is nearly shut, not shut.

# %% tags=["demo"] sources=["S35"]
rng, T = backend.Rng(61), 100
x, last = rng.normal((T, B, D), dtype="float64"), np.zeros((T, B, H))
last[-1] = rng.normal((B, H), dtype="float64")  # a loss at the end only
for name, b_z in (("shut, z = 0", -100.0), ("nearly shut", -5.0)):
    biased = {name: array.copy() for name, array in params.items()}
    biased["U"][0] = biased["W"][0] = 0.0  # the update gate has nothing but its bias
    biased["b"][0] = b_z
    grads = gru_backward(last, x, h0, biased)
    share = np.linalg.norm(grads["dh0"]) / np.linalg.norm(last[-1])
    print(f"{name}: after {T} steps back, the gradient has {share:.2f} of its size; dW is 0: {not grads['dW'].any()}")
    if b_z == -100:
        assert np.abs(grads["dh0"] - last[-1]).max() == 0 and not grads["dW"].any(), "check(gru_step_backward) first"
    else:
        assert 0.2 < share < 1 and grads["dW"].any()

# %% [markdown] sources=["S32", "S88"]
# ## Who keeps, who takes
#
# Our $z$ takes, A's $u$ keeps: that is the table of “One gate for two tasks”. Both gates are made in the same way, as
# the sigmoid of a sum. For the $z$ of step $t$ it is
#
# $$a = U_z\, x^{(t)} + W_z\, h^{(t-1)} + b_z$$
#
# So the same numbers, read in the other convention, are another network: where one remembers, the other forgets.

# %% tags=["demo"] sources=["S32"]
from course_lib import backend, init


def blended_states(x, h0, params, open_gate):
    """The states (T, B, H) of a GRU whose open gate, block 0 of the parameters, "takes" the new or "keeps" the old."""
    U, W, b = (params[name] for name in "UWb")
    h, hs = h0, []
    for x_t in x:
        gate, r = (sigmoid(x_t @ U[k].T + h @ W[k].T + b[k]) for k in (0, 1))
        g = np.tanh(x_t @ U[2].T + (r * h) @ W[2].T + b[2])
        keep = gate if open_gate == "keeps" else 1 - gate
        h = keep * h + (1 - keep) * g
        hs.append(h)
    return np.stack(hs)


def example(T=10, B=4, D=3, H=5):
    """Inputs x, first states h0 and the parameters of a network, always the same ones."""
    rng = backend.Rng(60)
    params = {name: init.uniform((3, H, size), rng, "float64") for name, size in (("U", D), ("W", H))}
    params["b"] = rng.normal((3, H), dtype="float64")
    return rng.normal((T, B, D), dtype="float64"), np.tanh(rng.normal((B, H), dtype="float64")), params


x, h0, params = example()
takes, keeps = (blended_states(x, h0, params, convention) for convention in ("takes", "keeps"))

print(f"the same numbers in both conventions: the states differ by up to {np.abs(takes - keeps).max():.1f}")
assert np.abs(takes - keeps).max() > 0.3

# %% [markdown] sources=["S32", "S88"]
# **From one to the other.** The two networks are the same if $u = 1 - z$ at every step. One identity is all it takes,
# and it is a short one: multiply above and below by $e^{a}$ in the last step.
#
# $$1 - \sigma(a) = 1 - \frac{1}{1 + e^{-a}} = \frac{e^{-a}}{1 + e^{-a}} = \frac{1}{e^{a} + 1} = \sigma(-a)
# \label{mirrored}$$
#
# So $u$ is again a sigmoid gate, that of the sum $-a$. The curve of $\sigma$ is point-symmetric around
# $(0, \tfrac12)$.

# %% tags=["demo"] sources=["S32", "S88"]
a = np.array([-4.0, -1.0, 0.0, 0.5, 3.0])
print("a       ", *(f"{value:8.1f}" for value in a))
print("1 − σ(a)", *(f"{value:8.4f}" for value in 1 - sigmoid(a)))
print("σ(−a)   ", *(f"{value:8.4f}" for value in sigmoid(-a)))
many = np.linspace(-50, 50, 100001)
assert np.abs(1 - sigmoid(many) - sigmoid(-many)).max() < 1e-15

# %% [markdown] slide="skip"
# Which of the numbers have to change, and how, so that $a$ becomes $-a$ for every input and every state? That is the
# next exercise.

# %% [markdown]
# ### Exercise 3 · Who keeps, who takes (1 point)
#
# Write `swap_convention(params)`: it makes, from the parameters of a GRU in one convention, those of the GRU in the
# other one that computes the same states.
#
# | argument | shape | |
# |:--|:--|:--|
# | `params` | dict | `"U"` (3, H, D), `"W"` (3, H, H), `"b"` (3, H) |
# | *returns* | dict | the same names and shapes, new arrays |
#
# * One convention is that of this notebook, with the parts z, r, g: $h^{(t)} = (1 - z) \odot h^{(t-1)} + z \odot g$.
# * The other one is A's, with the parts u, r, g: $h^{(t)} = u \odot h^{(t-1)} + (1 - u) \odot g$. Its gate u is
#   computed like z, as σ of a sum, from the first part of the parameters; r and g are the same in both.
#
# The function serves in both directions: twice in a row it gives back the parameters it began with. The reset is before
# the product, so there is no `b_reset`. The result is exact. All sizes can be 1. float32 arrays stay float32.
# `params` and its arrays may not change, and none of the arrays may be returned. Marked: U and W (0.5 points), b (0.2),
# all three as new arrays (0.2), float32 (0.1). `hint(swap_convention)` gives a hint.

# %% tags=["answer"] exercise="swap_convention"
def swap_convention(params):
    """The parameters {"U", "W", "b"} with which the other convention's GRU computes the same states."""
    ### BEGIN SOLUTION
    swapped = {name: value.copy() for name, value in params.items()}
    for name in "UWb":
        swapped[name][0] *= -1
    return swapped
    ### END SOLUTION

# %% tags=["check"] exercise="swap_convention" sources=["S32", "S88"]
check(swap_convention)
### BEGIN HIDDEN TESTS
earned(swap_convention)
### END HIDDEN TESTS

# %% [markdown] sources=["S32", "S88"]
# **What it is good for.** Weights travel between programs, and a convention does not travel with them. Below, your
# function moves the network from above to the other side. Then the mistake that is easily made: the weights change
# sign, the bias is forgotten. Swapping twice is no change at all.
#
# One consequence matters most: a bias that makes a GRU *remember* is negative for $z$, and **positive** for $u$ and in
# PyTorch.

# %% tags=["demo"] sources=["S32", "S88"]
x, h0, params = example()
takes = blended_states(x, h0, params, "takes")
swapped = swap_convention(params)
forgotten = swapped | {"b": params["b"]}
back = swap_convention(swapped)
right, wrong = (np.abs(blended_states(x, h0, p, "keeps") - takes).max() for p in (swapped, forgotten))

print(f"swapped: the states differ by less than 1e-12: {right < 1e-12}")
print(f"weights swapped, bias not: they differ by up to {wrong:.1f}")
print(f"swapped twice: the same numbers again: {all(np.array_equal(back[name], params[name]) for name in 'UWb')}")
assert right < 1e-12 < 0.1 < wrong and all(np.array_equal(back[name], params[name]) for name in "UWb")

# %% [markdown] sources=["S88"]
# ## Counting parameters
#
# Each gate, and the candidate, is a layer of its own: a matrix $U$ ($H \times D$), a matrix $W$ ($H \times H$) and a
# bias ($H$). With $G$ such groups a cell has
#
# $$N = G\,\big(H D + H^2 + H\big) = G H\,(D + H + 1)$$
#
# numbers to train. $G$ is 1 for the plain network, 3 for the GRU ($z$, $r$, candidate) and 4 for the LSTM ($i$, $f$,
# $o$, candidate). So the ratio is $1 : 3 : 4$, whatever $D$ and $H$ are.
#
# *What to see:* each bar is the plain network's, three or four times. For $H$ well above $D$ nearly all of it is $W$,
# as $H^2$ outgrows the rest.

# %% tags=["demo"] sources=["S88"]
from course_lib import backend, plots
from course_lib.cells import GRU, LSTM, RNN

D, H = 10, 64
counts = {}
for kind, G in ((RNN, 1), (GRU, 3), (LSTM, 4)):
    cell = kind(D, H, backend.Rng(0))
    counts[kind.__name__] = {name: array.size for name, array in cell.params.items()}
    N = sum(counts[kind.__name__].values())
    print(f"{kind.__name__:4s}: {N:5d} numbers in the arrays; by the formula {G * H * (D + H + 1):5d}")
    assert N == G * H * (D + H + 1)

plots.show(plots.parameter_bars(counts, D, H))

# %% [markdown]
# **Small print.** C's GRU has no biases; then $N = 3H(D + H)$. With the reset *after* the product, as in
# \eqref{reset-places}, there is one more vector, `b_reset`: $H$ numbers. PyTorch stores *two* biases for each group,
# one beside $U$ and one beside $W$, so it counts $G H\,(D + H + 2)$. A gate only needs their sum, and one bias would
# do. The GRU's candidate needs both: there the second one *is* `b_reset`, since $r$ multiplies it and not the first.
#
# **A fair comparison** of cells holds the parameters equal, not the units. For large $H$ the count is about $G H^2$, so
# a GRU may have more units than an LSTM: $3 H'^2 = 4 H^2$ gives $H' = \sqrt{4/3}\,H = 1.15\,H$.

# %% tags=["demo"]
after = sum(array.size for array in GRU(D, H, backend.Rng(0), reset="after").params.values())
budget = 4 * H * (D + H + 1)
units = max(h for h in range(1, 1000) if 3 * h * (D + h + 1) <= budget)
print(f"GRU, reset after: {after}; what PyTorch stores: GRU {3 * H * (D + H + 2)}, LSTM {4 * H * (D + H + 2)}")
print(f"an LSTM of {H} units has {budget} parameters; a GRU may have {units} units for them, {units / H:.2f} times")
assert after == 3 * H * (D + H + 1) + H and abs(units / H - (4 / 3) ** 0.5) < 0.02

# %% [markdown] sources=["S89"]
# ## Is a GRU an LSTM?
#
# A slide of C says so in its title, "Equivalence of LSTM and GRU". Below it stand two lists. In our letters, and with
# C's notation $[h, x]$ written out as $U x + W h$:
#
# $$\begin{aligned}
# \text{LSTM:}\quad f &= \sigma(U_f x^{(t)} + W_f h^{(t-1)} + b_f) & \qquad
# \text{GRU:}\quad z &= \sigma(U_z x^{(t)} + W_z h^{(t-1)}) \\
# i &= \sigma(U_i x^{(t)} + W_i h^{(t-1)} + b_i) & r &= \sigma(U_r x^{(t)} + W_r h^{(t-1)}) \\
# o &= \sigma(U_o x^{(t)} + W_o h^{(t-1)} + b_o) & g &= \tanh(U_g x^{(t)} + W_g (r \odot h^{(t-1)})) \\
# g &= \tanh(U_g x^{(t)} + W_g h^{(t-1)} + b_g) & h^{(t)} &= (1 - z) \odot h^{(t-1)} + z \odot g \\
# c^{(t)} &= f \odot c^{(t-1)} + i \odot g \\
# h^{(t)} &= o \odot \tanh(c^{(t)})
# \end{aligned}$$
#
# That is all. No line says which letter on the left is which on the right.

# %% [markdown] sources=["S89"]
# **What would have to be shown?** "A GRU is an LSTM" means: for *every* choice of the GRU's numbers there are numbers
# for the LSTM with which, for *every* input, it goes through the same states.
#
# The obvious attempt goes by the looks: $i$ takes the new, as $z$ does; $f$ keeps, as $1 - z$ does; $o$ is left for
# $r$. So give the LSTM these numbers (for $f$ with the sign turned, as in `swap_convention`), start both at 0, and
# compare the GRU's state with both of the LSTM's, $c$ and $h$.

# %% tags=["demo"] sources=["S89"]
from course_lib import backend, init
from course_lib.cells import GRU, LSTM

rng, T, B, D, H = backend.Rng(61), 20, 1, 3, 5
gru, lstm = GRU(D, H, backend.Rng(0), "float64"), LSTM(D, H, backend.Rng(0), "float64")
for name in "UW":
    z, r, g = numbers = 2 * init.uniform(gru.params[name].shape, rng, "float64")
    gru.params[name][...] = numbers
    lstm.params[name][...] = np.stack([z, -z, r, g])  # the LSTM's order is i, f, o, g
x = rng.normal((T, B, D), dtype="float64")

states, (hs, _, cache) = gru.forward(x)[0], lstm.forward(x)
off_c, off_h = np.abs(cache.c[1:] - states).max(), np.abs(hs - states).max()
print(f"the GRU's states are as large as {np.abs(states).max():.1f}")
print(f"an LSTM with its numbers: c is off by up to {off_c:.1f}, h by up to {off_h:.1f}")
assert off_c > 0.1 and off_h > 0.1

# %% [markdown] sources=["S89"]
# > **Erratum (C).** *Printed:* the title "Equivalence of LSTM and GRU" over two lists of formulas. *Correct:* a GRU is
# > an LSTM that meets **four conditions**; the printed LSTM meets none of them. *Why:* the lists differ in more than
# > letters. One has four groups of parameters, the other three. One carries two vectors from step to step, the other
# > one. And one of them can do what the other cannot.
#
# **An LSTM can count.** Its $f$ and $i$ can both be 1. Then $c^{(t)} = c^{(t-1)} + g$, and with $g = 1$ it counts the
# steps. A GRU that starts at 0 stays inside $(-1, 1)$, whatever its numbers are: that is \eqref{bounded}. So not
# every LSTM is a GRU. Is every GRU an LSTM, in some other way than the one just tried? The next section builds it, and
# the mended claim is run there, under “Equal”.

# %% tags=["demo"] sources=["S89"]
rng = backend.Rng(62)
counter, wild = LSTM(1, 1, rng, "float64"), GRU(1, 20, rng, "float64")
for array in counter.params.values():
    array[...] = 0
counter.params["U"][3] = 20  # the candidate is 1
counter.params["b"][:2] = 20  # i and f are open
for array in wild.params.values():
    array[...] = rng.normal(array.shape, 10, dtype="float64")
ones = np.ones((100, 1, 1))
c, h = counter.forward(ones)[2].c[:, 0, 0], wild.forward(ones)[0]

groups = {kind.__name__: len(cell.params["W"]) for kind, cell in ((LSTM, counter), (GRU, wild))}
print("groups of parameters:", groups)
print(f"c of an LSTM after 1, 10, 100 steps: {c[1]:.2f}, {c[10]:.2f}, {c[100]:.2f}")
print(f"a GRU with very large numbers, the same inputs: no |h| above 1: {np.abs(h).max() <= 1}")
assert abs(c[100] - 100) < 0.01 and np.abs(h).max() <= 1 and groups == {"LSTM": 4, "GRU": 3}

# %% [markdown] sources=["S89"]
# ## Four conditions
#
# Now the other way round: start from the GRU, and find out what an LSTM must be like to be this GRU. We go from line to
# line and ask each time what has to be equal.
#
# **Which state is which?** The LSTM has two, and one must play the GRU's $h$. A GRU's state is carried over: the new
# one is a share of the old one plus something. In an LSTM this is true of the memory $c$. Its $h$ is made afresh from
# $c$ at each step. So
#
# $$c^{(t)}_{\text{LSTM}} = h^{(t)}_{\text{GRU}}$$
#
# From here on we call the GRU's state $c$, so that both sides have the same letter. The LSTM's $h$ is still free.
#
# To see it: keep everything, take in nothing. The GRU's state stays, the LSTM's $c$ stays, its $h$ does not.

# %% tags=["demo"] sources=["S89"]
from course_lib import backend
from course_lib.cells import GRU, LSTM

rng = backend.Rng(67)
gru, lstm = GRU(3, 5, rng, "float64"), LSTM(3, 5, rng, "float64")
gru.params["b"][0] = -50  # z is shut
lstm.params["b"][:2] = [[-50], [50]]  # i is shut, f is open
x, start = rng.normal((20, 1, 3), dtype="float64"), rng.uniform(-1, 1, (1, 5), "float64")
states, (hs, _, cache) = gru.forward(x, start)[0], lstm.forward(x, (np.zeros((1, 5)), start))
moved = [np.abs(values - values[0]).max() for values in (states, cache.c, hs)]
print("20 steps; moved: the GRU's state {:.1f}, the LSTM's c {:.1f}, its h {:.1f}".format(*moved))
assert max(moved[:2]) < 1e-12 < 0.1 < moved[2]

# %% [markdown] sources=["S89"]
# **Condition 1, coupled gates.** Compare the two updates:
#
# $$\text{LSTM: } c^{(t)} = f \odot c^{(t-1)} + i \odot g \qquad\qquad
# \text{GRU: } c^{(t)} = (1 - z) \odot c^{(t-1)} + z \odot g$$
#
# They agree for all $c^{(t-1)}$ and $g$ exactly if $f = 1 - z$ and $i = z$, that is
#
# $$i = 1 - f$$
#
# The LSTM loses its input gate, as in \eqref{coupled-gates}. ($f$ is a gate, by \eqref{mirrored}: with the parameters
# of $z$ negated.) Without this, $f$ and $i$ can both be open, and the memory can count.

# %% tags=["demo"] sources=["S89"]
from course_lib import backend

rng = backend.Rng(63)
c_before, g, a_z = rng.uniform(-1, 1, (4, 5), "float64"), *(rng.normal((4, 5), dtype="float64") for _ in range(2))
g, z = np.tanh(g), sigmoid(a_z)
f = sigmoid(-a_z)
apart = np.abs(f * c_before + (1 - f) * g - ((1 - z) * c_before + z * g)).max()
print("the two updates differ by less than 1e-12:", apart < 1e-12)
assert apart < 1e-12

# %% [markdown] sources=["S89"]
# **Condition 2, the gates see the memory.** The GRU's gates are made from $x^{(t)}$ and the old state. The LSTM's see
# $h^{(t-1)}$, which is not the memory but what was let out of it. Compare, for $f = 1 - z$:
#
# $$\text{LSTM: } f = \sigma\big(U_f x^{(t)} + W_f h^{(t-1)} + b_f\big) \qquad
# \text{GRU: } 1 - z = \sigma\big({-U_z} x^{(t)} - W_z c^{(t-1)} - b_z\big)$$
#
# So every gate must see $c^{(t-1)}$ in place of $h^{(t-1)}$. This is the peephole, \eqref{peepholes}. It must
# be the *full* one, a matrix, as C prints it: $W_z$ mixes the units. A diagonal one, where each unit sees its own
# memory only, is not enough.

# %% tags=["demo"] sources=["S89"]
from course_lib import backend
from course_lib.cells import LSTM

cell = LSTM(3, 5, backend.Rng(64), "float64")
x = backend.Rng(65).normal((20, 1, 3), dtype="float64")
hs, _, cache = cell.forward(x)
print(f"an ordinary LSTM, 20 steps: |c| up to {np.abs(cache.c).max():.1f}, |h| up to {np.abs(hs).max():.1f}")
W_f = cell.params["W"][1]
full, own = cache.c[1:] @ W_f.T, cache.c[1:] * np.diag(W_f)
print(f"what a gate gets of c, through the matrix and through its diagonal: {np.abs(full - own).max():.1f} apart")
assert np.abs(hs).max() < np.abs(cache.c).max() and np.abs(full - own).max() > 0.05

# %% [markdown] sources=["S89"]
# **Condition 3, nothing squashed.** The candidates:
#
# $$\begin{aligned}
# \text{LSTM: } g &= \tanh\big(U_g x^{(t)} + W_g\, h^{(t-1)} + b_g\big), \qquad
# h^{(t-1)} = o^{(t-1)} \odot \tanh(c^{(t-1)}) \\
# \text{GRU: } g &= \tanh\big(U_g x^{(t)} + W_g\, (r^{(t)} \odot c^{(t-1)}) + b_g\big)
# \end{aligned}$$
#
# In the same place stand the LSTM's output $h^{(t-1)}$ and the GRU's reset memory $r^{(t)} \odot c^{(t-1)}$. That is
# the key to the whole: **the reset gate is an output gate**. It decides what the rest of the cell gets to see of the
# memory. For equality the tanh must go, $h^{(t-1)} = o^{(t-1)} \odot c^{(t-1)}$, and $o$ must be $r$; at which time is
# the next question.
#
# How much does the tanh change? Little for a small memory, as $\tanh c = c - \tfrac13 c^3 + \dots$; at $c = 1$, a
# quarter.

# %% tags=["demo"] sources=["S89"]
for c in (0.1, 0.3, 1.0):
    print(f"c = {c}: c − tanh c = {c - np.tanh(c):.4f}, c³/3 = {c**3 / 3:.4f}")
assert abs(1 - np.tanh(1) - 0.238) < 1e-3 and abs((0.1 - np.tanh(0.1)) / (0.1**3 / 3) - 1) < 0.01

# %% [markdown] sources=["S89"]
# **Condition 4, read one step later.** The candidate of step $t$ now sees $o^{(t-1)} \odot c^{(t-1)}$ in the LSTM,
# $r^{(t)} \odot c^{(t-1)}$ in the GRU. It is the same memory. How are the two gates made? An LSTM makes its output gate
# *last*. So its peephole looks at the memory that this very step has made (C prints it so; notebook 04, "Variants"):
#
# $$\begin{aligned}
# \text{LSTM: } o^{(t-1)} &= \sigma\big(U_r\, x^{(t-1)} + W_r\, c^{(t-1)} + b_r\big) \\
# \text{GRU: } r^{(t)} &= \sigma\big(U_r\, x^{(t)} + W_r\, c^{(t-1)} + b_r\big)
# \end{aligned}$$
#
# Here, too, the memory is the same. **Only the input differs**: $o^{(t-1)}$ cannot know $x^{(t)}$. So the gate has to
# wait until the next input is there, and open *then*.

# %% tags=["demo"] sources=["S89"]
from course_lib import backend
from course_lib.cells import LSTM

rng, T = backend.Rng(78), 20
cell = LSTM(3, 5, rng, "float64", coupled=True, peephole="full", output="identity")  # f, o, g; conditions 1 to 3
cell.params["W"][:2] = 0  # the gates see the memory only, through P
for name in "UP":
    cell.params[name] *= 2
cell.params["b"][...] = rng.normal((3, 5), dtype="float64")
x = rng.normal((T, 1, 3), dtype="float64")
hs, _, cache = cell.forward(x)


def o_gate(x_t, c):
    return sigmoid(x_t @ cell.params["U"][1].T + c @ cell.params["P"][1].T + cell.params["b"][1])


seen, memory = hs[T - 2], cache.c[T - 1]  # of step T − 1: what the candidate of step T sees, and c(T−1)
for name, x_t in (("x(T−1)", x[T - 2]), ("x(T)", x[T - 1])):
    apart = np.abs(o_gate(x_t, memory) * memory - seen).max()
    print(f"a gate of {name:6} and c(T−1), times c(T−1): {apart:.2f} from what the LSTM's candidate of step T sees")
    assert apart < 1e-12 if name == "x(T−1)" else apart > 0.05

# %% [markdown] slide="subslide" sources=["S89"]
# **The same gate under a new number.** A gate that waits for $x^{(t)}$ belongs to step $t$. We count it so, and with it
# the output:
#
# $$o^{(t)} = \sigma\big(U_r x^{(t)} + W_r c^{(t-1)} + b_r\big), \qquad h^{(t)} = o^{(t)} \odot c^{(t-1)}$$
#
# Both are made at the *beginning* of step $t$, and the candidate of the same step sees $h^{(t)}$.
#
# **To drop the delay** means to have the ordinary LSTM's gate in this place. In these two lines it changes one thing:
# $x^{(t-1)}$ takes the place of $x^{(t)}$. The gate still sees $c^{(t-1)}$. It is *not* the value that the line gave
# one step earlier: that one had seen $c^{(t-2)}$.

# %% tags=["demo"] sources=["S89"]
o, earlier = o_gate(x[T - 1], cache.c[T - 1]), o_gate(x[T - 2], cache.c[T - 2])  # by the line, in steps T and T − 1
dropped = o_gate(x[T - 2], cache.c[T - 1])
for name, gate in (("o(T), with x(T) and c(T−1)", o), ("no delay: x(T−1), c(T−1)", dropped), ("o(T−1)", earlier)):
    lets_out = np.allclose(gate * cache.c[T - 1], hs[T - 2])
    print(f"{name:27}", gate[0].round(2), " gives the ordinary LSTM's h:", lets_out)
    assert lets_out == (gate is dropped)

# %% [markdown] slide="subslide" sources=["S89"]
# *What to see:* both cells do the same things in the same order. They differ in where a step begins. A GRU reads first,
# an LSTM last. All of a step sees one input, so of two neighbours read and candidate, the GRU's see the *same* input
# and the LSTM's see two.

# %% tags=["demo"]
from course_lib import plots

plots.show(plots.step_cuts())

# %% [markdown] sources=["S89"]
# All of it in one table. On the left a GRU with its own letters, on the right the LSTM that is this GRU.
#
# | GRU | LSTM | condition |
# |:--|:--|:--|
# | state $h^{(t)}$ | memory $c^{(t)}$ | |
# | $1 - z$ | forget gate $f$: the parameters of $z$, negated | |
# | $z$ | input gate $i = 1 - f$ | 1 coupled |
# | $z, r$ see $h^{(t-1)}$ | gates see $c^{(t-1)}$, not $h^{(t-1)}$ | 2 full peephole |
# | $r^{(t)} \odot h^{(t-1)}$ | output $h^{(t)} = o^{(t)} \odot c^{(t-1)}$, no tanh | 3 identity |
# | $r^{(t)}$ sees $x^{(t)}$ | $o^{(t)}$ sees $x^{(t)}$, not $x^{(t-1)}$ | 4 delay |
# | candidate $g$ | candidate $g$, sees $h^{(t)}$ | |

# %% [markdown]
# ### Exercise 4 · An LSTM that is a GRU (3 points)
#
# Write `lstm_as_gru(x, c0, params, without=None)`: an LSTM over a sequence, with all four conditions or without one of
# them.
#
# | argument | shape | |
# |:--|:--|:--|
# | `x` | (T, B, D) | the inputs |
# | `c0` | (B, H) | the memories before the first step |
# | `params` | dict | `"U"` (4, H, D), `"W"` (4, H, H), `"b"` (4, H): the parts z, r, g of a GRU, and a fourth one, i |
# | `without` | text or None | the condition that does not hold: `"coupled"`, `"peephole"`, `"identity"`, `"delay"` |
# | *returns* `cs` | (T, B, H) | the memories $c^{(1)}, \dots, c^{(T)}$; `c0` is not among them |
# | *returns* `hs` | (T, B, H) | the outputs $h$ that the steps compute, in the same order |
#
# Each step does the following, in this order:
#
# | | in each step | without it |
# |:--|:--|:--|
# | **peephole** | the gates see $s = c^{(t-1)}$ | they see the output $h$ of the step before, zeros before the first |
# | **coupled** | $f = 1 - \sigma(U_z x^{(t)} + W_z s + b_z)$ and $i = 1 - f$ | f is the same, $i = \sigma(U_i x^{(t)} + W_i s + b_i)$ |
# | **delay** | $o = \sigma(U_r x^{(t)} + W_r s + b_r)$ | $x^{(t-1)}$ takes the place of $x^{(t)}$ in o only, zeros before the first |
# | **identity** | $h = o \odot c^{(t-1)}$ | $h = o \odot \tanh c^{(t-1)}$ |
# | | $g = \tanh(U_g x^{(t)} + W_g h + b_g)$ and $c^{(t)} = f \odot c^{(t-1)} + i \odot g$ | |
#
# With `without=None` the memories are the states of the GRU that has the first three parts, its reset before the
# product. The fourth part is always there, and it is used only without "coupled".
#
# *Without "delay"* only the input of $o$ is late: each step computes $o$ anew, from the same $s$ as $f$, but with
# $x^{(t-1)}$. To take over the $o$ that the step before has computed is something else: that one saw an older $s$, too.
#
# Return the pair `cs, hs`. The results are exact up to rounding. All sizes can be 1. float32 inputs give float32
# results. Do not change the inputs. Marked: the memories with all four conditions (0.75 points), the outputs (0.25),
# both without each of the four (0.4 each), $T = 1$ (0.2), float32 (0.2). `hint(lstm_as_gru)` gives a hint.

# %% tags=["answer"] exercise="lstm_as_gru"
def lstm_as_gru(x, c0, params, without=None):
    """The memories cs (T, B, H) and outputs hs (T, B, H) of the LSTM that is a GRU, or that lacks one condition."""
    ### BEGIN SOLUTION
    U, W, b = (params[name] for name in "UWb")

    def gate(k, x_t, s):
        return sigmoid(x_t @ U[k].T + s @ W[k].T + b[k])

    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - gate(0, x_t, s)
        i = gate(3, x_t, s) if without == "coupled" else 1 - f
        o = gate(1, x_prev if without == "delay" else x_t, s)
        h = o * (np.tanh(c) if without == "identity" else c)
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)
    ### END SOLUTION

# %% tags=["check"] exercise="lstm_as_gru" sources=["S89"]
check(lstm_as_gru)
### BEGIN HIDDEN TESTS
earned(lstm_as_gru)
### END HIDDEN TESTS

# %% [markdown] sources=["S89"]
# **Equal.** Eight networks of different sizes, each with numbers of its own, with biases and a first state that are not
# 0: the GRU of `course_lib.cells` on one side, your LSTM on the other. Nothing is trained and nothing is fitted. What
# difference there is comes from rounding, since the two compute the same thing in another order. (Here and in the
# figure below each cell has its own letters again: $c$ is the LSTM's memory, $h$ the GRU's state.)

# %% tags=["demo"] sources=["S89"]
from course_lib import backend, init
from course_lib.cells import GRU


def both(seed, T, D, H, B=1, first=0.0):  # first: the size of c0 and of the biases
    """A GRU and its inputs: x, c0, the parameters of `lstm_as_gru`, and the GRU's states."""
    rng = backend.Rng(seed)
    U, W = (2 * init.uniform((4, H, size), rng, "float64") for size in (D, H))
    x, c0 = rng.normal((T, B, D), dtype="float64"), first * np.tanh(rng.normal((B, H), dtype="float64"))
    params = {"U": U, "W": W, "b": first * rng.normal((4, H), dtype="float64")}
    gru = GRU(D, H, backend.Rng(0), "float64")
    gru.params = {name: array[:3].copy() for name, array in params.items()}
    return x, c0, params, gru.forward(x, c0)[0]


sizes = [(1, 1, 1), (1, 8, 2), (3, 5, 4), (4, 3, 1), (5, 5, 5), (2, 16, 3), (10, 32, 2), (7, 64, 1)]
worst = 0
for seed, (D, H, B) in enumerate(sizes):
    x, c0, params, states = both(seed, 50, D, H, B, first=1.0)
    worst = max(worst, np.abs(lstm_as_gru(x, c0, params)[0] - states).max())

print(f"{len(sizes)} networks, 50 steps each: largest |c − h| below 1e-12: {worst < 1e-12}")
assert worst < 1e-12

# %% [markdown] sources=["S89"]
# **Each condition is needed.** Take them away, one at a time; the other three stay. The setting: $D = 3$, $H = 5$,
# uniform weights times 2, biases 0, random inputs, 10 steps from a state of 0. Without coupling, the input gate has
# random weights of its own. The first column is one network, the second one the middle (the median) of 30.
#
# None of the gaps is rounding. Their size depends on the setting. Squashing costs least: the memory is small, and tanh
# is nearly the identity there. An input gate of its own costs most here.

# %% tags=["demo"] sources=["S89"]
conditions = ("coupled", "peephole", "identity", "delay")


def gap(seed, without):
    x, c0, params, states = both(seed, 10, 3, 5)
    return np.abs(lstm_as_gru(x, c0, params, without)[0] - states).max()


gaps = {name: [gap(seed, name) for seed in range(30)] for name in conditions}
print("largest |c − h| in 10 steps   one network   median of 30")
for name, values in gaps.items():
    print(f"without {name:9s}             {values[0]:8.2f} {np.median(values):13.2f}")
    assert min(values) > 1e-3
assert max(gap(seed, None) for seed in range(30)) < 1e-12

# %% [markdown] slide="-" sources=["S89"]
# *What to see:* at the bottom the exact mapping: rounding, from the first step to the last, and it does not grow. More
# than ten powers of ten above it the four others. Three of them still agree at $t = 1$: these conditions are about how
# the memory is *seen*, and before the first step it is 0. From the second step on they are off, and stay so.

# %% tags=["demo"] sources=["S89"]
from course_lib import plots

x, c0, params, states = both(0, 40, 3, 5)
lines = {"all four conditions": None} | {f"without {name}": name for name in conditions}
lines = {label: np.abs(lstm_as_gru(x, c0, params, name)[0] - states).max(axis=(1, 2)) for label, name in lines.items()}
plots.show(plots.state_gaps(lines, np.finfo(float).eps))
assert all(lines[f"without {name}"][0] < 1e-12 for name in conditions[1:])
assert lines["all four conditions"].max() < 1e-12 and all(lines[f"without {name}"].max() > 1e-3 for name in conditions)

# %% [markdown] sources=["S89"]
# **With a real LSTM.** Three of the conditions are options of the LSTM in `course_lib.cells`: `coupled=True`,
# `peephole="full"` and `output="identity"`. Its gates get the peephole $P c$ *beside* $W h$, so set their $W$ to 0 and
# give the GRU's matrices to $P$. (Its steps are cut as in the lower row of the figure above: its $o^{(t)}$ looks at the
# new memory $c^{(t)}$.) What it lacks is the delay: it is `without="delay"` of the exercise.
#
# And there is a way to supply it, too. The gate has to know the next input. So give the LSTM *two* inputs in each step,
# $x^{(t)}$ and $x^{(t+1)}$, and let only the output gate look at the second. Then it is the GRU.

# %% tags=["demo"] sources=["S89"]
from course_lib.cells import LSTM


def library_lstm(x, c0, params, look_ahead):
    """The memories of an LSTM with three options; its output gate sees x(t+1) or, as usual, x(t)."""
    (U_z, U_r, U_g), (W_z, W_r, W_g), (b_z, b_r, b_g) = (params[name][:3] for name in "UWb")
    none, zero = np.zeros_like(U_z), np.zeros_like(W_z)
    cell = LSTM(2 * x.shape[2], len(W_z), backend.Rng(0), "float64", coupled=True, peephole="full", output="identity")
    cell.params = {  # f, o, g; each U has a part for x(t) and one for x(t+1)
        "U": np.stack([np.hstack(U) for U in ((-U_z, none), (none, U_r) if look_ahead else (U_r, none), (U_g, none))]),
        "W": np.stack([zero, zero, W_g]),
        "P": np.stack([-W_z, W_r]),
        "b": np.stack([-b_z, b_r, b_g]),
    }
    pairs = np.concatenate([x, np.concatenate([x[1:], np.zeros_like(x[:1])])], axis=2)
    seen = x[0] if look_ahead else np.zeros_like(x[0])  # by the gate that reads c0, before the first step
    h0 = sigmoid(seen @ U_r.T + c0 @ W_r.T + b_r) * c0
    return cell.forward(pairs, (h0, c0))[2].c[1:]


x, c0, params, states = both(1, 40, 3, 5, B=4, first=1.0)
usual, ahead = (library_lstm(x, c0, params, look_ahead) for look_ahead in (False, True))
undelayed = lstm_as_gru(x, c0, params, "delay")[0]
print(f"as usual:     off the GRU by up to {np.abs(usual - states).max():.1f}", end="; ")
print(f"off your LSTM without delay by less than 1e-12: {np.abs(usual - undelayed).max() < 1e-12}")
print(f"looking ahead: off the GRU by less than 1e-12: {np.abs(ahead - states).max() < 1e-12}")
assert np.abs(usual - undelayed).max() < 1e-12 and np.abs(ahead - states).max() < 1e-12
assert np.abs(usual - states).max() > 0.01

# %% [markdown] sources=["S89"]
# **And back?** The table can be read from right to left. Every LSTM that meets the four conditions is a GRU: $z$ has
# the parameters of $f$, negated, and $r$ those of $o$. So the equality goes both ways, between GRUs and *these* LSTMs.
#
# Take an LSTM with the four conditions and any numbers, and make a GRU of them. `swap_convention` does what is needed:
# an LSTM's $f$ keeps, as A's $u$ does.

# %% tags=["demo"] sources=["S89"]
rng, D, H = backend.Rng(69), 3, 5
f_o_g = {name: 2 * init.uniform((3, H, size), rng, "float64") for name, size in (("U", D), ("W", H))}
f_o_g["b"] = rng.normal((3, H), dtype="float64")  # of an LSTM: each array has the parts f, o, g, in this order
x, c0 = rng.normal((40, 1, D), dtype="float64"), np.tanh(rng.normal((1, H), dtype="float64"))
U, W, b = (f_o_g[name] for name in "UWb")
c, memories = c0, []
for x_t in x:
    f, o = (sigmoid(x_t @ U[k].T + c @ W[k].T + b[k]) for k in (0, 1))
    g = np.tanh(x_t @ U[2].T + (o * c) @ W[2].T + b[2])
    c = f * c + (1 - f) * g
    memories.append(c)

gru = GRU(D, H, backend.Rng(0), "float64")
gru.params = swap_convention(f_o_g)
back = np.abs(gru.forward(x, c0)[0] - np.stack(memories)).max()
print(f"an LSTM with the four conditions, read as a GRU: the states differ by less than 1e-12: {back < 1e-12}")
assert back < 1e-12

# %% [markdown] sources=["S89"]
# **What it does not say.** An ordinary LSTM meets none of the conditions. Is a GRU perhaps an ordinary LSTM with
# *other* numbers? The gaps above do not exclude it. But look at the candidate, with the GRU's state as the memory. In
# the GRU the input is *multiplied* with the memory; in an LSTM the two are only *added*:
#
# $$\text{GRU: } U_g x^{(t)} + W_g\big(r(x^{(t)}, c^{(t-1)}) \odot c^{(t-1)}\big) + b_g \qquad
# \text{LSTM: } U_g x^{(t)} + W_g h^{(t-1)} + b_g$$
#
# In a sum, what another past changes is the same for every input $x^{(t)}$. In the GRU it is not, as soon as the input
# moves an $r$ that $W_g$ looks at. So no numbers make these two candidates equal. (A complete proof would also have to
# exclude that $f$ and $i$ make up for it; it is left out here.) The two cells are relatives, built of the same parts.
# Which of them learns a task better does not follow from this.

# %% tags=["demo"] sources=["S89"]
x, c0, params, _ = both(2, 40, 3, 5, first=1.0)
(_, U_r, U_g), (_, W_r, W_g), (_, b_r, b_g) = (params[name][:3] for name in "UWb")
memory = c0, -c0  # two memories
o = 0.5  # of the step before: it does not know x(t)
effect = {"GRU": [], "LSTM": []}
for x_t in x[:3]:
    gru_sees = [sigmoid(x_t @ U_r.T + c @ W_r.T + b_r) * c for c in memory]
    lstm_sees = [o * np.tanh(c) for c in memory]
    for name, (one, other) in (("GRU", gru_sees), ("LSTM", lstm_sees)):
        sums = [x_t @ U_g.T + seen @ W_g.T + b_g for seen in (one, other)]
        effect[name].append((sums[0] - sums[1])[0, 0])

for name, values in effect.items():
    print(f"{name:4s}: another memory changes the sum of unit 1, at three inputs, by", np.round(values, 2))
assert np.ptp(effect["LSTM"]) < 1e-12 and np.ptp(effect["GRU"]) > 0.05

# %% [markdown] sources=["S88"]
# ## Gradient flow and the update bias
#
# A GRU is said to carry gradients far. Does it, as it is first drawn? One of the four paths from $h^{(t)}$ back to
# $h^{(t-1)}$ is direct, the first term of \eqref{four-paths}: it multiplies by $1 - z$, unit by unit. If the bias $b_z$
# is what decides, then $1 - z \approx \sigma(-b_z)$ at every step, and after $k$ steps there is left on this path
#
# $$\sigma(-b_z)^k, \qquad \text{half of it after}\quad k_{1/2} = \frac{\ln 2}{-\ln \sigma(-b_z)}\ \text{ steps}
# \label{direct-path}$$
#
# (from $\sigma(-b_z)^k = \tfrac12$, by taking logarithms). With $b_z = 0$ the gate stands at $\tfrac12$, and half is
# lost at *every* step.

# %% tags=["demo"] sources=["S88"]
for bias in (0, -1, -2, -3, -5):
    keep = sigmoid(-bias)
    half = np.log(2) / -np.log(keep)
    print(f"b_z = {bias:2d}: 1 − z = {keep:.3f}, half-life {half:5.1f} steps, left after 99 steps {keep**99:.0e}")
    assert np.isclose(keep**half, 0.5)

# %% [markdown]
# **One span for each unit.** A task seldom has a single time scale. The *chrono* start, \eqref{chrono} (Tallec
# and Ollivier, 2018), draws for each unit a number $s$, evenly between 1 and $t_{\max} - 1$. (There it was called $u$, which here is A's gate.) For a GRU it sets
#
# $$b_z = -\ln s \qquad\Longrightarrow\qquad 1 - z \approx \sigma(\ln s) = \frac{1}{1 + e^{-\ln s}} = \frac{s}{s + 1}
# {} = 1 - \frac{1}{s + 1} \label{gru-chrono}$$
#
# Of what a unit holds, the share $\frac{1}{s + 1}$ goes at each step. So it forgets in about $s + 1$ steps, some units
# in 2, others in $t_{\max}$.

# %% tags=["demo"]
from course_lib import backend, init

b_z, minus = init.chrono(64, 100, backend.Rng(66), "float64")
spans = 1 / sigmoid(b_z)  # 1 / z: about so many steps
s = np.exp(-b_z)
print("spans of the first six units:", spans[:6].round(0).astype(int))
print(f"64 units: shortest {spans.min():.0f}, longest {spans.max():.0f} steps")
assert np.allclose(1 - sigmoid(b_z), s / (s + 1)) and np.allclose(spans, s + 1) and np.array_equal(minus, -b_z)
assert spans.min() >= 2 and spans.max() <= 100

# %% [markdown] sources=["S88"]
# **Measured, all paths together.** A GRU of 64 units reads 100 random inputs; a gradient enters at $h^{(100)}$ only and
# is taken back step by step, as in notebook 03 ("Remedies"). Only the bias of $z$ differs.
#
# With the usual 0 the GRU is *no better than the plain network*. At $-3$ some two per cent arrive. The direct path
# alone would leave 8e-3 there, by \eqref{direct-path}: the same order of magnitude. At 0 it would leave 2e-30. The
# other three paths bring nine powers of ten more, and that is still nothing. The sign counts: $+3$, which says "keep"
# in the other convention, is a catastrophe here.

# %% tags=["demo"] sources=["S88"]
from course_lib import backend, init
from course_lib.cells import GRU, RNN

T, B, D, H = 100, 20, 10, 64
rng = backend.Rng(41)
x, d_last = rng.normal((T, B, D), dtype="float64"), rng.normal((B, H), dtype="float64")


def flow_back(cell):
    """‖dL/dh(t)‖ / ‖dL/dh(T)‖ for t = 1, …, T, for a loss of the last state."""
    cell.params["U"] *= np.sqrt(D / H)  # uniform of size 1/√H, as in notebook 03
    h, caches, back, sizes = None, [], d_last, []
    for t in range(T):
        _, h, cache = cell.forward(x[t : t + 1], h)
        caches.append(cache)
    for cache in caches[::-1]:
        sizes.append(np.linalg.norm(back))
        _, back, _ = cell.backward(np.zeros((1, B, H)), cache, back)
    return np.array(sizes[::-1]) / sizes[0]


def gru_flow(bias):
    cell = GRU(D, H, backend.Rng(50), "float64")
    cell.params["b"][cell.gates.index("z")] = bias
    return flow_back(cell)


flows = {f"GRU, bias {bias}".replace("-", "−"): gru_flow(bias) for bias in (0, -1, -3)}
flows["GRU, chrono"] = gru_flow(init.chrono(H, T, backend.Rng(66), "float64")[0])
plain = flow_back(RNN(D, H, backend.Rng(50), "float64"))
other_sign = gru_flow(3)[0]
for name, line in (flows | {"plain network": plain}).items():
    print(f"{name:14s}: ‖dL/dh(1)‖ / ‖dL/dh(100)‖ = {line[0]:.0e}")
print(f"GRU, bias +3 : below 1e-40: {other_sign < 1e-40}")
ends = [line[0] for line in flows.values()]
assert ends[0] < 1e-15 and 1e-12 < ends[1] < 1e-6 and 1e-3 < ends[2] < 0.1 < ends[3] < 1 and other_sign < 1e-40

# %% [markdown] slide="-"
# *What to see:* straight lines, so nearly the same factor at each step. The line of bias 0 lies beside that of the
# plain network. The more the gate keeps at first, the flatter the line.

# %% tags=["demo"]
from course_lib import plots

ylabel = r"$\Vert dL/dh^{(t)} \Vert\;/\;\Vert dL/dh^{(100)} \Vert$"
plots.show(plots.over_time(flows, {"plain network": plain}, ylabel))

# %% [markdown]
# **Does it matter?** The task of notebook 03 ("Remedies"): in 60 symbols, nearly all of them noise, two count, one in
# steps 7 to 12 and one in steps 31 to 36. Each is X or Y. Which of the four pairs was it? A guess is wrong in 75 % of
# the cases. The same GRU of 32 units, the same data, the same Adam. The only difference is the first value of $b_z$. It
# decides whether anything is learned in 240 iterations.

# %% tags=["demo"]
from course_lib import backend, functions, optim
from course_lib.cells import GRU, Output


def temporal_order(T, B, rng):
    """Symbols (T, B): X = 0, Y = 1, noise 2 to 5; and the class (1, B): 0 to 3 for XX, XY, YX, YY."""
    x, pair = rng.integers(2, 6, (T, B)), rng.integers(0, 2, (2, B))
    x[rng.integers(T // 10, T // 5, B), np.arange(B)] = pair[0]
    x[rng.integers(T // 2, 6 * T // 10, B), np.arange(B)] = pair[1]
    return x, 2 * pair[:1] + pair[1:]


def learn(bias, seed, iterations=240, T=60, B=20, H=32):
    """The error in the first and in the last 20 iterations, each on new sequences."""
    rng = backend.Rng(seed)
    cell, output = GRU(6, H, rng), Output(H, 4, rng)
    cell.params["U"] *= np.sqrt(6 / H)
    cell.params["b"][cell.gates.index("z")] = bias
    rule, errors = optim.Adam(cell.params | output.params, lr=3e-3), []
    for _ in range(iterations):
        symbols, y = temporal_order(T, B, rng)
        hs, _, cell_cache = cell.forward(symbols)
        o, output_cache = output.forward(hs[-1:])
        d_h, grads = output.backward(functions.dcross_entropy(o, y), output_cache)
        dhs = np.zeros_like(hs)
        dhs[-1:] = d_h
        grads |= cell.backward(dhs, cell_cache)[2]
        optim.clip_by_norm(grads, 1.0)
        rule.step(grads)
        errors.append((o.argmax(axis=-1) != y).mean())
    return np.mean(errors[:20]), np.mean(errors[-20:])


runs = {bias: [learn(bias, seed) for seed in range(3)] for bias in (0, -3)}
stuck, learned = (end > 0.65 for _, end in runs[0]), (end < 0.25 for _, end in runs[-3])
print(f"b_z =  0: error above 65 % at the end of 240 iterations in {sum(stuck)} of 3 runs")
print(f"b_z = −3: error below 25 % at the end of 240 iterations in {sum(learned)} of 3 runs")
assert all(end > 0.65 for _, end in runs[0]) and all(end < 0.25 for _, end in runs[-3])
assert all(start > 0.65 for found in runs.values() for start, _ in found)

# %% [markdown]
# ## Gates on a real sequence
#
# The sunspots of notebook 04: waves of about eleven years, no two alike. A cell of 8 units reads one year after another
# and says the number of the next. As there, it is trained on the years up to 1907 (at most 300 steps of Adam), the
# years 1908 to 1957 say when to stop, and those from 1958 on are the test.
#
# Four starts of each kind, and two rules to compare with: "the same as this year", and a linear formula of the last
# nine years (nine weights and a constant, by least squares).

# %% tags=["demo"]
from course_lib import backend, data, optim
from course_lib.cells import GRU, LSTM, RNN, Output
from course_lib.training import loss_and_gradients

years, numbers = data.sunspots()
x, y = numbers[:-1, None, None] / 100, numbers[1:, None, None] / 100
training, validation, test = years[1:] < 1908, (years[1:] >= 1908) & (years[1:] < 1958), years[1:] >= 1958
n = training.sum()


def rmse(said, part):
    """The root of the mean squared error in some years, in sunspots."""
    return 100 * np.sqrt(np.mean((said - y)[part] ** 2))


def fit(kind, seed):
    """A cell and its output layer, as they were when they were best in the validation years."""
    rng = backend.Rng(seed)
    cell, output = kind(1, 8, rng, "float64"), Output(8, 1, rng, "float64")
    if kind is LSTM:
        cell.params["b"][1] = 1  # its usual forget bias, as in notebook 04
    params = cell.params | output.params
    rule, best = optim.Adam(params, lr=1e-2), np.inf
    for k in range(301):
        if k % 20 == 0:
            score = rmse(output.forward(cell.forward(x)[0])[0], validation)
            if score < best:
                best, kept = score, {name: p.copy() for name, p in params.items()}
        rule.step(loss_and_gradients(cell, output, x[:n], y[:n], loss="squared_error")[1])
    for name, p in params.items():
        p[...] = kept[name]
    return cell, output


trained = {kind.__name__: [fit(kind, seed) for seed in range(4)] for kind in (RNN, GRU, LSTM)}
past = np.stack([x[8 - k : len(x) - k, 0, 0] for k in range(9)] + [np.ones(len(x) - 8)], axis=1)
weights = np.linalg.lstsq(past[: n - 8], y[8:n, 0, 0], rcond=None)[0]
linear = np.concatenate([np.zeros(8), past @ weights])[:, None, None]

print(f"error in {test.sum()} test years: same as this year {rmse(x, test):.0f}", end="; ")
print(f"nine years, linear {rmse(linear, test):.0f}")
for name, cells in trained.items():
    errors = [rmse(output.forward(cell.forward(x)[0])[0], test) for cell, output in cells]
    size = sum(p.size for p in cells[0][0].params.values())
    print(f"{name:4s}: {size} parameters in the cell, error of the four starts", *(f"{error:.0f}" for error in errors))
    assert min(errors) > 14 and max(errors) < 24 < rmse(x, test)

# %% [markdown] slide="-"
# All are far better than "the same as this year". On average the LSTM is ahead of the GRU by one or two sunspots, with a
# third more parameters; two starts of one kind differ by as much. And ten numbers in a linear formula do as well. This
# series does not ask for a long memory.

# %% [markdown]
# **The finest of 32 gates.** As in notebook 04, the question first: which of the $4 \times 8$ update gates follows the
# number of sunspots best, in the training years? Here it is, over all years.
#
# *What to see:* the gate $z$ moves as if it were tied to the sunspots: the more there are, the less it is open. At high
# maxima it is nearly shut; at the weak ones of 1804 and 1816 it stays open by a quarter, at the minima by 0.4. The
# reset gate does the opposite. A story comes to mind: "at a maximum, this unit protects its memory".

# %% tags=["demo"]
from course_lib import plots


def over_years(cell, held=None):
    """States (T, 8) and gates z, r (T, 2, 8) over all years; held = (gate, unit, value) holds one gate still."""
    U, W, b = (cell.params[name] for name in "UWb")
    h, hs, gates = np.zeros((1, 8)), [], []
    for x_t in x:
        zr = np.stack([sigmoid(x_t @ U[k].T + h @ W[k].T + b[k]) for k in (0, 1)])
        if held:
            gate, unit, value = held
            zr[gate, :, unit] = value
        z, r = zr
        h = (1 - z) * h + z * np.tanh(x_t @ U[2].T + (r * h) @ W[2].T + b[2])
        hs.append(h[0])
        gates.append(zr[:, 0])
    return np.stack(hs), np.stack(gates)


def follow(gates, part):
    """The correlation (2, 8) of each gate with the sunspots of the same year."""
    seen = x[part, 0, 0]
    return np.array([[np.corrcoef(line[part], seen)[0, 1] for line in gate] for gate in gates.transpose(1, 2, 0)])


def show_unit(unit):
    traces, memory = {"z": gates[:, 0, unit], "r": gates[:, 1, unit]}, {"$h$": hs[:, unit]}
    plots.show(plots.gate_traces(years[:-1], numbers[:-1], traces, memory, split=1907.5, title=f"unit {unit + 1} of 8"))


tied = np.array([follow(over_years(cell)[1], training)[0] for cell, _ in trained["GRU"]])
start, finest = np.unravel_index(np.abs(tied).argmax(), tied.shape)
cell, output = trained["GRU"][start]
hs, gates = over_years(cell)
show_unit(finest)
later = follow(gates, ~training)[0, finest]
print(f"start {start + 1}, unit {finest + 1}, correlation of z with the sunspots: ", end="")
print(f"training years {tied[start, finest]:.2f}, later {later:.2f}")
z, seen = gates[:, 0, finest], numbers[:-1]
weak = [z[years[:-1] == year].item() for year in (1804, 1816)]
print(f"z on average, above 100 sunspots {z[seen > 100].mean():.2f}, below 10 {z[seen < 10].mean():.2f}", end="; ")
print("in 1804 and 1816 {:.2f} and {:.2f}".format(*weak))
assert z[seen > 100].mean() < 0.15 and 0.2 < min(weak) < max(weak) < 0.3 < 0.35 < z[seen < 10].mean() < 0.45
assert np.allclose(hs, cell.forward(x)[0][:, 0]) and tied[start, finest] < -0.9

# %% [markdown]
# **A picture is not a measurement.** The gate follows the sunspots because they are its input. Whether the network
# *needs* its movement is another question: hold this one gate still, at its mean over the training years, let
# everything else run as before, and see how much worse the prediction becomes, first in the validation years.

# %% tags=["demo"]
def cost(k, unit, part):
    """By how much the error rises when gate k of a unit is held at its mean."""
    held, _ = over_years(cell, (k, unit, gates[:n, k, unit].mean()))
    return rmse(output.forward(held[:, None])[0], part) - rmse(output.forward(hs[:, None])[0], part)


follows, swings = follow(gates, training), gates[:n].std(axis=0)
costs = np.array([[cost(k, unit, validation) for unit in range(8)] for k in (0, 1)])
print("unit                   ", *(f"{unit + 1:5d}" for unit in range(8)))
for k, gate in enumerate("zr"):
    print(f"{gate}: follows sunspots    ", *(f"{value:5.1f}" for value in follows[k].round(1) + 0.0))
    print("   swing (std)          ", *(f"{value:5.2f}" for value in swings[k]))
    print("   held: error rises by ", *(f"{round(value):5d}" for value in costs[k]))

most = np.unravel_index(costs.argmax(), costs.shape)
print(f"in the test years: z of unit {finest + 1} held: {cost(0, finest, test):.1f}", end="; ")
print(f"{'zr'[most[0]]} of unit {most[1] + 1} held: {cost(*most, test):.1f}")
assert costs[0, finest] < 0.5 and cost(0, finest, test) < 0.5 and most == (1, 1)
assert costs[most] > 2 and cost(*most, test) > 3

# %% [markdown] slide="-"
# The gate of the fine picture can be nailed down, and nothing happens, in the test years either. What counts is another
# one, the reset gate of unit 2.

# %% [markdown]
# *What to see:* the unit whose reset gate counts. Its $r$ is shut at high maxima and open at minima. Is that *why*
# the network needs it? The picture cannot say. It shows when a gate moves; only holding it showed that the prediction
# depends on it. (Nor is it a rule: another start uses its gates in another way.)

# %% tags=["demo"]
show_unit(most[1])
r = gates[:, 1, most[1]]
print(f"correlation of r with the sunspots {follows[most]:.1f}", end="; ")
print(f"r on average, above 100 sunspots {r[seen > 100].mean():.1f}, below 10 {r[seen < 10].mean():.1f}")
assert follows[most] < -0.6 and r[seen > 100].mean() < 0.1 < 0.5 < r[seen < 10].mean()

# %% [markdown] slide="skip"
# ## Quiz
#
# The last exercise asks about what the two gates do, and what they cost. All you need stands above.

# %% [markdown]
# ### Exercise 5 · Quiz (1 point)
#
# Replace each `None` by one of the letters `"a"`, `"b"`, `"c"`, `"d"` (0.25 points each).
#
# **take**. A's step, with σ back in the gates and their times set right, is $h^{(t)} = u \odot h^{(t-1)} + (1 - u)
# \odot \sigma\big(b + U x^{(t)} + W (r \odot h^{(t-1)})\big)$. A asks what happens with $u = 0$ and $r = 1$. Let it be
# so in all units. What is the new state?
#
# * a: a function of $x^{(t)}$ alone: the past is gone, whatever $W$ is
# * b: the old state, unchanged
# * c: that of a plain recurrent step, with σ in place of tanh
# * d: that of a plain recurrent step with tanh, the new state being exactly that of notebook 01
#
# **keep**. A goes on: what about $u = 1$? Let it be exactly 1 in all units, because the sums inside its σ are very
# large. What are the new state and its derivative with respect to the old one?
#
# * a: the old state, and the identity matrix
# * b: the old state, and a matrix of zeros, because a saturated σ has the slope 0
# * c: the old state only where $r = 0$ as well, because otherwise $W$ mixes the units
# * d: the candidate, and the Jacobian of a plain recurrent step
#
# **parameters**. An RNN with $U$, $W$ and $b$, with $D = 4$ and $H = 6$, has 66 parameters. How many has this
# notebook's GRU of the same sizes, with the reset before the product, and how many with the reset after it?
#
# * a: 198 and 198
# * b: 264 and 270
# * c: 198 and 216
# * d: 198 and 204
#
# **equivalence**. Somebody changes C's LSTM in three places: $i = 1 - f$, the gates see the memory $c^{(t-1)}$ in place
# of $h^{(t-1)}$, and $h^{(t)} = o^{(t)} \odot c^{(t)}$ without tanh. Is it now a GRU, for every choice of the
# parameters?
#
# * a: yes, with $z = 1 - f$ and $r = o$, as C's two lists say it
# * b: no, the output gate still has to wait for the next input
# * c: no, the tanh of the candidate still has to become a σ
# * d: no, and no change makes it one, because an LSTM has four parts and a GRU three
#
# `hint(answers05)` gives a hint.

# %% tags=["answer"] exercise="answers05"
answers05 = {
    "take": None,
    "keep": None,
    "parameters": None,
    "equivalence": None,
}
### BEGIN SOLUTION
answers05 = {
    "take": "c",
    "keep": "a",  # (1 − u) ⊙ … is 0 with its derivative, and u's own slope u (1 − u) is 0, too
    "parameters": "d",  # 3 · 66, and H more for b_reset
    "equivalence": "b",
}
### END SOLUTION

# %% tags=["check"] exercise="answers05" sources=["S35", "S89"]
check(answers05)
### BEGIN HIDDEN TESTS
earned(answers05)
### END HIDDEN TESTS

# %% [markdown]
# ## Where you are

# %% tags=["demo"]
progress()

# %% [markdown] slide="fragment"
# You have built a GRU, taken it back through time, and know how it is related to the LSTM:
#
# * one gate keeps and takes, $h = (1 - z) \odot h + z \odot g$; the reset gate decides what the candidate gets to see;
# * three groups of parameters, where the LSTM has four;
# * it is an LSTM with coupled gates, full peepholes, no squashing, and an output gate that waits for the next input.
#   Leave out one of these, and the same numbers are another network;
# * how far its gradients reach at the start is decided by one bias; at 0 they reach no further than a plain network's;
# * conventions differ. Before you take over a weight, or a bias, ask who keeps and who takes.
#
# The next notebook trains such cells on text, in pieces.

# %% [markdown] slide="skip"
# To read on: Cho et al., "Learning phrase representations using RNN encoder–decoder for statistical machine
# translation" (2014, the GRU); Chung, Gulcehre, Cho and Bengio, "Empirical evaluation of gated recurrent neural
# networks on sequence modeling" (2014); Gers, Schraudolph and Schmidhuber, "Learning precise timing with LSTM recurrent
# networks" (2002, peepholes); Greff et al., "LSTM: a search space odyssey" (2017, what each part of an LSTM is worth);
# Tallec and Ollivier, "Can recurrent neural networks warp time?" (2018, chrono); Weiss, Goldberg and Yahav, "On the
# practical computational power of finite precision RNNs for language recognition" (2018, LSTMs count, GRUs do not).
