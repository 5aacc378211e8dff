"""The memory that one forward and backward pass takes, as the system sees it. Asked for in a fresh process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import peers
from measuring.plan import Plan


def measure(plan: Plan, name: str) -> dict[str, int] | None:
    """Bytes of an LSTM's first pass, of what stays of it, and of the second pass on top; None if nobody can tell."""
    few_steps = (2, *plan.footprint[1:])
    warm = peers.candidate(peers.draw("LSTM", few_steps), name)  # libraries make room for themselves
    measured = peers.candidate(peers.draw("LSTM", plan.footprint), name)
    with warm.around():
        warm.run()
        first, kept = _peak(measured.run)
        second, _ = _peak(measured.run)
    return None if first is None or second is None else {"first": first, "kept": kept, "second": second}


def _peak(run: Callable[[], Any]) -> tuple[int | None, int]:
    """How far above where it was the memory went during a run, and where it is afterwards."""
    before = _reset()
    run()
    if before is None:
        return None, 0
    after = _status()
    return after["VmHWM"] - before, after["VmRSS"] - before


def _reset() -> int | None:
    """Let the system begin a new peak; the memory now, or None where it does not."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        now = _status()
    except OSError:
        return None
    return now["VmRSS"] if now["VmHWM"] - now["VmRSS"] < 1 << 20 else None


def _status() -> dict[str, int]:
    """The bytes that are resident, and the peak of them."""
    lines = (line.split() for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if words[0] in ("VmHWM:", "VmRSS:")}
