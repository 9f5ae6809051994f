"use strict";
// The form of a template: fields made from what the server says of each key, and the values that are in them.
window.geom3dForm = (() => {
  const STEPS = 1000;
  const GROUPS = {
    structure: "Structure", films: "Films, from the structure outward", materials: "Materials of the structure itself",
    walls: "Walls as etched", more: "Title, accuracy, files",
  };
  const HINTS = { walls: "Any of these makes the walls a sampled surface: numbers then take seconds." };
  // Lengths that people type with a unit, in µm, for the slider's place only; the server reads what was typed.
  const UNITS = { nm: 1e-3, um: 1, "µm": 1, "μm": 1, mm: 1e3, cm: 1e4 };

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const plain = (number) => String(Number(number.toPrecision(6)));
  const micrometres = (text) => {
    const found = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([^\W\d]*|[µμ]m)\s*$/i.exec(text);
    if (!found) return null;
    const unit = found[2] === "" ? 1 : UNITS[found[2]];
    return unit === undefined ? null : Number(found[1]) * unit;
  };
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  const places = ({ low, high, log }) => ({
    at: (value) => {
      const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
      return Math.round(STEPS * Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)));
    },
    value: (place) => {
      const share = place / STEPS, exact = log ? low * (high / low) ** share : low + share * (high - low);
      return Number((share === 0 ? low : share === 1 ? high : exact).toPrecision(3));
    },
  });

  // What a field holds, as the server takes it.
  const read = (field, inputs) => {
    const [input] = inputs;
    if (field.kind === "truth") return input.checked;
    if (field.kind === "cells") return inputs.map((each) => (each.value.trim() === "" ? 0 : Number(each.value)));
    if (field.kind !== "number" && field.kind !== "whole") return input.value;
    const text = input.value.trim();
    if (text === "") return field.optional ? null : "";
    return Number.isFinite(Number(text)) ? Number(text) : text;
  };

  class Row {
    constructor(field, tell) {
      Object.assign(this, { field, tell, inputs: [], slider: null });
      const id = `f-${field.path}`, label = element("label", { htmlFor: id, textContent: field.label });
      this.message = element("p", { className: "error", id: `${id}-error`, hidden: true });
      this.hint = element("p", { className: "hint", id: `${id}-hint`, textContent: this.words() });
      this.back = element("button", { type: "button", className: "back", textContent: "↺", hidden: true, title: "as it was at the start" });
      this.back.setAttribute("aria-label", `${field.label} as it was at the start`);
      this.back.addEventListener("click", () => { this.set(field.value); this.inputs[0].focus(); tell(this, true); });
      this.node = element("div", { className: `field ${field.kind}` }, label, this.made(id), this.back, this.message, this.hint);
      this.node.dataset.path = field.path;
      this.inputs.forEach((input) => { input.setAttribute("aria-describedby", `${id}-error ${id}-hint`); input.title = field.meaning; });
      this.set(field.value);
    }

    words() {
      const { low, high, unit, meaning, kind, optional } = this.field;
      if (kind !== "number" && kind !== "whole") return meaning;
      const range = low !== null && high !== null ? `${low} to ${high} ${unit}` : "";
      return [meaning, range.trim(), optional ? "may be left empty" : "", unit === "µm" ? "takes nm, µm, mm" : ""].filter(Boolean).join("; ");
    }

    made(id) {
      const { field } = this, box = element("span", { className: "value" });
      const changed = (done) => () => { this.place(); this.tell(this, done); };
      const listen = (input, live) => {
        input.addEventListener("input", changed(!live));
        input.addEventListener("change", changed(true));
        this.inputs.push(input);
        box.append(input);
      };
      if (field.kind === "fixed") {
        box.append(element("output", { id, textContent: field.value, title: "cannot be changed here" }));
        this.inputs.push(element("input", { type: "hidden" }));
      } else if (field.kind === "choice" || field.kind === "material") {
        const select = element("select", { id });
        field.options.forEach(([head, names]) => {
          const options = names.map(([value, title]) => new Option(title, value));
          select.append(...(head && field.options.length > 1 ? [Object.assign(element("optgroup", { label: head }, ...options))] : options));
        });
        listen(select, false);
      } else if (field.kind === "truth") {
        listen(element("input", { id, type: "checkbox" }), false);
      } else if (field.kind === "cells") {
        ["x", "y"].forEach((axis, k) => {
          const input = element("input", { id: k ? `${id}-y` : id, type: "text", inputMode: "numeric" });
          input.setAttribute("aria-label", `${field.label} in ${axis}`);
          if (k) box.append(" × ");
          listen(input, true);
        });
      } else if (field.kind === "text") {
        listen(element("input", { id, type: "text", maxLength: 2000 }), true);
      } else {
        listen(element("input", { id, type: "text", inputMode: "decimal", maxLength: 40, placeholder: field.optional ? "left out" : "" }), true);
        box.append(element("span", { className: "unit", textContent: field.unit }));
        if (field.slider) {
          this.places = places(field.slider);
          this.slider = element("input", { type: "range", min: 0, max: STEPS, step: 1, title: field.meaning });
          this.slider.setAttribute("aria-label", `${field.label}, slider`);
          const moved = (done) => () => {
            const value = this.places.value(Number(this.slider.value));
            this.inputs[0].value = plain(field.kind === "whole" ? Math.round(value) : value);
            this.told();
            this.tell(this, done);
          };
          this.slider.addEventListener("input", moved(false));
          this.slider.addEventListener("change", moved(true));
          box.append(this.slider);
        }
      }
      return box;
    }

    // Puts the slider where the number is.
    place() {
      if (!this.slider) return;
      const number = micrometres(this.inputs[0].value);
      this.slider.classList.toggle("off", number === null);
      if (number !== null) this.slider.value = this.places.at(number);
      this.told();
    }

    told() {
      this.slider.setAttribute("aria-valuetext", `${this.inputs[0].value || "left out"} ${this.field.unit}`.trim());
    }

    value() {
      return this.field.kind === "fixed" ? this.field.value : read(this.field, this.inputs);
    }

    get isChanged() {
      return !same(this.value(), this.field.value);
    }

    set(value) {
      const { kind } = this.field, [input] = this.inputs;
      if (kind === "truth") input.checked = Boolean(value);
      else if (kind === "cells") this.inputs.forEach((each, k) => { each.value = value[k]; });
      else input.value = value === null || value === undefined ? "" : typeof value === "number" ? plain(value) : value;
      this.place();
      this.mark();
    }

    mark() {
      const changed = this.isChanged;
      this.back.hidden = !changed;
      this.node.classList.toggle("changed", changed);
      if (changed && this.node.isConnected) this.node.closest("details").open = true;
    }

    fail(message) {
      this.message.hidden = !message;
      this.message.textContent = message || "";
      this.node.classList.toggle("wrong", Boolean(message));
      this.inputs.forEach((input) => { if (message) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid"); });
      for (let box = message && this.node.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    }
  }

  class Form {
    // tell(row, done): a value has changed, and whether the hand has let go of it.
    constructor(place, fields, roles, tell) {
      this.rows = new Map();
      const told = (row, done) => { row.mark(); this.need(); tell(row, done); };
      place.replaceChildren(...Object.entries(GROUPS).map(([group, title]) => {
        const own = fields.filter((field) => field.group === group);
        if (!own.length) return "";
        const shut = group === "more" || (group === "walls" && own.every((field) => !field.value));
        const body = element("details", { open: !shut, className: group }, element("summary", { textContent: title }));
        if (HINTS[group]) body.append(element("p", { className: "hint always", textContent: HINTS[group] }));
        let owner = null, block = body;
        const further = element("details", {}, element("summary", { textContent: "Further parameters" }));
        own.forEach((field) => {
          if (field.owner && field.owner !== owner) {
            owner = field.owner;
            const swatch = element("span", { className: "swatch" }), role = field.role.replace("_", " ");
            swatch.style.background = roles[field.role] ?? "transparent";
            const head = element("legend", {}, swatch, owner, owner === role ? "" : element("small", { textContent: ` ${role}` }));
            block = element("fieldset", {}, head);
            body.append(block);
          }
          const row = new Row(field, told);
          this.rows.set(field.path, row);
          (field.further ? further : block).append(row.node);
        });
        if (further.children.length > 1) body.append(further);
        return body;
      }));
      this.need();
    }

    // Shows what has a meaning with the others as they are.
    need() {
      this.rows.forEach((row) => {
        const needed = this.rows.get(row.field.needs);
        if (needed) (row.node.closest("fieldset") ?? row.node).hidden = !needed.value();
      });
    }

    changes() {
      return Object.fromEntries([...this.rows].filter(([, row]) => row.isChanged).map(([path, row]) => [path, row.value()]));
    }

    set(changes) {
      this.rows.forEach((row, path) => row.set(path in changes ? changes[path] : row.field.value));
      this.need();
    }

    // Shows a message at its field; whether there is such a field.
    fail(path, message) {
      this.rows.forEach((row, own) => row.fail(own === path ? message : ""));
      return this.rows.has(path);
    }

    // What a part of the address means for a field.
    parsed(path, text) {
      const kind = this.rows.get(path)?.field.kind;
      if (kind === "truth") return text === "true";
      if (kind === "cells") return text.split(",").map(Number);
      if (kind === "number" || kind === "whole") return text === "" ? null : Number.isFinite(Number(text)) ? Number(text) : text;
      return text;
    }
  }

  return { Form, element };
})();
