"""Notebook 05, the gated recurrent unit: what is asked, how it is called, and hints."""

import numpy as np

from course_lib.exercises import EXACT, Exercise, Test, call, choice, gradients, part

_STATE_AND_GATES = ("h", "gates")
_ALL_FIVE = ("dx", "dh_prev", "dU", "dW", "db")
_PARAMETERS = ("U", "W", "b")
_MEMORIES_AND_OUTPUTS = ("cs", "hs")


def _exact(name, points, asks, *names, of_copies=True):
    """A test of gradients whose terms are of the order of 1 or larger, and may cancel."""
    probe = gradients(*names, of_copies=of_copies)
    return Test(name, points, asks, probe=probe, tolerance=EXACT, floor=1.0)


def _sequence(name, points, asks, only=""):
    """A test of both results, or of one of them; the terms are of the order of 1."""
    look = {"probe": part(only, _MEMORIES_AND_OUTPUTS)} if only else {"outputs": _MEMORIES_AND_OUTPUTS}
    return Test(name, points, asks, **look, tolerance=EXACT, floor=0.1)


def _both(function, case):
    return call(function, case)


_both.returns = "h, gates, in this order"


def _at_the_limits(outputs, case):
    """Both results, and for each bias of ±1000 whether its gate is 0 or 1 to all digits, which no tolerance says."""
    h, gates = outputs.get("h"), outputs.get("gates")
    if h is None or gates is None:
        return outputs
    bias = case["params"]["b"][:2, None]
    reached = np.broadcast_to(np.abs(bias) < 500, (2, *case["h_prev"].shape))
    if np.shape(gates) == (3, *case["h_prev"].shape):
        reached = reached | (np.abs(gates[:2] - (bias > 0)) < 1e-15)
    return {"h": h, "gates": gates, "gates that are 0 or 1": reached}


EXERCISES = (
    Exercise(
        id="gru_step",
        title="One step of a GRU",
        names=("gru_step",),
        section="One gate for two tasks",
        tests=(
            Test(
                "one sample",
                0.5,
                "the new state of a single sample, B = 1, for several D and H, also 1",
                probe=part("h", _STATE_AND_GATES),
                tolerance=EXACT,
            ),
            Test(
                "batch",
                0.75,
                "the new states of a batch",
                probe=part("h", _STATE_AND_GATES),
                tolerance=EXACT,
            ),
            Test(
                "gates",
                0.5,
                "the second result: z, r and g, one array",
                probe=part("gates", _STATE_AND_GATES),
                tolerance=EXACT,
            ),
            Test(
                "after",
                0.5,
                'both results with reset="after"',
                outputs=_STATE_AND_GATES,
                tolerance=EXACT,
            ),
            Test(
                "limits",
                0.5,
                "gates that are 0 or 1 to all digits: biases of ±1000",
                probe=_both,
                view=_at_the_limits,
                outputs=_STATE_AND_GATES,
                tolerance=EXACT,
            ),
            Test(
                "float32",
                0.25,
                "float32 inputs give two float32 results",
                outputs=_STATE_AND_GATES,
                dtype=True,
            ),
        ),
        hints=(
            "Begin with z and r. They see the same two things, x_t and h_prev, each with its own part of U, W and b: "
            "index 0 is that of z, 1 that of r, 2 that of the candidate. Rows are samples, so U[0] is multiplied "
            "as in an RNN: x_t @ U[0].T.",
            "The candidate is an RNN's step with a tanh, but what W[2] is multiplied by is not h_prev. Before the "
            "product: r * h_prev goes in. After the product: W[2] sees h_prev, b_reset is added, and then all of "
            "this is multiplied by r. The bias b[2] and the input are never multiplied by r.",
            "With z, r and g the new state is (1 - z) * h_prev + z * g, with the full h_prev. np.stack([z, r, g]) is "
            "the second result. For the limits use the notebook's sigmoid: it does not overflow.",
        ),
    ),
    Exercise(
        id="gru_step_backward",
        title="One step back",
        names=("gru_step_backward",),
        section="The backward step",
        tests=(
            _exact("db", 0.25, "db: the sum over the samples, for each of the three parts", "db"),
            _exact("dU", 0.5, "dU, for several B, D, H, also 1", "dU"),
            _exact("dW", 0.75, "dW: each part belongs to what its matrix was multiplied by", "dW"),
            _exact("dx", 0.5, "dx: x went into three places", "dx"),
            _exact("dh_prev", 1.0, "dh_prev: the old state went into four places", "dh_prev"),
            _exact("one sample", 0.25, "B = 1: all five, also where all sizes are 1", *_ALL_FIVE),
            _exact(
                "inputs",
                0.25,
                "all five once more; dh and the arrays in cache stay as they are",
                *_ALL_FIVE,
                of_copies=False,
            ),
            Test(
                "float32",
                0.5,
                "float32 inputs give five float32 gradients",
                probe=gradients(*_ALL_FIVE),
                dtype=True,
                floor=1.0,
            ),
        ),
        hints=(
            "Go through the step from its last line to its first. Which three things stand in "
            "h = (1 - z) * h_prev + z * g besides numbers? The gradient of each is dh times what it is multiplied by; "
            "z stands there twice.",
            "Get da_z, da_g and da_r, the gradients at the three sums inside σ and tanh. σ has the slope s (1 − s), "
            "tanh 1 − g². r is reached through the candidate only: da_g @ W[2] is the gradient of m = r * h_prev, and "
            "a product hands each factor the gradient times the other factor.",
            "da_z = dh (g − h_prev) z (1 − z); da_g = dh z (1 − g²); dm = da_g @ W[2]; da_r = dm h_prev r (1 − r). "
            "The old state gets four terms: dh (1 − z), da_z @ W[0], da_r @ W[1], and dm times r. In dW the third part "
            "was multiplied by r * h_prev: da_g.T @ (r * h_prev).",
        ),
    ),
    Exercise(
        id="swap_convention",
        title="Who keeps, who takes",
        names=("swap_convention",),
        section="Who keeps, who takes",
        tests=(
            Test(
                "weights",
                0.5,
                "U and W of the other convention",
                probe=gradients("U", "W"),
                tolerance=EXACT,
            ),
            Test("bias", 0.2, "b of the other convention", probe=gradients("b"), tolerance=EXACT),
            Test(
                "new arrays",
                0.2,
                "all three once more: new arrays, while those of params stay as they are",
                probe=gradients(*_PARAMETERS, of_copies=False),
                tolerance=EXACT,
            ),
            Test("float32", 0.1, "float32 arrays stay float32", probe=gradients(*_PARAMETERS), dtype=True),
        ),
        hints=(
            "Only one of the three, z, r, g, has another meaning in the other convention. What does it have to become?",
            "The keeping gate has to be 1 − z. See how 1 − σ(a) can be written as σ of something.",
            "1 − σ(a) = σ(−a), and a = U x + W h + b: all three parts of a change their sign, those with index 0 only. "
            "Copy the arrays before you change anything in them.",
        ),
    ),
    Exercise(
        id="lstm_as_gru",
        title="An LSTM that is a GRU",
        names=("lstm_as_gru",),
        section="Four conditions",
        tests=(
            _sequence("cs", 0.75, "the memories with all four conditions: the states of a GRU", only="cs"),
            _sequence("hs", 0.25, "the outputs with all four conditions", only="hs"),
            _sequence("coupled", 0.4, 'without="coupled": both results'),
            _sequence("peephole", 0.4, 'without="peephole": both results'),
            _sequence("identity", 0.4, 'without="identity": both results'),
            _sequence("delay", 0.4, 'without="delay": both results'),
            _sequence("one step", 0.2, "T = 1, with and without each condition"),
            Test(
                "float32",
                0.2,
                "float32 inputs give two float32 results, with and without each condition",
                outputs=_MEMORIES_AND_OUTPUTS,
                dtype=True,
                floor=0.1,
            ),
        ),
        hints=(
            "First write it for without=None and leave the rest for later: one loop over x, in the order of the table. "
            "The memory c is the only thing that goes from step to step. Compare cs with the states of a GRU.",
            "Each condition is one line of the loop, and without= changes only this line: what the gates see, where i "
            "comes from, whether c is squashed before o multiplies it, which x the output gate sees. Two of these need "
            "something of the step before: keep h and x_t at the end of each step, and start them as zeros.",
            "What the gates see is c; without the peephole it is h, which then is still the output of the step before. "
            "f is 1 − σ(…) with index 0, and i is 1 − f. h = o * c uses c before it is replaced; the candidate sees "
            "this h. Collect c after, and h of, every step; np.stack both lists.",
        ),
    ),
    Exercise(
        id="answers05",
        title="Quiz",
        names=("answers05",),
        section="Two questions",
        tests=tuple(choice(question, 0.25) for question in ("take", "keep", "parameters", "equivalence")),
        hints=(
            "Put the numbers into the formula. take and keep: what is left of A's line when u is 0, or 1? parameters: "
            "count one part of U, W and b. equivalence: which of the four conditions are named?",
            "take: with r = 1 nothing of h(t−1) is held back within the candidate. keep: what is a number times 0? "
            "parameters: the three parts of a GRU each have the shapes of an RNN; then look what stands besides b "
            "where the reset comes after the product. equivalence: write down both updates for one step.",
            "“Two questions” runs the first two, “Counting parameters” has the formula and b_reset, and “Four "
            "conditions” has the list: coupled, peephole, identity, delay.",
        ),
    ),
)
