"""The pytest plugin that makes nbval an examiner.

nbval collects the cells, runs them and compares; this adds what an examiner needs: answers compared by value and
tolerance, the kernel's reply believed rather than its output alone, a time limit for each kind of cell, an end to
waiting for a kernel that is dead, and a bound on what a kernel can send.
"""

import math
import time
from collections import deque
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

import zmq
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

from course_lib.exercises.answer import MIME, Answer, decode
from course_lib.exercises.verdict import Verdict
from course_lib.grading.exam import Exam, stored_answers
from course_lib.grading.graft import Part
from course_lib.grading.sandbox import Limits
from course_lib.grading.watch import Watch

_MOST_KEPT = 4  # answers and errors of one cell; more than one is wrong already
_MOST_LETTERS = 300  # of what a kernel says of an error
_EXTRA_SHARE = 0.3  # of a submission's time, for all cells of the student's own together
_LOOK_SECONDS = 0.25
_SEND_MILLISECONDS = 1000  # to a kernel that can be reached it takes none
_STARVED = 0.2  # the share of its time that a kernel has waited; where it has a processor of its own it is far less


class KernelEnded(Exception):
    """The kernel's process is gone."""


@dataclass
class Outcome:
    """What became of one cell."""

    part: Part
    seconds: float = 0.0
    waited: float = 0.0  # seconds of these that the kernel stood ready, and no processor was free
    error: str = ""  # "", "timeout", "ended", "not run" or the exception's name
    text: str = ""
    verdict: Verdict | None = None
    answers: list[Answer] = field(default_factory=list)


class ExamPlugin:
    """Turns nbval's cells into exam cells and collects their outcomes.

    Args:
        exam: what the notebook that is run was made from.
        limits: seconds for its cells.
    """

    def __init__(self, exam: Exam, limits: Limits):
        self.exam, self.limits = exam, limits
        self.outcomes: list[Outcome] = []
        self.cause = ""  # why the sandbox killed the kernel, if it did
        self.exit_status: int | None = None
        self.kernel: ExamKernel | None = None

    def pytest_itemcollected(self, item: Any) -> None:
        """Take a cell that nbval collected."""
        item.__class__ = ExamCell
        item.plugin, item.part = self, self.exam.parts[item.cell_num]
        # nbval's own markers in a submission mean nothing here.
        item.options = {"check": item.part.role == "exam", "skip": False, "check_exception": False}

    def pytest_sessionfinish(self) -> None:
        """Clear up after a kernel that ended by itself: nbval stops only those that are alive."""
        if self.kernel and hasattr(self.kernel, "km"):
            self.kernel.stop()

    @property
    def starved(self) -> bool:
        """Whether something ran out of time while the kernel waited for a processor."""
        spans = [(o.waited, o.seconds) for o in self.outcomes if o.error == "timeout"]
        if self.cause == "timeout" or any(o.error == "not run" for o in self.outcomes):
            spans.append((sum(o.waited for o in self.outcomes), sum(o.seconds for o in self.outcomes)))
        # What cannot be known, infinite and no number, counts too.
        return any(not waited <= _STARVED * seconds for waited, seconds in spans)

    def passed_over(self, part: Part) -> str:
        """Why a cell is not run, or "": too little time is left for its kind."""
        late = {o.part.exercise for o in self.outcomes if o.error == "timeout"}
        if part.role == "exam" and part.exercise in late:
            return "an earlier test of this exercise did not end in time"
        spent = sum(o.seconds for o in self.outcomes if o.part.role == "extra")
        if part.role == "extra" and spent > _EXTRA_SHARE * self.limits.total:
            return "cells that no test needs had taken too long already"
        return ""


class ExamCell(IPyNbCell):
    """One cell of an exam; nbval runs and judges it."""

    def setup(self) -> None:
        """Start afresh: that an earlier cell ran out of time says nothing about this one."""
        self.parent.timed_out = False

    def runtest(self) -> None:
        """Run the cell through nbval and keep what became of it."""
        self.outcome = outcome = Outcome(self.part)
        reason = self.plugin.passed_over(self.part)
        self.plugin.outcomes.append(outcome)
        if reason:
            outcome.error = "not run"
            self.raise_cell_error(reason)
        self.plugin.kernel = kernel = self.parent.kernel
        kernel.__class__ = ExamKernel
        started, waited, limits = time.monotonic(), kernel.waited(), self.plugin.limits
        self.config.option.nbval_cell_timeout = limits.extra if self.part.role == "extra" else limits.cell
        try:
            super().runtest()
            if kernel.reply.get("status") != "ok":
                outcome.error = _named(kernel.reply.get("ename", "error"))
                self.raise_cell_error("the kernel's reply says that the cell failed")
        except Exception as error:
            self._explain(outcome, error)
            raise
        finally:
            outcome.seconds, outcome.waited = time.monotonic() - started, kernel.waited() - waited

    def compare_outputs(self, test: list, ref: list, skip_compare: Any = None) -> bool:
        """Compare the answers that the kernel sent with the stored ones, by value.

        Exactly one output is an answer; other outputs are the student's own affair.
        """
        sent = [output["data"][MIME] for output in test if MIME in output.get("data", {})]
        try:
            if len(sent) != 1:
                raise ValueError(f"{len(sent)} answers instead of one")
            expected, given = stored_answers(ref[0]["data"][MIME]), sent[0]["answers"]
            if len(given) != len(expected):
                raise ValueError(f"{len(given)} answers to {len(expected)} cases")
            answers = [decode(item) for item in given]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self.outcome.error, self.outcome.text = "no answer", str(error)[:200]
            self.comparison_traceback = [self.outcome.text]
            return False
        self.outcome.answers = answers
        self.outcome.verdict = self.plugin.exam.verdict(self.part, expected, answers)
        self.comparison_traceback = [self.outcome.verdict.message]
        return self.outcome.verdict.passed

    def _explain(self, outcome: Outcome, error: Exception) -> None:
        """Say in the outcome why nbval failed the cell."""
        if outcome.error or outcome.verdict:
            return
        if isinstance(error, KernelEnded) or not self.parent.kernel.is_alive():
            outcome.error = "timeout" if self.parent.timed_out else "ended"
            self.plugin.cause = self.plugin.cause or self.parent.kernel.cause()
        elif self.parent.timed_out:
            outcome.error = "timeout"
        else:
            raised = [output for output in self.test_outputs or [] if output["output_type"] == "error"]
            outcome.error = _named(raised[-1]["ename"]) if raised else type(error).__name__
            outcome.text = str(raised[-1]["evalue"] if raised else error)[:_MOST_LETTERS]


def _named(exception: object) -> str:
    """An exception's name as the error of an outcome: a submission may call it by one of our own words."""
    name = str(exception)[:_MOST_LETTERS]
    return f"{name} (an exception)" if name in ("timeout", "ended", "not run", "no answer") else name


class ExamKernel(RunningKernel):
    """nbval's kernel, read while a cell runs, with its reply kept and its death noticed.

    Of its output only answers, errors and the end of the cell are kept: nobody reads the rest, however much it is.
    """

    reply: dict
    _cell: str
    _waiting: deque
    _last_cause = ""

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Forget the previous cell, then run this one.

        Raises:
            KernelEnded: if nothing can be sent to the kernel any more.
        """
        self.reply, self._waiting = {}, deque()
        self.kc.shell_channel.socket.setsockopt(zmq.SNDTIMEO, _SEND_MILLISECONDS)
        try:
            self._cell = super().execute_cell_input(cell_input, allow_stdin)
        except zmq.Again:
            self.stop()
            raise KernelEnded from None
        return self._cell

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """Wait for the cell's reply, taking in its output meanwhile.

        Raises:
            Empty: if it takes longer than ``timeout``.
            KernelEnded: if the kernel dies, or sent a reply so large that it was hung up on.
        """
        deadline = time.monotonic() + timeout
        shell, iopub = self.kc.shell_channel.socket, self.kc.iopub_channel.socket
        while (left := deadline - time.monotonic()) > 0:
            ready = self._wait(left, shell, iopub)
            if iopub in ready:
                self._take()
            if shell in ready:
                message = self._received(shell)
                if message and message["parent_header"].get("msg_id") == msg_id:
                    self.reply = message["content"]
                    return
        if not shell.poll(0, zmq.POLLOUT):
            self.stop()
            raise KernelEnded
        raise Empty

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        """The next message, first of those already taken in.

        Raises:
            Empty: if none comes in time.
            KernelEnded: if the kernel dies.
        """
        if stream != "iopub":
            return super().get_message(stream, timeout)
        deadline = time.monotonic() + (timeout or 0)
        while not self._waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Empty
            if self._wait(left, self.kc.iopub_channel.socket):
                self._take()
        return self._waiting.popleft()

    def stop(self) -> None:
        """Stop the kernel, remembering why if the sandbox did it first."""
        self._last_cause = self.cause()
        super().stop()

    def cause(self) -> str:
        """Why the sandbox killed the kernel: ``timeout``, ``out_of_memory`` or empty."""
        watch = self._watch()
        return watch.cause if watch else self._last_cause

    def waited(self) -> float:
        """Seconds that it has stood ready while no processor was free."""
        watch = self._watch()
        return watch.waited() if watch else math.inf

    def _watch(self) -> Watch | None:
        manager = getattr(self, "km", None)
        return getattr(manager.provisioner, "watch", None) if manager and manager.provisioner else None

    def _wait(self, seconds: float, *sockets: zmq.Socket) -> dict:
        """Wait until one of some sockets can be read, and say which.

        Raises:
            KernelEnded: if the kernel dies first.
        """
        poller = zmq.Poller()
        for socket in sockets:
            poller.register(socket, zmq.POLLIN)
        kernel = getattr(self.km.provisioner, "kernel", None)
        if kernel:  # its end wakes us up, too
            poller.register(kernel.ended, zmq.POLLIN)
        ready = dict(poller.poll(1000 * (seconds if kernel else min(seconds, _LOOK_SECONDS))))
        if not any(socket in ready for socket in sockets) and not self.is_alive():
            raise KernelEnded
        return ready

    def _take(self) -> None:
        """Read one output, and keep it if anybody asks for it."""
        message = self._received(self.kc.iopub_channel.socket)
        if not message or message["parent_header"].get("msg_id") != self._cell:
            return
        kind, content = message["msg_type"], message["content"]
        data = content.get("data")
        ends = kind == "status" and content.get("execution_state") == "idle"
        counts = kind == "error" or (kind == "display_data" and isinstance(data, dict) and MIME in data)
        if ends or (counts and len(self._waiting) < _MOST_KEPT):
            kept = {"msg_type": kind, "parent_header": {"msg_id": self._cell}, "content": content}
            self._waiting.append(kept)

    def _received(self, socket: zmq.Socket) -> dict | None:
        """A message as far as it is one: a submission can send anything over its kernel's sockets."""
        try:
            _, message = self.kc.session.recv(socket)
            parts = (message["parent_header"], message["content"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return message if all(isinstance(part, dict) for part in parts) else None
