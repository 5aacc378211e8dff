"""Around every attack: a neighbour before and after it in the same process, and nothing left of it anywhere."""

import shutil
import tempfile
from multiprocessing import resource_tracker
from pathlib import Path

import attacking
import pytest
import table
from zmq.utils import garbage

from course_lib.grading import sandbox


@pytest.fixture(scope="session")
def grounds(tmp_path_factory):
    """One folder for all attacks: the grader works in it, and it holds what an attack would like to find."""
    tmp_path_factory.getbasetemp()  # made beside it, not in it
    # What stays once it was needed: Python's process beside others, and ZeroMQ's thread for large messages.
    resource_tracker.ensure_running()
    garbage.gc.start()
    folder = Path(tempfile.mkdtemp(prefix="c-"))  # short, as the paths of sockets have to be
    (folder / "work").mkdir()
    for path, text in attacking.DECOYS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def isolated():
    """Whether submissions can be isolated here."""
    return not sandbox.unavailable()


@pytest.fixture(autouse=True)
def nothing_left(request, monkeypatch, grounds, isolated):
    """The neighbour of every attack has the same grade before and after it, and nothing else is left of it either."""
    work = grounds / "work"
    monkeypatch.setattr(tempfile, "tempdir", str(work))
    monkeypatch.setenv("HOME", str(grounds / "home"))
    monkeypatch.chdir(grounds / "here")
    attacking.graded_now.clear()
    attacking.rows.clear()
    if isolated:
        attacking.neighbour_before()
    traces = attacking.Traces(work, grounds)
    yield work
    table.tell(request.node, attacking.rows)
    after = attacking.neighbour() if isolated and attacking.graded_now else None
    new = traces.new()
    attacking.kill_marked()
    assert after is None or attacking.told(after) == attacking.told(attacking.neighbour_before())
    assert after is None or after == attacking.neighbour_before()
    assert not new
