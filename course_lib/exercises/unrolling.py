"""Notebook 01, unrolling: what is asked, how it is called, and hints."""

from itertools import combinations

import numpy as np

from course_lib.backend import array_namespace
from course_lib.exercises import Exercise, Test, call

NOTEBOOK = "01_unrolling"


def _states(function, case):
    hs, _ = call(function, case)
    return {"hs": hs}


def _outputs(function, case):
    _, os = call(function, case)
    return {"os": os}


def _network(kind, U, W, V):
    """A map from x (T,B,D) to outputs (T,B,O): two that see only the past, and three that see the future."""
    xp = array_namespace(U)

    def causal(x):
        h, hs = xp.zeros((x.shape[1], len(W)), x.dtype), []
        for x_t in x:
            h = xp.tanh(x_t @ U.T + h @ W.T)
            hs.append(h)
        return xp.stack(hs) @ V.T

    def running_sum(x):
        return x.cumsum(axis=0) @ V.T

    def bidirectional(x):
        return causal(x) + causal(x[::-1])[::-1]

    def peek(x):
        return xp.concatenate([x[1:], x[-1:]]) @ V.T

    def centred(x):  # by a running mean whose sum, by mistake, runs over all steps
        steps_so_far = xp.arange(1, len(x) + 1)[:, None, None]
        return (x - x.sum(axis=0) / steps_so_far) @ V.T

    kinds = {"causal": causal, "running sum": running_sum}
    return (kinds | {"bidirectional": bidirectional, "peek": peek, "centred": centred})[kind]


def _leak(function, case):
    network = _network(case["kind"], case["U"], case["W"], case["V"])
    return {"leak": function(network, case["x"], case["k"])}


def _untied(function, case):
    copies = call(function, case)
    if not isinstance(copies, list | tuple) or not all(isinstance(one, dict) for one in copies):
        return {"copies": copies}
    pairs = combinations(copies, 2)
    tied = sum(any(np.shares_memory(one[k], two[k]) for k in one.keys() & two.keys()) for one, two in pairs)
    return {"copies": copies, "pairs_that_share_memory": tied}


def _summed(function, case):
    return {"grads": function(case["copies_grads"])}


def _entry(question, read):
    def probe(answers, case):
        answer = answers[question]
        return {question: None if answer is None else read(answer)}  # None: not attempted

    return probe


def _letter(answer):
    return str(answer).strip().lower()


EXERCISES = (
    Exercise(
        id="rnn_step",
        title="One step",
        names=("rnn_step",),
        section="One step",
        tests=(
            Test("values", 1.0, "h = tanh(x_t Uᵀ + h_prev Wᵀ), here with b = 0, for batches of several sizes"),
            Test("bias", 0.5, "the same with b ≠ 0: the bias is added to every row, inside tanh"),
            Test("float32", 0.5, "float32 inputs give a float32 result", dtype=True),
        ),
        hints=(
            "Write down the shape of every array, then of every product. h_new must be (B, H), like h_prev.",
            "A row of x_t is one sample. The formula has the column U x; for rows it is x_t @ U.T, "
            "because (U x)ᵀ = xᵀ Uᵀ. The state goes through W in the same way.",
            "Add the three terms a = (input part) + (state part) + b first; tanh comes last, around all of a. "
            "b has shape (H,), so NumPy adds it to each of the B rows.",
        ),
    ),
    Exercise(
        id="rnn_forward",
        title="The loop",
        names=("rnn_forward",),
        section="The loop",
        tests=(
            Test(
                "states",
                1.0,
                "hs[t] is the state after x[t]; T, B, D, H differ, T = 1 and B = 1 too",
                probe=_states,
            ),
            Test("outputs", 1.0, "os[t] = hs[t] Vᵀ + c, from the state of the same step", probe=_outputs),
            Test("h0", 0.5, "the first step starts from h0, also when h0 is not zero", probe=_states),
            Test("float32", 0.5, "float32 inputs give float32 results", outputs=("hs", "os"), dtype=True),
        ),
        hints=(
            "Keep one variable h. It starts as h0, and each pass of the loop replaces it by the next state.",
            "hs has as many entries as x: h0 itself is not among them, and x[0] is used. "
            "Collect the states in a list and join them with np.stack: time becomes the first axis.",
            "for x_t in x: h = tanh(…) with the new h, append h, append h @ V.T + c. "
            "Make a new array in every step; if h is overwritten in place, all entries of the list are the last one.",
        ),
    ),
    Exercise(
        id="cross_entropy",
        title="Softmax and cross-entropy",
        names=("softmax", "cross_entropy"),
        section="The loss",
        tests=(
            Test(
                "softmax",
                0.5,
                "softmax: probabilities along the last axis, for (B, O) and (T, B, O)",
                function="softmax",
            ),
            Test(
                "softmax, large",
                0.25,
                "softmax: right with logits of ±1e4, also in the same array",
                function="softmax",
            ),
            Test("softmax, float32", 0.25, "softmax: float32 stays float32", function="softmax", dtype=True),
            Test("loss", 0.5, "loss: −log p of the target, sum over time, mean over the batch"),
            Test("loss, large", 0.5, "loss: right with logits of ±1e4, no inf, no nan, no cap"),
        ),
        hints=(
            "softmax does not change if you subtract the same number from all logits of one row. "
            "Which number makes the largest exponent 0?",
            "Use axis=-1 with keepdims=True for the max and for the sum. For the loss, do not take the log of a "
            "probability that may have become 0: log p_y = o_y − log Σ exp(o).",
            "With z = o − max: log p = z − log Σ exp(z). np.take_along_axis(log_p, y[..., None], axis=-1)[..., 0] "
            "picks the target's entry, shape (T, B). Then sum over axis 0 and mean over what is left.",
        ),
    ),
    Exercise(
        id="future_leak",
        title="Does the future leak?",
        names=("future_leak",),
        section="Only the past",
        tests=(
            Test(
                "networks",
                0.5,
                "exactly 0 for two causal maps, and the leak of a bidirectional one",
                probe=_leak,
            ),
            Test(
                "other leaks",
                0.5,
                "a network that peeks one step ahead; one that centres its input with a wrong mean",
                probe=_leak,
            ),
        ),
        hints=(
            "Call fn twice: on x, and on a changed copy of x. Compare the outputs of the steps before k.",
            "changed = x.copy(), then add 1 to changed[k:]; that is every step from k on, not step k alone.",
            "fn(changed)[:k] − fn(x)[:k] has shape (k, B, O). Take absolute values first, then the largest of all.",
        ),
    ),
    Exercise(
        id="tied_grad",
        title="Untie and tie",
        names=("untie", "tied_grad"),
        section="The unrolled network is a feed-forward network",
        tests=(
            Test(
                "untie",
                0.5,
                "untie: T copies of the dictionary, no array shared with another copy or with params",
                function="untie",
                probe=_untied,
            ),
            Test("tied_grad", 0.5, "tied_grad: for each name, the sum of the copies' gradients", probe=_summed),
        ),
        hints=(
            "If a change in copy 2 must not be seen in copy 3, the two need their own arrays, "
            "not only their own dictionaries.",
            "untie: build a new dictionary for each step, with value.copy() for every value. "
            "tied_grad: loss(W, W, …, W) has one path to the loss for each copy; the chain rule adds the paths.",
            "untie: [{name: … for name, value in params.items()} for _ in range(T)]. "
            "tied_grad: for every name in the first dictionary, sum(grads[name] for grads in copies_grads).",
        ),
    ),
    Exercise(
        id="answers01",
        title="Quiz",
        names=("answers01",),
        section="The price of unrolling",
        tests=(
            Test(
                "parameters",
                0.5,
                "parameters: an integer",
                probe=_entry("parameters", int),
                secret=True,
            ),
            Test("memory", 0.25, "memory: one of the letters a, b, c, d", probe=_entry("memory", _letter), secret=True),
            Test(
                "erratum",
                0.25,
                "erratum: one of the letters a, b, c, d",
                probe=_entry("erratum", _letter),
                secret=True,
            ),
        ),
        hints=(
            "parameters: write the shape of each of U, W, b, V, c. memory: what must still be there when the "
            "backward pass begins? erratum: what does p(t) depend on?",
            "parameters: does any of the five shapes contain T? memory: exercise 2 returns hs; how large is it? "
            "erratum: in which network can a later input reach an earlier output?",
            "Read again: “The loop” (parameters), “The price of unrolling” (memory), “The loss” (erratum).",
        ),
    ),
)
