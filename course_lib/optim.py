"""Rules that change parameters by their gradients, and a limit on how large the gradients are.

::

    rule = Adam(cell.params, lr=3e-3)
    ...
    clip_by_norm(grads, 1.0)
    rule.step(grads)

A rule is given the parameters once and changes the arrays in place, so a cell that holds the same arrays computes
with the new values. From then on put values into an array, ``cell.params["W"][...] = W``; another array in its place
would be one that the rule does not know. Layers share names: where several are trained by one rule, add their own,
as in ``{f"{n}.{name}": p for n, layer in enumerate(layers) for name, p in layer.params.items()}``.

``rule.lr`` may be changed between steps. Nothing here waits for a GPU, and whatever memory a rule needs it takes when
it is made.

``rule.state()`` is all that a training needs to go on from where it stands; `course_lib.runs` keeps it in a file.
"""

import functools
import math
from typing import Any

import numpy as np

from course_lib.backend import array_namespace, asnumpy


class _Rule:
    """What all rules share: the checks before anything is changed, and room of their own for each parameter.

    A subclass names in ``_sums`` the arrays of zeros that it starts with beside each parameter, in ``_settings`` the
    numbers it was made with (``eps`` is ``self._eps``), and changes one parameter in ``_update``. It gets ``scratch``,
    of the parameter's shape, to compute in. No two rules have the same names in both, so that the state of one is
    never taken for that of another.
    """

    _sums: tuple[str, ...] = ()
    _settings: tuple[str, ...] = ()

    def __init__(self, params: dict[str, Any], lr: float):
        for name, p in params.items():
            if p.dtype.kind != "f":
                raise ValueError(f"params[{name!r}] holds floats, but its dtype is {p.dtype}")
        xp = array_namespace(*params.values())
        self.params = params
        self.lr = _above_zero("lr", lr)
        self._steps = 0
        self._scratch = {name: xp.empty_like(p) for name, p in params.items()}
        self._state = {name: [xp.zeros_like(p) for _ in self._sums] for name, p in params.items()}

    def step(self, grads: dict[str, Any]) -> None:
        """Change all parameters once, in place, or none of them where an error is raised.

        Args:
            grads: a gradient for each parameter, of its shape and dtype; left as they are.

        Raises:
            ValueError: if names, shapes or dtypes differ from those of the parameters at the start.
            TypeError: if some arrays are on the CPU and some on the GPU.
        """
        self._check_params()
        _check("grads", grads, self._scratch, "parameter")
        xp = array_namespace(*self.params.values(), *grads.values(), *self._scratch.values())
        self._steps += 1
        lr = float(self.lr)  # a float64 of NumPy would make float32 arrays compute in float64
        for name, scratch in self._scratch.items():
            self._update(xp, lr, self.params[name], grads[name], scratch, *self._state[name])

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return self._steps

    def state(self) -> dict[str, Any]:
        """All that the next step depends on beside its gradients, as copies.

        Returns:
            ``lr`` and ``steps``, shape ``()``; the numbers that the rule was made with, such as ``eps``; and, of each
            parameter's shape and dtype, ``"p.NAME"``, the parameter, and the sums of the rule, such as ``"v.NAME"``.
        """
        return self._numbers() | {name: array.copy() for name, array in self._arrays().items()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from another's `state`, or from an earlier one of its own; where an error is raised, nothing changes.

        Args:
            state: what `state` returned, its arrays on either backend; copied.

        Raises:
            ValueError: if it is not the state of a rule of this kind that was made with the same numbers (only ``lr``
                may differ) for parameters of these names, shapes and dtypes.
        """
        self._check_params()
        numbers, arrays = self._numbers(), self._arrays()
        _check("state", state, numbers | arrays, f"{type(self).__name__} array")
        for name in self._settings:
            if (theirs := asnumpy(state[name]).tolist()) != (ours := numbers[name].tolist()):
                raise ValueError(f"state[{name!r}] is {theirs}, but this {type(self).__name__} was made with {ours}")
        self.lr, self._steps = (asnumpy(state[name]).item() for name in ("lr", "steps"))
        for name, array in arrays.items():
            array[...] = array_namespace(array).asarray(asnumpy(state[name]))

    def _numbers(self) -> dict[str, np.ndarray]:
        settings = {name: np.array(getattr(self, f"_{name}")) for name in self._settings}
        return {"lr": np.array(float(self.lr)), "steps": np.array(self._steps)} | settings

    def _arrays(self) -> dict[str, Any]:
        sums = {f"{key}.{n}": s for n, own in self._state.items() for key, s in zip(self._sums, own, strict=True)}
        return {f"p.{name}": p for name, p in self.params.items()} | sums

    def _check_params(self) -> None:
        _check("params", self.params, self._scratch, "parameter")
        for name, p in self.params.items():
            if isinstance(p, np.ndarray) and not p.flags.writeable:
                raise ValueError(f"params[{name!r}] is read-only; make a copy of it before the optimiser is made")

    def _update(self, xp: Any, lr: float, p: Any, g: Any, scratch: Any, *state: Any) -> None:
        raise NotImplementedError


class SGD(_Rule):
    """A step against the gradient, ``p ← p - lr·g``.

    Args:
        params: arrays by name, changed in place by `step`.
        lr: the learning rate.

    Raises:
        ValueError: if ``lr`` is not above 0, or a parameter does not hold floats.

    Source: Robbins and Monro (1951). Equal to ``torch.optim.SGD``.
    """

    def _update(self, xp: Any, lr: float, p: Any, g: Any, scratch: Any) -> None:
        xp.multiply(g, lr, out=scratch)
        p -= scratch


class Momentum(_Rule):
    """A step along a sum of gradients in which older ones fade, ``v ← μ·v + g``, ``p ← p - lr·v``.

    Where gradients agree, the steps become up to ``1/(1 - μ)`` times as long; where they alternate, shorter.

    Args:
        params: arrays by name, changed in place by `step`.
        lr: the learning rate.
        momentum: μ, at least 0 and less than 1.

    Raises:
        ValueError: if ``lr`` or ``momentum`` is out of range, or a parameter does not hold floats.

    Source: Polyak (1964). Equal to ``torch.optim.SGD(momentum=μ)``; Sutskever et al. (2013) have ``lr`` in
    ``v``, which is the same until ``lr`` changes.
    """

    _sums = ("v",)
    _settings = ("momentum",)

    def __init__(self, params: dict[str, Any], lr: float, momentum: float = 0.9):
        super().__init__(params, lr)
        self._momentum = _fading("momentum", momentum)

    def _update(self, xp: Any, lr: float, p: Any, g: Any, scratch: Any, v: Any) -> None:
        v *= self._momentum
        v += g
        xp.multiply(v, lr, out=scratch)
        p -= scratch


class Adagrad(_Rule):
    """A step for each element by what its gradients were so far, ``s ← s + g²``, ``p ← p - lr·g / (√s + ε)``.

    Args:
        params: arrays by name, changed in place by `step`.
        lr: the learning rate.
        eps: ε, which keeps the fraction finite where all gradients were 0.

    Raises:
        ValueError: if ``lr`` or ``eps`` is not above 0, or a parameter does not hold floats.

    Source: Duchi, Hazan and Singer (2011). Equal to ``torch.optim.Adagrad``, but for its default ``eps=1e-10``.
    """

    _sums = ("s",)
    _settings = ("eps",)

    def __init__(self, params: dict[str, Any], lr: float, eps: float = 1e-8):
        super().__init__(params, lr)
        self._eps = _above_zero("eps", eps)

    def _update(self, xp: Any, lr: float, p: Any, g: Any, scratch: Any, s: Any) -> None:
        xp.multiply(g, g, out=scratch)
        s += scratch
        _subtract_ratio(xp, lr, p, g, scratch, s, self._eps)


class RMSprop(_Rule):
    """Adagrad with a memory that fades, ``s ← α·s + (1 - α)·g²``, ``p ← p - lr·g / (√s + ε)``.

    Args:
        params: arrays by name, changed in place by `step`.
        lr: the learning rate.
        decay: α, at least 0 and less than 1.
        eps: ε, which keeps the fraction finite where all gradients were 0.

    Raises:
        ValueError: if ``lr``, ``decay`` or ``eps`` is out of range, or a parameter does not hold floats.

    Source: Tieleman and Hinton (2012), lecture 6.5, with α = 0.9. Equal to ``torch.optim.RMSprop``, whose
    ``alpha`` is ``decay``.
    """

    _sums = ("s",)
    _settings = ("decay", "eps")

    def __init__(self, params: dict[str, Any], lr: float, decay: float = 0.99, eps: float = 1e-8):
        super().__init__(params, lr)
        self._decay = _fading("decay", decay)
        self._eps = _above_zero("eps", eps)

    def _update(self, xp: Any, lr: float, p: Any, g: Any, scratch: Any, s: Any) -> None:
        # s is kept without its factor 1 - α, which goes into lr and ε: one pass over the memory less.
        root = math.sqrt(1 - self._decay)
        s *= self._decay
        xp.multiply(g, g, out=scratch)
        s += scratch
        _subtract_ratio(xp, lr / root, p, g, scratch, s, self._eps / root)


class Adam(_Rule):
    """Momentum and RMSprop in one, ``p ← p - lr·m / (√s + ε)``, with weighted means of all gradients so far.

    ``m = Σ_k β₁ᵗ⁻ᵏ g_k / Σ_k β₁ᵗ⁻ᵏ`` and ``s = Σ_k β₂ᵗ⁻ᵏ g_k² / Σ_k β₂ᵗ⁻ᵏ`` over the steps k = 1, …, t. The paper
    has ``1 - β`` before each sum and then divides by ``1 - βᵗ``, its correction of the bias: the same.

    Args:
        params: arrays by name, changed in place by `step`.
        lr: the learning rate; it is about how far an element moves in a step, however large its gradient.
        betas: β₁ and β₂, each at least 0 and less than 1.
        eps: ε, which keeps the fraction finite where all gradients were 0.

    Raises:
        ValueError: if ``lr``, ``betas`` or ``eps`` is out of range, or a parameter does not hold floats.

    Source: Kingma and Ba (2015), algorithm 1. Equal to ``torch.optim.Adam``.
    """

    _sums = ("m", "s")
    _settings = ("betas", "eps")

    def __init__(
        self, params: dict[str, Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ):
        super().__init__(params, lr)
        beta1, beta2 = betas
        self._betas = _fading("betas[0]", beta1), _fading("betas[1]", beta2)
        self._eps = _above_zero("eps", eps)

    def _update(self, xp: Any, lr: float, p: Any, g: Any, scratch: Any, m: Any, s: Any) -> None:
        # m and s are kept as the sums above the fraction bars; what is below them goes into lr and ε.
        beta1, beta2 = self._betas
        m_weights, s_weights = ((1 - beta**self._steps) / (1 - beta) for beta in self._betas)
        root = math.sqrt(s_weights)
        m *= beta1
        m += g
        s *= beta2
        xp.multiply(g, g, out=scratch)
        s += scratch
        _subtract_ratio(xp, lr * root / m_weights, p, m, scratch, s, self._eps * root)


def clip_by_norm(grads: dict[str, Any], max_norm: float) -> Any:
    """Make gradients shorter, in place, where they are longer than ``max_norm`` all together.

    ``g ← g / max(1, n / max_norm)`` with ``n = √(Σ g²)`` over every element of every array: the direction
    stays. ``torch.nn.utils.clip_grad_norm_`` does the same with ``n + 1e-6`` in place of ``n``.

    Nothing is hidden: a nan among the gradients makes n and all of them nan; an inf makes n inf, itself nan and
    the finite ones 0. They become 0, too, where n itself is beyond the largest number of their dtype.

    Args:
        grads: arrays by name, of one dtype.
        max_norm: the largest norm that is left as it is; inf only measures.

    Returns:
        The norm n before clipping, shape ``()``, on a GPU still on the GPU.

    Raises:
        ValueError: if ``max_norm`` is not above 0, or there are no gradients.

    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1.
    """
    max_norm = _above_zero("max_norm", max_norm)
    if not grads:
        raise ValueError("grads has no arrays")
    xp = array_namespace(*grads.values())
    largest = functools.reduce(xp.maximum, [xp.abs(g).max() for g in grads.values()])
    # Squares are taken relative to the largest: in float32, those of 1e20 and of 1e-23 would be inf and 0.
    unit = xp.where((largest > 0) & (largest < math.inf), largest, 1)
    squares = 0
    for g in grads.values():
        relative = g / unit
        relative *= relative
        squares = squares + relative.sum()
    n = unit * xp.sqrt(squares)
    ratio = xp.where(n <= max_norm, 1, n / max_norm)  # nan where n is; 1 where both are inf
    for g in grads.values():
        g /= ratio
    return n


def _subtract_ratio(xp: Any, lr: float, p: Any, direction: Any, scratch: Any, squares: Any, eps: float) -> None:
    """``p ← p - lr·direction / (√squares + eps)``, computed in ``scratch``."""
    xp.sqrt(squares, out=scratch)
    scratch += eps
    xp.divide(direction, scratch, out=scratch)
    scratch *= lr
    p -= scratch


def _fading(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"{name} is at least 0 and less than 1, not {value}")
    return float(value)


def _above_zero(name: str, value: float) -> float:
    if not value > 0:
        raise ValueError(f"{name} is above 0, not {value}")
    return float(value)


def _check(role: str, arrays: dict[str, Any], expected: dict[str, Any], kind: str) -> None:
    """Refuse arrays that have not the names, shapes and dtypes of those expected."""
    missing, unknown = expected.keys() - arrays.keys(), arrays.keys() - expected.keys()
    if missing or unknown:
        raise ValueError(
            f"{role} must have the names of the {kind}s; missing: {sorted(missing)}, unknown: {sorted(unknown)}"
        )
    for name, array in expected.items():
        shape, dtype = (getattr(arrays[name], attribute, None) for attribute in ("shape", "dtype"))
        if (shape, dtype) != (array.shape, array.dtype):
            raise ValueError(
                f"{role}[{name!r}] has shape {shape} and dtype {dtype}, "
                f"but the {kind} has shape {array.shape} and dtype {array.dtype}"
            )
