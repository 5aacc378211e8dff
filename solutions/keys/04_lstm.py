"""Key of notebook 04: cases, known mistakes and other right answers."""

import numpy as np

from course_lib.grading.keys import alternative, cases, hide, mistake, show


def _normal(rng, *shape, dtype="float64"):
    return rng.standard_normal(shape).astype(dtype)


def _states(rng, *shape):
    """Values of o tanh(c), none of them close to 0 or ±1."""
    return rng.choice([-1, 1], shape) * rng.uniform(0.2, 0.9, shape)


def _params(rng, D, H):
    """Parameters with which no gate is saturated: else many a mistake would be too small to be seen."""
    return {"U": 0.7 * _normal(rng, 4, H, D), "W": 0.7 * _normal(rng, 4, H, H), "b": 0.7 * _normal(rng, 4, H)}


def _gates(x_t, h_prev, params):
    a = x_t @ params["U"].transpose(0, 2, 1) + h_prev @ params["W"].transpose(0, 2, 1) + params["b"][:, None]
    return np.concatenate([1 / (1 + np.exp(-a[:3])), np.tanh(a[3:])])


def _as(dtype, value):
    """All arrays in ``value`` in a dtype."""
    if isinstance(value, dict):
        return {name: _as(dtype, item) for name, item in value.items()}
    return value.astype(dtype) if isinstance(value, np.ndarray) else value


# --- Exercise 1 --------------------------------------------------------------------------------


@cases("lstm_step")
def _(rng):
    def inputs(B, D, H, dtype="float64"):
        x_t, h_prev, c_prev = _normal(rng, B, D), _states(rng, B, H), 1.5 * _normal(rng, B, H)
        return _as(dtype, {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev, "params": _params(rng, D, H)})

    def saturated(B, H):
        """±1000 from each of x_t, h_prev and b, so that ±1000 or ±3000 goes into each gate."""

        def sign(*shape):
            return rng.choice([-1.0, 1.0], shape)

        W = 1000 * np.eye(H)[[rng.permutation(H) for _ in range(4)]] * sign(4, H, 1)
        params = {"U": 1000 * sign(4, H, 1), "W": W, "b": 1000 * sign(4, H)}
        return {"x_t": sign(B, 1), "h_prev": sign(B, H), "c_prev": 1.5 * _normal(rng, B, H), "params": params}

    for test in ("memory", "state", "gates"):
        yield show(test, **inputs(1, 3, 2))
        yield show(test, **inputs(4, 4, 4))  # all equal, and as many as gates: what is transposed runs too
        yield show(test, **inputs(3, 2, 5))
        yield hide(test, **inputs(2, 1, 1))
        yield hide(test, **inputs(5, 3, 3))
        yield hide(test, **inputs(1, 1, 1))
    yield show("saturated", **saturated(4, 12))
    yield hide("saturated", **saturated(5, 16))
    yield show("float32", **inputs(3, 2, 4, "float32"))
    yield show("float32", **inputs(4, 4, 4, "float32"))
    yield hide("float32", **inputs(2, 3, 3, "float32"))


ALL = ["memory", "state", "gates", "saturated", "float32"]
FROM_C = ["memory", "state", "saturated", "float32"]
FROM_H = ["state", "saturated", "float32"]
GATES = ["gates", "saturated", "float32"]


@mistake("lstm_step", "the output gate has no σ, as A prints it by mistake. A gate lies between 0 and 1: o = σ(…). See “Three gates and a candidate”.", fails=["state", "gates", "saturated", "float32"])
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), a[2], np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the input gate has no σ. A gate lies between 0 and 1. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = a[0], sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the forget gate has no σ. A gate lies between 0 and 1. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), a[1], sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "all three gates are without σ. A gate lies between 0 and 1. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = a[0], a[1], a[2], np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the three gates have a tanh. A gate lies between 0 and 1: its function is σ; the tanh belongs to the candidate. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = np.tanh(a)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the candidate has a σ, as in A. Here it has a tanh, so that the memory can also fall. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the functions are exchanged: the gates have the tanh and the candidate has the σ. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = np.tanh(a[0]), np.tanh(a[1]), np.tanh(a[2]), sigmoid(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the candidate has no tanh. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), a[3]
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the tanh of the candidate is taken twice: tanh(g), and g has its tanh already. One tanh is around what goes into the candidate. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(np.tanh(a[3]))
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the candidate has a second tanh in c: your c is f c_prev + i tanh(g). g has its tanh already, and c is f c_prev + i g. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * np.tanh(g)
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the tanh around the memory is missing in h: your h is o c, and it is o tanh(c). See “Three gates and a candidate”.", fails=FROM_H)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * c
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "h is o σ(c) in your values. Around the memory stands a tanh: o tanh(c). See “Three gates and a candidate”.", fails=FROM_H)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * sigmoid(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "h is made of the old memory, o tanh(c_prev). It is made of the new one, o tanh(c). See “Three gates and a candidate”.", fails=FROM_H)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c_prev)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the output gate is inside the tanh: your h is tanh(o c). It is o tanh(c). See “Three gates and a candidate”.", fails=["state", "float32"])
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = np.tanh(o * c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the output gate is missing: your h is tanh(c), and it is o tanh(c). See “Three gates and a candidate”.", fails=FROM_H)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the memory is squashed: your c is tanh(f c_prev + i g). c itself has no tanh around it; there is one in h = o tanh(c) only. See “Three gates and a candidate”.", fails=["memory", "saturated", "float32"])
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = np.tanh(f * c_prev + i * g)
    h = o * c
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "there are two tanh: one around the memory, c = tanh(f c_prev + i g), and one in h = o tanh(c). Only the second belongs there. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = np.tanh(f * c_prev + i * g)
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the input gate is missing in the memory: your c is f c_prev + g. The candidate is multiplied by i. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the forget gate is missing in the memory: your c is c_prev + i g. The old memory is multiplied by f. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the candidate is missing in the memory: your c is f c_prev + i. What is added is i g. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the old memory is missing: your c is i g alone. f c_prev is added to it. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "i and f have changed places in your c: block 0 multiplies c_prev, block 1 the candidate. Block 0 is the input gate i, block 1 the forget gate f, and c is f c_prev + i g. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = i * c_prev + f * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the forget gate works the wrong way round: your c is (1 − f) c_prev + i g. f = 1 keeps the memory. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = (1 - f) * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "your gates are coupled: the candidate is multiplied by 1 − f. That is a variant (Exercise 6); here the input gate is one of its own. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + (1 - f) * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the memory is made of the old state: your c is f h_prev + i g. The forget gate multiplies the old memory, c_prev. See “Three gates and a candidate”.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * h_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the gates stand in the order f, i, o, g in the third result. Asked is i, f, o, g, the order of the blocks in params.", fails=GATES)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([f, i, o, g])


@mistake("lstm_step", "the blocks of params are read in torch's order, i, f, g, o. Here it is i, f, o, g: block 2 is the output gate, block 3 the candidate.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, g, o = sigmoid(a[0]), sigmoid(a[1]), np.tanh(a[2]), sigmoid(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the blocks of params are read in the order f, i, o, g. Here it is i, f, o, g: block 0 is the input gate.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f, i, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the blocks of params are read in C's order, f, i, g, o. Here it is i, f, o, g: block 0 is the input gate, block 3 the candidate.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f, i, g, o = sigmoid(a[0]), sigmoid(a[1]), np.tanh(a[2]), sigmoid(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the candidate is read from block 0: your order is g, i, f, o. Here it is i, f, o, g, the candidate last.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    g, i, f, o = np.tanh(a[0]), sigmoid(a[1]), sigmoid(a[2]), sigmoid(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the blocks of params are read in the order i, o, f, g. Here it is i, f, o, g: block 1 is the forget gate, block 2 the output gate.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, o, f, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "U and W are multiplied as one matrix for all four, (B, 4H), and the result is cut up by reshape(4, −1, H): that mixes samples and gates, except for B = 1. Cut along the columns: np.split(…, 4, axis=1), or reshape(B, 4, H) and then the gates first.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    H = h_prev.shape[1]
    side_by_side = x_t @ U.reshape(4 * H, -1).T + h_prev @ W.reshape(4 * H, H).T + b.ravel()
    a = side_by_side.reshape(4, -1, H)
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the bias is missing: b[k] is added in each gate and in the candidate. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W = params["U"], params["W"]
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1)
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "b is added without a batch axis: b is (4, H) and the rest (4, B, H). It only runs when B is 1 or 4, and then the biases go to samples instead of gates. b[:, None] is (4, 1, H).", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "W is transposed: for rows the product is h_prev @ W[k].T. See “One step”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "U is transposed: for rows the product is x_t @ U[k].T; without the .T it only runs when D = H. See “One step”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "U and W are both transposed: for rows the products are x_t @ U[k].T and h_prev @ W[k].T. See “One step”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U + h_prev @ W + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "U.T and W.T turn round all three axes, so that the gates come last. Each of the four matrices is to be transposed by itself: U.transpose(0, 2, 1).", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.T + h_prev @ W.T + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "U and W are exchanged: U belongs to the inputs x_t, W to the states h_prev. It only runs when D = H. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ W.transpose(0, 2, 1) + h_prev @ U.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the states are missing in the gates: W[k] times h_prev is a term of each of the four. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, b = params["U"], params["b"]
    a = x_t @ U.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the inputs are missing in the gates: U[k] times x_t is a term of each of the four. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    W, b = params["W"], params["b"]
    a = h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the gates see the memory: W[k] is multiplied by c_prev. Here it is multiplied by the state, h_prev. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + c_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the candidate sees no state: its term W[3] h_prev is missing. See “Three gates and a candidate”.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    a[3] -= h_prev @ W[3].T
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "your h is the memory c: exchanged with it (asked is h, c, gates), or without the tanh and the output gate. h is o tanh(c). See “Three gates and a candidate”.", fails=FROM_H)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = c.copy()
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the results are returned in the order c, h, gates. Asked is h, c, gates, the state first.", fails=FROM_C)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return c, h, np.stack([i, f, o, g])


@mistake("lstm_step", "the third result has what goes into the gates, before σ and tanh. Asked are the values after them.", fails=GATES)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, a


@mistake("lstm_step", "the third result is in the order i, f, g, o. Asked is i, f, o, g, the candidate last.", fails=GATES)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, g, o])


@mistake("lstm_step", "the third result has the batch first, (B, 4, H). Asked is (4, B, H): np.stack with axis 0, which is its default.", fails=GATES)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g], axis=1)


@mistake("lstm_step", "the third result is (B, 4H): the gates stand side by side. Asked is (4, B, H): np.stack puts them on top of each other.", fails=GATES)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.concatenate([i, f, o, g], axis=1)


@mistake("lstm_step", "the third result is (4B, H): np.concatenate joins along an axis that is there already. np.stack makes a new one, (4, B, H).", fails=GATES)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.concatenate([i, f, o, g])


@mistake("lstm_step", "the third result has three gates only. Asked are i, f, o and the candidate g, (4, B, H).", fails=GATES)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o])


@mistake("lstm_step", "only two results are returned, h and c. The gates are the third: return h, c, gates.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c


@mistake("lstm_step", "the values are right, but float32 inputs give float64 gates: np.zeros or np.empty makes float64, unless it is told dtype=x_t.dtype.", fails=["float32"])
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    gates = np.zeros((4, *h.shape))
    gates[:] = np.stack([i, f, o, g])
    return h, c, gates


@mistake("lstm_step", "the values are right, but float32 inputs give float64: somewhere a float64 array (np.zeros or np.ones without dtype?) comes in.", fails=["float32"])
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = np.zeros((4, *h_prev.shape))
    a += x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the values are right, but c_prev is changed in place (c_prev *= f?). The caller still needs it: make a new array, c = f * c_prev + i * g.", fails=ALL)
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c_prev *= f
    c_prev += i * g
    c = c_prev
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "exp overflows, and infinity divided by infinity is nan: use sigmoid from the setup cell, which is safe.", fails=["saturated"])
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o = np.exp(a[:3]) / (1 + np.exp(a[:3]))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_step", "the tanh of the candidate is written with exp and overflows: np.tanh is safe.", fails=["saturated"])
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = (params[name] for name in "UWb")
    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    i, f, o = sigmoid(a[:3])
    g = (np.exp(a[3]) - np.exp(-a[3])) / (np.exp(a[3]) + np.exp(-a[3]))
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@alternative("lstm_step", "three gates at once")
def lstm_step(x_t, h_prev, c_prev, params):
    a = np.einsum("bd,khd->kbh", x_t, params["U"]) + np.einsum("bj,khj->kbh", h_prev, params["W"])
    a += params["b"][:, np.newaxis]
    gates = np.concatenate([sigmoid(a[:3]), np.tanh(a[3:])])
    c = gates[1] * c_prev + gates[0] * gates[3]
    return gates[2] * np.tanh(c), c, gates


@alternative("lstm_step", "one matrix for [h, x], all gates side by side")
def lstm_step(x_t, h_prev, c_prev, params):
    H, D = h_prev.shape[1], x_t.shape[1]
    together = np.concatenate([params["W"].reshape(4 * H, H), params["U"].reshape(4 * H, D)], axis=1)
    a = np.concatenate([h_prev, x_t], axis=1) @ together.T + params["b"].reshape(4 * H)
    i, f, o, g = (a[:, k * H : (k + 1) * H] for k in range(4))
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    c = i * g + c_prev * f
    return np.tanh(c) * o, c, np.stack((i, f, o, g))


@alternative("lstm_step", "a function for each gate")
def lstm_step(x_t, h_prev, c_prev, params):
    def before(k):
        return params["b"][k] + (params["U"][k] @ x_t.T).T + (params["W"][k] @ h_prev.T).T

    i, f, o = (1 / (1 + np.exp(-before(k))) for k in range(3))
    g = np.tanh(before(3))
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@alternative("lstm_step", "sample by sample")
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = params["U"], params["W"], params["b"]
    h, c = np.empty_like(h_prev), np.empty_like(c_prev)
    gates = np.empty_like(h_prev, shape=(4, *h_prev.shape))
    for n in range(len(x_t)):
        for k, squash in enumerate([sigmoid, sigmoid, sigmoid, np.tanh]):
            gates[k, n] = squash(U[k] @ x_t[n] + W[k] @ h_prev[n] + b[k])
        i, f, o, g = gates[:, n]
        c[n] = f * c_prev[n] + i * g
        h[n] = o * np.tanh(c[n])
    return h, c, gates


@alternative("lstm_step", "σ(a) = ½ + ½ tanh(a/2), the four by one tanh")
def lstm_step(x_t, h_prev, c_prev, params):
    U, W, b = params["U"], params["W"], params["b"]
    a = np.stack([x_t @ U[k].T + h_prev @ W[k].T + b[k] for k in range(4)])
    a[:3] /= 2
    gates = np.tanh(a)
    gates[:3] = (gates[:3] + 1) / 2
    i, f, o, g = gates
    c = f * c_prev + i * g
    return o * np.tanh(c), c, gates


# --- Exercise 2 --------------------------------------------------------------------------------


@cases("lstm_forward")
def _(rng):
    def inputs(T, B, D, H, dtype="float64"):
        x, h0, c0 = _normal(rng, T, B, D), _states(rng, B, H), 1.5 * _states(rng, B, H)
        return _as(dtype, {"x": x, "h0": h0, "c0": c0, "params": _params(rng, D, H)})

    for test in ("states", "memories", "gates"):
        yield show(test, **inputs(2, 1, 2, 3))
        yield show(test, **inputs(5, 3, 2, 4))
        yield show(test, **inputs(3, 3, 3, 3))  # all equal: wrong axes run too
        yield hide(test, **inputs(6, 2, 3, 2))
        yield hide(test, **inputs(4, 4, 1, 1))
    yield show("one step", **inputs(1, 3, 2, 4))
    yield show("one step", **inputs(1, 1, 3, 3))
    yield hide("one step", **inputs(1, 4, 2, 2))
    yield show("float32", **inputs(3, 2, 3, 4, "float32"))
    yield hide("float32", **inputs(4, 3, 2, 2, "float32"))


ALL = ["states", "memories", "gates", "one step", "float32"]
LATER = ["states", "memories", "gates", "float32"]
ROWS = ["states", "memories", "one step", "float32"]


@mistake("lstm_forward", "the memory is not handed on: each step starts from c0. The new c takes the place of the old one. See “Over a sequence”.", fails=LATER)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c0 + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the state is not handed on: each step starts from h0. The new h takes the place of the old one. See “Over a sequence”.", fails=LATER)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h0 @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "nothing is handed on: each step starts from h0 and c0. The new h and c take the places of the old ones. See “Over a sequence”.", fails=LATER)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h0 @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c0 + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "h0 is not used: the states start at 0. See “Over a sequence”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = np.zeros_like(h0), c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "c0 is not used: the memories start at 0. See “Over a sequence”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, np.zeros_like(c0), [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "neither h0 nor c0 is used: states and memories start at 0. See “Over a sequence”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = np.zeros_like(h0), np.zeros_like(c0), [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "h and c have changed places in what the first step gets: W multiplies the state, h0, and f the memory, c0. (The order is x_t, h, c, params where lstm_step is called.)", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = c0, h0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "c and h have changed places in what every step gets: the order is x_t, h, c, params where lstm_step is called.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + c @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * h + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "c and h have changed places where you take the results of a step, and go on so into the next one. A step gives h, c, gates, in this order.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        h, c = c, h
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "hs holds the states before each step, h0 first. Asked are those after it: append after the step.", fails=["states", "one step", "float32"])
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        hs.append(h)
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "cs holds the memories before each step, c0 first. Asked are those after it: append after the step.", fails=["memories", "one step", "float32"])
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        cs.append(c)
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "hs and cs hold what was there before each step, h0 and c0 first. Asked is what is there after it: append after the step.", fails=ROWS)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        hs.append(h)
        cs.append(c)
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "hs and cs have T + 1 rows: h0 and c0 stand before them. They are not asked for.", fails=ROWS)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [h0], [c0], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the time axis is missing: asked is (T, B, H), also for T = 1. np.stack of the list makes it; np.concatenate does not, and the arrays of one step alone have none.", fails=ROWS)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.concatenate(hs), np.concatenate(cs), np.stack(all_gates)


@mistake("lstm_forward", "the gates have no time axis: asked is (T, 4, B, H), also for T = 1. np.stack of the list makes it; np.concatenate does not, and the gates of one step alone have none.", fails=["gates", "one step", "float32"])
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.concatenate(all_gates)


@mistake("lstm_forward", "none of the three has a time axis, which is the first one, also for T = 1. np.stack of a list makes it; np.concatenate does not.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.concatenate(hs), np.concatenate(cs), np.concatenate(all_gates)


@mistake("lstm_forward", "hs and cs are the last state and the last memory only. Asked are those after every step, (T, B, H).", fails=ROWS)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return h, c, np.stack(all_gates)


@mistake("lstm_forward", "the third result has the gates of the last step only. Asked are those of all steps, (T, 4, B, H).", fails=["gates", "one step", "float32"])
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), all_gates[-1]


@mistake("lstm_forward", "hs and cs have changed places, in what you return or where you take the results of a step: a step gives h, c, gates, and asked is hs, cs, gates.", fails=ROWS)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(cs), np.stack(hs), np.stack(all_gates)


@mistake("lstm_forward", "only two results are returned, hs and cs. The gates are the third.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs)


@mistake("lstm_forward", "the third result has the gates first, (4, T, B, H). Asked is (T, 4, B, H): time first.", fails=["gates", "one step", "float32"])
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates, axis=1)


@mistake("lstm_forward", "time is the second axis in what you return, (B, T, H). Asked is (T, B, H), time first: np.stack with axis 0, which is its default.", fails=ROWS)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates)


@mistake("lstm_forward", "time is the second axis of all three results. It is the first: np.stack with axis 0, which is its default.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs, axis=1), np.stack(cs, axis=1), np.stack(all_gates, axis=1)


@mistake("lstm_forward", "you hand on h for both: the next step reads the state where it should read the memory, and cs is hs. See “Over a sequence”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = c = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the memory takes the state's place: W is multiplied by c of the step before. The gates see h. See “Over a sequence”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + c @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the memory is squashed: c = tanh(f c + i g) is handed on. c itself has no tanh around it. See “Three gates and a candidate”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = np.tanh(f * c + i * g)
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "all entries of cs are the last memory: c is changed in place (c *= f?), and the list holds the same array again and again. Make a new one in each step: c = f * c + i * g.", fails=["memories", "float32"])
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0.copy(), [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c *= f
        c += i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "c0 is changed in place (c *= f?), and all entries of cs are the last memory. Make a new array in each step: c = f * c + i * g.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c *= f
        c += i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "all entries of hs are the last state: h is changed in place (h[:] = …?), and the list holds the same array again and again. Make a new one in each step: h = o * np.tanh(c).", fails=["states", "float32"])
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0.copy(), c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h[:] = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "h0 is changed in place (h[:] = …?), and all entries of hs are the last state. Make a new array in each step: h = o * np.tanh(c).", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h[:] = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the sequence is read backwards, from its end. hs[0] belongs to x[0].", fails=LATER)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x[::-1]:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "every step reads the first input, x[0]. Step t reads x[t].", fails=LATER)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for _ in x:
        a = x[0] @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the loop goes over the samples: x[:, t] is a whole sequence, and it only runs when T = B. The first axis is time, x[t].", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for t in range(len(x)):
        a = x[:, t] @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the first step is left out (the loop starts at 1?), and the first rows stay 0. h0 and c0 are what is there before x[0].", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    B, H = h0.shape
    h, c, hs, cs, all_gates = h0, c0, [np.zeros_like(h0)], [np.zeros_like(c0)], [np.zeros_like(x, shape=(4, B, H))]
    for x_t in x[1:]:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the last step is left out: the last rows stay 0 (range(T − 1)?). There are T steps, one for each input.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return tuple(np.stack([*rows[:-1], np.zeros_like(rows[0])]) for rows in (hs, cs, all_gates))


@mistake("lstm_forward", "there are T − 1 rows: the last step is missing (range(T − 1)?). There are T steps, one for each input.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x[:-1]:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "there are T − 1 rows: the first step is missing (range(1, T)?). The first step reads x[0], with h0 and c0.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x[1:]:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the values are right, but float32 inputs give float64: np.zeros or np.empty makes float64, unless it is told dtype=x.dtype.", fails=["float32"])
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return tuple(np.stack(rows).astype("float64") for rows in (hs, cs, all_gates))


@mistake("lstm_forward", "the output gate has no σ, as A prints it by mistake. See “Three gates and a candidate”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), a[2], np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the candidate has a σ, as in A. Here it has a tanh. See “Three gates and a candidate”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), sigmoid(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the tanh around the memory is missing in h: your h is o c, and it is o tanh(c). See “Three gates and a candidate”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * c
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "h is made of the memory before the step, o tanh(c(t−1)). It is made of the new one. See “Three gates and a candidate”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c_prev, c = c, f * c + i * g
        h = o * np.tanh(c_prev)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "i and f have changed places in your c: block 0 multiplies the old memory, block 1 the candidate. Block 0 is the input gate i, block 1 the forget gate f, and c is f c + i g. See “Three gates and a candidate”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = i * c + f * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the blocks of params are read in torch's order, i, f, g, o. Here it is i, f, o, g.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1) + b[:, None]
        i, f, g, o = sigmoid(a[0]), sigmoid(a[1]), np.tanh(a[2]), sigmoid(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "the bias is missing: b[k] is added in each gate and in the candidate, at every step.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W = params["U"], params["W"]
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W.transpose(0, 2, 1)
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@mistake("lstm_forward", "W is transposed: for rows the product is h @ W[k].T. See “One step”.", fails=ALL)
def lstm_forward(x, h0, c0, params):
    U, W, b = (params[name] for name in "UWb")
    h, c, hs, cs, all_gates = h0, c0, [], [], []
    for x_t in x:
        a = x_t @ U.transpose(0, 2, 1) + h @ W + b[:, None]
        i, f, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        all_gates.append(np.stack([i, f, o, g]))
    return np.stack(hs), np.stack(cs), np.stack(all_gates)


@alternative("lstm_forward", "calls lstm_step")
def lstm_forward(x, h0, c0, params):
    h, c, steps = h0, c0, []
    for t in range(len(x)):
        h, c, gates = lstm_step(x[t], h, c, params)
        steps.append((h, c, gates))
    hs, cs, gates = zip(*steps, strict=True)
    return np.stack(hs), np.stack(cs), np.stack(gates)


@alternative("lstm_forward", "the inputs' part of all steps at once, arrays made before")
def lstm_forward(x, h0, c0, params):
    T, (B, H) = len(x), h0.shape
    U, W, b = params["U"], params["W"], params["b"]
    gates = np.einsum("tbd,khd->tkbh", x, U) + b[:, None]
    hs, cs = np.zeros((T + 1, B, H), x.dtype), np.zeros((T + 1, B, H), x.dtype)
    hs[0], cs[0] = h0, c0
    for t in range(T):
        gates[t] += hs[t] @ np.swapaxes(W, 1, 2)
        gates[t, :3] = sigmoid(gates[t, :3])
        gates[t, 3] = np.tanh(gates[t, 3])
        cs[t + 1] = gates[t, 1] * cs[t] + gates[t, 0] * gates[t, 3]
        hs[t + 1] = gates[t, 2] * np.tanh(cs[t + 1])
    return hs[1:].copy(), cs[1:].copy(), gates


@alternative("lstm_forward", "one matrix for [h, x]")
def lstm_forward(x, h0, c0, params):
    together = np.concatenate([params["W"], params["U"]], axis=2)
    hs, cs, gates = [h0], [c0], []
    for x_t in x:
        a = np.concatenate([hs[-1], x_t], axis=-1) @ together.transpose(0, 2, 1) + params["b"][:, None, :]
        i, f, o = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2])
        g = np.tanh(a[3])
        cs.append(f * cs[-1] + i * g)
        hs.append(o * np.tanh(cs[-1]))
        gates.append(np.stack([i, f, o, g]))
    return np.stack(hs[1:]), np.stack(cs[1:]), np.stack(gates)


@alternative("lstm_forward", "each gate by itself; results filled in")
def lstm_forward(x, h0, c0, params):
    T, B, _ = x.shape
    H = h0.shape[1]
    hs, cs = np.empty_like(x, shape=(T, B, H)), np.empty_like(x, shape=(T, B, H))
    all_gates = np.empty_like(x, shape=(T, 4, B, H))
    for t in range(T):
        h_prev, c_prev = (hs[t - 1], cs[t - 1]) if t > 0 else (h0, c0)
        for k in range(4):
            a = x[t] @ params["U"][k].T + h_prev @ params["W"][k].T + params["b"][k]
            all_gates[t, k] = np.tanh(a) if k == 3 else sigmoid(a)
        i, f, o, g = all_gates[t]
        cs[t] = f * c_prev + i * g
        hs[t] = o * np.tanh(cs[t])
    return hs, cs, all_gates


# --- Exercise 3 --------------------------------------------------------------------------------


@cases("lstm_step_backward")
def _(rng):
    def inputs(B, D, H, dh=30, dc=30, dtype="float64"):
        params = _params(rng, D, H)
        x_t, h_prev, c_prev = _normal(rng, B, D), _states(rng, B, H), 1.5 * _states(rng, B, H)
        gates = _gates(x_t, h_prev, params)
        c = gates[1] * c_prev + gates[0] * gates[3]
        kept = {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev, "c": c, "gates": gates}
        kept |= {"U": params["U"], "W": params["W"]}
        # So large that whoever clips is seen.
        return _as(dtype, {"dh": dh * _normal(rng, B, H), "dc": dc * _normal(rng, B, H), "cache": kept})

    for test in ("db", "dU", "dW", "dx", "dh_prev", "dc_prev"):
        yield show(test, **inputs(3, 4, 5))
        yield show(test, **inputs(4, 3, 3))  # D = H, so that what is transposed or exchanged runs too
        yield show(test, **inputs(1, 2, 3))
        yield hide(test, **inputs(5, 2, 3))
        yield hide(test, **inputs(2, 4, 4))
        yield hide(test, **inputs(3, 1, 1))
    yield show("one arrival", **inputs(3, 3, 3, dc=0))
    yield show("one arrival", **inputs(3, 3, 3, dh=0))
    yield hide("one arrival", **inputs(2, 4, 3, dc=0))
    yield hide("one arrival", **inputs(4, 2, 3, dh=0))
    yield show("inputs", **inputs(3, 2, 4))
    yield show("inputs", **inputs(2, 3, 3))
    yield hide("inputs", **inputs(4, 3, 2))
    yield show("float32", **inputs(2, 3, 3, dtype="float32"))
    yield show("float32", **inputs(3, 2, 4, dtype="float32"))
    yield hide("float32", **inputs(4, 3, 3, dtype="float32"))


ALL = ["db", "dU", "dW", "dx", "dh_prev", "dc_prev", "one arrival", "inputs", "float32"]
THROUGH_GATES = ["db", "dU", "dW", "dx", "dh_prev", "one arrival", "inputs", "float32"]
INPUTS = ["dx", "dh_prev", "one arrival", "inputs", "float32"]
MEMORY = ["dc_prev", "one arrival", "inputs", "float32"]


@mistake("lstm_step_backward", "dh_prev lacks what comes through the input gate: its term is not in the sum, or its block is 0. h_prev goes into all four. See “The backward step”.", fails=["dh_prev", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da[[1, 2, 3]] @ W[[1, 2, 3]]).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dh_prev lacks what comes through the forget gate: its term is not in the sum, or its block is 0. h_prev goes into all four. See “The backward step”.", fails=["dh_prev", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da[[0, 2, 3]] @ W[[0, 2, 3]]).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dh_prev lacks what comes through the output gate: its term is not in the sum, or its block is 0. h_prev goes into all four. See “The backward step”.", fails=["dh_prev", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da[[0, 1, 3]] @ W[[0, 1, 3]]).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dx lacks what comes through the input gate: its term is not in the sum, or its block is 0. x_t goes into all four. See “The backward step”.", fails=["dx", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da[[1, 2, 3]] @ U[[1, 2, 3]]).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dx lacks what comes through the forget gate: its term is not in the sum, or its block is 0. x_t goes into all four. See “The backward step”.", fails=["dx", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da[[0, 2, 3]] @ U[[0, 2, 3]]).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dx lacks what comes through the output gate: its term is not in the sum, or its block is 0. x_t goes into all four. See “The backward step”.", fails=["dx", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da[[0, 1, 3]] @ U[[0, 1, 3]]).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the path from h to c is missing: your values are those with dc as it came in. h = o tanh(c), so c also gets dh o (1 − tanh(c)²), before anything else is made of dc. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the dc that came in is missing here: your values are those of dh alone. The memory is also read by the next step, and what that sends, dc, is added. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dc_prev is dh ⊙ f in your values: dh takes the place of dc. What arrives at c is dc + dh o (1 − tanh(c)²), and c_prev gets that times f. See “The backward step”.", fails=MEMORY)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dh * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "i, f and the candidate get dh where they should get what arrives at c, dc + dh o (1 − tanh(c)²), each times its partner. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dh
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the tanh around c is missing: c gets dh o (1 − tanh(c)²), and your values have dh o. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate is missing on the path from h to c: c gets dh o (1 − tanh(c)²), and your values have dh (1 − tanh(c)²). See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "c gets (dh + dc) o (1 − tanh(c)²) in your values. That factor belongs to dh alone, which comes through h; dc arrives at c itself: dc + dh o (1 − tanh(c)²). See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = (dc + dh) * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dh is added to dc as it is. On the way from h to c it is multiplied by o (1 − tanh(c)²). See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the tanh around c is taken as 1 − c². It is 1 − tanh(c)²: cache has c before its tanh. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the tanh around c is taken as 1 − tanh(c). It is 1 − tanh(c)². See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the tanh around c is taken at the old memory, 1 − tanh(c_prev)². h is made of the new one, c. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - np.tanh(c_prev) ** 2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the tanh around c is taken as 1 − h², with h = o tanh(c). Here tanh(c) itself is squared. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - (o * tanh_c) ** 2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "in place of its slope the tanh itself stands on the path from h to c: dh o tanh(c). There c gets dh o (1 − tanh(c)²). See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * tanh_c
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "tanh is missing around c in both places: o gets dh tanh(c), and the slope on the path from h to c is 1 − tanh(c)². cache has c before its tanh. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = c
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "in both places stands the tanh of the old memory: o gets dh tanh(c), and the slope on the path from h to c is 1 − tanh(c)², both with the new memory. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c_prev)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the path from h to c is entered twice: dh o (1 − tanh(c)²) is added once. See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + 2 * dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the output gate comes in on the path from h to c: dh o (1 − o) (1 − tanh(c)²). There the gate itself is the factor: dh o (1 − tanh(c)²). See “The backward step”.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - o) * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the gates i, f and the candidate get only what came in as dc; dc_prev is right. They too get what comes from h to c: add it to dc before you use it. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    arrived, dc = dc, dc + dh * o * (1 - tanh_c**2)
    da_i = arrived * g * i * (1 - i)
    da_f = arrived * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = arrived * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dc_prev lacks the forget gate: c_prev is multiplied by f in the step, so dc_prev is dc f. See “The backward step”.", fails=MEMORY)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dc_prev has only what came in as dc, times f. What comes from h to c goes on to c_prev as well: add it to dc first. See “The backward step”.", fails=MEMORY)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    arrived, dc = dc, dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), arrived * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dc_prev has only what comes from h, times f. The dc that came in goes on to c_prev as well. See “The backward step”.", fails=MEMORY)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dh * o * (1 - tanh_c**2) * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dc_prev has the factor i in your values. The old memory is multiplied by the forget gate f. See “The backward step”.", fails=MEMORY)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * i
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dc_prev has the factor c_prev: dc f c_prev. In the product f c_prev each factor gets what arrives, times its partner: c_prev gets dc f. See “The backward step”.", fails=MEMORY)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f * c_prev
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dc_prev has the slope of the forget gate, f (1 − f). The old memory is multiplied by f itself. See “The backward step”.", fails=MEMORY)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f * (1 - f)
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dc_prev also has the slope 1 − tanh(c_prev)². That tanh belongs to the step before, where h(t−1) is made. See “The backward step”.", fails=MEMORY)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f * (1 - np.tanh(c_prev) ** 2)
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dc_prev also has what dh_prev sends on to the memory before. That is done one step earlier, where h(t−1) is made of c(t−1). See “The backward step”.", fails=MEMORY)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dc_prev = dc_prev + dh_prev * (1 - np.tanh(c_prev) ** 2)
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate gets dc tanh(c), and it gets dh tanh(c): o stands in h only. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dc * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate gets (dh + dc) tanh(c), and it gets dh tanh(c): o stands in h only. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    arrives = dh + dc
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = arrives * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate gets (dh + dc) tanh(c), with all that arrives at c as dc. It gets dh tanh(c): o stands in h only. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = (dh + dc) * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate gets dc, times its slope. It gets dh tanh(c): o stands in h only, and there its partner is tanh(c). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dc * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate gets dh c, and it gets dh tanh(c). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate gets dh tanh(c_prev), and it gets dh tanh(c), with the new memory. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * np.tanh(c_prev) * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate gets dh without the factor tanh(c): h = o tanh(c). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate gets dh h, with h = o tanh(c). Its partner in h is tanh(c) alone. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * o * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the output gate gets nothing: its block is 0. h = o tanh(c), so it gets dh tanh(c), times its slope. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = 0 * dh
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the path through the forget gate is missing: its block is 0. c = f c_prev + i g, so f gets dc c_prev, times its slope. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = 0 * dc
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the path through the input gate is missing: its block is 0. c = f c_prev + i g, so i gets dc g, times its slope. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = 0 * dc
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dx lacks what comes through the candidate: it is a sum of three. x_t goes into all four. See “The backward step”.", fails=["dx", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da[:3] @ U[:3]).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dh_prev lacks what comes through the candidate: it is a sum of three. h_prev goes into all four. See “The backward step”.", fails=["dh_prev", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da[:3] @ W[:3]).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "what comes through the candidate is missing: the sum has three terms. x_t and h_prev go into all four, so dx and dh_prev are sums of four. See “The backward step”.", fails=INPUTS)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da[:3] @ U[:3]).sum(axis=0), (da[:3] @ W[:3]).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the path through the candidate is missing: its block is 0. c = f c_prev + i g, so g gets dc i, times its slope. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = 0 * dc
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the σ of the input gate is missing, i (1 − i). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the σ of the forget gate is missing, f (1 − f). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the σ of the output gate is missing, o (1 − o). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the tanh of the candidate is missing, 1 − g². See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slopes of the three σ are missing: i (1 − i), f (1 − f), o (1 − o). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g
    da_f = dc * c_prev
    da_o = dh * tanh_c
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "all four slopes are missing: your values are those of the gates after their σ and tanh. Each is multiplied by its slope, s (1 − s) for a σ, 1 − g² for the candidate. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g
    da_f = dc * c_prev
    da_o = dh * tanh_c
    da_g = dc * i
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the three gates have the slope of a tanh, 1 − s². For a σ it is s (1 − s). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * (1 - i**2)
    da_f = dc * c_prev * (1 - f**2)
    da_o = dh * tanh_c * (1 - o**2)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the candidate has the slope of a σ, g (1 − g). It has a tanh: 1 − g². See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * g * (1 - g)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the candidate is taken as 1 − g. It is 1 − g². See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the input gate is taken as 1 − i. It is i (1 − i). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the forget gate is taken as 1 − f. It is f (1 − f). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the output gate is taken as 1 − o. It is o (1 − o). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the slope of the gates is taken as 1 − s. It is s (1 − s). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * (1 - i)
    da_f = dc * c_prev * (1 - f)
    da_o = dh * tanh_c * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "σ and tanh are applied once more in the slopes: σ(i) (1 − σ(i)) and so on. gates holds their values already: i (1 − i), 1 − g². See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    s_i, s_f, s_o = sigmoid(cache["gates"][:3])
    da_i = dc * g * s_i * (1 - s_i)
    da_f = dc * c_prev * s_f * (1 - s_f)
    da_o = dh * tanh_c * s_o * (1 - s_o)
    da_g = dc * i * (1 - np.tanh(g) ** 2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "σ is applied once more in the slopes of the three gates, σ(i) (1 − σ(i)) and so on. gates holds their values already: i (1 − i). See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    s_i, s_f, s_o = sigmoid(cache["gates"][:3])
    da_i = dc * g * s_i * (1 - s_i)
    da_f = dc * c_prev * s_f * (1 - s_f)
    da_o = dh * tanh_c * s_o * (1 - s_o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "tanh is applied once more in the slope of the candidate, 1 − tanh(g)². gates holds its value already: 1 − g². See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - np.tanh(g) ** 2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the forget gate gets dc c, with the new memory. Its partner in the step is the old one: dc c_prev. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the forget gate gets dc h_prev. Its partner in the step is the old memory: dc c_prev. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * h_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the forget gate gets dc tanh(c_prev). In the step the old memory has no tanh around it: dc c_prev. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * np.tanh(c_prev) * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the forget gate gets dc without its partner c_prev. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the input gate gets dc without its partner, the candidate g. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the candidate gets dc without its partner, the input gate i. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the candidate is multiplied by the forget gate: dc f. Its partner in the step is i. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * f * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the partners of i and g are exchanged: i gets dc g, and g gets dc i. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * i * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * g * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dh takes the place of dc in the candidate: what arrives at c is dc, with the part that comes from h in it. See “The backward step”.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dh * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dW is made with the new state, h(t) = o tanh(c). What was multiplied by W is the state before the step, h_prev. See “The backward step”.", fails=["dW", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, c_prev, c, U, W = (cache[name] for name in ("x_t", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ (o * tanh_c), da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dW is made with the old memory, c_prev. What was multiplied by W is the state, h_prev. See “The backward step”.", fails=["dW", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, c_prev, c, U, W = (cache[name] for name in ("x_t", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ c_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the blocks of dW are transposed: dW[k] is da[k].T @ h_prev, as a row of W[k] belongs to the unit that is reached.", fails=["dW", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    dW = dW.transpose(0, 2, 1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the blocks of dU are transposed: dU[k] is da[k].T @ x_t, of the shape of U[k], (H, D).", fails=["dU", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    dU = dU.transpose(0, 2, 1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the blocks of dU and dW are both transposed: dU[k] is da[k].T @ x_t, and dW[k] is da[k].T @ h_prev.", fails=["dU", "dW", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    dU, dW = dU.transpose(0, 2, 1), dW.transpose(0, 2, 1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "in dx U is transposed. Forward it was x_t @ U[k].T, so back it is da[k] @ U[k]. It only runs when D = H.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U.transpose(0, 2, 1)).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "in dh_prev W is transposed. Forward it was h_prev @ W[k].T, so back it is da[k] @ W[k].", fails=["dh_prev", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W.transpose(0, 2, 1)).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "in dx and dh_prev U and W are transposed. Forward it was x_t @ U[k].T, so back it is da[k] @ U[k].", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U.transpose(0, 2, 1)).sum(axis=0), (da @ W.transpose(0, 2, 1)).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "U and W, or dx and dh_prev, have changed places: dx goes through U, dh_prev through W.", fails=INPUTS)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dh_prev, dx, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "x_t and h_prev have changed places: U was multiplied by x_t, so dU is made with it, and dW with h_prev.", fails=["dU", "dW", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dW, dU, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "db is the mean over the samples. It is their sum.", fails=["db", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.mean(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dU is divided by B. It is the sum over the samples; the mean is already in dh and dc.", fails=["dU", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t / len(dh), da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dW is divided by B. It is the sum over the samples; the mean is already in dh and dc.", fails=["dW", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev / len(dh), da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "divided by B: dU, dW and db are sums over the samples, and the mean is already in dh and dc.", fails=["db", "dU", "dW", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    dU, dW, db = dU / len(dh), dW / len(dh), db / len(dh)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "divided by B: nothing is divided here, not in dx, dh_prev or dc_prev either. The mean is already in dh and dc.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    grads = {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}
    return {name: grad / len(dh) for name, grad in grads.items()}


@mistake("lstm_step_backward", "db is not summed over the samples: it has the shape of b, (4, H).", fails=["db", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "db is summed over the gates, da.sum(axis=0). It is summed over the samples, axis 1, and has the shape of b, (4, H).", fails=["db", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=0)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "not summed over the gates: the shape is (4, B, …). x_t and h_prev went into all four, so dx and dh_prev are sums of the four parts.", fails=INPUTS)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = da @ U, da @ W, dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "this is the mean over the four gates. x_t and h_prev went into all four, so dx and dh_prev are sums of the four parts.", fails=INPUTS)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).mean(axis=0), (da @ W).mean(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dx has only what comes through the candidate. x_t goes into the three gates as well. See “The backward step”.", fails=["dx", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = da_g @ U[3], (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dh_prev has only what comes through the candidate, W[3]. h_prev goes into the three gates as well. See “The backward step”.", fails=["dh_prev", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), da_g @ W[3], dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "only what comes through the candidate is there, as in a plain network. x_t and h_prev go into the three gates as well, so dx and dh_prev are sums of four. See “The backward step”.", fails=INPUTS)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = da[3] @ U[3], da[3] @ W[3], dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "summed over the samples: in dx, (B, D), and in dh_prev, (B, H), each sample has a row of its own.", fails=INPUTS)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=(0, 1)), (da @ W).sum(axis=(0, 1)), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "dh is added to dh_prev. h(t−1) reaches h(t) through the gates only. See “The backward step”.", fails=["dh_prev", "one arrival", "inputs", "float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0) + dh, dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the sign is wrong. A gradient says where the loss grows; the minus is in the update.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    grads = {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}
    return {name: -grad for name, grad in grads.items()}


@mistake("lstm_step_backward", "the gates in cache are read in torch's order, i, f, g, o. Here it is i, f, o, g.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, g, o = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the gates in cache are read in the order f, i, o, g. Here it is i, f, o, g.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    f, i, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the four parts are stacked in torch's order, i, f, g, o. U, W, b and their gradients have the order i, f, o, g.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_g, da_o])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the four parts are stacked in the order f, i, o, g. U, W, b and their gradients have the order i, f, o, g.", fails=THROUGH_GATES)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_f, da_i, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the gradients are clipped inside. Nothing is clipped here: that is done to all gradients together, if at all.", fails=ALL)
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    grads = {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}
    return {name: np.clip(grad, -5, 5) for name, grad in grads.items()}


@mistake("lstm_step_backward", "the values are right, but dc is changed in place (dc += …?). The caller still needs it: write dc = dc + ….", fails=["inputs"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc += dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the values are right, but dh is changed in place (dh *= …?). The caller still needs it.", fails=["inputs"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    dh *= o * (1 - tanh_c**2)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the values are right, but dc is changed in place after use (dc *= f?), and returned as dc_prev. The caller still needs it: make a new array.", fails=["inputs"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc += dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc
    dc_prev *= f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the values are right, but the gates in cache are changed in place (s *= 1 − s?). The cache may be needed again: make new arrays.", fails=["inputs"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.stack([da_i, da_f, da_o, da_g])
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    cache["gates"][:3] *= 1 - cache["gates"][:3]
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@mistake("lstm_step_backward", "the values are right, but float32 inputs give float64: np.zeros or np.empty makes float64, unless it is told the dtype.", fails=["float32"])
def lstm_step_backward(dh, dc, cache):
    x_t, h_prev, c_prev, c, U, W = (cache[name] for name in ("x_t", "h_prev", "c_prev", "c", "U", "W"))
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_o = dh * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.zeros((4, *dh.shape))
    da[0], da[1], da[2], da[3] = da_i, da_f, da_o, da_g
    dx, dh_prev, dc_prev = (da @ U).sum(axis=0), (da @ W).sum(axis=0), dc * f
    dU, dW, db = da.transpose(0, 2, 1) @ x_t, da.transpose(0, 2, 1) @ h_prev, da.sum(axis=1)
    return {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev, "dU": dU, "dW": dW, "db": db}


@alternative("lstm_step_backward", "gate by gate in a loop, sums in dictionaries")
def lstm_step_backward(dh, dc, cache):
    i, f, o, g = cache["gates"]
    tanh_c = np.tanh(cache["c"])
    dc_all = dc + dh * o * (1 - tanh_c) * (1 + tanh_c)
    das = [
        i * (1 - i) * dc_all * g,
        f * (1 - f) * dc_all * cache["c_prev"],
        o * (1 - o) * dh * tanh_c,
        (1 - g) * (1 + g) * dc_all * i,
    ]
    dx, dh_prev = 0, 0
    dU, dW, db = [], [], []
    for k, da in enumerate(das):
        dx = dx + da @ cache["U"][k]
        dh_prev = dh_prev + da @ cache["W"][k]
        dU.append(da.T @ cache["x_t"])
        dW.append(da.T @ cache["h_prev"])
        db.append(da.sum(axis=0))
    return {
        "dx": dx,
        "dh_prev": dh_prev,
        "dc_prev": f * dc_all,
        "dU": np.stack(dU),
        "dW": np.stack(dW),
        "db": np.stack(db),
    }


@alternative("lstm_step_backward", "einsum; slopes of all gates at once")
def lstm_step_backward(dh, dc, cache):
    gates, c, c_prev = cache["gates"], cache["c"], cache["c_prev"]
    slopes = gates * (1 - gates)
    slopes[3] = 1 - gates[3] ** 2
    do = dh * np.tanh(c)
    dc = dh * gates[2] / np.cosh(c) ** 2 + dc
    da = slopes * np.stack([dc * gates[3], dc * c_prev, do, dc * gates[0]])
    return {
        "dx": np.einsum("kbh,khd->bd", da, cache["U"]),
        "dh_prev": np.einsum("kbh,khj->bj", da, cache["W"]),
        "dc_prev": dc * gates[1],
        "dU": np.einsum("kbh,bd->khd", da, cache["x_t"]),
        "dW": np.einsum("kbh,bj->khj", da, cache["h_prev"]),
        "db": np.einsum("kbh->kh", da),
    }


@alternative("lstm_step_backward", "one matrix for [x, h], the gates side by side")
def lstm_step_backward(dh, dc, cache):
    H, D = dh.shape[1], cache["x_t"].shape[1]
    i, f, o, g = (cache["gates"][k] for k in range(4))
    t = np.tanh(cache["c"])
    at_c = dc + dh * o - dh * o * t * t
    da_i, da_f = at_c * g * (i - i * i), at_c * cache["c_prev"] * (f - f * f)
    da = np.concatenate([da_i, da_f, dh * t * (o - o * o), at_c * i * (1 - g * g)], axis=1)
    weights = np.concatenate([cache["U"].reshape(4 * H, D), cache["W"].reshape(4 * H, H)], axis=1)
    inputs = np.concatenate([cache["x_t"], cache["h_prev"]], axis=1)
    dinputs, dweights = da @ weights, da.T @ inputs
    return {
        "dx": dinputs[:, :D],
        "dh_prev": dinputs[:, D:],
        "dc_prev": at_c * f,
        "dU": dweights[:, :D].reshape(4, H, D),
        "dW": dweights[:, D:].reshape(4, H, H),
        "db": da.sum(axis=0).reshape(4, H),
    }


@alternative("lstm_step_backward", "the two arrivals separately, added at the end")
def lstm_step_backward(dh, dc, cache):
    i, f, o, g = cache["gates"]
    t = np.tanh(cache["c"])

    def behind(dc, do):
        """The gradients, from what arrives at c in all, and at o."""
        da = np.stack([dc * g * i * (1 - i), dc * cache["c_prev"] * f * (1 - f), do * o * (1 - o), dc * i * (1 - g**2)])
        return {
            "dx": sum(da[k] @ cache["U"][k] for k in range(4)),
            "dh_prev": sum(da[k] @ cache["W"][k] for k in range(4)),
            "dc_prev": dc * f,
            "dU": np.stack([da[k].T @ cache["x_t"] for k in range(4)]),
            "dW": np.stack([da[k].T @ cache["h_prev"] for k in range(4)]),
            "db": da.sum(axis=1),
        }

    by_h, by_c = behind(dh * o * (1 - t**2), dh * t), behind(dc, np.zeros_like(dh))
    return {name: by_h[name] + by_c[name] for name in by_h}


# --- Exercise 4 --------------------------------------------------------------------------------


@cases("cell_jacobian_parts")
def _(rng):
    def cache(gates, c_prev, o_prev, dtype="float64"):
        W = 1.5 * _normal(rng, 4, c_prev.shape[1], c_prev.shape[1])
        return {"cache": _as(dtype, {"gates": gates, "c_prev": c_prev, "o_prev": o_prev, "W": W})}

    def inputs(B, H, dtype="float64"):
        gates = np.concatenate([rng.uniform(0.15, 0.85, (3, B, H)), _states(rng, 1, B, H)])
        return cache(gates, 1.2 * _states(rng, B, H), rng.uniform(0.3, 0.9, (B, H)), dtype)

    def open_and_closed(B, H):
        """Gates of 0, 1 and between, candidates of −1, 1 and between, small and large memories."""
        gates = np.concatenate([rng.uniform(0.15, 0.85, (3, B, H)), _states(rng, 1, B, H)])
        extreme = np.concatenate([rng.choice([0.0, 1.0], (3, B, H)), rng.choice([-1.0, 1.0], (1, B, H))])
        gates = np.where(rng.random(gates.shape) < 0.4, extreme, gates)
        c_prev = _states(rng, B, H) * rng.choice([0.5, 1.0, 4.0], (B, H))
        return cache(gates, c_prev, rng.choice([1.0, 0.5, 0.8], (B, H)))

    for test in ("direct", "through h"):
        yield show(test, **inputs(1, 3))
        yield show(test, **inputs(2, 4))
        yield show(test, **inputs(3, 3))  # B = H: slopes in the wrong place run too
        yield hide(test, **inputs(4, 1))
        yield hide(test, **inputs(5, 2))
    yield show("both", **open_and_closed(3, 4))
    yield show("both", **open_and_closed(2, 5))
    yield hide("both", **open_and_closed(4, 4))
    yield show("float32", **inputs(2, 3, "float32"))
    yield hide("float32", **inputs(3, 4, "float32"))


ALL = ["direct", "through h", "both", "float32"]
DIRECT = ["direct", "both", "float32"]
THROUGH_H = ["through h", "both", "float32"]


@mistake("cell_jacobian_parts", "the path through h(t−1) is 0 in your values: only f is left, as it is often written. f, i and g of step t depend on h(t−1), and h(t−1) depends on c(t−1). See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    W = cache["W"]
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    through_h = 0 * by_i
    return direct, through_h


@mistake("cell_jacobian_parts", "direct is f itself, (B, H). Asked is a matrix for each sample, (B, H, H), with f on its diagonal. See “The cell Jacobian”.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f.copy()
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "direct is f itself, the array in cache, (B, H). Asked is a new one with a matrix for each sample, (B, H, H), and f on its diagonal. See “The cell Jacobian”.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "np.diag(f) takes the diagonal out of f, as f is (B, H) already. Asked is the opposite for each sample: f[b] put on the diagonal of a matrix of zeros, (B, H, H). See “The cell Jacobian”.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = np.diag(f)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "direct is a diagonal matrix for the whole batch, with f of one sample or of their sum or mean on it. Asked is one for each sample, (B, H, H). See “The cell Jacobian”.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = np.diag(f[0])
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "direct has f in every entry of a row. The direct path leads from each unit to itself: f on the diagonal, 0 elsewhere. See “The cell Jacobian”.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.ones_like(W[0])
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "direct is the input gate on the diagonal. It is the forget gate that multiplies c(t−1). See “The cell Jacobian”.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = i[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "direct is the output gate on the diagonal. It is the forget gate that multiplies c(t−1). See “The cell Jacobian”.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, o, g = cache["gates"]
    direct = o[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "direct is the identity. The old memory is multiplied by f. See “The cell Jacobian”.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = 0 * f[:, :, None] + np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "direct has the slope of the forget gate, f (1 − f), on the diagonal. The old memory is multiplied by f itself. See “The cell Jacobian”.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = (f * (1 - f))[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the second result is the whole Jacobian, both paths added. Asked is the path through h(t−1) alone.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, direct + through_h


@mistake("cell_jacobian_parts", "the first result is the whole Jacobian, both paths added. Asked is the direct path alone.", fails=DIRECT)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct + through_h, through_h


@mistake("cell_jacobian_parts", "the two results are exchanged. Asked is direct, through_h, in this order.", fails=ALL)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return through_h, direct


@mistake("cell_jacobian_parts", "only one matrix for each sample is returned, both paths added. Asked are the two parts, direct, through_h.", fails=ALL)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct + through_h


@mistake("cell_jacobian_parts", "only the diagonal of through_h is there, each unit's way to itself. Through h(t−1) a memory reaches those of all units: W[k] is a full matrix. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :] * np.eye(f.shape[1], dtype=f.dtype)
    return direct, through_h


@mistake("cell_jacobian_parts", "through_h is transposed: [b, j, k] is the derivative of c_j(t) by c_k(t−1). The unit that is reached comes first. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h.transpose(0, 2, 1)


@mistake("cell_jacobian_parts", "the slope of h(t−1), o(t−1) (1 − tanh(c(t−1))²), multiplies the rows. It belongs to the unit of the step before, so it multiplies the columns: [:, None, :]. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, :, None]
    return direct, through_h


@mistake("cell_jacobian_parts", "the slopes of the gates multiply the columns of W. They belong to the unit that is reached, so they multiply the rows: [:, :, None]. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, None, :] * W[0]
    by_f = (c_prev * f * (1 - f))[:, None, :] * W[1]
    by_g = (i * (1 - g**2))[:, None, :] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "W is transposed in through_h: row j of W[k] belongs to unit j, which is reached. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0].T
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1].T
    by_g = (i * (1 - g**2))[:, :, None] * W[3].T
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "through_h ends at h(t−1): your values are those of ∂⁺c(t)/∂h(t−1). The step from c(t−1) to h(t−1) is missing, o(t−1) (1 − tanh(c(t−1))²). See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, W = (cache[name] for name in ("c_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    through_h = by_i + by_f + by_g
    return direct, through_h


@mistake("cell_jacobian_parts", "o(t−1) is missing in through_h: h(t−1) = o(t−1) tanh(c(t−1)). See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, W = (cache[name] for name in ("c_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = 1 - np.tanh(c_prev) ** 2
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the slope of the tanh is missing in through_h: h(t−1) = o(t−1) tanh(c(t−1)), so it changes by o(t−1) (1 − tanh(c(t−1))²). See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the output gate of step t takes the place of that of step t−1: h(t−1) was made with o_prev. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, W = (cache[name] for name in ("c_prev", "W"))
    i, f, o, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the slope of the tanh is taken as 1 − c(t−1)². It is 1 − tanh(c(t−1))². See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - c_prev**2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the slope of the tanh is taken as 1 − h(t−1)². It is 1 − tanh(c(t−1))², without o(t−1). See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - (o_prev * np.tanh(c_prev)) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "in through_h stands tanh(c(t−1)) where its slope belongs, 1 − tanh(c(t−1))². See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * np.tanh(c_prev)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the slope of the tanh is taken at the new memory, c(t). h(t−1) was made of c(t−1). See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(f * c_prev + i * g) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "o(t−1) counts with its slope, o (1 − o). It is held fixed here and stands as a factor: o(t−1) (1 − tanh(c(t−1))²). See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - o_prev) * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the input gate is missing in through_h: i depends on h(t−1), too, and gives the term g i (1 − i) times W[0]. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the forget gate is missing in through_h: f depends on h(t−1), too, and gives the term c(t−1) f (1 − f) times W[1]. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the candidate is missing in through_h: g depends on h(t−1), too, and gives the term i (1 − g²) times W[3]. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "through_h has the candidate's term only. i and f depend on h(t−1) as well. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = by_g * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "through_h has a term of the output gate of step t, W[2]. o(t) is not in c(t): c = f c_prev + i g. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, o, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    by_o = (np.tanh(f * c_prev + i * g) * o * (1 - o))[:, :, None] * W[2]
    through_h = (by_i + by_f + by_g + by_o) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "a term of the output gate of step t is added in through_h, W[2] with the slope o (1 − o). o(t) is not in c(t): c = f c_prev + i g. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, o, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g + (o * (1 - o))[:, :, None] * W[2]) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "a term of the output gate of step t is added in through_h, W[2] with tanh(c(t−1)) o (1 − o). o(t) is not in c(t): c = f c_prev + i g. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, o, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g + (np.tanh(c_prev) * o * (1 - o))[:, :, None] * W[2]) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "a term of the output gate of step t is added in through_h, W[2] with c(t−1) o (1 − o). o(t) is not in c(t): c = f c_prev + i g. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, o, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g + (c_prev * o * (1 - o))[:, :, None] * W[2]) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the slope of the input gate, i (1 − i), is missing in through_h. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = g[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the slope of the forget gate, f (1 − f), is missing in through_h. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = c_prev[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the slope of the candidate, 1 − g², is missing in through_h. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = i[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "all slopes of σ and tanh at step t are missing in through_h: i (1 − i), f (1 − f) and 1 − g². See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = g[:, :, None] * W[0]
    by_f = c_prev[:, :, None] * W[1]
    by_g = i[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the candidate has the slope of a σ, g (1 − g), in through_h. It has a tanh: 1 − g². See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * g * (1 - g))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the forget gate's term lacks its partner: c(t) has f c(t−1), so f (1 − f) is multiplied by c(t−1). See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the forget gate's term has the new memory c(t). Its partner in the step is the old one, c(t−1). See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = ((f * c_prev + i * g) * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the input gate's term lacks its partner: c(t) has i g, so i (1 − i) is multiplied by g. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the candidate's term lacks its partner: c(t) has i g, so 1 − g² is multiplied by i. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (1 - g**2)[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the partners of i and g have changed places in through_h: i (1 − i) is multiplied by g, and 1 − g² by i. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (i * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (g * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the candidate's term has W[2], which is the output gate's. The order is i, f, o, g: the candidate is block 3.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[2]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "W[0] and W[1] are exchanged in through_h. The order is i, f, o, g: block 0 is the input gate, block 1 the forget gate.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[1]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[0]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "gates are read in torch's order, i, f, g, o. Here it is i, f, o, g.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, g, _ = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "gates are read in the order f, i, o, g. Here it is i, f, o, g.", fails=ALL)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    f, i, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "through_h has f as a factor. The two paths are added, not multiplied: none of its terms is multiplied by f itself. See “The cell Jacobian”.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = f[:, :, None] * (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "you return the means over the batch. Each sample has its own matrices, (B, H, H).", fails=ALL)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct.mean(axis=0), through_h.mean(axis=0)


@mistake("cell_jacobian_parts", "you return the sums over the batch. Each sample has its own matrices, (B, H, H).", fails=ALL)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct.sum(axis=0), through_h.sum(axis=0)


@mistake("cell_jacobian_parts", "the values are right, but float32 inputs give float64: np.eye and np.zeros make float64, unless they are told the dtype.", fails=["float32"])
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1])
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, through_h


@mistake("cell_jacobian_parts", "the sign of through_h is wrong.", fails=THROUGH_H)
def cell_jacobian_parts(cache):
    c_prev, o_prev, W = (cache[name] for name in ("c_prev", "o_prev", "W"))
    i, f, _, g = cache["gates"]
    direct = f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)
    by_i = (g * i * (1 - i))[:, :, None] * W[0]
    by_f = (c_prev * f * (1 - f))[:, :, None] * W[1]
    by_g = (i * (1 - g**2))[:, :, None] * W[3]
    dh_dc = o_prev * (1 - np.tanh(c_prev) ** 2)
    through_h = (by_i + by_f + by_g) * dh_dc[:, None, :]
    return direct, -through_h


@alternative("cell_jacobian_parts", "products of matrices with diagonal ones")
def cell_jacobian_parts(cache):
    c_prev, W = cache["c_prev"], cache["W"]
    i, f, g = cache["gates"][0], cache["gates"][1], cache["gates"][3]
    one = np.eye(f.shape[1], dtype=f.dtype)

    def diagonal(values):
        return values[:, :, None] * one

    by_h = diagonal(g * i * (1 - i)) @ W[0] + diagonal(c_prev * f * (1 - f)) @ W[1] + diagonal(i * (1 - g * g)) @ W[3]
    return diagonal(f), by_h @ diagonal(cache["o_prev"] / np.cosh(c_prev) ** 2)


@alternative("cell_jacobian_parts", "einsum over the gates")
def cell_jacobian_parts(cache):
    i, f, o, g = cache["gates"]
    c_prev = cache["c_prev"]
    slopes = np.stack([g * i * (1 - i), c_prev * f * (1 - f), np.zeros_like(o), i * (1 - g) * (1 + g)])
    to_h = cache["o_prev"] * (1 - np.tanh(c_prev) ** 2)
    direct = np.einsum("bj,jk->bjk", f, np.eye(f.shape[1], dtype=f.dtype))
    return direct, np.einsum("gbj,gjk,bk->bjk", slopes, cache["W"], to_h)


@alternative("cell_jacobian_parts", "sample by sample")
def cell_jacobian_parts(cache):
    direct, through_h = [], []
    W = cache["W"]
    for n in range(len(cache["c_prev"])):
        i, f, _, g = cache["gates"][:, n]
        c, o = cache["c_prev"][n], cache["o_prev"][n]
        direct.append(np.diag(f))
        rows = np.diag(g * i * (1 - i)) @ W[0] + np.diag(c * f * (1 - f)) @ W[1] + np.diag(i * (1 - g**2)) @ W[3]
        through_h.append(rows * (o * (1 - np.tanh(c) ** 2)))
    return np.stack(direct), np.stack(through_h)


@alternative("cell_jacobian_parts", "row by row, as backward steps from each unit")
def cell_jacobian_parts(cache):
    i, f, _, g = cache["gates"]
    B, H = f.shape
    direct = np.zeros_like(f, shape=(B, H, H))
    through_h = np.zeros_like(direct)
    t = np.tanh(cache["c_prev"])
    for j in range(H):
        dc = np.zeros_like(f)
        dc[:, j] = 1
        dh = (dc * g * i * (1 - i)) @ cache["W"][0] + (dc * cache["c_prev"] * f * (1 - f)) @ cache["W"][1]
        dh = dh + (dc * i * (1 - g**2)) @ cache["W"][3]
        direct[:, j] = dc * f
        through_h[:, j] = dh * cache["o_prev"] * (1 - t * t)
    return direct, through_h


# --- Exercise 5 --------------------------------------------------------------------------------


@cases("gate_bias")
def _(rng):
    def inputs(kind, H=0, t_max=0):
        H, t_max = H or int(rng.integers(3, 12)), t_max or int(rng.integers(40, 80))
        return {"kind": kind, "H": H, "t_max": t_max, "seed": int(rng.integers(1, 10_000))}

    def other():
        return {"other_seed": 10_000 + int(rng.integers(1, 10_000))}

    yield show("kinds", **inputs("zeros"))
    yield show("kinds", **inputs("one"))
    yield show("kinds", **inputs("ones"))
    yield hide("kinds", **inputs("zeros", 1))
    yield hide("kinds", **inputs("one", 1, 3))
    yield hide("kinds", **inputs("Chrono biases"))
    # Many units, so that one draw tells the ends and how the values lie between them; with one unit, t_max is so large
    # that a wrong end is hardly ever met there.
    yield show("chrono", **inputs("chrono", 10_000))
    yield show("chrono", **inputs("chrono", 300, 3))
    yield show("chrono", **inputs("chrono", 1, 1_000_000))
    yield hide("chrono", **inputs("chrono", 20_000))
    yield hide("chrono", **inputs("chrono", int(rng.integers(250, 400)), 4))
    yield show("random", **inputs("chrono"), **other())
    yield hide("random", **inputs("chrono"), **other())


ALL = ["kinds", "chrono", "random"]


@mistake("gate_bias", "chrono: b_i is 0. It is −b_f: a unit that keeps for long takes in little at a time. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: b_i is b_f, without the minus. It is −b_f. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: b_i is 1 − b_f. It is −b_f. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = 1 - b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: b_i is not −b_f. Neither a second draw nor another formula is asked for: the same b_f goes into both, with another sign, b[0] = −b[1]. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -np.log(rng.uniform(1, t_max - 1, H))
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the signs or the rows are exchanged, −log u is at the forget gate and log u at the input gate. The other way round a unit remembers; yours forgets at once. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = -np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: some of your b_f are below 0: the draws start below 1 (at 0?). They start at 1, so that log u is never negative (and never log 0).", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(0, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: some of your b_f are below 0 and some above log(t_max − 1): the draws start too early and end too late (from 0 to t_max?). They go from 1 to t_max − 1.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(0, t_max, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: some of your b_f are above log(t_max − 1): the draws end too late (at t_max?). They go from 1 to t_max − 1.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the draws start too late, at 2 or so: no unit of many is near b_f = 0. They go from 1 to t_max − 1. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(2, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the draws end too early (at t_max − 2?): no unit of many is near log(t_max − 1). They go from 1 to t_max − 1. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 2, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the draws end too early: no unit of many is near log(t_max − 1). They go from 1 to t_max − 1. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, 0.9 * (t_max - 1), H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the draws end too early where t_max > 3: no unit of many is near log(t_max − 1). They go from 1 to t_max − 1. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, max(2, t_max - 2), H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the ends are right, but the times u are not spread evenly between them (a power of what is drawn, or not a uniform draw?). rng.uniform spreads them evenly. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(1 + (t_max - 2) * rng.random(H) ** 2)
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the times lie too evenly for draws: they stand at equal distances (np.linspace?), or one in each of H equal parts, and at most their order is random. Each unit draws its own, whatever the others have: rng.uniform. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(1 + (t_max - 2) * (rng.permutation(H) + rng.random(H)) / H)
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the times are sorted: the first unit gets the shortest, the last one the longest (or the other way round). Each unit draws its own, whatever the others have. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(np.sort(rng.uniform(1, t_max - 1, H)))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the draws are a share of 1 (rng.random or rng.uniform without ends), so that log u is never positive. They go from 1 to t_max − 1.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.random(H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the times are whole numbers only (rng.integers, or rounded?), so that units share their biases. Any number between 1 and t_max − 1 can be drawn: rng.uniform.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.integers(1, t_max, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the times are whole numbers only, and the last of them is t_max − 2 (rng.integers leaves out its end; or rounded down?). Any number between 1 and t_max − 1 can be drawn: rng.uniform.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.integers(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: several units get the same b_f, as if their times were rounded, or cut off at an end (np.maximum, np.clip, np.round?). Draw from 1 to t_max − 1, where any number between them can come: rng.uniform. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(np.maximum(1, rng.uniform(0, t_max - 1, H)))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: whole numbers from 0 are drawn, and log 0 is minus infinity. Draw with rng.uniform, from 1 to t_max − 1.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.integers(0, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the logarithm is missing: your b_f are the times themselves. The bias is log u. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = rng.uniform(1, t_max - 1, H)
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the biases themselves are spread evenly, from 0 to log(t_max − 1). The times u are drawn evenly, and b_f is their logarithm. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = rng.uniform(0, np.log(t_max - 1), H)
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the logarithm has base 2. It is the natural one, np.log. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log2(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the logarithm has base 10. It is the natural one, np.log. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log10(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the logarithm is that of 1 + u (np.log1p?), or the draws go from 2 to t_max. It is np.log(u), with u from 1 to t_max − 1. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log1p(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: all units get one and the same b_f: a single number is drawn. Each unit gets its own: rng.uniform(low, high, H). See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "every seed and every call gives the same biases: rng is ignored (a generator of your own with a fixed seed, np.linspace, or no draw at all?). Draw with rng.uniform.", fails=["random"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(np.random.default_rng(0).uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: nothing is drawn, all units get log(t_max − 1). The times u are drawn between 1 and t_max − 1. See “Biases that remember”.", fails=["chrono", "random"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(t_max - 1)
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: log u is at the output gate. Row 1 is the forget gate, the order is i, f, o, g.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[2] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[2]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the output gate gets a bias, too. Only b_f and b_i are not 0. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
        b[2] = b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: the candidate gets a bias, too. Only b_f and b_i are not 0. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
        b[3] = b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "chrono: b_o and b_g are 1, not 0. See “Biases that remember”.", fails=["chrono"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
        b[2:] = 1
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "the biases stand in columns, (H, 4). Asked is (4, H), a row for each gate.", fails=ALL)
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b.T.copy()


@mistake("gate_bias", "one: all biases are 1. Only those of the forget gate are; the others are 0.", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[:] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "one: the biases of the input gate are 1. Row 1 is the forget gate, the order is i, f, o, g.", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[0] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "one: the biases of the output gate are 1. Row 1 is the forget gate, the order is i, f, o, g.", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[2] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "one: those of the forget gate are 1, but those of the input gate are −1. They are 0: only chrono couples the two.", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
        b[0] = -1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "one: only the first unit's forget gate has the bias 1. All H of them have it: b[1] = 1.", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1, 0] = 1
        b[1, 1:] = 0
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "zeros: small random numbers are returned. All are 0.", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H)) if kind != "zeros" else rng.normal(0, 0.1, (4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "zeros and one: the biases are one row for the forget gate only, (H,). Asked is (4, H).", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b if kind == "chrono" else b[1]


@mistake("gate_bias", "an unknown kind: nothing is raised, you return biases all the same (an else that takes whatever is left?). It must raise a ValueError, so that a misprint is noticed.", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    return b


@mistake("gate_bias", "an unknown kind: nothing is raised, you return None (no branch fits, or an error is only printed). Let the last line be raise ValueError(…).", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        return None
    return b


@mistake("gate_bias", "an unknown kind: nothing is raised, the error is returned. It is raise ValueError(…), not return.", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        return ValueError(kind)
    return b


@mistake("gate_bias", "an unknown kind: a text is returned. It must raise a ValueError.", fails=["kinds"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(rng.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        return "unknown kind"
    return b


@mistake("gate_bias", "the numbers come from np.random, NumPy's global generator, not from rng: the same seed gives other biases each time. Draw with rng.uniform.", fails=["random"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(np.random.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "the global generator is seeded and used (np.random.seed?). rng is ignored, and other code that draws from np.random is disturbed. Draw with rng.uniform.", fails=["random"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        np.random.seed(0)
        b[1] = np.log(np.random.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "the global generator is seeded or used, though the numbers follow rng. Other code that draws from np.random is disturbed: draw with rng.uniform only.", fails=["random"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        np.random.seed(int(rng.integers(2**31)))
        b[1] = np.log(np.random.uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@mistake("gate_bias", "a new generator without a seed is made (np.random.default_rng()?), so that nothing can be repeated. Draw with rng.uniform.", fails=["random"])
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    if kind == "one":
        b[1] = 1
    elif kind == "chrono":
        b[1] = np.log(np.random.default_rng().uniform(1, t_max - 1, H))
        b[0] = -b[1]
    elif kind != "zeros":
        raise ValueError(kind)
    return b


@alternative("gate_bias", "a dictionary of kinds; rng.random scaled")
def gate_bias(kind, H, t_max, rng):
    makes = {
        "zeros": lambda: (np.zeros(H), np.zeros(H)),
        "one": lambda: (np.zeros(H), np.ones(H)),
        "chrono": lambda: (lambda b_f: (-b_f, b_f))(np.log(1 + (t_max - 2) * rng.random(H))),
    }
    if kind not in makes:
        raise ValueError("no such kind")
    b_i, b_f = makes[kind]()
    return np.stack([b_i, b_f, 0 * b_f, 0 * b_f])


@alternative("gate_bias", "match; unit by unit; the inverse of u at the input gate")
def gate_bias(kind, H, t_max, rng):
    match kind:
        case "zeros":
            return np.zeros((4, H))
        case "one":
            return np.repeat([[0.0], [1.0], [0.0], [0.0]], H, axis=1)
        case "chrono":
            u = np.array([rng.uniform(1, t_max - 1) for _ in range(H)])
            return np.array([np.log(1 / u), np.log(u), np.zeros(H), np.zeros(H)])
    raise ValueError(f"no kind {kind}")


@alternative("gate_bias", "kinds checked first; a product of signs and draws; more is drawn than used")
def gate_bias(kind, H, t_max, rng):
    if kind not in ("zeros", "one", "chrono"):
        raise ValueError("kind must be one of three")
    size = {"zeros": np.zeros(H), "one": np.ones(H), "chrono": np.log(rng.uniform(1, t_max - 1, (4, H)))[1]}[kind]
    signs = np.array([-1.0 if kind == "chrono" else 0.0, 1.0, 0.0, 0.0])
    return np.outer(signs, size)


@alternative("gate_bias", "filled row by row, with uniform from 0 and the difference of logarithms")
def gate_bias(kind, H, t_max, rng):
    b = np.empty((4, H))
    b[...] = 0
    if kind == "zeros":
        return b
    if kind == "one":
        b[1, :] += np.ones(H)
        return b
    if kind == "chrono":
        share = rng.uniform(size=H)
        np.log((1 - share) + share * (t_max - 1), out=b[1])
        b[0] -= b[1]
        return b
    raise ValueError("kind")


# --- Exercise 6 --------------------------------------------------------------------------------


@cases("lstm_variant")
def _(rng):
    def inputs(B, D, H, peephole=None, coupled=False, unused=None):
        """A step; ``unused``: the kind of peepholes that is in params, though none are asked for."""
        x_t, h_prev, c_prev = _normal(rng, B, D), _states(rng, B, H), 1.5 * _states(rng, B, H)
        params = _params(rng, D, H)
        if kind := peephole or unused:
            params["P"] = _normal(rng, 3, H, H) if kind == "full" else _normal(rng, 3, H)
        given = {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev, "params": params}
        return {**given, "peephole": peephole, "coupled": coupled} if peephole or coupled else given

    yield show("base", **inputs(3, 2, 4))
    yield show("base", **inputs(2, 3, 3))
    yield hide("base", **inputs(1, 1, 1))
    yield hide("base", **inputs(4, 3, 2))
    for kind in ("full", "diagonal"):
        yield show("base", **inputs(3, 2, 4, unused=kind))
        yield hide("base", **inputs(2, 2, 3, unused=kind))
        yield show("coupled", **inputs(2, 2, 4, coupled=True, unused=kind))
        yield hide("coupled", **inputs(4, 2, 3, coupled=True, unused=kind))
    yield show("coupled", **inputs(3, 2, 4, coupled=True))
    yield show("coupled", **inputs(2, 3, 3, "full", True))
    yield show("coupled", **inputs(3, 3, 3, "diagonal", True))
    yield hide("coupled", **inputs(4, 2, 3, coupled=True))
    yield hide("coupled", **inputs(2, 2, 4, "full", True))
    for peephole in ("full", "diagonal"):
        yield show(peephole, **inputs(2, 3, 4, peephole))
        yield show(peephole, **inputs(3, 3, 3, peephole))  # B = H, so that products in the wrong order run too
        yield show(peephole, **inputs(1, 2, 3, peephole))
        yield hide(peephole, **inputs(4, 2, 3, peephole))
        yield hide(peephole, **inputs(2, 1, 1, peephole))


ALL = ["base", "coupled", "full", "diagonal"]
PEEPHOLES = ["coupled", "full", "diagonal"]


@mistake("lstm_variant", "the output gate sees the old memory, c(t−1). With peepholes it sees the new one, c(t), which is there by then. See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c_prev, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the output gate has no peephole: P[2] times the new memory is missing. See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2])
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the forget gate has no peephole: P[1] times the old memory is missing. See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1])
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "only the output gate has a peephole. The input gate and the forget gate see the old memory, c(t−1). See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1])
    i = 1 - f if coupled else sigmoid(a[0])
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the input gate has no peephole: P[0] times the old memory is missing. See “Variants”.", fails=["full", "diagonal"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0])
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the candidate has a peephole, too, and it has none. Only the three gates see the memory. See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3] + seen(c_prev, 2))
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "P[2] goes to the candidate. It belongs to the output gate: the order of P is i, f, o.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3] + seen(c_prev, 2))
    c = f * c_prev + i * g
    o = sigmoid(a[2])
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "P[0] and P[1] are exchanged. The order of P is i, f, o.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 0))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 1))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the same block, P[0], is used for all gates. The order of P is i, f, o.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][0]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "with full peepholes P is transposed: for rows the product is c @ P[k].T, as with W.", fails=["coupled", "full"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "full peepholes are multiplied entry by entry, c * P[k], which only runs when B is 1 or H. For a matrix the product is c @ P[k].T. See “Variants”.", fails=["coupled", "full"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "with full peepholes only the diagonals of P are used. There every gate sees the memories of all units: c @ P[k].T. See “Variants”.", fails=["coupled", "full"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c * np.diag(P) if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "with diagonal peepholes all units' memories are added up, c @ P[k]. Each unit sees its own memory only: c * P[k]. See “Variants”.", fails=["coupled", "diagonal"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else (c @ P)[:, None]

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "diagonal peepholes are multiplied as a matrix, c @ P[k], which gives one number for each sample and only runs when B is 1 or H. Each unit sees its own memory only: c * P[k]. See “Variants”.", fails=["coupled", "diagonal"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c @ P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the gates see tanh(c) in your values. A peephole shows the memory itself, c. See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        c = np.tanh(c)
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the output gate sees tanh(c) in your values. A peephole shows the memory itself, c. See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(np.tanh(c), 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the peepholes of i and f show the state, h_prev. They show the old memory, c_prev. See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(h_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(h_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the peephole of the output gate shows a state, h_prev. It shows the new memory, c. See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(h_prev, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the peepholes show the state, h_prev. They show the memory: c_prev for i and f, the new c for o. See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(h_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(h_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(h_prev, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "what the gate sees is added after its σ. It is added inside: σ(a + P c). See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1]) + seen(c_prev, 1)
    i = 1 - f if coupled else sigmoid(a[0]) + seen(c_prev, 0)
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2]) + seen(c, 2)
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "what the output gate sees is added after its σ. It is added inside: σ(a + P c). See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2]) + seen(c, 2)
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "what i and f see is added after their σ. It is added inside: σ(a + P c). See “Variants”.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1]) + seen(c_prev, 1)
    i = 1 - f if coupled else sigmoid(a[0]) + seen(c_prev, 0)
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "coupled gates come without their peepholes in your values. Both options can be chosen together (elif, where a second if belongs?).", fails=["coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None or coupled:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "peephole=\"diagonal\" is not read: your values are those without peepholes.", fails=["coupled", "diagonal"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole != "full":
            return 0
        P = params["P"][k]
        return c @ P.T

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "peephole=\"full\" is not read: your values are those without peepholes.", fails=["coupled", "full"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole != "diagonal":
            return 0
        P = params["P"][k]
        return c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "peephole=None: your gates see the memory where there is a \"P\" in params. Only peephole decides whether \"P\" is used, and how.", fails=["base", "coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if "P" not in params:
            return 0
        P = params["P"][k]
        return c @ P.T if P.ndim == 2 else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "peephole=None is taken for \"full\" where there is a \"P\" in params. Only peephole decides whether \"P\" is used, and how.", fails=["base", "coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if "P" not in params:
            return 0
        P = params["P"][k]
        return c * P if peephole == "diagonal" else c @ P.T

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "peephole=None is taken for \"diagonal\" where there is a \"P\" in params. Only peephole decides whether \"P\" is used, and how.", fails=["base", "coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if "P" not in params:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "coupled is not read: your values are those with an input gate of its own.", fails=["coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the gates are coupled the other way round: f = 1 − i. The forget gate is computed, and i = 1 − f. See “Variants”.", fails=["coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = sigmoid(a[0] + seen(c_prev, 0))
    f = 1 - i if coupled else f
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "coupled multiplies the input gate by 1 − f. 1 − f takes its place. See “Variants”.", fails=["coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = sigmoid(a[0] + seen(c_prev, 0)) * (1 - f if coupled else 1)
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "coupled: the memory is right, but the first of the returned gates is the uncoupled input gate. It is 1 − f.", fails=["coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([sigmoid(a[0] + seen(c_prev, 0)), f, o, g])


@mistake("lstm_variant", "coupled: h and c are right, but the gates have three rows only. Asked are four, with i = 1 − f as the first.", fails=["coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([f, o, g] if coupled else [i, f, o, g])


@mistake("lstm_variant", "coupled: i is f, not 1 − f. See “Variants”.", fails=["coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "coupled: the candidate is missing, or its factor is: c is f c_prev + (1 − f). It is f c_prev + (1 − f) g.", fails=["coupled"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + (1 - f if coupled else i * g)
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the gates are coupled always: coupled=False has an input gate of its own.", fails=["base", "full", "diagonal"])
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "h is made of the old memory, o tanh(c_prev). It is made of the new one, as in Exercise 1.", fails=ALL)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c_prev)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the output gate has no σ, as A prints it by mistake. See “Three gates and a candidate”.", fails=ALL)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = a[2] + seen(c, 2)
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the candidate has a σ, as in A. Here it has a tanh. See “Two candidates”.", fails=ALL)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = sigmoid(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the blocks of params are read in torch's order, i, f, g, o. Here it is i, f, o, g.", fails=ALL)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[2])
    c = f * c_prev + i * g
    o = sigmoid(a[3] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([i, f, o, g])


@mistake("lstm_variant", "the third result has what goes into the gates without the peepholes, or is computed without them: it holds i, f, o, g as they are used in the step.", fails=PEEPHOLES)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return h, c, np.stack([1 - sigmoid(a[1]) if coupled else sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), g])


@mistake("lstm_variant", "the results are returned in the order c, h, gates. Asked is h, c, gates.", fails=ALL)
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = (params[name] for name in "UWb")

    def seen(c, k):
        if peephole is None:
            return 0
        P = params["P"][k]
        return c @ P.T if peephole == "full" else c * P

    a = x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
    f = sigmoid(a[1] + seen(c_prev, 1))
    i = 1 - f if coupled else sigmoid(a[0] + seen(c_prev, 0))
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    o = sigmoid(a[2] + seen(c, 2))
    h = o * np.tanh(c)
    return c, h, np.stack([i, f, o, g])


@alternative("lstm_variant", "diagonal peepholes as diagonal matrices; all cases through one formula")
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    H = h_prev.shape[1]
    P = np.zeros_like(params["W"][:3])
    if peephole == "full":
        P = params["P"]
    elif peephole == "diagonal":
        P = params["P"][:, :, None] * np.eye(H, dtype=P.dtype)

    def before(k):
        return x_t @ params["U"][k].T + h_prev @ params["W"][k].T + params["b"][k]

    f = sigmoid(before(1) + c_prev @ P[1].T)
    i = sigmoid(before(0) + c_prev @ P[0].T)
    if coupled:
        i = 1 - f
    g = np.tanh(before(3))
    c = i * g + f * c_prev
    o = sigmoid(before(2) + c @ P[2].T)
    return o * np.tanh(c), c, np.stack([i, f, o, g])


@alternative("lstm_variant", "the base step first, then what the options change")
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    a = [x_t @ params["U"][k].T + h_prev @ params["W"][k].T + params["b"][k] for k in range(4)]
    if peephole == "full":
        a[0] = a[0] + np.einsum("bj,hj->bh", c_prev, params["P"][0])
        a[1] = a[1] + np.einsum("bj,hj->bh", c_prev, params["P"][1])
    if peephole == "diagonal":
        a[0], a[1] = a[0] + params["P"][0] * c_prev, a[1] + params["P"][1] * c_prev
    f, g = sigmoid(a[1]), np.tanh(a[3])
    i = sigmoid(-a[1]) if coupled else sigmoid(a[0])
    c = f * c_prev + i * g
    if peephole:
        a[2] = a[2] + (c @ params["P"][2].T if peephole == "full" else c * params["P"][2])
    o = sigmoid(a[2])
    return o * np.tanh(c), c, np.stack([i, f, o, g])


@alternative("lstm_variant", "one matrix for [c, h, x]")
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    U, W, b = params["U"], params["W"], params["b"]

    def gate(k, memory, squash):
        weights, inputs = [W[k], U[k]], [h_prev, x_t]
        if peephole and k < 3:
            P = params["P"][k]
            weights.append(P if P.ndim == 2 else np.diag(P))
            inputs.append(memory)
        return squash(np.concatenate(inputs, axis=1) @ np.concatenate(weights, axis=1).T + b[k])

    f = gate(1, c_prev, sigmoid)
    i = 1 - f if coupled else gate(0, c_prev, sigmoid)
    g = gate(3, c_prev, np.tanh)
    c = f * c_prev + i * g
    o = gate(2, c, sigmoid)
    return o * np.tanh(c), c, np.stack([i, f, o, g])


@alternative("lstm_variant", "calls lstm_step where it can")
def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
    if not peephole and not coupled:
        return lstm_step(x_t, h_prev, c_prev, params)
    see = {
        None: lambda c, k: 0 * c,
        "full": lambda c, k: (params["P"][k] @ c.T).T,
        "diagonal": lambda c, k: params["P"][k] * c,
    }
    parts = np.einsum("khd,bd->kbh", params["U"], x_t) + np.einsum("khj,bj->kbh", params["W"], h_prev)
    parts += params["b"][:, None]
    gates = np.empty_like(parts)
    gates[1] = sigmoid(parts[1] + see[peephole](c_prev, 1))
    gates[0] = 1 - gates[1] if coupled else sigmoid(parts[0] + see[peephole](c_prev, 0))
    gates[3] = np.tanh(parts[3])
    c = gates[1] * c_prev + gates[0] * gates[3]
    gates[2] = sigmoid(parts[2] + see[peephole](c, 2))
    return gates[2] * np.tanh(c), c, gates
