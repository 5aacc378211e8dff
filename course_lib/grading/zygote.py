"""The warm parent of graded kernels: the one program that bubblewrap starts, run as ``python zygote.py FD MODULE…``.

Starting Python and importing NumPy, IPython and ipykernel takes most of the time of a small notebook. So this process
does it once; then it forks. Each kernel gets namespaces of its own for processes, mounts and IPC: it sees no process
but its own, and empty disks. When the first process in them is killed, all others die, and the disks are gone.

No line of a submission runs in the parent, and it keeps no secret: it knows what Python knows. The file needs nothing
but the standard library and what it imports for kernels, since it runs where there is no course.
"""

import ctypes
import gc
import importlib
import json
import os
import resource
import socket
import struct
import sys
import traceback
from pathlib import Path
from typing import Any

_MOST_BYTES = 2**20  # of what the grader sends
_CLONE_NEWNS, _CLONE_NEWPID, _CLONE_NEWIPC, _CLONE_NEWNET = 0x00020000, 0x20000000, 0x08000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT, _MS_NOSYMFOLLOW = 1, 2, 4, 8, 32, 256
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_SCM_CREDENTIALS = 2

_CONNECTION = Path("/sockets/connection.json")
_SETTINGS = [
    "--IPKernelApp.capture_fd_output=False",
    "--Kernel._execute_sleep=0",  # what it would wait for after each cell, the last of its output, is not read
    "--HistoryManager.enabled=False",
]

_libc = ctypes.CDLL(None, use_errno=True)


def main(control: socket.socket, modules: list[str]) -> None:
    """Import what kernels need, say "ready", then fork a kernel for each request until the grader hangs up."""
    _system("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)  # closed to ptrace and to /proc, even for the same user
    asked = json.load(sys.stdin)
    _write_library(asked["library"])
    for name in modules:
        importlib.import_module(name)
    _rehearse(asked["kernel"])
    application = _begin()
    gc.collect()
    gc.freeze()  # so that a kernel's own collections do not copy the parent's pages
    own = os.open("/proc/self/ns/pid", os.O_RDONLY)
    control.send(b"ready")
    while True:
        data, files, *_ = socket.recv_fds(control, _MOST_BYTES, 1)
        if not data:
            return
        _system("unshare", _CLONE_NEWPID)  # for the next child, and from there for the next of it
        if os.fork() == 0:
            control.close()
            os.close(own)
            _hold(json.loads(data), application, socket.socket(fileno=files[0]))
        _system("setns", own, _CLONE_NEWPID)
        os.close(files[0])
        _reap()


def _write_library(texts: dict[str, str]) -> None:
    """Write the ``course_lib`` of graded kernels on a disk of its own, and close it."""
    place = "/library"
    _mount("tmpfs", place, _MS_NOSUID | _MS_NODEV, "mode=0755")
    for name, text in texts.items():
        path = Path(place, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _mount("tmpfs", place, _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV, "")
    sys.path.insert(0, place)


def _rehearse(connection: dict) -> None:
    """Find out which modules a kernel imports only as it starts, and import them here.

    A child starts one and names them; it knows no secret and runs no submission.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        before = set(sys.modules)
        _silence()
        _start(_begin(), connection)
        os.write(writing, " ".join(set(sys.modules) - before).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as names:
        for name in sorted(names.read().split()):
            try:
                importlib.import_module(name)
            except Exception:  # not every name in sys.modules can be imported; then the kernel does without
                continue
    os.waitpid(child, 0)


def _hold(asked: dict, application: Any, report: socket.socket) -> None:
    """Be the first process of a kernel's namespaces: shut them off, start the kernel, and end when it ends."""
    try:
        _enclose(asked)
        os.chdir("/")  # the folder that it came from is the parent's
        _silence()
        who = struct.pack("iii", os.getpid(), os.getuid(), os.getgid())
        report.sendmsg([b"first"], [(socket.SOL_SOCKET, _SCM_CREDENTIALS, who)])
        for name, most in asked["limits"].items():
            resource.setrlimit(getattr(resource, name), (most, most))
        _give_up_rights(asked["user"], bytes.fromhex(asked["seccomp"]))
        kernel = os.fork()
        if kernel == 0:
            _run(application, asked["kernel"], report)
        report.close()
        while os.wait()[0] != kernel:
            pass
    except BaseException:
        report.send(traceback.format_exc()[-2000:].encode())
    finally:
        os._exit(0)


def _run(application: Any, connection: dict, report: socket.socket) -> None:
    """Be the kernel."""
    try:
        os.setsid()
        os.chdir(os.environ["HOME"])
        _silence()
        _start(application, connection)
        report.send(b"ready")
        report.close()
    except BaseException:
        report.send(traceback.format_exc()[-2000:].encode())
        os._exit(1)
    try:
        application.start()
    finally:
        os._exit(0)


def _begin() -> Any:
    """A kernel application with all that it can have before there is a connection."""
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.kernelapp import IPKernelApp
    from ipykernel.zmqshell import ZMQInteractiveShell
    from IPython.core.application import BaseIPythonApplication

    class Settings(BaseIPythonApplication):
        """The part of the application that reads its settings: once, here."""

        def initialize(self, argv: list[str] | None = None) -> None:
            """Read the settings, if there are any."""
            if argv is not None:
                super().initialize(argv)

    class Application(IPKernelApp, Settings):
        """Its own `initialize` begins with that of the settings, and then starts the kernel."""

    application = Application.instance()
    Settings.initialize(application, ["-f", str(_CONNECTION), *_SETTINGS])
    ZMQInteractiveShell.instance(
        parent=application, profile_dir=application.profile_dir, compiler_class=XCachingCompiler
    )
    return application


def _start(application: Any, connection: dict) -> None:
    """Bind a kernel to its sockets."""
    _CONNECTION.write_text(json.dumps(connection))
    application.initialize()
    application.shell.kernel = application.kernel


def _silence() -> None:
    """Read nothing, and print to nobody."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def _enclose(asked: dict) -> None:
    """Enter new namespaces for mounts and IPC; mount a /proc of the own processes and empty disks."""
    _system("unshare", _CLONE_NEWNS | _CLONE_NEWIPC | _CLONE_NEWNET)
    _mount(None, "/", _MS_REC | _MS_PRIVATE, None)
    _mount("proc", "/proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "")
    # Its own terminals: all others of the machine, which have a number that it could use up, are out of its reach.
    _mount("devpts", "/dev/pts", _MS_NOSUID | _MS_NOEXEC, "ptmxmode=0666,mode=0620,max=16")
    for place, options in asked["disks"].items():
        # Python itself may lie below /tmp. What is covered is still there for who holds it open.
        held = {path: os.open(path, os.O_PATH) for path in asked["keep"] if path.startswith(place + "/")}
        # No link: the grader reaches for the sockets from outside, where one would lead to what it sees itself.
        _mount("tmpfs", place, _MS_NOSUID | _MS_NODEV | _MS_NOSYMFOLLOW, options)
        for path, file in held.items():
            os.makedirs(path)
            _system("mount", f"/proc/self/fd/{file}".encode(), path.encode(), None, _MS_BIND | _MS_REC, None)
            os.close(file)


def _give_up_rights(user: int, rules: bytes) -> None:
    """Become a user that owns nothing, without any capability, for whom system calls are filtered."""
    for number in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)  # an error: there are not that many
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    _system("capset", struct.pack("Ii", _LINUX_CAPABILITY_VERSION_3, 0), bytes(24))
    _system("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _system("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)  # the grader reads what it uses
    if rules:
        program = ctypes.create_string_buffer(rules, len(rules))
        header = struct.pack("HxxxxxxP", len(rules) // 8, ctypes.addressof(program))
        _system("prctl", _PR_SET_SECCOMP, 2, header, 0, 0)


def _reap() -> None:
    """Take leave of kernels that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _mount(kind: str | None, place: str, flags: int, options: str | None) -> None:
    name, data = kind and kind.encode(), options and options.encode()
    _system("mount", name, place.encode(), name, flags, data)


def _system(name: str, *arguments: object) -> None:
    """A system call of the C library.

    Raises:
        OSError: if it fails.
    """
    # Not every argument is an int, and ctypes would cut what is: pass flags as the longs they are.
    longs = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    if getattr(_libc, name)(*longs) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
