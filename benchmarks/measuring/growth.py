"""How the time of an LSTM's pass grows with the number of steps, of sequences and of units."""

import functools
from collections.abc import Mapping
from typing import Any

from measuring import peers
from measuring.plan import AXES, Plan
from measuring.progress import track
from measuring.racing import check, race


def measure(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """For each of T, B and H: sizes in which it is doubled again and again, and the seconds."""
    sizes = {axis: _doubled(plan, place) for axis, place in AXES.items()}
    names = [name for name in peers.available() if name != "JAX"]

    @functools.cache  # all begin with the same size
    def seconds(size: tuple[int, ...]) -> Mapping[str, list[float]]:
        problem = peers.draw("LSTM", size)
        torch_itself, *ours = (peers.candidate(problem, name) for name in ("torch", *names))
        check(torch_itself, ours, problem)
        return race([torch_itself, *ours], plan.rounds, plan.block)

    for size in track([size for row in sizes.values() for size in row], "Growth"):
        seconds(size)
    return {axis: [{"size": size, "seconds": seconds(size)} for size in row] for axis, row in sizes.items()}


def _doubled(plan: Plan, place: int) -> list[tuple[int, ...]]:
    return [
        tuple(length << n if at == place else length for at, length in enumerate(plan.start))
        for n in range(plan.doublings + 1)
    ]
