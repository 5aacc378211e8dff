"""A training that can be watched, stopped, kept in a file, and gone on with as if nothing had been.

::

    rule = Adam(cell.params | output.params, lr=3e-3)
    run = Run(rule, every=10, show=Live("LSTM", {"loss": "nats per character"}, chance={"guessing": 4.17}))
    for i in run.until(3000):
        loss, grads, _ = loss_and_gradients(cell, output, *batch(i))
        clip_by_norm(grads, 1.0)
        rule.step(grads)
        run.note(loss=loss)
    run.save("lstm.npz")

The stop button, or Ctrl-C, ends the loop after a whole iteration; the same loop once more goes on from there.
Nothing in an iteration waits for a GPU: what was noted is read from it once in ``every`` iterations.
"""

import operator
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import numpy as np

from course_lib import saving
from course_lib.backend import array_namespace, asnumpy

_PARTS = ("rule", "keep", "curve", "noted")  # of a file; each array's name begins with one of them


class Run:
    """A training: how far it is, what was measured, and what it needs to go on.

    ``run.i`` says how many iterations were done; ``run.keep`` is a dictionary for whatever arrays must survive beside
    the rule's own, such as a state that is carried from batch to batch, or a position in a text.

    Args:
        rule: an optimiser of `course_lib.optim`; it holds the parameters.
        every: how many iterations a point of a curve is the mean of.
        show: a `Live` to watch the curves; None shows nothing.

    Raises:
        ValueError: if ``every`` is no whole number of at least 1.
    """

    def __init__(self, rule: Any, every: int = 10, show: "Live | None" = None):
        self.rule = rule
        self.every = _whole("every", every)
        if self.every < 1:
            raise ValueError(f"every is at least 1, not {every}")
        self.show = show
        self.i = 0
        self.keep: dict[str, Any] = {}
        self._points: dict[str, list[tuple[int, float]]] = {}
        self._noted: dict[str, tuple[Any, int]] = {}  # since the last point: the sum, and of how many
        self._steps_before: int | None = None  # of the rule, before an iteration that is not counted yet

    def until(self, n: int) -> Iterator[int]:
        """Count iterations, from where the run stands to ``n - 1``; none where it is already there.

        An interrupt (Jupyter's stop button, Ctrl-C) waits for the end of the iteration, and then ends the loop; the
        code behind the loop runs, and may ask whether ``run.i`` is n. A second one, while the first waits, raises
        KeyboardInterrupt at once, wherever it meets the training. This is for loops in the main thread; in others,
        and where interrupts are ignored, nothing changes.

        Leaving the loop by ``break`` or by an error counts the iteration if the rule took a step in it.

        Args:
            n: how many iterations there are in all.

        Raises:
            ValueError: if n is no whole number.
        """
        return self._iterate(_whole("n", n))

    def _iterate(self, n: int) -> Iterator[int]:
        if self.i >= n:
            return
        with _Interrupts() as interrupts:
            if self.show:
                self.show.begin(self, n)
            try:
                while self.i < n and not interrupts.came:
                    self._steps_before = self.rule.steps
                    yield self.i
                    self._count()
                    if self.show:
                        self.show.update(self, n)
            finally:
                self._count_if_stepped()
                if self.show:
                    self.show.end(self, n)
        if interrupts.came and self.i < n:
            print(f"stopped after {self.i} of {n}; run this cell again to go on")

    def note(self, **values: Any) -> None:
        """Keep what was measured, for the next point of the curve of each name.

        Args:
            values: numbers, or arrays of shape ``()``; on a GPU they are added up there.

        Raises:
            ValueError: if something else is given.
        """
        numbers = {name: _number(name, value) for name, value in values.items()}
        for name, number in numbers.items():
            total, count = self._noted.get(name, (0.0, 0))
            self._noted[name] = total + number, count + 1

    @property
    def curve(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """By name, after how many iterations each point was made ``(k,)`` and its value ``(k,)``.

        A point is the mean of what was noted under the name since the last one. It is made where ``every`` divides the
        number of iterations; a name that nothing was noted under gets none there.
        """
        names = dict.fromkeys([*self._points, *self._noted])
        points = {name: self._points.get(name, []) for name in names}
        return {
            name: (np.array([i for i, _ in those], "int64"), np.array([value for _, value in those], "float64"))
            for name, those in points.items()
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to a file: parameters, state of the rule, curves, ``i`` and ``keep``.

        The file is whole or not there at all. Within the loop, save at the end of the body: an iteration in which the
        rule took its step then counts as done.

        Args:
            path: the file; what was there before is replaced.

        Raises:
            ValueError: if ``keep`` holds something else than arrays of numbers, by names.
            OSError: if the file cannot be written.
        """
        self._count_if_stepped()
        for name, value in self.keep.items():
            if not hasattr(value, "dtype") or value.dtype.hasobject or not isinstance(name, str):
                raise ValueError(
                    f"keep[{name!r}] is a {type(value).__name__}; keep arrays of numbers, each under a name of its own"
                )
        noted = {name: np.array([asnumpy(total), count]) for name, (total, count) in self._noted.items()}
        curves = {name: np.array(points) for name, points in self._points.items()}
        parts = zip(_PARTS, (self.rule.state(), self.keep, curves, noted), strict=True)
        arrays = {f"{part}.{name}": array for part, held in parts for name, array in held.items()}
        saving.save(path, arrays, run={"i": self.i, "every": self.every})

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on where the run stood that was saved; after an error this run is as it was.

        ``rule.lr`` becomes what it was, too. Arrays of ``keep`` come back on the current backend.

        Args:
            path: the file.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is no whole file of a run, or one of another: other parameters, another rule, or the same
                made with other numbers, or another ``every``. The message says which.
        """
        arrays, facts = saving.load(path)
        try:
            i, every = facts["run"]["i"], facts["run"]["every"]
            held: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
            for full, array in arrays.items():
                part, name = full.split(".", 1)
                held[part][name] = array
            curves = {n: [(int(k), value) for k, value in asnumpy(a).tolist()] for n, a in held["curve"].items()}
            noted = {n: (float(a[0]), int(a[1])) for n, a in held["noted"].items()}
        except (IndexError, KeyError, TypeError, ValueError):
            raise ValueError(f"{path} holds arrays, but no run; it was not written by Run.save") from None
        if every != self.every:
            raise ValueError(f"{path}: a point of its curves is the mean of {every} iterations, not {self.every}")
        try:
            self.rule.load_state(held["rule"])
        except ValueError as error:
            raise ValueError(f"{path} is of another training: {error}") from None
        self.i, self.keep, self._points, self._noted = i, held["keep"], curves, noted
        self._steps_before = None

    def _count(self) -> None:
        """The iteration that began is done, unless it has been counted before."""
        if self._steps_before is None:
            return
        self._steps_before = None
        self.i += 1
        if self.i % self.every == 0:
            for name, (total, count) in self._noted.items():
                self._points.setdefault(name, []).append((self.i, float(asnumpy(total)) / count))
            self._noted = {}

    def _count_if_stepped(self) -> None:
        if self._steps_before is not None and self.rule.steps > self._steps_before:
            self._count()


class Live:
    """What is seen of a run: a bar, and in a notebook below it a picture of the curves.

    A notebook shows both in place, renewed once a second at most, and stores their last state, in which nothing depends
    on the clock. Between the first picture and the last, drawing takes at most a twentieth of the time. A script has
    the bar and the last values, where its error output is a terminal.

    Args:
        title: which training.
        curves: the names that are noted, and for each what its values are, such as ``{"loss": "nats per character"}``;
            up to three with the same words share an axis.
        chance: by label, values to compare the first of them with.
        log: whether the values are on a logarithmic axis.
    """

    def __init__(
        self, title: str, curves: Mapping[str, str], chance: Mapping[str, float] | None = None, log: bool = False
    ):
        self.title, self.curves, self.chance, self.log = title, curves, chance, log

    def begin(self, run: Run, n: int) -> None:
        """Take a place below the cell."""
        self._in_notebook = _in_notebook()
        self._bar, self._picture = uuid4().hex, uuid4().hex
        self._show_bar(run, n, update=False)
        self._show_picture(run, n, update=False)
        self._next_bar = self._next_picture = time.monotonic() + 1

    def update(self, run: Run, n: int) -> None:
        """Renew what is seen, where it is time to."""
        start = time.monotonic()
        if start >= self._next_bar:
            self._show_bar(run, n)
            self._next_bar = start + 1
        if start >= self._next_picture:
            self._show_picture(run, n)
            end = time.monotonic()
            self._next_picture = end + max(1, 19 * (end - start))

    def end(self, run: Run, n: int) -> None:
        """Leave the last state."""
        self._show_bar(run, n)
        self._show_picture(run, n)
        if not self._in_notebook and sys.stderr.isatty():
            print(file=sys.stderr)

    def _show_bar(self, run: Run, n: int, update: bool = True) -> None:
        done = 20 * run.i // n
        line = f"{self.title}  {'█' * done}{'░' * (20 - done)}  {run.i} of {n}"
        if self._in_notebook:
            _publish({"text/plain": line}, {}, self._bar, update)
        elif sys.stderr.isatty():
            points = ((name, values) for name, (_, values) in run.curve.items() if name in self.curves and len(values))
            last = (f"  {name} {values[-1]:<8.4g}" for name, values in points)
            print(f"\r{line}{''.join(last)}", end="", file=sys.stderr, flush=True)

    def _show_picture(self, run: Run, n: int, update: bool = True) -> None:
        if self._in_notebook:
            from course_lib import plots  # with matplotlib, which only those need who look

            figure = plots.training_curves(run.curve, self.curves, n, self.title, self.chance, self.log)
            _publish(*plots.bundle(figure, plots.watched()), self._picture, update)


class _Interrupts:
    """Within the block, the first interrupt only sets ``came``; another one raises KeyboardInterrupt."""

    def __enter__(self) -> "_Interrupts":
        self.came = False
        self._before = signal.getsignal(signal.SIGINT)
        # Only the main thread may have handlers. What is no function ignores interrupts, or cannot be put back.
        self._ours = threading.current_thread() is threading.main_thread() and callable(self._before)
        if self._ours:
            signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_: Any) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, self._before)

    def _take(self, *_: Any) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True


def _in_notebook() -> bool:
    """Whether a Jupyter kernel runs this."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def _publish(data: dict[str, str], metadata: dict[str, Any], place: str, update: bool) -> None:
    from IPython.display import publish_display_data

    publish_display_data(data, metadata, transient={"display_id": place}, update=update)


def _whole(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} is a whole number, not {value!r}") from None


def _number(name: str, value: Any) -> Any:
    """A number as float64: a float, or on a GPU a copy that stays there."""
    if not isinstance(value, int | float) and (getattr(value, "shape", None) != () or value.dtype.kind not in "iuf"):
        raise ValueError(f"{name} is one number, or an array of shape (), not {value!r}")
    return float(value) if array_namespace(value) is np else value.astype("float64")
