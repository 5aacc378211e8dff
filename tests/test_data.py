"""The data that come with the course: that they are those whose source and terms are told."""

import hashlib
import re
from pathlib import Path

import numpy as np

from course_lib import data

FOLDER = Path(data.__file__).parent


def test_each_file_is_in_the_table_with_its_checksum():
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([\w.]+)` .*`([0-9a-f]{64})` \|$", table, re.MULTILINE))
    files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix not in (".py", ".md", "")}
    assert listed == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_sunspots_are_a_year_each():
    years, numbers = data.sunspots()
    assert years[0] == 1700 and years[-1] == 2008 and (np.diff(years) == 1).all()
    assert numbers.shape == years.shape and numbers.dtype == float
    assert numbers.min() >= 0 and numbers[years == 1957] == numbers.max() == 190.2
