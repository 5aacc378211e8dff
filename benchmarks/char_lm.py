"""How well an LSTM, a GRU and an RNN predict the text that comes with the course, and torch with the same budget.

    python benchmarks/char_lm.py                     # about 7 minutes on one core
    python benchmarks/char_lm.py --resume            # goes on where it was stopped
    python benchmarks/char_lm.py --quick             # half a minute: whether it works; writes nothing
    python benchmarks/char_lm.py --backend cupy      # on a GPU

It writes the curves and the trained LSTM that notebook 06 shows, and its section of RESULTS.md.
"""

import argparse
import dataclasses
import hashlib
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring import machine
from measuring.networks import FULL, QUICK, SHIPPED, Network

ROOT = Path(__file__).parents[1]
STORED = ROOT / "course_lib/data"
PARTS = ROOT / "build/char_lm"


def main(arguments: list[str], networks: Sequence[Network] | None = None) -> None:
    """Train, print, and write unless quick.

    Args:
        arguments: of the command line.
        networks: what to train, in place of what the arguments say.
    """
    options = _parse(arguments)
    networks = networks or (QUICK if options.quick else FULL)
    from measuring import report_text, results

    from course_lib import backend

    try:
        backend.set_backend(options.backend)
    except backend.BackendUnavailable as error:
        sys.exit(f"error: {error}")
    others = machine.Others()
    trained = train(networks, PARTS / options.backend, options.resume)
    setup = {
        "command": f"`{shlex.join(['python', 'benchmarks/char_lm.py', *arguments])}`",
        "machine": f"{machine.description()}; one thread",
        "versions": f"{machine.versions()}; {backend.describe()}",
    } | machine.disturbance(others)
    table = collect(trained)
    section = report_text.section(table, setup)
    print(section)
    if options.out:
        write(options.out, table, trained)
    if not options.quick:
        results.replace(f"char_lm-{options.backend}", section)
    shutil.rmtree(PARTS / options.backend)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="char_lm.py", description="How well networks predict the next character.")
    parser.add_argument("--quick", action="store_true", help="small networks, few iterations; print, and store nothing")
    parser.add_argument("--resume", action="store_true", help="go on where the same command was stopped")
    parser.add_argument("--backend", choices=("numpy", "cupy"), default="numpy", help="cupy: on a GPU")
    parser.add_argument(
        "--out", type=Path, help=f"folder for curves and model ({STORED.relative_to(ROOT)}; cupy, quick: nowhere)"
    )
    options = parser.parse_args(arguments)
    if options.out is None and options.backend == "numpy" and not options.quick:
        options.out = STORED
    if options.out and not options.out.is_dir():
        parser.error(f"--out {options.out}: there is no such folder")
    return options


def train(networks: Sequence[Network], folder: Path, resume: bool) -> list[Any]:
    """Train each network, ours and torch's in turn, stage by stage.

    Args:
        networks: which.
        folder: where all is kept after each stage, and when it is stopped.
        resume: go on from what is kept there.

    Returns:
        The `reading.Learner` of each network and library.
    """
    from measuring import reading

    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, train_ids, held_out = reading.texts()
    trained = []
    try:
        for network, learners in zip(networks, reading.learners(networks, vocabulary), strict=True):
            passes = reading.Passes(train_ids, network)
            for learner in learners:
                if (path := _part(folder, learner)).exists():
                    learner.load(path)
            for end in range(network.stage, network.iterations + 1, network.stage):
                for learner in learners:
                    _go_on(learner, passes, held_out, end, _part(folder, learner))
            trained += learners
    except KeyboardInterrupt:
        sys.exit(f"stopped; what was done is kept in {folder}: the same command with --resume goes on from there")
    return trained


def _go_on(learner: Any, passes: Any, held_out: Any, end: int, path: Path) -> None:
    """To the end of a stage, unless it was reached before the training was stopped."""
    if learner.run.i >= end:
        return
    if not learner.go_on(passes, held_out, end, path):
        raise KeyboardInterrupt
    print(learner.progress(), file=sys.stderr, flush=True)


def _part(folder: Path, learner: Any) -> Path:
    """All that its numbers depend on is in the name: after a change nothing older is taken for it."""
    facts = "-".join(map(str, dataclasses.astuple(learner.network)))
    return folder / f"{learner.library}-{facts}.npz"


def collect(trained: Sequence[Any]) -> dict[str, Any]:
    """All that `data.char_lm` describes."""
    import numpy as np

    names = [field.name for field in dataclasses.fields(Network)]
    table = {name: np.array([getattr(one.network, name) for one in trained]) for name in names}
    table["library"] = np.array([one.library for one in trained])
    table |= {name: np.stack([one.curves()[name] for one in trained]) for name in trained[0].curves()}
    samples = [(one.network.name, *drawn) for one in trained for drawn in one.samples()]
    columns = zip(*samples, strict=True)
    headings = ("sample_name", "sample_iteration", "sample_temperature", "sample")
    return table | {name: np.array(column) for name, column in zip(headings, columns, strict=True)}


def write(folder: Path, table: dict[str, Any], trained: Sequence[Any]) -> None:
    """The curves, and the parameters that the course ships, rounded and tested again."""
    from measuring import archive, reading

    from course_lib import saving

    archive.write(folder / "char_lm.npz", table)
    vocabulary, _, held_out = reading.texts()
    ours = next(one for one in trained if one.network.name == SHIPPED)
    params, nats = ours.rounded(held_out)
    facts = {"cell": ours.network.cell, "input_size": len(vocabulary), "hidden_size": ours.network.hidden_size}
    saving.save(folder / "char_model.npz", params, **facts, characters=vocabulary.characters, held_out=nats)
    print(f"\n{SHIPPED} in float16: {nats:.4f} nats per character held out")
    for path in (folder / "char_lm.npz", folder / "char_model.npz"):
        content = path.read_bytes()
        print(f"{path}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    os.environ.update(machine.environment(1))  # libraries read these variables when they are imported
    main(sys.argv[1:])
