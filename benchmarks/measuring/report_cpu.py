"""What was measured on the CPU as text, and how it is to be read."""

import statistics
from collections.abc import Mapping
from typing import Any

from measuring.figures import exponents, spread
from measuring.plan import AXES, Plan
from measuring.words import (
    RESET_BEFORE,
    Rows,
    bullets,
    dimensions,
    microseconds,
    milliseconds,
    paragraph,
    ratio_to,
    table,
)

KERNELS = ("plain", "numba")
_COMPARED = (*KERNELS, "JAX", "GEMM")  # with torch


def section(measured: Mapping[str, Any], setup: Mapping[str, str], plan: Plan) -> str:
    """The section of RESULTS.md.

    Args:
        measured: ``speed`` by the number of threads, ``generation``, ``footprint`` and ``growth``.
        setup: what to say of the machine, by name.
        plan: what was measured.
    """
    speed = measured["speed"]
    few = _threads(min(speed, key=int))
    parts = [
        "## Speed of the cells on the CPU",
        bullets(setup),
        _speed_text(speed),
        *(f"### {_threads(n)}\n\n{_speed(rows)}" for n, rows in speed.items()),
        f"### GRU with the reset before the product\n\n{RESET_BEFORE}\n\n{_before(speed)}",
        f"### One step of generation, {few}\n\n{_GENERATION}\n\n{_generation(measured['generation'])}",
        f"### Peak memory, {few}\n\n{_footprint_text(plan)}\n\n{_footprint(measured['footprint'])}",
        f"### Growth, {few}\n\n{_growth_text(plan)}\n\n{_growth(measured['growth'])}",
    ]
    return "\n\n".join(parts)


def _threads(n: str) -> str:
    return f"{n} thread{'s' if int(n) > 1 else ''}"


def _speed_text(speed: Mapping[str, Rows]) -> str:
    every = [(row["seconds"], name) for rows in speed.values() for row in rows for name in _COMPARED]
    spreads = [spread(seconds, name, "torch") for seconds, name in every if name in seconds]
    return paragraph(
        f"""One forward and one backward pass in float32, with the gradients of all parameters, of the input and of the
        first state. All candidates were found to compute the same beforehand; they take turns in one process.
        `torch ms` is a time, every other figure a ratio of two times. To torch: below 1.00 is faster than torch. To
        GEMM, the matrix products alone, computed by NumPy in the faster of two layouts: 1.00 is the floor for a cell
        on NumPy. A ratio is the median over the rounds of the ratio within a round; half of the rounds lie within a
        range of {statistics.median(spreads):.0%} of it, for the least steady figure {max(spreads):.0%}. The time that
        JAX takes to compile is not counted."""
    )


def _speed(rows: Rows) -> str:
    header = ["cell (T, B, D, H)", "torch ms", *_COMPARED, *(f"{kind}/GEMM" for kind in KERNELS)]
    return table(header, [_speed_row(f"{row['cell']} {dimensions(row['size'])}", row["seconds"]) for row in rows])


def _speed_row(name: str, seconds: Mapping[str, Any]) -> list[str]:
    to_torch = [ratio_to(seconds, candidate, "torch") for candidate in _COMPARED]
    to_products = [ratio_to(seconds, kind, "GEMM") for kind in KERNELS]
    return [name, milliseconds(seconds, "torch"), *to_torch, *to_products]


def _before(speed: Mapping[str, Rows]) -> str:
    """One column for each number of threads and kind of kernels."""
    header = ["(T, B, D, H)", *(f"{kind}, {_threads(n)}" for n in speed for kind in KERNELS)]
    grus = zip(*([row for row in rows if row["cell"] == "GRU"] for rows in speed.values()), strict=True)
    return table(header, [_before_row(rows) for rows in grus])


def _before_row(rows: Rows) -> list[str]:
    ratios = [ratio_to(row["seconds"], f"{kind} before", kind) for row in rows for kind in KERNELS]
    return [dimensions(rows[0]["size"]), *ratios]


_GENERATION = "An LSTM that carries its state on, and an output layer; B = 1, forward only. Microseconds for a step."


def _generation(rows: Rows) -> str:
    names = (*KERNELS, "torch LSTMCell", "torch LSTM")
    return table(["H", *names], [[str(row["H"]), *(microseconds(row["seconds"], n) for n in names)] for row in rows])


def _footprint_text(plan: Plan) -> str:
    return paragraph(
        f"""An LSTM's forward and backward pass at {dimensions(plan.footprint)}, each candidate in a fresh process,
        warmed up on two steps. MiB by which the resident memory rose at most during the first pass; what of it stayed
        when the results were gone; and by how much it rose in a second pass, which may use again what had stayed."""
    )


def _footprint(measured: Mapping[str, Any]) -> str:
    columns = {"first": "first pass", "kept": "stays", "second": "second pass"}
    rows = [
        [name, *(f"{sizes[key] / 2**20:.1f}" if sizes else "not measured" for key in columns)]
        for name, sizes in measured.items()
    ]
    return table(["candidate", *columns.values()], rows)


def _growth_text(plan: Plan) -> str:
    return paragraph(
        f"""The time of an LSTM's pass is about proportional to Tᵏ, to Bᵏ and to Hᵏ. The table has k, the slope of a
        line through the logarithms, from {dimensions(plan.start)} on, with one length doubled {plan.doublings} times:
        with k = 1 twice the length takes twice the time. The number of operations has k = 1 in T and B, and between
        1 and 2 in H; a smaller k says that costs which do not grow are spread over more work."""
    )


def _growth(measured: Mapping[str, Rows]) -> str:
    found = {axis: exponents(points, AXES[axis]) for axis, points in measured.items()}
    names = [name for name in (*KERNELS, "torch") if all(name in powers for powers in found.values())]
    rows = [[axis, *(f"{powers[name]:.2f}" for name in names)] for axis, powers in found.items()]
    return table(["length", *names], rows)
