"""A lecturer opens an audit of a hostile submission in JupyterLab: it can be read, and nothing in it acts."""

import shutil

from classes import NOTEBOOK, QUICK, answer_cell, as_bytes, solved, texts, with_cell

from course_lib.grading.audit import audit
from course_lib.grading.classroom import Run, Submission, grade

ACTS = (
    "<img src='http://example.org/seen.png' onerror='window.acted = 1'><script>window.acted = 1</script>"
    "![seen](http://example.org/seen.png)<iframe src='http://example.org/'></iframe>"
)


def test_a_hostile_audit_is_harmless_in_jupyterlab(chromium, lab, screens, bubblewrap, tmp_path):
    address, folder = lab
    nb = with_cell(solved(), f"raise OSError({ACTS!r})")
    answer_cell(nb, "rnn_step").source = f"def rnn_step(*inputs):\n    return {{{ACTS!r}: np.ones(3), 'x': {ACTS!r}}}"
    answer_cell(nb, "rnn_forward").source = f"def rnn_forward(*inputs):\n    raise ValueError({ACTS!r})"
    submission = tmp_path / "submission.ipynb"
    submission.write_bytes(as_bytes(nb))
    run = Run(tmp_path / "out", {NOTEBOOK: texts()}, b"secret", 1, limits=QUICK)
    handed_in = Submission("<u>ada", NOTEBOOK, submission)
    grade(run, [handed_in], lambda result, was_there: None)
    shutil.copy(audit(run, handed_in).path, folder)

    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(address)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.locator("strong", has_text="For the lecturer only").wait_for()
        page.screenshot(path=screens / "audit-top.png")
        panel = page.locator(".jp-WindowedPanel-outer").first
        said = ""
        for _ in range(60):
            said += page.locator(".jp-Notebook").inner_text()
            assert not page.locator(".jp-Notebook :is(img, iframe, script, u)").count()
            panel.evaluate("panel => panel.scrollBy(0, 800)")
            page.wait_for_timeout(100)
        panel.evaluate("panel => panel.scrollTo(0, 1400)")
        page.locator(".jp-Notebook", has_text="test “values”").wait_for()
        page.wait_for_timeout(500)
        page.screenshot(path=screens / "audit-case.png")
        assert "<img src='http://example.org/seen.png'" in said and "<iframe" in said  # said, as text
        assert page.evaluate("window.acted") is None
    finally:
        page.close()
    assert not [url for url in asked if "example.org" in url]
