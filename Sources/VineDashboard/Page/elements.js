// Elements are made anew for each update and laid over what is there, so that focus, selection and scrolling stay.

const SVG = "http://www.w3.org/2000/svg";

function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== undefined && child !== null && child !== false) node.append(child);
  }
  return node;
}

/// An HTML element; texts are texts, never markup.
export const h = (name, attributes, ...children) => make(document.createElement(name), attributes, children);
export const svg = (name, attributes, ...children) => make(document.createElementNS(SVG, name), attributes, children);

/// Makes the children of `node` those given, changing no more than differs.
export function show(node, ...children) {
  const wanted = make(document.createDocumentFragment(), {}, children);
  morph(node, wanted);
}

function morph(old, wanted) {
  const before = [...old.childNodes];
  const after = [...wanted.childNodes];
  after.forEach((node, index) => {
    const there = before[index];
    if (!there) old.append(node);
    else if (there.nodeType !== node.nodeType || there.nodeName !== node.nodeName) there.replaceWith(node);
    else if (node.nodeType === Node.TEXT_NODE) {
      if (there.data !== node.data) there.data = node.data;
    } else {
      for (const { name } of [...there.attributes]) if (!node.hasAttribute(name)) there.removeAttribute(name);
      for (const { name, value } of node.attributes) {
        if (there.getAttribute(name) !== value) there.setAttribute(name, value);
      }
      morph(there, node);
    }
  });
  before.slice(after.length).forEach((node) => node.remove());
}

// Figures

export function seconds(value) {
  if (value === undefined || value === null) return "–";
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  if (value < 172800) return `${Math.round(value / 3600)} h`;
  return `${Math.round(value / 86400)} d`;
}

export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${unit ? value.toFixed(1) : value} ${units[unit]}`;
}

export const figure = (value, unit, digits = 1) =>
  value === undefined || value === null ? "–" : `${value >= 1000 ? Math.round(value) : value.toFixed(digits)}${unit ? ` ${unit}` : ""}`;

export const rate = (value) => figure(value, "Mbit/s", value >= 100 ? 0 : 1);
export const count = (value) => Number(value).toLocaleString("en-GB").replaceAll(",", "\u202f");
/// The short form that the command line uses, `k7f3q-2xaru`.
export const short = (node) => (node.length >= 10 ? `${node.slice(0, 5)}-${node.slice(5, 10)}` : node);
export const clock = (date) => date.toLocaleTimeString("en-GB", { hour12: false });

// Parts that several panels use

export const command = (text) => h("code", { class: "command" }, text);
/// A button that selects something: `kind` and name are what `select` gets.
export const link = (kind, name, text = name) =>
  h("button", { type: "button", class: "link", "data-kind": kind, "data-name": name }, text);
export const badge = (text, tone) => h("span", { class: `badge ${tone ?? ""}` }, text);
export const dash = (list) => (list && list.length ? list : "–");

/// `mend` is a command, or words: commands begin with a program's name.
export function mending(mend) {
  if (!mend) return "";
  return /^(vine-mesh|sysctl|systemctl|timedatectl|journalctl) /.test(mend) && !/, | and |; /.test(mend)
    ? command(mend)
    : h("span", { class: "mend" }, ...mend.split("`").map((part, index) => (index % 2 ? command(part) : part)));
}

export function table(heads, rows, empty) {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  const right = heads.map((head) => head.startsWith(">"));
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, heads.map((head, i) => h("th", { scope: "col", class: right[i] && "right" }, head.replace(">", ""))))),
    h("tbody", {}, rows.map((row) => h("tr", { class: row.tone },
      row.cells.map((cell, i) => h("td", { class: right[i] && "right" }, cell)))))));
}

export const facts = (pairs) => h("dl", {}, pairs.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false && value !== 0)
  .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
