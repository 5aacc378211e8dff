import numpy as np
import pytest
import toy

from course_lib.grading import keys
from course_lib.grading.source import SourceError
from course_lib.grading.trials import prove


@pytest.fixture(autouse=True)
def notebook(tmp_path):
    with toy.installed(tmp_path):
        yield


def proved(key=toy.KEY, source=toy.SOURCE):
    return prove(toy.course(source, key))


def more(text):
    return f"{toy.KEY}\n\n{text}\n"


def changed(old, new):
    assert toy.KEY.count(old) == 1
    return toy.KEY.replace(old, new)


MISTAKE = '@mistake("double", {tell!r}, fails={fails})\ndef double(x):\n    {body}'


def mistake(body, tell="another.", fails='["values", "float32"]'):
    return more(MISTAKE.format(tell=tell, fails=fails, body=body))


CASES = toy.KEY[toy.KEY.index('@cases("double")') : toy.KEY.index("\n\n@mistake")]

FAULTS = {
    "no cases": (changed(CASES, ""), ["exercise double", "no cases"]),
    "cases twice": (more(CASES), ["double", "twice"]),
    "cases that raise": (
        changed("rng.normal(size=(2, 3))", "1 / 0"),
        ["exercise double", "its cases raise ZeroDivisionError"],
    ),
    "a test without a case": (
        changed('    yield show("float32", x=rng.normal(size=3).astype("float32"))\n', ""),
        ["exercise double", "test float32", "no case"],
    ),
    "a case for no test": (
        changed('yield hide("values"', 'yield hide("bias"'),
        ["exercise double", "unknown tests ['bias']"],
    ),
    "no visible case": (
        changed(CASES, CASES.replace("show(", "hide(")),
        ["exercise double", "no visible case"],
    ),
    "a constant would pass": (
        changed('x=rng.normal(size=3).astype("float32")', 'x=np.ones(3, "float32")'),
        ["exercise double", "test float32", "constant would pass"],
    ),
    "a mistake that passes": (mistake("return x + x"), ["exercise double", "'another.'", "it passes"]),
    "a mistake that fails other tests": (
        mistake("return 3 * x", fails='["values"]'),
        ["exercise double", "'another.'", "it fails ['float32', 'values'], the key says ['values']"],
    ),
    "two mistakes with the same outputs": (
        mistake("return x ** 2"),
        ["exercise double", "two mistakes give the same", "'another.'", "'this is x squared.'"],
    ),
    "two mistakes with the same message": (
        mistake("return 3 * x", tell="this is x squared."),
        ["exercise double", "same message"],
    ),
    "a message that is never shown": (
        # It fails on a hidden case only, so the check in the notebook cannot know it.
        mistake("return 2 * x + (len(x) == 1)", fails='["values"]'),
        ["exercise double", "'another.'", "never shown in the notebook"],
    ),
    "a message that another one hides": (
        mistake("raise ValueError('no')"),
        ["exercise double", "'another.'", "never shown"],
    ),
    "an alternative that fails": (
        more('@alternative("double", "by three")\ndef double(x):\n    return 3 * x'),
        ["exercise double", "'by three'", "double/values"],
    ),
    "an exercise that does not exist": (
        more('@alternative("triple", "by three")\ndef triple(x):\n    return 3 * x'),
        ["'triple'", "does not exist"],
    ),
    "a key that cannot be read": (more("def double(x:"), ["key raises SyntaxError"]),
    "a key that raises": (more("1 / 0"), ["key raises ZeroDivisionError in line "]),
    "a wrong option that is right": (
        more('wrong_option("quiz", "colour", "Blue ", "not blue.")'),
        ["exercise quiz", "'not blue.'", "it passes"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_key_names_notebook_and_exercise(fault):
    key, named = FAULTS[fault]
    with pytest.raises(SourceError) as error:
        proved(key)
    message = str(error.value)
    assert message.startswith(toy.NOTEBOOK)
    for words in named:
        assert words in message


ANSWERS = {
    "raises": ("return 1 / 0", "test values: the right answer raises ZeroDivisionError"),
    "changes its input": ("x *= 2\n    return x + 0", "test values: the right answer changes its input x"),
    "shares memory": ("return x.T", "test values: the right answer shares memory with its input: result"),
    "keeps state": (
        "double.calls = getattr(double, 'calls', 0) + 1\n    return 2 * x + double.calls",
        "test values: the right answer is another one when it is called again",
    ),
}


@pytest.mark.parametrize("fault", ANSWERS)
def test_a_right_answer_that_is_none_is_named(fault):
    body, said = ANSWERS[fault]
    with pytest.raises(SourceError, match=f"99_toy, exercise double, {said}"):
        proved(source=toy.SOURCE.replace("return 2 * x", body))


def test_an_answer_cell_that_cannot_run_is_named():
    with pytest.raises(SourceError, match="99_toy, cell quiz-answer: NameError: name 'bleu' is not defined"):
        proved(source=toy.SOURCE.replace('"blue"', "bleu"))


def test_a_stub_that_passes_is_named():
    source = toy.SOURCE.replace('quiz = {"colour": None}', 'quiz = {"colour": "blue"}')
    with pytest.raises(SourceError, match="99_toy, exercise quiz: the stub passes colour"):
        proved(source=source)


def test_a_stub_that_does_not_look_unwritten_is_named():
    source = toy.SOURCE.replace('quiz = {"colour": None}', 'quiz = {"colour": ""}')
    with pytest.raises(SourceError, match="exercise quiz, test colour: the stub does not count as not attempted"):
        proved(source=source)


def test_what_is_shipped_are_the_visible_cases_only():
    sheets = proved()
    assert {asked: len(sheet.cases) for asked, sheet in sheets.items()} == {
        ("double", "values"): 1,
        ("double", "float32"): 1,
        ("quiz", "colour"): 1,
    }
    assert sheets["double", "values"].cases[0]["x"].shape == (2, 3)


def test_the_same_key_ships_the_same_numbers_every_time():
    one, two = proved(), proved()
    for asked, sheet in one.items():
        for a, b in zip(sheet.cases, two[asked].cases, strict=True):
            assert all(np.array_equal(a[name], b[name]) for name in a)
        first, again = ([(tell, list(prints)) for tell, prints in each.mistakes] for each in (sheet, two[asked]))
        assert first == again


def test_a_mistake_uses_the_names_of_the_notebook_and_nothing_else_of_the_key():
    key = keys.load(more("LIMIT = 1\n\n" + MISTAKE.format(tell="t", fails=[], body="return LIMIT")), "<key>")
    assert key.mistakes[-1].code == "def double(x):\n    return LIMIT"
    with pytest.raises(SourceError, match=r"it fails|never shown"):
        proved(more("LIMIT = 1\n\n" + MISTAKE.format(tell="t", fails=["values"], body="return LIMIT * x")))


def test_registering_outside_a_key_is_refused():
    with pytest.raises(RuntimeError, match="while a key file is loaded"):
        keys.alternative("double", "x")(lambda x: x)


# ------------------------------------------------------------------- what every right answer shows, known beforehand

RIGHT = toy.EXERCISES.replace(
    'Test("values", 1.0, "2x")',
    'Test("values", 1.0, "2x", view=lambda outputs, case: {"it": "twice" if is_double(outputs, case) else "not"}, '
    'right={"it": "twice"})',
).replace(
    "EXERCISES = (",
    'def is_double(outputs, case):\n    return (outputs["result"] == 2 * case["x"]).all()\n\n\nEXERCISES = (',
)


def known_right(folder, source=toy.SOURCE):
    with toy.installed(folder, RIGHT):
        return prove(toy.course(source, toy.KEY))


def test_what_every_right_answer_shows_is_not_worked_out(tmp_path):
    sheet = known_right(tmp_path)["double", "values"]
    assert {text for answer in sheet.expected for text in answer.outputs.values()} == {"twice"}


def test_a_solution_that_does_not_show_what_is_right_is_found(tmp_path):
    with pytest.raises(SourceError, match="exercise double: the alternative 'the solution itself' fails double/values"):
        known_right(tmp_path, toy.SOURCE.replace("return 2 * x", "return 3 * x"))
