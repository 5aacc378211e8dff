"""Notebook 06's answers against other ways to the same numbers: PyTorch, differences, the library, loops by hand."""

import math
import re
from functools import cache

import numpy as np
import pytest
from copies import ROOT

from course_lib import exercises, optim, text, training
from course_lib.backend import Rng
from course_lib.cells import RNN, Output
from course_lib.exercises import language
from course_lib.exercises.answer import attempt
from course_lib.exercises.verdict import judge
from course_lib.gradcheck import numerical_gradient, relative_error
from course_lib.grading.course import Texts, load, seeded
from course_lib.grading.trials import verdicts

torch = pytest.importorskip("torch")
cross_entropy = torch.nn.functional.cross_entropy

NOTEBOOK = "06_language_model"
COURSE = load(Texts.read(ROOT / "solutions", NOTEBOOK))
ANSWERS = COURSE.namespace()
NAMES = ("U", "W", "b", "V", "c")
SIZES = [(5, 3, 4, 6), (4, 4, 4, 4), (6, 1, 5, 3), (1, 4, 3, 5), (3, 5, 1, 4), (2, 3, 4, 1), (1, 1, 1, 1)]
sizes = pytest.mark.parametrize("T, B, H, K", SIZES)


def network(T, B, H, K, seed=0, size=0.8):
    """Parameters, characters x and y (T, B), and a state h (B, H) that is not 0."""
    rng = Rng(seed)
    shapes = {"U": (H, K), "W": (H, H), "b": (H,), "V": (K, H), "c": (K,)}
    params = {name: rng.normal(shape, size, "float64") for name, shape in shapes.items()}
    return params, rng.integers(0, K, (T, B)), rng.integers(0, K, (T, B)), rng.uniform(-0.9, 0.9, (B, H), "float64")


def library(params):
    """The library's layers with these parameters."""
    H, K = params["U"].shape
    layers = RNN(K, H, Rng(0), "float64"), Output(H, K, Rng(1), "float64")
    for layer in layers:
        for name, value in layer.params.items():
            value[...] = params[name]
    return layers


@cache
def sheets(seed, visible=False):
    return COURSE.sheets(seeded(NOTEBOOK, seed), visible)


def judged(exercise, test, given, seed="judged", visible=False):
    """The verdict on one test, where ``given`` is handed in."""
    one = next(e for e in COURSE.exercises if e.id == exercise)
    sheet = sheets(seed, visible)[exercise, test]
    answers = [attempt(one, one.test(test), {exercise: given}, case) for case in sheet.cases]
    return judge(one, one.test(test), sheet, answers, visible)


def changed(exercise, *replacements):
    """An answer in which something is replaced."""
    (answer,) = [cell.text for cell in COURSE.cells if cell.role == "answer" and cell.exercise == exercise]
    for old, new in replacements:
        assert answer.count(old) == 1, old
        answer = answer.replace(old, new)
    return COURSE.namespace(answer)[exercise]


# ------------------------------------------------------------------------------------------------ bits, perplexity


@pytest.mark.parametrize("T, B, K", [(25, 3, 7), (1, 1, 2), (4, 2, 1)])
def test_bits_and_perplexity_of_a_loss_of_torch(T, B, K):
    torch.manual_seed(0)
    o, y = torch.randn(T * B, K, dtype=torch.float64), torch.randint(K, (T * B,))
    loss = float(cross_entropy(o, y, reduction="sum")) / B
    p = torch.softmax(o, dim=1)[range(T * B), y].numpy()
    bits, perplexity = ANSWERS["bits_per_char"](loss, T), ANSWERS["perplexity"](loss, T)
    assert bits == pytest.approx(-np.log2(p).mean(), rel=1e-12, abs=1e-15)
    assert perplexity == pytest.approx(np.prod(p ** (-1 / (T * B))), rel=1e-12)
    assert bits == pytest.approx(text.bits_per_char(loss / T)) and 2**bits == pytest.approx(perplexity)
    assert perplexity == pytest.approx(text.perplexity(np.float64(loss / T)))


@pytest.mark.parametrize("K", [1, 2, 8, 65])
def test_a_uniform_guess_among_K_characters_has_the_perplexity_K(K):
    T = np.array([[1], [7], [3000]])
    assert np.allclose(ANSWERS["bits_per_char"](T * math.log(K), T), math.log2(K), 1e-13, 1e-15)
    assert np.allclose(ANSWERS["perplexity"](T * math.log(K), T), K, 1e-11)


# ------------------------------------------------------------------------------------------------ batches

CUTS = [(3, 4, 5), (1, 1, 1), (4, 1, 3), (3, 5, 1), (1, 2, 4), (2, 3, 3), (5, 1, 1)]


@pytest.mark.parametrize("n, B, T", CUTS)
def test_batches_are_those_by_hand_and_of_the_library(n, B, T):
    for left in {0, 1, B * T // 2, B * T - 1} - {B * T}:
        ids = np.arange(n * B * T + 1 + left) + 100
        x, y = ANSWERS["batchify"](ids, B, T)
        assert x.shape == y.shape == (n, T, B) and x.dtype.kind == y.dtype.kind == "i"
        for k, t, b in np.ndindex(n, T, B):
            assert x[k, t, b] == 100 + b * n * T + k * T + t and y[k, t, b] == x[k, t, b] + 1
        used = ids[: n * B * T + 1]
        for ours, theirs in zip((x, y), text.batches(used, B), strict=True):
            assert np.array_equal(ours.reshape(n * T, B), theirs)


@pytest.mark.parametrize("B, T", [(3, 4), (1, 1), (1, 5), (4, 1)])
def test_a_text_needs_one_character_more_than_a_chunk(B, T):
    for N in range(B * T + 1):
        with pytest.raises(ValueError):
            ANSWERS["batchify"](np.zeros(N, dtype=int), B, T)
    assert len(ANSWERS["batchify"](np.zeros(B * T + 1, dtype=int), B, T)[0]) == 1


def test_views_and_copies_of_the_text_are_batches():
    def views(ids, B, T):
        x, y = ANSWERS["batchify"](ids, B, T)
        assert np.shares_memory(x, ids)
        return x, y

    def copies(ids, B, T):
        return tuple(part.copy().astype("int16") for part in ANSWERS["batchify"](ids, B, T))

    for given in (views, copies):
        assert all(judged("batchify", test.name, given).passed for test in COURSE.exercises[1].tests)


def test_floats_for_characters_cost_a_tenth_of_a_point():
    def floats(ids, B, T):
        return tuple(part * 1.0 for part in ANSWERS["batchify"](ids, B, T))

    lost = [v for v in (judged("batchify", test.name, floats) for test in COURSE.exercises[1].tests) if not v.passed]
    assert [(verdict.test, verdict.max_points) for verdict in lost] == [("whole numbers", 0.1)]
    assert "dtype float64; whole numbers" in lost[0].message


@pytest.mark.parametrize("error", [AssertionError, IndexError, NotImplementedError, ZeroDivisionError])
def test_another_error_for_a_short_text_is_no_stub(error):
    def given(ids, B, T):
        if len(ids) <= B * T:
            raise error("too short")
        return ANSWERS["batchify"](ids, B, T)

    verdict = judged("batchify", "short texts", given)
    assert verdict.state == "failed"
    assert f"you raise {error.__name__} (too short); a ValueError is asked for" in verdict.message


# ------------------------------------------------------------------------------------------------ a chunk


@sizes
@pytest.mark.parametrize("seed", range(3))
def test_a_chunk_is_that_of_autograd_and_of_the_library(T, B, H, K, seed):
    params, x, y, h = network(T, B, H, K, seed)
    loss, grads, last = ANSWERS["tbptt_step"](params, x, y, h)
    assert list(grads) == list(params) and np.shape(loss) == ()

    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    U, W, b, V, c = leaves.values()
    state, total = torch.tensor(h), 0
    for t in range(T):
        one_hot = torch.nn.functional.one_hot(torch.tensor(x[t]), K).double()
        state = torch.tanh(one_hot @ U.T + state @ W.T + b)
        total = total + cross_entropy(state @ V.T + c, torch.tensor(y[t]))
    total.backward()
    assert abs(float(loss) - total.item()) < 1e-12
    assert np.abs(last - state.detach().numpy()).max() < 1e-13
    for name, leaf in leaves.items():
        assert grads[name].shape == params[name].shape
        assert np.abs(grads[name] - leaf.grad.numpy()).max() < 1e-12

    theirs = training.loss_and_gradients(*library(params), x, y, h)
    assert abs(loss - theirs[0]) < 1e-12 and np.abs(last - theirs[2]).max() < 1e-13
    assert all(np.abs(grads[name] - theirs[1][name]).max() < 1e-12 for name in NAMES)


@sizes
def test_the_gradients_of_a_chunk_are_those_of_differences(T, B, H, K):
    params, x, y, h = network(T, B, H, K, seed=10)
    _, grads, _ = ANSWERS["tbptt_step"](params, x, y, h)
    for name, value in params.items():
        differences = numerical_gradient(lambda _: ANSWERS["tbptt_step"](params, x, y, h)[0], value)
        assert np.abs(grads[name] - differences).max() < 1e-8


@pytest.mark.parametrize("n, T", [(4, 5), (6, 1), (1, 7)])
def test_chunks_one_after_another_are_those_of_the_library(n, T):
    params, x, y, h = network(n * T, 3, 4, 5, seed=20)
    for k, theirs in enumerate(training.truncated_bptt(*library(params), x, y, T, h)):
        loss, grads, h = ANSWERS["tbptt_step"](params, x[k * T : (k + 1) * T], y[k * T : (k + 1) * T], h)
        assert abs(loss - theirs[0]) < 1e-12 and np.abs(h - theirs[2]).max() < 1e-12
        assert all(relative_error(grads[name], theirs[1][name]) < 1e-11 for name in NAMES)
    assert k == n - 1


def test_a_chunk_leaves_nothing_behind_and_float32_stays():
    params, x, y, h = network(6, 3, 4, 5, seed=30)
    before = [value.copy() for value in (*params.values(), x, y, h)]
    ANSWERS["tbptt_step"](params, x, y, h)
    assert all(np.array_equal(a, b) for a, b in zip(before, (*params.values(), x, y, h), strict=True))
    single = {name: value.astype("float32") for name, value in params.items()}
    loss, grads, last = ANSWERS["tbptt_step"](single, x, y, h.astype("float32"))
    double = ANSWERS["tbptt_step"](params, x, y, h)
    assert last.dtype == "float32" and {grad.dtype.name for grad in grads.values()} == {"float32"}
    assert abs(loss - double[0]) < 1e-4 and all(np.abs(grads[n] - double[1][n]).max() < 1e-5 for n in NAMES)


def test_logits_of_a_thousand_are_no_trouble():
    params, x, y, h = network(5, 3, 4, 6, seed=40)
    params["V"], params["c"] = 1000 * params["V"], 1000 * params["c"]
    loss, grads, _ = ANSWERS["tbptt_step"](params, x, y, h)
    theirs = training.loss_and_gradients(*library(params), x, y, h)
    assert 1000 < loss < 50_000 and abs(loss - theirs[0]) < 1e-9
    assert all(
        np.isfinite(grads[name]).all() and relative_error(grads[name], theirs[1][name]) < 1e-10 for name in NAMES
    )


BY_DIFFERENCES = """
def tbptt_step(params, x, y, h):
    def forward(params):
        state, loss = h, 0.0
        for x_t, y_t in zip(x, y):
            state = np.tanh(params["U"].T[x_t] + state @ params["W"].T + params["b"])
            o = state @ params["V"].T + params["c"]
            o = o - o.max(axis=1, keepdims=True)
            log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
            loss = loss - log_p[np.arange(len(h)), y_t].mean()
        return loss, state

    grads = {}
    for name, value in params.items():
        grads[name] = np.zeros_like(value)
        for i in np.ndindex(*value.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = value.copy()
                moved[i] += step
                ends.append(forward({**params, name: moved})[0])
            grads[name][i] = (ends[0] - ends[1]) / 2e-5
    loss, state = forward(params)
    return loss, grads, state
"""


def test_differences_are_no_gradient_of_a_chunk():
    found = {v.test: v for v in verdicts(COURSE, COURSE.namespace(BY_DIFFERENCES), sheets("differences"), "tbptt_step")}
    assert found["loss"].passed and found["state"].passed
    assert not any(found[name].passed for name in NAMES)
    assert "finite differences" in found["W"].message


def test_what_is_no_loss_gradients_and_state_is_told_so():
    right = ANSWERS["tbptt_step"]
    told = {
        "an array of shape (3, 4), and no dictionary": lambda *a: [right(*a)[k] for k in (0, 2, 1)],
        "None, and no dictionary": lambda *a: (right(*a)[0], None, right(*a)[2]),
        "holds dU, dV, dW, db, dc; its keys are to be": lambda *a: (
            right(*a)[0],
            {f"d{name}": grad for name, grad in right(*a)[1].items()},
            right(*a)[2],
        ),
        "you returned 2 values; expected loss, grads, h": lambda *a: right(*a)[:2],
        "None (is a `return` missing?)": lambda *a: None,
    }
    for words, given in told.items():
        verdict = judged("tbptt_step", "U", given)
        assert verdict.state == "failed" and words in verdict.message, verdict.message


# ------------------------------------------------------------------------------------------------ Adagrad


@pytest.mark.parametrize("eps", [1e-8, 0.1])
@pytest.mark.parametrize("start", [0.0, 0.5])
def test_steps_are_those_of_torch_and_of_the_library(eps, start):
    rng = np.random.default_rng(0)
    params = {"U": rng.normal(size=(4, 3)), "b": rng.normal(size=1), "c": rng.normal(size=(2, 1, 2))}
    mem = {name: np.full_like(value, start) for name, value in reversed(params.items())}
    leaves = {name: torch.tensor(value.copy(), requires_grad=True) for name, value in params.items()}
    theirs = torch.optim.Adagrad(leaves.values(), 0.1, initial_accumulator_value=start, eps=eps)
    ours = {name: value.copy() for name, value in params.items()}
    rule = optim.Adagrad(ours, 0.1, eps)
    if start:
        rule.load_state(
            {name: start + 0 * v if name[0] == "s" and "." in name else v for name, v in rule.state().items()}
        )
    arrays = [*params.values(), *mem.values()]
    for step in range(6):
        grads = {name: rng.normal(size=value.shape) * (step != 1) for name, value in params.items()}
        assert ANSWERS["adagrad_step"](params, grads, mem, 0.1, eps) is None
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[name])
        theirs.step()
        rule.step(grads)
        for name, leaf in leaves.items():
            assert np.abs(params[name] - leaf.detach().numpy()).max() < 1e-13
            assert np.abs(params[name] - ours[name]).max() < 1e-13
            assert np.abs(mem[name] - theirs.state[leaf]["sum"].numpy()).max() < 1e-12
    assert all(a is b for a, b in zip(arrays, [*params.values(), *mem.values()], strict=True))


def test_an_element_without_gradients_stays():
    params, mem = {"U": np.ones((2, 2))}, {"U": np.zeros((2, 2))}
    ANSWERS["adagrad_step"](params, {"U": np.array([[0.0, 3.0], [-1e-3, 0.0]])}, mem, 0.1)
    assert np.allclose(params["U"], [[1, 0.9], [1.1, 1]], 1e-5) and np.array_equal(mem["U"] > 0, [[0, 1], [1, 0]])


def test_what_is_not_in_place_and_what_is_returned_are_told_apart():
    step = "params[name] -= lr * g / (np.sqrt(mem[name]) + eps)"
    rebound = changed("adagrad_step", (step, step.replace("-= lr", "= params[name] - lr")))
    rebound_memory = changed("adagrad_step", ("mem[name] += g**2", "mem[name] = mem[name] + g**2"))

    def new_ones(params, grads, mem, lr, eps=1e-8):
        mem = {name: value + grads[name] ** 2 for name, value in mem.items()}
        return {name: value - lr * grads[name] / (np.sqrt(mem[name]) + eps) for name, value in params.items()}, mem

    def returning(params, grads, mem, lr, eps=1e-8):
        ANSWERS["adagrad_step"](params, grads, mem, lr, eps)
        return params

    def more(params, grads, mem, lr, eps=1e-8):
        ANSWERS["adagrad_step"](params, grads, mem, lr, eps)
        mem["steps"] = 1

    def spoiling(params, grads, mem, lr, eps=1e-8):
        ANSWERS["adagrad_step"](params, grads, mem, lr, eps)
        grads["a"] *= 0.5

    def messages(given):
        found = (judged("adagrad_step", test.name, given) for test in COURSE.exercises[3].tests)
        return {verdict.test: verdict.message for verdict in found if not verdict.passed}

    tests = {"one step", "several steps", "nothing else"}
    for given, role in ((rebound, "params"), (rebound_memory, "mem")):
        assert messages(given).keys() == tests
        assert all(re.match(rf"{role}\['.'\] is another array now", message) for message in messages(given).values())
    assert messages(new_ones).keys() == tests
    assert "a value of type tuple, while params and mem are as before" in messages(new_ones)["one step"]
    assert messages(more).keys() == tests and "other keys than before" in messages(more)["one step"]
    assert messages(returning).keys() == {"nothing else"}
    assert messages(returning)["nothing else"].startswith("you return a value of type dict: the arrays")
    assert messages(spoiling).keys() == {"nothing else"} and "grads.0.a" in messages(spoiling)["nothing else"]


# ------------------------------------------------------------------------------------------------ drawing


def hot(seed, H=5, K=6, size=0.8):
    params, _, _, h = network(1, 1, H, K, seed, size)
    return params, h[0]


@pytest.mark.parametrize("H, K", [(5, 6), (4, 4), (1, 3), (8, 2)])
def test_at_temperature_0_the_text_is_that_of_the_library(H, K):
    vocabulary = text.Vocabulary("abcdef"[:K])
    for seed in range(10):
        params, _ = hot(seed, H, K, size=1.5)
        cell, output = library(params)
        for first in range(K):
            ids = ANSWERS["sample"](params, np.zeros(H), first, 15, 0, None)
            theirs = text.sample(cell, output, vocabulary, vocabulary.decode([first]), 15, 0, Rng(0))
            assert vocabulary.decode(ids) == theirs


def test_the_state_before_the_first_character_counts():
    params, h = hot(3, size=1.5)
    x, ids = [2], ANSWERS["sample"](params, h, 2, 12, 0, None)
    assert ids.shape == (12,) and ids.dtype.kind == "i"
    for character in ids:  # each is the most probable one after those before it
        state = h
        for i in x:
            state = np.tanh(params["U"] @ np.eye(6)[i] + params["W"] @ state + params["b"])
        assert character == np.argmax(params["V"] @ state + params["c"])
        x.append(int(character))


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_pairs_come_as_often_as_their_probabilities_say(temperature):
    params, h = hot(5, K=3)
    rng, N = np.random.default_rng(0), 6000
    pairs = np.array([ANSWERS["sample"](params, h, 1, 2, temperature, rng) for _ in range(N)])
    counts = np.bincount(3 * pairs[:, 0] + pairs[:, 1], minlength=9)

    def step(state, i):
        state = np.tanh(params["U"][:, i] + params["W"] @ state + params["b"])
        return state, torch.softmax(torch.tensor((params["V"] @ state + params["c"]) / temperature), 0).numpy()

    after, p = step(h, 1)
    expected = N * np.concatenate([p[i] * step(after, i)[1] for i in range(3)])
    assert ((counts - expected) ** 2 / expected).sum() < 50  # χ² with 8 degrees of freedom: 1 in 10⁷


def test_the_smallest_temperatures_do_not_overflow_and_no_character_is_an_empty_text():
    for seed in range(5):
        params, h = hot(seed, size=3.0)
        cold = ANSWERS["sample"](params, h, 1, 10, 1e-4, np.random.default_rng(seed))
        assert np.array_equal(cold, ANSWERS["sample"](params, h, 1, 10, 0, None))
        none = ANSWERS["sample"](params, h, 1, 0, 1.0, np.random.default_rng(seed))
        assert none.shape == (0,) and none.dtype.kind == "i"


# ---------------------------------------------------------------------------------------------- how it was drawn


def drawn(case, rng):
    """Texts that are drawn rightly, all of them at once: the largest of the logits with Gumbel noise."""
    h, x, ids = case["h"], case["first"], []
    params = case["params"]
    for _ in range(case["n"]):
        h = np.tanh(params["U"].T[x] + h @ params["W"].T + params["b"])
        o = (h @ params["V"].T + params["c"]) / case["temperature"]
        x = (o + rng.gumbel(size=o.shape)).argmax(axis=1)
        ids.append(x)
    return np.stack(ids, axis=1)


@cache
def frequency_cases(seed):
    return [case for case in sheets(seed)["sample", "frequencies"].cases if case["temperature"] > 0.01]


def test_no_right_text_is_told_to_be_wrong():
    for seed in range(200):
        for case in frequency_cases(f"frequencies {seed % 5}"):
            ids = drawn(case, np.random.default_rng(seed))
            assert language._how({"ids": ids}, case) == {"frequencies": "softmax(o / temperature)"}


def test_every_way_to_draw_is_a_distribution():
    """Of the 60 ways none may give all texts together more than 1, or right answers would be told to be wrong."""
    (case, *_) = frequency_cases("distribution")
    K = len(case["params"]["c"])
    tiny = {**case, "h": case["h"][:2], "first": case["first"][:2], "n": 2}
    tiny["h"][1], tiny["first"][1] = tiny["h"][0], tiny["first"][0]
    sums = {}
    for text_ids in np.ndindex(K, K, K, K):
        ids = np.array(text_ids).reshape(2, 2)
        ways = language._ways(ids, tiny)
        found = {name: language._likelihood(logits, ids) for name, logits in ways.items()}
        found |= language._certain_ways(ids, tiny, found["softmax(o / temperature)"])
        found |= {f"without a name {k}": value for k, value in enumerate(language._ways_without_a_name(ids, tiny))}
        for name, values in found.items():
            sums[name] = sums.get(name, 0) + np.exp(np.sum(values))
    assert len(sums) <= 60
    assert max(sums.values()) < 1 + 1e-9
    assert all(abs(total - 1) < 1e-9 for name, total in sums.items() if name in language._ways(ids, tiny))


SAMPLE = {
    "p": "p = np.exp((o - o.max()) / temperature)",
    "draw": "i = int(rng.choice(len(p), p=p / p.sum()))",
    "step": "h = np.tanh(U[:, i] + W @ h + b)",
}
WRONG = [
    ("p", "p = np.exp(o * temperature)", "multiplied by the temperature"),
    ("p", "p = np.exp(o - o.max()) ** temperature", "multiplied by the temperature"),
    ("p", "p = np.exp(o - o.max()) / temperature", "the temperature is not used"),
    ("draw", "i = int(np.argmax(o + temperature * 0 + rng.gumbel(size=len(o))))", "the temperature is not used"),
    ("draw", "i = int(rng.integers(len(p)))", "all characters are equally likely"),
    ("draw", "i = int(np.argmax(p))", "always the most probable character"),
    (
        "draw",
        "i = int(rng.choice(len(p), p=p / p.sum())) if rng.random() < 0.6 else int(rng.integers(len(p)))",
        "nothing that has a name",
    ),
    ("draw", "i = int((np.cumsum(p / p.sum()) < rng.random()).sum() - 1) % len(p)", "nothing that has a name here"),
    ("step", "h = np.tanh(U[:, i] + b)", "W h is missing"),
    ("step", "h = np.tanh(U[:, i] + h @ W + b)", "W is transposed"),
    ("step", "h = np.tanh(U[:, first] + W @ h + b)", "at every step the first character goes in"),
]


@pytest.mark.parametrize("place, code, told", WRONG)
@pytest.mark.parametrize("visible", [True, False])
def test_wrong_draws_are_told_by_what_is_wrong_with_them(place, code, told, visible):
    given = changed("sample", (SAMPLE[place], code))
    verdict = judged("sample", "frequencies", given, "practice", visible)
    assert not verdict.passed and told in verdict.message, verdict.message


@pytest.mark.parametrize("seed", range(4))
def test_a_generator_of_ones_own_is_told_as_that(seed):
    own = changed("sample", ("ids, i = [], first", f"rng, ids, i = np.random.default_rng({seed}), [], first"))
    for test in ("frequencies", "chance"):
        verdict = judged("sample", test, own, f"own {seed}")
        assert not verdict.passed and "every seed and every call gives the same text" in verdict.message


@pytest.mark.parametrize(
    "result, told",
    [
        (None, "you returned None (is a `return` missing?); expected an array of shape (n,)"),
        ([1, 2], "you returned a list; np.array makes an array of it"),
        ("abc", "a value of type str"),
        (np.zeros(8), "dtype float64; whole numbers"),
        (np.full(8, 99), "go from 99 to 99; there are 0 to"),
        (np.full(8, -1), "go from -1 to -1; there are 0 to"),
        (np.zeros(7, dtype=int), "shape (7,), expected (n,) = (8,)"),
    ],
)
def test_a_text_of_another_form_is_told_so(result, told):
    verdict = judged("sample", "frequencies", lambda *arguments: result)
    assert verdict.state == "failed" and told in verdict.message
    assert not judged("sample", "temperature 0", lambda *arguments: result).passed


def test_what_is_no_number_is_explained():
    overflowing = changed("sample", (SAMPLE["p"], "p = np.exp(o / temperature)"))
    assert "subtract the largest logit before you divide" in judged("sample", "frequencies", overflowing).message
    dividing = changed("sample", ("temperature == 0", "False"))
    assert "take np.argmax where the temperature is 0" in judged("sample", "temperature 0", dividing).message


@pytest.mark.parametrize("outputs", [{}, {"ids": "x"}, {"ids": np.zeros(3, int)}, {"ids": np.full((80, 8), 77)}])
def test_whatever_a_submission_sends_as_texts_gets_a_verdict(outputs):
    one = COURSE.exercises[4]
    sheet = sheets("judged")["sample", "frequencies"]
    answers = [exercises.answer.Answer(outputs)] * len(sheet.cases)
    verdict = judge(one, one.test("frequencies"), sheet, answers, False)
    assert not verdict.passed and verdict.message


# ------------------------------------------------------------------------------------------------ what is told

# Slips that give the numbers of another one in some of the tests: what is said there must be true of both.
# Exercise, what is replaced in the answer, by what, a test, what is told, and what is not.
SHARED = [
    ("batchify", "for first in (0, 1))", "for first in (1, 0))", "inputs", "begin with the second character", "places"),
    (
        "tbptt_step",
        "log_p[rows, y[t]].sum() / B",
        "log_p[rows, y[t]].sum() / B / T",
        "loss",
        "divided by T",
        "gradients",
    ),
    ("tbptt_step", "do /= B", "do /= B * T", "W", "divided by T", "the loss is divided"),
    ("tbptt_step", "do /= B", "do /= B * B", "V", "divided by B twice", "divided by T"),
    ("tbptt_step", "do[rows, y[t]] -= 1", "do[rows, x[t]] -= 1", "U", "x[t] stands where the target", "not used"),
    ("tbptt_step", "(do @ V + da_next @ W)", "(da_next @ W)", "U", "U: its gradient is all zeros", "do @ V"),
    ("tbptt_step", 'grads["c"] += do.sum(axis=0)', 'grads["c"] += do.sum()', "c", "all zeros", ""),
    ("tbptt_step", "range(T)[::-1]", "range(1, T)[::-1]", "W", "or the loop ended before", ""),
    ("tbptt_step", 'np.add.at(grads["U"].T, x[t], da)', 'grads["U"][:, x[t]] += da.T', "U", "np.add.at", ""),
    (
        "adagrad_step",
        "mem[name] += g**2",
        "g **= 2\n        mem[name] += g",
        "one step",
        "g² in its numerator",
        "grads",
    ),
    ("sample", SAMPLE["draw"], "i = int(np.argmax(o))", "chance", "or nothing is drawn at all", "temperature"),
]


@pytest.mark.parametrize("exercise, old, new, test, told, untold", SHARED)
@pytest.mark.parametrize("visible", [True, False])
def test_what_is_told_is_true_of_every_way_to_these_numbers(exercise, old, new, test, told, untold, visible):
    verdict = judged(exercise, test, changed(exercise, (old, new)), "practice", visible)
    assert not verdict.passed and told in verdict.message and (not untold or untold not in verdict.message)


def test_every_section_that_a_message_or_hint_names_is_in_its_notebook():
    def headings(notebook):
        source = (ROOT / "solutions" / f"{notebook}.py").read_text(encoding="utf-8")
        return set(re.findall(r"^# ##+ (.*)$", source, flags=re.MULTILINE))

    told = [mistake.tell for mistake in COURSE.key.mistakes]
    told += [hint for exercise in COURSE.exercises for hint in exercise.hints]
    told += [f"“{exercise.section}”" for exercise in exercises.of_notebook(NOTEBOOK)]
    named = {found for message in told for found in re.findall(r"“(.*?)”(?: in notebook (\d\d))?", message)}
    earlier = {name[:2]: name for name in exercises.notebooks()}
    assert {"02", ""} == {number for _, number in named}
    for section, number in named:
        assert section in headings(earlier.get(number, NOTEBOOK)), (section, number)
