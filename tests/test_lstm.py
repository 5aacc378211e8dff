"""Notebook 04's answers against other ways to the same numbers: PyTorch, differences, the library's cell."""

import re
from functools import cache

import numpy as np
import pytest
from copies import ROOT

from course_lib import exercises, init, interop
from course_lib.backend import Rng
from course_lib.cells import LSTM
from course_lib.exercises import lstm
from course_lib.exercises.answer import attempt
from course_lib.exercises.verdict import judge
from course_lib.gradcheck import numerical_gradient, relative_error
from course_lib.grading.course import Texts, load, seeded
from course_lib.grading.trials import verdicts

torch = pytest.importorskip("torch")

NOTEBOOK = "04_lstm"
COURSE = load(Texts.read(ROOT / "solutions", NOTEBOOK))
ANSWERS = COURSE.namespace()
SIZES = [(5, 3, 4, 6), (4, 2, 3, 3), (1, 3, 2, 4), (4, 1, 3, 1), (3, 2, 1, 1), (2, 4, 4, 4), (1, 1, 1, 1)]
sizes = pytest.mark.parametrize("T, B, D, H", SIZES)


def normal(seed, *shape):
    return Rng(seed).normal(shape, 0.8, "float64")


def network(T, B, D, H, seed=0):
    """Inputs x (T,B,D), a start h0, c0 (B,H) and parameters in float64; nothing is zero."""
    params = {"U": normal(seed, 4, H, D), "W": normal(seed + 1, 4, H, H), "b": normal(seed + 2, 4, H)}
    return normal(seed + 3, T, B, D), normal(seed + 4, B, H), normal(seed + 5, B, H), params


def library(params, **options):
    """The library's cell with these parameters."""
    _, H, D = params["U"].shape
    cell = LSTM(D, H, Rng(0), "float64", **options)
    unused = slice(1 if cell.coupled else 0, None)  # with coupled gates its parameters have no block for i
    cell.params = {name: value[unused].copy() for name, value in params.items()}
    return cell


def torch_step(x_t, h, c, U, W, b):
    i, f, o, g = torch.einsum("khd,bd->kbh", U, x_t) + torch.einsum("khj,bj->kbh", W, h) + b[:, None]
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def leaves(*arrays):
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def kept(x_t, h_prev, c_prev, params):
    """The cache of a step."""
    _, c, gates = ANSWERS["lstm_step"](x_t, h_prev, c_prev, params)
    inputs = {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev, "c": c, "gates": gates}
    return {**inputs, "U": params["U"], "W": params["W"]}


# ------------------------------------------------------------------------------------------------ forward


@sizes
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-5)])
def test_a_step_is_that_of_a_cell_of_torch(T, B, D, H, dtype, tolerance):
    torch.manual_seed(1)
    module = torch.nn.LSTMCell(D, H, dtype=getattr(torch, dtype))
    x, h0, c0, _ = (value.astype(dtype) if isinstance(value, np.ndarray) else value for value in network(T, B, D, H))
    params = interop.from_torch(module).params
    h, c, gates = ANSWERS["lstm_step"](x[0], h0, c0, params)
    with torch.no_grad():
        theirs = module(torch.tensor(x[0]), (torch.tensor(h0), torch.tensor(c0)))
    for ours, their in zip((h, c), theirs, strict=True):
        assert ours.dtype == dtype
        assert np.abs(ours - their.numpy()).max() < tolerance
    assert gates.dtype == dtype and gates.shape == (4, B, H)
    assert np.allclose(gates[1] * c0 + gates[0] * gates[3], c, atol=tolerance)
    assert np.allclose(gates[2] * np.tanh(c), h, atol=tolerance)


@sizes
def test_a_sequence_is_that_of_torch_and_of_the_library(T, B, D, H):
    torch.manual_seed(2)
    module = torch.nn.LSTM(D, H, dtype=torch.float64)
    x, h0, c0, _ = network(T, B, D, H, seed=10)
    cell = interop.from_torch(module)
    hs, cs, gates = ANSWERS["lstm_forward"](x, h0, c0, cell.params)
    with torch.no_grad():
        theirs, (h, c) = module(torch.tensor(x), (torch.tensor(h0)[None], torch.tensor(c0)[None]))
    assert np.abs(hs - theirs.numpy()).max() < 1e-12
    assert np.abs(hs[-1] - h[0].numpy()).max() < 1e-12 and np.abs(cs[-1] - c[0].numpy()).max() < 1e-12
    for t in range(T):
        _, (h_t, c_t), _ = cell.forward(x[: t + 1], (h0, c0))
        assert np.abs(hs[t] - h_t).max() < 1e-12 and np.abs(cs[t] - c_t).max() < 1e-12
        step = ANSWERS["lstm_step"](x[t], *((hs[t - 1], cs[t - 1]) if t else (h0, c0)), cell.params)
        assert all(np.array_equal(one, two) for one, two in zip((hs[t], cs[t], gates[t]), step, strict=True))


@pytest.mark.parametrize("peephole", [None, "full", "diagonal"])
@pytest.mark.parametrize("coupled", [False, True])
@sizes
def test_the_variants_are_those_of_the_library(T, B, D, H, peephole, coupled):
    x, h, c, params = network(T, B, D, H, seed=20)
    if peephole:
        params["P"] = normal(26, 3, H, H) if peephole == "full" else normal(26, 3, H)
    hs, (_, last), _ = library(params, peephole=peephole, coupled=coupled).forward(x, (h, c))
    for x_t, right in zip(x, hs, strict=True):
        before = c
        h, c, gates = ANSWERS["lstm_variant"](x_t, h, c, params, peephole=peephole, coupled=coupled)
        assert np.abs(h - right).max() < 1e-12
        assert np.allclose(gates[1] * before + gates[0] * gates[3], c) and np.allclose(gates[2] * np.tanh(c), h)
        assert not coupled or np.allclose(gates[0] + gates[1], 1)
    assert np.abs(c - last).max() < 1e-12


@sizes
def test_without_options_the_variant_is_the_step(T, B, D, H):
    x, h0, c0, params = network(T, B, D, H, seed=30)
    step = ANSWERS["lstm_step"](x[0], h0, c0, params)
    closed = {**params, "P": np.zeros((3, H))}
    for found in (
        ANSWERS["lstm_variant"](x[0], h0, c0, params),
        ANSWERS["lstm_variant"](x[0], h0, c0, closed, "diagonal"),
    ):
        assert all(np.allclose(one, two, 1e-14, 1e-14) for one, two in zip(found, step, strict=True))


def test_a_diagonal_peephole_is_a_full_one_with_a_diagonal_matrix():
    x, h0, c0, params = network(1, 3, 2, 4, seed=40)
    p = normal(46, 3, 4)
    diagonal = ANSWERS["lstm_variant"](x[0], h0, c0, {**params, "P": p}, "diagonal")
    full = ANSWERS["lstm_variant"](x[0], h0, c0, {**params, "P": np.stack([np.diag(row) for row in p])}, "full")
    assert all(np.allclose(one, two, 1e-14, 1e-14) for one, two in zip(diagonal, full, strict=True))


# ------------------------------------------------------------------------------------------------ one step back


@sizes
@pytest.mark.parametrize("arrives", ["both", "dh", "dc"])
def test_the_step_back_is_that_of_autograd_and_of_differences(T, B, D, H, arrives):
    (x_t, *_), h_prev, c_prev, params = network(T, B, D, H, seed=50)
    dh, dc = normal(56, B, H) * (arrives != "dc"), normal(57, B, H) * (arrives != "dh")
    found = ANSWERS["lstm_step_backward"](dh, dc, kept(x_t, h_prev, c_prev, params))
    inputs = {"x": x_t, "h_prev": h_prev, "c_prev": c_prev, **params}
    tensors = dict(zip(inputs, leaves(*inputs.values()), strict=True))
    h, c = torch_step(*tensors.values())
    ((h * torch.tensor(dh)).sum() + (c * torch.tensor(dc)).sum()).backward()

    def loss(_):
        h, c, _ = ANSWERS["lstm_step"](x_t, h_prev, c_prev, params)
        return (h * dh).sum() + (c * dc).sum()

    assert found.keys() == {f"d{name}" for name in inputs}
    for name, value in inputs.items():
        assert found[f"d{name}"].shape == value.shape
        assert np.abs(found[f"d{name}"] - tensors[name].grad.numpy()).max() < 1e-12
        assert np.abs(found[f"d{name}"] - numerical_gradient(loss, value)).max() < 1e-8


@sizes
def test_the_steps_back_one_after_the_other_are_the_backward_pass(T, B, D, H):
    x, h0, c0, params = network(T, B, D, H, seed=60)
    dhs, dc = normal(66, T, B, H), normal(67, B, H)
    hs, cs, gates = ANSWERS["lstm_forward"](x, h0, c0, params)
    dh, dx, found = np.zeros_like(h0), np.zeros_like(x), {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(T)):
        h_prev, c_prev = (hs[t - 1], cs[t - 1]) if t else (h0, c0)
        cache = {"x_t": x[t], "h_prev": h_prev, "c_prev": c_prev, "c": cs[t], "gates": gates[t]}
        grads = ANSWERS["lstm_step_backward"](dhs[t] + dh, dc, cache | {name: params[name] for name in "UW"})
        dx[t], dh, dc = grads["dx"], grads["dh_prev"], grads["dc_prev"]
        for name in params:
            found[name] += grads[f"d{name}"]

    def loss(x, h0, c0, params):
        hs, cs, _ = ANSWERS["lstm_forward"](x, h0, c0, params)
        return (hs * dhs).sum() + (cs[-1] * normal(67, B, H)).sum()

    found |= {"x": dx, "h0": dh, "c0": dc}
    tensors = dict(zip(found, leaves(*params.values(), x, h0, c0), strict=True))
    h, c, total = tensors["h0"], tensors["c0"], 0
    for t in range(T):
        h, c = torch_step(tensors["x"][t], h, c, tensors["U"], tensors["W"], tensors["b"])
        total = total + (h * torch.tensor(dhs[t])).sum()
    (total + (c * torch.tensor(normal(67, B, H))).sum()).backward()
    inputs = {**params, "x": x, "h0": h0, "c0": c0}
    for name, value in inputs.items():
        assert relative_error(found[name], tensors[name].grad.numpy()) < 1e-10
        differences = numerical_gradient(lambda _: loss(x, h0, c0, params), value)
        assert np.abs(found[name] - differences).max() < 1e-7

    cell = library(params)
    _, _, cache = cell.forward(x, (h0, c0))
    theirs = cell.backward(dhs, cache, (np.zeros_like(h0), normal(67, B, H)))
    for ours, their in zip((dx, dh, dc), (theirs[0], *theirs[1]), strict=True):
        assert np.abs(ours - their).max() < 1e-11
    assert all(relative_error(found[name], theirs[2][name]) < 1e-10 for name in params)


# ------------------------------------------------------------------------------------------------ the cell Jacobian


@sizes
def test_the_parts_of_the_cell_jacobian_are_those_of_autograd_and_of_differences(T, B, D, H):
    (x_t, *_), _, c_prev, params = network(T, B, D, H, seed=70)
    o_prev = 1 / (1 + np.exp(-normal(76, B, H)))
    _, _, gates = ANSWERS["lstm_step"](x_t, o_prev * np.tanh(c_prev), c_prev, params)
    found = ANSWERS["cell_jacobian_parts"]({"gates": gates, "c_prev": c_prev, "o_prev": o_prev, "W": params["W"]})

    def memory(of_memory, of_state):
        """c(t), with c(t−1) in the place where it stands openly, and in the one where h(t−1) is made of it."""
        return ANSWERS["lstm_step"](x_t, o_prev * np.tanh(of_state), of_memory, params)[1]

    for n in range(B):

        def torch_memory(of_memory, of_state, n=n):
            h_prev = torch.tensor(o_prev[n]) * torch.tanh(of_state)
            tensors = (torch.tensor(params[name]) for name in "UWb")
            return torch_step(torch.tensor(x_t[n])[None], h_prev[None], of_memory[None], *tensors)[1][0]

        start = torch.tensor(c_prev[n])
        for ours, theirs in zip(found, torch.autograd.functional.jacobian(torch_memory, (start, start)), strict=True):
            assert np.abs(ours[n] - theirs.numpy()).max() < 1e-13
    for n, j in np.ndindex(B, H):
        for part, f in zip(found, (lambda c: memory(c, c_prev), lambda c: memory(c_prev, c)), strict=True):
            differences = numerical_gradient(lambda c, f=f, n=n, j=j: f(c)[n, j], c_prev.copy())
            assert np.abs(part[n, j] - differences[n]).max() < 1e-8
            assert not np.delete(differences, n, axis=0).any()


@sizes
def test_the_two_paths_together_are_what_reaches_the_memory_before(T, B, D, H):
    """By two steps back: dc_prev of the later one, and its dh_prev through the output of the earlier one."""
    (x_t, *_), _, c_prev, params = network(T, B, D, H, seed=80)
    o_prev, dc = 1 / (1 + np.exp(-normal(86, B, H))), normal(87, B, H)
    cache = kept(x_t, o_prev * np.tanh(c_prev), c_prev, params)
    grads = ANSWERS["lstm_step_backward"](np.zeros_like(dc), dc, cache)
    direct, through_h = ANSWERS["cell_jacobian_parts"]({**cache, "o_prev": o_prev})
    assert np.allclose(np.einsum("bj,bjk->bk", dc, direct), grads["dc_prev"])
    by_h = grads["dh_prev"] * o_prev * (1 - np.tanh(c_prev) ** 2)
    assert np.allclose(np.einsum("bj,bjk->bk", dc, through_h), by_h)


# ------------------------------------------------------------------------------------------------ biases


def test_the_chrono_biases_are_those_of_the_library():
    b = ANSWERS["gate_bias"]("chrono", 7, 100, np.random.default_rng(3))
    b_i, b_f = init.chrono(7, 100, Rng(3), "float64")
    assert np.array_equal(b[1], b_f) and np.array_equal(b[0], b_i) and not b[2:].any()
    assert not ANSWERS["gate_bias"]("zeros", 7, 100, None).any()
    one = ANSWERS["gate_bias"]("one", 7, 100, None)
    assert one[1].min() == 1 and one.sum() == 7


@cache
def sheets(seed, visible=False):
    return COURSE.sheets(seeded(NOTEBOOK, seed), visible)


def judged(name, given, seed, exercise="gate_bias", visible=False):
    """The verdict on one test, by a fresh draw of its cases."""
    one = next(e for e in COURSE.exercises if e.id == exercise)
    sheet = sheets(seed, visible)[exercise, name]
    answers = [attempt(one, one.test(name), {exercise: given}, case) for case in sheet.cases]
    return judge(one, one.test(name), sheet, answers, visible)


@pytest.mark.parametrize("seed", range(30))
def test_chrono_biases_of_any_seed_pass(seed):
    assert judged("chrono", ANSWERS["gate_bias"], f"chrono {seed}").passed


def test_no_right_draw_is_told_to_be_wrong():
    b = np.zeros((4, 20_000))
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        H, t_max = [(10_000, 40 + seed % 40), (20_000, 40 + seed % 40), (300, 3), (250 + seed % 150, 4)][seed % 4]
        b[1, :H] = np.log(rng.uniform(1, t_max - 1, H))
        b[0, :H] = -b[1, :H]
        found = lstm._chrono({"b": b[:, :H]}, {"t_max": t_max})
        assert found.pop("spread evenly between its ends", "exp(b_f)") == "exp(b_f)"
        assert np.array_equal(found.pop("shape"), (4, H))
        right = {"b_f": "from 0 to log(t_max − 1)", "the units of b_f": "differ"}
        assert found == {**right, "b_i": "−b_f", "b_o": "0", "b_g": "0"}


DRAWS = {
    "start too late": ["rng.uniform(2, t_max - 1, H)"],
    "end too early": [
        "rng.uniform(1, t_max - 2, H)",
        "rng.uniform(1, max(2, t_max - 2), H)",
        "rng.uniform(1, 0.9 * (t_max - 1), H)",
    ],
    "end too late": ["rng.uniform(1, t_max, H)", "rng.uniform(1, 1.1 * (t_max - 1), H)"],
    "not spread evenly": ["1 + (t_max - 2) * rng.random(H) ** 1.15"],
    "too evenly": ["rng.permutation(np.linspace(1, t_max - 1, H))", "np.linspace(1, t_max - 1, H)"],
    "sorted": ["np.sort(rng.uniform(1, t_max - 1, H))[::-1]"],
    "one and the same": ["rng.uniform(1, t_max - 1)"],
    "whole numbers": [
        "rng.integers(1, t_max, H)",
        "rng.integers(1, t_max - 1, H)",
        "np.round(rng.uniform(1, t_max - 1, H))",
    ],
    "whole numbers only, and the last of them is t_max − 2": ["np.floor(rng.uniform(1, t_max - 1, H))"],
    "several units get the same": [
        "np.maximum(1, rng.uniform(0, t_max - 1, H))",
        "np.round(rng.uniform(1, t_max - 1, H), 1)",
    ],
}


@pytest.mark.parametrize("told, times", [(told, times) for told in DRAWS for times in DRAWS[told]])
def test_wrong_draws_are_told_by_what_is_wrong_with_them(told, times):
    code = f"""
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    b[1] = np.log({times})
    b[0] = -b[1]
    return b
"""
    given = COURSE.namespace(code)["gate_bias"]
    for verdict in (judged("chrono", given, "wrong draws"), judged("chrono", given, "practice", visible=True)):
        assert not verdict.passed and told in verdict.message


@pytest.mark.parametrize(
    "formula", ["-np.log(rng.uniform(1, t_max - 1, H))", "np.log(1 - sigmoid(b[1]))", "-b[1] / 2", "-b[1][::-1]"]
)
def test_another_input_gate_is_told_neither_draw_nor_formula(formula):
    code = f"""
def gate_bias(kind, H, t_max, rng):
    b = np.zeros((4, H))
    b[1] = np.log(rng.uniform(1, t_max - 1, H))
    b[0] = {formula}
    return b
"""
    given = COURSE.namespace(code)["gate_bias"]
    for verdict in (judged("chrono", given, "input gate"), judged("chrono", given, "practice", visible=True)):
        assert not verdict.passed and "Neither a second draw nor another formula" in verdict.message


@pytest.mark.parametrize(
    "change, told",
    [
        ("b.ravel()", "expected (4, H) = (4, "),
        ("b.T.copy()", "expected (4, H) = (4, "),
        ("b.tolist()", "a value of type list; expected an array of shape (4, H) = (4, "),
        ("b.astype('float32')", "dtype float32, expected float64"),
        ("b.astype('int64')", "dtype int64, expected float64"),
    ],
)
def test_biases_of_another_form_are_told_so(change, told):
    def given(kind, H, t_max, rng):
        b = ANSWERS["gate_bias"](kind, H, t_max, rng)  # noqa: F841 - change is made of it
        return eval(change)

    for name in ("chrono", "random"):
        verdict = judged(name, given, "form")
        assert not verdict.passed and told in verdict.message and "b_f" not in verdict.message
    verdict = judged("kinds", given, "form")
    assert not verdict.passed and ("list" in change or "ravel" in change or ".T" in change or told in verdict.message)


@pytest.mark.parametrize("error", [KeyError, NotImplementedError, AssertionError, TypeError])
def test_another_error_for_an_unknown_kind_is_no_stub(error):
    def given(kind, H, t_max, rng):
        if kind not in ("zeros", "one", "chrono"):
            raise error(kind)
        return ANSWERS["gate_bias"](kind, H, t_max, rng)

    verdict = judged("kinds", given, "error")
    assert verdict.state == "failed"
    assert f"you raise {error.__name__}" in verdict.message and "a ValueError is asked for" in verdict.message


@pytest.mark.parametrize("result", [None, 1.0, "b", [1, 2], np.zeros(4), np.zeros((4, 3)), np.zeros((4, 3), int)])
def test_whatever_an_initialiser_returns_gets_a_verdict(result):
    for name in ("kinds", "chrono", "random"):
        verdict = judged(name, lambda *arguments: result, "odd")
        assert not verdict.passed and verdict.message


def test_biases_that_hold_what_is_no_number_get_a_verdict():
    for value in (np.nan, np.inf, 1e300, -1e300):
        verdict = judged("chrono", lambda kind, H, t_max, rng, value=value: np.full((4, H), value), "odd")
        assert not verdict.passed and verdict.message


# ------------------------------------------------------------------------------------------------ what earns nothing

BY_DIFFERENCES = """
def differences(f, z, step=1e-5):
    result = []
    for i in np.ndindex(*z.shape):
        e = np.zeros(z.shape)
        e[i] = step
        result.append((f(z + e) - f(z - e)) / (2 * step))
    result = np.array(result).reshape(*z.shape, *np.shape(result[0]))
    return np.moveaxis(result, range(z.ndim), range(-z.ndim, 0))


def before(gates):
    return np.concatenate([np.log(gates[:3] / (1 - gates[:3])), np.arctanh(gates[3:])])


def lstm_step_backward(dh, dc, cache):
    b = before(cache["gates"][:, 0])
    b = b - cache["U"] @ cache["x_t"][0] - cache["W"] @ cache["h_prev"][0]
    inputs = {"b": b, "x": cache["x_t"], **{name: cache[name] for name in ("h_prev", "c_prev", "U", "W")}}

    def loss(x, h_prev, c_prev, **params):
        h, c, _ = lstm_step(x, h_prev, c_prev, params)
        return (h * dh).sum() + (c * dc).sum()

    return {
        f"d{name}": differences(lambda z, name=name: loss(**{**inputs, name: z}), value)
        for name, value in inputs.items()
    }


def cell_jacobian_parts(cache):
    a, c_prev, o_prev, W = before(cache["gates"]), cache["c_prev"], cache["o_prev"], cache["W"]
    h_prev = o_prev * np.tanh(c_prev)

    def memory(of_memory, of_state, n):
        moved = a[:, n] + W @ (o_prev[n] * np.tanh(of_state) - h_prev[n])
        return sigmoid(moved[1]) * of_memory + sigmoid(moved[0]) * np.tanh(moved[3])

    samples = range(len(c_prev))
    return (
        np.stack([differences(lambda c, n=n: memory(c, c_prev[n], n), c_prev[n]) for n in samples]),
        np.stack([differences(lambda c, n=n: memory(c_prev[n], c, n), c_prev[n]) for n in samples]),
    )
"""


@pytest.mark.parametrize("exercise, may_pass", [("lstm_step_backward", set()), ("cell_jacobian_parts", {"direct"})])
def test_differences_are_no_answer_where_a_formula_is_asked_for(exercise, may_pass):
    found = list(verdicts(COURSE, COURSE.namespace(BY_DIFFERENCES), COURSE.sheets(seeded("differences")), exercise))
    assert found and {verdict.test for verdict in found if verdict.passed} <= may_pass
    assert any("finite differences" in verdict.message for verdict in found)


# ------------------------------------------------------------------------------------------------ what is told


# Slips that give the numbers of another one in some of the tests: what is said there must be true of both.
# Exercise, what is replaced in the answer, by what, a test, what is told, and what is not.
SHARED = [
    (
        "lstm_step",
        "i, f, o = sigmoid(a[:3])",
        "f, i, o = sigmoid(a[:3])",
        "memory",
        "have changed places in your c",
        "",
    ),
    ("lstm_step", "np.stack([i, f, o, g])", "np.stack([f, i, o, g])", "gates", "in the third result", "are read"),
    (
        "lstm_forward",
        "h = o * np.tanh(c)",
        "h, c = c, o * np.tanh(c)",
        "one step",
        "where you take the results",
        "start",
    ),
    ("lstm_forward", "np.stack(all_gates)", "np.concatenate(all_gates)", "one step", "no time axis", "last step only"),
    ("lstm_step_backward", "dc * f,", "dh * f,", "dc_prev", "dc_prev is dh", "all gates"),
    ("lstm_step_backward", "@ x_t,", "@ x_t / len(dh),", "dU", "dU is divided by B", "dW"),
    ("lstm_step_backward", "(da @ U)", "(da @ U)[:3]", "dx", "dx lacks", "dh_prev"),
    (
        "lstm_step_backward",
        "(da @ W)",
        "(da @ W)[[0, 1, 3]]",
        "dh_prev",
        "dh_prev lacks what comes through the output",
        "",
    ),
    ("lstm_step_backward", "(da @ U)", "(da @ U)[1:]", "dx", "dx lacks what comes through the input gate", ""),
    ("lstm_variant", "if peephole is None", 'if "P" not in params', "base", 'taken for "diagonal"', ""),
    ("lstm_step", "return h, c,", "return c, h,", "state", "exchanged with it", ""),
    ("cell_jacobian_parts", "f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)", "f", "direct", "f itself", ""),
    ("cell_jacobian_parts", "f[:, :, None] * np.eye(f.shape[1], dtype=f.dtype)", "np.diag(f)", "direct", "np.diag", ""),
]


@pytest.mark.parametrize("exercise, old, new, test, told, untold", SHARED)
@pytest.mark.parametrize("visible", [True, False])
def test_what_is_told_is_true_of_every_way_to_these_numbers(exercise, old, new, test, told, untold, visible):
    (answer,) = [c.text for c in COURSE.cells if c.role == "answer" and c.exercise == exercise]
    assert answer.count(old) == 1
    given = COURSE.namespace(answer.replace(old, new))[exercise]
    verdict = judged(test, given, "practice", exercise, visible)
    assert not verdict.passed and told in verdict.message and (not untold or untold not in verdict.message)


def test_every_section_that_a_message_or_hint_names_is_in_the_notebook():
    source = (ROOT / "solutions" / f"{NOTEBOOK}.py").read_text(encoding="utf-8")
    headings = set(re.findall(r"^# ##+ (.*)$", source, flags=re.MULTILINE))
    told = [mistake.tell for mistake in COURSE.key.mistakes]
    told += [hint for exercise in COURSE.exercises for hint in exercise.hints]
    told += [f"“{exercise.section}”" for exercise in exercises.of_notebook(NOTEBOOK)]
    assert {name for text in told for name in re.findall("“(.*?)”", text)} <= headings
