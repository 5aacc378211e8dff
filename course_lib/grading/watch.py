"""What a running kernel uses, all its processes together, and an end to one that uses more than its limits.

Rlimits hold for one process; this adds up what all of them use.
"""

import math
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_WATCH_SECONDS = 0.1
_UNREAD_BYTES = 192 * 2**20  # by how much a kernel's messages may swell the grader
_SOCKET_BYTES = 2 * 212_992  # what may wait in one socket, at the system's usual size, and its overhead


class Watch(threading.Thread):
    """Kills a kernel that uses more than its limits; ``cause`` then says which.

    Args:
        seconds: from now on, for everything.
        memory: bytes that all its processes may hold.
        family: the processes that there are now, each as its folder below a ``/proc``.
        kill: ends them all.
        schedule: where the system says how long the kernel's own process has run, and has waited for a processor.
        sockets: where the system says how many sockets they have; empty where others are counted with them.
    """

    def __init__(
        self,
        seconds: float,
        memory: int,
        family: Callable[[], list[str]],
        kill: Callable[[], None],
        schedule: str,
        sockets: str = "",
    ):
        super().__init__(daemon=True)
        self.deadline, self.memory, self.family, self._kill = time.monotonic() + seconds, memory, family, kill
        self.schedule, self.sockets = schedule, sockets
        self._waited = math.inf
        self.most_here = _resident("/proc/self") + _UNREAD_BYTES
        self.cause, self._ended = "", threading.Event()

    def run(self) -> None:
        """Look ten times a second until the kernel has ended or is killed."""
        while not self._ended.wait(_WATCH_SECONDS):
            self.waited()
            if time.monotonic() > self.deadline:
                self.cause = "timeout"
            elif _more_than(self.memory - _waiting(self.sockets), self.family()):
                self.cause = "out_of_memory"
            elif _resident("/proc/self") > self.most_here:
                self.cause = "output"
            if self.cause:
                self._kill()
                return

    def waited(self) -> float:
        """Seconds that the kernel's own process has waited for a processor; infinite where the system does not say."""
        with suppress(OSError):  # it ended just now, or there is nothing to read
            self._waited = int(Path(self.schedule).read_text().split()[1]) / 1e9
        return self._waited

    def end(self) -> None:
        """Stop looking: the kernel has ended."""
        self._ended.set()


def descendants(pid: int) -> list[str]:
    """A process and all that it started, each as its folder below /proc."""
    if not os.path.isdir("/proc"):
        return []  # not on Linux, where nothing is graded but one's own notebook
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_bytes()  # with a name of any bytes, brackets among them
            except OSError:
                continue  # it ended just now
            children.setdefault(int(stat.rsplit(b")", 1)[1].split()[1]), []).append(int(entry.name))
    family = [pid]
    for member in family:
        family += children.get(member, [])
    return [f"/proc/{member}" for member in family]


def kill_all(folders: list[str]) -> None:
    """Kill processes, given as their folders below /proc."""
    for folder in folders:
        try:
            os.kill(int(os.path.basename(folder)), signal.SIGKILL)
        except ProcessLookupError:
            continue


def _more_than(most: int, family: list[str]) -> bool:
    """Whether processes hold more than ``most`` bytes, pages that several of them share counted once."""
    if sum(_resident(folder) for folder in family) <= most:  # cheap, and never less than what they hold together
        return False
    return sum(_proportional(folder) for folder in family) > most


def _waiting(sockets: str) -> int:
    """Bytes that may wait in sockets until somebody reads them: no process is charged for them."""
    try:
        return int(Path(sockets).read_text().split()[2]) * _SOCKET_BYTES if sockets else 0
    except OSError:
        return 0  # it ended just now


def _proportional(folder: str) -> int:
    """Bytes that a process holds, its share of those that it shares."""
    try:
        rollup = Path(folder, "smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
    except PermissionError:
        return _resident(folder)
    except (OSError, StopIteration):
        return 0  # it ended just now


def _resident(folder: str) -> int:
    """Bytes that a process holds, shared or not."""
    try:
        return int(Path(folder, "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0  # it ended just now
