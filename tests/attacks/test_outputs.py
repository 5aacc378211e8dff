"""Answers that are forged, borrowed or change as one looks at them: none is worth more than its values."""

import json
import resource
import time

import numpy as np
import pytest
from attacking import EVERYTHING, SHORT, cheat, graded, growth
from classes import NOTEBOOK, answer_cell, course, points, seeds, solved, stubs, with_cell

from course_lib import backend, cells, exercises
from course_lib.exercises.answer import Answer, attempt, encode
from course_lib.exercises.verdict import judge, seen
from course_lib.grading.sandbox import Limits

pytestmark = pytest.mark.usefixtures("bubblewrap")

BPTT = "02_bptt"

# Every test is answered by another of these, in place of the arrays that it asks for.
LIES = {
    "an array equal to every other": "np.zeros((2, 3)).view(Equal)",
    "an array that computes what it likes": "np.zeros((2, 3)).view(Whatever)",
    "another value at each look": "Fickle()",
    "another dictionary at each look": "Turning()",
    "an object with the interface of an array": "Interface()",
    "a dtype that is none": "type('Odd', (), {'dtype': 'float64', '__array__': lambda self, *a, **k: self})()",
    "a generator": "(np.zeros(3) for _ in range(3))",
    "a list that holds itself": "loop",
    "a list as deep as it goes": "deep",
    "a list that is longer than it says": "Longer([1.0, 2.0])",
    "complex numbers": "np.full((2, 3), 1j)",
    "objects": "np.array([object(), exam], dtype=object)",
    "dates": "np.array(['2026-01-01', 'NaT'], dtype='datetime64[s]')",
    "records": "np.zeros(3, dtype='f8,i4')",
    "masked": "np.ma.masked_all((2, 3))",
    "not a number": "np.full((2, 3), np.nan)",
    "the grader's own encoding": "answer.encode(answer.Answer({'result': np.zeros((2, 3))}))",
    "the grader's own classes": "answer.Answer({'result': np.zeros((2, 3))}, None, (), (), True)",
    "a pickle": "pickle.dumps(Pickled())",
    "what pickles to a program": "Pickled()",
    "text equal to every other": "Word('None')",
    "a number equal to every other": "Number(0.0)",
    "names of a kind": "{Word('dW'): 1.0, 3: 2.0, None: 3.0, 'x' * 10**6: 4.0, '<img src=x onerror=alert(1)>': 5.0}",
    "very much text": "'x' * 10**8",
    "very large numbers": "[10**5000, Fraction(1, 3), Decimal('sNaN')]",
    "memory": "memoryview(bytearray(24)).cast('d')",
}
LIAR = f"""
import copy, itertools, pickle
import numpy as np
from decimal import Decimal
from fractions import Fraction
from course_lib.exercises import answer, exam

class Equal(np.ndarray):
    __eq__ = lambda self, other: np.ones(self.shape, bool)
    __ne__ = lambda self, other: np.zeros(self.shape, bool)
class Whatever(Equal):
    __array_ufunc__ = __array_function__ = lambda self, *args, **options: True
    tobytes = lambda self, *args: b""
    astype = __array__ = __deepcopy__ = copy = lambda self, *args, **options: self
class Fickle:
    looks = itertools.count()
    def __array__(self, *args, **options):
        return np.full((2, 3), float(next(self.looks)))
    __float__ = lambda self: float(next(self.looks))
class Turning(dict):
    looks = itertools.count()
    items = lambda self: iter({{f"d{{'UWbh'[next(self.looks) % 4]}}": np.zeros(3)}}.items())
    keys = lambda self: {{"dU", "dW", "db", "dx", "dh0"}}
    __getitem__ = lambda self, name: float(next(self.looks))
class Interface:
    __array_interface__ = {{"shape": (3,), "typestr": "<f8", "version": 3, "data": np.zeros(3).tobytes()}}
class Longer(list):
    __len__ = lambda self: 10**9
class Pickled:
    __reduce__ = lambda self: (exec, ("raise SystemExit('unpickled')",))
class Word(str):
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
class Number(float):
    __eq__ = lambda self, other: True
    __hash__ = float.__hash__
loop = []
loop.append(loop)
deep = []
for _ in range(10**5):
    deep = [deep]

lies = {list(LIES.values())!r}
honest, turn, now = exam.run, itertools.count(), 0
def run(*args):
    global now
    now = next(turn)
    honest(*args)
exam.run = run
def lie(*args, **options):
    return eval(lies[now % len(lies)])
"""


ENOUGH = Limits(cell=10.0)  # each of them ends, also on a busy machine


def test_an_answer_that_lies_about_itself_earns_nothing():
    nb = stubs(BPTT)
    asked = [exercise for exercise in exercises.of_notebook(BPTT) if not exercise.tests[0].secret]
    assert sum(len(exercise.tests) for exercise in asked) >= len(LIES)
    for exercise in asked:
        answer_cell(nb, exercise.id).source = "\n".join(f"{name} = lie" for name in exercise.names)
    result, swollen = growth(lambda: graded(with_cell(nb, LIAR), limits=ENOUGH, attacks=LIES, notebook=BPTT))
    assert (result["status"], result["score"]) == ("ok", 0.0), [t for t in result["tests"] if t["points"]]
    assert all(test["message"] for test in result["tests"])
    assert len(json.dumps(result)) < 20_000
    assert swollen < 300


# How the right answer is sent, of one test each. Only one way counts: as the cell's one display.
WAYS = {
    "as a result": "send('execute_result', data={exam.MIME: sheet}, metadata={}, execution_count=1)",
    "as an update": "send('update_display_data', data={exam.MIME: sheet}, metadata={}, transient={'display_id': '1'})",
    "as text": "send('stream', name='stdout', text=exam.json.dumps(sheet))",
    "as a comm": "send('comm_msg', comm_id='1', data={exam.MIME: sheet})",
    "as metadata": "send('display_data', data={}, metadata={exam.MIME: sheet})",
    "in passing": "send('display_data', data={}, metadata={}, transient={exam.MIME: sheet})",
    "of another type": "send('display_data', data={'application/json': sheet}, metadata={})",
    "of a type like it": "send('display_data', data={exam.MIME.upper(): sheet}, metadata={})",
    "as a text of the right type": "send('display_data', data={exam.MIME: exam.json.dumps(sheet)}, metadata={})",
    "as a list of the right type": "send('display_data', data={exam.MIME: [sheet]}, metadata={})",
    "with an error": "send('error', ename='E', evalue='', traceback=[], data={exam.MIME: sheet}, metadata={})",
    "for another cell": "send('display_data', 'another', data={exam.MIME: sheet}, metadata={})",
    "for no cell": "send('display_data', None, data={exam.MIME: sheet}, metadata={})",
}
SENDER = f"""
import IPython.display
from course_lib.exercises import exam
kernel, ways, honest, sheet = get_ipython().kernel, {list(WAYS.values())!r}, exam.run, None
publish = IPython.display.publish_display_data
def send(kind, cell="", **content):
    parent = kernel.get_parent("shell")
    if cell != "":
        parent = {{"header": dict(parent["header"], msg_id=cell)}} if cell else {{}}
    kernel.session.send(kernel.iopub_socket, kind, content, parent=parent)
def keep(data):
    global sheet
    sheet = data[exam.MIME]
def run(exercise, test, cases):
    IPython.display.publish_display_data = keep if exercise != "rnn_step" and ways else publish
    honest(exercise, test, cases)
    if IPython.display.publish_display_data is keep:
        eval(ways.pop(0))
exam.run = run
"""


def test_a_right_answer_counts_only_as_the_one_display_of_its_cell():
    result = graded(with_cell(solved(), SENDER), limits=SHORT, attacks=WAYS)
    others = [test for test in result["tests"] if test["exercise"] != "rnn_step"]
    assert result["status"] == "ok"
    assert [test["points"] for test in others[: len(WAYS)]] == [0.0] * len(WAYS)
    assert all(test["passed"] for test in others[len(WAYS) :]) and points(result)["rnn_step"] == 2.0


# What a kernel says to the grader around one test each.
SPEECHES = {
    "a reply of its own": "reply('ok')",
    "many replies": "[reply('ok') for _ in range(50)]",
    "first well, then not": "reply('ok'); reply('error')",
    "first not, then well": "reply('error'); reply('ok')",
    "aborted": "reply('aborted')",
    "a reply without content": "say('shell', 'execute_reply', {})",
    "a reply with the answer": "reply('ok', payload=[forged], user_expressions={'x': forged})",
    "replies to others": "[say('shell', 'execute_reply', {'status': 'ok'}, str(n)) for n in range(50)]",
    "idle before its time": "idle(); show()",
    "idle twice": "show(); idle(); idle()",
    "an error that is none": "show(); say('iopub', 'error', {})",
    "an error of lists": "show(); say('iopub', 'error', {'ename': deep, 'evalue': [[]], 'traceback': [1, None]})",
    "a status that is none": "show(); say('iopub', 'status', {}); say('iopub', 'status', {'execution_state': [[]]})",
    "display data that are none": "say('iopub', 'display_data', {'data': [MIME]})",
    "display data without metadata": "say('iopub', 'display_data', {'data': forged})",
    "a word of another protocol": "[odd(version='4.0', msg_type=name) for name in ('__eq__', '__call__', '_x')]",
    "headers of any form": "[odd(**h) for h in ({'msg_type': []}, {'msg_type': None}, {'version': 5}, {'date': late})]",
    "parts of any form": "[raw(parts) for parts in ([], [b''], [b''] * 5, [b'[' * 10**5] * 5, [b'{}'] * 5000)]",
    "questions": "[say('stdin', 'input_request', {'prompt': 'x' * 10**6}) for _ in range(20)]",
}
SPEAKER = f"""
import zmq
from course_lib.exercises import exam
from course_lib.exercises.exam import MIME
kernel, speeches = get_ipython().kernel, {list(SPEECHES.values())!r}
forged, late = {{MIME: {{"answers": []}}}}, "0000-99-99T99:99:99+99:99"
deep = []
for _ in range(400):
    deep = [deep]
def socket(channel):
    return {{"shell": kernel.shell_stream, "stdin": kernel.stdin_socket, "iopub": kernel.iopub_socket}}[channel]
def say(channel, kind, content, cell=None):
    parent = kernel.get_parent("shell")
    if cell:
        parent = {{"header": dict(parent["header"], msg_id=cell)}}
    kernel.session.send(socket(channel), kind, content, parent=parent, ident=kernel._shell_parent_ident.get())
def reply(status, **more):
    say("shell", "execute_reply", {{"status": status, "execution_count": 1, "ename": "E", "evalue": "", **more}})
def idle():
    say("iopub", "status", {{"execution_state": "idle"}})
def show():
    say("iopub", "display_data", {{"data": forged, "metadata": {{}}}})
def odd(**changes):
    parent = kernel.get_parent("shell")
    message = kernel.session.msg("status", {{"execution_state": "busy"}}, parent=parent)
    message["header"].update(changes)
    message["msg_type"] = message["header"]["msg_type"]
    socket("iopub").send_multipart(kernel.session.serialize(message))
def raw(parts):
    socket("iopub").send_multipart([b"<IDS|MSG>", *parts])
def run(exercise, test, cases):
    if speeches:
        eval(speeches.pop(0))
exam.run = run
"""


def test_a_kernel_that_says_anything_at_any_time_earns_nothing():
    assert sum(len(exercise.tests) for exercise in exercises.of_notebook(NOTEBOOK)) >= len(SPEECHES)
    result, swollen = growth(lambda: cheat(SPEAKER, attacks=SPEECHES))
    assert (result["status"], result["score"]) == ("ok", 0.0)
    assert all("no usable answer" in test["message"] or ":" in test["message"] for test in result["tests"])
    assert swollen < 300


def drawn(notebook, secret):
    """The sheets of a student."""
    chosen = seeds(secret, notebook)
    return course(notebook).sheets(lambda exercise: np.random.default_rng(chosen[exercise]))


def outputs(notebook, sheets):
    """What a right submission sends: the answers to all cases, by exercise and test."""
    right = course(notebook).namespace()
    asked = [(exercise, test) for exercise in exercises.of_notebook(notebook) for test in exercise.tests]
    return {
        (exercise.id, test.name): [
            attempt(exercise, test, right, case) for case in sheets[exercise.id, test.name].cases
        ]
        for exercise, test in asked
        if not test.right  # whose answer is a network that was trained, the same for all
    }


REPLAY = """
from course_lib.exercises import exam
from IPython.display import publish_display_data
sheets = {!r}
def run(exercise, test, cases):
    publish_display_data({{exam.MIME: {{"answers": sheets[exercise, test]}}}})
exam.run = run
"""


@pytest.mark.parametrize(("secret", "most"), [(2, 1.0), (1, EVERYTHING)], ids=["another's", "one's own"])
def test_recorded_outputs_earn_what_they_are_the_right_ones_for(secret, most):
    """Another student's are right in the quiz only, which is the same for all."""
    recorded = outputs(NOTEBOOK, drawn(NOTEBOOK, secret))
    sent = {asked: [encode(answer) for answer in answers] for asked, answers in recorded.items()}
    result = graded(with_cell(stubs(), REPLAY.format(sent)))
    assert (result["status"], result["score"], points(result)["answers01"]) == ("ok", most, 1.0)


# Whether one and the same draw came twice is all that is asked: it is the same for all students.
DRAWN = [(exercise, "random") for exercise in ("adding_problem", "temporal_order", "copy_memory")]


@pytest.mark.parametrize("notebook", exercises.notebooks())
def test_another_students_outputs_are_right_nowhere(notebook):
    mine, others = drawn(notebook, 1), drawn(notebook, 2)
    for (exercise, test), answers in outputs(notebook, others).items():
        asked = exercises.find(exercise)[1]
        verdict = judge(asked, asked.test(test), mine[exercise, test], answers, reveal=False)
        assert (verdict.points > 0) == (asked.test(test).secret or (exercise, test) in DRAWN), (exercise, test)


# What an output may be made of, as far as it may be sent: numbers, dtypes and shapes of every kind.
NUMBERS = (0, 1, -1, 5, 2**31, -(2**63), 2**63 - 1, 1e300, 1e-310, np.nan, np.inf)
DTYPES = ("bool", "int8", "uint64", "int64", "float16", "float32", "float64", "longdouble")
SHAPES = ((), (0,), (1,), (6,), (200_000,), (1, 200_000), (200_000, 1), (4, 64), (447, 447), (0, 10**5), (20, 50, 2))


def untrained(x, y):
    """Two layers, so that the view has a network to look at."""
    rng = backend.Rng(0)
    return cells.LSTM(6, 64, rng), cells.Output(64, 4, rng)


@pytest.mark.parametrize("notebook", exercises.notebooks())
def test_what_the_grader_looks_at_itself_costs_it_little(notebook):
    """A view is worked out by the grader, on outputs that are still as they were sent."""
    rng, sheets = np.random.default_rng(1), drawn(notebook, 1)
    right = course(notebook).namespace() | {"train_model": untrained}
    asked = [(exercise, test) for exercise in exercises.of_notebook(notebook) for test in exercise.tests if test.view]
    most_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for exercise, test in asked:
        case = sheets[exercise.id, test.name].cases[0]
        outputs = attempt(exercise, test, right, case).outputs
        for name in [name for name in outputs for _ in range(30)]:
            shape = SHAPES[rng.integers(len(SHAPES))] if rng.random() < 0.7 else np.shape(outputs[name])
            with np.errstate(all="ignore"):
                odd = np.full(shape, NUMBERS[rng.integers(len(NUMBERS))]).astype(rng.choice(DTYPES))
            started = time.monotonic()
            seen(test, Answer(outputs | {name: odd}), case)
            assert time.monotonic() - started < 15, (exercise.id, test.name, name, odd.dtype, odd.shape)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most_before < 500 << 10  # it is counted in KiB
