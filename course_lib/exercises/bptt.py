"""Notebook 02, backpropagation through time: what is asked, how it is called, and hints."""

import copy
from collections.abc import Mapping

from course_lib.backend import array_namespace
from course_lib.exercises import EXACT, Exercise, Test, choice, gradients

# A loss whose central differences are known to the last digit: its third derivative is constant.


def _loss(case):
    def f(params):
        cubes = sum((cube * params[name] ** 3).sum() for name, cube in case["_cubes"].items())
        coupling = sum((line * params[name]).sum() for name, line in case["_lines"].items())
        return case["_size"] * (cubes + coupling**2 / 2)

    return f


def _errors(function, case, read=lambda error: error):
    """The errors by name, of copies of the parameters."""
    inputs = copy.deepcopy(case)
    step = () if case["eps"] is None else (case["eps"],)
    errors = function(_loss(case), inputs["params"], inputs["grads"], *step)
    if not isinstance(errors, Mapping):
        return errors
    return {f"error of {name}": read(error) for name, error in errors.items()}


def _errors_without_noise(function, case):
    """The same; what is below 1e-7 is rounding, and counts as 1e-7."""
    return _errors(function, case, lambda error: 1e-7 if float(error) < 1e-7 else error)


def _put_back(function, case):
    """Which entries were varied alone, each given as its value before; and how many are far from that afterwards.

    That they are exactly as before is not looked at here: `attempt` sees whatever is changed.
    """
    xp = array_namespace(*case["params"].values())
    before, f = copy.deepcopy(case["params"]), _loss(case)
    varied = {name: xp.zeros(value.shape, dtype=bool) for name, value in before.items()}

    def watched(params):
        moved = {name: params[name] != before[name] for name in before}
        if sum(int(entries.sum()) for entries in moved.values()) == 1:
            for name, entries in moved.items():
                varied[name] |= entries
        return f(params)

    function(watched, case["params"], case["grads"])
    seen = {f"{name}, the entries varied one at a time": before[name] * varied[name] for name in varied}
    moved = sum(int((abs(case["params"][name] - before[name]) > 1e-9).sum()) for name in before)
    return {**seen, "entries that stayed moved": moved}


_ALL_FIVE = ("dx", "dh0", "dU", "dW", "db")
_DERIVATIVES = ("dhdU", "dhdW")


def _exact(name, points, asks, probe):
    """A test of gradients whose terms are of the order of 1 or larger, and may cancel."""
    return Test(name, points, asks, probe=probe, tolerance=EXACT, floor=1.0)


EXERCISES = (
    Exercise(
        id="dloss_dlogits",
        title="The gradient of the logits",
        names=("dloss_dlogits",),
        section="The gradient of the logits",
        tests=(
            Test("one sample", 0.5, "the gradient for one sequence, B = 1", tolerance=EXACT),
            Test("batch", 1.0, "the gradient for a batch: the loss is the mean over its samples", tolerance=EXACT),
            Test("large", 0.25, "the same with logits of ±10 000", tolerance=EXACT),
            Test("float32", 0.25, "float32 logits give a float32 gradient", dtype=True),
        ),
        hints=(
            "For one step of one sample the formula is in “The gradient of the logits”: the probabilities, and 1 "
            "less at the target. What does the mean over the batch do to it?",
            "softmax(o) has shape (T, B, O). From each of its T · B rows subtract 1 at one place, and divide "
            "everything by B. Nothing is divided by T: the loss is a sum over time.",
            "The places are picked by three index arrays that together have shape (T, B): "
            "np.arange(T)[:, None], np.arange(B) and y. Subtract with −=, not with =. Or build an array that is 1 at "
            "the targets and 0 elsewhere, in the dtype of o.",
        ),
    ),
    Exercise(
        id="rnn_backward",
        title="Backpropagation through time",
        names=("rnn_backward",),
        section="Sums over time",
        tests=(
            _exact("db", 1.0, "db: the sum over all steps and samples", gradients("db")),
            _exact("dU", 1.0, "dU, for several T, B, D, H, also 1", gradients("dU")),
            _exact("dW", 2.0, "dW, also where h0 is not 0", gradients("dW")),
            _exact("dx", 1.0, "dx: for each step and sample", gradients("dx")),
            _exact("dh0", 1.5, "dh0: what arrives at the start, for each sample", gradients("dh0")),
            _exact(
                "one step",
                0.5,
                "T = 1: all five, where nothing comes from a later step",
                gradients(*_ALL_FIVE),
            ),
            _exact(
                "inputs",
                0.5,
                "all five once more; dhs and the arrays in cache stay as they are",
                gradients(*_ALL_FIVE, of_copies=False),
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
            "Go through the steps from the last to the first. Keep one array of shape (B, H): what the later steps "
            "send to the state of this step. After the last step there is none, so it starts as zeros.",
            "In each step: dh is dhs[t] plus what comes from later; da is dh times the slope of tanh at this step, "
            "which the state itself tells: 1 − h². Everything else is made of da. See “One step back” and “Sums over "
            "time”; the shapes decide what is transposed: dW (H, H) sums over the rows of da and of the state before.",
            "With rows: x[t] @ U.T went in, so da.T @ x[t] is added to dU, da @ U is dx[t]; h_prev @ W.T went in, so "
            "da.T @ h_prev is added to dW, and da @ W is what the step before gets. h_prev is hs[t − 1], and h0 for "
            "the first step. After the loop, what would go to an earlier step is dh0.",
        ),
    ),
    Exercise(
        id="bptt_naive",
        title="Repair the listing",
        names=("bptt_naive",),
        section="One loss at a time",
        tests=(
            Test(
                "output layer",
                0.5,
                "dV and dc",
                probe=gradients("dV", "dc", of_copies=False),
                tolerance=EXACT,
                floor=0.1,
            ),
            Test(
                "all steps",
                1.5,
                "dU, dW, db without truncation",
                probe=gradients("dU", "dW", "db", of_copies=False),
                tolerance=EXACT,
                floor=0.1,
            ),
            Test(
                "truncated",
                1.5,
                "dU, dW, db where each loss reaches back k steps, for k = 1, 2, … and k > T",
                probe=gradients("dU", "dW", "db", of_copies=False),
                tolerance=EXACT,
                floor=0.1,
            ),
            Test(
                "float32",
                0.5,
                "float32 inputs give five float32 gradients",
                probe=gradients("dU", "dW", "db", "dV", "dc", of_copies=False),
                dtype=True,
                floor=0.1,
            ),
        ),
        hints=(
            "Two loops: the outer one over the losses t, the inner one from step t back. delta is the gradient of the "
            "loss of t by a(step); the outer loop starts it anew for each t, the inner one carries it one step back.",
            "The inner loop visits t, t − 1, …, as long as the step is not before the first and k steps are not "
            "used up: t − k + 1 is the last one it visits. At step 0 the state before is h(0) = 0, not hs[−1].",
            "For each step visited: delta.T @ x[step] to dU, delta.T @ (the state before) to dW, delta's sum over "
            "the samples to db; then delta becomes (delta @ W) times 1 − (the state before)². The first delta of a "
            "loss is (do[t] @ V) times 1 − hs[t]², with do from Exercise 1, where the mean over the batch is done.",
        ),
    ),
    Exercise(
        id="rtrl",
        title="Forward in time",
        names=("rtrl", "ni_algorithm"),
        section="Total derivatives, forward in time",
        tests=(
            Test(
                "rtrl, one step",
                0.5,
                "rtrl: T = 1",
                outputs=_DERIVATIVES,
                tolerance=EXACT,
                floor=0.01,
            ),
            Test(
                "rtrl",
                1.25,
                "rtrl: several steps",
                outputs=_DERIVATIVES,
                tolerance=EXACT,
                floor=0.01,
            ),
            Test(
                "rtrl, float32",
                0.25,
                "rtrl: float32 inputs give float32 results",
                outputs=_DERIVATIVES,
                dtype=True,
                floor=0.01,
            ),
            Test(
                "ni, one step",
                0.5,
                "ni_algorithm: T = 1",
                function="ni_algorithm",
                outputs=_DERIVATIVES,
                tolerance=EXACT,
                floor=0.01,
            ),
            Test(
                "ni",
                1.25,
                "ni_algorithm: several steps",
                function="ni_algorithm",
                outputs=_DERIVATIVES,
                tolerance=EXACT,
                floor=0.01,
            ),
            Test(
                "ni, float32",
                0.25,
                "ni_algorithm: float32 inputs give float32 results",
                function="ni_algorithm",
                outputs=_DERIVATIVES,
                dtype=True,
                floor=0.01,
            ),
        ),
        hints=(
            "Write the immediate derivative first, as an array (B, H, H, D): the input x in the places i = j, zeros "
            "elsewhere, times the slope of unit i. For T = 1 it is the whole answer of both functions.",
            "rtrl: the new derivative by U is slope_i · (immediate part + Σ_k W_ik · (old derivative)_kjd); np.einsum "
            "says it with those very letters and b in front. For W the state before the step, h(t−1), takes the place "
            "of x(t): use h before you replace it. ni_algorithm: run forward and keep all states, then go back.",
            "ni_algorithm: z (B, H, H) begins as the identity of each sample. For t = T, …, 1, first add z times the "
            "immediate derivative of step t: [b, i, j, d] is z[b, i, j] · (slope of unit j at t) · x(t)[b, d]. Only "
            "then multiply z from the right by the Jacobian of step t, whose entry [j, m] is (slope of j) · W[j, m].",
        ),
    ),
    Exercise(
        id="grad_check",
        title="Trust, but check",
        names=("grad_check",),
        section="Trust, but check",
        tests=(
            Test(
                "wrong gradients",
                1.0,
                "the relative errors of wrong gradients",
                probe=_errors,
                tolerance={"float64": 1e-4},
            ),
            Test(
                "right gradients",
                1.0,
                "errors below 1e-7 for right gradients, of whatever size (beside them a wrong one)",
                probe=_errors_without_noise,
                tolerance={"float64": 1e-4},
            ),
            Test("eps", 0.75, "the errors with large eps", probe=_errors, tolerance={"float64": 1e-6}),
            Test(
                "zeros",
                0.5,
                "parameters that the loss does not depend on: 0.0 where their gradient is 0, too",
                probe=_errors_without_noise,
                tolerance={"float64": 1e-4},
            ),
            Test("put back", 0.75, "every entry is varied, and has its old value afterwards", probe=_put_back),
        ),
        hints=(
            "For one array: loop over its entries, change one, call f, change it the other way, call f, put it back. "
            "Collect the n_i in an array of the same shape; only then compare.",
            "np.ndindex(value.shape) gives the index of every entry, whatever the number of axes. Remember the "
            "entry's value before you touch it, and assign that very value at the end.",
            "The divisor of the difference is 2 · eps. The divisor of the error is the larger of two maxima of "
            "absolute values, one over grads[name], one over the n_i; where it is 0, the error is 0.0.",
        ),
    ),
    Exercise(
        id="answers02",
        title="Quiz",
        names=("answers02",),
        section="One step back",
        tests=(
            choice("recursion", 0.5),
            choice("start", 0.5),
            choice("immediate", 0.75),
            choice("listing", 0.5),
            choice("algorithm", 0.75),
        ),
        hints=(
            "Take the smallest case in which the formula still says something: one or two units, three or four "
            "steps. Write out the sum, and see which terms are missing, too many, or of another unit.",
            "recursion: on which i does the last factor depend? start: which state is multiplied by W in step 1? "
            "immediate: in how many of the total derivatives, k = 0 to 3, does step 1 occur? listing: what is "
            "s[-1], and who reads it? algorithm: what is added for t = T?",
            "“One step back” corrects the recursion, “Sums over time” the start, “A sum over the places of W” the sum "
            "over k, “A listing with five faults” the listing, and “An algorithm for the lemma” the algorithm.",
        ),
    ),
)
