"""Networks that learn to predict a text: the benchmark at tiny sizes, and what it has stored."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import mock_cupy
import numpy as np
import pytest
from copies import ROOT

from course_lib import backend, data, interop, saving, text
from course_lib.backend import Rng
from course_lib.cells import LSTM, Output, kernels

sys.path.insert(0, str(ROOT / "benchmarks"))

import char_lm
from measuring import archive, networks, reading, report_text, results
from measuring.networks import FULL, QUICK, SHIPPED, Network

TEXT = "the quick brown fox jumps over the lazy dog; " * 12
TINY = [
    *(Network(kind, kind, hidden_size=5, B=2, T=4, iterations=20, lr=1e-2) for kind in ("LSTM", "GRU", "RNN")),
    Network("min-char-rnn", "RNN", hidden_size=4, B=1, T=5, iterations=20, lr=0.1, published=True),
]


@pytest.fixture(autouse=True)
def tiny(tmp_path, monkeypatch):
    """A short text, texts of a line, the plain kernels; and nothing is written where results belong."""
    vocabulary = text.Vocabulary(TEXT + "T")
    ids = vocabulary.encode(TEXT)
    monkeypatch.setattr(reading, "texts", lambda: (vocabulary, ids[:-60], ids[-60:]))
    monkeypatch.setattr(reading, "LENGTH", 10)
    monkeypatch.setattr(char_lm, "PARTS", tmp_path / "parts")
    monkeypatch.setattr(results.replace, "__defaults__", (tmp_path / "RESULTS.md",))
    before = backend.backend_name()
    with kernels.use("plain"):
        yield
    backend.set_backend(before)


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def without_seconds(path):
    with np.load(path) as archive:
        return {name: array for name, array in archive.items() if name != "seconds"}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


# --------------------------------------------------------------------------------------------------- commands


def test_all_is_trained_and_stored(torch, tmp_path, capsys):
    char_lm.main(["--out", str(tmp_path)], TINY)

    with np.load(tmp_path / "char_lm.npz") as archive:
        table = dict(archive)
    assert table["name"].tolist() == ["LSTM", "LSTM", "GRU", "GRU", "RNN", "RNN", "min-char-rnn"]
    assert table["library"].tolist() == [*("course_lib", "torch") * 3, "course_lib"]
    assert table["B"].tolist() == [2] * 6 + [1] and set(table["seed"]) == {0}
    assert (table["tested"] == np.arange(2, 22, 2)).all() and (table["iteration"] == np.arange(1, 21)).all()
    assert table["held_out"].shape == (7, 10) and table["train"].shape == (7, 20)
    assert np.isfinite(table["train"]).all() and (table["seconds"] > 0).all()
    assert (table["held_out"][:, -1] < table["held_out"][:, 0]).all()
    assert len(table["sample"]) == 4 * len(reading.SAMPLED) * len(reading.TEMPERATURES)
    assert all(drawn.startswith("The ") and len(drawn) == 14 for drawn in table["sample"].tolist())
    assert set(table["sample_iteration"]) == {2, 6, 20} and set(table["sample_temperature"]) == {0.5, 1.0}

    # Torch begins with the same parameters and reads the same: the same curves.
    for name in ("train", "held_out"):
        np.testing.assert_allclose(table[name][0:6:2], table[name][1:6:2], rtol=2e-4)

    params, facts = saving.load(tmp_path / "char_model.npz")
    assert {array.dtype.name for array in params.values()} == {"float16"}
    cell, output = LSTM(facts["input_size"], facts["hidden_size"], Rng(0)), Output(5, len(facts["characters"]), Rng(0))
    for name, array in (cell.params | output.params).items():
        array[...] = params[name]
    vocabulary, _, held_out = reading.texts()
    assert facts["cell"] == "LSTM" and facts["characters"] == vocabulary.characters
    assert facts["held_out"] == text.evaluate(cell, output, held_out)
    assert 0 < abs(facts["held_out"] - table["held_out"][0, -1]) < 1e-3  # before it was rounded

    section = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert f"python benchmarks/char_lm.py --out {tmp_path}`" in section
    lines = [line for line in section.splitlines() if re.match(r"\| (LSTM|GRU|RNN|min)", line)]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row[6] for row in rows] == [f"{nats:.3f}" for nats in table["held_out"][[0, 2, 4, 6], -1]]
    assert [row[10] for row in rows] == [*(f"{nats:.3f}" for nats in table["held_out"][[1, 3, 5], -1]), "–"]
    assert not (tmp_path / "parts/numpy").exists()
    out, err = capsys.readouterr()
    assert section.split("\n", 5)[-1].split("<!-- end")[0].strip() in out and "SHA-256" in out
    assert "GRU, torch: 20 of 20" in err


def test_on_a_gpu(tmp_path, capsys):
    results.replace("char_lm-numpy", "What was there.")
    char_lm.main(["--out", str(tmp_path)], TINY)
    before = without_seconds(tmp_path / "char_lm.npz")
    gpu = tmp_path / "gpu"
    gpu.mkdir()
    with mock_cupy.installed():
        char_lm.main(["--backend", "cupy", "--out", str(gpu)], TINY)
        backend.set_backend("numpy")
    there = without_seconds(gpu / "char_lm.npz")
    assert there["name"].tolist() == ["LSTM", "GRU", "RNN", "min-char-rnn"]
    ours = before["library"] == "course_lib"
    for name in ("train", "held_out"):
        np.testing.assert_array_equal(there[name], before[name][ours])
    assert "mock GPU" in (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "Nothing is compared with torch: the one that is installed sees no GPU." in capsys.readouterr().err


def test_learning_does_not_wait_for_a_gpu():
    with mock_cupy.installed(), backend.use_backend("cupy"):
        vocabulary, ids, _ = reading.texts()
        for network in TINY:
            learner, passes = reading.Ours(network, vocabulary), reading.Passes(ids, network)
            chunks = [passes.chunk(i) for i in range(3)]
            with mock_cupy.no_syncs():
                for x, y, first in chunks:
                    learner._learn(x, y, first)


def test_without_torch(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    char_lm.main(["--out", str(tmp_path)], TINY[:1])
    assert without_seconds(tmp_path / "char_lm.npz")["library"].tolist() == ["course_lib"]
    out, err = capsys.readouterr()
    assert err.count("Nothing is compared with torch: it is not installed") == 1
    assert "|               – |       – |     – |" in out


def test_quick_writes_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(char_lm, "QUICK", TINY[2:3])
    char_lm.main(["--quick"])
    assert "Predicting the next character" in capsys.readouterr().out
    assert list(tmp_path.rglob("*")) == [tmp_path / "parts"]


def test_a_folder_that_is_not_there(tmp_path, capsys):
    with pytest.raises(SystemExit):
        char_lm.main(["--out", str(tmp_path / "none")])
    assert "there is no such folder" in capsys.readouterr().err


def test_a_gpu_that_is_not_there(capsys):
    if backend_works():
        return
    with pytest.raises(SystemExit, match="error: CuPy"):
        char_lm.main(["--backend", "cupy", "--quick"], TINY)


def backend_works():
    try:
        with backend.use_backend("cupy"):
            return True
    except backend.BackendUnavailable:
        return False


def test_threads_are_settled_before_numpy_is_imported():
    code = "import sys; sys.path.insert(0, 'benchmarks'); import char_lm; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# ------------------------------------------------------------------------------------- stopped and gone on with


@pytest.mark.parametrize("at", [(0, 2), (1, 6), (2, 4), (6, 8)])
def test_what_was_stopped_goes_on(torch, tmp_path, monkeypatch, capsys, at):
    """An interrupt in iteration `at[1]` of training number `at[0]`; then the same numbers as without it."""
    for name in ("whole", "parted"):
        (tmp_path / name).mkdir()
    char_lm.main(["--out", str(tmp_path / "whole")], TINY)

    library, network = ("course_lib", "torch")[at[0] % 2], TINY[at[0] // 2]
    kind = {"course_lib": reading.Ours, "torch": sys.modules["measuring.peer_text"].Torch}[library]
    learn = kind._learn

    def interrupted(self, *chunk):
        if (self.network, self.run.i) == (network, at[1]):
            os.kill(os.getpid(), signal.SIGINT)
        return learn(self, *chunk)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "_learn", interrupted)
        with pytest.raises(SystemExit, match=r"stopped; .* --resume goes on from there"):
            char_lm.main(["--out", str(tmp_path / "parted")], TINY)
    assert not (tmp_path / "parted/char_lm.npz").exists()

    done = []
    with monkeypatch.context() as patch:
        patch.setattr(kind, "_learn", lambda self, *chunk: done.append(self.run.i) or learn(self, *chunk))
        char_lm.main(["--resume", "--out", str(tmp_path / "parted")], TINY)
    assert done[0] == at[1] + 1  # the iteration itself was finished
    whole, parted = (without_seconds(tmp_path / name / "char_lm.npz") for name in ("whole", "parted"))
    assert same(whole, parted)
    models = [(tmp_path / name / "char_model.npz").read_bytes() for name in ("whole", "parted")]
    assert models[0] == models[1]


def test_stopped_in_a_test_it_goes_on_from_the_stage_before(tmp_path, monkeypatch):
    for name in ("whole", "parted"):
        (tmp_path / name).mkdir()
    char_lm.main(["--out", str(tmp_path / "whole")], TINY[:1])
    test = reading.Ours.test

    def interrupted(self, ids):
        if self.run.i == 6:
            raise KeyboardInterrupt
        return test(self, ids)

    with monkeypatch.context() as patch:
        patch.setattr(reading.Ours, "test", interrupted)
        with pytest.raises(SystemExit, match=r"stopped; .* --resume goes on from there"):
            char_lm.main(["--out", str(tmp_path / "parted")], TINY[:1])
    char_lm.main(["--resume", "--out", str(tmp_path / "parted")], TINY[:1])
    assert same(*(without_seconds(tmp_path / name / "char_lm.npz") for name in ("whole", "parted")))


def test_what_is_kept_is_not_taken_for_something_else(tmp_path):
    folder = tmp_path / "kept"
    first = char_lm.train(TINY[2:3], folder, resume=False)
    assert [one.run.i for one in char_lm.train(TINY[2:3], folder, resume=True)] == [20] * len(first)
    done = []
    for other in (replace(TINY[2], lr=0.02), replace(TINY[2], seed=1)):
        trained = char_lm.train([other], folder, resume=True)
        done.append(trained[0].run.keep["held_out"][-1])
    assert len({first[0].run.keep["held_out"][-1], *done}) == 3
    char_lm.train(TINY[:1], folder, resume=False)
    assert not list(folder.glob("*RNN*"))  # begins anew


def test_a_rule_of_torch_refuses_what_is_not_its_own(torch):
    from measuring.peer_text import Rule

    rule = Rule({"a": torch.zeros(2, requires_grad=True)}, 0.1)
    with pytest.raises(ValueError, match="other names"):
        rule.load_state({"p.b": np.zeros(2), "steps": np.array(1)})


# --------------------------------------------------------------------------------------------- what is trained


def test_passes_begin_at_other_places():
    network, ids = replace(TINY[0], B=3, T=4), np.arange(100)
    passes = reading.Passes(ids, network)
    firsts, starts, last = [], [], None
    for i in range(40):
        x, y, first = passes.chunk(i)
        assert x.shape == y.shape == (4, 3) and ((y - x) % 100 == 1).all()
        if first:
            starts.append(int(x[0, 0]))
        else:
            assert ((x[0] - last) % 100 == 1).all()  # the state may be carried
        last = x[-1]
        firsts.append(first)
    assert [i for i, first in enumerate(firsts) if first] == [0, 8, 16, 24, 32]
    assert len(set(starts)) == 5
    again = reading.Passes(ids, network)
    np.testing.assert_array_equal(again.chunk(17)[0], passes.chunk(17)[0])  # from the middle, after a stop


@pytest.mark.parametrize("network", TINY[:3], ids=str)
def test_torch_starts_with_the_same_and_trains_one_bias(torch, network, monkeypatch):
    from measuring import peer_text

    vocabulary, ids, held_out = reading.texts()
    ours, theirs = reading.Ours(network, vocabulary), peer_text.Torch(network, vocabulary)
    assert theirs.test(held_out) == pytest.approx(ours.test(held_out), rel=1e-6)
    passes = reading.Passes(ids, network)

    def losses(learner):
        learner.rule.lr = 0.05
        return [float(learner._learn(*passes.chunk(i))) for i in range(12)]

    right = losses(ours)
    np.testing.assert_allclose(losses(theirs), right, rtol=1e-4)
    cell = interop.from_torch(theirs._cell)
    for name, array in ours.cell.params.items():
        np.testing.assert_allclose(cell.params[name], array, atol=2e-4)

    monkeypatch.setattr(peer_text, "_one_bias", lambda *arguments: None)
    assert abs(np.array(losses(peer_text.Torch(network, vocabulary))) / right - 1).max() > 1e-3


@pytest.mark.parametrize("network", [TINY[0], TINY[3]], ids=str)
def test_gradients_are_clipped(network, monkeypatch):
    vocabulary, ids, _ = reading.texts()
    learner, passes, seen = reading.Ours(network, vocabulary), reading.Passes(ids, network), []
    monkeypatch.setattr(learner.rule, "step", lambda grads: seen.append(dict(grads)))
    learner.output.params["V"] *= 1000
    learner._learn(*passes.chunk(0))
    grads = np.concatenate([g.ravel() for g in seen[0].values()])
    if network.published:
        assert np.abs(grads).max() == 5
    else:
        assert np.linalg.norm(grads) == pytest.approx(network.T)


def test_the_learning_rate_rises_and_falls():
    network = replace(FULL[0], iterations=1000, lr=1.0)
    rates = [network.learning_rate(i) for i in range(1000)]
    assert rates[0] == pytest.approx(0.01) and np.argmax(rates) == networks.WARMING - 1 and rates[99] > 0.97
    assert (np.diff(rates[100:]) < 0).all() and rates[-1] == pytest.approx(0.02, abs=1e-4)
    assert {FULL[-1].learning_rate(i) for i in range(100)} == {FULL[-1].lr}


def test_the_published_recipe():
    learner = reading.Ours(TINY[3], reading.texts()[0])
    params = learner.rule.params
    assert type(learner.rule).__name__ == "Adagrad" and not params["b"].any() and not params["c"].any()
    assert all(0 < np.abs(params[name]).max() < 0.06 for name in "UWV")


def test_forget_gates_start_open():
    learner = reading.Ours(TINY[0], reading.texts()[0])
    assert learner.cell.params["b"].tolist() == [[0] * 5, [1] * 5, [0] * 5, [0] * 5]


def test_tables_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path, table = tmp_path / "table.npz", {"a": np.arange(3), "b": np.array(["x", "yz"])}
    archive.write(path, table)
    content = path.read_bytes()
    archive.write(path, table)
    assert path.read_bytes() == content
    with pytest.raises(ValueError, match="Object arrays"):
        archive.write(path, {"a": np.array([None])})
    assert path.read_bytes() == content and list(tmp_path.iterdir()) == [path]


# --------------------------------------------------------------------------------------------- what is stored


def test_every_network_has_as_many_points():
    for plan in (FULL, QUICK):
        assert all(one.iterations % (networks.STAGES * reading.POINTS) == 0 for one in plan)


def test_what_is_stored_is_what_the_benchmark_trains():
    table = data.char_lm()
    for network in FULL:
        here = np.flatnonzero(table["name"] == network.name)
        libraries = ["course_lib"] if network.published else ["course_lib", "torch"]
        assert table["library"][here].tolist() == libraries
        for name in ("cell", "hidden_size", "B", "T", "iterations", "lr", "seed"):
            assert set(table[name][here].tolist()) == {getattr(network, name)}
    assert (ROOT / "course_lib/data/char_lm.npz").stat().st_size < 300_000


def test_the_stored_lstm_predicts_what_was_held_out():
    table = data.char_lm()
    ours = (table["name"] == SHIPPED) & (table["library"] == "course_lib")
    assert table["held_out"][ours, -1] <= 1.65

    assert data.char_model().stat().st_size < 600_000
    params, facts = saving.load(data.char_model())
    vocabulary = text.Vocabulary("".join(data.reference_text()))
    assert facts["characters"] == vocabulary.characters
    assert facts["held_out"] == pytest.approx(table["held_out"][ours, -1][0], abs=2e-3)
    cell = LSTM(facts["input_size"], facts["hidden_size"], Rng(0))
    output = Output(facts["hidden_size"], len(vocabulary), Rng(0))
    for name, array in (cell.params | output.params).items():
        array[...] = params[name]
    nats = text.evaluate(cell, output, vocabulary.encode(data.reference_text()[1]), B=16)
    assert nats == pytest.approx(facts["held_out"], abs=0.02)


def test_the_report_says_what_is_stored():
    section = (ROOT / "benchmarks/RESULTS.md").read_text(encoding="utf-8")
    table = report_text.section(data.char_lm(), {}).split("| network", 1)[1]
    assert table in section
