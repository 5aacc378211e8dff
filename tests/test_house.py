"""The rules of the house that a machine can check."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from copies import ROOT

from course_lib import exercises
from course_lib.grading.course import Texts, load

PACKAGE = ROOT / "course_lib"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# ---------------------------------------------------------------------------------------------------- style


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]])
def test_ruff_has_nothing_to_say(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


# ------------------------------------------------------------------------------------------------ exercises


def test_a_name_belongs_to_one_exercise_of_the_course():
    names = [name for nb in exercises.notebooks() for exercise in exercises.of_notebook(nb) for name in exercise.names]
    assert len(names) == len(set(names))


def test_every_exercise_has_three_right_answers_written_differently():
    for notebook in exercises.notebooks():
        key = load(Texts.read(ROOT / "solutions", notebook)).key
        for exercise in exercises.of_notebook(notebook):
            known = [one for one, _, _ in key.alternatives if one == exercise.id]
            assert len(known) >= 3 or exercise.tests[0].secret, exercise.id


# --------------------------------------------------------------------------------------------------- arrows


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def names(tree):
    """Every module that a file imports, in whatever way: at the top, inside a function, or by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("import_module", "__import__"):
                yield str(node.args[0].value)


IMPORTS = {name: set(names(tree)) for name, tree in MODULES.items()}


def room(name):
    """`course_lib.grading.build` is in the room `grading`."""
    return name.split(".")[1] if "." in name else ""


# What each room may look into besides itself. Rooms that are not named may look into any.
MATHEMATICS = {"backend", "functions", "init", "cells"}
MAY_SEE = {
    "backend": set(),
    "functions": {"backend"},
    "init": {"backend"},
    "cells": {"backend", "functions", "init"},
    "optim": {"backend"},
    "gradcheck": {"backend"},
    "tasks": MATHEMATICS,
    "text": MATHEMATICS,
    "plots": MATHEMATICS,
    "widgets": {"plots"},
    "interop": MATHEMATICS,
    "training": MATHEMATICS,
    "saving": {"backend"},
    "runs": {"backend", "saving", "optim", "plots"},
    "long_memory": MATHEMATICS | {"optim", "tasks", "training"},
    "data": set(),
    "exercises": {"backend", "cells", "tasks"},  # a trained network is run, on new data, where it is judged
    "practice": {"exercises"},
    "panels": {"exercises"},
    "checking": {"exercises", "panels", "practice"},
    "grading": {"backend", "exercises", "practice"},
}


@pytest.mark.parametrize("name", MODULES)
def test_arrows_run_one_way(name):
    seen = {room(other) for other in IMPORTS[name] if other in MODULES} - {"", room(name)}
    if room(name) in MAY_SEE:
        assert seen <= MAY_SEE[room(name)], f"{name} looks into {seen - MAY_SEE[room(name)]}"
    assert room(name) in ("cli", "__main__") or "cli" not in seen


def test_every_room_has_its_arrows():
    rooms = {room(name) for name in MODULES} - {""}
    assert rooms - MAY_SEE.keys() == {"cli", "doctor", "__main__"}


def test_only_the_backend_imports_cupy():
    users = {name for name, imported in IMPORTS.items() if any(i.split(".")[0] == "cupy" for i in imported)}
    assert users == {"course_lib.backend"}
    used = {
        name
        for name, tree in MODULES.items()
        if any(isinstance(node, ast.Name) and node.id == "cupy" for node in ast.walk(tree))
    }
    assert used == {"course_lib.backend"}


def test_nothing_imports_from_notebooks_solutions_or_tests():
    outside = {"notebooks", "solutions", "tests", "benchmarks", "keys"}
    assert not [(name, i) for name, imported in IMPORTS.items() for i in imported if i.split(".")[0] in outside]


def test_every_import_is_declared():
    ours = {"course_lib", *sys.stdlib_module_names, "torch", "cupy", "numba", "distributed", "IPython"}
    declared = {normal(requirement) for requirement in PYPROJECT["project"]["dependencies"]}
    declared |= {"zmq", "traitlets", "markupsafe"}  # parts of jupyter-client's and jinja2's own interfaces
    for name, imported in IMPORTS.items():
        top = {normal(module.split(".")[0]) for module in imported} - {normal(module) for module in ours}
        assert top <= declared, f"{name} imports {top - declared}"


# ----------------------------------------------------------------------------------------------- packaging


def normal(requirement):
    """The name of a requirement as package indexes compare names."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement).group()).lower()


def bounds(requirements):
    """Name to bound: `jupyter_client>=8.6` is `jupyter-client`, `>=8.6`."""
    return {normal(r): re.sub(r"^[\w.-]+(\[.*?\])?", "", r).replace(" ", "") for r in requirements}


@pytest.mark.parametrize("name", ["environment.yml", "environment-gpu.yml"])
def test_conda_installs_what_pip_does(name):
    environment = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    listed = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    project = PYPROJECT["project"]
    expected = bounds(project["dependencies"]) | {"python": project["requires-python"], "pip": ""}
    found = bounds(listed)
    if "gpu" in name:
        extras = {
            normal(r): bound
            for extra in ("cuda12", "cuda13")
            for r, bound in bounds(project["optional-dependencies"][extra]).items()
        }
        assert set(extras.values()) == {found.pop("cupy")}
        assert found.pop("cuda-version") == ">=12"
    assert found == expected
    assert environment["channels"] == ["conda-forge"]
    assert {"pip": ["--editable ."]} in environment["dependencies"]


def test_every_dependency_has_a_lower_bound_and_no_upper_one():
    groups = [PYPROJECT["project"]["dependencies"], *PYPROJECT["project"]["optional-dependencies"].values()]
    for requirement in (requirement for group in groups for requirement in group):
        assert re.fullmatch(r"[\w.-]+(\[[\w,]+\])?>=[\d.]+(; sys_platform == 'linux')?", requirement), requirement


# ------------------------------------------------------------------------------------------- tracked files

# Written in pieces, so that this file is no hit.
_HOSTS = re.compile(
    "py" + r"pi\.|python" + r"hosted|index" + r"-url|artifac" + r"tory|repo\.ana" + r"conda|npm" + r"js\."
)
_HOMES = re.compile(r"(?<![\w.])/(home/(?!student\b)\w|root/|Users/\w|work/\w|workspace)")


def tracked():
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    done = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("pattern", [_HOSTS, _HOMES], ids=["package indexes", "homes"])
def test_no_file_names_a_package_index_or_somebodys_home(pattern):
    hits = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        hits += [f"{path.relative_to(ROOT)}: {match.group()}" for match in pattern.finditer(text)]
    assert not hits


def test_nothing_that_is_made_is_tracked():
    made = re.compile(r"__pycache__|\.ipynb_checkpoints|\.pyc$|\.egg-info|^(build|dist|demo)/|gradebook\.db")
    assert not [path for path in tracked() if made.search(str(path.relative_to(ROOT)))]
