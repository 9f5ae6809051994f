"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Orders of cells: numbers by size, words by the alphabet; what has no value comes last whichever way.
  const valueOf = (cell) => {
    const text = cell.dataset.value;
    if (text === undefined) return null;
    return cell.classList.contains("number") ? Number(text) : text;
  };
  const order = (cells, down) => cells.map((cell, k) => [valueOf(cell), k]).sort(([a, i], [b, j]) => {
    if (a === null || b === null) return (a === null) - (b === null) || i - j;
    const apart = typeof a === "number" ? a - b : a.localeCompare(b, "en");
    return (down ? -apart : apart) || i - j;
  }).map(([, k]) => k);
  // The first click shows the largest number, or the first word, on top; the next one turns that round.
  const turned = (head, cells) => {
    const was = head.getAttribute("aria-sort");
    if (was !== "none") return was === "ascending";
    return cells.some((cell) => cell.classList.contains("number"));
  };
  const mark = (heads, head, down) => {
    heads.forEach((other) => other.setAttribute("aria-sort", "none"));
    if (head) head.setAttribute("aria-sort", down ? "descending" : "ascending");
  };

  const key = $("#key");
  $$("thead th", key).forEach((head, column) => $("button", head).addEventListener("click", () => {
    const rows = $$("tbody tr", key), cells = rows.map((row) => row.children[column]);
    const down = turned(head, cells);
    mark($$("thead th", key), head, down);
    $("tbody", key).append(...order(cells, down).map((k) => rows[k]));
  }));

  const all = $("#all"), FIXED = 2;  // columns before the designs': quantity and unit
  $$("thead th.design", all).forEach((head, k) => { head.dataset.at = k; });
  const arrange = (places) => $$("tr", all).forEach((row) => {
    const cells = [...row.children].slice(FIXED);
    row.append(...places.map((k) => cells[k]));
  });
  const quantities = $$("tbody th", all);
  quantities.forEach((head) => $("button", head).addEventListener("click", () => {
    const cells = [...head.parentElement.children].slice(FIXED), down = turned(head, cells);
    mark(quantities, head, down);
    arrange(order(cells, down));
  }));
  $("#original").addEventListener("click", () => {
    mark(quantities, null);
    const now = $$("thead th.design", all).map((head) => Number(head.dataset.at));
    arrange(now.map((_, k) => now.indexOf(k)));
  });
  $("#find").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/);
    quantities.forEach((head) => {
      const text = `${head.dataset.path} ${$("button", head).textContent} ${$("button", head).title}`.toLowerCase();
      head.parentElement.hidden = !words.every((word) => text.includes(word));
    });
  });

  const settings = $("#settings"), reference = $("#reference");
  $$("thead th.design .label", settings).forEach((label) => reference.append(new Option(label.textContent)));
  // Designs of one architecture differ in all they do not share; of two, only in what both of them have.
  const textsOf = (row) => [...row.children].slice(FIXED).map((cell) => cell.textContent);
  const kinds = textsOf($('tr[data-path="architecture"]', settings));
  const compare = () => $$("tbody tr:not(.group)", settings).forEach((row) => {
    const texts = textsOf(row), k = reference.selectedIndex;
    [...row.children].slice(FIXED).forEach((cell, i) => {
      const both = ![texts[i], texts[k]].includes("–");
      cell.classList.toggle("changed", texts[i] !== texts[k] && (both || kinds[i] === kinds[k]));
    });
  });
  reference.addEventListener("change", compare);
  compare();
  $("#only").addEventListener("change", (event) => settings.classList.toggle("only", event.target.checked));
  if ($$("thead th.design", all).length > 8) [all, settings].forEach((table) => table.classList.add("many"));

  const save = (name, kind, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: kind }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  $("#save-csv").addEventListener("click", () => {
    const heads = ["metric", "unit", ...$$("thead .label", all).map((label) => label.textContent)];
    const rows = quantities.map((head) => [head.dataset.path, ...[...head.parentElement.children].slice(1).map(
      (cell, k) => (k ? cell.dataset.value ?? "" : cell.textContent))]);
    save("comparison.csv", "text/csv", [heads, ...rows].map((row) => row.map(quoted).join(",")).join("\n") + "\n");
  });
  $("#save-json").addEventListener("click", () => save("comparison.json", "application/json", $("#data").textContent));

  const large = $("#large");
  $$(".view img").forEach((picture) => {
    picture.tabIndex = 0;
    picture.setAttribute("role", "button");
    const show = () => {
      $("img", large).src = picture.src;
      $("img", large).alt = picture.alt;
      large.showModal();
    };
    picture.addEventListener("click", show);
    picture.addEventListener("keydown", (event) => { if (event.key === "Enter") show(); });
  });
  large.addEventListener("click", () => large.close());

  $$("button.turn").forEach((button) => button.addEventListener("click", () => {
    const card = button.closest(".card"), on = button.getAttribute("aria-pressed") === "true";
    if (on) window.geom3dViewer.close(card);
    else window.geom3dViewer.open(card, JSON.parse($("#models").textContent)[button.dataset.model]);
    button.setAttribute("aria-pressed", String(!on));
    button.textContent = on ? "Turn in 3D" : "Back to the picture";
  }));
})();
