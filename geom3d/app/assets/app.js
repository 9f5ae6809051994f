"use strict";
(() => {
  const { Form, element } = window.geom3dForm, viewer = window.geom3dViewer;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  // An answer that has not begun is not given up for the next move sooner than this, ms: else a moving hand would never see one.
  const PATIENCE = 1500, RETRY = 2000, PAUSE = 350;
  // A model is drawn so much later, ms, that numbers that come with it are seen first: without a graphics card it takes its time.
  const SOON = 120, SHORT = 20;
  const TAB = Math.random().toString(36).slice(2);

  // What is looked at: a source and changes; and what it is held against.
  let form = null, about = null, roles = {}, sampled = false;
  let design = { source: JSON.parse(document.body.dataset.start), changes: {} };
  let against = null;  // null: the source as it is
  const shown = { rows: new Map(), model: null, section: null, key: "" };
  const reference = { rows: new Map(), model: null, section: null, key: "" };
  const tab = () => $(".tabs [aria-pressed=true]").dataset.tab;
  const key = (of) => JSON.stringify([of.source, Object.entries(of.changes).sort()]);
  const held = () => against ?? { source: design.source, changes: {} };

  // ---- The address: it holds the design and, where that is another, the reference.

  const address = () => {
    const parts = new URLSearchParams(design.source);
    Object.entries(design.changes).forEach(([path, value]) => parts.append(path, value ?? ""));
    if (against) {
      Object.entries({ ...against.source, ...against.changes }).forEach(([path, value]) => parts.append(`against.${path}`, value ?? ""));
    }
    return `#${parts.toString().replaceAll("%2C", ",").replaceAll("%C2%B5", "µ")}`;
  };
  const written = (push) => {
    const now = address();
    if (now === location.hash) return;
    history[push ? "pushState" : "replaceState"](null, "", location.pathname + now);
  };
  // What a text of the address means where no form tells.
  const meant = (text) => {
    if (text === "") return null;
    if (text === "true" || text === "false") return text === "true";
    if (/^\d+,\d+$/.test(text)) return text.split(",").map(Number);
    return Number.isFinite(Number(text)) ? Number(text) : text;
  };
  const inAddress = () => {
    const found = { here: { changes: {} }, against: { changes: {} } };
    new URLSearchParams(location.hash.slice(1)).forEach((text, name) => {
      const one = name.startsWith("against.") ? found.against : found.here, path = name.replace(/^against\./, "");
      if (path === "template" || path === "architecture") one.source = { [path]: text };
      else one.changes[path] = one === found.against ? meant(text) : text;
    });
    return found;
  };

  // ---- Asking the server.

  const banner = (text) => { $("#banner").hidden = !text; $("#banner").textContent = text; };
  const LOST = "No answer: is geom3d still running? Trying again …";
  const SHUT = "geom3d was started anew and does not know this page. Open the address that it printed last, then this page goes on; "
    + "the design stays in its address.";

  // Calls `each` with every part of an answer; tries again until the server is there, unless it is given up.
  let turns = 0;
  const asked = async (job, each, signal, name = TAB) => {
    turns += 1;
    for (const turn = turns;;) {
      try {
        const answer = await fetch(`answer?tab=${encodeURIComponent(name)}&turn=${turn}`, {
          method: "POST", signal, headers: { "content-type": "application/json" }, body: JSON.stringify(job),
        });
        if (answer.ok) {
          banner("");
          const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
          for (let rest = "";;) {
            const { value, done } = await reader.read();
            const lines = (rest + (value ?? "")).split("\n");
            rest = lines.pop();
            lines.forEach((line) => each(JSON.parse(line)));
            if (done) return;
          }
        }
        if (answer.status !== 403) {
          each({ kind: "error", field: null, message: await answer.text() });
          return;
        }
        banner(SHUT);
      } catch (error) {
        if (signal?.aborted) throw error;
        banner(LOST);
      }
      await new Promise((done) => { setTimeout(done, RETRY); });
      if (signal?.aborted) return;
    }
  };

  // One job at a time: the last one wins.
  const job = { running: null, pending: false, timer: 0 };
  let drawing = 0;  // the timer of a model that is yet to be drawn
  const status = (text) => { $("#status").textContent = text; };

  const compute = (live = false) => {
    const { running } = job;
    clearTimeout(job.timer);
    if (running && live && !running.first && performance.now() - running.began < PATIENCE) {
      job.pending = true;
      return;
    }
    running?.stop.abort();
    const stop = new AbortController(), here = { stop, first: false, began: performance.now(), failed: "", complete: false, key: key(design) };
    job.running = here;
    job.pending = false;
    document.body.classList.add("busy");
    const took = () => ((performance.now() - here.began) / 1000).toFixed(2);
    const each = (part) => {
      if (job.running !== here) return;
      if (part.kind === "begun") sampled = part.sampled;
      if (part.kind === "progress") progress(part);
      if (part.kind === "numbers") {
        complaint(null);
        if (!here.first) $("#status").dataset.first = took();
        here.first = true;
        shown.key = here.key;
        numbers(part);
        here.complete = part.final;
        if (!part.final) status(`Coarse numbers after ${took()} s; the full ones follow …`);
      }
      if (part.kind === "model") {
        shown.model = part.model;
        if (job.pending) { draw(); compute(true); } else { clearTimeout(drawing); drawing = setTimeout(draw, SOON); }
      }
      if (part.kind === "error") { here.failed = said(part); complaint(part); }
    };
    const words = { do: "design", ...design, transport: $("#transport").checked };
    asked(words, each, stop.signal).then(() => {
      if (job.running !== here) return;
      job.running = null;
      if (!here.complete && !here.failed) { compute(); return; }  // it ended on its way
      document.body.classList.remove("busy");
      progress(null);
      if (here.failed) status(`${here.failed} — the last design that could be built is shown`);
      else {
        $("#status").dataset.full = took();
        status(`All numbers after ${took()} s`);
      }
      setTimeout(() => finished(here), SHORT);  // once the numbers are seen
    }).catch((error) => { if (!stop.signal.aborted) throw error; });
  };

  const draw = () => {
    clearTimeout(drawing);
    drawing = 0;
    showModel("#now", shown);
  };

  const finished = (last) => {
    if (drawing) draw();
    if (job.running) return;
    if (!last.failed) {
      if (shown.key === key(held())) remember();
      sections();
      if (reference.key !== key(held())) fetchReference();
    }
    $("#status").dataset.done = last.key;
    if (job.pending) compute();
  };

  const progress = (part) => {
    const bar = $("#progress");
    bar.hidden = !part;
    if (!part) return;
    if (part.share === null) bar.removeAttribute("value");
    else bar.value = part.share;
    status(`${part.text} …`);
  };

  const said = ({ field, message }) => {
    const row = form?.rows.get(field);
    return row ? `${row.field.owner && `${row.field.owner}, `}${row.field.label} ${message}` : message;
  };

  const complaint = (part) => {
    const at = part ? form?.fail(part.field, part.message) : form?.fail(null, "");
    const general = part && !at ? part.message : "";
    $("#trouble").hidden = !general;
    $("#trouble").textContent = general;
    document.body.classList.toggle("wrong", Boolean(part));
  };

  // ---- Numbers.

  // The change of a number against that of the reference, in words that need no colour.
  const change = (value, was) => {
    if (typeof value !== "number" || typeof was !== "number") return value === was || was === undefined ? "" : "other";
    if (Math.abs(value - was) <= 1e-9 * Math.max(Math.abs(value), Math.abs(was))) return "=";
    if (was === 0 || value / was < 0) return value > was ? "▲" : "▼";
    const ratio = value / was, up = value > was;
    if (ratio > 3 || ratio < 1 / 3) return `${up ? "▲" : "▼"} × ${ratio.toPrecision(3)}`;
    const percent = 100 * (ratio - 1), digits = Math.abs(percent) < 10 ? 1 : 0;
    return Math.abs(percent) < 0.05 ? "≈" : `${up ? "▲ +" : "▼ −"}${Math.abs(percent).toFixed(digits)} %`;
  };

  const numbers = (part) => {
    if (part.final) shown.rows = new Map(part.first.map((row) => [row.path, row]));
    else {
      shown.rows.forEach((row) => { row.stale = true; });
      part.first.forEach((row) => shown.rows.set(row.path, row));
    }
    table();
    if (!part.final) return;
    $("#warnings").replaceChildren(...part.warnings.map((text) => element("li", { textContent: text })));
    $("#all div").replaceChildren(...part.groups.map(([title, rows]) => element("table", {}, element("caption", { textContent: title }),
      element("tbody", {}, ...rows.map((row) => {
        const head = element("th", { scope: "row", textContent: row.name, title: row.meaning });
        const line = element("tr", {}, head, element("td", { className: "number", textContent: row.text }), element("td", { className: "unit", textContent: row.unit }));
        line.dataset.path = row.path;
        return line;
      })))));
  };

  const table = () => {
    const order = Object.keys(about?.first ?? {}), rank = (path) => (order.includes(path) ? order.indexOf(path) : order.length);
    const rows = [...shown.rows.values()].sort((a, b) => rank(a.path) - rank(b.path));
    $("#key tbody").replaceChildren(...rows.map((row) => {
      const was = reference.rows.get(row.path), text = row.stale || shown.key === reference.key ? "" : change(row.value, was?.value);
      const head = element("th", { scope: "row", title: row.meaning }, row.name, " ", element("span", { className: "unit", textContent: row.unit }));
      const here = element("td", { className: "number here" }, element("b", { textContent: row.text }));
      if (row.error) here.append(element("small", { textContent: row.error }));
      const line = element("tr", { className: row.stale ? "stale" : "" }, head, here,
        element("td", { className: "number was", textContent: was?.text ?? "" }), element("td", { className: "number change", textContent: text }));
      line.dataset.path = row.path;
      if (typeof row.value === "number") line.dataset.value = row.value;
      line.dataset.way = text.startsWith("▲") ? "up" : text.startsWith("▼") ? "down" : "";
      return line;
    }));
    const brief = ["capacity_uAh_cm2.cell", "energy_mWh_cm2", "area_gain.scaffold"].map((path) => shown.rows.get(path)).filter(Boolean).slice(0, 2);
    $("#strip").replaceChildren(...brief.map((row) => element("span", {}, `${row.name.replace(" of the scaffold", "")} `, element("b", { textContent: row.text }),
      ` ${row.unit} ${row.stale || shown.key === reference.key ? "" : change(row.value, reference.rows.get(row.path)?.value)}`)));
  };

  // ---- The reference.

  const remember = () => {
    Object.assign(reference, { rows: new Map(shown.rows), model: shown.model, section: null, key: shown.key });
    table();
    if ($("#beside").checked) besides();
  };

  let referring = null;
  const fetchReference = () => {
    referring?.abort();
    referring = new AbortController();
    const { signal } = referring, wanted = held(), found = { rows: new Map(), model: null, section: null, key: key(wanted) };
    asked({ do: "design", ...wanted, transport: $("#transport").checked }, (part) => {
      if (part.kind === "numbers" && part.final) found.rows = new Map(part.first.map((row) => [row.path, row]));
      if (part.kind === "model") found.model = part.model;
      if (part.kind === "error") status(`The reference: ${part.message}`);
    }, signal, `${TAB}-reference`).then(() => {
      if (signal.aborted) return;
      Object.assign(reference, found);
      table();
      if ($("#beside").checked) besides();
    }).catch((error) => { if (!signal.aborted) throw error; });
  };

  const besides = () => {
    const on = $("#beside").checked;
    $("#reference").hidden = !on;
    $("#now h2").hidden = !on;
    document.body.classList.toggle("besides", on);
    if (!on) { viewer.close($("#reference")); $("#reference").dataset.open = ""; return; }
    $("#reference h2").textContent = $("#against").selectedOptions[0]?.textContent ?? "reference";
    if (reference.key !== key(held())) fetchReference();
    else if (reference.model) showModel("#reference", reference);
    sections();
  };

  // ---- Model and section.

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const mixed = (colour, share) => `#${[1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16))
    .map((v) => Math.round(v + share * (255 - v)).toString(16).padStart(2, "0")).join("")}`;
  // By role; of several regions of one role those further out are lighter.
  const colours = (model) => {
    const seen = {};
    return new Map(model.regions.map((region) => {
      const rank = seen[region.role] = (seen[region.role] ?? -1) + 1;
      return [region.name, $("#colours").value === "role" && roles[region.role] ? mixed(roles[region.role], Math.min(0.7, 0.3 * rank)) : region.colour];
    }));
  };
  const style = (model) => {
    const found = colours(model);
    return { back: dark.matches ? "#171b21" : "#ffffff", ink: dark.matches ? "#e6e9ee" : "#202020", colour: (region) => found.get(region.name) ?? region.colour, together: true };
  };

  const showModel = (where, of) => {
    const card = $(where);
    if (!of.model || card.hidden) return;
    if (card.dataset.open === "yes") { viewer.restyle(card, style(of.model)); viewer.update(card, of.model); }
    else { viewer.open(card, of.model, { ...style(of.model), panel: where === "#now" ? $("#panel") : null }); card.dataset.open = "yes"; }
  };

  const restyle = () => [["#now", shown], ["#reference", reference]].forEach(([where, of]) => {
    if (!of.model) return;
    viewer.restyle($(where), style(of.model));
    paint($(`${where} .drawing`), of.model);
  });

  const paint = (place, model) => {
    const found = colours(model);
    $$("[data-region]", place).forEach((shape) => {
      const colour = found.get(shape.dataset.region);
      if (!colour) return;
      shape.setAttribute("fill", colour);
      if (shape.tagName === "path") shape.setAttribute("stroke", colour);
    });
  };

  const sections = () => {
    if (tab() !== "section") return;
    [["#now", shown, design], ["#reference", reference, held()]].forEach(([where, of, wanted]) => {
      if ($(where).hidden || of.key !== key(wanted) || !of.model) return;
      const place = $(`${where} .drawing`);
      if (of.section === of.key) return;
      of.section = of.key;
      place.classList.add("stale");
      asked({ do: "section", source: wanted.source, changes: wanted.changes }, (part) => {
        if (part.kind === "error") { place.replaceChildren(element("p", { className: "error", textContent: part.message })); return; }
        if (part.kind !== "section" || of.section !== key(wanted)) return;
        const svg = new DOMParser().parseFromString(part.svg, "image/svg+xml").documentElement;
        ["width", "height"].forEach((name) => svg.removeAttribute(name));
        svg.setAttribute("role", "img");
        place.replaceChildren(document.adoptNode(svg));
        place.classList.remove("stale");
        paint(place, of.model);
      }, undefined, `${TAB}-section-${where}`);
    });
  };

  const choose = (name) => {
    $$(".tabs button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.tab === name)));
    $$(".card .view").forEach((place) => { place.hidden = name !== "model"; });
    $("#panel").hidden = name !== "model";
    $$(".card .drawing").forEach((place) => { place.hidden = name !== "section"; });
    sections();
  };

  // ---- Source, form, and what the user does.

  const asSource = (value) => { const [kind, ...name] = value.split(":"); return { [kind]: name.join(":") }; };
  const asValue = (source) => Object.entries(source)[0].join(":");

  const fill = (select, sources, first) => select.replaceChildren(...first, ...["template", "architecture"].map((kind) => {
    const group = element("optgroup", { label: { template: "Templates", architecture: "Architectures, with their defaults" }[kind] });
    group.append(...Object.entries(sources[kind]).map(([name, title]) => new Option(kind === "template" ? title : `${name.replaceAll("_", " ")}: ${title}`, `${kind}:${name}`)));
    return group;
  }));

  const note = (text) => { $("#note").hidden = !text; $("#note").textContent = text; };

  const load = (source, changes = {}, reference_ = null) => {
    job.running?.stop.abort();
    status("Reading …");
    return asked({ do: "form", source }, (part) => {
      if (part.kind === "error") {
        complaint(part);
        status("");
        if (!about) load(JSON.parse(document.body.dataset.start)).then(() => note(part.message));
        return;
      }
      about = part;
      roles = part.roles;
      form = new Form($("#form"), part.fields, roles, moved);
      const unknown = Object.keys(changes).filter((path) => !form.rows.has(path));
      form.set(parsed(changes));
      design = { source, changes: form.changes() };
      against = reference_;
      fill($("#source"), part.sources, []);
      $("#source").value = asValue(source);
      const own = new Option(`${part.title}, as it is`, "");
      fill($("#against"), part.sources, [own]);
      if (against) pinned();
      $("#about").replaceChildren(element("h2", { textContent: part.title }), element("p", { textContent: part.origin }));
      document.title = `${part.title} · geom3d`;
      sampled = false;
      note(unknown.length ? `Not known here and left out: ${unknown.join(", ")}` : "");
      written(false);
      compute();
    });
  };

  // Changes as the address has them, as values of the form.
  const parsed = (changes) => Object.fromEntries(
    Object.entries(changes).filter(([path]) => form.rows.has(path)).map(([path, text]) => [path, form.parsed(path, text)]));

  const pinned = () => {
    const select = $("#against"), value = asValue(against.source), plainly = !Object.keys(against.changes).length;
    $("option[value=pinned]", select)?.remove();
    if (plainly && $(`option[value="${CSS.escape(value)}"]`, select)) { select.value = value; return; }
    const count = Object.keys(against.changes).length;
    select.options[0].after(new Option(`pinned: ${value.split(":")[1]} with ${count} change${count === 1 ? "" : "s"}`, "pinned"));
    select.value = "pinned";
  };

  function moved(row, done) {
    design.changes = form.changes();
    row.fail("");
    clearTimeout(job.timer);
    const typed = document.activeElement === row.inputs[0] && row.inputs[0].type === "text";
    if (done) {
      written(true);
      if (job.running?.key !== key(design) && (shown.key !== key(design) || document.body.classList.contains("wrong"))) compute();
    } else if (typed) {
      job.timer = setTimeout(() => { written(false); compute(); }, sampled ? 3 * PAUSE : PAUSE);
    } else if (sampled) status("Let go of the slider to compute: this design is sampled");
    else compute(true);  // browsers allow few changes of an address within a short time
  }

  $("#source").addEventListener("change", (event) => { load(asSource(event.target.value)).then(() => written(true)); });
  $("#reset").addEventListener("click", () => { form.set({}); design.changes = {}; written(true); compute(); });
  $("#transport").addEventListener("change", () => {
    referring?.abort();  // it lacks the resistance
    reference.key = "";
    compute();
  });
  $("#beside").addEventListener("change", besides);
  $("#colours").addEventListener("change", restyle);
  dark.addEventListener("change", restyle);
  $$(".tabs button").forEach((button) => button.addEventListener("click", () => choose(button.dataset.tab)));
  $("#against").addEventListener("change", (event) => {
    const { value } = event.target;
    if (value === "pinned") return;
    against = value ? { source: asSource(value), changes: {} } : null;
    $("option[value=pinned]", event.target)?.remove();
    written(true);
    fetchReference();
    besides();
  });
  $("#pin").addEventListener("click", () => {
    against = { source: design.source, changes: { ...design.changes } };
    pinned();
    written(true);
    if (shown.key === key(against)) remember();
    else fetchReference();
  });
  window.addEventListener("popstate", () => {
    const { here, against: other } = inAddress(), source = here.source ?? JSON.parse(document.body.dataset.start);
    if (!about || asValue(source) !== asValue(design.source)) { load(source, here.changes, other.source ? other : null); return; }
    form.set(parsed(here.changes));
    design.changes = form.changes();
    against = other.source ? other : null;
    if (against) pinned(); else $("#against").value = "";
    complaint(null);
    compute();
  });

  const copied = async (button, text) => {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      window.prompt("Copy:", text);
    }
    setTimeout(() => { button.textContent = before; }, 1500);
  };
  $("#copy").addEventListener("click", (event) => copied(event.currentTarget, location.href));
  const quoted = (text) => (/^[\w.=/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  $("#command").addEventListener("click", (event) => {
    const [kind, name] = Object.entries(design.source)[0];
    const changes = Object.entries(design.changes).filter(([, value]) => value !== null)
      .map(([path, value]) => ` --set ${quoted(`${path}=${Array.isArray(value) ? `[${value}]` : value}`)}`);
    const first = kind === "architecture" ? `geom3d new ${name} -o ${name}.toml\n` : "";
    copied(event.currentTarget, `${first}geom3d measure ${quoted(kind === "architecture" ? `${name}.toml` : name)}${changes.join("")}`);
  });

  // ---- Files.

  const saved = (name, blob) => {
    const link = element("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  $$("[data-file]").forEach((button) => button.addEventListener("click", async () => {
    const menu = $("#save summary"), before = "Save";
    menu.textContent = "Making it …";
    button.disabled = true;
    try {
      const words = { do: "file", file: button.dataset.file, ...design, against: held(), transport: $("#transport").checked };
      const answer = await fetch("file", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(words) });
      if (answer.ok) {
        const name = /filename\*?="?(?:utf-8'')?([^";]+)/i.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "geom3d";
        saved(decodeURIComponent(name), await answer.blob());
        $("#save").open = false;
      } else if (answer.status === 422) complaint(await answer.json());
      else banner(answer.status === 403 ? SHUT : await answer.text());
    } catch {
      banner(LOST);
    } finally {
      menu.textContent = before;
      button.disabled = false;
    }
  }));
  $("#view-png").addEventListener("click", () => $("#now canvas")?.toBlob((blob) => { saved(`${about.name}-view.png`, blob); $("#save").open = false; }));
  document.addEventListener("click", (event) => { if (!$("#save").contains(event.target)) $("#save").open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !$("#save").open) return;
    $("#save").open = false;
    $("#save summary").focus();
  });
  $("#form").addEventListener("submit", (event) => event.preventDefault());

  // The token is in a cookie now, and in the address it would be seen.
  history.replaceState(null, "", location.pathname + location.hash);
  const { here, against: other } = inAddress();
  load(here.source ?? design.source, here.source ? here.changes : {}, other.source ? other : null);
})();
