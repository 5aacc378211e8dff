"""Notebook 03's answers against other ways to the same numbers: autograd, differences, the library, PyTorch."""

import numpy as np
import pytest
from copies import ROOT

from course_lib import exercises, init, optim
from course_lib.backend import Rng
from course_lib.exercises import vanishing
from course_lib.exercises.answer import attempt
from course_lib.exercises.verdict import judge
from course_lib.gradcheck import numerical_gradient, relative_error
from course_lib.grading.course import Texts, load, seeded

torch = pytest.importorskip("torch")

NOTEBOOK = "03_vanishing_gradients"
COURSE = load(Texts.read(ROOT / "solutions", NOTEBOOK))
ANSWERS = COURSE.namespace()


def network(T, B, H, size=1.0, seed=0):
    """Inputs a0 (T,B,H) to the tanh, a start h0 (B,H) and a matrix W (H,H)."""
    rng = Rng(seed)
    drive, h0 = rng.normal((T, B, H), dtype="float64"), rng.normal((B, H), dtype="float64")
    return drive, h0, size * rng.normal((H, H), dtype="float64") / np.sqrt(H)


def states(drive, h, W):
    hs = []
    for a in drive:
        h = np.tanh(a + h @ W.T)
        hs.append(h)
    return np.stack(hs)


def torch_states(drive, h, W):
    hs = []
    for a in drive:
        h = torch.tanh(a + W @ h)
        hs.append(h)
    return hs


# ------------------------------------------------------------------------------------------------ Jacobians


@pytest.mark.parametrize("B, H", [(1, 1), (1, 5), (4, 3), (3, 3)])
def test_the_jacobian_of_a_step_is_that_of_autograd_and_of_differences(B, H):
    drive, h0, W = network(1, B, H)
    found = ANSWERS["step_jacobian"](states(drive, h0, W)[0], W)
    matrix = torch.from_numpy(W)
    for b in range(B):
        a = torch.from_numpy(drive[0, b])
        by_autograd = torch.func.jacrev(lambda h, a=a: torch.tanh(a + matrix @ h))(torch.from_numpy(h0[b])).numpy()
        assert relative_error(found[b], by_autograd) < 1e-12
        for i in range(H):
            row = numerical_gradient(lambda h, b=b, i=i: np.tanh(drive[0, b] + W @ h)[i], h0[b].copy())
            assert np.abs(found[b, i] - row).max() < 1e-8


@pytest.mark.parametrize("T, B, H, size", [(1, 2, 3, 1), (2, 1, 1, 1), (6, 3, 4, 1), (5, 2, 3, 3), (30, 1, 4, 0.5)])
def test_norms_of_products_are_those_of_autograd(T, B, H, size):
    drive, h0, W = network(T, B, H, size)
    hs = states(drive, h0, W)
    found = ANSWERS["jacobian_products"](hs, W)
    assert found.shape == (T, B)
    matrix = torch.from_numpy(W)
    for b in range(B):
        inputs = torch.from_numpy(drive[:, b])
        for t in range(T - 1):
            jacobian = torch.func.jacrev(lambda h, t=t: torch_states(inputs[t + 1 :], h, matrix)[-1])  # noqa: B023
            expected = torch.linalg.matrix_norm(jacobian(torch.from_numpy(hs[t, b])), 2).item()
            assert found[t, b] == pytest.approx(expected, rel=1e-9)
        assert found[T - 1, b] == 1


def test_norms_of_products_are_those_of_differences():
    drive, h0, W = network(4, 1, 3, 1.5, seed=5)
    hs = states(drive, h0, W)
    for t in range(4):
        start = hs[t, 0].copy()
        later = drive[t + 1 :, 0]

        def last_state(h, later=later):
            return states(later, h, W)[-1] if len(later) else h

        rows = [numerical_gradient(lambda h, i=i, last=last_state: last(h)[i], start) for i in range(3)]
        expected = np.linalg.norm(np.stack(rows), 2)
        assert ANSWERS["jacobian_products"](hs, W)[t, 0] == pytest.approx(expected, rel=1e-7)


# ------------------------------------------------------------------------------------------------- spectrum


@pytest.mark.parametrize(
    "W, rho, smax",
    [
        ([[0.5, 10], [0, 0.5]], 0.5, 5 + np.sqrt(25.25)),  # σ_max − σ_min = 10 and σ_max σ_min = |det| = ¼
        ([[0, -2], [2, 0]], 2, 2),
        ([[-1.1, 0], [0, 1]], 1.1, 1.1),
        ([[0, 1], [0, 0]], 0, 1),
        ([[1, 1], [1, 1]], 2, 2),
        ([[-3]], 3, 3),
    ],
)
def test_spectrum_of_known_matrices(W, rho, smax):
    assert ANSWERS["spectrum"](np.array(W, float)) == pytest.approx((rho, smax), abs=1e-12)


def test_spectrum_of_the_erratum():
    rho, smax = ANSWERS["spectrum"](np.array([[0.5, 10], [0, 0.5]]))
    sizes = [np.linalg.norm(np.linalg.matrix_power([[0.5, 10], [0, 0.5]], k), 2) for k in range(1, 12)]
    assert (rho, round(smax, 1)) == (0.5, 10.0)
    assert next(k for k, size in enumerate(sizes, 1) if size < 1) == 8


# ------------------------------------------------------------------------------------------------ the cliff


@pytest.mark.parametrize("w, b, T", [(3.0, -1.0, 1), (4.0, -1.5, 7), (-3.0, 0.5, 5), (2.0, -1.0, 50), (0.0, 0.0, 3)])
def test_the_cliff_gradient_is_that_of_differences_and_of_autograd(w, b, T):
    loss, dw, db = ANSWERS["cliff_loss_grad"](w, b, T)
    at = np.array([w, b])
    by_differences = numerical_gradient(lambda p: np.asarray(ANSWERS["cliff_loss_grad"](*p, T)[0]), at)
    assert np.allclose([dw, db], by_differences, atol=1e-9)

    leaf = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
    x = torch.tensor(0.5, dtype=torch.float64)
    for _ in range(T):
        x = leaf[0] * torch.sigmoid(x) + leaf[1]
    torch_loss = (torch.sigmoid(x) - 0.7) ** 2
    torch_loss.backward()
    assert loss == pytest.approx(torch_loss.item(), rel=1e-12)
    assert np.allclose([dw, db], leaf.grad.numpy(), rtol=1e-10)


def test_the_cliff_on_a_grid_has_the_published_numbers():
    w, b = np.meshgrid(np.linspace(0, 8, 801), np.linspace(-4, 0, 801))
    loss, dw, db = ANSWERS["cliff_loss_grad"](w, b)
    size = np.hypot(dw, db)
    steepest = np.unravel_index(size.argmax(), size.shape)
    assert loss.shape == dw.shape == db.shape == w.shape
    assert round(size.max(), -1) == 3320
    assert (w[steepest], b[steepest]) == pytest.approx((4.94, -2.575))  # −2.58 with two digits
    assert round(np.median(size), 3) == 0.049
    assert round(100 * (size > 1).mean(), 2) == 0.17
    one = ANSWERS["cliff_loss_grad"](float(w[3, 500]), float(b[3, 500]))
    assert one == pytest.approx((loss[3, 500], dw[3, 500], db[3, 500]), rel=1e-12)


# ------------------------------------------------------------------------------------------------- clipping


def gradients(dtype, scale=1.0):
    rng = Rng(3)
    shapes = {"W": (4, 4), "b": (4,), "gates": (2, 3, 1)}
    return {name: rng.normal(shape, scale, dtype) for name, shape in shapes.items()}


@pytest.mark.parametrize("dtype, within", [("float64", 1e-12), ("float32", 1e-6)])
@pytest.mark.parametrize("max_norm", [0.1, 2.0, 1e3, np.inf])
def test_clipping_is_that_of_the_library_and_of_torch(dtype, within, max_norm):
    grads = gradients(dtype)
    clipped, norm = ANSWERS["clip_global_norm"](grads, max_norm)
    theirs = {name: g.copy() for name, g in grads.items()}
    assert norm == pytest.approx(float(optim.clip_by_norm(theirs, max_norm)), rel=within)

    leaves = [torch.zeros(g.shape, dtype=getattr(torch, dtype)) for g in grads.values()]
    for leaf, g in zip(leaves, grads.values(), strict=True):
        leaf.grad = torch.from_numpy(g.copy())
    assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(leaves, max_norm).item(), rel=within)

    for leaf, (name, g) in zip(leaves, clipped.items(), strict=True):
        assert g.dtype == dtype
        assert not np.shares_memory(g, grads[name])
        assert relative_error(g, theirs[name]) < within
        assert relative_error(g, leaf.grad.numpy()) < 1e-5  # PyTorch divides by the norm + 1e-6


def test_clipping_of_float32_does_not_overflow():
    grads = gradients("float32", 1e30)
    clipped, norm = ANSWERS["clip_global_norm"](grads, 2.0)
    assert 1e30 < norm < np.inf
    assert ANSWERS["clip_global_norm"](clipped, np.inf)[1] == pytest.approx(2.0, rel=1e-6)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_norm_that_is_not_finite_changes_nothing(value):
    grads = gradients("float64")
    grads["b"][1] = value
    clipped, norm = ANSWERS["clip_global_norm"](grads, 1.0)
    assert np.isnan(norm) if np.isnan(value) else norm == np.inf
    assert all(np.array_equal(g, grads[name], equal_nan=True) and g is not grads[name] for name, g in clipped.items())


# --------------------------------------------------------------------------------------------- first values


@pytest.mark.parametrize("H, gain", [(1, 1.0), (4, 0.5), (30, 1.5)])
@pytest.mark.parametrize("kind, option", [("orthogonal", "gain"), ("identity", "gain"), ("spectral", "radius")])
def test_first_values_are_those_of_the_library(kind, option, H, gain):
    ours = ANSWERS["init_recurrent"](kind, H, Rng(4).generator, gain)
    assert np.allclose(ours, getattr(init, kind)((H, H), Rng(4), "float64", **{option: gain}))
    assert ours.dtype == np.float64


# -------------------------------------------------------------------------- what a graded kernel has of this


def test_the_points_are_those_of_the_outline():
    assert [exercise.points for exercise in exercises.of_notebook(NOTEBOOK)] == [3, 3, 2, 3, 4, 3, 2]
    assert all(len(exercise.hints) == 3 for exercise in exercises.of_notebook(NOTEBOOK))


def test_sections_and_those_named_in_messages_exist():
    text = (ROOT / "solutions" / f"{NOTEBOOK}.py").read_text(encoding="utf-8")
    headings = {line[5:] for line in text.splitlines() if line.startswith("# ## ")}
    named = {part.split("”")[0] for mistake in COURSE.key.mistakes for part in mistake.tell.split("See “")[1:]}
    named |= {exercise.section for exercise in COURSE.exercises}
    assert named <= headings


@pytest.mark.parametrize("seed", range(3))
def test_the_growth_of_a_power_is_no_answer_to_the_spectral_radius(seed):
    W = Rng(seed).normal((8, 8), dtype="float64")
    rho = np.abs(np.linalg.eigvals(W)).max()
    assert vanishing._growth(W) == pytest.approx(rho, rel=2e-5)

    exercise = next(e for e in COURSE.exercises if e.id == "spectrum")
    sheets = COURSE.sheets(seeded(NOTEBOOK, "growth", str(seed)))
    given = {"spectrum": lambda W: (vanishing._growth(W), np.linalg.norm(W, 2))}
    test, sheet = exercise.test("radius"), sheets["spectrum", "radius"]
    verdict = judge(exercise, test, sheet, [attempt(exercise, test, given, case) for case in sheet.cases], False)
    assert not verdict.passed


def test_the_probe_of_random_numbers_leaves_the_global_generator_as_it_was():
    before = np.random.get_state()
    case = {"kind": "orthogonal", "H": 3, "seed": 1, "other_seed": 2}
    exercises.draws(lambda function, case, rng: np.random.standard_normal(case["H"]))(None, case)
    after = np.random.get_state()
    assert all(np.array_equal(one, two) for one, two in zip(before, after, strict=True))


@pytest.mark.parametrize("result", [None, 1.0, "W", [1, 2], np.zeros(3), np.zeros((2, 3)), np.zeros((3, 3), int)])
def test_whatever_an_initialiser_returns_gets_a_verdict(result):
    exercise = next(e for e in COURSE.exercises if e.id == "init_recurrent")
    sheets = COURSE.sheets(seeded(NOTEBOOK, "odd"), visible=True)
    given = {"init_recurrent": lambda *arguments: result}
    for test in exercise.tests:
        sheet = sheets[exercise.id, test.name]
        verdict = judge(exercise, test, sheet, [attempt(exercise, test, given, case) for case in sheet.cases], True)
        assert verdict.state == "failed"
        assert "AttributeError" not in verdict.message and "TypeError" not in verdict.message


def told(id, given):
    """What a student with this function is told of each test of the exercise."""
    exercise = next(e for e in COURSE.exercises if e.id == id)
    sheets = COURSE.sheets(seeded(NOTEBOOK, "told"))
    verdicts = {}
    for test in exercise.tests:
        sheet = sheets[id, test.name]
        answers = [attempt(exercise, test, {id: given}, case) for case in sheet.cases]
        verdicts[test.name] = judge(exercise, test, sheet, answers, False)
    return verdicts


def points(verdicts):
    return sum(verdict.points for verdict in verdicts.values())


def test_differences_are_no_jacobian():
    def by_differences(h_t, W):
        a, J = np.arctanh(h_t.astype(float)), np.zeros((*h_t.shape, len(W)))
        for j in range(len(W)):
            J[:, :, j] = (np.tanh(a + 1e-5 * W[:, j]) - np.tanh(a - 1e-5 * W[:, j])) / 2e-5
        return J.astype(h_t.dtype)

    verdicts = told("step_jacobian", by_differences)
    assert not any(verdicts[name].passed for name in ("one sample", "batch", "saturated"))
    assert "finite differences" in verdicts["batch"].message


def test_differences_are_no_gradient_at_the_cliff():
    loss = ANSWERS["cliff_loss_grad"]

    def by_differences(w, b, T=50, e=1e-5):
        dw = (loss(w + e, b, T)[0] - loss(w - e, b, T)[0]) / (2 * e)
        return loss(w, b, T)[0], dw, (loss(w, b + e, T)[0] - loss(w, b - e, T)[0]) / (2 * e)

    assert points(told("cliff_loss_grad", by_differences)) == 0.5


def test_the_diagonal_is_not_the_spectrum():
    assert points(told("spectrum", lambda W: (np.abs(np.diag(W)).max(), np.linalg.norm(W, 2)))) == 0.5


def test_clipping_that_never_clips_earns_little():
    def never(grads, max_norm):
        return {name: g.copy() for name, g in grads.items()}, ANSWERS["clip_global_norm"](grads, max_norm)[1]

    verdicts = told("clip_global_norm", never)
    assert points(verdicts) == 1.5
    assert "nothing is clipped" in verdicts["clipped"].message


def test_short_gradients_that_are_no_copies_are_told_so():
    def as_they_are(grads, max_norm):
        clipped, norm = ANSWERS["clip_global_norm"](grads, max_norm)
        return (clipped if max_norm < norm < np.inf else grads), norm

    verdicts = told("clip_global_norm", as_they_are)
    assert verdicts["clipped"].passed and verdicts["below"].message.startswith("short gradients are returned as they")


@pytest.mark.parametrize("last, said", [(None, "you return None"), (ValueError("kind"), "is returned")])
def test_an_unknown_kind_that_raises_nothing_is_told_so(last, said):
    def init_recurrent(kind, H, rng, gain=1.0):
        return ANSWERS["init_recurrent"](kind, H, rng, gain) if kind in ("orthogonal", "identity", "spectral") else last

    verdicts = told("init_recurrent", init_recurrent)
    assert points(verdicts) == 2.5
    assert "nothing is raised" in verdicts["kinds"].message and said in verdicts["kinds"].message
