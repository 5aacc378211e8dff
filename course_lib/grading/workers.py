"""Who grades a class: grading processes of this machine, or those of many machines through dask.

Both are an executor of ``concurrent.futures``, kept busy from an iterator that is read only as there is room.
"""

import asyncio
import logging
import math
import pickle
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from course_lib.grading.apart import Graders, Reply, code, grade_on_worker
from course_lib.grading.grade import Job

_LOOK_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0  # without any worker, e.g. while a new one starts in place of the last

Key = TypeVar("Key")


class WorkersError(RuntimeError):
    """Nobody is there to grade, or somebody is not fit to; the message says what to do."""


class Workers(Protocol):
    """Somewhere to grade."""

    def room(self) -> int:
        """How many jobs to keep under way.

        Raises:
            WorkersError: if there is nobody left to do them.
        """

    def submit(self, *job: Any) -> Future:
        """Start on the arguments of `Graders.grade`."""

    def reply(self, future: Future) -> Reply:
        """What came of it.

        Raises:
            WorkersError: if the run cannot go on.
        """


def grade_all(
    workers: Workers, todo: Iterable[tuple[Key, Job]], alone: bool = False
) -> Generator[tuple[Key, Reply], None, None]:
    """Grade submissions, in whatever order they are done.

    Args:
        workers: where.
        todo: what, each with a key to know it by; taken from only as there is room, so that a class of thousands is
            never in memory at once, nor on dask's scheduler.
        alone: one at a time.

    Yields:
        The key, and what became of the job.

    Raises:
        WorkersError: if nobody is left to grade, or somebody is not fit to.
    """
    todo, running = iter(todo), {}
    while True:
        room = workers.room()
        while len(running) < (1 if alone else room) and (one := next(todo, None)):
            key, job = one
            # A job is opened by its grading process only: what could break there is never opened on the way.
            running[workers.submit(pickle.dumps(job), code(), _patience(job))] = key
        if not running:
            return
        for future in wait(running, _LOOK_SECONDS, FIRST_COMPLETED).done:
            reply = workers.reply(future)
            if reply.unfit:
                raise WorkersError(reply.unfit)
            yield running.pop(future), reply


def _patience(job: Job) -> float:
    """Seconds after which a grading process hangs: far more than the grader needs to stop a submission that does."""
    return 3 * job.limits.total + 120


@contextmanager
def here(jobs: int) -> Iterator[Workers]:
    """This machine: as many grading processes as jobs."""
    graders, threads = Graders(), ThreadPoolExecutor(jobs)
    try:
        yield _Here(jobs, graders, threads)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        graders.close()
        threads.shutdown()


@contextmanager
def dask(address: str) -> Iterator[Workers]:
    """The workers of a dask scheduler: each grades as many submissions at a time as it has threads.

    Args:
        address: the scheduler's, e.g. ``tcp://host:8786``; for ``tls://`` dask's own configuration names the keys.

    Raises:
        WorkersError: if no scheduler answers there, or a worker has another course_lib.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise WorkersError('--dask needs dask: pip install -e ".[cluster]"') from error
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # it would show a traceback beside our sentence
    try:
        asyncio.run(_knock(address))
        client = Client(address, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # dask's words for no answer, no address, no TLS keys
        raise WorkersError(f"no dask scheduler answers at {address}: {error}") from error
    try:
        _check(client)
        yield _Dask(address, client)
    finally:
        client.close()


@dataclass(frozen=True)
class _Here:
    jobs: int
    graders: Graders
    threads: ThreadPoolExecutor

    def room(self) -> int:
        return 2 * self.jobs

    def submit(self, *job: Any) -> Future:
        return self.threads.submit(self.graders.grade, *job)

    def reply(self, future: Future) -> Reply:
        return future.result()


class _Dask:
    def __init__(self, address: str, client: Any) -> None:
        self._address, self._client, self._executor = address, client, client.get_executor(pure=False)
        self._threads, self._looked, self._seen = 0, -math.inf, time.monotonic()

    def room(self) -> int:
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS:
            try:
                self._threads = sum(self._client.nthreads().values())
            except OSError as error:
                raise self._lost() from error
            self._looked = now
        if self._threads:
            self._seen = now
        elif now - self._seen > _PATIENCE_SECONDS:
            raise WorkersError(f"there is no worker at {self._address}: start some with `dask worker {self._address}`")
        return max(2 * self._threads, 1)  # one even now, so that a cluster that grows by need begins to

    def submit(self, *job: Any) -> Future:
        return self._executor.submit(pickle.loads, pickle.dumps(_Call(grade_on_worker, *job)))

    def reply(self, future: Future) -> Reply:
        from distributed import KilledWorker

        try:
            return Reply(*future.result())
        except CancelledError as error:
            raise self._lost() from error
        except KilledWorker as error:
            return Reply(failed=f"the workers that had it ended, the last was {error.last_worker.address}")
        except Exception as error:  # of dask or the worker: a fault of the grader comes as a reply
            raise WorkersError(f"a worker at {self._address} cannot grade: {type(error).__name__}: {error}") from error

    def _lost(self) -> WorkersError:
        return WorkersError(
            f"the scheduler at {self._address} is gone. Every result that arrived is kept, and the same command goes "
            "on from here"
        )


class _Call:
    """A call that is made where its pickle is loaded, for ``submit(pickle.loads, …)``.

    A function's own pickle would be loaded by the scheduler, which need not have course_lib, and by a worker's
    connection, which ends with an import that fails; here that is an error like any other.
    """

    def __init__(self, function: Callable, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple:
        return self.function, self.arguments


async def _knock(address: str) -> None:
    """Connect and hang up: a client that gets no answer would go on trying in the background."""
    from distributed import Security
    from distributed.comm import connect

    comm = await connect(address, **Security().get_connection_args("client"))
    await comm.close()


def _check(client: Any) -> None:
    """Refuse workers that have another course_lib or none. One that comes later refuses by itself, as a `Reply`."""
    found = client.run(pickle.loads, pickle.dumps(_Call(code)), on_error="return")
    unfit = [f"{worker} {_fault(answer)}" for worker, answer in found.items() if answer != code()]
    if unfit:
        raise WorkersError(f"every worker needs the course_lib of this machine: {', '.join(unfit)}")


def _fault(answer: Any) -> str:
    return f"cannot load it ({answer})" if isinstance(answer, Exception) else "has another"
