"""Answers that read alike: whose are listed, whose are not, and what hostile source costs."""

import csv
import random
import re
import time

import pytest
from classes import NOTEBOOK, QUICK, as_bytes, course, graded, make_result, solved, stubs, texts

from course_lib import exercises
from course_lib.grading import classroom, demo, report, similar, submissions
from course_lib.grading.graft import Part, Unreadable, graft
from course_lib.grading.similar import Pair

BPTT = "02_bptt"
EXERCISE = "rnn_backward"

OWN = '''
def rnn_backward(dhs, cache):
    """Go back."""
    states = np.concatenate([cache["h0"][None], cache["hs"]])
    slopes = 1.0 - np.square(states[1:])
    deltas = []
    flowing = np.zeros_like(states[0])
    for slope, dh in zip(slopes[::-1], dhs[::-1]):
        total = (flowing + dh) * slope
        flowing = np.dot(total, cache["W"])
        deltas.append(total)
    da = np.asarray(deltas[::-1])
    rows = da.reshape(-1, da.shape[-1])
    return {
        "dx": np.einsum("tbh,hd->tbd", da, cache["U"]),
        "dU": np.einsum("tbh,tbd->hd", da, cache["x"]),
        "dW": np.einsum("tbh,tbk->hk", da, states[:-1]),
        "db": rows.sum(axis=0) * 1e0,
        "dh0": flowing,
    }
'''
ANOTHER = """
def rnn_backward(dhs, cache):
    hs_before = np.roll(cache["hs"], 1, axis=0)
    hs_before[0] = cache["h0"]
    steps = dhs.shape[0]
    grads = {"dx": np.empty(cache["x"].shape, cache["x"].dtype)}
    later = 0.0
    count = steps
    while count:
        count -= 1
        inner = dhs[count] + later
        inner = inner - inner * cache["hs"][count] * cache["hs"][count]
        grads["dx"][count] = inner.dot(cache["U"])
        later = inner.dot(cache["W"])
        for name, seen in (("dU", cache["x"][count]), ("dW", hs_before[count])):
            grads[name] = grads.get(name, 0) + np.outer(inner, seen) if inner.ndim == 1 else inner.T.dot(seen)
    return grads | {"dh0": later}
"""


def renamed(code):
    for old, new in (("states", "all_h"), ("slopes", "k"), ("slope", "s"), ("flowing", "carry"), ("total", "d")):
        code = re.sub(rf"\b{old}\b", new, code)
    return code


def replaced(*pairs):
    def change(code):
        for old, new in pairs:
            assert code.count(old) == 1, old
            code = code.replace(old, new)
        return code

    return change


DISGUISES = {
    "names": renamed,
    "comments": replaced(("    deltas = []\n", "    # here they go\n    deltas = []  # a list\n\n\n")),
    "no docstring": replaced(('    """Go back."""\n', "")),
    "layout": replaced(('"db": rows.sum(axis=0) * 1e0,\n', '"db":\n rows . sum ( axis=0 ) * 1e0 ,\n')),
    "quotes": lambda code: code.replace('"', "'").replace("'''", '"""'),
    "prints": replaced(
        ("        deltas.append(total)\n", "        deltas.append(total)\n        print(total.shape)\n")
    ),
    "order of statements": replaced(
        (
            "    deltas = []\n    flowing = np.zeros_like(states[0])\n",
            "    flowing = np.zeros_like(states[0])\n    deltas = []\n",
        )
    ),
    "order of a sum and a product": replaced(("(flowing + dh) * slope", "slope * (dh + flowing)")),
    "constants": replaced(("1.0 - np", "1 - np"), ("1e0", "1.0")),
    "annotations": replaced(
        ("(dhs, cache):", "(dhs: np.ndarray, cache: dict) -> dict:"), ("deltas = []", "deltas: list = []")
    ),
    "brackets": replaced(("da = np.asarray(deltas[::-1])", "da = (np.asarray((deltas)[::-1]))")),
    "a magic": lambda code: "%config InlineBackend.figure_format = 'svg'\n" + code,
    "several": lambda code: renamed(DISGUISES["order of a sum and a product"](DISGUISES["comments"](code))),
}


def said(code, exercise=EXERCISE, notebook=BPTT):
    return similar.statements(texts(notebook), [Part("answer", code, exercise)])[exercise]


def listed(answers, exercise=EXERCISE, notebook=BPTT):
    """The pairs among the answers to one exercise, as texts by student or as statements."""
    results = [
        {
            "student": student,
            "notebook": notebook,
            "statements": {exercise: said(code) if isinstance(code, str) else code},
        }
        for student, code in answers.items()
    ]
    return {(pair.student, pair.other): pair.exercises[exercise] for pair in similar.pairs(results)}


# --- What is alike ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("disguise", DISGUISES)
def test_the_same_in_disguise_is_the_same(disguise):
    changed = DISGUISES[disguise](OWN)
    assert changed != OWN
    assert said(changed) == said(OWN)
    assert listed({"ada": OWN, "ben": changed, "cleo": ANOTHER}) == {("ada", "ben"): 1.0}


def test_an_edited_copy_is_nearly_the_same():
    edited = replaced(
        ("np.square(states[1:])", "states[1:] ** 2"),
        ("    rows = ", "    assert dhs.ndim == 3\n    rows = "),
    )
    found = listed({"ada": OWN, "ben": renamed(edited(OWN)), "cleo": ANOTHER})
    assert found.keys() == {("ada", "ben")} and 0.75 < found["ada", "ben"] < 1


def test_a_third_of_the_statements_changed_is_no_copy_any_more():
    other = replaced(
        ('np.einsum("tbh,hd->tbd", da, cache["U"])', 'da @ cache["U"]'),
        ('np.einsum("tbh,tbd->hd", da, cache["x"])', "sum(da[t].T @ cache['x'][t] for t in range(len(da)))"),
        ('np.concatenate([cache["h0"][None], cache["hs"]])', 'np.append([cache["h0"]], cache["hs"], axis=0)'),
        ("for slope, dh in zip(slopes[::-1], dhs[::-1]):", "for slope, dh in reversed(list(zip(slopes, dhs))):"),
    )
    assert listed({"ada": OWN, "ben": other(OWN)}) == {}


def test_pairs_with_most_exercises_in_common_come_first():
    rtrl = OWN.replace("rnn_backward", "rtrl")
    results = [
        {"student": name, "notebook": BPTT, "statements": {EXERCISE: said(a), "rtrl": said(b, "rtrl")}}
        for name, a, b in (("ada", OWN, rtrl), ("ben", OWN, ""), ("cleo", OWN, rtrl))
    ]
    found = similar.pairs(results)
    assert [(pair.student, pair.other, list(pair.exercises)) for pair in found] == [
        ("ada", "cleo", [EXERCISE, "rtrl"]),
        ("ada", "ben", [EXERCISE]),
        ("ben", "cleo", [EXERCISE]),
    ]


# --- What is not ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("notebook", exercises.notebooks())
def test_what_the_course_says_itself_is_nobodys(notebook):
    key = course(notebook).key
    known = [(cell.exercise, text) for cell in course(notebook).cells for text in (cell.text, cell.released)]
    known += [(mistake.exercise, mistake.code) for mistake in key.mistakes]
    known += [(exercise, code) for exercise, _, code in key.alternatives]
    for exercise, text in known:
        if exercise:
            own = similar.statements(texts(notebook), [Part("answer", text, exercise)])
            assert not any(own.values()), (exercise, text)


def test_the_class_of_course_demo_has_only_what_the_course_says():
    """They hand in the same right notebook with known mistakes below it, which is no similarity worth a word."""
    results = []
    for student in demo.make(course()):
        try:
            parts = graft(student.submission, NOTEBOOK, course().released_cells()).parts
        except Unreadable:
            continue
        own = similar.statements(texts(), parts)
        assert not any(own.values()) or student.name in ("loops-forever", "wants-all-memory", "kills-the-kernel")
        results.append({"student": student.name, "notebook": NOTEBOOK, "statements": own})
    assert len(results) > 20 and similar.pairs(results) == []


def test_short_answers_and_quizzes_are_not_compared():
    two_lines = (
        "def dloss_dlogits(o, y):\n    z = np.asarray(softmax(o))\n    return np.subtract(z, np.eye(z.shape[2])[y]) / 7"
    )
    assert said(two_lines, "dloss_dlogits")
    assert listed({"ada": said(two_lines, "dloss_dlogits"), "ben": said(two_lines, "dloss_dlogits")}) == {}
    quiz = next(exercise.id for exercise in exercises.of_notebook(BPTT) if exercise.tests[0].secret)
    assert quiz not in similar.statements(texts(BPTT), [Part("answer", f"{quiz} = {{'a': 'c'}}\n" * 50, quiz)])


def test_what_many_write_is_nobodys_in_particular():
    others = {f"other-{number}": {f"{number}-{line}": 20 for line in range(10)} for number in range(80)}
    few = others | {f"copy-{number}": OWN for number in range(5)}
    assert len(listed(few)) == 10
    many = others | {f"copy-{number}": OWN for number in range(15)}
    assert listed(many) == {}


@pytest.mark.parametrize("hub", ["a hub", "z hub"])
def test_what_is_like_many_that_differ_is_nobodys_in_particular(hub):
    """Each of the others is like the hub only, whether it comes before them or after."""

    def like(number):
        all_lines = [f"line {n}" for n in range(20)]
        changed = {f"like {n}": [*all_lines[: 2 * n], *all_lines[2 * n + 2 :], f"{n}a", f"{n}b"] for n in range(number)}
        return {who: dict.fromkeys(lines, 20) for who, lines in {hub: all_lines, **changed}.items()}

    assert set(listed(like(5))) == {tuple(sorted((hub, f"like {n}"))) for n in range(5)}
    assert listed(like(6)) == {}


@pytest.mark.parametrize("class_, most", [(30, 6), (90, 9), (700, 50)])
def test_as_many_as_a_tenth_of_the_class_may_write_alike_but_at_least_6_and_50_at_most(class_, most):
    for copies in (most, most + 1):
        answers = {f"other {n}": {f"{n} {line}": 20 for line in range(10)} for n in range(class_ - copies)}
        answers |= {f"copy {n}": {f"copied {line}": 20 for line in range(10)} for n in range(copies)}
        assert len(listed(answers)) == (copies * (copies - 1) // 2 if copies == most else 0)


# At every turn the usual ways to write a line of `rnn_backward`, most usual first.
TURNS = [
    [
        "x, h0, hs, U, W = (cache[k] for k in ('x', 'h0', 'hs', 'U', 'W'))",
        "x, h0, hs, U, W = cache['x'], cache['h0'], cache['hs'], cache['U'], cache['W']",
        "x = cache['x']\nh0 = cache['h0']\nhs = cache['hs']\nU = cache['U']\nW = cache['W']",
        "x, h0, hs, U, W = [cache[name] for name in ['x', 'h0', 'hs', 'U', 'W']]",
        "x, h0 = cache['x'], cache['h0']\nhs = cache['hs']\nU, W = cache['U'], cache['W']",
    ],
    ["T, B, D = x.shape\nH = h0.shape[1]", "T = len(x)", "T, B, _ = x.shape", "T = x.shape[0]", "T, B, H = hs.shape"],
    [
        "dx = np.zeros_like(x)\ndU = np.zeros_like(U)\ndW = np.zeros_like(W)\ndb = np.zeros(U.shape[0], dtype=U.dtype)",
        "dx, dU, dW = np.zeros_like(x), np.zeros_like(U), np.zeros_like(W)\ndb = np.zeros_like(U[:, 0])",
        "dx = np.zeros(x.shape)\ndU = np.zeros(U.shape)\ndW = np.zeros(W.shape)\ndb = np.zeros(len(U), dtype=x.dtype)",
        "dU = 0 * U\ndW = 0 * W\ndb = 0 * U[:, 0]\ndx = 0 * x",
        "dx = np.empty_like(x)\ndU, dW = 0, 0\ndb = 0",
    ],
    ["carry = np.zeros_like(h0)", "carry = 0 * h0", "carry = np.zeros(h0.shape, dtype=h0.dtype)", "carry = 0"],
    [
        "for t in reversed(range(T)):",
        "for t in range(T - 1, -1, -1):",
        "for t in range(T)[::-1]:",
        "for k in range(T):\n    t = T - 1 - k",
        "for t in reversed(range(len(x))):",
    ],
    [
        "    prev = hs[t - 1] if t > 0 else h0",
        "    prev = h0 if t == 0 else hs[t - 1]",
        "    if t == 0:\n        prev = h0\n    else:\n        prev = hs[t - 1]",
        "    if t > 0:\n        prev = hs[t - 1]\n    else:\n        prev = h0",
        "    prev = hs[t - 1] if t else h0",
        "    prev = h0 if t < 1 else hs[t - 1]",
    ],
    [
        "    dh = dhs[t] + carry",
        "    dh = dhs[t].copy()\n    dh += carry",
        "    carry = carry + dhs[t]\n    dh = carry",
        "    dh = np.add(dhs[t], carry)",
    ],
    [
        "    da = dh * (1 - hs[t] ** 2)",
        "    da = (1 - hs[t] * hs[t]) * dh",
        "    slope = 1 - hs[t] ** 2\n    da = slope * dh",
        "    da = dh - dh * hs[t] ** 2",
        "    da = np.multiply(dh, 1 - np.square(hs[t]))",
        "    h = hs[t]\n    da = dh * (1 - h * h)",
    ],
    *(
        [
            f"    {to} += da.T @ {by}",
            f"    {to} = np.dot(da.T, {by}) + {to}",
            f"    {to} += np.einsum('bh,bk->hk', da, {by})",
            f"    {to} += ({by}.T @ da).T",
            f"    {to} = {to} + np.matmul(da.T, {by})",
        ]
        for to, by in (("dU", "x[t]"), ("dW", "prev"))
    ),
    [
        "    db += da.sum(axis=0)",
        "    db += np.sum(da, axis=0)",
        "    db += da.sum(0)",
        "    db += np.einsum('bh->h', da)",
    ],
    ["    dx[t] = da @ U", "    dx[t] = np.dot(da, U)", "    dx[t] += da @ U", "    dx[t] = (U.T @ da.T).T"],
    ["    carry = da @ W", "    carry = np.dot(da, W)", "    carry = (W.T @ da.T).T", "    carry = np.matmul(da, W)"],
    [
        "return {'dx': dx, 'dh0': carry, 'dU': dU, 'dW': dW, 'db': db}",
        "grads = {'dx': dx, 'dh0': carry, 'dU': dU, 'dW': dW, 'db': db}\nreturn grads",
        "dh0 = carry\nreturn {'dx': dx, 'dh0': dh0, 'dU': dU, 'dW': dW, 'db': db}",
        "return dict(dx=dx, dh0=carry, dU=dU, dW=dW, db=db)",
        "g = {}\ng['dx'] = dx\ng['dh0'] = carry\ng['dU'] = dU\ng['dW'] = dW\ng['db'] = db\nreturn g",
    ],
]


def written(rng, skew):
    """What somebody writes who learnt by themselves; the larger the skew, the more the class agrees."""
    ways = [rng.choices(turn, [(i + 1) ** -skew for i in range(len(turn))])[0] for turn in TURNS]
    return "\n    ".join(["def rnn_backward(dhs, cache):", *(line for way in ways for line in way.split("\n"))])


def test_independent_classes():
    """Everybody writes by themselves, in ways that everybody knows; a tenth of them then is copied."""
    copies = no_copies = made = 0
    for seed, skew in ((1, 0.0), (2, 0.0), (3, 1.0), (4, 1.0), (5, 1.5), (6, 1.5)):
        rng = random.Random(seed)
        codes = [written(rng, skew) for _ in range(270)]
        answers = {f"own-{number}": said(code) for number, code in enumerate(codes)}
        answers |= {f"copy-{i}": said(codes[i].replace("carry", "z").replace("prev", "last")) for i in range(27)}
        expected = {(f"copy-{number}", f"own-{number}") for number in range(27)}
        found = listed(answers).keys()
        copies, no_copies, made = copies + len(found & expected), no_copies + len(found - expected), made + 27
    print(f"{copies} of {made} copies found, and {no_copies} pairs that are none")
    assert copies >= 35 and no_copies <= 3


# --- Hostile source, and much of it -----------------------------------------------------------------------------

HOSTILE = {
    "unary": "-" * 49_000 + "1",
    "attributes": "a" + ".b" * 24_000,
    "calls": "a" + "()" * 24_000,
    "a sum": "x = a" + " + a" * 12_000,
    "brackets": "(" * 20_000,
    "a power": "a**" * 16_000 + "a",
    "lambdas": "lambda: " * 6_000 + "1",
    "elif": "if a:\n pass\n" + "elif a:\n pass\n" * 3_000,
    "indentation": "".join(" " * i + "if a:\n" for i in range(120)) + " " * 120 + "pass",
    "a NUL": "x = 1\0",
    "an integer": "x = 0x" + "f" * 49_000,
    "a decimal": "x = " + "9" * 49_000,
    "f-strings": "f'{" * 3_000,
    "half a character": "x = '\ud800' + y",
    "statements": "x=1\n" * 12_000,
    "large": "x = a + b + c * d\n" * 100_000,
    "no Python": "def rnn_backward(dhs, cache:\n  return",
    "nested": "x = " + "(1 + 2 * " * 90 + "1" + ")" * 90,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_source_costs_little(name):
    said("")  # the course itself is read before
    started = time.process_time()
    assert len(said(HOSTILE[name])) <= 1
    assert time.process_time() - started < 2


def test_an_answer_of_very_many_statements_is_cut_to_the_same_ones():
    many = said("\n".join(f"x[{i}] = y[{i}] + {i}" for i in range(2_000)))
    fewer = said("\n".join(f"x[{i}] = y[{i}] + {i}" for i in range(1_990)))
    assert len(many) == len(fewer) == 200
    assert len(many.keys() & fewer.keys()) > 190


def test_ten_thousand_students_take_seconds():
    """Every answer is made of lines that one in twelve has, and one in a hundred is a copy."""
    rng = random.Random(0)
    answers = {f"s{i}": {f"{turn}-{rng.randrange(12)}": 10 for turn in range(15)} for i in range(9_900)}
    answers |= {f"copy-{i}": dict(answers[f"s{i}"]) for i in range(100)}
    started = time.process_time()
    found = listed(answers)
    seconds = time.process_time() - started
    print(f"{seconds:.1f} s for {len(answers)} answers")
    assert {(f"copy-{i}", f"s{i}") for i in range(100)} <= found.keys() and len(found) < 120
    assert seconds < 20  # it was 1.2 s


# --- Where it is said -------------------------------------------------------------------------------------------

PAIRS = [
    Pair(NOTEBOOK, "=ada", "<b>ben", {"rnn_step": 0.7512, "rnn_forward": 1.0}),
    Pair(NOTEBOOK, "=ada", "caf\udce9", {"rnn_step": 0.8}),
]


def test_the_table_is_safe_for_a_spreadsheet(tmp_path):
    similar.write(tmp_path / "similar.csv", PAIRS)
    with open(tmp_path / "similar.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["assignment", "student_id", "other_student_id", "exercises_alike", "which"],
            [NOTEBOOK, "'=ada", "<b>ben", "2", "rnn_step 75%; rnn_forward 100%"],
            [NOTEBOOK, "'=ada", "caf?", "1", "rnn_step 80%"],
        ]


def test_the_page_says_that_it_is_a_hint():
    class_ = [make_result("=ada"), make_result("<b>ben")]
    page = report.index(class_, alike=PAIRS)
    assert "Only a hint where to look" in page and 'href="similar.csv"' in page
    assert "&lt;b&gt;ben" in page and "<b>ben" not in page
    assert "Only a hint" not in report.index(class_)


def test_a_run_that_goes_on_says_the_same(tmp_path, bubblewrap):
    folder, out = tmp_path / "submitted", tmp_path / "out"
    written_ = """
def rnn_forward(x, h0, U, W, b):
    states = [h0]
    for number, inputs in enumerate(x):
        driven = np.einsum("bd,hd->bh", inputs, U)
        fed_back = np.einsum("bk,hk->bh", states[number], W)
        states.append(np.tanh(np.add(np.add(driven, fed_back), b[None, :])))
    everything = np.asarray(states[1:], dtype=x.dtype).reshape(x.shape[0], h0.shape[0], h0.shape[1])
    last = np.array(everything[x.shape[0] - 1], copy=True)
    together = {"hs": everything, "last": last}
    return tuple(together[name] for name in ("hs", "last"))
"""
    for student in ("ada", "ben", "cleo"):
        nb = solved() if student == "cleo" else stubs()
        if student != "cleo":
            cell = next(
                c for c in nb.cells if c.metadata.get("course") == {"exercise": "rnn_forward", "role": "answer"}
            )
            cell.source = written_.replace("driven", "d") if student == "ben" else written_
        path = folder / student / f"{NOTEBOOK}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(as_bytes(nb))
    run = classroom.Run(out, {NOTEBOOK: texts()}, b"secret", 1, limits=QUICK)
    found, _ = submissions.find(folder, [NOTEBOOK])

    def files():
        there = []
        classroom.grade(run, found, lambda result, was_there: there.append(was_there))
        classroom.publish(out, None)
        return there, (out / "similar.csv").read_bytes(), (out / "index.html").read_bytes()

    first, again = files(), files()
    assert (first[0], again[0]) == ([False] * 3, [True] * 3)
    assert first[1:] == again[1:]
    assert first[1].decode().splitlines()[1:] == [f"{NOTEBOOK},ada,ben,1,rnn_forward 100%"]


def test_a_result_holds_hashes_and_no_source(bubblewrap):
    own = graded(solved())["statements"]
    written_ = [exercise.id for exercise in exercises.of_notebook(NOTEBOOK) if not exercise.tests[0].secret]
    assert list(own) == written_ and not any(own.values())
