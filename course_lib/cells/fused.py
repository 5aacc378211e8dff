"""The kernels for CuPy: the element-wise part of a step is one CUDA kernel of steps.cu, its products are cuBLAS's.

To start a kernel takes the CPU longer than most of them run, so what counts is how many a step starts:

====================================================  =======  ========
cell                                                  forward  backward
====================================================  =======  ========
RNN; GRU with the reset after the product             2        2
LSTM, also with diagonal peepholes                    2        2
GRU with the reset before the product                 4        4
LSTM with full peepholes                              5        7
====================================================  =======  ========

The last two have another product in the middle of a step. An LSTM on sequences of unequal length starts one more
on the way back.

The gates of a step stand side by side, as in concatenated.py, and so do the weights: all products of a step are one
call of cuBLAS, and that of the backward pass is a sum over the gates already. CuPy copies an operand with gaps, such
as two gates of three; where a product takes some gates only, the kernel before it writes those a second time, with
no gaps.
"""

import functools
import pathlib
import re
from typing import Any

import numpy as np

from course_lib.cells import options as lstm_options
from course_lib.cells.concatenated import Concatenated

SOURCE = pathlib.Path(__file__).with_name("steps.cu")
_THREADS = 128  # of a block


def compiler_options(dtype: Any) -> tuple[str, ...]:
    """What the compiler is told: the type of the numbers, and the bits of the options."""
    real = {"float32": "float", "float64": "double"}[np.dtype(dtype).name]
    bits = {name: value for name, value in vars(lstm_options).items() if name.isupper()}
    return (f"-DREAL={real}", *(f"-D{name}={value}" for name, value in bits.items()))


@functools.cache
def _kernels(xp: Any, dtype: Any) -> dict[str, Any]:
    """Every kernel by name. They are compiled once; CuPy also keeps them on disk for the next process."""
    code = SOURCE.read_text(encoding="utf-8")
    module = xp.RawModule(code=code, options=compiler_options(dtype))
    return {name: module.get_function(name) for name in re.findall(r"__global__ void (\w+)", code)}


class Fused(Concatenated):
    """`Plain`, with the element-wise part of each step as one kernel.

    A kernel takes no notice of strides: each array that it gets is C-contiguous.
    """

    name = "fused"

    def __init__(self, xp: Any, T: int, B: int, H: int, dtype: Any):
        super().__init__(xp, T, B, H, dtype)
        self.kernels = _kernels(xp, dtype)
        self.grid, self.sizes = (-(-B * H // _THREADS),), (np.int32(B), np.int32(H))
        self.parts = {}  # by the first gate: the gradients of some gates of one step, with no gaps
        self.seen = None  # the product that the next kernel is to add

    def run(self, kernel: str, t: int, *args: Any) -> None:
        """Start a kernel on step ``t`` with arrays and NumPy numbers."""
        self.kernels[kernel](self.grid, (_THREADS,), (np.int32(t), *self.sizes, *args))

    # ------------------------------------------------------------------------------------------ layout

    def zeros_like(self, array: Any) -> Any:
        """Zeros, also where ``array`` is not C-contiguous."""
        return self.xp.zeros(array.shape, dtype=self.dtype)

    def products(self, G: int) -> Any:
        """Memory for the products of ``G`` gates in one step."""
        return self.empty(self.B, G * self.H)

    def views(self, da: Any, gates: slice) -> Any:
        """The gradients of some gates at each step, for `product`."""
        first, last, _ = gates.indices(da.shape[2])
        if last - first == da.shape[2]:
            return da.reshape(self.T, self.B, -1)
        self.parts[first] = self.products(last - first)
        return [self.parts[first]] * self.T  # a step takes the place of the one before

    def pack(self, W: Any) -> Any:
        """``W (G, H, K)`` as ``(K, G·H)``: cuBLAS takes the transposed matrix as it is."""
        return self.pack_backward(W).T

    def pack_backward(self, W: Any) -> Any:
        """``W (G, H, K)`` as ``(G·H, K)``."""
        return self.xp.ascontiguousarray(W).reshape(-1, W.shape[2])

    def rows(self, b: Any) -> Any:
        """``b (G, H)``, which a kernel reads again for each sequence."""
        return self.xp.ascontiguousarray(b)

    # ---------------------------------------------------------------------------------------- products

    def _blocks(self, width: int) -> list[slice]:
        """All rows at once: there is no cache to stay in."""
        return [slice(None)]

    def add(self, wh: Any, product: Any, first: int) -> None:
        """Leave a product to `lstm_state` or `lstm_output`, which add it to their gates."""
        self.seen = product

    def future(self, G: int, dh: Any) -> Any:
        """Memory for the product of the backward pass, summed over the gates; at first ``dh``."""
        rec = self.products(1)
        rec[...] = dh
        return rec

    def total(self, rec: Any) -> Any:
        """The product itself: `future` gave it memory of its own."""
        return rec

    # ------------------------------------------------------------------------------------------- steps

    def rnn_forward(self, t: int, wh: Any, h: Any, relu: int) -> None:
        """``h_t = tanh(U x_t + b + W h_{t-1})``, relu if asked; the first part stands where ``h_t`` goes."""
        self.run("rnn_forward", t, wh, h, np.int32(relu))

    def rnn_backward(self, t: int, dhs: Any, rec: Any, h: Any, da: Any, relu: int) -> None:
        """``da_t = dh_t ⊙ (1 - h_t²)``; for relu, ``dh_t`` where ``h_t > 0``."""
        self.run("rnn_backward", t, dhs, rec, h, da, np.int32(relu))

    def lstm_forward(self, t: int, wh: Any, gates: Any, c: Any, h: Any, P: Any, options: int) -> None:
        """The gates, ``c_t`` and ``h_t``."""
        self.run("lstm_forward", t, wh, gates, c, h, P, np.int32(options))

    def lstm_state(self, t: int, wh: Any, gates: Any, c: Any, P: Any, options: int) -> None:
        """With full peepholes, the first half of `lstm_forward`: ``i, f, g`` and ``c_t``."""
        self.run("lstm_state", t, wh, self.seen, gates, c, np.int32(options))

    def lstm_output(self, t: int, wh: Any, gates: Any, c: Any, h: Any, P: Any, options: int) -> None:
        """With full peepholes, the second half of `lstm_forward`: ``o``, which sees ``c_t``, and ``h_t``."""
        self.run("lstm_output", t, wh, self.seen, gates, c, h, np.int32(options))

    def lstm_backward(
        self, t: int, dhs: Any, rec: Any, dc: Any, gates: Any, c: Any, P: Any, da: Any, options: int
    ) -> None:
        """``da_t`` from ``dh_t`` and ``dc``; ``dc`` becomes that of ``c_{t-1}``."""
        self.run("lstm_backward", t, dhs, rec, dc, gates, c, P, da, np.int32(options))

    def lstm_output_backward(
        self, t: int, dhs: Any, rec: Any, dc: Any, gates: Any, c: Any, P: Any, da: Any, options: int
    ) -> None:
        """With full peepholes, the first half of `lstm_backward`: ``da_o``, and what ``dc`` gets of ``dh_t``."""
        part = self.parts[da.shape[2] - 2]
        self.run("lstm_output_backward", t, dhs, rec, dc, gates, c, da, part, np.int32(options))

    def lstm_state_backward(self, t: int, dc: Any, gates: Any, c: Any, P: Any, da: Any, options: int) -> None:
        """With full peepholes, the second half: ``da`` of the other gates, and ``dc ⊙ f`` for the step before."""
        self.run("lstm_state_backward", t, dc, gates, c, da, self.parts[0], np.int32(options))

    def gru_gates(self, t: int, wh: Any, gates: Any, h: Any, rh: Any) -> None:
        """Reset before the product: ``z``, ``r`` and ``r ⊙ h_{t-1}``."""
        self.run("gru_gates", t, wh, gates, h, rh)

    def gru_state(self, t: int, wh: Any, gates: Any, h: Any) -> None:
        """Reset before the product: ``g = tanh(U_g x_t + b_g + W_g (r ⊙ h_{t-1}))`` and ``h_t``."""
        self.run("gru_state", t, wh, gates, h)

    def gru_forward(self, t: int, wh: Any, gates: Any, b_reset: Any, inner: Any, h: Any) -> None:
        """Reset after the product: ``z``, ``r``, ``g = tanh(U_g x_t + b_g + r ⊙ (W_g h_{t-1} + b_reset))``, ``h_t``."""
        self.run("gru_forward", t, wh, gates, b_reset, inner, h)

    def gru_state_backward(self, t: int, dhs: Any, rec: Any, direct: Any, gates: Any, h: Any, da: Any) -> None:
        """Reset before the product: ``da`` of ``z`` and ``g``, from ``dh_t``; ``direct`` becomes ``dh_t ⊙ (1 - z)``."""
        self.run("gru_state_backward", t, dhs, rec, direct, gates, h, da, self.parts[0], self.parts[2])

    def gru_gates_backward(self, t: int, drh: Any, direct: Any, gates: Any, h: Any, da: Any) -> None:
        """Reset before the product: ``da_r``, from the gradient of ``r ⊙ h_{t-1}``, which is added to ``direct``."""
        self.run("gru_gates_backward", t, drh, direct, gates, h, da, self.parts[0])

    def gru_backward(
        self, t: int, dhs: Any, rec: Any, direct: Any, gates: Any, inner: Any, h: Any, da: Any, dv: Any
    ) -> None:
        """Reset after the product: ``da``, and ``dv``, the gradients of the products ``W h_{t-1}``."""
        self.run("gru_backward", t, dhs, rec, direct, gates, inner, h, da, dv)
