"""The same pass in JAX: a scan over time and its gradient, compiled. Compiling is not timed.

The weights are laid out for it beforehand, ``(D, G·H)`` and ``(H, G·H)``.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from measuring.racing import Candidate

sigmoid, tanh = jax.nn.sigmoid, jnp.tanh


def candidate(problem: Any, params: Mapping[str, Any]) -> Candidate:
    """A pass over the arrays of a problem with parameters of ours."""
    step, H = _STEPS[problem.kind], problem.size[3]
    weights = {name: jnp.asarray(_packed(name, array)) for name, array in params.items()}
    x, dhs, state = jnp.asarray(problem.x), jnp.asarray(problem.dhs), tuple(map(jnp.asarray, problem.state))

    @jax.jit
    def forward_and_backward(weights: Any, x: Any, state: Any, dhs: Any) -> Any:
        hs, backward = jax.vjp(lambda *inputs: _scan(step, H, *inputs), weights, x, state)
        return hs, *backward(dhs)

    def run() -> Any:
        return jax.block_until_ready(forward_and_backward(weights, x, state, dhs))

    def values(result: Any) -> dict[str, np.ndarray]:
        hs, grads, dx, dstate = result
        unpacked = {f"d{name}": _unpacked(name, grads[name], array.shape) for name, array in params.items()}
        values = {"hs": hs, "dx": dx} | dict(zip(("dh0", "dc0"), dstate, strict=False)) | unpacked
        return {name: np.asarray(value) for name, value in values.items()}

    return Candidate("JAX", run, values)


def _packed(name: str, array: np.ndarray) -> np.ndarray:
    """``(G, H, K)`` as ``(K, G·H)``."""
    return array.reshape(-1, array.shape[-1]).T if name in "UW" else array.reshape(-1)


def _unpacked(name: str, gradient: Any, shape: tuple[int, ...]) -> np.ndarray:
    gradient = np.asarray(gradient)
    return (gradient.T if name in "UW" else gradient).reshape(shape)


def _scan(step: Callable[..., Any], H: int, weights: Any, x: Any, state: Any) -> Any:
    def body(state: Any, a: Any) -> Any:
        state = step(H, weights, a, *state)
        return state, state[0]

    return jax.lax.scan(body, state, x @ weights["U"] + weights["b"])[1]


def _rnn(H: int, weights: Any, a: Any, h: Any) -> Any:
    return (tanh(a + h @ weights["W"]),)


def _lstm(H: int, weights: Any, a: Any, h: Any, c: Any) -> Any:
    a = a + h @ weights["W"]
    i, f, o = (sigmoid(a[:, n * H : (n + 1) * H]) for n in range(3))
    c = f * c + i * tanh(a[:, 3 * H :])
    return o * tanh(c), c


def _gru(H: int, weights: Any, a: Any, h: Any) -> Any:
    wh = h @ weights["W"]
    z, r = (sigmoid(a[:, n * H : (n + 1) * H] + wh[:, n * H : (n + 1) * H]) for n in range(2))
    g = tanh(a[:, 2 * H :] + r * (wh[:, 2 * H :] + weights["b_reset"]))
    return (h + z * (g - h),)


_STEPS = {"RNN": _rnn, "LSTM": _lstm, "GRU": _gru}
