"""Parameters from torch and to it: a cell that computes what a ``torch.nn`` module computes, and the way back.

::

    cell = from_torch(torch.nn.LSTM(65, 128))
    to_torch(cell, module)

torch orders the gates of an LSTM i, f, g, o, ours are i, f, o, g; those of a GRU r, z, g, ours are z, r, g. Its z
keeps the old state where ours takes the new: the parameters of that gate change sign, for ``1 - σ(a) = σ(-a)``.
It has two biases and only ever adds them up, except that the second one of a GRU's candidate is ``b_reset``.

A module is known by what it holds; torch is never imported.
"""

from typing import Any

import numpy as np

from course_lib.backend import Rng, asarray, asnumpy
from course_lib.cells import GRU, LSTM, RNN
from course_lib.cells.cell import Cell
from course_lib.cells.layer import DTYPES

_CELLS = {1: RNN, 3: GRU, 4: LSTM}  # by the number of gates
_ORDER = {RNN: [0], GRU: [1, 0, 2], LSTM: [0, 1, 3, 2]}  # of torch's gates in ours, and of ours in torch's
_OPTIONS = {
    RNN: {},
    GRU: {"reset": "after"},
    LSTM: {"candidate": "tanh", "coupled": False, "peephole": None, "output": "tanh"},
}


def from_torch(module: Any) -> Cell:
    """A cell on the current backend that computes what the module computes.

    Args:
        module: a ``torch.nn.RNN``, ``LSTM`` or ``GRU`` of one layer and one direction, or an ``RNNCell``,
            ``LSTMCell`` or ``GRUCell``, on any device. The cell takes ``(T, B, D)`` whether or not the module is
            ``batch_first``.

    Returns:
        The cell, with copies of the parameters in their dtype. A GRU has the reset after the product.

    Raises:
        TypeError: if it is no such module.
        ValueError: if it has more layers, another direction, a projection, or another dtype than float32 and
            float64.
    """
    kind, tensors = _read(module)
    H, dtype = module.hidden_size, _dtype(tensors)
    if dtype not in DTYPES:
        raise ValueError(f"the parameters of the module are {dtype}; cells compute in float32 or float64")
    options = {"activation": module.nonlinearity} if kind is RNN else _OPTIONS[kind]
    cell = kind(module.input_size, H, Rng(0), dtype, **options)

    arrays = {name: _reordered(kind, tensor.detach().cpu().numpy(), H, z=0) for name, tensor in tensors.items()}
    none = np.zeros((len(_ORDER[kind]), H, 1), dtype)
    b, b_hh = arrays.get("bias_ih", none), arrays.get("bias_hh", none)
    params = {"U": arrays["weight_ih"], "W": arrays["weight_hh"], "b": b + b_hh}
    if kind is GRU:
        params["b"][2], params["b_reset"] = b[2], b_hh[2]
    cell.params = {name: asarray(array.reshape(cell.params[name].shape)) for name, array in params.items()}
    return cell


def to_torch(cell: Cell, module: Any) -> None:
    """Write the parameters of a cell into a module, which computes what the cell computes from then on.

    Of the two biases of the module the second one becomes zero, except for ``b_reset``.

    Args:
        cell: an RNN, a GRU with the reset after the product, or an LSTM with no options.
        module: as for `from_torch`, of the same kind, sizes and dtype; its parameters are changed in place.

    Raises:
        TypeError: if one of them is neither.
        ValueError: if torch has nothing like the cell, or the module is another one.
    """
    if type(cell) not in _OPTIONS:
        raise TypeError(f"cell is a {type(cell).__name__}; expected an RNN, LSTM or GRU of course_lib.cells")
    kind, tensors = _read(module)
    for name, value in _OPTIONS[type(cell)].items():
        if (ours := getattr(cell, name)) != value:
            raise ValueError(f"{name} of the cell is {ours!r}, but torch has it as {value!r} only")
    pairs = {
        "kind": (type(cell).__name__, kind.__name__),
        "input_size": (cell.input_size, module.input_size),
        "hidden_size": (cell.hidden_size, module.hidden_size),
        "dtype": (cell.dtype.name, _dtype(tensors)),
        "activation": (getattr(cell, "activation", None), getattr(module, "nonlinearity", None)),
    }
    for name, (ours, theirs) in pairs.items():
        if ours != theirs:
            raise ValueError(f"{name} of the cell is {ours}, but that of the module is {theirs}")

    params = {name: asnumpy(array) for name, array in cell.params.items()}
    arrays = {"weight_ih": params["U"], "weight_hh": params["W"], "bias_ih": params["b"]}
    arrays["bias_hh"] = np.zeros_like(params["b"])
    if kind is GRU:
        arrays["bias_hh"][2] = params["b_reset"]
    if not module.bias and (arrays["bias_ih"].any() or arrays["bias_hh"].any()):
        raise ValueError("the module has no bias, but the cell has one that is not zero")
    written = {}
    for name, tensor in module.state_dict().items():
        array = _reordered(kind, arrays[_unnumbered(name)], cell.hidden_size, z=1)
        written[name] = tensor.new_tensor(array.reshape(tensor.shape))
    module.load_state_dict(written)


def _read(module: Any) -> tuple[type[Cell], dict[str, Any]]:
    """The kind of cell that a module is, and its tensors by name; refuses what no cell computes."""
    tensors = module.state_dict() if hasattr(module, "state_dict") else {}
    tensors = {_unnumbered(name): tensor for name, tensor in tensors.items()}
    if "weight_hh" not in tensors:
        name = type(module).__name__
        raise TypeError(f"module is a {name}; expected torch.nn.RNN, LSTM, GRU, RNNCell, LSTMCell or GRUCell")
    for name, same in {"num_layers": 1, "bidirectional": False, "proj_size": 0}.items():
        value = getattr(module, name, same)  # an LSTMCell and its like have none of them
        if value != same:
            raise ValueError(f"{name} of the module is {value}; a cell is like a module where it is {same}")
    return _CELLS[len(tensors["weight_hh"]) // module.hidden_size], tensors


def _unnumbered(name: str) -> str:
    """``weight_hh`` for ``weight_hh_l0``, as the first layer of a module has it, and an LSTMCell has not."""
    return name.removesuffix("_l0")


def _dtype(tensors: dict[str, Any]) -> str:
    return str(tensors["weight_hh"].dtype).removeprefix("torch.")


def _reordered(kind: type[Cell], array: np.ndarray, H: int, z: int) -> np.ndarray:
    """A copy ``(G, H, …)`` with the gates of one side in the order of the other, where a GRU's ``z`` is number z."""
    gates = array.reshape(len(_ORDER[kind]), H, -1)[_ORDER[kind]]
    if kind is GRU:
        gates[z] *= -1
    return gates
