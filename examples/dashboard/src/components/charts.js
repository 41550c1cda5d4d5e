// The charts of the page, each a function of rows of a view and the width that there is.
import * as Plot from "@observablehq/plot";
import {ago, count, percent, periodName, periodTick, plural, ratio} from "./format.js";
import {least, within} from "./repeat.js";

export const colors = {
  returning: "#2f6b82",
  new: "#86bccb",
  guests: "#ccd3d6",
  mark: "#c9732b",
  ink: "#25333a",
  faint: "#6b7a82"
};
const heat = ["#f3f7f8", "#cfe3e8", "#8fc0cd", "#2a6b81"];

// A font and a frame that all charts have.
const style = {fontSize: "12px", color: colors.ink, overflow: "visible"};

const svg = (name, attributes, ...children) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
};

// The pattern of what is not over yet, to be filled with as url(#id).
const hatch = (id, color) => () =>
  svg(
    "defs",
    {},
    svg(
      "pattern",
      {id, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)"},
      svg("rect", {width: 5, height: 5, fill: "#fff"}),
      svg("path", {d: "M0 0V5", stroke: color, "stroke-width": 3.4})
    )
  );

// The labels of a band of periods that have a tick, so that they don't run into each other.
// The last has one always, as it's the one that people look at.
function ticks(labels, width) {
  const every = Math.ceil(labels.length / Math.max(2, Math.floor(width / 58)));
  return labels.filter((_, i) => (labels.length - 1 - i) % every === 0);
}

const periodAxis = (labels, width) => {
  const shown = ticks(labels, width);
  return Plot.axisX(shown, {
    tickFormat: (label, i) => periodTick(label, shown[i - 1]),
    tickSize: 0,
    label: null
  });
};

const bands = [
  {key: "returning", name: "Returning customers"},
  {key: "new", name: "New customers"},
  {key: "guests", name: "Guests"}
];

const parts = {
  revenue: {returning: "returning_revenue", new: "new_revenue", guests: "guest_revenue"},
  orders: {returning: "returning_orders", new: "new_orders", guests: "guest_orders"}
};

// Which of the bands the shop has: most shops have no guests.
export function bandLegend(periods, what) {
  return bands
    .filter(({key}) => periods.some((d) => d[parts[what][key]]))
    .map(({key, name}) => [name, colors[key]])
    .concat(periods.some((d) => !d.is_complete) ? [["not over yet", colors.returning, "hatched"]] : []);
}

// Bars by period, split into new and returning customers; what: revenue or orders.
export function bars(periods, what, {width, format, axis, label}) {
  const labels = periods.map((d) => d.period_label);
  const long = periods.flatMap((d) =>
    bands.map(({key, name}) => ({...d, key, band: name, value: d[parts[what][key]]})).filter((d) => d.value)
  );
  const total = new Map(periods.map((d) => [d.period_label, d]));
  // Half an order is none: no more ticks than there are orders.
  const ticks = what === "orders" ? Math.min(5, Math.max(1, ...periods.map((d) => d.all_orders))) : 5;
  return Plot.plot({
    width,
    height: 250,
    marginLeft: 50,
    marginTop: 24,
    marginBottom: 36,
    style,
    ariaLabel: `${label} by period, bars`,
    x: {type: "band", domain: labels, padding: 0.22},
    y: {nice: true, tickFormat: axis, label, ticks, grid: true, tickSize: 0, labelArrow: "none"},
    marks: [
      ...bands.map(({key}) => hatch(`hatch-${what}-${key}`, colors[key])),
      periodAxis(labels, width - 60),
      Plot.barY(long, {
        x: "period_label",
        y: "value",
        fill: (d) => (d.is_complete ? colors[d.key] : `url(#hatch-${what}-${d.key})`),
        stroke: (d) => (d.is_complete ? "none" : colors[d.key]),
        order: (d) => bands.findIndex((b) => b.key === d.key)
      }),
      Plot.ruleY([0], {stroke: colors.faint}),
      Plot.tip(
        periods,
        Plot.pointerX({
          x: "period_label",
          y: what === "revenue" ? (d) => Math.max(0, d.all_revenue) : "all_orders",
          title: ({period_label}) => {
            const d = total.get(period_label);
            return [
              d.name + (d.is_complete ? "" : ", not over yet"),
              ...bands.filter(({key}) => d[parts[what][key]]).map(({key, name}) => `${name}: ${format(d[parts[what][key]])}`)
            ].join("\n");
          }
        })
      )
    ]
  });
}

// Where an axis of shares ends: not so low that its ticks would all be 0 %.
const shareTop = (share) => Math.min(1, Math.max(0.05, share));

// The share of the last 12 months' customers who ordered more than once in them.
export function repeatRateOverTime(periods, {width}) {
  const known = periods.filter((d) => d.trailing_12_months_repeat_rate != null);
  const labels = known.map((d) => d.period_label);
  const complete = known.filter((d) => d.is_complete);
  const rate = "trailing_12_months_repeat_rate";
  return Plot.plot({
    width,
    height: 270,
    marginLeft: 50,
    marginTop: 24,
    marginRight: 16,
    marginBottom: 36,
    style,
    ariaLabel: "Repeat rate of the last 12 months by period, line",
    x: {type: "point", domain: labels, padding: 0.3},
    y: {
      domain: [0, shareTop(1.25 * Math.max(...known.map((d) => d[rate])))],
      tickFormat: (x) => percent(x, 0),
      nice: true,
      label: "ordered more than once",
      ticks: 5,
      grid: true,
      tickSize: 0,
      labelArrow: "none"
    },
    marks: [
      periodAxis(labels, width - 66),
      Plot.ruleY([0], {stroke: colors.faint}),
      // dashed to the last, of which not all is known
      Plot.lineY(known.slice(-2), {x: "period_label", y: rate, stroke: colors.returning, strokeWidth: 2, strokeDasharray: "3 4"}),
      Plot.lineY(complete, {x: "period_label", y: rate, stroke: colors.returning, strokeWidth: 2.5}),
      Plot.dot(known, {
        x: "period_label",
        y: rate,
        r: 3.5,
        fill: (d) => (d.is_complete ? colors.returning : "#fff"),
        stroke: colors.returning
      }),
      Plot.text(complete.slice(-1), {
        x: "period_label",
        y: rate,
        text: (d) => percent(d[rate]),
        dy: -14,
        fontWeight: 600,
        fill: colors.ink
      }),
      Plot.tip(
        known,
        Plot.pointerX({
          x: "period_label",
          y: rate,
          title: (d) => `12 months to ${d.name}${d.is_complete ? "" : ", not over yet"}\n${percent(d[rate])} ordered more than once`
        })
      )
    ]
  });
}

// ---- who comes and who goes ------------------------------------------------------

const flows = [
  {key: "retained", name: "Ordered in the one before, too", color: colors.returning},
  {key: "resurrected", name: "Came back after a pause", color: colors.new},
  {key: "new", name: "New", color: colors.mark},
  {key: "lapsed", name: "Not back from the one before", color: colors.guests}
];

export const lifecycleLegend = (rows) => flows.filter(({key}) => rows.some((d) => d[key])).map(({name, color}) => [name, color]);

// Customers of a period above the line, those of the one before who have none in it below.
export function lifecycleBars(rows, {width, unit}) {
  const labels = rows.map((d) => d.period_label);
  // Who has lapsed is not known before the period is over.
  const long = rows.flatMap((d) =>
    flows
      .filter(({key}) => d[key] && (key !== "lapsed" || d.is_complete))
      .map(({key}) => ({...d, key, value: key === "lapsed" ? -d[key] : d[key]}))
  );
  return Plot.plot({
    width,
    height: 270,
    marginLeft: 50,
    marginTop: 24,
    marginBottom: 36,
    style,
    ariaLabel: `Customers who come and go by ${unit}, bars`,
    x: {type: "band", domain: labels, padding: 0.22},
    y: {nice: true, tickFormat: (n) => count(Math.abs(n)), label: `ordered in the ${unit}`, ticks: 5, grid: true, tickSize: 0, labelArrow: "none"},
    marks: [
      ...flows.map(({key, color}) => hatch(`hatch-lifecycle-${key}`, color)),
      periodAxis(labels, width - 60),
      Plot.barY(long, {
        x: "period_label",
        y: "value",
        fill: (d) => (d.is_complete ? flowColor(d.key) : `url(#hatch-lifecycle-${d.key})`),
        stroke: (d) => (d.is_complete ? "none" : flowColor(d.key)),
        order: (d) => flows.findIndex(({key}) => key === d.key),
        className: "lifecycle"
      }),
      Plot.ruleY([0], {stroke: colors.faint}),
      Plot.tip(
        rows,
        Plot.pointerX({
          x: "period_label",
          y: "closing",
          title: (d) =>
            [
              `${periodName(d.period_label)}: ${plural(d.closing, "customer")}${d.is_complete ? "" : ", not over yet"}`,
              ...flows.filter(({key}) => key !== "lapsed" || d.is_complete).map(({key, name}) => `${name}: ${count(d[key])}`)
            ].join("\n")
        })
      )
    ]
  });
}

const flowColor = (key) => flows.find((d) => d.key === key).color;

// ---- cohorts -----------------------------------------------------------------

// The latest cohorts, and their first periods: more would not be readable.
const mostCohorts = 24;
const mostIndexes = 24;

export function shownCohorts(rows) {
  const latest = new Set([...new Set(rows.map((d) => d.cohort_label))].slice(-mostCohorts));
  return rows.filter((d) => latest.has(d.cohort_label) && d.period_index < mostIndexes);
}

// The mean over the cohorts, by their customers and of complete cells only.
export function cohortAverage(cells) {
  const sums = new Map();
  for (const d of cells) {
    if (!d.is_complete) continue;
    const sum = sums.get(d.period_index) ?? {period_index: d.period_index, active: 0, size: 0};
    sum.active += d.active;
    sum.size += d.cohort_size;
    sums.set(d.period_index, sum);
  }
  return [...sums.values()].map((d) => ({...d, retention: d.active / d.size, is_complete: true}));
}

const tiny = (d) => d.cohort_size < least;

// A row a cohort, a column a period after the first order. Index 0 is everybody, by definition.
// average: what cohortAverage says of all cohorts, shown or not.
export function cohortHeatMap(cells, average, {width, unit}) {
  const sizes = new Map(cells.map((d) => [d.cohort_label, d.cohort_size]));
  const rows = [...sizes.keys(), "all"];
  const rowed = cells.map((d) => ({...d, row: d.cohort_label}));
  const columns = 1 + Math.max(...cells.map((d) => d.period_index));
  const means = average.filter((d) => d.period_index < columns).map((d) => ({...d, row: "all"}));
  // A few cohorts of a few customers should not make all the others pale.
  const rest = cells.filter((d) => d.period_index > 0 && d.is_complete && !tiny(d));
  const top = Math.max(0.05, Math.ceil(20 * (quantile(rest.map((d) => d.retention), 0.98) ?? 0)) / 20);
  const color = Plot.scale({color: {type: "linear", domain: [0, top / 3, (2 * top) / 3, top], range: heat, clamp: true}});
  const narrow = (width - 150) / columns < 34;
  // A share of one or two customers would be news of nobody.
  const number = (d) => (tiny(d) ? `${count(d.active)}/${count(d.cohort_size)}` : percent(d.retention, 0).replace(narrow ? "\u00a0%" : "", ""));
  const fill = (d) => (!d.is_complete ? "url(#hatch-cell)" : d.period_index === 0 ? "#e3e7e9" : tiny(d) ? "#f3f5f6" : color.apply(d.retention));
  const ink = (d) => (d.is_complete && d.period_index > 0 && !tiny(d) && d.retention > 0.84 * top ? "#fff" : colors.ink);
  const chart = Plot.plot({
    width,
    height: 64 + 21 * rows.length,
    marginLeft: 138,
    marginTop: 46,
    marginRight: 0,
    marginBottom: 4,
    padding: 0.06,
    style: {...style, fontSize: "11.5px"},
    ariaLabel: "Cohort heat map",
    x: {type: "band", domain: [...Array(columns).keys()], axis: null},
    y: {type: "band", domain: rows, axis: null},
    marks: [
      hatch("hatch-cell", "#dfe6e9"),
      Plot.axisX({anchor: "top", tickSize: 0, label: null, tickFormat: String}),
      Plot.text([`${unit}s after the first order →`], {frameAnchor: "top-left", dy: -38, fill: colors.faint}),
      Plot.text(["first order in"], {frameAnchor: "top-left", dx: -138, dy: -18, fill: colors.faint}),
      Plot.text(["customers"], {frameAnchor: "top-left", dx: -64, dy: -18, fill: colors.faint}),
      Plot.text(rows, {
        y: (d) => d,
        text: (d) => (d === "all" ? "All together" : periodName(d)),
        frameAnchor: "left",
        textAnchor: "start",
        dx: -138,
        fontWeight: (d) => (d === "all" ? 600 : 400)
      }),
      Plot.text([...sizes], {y: (d) => d[0], text: (d) => count(d[1]), frameAnchor: "left", textAnchor: "end", dx: -10}),
      Plot.cell(rowed, {
        x: "period_index",
        y: "row",
        fill,
        stroke: (d) => (d.is_complete ? "none" : "#b9c4c9"),
        className: "cells"
      }),
      Plot.cell(means, {x: "period_index", y: "row", fill}),
      Plot.text(rowed, {x: "period_index", y: "row", text: number, fill: ink, className: "numbers"}),
      Plot.text(means, {x: "period_index", y: "row", text: number, fill: ink, fontWeight: 600, className: "means"}),
      Plot.tip(
        rowed,
        Plot.pointer({
          x: "period_index",
          y: "row",
          title: (d) =>
            `${count(d.active)} of ${plural(d.cohort_size, "customer")}\nwho first ordered in ${periodName(d.cohort_label)}\n` +
            `ordered in ${periodName(d.period_label)}${d.is_complete ? "" : ", which is not over yet"}`
        })
      )
    ]
  });
  return {chart, top, colors: heat};
}

// The cohorts of whom a line is drawn: the latest, and not those of a few customers.
export function latestCohorts(rows) {
  const sized = rows.filter((d) => d.cohort_size >= least && d.customer_value != null);
  return shownCohorts(sized);
}

// What a customer of them has paid by a period after the first order: the mean over those that have come so far.
// At the end these are one cohort or two, and no mean of all.
export function averageValue(cells) {
  const sums = new Map();
  for (const d of cells) {
    if (!d.is_complete) continue;
    const sum = sums.get(d.period_index) ?? {period_index: d.period_index, cohorts: 0, revenue: 0, size: 0};
    sum.cohorts += 1;
    sum.revenue += d.cumulative_revenue;
    sum.size += d.cohort_size;
    sums.set(d.period_index, sum);
  }
  const fewest = Math.min(3, sums.get(0)?.cohorts ?? 0);
  return [...sums.values()]
    .filter((d) => d.cohorts >= fewest)
    .sort((a, b) => a.period_index - b.period_index)
    .map((d) => ({...d, customer_value: d.revenue / d.size}));
}

// A line a cohort, the latest the darkest, and one of all.
export function cohortValues(cells, average, {width, unit, money}) {
  const known = cells.filter((d) => d.is_complete);
  const labels = [...new Set(known.map((d) => d.cohort_label))];
  const shade = Plot.scale({color: {type: "linear", domain: [0, Math.max(1, labels.length - 1)], range: ["#d3e4e9", "#3f8299"], interpolate: "rgb"}});
  return Plot.plot({
    width,
    height: 300,
    marginLeft: 50,
    marginTop: 24,
    marginRight: 58,
    marginBottom: 38,
    style,
    ariaLabel: "What customers have paid by period after the first order, a line a cohort",
    x: {
      domain: [0, Math.max(1, ...known.map((d) => d.period_index))],
      ticks: Math.min(12, Math.max(1, ...known.map((d) => d.period_index))),
      tickFormat: (x) => (Number.isInteger(x) ? String(x) : ""),
      label: `${unit}s after the first order`,
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 0
    },
    y: {zero: true, nice: true, tickFormat: money.axis, label: "paid by a customer", ticks: 5, grid: true, tickSize: 0, labelArrow: "none"},
    marks: [
      Plot.ruleY([0], {stroke: colors.faint}),
      Plot.lineY(known, {
        x: "period_index",
        y: "customer_value",
        z: "cohort_label",
        stroke: (d) => shade.apply(labels.indexOf(d.cohort_label)),
        strokeWidth: 1.4,
        className: "cohort-lines"
      }),
      Plot.dot(known.filter((d) => d.period_index === 0), {
        x: "period_index",
        y: "customer_value",
        r: 2,
        fill: (d) => shade.apply(labels.indexOf(d.cohort_label))
      }),
      Plot.lineY(average, {x: "period_index", y: "customer_value", stroke: colors.ink, strokeWidth: 2.8}),
      Plot.text(average.slice(-1), {
        x: "period_index",
        y: "customer_value",
        text: (d) => money.whole(d.customer_value),
        textAnchor: "start",
        dx: 6,
        fontWeight: 600,
        fill: colors.ink
      }),
      Plot.tip(
        known,
        Plot.pointer({
          x: "period_index",
          y: "customer_value",
          title: (d) =>
            `${plural(d.cohort_size, "customer")} who first ordered in ${periodName(d.cohort_label)}\n` +
            `have each paid ${money.cents(d.customer_value)} by ${periodName(d.period_label)}`
        })
      )
    ]
  });
}

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
}

// ---- the others ----------------------------------------------------------------

// The ticks of days: those of a shop's calendar, as far as the days go.
function dayTicks(last, narrow) {
  if (last < 14) return [...Array(last + 1).keys()];
  const days =
    last < 60 ? [0, 7, 14, 21, 28, 35, 42, 49, 56] : narrow && last > 180 ? [0, 90, 180, 270, 365] : [0, 30, 60, 90, 120, 180, 240, 300, 365];
  return days.filter((d) => d <= last);
}

// The share that ordered a second time within so many days of the first, with its interval.
export function repeatCurve(rows, {width}) {
  const narrow = width < 420;
  const last = rows.at(-1).days;
  const known = (narrow ? [90, 180, 365] : [30, 90, 180, 365]).filter((day) => day <= last);
  // The last, too, unless its label would run into the one before.
  if (last - (known.at(-1) ?? 0) > (narrow ? 0.2 : 0.1) * last) known.push(last);
  const marked = rows.filter((d) => known.includes(d.days));
  return Plot.plot({
    width,
    height: 270,
    marginLeft: 50,
    marginTop: 24,
    marginRight: 22,
    marginBottom: 38,
    style,
    ariaLabel: "Share of customers with a second order, by days since the first",
    x: {
      domain: [0, last],
      ticks: dayTicks(last, narrow),
      tickFormat: String,
      label: "days since the first order",
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 0
    },
    y: {
      domain: [0, shareTop(1.15 * Math.max(...rows.map((d) => d.upper)))],
      nice: true,
      insetTop: 14, // for the labels of a curve that ends at 100 %
      tickFormat: (x) => percent(x, 0),
      label: "customers with a second order",
      ticks: 5,
      grid: true,
      tickSize: 0,
      labelArrow: "none"
    },
    marks: [
      Plot.ruleY([0], {stroke: colors.faint}),
      Plot.areaY(rows, {x: "days", y1: "lower", y2: "upper", fill: colors.new, fillOpacity: 0.4}),
      Plot.lineY(rows, {x: "days", y: "rate", stroke: colors.returning, strokeWidth: 2.5}),
      Plot.dot(marked, {x: "days", y: "rate", r: 3.5, fill: colors.returning}),
      Plot.text(marked, {
        x: "days",
        y: "rate",
        text: (d) => percent(d.rate, 0),
        dx: -12,
        dy: -11,
        fontWeight: 600,
        fill: colors.ink,
        stroke: "#fff",
        strokeOpacity: 0.7,
        strokeWidth: 4
      }),
      Plot.tip(
        rows,
        Plot.pointerX({
          x: "days",
          y: "rate",
          title: (d) =>
            `Within ${within(d.days)}: ${percent(d.rate)}\nbetween ${percent(d.lower)} and ${percent(d.upper)} (95 %)\n` +
            `of ${plural(d.eligible, "customer")} who had the time`
        })
      )
    ]
  });
}

// What a customer has paid on average at a given age, of those who are that old.
export function valueByAge(rows, {width, money}) {
  const last = rows.at(-1).age_days;
  // Where there is room for a number.
  const apart = rows.filter((d) => d.age_days === 0 || d.age_days >= (width < 420 ? 0.2 : 0.1) * last);
  return Plot.plot({
    width,
    height: 300,
    marginLeft: 50,
    marginTop: 24,
    marginRight: 22,
    marginBottom: 38,
    style,
    ariaLabel: "What a customer has paid by days since the first order, line",
    x: {
      domain: [0, last],
      ticks: apart.map((d) => d.age_days),
      tickFormat: String,
      label: "days since the first order",
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 0
    },
    y: {
      domain: [0, Math.max(0.01, ...rows.map((d) => d.revenue_per_customer))],
      nice: true,
      insetTop: 14, // for the number of the last
      tickFormat: money.axis,
      label: "paid by a customer",
      ticks: 5,
      grid: true,
      tickSize: 0,
      labelArrow: "none"
    },
    marks: [
      Plot.ruleY([0], {stroke: colors.faint}),
      Plot.areaY(rows, {x: "age_days", y: "revenue_per_customer", fill: colors.new, fillOpacity: 0.25}),
      Plot.lineY(rows, {x: "age_days", y: "revenue_per_customer", stroke: colors.returning, strokeWidth: 2.5}),
      Plot.dot(rows, {x: "age_days", y: "revenue_per_customer", r: 3.5, fill: colors.returning}),
      // The first below the line, all others above it.
      ...[1, -1].map((side) =>
        Plot.text(apart.filter((d) => (d.age_days === 0) === (side > 0)), {
          x: "age_days",
          y: "revenue_per_customer",
          text: (d) => money.whole(d.revenue_per_customer),
          dx: 15 * side - 2,
          dy: 13 * side + (side > 0 ? 4 : 0),
          fontWeight: 600,
          fill: colors.ink,
          className: "value-numbers"
        })
      ),
      Plot.tip(
        rows,
        Plot.pointerX({
          x: "age_days",
          y: "revenue_per_customer",
          title: (d) =>
            `${d.age_days ? plural(d.age_days, "day") + " after" : "On the day of"} the first order\n` +
            `${money.cents(d.revenue_per_customer)} in ${ratio(d.orders_per_customer)} orders, on average\n` +
            `of ${plural(d.customers, "customer")} who are so old`
        })
      )
    ]
  });
}

// Of the customers with so many orders, the share that made the next within 90 days, of those who have had them.
export function orderLadder(rows, {width}) {
  const gap = (d) => (d.median_gap_days == null ? "" : `\nhalf of those who made it ever did within ${plural(d.median_gap_days, "day")}`);
  return Plot.plot({
    width,
    height: 270,
    marginLeft: 50,
    marginTop: 24,
    marginRight: 10,
    marginBottom: 38,
    style,
    ariaLabel: "Share of customers who make the next order within 90 days, by the number of their orders, bars",
    x: {
      type: "band",
      domain: rows.map((d) => d.order_number),
      tickFormat: String,
      label: "orders so far",
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 0,
      padding: 0.25
    },
    y: {
      domain: [0, shareTop(1.1 * Math.max(...rows.map((d) => d.eligible_rate)))],
      nice: true,
      tickFormat: (x) => percent(x, 0),
      label: "make the next within 90 days",
      ticks: 5,
      grid: true,
      tickSize: 0,
      labelArrow: "none"
    },
    marks: [
      Plot.barY(rows, {x: "order_number", y: "eligible_rate", fill: colors.returning, className: "ladder"}),
      Plot.text(rows, {
        x: "order_number",
        y: "eligible_rate",
        text: (d) => (width < 420 ? count(100 * d.eligible_rate) : percent(d.eligible_rate, 0)),
        dy: -8,
        fontSize: 11,
        fontWeight: 600,
        fill: colors.ink,
        className: "ladder-numbers"
      }),
      Plot.ruleY([0], {stroke: colors.faint}),
      Plot.tip(
        rows,
        Plot.pointerX({
          x: "order_number",
          y: "eligible_rate",
          title: (d) =>
            `${count(d.eligible_reached_next)} of ${plural(d.eligible, "customer")} with ${orders(d.order_number)}\nmade the next within 90 days${gap(d)}`
        })
      )
    ]
  });
}

// A mean number of orders: 1 order, 2.2 orders.
function orders(mean) {
  const text = String(+mean.toFixed(1));
  return text === "1" ? "1 order" : `${text} orders`;
}

// Each segment's share of the customers beside its share of the revenue.
export function segmentBars(segments, {width, money}) {
  const rows = segments.flatMap((d) => [
    {...d, key: "customers", share: d.share_of_customers, number: count(d.customers)},
    ...(d.share_of_revenue == null ? [] : [{...d, key: "revenue", share: d.share_of_revenue, number: money.whole(d.revenue)}])
  ]);
  const top = Math.max(...rows.map((d) => d.share));
  const left = 142;
  const right = 105; // for the number of the longest bar
  // A tick's label needs some 48 pixels.
  const step = [0.1, 0.2, 0.25, 0.5].find((s) => ((width - left - right) * s) / top >= 48) ?? 1;
  return Plot.plot({
    width,
    height: 30 + 36 * segments.length,
    marginLeft: 0,
    marginTop: 0,
    marginRight: 0,
    marginBottom: 30,
    style,
    ariaLabel: "Segments by share of customers and of revenue, bars",
    x: {
      domain: [0, top],
      ticks: Array.from({length: 1 + Math.floor(top / step)}, (_, i) => i * step),
      tickFormat: (x) => percent(x, 0),
      label: null,
      tickSize: 0,
      grid: true,
      insetLeft: left,
      insetRight: right
    },
    fy: {domain: segments.map((d) => d.segment), axis: null, padding: 0.22},
    y: {domain: ["customers", "revenue"], axis: null, padding: 0.08},
    marks: [
      Plot.barX(rows, {
        x: "share",
        y: "key",
        fy: "segment",
        fill: (d) => (d.key === "customers" ? colors.new : colors.returning),
        className: "segments"
      }),
      Plot.text(segments, {fy: "segment", text: "segment", frameAnchor: "left", dy: -7, fill: colors.ink, className: "names"}),
      Plot.text(segments, {
        fy: "segment",
        text: (d) => `${orders(d.mean_orders)}, ${ago(d.mean_recency_days)}`,
        frameAnchor: "left",
        dy: 7,
        fontSize: 11,
        fill: colors.faint
      }),
      Plot.text(rows, {
        x: "share",
        y: "key",
        fy: "segment",
        text: (d) => `${percent(d.share, 0)} · ${d.number}`,
        textAnchor: "start",
        dx: 5,
        fontSize: 11,
        fill: colors.faint
      }),
      Plot.tip(
        segments,
        Plot.pointerY({
          x: (d) => Math.max(d.share_of_customers, d.share_of_revenue ?? 0),
          fy: "segment",
          title: (d) =>
            `${d.segment}\n${plural(d.customers, "customer")}, ${money.whole(d.revenue)}\n` +
            `${orders(d.mean_orders)} each, the last ${ago(d.mean_recency_days)}`
        })
      )
    ]
  });
}

// From the customers who paid most downwards: how much of the revenue they bring together.
export function concentrationCurve(rows, {width, height}) {
  const curve = [{share_of_customers: 0, share_of_revenue: 0}, ...rows];
  const at20 = rows.find((d) => d.percentile === 20);
  return Plot.plot({
    width,
    height,
    marginLeft: 50,
    marginTop: 24,
    marginRight: 22,
    marginBottom: 38,
    style,
    ariaLabel: "Share of revenue by share of customers, best first",
    x: {
      domain: [0, 1],
      tickFormat: (x) => percent(x, 0),
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
      label: "of the customers, those who paid most first",
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 0
    },
    y: {
      // refunds can bring the curve above 100 %
      domain: [0, Math.max(1, ...rows.map((d) => d.share_of_revenue))],
      tickFormat: (x) => percent(x, 0),
      label: "of the revenue",
      ticks: 5,
      grid: true,
      tickSize: 0,
      labelArrow: "none"
    },
    marks: [
      Plot.ruleY([0], {stroke: colors.faint}),
      Plot.areaY(curve.slice(0, 21), {x: "share_of_customers", y: "share_of_revenue", fill: colors.mark, fillOpacity: 0.14}),
      Plot.line(
        [
          [0, 0],
          [1, 1]
        ],
        {stroke: colors.faint, strokeDasharray: "2 4"}
      ),
      Plot.text([[1, 0.3]], {text: ["dotted: if all paid the same"], textAnchor: "end", fill: colors.faint}),
      Plot.lineY(curve, {x: "share_of_customers", y: "share_of_revenue", stroke: colors.returning, strokeWidth: 2.5}),
      Plot.link([at20], {
        x1: 0.2,
        x2: 0.2,
        y1: 0,
        y2: "share_of_revenue",
        stroke: colors.mark,
        strokeWidth: 1.5
      }),
      Plot.dot([at20], {x: "share_of_customers", y: "share_of_revenue", r: 4.5, fill: colors.mark}),
      // Low, where neither the curve nor the dotted line can be.
      Plot.text([at20], {
        x: "share_of_customers",
        y: 0,
        text: (d) => `20 % of the customers\n${percent(d.share_of_revenue, 0)} of the revenue`,
        textAnchor: "start",
        lineAnchor: "bottom",
        dx: 8,
        dy: -6,
        lineHeight: 1.3,
        fontWeight: 600,
        fill: colors.ink,
        stroke: "#fff",
        strokeWidth: 4
      }),
      Plot.tip(
        rows,
        Plot.pointerX({
          x: "share_of_customers",
          y: "share_of_revenue",
          title: (d) => `The best ${d.percentile} % (${plural(d.customers, "customer")})\nbring ${percent(d.share_of_revenue)} of the revenue`
        })
      )
    ]
  });
}
