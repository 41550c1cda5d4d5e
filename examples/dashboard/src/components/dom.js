// An element with its attributes and children: texts are set as texts, never as HTML,
// as customers' names come from the order table.
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) e.setAttribute(key, value);
  e.append(...children.flat().filter((c) => c != null));
  return e;
}

// A card: what one sees, how to read it, and the picture.
export function card(id, title, text, ...content) {
  return el("section", {class: "card", id}, el("h2", {}, title), text ? el("p", {class: "hint"}, text) : null, ...content);
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
