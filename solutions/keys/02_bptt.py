"""Key of notebook 02: cases, known mistakes and other right answers."""

import numpy as np

from course_lib.grading.keys import alternative, cases, hide, mistake, show, wrong_option


def _normal(rng, *shape, dtype="float64"):
    return rng.standard_normal(shape).astype(dtype)


def _rnn(rng, D, H, O, dtype="float64"):
    """Parameters with which no state is saturated: else many a mistake would be too small to be seen."""
    shapes = {"U": (H, D), "W": (H, H), "b": (H,), "V": (O, H), "c": (O,)}
    return {name: _normal(rng, *shape, dtype=dtype) / 2 for name, shape in shapes.items()}


def _classes(rng, T, B, O):
    return rng.integers(0, O, (T, B))


# --- Exercise 1 --------------------------------------------------------------------------------------


@cases("dloss_dlogits")
def _(rng):
    def inputs(T, B, O, dtype="float64"):
        return {"o": _normal(rng, T, B, O, dtype=dtype), "y": _classes(rng, T, B, O)}

    def large(T, B, O):
        o = 10_000 * rng.choice([-1.0, 1.0], (T, B, O)) + _normal(rng, T, B, O)
        o[0, 0] = 10_000.0, 10_000.0, *(O - 2) * [-10_000.0]
        y = _classes(rng, T, B, O)
        y[-1, -1] = (o[-1, -1].argmax() + 1) % O  # at least one target that is not the likeliest class
        return {"o": o, "y": y}

    yield show("one sample", **inputs(1, 1, 4))
    yield show("one sample", **inputs(3, 1, 4))
    yield hide("one sample", **inputs(5, 1, 3))
    yield show("batch", **inputs(1, 3, 4))
    yield show("batch", **inputs(4, 3, 5))
    yield show("batch", **inputs(3, 3, 3))  # all equal: wrong axes run too
    yield hide("batch", **inputs(6, 2, 3))
    yield hide("batch", **inputs(4, 4, 4))
    yield show("large", **large(3, 2, 4))
    yield hide("large", **large(2, 3, 5))
    yield show("float32", **inputs(3, 2, 4, "float32"))
    yield hide("float32", **inputs(2, 5, 3, "float32"))


ALL = ["one sample", "batch", "large", "float32"]
BATCH = ["batch", "large", "float32"]


@mistake("dloss_dlogits", "nothing is subtracted at the targets: your values are the probabilities, divided by B. The gradient is p, and 1 less at the target. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    return p / o.shape[1]


@mistake("dloss_dlogits", "the sign is wrong: at the target the gradient is p − 1, elsewhere p. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return -p / o.shape[1]


@mistake("dloss_dlogits", "the targets' entries are set to 1 instead of being made smaller by 1: source B's listing has the same fault, = 1. where −= 1. belongs. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] = 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "the targets' entries are set to −1 (= −1) instead of being made smaller by 1 (−= 1).", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] = -1
    return p / o.shape[1]


@mistake("dloss_dlogits", "1 is added at the targets, and has to be subtracted there. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] += 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "your values are those of one sample after the other: they are not divided by B. The loss is the mean over the batch.", fails=BATCH)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p


@mistake("dloss_dlogits", "everything is divided by T, the number of steps. Over time the loss is a sum; the mean goes over the B samples.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p / len(o)


@mistake("dloss_dlogits", "everything is divided by T · B. The loss is the mean over the batch only; over time it is summed.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p / (len(o) * o.shape[1])


@mistake("dloss_dlogits", "everything is divided by O, the number of classes. The mean goes over the B samples.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p / o.shape[-1]


@mistake("dloss_dlogits", "only the 1 at the targets is divided by B. The whole gradient is: (p − 1) / B there, p / B elsewhere.", fails=BATCH)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1 / o.shape[1]
    return p


@mistake("dloss_dlogits", "only the probabilities are divided by B, and the 1 at the targets is not. The whole gradient is: (p − 1) / B.", fails=BATCH)
def dloss_dlogits(o, y):
    p = softmax(o) / o.shape[1]
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p


@mistake("dloss_dlogits", "the softmax runs over the time axis. The probabilities of one step of one sample add up to 1: axis −1.", fails=ALL)
def dloss_dlogits(o, y):
    p = np.exp(o - o.max(axis=0))
    p = p / p.sum(axis=0)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "the softmax runs over the batch axis. The probabilities of one step of one sample add up to 1: axis −1.", fails=ALL)
def dloss_dlogits(o, y):
    p = np.exp(o - o.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "the softmax runs over all logits of the array together. The probabilities of one step of one sample add up to 1: axis −1, keepdims=True.", fails=["one sample", "batch", "large", "float32"])
def dloss_dlogits(o, y):
    p = np.exp(o - o.max())
    p = p / p.sum()
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "exp overflows: subtract the largest logit of each row first, or use the notebook's softmax.", fails=["large"])
def dloss_dlogits(o, y):
    p = np.exp(o)
    p = p / p.sum(axis=-1, keepdims=True)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "at each step 1 is subtracted at the targets of all steps. The three index arrays must together have the shape (T, B): np.arange(T)[:, None], np.arange(B) and y.", fails=["one sample", "batch", "large", "float32"])
def dloss_dlogits(o, y):
    p = softmax(o)
    p[:, np.arange(o.shape[1]), y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "your index reaches the target classes of all steps and samples in every row, p[:, :, y]. Each row has one target: the three index arrays must together have shape (T, B).", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[:, :, y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "for each sample 1 is subtracted at the targets of all samples. The three index arrays must together have the shape (T, B): np.arange(T)[:, None], np.arange(B) and y.", fails=["batch", "large", "float32"])
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], :, y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "the steps and the samples of the targets are exchanged, y.T. It only runs when T = B. y[t, b] belongs to o[t, b].", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y.T] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "the first index is np.arange(T) without [:, None]: steps and samples run together, over the diagonal. It only runs when T = B, or when one of them is 1.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o)), np.arange(o.shape[1]), y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "y is subtracted as a number, p − y. It is the number of a class: subtract 1 at that place.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p = p - y[..., None]
    return p / o.shape[1]


@mistake("dloss_dlogits", "the logits are used in place of the probabilities: o − 1. The gradient is softmax(o) − 1 at the target.", fails=ALL)
def dloss_dlogits(o, y):
    p = o.copy()
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "your values are (p − 1) with the slope p (1 − p) of the softmax once more. It is in p − 1 already: most of it cancelled. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    one = np.zeros_like(o)
    one[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] = 1
    p = (p - one) * p * (1 - p)
    return p / o.shape[1]


@mistake("dloss_dlogits", "your values are those of −1 / p at the target: the gradient with respect to the probabilities p. Go on to the logits; there p − 1 comes out. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    one = np.zeros_like(o)
    one[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] = 1
    p = -one / p
    return p / o.shape[1]


@mistake("dloss_dlogits", "the gradient is summed over time. Each step has logits of its own: the result has the shape of o, (T, B, O).", fails=["one sample", "batch", "large", "float32"])
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p.sum(axis=0) / o.shape[1]


@mistake("dloss_dlogits", "the mean over the batch is taken of the gradient. It belongs into the loss: each sample keeps its own gradient, divided by B. The result has the shape of o.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p.mean(axis=1)


@mistake("dloss_dlogits", "the values are right, but float32 logits give float64: a float64 array (np.eye or np.zeros without dtype?) comes in.", fails=["float32"])
def dloss_dlogits(o, y):
    p = softmax(o)
    p = p - np.eye(o.shape[-1])[y]
    return p / o.shape[1]


@mistake("dloss_dlogits", "o is overwritten. The caller still needs it: work on a copy.", fails=ALL)
def dloss_dlogits(o, y):
    p = o
    p[...] = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "your values are the probabilities: nothing is subtracted at the targets, and nothing is divided by B. The gradient is p, and 1 less at the target, divided by B. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    return softmax(o)


@mistake("dloss_dlogits", "y is subtracted as a number, p − y, and nothing is divided by B. It is the number of a class: subtract 1 at that place. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    return softmax(o) - y[..., None]


@mistake("dloss_dlogits", "y is subtracted as it stands, softmax(o) − y. It holds the numbers of the classes: subtract 1 at these places. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    return softmax(o) - y


@mistake("dloss_dlogits", "the classes are counted from 1: 1 is subtracted at class y − 1. They count from 0, so y is itself the index.", fails=ALL)
def dloss_dlogits(o, y):
    p = softmax(o)
    p[np.arange(len(o))[:, None], np.arange(o.shape[1]), y - 1] -= 1
    return p / o.shape[1]


@mistake("dloss_dlogits", "only the targets' entries are filled, and the others are 0. Their gradient is p: they sink while the target rises. See “The gradient of the logits”.", fails=ALL)
def dloss_dlogits(o, y):
    places = np.arange(len(o))[:, None], np.arange(o.shape[1]), y
    do = np.zeros_like(o)
    do[places] = softmax(o)[places] - 1
    return do / o.shape[1]


@alternative("dloss_dlogits", "index arrays")
def dloss_dlogits(o, y):
    T, B, _ = o.shape
    p = softmax(o)
    p[np.arange(T)[:, None], np.arange(B), y] -= 1
    return p / B


@alternative("dloss_dlogits", "rows of the identity")
def dloss_dlogits(o, y):
    return (softmax(o) - np.eye(o.shape[-1], dtype=o.dtype)[y]) / y.shape[1]


@alternative("dloss_dlogits", "a comparison; the softmax written again")
def dloss_dlogits(o, y):
    e = np.exp(o - np.max(o, axis=2, keepdims=True))
    is_target = np.arange(o.shape[2]) == y[:, :, None]
    return (e / np.sum(e, axis=2, keepdims=True) - is_target).astype(o.dtype) / o.shape[1]


@alternative("dloss_dlogits", "np.add.at on flattened rows")
def dloss_dlogits(o, y):
    T, B, O = o.shape
    rows = softmax(o).reshape(T * B, O)
    np.add.at(rows, (np.arange(T * B), y.reshape(-1)), -1)
    return rows.reshape(T, B, O) / B


@alternative("dloss_dlogits", "loops over steps and samples")
def dloss_dlogits(o, y):
    do = np.empty_like(o)
    for t in range(o.shape[0]):
        for n in range(o.shape[1]):
            do[t, n] = softmax(o[t, n])
            do[t, n, int(y[t, n])] -= 1
    do /= o.shape[1]
    return do


@alternative("dloss_dlogits", "the gradient of log-sum-exp, step by step in a list")
def dloss_dlogits(o, y):
    B = o.shape[1]
    steps = []
    for o_t, y_t in zip(o, y, strict=True):
        p = softmax(o_t)
        one_hot = np.zeros_like(p)
        one_hot[np.arange(B), y_t] = 1
        steps.append((p - one_hot) / B)
    return np.stack(steps)


# --- Exercise 2 --------------------------------------------------------------------------------------


@cases("rnn_backward")
def _(rng):
    def inputs(T, B, D, H, dtype="float64"):
        params = _rnn(rng, D, H, 1)
        x, h0 = _normal(rng, T, B, D), _normal(rng, B, H) / 2
        h, hs = h0, []
        for x_t in x:
            h = np.tanh(x_t @ params["U"].T + h @ params["W"].T + params["b"])
            hs.append(h)
        kept = {"x": x, "h0": h0, "hs": np.stack(hs), "U": params["U"], "W": params["W"]}
        dhs = 30 * _normal(rng, T, B, H)  # so large that whoever clips is seen
        return {"dhs": dhs.astype(dtype), "cache": {name: value.astype(dtype) for name, value in kept.items()}}

    for test in ("db", "dU", "dW", "dx", "dh0"):
        yield show(test, **inputs(5, 3, 4, 6))
        yield show(test, **inputs(4, 3, 3, 3))  # D = H, so that what is transposed or exchanged runs too
        yield show(test, **inputs(2, 1, 2, 1))
        yield hide(test, **inputs(4, 5, 2, 3))
        yield hide(test, **inputs(6, 2, 3, 3))
        yield hide(test, **inputs(3, 1, 1, 4))
    yield show("one step", **inputs(1, 3, 3, 3))
    yield show("one step", **inputs(1, 2, 4, 3))
    yield hide("one step", **inputs(1, 4, 2, 5))
    yield show("inputs", **inputs(4, 3, 2, 3))
    yield show("inputs", **inputs(3, 2, 3, 3))
    yield hide("inputs", **inputs(5, 3, 4, 2))
    yield show("float32", **inputs(3, 2, 3, 3, "float32"))
    yield show("float32", **inputs(4, 3, 2, 5, "float32"))
    yield hide("float32", **inputs(5, 3, 4, 3, "float32"))


ALL = ["db", "dU", "dW", "dx", "dh0", "one step", "inputs", "float32"]
LATER = ["db", "dU", "dW", "dx", "dh0", "inputs", "float32"]  # all but T = 1, where nothing comes from later
SUMS = ["db", "dU", "dW", "one step", "inputs", "float32"]


def only(*names):
    return [*names, "one step", "inputs", "float32"]


@mistake("rnn_backward", "the slope of tanh is missing: your values are those with da = dh. Going back through the tanh of step t multiplies by 1 − h(t)². See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope of tanh is taken as 1 − h. It is 1 − h², with the square. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t])
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope is h (1 − h), that of a sigmoid. For tanh it is 1 − h². See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * hs[t] * (1 - hs[t])
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope is 1 − tanh(h)². The state h is already the tanh of a, so the slope at a is 1 − h². See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - np.tanh(hs[t]) ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope is (1 − h)². It is 1 − h²: only h is squared. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t]) ** 2
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "all gradients have the wrong sign. They say where the loss grows; the minus is in the update, W ← W − η dW.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = from_later - dhs[t]
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope is h² − 1, the negative of that of tanh, 1 − h². See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (hs[t] ** 2 - 1)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "you divide by the slope 1 − h² where you have to multiply by it. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh / (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope of tanh is taken at the step before, 1 − h(t−1)². da(t) belongs to the tanh of step t: 1 − h(t)². See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - (hs[t - 1] if t > 0 else h0) ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope of tanh is taken at the step after, 1 − h(t+1)². What is in dh belongs to h(t), and goes back through the tanh of step t. See “One step back”.", fails=LATER)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[min(t + 1, len(x) - 1)] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope of tanh is applied twice in each step: da = dh (1 − h²), once. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2) ** 2
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope of the step before is already applied when you hand the gradient over, and then a second time in that step. da @ W is handed over as it is. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = (da @ W) * (1 - h_prev**2)
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope of tanh is applied to what comes from later steps only, not to dhs[t]. Both arrive at h(t), and both go through its tanh: add first. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = from_later
        da = dhs[t] + dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope of tanh is applied to dhs[t] only, not to what comes from later steps. Both arrive at h(t), and both go through its tanh: add first. See “One step back”.", fails=LATER)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t]
        da = dh * (1 - hs[t] ** 2) + from_later
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the gradient is handed to the step before without the slope of tanh, dh @ W. The way from h(t) to h(t−1) leads through the tanh of step t: da @ W. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = dh @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the slope and Wᵀ have changed places: your values are those of diag(1 − h(t)²) Wᵀ dh. First the slope of step t, then Wᵀ: Wᵀ diag(1 − h(t)²) dh, in rows da @ W. C's formula has this order wrong, too. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = (dh @ W) * (1 - hs[t] ** 2)
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "what is handed to the step before has the slope of that step, 1 − h(t−1)², in place of the slope of step t: hand over da @ W. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = (dh * (1 - h_prev**2)) @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "nothing comes from the later steps: da is made of dhs[t] alone, as if no state went into the next one. Add what the step after sends back. See “One step back”.", fails=LATER)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t]
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "only the output of the last step counts: dhs[t] of the earlier steps is dropped. Each step adds its own dhs[t] to what comes from later. See “One step back”.", fails=LATER)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] if t == len(x) - 1 else from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the last step counts twice: what comes from later begins with dhs[−1], which is then added again. After the last step there is nothing: begin with zeros.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = dhs[-1]
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


@mistake("rnn_backward", "what comes from later is added up over all later steps (+=). Only the step directly after sends to this one; what came from further on is in there already. Replace it (=) in each step.", fails=LATER)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = from_later + da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the loop runs forwards in time. What a step sends back is needed by the step before, so the last step comes first: reversed(range(T)).", fails=LATER)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in range(len(x)):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "W is transposed the wrong way when the gradient is handed over, da @ W.T. Forward it was h @ W.T, so back it is da @ W. The shapes do not warn you, because W is square. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = da @ W.T
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "U takes the place of W when the gradient is handed over. It only runs when D = H. From h(t) to h(t−1) the way leads through W.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = da @ U
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "only the diagonal of W is used when the gradient is handed over. Unit j goes into all units of the next step: Σᵢ over a whole column of W. See “One step back”.", fails=["db", "dU", "dW", "dx", "dh0", "one step", "inputs", "float32"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = da * np.diag(W)
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "your values are those of A's misprint ∂h_j(t+1)/∂h_j(t): unit j gets its own weight W_jj only, times the sum over all units. The derivative in the sum is that of unit i by unit j, (1 − h_i²) W_ij. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = dh.sum(axis=1, keepdims=True) * (1 - hs[t] ** 2) * np.diag(W)
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "only the contribution of the last step that the loop visits (t = 1) is kept: = where += belongs. dU, dW and db are sums over all steps. See “Sums over time”.", fails=["db", "dU", "dW", "inputs", "float32"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU = da.T @ x[t]
        dW = da.T @ h_prev
        db = da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "only the last step, t = T, contributes. dU, dW and db are sums over all steps. See “Sums over time”.", fails=["db", "dU", "dW", "inputs", "float32"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        if t == len(x) - 1:
            dU += da.T @ x[t]
            dW += da.T @ h_prev
            db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dW lacks the first step: h0 is taken as 0, or the sum starts at t = 2, as A prints it. In step 1, W was multiplied by h0. See “Sums over time”.", fails=only("dW"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else 0 * h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the first step, t = 1, is left out: in code it is t = 0, and the loop has to reach it. See “Sums over time”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in range(len(x) - 1, 0, -1):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the last step, t = T, is left out: the loop has to begin with t = T − 1 in code, and dhs[T − 1] counts. See “The last step”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x) - 1)):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the sums are divided by B, the size of the batch. The mean over the batch is already in dhs: here the samples are added. See “A batch”.", fails=SUMS)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    B = len(h0)
    dU, dW, db = dU / B, dW / B, db / B
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the sums are divided by T. The loss is a sum over time, and so are its gradients. See “Sums over time”.", fails=["db", "dU", "dW", "inputs", "float32"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    T = len(x)
    dU, dW, db = dU / T, dW / T, db / T
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the sums are divided by T · B. The mean over the batch is already in dhs, and over time nothing is averaged. See “A batch”.", fails=SUMS)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    n = len(x) * len(h0)
    dU, dW, db = dU / n, dW / n, db / n
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "everything is divided by B, dx and dh0 too. The mean over the batch is already in dhs.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] / len(h0) + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "only the first sample of the batch counts in the sums. They go over all samples: da.T @ x[t] adds them up. See “A batch”.", fails=SUMS)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += np.outer(da[0], x[t, 0])
        dW += np.outer(da[0], h_prev[0])
        db += da[0]
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the gradients are clipped between −5 and 5. Clipping is the business of whoever takes the step, not of the derivative: return the gradients as they are.", fails=SUMS)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    dU, dW, db = (np.clip(g, -5, 5) for g in (dU, dW, db))
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the gradients are clipped between −1 and 1. Clipping is the business of whoever takes the step, not of the derivative: return the gradients as they are.", fails=SUMS)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    dU, dW, db = (np.clip(g, -1, 1) for g in (dU, dW, db))
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dW is made with the state after the step, h(t). W was multiplied by the state before it, h(t−1). See “Sums over time”.", fails=only("dW"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t]
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "in the first step dW uses hs[−1], the last state: for t = 0, t − 1 counts from the end. The state before the first step is h0. See “Sums over time”.", fails=only("dW"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1]
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "h0 is used as the state before every step in dW. Only the first step has it; before that at t comes hs[t − 1].", fails=["dW", "inputs", "float32"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dU is made with the input of the step before. U was multiplied by x[t] in step t. See “Sums over time”.", fails=["dU", "inputs", "float32"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t - 1]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dU is made with dh, without the slope of tanh. All sums are made of da. See “Sums over time”.", fails=only("dU"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += dh.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dW is made with dh, without the slope of tanh. All sums are made of da. See “Sums over time”.", fails=only("dW"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += dh.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "db is made with dh, without the slope of tanh. The bias is added inside tanh: db is the sum of da. See “Sums over time”.", fails=only("db"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += dh.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "db is not summed over the batch. b is one for all samples: add the rows of da, da.sum(axis=0). See “A batch”.", fails=only("db"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db = db + da
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "db is summed over the hidden units. Each unit has its own bias: sum over the samples, axis 0.", fails=only("db"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), 0
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db = db + da.sum(axis=1)[:, None]
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db[:, 0]}


@mistake("rnn_backward", "db has shape (1, H) (keepdims?). A gradient has the shape of its parameter: (H,).", fails=only("db"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db[None]}


@mistake("rnn_backward", "dU is transposed, (D, H). A gradient has the shape of its parameter: da.T @ x[t] is (H, D). See “Sums over time”.", fails=only("dU"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return {"dx": dx, "dh0": from_later, "dU": dU.T.copy(), "dW": dW, "db": db}


@mistake("rnn_backward", "dW is transposed: entry [i, j] belongs to the weight from unit j to unit i, so it is da.T @ h_prev, not h_prev.T @ da. See “Sums over time”.", fails=only("dW"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += h_prev.T @ da
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dU and dW are exchanged: U (H, D) was multiplied by the inputs, W (H, H) by the states.", fails=only("dU", "dW"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return {"dx": dx, "dh0": from_later, "dU": dW, "dW": dU, "db": db}


@mistake("rnn_backward", "dx is made with dh, without the slope of tanh. The input is inside tanh, too: da @ U.", fails=only("dx"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = dh @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dx is made with W. The input came in through U: da @ U. It only runs when D = H.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ W
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "U is transposed in dx, da @ U.T, which only runs when D = H. Forward it was x @ U.T, so back it is da @ U.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U.T
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dx stands in reverse order: it was collected while the loop ran back. dx[t] belongs to x[t].", fails=["dx", "inputs", "float32"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return {"dx": dx[::-1], "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dh0 is what arrives at the first state, h(1). Take it one step further back, through tanh and W. See “The inputs and the start”.", fails=only("dh0"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return {"dx": dx, "dh0": dh, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dh0 is da of the first step: W is missing. h0 went in through W: da @ W. See “The inputs and the start”.", fails=only("dh0"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return {"dx": dx, "dh0": da, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dh0 is all zeros. h0 influences the loss through every state; what the first step sends back is its gradient. See “The inputs and the start”.", fails=only("dh0"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return {"dx": dx, "dh0": np.zeros_like(h0), "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dh0 is multiplied by a slope, 1 − h0². h0 is given and not made by a tanh: what the first step sends back is the whole gradient.", fails=only("dh0"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return {"dx": dx, "dh0": from_later * (1 - h0**2), "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "dh0 is summed over the batch. Each sample has its own h0: shape (B, H).", fails=only("dh0"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return {"dx": dx, "dh0": from_later.sum(axis=0), "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the values are right, but dhs was changed: with += the sum is written into the caller's array. Write dh = dhs[t] + …, which makes a new one.", fails=["inputs"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t]
        dh += from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the values are right, but the states in cache were overwritten by their slopes. Make a new array.", fails=["inputs"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        hs[t] = 1 - hs[t] ** 2
        da = dh * hs[t]
        h_prev = hs[t - 1] if t > 0 else h0
        h_prev = h_prev.copy()
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=0)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "the values are right, but dx is written over the inputs x in cache. Make a new array, np.zeros_like(x).", fails=["inputs"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = x, np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
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


@mistake("rnn_backward", "the values are right, but float32 inputs give float64: create the arrays with the dtype of the others, e.g. np.zeros_like(W).", fails=["float32"])
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = (np.zeros(a.shape) for a in (x, U, W, U[:, 0]))
    from_later = np.zeros(h0.shape)
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


@mistake("rnn_backward", "what has arrived at h(t) goes to the step before twice: as it is, and through tanh and W (g = g + da @ W). It goes through tanh and W only: g = da @ W. See “One step back”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
        from_later = dh + da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "db is one sum over everything, da.sum(). Each unit has its own bias: add the rows of da only, da.sum(axis=0). See “Sums over time”.", fails=only("db"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum()
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "db is one number, da.sum(). Each unit has its own bias: add the rows of da only, da.sum(axis=0), an array (H,). See “Sums over time”.", fails=only("db"))
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), 0
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum()
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "db is summed over the hidden units, da.sum(axis=1), which only runs when B = H. Each unit has its own bias: sum over the samples, axis 0. See “Sums over time”.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += da.T @ x[t]
        dW += da.T @ h_prev
        db += da.sum(axis=1)
        dx[t] = da @ U
        from_later = da @ W
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@mistake("rnn_backward", "you return a tuple. Return a dict, in which each gradient has its name: {'dx': dx, 'dh0': …, 'dU': dU, 'dW': dW, 'db': db}.", fails=ALL)
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
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
    return dx, from_later, dU, dW, db


@alternative("rnn_backward", "transposed products")
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    dx, dU, dW, db = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0])
    from_later = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_later
        da = dh * (1 - hs[t] ** 2)
        h_prev = hs[t - 1] if t > 0 else h0
        dU += (x[t].T @ da).T
        dW += np.dot(h_prev.T, da).T
        db += da.sum(axis=0)
        dx[t] = (U.T @ da.T).T
        from_later = (W.T @ da.T).T
    return {"dx": dx, "dh0": from_later, "dU": dU, "dW": dW, "db": db}


@alternative("rnn_backward", "all da first, then one product over all steps and samples")
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    T, B, H = hs.shape
    da = dhs * (1 - hs * hs)
    for t in range(T - 2, -1, -1):
        da[t] += (1 - hs[t] * hs[t]) * (da[t + 1] @ W)
    h_prev = np.concatenate([h0[None], hs[:-1]])
    flat = da.reshape(T * B, H)
    return {
        "dx": da @ U,
        "dh0": da[0] @ W,
        "dU": flat.T @ x.reshape(T * B, -1),
        "dW": flat.T @ h_prev.reshape(T * B, H),
        "db": flat.sum(axis=0),
    }


@alternative("rnn_backward", "einsum over lists of all steps")
def rnn_backward(dhs, cache):
    U, W = cache["U"], cache["W"]
    states = [cache["h0"], *cache["hs"]]
    das, later = [], 0
    for t in range(len(dhs), 0, -1):
        das.insert(0, (dhs[t - 1] + later) * (1 - states[t] ** 2))
        later = np.einsum("bi,ij->bj", das[0], W)
    da, before = np.stack(das), np.stack(states[:-1])
    return {
        "db": np.einsum("tbi->i", da),
        "dU": np.einsum("tbi,tbd->id", da, cache["x"]),
        "dW": np.einsum("tbi,tbj->ij", da, before),
        "dx": np.einsum("tbi,id->tbd", da, U),
        "dh0": later,
    }


@alternative("rnn_backward", "recursion")
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = cache["x"], cache["h0"], cache["hs"], cache["U"], cache["W"]

    def back(t):
        """da of step t and of all later ones."""
        if t == len(x):
            return []
        later = back(t + 1)
        dh = dhs[t] + later[0] @ W if later else dhs[t]
        return [dh * (1 - hs[t] ** 2), *later]

    das = back(0)
    before = [h0, *hs[:-1]]
    return {
        "dx": np.stack([da @ U for da in das]),
        "dh0": das[0] @ W,
        "dU": sum(da.T @ x_t for da, x_t in zip(das, x, strict=True)),
        "dW": sum(da.T @ h for da, h in zip(das, before, strict=True)),
        "db": sum(da.sum(axis=0) for da in das),
    }


@alternative("rnn_backward", "sample by sample, with outer products and columns")
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    grads = {"dx": np.empty_like(x), "dh0": np.empty_like(h0), "dU": np.zeros_like(U), "dW": np.zeros_like(W)}
    grads["db"] = np.zeros(len(W), dtype=W.dtype)
    for n in range(len(h0)):
        later = np.zeros_like(h0[n])
        for t in range(len(x) - 1, -1, -1):
            da = (1 - hs[t, n] ** 2) * (dhs[t, n] + later)
            before = h0[n] if t == 0 else hs[t - 1, n]
            grads["dU"] += np.outer(da, x[t, n])
            grads["dW"] += np.outer(da, before)
            grads["db"] += da
            grads["dx"][t, n] = U.T @ da
            later = W.T.dot(da)
        grads["dh0"][n] = later
    return grads


@alternative("rnn_backward", "with the Jacobians as matrices")
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    eye = np.eye(len(W), dtype=W.dtype)
    slopes = (1 - hs**2)[..., None] * eye  # (T, B, H, H)
    dh, dhs_total = np.zeros_like(dhs[0]), [None] * len(x)
    for t in reversed(range(len(x))):
        if t + 1 < len(x):
            jacobian = slopes[t + 1] @ W
            dh = (dh[:, None, :] @ jacobian)[:, 0]
        dh = dh + dhs[t]
        dhs_total[t] = dh
    das = [(dh[:, None, :] @ slope)[:, 0] for dh, slope in zip(dhs_total, slopes, strict=True)]
    padded = np.concatenate([h0[None], hs], axis=0)
    dU, dW, db = 0, 0, 0
    for t, da in enumerate(das):
        dU, dW, db = dU + da.T @ x[t], dW + da.T @ padded[t], db + np.sum(da, 0)
    return dict(dx=np.stack([da @ U for da in das]), dh0=das[0] @ W, dU=dU, dW=dW, db=db)


@alternative("rnn_backward", "a pure step, carried by reduce")
def rnn_backward(dhs, cache):
    from functools import reduce

    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    before = [h0, *hs[:-1]]

    def step(carry, now):
        later, dU, dW, db, dx = carry
        dh, h, h_prev, x_t = now
        da = (dh + later) * (1 - h * h)
        return da @ W, dU + da.T @ x_t, dW + da.T @ h_prev, db + da.sum(0), [da @ U, *dx]

    start = np.zeros_like(h0), np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, 0]), []
    dh0, dU, dW, db, dx = reduce(step, reversed(list(zip(dhs, hs, before, x, strict=True))), start)
    return {"dx": np.stack(dx), "dh0": dh0, "dU": dU, "dW": dW, "db": db}


@alternative("rnn_backward", "from one path to the next: every loss goes back alone")
def rnn_backward(dhs, cache):
    x, h0, hs, U, W = (cache[k] for k in ("x", "h0", "hs", "U", "W"))
    T = len(x)
    h_all = [h0] + [h for h in hs]
    das = [np.zeros_like(h0) for _ in range(T)]
    dh0 = np.zeros_like(h0)
    for last in range(T):
        delta = dhs[last]
        for t in range(last, -1, -1):
            delta = delta * (1 - np.square(h_all[t + 1]))
            das[t] = das[t] + delta
            delta = np.matmul(delta, W)
        dh0 += delta
    dU = sum(np.dot(da.T, x[t]) for t, da in enumerate(das))
    dW = sum(np.dot(da.T, h_all[t]) for t, da in enumerate(das))
    da = np.stack(das)
    return {"dh0": dh0, "dx": np.tensordot(da, U, axes=1), "dU": dU, "dW": dW, "db": da.sum(axis=(0, 1))}


# --- Exercise 3 --------------------------------------------------------------------------------------


@cases("bptt_naive")
def _(rng):
    def inputs(T, B, D, H, O, dtype="float64", **k):
        return {"x": _normal(rng, T, B, D, dtype=dtype), "y": _classes(rng, T, B, O), "params": _rnn(rng, D, H, O, dtype), **k}

    yield show("output layer", **inputs(4, 3, 2, 5, 4))
    yield show("output layer", **inputs(3, 1, 3, 3, 3))
    yield show("output layer", **inputs(5, 2, 3, 4, 3, k=3))
    yield hide("output layer", **inputs(5, 2, 3, 2, 6))
    yield hide("output layer", **inputs(6, 4, 2, 3, 3, k=2))
    yield show("all steps", **inputs(5, 3, 4, 6, 3))
    yield show("all steps", **inputs(4, 3, 3, 3, 3))
    yield show("all steps", **inputs(1, 2, 3, 4, 5))
    yield hide("all steps", **inputs(6, 1, 2, 4, 3, k=None))
    yield hide("all steps", **inputs(4, 4, 3, 3, 3))
    yield hide("all steps", **inputs(3, 2, 2, 1, 4))
    yield show("truncated", **inputs(6, 3, 2, 5, 4, k=2))
    yield show("truncated", **inputs(5, 2, 3, 3, 3, k=3))
    yield show("truncated", **inputs(4, 2, 2, 3, 3, k=1))
    yield show("truncated", **inputs(3, 2, 2, 3, 4, k=5))
    yield hide("truncated", **inputs(7, 2, 3, 4, 2, k=3))
    yield hide("truncated", **inputs(5, 1, 3, 3, 3, k=1))
    yield hide("truncated", **inputs(6, 3, 3, 3, 3, k=4))
    yield hide("truncated", **inputs(4, 3, 2, 1, 3, k=4))
    yield show("float32", **inputs(4, 2, 3, 3, 3, "float32"))
    yield hide("float32", **inputs(5, 3, 2, 4, 3, "float32"))


ALL = ["output layer", "all steps", "truncated", "float32"]
BACK = ["all steps", "truncated", "float32"]


@mistake("bptt_naive", "each loss reaches back one step too far: k + 1 steps, as in the listing. Its own step is one of the k: the last step visited is t − k + 1. See “A listing with five faults”.", fails=["truncated"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "each loss reaches back one step too few: k − 1 steps. range leaves out its end: the last step visited is t − k + 1. See “A listing with five faults”.", fails=["truncated"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 2)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "k is ignored: every loss goes back to the first step. See “A listing with five faults”.", fails=["truncated"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "k is counted from the end of the sequence: only the last k steps are visited at all. Each loss reaches back k steps from its own t. See “A listing with five faults”.", fails=["truncated"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, T - k)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the sequence is cut into blocks of k steps, and no loss leaves its block. Here each loss reaches back k steps, wherever it is. See “A listing with five faults”.", fails=["truncated"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else t - t % k
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "only the losses of the last k steps count. All T losses count; each of them reaches back k steps. See “A listing with five faults”.", fails=["truncated"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        if k is not None and t < T - k:
            continue
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "in the first step dW uses hs[−1], the last state. The listing may do so, because its s has a row of zeros at the end; hs has none. The state before the first step is h(0) = 0. See “A listing with five faults”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1]
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "at the targets the gradient of the logits is set to 1, as printed in B: = 1. where −= 1. belongs. See “A listing with five faults”.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = softmax(os)
    do[np.arange(T)[:, None], np.arange(B), y] = 1
    do = do / B
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the logits are used as if they were probabilities: rnn_forward returns logits, and B's forward_propagation probabilities. Use dloss_dlogits(os, y).", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = os
    do[np.arange(T)[:, None], np.arange(B), y] -= 1
    do /= B
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "nothing is subtracted at the targets: your values are those with do = p / B. See “The gradient of the logits”.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = softmax(os) / B
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the mean over the batch is missing: the listing is for one sample, and the loss here is the mean over B samples. dloss_dlogits has the division in it if your Exercise 1 is right.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1] * B
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "you divide by B twice: dloss_dlogits has the mean over the batch in it already, if your Exercise 1 is right.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1] / B
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "everything is divided by T. The losses of all steps are added, not averaged.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1] / T
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the gradients have the wrong sign. See “The gradient of the logits”: p − 1 at the target.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = -(softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "only the loss of the last step, t = T, counts. The outer loop goes over all losses. See “A listing with five faults”.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in [T - 1]:
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the loss of the first step is left out: in code it is t = 0, and the outer loop has to reach it.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in range(T - 1, 0, -1):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "only the last contribution is kept in dU, dW and db: = where += belongs. They are sums over all losses, and for each over all steps visited. See “A listing with five faults”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU = delta.T @ x[step]
            dW = delta.T @ h_prev
            db = delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "only the loss that you visit last is kept in dV and dc: = where += belongs. They are sums over all steps. See “Sums over time”.", fails=["output layer", "float32"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV = do[t].T @ hs[t]
        dc = do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "each loss starts without the slope of tanh: the first delta is the gradient by a(t), (do[t] @ V) times 1 − h(t)². See “Deltas”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = do[t] @ V
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "delta is carried back without the slope of tanh. delta is a gradient by a: after Wᵀ it is multiplied by 1 − h(step−1)². See “Deltas”.", fails=["all steps", "truncated", "float32"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = delta @ W
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "delta is carried back with the slope of the step that it leaves, 1 − h(step)². It arrives at a(step−1): the slope there is 1 − h(step−1)². See “Deltas”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - hs[step] ** 2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the slope is 1 − h. That of tanh is 1 − h², with the square.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t])
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "W is transposed the wrong way, delta @ W.T. The listing's W.T.dot(delta) is for a column; for rows it is delta @ W. The shapes do not warn you, because W is square.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W.T) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "V is transposed the wrong way, do[t] @ V.T, which only runs when O = H. The listing's V.T.dot(…) is for a column; for rows it is do[t] @ V.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V.T) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "delta is not carried back: every step visited uses the first one. After each step it goes through Wᵀ and the slope. See “Deltas”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "delta is carried back before the step is added, so that each step gets the delta of the one before it. First add, then carry back. See “Deltas”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            delta = (delta @ W) * (1 - h_prev**2)
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "delta is not started anew for each loss: what is left of the loss before is added. See “Deltas”: each loss goes back on its own.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    delta = 0
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = delta + (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "dW is made with the state of the step visited, h(step). W was multiplied by the state before it. See “Sums over time”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ hs[step]
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "dW is made with h(t−1) of the loss in every step. Each step visited has its own state before it, h(step−1).", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ (hs[t - 1] if t > 0 else h0)
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "dU is made with the input x[t] of the loss in every step. Each step visited has its own input, x[step].", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[t]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the own step of each loss is left out: the inner loop begins at t, not at t − 1. See “A listing with five faults”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t - 1, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the last step to be visited is left out: range stops before its end, so the end is first − 1. See “A listing with five faults”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "dW and dU stand transposed: a gradient has the shape of its parameter, delta.T @ …", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU.T, "dW": dW.T, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "dV is transposed. A gradient has the shape of its parameter, (O, H): do[t].T @ hs[t].", fails=["output layer", "float32"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV.T, "dc": dc}


@mistake("bptt_naive", "dV is made with the state before the step. The output was computed from hs[t].", fails=["output layer", "float32"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ (hs[t - 1] if t > 0 else h0)
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "dV and dc are truncated too: only the losses of the last k steps are in them. They need no way back in time, and do not depend on k.", fails=["output layer"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        if k is None or t >= T - k:
            dV += do[t].T @ hs[t]
            dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "db and dc are missing: B's network has no biases, this one has b and c. db is the sum of all delta, dc that of all do.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "dV": dV}


@mistake("bptt_naive", "you return a list, as B does. Return a dict with the names dU, dW, db, dV, dc.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return [dU, dV, dW]


@mistake("bptt_naive", "the values are right, but float32 inputs give float64: create the arrays with np.zeros_like, or with a dtype.", fails=["float32"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros(params[name].shape) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the inner loop runs on before the first step: with range(t, t − k, −1) step becomes −1, −2, …, and Python counts these from the end. Stop at step 0: max(0, t − k + 1) is the last one visited. See “A listing with five faults”.", fails=["truncated"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else t - k + 1
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "without k the inner loop runs T steps from every loss, on before the first one: step becomes −1, −2, …, and Python counts these from the end. Stop at step 0. See “A listing with five faults”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = t - (T if k is None else k) + 1
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "db gets only the own step of each loss. b is used in every step visited: add delta's sum in the inner loop, as for dU and dW. See “A listing with five faults”.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        db += delta.sum(axis=0)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "db stays 0: add the sum of delta over the samples in each step visited.", fails=BACK)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "dc stays 0: add the sum of do[t] over the samples for each loss.", fails=["output layer", "float32"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "the network is started anew, from h = 0, where the way back of each loss ends. It runs once, over all T steps; only the way back is cut. See “A listing with five faults”.", fails=["output layer", "truncated"])
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in range(T):
        first = 0 if k is None else max(0, t - k + 1)
        hs, os = rnn_forward(x[first : t + 1], h0, params)
        do = (softmax(os[-1]) - np.eye(os.shape[-1], dtype=os.dtype)[y[t]]) / os.shape[1]
        dV += do.T @ hs[-1]
        dc += do.sum(axis=0)
        delta = (do @ V) * (1 - hs[-1] ** 2)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - first - 1] if step > first else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return {"dU": dU, "dW": dW, "db": db, "dV": dV, "dc": dc}


@mistake("bptt_naive", "you return a tuple. Return a dict, in which each gradient has its name: {'dU': dU, 'dW': dW, 'db': db, 'dV': dV, 'dc': dc}.", fails=ALL)
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    W, V = params["W"], params["V"]
    h0 = np.zeros_like(x, shape=(B, len(W)))
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    dU, dW, db, dV, dc = (np.zeros_like(params[name]) for name in "UWbVc")
    for t in reversed(range(T)):
        dV += do[t].T @ hs[t]
        dc += do[t].sum(axis=0)
        delta = (do[t] @ V) * (1 - hs[t] ** 2)
        first = 0 if k is None else max(0, t - k + 1)
        for step in range(t, first - 1, -1):
            h_prev = hs[step - 1] if step > 0 else h0
            dU += delta.T @ x[step]
            dW += delta.T @ h_prev
            db += delta.sum(axis=0)
            delta = (delta @ W) * (1 - h_prev**2)
    return dU, dW, db, dV, dc


@alternative("bptt_naive", "close to the listing: sample by sample, columns, a row of zeros at the end of s")
def bptt_naive(x, y, params, k=None):
    U, W, b, V, c = (params[name] for name in "UWbVc")
    T, B = y.shape
    dLdU, dLdW, dLdb, dLdV, dLdc = (np.zeros_like(params[name]) for name in "UWbVc")
    for n in range(B):
        s = np.zeros((T + 1, len(W)), dtype=x.dtype)
        o = np.zeros((T, len(V)), dtype=x.dtype)
        for t in range(T):
            s[t] = np.tanh(U.dot(x[t, n]) + W.dot(s[t - 1]) + b)
            o[t] = softmax(V.dot(s[t]) + c)
        delta_o = o.copy()
        delta_o[np.arange(T), y[:, n]] -= 1.0
        delta_o /= B
        for t in range(T)[::-1]:
            dLdV += np.outer(delta_o[t], s[t])
            dLdc += delta_o[t]
            delta_t = V.T.dot(delta_o[t]) * (1 - s[t] ** 2)
            start = 0 if k is None else max(0, t - (k - 1))
            for step in range(start, t + 1)[::-1]:
                dLdU += np.outer(delta_t, x[step, n])
                dLdW += np.outer(delta_t, s[step - 1])
                dLdb += delta_t
                delta_t = W.T.dot(delta_t) * (1 - s[step - 1] ** 2)
    return {"dU": dLdU, "dW": dLdW, "db": dLdb, "dV": dLdV, "dc": dLdc}


@alternative("bptt_naive", "each loss by rnn_backward, on its last k steps")
def bptt_naive(x, y, params, k=None):
    T, B, _ = x.shape
    h0 = np.zeros((B, len(params["b"])), dtype=x.dtype)
    hs, os = rnn_forward(x, h0, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    all_hs = np.concatenate([h0[None], hs])
    total = {"dV": np.einsum("tbo,tbh->oh", do, hs), "dc": do.sum(axis=(0, 1)), "dU": 0, "dW": 0, "db": 0}
    for t in range(T):
        first = max(0, t + 1 - (T if k is None else k))
        dhs = np.zeros_like(hs[first : t + 1])
        dhs[-1] = do[t] @ params["V"]
        kept = {"x": x[first : t + 1], "h0": all_hs[first], "hs": hs[first : t + 1], "U": params["U"], "W": params["W"]}
        grads = rnn_backward(dhs, kept)
        for name in ("dU", "dW", "db"):
            total[name] = total[name] + grads[name]
    return total


@alternative("bptt_naive", "all deltas of all losses in lists, added up at the end")
def bptt_naive(x, y, params, k=None):
    W, V = params["W"], params["V"]
    hs, os = rnn_forward(x, np.zeros((x.shape[1], W.shape[0]), x.dtype), params)
    before = np.concatenate([np.zeros_like(hs[:1]), hs[:-1]])
    slopes = 1 - hs**2
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    pairs = []  # (delta, step)
    for t in range(len(x)):
        delta = do[t] @ V * slopes[t]
        for back in range(t + 1 if k is None else min(k, t + 1)):
            pairs.append((delta, t - back))
            if back < t:
                delta = delta @ W * slopes[t - back - 1]
    return {
        "dU": sum(delta.T @ x[step] for delta, step in pairs),
        "dW": sum(delta.T @ before[step] for delta, step in pairs),
        "db": sum(delta.sum(axis=0) for delta, step in pairs),
        "dV": sum(do_t.T @ h for do_t, h in zip(do, hs, strict=True)),
        "dc": sum(do_t.sum(axis=0) for do_t in do),
    }


@alternative("bptt_naive", "the deltas of all losses at once, one step back after the other")
def bptt_naive(x, y, params, k=None):
    W, V = params["W"], params["V"]
    T, B, _ = x.shape
    zero = np.zeros((B, W.shape[0]), dtype=x.dtype)
    hs, os = rnn_forward(x, zero, params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    h_prev = np.concatenate((zero[None], hs))[:T]
    delta = (do @ V) * (1 - hs**2)  # [t]: of the loss of step t + j, after j steps back
    total = delta
    for j in range(1, T if k is None else min(k, T)):
        delta = (delta[1:] @ W) * (1 - hs[: T - j] ** 2)
        total = np.concatenate([total[: T - j] + delta, total[T - j :]])
    return {
        "dU": np.tensordot(total, x, axes=((0, 1), (0, 1))),
        "dW": np.tensordot(total, h_prev, axes=((0, 1), (0, 1))),
        "db": total.sum(axis=(0, 1)),
        "dV": np.tensordot(do, hs, axes=((0, 1), (0, 1))),
        "dc": do.sum(axis=(0, 1)),
    }


@alternative("bptt_naive", "recursion")
def bptt_naive(x, y, params, k=None):
    hs, os = rnn_forward(x, np.zeros_like(x[0], shape=(x.shape[1], len(params["W"]))), params)
    do = (softmax(os) - np.eye(os.shape[-1], dtype=os.dtype)[y]) / os.shape[1]
    grads = {"d" + name: 0 * value for name, value in params.items()}

    def back(dh, step, left):
        if step < 0 or left == 0:
            return
        da = dh * (1 - hs[step] ** 2)
        grads["dU"] += da.T @ x[step]
        grads["db"] += da.sum(axis=0)
        if step > 0:
            grads["dW"] += da.T @ hs[step - 1]
        back(da @ params["W"], step - 1, None if left is None else left - 1)

    for t in range(len(x)):
        grads["dV"] += do[t].T @ hs[t]
        grads["dc"] += do[t].sum(axis=0)
        back(do[t] @ params["V"], t, k)
    return grads


# --- Exercise 4 --------------------------------------------------------------------------------------


@cases("rtrl")
def _(rng):
    def inputs(T, B, D, H, dtype="float64"):
        return {
            "x": _normal(rng, T, B, D, dtype=dtype),
            "h0": _normal(rng, B, H, dtype=dtype) / 2,
            "params": _rnn(rng, D, H, 2, dtype),
        }

    for test in ("rtrl", "ni"):
        yield show(f"{test}, one step", **inputs(1, 2, 3, 4))
        yield show(f"{test}, one step", **inputs(1, 3, 3, 3))
        yield hide(f"{test}, one step", **inputs(1, 2, 4, 2))
        yield show(test, **inputs(4, 2, 2, 3))
        yield show(test, **inputs(3, 3, 3, 3))
        yield show(test, **inputs(2, 1, 1, 2))
        yield hide(test, **inputs(5, 2, 3, 4))
        yield hide(test, **inputs(3, 3, 3, 3))
        yield hide(test, **inputs(4, 1, 2, 1))
        yield show(f"{test}, float32", **inputs(3, 2, 3, 2, "float32"))
        yield hide(f"{test}, float32", **inputs(4, 2, 2, 3, "float32"))


ALL = ["rtrl, one step", "rtrl", "rtrl, float32"]
LATER = ["rtrl", "rtrl, float32"]
ALL_NI = ["ni, one step", "ni", "ni, float32"]
LATER_NI = ["ni", "ni, float32"]


@mistake("rtrl", "rtrl: the slope of tanh is missing. Both the immediate part and what comes from the step before go through tanh: times 1 − h(t)². See “The recurrence”.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = 1
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: only the immediate derivative of the last step is left. Add what comes from the step before, the Jacobian times the old derivative. See “The recurrence”.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * now_U
        dhdW = slope * now_W
    return dhdU, dhdW


@mistake("rtrl", "rtrl: the immediate derivatives of all steps are added up without the Jacobian ∂h(t)/∂h(t−1) between them. See “The recurrence”.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * now_U + dhdU
        dhdW = slope * now_W + dhdW
    return dhdU, dhdW


@mistake("rtrl", "rtrl: the immediate derivative is added in the first step only. Every step adds its own. See “The recurrence”.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        if dhdU.any():
            now_U, now_W = 0, 0
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: W is transposed. The Jacobian ∂h_i(t)/∂h_k(t−1) is (1 − h_i²) W_ik: the sum runs over the second index of W. See “The recurrence”.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ki,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ki,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: the sum of the Jacobian runs over j, the unit whose weights are varied. It runs over k, the unit of the old state: Σ_k W_ik dh_k/dU_jd. See “The recurrence”.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bjkd->bjid", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bjkm->bjim", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: the slope multiplies the immediate part only. What comes from the step before goes through the same tanh. See “The recurrence”.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * now_U + np.einsum("ik,bkjd->bijd", W, dhdU)
        dhdW = slope * now_W + np.einsum("ik,bkjm->bijm", W, dhdW)
    return dhdU, dhdW


@mistake("rtrl", "rtrl: the slope multiplies what comes from the step before only. The immediate part goes through the same tanh. See “The recurrence”.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = now_U + slope * np.einsum("ik,bkjd->bijd", W, dhdU)
        dhdW = now_W + slope * np.einsum("ik,bkjm->bijm", W, dhdW)
    return dhdU, dhdW


@mistake("rtrl", "rtrl: the slope is that of the state before the step. tanh was applied in step t: 1 − h(t)².", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        slope = (1 - h**2)[:, :, None, None]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: the slope is 1 − h. That of tanh is 1 − h², with the square.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: dhdW is made with the new state h(t): it was replaced too early. W was multiplied by the state before the step.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        now_W = eye[:, :, None] * h[:, None, None, :]
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: h0 is ignored, the states start from zero.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = 0 * h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: the slope of unit i became that of unit j, the unit whose weights are varied. In h_i the tanh of unit i is passed: the slope goes with the first axis after the batch.", fails=["rtrl", "rtrl, float32"])
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, None, :, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: the immediate derivative is not 0 where i ≠ j. Row j of U goes into unit j only: multiply by an identity over i and j. See “The recurrence”.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = np.ones_like(eye)[:, :, None] * x_t[:, None, None, :]
        now_W = np.ones_like(eye)[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: i and j are exchanged in the result: [b, i, j, d] is unit i by U_jd, the varied weights come last.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU.swapaxes(1, 2), dhdW.swapaxes(1, 2)


@mistake("rtrl", "rtrl: j and d are exchanged in the result: [b, i, j, d] is unit i by U_jd; the last two axes are those of the matrix.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU.swapaxes(2, 3), dhdW.swapaxes(2, 3)


@mistake("rtrl", "rtrl: the results are summed over the batch. Each sample has its own derivatives: (B, H, H, D).", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU.sum(axis=0), dhdW.sum(axis=0)


@mistake("rtrl", "rtrl: the results are exchanged: return dhdU first, then dhdW.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdW, dhdU


@mistake("rtrl", "rtrl: the values are right, but float32 inputs give float64: np.eye and np.zeros need a dtype.", fails=["rtrl, float32"])
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: in the Jacobian the slope multiplies the columns of W, diag on the wrong side. Its entry [i, k] is (1 − h_i²) W_ik: the slope multiplies row i, (1 − h²)[:, :, None] · W. See “The recurrence”.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        J = (1 - h**2)[:, None, :] * W
        dhdU = slope * now_U + np.einsum("bik,bkjd->bijd", J, dhdU)
        dhdW = slope * now_W + np.einsum("bik,bkjm->bijm", J, dhdW)
    return dhdU, dhdW


@mistake("rtrl", "rtrl: in the Jacobian the slope is that of step t − 1. Both parts go through the tanh of step t: 1 − h(t)². See “The recurrence”.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h_prev, h = h, np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        J = (1 - h_prev**2)[:, :, None] * W
        dhdU = slope * now_U + np.einsum("bik,bkjd->bijd", J, dhdU)
        dhdW = slope * now_W + np.einsum("bik,bkjm->bijm", J, dhdW)
    return dhdU, dhdW


@mistake("rtrl", "rtrl: dhdW is made with h0 in every step. W was multiplied by the state before the step, h(t−1): keep it up to date.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h0[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: every step starts from h0: the state before is never replaced by the new one.", fails=LATER)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h0[:, None, None, :]
        h = np.tanh(x_t @ U.T + h0 @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: in step 1 the state before is taken as 0 in dhdW. It is h0, which is not always 0.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    for t, x_t in enumerate(x):
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :] * (t > 0)
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "rtrl: step 1 is counted twice: the derivatives begin with its immediate derivative, and the loop adds it again. Begin with zeros, or with the loop at step 2. See “The recurrence”.", fails=ALL)
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[2]
    h, eye = h0, np.eye(H, dtype=x.dtype)
    dhdU, dhdW = np.zeros_like(x, shape=(B, H, H, D)), np.zeros_like(x, shape=(B, H, H, H))
    slope = (1 - np.tanh(x[0] @ U.T + h @ W.T + b) ** 2)[:, :, None, None]
    dhdU = dhdU + slope * (eye[:, :, None] * x[0][:, None, None, :])
    dhdW = dhdW + slope * (eye[:, :, None] * h[:, None, None, :])
    for x_t in x:
        now_U = eye[:, :, None] * x_t[:, None, None, :]
        now_W = eye[:, :, None] * h[:, None, None, :]
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        slope = (1 - h**2)[:, :, None, None]
        dhdU = slope * (now_U + np.einsum("ik,bkjd->bijd", W, dhdU))
        dhdW = slope * (now_W + np.einsum("ik,bkjm->bijm", W, dhdW))
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: your values are those of the lines as printed, dW started at 0: z has gone through step t already when it multiplies the immediate derivative of step t, and dU begins with that of step T. z and the immediate derivative must meet at the same state. See “An algorithm for the lemma”.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    slope = (1 - hs[-1] ** 2)[:, None, :]
    dhdU = (z * slope)[..., None] * x[-1][:, None, None, :]
    dhdW = 0 * (z * slope)[..., None] * hs[-2][:, None, None, :]
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        z = (z * slope) @ W
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: your values are those of the lines as printed, with dU and dW both begun with the immediate derivative of step T: z has gone through step t already when it multiplies the immediate derivative of step t. They must meet at the same state. See “An algorithm for the lemma”.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    slope = (1 - hs[-1] ** 2)[:, None, :]
    dhdU = (z * slope)[..., None] * x[-1][:, None, None, :]
    dhdW = (z * slope)[..., None] * hs[-2][:, None, None, :]
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        z = (z * slope) @ W
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: z is multiplied by the Jacobian of step t before the immediate derivative of step t is added. First add, then multiply. See “An algorithm for the lemma”.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        z = (z * slope) @ W
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: dhdU is right, but dhdW lacks the immediate derivative of the last step: it has to begin with it, as dhdU does. No start is printed for it. See “An algorithm for the lemma”.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    slope = (1 - hs[-1] ** 2)[:, None, :]
    dhdU = (z * slope)[..., None] * x[-1][:, None, None, :]
    dhdW = 0 * (z * slope)[..., None] * hs[-2][:, None, None, :]
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        z = (z * slope) @ W
        if t > 1:
            slope = (1 - hs[t - 1] ** 2)[:, None, :]
            dhdU = dhdU + (z * slope)[..., None] * x[t - 2][:, None, None, :]
            dhdW = dhdW + (z * slope)[..., None] * hs[t - 2][:, None, None, :]
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: the immediate derivative of the last step is counted twice, once at the start and once in the loop.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    slope = (1 - hs[-1] ** 2)[:, None, :]
    dhdU = (z * slope)[..., None] * x[-1][:, None, None, :]
    dhdW = (z * slope)[..., None] * hs[-2][:, None, None, :]
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: z is multiplied from the wrong side. Going back in time, each earlier Jacobian stands to the right: z ← z J(t). See “An algorithm for the lemma”.", fails=["ni", "ni, float32"])
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = np.swapaxes(slope, 1, 2) * (W @ z)
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: W is transposed in the Jacobian. Its entry [j, m] is (1 − h_j²) W_jm. See “An algorithm for the lemma”.", fails=LATER_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W.T
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: z never changes: the immediate derivatives of all steps are added without the Jacobians between them. See “An algorithm for the lemma”.", fails=LATER_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: only the immediate derivative of the last step is there. The loop adds z times that of every earlier step.", fails=LATER_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in [len(x)]:
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: the last step is left out: the loop begins with t = T and z = identity.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        now = z * slope * (t < len(x))
        dhdU = dhdU + now[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + now[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: the first step is left out: the loop has to reach t = 1.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        now = z * slope * (t > 1)
        dhdU = dhdU + now[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + now[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: the slope of tanh is missing in the Jacobian: ∂h(t)/∂h(t−1) = diag(1 − h(t)²) W.", fails=LATER_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = z @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: the slope of tanh is missing in the immediate derivative: (1 − h_i(t)²) x_d(t).", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + z[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + z[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: the slope of tanh is missing everywhere: in the Jacobian and in the immediate derivative.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = 1
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: the slope of tanh is applied twice to the immediate derivative.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope**2)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope**2)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: the slope stands at the wrong index of z: unit j of step t has the slope, and in z [b, i, j] that is the last index.", fails=LATER_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, :, None]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: the slope is that of the state before the step. tanh was applied in step t: 1 − h(t)².", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t - 1] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: dhdW is made with the state after the step. W was multiplied by h(t−1).", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: h0 is ignored, the states start from zero.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [0 * h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: i and j are exchanged in the result: [b, i, j, d] is unit i by U_jd, the varied weights come last.", fails=LATER_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU.swapaxes(1, 2), dhdW.swapaxes(1, 2)


@mistake("rtrl", "ni_algorithm: the results are summed over the batch. Each sample has its own derivatives: (B, H, H, D).", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU.sum(axis=0), dhdW.sum(axis=0)


@mistake("rtrl", "ni_algorithm: the results are exchanged: return dhdU first, then dhdW.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdW, dhdU


@mistake("rtrl", "ni_algorithm: the values are right, but float32 inputs give float64: np.eye and np.zeros need a dtype.", fails=["ni, float32"])
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * slope) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: z is multiplied by the Jacobian entry by entry, z * J. It is a product of matrices: z @ J. See “An algorithm for the lemma”.", fails=LATER_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = z * (np.swapaxes(slope, 1, 2) * W)
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: in the Jacobian the slope multiplies the columns of W, diag on the wrong side. Its entry [j, m] is (1 − h_j²) W_jm: the slope multiplies row j, (1 − h²)[:, :, None] · W. See “An algorithm for the lemma”.", fails=LATER_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = z @ (slope * W)
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: in the Jacobian of step t the slope is that of step t − 1. The tanh of step t has 1 − h(t)². See “An algorithm for the lemma”.", fails=LATER_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :]
        z = (z * (1 - hs[t - 1] ** 2)[:, None, :]) @ W
    return dhdU, dhdW


@mistake("rtrl", "ni_algorithm: in step 1 the state before is taken as 0 in dhdW. It is h0, which is not always 0.", fails=ALL_NI)
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h0.shape
    hs = [h0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    z = np.zeros_like(x, shape=(B, H, H)) + np.eye(H, dtype=x.dtype)
    dhdU, dhdW = 0, 0
    for t in range(len(x), 0, -1):
        slope = (1 - hs[t] ** 2)[:, None, :]
        dhdU = dhdU + (z * slope)[..., None] * x[t - 1][:, None, None, :]
        dhdW = dhdW + (z * slope)[..., None] * hs[t - 1][:, None, None, :] * (t > 1)
        z = (z * slope) @ W
    return dhdU, dhdW


@alternative("rtrl", "rtrl with Jacobians as matrices and flattened parameters")
def rtrl(x, h0, params):
    U, W = params["U"], params["W"]
    (B, H), D = h0.shape, U.shape[1]
    eye = np.eye(H, dtype=x.dtype)
    P = np.zeros((B, H, H * (D + H)), dtype=x.dtype)
    h = h0
    for x_t in x:
        z = np.concatenate([x_t, h], axis=1)
        immediate = (eye[None, :, :, None] * z[:, None, None, :]).reshape(B, H, H * (D + H))
        h = np.tanh(z @ np.concatenate([U, W], axis=1).T + params["b"])
        D_t = eye * (1 - h**2)[:, None, :]
        P = D_t @ immediate + (D_t @ W) @ P
    P = P.reshape(B, H, H, D + H)
    return P[..., :D], P[..., D:]


@alternative("rtrl", "rtrl with loops over samples and units")
def rtrl(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    (B, H), D = h0.shape, x.shape[-1]
    dhdU = np.zeros((B, H, H, D), x.dtype)
    dhdW = np.zeros((B, H, H, H), x.dtype)
    for n in range(B):
        h = h0[n]
        for t in range(len(x)):
            new = np.tanh(U @ x[t, n] + W @ h + b)
            before_U, before_W = dhdU[n].copy(), dhdW[n].copy()
            for i in range(H):
                by_U = sum(W[i, k] * before_U[k] for k in range(H))
                by_W = sum(W[i, k] * before_W[k] for k in range(H))
                by_U[i] += x[t, n]
                by_W[i] += h
                dhdU[n, i] = (1 - new[i] ** 2) * by_U
                dhdW[n, i] = (1 - new[i] ** 2) * by_W
            h = new
    return dhdU, dhdW


@alternative("rtrl", "rtrl by the reverse pass, one unit of the last state after the other")
def rtrl(x, h0, params):
    (B, H), D = h0.shape, x.shape[-1]
    hs, _ = rnn_forward(x, h0, params)
    dhdU, dhdW = np.zeros((B, H, H, D), dtype=x.dtype), np.zeros((B, H, H, H), dtype=x.dtype)
    for n in range(B):
        one = slice(n, n + 1)
        kept = {"x": x[:, one], "h0": h0[one], "hs": hs[:, one], "U": params["U"], "W": params["W"]}
        for i in range(H):
            dhs = np.zeros_like(hs[:, one])
            dhs[-1, 0, i] = 1
            grads = rnn_backward(dhs, kept)
            dhdU[n, i], dhdW[n, i] = grads["dU"], grads["dW"]
    return dhdU, dhdW


@alternative("rtrl", "rtrl with tensordot and a diagonal written in place")
def rtrl(x, h0, params):
    H = h0.shape[1]
    units = np.arange(H)
    h = h0
    dhdU = np.zeros((*h0.shape, *params["U"].shape), dtype=h0.dtype)
    dhdW = np.zeros((*h0.shape, *params["W"].shape), dtype=h0.dtype)
    for t in range(x.shape[0]):
        dhdU = np.moveaxis(np.tensordot(params["W"], dhdU, axes=(1, 1)), 0, 1).copy()
        dhdW = np.moveaxis(np.tensordot(params["W"], dhdW, axes=(1, 1)), 0, 1).copy()
        dhdU[:, units, units] += x[t][:, None, :]
        dhdW[:, units, units] += h[:, None, :]
        h = np.tanh(x[t] @ params["U"].T + h @ params["W"].T + params["b"])
        dhdU *= (1 - h * h)[:, :, None, None]
        dhdW *= (1 - h * h)[:, :, None, None]
    return dhdU, dhdW


@alternative("rtrl", "ni_algorithm as D prints it, index t−1, both derivatives begun with the last step")
def ni_algorithm(x, h0, params):
    T, H = len(x), h0.shape[1]
    hs, _ = rnn_forward(x, h0, params)
    s = [h0, *hs]
    eye = np.eye(H, dtype=x.dtype)

    def jacobian(t):
        return (1 - s[t] ** 2)[:, :, None] * params["W"]

    def immediate(t):
        slope = eye * (1 - s[t] ** 2)[:, None, :]
        return slope[..., None] * x[t - 1][:, None, None, :], slope[..., None] * s[t - 1][:, None, None, :]

    dsdU, dsdW = immediate(T)
    z = np.stack([eye] * len(h0))
    for t in range(T, 1, -1):
        z = z @ jacobian(t)
        by_U, by_W = immediate(t - 1)
        dsdU = dsdU + np.einsum("bik,bkjd->bijd", z, by_U)
        dsdW = dsdW + np.einsum("bik,bkjm->bijm", z, by_W)
    return dsdU, dsdW


@alternative("rtrl", "ni_algorithm with z transposed, from lists, summed at the end")
def ni_algorithm(x, h0, params):
    W = params["W"]
    h, steps = h0, []
    for x_t in x:
        before, h = h, np.tanh(x_t @ params["U"].T + h @ W.T + params["b"])
        steps.append((x_t, before, 1 - h**2))
    z = np.broadcast_to(np.eye(len(W), dtype=x.dtype), (len(h0), *W.shape))  # [b, j, i]
    parts_U, parts_W = [], []
    for x_t, before, slope in steps[::-1]:
        z = slope[:, :, None] * z
        parts_U.append(np.einsum("bji,bd->bijd", z, x_t))
        parts_W.append(np.einsum("bji,bm->bijm", z, before))
        z = W.T @ z
    return sum(parts_U), sum(parts_W)


@alternative("rtrl", "ni_algorithm sample by sample, with products of matrices")
def ni_algorithm(x, h0, params):
    U, W, b = params["U"], params["W"], params["b"]
    all_U, all_W = [], []
    for n in range(len(h0)):
        hs = [h0[n]]
        for t in range(len(x)):
            hs.append(np.tanh(U @ x[t, n] + W @ hs[-1] + b))
        z, by_U, by_W = np.eye(len(W), dtype=x.dtype), 0, 0
        for t in range(len(x))[::-1]:
            z = z @ np.diag(1 - hs[t + 1] ** 2)
            by_U = by_U + np.multiply.outer(z, x[t, n])
            by_W = by_W + np.multiply.outer(z, hs[t])
            z = z @ W
        all_U.append(by_U)
        all_W.append(by_W)
    return np.stack(all_U), np.stack(all_W)


# --- Exercise 5 --------------------------------------------------------------------------------------


@cases("grad_check")
def _(rng):
    def inputs(shapes, spoil, size=1.0, eps=None, unused=(), tiny=None):
        """A loss, size · (Σ cube · p³ + (Σ line · p)² / 2), its gradients, and some of them spoiled.

        All gradients have the sign of size.
        """
        params = {name: rng.uniform(0.7, 1.3, shape) for name, shape in shapes.items()}
        cubes = {name: rng.uniform(1, 2, shape) * (name not in unused) for name, shape in shapes.items()}
        lines = {name: rng.uniform(0.2, 0.4, shape) * (name not in unused) for name, shape in shapes.items()}
        if tiny:  # an entry on which the loss hardly depends
            name, value = tiny
            params[name].flat[1], lines[name].flat[1] = value * rng.uniform(1, 2), 0.0
        coupling = sum((lines[name] * params[name]).sum() for name in shapes)
        grads = {name: size * (3 * cubes[name] * params[name] ** 2 + coupling * lines[name]) for name in shapes}
        for name, how in spoil.items():
            grads[name] = how(grads[name])
        loss = {"_cubes": cubes, "_lines": lines, "_size": size}
        return {"params": params, "grads": grads, **loss, "eps": eps}

    r = rng.uniform

    def times(factor):
        return lambda grad: factor * grad

    def one_entry(grad):
        grad = grad.copy()
        grad.flat[rng.integers(1, grad.size - 1)] *= r(1.5, 2)  # neither the first nor the last
        return grad

    def shifted(grad):
        return grad + r(0.5, 1) * grad.max()

    def weaker(grad):
        factors = r(0.5, 0.7, grad.shape)
        factors.flat[grad.argmin()] = 0.1
        return factors * grad

    def some(grad):
        return r(0.5, 1.5, grad.shape)

    def unequally(grad):
        return r(0.3, 0.9, grad.shape) * grad

    yield show("wrong gradients", **inputs({"U": (3, 2), "b": (3,)}, {"U": shifted, "b": times(r(0.2, 0.7))}))
    yield show("wrong gradients", **inputs({"W": (2, 2), "c": (1,)}, {"W": one_entry, "c": times(0)}, size=1e-6))
    yield show("wrong gradients", **inputs({"V": (2, 1, 3)}, {"V": times(-r(0.5, 0.9))}, size=1e3))
    yield show("wrong gradients", **inputs({"U": (2, 3), "b": (4,)}, {"U": unequally, "b": one_entry}, size=-1.0))
    yield hide("wrong gradients", **inputs({"U": (2, 4), "b": (2,)}, {"U": one_entry, "b": shifted}))
    yield hide("wrong gradients", **inputs({"A": (1, 1), "B": (2, 2)}, {"A": times(r(1.5, 3)), "B": times(0)}, size=1e-5))
    yield hide("wrong gradients", **inputs({"V": (3, 2), "W": (3, 3)}, {"V": one_entry, "W": unequally}, size=-10.0))
    yield show("right gradients", **inputs({"U": (3, 2), "W": (3, 3), "b": (3,)}, {"U": unequally}, 1e6, 1e-5))
    yield show("right gradients", **inputs({"c": (1,), "V": (2, 3), "W": (2, 2)}, {"c": times(r(2, 3))}, 1e-6, 1e-5))
    yield show("right gradients", **inputs({"W": (2, 2), "V": (1, 2, 2)}, {"W": one_entry}, eps=1e-5, tiny=("V", 1e-4)))
    yield hide("right gradients", **inputs({"V": (4, 2), "U": (2, 3), "b": (2,)}, {"V": one_entry}, -1e5, 1e-5))
    yield hide("right gradients", **inputs({"A": (2, 2), "C": (3, 1)}, {"A": unequally}, tiny=("C", 1e-4)))
    yield show("eps", **inputs({"U": (2, 2), "b": (2,)}, {}, eps=0.1))
    yield show("eps", **inputs({"W": (2, 3), "c": (1,)}, {"W": times(r(2, 3))}, eps=0.3))
    yield hide("eps", **inputs({"V": (3, 2), "b": (2,)}, {}, eps=0.05))
    yield show("zeros", **inputs({"U": (2, 2), "b": (2,), "c": (3,)}, {"U": weaker, "c": some}, unused=("b", "c")))
    yield hide("zeros", **inputs({"V": (1, 2), "W": (2, 2), "c": (1,)}, {"V": times(r(0.2, 0.5)), "W": some}, unused="Wc"))
    yield show("put back", **inputs({"U": (3, 2), "b": (2,)}, {}, tiny=("U", 1e-9)))
    yield hide("put back", **inputs({"W": (2, 2), "V": (1, 3)}, {}, tiny=("W", 1e-9)))


ERRORS = ["wrong gradients", "right gradients", "eps", "zeros"]


@mistake("grad_check", "your differences are one-sided: f(θ) itself is one of the two losses. Their error is of the order ε; take f(θ + ε) − f(θ − ε), divided by 2ε, whose error is of the order ε². See “Trust, but check”.", fails=["right gradients", "eps"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before
            below = f(params)
            n[i] = (above - below) / eps
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "your differences are one-sided: f(θ) − f(θ − ε), divided by ε. Their error is of the order ε; take f(θ + ε) − f(θ − ε), divided by 2ε, whose error is of the order ε². See “Trust, but check”.", fails=["right gradients", "eps"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / eps
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "your differences are twice too large: from θ − ε to θ + ε it is 2ε. See “Trust, but check”.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / eps
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "your differences are half of what they should be: f(θ + ε) − f(θ), divided by 2ε. The second value is f(θ − ε); or the first change was not undone before the second: dict() copies no arrays.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before
            below = f(params)
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "your differences have the wrong sign: f(θ + ε) − f(θ − ε). See “Trust, but check”.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (below - above) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "all your differences are 0, or nearly: what is moved is not what f gets (flatten() makes a copy), or both losses are taken at one place (θ + ε twice, or two dicts with the same arrays: dict() copies none), or the division by 2ε is missing. See “Trust, but check”.", fails=[*ERRORS, "put back"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        value, n = value.flatten(), n.reshape(-1)
        for i in range(len(value)):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name].flatten()
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "your differences are not divided by 2ε. See “Trust, but check”.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = above - below
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "eps is ignored: your errors are those for ε = 1e-6, whatever is given.", fails=["eps"])
def grad_check(f, params, grads, eps=1e-6):
    errors, eps = {}, 1e-6
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "the entries are not put back: each one stays at θ − ε, and all later differences are taken at another place. Assign the old value when you have both losses.", fails=["right gradients", "eps", "put back"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "params is changed by rounding: θ + ε − 2ε + ε is not exactly θ. Remember the value before you touch it, and assign that.", fails=["put back"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            value[i] += eps
            above = f(params)
            value[i] -= 2 * eps
            below = f(params)
            value[i] += eps
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "this is the absolute error, max |a − n|. Divide it by the size of the gradient: right gradients may be large, and wrong ones small. See “Which number to look at”.", fails=["wrong gradients", "right gradients", "eps", "zeros"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        errors[name] = np.abs(n - a).max()
    return errors


@mistake("grad_check", "you divide by max |a| only, the size of the gradient to be checked. If that is 0 by mistake, the error is infinite. Take the larger one of max |a| and max |n|.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = np.abs(a).max()
        errors[name] = np.abs(n - a).max() / scale
    return errors


@mistake("grad_check", "you divide by max |n| only, the size of the differences. If they are 0, the error is infinite. Take the larger one of max |a| and max |n|.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = np.abs(n).max()
        errors[name] = np.abs(n - a).max() / scale
    return errors


@mistake("grad_check", "you divide by max |a| + max |n|, which is about twice too much. Take the larger one of the two.", fails=["wrong gradients", "right gradients", "eps", "zeros"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = np.abs(n).max() + np.abs(a).max()
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "you divide entry by entry, |a − n| / max(|a|, |n|), and take the largest: an entry that is nearly 0 then has a large error by rounding alone. First take the maxima over the whole array, then divide. See “Which number to look at”.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        errors[name] = (np.abs(n - a) / np.maximum(np.abs(n), np.abs(a))).max()
    return errors


@mistake("grad_check", "you divide entry by entry, |a − n| / (|a| + |n|), and take the largest: an entry that is nearly 0 then has a large error by rounding alone. First take the maxima over the whole array, then divide. See “Which number to look at”.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        errors[name] = (np.abs(n - a) / np.maximum(1e-8, np.abs(n) + np.abs(a))).max()
    return errors


@mistake("grad_check", "your error is ‖a − n‖ / (‖a‖ + ‖n‖), with norms. That is used, too; here it is the largest difference over the larger maximum.", fails=["wrong gradients", "right gradients", "eps", "zeros"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        errors[name] = np.linalg.norm(n - a) / (np.linalg.norm(n) + np.linalg.norm(a))
    return errors


@mistake("grad_check", "you take the mean of |a − n|, in which one wrong entry among many is lost. Take the largest.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).mean() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "the sign of the differences is kept, max(a − n): where the gradient is too small, nothing is noticed. Take absolute values first.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = (a - n).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "where gradient and differences are all 0, you divide 0 by 0. The error is 0.0 there.", fails=["zeros"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale
    return errors


@mistake("grad_check", "the whole array is moved by ε at once. Its entries are varied one after the other: each has a difference of its own. See “Trust, but check”.", fails=[*ERRORS, "put back"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in [...]:
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "you return one number for all arrays. Return a dict with one error for each name.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return max(errors.values())


@mistake("grad_check", "you return the differences themselves. Return, for each name, the one number that compares them with grads.", fails=ERRORS)
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        errors[name] = n
    return errors


@mistake("grad_check", "the divisor lacks the absolute values, max(a.max(), n.max()): where all derivatives are negative it is negative, and nothing is noticed. Take np.abs first. See “Which number to look at”.", fails=["wrong gradients", "right gradients"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(n.max(), a.max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "the divisor lacks the absolute values, max(a.max(), n.max()): where all derivatives are negative, so is the error. Take np.abs first. See “Which number to look at”.", fails=["wrong gradients", "right gradients"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(n.max(), a.max())
        errors[name] = np.abs(n - a).max() / scale if scale else 0.0
    return errors


@mistake("grad_check", "something like 1e-8 is added to the divisor: where the gradients are as small as that, the errors come out too small. Divide by the maximum itself, and return 0.0 where it is 0. See “Which number to look at”.", fails=["wrong gradients", "right gradients"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / (scale + 1e-8)
    return errors


@mistake("grad_check", "only the first array is there: the return stands inside the loop over the arrays. Move it out of the loop.", fails=[*ERRORS, "put back"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
        return errors


@mistake("grad_check", "both changes are made in the same array (dict(params) copies none): the −= eps only undoes the += eps before it, but for rounding. Take one loss at θ + ε and one at θ − ε, and assign the old value at the end.", fails=[*ERRORS, "put back"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            P = dict(params)
            P[name][i] += eps
            above = f(P)
            M = dict(params)
            M[name][i] -= eps
            below = f(M)
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@mistake("grad_check", "what you move is params itself: dict(params) copies no arrays. So both losses are taken at θ, and θ is not exactly what it was. Copy the array that you move.", fails=[*ERRORS, "put back"])
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            P, M = dict(params), dict(params)
            P[name][i] += eps
            M[name][i] -= eps
            above, below = f(P), f(M)
            n[i] = (above - below) / (2 * eps)
        a = grads[name]
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@alternative("grad_check", "the index runs over a flat view")
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name, value in params.items():
        n = np.zeros_like(value)
        value = value.reshape(-1)
        n = n.reshape(-1)
        for i in range(len(value)):
            before = value[i].copy()
            value[i] = before + eps
            above = f(params)
            value[i] = before - eps
            below = f(params)
            value[i] = before
            n[i] = (above - below) / (2 * eps)
        a = grads[name].ravel()
        scale = max(np.abs(n).max(), np.abs(a).max())
        errors[name] = np.abs(n - a).max() / scale if scale > 0 else 0.0
    return errors


@alternative("grad_check", "params is never touched: a new dict for each loss")
def grad_check(f, params, grads, eps=1e-6):
    errors = {}
    for name in params:
        n = np.empty_like(params[name])
        for i in np.ndindex(params[name].shape):
            losses = []
            for sign in (1, -1):
                moved = params[name].copy()
                moved[i] += sign * eps
                losses.append(f({**params, name: moved}))
            n[i] = (losses[0] - losses[1]) / (2 * eps)
        largest = max(float(np.max(np.abs(n))), float(np.max(np.abs(grads[name]))))
        errors[name] = 0.0 if largest == 0 else float(np.max(np.abs(grads[name] - n))) / largest
    return errors


@alternative("grad_check", "moved along the rows of an identity")
def grad_check(f, params, grads, eps=1e-6):
    def difference(name, e):
        up, down = dict(params), dict(params)
        up[name], down[name] = params[name] + eps * e, params[name] - eps * e
        return (f(up) - f(down)) / eps / 2

    def error(name):
        value = params[name]
        directions = np.eye(value.size).reshape(value.size, *value.shape)
        n = np.array([float(difference(name, e)) for e in directions]).reshape(value.shape)
        top = np.abs(n - grads[name]).max()
        bottom = np.maximum(np.abs(n).max(), np.abs(grads[name]).max())
        return top / bottom if bottom else 0.0

    return {name: error(name) for name in params}


@alternative("grad_check", "a deep copy, and the step that was really taken")
def grad_check(f, params, grads, eps=1e-6):
    work = {name: value.copy() for name, value in params.items()}
    errors = dict.fromkeys(params, 0.0)
    for name in work:
        flat, a = work[name].reshape(-1), grads[name].reshape(-1)
        worst = size = 0.0
        for i in range(flat.size):
            old = float(flat[i])
            flat[i] = high = old + eps
            plus = float(f(work))
            flat[i] = low = old - eps
            minus = float(f(work))
            flat[i] = old
            n = (plus - minus) / (high - low)
            worst = max(worst, abs(n - float(a[i])))
            size = max(size, abs(n), abs(float(a[i])))
        if size:
            errors[name] = worst / size
    return errors


@alternative("grad_check", "put back in a finally, by np.unravel_index")
def grad_check(f, params, grads, eps=1e-6):
    def at(name, i, value):
        old = params[name][i].copy()
        params[name][i] = value
        try:
            return f(params)
        finally:
            params[name][i] = old

    errors = {}
    for name, value in params.items():
        numerical = np.zeros(value.shape)
        for flat in range(value.size):
            i = tuple(int(axis) for axis in np.unravel_index(flat, value.shape))
            now = float(value[i])
            numerical[i] = (at(name, i, now + eps) - at(name, i, now - eps)) / (2 * eps)
        scale = max(abs(numerical).max(), abs(grads[name]).max())
        errors[name] = abs(numerical - grads[name]).max() / scale if scale else 0.0
    return errors


# --- Exercise 6 --------------------------------------------------------------------------------------


@cases("answers02")
def _(rng):
    yield show("recursion")
    yield show("start")
    yield show("immediate")
    yield show("listing")
    yield show("algorithm")


wrong_option("answers02", "recursion", "a", "a symmetric W still sends unit j into every unit i; the printed factor knows W_jj only. See “One step back”.")
wrong_option("answers02", "recursion", "b", "with a diagonal W the last factor is right for i = j; but it does not depend on i, so that the gradients of all units are added up, also of those that unit j never reaches. Try two units. See “One step back”.")
wrong_option("answers02", "recursion", "d", "the recursion is between t + 1 and t, and h(0) does not occur in it. See “One step back”.")
wrong_option("answers02", "start", "a", "h(0) was not computed with W, but it is multiplied by W in step 1: that is where W has its derivative. See “Sums over time”.")
wrong_option("answers02", "start", "c", "the first term of the sum has the factor h(0): with h(0) = 0 nothing is lost. See “Sums over time”.")
wrong_option("answers02", "start", "d", "step 1 has a state before it, h(0), and it has an input, x(1). See “Sums over time”.")
wrong_option("answers02", "immediate", "a", "once is right with the immediate derivative. The total derivative of s_2 already holds what step 1 contributes, and it is added to it. See “A sum over the places of W”.")
wrong_option("answers02", "immediate", "b", "which of the total derivatives of s_1, s_2, s_3 hold a use of W in step 1? Its own step is one of them. See “A sum over the places of W”.")
wrong_option("answers02", "immediate", "d", "s_0 comes before step 1, so that its derivative does not hold it. See “A sum over the places of W”.")
wrong_option("answers02", "listing", "a", "with T rows s[-1] is the last state, which is not 0; and the listing reads s[bptt_step-1] at bptt_step = 0. See “A listing with five faults”.")
wrong_option("answers02", "listing", "c", "at bptt_step = 0 the delta that s[-1] spoils is computed last, and never used again: dLdU does not see it. See “A listing with five faults”.")
wrong_option("answers02", "listing", "d", "dLdV only needs s[t], never s[-1]; and the delta that s[-1] spoils is computed last and never used. See “A listing with five faults”.")
wrong_option("answers02", "algorithm", "a", "what does the first pass of the loop, t = T, add to each of the two? The immediate derivative of the last step must be among it, or in the start. See “An algorithm for the lemma”.")
wrong_option("answers02", "algorithm", "b", "for t = T the repaired line 5 adds the contribution of step T − 1: that of step T is counted once, in line 1. See “An algorithm for the lemma”.")
wrong_option("answers02", "algorithm", "c", "going back, each earlier Jacobian stands to the right: z from the right is as it should be. See “An algorithm for the lemma”.")
