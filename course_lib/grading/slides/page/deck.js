"use strict";
/* The deck starts: fonts, formulas, pages, then reveal.js. `deckReady` is kept when all of it is on the screen. */
window.deckReady = (async () => {
  const source = document.getElementById("source");
  await Promise.all([...document.fonts].map((font) => font.load()));
  const pictures = [...source.querySelectorAll("img")];
  await Promise.all(pictures.map((img) => img.decode().catch(() => console.error(`no picture: ${img.alt}`))));
  Formulas.set(source);
  Pages.make(source, document.querySelector(".reveal .slides"));
  const printing = /print-pdf/.test(location.search);
  const printed = new Promise((resolve) => printing && Reveal.on("pdf-ready", resolve));
  Reveal.on("ready", () => {
    for (const [name, label] of [["left", "Page before"], ["right", "Next page"]]) {
      document.querySelector(`.controls .navigate-${name}`)?.setAttribute("aria-label", label);
    }
  });
  for (const event of ["slidechanged", "fragmentshown", "fragmenthidden"]) Reveal.on(event, Speaker.update);
  await Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    minScale: 0.1,
    maxScale: 4,
    center: false,
    display: "flex",
    controlsTutorial: false,
    hash: true,
    navigationMode: "linear", // the arrows go through everything, as a pointer's two keys do
    slideNumber: "c/t",
    transition: "none",
    pdfSeparateFragments: false,
  });
  Reveal.addKeyBinding({ keyCode: 83, key: "S", description: "Speaker notes" }, Speaker.open);
  document.addEventListener("click", follow);
  if (printing) await printed;
})();

/** A link to a formula leads to its page, with all steps down to the formula done. */
function follow(event) {
  const link = event.target.closest?.('a[href^="#eq-"]');
  const target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!target) return;
  event.preventDefault();
  const { h, v } = Reveal.getIndices(target.closest("section.page"));
  const waits = target.closest(".fragment");
  history.pushState(null, "", link.hash);
  Reveal.slide(h, v, waits ? Number(waits.dataset.fragmentIndex) : undefined);
}
