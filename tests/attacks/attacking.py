"""What attacks have in common: how they are graded, the neighbour graded beside them, the traces they may not leave."""

import gc
import os
import re
import sys
import textwrap
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import classes
import nbformat
from classes import ROOT, answer_cell, course, solved, stubs, with_cell

from course_lib.grading.sandbox import Limits

SHORT = Limits(cell=2.0, extra=1.0, total=30.0)
EVERYTHING = 10.0
MARK = "86399.25"  # seconds that only our processes sleep, and in the name of every file that an attack tries to leave

# What an attack would like to find near the grader, or to change.
DECOYS = {
    "home/.ssh/id_ed25519": "the lecturer's own key",
    "home/course/solutions/01_unrolling.py": "the right answers",
    "home/class/bob/01_unrolling.ipynb": "another submission",
    "here/out/secret": "what inputs are drawn from",
    "here/out/gradebook.csv": "student_id,score\nbob,3\n",
    "here/out/results/bob/01_unrolling.json": '{"score": 3}',
    "here/tests/test_q1.py": "assert False\n",
}

graded_now: list[dict] = []  # what the present test had graded
rows: list[tuple[str, dict]] = []  # what the table says of it: an attack's name, or "" for the test's own, and a result


def graded(nb, sandbox="bwrap", limits: Limits = classes.QUICK, attacks: Iterable[str] = ("",), **options) -> dict:
    """Grade a submission; in the table at the end of the run there is a line for each of its ``attacks``."""
    result = classes.graded(nb, sandbox, limits, **options)
    graded_now.append(result)
    rows.extend((attack, result) for attack in attacks)
    return result


def cheat(source: str, limits: Limits = SHORT, sandbox: str = "bwrap", attacks: Iterable[str] = ("",)) -> dict:
    """Grade the unsolved notebook with this cell at its very beginning."""
    return graded(with_cell(stubs(), textwrap.dedent(source)), sandbox, limits, attacks)


def replying(exercise: str, source: str, limits: Limits = SHORT, sandbox: str = "bwrap") -> dict:
    """Grade the unsolved notebook with this in place of one answer."""
    nb = stubs()
    answer_cell(nb, exercise).source = source
    return graded(nb, sandbox, limits)


def tell(code: str, sandbox: str = "bwrap", limits: Limits = SHORT) -> str:
    """What code in an answer finds out: it raises ``told``, and the grader quotes the error."""
    body = textwrap.indent(code, "    ")
    source = f"def rnn_step(*args):\n    told = ''\n{body}\n    raise AssertionError('told ' + str(told) + ' end')"
    message = replying("rnn_step", source, limits, sandbox)["tests"][0]["message"]
    assert "told " in message, message
    return message.split("told ")[1].split(" end")[0]


def growth(work) -> tuple[object, float]:
    """The result of ``work()``, and by how many MB the grader was swollen meanwhile."""
    page, done, sizes = os.sysconf("SC_PAGE_SIZE") / 2**20, threading.Event(), []

    def look():
        while not done.is_set():
            sizes.append(int(Path("/proc/self/statm").read_text().split()[1]) * page)
            time.sleep(0.01)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        result = work()
    finally:
        done.set()
        watcher.join()
    return result, max(sizes) - sizes[0]


# ------------------------------------------------------------------------------------------------ the neighbour

CANARY = ("kept by", " a neighbour ", "for itself")  # in one piece only where the neighbour runs

# What a kernel finds as it wakes up: all places where an earlier submission could have left something. A hash of each
# is short enough for the text of an error.
WORLD = r"""
def world():
    import builtins, gc, hashlib, os, re, resource, signal, sys
    import numpy as np
    shell = get_ipython()
    def plain(value):
        return re.sub(r"0x[0-9a-f]+|course-\w+|\d+", "*", str(value))
    def read(path):
        try:
            return open(path, errors="replace").read()
        except OSError as error:
            return type(error).__name__
    def code(module):
        values = sorted(vars(module).items())
        made = [(name, type(value).__name__, getattr(value, "__module__", None)) for name, value in values]
        return made + [value.__code__.co_code for _, value in values if hasattr(value, "__code__")]
    folders = [entry for top in ("/tmp", "/dev/shm", "/home/student", "/var/tmp", "/run") for entry in os.walk(top)]
    library = [module for name, module in sorted(sys.modules.items()) if name.startswith("course_lib")]
    sections = {
        "files": sorted(plain(os.path.join(place, name)) for place, _, names in folders for name in [*names, ""]),
        "processes": sorted(plain(read(f"/proc/{pid}/comm")) for pid in os.listdir("/proc") if pid.isdigit()),
        "environment": sorted((name, plain(value)) for name, value in os.environ.items()),
        "builtins": code(builtins),
        "numpy": [code(module) for module in (np, np.linalg, np.random, np.testing)] + [np.geterr()],
        "library": [code(module) for module in library],
        "modules": [name for name in sys.modules if name.endswith("customize")] + [plain(sys.path)],
        "signals": [plain(signal.getsignal(number)) for number in range(1, 32)],
        "limits": [resource.getrlimit(number) for number in range(16)],
        "hooks": [plain((sys.meta_path, sys.path_hooks, sys.excepthook, sys.gettrace(), sys.getprofile())),
                  plain(gc.callbacks), gc.isenabled(), sys.getrecursionlimit(), sys.getswitchinterval()],
        "shell": [plain(shell.ast_transformers), plain(shell.input_transformers_cleanup), sorted(shell.user_ns),
                  [(name, len(calls)) for name, calls in shell.events.callbacks.items()]],
        "ipc": [read(f"/proc/sysvipc/{kind}") for kind in ("shm", "msg", "sem")] + [read("/proc/net/unix").count("@")],
        "connections": [len(read(f"/proc/net/{kind}").splitlines()) for kind in ("tcp", "tcp6", "udp")],
        "mounts": plain(read("/proc/self/mountinfo")),
        "itself": [os.getcwd(), os.getpriority(0, 0), os.sched_getaffinity(0), os.getgroups(), os.getuid() == 0,
                   *(read(f"/proc/self/{name}") for name in ("oom_score_adj", "coredump_filter", "timerslack_ns"))],
    }
    return "; ".join(f"{name} {hashlib.md5(repr(found).encode()).hexdigest()[:5]}" for name, found in sections.items())
found = world()
"""

# It has something of its own, which nobody after it may find.
_KEEPSAKE = f"""
import os
kept = os.environ["KEPT"] = "".join({CANARY!r})
for place in ("/tmp", "/dev/shm", os.path.expanduser("~")):
    with open(os.path.join(place, "neighbour-{MARK}"), "w") as file:
        file.write(kept)
"""


def neighbours_notebook() -> nbformat.NotebookNode:
    """A submission that is partly right, so that its grade can rise and fall, and says what it woke up in."""
    nb = with_cell(with_cell(solved(), _KEEPSAKE), WORLD)
    mistake = next(each for each in course().key.mistakes if each.exercise == "rnn_forward")
    answer_cell(nb, "rnn_forward").source = mistake.code
    answer_cell(nb, "future_leak").source = "def future_leak(*args):\n    raise AssertionError(found)"
    answer_cell(nb, "tied_grad").source = answer_cell(stubs(), "tied_grad").source
    return nb


def neighbour() -> dict:
    """The neighbour's grade, now."""
    result = classes.graded(neighbours_notebook())
    return {"seconds": 0} | {key: value for key, value in result.items() if key != "seconds"}


@cache
def neighbour_before() -> dict:
    """The neighbour's grade before there was any attack."""
    grade = neighbour()
    assert grade["status"] == "ok" and 0 < grade["score"] < EVERYTHING, grade
    return grade


def told(grade: dict) -> list[str]:
    """What the neighbour woke up in, a hash for each section of it."""
    message = next(test["message"] for test in grade["tests"] if test["exercise"] == "future_leak")
    return message.split(" in future_leak")[0].split("; ")


# --------------------------------------------------------------------------------------------------- traces


class Traces:
    """What an attack could leave outside of its sandbox.

    Args:
        work: the folder that the grader works in.
        grounds: the folder around it, whose other files an attack would like to find.
    """

    def __init__(self, work: Path, grounds: Path):
        self.work, self.grounds = work, grounds
        self.before = self._seen()

    def new(self, seconds: float = 5.0) -> dict[str, list]:
        """What is there now and was not before, once processes had time to end."""
        deadline = time.monotonic() + seconds
        while (new := self._difference()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return new

    def _difference(self) -> dict[str, list]:
        more = {
            name: list((Counter(now) - Counter(self.before[name])).elements()) for name, now in self._seen().items()
        }
        return {name: new for name, new in more.items() if new}

    def _seen(self) -> dict[str, list]:
        decoys = sorted(path for path in self.grounds.rglob("*") if not path.is_relative_to(self.work))
        return {
            "the grader's folder": sorted(_nameless(path.relative_to(self.work)) for path in self.work.rglob("*")),
            "decoys": [str([(str(path), path.is_file() and zlib.crc32(path.read_bytes())) for path in decoys])],
            "files": _marked_files(),
            "processes": _processes(str(self.work)),
            "threads": sorted(_nameless(thread.name) for thread in threading.enumerate()),
            "descriptors": _descriptors(),
        }


def _nameless(name: object) -> str:
    """A name without what is another at each run."""
    return re.sub(r"(course-)(exam-)?\w+|\d+", r"\1*", str(name))


def _descriptors() -> list[str]:
    """What this process holds open."""
    gc.collect()  # some of what a kernel's client leaves is garbage that waits to be found
    held = []
    for path in Path("/proc/self/fd").iterdir():
        try:
            held.append(_nameless(os.readlink(path)))
        except OSError:
            continue  # the listing itself
    return [target for target in held if not target.startswith(("anon_inode", "/dev/null"))]  # ZeroMQ keeps some


def _marked_files() -> list[str]:
    """Files outside of any sandbox whose names an attack has made."""
    tops = ["/", "/tmp", "/dev/shm", "/var/tmp", "/run", "/etc", "/usr", sys.prefix, str(Path.home()), os.getcwd()]
    places = [entry.path for top in tops if os.path.isdir(top) for entry in os.scandir(top)]
    places += [str(path) for path in (ROOT / "course_lib").rglob("*")]
    return sorted(path for path in places if MARK in path)


def _processes(folder: str) -> list[str]:
    """Processes that descend from this one, or that a submission started, by what they were called with."""
    parents, lines = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat, line = (entry / "stat").read_bytes(), (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it ended just now
        pid = int(entry.name)
        parents[pid], lines[pid] = int(stat.rsplit(b")", 1)[1].split()[1]), line.decode(errors="replace")
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    left = [lines[pid] for pid in parents if pid in ours - {os.getpid()} or folder in lines[pid] or MARK in lines[pid]]
    return sorted(map(_nameless, left))


def kill_marked() -> None:
    """End what an attack has left, so that it does not stand before the next one, too."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if MARK.encode() in entry.read_bytes():
                os.kill(int(entry.parent.name), 9)
        except OSError:
            continue
