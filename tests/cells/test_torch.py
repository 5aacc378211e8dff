"""The cells against the modules of torch: values, and all gradients."""

from dataclasses import replace

import pytest
import samples

from course_lib import interop
from course_lib.backend import asnumpy
from course_lib.gradcheck import relative_error

torch = pytest.importorskip("torch")

MODULES = {
    "RNN": torch.nn.RNN,
    "RNN relu": lambda D, H, **options: torch.nn.RNN(D, H, nonlinearity="relu", **options),
    "GRU after": torch.nn.GRU,
    "LSTM": torch.nn.LSTM,
}
SIZES = [(1, 1, 1, 1), (5, 1, 3, 2), (1, 3, 2, 4), (4, 3, 2, 5), (7, 2, 6, 3), (10, 4, 16, 16)]  # T, B, D, H
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


def draw(name, size, dtype, lengths=None):
    """A cell, and a module of the same parameters; sequences for both."""
    T, B, D, H = size
    cell = samples.make(name, D, H, dtype)
    module = MODULES[name](D, H, dtype=getattr(torch, dtype))
    interop.to_torch(cell, module)
    return cell, module, samples.draw(cell, T, B, lengths)


def tensor(array):
    return torch.tensor(asnumpy(array), requires_grad=True)


def run_torch(module, sample, lengths=None):
    """What `samples.run` returns."""
    x, state = tensor(sample.x), samples.each(lambda part: tensor(part[None]), sample.state)
    if lengths is None:
        hs, last = module(x, state)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
        packed, last = module(packed, state)
        hs, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, total_length=len(x))
    outputs = {"hs": hs} | {key: part[0] for key, part in zip("hc", samples.parts(last), strict=False)}
    weights = [torch.tensor(asnumpy(weight)) for weight in (sample.dhs, *samples.parts(sample.dstate))]
    sum((output * weight).sum() for output, weight in zip(outputs.values(), weights, strict=True)).backward()
    gradients = {"dx": x.grad}
    gradients |= {key: part.grad[0] for key, part in zip(("dh0", "dc0"), samples.parts(state), strict=False)}
    values = {key: value.detach().numpy() for key, value in (outputs | gradients).items()}
    return values | parameter_gradients(module)


def layer(module, number, read):
    """One layer of a module as a module of its own, which holds what `read` makes of each parameter."""
    D, H, end = module.input_size if number == 0 else module.hidden_size, module.hidden_size, f"_l{number}"
    options = {"nonlinearity": module.nonlinearity} if module.mode.startswith("RNN") else {}
    alone = type(module)(D, H, dtype=module.weight_hh_l0.dtype, **options)
    parameters = {name.removesuffix(end): read(p) for name, p in module.named_parameters() if name.endswith(end)}
    alone.load_state_dict({f"{name}_l0": p for name, p in parameters.items()})
    return alone


def parameter_gradients(module, number=0):
    """The gradients of a layer under our names and in our order."""
    gradients = layer(module, number, lambda parameter: parameter.grad)
    with torch.no_grad():  # torch has the gradient of our one bias twice, and they would be added up
        gradients.bias_hh_l0[: 2 * module.hidden_size if module.mode == "GRU" else None] = 0
    return {f"d{name}": gradient for name, gradient in interop.from_torch(gradients).params.items()}


def assert_same(values, expected, tolerance):
    assert values.keys() == expected.keys()
    errors = {name: relative_error(value, expected[name]) for name, value in values.items()}
    assert max(errors.values()) <= tolerance, errors


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", MODULES)
def test_values_and_gradients(xp, name, size, dtype):
    cell, module, sample = draw(name, size, dtype)
    assert_same(samples.run(cell, sample), run_torch(module, sample), TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("lengths", [(5, 1, 3), (2, 2, 5), (1, 1, 1)])
@pytest.mark.parametrize("name", MODULES)
def test_sequences_of_unequal_length(xp, name, lengths, dtype):
    cell, module, sample = draw(name, (5, 3, 4, 3), dtype, lengths)
    valid = sample.mask[..., None].astype(dtype)
    sample = replace(sample, dhs=sample.dhs * valid)
    values = samples.run(cell, sample)
    values["hs"] = values["hs"] * valid  # torch has zeros after the end, ours hold
    assert_same(values, run_torch(module, sample, lengths), TOLERANCE[dtype])


@pytest.mark.parametrize("name", MODULES)
def test_two_cells_are_two_layers(xp, name):
    stack = MODULES[name](4, 3, num_layers=2, dtype=torch.float64)
    first, second = (interop.from_torch(layer(stack, number, torch.clone)) for number in (0, 1))
    sample = samples.draw(first, 6, 2)
    x = tensor(sample.x)
    hs, last = stack(x)
    (hs * torch.tensor(asnumpy(sample.dhs))).sum().backward()

    hs1, state1, cache1 = first.forward(sample.x)
    hs2, state2, cache2 = second.forward(hs1)
    dhs1, _, grads2 = second.backward(sample.dhs, cache2)
    dx, _, grads1 = first.backward(dhs1, cache1)

    values = {"hs": hs2, "dx": dx}
    expected = {"hs": hs.detach(), "dx": x.grad}
    for number, (state, grads) in enumerate(((state1, grads1), (state2, grads2))):
        values |= {f"{key}{number}": part for key, part in zip("hc", samples.parts(state), strict=False)}
        expected |= {
            f"{key}{number}": part[number].detach() for key, part in zip("hc", samples.parts(last), strict=False)
        }
        values |= {f"d{key}{number}": gradient for key, gradient in grads.items()}
        expected |= {f"{key}{number}": gradient for key, gradient in parameter_gradients(stack, number).items()}
    assert_same(values, expected, 1e-10)
