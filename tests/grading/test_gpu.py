"""Grading on a GPU: answers get arrays that are there, and no kernel inherits a context of CUDA.

A strict stand-in for CuPy is put into the sandbox where there is no GPU; what it cannot show is whether CUDA starts in
there, which the last test asks where there is one.
"""

import dataclasses
import pickle
from pathlib import Path

import mock_cupy
import pytest
from classes import NOTEBOOK, QUICK, answer_cell, as_bytes, course, seeds, solved, stubs, texts
from typer.testing import CliRunner

from course_lib import backend
from course_lib.cli import app
from course_lib.grading import jail, sandbox
from course_lib.grading.apart import Graders, code
from course_lib.grading.classroom import _course
from course_lib.grading.grade import Job, grade_one

pytestmark = pytest.mark.usefixtures("bubblewrap")

# In the stand-in: whose process was the first to use the GPU, and so would have made the context.
_CONTEXT = """
first_used_by = None


def _look():
    global first_used_by
    first_used_by = first_used_by or (os.getpid(), os.getppid())
    return True


cuda.is_available = _look
"""


@pytest.fixture
def stand_in(monkeypatch):
    """The stand-in for CuPy is in every kernel that is started from now on."""
    usual, text = jail.library, Path(mock_cupy.__file__).read_text(encoding="utf-8") + _CONTEXT
    monkeypatch.setattr(jail, "library", lambda needs: usual(needs) | {"cupy.py": text})
    monkeypatch.setattr(sandbox, "_zygote", None)
    yield
    if sandbox._zygote:
        sandbox._zygote.stop()


def on_gpu(nb, notebook=NOTEBOOK, mode="bwrap"):
    return grade_one(Job("ada", notebook, as_bytes(nb), texts(notebook), seeds(1, notebook), mode, QUICK, "cupy"))


def told(source, mode="bwrap"):
    """The message on an answer to rnn_step."""
    nb = stubs()
    answer_cell(nb, "rnn_step").source = f"def rnn_step(x_t, h_prev, U, W, b):\n    {source}"
    return on_gpu(nb, mode=mode)["tests"][0]["message"]


@pytest.mark.parametrize("notebook", ["01_unrolling", "02_bptt", "03_vanishing_gradients", "04_lstm", "05_gru"])
def test_right_answers_have_all_points(stand_in, notebook):
    result = on_gpu(solved(notebook), notebook)
    assert (result["status"], result["score"]) == ("ok", result["max_score"]), result["tests"]


def test_wrong_answers_are_told_what_is_wrong(stand_in):
    mistakes = [each for each in course().key.mistakes if each.exercise == "rnn_step"]
    for mistake in mistakes:
        nb = solved()
        answer_cell(nb, "rnn_step").source = mistake.code
        tests = {test["test"]: test for test in on_gpu(nb)["tests"] if test["exercise"] == "rnn_step"}
        assert {name for name, test in tests.items() if not test["passed"]} == set(mistake.fails)
        assert any(mistake.tell in test["message"] for test in tests.values()), (mistake, tests)


@pytest.mark.parametrize("mode", ["bwrap", "none"])
def test_inputs_are_on_the_gpu_and_np_works_there(stand_in, mode):
    said = told("raise ValueError(type(x_t).__module__ + ' ' + type(np.zeros(1)).__module__)", mode)
    assert "ValueError: cupy cupy" in said


def test_np_is_numpy_again_beside_the_tests(stand_in):
    nb = solved()
    answer_cell(nb, "tied_grad").source += "\nassert type(np.zeros(1)).__module__ == 'numpy'"
    assert on_gpu(nb)["score"] == 10


def test_the_first_to_use_the_gpu_is_the_kernel_itself(stand_in):
    asked = "import os, sys; one = sys.modules['cupy']"
    said = told(f"{asked}; raise ValueError(one.first_used_by == (os.getpid(), os.getppid()))")
    assert "ValueError: True" in said
    assert sandbox._zygote.gpu


def test_kernels_for_cpu_and_gpu_have_other_parents(stand_in):
    assert told("return 1 / 0", "bwrap")
    on_the_gpu = sandbox._zygote
    nb = stubs()
    answer_cell(
        nb, "rnn_step"
    ).source = "def rnn_step(*args):\n    import sys\n    raise ValueError('cupy' in sys.modules)"
    result = grade_one(Job("ada", NOTEBOOK, as_bytes(nb), texts(), seeds(), "bwrap", QUICK))
    assert "ValueError: False" in result["tests"][0]["message"]
    assert sandbox._zygote is not on_the_gpu and not on_the_gpu.is_alive()


# What CUDA does as it starts, and what stays refused beside it.
WAYS = {
    "memory with a name": "os.memfd_create('memory')",
    "shared memory": "mmap.mmap(-1, 1 << 20)",
    "more addresses than memory": "mmap.mmap(-1, 1 << 33, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
    "the system": "os.listdir('/sys/devices')",
    "a lease": "fcntl.fcntl(os.open('/tmp/file', os.O_CREAT), 1024, fcntl.F_WRLCK)",
    "a namespace": "os.unshare(0x10000000) if hasattr(os, 'unshare') else call(libc.unshare(0x10000000))",
}
WORKED = f"""
import ctypes, fcntl, mmap, os
libc, worked = ctypes.CDLL(None, use_errno=True), []
def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
for name, code in {WAYS!r}.items():
    try:
        eval(code)
    except (OSError, MemoryError):
        continue
    worked.append(name)
"""


@pytest.mark.parametrize("place, worked", [("cupy", list(WAYS)[:4]), ("numpy", [])])
def test_what_cuda_needs_is_there_only_with_a_gpu(stand_in, place, worked):
    nb = stubs()
    answer_cell(
        nb, "rnn_step"
    ).source = f"def rnn_step(*args):\n    exec({WORKED!r}, space := {{}})\n    raise ValueError(space['worked'])"
    result = grade_one(Job("ada", NOTEBOOK, as_bytes(nb), texts(), seeds(), "bwrap", QUICK, place))
    assert f"ValueError: {worked} in rnn_step" in result["tests"][0]["message"]


def test_the_devices_are_there_only_with_a_gpu(monkeypatch):
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: [folder / pattern.replace("*", "0")])
    device = ["--dev-bind", "/dev/nvidia0", "/dev/nvidia0"]
    places = [i for i, word in enumerate(jail.command(0, gpu=True)) if word == "--dev-bind"]
    assert [jail.command(0, gpu=True)[i : i + 3] for i in places] == [device]
    assert not any("nvidia" in word for word in jail.command(0, gpu=False))


def test_a_machine_without_a_gpu_says_so_and_grades_nothing(no_gpu, tmp_path):
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / f"{NOTEBOOK}.ipynb").write_bytes(as_bytes(solved()))
    out = str(tmp_path / "out")
    words = ["grade", str(tmp_path / "in"), "--out", out, "--backend"]
    refused = CliRunner().invoke(app, [*words, "cupy"])
    assert refused.exit_code == 2 and "CuPy" in refused.output and "numpy" in refused.output
    assert not list((tmp_path / "out").glob("results/*/*"))
    unknown = CliRunner().invoke(app, [*words, "opencl"])
    assert unknown.exit_code == 2 and "there is no backend 'opencl'" in unknown.output


def test_a_worker_without_a_gpu_is_not_fit(no_gpu):
    job = Job("ada", NOTEBOOK, as_bytes(solved()), texts(), seeds(), "bwrap", QUICK, "cupy")
    graders = Graders()
    try:
        reply = graders.grade(pickle.dumps(job), code(), 300.0)
    finally:
        graders.close()
    assert reply.result is None and "CuPy" in reply.unfit


def test_a_result_from_the_gpu_is_graded_again_on_the_cpu():
    assert _course(texts(), QUICK, "numpy") != _course(texts(), QUICK, "cupy")


def test_on_a_real_gpu():
    try:
        with backend.use_backend("cupy"):
            pass
    except backend.BackendUnavailable as error:
        pytest.skip(f"no GPU: {error}")
    long = dataclasses.replace(QUICK, cell=60.0, total=300.0)
    for nb, points in ((solved(), 10), (stubs(), 0)):
        result = grade_one(Job("ada", NOTEBOOK, as_bytes(nb), texts(), seeds(), "bwrap", long, "cupy"))
        assert (result["status"], result["score"]) == ("ok", points), result["tests"]


@pytest.fixture
def no_gpu():
    """Skips the test where there is a GPU."""
    try:
        with backend.use_backend("cupy"):
            pytest.skip("here is a GPU")
    except backend.BackendUnavailable:
        return
