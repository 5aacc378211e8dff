"""Which networks learn to predict the text, and how long: the whole benchmark, or a look at whether it works."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

STAGES = 10  # of a training; each ends with a test
WARMING = 100  # iterations over which the learning rate rises


@dataclass(frozen=True)
class Network:
    """A network, and how it is trained.

    By Adam, with a learning rate that rises over the first iterations and then falls along a half cosine, and
    gradients of norm 1 per character at most. If `published`, by the recipe of min-char-rnn: first weights of size
    0.01, Adagrad, each element of the gradient between -5 and 5.
    """

    name: str
    cell: str
    hidden_size: int
    B: int
    T: int  # length of a chunk
    iterations: int
    lr: float
    published: bool = False
    seed: int = 0

    @property
    def stage(self) -> int:
        """Iterations of a stage."""
        return self.iterations // STAGES

    def learning_rate(self, i: int) -> float:
        """That of iteration i."""
        if self.published:
            return self.lr
        falling = (1 + math.cos(math.pi * i / self.iterations)) / 2
        return self.lr * min(1, (i + 1) / WARMING) * (0.02 + 0.98 * falling)


FULL: Sequence[Network] = (
    Network("LSTM", "LSTM", hidden_size=192, B=16, T=64, iterations=4000, lr=6e-3),
    Network("GRU", "GRU", hidden_size=192, B=16, T=64, iterations=4000, lr=2e-3),
    Network("RNN", "RNN", hidden_size=192, B=16, T=64, iterations=4000, lr=4e-3),
    Network("min-char-rnn", "RNN", hidden_size=100, B=1, T=25, iterations=50_000, lr=0.1, published=True),
)
SHIPPED = FULL[0].name  # whose parameters the course brings along
QUICK = [replace(one, hidden_size=64, iterations=2000 if one.published else 400) for one in FULL]
