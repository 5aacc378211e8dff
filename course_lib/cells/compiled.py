"""The kernels with the element-wise part of a step compiled by numba: one loop over memory instead of ten.

Each function below is a method of `Plain` with the same formula. It gets whole arrays and the step, so that the
compiler knows every row to be one run of numbers and uses the processor's vector instructions on it. A loop writes
one row of an array and reads no other row of it: the compiler cannot tell that they do not overlap, and would go
number by number. The products of a step are those of plain.py, gate by gate; gates and their gradients stand as in
concatenated.py.
"""

import math

import numba
import numpy as np
from numba.extending import intrinsic, overload

from course_lib.cells.concatenated import Concatenated
from course_lib.cells.options import COUPLED, DIAGONAL, LINEAR_OUTPUT, SIGMOID_CANDIDATE


# Division by zero gives inf, as in NumPy, and a product and a sum may become one instruction. No assumption is
# made that would hide a nan or an infinity.
def compiled(function):
    """Compile, and keep the code on disk for the next process where there is a place to write it."""
    options = {"error_model": "numpy", "fastmath": {"contract"}}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to keep it in
        return numba.njit(**options)(function)


def _tanh(a):
    """The hyperbolic tangent; for float32 a fraction of polynomials, of which a processor does several at a time."""


@overload(_tanh)
def _tanh_by_dtype(a):
    return _tanh_float32 if a == numba.float32 else lambda a: math.tanh(a)


def _tanh_float32(a):
    """Off by at most 5 units in the last place. The fraction is that of Eigen's ``ptanh`` (MPL 2.0)."""
    f = np.float32
    bound = f(7.90531110763549805)
    below = -bound if a < -bound else a
    x = bound if below > bound else below
    s = x * x
    p = s * f(-2.76076847742355e-16) + f(2.00018790482477e-13)
    p = p * s + f(-8.60467152213735e-11)
    p = p * s + f(5.12229709037114e-08)
    p = p * s + f(1.48572235717979e-05)
    p = p * s + f(6.37261928875436e-04)
    p = p * s + f(4.89352455891786e-03)
    q = s * f(1.19825839466702e-06) + f(1.18534705686654e-04)
    q = q * s + f(2.26843463243900e-03)
    q = q * s + f(4.89352518554385e-03)
    y = x * p / q
    y = f(1) if a > bound else y
    y = f(-1) if a < -bound else y
    return a if abs(a) < f(4e-4) else y


@intrinsic
def _power_of_two(typing_context, n):
    """``2ⁿ`` as float32, from its bits; n is an int32 in -126, …, 127."""

    def code(context, builder, signature, arguments):
        integer = arguments[0].type
        bits = builder.shl(builder.add(arguments[0], integer(127)), integer(23))
        return builder.bitcast(bits, context.get_value_type(numba.float32))

    return numba.float32(n), code


def _exp(a):
    """The exponential function; for float32 a polynomial and a power of two."""


@overload(_exp)
def _exp_by_dtype(a):
    return _exp_float32 if a == numba.float32 else lambda a: math.exp(a)


def _exp_float32(a):
    """Off by at most 2 units in the last place, between -87 and 88, where it stays. After Cephes' ``expf``."""
    f = np.float32
    below = f(-87) if a < f(-87) else a
    x = f(88) if below > f(88) else below
    n = np.floor(x * f(1.44269504088896341) + f(0.5))  # eˣ = 2ⁿ eʳ with |r| ≤ ½ ln 2
    r = x - n * f(0.693359375) - n * f(-2.12194440e-4)
    p = r * f(1.9875691500e-4) + f(1.3981999507e-3)
    p = p * r + f(8.3334519073e-3)
    p = p * r + f(4.1665795894e-2)
    p = p * r + f(1.6666665459e-1)
    p = p * r + f(5.0000001201e-1)
    return (p * r * r + r + f(1)) * _power_of_two(np.int32(n))


@compiled
def _squash(a, wh, sigmoid):
    """``σ`` or ``tanh`` of ``a + wh``, in place of ``a``."""
    one = a.dtype.type(1)
    if sigmoid:
        for j in range(a.size):
            a[j] = one / (one + _exp(-(a[j] + wh[j])))
    else:
        for j in range(a.size):
            a[j] = _tanh(a[j] + wh[j])


@compiled
def _squash_seeing(a, wh, P, c):
    """``σ`` of ``a + wh + P c``, in place of ``a``: a gate with a diagonal peephole."""
    one = a.dtype.type(1)
    for j in range(a.size):
        a[j] = one / (one + _exp(-(a[j] + wh[j] + P[j] * c[j])))


@compiled
def _sum(rec, b, dhs):
    """``dh_t = ∂⁺L/∂h_t + Wᵀ da_{t+1}`` of a sequence, in place of the product of the first gate."""
    dh = rec[0, b]
    if len(rec) == 4:
        r1, r2, r3 = rec[1, b], rec[2, b], rec[3, b]
        for j in range(dh.size):
            dh[j] = dhs[j] + dh[j] + r1[j] + r2[j] + r3[j]
    else:
        for j in range(dh.size):
            dh[j] += dhs[j]
        for k in range(1, len(rec)):
            part = rec[k, b]
            for j in range(dh.size):
                dh[j] += part[j]
    return dh


# --------------------------------------------------------------------------------------------------------- RNN


@compiled
def _rnn_forward(t, wh, h, relu):
    wh, h = wh.ravel(), h[t + 1].ravel()
    if relu:
        for j in range(h.size):
            a = h[j] + wh[j]
            h[j] = h.dtype.type(0) if a < 0 else a  # nan stays nan
    else:
        _squash(h, wh, False)


@compiled
def _rnn_backward(t, dhs, rec, h, da, relu):
    dhs, rec, h, da, one = dhs[t].ravel(), rec.ravel(), h[t + 1].ravel(), da[t].ravel(), h.dtype.type(1)
    if relu:
        for j in range(h.size):
            da[j] = (dhs[j] + rec[j]) * h.dtype.type(h[j] > 0)
    else:
        for j in range(h.size):
            da[j] = (dhs[j] + rec[j]) * (one - h[j] * h[j])


# -------------------------------------------------------------------------------------------------------- LSTM


@compiled
def _lstm_state(t, wh, gates, c, P, options):
    n = gates.shape[2]
    for b in range(gates.shape[1]):
        f, g, old, new = gates[t, b, n - 3], gates[t, b, n - 1], c[t, b], c[t + 1, b]
        for k in range(n - 2):
            if options & DIAGONAL:
                _squash_seeing(gates[t, b, k], wh[k, b], P[k, b], old)
            else:
                _squash(gates[t, b, k], wh[k, b], True)
        _squash(g, wh[n - 1, b], options & SIGMOID_CANDIDATE != 0)
        if options & COUPLED:
            for j in range(new.size):
                new[j] = g[j] + f[j] * (old[j] - g[j])
        else:
            i = gates[t, b, 0]
            for j in range(new.size):
                new[j] = f[j] * old[j] + i[j] * g[j]


@compiled
def _lstm_output(t, wh, gates, c, h, P, options):
    n = gates.shape[2] - 2
    for b in range(gates.shape[1]):
        o, new, out = gates[t, b, n], c[t + 1, b], h[t + 1, b]
        if options & DIAGONAL:
            _squash_seeing(o, wh[n, b], P[n, b], new)
        else:
            _squash(o, wh[n, b], True)
        if options & LINEAR_OUTPUT:
            for j in range(out.size):
                out[j] = o[j] * new[j]
        else:
            for j in range(out.size):
                out[j] = o[j] * _tanh(new[j])


@compiled
def _lstm_forward(t, wh, gates, c, h, P, options):
    _lstm_state(t, wh, gates, c, P, options)
    _lstm_output(t, wh, gates, c, h, P, options)


@compiled
def _lstm_output_backward(t, dhs, rec, dc, gates, c, P, da, options):
    n, one = gates.shape[2] - 2, gates.dtype.type(1)
    for b in range(gates.shape[1]):
        dh, dnew, o, do, new = _sum(rec, b, dhs[t, b]), dc[b], gates[t, b, n], da[t, b, n], c[t + 1, b]
        if options & LINEAR_OUTPUT:
            for j in range(dh.size):
                do[j] = dh[j] * new[j] * o[j] * (one - o[j])
                dnew[j] += dh[j] * o[j]
        else:
            for j in range(dh.size):
                squashed = _tanh(new[j])
                do[j] = dh[j] * squashed * o[j] * (one - o[j])
                dnew[j] += dh[j] * o[j] * (one - squashed * squashed)
        if options & DIAGONAL:
            weight = P[n, b]
            for j in range(dh.size):
                dnew[j] += weight[j] * do[j]


@compiled
def _lstm_state_backward(t, dc, gates, c, P, da, options):
    n, one = gates.shape[2], gates.dtype.type(1)
    slope = gates.dtype.type(options & SIGMOID_CANDIDATE != 0)  # the derivative of g is g - g² or 1 - g²
    flat = one - slope
    for b in range(gates.shape[1]):
        f, g, df, dg = gates[t, b, n - 3], gates[t, b, n - 1], da[t, b, n - 3], da[t, b, n - 1]
        dnew, old = dc[b], c[t, b]
        if options & COUPLED:  # i = 1 - f
            for j in range(dnew.size):
                df[j] = dnew[j] * (old[j] - g[j]) * f[j] * (one - f[j])
            for j in range(dnew.size):
                dg[j] = dnew[j] * (one - f[j]) * (flat + slope * g[j] - g[j] * g[j])
                dnew[j] *= f[j]
        else:
            i, di = gates[t, b, 0], da[t, b, 0]
            for j in range(dnew.size):
                di[j] = dnew[j] * g[j] * i[j] * (one - i[j])
            for j in range(dnew.size):
                df[j] = dnew[j] * old[j] * f[j] * (one - f[j])
            for j in range(dnew.size):
                dg[j] = dnew[j] * i[j] * (flat + slope * g[j] - g[j] * g[j])
                dnew[j] *= f[j]
        if options & DIAGONAL:
            for k in range(n - 2):
                weight, gate = P[k, b], da[t, b, k]
                for j in range(dnew.size):
                    dnew[j] += weight[j] * gate[j]


@compiled
def _lstm_backward(t, dhs, rec, dc, gates, c, P, da, options):
    _lstm_output_backward(t, dhs, rec, dc, gates, c, P, da, options)
    _lstm_state_backward(t, dc, gates, c, P, da, options)


# --------------------------------------------------------------------------------------------------------- GRU


@compiled
def _mix(z, g, old, new):
    """``h_t = h_{t-1} + z ⊙ (g - h_{t-1})``."""
    for j in range(new.size):
        new[j] = old[j] + z[j] * (g[j] - old[j])


@compiled
def _gru_gates(t, wh, gates, h, rh):
    for b in range(gates.shape[1]):
        r, old, out = gates[t, b, 1], h[t, b], rh[t, b]
        _squash(gates[t, b, 0], wh[0, b], True)
        _squash(r, wh[1, b], True)
        for j in range(out.size):
            out[j] = r[j] * old[j]


@compiled
def _gru_state(t, wh, gates, h):
    for b in range(gates.shape[1]):
        g = gates[t, b, 2]
        _squash(g, wh[0, b], False)
        _mix(gates[t, b, 0], g, h[t, b], h[t + 1, b])


@compiled
def _gru_forward(t, wh, gates, b_reset, inner, h):
    for b in range(gates.shape[1]):
        z, r, g = gates[t, b, 0], gates[t, b, 1], gates[t, b, 2]
        wh_g, bias, reset = wh[2, b], b_reset[0, b], inner[t, b]
        _squash(z, wh[0, b], True)
        _squash(r, wh[1, b], True)
        for j in range(g.size):
            reset[j] = wh_g[j] + bias[j]
            wh_g[j] = r[j] * reset[j]
        _squash(g, wh_g, False)
        _mix(z, g, h[t, b], h[t + 1, b])


@compiled
def _gru_state_backward(t, dhs, rec, direct, gates, h, da):
    one = gates.dtype.type(1)
    for b in range(gates.shape[1]):
        z, g, dz, dg = gates[t, b, 0], gates[t, b, 2], da[t, b, 0], da[t, b, 2]
        dh, past, old = _sum(rec, b, dhs[t, b]), direct[b], h[t, b]
        for j in range(dh.size):
            dh[j] += past[j]
            dz[j] = dh[j] * (g[j] - old[j]) * z[j] * (one - z[j])
        for j in range(dh.size):
            dg[j] = dh[j] * z[j] * (one - g[j] * g[j])
            past[j] = dh[j] * (one - z[j])


@compiled
def _gru_gates_backward(t, drh, direct, gates, h, da):
    one = gates.dtype.type(1)
    for b in range(gates.shape[1]):
        product, past, r, dr, old = drh[0, b], direct[b], gates[t, b, 1], da[t, b, 1], h[t, b]
        for j in range(dr.size):
            dr[j] = product[j] * old[j] * r[j] * (one - r[j])
            past[j] += product[j] * r[j]


@compiled
def _gru_backward(t, dhs, rec, direct, gates, inner, h, da, dv):
    _gru_state_backward(t, dhs, rec, direct, gates, h, da)
    one = gates.dtype.type(1)
    for b in range(gates.shape[1]):
        r, dr, dg, reset = gates[t, b, 1], da[t, b, 1], rec[1, b], inner[t, b]
        dg[:] = da[t, b, 2]
        for j in range(dr.size):
            dr[j] = dg[j] * reset[j] * r[j] * (one - r[j])
        dv[t, b, :2] = da[t, b, :2]
        vg = dv[t, b, 2]
        for j in range(dr.size):
            vg[j] = dg[j] * r[j]


class Compiled(Concatenated):
    """`Plain`, with the element-wise part of each step compiled."""

    name = "numba"

    rnn_forward = staticmethod(_rnn_forward)
    rnn_backward = staticmethod(_rnn_backward)
    lstm_forward = staticmethod(_lstm_forward)
    lstm_state = staticmethod(_lstm_state)
    lstm_output = staticmethod(_lstm_output)
    lstm_backward = staticmethod(_lstm_backward)
    lstm_output_backward = staticmethod(_lstm_output_backward)
    lstm_state_backward = staticmethod(_lstm_state_backward)
    gru_gates = staticmethod(_gru_gates)
    gru_state = staticmethod(_gru_state)
    gru_forward = staticmethod(_gru_forward)
    gru_state_backward = staticmethod(_gru_state_backward)
    gru_gates_backward = staticmethod(_gru_gates_backward)
    gru_backward = staticmethod(_gru_backward)
