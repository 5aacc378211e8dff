"""The time of one forward and backward pass, for each cell and size."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from measuring import peers, products
from measuring.plan import Plan
from measuring.progress import track
from measuring.racing import Candidate, check, race

from course_lib import backend

Row = dict[str, Any]  # cell, size, and the seconds of each candidate and round


def on_cpu(plan: Plan, threads: int) -> list[Row]:
    """Our cells, torch, JAX and the products alone."""
    rows = []
    for size, kind in track([(s, k) for s in plan.sizes for k in peers.KINDS], f"Speed, threads: {threads}"):
        problem = peers.draw(kind, size)
        entrants = checked(problem, peers.with_torch(problem), peers.available())
        seconds = race([*entrants, *products.candidates(kind, size)], plan.rounds, plan.block)
        seconds = products.without_products(seconds) | {"GEMM": products.bound(seconds)}
        rows.append({"cell": kind, "size": size, "seconds": seconds})
    return rows


def checked(problem: peers.Problem, torch_itself: Candidate, names: list[str]) -> list[Candidate]:
    """Torch and the others of these names, once it is known that they all compute the same."""
    others = [peers.candidate(problem, name) for name in names]
    check(torch_itself, others, problem)
    if problem.kind != "GRU":
        return [torch_itself, *others]
    before = [peers.ours(problem, name, reset="before") for name in names if name != "JAX"]
    check(peers.with_torch_reset_before(problem), before, f"{problem}, reset before the product")
    return [torch_itself, *others, *before]


# ------------------------------------------------------------------------------------------------ on a GPU


def device() -> str | None:
    """Where torch runs when the cells run on a GPU; None if it cannot get there."""
    return "cuda" if torch.cuda.is_available() else None


def on_gpu(plan: Plan) -> dict[str, Any]:
    """Our cells on both kinds of kernels against cuDNN, through torch; and what a step costs the CPU."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False  # CuPy's products have none either
    place = device()

    def synchronize() -> None:
        backend.synchronize()
        if place:
            getattr(torch, place).synchronize()

    with backend.use_backend("cupy"):
        rows = []
        for size, kind in track([(s, k) for s in plan.sizes for k in peers.KINDS], "Speed on the GPU"):
            problem = peers.draw(kind, size)
            torch_itself, *ours = checked(problem, peers.with_torch(problem, place or "cpu"), ["fused", "plain"])
            entrants = [torch_itself, *ours] if place else ours  # torch on the CPU is no peer, only a judge
            seconds = race(entrants, plan.rounds, plan.block, synchronize)
            rows.append({"cell": kind, "size": size, "seconds": seconds})
        host = {"size": plan.host, "seconds": _host_seconds(plan, synchronize)}
        return {"gpu": backend.describe(), "torch": _torch_there(place), "rows": rows, "host": host}


def _torch_there(place: str | None) -> str | None:
    return place and f"{torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"


def _host_seconds(plan: Plan, synchronize: Callable[[], Any]) -> dict[str, float]:
    """Seconds per step until an LSTM's pass returns, while the GPU is still at it."""
    seconds = {}
    for name in ("fused", "plain"):
        candidate = peers.candidate(peers.draw("LSTM", plan.host), name)
        times = []
        with candidate.around():
            candidate.run()
            for _ in range(5 * plan.rounds):
                synchronize()
                start = time.perf_counter()
                candidate.run()
                times.append(time.perf_counter() - start)
        seconds[name] = statistics.median(times) / plan.host[0]
    return seconds
