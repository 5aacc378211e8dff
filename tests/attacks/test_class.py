"""Attackers and neighbours in one class, graded by `course grade` on two processes: each gets what it deserves."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

import attacking
import pytest
from attacking import MARK
from classes import NOTEBOOK, ROOT, answer_cell, as_bytes, solved, stubs, texts, with_cell

from course_lib import exercises
from course_lib.grading import classroom
from course_lib.grading.sandbox import Limits
from course_lib.grading.submissions import find

pytestmark = pytest.mark.usefixtures("bubblewrap")

# What it does while others are graded beside it, in a cell of its own; everything else in the notebook is right.
VANDALS = {
    "burns every core": """
        import os, time
        end = time.monotonic() + 5
        for _ in range(50):
            if os.fork() == 0:
                os.setsid()
                while time.monotonic() < end: pass
                os._exit(0)
        time.sleep(6)
    """,
    "forks": """
        import os
        while True:
            try: os.fork()
            except OSError: pass
    """,
    "takes memory": """
        import os, time
        for _ in range(20):
            if os.fork() == 0:
                kept = [bytearray(os.urandom(1) * (20 << 20)) for _ in range(50)]
                time.sleep(60)
        time.sleep(60)
    """,
    "fills its disks": f"""
        import os
        for top in ("/tmp", "/dev/shm", os.path.expanduser("~"), "/sockets"):
            for number in range(40000):
                try: open(f"{{top}}/{MARK}-{{number}}", "wb").write(b"x" * 4096)
                except OSError: break
    """,
    "shouts": """
        from IPython.display import display
        while True: display("x" * 3_000_000, metadata={"x": [[]] * 10_000})
    """,
    "dies": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "changes grades": """
        import glob, os, shutil, signal, sqlite3
        def attempt(call, *arguments):
            try: call(*arguments)
            except Exception: pass
        def overwrite(path):
            with open(path, "w") as file:
                file.write('{"score": 10}')
        for path in (OUT, OUT + "/results", CLASS, os.path.dirname(OUT)):
            attempt(shutil.rmtree, path)
        for path in (OUT + "/gradebook.csv", OUT + "/secret", OUT + "/results/n1/" + NAME, CLASS + "/n1/x.ipynb"):
            attempt(overwrite, path)
            attempt(os.makedirs, os.path.dirname(path))
            attempt(overwrite, path)
        attempt(lambda: sqlite3.connect(OUT + "/../gradebook.db").execute("UPDATE grade SET auto_score = 10"))
        for pid in PIDS:
            attempt(os.kill, pid, signal.SIGKILL)
    """,
}
# What is handed in in place of a notebook, and its status.
FILES = {
    "nothing": (b"", "corrupt"),
    "half": (as_bytes(stubs())[:-200], "corrupt"),
    "brackets": (b"[" * 10**6, "corrupt"),
    "large": (b" " * (21 << 20), "corrupt"),
    "a link": ("/etc/passwd", "corrupt"),
    "a link to another": (f"../n1/{NOTEBOOK}.ipynb", "corrupt"),
    "a pipe": (None, "corrupt"),
    "a folder": ({}, "corrupt"),
}
# Neighbours are called what an attacker could be called; the first and the last of all are among them.
NEIGHBOURS = ("a", "=1+1", "x;=1+1;y", "<img src=x onerror=alert(1)>", "\x1b[31mred\x07", "[red]n", "-rf", "n\nn", "z")
KINDS = (("results", "json"), ("feedback", "html"))


@pytest.fixture(scope="module")
def graded(grounds, request):
    """The class, graded: where results are, what was printed, and all results by student."""
    folder, out = grounds / "class", grounds / "out"
    folder.mkdir()
    request.addfinalizer(lambda: [shutil.rmtree(path) for path in (folder, out)])
    hand_in(folder, out)
    limits = ["--cell-seconds", "2", "--seconds", "20", "--memory", "1"]
    command = [sys.executable, "-m", "course_lib", "grade", str(folder), "--out", str(out), "--jobs", "2", *limits]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    results = [json.loads(path.read_text()) for path in out.glob("results/*/*.json")]
    return out, done.stdout.decode() + done.stderr.decode(), {result["student"]: result for result in results}


def hand_in(folder, out):
    """Neighbours before, between and after those who attack."""
    partly = as_bytes(attacking.neighbours_notebook())
    for name in NEIGHBOURS:
        write(folder / name, partly)
    pids = [os.getpid(), os.getppid()]
    near = f"OUT, CLASS, NAME, PIDS = {str(out)!r}, {str(folder)!r}, '{NOTEBOOK}.json', {pids}\n"
    for name, code in VANDALS.items():
        write(folder / f"m {name}", as_bytes(with_cell(solved(), near + textwrap.dedent(code))))
    for name, (content, _) in FILES.items():
        write(folder / f"o {name}", content)


def write(place, content):
    place.mkdir()
    path = place / f"{NOTEBOOK}.ipynb"
    if content is None:
        os.mkfifo(path)
    elif isinstance(content, str):
        path.symlink_to(content)
    elif isinstance(content, dict):
        path.mkdir()
    else:
        path.write_bytes(content)


def test_all_neighbours_have_the_same_grade(graded):
    _, _, results = graded
    known = {(t["exercise"], t["test"]): t["points"] for t in attacking.neighbour_before()["tests"]}
    woke_up_in = set()
    for name in NEIGHBOURS:
        assert {(t["exercise"], t["test"]): t["points"] for t in results[name]["tests"]} == known, name
        assert results[name]["status"] == "ok"
        woke_up_in.add(tuple(attacking.told(results[name])))
    assert len(woke_up_in) == 1


@pytest.mark.parametrize("name", VANDALS)
def test_what_one_does_while_others_are_graded_costs_nobody_anything(name, graded):
    result = graded[2][f"m {name}"]
    attacking.rows.append(("", result))
    assert (result["status"], result["score"]) == ("ok", attacking.EVERYTHING)


@pytest.fixture
def one_core():
    """What this test starts has one core, so that tests beside it keep the others."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def test_who_burns_every_core_takes_no_point_from_whom_is_graded_meanwhile(grounds, tmp_path, one_core):
    """The neighbour's answer has a fifth of the work that its limit allows, and does not end in time beside this."""
    burn = """
        import os, time
        for _ in range(15):
            if os.fork() == 0:
                os.setsid()
                while True: pass
        time.sleep(6)
    """
    near = solved()
    answer_cell(near, "rnn_step").source += "\nfor _ in range(10_000_000): pass"
    folder = tmp_path / "class"
    folder.mkdir()
    write(folder / "eve", as_bytes(with_cell(solved(), textwrap.dedent(burn))))
    write(folder / "bob", as_bytes(near))
    limits = Limits(cell=2.0, extra=20.0, total=90.0)
    results = {}
    run = classroom.Run(tmp_path / "out", {NOTEBOOK: texts()}, b"secret", 2, limits=limits)
    classroom.grade(run, find(folder, [NOTEBOOK])[0], lambda result, _: results.update({result["student"]: result}))
    attacking.rows.append(("", results["eve"]))
    assert (results["bob"]["status"], results["bob"]["score"]) == ("ok", attacking.EVERYTHING)


@pytest.mark.parametrize("name", FILES)
def test_what_is_handed_in_in_place_of_a_notebook_gets_a_status(name, graded):
    result = graded[2][f"o {name}"]
    attacking.rows.append(("", result))
    assert (result["status"], result["score"]) == (FILES[name][1], 0.0)


def test_nothing_is_written_but_the_results(graded):
    out, printed, results = graded
    pages = {f"{kind}/{name}/{NOTEBOOK}.{end}" for name in results for kind, end in KINDS}
    pages |= {f"exercises/{NOTEBOOK}/{exercise.id}.html" for exercise in exercises.of_notebook(NOTEBOOK)}
    written = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert written == pages | {"secret", "gradebook.csv", "index.html", "similar.csv", ".lock"}
    assert {result["student"] for result in results.values()} == {path.name for path in (out / "results").iterdir()}
    with open(out / "gradebook.csv", newline="") as file:
        table = {row["student_id"].removeprefix("'"): row for row in csv.DictReader(file)}
    assert len(table) == len(results)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", printed)
