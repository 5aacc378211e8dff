"""The kernels that the cells are tested on."""

import pytest
import samples


@pytest.fixture(params=samples.KERNELS, ids="-".join)
def xp(request):
    """Each backend with each kind of kernels that runs on it, in turn; the module that makes its arrays."""
    with samples.running(*request.param) as xp:
        yield xp
