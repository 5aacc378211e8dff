"""Notebook 01, unrolling: what is asked, how it is called, and hints."""

from itertools import combinations

from course_lib.backend import array_namespace
from course_lib.exercises import Exercise, Test, call, choice, part

_STATES_AND_OUTPUTS = ("hs", "os")


def _network(kind, U, b, V):
    """A map from x (T,B,D) to outputs (T,B,O): two that see only the past, and four that see the future."""
    xp = array_namespace(U)

    def recurrent(x):  # not the one of the notebook: a graded kernel has this file, and exercise 2 could call it
        h, hs = 0.0, []
        for x_t in x:
            h = h / 2 + xp.sin(x_t @ U.T + b)
            hs.append(h)
        return xp.stack(hs) @ V.T

    def running_sum(x):
        return x.cumsum(axis=0) @ V.T

    def bidirectional(x):
        return recurrent(x) + recurrent(x[::-1])[::-1]

    def minus_mean(x):
        return (x - x.mean(axis=0)) @ V.T

    def peeking(x):
        return xp.concatenate([x[1:], x[-1:]]) @ V.T

    def centred(x):  # by a running mean whose sum, by mistake, runs over all steps
        steps_so_far = xp.arange(1, len(x) + 1)[:, None, None]
        return (x - x.sum(axis=0) / steps_so_far) @ V.T

    return {
        "recurrent": recurrent,
        "running sum": running_sum,
        "bidirectional": bidirectional,
        "minus the mean": minus_mean,
        "peeking": peeking,
        "wrongly centred": centred,
    }[kind]


def _leak(function, case):
    return function(_network(case["fn"], *case["made_of"]), case["x"], case["k"])


def _untied(function, case):
    copies = call(function, case)
    if not isinstance(copies, list | tuple):
        return copies
    found = {}
    for i, one in enumerate(copies):
        if isinstance(one, dict):
            found |= {f'copies[{i}]["{name}"]': value for name, value in one.items()}
        else:
            found[f"copies[{i}]"] = one
    dictionaries = [one for one in copies if isinstance(one, dict)]
    found["different dictionaries"] = len({id(one) for one in dictionaries})
    found["type of the result"] = type(copies).__name__
    found["pairs of copies that share memory"] = sum(_tied(*pair) for pair in combinations(dictionaries, 2))
    return found


def _tied(one, two):
    return any(_overlap(one[name], two[name]) for name in one.keys() & two.keys())


def _overlap(one, two):
    xp = array_namespace(one)
    return isinstance(one, xp.ndarray) and isinstance(two, xp.ndarray) and bool(xp.shares_memory(one, two))


def _summed(function, case):
    return function(case["copies_grads"])


def _parameters(answers, case):
    """The number of parameters; None while it is not attempted."""
    answer = answers["parameters"]
    if answer is None:
        return {"parameters": None}
    try:
        number = float(answer)
    except (TypeError, ValueError):
        number = 0.5
    if not number.is_integer():
        raise ValueError("an integer is asked for")
    return {"parameters": int(number)}


EXERCISES = (
    Exercise(
        id="rnn_step",
        title="One step",
        names=("rnn_step",),
        section="One step",
        tests=(
            Test("values", 1.0, "the states after one step, here with b = 0, for batches of several sizes"),
            Test("bias", 0.5, "the same with b ≠ 0"),
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
                "hs, the states after each step, for several T, B, D, H, O, also 1",
                probe=part("hs", _STATES_AND_OUTPUTS),
            ),
            Test("outputs", 1.0, "os, the outputs of each step", probe=part("os", _STATES_AND_OUTPUTS)),
            Test("h0", 0.5, "the start: here h0 is not zero", probe=part("hs", _STATES_AND_OUTPUTS)),
            Test("float32", 0.5, "float32 inputs give float32 results", outputs=_STATES_AND_OUTPUTS, dtype=True),
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
                "softmax: the probabilities, for logits (B, O) and (T, B, O)",
                function="softmax",
            ),
            Test(
                "softmax, large",
                0.25,
                "softmax: the same with logits of ±10 000, also in one array",
                function="softmax",
            ),
            Test(
                "softmax, float32",
                0.25,
                "softmax: float32 logits give float32 probabilities",
                function="softmax",
                dtype=True,
            ),
            Test("loss", 0.5, "cross_entropy: the loss of a batch, one number"),
            Test("loss, large", 0.5, "cross_entropy: the same with logits of ±10 000"),
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
                "two causal functions, and two whose every output sees all inputs",
                probe=_leak,
            ),
            Test(
                "other leaks",
                0.5,
                "two other leaks: a function that peeks one step ahead, and one that centres its input wrongly",
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
                "untie: T copies that are independent of each other and of params, any names, dtype kept",
                function="untie",
                probe=_untied,
                dtype=True,
            ),
            Test(
                "tied_grad",
                0.5,
                "tied_grad: the gradients of the shared parameters, any names, dtype kept",
                probe=_summed,
                dtype=True,
            ),
        ),
        hints=(
            "untie: if a change in copy 2 must not be seen in copy 3, the two need their own arrays, "
            "not only their own dictionaries. tied_grad: see the formula above the exercise.",
            "untie: build a new dictionary for each step, with a copy of every array. "
            "tied_grad: loss(W, W, …, W) has one path to the loss for each copy; the chain rule adds the paths.",
            "untie: [{name: … for name, value in params.items()} for _ in range(T)], with value.copy(). "
            "tied_grad: for every name in the first dictionary, sum(grads[name] for grads in copies_grads).",
        ),
    ),
    Exercise(
        id="answers01",
        title="Quiz",
        names=("answers01",),
        section="The price of unrolling",
        tests=(
            Test("parameters", 0.5, "parameters: an integer", probe=_parameters, secret=True),
            choice("memory", 0.25),
            choice("erratum", 0.25),
        ),
        hints=(
            "parameters: write the shape of each of U, W, b, V, c. memory: what must still be there when the "
            "backward pass begins? erratum: what does p(t) depend on?",
            "parameters: does any of the five shapes contain T? memory: exercise 2 returns hs; how large is it? "
            "erratum: in which network can a later input reach an earlier output?",
            "“The loop” counts the parameters of another network, “The price of unrolling” says what is kept, "
            "and “The loss” corrects the printed formula; “Only the past” has a network for which it is right.",
        ),
    ),
)
