
"use strict";
// Headings of sortable tables become buttons; without this script the tables stay as they are.
const order = new Intl.Collator("en", { numeric: true });

function value(row, column, numeric) {
  const cell = row.cells[column];
  const text = cell.dataset.key ?? cell.textContent.trim();
  if (!numeric) return text;
  const number = parseFloat(text);
  return Number.isNaN(number) ? null : number;
}

function compare(one, other, sign) {
  if (one === null || other === null) return (one === null) - (other === null);  // nothing comes last
  return sign * (typeof one === "number" ? one - other : order.compare(one, other));
}

function sort(table, head) {
  const upwards = head.getAttribute("aria-sort") !== "ascending";
  const column = head.cellIndex, numeric = head.classList.contains("number"), body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => [value(row, column, numeric), row]);
  rows.sort((one, other) => compare(one[0], other[0], upwards ? 1 : -1));
  body.append(...rows.map(([, row]) => row));
  for (const each of head.parentNode.cells) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", upwards ? "ascending" : "descending");
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, head));
    head.append(button);
  }
}
