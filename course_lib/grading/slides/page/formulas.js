"use strict";
/* Formulas: TeX becomes what is read, and learns in which step of its slide it comes. */
const Formulas = (() => {
  /** Set every formula below an element. One that cannot be set stays as TeX, in red, with an error on the console. */
  function set(root) {
    for (const element of root.querySelectorAll(".math")) {
      const tex = element.textContent;
      try {
        katex.render(tex, element, {
          displayMode: element.classList.contains("display"),
          strict: (code) => (code === "htmlExtension" ? "ignore" : "error"),
          trust: ({ command }) => command === "\\htmlData",
        });
        hold(element);
      } catch (error) {
        element.classList.add("wrong");
        element.textContent = tex;
        console.error(`formula ${tex}: ${error.message}`);
      }
    }
  }

  /** Keep a formula in a line of text together with the bracket before it and the full stop after it. */
  function hold(element) {
    const bases = element.querySelectorAll(".katex-html > .katex-base");
    const [before, after] = [element.previousSibling, element.nextSibling];
    const opening = before?.nodeType === Node.TEXT_NODE && /[(“‘\[]+$/.exec(before.data)?.[0];
    const closing = after?.nodeType === Node.TEXT_NODE && /^[)”’\].,;:!?]+/.exec(after.data)?.[0];
    if (!bases.length || element.classList.contains("display")) return;
    if (opening) {
      before.data = before.data.slice(0, -opening.length);
      bases[0].prepend(word(opening));
    }
    if (closing) {
      after.data = after.data.slice(closing.length);
      bases[bases.length - 1].append(word(closing));
    }
  }

  function word(text) {
    const span = document.createElement("span");
    span.className = "held";
    span.textContent = text;
    return span;
  }

  /**
   * Number the steps of a slide. A cell that waits, a folded answer, and of several displayed formulas each after the
   * first begin one; whatever follows comes with it. A formula's own parts come one after the other.
   */
  function number(blocks) {
    let step = 0, part = null, formulas = 0;
    for (const block of blocks) {
      if (block.part !== part) {
        [part, formulas] = [block.part, 0];
        step += "waits" in part.dataset;
      }
      step += block.kind === "fold" || (block.kind === "formula" && formulas > 0);
      formulas += block.kind === "formula";
      block.step = step;
      const later = [...block.element.querySelectorAll("[data-step]")];
      for (const piece of later) wait(piece, step + Number(piece.dataset.step));
      step += Math.max(0, ...later.map((piece) => Number(piece.dataset.step)));
    }
  }

  /** Let an element wait for a step of its slide. */
  function wait(element, step) {
    element.classList.add("fragment");
    element.dataset.fragmentIndex = step;
  }

  return { set, number, wait };
})();
