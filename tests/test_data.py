"""The data that come with the course: that they are those whose source and terms are told."""

import hashlib
import re
import sys
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

from course_lib import data

FOLDER = Path(data.__file__).parent


def test_each_file_is_in_the_table_with_its_checksum():
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([\w.-]+)` .*`([0-9a-f]{64})` \|$", table, re.MULTILINE))
    files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix not in (".py", ".md", "")}
    assert listed == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_sunspots_are_a_year_each():
    years, numbers = data.sunspots()
    assert years[0] == 1700 and years[-1] == 2008 and (np.diff(years) == 1).all()
    assert numbers.shape == years.shape and numbers.dtype == float
    assert numbers.min() >= 0 and numbers[years == 1957] == numbers.max() == 190.2


# ---------------------------------------------------------------------------------------------- the reference


def paragraphs(text):
    """The paragraphs of a text, without its line breaks and indents."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def excerpt(topics):
    """The text of those topics that are not, for more than three quarters, paragraphs of one larger topic."""
    parts = {name: paragraphs(text) for name, text in topics.items()}
    size = {name: sum(map(len, those)) for name, those in parts.items()}

    def repeated(name):
        larger = [set(parts[other]) for other in parts if (size[other], other) > (size[name], name)]
        return max((sum(len(part) for part in parts[name] if part in other) for other in larger), default=0)

    return "\n".join(topics[name] for name in sorted(topics) if repeated(name) <= 0.75 * size[name])


def windows(text, n):
    """All runs of n characters, with any space between words as one."""
    text = " ".join(text.split())
    return [text[start : start + n] for start in range(len(text) - n + 1)]


def test_the_reference_is_made_as_its_table_says():
    text = "".join(data.reference_text())
    known = {part for topic in topics.values() for part in paragraphs(topic)}
    parts = paragraphs(text)
    # Other versions of Python have other words here and there.
    assert sum(len(part) for part in parts if part in known) > 0.75 * sum(map(len, parts))
    if sys.version_info[:3] == (3, 11, 7):
        assert text == excerpt(topics)


def test_the_last_topics_of_the_reference_are_held_out():
    train, held_out = data.reference_text()
    assert 0.1 <= len(held_out) / len(train + held_out) < 0.11
    assert held_out.startswith('Mapping Types — "dict"\n**********************\n')
    assert train.endswith(".\n\n") and (train + held_out).count('\nMapping Types — "dict"\n') == 1
    assert set(held_out) <= set(train)


def test_what_is_held_out_was_not_read_before():
    train, held_out = data.reference_text()
    longer = {80: 0, 50: 0.05}  # of the runs of so many characters, this part at most is in what was read
    for n, share in longer.items():
        known, asked = set(windows(train, n)), windows(held_out, n)
        assert sum(window in known for window in asked) <= share * len(asked)

    # All topics, cut at nine tenths, would have had much of it in both parts.
    everything = "\n".join(topics[name] for name in sorted(topics))
    cut = len(everything) * 9 // 10
    known, asked = set(windows(everything[:cut], 80)), windows(everything[cut:], 80)
    assert sum(window in known for window in asked) > 0.05 * len(asked)


def test_the_licence_of_the_reference_stands_beside_it():
    licence, table = ((FOLDER / name).read_text(encoding="utf-8") for name in ("PSF-LICENSE.txt", "README.md"))
    notice = f"Copyright (c) {', '.join(map(str, range(2001, 2024)))} Python Software Foundation; All Rights Reserved"
    assert notice in " ".join(licence.split()) and notice in table
    assert "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2" in licence
    assert "a brief summary of the changes" in " ".join(licence.split()) and "Changes: " in table


# ----------------------------------------------------------------------------------------------------- cities


def test_cities_are_names():
    names = data.cities()
    assert len(names) == 418 and names == sorted(set(names))
    assert {"Berlin", "Ho Chi Minh", "Port-au-Prince"} <= set(names)
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+([ -][A-Za-z]+)*", name) for name in names)
