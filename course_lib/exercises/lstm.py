"""Notebook 04, long short-term memory: what is asked, how it is called, and hints."""

import numpy as np

from course_lib.exercises import EXACT, Exercise, Malformed, Test, draws, gradients, part, raised, randomness

_STEP = ("h", "c", "gates")
_SEQUENCE = ("hs", "cs", "gates")
_ALL_SIX = ("dx", "dh_prev", "dc_prev", "dU", "dW", "db")
_PATHS = ("direct", "through_h")


def _exact(name, points, asks, *names, of_copies=True):
    """A test of gradients whose terms are of the order of 1 or larger, and may cancel."""
    return Test(name, points, asks, probe=gradients(*names, of_copies=of_copies), tolerance=EXACT, floor=1.0)


def _biases(function, case, rng):
    return function(case["kind"], case["H"], case["t_max"], rng)


def _drawn(function, case, rng):
    """Biases that have the form that is asked for.

    Raises:
        Malformed: saying what they are, where it is another one.
    """
    b, shape = _biases(function, case, rng), (4, case["H"])
    if not isinstance(b, np.ndarray):
        what = "None (is a `return` missing?)" if b is None else f"a value of type {type(b).__name__}"
        raise Malformed(f"you returned {what}; expected an array of shape (4, H) = {shape}")
    if b.shape != shape:
        raise Malformed(f"shape {b.shape}, expected (4, H) = {shape}")
    if b.dtype != np.float64:
        cut = "; an array of integers cuts off what is behind the point" if b.dtype.kind in "iu" else ""
        raise Malformed(f"dtype {b.dtype}, expected float64{cut}")
    return b


def _one_draw(function, case):
    """The biases of a case, whose ``rng`` is made here: data can hold no generator."""
    return {"b": _drawn(function, case, np.random.default_rng(case["seed"]))}


def _of_kind(function, case):
    rng = np.random.default_rng(case["seed"])
    if case["kind"] in ("zeros", "one", "chrono"):
        return {"b": _biases(function, case, rng)}
    try:
        return raised(_biases, function, case, rng)
    except Exception as error:  # a NotImplementedError, too: here it is an answer, and no stub
        kind, text = type(error).__name__, str(error)[:100]
        raise Malformed(
            f"for an unknown kind you raise {kind}{f' ({text})' if text else ''}; a ValueError is asked for"
        ) from error


def _are_biases(b):
    return isinstance(b, np.ndarray) and b.ndim == 2 and len(b) == 4 and b.dtype.kind == "f"


def _chrono(outputs, case):
    """What is the same for all draws of the chrono biases."""
    b = outputs["b"]
    if not _are_biases(b):
        return {"result": b}
    b_i, b_f, b_o, b_g = b.astype(float)
    found = {"shape": np.array(b.shape), "b_f": _ends(b_f, case["t_max"])}
    found["the units of b_f"] = _values(b_f)
    differ = found["the units of b_f"] == "differ"
    if len(b_f) >= 5000:
        found["spread evenly between its ends"] = _even(b_f) if differ else "not told"
    relations = {"b_i": _relation(b_i, b_f, "−b_f"), "b_o": _relation(b_o, b_f, "0"), "b_g": _relation(b_g, b_f, "0")}
    return found | relations


# The bounds of the next two functions: right draws of any number of units overstep each of them less than once in
# 10⁹ times.
_FAR_FROM_END = 25  # the nearest of n draws to an end is further than this / n of the way off: exp(−25)
_UNEVEN = 3.4  # Kolmogorov and Smirnov: the distance from evenly spread, times √n, is larger: 2 exp(−2 · 3.4²)
_TOO_EVEN = 0.2  # it is smaller: √(2π) / 0.2 · exp(−π² / (8 · 0.2²))


def _ends(b_f, t_max):
    """From where to where b_f goes; that it goes far enough can only be told of many units."""
    if not np.isfinite(b_f).all():
        return "infinite or nan"
    u, most, many = np.exp(b_f), t_max - 1, len(b_f) >= 200
    near = _FAR_FROM_END / len(b_f) * (most - 1)
    low = "0"
    if u.min() < 1 - 1e-12:
        low = "below 0"
    elif many and u.min() > 1 + near:
        low = "above 0"
    high = "log(t_max − 1)"
    if u.max() > most * (1 + 1e-12):
        high = "above log(t_max − 1)"
    elif many and u.max() < most - near:
        high = "below log(t_max − 1)" if u.max() > 1 + 1e-12 else "0 or below"
    return f"from {low} to {high}"


def _values(b_f):
    """Whether the units of b_f have values of their own; that they are whole numbers can only be told of many."""
    if len(b_f) > 1 and len(np.unique(b_f)) == 1:
        return "are one and the same"
    u = np.exp(b_f)
    if len(b_f) >= 200 and (np.abs(u - np.round(u)) <= 1e-9 * u).all():
        return "are logarithms of whole numbers"
    # Two of many may meet by chance: the logarithm is rounded.
    return "differ" if len(np.unique(b_f)) > 0.995 * len(b_f) else "share their values"


def _even(b_f):
    """What of b_f lies evenly between its own ends, as far as so many draws can tell."""
    candidates = {
        "exp(b_f)": np.exp(b_f),
        "exp(−b_f)": np.exp(-b_f),
        "2 to the b_f": 2**b_f,
        "10 to the b_f": 10**b_f,
        "b_f": b_f,
    }
    n = len(b_f)
    for name, values in candidates.items():
        low, *between, high = np.sort(values)
        share = (np.array(between) - low) / (high - low)
        steps = np.arange(n - 1) / (n - 2)
        distance = max((steps[1:] - share).max(), (share - steps[:-1]).max()) * np.sqrt(n - 2)
        if distance < _TOO_EVEN:
            return f"{name}, at equal distances"
        if distance < _UNEVEN:
            rises = np.diff(values) > 0
            return f"{name}, sorted" if rises.all() or not rises.any() else name
    return "something else"


def _relation(b, b_f, right):
    """What b is, told by b_f; where b_f is 0, more than one name would do, and the right one does first."""
    known = {"−b_f": -b_f, "0": 0 * b_f, "b_f": b_f, "1 − b_f": 1 - b_f, "exp(b_f)": np.exp(b_f), "1": 1 + 0 * b_f}
    return next((name for name in (right, *known) if np.allclose(b, known[name], 1e-12, 1e-12)), "something else")


EXERCISES = (
    Exercise(
        id="lstm_step",
        title="One step of an LSTM",
        names=("lstm_step",),
        section="Three gates and a candidate",
        tests=(
            Test("memory", 1.0, "c: the new memory, for one sample and for batches", probe=part("c", _STEP)),
            Test("state", 1.0, "h: the new state, for one sample and for batches", probe=part("h", _STEP)),
            Test("gates", 0.5, "the gates and the candidate, in the order i, f, o, g", probe=part("gates", _STEP)),
            Test("saturated", 0.25, "all three where what goes into the gates is ±1000 or more", outputs=_STEP),
            Test("float32", 0.25, "float32 inputs give three float32 results", outputs=_STEP, dtype=True),
        ),
        hints=(
            "Begin with one gate: the input gate is sigmoid of (B, H) numbers, made of x_t and U[0], of h_prev and "
            "W[0], and of b[0], just as a in a plain network. The other two differ by the index only. Which function "
            "does the candidate have?",
            "For rows the products are x_t @ U[k].T and h_prev @ W[k].T. With the four results the rest is two lines, "
            "entry by entry: c from f, c_prev, i and g; then h from o and the new c. np.stack makes one array of four.",
            "All four at once: U.transpose(0, 2, 1) transposes each of the four matrices, x_t @ … is then (4, B, H), "
            "and b[:, None] is (4, 1, H). c = f * c_prev + i * g, and h is o times the tanh of this c.",
        ),
    ),
    Exercise(
        id="lstm_forward",
        title="Over a sequence",
        names=("lstm_forward",),
        section="Over a sequence",
        tests=(
            Test("states", 0.75, "hs: the states after each step, from any h0 and c0", probe=part("hs", _SEQUENCE)),
            Test("memories", 0.5, "cs: the memories after each step", probe=part("cs", _SEQUENCE)),
            Test("gates", 0.25, "the gates of each step", probe=part("gates", _SEQUENCE)),
            Test("one step", 0.25, "T = 1: all three", outputs=_SEQUENCE),
            Test("float32", 0.25, "float32 inputs give three float32 results", outputs=_SEQUENCE, dtype=True),
        ),
        hints=(
            "It is the loop of a plain network with two things that are handed on. Which two does a step need of the "
            "step before?",
            "Before the loop h = h0 and c = c0. In the loop the step gives new h, c and gates; append all three to "
            "lists, after the step. np.stack makes one array of a list.",
            "Each pass of for x_t in x does what lstm_step does with x_t, h, c and params, and its results take the "
            "places of h and c. Make new arrays, c = f * c + i * g: with c *= f all entries of the list would be one "
            "and the same array.",
        ),
    ),
    Exercise(
        id="lstm_step_backward",
        title="One step back",
        names=("lstm_step_backward",),
        section="The backward step",
        tests=(
            _exact("db", 0.75, "db: for each gate the sum over the samples", "db"),
            _exact("dU", 0.75, "dU, for several B, D, H, also 1", "dU"),
            _exact("dW", 0.75, "dW", "dW"),
            _exact("dx", 0.75, "dx: for each sample, through all four", "dx"),
            _exact("dh_prev", 0.75, "dh_prev: what the state before gets", "dh_prev"),
            _exact("dc_prev", 0.5, "dc_prev: what the memory before gets", "dc_prev"),
            _exact("one arrival", 0.25, "all six where dh or dc is 0", *_ALL_SIX),
            _exact(
                "inputs",
                0.25,
                "all six once more; dh, dc and the arrays in cache stay as they are",
                *_ALL_SIX,
                of_copies=False,
            ),
            Test(
                "float32",
                0.25,
                "float32 inputs give six float32 gradients",
                probe=gradients(*_ALL_SIX),
                dtype=True,
                floor=1.0,
            ),
        ),
        hints=(
            "Go through the formulas of the step from the last to the first. h is made of o and c; so c gets "
            "something from h, beside the dc that came in. Only when both are added does it go on to f, c_prev, i, g.",
            "In a product each factor gets what arrives, times its partner. Two products are in the step, o tanh(c) "
            "and f c_prev + i g, and they give you o, c, f, c_prev, i and g. Then each of the four gets through its "
            "own σ or tanh: its slope is made of the value in gates. What is left is the backward pass of a plain "
            "layer, four times.",
            "c gets dh o (1 − tanh(c)²) on top of dc: write dc = dc + …, not dc += …, as the caller's array must stay "
            "as it is. With the whole dc: da_i = dc g i (1 − i), da_f = dc c_prev f (1 − f), da_g = dc i (1 − g²); and "
            "da_o = dh tanh(c) o (1 − o). dU[k] = da[k].T @ x_t, dx is the sum of da[k] @ U[k] over the four; the rest "
            "is like these two.",
        ),
    ),
    Exercise(
        id="cell_jacobian_parts",
        title="Two paths through a step",
        names=("cell_jacobian_parts",),
        section="The cell Jacobian",
        tests=(
            Test("direct", 0.5, "the direct path", probe=part("direct", _PATHS), tolerance=EXACT, floor=0.1),
            Test(
                "through h", 1.0, "the path through h(t−1)", probe=part("through_h", _PATHS), tolerance=EXACT, floor=0.1
            ),
            Test(
                "both",
                0.25,
                "both, for large memories and open and closed gates",
                outputs=_PATHS,
                tolerance=EXACT,
                floor=0.1,
            ),
            Test("float32", 0.25, "float32 inputs give two float32 results", outputs=_PATHS, dtype=True, floor=0.1),
        ),
        hints=(
            "c(t) = f c(t−1) + i g. c(t−1) stands there openly once, and hidden three times: which of f, i and g "
            "depend on h(t−1), and how does h(t−1) depend on c(t−1)?",
            "direct is a diagonal matrix for each sample. through_h is a product of two: ∂⁺c(t)/∂h(t−1), and the "
            "diagonal matrix of the slopes of h(t−1) = o(t−1) tanh(c(t−1)). The first has a term for each of f, i and "
            "g: in row j a slope of unit j times row j of W[k]. A diagonal matrix from the left multiplies rows, from "
            "the right columns.",
            "direct: f[b, j] at [b, j, j]. The three terms have the slopes g i (1 − i) for W[0], c_prev f (1 − f) for "
            "W[1] and i (1 − g²) for W[3]; s[:, :, None] * W[k] multiplies row j by slope j. The slopes of h(t−1) are "
            "o_prev (1 − tanh(c_prev)²), for the columns: [:, None, :].",
        ),
    ),
    Exercise(
        id="gate_bias",
        title="Biases that remember",
        names=("gate_bias",),
        section="Biases that remember",
        on_host=True,
        tests=(
            Test("kinds", 0.5, "zeros, one, and an unknown kind", probe=_of_kind, dtype=True),
            Test(
                "chrono", 1.0, "chrono: b_f, b_i, b_o and b_g, for several H and t_max", probe=_one_draw, view=_chrono
            ),
            Test(
                "random",
                0.5,
                "chrono: rng, and nothing else, decides what is drawn",
                probe=draws(_drawn),
                view=randomness(_are_biases),
            ),
        ),
        hints=(
            "Begin with zeros for all gates, and change only the rows that the kind is about. Row 0 is i, row 1 is f.",
            "chrono: u is drawn evenly between 1 and t_max − 1, one for each unit: rng.uniform(low, high, size). The "
            "bias of the forget gate is its logarithm. What has the input gate?",
            "b = np.zeros((4, H)). one: b[1] = 1. chrono: b[1] = np.log of H draws, then b[0] = −b[1], the same draws. "
            "zeros: nothing more. After these branches stands raise ValueError(…) for every other kind.",
        ),
    ),
    Exercise(
        id="lstm_variant",
        title="Variants",
        names=("lstm_variant",),
        section="Variants",
        tests=(
            Test("base", 0.25, "with neither: the step of Exercise 1", outputs=_STEP),
            Test("coupled", 0.25, "coupled gates, with and without peepholes", outputs=_STEP),
            Test("full", 0.25, "full peepholes", outputs=_STEP),
            Test("diagonal", 0.25, "diagonal peepholes", outputs=_STEP),
        ),
        hints=(
            "Start from your lstm_step. Which of the gates see a memory, and which memory: that before the step, or "
            "the new one? The order in which you compute follows from that.",
            "i and f first, with c_prev; then g and c; then o, with the new c. What a gate sees is added inside its σ. "
            "full: memory @ P[k].T, as with W. diagonal: memory * P[k], each unit its own memory only.",
            "coupled: i = 1 − f, in place of the gate's own formula, also in the gates that you return. With "
            'peephole=None do not read "P", be it in params or not. g sees no memory.',
        ),
    ),
)
