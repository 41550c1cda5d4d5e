// node test/browser.mjs SITES [PNG]
//
// Opens the site of the demo shop (SITES/shop), and its page and those of the small ones
// as single files (SITES/NAME.html), in
// Chromium and compares what stands on the pages with what the views say: psql
// formats the numbers here, and JavaScript there. Needs psql's variables (PGHOST
// ...) for that; a page has the name of its views' schema. The pages must ask
// nothing of any other machine and must log no error. With PNG: takes a picture of
// the demo shop's page.
//
// CHROMIUM: the browser, if it is not on the PATH. The last line counts the tests.

import {execFileSync} from "node:child_process";
import {readFile, stat} from "node:fs/promises";
import {createServer} from "node:http";
import {extname, join, normalize} from "node:path";
import {pathToFileURL} from "node:url";
import {chromium} from "playwright-core";

const [sites, png] = process.argv.slice(2);
if (!sites) throw new Error("usage: browser.mjs SITES [PNG]");

// ---- the tests ---------------------------------------------------------------

let passed = 0;
let failed = 0;

function check(name, ok, detail = "") {
  if (ok) ++passed;
  else ++failed;
  console.log(`${ok ? "ok" : "not ok"} - ${name}${ok || detail === "" ? "" : `\n  ${detail}`}`);
}

const same = (name, is, should) => check(name, is === should, `is: ${is}\n  should be: ${should}`);

// ---- the views ---------------------------------------------------------------

// The query's rows, as arrays of texts.
function rows(query, schema = "shop") {
  const args = ["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-v", `schema=${schema}`];
  const out = execFileSync("psql", args, {input: query, encoding: "utf8"});
  return out.split("\n").slice(0, -1).map((line) => line.split("\t"));
}

// ---- the site ----------------------------------------------------------------

const types = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"};

const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
  try {
    const body = await readFile(join(sites, path.endsWith("/") ? path + "index.html" : path));
    response.writeHead(200, {"content-type": types[extname(path) || ".html"] ?? "application/octet-stream"}).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  return execFileSync("sh", ["-c", "command -v chromium || command -v chromium-browser"], {encoding: "utf8"}).trim();
}

const browser = await chromium.launch({
  executablePath: findChromium(),
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
  ]
});

const foreign = [];
const errors = [];

const site = (shop) => `${origin}/${shop}/`;
const file = (shop) => String(pathToFileURL(join(sites, `${shop}.html`)));

// A page, when it has so many charts.
async function open(address, charts, options) {
  const context = await browser.newContext({deviceScaleFactor: 1, locale: "en-US", timezoneId: "America/Los_Angeles", ...options});
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (/^(data|blob):/.test(url) || url.startsWith(origin + "/") || url === address) return route.continue();
    foreign.push(url);
    return route.abort();
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 400 && !response.url().endsWith("/favicon.ico")) errors.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(address);
  await page.waitForSelector(".foot", {timeout: 30000});
  await page.waitForFunction((charts) => document.querySelectorAll(".card svg[class^=plot]").length >= charts, charts, {timeout: 30000});
  return page;
}

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// Spaces of any kind are one space, as to the eye.
const reader = (page) => async (selector) => (await page.locator(selector).allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());

// All that can be read on a page, in charts too.
const wholeText = async (page) => (await page.locator("body").innerText()) + " " + (await page.locator("svg text").allTextContents()).join(" ");

// No number with more digits than a person reads, none that is not one, and no plural of one.
function checkWords(shop, body) {
  for (const [name, wrong] of [
    ["no long decimals", /.{0,40}\.\d{3,}/],
    ["no NaN, null, undefined", /.{0,40}\b(NaN|null|undefined|Infinity)\b/],
    ["one day is a day", /.{0,40}(?<![\d.,])[01]\s(days|customers|rows)\b/]
  ])
    check(`${shop}: ${name}`, !wrong.test(body), body.match(wrong)?.[0]);
}

try {
  const page = await open(site("shop"), 11, {viewport: {width: 1280, height: 900}});
  const texts = reader(page);
  const text = async (selector) => (await texts(selector)).join(" | ");

  // The numbers at the top.
  const [kpi] = rows(`
    SELECT to_char(kpi.customers, 'FM999,999,990'), to_char(all_orders, 'FM999,999,990'), to_char(all_revenue, 'FM€999,999,990'),
           to_char(aov, 'FM€999,990.00'), to_char(100 * repeat_rate::numeric, 'FM990.0" %"'), to_char(purchase_frequency, 'FM990.00'),
           to_char(customer_value, 'FM€999,990.00'), to_char(expected_revenue_per_customer, 'FM€999,990.00'),
           to_char(first_order, 'FMDD Mon YYYY'), to_char(last_order, 'FMDD Mon YYYY')
    FROM :"schema".kpi, :"schema".outlook;`);
  const names = ["customers", "orders", "revenue", "aov", "repeat-rate", "frequency", "customer-value", "expected"];
  for (const [i, name] of names.entries()) same(`kpi ${name}`, await text(`#kpi-${name} .value`), kpi[i]);
  check("first and last order", (await text(".lead")).startsWith(`Orders from ${kpi[8]} to ${kpi[9]}.`), await text(".lead"));

  // The changes: of the last period that is over for sure on the one before it.
  const [change] = rows(`
    WITH ended AS (
        SELECT *, lag(customers) OVER w AS customers_before, lag(all_orders) OVER w AS orders_before, lag(all_revenue) OVER w AS revenue_before,
               lag(aov) OVER w AS aov_before, lag(trailing_12_months_repeat_rate) OVER w AS rate_before, lag(customer_value) OVER w AS value_before,
               lag(purchase_frequency) OVER w AS frequency_before,
               lag(period_start) OVER w AS period_before
        FROM :"schema".kpi_by_period
        WHERE period_start < (SELECT max(period_start) FROM :"schema".kpi_by_period WHERE all_orders > 0)
        WINDOW w AS (ORDER BY period_start)
        ORDER BY period_start DESC
        LIMIT 1
    ), by AS (
        SELECT to_char(period_start, 'Mon YYYY') AS name, to_char(period_before, 'Mon YYYY') AS name_before,
               to_char(customers, 'FM999,990') AS customers, to_char(all_orders, 'FM999,990') AS orders,
               to_char(all_revenue, 'FM€999,990') AS revenue, to_char(aov, 'FM€999,990.00') AS aov,
               to_char(100 * trailing_12_months_repeat_rate::numeric, 'FM990.0" %"') AS rate, to_char(customer_value, 'FM€999,990.00') AS value,
               to_char(purchase_frequency, 'FM990.00') AS frequency,
               ARRAY[100.0 * customers / customers_before - 100, 100.0 * all_orders / orders_before - 100,
                     100 * all_revenue / revenue_before - 100, 100 * aov / aov_before - 100,
                     100 * (trailing_12_months_repeat_rate - rate_before)::numeric, (100 * purchase_frequency / frequency_before - 100)::numeric, 100 * customer_value / value_before - 100] AS by
        FROM ended
    ), said AS (
        SELECT by.*, ARRAY(SELECT CASE WHEN abs(c) < 0.05 THEN '± ' WHEN c > 0 THEN '▲ ' ELSE '▼ ' END || to_char(abs(c), 'FM990.0')
                           FROM unnest(by) WITH ORDINALITY AS u (c, n) ORDER BY n) AS c
        FROM by
    )
    SELECT name || ': ' || customers || ' ' || c[1] || ' % vs ' || name_before, name || ': ' || orders || ' ' || c[2] || ' % vs ' || name_before,
           name || ': ' || revenue || ' ' || c[3] || ' % vs ' || name_before, name || ': ' || aov || ' ' || c[4] || ' % vs ' || name_before,
           'In 12 months: ' || rate || ' ' || c[5] || ' points vs ' || name_before,
           name || ': ' || frequency || ' ' || c[6] || ' % vs ' || name_before, name || ': ' || value || ' ' || c[7] || ' % vs ' || name_before,
           (SELECT '95 times of 100 from ' || to_char(expected_revenue_per_customer_lower, 'FM€999,990.00') || ' to ' || to_char(expected_revenue_per_customer_upper, 'FM€999,990.00') FROM :"schema".outlook) ||
           (SELECT ' The textbook’s: ' || to_char(clv, 'FM€999,990.00') || ' in 3 years' FROM :"schema".kpi)
    FROM said;`);
  for (const [i, name] of names.entries()) same(`change of ${name}`, await text(`#kpi-${name} .detail`), change[i]);

  // Bars: one for each period and band that is not 0, up to the last period with an order.
  for (const what of ["revenue", "orders"]) {
    const [[bars]] = rows(`
      SELECT count(*)
      FROM :"schema".kpi_by_period, unnest(ARRAY[new_${what}, returning_${what}, guest_${what}]) AS v
      WHERE v <> 0 AND period_start <= (SELECT max(period_start) FROM :"schema".kpi_by_period WHERE all_orders > 0);`);
    same(`bars of ${what}`, String(await page.locator(`#${what} g[aria-label=bar] rect`).count()), bars);
  }
  const [[titles]] = rows(`
    SELECT to_char(100 * returning_revenue / all_revenue, 'FM990') || ' % of the revenue of ' || to_char(period_start, 'Mon YYYY') ||
           ' came from returning customers'
    FROM :"schema".kpi_by_period
    WHERE period_start < (SELECT max(period_start) FROM :"schema".kpi_by_period WHERE all_orders > 0)
    ORDER BY period_start DESC LIMIT 1;`);
  same("title of the revenue", await text("#revenue h2"), titles);

  // The heat map: a cell for each row of the view, none for the future, those not over hatched.
  const cells = page.locator("#cohorts .cells rect");
  const [[count, open_, numbers]] = rows(`
    SELECT count(*), count(*) FILTER (WHERE NOT is_complete),
           string_agg(CASE WHEN cohort_size < 5 THEN active || '/' || cohort_size ELSE round(100 * retention::numeric) || ' %' END, ' ' ORDER BY cohort, period_index)
    FROM :"schema".cohort_retention;`);
  same("cells of the heat map", String(await cells.count()), count);
  same("hatched cells", String(await page.locator('#cohorts .cells rect[fill="url(#hatch-cell)"]').count()), open_);
  const shown = (await page.locator("#cohorts .numbers text").allTextContents()).join(" ").replace(/\s+/g, " ");
  same("numbers in the cells", shown, numbers);

  const [[next, means]] = rows(`
    SELECT max(share) FILTER (WHERE period_index = 1) || ' of the new customers of a month order again in the next',
           string_agg(share, ' ' ORDER BY period_index)
    FROM (SELECT period_index, round(100.0 * sum(active) / sum(cohort_size)) || ' %' AS share
          FROM :"schema".cohort_retention WHERE is_complete GROUP BY period_index) AS m;`);
  same("title of the heat map", await text("#cohorts h2"), next);
  same("means in the heat map", (await page.locator("#cohorts .means text").allTextContents()).join(" ").replace(/\s+/g, " "), means);

  const [[rated, open12]] = rows(`
    SELECT to_char(100 * (array_agg(trailing_12_months_repeat_rate ORDER BY period_start DESC))[2]::numeric, 'FM990') ||
           ' % of those who ordered in the 12 months to ' || (array_agg(to_char(period_start, 'Mon YYYY') ORDER BY period_start DESC))[2] || ' did so more than once',
           to_char(max(period_start), 'Mon YYYY') || ' may not be over yet: it is hatched and left out of the comparisons.'
    FROM :"schema".kpi_by_period
    WHERE period_start <= (SELECT max(period_start) FROM :"schema".kpi_by_period WHERE all_orders > 0);`);
  same("title of the repeat rate", await text("#repeat-rate h2"), rated);
  check("the period that may not be over", (await text(".lead")).endsWith(open12), await text(".lead"));

  // The repeat curve and the concentration, by what their titles say.
  const [[repeat]] = rows(`
    SELECT string_agg(to_char(100 * rate::numeric, 'FM990') || CASE days WHEN 90 THEN ' % order a second time within 90 days' ELSE ' % within a year' END,
                      ', ' ORDER BY days)
    FROM :"schema".repeat_within WHERE days IN (90, 365);`);
  same("title of the repeat curve", await text("#repeat-curve h2"), repeat);
  const [[top20]] = rows(`
    SELECT 'The best 20 % of the customers bring ' || to_char(100 * share_of_revenue::numeric, 'FM990') || ' % of the revenue'
    FROM :"schema".revenue_concentration WHERE percentile = 20;`);
  same("title of the concentration", await text("#concentration h2"), top20);

  // Who comes and who goes: a bar a number that is not 0, and none of who lapsed in the period that isn't over.
  const [[flowBars, flowTitle]] = rows(`
    SELECT (SELECT count(*) FROM :"schema".lifecycle, unnest(ARRAY[new, retained, resurrected, CASE WHEN is_complete THEN lapsed END]) AS v WHERE v <> 0),
           to_char(period_start, 'Mon YYYY') || ': ' || new || ' new customers, ' || resurrected || ' came back, ' || lapsed || ' paused or left'
    FROM :"schema".lifecycle WHERE is_complete ORDER BY period_start DESC LIMIT 1;`);
  same("bars of who comes and goes", String(await page.locator("#lifecycle .lifecycle rect").count()), flowBars);
  same("title of who comes and goes", await text("#lifecycle h2"), flowTitle);

  // What customers have paid by cohort: a line a cohort with a complete cell, and what all have paid in the end.
  const [[cohortTitle, cohortLines, allPaid]] = rows(`
    SELECT '6 months after the first order a customer has paid ' || to_char(min(customer_value) FILTER (WHERE period_index = 6 AND cohort_size >= 30), 'FM€990.00') ||
           ' to ' || to_char(max(customer_value) FILTER (WHERE period_index = 6 AND cohort_size >= 30), 'FM€990.00') || ', by cohort',
           count(DISTINCT cohort),
           (SELECT to_char(sum(cumulative_revenue) / sum(cohort_size), 'FM€990') FROM :"schema".cohort_retention WHERE is_complete
            GROUP BY period_index HAVING count(*) >= 3 ORDER BY period_index DESC LIMIT 1)
    FROM :"schema".cohort_retention WHERE is_complete;`);
  same("title of the value by cohort", await text("#cohort-value h2"), cohortTitle);
  same("lines of the value by cohort", String(await page.locator("#cohort-value .cohort-lines path").count()), cohortLines);
  same("value of all together", (await page.locator('#cohort-value g[aria-label="text"] text').allTextContents()).join(), allPaid);

  // What customers have paid at what age, of the ages of which there are customers enough.
  const [[ageTitle, ageNumbers]] = rows(`
    SELECT '30 days after the first order a customer has paid ' || to_char(max(revenue_per_customer) FILTER (WHERE age_days = 30), 'FM€990.00') ||
           ', a year after it ' || to_char(max(revenue_per_customer) FILTER (WHERE age_days = 365), 'FM€990.00'),
           string_agg(to_char(revenue_per_customer, 'FM€990'), ' ' ORDER BY age_days) FILTER (WHERE age_days = 0 OR age_days > 36)
    FROM :"schema".value_by_age WHERE customers >= 30;`);
  same("title of the value by age", await text("#value-by-age h2"), ageTitle);
  same("numbers of the value by age", (await page.locator("#value-by-age .value-numbers text").allTextContents()).join(" "), ageNumbers);

  // The ladder: the numbers on its bars.
  const [[ladder, ladderTitle]] = rows(`
    SELECT string_agg(round(100 * eligible_rate::numeric) || ' %', ' ' ORDER BY order_number),
           max(round(100 * eligible_rate::numeric)) FILTER (WHERE order_number = 1) || ' % make a second order within 90 days, ' ||
           max(round(100 * eligible_rate::numeric)) FILTER (WHERE order_number = 5) || ' % of those with 5 the next'
    FROM :"schema".order_ladder WHERE order_number <= 12 AND eligible >= 5;`);
  same("numbers of the ladder", (await page.locator("#order-ladder .ladder-numbers text").allTextContents()).join(" ").replace(/\s+/g, " "), ladder);
  same("title of the ladder", await text("#order-ladder h2"), ladderTitle);

  // Segments: their names, and two bars each.
  const [[segments, segmentCount]] = rows(`
    SELECT string_agg(segment, ' | ' ORDER BY revenue DESC, segment), count(*) FROM :"schema".rfm_segments;`);
  const named = await page.locator("#segments .names text").allTextContents();
  same("segments", named.join(" | "), segments);
  same("bars of the segments", String(await page.locator("#segments .segments rect").count()), String(2 * segmentCount));

  // Customers to win back, cell by cell.
  const back = rows(`
    SELECT customer, status, to_char(last_order, 'FMDD Mon YYYY'), to_char(recency_days, 'FM999,990" days"'), orders, to_char(revenue, 'FM€999,990'),
           to_char(100 * p_alive::numeric, 'FM990" %"'), to_char(expected_revenue_12_months, 'FM€999,990')
    FROM :"schema".customers
    WHERE status IN ('at risk', 'dormant')
    ORDER BY coalesce(expected_revenue_12_months, 0) DESC, revenue DESC, customer::text
    LIMIT 15;`);
  same("customers to win back", (await texts("#win-back-table tbody tr")).join("\n"), back.map((row) => row.join(" ")).join("\n"));

  // The list as a file.
  const [saved] = await Promise.all([page.waitForEvent("download"), page.click("#win-back .save a")]);
  const lines = (await readFile(await saved.path(), "utf8")).split("\r\n");
  same("the list as CSV: its name", saved.suggestedFilename(), "win-back.csv");
  same("the list as CSV: its columns", lines[0], "\ufeffcustomer,status,last_order,recency_days,orders,revenue,p_alive,expected_revenue_12_months");
  same("the list as CSV: its customers", lines.slice(1, -1).map((line) => line.split(",")[0]).join(" "), back.map(([customer]) => customer).join(" "));

  // Where the rows went, and that they add up to the revenue.
  const reasons = rows(`
    SELECT to_char(row_count, 'FM999,990'), coalesce(CASE WHEN amount < 0 THEN '−' END, '') || coalesce(to_char(abs(amount), CASE WHEN abs(amount) < 10000 THEN 'FM€999,999,990.00' ELSE 'FM€999,999,990' END), '–') FROM :"schema".excluded_rows WHERE row_count > 0;`);
  const amounts = (await texts("#rows-table tbody tr")).map((row) => row.split(" ").slice(-3, -1).join(" "));
  same("rows counted and not", amounts.join("\n"), reasons.map((row) => row.join(" ")).join("\n"));
  const [[sum]] = rows(`
    SELECT to_char(sum(row_count), 'FM999,990') || ' ' || to_char((SELECT all_revenue FROM :"schema".kpi), 'FM€999,999,990')
    FROM :"schema".excluded_rows WHERE is_counted;`);
  check("they add up", (await text("#rows-table tfoot")).replace(/\.\d+$/, "").endsWith(sum), await text("#rows-table tfoot"));

  checkWords("shop", await wholeText(page));

  same("fits 1280 pixels", String(await overflow(page)), "0");
  if (png) {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({width: 1280, height});
    await page.mouse.move(0, 0);
    await page.waitForTimeout(300);
    await page.screenshot({path: png});
    execFileSync("pngquant", ["--force", "--speed", "1", "--output", png, "256", png]);
    const {size} = await stat(png);
    check("the picture is below 400 kB", size < 400e3, `${size} bytes`);
  }

  // The same page as one file, from disk.
  const report = await open(file("shop"), 11, {viewport: {width: 1280, height: 900}});
  same("the page as one file says the same", await wholeText(report), await wholeText(page));

  // A window of periods, chosen on the page.
  await page.selectOption("#from", "2024-11");
  await page.selectOption("#until", "2025-04");
  const [[totals, windowBars, windowTitle, windowFlow]] = rows(`
    SELECT to_char(sum(all_orders), 'FM999,990') || ' orders · ' || to_char(sum(all_revenue), 'FM€999,990') || ' of revenue · ' ||
           to_char(sum(all_revenue) / sum(all_orders), 'FM€990.00') || ' an order · ' || to_char(sum(new_customers), 'FM999,990') || ' new customers',
           (SELECT count(*) FROM :"schema".kpi_by_period, unnest(ARRAY[new_orders, returning_orders, guest_orders]) AS v
            WHERE v <> 0 AND period_label BETWEEN '2024-11' AND '2025-04'),
           (SELECT to_char(100 * returning_revenue / all_revenue, 'FM990') || ' % of the revenue of Apr 2025 came from returning customers'
            FROM :"schema".kpi_by_period WHERE period_label = '2025-04'),
           (SELECT 'Apr 2025: ' || new || ' new customers, ' || resurrected || ' came back, ' || lapsed || ' paused or left' FROM :"schema".lifecycle WHERE period_label = '2025-04')
    FROM :"schema".kpi_by_period WHERE period_label BETWEEN '2024-11' AND '2025-04';`);
  same("window: its totals", await text("#window .totals"), totals);
  await page.waitForSelector("#orders svg[class^=plot]");
  same("window: bars of orders", String(await page.locator("#orders g[aria-label=bar] rect").count()), windowBars);
  same("window: title of the revenue", await text("#revenue h2"), windowTitle);
  same("window: title of who comes and goes", await text("#lifecycle h2"), windowFlow);
  same("window: the numbers at the top stay", await text("#kpi-customers .value"), kpi[0]);
  await page.selectOption("#until", "2024-01");
  same("window: one that ends before it begins", await text("#window .totals"), "No period: it ends before it begins.");
  same("window: which has no charts", String(await page.locator("#revenue").count()), "0");

  // A part of the shop, chosen on the page: its numbers are those of the views by segment.
  await page.selectOption("#segment", {label: "country"});
  same("part: the values of a segment, by revenue", (await page.locator("#value option").allTextContents()).join(" "), rows(`SELECT string_agg(value, ' ' ORDER BY all_revenue DESC) FROM :"schema".kpi_by_segment WHERE segment = 'country';`)[0][0]);
  await page.selectOption("#value", {label: "AT"});
  await page.waitForSelector("#repeat-curve svg[class^=plot]");
  const [partKpi] = rows(`
    SELECT to_char(customers, 'FM999,999,990'), to_char(all_orders, 'FM999,999,990'), to_char(all_revenue, 'FM€999,999,990'), to_char(aov, 'FM€999,990.00'),
           to_char(100 * repeat_rate::numeric, 'FM990.0" %"'), to_char(purchase_frequency, 'FM990.00'), to_char(customer_value, 'FM€999,990.00')
    FROM :"schema".kpi_by_segment WHERE segment = 'country' AND value = 'AT';`);
  for (const [i, name] of names.slice(0, 7).entries()) same(`part: kpi ${name}`, await text(`#kpi-${name} .value`), partKpi[i]);
  check("part: its customers are not all", partKpi[0] !== kpi[0], partKpi[0]);
  const [[partTotals, partCells, partNumbers, partRepeat, partFlow]] = rows(`
    SELECT (SELECT to_char(sum(all_orders), 'FM999,999,990') || ' orders · ' || to_char(sum(all_revenue), 'FM€999,999,990') || ' of revenue · ' ||
                   to_char(sum(all_revenue) / sum(all_orders), 'FM€990.00') || ' an order · ' || to_char(sum(new_customers), 'FM999,990') || ' new customers'
            FROM :"schema".kpi_by_segment_and_period WHERE segment = 'country' AND value = 'AT'
                AND period_start <= (SELECT max(period_start) FROM :"schema".kpi_by_segment_and_period WHERE segment = 'country' AND value = 'AT' AND all_orders > 0)),
           count(*),
           string_agg(CASE WHEN cohort_size < 5 THEN active || '/' || cohort_size ELSE round(100 * retention::numeric) || ' %' END, ' ' ORDER BY cohort, period_index),
           (SELECT string_agg(to_char(100 * rate::numeric, 'FM990') || CASE days WHEN 90 THEN ' % order a second time within 90 days' ELSE ' % within a year' END, ', ' ORDER BY days)
            FROM :"schema".repeat_within_by_segment WHERE days IN (90, 365) AND segment = 'country' AND value = 'AT'),
           (SELECT to_char(period_start, 'Mon YYYY') || ': ' || new || ' new customers, ' || resurrected || ' came back, ' || lapsed || ' paused or left'
            FROM :"schema".lifecycle_by_segment WHERE is_complete AND segment = 'country' AND value = 'AT' ORDER BY period_start DESC LIMIT 1)
    FROM :"schema".cohort_retention_by_segment WHERE segment = 'country' AND value = 'AT';`);
  same("part: its totals", await text("#window .totals"), partTotals);
  same("part: cells of the heat map", String(await page.locator("#cohorts .cells rect").count()), partCells);
  same("part: numbers in the cells", (await page.locator("#cohorts .numbers text").allTextContents()).join(" ").replace(/\s+/g, " "), partNumbers);
  same("part: title of the repeat curve", await text("#repeat-curve h2"), partRepeat);
  same("part: title of who comes and goes", await text("#lifecycle h2"), partFlow);
  check("part: the view that is shown", (await text("#cohorts .source")).endsWith("cohort_retention_by_segment WHERE segment = 'country' AND value = 'AT'"), await text("#cohorts .source"));
  same("part: what is told of the whole shop alone", String(await page.locator(":is(#kpi-expected, #segments, #concentration, #win-back, #rows)").count()), "0");
  same("part: fits 1280 pixels", String(await overflow(page)), "0");
  checkWords("part", await wholeText(page));
  if (png && process.env.PART_PNG) await page.screenshot({path: process.env.PART_PNG, fullPage: true});
  // Another segment begins with the value of most revenue; then all of it again.
  await page.selectOption("#segment", {label: "channel"});
  same("part: another segment", await text("#kpi-orders .value"), rows(`SELECT to_char(all_orders, 'FM999,999,990') FROM :"schema".kpi_by_segment WHERE segment = 'channel' ORDER BY all_revenue DESC LIMIT 1;`)[0][0]);
  await page.selectOption("#segment", {label: "the whole shop"});
  same("part: the whole shop again", await text("#kpi-customers .value"), kpi[0]);
  same("part: which has no values", String(await page.locator("#value").count()), "0");

  const mobile = {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true};
  const phone = await open(site("shop"), 11, mobile);
  same("fits a phone", String(await overflow(phone)), "0");
  for (const table of ["#win-back", "#rows"]) {
    const wide = await phone.locator(`${table} .wide`).evaluate((e) => e.scrollWidth - e.clientWidth);
    same(`all columns of ${table} are seen on a phone`, String(wide), "0");
  }
  if (png && process.env.PHONE_PNG) await phone.screenshot({path: process.env.PHONE_PNG, fullPage: true});

  // A young shop: its first customers alone have had the longest time, and must not make a headline.
  const young = await open(file("young"), 10, {viewport: {width: 1280, height: 900}});
  const youngTexts = reader(young);
  const [[youngRepeat, youngLast, youngValue, youngFew]] = rows(
    `
    WITH sure AS (SELECT * FROM :"schema".repeat_within WHERE eligible >= 30), last AS (SELECT max(days) AS days FROM sure)
    SELECT (SELECT string_agg(to_char(100 * rate::numeric, 'FM990') || ' % ' || CASE days WHEN 90 THEN 'order a second time ' ELSE '' END ||
                              'within ' || days || ' days', ', ' ORDER BY days)
            FROM sure WHERE days = 90 OR days = (SELECT days FROM last)),
           (SELECT days FROM last),
           (SELECT to_char(customer_value, 'FM€999,990.00') FROM :"schema".kpi),
           (SELECT max(days) FROM :"schema".repeat_within WHERE eligible > 0);`,
    "young"
  );
  check("young: the last days are of few", +youngFew > +youngLast, `${youngFew}, ${youngLast}`);
  same("young: title of the repeat curve", (await youngTexts("#repeat-curve h2")).join(), youngRepeat);
  const dayTicks = await young.locator('#repeat-curve g[aria-label="x-axis tick label"] text').allTextContents();
  check("young: no tick beyond the curve", dayTicks.length > 3 && dayTicks.every((day) => +day <= +youngLast), dayTicks.join(" "));
  same("young: what a customer paid", (await youngTexts("#kpi-customer-value .value")).join(), youngValue);
  const youngCard = (await youngTexts("#kpi-expected")).join();
  check("young: no textbook's value without a lifespan", /^Expected of a customer €[\d.]+ in the next 12 months, on average 95 times of 100 from €[\d.]+ to €[\d.]+$/.test(youngCard), youngCard);
  const rateCard = await young.locator("#repeat-rate").evaluate((e) => e.clientHeight);
  check("young: a card without a chart is low", rateCard < 120, `${rateCard} pixels`);
  checkWords("young", await wholeText(young));
  same("young: fits 1280 pixels", String(await overflow(young)), "0");

  // One customer: nothing to compare with, and little to say in the plural.
  for (const [screen, options] of [["1280 pixels", {viewport: {width: 1280, height: 900}}], ["a phone", mobile]]) {
    const one = await open(file("one"), 4, options);
    const oneTexts = reader(one);
    const name = (what) => `one, ${screen}: ${what}`;
    same(name("the customer"), (await oneTexts("#kpi-customers")).join().replace(/ Mar.*/, ""), "Customer 1 has ordered so far");
    same(name("what the customer paid"), (await oneTexts("#kpi-customer-value .value")).join(), "€60.00");
    same(name("sentences in place of charts"), String(await one.locator(":is(#repeat-rate, #value-by-age, #cohort-value, #repeat-curve, #order-ladder, #segments, #concentration) svg").count()), "0");
    same(name("nothing is expected after a month"), (await oneTexts("#kpi-expected .value")).join(), "–");
    same(name("a cohort of one is no share"), (await one.locator("#cohorts .numbers text").allTextContents()).join(" "), "1/1 1/1");
    check(name("too few"), (await oneTexts("#repeat-curve")).join().endsWith("Too few customers have had the time yet."));
    const orders = await one.locator('#orders g[aria-label="y-axis tick label"] text').allTextContents();
    same(name("whole orders"), orders.join(" "), "0 1 2");
    checkWords(name("words"), await wholeText(one));
    same(name("fits"), String(await overflow(one)), "0");
  }

  // Guests alone: revenue and orders by week, and nothing of customers.
  const guests = await open(file("guests"), 2, {viewport: {width: 1280, height: 900}});
  const guestsTexts = reader(guests);
  same("guests: nobody is known", (await guestsTexts(".lead")).join(), "There are no orders of known customers yet.");
  same("guests: their revenue", (await guestsTexts("#kpi-revenue .value")).join(), "€17");
  same("guests: their orders", (await guestsTexts("#kpi-orders")).join(), "Orders 2 2 of them by guests 28 Apr 2024: 1");
  check("guests: the shop's week is a week", (await guestsTexts("#revenue .hint")).join().startsWith("New: first order in that week."));
  same("guests: their totals", (await guestsTexts("#window .totals")).join(), "2 orders · €20 of revenue · €9.75 an order · 0 new customers");
  checkWords("guests", await wholeText(guests));

  // Names that are HTML are names, and nothing that they say is done; money without a currency.
  const hostile = await open(file("hostile"), 8, {viewport: {width: 390, height: 844}});
  const hostileTexts = reader(hostile);
  same("hostile: the title", (await hostileTexts("h1")).join(), "The shop of <b>hostile</b>.csv");
  same("hostile: the page's own title", await hostile.title(), "How the shop is doing");
  const hostileNames = rows(`
    SELECT CASE WHEN length(customer) > 60 THEN left(customer, 59) || '…' ELSE trim(customer) END FROM :"schema".customers WHERE status IN ('at risk', 'dormant')
    ORDER BY coalesce(expected_revenue_12_months, 0) DESC, revenue DESC, customer LIMIT 15;`, "hostile");
  same("hostile: the customers", (await hostileTexts("#win-back-table td:first-child")).join("\n"), hostileNames.join("\n"));
  for (const part of ["<script>", "</script>", "<svg", "…"]) check(`hostile: ${part} is among them`, hostileNames.join().includes(part), hostileNames.join("\n"));
  const [hostileFile] = await Promise.all([hostile.waitForEvent("download"), hostile.click("#win-back .save a")]);
  const hostileLines = await readFile(await hostileFile.path(), "utf8");
  check("hostile: as CSV", hostileLines.includes(`"<script>document.title = ""script""</script>"`) && hostileLines.includes("\r\n'=1+1,"), hostileLines);
  await hostile.selectOption("#segment", {label: "<b>kind</b>"});
  same("hostile: values of a segment", (await hostile.locator("#value option").allTextContents()).sort().join("|"), `(empty)|(none)|<img src=x onerror="document.title = 2">it's`);
  for (const value of ["(none)", "(empty)", `<img src=x onerror="document.title = 2">it's`]) {
    await hostile.selectOption("#value", {label: value});
    const where = value === "(none)" ? "value IS NULL" : value === "(empty)" ? "value = ''" : "value LIKE '<img%'";
    same(`hostile: orders of ${value}`, (await hostileTexts("#kpi-orders .value")).join(), rows(`SELECT all_orders FROM :"schema".kpi_by_segment WHERE ${where};`, "hostile")[0][0]);
  }
  check("hostile: the view that is shown", (await hostileTexts("#revenue .source")).join().endsWith(`AND value = '<img src=x onerror="document.title = 2">it''s'`), (await hostileTexts("#revenue .source")).join());
  await hostile.selectOption("#segment", {label: "the whole shop"});
  same("hostile: no element of theirs", String(await hostile.locator("td :is(script, img, b, svg)").count()), "0");
  same("hostile: what could not be read", (await hostileTexts("#rows-table tbody tr:last-child")).join(), "Of the file: the time can't be read 1 –");
  same("hostile: no currency", (await hostileTexts("#kpi-revenue .value")).join(), rows(`SELECT to_char(all_revenue, 'FM999,990') FROM :"schema".kpi;`, "hostile")[0][0]);
  const [[later]] = rows(`
    SELECT 'Not shown: ' || to_char(-sum(all_revenue), 'FM999,990') || ' of refunds after the last order''s month.' FROM :"schema".kpi_by_period
    WHERE period_start > (SELECT max(period_start) FROM :"schema".kpi_by_period WHERE all_orders > 0);`, "hostile");
  check("hostile: refunds after the last order are told", (await hostileTexts("#revenue .hint")).join().endsWith(later), later);
  checkWords("hostile", (await wholeText(hostile)).replaceAll(/onerror="[^"]*"/g, ""));
  same("hostile: fits a phone", String(await overflow(hostile)), "0");

  same("nothing asked of another machine", foreign.join(" "), "");
  same("no error logged", errors.join("\n"), "");
} catch (error) {
  check("the test ran to its end", false, error.stack);
} finally {
  await browser.close();
  server.close();
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
