"""What a browser shows of a page: errors, what it asks other machines for, signs that no font has, accessibility.

Each function takes a page of playwright.
"""

from functools import cache
from urllib.parse import urlsplit

_HERE = {"127.0.0.1", "localhost", "::1"}

# The text that is drawn, with what CSS adds before and after it, each sign once for each font; then every sign is
# drawn on a canvas and compared with one that no font has.
_MISSING = r"""() => {
  const wanted = new Map();
  const want = (text, style) => {
    const font = `${style.fontStyle} ${style.fontWeight} 32px ${style.fontFamily}`;
    if (!wanted.has(font)) wanted.set(font, new Set());
    for (const sign of text) if (!/[\s\p{Z}\p{Cc}\p{Cf}\uFE00-\uFE0F]/u.test(sign)) wanted.get(font).add(sign);
  };
  const unseen = "script, style, title, template, noscript";
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    if (!parent.closest(unseen)) want(texts.currentNode.data, getComputedStyle(parent));
  }
  for (const element of document.body.querySelectorAll(`:not(${unseen})`))
    for (const place of ["::before", "::after"]) {
      const style = getComputedStyle(element, place);
      const words = style.content.split(" / ")[0].match(/"(?:[^"\\]|\\.)*"/g) || [];
      want(words.map((word) => word.slice(1, -1)).join(""), style);
    }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [96, 64];
  const paper = canvas.getContext("2d", { willReadFrequently: true });
  const picture = (text) => {
    paper.clearRect(0, 0, 96, 64);
    paper.fillText(text, 8, 44);
    return paper.getImageData(0, 0, 96, 64).data.join();
  };
  const missing = new Set();
  for (const [font, signs] of wanted) {
    paper.font = font;
    const none = ["", "o"].map((before) => picture(before + "\u0378"));
    for (const sign of signs) {
      const mark = /\p{M}/u.test(sign);  // it stands on a letter
      if (picture((mark ? "o" : "") + sign) === none[+mark]) missing.add(sign);
    }
  }
  return [...missing].sort();
}"""


def problems(page) -> list[str]:
    """From now on the errors of a page and what it asks of other machines, in a list that grows."""
    found = []

    def look(request):
        address = urlsplit(request.url)
        if address.scheme not in ("file", "data", "blob", "about") and address.hostname not in _HERE:
            found.append(f"leaves the machine: {request.url}")

    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("requestfailed", lambda request: found.append(f"not there: {request.url}"))
    page.on("request", look)
    return found


def missing_glyphs(page) -> list[str]:
    """The signs of a page that no font here has, so that boxes stand in their place."""
    return page.evaluate(_MISSING)


def axe(page, within: str | None = None) -> list[str]:
    """What axe-core says against a page, or against what a selector finds in it: how grave, what and where."""
    return [
        f"{each['impact']}: {each['id']}: {each['help']}: {', '.join(str(node['target']) for node in each['nodes'])}"
        for each in _axe().run(page, within).response["violations"]
    ]


@cache
def _axe():
    from axe_playwright_python.sync_playwright import Axe

    return Axe()
