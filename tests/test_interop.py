import subprocess
import sys

import numpy as np
import pytest

from course_lib import backend, interop
from course_lib.backend import Rng, array_namespace, asnumpy
from course_lib.cells import GRU, LSTM, RNN

torch = pytest.importorskip("torch")

CELLS = {
    "RNN": lambda D, H, dtype: RNN(D, H, Rng(0), dtype),
    "RNN relu": lambda D, H, dtype: RNN(D, H, Rng(0), dtype, activation="relu"),
    "GRU": lambda D, H, dtype: GRU(D, H, Rng(0), dtype, reset="after"),
    "LSTM": lambda D, H, dtype: LSTM(D, H, Rng(0), dtype),
}
MODULES = {
    "RNN": lambda D, H, **options: torch.nn.RNN(D, H, **options),
    "RNN relu": lambda D, H, **options: torch.nn.RNN(D, H, nonlinearity="relu", **options),
    "GRU": lambda D, H, **options: torch.nn.GRU(D, H, **options),
    "LSTM": lambda D, H, **options: torch.nn.LSTM(D, H, **options),
}
ONE_STEP = {
    "RNN": lambda D, H, **options: torch.nn.RNNCell(D, H, **options),
    "RNN relu": lambda D, H, **options: torch.nn.RNNCell(D, H, nonlinearity="relu", **options),
    "GRU": lambda D, H, **options: torch.nn.GRUCell(D, H, **options),
    "LSTM": lambda D, H, **options: torch.nn.LSTMCell(D, H, **options),
}
DTYPES = ["float32", "float64"]


def cell_of(name, D=3, H=2, dtype="float64"):
    cell = CELLS[name](D, H, dtype)
    for parameter in cell.params.values():
        parameter += Rng(1).normal(parameter.shape, dtype=dtype)
    return cell


def assert_same_params(first, second):
    assert type(first) is type(second)
    assert first.params.keys() == second.params.keys()
    for name, parameter in first.params.items():
        other = second.params[name]
        assert parameter.dtype == other.dtype
        assert parameter.flags.c_contiguous and other.flags.c_contiguous
        assert np.array_equal(asnumpy(parameter), asnumpy(other)), name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("D, H", [(1, 1), (3, 2), (2, 5)])
@pytest.mark.parametrize("modules", [MODULES, ONE_STEP], ids=["modules", "of one step"])
@pytest.mark.parametrize("name", CELLS)
def test_there_and_back(xp_backend, name, modules, D, H, dtype):
    module = modules[name](D, H, dtype=getattr(torch, dtype))
    cell = cell_of(name, D, H, dtype)
    interop.to_torch(cell, module)
    back = interop.from_torch(module)
    assert_same_params(cell, back)
    assert array_namespace(*back.params.values()) is xp_backend
    assert getattr(back, "activation", None) == getattr(cell, "activation", None)


@pytest.mark.parametrize("name", CELLS)
def test_one_step_of_a_module_of_one_step(name):
    module = ONE_STEP[name](3, 2, dtype=torch.float64)
    cell = interop.from_torch(module)
    x, h, c = (Rng(seed).normal((4, size), dtype="float64") for seed, size in enumerate((3, 2, 2)))
    state = (h, c) if name == "LSTM" else h
    theirs = module(torch.tensor(x), tuple(map(torch.tensor, state)) if name == "LSTM" else torch.tensor(h))
    hs, _, _ = cell.forward(x[None], state)
    assert np.abs(hs[0] - (theirs[0] if name == "LSTM" else theirs).detach().numpy()).max() < 1e-14


@pytest.mark.parametrize("name", CELLS)
def test_the_parameters_are_copies(name):
    module = MODULES[name](3, 2)
    cell = interop.from_torch(module)
    before = {key: value.copy() for key, value in cell.params.items()}
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 1
    assert all(np.array_equal(cell.params[key], value) for key, value in before.items())

    interop.to_torch(cell, module)
    for parameter in cell.params.values():
        parameter += 1
    again = interop.from_torch(module)
    assert all(np.array_equal(again.params[key], value) for key, value in before.items())


@pytest.mark.parametrize("name", CELLS)
def test_parameters_are_written_in_place(name):
    module = MODULES[name](3, 2)
    before = dict(module.named_parameters())
    interop.to_torch(cell_of(name, dtype="float32"), module)
    assert all(parameter is before[key] and parameter.requires_grad for key, parameter in module.named_parameters())


@pytest.mark.parametrize("modules", [MODULES, ONE_STEP], ids=["modules", "of one step"])
@pytest.mark.parametrize("name", CELLS)
def test_without_bias(name, modules):
    module = modules[name](3, 2, bias=False)
    cell = interop.from_torch(module)
    assert not any(parameter.any() for key, parameter in cell.params.items() if key.startswith("b"))
    other = modules[name](3, 2, bias=False)
    interop.to_torch(cell, other)
    assert_same_params(cell, interop.from_torch(other))
    cell.params["b_reset" if name == "GRU" else "b"][-1:] = 1
    with pytest.raises(ValueError, match="the module has no bias, but the cell has one that is not zero"):
        interop.to_torch(cell, other)


def test_batch_first_makes_no_difference():
    module = torch.nn.GRU(3, 2, batch_first=True, dtype=torch.float64)
    x = Rng(0).normal((4, 5, 3), dtype="float64")
    theirs, _ = module(torch.tensor(x).transpose(0, 1))
    hs, _, _ = interop.from_torch(module).forward(x)
    assert np.abs(hs - theirs.detach().transpose(0, 1).numpy()).max() < 1e-14


def test_torch_is_not_imported():
    code = "import sys; from course_lib import interop; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


REFUSED_MODULES = [
    (lambda: torch.nn.LSTM(3, 2, num_layers=2), "num_layers of the module is 2; a cell is like a module where it is 1"),
    (lambda: torch.nn.GRU(3, 2, bidirectional=True), "bidirectional of the module is True; .* where it is False"),
    (lambda: torch.nn.LSTM(3, 2, proj_size=1), "proj_size of the module is 1; .* where it is 0"),
]


@pytest.mark.parametrize("make, message", REFUSED_MODULES)
def test_modules_that_no_cell_is_like(make, message):
    with pytest.raises(ValueError, match=message):
        interop.from_torch(make())
    with pytest.raises(ValueError, match=message):
        interop.to_torch(cell_of("GRU" if "bidirectional" in message else "LSTM"), make())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_other_dtypes_are_refused(dtype):
    module = torch.nn.LSTM(3, 2, dtype=getattr(torch, dtype))
    with pytest.raises(ValueError, match=f"the parameters of the module are {dtype}; cells compute in float32 or"):
        interop.from_torch(module)


@pytest.mark.parametrize(
    "thing, kind", [(torch.nn.Linear(3, 2), "Linear"), (np.zeros(3), "ndarray"), (None, "NoneType")]
)
def test_what_is_no_module(thing, kind):
    with pytest.raises(TypeError, match=f"module is a {kind}; expected torch.nn.RNN, LSTM, GRU, RNNCell"):
        interop.from_torch(thing)
    with pytest.raises(TypeError, match=f"module is a {kind}; expected"):
        interop.to_torch(cell_of("RNN"), thing)


def test_arguments_the_wrong_way_round():
    with pytest.raises(TypeError, match="cell is a GRU; expected an RNN, LSTM or GRU of course_lib"):
        interop.to_torch(torch.nn.GRU(3, 2), cell_of("GRU"))


REFUSED_OPTIONS = [
    (GRU, {"reset": "before"}, "reset of the cell is 'before', but torch has it as 'after' only"),
    (LSTM, {"candidate": "sigmoid"}, "candidate of the cell is 'sigmoid', but torch has it as 'tanh' only"),
    (LSTM, {"coupled": True}, "coupled of the cell is True, but torch has it as False only"),
    (LSTM, {"peephole": "full"}, "peephole of the cell is 'full', but torch has it as None only"),
    (LSTM, {"peephole": "diagonal"}, "peephole of the cell is 'diagonal', but torch has it as None only"),
    (LSTM, {"output": "identity"}, "output of the cell is 'identity', but torch has it as 'tanh' only"),
]


@pytest.mark.parametrize("kind, options, message", REFUSED_OPTIONS)
def test_options_that_torch_does_not_have(kind, options, message):
    module = getattr(torch.nn, kind.__name__)(3, 2)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        interop.to_torch(kind(3, 2, Rng(0), **options), module)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


REFUSED_PAIRS = [
    (lambda: torch.nn.GRU(3, 2), "kind of the cell is RNN, but that of the module is GRU"),
    (lambda: torch.nn.RNN(4, 2), "input_size of the cell is 3, but that of the module is 4"),
    (lambda: torch.nn.RNN(3, 3), "hidden_size of the cell is 2, but that of the module is 3"),
    (
        lambda: torch.nn.RNN(3, 2, dtype=torch.float64),
        "dtype of the cell is float32, but that of the module is float64",
    ),
    (lambda: torch.nn.RNN(3, 2, nonlinearity="relu"), "activation of the cell is tanh, but that of the module is relu"),
    (lambda: torch.nn.RNNCell(3, 2, nonlinearity="relu"), "activation of the cell is tanh, but that of the module is"),
]


@pytest.mark.parametrize("make, message", REFUSED_PAIRS)
def test_a_module_unlike_the_cell(make, message):
    with pytest.raises(ValueError, match=message):
        interop.to_torch(cell_of("RNN", dtype="float32"), make())


class OnDevice:
    """A tensor that answers like one on a GPU: what it holds is read by way of the CPU."""

    def __init__(self, tensor):
        self._tensor = tensor
        self.dtype = tensor.dtype

    def __len__(self):
        return len(self._tensor)

    def detach(self):
        return self

    def cpu(self):
        return self._tensor


def test_a_module_on_a_gpu(monkeypatch):
    module = torch.nn.LSTM(3, 2)
    on_cpu = interop.from_torch(module)
    tensors = {name: OnDevice(tensor) for name, tensor in module.state_dict().items()}
    monkeypatch.setattr(module, "state_dict", lambda: tensors)
    assert_same_params(on_cpu, interop.from_torch(module))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_module_on_a_real_gpu():
    cell, module = cell_of("LSTM"), torch.nn.LSTM(3, 2, dtype=torch.float64, device="cuda")
    interop.to_torch(cell, module)
    assert module.weight_ih_l0.is_cuda
    with backend.use_backend("numpy"):
        assert_same_params(cell, interop.from_torch(module))
