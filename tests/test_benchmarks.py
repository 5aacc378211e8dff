import contextlib
import dataclasses
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import mock_cupy
import pytest
from copies import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import cells
from measuring import figures, machine, report_cpu, results, words
from measuring.plan import FULL, QUICK

TINY = dataclasses.replace(
    FULL,
    sizes=[(3, 2, 4, 5), (2, 1, 3, 2)],
    host=(3, 2, 4, 5),
    widths=[4],
    footprint=(3, 2, 4, 5),
    start=(2, 2, 3, 4),
    doublings=1,
    rounds=2,
    block=1e-4,
)


@pytest.fixture
def modules():
    """What needs torch."""
    pytest.importorskip("torch")
    from measuring import peers, racing, speed

    return SimpleNamespace(peers=peers, racing=racing, speed=speed)


@pytest.fixture
def in_process(modules, monkeypatch, tmp_path):
    """Parts are measured in this process, without JAX, whose threads would stay; results are written elsewhere."""
    without_jax = [name for name in modules.peers.available() if name != "JAX"]
    monkeypatch.setattr(modules.peers, "available", lambda: without_jax)

    def ask(part, plan, threads=None, options=None):
        request = {"part": part, "plan": dataclasses.asdict(plan), "threads": None, "options": options or {}}
        return json.loads(json.dumps(cells.measure(json.loads(json.dumps(request)))))

    monkeypatch.setattr(cells, "ask", ask)
    monkeypatch.setattr(results.replace, "__defaults__", (tmp_path / "RESULTS.md",))
    return tmp_path / "RESULTS.md"


def tables(text):
    """Each table as a list of rows without its header."""
    found, row_before = [], False
    for line in text.splitlines():
        is_row = line.startswith("|")
        if is_row and not row_before:
            found.append([])
        if is_row:
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        row_before = is_row
    return [rows[2:] for rows in found]


# ------------------------------------------------------------------------------------------------- commands


def test_on_the_cpu(in_process, capsys):
    cells.main(["--threads", "1"], TINY)

    section = in_process.read_text(encoding="utf-8")
    speed, before, generation, footprint, growth = tables(section)
    assert [row[0] for row in speed] == [
        f"{kind} ({', '.join(map(str, size))})" for size in TINY.sizes for kind in ("RNN", "LSTM", "GRU")
    ]
    assert [len(table) for table in (before, generation, growth)] == [2, 1, 3]
    assert footprint[-1][0] == "torch"
    assert "python benchmarks/cells.py --threads 1`" in section
    assert all(float(row[1]) > 0 for row in speed)
    assert capsys.readouterr().out.strip() in section


def test_quick_writes_nothing(in_process, monkeypatch, capsys):
    monkeypatch.setattr(cells, "_measure_cpu", lambda plan, threads: {"plan": plan})
    monkeypatch.setattr(report_cpu, "section", lambda measured, setup, plan: f"{measured['plan'].sizes} {plan.rounds}")
    cells.main(["--quick", "--rounds", "2"])
    assert capsys.readouterr().out == f"{QUICK.sizes} 2\n"
    assert not in_process.exists()


@pytest.mark.skipif(not shutil.which("g++"), reason="the mock compiles CUDA with g++")
@pytest.mark.parametrize("place", ["cpu", None])
def test_on_a_gpu(place, in_process, modules, monkeypatch):
    monkeypatch.setattr(modules.speed, "device", lambda: place)
    results.replace("cells-numpy", "What was there.")
    with mock_cupy.installed():
        cells.main(["--backend", "cupy"], TINY)

    text = in_process.read_text(encoding="utf-8")
    assert "What was there." in text and "mock GPU" in text
    assert ("sees no GPU" in text) == (place is None)
    speed, before, host = tables(text)
    assert len(speed) == 6 and len(before) == 2
    assert [row[0] for row in host] == ["fused", "plain"]
    assert {len(row) for row in speed} == {4 if place else 3}


def test_a_part_in_a_process_of_its_own(modules):
    rows = cells.ask("speed", TINY, 1, {"threads": 1})
    names = {"torch", "GEMM", *modules.peers.available()}
    assert [row["cell"] for row in rows] == ["RNN", "LSTM", "GRU"] * 2
    for row in rows:
        before = {f"{name} before" for name in names & {"plain", "numba"}} if row["cell"] == "GRU" else set()
        assert row["seconds"].keys() == names | before
        assert all(len(times) == TINY.rounds and min(times) > 0 for times in row["seconds"].values())


def test_a_part_that_fails_ends_it_all():
    with pytest.raises(SystemExit, match="nothing was written"):
        cells.ask("no such part", TINY, 1)


@pytest.mark.parametrize("arguments", [["--threads", "0"], ["--threads", "9999"], ["--rounds", "0"]])
def test_impossible_arguments(arguments, capsys):
    with pytest.raises(SystemExit):
        cells.main(arguments)
    assert arguments[0] in capsys.readouterr().err


# -------------------------------------------------------------------------------------------- wrong results


def wrong(candidate, name, change):
    """The candidate, with one of its results changed."""
    return dataclasses.replace(candidate, values=lambda result: change(dict(candidate.values(result)), name))


CHANGES = {
    "off": lambda values, name: values | {name: values[name] * 1.001},
    "nan": lambda values, name: values | {name: values[name] * float("nan")},
    "missing": lambda values, name: {key: value for key, value in values.items() if key != name},
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["hs", "dx", "dh0", "dW", "db_reset"])
def test_a_wrong_result_is_refused(name, change, modules):
    problem = modules.peers.draw("GRU", (4, 2, 3, 5))
    torch_itself, ours = (modules.peers.candidate(problem, which) for which in ("torch", "plain"))
    modules.racing.check(torch_itself, [ours], problem)
    with pytest.raises(modules.racing.WrongResult, match=r"GRU.*plain"):
        modules.racing.check(torch_itself, [wrong(ours, name, CHANGES[change])], problem)


@pytest.mark.parametrize("reset", ["after", "before"])
def test_a_wrong_cell_is_not_timed(reset, in_process, modules, monkeypatch):
    right = modules.peers.ours

    def ours(problem, kind, reset_of="after", **options):
        reset_of = options.get("reset", reset_of)
        candidate = right(problem, kind, reset_of)
        return wrong(candidate, "dU", CHANGES["off"]) if reset_of == reset else candidate

    monkeypatch.setattr(modules.peers, "ours", ours)
    monkeypatch.setattr(modules.speed, "race", lambda *arguments: {"torch": [1.0]})
    monkeypatch.setattr(modules.speed.products, "bound", lambda seconds: [1.0])
    with pytest.raises(SystemExit, match="dU"):
        cells.main(["--threads", "1"], TINY)
    assert not in_process.exists()


# ------------------------------------------------------------------------------------------- time and figures


def test_candidates_take_turns(modules):
    log = []

    @contextlib.contextmanager
    def around():
        log.append("in")
        yield
        log.append("out")

    entrants = [modules.racing.Candidate(name, lambda name=name: log.append(name), around=around) for name in "abc"]
    seconds = modules.racing.race(entrants, rounds=3, block=0)
    assert {name: len(times) for name, times in seconds.items()} == {"a": 3, "b": 3, "c": 3}
    assert "".join(entry for entry in log[-27:] if len(entry) == 1) == "abcbcacab"
    assert log[:3] == ["in", "a", "out"]


def test_short_runs_are_repeated(modules):
    runs = []
    modules.racing.race([modules.racing.Candidate("a", lambda: runs.append(0))], rounds=1, block=0.001)
    assert len(runs) > 10


def test_the_bound_is_the_faster_layout_of_each_part(modules):
    products = modules.speed.products
    part_names = [candidate.name for candidate in products.candidates("LSTM", (3, 2, 4, 5))]
    times = [[1.0, 2.0], [9.0, 9.0], [3.0, 3.0], [5.0, 6.0]]
    assert products.bound(dict(zip(part_names, times, strict=True))) == [6.0, 8.0]
    assert len(products.candidates("RNN", (3, 2, 4, 5))) == 2


@pytest.mark.parametrize("power", [0, 0.5, 1, 2])
def test_exponents(power):
    lengths = (16, 32, 64, 128)
    points = [{"size": (T, 2, 3, 4), "seconds": {"a": [3e-4 * T**power] * 3}} for T in lengths]
    assert figures.exponents(points, 0)["a"] == pytest.approx(power, abs=1e-9)


def test_a_slow_round_changes_no_ratio():
    seconds = {"a": [2.0, 200.0, 2.2], "b": [4.0, 400.0, 4.0]}
    assert figures.ratio(seconds, "a", "b") == pytest.approx(0.5)
    assert figures.spread(seconds, "b", "b") == 0
    assert figures.spread({"a": [1.0], "b": [2.0]}, "a", "b") == 0


# ------------------------------------------------------------------------------------------------ the machine


def test_the_environment_of_a_process(monkeypatch):
    monkeypatch.setenv("CUPY_TF32", "1")
    one, two, all_of_them = (machine.environment(threads) for threads in (1, 2, None))
    assert (one["OPENBLAS_NUM_THREADS"], two["OMP_NUM_THREADS"]) == ("1", "2")
    assert "eigen=false" in one["XLA_FLAGS"]
    assert "CUPY_TF32" not in all_of_them and os.environ["CUPY_TF32"] == "1"


def test_pinning_comes_before_numpy():
    with pytest.raises(RuntimeError, match="NumPy"):
        machine.pin(1)


def test_cores_are_those_of_this_process():
    if hasattr(os, "sched_getaffinity"):
        assert sorted(machine.cores()) == sorted(os.sched_getaffinity(0))


def test_the_machine_in_words():
    assert f"{len(machine.cores())} cores" in machine.description()
    assert "NumPy" in machine.versions()
    share = machine.Others().share()
    assert share is None or share >= 0


@pytest.mark.parametrize(
    "share, said, warned",
    [
        (None, "unknown", ""),
        (0.004, "0.4% of the processors' time meanwhile", ""),
        (0.5, "50.0% of the processors' time meanwhile, too much for the times to be relied on", "measure again"),
    ],
)
def test_times_that_others_disturbed_are_marked(monkeypatch, capsys, share, said, warned):
    others = machine.Others()
    monkeypatch.setattr(others, "share", lambda: share)
    assert machine.disturbance(others) == {"other programs": said}
    complaint = capsys.readouterr().err
    assert (warned in complaint) if warned else complaint == ""


# ------------------------------------------------------------------------------------------------- RESULTS.md


def test_a_section_replaces_itself_alone(tmp_path):
    path = tmp_path / "RESULTS.md"
    results.replace("first", "one", path)
    results.replace("second", "two", path)
    before = path.read_text(encoding="utf-8")
    results.replace("first", "another\n\none\n", path)
    after = path.read_text(encoding="utf-8")
    assert after == before.replace("\none\n", "\nanother\n\none\n") != before
    results.replace("first", "one", path)
    assert path.read_text(encoding="utf-8") == before
    assert [file.name for file in tmp_path.iterdir()] == ["RESULTS.md"]


@pytest.mark.parametrize("broken", ["<!-- begin a -->\ntext", "<!-- end a -->\n<!-- begin a -->", "<!-- end a -->"])
def test_a_broken_file_is_left_as_it_is(broken, tmp_path):
    path = tmp_path / "RESULTS.md"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(ValueError, match="section a"):
        results.replace("a", "new", path)
    assert path.read_text(encoding="utf-8") == broken


def test_nothing_is_left_behind_when_writing_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        results.replace("a", "new", tmp_path / "RESULTS.md")
    assert not list(tmp_path.iterdir())


def test_columns_stand_below_one_another():
    lines = words.table(["a", "long header"], [["a long cell", "1.00"], ["b", "–"]]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1] == f"| {'-' * 11} | {'-' * 10}: |"
    assert [words.digits(value) for value in (0.123, 12.34, 1234.5)] == ["0.12", "12.3", "1234"]


def test_jax_is_looked_for(modules):
    assert ("JAX" in modules.peers.available()) == bool(importlib.util.find_spec("jax"))


def test_workers_are_measured_and_a_quick_run_writes_nothing(bubblewrap):
    before = results.PATH.read_bytes()
    command = [sys.executable, "benchmarks/workers.py", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    [rows] = tables(done.stdout)
    assert [row[0] for row in rows] == ["--jobs 1", "--dask, workers: 1"]
    assert all(abs(float(figure)) < 30 for row in rows for figure in row[1:])
    assert "10,000 submissions at " in done.stdout
    assert results.PATH.read_bytes() == before
