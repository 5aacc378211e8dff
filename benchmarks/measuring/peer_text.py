"""torch, learning to predict a text from the same first parameters and the same chunks."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring.reading import Learner, Ours
from torch.nn import functional

from course_lib import interop
from course_lib.backend import asnumpy, get_xp

_CHUNK = 256  # steps of a test


class Rule:
    """Adam of torch, with what a `course_lib.runs.Run` asks of a rule."""

    def __init__(self, params: dict[str, Any], lr: float):
        self.params, self._adam, self.steps = params, torch.optim.Adam(params.values(), lr), 0
        for p in params.values():
            zeros = {name: torch.zeros_like(p) for name in ("exp_avg", "exp_avg_sq")}
            self._adam.state[p] = zeros | {"step": torch.zeros(())}

    @property
    def lr(self) -> float:
        return self._adam.param_groups[0]["lr"]

    @lr.setter
    def lr(self, value: float) -> None:
        self._adam.param_groups[0]["lr"] = value

    def step(self, max_norm: float) -> None:
        torch.nn.utils.clip_grad_norm_(self.params.values(), max_norm)
        self._adam.step()
        self._adam.zero_grad()
        self.steps += 1

    def state(self) -> dict[str, np.ndarray]:
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in self._tensors().items()}
        return arrays | {"steps": np.array(self.steps)}

    def load_state(self, state: dict[str, Any]) -> None:
        tensors = self._tensors()
        if state.keys() != tensors.keys() | {"steps"}:
            raise ValueError("its arrays have other names")
        with torch.no_grad():
            for name, tensor in tensors.items():
                tensor.copy_(torch.from_numpy(asnumpy(state[name])))
        self.steps = int(asnumpy(state["steps"]))

    def _tensors(self) -> dict[str, Any]:
        sums = {f"{key}.{name}": t for name, p in self.params.items() for key, t in self._adam.state[p].items()}
        return {f"p.{name}": p for name, p in self.params.items()} | sums


class Torch(Learner):
    """With torch. Its layers take no whole numbers: it gets one-hot rows."""

    library = "torch"

    def _start(self, V: int) -> None:
        torch.set_num_threads(1)
        torch.backends.cudnn.allow_tf32 = False  # course_lib computes in float32, too
        self._device = "cpu" if get_xp() is np else "cuda"
        ours, H = Ours(self.network, self.vocabulary), self.network.hidden_size
        self._cell, self._output = getattr(torch.nn, self.network.cell)(V, H), torch.nn.Linear(H, V)
        interop.to_torch(ours.cell, self._cell)
        weights = {"weight": ours.output.params["V"], "bias": ours.output.params["c"]}
        self._output.load_state_dict({name: torch.tensor(asnumpy(array)) for name, array in weights.items()})
        for module in (self._cell, self._output):
            module.to(self._device)
        params = dict(self._cell.named_parameters()) | dict(self._output.named_parameters())
        _one_bias(params, H, self.network.cell)
        self.rule = Rule(params, self.network.lr)

    def _learn(self, x: Any, y: Any, first: bool) -> Any:
        loss, state = self._loss(x, y, None if first else self._state)
        loss.backward()
        self.rule.step(max_norm=self.network.T)
        self._state = tuple(part.detach() for part in state)
        return get_xp().from_dlpack(loss.detach())  # on a GPU without waiting for it

    def save(self, path: Path) -> None:
        self.run.keep |= {name: part.cpu().numpy() for name, part in zip("hc", self._state, strict=False)}
        super().save(path)

    def load(self, path: Path) -> None:
        super().load(path)
        kept = (asnumpy(self.run.keep[name]) for name in "hc" if name in self.run.keep)
        self._state = tuple(torch.from_numpy(part).to(self._device) for part in kept)

    def test(self, ids: np.ndarray) -> float:
        state, total = None, 0.0
        with torch.no_grad():
            for start in range(0, len(ids) - 1, _CHUNK):
                x, y = ids[start : start + _CHUNK, None], ids[start + 1 : start + 1 + _CHUNK, None]
                loss, state = self._loss(x[: len(y)], y, state)
                total += float(loss)
        return total / (len(ids) - 1)

    def _loss(self, x: Any, y: Any, state: Any) -> tuple[Any, Any]:
        """The loss, a sum over time and a mean over the batch, and the last state, ``(h,)`` or ``(h, c)``."""
        V = self._output.out_features
        x, y = (torch.from_numpy(np.ascontiguousarray(asnumpy(ids))).to(self._device) for ids in (x, y))
        rows = functional.one_hot(x, V).to(torch.float32)
        hs, state = self._cell(rows, state if state is None or len(state) == 2 else state[0])
        o = self._output(hs).reshape(-1, V)
        loss = functional.cross_entropy(o, y.reshape(-1), reduction="sum") / x.shape[1]
        return loss, state if isinstance(state, tuple) else (state,)


def _one_bias(params: dict[str, Any], H: int, cell: str) -> None:
    """Leave only one of torch's two biases to be trained, as we have it: two would move twice as fast."""
    if cell != "GRU":
        params.pop("bias_hh_l0").requires_grad_(False)
        return
    second = params["bias_hh_l0"]  # of a GRU, the candidate's part is one of its own
    mask = torch.zeros_like(second)
    mask[2 * H :] = 1
    second.register_hook(lambda gradient: gradient * mask)
