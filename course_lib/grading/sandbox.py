"""Where a submission's kernel runs: bubblewrap for what it may see, prlimit for what it may use.

`SandboxProvisioner` is an ordinary Jupyter kernel provisioner, so nbval and nbclient use it without knowing:
``JUPYTER_DEFAULT_PROVISIONER_NAME=course-sandbox``. Inside there is no network, no other process, no file of the
host but a read-only Python, and a ``course_lib`` that holds what running an answer needs and none of the library
that an answer could be imported from.
"""

import json
import os
import platform
import shutil
import signal
import site
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.provisioning import LocalProvisioner
from traitlets import default

import course_lib
from course_lib.grading import seccomp

MODES = ("auto", "bwrap", "none")
_KEPT = ("__init__", "backend", "exercises")  # of course_lib, in every graded kernel
_MASKED = (
    'raise ImportError("this part of course_lib is not there while grading: an answer uses its own code and NumPy")\n'
)
# Libraries that differentiate or solve by themselves: they are not there, whatever is installed on this machine.
_SOLVERS = ("autograd", "jax", "jaxlib", "keras", "numba", "scipy", "sympy", "tensorflow", "torch")
_NO_SOLVER = 'raise ImportError("this is not there while grading: an answer uses its own code and NumPy")\n'
_QUIET = '''"""Checks show nothing while grading."""


def check(answer):
    """Do nothing."""


hint = check


def earned(answer):
    """No points are given here."""
    return 0.0


def progress():
    """Do nothing."""
'''
_MESSAGE_BYTES = 4 * 2**20  # the largest part of a message a kernel may send; answers are far smaller
_UNREAD_BYTES = 192 * 2**20  # by how much a kernel's messages may swell the grader
_FOLDER_BYTES = 64 * 2**20  # what a kernel may write into each of its folders
_SOCKETS_BYTES = 2**20
_DISKS = ("/dev/shm", "/tmp", "/home/student")  # what a kernel may write to, beside the folder of its sockets
_MOST_FILES = 50_000  # on all of them: each costs memory that no limit counts
_PORTS = range(1, 6)  # sockets have no ports, but are named by them
_WATCH_SECONDS = 0.1


class SandboxUnavailable(RuntimeError):
    """The sandbox asked for cannot be had here; the message says what mends it."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Args:
        cell: seconds for an answer or exam cell.
        extra: seconds for a cell of the student's own.
        total: seconds for the whole submission.
        memory: bytes for all its processes together, and of address space for each.
        processes: processes and threads.
    """

    cell: float = 30.0
    extra: float = 10.0
    total: float = 300.0
    memory: int = 2 * 2**30
    processes: int = 64


@dataclass(frozen=True)
class Settings:
    """How kernels are started by this process."""

    mode: str = "bwrap"
    limits: Limits = field(default_factory=Limits)
    needs: tuple[str, ...] = ()


_settings = Settings()


def configure(mode: str, limits: Limits, needs: tuple[str, ...]) -> None:
    """Say how this process starts its kernels from now on, and which parts of course_lib are there in them."""
    global _settings
    _settings = Settings(mode, limits, needs)


def choose(mode: str) -> str:
    """The mode that ``mode`` stands for on this machine.

    Raises:
        SandboxUnavailable: if it needs bubblewrap and that does not work here.
        ValueError: if there is no such mode.
    """
    if mode not in MODES:
        raise ValueError(f"--sandbox is one of {', '.join(MODES)}, not {mode!r}")
    if mode == "none":
        return mode
    if problem := unavailable():
        raise SandboxUnavailable(
            f"{problem} Without a sandbox a submission can read and change whatever you can. "
            "`--sandbox none` grades without one, for code that you trust."
        )
    return "bwrap"


def unavailable() -> str:
    """Why submissions cannot be isolated here, with what mends it; empty where they can."""
    for program, package in (("bwrap", "bubblewrap"), ("prlimit", "util-linux"), ("setpriv", "util-linux")):
        if shutil.which(program) is None:
            return f"{program} is not installed: apt-get install {package} (or your system's package {package})."
    try:
        trial = [*_bwrap(_user()), "/usr/bin/env", "true"]
        done = subprocess.run(trial, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start: {error}."
    if done.returncode:
        return (
            f"bubblewrap does not work: {done.stderr.strip()}. "
            "Where user namespaces are switched off: sysctl kernel.unprivileged_userns_clone=1."
        )
    return ""


class BoundedClient(BlockingKernelClient):
    """A kernel client that hangs up on a message larger than any honest one."""

    @default("context")
    def _context_default(self) -> zmq.Context:
        self._created_context = True
        return _bounded(zmq.Context())


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel over Unix sockets inside the sandbox, and watches what it uses."""

    folder: Path | None = None
    watch: "Watch | None" = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Put the connection into a private folder, and the limits before the command."""
        self.folder = Path(tempfile.mkdtemp(prefix="course-"))
        manager = self.parent
        manager.transport, manager.ip = "ipc", str(self.folder / "socket")
        manager.connection_file = str(self.folder / "connection.json")
        manager.shell_port, manager.iopub_port, manager.stdin_port, manager.hb_port, manager.control_port = _PORTS
        manager.client_factory = BoundedClient
        _bounded(manager.context)
        # A signal from outside would reach bubblewrap, not the kernel behind it.
        self.kernel_spec.interrupt_mode = "message"
        kwargs = await super().pre_launch(**kwargs)
        library = _library(self.folder / "lib", {*_KEPT, *_settings.needs})
        limits = _prlimit(_settings.limits, _settings.mode) if shutil.which("prlimit") else []
        kwargs["cmd"] = [*limits, *kwargs["cmd"], "--IPKernelApp.capture_fd_output=False"]
        if _settings.mode == "none":
            kwargs["env"] = os.environ | _environment(self.folder, library)
            kwargs["cwd"] = str(self.folder)
        else:
            kwargs["env"] = {"PATH": os.environ.get("PATH", os.defpath)}
            kwargs["cwd"] = "/"
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start it, with its own output thrown away, and start watching."""
        kwargs["stdout"] = kwargs["stderr"] = subprocess.DEVNULL
        root = ""
        if _settings.mode == "none":
            await super().launch_kernel(cmd, **kwargs)
        else:
            root = await self._launch_inside(cmd, **kwargs)
        self.watch = Watch(self.process, _settings.limits, root, (*_DISKS, str(self.folder)))
        self.watch.start()
        return self.connection_info

    async def _launch_inside(self, cmd: list[str], **kwargs: Any) -> str:
        """Start it in bubblewrap, reach for the sockets that it makes on a disk in there, and say where that is."""
        user = _user()
        if user:
            os.chown(self.folder / "connection.json", user, user)
        (told, tell), rules = os.pipe(), _readable(seccomp.program())
        command = _bwrap(user, self.folder, ["--info-fd", str(tell), "--add-seccomp-fd", str(rules)])
        try:
            await super().launch_kernel([*command, *cmd], pass_fds=(tell, rules), **kwargs)
        finally:
            os.close(tell)
            os.close(rules)
        with open(told, "rb") as reader:
            inside = json.loads(reader.read() or b'{"child-pid": 0}')["child-pid"]  # nothing: it did not start
        for port in _PORTS:
            socket = self.folder / f"socket-{port}"
            socket.symlink_to(f"/proc/{inside}/root{socket}")
        return f"/proc/{inside}/root"

    async def kill(self, restart: bool = False) -> None:
        """Kill bubblewrap, and with it everything inside."""
        if self.watch:
            self.watch.ended = True
            self.watch.kill()
        await super().kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the private folder."""
        if self.watch:
            self.watch.ended = True
        if self.folder and not restart:
            shutil.rmtree(self.folder, ignore_errors=True)
        await super().cleanup(restart)


class Watch(threading.Thread):
    """Kills a kernel that uses more than its limits as a whole; ``cause`` then says which.

    Rlimits hold for one process; this adds up what all of them use.
    """

    def __init__(self, process: subprocess.Popen, limits: Limits, root: str, disks: tuple[str, ...]):
        super().__init__(daemon=True)
        self.process, self.limits, self.root, self.disks = process, limits, root, disks
        self.deadline = time.monotonic() + limits.total
        self.most_here = _resident() + _UNREAD_BYTES
        self.cause, self.ended = "", False

    def run(self) -> None:
        """Look ten times a second until the kernel has ended or is killed."""
        while not self.ended and self.process.poll() is None:
            if time.monotonic() > self.deadline:
                self.cause = "timeout"
            elif _memory(self.process.pid) > self.limits.memory:
                self.cause = "out_of_memory"
            elif _resident() > self.most_here or _files(self.root, self.disks) > _MOST_FILES:
                self.cause = "output"
            if self.cause:
                self.kill()
                return
            time.sleep(_WATCH_SECONDS)

    def kill(self) -> None:
        """Kill the kernel's process and all its descendants, if it has not ended."""
        if self.process.poll() is None:
            for pid in _family(self.process.pid):
                _kill(pid)


def _bwrap(user: int, folder: Path | None = None, options: list[str] | None = None) -> list[str]:
    """The bubblewrap command up to the program's own, with the connection and library of a kernel's folder."""
    command = ["bwrap", *(options or []), "--die-with-parent", "--new-session"]
    command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    command += ["--hostname", "course"]
    command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if user else ["--unshare-user"]
    command += ["--ro-bind", "/usr", "/usr"]
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            command += ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts"):
        command += ["--ro-bind-try", path, path]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for path in _DISKS:
        command += ["--perms", "1777", "--size", str(_FOLDER_BYTES), "--tmpfs", path]
    command += _python_binds()
    variables: dict[str, str] = {}
    if folder:
        command += ["--perms", "1777", "--size", str(_SOCKETS_BYTES), "--tmpfs", str(folder)]
        for path in (folder / "connection.json", folder / "lib"):
            command += ["--ro-bind", str(path), str(path)]
        variables = _environment(Path("/home/student"), folder / "lib")
    # What bubblewrap makes for itself is memory without a limit.
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    command += ["--chdir", "/home/student", "--clearenv"]
    for name, value in variables.items():
        command += ["--setenv", name, value]
    command.append("--")
    if user:  # root is not held by limits on processes: become a user that owns nothing
        command += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all"]
        command += ["--bounding-set=-all", "--no-new-privs", "--"]
    return command


def _python_binds() -> list[str]:
    """Python and its packages, read-only, with everything that belongs to the course left out."""
    package = Path(course_lib.__file__).resolve().parent
    prefixes = dict.fromkeys([sys.base_prefix, os.path.realpath(sys.base_prefix), sys.prefix])
    outer = [prefix for prefix in prefixes if not prefix.startswith("/usr") or prefix == "/usr/local"]
    binds: list[str] = []
    for prefix in outer:
        for folder in reversed(Path(prefix).parents[:-1]):  # else as closed to others as on the host: /root
            binds += ["--perms", "0755", "--dir", str(folder)]
        binds += ["--ro-bind", prefix, prefix]
    if (package.parent / "pyproject.toml").exists():  # a checkout: it may lie in a bound folder
        if any(package.parent.is_relative_to(prefix) for prefix in [*outer, "/usr"]):
            binds += ["--tmpfs", str(package.parent)]
            for prefix in outer:
                if Path(prefix).is_relative_to(package.parent):
                    binds += ["--ro-bind", prefix, prefix]
    else:
        binds += ["--tmpfs", str(package)]
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    for path in (Path(place, name) for place in sorted(places) for name in _SOLVERS):
        binds += ["--tmpfs", str(path)] if path.is_dir() else []
    return binds


def _prlimit(limits: Limits, mode: str) -> list[str]:
    command = ["prlimit", f"--as={limits.memory}", f"--cpu={int(limits.total)}", f"--fsize={_FOLDER_BYTES}"]
    if mode != "none":  # there it would count whatever else the user runs
        command.append(f"--nproc={limits.processes}")
    return [*command, "--nofile=256", "--core=0", "--"]


def _environment(home: Path, library: Path) -> dict[str, str]:
    """All that a kernel is told of its surroundings."""
    return {
        "COURSE_LIB_KERNELS": "plain",
        "HOME": str(home),
        "IPYTHONDIR": str(home / ".ipython"),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(home / ".matplotlib"),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(library),
        "TZ": "UTC",
        "USER": "student",
    }


def _library(target: Path, kept: set[str]) -> Path:
    """A ``course_lib`` for graded kernels, what running an answer needs; a refusal for its rest, and for solvers."""
    package = Path(course_lib.__file__).resolve().parent
    (target / "course_lib").mkdir(parents=True)
    for path in package.iterdir():
        copy = target / "course_lib" / path.name
        if path.stem in kept and path.is_dir():
            shutil.copytree(path, copy, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.stem in kept:
            shutil.copyfile(path, copy)
        elif path.suffix == ".py":
            copy.write_text(_QUIET if path.name == "checking.py" else _MASKED)
        elif (path / "__init__.py").exists() or any(path.glob("*.py")):
            copy.mkdir()
            (copy / "__init__.py").write_text(_MASKED)
    for name in _SOLVERS:
        (target / name).mkdir()
        (target / name / "__init__.py").write_text(_NO_SOLVER)
    return target


def _user() -> int:
    """The user a kernel runs as where we are root: one that owns nothing, different for each grading process."""
    return 20000 + os.getpid() % 40000 if platform.system() == "Linux" and os.getuid() == 0 else 0


def _family(pid: int) -> list[int]:
    """A process and all its descendants."""
    if not os.path.isdir("/proc"):
        return [pid]  # not on Linux, where nothing is graded but one's own notebook
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
    return family


def _memory(pid: int) -> int:
    """Bytes that a process and its descendants hold, shared pages counted once where we may see that."""
    total = 0
    for member in _family(pid):
        try:
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
        except PermissionError:
            total += _resident(member)
        except (OSError, StopIteration):
            continue  # it ended just now
    return total


def _resident(pid: int | str = "self") -> int:
    """Bytes that a process holds, this one by default."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0  # it ended just now


def _files(root: str, disks: tuple[str, ...]) -> int:
    """How many files are on the disks under a sandbox's root; 0 where it has no root of its own, or not yet."""
    try:
        if not root or os.stat(root).st_dev == os.stat("/").st_dev:
            return 0
        states = [os.statvfs(root + disk) for disk in disks]
    except OSError:
        return 0  # it ended just now
    return sum(state.f_files - state.f_ffree for state in states)


def _bounded(context: zmq.Context) -> zmq.Context:
    context.setsockopt(zmq.MAXMSGSIZE, _MESSAGE_BYTES)
    return context


def _readable(data: bytes) -> int:
    """A file descriptor from which a program can read this, fewer bytes than a pipe holds."""
    reading, writing = os.pipe()
    with open(writing, "wb") as writer:
        writer.write(data)
    return reading


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
