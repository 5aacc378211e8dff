"""How fast the cells are, beside torch, JAX and the matrix products alone. Writes its section of RESULTS.md.

    python benchmarks/cells.py                       # on the CPU: several minutes; leave the machine alone
    python benchmarks/cells.py --quick               # whether it works: prints, writes nothing
    python benchmarks/cells.py --backend cupy        # on a GPU, against cuDNN

Each part runs in a process of its own, for the number of threads is settled when NumPy is imported.
"""

import argparse
import contextlib
import importlib
import json
import shlex
import subprocess
import sys
from dataclasses import asdict, replace
from typing import Any

from measuring import machine, report_cpu, report_gpu, results
from measuring.plan import FULL, QUICK, Plan

PARTS = {  # by name: module, function
    "speed": ("speed", "on_cpu"),
    "gpu": ("speed", "on_gpu"),
    "generation": ("generation", "measure"),
    "footprint": ("footprint", "measure"),
    "growth": ("growth", "measure"),
}


def main(arguments: list[str], plan: Plan | None = None) -> None:
    """Measure, print, and write unless quick.

    Args:
        arguments: of the command line.
        plan: what to measure, in place of what the arguments say.
    """
    options = _parse(arguments)
    if options.part:
        answer(json.loads(options.part))
        return
    plan = plan or (QUICK if options.quick else FULL)
    plan = replace(plan, rounds=options.rounds or plan.rounds)
    setup = {
        "command": f"`{shlex.join(['python', 'benchmarks/cells.py', *arguments])}`",
        "machine": machine.description(),
        "versions": machine.versions(),
        "rounds": str(plan.rounds),
    }
    others = machine.Others()
    if options.backend == "cupy":
        measured = ask("gpu", plan)
        section = report_gpu.section(measured, setup | machine.disturbance(others))
    else:
        measured = _measure_cpu(plan, options.threads)
        section = report_cpu.section(measured, setup | machine.disturbance(others), plan)
    print(section)
    if not options.quick:
        results.replace(f"cells-{options.backend}", section)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cells.py", description="How fast the cells are, beside torch and JAX.")
    available = len(machine.cores())
    parser.add_argument("--rounds", type=int, help=f"how often each candidate has its turn ({FULL.rounds})")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds; print, and write nothing")
    parser.add_argument("--threads", type=int, nargs="+", default=[n for n in (1, 2) if n <= available])
    parser.add_argument("--backend", choices=("numpy", "cupy"), default="numpy", help="cupy: on a GPU")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.rounds is not None and options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: at least 1")
    if not all(1 <= n <= available for n in options.threads):
        parser.error(f"--threads {shlex.join(map(str, options.threads))}: this process may use 1 to {available} cores")
    return options


def _measure_cpu(plan: Plan, threads: list[int]) -> dict[str, Any]:
    """All parts, the speed for each number of threads and the rest with the fewest."""
    few = min(threads)
    measured: dict[str, Any] = {"speed": {str(n): ask("speed", plan, n, {"threads": n}) for n in sorted(set(threads))}}
    measured["generation"] = ask("generation", plan, few)
    names = [name for name in report_cpu.KERNELS if name in measured["generation"][0]["seconds"]] + ["torch"]
    measured["footprint"] = {name: ask("footprint", plan, few, {"name": name}) for name in names}
    return measured | {"growth": ask("growth", plan, few)}


def ask(part: str, plan: Plan, threads: int | None = None, options: dict[str, Any] | None = None) -> Any:
    """What a part measures, in a fresh process with that many threads."""
    request = {"part": part, "plan": asdict(plan), "threads": threads, "options": options or {}}
    command = [sys.executable, __file__, "--part", json.dumps(request)]
    done = subprocess.run(
        command, env=machine.environment(threads), stdout=subprocess.PIPE, encoding="utf-8", check=False
    )
    if done.returncode:
        sys.exit(f"error: the part '{part}' ended with exit code {done.returncode}; nothing was written")
    return json.loads(done.stdout)


def answer(request: dict[str, Any]) -> None:
    """In that process: measure, and print the result as JSON."""
    if request["threads"]:
        machine.pin(request["threads"])
    with contextlib.redirect_stdout(sys.stderr):  # libraries may have something to say
        result = measure(request)
    print(json.dumps(result))


def measure(request: dict[str, Any]) -> Any:
    """Run a part; a wrong result ends the process with one line."""
    module, function = PARTS[request["part"]]
    try:
        import torch
    except ImportError:
        sys.exit('error: there is nothing to compare with; pip install "course-lib[bench]" brings torch')
    if request["threads"]:
        torch.set_num_threads(request["threads"])
    from measuring.racing import WrongResult

    from course_lib.backend import BackendUnavailable

    try:
        run = getattr(importlib.import_module(f"measuring.{module}"), function)
        return run(Plan(**request["plan"]), **request["options"])
    except (WrongResult, BackendUnavailable) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
