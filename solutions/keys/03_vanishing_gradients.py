"""Key of notebook 03: cases, known mistakes and other right answers."""

import numpy as np

from course_lib.grading.keys import alternative, cases, hide, mistake, show, wrong_option


def _normal(rng, *shape, dtype="float64"):
    return rng.standard_normal(shape).astype(dtype)


def _states(rng, *shape, dtype="float64"):
    """Values of tanh, none of them close to 0 or ±1."""
    return (rng.choice([-1, 1], shape) * rng.uniform(0.2, 0.9, shape)).astype(dtype)


# --- Exercise 1 -----------------------------------------------------------------------------------


@cases("step_jacobian")
def _(rng):
    def inputs(B, H, dtype="float64"):
        return {"h_t": _states(rng, B, H, dtype=dtype), "W": _normal(rng, H, H, dtype=dtype)}

    def saturated(*rows):
        h_t = np.array(rows, float)
        return {"h_t": h_t, "W": 10 * _normal(rng, h_t.shape[1], h_t.shape[1])}

    yield show("one sample", **inputs(1, 3))
    yield show("one sample", **inputs(1, 2))
    yield show("one sample", **inputs(1, 1))
    yield hide("one sample", **inputs(1, 5))
    # Where B = H, products of slopes (B, H) and W (H, H) run too, and their values tell what was done.
    yield show("batch", **inputs(2, 3))
    yield show("batch", **inputs(3, 3))
    yield show("batch", **inputs(4, 1))
    yield hide("batch", **inputs(5, 2))
    yield hide("batch", **inputs(2, 2))
    yield show("saturated", **saturated([1, -1, 0], [-1, 0, 0]))
    yield show("saturated", **saturated([0, -1]))
    yield hide("saturated", **saturated([1, 0, -1, 0.5]))
    yield show("float32", **inputs(2, 3, "float32"))
    yield hide("float32", **inputs(3, 3, "float32"))
    yield hide("float32", **inputs(4, 2, "float32"))


ALL = ["one sample", "batch", "saturated", "float32"]


@mistake("step_jacobian", "the values are right, but float32 inputs give float64: somewhere a float64 array (np.zeros or np.eye without dtype?) or a conversion comes in.", fails=["float32"])
def step_jacobian(h_t, W):
    J = np.zeros((*h_t.shape, len(W)))
    J[...] = (1 - h_t**2)[:, :, None] * W
    return J


@mistake("step_jacobian", "the slopes multiply the columns of W: your values are those of W·diag(1 − h²). Entry [i, j] has the slope of unit i, the one that is reached, so the slopes multiply the rows: diag(1 − h²)·W. See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return (1 - h_t**2)[:, None, :] * W


@mistake("step_jacobian", "the matrices are transposed: entry [i, j] of yours is ∂h_j(t)/∂h_i(t−1). The unit that is reached, i, comes first. See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return (1 - h_t**2)[:, None, :] * W.T


@mistake("step_jacobian", "W is transposed: your values are those of diag(1 − h²)·Wᵀ. a_i has the term W_ij h_j, so entry [i, j] has W_ij. (h @ W.T in code is W h for rows; here is no such product.) See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return (1 - h_t**2)[:, :, None] * W.T


@mistake("step_jacobian", "the slope of tanh is missing: you return W for every sample. That is ∂a/∂h(t−1); from a to h each row is multiplied by the slope. See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return np.tile(W, (len(h_t), 1, 1))


@mistake("step_jacobian", "you return W itself, one matrix without slopes. Asked is a Jacobian for each sample, (B, H, H). See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return W.copy()


@mistake("step_jacobian", "the slope is 1 − h in your values. It is 1 − h², the square is missing. See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return (1 - h_t)[:, :, None] * W


@mistake("step_jacobian", "the slope is (1 − h)² in your values. It is 1 − h²: square h first.", fails=ALL)
def step_jacobian(h_t, W):
    return ((1 - h_t) ** 2)[:, :, None] * W


@mistake("step_jacobian", "the slope is h² in your values. It is 1 − h².", fails=ALL)
def step_jacobian(h_t, W):
    return (h_t**2)[:, :, None] * W


@mistake("step_jacobian", "the sign is wrong: your values have the slope h² − 1. It is 1 − h².", fails=ALL)
def step_jacobian(h_t, W):
    return (h_t**2 - 1)[:, :, None] * W


@mistake("step_jacobian", "tanh is applied once more: your slope is 1 − tanh(h)². h_t is the state after the tanh already, so the slope is 1 − h². See “The Jacobian of a step”.", fails=["one sample", "batch", "saturated", "float32"])
def step_jacobian(h_t, W):
    return (1 - np.tanh(h_t) ** 2)[:, :, None] * W


@mistake("step_jacobian", "h (1 − h) is the slope of the sigmoid. That of tanh is 1 − h². See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return (h_t * (1 - h_t))[:, :, None] * W


@mistake("step_jacobian", "W is missing: your matrices have the slopes on their diagonals and nothing else. They are to be multiplied by W. See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return (1 - h_t**2)[:, :, None] * np.eye(len(W), dtype=W.dtype)


@mistake("step_jacobian", "your values are those of the product (1 − h²) @ W, which adds up over j. Nothing is added up in a Jacobian: each entry [i, j] stays. See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return (1 - h_t**2) @ W


@mistake("step_jacobian", "your values are those of the product (1 − h²) @ W.T, which adds up over j. Nothing is added up in a Jacobian: each entry [i, j] stays. See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return (1 - h_t**2) @ W.T


@mistake("step_jacobian", "(1 − h²) * W only runs when B is 1 or H (or H is 1), and then samples and units are mixed up. The slopes need a third axis, (B, H, 1), so that each sample gets a matrix of its own. See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return (1 - h_t**2) * W


@mistake("step_jacobian", "the batch axis is missing: you return one matrix, (H, H). Asked is one for each sample, (B, H, H), also where B is 1. See “The Jacobian of a step”.", fails=ALL)
def step_jacobian(h_t, W):
    return np.diag(1 - h_t[0] ** 2) @ W


@mistake("step_jacobian", "you return the mean of the Jacobians over the batch. Each sample has its own: (B, H, H).", fails=ALL)
def step_jacobian(h_t, W):
    return ((1 - h_t**2)[:, :, None] * W).mean(axis=0)


@mistake("step_jacobian", "you return the sum of the Jacobians over the batch (einsum with ->ij? It adds up over b). Each sample has its own: (B, H, H).", fails=ALL)
def step_jacobian(h_t, W):
    return ((1 - h_t**2)[:, :, None] * W).sum(axis=0)


@mistake("step_jacobian", "only the first sample's Jacobian is computed, and returned for all. Each sample has slopes of its own.", fails=["batch", "saturated", "float32"])
def step_jacobian(h_t, W):
    return np.tile((1 - h_t[0] ** 2)[:, None] * W, (len(h_t), 1, 1))


@mistake("step_jacobian", "the slopes are averaged over the batch, so that all samples have the same Jacobian. Each sample has slopes of its own.", fails=["batch", "saturated", "float32"])
def step_jacobian(h_t, W):
    return np.tile((1 - h_t**2).mean(axis=0)[:, None] * W, (len(h_t), 1, 1))


@mistake("step_jacobian", "the batch is the last axis of your result, (H, H, B). It comes first: (B, H, H).", fails=ALL)
def step_jacobian(h_t, W):
    return np.moveaxis((1 - h_t**2)[:, :, None] * W, 0, 2)


@mistake("step_jacobian", "the values are right, but h_t is changed in place. The caller still needs it: make a new array.", fails=ALL)
def step_jacobian(h_t, W):
    h_t *= -h_t
    h_t += 1
    return h_t[:, :, None] * W


@alternative("step_jacobian", "einsum")
def step_jacobian(h_t, W):
    return np.einsum("bi,ij->bij", 1 - h_t * h_t, W)


@alternative("step_jacobian", "sample by sample, with diagonal matrices")
def step_jacobian(h_t, W):
    return np.stack([np.diag(1 - h**2) @ W for h in h_t])


@alternative("step_jacobian", "entry by entry")
def step_jacobian(h_t, W):
    (B, H), J = h_t.shape, np.empty_like(h_t, shape=(*h_t.shape, len(W)))
    for b in range(B):
        for i in range(H):
            for j in range(H):
                J[b, i, j] = (1 - h_t[b, i] ** 2) * W[i, j]
    return J


@alternative("step_jacobian", "a batch of diagonal matrices, (1 − h)(1 + h)")
def step_jacobian(h_t, W):
    slopes = (1 - h_t) * (1 + h_t)
    return (slopes[..., np.newaxis] * np.eye(len(W), dtype=W.dtype)) @ W


@alternative("step_jacobian", "the derivative of tanh at a = artanh(h), inner states only, else by the limit")
def step_jacobian(h_t, W):
    slopes = np.where(np.abs(h_t) < 1, 1 / np.cosh(np.arctanh(np.clip(h_t, -0.999, 0.999))) ** 2, 0)
    return np.swapaxes(W.T * slopes[:, None, :], 1, 2).astype(W.dtype)


# --- Exercise 2 -----------------------------------------------------------------------------------


@cases("jacobian_products")
def _(rng):
    def inputs(T, B, H, size=1.5, dtype="float64"):
        W = _normal(rng, H, H) * size / np.sqrt(H)
        return {"hs": _states(rng, T, B, H, dtype=dtype), "W": W.astype(dtype)}

    yield show("short", **inputs(2, 2, 3))
    yield show("short", **inputs(1, 2, 2))
    yield show("short", **inputs(2, 1, 1))
    yield hide("short", **inputs(1, 4, 1))
    yield hide("short", **inputs(2, 3, 4))
    yield show("values", **inputs(3, 2, 3))
    yield show("values", **inputs(4, 4, 2))
    yield show("values", **inputs(5, 1, 4))
    yield hide("values", **inputs(3, 3, 3))
    yield hide("values", **inputs(4, 2, 1))
    yield hide("values", **inputs(7, 3, 5))
    yield show("long", **inputs(40, 2, 4, size=1.2))
    yield show("long", **inputs(40, 1, 3, size=6))
    yield hide("long", **inputs(40, 2, 6, size=5))
    yield show("float32", **inputs(3, 2, 3, dtype="float32"))
    yield hide("float32", **inputs(5, 3, 2, dtype="float32"))


ALL = ["short", "values", "long", "float32"]
SEVERAL = ["values", "long", "float32"]


@mistake("jacobian_products", "the values are right, but float32 states give float64: somewhere a float64 array (np.eye or np.zeros without dtype?) comes in.", fails=["float32"])
def jacobian_products(hs, W):
    product, norms = np.eye(len(W)), np.zeros(hs.shape[:2])
    for t in reversed(range(len(hs))):
        norms[t] = np.linalg.norm(product, 2, axis=(-2, -1))
        product = product @ ((1 - hs[t] ** 2)[:, :, None] * W)
    return norms


@mistake("jacobian_products", "the factors stand in the wrong order: your product is J(t+1) J(t+2) … J(T). The last step acts last, so it stands on the left: J(T) … J(t+1). See “Many steps”.", fails=SEVERAL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = ((1 - h_t**2)[:, :, None] * W) @ product
    return np.stack(norms[::-1])


@mistake("jacobian_products", "the matrices are multiplied entry by entry (product * J). The product of matrices is product @ J. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product * ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "from the second factor on, the Jacobians are multiplied entry by entry (*). The product of matrices is @. See “Many steps”.", fails=SEVERAL)
def jacobian_products(hs, W):
    product, norms = 1, [np.ones_like(hs[0, :, 0])]
    for h_t in hs[:0:-1]:
        product = product * ((1 - h_t**2)[:, :, None] * W)
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
    return np.stack(norms[::-1])


@mistake("jacobian_products", "your values are Frobenius norms, the roots of the sums of all squares. Asked is the 2-norm, the largest singular value: np.linalg.norm(J, 2, axis=(1, 2)). See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, axis=(1, 2)))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "your values are spectral radii, the largest |λ| of each product. The 2-norm is its largest singular value, which is larger in general. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.abs(np.linalg.eigvals(product)).max(axis=1))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "your values are the squares of the norms: the largest eigenvalue of JᵀJ is the square of the largest singular value. Take the root. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)) ** 2)
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "your values are the smallest singular values. The 2-norm is the largest one. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, -2, axis=(1, 2)))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "your values are those of the norm with 1 in place of 2, the largest sum of a column. See “Many steps”: np.linalg.norm(J, 2, axis=(1, 2)).", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.abs(product).sum(axis=1).max(axis=1))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "your values are those of the norm with inf in place of 2, the largest sum of a row. See “Many steps”: np.linalg.norm(J, 2, axis=(1, 2)).", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.abs(product).sum(axis=2).max(axis=1))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "your values are the largest entries of the products. The 2-norm is the largest singular value. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.abs(product).max(axis=(1, 2)))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "you multiply the norms of the single Jacobians. That is only an upper bound of what is asked: multiply the matrices, then take the norm. See “Many steps”.", fails=SEVERAL)
def jacobian_products(hs, W):
    norm, norms = np.ones_like(hs[0, :, 0]), []
    for h_t in hs[::-1]:
        norms.append(norm)
        norm = norm * np.linalg.norm((1 - h_t**2)[:, :, None] * W, 2, axis=(1, 2))
    return np.stack(norms[::-1])


@mistake("jacobian_products", "one factor too many: your row t belongs to ∂h(T)/∂h(t), with h(0) first, instead of h(1). The last row is the norm of the identity, 1. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        product = product @ ((1 - h_t**2)[:, :, None] * W)
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
    return np.stack(norms[::-1])


@mistake("jacobian_products", "one row too many: ∂h(T)/∂h(0) is among your norms. hs begins with h(1), so there are T rows. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
    return np.stack(norms[::-1])


@mistake("jacobian_products", "one row too few: the last row, ∂h(T)/∂h(T), is missing. It is 1. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[:0:-1]:
        product = product @ ((1 - h_t**2)[:, :, None] * W)
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
    return np.stack(norms[::-1]) if norms else np.zeros_like(hs[:0, :, 0])


@mistake("jacobian_products", "one factor too few: the Jacobian of the last step is missing from your products. ∂h(T)/∂h(T−1) is J(T), the one with the slopes at h(T). See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for t in reversed(range(len(hs))):
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        if t < len(hs) - 1:
            product = product @ ((1 - hs[t] ** 2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "the slopes are those of the step before: the factor from h(t+1) back to h(t) has the slopes 1 − h(t+1)², at the state that is reached. See “The Jacobian of a step”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for t in reversed(range(len(hs))):
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ ((1 - hs[t - 1] ** 2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "the slopes of tanh are missing: your values are the norms of powers of W, as for a linear network. See “The Jacobian of a step”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for _ in hs:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ W
    return np.stack(norms[::-1])


@mistake("jacobian_products", "your values are powers of the norm of W, an upper bound without the slopes. Multiply the Jacobians, then take the norm. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    T = len(hs)
    norms = [np.ones_like(hs[0, :, 0]) * np.linalg.norm(W, 2) ** (T - 1 - t) for t in range(T)]
    return np.stack(norms)


@mistake("jacobian_products", "the slope is 1 − h in your values. It is 1 − h², the square is missing. See “The Jacobian of a step”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ ((1 - h_t)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "your factors are W·diag(1 − h²), or diag(1 − h²)·Wᵀ, which has the same norm. They are to be diag(1 − h²)·W: the slopes multiply the rows of W, and W is not transposed. See “The Jacobian of a step”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ ((1 - h_t**2)[:, None, :] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "W is transposed: your factors are diag(1 − h²)·Wᵀ. See “The Jacobian of a step”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ ((1 - h_t**2)[:, :, None] * W.T)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "the rows are in reverse order: 1, the norm of the identity, is your first row and has to be the last. Turn the list round before you stack it. (Or do your products begin at the first step, ∂h(t)/∂h(1)? Then the loop has to begin at the last one.) See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms)


@mistake("jacobian_products", "your values are those of ∂h(t)/∂h(1): products that begin at the first step. Asked is ∂h(T)/∂h(t): how the last state depends on each earlier one. See “Many steps”.", fails=ALL)
def jacobian_products(hs, W):
    product = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1))
    norms = [np.linalg.norm(product, 2, axis=(1, 2))]
    for h_t in hs[1:]:
        product = ((1 - h_t**2)[:, :, None] * W) @ product
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
    return np.stack(norms)


@mistake("jacobian_products", "nothing is multiplied: your rows are the norms of the single Jacobians J(t+1). Asked is the norm of the product J(T) … J(t+1). See “Many steps”.", fails=SEVERAL)
def jacobian_products(hs, W):
    norms = [np.linalg.norm((1 - h_t**2)[:, :, None] * W, 2, axis=(1, 2)) for h_t in hs[1:]]
    return np.stack([*norms, np.ones_like(hs[0, :, 0])])


@mistake("jacobian_products", "every product has the slopes of the last state, h(T). Each factor has the slopes of its own step. See “Many steps”.", fails=SEVERAL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for _ in hs:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ ((1 - hs[-1] ** 2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "you return the mean over the batch. Asked is a norm for each sample, (T, B).", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)).mean())
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "only the first sample's norms are returned. Asked is a norm for each sample, (T, B).", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.eye(len(W), dtype=hs.dtype), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2))
        product = product @ ((1 - h_t[0] ** 2)[:, None] * W)
    return np.stack(norms[::-1])


@mistake("jacobian_products", "the batch is the first axis of your result. Time comes first: (T, B).", fails=ALL)
def jacobian_products(hs, W):
    product, norms = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(norms[::-1], axis=1)


@mistake("jacobian_products", "you return the products themselves. Asked are their norms, (T, B).", fails=ALL)
def jacobian_products(hs, W):
    product, products = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1)), []
    for h_t in hs[::-1]:
        products.append(product)
        product = product @ ((1 - h_t**2)[:, :, None] * W)
    return np.stack(products[::-1])


@alternative("jacobian_products", "with step_jacobian, and a singular value decomposition")
def jacobian_products(hs, W):
    T, B, H = hs.shape
    product = np.zeros_like(hs, shape=(B, H, H)) + np.eye(H, dtype=hs.dtype)
    norms = np.ones_like(hs[:, :, 0])
    for t in range(T - 1, 0, -1):
        product = product @ step_jacobian(hs[t], W)
        norms[t - 1] = np.linalg.svd(product, compute_uv=False)[:, 0]
    return norms


@alternative("jacobian_products", "each product anew, from its first factor on, einsum")
def jacobian_products(hs, W):
    T, B, H = hs.shape
    rows = []
    for t in range(T):
        product = np.tile(np.eye(H, dtype=hs.dtype), (B, 1, 1))
        for h in hs[t + 1 :]:
            product = np.einsum("bi,ij,bjk->bik", 1 - h * h, W, product)
        rows.append(np.linalg.norm(product, ord=2, axis=(-2, -1)))
    return np.stack(rows)


@alternative("jacobian_products", "sample by sample, diagonal matrices")
def jacobian_products(hs, W):
    norms = np.empty_like(hs, shape=hs.shape[:2])
    for b in range(hs.shape[1]):
        product = np.eye(len(W), dtype=hs.dtype)
        for t in range(len(hs) - 1, -1, -1):
            norms[t, b] = np.linalg.norm(product, 2)
            product = product @ np.diag(1 - hs[t, b] ** 2) @ W
    return norms


@alternative("jacobian_products", "the transposed product, as the backward pass multiplies; roots of eigenvalues of JᵀJ")
def jacobian_products(hs, W):
    back = np.tile(np.eye(len(W), dtype=hs.dtype), (hs.shape[1], 1, 1))
    norms = []
    for h in hs[::-1]:
        gram = (back.swapaxes(1, 2) @ back).astype("float64")
        norms.append(np.sqrt(np.linalg.eigvalsh(gram)[:, -1]))
        back = W.T @ ((1 - h**2)[:, :, None] * back)
    return np.stack(norms[::-1]).astype(hs.dtype)


# --- Exercise 3 -----------------------------------------------------------------------------------


@cases("spectrum")
def _(rng):
    def rotated(*eigenvalues):
        """A symmetric matrix with these eigenvalues."""
        Q, _ = np.linalg.qr(_normal(rng, len(eigenvalues), len(eigenvalues)))
        return Q @ np.diag(eigenvalues) @ Q.T

    def rotation(size):
        angle = rng.uniform(0.6, 1.2)
        return size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def complex_pair(H, real):
        """Not normal; the eigenvalue of the largest size is one of a complex pair, a smaller one is the real ``real``."""
        block = np.zeros((H, H))
        block[:2, :2] = rotation(rng.uniform(1.2, 1.6))
        block[2:, 2:] = np.diag([real, *rng.uniform(-0.5, 0.5, H - 3)])
        basis = np.eye(H) + 0.4 * _normal(rng, H, H) / np.sqrt(H)
        return basis @ block @ np.linalg.inv(basis)

    size = rng.uniform(1.1, 1.9)
    yield show("radius", W=rotated(0.3, -size, 0.8, size - 0.4))
    yield show("radius", W=rotation(size))
    yield show("radius", W=complex_pair(4, real=1.1))
    yield show("radius", W=np.diag([0.4, -size, 0.2]))  # the first eigenvalue is not the largest
    yield show("radius", W=np.array([[-size]]))
    yield hide("radius", W=_normal(rng, 7, 7))
    yield hide("radius", W=complex_pair(5, real=-1.15).astype("float32"))
    yield hide("radius", W=np.diag([size, 0.2, -0.4]))
    yield show("norm", W=_normal(rng, 4, 4))
    yield show("norm", W=np.diag([0.5, -size, 0.7]))
    yield show("norm", W=np.array([[-size]]))
    yield hide("norm", W=_normal(rng, 6, 6).astype("float32"))
    yield hide("norm", W=_normal(rng, 3, 3))
    # Triangular, so that the eigenvalues of the defective ones come out exact, not to half of the digits only.
    yield show("non-normal", W=np.array([[0.5, 10.0 + size], [0.0, 0.5]]))
    yield show("non-normal", W=np.diag([-0.4, -0.75, 0.5, 0.2]) + np.triu(5 * size * _normal(rng, 4, 4), 1))
    # Not triangular: their diagonals say nothing of the eigenvalues.
    yield show("non-normal", W=np.array([[0.1, 15.0 * size], [0.05 * rng.uniform(0.6, 0.9), -0.3]]))
    yield hide("non-normal", W=np.array([[0.1, -15.0 * size], [0.05 * rng.uniform(0.6, 0.9), 0.3]]))
    yield hide("non-normal", W=np.array([[0.0, 0.0, 20.0], [0.1 * size, 0.0, 0.0], [0.0, 0.3, 0.1]]))
    yield hide("non-normal", W=np.array([[0.0, size], [0.0, 0.0]]))
    yield hide("non-normal", W=np.array([[0.5, 0.0], [20.0 * size, -0.25]], "float32"))


ALL = ["radius", "norm", "non-normal"]
RHO = ["radius", "non-normal"]
NORM = ["norm", "non-normal"]


@mistake("spectrum", "rho: the eigenvalues are compared by their real parts, without absolute value: max(λ) instead of max |λ|. −1.1 makes powers grow, too, and so does a complex pair. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.linalg.eigvals(W).real.max(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: you take the largest eigenvalue without absolute value, and it can be complex or negative. Take np.abs of all of them first, then the maximum. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.linalg.eigvals(W).max(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: the absolute value is taken after the maximum: abs(max(λ)). Take np.abs of all eigenvalues first, then the maximum. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    values = np.linalg.eigvals(W)
    return np.abs(values[np.argmax(values.real)]), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: only the real parts count in your value: max |Re λ|. The absolute value of a complex number is √(re² + im²), np.abs. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W).real).max(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: your value is the square of the radius, re² + im². Take the root. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    values = np.linalg.eigvals(W)
    return (values.real**2 + values.imag**2).max(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: your value is the absolute value of the smallest eigenvalue. It is the largest that counts in the long run. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).min(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: eigvalsh and eigh are for symmetric matrices only; they read the lower half of W and take it for the upper one, too. Use np.linalg.eigvals. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.abs(np.linalg.eigvalsh(W)).max(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: your value is that of (W + Wᵀ)/2. It is symmetric, but has other eigenvalues than W. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.abs(np.linalg.eigvalsh((W + W.T) / 2)).max(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: all |λ| are returned. Asked is the largest, one number.", fails=RHO)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: your value is the sum of all |λ|. Asked is the largest of them.", fails=RHO)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).sum(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: your value is the mean of all |λ|. Asked is the largest of them. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).mean(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: your value is the absolute value of the first eigenvalue. They come in no order: take the largest of all |λ|. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)[0]), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: your value is the largest entry of the diagonal, by absolute value. Only of triangular matrices are these the eigenvalues: use np.linalg.eigvals. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.abs(np.diag(W)).max(), np.linalg.norm(W, 2)


@mistake("spectrum", "rho: your value is the largest singular value. The two agree for symmetric matrices, but not in general: the radius comes from the eigenvalues. See “Eigenvalues”.", fails=RHO)
def spectrum(W):
    return np.linalg.norm(W, 2), np.linalg.norm(W, 2)


@mistake("spectrum", "smax: your value is the spectral radius. The two agree for symmetric matrices, but not in general: the norm is the largest singular value. See “Eigenvalues”.", fails=NORM)
def spectrum(W):
    rho = np.abs(np.linalg.eigvals(W)).max()
    return rho, rho


@mistake("spectrum", "rho and smax are exchanged: return the spectral radius first, then the norm.", fails=ALL)
def spectrum(W):
    return np.linalg.norm(W, 2), np.abs(np.linalg.eigvals(W)).max()


@mistake("spectrum", "smax: your value is the Frobenius norm, the root of the sum of all squares, which np.linalg.norm(W) gives. The 2-norm is np.linalg.norm(W, 2). See “Many steps”.", fails=NORM)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).max(), np.linalg.norm(W)


@mistake("spectrum", "smax: your value is the square of the norm: the eigenvalues of WᵀW are the squares of the singular values. Take the root.", fails=NORM)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).max(), np.linalg.norm(W, 2) ** 2


@mistake("spectrum", "smax: your value is the smallest singular value. Asked is the largest.", fails=NORM)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).max(), np.linalg.norm(W, -2)


@mistake("spectrum", "smax: all singular values are returned. Asked is the largest, one number.", fails=NORM)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).max(), np.linalg.svd(W, compute_uv=False)


@mistake("spectrum", "smax: your value is the sum of all singular values. Asked is the largest of them.", fails=NORM)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).max(), np.linalg.norm(W, "nuc")


@mistake("spectrum", "smax: your value is the largest sum of a column, which np.linalg.norm(W, 1) gives. The 2-norm is np.linalg.norm(W, 2). See “Many steps”.", fails=NORM)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).max(), np.linalg.norm(W, 1)


@mistake("spectrum", "smax: your value is the largest sum of a row, which np.linalg.norm(W, np.inf) gives. The 2-norm is np.linalg.norm(W, 2). See “Many steps”.", fails=NORM)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).max(), np.linalg.norm(W, np.inf)


@mistake("spectrum", "smax: your value is the largest entry of W. A vector can be stretched by more than that: the 2-norm says by how much. See “Many steps”.", fails=NORM)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).max(), np.abs(W).max()


@mistake("spectrum", "only one number is returned, the spectral radius. Asked is the pair rho, smax.", fails=ALL)
def spectrum(W):
    return np.abs(np.linalg.eigvals(W)).max()


@alternative("spectrum", "eig and norm, Python floats")
def spectrum(W):
    values, _ = np.linalg.eig(W)
    return float(abs(values).max()), float(np.linalg.norm(W, ord=2))


@alternative("spectrum", "roots by hand: √(re² + im²), √ of the largest eigenvalue of WᵀW")
def spectrum(W):
    values = np.linalg.eigvals(W)
    squares = np.real(values) ** 2 + np.imag(values) ** 2
    return np.sqrt(max(squares)), np.sqrt(np.linalg.eigvalsh(W.T @ W)[-1])


@alternative("spectrum", "a list; of the transpose, and the first singular value of three factors")
def spectrum(W):
    _, sizes, _ = np.linalg.svd(W)
    return [np.max(np.absolute(np.linalg.eigvals(W.T))), sizes[0]]


@alternative("spectrum", "sorted sizes; the longest image of the right singular vectors")
def spectrum(W):
    _, _, Vt = np.linalg.svd(W)
    stretched = np.sqrt(((W @ Vt.T) ** 2).sum(axis=0))
    return np.sort(np.abs(np.linalg.eigvals(W)))[-1], stretched.max()


# --- Exercise 4 -----------------------------------------------------------------------------------


@cases("cliff_loss_grad")
def _(rng):
    def point(w=None, b=None):
        w = rng.uniform(2.5, 4.5) if w is None else w
        return {"w": float(w), "b": float(rng.uniform(-1.5, -0.5) if b is None else b)}

    def grid(*shape):
        return {"w": rng.uniform(1.0, 7.0, shape), "b": rng.uniform(-3.5, -0.5, shape)}

    for test in ("loss", "dw", "db"):
        yield show(test, **point(), T=2)
        yield show(test, **point(), T=1)
        yield show(test, **point(), T=5)
        yield show(test, **point(b=-0.5))  # 50 steps
        yield hide(test, **point(w=-3), T=3)
        yield hide(test, **point(w=0.5, b=1.5), T=4)
        yield hide(test, **point(w=5 + rng.uniform(-0.01, 0.01), b=-2.6))  # near the cliff
    yield show("grid", **grid(3, 4), T=3)
    yield show("grid", **grid(5))
    yield hide("grid", **grid(2, 2, 2), T=6)
    yield hide("grid", **grid(1, 1), T=2)


ALL = ["loss", "dw", "db", "grid"]
DW = ["dw", "grid"]
DB = ["db", "grid"]
BOTH = ["dw", "db", "grid"]


@mistake("cliff_loss_grad", "dw: only the last step is counted: your dx/dw is σ(x(T−1)). w acts in the earlier steps, too, through x(t−1): the recursion needs the term w σ'(x(t−1)) dx(t−1)/dw. See “The cliff”.", fails=DW)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "db: only the last step is counted: your dx/db is 1. b acts in the earlier steps, too, through x(t−1): the recursion needs the term w σ'(x(t−1)) dx(t−1)/db. See “The cliff”.", fails=DB)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + 0 * x
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the slope of the sigmoid is missing in the recursion: your factor is w. It is w σ'(x(t−1)) = w σ (1 − σ). See “The cliff”.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        x, dxdw, dxdb = w * s + b, s + w * dxdw, 1 + w * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "w is missing in the recursion: your factor is σ'(x(t−1)). It is w σ'(x(t−1)). See “The cliff”.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the derivatives are added up without any factor: yours are Σ σ(x(t−1)) and T, as if x(t−1) were kept in x(t) as it is. Before dx(t−1)/dw and dx(t−1)/db stands w σ'(x(t−1)). See “The cliff”.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        x, dxdw, dxdb = w * s + b, s + dxdw, 1 + dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "dw: your value is that of db. Either the two are exchanged (return loss, dw, db), or the open w contributes 1 to dx/dw in each step of your recursion, as b does to dx/db: w multiplies σ(x(t−1)), so that is its contribution. See “The cliff”.", fails=DW)
def cliff_loss_grad(w, b, T=50):
    x, dxdb = 0.5, 0.0
    for _ in range(T):
        s = sigmoid(x)
        x, dxdb = w * s + b, 1 + w * s * (1 - s) * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdb, outer * dxdb


@mistake("cliff_loss_grad", "dw: the open w contributes x(t−1) in your recursion. It multiplies σ(x(t−1)), so that is its contribution. See “The cliff”.", fails=DW)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, x + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the recursions begin at 1. x(0) = 0.5 does not depend on w or b, so both derivatives begin at 0.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 1.0, 1.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "x is replaced too early: your slopes (and the open σ of w) are taken at the new x(t). They belong to x(t−1): compute the derivatives before you replace x, or keep the old σ.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        x = w * sigmoid(x) + b
        s = sigmoid(x)
        slope = w * s * (1 - s)
        dxdw, dxdb = s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the slopes are taken at the new x(t). In the step to x(t) the slope is that at x(t−1): compute the derivatives before you replace x.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        x = w * s + b
        slope = w * sigmoid(x) * (1 - sigmoid(x))
        dxdw, dxdb = s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the slope of the sigmoid is written as x (1 − x). It is σ (1 − σ) with σ = σ(x): x has not gone through the sigmoid yet.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s, slope = sigmoid(x), w * x * (1 - x)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * x * (1 - x)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "one step too few: your values are those of T − 1 steps. x(0) = 0.5 is before the first step, and the loss is at x(T). See “The cliff”.", fails=ALL)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5 + 0 * w, 0 * w, 0 * w
    for _ in range(T - 1):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "one step too many: your values are those of T + 1 steps. x(0) = 0.5 is before the first step, and the loss is at x(T). See “The cliff”.", fails=ALL)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T + 1):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "T is not used: your values are those of 50 steps, whatever T is.", fails=ALL)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(50):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "your values are those of a start at x(0) = 0. x(0) = 0.5. (Or your step is x(t) = σ(w x(t−1) + b), with the loss (x(T) − 0.7)², which comes to the same; here the sigmoid comes first: x(t) = w σ(x(t−1)) + b.) See “The cliff”.", fails=ALL)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.0, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the loss is taken of x(T) itself, (x(T) − 0.7)². It is (σ(x(T)) − 0.7)². See “The cliff”.", fails=ALL)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    outer = 2 * (x - 0.7)
    return (x - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "b is missing in the step: your values are those of x(t) = w σ(x(t−1)).", fails=ALL)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "your values are those of tanh in place of the sigmoid.", fails=ALL)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = np.tanh(x)
        slope = w * (1 - s * s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = np.tanh(x)
    outer = 2 * (s - 0.7) * (1 - s * s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the slope of the last sigmoid is missing: dE/dx(T) = 2 (σ(x(T)) − 0.7) σ'(x(T)). See “The cliff”.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the factor 2 of the derivative of the square is missing.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the sign of the derivatives is wrong (0.7 − σ in place of σ − 0.7?).", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (0.7 - s) * s * (1 - s)
    return (0.7 - s) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "you return dx/dw and dx/db. Asked are the derivatives of the loss: multiply by dE/dx(T) = 2 (σ − 0.7) σ'. See “The cliff”.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb + 0 * x
    return (sigmoid(x) - 0.7) ** 2, dxdw, dxdb


@mistake("cliff_loss_grad", "the slope is that of tanh, 1 − s² with s = σ(x). That of the sigmoid is s (1 − s). See “The cliff”.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * (1 - s**2)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * (1 - s**2)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the slope in the recursion is that of tanh, 1 − s². That of the sigmoid is s (1 − s). See “The cliff”.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * (1 - s**2)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the slope of the last sigmoid, in dE/dx(T), is that of tanh, 1 − s². That of the sigmoid is s (1 − s). See “The cliff”.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * (1 - s**2)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "db: b itself is missing in the recursion. x(t) = w σ(x(t−1)) + b has the open b, too: dx(t)/db is 1 plus the term of x(t−1). See “The cliff”.", fails=DB)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, slope * dxdb + 0 * x
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "dw and db are one and the same array (dw = db = np.zeros(…)?), so that += on one of them changes both. Make two arrays.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    xs = [0.5 + 0 * w]
    for _ in range(T):
        xs.append(w * sigmoid(xs[-1]) + b)
    s = sigmoid(xs.pop())
    loss, dx = (s - 0.7) ** 2, 2 * (s - 0.7) * s * (1 - s)
    dw = db = np.zeros_like(w)
    for x in reversed(xs):
        s = sigmoid(x)
        dw += dx * s
        db += dx
        dx = dx * w * s * (1 - s)
    return loss, dw, db


@mistake("cliff_loss_grad", "dx/dw and dx/db are one and the same array (dxdw = dxdb = np.zeros(…)?), so that += and *= on one of them change both. Make two arrays.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x = 0.5
    dxdw = dxdb = np.zeros_like(w)
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        dxdw *= slope
        dxdw += s
        dxdb *= slope
        dxdb += 1
        x = w * s + b
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "the loss is added up over the steps. There is one term only, at the last step: E = (σ(x(T)) − 0.7)². See “The cliff”.", fails=ALL)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    loss, dw, db = 0.0, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
        s = sigmoid(x)
        outer = 2 * (s - 0.7) * s * (1 - s)
        loss, dw, db = loss + (s - 0.7) ** 2, dw + outer * dxdw, db + outer * dxdb
    return loss, dw, db


@mistake("cliff_loss_grad", "dw and db are exchanged: return loss, dw, db.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdb, outer * dxdw


@mistake("cliff_loss_grad", "only the way through the first step is counted: your derivatives are products of all the slopes. w and b act in every step; the terms of all steps are added. See “The cliff”.", fails=BOTH)
def cliff_loss_grad(w, b, T=50):
    s = sigmoid(0.5)
    x, dxdw, dxdb = w * s + b, s + 0 * w, 1 + 0 * w
    for _ in range(T - 1):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, slope * dxdw, slope * dxdb
    s = sigmoid(x)
    outer = 2 * (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2, outer * dxdw, outer * dxdb


@mistake("cliff_loss_grad", "your loss is half the square, and its derivatives are those of it. Here E is the square without ½.", fails=ALL)
def cliff_loss_grad(w, b, T=50):
    x, dxdw, dxdb = 0.5, 0.0, 0.0
    for _ in range(T):
        s = sigmoid(x)
        slope = w * s * (1 - s)
        x, dxdw, dxdb = w * s + b, s + slope * dxdw, 1 + slope * dxdb
    s = sigmoid(x)
    outer = (s - 0.7) * s * (1 - s)
    return (s - 0.7) ** 2 / 2, outer * dxdw, outer * dxdb


@alternative("cliff_loss_grad", "backwards from the loss")
def cliff_loss_grad(w, b, T=50):
    xs = [0.5 + 0 * w]
    for _ in range(T):
        xs.append(w * sigmoid(xs[-1]) + b)
    s = sigmoid(xs.pop())
    dx, dw, db = 2 * (s - 0.7) * s * (1 - s), 0 * w, 0 * w
    loss = (s - 0.7) ** 2
    for x in reversed(xs):
        s = sigmoid(x)
        dw, db, dx = dw + dx * s, db + dx, dx * w * s * (1 - s)
    return loss, dw, db


@alternative("cliff_loss_grad", "the derivatives of s = σ(x), another sigmoid")
def cliff_loss_grad(w, b, T=50):
    s = 1 / (1 + np.exp(-0.5 - 0 * w))
    sw = sb = 0 * w
    for _ in range(T):
        x = w * s + b
        xw, xb = s + w * sw, 1 + w * sb
        s = 1 / (1 + np.exp(-x))
        sw, sb = s * (1 - s) * xw, s * (1 - s) * xb
    return (s - 0.7) ** 2, 2 * (s - 0.7) * sw, 2 * (s - 0.7) * sb


@alternative("cliff_loss_grad", "a sum over the steps, each with its product of slopes; a list")
def cliff_loss_grad(w, b, T=50):
    values = [sigmoid(0.5 + 0 * w)]
    for _ in range(T):
        values.append(sigmoid(w * values[-1] + b))
    dw = db = 0
    for k in range(T):
        path = 1
        for s in values[k + 1 : T]:
            path = path * w * s * (1 - s)
        dw, db = dw + values[k] * path, db + path
    s = values[T]
    outer = 2 * (s - 0.7) * (s - s**2)
    return [(s - 0.7) ** 2, outer * dw, outer * db]


@alternative("cliff_loss_grad", "a complex step: exact, for an analytic function")
def cliff_loss_grad(w, b, T=50):
    def loss(w, b):
        x = 0.5
        for _ in range(T):
            x = w * sigmoid(x) + b
        return (sigmoid(x) - 0.7) ** 2

    tiny = 1e-30
    by_w, by_b = loss(w + tiny * 1j, b + 0j), loss(w + 0j, b + tiny * 1j)
    return np.real(by_w) + 0, np.imag(by_w) / tiny, np.imag(by_b) / tiny


# --- Exercise 5 -----------------------------------------------------------------------------------


@cases("clip_global_norm")
def _(rng):
    shapes = {"U": (3, 2), "W": (3, 3), "b": (3,), "V": (2, 3)}

    def grads(norm, shapes=shapes, dtype="float64"):
        """Gradients of this norm, to which all arrays contribute."""
        arrays = {name: rng.choice([-1, 1], shape) * rng.uniform(0.5, 2, shape) for name, shape in shapes.items()}
        scale = norm / np.sqrt(sum((array**2).sum() for array in arrays.values()))
        return {name: (array * scale).astype(dtype) for name, array in arrays.items()}

    def with_entry(value, dtype="float64"):
        arrays = grads(3.0, dtype=dtype)
        arrays["W"][1, 2] = value
        return arrays

    def some():
        return rng.uniform(2.5, 4.0)

    yield show("norm", grads=grads(some()), max_norm=1.0)
    yield show("norm", grads=grads(some()), max_norm=5.0)
    yield show("norm", grads=grads(some(), {"W": (2, 2)}), max_norm=0.5)
    yield hide("norm", grads=grads(some(), {"b": (4,), "gates": (2, 3, 2)}), max_norm=1.5)
    yield show("clipped", grads=grads(some()), max_norm=0.75)
    yield show("clipped", grads=grads(some(), {"b": (1,), "gates": (2, 3, 2)}), max_norm=1.25)
    yield show("clipped", grads=grads(some() * 1e-6), max_norm=1e-6)
    yield show("clipped", grads=grads(some() / 5), max_norm=0.25)
    yield hide("clipped", grads=grads(some() * 100), max_norm=2.0)
    yield hide("clipped", grads=grads(some(), {"W": (1, 1)}), max_norm=1.0)
    norm = some()
    yield show("below", grads=grads(norm), max_norm=1.05 * norm)
    yield show("below", grads={"W": np.zeros((2, 2)), "b": np.zeros(2)}, max_norm=1.0)
    yield hide("below", grads=grads(norm, {"w": (5,), "k": (2, 1, 2)}), max_norm=1.02 * norm)
    yield hide("below", grads={"W": np.array([[3.0, 0.0]]), "b": np.array([-4.0])}, max_norm=5.0)
    yield hide("below", grads=grads(some()), max_norm=1e6)
    yield show("float32", grads=grads(some(), dtype="float32"), max_norm=1.0)
    yield show("float32", grads=grads(some() * 1e30, dtype="float32"), max_norm=2.0)
    yield show("float32", grads=grads(some(), dtype="float32"), max_norm=10.0)
    yield hide("float32", grads=grads(some() * 1e25, {"W": (3, 3)}, "float32"), max_norm=1e20)
    yield show("not finite", grads=with_entry(np.inf), max_norm=1.0)
    yield show("not finite", grads=with_entry(np.nan), max_norm=1.0)
    yield hide("not finite", grads=with_entry(-np.inf), max_norm=7.0)
    yield hide("not finite", grads=with_entry(np.nan), max_norm=7.0)


ALL = ["norm", "clipped", "below", "float32", "not finite"]


@mistake("clip_global_norm", "where the norm is inf, you divide by it: finite entries become 0, and inf · 0 is nan. A norm that is not finite leaves the values as they are.", fails=["not finite"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "where the norm is inf or nan, you scale by it all the same: inf makes the entries 0 or nan, nan makes all of them nan. A norm that is not finite leaves the values as they are.", fails=["not finite"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = 1.0 if norm <= max_norm else max_norm / norm
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "each array is clipped by its own norm. That changes the direction: one norm, over all arrays together, gives one factor for all. See “Clipping by norm”.", fails=["clipped", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    clipped = {}
    for name, g in grads.items():
        own = np.sqrt((g.astype("float64") ** 2).sum())
        scale = max_norm / own if max_norm < own and np.isfinite(norm) else 1.0
        clipped[name] = (g * scale).astype(g.dtype)
    return clipped, norm


@mistake("clip_global_norm", "each entry is clipped to ±max_norm. That changes the direction, and the norm can still be larger than max_norm. Multiply all entries by one number. See “Clipping by norm”.", fails=["clipped", "float32", "not finite"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    return {name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "the gradients are always scaled to the norm max_norm, short ones too (and where the norm is 0, you divide by 0). Only those longer than max_norm change. See “Clipping by norm”.", fails=["below", "float32", "not finite"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    return {name: (g * (max_norm / norm)).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "you divide by the norm before you know that it is not 0: where all gradients are 0, you return nan. Only gradients longer than max_norm are divided by anything.", fails=["below", "not finite"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    return {name: (g / norm * min(norm, max_norm)).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "nothing is clipped: the values are those of grads. Gradients longer than max_norm are multiplied by max_norm / ‖g‖. See “Clipping by norm”.", fails=["clipped", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    return {name: g.copy() for name, g in grads.items()}, norm


@mistake("clip_global_norm", "the condition is the wrong way round: you scale gradients that are shorter than max_norm, and leave the longer ones.", fails=["clipped", "below", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = max_norm / norm if norm < max_norm else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "short gradients are returned as they are, not as copies: whoever changes the result changes grads, too. Return new arrays in every case.", fails=["below", "float32", "not finite"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    if not max_norm < norm < np.inf:
        return dict(grads), norm
    return {name: (g * (max_norm / norm)).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "nothing is clipped, and the arrays are returned as they are, not as copies. Gradients longer than max_norm are multiplied by max_norm / ‖g‖; shorter ones are copied. See “Clipping by norm”.", fails=["clipped", "below", "float32", "not finite"])
def clip_global_norm(grads, max_norm):
    return dict(grads), np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))


@mistake("clip_global_norm", "the values are right, but the caller's grads is changed: its arrays in place (grad *= …) or its entries (grads[name] = …). Make new arrays, grad * scale, in a new dictionary.", fails=["norm", "clipped", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    if max_norm < norm < np.inf:
        for g in grads.values():
            g *= max_norm / norm
    return {name: g.copy() for name, g in grads.items()}, norm


@mistake("clip_global_norm", "the caller's grads is changed, and what is in it is returned again: its arrays are changed in place (grad *= …), or its entries replaced (grads[name] = …). Return a new dictionary with new arrays, and leave grads as it was.", fails=ALL)
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    if max_norm < norm < np.inf:
        for g in grads.values():
            g *= max_norm / norm
    return grads, norm


@mistake("clip_global_norm", "the norm that you return is the one after clipping. Asked is the norm before: it tells the caller how large the gradients were.", fails=["norm", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm * scale


@mistake("clip_global_norm", "the root is missing: your norm is the sum of squares, and the gradients are scaled by it. See “Clipping by norm”: ‖g‖ = √(Σ g²).", fails=["norm", "clipped", "below", "float32"])
def clip_global_norm(grads, max_norm):
    norm = sum((g.astype("float64") ** 2).sum() for g in grads.values())
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "your norm is the sum of the norms of the arrays. The squares are added over all arrays, then comes one root. See “Clipping by norm”.", fails=["norm", "clipped", "below", "float32"])
def clip_global_norm(grads, max_norm):
    norm = sum(np.sqrt((g.astype("float64") ** 2).sum()) for g in grads.values())
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "your norm is that of the array with the largest norm. The squares are added over all arrays. See “Clipping by norm”.", fails=["norm", "clipped", "float32"])
def clip_global_norm(grads, max_norm):
    squares = [(g.astype("float64") ** 2).sum() for g in grads.values()]
    norm = np.sqrt(np.stack(squares).max())
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "your norm is that of the last array only (norm = … in the loop, in place of +=?). The squares are added over all arrays. See “Clipping by norm”.", fails=["norm", "clipped", "float32"])
def clip_global_norm(grads, max_norm):
    finite = all(np.isfinite(g).all() for g in grads.values())
    squares = (list(grads.values())[-1].astype("float64") ** 2).sum()
    norm = np.sqrt(squares if finite else sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "your norm has the mean of the squares of each array in place of their sum (.mean() for .sum()?). See “Clipping by norm”: ‖g‖ = √(Σ g²).", fails=["norm", "clipped", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).mean() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "your norm is the sum of the absolute values, the 1-norm. Asked is the 2-norm, √(Σ g²). See “Clipping by norm”.", fails=["norm", "clipped", "below", "float32"])
def clip_global_norm(grads, max_norm):
    norm = sum(np.abs(g.astype("float64")).sum() for g in grads.values())
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "your norm is the largest absolute value of an entry. Asked is the 2-norm, √(Σ g²). See “Clipping by norm”.", fails=["norm", "clipped", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.stack([np.abs(g.astype("float64")).max() for g in grads.values()]).max()
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "your norm is the root of the mean of the squares. It is the root of their sum. See “Clipping by norm”.", fails=["norm", "clipped", "float32"])
def clip_global_norm(grads, max_norm):
    squares = sum((g.astype("float64") ** 2).sum() for g in grads.values())
    norm = np.sqrt(squares / sum(g.size for g in grads.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "only U, W and b are clipped and returned. Expect any names: take them from grads.", fails=ALL)
def clip_global_norm(grads, max_norm):
    mine = {name: grads[name] for name in "UWb" if name in grads}
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in mine.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in mine.items()}, norm


@mistake("clip_global_norm", "clipped gradients have the norm 1 in your result, not max_norm: the factor is max_norm / ‖g‖.", fails=["clipped", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = 1 / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "all entries are set to 0 where the norm is too large. They are scaled: the direction stays.", fails=["clipped", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = 0.0 if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "the factor is upside down: it is max_norm / ‖g‖, smaller than 1.", fails=["clipped", "float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = norm / max_norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "a small number is added to the norm in the denominator (1e-6, as PyTorch does?). Here the factor is exactly max_norm / ‖g‖; nothing is divided by 0, since only gradients longer than max_norm are scaled.", fails=["clipped"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = max_norm / (norm + 1e-6) if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "the values are right, but float32 gradients become float64: an array times a float64 number of NumPy is float64. Convert back with .astype(grad.dtype).", fails=["float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: g.astype("float64") * scale for name, g in grads.items()}, norm


@mistake("clip_global_norm", "the squares overflow: (1e30)² does not fit into float32, so your norm is inf, and the gradients stay as they are. Convert to float64 before you square.", fails=["float32"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "the squares overflow: (1e30)² does not fit into float32, so your norm is inf, and dividing by it makes the gradients 0. Convert to float64 before you square, and leave the gradients as they are where the norm is not finite.", fails=["float32", "not finite"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "where the norm is not finite, you return zeros. The values stay as they are; leaving out the update is up to the caller, who sees the norm.", fails=["not finite"])
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    if not np.isfinite(norm):
        return {name: np.zeros_like(g) for name, g in grads.items()}, norm
    scale = max_norm / norm if max_norm < norm else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "inf and nan are replaced by numbers (np.nan_to_num?). That hides the fault, and the numbers are invented. The values stay as they are, and the norm is inf or nan.", fails=["not finite"])
def clip_global_norm(grads, max_norm):
    grads = {name: np.nan_to_num(g, nan=0.0, posinf=0.0, neginf=0.0) for name, g in grads.items()}
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@mistake("clip_global_norm", "the results are exchanged: return the dictionary first, then the norm.", fails=ALL)
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return norm, {name: (g * scale).astype(g.dtype) for name, g in grads.items()}


@mistake("clip_global_norm", "only the dictionary is returned. Asked is the pair: the gradients, and the norm before clipping.", fails=ALL)
def clip_global_norm(grads, max_norm):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in grads.values()))
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}


@mistake("clip_global_norm", "your norm is made of 2-norms of matrices, their largest singular values (np.linalg.norm(W, 2)?). Here all entries count as one long vector: √(Σ g²). See “Clipping by norm”.", fails=["norm", "clipped", "float32"])
def clip_global_norm(grads, max_norm):
    squares = 0.0
    for g in grads.values():
        g = g.astype("float64")
        finite = np.isfinite(g).all()
        squares = squares + (np.linalg.norm(g, 2) ** 2 if g.ndim == 2 and finite else (g**2).sum())
    norm = np.sqrt(squares)
    scale = max_norm / norm if max_norm < norm < np.inf else 1.0
    return {name: (g * scale).astype(g.dtype) for name, g in grads.items()}, norm


@alternative("clip_global_norm", "one long vector")
def clip_global_norm(grads, max_norm):
    everything = np.concatenate([g.ravel().astype("float64") for g in grads.values()])
    norm = np.linalg.norm(everything)
    clipped = {name: g.copy() for name, g in grads.items()}
    if np.isfinite(norm) and norm > max_norm:
        for g in clipped.values():
            g *= float(max_norm / norm)
    return clipped, norm


@alternative("clip_global_norm", "relative to the largest entry; a Python float; a tuple in a variable")
def clip_global_norm(grads, max_norm):
    largest = max(float(np.abs(g).max()) for g in grads.values())
    if not all(bool(np.isfinite(g).all()) for g in grads.values()):
        norm = float(sum(np.abs(g).sum() for g in grads.values()))  # inf or nan, as the root of the squares
    elif largest == 0:
        norm = 0.0
    else:
        norm = largest * float(sum(((g.astype("float64") / largest) ** 2).sum() for g in grads.values())) ** 0.5
    factor = 1.0
    if norm > max_norm and norm != float("inf"):
        factor = max_norm / norm
    result = ({name: g * factor for name, g in grads.items()}, norm)
    return result


@alternative("clip_global_norm", "norm of norms; dividing by max(1, ‖g‖ / max_norm)")
def clip_global_norm(grads, max_norm):
    norms = np.stack([np.linalg.norm(g.astype("float64").ravel()) for g in grads.values()])
    norm = np.sqrt((norms**2).sum())
    ratio = float(norm) / max_norm
    if not ratio > 1 or ratio == float("inf"):
        return {name: g.copy() for name, g in grads.items()}, norm
    return {name: (g.astype("float64") / ratio).astype(g.dtype) for name, g in grads.items()}, norm


@alternative("clip_global_norm", "vdot, names in another order, np.where")
def clip_global_norm(grads, max_norm):
    total = 0.0
    for g in grads.values():
        wide = g.astype("float64").ravel()
        total = total + np.dot(wide, wide)
    norm = total**0.5
    too_long = (norm > max_norm) & (norm < np.inf)
    scale = np.where(too_long, max_norm / np.where(too_long, norm, 1.0), 1.0)
    return {name: (grads[name] * scale).astype(grads[name].dtype) for name in sorted(grads)}, norm


# --- Exercise 6 -----------------------------------------------------------------------------------


@cases("init_recurrent")
def _(rng):
    def gain():  # few digits, and far from 1
        return int(rng.choice([5, 6, 10, 11, 12, 13])) / 8

    def seed():
        return int(rng.integers(1, 10_000))

    def size(least=3):
        return int(rng.integers(least, 12))

    yield show("orthogonal", kind="orthogonal", H=4, gain=gain(), seed=seed())
    yield show("orthogonal", kind="orthogonal", H=size(), seed=seed())
    yield show("orthogonal", kind="orthogonal", H=1, gain=gain(), seed=seed())
    yield hide("orthogonal", kind="orthogonal", H=20, gain=gain(), seed=seed())
    yield show("spectral", kind="spectral", H=5, gain=gain(), seed=seed())
    yield show("spectral", kind="spectral", H=40, gain=gain(), seed=seed())
    yield show("spectral", kind="spectral", H=size(), seed=seed())
    yield hide("spectral", kind="spectral", H=30, gain=gain(), seed=seed())
    yield hide("spectral", kind="spectral", H=1, gain=gain(), seed=seed())
    yield show("kinds", kind="identity", H=3, gain=gain(), seed=seed())
    yield show("kinds", kind="identity", H=size(), seed=seed())
    yield show("kinds", kind="gaussian", H=3, seed=seed())
    yield hide("kinds", kind="identity", H=1, gain=gain(), seed=seed())
    yield hide("kinds", kind="Orthogonal matrix", H=2, seed=seed())
    yield show("random", kind="orthogonal", H=size(), seed=seed(), other_seed=10_000 + seed())
    yield show("random", kind="spectral", H=size(8), seed=seed(), other_seed=10_000 + seed())
    yield hide("random", kind="orthogonal", H=size(), seed=seed(), other_seed=10_000 + seed())
    yield hide("random", kind="spectral", H=size(8), seed=seed(), other_seed=10_000 + seed())


ALL = ["orthogonal", "spectral", "kinds", "random"]


@mistake("init_recurrent", "spectral: the matrix is divided by its largest singular value (its 2-norm). Then its spectral radius is smaller than gain: divide by the largest |λ|. See “Remedies”.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.linalg.norm(A, 2)
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: the matrix is divided by its Frobenius norm (np.linalg.norm without a 2?). Divide by its spectral radius, the largest |λ|. See “Remedies”.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.linalg.norm(A)
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: the matrix is divided by √H. That makes the spectral radius about gain for a large H, but not exactly: divide by the radius of the matrix that you drew.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.sqrt(H)
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: the matrix is divided by the largest real part of its eigenvalues. The radius is the largest absolute value, np.abs(λ).max(). See “Eigenvalues”.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.linalg.eigvals(A).real.max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: the matrix is multiplied by its spectral radius. Divide by it: the radius of A / ρ(A) is 1.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A * np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: your matrix is complex, for you divide by an eigenvalue itself. Divide by the largest absolute value: np.abs(λ) first, then the maximum. See “Eigenvalues”.", fails=["spectral", "random"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.linalg.eigvals(A).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: your matrix is symmetric, so that its largest singular value is its radius. Asked is the Gaussian matrix as it is drawn, all of it multiplied by one number. See “Remedies”.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * (A + A.T) / np.abs(np.linalg.eigvalsh(A + A.T)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: you return an orthogonal matrix. Its radius is right, but asked is a scaled Gaussian matrix, whose largest singular value is larger than its radius. See “Remedies”.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    if kind in ("spectral", "orthogonal"):
        return gain * np.linalg.qr(rng.standard_normal((H, H)))[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: the entries are all positive (rng.random?), so that one eigenvalue is far larger than the others and W nearly has rank 1. Draw a Gaussian matrix, rng.standard_normal.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.random((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: the Gaussian matrix is not scaled to a spectral radius at all. Divide it by its own radius, the largest |λ|.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: gain is not used. Multiply the matrix of radius 1 by gain.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "spectral: you divide by gain. Multiply by it: the spectral radius is to be gain.", fails=["spectral"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return A / (gain * np.abs(np.linalg.eigvals(A)).max())
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "orthogonal: gain is not used. Multiply the orthogonal matrix by gain.", fails=["orthogonal"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "identity: gain is not used. Multiply the identity by gain.", fails=["kinds"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "gain comes in twice: your matrices are those of gain². Multiply by it once.", fails=["orthogonal", "spectral", "kinds"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain**2 * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain**2 * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain**2 * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "your matrices are those of √gain: gain goes before the matrix as it is. WᵀW is gain² I.", fails=["orthogonal", "spectral", "kinds"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain**0.5 * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain**0.5 * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain**0.5 * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "orthogonal: the Gaussian matrix is only scaled to a spectral radius. That does not make it orthogonal: its singular values differ. Use np.linalg.qr. See “Remedies”.", fails=["orthogonal"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind in ("spectral", "orthogonal"):
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    raise ValueError(kind)


@mistake("init_recurrent", "orthogonal: the Gaussian matrix is divided by its largest singular value, so that the others are smaller than gain. All of them are to be gain: use np.linalg.qr. See “Remedies”.", fails=["orthogonal"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * A / np.linalg.norm(A, 2)
    raise ValueError(kind)


@mistake("init_recurrent", "orthogonal: the Gaussian matrix is divided by √H. That makes WᵀW about gain² I, for a large H, but not exactly. Use np.linalg.qr. See “Remedies”.", fails=["orthogonal"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * A / np.sqrt(H)
    raise ValueError(kind)


@mistake("init_recurrent", "orthogonal: the columns have length gain, but they are not perpendicular to each other. Use np.linalg.qr.", fails=["orthogonal"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * A / np.sqrt((A**2).sum(axis=0))
    raise ValueError(kind)


@mistake("init_recurrent", "orthogonal: WᵀW is that of the Gaussian matrix itself: you return A as it was drawn, or R of the factorisation A = QR (RᵀR = AᵀA). The orthogonal factor is Q, the first.", fails=["orthogonal"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[1]
    raise ValueError(kind)


@mistake("init_recurrent", "orthogonal: you always return the same matrix, a multiple of the identity or of another fixed one. It is orthogonal, but not random: draw from rng.", fails=["orthogonal", "random"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind in ("identity", "orthogonal"):
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    raise ValueError(kind)


@mistake("init_recurrent", "the numbers come from np.random, NumPy's global generator, not from rng: the same seed gives another matrix each time. Draw with rng.standard_normal. See “Remedies”.", fails=["random"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = np.random.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "the global generator is seeded and used (np.random.seed?). rng is ignored, so that every seed gives the same matrix, and other code that draws from np.random is disturbed. Draw with rng.standard_normal.", fails=["random"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    np.random.seed(0)
    A = np.random.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "NumPy's global generator is seeded or used (np.random.seed?), though the numbers follow rng. Other code that draws from np.random is disturbed: draw with rng.standard_normal only.", fails=["random"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    np.random.seed(int(rng.integers(2**31)))
    A = np.random.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "a generator of your own with a fixed seed is used: rng is ignored, and every call gives the same matrix. Draw with rng.standard_normal.", fails=["random"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = np.random.default_rng(0).standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "a new generator without a seed is made (np.random.default_rng()?), so that nothing can be repeated. Draw with rng.standard_normal.", fails=["random"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = np.random.default_rng().standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@mistake("init_recurrent", "an unknown kind: nothing is raised, you return a matrix all the same (an else that takes whatever is left?). It must raise a ValueError, so that a misprint is noticed.", fails=["kinds"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    return gain * np.linalg.qr(A)[0]


@mistake("init_recurrent", "an unknown kind: nothing is raised, you return None (no branch fits, or an error is only printed). Let the last line be raise ValueError(…).", fails=["kinds"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]


@mistake("init_recurrent", "an unknown kind: nothing is raised, the error is returned. It is raise ValueError(…), not return.", fails=["kinds"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.eye(H)
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    return ValueError(kind)


@mistake("init_recurrent", "identity: all entries are gain (np.ones?). The identity has them on its diagonal only: np.eye.", fails=["kinds"])
def init_recurrent(kind, H, rng, gain=1.0):
    if kind == "identity":
        return gain * np.ones((H, H))
    A = rng.standard_normal((H, H))
    if kind == "spectral":
        return gain * A / np.abs(np.linalg.eigvals(A)).max()
    if kind == "orthogonal":
        return gain * np.linalg.qr(A)[0]
    raise ValueError(kind)


@alternative("init_recurrent", "singular value decomposition; rng.normal; a dictionary of kinds")
def init_recurrent(kind, H, rng, gain=1.0):
    A = rng.normal(size=(H, H))
    left, _, right = np.linalg.svd(A)
    makes = {
        "orthogonal": left @ right,
        "identity": np.diag(np.ones(H)),
        "spectral": A / max(abs(value) for value in np.linalg.eigvals(A)),
    }
    if kind not in makes:
        raise ValueError("unknown kind")
    return gain * makes[kind]


@alternative("init_recurrent", "Gram and Schmidt; eig; match")
def init_recurrent(kind, H, rng, gain=1.0):
    match kind:
        case "identity":
            return np.identity(H) * gain
        case "orthogonal":
            rows = []
            for row in rng.standard_normal((H, H)):
                for _ in range(2):
                    for other in rows:
                        row = row - (row @ other) * other
                rows.append(row / np.sqrt(row @ row))
            return gain * np.array(rows)
        case "spectral":
            A = rng.standard_normal((H, H)) / np.sqrt(H)
            values, _ = np.linalg.eig(A)
            A *= gain / np.max(np.hypot(values.real, values.imag))
            return A
    raise ValueError(f"no kind {kind}")


@alternative("init_recurrent", "eigenvectors of a symmetric matrix; kinds checked first")
def init_recurrent(kind, H, rng, gain=1.0):
    if kind not in ("orthogonal", "identity", "spectral"):
        raise ValueError("kind must be one of three")
    A = rng.standard_normal((H, H))
    if kind == "orthogonal":
        W = np.linalg.eigh(A + A.T)[1]
    elif kind == "spectral":
        W = A / spectrum(A)[0]
    else:
        W = np.zeros((H, H))
        W[np.arange(H), np.arange(H)] = 1.0
    return gain * W


@alternative("init_recurrent", "reflections; the Gaussian numbers one by one")
def init_recurrent(kind, H, rng, gain=1.0):
    W = gain * np.eye(H)
    if kind == "orthogonal":
        for _ in range(H):
            v = rng.standard_normal(H)
            W = W - 2 * np.outer(v, v @ W) / (v @ v)
    elif kind == "spectral":
        A = np.array([[rng.standard_normal() for _ in range(H)] for _ in range(H)])
        W = A * (gain / np.abs(np.linalg.eigvals(A)).max())
    elif kind != "identity":
        raise ValueError(kind)
    return W


# --- Exercise 7 -----------------------------------------------------------------------------------


@cases("answers03")
def _(rng):
    yield show("jacobian")
    yield show("chain")
    yield show("relu")
    yield show("float32")


wrong_option("answers03", "jacobian", "a", "take W = 2 Q with an orthogonal Q, and small states: every step then stretches by nearly 2. The slopes are one factor of a Jacobian, W is the other. See “Bounds are conditions”.")
wrong_option("answers03", "jacobian", "b", "a matrix with a radius of ½ can stretch a vector tenfold in one step. See “Singular values, and why they differ”.")
wrong_option("answers03", "jacobian", "d", "many small entries add up: a matrix of H × H ones stretches the vector of ones by H. See “Bounds are conditions”.")
wrong_option("answers03", "chain", "a", "w = 8 and z = 0 give 8 · ¼ = 2. w is in the factor, too. See “A chain of four neurons”.")
wrong_option("answers03", "chain", "b", "w can be negative: w = −8 is less than 1, and the factor is −2 at z = 0. See “A chain of four neurons”.")
wrong_option("answers03", "chain", "c", "that makes the factor smaller than 1 in absolute value, not smaller than ¼. See “A chain of four neurons”.")
wrong_option("answers03", "relu", "b", "W = 0.95 I with positive states: 500 steps leave 10⁻¹¹ of the gradient. And a unit that is off has the slope 0. See “Remedies”.")
wrong_option("answers03", "relu", "c", "W = 1.05 I with positive states: all slopes are 1, and 500 steps make the gradient 4·10¹⁰ times as large. See “Remedies”.")
wrong_option("answers03", "relu", "d", "the slopes are zeros and ones, but every factor is a slope times W. See “Remedies”.")
wrong_option("answers03", "float32", "a", "NumPy warns of an overflow, once, and goes on with what it has. See “Exploding, and what really happens in float32”.")
wrong_option("answers03", "float32", "c", "a number that is too large becomes something else first; nan comes from computing with that. See “Exploding, and what really happens in float32”.")
wrong_option("answers03", "float32", "d", "floats do not stop at the largest number: what is larger becomes something else. See “Exploding, and what really happens in float32”.")
