"""Networks on tasks of a long memory, and the benchmark that stores their curves."""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import Executor, Future

import mock_cupy
import numpy as np
import pytest
from copies import ROOT

from course_lib import backend, data, long_memory
from course_lib.cells import kernels
from course_lib.long_memory import BATCH, MODELS, SETTINGS, Setting, Trial
from course_lib.tasks import TASKS
from course_lib.training import LOSSES

sys.path.insert(0, str(ROOT / "benchmarks"))

import long_memory as benchmark
from measuring import report_memory, results

SMALL = Setting(hidden_size=7, lr=2e-3)


@pytest.fixture(autouse=True)
def plain_kernels():
    """The same everywhere; that the others compute the same is checked with the cells."""
    with kernels.use("plain"):
        yield


# Networks


@pytest.mark.parametrize("task", TASKS)
def test_biases_and_weights_at_first(task):
    cells = {name: Trial(task, 40, name, 0).cell for name in MODELS}
    H = SETTINGS[task].hidden_size
    W = cells["RNN orthogonal"].params["W"]
    np.testing.assert_allclose(W @ W.T, np.eye(H), atol=1e-5)
    assert np.abs(cells["RNN"].params["W"]).max() <= 1 / np.sqrt(H)
    assert not any(cells[name].params["b"].any() for name in ("RNN", "RNN orthogonal", "GRU"))
    assert (cells["LSTM"].params["b"] == np.array([0, 1, 0, 0])[:, None]).all()

    i, f, o, g = cells["LSTM chrono"].params["b"]
    z, r, c = cells["GRU chrono"].params["b"]
    assert (i == -f).all() and not any(part.any() for part in (o, g, r, c))
    for keep in (f, -z):
        assert keep.min() >= 0 and np.log(20) < keep.max() <= np.log(39)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("task", TASKS)
def test_learning(xp_backend, task, model):
    trial = Trial(task, 12, model, 0, SMALL)
    before = {name: backend.asnumpy(p).copy() for name, p in trial.rule.params.items()}
    with mock_cupy.no_syncs():
        losses = [trial.learn() for _ in range(2)]
    assert trial.iteration == 2
    assert all(loss.dtype == np.float32 and np.isfinite(float(loss)) for loss in losses)
    assert all((backend.asnumpy(p) != before[name]).any() for name, p in trial.rule.params.items())
    assert 0 < trial.test() < 3 and not trial.solved(TASKS[task].chance(12))


@pytest.mark.parametrize("task", TASKS)
def test_the_seed_decides_on_every_backend(task):
    def numbers(seed):
        trial = Trial(task, 12, "GRU chrono", seed, SMALL)
        return float(trial.learn()), trial.test(), trial.spectral_radius(), *trial.gradient_flow()

    here = numbers(3)
    assert here == numbers(3) != numbers(4)
    with mock_cupy.installed(), backend.use_backend("cupy"):
        assert numbers(3) == pytest.approx(here, rel=1e-5)


def test_a_short_one_is_solved():
    trial = Trial("temporal_order", 10, "RNN orthogonal", 0)
    while trial.iteration < 300 and not trial.solved(trial.test()):
        for _ in range(50):
            trial.learn()
    assert trial.iteration < 300


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("task", TASKS)
def test_gradient_flow(xp_backend, monkeypatch, task, model):
    """Against one backward pass from the end down to each state."""
    batches = []
    draw = TASKS[task].draw
    trial = Trial(task, 11, model, 0, SMALL)
    object.__setattr__(trial.task, "draw", lambda *size: batches.append(draw(*size)) or batches[-1])
    try:
        flow = trial.gradient_flow()
    finally:
        object.__setattr__(trial.task, "draw", draw)

    ((x, y),) = batches
    y = y if trial.task.last_step else y[-1]
    assert flow.shape == (len(x),) and flow.dtype == np.float32 and (flow > 0).all()
    _, derivative = LOSSES[trial.task.loss]
    for t in (1, 5, len(x) - 1):
        _, state, _ = trial.cell.forward(x[:t])
        hs, _, cache = trial.cell.forward(x[t:], state)
        o, output_cache = trial.output.forward(hs[-1:])
        dhs = xp_backend.zeros_like(hs)
        dhs[-1:], _ = trial.output.backward(derivative(o, y[None]), output_cache)
        _, dstate, _ = trial.cell.backward(dhs, cache)
        dh = backend.asnumpy(dstate[0] if isinstance(dstate, tuple) else dstate)
        assert flow[t - 1] == pytest.approx(BATCH * np.linalg.norm(dh, axis=1).mean(), rel=1e-4)
    assert flow[-1] == pytest.approx(BATCH * np.linalg.norm(backend.asnumpy(dhs[-1]), axis=1).mean(), rel=1e-4)


def test_spectral_radius(xp_backend):
    for model in ("RNN", "LSTM", "GRU"):
        trial = Trial("adding", 10, model, 0, SMALL)
        W = trial.cell.params["W"]
        W[...] = xp_backend.asarray(np.full(W.shape, 5.0))
        (W if model == "RNN" else W[-1])[...] = xp_backend.asarray(np.diag([0.1, -0.9, 0.5, 0, 0, 0, 0]))
        assert trial.spectral_radius() == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("sums", 10, "RNN"), r"task is 'sums'; choose one of 'adding', 'temporal_order', 'copy_memory'"),
        (("adding", 10, "rnn"), r"model is 'rnn'; choose one of 'RNN', 'RNN orthogonal', "),
    ],
)
def test_unknown_names(names, message):
    with pytest.raises(ValueError, match=message):
        Trial(*names, seed=0)


# The benchmark


TINY = [
    benchmark.Run(task, T, model, seed, iterations=4, every=2)
    for task, T in (("temporal_order", 10), ("adding", 6), ("copy_memory", 3))
    for model in ("RNN", "GRU chrono")
    for seed in (0, 1)
]


class InThisProcess(Executor):
    """An executor that has done what it was given before it returns."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future


@pytest.fixture
def places(monkeypatch, tmp_path):
    """Nothing is written but here, no process is started, and the networks are small."""

    def pool(jobs, name):
        stack.enter_context(backend.use_backend(name))
        return InThisProcess()

    with contextlib.ExitStack() as stack:
        monkeypatch.setattr(benchmark, "pool", pool)
        monkeypatch.setattr(benchmark, "PARTS", tmp_path / "parts")
        monkeypatch.setattr(benchmark, "STORED", tmp_path / "stored.npz")
        monkeypatch.setattr(benchmark, "ROOT", tmp_path)
        monkeypatch.setattr(long_memory, "TEST_BATCH", 20)  # small enough for BLAS to use one thread
        for task in TASKS:
            monkeypatch.setitem(SETTINGS, task, SMALL)
        monkeypatch.setattr(results.replace, "__defaults__", (tmp_path / "RESULTS.md",))
        yield tmp_path


def stored(path):
    with np.load(path) as archive:
        return dict(archive)


def test_the_whole_benchmark(places, capsys):
    results.replace("cells-numpy", "What was there.")
    benchmark.main([], TINY)

    printed = capsys.readouterr()
    section = (places / "RESULTS.md").read_text(encoding="utf-8")
    assert "What was there." in section and "`python benchmarks/long_memory.py`" in section
    assert printed.out.split("\n\n")[0] in section
    assert printed.err.count("min: ") == len(TINY)
    assert hashlib.sha256((places / "stored.npz").read_bytes()).hexdigest() in printed.out

    table = stored(places / "stored.npz")
    assert {name: column.shape for name, column in table.items()} == {
        **dict.fromkeys(("task", "T", "model", "seed", "iterations", "every", "chance", "threshold"), (12,)),
        "error": (12, 3),
        "radius": (12, 3),
        "flow": (12, 2, 23),
    }
    assert all(column.dtype == np.float32 for name, column in table.items() if name in ("error", "radius", "flow"))
    for n, run in enumerate(TINY):
        assert [table[name][n] for name in ("task", "T", "model", "seed")] == [run.task, run.T, run.model, run.seed]
        tests = np.isfinite(table["error"][n]).sum()
        assert tests == 3 or table["error"][n, tests - 1] < table["threshold"][n]
        steps = run.T + 20 * (run.task == "copy_memory")
        assert (np.isfinite(table["flow"][n]) == (np.arange(23) < steps)).all()
    assert not list((places / "parts").rglob("*.npz"))


def test_on_a_gpu(places, capsys, monkeypatch):
    benchmark.main([], TINY)
    monkeypatch.setattr(benchmark.data, "long_memory", lambda: stored(places / "stored.npz"))
    before = (places / "stored.npz").read_bytes()
    with mock_cupy.installed():
        benchmark.main(["--backend", "cupy", "--out", str(places / "there.npz")], TINY)
    assert (places / "stored.npz").read_bytes() == before
    out = capsys.readouterr().out
    assert "12 of 12 runs are solved, or not, as in what is stored." in out and "mock GPU" in out
    np.testing.assert_allclose(stored(places / "there.npz")["error"], stored(places / "stored.npz")["error"], rtol=1e-4)
    assert (places / "RESULTS.md").read_text(encoding="utf-8").count("## Tasks that need a long memory") == 2


def test_quick_stores_nothing(places, capsys, monkeypatch):
    monkeypatch.setattr(benchmark, "QUICK", TINY[:2])
    benchmark.main(["--quick"])
    out = capsys.readouterr().out
    assert "| temporal_order |" in out and "| adding" not in out
    assert out.endswith("This was the quick one: one seed, few iterations; benchmarks/RESULTS.md stays as it is.\n")
    assert not (places / "stored.npz").exists() and not (places / "RESULTS.md").exists()


def test_what_is_run():
    assert len(set(benchmark.FULL)) == len(benchmark.FULL)
    assert {(run.task, run.T) for run in benchmark.FULL} >= {(run.task, run.T) for run in benchmark.QUICK}
    assert {run.model for run in benchmark.QUICK} == {run.model for run in benchmark.FULL} == set(MODELS)
    assert all(run.iterations % run.every == 0 for run in (*benchmark.FULL, *benchmark.QUICK))


@pytest.mark.parametrize("arguments", [["--jobs", "0"], ["--out", "no/such/folder/x.npz"], ["--backend", "torch"]])
def test_impossible_arguments(arguments, capsys):
    with pytest.raises(SystemExit):
        benchmark.main(arguments)
    assert arguments[0] in capsys.readouterr().err


def test_goes_on_with_what_is_kept(places, capsys):
    benchmark.main(["--out", str(places / "whole.npz")], TINY)
    folder = places / "parts" / "numpy"
    folder.mkdir(exist_ok=True)
    for run in TINY[:4]:
        benchmark.train_and_keep(run, folder)
    damaged = benchmark._part(folder, TINY[3])
    damaged.write_bytes(damaged.read_bytes()[:-100])
    capsys.readouterr()
    benchmark.main(["--out", str(places / "again.npz")], TINY)
    err = capsys.readouterr().err
    assert f"3 of 12 runs are taken from {folder}" in err and err.count("min: ") == 9
    assert (places / "whole.npz").read_bytes() == (places / "again.npz").read_bytes()


def test_a_change_of_what_is_trained_is_no_part(places, monkeypatch):
    names = {benchmark._part(places, TINY[0])}
    monkeypatch.setitem(SETTINGS, "temporal_order", Setting(hidden_size=8, lr=2e-3))
    names.add(benchmark._part(places, TINY[0]))
    names.add(benchmark._part(places, benchmark.Run("temporal_order", 10, "RNN", 0, iterations=6, every=2)))
    assert len(names) == 3


def test_a_file_is_whole_or_not_there(places):
    benchmark.write(places / "x.npz", {"T": np.arange(3)})
    before = (places / "x.npz").read_bytes()
    with pytest.raises(ValueError):
        benchmark.write(places / "x.npz", {"T": np.arange(3), "task": np.array([object()])})
    assert (places / "x.npz").read_bytes() == before and [path.name for path in places.iterdir()] == ["x.npz"]


def table(errors, thresholds):
    """Runs of the RNN on the adding problem, one seed each."""
    runs = [benchmark.Run("adding", 50, "RNN", seed, 200) for seed in range(len(errors))]
    curves = np.zeros(3)
    trained = [{"error": np.array(error), "radius": curves, "flow": np.ones((2, 3))} for error in errors]
    return benchmark.collect(runs, trained) | {"threshold": np.array(thresholds)}


def test_the_table():
    section = report_memory.section(table([[0.2, 0.1, 0.04], [0.2, 0.16], [0.01]], [0.05] * 3), {"command": "`x`"})
    (row,) = [line for line in section.splitlines() if line.startswith("| adding")]
    expected = ["adding", "50", "200", "0.167", "0.05", "200, (0.16), 0", *"–––––"]
    assert [entry.strip() for entry in row.strip("|").split("|")] == expected


def test_differences():
    ours, theirs = table([[0.2, 0.01], [0.2, 0.1]], [0.05] * 2), table([[0.2, 0.03], [0.01], [0.2]], [0.05] * 3)
    assert benchmark.differences(ours, theirs).splitlines() == [
        "adding T=50, RNN, seed 1: not solved here, unlike in what is stored",
        "1 of 2 runs are solved, or not, as in what is stored.",
    ]


# What is stored


@pytest.fixture(scope="module")
def runs():
    return data.long_memory()


def solved(runs, task, T, model):
    """Whether each seed's run has solved the task."""
    rows = (runs["task"] == task) & (runs["T"] == T) & (runs["model"] == model)
    assert rows.any()
    return report_memory.first_below(runs["error"][rows], runs["threshold"][rows]) >= 0


@pytest.mark.parametrize(("task", "T"), [("temporal_order", 100), ("temporal_order", 200), ("adding", 200)])
def test_with_the_right_bias_gates_solve_what_a_plain_network_does_not(runs, task, T):
    for model in ("LSTM chrono", "GRU chrono"):
        assert solved(runs, task, T, model).all()
    for model in ("RNN", "RNN orthogonal"):
        assert not solved(runs, task, T, model).any()
        rows = (runs["task"] == task) & (runs["T"] == T) & (runs["model"] == model)
        assert np.nanmin(runs["error"][rows]) > 0.85 * runs["chance"][rows][0]


def test_an_orthogonal_network_solves_the_shortest_alone(runs):
    assert solved(runs, "temporal_order", 50, "RNN orthogonal").all()


def test_curves_are_whole(runs):
    assert (ROOT / "course_lib/data/long_memory.npz").stat().st_size < 300_000
    for n, error in enumerate(runs["error"]):
        tests = np.isfinite(error).sum()
        for curve in (error, runs["radius"][n]):
            assert (np.isfinite(curve) == (np.arange(len(curve)) < tests)).all()
        below = np.flatnonzero(error < runs["threshold"][n])
        if below.size:
            assert list(below) == [tests - 1]
        else:
            assert (tests - 1) * runs["every"][n] == runs["iterations"][n]
        steps = runs["T"][n] + 20 * (runs["task"][n] == "copy_memory")
        assert (np.isfinite(runs["flow"][n]) == (np.arange(runs["flow"].shape[-1]) < steps)).all()


def test_the_stored_runs_are_those_of_the_benchmark(runs):
    stored_runs = zip(
        *(runs[name].tolist() for name in ("task", "T", "model", "seed", "iterations", "every")), strict=True
    )
    assert [benchmark.Run(*facts) for facts in stored_runs] == benchmark.FULL
    rows = report_memory.section(runs, {"command": ""}).split("\n\n")[-1]
    assert rows in (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("task", TASKS)
def test_a_run_begins_as_it_is_stored(runs, task, model):
    (row,) = np.flatnonzero((runs["task"] == task) & (runs["T"] == 50) & (runs["model"] == model) & (runs["seed"] == 0))
    trial = Trial(task, 50, model, seed=0)
    flow = trial.gradient_flow()
    np.testing.assert_allclose(flow, runs["flow"][row, 0, : len(flow)], rtol=0.01)
    assert trial.test() == pytest.approx(runs["error"][row, 0], rel=0.01)
    assert trial.spectral_radius() == pytest.approx(runs["radius"][row, 0], rel=0.01)


# Processes of their own


SCRIPT = """
import sys
from pathlib import Path

sys.path[:0] = [{benchmarks!r}]
import long_memory
from measuring import results

def runs():
    lengths = [2, 2, {long}]
    return [long_memory.Run("temporal_order", 100, "RNN", n, iterations=i, every=2) for n, i in enumerate(lengths)]

if __name__ == "__main__":
    long_memory.PARTS = Path("parts")
    results.replace.__defaults__ = (Path("RESULTS.md"),)
    long_memory.main(["--jobs", "2", "--out", "out.npz"], runs())
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_goes_on_to_the_same_file(tmp_path, ending):
    """In processes of its own: two runs finish, the third would not in a lifetime; then it is a short one."""
    environment = os.environ | {"COURSE_LIB_KERNELS": "plain"}

    def start(folder, long):
        folder.mkdir(exist_ok=True)
        script = textwrap.dedent(SCRIPT.format(benchmarks=str(ROOT / "benchmarks"), long=long))
        (folder / "script.py").write_text(script, encoding="utf-8")
        command = [sys.executable, "script.py"]
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    whole = start(tmp_path / "whole", 2)
    ended = start(tmp_path / "ended", 10**9)
    parts = tmp_path / "ended" / "parts" / "numpy"
    deadline = time.monotonic() + 60
    while len(list(parts.glob("temporal*.npz"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    ended.send_signal(ending)
    out, err = ended.communicate(timeout=30)  # to the end of file: no process is left that holds the pipe
    assert "Traceback" not in err and not out
    if ending == signal.SIGINT:
        assert "what is finished is kept in parts/numpy: the same command goes on from there" in err
    assert not (tmp_path / "ended" / "out.npz").exists()

    again = start(tmp_path / "ended", 2)
    for process in (whole, again):
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert "2 of 3 runs are taken from parts/numpy" in err
    assert (tmp_path / "whole" / "out.npz").read_bytes() == (tmp_path / "ended" / "out.npz").read_bytes()
