"""A click on a formula's number brings the formula into view, however far away it is."""

from playwright.sync_api import expect


def test_a_click_on_a_number_brings_the_formula_into_view_in_jupyterlab(chromium, lab, screens):
    address, _ = lab
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    try:
        page.goto(address)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        link = page.locator(".jp-MarkdownCell a", has_text="(1.8)").last  # in the last text of the notebook
        formula = page.locator(".jp-MarkdownCell", has_text="This sum over copies is all").locator(
            "mjx-container[display]"
        )
        for _ in range(2):  # a second time from the same place, too
            link.scroll_into_view_if_needed(timeout=60_000)
            expect(formula).not_to_be_in_viewport()
            link.click()
            expect(formula).to_be_in_viewport(ratio=1, timeout=10_000)
        page.screenshot(path=screens / "lab-equation.png")
    finally:
        page.close()
