"""Trainings: counted, measured, stopped, kept in files, watched. Notebooks and interrupts are real ones here."""

import inspect
import io
import os
import queue
import re
import signal
import subprocess
import sys
import textwrap
import threading

import mock_cupy
import nbformat
import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from course_lib import backend, plots, runs, saving
from course_lib.backend import Rng, array_namespace, asarray, asnumpy
from course_lib.cells import LSTM, kernels
from course_lib.cells.output import Output
from course_lib.optim import SGD, Adagrad, Adam, Momentum, RMSprop, clip_by_norm
from course_lib.training import loss_and_gradients

RULES = [SGD, Momentum, Adagrad, RMSprop, Adam]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def training(rule=Adam, lr=0.05, every=4, show=None, dtype="float32", hidden=3, **options):
    """A run over a small LSTM, and what trains it for an iteration: state and position are carried in ``keep``."""
    cell, output = LSTM(4, hidden, Rng(0), dtype), Output(hidden, 4, Rng(1), dtype)
    run = runs.Run(rule(cell.params | output.params, lr, **options), every, show)
    text = Rng(2).generator.integers(0, 4, 40)

    def iteration(i):
        at = int(run.keep.get("at", 0))
        x = np.eye(4, dtype=dtype)[text[at : at + 5]][:, None]
        state = (run.keep["h"], run.keep["c"]) if "h" in run.keep else None
        with kernels.use("plain"):
            loss, grads, state = loss_and_gradients(
                cell, output, asarray(x), asarray(text[at + 1 : at + 6, None]), state
            )
        clip_by_norm(grads, 1.0)
        run.rule.step(grads)
        run.rule.lr *= 0.999
        run.keep["h"], run.keep["c"] = state
        run.keep["at"] = np.array((at + 5) % 30)
        run.note(loss=loss)
        if i % 6 == 5:
            run.note(test=i)

    return run, iteration


def train(run, iteration, n):
    for i in run.until(n):
        iteration(i)
    return run


def trained(n, *args, **options):
    return train(*training(*args, **options), n)


def everything(run):
    """All that a run is, as bytes: exact, and independent of how it is kept."""
    held = {f"rule.{name}": value for name, value in run.rule.state().items()}
    held |= {f"keep.{name}": value for name, value in run.keep.items()}
    held |= {f"curve.{name}.{k}": each for name, pair in run.curve.items() for k, each in enumerate(pair)}
    return {name: (asnumpy(v).tobytes(), str(v.dtype), v.shape) for name, v in held.items()} | {"i": run.i}


def one(every=10, show=None):
    """A run over one number, for tests of the loop alone."""
    return runs.Run(SGD({"p": np.zeros(1)}, 1.0), every, show)


def step(run):
    run.rule.step({"p": np.ones(1)})


def stepped(run):
    """How many steps the number of `one` has seen."""
    return -run.rule.params["p"][0]


# ------------------------------------------------------------------------------------------------ counting


def test_until_goes_on_where_the_run_stands():
    run = one()
    assert list(run.until(3)) == [0, 1, 2]
    assert run.i == 3
    assert list(run.until(np.int64(5))) == [3, 4]
    assert list(run.until(5)) == list(run.until(2)) == []
    assert run.i == 5


def test_an_iteration_that_is_left_early_counts_if_a_step_was_taken():
    run = one(every=1)
    for i in run.until(10):
        if i == 2:
            break
        step(run)
    assert (run.i, stepped(run)) == (2, 2)
    for i in run.until(10):
        step(run)
        run.note(loss=i)
        if i == 4:
            break
    assert (run.i, stepped(run)) == (5, 5)
    assert run.curve["loss"][0].tolist() == [3, 4, 5]
    with pytest.raises(ZeroDivisionError):
        for i in run.until(10):
            step(run)
            if i == 7:
                raise ZeroDivisionError
    assert (run.i, stepped(run)) == (8, 8)
    with pytest.raises(ZeroDivisionError):
        for _ in run.until(10):
            raise ZeroDivisionError
    assert (run.i, stepped(run)) == (8, 8)


def test_an_iteration_without_a_step_counts_where_the_loop_goes_on():
    run = one()
    for i in run.until(6):
        if i % 2:
            continue
        step(run)
        step(run)
    assert (run.i, stepped(run), run.rule.steps) == (6, 6, 6)


@pytest.mark.parametrize("n", [3.0, "3", None])
def test_numbers_of_iterations_that_cannot_be(n):
    with pytest.raises(ValueError, match=re.escape(f"n is a whole number, not {n!r}")):
        one().until(n)  # at once, not when the loop begins
    with pytest.raises(ValueError, match=re.escape(f"every is a whole number, not {n!r}")):
        one(every=n)


@pytest.mark.parametrize("every", [0, -1])
def test_intervals_that_cannot_be(every):
    with pytest.raises(ValueError, match=f"every is at least 1, not {every}"):
        one(every=every)


# ----------------------------------------------------------------------------------------------- measuring


def test_a_point_is_the_mean_since_the_last_one(xp_backend):
    run = one(every=4)
    assert run.curve == {}
    for i in run.until(10):
        run.note(loss=asarray(i, "float32") if i % 2 else i, error=np.float64(2 * i))
        if i in (1, 8):
            run.note(test=i, loss=np.int64(100))
    x, y = run.curve["loss"]
    assert x.tolist() == [4, 8]
    assert y.tolist() == [(0 + 1 + 100 + 2 + 3) / 5, (4 + 5 + 6 + 7) / 4]
    assert run.curve["error"][1].tolist() == [3, 11]
    assert [each.tolist() for each in run.curve["test"]] == [[4], [1]]
    for _ in run.until(12):
        run.note(late=1)
    assert run.curve["loss"][1].tolist()[2] == (8 + 9 + 100) / 3
    assert [each.tolist() for each in run.curve["test"]] == [[4, 12], [1, 8]]
    assert [(a.dtype, b.dtype, type(b)) for a, b in run.curve.values()] == 4 * [("int64", "float64", np.ndarray)]


def test_a_name_has_an_empty_curve_before_its_first_point():
    run = one()
    run.note(loss=1)
    assert [each.tolist() for each in run.curve["loss"]] == [[], []]


def test_what_was_noted_may_change_afterwards(xp_backend):
    run, loss = one(every=2), asarray([1.0, 5.0])
    for _ in run.until(2):
        run.note(loss=loss[0], other=loss.sum())
        loss += 1
    assert run.curve["loss"][1].tolist() == [1.5]
    assert run.curve["other"][1].tolist() == [7]


def test_float32_is_added_up_in_float64(xp_backend):
    run = one(every=3)
    for value, _ in zip([2.0**24, 1, 1], run.until(3), strict=False):
        run.note(loss=asarray(value, "float32"))
    list(run.until(3))
    assert run.curve["loss"][1].tolist() == [(2**24 + 2) / 3]


def test_only_a_point_waits_for_the_device():
    with mock_cupy.installed(), backend.use_backend("cupy"):
        run, iteration = training(every=4)
        loop = run.until(8)
        iteration(next(loop))
        mock_cupy.syncs.clear()
        for _ in range(3):
            next(loop)
            with mock_cupy.no_syncs():
                run.note(loss=asarray(2.0), error=asarray(3.0))
        assert not mock_cupy.syncs
        next(loop)
        assert mock_cupy.syncs == ["get", "get"]  # loss and error, once each


@pytest.mark.parametrize("value", ["1", None, [1.0], np.ones(2), np.ones((1, 1)), 1j, np.array(1j), np.array("a")])
def test_what_is_no_number_is_not_noted(value):
    run = one(every=1)
    with pytest.raises(ValueError, match=r"loss is one number, or an array of shape \(\), not "):
        run.note(error=1, loss=value)
    assert run.curve == {}


@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_is_seen_in_the_curve():
    run = one(every=2)
    for i in run.until(6):
        run.note(loss=[1, np.inf, np.nan, 1, 2, 2][i])
    assert np.array_equal(run.curve["loss"][1], [np.inf, np.nan, 2], equal_nan=True)


# ----------------------------------------------------------------------------------------- keeping in files


@pytest.mark.parametrize("stop", [0, 1, 7, 8])
@pytest.mark.parametrize("rule", RULES)
def test_a_run_from_a_file_is_the_undisturbed_one_to_the_last_bit(xp_backend, tmp_path, rule, stop):
    path = tmp_path / "run.npz"
    trained(stop, rule).save(path)
    run, iteration = training(rule, lr=123)
    run.load(path)
    assert run.i == stop
    assert everything(train(run, iteration, 19)) == everything(trained(19, rule))


@pytest.mark.parametrize("stop", [1, 7])
def test_saving_in_the_loop(tmp_path, stop):
    path = tmp_path / "run.npz"
    run, iteration = training()
    for i in run.until(19):
        iteration(i)
        if i + 1 == stop:
            run.save(path)
            assert run.i == stop
    assert everything(run) == everything(trained(19))
    run, iteration = training()
    run.load(path)
    assert run.i == stop
    assert everything(train(run, iteration, 19)) == everything(trained(19))


def test_saving_in_the_loop_before_the_step(tmp_path):
    run, iteration = training()
    for i in run.until(19):
        if i == 8:
            run.save(tmp_path / "run.npz")
        iteration(i)
    run, iteration = training()
    run.load(tmp_path / "run.npz")
    assert run.i == 8
    assert everything(train(run, iteration, 19)) == everything(trained(19))


def test_going_back_within_the_loop(tmp_path):
    trained(6).save(tmp_path / "run.npz")
    run, iteration = training()
    seen = []
    for i in run.until(12):
        seen.append(i)
        iteration(i)
        if i == 9 and 9 not in seen[:-1]:
            run.load(tmp_path / "run.npz")
    assert seen == [*range(10), *range(6, 12)]
    assert everything(run) == everything(trained(12))


FORGOTTEN = {
    "the position": lambda run: run.keep.update(at=np.array(0)),
    "the state": lambda run: run.keep["h"].fill(0),
    "the sums of the rule": lambda run: [s.fill(0) for sums in run.rule._state.values() for s in sums],
    "the steps": lambda run: setattr(run.rule, "_steps", 0),
    "the learning rate": lambda run: setattr(run.rule, "lr", 0.05),
    "the parameters": lambda run: run.rule.params["b"].fill(0),
    "what was noted since the last point": lambda run: run._noted.clear(),
    "the points": lambda run: run._points.clear(),
    "the iteration": lambda run: setattr(run, "i", 6),
}


@pytest.mark.parametrize("what", FORGOTTEN)
def test_everything_that_is_kept_is_needed(tmp_path, what):
    trained(7).save(tmp_path / "run.npz")
    run, iteration = training()
    run.load(tmp_path / "run.npz")
    FORGOTTEN[what](run)
    assert everything(train(run, iteration, 19)) != everything(trained(19))


def test_a_file_has_nothing_of_the_clock_and_takes_the_place_of_the_old_one(tmp_path):
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    paths[1].write_bytes(b"old")
    for path in paths:
        trained(9).save(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "b.npz"]


def test_from_one_backend_to_the_other(tmp_path):
    path = tmp_path / "run.npz"
    trained(7).save(path)
    with mock_cupy.installed(), backend.use_backend("cupy") as xp:
        run, iteration = training()
        run.load(path)
        assert all(array_namespace(array) is xp for array in (*run.rule.params.values(), *run.keep.values()))
        train(run, iteration, 11).save(path)
    run, iteration = training()
    run.load(path)
    assert everything(train(run, iteration, 19)) == everything(trained(19))


@pytest.mark.parametrize(
    "name, value, kind",
    [
        ("state", (np.ones(2), np.ones(2)), "tuple"),
        ("at", 5, "int"),
        ("text", "abc", "str"),
        ("any", np.array([None]), "ndarray"),
        (3, np.ones(2), "ndarray"),
    ],
)
def test_what_cannot_be_kept(tmp_path, name, value, kind):
    run = one()
    run.keep[name] = value
    with pytest.raises(ValueError, match=re.escape(f"keep[{name!r}] is a {kind}; keep arrays of numbers, each under")):
        run.save(tmp_path / "run.npz")
    assert not os.listdir(tmp_path)


def test_names_with_dots(tmp_path):
    layers = {"0.W": np.ones(2), "0.b": np.ones(3), "p.0.W": np.ones(2), "steps": np.ones(1), "lr": np.ones(1)}
    made = runs.Run(Adam(layers, 0.1))
    made.keep["a.b"] = np.ones(1)
    made.note(**{"test.loss": 3})
    for _ in made.until(3):
        made.rule.step({name: np.full(p.shape, 2.0) for name, p in layers.items()})
    made.save(tmp_path / "run.npz")
    run = runs.Run(Adam({name: np.zeros(p.shape) for name, p in layers.items()}, 0.1))
    run.load(tmp_path / "run.npz")
    assert everything(run) == everything(made)


OTHERS = {
    "another rule": (
        lambda: trained(7, RMSprop),
        "is of another training: state must have the names of the Adam arrays; missing: ['betas', 'm.U', ",
    ),
    "other numbers of the rule": (
        lambda: trained(7, Adam, eps=1e-6),
        "is of another training: state['eps'] is 1e-06, but this Adam was made with 1e-08",
    ),
    "other betas": (
        lambda: trained(7, Adam, betas=(0.5, 0.999)),
        "state['betas'] is [0.5, 0.999], but this Adam was made with [0.9, 0.999]",
    ),
    "other sizes": (
        lambda: trained(7, hidden=2),
        "has shape (4, 2, 4) and dtype float32, but the Adam array has shape",
    ),
    "another dtype": (lambda: trained(7, dtype="float64"), "dtype float64, but the Adam array has shape"),
    "other names": (
        lambda: runs.Run(Adam({"W": np.ones((3, 3))}, 0.1), every=4),
        "is of another training: state must have the names of the Adam arrays; missing: [",
    ),
    "another interval": (lambda: trained(7, every=5), "a point of its curves is the mean of 5 iterations, not 4"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_files_of_another_training(tmp_path, kind):
    make, message = OTHERS[kind]
    make().save(tmp_path / "run.npz")
    refused(tmp_path / "run.npz", message)


def refused(path, message, error=ValueError):
    """The message, and that the run goes on as if it had not tried."""
    run, iteration = training()
    train(run, iteration, 6)
    before = everything(run)
    with pytest.raises(error) as caught:
        run.load(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
    assert everything(run) == before
    assert everything(train(run, iteration, 11)) == everything(trained(11))


FOREIGN = {
    "parameters alone": lambda path: saving.save(path, {"W": np.ones(2)}, cell="LSTM"),
    "parameters and facts of a run": lambda path: saving.save(path, {"W": np.ones(2)}, run={"i": 3, "every": 4}),
    "an unknown part": lambda path: saving.save(path, {"model.W": np.ones(2)}, run={"i": 3, "every": 4}),
    "a curve that is none": lambda path: saving.save(path, {"curve.a": np.ones(2)}, run={"i": 3, "every": 4}),
    "a sum that is none": lambda path: saving.save(path, {"noted.a": np.ones(())}, run={"i": 3, "every": 4}),
    "a run that is none": lambda path: saving.save(path, {}, run=3),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_files_of_something_else(tmp_path, kind):
    FOREIGN[kind](tmp_path / "run.npz")
    refused(tmp_path / "run.npz", "holds arrays, but no run; it was not written by Run.save")


def test_files_that_are_damaged_or_missing(tmp_path):
    path = tmp_path / "run.npz"
    refused(path, "No such file", FileNotFoundError)
    run = trained(7)
    run.save(path)
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    refused(path, "is not a whole file of parameters")
    changed = bytearray(data)
    changed[data.index(run.rule.params["W"].tobytes())] ^= 1
    path.write_bytes(changed)
    refused(path, "is not a whole file of parameters")


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    trained(7).save(path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        trained(9).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.npz"]


# ---------------------------------------------------------------------------------------------- interrupts


@pytest.fixture
def handler():
    """The handler that a Python program has; pytest may have been started with interrupts ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_an_interrupt_waits_for_the_end_of_the_iteration(handler, capsys):
    run = one()
    for i in run.until(3000):
        if i == 1239:
            interrupt()
        step(run)
    assert (run.i, stepped(run)) == (1240, 1240)
    assert capsys.readouterr() == ("stopped after 1240 of 3000; run this cell again to go on\n", "")
    assert signal.getsignal(signal.SIGINT) is handler
    for _ in run.until(3000):
        step(run)
    assert (run.i, stepped(run)) == (3000, 3000)
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_in_the_last_iteration_stops_nothing(handler, capsys):
    run = one()
    for i in run.until(5):
        if i == 4:
            interrupt()
    assert run.i == 5
    assert capsys.readouterr() == ("", "")
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_second_interrupt_raises_at_once(handler):
    run, reached = one(), []
    with pytest.raises(KeyboardInterrupt):
        for _ in run.until(5):
            step(run)
            interrupt()
            reached.append("between")
            interrupt()
            reached.append("behind")
    assert reached == ["between"]
    assert run.i == 1
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interrupt_during_an_update_leaves_it_whole(handler, monkeypatch):
    run, iteration = training()
    update = Adam._update

    def interrupted(self, *args):
        if self.steps == 7:
            if not seen:
                interrupt()
            seen.append(1)
        update(self, *args)

    seen = []
    monkeypatch.setattr(Adam, "_update", interrupted)
    train(run, iteration, 19)
    assert run.i == 7
    assert len(seen) == len(run.rule.params)
    assert everything(train(run, iteration, 19)) == everything(trained(19))


def left_by_break(run):
    for _ in run.until(5):
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        break


def left_by_an_error(run):
    try:
        left_by_an_uncaught_error(run)
    except ZeroDivisionError:
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def left_by_an_uncaught_error(run):
    for _ in run.until(5):
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        raise ZeroDivisionError


def left_by_return(run):
    for _ in run.until(5):
        return


def left_at_the_end(run):
    list(run.until(5))


def never_begun(run):
    run.until(5)
    run.until(0)


@pytest.mark.parametrize(
    "leave", [left_by_break, left_by_an_error, left_by_return, left_at_the_end, never_begun], ids=lambda f: f.__name__
)
def test_the_old_handler_is_put_back(handler, leave):
    leave(one())
    assert signal.getsignal(signal.SIGINT) is handler


def test_the_old_handler_is_put_back_where_showing_fails(handler):
    class Broken(runs.Live):
        def begin(self, run, n):
            raise OSError

    with pytest.raises(OSError):
        list(one(show=Broken("", {})).until(5))
    assert signal.getsignal(signal.SIGINT) is handler


def test_where_interrupts_are_ignored_they_stay_so(handler, capsys):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run = one()
    for _ in run.until(5):
        interrupt()
    assert run.i == 5
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert capsys.readouterr() == ("", "")


def test_another_thread_has_no_handler(handler):
    run, seen = one(), []

    def work():
        seen.extend(signal.getsignal(signal.SIGINT) for _ in run.until(5))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == 5 * [handler]
    assert run.i == 5


PROGRAM = """
import hashlib, signal, sys, time
import numpy as np
from course_lib import optim, runs
signal.signal(signal.SIGINT, signal.default_int_handler)
slow = float(sys.argv[1])
params = {"W": np.ones((300, 300), "float32")}
run = runs.Run(optim.Adam(params, 1e-2))
while run.i < 300:
    for i in run.until(300):
        run.rule.step({"W": np.random.default_rng(i).normal(size=(300, 300)).astype("float32")})
        run.note(loss=params["W"].sum())
        print("iteration", i, flush=True)
        time.sleep(slow)
print(hashlib.sha256(params["W"].tobytes() + run.curve["loss"][1].tobytes()).hexdigest())
"""


def program(slow):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(slow)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def read_until(process, words):
    for line in process.stdout:
        if line.startswith(words):
            return
    raise AssertionError(process.stderr.read())


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_program_is_interrupted_again_and_again():
    undisturbed, _ = program(0).communicate()
    with program(0.01) as process:
        for i in (5, 20, 40):
            read_until(process, f"iteration {i}")
            process.send_signal(signal.SIGINT)
            read_until(process, "stopped after ")
        rest, errors = process.communicate()
    assert not errors
    assert process.returncode == 0
    assert rest.splitlines()[-1] == undisturbed.splitlines()[-1]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_program_is_ended_by_the_second_interrupt():
    with program(30) as process:
        read_until(process, "iteration 0")
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):  # it sleeps on
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert errors.splitlines()[-1] == "KeyboardInterrupt"


# ------------------------------------------------------------------------------------------------- kernels

SETUP = """
import hashlib, time
import numpy as np
from course_lib import optim, runs
params = {"W": np.ones((3, 3), "float32")}
run = runs.Run(optim.Adam(params, 1e-2), show=SHOW)
"""
LOOP = """
for i in run.until(N):
    run.rule.step({"W": np.random.default_rng(i).normal(size=(3, 3)).astype("float32")})
    run.note(loss=params["W"].sum())
    time.sleep(SLOW)
"""
DIGEST = 'print(hashlib.sha256(params["W"].tobytes() + run.curve["loss"][1].tobytes()).hexdigest())'
LIVE = 'runs.Live("LSTM, T = 100", {"loss": "nats per character"}, chance={"guessing": 4.17})'


def filled(code, **values):
    return re.sub("[A-Z]{4}|N(?=\\))", lambda found: str(values[found.group()]), code)


class Kernel:
    """A kernel as JupyterLab has one; `run` returns what a cell printed and showed."""

    def __enter__(self):
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code, interrupt_at=None):
        sent, shown, printed = self.client.execute(code), [], ""
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=60)
            except queue.Empty:
                raise AssertionError("the kernel says nothing") from None
            content, kind = message["content"], message["msg_type"]
            if message["parent_header"].get("msg_id") != sent:
                continue
            if kind == "status" and content["execution_state"] == "idle":
                return printed, shown
            if kind == "error":
                raise AssertionError("\n".join(content["traceback"]))
            if kind == "stream":
                printed += content["text"]
                if interrupt_at and interrupt_at in printed:
                    self.manager.interrupt_kernel()
                    interrupt_at = None
            if "display_data" in kind:
                shown.append((kind, content))


def test_the_stop_button_of_jupyter():
    with Kernel() as kernel:
        kernel.run(filled(SETUP, SHOW=None))
        assert kernel.run(filled(LOOP, N=200, SLOW=0))[0] == ""
        undisturbed = kernel.run(DIGEST)[0]

        kernel.run(filled(SETUP, SHOW=None))
        cell = filled(LOOP, N=200, SLOW=0.02) + '    if i == 20: print("here", flush=True)\n'
        printed, _ = kernel.run(cell, interrupt_at="here")
        stopped = re.fullmatch(r"here\nstopped after (\d+) of 200; run this cell again to go on\n", printed)
        assert stopped, printed
        assert 21 <= int(stopped[1]) < 200
        assert kernel.run("print(run.i)")[0] == f"{stopped[1]}\n"
        assert kernel.run("import signal; print(signal.getsignal(2) is signal.default_int_handler)")[0] == "True\n"
        assert kernel.run(cell)[0] == ""
        assert kernel.run(DIGEST)[0] == undisturbed


def test_a_bar_and_a_picture_are_renewed_in_place():
    with Kernel() as kernel:
        kernel.run(filled(SETUP, SHOW=LIVE))
        printed, shown = kernel.run(filled(LOOP, N=100, SLOW=0.03))
        _, again = kernel.run(filled(LOOP, N=110, SLOW=0))
    assert printed == ""
    places = [content["transient"]["display_id"] for _, content in shown]
    kinds = [kind for kind, _ in shown]
    assert kinds[:2] == 2 * ["display_data"]
    assert set(kinds[2:]) == {"update_display_data"}
    assert len(set(places)) == 2
    bars = [content["data"]["text/plain"] for _, content in shown if content["transient"]["display_id"] == places[0]]
    pictures = [content for _, content in shown if content["transient"]["display_id"] == places[1]]
    assert len(bars) > 3 and len(pictures) > 2
    assert bars[0] == "LSTM, T = 100  ░░░░░░░░░░░░░░░░░░░░  0 of 100"
    assert re.fullmatch(r"LSTM, T = 100  [█░]{20}  \d+ of 100", bars[1])
    assert bars[-1] == "LSTM, T = 100  ████████████████████  100 of 100"
    assert pictures[0]["data"]["text/plain"].startswith("LSTM, T = 100, 100 iterations: no curve yet")
    assert pictures[-1]["data"]["text/plain"].startswith("LSTM, T = 100, 100 iterations: loss from about ")
    # The cells are somebody's, as from a front end that could be asked for input.
    assert all(f"alt='{picture['data']['text/plain']}'" in picture["data"]["text/html"] for picture in pictures)
    # The same run in another cell has places of its own, and begins with the curve that is there.
    assert not {content["transient"]["display_id"] for _, content in again} & set(places)
    assert again[0][1]["data"]["text/plain"] == "LSTM, T = 100  ██████████████████░░  100 of 110"
    assert "loss from about" in again[1][1]["data"]["text/plain"]


def executed(slow):
    nb = nbformat.v4.new_notebook()
    sources = [filled(SETUP, SHOW=LIVE), filled(LOOP, N=100, SLOW=slow), filled(LOOP, N=100, SLOW=slow)]
    nb.cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    client = NotebookClient(nb, timeout=60, kernel_name="python3")
    client.record_timing = False
    client.execute()
    for cell in nb.cells:
        cell.source = ""
    return nb


def test_a_stored_notebook_has_the_last_state_alone_whatever_the_speed():
    fast, slow = executed(0), executed(0.025)
    assert nbformat.writes(fast) == nbformat.writes(slow)
    assert "display_id" not in nbformat.writes(fast)
    bar, picture = fast.cells[1].outputs
    assert bar.data == {"text/plain": "LSTM, T = 100  ████████████████████  100 of 100"}
    assert set(picture.data) == {"image/png", "text/plain"}
    assert fast.cells[2].outputs == []  # nothing was left to do


# ------------------------------------------------------------------------------------------- watching, alone


class Clock:
    """Time that passes only when the test says so."""

    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(runs, "time", clock)
    return clock


@pytest.fixture
def notebook(monkeypatch):
    """What is published, as if a kernel ran."""
    shown = []
    monkeypatch.setattr(runs, "_in_notebook", lambda: True)
    monkeypatch.setattr(runs, "_publish", lambda *args: shown.append(args))
    return shown


@pytest.mark.parametrize("cost, pictures", [(0.0, 100), (0.04, 96), (0.5, 10)])
def test_drawing_takes_a_twentieth_of_the_time_at_most(clock, notebook, monkeypatch, cost, pictures):
    def draw(*_):
        clock.now += cost

    monkeypatch.setattr(plots, "training_curves", draw)
    monkeypatch.setattr(plots, "bundle", lambda *_: ({"image/png": ""}, {}))
    run = one(show=runs.Live("a", {"loss": "nats"}))
    loop = run.until(10**6)
    next(loop)
    begun, already = clock.now, len(notebook)
    assert already == 2
    while clock.now < begun + 100:
        clock.now += 0.01
        next(loop)
    drawn = sum("image/png" in data for data, *_ in notebook[already:])
    assert pictures - 2 <= drawn <= pictures
    assert drawn * cost <= 0.05 * 100
    assert 90 <= len(notebook) - already - drawn <= 100  # bars
    loop.close()


def test_nothing_is_renewed_before_a_second_is_over(clock, notebook):
    run = one(show=runs.Live("a", {"loss": "nats"}))
    for i in run.until(100):
        clock.now += 0.00999
        if i == 98:
            assert len(notebook) == 2
    assert len(notebook) == 4


def test_a_loop_that_is_left_shows_how_far_it_came(clock, notebook, handler, capsys):
    run = one(show=runs.Live("a", {"loss": "nats"}))
    for i in run.until(100):
        if i == 49:
            interrupt()
    assert notebook[-2][0] == {"text/plain": "a  ██████████░░░░░░░░░░  50 of 100"}
    assert capsys.readouterr().out == "stopped after 50 of 100; run this cell again to go on\n"
    with pytest.raises(ZeroDivisionError):
        for _ in run.until(100):
            step(run)
            raise ZeroDivisionError
    assert notebook[-2][0] == {"text/plain": "a  ██████████░░░░░░░░░░  51 of 100"}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_script_has_a_bar_in_its_terminal(clock, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    run = one(show=runs.Live("LSTM", {"loss": "nats", "test": "nats"}))
    for i in run.until(40):
        clock.now += 0.1
        run.note(loss=1 + i)
    bars = terminal.getvalue().split("\r")
    assert bars[1] == "LSTM  ░░░░░░░░░░░░░░░░░░░░  0 of 40"
    assert bars[2] == "LSTM  █████░░░░░░░░░░░░░░░  10 of 40  loss 5.5     "
    assert bars[-1] == "LSTM  ████████████████████  40 of 40  loss 35.5    \n"
    assert len(bars) == 7
    assert capsys.readouterr().out == ""


def test_a_script_without_a_terminal_says_nothing(clock, capsys):
    for _ in one(show=runs.Live("LSTM", {"loss": "nats"})).until(40):
        clock.now += 1
    assert capsys.readouterr() == ("", "")


def test_nothing_is_loaded_before_it_is_shown():
    code = """
    import sys
    import numpy as np
    from course_lib import optim, runs
    run = runs.Run(optim.SGD({"p": np.ones(1)}, 1.0), show=runs.Live("LSTM", {"loss": "nats"}))
    for _ in run.until(10):
        run.note(loss=1)
    print([name for name in ("matplotlib", "IPython", "course_lib.plots") if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


# -------------------------------------------------------------------------------------------------- figure


def points(*values):
    return 10 * np.arange(1, 1 + len(values)), np.array(values)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("log", [False, True])
def test_the_figure_has_a_part_for_each_kind_of_value(log):
    labels = {"loss": "nats", "test": "nats", "error": "error [%]"}
    curves = {"loss": points(4.2, 1.63), "error": points(np.nan, np.inf), "other": points(1)}
    figure = plots.training_curves(curves, labels, 100, "LSTM", {"guessing": 4.17}, log)
    plots.bundle(figure)
    nats, error = figure.axes
    assert [line.get_label() for line in nats.lines] == ["guessing: 4.17", "loss", "test"]
    assert [line.get_label() for line in error.lines] == ["error"]
    assert (nats.get_ylabel(), error.get_ylabel()) == ("nats", "error [%]")
    assert nats.get_yscale() == ("log" if log else "linear")
    assert nats.get_xlim() == error.get_xlim() == (0, 100)
    assert nats.lines[1].get_xydata().tolist() == [[10, 4.2], [20, 1.63]]
    assert len({line.get_linestyle() for line in nats.lines}) == 3  # told apart without colour
    assert figure.alt == (
        "LSTM, 100 iterations: loss from about 4 to about 2; error from about nan to about inf. "
        "A line across at 4.17: guessing."
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [(), (0.0, -1.0), (np.nan,), (1.0, 0.0, np.inf)])
def test_values_that_have_no_logarithm(values):
    plots.bundle(plots.training_curves({"loss": points(*values)}, {"loss": "nats"}, 100, "a", log=True))


def test_sentences_do_not_depend_on_last_digits():
    alts = {
        plots.training_curves({"loss": points(4.2 + e, 51.63 + e)}, {"loss": "nats"}, 20, "a").alt for e in (0, 1e-2)
    }
    assert alts == {"a, 20 iterations: loss from about 4 to about 50."}


@pytest.mark.parametrize(
    "labels, compared", [(dict.fromkeys("abcd", "nats"), {}), ({"a": "nats"}, dict.fromkeys("abcd", 1))]
)
def test_lines_that_could_not_be_told_apart(labels, compared):
    with pytest.raises(ValueError, match="at most 3 curves share an axis, and as many values are drawn across"):
        plots.training_curves({}, labels, 100, "a", compared)


def test_the_example_of_the_module_runs():
    """As it stands there, with the layers and batches it does not spell out."""
    code = textwrap.dedent(re.search(r"::\n\n(.*?)\n\n(?=\S)", inspect.getdoc(runs), re.S)[1])
    code = code.replace("3000", "5").replace('run.save("lstm.npz")', "")
    cell, output = LSTM(3, 2, Rng(0)), Output(2, 3, Rng(1))
    x, y = np.ones((4, 1, 3), "float32"), np.ones((4, 1), int)
    names = {name: globals()[name] for name in ("Adam", "clip_by_norm", "loss_and_gradients")}
    names |= {"Run": runs.Run, "Live": runs.Live, "cell": cell, "output": output, "batch": lambda i: (x, y)}
    exec(code, names)
    assert names["run"].i == 5
