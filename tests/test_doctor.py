"""What the doctor says, and when it exits with 1."""

from importlib import metadata

import pytest
from typer.testing import CliRunner

from course_lib import cli, doctor
from course_lib.grading import sandbox
from course_lib.grading.slides import printing

REQUIRED = ["numpy>=2.0", "pytest>=8.3", 'cupy-cuda12x[ctk]>=14; extra == "cuda12"']


@pytest.fixture
def requires(monkeypatch):
    """Make the course declare few packages, and these versions be installed."""

    def declare(**versions):
        def version(name):
            if name not in versions:
                raise metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(metadata, "requires", lambda name: REQUIRED)
        monkeypatch.setattr(metadata, "version", version)

    return declare


def run():
    # Wide, so that no line is broken.
    result = CliRunner().invoke(cli.app, ["doctor"], env={"COLUMNS": "400"})
    lines = {line.split()[1]: " ".join(line.split()) for line in result.stdout.splitlines()[1:]}
    return result.exit_code, lines


def test_here_everything_needed_is_found():
    code, lines = run()
    assert code == 0
    assert {"Python", "numpy", "pytest", "nbval", "GPU", "numba", "sandbox", "browser"} <= lines.keys()
    assert lines["numpy"].startswith("✓ numpy ")
    declared = {line for line in metadata.requires("course-lib") if ";" not in line}
    assert len(declared) == sum(
        finding.what not in ("Python", "GPU", "numba", "sandbox", "browser") for finding in _all()
    )


def _all():
    return list(doctor.examine())


def test_a_missing_package_exits_with_1_and_the_line_that_mends_it(requires):
    requires(numpy="2.1.0")
    code, lines = run()
    assert code == 1
    assert lines["pytest"] == '✗ pytest not installed: pip install "pytest>=8.3"'
    assert lines["numpy"] == "✓ numpy 2.1.0"


@pytest.mark.parametrize("version, fine", [("1.26.4", False), ("2.0", True), ("2.0.0rc1", True), ("10.0", True)])
def test_an_old_package_exits_with_1_and_the_line_that_mends_it(requires, version, fine):
    requires(numpy=version, pytest="9.0")
    code, lines = run()
    assert code == (0 if fine else 1)
    expected = f"✓ numpy {version}" if fine else f'✗ numpy {version}, needs 2.0: pip install -U "numpy>=2.0"'
    assert lines["numpy"] == expected


def test_a_course_that_is_not_installed_is_said(monkeypatch):
    def requires(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    code, lines = run()
    assert code == 1 and "pip install -e ." in lines["course-lib"]


def test_an_old_python_exits_with_1(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 4))
    assert [finding.fine for finding in doctor.examine() if finding.what == "Python"] == [False]


def test_what_only_grading_and_tests_need_may_be_missing(monkeypatch):
    monkeypatch.setattr(sandbox, "unavailable", lambda: "bwrap is not installed: apt-get install bubblewrap.")
    monkeypatch.setattr(printing.shutil, "which", lambda name: None)
    code, lines = run()
    assert code == 0
    expected = "– sandbox bwrap is not installed: apt-get install bubblewrap. Only grading needs it."
    assert lines["sandbox"] == expected
    assert lines["browser"].startswith("– browser no chromium: apt-get install chromium.")
