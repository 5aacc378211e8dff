"""Where a submission's kernel runs: bubblewrap for what it may see, rlimits and a watch for what it may use.

`SandboxProvisioner` and `OpenProvisioner` are ordinary Jupyter kernel provisioners, so nbval uses them without knowing.
The first forks kernels from a warm parent that waits inside bubblewrap, see `zygote`; the second starts them as they
are always started, for code that is trusted.
"""

import atexit
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.provisioning import KernelProvisionerBase, LocalProvisioner
from traitlets import default

from course_lib import backend
from course_lib.grading import jail, seccomp
from course_lib.grading.watch import Watch, descendants, kill_all

MODES = ("auto", "bwrap", "none")
_MESSAGE_BYTES = 4 * 2**20  # the largest part of a message a kernel may send; answers are far smaller
_FILE_BYTES = 64 * 2**20  # the largest file a kernel may write
_PORTS = range(1, 6)  # sockets have no ports, but are named by them
_KERNEL = 2  # the number of its process in its own namespace: the first child of the first
_START_SECONDS = 60.0
_WELCOME_SECONDS = 0.2


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
    gpu: bool = False


_settings = Settings()


def configure(mode: str, limits: Limits, needs: tuple[str, ...], gpu: bool) -> None:
    """Say how this process starts its kernels from now on, and what is there in them.

    Args:
        mode: ``"bwrap"`` or ``"none"``.
        limits: what they may use.
        needs: parts of course_lib that are there.
        gpu: whether the GPU is.
    """
    global _settings
    _settings = Settings(mode, limits, needs, gpu)


def provisioner() -> str:
    """What starts kernels in this process, by its name among Jupyter's kernel provisioners."""
    return "course-open" if _settings.mode == "none" else "course-sandbox"


def choose(mode: str, elsewhere: bool = False) -> str:
    """The mode that ``mode`` stands for.

    Args:
        mode: one of `MODES`.
        elsewhere: other machines grade, and each looks for itself whether it has what this needs.

    Raises:
        SandboxUnavailable: if it needs bubblewrap and that does not work here.
        ValueError: if there is no such mode.
    """
    if mode not in MODES:
        raise ValueError(f"--sandbox is one of {', '.join(MODES)}, not {mode!r}")
    if mode == "none":
        return mode
    if not elsewhere and (problem := unavailable()):
        raise SandboxUnavailable(
            f"{problem} Without a sandbox a submission can read and change whatever you can. "
            "`--sandbox none` grades without one, for code that you trust."
        )
    return "bwrap"


def unavailable() -> str:
    """Why submissions cannot be isolated here, with what mends it; empty where they can."""
    if shutil.which("bwrap") is None:
        return "bwrap is not installed: apt-get install bubblewrap (or your system's package bubblewrap)."
    try:
        with Zygote((), gpu=False) as zygote, zygote.fork(Limits(), _connection()):
            return ""
    except OSError as error:
        return (
            f"bubblewrap does not work: {error}. "
            "Where user namespaces are switched off: sysctl kernel.unprivileged_userns_clone=1."
        )


class BoundedClient(BlockingKernelClient):
    """A kernel client that hangs up on a message larger than any honest one."""

    @default("context")
    def _context_default(self) -> zmq.Context:
        self._created_context = True
        return _bounded(zmq.Context())


class WarmClient(BoundedClient):
    """The client of a kernel that has said already that it is ready."""

    def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the kernel's welcome on the channel of outputs; nbval asks an older kernel, that sends none."""
        try:
            self.get_iopub_msg(timeout=_WELCOME_SECONDS)
        except (Empty, ValueError):
            return


class Kernel:
    """A forked kernel, known by the first process of its namespaces.

    Args:
        pid: that process, as it is called here.
        limits: what the kernel may use.
    """

    def __init__(self, pid: int, limits: Limits):
        self.root = f"/proc/{pid}/root"
        self.ended = os.pidfd_open(pid)  # a file that can be read once it has ended; names no other process later
        schedule, sockets = f"{self.root}/proc/{_KERNEL}/schedstat", f"{self.root}/proc/1/net/sockstat"
        self.watch = Watch(limits.total, limits.memory, self._family, self._signal, schedule, sockets)
        self.watch.start()

    def is_alive(self) -> bool:
        """Whether it is still there."""
        return not select.select([self.ended], [], [], 0)[0]

    def kill(self) -> None:
        """Kill all its processes, and return when the last is gone."""
        self._signal()
        select.select([self.ended], [], [])

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: Any) -> None:
        """Kill it, and forget it."""
        self.kill()
        self.watch.end()
        self.watch.join()
        os.close(self.ended)

    def _signal(self) -> None:
        try:
            signal.pidfd_send_signal(self.ended, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _family(self) -> list[str]:
        try:
            return [entry.path for entry in os.scandir(f"{self.root}/proc") if entry.name.isdigit()]
        except OSError:
            return []  # it ended just now


class Zygote:
    """This side of the warm parent: starts it in bubblewrap, and has it fork kernels.

    Args:
        needs: parts of course_lib that its kernels may use.
        gpu: whether they may use the GPU. The parent itself never does: no child inherits a context of CUDA.

    Raises:
        OSError: if it does not start.
    """

    def __init__(self, needs: tuple[str, ...], gpu: bool):
        self.needs, self.gpu, self.user = needs, gpu, jail.user()
        self._control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        modules = ("ipykernel.kernelapp", "numpy", "course_lib.exercises.exam", *(f"course_lib.{n}" for n in needs))
        modules += (backend.GPU_MODULE,) * gpu
        program = [sys.executable, "/zygote.py", str(inside.fileno()), *modules]
        self._process = subprocess.Popen(
            [*jail.command(self.user, gpu), *program],
            pass_fds=[inside.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        inside.close()
        atexit.register(self.stop)
        asked = {"library": jail.library(needs), "kernel": _connection()}
        try:
            with self._process.stdin as beginning:
                beginning.write(json.dumps(asked).encode())
            self._control.settimeout(_START_SECONDS)
            ready = self._control.recv(100) == b"ready"
        except OSError:  # it ended, or says nothing for very long
            ready = False
        if not ready:
            self.stop()
            raise OSError(self._said or "the parent of the kernels did not start")

    def fork(self, limits: Limits, connection: dict[str, Any]) -> Kernel:
        """Have it fork a kernel, bound to its sockets.

        Raises:
            OSError: if there is none; the words are those of the process that failed.
        """
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with here, there:
            here.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            here.settimeout(_START_SECONDS)
            socket.send_fds(self._control, [json.dumps(self._request(limits, connection)).encode()], [there.fileno()])
            there.close()
            word, extra, *_ = here.recvmsg(4096, 4096)
            if word != b"first":
                raise OSError(word.decode() or "the parent of the kernels ended")
            # The kernel, ours, writes who the sender is, by the numbers of this side.
            kernel = Kernel(struct.unpack("iii", extra[0][2])[0], limits)
            word = here.recv(4096)
            if word != b"ready":
                with kernel:
                    raise OSError(word.decode() or "the kernel ended")
            return kernel

    def is_alive(self) -> bool:
        """Whether it can fork."""
        return self._process.poll() is None

    def __enter__(self) -> "Zygote":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, and with it all its kernels."""
        atexit.unregister(self.stop)
        self._control.close()
        self._process.kill()
        with self._process.stderr as stderr:
            self._said = stderr.read().decode(errors="replace").strip()[-500:]
        self._process.wait()

    def _request(self, limits: Limits, connection: dict[str, Any]) -> dict[str, Any]:
        return {
            "kernel": connection,
            "disks": jail.disks(),
            "keep": jail.prefixes(),
            "limits": _rlimits(limits, self.gpu) | {"RLIMIT_NPROC": limits.processes},
            "user": self.user,
            "seccomp": seccomp.program(self.gpu).hex(),
        }


_zygote: Zygote | None = None


def _warm() -> Zygote:
    """The warm parent of this process's kernels, started anew where it is gone or fits other kernels."""
    global _zygote
    fitting = (_settings.needs, _settings.gpu)
    if _zygote and ((_zygote.needs, _zygote.gpu) != fitting or not _zygote.is_alive()):
        _zygote.stop()
        _zygote = None
    _zygote = _zygote or Zygote(*fitting)
    return _zygote


def _connection() -> dict[str, Any]:
    """How to talk to a kernel in the sandbox that nobody has anything to say to."""
    ports = dict(zip(("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port"), _PORTS, strict=True))
    where = {"transport": "ipc", "ip": f"{jail.SOCKETS}/socket", "signature_scheme": "hmac-sha256"}
    return {"key": uuid4().hex, **where, **ports}


def _rlimits(limits: Limits, gpu: bool) -> dict[str, int]:
    """What each process may use, by the names of the system.

    CUDA reserves addresses for all memory of machine and GPU, so with it none of them can be a limit: the watch, which
    counts what is really held, remains.
    """
    return {
        **({} if gpu else {"RLIMIT_AS": limits.memory}),
        "RLIMIT_CPU": int(limits.total),
        "RLIMIT_FSIZE": _FILE_BYTES,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_CORE": 0,
    }


class SandboxProvisioner(KernelProvisionerBase):
    """Has a kernel forked inside the sandbox, which talks over Unix sockets on a disk in there."""

    kernel: Kernel | None = None
    watch: Watch | None = None

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel."""
        return self.kernel is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose how to talk."""
        _talk_over_sockets(self.parent, f"{jail.SOCKETS}/socket", WarmClient)
        self.kernel_spec.interrupt_mode = "message"  # a signal would reach the first process, not the kernel
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Have it forked, and say where its sockets are seen from here."""
        manager = self.parent
        connection = manager.get_connection_info()
        self.kernel = _warm().fork(_settings.limits, connection | {"key": connection["key"].decode()})
        self.watch = self.kernel.watch
        self.connection_info = connection | {"ip": f"{self.kernel.root}{jail.SOCKETS}/socket"}
        # The manager keeps what it connects to in a file, which has to be somewhere.
        manager.connection_file = str(Path(tempfile.gettempdir(), f"course-{uuid4().hex}.json"))
        return self.connection_info

    async def poll(self) -> int | None:
        """None while it runs."""
        return None if self.kernel and self.kernel.is_alive() else 0

    async def wait(self) -> int | None:
        """Wait for its end."""
        if self.kernel:
            with self.kernel:
                self.kernel = None
        return 0

    async def send_signal(self, signum: int) -> None:
        """Only an end can be sent: interrupts are messages."""
        await self.kill()

    async def kill(self, restart: bool = False) -> None:
        """Kill it with all it has started."""
        if self.kernel:
            self.kernel.kill()

    async def terminate(self, restart: bool = False) -> None:
        """The same: it has nothing to save."""
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is left of it."""


class OpenProvisioner(LocalProvisioner):
    """Starts a kernel without a sandbox, for code that is trusted, and watches what it uses."""

    folder: Path | None = None
    watch: Watch | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Put the connection and the kernel's course_lib into a private folder, and the limits before the command."""
        self.folder = Path(tempfile.mkdtemp(prefix="course-"))
        _talk_over_sockets(self.parent, str(self.folder / "socket"), BoundedClient)
        self.parent.connection_file = str(self.folder / "connection.json")
        self.kernel_spec.interrupt_mode = "message"
        kwargs = await super().pre_launch(**kwargs)
        for name, text in jail.library(_settings.needs).items():
            path = self.folder / "library" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        limits = []
        if shutil.which("prlimit"):
            each = _rlimits(_settings.limits, _settings.gpu).items()
            limits = ["prlimit", *(f"--{name[7:].lower()}={most}" for name, most in each), "--"]
        kwargs["cmd"] = [*limits, *kwargs["cmd"], "--IPKernelApp.capture_fd_output=False"]
        kwargs["env"] = os.environ | jail.environment(str(self.folder), str(self.folder / "library"))
        kwargs["cwd"] = str(self.folder)
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start it, with its own output thrown away, and start watching."""
        kwargs["stdout"] = kwargs["stderr"] = subprocess.DEVNULL
        await super().launch_kernel(cmd, **kwargs)
        schedule = f"/proc/{self.pid}/schedstat"
        self.watch = Watch(_settings.limits.total, _settings.limits.memory, self._family, self._kill, schedule)
        self.watch.start()
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill it, and all that it started."""
        self._kill()
        await super().kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the private folder."""
        if self.watch:
            self.watch.end()
        if self.folder and not restart:
            shutil.rmtree(self.folder, ignore_errors=True)
        await super().cleanup(restart)

    def _family(self) -> list[str]:
        return descendants(self.pid)

    def _kill(self) -> None:
        if self.process and self.process.poll() is None:
            kill_all(self._family())


def _talk_over_sockets(manager: Any, place: str, client: type[BoundedClient]) -> None:
    """Have a kernel's manager talk over Unix sockets whose names begin with a path."""
    manager.transport, manager.ip = "ipc", place
    manager.shell_port, manager.iopub_port, manager.stdin_port, manager.hb_port, manager.control_port = _PORTS
    manager.client_factory = client
    _bounded(manager.context)


def _bounded(context: zmq.Context) -> zmq.Context:
    context.setsockopt(zmq.MAXMSGSIZE, _MESSAGE_BYTES)
    return context
