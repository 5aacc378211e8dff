"""What a lecture notebook prints: for the tests that compare it with numbers found elsewhere."""

import re

import nbformat
from copies import ROOT

NUMBER = r"([-−]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"


def everything(notebook):
    """All that its cells print, as it is stored."""
    cells = nbformat.read(ROOT / "solutions" / f"{notebook}.ipynb", as_version=4).cells
    return "".join(
        output.text
        for cell in cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    )


def printed(text, pattern):
    """The numbers in the one line that fits the pattern, in which # stands for a number."""
    found = re.findall(re.escape(pattern).replace(r"\#", NUMBER).replace(r"\ ", r"\s+"), text)
    assert len(found) == 1, f"{pattern!r} is printed {len(found)} times"
    values = found[0] if isinstance(found[0], tuple) else found
    return [float(value.replace("−", "-")) for value in values]
