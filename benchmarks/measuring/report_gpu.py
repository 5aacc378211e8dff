"""What was measured on a GPU as text, and how it is to be read."""

from collections.abc import Mapping
from typing import Any

from measuring.words import RESET_BEFORE, Rows, bullets, digits, dimensions, milliseconds, paragraph, ratio_to, table

_KERNELS = ("fused", "plain")


def section(measured: Mapping[str, Any], setup: Mapping[str, str]) -> str:
    """The section of RESULTS.md.

    Args:
        measured: what `speed.on_gpu` returns.
        setup: what to say of the machine, by name.
    """
    rows, host, torch = measured["rows"], measured["host"], measured["torch"]
    setup = {**setup, "GPU": measured["gpu"], "torch there": torch or "without CUDA"}
    return "\n\n".join(
        [
            "## Speed of the cells on a GPU",
            bullets(setup),
            paragraph(_TEXT + (_WITH_TORCH if torch else _ALONE)),
            _speed(rows, "torch" if torch else "plain"),
            f"### GRU with the reset before the product\n\n{RESET_BEFORE}\n\n{_before(rows)}",
            f"### What a step costs the CPU\n\n{_host_text(host)}\n\n{_host(host)}",
        ]
    )


_TEXT = """One forward and one backward pass in float32, without TF32 on either side. All candidates were found to
compute the same beforehand. The clock is read when the GPU has finished. `fused` are the course's CUDA kernels,
`plain` its array functions. `ms` is a time, every other figure the median over the rounds of the ratio within a round:
"""
_WITH_TORCH = "to torch, which calls cuDNN; below 1.00 is faster."
_ALONE = "to plain; below 1.00 is faster. The torch that is installed sees no GPU: nothing is compared with cuDNN."


def _speed(rows: Rows, to: str) -> str:
    names = [name for name in _KERNELS if name != to]
    return table(["cell (T, B, D, H)", f"{to} ms", *names], [_speed_row(row, names, to) for row in rows])


def _speed_row(row: Mapping[str, Any], names: list[str], to: str) -> list[str]:
    ratios = [ratio_to(row["seconds"], name, to) for name in names]
    return [f"{row['cell']} {dimensions(row['size'])}", milliseconds(row["seconds"], to), *ratios]


def _before(rows: Rows) -> str:
    grus = [row for row in rows if row["cell"] == "GRU"]
    ratios = [[ratio_to(row["seconds"], f"{kind} before", kind) for kind in _KERNELS] for row in grus]
    return table(["(T, B, D, H)", *_KERNELS], [[dimensions(g["size"]), *r] for g, r in zip(grus, ratios, strict=True)])


def _host_text(host: Mapping[str, Any]) -> str:
    return paragraph(
        f"""An LSTM's forward and backward pass at {dimensions(host["size"])}: the time until the call returns, with the
        GPU still at work, divided by T. If it is about the time above divided by T, then the GPU waits for the CPU."""
    )


def _host(host: Mapping[str, Any]) -> str:
    rows = [[name, digits(1e6 * seconds)] for name, seconds in host["seconds"].items()]
    return table(["kernels", "µs for a step"], rows)
