"""Notebook 03, vanishing and exploding gradients: what is asked, how it is called, and hints."""

import numpy as np

from course_lib.backend import asnumpy
from course_lib.exercises import EXACT, Exercise, Test, call, choice, draws, part, raised, randomness

_RADIUS_AND_NORM = ("rho", "smax")
_LOSS_AND_GRADIENT = ("loss", "dw", "db")
_CLIPPED_AND_NORM = ("clipped", "norm")


def _clipped_float32(function, case):
    """The clipped arrays, whose dtype counts, and the norm, whose dtype does not."""
    results = call(function, case)
    if not isinstance(results, tuple | list) or len(results) != 2:
        return results
    norm = asnumpy(results[1]) if hasattr(results[1], "dtype") else results[1]
    if isinstance(norm, float | np.ndarray | np.generic):
        norm = np.asarray(norm, "float32")
    return {"clipped": results[0], "norm": norm}


def _matrix(function, case, rng):
    arguments = [case["kind"], case["H"], rng] + [case[name] for name in ("gain",) if name in case]
    return function(*arguments)


def _one_matrix(function, case):
    """The matrix of a case, whose ``rng`` is made here: data can hold no generator."""
    return {"W": _matrix(function, case, np.random.default_rng(case["seed"]))}


def _is_matrix(W):
    return isinstance(W, np.ndarray) and W.ndim == 2 and W.shape[0] == W.shape[1] and W.dtype.kind == "f"


def _orthogonal(outputs, case):
    """WᵀW, which is the same for every orthogonal matrix."""
    W = outputs["W"]
    if not _is_matrix(W):
        return {"result": W}
    return {"WᵀW": W.T.astype(float) @ W, "entries differ, as if drawn": len(W) < 3 or _sizes(W) > len(W)}


def _spectral(outputs, case):
    W = outputs["W"]
    if not _is_matrix(W):
        return {"result": W}
    radius = _growth(W.astype(float)).round(4)
    found = {"shape": np.array(W.shape), "spectral radius": radius}
    found["entries differ, as if drawn"] = _sizes(W) == W.size
    if len(W) >= 20:  # as far as it can be told from one draw
        norm = np.linalg.norm(W, 2)
        found["symmetric"] = bool(np.abs(W - W.T).max() < 1e-6 * norm)
        found["the largest singular value is larger than the radius"] = bool(norm > 1.1 * radius)
        found["no single direction has nearly all of W"] = bool(np.linalg.norm(W) > 1.6 * norm)
    return found


def _sizes(W):
    """How many entries of different size there are."""
    return len(np.unique(np.abs(W)))


def _growth(W, doublings=20):
    """By how much a long power of W grows with each factor: exercise 3 asks for more digits than this has."""
    P, log_size = W, 0.0  # exp(log_size) · P is the power
    for _ in range(doublings):
        P = P @ P
        size = np.linalg.norm(P)
        if size == 0:
            return np.float64(0.0)
        P, log_size = P / size, 2 * log_size + np.log(size)
    return np.exp(log_size / 2**doublings)


def _of_kind(function, case):
    if case["kind"] in ("orthogonal", "identity", "spectral"):
        return _one_matrix(function, case)
    return raised(_matrix, function, case, np.random.default_rng(case["seed"]))


EXERCISES = (
    Exercise(
        id="step_jacobian",
        title="The Jacobian of a step",
        names=("step_jacobian",),
        section="The Jacobian of a step",
        tests=(
            Test("one sample", 1.0, "the Jacobian of a single sample, B = 1, for several H", tolerance=EXACT),
            Test("batch", 1.0, "one Jacobian for each sample of a batch", tolerance=EXACT),
            Test("saturated", 0.5, "states with entries that are exactly −1, 0 or 1", tolerance=EXACT),
            Test("float32", 0.5, "float32 inputs give a float32 result", dtype=True),
        ),
        hints=(
            "Begin with one sample and one entry: h_i = tanh(a_i), and a_i has the term W_ij h_j(t−1). What is the "
            "derivative of h_i by h_j(t−1)? The slope of tanh at a is 1 − tanh(a)².",
            "Entry [i, j] is a slope that belongs to i, times W[i, j]. So every row of W is multiplied by a number of "
            "its own. For one sample that is a diagonal matrix times W.",
            "For a batch the slopes are (B, H). Give them a third axis, so that they become (B, H, 1) and NumPy "
            "multiplies row i of W (H, H) by slope i: slopes[:, :, None] stands for that.",
        ),
    ),
    Exercise(
        id="jacobian_products",
        title="Many steps",
        names=("jacobian_products",),
        section="Many steps",
        tests=(
            Test("short", 0.5, "T = 1 and T = 2: no factor, and one"),
            Test("values", 1.5, "products of several Jacobians, for several T, B and H"),
            Test("long", 0.5, "40 steps, in which the norm vanishes or explodes"),
            Test("float32", 0.5, "float32 inputs give a float32 result", dtype=True),
        ),
        hints=(
            "Write the derivative for T = 3 on paper: h(3) by h(3), by h(2), by h(1). Which Jacobians stand in each, "
            "and in which order?",
            "Go backwards from the last step. Keep one array (B, H, H) that begins as the identity. Note its norm; "
            "multiply it by the Jacobian of the step that led to this state. The earlier step stands on the right.",
            "The factor that leads from h(t) back to h(t−1) uses the slopes at h(t), so the loop runs over hs[::-1]. "
            "Note the norm before you multiply: the first one is 1. At the end turn the list of norms round.",
        ),
    ),
    Exercise(
        id="spectrum",
        title="Radius and norm",
        names=("spectrum",),
        section="Eigenvalues",
        tests=(
            Test(
                "radius",
                1.0,
                "the spectral radius: eigenvalues that are positive, negative or complex",
                probe=part("rho", _RADIUS_AND_NORM),
            ),
            Test("norm", 0.5, "the largest singular value", probe=part("smax", _RADIUS_AND_NORM)),
            Test(
                "non-normal",
                0.5,
                "both, for matrices with a small radius and a large norm",
                outputs=_RADIUS_AND_NORM,
            ),
        ),
        hints=(
            "Print the eigenvalues of [[0, −1], [1, 0]], a rotation by 90°. Is the largest of them what you want?",
            "An eigenvalue counts by its absolute value, √(re² + im²), which np.abs gives for complex numbers, too. "
            "Take it first, then the maximum.",
            "For smax: np.linalg.svd(W, compute_uv=False) returns all singular values, the largest first; "
            "np.linalg.norm(W, 2) is the largest. Without the 2, norm gives another norm.",
        ),
    ),
    Exercise(
        id="cliff_loss_grad",
        title="Over the cliff",
        names=("cliff_loss_grad",),
        section="The cliff",
        tests=(
            Test("loss", 0.5, "the loss, for several T", probe=part("loss", _LOSS_AND_GRADIENT), tolerance=EXACT),
            Test("dw", 1.0, "the derivative by w", probe=part("dw", _LOSS_AND_GRADIENT), tolerance=EXACT),
            Test("db", 1.0, "the derivative by b", probe=part("db", _LOSS_AND_GRADIENT), tolerance=EXACT),
            Test("grid", 0.5, "all three for arrays w and b", outputs=_LOSS_AND_GRADIENT, tolerance=EXACT),
        ),
        hints=(
            "Differentiate x(t) = w σ(x(t−1)) + b by w. w stands there twice: openly, and within x(t−1). "
            "So there are two terms; the same holds for b.",
            "Both derivatives have the factor w σ'(x(t−1)) before the derivative of x(t−1). The open terms are "
            "σ(x(t−1)) for w and 1 for b. Both derivatives begin at 0, since x(0) is fixed.",
            "In each step: s = sigmoid(x), then the two derivatives with this s and with their old values, then x. "
            "After the loop dE/dx = 2 (σ(x) − 0.7) σ'(x), and the chain rule gives dw and db.",
        ),
    ),
    Exercise(
        id="clip_global_norm",
        title="Clipping by norm",
        names=("clip_global_norm",),
        section="Clipping by norm",
        tests=(
            Test("norm", 0.5, "the norm before clipping, over all arrays", probe=part("norm", _CLIPPED_AND_NORM)),
            Test("clipped", 2.0, "gradients that are too long", probe=part("clipped", _CLIPPED_AND_NORM)),
            Test(
                "below",
                0.5,
                "gradients that are short enough, or all 0: copies with the same values",
                probe=part("clipped", _CLIPPED_AND_NORM),
            ),
            Test(
                "float32",
                0.5,
                "float32 arrays stay float32, also with entries of 1e30",
                probe=_clipped_float32,
                dtype=True,
            ),
            Test("not finite", 0.5, "entries that are inf or nan", outputs=_CLIPPED_AND_NORM),
        ),
        hints=(
            "Two steps: first one number, the norm of everything; then one factor for everything. Which factor leaves "
            "the gradients as they are?",
            "The squares of all entries of all arrays are added up before the one square root is taken. "
            "grad.astype('float64') before squaring keeps 1e30 from overflowing. An inf or nan in the norm: factor 1.",
            "The factor is max_norm / norm only if max_norm < norm < infinity (nan makes this False), else 1. "
            "A float32 array times a float64 number is float64: convert the result back to the dtype of the array.",
        ),
    ),
    Exercise(
        id="init_recurrent",
        title="A start that neither vanishes nor explodes",
        names=("init_recurrent",),
        section="Remedies",
        on_host=True,
        tests=(
            Test(
                "orthogonal",
                1.0,
                "orthogonal: WᵀW = gain² I, for several H and gains",
                probe=_one_matrix,
                view=_orthogonal,
            ),
            Test(
                "spectral",
                1.0,
                "spectral: the spectral radius is gain, of a Gaussian matrix",
                probe=_one_matrix,
                view=_spectral,
            ),
            Test("kinds", 0.5, "identity, and an unknown kind", probe=_of_kind),
            Test(
                "random",
                0.5,
                "rng, and nothing else, decides what is drawn",
                probe=draws(_matrix),
                view=randomness(_is_matrix),
            ),
        ),
        hints=(
            "Three kinds, three branches, and an error after them. Two of them begin with the same Gaussian matrix.",
            "orthogonal: Q, R = np.linalg.qr(A); one of the two is orthogonal. spectral: the radius of s·A is s times "
            "the radius of A, for s > 0. The radius is that of exercise 3, not the norm.",
            "Divide A by its spectral radius, max of np.abs of its eigenvalues, and multiply by gain. Multiply the "
            "orthogonal matrix by gain, and the identity, too. Draw with rng.standard_normal, not with np.random.",
        ),
    ),
    Exercise(
        id="answers03",
        title="Quiz",
        names=("answers03",),
        section="Bounds are conditions",
        tests=tuple(choice(question, 0.5) for question in ("jacobian", "chain", "relu", "float32")),
        hints=(
            "jacobian: write the bound on the norm of a product. chain: how large can w σ' be? relu: what else is in "
            "a factor besides the slope? float32: try np.float32(1e38) * np.float32(10).",
            "jacobian: one step can stretch a vector by the 2-norm of its Jacobian. Which property of W bounds that? "
            "chain: σ' can be as large as ¼, and w can be negative. relu: take W = 1.05 I and positive states. "
            "float32: multiply an array of ones by 1.5 until something changes, and print.",
            "“Bounds are conditions” has the first, “A chain of four neurons” the second, “Remedies” the caveat of the "
            "third, and “Exploding, and what really happens in float32” runs the fourth.",
        ),
    ),
)
