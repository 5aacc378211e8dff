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
# # 6 · Truncated back-propagation and a language model
#
# A text is one long sequence. Its gradient would have to travel through all of it, for every single update. This
# notebook cuts it into chunks, says what the cut costs, and trains a network that writes: character by character, on
# a text that comes with the course.
#
# Afterwards you can
#
# * measure a language model in nats, in bits and as a perplexity, and say what a guess would get;
# * cut a text so that every chunk goes on where the last one stopped;
# * tell the two kinds of truncated back-propagation apart, and how far each is from the full gradient;
# * train, stop, go on, and draw from a model, colder or warmer;
# * look into a trained network and read off what single units and gates follow.

# %% [markdown] slide="skip"
# **How to work.** Go from top to bottom and run every cell. There are five exercises, 8 points in all. Below each one,
# `check(…)` says at once what is right and what is wrong, and `hint(…)` helps. As in the notebooks before, a cell below
# an exercise that is not solved yet may end in `NotImplementedError` or `NameError`: solve the exercise, then choose
# Run → Run All Cells. That is safer than running one cell again, since later cells use some names anew.
#
# Of the four documents, **C**, the slides by A. Ramanathan, has the example and the training in chunks; **D**, the
# slides by H. Ni, the squared loss and the training by mini-batches; **B**, the tutorial by D. Britz, the habit of
# looking back a few steps only. The letters are those of notebook 01: $U$, $W$, $b$ for the step, $V$, $c$ for the
# outputs, $o$ the logits. $c$ is the memory of an LSTM only where an LSTM is meant.

# %% tags=["setup"]
import numpy as np

from course_lib.checking import check, earned, hint, progress  # earned: for the grader

# %% [markdown] sources=["S61", "S90"]
# ## A text is a sequence
#
# A **language model** says how probable a text is. It reads from left to right and asks, at each character: how
# probable is this one, after all those before it? Nothing is lost by asking so. By definition
# $P(a, b) = P(a)\, P(b \mid a)$; used again for each further character, it gives
#
# $$P(y_1, \dots, y_N) = P(y_1)\, P(y_2 \mid y_1)\, P(y_3 \mid y_1, y_2) \cdots
# = \prod_{n=1}^{N} P(y_n \mid y_1, \dots, y_{n-1}) \label{text-probability}$$
#
# A recurrent network can answer each of these questions: $x^{(t)}$ is the character read last, $h^{(t)}$ what is kept
# of all before, $p^{(t)} = \operatorname{softmax}(o^{(t)})$ the answer. The loss \eqref{sequence-loss} is minus the
# logarithm of the product: $\;L = -\sum_t \ln p^{(t)}_{y^{(t)}}$.

# %% tags=["demo"] sources=["S61"]
from course_lib import data

train, held_out = data.reference_text()
ring = train + train[:2]  # read as a ring, so that every character has one after it


def count(characters):
    return sum(ring.startswith(characters, i) for i in range(len(train)))


one, two, three = count("t") / len(train), count("th") / count("t"), count("the") / count("th")
print(f"of all characters, t: {one:.3f}; after t, h: {two:.3f}; after th, e: {three:.3f}")
print(f"product {one * two * three:.4f}; of all groups of three, the: {count('the') / len(train):.4f}")
assert np.isclose(one * two * three, count("the") / len(train))

# %% [markdown] sources=["S90"]
# **Where the sources stop.** C ends with what is hard about recurrent networks: a sequence has to be gone through step
# by step, which leaves little to compute in parallel, and gradients vanish or explode on the way. It names the
# remedies, the other cells of notebooks 04 and 05, and announces a *minimal network for language modelling* for the
# next class. That class is not among our documents. This notebook is it.
#
# The text is part of the reference of Python 3.11, which `help()` shows. About a tenth, its end, is held out, to
# test on.

# %% tags=["demo"] sources=["S61"]
from course_lib.text import Vocabulary

vocabulary = Vocabulary(train + held_out)
ids, ids_held_out = vocabulary.encode(train), vocabulary.encode(held_out)
V = len(vocabulary)
start = train.index('The "from" clause is used')
print(train[start : start + 430].rstrip(), "…")
print(f"\n{len(train)} characters to learn from, {len(held_out)} held out, {V} different ones")
print("as numbers:", ids[start : start + 18].tolist(), "…")
assert vocabulary.decode(ids) == train

# %% [markdown] sources=["S61"]
# **Characters go in as one-hot vectors:** $V$ numbers, a 1 at the place of the character and 0 elsewhere. (Here $V$ is
# the size of the vocabulary; as a matrix it maps states to logits. Both names are usual.) In the product with $U$, all
# terms but one are 0:
#
# $$(U x)_j = \sum_{m=1}^{V} U_{jm}\, x_m = U_{ji} \quad\text{for } x_i = 1
# \qquad\Longrightarrow\qquad U x = \text{column } i \text{ of } U \label{column}$$
#
# So nobody makes the vector. Looking up a column costs no multiplication, and each column is what the network knows
# about one character. It learns only when that character is read: the gradient of $U$ is 0 in all other columns.

# %% tags=["demo"] sources=["S61"]
from course_lib import backend
from course_lib.cells import RNN, Output
from course_lib.training import loss_and_gradients

rng = backend.Rng(1)
cell, output = RNN(V, 100, rng, "float64"), Output(100, V, rng, "float64")
U, one_hot = cell.params["U"], np.zeros(V)
one_hot[ids[start]] = 1
print(f"multiplications of U x: {U.size}; of looking up column {ids[start]}: 0")
assert np.array_equal(U @ one_hot, U[:, ids[start]])

read, wanted = ids[start : start + 12, None], ids[start + 1 : start + 13, None]
_, grads, _ = loss_and_gradients(cell, output, read, wanted)
columns = np.flatnonzero(grads["U"].any(axis=0))
print(f"after reading {vocabulary.decode(read[:, 0])!r}, dU is not 0 for: {vocabulary.decode(columns)!r}")
assert np.array_equal(columns, np.unique(read))

# %% [markdown]
# **What does a guess cost?** Whoever gives all $V$ characters the same probability pays $-\ln \frac1V = \ln V$ **nats**
# a character, the unit of the natural logarithm. Better, still without reading: always the same $q$, but the best. With
# $f_i$ for the share of character $i$ in the text, it pays $-\sum_i f_i \ln q_i$. Since $\ln z \le z - 1$,
#
# $$\sum_i f_i \ln \frac{q_i}{f_i} \;\le\; \sum_i f_i \Big(\frac{q_i}{f_i} - 1\Big) = \sum_i q_i - \sum_i f_i \le 0
# \qquad\Longrightarrow\qquad -\sum_i f_i \ln q_i \;\ge\; -\sum_i f_i \ln f_i$$
#
# (sums over the $i$ with $f_i \gt 0$). The best $q$ is $f$ itself, and what it pays is called the **entropy** of $f$.

# %% tags=["demo"]
f = np.bincount(ids, minlength=V) / len(ids)
f = f[f > 0]
entropy = -(f * np.log(f)).sum()
others = backend.Rng(2).uniform(0.5, 2, (1000, len(f)), "float64") * f
others /= others.sum(axis=1, keepdims=True)
paid = -(np.log(others) @ f)

print(f"all characters equally likely: ln {V} = {np.log(V):.2f} nats a character")
print(f"their frequencies: {entropy:.2f}; the best of 1000 others near them: {paid.min():.2f}")
assert entropy < paid.min() and entropy < np.log(V)

# %% [markdown]
# **Knowing one character.** Now $q$ may depend on the last character $a$. For each $a$ the best is what the text has
# after $a$: $f(b \mid a) = f(a, b) / f(a)$. What that costs is the difference of two entropies, of pairs and of single
# ones:
#
# $$-\sum_{a, b} f(a, b) \ln \frac{f(a, b)}{f(a)}
# = \underbrace{-\sum_{a, b} f(a, b) \ln f(a, b)}_{\text{pairs}} - \underbrace{\Big(-\sum_a f(a) \ln f(a)\Big)}_{\text{single}}$$
#
# for $\sum_b f(a, b) = f(a)$. A network without a state cannot do better: it sees the last character only.

# %% tags=["demo"]
pairs = np.zeros((V, V))
np.add.at(pairs, (ids, np.roll(ids, -1)), 1 / len(ids))  # as a ring, again
there = pairs > 0
after_one = -(pairs * np.log(pairs / pairs.sum(axis=1, keepdims=True), where=there, out=np.zeros_like(pairs))).sum()
of_pairs = -(pairs[there] * np.log(pairs[there])).sum()

print(f"pairs {of_pairs:.2f} − single {entropy:.2f} = {of_pairs - entropy:.2f} nats a character")
assert np.isclose(after_one, of_pairs - entropy) and after_one < entropy

# %% [markdown]
# **And two, three, …?** A table of counts can look back $n$ characters. But most groups of six characters occur once or
# never: the table knows its text by heart and no other. So tables of several lengths are mixed (Witten and Bell, 1991).
# If the last $n$ characters $w$ were seen $N_w$ times, with $m_w$ different characters after them,
#
# $$q_n(b) = \frac{N_{w b} + m_w\, q_{n-1}(b)}{N_w + m_w}, \qquad
# \sum_b q_n(b) = \frac{N_w + m_w \cdot 1}{N_w + m_w} = 1 \label{mixed-tables}$$
#
# (and where $w$ was never seen, $q_n = q_{n-1}$).
#
# *What to see:* on its own text the table seems to become better and better. On the text that was held out about four
# characters are best; from there on it only learns by heart. This level is a good one, and the table needs tens of
# thousands of rows for it. How far does a network get with a few dozen numbers of state?

# %% tags=["demo"]
from course_lib import plots


def found(keys, counts, wanted):
    """How often each of the wanted groups was counted, 0 if never."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, counts[place], 0)


def look_back(ids, n):
    """For each character after the first n: its n predecessors, and those with itself, each group as one number."""
    w = sum((ids[j : len(ids) - n + j] * V ** (n - 1 - j) for j in range(n)), np.zeros(len(ids) - n, "int64"))
    return w, w * V + ids[n:]


q, q_two, on_train, on_held_out, rows = np.full(len(held_out), 1 / V), None, [], [], []
for n in range(8):
    (w, wb), (w_new, wb_new) = look_back(ids, n), look_back(ids_held_out, n)
    counted, counted_longer = np.unique(w, return_counts=True), np.unique(wb, return_counts=True)
    kinds = np.bincount(np.searchsorted(counted[0], counted_longer[0] // V))
    N_w, m_w, N_wb = found(*counted, w_new), found(counted[0], kinds, w_new), found(*counted_longer, wb_new)
    q[n:] = np.where(N_w > 0, (N_wb + m_w * q[n:]) / np.maximum(N_w + m_w, 1), q[n:])
    q_two = q.copy() if n == 2 else q_two
    on_held_out.append(-np.log(q).mean())
    on_train.append(-np.log(found(*counted_longer, wb) / found(*counted, w)).mean())
    rows.append(len(counted[0]))

plots.show(plots.context_losses(on_train, on_held_out, np.log(V)))
best = int(np.argmin(on_held_out))
print(f"held out: {on_held_out[0]:.2f} looking back 0, {on_held_out[1]:.2f} looking back 1, ", end="")
print(f"{on_held_out[best]:.2f} looking back {best}: a table of {rows[best]} rows")
assert np.isclose(on_train[0], entropy) and on_train[-1] < 1 < on_held_out[best] < on_held_out[-1]

# %% [markdown] slide="skip"
# The cell above computes \eqref{mixed-tables} for all characters of a text at once. Here it is for one place, taken
# literally: after "th", from $q_{-1} = 1/V$ up to $q_2$.

# %% tags=["demo"] slide="skip"
def after(w):
    """The probabilities of all characters after the characters w."""
    q = np.full(V, 1 / V)
    for n in range(len(w) + 1):
        N_wb = np.array([train.count(w[len(w) - n :] + b) for b in vocabulary.characters])
        m_w = np.count_nonzero(N_wb)
        q = (N_wb + m_w * q) / (N_wb.sum() + m_w)
    return q


place, e = held_out.index("the") + 2, vocabulary.characters.index("e")
print(f"after “th”: e has probability {after('th')[e]:.3f}, all together {after('th').sum():.3f}")
assert np.isclose(after("th").sum(), 1) and np.isclose(after("th")[e], q_two[place])

# %% [markdown] sources=["S61", "S90"]
# ## The word hello
#
# C's example is the smallest text there is to learn from. Its vocabulary has four characters, h, e, l, o; "hello" is
# the text. In the pictures of the slides three things happen: "hell" goes in, one character a step; "ello" is wanted,
# the logit of the right character at each step to go up and those of the others down; and later the network draws
# characters by itself ("Drawing from the model").
#
# Notebook 01 stopped after 20 steps of gradient descent. Here we train to the end, with the parts that the library has
# by now: a layer, its outputs, the backward pass of notebook 02, and Adam, which divides the step of each parameter by
# the size of its gradients so far. Three hidden units are enough.

# %% tags=["demo"] sources=["S61", "S90"]
from course_lib.functions import softmax
from course_lib.optim import Adam

letters = Vocabulary("hello")
x_hello, y_hello = letters.encode("hell")[:, None], letters.encode("ello")[:, None]  # (4, 1): four steps, one row


def fit(memory, steps=1000):
    """A network after so many steps of training, and its losses; without memory W stays 0."""
    rng = backend.Rng(0)
    cell, output = RNN(4, 3, rng, "float64"), Output(3, 4, rng, "float64")
    rule, losses = Adam(cell.params | output.params, lr=0.05), []
    for _ in range(steps):
        if not memory:
            cell.params["W"][...] = 0
        loss, grads, _ = loss_and_gradients(cell, output, x_hello, y_hello)
        losses.append(float(loss))
        rule.step(grads)
    if not memory:
        cell.params["W"][...] = 0
    hs, _, _ = cell.forward(x_hello)
    return np.array(losses), hs[:, 0], softmax(output.forward(hs)[0])[:, 0]


losses, hs, p = fit(memory=True)
print("loss of the whole word:", ", ".join(f"{losses[i]:.2g} after {i}" for i in (0, 10, 100)), end=", ")
print(f"below 0.01 after 1000: {losses[-1] < 0.01}")
assert losses[-1] < 0.01 and losses[0] > 4

# %% [markdown] sources=["S61"]
# The loss comes as near to 0 as you like, and never there: a probability of 1 would need an infinite logit.
#
# **Without a state.** The same network with $W = 0$ sees the last character only. "h" and "e" are no problem, what
# comes after them is certain. But "l" is followed once by "l" and once by "o". Both times the answer is the same, say
# $q$ for "l". "o" gets at most the rest, so the loss is at least
#
# $$\ell(q) = -\ln q - \ln(1 - q), \qquad \ell'(q) = -\frac1q + \frac1{1-q} = 0 \iff q = \tfrac12, \qquad
# \ell''(q) = \frac1{q^2} + \frac1{(1-q)^2} \gt 0$$
#
# The minimum is $\ell(\tfrac12) = 2 \ln 2 = 1.386$. No training, however long, gets below it.
#
# *What to see:* at first both networks learn alike. Then one stops at the dotted line.

# %% tags=["demo"] sources=["S61"]
from course_lib import plots

losses_without, hs_without, p_without = fit(memory=False)
curves = {"with a state": (np.arange(1000), losses), "without, W = 0": (np.arange(1000), losses_without)}
labels = dict.fromkeys(curves, "loss of the word in nats")
plots.show(plots.training_curves(curves, labels, 1000, "hello", {"2 ln 2": round(2 * np.log(2), 3)}, log=True))
print(f"without a state, after 1000 steps: {losses_without[-1]:.2f}; 2 ln 2 = {2 * np.log(2):.2f}")
print("probability of l and of o after “l”:", p_without[2][[letters.characters.index(c) for c in "lo"]].round(2))
assert 2 * np.log(2) <= losses_without[-1] < 2 * np.log(2) + 0.01

# %% [markdown] sources=["S61"]
# *What to see:* framed is what is wanted. Left, the last two columns differ, although the character just read is "l" in
# both. Right they are the same column. What tells "hel" from "hell" is the state: $h^{(3)}$ and $h^{(4)}$ are made with
# the same column of $U$, but from different states before.

# %% tags=["demo"] sources=["S61"]
tables = {"with a state": p, "without, W = 0": p_without}
plots.show(plots.next_tables(tables, letters.characters, read="hell", target="ello"))
apart, apart_without = (np.abs(states[3] - states[2]).max() for states in (hs, hs_without))
print(f"largest difference of h(3) and h(4): {apart:.1f} with a state, {apart_without:.1f} without")
assert apart > 0.3 and apart_without == 0
assert [letters.characters[i] for i in p.argmax(axis=1)] == list("ello")

# %% [markdown]
# ## Bits and perplexity
#
# Two other units are in use, and both say something.
#
# **Bits.** A code writes each character as a string of zeros and ones. Frequent ones should get short strings: if the
# length is $-\log_2 p$ for probability $p$, the mean length is the entropy, in base 2, and no code has a shorter one
# (Shannon, 1948). There are codes for whole texts that come within a few bits of it. So a loss in bits says how long
# the compressed text is, per character: a better model, a smaller file.
#
# **Perplexity.** How many equally likely characters would leave you as uncertain? With $K$ of them the loss is $\ln K$
# nats; perplexity turns this round.
#
# As an example a code for four characters of unequal frequency:

# %% tags=["demo"]
code = {"l": ("0", 1 / 2), "o": ("10", 1 / 4), "h": ("110", 1 / 8), "e": ("111", 1 / 8)}
for letter, (string, share) in code.items():
    print(f"{letter}  p = {share:<5}  −log₂ p = {-np.log2(share):.0f}  code {string}")
mean_length = sum(share * len(string) for string, share in code.values())
shares = np.array([share for _, share in code.values()])
print(f"mean length {mean_length} bits, entropy {-(shares * np.log2(shares)).sum()} bits, equal lengths 2 bits")
assert mean_length == -(shares * np.log2(shares)).sum() == 1.75

# %% [markdown] slide="skip"
# A warning before you write them. In this course a loss is summed over the $T$ steps of a sequence; so a chunk of 25
# characters costs 25 times as much as one. Other programs print the mean. A number is worth nothing without "per
# character", nor without its unit: $\ln 4 = 1.39$ nats are 2 bits.

# %% [markdown]
# ### Exercise 1 · Bits and perplexity (1 point)
#
# Write two functions. `loss` is the cross entropy of a sequence as everywhere in the course: summed over its `T` steps,
# the mean over the batch, with the natural logarithm. It is a number, or an array of several such losses.
#
# * `bits_per_char(loss, T)` gives $\mathcal{L} / (T \ln 2)$, bits per character;
# * `perplexity(loss, T)` gives $e^{\mathcal{L}/T}$.
#
# Marked: bits per character and perplexity (0.5 points each). `hint(bits_per_char)` gives a hint.

# %% tags=["answer"] exercise="bits_per_char"
def bits_per_char(loss, T):
    """Bits per character of a loss in nats that is summed over T steps."""
    ### BEGIN SOLUTION
    return loss / (T * np.log(2))
    ### END SOLUTION


def perplexity(loss, T):
    """The perplexity of a loss in nats that is summed over T steps."""
    ### BEGIN SOLUTION
    return np.exp(loss / T)
    ### END SOLUTION

# %% tags=["check"] exercise="bits_per_char"
check(bits_per_char)
### BEGIN HIDDEN TESTS
earned(bits_per_char)
### END HIDDEN TESTS

# %% [markdown]
# **All levels in three units.** A perplexity is also a mean, the *geometric* mean of what the right character was
# worth:
#
# $$e^{L/T} = \Big(\prod_{t=1}^{T} \frac{1}{p^{(t)}_{y^{(t)}}}\Big)^{1/T}$$
#
# since $e^{-\ln p} = 1/p$. For "hello" without a state that is $(1 \cdot 1 \cdot 2 \cdot 2)^{1/4} = \sqrt 2$. And a
# program that compresses files gives a length in bits to compare with. (It begins with nothing, where the tables have
# counted the training text before.)

# %% tags=["demo"]
import bz2

levels = {
    "equally likely": np.log(V),
    "frequencies": on_held_out[0],
    "after one character": on_held_out[1],
    f"after up to {best}": on_held_out[best],
    "“hello”, no state": 2 * np.log(2) / 4,
}
print(" " * 20, "nats  bits  perplexity")
for name, nats in levels.items():
    print(f"{name:20} {nats:.2f}  {bits_per_char(nats, 1):.2f}  {perplexity(nats, 1):6.2f}")
packed = 8 * len(bz2.compress(held_out.encode())) / len(held_out)
print(f"the text held out, compressed by bz2: {packed:.1f} bits a character")
assert np.isclose(perplexity(np.log(V), 1), V) and np.isclose(bits_per_char(100 * np.log(2), 100), 1)
for chances in (np.array([1, 1, 0.5, 0.5]), p[range(4), y_hello[:, 0]]):
    assert np.isclose(perplexity(-np.log(chances).sum(), 4), np.prod(1 / chances) ** (1 / 4))

# %% [markdown]
# ## Cutting the text
#
# One text, one sequence, one gradient? The backward pass needs all states of the forward pass, and after all that work
# there is a single step of gradient descent. For a hundred hidden units in float32:

# %% tags=["demo"]
H, steps = 100, len(train) - 1
print(f"{steps} steps one after another, {4 * H * steps / 2**20:.0f} MiB of states, for 1 change of the parameters")
print(f"in chunks of 25: {4 * H * 25 / 2**10:.0f} KiB of states, and {steps // 25} changes")
assert 4 * H * steps > 1000 * 4 * H * 25

# %% [markdown] sources=["S90"]
# So the text is cut, twice. **Rows:** $B$ long pieces are read side by side. Along a row each step needs the one
# before; the rows do not need one another. They are what can be computed at the same time. **Chunks:** each row is cut
# into pieces of $T$ steps.
#
# *What to see:* one sentence (B's example, which notebook 03 has met) in 3 rows and chunks of 5. A batch is one column
# of chunks: (T, B) characters. Along the red arrows the state goes from chunk to chunk. So the rows must go on: if
# chunk 2 held just any piece of the text, the state would tell of something else.

# %% tags=["demo"] sources=["S90"]
sentence = "The man who wore a wig on his head went inside."
plots.show(plots.text_rows(sentence, B=3, T=5))

rng = backend.Rng(3)
cell = RNN(V, 8, rng, "float64")
some = np.stack([vocabulary.encode(row) for row in ("The man who wor", "e a wig on his ", "head went insid")], axis=1)
together = cell.forward(some)[0]
alone = np.concatenate([cell.forward(some[:, b : b + 1])[0] for b in range(3)], axis=1)
other = some.copy()
other[0] = 0  # other first characters
later = np.abs(cell.forward(other)[0] - together)[1].max()
print(f"three rows at once give what each gives alone: {np.allclose(together, alone)}")
print(f"another first character changes the states of step 2 by up to {later:.1f}")
assert np.allclose(together, alone) and later > 0.01

# %% [markdown] sources=["S93"]
# **A mini-batch.** The $B$ rows are the mini-batch of stochastic gradient descent, D's plan for the training: the
# gradient is a mean over the rows. Why more than one? Say the gradients $g_b$ of single rows scatter around their mean
# $\mu$ by $\mathbb E \lVert g_b - \mu \rVert^2 = \sigma^2$. If the rows have nothing to do with one another, the mixed
# terms are 0 on average, and
#
# $$\mathbb E\, \Big\lVert \frac1B \sum_{b=1}^{B} g_b - \mu \Big\rVert^2
# = \frac1{B^2} \sum_{b=1}^{B} \mathbb E\, \lVert g_b - \mu \rVert^2 = \frac{\sigma^2}{B}$$
#
# The error falls like $1/\sqrt B$. Four times the rows, half the error: worth it as long as rows are cheap, since they
# run in parallel. Rows far apart in the text are close to what the formula assumes.

# %% tags=["demo"] sources=["S93"]
rng = backend.Rng(4)
cell, output = RNN(V, 16, rng, "float64"), Output(16, V, rng, "float64")
pieces = ids[np.arange(26)[:, None] + 200 * np.arange(400)]  # (26, 400): a piece begins 200 after the one before
single = np.stack([
    np.concatenate([g.ravel() for g in loss_and_gradients(cell, output, pieces[:-1, [b]], pieces[1:, [b]])[1].values()])
    for b in range(400)
])
mean = single.mean(axis=0)
for B in (1, 4, 16, 64):
    drawn = rng.integers(0, 400, (300, B))
    error = np.sqrt(np.mean([((single[rows].mean(axis=0) - mean) ** 2).sum() for rows in drawn])) / np.linalg.norm(mean)
    print(f"B = {B:2d}: off by {error:.2f} of the mean's length; times √B: {error * B**0.5:.1f}")
    sigma = np.sqrt(((single - mean) ** 2).sum(axis=1).mean()) / np.linalg.norm(mean)
    assert 0.85 < error * B**0.5 / sigma < 1.15

# %% [markdown]
# ### Exercise 2 · Cutting a text into batches (2 points)
#
# Write `batchify(ids, B, T)`.
#
# | argument | | |
# |:--|:--|:--|
# | `ids` | (N,), whole numbers | the text |
# | `B` | an integer ≥ 1 | rows that are read side by side |
# | `T` | an integer ≥ 1 | the length of a chunk |
# | *returns* | `x`, `y`, each (n, T, B), whole numbers | inputs and targets, chunk by chunk |
#
# There are as many chunks as fit: $n = \lfloor (N - 1) / (B\,T) \rfloor$. Row $b$ is one piece of the text of
# $n\,T$ characters: row 0 begins at the beginning, row 1 where row 0 ends, and so on. In each row, chunk $k + 1$
# goes on
# where chunk $k$ stopped. The target is always the character after the input. What is left over at the end is not used.
# A text too short for a single chunk raises a `ValueError`.
#
# Marked: inputs (0.75 points), targets (0.75), leftovers (0.25), short texts (0.15), that x and y hold whole numbers
# (0.1). `hint(batchify)` gives a hint.

# %% tags=["answer"] exercise="batchify"
def batchify(ids, B, T):
    """Inputs and targets (n, T, B) of a text, with rows that go on from chunk to chunk."""
    ### BEGIN SOLUTION
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few for {B} rows of {T}")
    rows = n * T
    x, y = (ids[first : first + B * rows].reshape(B, n, T).transpose(1, 2, 0) for first in (0, 1))
    return x, y
    ### END SOLUTION

# %% tags=["check"] exercise="batchify"
check(batchify)
### BEGIN HIDDEN TESTS
earned(batchify)
### END HIDDEN TESTS

# %% [markdown] sources=["S80"]
# Put side by side again, the chunks are rows that go on, as the library's `batches` makes them, and the target is the
# next input, across the borders of chunks, too.

# %% tags=["demo"] sources=["S80"]
from course_lib.text import batches

x, y = batchify(ids[: 16 * 25 * 40 + 1], 16, 25)
print(f"{16 * 25 * 40 + 1} characters, B = 16, T = 25: x has the shape {x.shape}")
x_long, y_long = batches(ids[: 16 * 25 * 40 + 1], 16)
assert np.array_equal(x.reshape(-1, 16), x_long) and np.array_equal(y.reshape(-1, 16), y_long)
assert np.array_equal(x[1:, 0], y[:-1, -1]), "check(batchify) first"
print("row 0, end of chunk 1: ", repr(vocabulary.decode(x[0, :, 0])))
print("row 0, chunk 2 goes on:", repr(vocabulary.decode(x[1, :, 0])))

# %% [markdown] sources=["S80"]
# **What is the state worth?** A small network reads the training text once, in chunks of 25, the state going on from
# chunk to chunk. (How chunks are trained is the next section's subject; here the library does it.) Then it reads the
# text held out in two ways: with the state carried on, and with a state of zeros at the beginning of each chunk.
#
# *What to see:* a network that starts from nothing has to guess at its first character, and needs about three to be as
# good as the other. With the state carried on, no place of a chunk is much worse than another: the border is not
# there. (One reading is not much: the network is still behind a table that looks back two characters. "Training on a
# real text" goes on from here.)

# %% tags=["demo"] sources=["S80"]
from course_lib.optim import clip_by_norm

x, y = batchify(ids, 16, 25)
rng = backend.Rng(0)
small, small_output = RNN(V, 64, rng), Output(64, V, rng)
rule, state = Adam(small.params | small_output.params, lr=5e-3), None
for i in range(len(x)):
    _, grads, state = loss_and_gradients(small, small_output, x[i], y[i], state)  # the state goes on
    clip_by_norm(grads, 5.0)
    rule.lr = 5e-3 * (1 - i / len(x))  # smaller and smaller steps
    rule.step(grads)


def by_place(carry):
    """Nats of each place in a chunk, on the text held out, (25,)."""
    x, y = batchify(ids_held_out, 16, 25)
    state, nats = None, []
    for inputs, targets in zip(x, y, strict=True):
        hs, last, _ = small.forward(inputs, state)
        state = last if carry else None
        p = softmax(small_output.forward(hs)[0])
        nats.append(-np.log(np.take_along_axis(p, targets[..., None], axis=-1)).mean(axis=(1, 2)))
    return np.mean(nats, axis=0)


carried, reset = by_place(carry=True), by_place(carry=False)
plots.show(plots.position_losses(carried, reset))
print(f"state carried on: {carried.mean():.1f} nats a character; the table, looking back 2: {on_held_out[2]:.1f}")
print(f"from zeros, the first character costs {reset[0] - carried[0]:.0f} nat more; ", end="")
print(f"the last of a chunk at most 0.05 more: {abs(reset[-1] - carried[-1]) < 0.05}")
assert reset[0] > carried[0] + 0.6 and abs(reset[-1] - carried[-1]) < 0.05 and reset.mean() > carried.mean() + 0.02
assert carried.max() - carried.min() < 0.3 and on_held_out[2] < carried.mean() < 2.3

# %% [markdown] sources=["S79", "S80"]
# ## Truncated back-propagation
#
# What about the gradient at the borders? How far back it should reach nobody knows beforehand. C names two ways out:
# gates (notebooks 04 and 05), or to stop. To stop means here: the state goes on forwards through the whole text, the
# gradient goes back within a chunk only. For the chunk of the steps $e + 1, \dots, e + k$ that means
#
# * forwards: begin with $h^{(e)}$, the last state of the chunk before;
# * backwards: begin with nothing behind step $e + k$, and stop at step $e + 1$. $h^{(e)}$ is taken for a **constant**,
#   as if it did not depend on $U$, $W$ and $b$.
#
# Then change the parameters, and go on with the next chunk.

# %% [markdown] sources=["S48", "S68"]
# **Another cut.** B remarks that sentences are perhaps 20 words or longer and that in practice many stop the
# back-propagation after a few steps. How that is meant its listing shows, which C prints whole: for *each* loss
# $L^{(t)}$ it goes back from step $t$, over the last $k$ steps. (Notebook 02 repaired it; as printed it goes one step
# farther than it says.) Each loss has a window of its own, which slides along.
#
# *What to see:* under each step, how far back its loss is followed. In chunks the first step of each does not reach
# back at all, the last one over the whole chunk. Sliding, all reach back equally far.

# %% tags=["demo"] sources=["S68", "S80"]
plots.show(plots.cut_paths(9, 3))
reach_chunks = [(t - 1) % 3 + 1 for t in range(1, 10)]
reach_sliding = [min(t, 3) for t in range(1, 10)]
print("steps counted, chunks: ", reach_chunks, "sum", sum(reach_chunks))
print("steps counted, sliding:", reach_sliding, "sum", sum(reach_sliding))
assert sum(reach_chunks) == 18 and sum(reach_sliding) == 24

# %% [markdown] sources=["S68", "S80"]
# **All pairs.** The full gradient is a sum over pairs of a loss $t$ and a place $s$ where $W$ was used, \eqref{pairs}.
# With $\delta_s^{(t)} = dL^{(t)}/da^{(s)}$,
#
# $$\frac{dL}{dW} = \sum_{t=1}^{T} \sum_{s=1}^{t} \delta_s^{(t)}\, h^{(s-1)\top}, \qquad
# \delta_s^{(t)} = \operatorname{diag}\big(1 - (h^{(s)})^2\big)\, W^\top \delta_{s+1}^{(t)} \;\text{ for } s \lt t$$
#
# Both cuts keep some of these terms as they are, and leave out the others:
#
# $$\text{sliding: } t - s \lt k \qquad\qquad \text{chunks: } s \text{ and } t \text{ in the same chunk}$$
#
# *What to see:* the full gradient is the triangle of all pairs. Sliding keeps a band along its edge. Chunks keep small
# triangles, and lose even direct neighbours where a border runs between them. Move the slider.

# %% tags=["demo"]
from course_lib import widgets

widgets.sliders(lambda k: plots.pair_cuts(12, k), {"k": (1, 2, 3, 4, 6, 12)}, start=(4,))

# %% [markdown]
# **Counting.** A row of the band has $k$ pairs, but the first $k - 1$ rows are shorter, by $k - 1, \dots, 2, 1$. A
# chunk is a triangle of $k$ rows. If $k$ divides $T$,
#
# $$\text{full: } \frac{T(T+1)}2 \qquad \text{sliding: } kT - \frac{k(k-1)}2 \qquad
# \text{chunks: } \frac Tk \cdot \frac{k(k+1)}2 = \frac{T(k+1)}2$$
#
# So with the same $k$, chunks keep about half as many pairs. Their losses reach back over $(k+1)/2$ steps on average.

# %% tags=["demo"]
def counted_pairs(T, k):
    t, s = np.mgrid[1 : T + 1, 1 : T + 1]
    full = s <= t
    return full.sum(), (full & (t - s < k)).sum(), (full & ((t - 1) // k == (s - 1) // k)).sum()


for T, k in ((12, 4), (200, 5), (200, 25)):
    full, sliding, chunks = counted_pairs(T, k)
    print(f"T = {T:3d}, k = {k:2d}: full {full:5d}, sliding {sliding:4d}, chunks {chunks:4d}")
    assert (full, sliding, chunks) == (T * (T + 1) / 2, k * T - k * (k - 1) / 2, T * (k + 1) / 2)

# %% [markdown] sources=["S80"]
# **What chunks leave out.** Let $e$ be the last step of a chunk. All that later losses want of the steps up to $e$
# comes through one vector, $\lambda^{(e)} = \sum_{t \gt e} dL^{(t)}/dh^{(e)}$, for $h^{(e)}$ is the only link. The full
# backward pass hands it on (left), the pass within chunks begins anew (right):
#
# $$\frac{dL}{dh^{(e)}} = \frac{\partial^+ L}{\partial h^{(e)}} + \lambda^{(e)}
# \qquad\qquad
# \frac{dL}{dh^{(e)}} \approx \frac{\partial^+ L}{\partial h^{(e)}} \label{cut}$$
#
# That is all the difference: $\lambda$ is set to 0 at every border, $T/k - 1$ vectors in all. Whatever would have come
# from them is missing. The losses themselves are complete, so $dL/dV$ and $dL/dc$ are exact.

# %% tags=["demo"] sources=["S68", "S80"]
from course_lib import init
from course_lib.gradcheck import numerical_gradient, relative_error


def forward(params, x):
    """Of one row x: the states h(0), …, h(T), the slopes 1 − h(t)² of the T steps, the probabilities p(t)."""
    h = [np.zeros(len(params["W"]))]
    for i in x:
        h.append(np.tanh(params["U"][:, i] + params["W"] @ h[-1] + params["b"]))
    h = np.array(h)
    return h, 1 - h[1:] ** 2, softmax(h[1:] @ params["V"].T + params["c"])


def terms(params, x, y):
    """For each distance t − s = 0, 1, …: the deltas (T − distance, H) of all pairs so far apart, and h(s − 1)."""
    h, slopes, do = forward(params, x)  # p(t), and with the next line dL(t)/do(t)
    do[np.arange(len(x)), y] -= 1
    delta = (do @ params["V"]) * slopes
    for distance in range(len(x)):
        yield distance, delta, h[: len(x) - distance]
        delta = (delta[1:] @ params["W"]) * slopes[: len(x) - distance - 1]


def cut_gradients(params, x, y, k):
    """dL/dW: in full, sliding, in chunks; all three as sums over pairs."""
    full, sliding, chunks = (np.zeros_like(params["W"]) for _ in range(3))
    for distance, delta, before in terms(params, x, y):
        place = np.arange(len(delta))
        full += delta.T @ before
        if distance < k:
            sliding += delta.T @ before
            same = place // k == (place + distance) // k
            chunks += delta[same].T @ before[same]
    return full, sliding, chunks


def cut_as_listed(params, x, y, k):
    """dL/dW by the two loops of the listing, over k steps from each loss; and the steps back that it took."""
    h, slopes, do = forward(params, x)
    do[np.arange(len(x)), y] -= 1
    grad, steps = np.zeros_like(params["W"]), 0
    for t in range(len(x), 0, -1):
        delta = (do[t - 1] @ params["V"]) * slopes[t - 1]
        for s in range(t, max(0, t - k), -1):
            grad, steps = grad + np.outer(delta, h[s - 1]), steps + 1
            delta = (delta @ params["W"]) * (1 - h[s - 1] ** 2)
    return grad, steps


def cut_at_borders(params, x, y, k):
    """dL/dW by one backward pass, in which λ becomes 0 behind every k-th step."""
    h, slopes, do = forward(params, x)
    do[np.arange(len(x)), y] -= 1
    grad, later = np.zeros_like(params["W"]), np.zeros(len(params["W"]))
    for s in range(len(x), 0, -1):
        if s % k == 0:
            later[:] = 0
        delta = (do[s - 1] @ params["V"] + later) * slopes[s - 1]
        grad += np.outer(delta, h[s - 1])
        later = delta @ params["W"]
    return grad


rng = backend.Rng(5)
params = init.rnn_params(6, 5, 6, rng, "float64")
x12, y12 = rng.integers(0, 6, (12,)), rng.integers(0, 6, (12,))
full, sliding, chunks = cut_gradients(params, x12, y12, k=4)


def loss12(_):
    return -np.log(forward(params, x12)[2][np.arange(12), y12]).sum()


by_differences = numerical_gradient(loss12, params["W"])
print(f"all pairs against central differences: error below 1e-7:  {relative_error(full, by_differences) < 1e-7}")
errors = {
    "t − s < 4 against the listing's loops:": relative_error(sliding, cut_as_listed(params, x12, y12, 4)[0]),
    "same chunk against λ = 0 at borders:  ": relative_error(chunks, cut_at_borders(params, x12, y12, 4)),
}
for what, error in errors.items():
    print(f"{what} error below 1e-12: {error < 1e-12}")
    assert error < 1e-12
off = relative_error(sliding, full), relative_error(chunks, full)
print(f"errors of the cut gradients: sliding {off[0]:.2f}, chunks {off[1]:.2f}")
assert relative_error(full, by_differences) < 1e-7
assert min(off) > 0.01

# %% [markdown] sources=["S48", "S68", "S80"]
# **What they cost**, in steps of the cell:
#
# | | forwards | backwards | states to keep | changes of the parameters |
# |:--|:--|:--|:--|:--|
# | full | $T$ | $T$ | $T$ | 1 |
# | sliding | $T$ | $kT - \frac{k(k-1)}2$ | $k$ | up to $T$ |
# | chunks | $T$ | $T$ | $k$ | $T/k$ |
#
# The full gradient and chunks need one backward loop, because all losses that pass through a state can be added up
# before they go on ("From T² to T"). In a window that slides each loss stops elsewhere, so each goes on its own. That
# is why everyone trains in chunks.

# %% tags=["demo"] sources=["S68", "S80"]
T, k = 200, 25
x_200, y_200 = rng.integers(0, 6, (T,)), rng.integers(0, 6, (T,))
_, steps = cut_as_listed(params, x_200, y_200, k)
print(f"T = {T}, k = {k}: steps back, sliding {steps}, chunks {T}; changes of the parameters in chunks {T // k}")
assert steps == k * T - k * (k - 1) // 2

# %% [markdown] slide="notes"
# There is a form between the two (Williams and Peng, 1990): every $k_1$ steps, go back over the last $k_2 \ge k_1$
# steps, with the losses of the last $k_1$ only. With $k_1 = k_2$ it is chunks, with $k_1 = 1$ sliding. The cost is
# $T k_2 / k_1$ backward steps, and every loss reaches back over at least $k_2 - k_1 + 1$ steps.

# %% [markdown] sources=["S48", "S68", "S80"]
# ## How far from the full gradient
#
# A step of gradient descent needs a direction. So compare directions, by the cosine of the angle between the cut and
# the full gradient, written as long vectors $u$ and $v$:
# $\;\cos = \dfrac{u \cdot v}{\lVert u \rVert\, \lVert v \rVert}$. It is 1 if they point the same way, 0 at a right
# angle.
#
# The setup should be hard for truncation: an orthogonal $W$, with which gradients fade slowly (notebook 03). $T = 200$
# steps, $H = 16$, eight characters in random order, $U$ and $V$ normal with standard deviation 0.35, $b = c = 0$; 20
# such networks.
#
# *What to see:* lines are medians, shades go from the smallest to the largest. Sliding cuts agree with the full
# gradient sooner. Chunks of 10 do about as well as windows of 5: their losses reach back as far on average. Cut
# gradients are mostly too short as well, since terms are missing.

# %% tags=["demo"] sources=["S48", "S68", "S79", "S80"]
def random_network(seed):
    rng = backend.Rng(seed)
    params = init.rnn_params(8, 16, 8, rng, "float64")
    params["U"], params["V"] = rng.normal((16, 8), 0.35, dtype="float64"), rng.normal((8, 16), 0.35, dtype="float64")
    params["W"] = init.orthogonal((16, 16), rng, "float64")
    characters = rng.integers(0, 8, (201,))
    return params, characters[:-1], characters[1:]


def compare(params, x, y, lengths):
    """For sliding and chunks, each (3, K): cosine with the full dL/dW, length relative to it, length of the rest."""
    kept = {name: np.zeros((len(lengths), *params["W"].shape)) for name in ("sliding", "chunks")}
    full = np.zeros_like(params["W"])
    for distance, delta, before in terms(params, x, y):
        place, term = np.arange(len(delta)), delta.T @ before
        full += term
        for n, k in enumerate(lengths):
            if distance < k:
                same = place // k == (place + distance) // k
                kept["sliding"][n] += term
                kept["chunks"][n] += delta[same].T @ before[same]
    size = np.linalg.norm(full)
    sizes = {name: np.linalg.norm(cut, axis=(1, 2)) for name, cut in kept.items()}
    return {
        name: np.array([
            (cut * full).sum(axis=(1, 2)) / sizes[name] / size,
            sizes[name] / size,
            np.linalg.norm(cut - full, axis=(1, 2)) / size,
        ])
        for name, cut in kept.items()
    }


lengths = [1, 2, 5, 10, 25, 50]
networks = [random_network(seed) for seed in range(20)]
found_20 = [compare(*network, lengths) for network in networks]
cosines, sizes, rest = ({name: np.stack([f[name][n] for f in found_20]) for name in found_20[0]} for n in range(3))

plots.show(plots.gradient_agreement(lengths, cosines, sizes))
for n, k in enumerate(lengths):
    told = []
    for name, values in cosines.items():
        low, middle, high = values[:, n].min(), np.median(values[:, n]), values[:, n].max()
        told.append(f"{name} {middle:.2f} ({low:.2f} to {high:.2f})")
    print(f"k = {k:2d}: cosine,", ", ".join(told))
assert np.median(cosines["sliding"][:, 4]) > 0.999 > np.median(cosines["chunks"][:, 4]) > 0.95

# %% [markdown]
# **Why the two differ so much.** Two simple assumptions predict both. *One:* each step back makes a term shorter by the
# same factor $\gamma$. An orthogonal $W$ changes no length; the slopes $1 - h_i^2$ then multiply the entries. If the
# entries are of similar size, that shortens by $\gamma = \sqrt{\text{mean of } (1 - h_i^2)^2}$. *Two:* the targets are
# random, so the terms point anywhere, and squares of lengths add up. The $T - j$ terms of distance $j = t - s$ then
# have the weight $(T - j)\,\gamma^{2j}$, and the share left out is
#
# $$\text{sliding: } \sqrt{\frac{\sum_{j \ge k} \gamma^{2j}}{\sum_{j \ge 0} \gamma^{2j}}} = \gamma^k
# \qquad
# \text{chunks: } \sqrt{\frac{\big(\frac Tk - 1\big) \sum_{j \ge 1} j\,\gamma^{2j}}{T \sum_{j \ge 0} \gamma^{2j}}}
# = \frac{\gamma}{\sqrt{1 - \gamma^2}} \sqrt{\frac1k - \frac1T} \label{left-out}$$

# %% [markdown] slide="fragment"
# (In \eqref{left-out}, left for $j \ll T$: $\sum_{j \ge k} \gamma^{2j} = \gamma^{2k} \sum_{j \ge 0} \gamma^{2j}$.
# Right, if $\gamma^k$ is small: a border is crossed by $j$ pairs of distance $j$, and $\sum_{j \ge 1} j\,r^j =
# r/(1-r)^2$, $\sum_{j \ge 0} r^j = 1/(1-r)$ with $r = \gamma^2$.)
#
# *What to see:* the dotted lines come from $\gamma$ alone. What a window leaves out falls like a power: a few more
# steps, and nothing is missing. What chunks leave out falls only like $1/\sqrt k$: however long they are, pairs right
# at a border are cut. (Their rule comes out a little too high, and is none for very short chunks.)

# %% tags=["demo"]
def rules(gamma, k, T=200):
    k = np.asarray(k, float)
    return {"sliding": gamma**k, "chunks": gamma / np.sqrt(1 - gamma**2) * np.sqrt(1 / k - 1 / T)}


gamma = np.sqrt(np.mean([forward(params, x)[1] ** 2 for params, x, _ in networks]))
missing = {name: np.median(values, axis=0) for name, values in rest.items()}
plots.show(plots.left_out(lengths, missing, rules(gamma, lengths)))
print(f"γ = {gamma:.2f}")
for k in (10, 25, 50):
    n = lengths.index(k)
    print(f"k = {k}: left out by chunks {missing['chunks'][n]:.2f}, by the rule {rules(gamma, k)['chunks']:.2f}")
    assert 0.75 < missing["chunks"][n] / rules(gamma, k)["chunks"] < 1.1
for n, k in enumerate(lengths[:5]):
    assert 0.7 < missing["sliding"][n] / gamma**k < 1.1
r = np.float64(0.6)
assert np.isclose((np.arange(200) * r ** np.arange(200)).sum(), r / (1 - r) ** 2)

# %% [markdown] sources=["S80"]
# **On real text.** The same for the network that was trained above, on ten pieces of 400 characters of the text held
# out. Chunks of 25, a common choice, point very nearly where the full gradient points.
#
# But mind what this says. The gradient of *this* network reaches back over some ten characters, then it has vanished,
# cut or not. The cosine compares with a full gradient that knows little of distant steps itself (notebook 03). What
# lies farther back than $k$ steps, no gradient of a cut ever asks for, however near to 1 the cosine is.

# %% tags=["demo"] sources=["S80"]
wide = {name: value.astype("float64") for name, value in (small.params | small_output.params).items()}
rows = [ids_held_out[n : n + 401] for n in range(0, 20000, 2000)]
on_text = [compare(wide, row[:-1], row[1:], lengths) for row in rows]
sliding, chunks = (np.median([f[name][0] for f in on_text], axis=0) for name in ("sliding", "chunks"))
print(f"k =  1: both below 0.8: {sliding[0] < 0.8 and chunks[0] < 0.8}")
print(f"k = 10: sliding above 0.99: {sliding[3] > 0.99}, chunks above 0.9: {chunks[3] > 0.9}")
print(f"k = 25: sliding above 0.999: {sliding[4] > 0.999}, chunks above 0.97: {chunks[4] > 0.97}")
assert max(sliding[0], chunks[0]) < 0.8 and sliding[3] > 0.99 and chunks[3] > 0.9
assert sliding[4] > 0.999 and chunks[4] > 0.97

# %% [markdown]
# ### Exercise 3 · One chunk of truncated back-propagation (2 points)
#
# Write `tbptt_step(params, x, y, h)`: the forward and backward pass through one chunk.
#
# | argument | | |
# |:--|:--|:--|
# | `params` | a dictionary | `U (H, D)`, `W (H, H)`, `b (H,)`, `V (O, H)`, `c (O,)` of an RNN with softmax; D = O characters |
# | `x` | (T, B), whole numbers | the characters that go in, 0, …, D − 1; as a vector, each is one-hot |
# | `y` | (T, B), whole numbers | the characters to predict |
# | `h` | (B, H) | the state before the chunk, a constant |
# | *returns* | `loss`, `grads`, `h` | the loss, summed over time, mean over the batch; its gradients, a dictionary with the keys of `params`; the state (B, H) after the chunk |
#
# No gradient comes from behind the chunk, and none leaves it through `h`. A one-hot vector need not be made: by
# \eqref{column}, $U x$ is a column of $U$.
#
# float32 parameters and state give float32 gradients and state.
#
# Marked: the loss and the state (0.5 points), the gradients of V and c (0.5), of U, W and b (0.7); the loss, V and c
# with large logits, whether the inputs stay as they are, and float32 (0.1 each). `hint(tbptt_step)` gives a hint.

# %% tags=["answer"] exercise="tbptt_step"
def tbptt_step(params, x, y, h):
    """Loss and gradients of one chunk of characters x (T, B), and the state after it."""
    ### BEGIN SOLUTION
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[-1] @ W.T + b))
        o = hs[-1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    da_next = np.zeros_like(h)
    for t in range(T)[::-1]:
        do = ps[t]
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + da_next @ W) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        da_next = da
    return loss, grads, hs[-1]
    ### END SOLUTION

# %% tags=["check"] exercise="tbptt_step"
check(tbptt_step)
### BEGIN HIDDEN TESTS
earned(tbptt_step)
### END HIDDEN TESTS

# %% [markdown] sources=["S80"]
# **Checked by differences.** Within a chunk there is no approximation: with the state before it held fixed, the
# gradient of its loss is exact.

# %% tags=["demo"] sources=["S80"]
from course_lib.gradcheck import check_gradients

rng = backend.Rng(6)
params = init.rnn_params(6, 5, 6, rng, "float64")
x_chunk, y_chunk, h_before = rng.integers(0, 6, (7, 3)), rng.integers(0, 6, (7, 3)), rng.normal((3, 5), dtype="float64")
loss, grads, _ = tbptt_step(params, x_chunk, y_chunk, h_before)
errors = check_gradients(lambda p: tbptt_step(p, x_chunk, y_chunk, h_before)[0], params, grads)
for name, error in errors.items():
    print(f"{name}: error below 1e-7: {error < 1e-7}")
    assert error < 1e-7, "check(tbptt_step) first"

# %% [markdown] sources=["S80"]
# **Chunk after chunk.** Eight chunks of 25, the state handed on, against the library's `truncated_bptt`, and against
# the backward pass over all 200 steps at once. The losses add up to the whole loss, and $dL/dV$ and $dL/dc$ to the
# whole gradient. $dL/dU$, $dL/dW$ and $dL/db$ lack what crosses the borders, \eqref{cut}.

# %% tags=["demo"] sources=["S80"]
from course_lib.training import truncated_bptt

rng = backend.Rng(7)
cell, output = RNN(V, 32, rng, "float64"), Output(32, V, rng, "float64")
params = cell.params | output.params
x, y = batchify(ids[: 4 * 200 + 1], 4, 25)  # eight chunks of 25, four rows
x_long, y_long = x.reshape(200, 4), y.reshape(200, 4)

h, loss, total, off = np.zeros((4, 32)), 0.0, {name: 0.0 for name in params}, 0.0
for n, (theirs, their_grads, their_h) in enumerate(truncated_bptt(cell, output, x_long, y_long, steps=25)):
    ours, grads, h = tbptt_step(params, x[n], y[n], h)
    loss += ours
    total = {name: total[name] + grads[name] for name in params}
    off = max(off, abs(float(ours - theirs)) / ours, relative_error(h, their_h))
    off = max(off, *(relative_error(grads[name], their_grads[name]) for name in params))

whole_loss, whole, _ = loss_and_gradients(cell, output, x_long, y_long)
print(f"eight chunks against the library: all differences below 1e-12: {off < 1e-12}")
print(f"loss of the chunks {loss:.2f}, of the whole {float(whole_loss):.2f}")
for name in params:
    error = relative_error(total[name], whole[name])
    print(f"{name}: sum over the chunks differs from the whole by", "< 1e-12" if error < 1e-12 else f"{error:.2f}")
    assert error < 1e-12 if name in "Vc" else 1e-3 < error < 1
assert off < 1e-12 and np.isclose(loss, float(whole_loss)), "check(batchify) and check(tbptt_step) first"

# %% [markdown] slide="notes" sources=["S80"]
# In training, the parameters change after each chunk, and the state that is handed on was computed with those from
# before the change. So it is a little out of date. Nobody repairs that: it would cost the whole forward pass again, and
# steps are small.

# %% [markdown] slide="skip"
# Other libraries say the same in one word. In PyTorch, `h.detach()` is the state without its history: the graph ends
# there. Forgotten, every backward pass would go through all chunks so far. (Where PyTorch is not installed, the cell
# says so.)

# %% tags=["demo", "volatile"] slide="skip"
try:
    import torch
except ImportError:
    print("PyTorch is not installed here; nothing in the course needs it")
else:
    from course_lib.interop import to_torch

    module, linear = torch.nn.RNN(V, 32, dtype=torch.float64), torch.nn.Linear(32, V, dtype=torch.float64)
    to_torch(cell, module)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(params["V"].copy()))
        linear.bias.copy_(torch.from_numpy(params["c"].copy()))
    state, h, worst = None, np.zeros((4, 32)), 0.0
    for inputs, targets in zip(x, y, strict=True):
        module.zero_grad(), linear.zero_grad()
        one_hot = torch.nn.functional.one_hot(torch.from_numpy(inputs), V).double()
        out, state = module(one_hot, state)
        loss = torch.nn.functional.cross_entropy(linear(out).reshape(-1, V), torch.from_numpy(targets).reshape(-1))
        (25 * loss).backward()  # theirs is a mean over the steps, too
        state = state.detach()  # without this line, the second backward pass fails
        _, grads, h = tbptt_step(params, inputs, targets, h)
        theirs = {"U": module.weight_ih_l0, "W": module.weight_hh_l0, "b": module.bias_ih_l0}
        theirs |= {"V": linear.weight, "c": linear.bias}
        worst = max(worst, *(relative_error(grads[name], theirs[name].grad.numpy()) for name in params))
    print(f"eight chunks against PyTorch with detach(): gradients differ by less than 1e-12: {worst < 1e-12}")
    assert worst < 1e-12

# %% [markdown] sources=["S93"]
# ## A step for each parameter
#
# D's plan for the training is short: mini-batch stochastic gradient descent for the steps, back-propagation through
# time for the gradients. In notebook 02 a mini-batch was $B$ sequences, drawn at random. A text is one sequence. Its
# mini-batch is the $B$ rows that are read side by side:
#
# $$\frac{dL}{d\theta} = \frac1B \sum_{b=1}^{B} \frac{dL_b}{d\theta}, \qquad L_b \text{ the loss of row } b
# \text{ in this chunk}$$
#
# ($\theta$ is any parameter.) One difference remains: nothing is drawn. The chunks come in the order of the text, so
# that the state can go on.
#
# How rough is such a gradient? Below, 128 rows stand for the whole text: the cosine between the gradient of $B$ of
# them and that of all.

# %% tags=["demo"] sources=["S93"]
from course_lib import backend, data, init, optim
from course_lib.text import Vocabulary

train_text, held_out_text = data.reference_text()
vocabulary = Vocabulary(train_text + held_out_text)
ids, V = vocabulary.encode(train_text), len(vocabulary)


def cosine(one, other):
    """The cosine of the angle between two gradients, all parameters together."""
    one, other = (np.concatenate([g.ravel() for g in grads.values()]) for grads in (one, other))
    return one @ other / (np.linalg.norm(one) * np.linalg.norm(other))


T, H, R = 25, 40, 128
params, zero = init.rnn_params(V, H, V, backend.Rng(60), "float64"), np.zeros((R, H))
x, y = batchify(ids, R, T)
rule = optim.Adagrad(params, lr=0.05)
for chunk in range(80):  # at the very start all rows agree: frequent characters should become more probable
    rule.step(tbptt_step(params, x[chunk], y[chunk], zero)[1])

whole = tbptt_step(params, x[80], y[80], zero)[1]
for B in (1, 4, 32, 128):
    parts = [slice(b, b + B) for b in range(0, R, B)]
    rough = [tbptt_step(params, x[80][:, rows], y[80][:, rows], zero[rows])[1] for rows in parts]
    alike = np.mean([cosine(grads, whole) for grads in rough])
    print(f"B = {B:3}: {len(rough):3} gradients, cosine with that of all rows {alike:.1f} on average")
    for name in params:
        assert np.allclose(np.mean([grads[name] for grads in rough], axis=0), whole[name]), "check(tbptt_step) first"

# %% [markdown] sources=["S93"]
# **One rate for all?** SGD has one learning rate $\eta$ for everything:
# $\;\theta \leftarrow \theta - \eta\, \dfrac{dL}{d\theta}$. Look at $U$. The input is one-hot, so each step adds to one
# column of the gradient only, that of the character it reads:
#
# $$\frac{dL}{dU} = \sum_t \frac{dL}{da^{(t)}}\,\big(x^{(t)}\big)^{\!\top}
# \qquad\Longrightarrow\qquad
# \text{column } k = \sum_{t\,:\;x^{(t)} \text{ is character } k} \frac{dL}{da^{(t)}}$$
#
# The column of the space is moved in every chunk, that of the digit 1 now and then. A rate that suits the one is far
# too small for the other, and a larger rate for all ruins what is there. Two rates, 200 chunks each:

# %% tags=["demo"]
def first_chunks(step, n=200, B=16, T=25, H=100):
    """Train on n chunks: losses per character; of each column of U, how far it moved and how often it was read."""
    params = init.rnn_params(V, H, V, backend.Rng(60), "float64")
    x, y = batchify(ids, B, T)
    h, losses, start = np.zeros((B, H)), [], params["U"].copy()
    for chunk in range(n):
        loss, grads, h = tbptt_step(params, x[chunk], y[chunk], h)
        step(params, grads)
        losses.append(loss / T)
    return losses, np.linalg.norm(params["U"] - start, axis=0), np.bincount(x[:n].ravel(), minlength=V)


def sgd(lr):
    def step(params, grads):
        for name, g in grads.items():
            params[name] -= lr * g

    return step


moved = np.flatnonzero(whole["U"].any(axis=0))
print(f"in one chunk of {R} rows, {len(moved)} of the {V} columns of dL/dU are not 0: those of the characters read")
assert np.array_equal(moved, np.unique(x[80])), "check(tbptt_step) first"

losses, moved_sgd, read = first_chunks(sgd(0.01))
space, one = vocabulary.encode(" 1")
print(f"η = 0.01: from {losses[0]:.1f} to {np.mean(losses[-20:]):.1f} nats per character")
for name, k in (("space", space), ("digit 1", one)):
    print(f"  {name:8s} read {read[k]:5d} times; its column has moved by {moved_sgd[k]:.3f}")
too_large = np.mean(first_chunks(sgd(0.1))[0][-20:])
print(f"η = 0.1: at the end worse than guessing, ln {V} = {np.log(V):.1f}: {too_large > np.log(V)}")
assert moved_sgd[space] > 10 * moved_sgd[one] and too_large > np.log(V) > losses[0] - 0.3 > np.mean(losses[-20:])

# %% [markdown]
# **A memory for each element.** *Adagrad* (Duchi, Hazan and Singer, 2011) keeps, for every single number in the
# parameters, the sum $s$ of its squared gradients so far, and divides by its root:
#
# $$s_n = \sum_{k=1}^{n} g_k^2, \qquad \theta_{n+1} = \theta_n - \eta\, \frac{g_n}{\sqrt{s_n} + \epsilon}
# \label{adagrad}$$
#
# $\epsilon = 10^{-8}$ only prevents $0/0$. Without it,
#
# * **the scale does not matter**: with $\alpha g$ in place of $g$, $\;\dfrac{\alpha\, g_n}{\sqrt{\alpha^2 s_n}} =
#   \dfrac{g_n}{\sqrt{s_n}}$ for every $\alpha > 0$;
# * **the first step is $\eta$ long**, up or down, wherever the gradient is not 0: $|g_1| / \sqrt{g_1^2} = 1$;
# * **no step is longer**, since $g_n^2 \le s_n$.

# %% tags=["demo"]
from course_lib import backend, optim

gradients = backend.Rng(62).normal((50, 6), dtype="float64") * 10.0 ** np.arange(-3, 3)  # six elements, 50 steps
paths = {}
for alpha in (1, 1000):
    p = np.zeros(6)
    rule, path = optim.Adagrad({"p": p}, lr=0.1), [p.copy()]
    for g in gradients:
        rule.step({"p": alpha * g})
        path.append(p.copy())
    paths[alpha] = np.array(path)

steps = np.abs(np.diff(paths[1], axis=0))
print("size of the gradients:", *(f"{size:.0e}" for size in np.abs(gradients).mean(axis=0)))
print("first step:           ", *(f"{step:.3f}" for step in steps[0]))
print("longest step:         ", *(f"{step:.3f}" for step in steps.max(axis=0)))
print("gradients times 1000: the same way, to 1e-5:", np.allclose(paths[1], paths[1000], rtol=0, atol=1e-5))
assert np.allclose(steps[0], 0.1, atol=1e-5) and steps.max() <= 0.1
assert np.allclose(paths[1], paths[1000], rtol=0, atol=1e-5)

# %% [markdown]
# **Who gets how far?** Let an element have the gradient $g$ in $m$ of the steps and 0 in the others. At the $k$-th of
# the $m$, $s = k g^2$, and the step is $\eta\, g / \sqrt{k g^2} = \eta / \sqrt k$. Together:
#
# $$\eta \sum_{k=1}^{m} \frac{1}{\sqrt k}\,, \qquad
# 2\sqrt{m + 1} - 2 \;\le\; \sum_{k=1}^{m} \frac{1}{\sqrt k} \;\le\; 2 \sqrt m - 1$$
#
# The bounds compare the sum with an integral: $1/\sqrt u$ falls, so
# $\int_k^{k+1} \frac{du}{\sqrt u} \le \frac{1}{\sqrt k} \le \int_{k-1}^{k} \frac{du}{\sqrt u}$, and
# $\int \frac{du}{\sqrt u} = 2 \sqrt u$. (On the right, the first term is kept as it is.)
#
# With equal gradients, a column that is read 100 times as often gets about **10 times** as far. With SGD it gets 100
# times as far: $\eta\, g\, m$. And the size of $g$ does not matter here at all.

# %% tags=["demo"]
from course_lib import optim

ways = {}
for m in (1, 100, 10_000):
    for g in (0.01, 10.0):
        p = np.zeros(1)
        rule = optim.Adagrad({"p": p}, lr=1.0)
        for _ in range(m):
            rule.step({"p": np.array([g])})
        ways[m, g] = -p[0]
    low, high = 2 * np.sqrt(m + 1) - 2, 2 * np.sqrt(m) - 1
    print(f"m = {m:5d}: way {ways[m, 0.01]:6.2f} with g = 0.01, {ways[m, 10.0]:6.2f} with g = 10;", end=" ")
    print(f"between {low:.2f} and {high:.2f}")
    assert np.isclose(ways[m, 0.01], ways[m, 10.0], rtol=1e-5) and low <= ways[m, 10.0] <= high + 1e-9

# %% [markdown] slide="skip"
# A second remark on \eqref{adagrad}: with equal gradients the step is $\eta / \sqrt n$, shorter and shorter. That
# is the price of Adagrad: in a long training it gets slow. *RMSprop* and *Adam*, which the notebooks before used, let
# old gradients fade from the memory, and never come to rest by themselves.

# %% tags=["demo"] slide="skip"
for kind in (optim.Adagrad, optim.RMSprop):
    p, seen = np.zeros(1), []
    rule = kind({"p": p}, lr=1.0)
    for n in range(1, 1001):
        before = p.copy()
        rule.step({"p": np.ones(1)})
        seen += [abs(p - before)[0]] if n in (1, 100, 1000) else []
    print(f"{kind.__name__:8s} equal gradients: length of step 1, 100, 1000:", *(f"{step:6.2f}" for step in seen))
    assert (kind is optim.Adagrad) == np.isclose(seen[2], 1 / np.sqrt(1000))

# %% [markdown]
# ### Exercise 4 · Adagrad (1 point)
#
# Write `adagrad_step(params, grads, mem, lr, eps=1e-8)`. All three dictionaries have the same keys, if not
# always in the same order, and arrays of the same shapes. For each parameter $p$ with gradient $g$ and memory $s$,
# element by element,
#
# $$s \leftarrow s + g^2, \qquad p \leftarrow p - \eta\,\frac{g}{\sqrt{s} + \epsilon}.$$
#
# `params` and `mem` are changed **in place**, that is, the arrays themselves; `grads` stays as it is. Nothing is
# returned. Marked: the memory and the parameters after one step (0.5 points), after several steps (0.4); that nothing
# else changes, and nothing is returned (0.1). `hint(adagrad_step)` gives a hint.

# %% tags=["answer"] exercise="adagrad_step"
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    """Change params and mem in place by one step of Adagrad."""
    ### BEGIN SOLUTION
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)
    ### END SOLUTION

# %% tags=["check"] exercise="adagrad_step"
check(adagrad_step)
### BEGIN HIDDEN TESTS
earned(adagrad_step)
### END HIDDEN TESTS

# %% [markdown] slide="fragment"
# *What to see:* the same 200 chunks with your `adagrad_step` ($\eta = 0.02$). One point is one character. With SGD the
# columns of frequent characters have gone more than a hundred times as far as those of rare ones. With Adagrad (blue)
# the points of characters read a hundred times or more lie nearly level: gradients of frequent columns change their
# sign, and their steps cancel in part. And the loss is lower.

# %% tags=["demo"]
from course_lib import optim, plots

memory = {}


def adagrad(params, grads):
    if not memory:
        memory.update({name: np.zeros_like(p) for name, p in params.items()})
    adagrad_step(params, grads, memory, 0.02)


losses_adagrad, moved_adagrad, _ = first_chunks(adagrad)
plots.show(
    plots.letter_steps(read, {"SGD": moved_sgd, "Adagrad": moved_adagrad}, vocabulary.characters, named=" e(1")
)
print(f"loss of the last 20 chunks: SGD {np.mean(losses[-20:]):.1f}, Adagrad {np.mean(losses_adagrad[-20:]):.1f}")
assert moved_adagrad[space] < 5 * moved_adagrad[one], "check(adagrad_step) first"
assert np.mean(losses_adagrad[-20:]) < np.mean(losses[-20:]) - 0.3

rule_params = {"p": np.ones((2, 3))}
yours, s = {"p": np.ones((2, 3))}, {"p": np.zeros((2, 3))}
rule = optim.Adagrad(rule_params, lr=0.1)
for g in np.linspace(-1, 2, 5):
    rule.step({"p": np.full((2, 3), g)})
    adagrad_step(yours, {"p": np.full((2, 3), g)}, s, 0.1)
print("your steps are those of the library:", np.allclose(yours["p"], rule_params["p"], rtol=0, atol=1e-12))
assert np.allclose(yours["p"], rule_params["p"], rtol=0, atol=1e-12)

# %% [markdown] slide="skip"
# **Does it need clipping?** A step of Adagrad is never longer than $\eta$. So a huge gradient, as at a cliff (notebook
# 03), does no harm at once. It does later: $s$ never forgets. After one gradient of $1000$ among gradients of 1,
# $\sqrt s \ge 1000$, and a step for a gradient of 1 is at most $\eta / 1000$ long from then on. Clipping every
# element to
# $[-5, 5]$ first, as the training below does, limits the damage: $\sqrt{s}$ grows to 6.

# %% tags=["demo"] slide="skip"
for clip in (np.inf, 5.0):
    p, s, way = {"p": np.zeros(1)}, {"p": np.zeros(1)}, []
    for n in range(40):
        g = np.array([1000.0 if n == 10 else 1.0])
        before = p["p"].copy()
        adagrad_step(p, {"p": np.clip(g, -clip, clip)}, s, 0.1)
        way.append(abs(p["p"] - before)[0])
    print(f"clipped to ±{clip:3}: step 10: {way[9]:.4f}, step 11, the huge one: {way[10]:.4f}, step 12: {way[11]:.4f}")
    assert np.isclose(way[9], 0.1 / np.sqrt(10)) and max(way) <= 0.1 + 1e-12
    assert (way[11] < 1.1e-4) == np.isinf(clip)

# %% [markdown]
# ## Training on a real text
#
# All parts are there: `batchify`, `tbptt_step`, `adagrad_step`. The text is the reference that comes with Python: what
# its `help("lambda")` shows. A part of it is held out: no step is ever made with it, it only measures.
#
# What would a guess get? In nats per character, on the held-out part:

# %% tags=["demo"]
from course_lib import data
from course_lib.text import Vocabulary

train_text, held_out_text = data.reference_text()
vocabulary = Vocabulary(train_text + held_out_text)
ids, held_out, V = vocabulary.encode(train_text), vocabulary.encode(held_out_text), len(vocabulary)

single = np.bincount(ids, minlength=V) + 1.0  # one more of each: none has probability 0
pairs = np.ones((V, V))
np.add.at(pairs, (ids[:-1], ids[1:]), 1)
levels = {
    "all alike, ln V": np.log(V),
    "frequencies": -np.log(single / single.sum())[held_out[1:]].mean(),
    "pairs": -np.log(pairs / pairs.sum(axis=1, keepdims=True))[held_out[:-1], held_out[1:]].mean(),
}
print(f"{len(ids)} characters to train on, {len(held_out)} held out, {V} different ones. It begins:\n")
print(train_text[:400])
print(*(f"\n{name:16s} {level:.2f} nats per character" for name, level in levels.items()), sep="")
assert levels["pairs"] < levels["frequencies"] < levels["all alike, ln V"]

# %% [markdown]
# **The first loss is a test of the code.** At first the weights are small numbers, all logits are near 0, and the
# network says that all $V$ characters are alike: $\mathcal{L}/T \approx \ln V$. If another number comes out, there is
# no need to train: something is wrong. Far more: logits that are too large, or a sum where there should be a mean. Far
# less: the network has seen the answer.

# %% tags=["demo"]
from course_lib import backend, init

B, T, H = 16, 25, 100
params = init.rnn_params(V, H, V, backend.Rng(63), "float64")
x, y = batchify(ids, B, T)
start = np.zeros((B, H))
first = tbptt_step(params, x[0], y[0], start)[0] / T
wide = params | {"V": 100 * params["V"]}
summed = tbptt_step(params, x[0], y[0], start)[0]
print(f"ln V = {np.log(V):.1f}; first loss per character {first:.1f}")
too_wide = tbptt_step(wide, x[0], y[0], start)[0] / T
print(f"output weights 100 times as large: {too_wide:.0f}; forgot to divide by T: {summed:.0f}")
assert abs(first - np.log(V)) < 0.1, "check(tbptt_step) first"

# %% [markdown]
# **A training that can be stopped.** It takes a while, so we want to watch it, to stop it, and to go on later. `Run` of
# `course_lib.runs` does that: it counts the iterations, keeps the curve, and writes everything to a file. It asks for a
# *rule*: an object that holds the parameters, makes a step, and can say what it needs to go on. Here is one around your
# `adagrad_step`.
#
# What is needed to go on as if nothing had been? The parameters; the memory $s$; the state $h$ that the next chunk
# starts from; and the number of the iteration, which says what the next chunk is.

# %% tags=["demo"]
class Rule:
    """Your adagrad_step, with its memory."""

    def __init__(self, params, lr):
        self.params, self.lr, self.steps = params, lr, 0
        self.memory = {name: np.zeros_like(p) for name, p in params.items()}

    def step(self, grads):
        adagrad_step(self.params, grads, self.memory, self.lr)
        self.steps += 1

    def state(self):
        """All that the next step depends on, as copies."""
        both = {"p": self.params, "s": self.memory}
        arrays = {f"{key}.{name}": array.copy() for key, held in both.items() for name, array in held.items()}
        return arrays | {"lr": np.array(self.lr), "steps": np.array(self.steps)}

    def load_state(self, state):
        self.lr, self.steps = float(state["lr"]), int(state["steps"])
        for name, p in self.params.items():
            p[...] = state[f"p.{name}"]
            self.memory[name][...] = state[f"s.{name}"]

# %% [markdown] slide="skip"
# The loop is that of the usual recipe for such models, with 16 rows side by side: chunks of 25 characters, 100 units,
# every gradient clipped to ±5. At the end of the text it starts again from the beginning, with a state of zeros.

# %% tags=["demo"] slide="skip"
def train(run, n):
    """Go on to iteration n, from wherever the run stands."""
    params = run.rule.params
    for i in run.until(n):
        chunk = i % len(x)
        h = np.zeros((B, H)) if chunk == 0 else run.keep["h"]
        loss, grads, run.keep["h"] = tbptt_step(params, x[chunk], y[chunk], h)
        for g in grads.values():
            np.clip(g, -5, 5, out=g)
        run.rule.step(grads)
        run.note(loss=loss / T)

# %% [markdown]
# **Start.** *What to see:* a bar, and a curve that grows while it runs. The stop button (■) ends it after a whole
# iteration; the same cell once more goes on. Here it stops by itself half way, as if somebody had pressed the button.
# By then it has read the text nearly twice, and is better than a table of all pairs.

# %% tags=["demo"]
from course_lib.runs import Live, Run

guesses = {name: round(level, 2) for name, level in levels.items()}
run = Run(Rule(params, lr=0.05), every=25, show=Live("your network", {"loss": "nats per character"}, chance=guesses))

# %% tags=["demo", "volatile"]
train(run, 1500)
print(f"{run.i * B * T / len(ids):.1f} times through the text")
print(f"last 500 iterations below the level of pairs: {run.curve['loss'][1][-20:].mean() < levels['pairs']}")
assert run.i < 1500 or run.curve["loss"][1][-20:].mean() < levels["pairs"] - 0.1

# %% [markdown] slide="-"
# The second half. The curve goes on where it stopped.

# %% tags=["demo", "volatile"]
train(run, 3000)

iterations, curve = run.curve["loss"]
print(f"{run.i} iterations, {run.i * B * T / len(ids):.1f} times through the text")
print(f"last 500 iterations: {curve[-20:].mean():.1f} nats per character")
assert run.i < 3000 or curve[-20:].mean() < levels["pairs"] - 0.3

# %% [markdown]
# **Kept in a file.** `run.save(path)` writes all of that to a file, whole or not at all; `run.load(path)` reads it into
# a new run that was made in the same way. To see that nothing is missing: the old run and the new one both go on for 40
# iterations, and end with *the same numbers, bit for bit*.
#
# Somebody who keeps the parameters only is worse off. The memory $s$ begins at 0 again, so in the first step every
# parameter that has a gradient moves by $\eta$, and what was learned is shaken up.

# %% tags=["demo"]
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "my training.npz"
    run.save(path)
    later = Run(Rule(init.rnn_params(V, H, V, backend.Rng(99), "float64"), lr=0.05), every=25)
    later.load(path)

only_params = Run(Rule({name: p.copy() for name, p in params.items()}, lr=0.05), every=1)
train(only_params, 3)
loss_now, run.show = curve[-20:].mean(), None
train(run, 3040)
train(later, 3040)
same = all(np.array_equal(p, later.rule.params[name]) for name, p in run.rule.params.items())
worse = only_params.curve["loss"][1][1] - loss_now
print(f"gone on from the file, {later.i} iterations: the same bit for bit: {same}")
print(f"from the parameters only, after one step: more than 1 nat worse: {worse > 1}")
assert same and worse > 1

# %% [markdown]
# **How good is it?** On the held-out text, read from beginning to end, with a state that goes on all the way.

# %% tags=["demo"]
from course_lib import text
from course_lib.cells import RNN, Output

own_cell, own_output = RNN(V, H, backend.Rng(0), "float64"), Output(H, V, backend.Rng(0), "float64")
for layer in (own_cell, own_output):
    layer.params = {name: params[name] for name in layer.params}
own_nats = text.evaluate(own_cell, own_output, held_out)
for name, level in levels.items():
    print(f"{name:16s} {level:.2f} nats, {bits_per_char(level, 1):.2f} bits, perplexity {perplexity(level, 1):6.2f}")
print(f"your network     {own_nats:.1f} nats; perplexity below 6: {perplexity(own_nats, 1) < 6}")
assert np.isclose(perplexity(np.log(V), 1), V), "check(bits_per_char) first"
assert run.i < 3000 or own_nats < levels["pairs"] - 0.3

# %% [markdown]
# **With more time.** What becomes of longer trainings is stored with the course (`benchmarks/char_lm.py` makes it):
# three networks of 192 units with Adam, 16 rows, chunks of 64 characters, 12 times through the text; and the recipe
# of *min-char-rnn* (Karpathy, 2015): your recipe, but with one row in place of 16. LSTM, GRU and RNN were trained in
# PyTorch as well, from the same start with the same chunks.
#
# *What to see:* the loss on held-out text. The star is your network. It has read as much as min-char-rnn, and is
# better: the gradient of 16 rows is worth more than 16 rough ones one after another. Cells with gates are ahead of
# the RNN. After ten times through the curves are flat. (The learning rates of the three were chosen by this very
# loss: it is a little too kind to them.)

# %% tags=["demo"]
from course_lib import data, plots

stored = data.char_lm()
ours = stored["library"] == "course_lib"
curves = {
    str(stored["name"][k]): (stored["tested"][k] * stored["B"][k] * stored["T"][k] / len(ids), stored["held_out"][k])
    for k in np.flatnonzero(ours)
}
here = (run.i * B * T / len(ids), own_nats)
plots.show(plots.text_curves(curves, {"table of pairs": levels["pairs"]}, "times through the text", {"yours": here}))
print("nats per character on held-out text, at the end:")
for k in np.flatnonzero(ours):
    same_name = ~ours & (stored["name"] == stored["name"][k])
    beside = f", in PyTorch {stored['held_out'][same_name][0, -1]:.2f}" if same_name.any() else ""
    print(f"{stored['name'][k]:12s} {stored['held_out'][k, -1]:.2f}{beside}")
last = dict(zip(stored["name"][ours], stored["held_out"][ours, -1], strict=True))
assert max(last["LSTM"], last["GRU"]) < last["RNN"]
assert run.i < 3000 or last["RNN"] < own_nats < last["min-char-rnn"]

# %% [markdown] sources=["S62"]
# ## Drawing from the model
#
# The network says which character is likely to come next. To make it write, draw one, and give it back as the next
# input. C has a figure of this loop with the four letters of "hello". Nothing else is needed:
#
# $$h^{(t)} = \tanh\big(U x^{(t)} + W h^{(t-1)} + b\big), \quad p^{(t)} = \operatorname{softmax}\big(V h^{(t)} +
# c\big), \quad \text{draw } i \text{ with probability } p^{(t)}_i, \quad x^{(t+1)} = \text{one-hot of } i$$
#
# By the chain rule of probability, \eqref{text-probability}, a whole text is drawn with the product of these,
# $\prod_t p^{(t)}_{i_t} = e^{-L}$: exactly the probability that the loss speaks of. What the network writes is what it
# thinks texts are like.

# %% [markdown]
# **Temperature.** The logits may be divided by a number $\tau \gt 0$, the *temperature*, before the softmax:
#
# $$p_i(\tau) = \frac{e^{o_i/\tau}}{\sum_j e^{o_j/\tau}}, \qquad
# \frac{p_i(\tau)}{p_j(\tau)} = e^{(o_i - o_j)/\tau} = \Big(\frac{p_i(1)}{p_j(1)}\Big)^{1/\tau} \label{temperature}$$
#
# Who is ahead stays ahead; by how much changes. With $\tau = \frac12$ the ratios are squared: what was 3 times as
# likely is 9 times as likely. $\tau \to 0$ leaves the likeliest character only, $\tau \to \infty$ makes all alike.

# %% tags=["demo"]
from course_lib.functions import softmax

o = np.array([2.0, 2.0 - np.log(3), -1.0, 0.5])
for tau in (0.05, 0.5, 1.0, 2.0, 100.0):
    p = softmax(o / tau)
    print(f"τ = {tau:6}: p =", *(f"{value:.3f}" for value in p), f"  p₁/p₂ = {p[0] / p[1]:.3g}")
    assert np.isclose(p[0] / p[1], 3 ** (1 / tau))
assert np.allclose(softmax(o / 100), 0.25, atol=0.01) and softmax(o / 0.05)[0] > 0.999

# %% [markdown]
# **Warmer is less certain.** How uncertain a draw is, its *entropy* says: $\mathcal{H} = -\sum_i p_i \ln p_i$, from 0
# (certain) to $\ln V$ (all alike). It always grows with $\tau$. Write $\beta = 1/\tau$ and $Z = \sum_j e^{\beta
# o_j}$, so that $\ln p_i = \beta o_i - \ln Z$ and $\mathcal{H} = \ln Z - \beta\, \overline{o}$, where $\overline{o} =
# \sum_i p_i o_i$ is the mean logit. Then
#
# $$\frac{d \ln Z}{d\beta} = \frac{\sum_j o_j e^{\beta o_j}}{Z} = \overline{o}, \qquad
# \frac{d \overline{o}}{d\beta} = \sum_i o_i \, p_i\, (o_i - \overline{o}) = \overline{o^2} - \overline{o}^2 =
# \operatorname{Var}(o)$$
#
# $$\frac{d\mathcal{H}}{d\beta} = \overline{o} - \overline{o} - \beta \operatorname{Var}(o)
# \qquad\Longrightarrow\qquad
# \frac{d\mathcal{H}}{d\tau} = -\frac{1}{\tau^2}\,\frac{d\mathcal{H}}{d\beta} = \frac{\operatorname{Var}(o)}{\tau^3}
# \ge 0$$
#
# (In the middle, $dp_i/d\beta = p_i\,(o_i - \overline{o})$.) The slope is 0 only if all logits are equal.

# %% tags=["demo"]
from course_lib.gradcheck import numerical_gradient


def entropy(p):
    return -(p * np.log(p)).sum()


for tau in (0.3, 1.0, 3.0):
    p = softmax(o / tau)
    formula = (p @ o**2 - (p @ o) ** 2) / tau**3
    slope = numerical_gradient(lambda t: entropy(softmax(o / t[0])), np.array([tau]))[0]
    print(f"τ = {tau}: entropy {entropy(p):.3f}, its slope {slope:.4f}, by the formula {formula:.4f}")
    assert np.isclose(slope, formula, atol=1e-7)

# %% [markdown]
# *What to see:* a trained network (the LSTM of 192 units, whose parameters come with the course) has read “The value of
# the expression is a”. Its twelve likeliest next characters, from the same logits at three temperatures. The order
# stays. Cold, hardly more than the space (␣) and n is left; warm, much goes to the others and to the rest.

# %% tags=["demo"]
from course_lib import backend, data, plots, saving, widgets
from course_lib.cells import LSTM, Output
from course_lib.text import Vocabulary

shipped, facts = saving.load(data.char_model())
characters, units = Vocabulary(facts["characters"]), facts["hidden_size"]


def lstm(params=None, dtype="float64"):
    """An LSTM and its output layer with these parameters; with random first weights if there are none."""
    rng = backend.Rng(70)
    cell, output = LSTM(len(characters), units, rng, dtype), Output(units, len(characters), rng, dtype)
    cell.params["b"][1] = 1
    if params is not None:
        for layer in (cell, output):
            layer.params = {name: params[name].astype(dtype) for name in layer.params}
    return cell, output


writer = lstm(shipped)
hs, _, _ = writer[0].forward(characters.encode("The value of the expression is a")[:, None])
logits = writer[1].forward(hs[-1:])[0][0, 0]
plots.show(
    plots.temperatures(
        {f"τ = {tau}\nentropy {entropy(softmax(logits / tau)):.2f}": softmax(logits / tau) for tau in (0.5, 1.0, 2.0)},
        facts["characters"],
    )
)
assert entropy(softmax(2 * logits)) < entropy(softmax(logits)) < entropy(softmax(logits / 2)) < np.log(len(logits))

# %% tags=["demo"] slide="skip"
def beside(tau):
    """The probabilities at τ = 1, and at another temperature."""
    at = {"τ = 1": softmax(logits), f"now τ = {tau:g}": softmax(logits / tau)}
    return plots.temperatures({f"{title}\nentropy {entropy(p):.2f}": p for title, p in at.items()}, facts["characters"])


widgets.sliders(beside, {"τ": [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5]}, start=(0.3,))

# %% [markdown] slide="skip"
# **In code.** $e^{o/\tau}$ overflows early: with $\tau = 0.001$ a logit of 1 is already $e^{1000}$. As in notebook 01,
# subtract the largest logit first: then the largest exponent is 0, at every temperature. For $\tau = 0$ there is no
# formula; take the likeliest character.

# %% tags=["demo"] slide="skip"
with np.errstate(over="ignore", invalid="ignore"):
    direct = np.exp(o / 0.001) / np.exp(o / 0.001).sum()
print("e^(o/τ) directly:  ", direct, "\nlargest subtracted:", softmax(o / 0.001))
assert np.isnan(direct).any() and np.allclose(softmax(o / 0.001), [1, 0, 0, 0])

# %% [markdown]
# ### Exercise 5 · Drawing a text (2 points)
#
# Write `sample(params, h, first, n, temperature, rng)`.
#
# | argument | | |
# |:--|:--|:--|
# | `params` | a dictionary | `U`, `W`, `b`, `V`, `c` of an RNN with softmax |
# | `h` | (H,) | the state before the first character |
# | `first` | a whole number | the character that goes in first; it is not part of the result |
# | `n` | an integer ≥ 0 | how many characters to draw |
# | `temperature` | a number ≥ 0 | $p = \mathrm{softmax}(o / \text{temperature})$, \eqref{temperature}; 0: the most probable character |
# | `rng` | a `numpy.random.Generator` | where chance comes from |
# | *returns* | (n,), whole numbers | the drawn characters |
#
# Each drawn character is the next input. Draw from `rng` only: the same seed gives the same text. Small temperatures
# such as 0.001 must not overflow.
#
# Marked: temperature 0, where nothing is left to chance (0.75 points), the frequencies of what is drawn (0.75), where
# chance comes from (0.5). `hint(sample)` gives a hint.

# %% tags=["answer"] exercise="sample"
def sample(params, h, first, n, temperature, rng):
    """Draw n characters from an RNN, each fed back as the next input."""
    ### BEGIN SOLUTION
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(rng.choice(len(p), p=p / p.sum()))
        ids.append(i)
    return np.array(ids, dtype=int)
    ### END SOLUTION

# %% tags=["check"] exercise="sample"
check(sample)
### BEGIN HIDDEN TESTS
earned(sample)
### END HIDDEN TESTS

# %% [markdown] slide="fragment" sources=["S62"]
# **Does it draw with the right probability?** A small network with three characters, a text of three: 27 texts are
# possible. For each, the product of the probabilities on its way, beside how often it is drawn.

# %% tags=["demo"] sources=["S62"]
from itertools import product

from course_lib import backend

rng = backend.Rng(65)
tiny = {
    "U": rng.normal((4, 3), dtype="float64"),
    "W": rng.normal((4, 4), dtype="float64"),
    "b": np.zeros(4),
    "V": rng.normal((3, 4), dtype="float64"),
    "c": np.zeros(3),
}


def probability(word):
    """The product of the probabilities of its characters, read after character 0."""
    h, p, i = np.zeros(4), 1.0, 0
    for following in word:
        h = np.tanh(tiny["U"][:, i] + tiny["W"] @ h + tiny["b"])
        p, i = p * softmax(tiny["V"] @ h + tiny["c"])[following], following
    return p


generator = np.random.default_rng(1)
drawn = [tuple(sample(tiny, np.zeros(4), 0, 3, 1.0, generator)) for _ in range(4000)]
expected = {word: probability(word) for word in product(range(3), repeat=3)}
off = max(abs(drawn.count(word) / 4000 - p) for word, p in expected.items())
for word in sorted(expected, key=expected.get, reverse=True)[:3]:
    print("text", *word, f": probability {expected[word]:.3f}, drawn {drawn.count(word) / 4000:.2f} of the time")
print(f"the 27 probabilities sum to {sum(expected.values()):.3f}; largest difference below 0.02: {off < 0.02}")
assert np.isclose(sum(expected.values()), 1) and off < 0.02, "check(sample) first"

# %% [markdown]
# **What yours writes.** Your network after 3040 iterations, at four temperatures. It reads the word “The” first, then
# it goes on.
#
# *What to see:* cold, it repeats the most frequent words. At 0.7 there are lines, words, quotation marks and brackets
# in about the right places. At 1.5 words fall apart. It has read the text less than four times.

# %% tags=["demo", "volatile"]
prompt = vocabulary.encode("The ")[:, None]
_, _, h = tbptt_step(run.rule.params, prompt[:-1], prompt[1:], np.zeros((1, H)))  # only to read: its last state
for tau in (0.2, 0.7, 1.0, 1.5):
    written = sample(run.rule.params, h[0], int(prompt[-1, 0]), 250, tau, np.random.default_rng(2))
    print(f"{'—' * 20} τ = {tau}\nThe {vocabulary.decode(written)}\n")

# %% [markdown]
# **A better model, the same temperatures.** The LSTM of the figure above writes, too; its parameters are stored, so
# here the text is always the same. (`text.sample` is the library's version of your function, for any cell.)

# %% tags=["demo"]
from course_lib import text

for tau in (0.2, 0.7, 1.0, 1.5):
    written = text.sample(*writer, characters, "The ", 250, tau, backend.Rng(71))
    print(f"{'—' * 20} τ = {tau}\nThe {written}\n")

# %% [markdown]
# **What is lost, what is won?** For each temperature 1500 characters are drawn. How many of the words, of three
# letters or more, occur in the training text? And how many *different* words are there, of all that were written?
# Cold: only known words, always the same few. Warm: hardly a repetition, but few known words.

# %% tags=["demo"]
import re


def words(written):
    return re.findall(r"[A-Za-z]{3,}", written)


vocabulary_of_words, table = set(words(train_text)), {}
for tau in (0.2, 0.7, 1.0, 1.5):
    drawn_words = words(text.sample(*writer, characters, "The ", 1500, tau, backend.Rng(72)))
    known_words = np.mean([word in vocabulary_of_words for word in drawn_words])
    table[tau] = known_words, len(set(drawn_words)) / len(drawn_words)
    print(f"τ = {tau}: {table[tau][0]:4.0%} of the words are known, {table[tau][1]:4.0%} are different ones")
known_shares, different = np.array(list(table.values())).T
assert (np.diff(known_shares) < 0).all() and (np.diff(different) > 0).all()

# %% [markdown]
# **Names.** A second text, a small one: the names of the cities in the time zone database, one a line. A network of 100
# units learns them in a few seconds, and invents names. Fifty of them are held out. The lines are shuffled before each
# time through, so that no name follows from the one before.
#
# *What to see:* the training loss falls and falls. The loss on the fifty held-out names is lowest after ten to twenty
# times through (one point is five times), then it rises: the network learns the list by heart.

# %% tags=["demo"]
from course_lib import backend, data, init
from course_lib.runs import Live, Run
from course_lib.text import Vocabulary

rng, cities = backend.Rng(66), data.cities()
order = rng.permutation(len(cities))
kept_out, known = [cities[k] for k in order[:50]], [cities[k] for k in order[50:]]
letters = Vocabulary("\n".join(cities))
end, H_names = int(letters.encode("\n")[0]), 100


def listed(names):
    """The names as a text, one a line, in a new order."""
    return letters.encode("\n" + "\n".join(names[k] for k in rng.permutation(len(names))) + "\n")


x_out, y_out = batchify(listed(kept_out), 1, 100)
chunks = (len(listed(known)) - 1) // (8 * 16)
names_params = init.rnn_params(len(letters), H_names, len(letters), rng, "float64")
labels = {"training": "nats per character", "held out": "nats per character"}
run_names = Run(Rule(names_params, lr=0.05), every=5 * chunks, show=Live("city names", labels))
print(f"{len(known)} names to learn, {len(letters)} characters, {chunks} chunks for one time through")

# %% tags=["demo", "volatile"]
for i in run_names.until(120 * chunks):
    if i % chunks == 0:
        x_names, y_names, h = *batchify(listed(known), 8, 16), np.zeros((8, H_names))
        none = np.zeros((1, H_names))
        unseen = [tbptt_step(names_params, *part, none)[0] / 100 for part in zip(x_out, y_out, strict=True)]
        run_names.note(**{"held out": np.mean(unseen)})
        if i == 20 * chunks:
            early = {name: p.copy() for name, p in names_params.items()}
    loss, grads, h = tbptt_step(names_params, x_names[i % chunks], y_names[i % chunks], h)
    for g in grads.values():
        np.clip(g, -5, 5, out=g)
    run_names.rule.step(grads)
    run_names.note(training=loss / 16)

held_curve, training_curve = run_names.curve["held out"][1], run_names.curve["training"][1]
print(f"lowest on held-out names within 30 times through: {held_curve.argmin() < 6}")
print(f"at the end, held out above it by more than 0.3: {held_curve[-1] > held_curve.min() + 0.3}", end="; ")
print(f"training below it by more than 0.5: {training_curve[-1] < held_curve.min() - 0.5}")
done = run_names.i == 120 * chunks
assert not done or held_curve[-1] > held_curve[:6].min() + 0.3 == held_curve.min() + 0.3 > training_curve[-1] + 0.8

# %% [markdown]
# **How many are real?** Names are drawn at $\tau = 0.5$, from the network after 20 times through and after 120. A drawn
# name may stand in the list that was learned: then it may be remembered. Or it is one of the fifty held-out ones: then
# the network has found a real city that it has never seen.
#
# After 20 times through nearly everything is invented. After 120, one name in six or so is remembered, and held-out
# names still hardly come up. Better training loss, less invention: what the loss rewards is the list, not the idea of
# it.

# %% tags=["demo"]
def invent(params, tau=0.5, n=6000, seed=3):
    """Names drawn one after another, n characters in all; the last, which is cut off, is left out."""
    ids = sample(params, np.zeros(H_names), end, n, tau, np.random.default_rng(seed))
    return [name for name in letters.decode(ids).split("\n")[:-1] if name]


for label, params_then in (("after  20 times", early), ("after 120 times", names_params)):
    drawn_names = invent(params_then)
    real = np.mean([name in known for name in drawn_names])
    found = {name for name in drawn_names if name in kept_out}
    print(f"{label}: more than 500 names: {len(drawn_names) > 500};", end=" ")
    low, high = (0, 0.03) if params_then is early else (0.08, 0.3)
    print(f"remembered: {low:.0%} to {high:.0%} of them: {low <= real <= high};", end=" ")
    print(f"fewer than 5 of the held-out ones found: {len(found) < 5}")
    assert low <= real <= high and len(found) < 5, "check(sample) first"

# %% tags=["demo", "volatile"]
for label, params_then in (("after 20 times", early), ("after 120 times", names_params)):
    print(f"{label}:", ", ".join(name + " (real)" * (name in cities) for name in invent(params_then)[:24]), "\n")

# %% [markdown]
# ## What single units know
#
# To say what comes next it helps to know whether a quotation mark is open, how long the word is by now, or where in
# the line we are. Does some unit of the trained LSTM hold such a thing? In notebook 04 we learned to be careful:
#
# * **state the question first.** Below are five properties of a text that a reader could keep track of;
# * **choose on one text, report on another.** Of 192 units, the one whose state $h$ correlates most with a property
#   on the training text; then its correlation on held-out text;
# * **compare with chance.** The same search in an LSTM with random first weights.

# %% tags=["demo"] slide="skip"
PROPERTIES = ("letters of the word", "inside quotes", "inside brackets", "indenting", "place in line")


def properties(text):
    """What a reader could know after each character (N,), by name."""
    word = quote = depth = place = 0
    start, rows = True, []
    for n, character in enumerate(text):
        word = word + 1 if character.isalnum() or character == "_" else 0
        if text[n : n + 2] == "\n\n":  # a paragraph ends, and with it whatever was left open
            quote = depth = 0
        quote = 1 - quote if character == '"' else quote
        depth = max(0, depth + (character == "(") - (character == ")"))
        start = character == "\n" or (start and character == " ")
        place = 0 if character == "\n" else place + 1
        rows.append((word, quote, depth > 0, start, place))
    return dict(zip(PROPERTIES, np.array(rows, float).T, strict=True))


for line in zip('ab ("c', *properties('ab ("c').values(), strict=True):
    print(repr(line[0]), *(f"{value:g}" for value in line[1:]))
assert [values[-1] for values in properties('ab ("c').values()] == [1, 1, 1, 0, 6]

# %% [markdown] slide="skip"
# A text is read as 20 parts side by side, each from a state of zeros. With the states of all steps at hand, the
# logits and the forget gates need no loop: $f^{(t)} = \sigma(U_f\, x^{(t)} + W_f\, h^{(t-1)} + b_f)$ for all $t$ at
# once.

# %% tags=["demo"] slide="skip"
from course_lib.text import batches


def read_text(cell, output, text, B=20):
    """States h (N, H), forget gates f (N, H), and the log-probabilities (N, V) of the next character."""
    x, _ = batches(characters.encode(text), B)
    hs, _, _ = cell.forward(x)
    before = np.concatenate([np.zeros_like(hs[:1]), hs[:-1]])
    U_f, W_f, b_f = (cell.params[name][1] for name in "UWb")
    forget = 0.5 + 0.5 * np.tanh(0.5 * (U_f.T[x] + before @ W_f.T + b_f))
    logits = output.forward(hs)[0]
    logits = logits - logits.max(axis=-1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return [part.swapaxes(0, 1).reshape(-1, part.shape[-1]) for part in (hs, forget, log_p)]

# %% tags=["demo"]
def correlations(states, values):
    """The correlation (H,) of each unit with a property."""
    states, values = states - states.mean(axis=0), values - values.mean()
    return states.T @ values / np.sqrt((states**2).sum(axis=0) * (values**2).sum())


N = 20_000
seen_text, fresh_text = train_text[-N - 1 :], held_out_text[: N + 1]
seen_known, fresh_known = properties(seen_text[:N]), properties(fresh_text[:N])
nets = {"trained": lstm(shipped, "float32"), "random weights": lstm(None, "float32")}
seen_read = {name: read_text(*net, seen_text) for name, net in nets.items()}
fresh_read = {name: read_text(*net, fresh_text) for name, net in nets.items()}

finest = {}
print("largest correlation of a unit    trained: unit, held out   random weights: held out")
for what in PROPERTIES:
    found = {}
    for name in nets:
        k = np.abs(correlations(seen_read[name][0], seen_known[what])).argmax()
        found[name] = k, correlations(fresh_read[name][0], fresh_known[what])[k]
    finest[what] = found["trained"]
    print(f"{what:24s}{found['trained'][0]:16d} {found['trained'][1]:14.2f} {found['random weights'][1]:24.2f}")
    if what == "inside quotes":
        assert abs(found["trained"][1]) > abs(found["random weights"][1]) + 0.1

# %% [markdown] slide="-"
# A unit for *quotes* is something that was learned. The others are not: random units follow the length of a word or the
# indentation just as well.

# %% [markdown]
# **One unit for quotation marks.** *What to see:* the same held-out passage twice, each character in the colour of a
# unit's state after it was read. Purple is near 1, orange near −1. Above, the unit for quotes: it changes colour at the
# first mark of a pair, and back at the second. It is purple in `**kwargs`, too: it is not only about quotes. Below, the
# unit that follows the letters of a word: purple at the beginning of a word, orange later.

# %% tags=["demo"]
from course_lib import plots

passage = slice(fresh_text.index("(For other"), fresh_text.index("   Return a new"))
shown = {}
for what in ("inside quotes", "letters of the word"):
    k, r = finest[what]
    shown[f"unit {k}, “{what}”, correlation {r:.2f}"] = fresh_read["trained"][0][passage, k]
plots.show(plots.coloured_text(fresh_text[passage], shown))

# %% [markdown]
# **What is it good for?** Hold one unit at its mean over the training text, $h_k = \text{const}$, and let everything
# else run as before. (The gates can do that: $i = o = 1$, $f = 0$ and the right $b_g$, by large biases.) By how much
# does the loss on the held-out text rise, on average and where a quotation ends?

# %% tags=["demo"]
targets = batches(characters.encode(fresh_text), 20)[1].T.ravel()
quoted = fresh_known["inside quotes"][: len(targets)] == 1
closing = quoted & (targets == characters.encode('"')[0])


def nats(net):
    """The loss at each character of the held-out text."""
    return -read_text(*net, fresh_text)[2][np.arange(len(targets)), targets]


def hold(k):
    """The shipped parameters, with unit k at its mean."""
    held = {name: p.astype("float64") for name, p in shipped.items()}
    for name in "UWb":
        held[name][:, k] = 0
    mean = seen_read["trained"][0][:, k].mean()
    held["b"][:, k] = 50, -50, 50, np.arctanh(np.arctanh(mean))  # of i, f, o, g
    return lstm(held, "float32")


base, k = nats(nets["trained"]), finest["inside quotes"][0]
assert np.ptp(read_text(*hold(k), fresh_text)[0][:, k]) < 1e-6  # it is held
print(f"{closing.sum()} ends of quotations, {base[closing].mean():.1f} nats each; all characters {base.mean():.2f}")
rises = {}
for unit in (k, *[other for other in (0, 50, 100, 150) if other != k]):
    rise = nats(hold(unit)) - base
    overall, rises[unit] = float(rise.mean()), float(rise[closing].mean())
    shown_rises = round(overall, 2) + 0.0, round(rises[unit], 1) + 0.0
    print("unit {:3} held: all characters {:+.2f}, ends of quotations {:+.1f}".format(unit, *shown_rises))
assert rises[k] > 1 > 3 * max(abs(rise) for unit, rise in rises.items() if unit != k)

# %% [markdown] slide="-"
# Here the experiment agrees with the picture. Without this one unit of 192, the network hardly expects the second
# mark any more. (In notebook 04 a fine picture of a gate turned out to mean little. Both happen.)

# %% [markdown]
# **All units together.** A property need not sit in one unit. So add all of them up with weights, chosen by least
# squares on the training text, and correlate that sum with the property on the held-out text.
#
# For quotes and words the trained network is ahead of the random one. But *the place in the line* can be read better
# from the **random** network! Random weights echo whatever was read, and a newline is an echo, too. Training has not
# kept that. Does the trained network know where lines end? No: past the 64th character of a line it expects a newline
# much too seldom. It would have to count, over more steps than a chunk of its training had.

# %% tags=["demo"]
def together(name, what):
    """The correlation of the best weighted sum of all units with a property, on held-out text."""
    one, other = (read[name][0].astype("float64") for read in (seen_read, fresh_read))
    one, values = one - one.mean(axis=0), seen_known[what] - seen_known[what].mean()
    weights = np.linalg.solve(one.T @ one, one.T @ values)
    return np.corrcoef(other @ weights, fresh_known[what])[0, 1]


sums = {what: [together(name, what) for name in nets] for what in PROPERTIES}
print("all units together, held out     trained     random weights")
for what, (ours_r, random_r) in sums.items():
    print(f"{what:24s}{ours_r:16.1f} {random_r:16.1f}")
far = fresh_known["place in line"][: len(targets)] > 64
newline = int(characters.encode("\n")[0])
expected_end = np.exp(fresh_read["trained"][2][: len(targets)][far, newline]).mean()
happens = (targets[far] == newline).mean()
print(f"past place 64: a newline follows in {happens:.0%} of the cases; it is expected with {expected_end:.0%}")
assert sums["inside quotes"][0] > sums["inside quotes"][1] + 0.1 and happens > 2 * expected_end
assert sums["place in line"][0] < sums["place in line"][1] - 0.1

# %% [markdown]
# **Gates at the end of a line.** What is forgotten where? For each unit compare the forget gate at a newline with its
# mean elsewhere.
#
# *What to see:* the forget gate of the unit with the largest difference, in the same passage. Orange is shut: there the
# memory of this unit is erased, at newlines, and at many spaces and commas as well. Inside of words it is open.

# %% tags=["demo"]
at_end = np.array(list(fresh_text[:N])) == "\n"
forget = fresh_read["trained"][1]
after_end, elsewhere = forget[at_end].mean(axis=0), forget[~at_end].mean(axis=0)
shutting = np.argsort(after_end - elsewhere)[:3]
unit = shutting[0]
title = f"forget gate of unit {unit}: on average {after_end[unit]:.1f} at a newline, {elsewhere[unit]:.1f} elsewhere"
colours = {title: forget[passage, unit]}
plots.show(plots.coloured_text(fresh_text[passage], colours, limits=(0, 1), label="forget gate f"))
for k in shutting:
    print(f"unit {k:3}: forget gate at a newline {after_end[k]:.2f}, elsewhere {elsewhere[k]:.2f}")
    assert after_end[k] < 0.6 * elsewhere[k]

# %% [markdown] sources=["S91"]
# ## Numbers instead of letters
#
# What goes in need not be letters, and what comes out need not be probabilities. D trains the same network to say
# *numbers*. Its loss is a sum over time, whatever the error $E$ of a single step:
#
# $$L(\bar o, \bar y) = \sum_{t=1}^{T} E\big(o^{(t)}, y^{(t)}\big)$$
#
# So only the outputs of step $t$ meet the term of step $t$, and $\dfrac{\partial^+ L}{\partial o^{(t)}} =
# \dfrac{\partial E(o^{(t)}, y^{(t)})}{\partial o^{(t)}}$. Everything below the outputs stays as it was. Cross entropy
# is one choice of $E$. This section takes the other one.

# %% [markdown] sources=["S91", "S92"]
# **The squared error**, \eqref{squared-error}. D chooses, with a footnote that says what the sign means,
#
# $$E(o, y) = \lVert o - y \rVert_2^2, \qquad \lVert v \rVert_2^2 = \sum_{i=1}^{d} v_i^2$$
#
# In the sum over $i$ only one term has $o_i$ in it. So
# $\;\dfrac{\partial E}{\partial o_i} = 2\,(o_i - y_i)$, or $\;\dfrac{\partial E}{\partial o} = 2\,(o - y)$.
#
# **Mind the square.** The norm itself, $\lVert v \rVert_2 = \sqrt{\sum_i v_i^2}$, is another loss. By the chain rule,
#
# $$\frac{\partial \lVert o - y \rVert_2}{\partial o} = \frac{1}{2 \lVert o - y \rVert_2}\; 2\,(o - y)
# = \frac{o - y}{\lVert o - y \rVert_2}$$
#
# That is a vector of length 1, however near $o$ is to $y$, and none at all where they are equal. The gradient of the
# square gets smaller as the error does: the steps of the training shorten by themselves.

# %% tags=["demo"] sources=["S91", "S92"]
from course_lib import functions
from course_lib.gradcheck import numerical_gradient

y_vector = np.array([1.0, -2.0, 2.0])
direction = np.array([2.0, -1.0, 2.0]) / 3  # of length 1
for away in (1.0, 0.1, 0.01):
    o = y_vector + away * direction
    square = numerical_gradient(lambda o: ((o - y_vector) ** 2).sum(), o)
    norm = numerical_gradient(lambda o: np.sqrt(((o - y_vector) ** 2).sum()), o)
    print(f"error {away:4}: gradient of the square", square.round(3), end="  ")
    print(f"length {np.linalg.norm(square):.2f}; of the norm, length {np.linalg.norm(norm):.2f}")
    assert np.allclose(square, 2 * (o - y_vector), atol=1e-7) and np.isclose(np.linalg.norm(norm), 1, atol=1e-6)

steps_o, steps_y = np.array([[[1.0, 2.0]], [[3.0, 3.0]]]), np.array([[[0.0, 4.0]], [[3.0, 3.5]]])  # (T, B, O)
by_step = [((steps_o[t] - steps_y[t]) ** 2).sum() for t in (0, 1)]
print("two steps:", *by_step, "; their sum", functions.squared_error(steps_o, steps_y))
assert functions.squared_error(steps_o, steps_y) == sum(by_step) == 5.25

# %% [markdown] slide="skip"
# **Why the square?** Suppose the numbers are what the network says plus noise: $y = o + \sigma n$ with a normal
# distribution, independent in each of the $d$ components. Then the negative log-likelihood, the loss of all notebooks
# before, is
#
# $$-\ln p(y) = -\ln \prod_{i=1}^{d} \frac{1}{\sqrt{2\pi}\,\sigma}\, e^{-(y_i - o_i)^2 / 2\sigma^2}
# = \frac{\lVert o - y \rVert_2^2}{2 \sigma^2} + d \ln\big(\sqrt{2\pi}\,\sigma\big)$$
#
# The last term does not depend on $o$. So least squares *is* the largest likelihood, with a noise that is the same
# everywhere. Two things follow that one should know: an output aims at the **mean** of what can come, and an error
# twice as large counts four times.

# %% tags=["demo"] slide="skip"
from course_lib import backend

sigma, o = 0.7, np.array([1.5, -1.0, 2.0])
density = np.exp(-((y_vector - o) ** 2) / (2 * sigma**2)) / (np.sqrt(2 * np.pi) * sigma)
likelihood = -np.log(density.prod())
formula = ((o - y_vector) ** 2).sum() / (2 * sigma**2) + 3 * np.log(np.sqrt(2 * np.pi) * sigma)
print(f"−ln p(y) = {likelihood:.4f}; by the formula {formula:.4f}")
assert np.isclose(likelihood, formula)

can_come = np.exp(backend.Rng(64).normal(10_001, dtype="float64"))  # many small numbers, a few large ones
answers = np.linspace(0, 5, 501)
best = answers[np.argmin([((can_come - answer) ** 2).mean() for answer in answers])]
print(f"best constant answer {best:.2f}; mean {can_come.mean():.2f}; median {np.median(can_come):.2f}")
assert abs(best - can_come.mean()) < 0.01 < abs(best - np.median(can_come))

# %% [markdown]
# **The sunspots once more**, now with five outputs: from the years up to now, say the numbers of the *next five* years,
# $o^{(t)} \in \mathbb{R}^5$. A plain network of 12 units, the library's cells, and the squared error. Trained on the
# years to 1907 (also the fifth year ahead); 1913 to 1957 decide when to stop; the years from 1958 on are the test.
#
# Before any training: is the gradient right? Central differences through everything, all parameters.

# %% tags=["demo"] sources=["S91", "S92"]
from course_lib import data, functions
from course_lib.cells import RNN, Output
from course_lib.gradcheck import check_gradients
from course_lib.training import loss_and_gradients

years, numbers = data.sunspots()
scaled, ahead = numbers / 100, 5
N = len(years) - ahead
seen, wanted = scaled[:N, None, None], np.stack([scaled[k : k + N, None] for k in range(1, ahead + 1)], axis=-1)
now = years[:N]
training, test = now + ahead < 1908, now + 1 >= 1958
validation = (now + 1 >= 1913) & (now + ahead < 1958)
n = training.sum()


def network(seed, H=12):
    rng = backend.Rng(seed)
    return RNN(1, H, rng, "float64"), Output(H, ahead, rng, "float64")


cell, output = network(0, H=3)
small_params = cell.params | output.params
_, grads, _ = loss_and_gradients(cell, output, seen[:20], wanted[:20], loss="squared_error")
errors = check_gradients(
    lambda _: functions.squared_error(output.forward(cell.forward(seen[:20])[0])[0], wanted[:20]), small_params, grads
)
print("inputs", seen.shape, "targets", wanted.shape)
print("relative error of every gradient below 1e-7:", max(errors.values()) < 1e-7)
assert max(errors.values()) < 1e-7

# %% [markdown]
# **Beside what?** Three rules that need no network: *the same as this year*; *as in the cycle before*, eleven years
# before the year in question; and the mean of the training years. The measure is the root of the mean squared error, in
# sunspots, for each number of years ahead.

# %% tags=["demo"]
from course_lib import optim
from course_lib.runs import Live, Run


def rmse(said, part):
    """The root of the mean squared error in sunspots, for 1, …, 5 years ahead."""
    return 100 * np.sqrt(((said - wanted)[part] ** 2).mean(axis=(0, 1)))


def predicted(cell, output):
    return output.forward(cell.forward(seen)[0])[0]


sun_cell, sun_output = network(0)
sun_params = sun_cell.params | sun_output.params
labels = {"training": "squared error a year", "validation": "squared error a year"}
run_sun = Run(optim.Adam(sun_params, lr=5e-3), every=10, show=Live("five years ahead", labels))
best = np.inf

# %% tags=["demo", "volatile"]
for _ in run_sun.until(400):
    said = predicted(sun_cell, sun_output)
    error = ((said - wanted)[validation] ** 2).sum(axis=-1).mean()
    if error < best:
        best, kept = error, {name: p.copy() for name, p in sun_params.items()}
    loss, grads, _ = loss_and_gradients(sun_cell, sun_output, seen[:n], wanted[:n], loss="squared_error")
    run_sun.rule.step(grads)
    run_sun.note(training=loss / n, validation=error)
for name, p in sun_params.items():
    p[...] = kept[name]
before, after = run_sun.curve["training"][1][[0, -1]]
print(f"squared error a year, training: from {before:.1f} to {after:.1f}")
assert run_sun.i < 400 or after < 0.3 * before

# %% [markdown] slide="-"
# *What to see:* the error against the number of years ahead. One year ahead, the network (green) is far better than
# every rule. The rule "same as this year" gets worse quickly: after five years a wave of eleven is nearly turned round,
# and it is worse than the mean. "As in the cycle before" is equally good for all years. At five years ahead the network
# is no better than that.

# %% tags=["demo"]
from course_lib import plots

mean = np.full(wanted.shape, numbers[: n + ahead].mean() / 100)
cycle = np.full(wanted.shape, np.nan)
for k in range(1, ahead + 1):
    cycle[11 - k :, 0, k - 1] = scaled[: N - (11 - k)]
rules = {"as this year": np.repeat(seen, ahead, axis=-1), "cycle before": cycle, "mean": mean}
scores = {name: rmse(said, test) for name, said in rules.items()}
ours = rmse(predicted(sun_cell, sun_output), test)
plots.show(plots.errors_ahead({"network": ours}, scores))
for name, score in (scores | {"network": ours}).items():
    print(f"{name:13s}", *(f"{k} {'year' if k == 1 else 'years'}: {e:3.0f}" for k, e in enumerate(score, 1)), sep="  ")
assert ours[0] < 0.75 * min(score[0] for score in scores.values())
assert scores["as this year"][4] > scores["mean"][4] > scores["cycle before"][4]
assert abs(ours - scores["cycle before"])[4] < 8

# %% [markdown]
# ## Questions
#
# Four questions without points. Answer first, then open the answer; the cell below each one computes it.

# %% [markdown] slide="fragment"
# **1.** After 150 chunks a new program reports a loss of 0.1 nats per character, on a text where a table of pairs gets
# 2.4. A breakthrough?
#
# <details><summary>Answer</summary>
#
# No. It has been told the answer. The usual way: the targets are the inputs, not shifted by one. The network only has
# to copy what it reads, which a plain network learns at once. A loss can be too good, as it can be too bad.
#
# </details>

# %% tags=["demo"]
def after_150(shift):
    """The loss per character after 150 chunks, where the target is the character so many places ahead."""
    params = init.rnn_params(V, H, V, backend.Rng(67), "float64")
    rule, h, losses = Rule(params, lr=0.05), np.zeros((B, H)), []
    for chunk in range(150):
        loss, grads, h = tbptt_step(params, x[chunk], y[chunk] if shift else x[chunk], h)
        rule.step(grads)
        losses.append(loss / T)
    return np.mean(losses[-20:])


copied, honest = after_150(0), after_150(1)
print(f"targets not shifted: below 0.3 nats per character: {copied < 0.3}; shifted: above 2: {honest > 2}")
assert copied < 0.3 and honest > 2

# %% [markdown] slide="fragment"
# **2.** Somebody forgets to divide by $B$: the loss is a *sum* over the 16 rows. What does that do to the steps of SGD,
# and to those of Adagrad?
#
# <details><summary>Answer</summary>
#
# All gradients are 16 times as large. SGD's steps are, too: the learning rate would have to be 16 times smaller.
# Adagrad goes the same way as before, up to its $\epsilon$, as long as nothing is clipped: the scale of the gradients
# cancels.
#
# </details>

# %% tags=["demo"]
short = {"p": backend.Rng(68).normal((4, 5), dtype="float64")}
sixteen = {"p": 16 * short["p"]}
for label, rule_of in (("SGD", optim.SGD), ("Adagrad", optim.Adagrad)):
    steps_made = []
    for gradient in (short, sixteen):
        p = {"p": np.zeros((4, 5))}
        rule_of(p, lr=0.1).step(gradient)
        steps_made.append(np.linalg.norm(p["p"]))
    print(f"{label:8s} step with the sum / step with the mean: {steps_made[1] / steps_made[0]:.3f}")
    assert np.isclose(steps_made[1] / steps_made[0], 16 if label == "SGD" else 1, atol=1e-4)

# %% [markdown]
# **3.** At temperature 0 the network soon writes the same few words for ever. Why must it, nearly? And why does that
# not happen at $\tau = 1$?
#
# <details><summary>Answer</summary>
#
# Nothing is left to chance: the state and the character decide the next state and the next character. When state and
# character come (nearly) back to where they were, everything repeats. The likeliest next words are the most frequent
# ones, so the way back is short. A draw at $\tau = 1$ leaves the loop sooner or later: the less likely way is taken,
# too.
#
# </details>

# %% tags=["demo"]
def period(written):
    """The shortest p with which the last 200 characters repeat; 0 if there is none up to 100."""
    end = written[-200:]
    return next((p for p in range(1, 101) if end[p:] == end[:-p]), 0)


for tau in (0, 1.0):
    written = text.sample(*writer, characters, "The ", 600, tau, backend.Rng(73))
    print(f"τ = {tau}: after 560 characters “{written[560:]}”; it repeats after {period(written) or 'no'} characters")
    assert bool(period(written)) == (tau == 0)

# %% [markdown] slide="fragment"
# **4.** One file has 100 000 characters, each of them stored in 8 bits. A model predicts it with 1.5 nats per
# character. How short could a file be that holds the same text, if both sides have the model? And with a perplexity
# of 3?
#
# <details><summary>Answer</summary>
#
# 1.5 nats are $1.5/\ln 2 = 2.16$ bits: $100\,000 \cdot 2.16 / 8 = 27\,000$ bytes, a bit more than a quarter.
# Perplexity 3 is $\ln 3 = 1.10$ nats, 1.58 bits, so $19\,800$ bytes. (An arithmetic coder comes within a few bytes of
# that.)
#
# </details>

# %% tags=["demo"]
for nats in (1.5, np.log(3)):
    bits = bits_per_char(nats, 1)
    print(f"{nats:.2f} nats, perplexity {perplexity(nats, 1):.2f}: {bits:.2f} bits, {100_000 * bits / 8:.0f} bytes")
assert round(100_000 * bits_per_char(1.5, 1) / 8, -3) == 27_000 and np.isclose(perplexity(np.log(3), 1), 3)

# %% [markdown]
# ## Where you are

# %% tags=["demo"]
progress()

# %% [markdown] slide="fragment"
# You have trained a language model on a real text, with every part of it written by yourself:
#
# * a text is cut into rows and chunks; the state goes on, the gradient does not;
# * the loss is measured against a guess: $\ln V$ at first, the tables of frequencies and pairs after that;
# * Adagrad gives every number its own rate, so that rare characters learn, too;
# * a training is more than its parameters: the memory of the rule, the state, and the place in the text belong to it;
# * drawing feeds back what was drawn, and the temperature decides how bold it is;
# * one unit of the LSTM has learned to follow quotation marks. To know that took a second text to measure it, a random
#   network to compare with, and an experiment;
# * with another $E$ the same network predicts numbers.
#
# The last notebook asks how long a memory really gets: on tasks whose length is known.

# %% [markdown] slide="skip"
# To read on: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization"
# (2011, Adagrad); Sutskever, Martens and Hinton, "Generating text with recurrent neural networks" (2011); Graves,
# "Generating sequences with recurrent neural networks" (2013); Karpathy, Johnson and Fei-Fei, "Visualizing and
# understanding recurrent networks" (2015, units that follow quotes and brackets); Merity, Keskar and Socher, "An
# analysis of neural language modeling at multiple scales" (2018); Mikolov et al., "Recurrent neural network based
# language model" (2010).
