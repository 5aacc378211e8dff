import linecache
import re
import subprocess
import sys
from html.parser import HTMLParser
from types import ModuleType

import pytest
import toy

from course_lib import checking, exercises, panels
from course_lib.exercises.verdict import FAILED, NOT_ATTEMPTED, PASSED, Verdict
from course_lib.grading.trials import prove
from course_lib.practice import Practice

RIGHT = "def double(x):\n    return 2 * x\n"
STUB = "def double(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
SQUARE = "def double(x):\n    return x * x\n"
HEAVY = {"matplotlib", "ipywidgets", "numba", "cupy", "IPython", "pytest", "nbformat", "jupytext", "pandas"}


class Page(HTMLParser):
    """HTML read strictly: every tag closed in its order; its text in pieces, apart from what is closed at first."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.pieces, self.closed, self.links, self.tags, self.styles = [], [], [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.styles.append(dict(attributes).get("style", ""))
        self.links += [dict(attributes)["href"]] if tag == "a" else []
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        depth = self.open.count("details")
        (self.closed if depth else self.pieces).append((depth, data) if depth else data)

    @property
    def text(self):
        return " ".join(self.pieces)


class Shell:
    """A kernel's namespace and what is shown in it."""

    def __init__(self, namespace):
        self.namespace, self.shown, self._cells = namespace, [], 0

    def run(self, code):
        self._cells += 1
        filename = f"/tmp/ipykernel_7/{self._cells}.py"
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
        exec(compile(code, filename, "exec"), self.namespace)
        return self

    def last(self):
        """The last output: its page, and its plain twin."""
        data = self.shown[-1]
        assert set(data) == {"text/html", "text/plain"}
        page, plain = Page(data["text/html"]), data["text/plain"]
        same = words(page.text) == words(plain)
        assert same or plain.startswith("Hint"), "HTML and plain text say different things"
        return page, plain

    def check(self, code, name="double"):
        return self.run(f"{code}\ncheck({name})").last()[1]


def words(text):
    return sorted(re.findall(r"[^\W_]+|[✓✗○◐]", text))


@pytest.fixture
def shell(tmp_path, monkeypatch):
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(checking, "_verdicts", {})
    monkeypatch.setattr(checking, "_hints_given", {})
    here = Shell(main.__dict__)
    monkeypatch.setattr("IPython.display.publish_display_data", here.shown.append)
    with toy.installed(tmp_path):
        practice = Practice(toy.NOTEBOOK, "", [], prove(toy.course()))
        monkeypatch.setattr(checking, "_practice", lambda notebook: practice)
        here.run("import numpy as np\nfrom course_lib.checking import check, earned, hint, progress")
        yield here


# --------------------------------------------------------------------------------------------------- check


def test_a_right_answer_passes(shell):
    assert shell.check(RIGHT) == (
        "Double – 1.5 of 1.5 points on the visible cases\n"
        "  ✓ passed, 1 of 1 – 2x\n"
        "  ✓ passed, 0.5 of 0.5 – float32 stays float32"
    )


def test_a_known_mistake_is_called_by_its_name(shell):
    said = shell.check(SQUARE)
    assert said.count("✗ failed, 0 of ") == 2 and "2x: this is x squared." in said


def test_the_same_message_is_said_once(shell):
    said = shell.check("def double(x):\n    return nothing")
    assert said.count("'nothing' is not defined") == 1 and said.count("the same as above") == 1


class FailedCell:
    """What IPython keeps of a cell that failed."""

    success, error_in_exec = False, None
    error_before_exec = SyntaxError("never closed")

    def __init__(self, raw_cell):
        self.info = self
        self.raw_cell = raw_cell


@pytest.mark.parametrize(
    ("raw_cell", "warned"), [("def double(x:\n    return 2", True), ("double = 3 +", True), ("print(double(2)", False)]
)
def test_an_answer_older_than_a_failed_cell_is_said_to_be_old(shell, monkeypatch, raw_cell, warned):
    kernel = ModuleType("kernel")
    kernel.last_execution_result = FailedCell(raw_cell)
    monkeypatch.setattr("IPython.get_ipython", lambda: kernel)
    assert ("stopped with SyntaxError: the answer before it was checked" in shell.check(RIGHT)) == warned


@pytest.mark.parametrize(
    ("before", "body", "named"),
    [
        ("from course_lib.functions import tanh", "return 2 * x + 0 * tanh(x)", "tanh"),
        ("from course_lib import functions", "return (lambda: functions.tanh(0) + 2 * x)()", "functions"),
        ("", "import course_lib.functions\n    return 2 * x", "course_lib.functions"),
        ("from course_lib import backend", "return backend.asarray(2 * x)", ""),
        ("from course_lib.functions import tanh", "return 2 * x + 0 * np.tanh(x)", ""),  # an attribute of that name
        ("", "return np.multiply(2, x)", ""),
    ],
)
def test_an_answer_that_leans_on_the_library_is_warned(shell, before, body, named):
    said = shell.run(before).check(f"def double(x):\n    {body}")
    assert "✓ passed, 1 of 1" in said
    assert (f"When graded, {named} will not be there" in said) if named else ("When graded" not in said)


DEMO = "two, T = 2, 7\nscale = [k for k in range(3)]\ndef helper(x):\n    inner = 5\n    return inner * x"


@pytest.mark.parametrize(
    ("before", "body", "named"),
    [
        (DEMO, "return two * x", "two"),
        (DEMO, "return sum(two * row for row in x[None]) + 0 * T", "T, two"),
        (DEMO, "return 2 * helper(x) / 5", "helper"),
        (DEMO, "return 2 * x.T.T", ""),  # an attribute of that name
        (DEMO, "two = 2\n    return two * x", ""),
        (DEMO, "return 2 * x + 0 * given", ""),  # the setup cell makes it, too
        ("inner = k = 2", "return inner * x + 0 * k", ""),  # nothing that outlives the demonstration
        ("", "return 2 * x", ""),
    ],
)
def test_an_answer_that_reads_what_only_a_demonstration_made_is_warned(shell, monkeypatch, before, body, named):
    sources = {"demo": f"{DEMO}\ngiven = 1", "setup": "given = 1"}
    cells = [{"id": role, "role": role, "exercise": "", "source": source} for role, source in sources.items()]
    practice = Practice(toy.NOTEBOOK, "", cells, checking._practice(toy.NOTEBOOK).sheets)
    monkeypatch.setattr(checking, "_practice", lambda notebook: practice)
    said = shell.run(f"given = 1\n{before}").check(f"def double(x):\n    {body}")
    assert "✓ passed, 1 of 1" in said
    assert (f"{named}: set by a cell that shows something" in said) if named else ("set by a cell" not in said)


def test_a_wrong_value_is_told_beside_the_right_one(shell):
    assert "instead of" in shell.check("def double(x):\n    return 3 * x")


def test_not_attempted_is_a_state_of_its_own(shell):
    said = shell.check(STUB)
    assert said.count("○ not attempted") == 2 and "✗" not in said and "NotImplementedError" not in said
    said = shell.check('quiz = {"colour": None}', "quiz")
    assert "○ not attempted, 0 of 0.5" in said and "✗" not in said


def test_a_forgotten_return_is_not_taken_for_unwritten(shell):
    said = shell.check("def double(x):\n    y = 2 * x")
    assert "✗ failed" in said and "is a `return` missing?" in said


def test_an_exception_shows_the_students_line_and_none_of_ours(shell):
    said = shell.check("def double(x):\n    y = 2 * x\n    return y[100]  # far out\n")
    assert "IndexError" in said and "in double, line 3: `return y[100]  # far out`" in said
    assert not re.search(r"attempt|probe|answer\.py|checking|Traceback|course_lib", said)


def test_an_exception_in_a_helper_shows_the_helpers_line(shell):
    said = shell.check("def helper(x):\n    return x.nonsense\n\ndef double(x):\n    return helper(x)")
    assert "AttributeError" in said and "in helper, line 2: `return x.nonsense`" in said


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "</td></div>", "a & b < c", "'\"><img src=x>", "&lt;"])
def test_whatever_a_student_writes_is_text(shell, text):
    shell.check(f"def double(x):\n    raise ValueError({text!r})")
    page, plain = shell.last()
    assert text in plain and text in page.text
    assert set(page.tags) <= {"div", "strong", "table", "tbody", "tr", "td", "span", "code"}


def test_what_stands_between_backticks_is_code(shell):
    shell.check("def double(x):\n    return x['<b>'] + x[1]")
    assert "code" in shell.last()[0].tags and "in double, line 2: `return x['<b>'] + x[1]`" in shell.last()[1]
    assert "code" not in shell.run(SQUARE + "\ncheck(double)").last()[0].tags


def test_the_student_may_exit_or_interrupt_nothing_else(shell):
    assert "SystemExit" in shell.check("import sys\ndef double(x):\n    sys.exit(3)")
    with pytest.raises(KeyboardInterrupt):
        shell.check("def double(x):\n    raise KeyboardInterrupt")


def test_the_symbol_and_the_word_say_what_the_colour_says(shell):
    for code, colour in ((RIGHT, "#1a7f4b"), (SQUARE, "#c0392b"), (STUB, "#6b7280")):
        shell.check(code)
        styles = " ".join(shell.last()[0].styles)
        assert set(re.findall(r"#\w{6}", styles)) == {colour}
    shell.check("def double(x):\n    return x + x.astype(float)")
    box, *rows = shell.last()[0].styles
    assert "#8a5a00" in box and "#8a5a00" not in " ".join(rows)  # its tests passed or failed as a whole


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([PASSED, PASSED], PASSED),
        ([PASSED, FAILED], "partly passed"),
        ([PASSED, NOT_ATTEMPTED], "partly passed"),
        ([FAILED, NOT_ATTEMPTED], FAILED),
        ([], NOT_ATTEMPTED),
    ],
)
def test_the_state_of_an_exercise_is_that_of_its_tests(shell, states, state):
    verdicts = [Verdict("double", "values", each, 0.0, 1.0) for each in states]
    assert f"1 · Double – 0 of 1.5 ({state})" in panels.board(toy.NOTEBOOK, {"double": verdicts})[1]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, two):
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_enough_on_light_and_dark_pages():
    for colour in (*panels._COLOUR.values(), panels._INFORMATION):
        assert contrast("#ffffff", colour) >= 4.5  # white words on it
        assert all(contrast(page, colour) >= 3 for page in ("#ffffff", "#111111"))  # the bar beside the words


def test_nothing_is_written_to_stderr_which_nbgrader_takes_for_a_failure(shell, capsys):
    shell.check("import sys, warnings\ndef double(x):\n    print('hm', file=sys.stderr)\n    return 2 * x")
    out, err = capsys.readouterr()
    assert "hm" in out and err == ""


# -------------------------------------------------------------------------------------------- what is checked


@pytest.mark.parametrize(
    "code",
    [
        "double = lambda x: 2 * x",
        "import functools\ndouble = functools.partial(np.multiply, 2)",
        "class Doubler:\n    def __call__(self, x):\n        return 2 * x\ndouble = Doubler()",
        "class double:\n    def __new__(cls, x):\n        return 2 * x",
        "class Tools:\n    @staticmethod\n    def other(x):\n        return 2 * x\ndouble = Tools.other",
        "def mine(x):\n    return 2 * x\ndouble = mine",
        "def plain(f):\n    return lambda *a: f(*a)\n@plain\ndef double(x):\n    return 2 * x",
    ],
)
def test_whatever_can_be_called_is_checked(shell, code):
    assert shell.check(code).startswith("Double – 1.5 of 1.5 points")


def test_the_function_that_is_checked_is_the_one_that_is_defined_last(shell):
    shell.run(f"{SQUARE}\nold = double\n{RIGHT}\ncheck(old)")
    assert shell.last()[1].startswith("Double – 1.5 of 1.5")


@pytest.mark.parametrize("thing", ["len", "lambda x: x", "3", "None", "'double'", "np.zeros(2)", "type('T', (), {})()"])
def test_something_that_no_exercise_asks_for_is_refused_in_a_sentence(shell, thing):
    for function in ("check", "hint", "earned"):
        with pytest.raises(ValueError, match=r"no exercise asks for .*keep its name, as in check\(rnn_step\)"):
            shell.run(f"{function}({thing})")


def test_a_renamed_function_is_refused_in_a_sentence(shell):
    with pytest.raises(ValueError, match="no exercise asks for 'double2'"):
        shell.run("def double2(x):\n    return 2 * x\ncheck(double2)")


def test_tests_without_a_visible_case_are_announced(shell, monkeypatch):
    sheets = dict(checking._practice(toy.NOTEBOOK).sheets)
    del sheets["double", "float32"]
    monkeypatch.setattr(checking, "_practice", lambda notebook: Practice(notebook, "", [], sheets))
    said = shell.check(RIGHT)
    assert said.startswith("Double – 1 of 1.5 points on the visible cases")
    assert "Also marked, on cases you do not see: float32 stays float32." in said


# ------------------------------------------------------------------------------------ earned, hint, progress


def test_earned_is_the_points_of_the_latest_check(shell):
    def earned():
        shell.run("points = earned(double)")
        return repr(shell.namespace["points"])

    shell.run(RIGHT)
    assert earned() == "0.0"  # not checked yet
    for code, points in ((RIGHT, "1.5"), ("def double(x):\n    return x + x.astype(float)", "1.0"), (STUB, "0.0")):
        shell.check(code)
        assert earned() == points


def test_each_hint_goes_one_step_further_and_the_last_one_stays(shell):
    shell.run(RIGHT)
    said = [shell.run("hint(double)").last()[1] for _ in range(3)]
    assert said[0] == "Hint 1 of 2: Twice."
    assert said[1] == said[2] == "Hint 2 of 2: 2 * x (That was the last hint. Read again: section “Doubling”.)"


def test_on_a_page_hints_open_one_by_one():
    _, exercise = exercises.find("rnn_step")
    for given in (1, 2, 3):
        page = Page(panels.hints(exercise, given)[0])
        parts = [page.text, *("".join(text for depth, text in page.closed if depth == d) for d in (1, 2))]
        for number, hint in enumerate(exercise.hints, start=1):
            place = max(0, number - given)  # how many must be opened to see it
            assert [hint in part for part in parts] == [place == depth for depth in (0, 1, 2)]
            assert f"Hint {number} of 3" in parts[place]
        assert page.tags.count("summary") == page.tags.count("details") == 3 - given


def test_hints_of_one_exercise_do_not_use_up_those_of_another(shell):
    shell.run(f'{RIGHT}\nquiz = {{"colour": None}}\nhint(double)\nhint(quiz)')
    assert shell.last()[1].startswith("Hint 1 of 1: Look up.")


def test_progress_shows_every_exercise_with_its_latest_points(shell):
    assert shell.run("progress()").last()[1] == (
        "99_toy – 0 of 2 points on the visible cases\n"
        "  ○ 1 · Double – 0 of 1.5 (not attempted)\n"
        "  ○ 2 · Quiz – 0 of 0.5 (not attempted)\n"
        "  Next: 1 · Double. Read “Doubling”; `hint(double)` helps."
    )
    shell.check("def double(x):\n    return x + x.astype(float)")
    shell.check('quiz = {"colour": "red"}', "quiz")
    assert shell.run("progress()").last()[1] == (
        "99_toy – 1 of 2 points on the visible cases\n"
        "  ◐ 1 · Double – 1 of 1.5 (partly passed)\n"
        "  ✗ 2 · Quiz – 0 of 0.5 (failed)\n"
        "  Next: 1 · Double. Read “Doubling”; `hint(double)` helps."
    )
    # Of all, of the first and of the second exercise.
    assert re.findall(r"width:(\d+)%;height", shell.shown[-1]["text/html"]) == ["50", "67", "0"]


def test_progress_says_what_comes_next_until_nothing_does(shell):
    shell.check(RIGHT)
    assert "Next: 2 · Quiz. Read “Doubling”; `hint(quiz)` helps." in shell.run("progress()").last()[1]
    shell.check('quiz = {"colour": "blue"}', "quiz")
    assert (
        shell.run("progress()")
        .last()[1]
        .endswith("Done: every exercise passes on the visible cases. Save the notebook and hand it in.")
    )


def test_a_section_is_a_link_only_where_a_jupyter_server_shows_the_notebook(shell, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert shell.run("progress()").last()[0].links == []
    monkeypatch.setenv("JPY_SESSION_NAME", "99_toy.ipynb")
    assert shell.run("progress()").last()[0].links == ["#Doubling"]
    _, exercise = exercises.find("double")
    assert Page(panels.hints(exercise, 1)[0]).links == ["#Doubling"]


# --------------------------------------------------------------------------------------------- what it costs


def loaded_by(statement):
    """The modules that a statement loads in a fresh interpreter that has NumPy."""
    code = f"import sys, numpy; b = set(sys.modules); {statement}; print(*set(sys.modules) - b)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_else():
    assert loaded_by("import course_lib") == {"course_lib"}


@pytest.mark.parametrize(
    "statement",
    [
        "from course_lib import checking",
        "from course_lib import backend, checking; from course_lib.exercises import exam",
        "from course_lib import backend, functions, init, gradcheck",
    ],
)
def test_what_a_graded_kernel_imports_is_light(statement):
    """With NumPy's own modules there, a few files of ours and of the standard library: hundredths of a second."""
    modules = loaded_by(statement)
    assert not {name.split(".")[0] for name in modules} & HEAVY
    assert len(modules) < 60
