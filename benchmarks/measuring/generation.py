"""One step of a network that writes text: an LSTM that carries its state on, and an output layer; B = 1."""

from typing import Any

import numpy as np
import torch
from measuring import peers
from measuring.plan import Plan
from measuring.progress import track
from measuring.racing import Candidate, check, race

from course_lib import interop
from course_lib.backend import Rng
from course_lib.cells import kernels
from course_lib.cells.output import Output

CHARACTERS = 65  # inputs and outputs
_RUNS = 5  # before results are compared: the state has to be carried on rightly


def measure(plan: Plan) -> list[dict[str, Any]]:
    """The seconds of a step for each width."""
    rows = []
    for H in track(plan.widths, "One step of generation"):
        torch.manual_seed(0)
        module, linear = torch.nn.LSTM(CHARACTERS, H), torch.nn.Linear(H, CHARACTERS)
        x = np.random.default_rng(0).standard_normal((1, 1, CHARACTERS), dtype="float32")
        kinds = [name for name in peers.available() if name in kernels.KINDS]
        entrants = [_with_lstm_cell(module, linear, x), _with_lstm(module, linear, x)]
        entrants += [_ours(module, linear, x, kind) for kind in kinds]
        check(entrants[0], entrants[1:], f"one step, H = {H}", _RUNS)
        rows.append({"H": H, "seconds": race(entrants, plan.rounds, plan.block)})
    return rows


def _ours(module: Any, linear: Any, x: np.ndarray, kind: str) -> Candidate:
    cell, output = interop.from_torch(module), Output(module.hidden_size, CHARACTERS, Rng(0))
    output.params = {"V": linear.weight.detach().numpy(), "c": linear.bias.detach().numpy()}
    zeros = np.zeros((1, module.hidden_size), "float32")
    state = zeros, zeros

    def run() -> np.ndarray:
        nonlocal state
        hs, state, _ = cell.forward(x, state)
        return output.forward(hs)[0]

    return Candidate(kind, run, lambda o: {"o": o[0]}, lambda: kernels.use(kind))


def _with_lstm_cell(module: Any, linear: Any, x: np.ndarray) -> Candidate:
    cell = torch.nn.LSTMCell(CHARACTERS, module.hidden_size)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in module.state_dict().items()})
    inputs, state = torch.from_numpy(x[0]), None

    def run() -> Any:
        nonlocal state
        state = cell(inputs, state)
        return linear(state[0])

    return Candidate("torch LSTMCell", run, lambda o: {"o": o.numpy()}, torch.no_grad)


def _with_lstm(module: Any, linear: Any, x: np.ndarray) -> Candidate:
    inputs, state = torch.from_numpy(x), None

    def run() -> Any:
        nonlocal state
        hs, state = module(inputs, state)
        return linear(hs)

    return Candidate("torch LSTM", run, lambda o: {"o": o[0].numpy()}, torch.no_grad)
