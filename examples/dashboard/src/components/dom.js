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
