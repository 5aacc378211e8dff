"""Which network solves which task of a long memory, and up to which T. Writes the curves that notebook 07 shows.

    python benchmarks/long_memory.py                    # most of an hour on one core; --jobs 2: half of it
    python benchmarks/long_memory.py --quick            # a minute or two: prints the table, writes nothing
    python benchmarks/long_memory.py --backend cupy     # on a GPU: says where it differs from what is stored

A run that is stopped keeps what is finished: the same command goes on from there.
"""

import argparse
import hashlib
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import astuple, dataclass
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path

import numpy as np
from measuring import machine, report_memory, results

from course_lib import backend, data, saving
from course_lib.long_memory import MODELS, SETTINGS, Trial
from course_lib.tasks import TASKS

ROOT = Path(__file__).parents[1]
STORED = ROOT / "course_lib/data/long_memory.npz"
PARTS = ROOT / "build/long_memory"
EVERY = 100  # iterations from test to test


@dataclass(frozen=True)
class Run:
    """One network on one task."""

    task: str
    T: int
    model: str
    seed: int
    iterations: int  # at most
    every: int = EVERY

    def __str__(self) -> str:
        return f"{self.task} T={self.T}, {self.model}, seed {self.seed}"


def plan(tasks: Sequence[tuple[str, int, int]], seed: int) -> list[Run]:
    """All models on tasks ``(name, T, iterations)``."""
    return [Run(task, T, model, seed, n) for task, T, n in tasks for model in MODELS]


# What matters most comes first. At T = 200 fewer iterations: gradients that vanish into float32's smallest numbers
# make a processor several times as slow, and what does not vanish is learnt by then.
SIZES = [
    ("temporal_order", 100, 4000),
    ("adding", 200, 2000),
    ("temporal_order", 50, 4000),
    ("temporal_order", 200, 1000),
    ("adding", 50, 3000),
    ("adding", 100, 3000),
    ("copy_memory", 50, 4000),
    ("copy_memory", 100, 4000),
]
FULL = plan(SIZES, seed=0) + plan(SIZES[:-2], seed=1)
QUICK = plan([("temporal_order", 50, 1000), ("temporal_order", 100, 1000), ("adding", 50, 1500)], seed=0)


def main(arguments: list[str], runs: Sequence[Run] | None = None) -> None:
    """Train, print, and write unless quick.

    Args:
        arguments: of the command line.
        runs: what to train, in place of what the arguments say.
    """
    options = _parse(arguments)
    runs = runs or (QUICK if options.quick else FULL)
    folder = PARTS / options.backend
    began = time.monotonic()
    _train_all(runs, options, folder)
    table = collect(runs, [_read(folder, run) for run in runs])

    setup = {
        "command": f"`{shlex.join(['python', 'benchmarks/long_memory.py', *arguments])}`",
        "machine": machine.description(),
        "versions": machine.versions(),
        "networks": ", ".join(f"{task} H={s.hidden_size}, lr={s.lr:g}" for task, s in SETTINGS.items()),
    }
    if options.backend == "cupy":
        setup["versions"] += f"; {_device()}"
    section = report_memory.section(table, setup)
    print(section)
    print(f"\n{(time.monotonic() - began) / 60:.1f} minutes", file=sys.stderr)
    if options.quick:
        print("\nThis was the quick one: one seed, few iterations; benchmarks/RESULTS.md stays as it is.")
    elif options.backend == "cupy":
        print("\n" + differences(table, data.long_memory()))
    if options.out:
        write(options.out, table)
        print(f"\n{options.out}: SHA-256 {hashlib.sha256(options.out.read_bytes()).hexdigest()}")
    if not options.quick:
        results.replace(f"long_memory-{options.backend}", section)
    for run in runs:
        _part(folder, run).unlink(missing_ok=True)


def _device() -> str:
    with backend.use_backend("cupy"):
        return backend.describe()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="long_memory.py", description="Which network solves which task.")
    parser.add_argument("--quick", action="store_true", help="few sizes and iterations; print, and store nothing")
    parser.add_argument("--backend", choices=("numpy", "cupy"), default="numpy", help="cupy: on a GPU")
    parser.add_argument("--jobs", type=int, default=1, help="how many networks learn at a time, each on one core (1)")
    stored = f"{STORED.relative_to(ROOT)}; with --quick, or on a GPU, nowhere"
    parser.add_argument("--out", type=Path, help=f"where the curves go ({stored})")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: at least 1")
    if options.out is None and options.backend == "numpy" and not options.quick:
        options.out = STORED
    if options.out and not options.out.absolute().parent.is_dir():
        parser.error(f"--out {options.out}: there is no folder {options.out.parent}")
    return options


# ------------------------------------------------------------------------------------------------ training


def _train_all(runs: Sequence[Run], options: argparse.Namespace, folder: Path) -> None:
    """Train what no earlier, stopped call has finished; each result is kept as soon as it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    todo = [run for run in runs if not _is_kept(folder, run)]
    if len(todo) < len(runs):
        print(f"{len(runs) - len(todo)} of {len(runs)} runs are taken from {folder}", file=sys.stderr)
    with pool(options.jobs, options.backend) as workers:
        began = time.monotonic()
        futures = {workers.submit(train_and_keep, run, folder): run for run in todo}
        try:
            for n, future in enumerate(as_completed(futures), 1):
                future.result()
                minutes = (time.monotonic() - began) / 60
                print(f"{n}/{len(todo)} after {minutes:.1f} min: {futures[future]}", file=sys.stderr, flush=True)
        except (BrokenProcessPool, KeyboardInterrupt) as error:
            for process in active_children():  # what they would finish may take minutes
                process.terminate()
            workers.shutdown(cancel_futures=True)
            why = "stopped" if isinstance(error, KeyboardInterrupt) else "a process was ended from outside"
            sys.exit(f"{why}; what is finished is kept in {folder}: the same command goes on from there")


def pool(jobs: int, backend_name: str) -> Executor:
    """Processes that have one thread each: they read these variables when they import NumPy."""
    os.environ.update(machine.environment(1))
    return ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_start, initargs=(backend_name,))


def _start(backend_name: str) -> None:
    """In such a process, before its first run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt ends it, without a traceback
    threading.Thread(target=_end_with_parent, daemon=True).start()
    backend.set_backend(backend_name)


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)


def train_and_keep(run: Run, folder: Path) -> None:
    """Train, and write what came of it."""
    saving.save(_part(folder, run), train(run))


def train(run: Run) -> dict[str, np.ndarray]:
    """Learn until the task is solved on a fresh test batch, or the iterations are used up.

    Returns:
        ``error`` and ``radius``, one value for each test, the first before training; ``flow (2, steps)``,
        before and after training.
    """
    trial = Trial(run.task, run.T, run.model, run.seed)
    before = trial.gradient_flow()
    errors, radii = [trial.test()], [trial.spectral_radius()]
    while trial.iteration < run.iterations and not trial.solved(errors[-1]):
        for _ in range(run.every):
            trial.learn()
        errors.append(trial.test())
        radii.append(trial.spectral_radius())
    return {"error": np.array(errors), "radius": np.array(radii), "flow": np.stack([before, trial.gradient_flow()])}


def _part(folder: Path, run: Run) -> Path:
    """All that its numbers depend on is in the name: after a change nothing older is taken for it."""
    facts = "-".join(map(str, astuple(run) + astuple(SETTINGS[run.task])))
    return folder / f"{facts.replace(' ', '_')}.npz"


def _is_kept(folder: Path, run: Run) -> bool:
    try:
        _read(folder, run)
    except (FileNotFoundError, ValueError):
        return False
    return True


def _read(folder: Path, run: Run) -> dict[str, np.ndarray]:
    with backend.use_backend("numpy"):
        return saving.load(_part(folder, run))[0]


# -------------------------------------------------------------------------------------------------- results


def collect(runs: Sequence[Run], trained: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """All runs in one table, a row for each, as `data.long_memory` describes it."""
    columns = {name: np.array([getattr(run, name) for run in runs]) for name in ("task", "T", "model", "seed")}
    columns |= {name: np.array([getattr(run, name) for run in runs]) for name in ("iterations", "every")}
    columns["chance"] = np.array([TASKS[run.task].chance(run.T) for run in runs])
    columns["threshold"] = np.array([TASKS[run.task].solved(run.T) for run in runs])
    return columns | {name: _padded([one[name] for one in trained]) for name in ("error", "radius", "flow")}


def _padded(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays that differ in their last length, one below the other, with nan to the longest's end."""
    padded = np.full((len(arrays), *arrays[0].shape[:-1], max(a.shape[-1] for a in arrays)), np.nan, "float32")
    for row, array in zip(padded, arrays, strict=True):
        row[..., : array.shape[-1]] = array
    return padded


def differences(table: dict[str, np.ndarray], stored: dict[str, np.ndarray]) -> str:
    """Where two tables disagree on what is solved."""
    (ours, theirs), lines = (_solved(one) for one in (table, stored)), []
    for run in ours.keys() & theirs.keys():
        if ours[run] != theirs[run]:
            lines.append(f"{run}: {'solved' if ours[run] else 'not solved'} here, unlike in what is stored")
    both = len(ours.keys() & theirs.keys())
    return "\n".join([*sorted(lines), f"{both - len(lines)} of {both} runs are solved, or not, as in what is stored."])


def _solved(table: dict[str, np.ndarray]) -> dict[str, bool]:
    names = zip(table["task"], table["T"], table["model"], table["seed"], strict=True)
    solved = report_memory.first_below(table["error"], table["threshold"]) >= 0
    return dict(zip((str(Run(*name, iterations=0)) for name in names), solved, strict=True))


def write(path: Path, table: dict[str, np.ndarray]) -> None:
    """The whole file or nothing; the same table gives the same bytes."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with open(temporary, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **table)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1:])
