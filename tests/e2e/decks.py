"""A deck in a browser, driven through all its pages: what is wrong with it, as sentences."""

import io
from contextlib import contextmanager

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

SIZES = [(1280, 720), (1920, 1080)]

# Everything that is cut off, moved, not set or not described, with all pages laid out at once, one upon the other.
_PAGES = r"""() => {
  const found = [];
  const style = document.createElement("style");
  style.textContent = `.reveal .slides section { display: block !important; visibility: visible !important; }
    .reveal .slides section.page { display: flex !important; }`;
  document.head.append(style);
  const scale = Reveal.getScale();
  const pages = Reveal.getSlides();
  const places = (section) => [...section.querySelectorAll(".block, .katex-base, .line")].map((element) => {
    const { x, y } = element.getBoundingClientRect();
    return `${Math.round(x)} ${Math.round(y)}`;
  }).join();
  const steps = [...document.querySelectorAll(".fragment")];
  for (const step of steps) step.classList.remove("visible");
  const before = pages.map(places);
  for (const step of steps) step.classList.add("visible");
  pages.forEach((section, i) => {
    const say = (problem) => found.push(`page ${i + 1}: ${problem}`);
    if (places(section) !== before[i]) say("its steps move what is shown");
    const shown = [...section.querySelectorAll(".flow > .block:not(.heading)")];
    if (shown.length && shown.every((block) => block.classList.contains("fragment"))) say("begins empty");
    const page = section.getBoundingClientRect();
    const [left, right] = [page.left + 47 * scale, page.right - 47 * scale];
    const [top, bottom] = [page.top + 12 * scale, page.bottom - 50 * scale];
    const cut = (rect, what, hangs = 0) => {
      if (rect.left >= left && rect.right <= right + hangs && rect.top >= top && rect.bottom <= bottom) return;
      const [x, y] = [rect.left - left, rect.top - top].map((place) => Math.round(place / scale));
      say(`cut off: ${what} at ${x}, ${y}, ${Math.round(rect.width / scale)} × ${Math.round(rect.height / scale)}`);
    };
    for (const each of section.querySelectorAll(".flow :is(img, table, pre, blockquote, .answer)")) {
      cut(each.getBoundingClientRect(), each.tagName);
    }
    const texts = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { data, parentElement } = texts.currentNode;
      if (!/[^\s\p{Cf}]/u.test(data) || parentElement.closest(".katex-mathml, aside")) continue;
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      const hangs = parentElement.closest("pre") ? 13 * scale : 0; // the space at which a line of code breaks
      for (const rect of range.getClientRects()) cut(rect, `“${data.trim().slice(0, 30)}”`, hangs);
      const raw = !parentElement.closest("pre, code, .katex") && /\$|\\[a-zA-Z]+|\*\*|```/.exec(data);
      if (raw) say(`raw text: ${data.slice(Math.max(0, raw.index - 20), raw.index + 40)}`);
    }
    for (const number of section.querySelectorAll(".katex-tag")) {
      const line = number.parentElement.querySelectorAll(":scope > .katex-base");
      const end = line[line.length - 1].getBoundingClientRect().right;
      if (end > number.getBoundingClientRect().left) say(`a formula runs into its number ${number.textContent}`);
    }
    for (const img of section.querySelectorAll("img")) {
      if (!img.naturalWidth) say("a picture is not shown");
      if (!img.alt.trim()) say("a picture has no text that stands for it");
    }
    for (const formula of section.querySelectorAll(".math.wrong, .math:not(:has(.katex))")) {
      say(`a formula is not set: ${formula.textContent}`);
    }
  });
  style.remove();
  return [...new Set(found)];
}"""

# From page to page, as a speaker goes: each alone fills the window, and with its last step nothing is left over.
_TOUR = """(every) => {
  const found = [];
  Reveal.getSlides().forEach((section, i) => {
    if (i % every) return;
    const { h, v } = Reveal.getIndices(section);
    Reveal.slide(h, v, 99);
    const asked = { visibilityProperty: true, opacityProperty: true };
    const shown = [...document.querySelectorAll("section.page")].filter((page) => page.checkVisibility(asked));
    const { x, y, width, height } = section.getBoundingClientRect();
    const filled = Math.abs(width - innerWidth) < 2 && Math.abs(height - innerHeight) < 2 && x ** 2 + y ** 2 < 8;
    const alone = shown.length === 1 && shown[0] === section;
    if (!alone || !filled) found.push(`page ${i + 1} does not fill the window alone`);
    if (section.querySelector(".fragment:not(.visible)")) found.push(`page ${i + 1}: a step is left over`);
  });
  return found;
}"""

# Reveal.js follows the size of the window a moment later.
_SCALED = """() => new Promise((done) => {
  const look = () => (Math.abs(Reveal.getScale() - innerWidth / 1280) < 0.01 ? done() : requestAnimationFrame(look));
  look();
})"""

# Every letter of the deck with the fonts that the deck itself holds, of those its place asks for.
_LETTERS = r"""() => {
  const own = new Set([...document.fonts].map((font) => font.family.replace(/"/g, "")));
  const letters = {};
  const texts = document.createTreeWalker(document.querySelector(".slides"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    if (parent.closest(".katex-mathml")) continue;
    const { fontStyle, fontWeight, fontFamily } = getComputedStyle(parent);
    const families = fontFamily.split(",").map((name) => name.trim().replace(/"/g, "")).filter((name) => own.has(name));
    const font = `${fontStyle} ${fontWeight} 32px ${families.map((name) => `"${name}"`).join(", ")}`;
    letters[font] ??= new Set();
    for (const letter of texts.currentNode.data) if (/[^\s\p{Cf}]/u.test(letter)) letters[font].add(letter);
  }
  return Object.fromEntries(Object.entries(letters).map(([font, found]) => [font, [...found].join("")]));
}"""

# Those of them that leave the paper white where the fonts are followed by one without ink.
_MISSING = """async ([letters, blank]) => {
  document.fonts.add(await new FontFace("Blank", Uint8Array.from(blank).buffer).load());
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [96, 96];
  const paper = canvas.getContext("2d", { willReadFrequently: true });
  const missing = new Set();
  for (const [font, found] of Object.entries(letters)) {
    paper.font = `${font}, Blank`;
    for (const letter of found) {
      paper.clearRect(0, 0, 96, 96);
      paper.fillText(letter, 32, 64);
      if (!paper.getImageData(0, 0, 96, 96).data.some(Boolean)) missing.add(letter);
    }
  }
  return [...missing].sort();
}"""


@contextmanager
def opened(chromium, path):
    """The page of a deck that is ready, and a growing list of what went wrong beside its pages."""
    wrong = []
    page = chromium.new_page(viewport={"width": SIZES[0][0], "height": SIZES[0][1]})
    page.on(
        "console", lambda said: wrong.append(f"console: {said.text}") if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or wrong.append(f"asks for {asked.url}"))
    try:
        page.goto(path.as_uri())
        page.evaluate("deckReady")
        yield page, wrong
    finally:
        page.close()


def problems(page, wrong, every=1):
    """Everything that is wrong with an opened deck, on all its pages, at every size of a projector.

    Only every so many pages are visited one by one, which takes reveal.js longer than all the rest.
    """
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(_SCALED)
        found += [f"{width} × {height}, {problem}" for problem in page.evaluate(_PAGES)]
    found += page.evaluate(_TOUR, every)
    letters = page.evaluate(_LETTERS)
    blank = list(_without_ink("".join(letters.values())))
    found += [f"no font has {letter!r}" for letter in page.evaluate(_MISSING, [letters, blank])]
    return wrong + found


def _without_ink(letters):
    """A font that has these letters, all of them empty."""
    font = FontBuilder(1000, isTTF=True)
    empty = TTGlyphPen(None).glyph()
    font.setupGlyphOrder([".notdef", "empty"])
    font.setupCharacterMap({ord(letter): "empty" for letter in letters})
    font.setupGlyf({".notdef": empty, "empty": empty})
    font.setupHorizontalMetrics({".notdef": (500, 0), "empty": (500, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Blank", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()
