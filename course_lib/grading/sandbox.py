"""Where a submission's kernel runs: bubblewrap for what it may see, prlimit for what it may use.

`SandboxProvisioner` is an ordinary Jupyter kernel provisioner, so nbval and nbclient use it without knowing:
``JUPYTER_DEFAULT_PROVISIONER_NAME=course-sandbox``. Inside there is no network, no other process, no file of the
host but a read-only Python, and a ``course_lib`` that holds what running an answer needs and none of the library
that an answer could be imported from.
"""

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.provisioning import LocalProvisioner
from traitlets import default

import course_lib

MODES = ("auto", "bwrap", "none")
_KEPT = {"__init__.py", "backend.py", "exercises"}  # of course_lib, in a graded kernel
_MASKED = (
    'raise ImportError("this part of course_lib is not there while grading: an answer uses its own code and NumPy")\n'
)
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
_MESSAGE_BYTES = 16 * 2**20  # the largest message a kernel may send; answers are far smaller
_FOLDER_BYTES = 64 * 2**20  # what a kernel may write where its sockets are
_WATCH_SECONDS = 0.2


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


_settings = Settings()


def configure(mode: str, limits: Limits) -> None:
    """Say how this process starts its kernels from now on."""
    global _settings
    _settings = replace(_settings, mode=mode, limits=limits)


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
        trial = [*_bwrap(Path(tempfile.gettempdir()), _user()), "/usr/bin/env", "true"]
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
        context = zmq.Context()
        context.setsockopt(zmq.MAXMSGSIZE, _MESSAGE_BYTES)
        return context


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel over Unix sockets inside the sandbox, and watches what it uses."""

    folder: Path | None = None
    watch: "Watch | None" = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Put the connection into a private folder and the sandbox before the command."""
        self.folder = Path(tempfile.mkdtemp(prefix="course-"))
        manager = self.parent
        manager.transport, manager.ip = "ipc", str(self.folder / "socket")
        manager.connection_file = str(self.folder / "connection.json")
        manager.shell_port, manager.iopub_port, manager.stdin_port = 1, 2, 3
        manager.hb_port, manager.control_port = 4, 5
        manager.client_factory = BoundedClient
        # A signal from outside would reach bubblewrap, not the kernel behind it.
        self.kernel_spec.interrupt_mode = "message"
        kwargs = await super().pre_launch(**kwargs)
        library = _library(self.folder / "lib")
        user = _user()
        if user:
            for path in (self.folder, *self.folder.iterdir()):
                if path != library:
                    os.chown(path, user, user)
        command = [*kwargs["cmd"], "--IPKernelApp.capture_fd_output=False"]
        if _settings.mode == "none":
            kwargs["cmd"] = [*_prlimit(_settings.limits), *command] if shutil.which("prlimit") else command
            kwargs["env"] = os.environ | _environment(self.folder, library)
            kwargs["cwd"] = str(self.folder)
        else:
            variables = _environment(Path("/home/student"), library)
            kwargs["cmd"] = [*_bwrap(self.folder, user, variables), *_prlimit(_settings.limits), *command]
            kwargs["env"] = {"PATH": os.environ.get("PATH", os.defpath)}
            kwargs["cwd"] = "/"
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start it, with its own output thrown away, and start watching."""
        kwargs["stdout"] = kwargs["stderr"] = subprocess.DEVNULL
        info = await super().launch_kernel(cmd, **kwargs)
        self.watch = Watch(self.process.pid, self.folder, _settings.limits)
        self.watch.start()
        return info

    async def kill(self, restart: bool = False) -> None:
        """Kill bubblewrap, and with it everything inside."""
        if self.watch:
            self.watch.ended = True
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

    def __init__(self, pid: int, folder: Path, limits: Limits):
        super().__init__(daemon=True)
        self.pid, self.folder, self.limits = pid, folder, limits
        self.deadline = time.monotonic() + limits.total
        self.cause, self.ended = "", False

    def run(self) -> None:
        """Look every fifth of a second until the kernel has ended or is killed."""
        while not self.ended:
            if time.monotonic() > self.deadline:
                self.cause = "timeout"
            elif _memory(self.pid) > self.limits.memory or _size(self.folder) > _FOLDER_BYTES:
                self.cause = "out_of_memory"
            if self.cause:
                for pid in _family(self.pid):
                    _kill(pid)
                return
            time.sleep(_WATCH_SECONDS)


def _bwrap(folder: Path, user: int, variables: dict[str, str] | None = None) -> list[str]:
    """The bubblewrap command up to the program's own; ``folder`` is the only writable part of the host."""
    command = [
        "bwrap",
        "--die-with-parent",
        "--new-session",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
    ]
    command += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "course"]
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
    for path in ("/dev/shm", "/tmp", "/home/student"):
        command += ["--perms", "1777", "--size", str(_FOLDER_BYTES), "--tmpfs", path]
    command += _python_binds()
    command += ["--bind", str(folder), str(folder)]
    if (library := folder / "lib").exists():
        command += ["--ro-bind", str(library), str(library)]
    command += ["--chdir", "/home/student", "--clearenv"]
    for name, value in (variables or {}).items():
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
        if any(_within(package.parent, prefix) for prefix in [*outer, "/usr"]):
            binds += ["--tmpfs", str(package.parent)]
            for prefix in outer:
                if _within(Path(prefix), str(package.parent)):
                    binds += ["--ro-bind", prefix, prefix]
    else:
        binds += ["--tmpfs", str(package)]
    return binds


def _prlimit(limits: Limits) -> list[str]:
    return [
        "prlimit",
        f"--as={limits.memory}",
        f"--nproc={limits.processes}",
        f"--cpu={int(limits.total)}",
        f"--fsize={_FOLDER_BYTES}",
        "--nofile=512",
        "--core=0",
        "--",
    ]


def _environment(home: Path, library: Path) -> dict[str, str]:
    """All that a kernel is told of its surroundings."""
    return {
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


def _library(target: Path) -> Path:
    """A ``course_lib`` for graded kernels: what running an answer needs, and a refusal in place of the rest."""
    package = Path(course_lib.__file__).resolve().parent
    (target / "course_lib").mkdir(parents=True)
    for path in package.iterdir():
        copy = target / "course_lib" / path.name
        if path.name in _KEPT and path.is_dir():
            shutil.copytree(path, copy, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.name in _KEPT:
            shutil.copyfile(path, copy)
        elif path.suffix == ".py":
            copy.write_text(_QUIET if path.name == "checking.py" else _MASKED)
        elif (path / "__init__.py").exists() or any(path.glob("*.py")):
            copy.mkdir()
            (copy / "__init__.py").write_text(_MASKED)
    return target


def _user() -> int:
    """The user a kernel runs as where we are root: one that owns nothing, different for each grading process."""
    return 20000 + os.getpid() % 40000 if platform.system() == "Linux" and os.getuid() == 0 else 0


def _family(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_text()
            except OSError:
                continue  # it ended just now
            children.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
    family = [pid]
    for member in family:
        family += children.get(member, [])
    return family


def _memory(pid: int) -> int:
    """Bytes that a process and its descendants hold, shared pages counted once."""
    total = 0
    for member in _family(pid):
        try:
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            continue  # it ended just now
    return total


def _size(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_size
            except OSError:
                continue
    return total


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _within(path: Path, folder: str) -> bool:
    return path.is_relative_to(folder)
