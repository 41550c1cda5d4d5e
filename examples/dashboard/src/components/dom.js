// Elements of the page, made by hand: it is the same in Observable Framework and in a file of its own.

// An element with its attributes and children: texts are set as texts, never as HTML,
// as customers' names come from the order table.
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) e.setAttribute(key, value);
  e.append(...children.flat().filter((c) => c != null));
  return e;
}

// A card: what one sees, how to read it, the picture, and the view whose rows it shows.
export function card(id, view, title, text, ...content) {
  return el(
    "section",
    {class: "card", id},
    el("h2", {}, title),
    text ? el("p", {class: "hint"}, text) : null,
    ...content,
    el("p", {class: "source"}, el("code", {}, `SELECT * FROM ${view}`))
  );
}

// A card that says why there is no picture; cards beside it don't make it higher.
export function note(id, title, text) {
  return el("section", {class: "card words", id}, el("h2", {}, title), text ? el("p", {class: "hint"}, text) : null);
}

// Coloured squares with their names; hatched: not over yet.
export function legend(entries) {
  return el(
    "div",
    {class: "legend"},
    entries.map(([name, color, kind]) => el("span", {}, el("i", {class: kind, style: `--c: ${color}`}), name))
  );
}

// What draw makes for the width that there is, and makes anew when that changes.
export function responsive(draw) {
  const box = el("div", {class: "chart"});
  let drawn;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width);
    if (width > 0 && width !== drawn) box.replaceChildren(draw((drawn = width)));
  }).observe(box);
  return box;
}

// A choice of one of the options, [value, text]; chosen(value) is called when it has been made.
export function choice(id, name, options, value, chosen) {
  const select = el("select", {id}, options.map(([value, text]) => el("option", {value}, text)));
  select.value = value;
  select.addEventListener("change", () => chosen(select.value));
  return el("label", {}, name, select);
}

// A cell of a CSV file. A text that begins as a formula does would be one to a spreadsheet.
function csvCell(value) {
  if (value == null) return "";
  const text = typeof value === "string" ? value.replace(/^(?=[=+\-@\t\r])/, "'") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// A link that saves rows as a CSV file, with the names of their columns.
export function saveAs(file, rows) {
  const lines = [Object.keys(rows[0]), ...rows.map((d) => Object.values(d))].map((cells) => cells.map(csvCell).join(","));
  const link = el("a", {download: file, href: "#"}, "Save as CSV");
  link.addEventListener("click", () => {
    // The mark at the beginning tells Excel that it is UTF-8.
    link.href = URL.createObjectURL(new Blob(["\ufeff", lines.join("\r\n"), "\r\n"], {type: "text/csv"}));
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });
  return el("p", {class: "save"}, link);
}
