"""Answers that have the right look and are none: exercises whose probes and views could be told a tale."""

import textwrap

import pytest
from attacking import graded
from classes import answer_cell, points, stubs

VANISHING, BPTT = "03_vanishing_gradients", "02_bptt"

# exercise, what it returns or does, the most it may earn
TALES = {
    "the names that the view gives": (
        VANISHING,
        "init_recurrent",
        """
        def init_recurrent(kind, H, rng, gain=1.0):
            true = {"shape": np.array([H, H]), "spectral radius": np.float64(gain), "entries differ, as if drawn": True}
            true |= {"the largest singular value is larger than the radius": True}
            true |= {"no single direction has nearly all of W": True, "the same seed gives the same": True}
            true |= {"another seed gives another": True, "a second draw gives another": True}
            true |= {"global state stays": True}
            return {"WᵀW": gain**2 * np.eye(H)} if kind == "orthogonal" else true
        """,
        0.0,
    ),
    "a view of the kernel's own": (
        VANISHING,
        "init_recurrent",
        """
        from dataclasses import replace
        from course_lib.exercises import exam, vanishing

        def init_recurrent(kind, H, rng, gain=1.0):
            vanishing._growth = lambda W: np.float64(gain)
            vanishing._sizes = lambda W: W.size
            return rng.standard_normal((H, H))
        """,
        0.5,  # "random": it draws from rng, and from nothing else
    ),
    "matrices that were not drawn": (
        VANISHING,
        "init_recurrent",
        """
        def init_recurrent(kind, H, rng, gain=1.0):
            if kind == "orthogonal":
                return gain * np.eye(H)
            W = np.triu(np.ones((H, H)))
            np.fill_diagonal(W, gain)
            return W
        """,
        0.0,
    ),
    "an array that says it is equal": (
        VANISHING,
        "init_recurrent",
        """
        class Equal(np.ndarray):
            def __eq__(self, other):
                return np.ones(self.shape, bool)

            def __ne__(self, other):
                return np.ones(self.shape, bool)

        def init_recurrent(kind, H, rng, gain=1.0):
            return (gain * np.eye(H)).view(Equal)
        """,
        0.0,
    ),
    "no differences at all": (
        BPTT,
        "grad_check",
        """
        def grad_check(f, params, grads, eps=1e-6):
            f({name: value + 1 for name, value in params.items()})
            return {name: 0.0 for name in params}
        """,
        0.0,
    ),
    "central differences in place of the derivation": (
        BPTT,
        "rnn_backward",
        """
        def rnn_backward(dhs, cache):
            values = {k: v.astype(float) for k, v in cache.items() if k != "hs"}
            values["b"] = np.zeros(len(values["W"]))
            first = cache["hs"][0] if len(cache["hs"]) else 0
            values["b"] += (np.arctanh(first) - values["x"][0] @ values["U"].T - values["h0"] @ values["W"].T)[0]
            def loss():
                h, total = values["h0"], 0.0
                for x_t, dh in zip(values["x"], dhs):
                    h = np.tanh(x_t @ values["U"].T + h @ values["W"].T + values["b"])
                    total += (h * dh).sum()
                return total
            grads = {}
            for name, value in values.items():
                grad = np.zeros_like(value)
                for i in np.ndindex(value.shape):
                    kept = value[i]
                    value[i] = kept + 1e-5
                    above = loss()
                    value[i] = kept - 1e-5
                    grad[i] = (above - loss()) / 2e-5
                    value[i] = kept
                grads["d" + name] = grad.astype(cache["x"].dtype)
            return grads
        """,
        0.5,  # in float32 they are as good
    ),
}


@pytest.mark.parametrize("tale", TALES)
def test_what_only_looks_right_earns_nothing(tale, bubblewrap):
    notebook, exercise, code, most = TALES[tale]
    nb = stubs(notebook)
    answer_cell(nb, exercise).source = textwrap.dedent(code).strip()
    result = graded(nb, notebook=notebook)
    assert result["status"] == "ok"
    assert points(result)[exercise] <= most, [(t["test"], t["points"], t["message"]) for t in result["tests"]]


def test_the_same_way_of_handing_in_earns_points_for_a_right_answer(bubblewrap):
    nb = stubs(VANISHING)
    answer_cell(
        nb, "spectrum"
    ).source = "def spectrum(W):\n    return np.abs(np.linalg.eigvals(W)).max(), np.linalg.norm(W, 2)"
    assert points(graded(nb, notebook=VANISHING))["spectrum"] == 2.0
