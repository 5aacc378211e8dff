"use strict";
/* Blocks: what a slide is made of, one below the other; how tall each is, and where it may be cut. */
const Blocks = (() => {
  const WIDTH = 1184, HEIGHT = 606; // of a page of 1280 × 720, without its margins
  const LETTERS = 28; // pixels
  const SCALES = [1, 0.94, 0.88, 0.82]; // of the letters of a page
  const SCALES_OF_CODE = SCALES.slice(0, 3);
  const LEAST = 0.6, LEAST_OF_OUTPUTS = 0.75; // of what is too wide
  const LARGEST = 1.35, SMALLEST = 0.95; // of a figure, to what a notebook shows
  const KINDS = { H1: "heading", H2: "heading", H3: "heading", UL: "list", OL: "list", TABLE: "table" };
  const ROWS = ".line, tbody > tr, :scope > ul > li, :scope > ol > li"; // what a block can be cut between
  const FEWEST = { code: 4, table: 4, list: 2 }; // of these stand by themselves
  const STATEMENT = /^(?!(else|elif|except|finally)\b)[\w@#]/;

  /** The blocks of a slide, in its order; what only the speaker sees goes with the block before it. */
  function of(article) {
    const blocks = [], notes = [];
    for (const part of [...article.querySelectorAll(".part")]) {
      if (part.classList.contains("notes")) {
        (blocks.at(-1)?.notes ?? notes).push(part);
        continue;
      }
      for (const child of [...part.childNodes].map(asElement).filter(Boolean)) {
        const kind = kindOf(child);
        const element = document.createElement("div");
        element.className = `block ${kind}`;
        element.append(kind === "fold" ? unfolded(child) : child);
        blocks.push({ element, kind, part, notes: notes.splice(0), heights: {} });
      }
    }
    article.replaceChildren(...blocks.map(({ element }) => element));
    return blocks;
  }

  /** A node of a part as an element; null where there is nothing to see. */
  function asElement(node) {
    if (node.nodeType === Node.ELEMENT_NODE) return node;
    if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) return null;
    const paragraph = document.createElement("p");
    paragraph.append(node);
    return paragraph;
  }

  function kindOf(child) {
    if (child.tagName === "DETAILS") return "fold";
    if (child.tagName === "FIGURE") return "figure";
    if (child.matches("pre.output")) return "output";
    if (child.matches("pre, .highlight")) return "code";
    const formula = child.querySelector(":scope > .math.display");
    const alone = [...child.childNodes].every((node) => node === formula || !node.textContent.trim());
    return formula && alone ? "formula" : (KINDS[child.tagName] ?? "text");
  }

  function unfolded(details) {
    const open = document.createElement("div");
    open.className = "answer";
    open.append(...details.childNodes);
    return open;
  }

  /** Whatever is wider than the page gets smaller letters, as far as they can be read; lines of outputs then break. */
  function narrow(blocks) {
    const shares = blocks.map(widest); // all are measured before one is changed
    blocks.forEach(({ element, kind }, i) => {
      const least = kind === "output" ? LEAST_OF_OUTPUTS : LEAST;
      if (shares[i] < least && kind === "output") element.classList.add("wraps");
      else if (shares[i] < 1) element.style.fontSize = `${Math.max(least, Math.floor(990 * shares[i]) / 1000)}em`;
    });
  }

  /** Which share of its letters' size leaves a block as wide as the page. */
  function widest({ element, kind }) {
    const html = element.querySelector(".katex-html");
    if (kind === "output") return Math.min(1, WIDTH / element.firstElementChild.scrollWidth);
    if (kind !== "formula" || !html) return Math.min(1, WIDTH / element.scrollWidth);
    const wide = [...html.querySelectorAll(":scope > .katex-base")].reduce((sum, base) => sum + base.offsetWidth, 0);
    const number = html.querySelector(":scope > .katex-tag");
    return Math.min(1, (WIDTH - (number ? 2 * number.offsetWidth + 24 : 0)) / wide);
  }

  /** How tall each block is with letters of each scale; a figure has a least and a wished height instead. */
  function measure(source, blocks) {
    for (const scale of SCALES) {
      if (scale !== 1) source.style.fontSize = `${LETTERS * scale}px`;
      for (const block of blocks) block.heights[scale] = block.element.getBoundingClientRect().height;
    }
    source.style.fontSize = "";
    for (const block of blocks.filter(({ kind }) => kind === "figure")) {
      const { width, height } = sizeOf(block);
      block.wished = Math.min(height * Math.min(LARGEST, WIDTH / width), HEIGHT);
      block.least = Math.min(block.wished, height * SMALLEST);
    }
  }

  /** The size at which a notebook shows a figure. */
  function sizeOf(block) {
    const img = block.element.querySelector("img");
    return { width: img.width || img.naturalWidth, height: img.height || img.naturalHeight };
  }

  function scalesOf({ kind }) {
    return kind === "code" || kind === "output" ? SCALES_OF_CODE : SCALES;
  }

  /** Cut blocks where they may be cut, and what is taller than a page where it has to be. */
  function cut(blocks) {
    return blocks.flatMap((block) => {
      const rows = rowsOf(block);
      const parts = Math.ceil(block.heights[scalesOf(block).at(-1)] / (0.8 * HEIGHT));
      const tooTall = block.heights[scalesOf(block).at(-1)] > HEIGHT;
      const ends = tooTall ? inEqualParts(rows, parts) : betweenThoughts(block.kind, rows);
      if (block.kind === "figure" || !ends.length) return [block];
      ends.push(rows.length);
      return ends.map((end, k) => partOf(block, k ? ends[k - 1] : 0, end));
    });
  }

  function rowsOf({ element }) {
    return [...element.querySelectorAll(ROWS)];
  }

  /** Before a statement, an item or a row, with enough of them on both sides. */
  function betweenThoughts(kind, rows) {
    const ends = [];
    rows.forEach((row, i) => {
      const begins = kind !== "code" || STATEMENT.test(row.textContent);
      if (begins && i - (ends.at(-1) ?? 0) >= FEWEST[kind] && rows.length - i >= FEWEST[kind]) ends.push(i);
    });
    return ends;
  }

  /** So many parts of about one height, cut best after an empty line, then before one that is not indented. */
  function inEqualParts(rows, parts) {
    if (rows.length < 2 * parts) return [];
    const price = (row, i) => (blank(rows[i - 1]) ? 0 : /^\s/.test(row.textContent) ? 6 : 3);
    return Array.from({ length: parts - 1 }, (_, k) => {
      const near = Math.round(((k + 1) * rows.length) / parts);
      const prices = rows.map((row, i) => (i ? Math.abs(i - near) + price(row, i) : Infinity));
      return prices.indexOf(Math.min(...prices));
    });
  }

  function blank(row) {
    return !row.textContent.trim();
  }

  /** The rows of a block from one to before another, as a block of its own in front of it. */
  function partOf(block, start, end) {
    const element = block.element.cloneNode(true);
    const copies = rowsOf({ element });
    copies.forEach((copy, i) => (i < start || i >= end) && copy.remove());
    const list = element.querySelector(":scope > ol");
    if (list) list.start += start;
    block.element.before(element);
    if (end === copies.length) block.element.remove();
    return { ...block, element, whole: block, notes: start ? [] : block.notes, heights: {} };
  }

  /** Whether two blocks are parts of one. */
  function together(before, after) {
    return before?.whole !== undefined && before.whole === after.whole;
  }

  /** Put parts that came to stand on one page together again. */
  function joined(blocks) {
    const found = [];
    for (const block of blocks) {
      if (!together(found.at(-1), block)) {
        found.push(block);
        continue;
      }
      rowsOf(found.at(-1)).at(-1).after(...rowsOf(block));
      block.element.remove();
    }
    return found;
  }

  /** Whether a block's last row is empty: code is best cut there. */
  function pauses(block) {
    return blank(rowsOf(block).at(-1));
  }

  return { HEIGHT, LETTERS, SCALES, of, narrow, measure, sizeOf, scalesOf, cut, together, joined, pauses };
})();
