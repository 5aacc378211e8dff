"""Submissions that break down, or want the grader to: limits, signals, memory, floods, and nonsense on the wire."""

import subprocess
import sys
import textwrap
import time

import pytest
from attacking import EVERYTHING, SHORT, cheat, graded, growth, replying, tell
from classes import NOTEBOOK, answer_cell, solved, stubs, with_cell

from course_lib import exercises
from course_lib.grading.sandbox import Limits

pytestmark = pytest.mark.usefixtures("bubblewrap")

# Each ends the kernel in its own way, as a cell of the student's own: that is forgiven seven times.
DEATHS = {
    "a deep stack in C": (
        "import sys\nsys.setrecursionlimit(10**9)\nclass Deep:\n    __repr__ = lambda self: repr(self)\nrepr(Deep())"
    ),
    "memory at random": "import ctypes, random\nfor _ in range(10**6): ctypes.memset(random.getrandbits(46), 1, 64)",
    "an array of somebody's memory": (
        "import numpy as np\n"
        "class Elsewhere:\n"
        "    __array_interface__ = {'shape': (9,), 'typestr': '<f8', 'version': 3, 'data': (0xDEAD0000, False)}\n"
        "np.array(Elsewhere()).sum()"
    ),
    "an object freed too often": (
        "import ctypes\nnothing = ctypes.py_object(None)\nfor _ in range(10**5): ctypes.pythonapi.Py_DecRef(nothing)"
    ),
    "abort": "import os; os.abort()",
    "another program": "import os; os.execv('/bin/sleep', ['sleep', '60'])",
    "too much time": "import resource, os\nresource.setrlimit(resource.RLIMIT_CPU, (0, 0))\nwhile True: os.getpid()",
}


def test_cells_that_end_the_kernel_in_ways_of_their_own_cost_nothing():
    nb = solved()
    for source in DEATHS.values():
        with_cell(nb, source, before="future_leak")
    result = graded(nb, limits=SHORT, attacks=DEATHS)
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)


# What leaves the kernel alive, and most of it useless. The status that it gets, where that is not ok.
CRIPPLES = {
    "no limit left": (
        """
        import resource
        for number in set(range(16)) - {resource.RLIMIT_CPU}:
            try:
                resource.setrlimit(number, (0, 0))
            except (OSError, ValueError):
                pass
        """,
        "ok",
    ),
    "every descriptor closed": ("import os\nos.closerange(0, 256)", "ok"),
    "every descriptor used": (
        """
        import os
        kept = []
        try:
            while True: kept.append(os.open("/dev/null", os.O_RDONLY))
        except OSError: pass
        """,
        "ok",
    ),
    "every thread used": (
        """
        import threading, time
        try:
            while True: threading.Thread(target=time.sleep, args=(60,)).start()
        except RuntimeError: pass
        """,
        "ok",
    ),
    "interrupts of its own": (
        """
        import os, signal, threading, time
        def nag():
            while True:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.05)
        threading.Thread(target=nag, daemon=True).start()
        """,
        "ok",
    ),
    "no end": (
        """
        import atexit, threading, time, weakref
        class Late:
            def __del__(self):
                while True: time.sleep(1)
        kept, ring = Late(), [Late()]
        ring.append(ring)
        atexit.register(time.sleep, 60)
        threading.Thread(target=time.sleep, args=(60,)).start()
        """,
        "ok",
    ),
    "its parent and first process stopped": (
        """
        import os, signal
        for pid in {1, os.getppid()}:
            try: os.kill(pid, signal.SIGSTOP)
            except OSError: pass
        """,
        "ok",
    ),
    "recursion without a limit": (
        """
        import sys
        sys.setrecursionlimit(2**31 - 1)
        def again(): return again()
        try: again()
        except MemoryError: pass
        """,
        "ok",
    ),
}


@pytest.mark.parametrize("way", CRIPPLES)
def test_a_crippled_kernel_earns_nothing(way):
    source, status = CRIPPLES[way]
    started = time.monotonic()
    result = cheat(source)
    assert (result["status"], result["score"]) == (status, 0.0), result["message"]
    assert time.monotonic() - started < 45


# What takes memory, and what its limit of 1 GiB makes of it.
MEMORY = {
    "a terabyte of one number": ("import numpy as np\nreturn np.broadcast_to(0.0, (10**6, 10**6))", "out_of_memory"),
    "a dictionary without end": (
        "class Endless(dict):\n"
        "    items = lambda self: ((str(n), 1.0) for n in __import__('itertools').count())\n"
        "return Endless()",
        "timeout",
    ),
    "sockets": (
        """
        import os, socket, time
        def fill():
            kept = []
            try:
                while True:
                    kept += socket.socketpair()
                    for one in kept[-2:]:
                        one.setblocking(False)
                        try:
                            while True: one.send(bytes(30_000))
                        except BlockingIOError: pass
            except OSError: time.sleep(60)
        for _ in range(40):
            if os.fork() == 0: fill()
        time.sleep(60)
        """,
        "out_of_memory",
    ),
    "pipes": (
        """
        import fcntl, os, time
        for _ in range(40):
            if os.fork() == 0:
                try:
                    while True:
                        _, end = os.pipe()
                        os.set_blocking(end, False)
                        try: fcntl.fcntl(end, 1031, 1 << 20)
                        except OSError: pass
                        try:
                            while True: os.write(end, bytes(65536))
                        except BlockingIOError: pass
                except OSError: time.sleep(60)
        time.sleep(60)
        """,
        "timeout",  # the system keeps what a user may have in pipes below 64 MB
    ),
}


@pytest.mark.parametrize("where", MEMORY)
def test_memory_is_bounded_wherever_it_is(where):
    code, status = MEMORY[where]
    source = "def rnn_step(*args):\n" + textwrap.indent(textwrap.dedent(code), "    ")
    result = replying("rnn_step", source, Limits(cell=4.0, total=20.0, memory=2**30))
    assert (result["status"], result["score"]) == (status, 0.0)


# What takes memory that no process is charged for, or keeps others from a file: each ends in an error, or has happened.
UNCOUNTED = {
    "shared memory that nobody need map": "mmap.mmap(-1, 1 << 20)",
    "shared memory of a device": "mmap.mmap(os.open('/dev/zero', os.O_RDWR), 1 << 20)",
    "memory with a name": "os.memfd_create('memory')",
    "pages in a pipe": "call(libc.vmsplice, pipe[1], (ctypes.c_size_t * 2)(ctypes.addressof(page), 4096), 1, 0)",
    "pages of a file in a pipe": "call(libc.splice, file.fileno(), None, pipe[1], None, 4096, 0)",
    "locks": "fcntl.lockf(file, fcntl.LOCK_EX, 1, 5)",
    "locks of another kind": "fcntl.fcntl(file, 37, struct.pack('hhqqi', 1, 0, 9, 1, 0))",
    "a watch": "call(libc.inotify_init)",
    "another watch": "call(libc.inotify_init1, 0)",
    "a watch on a folder": "fcntl.fcntl(os.open(os.getcwd(), 0), 1026, 0x20)",
    "a lease": "fcntl.fcntl(os.open(file.name, 0), 1024, fcntl.F_WRLCK)",
}
HAPPENED = f"""
import ctypes, fcntl, mmap, os, struct, tempfile
libc, page, pipe, happened = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(4096), os.pipe(), []
file = tempfile.NamedTemporaryFile("w")
file.write("x" * 4096), file.flush(), file.seek(0)
writing, name = file, file.name
file = open(name, "r+b")
def call(function, *arguments):
    if function(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")
for name, code in {UNCOUNTED!r}.items():
    if name == "a lease":  # of a file that nobody else has open
        writing.file.close(), file.close()
    try:
        eval(code)
    except OSError:
        continue
    happened.append(name)
"""


def test_what_no_limit_counts_is_refused():
    assert tell(f"exec({HAPPENED!r}, space := {{}})\ntold = space['happened']") == "[]"


def test_what_no_limit_counts_happens_where_nobody_refuses_it():
    said = subprocess.run([sys.executable, "-c", HAPPENED + "print(happened)"], capture_output=True, text=True)
    assert said.stdout == f"{list(UNCOUNTED)}\n", said.stderr


# Messages on every channel but that of outputs, and replies that come but never end.
FLOODS = {
    "questions": "while True: k.session.send(k.stdin_socket, 'input_request', {'prompt': 'x' * 3_000_000}, ident=who)",
    "control": "while True: k.session.send(k.control_stream.socket, 'debug_reply', {'x': 'x' * 3_000_000}, ident=who)",
    "replies": "while True: k.session.send(k.shell_stream.socket, 'execute_reply', {'x': 'x' * 3_000_000}, ident=who)",
    "never idle": "k._publish_status = lambda *a, **o: None",
    "signatures of any length": (
        "import os\nwhile True: k.iopub_socket.send_multipart([b'<IDS|MSG>', os.urandom(2_000_000), *[b'{}'] * 4])"
    ),
}


@pytest.mark.parametrize("channel", FLOODS)
def test_no_channel_can_be_flooded(channel):
    source = f"k = get_ipython().kernel\nwho = k._shell_parent_ident.get()\n{FLOODS[channel]}"
    started = time.monotonic()
    result, swollen = growth(lambda: cheat(source))
    # On a busy machine the flood may end the kernel only in a later cell, which then counts.
    assert result["status"] in ("ok", "crashed") and result["score"] == 0.0
    assert swollen < 600 and time.monotonic() - started < 45


# What comes out of the sockets of a kernel that speaks no ZeroMQ any more. The grader reads it in C.
WIRE = """
import os, random, socket, struct, threading, time
from ipykernel.kernelapp import IPKernelApp
place = IPKernelApp.instance().ip
hello = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
def command(name, body):
    return b"\x04" + bytes([1 + len(name) + len(body), len(name)]) + name + body
kind = b"\x0bSocket-Type" + struct.pack(">I", 6) + b"ROUTER"
ready = command(b"READY", kind)
words = [
    b"", os.urandom(65536), b"\xff" * 100, bytes(1000), hello[:10], hello[:30],
    b"\x01\x00" * 1000, b"\xff" + bytes(8) + b"\x7f\x00\x05" + b"\x00\x00" * 99, hello.replace(b"NULL", b"CURVE"),
    hello.replace(b"NULL", b"\xff" * 4), hello + b"\x06" + struct.pack(">Q", 2**63 - 1), hello + ready[:-3],
    hello + ready + b"\x02" + struct.pack(">Q", 2**62) + b"x", hello + ready * 1000, hello + b"\x04\x00",
    hello + command(b"READY", b"\xff" * 20), hello + command(b"READY", kind[:12] + b"\xff" * 4),
    hello + command(b"ERROR", b"\xff" + b"x" * 9), hello + ready + command(b"PING", b"\xff" * 30) * 99,
    hello + ready + command(b"SUBSCRIBE", b"x" * 99) * 999, hello + ready + b"\x01\x00" * 10**6,
    hello + ready + b"\x03" + struct.pack(">Q", 2**40), hello + ready + b"\xff" * 999,
    hello + ready + b"\x00\xff" + os.urandom(255) * 9,
]
for fd in os.listdir("/proc/self/fd"):
    if os.path.lexists(f"/proc/self/fd/{fd}") and "socket" in os.readlink(f"/proc/self/fd/{fd}"):
        os.close(int(fd))
def speak(port):
    path = f"{place}-{port}"
    os.unlink(path)
    one, turn = socket.socket(socket.AF_UNIX), port
    one.bind(path)
    one.listen()
    while True:
        other, turn = one.accept()[0], turn + 1
        said = words[turn % len(words)] if turn < 2 * len(words) else hello + ready + os.urandom(random.randrange(999))
        try:
            other.sendall(said)
            other.settimeout(0.05)
            other.recv(9999)
        except OSError:
            pass
        other.close()
for port in range(1, 6):
    threading.Thread(target=speak, args=(port,), daemon=True).start()
time.sleep(60)
"""


def test_nonsense_on_the_wire_costs_only_the_cell_that_speaks_it():
    result, swollen = growth(lambda: graded(with_cell(solved(), WIRE), limits=Limits(cell=4.0, extra=4.0, total=40.0)))
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)
    assert swollen < 300


# Exceptions that are called what the grader calls what becomes of a cell, one for each exercise.
NAMES = ("ended", "timeout", "not run", "no answer", "out_of_memory", "")


def test_an_error_by_any_name_is_an_error():
    nb = stubs()
    for exercise, name in zip(exercises.of_notebook(NOTEBOOK), NAMES, strict=True):
        answer_cell(nb, exercise.id).source = f"raise type({name!r}, (Exception,), {{}})('what it says')"
    result = graded(nb, attacks=map(repr, NAMES))
    assert (result["status"], result["score"]) == ("ok", 0.0)
