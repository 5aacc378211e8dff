"""A break in any single term of a backward pass does not stay unnoticed.

Each break that mutants.py makes, and each one made here in the text of the CUDA kernels, has to raise an error or to
change a gradient of a cell, which is compared with central differences.
"""

import contextlib
import faulthandler
import functools
import importlib
import importlib.util
import math
import os
import re
import signal
import sys
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import mock_cupy
import mutants
import numpy as np
import pytest
import samples

from course_lib.backend import asnumpy
from course_lib.cells import embedding, kernels, plain
from course_lib.gradcheck import relative_error

needs_gpp = pytest.mark.skipif("fused" not in samples.MOCK_KINDS, reason="g++ is not installed")

# ------------------------------------------------------------------------------------------------------- checks


@dataclass(frozen=True)
class Case:
    """A cell, sequences for it and the gradients by central differences."""

    place: str
    kind: str
    cell: Any
    sample: samples.Sample
    expected: dict[str, Any]

    def fails(self):
        """Whether anybody would notice that the backward pass is broken."""
        with samples.running(self.place, self.kind), np.errstate(all="ignore"):
            before = [asnumpy(part).copy() for part in samples.parts(self.sample.dstate)]
            try:
                with mock_cupy.no_syncs():
                    _, cache = samples.forward(self.cell, self.sample)
                    gradients = samples.backward(self.cell, self.sample, cache)
                right = all(relative_error(gradients[name], self.expected[name]) <= 1e-6 for name in self.expected)
            except Exception:  # whatever it is
                return True
            after = [asnumpy(part) for part in samples.parts(self.sample.dstate)]
        return not right or not all(map(np.array_equal, before, after))


def draws():
    """A name of `samples.CELLS` and what to draw for it: all the options, then the ways to give sequences."""
    for name in samples.CELLS:
        yield name, {}
    for name in [*samples.ONE_OF_EACH, "LSTM full"]:
        yield name, {"lengths": (0, 6, 2, 5, 6)}
        yield name, {"whole_numbers": True}


@functools.cache
def cases(place, kind):
    return [case(place, kind, name, tuple(options.items())) for name, options in draws()]


def case(place, kind, name, options):
    with samples.running(place, kind):
        cell, sample = draw(name, options)
        return Case(place, kind, cell, sample, expected(name, options))


def draw(name, options):
    """No two axes of the same length, as far as there are small numbers."""
    cell = samples.make(name, D=2, H=3)
    sample = samples.draw(cell, T=6, B=5, **dict(options))
    return cell, replace(sample, x=sample.x.astype("uint64")) if sample.x.ndim == 2 else sample


@functools.cache
def expected(name, options):
    with samples.running("numpy", "plain"):
        return samples.numerical_gradients(*draw(name, options))


@contextlib.contextmanager
def nothing_left_in_memory():
    """Within the block, new memory holds nan: it might hold the very numbers that a broken pass does not compute."""

    def nan_filled(empty):
        @functools.wraps(empty)
        def function(*args, **kwargs):
            array = empty(*args, **kwargs)
            if array.dtype.kind == "f":
                array.fill(np.nan)
            return array

        return function

    with mock.patch.multiple(np, empty=nan_filled(np.empty), empty_like=nan_filled(np.empty_like)):
        yield


def any_fails(checks):
    return any(one.fails() for one in checks)


def any_fails_in_a_child(checks):
    """The same in a process of its own, which a broken kernel may end: nobody checks where in memory it writes."""
    sys.stdout.flush()
    if child := os.fork():
        return os.waitpid(child, 0)[1] != 0
    noticed = True
    try:
        faulthandler.disable()
        signal.alarm(20)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        noticed = any_fails(checks)
    finally:
        os._exit(noticed)


def assert_noticed(checks, broken, at_least, any_fails=any_fails):
    """Each of `broken` makes one of the checks fail that are for its cells.

    Args:
        checks: the cases.
        broken: triples: what is broken, a block within which it is, and the classes of the cells it is part of.
        at_least: how many there are, so that this test does not come to test nothing.
        any_fails: how to find out.
    """
    assert not any_fails(checks), "without a break"  # and all is compiled that is going to be
    unnoticed, count = [], 0
    with nothing_left_in_memory():
        assert not any_fails(checks), "something reads new memory"
        for what, block, cells in broken:
            count += 1
            with block:
                if not any_fails([one for one in checks if type(one.cell) in cells]):
                    unnoticed.append(what)
    assert not unnoticed, f"{len(unnoticed)} of {count}:\n" + "\n".join(unnoticed)
    assert count >= at_least


def broken_functions(functions, checks):
    with contextlib.ExitStack() as stack:
        for function in functions:
            whole = mutants.defined(mutants.tree_of(function), function)
            stack.enter_context(mutants.in_place_of(function, whole))
        assert not any_fails(checks), "a function that was only read and written"
    for function, cells in functions.items():
        for what, broken in mutants.of(function):
            yield what, mutants.in_place_of(function, broken), cells


# ------------------------------------------------------------------------------------------------------- Python


def beyond_plain(kernel_class):
    """The functions of a backward pass on other kernels that are not those of the plain ones."""
    known = mutants.functions(plain.Plain)
    return {function: cells for function, cells in mutants.functions(kernel_class).items() if function not in known}


def test_the_loops_and_the_plain_kernels(monkeypatch):
    # More than one block: of four of the six steps where there are four gates, of five where there are three, and of
    # one of the two rows.
    monkeypatch.setattr(plain, "_BLOCK", 4 * 60)
    monkeypatch.setattr(embedding, "_ONE_HOT", 30)
    checks = cases("numpy", "plain") + cases("mock", "plain")
    assert_noticed(checks, broken_functions(mutants.functions(plain.Plain), checks), at_least=500)


def compiled_as_python():
    """compiled.py once more, with backward passes that stay Python: to compile each break would take an hour."""
    numba, compiled = (importlib.import_module(name) for name in ("numba", "course_lib.cells.compiled"))
    spec = importlib.util.spec_from_file_location("course_lib.cells.compiled_as_python", compiled.__file__)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.object(numba.config, "DISABLE_JIT", True):
        spec.loader.exec_module(module)
    module._tanh = math.tanh  # the compiler chooses between two
    for name, value in vars(compiled.Compiled).items():
        if isinstance(value, staticmethod) and "backward" not in name:
            setattr(module.Compiled, name, value)
    return module


@pytest.mark.skipif("numba" not in samples.NUMPY_KINDS, reason="numba is not installed")
def test_the_compiled_kernels(monkeypatch):
    module = compiled_as_python()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(kernels, "_class", lambda name, on_cpu: module.Compiled)
    checks = cases("numpy", "numba")
    assert_noticed(checks, broken_functions(beyond_plain(module.Compiled), checks), at_least=450)


# --------------------------------------------------------------------------------------------------------- CUDA


@needs_gpp
def test_what_calls_the_fused_kernels():
    checks = cases("mock", "fused")
    broken = broken_functions(beyond_plain(kernels._class("fused", False)), checks)
    assert_noticed(checks, broken, at_least=80, any_fails=any_fails_in_a_child)


OTHER_SIGN = {" + ": " - ", " - ": " + ", " * ": " + ", " += ": " = ", " > ": " < "}
FACTORS = [r" \* \w+(?:\[\w+\])?(?![\w\[(])", r"(?<![\w\])*])\w+(?:\[\w+\])? \* (?!\*)"]  # the right and the left one
HEAD = r'^(?:extern "C" __global__|__device__) \w+ (\w+)\('
AT_ONCE = 10  # for the compiler


def broken_lines(line):
    """A line of CUDA with each single break."""
    code = line.split("//")[0]
    if re.match(r"(typedef|real |const |int ).*", code.strip()) is None and re.search(r" \+?= .*;", code):
        yield ";"
    for sign, other in OTHER_SIGN.items():
        yield from (code[: at.start()] + other + code[at.end() :] for at in re.finditer(re.escape(sign), code))
    for factor in FACTORS:
        yield from (code[: at.start()] + code[at.end() :] for at in re.finditer(factor, code))
    for at in re.finditer(r"options & \w+|relu(?= \?)", code):
        yield f"{code[: at.start()]}!({at.group()}){code[at.end() :]}"


def broken_texts(text):
    """What is broken, the name of the function that it is in, and the text without the functions of forward passes."""
    paragraphs = [part for part in text.split("\n\n") if "backward(" in part or "__global__" not in part]
    for number, part in enumerate(paragraphs):
        head = re.search(HEAD, part, re.M)
        if head is None or not head[1].endswith(("backward", "dsigmoid", "dtanh")):
            continue
        start = part.index("{", head.end())
        lines = part[start:].split("\n")
        for which, line in enumerate(lines):
            for broken in broken_lines(line):
                body = "\n".join([*lines[:which], broken, *lines[which + 1 :]])
                changed = [*paragraphs[:number], part[:start] + body, *paragraphs[number + 1 :]]
                yield f"{head[1]}: {line.strip()}  →  {broken.strip()}", head[1], "\n\n".join(changed)


def with_kernels(texts):
    """For each text a block within which its backward passes run; the compiler gets them all in one."""
    right = fused()._kernels(mock_cupy, np.dtype("float64"))
    names = "|".join(re.findall(HEAD, texts[0], re.M))
    code = "\n".join(re.sub(rf"\b({names})\b", rf"\1_{number}", text) for number, text in enumerate(texts))
    module = mock_cupy.RawModule(code=code, options=fused().compiler_options("float64"))
    for number in range(len(texts)):
        theirs = {name: module.get_function(f"{name}_{number}") for name in right if name.endswith("backward")}
        yield mock.patch.object(fused(), "_kernels", lambda *_, theirs=theirs: right | theirs)


def fused():
    return importlib.import_module("course_lib.cells.fused")


def broken_kernels(text, checks):
    (unbroken,) = with_kernels([text])
    with unbroken:
        assert not any_fails(checks), "a text that was only compiled"
    broken = list(broken_texts(text))
    for start in range(0, len(broken), AT_ONCE):
        together = broken[start : start + AT_ONCE]
        blocks = with_kernels([text for _, _, text in together])
        for (what, function, _), block in zip(together, blocks, strict=True):
            cells = [cell for cell in mutants.CELLS if function.startswith(cell.__name__.lower())] or mutants.CELLS
            yield what, block, cells


@needs_gpp
def test_the_cuda_kernels():
    checks = cases("mock", "fused")
    broken = broken_kernels(fused().SOURCE.read_text(encoding="utf-8"), checks)
    assert_noticed(checks, broken, at_least=170, any_fails=any_fails_in_a_child)
