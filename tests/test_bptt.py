"""Notebook 02's answers against other ways to the same numbers: PyTorch's autograd, differences, the library."""

import re
from functools import reduce

import numpy as np
import pytest
from copies import ROOT

from course_lib import exercises
from course_lib.backend import Rng
from course_lib.gradcheck import check_gradients, numerical_gradient, relative_error
from course_lib.grading.course import Texts, load, seeded
from course_lib.grading.trials import verdicts

torch = pytest.importorskip("torch")

NOTEBOOK = "02_bptt"
COURSE = load(Texts.read(ROOT / "solutions", NOTEBOOK))
ANSWERS = COURSE.namespace()
SIZES = [(5, 3, 4, 6, 2), (4, 2, 3, 3, 3), (1, 3, 2, 4, 5), (4, 1, 3, 2, 1), (3, 2, 1, 1, 4), (1, 1, 1, 1, 1)]
sizes = pytest.mark.parametrize("T, B, D, H, C", SIZES)


def network(T, B, D, H, C, seed=0):
    """Inputs x (T,B,D), a start h0 (B,H), classes y (T,B) and parameters; nothing is zero."""
    rng = Rng(seed)
    shapes = {"U": (H, D), "W": (H, H), "b": (H,), "V": (C, H), "c": (C,)}
    params = {name: rng.normal(shape, 0.6, "float64") for name, shape in shapes.items()}
    x, h0 = rng.normal((T, B, D), dtype="float64"), rng.normal((B, H), 0.6, "float64")
    return x, h0, rng.integers(0, C, (T, B)), params


def leaves(*arrays):
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def torch_states(x, h, U, W, b):
    hs = []
    for x_t in x:
        h = torch.tanh(x_t @ U.T + h @ W.T + b)
        hs.append(h)
    return torch.stack(hs)


def torch_loss(o, y):
    """Summed over time, mean over the batch."""
    T, B, C = o.shape
    return torch.nn.functional.cross_entropy(o.reshape(T * B, C), torch.tensor(y).reshape(-1), reduction="sum") / B


# ------------------------------------------------------------------------------------------------ one loop back


@sizes
def test_the_gradient_of_the_logits_is_that_of_autograd_and_of_differences(T, B, D, H, C):
    o, y = 3 * Rng(1).normal((T, B, C), dtype="float64"), Rng(2).integers(0, C, (T, B))
    found = ANSWERS["dloss_dlogits"](o, y)
    (leaf,) = leaves(o)
    torch_loss(leaf, y).backward()
    assert np.abs(found - leaf.grad.numpy()).max() < 1e-12
    assert np.abs(found - numerical_gradient(lambda o: ANSWERS["cross_entropy"](o, y), o)).max() < 1e-8


@sizes
def test_the_backward_loop_is_that_of_autograd_and_of_differences(T, B, D, H, C):
    x, h0, _, params = network(T, B, D, H, C)
    dhs = Rng(3).normal((T, B, H), dtype="float64")
    hs, _ = ANSWERS["rnn_forward"](x, h0, params)
    inputs = {"x": x, "h0": h0, "U": params["U"], "W": params["W"], "b": params["b"]}
    found = ANSWERS["rnn_backward"](dhs, {"x": x, "h0": h0, "hs": hs, "U": params["U"], "W": params["W"]})
    tensors = dict(zip(inputs, leaves(*inputs.values()), strict=True))
    (torch_states(*tensors.values()) * torch.tensor(dhs)).sum().backward()
    assert found.keys() == {f"d{name}" for name in inputs}
    for name, value in inputs.items():
        assert relative_error(found[f"d{name}"], tensors[name].grad.numpy()) < 1e-10
        differences = numerical_gradient(lambda _: (ANSWERS["rnn_forward"](x, h0, params)[0] * dhs).sum(), value)
        assert np.abs(found[f"d{name}"] - differences).max() < 1e-7


@sizes
def test_the_whole_network_by_the_exercises_one_after_the_other(T, B, D, H, C):
    x, h0, y, params = network(T, B, D, H, C, seed=4)
    hs, os = ANSWERS["rnn_forward"](x, h0, params)
    do = ANSWERS["dloss_dlogits"](os, y)
    kept = {"x": x, "h0": h0, "hs": hs, "U": params["U"], "W": params["W"]}
    grads = ANSWERS["rnn_backward"](do @ params["V"], kept)
    grads |= {"dV": np.einsum("tbo,tbh->oh", do, hs), "dc": do.sum(axis=(0, 1))}
    found = {name: grads[f"d{name}"] for name in params}
    errors = check_gradients(lambda params: loss(x, h0, y, params), params, found)
    assert max(errors.values()) < 1e-7 or C == 1  # one class only: the gradients are 0
    assert C > 1 or all(not np.any(grad) for grad in grads.values())


def loss(x, h0, y, params):
    return ANSWERS["cross_entropy"](ANSWERS["rnn_forward"](x, h0, params)[1], y)


# ------------------------------------------------------------------------------------------------ one loss at a time


def cut_gradients(x, y, params, k):
    """Each loss alone, in a graph that is cut with ``detach`` exactly k steps before it."""
    tensors = dict(zip(params, leaves(*params.values()), strict=True))
    T, B, _ = x.shape
    U, W, b, V, c = tensors.values()
    x, h0 = torch.tensor(x), torch.zeros((B, len(W)), dtype=torch.float64)
    states = [h0, *torch_states(x, h0, U, W, b)]
    for t in range(T):
        first = 0 if k is None else max(0, t + 1 - k)
        h = torch_states(x[first : t + 1], states[first].detach(), U, W, b)[-1]
        torch_loss((h @ V.T + c)[None], y[t : t + 1]).backward()
    return {f"d{name}": tensor.grad.numpy() for name, tensor in tensors.items()}


@sizes
@pytest.mark.parametrize("k", [1, 2, 3, 4, 7, None])
def test_truncation_cuts_the_graph_exactly_k_steps_back(T, B, D, H, C, k):
    x, _, y, params = network(T, B, D, H, C, seed=5)
    found, right = ANSWERS["bptt_naive"](x, y, params, k), cut_gradients(x, y, params, k)
    assert found.keys() == right.keys()
    for name in right:
        assert np.abs(found[name] - right[name]).max() < 1e-10 * max(1, np.abs(right[name]).max())


@sizes
def test_without_truncation_it_is_the_gradient_of_the_loss(T, B, D, H, C):
    x, _, y, params = network(T, B, D, H, C, seed=6)
    found = ANSWERS["bptt_naive"](x, y, params)
    for name, value in params.items():
        differences = numerical_gradient(lambda _: loss(x, np.zeros((B, H)), y, params), value)
        assert np.abs(found[f"d{name}"] - differences).max() < 1e-7


# ------------------------------------------------------------------------------------------------ forward in time


@sizes
@pytest.mark.parametrize("function", ["rtrl", "ni_algorithm"])
def test_the_total_derivatives_are_those_of_autograd_and_of_differences(function, T, B, D, H, C):
    x, h0, _, params = network(T, B, D, H, C, seed=7)
    found = dict(zip("UW", ANSWERS[function](x, h0, params), strict=True))

    def last(U, W):
        return torch_states(torch.tensor(x), torch.tensor(h0), U, W, torch.tensor(params["b"]))[-1]

    right = torch.autograd.functional.jacobian(last, (torch.tensor(params["U"]), torch.tensor(params["W"])))
    for name, by_autograd in zip("UW", right, strict=True):
        assert relative_error(found[name], by_autograd.numpy()) < 1e-10
        for n, i in np.ndindex(B, H):
            differences = numerical_gradient(
                lambda _, n=n, i=i: ANSWERS["rnn_forward"](x, h0, params)[0][-1, n, i], params[name]
            )
            assert np.abs(found[name][n, i] - differences).max() < 1e-8


# ------------------------------------------------------------------------------------------------ checking


@pytest.mark.parametrize("eps", [1e-6, 1e-4, 1e-2])
def test_the_check_agrees_with_that_of_the_library(eps):
    x, h0, y, params = network(4, 3, 2, 3, 4, seed=8)
    right = {name: numerical_gradient(lambda _: loss(x, h0, y, params), value) for name, value in params.items()}
    spoiled = {name: grad * Rng(9).uniform(0.5, 1.5, grad.shape, "float64") for name, grad in right.items()}
    before = {name: value.copy() for name, value in params.items()}
    f = lambda params: loss(x, h0, y, params)  # noqa: E731
    for grads in (right, spoiled):
        found, theirs = ANSWERS["grad_check"](f, params, grads, eps), check_gradients(f, params, grads, eps)
        for name in params:
            assert abs(found[name] - theirs[name]) < 1e-9 + 1e-6 * theirs[name]
        assert (max(found.values()) < 1e-7) == (grads is right and eps < 1e-3)
    assert all(np.array_equal(params[name], before[name]) for name in params)


def test_the_check_of_nothing_is_nothing():
    params = {"used": np.ones(2), "unused": np.ones((1, 3))}
    grads = {"used": np.full(2, 2.0), "unused": np.zeros((1, 3))}
    found = ANSWERS["grad_check"](lambda params: (params["used"] ** 2).sum(), params, grads)
    assert found["unused"] == 0.0 and found["used"] < 1e-9


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


def dloss_dlogits(o, y):
    return differences(lambda o: cross_entropy(o, y), o)


def rnn_backward(dhs, cache):
    hs = cache["hs"]
    b = np.arctanh(hs[0, 0]) - cache["U"] @ cache["x"][0, 0] - cache["W"] @ cache["h0"][0]
    inputs = {"b": b, **{name: cache[name] for name in ("x", "h0", "U", "W")}}

    def loss(x, h0, **params):
        return (rnn_forward(x, h0, {**params, "V": params["W"], "c": params["b"]})[0] * dhs).sum()

    return {
        f"d{name}": differences(lambda z, name=name: loss(**{**inputs, name: z}), value)
        for name, value in inputs.items()
    }


def bptt_naive(x, y, params, k=None):
    h0 = np.zeros((x.shape[1], len(params["W"])))

    def loss(name, value):
        return cross_entropy(rnn_forward(x, h0, {**params, name: value})[1], y)

    return {f"d{name}": differences(lambda z, name=name: loss(name, z), params[name]) for name in params}


def rtrl(x, h0, params):
    return tuple(
        differences(lambda z, name=name: rnn_forward(x, h0, {**params, name: z})[0][-1], params[name]) for name in "UW"
    )


ni_algorithm = rtrl
"""


@pytest.mark.parametrize("exercise", ["dloss_dlogits", "rnn_backward", "bptt_naive", "rtrl"])
def test_differences_are_no_answer_where_a_formula_is_asked_for(exercise):
    found = list(verdicts(COURSE, COURSE.namespace(BY_DIFFERENCES), COURSE.sheets(seeded("differences")), exercise))
    assert found and not any(verdict.passed for verdict in found)
    assert any("finite differences" in verdict.message for verdict in found)


@pytest.mark.parametrize(
    "work",
    [
        "f({name: value + 1 for name, value in params.items()})",
        "[f({name: value + (np.arange(value.size) == i).reshape(value.shape)"
        " for name, value in params.items()}) for i in range(9)]",
    ],
)
def test_to_vary_several_entries_at_once_is_not_to_vary_each(work):
    code = f"def grad_check(f, params, grads, eps=1e-6):\n    {work}\n    return dict.fromkeys(params, 0.0)"
    found = verdicts(COURSE, COURSE.namespace(code), COURSE.sheets(seeded("at once")), "grad_check")
    assert not any(verdict.passed for verdict in found)


# ------------------------------------------------------------------------------------------------ the quiz


def with_recursion(hand_back, T, B, D, H, diagonal=False):
    """dW by the right recursion and by another one; ``hand_back(dh, slope, W)`` is what the step before gets."""
    x, h0, _, params = network(T, B, D, H, 2, seed=10)
    if diagonal:
        params["W"] = np.diag(np.diag(params["W"]))
    dhs, W = Rng(11).normal((T, B, H), dtype="float64"), params["W"]
    hs, _ = ANSWERS["rnn_forward"](x, h0, params)
    right = ANSWERS["rnn_backward"](dhs, {"x": x, "h0": h0, "hs": hs, "U": params["U"], "W": W})["dW"]
    from_later, dW = 0, 0
    for t in reversed(range(T)):
        dh, slope = dhs[t] + from_later, 1 - hs[t] ** 2
        dW = dW + (dh * slope).T @ (hs[t - 1] if t else h0)
        from_later = hand_back(dh, slope, W)
    return relative_error(dW, right)


def test_quiz_the_printed_recursion_is_right_for_one_unit_only():
    def printed(dh, slope, W):
        return dh.sum(axis=1, keepdims=True) * slope * np.diag(W)

    assert with_recursion(lambda dh, slope, W: (dh * slope) @ W, 4, 2, 3, 3) < 1e-12
    assert with_recursion(printed, 4, 2, 3, 1) < 1e-12
    assert with_recursion(printed, 4, 2, 3, 3) > 0.1
    assert with_recursion(printed, 4, 2, 3, 3, diagonal=True) > 0.1


def immediate_and_jacobians(T, H):
    """For t = 0 … T: the immediate derivative of h(t) by W, as (H, H·H), and the Jacobian of step t."""
    x, h0, _, params = network(T, 1, 2, H, 2, seed=12)
    hs = [h0[0], *ANSWERS["rnn_forward"](x, h0, params)[0][:, 0]]
    slopes = [np.diag(1 - h**2) for h in hs]
    immediate = [np.zeros((H, H * H)), *(np.kron(slopes[t], hs[t - 1]) for t in range(1, T + 1))]
    jacobians = [None, *(slopes[t] @ params["W"] for t in range(1, T + 1))]
    return immediate, jacobians, ANSWERS["rtrl"](x, h0, params)[1].reshape(H, H * H)


def test_quiz_read_as_total_derivatives_step_1_of_0_to_3_counts_three_times():
    T, H = 4, 3  # B counts its steps 0, 1, 2, 3; here they are 1, 2, 3, 4
    immediate, jacobians, right = immediate_and_jacobians(T, H)

    def back_to(t):
        return reduce(np.matmul, [jacobians[j] for j in range(T, t, -1)], np.eye(H))

    uses = [back_to(t) @ immediate[t] for t in range(T + 1)]
    assert relative_error(sum(uses), right) < 1e-12
    totals = [immediate[0]]
    for t in range(1, T + 1):
        totals.append(immediate[t] + jacobians[t] @ totals[-1])
    read_as_total = sum(back_to(t) @ totals[t] for t in range(1, T + 1))
    counts = {t: T + 1 - t for t in range(1, T + 1)}
    assert relative_error(read_as_total, sum(counts[t] * uses[t] for t in counts)) < 1e-12
    assert counts[2] == 3


def test_quiz_the_last_state_in_place_of_the_start_spoils_dW_only():
    (mistake,) = [m for m in COURSE.key.mistakes if m.exercise == "bptt_naive" and "hs[−1], the last state" in m.tell]
    x, _, y, params = network(4, 2, 3, 3, 3, seed=13)
    wrong, right = COURSE.namespace(mistake.code)["bptt_naive"](x, y, params), ANSWERS["bptt_naive"](x, y, params)
    assert {name for name in right if relative_error(wrong[name], right[name]) > 1e-9} == {"dW"}


def test_quiz_half_repaired_the_algorithm_lacks_the_last_step():
    T, H = 4, 3
    immediate, jacobians, right = immediate_and_jacobians(T, H)
    z, found = np.eye(H), np.zeros((H, H * H))
    for t in range(T, 0, -1):
        z = z @ jacobians[t]
        found += z @ immediate[t - 1]
    assert relative_error(found + immediate[T], right) < 1e-12 < relative_error(found, right)


# ------------------------------------------------------------------------------------------------ what is told


def test_every_section_that_a_message_or_hint_names_is_in_the_notebook():
    headings = set()
    for notebook in ("01_unrolling", NOTEBOOK):
        source = (ROOT / "solutions" / f"{notebook}.py").read_text(encoding="utf-8")
        headings |= set(re.findall(r"^# ##+ (.*)$", source, flags=re.MULTILINE))
    told = [mistake.tell for mistake in COURSE.key.mistakes]
    told += [hint for exercise in COURSE.exercises for hint in exercise.hints]
    told += [f"“{exercise.section}”" for exercise in exercises.of_notebook(NOTEBOOK)]
    assert {name for text in told for name in re.findall("“(.*?)”", text)} <= headings
