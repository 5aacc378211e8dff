"""What a submission leaves for the next one: files, processes, patches, locks. The neighbour finds nothing of it.

How the neighbour finds out is in `attacking.WORLD`; around every test the fixture ``nothing_left`` asks it.
"""

import os
import socket
import textwrap
from contextlib import ExitStack

import pytest
from attacking import EVERYTHING, MARK, SHORT, cheat, graded
from classes import answer_cell, solved, with_cell

from course_lib.grading import sandbox

pytestmark = pytest.mark.usefixtures("bubblewrap")

PLACES = """
import os, sys
home, evil = os.path.expanduser("~"), "import builtins; builtins.evil = 1; raise SystemExit('left by an attack')"
def write(path, text=evil, mode=0o777):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
    except OSError:
        pass
"""
# Each is done before any answer; what can be done without ending the kernel.
LEFT = {
    "files that Python and IPython read as they start": """
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        site = f"{home}/.local/lib/{version}/site-packages"
        for name in ("usercustomize.py", "sitecustomize.py", "numpy.py", "course_lib/__init__.py"):
            write(f"{site}/{name}")
        write(f"{site}/evil.pth", evil)
        for profile in (f"{home}/.ipython/profile_default", f"{home}/.config/ipython/profile_default"):
            for name in ("startup/00-evil.py", "startup/01-evil.ipy", "ipython_config.py", "ipython_kernel_config.py"):
                write(f"{profile}/{name}")
            write(f"{profile}/history.sqlite", "no database")
        for name in (".pythonrc.py", ".profile", ".bashrc", ".matplotlib/matplotlibrc", ".jupyter/jupyter_config.json"):
            write(f"{home}/{name}")
        for top in (home, "/tmp", "/dev/shm", "/sockets", "/library", *sys.path):
            for name in ("numpy", "json", "ipykernel_launcher", "course_lib", "usercustomize"):
                write(f"{top}/{name}.py")
    """,
    "files of every kind": f"""
        for top in (home, "/tmp", "/dev/shm", "/sockets", "/var/tmp", "/run", "/", "/dev", "/usr", sys.prefix):
            write(f"{{top}}/{MARK}")
            try:
                os.mkfifo(f"{{top}}/fifo-{MARK}"), os.symlink("/", f"{{top}}/link-{MARK}")
                os.mkdir(os.fsencode(top) + b"/\\xff\\n{MARK}"), os.mkdir(f"{{top}}/closed-{MARK}", 0)
                os.chdir(top)
                for _ in range(2000):
                    os.mkdir("d" * 100), os.chdir("d" * 100)
            except OSError:
                continue
    """,
    "files that other processes hold": f"""
        for pid in os.listdir("/proc"):
            for way in ("cwd", "root", "root/tmp", "root/home/student", "root/dev/shm", "fd/3", "fd/4", "fd/5"):
                write(f"/proc/{{pid}}/{{way}}/{MARK}")
            for fd in range(16):
                try:
                    os.write(os.open(f"/proc/{{pid}}/fd/{{fd}}", os.O_WRONLY | os.O_NONBLOCK), b"x" * 65536)
                except OSError:
                    pass
    """,
    "processes that will not end": f"""
        import ctypes, signal, socket, time
        libc = ctypes.CDLL(None)
        libc.prctl(36, 1, 0, 0, 0)  # orphans come to this process
        def stay(number):
            for one in range(1, 65):
                try:
                    signal.signal(one, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            libc.prctl(15, b"{MARK}", 0, 0, 0)
            os.setsid()
            if number % 3 == 0 and os.fork():
                os._exit(0)
            kept = socket.socket(socket.AF_UNIX)
            kept.bind(f"\\0{MARK}-{{number}}")
            kept.listen()
            if number % 3 == 1:
                os.kill(os.getpid(), signal.SIGSTOP)
            while True:
                for top in (home, "/tmp", "/dev/shm", "/sockets"):
                    write(f"{{top}}/{MARK}-{{number}}")
                time.sleep(0.2)
        for number in range(9):
            pid = os.fork() if number < 6 else libc.syscall(56, 0x8000 | signal.SIGCHLD, 0, 0, 0, 0)  # as a sibling
            if pid == 0:
                stay(number)
    """,
    "patches in memory": """
        import builtins, course_lib, gc, numpy as np, random, resource, signal
        from course_lib.exercises import answer, exam
        for module in (builtins, np, np.linalg, answer, exam, course_lib, os.path):
            module.evil = 1
        builtins.abs, np.tanh, np.allclose, np.random.default_rng = (lambda *a, **k: 1 for _ in range(4))
        np.seterr(all="raise"), np.set_printoptions(precision=1), np.random.seed(0), random.seed(0)
        for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        os.environ.update(PYTHONSTARTUP="/tmp/numpy.py", PYTHONPATH="/tmp", HOME="/tmp", evil="1")
        os.umask(0o777), os.nice(19), os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
        sys.path.insert(0, "/tmp"), sys.path_hooks.clear(), gc.disable(), sys.setswitchinterval(1)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)), resource.setrlimit(resource.RLIMIT_NPROC, (40, 40))
        open("/proc/self/oom_score_adj", "w").write("1000"), open("/proc/self/timerslack_ns", "w").write("1")
    """,
    "limits for the process above it": """
        import resource
        for number in set(range(16)) - {resource.RLIMIT_CPU}:
            try:
                resource.prlimit(os.getppid(), number, (0, 0))
            except (OSError, ValueError):
                pass
        try:
            os.setpriority(os.PRIO_PROCESS, os.getppid(), 19), os.sched_setaffinity(os.getppid(), [0])
        except OSError:
            pass
    """,
    "locks and connections": """
        import fcntl, socket
        kept = []
        for path in (sys.executable, "/usr/bin/env", os.__file__, "/proc/self/exe", "/dev/null", "/zygote.py"):
            try:
                kept.append(open(path, "rb"))
                fcntl.flock(kept[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pass
        try:
            for _ in range(50):  # each leaves a port that waits for a minute
                listener = socket.create_server(("127.0.0.1", 0))
                one = socket.create_connection(listener.getsockname())
                other = listener.accept()[0]
                one.close(), other.close(), listener.close()
        except OSError:
            pass
    """,
}
ENDS = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.mark.parametrize("what", LEFT)
def test_the_next_submission_finds_nothing_of(what):
    result = cheat(PLACES + textwrap.dedent(LEFT[what]))
    assert (result["status"], result["score"]) == ("ok", 0.0)


def test_the_next_submission_finds_nothing_of_all_this_by_one_that_was_killed():
    nb = with_cell(solved(), ENDS, before="future_leak")
    source = PLACES
    for number, (what, code) in enumerate(LEFT.items()):
        if what != "patches in memory":
            source += f"def leave_{number}():\n{textwrap.indent(textwrap.dedent(code), '    ')}\nleave_{number}()\n"
    result = graded(with_cell(nb, source), limits=SHORT)
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)


def test_the_grader_follows_no_link_that_a_submission_makes(nothing_left):
    """A socket of its kernel, made into a link that leads out of the sandbox."""
    place = str(nothing_left.parent / "link")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen()
        listener.settimeout(0.1)
        cheat(f"""
            import glob, os, time
            from ipykernel.kernelapp import IPKernelApp
            app = IPKernelApp.instance()
            for path in glob.glob(app.ip + "-*"):
                os.unlink(path)
                os.symlink({place!r}, path)
            for fd in os.listdir("/proc/self/fd"):
                if os.path.lexists(f"/proc/self/fd/{{fd}}") and "socket" in os.readlink(f"/proc/self/fd/{{fd}}"):
                    os.close(int(fd))
            time.sleep(5)
        """)
        with pytest.raises(TimeoutError):
            listener.accept()
    (nothing_left.parent / "link").unlink()


# Without what it asks for, an answer is missing: an error below an answer would cost nothing.
TERMINALS = """
import pty
def opened():
    try:
        return [pty.openpty() for _ in range(17)]
    except OSError:
        return []
get_ipython().system("echo it goes through a terminal")
if _exit_code != 0 or opened():
    del rnn_step
"""


def test_each_kernel_has_terminals_of_its_own():
    """The machine has some thousands for all."""
    with sandbox.Zygote((), gpu=False) as zygote, ExitStack() as stack:
        kernels = [stack.enter_context(zygote.fork(SHORT, sandbox._connection())) for _ in range(2)]
        assert len({os.stat(f"{kernel.root}/dev/pts").st_dev for kernel in kernels}) == 2
    nb = solved()
    answer_cell(nb, "rnn_step").source += TERMINALS
    assert graded(nb)["score"] == EVERYTHING
