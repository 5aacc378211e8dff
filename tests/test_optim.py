import re
import tracemalloc

import mock_cupy
import numpy as np
import pytest

from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.gradcheck import relative_error
from course_lib.optim import SGD, Adagrad, Adam, Momentum, RMSprop, clip_by_norm

RULES = [SGD, Momentum, Adagrad, RMSprop, Adam]
SHAPES = {"U": (4, 3, 2), "W": (4, 3, 3), "b": (4, 3), "V": (5, 3), "s": ()}
DTYPES = ["float32", "float64"]


def arrays(seed, dtype="float32", scale=1.0):
    rng = Rng(seed)
    return {name: rng.normal(shape, scale, dtype) for name, shape in SHAPES.items()}


def copied(params):
    return {name: asnumpy(p).copy() for name, p in params.items()}


def same(params, values):
    return all(np.array_equal(asnumpy(params[name]), value, equal_nan=True) for name, value in values.items())


# By hand: one parameter 1.0, two gradients


@pytest.mark.parametrize(
    "make, expected",
    [
        (lambda p: SGD(p, 0.1), [0.8, 0.9]),
        (lambda p: Momentum(p, 0.1), [0.8, 0.8 - 0.1 * (0.9 * 2 - 1)]),
        (lambda p: Momentum(p, 0.1, momentum=0.5), [0.8, 0.8]),
        (lambda p: Adagrad(p, 0.1), [0.9, 0.9 + 0.1 / 5**0.5]),
        (lambda p: Adagrad(p, 0.1, eps=2.0), [0.95, 0.95 + 0.1 / (5**0.5 + 2)]),
        (lambda p: RMSprop(p, 0.1, decay=0.75), [1 - 0.2, 0.8 + 0.1 / (0.75 * 1 + 0.25 * 1) ** 0.5]),
        (lambda p: RMSprop(p, 0.1, decay=0.75, eps=1.0), [0.9, 0.9 + 0.1 / 2]),
        (lambda p: RMSprop(p, 0.1), [0.0, 0.1 / (0.99 * 0.04 + 0.01) ** 0.5]),
        # Means with weights ½, 1 and ¼, 1: m = (½·2 - 1) / 1.5 = 0, then the second step does nothing.
        (lambda p: Adam(p, 0.1, betas=(0.5, 0.25)), [0.9, 0.9]),
        (lambda p: Adam(p, 0.1, betas=(0.0, 0.25), eps=1e-12), [0.9, 0.9 + 0.1 / (2 / 1.25) ** 0.5]),
        (lambda p: Adam(p, 0.1, betas=(0.0, 0.0), eps=1.0), [1 - 0.2 / 3, 1 - 0.2 / 3 + 0.1 / 2]),
        (lambda p: Adam(p), [0.999, 0.999 - 1e-3 * (0.8 / 1.9) / (4.996 / 1.999) ** 0.5]),
    ],
)
def test_two_steps_by_hand(xp_backend, make, expected):
    params = {"p": asarray([1.0])}
    rule = make(params)
    for g, value in zip([2.0, -1.0], expected, strict=True):
        rule.step({"p": asarray([g])})
        assert abs(asnumpy(params["p"])[0] - value) < 1e-7


# Against torch

PEERS = [
    (SGD, {}, "SGD", {}),
    (Momentum, {}, "SGD", {"momentum": 0.9}),
    (Momentum, {"momentum": 0.5}, "SGD", {"momentum": 0.5}),
    (Adagrad, {}, "Adagrad", {"eps": 1e-8}),
    (RMSprop, {}, "RMSprop", {}),
    (RMSprop, {"decay": 0.9, "eps": 1e-3}, "RMSprop", {"alpha": 0.9, "eps": 1e-3}),
    (Adam, {}, "Adam", {}),
    (Adam, {"betas": (0.8, 0.95), "eps": 1e-3}, "Adam", {"betas": (0.8, 0.95), "eps": 1e-3}),
]


@pytest.mark.parametrize("rule, options, peer, peer_options", PEERS)
@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-6), ("float64", 1e-12)])
def test_five_steps_of_torch(xp_backend, rule, options, peer, peer_options, dtype, tolerance):
    torch = pytest.importorskip("torch")
    params = arrays(0, dtype)
    theirs = {name: torch.tensor(asnumpy(p), requires_grad=True) for name, p in params.items()}
    ours, their = rule(params, 0.01, **options), getattr(torch.optim, peer)(theirs.values(), lr=0.01, **peer_options)
    for t in range(5):
        grads = arrays(t + 1, dtype, scale=10.0**-t)  # ε counts in the later ones
        ours.step(grads)
        for name, g in grads.items():
            theirs[name].grad = torch.tensor(asnumpy(g))
        their.step()
        ours.lr *= 0.5
        their.param_groups[0]["lr"] *= 0.5
    for name, p in params.items():
        assert relative_error(p, theirs[name].detach().numpy()) < tolerance


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-6), ("float64", 1e-12)])
@pytest.mark.parametrize("max_norm", [0.5, 3.0, 1e6])
def test_clipping_of_torch(xp_backend, max_norm, dtype, tolerance):
    torch = pytest.importorskip("torch")
    grads = arrays(0, dtype, scale=1e4)
    theirs = [torch.zeros(shape, dtype=getattr(torch, dtype), requires_grad=True) for shape in SHAPES.values()]
    for tensor, g in zip(theirs, grads.values(), strict=True):
        tensor.grad = torch.tensor(asnumpy(g))
    their_norm = torch.nn.utils.clip_grad_norm_(theirs, max_norm).numpy()
    assert relative_error(clip_by_norm(grads, max_norm), their_norm) < tolerance
    for tensor, g in zip(theirs, grads.values(), strict=True):
        # torch divides by n + 1e-6; n is about 7e4 here.
        assert relative_error(g, tensor.grad.numpy()) < max(tolerance, 1e-10)


# What all rules promise


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULES)
def test_steps_are_taken_in_place(xp_backend, rule, dtype):
    params, grads = arrays(0, dtype), arrays(1, dtype)
    held, before, grads_before = dict(params), copied(params), copied(grads)
    optimiser = rule(params, np.float64(0.1))
    for _ in range(3):
        optimiser.step(grads)
        optimiser.lr *= np.float64(0.5)
    assert same(grads, grads_before)
    for name, p in params.items():
        assert p is held[name]
        assert p.dtype == dtype
        assert array_namespace(p) is xp_backend
        assert (asnumpy(p) != before[name]).all()
        assert all(s.dtype == dtype for s in optimiser._state[name])


@pytest.mark.parametrize("rule", RULES)
def test_a_float64_learning_rate_computes_in_float32_all_the_same(xp_backend, rule):
    params, others = arrays(0), arrays(0)
    optimiser, other = rule(params, 1.0), rule(others, 0.1)
    optimiser.lr = np.float64(0.1)
    optimiser.step(arrays(1))
    other.step(arrays(1))
    assert same(params, copied(others))


@pytest.mark.parametrize("rule", RULES)
def test_parameters_of_any_layout(rule):
    params = {"W": np.asfortranarray(arrays(0)["W"]), "V": arrays(0)["V"].T}
    plain = {name: p.copy(order="C") for name, p in params.items()}
    grads = {"W": arrays(1)["W"], "V": arrays(1)["V"].T.copy()}
    for each in (params, plain):
        optimiser = rule(each, 0.1)
        optimiser.step(grads)
        optimiser.step(grads)
    assert same(params, plain)


@pytest.mark.parametrize("rule", RULES)
def test_zero_gradients_change_nothing(xp_backend, rule):
    params = arrays(0)
    before = copied(params)
    rule(params, 0.1).step({name: xp_backend.zeros_like(p) for name, p in params.items()})
    assert same(params, before)


@pytest.mark.parametrize("rule", RULES)
def test_matrices_put_in_later_are_changed(xp_backend, rule):
    params = arrays(0)
    optimiser = rule(params, 0.1)
    params["W"] = arrays(5)["W"]
    before = copied(params)
    optimiser.step(arrays(1))
    assert (asnumpy(params["W"]) != before["W"]).all()


@pytest.mark.parametrize("rule", RULES)
def test_nothing_waits_for_the_device(xp_backend, rule):
    params, grads = arrays(0), arrays(1)
    with mock_cupy.no_syncs():
        optimiser = rule(params, 0.1)
        for _ in range(2):
            clip_by_norm(grads, 1.0)
            optimiser.step(grads)


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_allocated_by_a_step(rule):
    params = {"p": np.ones((500, 500), dtype="float32")}
    grads = {"p": np.ones((500, 500), dtype="float32")}
    optimiser = rule(params, 0.1)
    tracemalloc.start()
    try:
        optimiser.step(grads)
        assert tracemalloc.get_traced_memory()[1] < 100_000  # a tenth of an array
    finally:
        tracemalloc.stop()


# Errors


@pytest.mark.parametrize("lr", [0, -0.1, float("nan")])
@pytest.mark.parametrize("rule", RULES)
def test_learning_rates_that_cannot_be(rule, lr):
    with pytest.raises(ValueError, match=f"lr is above 0, not {lr}"):
        rule(arrays(0), lr)


@pytest.mark.parametrize(
    "rule, options, message",
    [
        (Momentum, {"momentum": 1}, "momentum is at least 0 and less than 1, not 1"),
        (Momentum, {"momentum": -0.1}, "momentum is at least 0 and less than 1, not -0.1"),
        (RMSprop, {"decay": 1.5}, "decay is at least 0 and less than 1, not 1.5"),
        (Adam, {"betas": (1.0, 0.9)}, "betas[0] is at least 0 and less than 1, not 1.0"),
        (Adam, {"betas": (0.9, float("nan"))}, "betas[1] is at least 0 and less than 1, not nan"),
        (Adagrad, {"eps": 0}, "eps is above 0, not 0"),
        (RMSprop, {"eps": -1}, "eps is above 0, not -1"),
        (Adam, {"eps": 0}, "eps is above 0, not 0"),
    ],
)
def test_settings_that_cannot_be(rule, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        rule(arrays(0), 0.1, **options)


def test_parameters_that_are_no_floats(xp_backend):
    with pytest.raises(ValueError, match=r"params\['n'\] holds floats, but its dtype is int64"):
        SGD({"n": xp_backend.zeros(3, dtype="int64")}, 0.1)


WRONG_GRADS = [
    (lambda g: g.pop("b"), "grads must have the names of the parameters; missing: ['b'], unknown: []"),
    (lambda g: g.update(z=g["b"]), "grads must have the names of the parameters; missing: [], unknown: ['z']"),
    (lambda g: g.update(db=g.pop("b"), dV=g.pop("V")), "missing: ['V', 'b'], unknown: ['dV', 'db']"),
    (
        lambda g: g.update(V=g["V"].T),
        "grads['V'] has shape (3, 5) and dtype float32, but the parameter has shape (5, 3) and dtype float32",
    ),
    (lambda g: g.update(b=g["b"][0]), "grads['b'] has shape (3,)"),  # would broadcast
    (lambda g: g.update(V=g["V"].astype("float64")), "grads['V'] has shape (5, 3) and dtype float64, but"),
    (lambda g: g.update(V=None), "grads['V'] has shape None and dtype None, but"),
    (lambda g: g.update(s=0.5), "grads['s'] has shape None and dtype None, but"),
]


@pytest.mark.parametrize("change, message", WRONG_GRADS)
@pytest.mark.parametrize("rule", RULES)
def test_gradients_that_do_not_fit(xp_backend, rule, change, message):
    params, grads = arrays(0), arrays(1)
    optimiser = rule(params, 0.1)
    before = copied(params)
    change(grads)
    with pytest.raises(ValueError, match=re.escape(message)):
        optimiser.step(grads)
    assert same(params, before)

    # Nor has the failed step left a trace in the rule: it goes on like one that never saw these gradients.
    fresh = arrays(0)
    rule(fresh, 0.1).step(arrays(1))
    optimiser.step(arrays(1))
    assert same(params, copied(fresh))


@pytest.mark.parametrize("rule", RULES)
def test_parameters_that_no_longer_fit(xp_backend, rule):
    params = arrays(0)
    optimiser = rule(params, 0.1)
    params["V"] = params["V"].astype("float64")
    before = copied(params)
    with pytest.raises(ValueError, match=r"params\['V'\] has shape \(5, 3\) and dtype float64"):
        optimiser.step(arrays(1))
    del params["V"]
    with pytest.raises(ValueError, match=r"params must have the names of the parameters; missing: \['V'\]"):
        optimiser.step(arrays(1))
    before.pop("V")
    assert same(params, before)


@pytest.mark.parametrize("rule", RULES)
def test_arrays_of_two_backends(rule):
    params = arrays(0)
    optimiser = rule(params, 0.1)
    with mock_cupy.installed():
        on_gpu = {name: mock_cupy.asarray(g) for name, g in arrays(1).items()}
        with pytest.raises(TypeError, match=r"backend\.asarray"):
            optimiser.step(on_gpu)
        assert same(params, copied(arrays(0)))
        with pytest.raises(TypeError, match=r"backend\.asarray"):
            rule(params | {"V": on_gpu["V"]}, 0.1)
        with pytest.raises(TypeError, match=r"backend\.asarray"):
            clip_by_norm(arrays(1) | {"V": on_gpu["V"]}, 1.0)
        params.update(on_gpu)  # moved after the rule was made
        with pytest.raises(TypeError, match=r"backend\.asarray"):
            optimiser.step(on_gpu)
        assert same(params, copied(arrays(1)))


# Clipping


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "max_norm, expected",
    [(13, [3, 4, 12]), (float("inf"), [3, 4, 12]), (6.5, [1.5, 2, 6]), (np.float64(1.3), [0.3, 0.4, 1.2])],
)
def test_clipping_by_hand(xp_backend, max_norm, expected, dtype):
    grads = {"W": asarray([[3, 0], [0, -4]], dtype), "b": asarray([12], dtype)}
    held = dict(grads)
    n = clip_by_norm(grads, max_norm)
    assert n.shape == ()
    assert n.dtype == dtype
    assert array_namespace(n) is xp_backend
    assert float(n) == 13
    assert np.allclose(asnumpy(grads["W"]), [[expected[0], 0], [0, -expected[1]]], rtol=1e-6, atol=0)
    assert np.allclose(asnumpy(grads["b"]), expected[2], rtol=1e-6, atol=0)
    for name, g in grads.items():
        assert g is held[name]
        assert g.dtype == dtype


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "dtype, scale", [("float32", 1e25), ("float32", 1e-30), ("float64", 1e200), ("float64", 1e-200)]
)
def test_norms_of_very_large_and_very_small_gradients(xp_backend, dtype, scale):
    grads = {"W": asarray([[3 * scale, 0], [0, 4 * scale]], dtype), "b": asarray([12 * scale], dtype)}
    n = clip_by_norm(grads, 6.5 * scale)
    assert abs(float(n) / (13 * scale) - 1) < 1e-6
    assert np.allclose(asnumpy(grads["W"]) / scale, [[1.5, 0], [0, 2]], rtol=1e-6, atol=0)
    assert np.allclose(asnumpy(grads["b"]) / scale, 6, rtol=1e-6, atol=0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_norm_of_gradients_that_are_all_zero(xp_backend, dtype):
    grads = {"W": asarray([[0.0, -0.0]], dtype)}
    n = clip_by_norm(grads, 1.0)
    assert float(n) == 0
    assert n.dtype == dtype
    assert not asnumpy(grads["W"]).any()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_not_finite_stays_visible(xp_backend):
    grads = {"W": asarray([1e25, float("nan")], "float32"), "b": asarray([2.0], "float32")}
    assert np.isnan(float(clip_by_norm(grads, 1.0)))
    assert np.isnan(asnumpy(grads["W"])).all()
    assert np.isnan(asnumpy(grads["b"])).all()

    grads = {"W": asarray([1e25, -float("inf")], "float32"), "b": asarray([2.0], "float32")}
    assert float(clip_by_norm(grads, 1.0)) == float("inf")
    assert np.array_equal(asnumpy(grads["W"]), [0, float("nan")], equal_nan=True)
    assert asnumpy(grads["b"]).tolist() == [0]

    grads = {"W": asarray([1.0, float("inf")], "float32"), "b": asarray([float("nan")], "float32")}
    assert np.isnan(float(clip_by_norm(grads, 1.0)))


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_norm_beyond_the_dtype(xp_backend):
    grads = {"W": asarray(np.full(100, 3e38), "float32")}
    assert float(clip_by_norm(grads, 1.0)) == float("inf")
    assert not asnumpy(grads["W"]).any()


@pytest.mark.parametrize("max_norm", [0, -1.0, float("nan")])
def test_limits_that_cannot_be(max_norm):
    grads = arrays(0)
    with pytest.raises(ValueError, match=f"max_norm is above 0, not {max_norm}"):
        clip_by_norm(grads, max_norm)
    assert same(grads, copied(arrays(0)))


def test_no_gradients_at_all():
    with pytest.raises(ValueError, match="grads has no arrays"):
        clip_by_norm({}, 1.0)


def test_a_read_only_parameter_is_refused_before_anything_is_changed():
    params = {"a": np.ones(2), "b": np.ones(2)}
    params["b"].flags.writeable = False
    rule = SGD(params, lr=1)
    with pytest.raises(ValueError, match=r"params\['b'\] is read-only"):
        rule.step({"a": np.ones(2), "b": np.ones(2)})
    assert (params["a"] == 1).all()


def test_a_limit_of_infinity_only_measures(xp_backend):
    grads = {"a": xp_backend.full(100, 1e38, dtype="float32")}
    assert not np.isfinite(asnumpy(clip_by_norm(grads, np.inf)))
    assert (asnumpy(grads["a"]) == np.float32(1e38)).all()


# State


def stepped(optimiser, first, last, dtype="float32"):
    for t in range(first, last):
        optimiser.step(arrays(10 + t, dtype))
        optimiser.lr *= 0.9
    return optimiser


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULES)
def test_a_state_goes_on_to_the_last_bit(xp_backend, rule, dtype):
    undisturbed = stepped(rule(arrays(0, dtype), 0.1), 0, 7, dtype)
    for stop in (0, 1, 4):
        state = stepped(rule(arrays(0, dtype), 0.1), 0, stop, dtype).state()
        params = arrays(1, dtype)
        held, others = dict(params), stepped(rule(params, 5.0), 0, 2, dtype)
        others.load_state(state)
        assert (others.steps, others.lr) == (stop, state["lr"])
        stepped(others, stop, 7, dtype)
        assert all(p is held[name] for name, p in others.params.items())
        assert same(others.state(), copied(undisturbed.state()))


@pytest.mark.parametrize("rule", RULES)
def test_everything_in_a_state_is_needed(rule):
    state = stepped(rule(arrays(0), 0.1), 0, 3).state()
    settings = {"momentum", "decay", "eps", "betas"}
    for name in state.keys() - settings:
        changed = rule(arrays(0), 0.1)
        changed.load_state(state | {name: state[name] + state[name].dtype.type(1)})
        undisturbed = stepped(rule(arrays(0), 0.1), 0, 5)
        assert not same(stepped(changed, 3, 5).state(), copied(undisturbed.state()))


def test_the_names_of_a_state():
    names = {rule: set(rule({"W": np.ones(2)}, 0.1).state()) - {"lr", "steps", "p.W"} for rule in RULES}
    assert names == {
        SGD: set(),
        Momentum: {"momentum", "v.W"},
        Adagrad: {"eps", "s.W"},
        RMSprop: {"decay", "eps", "s.W"},
        Adam: {"betas", "eps", "m.W", "s.W"},
    }


@pytest.mark.parametrize("rule", RULES)
def test_a_state_is_a_copy(xp_backend, rule):
    optimiser = stepped(rule(arrays(0), 0.1), 0, 2)
    state = optimiser.state()
    before = copied(state)
    stepped(optimiser, 2, 4)
    assert same(state, before)
    optimiser.load_state(state)
    for array in state.values():
        array *= 0
    assert same(optimiser.state(), before)


@pytest.mark.parametrize("rule", RULES)
def test_taking_a_state_waits_for_nothing(xp_backend, rule):
    optimiser = rule(arrays(0), 0.1)
    with mock_cupy.no_syncs():
        optimiser.state()


@pytest.mark.parametrize("rule", RULES)
def test_a_state_from_the_other_backend(rule):
    on_cpu = stepped(rule(arrays(0), 0.1), 0, 3)
    state = on_cpu.state()
    with mock_cupy.installed():
        on_gpu = rule({name: mock_cupy.asarray(p) for name, p in arrays(0).items()}, 0.1)
        on_gpu.load_state(state)
        assert same(on_gpu.state(), state)
        back = rule(arrays(0), 0.1)
        back.load_state(on_gpu.state())
        assert same(back.state(), state)
        assert all(isinstance(array, np.ndarray) for array in back.state().values())


@pytest.mark.parametrize("rule", RULES)
def test_a_state_for_parameters_of_any_layout(rule):
    state = stepped(rule(arrays(0), 0.1), 0, 3).state()
    params = {name: np.array(p, order="F") for name, p in arrays(0).items()}
    optimiser = rule(params, 0.1)
    optimiser.load_state(state)
    assert same(optimiser.state(), state)


@pytest.mark.parametrize("rule", RULES)
def test_a_learning_rate_that_fell_to_0(rule):
    optimiser = rule(arrays(0), 0.1)
    optimiser.lr = 0
    other = rule(arrays(1), 0.1)
    other.load_state(optimiser.state())
    assert other.lr == 0


def refuses_state(optimiser, state, message):
    before = copied(optimiser.state())
    with pytest.raises(ValueError, match=re.escape(message)):
        optimiser.load_state(state)
    assert same(optimiser.state(), before)
    assert copied(optimiser.state()).keys() == before.keys()


@pytest.mark.parametrize("theirs", RULES)
@pytest.mark.parametrize("ours", RULES)
def test_the_state_of_another_rule(ours, theirs):
    state = stepped(theirs(arrays(1), 0.1), 0, 2).state()
    if ours is not theirs:
        refuses_state(ours(arrays(0), 0.2), state, f"state must have the names of the {ours.__name__} arrays; missing")


@pytest.mark.parametrize(
    "rule, options, message",
    [
        (Momentum, {"momentum": 0.5}, "state['momentum'] is 0.5, but this Momentum was made with 0.9"),
        (Adagrad, {"eps": 1e-6}, "state['eps'] is 1e-06, but this Adagrad was made with 1e-08"),
        (RMSprop, {"decay": 0.9}, "state['decay'] is 0.9, but this RMSprop was made with 0.99"),
        (RMSprop, {"eps": 1e-6}, "state['eps'] is 1e-06, but this RMSprop was made with 1e-08"),
        (Adam, {"betas": (0.9, 0.99)}, "state['betas'] is [0.9, 0.99], but this Adam was made with [0.9, 0.999]"),
        (Adam, {"eps": 1e-6}, "state['eps'] is 1e-06, but this Adam was made with 1e-08"),
    ],
)
def test_the_state_of_a_rule_with_other_numbers(xp_backend, rule, options, message):
    refuses_state(rule(arrays(0), 0.1), stepped(rule(arrays(1), 0.1, **options), 0, 2).state(), message)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda s: s.pop("p.b"), "state must have the names of the Adam arrays; missing: ['p.b'], unknown: []"),
        (lambda s: s.pop("steps"), "missing: ['steps'], unknown: []"),
        (lambda s: s.update({"p.z": s["p.b"]}), "missing: [], unknown: ['p.z']"),
        (
            lambda s: s.update({"m.V": s["m.V"].T}),
            "state['m.V'] has shape (3, 5) and dtype float32, but the Adam array has shape (5, 3) and dtype float32",
        ),
        (lambda s: s.update({"p.b": s["p.b"][0]}), "state['p.b'] has shape (3,)"),  # would broadcast
        (lambda s: s.update({"s.V": s["s.V"].astype("float64")}), "state['s.V'] has shape (5, 3) and dtype float64"),
        (lambda s: s.update(lr=0.1), "state['lr'] has shape None and dtype None, but the Adam array has shape ()"),
        (lambda s: s.update(steps=np.array(3.0)), "state['steps'] has shape () and dtype float64"),
    ],
)
def test_a_state_that_does_not_fit(xp_backend, change, message):
    state = stepped(Adam(arrays(1), 0.1), 0, 2).state()
    change(state)
    refuses_state(Adam(arrays(0), 0.1), state, message)


def test_a_state_for_read_only_parameters():
    params = {"a": np.ones(2), "b": np.ones(2)}
    optimiser = SGD(params, 0.1)
    state = SGD({"a": np.zeros(2), "b": np.zeros(2)}, 0.2).state()
    params["b"].flags.writeable = False
    refuses_state(optimiser, state, "params['b'] is read-only; make a copy of it before the optimiser is made")
