"""Key of notebook 05: cases, known mistakes and other right answers."""

import numpy as np

from course_lib.grading.keys import alternative, cases, hide, mistake, show, wrong_option


def _normal(rng, *shape, dtype="float64"):
    return rng.standard_normal(shape).astype(dtype)


def _gru(rng, D, H, dtype="float64", parts=3, b_reset=False):
    """Parameters with which few gates are nearly open or closed: else many a mistake would be too small to be seen."""
    shapes = {"U": (parts, H, D), "W": (parts, H, H), "b": (parts, H)} | ({"b_reset": (H,)} if b_reset else {})
    return {name: 0.8 * _normal(rng, *shape).astype(dtype) for name, shape in shapes.items()}


def _sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


# --- Exercise 1 --------------------------------------------------------------------------------------


@cases("gru_step")
def _(rng):
    def inputs(B, D, H, dtype="float64", b_reset=False, **reset):
        params = _gru(rng, D, H, dtype, b_reset=b_reset or "after" in reset.values())
        return {"x_t": _normal(rng, B, D, dtype=dtype), "h_prev": _normal(rng, B, H, dtype=dtype), "params": params, **reset}

    def saturated(B, D, z, r):
        """The gates are exactly what is given: 0 or 1 for each unit; 0.5 leaves a gate without bias."""
        case = inputs(B, D, len(z))
        case["params"]["b"][:2] = 2000 * np.array([z, r]) - 1000.0
        return case

    yield show("one sample", **inputs(1, 3, 2))
    yield show("one sample", **inputs(1, 2, 2))  # D = H, so that what is transposed or exchanged runs too
    yield show("one sample", **inputs(1, 1, 1))
    yield show("one sample", **inputs(1, 4, 4))
    yield hide("one sample", **inputs(1, 1, 4))
    yield hide("one sample", **inputs(1, 3, 3, reset="before"))
    yield show("batch", **inputs(4, 3, 5))
    yield show("batch", **inputs(3, 3, 3, reset="before"))
    yield show("batch", **inputs(2, 2, 4, reset="before", b_reset=True))  # reset decides, not what is in params
    yield hide("batch", **inputs(5, 2, 4))
    yield hide("batch", **inputs(3, 4, 2, reset="before", b_reset=True))
    yield hide("batch", **inputs(2, 4, 4, reset="before"))
    yield show("gates", **inputs(2, 3, 4))
    yield show("gates", **inputs(3, 3, 3))
    yield show("gates", **inputs(1, 2, 1))
    yield show("gates", **inputs(2, 2, 3, reset="before", b_reset=True))
    yield hide("gates", **inputs(4, 2, 3))
    yield hide("gates", **inputs(2, 2, 2))
    yield show("after", **inputs(3, 2, 4, reset="after"))
    yield show("after", **inputs(3, 3, 3, reset="after"))
    yield show("after", **inputs(1, 1, 1, reset="after"))
    yield hide("after", **inputs(2, 4, 3, reset="after"))
    yield hide("after", **inputs(4, 2, 2, reset="after"))
    yield show("limits", **saturated(2, 3, [0, 0, 0], [1, 0, 1]))  # z = 0: the old state
    yield show("limits", **saturated(2, 2, [1, 1, 1], [1, 1, 1]))  # a plain step
    yield show("limits", **saturated(2, 3, [1, 1, 1], [0, 1, 1]))
    yield show("limits", **saturated(3, 3, [1, 1, 0], [0.5, 0.5, 0.5]))  # so that what r does is seen, too
    yield hide("limits", **saturated(3, 2, [1, 1], [0, 0]))
    yield hide("limits", **saturated(3, 4, [1, 0, 1, 0], [1, 1, 0, 0]))
    yield show("float32", **inputs(3, 3, 3, "float32"))
    yield show("float32", **inputs(3, 2, 4, "float32", reset="after"))
    yield hide("float32", **inputs(4, 3, 2, "float32"))
    yield hide("float32", **inputs(2, 2, 2, "float32", reset="after"))


ALL = ["one sample", "batch", "gates", "after", "limits", "float32"]
STATE = ["one sample", "batch", "after", "limits", "float32"]
GATES = ["gates", "after", "limits", "float32"]
BEFORE = ["one sample", "batch", "gates", "limits", "float32"]
AFTER = ["after", "float32"]
WEIGHTS = ["one sample", "batch", "gates", "after", "float32"]  # with the biases of "limits" they do not count
GIVEN = ["batch", "gates"]  # b_reset is in params, and reset is "before"


@mistake("gru_step", "r has the bias of z, b[0]. Its own is b[1]. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[0])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "your σ overflows: exp(1000) is inf, and inf / inf is nan. the notebook's sigmoid does not overflow.", fails=["limits"])
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    def sigmoid(a):
        return np.exp(a) / (1 + np.exp(a))

    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the values are right, but float32 inputs give float64: a float64 array (np.zeros without dtype?) or a conversion comes in.", fails=["float32"])
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    gates = np.zeros((3, *h.shape))
    gates[...] = z, r, g
    return h + 0 * gates[0], gates


@mistake("gru_step", "the gates are right, but the new state of float32 inputs is float64: a float64 array (np.zeros without dtype?) comes in.", fails=["float32"])
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = np.zeros(h_prev.shape)
    h += (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the new state is right, but the gates of float32 inputs are returned as float64 (np.zeros or np.empty without dtype?).", fails=["float32"])
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    gates = np.zeros((3, *h.shape))
    gates[...] = z, r, g
    return h, gates


@mistake("gru_step", "your σ stops short of 0 and 1: np.clip at 30 or so leaves 1e-13. A sum of −1000 makes a gate 0 to all digits; the notebook's sigmoid does that.", fails=["limits"])
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    def sigmoid(a):
        return 1 / (1 + np.exp(-np.clip(a, -30, 30)))

    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the argument reset does nothing: your values are those of before, also where after is asked for. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = (r * h_prev) @ W[2].T
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, r multiplies h_prev before the product in your values, and b_reset is added. It multiplies W_g h_prev + b_reset. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = (r * h_prev) @ W[2].T + params["b_reset"]
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, b_reset is missing. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T)
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, b_reset stands outside of r: r multiplies the sum W_g h_prev + b_reset, both of it. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T) + params["b_reset"]
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, r multiplies h_prev before the product, and b_reset as well. First the product and b_reset, then r. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = (r * h_prev) @ W[2].T + r * params["b_reset"]
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, r multiplies b[2], too. Only W_g h_prev + b_reset is multiplied by r; b[2] is not. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"] + b[2]) - b[2]
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, r multiplies everything inside of tanh, the input and b[2], too. It multiplies W_g h_prev + b_reset only. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (x_t @ U[2].T + h_prev @ W[2].T + params["b_reset"] + b[2]) - b[2] - x_t @ U[2].T
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, r multiplies what comes from the input, too, r ⊙ (U_g x + W_g h_prev + b_reset) + b[2]. It multiplies W_g h_prev + b_reset only. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (x_t @ U[2].T + h_prev @ W[2].T + params["b_reset"]) - x_t @ U[2].T
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, b[2] and b_reset have changed places. It is r ⊙ (W_g h_prev + b_reset) + b[2]. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + b[2]) + params["b_reset"] - b[2]
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, r acts twice: h_prev is multiplied by it before the product, and the product once more. It only acts after the product, r ⊙ (W_g h_prev + b_reset). See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * ((r * h_prev) @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with after, b[2] is missing: b_reset comes besides it, not in its place. See “Before or after the product”.", fails=AFTER)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"]) - b[2]
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "params decides in your function, not the argument reset: where b_reset is in params, you compute after. With before it is in nobody's way and not used. See “Before or after the product”.", fails=GIVEN)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if "b_reset" not in params:
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with before, b_reset is added where params has one. It belongs to after alone. See “Before or after the product”.", fails=GIVEN)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T + params.get("b_reset", 0)
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with before, r ⊙ b_reset is added where params has a b_reset. It belongs to after alone. See “Before or after the product”.", fails=GIVEN)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T + r * params.get("b_reset", 0)
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the gates are returned in the order r, z, g. Ours is z, r, g.", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([r, z, g])


@mistake("gru_step", "the gates are returned in the order g, z, r. Ours is z, r, g.", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([g, z, r])


@mistake("gru_step", "the values are right, but the axis of the three gates is the second one, (B, 3, H). It is the first: (3, B, H).", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g], axis=1)


@mistake("gru_step", "the values are right, but the axis of the three gates is the last one, (B, H, 3). It is the first: (3, B, H).", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g], axis=-1)


@mistake("gru_step", "the values are right, but the gates stand side by side, (B, 3 H). Stack them on an axis of their own: (3, B, H).", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.concatenate([z, r, g], axis=1)


@mistake("gru_step", "the second result lacks the candidate: it has the shape (2, B, H). Asked are z, r and g, (3, B, H).", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r])


@mistake("gru_step", "the second result holds the sums before σ and tanh. Asked are z, r and g after them.", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([np.log(z) - np.log(1 - z), np.log(r) - np.log(1 - r), x_t @ U[2].T + inner + b[2]])


@mistake("gru_step", "the first of the gates is 1 − z, A's u. Asked is z, which takes the new. See “One gate for two tasks”.", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([1 - z, r, g])


@mistake("gru_step", "the second result holds the new state in place of the candidate. Asked are z, r and g.", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, h])


@mistake("gru_step", "the values are right, but the gates stand below one another, (3 B, H): np.vstack and np.concatenate add no axis. np.stack does: (3, B, H).", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.concatenate([z, r, g])


@mistake("gru_step", "the second result holds z and r before their σ, only g is right. Asked are all three after σ and tanh.", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    a_z = (x_t @ U[0].T + h_prev @ W[0].T + b[0])
    z = sigmoid(a_z)
    a_r = (x_t @ U[1].T + h_prev @ W[1].T + b[1])
    r = sigmoid(a_r)
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([a_z, a_r, g])


@mistake("gru_step", "the second result holds the candidate before its tanh. Asked are all three after σ and tanh.", fails=GATES)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    a_g = x_t @ U[2].T + inner + b[2]
    g = np.tanh(a_g)
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, a_g])


@mistake("gru_step", "z and 1 − z have changed places: yours keeps the old state where z is 1. That is A's convention; here z takes the new, h = (1 − z) ⊙ h_prev + z ⊙ g. See “One gate for two tasks”.", fails=STATE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = z * h_prev + (1 - z) * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the reset comes after the product: with before, r multiplies h_prev first, and then comes W_g. See “Before or after the product”.", fails=BEFORE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = r * (h_prev @ W[2].T)
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with before, r multiplies everything inside of tanh, the input, too. It multiplies the state alone. See “One gate for two tasks”.", fails=BEFORE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = r * (x_t @ U[2].T + h_prev @ W[2].T + b[2]) - b[2] - x_t @ U[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "with before, r multiplies what comes from the input, too, r ⊙ (U_g x + W_g h_prev) + b[2]. It multiplies the state alone, before the product. See “One gate for two tasks”.", fails=BEFORE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = r * (x_t @ U[2].T + h_prev @ W[2].T) - x_t @ U[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "r multiplies what comes from the input, too, with before as with after. It multiplies the state alone, before or after the product with W_g. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = r * (x_t @ U[2].T + h_prev @ W[2].T) - x_t @ U[2].T
    else:
        inner = r * (x_t @ U[2].T + h_prev @ W[2].T + params["b_reset"]) - x_t @ U[2].T
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "z is computed from r ⊙ h_prev. Both gates see the whole h_prev; only the candidate sees r ⊙ h_prev. See “One gate for two tasks”.", fails=WEIGHTS)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    z = sigmoid(x_t @ U[0].T + (r * h_prev) @ W[0].T + b[0])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "r multiplies the old state also where it is kept, (1 − z) ⊙ r ⊙ h_prev (was r ⊙ h_prev stored under the name h_prev?). It only acts inside of the candidate: h = (1 − z) ⊙ h_prev + z ⊙ g. See “One gate for two tasks”.", fails=STATE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * (r * h_prev) + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the old state is kept whole, h_prev + z ⊙ g: the factor 1 − z is missing. See “One gate for two tasks”.", fails=STATE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the candidate is added whole, (1 − z) ⊙ h_prev + g: its factor z is missing. See “One gate for two tasks”.", fails=STATE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + g
    return h, np.stack([z, r, g])


@mistake("gru_step", "you return the candidate as the new state. z mixes it with the old one. See “One gate for two tasks”.", fails=STATE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = g
    return h, np.stack([z, r, g])


@mistake("gru_step", "nothing of the old state is kept, h = z ⊙ g: the term (1 − z) ⊙ h_prev is missing. See “One gate for two tasks”.", fails=STATE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the new state goes through a tanh once more. The tanh is in the candidate only; h is a mean of two numbers, with the weights 1 − z and z. See “One gate for two tasks”.", fails=STATE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = np.tanh((1 - z) * h_prev + z * g)
    return h, np.stack([z, r, g])


@mistake("gru_step", "h_prev is changed in place. The last line and the caller need it as it was: make a new array.", fails=BEFORE)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        h_prev *= r
        inner = h_prev @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "W[0] is transposed the wrong way, at z. Rows are samples: W h is h @ W.T.", fails=WEIGHTS)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0] + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "σ is missing at both gates, as A prints them: z and r are the sums themselves, and no numbers between 0 and 1. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = (x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = (x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "σ is missing at z: it is the sum itself, and no number between 0 and 1. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = (x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "σ is missing at r: it is the sum itself, and no number between 0 and 1. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = (x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "both gates have a tanh in your values, which lies between −1 and 1. Gates have σ, between 0 and 1; the tanh is the candidate's. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = np.tanh(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = np.tanh(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "z has a tanh in your values. It is a gate, and gates have σ. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = np.tanh(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "r has a tanh in your values. It is a gate, and gates have σ. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = np.tanh(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the candidate has σ in your values, as A prints it. Here it has tanh, so that states can be negative, too. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = sigmoid(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "σ and tanh have changed places: gates have σ, the candidate has tanh. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = np.tanh(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = np.tanh(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = sigmoid(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the candidate has no tanh: it is the sum itself. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = (x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "z and r have changed places: in your values the gate with index 1 decides how much of the candidate is taken, and that with index 0 what the candidate sees of the old state. Our order is z, r, g (PyTorch's is r, z, g). See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    r = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    z = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "z and r have changed their tasks: the two gates are right, but r decides how much of the candidate is taken, and z what it sees of the old state. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (z * h_prev) @ W[2].T
    else:
        inner = z * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - r) * h_prev + r * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the parts are taken in the order g, z, r: the candidate has index 0 in your values. It has index 2; the order is z, r, g. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    r = sigmoid(x_t @ U[2].T + h_prev @ W[2].T + b[2])
    if reset == "before":
        inner = (r * h_prev) @ W[0].T
    else:
        inner = r * (h_prev @ W[0].T + params["b_reset"])
    g = np.tanh(x_t @ U[0].T + inner + b[0])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the parts of r and of the candidate have changed places: r has index 1, g has index 2. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[2].T + h_prev @ W[2].T + b[2])
    if reset == "before":
        inner = (r * h_prev) @ W[1].T
    else:
        inner = r * (h_prev @ W[1].T + params["b_reset"])
    g = np.tanh(x_t @ U[1].T + inner + b[1])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "r is made of the parts of z, index 0. It has parameters of its own, index 1. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the reset gate does nothing: the candidate sees all of h_prev. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = h_prev @ W[2].T
    else:
        inner = h_prev @ W[2].T + params["b_reset"]
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the reset gate is turned round: the candidate sees (1 − r) ⊙ h_prev. Where r is 1, it sees all of it. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = ((1 - r) * h_prev) @ W[2].T
    else:
        inner = (1 - r) * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "before and after have changed places: with before your r multiplies the product, with after it multiplies the state. See “Before or after the product”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = r * (h_prev @ W[2].T)
    else:
        inner = (r * h_prev) @ W[2].T + params["b_reset"]
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "r multiplies what comes from the input, and the state goes into the candidate whole. It is the other way round: r is at the state. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = h_prev @ W[2].T
    else:
        inner = h_prev @ W[2].T + params["b_reset"]
    g = np.tanh(r * (x_t @ U[2].T) + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "r multiplies the candidate, after the tanh. It multiplies the state that goes into the candidate. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = h_prev @ W[2].T
    else:
        inner = h_prev @ W[2].T + params["b_reset"]
    g = r * np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the biases are missing: all three sums have one, b[0], b[1] and b[2]. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W = params["U"], params["W"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T)
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T)
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner)
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the gates lack their biases, b[0] and b[1]. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T)
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T)
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the candidate lacks its bias, b[2]. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner)
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "W is transposed the wrong way, h_prev @ W[k]. Rows are samples: W h is h @ W.T. The shapes do not warn you, because each part is square.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0] + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1] + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2]
    else:
        inner = r * (h_prev @ W[2] + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "W[2] is transposed the wrong way, in the candidate. Rows are samples: W h is h @ W.T.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2]
    else:
        inner = r * (h_prev @ W[2] + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "U is not transposed, x_t @ U[k]: that only runs when D = H. Rows are samples: U x is x_t @ U[k].T.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0] + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1] + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2] + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "U and W have changed places, which only runs when D = H: U belongs to the input, W to the state.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    W, U, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the candidate does not see the old state at all: the product with W[2] is missing. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    g = np.tanh(x_t @ U[2].T + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the gates do not see the old state: the products with W[0] and W[1] are missing. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the gates do not see the input: the products with U[0] and U[1] are missing. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(h_prev @ W[0].T + b[0])
    r = sigmoid(h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "you return the new state only. Return the pair h, gates.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h


@mistake("gru_step", "the two results have changed places: return h, gates.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return np.stack([z, r, g]), h


@mistake("gru_step", "the values are right, but h_prev is changed in place. The caller still needs it, for the backward pass: make a new array.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = h_prev
    h *= 1 - z
    h += z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "z lacks its bias, b[0]. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T)
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "r lacks its bias, b[1]. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T)
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "this is A's line, in which the gate with index 0 keeps and the candidate has σ. Here z takes the new, and the candidate has tanh: h = (1 − z) ⊙ h_prev + z ⊙ g. See “One gate for two tasks”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = sigmoid(x_t @ U[2].T + inner + b[2])
    h = z * h_prev + (1 - z) * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "r sees the input through U[0], which is that of z. Its own is U[1]. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[0].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "r sees the state through W[0], which is that of z. Its own is W[1]. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[0].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "the candidate sees the input through U[0]. Its own is U[2]. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[0].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "h_prev is changed in place, h_prev *= 1 − z, before the candidate is made of it. Make a new array: the caller needs it, too.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1].T + b[1])
    keep = h_prev
    keep *= 1 - z
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = keep + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "U @ x and W @ h are for columns, as in the text. Here rows are samples: x_t @ U[k].T and h_prev @ W[k].T. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(U[0] @ x_t + W[0] @ h_prev + b[0])
    r = sigmoid(U[1] @ x_t + W[1] @ h_prev + b[1])
    if reset == "before":
        inner = W[2] @ (r * h_prev)
    else:
        inner = r * (W[2] @ h_prev + params["b_reset"])
    g = np.tanh(U[2] @ x_t + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "U @ x is for columns, as in the text. Here rows are samples: x_t @ U[k].T. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(U[0] @ x_t + h_prev @ W[0].T + b[0])
    r = sigmoid(U[1] @ x_t + h_prev @ W[1].T + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(U[2] @ x_t + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "W @ h is for columns, as in the text. Here rows are samples: h_prev @ W[k].T. See “One step”.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + W[0] @ h_prev + b[0])
    r = sigmoid(x_t @ U[1].T + W[1] @ h_prev + b[1])
    if reset == "before":
        inner = W[2] @ (r * h_prev)
    else:
        inner = r * (W[2] @ h_prev + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@mistake("gru_step", "W[1] is transposed the wrong way, at r. Rows are samples: W h is h @ W.T.", fails=ALL)
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    z = sigmoid(x_t @ U[0].T + h_prev @ W[0].T + b[0])
    r = sigmoid(x_t @ U[1].T + h_prev @ W[1] + b[1])
    if reset == "before":
        inner = (r * h_prev) @ W[2].T
    else:
        inner = r * (h_prev @ W[2].T + params["b_reset"])
    g = np.tanh(x_t @ U[2].T + inner + b[2])
    h = (1 - z) * h_prev + z * g
    return h, np.stack([z, r, g])


@alternative("gru_step", "as a step from the old state towards the candidate")
def gru_step(x_t, h_prev, params, reset="before"):
    (U_z, U_r, U_g), (W_z, W_r, W_g), (b_z, b_r, b_g) = params["U"], params["W"], params["b"]
    z = sigmoid(b_z + x_t @ U_z.T + h_prev @ W_z.T)
    r = sigmoid(b_r + x_t @ U_r.T + h_prev @ W_r.T)
    if reset == "after":
        g = np.tanh(b_g + x_t @ U_g.T + r * (h_prev @ W_g.T + params["b_reset"]))
    else:
        g = np.tanh(b_g + x_t @ U_g.T + (h_prev * r) @ W_g.T)
    return h_prev + z * (g - h_prev), np.stack((z, r, g))


@alternative("gru_step", "einsum over all parts at once")
def gru_step(x_t, h_prev, params, reset="before"):
    from_x = np.einsum("bd,khd->kbh", x_t, params["U"]) + params["b"][:, None, :]
    from_h = np.einsum("bj,khj->kbh", h_prev, params["W"])
    z, r = 1 / (1 + np.exp(-(from_x[:2] + from_h[:2])))
    if reset == "before":
        g = np.tanh(from_x[2] + np.einsum("bj,hj->bh", r * h_prev, params["W"][2]))
    else:
        g = np.tanh(from_x[2] + r * (from_h[2] + params["b_reset"]))
    keep = 1 - z
    return keep * h_prev + z * g, np.stack([z, r, g])


@alternative("gru_step", "one product of the concatenated row (x, h) for both gates")
def gru_step(x_t, h_prev, params, reset="before"):
    U, W, b = params["U"], params["W"], params["b"]
    B, H = h_prev.shape
    M = np.concatenate([U, W], axis=2)
    row = np.concatenate([x_t, h_prev], axis=1)
    both = sigmoid(row @ M[:2].reshape(2 * H, -1).T + b[:2].reshape(-1))
    z, r = both[:, :H], both[:, H:]
    if reset == "before":
        a = np.concatenate([x_t, r * h_prev], axis=1) @ M[2].T
    else:
        a = x_t @ U[2].T + r * (h_prev @ W[2].T) + r * params["b_reset"]
    g = np.tanh(a + b[2])
    gates = np.empty_like(h_prev, shape=(3, B, H))
    gates[0], gates[1], gates[2] = z, r, g
    return (1 - z) * h_prev + z * g, gates


@alternative("gru_step", "sample by sample, with columns")
def gru_step(x_t, h_prev, params, reset="before"):
    states, gates = [], []
    for x, h in zip(x_t, h_prev, strict=True):
        a = [params["U"][k] @ x + params["b"][k] for k in range(3)]
        z = sigmoid(a[0] + params["W"][0] @ h)
        r = sigmoid(a[1] + params["W"][1] @ h)
        W_g = params["W"][2]
        g = np.tanh(a[2] + (W_g @ (r * h) if reset == "before" else r * (W_g @ h + params["b_reset"])))
        states.append(h - z * h + z * g)
        gates.append(np.stack([z, r, g]))
    return np.stack(states), np.stack(gates, axis=1)


@alternative("gru_step", "A's convention: u = 1 − z keeps")
def gru_step(x_t, h_prev, params, reset="before"):
    def a(k, seen):
        return x_t @ params["U"][k].T + seen @ params["W"][k].T + params["b"][k]

    u, r = sigmoid(-a(0, h_prev)), sigmoid(a(1, h_prev))
    if reset == "before":
        g = np.tanh(a(2, r * h_prev))
    else:
        g = np.tanh(a(2, np.zeros_like(h_prev)) + r * (params["b_reset"] + h_prev @ params["W"][2].T))
    return u * h_prev + (1 - u) * g, np.stack([1 - u, r, g])


# --- Exercise 2 --------------------------------------------------------------------------------------


@cases("gru_step_backward")
def _(rng):
    def inputs(B, D, H, dtype="float64"):
        params = _gru(rng, D, H)
        U, W, b = params.values()
        x_t, h_prev = _normal(rng, B, D), _normal(rng, B, H)
        z, r = (_sigmoid(x_t @ U[k].T + h_prev @ W[k].T + b[k]) for k in (0, 1))
        g = np.tanh(x_t @ U[2].T + (r * h_prev) @ W[2].T + b[2])
        kept = {"x_t": x_t, "h_prev": h_prev, "gates": np.stack([z, r, g]), "U": U, "W": W}
        dh = 10 * _normal(rng, B, H)  # large, so that all terms are
        return {"dh": dh.astype(dtype), "cache": {name: value.astype(dtype) for name, value in kept.items()}}

    for test in ("db", "dU", "dW", "dx", "dh_prev"):
        yield show(test, **inputs(3, 4, 5))
        yield show(test, **inputs(3, 3, 3))  # D = H, so that what is transposed or exchanged runs too
        yield show(test, **inputs(2, 1, 2))
        yield hide(test, **inputs(4, 2, 3))
        yield hide(test, **inputs(2, 3, 3))
        yield hide(test, **inputs(5, 3, 1))
    yield show("one sample", **inputs(1, 3, 2))
    yield show("one sample", **inputs(1, 2, 2))
    yield show("one sample", **inputs(1, 1, 1))
    yield hide("one sample", **inputs(1, 4, 3))
    yield show("inputs", **inputs(3, 2, 4))
    yield show("inputs", **inputs(3, 3, 3))
    yield hide("inputs", **inputs(4, 3, 2))
    yield show("float32", **inputs(3, 3, 3, "float32"))
    yield show("float32", **inputs(3, 2, 5, "float32"))
    yield hide("float32", **inputs(4, 4, 2, "float32"))


ALL = ["db", "dU", "dW", "dx", "dh_prev", "one sample", "inputs", "float32"]
BATCH = ["db", "dU", "dW", "inputs", "float32"]


def only(*names):
    return [*names, "one sample", "inputs", "float32"]


@mistake("gru_step_backward", "db has an axis too many, (3, 1, H): keepdims=True, or no sum over the one sample? A gradient has the shape of its parameter, (3, H).", fails=only("db"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0, keepdims=True), da_r.sum(axis=0, keepdims=True), da_g.sum(axis=0, keepdims=True)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope of tanh is left out on the way to r and to the old state: it is da_g that goes back through W_g, not dg = dh z. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = (dh * z) @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "r gets what it would get with the reset after the product, da_g times W_g h_prev. Here it is before: (da_g @ W[2]) times h_prev. See “Before or after the product”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = da_g * (h_prev @ W[2].T) * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "Wᵀ da is for columns, as in the text. Here rows are samples: da @ W[k]. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = W[2].T @ da_g
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + W[0].T @ da_z + W[1].T @ da_r + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the values are right, but dh is changed in place. The caller still needs it: make a new array.", fails=["inputs"])
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dh *= 1 - z
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the values are right, but h_prev in cache is changed in place (r * h_prev written into it?). Make a new array.", fails=["inputs"])
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = [da_z.T @ h_prev, da_r.T @ h_prev]
    h_prev *= r
    dW = np.stack([*dW, da_g.T @ h_prev])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the values are right, but float32 inputs give float64 in dU, dW and db: they begin as np.zeros without dtype.", fails=["float32"])
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.zeros(U.shape)
    for k, da in enumerate((da_z, da_r, da_g)):
        dU[k] = da.T @ x_t
    dW = np.zeros(W.shape) + np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.zeros(W.shape[:2]) + np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the values are right, but float32 inputs give float64 everywhere: a float64 array or a conversion comes in.", fails=["float32"])
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"].astype(float)
    x_t, h_prev = x_t.astype(float), h_prev.astype(float)
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "db is divided by B (a mean over the samples?). It is a sum: a mean over the batch is already in dh.", fails=["db", "inputs", "float32"])
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.mean(axis=0), da_r.mean(axis=0), da_g.mean(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dU is divided by B. It is a sum over the samples: a mean over the batch is already in dh.", fails=["dU", "inputs", "float32"])
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t]) / len(dh)
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dW is divided by B. It is a sum over the samples: a mean over the batch is already in dh.", fails=["dW", "inputs", "float32"])
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)]) / len(dh)
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the direct way is missing: h has the term (1 − z) h_prev, so the old state gets dh (1 − z) as well. It is the way that needs no weights. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the direct way has the factor z. The old state is kept by 1 − z: dh (1 − z). See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * z + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the direct way lacks its factor: the old state gets dh (1 − z), not all of dh. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dh_prev is the direct way alone, dh (1 − z): what the old state does through the two gates and the candidate is missing. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z)
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dh_prev lacks what comes through the gates: both see h_prev. da_z @ W[0] and da_r @ W[1] are missing. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dh_prev lacks what comes through z, da_z @ W[0]. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dh_prev lacks what comes through r, da_r @ W[1]: r sees h_prev, too. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dh_prev lacks what comes through the candidate, (da_g @ W[2]) times r. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1]
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "r is missing where the candidate's part goes to dh_prev: W_g was multiplied by r ⊙ h_prev, so that h_prev gets (da_g @ W[2]) times r. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "r multiplies da_g before the product with W_g, (da_g r) @ W[2]. Forward, r came first and W_g second; so back, W_g comes first: (da_g @ W[2]) r. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + (da_g * r) @ W[2]
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the candidate's part of dh_prev has the factor h_prev, that of r, in place of r. m = r ⊙ h_prev: each factor gets dm times the other one. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * h_prev
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "W is transposed the wrong way at the two gates, da_z @ W[0].T. Forward it was h_prev @ W.T, so back it is da_z @ W[0]. The shapes do not warn you, because W is square. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0].T + da_r @ W[1].T + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dh_prev only has the three products da @ W[k]. Two things are missing: the direct way, dh (1 − z), and the factor r of the candidate's part, (da_g @ W[2]) times r. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = da_z @ W[0] + da_r @ W[1] + dm
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope of σ is left out where the gates' parts go to dh_prev: da_z and da_r are what W[0] and W[1] multiply, not dz and dr. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + (dh * (g - h_prev)) @ W[0] + (dm * h_prev) @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the third part of dW belongs to r ⊙ h_prev, not to h_prev: this is what W_g was multiplied by. See “The backward step”.", fails=only("dW"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ h_prev])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "all three parts of dW are made with r ⊙ h_prev. Only the candidate's matrix was multiplied by that; those of the gates by h_prev. See “The backward step”.", fails=only("dW"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ (r * h_prev), da_r.T @ (r * h_prev), da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the parts of dW are transposed: dW[k][i, j] belongs to W[k][i, j], so it is da.T @ h_prev. See “The backward step”.", fails=only("dW"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)]).transpose(0, 2, 1)
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dW is made with the new state, h(t). W was multiplied by the old one, h_prev. See “The backward step”.", fails=only("dW"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    new = (1 - z) * h_prev + z * g
    dW = np.stack([da_z.T @ new, da_r.T @ new, da_g.T @ (r * new)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dW is made with the inputs x_t. It only runs when D = H. W was multiplied by the state.", fails=only("dW"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dW has r on the wrong side, (da_g r)ᵀ h_prev: that belongs to the reset after the product. Here it is da_gᵀ (r ⊙ h_prev). See “Before or after the product”.", fails=only("dW"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, (da_g * r).T @ h_prev])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the parts of dU are transposed, (3, D, H). dU has the shape of U: da.T @ x_t. See “The backward step”.", fails=only("dU"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t]).transpose(0, 2, 1)
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dx is what comes through the candidate alone. x_t goes into all three sums: add da_z @ U[0] and da_r @ U[1]. See “The backward step”.", fails=only("dx"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dx lacks what comes through the candidate, da_g @ U[2]. See “The backward step”.", fails=only("dx"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dx lacks what comes through r, da_r @ U[1]. See “The backward step”.", fails=only("dx"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dx has three parts, (3, B, D): they are to be added, because one and the same x_t went into all three. See “The backward step”.", fails=only("dx"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = np.stack([da_z @ U[0], da_r @ U[1], da_g @ U[2]])
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "W takes the place of U in dx. It only runs when D = H.", fails=only("dx"))
def gru_step_backward(dh, cache):
    x_t, h_prev, W = (cache[name] for name in ("x_t", "h_prev", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ W[0] + da_r @ W[1] + da_g @ W[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "db is not summed over the batch: it has the shape (3, B, H). One bias went into all samples: (3, H).", fails=only("db"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z, da_r, da_g])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dx lacks what comes through z, da_z @ U[0]. See “The backward step”.", fails=only("dx"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "db is summed over the units, axis=1. The sum is over the samples, axis=0: each unit has a bias of its own.", fails=only("db"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=1), da_r.sum(axis=1), da_g.sum(axis=1)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "W[0] is transposed the wrong way in dh_prev. Forward it was h_prev @ W[0].T, so back it is da_z @ W[0]. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0].T + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "W[1] is transposed the wrong way in dh_prev. Forward it was h_prev @ W[1].T, so back it is da_r @ W[1]. See “The backward step”.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1].T + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "U[0] and U[1] have changed places in dx: z has index 0, r has index 1.", fails=only("dx"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[1] + da_r @ U[0] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "W[0] and W[1] have changed places in dh_prev: z has index 0, r has index 1.", fails=only("dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[1] + da_r @ W[0] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "r is missing in two places: W_g was multiplied by r ⊙ h_prev, so dW[2] is da_g.T @ (r * h_prev), and h_prev gets (da_g @ W[2]) times r. See “The backward step”.", fails=only("dW", "dh_prev"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ h_prev])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dU, dW and db are divided by B. They are sums over the samples: a mean is already in dh.", fails=BATCH)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t]) / len(dh)
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)]) / len(dh)
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)]) / len(dh)
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the parts are in the order r, z, g in your values. Ours is z, r, g, in dU, dW and db as well as in gates.", fails=["db", "dU", "dW", "one sample", "inputs", "float32"])
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])[[1, 0, 2]]
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])[[1, 0, 2]]
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])[[1, 0, 2]]
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "db is in the order z, g, r in your values. Ours is z, r, g, that of gates.", fails=only("db"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])[[0, 2, 1]]
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dU is in the order z, g, r in your values. Ours is z, r, g, that of gates.", fails=only("dU"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])[[0, 2, 1]]
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dW is in the order z, g, r in your values. Ours is z, r, g, that of gates.", fails=only("dW"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])[[0, 2, 1]]
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dU and db are in the order z, g, r in your values. Ours is z, r, g, that of gates.", fails=only("db", "dU"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])[[0, 2, 1]]
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])[[0, 2, 1]]
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the parts are in the order z, g, r in your values. Ours is z, r, g, in dU, dW and db as well as in gates.", fails=only("db", "dU", "dW"))
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])[[0, 2, 1]]
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])[[0, 2, 1]]
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])[[0, 2, 1]]
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "your values are divided by B. No gradient is: a mean over the batch is already in dh.", fails=["db", "dU", "dW", "dx", "dh_prev", "inputs", "float32"])
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    dh = dh / len(dh)
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the sign of what goes through z is wrong: h = (1 − z) h_prev + z g has the derivative g − h_prev by z. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (h_prev - g) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "z stands in the new state twice: the derivative by z is g − h_prev, not g alone. The part that comes through (1 − z) h_prev is missing. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * g * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "z stands in the new state twice: the derivative by z is g − h_prev. The part that comes through z g is missing. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * -h_prev * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope of σ is missing at z: from z to the sum inside it, multiply by z (1 − z). See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope at z is 1 − z², that of tanh. z is a σ: z (1 − z). See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * (1 - z**2)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "what goes back through z is missing: h = (1 − z) h_prev + z g depends on z in two places, so da_z is not 0. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = 0 * dh
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the factor z is missing on the way to the candidate: h has the term z g, so dg = dh z. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the candidate gets dh (1 − z), and the old state is kept by 1 − z: the candidate's factor is z. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * (1 - z) * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope of tanh is missing at the candidate: from g to the sum inside it, multiply by 1 − g². See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope at the candidate is 1 − g. It is 1 − g², with the square. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope at the candidate is g (1 − g), that of σ. The candidate is a tanh: 1 − g². See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * g * (1 - g)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "tanh is applied to g once more: your slope is 1 − tanh(g)². g is the candidate after the tanh already: 1 − g². See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - np.tanh(g) ** 2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "σ is applied to z and r once more in their slopes. The gates in cache are after σ already: z (1 − z), r (1 − r).", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * sigmoid(z) * (1 - sigmoid(z))
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * sigmoid(r) * (1 - sigmoid(r))
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slopes are missing at all three, σ at z and r and tanh at g. Each of the three sums is inside of one. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev)
    da_g = dh * z
    dm = da_g @ W[2]
    da_r = dm * h_prev
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope of σ is missing at both gates, z (1 − z) and r (1 − r). See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "both gates have the slope of tanh, 1 − z² and 1 − r². They are σ: z (1 − z) and r (1 − r). See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * (1 - z**2)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * (1 - r**2)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "nothing goes back through r: it acts inside of the candidate, so dr is the gradient of r ⊙ h_prev times h_prev. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = 0 * dh
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope of σ is missing at r: from r to the sum inside it, multiply by r (1 − r). See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the slope at r is 1 − r², that of tanh. r is a σ: r (1 − r). See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * (1 - r**2)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "the factor h_prev is missing on the way to r: m = r ⊙ h_prev, so that r gets dm times h_prev. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "W_g is missing on the way to r: from the sum inside of tanh to m = r ⊙ h_prev the way leads through W_g, da_g @ W[2]. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = da_g * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "da_g goes back through W[1] on the way to r. What r multiplies is inside of the candidate, and there it meets W_g: dm = da_g @ W[2]. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = (da_g @ W[1]) * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "da_g goes back through W[1] on the way to r and to the old state. What r multiplies is inside of the candidate, and there it meets W_g: dm = da_g @ W[2]. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[1]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "r gets dm times r ⊙ h_prev, one r too many. m = r ⊙ h_prev: r gets dm times h_prev. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * r * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "W_g is left out on the way from the candidate to r and to the old state: dm = da_g @ W[2], because m = r ⊙ h_prev was multiplied by W_g. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "your values are those of the reset after the product, r ⊙ (W_g h_prev). Here it is before: W_g (r ⊙ h_prev). See “Before or after the product”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = (da_g * r) @ W[2]
    da_r = da_g * (h_prev @ W[2].T) * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, (da_g * r).T @ h_prev])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "W_g is transposed the wrong way on the way back, da_g @ W[2].T. Forward it was (r * h_prev) @ W[2].T, so back it is da_g @ W[2]. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2].T
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "dh goes through the slope 1 − h² first, as in an RNN. Here h is no tanh: it is (1 − z) h_prev + z g. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    dh = dh * (1 - ((1 - z) * h_prev + z * g) ** 2)
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "z and 1 − z have changed places: your values are those of a GRU in which z keeps the old state. See “One gate for two tasks”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (h_prev - g) * z * (1 - z)
    da_g = dh * (1 - z) * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * z + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "z and r have changed places: gates holds z, r, g, in this order (PyTorch's is r, z, g).", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    r, z, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "W is transposed the wrong way everywhere, da @ W[k].T. Forward it was h_prev @ W[k].T, so back it is da @ W[k]. The shapes do not warn you, because W is square. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2].T
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0].T + da_r @ W[1].T + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "U is transposed on the way to x, da @ U[k].T, which only runs when D = H. Forward it was x_t @ U[k].T, so back it is da @ U[k].", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0].T + da_r @ U[1].T + da_g @ U[2].T
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "your values have the wrong sign. A gradient says where the loss grows; the minus is in the update.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    dh = -dh
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = da_z @ U[0] + da_r @ U[1] + da_g @ U[2]
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "Uᵀ da, Wᵀ da and da hᵀ are for columns, as in the text. Here rows are samples: da @ U[k], da @ W[k], and da.T @ h_prev. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = W[2].T @ da_g
    da_r = dm * h_prev * r * (1 - r)
    dx = U[0].T @ da_z + U[1].T @ da_r + U[2].T @ da_g
    dh_prev = dh * (1 - z) + W[0].T @ da_z + W[1].T @ da_r + dm * r
    dU = np.stack([da_z @ x_t.T, da_r @ x_t.T, da_g @ x_t.T])
    dW = np.stack([da_z @ h_prev.T, da_r @ h_prev.T, da_g @ (r * h_prev).T])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "Uᵀ da and Wᵀ da are for columns, as in the text. Here rows are samples: da @ U[k] and da @ W[k]. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = W[2].T @ da_g
    da_r = dm * h_prev * r * (1 - r)
    dx = U[0].T @ da_z + U[1].T @ da_r + U[2].T @ da_g
    dh_prev = dh * (1 - z) + W[0].T @ da_z + W[1].T @ da_r + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@mistake("gru_step_backward", "Uᵀ da is for columns, as in the text. Here rows are samples: da @ U[k]. See “The backward step”.", fails=ALL)
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
    z, r, g = cache["gates"]
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g**2)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    dx = U[0].T @ da_z + U[1].T @ da_r + U[2].T @ da_g
    dh_prev = dh * (1 - z) + da_z @ W[0] + da_r @ W[1] + dm * r
    dU = np.stack([da_z.T @ x_t, da_r.T @ x_t, da_g.T @ x_t])
    dW = np.stack([da_z.T @ h_prev, da_r.T @ h_prev, da_g.T @ (r * h_prev)])
    db = np.stack([da_z.sum(axis=0), da_r.sum(axis=0), da_g.sum(axis=0)])
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@alternative("gru_step_backward", "stacked parts, added up at the end")
def gru_step_backward(dh, cache):
    x_t, h_prev, (z, r, g), U, W = (cache[name] for name in ("x_t", "h_prev", "gates", "U", "W"))
    da_z = dh * (g - h_prev) * z * (1 - z)
    da_g = dh * z * (1 - g * g)
    dm = da_g @ W[2]
    da_r = dm * h_prev * r * (1 - r)
    da, seen = np.stack([da_z, da_r, da_g]), np.stack([h_prev, h_prev, r * h_prev])
    return {
        "db": da.sum(axis=1),
        "dU": np.einsum("kbh,bd->khd", da, x_t),
        "dW": np.einsum("kbh,kbj->khj", da, seen),
        "dx": np.einsum("kbh,khd->bd", da, U),
        "dh_prev": dh * (1 - z) + np.einsum("kbh,khj->bj", da[:2], W[:2]) + dm * r,
    }


@alternative("gru_step_backward", "names for every intermediate gradient")
def gru_step_backward(dh, cache):
    x, h, gates, U, W = (cache[name] for name in ("x_t", "h_prev", "gates", "U", "W"))
    z, r, g = gates[0], gates[1], gates[2]
    dz_new, dz_old, dg, dh_prev = dh * g, -dh * h, dh * z, dh - dh * z
    da_g = dg - dg * g**2
    d_reset_state = (W[2].T @ da_g.T).T
    dr = d_reset_state * h
    dh_prev = dh_prev + d_reset_state * r
    da_z, da_r = (dz_new + dz_old) * (z - z**2), dr * (r - r**2)
    for da, k in ((da_z, 0), (da_r, 1)):
        dh_prev = dh_prev + da @ W[k]
    parts = (da_z, da_r, da_g)
    return {
        "dx": sum(da @ U[k] for k, da in enumerate(parts)),
        "dh_prev": dh_prev,
        "dU": np.stack([da.T @ x for da in parts]),
        "dW": np.stack([da_z.T @ h, da_r.T @ h, da_g.T @ (r * h)]),
        "db": np.stack([da.sum(axis=0) for da in parts]),
    }


@alternative("gru_step_backward", "sample by sample, with outer products")
def gru_step_backward(dh, cache):
    U, W = cache["U"], cache["W"]
    dU, dW, db = np.zeros_like(U), np.zeros_like(W), np.zeros_like(U[:, :, 0])
    dx, dh_prev = np.zeros_like(cache["x_t"]), np.zeros_like(cache["h_prev"])
    for n in range(len(dh)):
        x, h, d = cache["x_t"][n], cache["h_prev"][n], dh[n]
        z, r, g = cache["gates"][:, n]
        da_g = d * z * (1 - g**2)
        dm = W[2].T @ da_g
        da_z, da_r = d * (g - h) * z * (1 - z), dm * h * r * (1 - r)
        for k, (da, seen) in enumerate(((da_z, h), (da_r, h), (da_g, r * h))):
            dU[k] += np.outer(da, x)
            dW[k] += np.outer(da, seen)
            db[k] += da
            dx[n] += U[k].T @ da
        dh_prev[n] = d * (1 - z) + W[0].T @ da_z + W[1].T @ da_r + r * dm
    return {"dx": dx, "dh_prev": dh_prev, "dU": dU, "dW": dW, "db": db}


@alternative("gru_step_backward", "in u = 1 − z, the gate that keeps")
def gru_step_backward(dh, cache):
    x_t, h_prev, U, W = cache["x_t"], cache["h_prev"], cache["U"], cache["W"]
    z, r, g = cache["gates"]
    u = 1 - z
    da_u = dh * (h_prev - g) * u * z
    da_g = dh * (1 - u) * (1 - g) * (1 + g)
    dm = da_g @ W[2]
    da = [-da_u, dm * h_prev * r * (1 - r), da_g]
    dh_prev = dh * u + dm * r - da_u @ W[0] + da[1] @ W[1]
    m = [h_prev, h_prev, h_prev * r]
    dW = np.stack([np.swapaxes(m[k].T @ da[k], 0, 1) for k in range(3)])
    dU, db = np.stack([np.matmul(d.T, x_t) for d in da]), np.stack([np.sum(d, axis=0) for d in da])
    return dict(dx=da[0] @ U[0] + da[1] @ U[1] + da[2] @ U[2], dh_prev=dh_prev, dU=dU, dW=dW, db=db)


# --- Exercise 3 --------------------------------------------------------------------------------------


@cases("swap_convention")
def _(rng):
    def inputs(D, H, dtype="float64"):
        return {"params": _gru(rng, D, H, dtype)}

    for test in ("weights", "bias", "new arrays"):
        yield show(test, **inputs(3, 4))
        yield show(test, **inputs(3, 3))
        yield show(test, **inputs(1, 1))
        yield hide(test, **inputs(2, 5))
        yield hide(test, **inputs(4, 2))
    yield show("float32", **inputs(2, 3, "float32"))
    yield show("float32", **inputs(3, 2, "float32"))
    yield hide("float32", **inputs(4, 2, "float32"))


ALL = ["weights", "bias", "new arrays", "float32"]
WEIGHTS = ["weights", "new arrays", "float32"]
BIAS = ["bias", "new arrays", "float32"]


@mistake("swap_convention", "the values are right, but they are in params afterwards: its arrays are changed, or others have taken their places. Build a new dictionary with copies; dict(params) and params.copy() copy the dictionary, not the arrays in it.", fails=["new arrays"])
def swap_convention(params):
    swapped = {name: value for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] *= -1
    return swapped


@mistake("swap_convention", "the values are right, but float32 parameters come back as float64: a float64 array comes in, such as np.array([-1, 1, 1]).", fails=["float32"])
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name] = swapped[name] * np.array([-1, 1, 1]).reshape(3, *[1] * (swapped[name].ndim - 1))
    return swapped


@mistake("swap_convention", "b is not negated: it stands in the sum inside of σ, too. 1 − σ(a) = σ(−a) needs −a whole, and a = U x + W h + b. See “Who keeps, who takes”.", fails=BIAS)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W"):
        swapped[name][0] *= -1
    return swapped


@mistake("swap_convention", "U and W are not negated: 1 − σ(a) = σ(−a) needs −a whole, and a = U x + W h + b. See “Who keeps, who takes”.", fails=WEIGHTS)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("b",):
        swapped[name][0] *= -1
    return swapped


@mistake("swap_convention", "U is not negated: the input stands in the sum inside of σ, too. 1 − σ(a) = σ(−a), and a = U x + W h + b. See “Who keeps, who takes”.", fails=WEIGHTS)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("W", "b"):
        swapped[name][0] *= -1
    return swapped


@mistake("swap_convention", "W is not negated: the old state stands in the sum inside of σ, too. 1 − σ(a) = σ(−a), and a = U x + W h + b. See “Who keeps, who takes”.", fails=WEIGHTS)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "b"):
        swapped[name][0] *= -1
    return swapped


@mistake("swap_convention", "b is 1 − b in your values: it is the gate that becomes 1 − z, not the sum inside of σ. b changes its sign. See “Who keeps, who takes”.", fails=BIAS)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] = 1 - swapped[name][0] if name == "b" else -swapped[name][0]
    return swapped


@mistake("swap_convention", "the matrices are transposed besides. Each part of U stays (H, D), and W h stays W h.", fails=WEIGHTS)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] *= -1
        if name != "b":
            swapped[name] = swapped[name].transpose(0, 2, 1)
    return swapped


@mistake("swap_convention", "only W is negated. The input and the bias stand in the sum, too: U and b. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("W",):
        swapped[name][0] *= -1
    return swapped


@mistake("swap_convention", "only U is negated. The state and the bias stand in the sum, too: W and b. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U",):
        swapped[name][0] *= -1
    return swapped


@mistake("swap_convention", "all three parts are negated. r and the candidate are the same in both conventions: only the part with index 0 changes. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name] *= -1
    return swapped


@mistake("swap_convention", "both gates are negated. Only z has another meaning in the other convention; r stays. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][:2] *= -1
    return swapped


@mistake("swap_convention", "r is negated, index 1. It is z whose meaning changes, index 0. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][1] *= -1
    return swapped


@mistake("swap_convention", "the candidate is negated, index 2. It is z whose meaning changes, index 0. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][2] *= -1
    return swapped


@mistake("swap_convention", "z and the candidate are negated. The candidate is the same in both conventions. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][::2] *= -1
    return swapped


@mistake("swap_convention", "z is left as it is, and r and the candidate are negated. It is the other way round. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][1:] *= -1
    return swapped


@mistake("swap_convention", "your values are 1 − parameter. It is the gate that becomes 1 − z, and 1 − σ(a) is σ(−a): the parameters change their sign. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] = 1 - swapped[name][0]
    return swapped


@mistake("swap_convention", "your values are 1 / parameter. It is the gate that becomes 1 − z, and 1 − σ(a) is σ(−a): the parameters change their sign. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] = 1 / swapped[name][0]
    return swapped


@mistake("swap_convention", "your values are 1 − parameter, for all three parts. It is the gate that becomes 1 − z, and 1 − σ(a) is σ(−a): the first part changes its sign. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name] = 1 - swapped[name]
    return swapped


@mistake("swap_convention", "the parts z and r have changed places. Their order is the same in both conventions; the first part changes its sign. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name] = swapped[name][[1, 0, 2]]
    return swapped


@mistake("swap_convention", "you negate the first part, and then z and r change places. Their order is the same in both conventions. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] *= -1
        swapped[name] = swapped[name][[1, 0, 2]]
    return swapped


@mistake("swap_convention", "nothing is changed. With the same numbers the other convention keeps what this one replaces. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] *= 1
    return swapped


@mistake("swap_convention", "only the first part is returned, without r and the candidate. Return all three parts, (3, …).", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name] = -swapped[name][0]
    return swapped


@mistake("swap_convention", "the first and the last part have changed places. Their order is the same in both conventions; the first part changes its sign. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name] = swapped[name][::-1].copy()
    return swapped


@mistake("swap_convention", "a σ is applied to the parameters. It stands around the whole sum, in the step; the parameters only change their sign. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] = 1 / (1 + np.exp(-swapped[name][0]))
    return swapped


@mistake("swap_convention", "1 − σ is applied to the parameters themselves. 1 − σ(a) = σ(−a) is about the whole sum a; the parameters only change their sign. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] = 1 / (1 + np.exp(swapped[name][0]))
    return swapped


@mistake("swap_convention", "1 − σ is applied to all parameters. 1 − σ(a) = σ(−a) is about the whole sum a of one gate; the parameters of its part only change their sign. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name] = 1 / (1 + np.exp(swapped[name]))
    return swapped


@mistake("swap_convention", "[:, 0], which for b is [..., 0] as well, is the first unit of all three parts. The parts are the first axis: [0] is that of the gate.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][:, 0] *= -1
    return swapped


@mistake("swap_convention", "[..., 0] is the first entry along the last axis, in all three parts. The parts are the first axis: [0] is that of the gate.", fails=ALL)
def swap_convention(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][..., 0] *= -1
    return swapped


@mistake("swap_convention", "the arrays of params are returned as they are: nothing is changed, and nothing is new. See “Who keeps, who takes”.", fails=ALL)
def swap_convention(params):
    swapped = {name: value for name, value in params.items()}
    for name in ("U", "W", "b"):
        swapped[name][0] *= 1
    return swapped


@alternative("swap_convention", "concatenated")
def swap_convention(params):
    return {name: np.concatenate([-value[:1], value[1:]]) for name, value in params.items()}


@alternative("swap_convention", "times a sign for each part")
def swap_convention(params):
    U, W, b = params["U"], params["W"], params["b"]
    sign = np.ones_like(b)
    sign[0] = -1
    return {"U": U * sign[:, :, None], "W": W * sign[:, :, None], "b": b * sign}


@alternative("swap_convention", "stacked parts")
def swap_convention(params):
    def swapped(parts):
        z, r, g = parts
        return np.stack([-z, r, g])

    return {"U": swapped(params["U"]), "W": swapped(params["W"]), "b": swapped(params["b"])}


@alternative("swap_convention", "np.where, 0 − a")
def swap_convention(params):
    new = {}
    for name in "bWU":
        value = params[name]
        is_gate = np.arange(3).reshape((3,) + (1,) * (value.ndim - 1)) == 0
        new[name] = np.where(is_gate, 0 - value, value)
    return new


# --- Exercise 4 --------------------------------------------------------------------------------------


@cases("lstm_as_gru")
def _(rng):
    def inputs(T, B, D, H, dtype="float64", **without):
        params = _gru(rng, D, H, dtype, parts=4)
        return {"x": _normal(rng, T, B, D, dtype=dtype), "c0": _normal(rng, B, H, dtype=dtype), "params": params, **without}

    conditions = "coupled", "peephole", "identity", "delay"
    for test in ("cs", "hs"):
        yield show(test, **inputs(4, 2, 3, 4))
        yield show(test, **inputs(3, 3, 3, 3))  # T = B = D = H, so that what is exchanged runs too
        yield show(test, **inputs(2, 1, 2, 1))
        yield hide(test, **inputs(5, 3, 2, 3, without=None))
        yield hide(test, **inputs(3, 2, 2, 2))
    for condition in conditions:
        yield show(condition, **inputs(4, 2, 3, 4, without=condition))
        yield show(condition, **inputs(3, 3, 3, 3, without=condition))
        yield hide(condition, **inputs(5, 3, 2, 3, without=condition))
        yield hide(condition, **inputs(2, 1, 1, 2, without=condition))
    for condition in (None, *conditions):
        yield show("one step", **inputs(1, 2, 3, 3, without=condition))
        yield hide("one step", **inputs(1, 1, 2, 4, without=condition))
        yield show("float32", **inputs(3, 2, 2, 3, "float32", without=condition))
        yield hide("float32", **inputs(4, 1, 3, 2, "float32", without=condition))


DROPPED = ["coupled", "peephole", "identity", "delay", "one step", "float32"]
ALL = ["cs", "hs", *DROPPED]
LATER = ["cs", "hs", "coupled", "peephole", "identity", "delay", "float32"]  # all but T = 1


def but(*names):
    return [name for name in ALL if name not in names]


def only(condition):
    return [condition, "one step", "float32"]


@mistake("lstm_as_gru", "without “peephole”, the first step's gates see c0. They see the output of the step before; before the first there is none, so zeros. See “Four conditions”.", fails=only("peephole"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = (h if cs else c) if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate of the first step sees x(1), the input of its own step (for T = 1, x[-1] is that, too). It sees the input of the step before; before the first there is none, so zeros. See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), x[0], [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "float32 inputs give float64 memories and outputs: cs and hs begin as np.zeros without dtype.", fails=["float32"])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.zeros(hs[0].shape) + np.stack(cs), np.zeros(hs[0].shape) + np.stack(hs)


@mistake("lstm_as_gru", "float32 inputs give float64 where a condition is left out: the zeros before the first step have no dtype. np.zeros_like takes that of its argument.", fails=["float32"])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros(c0.shape), np.zeros(x[0].shape), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “peephole”, the gates see no state at all. They see the output of the step before, as those of any LSTM do. See “Four conditions”.", fails=["peephole", "float32"])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = np.zeros_like(c0) if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “peephole”, the gates see tanh(h). They see the output of the step before as it is, h. See “Four conditions”.", fails=["peephole", "float32"])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = np.tanh(h) if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate sees x(t+1). It belongs to the step before: x(t−1). See “Four conditions”.", fails=["delay", "float32"])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, cs, hs = c0, np.zeros_like(c0), [], []
    later = iter([*x[1:], np.zeros_like(x[0])])
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_next = next(later)
        x_o = x_next if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate sees x(t−1) and the s of the step before, c(t−2). Only its input is late: it is computed anew in this step, from the same s as f, only with x(t−1). See “Four conditions”.", fails=["delay", "float32"])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    s_prev = c0
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + (s_prev if without == "delay" else s) @ W[1].T + b[1])
        s_prev = s
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate sees no input at all. It sees that of the step before. See “Four conditions”.", fails=["delay", "float32"])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "“coupled” cannot be left out in your function, i is always 1 − f: without it, i is σ(…) of the fourth part. See “Four conditions”.", fails=only("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "“peephole” cannot be left out in your function: without it, the gates see the output of the step before. See “Four conditions”.", fails=only("peephole"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "“identity” cannot be left out in your function: without it, the output is o ⊙ tanh(c(t−1)). See “Four conditions”.", fails=only("identity"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "“delay” cannot be left out in your function: without it, the output gate sees x(t−1). See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, cs, hs = c0, np.zeros_like(c0), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “coupled”, f comes from i: you take f = 1 − i with i from the fourth part. The two are independent then: f = 1 − σ(…) as ever. See “Four conditions”.", fails=only("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        f = 1 - i
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “coupled”, the fourth part makes f, and i is made of the first. f stays 1 − σ(…) of the first part, i is σ(…) of the fourth. See “Four conditions”.", fails=only("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        if without == "coupled":
            f, i = i, 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “coupled”, the input gate is 1 − σ(…) of the fourth part. It is σ(…), as in any LSTM. See “Four conditions”.", fails=only("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = 1 - sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “coupled”, everything is let in: i = 1 in your values. It is a gate, σ(…) of the fourth part. See “Four conditions”.", fails=only("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = 1 if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “coupled”, the input gate sees the output h, and not what the other gates see. See “Four conditions”.", fails=only("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + h @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “peephole”, only the output gate sees h. All gates do. See “Four conditions”.", fails=only("peephole"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + c @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + c @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “peephole”, only f sees h. The output gate does, too. See “Four conditions”.", fails=only("peephole"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + c @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “peephole”, h takes the place of the memory in the whole step. Only what the gates see changes: o and f multiply c(t−1) as ever. See “Four conditions”.", fails=only("peephole"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(s) if without == "identity" else o * s
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * s + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “identity”, tanh stands outside, tanh(o ⊙ c). The memory is squashed first: o ⊙ tanh(c). See “Four conditions”.", fails=only("identity"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = np.tanh(o * c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “identity”, only the returned output is squashed, and the candidate still sees o ⊙ c. It sees h, that is o ⊙ tanh(c). See “Four conditions”.", fails=only("identity"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + (o * c) @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “identity”, only the candidate sees the squashed output, and you return o ⊙ c. hs are the h that the candidate sees. See “Four conditions”.", fails=only("identity"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        plain = o * c
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(plain)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “identity”, the memory itself is squashed, also where f keeps it. Only the output has a tanh: o ⊙ tanh(c), and f ⊙ c as ever. See “Four conditions”.", fails=only("identity"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * (np.tanh(c) if without == "identity" else c) + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “identity”, the gates see tanh(c), too. Only the output is squashed; they see c as ever. See “Four conditions”.", fails=only("identity"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        s = np.tanh(s) if without == "identity" else s
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate of the first step sees the last input, x[-1]: for t = 0 that is what x[t - 1] is. Before the first step there is no input, so zeros. See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), x[-1], [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, all gates see x(t−1). Only the output gate does. See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        x_o = x_prev if without == "delay" else x_t
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_o @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_o @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the candidate sees x(t−1), too. Only the output gate does. See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_o @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate of the first step is 0, so that the first output is 0. Its input is zero; W_r c0 + b_r is not. See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        o = 0 * o if without == "delay" and not cs else o
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate is the one computed in the step before: it saw x(t−1), but also the s of that step. Yours begins with zeros. It is computed anew in this step, from the same s as f, only with x(t−1). See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, o_new, cs, hs = c0, np.zeros_like(c0), 0 * c0, [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        o_old, o_new = o_new, sigmoid(x_t @ U[1].T + s @ W[1].T + b[1])
        o = o_old if without == "delay" else o_new
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate is the one computed in the step before: it saw x(t−1), but also the s of that step. Yours begins with ones. It is computed anew in this step, from the same s as f, only with x(t−1). See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, o_new, cs, hs = c0, np.zeros_like(c0), 1 + 0 * c0, [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        o_old, o_new = o_new, sigmoid(x_t @ U[1].T + s @ W[1].T + b[1])
        o = o_old if without == "delay" else o_new
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate is the one computed in the step before: it saw x(t−1), but also the s of that step. Yours begins with σ of the bias. It is computed anew in this step, from the same s as f, only with x(t−1). See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, o_new, cs, hs = c0, np.zeros_like(c0), sigmoid(b[1]) + 0 * c0, [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        o_old, o_new = o_new, sigmoid(x_t @ U[1].T + s @ W[1].T + b[1])
        o = o_old if without == "delay" else o_new
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate is the one computed in the step before: it saw x(t−1), but also the s of that step. In the first step it is that of the step itself. It is computed anew in this step, from the same s as f, only with x(t−1). See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, o_new, cs, hs = c0, np.zeros_like(c0), None, [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        o_old, o_new = o_new, sigmoid(x_t @ U[1].T + s @ W[1].T + b[1])
        o = o_old if without == "delay" and cs else o_new
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, f, i and the candidate see x(t−1), too. Only the output gate does. See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        x_o = x_prev if without == "delay" else x_t
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_o @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_o @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_o @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate sees x(t+1), and in the last step x(T) once more. It belongs to the step before: x(t−1), zeros before the first. See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, cs, hs = c0, np.zeros_like(c0), [], []
    later = iter([*x[1:], x[-1]])
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_next = next(later)
        x_o = x_next if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “delay”, the output gate sees x(t+1), and in the last step x(1) (np.roll with the wrong sign?). It belongs to the step before: x(t−1), zeros before the first. See “Four conditions”.", fails=only("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, cs, hs = c0, np.zeros_like(c0), [], []
    later = iter([*x[1:], x[0]])
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_next = next(later)
        x_o = x_next if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “coupled”, i is made of the part with index 1, that of r and o. It has one of its own, the fourth, index 3. See “Four conditions”.", fails=only("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[1].T + s @ W[1].T + b[1]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “coupled”, i is made of the part with index 2, that of the candidate. It has one of its own, the fourth, index 3. See “Four conditions”.", fails=only("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[2].T + s @ W[2].T + b[2]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “peephole”, the output before the first step is o ⊙ c0 in your values. There is none: the gates of the first step see zeros. See “Four conditions”.", fails=only("peephole"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, sigmoid(x[0] @ U[1].T + c0 @ W[1].T + b[1]) * c0, np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without “coupled”, i is 1 − σ(…) of the first part, the same as f. It is σ(…) of the fourth. See “Four conditions”.", fails=only("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = f if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without does nothing in your function: all four conditions always hold. See “Four conditions”.", fails=DROPPED)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, cs, hs = c0, np.zeros_like(c0), [], []
    for x_t in x:
        s = c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = 1 - f
        x_o = x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "every row of cs is the last memory: += and *= work on one and the same array, of which the list holds the address T times. Make a new array in each step.", fails=["cs", "coupled", "peephole", "identity", "delay", "float32"])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0.copy(), np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c *= f
        c += i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the first condition is missing, “coupled”: your input gate always has parameters of its own, the fourth part. A GRU has one gate for both: i = 1 − f. See “Four conditions”.", fails=but("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3])
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the condition “peephole” is missing: your gates always see the output h of the step before. Those of a GRU see the memory, c(t−1). See “Four conditions”.", fails=but("peephole"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the condition “identity” is missing: your output is always o ⊙ tanh(c). A GRU's reset multiplies the state itself: o ⊙ c(t−1). See “Four conditions”.", fails=but("identity"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c)
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the condition “delay” is missing: your output gate always sees x(t−1). A GRU's reset is made of x(t). See “Four conditions”.", fails=but("delay"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "i is the same as f: 1 − is missing. What is not kept is replaced, i = 1 − f. See “Four conditions”.", fails=but("coupled"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "hs are the outputs of another memory: the candidate sees o ⊙ c(t−1), and you return o ⊙ c(t). Return the h that the candidate saw. See “Four conditions”.", fails=but("cs"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(o * np.tanh(c) if without == "identity" else o * c)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "cs begins with c0 and has a row too many. cs[0] is c(1), the memory after the first step.", fails=["cs", *DROPPED])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack([c0, *cs]), np.stack(hs)


@mistake("lstm_as_gru", "cs holds the memories before each step: its first row is c0, and the last memory is missing. cs[0] is c(1).", fails=["cs", *DROPPED])
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        cs.append(c)
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "hs holds the memories. Asked are the outputs that the steps compute, h = o ⊙ c(t−1); the memories are cs.", fails=but("cs"))
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs = c0, np.zeros_like(c0), np.zeros_like(x[0]), []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
    return np.stack(cs), np.stack(cs)


@mistake("lstm_as_gru", "each step begins with c0 again: the memory of the step before is not carried on.", fails=LATER)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c0
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c0) if without == "identity" else o * c0
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c0 + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "two conditions are missing, “peephole” and “identity”: this is C's LSTM with coupled gates. The gates of a GRU see c(t−1), and nothing squashes the output. See “Four conditions”.", fails=but())
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c)
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "without is read the wrong way round: the condition that it names is the only one that holds in your values. It is the only one that does not. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = c if without == "peephole" else h
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = 1 - f if without == "coupled" else sigmoid(x_t @ U[3].T + s @ W[3].T + b[3])
        x_o = x_t if without == "delay" else x_prev
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * c if without == "identity" else o * np.tanh(c)
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "z keeps the memory in your values, and 1 − z lets in the candidate. It is the other way round: z takes the new, so that f = 1 − z and i = 1 − f = z. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "f and i have changed places in the update: f keeps the memory, f ⊙ c(t−1), and i lets in the new, i ⊙ g. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = i * c + f * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the parts of z and r have changed places: f is made of the part with index 0, o of that with index 1. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[1].T + s @ W[1].T + b[1])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[0].T + s @ W[0].T + b[0])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the parts are taken in the order of an LSTM, i, f, o, g, and f is σ(…) of the second. Here it is z, r, g and then i, and f is 1 − σ(…) of the first. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = sigmoid(x_t @ U[1].T + s @ W[1].T + b[1])
        i = sigmoid(x_t @ U[0].T + s @ W[0].T + b[0]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[2].T + s @ W[2].T + b[2])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[3].T + h @ W[3].T + b[3])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the candidate and the output gate have changed parts: o is made of the part with index 1, g of that with index 2. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[2].T + s @ W[2].T + b[2])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[1].T + h @ W[1].T + b[1])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the candidate is made of the fourth part. It has index 2; the fourth is the input gate without “coupled”. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[3].T + h @ W[3].T + b[3])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the output gate is turned round, 1 − σ(…). It is r itself. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = 1 - sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "σ is missing at f and o, and at i. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - (x_t @ U[0].T + s @ W[0].T + b[0])
        i = (x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = (x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "σ is missing at the output gate, as in A's misprint. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = (x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the candidate has σ in place of tanh. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = sigmoid(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the candidate lacks its tanh. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = (x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the biases are missing. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W = params["U"], params["W"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T)
        i = sigmoid(x_t @ U[3].T + s @ W[3].T) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T)
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T)
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "W is transposed the wrong way, s @ W[k]. Rows are samples: W s is s @ W[k].T. The shapes do not warn you, because each part is square.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0] + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3] + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1] + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2] + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the output is made of the memory after the step, o ⊙ c(t), and only then: the candidate of this step cannot see it. In this LSTM the output comes first, o ⊙ c(t−1), and the candidate sees it. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        h = o * np.tanh(c) if without == "identity" else o * c
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the candidate sees the memory c(t−1), not the output h = o ⊙ c(t−1). Then the output gate does nothing for the memories. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + c @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the candidate sees the output of the step before. It sees that of its own step: first o and h, then g. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "o multiplies the product with W_g in your candidate, o ⊙ (W_g c). It comes before the product: W_g (o ⊙ c). See “Before or after the product”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + o * ((np.tanh(c) if without == "identity" else c) @ W[2].T) + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the output of the step takes the place of the memory, f ⊙ h + i ⊙ g. The update keeps c(t−1): f ⊙ c(t−1) + i ⊙ g. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * h + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the memory goes through a tanh in each step. Nothing squashes c: f ⊙ c(t−1) + i ⊙ g. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = np.tanh(f * c + i * g)
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "i multiplies nothing: c = f ⊙ c(t−1) + g. The candidate is let in by i. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the two results have changed places: return cs, hs.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(hs), np.stack(cs)


@mistake("lstm_as_gru", "you return the memories only. Return the pair cs, hs.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs)


@mistake("lstm_as_gru", "only the last step is returned. Asked are all steps: cs and hs have the shape (T, B, H).", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return c, h


@mistake("lstm_as_gru", "the batch is the first axis of your results, (B, T, H). Time comes first: (T, B, H).", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs, axis=1), np.stack(hs, axis=1)


@mistake("lstm_as_gru", "c0 is not used: your memory begins with zeros.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = np.zeros_like(c0), np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "c0 is changed in place: c *= f works on the array that was passed in. Make a new one: c = f * c + i * g.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c *= f
        c += i * g
        x_prev = x_t
        cs.append(c.copy())
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "the parts are taken in the order of an LSTM, i, f, o, g. Here it is z, r, g and then i: f is 1 − σ(…) of the first. See “Four conditions”.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[1].T + s @ W[1].T + b[1])
        i = sigmoid(x_t @ U[0].T + s @ W[0].T + b[0]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[2].T + s @ W[2].T + b[2])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[3].T + h @ W[3].T + b[3])
        c = f * c + i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@mistake("lstm_as_gru", "c *= f and c += i * g work on one array, and it is c0: the caller's array is changed, and every row of cs is the last memory. Make a new one: c = f * c + i * g.", fails=ALL)
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    c, h, x_prev, cs, hs = c0, np.zeros_like(c0), np.zeros_like(x[0]), [], []
    for x_t in x:
        s = h if without == "peephole" else c
        f = 1 - sigmoid(x_t @ U[0].T + s @ W[0].T + b[0])
        i = sigmoid(x_t @ U[3].T + s @ W[3].T + b[3]) if without == "coupled" else 1 - f
        x_o = x_prev if without == "delay" else x_t
        o = sigmoid(x_o @ U[1].T + s @ W[1].T + b[1])
        h = o * np.tanh(c) if without == "identity" else o * c
        g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
        c *= f
        c += i * g
        x_prev = x_t
        cs.append(c)
        hs.append(h)
    return np.stack(cs), np.stack(hs)


@alternative("lstm_as_gru", "the gates of all steps as a function")
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]
    from_x = np.einsum("tbd,khd->ktbh", x, U) + b[:, None, None, :]
    before = np.concatenate([np.zeros_like(x[:1]), x[:-1]])
    if without == "delay":
        from_x[1] = np.einsum("tbd,hd->tbh", before, U[1]) + b[1]
    cs, hs = [c0], [np.zeros_like(c0)]
    for t in range(len(x)):
        c = cs[-1]
        s = hs[-1] if without == "peephole" else c
        z, r, i = (sigmoid(from_x[k, t] + s @ W[k].T) for k in (0, 1, 3))
        h = r * (np.tanh(c) if without == "identity" else c)
        g = np.tanh(from_x[2, t] + h @ W[2].T)
        cs.append((1 - z) * c + (i if without == "coupled" else z) * g)
        hs.append(h)
    return np.stack(cs[1:]), np.stack(hs[1:])


@alternative("lstm_as_gru", "arrays filled step by step")
def lstm_as_gru(x, c0, params, without=None):
    shape = (len(x), *c0.shape)
    cs, hs = np.empty_like(c0, shape=shape), np.empty_like(c0, shape=shape)
    parts = list(zip(params["U"], params["W"], params["b"], strict=True))

    def a(part, x_t, s):
        U, W, b = part
        return x_t @ U.T + s @ W.T + b

    for t, x_t in enumerate(x):
        c = cs[t - 1] if t > 0 else c0
        s = c
        if without == "peephole":
            s = hs[t - 1] if t > 0 else 0 * c0
        x_o = x_t
        if without == "delay":
            x_o = x[t - 1] if t > 0 else 0 * x_t
        i = sigmoid(a(parts[0], x_t, s))
        f = 1 - i
        if without == "coupled":
            i = sigmoid(a(parts[3], x_t, s))
        hs[t] = sigmoid(a(parts[1], x_o, s)) * (np.tanh(c) if without == "identity" else c)
        cs[t] = f * c + i * np.tanh(a(parts[2], x_t, hs[t]))
    return cs, hs


@alternative("lstm_as_gru", "σ(−a), and a recursion of functions")
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]

    def step(x_t, x_before, c, h):
        s = h if without == "peephole" else c
        a = np.stack([x_t @ U[k].T + s @ W[k].T + b[k] for k in (0, 1, 3)])
        if without == "delay":
            a[1] += (x_before - x_t) @ U[1].T
        f, o, i = sigmoid(-a[0]), sigmoid(a[1]), sigmoid(a[2] if without == "coupled" else a[0])
        h = o * np.tanh(c) if without == "identity" else o * c
        return f * c + i * np.tanh(x_t @ U[2].T + h @ W[2].T + b[2]), h

    results = [(c0, np.zeros_like(c0))]
    x_before = np.zeros_like(x[0])
    for x_t in x:
        results.append(step(x_t, x_before, *results[-1]))
        x_before = x_t
    cs, hs = zip(*results[1:], strict=True)
    return np.stack(cs), np.stack(hs)


@alternative("lstm_as_gru", "an ordinary LSTM's order: the output at the end of the step before")
def lstm_as_gru(x, c0, params, without=None):
    U, W, b = params["U"], params["W"], params["b"]

    def gate(k, x_t, s):
        return 1 / (1 + np.exp(-(x_t @ U[k].T + s @ W[k].T + b[k])))

    def output(x_o, s, c):
        return gate(1, x_o, s) * (np.tanh(c) if without == "identity" else c)

    T, zero = len(x), np.zeros_like(x[0])
    no_output = np.zeros_like(c0)
    c, seen = c0, no_output if without == "peephole" else c0
    h = output(zero if without == "delay" else x[0], seen, c0)
    cs, hs = [], []
    for t in range(T):
        z = gate(0, x[t], seen)
        i = gate(3, x[t], seen) if without == "coupled" else z
        c = c + i * np.tanh(x[t] @ U[2].T + h @ W[2].T + b[2]) - z * c
        hs.append(h)
        cs.append(c)
        seen = h if without == "peephole" else c
        if t + 1 < T:
            h = output(x[t] if without == "delay" else x[t + 1], seen, c)
    return np.stack(cs), np.stack(hs)


# --- Exercise 5 --------------------------------------------------------------------------------------


@cases("answers05")
def _(rng):
    yield show("take")
    yield show("keep")
    yield show("parameters")
    yield show("equivalence")


wrong_option("answers05", "take", "a", "that would be r = 0. With r = 1 the candidate sees all of h(t−1), through W. See “Two questions”.")
wrong_option("answers05", "take", "b", "A's u keeps: the old state stays where u is 1. Here u is 0. See “Two questions”.")
wrong_option("answers05", "take", "d", "look at A's line once more: which function does its candidate go through? Ours has another one. See “Two questions”.")
wrong_option("answers05", "keep", "b", "the slope of σ stands in the way through the gate only. The direct way, u times h(t−1), has the factor u = 1. See “Two questions”.")
wrong_option("answers05", "keep", "c", "with u = 1 the candidate, and with it W, has the factor 1 − u = 0, whatever r is. See “Two questions”.")
wrong_option("answers05", "keep", "d", "that is u = 0: A's u keeps the old state, and 1 − u lets in the candidate. See “Two questions”.")
wrong_option("answers05", "parameters", "a", "the first number is right. With the reset after the product something is added that r multiplies: b_reset, (H,). See “Counting parameters”.")
wrong_option("answers05", "parameters", "b", "264 is 4 · 66, an LSTM. A GRU has three parts: z, r and g. See “Counting parameters”.")
wrong_option("answers05", "parameters", "c", "the first number is right. 18 more would be a second bias for each of the three parts, as PyTorch counts them; only that of the candidate makes a difference, and it is all that this notebook's GRU has: b_reset, (H,). See “Counting parameters”.")
wrong_option("answers05", "equivalence", "a", "three of the four conditions hold now. Compare which input is in the output gate when the candidate of step t sees its work, and which is in r. See “Four conditions”.")
wrong_option("answers05", "equivalence", "c", "in both of C's lists the candidate has a tanh already. See “Is a GRU an LSTM?”.")
wrong_option("answers05", "equivalence", "d", "with i = 1 − f the LSTM has three parts as well; the exercise above has made it a GRU. See “Four conditions”.")
