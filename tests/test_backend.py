import importlib.util
import os
import subprocess
import sys
import threading
from importlib import metadata
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import mock_cupy
import numpy as np
import pytest

from course_lib import backend


@pytest.fixture
def fresh(monkeypatch):
    """As in a new process: nothing chosen, and no environment variable."""
    monkeypatch.setattr(backend, "_chosen", None)
    monkeypatch.delenv("COURSE_LIB_BACKEND", raising=False)
    return monkeypatch


@pytest.fixture
def mock(fresh):
    """The mock in place of CuPy, with nothing chosen yet."""
    with mock_cupy.installed() as module:
        yield module


def fake_cupy(**attributes):
    """A CuPy that is installed and has just these attributes."""
    module = ModuleType("cupy")
    module.__spec__ = ModuleSpec("cupy", loader=None)
    module.__version__ = "14.2.0"
    vars(module).update(attributes)
    return module


def raises(error):
    def function(*args, **kwargs):
        raise error

    return function


NO_GPU = fake_cupy(
    ndarray=mock_cupy.ndarray,
    cuda=SimpleNamespace(
        is_available=lambda: False,
        runtime=SimpleNamespace(getDeviceCount=raises(RuntimeError("cudaErrorInsufficientDriver: too old"))),
    ),
)
NO_LIBRARIES = fake_cupy(
    ndarray=mock_cupy.ndarray,
    cuda=SimpleNamespace(is_available=lambda: True),
    ones=raises(ImportError("libcublas.so.13: cannot open shared object file")),
)
BROKEN = [
    pytest.param(None, "CuPy is not installed.", 'pip install "cupy-cuda13x[ctk]"', id="not installed"),
    pytest.param(NO_GPU, "no usable NVIDIA GPU (cudaErrorInsufficientDriver", "nvidia-smi", id="no GPU"),
    pytest.param(NO_LIBRARIES, "libcublas.so.13", 'pip install "cupy-cuda13x[ctk]"', id="no libraries"),
]


# Choosing


def test_numpy_is_the_default_and_silent(fresh, capsys):
    assert backend.backend_name() == "numpy"
    assert backend.get_xp() is np
    assert backend.set_backend("numpy") is np
    assert capsys.readouterr().out == ""


def test_a_usable_gpu_is_never_chosen_unasked(mock):
    assert backend.backend_name() == "numpy"


def test_cupy_when_asked_for(mock, capsys):
    assert backend.set_backend("cupy") is mock
    assert backend.backend_name() == "cupy"
    assert backend.get_xp() is mock
    assert capsys.readouterr().out == ""


def test_auto_takes_the_gpu_and_says_so(mock, capsys):
    assert backend.set_backend("auto") is mock
    assert backend.backend_name() == "cupy"
    assert capsys.readouterr().out == "Backend cupy 14.2.0: found a working GPU, mock GPU.\n"


@pytest.mark.parametrize("cupy, why, cure", BROKEN)
def test_auto_falls_back_and_says_why(fresh, capsys, cupy, why, cure):
    fresh.setitem(sys.modules, "cupy", cupy)
    assert backend.set_backend("auto") is np
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Backend numpy")
    assert why in line


@pytest.mark.parametrize("cupy, why, cure", BROKEN)
def test_unavailable_names_cause_and_cure(fresh, cupy, why, cure):
    fresh.setitem(sys.modules, "cupy", cupy)
    with pytest.raises(backend.BackendUnavailable) as caught:
        backend.set_backend("cupy")
    first, *rest = str(caught.value).splitlines()
    assert why in first
    assert cure in "\n".join(rest)
    assert isinstance(caught.value, ImportError)
    assert backend.backend_name() == "numpy"  # the failed choice left nothing behind


def test_cure_names_the_package_that_is_installed(fresh):
    fresh.setitem(sys.modules, "cupy", NO_LIBRARIES)
    fresh.setattr("importlib.metadata.packages_distributions", lambda: {"cupy": ["cupy-cuda12x"]})
    with pytest.raises(backend.BackendUnavailable, match=r'pip install "cupy-cuda12x\[ctk\]"'):
        backend.set_backend("cupy")
    fresh.setattr("importlib.metadata.packages_distributions", lambda: {"cupy": ["cupy"]})
    with pytest.raises(backend.BackendUnavailable, match="conda install -c conda-forge cupy"):
        backend.set_backend("cupy")


def test_cause_behind_cupys_page_of_advice(fresh):
    framed = ImportError("\n=====\nFailed to import CuPy.\n=====\n")
    framed.__cause__ = ImportError("DLL load failed")
    fresh.setitem(sys.modules, "cupy", fake_cupy(cuda=SimpleNamespace(is_available=raises(framed))))
    with pytest.raises(backend.BackendUnavailable, match="ImportError: DLL load failed"):
        backend.set_backend("cupy")


@pytest.mark.parametrize("choose", [backend.set_backend, lambda name: backend.use_backend(name).__enter__()])
def test_unknown_name(fresh, choose):
    with pytest.raises(ValueError, match=r"no backend 'torch'; choose 'numpy', 'cupy' or 'auto'"):
        choose("torch")


# The environment variable


def test_environment_is_read_on_first_use_only(fresh, mock):
    fresh.setenv("COURSE_LIB_BACKEND", "cupy")
    assert backend.get_xp() is mock
    fresh.setenv("COURSE_LIB_BACKEND", "numpy")
    assert backend.get_xp() is mock


def test_a_choice_comes_before_the_environment(fresh):
    fresh.setenv("COURSE_LIB_BACKEND", "torch")
    assert backend.set_backend("numpy") is backend.get_xp() is np


def test_environment_with_an_unknown_name(fresh):
    fresh.setenv("COURSE_LIB_BACKEND", "torch")
    with pytest.raises(ValueError, match=r"COURSE_LIB_BACKEND=torch .* no backend 'torch'"):
        backend.get_xp()


def test_environment_with_a_backend_that_does_not_work(fresh):
    fresh.setenv("COURSE_LIB_BACKEND", "cupy")
    fresh.setitem(sys.modules, "cupy", None)
    with pytest.raises(backend.BackendUnavailable, match=r"COURSE_LIB_BACKEND=cupy .* not installed"):
        backend.get_xp()


def run(code, **env):
    """What a new process prints, to stdout and to stderr."""
    env = {**os.environ, **env}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    return result.stdout, result.stderr


@pytest.mark.parametrize("value, expected", [("numpy", "numpy"), ("", "numpy"), ("torch", "ValueError")])
def test_environment_of_a_process(value, expected):
    out, err = run("from course_lib import backend; print(backend.backend_name())", COURSE_LIB_BACKEND=value)
    assert expected in (out or err)


def test_import_is_light():
    code = """
import sys, numpy
before = set(sys.modules)
import course_lib.backend
loaded = {name.split(".")[0] for name in set(sys.modules) - before}
print(loaded - sys.stdlib_module_names, "importlib.metadata" in sys.modules)
"""
    assert run(code) == ("{'course_lib'} False\n", "")


# Blocks and threads


def test_block(mock):
    backend.set_backend("numpy")
    with backend.use_backend("cupy") as xp:
        assert xp is backend.get_xp() is mock
        with backend.use_backend("numpy") as inner:
            assert inner is backend.get_xp() is np
        assert backend.get_xp() is mock
    assert backend.get_xp() is np


def test_block_ends_with_an_exception(mock):
    with pytest.raises(KeyError), backend.use_backend("cupy"):
        raise KeyError
    assert backend.get_xp() is np


def in_thread(function):
    result = []
    thread = threading.Thread(target=lambda: result.append(function()))
    thread.start()
    thread.join()
    return result[0]


def test_threads_see_the_choice_but_not_the_block(mock):
    backend.set_backend("cupy")
    with backend.use_backend("numpy"):
        assert backend.backend_name() == "numpy"
        assert in_thread(backend.backend_name) == "cupy"


# Description


def test_describe(fresh):
    fresh.setitem(sys.modules, "cupy", None)
    fresh.setattr(backend, "numba_version", lambda: None)
    assert backend.describe() == f"numpy {np.__version__} on CPU, no numba (CuPy not installed)"
    fresh.setitem(sys.modules, "cupy", NO_GPU)
    fresh.setattr(backend, "numba_version", lambda: "0.61.0")
    assert backend.describe() == f"numpy {np.__version__} on CPU, cells compiled by numba 0.61.0 (CuPy not used)"


def test_numba_is_named_where_it_is_installed():
    version = backend.numba_version()
    assert version == metadata.version("numba") if importlib.util.find_spec("numba") else version is None


def test_describe_names_the_gpu(mock):
    backend.set_backend("cupy")
    assert backend.describe() == "cupy 14.2.0 on mock GPU"


# Arrays


def test_namespace_of_arrays(xp_backend):
    x = xp_backend.ones(2)
    assert backend.array_namespace(x) is xp_backend
    assert backend.array_namespace(x, None, 2.0, np.float32(1), x[0]) is xp_backend


def test_namespace_without_arrays(xp_backend):
    assert backend.array_namespace(None, 1.0) is np
    assert backend.array_namespace() is np


def test_namespace_does_not_depend_on_the_choice(mock):
    x = mock.ones(2)
    assert backend.backend_name() == "numpy"
    assert backend.array_namespace(x) is mock


def test_mixed_arrays(mock):
    with pytest.raises(TypeError, match=r"backend\.asarray\(x\).*backend\.asnumpy\(x\)"):
        backend.array_namespace(mock.ones(2), np.ones(2))


def test_there_and_back(xp_backend):
    host = np.arange(3.0)
    x = backend.asarray(host)
    assert isinstance(x, xp_backend.ndarray)
    assert backend.asarray(x) is x
    assert backend.asarray(host, dtype="float32").dtype == np.float32
    assert backend.asarray([1, 2]).shape == (2,)
    assert isinstance(backend.asnumpy(x), np.ndarray)
    assert np.array_equal(backend.asnumpy(x), host)


def test_asarray_brings_arrays_back_to_numpy(mock):
    x = mock.ones(2)
    assert isinstance(backend.asarray(x), np.ndarray)


def test_asnumpy_of_a_host_array_is_itself(xp_backend):
    host = np.ones(2)
    assert backend.asnumpy(host) is host
    assert backend.asnumpy(3.0).shape == ()


def test_synchronize(xp_backend):
    mock_cupy.syncs.clear()
    backend.synchronize()
    assert mock_cupy.syncs == (["Device.synchronize"] if xp_backend is mock_cupy else [])


# Random numbers

DRAWS = {
    "normal": lambda rng: rng.normal((2, 3), scale=0.5),
    "uniform": lambda rng: rng.uniform(-1, 2, (4,)),
    "integers": lambda rng: rng.integers(3, 9, (2, 2)),
    "permutation": lambda rng: rng.permutation(5),
    "choice": lambda rng: rng.choice(backend.asarray(np.full((4, 2), 0.5))),
    "one number": lambda rng: rng.normal(()),
}


@pytest.mark.parametrize("name", DRAWS)
def test_same_numbers_on_every_backend(xp_backend, name):
    rng, host_rng = backend.Rng(7), backend.Rng(7)
    x = DRAWS[name](rng)
    with backend.use_backend("numpy"):
        expected = DRAWS[name](host_rng)
    assert backend.array_namespace(x) is xp_backend
    assert x.dtype == expected.dtype
    assert np.array_equal(backend.asnumpy(x), expected)
    assert rng.generator.random() == host_rng.generator.random()


def test_seeds(xp_backend):
    first, again, other = (backend.asnumpy(backend.Rng(seed).normal((3,))) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_dtype_rounds_the_same_numbers(xp_backend):
    single, double = (backend.asnumpy(backend.Rng(1).normal((9,), dtype=d)) for d in ("float32", "float64"))
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    assert np.array_equal(single, double.astype("float32"))


def test_distributions(fresh):
    rng = backend.Rng(0)
    normal = rng.normal((10_000,), scale=3)
    assert abs(normal.mean()) < 0.1
    assert abs(normal.std() - 3) < 0.1
    uniform = rng.uniform(-1, 2, (10_000,))
    assert -1 <= uniform.min() < -0.99
    assert 1.99 < uniform.max() <= 2
    assert set(rng.integers(3, 6, (100,))) == {3, 4, 5}
    assert sorted(rng.permutation(5)) == [0, 1, 2, 3, 4]


def test_choice_follows_the_weights(fresh):
    p = np.tile(np.array([0, 1, 0, 3, 0], dtype="float32"), (10_000, 1))
    drawn = backend.Rng(0).choice(p)
    assert set(drawn) == {1, 3}
    assert abs((drawn == 3).mean() - 0.75) < 0.02


@pytest.mark.parametrize("u", [0.0, np.nextafter(1, 0)])
def test_choice_at_the_ends_of_the_unit_interval(fresh, u):
    rng = backend.Rng(0)
    rng.generator = SimpleNamespace(random=lambda shape: np.full(shape, u))
    assert rng.choice(np.array([0, 0.1, 0.2, 0], dtype="float32")) == (2 if u == 0 else 1)


def test_choice_does_not_wait_for_the_device(mock):
    backend.set_backend("cupy")
    p = mock.ones((3, 2, 4), dtype="float32")
    with mock_cupy.no_syncs():
        drawn = backend.Rng(0).choice(p)
    assert drawn.shape == (3, 2)


@pytest.mark.parametrize("p", [[0.0, 0.0], [np.nan, 0.5]])
def test_a_row_without_a_class_to_choose_is_refused(p):
    with pytest.raises(ValueError, match="no class with a probability above 0"):
        backend.Rng(0).choice(np.array([[0.5, 0.5], p]))
