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
# # 3 · Vanishing and exploding gradients
#
# Backpropagation through time gives the exact gradient. So a recurrent network should learn what a word means for
# another one, thirty words later. In practice it often does not. The gradient is right, but the part of it that
# comes from thirty steps back has become far too small to count, or far too large to use. This notebook finds out why,
# measures it, and mends it.
#
# Afterwards you can
#
# * write down what a gradient is multiplied by at each step back, and measure the product over many steps;
# * say what eigenvalues and singular values tell about that product, and what they do not;
# * tell a condition that is *sufficient* from one that is only *necessary*;
# * clip a gradient that is too large, and start a network so that its gradients arrive.

# %% [markdown] slide="skip"
# **How to work.** Go from top to bottom and run every cell. There are seven exercises, 20 points in all. Below each
# one, `check(…)` says at once what is right and what is wrong, and `hint(…)` helps. As in the notebooks before, a cell
# below an exercise that is not solved yet may end in `NotImplementedError` or `NameError`: solve the exercise, then
# choose Run → Run All Cells. It takes about twenty seconds, and is safer than running one cell again, since later cells
# use some names anew.
#
# The letters are those of notebook 01, and so are the four documents: **A**, the slides by J. Grabocka, **B**, part 3
# of D. Britz's tutorial, **C**, the slides by A. Ramanathan, and **D**, the slides by H. Ni. (B and C write $s$ for the
# state $h$.)
#
# Two functions are given in the cell below; you wrote something similar in notebook 01: `sigmoid`, the function
# $\sigma(a) = 1/(1 + e^{-a})$, and `rnn_states`, the loop over the steps without the outputs $o^{(t)}$. What matters
# here is how the *states* depend on each other.

# %% tags=["setup"]
import numpy as np

from course_lib.checking import check, earned, hint, progress  # earned: for the grader


def sigmoid(a):
    """1 / (1 + exp(−a)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def rnn_states(x, h0, params):
    """The states hs (T, B, H) of the network for the inputs x (T, B, D), started from h0 (B, H)."""
    U, W, b = (params[name] for name in "UWb")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    return np.stack(hs)

# %% [markdown] slide="skip"
# `sigmoid` is written with tanh. The two are one curve, stretched and moved:
# $\sigma(a) = \tfrac12\big(1 + \tanh \tfrac a2\big)$, as $\tanh\frac a2 = \dfrac{1 - e^{-a}}{1 + e^{-a}}$ and
# $1 + \dfrac{1 - e^{-a}}{1 + e^{-a}} = \dfrac{2}{1 + e^{-a}}$. No exponential can overflow this way.

# %% tags=["demo"] slide="skip"
a = np.linspace(-5, 5, 11)
print("σ(−5), σ(0), σ(5) =", sigmoid(a)[[0, 5, 10]].round(4))
print("σ(±1000) =", sigmoid(np.array([-1000.0, 1000.0])))
assert np.allclose(sigmoid(a), 1 / (1 + np.exp(-a)))

# %% [markdown]
# ## The Jacobian of a step
#
# One step back through time is, by \eqref{one-step-back},
#
# $$\frac{dL}{dh^{(t)}} = W^\top \operatorname{diag}\big(1 - (h^{(t+1)})^2\big)\,\frac{dL}{dh^{(t+1)}} +
# \frac{\partial^+ L}{\partial h^{(t)}}$$
#
# (As there, $d$ is the total and $\partial^+$ the immediate derivative.) The last term is new at every step: it comes
# from the output of step $t$ itself. The first term is the gradient of the step after, handed on and **multiplied by
# a matrix**. Over many steps, these matrices decide what is left of it.
#
# The **Jacobian** of step $t$ is the table of all derivatives of its new state by the old one. The matrix above is
# $(J^{(t+1)})^\top$, the Jacobian of the step after, transposed; the next cell says why.
#
# $$J^{(t)} = \frac{\partial h^{(t)}}{\partial h^{(t-1)}}, \qquad
# J^{(t)}_{ij} = \frac{\partial h^{(t)}_i}{\partial h^{(t-1)}_j}, \qquad\text{row: new state, column: old state}$$

# %% [markdown]
# **What is in it.** The input $x^{(t)}$ is held fixed. With
# $a_i = b_i + \sum_k W_{ik}\, h^{(t-1)}_k + \sum_m U_{im}\, x^{(t)}_m$ and $h^{(t)}_i = \tanh a_i$, the chain rule
# gives
#
# $$J^{(t)}_{ij} = \tanh'(a_i)\,\frac{\partial a_i}{\partial h^{(t-1)}_j} = \tanh'(a_i)\,W_{ij}$$
#
# Since $\tanh' = 1 - \tanh^2$, by \eqref{tanh-slope}, $\tanh'(a_i) = 1 - (h^{(t)}_i)^2$: the state *after* the
# step is all we need to know. Row $i$ of $W$ is multiplied by the slope of unit $i$, which is what a diagonal matrix on
# the **left** does:
#
# $$J^{(t)} = \operatorname{diag}\big(1 - (h^{(t)})^2\big)\,W, \qquad
# (J^{(t)})^\top = W^\top \operatorname{diag}\big(1 - (h^{(t)})^2\big) \label{jacobian}$$

# %% [markdown]
# By hand, with the second step of the example of notebook 01: $W = \begin{pmatrix}0&2\\1&0\end{pmatrix}$ and
# $h^{(2)} = (0.864, -0.384)^\top$, so that $1 - (h^{(2)})^2 = (0.253, 0.852)$. On the left these numbers multiply the
# rows of $W$. On the right they would multiply its *columns*, and give another matrix:
#
# $$\text{left: } \begin{pmatrix}0&0.506\\0.852&0\end{pmatrix} \qquad
# \text{right: } \begin{pmatrix}0&1.705\\0.253&0\end{pmatrix}$$
#
# Central differences say which one it is. Move entry $j$ of the old state, and see all entries of the new one move:
# that is column $j$.

# %% tags=["demo"]
W2, bias = np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([0.5, 0.0])
Ux = np.array([[1.0, -1.0], [0.0, 0.5]]) @ np.array([0.0, 1.0])  # x(2) = (0, 1)
h_one = np.tanh(np.array([-1.5, 1.5]))  # h(1)


def step(h):
    return np.tanh(bias + W2 @ h + Ux)


eps = 1e-6
columns = [(step(h_one + move) - step(h_one - move)) / (2 * eps) for move in eps * np.eye(2)]
measured = np.stack(columns, axis=1)

print("h(2) =", step(h_one).round(3), " 1 − h(2)² =", (1 - step(h_one) ** 2).round(3))
print("measured, row by row:", *measured.round(3) + 0.0)
assert np.allclose(measured, [[0, 0.506], [0.852, 0]], atol=6e-4)  # the slopes on the left
assert not np.allclose(measured, [[0, 1.705], [0.253, 0]], atol=0.1)  # on the right

# %% [markdown]
# ### Exercise 1 · The Jacobian of a step (3 points)
#
# Write `step_jacobian(h_t, W)`: for every sample of a batch, how the state after a step $h^{(t)} = \tanh(a^{(t)})$,
# $a^{(t)} = b + W h^{(t-1)} + U x^{(t)}$, changes with the state before it.
#
# | argument | shape | |
# |:--|:--|:--|
# | `h_t` | (B, H) | the states **after** the step, $h^{(t)}$ |
# | `W` | (H, H) | the recurrent matrix |
# | *returns* | (B, H, H) | `[b, i, j]`: $\partial h_i^{(t)} / \partial h_j^{(t-1)}$ of sample `b`; a new array |
#
# Neither $a^{(t)}$ nor $h^{(t-1)}$ is given: the slope of tanh can be told from $h^{(t)}$ alone. All sizes can be 1,
# entries of `h_t` can be exactly ±1. float32 inputs give a float32 result. The values are exact up to rounding: finite
# differences are not enough. Do not change the inputs. Marked: a single sample (1 point), batches (1), saturated states
# (0.5), float32 (0.5). `hint(step_jacobian)` gives a hint.

# %% tags=["answer"] exercise="step_jacobian"
def step_jacobian(h_t, W):
    """∂h(t)/∂h(t−1) (B, H, H) of each sample, from the states h_t (B, H) after the step."""
    ### BEGIN SOLUTION
    return (1 - h_t**2)[:, :, None] * W
    ### END SOLUTION

# %% tags=["check"] exercise="step_jacobian" sources=["S50", "S51"]
check(step_jacobian)
### BEGIN HIDDEN TESTS
earned(step_jacobian)
### END HIDDEN TESTS

# %% [markdown] slide="skip"
# With it, the recursion \eqref{recursion} is one line:
# $g^{(t)} = (J^{(t+1)})^\top g^{(t+1)} + \partial^+ L/\partial h^{(t)}$ for $g^{(t)} = dL/dh^{(t)}$. To check it, take
# the simplest loss that looks at every state, $L = \sum_t v^{(t)} \cdot h^{(t)}$ with fixed vectors $v^{(t)}$. Its
# immediate derivative is $\partial^+ L/\partial h^{(t)} = v^{(t)}$ for $t \ge 1$, and 0 for $t = 0$.

# %% tags=["demo"] slide="skip"
from course_lib import backend, init
from course_lib.gradcheck import numerical_gradient, relative_error

rng = backend.Rng(30)
T, D, H = 6, 3, 5
params, h0 = init.rnn_params(D, H, 1, rng, "float64"), rng.normal((1, H), dtype="float64")
x, v = rng.normal((T, 1, D), dtype="float64"), rng.normal((T, 1, H), dtype="float64")

hs = rnn_states(x, h0, params)
g = np.zeros(H)
for t in range(T, 0, -1):  # t counts as in the text: h(t) is hs[t − 1]
    g = step_jacobian(hs[t - 1], params["W"])[0].T @ (g + v[t - 1, 0])

numerical = numerical_gradient(lambda h: (v * rnn_states(x, h, params)).sum(), h0)[0]
print("dL/dh(0) by the recursion:   ", g.round(4))
print("dL/dh(0) by differences:     ", numerical.round(4))
assert relative_error(g, numerical) < 1e-7

# %% [markdown] sources=["S50", "S69"]
# ## Many steps
#
# How does an early state act on a late one? Only through the states between them. The chain rule for vectors multiplies
# Jacobians, the *later* step on the *left*:
#
# $$\frac{\partial h^{(3)}}{\partial h^{(1)}} = \frac{\partial h^{(3)}}{\partial h^{(2)}}\,
# \frac{\partial h^{(2)}}{\partial h^{(1)}} = J^{(3)} J^{(2)}
# \qquad\qquad
# \frac{\partial h^{(T)}}{\partial h^{(t)}} = J^{(T)} J^{(T-1)} \cdots J^{(t+1)} \label{jacobian-chain}$$
#
# (The inputs are held fixed, the states between follow. The sources write $\partial$ for this, and so does this
# notebook; notebook 02 wrote $dh^{(T)}/dh^{(t)}$.) For $t = T$ no factor is left: the derivative is $I$. The entry
# $(i, j)$ of $J^{(3)}J^{(2)}$ is
# $\sum_k \frac{\partial h^{(3)}_i}{\partial h^{(2)}_k} \frac{\partial h^{(2)}_k}{\partial h^{(1)}_j}$: a sum over all
# ways from unit $j$ to unit $i$.
#
# **The order matters.** B and C write $\prod_{j=k+1}^{3} \frac{\partial s_j}{\partial s_{j-1}}$, with $s_j$ for our
# $h^{(j)}$. Read from left to right as $j$ grows, that would be $J^{(2)} J^{(3)}$, another matrix. The sign $\prod$ has
# to be read with $j$ falling.

# %% tags=["demo"] sources=["S50", "S69"]
def states_after(h):  # all states, when step 2 starts from h instead of h(1)
    return rnn_states(x[1:], h, params)


J_2, J_3, J_4 = (step_jacobian(hs[t - 1], params["W"])[0] for t in (2, 3, 4))
start = hs[0].copy()
by_differences = np.stack([numerical_gradient(lambda h, i=i: states_after(h)[2, 0, i], start)[0] for i in range(H)])
ordered, reverse = J_4 @ J_3 @ J_2, J_2 @ J_3 @ J_4

print(f"∂h(4)/∂h(1) as J(4) J(3) J(2): relative error below 1e-7: {relative_error(ordered, by_differences) < 1e-7}")
print(f"               J(2) J(3) J(4): relative error {relative_error(reverse, by_differences):.1f}")
assert relative_error(ordered, by_differences) < 1e-7 < 0.1 < relative_error(reverse, by_differences)

# %% [markdown]
# **The size of a matrix.** We want one number that says how much of a gradient gets through. The **2-norm** of a matrix
# is the largest factor by which it stretches a vector:
#
# $$\lVert M \rVert_2 = \max_{v \neq 0} \frac{\lVert M v \rVert}{\lVert v \rVert}, \qquad
# \lVert v \rVert = \sqrt{v_1^2 + \dots + v_H^2}$$

# %% [markdown] slide="skip"
# Three properties of the 2-norm are needed below.
#
# * $\lVert A B \rVert_2 \le \lVert A \rVert_2 \lVert B \rVert_2$, for
#   $\lVert A (B v) \rVert \le \lVert A \rVert_2 \lVert B v \rVert$ and
#   $\lVert B v \rVert \le \lVert B \rVert_2 \lVert v \rVert$.
# * $\lVert M^\top \rVert_2 = \lVert M \rVert_2$, for both are the largest value of $u^\top M v$ over vectors $u, v$ of
#   length 1: with $v$ given, it is largest for $u$ along $M v$, where it is $\lVert M v \rVert$.
# * The identity has norm 1. (The *Frobenius norm*, the root of the sum of all squared entries, says $\sqrt H$.)

# %% tags=["demo"]
rng = backend.Rng(1)
A, B = rng.normal((5, 5), dtype="float64"), rng.normal((5, 5), dtype="float64")
directions = rng.normal((5, 20000), dtype="float64")
stretch = np.linalg.norm(A @ directions, axis=0) / np.linalg.norm(directions, axis=0)
norm_A, norm_B, norm_AB = (np.linalg.norm(M, 2) for M in (A, B, A @ B))

print(f"norm of A {norm_A:.2f}; largest stretch of 20000 random vectors {stretch.max():.2f}")
print(f"norm of AB {norm_AB:.1f}, product of the norms {norm_A * norm_B:.1f}")
print(f"identity, H = 5: 2-norm {np.linalg.norm(np.eye(5), 2):.2f}, Frobenius norm {np.linalg.norm(np.eye(5)):.2f}")
assert 0.95 * norm_A < stretch.max() <= norm_A and norm_AB <= norm_A * norm_B
assert np.isclose(np.linalg.norm(A.T, 2), norm_A)

# %% [markdown]
# ### Exercise 2 · Many steps (3 points)
#
# Write `jacobian_products(hs, W)`: how strongly the last state depends on each state before it, for a network that has
# gone through the states `hs`.
#
# | argument | shape | |
# |:--|:--|:--|
# | `hs` | (T, B, H) | the states $h^{(1)}, \dots, h^{(T)}$: `hs[0]` is $h^{(1)}$; $h^{(0)}$ is not among them |
# | `W` | (H, H) | the recurrent matrix |
# | *returns* | (T, B) | `[t, b]`: the 2-norm of $\partial h^{(T)} / \partial h^{(t+1)}$ of sample `b` |
#
# Code counts from 0, so the first row belongs to $h^{(1)}$. The last one belongs to $h^{(T)}$ itself: the derivative is
# the identity matrix and its norm 1. The 2-norm of a matrix, the most by which it can stretch a vector, is
# `np.linalg.norm(J, 2)`; with `axis=(1, 2)` it is that of every matrix in an array (B, H, H). Each norm belongs to the
# *product* of the Jacobians, which is not the product of their norms.
#
# All sizes can be 1. float32 inputs give a float32 result. Do not change the inputs. You may call your `step_jacobian`,
# once it passes its check; a mistake in it would cost points here, too. Marked: $T \le 2$ (0.5 points), several steps
# (1.5), 40 steps (0.5), float32 (0.5). `hint(jacobian_products)` gives a hint.

# %% tags=["answer"] exercise="jacobian_products"
def jacobian_products(hs, W):
    """The 2-norms (T, B) of ∂h(T)/∂h(t) for t = 1, …, T, from the states hs (T, B, H)."""
    ### BEGIN SOLUTION
    _, B, H = hs.shape
    product, norms = np.tile(np.eye(H, dtype=hs.dtype), (B, 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])
    ### END SOLUTION

# %% tags=["check"] exercise="jacobian_products" sources=["S50", "S69"]
check(jacobian_products)
### BEGIN HIDDEN TESTS
earned(jacobian_products)
### END HIDDEN TESTS

# %% [markdown] sources=["S50", "S69"]
# **Back with a vector.** If the only loss is at the end, then
#
# $$\frac{dL}{dh^{(t)}} = \Big(\frac{\partial h^{(T)}}{\partial h^{(t)}}\Big)^{\!\top} \frac{dL}{dh^{(T)}}
# {} = (J^{(t+1)})^\top \cdots (J^{(T-1)})^\top (J^{(T)})^\top \frac{dL}{dh^{(T)}}
# \qquad\Longrightarrow\qquad
# \Big\lVert \frac{dL}{dh^{(t)}} \Big\rVert \le \Big\lVert \frac{\partial h^{(T)}}{\partial h^{(t)}} \Big\rVert_2
# \Big\lVert \frac{dL}{dh^{(T)}} \Big\rVert$$
#
# (Transposing turns the order round.) So $\lVert \partial h^{(T)}/\partial h^{(t)} \rVert_2$ is the largest factor by
# which any gradient, whatever the loss, can be stretched on its way from $T$ to $t$.
#
# Backpropagation starts on the right and multiplies a *vector* by a matrix each time: $H^2$ multiplications a step. It
# never forms the product of matrices, which costs $H^3$ a step. We form it only to look at it.

# %% tags=["demo"] sources=["S50", "S69"]
rng = backend.Rng(2)
at_the_end = rng.normal((H,), dtype="float64")  # dL/dh(T)
g, product = at_the_end, np.eye(H)
for h_t in hs[:0:-1]:  # h(T), …, h(2): back to t = 1
    J = step_jacobian(h_t, params["W"])[0]
    g, product = J.T @ g, product @ J

norm = jacobian_products(hs, params["W"])[0, 0]  # t = 1, the only sample
print(f"length of dL/dh(1) {np.linalg.norm(g):.1e}, at most {norm * np.linalg.norm(at_the_end):.1e}")
print(f"multiplications a step, H = 100: vector {100**2}, matrix {100**3}")
assert np.allclose(g, product.T @ at_the_end) and np.isclose(norm, np.linalg.norm(product, 2))
assert np.linalg.norm(g) <= norm * np.linalg.norm(at_the_end)

# %% [markdown]
# **Why not simply watch $\lVert dL/dW \rVert$?** It is easy to plot. But $dL/dW$ is a sum over the steps, one
# term for each copy of $W$, \eqref{copies}:
#
# $$\frac{dL}{dW} = \sum_{t=1}^{T} G^{(t)}, \qquad
# G^{(t)} = \operatorname{diag}\big(1 - (h^{(t)})^2\big)\, \frac{dL}{dh^{(t)}}\, \big(h^{(t-1)}\big)^{\!\top}
# \label{step-terms}$$
#
# $G^{(t)}$ is what step $t$ teaches. The terms of the last steps are large enough to hide that the early ones have
# vanished. Two networks of 16 units, 40 steps, a loss at the end only: the two sums are of similar size, but in the
# first network the steps 1 to 20 add next to nothing.

# %% tags=["demo"]
from course_lib import backend, init
from course_lib.gradcheck import numerical_gradient, relative_error


def dW_by_step(x, h0, params, v):
    """The terms G(1), …, G(T) of dL/dW, for L = v · h(T) and one sample."""
    hs = rnn_states(x, h0, params)
    before = np.concatenate([h0[None], hs[:-1]])
    g, terms = v, []
    for h_t, h_before in zip(hs[::-1], before[::-1], strict=True):
        delta = (1 - h_t**2) * g
        terms.append(delta.T @ h_before)
        g = delta @ params["W"]
    return terms[::-1]


rng = backend.Rng(31)
H, T = 16, 40
U, Q = init.uniform((H, 4), rng, "float64"), init.orthogonal((H, H), rng, "float64")
x, zero = rng.normal((T, 1, 4), 0.3, dtype="float64"), np.zeros((1, H))
v = rng.normal((1, H), 0.25, dtype="float64")
for gain in (0.5, 1.0):
    params = {"U": U, "W": gain * Q, "b": np.zeros(H)}
    terms = dW_by_step(x, zero, params, v)
    dW, early = sum(terms), sum(terms[: T // 2])
    share = np.linalg.norm(early) / np.linalg.norm(dW)
    print(f"W = {gain} · orthogonal: size of dW {np.linalg.norm(dW):.1f}, of steps 1–20 relative to it {share:.0e}")
    numerical = numerical_gradient(lambda _, p=params: (v * rnn_states(x, zero, p)[-1]).sum(), params["W"])
    assert relative_error(dW, numerical) < 1e-6
    assert share < 1e-6 if gain < 1 else share > 1e-2

# %% [markdown]
# Here is the picture that this notebook is about. A network of 32 units reads 50 random inputs. $W$ is an *orthogonal*
# matrix (one that turns vectors and changes no length) times a gain of 0.5, 0.9, 1, 1.5 or 2. In grey, the usual first
# values: uniform between $\pm 1/\sqrt H$.
#
# *What to see:* start at the right end, at $t = 50$, and go left: that is the way of the gradient. The axis is
# logarithmic, so a straight line is a power: the same factor at every step. With gain 1 the gradient gets through best;
# it still fades, since tanh′ is a little below 1. The usual first values are worse than gain 0.9. The lines of gain 1.5
# and 2 are not straight and rise less than one might expect: large states make tanh′ small ("Saturation").

# %% tags=["demo"]
from course_lib import backend, init, plots

rng = backend.Rng(31)
T, D, H = 50, 4, 32
x, zero = rng.normal((T, 1, D), 0.3, dtype="float64"), np.zeros((1, H))
U, Q = init.uniform((H, D), rng, "float64"), init.orthogonal((H, H), rng, "float64")


def flow(W):
    """‖∂h(T)/∂h(t)‖ for t = 1, …, T."""
    return jacobian_products(rnn_states(x, zero, {"U": U, "W": W, "b": np.zeros(H)}), W)[:, 0]


norms = {f"{gain} · orthogonal": flow(gain * Q) for gain in (0.5, 0.9, 1, 1.5, 2)}
usual = flow(init.uniform((H, H), rng, "float64"))
plots.show(plots.gradient_flow(norms, {"uniform": usual}))
for name, norm in (norms | {"uniform": usual}).items():
    print(f"{name}: norm at t = 1 {norm[0]:.0e}")
assert norms["0.5 · orthogonal"][0] < 1e-12 and usual[0] < norms["0.9 · orthogonal"][0] < norms["1 · orthogonal"][0] < 1
assert norms["2 · orthogonal"][0] > norms["1.5 · orthogonal"][0] > 100

# %% [markdown] sources=["S70"]
# ## A chain of four neurons
#
# Why is it a power? C shows it without matrices: four neurons in a row, each with one input, a sigmoid, and parameters
# of its own. $a_0$ goes in, and a cost $C$ (in formulas; the document is C) judges what comes out:
#
# $$z_j = w_j\, a_{j-1} + b_j, \qquad a_j = \sigma(z_j), \qquad j = 1, \dots, 4$$
#
# How does $b_1$ act on $C$? It moves $z_1$ one to one, $\partial z_1/\partial b_1 = 1$. From there, $z_j$ moves $a_j$
# by the factor $\sigma'(z_j)$, and $a_j$ moves $z_{j+1}$ by the factor $w_{j+1}$. There is only one way to the end, so
# all factors multiply:
#
# $$\frac{\partial C}{\partial b_1} = \sigma'(z_1)\; w_2\,\sigma'(z_2)\; w_3\,\sigma'(z_3)\; w_4\,\sigma'(z_4)\;
# \frac{\partial C}{\partial a_4}$$

# %% [markdown] slide="skip"
# The derivative of the sigmoid: with $\sigma = (1 + e^{-z})^{-1}$,
# $\sigma' = \dfrac{e^{-z}}{(1 + e^{-z})^2} = \sigma \cdot \dfrac{e^{-z}}{1 + e^{-z}} = \sigma\,(1 - \sigma)$.

# %% tags=["demo"] sources=["S70"]
from course_lib.gradcheck import numerical_gradient, relative_error


def chain(w, b, a=0.5):
    """z_1, …, z_n and the last output a_n of a chain of n neurons."""
    zs = []
    for w_j, b_j in zip(w, b, strict=True):
        zs.append(w_j * a + b_j)
        a = sigmoid(zs[-1])
    return np.array(zs), a


def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


w, b, y = np.array([0.8, -0.6, 0.9, 0.7]), np.array([0.1, 0.3, -0.2, 0.4]), 1.0
z, a4 = chain(w, b)
dC_da4 = a4 - y  # of the cost C = (a_4 − y)² / 2
formula = slope(z[0]) * w[1] * slope(z[1]) * w[2] * slope(z[2]) * w[3] * slope(z[3]) * dC_da4

all_b = numerical_gradient(lambda b: (chain(w, b)[1] - y) ** 2 / 2, b)
print(f"∂C/∂b_1: formula {formula:.3e}, central differences {all_b[0]:.3e}")
assert relative_error(np.array(formula), all_b[0]) < 1e-6

# %% [markdown] sources=["S71"]
# C compares the first neuron with the third, for which only the last factors remain:
#
# $$\frac{\partial C}{\partial b_3} = \sigma'(z_3)\; w_4\,\sigma'(z_4)\;\frac{\partial C}{\partial a_4}
# \qquad\Longrightarrow\qquad
# \frac{\partial C}{\partial b_1} = \underbrace{\sigma'(z_1)\, w_2}_{\text{one step}}\;
# \underbrace{\sigma'(z_2)\, w_3}_{\text{one step}}\;\frac{\partial C}{\partial b_3}$$
#
# Everything else is common to both. (C brackets $w_3\,\sigma'(z_3)$ as one factor. $\sigma'(z_3)$ is common too, so we
# bracket one place earlier; the number of factors is the same.)
#
# **How large is a factor?** $\sigma' = \sigma(1 - \sigma) = \tfrac14 - (\sigma - \tfrac12)^2 \le \tfrac14$, with
# equality at $z = 0$, where $\sigma = \tfrac12$. So if $|w| \lt 1$, each factor is below $\tfrac14$ in size, and the
# gradient of the first neuron is less than $\tfrac1{16}$ of that of the third.

# %% tags=["demo"] sources=["S71"]
dC_db3 = slope(z[2]) * w[3] * slope(z[3]) * dC_da4
factors = slope(z[0]) * w[1], slope(z[1]) * w[2]

print(f"∂C/∂b_3: formula {dC_db3:.3e}, central differences {all_b[2]:.3e}")
print(f"factors {factors[0]:.3f} and {factors[1]:.3f}; |∂C/∂b_1| / |∂C/∂b_3| = {abs(formula / dC_db3):.3f}")
assert relative_error(np.array(dC_db3), all_b[2]) < 1e-6
assert np.isclose(factors[0] * factors[1], formula / dC_db3) and abs(formula / dC_db3) < 1 / 16
grid = np.linspace(-10, 10, 2001)
assert slope(grid).max() == slope(0.0) == 0.25

# %% [markdown] sources=["S71"]
# > **Erratum (C).** *Printed:* $w_2\,\sigma'(z_2) \lt \tfrac14$, without any condition. *Correct:*
# > $|w\,\sigma'(z)| \lt \tfrac14$ if $|w| \lt 1$; in general only $|w\,\sigma'(z)| \le \tfrac14 |w|$. *Why:* $\sigma'$
# > is bounded, the weight is not. With $w = 8$ and $z = 0$ the factor is $8 \cdot \tfrac14 = 2$.
#
# C adds that a similar argument holds for exploding gradients. It does: a factor of 2 at each step doubles the gradient
# at each step. But $|w| \gt 4$ is not enough, as $z$ has to stay near 0, where $\sigma'$ is near $\tfrac14$.

# %% tags=["demo"] sources=["S71"]
cases = {"w = 0.8, z = 0": (0.8, 0.0), "w = 8,   z = 0": (8.0, 0.0), "w = 8,   z = 8": (8.0, 8.0)}
for name, (weight, at) in cases.items():
    factor = weight * slope(at)
    print(f"{name}: factor {factor:.3f}; as printed, < ¼: {abs(factor) < 0.25}; ≤ ¼|w|: {factor <= weight / 4}")
    assert factor <= weight / 4
assert 8 * slope(0.0) == 2 > 0.25  # the printed bound fails

# %% [markdown] sources=["S71"]
# **A longer chain.** Take 20 neurons, all with the same $w$. With $b = -w/2$ and $a_0 = \tfrac12$ every neuron sits at
# $z = w \cdot \tfrac12 - \tfrac w2 = 0$ and puts out $\tfrac12$ again. Then every factor is exactly $w/4$, and
#
# $$\Big|\frac{\partial C}{\partial b_j}\Big| =
# \Big(\frac{w}{4}\Big)^{20-j}\,\Big|\frac{\partial C}{\partial b_{20}}\Big|$$
#
# *What to see:* four straight lines, one for each $w$; only $w = 4$ is level. The fifth one has the largest
# weight, $w = 8$, but $b = 0$: its neurons sit near $z = 8$, where the sigmoid is flat. It falls fastest of all, and
# leaves the picture.

# %% tags=["demo"] sources=["S71"]
from course_lib import plots
from course_lib.gradcheck import numerical_gradient, relative_error


def bias_gradients(w, b):
    """|∂C/∂b_j| for j = 1, …, n, by the product of factors from the end, for C = a_n."""
    z, _ = chain(w, b)
    g, out = 1.0, []
    for w_j, z_j in zip(w[::-1], z[::-1], strict=True):
        g *= slope(z_j)
        out.append(abs(g))
        g *= w_j
    return np.array(out[::-1])


n, lines = 20, {}
for weight, bias in ((1, -0.5), (2, -1), (4, -2), (8, -4), (8, 0)):
    w, b = np.full(n, float(weight)), np.full(n, float(bias))
    lines[f"w = {weight}, b = {bias:g}".replace("-", "−")] = found = bias_gradients(w, b)
    if bias:
        assert np.allclose(found, (weight / 4) ** np.arange(n - 1, -1, -1.0) / 4)
    print(f"w = {weight}, b = {bias}: first over last gradient {found[0] / found[-1]:.0e}")

w, b = np.full(n, 2.0), np.full(n, -1.0)
assert relative_error(bias_gradients(w, b), np.abs(numerical_gradient(lambda b: chain(w, b)[1], b, 1e-4))) < 1e-6
plots.show(plots.chain(lines))

# %% [markdown] slide="notes"
# If all the weights of the chain are one and the same $w$, and all biases one $b$, the chain *is* an unrolled recurrent
# network with a single hidden unit. Then a power of one number decides. With $H$ units it is a product of matrices, and
# a matrix has many numbers to offer. The next two sections ask which of them counts.

# %% [markdown] sources=["S20"]
# ## Eigenvalues
#
# To see what repeating does, leave out tanh and the inputs. What is left is the **linear recurrence**:
#
# $$h^{(t)} = W h^{(t-1)} \qquad\Longrightarrow\qquad h^{(t)} = W^t h^{(0)}, \qquad
# \frac{\partial h^{(t)}}{\partial h^{(0)}} = W^t \label{linear-recurrence}$$
#
# Here $W^t$ is a power: every Jacobian is $W$ itself. Backwards, for a loss at step $t$ only, it is
# $\dfrac{dL}{dh^{(0)}} = (W^t)^\top \dfrac{dL}{dh^{(t)}}$.

# %% tags=["demo"] sources=["S20"]
from course_lib import backend

rng = backend.Rng(32)
W, h0, last = (rng.normal(shape, 0.5, dtype="float64") for shape in ((4, 4), (4,), (4,)))
ahead, back = h0, last  # last: dL/dh(7)
for _ in range(7):
    ahead, back = W @ ahead, W.T @ back

power = np.linalg.matrix_power(W, 7)
print("h(7) step by step:", ahead.round(4), "  W^7 h(0):", (power @ h0).round(4))
assert np.allclose(ahead, power @ h0) and np.allclose(back, power.T @ last)

# %% [markdown] slide="skip" sources=["S20"]
# **Two conventions.** A prints $h^{(t)} = W^\top h^{(t-1)} = (W^t)^\top h^{(0)}$ on this slide (after Goodfellow), but
# $W h^{(t-1)}$, without transpose, everywhere else. It is a change of name, $W \leftrightarrow W^\top$. No conclusion
# depends on it, for $W$ and $W^\top$ have the same eigenvalues, the zeros of one polynomial:
# $\det(W^\top - \lambda I) = \det\big((W - \lambda I)^\top\big) = \det(W - \lambda I)$.

# %% tags=["demo"] slide="skip" sources=["S20"]
theirs = h0
for _ in range(7):
    theirs = W.T @ theirs

print("coefficients of the polynomial, W: ", np.poly(W).round(3))
print("coefficients of the polynomial, Wᵀ:", np.poly(W.T).round(3))
assert np.allclose(theirs, power.T @ h0) and not np.allclose(theirs, ahead)
assert np.allclose(np.poly(W), np.poly(W.T))

# %% [markdown] sources=["S21", "S22"]
# **Powers made easy.** An *eigenvector* $q \neq 0$ of $W$ is only stretched: $W q = \lambda q$, with its *eigenvalue*
# $\lambda$. So $W^t q = \lambda^t q$. If $W$ has $H$ linearly independent eigenvectors, write them as the columns of a
# matrix $Q$ and the eigenvalues into a diagonal matrix $\Lambda$. Then $W Q = Q \Lambda$, so $W = Q \Lambda Q^{-1}$,
# and in a power the inner factors cancel:
#
# $$W^t = Q \Lambda Q^{-1}\; Q \Lambda Q^{-1} \cdots Q \Lambda Q^{-1} = Q \Lambda^t Q^{-1}, \qquad
# h^{(t)} = Q \Lambda^t Q^{-1} h^{(0)} = \sum_{i=1}^{H} \lambda_i^t\, c_i\, q_i, \quad c = Q^{-1} h^{(0)}$$
#
# In words: take $h^{(0)}$ apart along the eigenvectors; each part goes its own way, with its own power.

# %% [markdown] slide="fragment" sources=["S22"]
# By hand: $W = \begin{pmatrix}0.5&0.4\\0.4&0.5\end{pmatrix}$ has $q_1 = (1, 1)^\top$ with $\lambda_1 = 0.9$, and
# $q_2 = (1, -1)^\top$ with $\lambda_2 = 0.1$. From $h^{(0)} = (1, 0)^\top = \tfrac12 q_1 + \tfrac12 q_2$ we get
# $h^{(t)} = \tfrac12 \cdot 0.9^t q_1 + \tfrac12 \cdot 0.1^t q_2$. The second part is soon gone.

# %% tags=["demo"] sources=["S21", "S22"]
W_small, q1, q2 = np.array([[0.5, 0.4], [0.4, 0.5]]), np.array([1.0, 1.0]), np.array([1.0, -1.0])
h = np.array([1.0, 0.0])
for t in range(1, 11):
    h = W_small @ h
    formula = 0.5 * 0.9**t * q1 + 0.5 * 0.1**t * q2
    assert np.allclose(h, formula)
    if t in (1, 2, 10):
        print(f"h({t}) = {h.round(4)}, formula {formula.round(4)}")

lam, Q = np.linalg.eig(W)  # of the 4 × 4 matrix above; complex numbers are allowed
assert np.allclose(Q @ np.diag(lam**7) @ np.linalg.inv(Q) @ h0, ahead)

# %% [markdown] sources=["S22"]
# **Complex eigenvalues** are the rule, not the exception. They come in pairs, as $W$ is real: the complex conjugate of
# $Wq = \lambda q$ is $W\bar q = \bar\lambda \bar q$. A pair means a rotation. The matrix
# $W = r \begin{pmatrix}\cos\varphi & -\sin\varphi\\ \sin\varphi & \cos\varphi\end{pmatrix}$ turns by $\varphi$ and
# stretches by $r$; its eigenvalues are $r\,(\cos\varphi \pm i \sin\varphi) = r\,e^{\pm i\varphi}$. Its power $W^t$
# turns by $t\varphi$ and stretches by $r^t$. What grows or fades is the **absolute value**:
#
# $$|\lambda^t| = |\lambda|^t, \qquad \rho(W) = \max_i |\lambda_i| \label{spectral-radius}$$
#
# $\rho$ is called the **spectral radius**. A part with $|\lambda| \lt 1$ vanishes, one with $|\lambda| \gt 1$ explodes,
# and in the end the largest $|\lambda|$ wins.

# %% tags=["demo"] sources=["S22"]
r, angle = 0.9, np.pi / 6
turn = r * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
values = np.linalg.eigvals(turn)

print("eigenvalues", values.round(3), "  r =", r)
length = np.linalg.norm(np.linalg.matrix_power(turn, 12) @ [1.0, 0.0])
print(f"length of h(12): {length:.3f}, r¹² = {r**12:.3f}")
assert np.allclose(np.abs(values), r) and np.isclose(length, r**12)

# %% [markdown] sources=["S21", "S22"]
# > **Erratum (A).** *Printed:* $W = Q\Lambda Q^\top$ with orthogonal $Q$, $h^{(t)} = Q\Lambda^t Q^\top h^{(0)}$.
# > *Correct:* $W = Q\Lambda Q^{-1}$; $Q^{-1} = Q^\top$ only if $W$ is **symmetric**. *Why:*
# > $(Q\Lambda Q^\top)^\top = Q\Lambda Q^\top$, so what is printed is always symmetric, and the weights of a network are
# > not. (For a symmetric $W$ it is right: this is the spectral theorem.)
# >
# > *Printed:* $\lambda \lt 1$ decays, $\lambda \gt 1$ explodes. *Correct:* $|\lambda| \lt 1$, $|\lambda| \gt 1$. *Why:*
# > $-1.1 \lt 1$, but $|(-1.1)^{50}| = 117$; and complex numbers have no order at all. (In our copy the slide has a
# > letter A in place of $\lambda$.)

# %% tags=["demo"] sources=["S21", "S22"]
from course_lib import backend

G = backend.Rng(7).normal((50, 50), dtype="float64") / np.sqrt(50)
for name, M in (("symmetric", (G + G.T) / 2), ("as it is ", G)):
    lam, Q = np.linalg.eig(M)
    printed, mended = (np.abs(Q @ np.diag(lam) @ right - M).max() for right in (Q.T, np.linalg.inv(Q)))
    print(f"{name}: largest error of QΛQᵀ {printed:.1f}, of QΛQ⁻¹ {mended:.1f}", end="; ")
    print(f"complex λ: {(lam.imag != 0).sum()} of 50")
    assert mended < 1e-10 and (printed < 1e-10) == (name == "symmetric")

print(f"λ = −1.1: λ < 1 is {-1.1 < 1}, but |λ^50| = {abs((-1.1) ** 50):.0f}")
assert abs((-1.1) ** 50) > 100

# %% [markdown] slide="skip"
# Beside $\rho$ we want the norm $\lVert W \rVert_2$. Its other name is the **largest singular value**,
# $\sigma_{\max}(W)$; the next section says why. (A letter can have two meanings here, as in the literature: $\sigma$
# with an index is a singular value, $\sigma(\dots)$ the sigmoid. $v$ is any vector, in "Clipping by norm" a threshold;
# $\delta$ is a gradient, each time of what the text says.)

# %% [markdown]
# ### Exercise 3 · Radius and norm (2 points)
#
# Write `spectrum(W)`: two numbers that say how large a matrix is. They are not the same.
#
# | argument | shape | |
# |:--|:--|:--|
# | `W` | (H, H) | any real square matrix, not always symmetric; float64 or float32 |
# | *returns* `rho` | a number | the **spectral radius** $\rho(W) = \max_i \lvert\lambda_i\rvert$ of the eigenvalues |
# | *returns* `smax` | a number | the **largest singular value**, which is the 2-norm $\lVert W \rVert_2$ |
#
# Return the pair `rho, smax`, in this order; both are real and not negative. Eigenvalues can be negative, and complex
# although $W$ is real. `np.linalg.eigvals` gives the eigenvalues, `np.linalg.svd` or `np.linalg.norm` the singular
# values or the norm. $H$ can be 1. Do not change `W`. Marked: $\rho$ (1 point), the norm (0.5), both for matrices in
# which they are far apart (0.5). `hint(spectrum)` gives a hint.

# %% tags=["answer"] exercise="spectrum"
def spectrum(W):
    """The spectral radius and the largest singular value of W (H, H)."""
    ### BEGIN SOLUTION
    return np.abs(np.linalg.eigvals(W)).max(), np.linalg.svd(W, compute_uv=False).max()
    ### END SOLUTION

# %% tags=["check"] exercise="spectrum" sources=["S22"]
check(spectrum)
### BEGIN HIDDEN TESTS
earned(spectrum)
### END HIDDEN TESTS

# %% [markdown]
# Where do the eigenvalues of a freshly drawn $W$ lie? Three kinds, each with 100 units: Gaussian with variance $1/H$;
# orthogonal; uniform between $\pm1/\sqrt H$, which has variance $\frac{1}{3H}$. (The square of a number spread evenly
# over $\pm s$ is $s^2/3$ on average.)
#
# *What to see:* the black circle is $|\lambda| = 1$. Gaussian weights fill it evenly (Girko's *circular law*: a
# variance of $s^2/H$ fills a circle of radius $s$, when $H$ is large). The eigenvalues of an orthogonal matrix lie *on*
# it: $\lVert Wq \rVert = \lVert q \rVert$ forces $|\lambda| = 1$. Uniform weights fill a circle of radius
# $1/\sqrt3 = 0.58$. That is why their line fell so fast in "Many steps": $0.58^{50} \approx 10^{-12}$.

# %% tags=["demo"]
from course_lib import backend, init, plots

rng, H = backend.Rng(33), 100
matrices = {
    "Gaussian": rng.normal((H, H), H**-0.5, dtype="float64"),
    "orthogonal": init.orthogonal((H, H), rng, "float64"),
    "uniform": init.uniform((H, H), rng, "float64"),
}
spectra = {name: np.linalg.eigvals(M) for name, M in matrices.items()}

plots.show(plots.eigenvalue_plane(spectra))
radii = {name: spectrum(M)[0] for name, M in matrices.items()}
for name, values in spectra.items():
    print(f"{name}: ρ = {radii[name]:.2f}, complex: {(values.imag != 0).sum()} of {H}")
print(f"0.58^50 = {0.58**50:.0e}")
assert np.allclose(np.abs(spectra["orthogonal"]), 1)
assert abs(radii["Gaussian"] - 1) < 0.15 and abs(radii["uniform"] - 3**-0.5) < 0.1

# %% [markdown]
# How good a guide is $\rho$? Here is a network of 8 units over 30 steps. The slider scales one Gaussian $W$ to a
# spectral radius. Three lines: what the radius alone promises, $\rho^{T-t}$; the linear recurrence
# \eqref{linear-recurrence}, $\lVert W^{T-t} \rVert_2$; and the real network, with tanh and small inputs.
#
# *What to see:* far back (left), the linear line runs beside $\rho^{T-t}$, at the same slope, a little above it. For
# $\rho \lt 1$ the network follows, somewhat lower because of tanh′. For $\rho$ well above 1, as shown, it leaves both:
# the states grow, tanh′ falls, and the gradient explodes much less than promised.

# %% tags=["demo"]
from course_lib import backend, init, plots, widgets

rng, T, H = backend.Rng(5), 30, 8
W_unit = init.spectral((H, H), rng, "float64")  # spectral radius 1
small_U, small_x = init.uniform((H, 3), rng, "float64"), rng.normal((T, 1, 3), 0.3, dtype="float64")


def compare(radius):
    """The norms of the tanh network and of the linear one, for t = 1, …, T."""
    W, T, H = radius * W_unit, len(small_x), len(W_unit)
    hs = rnn_states(small_x, np.zeros((1, H)), {"U": small_U, "W": W, "b": np.zeros(H)})
    linear = [np.linalg.norm(np.linalg.matrix_power(W, T - t), 2) for t in range(1, T + 1)]
    return jacobian_products(hs, W)[:, 0], linear


assert np.isclose(spectrum(W_unit)[0], 1) and spectrum(W_unit)[1] > 1.5
for radius in (0.6, 1.5):
    network, linear = compare(radius)
    print(f"ρ = {radius}: at t = 1, ρ^29 = {radius**29:.0e}, linear {linear[0]:.0e}, network {network[0]:.0e}")
    assert radius**29 < linear[0] < 3 * radius**29 and network[0] < linear[0]

choices = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0]
widgets.sliders(lambda radius: plots.radius_flow(radius, *compare(radius)), {"spectral radius": choices}, start=(1.5,))

# %% [markdown]
# ## Singular values, and why they differ
#
# $\rho$ tells how $W$ acts on its eigenvectors, in the long run. A gradient is hardly ever an eigenvector. The most
# that can happen to *any* vector in *one* step is the norm $\lVert W \rVert_2$.
#
# $W^\top W$ is symmetric, so it has orthonormal eigenvectors $r_1, \dots, r_H$ (here A's decomposition does apply). Its
# eigenvalues $\mu_i$ are not negative, as $\mu_i = r_i^\top W^\top W r_i = \lVert W r_i \rVert^2$. Their roots
# $\sigma_i = \sqrt{\mu_i}$ are the **singular values** of $W$. Write $v = \sum_i c_i r_i$. With
# $W^\top W r_i = \sigma_i^2 r_i$ and $r_i \cdot r_j = 0$ for $i \neq j$,
#
# $$\lVert W v \rVert^2 = v^\top W^\top W v = \sum_i \sigma_i^2\, c_i^2 \;\le\; \sigma_{\max}^2 \sum_i c_i^2 =
# \sigma_{\max}^2 \lVert v \rVert^2$$
#
# with equality for $v$ along the $r_i$ of the largest $\sigma_i$. So $\lVert W \rVert_2 = \sigma_{\max}$.

# %% tags=["demo"]
from course_lib import backend

G = backend.Rng(7).normal((50, 50), dtype="float64") / np.sqrt(50)
mu, r = np.linalg.eigh(G.T @ G)  # in rising order; the columns of r are orthonormal
rho, sigma_max = spectrum(G)

print(f"root of the largest eigenvalue of WᵀW {np.sqrt(mu[-1]):.2f}, norm {np.linalg.norm(G, 2):.2f}, ρ {rho:.2f}")
assert np.isclose(np.sqrt(mu[-1]), sigma_max) and np.isclose(np.linalg.norm(G, 2), sigma_max)
assert np.isclose(np.linalg.norm(G @ r[:, -1]), sigma_max)  # the vector that is stretched most

# %% [markdown]
# **Always $\rho \le \sigma_{\max}$**: an eigenvector is stretched by $|\lambda|$, and no vector by more than
# $\sigma_{\max}$. (Nor a complex one: $\lVert W(u + iv) \rVert^2 = \lVert Wu \rVert^2 + \lVert Wv \rVert^2$.) The
# Gaussian matrix above has $\rho = 1.00$ and $\sigma_{\max} = 1.90$: a gradient can nearly double in one step, although
# in the long run it hardly grows.
#
# **When are they equal?** For example if $W$ is **normal**, that is if its eigenvectors can be chosen orthonormal (they
# may be complex). Then the parts of a vector along them keep to themselves,
# $\lVert Wv \rVert^2 = \sum_i |\lambda_i|^2 |c_i|^2$, and the singular values are the $|\lambda_i|$. There is an easy
# test: $W$ is normal exactly if $W^\top W = W W^\top$ (Horn and Johnson, *Matrix Analysis*, section 2.5). Symmetric
# matrices pass it, and so do multiples of orthogonal ones, for which all $\sigma_i$ are equal. Gaussian ones fail.

# %% tags=["demo"]
from course_lib import backend, init

rng = backend.Rng(7)
G = rng.normal((50, 50), dtype="float64") / np.sqrt(50)
kinds = {"Gaussian": G, "symmetric": (G + G.T) / 2, "0.9 · orthogonal": 0.9 * init.orthogonal((50, 50), rng, "float64")}
for name, M in kinds.items():
    normal = np.allclose(M.T @ M, M @ M.T)
    same = np.allclose(np.sort(np.abs(np.linalg.eigvals(M))), np.sort(np.linalg.svd(M, compute_uv=False)))
    rho, sigma_max = spectrum(M)
    print(f"{name}: ρ {rho:.2f}, σ_max {sigma_max:.2f}; normal: {normal}; singular values are |λ|: {same}")
    assert rho <= sigma_max + 1e-12 and normal == same == (name != "Gaussian")

# %% [markdown] sources=["S22"]
# **How far apart can they be?** As far as you like. Both eigenvalues of this matrix are $0.5$:
#
# $$W = \begin{pmatrix}0.5&10\\0&0.5\end{pmatrix}, \qquad
# W^k = \begin{pmatrix}0.5^k&\;20\,k \cdot 0.5^k\\0&0.5^k\end{pmatrix}$$
#
# The power by induction: right for $k = 1$; and the corner of $W \cdot W^k$ is
# $0.5 \cdot 20\,k \cdot 0.5^k + 10 \cdot 0.5^k = 20\,(k + 1) \cdot 0.5^{k+1}$. Judged by $\rho = 0.5$, a gradient
# halves at each step. In fact the first step can multiply it by 10. In the corner, the factor $k$ rises and $0.5^k$
# falls; the norm, nearly the corner alone, is 1.09 for $k = 7$ and 0.63 for $k = 8$. Only from $k = 8$ on does every
# vector shrink.
#
# (This $W$ has eigenvectors in one direction only, so it has no invertible $Q$ at all.)

# %% tags=["demo"] sources=["S22"]
corner = np.array([[0.5, 10.0], [0.0, 0.5]])
norms = []
for k in range(1, 13):
    power = np.linalg.matrix_power(corner, k)
    assert np.allclose(power, 0.5**k * np.array([[1, 20 * k], [0, 1]]))
    norms.append(np.linalg.norm(power, 2))

rho, sigma_max = spectrum(corner)
first = 1 + next(i for i, norm in enumerate(norms) if norm < 1)
print(f"ρ = {rho:.1f}, σ_max = {sigma_max:.1f}")
print("norm of W^k, k = 1, …, 9:", *(f"{norm:.2f}" for norm in norms[:9]))
print(f"below 1 for the first time at k = {first}")
assert first == 8 and np.isclose(sigma_max, 10.0, atol=0.05) and np.isclose(rho, 0.5)

# %% [markdown]
# **Both are right, at different times.** One step is ruled by $\sigma_{\max}$, many steps by $\rho$. This is *Gelfand's
# formula*:
#
# $$\lVert W^k \rVert_2^{1/k} \;\longrightarrow\; \rho(W) \qquad (k \to \infty)$$
#
# *From below:* an eigenvector of the largest $|\lambda|$ is stretched by $\rho^k$, so $\lVert W^k \rVert_2 \ge \rho^k$.
# *From above:* if $W = Q\Lambda Q^{-1}$, then
# $\lVert W^k \rVert_2 \le \lVert Q \rVert_2 \lVert \Lambda^k \rVert_2 \lVert Q^{-1} \rVert_2 = \kappa\,\rho^k$ with the
# fixed number $\kappa = \lVert Q \rVert_2 \lVert Q^{-1} \rVert_2$, and $\kappa^{1/k} \to 1$. So a power can rise above
# $\rho^k$ by the factor $\kappa$ at most; it is 1 for orthonormal eigenvectors, and large if two of them are nearly
# parallel.

# %% [markdown] slide="skip"
# Without such a $Q$, as in our example, a power of $k$ takes the place of $\kappa$, here about $20\,k$; and
# $(20\,k)^{1/k} \to 1$, too. (The proof for every matrix: Horn and Johnson, *Matrix Analysis*, section 5.6.)

# %% tags=["demo"]
lam, Q = np.linalg.eig(G)
kappa, rho_G = np.linalg.norm(Q, 2) * np.linalg.norm(np.linalg.inv(Q), 2), np.abs(lam).max()
for k in (1, 10, 100, 1000):
    size, size_G = (np.linalg.norm(np.linalg.matrix_power(M, k), 2) for M in (corner, G))
    print(f"k = {k:4}: k-th root of the norm: {size ** (1 / k):6.3f} (ρ = 0.5), Gaussian {size_G ** (1 / k):.3f}")
    assert size >= 0.5**k and 0.999 * rho_G**k <= size_G <= kappa * rho_G**k
print(f"ρ of the Gaussian matrix: {rho_G:.3f}")
assert abs(size ** (1 / k) - 0.5) < 0.01 and abs(size_G ** (1 / k) - rho_G) < 0.01

# %% [markdown]
# The same for matrices of 12 units. A tanh network without input and bias that starts at $h = 0$ stays there, and all
# its Jacobians are $\operatorname{diag}(1)\,W = W$. The two matrices have **the same eigenvalues**, with $\rho = 0.8$.
# The left one has them in orthonormal directions. The right one also has numbers *above the diagonal*, as in our small
# example: they leave the eigenvalues of a triangular matrix alone.
#
# *What to see:* left, every singular value is a straight line, $|\lambda_i|^k$, and the largest one lies on $\rho^k$.
# Right, the largest ones first go up, in spite of $\rho \lt 1$. Later the largest one falls nearly as steeply as
# $\rho^k$, but far above it.

# %% tags=["demo"]
from course_lib import backend, init, plots

rng, H, depth = backend.Rng(34), 12, 41
eigenvalues = np.linspace(0.8, 0.2, H)
turn = init.orthogonal((H, H), rng, "float64")  # the same turn for both, so that neither is triangular to look at
above = np.triu(rng.normal((H, H), 0.5, dtype="float64"), 1)
pair = {"normal": turn @ np.diag(eigenvalues) @ turn.T, "not normal": turn @ (np.diag(eigenvalues) + above) @ turn.T}

products = {}
for name, W in pair.items():
    J = step_jacobian(np.zeros((1, H)), W)[0]
    assert np.array_equal(J, W)
    products[name] = np.stack([
        np.linalg.svd(np.linalg.matrix_power(J, k), compute_uv=False) for k in range(depth)
    ])
    rho, sigma_max = spectrum(W)
    print(f"{name}: ρ = {rho:.2f}, σ_max = {sigma_max:.2f}, largest norm of a product {products[name].max():.1f}")
    assert np.isclose(rho, 0.8, atol=1e-2)

plots.show(plots.singular_values(products, 0.8))
assert np.allclose(products["normal"][:, 0], 0.8 ** np.arange(depth)) and products["not normal"].max() > 2

# %% [markdown] sources=["S51"]
# ## Bounds are conditions
#
# Back to tanh. The Jacobian \eqref{jacobian} has one factor more, $J = \operatorname{diag}(d)\,W$ with $d_i = f'(a_i)$.
# Let $\gamma$ be the largest value of $|f'|$: $\gamma = 1$ for tanh (reached at 0), $\gamma = \tfrac14$ for the
# sigmoid. A diagonal matrix stretches no vector by more than its largest entry, $\lVert \operatorname{diag}(d)\,v
# \rVert^2 = \sum_i d_i^2 v_i^2 \le \max_i d_i^2 \,\lVert v \rVert^2$. So
#
# $$\lVert J \rVert_2 \;\le\; \max_i |d_i| \,\lVert W \rVert_2 \;\le\; \gamma\,\lVert W \rVert_2
# \label{jacobian-bound}$$
#
# > **Erratum (B).** *Printed:* the 2-norm of the Jacobian is at most 1, because the derivative of tanh (or sigmoid) is.
# > *Correct:* it is at most $\gamma \lVert W \rVert_2$; at most 1 **if** $\lVert W \rVert_2 \le 1/\gamma$. *Why:* $W$
# > was forgotten. If the printed sentence were true, no gradient could ever explode.

# %% tags=["demo"] sources=["S51"]
from course_lib import backend, init

rng, H = backend.Rng(35), 6
W = 2 * init.orthogonal((H, H), rng, "float64")
for name, h_t in (("h = 0     ", np.zeros((1, H))), ("random h", np.tanh(rng.normal((1, H), dtype="float64")))):
    size = np.linalg.norm(step_jacobian(h_t, W)[0], 2)
    bound = (1 - h_t**2).max() * np.linalg.norm(W, 2)
    print(f"{name}: norm of J {size:.3f}; as printed, ≤ 1: {size <= 1}; ≤ {bound:.3f}: {size <= bound + 1e-12}")
    assert 1 < size <= bound + 1e-12 and bound <= np.linalg.norm(W, 2) + 1e-12
assert np.isclose(np.linalg.norm(step_jacobian(np.zeros((1, H)), W)[0], 2), 2)

# %% [markdown] sources=["S51"]
# B refers to a paper for the proof (Pascanu, Mikolov and Bengio, 2013, section 2.1). The paper states no bound of 1. It
# states **conditions**, and they follow from ours, \eqref{jacobian-bound}. A product of $n = T - t$ Jacobians has the
# norm $\le (\gamma\, \sigma_{\max})^n$. Therefore:
#
# * $\sigma_{\max}(W) \lt 1/\gamma$ is **sufficient** for vanishing: the bound itself goes to 0.
# * $\sigma_{\max}(W) \gt 1/\gamma$ is **necessary** for exploding: without it, the bound never exceeds 1.
# * It is **not sufficient** for exploding: the norm of a product may be far below the product of the norms.
#
# Between "must vanish" and "does explode" lies everything that depends on directions and on the states.

# %% [markdown] sources=["S51"]
# Five networks without inputs, 60 steps from $h^{(0)} = 0$. The first two *have to* vanish: a sigmoid network is safe
# from explosion up to $\sigma_{\max} = 4$. The third has the same $W$ as the second, but tanh in place of the sigmoid.
# It stays at $h = 0$, where tanh′ is 1, and reaches the bound. The last two have $\sigma_{\max} \gt 1$ and vanish
# nevertheless: one because $\rho = 0.5$, one because it is saturated (the subject of the next section).

# %% tags=["demo"] sources=["S51"]
from course_lib import backend, init


def size_after(n, W, b=0.0, kind="tanh"):
    """‖∂h(n)/∂h(0)‖ of a network without inputs, started at 0, and the bound (γ σ_max)^n."""
    h, product = np.zeros(len(W)), np.eye(len(W))
    for _ in range(n):
        a = W @ h + b
        h = np.tanh(a) if kind == "tanh" else sigmoid(a)
        d = 1 - h**2 if kind == "tanh" else h * (1 - h)
        product = (d[:, None] * W) @ product
    gamma = 1 if kind == "tanh" else 0.25
    return np.linalg.norm(product, 2), (gamma * np.linalg.norm(W, 2)) ** n


Q = init.orthogonal((6, 6), backend.Rng(36), "float64")
networks = {
    "tanh,    W = 0.9 · orthogonal    ": (0.9 * Q, 0.0, "tanh"),
    "sigmoid, W = 3.5 · orthogonal    ": (3.5 * Q, 0.0, "sigmoid"),
    "tanh,    W = 3.5 · orthogonal    ": (3.5 * Q, 0.0, "tanh"),
    "tanh,    W = (0.5 10; 0 0.5)     ": (corner, 0.0, "tanh"),
    "tanh,    W = 2 · orthogonal, b = 5": (2 * Q, 5.0, "tanh"),
}
found = []
for name, (W, b, kind) in networks.items():
    size, bound = size_after(60, W, b, kind)
    found.append(size)
    print(f"{name}: norm {size:.0e}, bound {bound:.0e}")
    assert size <= bound * (1 + 1e-9)
assert found[0] < 0.9**60 * 1.001 and found[1] < 0.875**60 and found[2] > 1e30 and max(found[3:]) < 1e-10

# %% [markdown] sources=["S52"]
# ## Saturation
#
# The factor $f'(a_i)$ was bounded from above. Nothing bounds it from below. Here are the two functions once more:
#
# | | values | derivative | largest derivative |
# |:--|:--|:--|:--|
# | $\tanh$ | $(-1, 1)$ | $1 - \tanh^2$ | $\gamma = 1$ at 0 |
# | $\sigma$ | $(0, 1)$ | $\sigma\,(1 - \sigma)$ | $\gamma = \tfrac14$ at 0 |
#
# > **Erratum (B).** *Printed:* tanh (or sigmoid) maps all values into a range between −1 and 1, and the derivative is
# > bounded as well. *Correct:* tanh maps into $(-1, 1)$, the sigmoid into $(0, 1)$. *Why:* $e^{-a} \gt 0$, so
# > $0 \lt 1/(1 + e^{-a}) \lt 1$. Moreover, for the norm of a Jacobian the range says nothing: $\sin 10a$ stays in
# > $[-1, 1]$, and its derivative reaches 10. The bounds in the table come from the formulas of the derivatives:
# > $\tanh^2 \ge 0$, and for $\sigma$ see "A chain of four neurons".

# %% tags=["demo"] sources=["S52"]
a = np.linspace(-9, 9, 1801)
curves = {"tanh": (np.tanh(a), 1 - np.tanh(a) ** 2), "sigmoid": (sigmoid(a), sigmoid(a) * (1 - sigmoid(a)))}
for name, (f, slopes) in curves.items():
    measured = np.gradient(f, a)  # central differences
    print(f"{name}: from {f.min():.2f} to {f.max():.2f}, derivative at most {slopes.max():.4f}")
    assert np.abs(measured - slopes)[1:-1].max() < 1e-4
print(f"sin 10a: from −1 to 1, derivative at most {np.abs(10 * np.cos(10 * a)).max():.0f}")
assert curves["sigmoid"][0].min() > 0  # not −1, as printed
assert np.isclose(curves["tanh"][1].max(), 1) and np.isclose(curves["sigmoid"][1].max(), 0.25)

# %% [markdown] sources=["S52", "S53"]
# A unit whose $a$ is far from 0 is called **saturated**: its curve is nearly flat there. How far is far? Say that less
# than 5 % of the largest slope is left. For tanh: $1 - h^2 \lt 0.05$, so $|h| \gt \sqrt{0.95} = 0.975$ and
# $|a| \gt 2.18$. For the sigmoid the same at twice that, $|a| \gt 4.36$, since
# $\sigma(a) = \tfrac12(1 + \tanh \tfrac a2)$.
#
# *What to see:* the derivative (dashed) has its peak at 0 and is almost 0 in the grey zones. There a change of $a$
# changes almost nothing, so almost no gradient comes back.

# %% tags=["demo"] sources=["S52"]
from course_lib import plots

edges = {"tanh": np.arctanh(np.sqrt(0.95)), "sigmoid": 2 * np.arctanh(np.sqrt(0.95))}
plots.show(plots.squashing(a, curves, edges))
print("saturated beyond |a| =", *(f"{edge:.2f} ({name})" for name, edge in edges.items()))
assert np.isclose(1 - np.tanh(edges["tanh"]) ** 2, 0.05)
at = sigmoid(edges["sigmoid"])
assert np.isclose(at * (1 - at), 0.05 * 0.25)

# %% [markdown] sources=["S53"]
# **Saturated units pass nothing back.** Row $i$ of $J$ is $(1 - h_i^2)$ times row $i$ of $W$: if the unit is saturated,
# the row is nearly 0. The gradient that arrives at unit $i$ is not handed on, however good $W$ is.
#
# The network of "Many steps" with its best matrix, gain 1: once as it was, once with all biases at 3, which drives most
# units into the grey zone.

# %% tags=["demo"] sources=["S53"]
from course_lib import backend, init

rng = backend.Rng(31)
T, D, H = 50, 4, 32
x, zero = rng.normal((T, 1, D), 0.3, dtype="float64"), np.zeros((1, H))
U, Q = init.uniform((H, D), rng, "float64"), init.orthogonal((H, H), rng, "float64")
for bias in (0.0, 3.0):
    params = {"U": U, "W": Q, "b": np.full(H, bias)}
    hs = rnn_states(x, zero, params)
    norms = jacobian_products(hs, Q)[:, 0]
    flat = (1 - hs**2 < 0.05).mean()
    print(f"b = {bias:.0f}: {flat:4.0%} saturated; norm after 1 step back {norms[-2]:.2f}, after 10 {norms[-11]:.0e}")
    assert (flat < 0.01 and norms[-11] > 0.5) if bias == 0 else (flat > 0.5 and norms[-11] < 1e-6)

# %% [markdown] slide="skip" sources=["S53"]
# **So nothing is learned from far away.** The update of $W$ is the sum \eqref{step-terms} of the terms $G^{(t)}$. In
# the saturated network those of the first 35 steps are so small that, in float32, adding them to those of the last 15
# does not change a single bit. What happened in the first 35 steps makes no difference to what the network learns. And
# nobody notices: there is no error, no warning, and $\lVert dW \rVert$ is not 0.

# %% tags=["demo"] slide="skip" sources=["S53"]
v = rng.normal((1, H), H**-0.5, dtype="float64")
for bias in (0.0, 3.0):
    params = {"U": U, "W": Q, "b": np.full(H, bias)}
    single = {name: value.astype("float32") for name, value in params.items()}
    terms = dW_by_step(x.astype("float32"), zero.astype("float32"), single, v.astype("float32"))
    late = sum(terms[:-16:-1])  # steps T, …, T − 14
    everything = late
    for term in terms[-16::-1]:
        everything = everything + term
    changed = (everything != late).mean()
    print(f"b = {bias:.0f}: size of dW {np.linalg.norm(everything):.1f}; entries changed by steps 1–35: {changed:.0%}")
    assert everything.dtype == np.float32 and (changed == 0) == (bias == 3)

# %% [markdown] sources=["S53"]
# **Not only recurrent networks.** B adds that deep feed-forward networks have the same trouble. They must: an unrolled
# network *is* one, and the bound on a product of Jacobians holds whether or not the layers share their weights. Take
# twenty layers of 32 units, each with its own Gaussian weights of variance $g^2/32$, and look at
# $\lVert \partial h^{(20)}/\partial h^{(l)} \rVert_2$ for some layers $l$: with $g = 0.5$ it vanishes, with $g = 1.2$
# it gets through, and with $g = 1.2$ and biases of $\pm3$ (saturated) it vanishes again.
#
# Two things make it worse in a recurrent network. An unrolled network is as deep as the sentence is long. And the
# layers of a feed-forward network may differ; in a recurrent one it is the same $W$ at every step, so that one bad
# factor comes back again and again, as a power.

# %% tags=["demo"] sources=["S53"]
from course_lib import backend

rng, L, H = backend.Rng(37), 20, 32
layers = [rng.normal((H, H), H**-0.5, dtype="float64") for _ in range(L)]
signs = [np.sign(rng.normal((H,), dtype="float64")) for _ in range(L)]
first = rng.normal((1, H), dtype="float64")

print("                     l = 20      15      10       5       0")
ends = []
for name, gain, bias in (
    ("g = 0.5           ", 0.5, 0),
    ("g = 1.2           ", 1.2, 0),
    ("g = 1.2, saturated", 1.2, 3),
):
    h, jacobians = first, []
    for W, sign in zip(layers, signs, strict=True):
        h = np.tanh(h @ (gain * W).T + bias * sign)
        jacobians.append(step_jacobian(h, gain * W)[0])
    product, sizes = np.eye(H), [1.0]
    for J in jacobians[::-1]:
        product = product @ J
        sizes.append(np.linalg.norm(product, 2))
    ends.append(sizes[-1])
    print(f"{name} ", *(f"{size:7.0e}" for size in sizes[::5]))
assert ends[0] < 1e-4 and 0.1 < ends[1] < 100 and ends[2] < 1e-10

# %% [markdown] sources=["S23"]
# ## What a network remembers
#
# The same product \eqref{jacobian-chain}, seen from the front: how much does the network at step $t$ still know of its
# first input? Ask by how much $h^{(t)}$ moves when $x^{(1)}$ moves: the **sensitivity** $\partial h^{(t)} / \partial
# x^{(1)}$. A shows it as a picture (from Graves, 2008).
#
# Take one unit with $h^{(t)} = \tanh\big(x^{(t)} + w\,h^{(t-1)}\big)$, $w = 0.7$ and $h^{(0)} = 0$. It reads
# $x^{(1)} = 1$ and then only zeros. The first step contributes its tanh′, each later step one Jacobian, here a number:
#
# $$\frac{\partial h^{(t)}}{\partial x^{(1)}} = \big(1 - (h^{(1)})^2\big)
# \prod_{k=2}^{t} \big(1 - (h^{(k)})^2\big)\, w$$

# %% tags=["demo"] sources=["S23"]
from course_lib.gradcheck import numerical_gradient


def plain_unit(x, w=0.7):
    h, path = 0.0, []
    for x_t in x:
        h = np.tanh(x_t + w * h)
        path.append(h)
    return np.array(path)


pulse = np.array([1.0, 0, 0, 0, 0, 0, 0, 0])
path = plain_unit(pulse)
factors = (1 - path**2) * np.array([1] + [0.7] * 7)
plain = np.cumprod(factors)

by_differences = [numerical_gradient(lambda x, t=t: plain_unit(x)[t], pulse.copy())[0] for t in range(8)]
print("sensitivity:", *(f"{value:.3f}" for value in plain))
assert np.allclose(plain, by_differences, atol=1e-8)
assert np.allclose(plain, [0.42, 0.224, 0.14, 0.093, 0.063, 0.044, 0.031, 0.021], atol=6e-4)

# %% [markdown] sources=["S24"]
# **With gates.** Give the unit a memory $c$ and three numbers between 0 and 1 that open and shut the ways in, on and
# out:
#
# $$c^{(t)} = f^{(t)} c^{(t-1)} + i^{(t)} \tanh\big(x^{(t)}\big), \qquad h^{(t)} = o^{(t)} \tanh\big(c^{(t)}\big)
# \label{gated-unit}$$
#
# ($o^{(t)}$ is the output gate here, not a logit.) A trained network computes its gates; we set them by hand. The input
# gate $i$ is open at $t = 1$ only, the forget gate $f$ always, the output gate $o$ at $t = 1, 4, 6$. The way from
# $x^{(1)}$ to $c^{(t)}$ is now a product of forget gates, and these are 1:
#
# $$\frac{\partial h^{(t)}}{\partial x^{(1)}} = o^{(t)} \big(1 - \tanh^2 c^{(t)}\big)
# \Big(\prod_{k=2}^{t} f^{(k)}\Big)\, i^{(1)} \big(1 - \tanh^2 x^{(1)}\big)$$

# %% tags=["demo"] sources=["S24"]
gates = {"i": [1, 0, 0, 0, 0, 0, 0, 0], "f": [1] * 8, "o": [1, 0, 0, 1, 0, 1, 0, 0]}


def gated_unit(x):
    c, memories, outputs = 0.0, [], []
    for x_t, i, f, o in zip(x, *gates.values(), strict=True):
        c = f * c + i * np.tanh(x_t)
        memories.append(c)
        outputs.append(o * np.tanh(c))
    return np.array(memories), np.array(outputs)


c_path, _ = gated_unit(pulse)
memory = np.cumprod([1] + gates["f"][1:]) * gates["i"][0] * (1 - np.tanh(pulse[0]) ** 2)
gated = gates["o"] * (1 - np.tanh(c_path) ** 2) * memory

by_differences = [numerical_gradient(lambda x, t=t: gated_unit(x)[1][t], pulse.copy())[0] for t in range(8)]
print("memory:", *(f"{value:.3f}" for value in memory))
print("output:", *(f"{value:.3f}" for value in gated))
assert np.allclose(gated, by_differences, atol=1e-8)
assert np.allclose(gated, [0.247, 0, 0, 0.247, 0, 0.247, 0, 0], atol=6e-4)

# %% [markdown] sources=["S23", "S24"]
# Both networks as A draws them. The darker a node, the more it depends on the first input; the number says how much.
#
# *What to see:* above, the shade fades from step to step: what came in first is overwritten. Below, the memory
# $c^{(t)}$ keeps its shade for as long as nothing is let in and nothing is thrown out, and the output shows it
# whenever its gate is open, at $t = 4$ and $t = 6$ as clearly as at $t = 1$.

# %% tags=["demo"] sources=["S23", "S24"]
from course_lib import plots

plots.show(plots.sensitivity(plain, memory, gated, gates))
assert memory.min() == memory.max() and (np.diff(plain) < 0).all()

# %% [markdown] sources=["S49"]
# **A sentence.** B's example is "The man who wore a wig on his head went inside". Who went inside? Not the head, which
# stands right before the verb. To read it correctly, the state at "went" has to hold "man".
#
# A network with random weights reads the sentence, one word a step. `jacobian_products` says how much of each earlier
# state is left at "went":

# %% tags=["demo"] sources=["S49"]
from course_lib import backend, init

sentence = "The man who wore a wig on his head went inside"
words = sentence.split()
man, head, went = (words.index(word) for word in ("man", "head", "went"))
rng = backend.Rng(30)
net = init.rnn_params(len(words), 64, 1, rng, "float64")
one_hot = np.eye(len(words))[:, None]  # (T, 1, 11)
hs = rnn_states(one_hot[: went + 1], np.zeros((1, 64)), net)
left = jacobian_products(hs, net["W"])[:, 0]

print(f"'man' is {went - man} steps before 'went', 'head' is {went - head}")
print(f"norm of the Jacobian from 'head': {left[head]:.1f}, from 'man': {left[man]:.2f}")
assert went - man == 8 and left[man] < left[head] / 5

# %% [markdown] sources=["S53"]
# **What that does to learning.** The gradient of $W$ is the sum \eqref{step-terms} of the terms $G^{(t)}$. Here are
# their sizes for a sentence of 20 words with the loss at its end.
#
# *What to see:* on the logarithmic scale both lines are nearly straight: a constant factor for each step back. With
# the usual small random $W$ (uniform numbers of size $1/\sqrt H$) the first steps add a hundred thousandth of what the
# last one does. Learning goes on, the loss falls, but the network learns from the last few steps only. Nothing warns
# you. (At $t = 1$ the term is exactly 0, as $h^{(0)} = 0$; the lines begin at $t = 2$.)

# %% tags=["demo"] sources=["S53"]
from course_lib import backend, init, plots
from course_lib.gradcheck import numerical_gradient, relative_error

T, D, H = 20, 10, 32
rng = backend.Rng(31)
x, v = rng.normal((T, 1, D), dtype="float64"), rng.normal((1, H), dtype="float64")
U, zero = rng.uniform(-(H**-0.5), H**-0.5, (H, D), "float64"), np.zeros((1, H))  # small: no unit is saturated
terms, sizes = {}, {}
for name in ("uniform", "orthogonal"):
    net = {"U": U, "W": getattr(init, name)((H, H), backend.Rng(33), "float64"), "b": np.zeros(H)}
    terms[name] = dW_by_step(x, zero, net, v)
    by_differences = numerical_gradient(lambda _, net=net: (v * rnn_states(x, zero, net)[-1]).sum(), net["W"])
    assert relative_error(sum(terms[name]), by_differences) < 1e-6
    sizes[name] = [np.linalg.norm(term) for term in terms[name]]
    print(f"{name:10s}", *(f" t = {t}: {sizes[name][t - 1]:.0e}" for t in (20, 15, 10, 5, 2)))

plots.show(plots.over_time({f"W {name}": line[1:] for name, line in sizes.items()}, {}, "size of $G^{(t)}$", first=2))
assert sizes["uniform"][1] < 1e-4 * sizes["uniform"][-1] and sizes["orthogonal"][1] > 1e-3 * sizes["orthogonal"][-1]

# %% [markdown] sources=["S48"]
# **Truncation.** Sentences have, as B says, perhaps 20 words or more, and each word is one more layer to go back
# through. So in practice one often stops after $k$ steps: instead of the whole sum one takes
#
# $$\widehat{\frac{dL}{dW}} = \sum_{t=T-k+1}^{T} G^{(t)}$$
#
# How far off is it? With the uniform $W$ hardly at all, for what is cut off had vanished anyway. That is not good news:
# it means that the *whole* gradient knows nothing of the distant steps either. Where the terms do not vanish,
# truncation loses a lot. Notebook 06 comes back to it.

# %% tags=["demo"] sources=["S48"]
k, missing = 5, {}
for name, parts in terms.items():
    whole, truncated = sum(parts), sum(parts[T - k :])
    missing[name] = np.linalg.norm(truncated - whole) / np.linalg.norm(whole)
    print(f"{name:10s}: of the gradient, {100 * missing[name]:.0f} % is missing with the last {k} of {T} steps")
assert missing["uniform"] < 0.1 and missing["orthogonal"] > 0.3

# %% [markdown] sources=["S54"]
# ## Exploding, and what really happens in float32
#
# Let $\delta$ be a gradient at the last step, here a single number, and let each step back multiply it by the same
# factor $r \gt 1$: after $k$ steps it is $r^k \delta$. Floats have a largest value $M$, $3.4 \cdot 10^{38}$ in float32
# and $1.8 \cdot 10^{308}$ in float64; beyond it they are `inf`. That happens at the first step $k$ with
#
# $$r^k \lvert\delta\rvert \gt M \quad\Longleftrightarrow\quad k \gt \frac{\ln (M / \lvert\delta\rvert)}{\ln r}$$
#
# Take $r = 1.5$ and $\delta = -0.9$, the gradient $p_y - 1$ of a logit whose class had the probability 0.1.
#
# > **Erratum (B).** *Printed:* when gradients explode they become NaN, and the program crashes. *Correct:* first they
# > become `inf`, with a RuntimeWarning in NumPy; `nan` comes one operation later; nothing crashes. *Why:* the standard
# > for floats (IEEE 754) defines a result for every operation: too large is `inf`, and $\infty - \infty$ or
# > $0 \cdot \infty$ is `nan`. A program that does not look goes on with them to the end.

# %% tags=["demo"] sources=["S54"]
import warnings

for dtype, expected in (("float32", 220), ("float64", 1751)):
    largest = float(np.finfo(dtype).max)
    delta, factor, k = np.array([-0.9], dtype), np.array([1.5], dtype), 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        while np.isfinite(delta[0]):
            delta, k = factor * delta, k + 1
    bound = (np.log(largest) - np.log(0.9)) / np.log(1.5)
    print(f"largest {dtype}: {largest:.1e}")
    print(f"{dtype}: the formula says k > {bound:.1f}; {delta[0]} at step {k}, ", end="")
    print(f"with {len(caught)} {caught[0].category.__name__}; nan, as printed: {np.isnan(delta[0])}")
    assert k == expected == int(bound) + 1 and not np.isnan(delta[0])

with np.errstate(invalid="ignore"):
    print(f"one operation later: inf − inf = {delta[0] - delta[0]}, 0 · inf = {0 * delta[0]}")
    assert np.isnan(delta[0] - delta[0]) and np.isnan(0 * delta[0])

# %% [markdown] sources=["S54"]
# **One step is enough.** Most explosions do not even reach `inf`. Here a network with $W$ = 2 · orthogonal reads 100
# steps of small inputs. The gradient is large but finite. Now make one ordinary step of gradient descent,
# $\theta \leftarrow \theta - \eta\, g$ with $\eta = 0.01$:

# %% tags=["demo"] sources=["S54"]
from course_lib import backend, init
from course_lib.cells import RNN, Output
from course_lib.optim import SGD
from course_lib.training import loss_and_gradients


def exploding_network():
    rng = backend.Rng(1)
    cell, output = RNN(4, 32, rng, "float64"), Output(32, 4, rng, "float64")
    cell.params["W"][...] = init.orthogonal((32, 32), backend.Rng(2), "float64", gain=2)
    return cell, output, rng.normal((100, 16, 4), scale=0.1, dtype="float64"), rng.integers(0, 4, (100, 16))


def look(when):
    loss, grads, _ = loss_and_gradients(cell, output, x, y)
    norm, dW = np.sqrt(sum((grad**2).sum() for grad in grads.values())), np.linalg.norm(grads["W"])
    flat = (np.abs(cell.forward(x)[0]) > 0.999).mean()
    print(f"{when}: loss per step {loss / 100:.1f}; norm of all gradients {norm:.0e}, of dW {dW:.0e}; ", end="")
    print(f"largest entry of W {np.abs(cell.params['W']).max():.0e}; {flat:.0%} of the units saturated")
    return grads, loss / 100, flat, dW


cell, output, x, y = exploding_network()
grads, loss_before, flat_before, dW_before = look("before")
SGD(cell.params | output.params, lr=0.01).step(grads)
_, loss_after, flat_after, dW_after = look("after ")
assert flat_before < 0.05 and flat_after > 0.95 and abs(loss_after - loss_before) < 0.5 and dW_after < 1 < dW_before

# %% [markdown] sources=["S54"]
# The entries of $W$ are now in the thousands, so nearly every unit is at $\pm 1$, where tanh′ is about 0: the
# gradient of $W$ is gone (what is left of the norm belongs to $V$ and $c$). One step has turned an exploding network
# into a vanished one, and the loss hardly shows it. So watch the right thing:
#
# * write down the **norm of the gradient** at every iteration. An explosion is a single huge value in it;
# * stop if the loss or that norm is not finite: `assert np.isfinite(norm)`;
# * to find the place, turn NumPy's warnings into errors: with `np.errstate(over="raise", invalid="raise")` the first
#   operation that overflows raises `FloatingPointError`. (On a GPU there are no such warnings: look at the norm.)

# %% tags=["demo"] sources=["S54"]
delta, k, raised = np.array([-0.9], "float32"), 0, False
try:
    with np.errstate(over="raise", invalid="raise"):
        while np.isfinite(delta[0]):
            k += 1
            delta = np.float32(1.5) * delta
except FloatingPointError as error:
    raised = True
    print(f"step {k}: FloatingPointError: {error}")
assert raised and k == 220 and np.isfinite(delta[0])

# %% [markdown] sources=["S36"]
# ## The cliff
#
# A recurrent network is very non-linear. Therefore, says A, its loss has **cliffs**: walls where it changes by a lot
# over almost no distance. The smallest network that has one (Pascanu, Mikolov and Bengio, 2013) is a single sigmoid
# unit without inputs. Here $x$ is not an input but the number *before* the sigmoid:
#
# $$x^{(t)} = w\,\sigma\big(x^{(t-1)}\big) + b, \qquad x^{(0)} = 0.5, \qquad
# E = \Big(\sigma\big(x^{(50)}\big) - 0.7\Big)^2$$
#
# Two parameters, 50 steps, and the wish that the unit ends at 0.7. Compare two networks whose $b$ differ by 0.01:

# %% tags=["demo"] sources=["S36"]
def unit_path(w, b, T=50):
    x = [0.5 + 0 * w * b]  # of the shape of w and b, which may be arrays
    for _ in range(T):
        x.append(w * sigmoid(x[-1]) + b)
    return x


def unit_loss(w, b):
    return (sigmoid(unit_path(w, b)[-1]) - 0.7) ** 2


for b_near in (-2.58, -2.57):
    path = unit_path(4.94, b_near)
    print(f"b = {b_near}: σ(x) = {sigmoid(path[0]):.2f} at the start,", end="")
    print(*(f" {sigmoid(path[t]):.2f} after {t}" for t in (10, 25, 50)), sep=",", end="")
    print(f" steps; E = {unit_loss(4.94, b_near):.3f}")
assert unit_loss(4.94, -2.58) > 0.3 and unit_loss(4.94, -2.57) < 0.02

# %% [markdown] sources=["S36"]
# **Why there?** The first unit slides down to 0.12, the second climbs to 0.80. For $w \gt 0$ a larger $x^{(t-1)}$ gives
# a larger $x^{(t)}$: if the first step goes up, so do all others. On the border between up and down the start is a
# *resting point*, $x^{(1)} = x^{(0)}$. That is a straight line in the plane,
#
# $$0.5 = w\,\sigma(0.5) + b \quad\Longleftrightarrow\quad b = 0.5 - \sigma(0.5)\, w \label{cliff-line}$$
#
# One step multiplies a small distance from a resting point by the slope $w\,\sigma'(0.5)$. Above
# $w = 1/\sigma'(0.5) = 4.26$ the slope is larger than 1 and the distance grows, with slope 1.16 in 50 steps to
# about 1700 times its size. It is an exploding gradient, seen from the side of the loss.

# %% tags=["demo"] sources=["S36"]
def border(w):
    return 0.5 - sigmoid(0.5) * w


rest_slope = sigmoid(0.5) * (1 - sigmoid(0.5))  # σ'(0.5)
at_rest = unit_path(4.94, border(4.94), T=20)
print(f"at w = 4.94 the border is at b = {border(4.94):.4f}; the slope there is {4.94 * rest_slope:.2f}")
print(f"1/σ'(0.5) = {1 / rest_slope:.2f}; the slope to the power of 50: {(4.94 * rest_slope) ** 50:.1e}")
assert np.allclose(at_rest, 0.5) and 4.25 < 1 / rest_slope < 4.26

nudge = 1e-6  # a small distance from the border
moved = np.array(unit_path(4.94, border(4.94) + nudge, T=20)) - 0.5
print(f"distance from 0.5: {moved[1]:.1e} after 1 step, {moved[20]:.1e} after 20")
grown = sum((4.94 * rest_slope) ** k for k in range(20)) * nudge  # b adds it at every step
assert np.isclose(moved[20], grown, rtol=1e-3)

# %% [markdown]
# ### Exercise 4 · Over the cliff (3 points)
#
# A network of one unit without input, with a loss at its last step only:
#
# $$x^{(0)} = 0.5, \qquad x^{(t)} = w\,\sigma\big(x^{(t-1)}\big) + b \quad (t = 1, \dots, T), \qquad
# E = \big(\sigma(x^{(T)}) - 0.7\big)^2$$
#
# Write `cliff_loss_grad(w, b, T=50)`: the loss and its two derivatives. Carry $\dfrac{dx^{(t)}}{dw}$ and
# $\dfrac{dx^{(t)}}{db}$ along with $x^{(t)}$, or go backwards from the loss; both are right.
#
# | argument | shape | |
# |:--|:--|:--|
# | `w`, `b` | numbers, or two arrays of one shape | of arrays, each pair of entries is a network of its own |
# | `T` | an integer ≥ 1 | the number of steps, 50 if it is not given |
# | *returns* `loss` | like `w` | $E$ |
# | *returns* `dw`, `db` | like `w` | the total derivatives $dE/dw$ and $dE/db$: $w$ and $b$ act in every step |
#
# Return `loss, dw, db`, in this order. The setup cell has `sigmoid`, for numbers and arrays; its slope is
# $\sigma' = \sigma (1 - \sigma)$. The derivatives are exact up to rounding: finite differences are not enough. Do not
# change the inputs. Marked: the loss (0.5 points), `dw` (1), `db` (1), all three on a grid (0.5).
# `hint(cliff_loss_grad)` gives a hint.

# %% tags=["answer"] exercise="cliff_loss_grad"
def cliff_loss_grad(w, b, T=50):
    """E and its derivatives (loss, dw, db) for x(t) = w σ(x(t−1)) + b, x(0) = 0.5, E = (σ(x(T)) − 0.7)²."""
    ### BEGIN SOLUTION
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb
    ### END SOLUTION

# %% tags=["check"] exercise="cliff_loss_grad" sources=["S36"]
check(cliff_loss_grad)
### BEGIN HIDDEN TESTS
earned(cliff_loss_grad)
### END HIDDEN TESTS

# %% [markdown] sources=["S36"]
# **The whole plane.** Your function on a grid of $801 \times 801$ networks, $0 \le w \le 8$ and $-4 \le b \le 0$: how
# long is the gradient? Central differences of the loss check it where it is longest.

# %% tags=["demo"] sources=["S36"]
w_grid, b_grid = np.linspace(0, 8, 801), np.linspace(-4, 0, 801)
surface, dw, db = cliff_loss_grad(*np.meshgrid(w_grid, b_grid))
steepness = np.hypot(dw, db)
row, column = np.unravel_index(steepness.argmax(), steepness.shape)
start = np.array([w_grid[column], b_grid[row]])  # the steepest point of the grid

print(f"median of the norm: {np.median(steepness):.3f}; above 1 on {(steepness > 1).mean():.2%} of the grid")
print(f"largest norm: {steepness.max():.0f}, at w = {start[0]:.2f}, b = {start[1]:.3f}")
eps = 1e-7
by_differences = [(unit_loss(*(start + step)) - unit_loss(*(start - step))) / (2 * eps) for step in eps * np.eye(2)]
assert np.allclose(by_differences, (dw[row, column], db[row, column]), rtol=1e-4)
assert 3300 < steepness.max() < 3340 and abs(start[1] - border(start[0])) < 1e-3

# %% [markdown] slide="-" sources=["S36"]
# *What to see:* nearly everywhere the ground is gentle. On the right a slope runs down to a valley, where $E = 0$. The
# valley ends at the foot of a wall. The wall begins at $w \approx 4.26$ and follows the straight line
# \eqref{cliff-line}. It is so thin that it looks upright. At its steepest the gradient is more than ten thousand times
# as long as the median.

# %% tags=["demo"] sources=["S36"]
from course_lib import plots

across = np.sort(np.concatenate([np.linspace(-4, 5, 180), np.linspace(-0.03, 0.03, 60)]))  # dense at the wall
w_lines, shift = np.meshgrid(np.linspace(0, 8, 161), across)
b_lines = np.clip(border(w_lines) + shift, -4, 0)  # lines of the grid along the wall
plots.show(plots.cliff_surface(w_lines, b_lines, unit_loss(w_lines, b_lines)))
assert steepness.max() > 1e4 * np.median(steepness)

# %% [markdown] sources=["S36"]
# **Off the cliff.** Stand on the steepest point, $w = 4.94$, $b = -2.575$, and make one step of gradient descent with
# the modest learning rate 0.05. The step has the length $0.05 \cdot 3320 = 166$, on a map that is 8 wide. Where it
# lands, $\sigma(x) = 1$ to the last digit, so $E = 0.3^2 = 0.09$ and the gradient is exactly 0: there is no way back.

# %% tags=["demo"] sources=["S36"]
landed = start - 0.05 * np.array(cliff_loss_grad(*start)[1:])
E_landed, *g_landed = cliff_loss_grad(*landed)

print(f"length of the step: {np.hypot(*(landed - start)):.0f}")
print(f"landed at w = {landed[0]:.1f}, b = {landed[1]:.1f}; E = {E_landed:.2f}, gradient {max(map(abs, g_landed)):.1f}")
assert np.allclose(landed, (92.6, 138.4), atol=0.1) and np.isclose(E_landed, 0.09) and not any(g_landed)

# %% [markdown] sources=["S37"]
# ## Clipping by norm
#
# On the wall the *direction* of the gradient is good, only its *length* is absurd. So shorten it. With $g$ all the
# gradients together, taken as one long vector, and a threshold $v$, a number:
#
# $$g \leftarrow \begin{cases} v\, \dfrac{g}{\lVert g \rVert} & \text{if } \lVert g \rVert \gt v \\[1ex]
# g & \text{otherwise} \end{cases}
# \qquad\qquad \lVert g \rVert = \sqrt{\sum_{\theta \in \{U, W, b, V, c\}} \sum_{j} g_{\theta,j}^2} \label{clipping}$$
#
# > **Erratum (A).** *Printed:* nothing; in the copy at hand the slide ends after "the gradient clipping heuristic:".
# > *Correct:* the formula \eqref{clipping} (Pascanu, Mikolov and Bengio, 2013). *Why the "if":* without it, small
# > gradients would be made *longer*, and the steps near a minimum would never become small.

# %% tags=["demo"] sources=["S37"]
from course_lib import optim

for g in (np.array([3.0, 4.0]), np.array([0.03, 0.04])):  # of length 5 and 0.05
    grads = {"g": g.copy()}
    optim.clip_by_norm(grads, 1)  # the library's, which changes its arrays
    print(f"g = {g}, v = 1: clipped {grads['g']}, without the “if” {g / np.linalg.norm(g)}")
    assert np.allclose(grads["g"], g / 5 if g[0] == 3 else g)

# %% [markdown]
# ### Exercise 5 · Clipping by norm (4 points)
#
# Write `clip_global_norm(grads, max_norm)`. All gradients together are one long vector $g$; its 2-norm is the **global
# norm** $\lVert g \rVert = \sqrt{\sum g_i^2}$ over *every entry of every array*.
#
# | argument | | |
# |:--|:--|:--|
# | `grads` | a dict from names to arrays | any names, any shapes; float64 or float32 |
# | `max_norm` | a number > 0 | the largest norm that is left as it is |
# | *returns* `clipped` | a dict with the same names | new arrays, of the shapes and dtypes of the old ones |
# | *returns* `norm` | a number | the global norm **before** clipping |
#
# Return the pair `clipped, norm`, in this order.
#
# * $\lVert g \rVert \gt{}$ `max_norm`: every array is multiplied by the same number, `max_norm` $/ \lVert g \rVert$,
#   exactly (no small number is added in the denominator). So the direction stays, and the norm becomes `max_norm`.
# * $\lVert g \rVert \le$ `max_norm`: the values stay as they are, also if all of them are 0. The arrays are copies.
# * $\lVert g \rVert$ is `inf` or `nan`, because some entry is: there is no direction to keep, and no number would mend
#   it. The values stay as they are (copies again); the norm is returned as it is, so that the caller sees it and leaves
#   out this update.
#
# float32 entries can be as large as $10^{30}$. Their squares do not fit into float32, so add them up in float64. The
# inputs must not change: neither the arrays nor the dictionary. Marked: the norm (0.5 points), clipping (2), leaving
# alone what is short enough (0.5), float32 (0.5), norms that are not finite (0.5). `hint(clip_global_norm)` gives a
# hint.

# %% tags=["answer"] exercise="clip_global_norm"
def clip_global_norm(grads, max_norm):
    """The gradients (a dict of new arrays), scaled to a global norm of at most max_norm, and the norm before."""
    ### BEGIN SOLUTION
    norm = np.sqrt(sum((grad.astype("float64") ** 2).sum() for grad in grads.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (grad * scale).astype(grad.dtype) for name, grad in grads.items()}, norm
    ### END SOLUTION

# %% tags=["check"] exercise="clip_global_norm" sources=["S37"]
check(clip_global_norm)
### BEGIN HIDDEN TESTS
earned(clip_global_norm)
### END HIDDEN TESTS

# %% [markdown] sources=["S37"]
# **Why all together?** A gradient says in which direction the loss falls fastest. Multiplying all of it by one number
# keeps this direction. Two popular variants do not: cutting every *entry* to $[-v, v]$, and clipping each *array*
# ($W$, $U$, …) by its own norm. Both shorten the large parts and leave the small ones.
#
# *What to see:* the gradient $(4, 0.5)$ points almost to the right. Clipped by norm it still does. Cut entry by
# entry, it has turned upwards by 19°.

# %% tags=["demo"] sources=["S37"]
from course_lib import plots

plots.show(plots.clipped_directions((4, 0.5), 1))
by_norm, _ = clip_global_norm({"g": np.array([4, 0.5])}, 1.0)
by_entry = np.clip([4, 0.5], -1, 1)
turned = [np.degrees(np.arctan2(g[1], g[0]) - np.arctan2(0.5, 4)) for g in (by_norm["g"], by_entry)]
print(f"turned by {abs(turned[0]):.0f}° (norm) and {turned[1]:.0f}° (entries)")
assert abs(turned[0]) < 1e-6 and turned[1] > 15

# %% [markdown] slide="skip" sources=["S37"]
# The same with the exploding network from above ($W$ = 2 · orthogonal), all five gradients, and $v = 1$. The cosine of
# the angle to the true gradient is 1 for the same direction and 0 for a right angle.

# %% tags=["demo"] slide="skip" sources=["S37"]
cell, output, x, y = exploding_network()
_, grads, _ = loss_and_gradients(cell, output, x, y)


def joined(grads):
    return np.concatenate([grad.ravel() for grad in grads.values()])


def cosine(one, two):
    return joined(one) @ joined(two) / np.linalg.norm(joined(one)) / np.linalg.norm(joined(two))


together, norm = clip_global_norm(grads, 1.0)
each = {name: clip_global_norm({name: grad}, 1.0)[0][name] for name, grad in grads.items()}
entries = {name: np.clip(grad, -1, 1) for name, grad in grads.items()}
cosines = [cosine(grads, other) for other in (together, each, entries)]
print(f"norm before: {norm:.0e}; cosine: all together {cosines[0]:.2f}, each array {cosines[1]:.2f}, ", end="")
print(f"each entry {cosines[2]:.2f}")
assert cosines[0] > 1 - 1e-9 and max(cosines[1:]) < 0.95 and np.isclose(np.linalg.norm(joined(together)), 1)

# %% [markdown] sources=["S36", "S37"]
# **Back to the cliff**, with the gradient clipped. Both paths start on the steepest point.
#
# *What to see:* dashed, the step without clipping, which leaves the map. In purple, the clipped path: it bounces along
# the foot of the wall (enlarged in the small picture), no step longer than learning rate × threshold, and ends at the bottom
# of the valley (green).
# Move the sliders. A threshold that is too large clips nothing that matters; one that is too small makes every
# step tiny, on the gentle ground, too.

# %% tags=["demo"] sources=["S36", "S37"]
from course_lib import plots, widgets


def descend(lr, threshold, steps=600):
    points = [start]
    for _ in range(steps):
        _, dw, db = cliff_loss_grad(*points[-1])
        grads, _ = clip_global_norm({"w": np.array([dw]), "b": np.array([db])}, threshold)
        points.append(points[-1] - lr * np.concatenate([grads["w"], grads["b"]]))
    return np.array(points)


near = np.ix_((b_grid >= -3.5) & (b_grid <= -0.5), (w_grid >= 3) & (w_grid <= 7))  # the part of the map to show


def paths_over_the_cliff(lr, threshold):
    free, held = descend(lr, np.inf, steps=1), descend(lr, threshold)
    return plots.cliff_paths(w_grid[near[1][0]], b_grid[near[0][:, 0]], surface[near], free, held, lr, threshold)


choices = {"learning rate": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5], "threshold": [0.05, 0.1, 0.5, 1, 5, 20, 100, 1000]}
widgets.sliders(paths_over_the_cliff, choices, start=(0.05, 0.5))
held = descend(0.05, 0.5)
last = [cliff_loss_grad(*point)[0] for point in held[-50:]]
longest = np.hypot(*np.diff(held, axis=0).T).max()
print(f"learning rate 0.05, threshold 0.5: longest step {longest:.3f}")
print(f"loss below 0.002 at each of the last 50 of 600 steps: {max(last) < 0.002}")
assert longest < 0.025 + 1e-9 and max(last) < 0.002

# %% [markdown] sources=["S37"]
# **Which threshold?** Look at the norms of ordinary iterations and take a value a little above. The result is not
# sensitive to it: Pascanu et al. report that anything from half to ten times the average norm can work.
#
# **What clipping cannot do.** One number multiplies all terms $G^{(t)}$ of the gradient, so the *share* of each step
# stays what it was. Clipping is a cure for exploding gradients; against vanishing ones it does nothing. Scaling the
# gradient up does not help either: the last steps would grow as much as the first.

# %% tags=["demo"] sources=["S37"]
for name, parts in terms.items():  # the sentence of 20 words
    clipped, norm = clip_global_norm({"W": sum(parts)}, 0.1)
    shorter = [0.1 / norm * part for part in parts]
    share, share_clipped = (np.linalg.norm(p[1]) / sum(np.linalg.norm(q) for q in p) for p in (parts, shorter))
    print(f"{name:10s}: share of step 2 of 20 {share:.0e} before, {share_clipped:.0e} after clipping to 0.1")
    assert np.allclose(clipped["W"], sum(shorter)) and np.isclose(share, share_clipped)

# %% [markdown] sources=["S79"]
# ## Remedies
#
# C gives the reason why all this has to be solved and cannot be avoided: to get the gradient right at step $t$ you
# have to look back over as many steps as the dependency is long, and **how long that is you do not know beforehand**. C
# names two ways out:
#
# 1. stop going back after some number $k$ of steps (truncation);
# 2. change the network so that *gates* control what flows through it.
#
# The first makes learning cheap, not far-sighted. Behind the limit the gradient is not small but exactly 0, so nothing
# drives the network to learn a dependency of $k$ steps or more, whichever $k$ you choose:

# %% tags=["demo"] sources=["S79"]
from course_lib import backend
from course_lib.cells import RNN


def reach(k, T=20):
    """The sizes of dL/dx(t) for t = 1, …, T of a backward pass that is stopped after k steps."""
    cell = RNN(10, 32, backend.Rng(32), "float64")
    words = backend.Rng(31).normal((T, 1, 10), dtype="float64")
    _, state, _ = cell.forward(words[: T - k]) if k < T else (None, None, None)
    _, _, cache = cell.forward(words[T - k :], state)  # the state comes in as a constant
    dhs = np.zeros((k, 1, 32))
    dhs[-1] = 1
    dx, _, _ = cell.backward(dhs, cache)
    return np.concatenate([np.zeros(T - k), np.linalg.norm(dx[:, 0], axis=1)])


for k in (5, 10, 20):
    print(f"k = {k:2d}: dL/dx(t) is not 0 at {np.count_nonzero(reach(k))} of 20 steps")
    assert np.count_nonzero(reach(k)) == k and np.allclose(reach(k)[20 - k :], reach(20)[20 - k :])

# %% [markdown] sources=["S55", "S79"]
# The sources name these remedies; the rest of this section measures them.
#
# | remedy | helps against | what it costs, and where it ends |
# |:--|:--|:--|
# | clipping | exploding | one number to choose |
# | truncation after $k$ steps | long computations | no gradient from farther back than $k$ |
# | first values of $W$: orthogonal, identity, spectral radius 1 | both | holds at the start; training moves $W$ |
# | ReLU in place of tanh | saturation | $W$ itself is no longer held by anything |
# | regularisation (Pascanu et al.) | vanishing | a second term in the loss, with a weight to choose |
# | gates: LSTM (1997), GRU (2014) | vanishing | more parameters; the first bias matters |

# %% [markdown] sources=["S55"]
# **ReLU, and its caveat.** B prefers $\operatorname{relu}(a) = \max(0, a)$, whose derivative is 0 or 1, so that no
# factor tanh′ below 1 shrinks the gradient. That is half of the Jacobian \eqref{jacobian}. The other half is $W$, and
# without tanh nothing holds it. For units that stay active, and $W = g\,I$ with a gain $g$:
#
# $$\frac{\partial h^{(T)}}{\partial h^{(t)}} = W^{T-t} = g^{\,T-t}\, I$$
#
# One per cent too little or too much decides over 500 steps between almost nothing and far too much. And a unit whose
# derivative is 0 passes nothing at all.

# %% tags=["demo"] sources=["S55"]
from course_lib import backend
from course_lib.cells import RNN

h0, nothing = np.array([[1.0, 2.0, 3.0]]), np.zeros((500, 1, 1))
for gain, expected in ((0.99, 6.57e-3), (1.0, 1), (1.01, 145), (1.05, 3.93e10)):
    cell = RNN(1, 3, backend.Rng(0), "float64", activation="relu")
    cell.params["W"][...] = gain * np.eye(3)
    hs, _, cache = cell.forward(nothing, h0)
    dhs = np.zeros_like(hs)
    dhs[-1] = 1
    _, dh0, _ = cell.backward(dhs, cache)
    print(f"gain {gain}: gain^500 = {gain**500:.3g}, the backward pass says {dh0[0, 0]:.3g}")
    assert np.allclose(dh0, gain**500) and np.isclose(gain**500, expected, rtol=5e-3)

_, dh0, _ = cell.backward(dhs, cell.forward(nothing, -h0)[2])
print(f"started from negative states (no unit is active): {dh0[0, 0]:.0f}")
assert not dh0.any()

# %% [markdown] sources=["S55"]
# **First values of $W$.** B recommends to begin with a good $W$. Three candidates:
#
# * **orthogonal** $Q$ (Saxe et al., 2014): $Q^\top Q = I$, so it turns vectors and keeps their lengths, however often:
#   $\lVert Q^k u \rVert = \lVert u \rVert$. All its singular values are 1;
# * **identity** with ReLU (Le, Jaitly and Hinton, 2015; "IRNN"): the state stays as it is until an input changes it;
# * **spectral radius** set to 1: $W = A / \rho(A)$ with random $A$. Now nothing grows in the long run. But only what
#   lies along the eigenvectors with $|\lambda| = 1$ lasts; the rest fades.

# %% tags=["demo"] sources=["S55"]
from course_lib import backend, init

rng = backend.Rng(40)
u = rng.normal(64, dtype="float64")
u /= np.linalg.norm(u)
lengths = {}
for name in ("orthogonal", "identity", "spectral"):
    W_start = getattr(init, name)((64, 64), rng, "float64")
    lengths[name] = [np.linalg.norm(np.linalg.matrix_power(W_start, k) @ u) for k in (1, 10, 100)]
    print(f"{name:10s} length of W^k u for k = 1, 10, 100:", *(f"{value:.2f}" for value in lengths[name]))
assert np.allclose(lengths["orthogonal"], 1) and np.allclose(lengths["identity"], 1)
assert not np.allclose(lengths["spectral"], 1, atol=0.1)

# %% [markdown]
# ### Exercise 6 · A start that neither vanishes nor explodes (3 points)
#
# Write `init_recurrent(kind, H, rng, gain=1.0)`: a first value for the recurrent matrix.
#
# | argument | | |
# |:--|:--|:--|
# | `kind` | a text | `"orthogonal"`, `"identity"` or `"spectral"`; any other raises a `ValueError` |
# | `H` | an integer ≥ 1 | the number of hidden units |
# | `rng` | a `numpy.random.Generator` | where the numbers come from, such as `np.random.default_rng(0)` |
# | `gain` | a number > 0 | how large the matrix is to be, 1 if it is not given |
# | *returns* | (H, H), float64 | the matrix |
#
# * `"orthogonal"`: `gain` times a random orthogonal matrix, $W^\top W = \text{gain}^2\, I$, so that every singular
#   value is `gain`. A Gaussian matrix $A$ has a factorisation $A = QR$ with orthogonal $Q$: `np.linalg.qr(A)`. Any way
#   to a random orthogonal matrix is right, whatever its signs.
# * `"identity"`: `gain` times the identity matrix; nothing is drawn.
# * `"spectral"`: a Gaussian matrix (`rng.standard_normal((H, H))`), all of it multiplied by one number, so that its
#   spectral radius is `gain`. For $H \gt 1$ its largest singular value is then larger than `gain`.
#
# Draw from `rng` only: the same seed gives the same matrix, another seed another one, and neither `np.random.seed` nor
# other global state is used or changed. Marked: orthogonal (1 point), spectral (1), identity and unknown kinds (0.5),
# where the numbers come from (0.5). `hint(init_recurrent)` gives a hint.

# %% tags=["answer"] exercise="init_recurrent"
def init_recurrent(kind, H, rng, gain=1.0):
    """A recurrent matrix W (H, H): kind is "orthogonal", "identity" or "spectral"; gain scales it."""
    ### BEGIN SOLUTION
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        Q, R = np.linalg.qr(A)
        return gain * Q * np.sign(np.diag(R))  # the signs make every orthogonal matrix as likely
    raise ValueError(f"kind is orthogonal, identity or spectral, not {kind!r}")
    ### END SOLUTION

# %% tags=["check"] exercise="init_recurrent" sources=["S55"]
check(init_recurrent)
### BEGIN HIDDEN TESTS
earned(init_recurrent)
### END HIDDEN TESTS

# %% [markdown] sources=["S55"]
# **How far does the gradient reach at the start?** 64 units, 100 steps, random inputs. For each start of $W$: how long
# is $\frac{dL}{dh^{(t)}}$ compared with $\frac{dL}{dh^{(100)}}$?

# %% [markdown] slide="skip" sources=["S55"]
# The entries of $U$ are uniform of size $1/\sqrt{64}$. Two of the networks belong to notebook 04: an LSTM, whose
# memory has gates, with all biases 0 and with a bias of 3 on its forget gate. Its state is the pair $(h, c)$, and the
# gradient of both is taken together. The function `backwards` takes any layer of the library back one step at a time.

# %% tags=["demo"] slide="skip" sources=["S55"]
from course_lib import backend
from course_lib.cells import LSTM, RNN

T, B, D, H = 100, 20, 10, 64
rng = backend.Rng(41)
x, d_last = rng.normal((T, B, D), dtype="float64"), rng.normal((B, H), dtype="float64")


def backwards(cell, x, d_last):
    """The size of dL/d(state) after each step, relative to the last one, for a loss of the last h."""
    state, caches = None, []
    for t in range(len(x)):
        _, state, cache = cell.forward(x[t : t + 1], state)
        caches.append(cache)
    silent, sizes = np.zeros_like(d_last), []
    back = (d_last, silent) if isinstance(state, tuple) else d_last  # an LSTM's state is the pair (h, c)
    for cache in caches[::-1]:
        sizes.append(np.linalg.norm(back))
        _, back, _ = cell.backward(silent[None], cache, back)
    return np.array(sizes[::-1]) / sizes[0]


def flow_at_start(W=None, activation="tanh", inputs=x):
    cell = RNN(D, H, backend.Rng(50), "float64", activation=activation)
    cell.params["U"] *= np.sqrt(D / H)
    if W is not None:
        cell.params["W"][...] = W
    return backwards(cell, inputs, d_last)


def lstm_flow(forget_bias):
    cell = LSTM(D, H, backend.Rng(50), "float64")
    cell.params["U"] *= np.sqrt(D / H)
    cell.params["b"][cell.gates.index("f")] = forget_bias
    return backwards(cell, x, d_last)


Q = init_recurrent("orthogonal", H, backend.Rng(43).generator, 1.0)
starts = {
    "uniform": flow_at_start(),
    "spectral radius 1": flow_at_start(init_recurrent("spectral", H, backend.Rng(43).generator, 1.0)),
    "orthogonal": flow_at_start(Q),
    "identity, ReLU": flow_at_start(init_recurrent("identity", H, backend.Rng(43).generator, 1.0), "relu"),
}
lstms = {"LSTM": lstm_flow(0), "LSTM, forget bias 3": lstm_flow(3)}
others = {
    "1.5 · orthogonal": flow_at_start(1.5 * Q),
    "2 · orthogonal": flow_at_start(2 * Q),
    "orthogonal, tiny inputs": flow_at_start(Q, inputs=0.01 * x),
}
for name, values in (starts | others | lstms).items():
    print(f"{name:24s} ‖dL/dh(1)‖ / ‖dL/dh(100)‖ = {values[0]:.1e}")

assert starts["uniform"][0] < 1e-15 < 1e-8 < starts["orthogonal"][0] < 1e-3 < 0.05 < starts["identity, ReLU"][0] < 2
assert lstms["LSTM"][0] < 1e-15 < 0.1 < lstms["LSTM, forget bias 3"][0]

# %% [markdown] slide="-" sources=["S55"]
# *What to see:* with the uniform start the gradient is gone after a few dozen steps. With an orthogonal $W$ it fades
# much more slowly; what is left of the fading is tanh′, and with tiny inputs it nearly disappears (ratio 0.97). Here
# spectral radius 1 is nearly as good. With identity and ReLU about a third of the gradient arrives. In grey, the
# surprise: an LSTM (notebook 04) whose biases are 0 is no better than the uniform network. Its gates help only once the
# bias of the forget gate says "keep". With the bias 3 the line even ends above 1: on the way back the memory $c$ gains
# a little more gradient through the gates than it loses.

# %% tags=["demo"]
from course_lib import plots

ylabel = r"$\Vert dL/dh^{(t)} \Vert\;/\;\Vert dL/dh^{(100)} \Vert$"
plots.show(plots.over_time(starts, lstms, ylabel))

# %% [markdown] sources=["S55"]
# **Regularisation.** The start does not last: training moves $W$. Pascanu, Mikolov and Bengio (2013) therefore *ask*
# for a gradient that keeps its length, in a second term of the loss. With
# $J^{(t+1)} = \partial h^{(t+1)} / \partial h^{(t)}$ and $g^{(t)} = dL/dh^{(t)}$, a column,
#
# $$\Omega = \sum_{t=1}^{T-1} \big(r^{(t)} - 1\big)^2, \qquad
# r^{(t)} = \frac{\big\lVert (J^{(t+1)})^\top g^{(t+1)} \big\rVert}{\big\lVert g^{(t+1)} \big\rVert}
# \label{regulariser}$$
#
# $\Omega$ is 0 if no step changes the length of what flows back.

# %% [markdown] slide="skip" sources=["S55"]
# **Its gradient.** As they do, take only the immediate derivative: states and $g$ are held fixed. With
# $d^{(t)} = \big(1 - (h^{(t)})^2\big) \odot g^{(t)}$, entry by entry, the vector in the numerator is
# $u^{(t+1)} = (J^{(t+1)})^\top g^{(t+1)} = W^\top d^{(t+1)}$. Since $u_j = \sum_i W_{ij}\, d_i$, the derivative of
# $\lVert u \rVert = \sqrt{\sum_j u_j^2}$ by $W_{ij}$ is $u_j d_i / \lVert u \rVert$, and the chain rule gives
#
# $$\frac{\partial^+ \Omega}{\partial W} = \sum_{t=1}^{T-1} \frac{2\,(r^{(t)} - 1)}{\lVert g^{(t+1)} \rVert\,
# \lVert u^{(t+1)} \rVert}\; d^{(t+1)} \big(u^{(t+1)}\big)^\top$$

# %% tags=["demo"] slide="skip" sources=["S55"]
from course_lib import backend, init
from course_lib.gradcheck import numerical_gradient, relative_error

T, D, H = 30, 3, 16
rng = backend.Rng(44)
net = {"U": rng.uniform(-0.125, 0.125, (H, D), "float64"), "W": init.uniform((H, H), rng, "float64"), "b": np.zeros(H)}
x, d_last = rng.normal((T, 1, D), dtype="float64"), rng.normal(H, dtype="float64")


def states_and_flow():
    """h(2), …, h(T) and dL/dh(2), …, dL/dh(T) for a loss of the last state."""
    hs = rnn_states(x, np.zeros((1, H)), net)[:, 0]
    flow = [d_last]
    for h in hs[:1:-1]:
        flow.append(((1 - h**2) * flow[-1]) @ net["W"])
    return hs[1:], np.array(flow[::-1])


def ratios(W, hs, flow):
    u = ((1 - hs**2) * flow) @ W
    return np.linalg.norm(u, axis=1) / np.linalg.norm(flow, axis=1)


def omega_gradient(W, hs, flow):
    d = (1 - hs**2) * flow
    u = d @ W
    r = ratios(W, hs, flow)
    weight = 2 * (r - 1) / np.linalg.norm(flow, axis=1) / np.linalg.norm(u, axis=1)
    return (weight[:, None] * d).T @ u


hs, flow = states_and_flow()
by_differences = numerical_gradient(lambda W: ((ratios(W, hs, flow) - 1) ** 2).sum(), net["W"])
error = relative_error(omega_gradient(net["W"], hs, flow), by_differences)
print(f"{len(flow)} ratios, Ω = {((ratios(net['W'], hs, flow) - 1) ** 2).sum():.1f}")
print(f"relative error of the gradient < 1e-6: {error < 1e-6}")
assert len(flow) == T - 1 and error < 1e-6

# %% [markdown] slide="-" sources=["S55"]
# Fifty steps of gradient descent on $\Omega$ \eqref{regulariser} alone, from a uniform $W$. (In training it is added to
# the loss, with a weight.)
#
# *What to see:* before, each step back multiplies the gradient by about a half. Afterwards the factors lie around 1,
# some above and some below, and their product over all steps is of the order of 1.

# %% tags=["demo"] sources=["S55"]
from course_lib import plots

before = ratios(net["W"], hs, flow)
for _ in range(50):
    net["W"] -= 0.05 * omega_gradient(net["W"], *states_and_flow())
after = ratios(net["W"], *states_and_flow())

for name, r in (("before", before), ("after", after)):
    print(f"{name:6s}: mean factor {r.mean():.1f}, product of the {len(r)} factors {r.prod():.0e}, ", end="")
    print(f"Ω {((r - 1) ** 2).sum():.1f}")
plots.show(plots.step_ratios(before, after))
assert before.prod() < 1e-4 and 0.1 < after.prod() < 10 and np.abs(after - 1).max() < 0.3

# %% [markdown] sources=["S55"]
# **Does it matter?** A task that needs memory, "temporal order": 50 symbols, nearly all of them noise from a, b, c, d.
# Only two count, each X or Y: one stands somewhere in steps 6 to 10, the other in steps 26 to 30. After the last step
# the network has to say which of the four pairs it was: XX, XY, YX or YY. Guessing is wrong in 75 % of the cases, and
# the nearer symbol alone still leaves 50 %.
#
# Same network (50 tanh units), same learning rule (Adam with clipping), same data. Only the first $W$ differs; three
# starts of each.

# %% tags=["demo"] sources=["S55"]
from course_lib import backend, functions, init, optim
from course_lib.cells import RNN, Output


def temporal_order(T, B, rng):
    """Symbols (T, B): X = 0, Y = 1, noise 2 to 5; and the class (1, B): 0 to 3 for XX, XY, YX, YY."""
    x, pair = rng.integers(2, 6, (T, B)), rng.integers(0, 2, (2, B))
    x[rng.integers(T // 10, T // 5, B), np.arange(B)] = pair[0]
    x[rng.integers(T // 2, 6 * T // 10, B), np.arange(B)] = pair[1]
    return x, 2 * pair[:1] + pair[1:]


def train(first_W, seed, iterations=300, T=50, B=50, H=50):
    """The error on each new batch, as the mean of 20 iterations."""
    rng = backend.Rng(seed)
    cell, output = RNN(6, H, rng), Output(H, 4, rng)
    cell.params["U"] *= np.sqrt(6 / H)
    if first_W is not None:
        cell.params["W"][...] = first_W
    rule, errors = optim.Adam(cell.params | output.params, lr=3e-3), []
    for _ in range(iterations):
        symbols, y = temporal_order(T, B, rng)
        hs, _, cell_cache = cell.forward(symbols)  # whole numbers stand for one-hot rows
        o, output_cache = output.forward(hs[-1:])  # the loss stands at the last step only
        d_last, grads = output.backward(functions.dcross_entropy(o, y), output_cache)
        dhs = np.zeros_like(hs)
        dhs[-1:] = d_last
        grads |= cell.backward(dhs, cell_cache)[2]
        optim.clip_by_norm(grads, 1.0)
        rule.step(grads)
        errors.append((o.argmax(axis=-1) != y).mean())
    return np.reshape(errors, (-1, 20)).mean(axis=1)


runs = {
    "uniform": [train(None, seed) for seed in range(3)],
    "orthogonal": [train(init.orthogonal((50, 50), backend.Rng(100 + seed)), seed) for seed in range(3)],
}
stuck = sum(run.min() > 0.45 for run in runs["uniform"])
solved = sum(run.min() < 0.1 for run in runs["orthogonal"])
print(f"uniform:    error above 45 % throughout in {stuck} of 3 runs")
print(f"orthogonal: error below 10 % within 300 iterations in {solved} of 3 runs")
twice_as_long = train(init.orthogonal((50, 50), backend.Rng(100)), 0, T=100)
print(f"orthogonal, sequences of 100: error above 60 % throughout: {twice_as_long.min() > 0.6}")
assert stuck == 3 and solved == 3 and twice_as_long.min() > 0.6

# %% [markdown] slide="-" sources=["S55"]
# *What to see:* the uniform networks stay where guessing is; at best they notice the nearer symbol (50 %). The
# orthogonal ones solve the task. It is a remedy, not a cure: with sequences twice as long, the first of them has learned
# next to nothing after 300 iterations (notebook 07).

# %% tags=["demo"]
from course_lib import plots

plots.show(plots.learning_curves(runs, 20, 0.75))

# %% [markdown] sources=["S55", "S79"]
# **Gates.** The most used remedy changes the network itself, so that the way through time is a product of numbers
# that the network can set to 1, as in the gated unit \eqref{gated-unit}. That is the LSTM of notebook 04 and the GRU
# of notebook 05. There, too, much depends on the first values. So much of an LSTM's memory is left if its forget gate
# stays at $\sigma(\text{bias})$:

# %% tags=["demo"] sources=["S55", "S79"]
for bias in (0, 1, 3, 5):
    gate = sigmoid(bias)
    print(f"forget bias {bias}: gate {gate:.3f}; after 100 steps {gate**100:.0e} of the memory is left")
assert sigmoid(0) ** 100 < 1e-30 and sigmoid(5) ** 100 > 0.5

# %% [markdown] slide="skip"
# ## Quiz
#
# The last exercise asks about the claims that this notebook has corrected. All you need stands above.

# %% [markdown]
# ### Exercise 7 · Quiz (2 points)
#
# Replace each `None` by one of the letters `"a"`, `"b"`, `"c"`, `"d"` (0.5 points each).
#
# **jacobian**. B says of a tanh network that the 2-norm of $\partial h^{(t)} / \partial h^{(k)}$, $k \lt t$, is at most
# 1, as tanh has slopes of at most 1. When is that certain, whatever the states are?
#
# * a: always
# * b: if the spectral radius of $W$ is at most 1
# * c: if the largest singular value of $W$ is at most 1
# * d: if no entry of $W$ is larger than 1 in absolute value
#
# **chain**. For the chain of four neurons C compares $\partial C / \partial b_1$ with $\partial C / \partial b_3$ and
# takes each further factor $w_j\, \sigma'(z_j)$ to be smaller than ¼ in absolute value. Which condition makes this
# certain for all $z_j$?
#
# * a: none is needed, because $\sigma' \le$ ¼
# * b: $w_j \lt 1$
# * c: $\lvert w_j \rvert \lt 4$
# * d: $\lvert w_j \rvert \lt 1$
#
# **relu**. B recommends ReLU, because its derivative is 0 or 1. What follows for the gradient over many steps of a
# recurrent network with ReLU?
#
# * a: $W$ still stands in every factor, so that it can vanish and can explode
# * b: it can no longer vanish, but it can explode
# * c: it can no longer explode, but it can vanish
# * d: neither can happen: a product of zeros and ones is 0 or 1
#
# **float32**. B says that exploding gradients become NaN and that the program will crash. A gradient in float32 grows
# by a factor of 1.5 in each step, in NumPy with its default settings. What happens after some 220 steps?
#
# * a: the program stops with an error
# * b: the values become `inf`, with a warning at most, and the program goes on; `inf - inf` or `0 * inf` later is `nan`
# * c: the values become `nan` at once, and stay so
# * d: the values stay at the largest number that float32 has
#
# `hint(answers03)` gives a hint.

# %% tags=["answer"] exercise="answers03"
answers03 = {
    "jacobian": None,
    "chain": None,
    "relu": None,
    "float32": None,
}
### BEGIN SOLUTION
answers03 = {
    "jacobian": "c",  # ‖J_t ⋯ J_k+1‖ ≤ ‖W‖^(t−k); a radius or entries of at most 1 do not bound ‖W‖
    "chain": "d",
    "relu": "a",  # diag(0 or 1) · W: with W = 1.05 I, 500 steps give 4e10
    "float32": "b",
}
### END SOLUTION

# %% tags=["check"] exercise="answers03" sources=["S51", "S54", "S55", "S71"]
check(answers03)
### BEGIN HIDDEN TESTS
earned(answers03)
### END HIDDEN TESTS

# %% [markdown]
# ## Where you are

# %% tags=["demo"]
progress()

# %% [markdown] slide="fragment"
# You can take the gradient of a long sequence apart into a product of Jacobians, measure whether it vanishes or
# explodes, and do something about it:
#
# * the factor of a step is $\operatorname{diag}(1 - h^2)\,W$, \eqref{jacobian}; bounds on it are conditions, not
#   promises;
# * exploding is loud: `inf`, then `nan`, or one enormous step. Watch the norm, and clip by it;
# * vanishing is silent: the loss falls, but only the last few steps teach;
# * first values (orthogonal, identity) decide whether learning starts; a regulariser can hold what they gave.
#
# The next notebook builds the memory with gates, and shows what their bias does.

# %% [markdown] slide="skip"
# To read on: Hochreiter, "Untersuchungen zu dynamischen neuronalen Netzen" (1991, the first analysis); Bengio, Simard
# and Frasconi, "Learning long-term dependencies with gradient descent is difficult" (1994); Pascanu, Mikolov and
# Bengio, "On the difficulty of training recurrent neural networks" (2013); Saxe, McClelland and Ganguli, "Exact
# solutions to the nonlinear dynamics of learning in deep linear neural networks" (2014); Le, Jaitly and Hinton, "A
# simple way to initialize recurrent networks of rectified linear units" (2015).
