// What the page takes from kpi_by_period, and how it marks a period that is not over.
import {periodName, plural} from "./format.js";

// The most that a chart shows: the latest ones.
export const most = 60;

// From the first period to the last with an order. Refunds may come in later ones, which
// have nothing else to show. The last period may not be over: no change is told from it.
export function shownPeriods(rows) {
  let end = rows.length;
  while (end > 0 && rows[end - 1].all_orders === 0) --end;
  return rows.slice(0, end).map((d, i) => ({
    ...d,
    is_complete: d.is_complete && i < end - 1,
    name: periodName(d.period_label)
  }));
}

// What adds up over periods. Customers don't: who ordered in two of them is one.
export function totalsOf(periods, money) {
  const sum = (column) => periods.reduce((total, d) => total + (d[column] ?? 0), 0);
  const orders = sum("all_orders");
  const revenue = sum("all_revenue");
  return [plural(orders, "order"), `${money.whole(revenue)} of revenue`, orders ? `${money.cents(revenue / orders)} an order` : null, plural(sum("new_customers"), "new customer")]
    .filter((part) => part != null)
    .join(" · ");
}

// The last complete period and the one before it, if there are.
export function lastChange(periods) {
  const complete = periods.filter((d) => d.is_complete);
  return {last: complete.at(-1), before: complete.at(-2)};
}
