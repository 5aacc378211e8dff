"use strict";
/* The speaker's window: notes, clock, where the lecture is, and what comes next. It is written from inside this file. */
const Speaker = (() => {
  const STYLE = `
    body { display: grid; grid-template: auto 1fr / 1fr 620px; gap: 24px 32px; height: 100vh; padding: 24px; overflow: hidden; font-size: 24px; }
    .where { grid-column: 1 / -1; display: flex; gap: 2em; align-items: baseline; margin: 0; color: var(--muted); }
    .where strong { font-size: 1.6em; color: var(--ink); font-variant-numeric: tabular-nums; }
    .said { overflow-y: auto; }
    .said p, .said ul, .said ol, .said table { margin: 0 0 0.6em; }
    .next > h2 { margin: 0 0 8px; font-size: 20px; color: var(--muted); }
    .frame { width: 614px; height: 346px; overflow: hidden; border: 1px solid var(--line); }
    .frame .reveal { width: 1280px; height: 720px; transform: scale(0.48); transform-origin: 0 0; }
    .frame .slides { position: static; width: 1280px; height: 720px; }
    .frame section.page { position: relative !important; display: flex !important; visibility: visible; opacity: 1; transform: none !important; }
    .frame .fragment { opacity: 1; visibility: inherit; }`;
  let view = null, began = 0;

  /** Open the window, or bring it to the front. */
  function open() {
    if (!view || view.closed) {
      view = window.open("", "speaker", "width=1280,height=720");
      if (!view) {
        alert("The browser blocked the speaker's window: allow this page to open windows, then press S again.");
        return;
      }
      began ||= Date.now();
      furnish(view.document);
    }
    view.focus();
    update();
  }

  function furnish(page) {
    page.documentElement.lang = "en";
    page.title = `Speaker: ${document.title}`;
    page.head.append(...[...document.querySelectorAll("style")].map((style) => page.importNode(style, true)));
    const style = page.createElement("style");
    style.textContent = STYLE;
    page.head.append(style);
    page.body.innerHTML = `<p class="where"><span><strong class="clock"></strong></span>
      <span><strong class="passed"></strong> since it was opened</span><span>page <strong class="number"></strong></span></p>
      <main class="said" tabindex="0" aria-label="Notes"></main>
      <section class="next"><h2>Next</h2><div class="frame"><div class="reveal"><div class="slides"></div></div></div></section>`;
    page.addEventListener("keydown", (event) => {
      if (["ArrowRight", "ArrowDown", "PageDown", " ", "n"].includes(event.key)) Reveal.next();
      else if (["ArrowLeft", "ArrowUp", "PageUp", "p"].includes(event.key)) Reveal.prev();
      else return;
      event.preventDefault();
    });
    const ticking = setInterval(() => (view.closed ? clearInterval(ticking) : tick()), 1000);
  }

  function tick() {
    const seconds = Math.floor((Date.now() - began) / 1000);
    const now = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    view.document.querySelector(".clock").textContent = now;
    view.document.querySelector(".passed").textContent =
      `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  /** What comes at the next key: the same page while it has steps left, then the one after it. */
  function upcoming() {
    const now = Reveal.getCurrentSlide();
    if (now.querySelector(".fragment:not(.visible)")) return now;
    const pages = Reveal.getSlides();
    return pages[pages.indexOf(now) + 1];
  }

  function update() {
    if (!view || view.closed) return;
    tick();
    const page = view.document;
    const notes = Reveal.getCurrentSlide().querySelector("aside.notes");
    page.querySelector(".number").textContent = `${Reveal.getSlidePastCount() + 1} of ${Reveal.getTotalSlides()}`;
    page.querySelector(".said").innerHTML = notes?.innerHTML ?? "<p>No notes on this page.</p>";
    const next = upcoming()?.cloneNode(true);
    page.querySelector(".next > h2").textContent = next ? "Next" : "This is the last page";
    if (next) {
      next.className = "page";
      next.removeAttribute("hidden");
      next.removeAttribute("style");
      for (const element of next.querySelectorAll("[id]")) element.removeAttribute("id");
    }
    page.querySelector(".slides").replaceChildren(...(next ? [next] : []));
  }

  return { open, update };
})();
