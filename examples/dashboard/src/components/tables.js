// The tables of the page: customers to win back, and where every row of the order table went.
import {el} from "./dom.js";
import {count, day, name, percent, plural} from "./format.js";

// columns: [heading, cell, class]; class: number, and extra where a phone has no room for the column
function table(id, columns, rows, foot) {
  const cell = (name, content, kind) => el(name, {class: kind}, content);
  return el(
    "div",
    {class: "wide"},
    el(
      "table",
      {id},
      el("thead", {}, el("tr", {}, columns.map(([heading, , kind]) => cell("th", heading, kind)))),
      el("tbody", {}, rows.map((d) => el("tr", {}, columns.map(([, format, kind]) => cell("td", format(d), kind))))),
      foot ? el("tfoot", {}, el("tr", {}, columns.map(([, , kind], i) => cell("td", foot[i], kind)))) : null
    )
  );
}

// A share as a short bar with its number. Nothing is certain of a customer: 100 % is not said.
const chance = (p) =>
  p == null
    ? "–"
    : el("span", {class: "chance"}, el("i", {style: `--p: ${Math.round(100 * p)}%`}), p >= 0.995 ? ">\u00a099\u00a0%" : percent(p, 0));

export function winBackTable(rows, money) {
  // Where nobody's chance is lower, the model has seen nobody leave, and tells no two apart.
  const told = rows.some((d) => d.p_alive != null && d.p_alive <= 0.95);
  return table(
    "win-back-table",
    [
      ["Customer", (d) => name(d.customer)],
      ["Status", (d) => el("span", {class: `status ${d.status.replace(" ", "-")}`}, d.status), "extra"],
      ["Last order", (d) => day(d.last_order), "extra"],
      ["Silent for", (d) => plural(d.recency_days, "day"), "number"],
      ["Orders", (d) => count(d.orders), "number"],
      ["Paid so far", (d) => money.whole(d.revenue), "number"],
      ...(told ? [["P(alive)", (d) => chance(d.p_alive), "number"]] : []),
      ["Expected in 12 months", (d) => money.whole(d.expected_revenue_12_months), "number"]
    ],
    rows
  );
}

const reasons = {
  order: "Orders of known customers",
  refund: "Refunds to them",
  "refund without order": "Refunds to customers without an order",
  "guest order": "Orders of guests",
  "guest refund": "Refunds to guests",
  "no amount": "Rows without an amount",
  "no time": "Rows without a time",
  "not finite": "Rows whose amount is no number",
  "absurd amount": "Rows with an amount beyond all reason",
  "too early": "Rows with a time until 1970",
  "in the future": "Rows with a time still to come",
  "filtered out": "Rows that the shop’s filter leaves out"
};

// leftOut: rows of a file that are not in the order table, if it is from one, by reason.
export function rowsTable(rows, leftOut, money) {
  const counted = rows.filter((d) => d.is_counted);
  return table(
    "rows-table",
    [
      ["What", (d) => reasons[d.reason] ?? d.reason],
      ["Rows", (d) => count(d.row_count), "number"],
      ["Amount", (d) => money.cents(d.amount), "number"],
      ["Counted", (d) => (d.is_counted ? "yes" : "no"), "number extra"]
    ],
    [...rows, ...leftOut.map((d) => ({reason: `Of the file: ${d.reason}`, row_count: d.rows, amount: d.amount, is_counted: false}))],
    [
      "Counted: the revenue above",
      count(counted.reduce((sum, d) => sum + d.row_count, 0)),
      money.cents(counted.reduce((sum, d) => sum + (d.amount ?? 0), 0)),
      ""
    ]
  );
}
