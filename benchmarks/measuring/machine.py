"""The machine that is measured on: what it is, and how many of its cores a process may use."""

import math
import os
import platform
import sys
import time
from importlib import metadata
from pathlib import Path

_VECTORS = ("avx2", "avx512f", "amx_tile", "asimd", "sve")  # widths of vectors, and tiles of matrices
_CPUS = Path("/sys/devices/system/cpu")
_QUIET = 0.03  # of the processors' time may be taken by others


def cores() -> list[int]:
    """The CPUs that this process may run on: one of each core, then the others that share a core with them.

    The last come first, because the system itself likes the first.
    """
    if not hasattr(os, "sched_getaffinity"):
        return list(range(os.cpu_count() or 1))
    first, shared, seen = [], [], set()
    for cpu in sorted(os.sched_getaffinity(0), reverse=True):
        siblings = _read(_CPUS / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu)
        (shared if siblings in seen else first).append(cpu)
        seen.add(siblings)
    return first + shared


def environment(threads: int | None) -> dict[str, str]:
    """The variables for a new process that is to use so many threads; None: all it likes.

    Libraries read most of them when they are loaded, and never again.
    """
    variables = dict(os.environ)
    variables.pop("CUPY_TF32", None)  # products in fewer digits than torch's would have it easy
    if threads is None:
        return variables
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    variables |= dict.fromkeys(names, str(threads)) | {"JAX_PLATFORMS": "cpu"}
    if threads == 1:
        variables["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    return variables


def pin(threads: int) -> None:
    """Keep this process on so many cores: JAX makes a thread for every one it may use."""
    if "numpy" in sys.modules:
        raise RuntimeError("threads that exist already cannot be kept anywhere; pin before NumPy is imported")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores()[:threads])


def description() -> str:
    """The processor in one line."""
    fields = dict(
        (part.strip() for part in line.split(":", 1))
        for line in _read(Path("/proc/cpuinfo")).splitlines()
        if ":" in line
    )
    model = fields.get("model name") or platform.processor() or platform.machine()
    flags = (fields.get("flags") or fields.get("Features") or "").split()
    vectors = " ".join(name for name in _VECTORS if name in flags) or "vector instructions unknown"
    return f"{model}, {len(cores())} cores to run on, {vectors}"


class Others:
    """How much of the machine other programs use from here on: threads that wait for one another mind it."""

    def __init__(self) -> None:
        self._before = self._now()

    def share(self) -> float | None:
        """The part of the processors' time that was neither ours nor idle; None where the system does not tell."""
        now = self._now()
        if now is None or self._before is None:
            return None
        ours, busy, total = (after - before for after, before in zip(now, self._before, strict=True))
        return max(0.0, busy - ours) / max(total, 1e-9)

    def _now(self) -> tuple[float, float, float] | None:
        """Seconds of this process and its children, of all programs, and of all processors."""
        times = _processors()
        if times is None:
            return None
        used, stolen, total = times
        return sum(os.times()[:4]), used + stolen, total


def disturbance(others: Others) -> dict[str, str]:
    """What others did meanwhile, for a section of RESULTS.md; a warning if it was too much."""
    share = others.share()
    if share is None:
        return {"other programs": "unknown"}
    said = f"{share:.1%} of the processors' time meanwhile"
    if share > _QUIET:
        print(f"warning: other programs took {share:.0%} of the processors' time: measure again", file=sys.stderr)
        said += ", too much for the times to be relied on"
    return {"other programs": said}


class Load:
    """How much all programs use together, for what nobody can tell apart.

    The system forgets what a process has used if nobody waited for it, as those that die with their namespace.
    """

    def __init__(self) -> None:
        self._before = _processors()

    def seconds(self) -> float:
        """Processor time of all programs from then on; not a number where the system does not tell."""
        return self._since()[0]

    def share(self) -> float:
        """The part of the processors' time that programs used from then on."""
        busy, total = self._since()
        return busy / max(total, 1e-9)

    def _since(self) -> tuple[float, float]:
        now = _processors()
        if now is None or self._before is None:
            return math.nan, math.nan
        return now[0] - self._before[0], now[2] - self._before[2]


def load_of_others(seconds: float = 5.0) -> str:
    """What other programs use before something is measured, in words."""
    load = Load()
    time.sleep(seconds)
    return f"{load.share():.1%} of the processors' time in the {seconds:g} seconds before"


def _processors() -> tuple[float, float, float] | None:
    """Seconds used by all programs, taken by other machines on the same host, and of all processors."""
    line = _read(Path("/proc/stat")).partition("\n")[0].split()
    if len(line) < 9:
        return None
    ticks = [int(word) / os.sysconf("SC_CLK_TCK") for word in line[1:9]]  # user nice system idle iowait …
    total, stolen = sum(ticks), ticks[7]
    return total - ticks[3] - ticks[4] - stolen, stolen, total


def versions() -> str:
    """Python and the packages that compute, in one line."""
    packages = [f"{name} {version}" for name in ("torch", "numba", "jax") if (version := _version(name))]
    return ", ".join([f"Python {platform.python_version()}", f"NumPy {_version('numpy')} with {_blas()}", *packages])


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _blas() -> str:
    import numpy as np

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas.get('name', 'unknown BLAS')} {blas.get('version', '')}".strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
