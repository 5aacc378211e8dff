"""Points of the notebooks on gates without their formulas: what attacks on all eleven exercises are left with."""

import json
import textwrap

import numpy as np
import pytest
from attacking import graded
from classes import answer_cell, course, points, stubs, with_cell

from course_lib import exercises, practice
from course_lib.grading.course import seeded
from course_lib.grading.trials import verdicts

LSTM, GRU = "04_lstm", "05_gru"

# The slope of loss() by each entry of each array, in the middle of two values.
DIFFERENCES = """
def slopes(values, loss):
    grads = {}
    for name, value in values.items():
        grad = np.zeros_like(value)
        for n in np.ndindex(value.shape):
            kept = value[n]
            value[n] = kept + 1e-5
            above = loss()
            value[n] = kept - 1e-5
            grad[n] = (above - loss()) / 2e-5
            value[n] = kept
        grads["dx" if name == "x_t" else "d" + name] = grad
    return grads

def floats(arrays, *names):
    return {name: arrays[name].astype(float) for name in names}

def unsquashed(gates):
    return np.concatenate([np.log(gates[:-1]) - np.log1p(-gates[:-1]), np.arctanh(gates[-1:])])
"""

STEP = """
def sums(x_t, h_prev, params):
    U, W, b = (params[name] for name in "UWb")
    return x_t @ U.transpose(0, 2, 1) + h_prev @ W.transpose(0, 2, 1) + b[:, None]
def step(x_t, h_prev, c_prev, params):
    a = sums(x_t, h_prev, params)
    i, f, o = sigmoid(a[:3])
    g = np.tanh(a[3])
    c = f * c_prev + i * g
    return o * np.tanh(c), c, np.stack([i, f, o, g])
"""

# what is done, by exercise: the code and the most it may earn
ATTACKS = {
    "half of an LSTM": (
        LSTM,
        {
            "lstm_step": (
                """
                def lstm_step(x_t, h_prev, c_prev, params):  # switches
                    a = sums(x_t, h_prev, params)
                    i, f, o, g = (a[0] > 0) * 1.0, (a[1] > 0) * 1.0, (a[2] > 0) * 1.0, np.sign(a[3])
                    c = f * c_prev + i * g
                    return o * np.tanh(c), c, np.stack([i, f, o, g])
                """,
                0.25,
            ),
            "lstm_forward": (
                """
                def lstm_forward(x, h0, c0, params):  # no recurrence
                    steps = [step(x_t, h0, c0, params) for x_t in x]
                    return tuple(np.stack(part) for part in zip(*steps))
                """,
                0.25,
            ),
            "lstm_step_backward": (
                """
                def lstm_step_backward(dh, dc, cache):
                    values = floats(cache, "x_t", "h_prev", "c_prev", "U", "W") | {"b": np.zeros((4, dh.shape[1]))}
                    rest = unsquashed(cache["gates"].astype(float)) - sums(values["x_t"], values["h_prev"], values)
                    def loss():
                        a = rest + sums(values["x_t"], values["h_prev"], values)
                        i, f, o = sigmoid(a[:3])
                        c = f * values["c_prev"] + i * np.tanh(a[3])
                        return (o * np.tanh(c) * dh + c * dc).sum()
                    return {name: grad.astype(dh.dtype) for name, grad in slopes(values, loss).items()}
                """,
                0.25,  # in float32 differences are as good
            ),
            "cell_jacobian_parts": (
                """
                def cell_jacobian_parts(cache):  # with the direct path as it is
                    i, f, _, g = cache["gates"].astype(float)
                    values, W = floats(cache, "c_prev"), cache["W"].astype(float)
                    before, o = cache["c_prev"].astype(float), cache["o_prev"].astype(float)
                    direct = f[:, :, None] * np.eye(f.shape[1])
                    def moved(s, d):
                        return s * np.exp(d) / (1 - s + s * np.exp(d))
                    def loss(at):
                        by = [(o * (np.tanh(values["c_prev"]) - np.tanh(before))) @ W[k].T for k in range(4)]
                        new = (g + np.tanh(by[3])) / (1 + g * np.tanh(by[3]))
                        return (moved(f, by[1]) * before + moved(i, by[0]) * new)[at]
                    rows = [slopes(values, lambda at=at: loss(at))["dc_prev"] for at in np.ndindex(f.shape)]
                    through = np.stack([row[n // f.shape[1]] for n, row in enumerate(rows)])
                    dtype = cache["W"].dtype
                    return direct.astype(dtype), through.reshape(direct.shape).astype(dtype)
                """,
                0.75,  # the direct path, and float32
            ),
            "gate_bias": (
                """
                def gate_bias(kind, H, t_max, rng):
                    return rng.random((4, H))
                """,
                0.5,  # "random"
            ),
            "lstm_variant": (
                """
                def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
                    return step(x_t, h_prev, c_prev, params)
                """,
                0.25,
            ),
        },
    ),
    "half of a GRU": (
        GRU,
        {
            "gru_step": (
                """
                def gru_step(x_t, h_prev, params, reset="before"):  # straight lines
                    U, W, b = (params[name] for name in "UWb")
                    z, r = (np.clip(0.5 + 0.25 * (x_t @ U[k].T + h_prev @ W[k].T + b[k]), 0, 1) for k in (0, 1))
                    g = np.tanh(x_t @ U[2].T + (r * h_prev) @ W[2].T + b[2])
                    return (1 - z) * h_prev + z * g, np.stack([z, r, g])
                """,
                0.0,
            ),
            "gru_step_backward": (
                """
                def gru_step_backward(dh, cache):
                    values = floats(cache, "x_t", "h_prev", "U", "W") | {"b": np.zeros((3, dh.shape[1]))}
                    gates = cache["gates"].astype(float)
                    def sums(k, m):
                        return values["x_t"] @ values["U"][k].T + m @ values["W"][k].T + values["b"][k]
                    h = values["h_prev"]
                    rest = unsquashed(gates) - np.stack([sums(0, h), sums(1, h), sums(2, gates[1] * h)])
                    def loss():
                        z, r = sigmoid(rest[0] + sums(0, h)), sigmoid(rest[1] + sums(1, h))
                        return (((1 - z) * h + z * np.tanh(rest[2] + sums(2, r * h))) * dh).sum()
                    return {name: grad.astype(dh.dtype) for name, grad in slopes(values, loss).items()}
                """,
                0.5,  # in float32 differences are as good
            ),
            "swap_convention": (
                """
                def swap_convention(params):
                    for name in "UWb":
                        params[name][0] *= -1
                    return params
                """,
                0.8,  # the right numbers, in the caller's arrays
            ),
            "lstm_as_gru": (
                """
                def lstm_as_gru(x, c0, params, without=None):  # a GRU, whatever is left out
                    U, W, b = (params[name] for name in "UWb")
                    c, cs, hs = c0, [], []
                    for x_t in x:
                        z, r = (sigmoid(x_t @ U[k].T + c @ W[k].T + b[k]) for k in (0, 1))
                        hs.append(r * c)
                        c = (1 - z) * c + z * np.tanh(x_t @ U[2].T + hs[-1] @ W[2].T + b[2])
                        cs.append(c)
                    return np.stack(cs), np.stack(hs)
                """,
                1.0,
            ),
            "answers05": (
                """
                class Any(str):
                    def __eq__(self, other):
                        return True
                    __hash__ = str.__hash__

                class Turns:
                    told = 0
                    def __str__(self):
                        Turns.told += 1
                        return "abcd"[Turns.told % 4]

                answers05 = {"take": lambda: "c", "keep": Any(), "parameters": dict, "equivalence": Turns()}
                """,
                0.25,  # one letter is guessed
            ),
        },
    ),
    "the library's LSTM": (
        LSTM,
        {
            "lstm_step": (
                """
                def lstm_step(x_t, h_prev, c_prev, params):
                    from course_lib.cells import LSTM
                    cell = LSTM(x_t.shape[1], h_prev.shape[1], None)
                    cell.params = params
                    _, (h, c), cache = cell.forward(x_t[None], (h_prev, c_prev))
                    return h, c, cache.gates[0]
                """,
                0.0,
            ),
            "lstm_forward": (
                """
                def lstm_forward(x, h0, c0, params):
                    import torch
                    return torch.nn.LSTM(x.shape[2], h0.shape[1])(torch.tensor(x), (h0[None], c0[None]))
                """,
                0.0,
            ),
            "lstm_step_backward": (
                """
                def lstm_step_backward(dh, dc, cache):
                    import course_lib.cells.lstm as lstm
                    return lstm.LSTM(1, 1, None).backward(dh[None], cache, (dh, dc))
                """,
                0.0,
            ),
            "cell_jacobian_parts": (
                """
                def cell_jacobian_parts(cache):
                    from course_lib.gradcheck import numerical_gradient
                    return numerical_gradient(np.sum, cache["c_prev"])
                """,
                0.0,
            ),
            "gate_bias": (
                """
                def gate_bias(kind, H, t_max, rng):
                    from course_lib import init
                    b = np.zeros((4, H))
                    b[1], b[0] = init.chrono(H, t_max, rng, "float64")
                    return b
                """,
                0.0,
            ),
            "lstm_variant": (
                """
                import sys
                def lstm_variant(x_t, h_prev, c_prev, params, peephole=None, coupled=False):
                    frame = sys._getframe()
                    while frame:
                        for name in ("expected", "sheet", "sheets", "right"):
                            if name in frame.f_locals:
                                return frame.f_locals[name]
                        frame = frame.f_back
                """,
                0.0,
            ),
        },
    ),
    "the library's GRU, and arrays that lie": (
        GRU,
        {
            "gru_step": (
                """
                def gru_step(x_t, h_prev, params, reset="before"):
                    from course_lib.cells import GRU
                    cell = GRU(x_t.shape[1], h_prev.shape[1], None, reset=reset)
                    cell.params = params
                    h = cell.forward(x_t[None], h_prev)[1]
                    return h, np.stack([h, h, h])
                """,
                0.0,
            ),
            "gru_step_backward": (
                """
                class Whatever(dict):
                    def keys(self):
                        return {"dx", "dh_prev", "dU", "dW", "db"}
                    def __missing__(self, name):
                        return np.float64("nan")
                def gru_step_backward(dh, cache):
                    return Whatever()
                """,
                0.0,
            ),
            "swap_convention": (
                """
                class Equal(np.ndarray):
                    def __eq__(self, other):
                        return np.ones(self.shape, bool)
                    def __array_ufunc__(self, *args, **kwargs):
                        return np.zeros(self.shape)
                def swap_convention(params):
                    return {name: value.copy().view(Equal) for name, value in params.items()}
                """,
                0.0,
            ),
            "lstm_as_gru": (
                """
                def lstm_as_gru(x, c0, params, without=None):
                    return np.broadcast_to(np.nan, (len(x), *c0.shape)), np.empty((len(x), *c0.shape), complex)
                """,
                0.0,
            ),
            "answers05": (
                """
                class Every(dict):
                    def __missing__(self, name):
                        return f"one of the letters of {name}"
                answers05 = Every()
                """,
                0.0,
            ),
        },
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_half_right_or_borrowed_earns_what_is_right_of_it(attack, bubblewrap):
    notebook, answers = ATTACKS[attack]
    nb = with_cell(stubs(notebook), DIFFERENCES + STEP)
    for exercise, (code, _) in answers.items():
        answer_cell(nb, exercise).source = textwrap.dedent(code).strip()
    result = graded(nb, notebook=notebook)
    assert result["status"] == "ok"
    told = [(t["exercise"], t["test"], t["points"], t["message"]) for t in result["tests"]]
    assert set(answers) == {exercise.id for exercise in exercises.of_notebook(notebook)}
    assert points(result) == pytest.approx({exercise: most for exercise, (_, most) in answers.items()}), told


@pytest.mark.parametrize("notebook", [LSTM, GRU])
def test_visible_answers_learnt_by_heart_earn_nothing(notebook, bubblewrap):
    """For each case the right answer of a visible one of the same shapes."""
    book = {}
    for (exercise, test), sheet in practice.load(notebook).sheets.items():
        for case, expected in zip(sheet.cases, sheet.expected, strict=True):
            if not isinstance(expected, dict):
                outputs = {k: v if isinstance(v, str) else v.tolist() for k, v in expected.outputs.items()}
                book.setdefault(f"{exercise}/{test}", []).append([_shapes(case), outputs])
    source = f"""
import json
import numpy as np
from course_lib.exercises import answer, exam
book = json.loads({json.dumps(book)!r})
def _shapes(value):
    if isinstance(value, dict):
        return [[k, _shapes(v)] for k, v in value.items()]
    return [list(value.shape), str(value.dtype)] if isinstance(value, np.ndarray) else 0
def attempt(exercise, test, namespace, case):
    known = book.get(exercise.id + "/" + test.name, [])
    for shapes, outputs in known:
        if shapes == json.loads(json.dumps(_shapes(case))):
            kept = {{k: v if isinstance(v, str) else np.array(v) for k, v in outputs.items()}}
            return answer.Answer(kept)
    return answer.Answer({{"result": np.zeros(3)}})
exam.attempt = attempt
"""
    result = graded(with_cell(stubs(notebook), source), notebook=notebook)
    assert result["status"] == "ok"
    assert result["score"] == 0.0, [test for test in result["tests"] if test["points"]]


def _shapes(value):
    if isinstance(value, dict):
        return [[k, _shapes(v)] for k, v in value.items()]
    return [list(value.shape), str(value.dtype)] if isinstance(value, np.ndarray) else 0


# How b_f is made (m = t_max − 1), and the most it may earn of 2 points.
BIASES = {
    "all the same": ("np.log(m) * np.ones(H)", 0.5),
    "one draw for all": ("np.log(rng.uniform(1, m)) * np.ones(H)", 1.0),
    "two points": ("np.log(rng.choice([1, m], H))", 1.0),
    "two points, shaken": ("np.log(np.clip(rng.choice([1, m], H) + 1e-9 * rng.standard_normal(H), 1, m))", 1.0),
    "whole numbers": ("np.log(rng.integers(1, m + 1, H))", 1.0),
    "log-uniform": ("rng.uniform(0, np.log(m), H)", 1.0),
    "bunched at 1": ("np.log(1 + (m - 1) * rng.random(H) ** 1.5)", 1.0),
    "bunched at the end": ("np.log(1 + (m - 1) * rng.random(H) ** 0.65)", 1.0),
    "normal, cut off": (
        "np.log(np.clip(rng.normal(m / 2, m / 6, H), 1 + rng.random(H) / 9, m - rng.random(H) / 9))",
        1.0,
    ),
    "ten draws again and again": ("np.log(np.resize(rng.uniform(1, m, 10), H))", 1.0),
    "too short": ("np.log(rng.uniform(1, 0.9 * m, H))", 1.0),
    "from 2": ("np.log(rng.uniform(2, m, H))", 1.0),
    "kept from the first call": ("kept.setdefault((H, t_max), np.log(rng.uniform(1, m, H)))", 1.5),
    "a global generator": ("np.log(np.random.uniform(1, m, H))", 1.5),
    "seeded by H": ("np.log(np.random.default_rng(H).uniform(1, m, H))", 1.5),
    "seeded by what rng was seeded by": (
        "np.log(np.random.default_rng(rng.bit_generator.seed_seq).uniform(1, m, H))",
        1.5,
    ),
    "counted": ("np.log(np.random.RandomState(kept.setdefault(len(kept), 0) + len(kept)).uniform(1, m, H))", 1.5),
    "spread, not drawn": ("np.log(np.linspace(1, m, H))", 1.5),
}


@pytest.fixture(scope="module")
def sheets():
    """The cases of one student."""
    return course(LSTM).sheets(seeded(LSTM, "attacks"))


def _earned(code, sheets):
    namespace = course(LSTM).namespace(textwrap.dedent(code))
    return sum(verdict.points for verdict in verdicts(course(LSTM), namespace, sheets, "gate_bias"))


@pytest.mark.parametrize("way", BIASES)
def test_biases_that_are_not_as_asked_or_not_drawn_from_rng(way, sheets):
    made, most = BIASES[way]
    code = f"""
        kept = {{}}

        def gate_bias(kind, H, t_max, rng):
            b, m = np.zeros((4, H)), t_max - 1
            if kind == "one":
                b[1] = 1
            elif kind == "chrono":
                b[1] = {made}
                b[0] = -b[1]
            elif kind != "zeros":
                raise ValueError(kind)
            return b
    """
    assert _earned(code, sheets) <= most
    right = code.replace(made, "np.log(rng.uniform(1, m, H))")
    assert _earned(right, sheets) == 2.0


def test_the_names_that_the_view_gives_earn_nothing(sheets):
    code = """
        def gate_bias(kind, H, t_max, rng):
            told = {"shape": np.array([4, H]), "b_f": "from 0 to log(t_max − 1)", "b_i": "−b_f"}
            told |= {"what is spread evenly": "exp(b_f), from 1 to t_max − 1", "the units of b_f differ": True}
            return told | {"b_o": np.zeros(H), "b_g": np.zeros(H)}
    """
    assert _earned(code, sheets) == 0.0
