"""What a submission can see of anything but itself: other processes, other submissions, the grader, the machine."""

import ctypes
import os
import socket
from contextlib import ExitStack

import attacking
import pytest
from attacking import CANARY, DECOYS, graded
from classes import NOTEBOOK, ROOT, answer_cell, stubs, texts, with_cell

from course_lib import exercises
from course_lib.grading.sandbox import Limits

pytestmark = pytest.mark.usefixtures("bubblewrap")

SECRET = "not for students at all"

# Each adds to ``found`` what it got hold of. ``near`` says where things are that it should not reach, ``others`` are
# processes that are not the kernel's own, ``reaches(call, …)`` is whether a call does not fail.
PROBES = {
    "other processes": """
        for pid in others:
            held = os.listdir(f"/proc/{pid}/fd") if reaches(os.listdir, f"/proc/{pid}/fd") else []
            leads = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in held} - {"/dev/null"}
            found += [f"{pid} holds {target}" for target in sorted(leads)]
            found += [f"{pid} sees other files" for top in ("root", "cwd") if sees_other_files(pid, top)]
            found += [f"{pid} knows {word}" for word in within(pid)]
    """,
    "what others were called with": """
        said = " ".join(read(f"/proc/{pid}/cmdline") for pid in others)
        found += [word for word in ("pytest", "grade", "secret", "solutions", near["home"]) if word in said]
    """,
    "calls to other processes": """
        calls = {
            "kill": lambda pid: os.kill(pid, 0),
            "limits": lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE),
            "nice": lambda pid: os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid)),
            "cores": lambda pid: os.sched_setaffinity(pid, os.sched_getaffinity(pid)),
            "policy": lambda pid: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0)),
        }
        numbers = {"attach": 101, "read": 310, "write": 311, "compare": 312, "advise": 440} if numbered else {}
        for pid in [*others, *near["pids"]]:
            if pid not in others or os.stat(f"/proc/{pid}").st_uid != os.getuid():
                found += [f"{name} {pid}" for name, call in calls.items() if reaches(call, pid)]
            for name, number in numbers.items():
                arguments = (16, pid, 0, 0) if name == "attach" else (pid, 0, 0, 0, 0)
                found += [f"{name} {pid}"] if libc.syscall(number, *arguments) >= 0 else []
            if numbered and reaches(os.pidfd_open, pid):
                handle = os.pidfd_open(pid)
                found += [f"descriptor {fd} of {pid}" for fd in range(32) if libc.syscall(438, handle, fd, 0) >= 0]
    """,
    "descriptors that were handed on": """
        held = {int(fd): os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                if os.path.lexists(f"/proc/self/fd/{fd}")}
        for fd, target in held.items():
            mode = os.fstat(fd).st_mode
            if stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and not target.startswith(("/usr", sys.prefix, home))):
                found.append(target)
            if stat.S_ISFIFO(mode) and list(held.values()).count(target) == 1:
                found.append(f"one end of {target}")
            if stat.S_ISSOCK(mode):
                one = socket.socket(fileno=os.dup(fd))
                whose = int.from_bytes(one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 4), sys.byteorder)
                with_a_name = one.getsockname() or (reaches(one.getpeername) and one.getpeername())
                found += [f"a socket of {whose}"] if not with_a_name and whose != os.getpid() else []
    """,
    "memory": """
        found += within("self")
        found += [line for line in open("/proc/self/maps") if line.split()[1] in ("rw-s", "-w-s")]  # shared with whom?
    """,
    "objects": """
        found += sorted(name for name in sys.modules if name.startswith(("course_lib.grading", "nbval", "_pytest")))
        kinds = {f"{type(one).__module__}.{type(one).__name__}" for one in gc.get_objects()}
        ours = r"course_lib.*(Sheet|Verdict|Texts|Course|Job|Exam|Key)$"
        found += sorted(kind for kind in kinds if re.match(ours, kind))
    """,
    "the environment": """
        said = read("/proc/self/environ") + str(os.environ)
        words = [near["home"], *((first + second).decode() for first, second in near["needles"])]
        found += [word for word in ["SECRET", "TOKEN", "PYTEST", "KEPT", *words] if word in said]
    """,
    "files near the grader": """
        ways = ("", "/proc/self/root", "/proc/1/root", "/proc/1/cwd", f"/proc/{os.getppid()}/root", "../../..")
        found += [way + path for way in ways for path in near["files"] if os.path.lexists(way + path)]
    """,
    "files of others": """
        for top in ("/tmp", "/dev/shm", "/home", "/var", "/run", "/root", "/mnt", "/srv", "/opt"):
            for place, _, names in os.walk(top):
                if not place.startswith((sys.prefix, sys.base_prefix)):
                    found += [os.path.join(place, name) for name in names if re.search("neighbour|[.]ipynb", name)]
    """,
    "memory between processes": """
        kinds = ("shm", "msg", "sem")
        found += [kind for kind in kinds if read(f"/proc/sysvipc/{kind}").count("\\n") > 1]
        libc.shmat.restype = ctypes.c_ssize_t
        found += ["attached"] if libc.shmat(near["segment"], None, 0o10000) != -1 else []
        found += read("/proc/keys").splitlines()
    """,
    "sockets": """
        for family, address in near["sockets"]:
            with socket.socket(family) as one:
                one.settimeout(0.3)
                found += [str(address)] if reaches(one.connect, address) else []
        found += [word for word in read("/proc/net/unix").split() if word.startswith("@")]
    """,
    "families of sockets": """
        names = {int(number): name for name, number in vars(socket).items() if name.startswith("AF_")}
        for family in set(range(64)) - {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}:
            made = [fd for kind in (1, 2, 3, 5) if (fd := libc.socket(family, kind, 0)) >= 0]
            found += [names.get(family, str(family))] if made else []
            for fd in made:
                os.close(fd)
    """,
    "system calls by number": """
        user, some = 0x10000000, bytes(120)
        calls = {
            "unshare": (272, user), "setns": (308, 0, 0), "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0),
            "clone": (56, user | signal.SIGCHLD, 0, 0, 0, 0), "clone3": (435, some, 88), "fsopen": (430, b"tmpfs", 0),
            "memfd_create": (319, b"x", 0), "memfd_secret": (447, 0), "shmget": (29, 0, 4096, 0o1600),
            "msgget": (68, 0, 0o1600), "semget": (64, 0, 1, 0o1600), "mq_open": (240, b"x", 0o102, 384, 0),
            "add_key": (248, b"user", b"x", b"x", 1, -2), "keyctl": (250, 0, -3, 1), "bpf": (321, 0, some, 99),
            "perf_event_open": (298, some, 0, -1, -1, 0), "userfaultfd": (323, 1), "io_uring_setup": (425, 1, some),
            "io_setup": (206, 1, some),
            "open_by_handle_at": (304, -100, some, 0), "sethostname": (170, b"x", 1), "chroot": (161, b"/tmp"),
        }
        for name, (number, *arguments) in (calls if numbered else {}).items():
            arguments = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
            for way, plus in {"": 0, " by x32": 0x40000000}.items():
                done = libc.syscall(ctypes.c_long(number + plus), *arguments)
                found += [name + way] if done >= 0 else []
                if done == 0 and "clone" in name:
                    os._exit(0)
        if numbered and (pid := os.fork()) == 0:  # unshare of i386, in the machine's own words: it may end this process
            page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
            page.write(struct.pack("<BIBI", 0xB8, 310, 0xBB, user) + bytes([0xCD, 0x80, 0xC3]))
            place = ctypes.addressof(ctypes.c_char.from_buffer(page))
            os._exit(7 if ctypes.CFUNCTYPE(ctypes.c_int)(place)() == 0 else 0)
        found += ["unshare by i386"] if numbered and os.waitpid(pid, 0)[1] == 7 << 8 else []
    """,
    "the terminal": """
        found += [f"{fd} is one" for fd in range(3) if reaches(os.ttyname, fd)]
        found += ["it can be opened"] if reaches(open, "/dev/tty") else []
        found += [f"typed into {fd}" for fd in range(3) if reaches(fcntl.ioctl, fd, termios.TIOCSTI, b"x")]
    """,
    "devices and the system": """
        usual = "null zero full random urandom tty ptmx pts fd shm stdin stdout stderr".split()
        found += [name for name in os.listdir("/dev") if name not in usual and reaches(open, f"/dev/{name}", "rb", 0)]
        found += [path for path in ("/proc/kcore", "/proc/kmsg") if read(path)]
        found += [path for path in ("/sys/kernel", "/boot") if reaches(os.listdir, path)]
        found += ["the system's log"] if libc.klogctl(3, ctypes.create_string_buffer(4096), 4096) > 0 else []
    """,
}
SPY = """
import ctypes, fcntl, gc, mmap, os, re, resource, signal, socket, stat, struct, sys, termios, textwrap
from course_lib.exercises import exam
near, probes = {near!r}, {probes!r}
libc, home, numbered = ctypes.CDLL(None), os.path.expanduser("~"), os.uname().machine == "x86_64"
def read(path):
    try:
        with open(path, "rb", 0) as file:
            return file.read(1 << 20).decode(errors="replace")
    except OSError:
        return ""
def reaches(call, *arguments):
    try:
        call(*arguments)
        return True
    except Exception:
        return False
def within(pid):
    known = []  # of what somebody else should have kept for himself
    try:
        maps, memory = open(f"/proc/{{pid}}/maps").readlines(), open(f"/proc/{{pid}}/mem", "rb", 0)
    except OSError:
        return known
    for line in maps:
        span, rights, *_ = line.split()
        start, end = (int(part, 16) for part in span.split("-"))
        if "r" not in rights or "[v" in line or (" /" in line and "w" not in rights):
            continue
        memory.seek(start)
        chunk = memory.read(end - start)
        for first, second in near["needles"]:
            place = chunk.find(first)
            while place >= 0:
                after = place + len(first)
                known += [first] if chunk[after : after + len(second)] == second else []
                place = chunk.find(first, after)
    return known
def sees_other_files(pid, top):
    place = f"/proc/{{pid}}/{{top}}/"
    return reaches(os.stat, place) and not any(os.path.samefile(place, here) for here in ("/", home))
others = near["others"] or [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
def spy(*args, **options):
    world = dict(globals(), found=[])
    try:
        exec(textwrap.dedent(probe), world)
    except BaseException as error:
        world["found"].append(f"{{type(error).__name__}}: {{error}}")
    raise AssertionError(f"found <{{', '.join(map(str, world['found']))[:250]}}>")
honest = exam.run
def run(*args):
    global probe
    probe = probes.pop(0) if probes else ""
    honest(*args)
exam.run = run
"""


@pytest.fixture(scope="module")
def near(grounds):
    """What is near the grader while it works, and should be far from a submission."""
    with ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract, named = (stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2))
        sockets = {abstract: f"\0course-attack-{os.getpid()}", named: str(grounds / "named")}
        for one, address in sockets.items():
            one.bind(address)
            one.listen()
        libc = ctypes.CDLL(None)
        segment = libc.shmget(0, 4096, 0o1666)  # one that nobody else has, for all to read and write
        stack.callback(libc.shmctl, segment, 0, None)
        stack.callback((grounds / "named").unlink)
        ours = [ROOT / name for name in ("solutions", "tests", "course_lib/practice", "course_lib/cells/lstm.py")]
        secrets = ["".join(CANARY), SECRET, line_of(texts().source, "np.tanh(x_t"), line_of(texts().key, "@mistake(")]
        yield {
            "files": [str(path) for path in [*ours, *(grounds / name for name in DECOYS)]],
            "home": str(grounds / "home"),
            "others": [],
            "pids": [os.getpid(), os.getppid()],
            "segment": segment,
            "sockets": [(int(tcp.family), tcp.getsockname()), *((1, address) for address in sockets.values())],
            "needles": [halves(text) for text in secrets],
        }


def halves(text):
    """A text in two parts, so that who looks for it does not have it."""
    return text[: len(text) // 2].encode(), text[len(text) // 2 :].encode()


def line_of(text, words):
    return next(line for line in text.splitlines() if words in line).strip()


def found(near, probes, **how):
    """What each of these probes finds, and the result of the submission that they are in."""
    nb = stubs()
    asked = [exercise for exercise in exercises.of_notebook(NOTEBOOK) if not exercise.tests[0].secret]
    for exercise in asked:
        answer_cell(nb, exercise.id).source = "\n".join(f"{name} = spy" for name in exercise.names)
    looking = with_cell(nb, SPY.format(near=near, probes=list(probes.values())))
    result = graded(looking, limits=Limits(extra=60.0), attacks=(), **how)  # a large process takes long to read
    messages = [test["message"] for test in result["tests"]]
    return dict(
        zip(probes, [message.partition("found <")[2].partition(">")[0] for message in messages], strict=False)
    ), result


@pytest.fixture(scope="module")
def spied(near):
    """What is found in the sandbox: everything is tried by one and the same submission."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_SECRET", SECRET)
        return found(near, PROBES)


@pytest.mark.parametrize("probe", PROBES)
def test_nothing_is_found_by_looking_at(probe, spied):
    what, result = spied
    attacking.rows.append(("", result))
    assert what[probe] == ""
    assert (result["status"], result["score"]) == ("ok", 0.0)


def test_the_same_looks_find_what_is_there_to_be_found(near, monkeypatch):
    """Without a sandbox; only those that do no harm there."""
    monkeypatch.setenv("COURSE_SECRET", SECRET)
    harmless = (
        "other processes",
        "what others were called with",
        "the environment",
        "files near the grader",
        "sockets",
    )
    what, result = found(near | {"others": near["pids"]}, {name: PROBES[name] for name in harmless}, sandbox="none")
    assert all(what.values()), what
    assert (result["status"], result["score"]) == ("ok", 0.0)
