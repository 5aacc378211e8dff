r"""The steps in which a displayed formula is built up on a slide.

Its rows come one after the other; a TeX comment ``%|`` at the end of a line asks for a finer step. Notebooks show
the formula at once, as TeX does.
"""

import re

from course_lib.grading.slides import SlidesError

_ROWS = {"align", "align*", "aligned", "gather", "gather*", "gathered", "split"}  # in cases and matrices nothing waits
_TOKEN = re.compile(
    r"(?P<mark>%\|[ \t]*(?:\n|$))|(?P<comment>%[^\n]*(?:\n|$))"
    r"|\\begin\{(?P<begin>\w+\*?)\}|\\end\{(?P<end>\w+\*?)\}|(?P<row>\\\\(?:\[[^\]]*\])?)"
    r"|(?P<open>\{|\\left(?![a-zA-Z]))|(?P<close>\}|\\right(?![a-zA-Z]))|(?P<cell>&)|\\[a-zA-Z]+|\\.|.",
    re.DOTALL,
)
_TAG = re.compile(r"\\tag\*?\{([^{}]*)\}")


def tags(tex: str) -> list[str]:
    r"""The numbers that ``\tag{…}`` gives to the equations of a formula."""
    return _TAG.findall(tex)


def stepped(tex: str) -> tuple[str, int]:
    r"""A formula whose later parts say in which step they come.

    Args:
        tex: a displayed formula, without its dollars.

    Returns:
        The formula with each part of step n > 0 as ``\htmlData{step=n}{…}``, and how many steps follow the first.

    Raises:
        SlidesError: if a mark ``%|`` stands where a formula cannot be cut, as inside braces.
    """
    number = ""
    if len(found := list(_TAG.finditer(tex))) == 1:  # the number is there from the start
        number, tex = found[0].group(), tex[: found[0].start()] + tex[found[0].end() :]
    parts, step, waits, cell = [], 0, False, ""
    inside = []  # what is open: braces, brackets, environments; rows can only be cut in the outermost one
    for token in _TOKEN.finditer(tex):
        text, cuttable = token.group(), not inside or (len(inside) == 1 and inside[0] in _ROWS)
        if token["comment"]:
            continue
        if token["mark"] and not cuttable:
            raise SlidesError(f"the mark %| stands inside {inside[-1]}, where a formula cannot be cut: {tex.strip()}")
        edge = (token["begin"] in _ROWS and not inside) or (token["end"] in _ROWS and len(inside) == 1)
        if cuttable and (edge or (token["row"] and inside) or token["cell"] or token["mark"]):
            if waits and cell.strip():
                step, waits = step + 1, False
            parts += [_later(cell, step), "" if token["mark"] else text]
            cell, waits = "", bool(token["row"] or token["mark"]) or (waits and not token["end"])
        else:
            cell += text
        if token["begin"] or token["open"]:
            inside.append(token["begin"] or token["open"])
        elif (token["end"] or token["close"]) and inside:
            inside.pop()
    if waits and cell.strip():
        step += 1
    return "".join(parts) + _later(cell, step) + number, step


def _later(tex: str, step: int) -> str:
    return rf"\htmlData{{step={step}}}{{{tex}}}" if step and tex.strip() else tex
