"""Fixtures of more than one test file."""

import os
from contextlib import ExitStack

import mock_cupy
import pytest

from course_lib import backend
from course_lib.grading import sandbox

pytest_plugins = ["attacks.table"]  # from here, as the process that prints for pytest-xdist collects no attack itself

for name in ("COLUMNS", "LINES"):  # readline sets them in pytest-xdist's processes, and what is printed would be broken
    os.environ.pop(name, None)


def _backends():
    """NumPy and the mock everywhere; CuPy too where a GPU works."""
    try:
        with backend.use_backend("cupy"):
            return ["numpy", "mock", "cupy"]
    except backend.BackendUnavailable:
        return ["numpy", "mock"]


@pytest.fixture(params=_backends())
def xp_backend(request):
    """The module ``xp`` of each backend in turn, chosen for the length of a test."""
    with ExitStack() as stack:
        if request.param == "mock":
            stack.enter_context(mock_cupy.installed())
        yield stack.enter_context(backend.use_backend("numpy" if request.param == "numpy" else "cupy"))


@pytest.fixture(scope="session")
def bubblewrap():
    """Skips the test where submissions cannot be isolated."""
    if problem := sandbox.unavailable():
        pytest.skip(problem)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a test that cannot run fails: everything but a GPU can be installed there."""
    return _failed_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """So does a file of tests that cannot run."""
    return _failed_in_ci((yield))


def _failed_in_ci(report):
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2]
        if "GPU" not in reason:
            report.outcome, report.longrepr = "failed", f"a test may not be skipped in CI. {reason}"
    return report
