import re
import subprocess
import sys
import time

import nbformat
import pytest
from copies import ROOT
from nbclient import NotebookClient

from course_lib import exercises

NOTEBOOKS = exercises.notebooks()


def read(folder, notebook):
    return nbformat.read(ROOT / folder / f"{notebook}.ipynb", as_version=4)


def role(cell):
    return cell.metadata.get("course", {}).get("role", "")


def validate(path):
    """nbval as a lecturer runs it."""
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(path.parent), "-c", "/dev/null", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_one_output_that_is_altered_is_found(tmp_path):
    """`make test` asks nbval whether every notebook still says what is stored: it would notice another number."""
    nb = read("solutions", NOTEBOOKS[0])
    place = next(
        i for i, cell in enumerate(nb.cells) if any(o.get("name") == "stdout" for o in cell.get("outputs", []))
    )
    nb.cells = nb.cells[: place + 1]
    path = tmp_path / f"{NOTEBOOKS[0]}.ipynb"
    nbformat.write(nb, path)
    assert validate(path)[0] == 0
    text = nb.cells[place].outputs[0].text
    digit = next(c for c in text if c.isdigit())
    nb.cells[place].outputs[0].text = text.replace(digit, str((int(digit) + 1) % 10), 1)
    nbformat.write(nb, path)
    code, said = validate(path)
    assert code == 1 and "1 failed" in said


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_students_notebook_runs_to_its_end_before_anything_is_written(notebook, tmp_path):
    nb = read("notebooks", notebook)
    client = NotebookClient(nb, timeout=180, resources={"metadata": {"path": str(tmp_path)}})
    started = time.monotonic()
    client.execute()
    assert time.monotonic() - started < 180
    assert all(cell.execution_count for cell in nb.cells if cell.cell_type == "code")
    for cell in nb.cells:
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        # A demo may need an answer that is not written yet, or what an earlier demo would have defined.
        assert not errors or (role(cell) == "demo" and errors[0].ename in ("NotImplementedError", "NameError"))
    checks = [cell for cell in nb.cells if role(cell) == "check"]
    assert len(checks) == len(exercises.of_notebook(notebook))
    for cell in checks:
        (output,) = cell.outputs
        said = output.data["text/plain"]
        assert "○ not attempted" in said and "✗" not in said and "✓" not in said


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_two_notebooks_differ_in_answers_outputs_and_hidden_tests_only(notebook):
    solution, student = read("solutions", notebook), read("notebooks", notebook)
    assert [cell.id for cell in solution.cells] == [cell.id for cell in student.cells]
    for one, two in zip(solution.cells, student.cells, strict=True):
        assert (one.source == two.source) == (role(one) not in ("answer", "check"))
        assert not two.get("outputs")


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_cell_a_student_may_not_change_is_locked(notebook):
    for cell in read("notebooks", notebook).cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks:
            assert cell.metadata.deletable is False
            assert marks["locked"] == (role(cell) == "check") and cell.metadata.editable == (role(cell) == "answer")


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_graded_cells_import_nothing_but_what_a_graded_kernel_has(notebook):
    parts = ("checking", "backend", *exercises.needs(notebook))
    there = re.compile(rf"(from course_lib import|import course_lib\.|from course_lib\.)\s*({'|'.join(parts)})\b")
    for cell in read("solutions", notebook).cells:
        if role(cell) in ("setup", "answer"):
            imports = [line.strip() for line in cell.source.splitlines() if re.match(r"\s*(import|from)\s", line)]
            assert not [line for line in imports if "course_lib" in line and not there.match(line)]
            assert "matplotlib" not in cell.source


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_what_the_board_and_the_hints_refer_to_is_there(notebook):
    text = "\n".join(cell.source for cell in read("notebooks", notebook).cells if cell.cell_type == "markdown")
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    asked = re.findall(r"^### Exercise (\d+) · (.+) \((.+) points?\)$", text, re.MULTILINE)
    told = [(str(i), e.title, f"{e.points:g}") for i, e in enumerate(exercises.of_notebook(notebook), start=1)]
    assert asked == told
    for exercise in exercises.of_notebook(notebook):
        assert sections.count(exercise.section) == 1
        assert re.fullmatch(r"[\w ,-]+", exercise.section, re.ASCII)  # JupyterLab follows no link with other letters


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_figure_says_in_a_sentence_what_there_is_to_see(notebook):
    outputs = [output for cell in read("solutions", notebook).cells for output in cell.get("outputs", [])]
    figures = [output for output in outputs if any(kind.startswith("image/") for kind in output.get("data", {}))]
    said = []
    for figure in figures:
        assert set(figure.data) == {"image/png", "text/plain"}
        alt = figure.metadata["image/png"]["alt"]
        assert alt == figure.data["text/plain"]
        assert re.match(r"[\w“|∂(]", alt) and alt.endswith(".") and len(alt.split()) >= 6, alt
        assert not re.search(r"\.png|Figure\(|[<$^{\n]|  ", alt), alt
        said.append(alt)
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_numbered_formulas_count_from_one_and_every_link_leads_to_the_one_it_names(notebook):
    texts = {cell.id: cell.source for cell in read("notebooks", notebook).cells if cell.cell_type == "markdown"}
    tags = re.findall(r"\\tag\{([\d.]+)\}", "\n".join(texts.values()))
    assert tags == [f"{int(notebook[:2])}.{count}" for count in range(1, len(tags) + 1)] and len(tags) >= 5
    links = [link for text in texts.values() for link in re.findall(r"\[\(([\d.]+)\)\]\(#cell-id=([\w-]+)\)", text)]
    assert links
    for number, home in links:
        above, _ = texts[home].split(rf"\tag{{{number}}}")
        assert f'<a id="cell-id={home}"></a>' in above
    assert not re.search(r"\\(label|eqref)\{", "\n".join(texts.values()))
