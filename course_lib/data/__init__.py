"""Data that come with the course; ``README.md`` beside them says where each is from and under which terms."""

from importlib.resources import files

import numpy as np


def sunspots() -> tuple[np.ndarray, np.ndarray]:
    """How many sunspots were seen, each year from 1700 to 2008.

    Returns:
        ``years (309,)``, whole numbers; and ``numbers (309,)``, the yearly means of the daily sunspot number.
    """
    rows = np.loadtxt(files(__name__) / "sunspots.csv", delimiter=",", skiprows=1)
    return rows[:, 0].astype(int), rows[:, 1]
