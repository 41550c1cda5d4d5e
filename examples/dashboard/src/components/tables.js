import {el} from "./dom.js";
import {count, day, percent} from "./format.js";

// columns: [heading, cell, is a number]
function table(id, columns, rows, foot) {
  const cell = (name, content, number) => el(name, {class: number ? "number" : null}, content);
  return el(
    "div",
    {class: "wide"},
    el(
      "table",
      {id},
      el("thead", {}, el("tr", {}, columns.map(([heading, , number]) => cell("th", heading, number)))),
      el("tbody", {}, rows.map((d) => el("tr", {}, columns.map(([, format, number]) => cell("td", format(d), number))))),
      foot ? el("tfoot", {}, el("tr", {}, columns.map(([, , number], i) => cell("td", foot[i], number)))) : null
    )
  );
}

// A share as a short bar with its number.
const chance = (p) =>
  p == null ? "–" : el("span", {class: "chance"}, el("i", {style: `--p: ${Math.round(100 * p)}%`}), percent(p, 0));

export function winBackTable(rows, money) {
  return table(
    "win-back-table",
    [
      ["Customer", (d) => d.customer],
      ["Status", (d) => el("span", {class: `status ${d.status.replace(" ", "-")}`}, d.status)],
      ["Last order", (d) => day(d.last_order)],
      ["Silent for", (d) => `${count(d.recency_days)} days`, true],
      ["Orders", (d) => count(d.orders), true],
      ["Paid so far", (d) => money.whole(d.revenue), true],
      ["Chance to order again", (d) => chance(d.p_alive), true],
      ["Expected in 12 months", (d) => money.whole(d.expected_revenue_12_months), true]
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
  "filtered out": "Rows that the shop’s filter leaves out"
};

export function rowsTable(rows, money) {
  const counted = rows.filter((d) => d.is_counted);
  return table(
    "rows-table",
    [
      ["What", (d) => reasons[d.reason] ?? d.reason],
      ["Rows", (d) => count(d.row_count), true],
      ["Amount", (d) => money.cents(d.amount), true],
      ["Counted", (d) => (d.is_counted ? "yes" : "no"), true]
    ],
    rows,
    [
      "Counted: the revenue above",
      count(counted.reduce((sum, d) => sum + d.row_count, 0)),
      money.cents(counted.reduce((sum, d) => sum + (d.amount ?? 0), 0)),
      ""
    ]
  );
}
