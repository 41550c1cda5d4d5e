// The cards at the top of the page: a number, how it has changed, and what it says.
import {el} from "./dom.js";
import {count, percent, plural, ratio} from "./format.js";

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

// The models see who stays when customers have had some time.
const seenDays = 180;

// What a customer is worth from now on: what is expected of today's customers, with its bounds, which are of all together. Below it the textbook's lifetime
// value, where the views were made with a lifespan: it supposes that everybody had been there for as long as the shop, and goes on so.
function expectedCard(kpi, outlook, options, money) {
  const card = (...rest) => kpiCard("expected", "Expected of a customer", ...rest);
  const text = "in the next 12 months, on average";
  if (!(kpi.days >= seenDays)) return card("–", "appears here after half a year of orders");
  if (outlook.expected_revenue_per_customer == null || outlook.converged === false) return card("–", `${text}: the orders don’t tell`);
  const margin = options.margin === 1 ? "" : ` at a margin of ${percent(options.margin, 0)}`;
  const {expected_revenue_per_customer_lower: lower, expected_revenue_per_customer_upper: upper} = outlook;
  return card(money.cents(outlook.expected_revenue_per_customer), text, [
    lower == null ? null : `95 times of 100 from ${money.cents(lower)} to ${money.cents(upper)}`,
    options.lifespan == null ? null : `The textbook’s: ${money.cents(kpi.clv)} in ${options.lifespan}${margin}`
  ].filter((line) => line != null));
}

export function kpiCards(kpi, outlook, options, {last, before}, money) {
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
    kpiCard("orders", "Orders", count(kpi.all_orders), kpi.guest_orders ? `${count(kpi.guest_orders)} of them by guests` : "none by guests", level("all_orders", count)),
    kpiCard("revenue", "Revenue", money.whole(kpi.all_revenue), kpi.refunds ? `after ${money.whole(kpi.refunded)} of refunds` : "there are no refunds", level("all_revenue", money.whole)),
    kpiCard("aov", "Average order value", money.cents(kpi.aov), "revenue / orders", level("aov", money.cents)),
    kpiCard(
      "repeat-rate",
      "Repeat rate",
      percent(kpi.repeat_rate),
      kpi.repeat_customers ? `${plural(kpi.repeat_customers, "customer")} with more than one order` : "nobody with more than one order",
      last?.trailing_12_months_repeat_rate == null
        ? null
        : compare(`In 12 months: ${percent(last.trailing_12_months_repeat_rate)}`, "trailing_12_months_repeat_rate", true)
    ),
    kpiCard("frequency", "Orders a customer", ratio(kpi.purchase_frequency), "so far, on average", level("purchase_frequency", ratio)),
    // Of a period, what its customers paid in it, and not its clv: that is by the year, so that 31 days
    // after 30 would be a change.
    kpiCard("customer-value", "Paid by a customer", money.cents(kpi.customer_value), "so far, on average", level("customer_value", money.cents)),
    // models are of all customers
    outlook && expectedCard(kpi, outlook, options, money)
  ];
}
