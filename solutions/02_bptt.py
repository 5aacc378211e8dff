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
# # 2 · Backpropagation through time
#
# In notebook 01 a small network learned to spell a word, and every gradient cost two forward passes for each
# parameter. This notebook finds the same gradient with one pass forwards and one pass backwards, however many
# parameters there are. You derive every formula of that backward pass, write it, and test it.
#
# Afterwards you can
#
# * say of any derivative in a recurrent network whether the *immediate* or the *total* one is meant;
# * derive the gradients of the outputs, the states, the parameters, the inputs and the start, and write the loop that
#   computes them all;
# * explain why one way of writing that loop costs $T^2$ steps and another costs $T$, and when it pays to go forwards
#   in time instead;
# * test a gradient that somebody else derived, and find out which line of it is wrong.

# %% [markdown] slide="skip"
# **How to work.** As in notebook 01: go from top to bottom and run every cell. There are six exercises, 25 points in
# all. `check(…)` below each one says at once what is right and what is wrong, and `hint(…)` helps. Beside every
# formula stands a cell that confirms it with numbers. From Exercise 1 on these cells call what *you* wrote, so a cell
# below an unsolved exercise may end in an error. That costs nothing. Once the exercise is solved, choose **Run → Run
# All Cells**, which takes about ten seconds: cells use the same names again and again, so one cell run alone may meet
# the values of a later one.
#
# You need derivatives of functions of several variables and the chain rule. The letters are those of the table in
# notebook 01. Its four documents come back as sources **A** (slides by J. Grabocka), **B** (part 3 of D. Britz's
# tutorial), **C** (slides by A. Ramanathan) and **D** (slides by H. Ni). Where A prints $N$ and A and C print $\tau$,
# our letters are $H$ and $T$.

# %% tags=["setup"]
import numpy as np

from course_lib.checking import check, earned, hint, progress  # earned: for the grader


def softmax(o):
    """Probabilities along the last axis of the logits o (..., O)."""
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(o, y):
    """The loss of the logits o (T, B, O) for the classes y (T, B): summed over time, batch mean."""
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum(axis=0).mean()


def rnn_forward(x, h0, params):
    """The states hs (T, B, H) and outputs os (T, B, O) for the inputs x (T, B, D), started from h0 (B, H)."""
    U, W, b, V, c = (params[name] for name in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V.T + c

# %% [markdown]
# ## Where we start
#
# The cell of imports also holds three functions of notebook 01, as you wrote them there: `softmax`, `cross_entropy`
# and `rnn_forward`. The whole notebook is about one network and one loss:
#
# $$a^{(t)} = b + W h^{(t-1)} + U x^{(t)}, \qquad h^{(t)} = \tanh\big(a^{(t)}\big), \qquad o^{(t)} = c + V h^{(t)},
# \qquad p^{(t)} = \operatorname{softmax}\big(o^{(t)}\big) \label{network}$$
#
# $$L = \sum_{t=1}^{T} L^{(t)}, \qquad L^{(t)} = -\log p^{(t)}_{y^{(t)}}, \qquad
# \text{and for a batch the mean over its sequences.}$$
#
# The next cell makes a network with random parameters and a sequence of four steps. All cells of this first part are
# tried on it. Our witness is `numerical_gradient`, known from notebook 01: it moves one number after the other by a
# little and sees how the loss moves.

# %% tags=["demo"]
from course_lib import backend, init
from course_lib.gradcheck import numerical_gradient

rng = backend.Rng(350)
T, D, H, O = 4, 2, 3, 4
params = {name: rng.normal(value.shape, 0.8, "float64") for name, value in init.rnn_params(D, H, O, rng).items()}
xs, h0 = rng.normal((T, 1, D), dtype="float64"), rng.normal((1, H), dtype="float64")  # B = 1: one sample
ys = rng.integers(0, O, (T, 1))


def loss(_=None):  # numerical_gradient moves the numbers in place, so no argument is needed
    return cross_entropy(rnn_forward(xs, h0, params)[1], ys)


witness = {name: numerical_gradient(loss, value) for name, value in params.items()}
for name, value in params.items():
    print(f"{name}: shape {value.shape!s:7} shape of its gradient {witness[name].shape}")
    assert witness[name].shape == value.shape and np.abs(witness[name]).max() > 0.05

# %% [markdown]
# **The notation for gradients.** A gradient has the shape of what the loss is differentiated with respect to. In the
# text, the gradient with respect to a vector is a column; in code there is one row for each sample, and `d` before a
# name means the gradient of the loss with respect to that name.
#
# | gradient of $L$ with respect to | text | code | shape |
# |:--|:--|:--|:--|
# | the outputs of step $t$ | $\dfrac{dL}{do^{(t)}}$ | `do[t]` | (B, O) |
# | the state, through this step's own output only | $\dfrac{\partial^+ L}{\partial h^{(t)}}$ | `dhs[t]` | (B, H) |
# | the state, through everything that follows | $\dfrac{dL}{dh^{(t)}}$ | `dh` | (B, H) |
# | the sum inside the tanh | $\dfrac{dL}{da^{(t)}}$ | `da` | (B, H) |
# | a parameter | $\dfrac{dL}{dU}$, $\dfrac{dL}{dW}$, $\dfrac{dL}{db}$, $\dfrac{dL}{dV}$, $\dfrac{dL}{dc}$ | `dU`, … | that of `U`, … |
# | the inputs, the start | $\dfrac{dL}{dx^{(t)}}$, $\dfrac{dL}{dh^{(0)}}$ | `dx[t]`, `dh0` | (B, D), (B, H) |
#
# The two signs $\partial^+$ and $d$ are the first subject.

# %% [markdown]
# ## Two kinds of derivative
#
# A network so small that it can be done in the head: $h^{(t)} = w\, h^{(t-1)}$, with one number $w = 2$ as its only
# parameter, $h^{(0)} = 3$, and two steps. So $h^{(1)} = 6$ and $h^{(2)} = 12$. What is the derivative of $h^{(2)}$
# with respect to $w$?
#
# * Look only at the formula of the step, $h^{(2)} = w\,h^{(1)}$. Hold everything else in it fixed, here $h^{(1)} = 6$:
#   the derivative is $h^{(1)} = 6$.
# * But if $w$ really changes, $h^{(1)}$ changes too. Put it in: $h^{(2)} = w^2 h^{(0)}$, with derivative
#   $2 w h^{(0)} = 12$.
#
# Both are right answers, to two questions:
#
# > **Immediate derivative** $\dfrac{\partial^+ h^{(2)}}{\partial w}$: the derivative of *one formula*; all other
# > variables that stand in it are held fixed.
# >
# > **Total derivative** $\dfrac{d h^{(2)}}{d w}$: how $h^{(2)}$ changes when $w$ changes and everything that is
# > computed from $w$ follows.

# %% tags=["demo"]
def two_steps(w):
    return w * (w * 3)  # h(1) = 3w is computed anew


w, eps = 2.0, 1e-6
held = ((w + eps) * 6 - (w - eps) * 6) / (2 * eps)  # h(1) stays 6
followed = (two_steps(w + eps) - two_steps(w - eps)) / (2 * eps)

print(f"h(1) held at 6: {held:.3f}     h(1) follows: {followed:.3f}")
assert np.isclose(held, 6) and np.isclose(followed, 12)

# %% [markdown]
# The chain rule builds the total derivative from immediate ones: $w$ acts on $h^{(2)}$ at once, and through $h^{(1)}$.
#
# $$\frac{d h^{(2)}}{d w} = \frac{\partial^+ h^{(2)}}{\partial w} + \frac{\partial^+ h^{(2)}}{\partial h^{(1)}} \cdot
# \frac{d h^{(1)}}{d w} = 6 + 2 \cdot 3 = 12 \label{chain-forwards}$$
#
# In front of the last factor stands a $d$: what $h^{(1)}$ passes on is *its* total change. The immediate derivatives
# can be read off one line each. The total ones are what we want, and have to be put together.

# %% tags=["demo"]
h = [3.0, 6.0, 12.0]  # h(0), h(1), h(2): in these cells, lists of states count as the text does
total1 = h[0]  # dh(1)/dw: in the first step only the immediate derivative is there, for h(0) is given
total2 = h[1] + w * total1

print(f"dh(1)/dw = {total1}, dh(2)/dw = {h[1]} + {w} · {total1} = {total2}")
assert np.isclose(total2, followed)

# %% [markdown]
# The same two kinds exist for the loss and a state. Give each step a loss, $L^{(t)} = \big(h^{(t)}\big)^2$, and let
# $L = L^{(1)} + L^{(2)}$. The state $h^{(1)} = 6$ reaches $L$ through its own loss, and through $h^{(2)}$, which is
# computed from it.
#
# $$\frac{\partial^+ L}{\partial h^{(1)}} = 2 h^{(1)} = 12 \qquad\qquad
# \frac{dL}{dh^{(1)}} = \frac{\partial^+ L}{\partial h^{(1)}} + \frac{\partial^+ h^{(2)}}{\partial h^{(1)}} \cdot
# \frac{dL}{dh^{(2)}}
# = 12 + 2 \cdot 24 = 60$$
#
# So in this notebook $\dfrac{\partial^+ L}{\partial h^{(t)}}$ counts only the loss **of step $t$ itself**; all later
# states are held fixed. $\dfrac{dL}{dh^{(t)}}$ counts everything that follows from $h^{(t)}$.
#
# The chain \eqref{chain-forwards} began at $w$ and went **forwards** in time. This one begins at the loss and goes
# **backwards**: $\dfrac{dL}{dh^{(2)}} = 2h^{(2)} = 24$ must be known first. Both ways are possible: this part goes
# backwards, and “Total derivatives, forward in time” goes forwards.

# %% tags=["demo"]
def held_loss(h1, h2=12.0):
    return h1**2 + h2**2


def followed_loss(h1):
    return h1**2 + (2.0 * h1) ** 2


immediate = (held_loss(6 + eps) - held_loss(6 - eps)) / (2 * eps)
total = (followed_loss(6 + eps) - followed_loss(6 - eps)) / (2 * eps)
print(f"immediate {immediate:.3f}, total {total:.3f}")
assert np.isclose(immediate, 12) and np.isclose(total, 12 + 2 * 24)

# %% [markdown] slide="notes"
# In the four documents: A, B and C write $\partial$ for both kinds, and you have to see from the context which is
# meant. D writes $\partial$ for the immediate and $d$ for the total derivative, and that is where our $d$ comes from.
# Where a variable enters in one place only, the two are equal. So it is with the outputs: the loss sees $o^{(t)}$ only
# in $L^{(t)}$, hence $\dfrac{dL}{do^{(t)}} = \dfrac{\partial^+ L}{\partial o^{(t)}}$.

# %% [markdown] sources=["S11", "S76"]
# ## The gradient of the logits
#
# The backward pass begins where the forward pass ends: at the loss. Take one step of one sample, and leave out its
# index: $o$ are the logits, $y$ is the number of the right class, $p = \operatorname{softmax}(o)$. With the logarithm
# taken before the fraction, as in \eqref{log-softmax}, the loss is
#
# $$L = -\log p_y = -\log \frac{e^{o_y}}{\sum_k e^{o_k}} = \log \sum_k e^{o_k} \;-\; o_y$$
#
# Differentiate the two terms with respect to one logit $o_l$. In the first, the derivative of $\log s$ is $1/s$, and of
# the sum only $e^{o_l}$ depends on $o_l$. The second depends on $o_l$ only if $l = y$:
#
# $$\frac{\partial}{\partial o_l} \log \sum_k e^{o_k} = \frac{e^{o_l}}{\sum_k e^{o_k}} = p_l, \qquad
# \frac{\partial\, o_y}{\partial o_l} = 1_{l,y} = \begin{cases} 1 & l = y \\ 0 & l \neq y \end{cases}$$
#
# $$\boxed{\;\frac{dL}{do_l} = p_l - 1_{l,y}\;} \label{logit-gradient}$$

# %% tags=["demo"] sources=["S11", "S76"]
from course_lib.gradcheck import numerical_gradient

o, y = np.array([0, np.log(2), np.log(5)]), 1  # as in notebook 01; y = 1: the second class, since Python counts from 0


def minus_log_p(o):
    return np.log(np.exp(o).sum()) - o[y]


p = np.exp(o) / np.exp(o).sum()
formula = p - np.array([0, 1, 0])
print("p          ", p)
print("p − 1_y    ", formula)
print("differences", numerical_gradient(minus_log_p, o).round(6))
assert np.allclose(formula, numerical_gradient(minus_log_p, o), atol=1e-8)
assert np.isclose(minus_log_p(o), -np.log(p[y]))

# %% [markdown] sources=["S11"] slide="skip"
# The other way round: first the softmax, then the logarithm. With $s = \sum_k e^{o_k}$ we have $p_y = e^{o_y}/s$ and
# $\dfrac{\partial s}{\partial o_l} = e^{o_l}$. The quotient rule has two cases, since the numerator depends only on
# $o_y$:
#
# $$l = y:\quad \frac{\partial p_y}{\partial o_y} = \frac{e^{o_y} s - e^{o_y} e^{o_y}}{s^2} = p_y (1 - p_y)
# \qquad\qquad
# l \neq y:\quad \frac{\partial p_y}{\partial o_l} = \frac{0 \cdot s - e^{o_y} e^{o_l}}{s^2} = -p_y\, p_l$$
#
# and with $\dfrac{\partial L}{\partial p_y} = -\dfrac{1}{p_y}$ the factor $p_y$ cancels in both:
#
# $$l = y:\quad -\frac{1}{p_y}\, p_y (1 - p_y) = p_y - 1 \qquad\qquad l \neq y:\quad -\frac{1}{p_y}\,(-p_y\, p_l)
# = p_l$$

# %% tags=["demo"] sources=["S11"] slide="skip"
def p_y(o):
    return np.exp(o[y]) / np.exp(o).sum()


by_cases = np.array([p[l] * (1 - p[l]) if l == y else -p[y] * p[l] for l in range(3)])
print("∂p_y/∂o:            ", by_cases)
print("times −1/p_y:       ", -by_cases / p[y])
assert np.allclose(by_cases, numerical_gradient(p_y, o), atol=1e-8)
assert np.allclose(-by_cases / p[y], p - np.array([0, 1, 0]))

# %% [markdown] sources=["S11", "S76"]
# So the gradient \eqref{logit-gradient} is **what was said minus what is true**. A and C write it as $\hat y_l^{(t)} -
# 1_{l,y^{(t)}}$, B as $\hat y_t - y_t$.
#
# * Only the entry of the right class is negative: a step against the gradient raises that logit and lowers the others.
# * The entries sum to $1 - 1 = 0$. It has to be so, since raising all logits alike changes nothing.
# * The whole loss $L = \sum_t L^{(t)}$ contains $o^{(t)}$ in one term, with factor 1 (in A and C:
#   $\dfrac{\partial L}{\partial L^{(t)}} = 1$). So each step has the same formula, with its own $p^{(t)}$ and
#   $y^{(t)}$. Let $1_y$ be a column with a 1 in place $y$ and zeros elsewhere:
#
# $$\frac{dL}{do^{(t)}} = p^{(t)} - 1_{y^{(t)}}$$
#
# The loss of a batch is the *mean* over $B$ sequences; that divides each sample's gradient by $B$.
#
# (The listing of source B *sets* the entry of the right class to 1, where 1 has to be subtracted from it. You meet it in
# “One loss at a time”.)

# %% tags=["demo"] sources=["S11", "S76"]
outputs = rnn_forward(xs, h0, params)[1]  # (T, 1, O)
do = [None] + [p_t - (np.arange(O) == y_t) for p_t, y_t in zip(softmax(outputs)[:, 0], ys[:, 0], strict=True)]
differences = numerical_gradient(lambda o: cross_entropy(o, ys), outputs)

for t in range(1, T + 1):
    print(f"t = {t}: dL/do = {do[t].round(3)!s:24} class {ys[t - 1, 0] + 1}")
    assert np.allclose(do[t], differences[t - 1, 0], atol=1e-7) and np.isclose(do[t].sum(), 0)

two, two_y = np.concatenate([outputs, outputs], axis=1), np.concatenate([ys, ys], axis=1)  # the sequence twice: B = 2
halved = numerical_gradient(lambda o: cross_entropy(o, two_y), two)
print(f"the sequence twice, B = 2: dL/do(1) = {halved[0, 0].round(3)}, half of it for each")
assert np.allclose(halved[:, 0], differences[:, 0] / 2, atol=1e-7)

# %% [markdown] sources=["S91", "S92", "S95"]
# **With the squared error** of D, $E(o, y) = \lVert o - y \rVert_2^2 = \sum_i (o_i - y_i)^2$, which is
# \eqref{squared-error}, only one term of the sum contains $o_i$:
#
# $$\frac{\partial E}{\partial o_i} = 2\,(o_i - y_i), \qquad\text{so with } L =
# \sum_t E\big(o^{(t)}, y^{(t)}\big): \quad
# \frac{dL}{do^{(t)}} = 2\,\big(o^{(t)} - y^{(t)}\big)$$
#
# Again an output minus a target. This is the only formula of the backward pass that depends on the choice of the loss:
# whatever comes below the outputs takes $\dfrac{dL}{do^{(t)}}$ as given, and is the same for both.

# %% tags=["demo"] sources=["S91", "S92", "S95"]
from course_lib import functions
from course_lib.gradcheck import numerical_gradient

o2 = np.array([[[1.0, 2.0]], [[3.0, 3.0]]])  # (T, B, O) = (2, 1, 2), as in notebook 01
y2 = np.array([[[0.0, 4.0]], [[3.0, 3.0]]])
differences = numerical_gradient(lambda o: functions.squared_error(o, y2), o2)

print("2 (o − y):  ", *(2 * (o2 - y2))[:, 0])
print("differences:", *differences[:, 0].round(6) + 0.0)
assert functions.squared_error(o2, y2) == 5 and np.allclose(differences, 2 * (o2 - y2), atol=1e-7)

# %% [markdown]
# ### Exercise 1 · The gradient of the logits (2 points)
#
# Write `dloss_dlogits(o, y)`: the gradient of the loss with respect to all logits of a batch.
#
# | argument | shape | |
# |:--|:--|:--|
# | `o` | (T, B, O) | the logits, of any size, also ±10 000 |
# | `y` | (T, B) | the classes, integers from 0 to O − 1 |
# | *returns* | (T, B, O) | `[t, b, l]`: the derivative of the loss by `o[t, b, l]`, a new array |
#
# The loss is that of the whole course, **summed over time and averaged over the batch**: `cross_entropy(o, y)` in the
# cell of imports. So each of the B samples counts with the weight 1/B, and no step is weighted.
#
# The result is exact up to rounding: finite differences are not enough. All sizes can be 1. float32 logits give
# float32 gradients. Do not change `o` or `y`. You may use the notebook's `softmax`. Marked: one sample, B = 1 (0.5
# points), batches (1), large logits (0.25), float32 (0.25). `hint(dloss_dlogits)` gives a hint.

# %% tags=["answer"] exercise="dloss_dlogits"
def dloss_dlogits(o, y):
    """The gradient (T, B, O) of the loss with respect to the logits o (T, B, O), for the classes y (T, B)."""
    ### BEGIN SOLUTION
    do = softmax(o)
    np.put_along_axis(do, y[..., None], np.take_along_axis(do, y[..., None], axis=-1) - 1, axis=-1)
    return do / o.shape[1]
    ### END SOLUTION

# %% tags=["check"] exercise="dloss_dlogits" sources=["S11", "S76"]
check(dloss_dlogits)
### BEGIN HIDDEN TESTS
earned(dloss_dlogits)
### END HIDDEN TESTS

# %% [markdown] sources=["S12", "S76"]
# ## The last step
#
# Go on downwards, from the outputs to the states. Begin at the end: after $h^{(T)}$ nothing follows but its own
# output. Everything it does to the loss, it does through $o^{(T)}$, so the total derivative is the immediate one.
#
# One entry $h_i$ stands in *every* output, $o_l = c_l + \sum_j V_{l,j} h_j$, with the immediate derivative $V_{l,i}$.
# The chain rule adds up all these ways:
#
# $$\frac{dL}{dh_i^{(T)}} = \sum_{l=1}^{O} \frac{dL}{do_l^{(T)}}\, \frac{\partial^+ o_l^{(T)}}{\partial h_i^{(T)}}
# = \sum_{l=1}^{O} \big(p_l^{(T)} - 1_{l,y^{(T)}}\big)\, V_{l,i}$$
#
# The sum runs over the **first** index of $V$: it is a product with the transposed matrix. As a vector,
#
# $$\frac{dL}{dh^{(T)}} = V^\top \frac{dL}{do^{(T)}}$$

# %% tags=["demo"] sources=["S12", "S76"]
from course_lib.gradcheck import numerical_gradient

U, W, b, V, c = (params[name] for name in "UWbVc")
x = [None, *xs[:, 0]]  # x[1], …, x[T], each (D,): one sample, counted as in the text
h = [h0[0], *rnn_forward(xs, h0, params)[0][:, 0]]  # h[0], …, h[T]
y = [None, *ys[:, 0]]


def loss_from(t, h_t):
    """L(t) + … + L(T), all that h(t) can change, when it has the value h_t and all later states follow."""
    total = 0
    for s in range(t, T + 1):
        if s > t:
            h_t = np.tanh(b + W @ h_t + U @ x[s])
        o = c + V @ h_t
        total += np.log(np.exp(o).sum()) - o[y[s]]
    return total


by_index = np.array([sum(do[T][l] * V[l, i] for l in range(O)) for i in range(H)])
differences = numerical_gradient(lambda h_T: loss_from(T, h_T), h[T].copy())
print("sum over l: ", by_index.round(4))
print("Vᵀ dL/do:   ", (V.T @ do[T]).round(4))
print("differences:", differences.round(4))
assert np.allclose(by_index, differences, atol=1e-7) and np.allclose(V.T @ do[T], differences, atol=1e-7)

# %% [markdown] sources=["S12", "S76"]
# Every other step has an output, too. If the states after $t$ are held fixed, the argument is the same word for word,
# so the *immediate* derivative is
#
# $$\frac{\partial^+ L}{\partial h^{(t)}} = V^\top \frac{dL}{do^{(t)}} \qquad \text{for every } t \label{immediate}$$
#
# In code a sample is a row. Transposing $V^\top g$ gives $g^\top V$: **going back, the transpose disappears.**
# Forwards `h @ V.T`, backwards `do @ V`. As no step waits for another here, one line does all steps of all samples.

# %% tags=["demo"] sources=["S12"]
from course_lib.gradcheck import numerical_gradient


def own_loss(t, h_t):
    o = c + V @ h_t
    return np.log(np.exp(o).sum()) - o[y[t]]


dhs = dloss_dlogits(outputs, ys) @ V  # (T, B, O) @ (O, H): your function, all steps at once
for t in range(1, T + 1):
    held = numerical_gradient(lambda h_t, t=t: own_loss(t, h_t), h[t].copy())
    followed = numerical_gradient(lambda h_t, t=t: loss_from(t, h_t), h[t].copy())
    sizes = np.linalg.norm(dhs[t - 1]), np.linalg.norm(followed)
    print(f"t = {t}: size of ∂⁺L/∂h(t) {sizes[0]:.3f}, of dL/dh(t) {sizes[1]:.3f}")
    assert np.allclose(dhs[t - 1, 0], held, atol=1e-7), "check(dloss_dlogits) first"
    assert np.allclose(held, followed, atol=1e-7) == (t == T)  # equal in the last step, and only there

# %% [markdown] sources=["S76"] slide="skip"
# **Slips of the pen.** They change nothing once you know what is meant.
#
# | in | printed | correct | why |
# |:--|:--|:--|:--|
# | C | $\nabla_{h^{(\tau)}} = V^\top \nabla_{o^{(\tau)}} L$ | $\nabla_{h^{(\tau)}} L = \dots$ | a gradient needs something to be the gradient of |
# | C | $\nabla_{\sigma^{(t)}} L$, $\dfrac{\partial \sigma^{(t)}}{\partial c}$ | $\nabla_{o^{(t)}} L$, $\dfrac{\partial o^{(t)}}{\partial c}$ | a $\sigma^{(t)}$ is defined nowhere; the formulas hold for $o^{(t)}$ |
# | C | forwards $\hat o_t$ and the target $o_t$, in the gradients $\hat y_3$ and $y_3$ | one pair of letters | both pairs are our $p$ and $y$ |
#
# ($\nabla_v L$ is C's way to write our $\dfrac{dL}{dv}$. Notebook 01 lists the slips of the
# forward pass.)

# %% [markdown]
# **By hand.** An example that goes with us through the whole derivation: one input, one hidden unit, one output, two
# steps, and the squared error. The numbers are chosen such that the tanh is easy to compute, as $\tanh(\ln 2) = 0.6$
# and $\tanh(\ln 3) = 0.8$.
#
# | $U$ | $W$ | $b$ | $V$ | $c$ | $h^{(0)}$ | $x^{(1)}$ | $x^{(2)}$ | $y^{(1)}$ | $y^{(2)}$ |
# |:--|:--|:--|:--|:--|:--|:--|:--|:--|:--|
# | 1 | 0.5 | 0 | 2 | 0 | −1 | $\ln 2 + 0.5$ | $\ln 3 - 0.3$ | 1 | 2 |
#
# Forwards: $a^{(1)} = -0.5 + x^{(1)} = \ln 2$, so $h^{(1)} = 0.6$ and $o^{(1)} = 1.2$. Then
# $a^{(2)} = 0.3 + x^{(2)} = \ln 3$, so $h^{(2)} = 0.8$ and $o^{(2)} = 1.6$.
#
# Backwards to the last state:
#
# $$\frac{dL}{do^{(1)}} = 2\,(1.2 - 1) = 0.4, \qquad \frac{dL}{do^{(2)}} = 2\,(1.6 - 2) = -0.8, \qquad
# \frac{dL}{dh^{(2)}} = V \cdot (-0.8) = -1.6$$

# %% tags=["demo"]
from course_lib import functions
from course_lib.gradcheck import numerical_gradient

hand = {"U": [[1.0]], "W": [[0.5]], "b": [0.0], "V": [[2.0]], "c": [0.0]}
hand = {name: np.array(value) for name, value in hand.items()}
hand_x, hand_h0 = np.log([[[2.0]], [[3.0]]]) + [[[0.5]], [[-0.3]]], np.array([[-1.0]])
hand_y = np.array([[[1.0]], [[2.0]]])


def hand_loss(_=None):
    return functions.squared_error(rnn_forward(hand_x, hand_h0, hand)[1], hand_y)


hand_h, hand_o = rnn_forward(hand_x, hand_h0, hand)
hand_do = numerical_gradient(lambda o: functions.squared_error(o, hand_y), hand_o)
print("h(1), h(2) =", *hand_h.ravel().round(6), "   o(1), o(2) =", *hand_o.ravel().round(6))
print("dL/do(1), dL/do(2) =", *hand_do.ravel().round(6))
print(f"dL/dh(2) = {2 * hand_do[1, 0, 0]:.1f}")
assert np.allclose(hand_h.ravel(), [0.6, 0.8]) and np.allclose(hand_do.ravel(), [0.4, -0.8], atol=1e-8)

# %% [markdown] sources=["S13", "S78"]
# ## One step back
#
# To go from $h^{(t+1)}$ back to $h^{(t)}$ we need the derivative of one step, and in it the slope of the tanh. Write
# $\tanh a = \dfrac{s}{r}$ with $s = e^a - e^{-a}$ and $r = e^a + e^{-a}$. Then $s' = r$ and $r' = s$, and by the
# quotient rule
#
# $$\tanh'(a) = \frac{s' r - s\, r'}{r^2} = \frac{r^2 - s^2}{r^2} = 1 - \tanh^2(a) \label{tanh-slope}$$
#
# With $h = \tanh(a)$ the slope is $1 - h^2$. It needs only the *output* of the tanh: the states are kept anyway, the
# sums $a^{(t)}$ need not be.

# %% tags=["demo"] sources=["S13"]
from course_lib.gradcheck import numerical_gradient

a = np.array([-2.0, -0.5, 0.0, 1.0])
slope = numerical_gradient(lambda a: np.tanh(a).sum(), a)
print("1 − h²:     ", (1 - np.tanh(a) ** 2).round(4))
print("differences:", slope.round(4))
assert np.allclose(1 - np.tanh(a) ** 2, slope, atol=1e-8)

# %% [markdown] sources=["S13", "S78"]
# Now one entry of the step \eqref{network}, written out:
#
# $$h_i^{(t+1)} = \tanh\big(a_i^{(t+1)}\big), \qquad a_i^{(t+1)} = b_i + \sum_k W_{i,k}\, h_k^{(t)} +
# \sum_m U_{i,m}\, x_m^{(t+1)}$$
#
# With respect to $h_j^{(t)}$, the inside has the derivative $W_{i,j}$: in the first sum only the term $k = j$ contains
# it. Times the slope of the outside:
#
# $$\frac{\partial^+ h_i^{(t+1)}}{\partial h_j^{(t)}} = \Big(1 - \big(h_i^{(t+1)}\big)^2\Big)\, W_{i,j}, \qquad
# \frac{\partial^+ h^{(t+1)}}{\partial h^{(t)}} = \operatorname{diag}\Big(1 - \big(h^{(t+1)}\big)^2\Big)\, W
# \label{step-jacobian}$$
#
# The matrix on the right is the **Jacobian** of the step: row $i$, column $j$ is the number on the left. The square is
# taken entry by entry. $\operatorname{diag}(v)$ has $v$ on its diagonal and 0 elsewhere; from the left, it multiplies
# *row* $i$ by $v_i$. Mind the time of the slope: it is $t + 1$, the step that the tanh belongs to.

# %% tags=["demo"] sources=["S13", "S78"]
from course_lib.gradcheck import numerical_gradient

t = 2
jacobian = np.diag(1 - h[t + 1] ** 2) @ W
differences = np.array([
    numerical_gradient(lambda h_t, i=i: np.tanh(b + W @ h_t + U @ x[t + 1])[i], h[t].copy()) for i in range(H)
])  # row i: the gradient of h_i(t+1)

print("diag(1 − h²) W:", *jacobian.round(3), sep="\n")
print("differences:", *differences.round(3), sep="\n")
assert np.allclose(jacobian, differences, atol=1e-7)
assert not np.allclose(np.diag(1 - h[t] ** 2) @ W, differences, atol=0.1)  # the factor of the wrong step

# %% [markdown] sources=["S13"]
# Now any step $t < T$. The arrows that leave $h_j^{(t)}$ lead to all outputs of the same step and to all states of the
# next. What lies behind those states is already in *their* total derivatives. So the chain rule has two sums:
#
# $$\frac{dL}{dh_j^{(t)}} = \underbrace{\sum_{l=1}^{O}
# \frac{dL}{do_l^{(t)}}\, V_{l,j}}_{\partial^+ L / \partial h_j^{(t)}} \;+\;
# \sum_{i=1}^{H} \frac{dL}{dh_i^{(t+1)}}\,
# \underbrace{\Big(1 - \big(h_i^{(t+1)}\big)^2\Big)\, W_{i,j}}_{\partial^+ h_i^{(t+1)} / \partial h_j^{(t)}}$$
#
# On the left stands a total derivative, on the right the total derivative of the step *after* it. So we start with
# $\dfrac{dL}{dh^{(T)}}$ and go from right to left: **backpropagation through time.**

# %% tags=["demo"] sources=["S13"]
from course_lib.gradcheck import numerical_gradient

# dL/dh(t) of every step from differences, each by itself: the witness for what follows
dh = [None] + [numerical_gradient(lambda h_t, t=t: loss_from(t, h_t), h[t].copy()) for t in range(1, T + 1)]

for t in range(T - 1, 0, -1):
    two_sums = np.array([
        sum(do[t][l] * V[l, j] for l in range(O))
        + sum(dh[t + 1][i] * (1 - h[t + 1][i] ** 2) * W[i, j] for i in range(H))
        for j in range(H)
    ])
    print(f"t = {t}: two sums {two_sums.round(3)!s:24} differences {dh[t].round(3)}")
    assert np.allclose(two_sums, dh[t], atol=1e-6)

# %% [markdown] sources=["S78"]
# As vectors. The second sum runs over the first index of the Jacobian, so it is a product with the transposed
# Jacobian; and $(\operatorname{diag}(v)\, W)^\top = W^\top \operatorname{diag}(v)$, for a diagonal matrix is its own
# transpose.
#
# $$\frac{dL}{dh^{(t)}} = V^\top \frac{dL}{do^{(t)}} + W^\top
# \operatorname{diag}\Big(1 - \big(h^{(t+1)}\big)^2\Big)\, \frac{dL}{dh^{(t+1)}} \label{one-step-back}$$
#
# The last two factors have a name of their own: they are the gradient with respect to $a^{(t+1)}$, the sum inside the
# tanh. With $\odot$ for the product entry by entry, the recursion becomes two short lines for each step:
#
# $$\frac{dL}{da^{(t)}} = \Big(1 - \big(h^{(t)}\big)^2\Big) \odot \frac{dL}{dh^{(t)}}, \qquad\qquad
# \frac{dL}{dh^{(t)}} = \frac{\partial^+ L}{\partial h^{(t)}} + W^\top \frac{dL}{da^{(t+1)}} \label{recursion}$$
#
# No program needs the matrix $\operatorname{diag}$: a product entry by entry does the same with $H$ multiplications
# instead of $H^2$.

# %% tags=["demo"] sources=["S78"]
for t in range(T - 1, 0, -1):
    vectors = V.T @ do[t] + W.T @ np.diag(1 - h[t + 1] ** 2) @ dh[t + 1]
    da_next = (1 - h[t + 1] ** 2) * dh[t + 1]
    short = dhs[t - 1, 0] + W.T @ da_next
    print(f"t = {t}: with diag {vectors.round(3)!s:24} with da {short.round(3)}")
    assert np.allclose(vectors, dh[t], atol=1e-6)
    assert np.allclose(short, vectors), "check(dloss_dlogits) first"

# %% [markdown]
# *What to see:* grey arrows are the forward pass, purple ones the backward pass. Each loss sends $p - 1_y$ to its
# logits, and from there $\dfrac{\partial^+ L}{\partial h^{(t)}}$ to its state. These arrows do not wait for each
# other. The arrows from state to state do. Here they have come to $t = 2$: move the slider to 4, and from there to 1.
# Where the arrow from above and the one from the right have met, the total derivative is complete (written below the
# state).

# %% tags=["demo"]
from course_lib import plots, widgets

widgets.sliders(plots.gradient_paths, {"t": range(1, 5)}, start=(2,))

# %% [markdown] sources=["S13"]
# > **Erratum (A).** *Printed:*
# > $\displaystyle \dfrac{\partial \mathcal L}{\partial h_j^{(t)}} = \sum_{i=1}^{N} \dfrac{\partial \mathcal L}{\partial h_i^{(t+1)}} \dfrac{\partial h_j^{(t+1)}}{\partial h_j^{(t)}} + \dots$
# > *Correct:* $\dfrac{\partial h_i^{(t+1)}}{\partial h_j^{(t)}}$ in the sum. *Why:* $h_j^{(t)}$ changes **all** entries
# > of $h^{(t+1)}$, each with a weight of its own, $W_{i,j}$. As printed all of them would get one and the same, that of
# > unit $j$ to itself, $W_{j,j}$.
#
# A's next line, $\big(1 - (h_i^{(t+1)})^2\big) W_{i,j}$, has the indices right. (A slip beside it: A has the recursion for
# $1 < t < \tau$. It holds for $1 \le t < \tau$, as step 1 has a next step like any other.) Whoever programs the first
# line as it stands gets other numbers:

# %% tags=["demo"] sources=["S13"]
from course_lib.gradcheck import relative_error

for t in range(T - 1, 0, -1):
    own = (1 - h[t + 1] ** 2) * np.diag(W)  # ∂h_j(t+1)/∂h_j(t): no index i left
    printed = V.T @ do[t] + sum(dh[t + 1][i] * own for i in range(H))
    mended = V.T @ do[t] + sum(dh[t + 1][i] * (1 - h[t + 1][i] ** 2) * W[i] for i in range(H))
    wrong, right = relative_error(printed, dh[t]), relative_error(mended, dh[t])
    print(f"t = {t}: error of dL/dh(t) as printed {wrong:.2f}, mended {'below 1e-6' if right < 1e-6 else right}")
    assert wrong > 0.2 and right < 1e-6

# %% [markdown] sources=["S78"]
# > **Erratum (C).** *Printed:*
# > $\nabla_{h^{(t)}} L = W^\top \big(\nabla_{h^{(t+1)}} L\big) \operatorname{diag}\big(1 - (h^{(t+1)})^2\big) + \dots$
# > *Correct:* $W^\top \operatorname{diag}\big(1 - (h^{(t+1)})^2\big) \big(\nabla_{h^{(t+1)}} L\big) + \dots$ *Why:* on
# > the way back the gradient meets the tanh first and the matrix $W$ second, and what comes first stands next to it. As
# > printed a column of shape $(H, 1)$ is multiplied by an $(H, H)$ matrix, which is not defined. ($\nabla_v L$ is C's
# > way to write $\dfrac{dL}{dv}$.)
#
# With columns NumPy refuses, and that is lucky. An array with one axis counts as a row or a column, whichever fits:
# there the printed line runs, and computes $\operatorname{diag}(\dots)\, W^\top \nabla_{h^{(t+1)}} L$. Two matrices
# have changed places, and the result is wrong without a word.

# %% tags=["demo"] sources=["S78"]
from course_lib.gradcheck import relative_error

t = 2
slope, refused = np.diag(1 - h[t + 1] ** 2), False
try:
    W.T @ dh[t + 1][:, None] @ slope  # [:, None]: as a column, (H, 1)
except ValueError as error:
    print("columns:    ", type(error).__name__)
    refused = True

first = V.T @ do[t]
silent = first + W.T @ dh[t + 1] @ slope
moved = first + slope @ W.T @ dh[t + 1]
mended = first + W.T @ slope @ dh[t + 1]
print(f"one axis:    error of dL/dh({t}) {relative_error(silent, dh[t]):.2f}")
print(f"diag moved:  error of dL/dh({t}) {relative_error(moved, dh[t]):.2f}")
print(f"mended:      error below 1e-6: {relative_error(mended, dh[t]) < 1e-6}")
assert refused and np.allclose(silent, moved) and relative_error(moved, dh[t]) > 0.2
assert relative_error(mended, dh[t]) < 1e-6

# %% [markdown]
# **By hand, continued.** With one hidden unit all matrices are numbers. The slopes of the tanh are $1 - 0.6^2 = 0.64$
# and $1 - 0.8^2 = 0.36$. From right to left:
#
# $$\frac{dL}{da^{(2)}} = 0.36 \cdot (-1.6) = -0.576$$
#
# $$\frac{dL}{dh^{(1)}} = \underbrace{2 \cdot 0.4}_{\text{own output}} +
# \underbrace{0.5 \cdot (-0.576)}_{\text{from step 2}}
# = 0.8 - 0.288 = 0.512$$
#
# $$\frac{dL}{da^{(1)}} = 0.64 \cdot 0.512 = 0.32768$$
#
# The immediate derivative would be 0.8. The second step takes away more than a third of it: raising $h^{(1)}$ makes
# $o^{(1)}$ worse, which is too large already, but it makes $o^{(2)}$ better, which is too small.

# %% tags=["demo"]
from course_lib import functions
from course_lib.gradcheck import numerical_gradient


def hand_loss_from_h1(h1):
    h2 = np.tanh(0.5 * h1 + hand_x[1, 0])
    return (2 * h1 - 1) ** 2 + (2 * h2 - 2) ** 2


def hand_loss_from_a(a, t):
    return hand_loss_from_h1(np.tanh(a)) if t == 1 else (2 * np.tanh(a) - 2) ** 2


h1 = hand_h[0, 0].copy()
results = {
    "dL/dh(1)": numerical_gradient(hand_loss_from_h1, h1).item(),
    "dL/da(1)": numerical_gradient(lambda a: hand_loss_from_a(a, 1), np.log([2.0])).item(),
    "dL/da(2)": numerical_gradient(lambda a: hand_loss_from_a(a, 2), np.log([3.0])).item(),
}
for name, value in results.items():
    print(f"{name} = {value:.5f}")
assert np.allclose(list(results.values()), [0.512, 0.32768, -0.576], atol=1e-7)

# %% [markdown] sources=["S17"]
# ## Sums over time
#
# The states are done; now the parameters. One $W$ is used in $T$ steps, so a change of $W$ acts in $T$ places at once.
# In notebook 01 you untied the network: step $t$ got a copy of its own, $W_t$. The chain rule for a variable that
# stands in $T$ places adds up what the places contribute, as in \eqref{sum-over-copies}:
#
# $$\frac{dL}{dW} = \sum_{t=1}^{T} \frac{dL}{dW_t} \label{copies}$$
#
# That was `tied_grad`. What remains is the gradient of *one* copy, and that is simple, since $W_t$ stands in one
# formula only.

# %% tags=["demo"] sources=["S17"]
from course_lib.gradcheck import numerical_gradient

copies = [None] + [W.copy() for _ in range(T)]  # copies[1], …, copies[T]


def loss_of_copies(_=None):
    total, h_t = 0, h[0]
    for t in range(1, T + 1):
        h_t = np.tanh(b + copies[t] @ h_t + U @ x[t])
        o = c + V @ h_t
        total += np.log(np.exp(o).sum()) - o[y[t]]
    return total


by_copy = [None] + [numerical_gradient(loss_of_copies, copies[t]) for t in range(1, T + 1)]
print("dL/dW, all steps share W:", witness["W"].round(3), sep="\n")
print("sum over the copies:", sum(by_copy[1:]).round(3), sep="\n")
assert np.allclose(sum(by_copy[1:]), witness["W"], atol=1e-6)

# %% [markdown] sources=["S17"]
# The copy $W_t$ stands in $a^{(t)}$, and its row $i$ only in the entry
# $a_i^{(t)} = b_i + \sum_j (W_t)_{i,j}\, h_j^{(t-1)} + \dots$ Its derivative with respect to $(W_t)_{i,j}$ is
# $h_j^{(t-1)}$. That state was computed *before*, without $W_t$, so it is a constant here. Hence
#
# $$\frac{dL}{d(W_t)_{i,j}} = \frac{dL}{da_i^{(t)}}\; \frac{\partial^+ a_i^{(t)}}{\partial (W_t)_{i,j}} =
# \frac{dL}{da_i^{(t)}}\; h_j^{(t-1)}$$
#
# This answers the question which derivative is meant. The first factor is a **total** derivative:
# $\dfrac{dL}{da^{(t)}}$ knows all later steps. The second is an **immediate** one. Then comes the sum. (A and C write
# the copy as $W^{(t)}$.)

# %% tags=["demo"] sources=["S17"]
da = [None] + [(1 - h[t] ** 2) * dh[t] for t in range(1, T + 1)]
print("size of dL/dW_t:")
for t in range(1, T + 1):
    by_entry = np.array([[da[t][i] * h[t - 1][j] for j in range(H)] for i in range(H)])
    print(f"t = {t}: formula {np.linalg.norm(by_entry):.3f}, differences {np.linalg.norm(by_copy[t]):.3f}")
    assert np.allclose(by_entry, by_copy[t], atol=1e-6)

# %% [markdown]
# A table of all products $u_i v_j$ is the *outer product* $u v^\top$ of two columns. So the copy's gradient is
# $\dfrac{dL}{da^{(t)}}\, h^{(t-1)\top}$, an $(H, H)$ matrix: gradient at the exit of $W_t$ times value at its
# entrance.
#
# *What to see:* the arrows from above and from the right are those of the last figure. Each state hands its gradient
# down to the copy of $W$ that made it, and all copies hand theirs to the one box. Note the index: the copy of step $t$
# multiplies $h^{(t-1)}$, in step 1 the start $h^{(0)}$.

# %% tags=["demo"]
from course_lib import plots

plots.show(plots.gradient_copies(4))

# %% [markdown] sources=["S15", "S17", "S18", "S77"]
# The same with $b$ and $U$, which stand in the same formula: $\dfrac{\partial^+ a_i}{\partial b_i} = 1$ and
# $\dfrac{\partial^+ a_i}{\partial U_{i,m}} = x_m$. With
# $\dfrac{dL}{da_i^{(t)}} = \dfrac{dL}{dh_i^{(t)}} \big(1 - (h_i^{(t)})^2\big)$ put in, these are A's formulas; on the
# right the same as matrices, like C's.
#
# | entry | matrix |
# |:--|:--|
# | $\displaystyle\frac{dL}{db_i} = \sum_{t=1}^{T} \dfrac{dL}{dh_i^{(t)}} \Big(1 - \big(h_i^{(t)}\big)^2\Big)$ | $\displaystyle\frac{dL}{db} = \sum_t \operatorname{diag}\Big(1 - \big(h^{(t)}\big)^2\Big) \dfrac{dL}{dh^{(t)}} = \sum_t \dfrac{dL}{da^{(t)}}$ |
# | $\displaystyle\frac{dL}{dW_{i,j}} = \sum_{t=1}^{T} \dfrac{dL}{dh_i^{(t)}} \Big(1 - \big(h_i^{(t)}\big)^2\Big)\, h_j^{(t-1)}$ | $\displaystyle\frac{dL}{dW} = \sum_t \dfrac{dL}{da^{(t)}}\, h^{(t-1)\top}$ |
# | $\displaystyle\frac{dL}{dU_{i,m}} = \sum_{t=1}^{T} \dfrac{dL}{dh_i^{(t)}} \Big(1 - \big(h_i^{(t)}\big)^2\Big)\, x_m^{(t)}$ | $\displaystyle\frac{dL}{dU} = \sum_t \dfrac{dL}{da^{(t)}}\, x^{(t)\top}$ |

# %% tags=["demo"] sources=["S15", "S17", "S18", "S77"]
steps = range(1, T + 1)
slopes = [None] + [1 - h[t] ** 2 for t in steps]
entries = {
    "b": [sum(dh[t][i] * slopes[t][i] for t in steps) for i in range(H)],
    "W": [[sum(dh[t][i] * slopes[t][i] * h[t - 1][j] for t in steps) for j in range(H)] for i in range(H)],
    "U": [[sum(dh[t][i] * slopes[t][i] * x[t][m] for t in steps) for m in range(D)] for i in range(H)],
}
matrices = {
    "b": sum(np.diag(slopes[t]) @ dh[t] for t in steps),
    "W": sum(np.outer(da[t], h[t - 1]) for t in steps),
    "U": sum(np.outer(da[t], x[t]) for t in steps),
}
for name in "bWU":
    sizes = [np.linalg.norm(grads[name]) for grads in (entries, matrices, witness)]
    print(f"dL/d{name}: entries {sizes[0]:.4f}, matrices {sizes[1]:.4f}, differences {sizes[2]:.4f}")
    assert np.allclose(entries[name], matrices[name]) and np.allclose(matrices[name], witness[name], atol=1e-6)

# %% [markdown] sources=["S14", "S16", "S77"]
# The output's parameters $c$ and $V$ stand in $o_l^{(t)} = c_l + \sum_i V_{l,i}\, h_i^{(t)}$, with immediate
# derivatives $1$ and $h_i^{(t)}$. The copy of step $t$ is followed by the loss of step $t$ only, so no later step
# enters:
#
# $$\frac{dL}{dc_l} = \sum_{t=1}^{T} \frac{dL}{do_l^{(t)}}, \qquad\qquad
# \frac{dL}{dV_{l,i}} = \sum_{t=1}^{T} \frac{dL}{do_l^{(t)}}\, h_i^{(t)}$$
#
# $$\frac{dL}{dc} = \sum_t \frac{dL}{do^{(t)}}, \qquad\qquad \frac{dL}{dV} = \sum_t \frac{dL}{do^{(t)}}\, h^{(t)\top}$$
#
# (C goes over $\sum_t \sum_i \dfrac{\partial L}{\partial o_i^{(t)}} \nabla_V\, o_i^{(t)}$. The matrix
# $\nabla_V\, o_i^{(t)}$ has $h^{(t)\top}$ in row $i$ and zeros elsewhere, so the sum over $i$ stacks the rows of the
# outer product. It is the same.)

# %% tags=["demo"] sources=["S14", "S16", "S77"]
entries = {
    "c": [sum(do[t][l] for t in steps) for l in range(O)],
    "V": [[sum(do[t][l] * h[t][i] for t in steps) for i in range(H)] for l in range(O)],
}
matrices = {"c": sum(do[t] for t in steps), "V": sum(np.outer(do[t], h[t]) for t in steps)}

rows = np.eye(O)[:, :, None]  # rows[i]: a column with a 1 in place i
stacked = sum(do[t][i] * (rows[i] * h[t]) for t in steps for i in range(O))
for name in "cV":
    print(f"dL/d{name}: formula {np.linalg.norm(matrices[name]):.4f}, differences {np.linalg.norm(witness[name]):.4f}")
    assert np.allclose(entries[name], matrices[name]) and np.allclose(matrices[name], witness[name], atol=1e-6)
assert np.allclose(stacked, matrices["V"])

# %% [markdown] sources=["S17"]
# > **Erratum (A).** *Printed:*
# > $\displaystyle \dfrac{\partial \mathcal L}{\partial W_{i,j}} = \sum_{t=2}^{\tau} \dots\, h_j^{(t-1)}$. *Correct:*
# > $\displaystyle \sum_{t=1}^{\tau}$, with $h^{(0)}$ in the first term. *Why:* step 1 uses $W$ as well, on $h^{(0)}$.
# > The term is 0 only if $h^{(0)} = 0$. C's sum $\sum_t$ has no bounds and means all steps.
#
# That is why the mistake is seldom noticed: most programs start with $h^{(0)} = 0$, and every test passes. It shows as
# soon as the state is carried over from an earlier piece of text.

# %% tags=["demo"] sources=["S17"]
from course_lib.gradcheck import numerical_gradient, relative_error


def loss_and_terms(start):
    """A fresh network run from `start`: dL/dW by differences, and the terms of the sum, t = 1, …, T."""
    right = numerical_gradient(lambda _: cross_entropy(rnn_forward(xs, start, params)[1], ys), W)
    states = [start[0], *rnn_forward(xs, start, params)[0][:, 0]]
    terms = []
    for t in steps:
        by_h = numerical_gradient(lambda h_t, t=t: loss_from(t, h_t), states[t].copy())
        terms.append(np.outer((1 - states[t] ** 2) * by_h, states[t - 1]))
    return right, terms


for label, start in (("h(0) = 0", np.zeros((1, H))), ("h(0) ≠ 0", h0)):
    right, terms = loss_and_terms(start)
    printed, mended = relative_error(sum(terms[1:]), right), relative_error(sum(terms), right)
    print(f"{label}: error of dL/dW, sum from 2: {'below 1e-6' if printed < 1e-6 else format(printed, '.2f')}, "
          f"sum from 1: {'below 1e-6' if mended < 1e-6 else mended}")
    assert mended < 1e-6 and (printed < 1e-6 if not start.any() else printed > 0.2)

# %% [markdown] sources=["S19"] slide="skip"
# > **Erratum (A).** *Printed*, in the summary: in the backward step compute and store
# > $\dfrac{\partial \mathcal L}{\partial b^{(t)}}$ and $\dfrac{\partial \mathcal L}{\partial o^{(t)}}$, for
# > $t = \tau, \tau\,1, \dots, 1$. *Correct:* $\dfrac{\partial \mathcal L}{\partial h^{(t)}}$, for
# > $t = \tau, \tau - 1, \dots, 1$. *Why:* the formulas on the slides before need the gradients with respect to the
# > states; a letter and a minus sign were lost.
#
# There is a reading in which the printed $b^{(t)}$ is right: as the **copy** of $b$ in step $t$, the way A writes
# copies elsewhere. As $b^{(t)}$ is added to $a^{(t)}$ with factor 1, $\dfrac{dL}{db^{(t)}} = \dfrac{dL}{da^{(t)}}$;
# and that is all that the sums for $b$, $W$ and $U$ need. It is *not* the gradient of the shared $b$: that one has no
# $t$, and $W$'s gradient cannot be computed from it.

# %% tags=["demo"] sources=["S19"] slide="skip"
from course_lib.gradcheck import numerical_gradient, relative_error

b_copies = np.array([b] * T)  # (T, H): a copy of b for each step


def loss_of_b_copies(b_copies):
    total, h_t = 0, h[0]
    for t in steps:
        h_t = np.tanh(b_copies[t - 1] + W @ h_t + U @ x[t])
        o = c + V @ h_t
        total += np.log(np.exp(o).sum()) - o[y[t]]
    return total


by_copies = numerical_gradient(loss_of_b_copies, b_copies)
from_copies = sum(np.outer(by_copies[t - 1], h[t - 1]) for t in steps)
from_shared = sum(np.outer(witness["b"], h[t - 1]) for t in steps)
errors = relative_error(from_copies, witness["W"]), relative_error(from_shared, witness["W"])
print(f"dL/dW from the gradients of b's copies: error below 1e-6: {errors[0] < 1e-6}")
print(f"dL/dW from the gradient of the shared b: error {errors[1]:.2f}")
assert np.allclose(by_copies, da[1:], atol=1e-6) and errors[0] < 1e-6 and errors[1] > 0.2

# %% [markdown]
# ### The inputs and the start
#
# Two gradients that no source has. An input $x^{(t)}$ stands in $a^{(t)}$ only, so there is nothing to sum over
# time. The start $h^{(0)}$ stands in $a^{(1)}$ only, and has no output of its own:
# $\dfrac{\partial^+ L}{\partial h^{(0)}} = 0$, and the recursion \eqref{recursion} goes one step further.
#
# $$\frac{dL}{dx^{(t)}} = U^\top \frac{dL}{da^{(t)}}, \qquad\qquad \frac{dL}{dh^{(0)}} = W^\top \frac{dL}{da^{(1)}}$$
#
# (As in “The last step”: $\dfrac{\partial^+ a_i}{\partial x_m} = U_{i,m}$, summed over $i$, the first index.)
#
# You need $\dfrac{dL}{dx}$ as soon as something was computed below: another layer, or a table of word vectors that is
# learned too. You need $\dfrac{dL}{dh^{(0)}}$ if the start is learned, or comes from another network, as in
# translation.

# %% tags=["demo"]
from course_lib.gradcheck import numerical_gradient

by_x, by_h0 = numerical_gradient(loss, xs), numerical_gradient(loss, h0)  # (T, 1, D) and (1, H)
for t in steps:
    print(f"dL/dx({t}): formula {(U.T @ da[t]).round(3)!s:16} differences {by_x[t - 1, 0].round(3)}")
    assert np.allclose(U.T @ da[t], by_x[t - 1, 0], atol=1e-6)
print(f"dL/dh(0): formula {(W.T @ da[1]).round(3)!s:24} differences {by_h0[0].round(3)}")
assert np.allclose(W.T @ da[1], by_h0[0], atol=1e-6)

# %% [markdown]
# ### A batch
#
# Sample $n$ of $B$ has its own states $h_n$ and gradients $g_n = \dfrac{dL}{da_n}$, and all samples share
# the parameters. That is one more sum over places where $W$ is used. In code the samples are rows. Let $G$ be the
# matrix with the rows $g_n^\top$, and $S$ the one with the rows $h_n^\top$, the states before the step. Then
#
# $$\big(G^\top S\big)_{i,j} = \sum_{n=1}^{B} G_{n,i}\, S_{n,j}
# \qquad\text{is entry } i,j \text{ of}\qquad \sum_{n=1}^{B} g_n\, h_n^{\top}$$
#
# The sum inside a matrix product *is* the sum over the samples: no loop over $n$ is needed. For $b$, add up the rows of
# $G$. States and inputs are not shared, so their gradients stay rows: $g_n^\top W$ is row $n$ of $G\,W$.
#
# And the mean? `dloss_dlogits` has divided by $B$ already. All formulas below it are linear in the gradient that comes
# in, so the factor $\dfrac1B$ passes through. Dividing again would be wrong.

# %% tags=["demo"]
from course_lib import backend
from course_lib.gradcheck import numerical_gradient

rng = backend.Rng(5)
B = 3
G, S = rng.normal((B, H), dtype="float64"), rng.normal((B, H), dtype="float64")
assert np.allclose(G.T @ S, sum(np.outer(G[n], S[n]) for n in range(B)))
assert np.allclose((G @ W)[1], W.T @ G[1])
print("Gᵀ S is the sum of the outer products, and row n of G W is Wᵀ g_n")

x3, y3 = rng.normal((T, B, D), dtype="float64"), rng.integers(0, O, (T, B))
start3 = rng.normal((B, H), dtype="float64")
batch = numerical_gradient(lambda _: cross_entropy(rnn_forward(x3, start3, params)[1], y3), W)
alone = []
for n in range(B):
    one = slice(n, n + 1)
    alone.append(numerical_gradient(
        lambda _, one=one: cross_entropy(rnn_forward(x3[:, one], start3[one], params)[1], y3[:, one]), W
    ))
print(f"size of dL/dW: batch {np.linalg.norm(batch):.4f}, mean of its samples {np.linalg.norm(sum(alone) / B):.4f}")
assert np.allclose(batch, sum(alone) / B, atol=1e-6)

# %% [markdown] sources=["S14", "S15", "S16", "S17", "S18"] slide="skip"
# **By hand, the end.** With $\dfrac{dL}{do} = (0.4, -0.8)$ and $\dfrac{dL}{da} = (0.32768, -0.576)$ (first step, second
# step), $h = (0.6, 0.8)$, $h^{(0)} = -1$, $x^{(1)} = \ln 2 + 0.5$ and $x^{(2)} = \ln 3 - 0.3$:
#
# | gradient | computed | |
# |:--|:--|:--|
# | $\dfrac{dL}{dc}$ | $0.4 - 0.8$ | $= -0.4$ |
# | $\dfrac{dL}{dV}$ | $0.4 \cdot 0.6 - 0.8 \cdot 0.8$ | $= -0.4$ |
# | $\dfrac{dL}{db}$ | $0.32768 - 0.576$ | $= -0.24832$ |
# | $\dfrac{dL}{dW}$ | $0.32768 \cdot (-1) - 0.576 \cdot 0.6$ | $= -0.67328$ |
# | $\dfrac{dL}{dU}$ | $0.32768 \cdot (\ln 2 + 0.5) - 0.576 \cdot (\ln 3 - 0.3)$ | $= -0.06903$ |
# | $\dfrac{dL}{dx^{(1)}}, \dfrac{dL}{dx^{(2)}}$ | $1 \cdot 0.32768,\;\; 1 \cdot (-0.576)$ | |
# | $\dfrac{dL}{dh^{(0)}}$ | $0.5 \cdot 0.32768$ | $= 0.16384$ |

# %% tags=["demo"] sources=["S14", "S15", "S16", "S17", "S18"] slide="skip"
from course_lib.gradcheck import numerical_gradient

by_hand = {"c": -0.4, "V": -0.4, "b": -0.24832, "W": -0.67328, "U": -0.06903}
for name, value in by_hand.items():
    differences = numerical_gradient(hand_loss, hand[name]).item()
    print(f"dL/d{name}: by hand {value:8.5f}, differences {differences:8.5f}")
    assert abs(differences - value) < 5e-6
assert np.allclose(numerical_gradient(hand_loss, hand_x).ravel(), [0.32768, -0.576], atol=1e-6)
assert np.allclose(numerical_gradient(hand_loss, hand_h0), 0.16384, atol=1e-6)

# %% [markdown]
# ### Exercise 2 · Backpropagation through time (8 points)
#
# Write `rnn_backward(dhs, cache)`: one loop back through all steps.
#
# | argument | shape | |
# |:--|:--|:--|
# | `dhs` | (T, B, H) | `dhs[t]`: the immediate derivative $\frac{\partial^+ L}{\partial h}$ of the states after `x[t]`, that is, what this step's own output sends to them, \eqref{immediate}: `do[t] @ V` |
# | `cache` | dict | what the forward pass kept: `"x"` (T, B, D), `"h0"` (B, H), `"hs"` (T, B, H), `"U"` (H, D), `"W"` (H, H) |
# | *returns* | dict | `"dx"` (T, B, D), `"dh0"` (B, H), `"dU"` (H, D), `"dW"` (H, H), `"db"` (H,) |
#
# * `hs[t]` are the states *after* `x[t]`, each of them a tanh; `h0`, the states before `x[0]`, is not among them. It is
#   not always 0, and it does count in `dW`.
# * What is returned are total derivatives of the loss. `dU`, `dW` and `db` are **sums** over all steps and all samples;
#   the mean over the batch is already in `dhs`, so nothing is divided here. `dx` and `dh0` have a row for each sample.
# * `dhs` holds any numbers, not only those of a softmax. Nothing is clipped.
#
# The result is exact up to rounding: finite differences are not enough. All sizes can be 1. float32 inputs give
# float32 gradients. Neither `dhs` nor the arrays in `cache` may change.
#
# Marked: `db` (1 point), `dU` (1), `dW` (2), `dx` (1), `dh0` (1.5), all five for T = 1 (0.5), all five once more, with
# the inputs as they were afterwards (0.5), float32 (0.5). `hint(rnn_backward)` gives a hint.

# %% tags=["answer"] exercise="rnn_backward"
def rnn_backward(dhs, cache):
    """The gradients {"dx", "dh0", "dU", "dW", "db"}, from what each step's output sends to its state, dhs (T, B, H)."""
    ### BEGIN SOLUTION
    x, h0, hs, U, W = (cache[name] for name in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}
    ### END SOLUTION

# %% tags=["check"] exercise="rnn_backward" sources=["S13", "S15", "S17", "S18", "S77", "S78"]
check(rnn_backward)
### BEGIN HIDDEN TESTS
earned(rnn_backward)
### END HIDDEN TESTS

# %% [markdown] sources=["S19"]
# ## The whole algorithm
#
# All pieces are there. A sums them up in three steps: forward, backward, update.
#
# > **Forward**, $t = 1, \dots, T$: compute $h^{(t)}$ and $o^{(t)}$, and keep them all.
# >
# > **Backward:** $\dfrac{dL}{do^{(t)}} = \big(p^{(t)} - 1_{y^{(t)}}\big) / B$ for all $t$, from them $\dfrac{dL}{dc}$, $\dfrac{dL}{dV}$ and $\dfrac{\partial^+ L}{\partial h^{(t)}} = V^\top \dfrac{dL}{do^{(t)}}$. <br>
# > Start with nothing from later steps. For $t = T, T-1, \dots, 1$: <br>
# > &nbsp;&nbsp; add what came from the step after to $\dfrac{\partial^+ L}{\partial h^{(t)}}$; multiply by $1 - (h^{(t)})^2$: that is $\dfrac{dL}{da^{(t)}}$; <br>
# > &nbsp;&nbsp; add its share to $\dfrac{dL}{db}$, $\dfrac{dL}{dW}$, $\dfrac{dL}{dU}$; write down $\dfrac{dL}{dx^{(t)}}$; hand $W^\top \dfrac{dL}{da^{(t)}}$ to the step before.
# >
# > **Update:** move every parameter a little against its gradient.
#
# Here is the whole of it, on your two functions, for a batch of three sequences. Every gradient is compared with
# central differences.

# %% tags=["demo"] sources=["S19"]
from course_lib.gradcheck import numerical_gradient, relative_error


def gradients(x, y, h0, params):
    """The gradients of the cross-entropy with respect to everything: forward, then one loop backward."""
    hs, os = rnn_forward(x, h0, params)
    do = dloss_dlogits(os, y)
    grads = rnn_backward(do @ params["V"], {"x": x, "h0": h0, "hs": hs, "U": params["U"], "W": params["W"]})
    return grads | {"dV": np.einsum("tbl,tbi->li", do, hs), "dc": do.sum(axis=(0, 1))}  # all steps and samples


grads = gradients(x3, y3, start3, params)
for name, value in {**params, "x": x3, "h0": start3}.items():
    differences = numerical_gradient(lambda _: cross_entropy(rnn_forward(x3, start3, params)[1], y3), value)
    error = relative_error(grads[f"d{name}"], differences)
    print(f"d{name:2}  shape {value.shape!s:10}  error {'below 1e-6' if error < 1e-6 else error}")
    assert error < 1e-6, "check(dloss_dlogits) and check(rnn_backward) first"

# %% [markdown] sources=["S13", "S17", "S78"] slide="skip"
# **What the misprints would do.** The three errata again, now inside the loop, where one step's error goes into the
# next. This time the measure is the gradient of $W$, with which the network would be trained. Beside its error stands
# its *cosine* with the right gradient: 1 if both point in the same direction, 0 if they are perpendicular.

# %% tags=["demo"] sources=["S13", "S17", "S78"] slide="skip"
from course_lib.gradcheck import relative_error


def dW_of(back, first=1):
    """dL/dW for one sample; back(g, t) takes g = dL/dh(t+1) one step back, the sum starts at step `first`."""
    total, g = np.zeros((H, H)), V.T @ do[T]
    for t in range(T, 0, -1):
        if t < T:
            g = V.T @ do[t] + back(g, t)
        if t >= first:
            total += np.outer((1 - h[t] ** 2) * g, h[t - 1])
    return total


def slope(t):
    return np.diag(1 - h[t] ** 2)


readings = {
    "as derived": dW_of(lambda g, t: W.T @ slope(t + 1) @ g),
    "A: ∂h_j(t+1)/∂h_j(t)": dW_of(lambda g, t: g.sum() * slope(t + 1) @ np.diag(W)),
    "A: sum from t = 2": dW_of(lambda g, t: W.T @ slope(t + 1) @ g, first=2),
    "C: diag on the other side": dW_of(lambda g, t: slope(t + 1) @ W.T @ g),
}
for name, dW in readings.items():
    error = relative_error(dW, witness["W"])
    cosine = (dW * witness["W"]).sum() / np.linalg.norm(dW) / np.linalg.norm(witness["W"])
    print(f"{name:26} error {'below 1e-6' if error < 1e-6 else format(error, '.2f'):10}  cosine {cosine:5.2f}")
    assert error < 1e-6 if name == "as derived" else error > 0.2

# %% [markdown] slide="skip"
# All cosines are positive: a small enough step against any of these gradients makes the loss fall. "It learns" is no
# proof of a right gradient; a comparison with differences is. Exercise 5 makes a tool of it.

# %% [markdown] sources=["S64"]
# **The sum over losses.** B and C begin with another sum, over the losses of the steps of one training example:
#
# $$\frac{\partial E}{\partial W} = \sum_t \frac{\partial E_t}{\partial W}, \qquad\text{in our letters}\qquad
# \frac{dL}{dW} = \sum_{t=1}^{T} \frac{dL^{(t)}}{dW}$$
#
# Ours, \eqref{copies}, runs over the copies. Notebook 01 put both into one table, as its rows and its columns.
#
# Your loop can do either. It is linear in `dhs`, what the outputs send. If only step $t$ sends something, it returns
# $\dfrac{dL^{(t)}}{dW}$. If all steps send at once, it returns the sum, in **one** pass instead of $T$. The next
# section goes the long way to see what each loss contributes, and what that costs.

# %% tags=["demo"] sources=["S64"]
hs3, os3 = rnn_forward(x3, start3, params)
do3 = dloss_dlogits(os3, y3)
cache = {"x": x3, "h0": start3, "hs": hs3, "U": U, "W": W}
by_loss = []
for t in steps:
    only = np.zeros_like(do3)
    only[t - 1] = do3[t - 1]
    by_loss.append(rnn_backward(only @ V, cache)["dW"])
    print(f"t = {t}: size of the gradient of L(t) {np.linalg.norm(by_loss[-1]):.3f}")
print(f"their sum {np.linalg.norm(sum(by_loss)):.3f}, all at once {np.linalg.norm(grads['dW']):.3f}")
assert np.allclose(sum(by_loss), grads["dW"]), "check(rnn_backward) first"

# %% [markdown] sources=["S64", "S93"]
# **The update.** *Gradient descent* moves every parameter $\theta$ ($U$, $W$, $b$, $V$ or $c$) against its gradient,
# with a small *learning rate* $\eta$: $\;\theta \leftarrow \theta - \eta\, \dfrac{dL}{d\theta}$.
#
# The loss of a training set of $N$ sequences is their mean, and its gradient costs $N$ backward passes. **Stochastic**
# gradient descent (SGD), which B, C and D name, takes at each step a *mini-batch* of $B$ sequences drawn at random.
# Its gradient belongs to a part of the set only, but it is right on average: with the set split into $M = N/B$
# batches,
#
# $$\frac{1}{M} \sum_{m=1}^{M} \frac{dL_{\text{batch } m}}{d\theta} = \frac{1}{M} \sum_{m=1}^{M} \frac{1}{B}
# \sum_{n \,\in\, \text{batch } m} \frac{dL_n}{d\theta}
# = \frac{1}{N} \sum_{n=1}^{N} \frac{dL_n}{d\theta}$$
#
# For the price of one exact step you get $M$ rough ones, the rougher the smaller the batch. That is D's plan: SGD
# for the steps, backpropagation through time for the gradients.

# %% tags=["demo"] sources=["S64", "S93"]
from course_lib import backend

rng = backend.Rng(6)
N, start = 24, np.zeros((24, H))
x_all, y_all = rng.normal((T, N, D), dtype="float64"), rng.integers(0, 2, (T, N))  # two classes of four
exact = gradients(x_all, y_all, start, params)["dW"]

for B in (1, 4, 24):
    order = rng.permutation(N).reshape(-1, B)  # M rows: which sequences form a batch
    rough = [gradients(x_all[:, n], y_all[:, n], start[n], params)["dW"] for n in order]
    off = np.mean([np.linalg.norm(g - exact) for g in rough]) / np.linalg.norm(exact)
    print(f"B = {B:2}: {len(rough):2} gradients, on average off by {off:.0%} of the exact one; their mean is exact")
    assert np.allclose(np.mean(rough, axis=0), exact), "check(dloss_dlogits) and check(rnn_backward) first"

# %% [markdown] sources=["S19", "S93"]
# **"hello", again.** The network of notebook 01, from the same start, with the same 20 steps of gradient descent (one
# sequence is the whole training set, so here nothing is drawn). There the gradient was numerical. Here it is yours.

# %% tags=["demo"] sources=["S19", "S93"]
from course_lib import backend, init
from course_lib.gradcheck import numerical_gradient

letters = "helo"
x_hello = np.eye(4)[[letters.index(letter) for letter in "hell"]][:, None]  # (4, 1, 4)
y_hello = np.array([letters.index(letter) for letter in "ello"])[:, None]  # (4, 1)
zero = np.zeros((1, 4))


def hello_loss(params):
    return cross_entropy(rnn_forward(x_hello, zero, params)[1], y_hello)


def descend(gradient):
    """The loss before and after 20 steps, whose gradients are gradient(params)."""
    hello = init.rnn_params(4, 4, 4, backend.Rng(0), "float64")
    before = hello_loss(hello)
    for _ in range(20):
        grads = gradient(hello)
        for name in hello:
            hello[name] -= 0.2 * grads[f"d{name}"]
    return before, hello_loss(hello), sum(value.size for value in hello.values())


def numerical(params):
    return {f"d{name}": numerical_gradient(lambda _: hello_loss(params), params[name]) for name in params}


def backward(params):
    return gradients(x_hello, y_hello, zero, params)


before, slow, count = descend(numerical)
_, fast, _ = descend(backward)
print(f"loss {before:.2f}; after 20 steps {slow:.2f} with differences, {fast:.2f} with backpropagation")
print(f"differences:     20 · 2 · {count} = {40 * count} forward passes")
print("backpropagation: 20 forward and 20 backward passes")
assert np.isclose(slow, fast, atol=1e-6), "check(dloss_dlogits) and check(rnn_backward) first"
assert fast < 0.5 < before

# %% [markdown] slide="fragment"
# The same descent, step for step. For a larger network the last line stays the same: 20 and 20.
#
# What does a backward pass cost? Each product of the forward pass, such as $W h$, has two in the backward pass,
# $W^\top \dfrac{dL}{da}$ and $\dfrac{dL}{da} h^\top$, with as many multiplications each. So one backward pass costs
# about two forward passes, and the whole gradient about three:

# %% tags=["demo"]
def multiplications(T, D, H, O):
    """In the matrix products of one sample, forwards and backwards."""
    forward = T * (H * D + H * H + O * H)  # U x, W h, V h
    backward = T * (D * H + H * H + H * O)  # Uᵀ da, Wᵀ da, Vᵀ do
    backward += T * (H * D + H * H + O * H)  # da xᵀ, da hᵀ, do hᵀ
    return forward, backward


for size in ((4, 4, 4, 4), (50, 100, 300, 100)):
    forward, backward = multiplications(*size)
    T_, D_, H_, O_ = size
    count = H_ * D_ + H_ * H_ + H_ + O_ * H_ + O_
    print(f"{count:6} parameters: gradient = {(forward + backward) / forward:.0f} forward passes, "
          f"with differences {2 * count}")
    assert backward == 2 * forward

# %% [markdown] sources=["S41", "S65"]
# ## One loss at a time
#
# You now have the whole gradient from one backward loop. B and C arrive there on another road: they take the loss of
# a **single step**, $E_3$, and follow it back through the network. The road is longer, but it shows how much each
# earlier step contributes.
#
# They count steps from 0, so their $E_3$ is the loss of the **fourth** step:
#
# | B and C | $E_3$ | $s_3$ | $\hat y_3$ | $z_3 = V s_3$ | $s_k$, $k = 0, \dots, 3$ | $s_{-1} = 0$ |
# |:--|:--|:--|:--|:--|:--|:--|
# | **here** | $L^{(4)}$ | $h^{(4)}$ | $p^{(4)}$ | $o^{(4)}$ | $h^{(k)}$, $k = 1, \dots, 4$ | $h^{(0)} = 0$ |
#
# The example of this section: a network with $b = c = 0$ reads four words, each a one-hot vector, and predicts after
# each the next one. Watch its fourth loss.

# %% tags=["demo"]
from course_lib import backend, init

rng = backend.Rng(28)
D, H, O = 6, 5, 6  # six words can come in, six can come out
net = init.rnn_params(D, H, O, rng, "float64")
words = rng.integers(0, D, (5,))
x4, y4 = np.eye(D)[words[:4], None], words[1:, None]  # (T, B, D) = (4, 1, 6) and (T, B) = (4, 1)
zero = np.zeros((1, H))


def loss_4(_=None):
    """L(4) alone."""
    return cross_entropy(rnn_forward(x4, zero, net)[1][3:], y4[3:])


def told(error):
    """An error in words: below 1e-7 its digits are those of rounding, and differ between computers."""
    return "< 1e-7" if error < 1e-7 else f"{error:.2f}"


hs, os = rnn_forward(x4, zero, net)
h = np.concatenate([zero[None], hs])[:, 0]  # (5, H): in this section h[k] is h(k), and h[0] is h(0)
do = (softmax(os) - np.eye(O)[y4])[:, 0]  # do[3]: the gradient of L(4) with respect to o(4)
print(f"L(4) = {loss_4():.3f}, all four losses {cross_entropy(os, y4):.3f}")
assert np.array_equal(h[4], hs[3, 0]) and not h[0].any()

# %% [markdown] sources=["S41", "S42", "S65"]
# **With respect to $V$** it is easy. In $o_i = c_i + \sum_j V_{i,j} h_j$ the entry $V_{l,j}$ occurs only for $i = l$,
# and there its factor is $h_j$. So
#
# $$\frac{dL^{(4)}}{dV_{l,j}} = \sum_i \frac{dL^{(4)}}{do_i^{(4)}}\,
# \frac{\partial^+ o_i^{(4)}}{\partial V_{l,j}} = \big(p_l^{(4)} - 1_{l,y^{(4)}}\big)\, h_j^{(4)},
# \qquad\text{all at once:}\quad \frac{dL^{(4)}}{dV} = \big(p^{(4)} - 1_{y^{(4)}}\big)\, h^{(4)\top}$$
#
# B and C write the outer product as $(\hat y_3 - y_3) \otimes s_3$. The gradient needs three vectors, all of step 4:
# $p^{(4)}$, $y^{(4)}$ and $h^{(4)}$. How the network came to $h^{(4)}$ does not matter: start it in $h^{(3)}$, let it
# read $x^{(4)}$ only, and the gradient is the same.

# %% tags=["demo"] sources=["S41", "S42", "S65"]
from course_lib.gradcheck import numerical_gradient, relative_error


def last_step_only(_=None):
    """L(4) of a run that begins with h(3): a constant that no parameter moves."""
    return cross_entropy(rnn_forward(x4[3:], h[3][None], net)[1], y4[3:])


outer = np.outer(do[3], h[4])
for name, f in (("four steps", loss_4), ("last step only", last_step_only)):
    error = relative_error(outer, numerical_gradient(f, net["V"]))
    print(f"dL(4)/dV against central differences, {name}: error {told(error)}")
    assert error < 1e-7

# %% [markdown] sources=["S43", "S66"]
# **With respect to $W$** it is not. The chain rule begins in the same way,
#
# $$\frac{dL^{(4)}}{dW} = \Big(\frac{dL^{(4)}}{dh^{(4)}}\Big)^{\!\top} \frac{dh^{(4)}}{dW},
# \qquad h^{(4)} = \tanh\big(U x^{(4)} + W h^{(3)}\big), \qquad
# h^{(3)} = \tanh\big(U x^{(3)} + W h^{(2)}\big), \;\dots$$
#
# but in the formula of $h^{(4)}$, $W$ stands **twice**: as a letter, and inside $h^{(3)}$. To treat $h^{(3)}$ as a
# constant is to forget the second place, and all places before it. (B and C print $x_t$ in these formulas where it has
# to be $x_3$, $x_2$; notebook 01 has shown what goes wrong otherwise. A transpose on a gradient makes it a row, so that
# the product goes from left to right.)
#
# What is lost if $h^{(3)}$ is taken for a constant?

# %% tags=["demo"] sources=["S43", "S66"]
dL_dh4 = do[3] @ net["V"]
whole = numerical_gradient(loss_4, net["W"])
constant = numerical_gradient(last_step_only, net["W"])
dh4_dW = np.stack([  # (H, H, H): a matrix for each unit i of h(4)
    numerical_gradient(lambda _, i=i: rnn_forward(x4, zero, net)[0][3, 0, i], net["W"]) for i in range(H)
])

print(f"h(3) as a constant: error {relative_error(constant, whole):.2f}")
print(f"with dh(4)/dW:      error {told(relative_error(np.tensordot(dL_dh4, dh4_dW, 1), whole))}")
assert relative_error(constant, whole) > 0.1
assert relative_error(np.tensordot(dL_dh4, dh4_dW, 1), whole) < 1e-7

# %% [markdown] sources=["S44", "S67"]
# ### A sum over the places of W
#
# Untie the network as in notebook 01: step $k$ gets its own copy $W_k$. Move $W_k$ a little. It stands only in the
# formula of step $k$, so $h^{(k)}$ moves by the **immediate** derivative; that moves $h^{(4)}$ through the steps in
# between; that moves the loss. The chain has three links. Tie the copies again: add up.
#
# $$\frac{dL^{(4)}}{dW} = \sum_{k=1}^{4} \Big(\frac{dL^{(4)}}{dh^{(4)}}\Big)^{\!\top}
# \frac{dh^{(4)}}{dh^{(k)}}\; \frac{\partial^+ h^{(k)}}{\partial W}, \qquad
# \frac{\partial^+ h_i^{(k)}}{\partial W_{j,m}} = 1_{i,j}\,\big(1 - (h_i^{(k)})^2\big)\, h_m^{(k-1)}
# \label{sum-over-places}$$
#
# The factor in the middle is a product of Jacobians \eqref{step-jacobian}, one for each step after $k$. The last
# formula is the derivative of $\tanh(\dots + \sum_m W_{i,m} h_m^{(k-1)})$ with $h^{(k-1)}$ held fixed: $W_{j,m}$
# is in row $i$ only if $i = j$. It has three indices, so it is an array (H, H, H).

# %% tags=["demo"] sources=["S44", "S67"]
slope = 1 - h**2
J = {j: slope[j][:, None] * net["W"] for j in range(1, 5)}  # J[j]: the derivative of h(j) with respect to h(j-1)
now = {k: np.einsum("i,ij,m->ijm", slope[k], np.eye(H), h[k - 1]) for k in range(1, 5)}  # immediate derivatives
dh4 = {4: np.eye(H)}  # dh4[k]: the derivative of h(4) with respect to h(k)
for k in (3, 2, 1):
    dh4[k] = dh4[k + 1] @ J[k + 1]

contributions = {k: np.einsum("i,ijm->jm", dL_dh4 @ dh4[k], now[k]) for k in range(1, 5)}
error = relative_error(sum(contributions.values()), whole)
print(f"sum over k against central differences: error {told(error)}")
assert error < 1e-7

# %% [markdown] sources=["S44", "S67"]
# > **Erratum (B, C).** *Printed:*
# > $\sum_{k=0}^{3} \dots \dfrac{\partial s_3}{\partial s_k} \dfrac{\partial s_k}{\partial W}$ with one and the same
# > $\partial$ everywhere. *Correct:* the last factor is the **immediate** derivative,
# > $\dfrac{\partial^+ s_k}{\partial W}$. *Why:* the same page has just said that $s_3$ depends on $W$ through $s_2$
# > too, so a reader takes $\dfrac{\partial s_k}{\partial W}$ as the total derivative. But that already contains all
# > steps before $k$, and the sum counts them again.
#
# How often? The total derivative of $h^{(k)}$ has a part from every $j \le k$, so part $j$ is counted for $k = j$,
# $j + 1$, …, 4: it enters $5 - j$ times.

# %% tags=["demo"] sources=["S44", "S67"]
total = {
    k: np.stack([
        numerical_gradient(lambda _, i=i, k=k: rnn_forward(x4, zero, net)[0][k - 1, 0, i], net["W"]) for i in range(H)
    ])
    for k in range(1, 5)
}
as_total = sum(np.einsum("i,ijm->jm", dL_dh4 @ dh4[k], total[k]) for k in range(1, 5))
counted = sum((5 - j) * contributions[j] for j in range(1, 5))

print(f"read as total derivatives: error {told(relative_error(as_total, whole))}")
print(f"that is part j counted 5 - j times: error {told(relative_error(as_total, counted))}")
assert relative_error(as_total, whole) > 0.3 and relative_error(as_total, counted) < 1e-7

# %% [markdown] sources=["S45", "S67"]
# B and C draw arrows from the loss back to the first step: each arrow is one term of the sum \eqref{sum-over-places}.
# B adds that this is **standard backpropagation on an unrolled network**. Only one thing is new: in a feed-forward
# network each layer keeps its own gradient, here the layers share $W$, so the gradients are added.
#
# *What to see:* the size of each term. The step beside the loss contributes most, each step further back less. The term
# of $k = 1$ is exactly 0: its factor $h^{(k-1)}$ is $h^{(0)} = 0$. Why the bars shrink is the subject of notebook 03.

# %% tags=["demo"] sources=["S45", "S67"]
from course_lib import plots

sizes = [np.linalg.norm(contributions[k]) for k in range(1, 5)]
plots.show(plots.contributions(sizes))
print("k = 4, 3, 2, 1:", ", ".join(f"{size:.3f}" for size in reversed(sizes)))
assert sizes[3] > sizes[2] > sizes[1] > sizes[0] == 0

# %% [markdown] sources=["S69"]
# **The middle link, written out.** From $h^{(k)}$ to $h^{(4)}$ there is only one path, step by step. So
#
# $$\frac{dh^{(4)}}{dh^{(k)}} = J^{(4)} J^{(3)} \cdots J^{(k+1)}, \qquad
# J^{(j)} = \frac{\partial^+ h^{(j)}}{\partial h^{(j-1)}} = \operatorname{diag}\big(1 - (h^{(j)})^2\big)\, W$$
#
# B and C put this into the sum as $\prod_{j=k+1}^{3} \dfrac{\partial s_j}{\partial s_{j-1}}$. Matrices do not commute,
# so the order matters: the **latest** step stands on the left, next to the loss. In the order $j = k+1, k+2, \dots$,
# from left to right, the product is wrong. (Here by a few percent only, as the three matrices are alike.)

# %% tags=["demo"] sources=["S69"]
def state_4(start_1):
    """h(4), from a run that begins with h(1)."""
    return rnn_forward(x4[1:], start_1[None], net)[0][-1, 0]


start_1 = h[1].copy()
dh4_dh1 = np.stack([numerical_gradient(lambda s, i=i: state_4(s)[i], start_1) for i in range(H)])
latest_left, latest_right = J[4] @ J[3] @ J[2], J[2] @ J[3] @ J[4]

print(f"J(4) J(3) J(2): error {told(relative_error(latest_left, dh4_dh1))}")
print(f"J(2) J(3) J(4): error {told(relative_error(latest_right, dh4_dh1))}")
assert relative_error(latest_left, dh4_dh1) < 1e-7 and relative_error(latest_right, dh4_dh1) > 0.05

# %% [markdown] sources=["S46"]
# ### Deltas
#
# Nobody multiplies these matrices. B names the vector that is passed back: $\delta_k^{(t)}$, the
# derivative of the loss of step $t$ with respect to $a^{(k)}$, the sum inside the tanh of step $k$. (There
# $\delta_2^{(3)}$ with $z_2 = U x_2 + W s_1$. Careful, $z$ has two meanings in B: $z_3 = V s_3$ was the output.)
#
# $$\delta_4^{(4)} = \Big(V^\top \big(p^{(4)} - 1_{y^{(4)}}\big)\Big) \odot \big(1 - (h^{(4)})^2\big), \qquad
# \delta_{k-1}^{(4)} = \big(W^\top \delta_k^{(4)}\big) \odot \big(1 - (h^{(k-1)})^2\big) \label{deltas}$$
#
# The first is the step from $o$ to $h$ and through the tanh. The second goes
# from $a^{(k)} = U x^{(k)} + W h^{(k-1)}$ to $h^{(k-1)}$, which is $W^\top$, and again through a tanh. As $W$ and $U$
# stand in $a^{(k)}$ beside $h^{(k-1)}$ and $x^{(k)}$, step $k$ contributes $\delta_k^{(4)} h^{(k-1)\top}$ to
# $\dfrac{dL^{(4)}}{dW}$ and $\delta_k^{(4)} x^{(k)\top}$ to $\dfrac{dL^{(4)}}{dU}$.

# %% tags=["demo"] sources=["S46"]
deltas = {4: (net["V"].T @ do[3]) * slope[4]}
for k in (4, 3, 2):
    deltas[k - 1] = (net["W"].T @ deltas[k]) * slope[k - 1]

for k in range(1, 5):
    assert np.allclose(np.outer(deltas[k], h[k - 1]), contributions[k], rtol=0, atol=1e-12)
dU = sum(np.outer(deltas[k], x4[k - 1, 0]) for k in range(1, 5))
error = relative_error(dU, numerical_gradient(loss_4, net["U"]))
print("outer products of deltas: the same four contributions to dL(4)/dW")
print(f"dL(4)/dU against central differences: error {told(error)}")
assert error < 1e-7

# %% [markdown] sources=["S47"]
# ### A listing with five faults
#
# B turns this into a program: for each loss, a loop back through the deltas. Below, `printed` is its listing
# **quoted** as it stands in our copy. There `x` and `y` are lists of word numbers, `self` holds the parameters, and
# `o` are probabilities. Python does not accept it. The cell mends, one after the other, what Python complains about:

# %% tags=["demo"] sources=["S47"]
printed = """\
def bptt(self, x, y):
    T = len(y)
    # Perform forward propagation
    o, s = self.forward propagation(x)
    # We accumulate the gradients in these variables
    dLdU = np.zeros(self.U.shape)
    dLdV = np.zeros(self.V.shape)
    dLdW = np.zeros(self.W.shape)
    delta o = o
    delta o[np.arange(len(y)), y] = 1.
    # For each output backwards...
    for t in np.arange(T)[::-1]:
        dLdV += np.outer(delta o[t], s[t].T)
        # Initial delta calculation: dL/dz
        delta t = self.V.T.dot(delta o[t]) * (1 - (s[t] ** 2)
        # Backpropagation through time (for at most self.bptt
"""


def complaint(text):
    try:
        compile(text, "listing", "exec")
    except SyntaxError as error:
        return f"SyntaxError in line {error.lineno}: {text.splitlines()[error.lineno - 1].strip()}"
    return "no complaint"


print("as printed:               ", complaint(printed))
underscores = printed.replace("self.forward propagation", "self.forward_propagation")
print("then forward_propagation: ", complaint(underscores))
underscores = underscores.replace("delta o", "delta_o").replace("delta t", "delta_t")
print("then delta_o, delta_t:    ", complaint(underscores))
closed = underscores.replace("(1 - (s[t] ** 2)", "(1 - (s[t] ** 2))")
print("then a second ):          ", complaint(closed))
assert complaint(printed).startswith("SyntaxError") and complaint(closed) == "no complaint"

# %% [markdown] sources=["S47", "S68"]
# > **Erratum (B).** *Printed:* the listing above. *Correct:* `self.forward_propagation`; `delta_o` and `delta_t`; a
# > second `)`; `-= 1.` in place of `= 1.`; and the rest of the loop, which is missing. *Why:* a name cannot contain a
# > space, and a parenthesis has to be closed: Python says so. The other two faults are worse, since Python is
# > silent. `delta_o` is to be $p - 1_y$, so 1 has to be *subtracted* at the target, not written there. And without
# > its end the function returns nothing.
#
# C prints the same listing with its end, so we take the end from there. First with `= 1.`, as in B, then with `-= 1.`,
# as in C. The data: 12 words, predict the next one each time.

# %% tags=["demo"] sources=["S47", "S68"]
from types import SimpleNamespace

end = """\
        for bptt_step in np.arange(max(0, t-self.bptt_truncate), t+1)[::-1]:
            dLdW += np.outer(delta_t, s[bptt_step-1])
            dLdU[:,x[bptt_step]] += delta_t
            delta_t = self.W.T.dot(delta_t) * (1 - s[bptt_step-1] ** 2)
    return [dLdU, dLdV, dLdW]
"""
text = backend.Rng(216).integers(0, D, (13,))
x12, y12 = np.eye(D)[text[:12], None], text[1:, None]


def forward(x):
    """What the listing expects: probabilities (T, O), and states (T + 1, H) whose last row is the start, 0."""
    hs, os = rnn_forward(np.eye(D)[x, None], zero, net)
    return softmax(os)[:, 0], np.concatenate([hs, zero[None]])[:, 0]


def run_listing(text_of_it, forward=forward, truncate=1000):
    names = {"np": np}
    exec(text_of_it, names)
    self = SimpleNamespace(**net, forward_propagation=forward, bptt_truncate=truncate)
    return names["bptt"](self, text[:12], text[1:])


truth = [numerical_gradient(lambda _: cross_entropy(rnn_forward(x12, zero, net)[1], y12), net[n]) for n in "UVW"]
assigned, subtracted = closed + end, closed.replace("= 1.", "-= 1.") + end
wrong, right = run_listing(assigned), run_listing(subtracted)
cosine = (wrong[2] * truth[2]).sum() / np.linalg.norm(wrong[2]) / np.linalg.norm(truth[2])

for sign, grads in ((" = 1.", wrong), ("-= 1.", right)):
    errors = [relative_error(a, b) for a, b in zip(grads, truth, strict=True)]
    print(f"{sign}: errors", ", ".join(f"d{n} {told(error)}" for n, error in zip("UVW", errors, strict=True)))
print(f" = 1.: cosine between dW and the true gradient {cosine:.2f}")
assert cosine < 0 and all(relative_error(a, b) > 1 for a, b in zip(wrong, truth, strict=True))
assert all(relative_error(a, b) < 1e-7 for a, b in zip(right, truth, strict=True))

# %% [markdown] sources=["S68"] slide="skip"
# With `= 1.` even the direction is wrong: the cosine is below 0, so a small step of $W$ against this “gradient” makes
# the loss grow. As C prints it the listing is right, but for how far it goes back:
#
# > **Erratum (C; in B the line is cut off).** *Printed:* "for at most `self.bptt_truncate` steps". *Correct:*
# > at most `self.bptt_truncate` **+ 1**.
# > *Why:* the range from `t - bptt_truncate` to `t` contains both ends.
#
# And two things are worth knowing before you use it:
#
# * `delta_o = o` makes no copy. It is a second name for the **same array**, and the subtraction spoils the
#   probabilities: afterwards each row of `o` sums to 0.
# * For `bptt_step` 0, `s[bptt_step-1]` is `s[-1]`, in Python the **last** row. It is right only if `s` has $T + 1$
#   rows, and the last one holds the start.

# %% tags=["demo"] sources=["S68"] slide="skip"
inner = np.arange(max(0, 11 - 4), 11 + 1)[::-1]  # t = 11, bptt_truncate = 4
print(f"bptt_truncate = 4: {len(inner)} inner steps")

kept = {}


def remembering(x):
    kept["o"], s = forward(x)
    kept["before"] = kept["o"].sum(axis=1)
    return kept["o"], s


run_listing(subtracted, remembering)
after = kept["o"].sum(axis=1)
print(f"each row of o sums to {kept['before'].mean():.0f} before the call, to {abs(after).max():.0f} after it")

T_rows = run_listing(subtracted, lambda x: (forward(x)[0], forward(x)[1][:-1]))
print(f"s with T rows: error of dW {relative_error(T_rows[2], truth[2]):.2f}")
assert len(inner) == 5 and np.allclose(kept["before"], 1) and np.allclose(after, 0)
assert relative_error(T_rows[2], truth[2]) > 0.1

# %% [markdown] slide="skip"
# Two loops, one inside the other, and no reason to keep these faults: write it again, for batches, with the biases, and
# with a truncation that means what it says.

# %% [markdown]
# ### Exercise 3 · Repair the listing (4 points)
#
# Write `bptt_naive(x, y, params, k=None)`: the listing above, repaired, with the biases $b$ and $c$, and for a batch.
# As in the listing, each loss goes back on its own: the gradients of all losses $L^{(t)}$ are added, and $L^{(t)}$ is
# followed back through the last `k` steps only.
#
# | argument | shape | |
# |:--|:--|:--|
# | `x` | (T, B, D) | the inputs |
# | `y` | (T, B) | the classes, integers from 0 to O − 1 |
# | `params` | dict | `"U"` (H, D), `"W"` (H, H), `"b"` (H,), `"V"` (O, H), `"c"` (O,) |
# | `k` | an integer ≥ 1, or None | how many steps each loss reaches back, **its own step included** |
# | *returns* | dict | `"dU"`, `"dW"`, `"db"`, `"dV"`, `"dc"`, each with the shape of its parameter |
#
# * With `k=1` the loss of step $t$ adds only what step $t$ itself did with $U$, $W$ and $b$; with `k=2` also what step
#   $t-1$ did, and so on. With `k=None`, and where fewer than `k` steps lie behind, it goes back to the first step.
#   (The listing counts otherwise: it visits `bptt_truncate + 1` steps.) `dV` and `dc` do not depend on `k`.
# * The states start from $h^{(0)} = 0$. The loss is summed over time and averaged over the batch.
# * The notebook's `rnn_forward(x, h0, params)` returns `hs`, `os`; `os` are logits. You may call it, and also your
#   functions of Exercises 1 and 2, once they pass their checks; what is marked is the result, so a mistake in one of
#   them would cost points here, too.
#
# The result is exact up to rounding: finite differences are not enough. All sizes can be 1. float32 inputs give
# float32 gradients. Do not change the inputs. Marked: `dV` and `dc` (0.5 points), `dU`, `dW` and `db` without
# truncation (1.5), the same with `k` (1.5), float32 (0.5). `hint(bptt_naive)` gives a hint.

# %% tags=["answer"] exercise="bptt_naive"
def bptt_naive(x, y, params, k=None):
    """The gradients {"dU", "dW", "db", "dV", "dc"}, one loss after the other, each over its last k steps (None: all)."""
    ### BEGIN SOLUTION
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / B  # or dloss_dlogits(os, y)
    grads = {f"d{name}": np.zeros_like(params[name]) for name in "UWbVc"}
    for t in range(T):
        grads["dV"] += do[t].T @ hs[t]
        grads["dc"] += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            grads["dU"] += delta.T @ x[step]
            grads["dW"] += delta.T @ h_prev
            grads["db"] += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return grads
    ### END SOLUTION

# %% tags=["check"] exercise="bptt_naive" sources=["S46", "S47", "S68"]
check(bptt_naive)
### BEGIN HIDDEN TESTS
earned(bptt_naive)
### END HIDDEN TESTS

# %% [markdown] sources=["S68"] slide="skip"
# Your function, the repaired listing and the one backward loop, `gradients`, have to agree. And the truncation tells
# the two ways of counting apart: `bptt_truncate = 4` of the listing is your `k=5`.

# %% tags=["demo"] sources=["S68"] slide="skip"
naive, loop = bptt_naive(x12, y12, net), gradients(x12, y12, zero, net)
for name, listed in zip(("dU", "dV", "dW"), right, strict=True):
    errors = relative_error(naive[name], listed), relative_error(loop[name], listed)
    print(f"{name} against the listing: bptt_naive {told(errors[0])}, one loop {told(errors[1])}")
    assert max(errors) < 1e-12, "check(bptt_naive) and check(rnn_backward) first"

cut = run_listing(subtracted, truncate=4)[2]
for k in (4, 5):
    error = relative_error(bptt_naive(x12, y12, net, k)["dW"], cut)
    print(f"bptt_truncate = 4 against k={k}: dW differs by", "< 1e-7" if error < 1e-7 else f"{error:.4f}")
assert relative_error(bptt_naive(x12, y12, net, 5)["dW"], cut) < 1e-12, "check(bptt_naive) first"
assert relative_error(bptt_naive(x12, y12, net, 4)["dW"], cut) > 1e-4

# %% [markdown]
# ## From T² to T
#
# `bptt_naive` goes back from every loss on its own. Its result is a sum over pairs of a loss $t$ and a place $k \le t$:
#
# $$\frac{dL}{dW} = \sum_{t=1}^{T} \sum_{k=1}^{t} \delta_k^{(t)}\, h^{(k-1)\top}
# = \sum_{k=1}^{T} \Big(\underbrace{\sum_{t=k}^{T} \delta_k^{(t)}}_{\textstyle \delta_k}\Big)\, h^{(k-1)\top}
# \label{pairs}$$
#
# On the right the same pairs are sorted by their place: all deltas that arrive at step $k$ meet the same
# $h^{(k-1)}$, so they can be added **before** the outer product. Their sum is $\delta_k = \dfrac{dL}{da^{(k)}}$. In the
# table of notebook 01, the left sum goes by rows and the right one by columns.

# %% tags=["demo"]
h = np.concatenate([zero[None], rnn_forward(x12, zero, net)[0]])[:, 0]  # h[k] is h(k), now up to h(12)
slope, do = 1 - h**2, dloss_dlogits(rnn_forward(x12, zero, net)[1], y12)[:, 0]
delta = np.zeros((13, 13, H))  # delta[t, k]: of the loss t, at the place k; row and column 0 are not used
for t in range(1, 13):
    delta[t, t] = (net["V"].T @ do[t - 1]) * slope[t]
    for k in range(t - 1, 0, -1):
        delta[t, k] = (net["W"].T @ delta[t, k + 1]) * slope[k]

by_loss = sum(np.outer(delta[t, k], h[k - 1]) for t in range(1, 13) for k in range(1, t + 1))
by_place = sum(np.outer(delta[:, k].sum(axis=0), h[k - 1]) for k in range(1, 13))
print(f"sorted by losses: error {told(relative_error(by_loss, truth[2]))}")
print(f"sorted by places: error {told(relative_error(by_place, truth[2]))}")
assert relative_error(by_loss, truth[2]) < 1e-7, "check(dloss_dlogits) first"
assert relative_error(by_place, truth[2]) < 1e-7

# %% [markdown]
# So far nothing is saved: to add the $\delta_k^{(t)}$, one has to have them. But the step back \eqref{deltas} is
# **linear**, and it is the same for all losses. For every $t > k$,
# $\delta_k^{(t)} = \operatorname{diag}\big(1 - (h^{(k)})^2\big)\, W^\top \delta_{k+1}^{(t)}$. Add over $t$ and pull the
# matrix out of the sum:
#
# $$\delta_k = \delta_k^{(k)} + \sum_{t=k+1}^{T} \operatorname{diag}\big(1 - (h^{(k)})^2\big) W^\top \delta_{k+1}^{(t)}
# = \delta_k^{(k)} + \operatorname{diag}\big(1 - (h^{(k)})^2\big)\, W^\top \delta_{k+1}$$
#
# **First add, then multiply, once.** That is the whole trick, and it is your `rnn_backward`: what comes from the step's
# own output, plus what comes from the next step, through the tanh. One loop is enough for all losses.

# %% tags=["demo"]
one = np.zeros((14, H))  # one[k]: the sum of the deltas at the place k; one[13] = 0 begins
for k in range(12, 0, -1):
    one[k] = delta[k, k] + slope[k] * (net["W"].T @ one[k + 1])

error = relative_error(one[1:13], delta.sum(axis=0)[1:])
print(f"12 deltas of one loop against the sums of all 78: error {told(error)}")
assert error < 1e-12
yours = gradients(x12, y12, zero, net)["dW"]
assert relative_error(np.einsum("ki,kj->ij", one[1:13], h[:12]), yours) < 1e-12, "check(rnn_backward) first"

# %% [markdown]
# **How much is saved?** The inner loop of the naive way runs $t$ times for loss $t$:
#
# $$1 + 2 + \dots + T = \frac{T(T+1)}{2} \quad\text{steps, instead of } T$$
#
# For $T = 400$ that is 80 200 against 400. Truncation after $k$ steps brings it down to at most $kT$, at the price of a
# wrong gradient. The one loop needs $T$, and is exact.

# %% tags=["demo"] sources=["S68"]
def inner_steps(T):
    return sum(1 for t in range(T) for step in range(t, -1, -1))


for T in (12, 50, 100, 200, 400):
    print(f"T = {T:3d}: naive {inner_steps(T):6d} steps, one loop {T}")
    assert inner_steps(T) == T * (T + 1) // 2

# %% [markdown]
# *What to see:* time against $T$, both axes logarithmic. A power $T^n$ is a straight line there, of slope $n$. Your
# naive function climbs with slope 2: twice the length takes four times as long. Your one loop climbs with slope 1. (The
# times are those of one computer. On yours they differ, the slopes do not.)

# %% tags=["demo", "volatile"]
from time import perf_counter

from course_lib import backend, init, plots


def best_time(function, *inputs, repeats=3):
    """The shortest of some runs, in seconds: the one that was disturbed least."""
    times = []
    for _ in range(repeats):
        begin = perf_counter()
        function(*inputs)
        times.append(perf_counter() - begin)
    return min(times)


rng, lengths = backend.Rng(5), (25, 50, 100, 200, 400)
big, start = init.rnn_params(8, 16, 8, rng, "float64"), np.zeros((1, 16))
x, y = rng.normal((400, 1, 8), dtype="float64"), rng.integers(0, 8, (400, 1))
seconds = {
    "naive": [best_time(bptt_naive, x[:T], y[:T], big) for T in lengths],
    "one loop": [best_time(gradients, x[:T], y[:T], start, big) for T in lengths],
}
plots.show(plots.cost_of_length(lengths, seconds["naive"], seconds["one loop"]))
for T, slow, fast in zip(lengths, seconds["naive"], seconds["one loop"], strict=True):
    print(f"T = {T:3d}: naive {1000 * slow:6.1f} ms, one loop {1000 * fast:4.1f} ms")

# %% [markdown] sources=["S94", "S101"]
# ## Total derivatives, forward in time
#
# D goes a third way, and it is the one document of the four that tells apart $d$, the total derivative, and $\partial$,
# the immediate one (our $\partial^+$). Its goal, for the loss $E$ of step $t$ (our $L^{(t)}$), with
# $o^{(t)} = g\big(V h^{(t)}\big)$:
#
# $$\frac{dE}{dV} = \frac{\partial E}{\partial o^{(t)}} \cdot \frac{\partial o^{(t)}}{\partial V}, \qquad
# \frac{dE}{dU} = \frac{\partial E}{\partial o^{(t)}}\, \frac{\partial o^{(t)}}{\partial h^{(t)}} \cdot
# \frac{dh^{(t)}}{dU}, \qquad
# \frac{dE}{dW} = \frac{\partial E}{\partial o^{(t)}}\, \frac{\partial o^{(t)}}{\partial h^{(t)}} \cdot
# \frac{dh^{(t)}}{dW}$$
#
# The loss is the squared error $E = \lVert o - y \rVert^2$, there are no biases, and $g$ is any function that acts on
# each entry; below, $g = \tanh$. ($\dfrac{\partial E}{\partial o}$ stands as a row here.) Three of the pieces
# concern one step only; there the two kinds agree, and $\partial$ needs no plus. The two with a $d$ reach back through
# time. First a test of the plan, with all pieces taken by central differences:

# %% tags=["demo"] sources=["S94", "S101"]
from course_lib import backend, init
from course_lib.gradcheck import numerical_gradient, relative_error

rng = backend.Rng(192)
T, D, H, O = 6, 3, 4, 2
ni = init.rnn_params(D, H, O, rng, "float64")
ni["W"] *= 2  # a longer memory
x, h0 = rng.normal((T, 1, D), dtype="float64"), rng.normal((1, H), dtype="float64")
y = rng.uniform(-1, 1, (O,), "float64")


def state(t=T):
    return rnn_forward(x[:t], h0, ni)[0][-1, 0] if t else h0[0]


def output(h, V):
    return np.tanh(V @ h)


def E(_=None):
    return ((output(state(), ni["V"]) - y) ** 2).sum()


def jacobian(f, z):
    """By central differences: the derivatives of each entry of f() with respect to each entry of z, moved in place."""
    return np.stack([numerical_gradient(lambda _, i=i: f()[i], z) for i in range(len(f()))])


hT = state()
dE_do = numerical_gradient(lambda o: ((o - y) ** 2).sum(), output(hT, ni["V"]))
do_dh, do_dV = jacobian(lambda: output(hT, ni["V"]), hT), jacobian(lambda: output(hT, ni["V"]), ni["V"])
plan = {
    "V": np.tensordot(dE_do, do_dV, 1),
    "U": np.tensordot(dE_do @ do_dh, jacobian(state, ni["U"]), 1),
    "W": np.tensordot(dE_do @ do_dh, jacobian(state, ni["W"]), 1),
}
for name, value in plan.items():
    error = relative_error(value, numerical_gradient(E, ni[name]))
    print(f"dE/d{name} put together from its pieces: error {told(error)}")
    assert error < 1e-7

# %% [markdown] sources=["S95"] slide="skip"
# **The piece $\dfrac{\partial E}{\partial o}$.** As before, $E = \sum_i (o_i - y_i)^2$, and $o_i$ occurs in one term of
# the sum. So
#
# $$\frac{\partial E}{\partial o} = 2\,(o - y)$$

# %% tags=["demo"] sources=["S95"] slide="skip"
oT = output(hT, ni["V"])
print(f"2 (o - y) against central differences: error {told(relative_error(2 * (oT - y), dE_do))}")
assert relative_error(2 * (oT - y), dE_do) < 1e-7

# %% [markdown] sources=["S96", "S97"]
# **The piece $\dfrac{\partial o}{\partial h}$** is a matrix of shape $O \times H$, with
# $\dfrac{\partial o_i}{\partial h_j}$ in row $i$ and column $j$ (D's equation 1).
#
# **Lemma** (D's equation 2). If $g$ is differentiable and $o = g(Vh)$, then for all $i$ and $j$
#
# $$\frac{\partial o_i}{\partial h_j} = V_{i,j}\; g'\Big(\sum_k V_{i,k} h_k\Big)$$
#
# *Proof.* The output $i$ is $o_i = g(u_i)$ with $u_i = \sum_k V_{i,k} h_k$. By the chain rule
# $\dfrac{\partial o_i}{\partial h_j} = g'(u_i)\, \dfrac{\partial u_i}{\partial h_j}$. In the sum only the term $k = j$
# contains $h_j$, and its factor is $V_{i,j}$. $\square$
#
# As one matrix: $\operatorname{diag}\big(g'(Vh)\big)\, V$. The Jacobian
# $J^{(j)} = \operatorname{diag}(1 - (h^{(j)})^2)\, W$ has the same form, since a step of the state is $\tanh$ of a
# linear map.

# %% tags=["demo"] sources=["S96", "S97"]
g_slope = 1 - output(hT, ni["V"]) ** 2  # tanh'
lemma = g_slope[:, None] * ni["V"]
print(f"shape {lemma.shape}; against central differences: error {told(relative_error(lemma, do_dh))}")
assert lemma.shape == (O, H) and relative_error(lemma, do_dh) < 1e-7

# %% [markdown] sources=["S96"] slide="skip"
# **The piece $\dfrac{\partial o}{\partial V}$** is left as homework in D. Here is the solution: the same proof, with
# another variable. The entry $V_{l,j}$ occurs in $u_i = \sum_k V_{i,k} h_k$ only if $i = l$, and then its factor is
# $h_j$. So
#
# $$\frac{\partial o_i}{\partial V_{l,j}} = 1_{i,l}\; g'\big(u_i\big)\, h_j$$
#
# This array has three indices (O, O, H), and zeros wherever $i \neq l$. Multiplied by
# $\dfrac{\partial E}{\partial o}$ it collapses to an outer product,
# $\dfrac{dE}{dV} = \big(2(o - y) \odot g'(Vh)\big)\, h^\top$: the same form as in B and C.

# %% tags=["demo"] sources=["S96"] slide="skip"
homework = np.einsum("i,il,j->ilj", g_slope, np.eye(O), hT)
dV = np.outer(2 * (oT - y) * g_slope, hT)
print(f"three indices: error {told(relative_error(homework, do_dV))}, {np.mean(homework == 0):.0%} zeros")
print(f"outer product: error {told(relative_error(dV, numerical_gradient(E, ni['V'])))}")
assert relative_error(homework, do_dV) < 1e-7
assert relative_error(dV, numerical_gradient(E, ni["V"])) < 1e-7

# %% [markdown] sources=["S98"]
# ### The recurrence
#
# What remains is $\dfrac{dh^{(t)}}{dU}$. In $h^{(t)} = \tanh\big(U x^{(t)} + W h^{(t-1)}\big)$ the matrix $U$ stands in
# two places: as a letter, and in $h^{(t-1)}$. The chain rule has one term for each place:
#
# $$\frac{dh^{(t)}}{dU} = \frac{\partial^+ h^{(t)}}{\partial U} + J^{(t)}\, \frac{dh^{(t-1)}}{dU}, \qquad
# \frac{dh^{(t)}}{dW} = \frac{\partial^+ h^{(t)}}{\partial W} + J^{(t)}\, \frac{dh^{(t-1)}}{dW}, \qquad
# \frac{dh^{(0)}}{dU} = \frac{dh^{(0)}}{dW} = 0 \label{recurrence}$$
#
# It starts with 0, because $h^{(0)}$ is given. This runs **forward**: as soon as $h^{(t)}$ is known, so is its
# derivative with respect to all parameters. It is called *forward mode*, and for recurrent networks **real-time
# recurrent learning**, RTRL.

# %% tags=["demo"] sources=["S98"]
h = np.array([state(t) for t in range(T + 1)])  # h[t] is h(t)
slope = 1 - h**2
J = {t: slope[t][:, None] * ni["W"] for t in range(1, T + 1)}
# The immediate derivatives as matrices: a row for each unit of h(t), a column for each entry of U or of W.
now_U = {t: np.einsum("i,ij,m->ijm", slope[t], np.eye(H), x[t - 1, 0]).reshape(H, H * D) for t in range(1, T + 1)}
now_W = {t: np.einsum("i,ij,m->ijm", slope[t], np.eye(H), h[t - 1]).reshape(H, H * H) for t in range(1, T + 1)}

t = 4
for name, now in (("U", now_U), ("W", now_W)):
    before, after = (jacobian(lambda s=s: state(s), ni[name]).reshape(H, -1) for s in (t - 1, t))  # by differences
    error = relative_error(now[t] + J[t] @ before, after)
    print(f"dh({t})/d{name} from dh({t - 1})/d{name}: shape {after.shape}, error {told(error)}")
    assert error < 1e-7

# %% [markdown] sources=["S99"]
# **Lemma** (D's equations 3 and 4). Put the recurrence \eqref{recurrence} into itself until $h^{(0)}$ is reached. For
# every $t \ge 1$
#
# $$\frac{dh^{(t)}}{dU} = \sum_{k=1}^{t} \Big(J^{(t)} J^{(t-1)} \cdots J^{(k+1)}\Big)\,
# \frac{\partial^+ h^{(k)}}{\partial U} \label{jacobian-sum}$$
#
# and the same with $W$ in place of $U$. For $k = t$ the product is empty; it is the identity. (D writes the term
# $k = t$ in front of the sum, and lets the sum begin with $k = 0$. The term of $k = 0$ is 0: $h^{(0)}$ contains no
# $U$.)
#
# D prints the product as $\prod_{j=k+1}^{t}$. As in B and C, the factors have to stand in the order
# $j = t, t-1, \dots, k+1$.

# %% tags=["demo"] sources=["S99"]
def by_lemma(immediate, t, latest_left=True):
    result = 0
    for k in range(1, t + 1):
        product = np.eye(H)
        for j in range(k + 1, t + 1):
            product = J[j] @ product if latest_left else product @ J[j]
        result = result + product @ immediate[k]
    return result


true_U, true_W = (jacobian(state, ni[name]).reshape(H, -1) for name in "UW")  # by differences, also for later cells
for name, immediate, witness in (("dU", now_U, true_U), ("dW", now_W, true_W)):
    error = relative_error(by_lemma(immediate, T, latest_left=False), witness)
    print(f"{name}: order T, …, k+1: error {told(relative_error(by_lemma(immediate, T), witness))};", end=" ")
    print(f"order k+1, …, T: error {told(error)}")
    assert relative_error(by_lemma(immediate, T), witness) < 1e-7 and error > 0.1

# %% [markdown] sources=["S99", "S101"]
# D announces a rigorous proof by induction, but it is not on the slides. Here it is.
#
# *Start, $t = 1$.* The recurrence says
# $\dfrac{dh^{(1)}}{dU} = \dfrac{\partial^+ h^{(1)}}{\partial U} + J^{(1)} \dfrac{dh^{(0)}}{dU}$, and the last factor is
# 0. The lemma's sum has one term, $k = 1$, with an empty product: the same.
#
# *Step from $t - 1$ to $t$.* Suppose the lemma holds for $t - 1$. Put it into the recurrence:
#
# $$\frac{dh^{(t)}}{dU} = \frac{\partial^+ h^{(t)}}{\partial U} + J^{(t)} \sum_{k=1}^{t-1}
# \Big(J^{(t-1)} \cdots J^{(k+1)}\Big) \frac{\partial^+ h^{(k)}}{\partial U}
# = \frac{\partial^+ h^{(t)}}{\partial U} + \sum_{k=1}^{t-1}
# \Big(J^{(t)} J^{(t-1)} \cdots J^{(k+1)}\Big) \frac{\partial^+ h^{(k)}}{\partial U}$$
#
# The matrix $J^{(t)}$ does not depend on $k$, so it may be multiplied into each term, **from the left**: that fixes the
# order. The first summand is the missing term $k = t$, with its empty product. Together they are the sum up to $t$.
# $\square$ For $W$ replace the letter; the proof used nothing of $U$ but that $h^{(0)}$ does not depend on it.

# %% tags=["demo"] sources=["S99", "S101"]
assert np.allclose(by_lemma(now_U, 1), now_U[1]) and np.allclose(by_lemma(now_W, 1), now_W[1])  # the start
for t in range(2, T + 1):
    for immediate in (now_U, now_W):
        assert np.allclose(immediate[t] + J[t] @ by_lemma(immediate, t - 1), by_lemma(immediate, t))
print(f"the start, and each step up to t = {T}, hold for U and for W")

# %% [markdown] sources=["S100"]
# ### An algorithm for the lemma
#
# D computes the sum \eqref{jacobian-sum} from its end: $k = T$ first, where the product is empty, and with each step
# back one more Jacobian is multiplied to the **right** of $z$. As printed, in D's letters:
#
# 1. Initialize $\frac{ds_T}{dU} \leftarrow \frac{\partial s_T}{\partial U}$
# 2. Initialize $z \rightarrow \mathrm{Id}$
# 3. for $t = T, \dots, 1$:
# 4. $\quad z \leftarrow z\, \frac{\partial s_t}{\partial s_{t-1}}$
# 5. $\quad \frac{ds_T}{dU} \leftarrow \frac{ds_T}{dU} + z\, \frac{\partial s_t}{\partial U}$
# 6. $\quad \frac{ds_T}{dW} \leftarrow \frac{ds_T}{dW} + z\, \frac{\partial s_t}{\partial W}$
# 7. end for; output both
#
# Go through it by hand with $T = 1$ before you read on. Which value does line 5 add?

# %% [markdown] sources=["S100"]
# > **Erratum (D).** *Printed:* $z \rightarrow \mathrm{Id}$; no first value for $\frac{ds_T}{dW}$;
# > $\frac{\partial s_t}{\partial U}$ and $\frac{\partial s_t}{\partial W}$ in lines 5 and 6. *Correct:*
# > $z \leftarrow \mathrm{Id}$; $\frac{ds_T}{dW}$ starts as $\frac{\partial s_T}{\partial W}$;
# > $\frac{\partial s_{t-1}}{\partial U}$ and $\frac{\partial s_{t-1}}{\partial W}$. *Why:* an arrow points to the
# > variable that gets a value. What is added to has to exist, and 0 is not its right start. After line 4,
# > $z = J^{(T)} \cdots J^{(t)}$ leads from $s_{t-1}$ to $s_T$, so it belongs to step $t - 1$.
#
# With $T = 1$: line 5 adds $J^{(1)} \frac{\partial s_1}{\partial U}$, but line 1 was all. With $t - 1$ it adds
# $J^{(1)} \frac{\partial s_0}{\partial U} = 0$. Now as printed, and mended one fault after the other. What the loop
# ends with is a sum; the cell computes it as one.

# %% tags=["demo"] sources=["S100"]
from functools import reduce

literal = """\
def algorithm(T, J, now_U, now_W):
    dU = now_U[T]
    Id = z
    for t in range(T, 0, -1):
        z = z @ J[t]
        dU = dU + z @ now_U[t]
        dW = dW + z @ now_W[t]
    return dU, dW
"""


def end_of(text):
    names = {"np": np}
    exec(text, names)
    try:
        names["algorithm"](T, J, now_U, now_W)
    except NameError as error:
        name = str(error).split("'")[1]
        return f"{type(error).__name__}: {name} has no value"


def tell(what, shift, start_W):
    """The errors, when the immediate derivative is that of step t - shift, and dW starts at start_W."""
    dU = now_U[T] + sum(after_line_4[t] @ now_U[t - shift] for t in after_line_4)
    dW = start_W + sum(after_line_4[t] @ now_W[t - shift] for t in after_line_4)
    errors = relative_error(dU, true_U), relative_error(dW, true_W)
    print(f"{what:20s} errors: dU {told(errors[0])}, dW {told(errors[1])}")
    return errors


after_line_4 = {t: reduce(np.matmul, [J[j] for j in range(T, t - 1, -1)]) for t in range(1, T + 1)}  # z of round t
now_U[0], now_W[0] = np.zeros((H, H * D)), np.zeros((H, H * H))  # h(0) contains neither U nor W
ends = end_of(literal), end_of(literal.replace("Id = z", f"z = np.eye({H})"))
print(f"{'as printed:':20s} {ends[0]}")
print(f"{'z ← Id:':20s} {ends[1]}")
assert None not in ends

assert min(tell("and dW ← ∂h(T)/∂W:", 0, now_W[T])) > 0.5
assert max(tell("and t - 1:", 1, now_W[T])) < 1e-7
assert tell("t - 1, but dW ← 0:", 1, 0)[1] > 0.5

# %% [markdown]
# ### Exercise 4 · Forward in time (4 points)
#
# Write two functions that return the same: the total derivatives of the last state $h^{(T)}$ with respect to $U$ and
# $W$.
#
# * `rtrl(x, h0, params)` goes **forward** in time: with every step it replaces $\frac{dh^{(t-1)}}{dU}$ by
#   $\frac{dh^{(t)}}{dU}$, and likewise for $W$, by the recurrence \eqref{recurrence}.
# * `ni_algorithm(x, h0, params)` goes **backward**: it is D's algorithm, repaired. It keeps the running product
#   $z = \frac{dh^{(T)}}{dh^{(t)}}$, which begins as the identity, and adds $z$ times the immediate derivative for each
#   step.
#
# | argument | shape | |
# |:--|:--|:--|
# | `x` | (T, B, D) | the inputs |
# | `h0` | (B, H) | the states before the first step, not always 0 |
# | `params` | dict | `"U"` (H, D), `"W"` (H, H), `"b"` (H,); also `"V"` and `"c"`, so that `rnn_forward` takes it |
# | *returns* `dhdU` | (B, H, H, D) | `[b, i, j, d]`: $\frac{dh_i^{(T)}}{dU_{jd}}$ of sample b |
# | *returns* `dhdW` | (B, H, H, H) | `[b, i, j, m]`: $\frac{dh_i^{(T)}}{dW_{jm}}$ of sample b |
#
# Both return the pair `dhdU, dhdW`. The immediate derivative of $h_i^{(t)}$ by $U_{jd}$ is
# $\big(1 - (h_i^{(t)})^2\big)\, x_d^{(t)}$ if $i = j$, and 0 otherwise; with $W$, $h_m^{(t-1)}$ takes the place of
# $x_d^{(t)}$. Nothing is summed over the batch: each sample has its own derivatives.
#
# Sums over several axes are short with `np.einsum`: `np.einsum("ik,kjd->ijd", A, Z)` is the array with the entries
# $\sum_k A_{ik} Z_{kjd}$. The letters name the axes, and what is not on the right of the arrow is summed over.
#
# The result is exact up to rounding: finite differences are not enough. All sizes can be 1. float32 inputs give
# float32 results. Do not change the inputs. Marked, for each of the two functions: T = 1 (0.5 points), several steps
# (1.25), float32 (0.25). `hint(rtrl)` gives a hint.

# %% tags=["answer"] exercise="rtrl"
def rtrl(x, h0, params):
    """The total derivatives dhdU (B, H, H, D) and dhdW (B, H, H, H) of the last state, forward in time."""
    ### BEGIN SOLUTION
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        immediate_U = eye[:, :, None] * x_t[:, None, None, :]
        immediate_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (immediate_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (immediate_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW
    ### END SOLUTION


def ni_algorithm(x, h0, params):
    """The same two derivatives by the repaired algorithm: backwards in time, with a running product of Jacobians."""
    ### BEGIN SOLUTION
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)  # dh(T)/dh(t), at first t = T
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        z_slope = z * (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + z_slope[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + z_slope[..., None] * hs[t - 1][:, None, None, :]
        z = z_slope @ W
    return dhdU, dhdW
    ### END SOLUTION

# %% tags=["check"] exercise="rtrl" sources=["S98", "S99", "S100"]
check(rtrl)
### BEGIN HIDDEN TESTS
earned(rtrl)
### END HIDDEN TESTS

# %% [markdown] sources=["S94", "S98", "S100"] slide="skip"
# Put your derivative of the last state into D's plan, and it has to give what your backward loop gives. So three
# algorithms now compute one gradient: backward with a vector (`rnn_backward`), forward with a large matrix
# (`rtrl`), backward with a matrix (`ni_algorithm`).

# %% tags=["demo"] sources=["S94", "S98", "S100"] slide="skip"
dE_dh = 2 * (oT - y) * g_slope @ ni["V"]
hs = rnn_forward(x, h0, ni)[0]
dhs = np.zeros_like(hs)
dhs[-1, 0] = dE_dh  # only the last step has a loss
backward = rnn_backward(dhs, {"x": x, "h0": h0, "hs": hs, "U": ni["U"], "W": ni["W"]})
for fn in (rtrl, ni_algorithm):
    dhdU, dhdW = fn(x, h0, ni)
    errors = [
        relative_error(np.einsum("i,ijm->jm", dE_dh, value[0]), backward[name])
        for name, value in (("dU", dhdU), ("dW", dhdW))
    ]
    print(f"{fn.__name__} against rnn_backward: dE/dU {told(errors[0])}, dE/dW {told(errors[1])}")
    assert max(errors) < 1e-10, "check(rnn_backward) and check(rtrl) first"

# %% [markdown]
# ## Forward or reverse
#
# All three multiply the same chain. For one place $k$ it is
#
# $$\Big(\frac{dL}{dh^{(T)}}\Big)^{\!\top} \; J^{(T)}\, J^{(T-1)} \cdots J^{(k+1)} \;
# \frac{\partial^+ h^{(k)}}{\partial W}$$
#
# and matrix products may be bracketed as one likes. The result is the same, the price is not:
#
# * **from the left** (reverse): a row times a matrix is a row again. Each link costs $H^2$ multiplications.
# * **the matrices first** (D's $z$): $H \times H$ times $H \times H$ costs $H^3$.
# * **from the right** (forward): $H \times H$ times $H \times P$, for $P = H^2 + HD$ entries of $W$ and $U$, costs
#   $H^2 P$.
#
# A vector-Jacobian product is cheap, a Jacobian-Jacobian product is not. The reverse way is possible because at the
# left end stands **one number**, the loss.

# %% tags=["demo"]
from course_lib import backend, init

rng = backend.Rng(11)
n, links = 20, 10
row = rng.normal((1, n), dtype="float64")
chain = [init.orthogonal((n, n), rng, "float64") for _ in range(links)] + [rng.normal((n, n * n), dtype="float64")]


def cost(a, b):
    """The multiplications of the product a @ b."""
    return a.shape[0] * a.shape[1] * b.shape[1]


left, left_cost = row, 0
for matrix in chain:
    left, left_cost = left @ matrix, left_cost + cost(left, matrix)
right, right_cost = chain[-1], 0
for matrix in [row, *chain[:-1]][::-1]:
    right, right_cost = matrix @ right, right_cost + cost(matrix, right)

print(f"H = {n}, {links} Jacobians: from the left {left_cost:,} multiplications, from the right {right_cost:,}")
print(f"the two rows differ by {told(relative_error(left, right))}")
assert np.allclose(left, right) and left_cost == links * n**2 + n**3 and right_cost == links * n**4 + n**3

# %% [markdown]
# For a whole sequence of $T$ steps, one sample, with the terms that grow fastest:
#
# | | multiplications | memory beside the parameters | the gradient is known |
# |:--|:--|:--|:--|
# | reverse: `rnn_backward` | $T\,(2H^2 + 2HD)$ | $T H$: all states | after the last step |
# | forward: `rtrl` | $T\,H^2 (H^2 + HD)$ | $H\,(H^2 + HD)$: one big array, however long $T$ | after every step |
#
# The second column says why networks are trained in reverse. The third and fourth say when forward mode is worth a
# thought: a sequence without an end, a network that has to learn while it runs, and few units. (The derivative in
# **one** given direction of the parameters needs one column instead of $P$; forward mode then costs about as much as a
# forward pass.)
#
# The multiplications for one step, and the numbers kept for $T = 50$, with $D = H$:

# %% tags=["demo"]
T = 50
for size in (10, 20, 40, 100):
    reverse, forwards = 2 * size**2 + 2 * size**2, size**2 * (size**2 + size**2)
    kept_reverse, kept_forward = T * size, size * (size**2 + size**2)
    print(f"H = {size:3d}: per step {reverse:6,} or {forwards:11,} multiplications,", end=" ")
    print(f"kept {kept_reverse:5,} or {kept_forward:9,} numbers")

small = init.rnn_params(10, 10, 2, backend.Rng(12), "float64")
x = backend.Rng(13).normal((T, 1, 10), dtype="float64")
assert sum(value.size for value in rtrl(x, np.zeros((1, 10)), small)) == 10 * (10**2 + 10**2), "check(rtrl) first"
assert rnn_forward(x, np.zeros((1, 10)), small)[0].size == T * 10

# %% [markdown]
# *What to see:* left the measured time of both, right the memory as computed, against $H$, with $T = 20$ and $D = 8$.
# The reverse line is nearly flat: with such small matrices the time goes into calling NumPy. The forward line soon
# bends upwards, towards slope 4. In memory both begin alike here; then reverse grows with slope 1, forward towards
# slope 3.

# %% tags=["demo", "volatile"]
from course_lib import backend, init, plots

rng, sizes, T, D = backend.Rng(14), (2, 4, 8, 16, 32, 48), 20, 8
x = rng.normal((T, 1, D), dtype="float64")
seconds, numbers = {"forward": [], "reverse": []}, {"forward": [], "reverse": []}
for size in sizes:
    params, start = init.rnn_params(D, size, 2, rng, "float64"), np.zeros((1, size))
    y = np.zeros((T, 1), int)
    seconds["forward"].append(best_time(rtrl, x, start, params, repeats=2))
    seconds["reverse"].append(best_time(gradients, x, y, start, params))
    numbers["forward"].append(size * (size**2 + size * D))
    numbers["reverse"].append(T * size)
plots.show(plots.forward_reverse(sizes, seconds, numbers))
for size, slow, fast in zip(sizes, seconds["forward"], seconds["reverse"], strict=True):
    print(f"H = {size:2d}: forward {1000 * slow:5.1f} ms, reverse {1000 * fast:4.2f} ms")

# %% [markdown]
# ## Trust, but check
#
# A wrong gradient raises no error. The network learns, only worse, and you look for the reason elsewhere. So every
# backward pass is tested against differences of the loss, once, before it is used. To do that well, one has to know
# how exact such a difference is.
#
# Write down the Taylor series of $f(w + \varepsilon)$ and of $f(w - \varepsilon)$; in the second one the signs
# alternate. The *one-sided* difference uses the first only. In the *central* difference $f''$ cancels:
#
# $$\frac{f(w+\varepsilon) - f(w)}{\varepsilon} = f'(w) + \frac{\varepsilon}{2} f''(w) + \dots \qquad
# \frac{f(w+\varepsilon) - f(w-\varepsilon)}{2\varepsilon} = f'(w) + \frac{\varepsilon^2}{6} f'''(w) + \dots$$
#
# With $\varepsilon$ ten times smaller, the error of the first is ten times smaller, that of the second a hundred times.
# With $f = \exp$ at $w = 1$, where all derivatives are $e$:

# %% tags=["demo"]
def one_sided(f, w, eps):
    return (f(w + eps) - f(w)) / eps


def central(f, w, eps):
    return (f(w + eps) - f(w - eps)) / (2 * eps)


for eps in (1e-1, 1e-2, 1e-3):
    errors = [fn(np.exp, 1.0, eps) - np.e for fn in (one_sided, central)]
    print(f"ε = {eps}: error one-sided {errors[0]:.1e}, central {errors[1]:.1e}")
    assert np.isclose(errors[0], eps / 2 * np.e, rtol=0.1) and np.isclose(errors[1], eps**2 / 6 * np.e, rtol=0.1)

# %% [markdown]
# Then why not $\varepsilon = 10^{-12}$? Because of **rounding**. A computed $f$ is off by about $u\,|f|$, with
# $u = 1.1 \cdot 10^{-16}$ in float64 and $6 \cdot 10^{-8}$ in float32. When two nearly equal numbers are subtracted,
# their leading digits cancel and the rounding is left; then it is divided by $2\varepsilon$. Together
#
# $$\text{error} \approx \underbrace{\frac{\varepsilon^2}{6}\, |f'''|}_{\text{series}}
# + \underbrace{\frac{u\, |f|}{\varepsilon}}_{\text{rounding}}, \qquad\text{smallest where}\quad
# \frac{\varepsilon}{3}\, |f'''| = \frac{u\, |f|}{\varepsilon^2}, \quad
# \text{so}\quad \varepsilon^\ast = \sqrt[3]{3 u\, |f| / |f'''|}$$
#
# (The condition says that the derivative with respect to $\varepsilon$ is 0.) If $f$ and $f'''$ are of the same size,
# $\varepsilon^\ast$ is about $7 \cdot 10^{-6}$ in float64 and $6 \cdot 10^{-3}$ in float32.

# %% tags=["demo"]
for number, low, high in ((np.float64, 1e-7, 1e-4), (np.float32, 1e-4, 1e-1)):
    u = np.finfo(number).eps / 2
    steps = [number(10.0**power) for power in range(-12, 0)]
    errors = [abs(float(central(np.exp, number(1), eps)) - np.e) for eps in steps]
    best, formula = float(steps[int(np.argmin(errors))]), (3 * u) ** (1 / 3)
    assert low < formula < high and low / 1.01 <= best <= high * 1.01
    print(f"{number.__name__}: u = {u:.1e}, best ε by the formula {formula:.0e},", end=" ")
    print(f"in the experiment between {low:.0e} and {high:.0e}")

# %% [markdown]
# Is it the same for the loss of a network? Here $W$ as a whole is moved by $\varepsilon R$ with a random matrix $R$.
# The exact value is then $\sum_{i,j} \frac{dL}{dW_{i,j}} R_{i,j}$, from your `rnn_backward`. (This is also the cheapest
# check there is: two forward passes, however many parameters.)
#
# *What to see:* three valleys. To the right of each the series dominates, with slope 2 for central differences and
# slope 1 for one-sided ones. To the left it is rounding, with slope −1. Central differences in float64 go deepest.
# The valley of float32 is shallow and far to the right: an $\varepsilon$ that is good in float64 is useless there. (At
# its far left the error is 1, since $W + \varepsilon R$ rounds to $W$ and the difference is 0.) So: **central, float64,
# $\varepsilon$ from $10^{-6}$ to $10^{-5}$.**

# %% tags=["demo"]
from course_lib import backend, init, plots

rng = backend.Rng(15)
T, B, D, H, O = 8, 2, 4, 6, 3
single = init.rnn_params(D, H, O, rng, "float32")
x, h0, y = rng.normal((T, B, D)), rng.normal((B, H)), rng.integers(0, O, (T, B))
directions = rng.normal((20, H, H))


def moved(dtype, R, step):
    """The loss with W + step · R, all in this dtype."""
    params = {name: value.astype(dtype) for name, value in single.items()}
    params["W"] = params["W"] + dtype(step) * R.astype(dtype)
    return float(cross_entropy(rnn_forward(x.astype(dtype), h0.astype(dtype), params)[1], y))


def difference_error(dtype, right, left):
    """Of the differences between the steps `right` and `left`, along 20 directions, relative to the largest."""
    values = [(moved(dtype, R, right) - moved(dtype, R, left)) / (right - left) for R in directions]
    return np.abs(np.array(values) - exact).max() / np.abs(exact).max()


double = {name: value.astype("float64") for name, value in single.items()}
gradient = gradients(x.astype("float64"), y, h0.astype("float64"), double)["dW"]
exact = np.tensordot(directions.astype("float64"), gradient, 2)
steps = 10.0 ** np.arange(-12, -0.5, 0.5)
curves = {
    "central, float64": [difference_error(np.float64, eps, -eps) for eps in steps],
    "one-sided, float64": [difference_error(np.float64, eps, 0) for eps in steps],
    "central, float32": [difference_error(np.float32, eps, -eps) for eps in steps],
}
plots.show(plots.difference_errors(steps, curves))
for (name, errors), limit in zip(curves.items(), (1e-8, 1e-6, 1e-2), strict=True):
    assert min(errors) < limit, "check(rnn_backward) first"
    print(f"{name}: smallest error below {limit:.0e}")
assert 10 * min(curves["central, float64"]) < min(curves["one-sided, float64"]) < min(curves["central, float32"])

# %% [markdown] slide="skip"
# ### Which number to look at
#
# A difference of $10^{-5}$ is nothing if the gradient is 100, and everything if it is
# $10^{-6}$. So divide by the size of what is compared. For the arrays $a$ (from the backward pass) and $n$ (numerical):
#
# $$\text{relative error} = \frac{\max_i |a_i - n_i|}{\max\big(\max_i |a_i|,\; \max_i |n_i|\big)}
# \label{relative-error}$$
#
# Below stands the largest entry of the whole arrays, not the single entry. Suppose an entry of $a$ is 0, and rounding
# makes it $10^{-10}$ in $n$: its own relative error is 1, although nothing is wrong. If both arrays are 0, the error is
# 0.

# %% tags=["demo"] slide="skip"
from course_lib.gradcheck import relative_error

a, n = np.array([2e-6, -1e-6]), np.array([1e-6, -1e-6])
print(f"wrong by a factor of 2, but small: absolute {np.abs(a - n).max():.0e}, relative {relative_error(a, n):.1f}")
assert relative_error(a, n) == 0.5

a, n = np.array([3.0, 0.0]), np.array([3.0, 1e-10])
entry = np.abs(a - n)[1] / np.abs(n[1])
print(f"right, with an entry of 0: of that entry {entry:.0f}, of the array {relative_error(a, n):.0e}")
assert entry == 1 and relative_error(a, n) < 1e-9

# %% [markdown]
# **What the number means**, in float64 with $\varepsilon = 10^{-6}$:
#
# | relative error | meaning |
# |:--|:--|
# | below $10^{-7}$ | right |
# | $10^{-7}$ to $10^{-4}$ | look closer: a loss large beside its gradient, a kink as in ReLU, a float32 somewhere |
# | above $10^{-4}$ | wrong, until you have found the reason |
#
# And it is a test at **one point**. It proves nothing where a mistake has no effect: A's sum from $t = 2$ passes every
# check with $h^{(0)} = 0$. So take $h^{(0)} \neq 0$, biases that are not 0, several steps, more than one sample, and
# $D$, $H$, $O$ that differ. Check **every** array, each on its own.

# %% [markdown]
# ### Exercise 5 · Trust, but check (4 points)
#
# Write `grad_check(f, params, grads, eps=1e-6)`: it compares gradients with central differences of the loss.
#
# | argument | | |
# |:--|:--|:--|
# | `f` | function | `f(params)` is the loss, one number; it takes a dict with the names and shapes of `params` |
# | `params` | dict | float64 arrays of any shape with at least one axis |
# | `grads` | dict | the gradients to be checked: same names, same shapes |
# | `eps` | number | the step ε |
# | *returns* | dict | for each name one number, the relative error |
#
# * Each single entry $\theta_i$ of each array gets its central difference
#   $n_i = \dfrac{f(\theta_i + \varepsilon) - f(\theta_i - \varepsilon)}{2\varepsilon}$, all other entries as they are.
# * With the entries $a_i$ of the gradient to be checked, the relative error \eqref{relative-error} of an array is
#   $\dfrac{\max_i |a_i - n_i|}{\max\big(\max_i |a_i|,\ \max_i |n_i|\big)}$: one maximum above and one below, each over
#   the whole array. It is 0.0 where all $a_i$ and all $n_i$ are 0.
# * You may change the arrays in `params` while you work, but afterwards every bit must be as before. (Adding ε and
#   subtracting it again is not enough: it rounds.)
#
# Write it with NumPy: when it is marked, course_lib is not there, so `numerical_gradient` and `relative_error` cannot be
# called. `f` is cheap; call it as often as you like.
#
# Marked: the errors of wrong gradients (1 point), right gradients, whose error must be below 1e-7, whether they are large
# or small (1), other values of `eps` (0.75), zeros (0.5), `params` put back (0.75). `hint(grad_check)` gives a hint.

# %% tags=["answer"] exercise="grad_check"
def grad_check(f, params, grads, eps=1e-6):
    """For each name the relative error of grads[name] against central differences of the loss f(params)."""
    ### BEGIN SOLUTION
    errors = {}
    for name, value in params.items():
        numerical = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            numerical[i] = (above - below) / (2 * eps)
        scale = max(np.abs(numerical).max(), np.abs(grads[name]).max())
        errors[name] = np.abs(numerical - grads[name]).max() / scale if scale > 0 else 0.0
    return errors
    ### END SOLUTION

# %% tags=["check"] exercise="grad_check" sources=["S15", "S77"]
check(grad_check)
### BEGIN HIDDEN TESTS
earned(grad_check)
### END HIDDEN TESTS

# %% [markdown] slide="skip"
# Your function at work on four backward passes: the right one, and three with a typical mistake. Each is checked at
# four points: three that spare something, and one that spares nothing.
#
# *What to see:* each mistake has a point at which nothing shows. At the last point none gets away.

# %% tags=["demo"] slide="skip"
from course_lib import backend, init

rng = backend.Rng(16)
T, B, D, H, O = 5, 2, 4, 3, 6
params = {name: rng.normal(value.shape, 0.7, "float64") for name, value in init.rnn_params(D, H, O, rng).items()}
x, h0 = rng.normal((T, B, D), dtype="float64"), rng.normal((B, H), dtype="float64")
y = rng.integers(0, O, (T, B))


def right(x, y, h0):
    return gradients(x, y, h0, params)["dW"]


def no_later_steps(x, y, h0):
    before = [h0, *rnn_forward(x, h0, params)[0][:-1]]
    return sum(right(x[t : t + 1], y[t : t + 1], before[t]) for t in range(len(x)))


def first_term_forgotten(x, y, h0):
    hs, os = rnn_forward(x, h0, params)
    cache = {"x": x, "h0": np.zeros_like(h0), "hs": hs, "U": params["U"], "W": params["W"]}
    return rnn_backward(dloss_dlogits(os, y) @ params["V"], cache)["dW"]


def sum_over_the_batch(x, y, h0):
    return right(x, y, h0) * x.shape[1]


def checked(fn, x, y, h0):
    def loss(moved):
        return cross_entropy(rnn_forward(x, h0, params | moved)[1], y)

    return grad_check(loss, {"W": params["W"]}, {"W": fn(x, y, h0)})["W"]


points = {"T = 1": (x[:1], y[:1], h0), "h(0) = 0": (x, y, 0 * h0), "B = 1": (x[:, :1], y[:, :1], h0[:1])}
points["all"] = (x, y, h0)
print(" " * 21, *(f"{name:>9s}" for name in points))
table = {}
for fn in (right, no_later_steps, first_term_forgotten, sum_over_the_batch):
    table[fn] = [checked(fn, *point) for point in points.values()]
    print(f"{fn.__name__:21s}", *(f"{told(error):>9s}" for error in table[fn]))
assert max(table[right]) < 1e-7, "check(rnn_backward) and check(grad_check) first"
for i, fn in enumerate((no_later_steps, first_term_forgotten, sum_over_the_batch)):
    assert table[fn][i] < 1e-7 and table[fn][-1] > 0.1, "check(grad_check) first"

# %% [markdown] slide="skip"
# ## Quiz
#
# The four documents contain many correct formulas and a few wrong ones. You have seen each fault fail in a cell. The
# last exercise asks what exactly is wrong, and when it shows.

# %% [markdown]
# ### Exercise 6 · Quiz (3 points)
#
# Five printed formulas and what is wrong with them. Replace each `None` by one of the letters `"a"`, `"b"`, `"c"`,
# `"d"`.
#
# **recursion** (0.5 points). A prints, with its $N$ for our $H$,
# $\frac{\partial \mathcal L}{\partial h_j^{(t)}} = \sum_{i=1}^{N} \frac{\partial \mathcal L}{\partial h_i^{(t+1)}}\,
# \frac{\partial h_j^{(t+1)}}{\partial h_j^{(t)}} + \dots$
# For which networks is this nevertheless right, for every loss?
#
# * a: those whose $W$ is symmetric
# * b: those whose $W$ is diagonal
# * c: those with one hidden unit, $N = 1$
# * d: those with $h^{(0)} = 0$
#
# **start** (0.5 points). In A the sum for $\frac{\partial \mathcal L}{\partial U}$ begins at $t = 1$, that for
# $\frac{\partial \mathcal L}{\partial W}$ at $t = 2$. Which is true?
#
# * a: As printed, both are right: $h^{(0)}$ was not computed with $W$.
# * b: The sum for $W$ begins at 1 too; as printed it is right only if its first term is 0, as with $h^{(0)} = 0$.
# * c: The sum for $W$ begins at 1 too; as printed it is wrong even with $h^{(0)} = 0$.
# * d: Both begin at 2: the first step has no step before it.
#
# **immediate** (0.75 points). B prints
# $\frac{\partial E_3}{\partial W} = \sum_{k=0}^{3} \frac{\partial E_3}{\partial \hat y_3}
# \frac{\partial \hat y_3}{\partial s_3} \frac{\partial s_3}{\partial s_k} \frac{\partial s_k}{\partial W}$, where the
# steps are 0, 1, 2, 3. Suppose the last factor is read as the *total* derivative. How often is then counted what the
# use of $W$ in step 1 contributes?
#
# * a: once
# * b: twice
# * c: three times
# * d: four times
#
# **listing** (0.5 points). B's forward pass makes an array `s` with T + 1 rows, and its last row stays 0. Suppose `s`
# has T rows only. Which gradients of the repaired listing are then wrong?
#
# * a: none
# * b: `dLdW` only
# * c: `dLdW` and `dLdU`
# * d: `dLdW`, `dLdU` and `dLdV`
#
# **algorithm** (0.75 points). D's algorithm for $\frac{ds_T}{dU}$ and $\frac{ds_T}{dW}$ sets the first to
# $\frac{\partial s_T}{\partial U}$ in line 1, and in lines 5 and 6 it adds $z \frac{\partial s_t}{\partial U}$ and
# $z \frac{\partial s_t}{\partial W}$ for $t = T, \dots, 1$, after $z$ was multiplied by
# $\frac{\partial s_t}{\partial s_{t-1}}$ from the right. Somebody repairs lines 5 and 6, $t-1$ in place of $t$, and
# starts $\frac{ds_T}{dW}$ at 0, as no start is printed. Which is true of the result?
#
# * a: Both derivatives are right.
# * b: $\frac{ds_T}{dU}$ has the contribution of the last step twice.
# * c: Both are wrong, because $z$ must be multiplied from the left.
# * d: $\frac{ds_T}{dW}$ lacks what the last step contributes.
#
# `hint(answers02)` gives a hint.

# %% tags=["answer"] exercise="answers02"
answers02 = {
    "recursion": None,
    "start": None,
    "immediate": None,
    "listing": None,
    "algorithm": None,
}
### BEGIN SOLUTION
answers02 = {
    "recursion": "c",
    "start": "b",
    "immediate": "c",
    "listing": "b",
    "algorithm": "d",
}
### END SOLUTION

# %% tags=["check"] exercise="answers02"
check(answers02)
### BEGIN HIDDEN TESTS
earned(answers02)
### END HIDDEN TESTS

# %% [markdown]
# ## Where you are

# %% tags=["demo"]
progress()

# %% [markdown] slide="fragment"
# You can now derive the gradient of a recurrent network, and you have it in four programs: one loop backwards, one loop
# for each loss, forward in time, and D's product of Jacobians. They agree up to rounding, and you know what each
# costs. You also have a tool that finds a wrong one.
#
# In all four the same product $J^{(t)} J^{(t-1)} \cdots J^{(k+1)}$ carries the gradient through time, and in the bar
# chart its terms became smaller with every step. Notebook 03 asks how fast, what happens when they grow instead, and
# what can be done about both.

# %% [markdown] slide="skip"
# To read on: Werbos, "Backpropagation through time: what it does and how to do it" (1990); Williams and Zipser, "A
# learning algorithm for continually running fully recurrent neural networks" (1989), for RTRL; Williams and Peng, "An
# efficient gradient-based algorithm for on-line training of recurrent network trajectories" (1990), for truncation;
# Baydin, Pearlmutter, Radul and Siskind, "Automatic differentiation in machine learning: a survey" (2018), for forward
# and reverse mode; Goodfellow, Bengio and Courville, *Deep Learning* (2016), section 10.2.2.
