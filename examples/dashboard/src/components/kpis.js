// The cards at the top of the page: a number, how it has changed, and what it says.
import {el} from "./dom.js";
import {count, percent} from "./format.js";

const nbsp = "\u00a0";

// change(7, 8): how the last complete period differs from the one before, in per cent,
// or in points where the number is itself a share.
function change(last, before, points) {
  if (last == null || before == null || (!points && !(before > 0))) return null;
  const by = points ? 100 * (last - before) : 100 * (last / before - 1);
  const flat = Math.abs(by) < 0.05;
  const text = Math.abs(by).toFixed(1) + nbsp + (points ? "points" : "%");
  return el("span", {class: `change ${flat ? "" : by > 0 ? "up" : "down"}`}, (flat ? "±" : by > 0 ? "▲" : "▼") + nbsp + text);
}

function kpiCard(id, name, value, text, detail) {
  return el(
    "div",
    {class: "card kpi", id: `kpi-${id}`},
    el("h2", {}, name),
    el("div", {class: "value"}, value),
    el("p", {}, text),
    detail ? el("div", {class: "detail"}, detail.map((line) => el("p", {}, line))) : null
  );
}

// A value a year that is kept for all of a lifespan has to be seen for some time.
const paceDays = 180;

// What a customer is worth: for life where that can be told, otherwise so far. A lifespan that
// was measured is cut off where the data end, so that only one that was given makes a lifetime value.
function valueCard(kpi, shop, period, money) {
  if (shop.lifespan != null && kpi.days >= paceDays) {
    const margin = shop.margin === 1 ? "" : ` at a margin of ${percent(shop.margin, 0)}`;
    return kpiCard("clv", "Customer lifetime value", money.cents(kpi.clv), `over ${shop.lifespan}${margin}`, period);
  }
  const why =
    shop.lifespan == null
      ? ["For a lifetime value make the views with ", el("code", {}, "lifespan => '3 years'")]
      : "The lifetime value appears here after half a year of orders";
  const lines = [...(period ?? []), why];
  return kpiCard("customer-value", "Paid by a customer so far", money.cents(kpi.customer_value), "on average", lines);
}

export function kpiCards(kpi, shop, {last, before}, money) {
  // What the last complete period was, and the change from the one before.
  const compare = (said, key, points) => {
    if (!last) return null;
    const by = before && change(last[key], before[key], points);
    return [said, by ? el("span", {}, by, ` vs ${before.name}`) : null].filter((line) => line != null);
  };
  const level = (key, format) => compare(last && `${last.name}: ${format(last[key])}`, key);
  const one = kpi.customers === 1;
  return [
    kpiCard("customers", one ? "Customer" : "Customers", count(kpi.customers), `${one ? "has" : "have"} ordered so far`, level("customers", count)),
    kpiCard("orders", "Orders", count(kpi.all_orders), "guests’ orders included", level("all_orders", count)),
    kpiCard("revenue", "Revenue", money.whole(kpi.all_revenue), "refunds subtracted", level("all_revenue", money.whole)),
    kpiCard("aov", "Average order", money.cents(kpi.aov), "revenue for each order", level("aov", money.cents)),
    kpiCard(
      "repeat-rate",
      "Repeat rate",
      percent(kpi.repeat_rate),
      "ordered more than once",
      last?.trailing_12_months_repeat_rate == null
        ? null
        : compare(`In 12 months: ${percent(last.trailing_12_months_repeat_rate)}`, "trailing_12_months_repeat_rate", true)
    ),
    // Of a period, what its customers paid in it, and not its clv: that is by the year, so that 31 days
    // after 30 would be a change.
    valueCard(
      kpi,
      shop,
      last?.customer_value == null
        ? null
        : compare(`${last.name}: ${money.cents(last.customer_value)}${nbsp}a${nbsp}customer`, "customer_value"),
      money
    )
  ];
}
