"""Key of notebook 01: cases, known mistakes and other right answers."""

import numpy as np

from course_lib.grading.keys import alternative, cases, hide, mistake, show, wrong_option


def _rnn(rng, D, H, O, dtype="float64"):
    shapes = {"U": (H, D), "W": (H, H), "b": (H,), "V": (O, H), "c": (O,)}
    return {name: _normal(rng, *shape, dtype=dtype) for name, shape in shapes.items()}


def _normal(rng, *shape, dtype="float64"):
    return rng.standard_normal(shape).astype(dtype)


# --- Exercise 1 -----------------------------------------------------------------------------------


@cases("rnn_step")
def _(rng):
    def inputs(B, D, H, dtype="float64", bias=True):
        return {
            "x_t": _normal(rng, B, D, dtype=dtype),
            "h_prev": _normal(rng, B, H, dtype=dtype),
            "U": _normal(rng, H, D, dtype=dtype),
            "W": _normal(rng, H, H, dtype=dtype),
            "b": _normal(rng, H, dtype=dtype) if bias else np.zeros(H, dtype),
        }

    # Where B = D = H, products that belong to columns run too, and their values tell what was done.
    yield show("values", **inputs(2, 3, 3, bias=False))
    yield show("values", **inputs(1, 2, 4, bias=False))
    yield show("values", **inputs(3, 3, 3, bias=False))
    yield hide("values", **inputs(5, 6, 3, bias=False))
    yield hide("values", **inputs(4, 4, 4, bias=False))
    yield show("bias", **inputs(2, 3, 3))
    yield show("bias", **inputs(1, 4, 2))
    yield show("bias", **inputs(3, 3, 3))
    yield hide("bias", **inputs(3, 1, 5))
    yield show("float32", **inputs(2, 3, 3, "float32", bias=False))
    yield show("float32", **inputs(3, 3, 3, "float32", bias=False))
    yield hide("float32", **inputs(1, 5, 4, "float32", bias=False))


ALL = ["values", "bias", "float32"]


@mistake("rnn_step", "the values are right, but float32 inputs give float64: somewhere a float64 array (np.zeros without dtype?) or a conversion comes in.", fails=["float32"])
def rnn_step(x_t, h_prev, U, W, b):
    a = np.zeros(h_prev.shape)
    a += x_t @ U.T + h_prev @ W.T + b
    return np.tanh(a)


@mistake("rnn_step", "tanh is missing: your values are those of a = x_t Uᵀ + h_prev Wᵀ + b. See “One step”: h = tanh(a).", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return x_t @ U.T + h_prev @ W.T + b


@mistake("rnn_step", "U and W are exchanged: U (H, D) belongs to the input x_t, W (H, H) to the state h_prev. See the table in “One notation”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ W.T + h_prev @ U.T + b)


@mistake("rnn_step", "the bias b is missing. See “One step”: a = U x + W h + b.", fails=["bias"])
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U.T + h_prev @ W.T)


@mistake("rnn_step", "b is added after tanh. It belongs to a, inside: h = tanh(U x + W h + b).", fails=["bias"])
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U.T + h_prev @ W.T) + b


@mistake("rnn_step", "your values are those of ReLU, max(a, 0). This network uses tanh. See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.maximum(x_t @ U.T + h_prev @ W.T + b, 0)


@mistake("rnn_step", "your values are those of the sigmoid 1 / (1 + exp(−a)). This network uses tanh. See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return 1 / (1 + np.exp(-(x_t @ U.T + h_prev @ W.T + b)))


@mistake("rnn_step", "W is not transposed: for rows, W h becomes h_prev @ W.T. The shapes do not warn you, because W is square. See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U.T + h_prev @ W + b)


@mistake("rnn_step", "U is not transposed: for rows, U x becomes x_t @ U.T. It only runs when D = H. See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U + h_prev @ W.T + b)


@mistake("rnn_step", "neither U nor W is transposed: for rows, U x becomes x_t @ U.T and W h becomes h_prev @ W.T. See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U + h_prev @ W + b)


@mistake("rnn_step", "only the input part goes through tanh. Add all three terms first, then apply tanh to the sum. See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U.T) + h_prev @ W.T + b


@mistake("rnn_step", "input and state each have a tanh of their own. There is one tanh, around the sum. See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U.T + b) + np.tanh(h_prev @ W.T)


@mistake("rnn_step", "the previous state is not used: your values are those of tanh(U x + b), a network without memory. See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U.T + b)


@mistake("rnn_step", "the input is not used: your values are those of tanh(W h + b). See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(h_prev @ W.T + b)


@mistake("rnn_step", "h_prev itself is added, not W h_prev. See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U.T + h_prev + b)


@mistake("rnn_step", "b is added along the samples (as a column, or before the result is transposed), so that it goes to the wrong units. Each sample is a row, and b, of shape (H,), belongs to every row.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U.T + h_prev @ W.T + b[:, None])


@mistake("rnn_step", "U @ x_t and W @ h_prev are right for one sample as a column, as in the example by hand. Here each sample is a row; your products only run when B = D = H, and then mix the samples. See “One notation”: time comes first, samples are rows.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(b + W @ h_prev + U @ x_t)


@mistake("rnn_step", "U @ x_t is right for one sample as a column, but here each sample is a row (W h_prev is done for rows already). It only runs when B = D. See “One notation”: time comes first, samples are rows.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(U @ x_t + h_prev @ W.T + b)


@mistake("rnn_step", "W @ h_prev is right for one sample as a column, but here each sample is a row (U x_t is done for rows already). It only runs when B = H. See “One notation”: time comes first, samples are rows.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(x_t @ U.T + W @ h_prev + b)


@mistake("rnn_step", "the products have one column for each sample, (H, B), but b is added as a row, so that it goes to the wrong units; and the result must be (B, H), a row for each sample. See “One notation”: samples are rows.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(U @ x_t.T + W @ h_prev.T + b)


@mistake("rnn_step", "the result has one column for each sample, shape (H, B). Rows are samples: (B, H). See “One step”.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(U @ x_t.T + W @ h_prev.T + b[:, None])


@mistake("rnn_step", "the new state overwrites h_prev. The caller still needs the old one: make a new array.", fails=ALL)
def rnn_step(x_t, h_prev, U, W, b):
    h_prev[...] = np.tanh(x_t @ U.T + h_prev @ W.T + b)
    return h_prev


@alternative("rnn_step", "einsum")
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(np.einsum("bd,hd->bh", x_t, U) + np.einsum("bk,hk->bh", h_prev, W) + b)


@alternative("rnn_step", "columns, as the sources write it")
def rnn_step(x_t, h_prev, U, W, b):
    return np.tanh(U @ x_t.T + W @ h_prev.T + b[:, None]).T


@alternative("rnn_step", "one product with the matrices side by side")
def rnn_step(x_t, h_prev, U, W, b):
    a = np.concatenate([x_t, h_prev], axis=1) @ np.concatenate([U, W], axis=1).T
    a += b
    return np.tanh(a, out=a)


@alternative("rnn_step", "sample by sample")
def rnn_step(x_t, h_prev, U, W, b):
    h = np.empty_like(h_prev)
    for i in range(len(x_t)):
        h[i] = np.tanh(U @ x_t[i] + W @ h_prev[i] + b)
    return h


# --- Exercise 2 -----------------------------------------------------------------------------------


@cases("rnn_forward")
def _(rng):
    def inputs(T, B, D, H, O, dtype="float64", start=False):
        return {
            "x": _normal(rng, T, B, D, dtype=dtype),
            "h0": _normal(rng, B, H, dtype=dtype) if start else np.zeros((B, H), dtype),
            "params": _rnn(rng, D, H, O, dtype),
        }

    yield show("states", **inputs(3, 2, 3, 4, 2))
    yield show("states", **inputs(1, 3, 2, 5, 4))
    yield show("states", **inputs(2, 2, 3, 3, 4))
    yield show("states", **inputs(2, 3, 3, 3, 3))  # all equal: what was written for columns runs too
    yield hide("states", **inputs(7, 1, 4, 3, 5))
    yield hide("states", **inputs(4, 5, 3, 3, 3))
    yield show("outputs", **inputs(3, 2, 3, 4, 2))
    yield show("outputs", **inputs(1, 1, 2, 3, 4))
    yield show("outputs", **inputs(2, 3, 2, 3, 3))
    yield show("outputs", **inputs(2, 3, 3, 3, 3))
    yield hide("outputs", **inputs(7, 4, 2, 3, 5))
    yield show("h0", **inputs(3, 2, 3, 4, 2, start=True))
    yield show("h0", **inputs(2, 3, 3, 3, 3, start=True))
    yield hide("h0", **inputs(1, 4, 2, 3, 5, start=True))
    yield hide("h0", **inputs(6, 1, 5, 2, 3, start=True))
    yield show("float32", **inputs(3, 2, 3, 4, 2, "float32"))
    yield show("float32", **inputs(2, 3, 3, 3, 3, "float32"))
    yield hide("float32", **inputs(5, 1, 2, 3, 4, "float32"))


ALL = ["states", "outputs", "h0", "float32"]
OUT = ["outputs", "float32"]


@mistake("rnn_forward", "the values are right, but float32 inputs give float64: create the arrays with dtype=x.dtype, or np.stack a list.", fails=["float32"])
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    hs, os = np.zeros((*x.shape[:2], len(W))), np.zeros((*x.shape[:2], len(V)))
    h = h0
    for t in range(len(x)):
        hs[t] = h = np.tanh(x[t] @ U.T + h @ W.T + b)
        os[t] = h @ V.T + c
    return hs, os


@mistake("rnn_forward", "hs begins with h0 and the last state is missing. hs[0] is the state after x[0]. See “The loop”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    hs = [h0]
    for t in range(len(x) - 1):
        hs.append(np.tanh(x[t] @ U.T + hs[-1] @ W.T + b))
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "hs begins with h0 and x[0] is dropped: the loop starts at the second input. hs[0] is the state after x[0]. See “The loop”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    hs = [h0]
    for t in range(1, len(x)):
        hs.append(np.tanh(x[t] @ U.T + hs[-1] @ W.T + b))
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "hs has T + 1 entries, because h0 is among them. hs[t] is the state after x[t]. See “The loop”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "h0 is ignored: your states start from zero. See “The loop”: h = h0 before the first step.", fails=["h0"])
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = np.zeros_like(h0), []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "o is computed from the state before the step, h(t−1). o(t) = V h(t) + c uses the new state. See “The loop”.", fails=OUT)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs, os = h0, [], []
    for x_t in x:
        os.append(h @ V.T + c)
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    return np.stack(hs), np.stack(os)


@mistake("rnn_forward", "only the last step is returned. hs is (T, B, H) and os is (T, B, O): collect every step. See “The loop”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h = h0
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h, h @ V.T + c


@mistake("rnn_forward", "the state is not carried: every step starts again from h0. Replace h by the new state in each pass of the loop.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    hs = np.stack([np.tanh(x_t @ U.T + h0 @ W.T + b) for x_t in x])
    return hs, hs @ V.T + c


@mistake("rnn_forward", "every step sees the first input: x[0] is used where x[t] belongs.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for _ in x:
        h = np.tanh(x[0] @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "time runs backwards: your loop starts at the last input. See “The loop”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, np.empty((len(x), *h0.shape), h0.dtype)
    for t in reversed(range(len(x))):
        hs[t] = h = np.tanh(x[t] @ U.T + h @ W.T + b)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "all entries of hs are the last state: one array is overwritten in place and stored T times. Make a new array in every step.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs, os = h0.copy(), [], []
    for x_t in x:
        h[...] = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
        os.append(h @ V.T + c)
    return np.stack(hs), np.stack(hs) @ V.T + c


@mistake("rnn_forward", "h0 is overwritten. The caller's array must stay as it was: make a new array in every step.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h[...] = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h.copy())
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "the results are exchanged: return hs first, then os.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs)
    return hs @ V.T + c, hs


@mistake("rnn_forward", "the batch is the first axis of your results, (B, T, …). Time comes first in this course: (T, B, …). See “One notation”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs, axis=1)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "axes of length 1 are gone (np.squeeze?). With T = 1 or B = 1 the results still have three axes.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs)
    return np.squeeze(hs), np.squeeze(hs @ V.T + c)


@mistake("rnn_forward", "tanh is missing in the step: your states are linear, h = U x + W h + b. See “One step”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = x_t @ U.T + h @ W.T + b
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "W is not transposed: for rows, W h becomes h @ W.T. See “One step”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W + b)
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "U and W are exchanged: U (H, D) belongs to the input, W (H, H) to the state. See the table in “One notation”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ W.T + h @ U.T + b)
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "V is not transposed: for rows, V h becomes h @ V.T. It only runs when O = H. See “The loop”.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V + c


@mistake("rnn_forward", "U @ x[t] and W @ h are right for one sample as a column. Here each sample is a row; your products only run when all sizes are equal, and then mix the samples. See “One notation”: time comes first, samples are rows.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs, os = h0, [], []
    for x_t in x:
        h = np.tanh(b + W @ h + U @ x_t)
        hs.append(h)
        os.append(c + V @ h)
    return np.stack(hs), np.stack(os)


@mistake("rnn_forward", "the step multiplies as for one sample as a column, U @ x[t] and W @ h; the output does it for rows already. Here each sample is a row. See “One notation”: time comes first, samples are rows.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(b + W @ h + U @ x_t)
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "V @ h is right for one sample as a column, but here each sample is a row. It only runs when B = H. See “One notation”: time comes first, samples are rows.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs, os = h0, [], []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
        os.append(V @ h + c)
    return np.stack(hs), np.stack(os)


@mistake("rnn_forward", "the bias b is missing in the step. See “One step”: a = U x + W h + b.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, V, c = (params[k] for k in "UWVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T)
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "the bias c is missing in the output: o = V h + c. See “The loop”.", fails=OUT)
def rnn_forward(x, h0, params):
    U, W, b, V = (params[k] for k in "UWbV")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ V.T


@mistake("rnn_forward", "os holds tanh(V h + c). The output is linear: o = V h + c. See “The loop”.", fails=OUT)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs)
    return hs, np.tanh(hs @ V.T + c)


@mistake("rnn_forward", "os holds probabilities: softmax is applied already. Return the logits o = V h + c; softmax comes in exercise 3.", fails=OUT)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    hs = np.stack(hs)
    e = np.exp(hs @ V.T + c)
    return hs, e / e.sum(-1, keepdims=True)


@mistake("rnn_forward", "the output o is fed back in place of the state h: the next step needs h @ W.T with the state.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
        h = np.tanh((h @ V.T + c) @ V)
    hs = np.stack(hs)
    return hs, hs @ V.T + c


@mistake("rnn_forward", "a Python list is returned. Join the steps with np.stack: hs is one array (T, B, H), os one array (T, B, O).", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b, V, c = (params[k] for k in "UWbVc")
    h, hs, os = h0, [], []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
        os.append(h @ V.T + c)
    return hs, os


@mistake("rnn_forward", "only hs is returned. Return the pair hs, os.", fails=ALL)
def rnn_forward(x, h0, params):
    U, W, b = (params[k] for k in "UWb")
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    return np.stack(hs)


@alternative("rnn_forward", "calls rnn_step, outputs in one product after the loop")
def rnn_forward(x, h0, params):
    h, hs = h0, []
    for x_t in x:
        h = rnn_step(x_t, h, params["U"], params["W"], params["b"])
        hs.append(h)
    hs = np.stack(hs)
    return hs, hs @ params["V"].T + params["c"]


@alternative("rnn_forward", "buffers, input part of all steps at once")
def rnn_forward(x, h0, params):
    hs = x @ params["U"].T + params["b"]
    h = h0
    for t in range(len(hs)):
        hs[t] += h @ params["W"].T
        h = np.tanh(hs[t], out=hs[t])
    return hs, np.einsum("tbh,oh->tbo", hs, params["V"]) + params["c"]


@alternative("rnn_forward", "the unrolled recursion: the last state is a function of the history")
def rnn_forward(x, h0, params):
    def states(t):
        if t < 0:
            return [h0]
        past = states(t - 1)
        a = x[t] @ params["U"].T + past[-1] @ params["W"].T + params["b"]
        return [*past, np.tanh(a)]

    hs = np.array(states(len(x) - 1)[1:])
    os = np.array([h @ params["V"].T + params["c"] for h in hs])
    return hs, os


# --- Exercise 3 -----------------------------------------------------------------------------------


@cases("cross_entropy")
def _(rng):
    def far(*shape):  # rows at +1e4 and rows at −1e4 in one array: one maximum for all of them is not enough
        o = _normal(rng, *shape)
        o[..., 0] += 5
        o[0] += 1e4
        o[-1] -= 1e4
        return o

    def steps(T, B, O):
        return {"o": _normal(rng, T, B, O), "y": rng.integers(O, size=(T, B))}

    def cube(n):  # T = B = O: without keepdims=True it runs too, to another value if a class comes twice in a sequence
        case = steps(n, n, n)
        case["y"][:, 0] = case["y"][0, 0]
        return case

    def unlikely(T, B, O):  # each target is 1e4 below the largest logit: its probability rounds to 0
        y = rng.integers(O, size=(T, B))
        o = _normal(rng, T, B, O)
        np.put_along_axis(o, (y[..., None] + 1) % O, 1e4, axis=-1)
        return {"o": o, "y": y}

    yield show("softmax", o=_normal(rng, 3, 3))
    yield show("softmax", o=_normal(rng, 3, 2, 4))
    yield hide("softmax", o=_normal(rng, 1, 1, 5))
    yield hide("softmax", o=3 * _normal(rng, 4, 5, 6))
    yield show("softmax, large", o=far(3, 2, 4))
    yield show("softmax, large", o=far(3, 3))
    yield hide("softmax, large", o=1e4 * _normal(rng, 5, 3, 2))
    yield hide("softmax, large", o=far(4, 1, 3))
    yield show("softmax, float32", o=_normal(rng, 3, 2, 4, dtype="float32"))
    yield show("softmax, float32", o=_normal(rng, 3, 3, dtype="float32"))
    yield hide("softmax, float32", o=_normal(rng, 2, 5, dtype="float32"))
    yield show("loss", **steps(3, 2, 4))
    yield show("loss", **steps(1, 5, 3))
    yield show("loss", **cube(3))
    yield hide("loss", **steps(7, 1, 2))
    yield hide("loss", **steps(5, 3, 6))
    yield show("loss, large", **unlikely(3, 2, 4))
    yield hide("loss, large", **unlikely(4, 3, 2))
    yield show("loss, large", o=far(3, 2, 4), y=rng.integers(4, size=(3, 2)))


SOFTMAX = ["softmax", "softmax, large", "softmax, float32"]
LOSS = ["loss", "loss, large"]


# First of the list: where float32 is the only fault, the values are also those of mistakes that show elsewhere.
@mistake("cross_entropy", "softmax: the values are right, but float32 logits give float64. Something converts them.", fails=["softmax, float32"])
def softmax(o):
    e = np.exp(o.astype(float) - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@mistake("cross_entropy", "softmax: exp overflows to inf, and inf / inf is nan. Subtract the largest logit of each row first. See “Large logits”.", fails=["softmax, large"])
def softmax(o):
    e = np.exp(o)
    return e / e.sum(axis=-1, keepdims=True)


@mistake("cross_entropy", "softmax: one maximum of the whole array is subtracted. In a row far below it every exp is 0, and 0 / 0 is nan. Take the maximum of each row.", fails=["softmax, large"])
def softmax(o):
    e = np.exp(o - o.max())
    return e / e.sum(axis=-1, keepdims=True)


@mistake("cross_entropy", "softmax: normalised along the first axis (time). The classes are on the last axis: axis=-1.", fails=SOFTMAX)
def softmax(o):
    e = np.exp(o - o.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


@mistake("cross_entropy", "softmax: normalised along axis 1. That is the last axis of (B, O), but the batch in (T, B, O): use axis=-1.", fails=SOFTMAX)
def softmax(o):
    e = np.exp(o - o.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@mistake("cross_entropy", "softmax: divided by the sum of the whole array. Each row must sum to 1 by itself: axis=-1, keepdims=True.", fails=SOFTMAX)
def softmax(o):
    e = np.exp(o - o.max())
    return e / e.sum()


@mistake("cross_entropy", "softmax: keepdims=True is missing in the sum, so the sums do not line up with the rows.", fails=SOFTMAX)
def softmax(o):
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1)


@mistake("cross_entropy", "softmax: keepdims=True is missing in the maximum, so the maxima do not line up with the rows.", fails=SOFTMAX)
def softmax(o):
    e = np.exp(o - o.max(axis=-1))
    return e / e.sum(axis=-1, keepdims=True)


@mistake("cross_entropy", "softmax: keepdims=True is missing in the maximum and in the sum, so neither lines up with the rows.", fails=SOFTMAX)
def softmax(o):
    e = np.exp(o - o.max(axis=-1))
    return e / e.sum(axis=-1)


@mistake("cross_entropy", "softmax: keepdims=True is missing in the sum, so the sums do not line up with the rows; and no maximum is subtracted, so that exp will overflow. See “Large logits”.", fails=SOFTMAX)
def softmax(o):
    return np.exp(o) / np.exp(o).sum(axis=-1)


@mistake("cross_entropy", "softmax: exp is not divided by its sum, so the rows do not sum to 1.", fails=SOFTMAX)
def softmax(o):
    return np.exp(o - o.max(axis=-1, keepdims=True))


@mistake("cross_entropy", "softmax: exp is missing, the logits themselves are divided by their sum.", fails=SOFTMAX)
def softmax(o):
    return o / o.sum(axis=-1, keepdims=True)


@mistake("cross_entropy", "softmax: these are sigmoids. Each entry lies in (0, 1), but the rows do not sum to 1.", fails=SOFTMAX)
def softmax(o):
    return 1 / (1 + np.exp(-o))


@mistake("cross_entropy", "softmax: these are log-probabilities. softmax returns p, not log p.", fails=SOFTMAX)
def softmax(o):
    z = o - o.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


@mistake("cross_entropy", "softmax: powers of 2 in place of powers of e.", fails=SOFTMAX)
def softmax(o):
    e = np.exp2(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@mistake("cross_entropy", "softmax: the sign is wrong, the largest logit gets the smallest probability.", fails=SOFTMAX)
def softmax(o):
    e = np.exp(o.min(axis=-1, keepdims=True) - o)
    return e / e.sum(axis=-1, keepdims=True)


@mistake("cross_entropy", "softmax: o is changed in place (o -= …). Write o = o − …, which makes a new array.", fails=SOFTMAX)
def softmax(o):
    o -= o.max(axis=-1, keepdims=True)
    e = np.exp(o)
    return e / e.sum(axis=-1, keepdims=True)


@mistake("cross_entropy", "cross_entropy: a probability has rounded to 0, and log 0 = −inf. Use log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return -np.log(np.take_along_axis(p, y[..., None], axis=-1)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: exp(o) overflows to inf, or is 0 in a whole row. Subtract the largest logit of each row first. See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    log_p = o - np.log(np.exp(o).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum() / y.shape[1]


# log(p + ε) and a clip at ε are the same where p is 0.
@mistake("cross_entropy", "cross_entropy: 1e-5 keeps p from 0, as in log(p + 1e-5) or np.clip, and so caps the loss of a step at 11.5. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-5)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-6 keeps p from 0, as in log(p + 1e-6) or np.clip, and so caps the loss of a step at 13.8. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-6)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-7 keeps p from 0, as in log(p + 1e-7) or np.clip, and so caps the loss of a step at 16.1. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-7)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-8 keeps p from 0, as in log(p + 1e-8) or np.clip, and so caps the loss of a step at 18.4. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-8)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-9 keeps p from 0, as in log(p + 1e-9) or np.clip, and so caps the loss of a step at 20.7. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-9)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-10 keeps p from 0, as in log(p + 1e-10) or np.clip, and so caps the loss of a step at 23.0. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-10)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-12 keeps p from 0, as in log(p + 1e-12) or np.clip, and so caps the loss of a step at 27.6. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-12)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-15 keeps p from 0, as in log(p + 1e-15) or np.clip, and so caps the loss of a step at 34.5. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-15)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 2.2e-16 keeps p from 0, as in log(p + 2.2e-16) or np.clip, and so caps the loss of a step at 36.0. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 2.220446049250313e-16)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-16 keeps p from 0, as in log(p + 1e-16) or np.clip, and so caps the loss of a step at 36.8. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-16)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-20 keeps p from 0, as in log(p + 1e-20) or np.clip, and so caps the loss of a step at 46.1. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-20)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-30 keeps p from 0, as in log(p + 1e-30) or np.clip, and so caps the loss of a step at 69.1. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-30)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1e-38 keeps p from 0, as in log(p + 1e-38) or np.clip, and so caps the loss of a step at 87.5. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 1e-38)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 2.2e-308 keeps p from 0, as in log(p + 2.2e-308) or np.clip, and so caps the loss of a step at 708.4. No small number is needed with log p_y = o_y − log Σ exp(o). See “Large logits”.", fails=["loss, large"])
def cross_entropy(o, y):
    return -np.log(np.maximum(np.take_along_axis(softmax(o), y[..., None], axis=-1), 2.2250738585072014e-308)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: the mean over time is taken. The loss of a sequence is the sum over its steps; only the batch is averaged. See “The loss”.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).mean()


@mistake("cross_entropy", "cross_entropy: the sum over the batch is taken, not the mean. Divide by B: the loss of one sequence, on average. See “The loss”.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum()


@mistake("cross_entropy", "cross_entropy: sum and mean are exchanged: your value is the mean over time and the sum over the batch. See “The loss”.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum() / len(y)


@mistake("cross_entropy", "cross_entropy: the sign is wrong: log p is negative, the loss is −log p. See “The loss”.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return np.take_along_axis(log_p, y[..., None], axis=-1).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: the logarithm has base 2 (bits). The course uses the natural logarithm (nats). See “The loss”.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum() / y.shape[1] / np.log(2)


@mistake("cross_entropy", "cross_entropy: the logarithm has base 10. The course uses the natural logarithm.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum() / y.shape[1] / np.log(10)


@mistake("cross_entropy", "cross_entropy: one value for each step is returned, shape (T,). The loss is one number: sum over the steps too.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1)[..., 0].mean(axis=1)


@mistake("cross_entropy", "cross_entropy: one value for each sequence is returned, shape (B,). The loss is one number: take the mean over the batch too.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1)[..., 0].sum(axis=0)


@mistake("cross_entropy", "cross_entropy: only the last step is counted. Every step has a target: sum over all of them.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1)[-1].mean()


@mistake("cross_entropy", "cross_entropy: the log-probabilities of all classes are summed. Only the target's entry counts: p at index y.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -log_p.sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: p[..., y] does not take one entry of each row. It gives every row's entries for all the targets of the batch, an array (T, B, T, B), and you sum over its first axis and average the rest. See np.take_along_axis.", fails=LOSS)
def cross_entropy(o, y):
    return -np.log(softmax(o)[..., y]).sum(axis=0).mean()


@mistake("cross_entropy", "cross_entropy: p[..., y] does not take one entry of each row. It gives every row's entries for all the targets of the batch, an array (T, B, T, B), and you sum all of it. See np.take_along_axis.", fails=LOSS)
def cross_entropy(o, y):
    return -np.log(softmax(o)[..., y]).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: p[..., y] does not take one entry of each row. It gives every row's entries for all the targets of the batch, an array (T, B, T, B), so that your result is not one number. See np.take_along_axis.", fails=LOSS)
def cross_entropy(o, y):
    return -np.log(softmax(o)[..., y]).sum(axis=0).mean(axis=0)


@mistake("cross_entropy", "cross_entropy: p[t, :, y[t]] (or p[t][:, y[t]]) does not take one entry of each row. It gives each sample's entries for the targets of all samples, an array (B, B). See np.take_along_axis.", fails=LOSS)
def cross_entropy(o, y):
    p = softmax(o)
    return sum(-np.log(p[t, :, y[t]]).mean() for t in range(len(y)))


@mistake("cross_entropy", "cross_entropy: keepdims=True is missing in the maximum and in the sum, so neither lines up with the rows.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1)
    log_p = z - np.log(np.exp(z).sum(axis=-1))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: keepdims=True is missing in the sum, so the sums do not line up with the rows.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: keepdims=True is missing in the sum, so the sums do not line up with the rows; and no maximum is subtracted, so that exp will overflow. See “Large logits”.", fails=LOSS)
def cross_entropy(o, y):
    log_p = o - np.log(np.exp(o).sum(axis=-1))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: −o_y alone. The logit is not yet a log-probability: log p_y = o_y − log Σ exp(o).", fails=LOSS)
def cross_entropy(o, y):
    return -np.take_along_axis(o, y[..., None], axis=-1).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: softmax is applied twice. cross_entropy receives logits, and one softmax turns them into probabilities.", fails=LOSS)
def cross_entropy(o, y):
    p = softmax(softmax(o))
    return -np.log(np.take_along_axis(p, y[..., None], axis=-1)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: the logits are treated as probabilities, −log o_y. They can be negative: apply softmax first. See “The loss”.", fails=LOSS)
def cross_entropy(o, y):
    return -np.log(np.take_along_axis(o, y[..., None], axis=-1)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: −p_y is summed, the logarithm is missing. The loss is −log p_y.", fails=LOSS)
def cross_entropy(o, y):
    return -np.take_along_axis(softmax(o), y[..., None], axis=-1).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: 1 − p_y is summed. The loss is the negative logarithm of p_y.", fails=LOSS)
def cross_entropy(o, y):
    return (1 - np.take_along_axis(softmax(o), y[..., None], axis=-1)).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: squared error. That is the other choice in “The loss”; this exercise asks for −log p_y.", fails=LOSS)
def cross_entropy(o, y):
    return ((softmax(o) - np.eye(o.shape[-1])[y]) ** 2).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: the probabilities are normalised over time. The classes are on the last axis: axis=-1.", fails=LOSS)
def cross_entropy(o, y):
    z = o - o.max(axis=0)
    log_p = z - np.log(np.exp(z).sum(axis=0))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum() / y.shape[1]


@mistake("cross_entropy", "cross_entropy: o is changed in place (o -= …). Write z = o − …, which makes a new array.", fails=LOSS)
def cross_entropy(o, y):
    o -= o.max(axis=-1, keepdims=True)
    log_p = o - np.log(np.exp(o).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, y[..., None], axis=-1).sum() / y.shape[1]


@alternative("cross_entropy", "softmax through the log-probabilities")
def softmax(o):
    return np.exp(o - np.logaddexp.reduce(o, axis=-1, keepdims=True))


@alternative("cross_entropy", "softmax row by row, in a buffer")
def softmax(o):
    p = np.empty_like(o)
    for i in np.ndindex(o.shape[:-1]):
        p[i] = np.exp(o[i] - max(o[i]))
        p[i] /= p[i].sum()
    return p


@alternative("cross_entropy", "softmax with the classes moved to the front")
def softmax(o):
    e = np.moveaxis(o, -1, 0)
    e = np.exp(e - e.max(axis=0))
    return np.moveaxis(e / e.sum(axis=0), 0, -1)


@alternative("cross_entropy", "loss: two loops and a Python float")
def cross_entropy(o, y):
    T, B = y.shape
    loss = 0.0
    for t in range(T):
        for i in range(B):
            top = max(o[t, i])
            loss += top + float(np.log(np.exp(o[t, i] - top).sum())) - o[t, i, y[t, i]]
    return float(loss) / B


@alternative("cross_entropy", "loss: one-hot targets and logaddexp")
def cross_entropy(o, y):
    hot = np.eye(o.shape[-1])[y]
    return (np.logaddexp.reduce(o, axis=-1) - (hot * o).sum(-1)).sum(0).mean()


@alternative("cross_entropy", "loss: advanced indexing")
def cross_entropy(o, y):
    T, B = y.shape
    z = o - o.max(axis=-1, keepdims=True)
    z_y = z[np.arange(T)[:, None], np.arange(B), y]
    return np.mean(np.sum(np.log(np.exp(z).sum(-1)) - z_y, axis=0))


# --- Exercise 4 -----------------------------------------------------------------------------------


@cases("future_leak")
def _(rng):
    # Made so that each mistake fails the same tests whatever is drawn. In the functions of "networks" the outputs are
    # v h and −v h, so that every change has both signs, and no step before k leaks more than another: the
    # bidirectional one is asked at k = 1, and the mean of all steps is subtracted from each of them alike. (Its bias
    # tells an input of zeros from no input.) The others apply V > 0 to x: the running sum grows from k on, the
    # peeking one rises at k − 1 alone, the wrongly centred one falls before k, most at step 0.
    def inputs(kind, T, B, k, D=3, H=4):
        v = _normal(rng, 1, H if kind in ("recurrent", "bidirectional") else D)
        both_signs = kind in ("recurrent", "bidirectional", "minus the mean")
        return {
            "fn": kind,
            "made_of": [
                _normal(rng, H, D) / 2,
                _normal(rng, H),
                np.concatenate([v, -v]) if both_signs else rng.uniform(0.5, 1.5, (2, D)),
            ],
            "x": _normal(rng, T, B, D),
            "k": k,
        }

    yield show("networks", **inputs("recurrent", 6, 2, 3))
    yield show("networks", **inputs("running sum", 5, 2, 2))
    yield show("networks", **inputs("bidirectional", 6, 3, 1))
    yield show("networks", **inputs("minus the mean", 5, 1, 3))
    yield hide("networks", **inputs("recurrent", 7, 1, 6))
    yield hide("networks", **inputs("bidirectional", 4, 2, 1))
    yield hide("networks", **inputs("minus the mean", 8, 2, 2))
    yield show("other leaks", **inputs("peeking", 6, 2, 3))
    yield show("other leaks", **inputs("peeking", 4, 2, 1))
    yield show("other leaks", **inputs("wrongly centred", 5, 3, 2))
    yield hide("other leaks", **inputs("wrongly centred", 8, 2, 3))
    yield hide("other leaks", **inputs("peeking", 5, 1, 4))


BOTH = ["networks", "other leaks"]


@mistake("future_leak", "step k itself is among the compared outputs. It may depend on x[k]; only t < k counts: outputs [:k].", fails=["networks"])
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[: k + 1].max()


@mistake("future_leak", "all steps are compared. Those from k on may change; a leak is a change before k: outputs [:k].", fails=["networks"])
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x)).max()


@mistake("future_leak", "the outputs from step k on are compared. They may change; a leak is a change before k: outputs [:k]. See “Only the past”.", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[k:].max()


@mistake("future_leak", "the absolute value is missing: a change downwards counts as much as one upwards (yours is the largest of after − before).", fails=["other leaks"])
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return (fn(z) - fn(x))[:k].max()


@mistake("future_leak", "the absolute value is missing: a change upwards counts as much as one downwards (yours is the largest of before − after).", fails=["other leaks"])
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return (fn(x) - fn(z))[:k].max()


@mistake("future_leak", "the absolute value is taken after the maximum. Take it of every entry first, then the maximum.", fails=["other leaks"])
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return abs((fn(z) - fn(x))[:k].max())


@mistake("future_leak", "the changes are summed. Asked is the largest one.", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[:k].sum()


@mistake("future_leak", "the mean of the changes is returned. Asked is the largest one.", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[:k].mean()


@mistake("future_leak", "only step k−1 is compared. A leak can reach every earlier output: compare [:k].", fails=["other leaks"])
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[k - 1].max()


@mistake("future_leak", "only the first output is compared. A leak can reach every output before k: compare [:k].", fails=["other leaks"])
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[0].max()


@mistake("future_leak", "only x[k] is changed. Add 1 to every step from k on: x[k:].", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k] += 1
    return np.abs(fn(z) - fn(x))[:k].max()


@mistake("future_leak", "5 is added, as in the example above. The exercise adds 1 to x[k:].", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 5
    return np.abs(fn(z) - fn(x))[:k].max()


@mistake("future_leak", "x[k:] is cut off: fn(x[:k]) is compared with fn(x)[:k]. The exercise adds 1 to x[k:], so that the number is defined exactly.", fails=BOTH)
def future_leak(fn, x, k):
    return np.abs(fn(x[:k]) - fn(x)[:k]).max()


@mistake("future_leak", "fn gets no inputs but x[:k], so it never sees the change, and the result is always 0. Give it all steps, and cut its outputs: fn(…)[:k].", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z[:k]) - fn(x[:k])).max()


@mistake("future_leak", "x[k:] is set to one. The exercise adds 1 to it.", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] = 1
    return np.abs(fn(z) - fn(x))[:k].max()


@mistake("future_leak", "x[k:] is set to zero. The exercise adds 1 to it, so that the number is defined exactly.", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] = 0
    return np.abs(fn(z) - fn(x))[:k].max()


@mistake("future_leak", "the past is changed, x[:k], not the future, x[k:].", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[:k] += 1
    return np.abs(fn(z) - fn(x))[:k].max()


@mistake("future_leak", "the last of the outputs before k is left out: step k − 1 is before k, too. Compare [:k], not [:k-1] (which is empty when k = 1).", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[: k - 1].max()


@mistake("future_leak", "the last of the outputs before k is left out: step k − 1 is before k, too. Compare [:k], not [:k-1] (for k = 1 you return 0).", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[: k - 1].max(initial=0)


@mistake("future_leak", "k is counted as in code, from 0: the future is x[k:] and the past [:k], not x[k-1:] and [:k-1].", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k - 1 :] += 1
    return np.abs(fn(z) - fn(x))[: k - 1].max()


@mistake("future_leak", "the change begins one step early, at k − 1, which is among the compared outputs: use x[k:].", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k - 1 :] += 1
    return np.abs(fn(z) - fn(x))[:k].max()


@mistake("future_leak", "the change begins one step late, at k + 1: use x[k:].", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k + 1 :] += 1
    return np.abs(fn(z) - fn(x))[:k].max()


@mistake("future_leak", "z = x is not a copy: x itself is changed, so both calls of fn see the same input and the result is always 0. Write z = x.copy().", fails=BOTH)
def future_leak(fn, x, k):
    z = x
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[:k].max()


@mistake("future_leak", "the value is right, but x is changed in place. Change a copy: z = x.copy().", fails=BOTH)
def future_leak(fn, x, k):
    before = fn(x)
    x[k:] += 1
    return np.abs(fn(x) - before)[:k].max()


@mistake("future_leak", "one value for each step is returned. Asked is one number, the largest of all.", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return np.abs(fn(z) - fn(x))[:k].max(axis=(1, 2))


@mistake("future_leak", "True or False is returned. Asked is the size of the largest change, a number.", fails=BOTH)
def future_leak(fn, x, k):
    z = x.copy()
    z[k:] += 1
    return not np.allclose(fn(z)[:k], fn(x)[:k])


@alternative("future_leak", "concatenate")
def future_leak(fn, x, k):
    after = fn(np.concatenate([x[:k], x[k:] + 1]))
    return np.max(np.abs(after[:k] - fn(x)[:k]))


@alternative("future_leak", "a mask over time, a Python float")
def future_leak(fn, x, k):
    future = (np.arange(len(x)) >= k)[:, None, None]
    change = np.abs(fn(x + future) - fn(x))
    return float(change[: int(k)].max())


@alternative("future_leak", "loop over the steps")
def future_leak(fn, x, k):
    before = fn(x)
    z = x.copy()
    z[k:] += 1
    after = fn(z)
    worst = 0.0
    for t in range(k):
        worst = max(worst, np.linalg.norm((after[t] - before[t]).ravel(), np.inf))
    return worst


# --- Exercise 5 -----------------------------------------------------------------------------------


@cases("tied_grad")
def _(rng):
    def grads(T, make):  # T is there to be named in a message
        return {"copies_grads": [make() for _ in range(T)], "T": T}

    def more(params):  # one name more than those of the network
        return params | {"gain": _normal(rng, 2, dtype=params["b"].dtype)}

    yield show("untie", params=_rnn(rng, 2, 3, 2), T=3)
    yield show("untie", params=more(_rnn(rng, 2, 2, 1, "float32")), T=2)
    yield hide("untie", params={"w": _normal(rng, 2), "k": _normal(rng, 1, 2)}, T=4)
    yield hide("untie", params=_rnn(rng, 3, 4, 2, "float32"), T=7)
    yield hide("untie", params=_rnn(rng, 1, 2, 3), T=1)
    yield show("tied_grad", **grads(3, lambda: _rnn(rng, 2, 3, 2)))
    yield show("tied_grad", **grads(2, lambda: more(_rnn(rng, 2, 2, 1, "float32"))))
    yield show("tied_grad", **grads(1, lambda: _rnn(rng, 2, 3, 1)))
    yield hide("tied_grad", **grads(7, lambda: _rnn(rng, 4, 2, 3)))
    yield hide("tied_grad", **grads(4, lambda: {"w": _normal(rng, 2), "k": _normal(rng, 1, 2)}))


@mistake("tied_grad", "untie: the list holds one dictionary T times. Build a new one in each pass, with copies of its arrays.", fails=["untie"])
def untie(params, T):
    return [params] * T


@mistake("tied_grad", "untie: the dictionaries are new, but they hold the arrays of params, or views of them: params.copy(), dict(params) and {**params} copy the names only. Each array needs a copy of its own.", fails=["untie"])
def untie(params, T):
    return [params.copy() for _ in range(T)]


@mistake("tied_grad", "untie: the dictionaries are new, and apart from params, but all of them hold the same arrays. Copy the arrays anew for each step.", fails=["untie"])
def untie(params, T):
    once = {name: value.copy() for name, value in params.items()}
    return [once.copy() for _ in range(T)]


@mistake("tied_grad", "untie: only the parameters U, W, b, V, c are copied. Expect any names: take them from params.", fails=["untie"])
def untie(params, T):
    return [{name: params[name].copy() for name in "UWbVc"} for _ in range(T)]


@mistake("tied_grad", "untie: the values are right, but float32 parameters become float64. Keep the dtype.", fails=["untie"])
def untie(params, T):
    return [{name: np.array(value, float) for name, value in params.items()} for _ in range(T)]


@mistake("tied_grad", "untie: a tuple is returned. Asked is a list.", fails=["untie"])
def untie(params, T):
    return tuple({name: value.copy() for name, value in params.items()} for _ in range(T))


@mistake("tied_grad", "untie: a generator is returned, which can be read only once (yield, or round brackets?). Asked is a list.", fails=["untie"])
def untie(params, T):
    return ({name: value.copy() for name, value in params.items()} for _ in range(T))


@mistake("tied_grad", "untie: one copy is returned. Asked is a list of T copies.", fails=["untie"])
def untie(params, T):
    return {name: value.copy() for name, value in params.items()}


@mistake("tied_grad", "untie: one copy is made, and the list holds it T times. Make a new copy for each step.", fails=["untie"])
def untie(params, T):
    return [{name: value.copy() for name, value in params.items()}] * T


@mistake("tied_grad", "untie: params itself is the first copy. All T copies must have arrays of their own.", fails=["untie"])
def untie(params, T):
    return [params] + [{name: value.copy() for name, value in params.items()} for _ in range(T - 1)]


@mistake("tied_grad", "untie: T + 1 copies (the original counted too?). Asked are T.", fails=["untie"])
def untie(params, T):
    return [{name: value.copy() for name, value in params.items()} for _ in range(T + 1)]


@mistake("tied_grad", "untie: one dictionary of stacked arrays. Asked is a list of T dictionaries.", fails=["untie"])
def untie(params, T):
    return {name: np.stack([value] * T) for name, value in params.items()}


@mistake("tied_grad", "untie: the copies are zeros. They start with the values of params.", fails=["untie"])
def untie(params, T):
    return [{name: np.zeros_like(value) for name, value in params.items()} for _ in range(T)]


@mistake("tied_grad", "tied_grad: the mean of the copies' gradients. The chain rule adds the paths: it is the sum. See “The unrolled network is a feed-forward network”.", fails=["tied_grad"])
def tied_grad(copies_grads):
    return {name: np.mean([g[name] for g in copies_grads], axis=0) for name in copies_grads[0]}


@mistake("tied_grad", "tied_grad: only the last copy's gradient. Add those of all steps (= where += belongs?).", fails=["tied_grad"])
def tied_grad(copies_grads):
    return dict(copies_grads[-1])


@mistake("tied_grad", "tied_grad: only the first copy's gradient. Add those of all steps.", fails=["tied_grad"])
def tied_grad(copies_grads):
    return dict(copies_grads[0])


@mistake("tied_grad", "tied_grad: the first copy's gradient is counted twice: begin with it and add the others, or begin with zero and add all.", fails=["tied_grad"])
def tied_grad(copies_grads):
    return {name: g + sum(grads[name] for grads in copies_grads) for name, g in copies_grads[0].items()}


@mistake("tied_grad", "tied_grad: only the gradients of U, W, b, V, c are returned. Expect any names: take them from the dictionaries.", fails=["tied_grad"])
def tied_grad(copies_grads):
    return {name: sum(grads[name] for grads in copies_grads) for name in "UWbVc"}


@mistake("tied_grad", "tied_grad: the values are right, but float32 gradients give float64 (np.zeros without dtype?). Keep the dtype.", fails=["tied_grad"])
def tied_grad(copies_grads):
    total = {name: np.zeros(g.shape) for name, g in copies_grads[0].items()}
    for grads in copies_grads:
        for name in total:
            total[name] += grads[name]
    return total


@mistake("tied_grad", "tied_grad: the gradients are returned without their names. Asked is a dictionary, from each name to its gradient.", fails=["tied_grad"])
def tied_grad(copies_grads):
    return [sum(grads[name] for grads in copies_grads) for name in copies_grads[0]]


@mistake("tied_grad", "tied_grad: the gradients are stacked, not added: the result must have the shape of the parameter.", fails=["tied_grad"])
def tied_grad(copies_grads):
    return {name: np.stack([g[name] for g in copies_grads]) for name in copies_grads[0]}


@mistake("tied_grad", "tied_grad: all entries are added to one number (np.sum without axis=0). Add over the copies only.", fails=["tied_grad"])
def tied_grad(copies_grads):
    return {name: np.sum([g[name] for g in copies_grads]) for name in copies_grads[0]}


@mistake("tied_grad", "tied_grad: the gradients are multiplied. The chain rule multiplies along one path, but adds over the paths.", fails=["tied_grad"])
def tied_grad(copies_grads):
    return {name: np.prod([g[name] for g in copies_grads], axis=0) for name in copies_grads[0]}


@mistake("tied_grad", "tied_grad: the absolute values are added. Gradients of different steps may cancel.", fails=["tied_grad"])
def tied_grad(copies_grads):
    return {name: sum(np.abs(g[name]) for g in copies_grads) for name in copies_grads[0]}


@mistake("tied_grad", "tied_grad: the sum is right, but it is written into the first copy's arrays. Begin with a new array.", fails=["tied_grad"])
def tied_grad(copies_grads):
    total = copies_grads[0]
    for grads in copies_grads[1:]:
        for name in total:
            total[name] += grads[name]
    return total


@alternative("tied_grad", "untie: deepcopy")
def untie(params, T):
    from copy import deepcopy

    return [deepcopy(params) for _ in range(T)]


@alternative("tied_grad", "untie: np.array and two loops")
def untie(params, T):
    copies = []
    while len(copies) < T:
        copies.append({})
        for name in params:
            copies[-1][name] = np.array(params[name])
    return copies


@alternative("tied_grad", "untie: slices of one stacked array, which do not overlap")
def untie(params, T):
    stacks = {name: np.stack([value] * T) for name, value in params.items()}
    return [{name: stack[t] for name, stack in stacks.items()} for t in range(T)]


@alternative("tied_grad", "tied_grad: np.sum over stacked arrays, names in another order")
def tied_grad(copies_grads):
    return {name: np.stack([g[name] for g in copies_grads]).sum(axis=0) for name in sorted(copies_grads[0])}


@alternative("tied_grad", "tied_grad: accumulates into zeros, last step first")
def tied_grad(copies_grads):
    total = {name: np.zeros_like(g) for name, g in copies_grads[0].items()}
    for grads in reversed(copies_grads):
        for name, g in grads.items():
            total[name] += g
    return total


@alternative("tied_grad", "tied_grad: sum with a start value")
def tied_grad(copies_grads):
    first, *rest = copies_grads
    return {name: sum((g[name] for g in rest), first[name].copy()) for name in first}


# --- Exercise 6 -----------------------------------------------------------------------------------


@cases("answers01")
def _(rng):
    yield show("parameters")
    yield show("memory")
    yield show("erratum")


wrong_option("answers01", "parameters", 72500, "the parameters are shared: all 100 steps use the same U, W, b, V, c. T does not count.")
wrong_option("answers01", "parameters", 23200, "the parameters are shared by all sequences of the batch: each of the 32 is read with the same U, W, b, V, c. B does not count.")
wrong_option("answers01", "parameters", 2320000, "the parameters are shared by all steps and by all sequences of the batch: neither T nor B counts.")
wrong_option("answers01", "parameters", 1365, "640 too many: h0 (B, H) is fixed at 0, not learned.")
wrong_option("answers01", "parameters", 700, "the biases b (H,) and c (O,) are parameters too.")
wrong_option("answers01", "parameters", 720, "the output bias c (O,) is missing.")
wrong_option("answers01", "parameters", 705, "the bias b (H,) is missing.")
wrong_option("answers01", "parameters", 620, "the output layer is missing: V (O, H) and c (O,) are learned too.")
wrong_option("answers01", "parameters", 600, "the output layer and the biases are missing: V (O, H), b (H,), c (O,).")
wrong_option("answers01", "parameters", 325, "the recurrent matrix W (H, H) is missing.")
wrong_option("answers01", "parameters", 525, "the input matrix U (H, D) is missing.")
wrong_option("answers01", "parameters", 745, "20 too many: h0 is not learned here, and the state has one bias b, not two.")
wrong_option("answers01", "memory", "a", "the weights are shared, but the states are not: each step has its own, and the backward pass needs it. See “The price of unrolling”.")
wrong_option("answers01", "memory", "b", "none of the states may be left out: the backward pass needs that of every step. See “The price of unrolling”.")
wrong_option("answers01", "memory", "d", "each state is stored once, not once for each later step. See “The price of unrolling”.")
wrong_option("answers01", "erratum", "a", "training changes the numbers, not the arrows: p(t) still sees x(1..t) only. See “Only the past”.")
wrong_option("answers01", "erratum", "b", "a larger state remembers more of the past; it still sees nothing of the future.")
wrong_option("answers01", "erratum", "d", "h(0) is known before the first input and holds nothing of the later ones.")
