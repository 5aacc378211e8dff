"""Notebooks as nobody should hand them in: a right one, changed at random in form, in text and in bytes.

Mutant number i of a seed is always the same.
"""

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache

import classes
from classes import course

DEEP = (900, 5_000, 200_000)  # brackets: within, around and far beyond what the parser follows

# Values to put in place of any other.
VALUES = (
    *(None, True, False, 0, -1, 4, 5, 2**31, 2**63, -(10**400), 0.0, 1e308, -1e-320, float("nan"), float("inf")),
    *("", "code", "markdown", "raw", "answer", "check", "setup", "rnn_step", "\0", "\ud800", "\udc00\ud800", "é" * 300),
    *(
        "x" * 100_000,
        "<script>",
        "=1+1",
        [],
        {},
        [[]],
        {"": {}},
        [None] * 1000,
        ["def f():\n", None, 3, ["x"]],
        {"a": 1},
    ),
)

# Lines of code that a student, or an attacker, might write.
LINES = (
    *("", " ", "\t", "pass", "1 / 0", "def (", "x = = 1", "'", '"""', "(((((", "}", "\\", "\x0c", "\r", "\0", "\ufeff"),
    *(
        "return 1",
        "yield",
        "await x",
        "async def f(): pass",
        "lambda: 0",
        "print(",
        "print('\ud800')",
        "é = 1",
        "ﬁ = 1",
    ),
    *("%matplotlib inline", "%%bash\nexit 1", "!true", "%reset -f", "?", "??print", "%nosuch", "%%nosuch", "%%time"),
    *("raise SystemExit", "exit()", "raise KeyboardInterrupt", "import sys; sys.exit(3)", "del np", "np = None"),
    *("import os; os._exit(0)", "while True: pass", "raise MemoryError", "raise NotImplementedError", "input()"),
    *("import torch", "import course_lib.cells", "from course_lib import *", "check = None", "rnn_step = None"),
    *("def rnn_step(*a): return None", "def rnn_step(*a): return a", "def rnn_step(*a): return a[1] * float('nan')"),
    *(
        "softmax = cross_entropy = len",
        "answers01 = []",
        "answers01['memory'] = {}",
        "answers01 = {'memory': answers01}",
    ),
    *(
        "'x' * 10**7",
        "[0] * 10**6",
        "display(1)",
        "# NBVAL_SKIP",
        "# %%",
        "### BEGIN SOLUTION",
        "get_ipython().reset()",
    ),
    *(
        "(" * 300 + ")" * 300,
        "[" * 150 + "]" * 150,
        "x = " + "-" * 5000 + "1",
        "+".join(["1"] * 3000),
        "x" + ".a" * 3000,
    ),
)

OUTPUTS = (
    {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
    {"output_type": "stream", "name": 3, "text": None},
    {"output_type": "display_data", "data": {"application/vnd.course.answer+json": {"answers": []}}, "metadata": {}},
    {"output_type": "execute_result", "execution_count": -1, "data": {"text/html": "<script>alert(1)</script>"}},
    {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["\x1b[31m"]},
    {"output_type": "nonsense"},
    {},
    None,
)


@cache
def _bases() -> tuple[dict, ...]:
    """Mostly right ones; some with mistakes in half of the exercises, and one where nothing was done."""
    right, half = classes.solved(), classes.solved()
    for mistake in course().key.mistakes:
        if mistake.exercise in ("rnn_step", "cross_entropy", "tied_grad"):
            classes.answer_cell(half, mistake.exercise).source += f"\n\n{mistake.code}"
    plain = [json.loads(classes.as_bytes(nb)) for nb in (right, half, classes.stubs())]
    return (plain[0],) * 14 + (plain[1],) * 5 + (plain[2],)


def mutant(seed: int, number: int) -> bytes:
    """A file that was handed in."""
    rng = random.Random(f"{seed}:{number}")
    nb = copy.deepcopy(rng.choice(_bases()))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(FORMS)(rng, nb)
    text = json.dumps(nb, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.15:
        text = rng.choice(TEXTS)(rng, text)
    data = text.encode("utf-8", "surrogatepass")
    return rng.choice(BYTES)(rng, data) if rng.random() < 0.06 else data


# -------------------------------------------------------------------------------------- the form: a tree of JSON


def _places(value: object) -> Iterator[tuple[dict | list, object]]:
    """Every place in a tree, as a container and a key or index."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield value, key
        yield from _places(item)


def _code(rng: random.Random, nb: dict) -> dict | None:
    """A code cell, rather one with an answer."""
    cells = [c for c in nb["cells"] if isinstance(c, dict) and c.get("cell_type") == "code"]
    answers = [c for c in cells if isinstance(c.get("metadata"), dict) and "nbgrader" in c["metadata"]]
    return rng.choice((answers if rng.random() < 0.7 else cells) or cells or [None])


def _replace(rng: random.Random, nb: dict) -> None:
    container, key = rng.choice(list(_places(nb)))
    container[key] = copy.deepcopy(rng.choice(VALUES))


def _remove(rng: random.Random, nb: dict) -> None:
    container, key = rng.choice(list(_places(nb)))
    del container[key]


def _of_cells(change: Callable) -> Callable:
    """A change of the list of cells, where there still is one."""

    def form(rng: random.Random, nb: dict) -> None:
        if isinstance(nb.get("cells"), list) and nb["cells"]:
            change(rng, nb["cells"])

    return form


def _repeat(rng: random.Random, cells: list) -> None:
    cells.insert(rng.randrange(len(cells) + 1), copy.deepcopy(rng.choice(cells)))


def _move(rng: random.Random, cells: list) -> None:
    cells.insert(rng.randrange(len(cells)), cells.pop(rng.randrange(len(cells))))


def _drop(rng: random.Random, cells: list) -> None:
    del cells[rng.randrange(len(cells))]


def _swap(rng: random.Random, cells: list) -> None:
    one, two = (cell for cell in rng.choices(cells, k=2))
    if isinstance(one, dict) and isinstance(two, dict):
        name = rng.choice(("metadata", "id", "source", "cell_type", "outputs"))
        one[name], two[name] = two.get(name), one.get(name)


def _everywhere(rng: random.Random, cells: list) -> None:
    """What an editor does to all cells: no ids, no metadata, no types, sources as one text."""
    change = rng.choice(
        ({"id": None}, {"metadata": None}, {"metadata": {}}, {"id": "same"}, {"outputs": []}, {"source": ""})
    )
    for cell in (cell for cell in cells if isinstance(cell, dict)):
        change = {"source": "".join(map(str, cell.get("source") or ()))} if "source" in change else change
        cell |= change
        for name in [name for name in change if change[name] is None]:
            del cell[name]


def _marks(rng: random.Random, cells: list) -> None:
    """What says whose a cell is."""
    cell = rng.choice(cells)
    if isinstance(cell, dict):
        course = {"role": rng.choice(("answer", "check", "setup", "demo", "exam", [])), "exercise": rng.choice(VALUES)}
        grader = {
            "grade_id": rng.choice(("rnn_step", "test_rnn_step", "x", None)),
            "solution": rng.choice((True, 1, "")),
        }
        cell["metadata"] = rng.choice(
            ({"course": course}, {"nbgrader": grader}, {"course": course, "nbgrader": grader})
        )


def _line(rng: random.Random, nb: dict) -> None:
    """A line of code before, after or in place of what a cell says."""
    if cell := _code(rng, nb):
        source = "".join(map(str, cell.get("source") or ()))
        line = rng.choice(LINES)
        cell["source"] = rng.choice((f"{line}\n{source}", f"{source}\n{line}", line))


def _own(rng: random.Random, nb: dict) -> None:
    """A cell of the student's own."""
    if isinstance(nb.get("cells"), list):
        cell = {"cell_type": "code", "metadata": {}, "source": rng.choice(LINES), "outputs": []}
        nb["cells"].insert(rng.choice((0, 10, len(nb["cells"]))), cell)


def _output(rng: random.Random, nb: dict) -> None:
    if cell := _code(rng, nb):
        cell["outputs"] = [copy.deepcopy(rng.choice(OUTPUTS)) for _ in range(rng.choice((1, 3, 100)))]
        cell["execution_count"], cell["attachments"] = rng.choice(VALUES), {"a.png": {"image/png": "x" * 10_000}}


def _version(rng: random.Random, nb: dict) -> None:
    nb["nbformat"] = rng.choice((4,) * 12 + (3, 5, 4.0, "4", -4, None))
    nb["nbformat_minor"] = rng.choice((0, 4, 5, 99, "5", None))


FORMS = (
    *([_replace] * 3 + [_remove, _line, _line, _own, _output, _output, _version]),
    *map(_of_cells, (_repeat, _move, _move, _drop, _swap, _everywhere, _everywhere, _marks)),
)

# --------------------------------------------------------------------------------------------- the text and its bytes


def _at(rng: random.Random, pattern: str, text: str, new: str) -> str:
    """One place of a text changed, whose pattern may hold groups."""
    found = list(re.finditer(pattern, text))
    if not found:
        return text
    place = rng.choice(found)
    return text[: place.start()] + place.expand(new) + text[place.end() :]


def _twice(rng: random.Random, text: str) -> str:
    """A key that is there twice, with no value that JSON has."""
    value = rng.choice(("7", "NaN", "1e999", "9" * 5000, "tru", "'x'", ""))
    return _at(rng, r'("\w+"): ', text, rf"\1: {value}, \1: ")


def _deep(rng: random.Random, text: str) -> str:
    """Brackets within brackets."""
    many, (left, right) = rng.choice(DEEP), rng.choice((("[", "]"), ('{"":', "}")))
    return _at(rng, r'"metadata": \{', text, f'"metadata": {{"deep": {left * many}0{right * many}, ')


TEXTS = (
    _twice,
    _deep,
    lambda rng, text: _at(
        rng, r"\\n", text, rng.choice((r"\\r\\n", r"\\r", r"\\u2028", r"\\u0000", r"\\ud800", r"\\x", "\n"))
    ),
    lambda rng, text: text[: rng.randrange(len(text))],
    lambda rng, text: text + rng.choice(("}", "\n\n", "\0", " ", '{"nbformat": 4}', "// comment")),
    lambda rng, text: text.replace('", "', f'",{rng.choice(chr(13) + chr(10) + chr(9))}"'),
    lambda rng, text: text.replace(", ", ",\r\n"),
)


def _flipped(rng: random.Random, data: bytes) -> bytes:
    some = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 50))):
        some[rng.randrange(len(some))] ^= 1 << rng.randrange(8)
    return bytes(some)


def _spliced(rng: random.Random, data: bytes) -> bytes:
    one, two = sorted(rng.randrange(len(data)) for _ in range(2))
    piece = rng.choice((b"\0", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", data[one : one + 200], b" " * 10_000))
    return data[:one] + piece + data[two if rng.random() < 0.2 else one :]


BYTES = (
    _flipped,
    _spliced,
    lambda rng, data: b"\xef\xbb\xbf" + data,
    lambda rng, data: data.decode("utf-8", "replace").encode(
        rng.choice(("utf-16", "utf-32", "utf-16-be", "latin-1")), "replace"
    ),
    lambda rng, data: rng.randbytes(rng.randrange(1, 200)),
    lambda rng, data: rng.choice((b"", b"\n", b"null", b"[]", b"{}", b'"x"', b"4", data * 2, b"PK\x03\x04" + data)),
)
