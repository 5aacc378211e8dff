"""Notebook 05's answers against other ways to the same numbers: PyTorch, differences, the library, loops by hand."""

import math
import re

import numpy as np
import pytest
from copies import ROOT

from course_lib import exercises, interop
from course_lib.backend import Rng
from course_lib.cells import GRU, LSTM, RNN
from course_lib.exercises.answer import attempt
from course_lib.exercises.verdict import judge
from course_lib.gradcheck import numerical_gradient, relative_error
from course_lib.grading.course import Texts, load, seeded

torch = pytest.importorskip("torch")

NOTEBOOK = "05_gru"
COURSE = load(Texts.read(ROOT / "solutions", NOTEBOOK))
ANSWERS = COURSE.namespace()
CONDITIONS = ("coupled", "peephole", "identity", "delay")
SIZES = [(4, 3, 5), (3, 3, 3), (1, 2, 3), (2, 1, 4), (3, 4, 1), (1, 1, 1)]
sizes = pytest.mark.parametrize("B, D, H", SIZES)


def network(B, D, H, seed=0, parts=3, b_reset=False, size=0.8):
    """Inputs x_t (B,D), states h (B,H) and parameters; nothing is zero."""
    rng = Rng(seed)
    shapes = {"U": (parts, H, D), "W": (parts, H, H), "b": (parts, H)} | ({"b_reset": (H,)} if b_reset else {})
    params = {name: rng.normal(shape, size, "float64") for name, shape in shapes.items()}
    return rng.normal((B, D), dtype="float64"), rng.normal((B, H), dtype="float64"), params


def sequence(T, B, D, H, seed=0, parts=3):
    _, h0, params = network(B, D, H, seed, parts)
    return Rng(seed + 1000).normal((T, B, D), dtype="float64"), h0, params


def library_gru(params, reset="before"):
    _, H, D = params["U"].shape
    cell = GRU(D, H, Rng(0), "float64", reset=reset)
    cell.params = {name: value.copy() for name, value in params.items()}
    return cell


def sigma(a):
    return 1 / (1 + math.exp(-a))


# ------------------------------------------------------------------------------------------------ one step


@sizes
@pytest.mark.parametrize("reset", ["before", "after"])
def test_a_step_is_that_of_the_library(B, D, H, reset):
    x_t, h_prev, params = network(B, D, H, b_reset=reset == "after")
    h, (z, _, g) = ANSWERS["gru_step"](x_t, h_prev, params, reset)
    assert relative_error(h, library_gru(params, reset).forward(x_t[None], h_prev)[0][0]) < 1e-12
    assert relative_error(h, (1 - z) * h_prev + z * g) < 1e-12


@sizes
def test_a_step_with_the_reset_after_the_product_is_that_of_torch(B, D, H):
    torch.manual_seed(0)
    module = torch.nn.GRUCell(D, H, dtype=torch.float64)
    params = interop.from_torch(module).params
    x_t, h_prev, _ = network(B, D, H)
    h, _ = ANSWERS["gru_step"](x_t, h_prev, params, reset="after")
    assert relative_error(h, module(torch.tensor(x_t), torch.tensor(h_prev)).detach().numpy()) < 1e-12


@sizes
def test_a_step_is_that_of_loops_by_hand(B, D, H):
    x_t, h_prev, params = network(B, D, H, seed=2)
    h, (z, r, g) = ANSWERS["gru_step"](x_t, h_prev, params)

    def a(k, n, i, seen):
        terms = [params["U"][k, i, d] * x_t[n, d] for d in range(D)]
        return math.fsum([*terms, *(params["W"][k, i, j] * seen[j] for j in range(H)), params["b"][k, i]])

    for n in range(B):
        old = h_prev[n]
        resets = [sigma(a(1, n, j, old)) for j in range(H)]
        for i in range(H):
            take, new = sigma(a(0, n, i, old)), math.tanh(a(2, n, i, [resets[j] * old[j] for j in range(H)]))
            assert (z[n, i], r[n, i], g[n, i]) == pytest.approx((take, resets[i], new), rel=1e-12)
            assert h[n, i] == pytest.approx((1 - take) * old[i] + take * new, rel=1e-11)


def test_saturated_gates_copy_or_make_a_plain_step_exactly():
    x_t, h_prev, params = network(3, 2, 4)
    plain = RNN(2, 4, Rng(0), "float64")
    plain.params = {name: value[2] for name, value in params.items()}
    for z, r in ((0, 0), (0, 1), (1, 0), (1, 1)):
        params["b"][:2] = np.array([[1000.0 if z else -1000.0], [1000.0 if r else -1000.0]])
        h, gates = ANSWERS["gru_step"](x_t, h_prev, params)
        assert (gates[0] == z).all() and (gates[1] == r).all()
        start = h_prev if r else np.zeros_like(h_prev)
        expected = plain.forward(x_t[None], start)[0][0] if z else h_prev
        assert np.array_equal(h, h_prev) if not z else relative_error(h, expected) < 1e-12


def test_an_unknown_reset_is_refused():
    with pytest.raises(ValueError, match="'Before'"):
        ANSWERS["gru_step"](*network(2, 2, 2), reset="Before")


# ------------------------------------------------------------------------------------------------ one step back


def by_answer(dh, x_t, h_prev, params):
    _, gates = ANSWERS["gru_step"](x_t, h_prev, params)
    kept = {"x_t": x_t, "h_prev": h_prev, "gates": gates, "U": params["U"], "W": params["W"]}
    return ANSWERS["gru_step_backward"](dh, kept)


@sizes
def test_the_backward_step_is_that_of_autograd_and_of_differences(B, D, H):
    x_t, h_prev, params = network(B, D, H, seed=3)
    dh = Rng(4).normal((B, H), dtype="float64")
    inputs = {"dx": x_t, "dh_prev": h_prev, "dU": params["U"], "dW": params["W"], "db": params["b"]}
    found = by_answer(dh, x_t, h_prev, params)
    assert found.keys() == inputs.keys()

    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in inputs.items()}
    x, h, U, W, b = leaves.values()
    z, r = (torch.sigmoid(x @ U[k].T + h @ W[k].T + b[k]) for k in (0, 1))
    g = torch.tanh(x @ U[2].T + (r * h) @ W[2].T + b[2])
    (((1 - z) * h + z * g) * torch.tensor(dh)).sum().backward()
    for name, value in inputs.items():
        assert found[name].shape == value.shape
        assert np.abs(found[name] - leaves[name].grad.numpy()).max() < 1e-12
        differences = numerical_gradient(lambda _: (ANSWERS["gru_step"](x_t, h_prev, params)[0] * dh).sum(), value)
        assert np.abs(found[name] - differences).max() < 1e-8


@pytest.mark.parametrize("T, B, D, H", [(5, 3, 2, 4), (1, 1, 1, 1), (7, 1, 3, 2)])
def test_backward_steps_in_a_row_are_the_librarys_backward_pass(T, B, D, H):
    x, h0, params = sequence(T, B, D, H, seed=5)
    dhs = Rng(6).normal((T, B, H), dtype="float64")
    hs = [h0]
    for x_t in x:
        hs.append(ANSWERS["gru_step"](x_t, hs[-1], params)[0])
    dh, dx, sums = np.zeros((B, H)), np.zeros_like(x), {f"d{name}": 0 for name in "UWb"}
    for t in reversed(range(T)):
        grads = by_answer(dhs[t] + dh, x[t], hs[t], params)
        dh, dx[t] = grads["dh_prev"], grads["dx"]
        sums = {name: total + grads[name] for name, total in sums.items()}

    cell = library_gru(params)
    _, _, cache = cell.forward(x, h0)
    expected_dx, expected_dh0, expected = cell.backward(dhs, cache)
    assert relative_error(dx, expected_dx) < 1e-11 and relative_error(dh, expected_dh0) < 1e-11
    for name in "UWb":
        assert relative_error(sums[f"d{name}"], expected[name]) < 1e-11


# ------------------------------------------------------------------------------------------------ two conventions


def keeping_states(x, h, params):
    """A's convention, by hand: u keeps."""
    hs = []
    for x_t in x:
        u, r = (1 / (1 + np.exp(-(x_t @ params["U"][k].T + h @ params["W"][k].T + params["b"][k]))) for k in (0, 1))
        h = u * h + (1 - u) * np.tanh(x_t @ params["U"][2].T + (r * h) @ params["W"][2].T + params["b"][2])
        hs.append(h)
    return np.stack(hs)


@pytest.mark.parametrize("T, B, D, H", [(20, 3, 2, 4), (5, 1, 1, 1), (1, 2, 3, 3)])
def test_the_other_convention_computes_the_same_states(T, B, D, H):
    x, h0, params = sequence(T, B, D, H, seed=7)
    swapped = ANSWERS["swap_convention"](params)
    assert np.abs(keeping_states(x, h0, swapped) - library_gru(params).forward(x, h0)[0]).max() < 1e-12
    assert np.abs(keeping_states(x, h0, params) - library_gru(swapped).forward(x, h0)[0]).max() < 1e-12
    assert np.abs(keeping_states(x, h0, params) - library_gru(params).forward(x, h0)[0]).max() > 0.01
    again = ANSWERS["swap_convention"](swapped)
    assert all(np.array_equal(again[name], value) for name, value in params.items())
    assert not any(np.shares_memory(swapped[name], value) for name, value in params.items())


# ------------------------------------------------------------------------------------------------ the equivalence

LENGTHS = [(1, 1, 1, 1), (1, 3, 2, 4), (6, 1, 2, 3), (12, 4, 3, 5), (8, 2, 3, 1), (40, 2, 4, 6)]


@pytest.mark.parametrize("T, B, D, H", LENGTHS)
@pytest.mark.parametrize("seed", range(4))
def test_with_all_four_conditions_the_memories_are_the_states_of_a_gru(T, B, D, H, seed):
    x, c0, params = sequence(T, B, D, H, seed=seed, parts=4)
    cs, hs = ANSWERS["lstm_as_gru"](x, c0, params)
    cell = library_gru({name: value[:3] for name, value in params.items()})
    states = cell.forward(x, c0)[0]
    assert cs.shape == hs.shape == states.shape
    assert np.abs(cs - states).max() < 1e-12
    before = np.concatenate([c0[None], cs[:-1]])
    resets = [ANSWERS["gru_step"](x_t, state, params)[1][1] for x_t, state in zip(x, before, strict=True)]
    assert np.abs(hs - np.stack(resets) * before).max() < 1e-12


def by_hand(x, c0, params, without):
    """Numbers only, one unit of one sample after the other; everything is looked up by its time, as on paper."""
    (T, B, D), H = x.shape, c0.shape[1]
    U, W, b = (params[name] for name in "UWb")
    cs, hs = np.zeros((T, B, H)), np.zeros((T, B, H))

    def a(k, i, inputs, seen):
        return b[k, i] + sum(U[k, i, d] * inputs[d] for d in range(D)) + sum(W[k, i, j] * seen[j] for j in range(H))

    for n in range(B):
        c, h = {-1: list(c0[n])}, {-1: [0.0] * H}
        inputs = {-1: [0.0] * D} | {t: list(x[t, n]) for t in range(T)}
        for t in range(T):
            seen = {True: h, False: c}[without == "peephole"][t - 1]
            late = t - 1 if without == "delay" else t
            shown = [math.tanh(v) if without == "identity" else v for v in c[t - 1]]
            h[t] = [sigma(a(1, i, inputs[late], seen)) * shown[i] for i in range(H)]
            c[t] = []
            for i in range(H):
                z = sigma(a(0, i, inputs[t], seen))
                take = sigma(a(3, i, inputs[t], seen)) if without == "coupled" else z
                c[t].append((1 - z) * c[t - 1][i] + take * math.tanh(a(2, i, inputs[t], h[t])))
            cs[t, n], hs[t, n] = c[t], h[t]
    return cs, hs


@pytest.mark.parametrize("without", [None, *CONDITIONS])
@pytest.mark.parametrize("T, B, D, H", [(1, 1, 1, 1), (1, 2, 3, 2), (5, 2, 2, 3), (4, 1, 3, 1)])
def test_without_a_condition_the_results_are_those_by_hand(T, B, D, H, without):
    x, c0, params = sequence(T, B, D, H, seed=8, parts=4)
    found, expected = ANSWERS["lstm_as_gru"](x, c0, params, without), by_hand(x, c0, params, without)
    assert np.abs(found[0] - expected[0]).max() < 1e-12 and np.abs(found[1] - expected[1]).max() < 1e-12


@pytest.mark.parametrize("without", [None, "coupled", "identity", "delay"])
@pytest.mark.parametrize("T, B, D, H", [(6, 3, 2, 4), (1, 1, 1, 1)])
def test_the_librarys_lstm_with_the_same_conditions_computes_the_same(T, B, D, H, without):
    """Its output gate ends a step: with the delay it is shown the next input, besides the one of its step."""
    x, c0, params = sequence(T, B, D, H, seed=9, parts=4)
    late = without == "delay"
    output = "tanh" if without == "identity" else "identity"
    cell = LSTM(
        2 * D, H, Rng(0), "float64", coupled=without != "coupled", peephole="full", output=output
    )  # gates (i,) f, o, g
    block = {"i": 3, "f": 0, "o": 1, "g": 2}
    for k, gate in enumerate(cell.gates):
        from_x, from_state, bias = (params[name][block[gate]] for name in "UWb")
        sign = -1 if gate == "f" else 1
        to_next = gate == "o" and not late
        cell.params["U"][k] = np.concatenate([0 * from_x if to_next else from_x, from_x if to_next else 0 * from_x], 1)
        cell.params["U"][k] *= sign
        cell.params["b"][k] = sign * bias
        cell.params["W"][k] = from_state if gate == "g" else 0
        if gate != "g":
            cell.params["P"][k] = sign * from_state
    following = np.concatenate([x[1:], np.zeros_like(x[:1])])
    first = np.zeros_like(x[0]) if late else x[0]
    o = 1 / (1 + np.exp(-(first @ params["U"][1].T + c0 @ params["W"][1].T + params["b"][1])))
    h0 = o * (np.tanh(c0) if output == "tanh" else c0)
    hs, _, cache = cell.forward(np.concatenate([x, following], axis=2), (h0, c0))
    cs, outputs = ANSWERS["lstm_as_gru"](x, c0, params, without)
    assert np.abs(cs - np.asarray(cache.c)[1:]).max() < 1e-12
    assert np.abs(outputs - np.concatenate([h0[None], hs[:-1]])).max() < 1e-12


@pytest.mark.parametrize("without", CONDITIONS)
def test_each_condition_matters(without):
    x, c0, params = sequence(10, 3, 3, 5, seed=10, parts=4)
    exact, other = (ANSWERS["lstm_as_gru"](x, c0, params, dropped)[0] for dropped in (None, without))
    assert np.abs(exact - other).max() > 0.01


# ------------------------------------------------------------------------------------------------ the quiz


def answered(question):
    return ANSWERS["answers05"][question]


def a_step_of_A(x_t, h, params, u, r):
    U, W, b = (params[name][2] for name in "UWb")
    return u * h + (1 - u) * (1 / (1 + np.exp(-(x_t @ U.T + (r * h) @ W.T + b))))


def test_quiz_with_u_0_and_r_1_A_has_a_plain_step_with_a_sigmoid():
    x_t, h_prev, params = network(3, 2, 4, seed=11)
    plain = x_t @ params["U"][2].T + h_prev @ params["W"][2].T + params["b"][2]
    assert relative_error(a_step_of_A(x_t, h_prev, params, 0, 1), 1 / (1 + np.exp(-plain))) < 1e-12
    assert answered("take") == "c"


def test_quiz_with_u_1_state_and_jacobian_are_a_copy():
    x_t, h_prev, params = network(1, 2, 4, seed=12)
    params["b"][0] = -1000  # z = 0, u = 1
    for r in (-1000, 0, 1000):
        params["b"][1] = r
        assert np.array_equal(ANSWERS["gru_step"](x_t, h_prev, params)[0], h_prev)
        rows = [by_answer(row[None], x_t, h_prev, params)["dh_prev"][0] for row in np.eye(4)]
        assert np.array_equal(np.stack(rows), np.eye(4))
    assert answered("keep") == "a"


def test_quiz_parameters():
    counted = [
        sum(value.size for value in cell.params.values())
        for cell in (RNN(4, 6, Rng(0)), *(GRU(4, 6, Rng(0), reset=reset) for reset in ("before", "after")))
    ]
    assert counted == [66, 198, 204]
    assert answered("parameters") == "d"


def test_quiz_three_conditions_are_not_enough():
    x, c0, params = sequence(10, 2, 3, 4, seed=13, parts=4)
    exact, not_delayed = (ANSWERS["lstm_as_gru"](x, c0, params, without)[0] for without in (None, "delay"))
    assert np.abs(exact - not_delayed).max() > 0.05
    assert answered("equivalence") == "b"


# ------------------------------------------------------------------------------------------------ what is told


def told(exercise_id, function):
    """The verdicts on all tests of an exercise when ``function`` is handed in."""
    (exercise,) = [one for one in COURSE.exercises if one.id == exercise_id]
    sheets, namespace, verdicts = COURSE.sheets(seeded("told")), {**ANSWERS, exercise_id: function}, {}
    for test in exercise.tests:
        sheet = sheets[exercise_id, test.name]
        answers = [attempt(exercise, test, namespace, case) for case in sheet.cases]
        verdicts[test.name] = judge(exercise, test, sheet, answers, False)
    return verdicts


def test_differences_are_no_backward_step():
    def by_differences(dh, cache):
        z, r, g = cache["gates"]
        x_t, h_prev, U, W = (cache[name] for name in ("x_t", "h_prev", "U", "W"))
        sums = [np.log(z / (1 - z)), np.log(r / (1 - r)), np.arctanh(g)]
        seen = (h_prev, h_prev, r * h_prev)
        b = np.stack([(a - x_t @ U[k].T - seen[k] @ W[k].T).mean(axis=0) for k, a in enumerate(sums)])
        inputs = {"dx": x_t, "dh_prev": h_prev, "dU": U, "dW": W, "db": b}
        inputs = {name: value.astype("float64").copy() for name, value in inputs.items()}
        params = dict(zip("UWb", list(inputs.values())[2:], strict=True))

        def loss(_):
            return (ANSWERS["gru_step"](inputs["dx"], inputs["dh_prev"], params)[0] * dh).sum()

        return {name: numerical_gradient(loss, value).astype(dh.dtype) for name, value in inputs.items()}

    verdicts = told("gru_step_backward", by_differences)
    assert not any(verdict.passed for name, verdict in verdicts.items() if name != "float32")
    assert "finite differences" in verdicts["dW"].message


def changed(exercise_id, old, new):
    """A right answer with one piece of its (normalised) code changed."""
    code = next(code for _, differs, code in COURSE.key.alternatives if differs == BASES[exercise_id])
    assert old in code, code
    return COURSE.namespace(code.replace(old, new))[exercise_id]


BASES = {
    "gru_step": "as a step from the old state towards the candidate",
    "gru_step_backward": "names for every intermediate gradient",
    "lstm_as_gru": "arrays filled step by step",
}


SIGMAS = {
    "by exp": (lambda a: 1 / (1 + np.exp(-a)), True),
    "by exp, for each sign": (lambda a: np.where(a < 0, np.exp(-abs(a)), 1) / (1 + np.exp(-abs(a))), True),
    "by tanh": (lambda a: 0.5 + 0.5 * np.tanh(a / 2), True),
    "by torch": (lambda a: torch.sigmoid(torch.tensor(a)).numpy(), True),
    "clipped where exp overflows": (lambda a: 1 / (1 + np.exp(-np.clip(a, -80, 80))), True),
    "clipped at 30": (lambda a: 1 / (1 + np.exp(-np.clip(a, -30, 30))), False),
    "clipped at 20": (lambda a: 1 / (1 + np.exp(-np.clip(a, -20, 20))), False),
}


@pytest.mark.parametrize("name", SIGMAS)
def test_gates_at_their_limits_are_0_or_1(name):
    sigma, right = SIGMAS[name]

    def gru_step(x_t, h_prev, params, reset="before"):
        U, W, b = (params[name] for name in "UWb")
        z, r = (sigma(x_t @ U[k].T + h_prev @ W[k].T + b[k]) for k in (0, 1))
        inner = (r * h_prev) @ W[2].T if reset == "before" else r * (h_prev @ W[2].T + params["b_reset"])
        g = np.tanh(x_t @ U[2].T + inner + b[2])
        return (1 - z) * h_prev + z * g, np.stack([z, r, g])

    verdicts = told("gru_step", gru_step)
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == ([] if right else ["limits"])
    assert right or "stops short of 0 and 1" in verdicts["limits"].message


def test_reset_decides_and_not_what_is_in_params():
    step = changed("gru_step", "reset == 'after'", "'b_reset' in params")
    verdicts = told("gru_step", step)
    assert {name for name, verdict in verdicts.items() if not verdict.passed} == {"batch", "gates"}
    assert "params decides" in verdicts["batch"].message


# What is seen in one gradient only may come from its own line or from further above: what is told is true of both.
ONE_LINE = {
    "dh_prev": ("((da_z, 0), (da_r, 1))", "((da_r, 1),)", "dh_prev lacks what comes through z"),
    "dx": ("in enumerate(parts))", "in enumerate(parts) if k)", "dx lacks what comes through z"),
    "dW": ("da_g.T @ (r * h)", "da_g.T @ h", "the third part of dW belongs to r ⊙ h_prev, not to h_prev"),
    "db": ("da.sum(axis=0)", "da.mean(axis=0)", "db is divided by B"),
    "dU": ("da.T @ x for", "da.T @ x / len(x) for", "dU is divided by B"),
}


@pytest.mark.parametrize("gradient", ONE_LINE)
def test_a_slip_in_the_line_of_one_gradient_is_told_as_one(gradient):
    *edit, words = ONE_LINE[gradient]
    verdicts = told("gru_step_backward", changed("gru_step_backward", *edit))
    alone = ("db", "dU", "dW", "dx", "dh_prev")
    assert [name for name in alone if not verdicts[name].passed] == [gradient]
    assert verdicts[gradient].message.startswith(words)


STARTS = [
    ("x[t - 1] if t > 0 else 0 * x_t", "x[t - 1] if t > 0 else x_t", "sees x(1), the input of its own step"),
    ("x[t - 1] if t > 0 else 0 * x_t", "x[t - 1]", "sees x(1), the input of its own step"),
    ("hs[t - 1] if t > 0 else 0 * c0", "hs[t - 1] if t > 0 else c0", "the first step's gates see c0"),
]


@pytest.mark.parametrize("right, wrong, words", STARTS)
def test_a_wrong_start_is_not_told_as_a_condition_that_stays(right, wrong, words):
    verdicts = told("lstm_as_gru", changed("lstm_as_gru", right, wrong))
    messages = [verdict.message for verdict in verdicts.values() if not verdict.passed]
    assert len(messages) == 3 and not any("cannot be left out" in message for message in messages)
    assert words in verdicts["one step"].message


def test_the_output_gate_of_the_step_before_is_named():
    def lstm_as_gru(x, c0, params, without=None):
        U, W, b = (params[name] for name in "UWb")
        c, h, o_old, cs, hs = c0, np.zeros_like(c0), np.zeros_like(c0), [], []
        for x_t in x:
            s = h if without == "peephole" else c
            z, o, own = (1 / (1 + np.exp(-(x_t @ U[k].T + s @ W[k].T + b[k]))) for k in (0, 1, 3))
            h = (o_old if without == "delay" else o) * (np.tanh(c) if without == "identity" else c)
            g = np.tanh(x_t @ U[2].T + h @ W[2].T + b[2])
            c = (1 - z) * c + (own if without == "coupled" else z) * g
            o_old = o
            cs.append(c)
            hs.append(h)
        return np.stack(cs), np.stack(hs)

    verdicts = told("lstm_as_gru", lstm_as_gru)
    assert {name for name, verdict in verdicts.items() if not verdict.passed} == {"delay", "one step", "float32"}
    assert "the one computed in the step before" in verdicts["delay"].message


def test_unchanged_parameters_are_not_told_two_things_at_once():
    for swap in (lambda params: {name: value.copy() for name, value in params.items()}, lambda params: params):
        verdicts = told("swap_convention", swap)
        assert not any(verdict.passed for verdict in verdicts.values())
        assert verdicts["bias"].message.startswith("b is not negated")
        assert verdicts["weights"].message.startswith("U and W are not negated")
        assert "nothing is changed" in verdicts["new arrays"].message


def test_entries_of_params_that_are_replaced_are_named():
    def swap_convention(params):
        for name in "UWb":
            params[name] = params[name].copy()
            params[name][0] *= -1
        return params

    verdicts = told("swap_convention", swap_convention)
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == ["new arrays"]
    assert "others have taken their places" in verdicts["new arrays"].message


def test_a_float64_sign_costs_a_tenth_of_a_point():
    def swap_convention(params):
        sign = np.array([-1, 1, 1])
        return {name: value * sign.reshape(3, *[1] * (value.ndim - 1)) for name, value in params.items()}

    lost = [verdict for verdict in told("swap_convention", swap_convention).values() if not verdict.passed]
    assert [verdict.max_points for verdict in lost] == [0.1] and "float64" in lost[0].message


def test_an_array_of_params_that_is_returned_as_it_is_costs_one_test():
    def swap_convention(params):
        sign = np.array([-1, 1, 1], params["b"].dtype)
        for_b = params["b"]
        for_b[0] *= -1
        return {"U": params["U"] * sign[:, None, None], "W": params["W"] * sign[:, None, None], "b": for_b}

    verdicts = told("swap_convention", swap_convention)
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == ["new arrays"]


def test_every_section_that_a_message_or_hint_names_is_in_the_notebook():
    source = (ROOT / "solutions" / f"{NOTEBOOK}.py").read_text(encoding="utf-8")
    headings = set(re.findall(r"^# ##+ (.*)$", source, flags=re.MULTILINE))
    texts = [mistake.tell for mistake in COURSE.key.mistakes]
    texts += [hint for exercise in COURSE.exercises for hint in exercise.hints]
    texts += [f"“{exercise.section}”" for exercise in exercises.of_notebook(NOTEBOOK)]
    named = {name for text in texts for name in re.findall("“(.*?)”", text)}
    assert named - set(CONDITIONS) <= headings
