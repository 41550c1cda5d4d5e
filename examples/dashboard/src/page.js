// The page: what it says of a shop, and in what order, made of what data/shop.json.sh prints.
import {
  averageValue, bandLegend, bars, cohortAverage, cohortHeatMap, cohortValues, colors, concentrationCurve, latestCohorts, lifecycleBars, lifecycleLegend,
  orderLadder, repeatCurve, repeatRateOverTime, segmentBars, shownCohorts, valueByAge
} from "./components/charts.js";
import {card, choice, el, legend, note, responsive, saveAs} from "./components/dom.js";
import {count, day, money as moneyIn, name as nameOf, percent, periodName, plural} from "./components/format.js";
import {kpiCards} from "./components/kpis.js";
import {lastChange, most, shownPeriods, totalsOf} from "./components/periods.js";
import {few, least, shownRepeat, within} from "./components/repeat.js";
import {rowsTable, winBackTable} from "./components/tables.js";

const share = (part, whole) => percent(part / whole, 0);
const pair = (...cards) => el("div", {class: "two"}, cards);

const bySegment = (view) => (view === "kpi_by_period" ? "kpi_by_segment_and_period" : `${view}_by_segment`);
const valueName = (value) => (value === null ? "(none)" : value === "" ? "(empty)" : value);
const literal = (text) => `'${text.replaceAll("'", "''")}'`;

// What the page is made of, for a part of the shop: the rows of the views by segment that are of it.
function answersOf(answers, {segment, value}) {
  const rows = Object.entries(answers.parts).map(([view, all]) => [view, all.filter((d) => d.segment === segment && d.value === value)]);
  return {...answers, ...Object.fromEntries(rows)};
}

// The page of the whole shop, or of a part of it that is chosen.
export function page(answers) {
  const parts = answers.parts?.kpi ?? [];
  if (!parts.length) return el("div", {class: "page"}, shopPage(answers, null));
  const of = (segment) => parts.filter((d) => d.segment === segment).sort((a, b) => b.all_revenue - a.all_revenue);
  const names = [...new Set(parts.map((d) => d.segment))].sort();
  const content = el("div", {});
  const values = el("span", {});
  const show = (part) => content.replaceChildren(...shopPage(part ? answersOf(answers, part) : answers, part));
  const chooseSegment = (place) => {
    const segment = names[place];
    const rows = segment === undefined ? [] : of(segment);
    const chooseValue = (i) => show(rows[i] ?? null);
    values.replaceChildren(...(rows.length ? [choice("value", ": ", rows.map((d, i) => [String(i), valueName(d.value)]), "0", chooseValue)] : []));
    chooseValue(0);
  };
  const options = [["", "the whole shop"], ...names.map((name, i) => [String(i), name])];
  show(null);
  return el("div", {class: "page"}, el("div", {class: "controls", id: "part"}, choice("segment", "Show ", options, "", chooseSegment), values), content);
}

function shopPage(answers, part) {
  const {about} = answers;
  const kpi = answers.kpi[0];
  const options = answers.retention_options[0];
  // "week from sunday" is a week, and "28 days" a 28-day run
  const unit = options.period.replace(/ from .*/, "").replace(/^(\d+) days/, "$1-day run");
  const money = moneyIn(about.currency);
  const view = (name) =>
    part
      ? `${about.schema}.${bySegment(name)} WHERE segment = ${literal(part.segment)} AND value ${part.value === null ? "IS NULL" : `= ${literal(part.value)}`}`
      : `${about.schema}.${name}`;
  const all = shownPeriods(answers.kpi_by_period);
  const {last, before} = lastChange(all);
  const later = answers.kpi_by_period.slice(all.length).reduce((sum, d) => sum + d.all_revenue, 0);
  const open = all.find((d) => !d.is_complete);

  function head() {
    const title = about.file ? ["The shop of ", nameOf(about.file)] : ["How the shop is doing"];
    const lead = kpi.customers
      ? `Orders from ${day(kpi.first_order)} to ${day(kpi.last_order)}.` +
        (open ? ` ${open.name} may not be over yet: it is hatched and left out of the comparisons.` : "")
      : "There are no orders of known customers yet.";
    return [
      el("h1", {}, title),
      el("p", {class: "lead"}, lead),
      el("div", {class: "kpis"}, kpiCards(kpi, part ? null : answers.outlook[0], options, {last, before}, money))
    ];
  }

  // What is of periods, of those that are chosen.
  function byPeriod() {
    const content = el("div", {});
    const chosen = {from: all.slice(-most)[0].period_label, until: all.at(-1).period_label};
    const names = all.map((d) => [d.period_label, d.name]);
    const choose = (end) => (label) => {
      chosen[end] = label;
      draw();
    };
    const totals = el("span", {class: "totals"});
    function draw() {
      const place = (label) => all.findIndex((d) => d.period_label === label);
      const periods = all.slice(place(chosen.from), place(chosen.until) + 1);
      totals.replaceChildren(periods.length ? totalsOf(periods, money) : "No period: it ends before it begins.");
      content.replaceChildren(...(periods.length ? charts(periods.slice(-most)) : []));
    }
    draw();
    return [
      el("div", {class: "controls", id: "window"}, choice("from", "From ", names, chosen.from, choose("from")), choice("until", "to ", names, chosen.until, choose("until")), totals),
      content
    ];
  }

  function charts(periods) {
    const {last} = lastChange(periods);
    const revenueTitle =
      last?.all_revenue > 0
        ? `${share(last.returning_revenue, last.all_revenue)} of the revenue of ${last.name} came from returning customers`
        : "Revenue of new and of returning customers";
    const ordersTitle =
      last?.all_orders > 0
        ? `Orders of ${last.name}: ${count(last.all_orders)}, ` +
          `${few(last.all_orders) ? last.returning_orders : share(last.returning_orders, last.all_orders)} of them by returning customers`
        : "Orders of new and of returning customers";
    const trailing = periods.filter((d) => d.trailing_12_months_repeat_rate != null);
    const rated = trailing.filter((d) => d.is_complete).at(-1);
    const ratedCount = rated?.trailing_12_months_customers;
    const labels = new Set(periods.map((d) => d.period_label));
    const flows = answers.lifecycle.filter((d) => labels.has(d.period_label));
    const flow = flows.filter((d) => d.is_complete).at(-1);
    return [
      pair(
        card(
          "revenue",
          view("kpi_by_period"),
          revenueTitle,
          `New: first order in that ${unit}. Refunds are subtracted in their own ${unit}.` +
            (later ? ` Not shown: ${money.whole(-later)} of refunds after the last order's ${unit}.` : ""),
          legend(bandLegend(periods, "revenue")),
          responsive((width) => bars(periods, "revenue", {width, format: money.whole, axis: money.axis, label: `revenue a ${unit}`}))
        ),
        card(
          "orders",
          view("kpi_by_period"),
          ordersTitle,
          "A refund is no order.",
          legend(bandLegend(periods, "orders")),
          responsive((width) => bars(periods, "orders", {width, format: count, axis: count, label: `orders a ${unit}`}))
        )
      ),
      kpi.customers
        ? pair(
            flows.length > 1
              ? card(
                  "lifecycle",
                  view("lifecycle"),
                  flow
                    ? `${periodName(flow.period_label)}: ${plural(flow.new, "new customer")}, ${count(flow.resurrected)} came back, ${count(flow.lapsed)} paused or left`
                    : "Who comes and who goes",
                  `Customers with an order in the ${unit}. Below the line: those of the ${unit} before who have none in it.`,
                  legend(lifecycleLegend(flows)),
                  responsive((width) => lifecycleBars(flows, {width, unit}))
                )
              : note("lifecycle", "Who comes and who goes", `That takes more than one ${unit}.`),
            trailing.length
              ? card(
                  "repeat-rate",
                  view("kpi_by_period"),
                  rated
                    ? (few(ratedCount) ? `${rated.trailing_12_months_repeat_customers} of ${plural(ratedCount, "customer")}` : `${percent(rated.trailing_12_months_repeat_rate, 0)} of those`) +
                        ` who ordered in the 12 months to ${rated.name} did so more than once`
                    : "Who orders more than once in 12 months",
                  "Each point looks back on the 12 months that end with it.",
                  responsive((width) => repeatRateOverTime(trailing, {width}))
                )
              : note("repeat-rate", "The repeat rate over 12 months appears here after a year of orders")
          )
        : null
    ].filter(Boolean);
  }

  function cohorts() {
    const cells = shownCohorts(answers.cohort_retention);
    if (!cells.length) return [];
    const average = cohortAverage(answers.cohort_retention);
    const {top, colors: heat} = cohortHeatMap(cells, average, {width: 1000, unit});
    const next = average.find((d) => d.period_index === 1);
    const cut = cells.length < answers.cohort_retention.length ? " The latest are shown; the last row is of all." : "";
    return [
      card(
        "cohorts",
        view("cohort_retention"),
        !next
          ? "Who comes back"
          : few(next.size)
            ? `${next.active} of ${plural(next.size, "new customer")} ordered again in the next ${unit}`
            : `${percent(next.retention, 0)} of the new customers of a ${unit} order again in the next`,
        `Each row: the customers who first ordered in that ${unit}. Each cell: the share of them who ordered in a later one` +
          (cells.some((d) => d.cohort_size < least) ? `, and how many where they are fewer than ${least}.${cut}` : `.${cut}`),
        el(
          "div",
          {class: "legend"},
          next ? el("span", {}, "0\u00a0%", el("i", {class: "scale", style: `--c: ${heat.join(", ")}`}), percent(top, 0) + (top < 1 ? " or more" : "")) : null,
          el("span", {}, el("i", {style: "--c: #e3e7e9"}), part ? `the ${unit} of the first order, wherever that was` : "everybody, by definition"),
          el("span", {}, el("i", {class: "hatched", style: "--c: #b9c4c9"}), `${unit} not over yet`)
        ),
        el("div", {class: "wide"}, responsive((width) => cohortHeatMap(cells, average, {width: Math.max(width, 860), unit}).chart))
      )
    ];
  }

  // What customers are worth, and who orders again.
  function value() {
    const cells = latestCohorts(answers.cohort_retention);
    const average = averageValue(cells);
    const at = average.findLast((d) => d.period_index > 0 && d.period_index <= 6) ?? null;
    const those = cells.filter((d) => d.period_index === at?.period_index && d.is_complete && !few(d.cohort_size)).map((d) => d.customer_value);
    const repeat = shownRepeat(answers.repeat_within);
    const steps = answers.order_ladder.filter((d) => d.eligible >= least).slice(0, 12);
    const [first] = steps;
    const later = steps.findLast((d) => d.order_number <= 5 && !few(d.eligible));
    const ages = answers.value_by_age.filter((d) => !few(d.customers));
    const [young, old] = [ages.find((d) => d.age_days === 30), ages.at(-1)];
    return [
      pair(
        young
          ? card(
              "value-by-age",
              view("value_by_age"),
              `30 days after the first order a customer has paid ${money.cents(young.revenue_per_customer)}` +
                (old === young ? "" : `, ${within(old.age_days)} after it ${money.cents(old.revenue_per_customer)}`),
              "At each age only of customers who are that old, so that young ones don't look poor.",
              responsive((width) => valueByAge(ages, {width, money}))
            )
          : note("value-by-age", "What a customer has paid at what age", "Too few customers have had 30 days yet."),
        at
          ? card(
              "cohort-value",
              view("cohort_retention"),
              `${plural(at.period_index, unit)} after the first order a customer has paid ` +
                (those.length > 1 ? `${money.cents(Math.min(...those))} to ${money.cents(Math.max(...those))}, by cohort` : money.cents(at.customer_value)),
              `Each line: what a customer has paid on average who first ordered in that ${unit}, the latest the darkest. Thick: all together.`,
              responsive((width) => cohortValues(cells, average, {width, unit, money}))
            )
          : note("cohort-value", "What a customer is worth, by cohort", `That takes more than one ${unit} since the first orders, and customers enough.`)
      ),
      pair(
        repeat
          ? card(
              "repeat-curve",
              view("repeat_within"),
              repeat.title,
              "Only of customers who have had that many days. The band: where the true share lies, with 95 % certainty.",
              responsive((width) => repeatCurve(repeat.days, {width}))
            )
          : note("repeat-curve", "Who orders a second time, and how soon", "Too few customers have had the time yet."),
        steps.length
          ? card(
              "order-ladder",
              view("order_ladder"),
              few(first.eligible)
                ? `${first.eligible_reached_next} of ${plural(first.eligible, "customer")} made a second order within 90 days`
                : `${percent(first.eligible_rate, 0)} make a second order within 90 days` +
                    (later?.order_number > 1 ? `, ${percent(later.eligible_rate, 0)} of those with ${later.order_number} the next` : ""),
              "Of the customers with so many orders: how many made the next within 90 days, of those who have had that time.",
              responsive((width) => orderLadder(steps, {width}))
            )
          : note("order-ladder", "From each order to the next", "Too few customers have had 90 days yet.")
      )
    ];
  }

  function segments() {
    const rows = answers.rfm_segments;
    const concentration = answers.revenue_concentration;
    const best = rows[0];
    const at20 = concentration.find((d) => d.percentile === 20);
    const height = 30 + 36 * rows.length;
    if (kpi.customers < least)
      return [
        note(
          "segments",
          "Segments, and what the best customers bring",
          `Customers are compared with each other: that takes more than ${plural(kpi.customers, "customer")}.`
        )
      ];
    if (!rows.length) return [];
    return [
      pair(
        card(
          "segments",
          view("rfm_segments"),
          `${best.segment}: ${percent(best.share_of_customers, 0)} of the customers` +
            (best.share_of_revenue == null ? "" : `, ${percent(best.share_of_revenue, 0)} of the revenue`),
          "Customers by how often they have ordered, and how long ago the last time was.",
          legend([
            ["share of the customers", colors.new],
            ["share of the revenue", colors.returning]
          ]),
          responsive((width) => segmentBars(rows, {width, money}))
        ),
        at20?.share_of_revenue == null
          ? null
          : card(
              "concentration",
              view("revenue_concentration"),
              `The best 20 % of the customers bring ${percent(at20.share_of_revenue, 0)} of the revenue`,
              "The further the curve is from the dotted line, the more the shop lives by few.",
              responsive((width) => concentrationCurve(concentration, {width, height: Math.max(300, height + 24)}))
            )
      )
    ];
  }

  function tables() {
    const silent = answers.customers;
    const rows = answers.excluded_rows;
    return [
      silent.length
        ? card(
            "win-back",
            view("customers"),
            "Silent for long, at risk or dormant: customers to win back",
            "Silent for longer than 9 of 10 pauses between two orders last (at risk), or twice that (dormant). " +
              (silent.some((d) => d.expected_revenue_12_months != null) ? "Those first of whom most is expected." : "Those first who have paid most."),
            winBackTable(silent, money),
            saveAs("win-back.csv", silent)
          )
        : null,
      rows.length ? card("rows", view("excluded_rows"), "Where every row of the order table went", null, rowsTable(rows, about.left_out, money)) : null
    ].filter(Boolean);
  }

  function ofWhole() {
    return [note("of-whole", "A part of the shop", "A customer who has ordered in several parts is in each of these. Who is new is new to the whole shop. What is expected, who is worth winning back and where the rows went is told of the whole shop.")];
  }

  const foot = el(
    "p",
    {class: "foot"},
    (about.currency ? "" : "Amounts are in the currency of the orders. ") +
      `Days are those of ${options.time_zone}. ` +
      "All numbers are those of the views that retention_create_views makes; each of their columns has a comment that says what it counts."
  );
  return [head(), all.length ? byPeriod() : [], kpi.customers ? [cohorts(), value(), part ? [] : segments()].flat() : [], part ? ofWhole() : tables(), foot].flat();
}
