"""A bar on stderr, so that stdout holds nothing but results."""

from collections.abc import Iterable, Sequence
from typing import Any

import rich.progress
from rich.console import Console


def track(items: Sequence[Any], what: str) -> Iterable[Any]:
    """The items one by one."""
    return rich.progress.track(items, what, console=Console(stderr=True))
