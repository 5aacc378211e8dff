"""Fixtures of more than one test file."""

from contextlib import ExitStack

import mock_cupy
import pytest

from course_lib import backend


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
