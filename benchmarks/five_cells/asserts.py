"""The same five exercises as other graders test them: assertions that a student sees, and hidden ones."""

_NETWORK = "r = np.random.default_rng(0); W = r.normal(size=(3, 4)); U = r.normal(size=(4, 4)); b = np.zeros(4)\n"

ASSERTS = {
    "sigmoid": (
        "assert np.allclose(sigmoid(np.zeros(3)), 0.5)",
        "assert np.allclose(sigmoid(np.array([1.0, -1.0])), [0.73105858, 0.26894142])",
    ),
    "step": (
        _NETWORK + "assert np.allclose(step(W, U, b, np.ones((2, 3)), np.zeros((2, 4))), np.tanh(np.ones((2, 3)) @ W))",
        "",
    ),
    "unroll": (_NETWORK + "assert unroll(W, U, b, r.normal(size=(50, 8, 3))).shape == (50, 8, 4)", ""),
    "clip": ("assert np.isclose(np.linalg.norm(clip(np.ones(100), 1.0)), 1)", ""),
    "softmax": ("assert np.allclose(softmax(np.ones((2, 4))), 0.25)", ""),
}
