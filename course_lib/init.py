"""First values of parameters.

An initialiser is called with the shape of a weight matrix ``(outputs, inputs)``, a `backend.Rng` and a dtype,
and returns the matrix on the current backend. Any matrix of the parameters may then be given the values of another
initialiser, ``params["W"][...] = …``; so one more of them is one more function here, and nothing else changes.

The matrices of several gates, stacked along the first axes as ``(4, H, D)``, are as many independent matrices.
They are made on the CPU in float64, linear algebra included, so that both backends start from the same numbers.
"""

import math
from typing import Any

import numpy as np

from course_lib.backend import Rng, asarray, get_xp


def uniform(shape: tuple[int, ...], rng: Rng, dtype: Any = "float32") -> Any:
    """Numbers spread evenly over ``±1/√n``, where ``n = shape[-1]`` inputs are summed by each output.

    Their variance is ``1/(3n)``, so that an output is no larger than its inputs, however many there are.

    Args:
        shape: ``(outputs, inputs)``, or a stack ``(..., outputs, inputs)``.
        rng: where the numbers come from.
        dtype: of the result.

    Returns:
        The weights, of that shape.

    Source: WildML, S55 (why the first values of W matter); the bound is the usual one.
    """
    bound = 1 / math.sqrt(shape[-1])
    return rng.uniform(-bound, bound, shape, dtype)


def glorot(shape: tuple[int, ...], rng: Rng, dtype: Any = "float32") -> Any:
    """Numbers spread evenly over ``±√(6 / (inputs + outputs))``.

    Their variance ``2 / (inputs + outputs)`` is a compromise: ``1/inputs`` would keep the variance of the
    activations on the way forward, ``1/outputs`` that of the gradients on the way back.

    Args:
        shape: ``(outputs, inputs)``, or a stack ``(..., outputs, inputs)``.
        rng: where the numbers come from.
        dtype: of the result.

    Returns:
        The weights, of that shape.

    Raises:
        ValueError: if the shape is not that of a matrix.

    Source: Glorot and Bengio (2010), equation 16.
    """
    bound = math.sqrt(6 / sum(_matrix_shape(shape)))
    return rng.uniform(-bound, bound, shape, dtype)


def orthogonal(shape: tuple[int, ...], rng: Rng, dtype: Any = "float32", *, gain: float = 1.0) -> Any:
    """A random orthogonal matrix, every one as likely, times ``gain``: ``W Wᵀ = Wᵀ W = gain² I``.

    It turns vectors and changes no length, so a product of T of them neither vanishes nor explodes. Where
    the shape is not square, the shorter side is orthonormal: rows (``W Wᵀ = I``) or columns (``Wᵀ W = I``).

    Args:
        shape: ``(outputs, inputs)``, or a stack ``(..., outputs, inputs)``.
        rng: where the numbers come from.
        dtype: of the result.
        gain: by how much vectors are to grow; every singular value is ``|gain|``.

    Returns:
        The weights, of that shape.

    Raises:
        ValueError: if the shape is not that of a matrix.

    Source: Saxe, McClelland and Ganguli (2014); Mezzadri (2007), for the signs.
    """
    outputs, inputs = _matrix_shape(shape)
    tall = (*shape[:-2], max(outputs, inputs), min(outputs, inputs))
    q, r = np.linalg.qr(rng.generator.standard_normal(tall))
    # A = QR leaves the signs of Q's columns open, and LAPACK's choice of them is not random. With a positive
    # diagonal of R there is one Q for each A, and it is distributed as evenly as the Gaussian A.
    q *= gain * np.copysign(1, r.diagonal(axis1=-2, axis2=-1))[..., None, :]
    return asarray(np.ascontiguousarray(q if outputs >= inputs else q.swapaxes(-2, -1)), dtype)


def identity(shape: tuple[int, ...], rng: Rng, dtype: Any = "float32", *, gain: float = 1.0) -> Any:
    """The identity matrix times ``gain``: with relu, a hidden state that stays until an input changes it.

    Args:
        shape: ``(H, H)``, or a stack ``(..., H, H)``.
        rng: not drawn from; initialisers are all called alike.
        dtype: of the result.
        gain: what the state is multiplied by in each step; less than 1 lets it fade.

    Returns:
        The weights, of that shape.

    Raises:
        ValueError: if the shape is not that of a square matrix.

    Source: Le, Jaitly and Hinton (2015).
    """
    H = _square_side(shape, "identity")
    return asarray(np.tile(gain * np.eye(H), (*shape[:-2], 1, 1)), dtype)


def spectral(shape: tuple[int, ...], rng: Rng, dtype: Any = "float32", *, radius: float = 1.0) -> Any:
    """A Gaussian matrix scaled to a spectral radius, ``max |λ_i| = radius`` over its eigenvalues.

    This decides whether ``Wᵗ`` grows or fades in the long run. In a few steps it may grow all the same: the
    largest singular value, by which a single step can stretch a vector, is about twice the radius.

    Args:
        shape: ``(H, H)``, or a stack ``(..., H, H)``, where each matrix is scaled by itself.
        rng: where the numbers come from.
        dtype: of the result.
        radius: the largest magnitude of an eigenvalue.

    Returns:
        The weights, of that shape.

    Raises:
        ValueError: if the shape is not that of a square matrix, or the radius is negative.

    Source: Jaeger (2001), echo state networks.
    """
    _square_side(shape, "spectral")
    if not radius >= 0:
        raise ValueError(f"a spectral radius is at least 0, not {radius}")
    gaussian = rng.generator.standard_normal(shape)
    largest = np.abs(np.linalg.eigvals(gaussian)).max(axis=-1)
    return asarray(radius / largest[..., None, None] * gaussian, dtype)


def chrono(H: int, t_max: int, rng: Rng, dtype: Any = "float32") -> tuple[Any, Any]:
    """Gate biases for memories of up to ``t_max`` steps, ``b_f = log u`` with ``u ~ U[1, t_max - 1]``, ``b_i = -b_f``.

    A forget gate that stays at ``σ(b_f)`` forgets within ``1 / (1 - σ(b_f)) = u + 1`` steps; so the units begin
    with all spans between 2 and t_max, and take in new values as slowly as they let go of old ones.

    For an LSTM (gates i, f, o, g; a coupled one has no i, and f comes first), and for a GRU (z, r, g), whose ``z``
    takes the new where ``1 - z`` keeps the old, so that its bias is ``-b_f``::

        lstm.params["b"][0], lstm.params["b"][1] = chrono(H, t_max, rng)
        gru.params["b"][0], _ = chrono(H, t_max, rng)

    Args:
        H: hidden units.
        t_max: the longest span, in steps, that the task is expected to need.
        rng: where the numbers come from.
        dtype: of the result.

    Returns:
        ``b_i (H,)`` and ``b_f (H,)``.

    Raises:
        ValueError: if ``t_max`` is less than 3: up to 2 there is but one span to draw.

    Source: Tallec and Ollivier (2018), chrono initialization.
    """
    if not t_max >= 3:
        raise ValueError(f"chrono needs t_max of at least 3 steps, not {t_max}")
    b_f = asarray(np.log(rng.generator.uniform(1, t_max - 1, H)), dtype)
    return -b_f, b_f


def lstm_bias(H: int, forget: float = 1.0, dtype: Any = "float32") -> Any:
    """The biases of an LSTM: zero, but ``forget`` for the forget gate, which then begins at ``σ(forget)``.

    With a bias of 0 it begins at ½, and half of the memory is lost in each step before anything is learnt.

    Args:
        H: hidden units.
        forget: the forget gate's bias.
        dtype: of the result.

    Returns:
        ``b (4, H)``, gates in the order i, f, o, g.

    Source: Gers, Schmidhuber and Cummins (2000); Jozefowicz, Zaremba and Sutskever (2015), for the value 1.
    """
    b = get_xp().zeros((4, H), dtype=dtype)
    b[1] = forget
    return b


def rnn_params(D: int, H: int, O: int, rng: Rng, dtype: Any = "float32") -> dict[str, Any]:  # noqa: E741
    """The parameters of an RNN and its output layer: `uniform` weights, and biases of zero.

    Biases start at zero because nothing has to be broken apart there: the weights already make units differ.

    Args:
        D: inputs.
        H: hidden units.
        O: outputs.
        rng: where the weights come from, in the order U, W, V.
        dtype: of all parameters.

    Returns:
        ``U (H, D)``, ``W (H, H)``, ``b (H,)``, ``V (O, H)``, ``c (O,)``.

    Source: Grabocka, slide "RNN prediction model", S5 and S7.
    """
    xp = get_xp()
    return {
        "U": uniform((H, D), rng, dtype),
        "W": uniform((H, H), rng, dtype),
        "b": xp.zeros(H, dtype=dtype),
        "V": uniform((O, H), rng, dtype),
        "c": xp.zeros(O, dtype=dtype),
    }


def _matrix_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """The ``(outputs, inputs)`` of each matrix in a stack of that shape."""
    if len(shape) < 2 or min(shape) < 1:
        raise ValueError(f"weights have shape (outputs, inputs), or a stack of such, each at least 1; not {shape}")
    return shape[-2], shape[-1]


def _square_side(shape: tuple[int, ...], name: str) -> int:
    """The ``H`` of each square matrix in a stack of that shape."""
    outputs, inputs = _matrix_shape(shape)
    if outputs != inputs:
        raise ValueError(f"{name} needs a square matrix, such as W (H, H); not shape {shape}")
    return inputs
