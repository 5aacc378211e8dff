"""First values of parameters.

An initialiser is called with the shape of a weight matrix ``(outputs, inputs)``, a `backend.Rng` and a dtype,
and returns the matrix on the current backend. Any matrix of the parameters may then be replaced by another
initialiser's, ``params["W"] = …``; so one more of them is one more function here, and nothing else changes.
"""

import math
from typing import Any

from course_lib.backend import Rng, get_xp


def uniform(shape: tuple[int, ...], rng: Rng, dtype: Any = "float32") -> Any:
    """Numbers spread evenly over ``±1/√n``, where ``n = shape[-1]`` inputs are summed by each output.

    Their variance is ``1/(3n)``, so that an output is no larger than its inputs, however many there are.

    Args:
        shape: ``(outputs, inputs)``.
        rng: where the numbers come from.
        dtype: of the result.

    Returns:
        The weights, of that shape.

    Source: WildML, S55 (why the first values of W matter); the bound is the usual one.
    """
    bound = 1 / math.sqrt(shape[-1])
    return rng.uniform(-bound, bound, shape, dtype)


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
