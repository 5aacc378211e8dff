// The element-wise part of each step as one kernel: the formulas of plain.py, for CuPy. fused.py says how they are run.
//
// Arrays are whole and C-contiguous, and a kernel takes row t of them: of states (T, B, H), of those with the first
// state (T + 1, B, H), of gates and their gradients (T, B, G·H). Products are those of one step, (B, G·H). Each thread
// has elements of its own, number i of (B, H), and no other thread reads or writes what belongs to them.
//
// The compiler is given REAL, which is float or double, and the options of an LSTM, as options.py numbers them.

typedef REAL real;

#define EACH_ELEMENT(i) \
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < B * H; i += gridDim.x * blockDim.x)

#define ROW(array, t, G) ((array) + (long long)(t) * (G) * B * H)

// Where the first gate of element i is in (B, G·H); the others follow at a distance of H.
__device__ int first_gate(int i, int G, int H) { return i + i / H * (G - 1) * H; }

// A small gate keeps all its digits; where e⁻ᵃ overflows, the gate is 0.
__device__ real sigmoid(real a) { return 1 / (1 + exp(-a)); }

// The derivatives, from the values.
__device__ real dsigmoid(real s) { return s * (1 - s); }
__device__ real dtanh(real g) { return 1 - g * g; }

// ---------------------------------------------------------------------------------------------------------------- RNN

// h_t = tanh(U x_t + b + W h_{t-1}), or relu; the first part stands where h_t goes.
extern "C" __global__ void rnn_forward(int t, int B, int H, const real *wh, real *h, int relu)
{
    h = ROW(h, t + 1, 1);
    EACH_ELEMENT(i) {
        real a = h[i] + wh[i];
        if (relu)
            h[i] = a < 0 ? 0 : a;  // nan stays nan
        else
            h[i] = tanh(a);
    }
}

// da_t = dh_t ⊙ (1 - h_t²), or dh_t where h_t > 0.
extern "C" __global__ void rnn_backward(
    int t, int B, int H, const real *dhs, const real *rec, const real *h, real *da, int relu)
{
    dhs = ROW(dhs, t, 1), h = ROW(h, t + 1, 1), da = ROW(da, t, 1);
    EACH_ELEMENT(i) {
        real dh = dhs[i] + rec[i];
        da[i] = dh * (relu ? (real)(h[i] > 0) : dtanh(h[i]));
    }
}

// --------------------------------------------------------------------------------------------------------------- LSTM

// i, f, o, g in this order; i is not there where it is 1 - f.
__device__ int lstm_gates(int options) { return options & COUPLED ? 3 : 4; }

// c_t, and i, f, g of one element in place of U x_t + b; `seen` is what peepholes add to i and f.
__device__ real lstm_remember(
    real *gate, const real *wh, int H, real c, real seen_i, real seen_f, int options)
{
    const int F = (lstm_gates(options) - 3) * H, C = F + 2 * H;
    real a = gate[C] + wh[C];
    real g = options & SIGMOID_CANDIDATE ? sigmoid(a) : tanh(a);
    real f = sigmoid(gate[F] + wh[F] + seen_f);
    gate[C] = g, gate[F] = f;
    if (options & COUPLED)
        return g + f * (c - g);
    gate[0] = sigmoid(gate[0] + wh[0] + seen_i);
    return f * c + gate[0] * g;
}

// h_t, and o of one element in place of U x_t + b; `seen` is what a peephole adds to it.
__device__ real lstm_emit(real *gate, const real *wh, int H, real c, real seen, int options)
{
    const int O = (lstm_gates(options) - 2) * H;
    gate[O] = sigmoid(gate[O] + wh[O] + seen);
    return gate[O] * (options & LINEAR_OUTPUT ? c : tanh(c));
}

// What dc_t gets of dh_t, and da_o of one element.
__device__ real lstm_emit_backward(const real *gate, real *da, int H, real c, real dh, int options)
{
    const int O = (lstm_gates(options) - 2) * H;
    real o = gate[O], out = options & LINEAR_OUTPUT ? c : tanh(c);
    da[O] = dh * out * dsigmoid(o);
    return dh * o * (options & LINEAR_OUTPUT ? 1 : dtanh(out));
}

// dc_t ⊙ f, and da_i, da_f, da_g of one element.
__device__ real lstm_remember_backward(const real *gate, real *da, int H, real c, real dc, int options)
{
    const int F = (lstm_gates(options) - 3) * H, C = F + 2 * H;
    real f = gate[F], g = gate[C];
    real dg = dc * (options & SIGMOID_CANDIDATE ? dsigmoid(g) : dtanh(g));
    if (options & COUPLED) {
        da[F] = dc * (c - g) * dsigmoid(f);
        da[C] = dg * (1 - f);
    } else {
        da[F] = dc * c * dsigmoid(f);
        da[C] = dg * gate[0];
        da[0] = dc * g * dsigmoid(gate[0]);
    }
    return dc * f;
}

// The gates, c_t and h_t. P (G - 1, H) are diagonal peepholes, if the options have them.
extern "C" __global__ void lstm_forward(
    int t, int B, int H, const real *wh, real *gates, real *c, real *h, const real *P, int options)
{
    const int G = lstm_gates(options);
    gates = ROW(gates, t, G), c = ROW(c, t, 1), h = ROW(h, t + 1, 1);
    real *new_c = ROW(c, 1, 1);
    EACH_ELEMENT(i) {
        const int at = first_gate(i, G, H);
        real i_sees = 0, f_sees = 0, o_sees = 0;
        if (options & DIAGONAL) {
            const real *P_i = P + i % H, *P_f = P_i + (G - 3) * H;
            i_sees = *P_i * c[i];
            f_sees = *P_f * c[i];
            o_sees = P_f[H];
        }
        new_c[i] = lstm_remember(gates + at, wh + at, H, c[i], i_sees, f_sees, options);
        h[i] = lstm_emit(gates + at, wh + at, H, new_c[i], o_sees * new_c[i], options);
    }
}

// With full peepholes, the first half: i, f, g and c_t. seen (B, (G - 2)·H) is P c_{t-1}.
extern "C" __global__ void lstm_state(
    int t, int B, int H, const real *wh, const real *seen, real *gates, real *c, int options)
{
    const int G = lstm_gates(options), f = (G - 3) * H;
    gates = ROW(gates, t, G), c = ROW(c, t, 1);
    real *new_c = ROW(c, 1, 1);
    EACH_ELEMENT(i) {
        const int at = first_gate(i, G, H), from = first_gate(i, G - 2, H);
        new_c[i] = lstm_remember(gates + at, wh + at, H, c[i], seen[from], seen[from + f], options);
    }
}

// With full peepholes, the second half: o and h_t. seen (B, H) is P c_t.
extern "C" __global__ void lstm_output(
    int t, int B, int H, const real *wh, const real *seen, real *gates, const real *c, real *h, int options)
{
    const int G = lstm_gates(options);
    gates = ROW(gates, t, G), c = ROW(c, t + 1, 1), h = ROW(h, t + 1, 1);
    EACH_ELEMENT(i) {
        const int at = first_gate(i, G, H);
        h[i] = lstm_emit(gates + at, wh + at, H, c[i], seen[i], options);
    }
}

// da_t; dc, the gradient at c_t without what comes from h_t, becomes that at c_{t-1}.
extern "C" __global__ void lstm_backward(
    int t, int B, int H, const real *dhs, const real *rec, real *dc, const real *gates, const real *c, const real *P,
    real *da, int options)
{
    const int G = lstm_gates(options);
    dhs = ROW(dhs, t, 1), gates = ROW(gates, t, G), c = ROW(c, t, 1), da = ROW(da, t, G);
    const real *new_c = ROW(c, 1, 1);
    EACH_ELEMENT(i) {
        const int at = first_gate(i, G, H);
        const real *P_i = P + i % H, *P_f = P_i + (G - 3) * H;
        real *da_i = da + at, *da_f = da_i + (G - 3) * H;
        real d = dc[i] + lstm_emit_backward(gates + at, da_i, H, new_c[i], dhs[i] + rec[i], options);
        if (options & DIAGONAL)
            d += da_f[H] * P_f[H];  // of the gate o
        d = lstm_remember_backward(gates + at, da_i, H, c[i], d, options);
        if (options & DIAGONAL) {
            d += *da_f * *P_f;
            if (!(options & COUPLED))
                d += *da_i * *P_i;
        }
        dc[i] = d;
    }
}

// With full peepholes, the first half: da_o, also in da_seen (B, H), and dc_t without what comes by P da_o.
extern "C" __global__ void lstm_output_backward(
    int t, int B, int H, const real *dhs, const real *rec, real *dc, const real *gates, const real *c, real *da,
    real *da_seen, int options)
{
    const int G = lstm_gates(options);
    dhs = ROW(dhs, t, 1), gates = ROW(gates, t, G), c = ROW(c, t + 1, 1), da = ROW(da, t, G);
    EACH_ELEMENT(i) {
        const int at = first_gate(i, G, H);
        dc[i] += lstm_emit_backward(gates + at, da + at, H, c[i], dhs[i] + rec[i], options);
        da_seen[i] = da[at + (G - 2) * H];
    }
}

// With full peepholes, the second half: da of i, f, g, the first ones also in da_seen (B, (G - 2)·H), and dc_t ⊙ f.
extern "C" __global__ void lstm_state_backward(
    int t, int B, int H, real *dc, const real *gates, const real *c, real *da, real *da_seen, int options)
{
    const int G = lstm_gates(options), f = (G - 3) * H;
    gates = ROW(gates, t, G), c = ROW(c, t, 1), da = ROW(da, t, G);
    EACH_ELEMENT(i) {
        const int at = first_gate(i, G, H), to = first_gate(i, G - 2, H);
        dc[i] = lstm_remember_backward(gates + at, da + at, H, c[i], dc[i], options);
        da_seen[to] = da[at];
        da_seen[to + f] = da[at + f];
    }
}

// ---------------------------------------------------------------------------------------------------------------- GRU

// z, r, g in this order.

// Reset before the product: z, r and r ⊙ h_{t-1}. wh is (B, 2·H).
extern "C" __global__ void gru_gates(int t, int B, int H, const real *wh, real *gates, const real *h, real *rh)
{
    gates = ROW(gates, t, 3), h = ROW(h, t, 1), rh = ROW(rh, t, 1);
    EACH_ELEMENT(i) {
        const int z = first_gate(i, 3, H), r = z + H, from = first_gate(i, 2, H);
        gates[z] = sigmoid(gates[z] + wh[from]);
        gates[r] = sigmoid(gates[r] + wh[from + H]);
        rh[i] = gates[r] * h[i];
    }
}

// Reset before the product: g and h_t. wh (B, H) is W_g (r ⊙ h_{t-1}).
extern "C" __global__ void gru_state(int t, int B, int H, const real *wh, real *gates, real *h)
{
    gates = ROW(gates, t, 3), h = ROW(h, t, 1);
    real *new_h = ROW(h, 1, 1);
    EACH_ELEMENT(i) {
        const int z = first_gate(i, 3, H), g = z + 2 * H;
        gates[g] = tanh(gates[g] + wh[i]);
        new_h[i] = h[i] + gates[z] * (gates[g] - h[i]);
    }
}

// Reset after the product: z, r, inner = W_g h_{t-1} + b_reset, g and h_t.
extern "C" __global__ void gru_forward(
    int t, int B, int H, const real *wh, real *gates, const real *b_reset, real *inner, real *h)
{
    gates = ROW(gates, t, 3), inner = ROW(inner, t, 1), h = ROW(h, t, 1);
    real *new_h = ROW(h, 1, 1);
    EACH_ELEMENT(i) {
        const int z = first_gate(i, 3, H), r = z + H, g = r + H;
        inner[i] = wh[g] + b_reset[i % H];
        gates[z] = sigmoid(gates[z] + wh[z]);
        gates[r] = sigmoid(gates[r] + wh[r]);
        gates[g] = tanh(gates[g] + gates[r] * inner[i]);
        new_h[i] = h[i] + gates[z] * (gates[g] - h[i]);
    }
}

// dh_t ⊙ (1 - z), and da_z, da_g of one element, from dh_t.
__device__ real gru_mix_backward(const real *gate, real *da, int H, real h, real dh)
{
    real z = gate[0], g = gate[2 * H];
    da[0] = dh * (g - h) * dsigmoid(z);
    da[2 * H] = dh * z * dtanh(g);
    return dh * (1 - z);
}

// Reset before the product: da_z, also in da_zr (B, 2·H), and da_g, also in da_g_t (B, H); direct is dh_t ⊙ (1 - z).
extern "C" __global__ void gru_state_backward(
    int t, int B, int H, const real *dhs, const real *rec, real *direct, const real *gates, const real *h, real *da,
    real *da_zr, real *da_g)
{
    dhs = ROW(dhs, t, 1), gates = ROW(gates, t, 3), h = ROW(h, t, 1), da = ROW(da, t, 3);
    EACH_ELEMENT(i) {
        const int z = first_gate(i, 3, H);
        direct[i] = gru_mix_backward(gates + z, da + z, H, h[i], dhs[i] + rec[i] + direct[i]);
        da_zr[first_gate(i, 2, H)] = da[z];
        da_g[i] = da[z + 2 * H];
    }
}

// Reset before the product: da_r, also in da_zr (B, 2·H), from drh, the gradient of r ⊙ h_{t-1}, added to direct.
extern "C" __global__ void gru_gates_backward(
    int t, int B, int H, const real *drh, real *direct, const real *gates, const real *h, real *da, real *da_zr)
{
    gates = ROW(gates, t, 3), h = ROW(h, t, 1), da = ROW(da, t, 3);
    EACH_ELEMENT(i) {
        const int r = first_gate(i, 3, H) + H;
        da[r] = drh[i] * h[i] * dsigmoid(gates[r]);
        direct[i] += drh[i] * gates[r];
        da_zr[first_gate(i, 2, H) + H] = da[r];
    }
}

// Reset after the product: da, and dv, the gradients of the products W h_{t-1}; direct is dh_t ⊙ (1 - z).
extern "C" __global__ void gru_backward(
    int t, int B, int H, const real *dhs, const real *rec, real *direct, const real *gates, const real *inner,
    const real *h, real *da, real *dv)
{
    dhs = ROW(dhs, t, 1), gates = ROW(gates, t, 3), inner = ROW(inner, t, 1), h = ROW(h, t, 1);
    da = ROW(da, t, 3), dv = ROW(dv, t, 3);
    EACH_ELEMENT(i) {
        const int z = first_gate(i, 3, H), r = z + H, g = r + H;
        direct[i] = gru_mix_backward(gates + z, da + z, H, h[i], dhs[i] + rec[i] + direct[i]);
        da[r] = da[g] * inner[i] * dsigmoid(gates[r]);
        dv[z] = da[z];
        dv[r] = da[r];
        dv[g] = da[g] * gates[r];
    }
}
