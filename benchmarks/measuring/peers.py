"""One forward and one backward pass over the same numbers, by our cells and by torch.

All gradients are computed, also those of the input and of the first state.
"""

import copy
import functools
import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from measuring.plan import Size
from measuring.racing import Candidate

from course_lib import interop
from course_lib.backend import Rng, asarray, asnumpy
from course_lib.cells import GRU, kernels

KINDS = ("RNN", "LSTM", "GRU")


@dataclass(frozen=True)
class Problem:
    """The weights, in a module on the CPU, and the arrays that go into a pass; the state is ``(h,)`` or ``(h, c)``."""

    kind: str
    size: Size
    module: Any
    x: np.ndarray
    state: tuple[np.ndarray, ...]
    dhs: np.ndarray

    def __str__(self) -> str:
        return f"{self.kind} {tuple(self.size)}"


def draw(kind: str, size: Size) -> Problem:
    """Random numbers, the same each time."""
    T, B, D, H = size
    torch.manual_seed(0)
    module = getattr(torch.nn, kind)(D, H)
    normal = functools.partial(np.random.default_rng(0).standard_normal, dtype="float32")
    state = tuple(normal((B, H)) for _ in range(2 if kind == "LSTM" else 1))
    return Problem(kind, size, module, normal((T, B, D)), state, normal((T, B, H)))


def available() -> list[str]:
    """Who can run on the CPU here, besides torch."""
    packages = {"plain": "numpy", "numba": "numba", "JAX": "jax"}
    return [name for name, package in packages.items() if importlib.util.find_spec(package)]


def candidate(problem: Problem, name: str) -> Candidate:
    """``torch``, ``JAX``, or our cells on kernels of that name."""
    if name == "torch":
        return with_torch(problem)
    if name == "JAX":
        from measuring import peer_jax  # not everybody has JAX

        return peer_jax.candidate(problem, interop.from_torch(problem.module).params)
    return ours(problem, name)


# ---------------------------------------------------------------------------------------------------- ours


def ours(problem: Problem, kind: str, reset: str = "after") -> Candidate:
    """Our cell on one kind of kernels."""
    cell = interop.from_torch(problem.module)
    if reset == "before":
        cell = reset_before(cell)
    x, dhs, parts = asarray(problem.x), asarray(problem.dhs), tuple(asarray(part) for part in problem.state)
    state = parts if problem.kind == "LSTM" else parts[0]

    def run() -> Any:
        hs, _, cache = cell.forward(x, state)
        return hs, *cell.backward(dhs, cache)

    name = kind if reset == "after" else f"{kind} before"
    return Candidate(name, run, _our_values, functools.partial(kernels.use, kind))


def reset_before(after: GRU) -> GRU:
    """A GRU of the other kind with the same weights, as far as it has them."""
    before = GRU(after.input_size, after.hidden_size, Rng(0), reset="before")
    before.params = {name: after.params[name] for name in before.params}
    return before


def _our_values(result: Any) -> dict[str, Any]:
    hs, dx, dstate, grads = result
    return _by_name(hs, dx, dstate if isinstance(dstate, tuple) else (dstate,), grads)


def _by_name(hs: Any, dx: Any, dstate: Any, grads: Any) -> dict[str, Any]:
    values = {"hs": hs, "dx": dx} | dict(zip(("dh0", "dc0"), dstate, strict=False))
    return {name: asnumpy(value) for name, value in (values | {f"d{name}": grads[name] for name in grads}).items()}


# --------------------------------------------------------------------------------------------------- torch


def with_torch(problem: Problem, device: str = "cpu") -> Candidate:
    """The module itself."""
    module = copy.deepcopy(problem.module).to(device)
    arrays = (problem.x, *(part[None] for part in problem.state))
    x, *parts = (torch.tensor(array, device=device, requires_grad=True) for array in arrays)
    state = tuple(parts) if problem.kind == "LSTM" else parts[0]
    leaves, dhs = [x, *parts, *module.parameters()], torch.tensor(problem.dhs, device=device)

    def run() -> Any:
        hs, _ = module(x, state)
        return hs, torch.autograd.grad(hs, leaves, dhs)

    def values(result: Any) -> dict[str, Any]:
        hs, (dx, *rest) = result
        dstate, gradients = rest[: len(parts)], rest[len(parts) :]
        grads = _parameter_gradients(problem.module, gradients)
        return _by_name(_numpy(hs), _numpy(dx), [_numpy(part)[0] for part in dstate], grads)

    return Candidate("torch", run, values)


def _numpy(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _parameter_gradients(module: Any, gradients: list[Any]) -> dict[str, Any]:
    """Gradients under our names and in our order: they are moved about just as the parameters are."""
    names = [name for name, _ in module.named_parameters()]
    holder = copy.deepcopy(module)
    holder.load_state_dict(dict(zip(names, gradients, strict=True)))
    with torch.no_grad():  # torch has the gradient of our one bias twice, and they would be added up
        holder.bias_hh_l0[: 2 * module.hidden_size if module.mode == "GRU" else None] = 0
    return interop.from_torch(holder).params


def with_torch_reset_before(problem: Problem) -> Candidate:
    """A GRU with the reset before the product, written out: torch has none. Only to compare with."""
    params = reset_before(interop.from_torch(problem.module)).params
    leaves = [torch.tensor(array, requires_grad=True) for array in (problem.x, *problem.state)]
    leaves += [torch.tensor(asnumpy(array), requires_grad=True) for array in params.values()]
    x, h0, U, W, b = leaves

    def run() -> Any:
        h, hs = h0, []
        for a_t in torch.einsum("tbd,ghd->tgbh", x, U) + b[:, None]:
            z, r = torch.sigmoid(a_t[:2] + h @ W[:2].mT)
            g = torch.tanh(a_t[2] + (r * h) @ W[2].T)
            h = (1 - z) * h + z * g
            hs.append(h)
        hs = torch.stack(hs)
        return hs, torch.autograd.grad(hs, leaves, torch.tensor(problem.dhs))

    def values(result: Any) -> dict[str, Any]:
        hs, (dx, dh0, *gradients) = result
        grads = {name: _numpy(gradient) for name, gradient in zip(params, gradients, strict=True)}
        return _by_name(_numpy(hs), _numpy(dx), [_numpy(dh0)], grads)

    return Candidate("torch", run, values)
