"""How much is measured: the whole benchmark, or a look at whether it works."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

Size = Sequence[int]  # T, B, D, H
AXES = {"T": 0, "B": 1, "H": 3}  # those whose growth is looked at, and where they stand in a size


@dataclass(frozen=True)
class Plan:
    """Sizes of everything that is measured, and how often."""

    sizes: Sequence[Size]
    host: Size  # where a step's cost for the CPU is looked at, while a GPU computes
    widths: Sequence[int]  # H of the networks that generate
    footprint: Size
    start: Size  # from where T, B and H are doubled
    doublings: int
    rounds: int
    block: float  # seconds that one candidate is timed at a time, at least


FULL = Plan(
    sizes=((35, 20, 65, 128), (100, 32, 128, 256), (50, 64, 256, 512), (200, 16, 64, 64), (20, 1, 8, 16)),
    host=(35, 20, 65, 128),
    widths=(128, 256, 512),
    footprint=(100, 32, 128, 256),
    start=(64, 16, 64, 128),
    doublings=3,
    rounds=9,
    block=0.02,
)


def work(size: Size) -> int:
    """What the products of one gate cost, up to a factor."""
    T, B, D, H = size
    return T * B * H * (D + H)


smallest = sorted(FULL.sizes, key=work)[:2]
QUICK = replace(
    FULL,
    sizes=smallest,
    widths=FULL.widths[:1],
    footprint=smallest[1],
    start=tuple(length // 4 for length in FULL.start),
    rounds=3,
)
