"""Notebook 06, language models: what is asked, how it is called, and hints."""

import copy
import math
from collections.abc import Mapping

import numpy as np

from course_lib.backend import asnumpy
from course_lib.exercises import EXACT, Exercise, Malformed, Test, call, draws, randomness

# ------------------------------------------------------------------------------------------------ batchify

_PAIR = ("x", "y")


def _batches(*names, whole=False):
    """A probe that looks at one of x and y, or at both; copies, since a view of the text will do."""

    def probe(function, case):
        results = call(function, case)
        if not isinstance(results, tuple | list) or len(results) != len(_PAIR):
            return results
        found = {name: result for name, result in zip(_PAIR, results, strict=True) if name in names}
        for name, result in found.items():
            if whole and hasattr(result, "dtype") and result.dtype.kind not in "iu":
                raise Malformed(f"{name} has dtype {result.dtype}; whole numbers are asked for, as in ids")
        return {name: result.copy() if hasattr(result, "dtype") else result for name, result in found.items()}

    probe.returns = f"{', '.join(_PAIR)}, in this order"
    return probe


def _enough(function, case):
    """Both where there is a chunk; else whether the error is raised that is asked for."""
    if len(case["ids"]) > case["B"] * case["T"]:
        return _batches(*_PAIR)(function, case)
    try:
        results = call(function, case)
    except ValueError as error:
        return {"raises": type(error).__name__}
    except Exception as error:  # a NotImplementedError, too: here it is an answer, and no stub
        kind, text = type(error).__name__, str(error)[:100]
        raise Malformed(
            f"for a text that is too short you raise {kind}{f' ({text})' if text else ''}; a ValueError is asked for"
        ) from error
    first = results[0] if isinstance(results, tuple | list) and results else results
    return {"raises": f"nothing: what you return begins with {_what(first)}"}


_enough.returns = f"{', '.join(_PAIR)}, in this order"

# ---------------------------------------------------------------------------------------------- tbptt_step

_NAMES = ("U", "W", "b", "V", "c")
_RESULTS = ("loss", "grads", "h")


def _chunk(*names, of_copies=True, cast=""):
    """A probe that looks at some of the loss, the state ``h`` and the gradients; at everything where none is named.

    Args:
        names: what counts.
        of_copies: whether the function gets copies of the inputs: whether they stay as they are is then for
            another test to say.
        cast: the dtype that the loss is given, where its own does not count: it may be a number of Python's.
    """

    def probe(function, case):
        results = call(function, copy.deepcopy(case) if of_copies else case)
        if not isinstance(results, tuple | list) or len(results) != len(_RESULTS):
            return results
        loss, grads, h = results
        if cast and (isinstance(loss, int | float) or getattr(loss, "dtype", np.dtype(object)).kind == "f"):
            loss = asnumpy(loss).astype(cast) if hasattr(loss, "dtype") else np.asarray(loss, cast)
        wanted = set(names) & set(_NAMES) if names else set(_NAMES)
        found = {"loss": loss, "h": h} | (_gradients(grads) if wanted else {})
        return {name: value for name, value in found.items() if not names or name in names}

    probe.returns = f"{', '.join(_RESULTS)}, in this order"
    return probe


def _gradients(grads):
    """The dictionary of gradients, if it is one.

    Raises:
        Malformed: saying what it is, where it is something else, or lacks a gradient.
    """
    order = f"return {', '.join(_RESULTS)}, in this order"
    if not isinstance(grads, Mapping):
        raise Malformed(f"the second result is {_what(grads)}, and no dictionary of gradients: {order}")
    if not set(_NAMES) <= grads.keys():
        names = ", ".join(sorted(str(name)[:20] for name in grads)[:6]) or "nothing"
        raise Malformed(f"grads, the second result, holds {names}; its keys are to be those of params: U, W, b, V, c")
    return {str(name) if name in _NAMES else f"grads[{name!r}]": value for name, value in grads.items()}


def _what(value):
    if value is None:
        return "None"
    return f"an array of shape {value.shape}" if hasattr(value, "shape") else f"a value of type {type(value).__name__}"


def _exact(name, points, asks):
    """The test of a gradient, whose terms are of the order of 0.1 or larger, and may cancel."""
    return Test(name, points, asks, probe=_chunk(name), tolerance=EXACT, floor=0.1)


# -------------------------------------------------------------------------------------------- adagrad_step


def _steps(whole=False):
    """A probe that takes one step for each dictionary of gradients, and gives back the arrays that it handed in.

    Args:
        whole: whether it counts, too, what is returned, and that the gradients stay as they are.
    """

    def probe(function, case):
        own = copy.deepcopy({name: case[name] for name in ("params", "mem")})
        before, held = copy.deepcopy(own), {role: dict(arrays) for role, arrays in own.items()}
        eps = [case[name] for name in ("eps",) if name in case]
        for grads in case["grads"]:
            grads = grads if whole else copy.deepcopy(grads)
            returned = function(own["params"], grads, own["mem"], case["lr"], *eps)
            if returned is not None and (whole or _same(held, before)):
                as_before = "" if whole else ", while params and mem are as before"
                raise Malformed(
                    f"you return {_what(returned)}{as_before}: the arrays in params and mem are to be changed in "
                    "place, with += and −=, and nothing is returned"
                )
            _check_held(own, held)
        return held

    return probe


def _same(held, before):
    return all(
        bool((array == before[role][name]).all()) for role, arrays in held.items() for name, array in arrays.items()
    )


def _check_held(own, held):
    """Whether the dictionaries still hold the caller's arrays.

    Raises:
        Malformed: naming one that they do not.
    """
    for role, arrays in held.items():
        if own[role].keys() != arrays.keys():
            raise Malformed(f"{role} has other keys than before: {', '.join(map(str, own[role])) or 'none'}")
        for name, array in arrays.items():
            if own[role][name] is not array:
                raise Malformed(
                    f"{role}[{name!r}] is another array now: {role}[name] = … puts a new one into the dictionary. "
                    "Change the array itself, with += or −=: the caller has no other"
                )


# -------------------------------------------------------------------------------------------------- sample


def _text(function, case, rng):
    """What comes back for a case: chance is made on the host, and so is what it is applied to.

    Raises:
        Malformed: where it is no characters, or where the probabilities are no numbers.
    """
    params, temperature = {name: asnumpy(value) for name, value in case["params"].items()}, case["temperature"]
    try:
        ids = function(params, asnumpy(case["h"]), case["first"], case["n"], temperature, rng)
    except ValueError as error:
        if "nan" not in str(error).lower() or temperature > 0.1:
            raise
        why = "o / 0 is no number: take np.argmax where the temperature is 0"
        if temperature:
            why = "exp(o / temperature) is too large, or all of it is 0: subtract the largest logit before you divide"
        raise Malformed(f"at temperature {temperature} you get ValueError: {str(error)[:80]}. {why}") from error
    if isinstance(ids, list | tuple):
        raise Malformed(f"you returned a {type(ids).__name__}; np.array makes an array of it")
    if isinstance(ids, np.ndarray) and ids.size:
        if ids.dtype.kind not in "iu":
            raise Malformed(f"you returned an array of dtype {ids.dtype}; whole numbers are asked for")
        if not 0 <= ids.min() <= ids.max() < len(params["c"]):
            last = len(params["c"]) - 1
            raise Malformed(f"the characters you draw go from {ids.min()} to {ids.max()}; there are 0 to {last}")
    return ids


def _drawn(function, case, rng):
    """The characters of a case where they have the form that is asked for.

    Raises:
        Malformed: saying what they are, where it is another one.
    """
    ids = _text(function, case, rng)
    if not isinstance(ids, np.ndarray):
        missing = " (is a `return` missing?)" if ids is None else ""
        raise Malformed(f"you returned {_what(ids)}{missing}; expected an array of shape (n,) = ({case['n']},)")
    if ids.shape != (case["n"],):
        led = ids.shape == (case["n"] + 1,) and ids[0] == case["first"]
        first = ". The first character is no part of it" if led else ""
        raise Malformed(f"you returned an array of shape {ids.shape}, expected (n,) = ({case['n']},){first}")
    return ids


def _one_text(function, case):
    """The characters of a case, whose ``rng`` is made here: data can hold no generator."""
    return {"ids": _text(function, case, np.random.default_rng(case["seed"]))}


def _many_texts(function, case):
    """A text for each start of a case, each from a generator of its own."""
    starts = enumerate(zip(case["h"], case["first"], strict=True))
    texts = [
        _drawn(function, {**case, "h": h, "first": int(first)}, np.random.default_rng([case["seed"], k]))
        for k, (h, first) in starts
    ]
    return {"ids": np.stack(texts)}


def _is_text(ids):
    return isinstance(ids, np.ndarray) and ids.ndim == 1 and ids.dtype.kind in "iu"


_RIGHT = "softmax(o / temperature)"
_ELSE = "nothing that has a name here"
_MOST = "always the most probable"
_REPEATED = "nothing: it is the same for every rng"

# A way to draw that has e³⁰ times the likelihood of the right one is taken to be the one that was used. A right answer
# meets one of the 60 ways below with a probability of less than 60 · e⁻³⁰, whatever it draws with (Markov).
_SURE = 30.0
_CLEAR = 5.0  # by so much a way has to be likelier than all others to be called by its name
_ODD = 30.0  # χ² with 3 to 6 degrees of freedom is smaller, but for one time in 10⁴
_COLD = 0.01  # below this temperature only the most probable characters are drawn


def _how(outputs, case):
    """By which distribution the characters were drawn, told by their likelihood."""
    ids = outputs["ids"]
    if not isinstance(ids, np.ndarray) or ids.shape != (len(case["first"]), case["n"]) or ids.dtype.kind not in "iu":
        return {"result": ids}
    logits = _ways(ids, case)
    ways = {name: _likelihood(o, ids) for name, o in logits.items()}
    right = ways.pop(_RIGHT)
    if case["temperature"] < _COLD:
        return {"frequencies": _RIGHT if right.sum() > -_SURE else _ELSE}
    gains = {name: values.sum() - right.sum() for name, values in (ways | _certain_ways(ids, case, right)).items()}
    fitting = [name for name in gains if name not in logits or _fits(logits[name], ids, logits[_RIGHT])]
    *_, second, best = sorted(gains, key=gains.get)
    if gains[_REPEATED] > _SURE and max(fitting, key=gains.get) == _REPEATED:
        return {"frequencies": _REPEATED}
    others = max(_ways_without_a_name(ids, case)) - right.sum()
    if max(gains[best], others) < _SURE:
        return {"frequencies": _RIGHT}
    named = best in fitting and gains[best] > max(gains[second], others) + _CLEAR
    return {"frequencies": best if named else _ELSE}


def _fits(logits, ids, right):
    """Whether the characters with the largest right logits, the second largest, … come as often as they should."""
    order = np.argsort(right, axis=-1)
    expected = np.exp(np.take_along_axis(_log_softmax(logits), order, axis=-1)).sum(axis=(0, 1))
    found = (order == ids[:, :, None]).sum(axis=(0, 1))
    return ((found - expected) ** 2 / np.maximum(expected, 1)).sum() < _ODD


def _states(params, h, x, carry=True, act=np.tanh, late=False, twice=False):
    """The logits (M, n, K) at each step of M texts, from what went in, x (M, n), and the start h (M, H)."""
    U, W, b, V, c = (params[name].astype(float) for name in _NAMES)
    h = start = h.astype(float)
    o = []
    for x_t in x.T:
        before = h
        for _ in range(1 + twice):
            h = act(U.T[x_t] + (h if carry else start) @ W.T + b)
        o.append((before if late else h) @ V.T + c)
    return np.stack(o, axis=1)


def _ways(ids, case):
    """Logits (M, n, K) whose softmax each way draws from, given what was drawn before."""
    params, h, tau = case["params"], case["h"], case["temperature"]
    first, x = _inputs(ids, case)
    o = _states(params, h, x)
    ways = {
        _RIGHT: o / tau,
        "softmax(o · temperature)": o * tau,
        "softmax(o)": o,
        "softmax(o / temperature²)": o / tau**2,
        "softmax(o / √temperature)": o / math.sqrt(tau),
        "softmax(softmax(o) / temperature)": np.exp(_log_softmax(o)) / tau,
        "softmax(softmax(o / temperature))": np.exp(_log_softmax(o / tau)),
        "softmax(−o / temperature)": -o / tau,
        "all equally likely": 0 * o,
        "without c": (o - params["c"]) / tau,
    }
    again = np.concatenate([first, x], axis=1)
    changed = {name: {**params, name: np.zeros_like(params[name])} for name in ("U", "W", "b")}
    others = {
        "the state is not updated": _states(params, h, x, carry=False),
        "the first character goes in at every step": _states(params, h, np.repeat(first, case["n"], axis=1)),
        "h is not used": _states(params, 0 * h, x),
        "first is not used": _states(params, h, np.concatenate([0 * first, x[:, 1:]], axis=1)),
        "each character goes in one step later": _states(params, h, again[:, :-1]),
        "the first character goes in twice": _states(params, h, again)[:, 1:],
        "each character goes in twice": _states(params, h, x, twice=True),
        "o is that of the state before": _states(params, h, x, late=True),
        **{f"without {name}": _states(others, h, x) for name, others in changed.items()},
        "without tanh": _states(params, h, x, act=lambda a: a),
        "σ in place of tanh": _states(params, h, x, act=lambda a: 1 / (1 + np.exp(-a))),
        "W transposed": _states({**params, "W": params["W"].T}, h, x),
    }
    if params["U"].shape[0] == params["U"].shape[1]:
        for name in ("U", "V"):
            others[f"{name} transposed"] = _states({**params, name: params[name].T}, h, x)
    return ways | {name: logits / tau for name, logits in others.items()}


def _certain_ways(ids, case, right):
    """Log-likelihoods of ways in which some of the characters are not drawn at all."""
    params, h = case["params"], case["h"]
    first, x = _inputs(ids, case)
    is_most = ids == _states(params, h, x).argmax(axis=-1)
    # Many texts begin alike. Where they are all the same, those after the first are certain.
    alike = (h == h[0]).all(axis=1) & (case["first"] == case["first"][0])
    alike[0] = False
    certain = 0.0 if (ids[alike] == ids[0]).all() else -1e9
    # The first character, and then what should have stood before it, all but the last.
    rest = _likelihood(_states(params, h, ids) / case["temperature"], np.roll(ids, -1, axis=1))[:, :-1]
    return {
        _MOST: np.where(is_most, -1e-6, -20.0),
        _REPEATED: np.where(alike[:, None], certain, right),
        "the first character, then what was drawn": rest if (ids[:, :1] == first).all() else right - 1e9,
    }


def _ways_without_a_name(ids, case):
    """Log-likelihoods of other temperatures, and of distributions that are learned from what was drawn so far."""
    K = len(case["params"]["c"])
    _, x = _inputs(ids, case)
    o = _states(case["params"], case["h"], x)
    for factor in (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0):
        # Slightly less than it is, since it is likelier than a temperature with a name when it is next to it.
        yield _likelihood(factor * o / case["temperature"], ids).sum() - 2 * _CLEAR
    yield _learned(np.bincount(ids.ravel(), minlength=K))
    rank = (o > np.take_along_axis(o, ids[:, :, None], axis=-1)).sum(axis=-1)
    yield _learned(np.bincount(rank.ravel(), minlength=K))
    yield sum(_learned(np.bincount(ids[x == k], minlength=K)) for k in range(K))


def _inputs(ids, case):
    """The first character of each text (M, 1), and what goes in at each step (M, n)."""
    first = case["first"][:, None]
    return first, np.concatenate([first, ids[:, :-1]], axis=1)


def _learned(counts):
    """The log-likelihood of classes so counted, each predicted from those before (Krichevsky and Trofimov)."""
    n, K = counts.sum(), len(counts)
    total = math.lgamma(K / 2) - math.lgamma(n + K / 2)
    return total + sum(math.lgamma(count + 0.5) - math.lgamma(0.5) for count in counts)


def _likelihood(logits, ids):
    """The logarithm of the probability of each character."""
    return np.take_along_axis(_log_softmax(logits), ids[:, :, None], axis=-1)[:, :, 0]


def _log_softmax(o):
    o = o - o.max(axis=-1, keepdims=True)
    return o - np.log(np.exp(o).sum(axis=-1, keepdims=True))


EXERCISES = (
    Exercise(
        id="bits_per_char",
        title="Bits and perplexity",
        names=("bits_per_char", "perplexity"),
        section="Bits and perplexity",
        tests=(
            Test("bits", 0.5, "bits_per_char: of one loss, and of an array of losses"),
            Test("perplexity", 0.5, "perplexity: of one loss, and of an array of losses", function="perplexity"),
        ),
        hints=(
            "The loss is a sum over T steps. What is it for one character? Only then ask for its unit: it is in nats, "
            "because the logarithm was the natural one.",
            "A bit is ln 2 = 0.693 nats, so a number of bits is larger than the same in nats. Perplexity undoes the "
            "logarithm of the loss of one character. A check: guessing evenly among 8 characters must give 3 and 8.",
            "Divide by T in both functions. Then bits divides by np.log(2), and perplexity takes np.exp. Divide before "
            "np.exp: a loss of 2000 nats is nothing unusual, and exp(2000) is inf.",
        ),
    ),
    Exercise(
        id="batchify",
        title="Cutting a text into batches",
        names=("batchify",),
        section="Cutting the text",
        tests=(
            Test("inputs", 0.75, "x: the inputs, chunk by chunk", probe=_batches("x")),
            Test("targets", 0.75, "y: the character after each input", probe=_batches("y")),
            Test("leftovers", 0.25, "both, of texts that do not come out even", probe=_batches(*_PAIR)),
            Test("short texts", 0.15, "one chunk, or a ValueError where there is none", probe=_enough),
            Test("whole numbers", 0.1, "x and y are arrays of whole numbers", probe=_batches(*_PAIR, whole=True)),
        ),
        hints=(
            "Take the alphabet as the text, B = 2 and T = 3, and write down by hand what belongs into each row: 24 "
            "characters are used, the y of the last is the 25th. What are x[0], x[1], and y[0]?",
            "First the rows: the used part of the text as an array of shape (B, n·T) has row b in its row b, since "
            "reshape fills row after row. Then cut each row into n pieces, (B, n, T), and bring the axes into the "
            "order (n, T, B). y is made just so, of the text from its second character on.",
            "transpose(1, 2, 0) brings (B, n, T) into the order (n, T, B); reshape(n, T, B) would give that shape, "
            "but the wrong characters. x is made of ids[:n * T * B], y of as many characters from index 1. Before: "
            "if n < 1, raise ValueError(…).",
        ),
    ),
    Exercise(
        id="tbptt_step",
        title="One chunk of truncated back-propagation",
        names=("tbptt_step",),
        section="Truncated back-propagation",
        tests=(
            Test("loss", 0.25, "the loss, from any state h", probe=_chunk("loss"), floor=0.1),
            Test("state", 0.25, "the state after the chunk", probe=_chunk("h"), floor=0.1),
            _exact("V", 0.25, "the gradient of V"),
            _exact("c", 0.25, "the gradient of c"),
            _exact("U", 0.25, "the gradient of U, also where samples have the same character"),
            _exact("W", 0.25, "the gradient of W"),
            _exact("b", 0.2, "the gradient of b"),
            Test("large", 0.1, "the loss, V and c, with logits of ±1000", probe=_chunk("loss", "V", "c"), floor=0.1),
            Test(
                "inputs",
                0.1,
                "everything once more; the inputs stay as they are",
                probe=_chunk(of_copies=False),
                floor=0.1,
            ),
            Test(
                "float32",
                0.1,
                "float32 parameters and states give float32 gradients and states",
                probe=_chunk(cast="float32"),
                dtype=True,
                floor=0.1,
            ),
        ),
        hints=(
            "Two loops: one forward over t, which keeps all states and probabilities, and one back. Everything is in "
            "notebooks 01 and 02 already, with one-hot x[t]. Begin with loss and state, and let check tell you.",
            "Forward: row b of U.T[x[t]] is column x[t, b] of U. Back: the gradient of the logits is p, less 1 at the "
            "target, over B; V and c get theirs of it. It goes through V into the state, beside what the next step "
            "sends; then through the slope of tanh, 1 − h². What the next step sends begins with zeros.",
            "With da (B, H) of a step: W gets da.T @ (the state before), b the sum over the samples, the step before "
            "da @ W. Column x[t, b] of U's gradient gets row b of da. If a character is there twice, += with an index "
            "array counts it once: np.add.at(array, index, rows) counts both, and so does a product with one-hot rows.",
        ),
    ),
    Exercise(
        id="adagrad_step",
        title="Adagrad",
        names=("adagrad_step",),
        section="A step for each parameter",
        tests=(
            Test("one step", 0.5, "memory and parameters after one step", probe=_steps()),
            Test("several steps", 0.4, "memory and parameters after several steps in a row", probe=_steps()),
            Test("nothing else", 0.1, "grads stay as they are, and nothing is returned", probe=_steps(whole=True)),
        ),
        hints=(
            "Go through the names, and do for each of them what the two formulas say, in their order: which s stands "
            "under the root, the old or the new one?",
            "In place means: mem[name] += … changes the array that the caller has, too; mem[name] = mem[name] + … "
            "makes a new one and puts it into the dictionary. ε is added to the root, not under it.",
            "Two lines for each name, g = grads[name]: mem[name] gets g**2 added, params[name] gets lr * g / (…) "
            "subtracted. In the brackets stands np.sqrt of the new memory, and eps.",
        ),
    ),
    Exercise(
        id="sample",
        title="Drawing a text",
        names=("sample",),
        section="Drawing from the model",
        on_host=True,
        tests=(
            Test("temperature 0", 0.75, "the most probable character at each step", probe=_one_text),
            Test(
                "frequencies",
                0.75,
                "how often each character comes, also at temperature 0.001",
                probe=_many_texts,
                view=_how,
                right={"frequencies": _RIGHT},
            ),
            Test(
                "chance",
                0.5,
                "rng, and nothing else, decides what is drawn",
                probe=draws(_drawn),
                view=randomness(_is_text),
            ),
        ),
        hints=(
            "One pass of the loop is a step of the network: a character goes in, the state changes, logits come out. "
            "Write it for temperature 0 first, with np.argmax. Which two things does the next pass need?",
            "For one sequence everything is a vector: U[:, i] is the column of character i, W @ h and V @ h need no "
            "transpose. Append what was drawn, and let it be the next i. rng.choice(n, p=p) draws from 0, …, n − 1 "
            "with probabilities p.",
            "p is np.exp((o − the largest o) / temperature), divided by its sum: with the largest subtracted first, no "
            "temperature is too small, except 0, which has its own branch. At the end np.array(ids, dtype=…) "
            "makes whole numbers of the list, also of an empty one.",
        ),
    ),
)
