"use strict";
/* Pages: what of a slide stands on which page, so that nothing is cut off and no page is left nearly empty. */
const Pages = (() => {
  const { HEIGHT, LETTERS, SCALES } = Blocks;
  const GAP = 0.62; // of a letter, between two blocks
  const LITTLE = 0.38; // of a page: less does not stay alone
  // What a page costs, by itself, for smaller letters, for what stays empty, and for smaller figures.
  const PAGE = 42, SMALLER = [0, 7, 16, 26], EMPTY = 30, SHRUNK = 40, TOO_TALL = 100000;
  // And what it costs to begin it between two blocks.
  const WITHIN_A_CELL = 15, BETWEEN_THOUGHTS = 25, WITHIN_A_BLOCK = 32, AFTER_A_HEADING = 10000;
  const BEFORE_A_FORMULA = 40, BEFORE_AN_OUTPUT = 25, BEFORE_A_FIGURE = 6, BEFORE_CODE = 8;

  /**
   * Move everything below `source` onto pages below `slides`: a section a column, its pages one below the other.
   * First everything is measured, then everything moved, so that the browser lays out few times.
   */
  function make(source, slides) {
    let articles = [...source.querySelectorAll("article")].map((article) => ({ article, blocks: Blocks.of(article) }));
    const all = () => articles.flatMap(({ blocks }) => blocks);
    Blocks.narrow(all());
    Blocks.measure(source, all());
    for (const each of articles) each.blocks = each.blocks.filter((block, i) => stays(block, each.blocks[i - 1]));
    articles = gathered(articles.filter(({ blocks }) => blocks.length));
    for (const each of articles) {
      Formulas.number(each.blocks);
      const pieces = Blocks.cut(each.blocks);
      each.article.hidden = pieces.length === each.blocks.length; // nothing new in it to measure
      each.blocks = pieces;
    }
    Blocks.measure(source, all().filter(({ heights }) => !(1 in heights)));
    let column = null;
    for (const { article, blocks } of articles) {
      if (!column || "begins" in article.dataset) column = slides.appendChild(document.createElement("section"));
      column.append(...divide(blocks).map((one, i) => build(article, blocks, one, i === 0)));
    }
    source.remove();
  }

  /** Whether a block stays on its slide: a folded answer that would fill the page goes to the speaker's notes. */
  function stays(block, before) {
    if (block.kind !== "fold" || block.heights[1] < HEIGHT / 2 || !before) return true;
    before.notes.push(block.element);
    return false;
  }

  /** A slide that would fill little of a page stands with its neighbour in the section; the lower one waits. */
  function gathered(articles) {
    return articles.reduce((found, each) => {
      const before = found.at(-1);
      if (!before || "begins" in each.article.dataset) return [...found, each];
      const [above, below] = [filled(before.blocks), filled(each.blocks)];
      const opening = filled(each.blocks.filter(({ part }) => part === each.blocks[0].part));
      const lonely = (above <= LITTLE && above + opening <= 1) || (below <= LITTLE && above + below <= 1);
      if (!lonely) return [...found, each];
      each.blocks[0].part.dataset.waits = "";
      before.blocks.push(...each.blocks);
      before.article.append(...each.article.childNodes);
      return found;
    }, []);
  }

  /** Which share of a page these blocks fill. */
  function filled(blocks) {
    return blocks.reduce((sum, block) => sum + (block.wished ?? block.heights[1]) + GAP * LETTERS, 0) / HEIGHT;
  }

  /** The pages that cost least, each as [first block, the one after its last, scale, share]. */
  function divide(blocks) {
    const best = [{ cost: 0, pages: [] }];
    for (let j = 1; j <= blocks.length; j++) {
      for (let i = 0; i < j; i++) {
        const one = page(blocks.slice(i, j));
        if (!one) continue;
        const cost = best[i].cost + one.cost + (i ? breaking(blocks[i - 1], blocks[i]) : 0);
        if (best[j] && cost >= best[j].cost) continue;
        best[j] = { cost, pages: [...best[i].pages, [i, j, one.scale, one.share]] };
      }
    }
    return best[blocks.length].pages;
  }

  /** The cheapest way to show blocks on one page: the scale of letters, the share of their wished height for figures. */
  function page(shown) {
    const figures = shown.filter(({ kind }) => kind === "figure");
    const rest = shown.filter(({ kind }) => kind !== "figure");
    const wished = figures.reduce((sum, block) => sum + block.wished, 0);
    const least = figures.reduce((sum, block) => sum + block.least, 0);
    const ways = SCALES.flatMap((scale, k) => {
      const gaps = GAP * LETTERS * scale * (shown.length - 1);
      const room = HEIGHT - rest.reduce((sum, block) => sum + block.heights[scale], gaps);
      if (room < least || !shown.every((block) => Blocks.scalesOf(block).includes(scale))) return [];
      const share = wished ? Math.min(1, room / wished) : 1;
      const empty = (room - wished * share) / HEIGHT;
      return { cost: PAGE + SMALLER[k] + EMPTY * empty ** 2 + SHRUNK * (1 - share), scale, share };
    });
    if (ways.length) return ways.reduce((best, way) => (way.cost < best.cost ? way : best));
    return shown.length === 1 ? { cost: TOO_TALL, scale: Blocks.scalesOf(shown[0]).at(-1), share: 1 } : null;
  }

  function breaking(before, after) {
    if (before.kind === "heading") return AFTER_A_HEADING;
    if (Blocks.together(before, after)) return Blocks.pauses(before) ? BETWEEN_THOUGHTS : WITHIN_A_BLOCK;
    if (before.part !== after.part) return before.kind === "text" && after.kind === "code" ? BEFORE_CODE : 0;
    if (after.kind === "output") return BEFORE_AN_OUTPUT;
    if (after.kind === "figure") return BEFORE_A_FIGURE;
    const announced = /:\s*$/.test(before.element.textContent) || ["formula", "list", "table"].includes(after.kind);
    return announced && before.kind === "text" ? BEFORE_A_FORMULA : WITHIN_A_CELL;
  }

  function build(article, blocks, [start, end, scale, share], first) {
    const shown = Blocks.joined(blocks.slice(start, end));
    const section = made("section", "page");
    section.setAttribute("aria-label", article.dataset.section);
    if (!("begins" in article.dataset && first)) section.append(made("p", "running", article.dataset.section));
    const flow = made("div", "flow");
    if (scale !== 1) flow.style.fontSize = `${LETTERS * scale}px`;
    flow.append(...shown.map(({ element }) => element));
    section.append(flow);
    const opening = shown.find(({ kind }) => kind !== "heading") ?? shown[0];
    for (const block of shown) {
      if (block.step > opening.step) Formulas.wait(block.element, block.step);
      if (block.kind === "figure") resize(block, share);
    }
    const notes = shown.flatMap((block) => block.notes);
    if (notes.length) {
      const aside = made("aside", "notes");
      aside.append(...notes);
      section.append(aside);
    }
    return section;
  }

  function resize(block, share) {
    const { width, height } = Blocks.sizeOf(block);
    const { style } = block.element.querySelector("img");
    style.height = `${Math.floor(block.wished * share)}px`;
    style.width = `${Math.floor((block.wished * share * width) / height)}px`;
  }

  function made(name, kind, text = "") {
    const element = document.createElement(name);
    element.className = kind;
    element.textContent = text;
    return element;
  }

  return { make };
})();
