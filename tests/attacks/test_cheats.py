"""Submissions that cheat, spy, break out or break down: none earns a point it did not work for, none does harm.

Each is graded as in a course, in the real sandbox. Unless a test says otherwise nothing in them is implemented.
"""

import importlib.util
import json
import os
import shutil
import socket
import textwrap
import time

import numpy as np
import pytest
from attacking import EVERYTHING, MARK, SHORT, cheat, graded, growth, replying, tell
from classes import NOTEBOOK, ROOT, answer_cell, as_bytes, course, points, solved, stubs, with_cell

from course_lib import practice
from course_lib.exercises.answer import MIME, decode
from course_lib.grading import sandbox
from course_lib.grading.sandbox import Limits

pytestmark = pytest.mark.skipif(bool(sandbox.unavailable()), reason=f"no sandbox here: {sandbox.unavailable()}")

# Everything that a check in the kernel could use, replaced.
PATCHES = {
    "comparisons": """
        import numpy as np
        np.allclose = np.isclose = np.array_equal = np.all = lambda *a, **k: True
        np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
        np.linalg.norm = lambda *a, **k: 0.0
        import builtins, math
        builtins.abs = math.isclose = lambda *a, **k: 0.0
    """,
    "ast transformer": """
        import ast
        class Nothing(ast.NodeTransformer):
            def visit_Module(self, node):
                return ast.Module([ast.Pass(lineno=1, col_offset=0)], [])
        get_ipython().ast_transformers.append(Nothing())
    """,
    "input transformer": "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])",
    "no traceback": "get_ipython().showtraceback = get_ipython()._showtraceback = lambda *a, **k: None",
    "run_cell": """
        shell = get_ipython()
        right = shell.run_cell
        shell.should_run_async = lambda *a, **k: False
        shell.run_cell = lambda *a, **k: right('None')
    """,
    "checking": """
        import course_lib.checking as c
        c.check = c.progress = lambda *a: print('passed')
        c.earned = lambda *a: 10.0
    """,
    "exam.run": """
        from course_lib.exercises import exam
        from IPython.display import display
        def run(exercise, test, cases):
            display({exam.MIME: {'answers': [], 'points': 10, 'passed': True}}, raw=True)
        exam.run = run
    """,
    "attempt": """
        import numpy as np
        from course_lib.exercises import answer, exam
        exam.attempt = answer.attempt = lambda *a: answer.Answer({'result': np.zeros((2, 3))})
    """,
    "encode": """
        from course_lib.exercises import answer, exam
        exam.encode = answer.encode = lambda a: {'outputs': {'dict': {}}, 'error': None,
                                                'changed': [], 'shares': [], 'repeats': True}
    """,
    "exercise": """
        from course_lib import exercises
        from course_lib.exercises import answer
        for e in exercises.of_notebook('01_unrolling'):
            for t in e.tests:
                object.__setattr__(t, 'probe', lambda f, case: 1.0)
                object.__setattr__(t, 'tolerance', {'float64': float('inf'), 'float32': float('inf')})
                object.__setattr__(t, 'points', 1000.0)
        answer.Answer.__eq__ = lambda *a: True
    """,
    "display hooks": """
        import IPython.display, IPython.core.display_functions as f
        shell = get_ipython()
        IPython.display.publish_display_data = f.publish_display_data = lambda *a, **k: None
        shell.display_pub.publish = lambda *a, **k: None
        shell.displayhook.write_format_data = lambda *a: None
    """,
    "execute reply": """
        kernel = get_ipython().kernel
        async def do_execute(*a, **k):
            return {'status': 'ok', 'execution_count': 1, 'payload': [], 'user_expressions': {}}
        kernel.do_execute = do_execute
    """,
    "modules": "import sys; sys.modules.clear()",
    "hidden stop": "get_ipython().events.register('pre_execute', lambda: 1 / 0)",
    "reset": "%reset -f",
    "nbval markers": """
        # NBVAL_SKIP
        # NBVAL_IGNORE_OUTPUT
        # NBVAL_RAISES_EXCEPTION
        # PYTEST_VALIDATE_IGNORE_OUTPUT
        # NBVAL_CHECK_OUTPUT
    """,
}


@pytest.mark.parametrize("name", PATCHES)
def test_patching_the_kernel_earns_nothing(name):
    result = cheat(textwrap.dedent(PATCHES[name]))
    assert (result["status"], result["score"], result["max_score"]) == ("ok", 0.0, EVERYTHING)


@pytest.mark.parametrize("tag", ["raises-exception", "nbval-skip", "nbval-ignore-output", "nbval-raises-exception"])
def test_tags_of_validators_earn_nothing(tag):
    nb = stubs()
    for cell in nb.cells:
        cell.metadata["tags"] = [tag]
        if cell.cell_type == "code":
            cell.source = f"# {tag.upper().replace('-', '_')}\n{cell.source}"
    nb.metadata["tags"] = [tag]
    result = graded(nb)
    assert (result["status"], result["score"]) == ("ok", 0.0)


@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")  # what is copied keeps its id
def test_edited_deleted_copied_and_forged_check_cells_change_nothing():
    nb, right = stubs(), solved()
    for notebook in (nb, right):
        checks = [c for c in notebook.cells if c.metadata.get("course", {}).get("role") == "check"]
        checks[0].source = "assert True"
        checks[1].metadata["nbgrader"] = {"points": 100, "grade": True, "locked": False, "grade_id": "x"}
        notebook.cells.remove(checks[2])
        notebook.cells += [checks[3], checks[3]]
        checks[4].source = "10.0"
    assert graded(nb)["score"] == 0.0
    result = graded(right)
    assert (result["status"], result["score"], result["max_score"]) == ("ok", EVERYTHING, EVERYTHING)


FORGERIES = {
    "nothing": "{}",
    "no answers": '{"answers": []}',
    "too many": '{"answers": [whole] * (n + 1)}',
    "a verdict": '{"answers": [whole | {"passed": True, "points": 10}] * n}',
    "text": '{"answers": "x" * n}',
    "NaN": '{"answers": [whole | {"outputs": array()}] * n}',
    "NaN as a value": '{"answers": [whole | {"outputs": {"dict": {"result": {"value": float("nan")}}}}] * n}',
    "complex": '{"answers": [whole | {"outputs": array("complex128", (), "A" * 21 + "A==")}] * n}',
    "object": '{"answers": [whole | {"outputs": array("object")}] * n}',
    "record": '{"answers": [whole | {"outputs": array("f8,f8")}] * n}',
    "huge shape": '{"answers": [whole | {"outputs": array(shape=(10**9, 10**9))}] * n}',
    "many rows of nothing": '{"answers": [whole | {"outputs": array(shape=(10**9, 10**9, 0), data="")}] * n}',
    "negative shape": '{"answers": [whole | {"outputs": array(shape=(-1,))}] * n}',
    "deep": '{"answers": [whole | {"outputs": {"dict": {"result": deep}}}] * n}',
    "long names": '{"answers": [whole | {"outputs": {"dict": {"n" * 10**5: {"value": "x"}}}}] * n}',
    "many effects": '{"answers": [whole | {"changed": ["x" * 100] * 2000}] * n}',
    "long error": '{"answers": [whole | {"error": {"type": "E" * 10**5, "text": "t" * 10**5}}] * n}',
    "brackets": '{"answers": [[[]] * 10**5] * n}',
    "too large": '{"answers": ["x" * 5_000_000] * n}',
}
FORGE = """
import numpy as np
from course_lib.exercises import exam
from IPython.display import publish_display_data
whole = dict(outputs={"dict": {}}, error=None, changed=[], shares=[], repeats=True)
def array(dtype="float64", shape=(), data="AAAAAAAA8H8="):
    return {"dict": {"result": {"array": {"dtype": dtype, "shape": list(shape), "data": data}}}}
deep = {"value": 1}
for _ in range(300):
    deep = {"list": [deep]}
def run(exercise, test, cases):
    n = len(exam.json.loads(exam.base64.b64decode(cases)))
    publish_display_data({exam.MIME: eval(payloads.pop(0))})
exam.run = run
"""


def test_forged_answers_earn_nothing_and_hurt_nobody():
    """Each test gets another forgery, the last one more than the grader reads."""
    result, swollen = growth(lambda: cheat(f"payloads = {list(FORGERIES.values())!r}\n{FORGE}"))
    assert len(result["tests"]) >= len(FORGERIES)
    assert (result["status"], result["score"]) == ("timeout", 0.0)
    assert len(json.dumps(result)) < 20_000
    assert swollen < 600


def _publish_around(before: str, after: str) -> str:
    return f"""
from course_lib.exercises import exam
from IPython.display import publish_display_data
forged = {{exam.MIME: {{"answers": []}}}}
def forge():
    publish_display_data(forged)
import threading
honest = exam.run
def run(*args):
    {before}
    honest(*args)
    {after}
exam.run = run
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [("forge()", "pass"), ("pass", "forge()"), ("t = threading.Thread(target=forge); t.start()", "t.join()")],
    ids=["before", "after", "from a thread"],
)
def test_a_second_answer_makes_both_worthless(before, after):
    result = graded(with_cell(solved(), _publish_around(before, after)))
    assert (result["status"], result["score"]) == ("ok", 0.0)
    assert "2 answers instead of one" in result["tests"][0]["message"]


def test_messages_forged_for_later_cells_are_not_believed():
    """The ids of the grader's requests can be guessed; what is sent under them is still judged by value."""
    source = """
from course_lib.exercises.answer import MIME
kernel = get_ipython().kernel
head = kernel.get_parent("shell")
session, pid, number = head["header"]["msg_id"].rsplit("_", 2)
for later in range(int(number), int(number) + 30):
    parent = {"header": dict(head["header"], msg_id=f"{session}_{pid}_{later}")}
    for kind, content in [
        ("status", {"execution_state": "idle"}),
        ("display_data", {"data": {MIME: {"answers": []}}, "metadata": {}}),
        ("display_data", {"data": 3}),
        ("error", {}),
        ("nonsense", []),
    ]:
        kernel.session.send(kernel.iopub_socket, kind, content, parent=parent)
"""
    assert cheat(source)["score"] == 0.0


def test_visible_answers_learnt_by_heart_earn_nothing_but_the_quiz():
    """A submission that knows every practice case and its right answer."""
    book = {}
    for (exercise, test), sheet in practice.load(NOTEBOOK).sheets.items():
        for case, expected in zip(sheet.cases, sheet.expected, strict=True):
            if not isinstance(expected, dict):
                outputs = {k: v if isinstance(v, str) else v.tolist() for k, v in expected.outputs.items()}
                book.setdefault(f"{exercise}/{test}", []).append([_key(case), outputs])
    source = f"""
import json
import numpy as np
from course_lib.exercises import answer, exam
book = json.loads({json.dumps(book)!r})
def _key(value):
    if isinstance(value, dict):
        return [[k, _key(v)] for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return [_key(v) for v in value]
    return value.tolist() if isinstance(value, np.ndarray) else value
def attempt(exercise, test, namespace, case):
    for key, outputs in book.get(exercise.id + "/" + test.name, []):
        if key == json.loads(json.dumps(_key(case))):
            return answer.Answer({{k: np.array(v) for k, v in outputs.items()}})
    return answer.Answer({{"result": np.zeros(3)}})
exam.attempt = attempt
"""
    result = graded(with_cell(stubs(), source))
    assert result["status"] == "ok"
    assert result["score"] == 0.0, [test for test in result["tests"] if test["points"]]


def _key(value):
    if isinstance(value, dict):
        return [[k, _key(v)] for k, v in value.items()]
    if isinstance(value, list | tuple):
        return [_key(v) for v in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def test_no_answer_can_be_imported():
    code = """
import importlib, pkgutil, course_lib
told = []
for name in ["functions", "cells", "cells.rnn", "init", "gradcheck", "practice", "grading", "grading.course", "plots"]:
    try:
        importlib.import_module("course_lib." + name)
        told.append(name)
    except ImportError:
        pass
import course_lib.checking
told += [n for n in ("practice", "verdict", "judge") if hasattr(course_lib.checking, n)]
"""
    assert tell(code) == "[]"


def test_no_library_that_differentiates_can_be_imported():
    """Neither by its name nor, as the refusal stands first on the path, behind it."""
    code = """
import importlib, sys
told = []
for path in (sys.path, sys.path[1:], [p for p in sys.path if "site-packages" in p]):
    sys.path = list(path)
    for name, content in (("torch", "tensor"), ("jax", "grad"), ("scipy", "stats"), ("numba", "njit")):
        sys.modules.pop(name, None)
        try:
            told += [name] * hasattr(importlib.import_module(name), content)
        except ImportError:
            pass
"""
    assert tell(code) == "[]"
    assert importlib.util.find_spec("torch") and importlib.util.find_spec("numba")  # which are installed here


def test_no_answer_lies_on_the_disk():
    """Every readable file outside the system's own is searched for the sources, the practice data and the exam."""
    code = """
import os
needles = [b"BEGIN " + b"SOLUTION", b'"made_from"' + b":", b"np.tanh(x_t @ U.T + h" + b"_prev"]
told = []
for top in ("/tmp", "/home", "/root", "/work", "/etc", "/var", "/opt", "/srv", "/run", "/mnt", "/dev/shm", %r):
    for folder, names, files in os.walk(top):
        names[:] = [n for n in names if n not in ("site-packages", "lib-dynload") and not n.startswith("python3")]
        for name in files:
            path = os.path.join(folder, name)
            if name.endswith((".npz", ".ipynb", ".key")) or "solution" in path:
                told.append(path)
            try:
                text = open(path, "rb").read(4 << 20)
            except OSError:
                continue
            told += [path for needle in needles if needle in text]
for path in %r:
    told += [path] if os.path.exists(path) and os.listdir(path) else []
told = told[:3]
""" % (str(ROOT), [str(ROOT / "solutions"), str(ROOT / "course_lib" / "practice"), str(ROOT / "course_lib" / "cells")])  # noqa: UP031
    assert tell(code, limits=Limits(cell=10.0)) == "[]"


def test_the_grader_cannot_be_seen(monkeypatch, nothing_left):
    monkeypatch.setenv("COURSE_SECRET", "not for students")
    (nothing_left / "secret.txt").write_text("x")
    code = """
import os, glob
told = []
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        told += ["environ"] if b"COURSE_SECRET" in open(path, "rb").read() else []
    except OSError:
        pass
for path in glob.glob("/proc/[0-9]*/cmdline"):
    told += ["process"] if b"pytest" in open(path, "rb").read() else []
told += [name for name in os.environ if "SECRET" in name or "TOKEN" in name]
told += glob.glob("/tmp/*/secret.txt") + glob.glob("/tmp/*/course-exam*")
"""
    (nothing_left / "secret.txt").unlink()
    assert tell(code) == "[]"


def test_nothing_outside_can_be_reached(nothing_left):
    """Network, sockets of the host, signals, other processes: all tried, none there."""
    listener, abstract = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
    abstract.bind("\0course-attack")
    abstract.listen()
    code = f"""
import ctypes, os, socket, signal, subprocess
told = []
def reach(name, family, address):
    s = socket.socket(family)
    s.settimeout(0.3)
    try:
        s.connect(address)
        told.append(name)
    except OSError:
        pass
reach("host", socket.AF_INET, ("127.0.0.1", {listener.getsockname()[1]}))
reach("outside", socket.AF_INET, ("1.1.1.1", 53))
reach("abstract", socket.AF_UNIX, "\\0course-attack")
libc = ctypes.CDLL(None, use_errno=True)
for name, call in {{
    "ptrace": lambda: libc.ptrace(16, 1, 0, 0),
    "shared memory": lambda: libc.shmget(0, 4096, 0o1600),
    "user namespace": lambda: libc.unshare(0x10000000),
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "memory file": lambda: os.memfd_create("x"),
    "chroot": lambda: os.chroot("/tmp"),
    "another user": lambda: os.setuid(1),
    "rights": lambda: int(open("/proc/self/status").read().split("CapEff:")[1].split()[0], 16) or -1,
    "{os.getpid()}": lambda: os.kill({os.getpid()}, 0),
    "{os.getppid()}": lambda: os.kill({os.getppid()}, 0),
}}.items():
    try:
        if call() != -1:
            told.append(name)
    except OSError:
        pass
for path in ["/x", "/etc/x", "/usr/x", "/dev/x", "/proc/sys/kernel/hostname", "/sys/x", course_lib.__file__]:
    try:
        open(path, "w").close()
        told.append(path)
    except OSError:
        pass
"""
    with listener, abstract:
        assert tell("import course_lib\n" + code) == "[]"


# What ends the kernel, and what becomes of the other five answers, which are right.
ENDINGS = {
    "os._exit": "import os; os._exit(0)",
    "kill itself": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "kill everybody": "import os, signal; os.kill(-1, signal.SIGKILL)",
    "kill the first and the parent": (
        "import os, signal, time; os.kill(os.getppid(), 9); os.kill(1, 9); os.killpg(0, 9); time.sleep(5)"
    ),
    "segmentation fault": "import ctypes; ctypes.string_at(0)",
    "shutdown": "get_ipython().kernel.io_loop.stop(); get_ipython().kernel.shell_stream.close()",
    "no sockets": "import os; [os.close(fd) for fd in range(3, 256) if os.path.exists(f'/proc/self/fd/{fd}')]",
    "stopped": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "in C": "import re; re.match('(a+)+$', 'a' * 64 + 'b')",
    "never interrupted": textwrap.dedent("""
        while True:
            try:
                while True: pass
            except BaseException: pass
    """),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_an_own_cell_that_ends_the_kernel_costs_nothing(name):
    result = graded(with_cell(solved(), ENDINGS[name], before="future_leak"), limits=SHORT)
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)


@pytest.mark.parametrize("name", ["os._exit", "in C", "never interrupted"])
def test_an_answer_that_ends_the_kernel_costs_only_itself(name):
    nb = solved()
    body = textwrap.indent(ENDINGS[name].strip(), "    ")
    answer_cell(nb, "future_leak").source = f"def future_leak(*args):\n{body}"
    result = graded(nb, limits=SHORT)
    assert result["status"] == ("crashed" if name == "os._exit" else "timeout")
    assert (result["score"], points(result)["future_leak"]) == (EVERYTHING - 1.0, 0.0)


def test_an_endless_answer_costs_only_itself():
    nb = solved()
    answer_cell(nb, "rnn_step").source = "def rnn_step(*args):\n    while True: pass"
    result = graded(nb, limits=SHORT)
    assert (result["status"], result["score"]) == ("timeout", EVERYTHING - 2.0)
    assert result["seconds"] < 10


@pytest.mark.parametrize("code", ["raise SystemExit", "import sys; sys.exit(0)", "exit()", "quit"])
def test_leaving_early_costs_nothing(code):
    result = graded(with_cell(solved(), code))
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)


def test_leaving_early_earns_nothing():
    nb = with_cell(stubs(), "import sys; sys.exit(0)")
    for exercise in ("rnn_step", "cross_entropy"):
        answer_cell(nb, exercise).source = f"def {exercise}(*args):\n    raise SystemExit(0)"
    answer_cell(nb, "future_leak").source = "raise SystemExit"
    result = graded(nb)
    assert (result["status"], result["score"]) == ("ok", 0.0)


def test_many_slow_cells_of_the_students_own_leave_time_for_the_answers():
    nb = solved()
    for _ in range(40):
        with_cell(nb, "import time; time.sleep(60)")
    started = time.monotonic()
    result = graded(nb, limits=Limits(cell=4.0, extra=1.0, total=15.0))
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)
    assert time.monotonic() - started < 15


def test_a_fork_bomb_stays_in_its_box():
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except BaseException: pass"
    result = replying("rnn_step", "def rnn_step(*args):\n" + textwrap.indent(bomb, "    "))
    assert result["score"] == 0.0 and result["status"] != "ok"


def test_processes_end_with_the_submission():
    source = f"""
import os, signal, subprocess, threading, time
for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(s, signal.SIG_IGN)
for _ in range(3):
    subprocess.Popen(["sleep", "{MARK}"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", "{MARK}"])
    os._exit(0)
def later():
    time.sleep(2)
    os._exit(1)
threading.Thread(target=later).start()
"""
    result = cheat(source)
    assert result["score"] == 0.0


MEMORY = {
    "64 GB at once": ("import numpy as np\n    np.ones(2**33)", "out_of_memory"),
    "step by step": ("kept = []\n    while True: kept.append(bytearray(50 << 20))", "out_of_memory"),
    "by children together": (
        "import os, time\n"
        "    for _ in range(12):\n"
        "        if os.fork() == 0:\n"
        "            kept = bytearray(os.urandom(1) * (300 << 20))\n"
        "            time.sleep(60)\n"
        "    time.sleep(60)",
        "out_of_memory",
    ),
}


@pytest.mark.parametrize("name", MEMORY)
def test_memory_is_bounded(name):
    code, status = MEMORY[name]
    result = replying("rnn_step", f"def rnn_step(*args):\n    {code}", Limits(cell=5.0, memory=2**30))
    assert (result["status"], result["score"]) == (status, 0.0)
    assert "1 GiB" in result["message"]


def test_a_strange_process_name_does_not_blind_the_watch():
    code = """
def rnn_step(*args):
    import ctypes, os, time
    ctypes.CDLL(None).prctl(15, b"\\xff) \\xfe(\\n", 0, 0, 0)
    for _ in range(12):
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"\\xff) \\xfe(\\n", 0, 0, 0)
            kept = bytearray(os.urandom(1) * (300 << 20))
            time.sleep(60)
    time.sleep(60)
"""
    assert replying("rnn_step", code, Limits(cell=5.0, total=40.0))["status"] == "out_of_memory"


MUCH_OUTPUT = (
    "for _ in range(200): print('x' * 2**20)",
    "import sys\nfor _ in range(200): sys.__stdout__.write('x' * 2**20)",
    "import os\nfor _ in range(200): os.write(1, b'x' * 2**20); os.write(2, b'x' * 2**20)",
    "import subprocess; subprocess.run('yes | head -c 200M', shell=True)",
    "from IPython.display import display\ndisplay('x' * (200 << 20))",
    "'x' * (200 << 20)",
)


def test_200_mb_of_output_cost_nobody_anything():
    nb = solved()
    for source in MUCH_OUTPUT:
        with_cell(nb, source)
    result, swollen = growth(lambda: graded(nb))
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)
    assert swollen < 100, f"{swollen:.0f} MB"


FLOODS = {
    "stream": "import sys\nfrom ipykernel.iostream import OutStream\nk = get_ipython().kernel\n"
    "s = OutStream(k.session, k.iopub_thread, 'stdout')\nwhile True: s.write('x' * 10**6); s.flush()",
    "endless display": "from IPython.display import display\nwhile True: display('x' * 3_000_000)",
    "endless small display": "from IPython.display import display\nwhile True: display(1)",
    "endless metadata": "from IPython.display import display\nwhile True: display(1, metadata={'x': [[]] * 1_000_000})",
    "one message of many parts": "k = get_ipython().kernel\nimport zmq\ns = k.iopub_thread.socket\n"
    "for _ in range(400): s.send(b'x' * 3_000_000, zmq.SNDMORE)\ns.send(b'')",
    "an error": "raise ValueError('x' * (50 << 20))",
    "thread, not stopping": "from IPython.display import display\nimport threading\n"
    "def flood():\n    while True: display('x' * 1_000_000)\n"
    "threading.Thread(target=flood, daemon=True).start()",
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_messages_does_not_swell_the_grader(name):
    started = time.monotonic()
    result, swollen = growth(lambda: cheat(FLOODS[name]))
    assert result["score"] == 0.0
    assert swollen < 600, f"{swollen:.0f} MB"
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("seconds", [1.0, 6.0])  # before and after the kernel has made its reply
def test_an_error_too_large_to_be_sent_costs_nobody_anything(seconds):
    nb = with_cell(solved(), 'raise ValueError("x" * (50 << 20))')
    result = graded(nb, limits=Limits(cell=5.0, extra=seconds, total=60.0))
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)


def test_the_disk_cannot_be_filled(nothing_left):
    code = """
import os
kept, told = [], 0
for top in ("/tmp", "/dev/shm", "/home/student", "/", os.path.dirname(os.path.dirname(course_lib.__path__[0]))):
    for number in range(9):
        try:
            kept.append(open(os.path.join(top, f"fill{number}"), "wb", 0))
            if number % 2:
                os.unlink(kept[-1].name)
            told += kept[-1].write(b"x" * (20 << 20)) >> 20
        except OSError:
            break
told = told <= 3 * 64
"""
    before = shutil.disk_usage(nothing_left).used
    assert tell("import course_lib\n" + code, limits=Limits(cell=10.0)) == "True"
    assert shutil.disk_usage(nothing_left).used - before < 100 << 20


def test_a_kernel_cannot_make_very_many_files():
    code = """
import os
made = 0
try:
    while True:
        os.mkdir("d")
        os.chdir("d")
        made += 1
except OSError as error:
    told = 10_000 < made < 20_000 and "No space" in str(error)
"""
    assert tell(code, limits=Limits(cell=20.0)) == "True"


def test_right_answers_keep_their_points_whatever_else_the_notebook_does():
    nb = solved()
    with_cell(nb, "def helper(a):\n    return np.tanh(a)", before="rnn_step")
    answer_cell(nb, "rnn_step").source = (
        "import warnings\n"
        "warnings.warn('careful')\n"
        "def rnn_step(x_t, h_prev, U, W, b):\n"
        "    warnings.warn('again', DeprecationWarning)\n"
        "    print('looking', x_t, file=__import__('sys').stderr)\n"
        "    return helper(x_t @ U.T + h_prev @ W.T + b)\n"
        "from IPython.display import HTML, display\n"
        "display(HTML('x' * (20 << 20)))\n"
        "'x' * (20 << 20)"
    )
    for source in ("this is (no Python", "1 / 0", "!false", "%nonsense", "input()", "import matplotlib.pyplot"):
        with_cell(nb, source, before="cross_entropy")
    result = graded(nb)
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)


def test_a_syntax_error_costs_its_own_exercise_only():
    nb = solved()
    answer_cell(nb, "tied_grad").source = "def untie(:"
    result = graded(nb)
    assert (result["status"], result["score"]) == ("ok", EVERYTHING - 1.0)


def test_without_a_sandbox_grading_still_works_and_clears_up():
    result = graded(solved(), sandbox="none")
    assert (result["status"], result["score"]) == ("ok", EVERYTHING)
    assert cheat(PATCHES["comparisons"].replace("\n        ", "\n"), sandbox="none")["score"] == 0.0
    child = f"import subprocess; subprocess.Popen(['sleep', '{MARK}'], start_new_session=True)"
    assert cheat(child, sandbox="none")["score"] == 0.0
    assert cheat("import os; os._exit(0)", sandbox="none")["score"] == 0.0
    code = "def rnn_step(*args):\n    import numpy as np\n    np.ones(2**33)"
    assert replying("rnn_step", code, sandbox="none")["status"] == "out_of_memory"


HOSTILE = [
    None,
    [],
    "x" * 4_000_000,
    {"outputs": None},
    {"outputs": {"dict": {"x": {"array": {"dtype": "f8," * 10**6, "shape": [], "data": ""}}}}},
    {"outputs": {"dict": {"x": {"array": {"dtype": "float64", "shape": [9] * 10**6, "data": ""}}}}},
    {"outputs": {"dict": {"x": {"array": {"dtype": "float64", "shape": [10**4000, 0], "data": ""}}}}},
    {"outputs": {"dict": {"x": {"array": {"dtype": "float64", "shape": [True, 1.0], "data": "A" * 4_000_000}}}}},
    {"outputs": {"dict": {"x": {"array": {"dtype": ["float64"], "shape": [], "data": None}}}}},
    {"outputs": {"dict": {str(n): {"value": ""} for n in range(300_000)}}},
    {"outputs": {"list": [{"list": []}] * 500_000}},
    {"outputs": {"dict": {}}, "error": "x", "changed": "x" * 10**6, "shares": None, "repeats": 1},
    {"outputs": {"dict": {}}, "error": {"type": "E", "text": "", "line": 1e999}, "changed": [], "shares": []},
    {"outputs": {"dict": {}}, "error": {"no": "field"}, "changed": [], "shares": [], "repeats": True},
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_decoding_hostile_data_is_quick_and_raises_one_kind_of_error(number):
    started = time.monotonic()
    with pytest.raises(ValueError):
        decode(HOSTILE[number])
    assert time.monotonic() - started < 2


def test_hostile_files_are_refused_quickly():
    deep = b"[" * 10**6
    for data in (deep, b'{"nbformat":4,"cells":' + deep, b"\xff\xfe", b"{}", as_bytes(stubs())[:-9]):
        started = time.monotonic()
        assert graded(data)["status"] == "corrupt"
        assert time.monotonic() - started < 5


def test_the_right_answers_are_in_no_message():
    """Feedback on a wrong answer names no expected value."""
    nb = stubs()
    answer_cell(nb, "rnn_step").source = "def rnn_step(x_t, h_prev, U, W, b):\n    return 0 * h_prev"
    sheets = course().sheets(lambda exercise: np.random.default_rng(1000))
    values = sheets["rnn_step", "values"].expected[0].outputs["result"]
    message = graded(nb)["tests"][0]["message"]
    assert MIME not in message
    assert not any(f"{value:.4g}" in message for value in values.ravel())
