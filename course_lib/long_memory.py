"""Six networks on the tasks of `tasks`: how each is made, learns, and is tested.

::

    trial = Trial("temporal_order", 100, "LSTM chrono", seed=0)
    while trial.iteration < 1000 and not trial.solved(trial.test()):
        for _ in range(100):
            trial.learn()

This is what ``benchmarks/long_memory.py`` runs, with the same numbers of units and learning rates.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib import init
from course_lib.backend import Rng, array_namespace, asnumpy
from course_lib.cells import GRU, LSTM, RNN, Output
from course_lib.optim import Adam, clip_by_norm
from course_lib.tasks import TASKS
from course_lib.training import LOSSES, last_step_gradients, loss_and_gradients

BATCH = 50  # sequences of an iteration
TEST_BATCH = 500  # sequences of a test: one in a hundred can be told from none


def _rnn(D: int, H: int, T: int, rng: Rng) -> RNN:
    return RNN(D, H, rng)


def _orthogonal_rnn(D: int, H: int, T: int, rng: Rng) -> RNN:
    cell = RNN(D, H, rng)
    cell.params["W"][...] = init.orthogonal((H, H), rng)
    return cell


def _lstm(D: int, H: int, T: int, rng: Rng) -> LSTM:
    cell = LSTM(D, H, rng)
    cell.params["b"][...] = init.lstm_bias(H, forget=1.0)
    return cell


def _chrono_lstm(D: int, H: int, T: int, rng: Rng) -> LSTM:
    cell = LSTM(D, H, rng)
    cell.params["b"][0], cell.params["b"][1] = init.chrono(H, T, rng)
    return cell


def _gru(D: int, H: int, T: int, rng: Rng) -> GRU:
    return GRU(D, H, rng)


def _chrono_gru(D: int, H: int, T: int, rng: Rng) -> GRU:
    cell = GRU(D, H, rng)
    cell.params["b"][0], _ = init.chrono(H, T, rng)
    return cell


MODELS = {
    "RNN": _rnn,
    "RNN orthogonal": _orthogonal_rnn,
    "LSTM": _lstm,
    "LSTM chrono": _chrono_lstm,
    "GRU": _gru,
    "GRU chrono": _chrono_gru,
}


@dataclass(frozen=True)
class Setting:
    """With how many units, and how fast, a task is learnt."""

    hidden_size: int
    lr: float


SETTINGS = {
    "adding": Setting(hidden_size=64, lr=2e-3),
    "temporal_order": Setting(hidden_size=50, lr=3e-3),
    "copy_memory": Setting(hidden_size=100, lr=1e-2),
}


class Trial:
    """A network on a task: learns from batches that are drawn anew, by Adam, the gradients clipped to norm 1.

    Args:
        task: a name of `tasks.TASKS`.
        T: the task's length.
        model: a name of `MODELS`.
        seed: the same seed gives the same weights and sequences on every backend.
        setting: units and learning rate; None: those of `SETTINGS`.

    Attributes:
        task: the `tasks.Task`.
        cell, output: the network.
        rule: the optimiser.
        iteration: batches learnt from so far.
    """

    def __init__(self, task: str, T: int, model: str, seed: int, setting: Setting | None = None):
        for role, name, known in (("task", task, TASKS), ("model", model, MODELS)):
            if name not in known:
                raise ValueError(f"{role} is {name!r}; choose one of {', '.join(map(repr, known))}")
        self.task, self.T = TASKS[task], T
        setting = setting or SETTINGS[task]
        self._train_rng, self._test_rng = Rng(2 * seed), Rng(2 * seed + 1)
        self.cell = MODELS[model](self.task.inputs, setting.hidden_size, T, self._train_rng)
        self.output = Output(setting.hidden_size, self.task.outputs, self._train_rng)
        self.rule = Adam(self.cell.params | self.output.params, lr=setting.lr)
        self.iteration = 0

    def learn(self) -> Any:
        """One iteration on a fresh batch of `BATCH` sequences.

        Returns:
            The loss of that batch before the step, shape ``()``, on a GPU still on the GPU.
        """
        x, y = self.task.draw(self.T, BATCH, self._train_rng)
        gradients = last_step_gradients if self.task.last_step else loss_and_gradients
        loss, grads, *_ = gradients(self.cell, self.output, x, y, loss=self.task.loss)
        clip_by_norm(grads, 1.0)
        self.rule.step(grads)
        self.iteration += 1
        return loss

    def test(self) -> float:
        """The task's error on a fresh batch of `TEST_BATCH` sequences."""
        x, y = self.task.draw(self.T, TEST_BATCH, self._test_rng)
        hs, _, _ = self.cell.forward(x)
        o, _ = self.output.forward(hs[-1:] if self.task.last_step else hs)
        return float(self.task.error(o[0] if self.task.last_step else o, y))

    def solved(self, error: float) -> bool:
        """Whether a network with this error has solved the task."""
        return error < self.task.solved(self.T)

    def spectral_radius(self) -> float:
        """``max |λ|`` of the recurrent matrix, in LSTM and GRU of that of the candidate."""
        W = asnumpy(self.cell.params["W"])
        return float(np.abs(np.linalg.eigvals(W[self.cell.gates.index("g")] if self.cell.gates else W)).max())

    def gradient_flow(self) -> np.ndarray:
        """How much of the last step's loss arrives at each state on the way back, ``‖dL_T/dh_t‖``.

        Of an LSTM the states are ``h`` alone, not ``c``. What is smaller than float32 has is 0.

        Returns:
            ``(steps,)``, t = 1 first: the norm, averaged over `BATCH` fresh sequences.
        """
        x, y = self.task.draw(self.T, BATCH, self._test_rng)
        caches, state = [], None
        for t in range(len(x)):  # one by one, for then the way back stops at each state
            h, state, cache = self.cell.forward(x[t : t + 1], state)
            caches.append(cache)
        o, cache = self.output.forward(h)
        _, derivative = LOSSES[self.task.loss]
        dh, _ = self.output.backward(derivative(o, y[None] if self.task.last_step else y[-1:]), cache)
        norms, dstate = [_mean_norm(dh[0])], None
        for cache in reversed(caches[1:]):
            _, dstate, _ = self.cell.backward(dh, cache, dstate)
            norms.append(_mean_norm(dstate[0] if isinstance(dstate, tuple) else dstate))
            dh = 0 * dh  # no step but the last has a loss
        return np.array([float(norm) for norm in reversed(norms)], dtype="float32")


def _mean_norm(dh: Any) -> Any:
    """The norm for each sequence, of its own loss: that of the batch is a mean."""
    return len(dh) * array_namespace(dh).sqrt((dh * dh).sum(axis=-1)).mean()
