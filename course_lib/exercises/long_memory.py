"""Notebook 07, long memory: what is asked, how it is called, and hints.

Most answers are random, so that many are right. A view says in words what was drawn, as the first thing that is not as
asked; right draws of any seed give the same words, but once in 10⁹ times.
"""

import hashlib
import time

import numpy as np

from course_lib import backend
from course_lib.exercises import Exercise, Malformed, Test, choice, draws, randomness

# Parts of course_lib that a network is built and trained with: they are there when graded, too.
NEEDS = ("functions", "init", "cells", "optim", "training")

_RARE = 28  # a right draw gives a count that _likely refuses less than twice in exp(28) times: one in 10¹²
_UNEVEN = 3.8  # Kolmogorov and Smirnov: the distance from evenly spread, times √n, is larger: 2 exp(−2 · 3.8²)


# --- What all three tasks share ------------------------------------------------------------------


def _batch(function, case, rng):
    """The two arrays that a task's function returns.

    Raises:
        Malformed: where it returns something else.
    """
    result = function(case["T"], case["B"], rng)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise Malformed(f"you returned {_kind(result)}; expected x, y")
    for name, array in zip("xy", result, strict=True):
        if not hasattr(array, "dtype") or not hasattr(array, "shape"):
            raise Malformed(f"{name} is {_kind(array)}; expected an array")
    return [backend.asnumpy(array) for array in result]


def _kind(value):
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a value of type {type(value).__name__}"


def _numbers(function, case):
    """The two arrays of a case, whose ``rng`` is made here: data can hold no generator."""
    x, y = _batch(function, case, np.random.default_rng(case["seed"]))
    return {"x": x, "y": y}


def _symbols(function, case):
    """The same, where x and y hold small whole numbers: they are sent in a byte each, with the dtype in words."""
    outputs = {}
    for name, array in _numbers(function, case).items():
        whole = array.dtype.kind in "biuf" and (array == np.clip(np.round(array), -128, 127)).all()
        outputs |= {name: array.astype("int8") if whole else array, f"dtype of {name}": array.dtype.name}
    return outputs


def _sums(function, case, rng):
    """A few sums of x and of y, each number with a weight of its own: two draws that differ have other sums."""
    sums = []
    for name, array in zip("xy", _batch(function, case, rng), strict=True):
        if array.dtype.kind not in "biuf":
            raise Malformed(f"{name} has dtype {array.dtype}; expected numbers")
        weights = np.cos(np.outer([0.7, 1.9, 2.3], np.arange(1, array.size + 1)))
        sums.append(weights @ array.ravel().astype(float))
    return np.concatenate(sums)


def _is_row(array):
    return isinstance(array, np.ndarray) and array.shape == (6,) and array.dtype.kind == "f"


def _drawn_alike(outputs, case):
    """Which draws are the same, and the sizes in place of the form: that is for other tests to say."""
    found = dict(randomness(_is_row)(outputs, case))
    found.pop("shape", None)
    return {"T, B": np.array([case["T"], case["B"]]), **found}


def _random(points):
    """The test that a task is drawn from its generator, and from nothing else."""
    asks = "rng, and nothing else, decides what is drawn"
    return Test("random", points, asks, probe=draws(_sums), view=_drawn_alike)


def _words(subject, fault):
    """A view: the first thing that is not as asked of a random batch; ``fault(outputs, case)`` is "" where all is.

    The sizes stand beside it only so that no two cases have the same right answer.
    """

    def view(outputs, case):
        return {"T, B": np.array([case["T"], case["B"]]), subject: fault(outputs, case) or "as asked"}

    return view


def _likely(counts, n, chance, rare=_RARE):
    """Whether n right draws give such counts of what has this chance, but twice in exp(rare) times (Chernoff)."""
    share = np.asarray(counts) / n
    parts = ((share, chance), (1 - share, 1 - chance))
    return bool((n * sum(p * np.log(np.where(p > 0, p, 1) / q) for p, q in parts) <= rare).all())


def _evenly(numbers, low, high):
    """Whether whole numbers are drawn evenly from ``low, …, high − 1``."""
    return high - low < 2 or _likely(np.bincount(numbers - low, minlength=high - low), len(numbers), 1 / (high - low))


def _pairs_evenly(one, other, ranges):
    """Whether two rows of whole numbers are drawn evenly, and neither by the other."""
    (a, b), (c, d) = ranges
    return _evenly((one - a) * (d - c) + other - c, 0, (b - a) * (d - c))


def _alike(x, axis):
    """Whether neighbours along an axis are mostly the same, as no draw of some hundred ever gives."""
    return (np.diff(x, axis=axis) == 0).mean() > 0.7


def _step(t, anchors):
    """A step in words: ``T//2 − 1`` says more than 9."""
    name, anchor = min(anchors.items(), key=lambda item: abs(t - item[1]))
    if name == "0":
        return str(t)
    return name if t == anchor else f"{name} {'+' if t > anchor else '−'} {abs(t - anchor)}"


def _places(first, second, ranges, anchors):
    """What is not as asked of two places for each sequence; "" where nothing is.

    Args:
        first: steps ``(B,)``.
        second: later ones ``(B,)``.
        ranges: for each of the two the first step that it may stand at, and the one after the last.
        anchors: steps by name, to tell others by.
    """
    if len(first) > 20 and (first == first[0]).all() and (second == second[0]).all():
        return "one pair of places for all sequences"
    found = [(int(place.min()), int(place.max()) + 1) for place in (first, second)]
    if found != [tuple(r) for r in ranges]:
        spans = [f"{_step(low, anchors)} to {_step(high - 1, anchors)}" for low, high in found]
        return f"first from {spans[0]}, second from {spans[1]}"
    for name, place, bounds in (("first", first, ranges[0]), ("second", second, ranges[1])):
        if not _evenly(place, *bounds):
            return f"the {name} place is not drawn evenly"
        if not _pairs_evenly(place[:-1:2], place[1::2], (bounds, bounds)):
            return f"the {name} place follows from that of the sequence before"
    if not _pairs_evenly(first, second, ranges):
        return "one place follows from the other"
    return ""


def _shape_in_words(shape, letters):
    """A shape by the letters of its sizes."""
    words = [next((name for name, size in letters.items() if size == n), str(n)) for n in shape]
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})"


# --- Exercise 1: the adding problem --------------------------------------------------------------


def _read_adding(x, T, B):
    """``values, markers (T, B)``, as far as x can be read, and what is not as asked of its form."""
    if isinstance(x, str) or x.dtype.kind not in "biuf":
        return None, None, "no array of numbers"
    form = "" if x.dtype == np.float64 else f"dtype {x.dtype}"
    if x.shape == (T, B, 2):
        pass
    elif x.shape == (B, T, 2):
        x, form = x.swapaxes(0, 1), "shape (B, T, 2)"
    elif x.shape == (2, T, B):
        x, form = np.moveaxis(x, 0, -1), "shape (2, T, B)"
    elif x.shape == (T, 2, B):
        x, form = x.swapaxes(1, 2), "shape (T, 2, B)"
    else:
        return None, None, f"shape {_shape_in_words(x.shape, {'T': T, 'B': B})}"
    values, markers = np.moveaxis(x.astype(float), -1, 0)
    if not np.isfinite(x).all():
        return None, None, "nan or infinite"
    if np.isin(values, (0, 1)).all() and not np.isin(markers, (0, 1)).all():
        values, markers, form = markers, values, form or "values and markers exchanged"
    if not form and not np.isin(markers, (0, 1)).all():
        form = "markers other than 0 and 1"
    return values, markers == 1, form or _number_of_markers((markers == 1).sum(axis=0))


def _number_of_markers(counts):
    if (counts == 2).all():
        return ""
    if (counts == counts[0]).all() and len(counts) > 20:
        return f"{counts[0]} in each sequence instead of two markers"
    return f"{'more' if (counts > 2).any() else 'fewer'} than two markers in some sequences"


def _adding_form(outputs, case):
    return _read_adding(outputs["x"], case["T"], case["B"])[-1]


def _marked(outputs, case):
    """The values ``(T, B')`` of those sequences that have two markers, and where these stand; None if there are few."""
    values, markers, _ = _read_adding(outputs["x"], case["T"], case["B"])
    if values is None:
        return None
    two = markers.sum(axis=0) == 2
    if two.mean() < 0.1:
        return None
    first = markers[:, two].argmax(axis=0)
    second = case["T"] - 1 - markers[::-1, two].argmax(axis=0)
    return values[:, two], first, second, two


def _adding_target(outputs, case):
    x, y, T, B = outputs["x"], outputs["y"], case["T"], case["B"]
    if isinstance(y, str) or y.dtype.kind not in "biuf":
        return "no array of numbers"
    if y.shape != (B, 1):
        return f"shape {_shape_in_words(y.shape, {'B': B, 'T': T})}"
    if y.dtype != np.float64:
        return f"dtype {y.dtype}"
    if (marked := _marked(outputs, case)) is None:
        return f"not told, for x is not as asked: {_adding_form(outputs, case)}"
    values, first, second, two = marked
    small = 1e-12 if x.dtype == np.float64 else 1e-6  # another dtype of x is for another test to say
    return _made_of(y[two, 0], values, first, second, small)


def _made_of(y, values, first, second, small):
    """What of the values y is, to errors that are small."""
    each, T = np.arange(len(y)), len(values)
    a, b = values[first, each], values[second, each]
    candidates = {
        "": a + b,
        "half of the sum": (a + b) / 2,
        "the product": a * b,
        "the first minus the second": a - b,
        "the second minus the first": b - a,
        "the distance": abs(a - b),
        "the first alone": a,
        "the second alone": b,
        "the larger of the two": np.maximum(a, b),
        "the sum of all values": values.sum(axis=0),
        "the mean of all values": values.mean(axis=0),
        "the sum divided by T": (a + b) / T,
        "the sum of the places": first + second,
        "the sum of values and markers": a + b + 2,
        "all values and markers": values.sum(axis=0) + 2,
        "1 for all": np.ones_like(a),
        "0 for all": np.zeros_like(a),
    }
    for name, candidate in candidates.items():
        if np.abs(y - candidate).max() < small:
            return name
    if np.abs(y - a - b).max() < 1e-6:
        return "the sum, with the digits of float32 only"
    if np.abs(np.sort(y) - np.sort(a + b)).max() < 1e-12:
        return "the sums of other sequences"
    return "something else"


def _adding_places(outputs, case):
    T = case["T"]
    if (marked := _marked(outputs, case)) is None:
        return f"not told, for x is not as asked: {_adding_form(outputs, case)}"
    values, first, second, _ = marked
    ranges, anchors = ((0, T // 2), (T // 2, T)), {"0": 0, "T//2": T // 2, "T": T}
    text = _places(first, second, ranges, anchors) or _values(values, first, second)
    return text


def _values(values, first, second):
    """What is not as asked of numbers that should be drawn evenly from [0, 1)."""
    if values.min() < 0:
        return "values below 0"
    if values.max() >= 1:
        return "values of 1 and more"
    if (values[:, :1] == values).all():
        return "the same values in all sequences"
    if (values[:1] == values).all():
        return "the same value at all steps"
    if len(np.unique(values)) < 0.99 * values.size:
        return "values that come more than once"
    for rows in (values, values.T):
        rises = rows[1::2] > rows[:-1:2]
        if not _likely(rises.sum(), rises.size, 0.5):
            return "values that are sorted"
    each = np.arange(values.shape[1])
    marked = np.concatenate([values[first, each], values[second, each]])
    if _distance_from_even(values.ravel()) > _UNEVEN or _distance_from_even(marked) > _UNEVEN:
        return "values that are not spread evenly"
    return ""


def _distance_from_even(values):
    n = len(values)
    return np.sqrt(n) * np.abs(np.sort(values) - (np.arange(n) + 0.5) / n).max()


# --- Exercise 2: temporal order ------------------------------------------------------------------


def _read_order(outputs, T, B):
    """The symbols ``x (T, B)``, as far as x can be read, and what is not as asked of its form."""
    x = outputs["x"]
    if isinstance(x, str) or x.dtype.kind not in "biuf":
        return None, "no array of numbers"
    form = "" if outputs["dtype of x"].startswith(("int", "uint")) else f"dtype {outputs['dtype of x']}"
    if x.shape == (T, B, 6) and np.isin(x, (0, 1)).all() and (x.sum(axis=-1) == 1).all():
        x, form = x.argmax(axis=-1), "one-hot rows"
    elif x.shape == (B, T):
        x, form = x.T, "shape (B, T)"
    elif x.shape == (T, B, 1):
        x, form = x[..., 0], "shape (T, B, 1)"
    elif x.shape != (T, B):
        return None, f"shape {_shape_in_words(x.shape, {'T': T, 'B': B})}"
    if x.dtype.kind == "f":
        return None, "numbers that are not whole"
    low, high = x.min(), x.max()
    if low < 0 or high > 5:
        return x - 1 if (low, high) == (1, 6) else None, form or f"numbers from {low} to {high}"
    return x, form or _number_of_signs((x >= 4).sum(axis=0))


def _number_of_signs(counts):
    if (counts == 2).all():
        return ""
    if (counts == counts[0]).all() and len(counts) > 20:
        return f"{counts[0]} in each sequence instead of two that are X or Y"
    return f"{'more' if (counts > 2).any() else 'fewer'} than two that are X or Y in some sequences"


def _order_form(outputs, case):
    return _read_order(outputs, case["T"], case["B"])[-1]


def _signs(outputs, case):
    """Of those sequences that have two X or Y: all symbols, the two places, and the two (1 is Y); None if few have."""
    x, _ = _read_order(outputs, case["T"], case["B"])
    if x is None:
        return None
    signs = x >= 4
    two = signs.sum(axis=0) == 2
    if two.sum() < 10:
        return None
    x, signs = x[:, two], signs[:, two]
    places = np.stack([signs.argmax(axis=0), len(x) - 1 - signs[::-1].argmax(axis=0)])
    return x, places, x[places, np.arange(x.shape[1])] - 4, two


def _order_classes(outputs, case):
    y, T, B = outputs["y"], case["T"], case["B"]
    if isinstance(y, str) or y.dtype.kind not in "biuf":
        return "no array of numbers"
    if y.shape == (B, 4) and np.isin(y, (0, 1)).all() and (y.sum(axis=-1) == 1).all():
        return "one-hot rows"
    if y.shape != (B,):
        return f"shape {_shape_in_words(y.shape, {'B': B, 'T': T})}"
    if not outputs["dtype of y"].startswith(("int", "uint")):
        return f"dtype {outputs['dtype of y']}"
    if (read := _signs(outputs, case)) is None:
        return f"not told, for x is not as asked: {_order_form(outputs, case)}"
    *_, (first, second), two = read
    if (y[two] == 2 * first + second).all():
        return ""
    values = [np.unique(y[two][2 * first + second == c]) for c in range(4)]
    if any(len(v) > 1 for v in values):
        return "not made of the two symbols"
    table = zip(("XX", "XY", "YX", "YY"), values, strict=True)
    return ", ".join(f"{name}: {v[0]}" for name, v in table if len(v))


def _order_places(outputs, case):
    T = case["T"]
    if (read := _signs(outputs, case)) is None:
        return f"not told, for x is not as asked: {_order_form(outputs, case)}"
    x, places, (first, second), _ = read
    ranges = ((T // 10, 2 * T // 10), (T // 2, 6 * T // 10))
    anchors = {"T//10": T // 10, "2T//10": 2 * T // 10, "T//2": T // 2, "6T//10": 6 * T // 10, "0": 0, "T": T}
    text = _places(*places, ranges, anchors) or _chances(first, second) or _others(x)
    return text


def _chances(first, second):
    """What is not as asked of X and Y, each as likely, and neither by the other."""
    for name, sign in (("first", first), ("second", second)):
        if (sign == sign[0]).all():
            return f"the {name} is always {'XY'[sign[0]]}"
    if (first == second).all():
        return "both are the same"
    if (first != second).all():
        return "both are never the same"
    if not _evenly(first, 0, 2) or not _evenly(second, 0, 2):
        return "X and Y are not as likely"
    if not _evenly(2 * first + second, 0, 4):
        return "the second follows from the first"
    return ""


def _others(x):
    """What is not as asked of the symbols that mean nothing."""
    numbers = x[x < 4]
    if (numbers == numbers[0]).all():
        return "one and the same symbol everywhere else"
    if _alike(np.where(x < 4, x, -1 - np.arange(x.shape[1])), 1):
        return "the same symbols in all sequences"
    if _alike(np.where(x < 4, x, -1 - np.arange(len(x))[:, None]), 0):
        return "the same symbol at all steps"
    if missing := sorted(set(range(4)) - set(numbers.tolist())):
        return f"{missing[0]} never comes" if len(missing) == 1 else f"{len(missing)} of 0 to 3 never come"
    return "" if _evenly(numbers, 0, 4) else "0 to 3 are not as likely"


# --- Exercise 3: copy memory ---------------------------------------------------------------------


def _copy(outputs, case):
    T, B = case["T"], case["B"]
    for name in "xy":
        array = outputs[name]
        if isinstance(array, str) or array.dtype.kind not in "biuf":
            return f"{name}: no array of numbers"
        if array.shape != (T + 20, B):
            letters = {"T + 20": T + 20, "B": B, "T + 19": T + 19, "T + 21": T + 21, "T": T}
            return f"{name}: shape {_shape_in_words(array.shape, letters)}"
        if not outputs[f"dtype of {name}"].startswith(("int", "uint")):
            return f"{name}: dtype {outputs[f'dtype of {name}']}"
    x, y = outputs["x"], outputs["y"]
    return _copy_inputs(x, B) or _copy_targets(x, y)


def _copy_inputs(x, B):
    """What is not as asked of the inputs."""
    rest = _runs(x[10:])
    if rest != _runs(np.array([[8]] * (len(x) - 21) + [[9]] + [[8]] * 10)):
        return f"x after ten steps: {rest}"
    symbols = x[:10]
    if symbols.min() < 0 or symbols.max() > 7:
        return "x: other symbols than 0 to 7 in the first ten steps"
    if B < 200:
        return ""
    if _alike(symbols, 1):
        return "x: the same symbols in all sequences"
    if _alike(symbols, 0):
        return "x: the same symbol at all ten steps"
    if missing := sorted(set(range(8)) - set(symbols.ravel().tolist())):
        return f"x: {missing[0]} never comes" if len(missing) == 1 else f"x: {len(missing)} of 0 to 7 never come"
    if not all(_evenly(row, 0, 8) for row in symbols):
        return "x: 0 to 7 are not as likely"
    if not (symbols[:-1] == symbols[1:]).any():
        return "x: no symbol comes twice"
    return ""


def _copy_targets(x, y):
    """What is not as asked of the targets, where the inputs are."""
    symbols, wanted = x[:10], np.concatenate([np.full_like(x[:-10], 8), x[:10]])
    known = {
        "": wanted,
        "in the first ten steps": np.concatenate([symbols, wanted[:-10]]),
        "one step early": np.concatenate([wanted[1:], wanted[:1]]),
        "one step late": np.concatenate([wanted[:1], wanted[:-1]]),
        "backwards": np.concatenate([wanted[:-10], symbols[::-1]]),
        "of other sequences": np.concatenate([wanted[:-10], np.roll(symbols, 1, axis=1)]),
        "and before them x itself": np.concatenate([x[:-10], symbols]),
        "and before them 0": np.concatenate([0 * x[:-10], symbols]),
        "and before them 9": np.concatenate([0 * x[:-10] + 9, symbols]),
        "and 9 at the go": np.where(x == 9, 9, wanted),
    }
    for name, candidate in known.items():
        if np.array_equal(y, candidate):
            return name and f"y: the symbols {name}"
    if np.array_equal(y, x):
        return "y: x itself"
    if (y == 8).all():
        return "y: blanks only"
    return f"y: {_runs(y[:-10])}, then {'the symbols' if np.array_equal(y[-10:], symbols) else 'something else'}"


def _runs(rows):
    """What stands in rows that should be the same for all sequences: ``4 of 8, 1 of 9``."""
    if not len(rows):
        return "nothing"
    same = (rows == rows[:, :1]).all(axis=1)
    words = [str(row[0]) if one else "several" for row, one in zip(rows, same, strict=True)]
    ends = [i for i in range(1, len(words)) if words[i] != words[i - 1]]
    starts = [0, *ends]
    return ", ".join(f"{b - a} of {words[a]}" for a, b in zip(starts, [*ends, len(words)], strict=True))


# --- Exercise 4: a network that remembers --------------------------------------------------------

_MOST_UNITS = 64
_MOST_SECONDS = 10  # of computing with a network; honest ones take less than one
_OPTIONS = {
    "RNN": {"activation": ("tanh", "relu")},
    "LSTM": {
        "candidate": ("tanh", "sigmoid"),
        "coupled": (False, True),
        "peephole": (None, "full", "diagonal"),
        "output": ("tanh", "identity"),
    },
    "GRU": {"reset": ("before", "after")},
}
_LEARNED = "less than 2 % wrong"
_NO_NETWORK = "no network that can be read"


def _network(function, case):
    """The network that the function trains, as arrays: nothing else of it counts.

    Raises:
        Malformed: where it returns something else.
    """
    x, y = (case[name].astype("int64") for name in "xy")
    cell, output = _two_layers(function(x, y))
    kind = next(name for name in _OPTIONS if _is_a(cell, name))
    layers = {"cell": cell, "output": output}
    outputs = {"cell": kind} | {option: str(getattr(cell, option, "")) for option in _OPTIONS[kind]}
    for layer, made in layers.items():
        if not isinstance(made.params, dict) or made.params.keys() != made.shapes.keys():
            raise Malformed(f"{layer}.params has not the parameters of {_a(made)}: {', '.join(made.shapes)}")
        for name, array in made.params.items():
            if getattr(array, "shape", None) != made.shapes[name]:
                raise Malformed(
                    f"{layer}.params[{name!r}] has shape {getattr(array, 'shape', None)}, expected {made.shapes[name]}"
                )
            if array.dtype != cell.dtype:
                raise Malformed(f"{layer}.params[{name!r}] is {array.dtype}, but the cell computes in {cell.dtype}")
            outputs[f"{layer}.{name}"] = array
    return outputs


def _two_layers(result):
    """A cell and an output layer that fit the task and each other."""
    if isinstance(result, dict):
        raise Malformed("you returned a dictionary; expected cell, output: the two layers themselves")
    if not isinstance(result, tuple | list) or len(result) != 2:
        more = " and nothing else" if isinstance(result, tuple | list) else ""
        raise Malformed(f"you returned {_kind(result)}; expected cell, output{more}")
    cell, output = result
    for made in result:
        if isinstance(made, type):
            raise Malformed(f"you returned the class {made.__name__} itself; expected a layer that it makes, trained")
    if _is_a(cell, "Output") and not _is_a(output, "Output"):
        raise Malformed("the two are in the wrong order; expected cell, output")
    if not any(_is_a(cell, name) for name in _OPTIONS):
        raise Malformed(f"the cell is {_a(cell)}; expected an RNN, LSTM or GRU of course_lib.cells")
    if not _is_a(output, "Output"):
        raise Malformed(f"the second is {_a(output)}; expected an Output of course_lib.cells")
    if cell.input_size != 6:
        raise Malformed(f"the cell's input_size is {cell.input_size}; expected 6, one for each symbol")
    if cell.hidden_size > _MOST_UNITS:
        raise Malformed(f"the cell's hidden_size is {cell.hidden_size}; at most {_MOST_UNITS} units are asked for")
    if output.output_size != 4:
        raise Malformed(f"the output layer's output_size is {output.output_size}; expected 4, one for each class")
    if output.hidden_size != cell.hidden_size:
        raise Malformed(f"the output layer's hidden_size is {output.hidden_size}, but the cell's is {cell.hidden_size}")
    return cell, output


def _is_a(made, name):
    """Whether it is of a class of that name: a notebook that loads course_lib anew has two of each class."""
    return any(one.__name__ == name for one in type(made).__mro__)


def _a(made):
    name = type(made).__name__
    return "None" if made is None else f"{'an' if name in ('RNN', 'LSTM') or name[:1] in 'AEIO' else 'a'} {name}"


def _on_new_sequences(outputs, case):
    """What a trained network does with sequences that it has never seen."""
    try:
        cell, output = _rebuilt(outputs)
    except (KeyError, TypeError, ValueError):
        return {"new sequences": _NO_NETWORK}
    arrays = [p for layer in (cell, output) for p in layer.params.values()]
    # The seed is made of all the numbers of the finished network, so that what it will be asked depends on it: neither
    # a student nor their code can know the new sequences while there is still something to be learnt.
    digest = hashlib.sha256(b"".join(p.astype("<f8").tobytes() for p in arrays)).digest()
    x, y = _new_sequences(case, int.from_bytes(digest))
    try:
        given = _answers(cell, output, x)
        if (given != y).mean() < 0.02:
            return {"new sequences": _LEARNED}
        wrong_before = _answers(cell, output, case["x"]) != case["y"]
    except ValueError:
        return {"new sequences": "nan or infinite numbers"}
    return {"new sequences": _told(given, y, wrong_before)}


def _rebuilt(outputs):
    """The network made of what was sent, of which nothing is trusted.

    Raises:
        KeyError, TypeError, ValueError: if that is no network of the sizes asked for, before anything large is made.
    """
    from course_lib import cells

    kind = outputs["cell"]
    options = {
        name: {str(value): value for value in choices}[outputs[name]] for name, choices in _OPTIONS[kind].items()
    }
    V = outputs["output.V"]
    if isinstance(V, str) or V.ndim != 2 or V.shape[0] != 4 or not 1 <= V.shape[1] <= _MOST_UNITS:
        raise ValueError("not 4 outputs of at most 64 units")
    H, dtype = V.shape[1], V.dtype.name
    if dtype not in ("float32", "float64"):
        raise ValueError("not the dtype of a layer")
    rng = backend.Rng(0)
    with backend.use_backend("numpy"):
        made = {
            "cell": getattr(cells, kind)(6, H, rng, dtype, **options),
            "output": cells.Output(H, 4, rng, dtype),
        }
    for layer, one in made.items():
        for name, shape in one.shapes.items():
            array = outputs[f"{layer}.{name}"]
            if isinstance(array, str) or array.shape != shape or array.dtype.name != dtype:
                raise ValueError("not a parameter of this layer")
            one.params[name] = array
    return made["cell"], made["output"]


def _new_sequences(case, seed, B=2000):
    """Sequences of the case's length and of its symbols, from a seed."""
    from course_lib import tasks

    with backend.use_backend("numpy"):
        x, y = tasks.temporal_order(len(case["x"]), B, backend.Rng(seed))
    return case["_symbols"][x], y


def _answers(cell, output, x):
    """The classes ``(B,)`` after the last step; a part at a time, as the cache of all takes much memory.

    Raises:
        ValueError: if a state or an output is nan or infinite, or if it takes too long.
    """
    from course_lib.cells import kernels

    found, begin = [], time.thread_time()
    with kernels.use("plain"):  # the same digits wherever it is judged
        for start in range(0, x.shape[1], 250):
            if time.thread_time() - begin > _MOST_SECONDS:  # numbers below 1e-38 take a processor fifty times as long
                raise ValueError("a network that is made to take long")
            hs, _, _ = cell.forward(x[:, start : start + 250])
            o, _ = output.forward(hs[-1:])
            if not np.isfinite(o).all():
                raise ValueError("no largest output")
            found.append(o[0].argmax(axis=-1))
    return np.concatenate(found)


def _told(given, y, wrong_before):
    """What a network knows that has not learned it: by its answers, and by which of its own sequences it got wrong."""
    wrong = (given != y).mean()
    if _by_heart(wrong_before, wrong):
        return "learnt by heart: right on its own, not on new ones"
    table = np.array([np.bincount(y[given == c], minlength=4) for c in range(4)])
    if sorted(table.argmax(axis=1)) == [0, 1, 2, 3] and table.max(axis=1).sum() > 0.9 * len(y) and wrong > 0.4:
        return "right, but for the numbers of the classes"
    first, second = (given // 2 == y // 2).mean(), (given % 2 == y % 2).mean()
    how_many = np.array([0, 1, 1, 2])
    if wrong < 0.2:
        return "2 to 20 % wrong"
    if second > 0.85 and first < 0.65:
        return "knows the second of the two symbols only"
    if first > 0.85 and second < 0.65:
        return "knows the first of the two symbols only"
    if (how_many[given] == how_many[y]).mean() > 0.9:
        return "knows which symbols came, not in which order"
    return "20 to 70 % wrong" if wrong < 0.7 else "about 75 % wrong, as by guessing"


def _by_heart(wrong_before, wrong):
    """Whether it knows its own sequences, or as many as are in a first batch, better than chance explains."""
    for n in (20, 50, 100, 200, 500, 1000, 2000):
        share = wrong_before[:n].mean()
        if share < wrong / 2 and not _likely(wrong_before[:n].sum(), n, wrong, rare=13):
            return True
    return False


def _trained(name, points, asks):
    right = {"new sequences": _LEARNED}
    return Test(name, points, asks, probe=_network, view=_on_new_sequences, right=right)


EXERCISES = (
    Exercise(
        id="adding_problem",
        title="The adding problem",
        names=("adding_problem",),
        section="The adding problem",
        on_host=True,
        tests=(
            Test(
                "form",
                0.5,
                "the form of x: shape, dtype, values and two markers in each sequence",
                probe=_numbers,
                view=_words("x", _adding_form),
            ),
            Test(
                "target",
                0.5,
                "y: the sum of the two marked values of the x that is returned with it",
                probe=_numbers,
                view=_words("y", _adding_target),
            ),
            Test(
                "places",
                0.5,
                "the places of the markers and the values, in batches of some thousand sequences, for even and odd T",
                probe=_numbers,
                view=_words("places and values", _adding_places),
            ),
            _random(0.5),
        ),
        hints=(
            "Begin with x = np.zeros((T, B, 2)) and fill in the values. Then draw two whole numbers for each of the B "
            "sequences: where is the first marker, where the second?",
            "rng.integers(low, high, B) draws B whole numbers from low to high − 1. With the steps first (B,) and the "
            "numbers of the sequences, rows = np.arange(B), the index [first, rows] picks one step of each sequence.",
            "x[first, rows, 1] = 1 sets the first markers of all sequences at once, and x[first, rows, 0] are the "
            "values that stand there. y is the sum of two such rows; y[:, None] has the shape (B, 1).",
        ),
    ),
    Exercise(
        id="temporal_order",
        title="Temporal order",
        names=("temporal_order",),
        section="Temporal order",
        on_host=True,
        tests=(
            Test(
                "form",
                0.5,
                "the form of x: shape, whole numbers from 0 to 5, two that are X or Y in each sequence",
                probe=_symbols,
                view=_words("x", _order_form),
            ),
            Test(
                "classes",
                0.75,
                "y: the class that belongs to the two in the x that is returned with it",
                probe=_symbols,
                view=_words("y", _order_classes),
            ),
            Test(
                "places",
                0.5,
                "places and chances, in batches of some hundred sequences, for several T",
                probe=_symbols,
                view=_words("places and chances", _order_places),
            ),
            _random(0.25),
        ),
        hints=(
            "Begin with a batch of nothing but the symbols 0 to 3. Then overwrite two steps of each sequence. Which "
            "four things are drawn for each sequence beside the symbols that mean nothing?",
            "rng.integers(low, high, B) leaves out high. first = rng.integers(0, 2, B) says whether Y comes first: "
            "4 + first is then the symbol. Draw second in the same way, and the two steps t1 and t2.",
            "With rows = np.arange(B) the line x[t1, rows] = 4 + first writes one symbol into each sequence. The class "
            "of X … Y, where first is 0 and second 1, is 1; that of Y … X is 2.",
        ),
    ),
    Exercise(
        id="copy_memory",
        title="Copy memory",
        names=("copy_memory", "copy_baseline"),
        section="Copy memory",
        on_host=True,
        tests=(
            Test(
                "x and y", 0.5, "inputs and targets, for several T and B", probe=_symbols, view=_words("x and y", _copy)
            ),
            _random(0.25),
            Test("baseline", 0.25, "copy_baseline, for several T", function="copy_baseline"),
        ),
        hints=(
            "Write down x and y for T = 3 on paper, one line each: 23 numbers. At which step stands the go?",
            "Both begin as blanks: np.full((T + 20, B), 8). Ten steps for the symbols, T − 1 blanks, and then the go: "
            "count from 0. The last ten steps of an array are y[-10:].",
            "copy_baseline: the loss of a step that is known is 0, that of a guess among eight is ln 8. In how many of "
            "the T + 20 steps is guessed? A mean divides by all steps.",
        ),
    ),
    Exercise(
        id="train_model",
        title="A network that remembers",
        names=("train_model",),
        section="A network of your own",
        tests=(
            _trained("T = 20", 1.0, "a network trained with T = 20: less than 2 % of 2000 new sequences are wrong"),
            _trained("T = 100", 2.0, "a network trained with T = 100: less than 2 % of 2000 new sequences are wrong"),
        ),
        hints=(
            "See “What is solved at which length”: which cells solve temporal order at T = 100, and what do their "
            "first values have that the others have not? Begin with T = 20, where nearly every cell learns: your "
            "temporal_order makes data to try it on. Print the loss now and then.",
            "An iteration: choose 50 of the 2000 sequences at random; forward; the output after the last step only, "
            "output.forward(hs[-1:]); its loss; backward through output and cell, where the gradient of every other "
            "step is 0; clip; rule.step. “Training one network” has such a loop.",
            "At T = 100 a gate has to keep for about 100 steps from the start: init.chrono(H, T, rng) draws such "
            "biases, and its docstring shows where they go in an LSTM and in a GRU. With optim.Adam, a rate of 0.01 "
            "and 32 units a few hundred iterations are enough. Stop when 500 sequences, not only 50, are right.",
        ),
    ),
    Exercise(
        id="answers07",
        title="What follows",
        names=("answers07",),
        section="Conclusions",
        tests=tuple(choice(question, 0.4) for question in ("chance", "half", "length", "copy", "gradient")),
        hints=(
            "A number decides each of them. chance: what is the variance of the sum of two numbers from [0, 1)? half: "
            "0.69 is a logarithm, of what? length and gradient: what gets to the early steps? copy: compute the "
            "baseline.",
            "half: in each of the four answers, how many of the four classes are left to guess between? length: "
            "with a forget gate of f a memory lasts about 1/(1 − f) steps; f = σ(b). copy: 10 ln 8 / (T + 20).",
            "“The adding problem” and “What others measured” have chance and copy, “Temporal order” has half, “What is "
            "solved at which length” and “Gradients before and after” the other two.",
        ),
    ),
)
