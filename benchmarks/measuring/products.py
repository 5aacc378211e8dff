"""The matrix products of a pass and nothing else: what no cell that computes them in NumPy can be faster than.

There are those of every step, which wait for one another, and those over all steps at once. Each may be laid out
gate by gate, ``(G, B, H)``, or with the gates side by side, ``(B, G·H)``; a cell may choose for each, so that the
bound is the faster layout of the one and of the other.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from measuring.plan import Size
from measuring.racing import Candidate

_GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
_STEPS, _WHOLE = "products of steps", "products over all steps"


def candidates(kind: str, size: Size) -> list[Candidate]:
    """Both parts in both layouts; of one gate there is only one."""
    G = _GATES[kind]
    layouts = {"side by side": _side_by_side} | ({"by gate": _by_gate} if G > 1 else {})
    made = {layout: make(G, *size) for layout, make in layouts.items()}
    return [
        Candidate(f"{part}, {layout}", run)
        for layout, runs in made.items()
        for part, run in zip((_STEPS, _WHOLE), runs, strict=True)
    ]


def bound(seconds: Mapping[str, Sequence[float]]) -> list[float]:
    """The seconds of each round that the products alone take."""
    steps, whole = (
        min((times for name, times in seconds.items() if name.startswith(part)), key=statistics.median)
        for part in (_STEPS, _WHOLE)
    )
    return [a + b for a, b in zip(steps, whole, strict=True)]


def without_products(seconds: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """The seconds of the others."""
    return {name: times for name, times in seconds.items() if not name.startswith((_STEPS, _WHOLE))}


def _draw() -> Callable[..., np.ndarray]:
    rng = np.random.default_rng(0)
    return lambda *shape: rng.standard_normal(shape, dtype="float32")


def _side_by_side(G: int, T: int, B: int, D: int, H: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    new = _draw()
    x, U, W, UT, WT = new(T * B, D), new(D, G * H), new(H, G * H), new(G * H, D), new(G * H, H)
    h, da, wh, rec = new(T, B, H), new(T, B, G * H), new(B, G * H), new(B, H)
    all_h, all_da, a, dx = h.reshape(T * B, H), da.reshape(T * B, G * H), new(T * B, G * H), new(T * B, D)
    dU, dW = new(G * H, D), new(G * H, H)

    def steps() -> None:
        for t in range(T):
            np.matmul(h[t], W, out=wh)
        for t in range(T):
            np.matmul(da[t], WT, out=rec)

    def whole() -> None:
        np.matmul(x, U, out=a)
        np.matmul(all_da.T, x, out=dU)
        np.matmul(all_da.T, all_h, out=dW)
        np.matmul(all_da, UT, out=dx)

    return steps, whole


def _by_gate(G: int, T: int, B: int, D: int, H: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    new = _draw()
    x, U, W, UT, WT = new(T * B, D), new(G, D, H), new(G, H, H), new(G, H, D), new(G, H, H)
    h, da, wh, rec = new(T, B, H), new(G, T, B, H), new(G, B, H), new(G, B, H)
    all_h, all_da, a, dx = h.reshape(T * B, H), da.reshape(G, T * B, H), new(G, T * B, H), new(G, T * B, D)
    dU, dW = new(G, H, D), new(G, H, H)

    def steps() -> None:
        for t in range(T):
            np.matmul(h[t], W, out=wh)
        for t in range(T):
            np.matmul(da[:, t], WT, out=rec)

    def whole() -> None:
        np.matmul(x, U, out=a)
        np.matmul(all_da.swapaxes(1, 2), x, out=dU)
        np.matmul(all_da.swapaxes(1, 2), all_h, out=dW)
        np.matmul(all_da, UT, out=dx)

    return steps, whole
