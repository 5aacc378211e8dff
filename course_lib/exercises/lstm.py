"""Notebook 04, long short-term memory: what is asked, how it is called, and hints."""

import numpy as np

from course_lib.exercises import EXACT, Exercise, Test, draws, gradients, part, raised, randomness

_STEP = ("h", "c", "gates")
_SEQUENCE = ("hs", "cs", "gates")
_ALL_SIX = ("dx", "dh_prev", "dc_prev", "dU", "dW", "db")
_PATHS = ("direct", "through_h")


def _exact(name, points, asks, *names, of_copies=True):
    """A test of gradients whose terms are of the order of 1 or larger, and may cancel."""
    return Test(name, points, asks, probe=gradients(*names, of_copies=of_copies), tolerance=EXACT, floor=1.0)


def _biases(function, case, rng):
    return function(case["kind"], case["H"], case["t_max"], rng)


def _one_draw(function, case):
    """The biases of a case, whose ``rng`` is made here: data can hold no generator."""
    return {"b": _biases(function, case, np.random.default_rng(case["seed"]))}


def _of_kind(function, case):
    if case["kind"] in ("zeros", "one", "chrono"):
        return _one_draw(function, case)
    return raised(_biases, function, case, np.random.default_rng(case["seed"]))


def _are_biases(b):
    return isinstance(b, np.ndarray) and b.ndim == 2 and len(b) == 4 and b.dtype.kind == "f"


def _chrono(outputs, case):
    """What is the same for all draws of the chrono biases."""
    b = outputs["b"]
    if not _are_biases(b):
        return {"result": b}
    b_i, b_f, b_o, b_g = b.astype(float)
    found = {"shape": np.array(b.shape), "b_f": _ends(b_f, case["t_max"])}
    if len(b_f) >= 1000:
        found["what is spread evenly"] = _even(b_f, case["t_max"])
    found["the units of b_f differ"] = len(np.unique(b_f)) == len(b_f)
    found["b_i"] = _relation(b_i, b_f)
    return {**found, "b_o": b_o, "b_g": b_g}


def _ends(b_f, t_max):
    """From where to where b_f goes; that it goes far enough can only be told of many units."""
    if not np.isfinite(b_f).all():
        return "infinite or nan"
    u, most, many = np.exp(b_f), t_max - 1, len(b_f) >= 200
    low = "0"
    if u.min() < 1 - 1e-12:
        low = "below 0"
    elif many and u.min() > 1 + 0.1 * (most - 1):
        low = "far above 0"
    high = "log(t_max − 1)"
    if u.max() > most * (1 + 1e-12):
        high = "above log(t_max − 1)"
    elif many and u.max() < 1 + 0.9 * (most - 1):
        high = "far below log(t_max − 1)"
    return f"from {low} to {high}"


def _even(b_f, t_max):
    """What lies evenly between two ends, as far as so many draws can tell."""
    candidates = {
        "exp(b_f), from 1 to t_max − 1": (np.exp(b_f), 1, t_max - 1),
        "exp(b_f), from 0 to 1": (np.exp(b_f), 0, 1),
        "exp(−b_f), from 1 to t_max − 1": (np.exp(-b_f), 1, t_max - 1),
        "2 to the b_f, from 1 to t_max − 1": (2**b_f, 1, t_max - 1),
        "b_f, from 0 to log(t_max − 1)": (b_f, 0, np.log(t_max - 1)),
        "b_f, from 1 to t_max − 1": (b_f, 1, t_max - 1),
    }
    share = (np.arange(len(b_f)) + 0.5) / len(b_f)
    for name, (values, low, high) in candidates.items():
        if np.abs((np.sort(values) - low) / (high - low) - share).max() < 0.1:
            return name
    return "something else"


def _relation(b_i, b_f):
    """What b_i is, told by b_f."""
    known = {"−b_f": -b_f, "0": 0 * b_f, "b_f": b_f, "1 − b_f": 1 - b_f, "exp(b_f)": np.exp(b_f)}
    return next((name for name, value in known.items() if np.allclose(b_i, value, 1e-12, 1e-12)), "something else")


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
            "h = o tanh(c): o gets dh tanh(c), and c gets dh o (1 − tanh(c)²) on top of dc. c = f c_prev + i g: each "
            "of the four factors gets the whole dc times its partner. Then each gate's own slope: s (1 − s) for the "
            "three σ, 1 − g² for the candidate.",
            "With da (4, B, H), the four results of that: db sums over the samples, dU[k] = da[k].T @ x_t, dW[k] = "
            "da[k].T @ h_prev; dx is the sum of da[k] @ U[k] over the four, dh_prev that of da[k] @ W[k]; dc_prev is "
            "the whole dc times f. Write dc = dc + …, not dc += …: the caller's array must stay as it is.",
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
            "direct is a diagonal matrix for each sample: its entry [j, j] is f_j. through_h is a product of two: "
            "∂c(t)/∂h(t−1), which has three terms, each a slope of row j times W[k], and the diagonal matrix of the "
            "slopes of h(t−1) = o(t−1) tanh(c(t−1)).",
            "The three terms: g i (1 − i) for W[0], c_prev f (1 − f) for W[1], i (1 − g²) for W[3], each as "
            "(…)[:, :, None] * W[k], so that row j gets slope j. Then multiply their sum by "
            "(o_prev (1 − tanh(c_prev)²))[:, None, :], so that column k gets the slope of unit k of the step before.",
        ),
    ),
    Exercise(
        id="gate_bias",
        title="Biases that remember",
        names=("gate_bias",),
        section="Biases that remember",
        tests=(
            Test("kinds", 0.5, "zeros, one, and an unknown kind", probe=_of_kind),
            Test(
                "chrono", 1.0, "chrono: b_f, b_i, b_o and b_g, for several H and t_max", probe=_one_draw, view=_chrono
            ),
            Test(
                "random",
                0.5,
                "chrono: rng, and nothing else, decides what is drawn",
                probe=draws(_biases),
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
            'peephole=None there may be no "P" in params, so do not read it then. g sees no memory.',
        ),
    ),
)
