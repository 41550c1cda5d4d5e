// What the page says, and in what order.

import { readFileSync } from 'node:fs';
import * as charts from './charts.js';
import { cents, count, date, escape, money, name, number, percent, period } from './format.js';

const css = readFileSync(new URL('page.css', import.meta.url), 'utf8');

function sql(query) {
    return readFileSync(new URL(`queries/${query}.sql`, import.meta.url), 'utf8').trim() + ';';
}

// A section: its title says what is to be seen, its words explain that.
function section({ title, body = '', words, query }) {
    return `<section>
<h2>${title}</h2>
${body}
<p>${words}</p>
<details><summary>the query</summary><pre>${escape(sql(query))}</pre></details>
</section>`;
}

// heads: {text, class}; class: left, and extra where a phone has no room for the column.
function table(heads, rows, foot) {
    const row = (cells, tag) => '<tr>' + cells.map((cell, i) => `<${tag} class="${heads[i].class ?? ''}">${cell}</${tag}>`).join('') + '</tr>';
    return `<div class="table"><table>
<thead>${row(heads.map(head => head.text), 'th')}</thead>
<tbody>
${rows.map(cells => row(cells, 'td')).join('\n')}
</tbody>${foot ? `\n<tfoot>${row(foot, 'td')}</tfoot>` : ''}
</table></div>`;
}

// How money is written in a column: with cents in all rows or in none.
function column(rows, key) {
    return rows.some(row => Math.abs(row[key]) >= 10000) ? row => number(row[key]) : row => cents(row[key]);
}

const within = kind => kind === 'day' ? 'on' : 'in';

const sum = (rows, column) => rows.reduce((total, row) => total + (row[column] ?? 0), 0);

function headline(shop, { orders }) {
    const k = shop;
    const tile = (value, label, more) => `<div class="tile"><b>${value}</b><span>${label}</span><small>${more}</small></div>`;
    const span = k.first_order === null ? '' : k.days === 0 ? `On ${date(k.first_order)}, ` : `From ${date(k.first_order)} to ${date(k.last_order)}, `;
    const known = k.all_orders - k.guest_orders;
    const placed = k.customers > 0 ? `${count(k.customers, 'customer', 'customers')} placed ${count(known, 'order', 'orders')}` +
            (k.repeat_customers > 0 ? `; ${percent(k.repeat_rate)} of them came back for another one.` : '; nobody has come back for another one yet.') +
            (k.guest_orders > 0 ? ` Guests placed ${number(k.guest_orders)} more.` : '')
        : `${count(k.all_orders, 'order was', 'orders were')} placed by guests, and none by a customer who is known: without a customer nobody can be seen coming back.`;
    const lead = k.all_orders === 0 ? `There is no order in these ${number(orders)} rows.`
        : span ? span + placed : placed[0].toUpperCase() + placed.slice(1);
    // A pace that is kept for three years has to be seen for some time.
    const pace = k.days >= 180;
    const tiles = [
        tile(money(k.all_revenue), 'revenue', k.refunds > 0 ? `after ${money(k.refunded)} of refunds` : 'no refunds'),
        tile(number(k.all_orders), 'orders', k.guest_orders > 0 ? `${number(k.guest_orders)} of them by guests` : 'none by guests'),
        tile(number(k.customers), 'customers', 'guests are not among them'),
        tile(money(k.aov), 'average order value', 'revenue / orders'),
        tile(percent(k.repeat_rate), 'repeat rate', `${count(k.repeat_customers, 'customer', 'customers')} with more than one order`),
        tile(k.purchase_frequency === null ? '–' : number(k.purchase_frequency, 2), 'orders a customer', k.lifespan_days === null ? ''
            : `${count(Math.round(k.lifespan_days), 'day', 'days')} from the first to the last, on average`),
        tile(money(k.customer_value), 'paid by a customer', 'so far, on average'),
        tile(pace ? money(k.clv) : '–', 'customer lifetime value', pace ? 'of three years, at the pace so far' : 'needs half a year of orders'),
    ];
    return `<section class="headline">
<p class="lead">${lead}</p>
<div class="tiles">
${tiles.join('\n')}
</div>
<p>Money is in the currency of the order table. Guests are orders without a customer: they are in revenue, orders and
average order value, and in nothing else.</p>
<details><summary>the query</summary><pre>${escape(sql('kpi'))}</pre></details>
</section>`;
}

// What can be told apart on a page. More there is where a time is wrong by centuries.
const mostPeriods = 60, mostCohorts = 40;

// Of fewer customers a share says next to nothing.
const fewestRated = 30;

const yearOf = { day: 365, week: 52, month: 12, quarter: 4, year: 1 };

// From the first period to the last with an order. Refunds may come in later ones, which
// have nothing else to show. The last period may not be over.
function shownPeriods(all) {
    let end = all.length;
    while (end > 0 && all[end - 1].all_orders === 0) --end;
    return all.slice(0, end).map((row, i) => ({ ...row, is_complete: row.is_complete && i < end - 1 }));
}

// What refunds do to the bars.
function ofRefunds(shown, later, kind) {
    const below = shown.filter(row => row.returning_revenue < 0);
    let words = `A refund is subtracted ${within(kind)} its own ${kind}; one to a customer without an order ${within(kind)} that ${kind} counts as of a
returning customer`;
    if (below.length > 0) words += `, and where such refunds are more than returning customers paid, blue goes below 0${
        below.length === 1 ? `, as ${within(kind)} ${period(below[0].period_start, kind)}` : ''}`;
    words += '.';
    if (later.some(row => row.all_revenue !== 0)) {
        words += ` Not shown: ${money(-sum(later, 'all_revenue'))} of refunds after the last order's ${kind}.`;
    }
    return words;
}

async function revenue(all, kind, { refunds }) {
    const byPeriod = `Revenue by ${kind}, from new and returning customers`;
    const rows = shownPeriods(all);
    if (rows.length === 0) return section({ title: byPeriod, words: 'There is no order yet.', query: 'kpi_by_period' });
    if (!rows.some(row => row.new_revenue || row.returning_revenue || row.guest_revenue)) {
        return section({ title: byPeriod, words: `There is no revenue: it is 0 in each ${kind}.`, query: 'kpi_by_period' });
    }
    const complete = rows.filter(row => row.is_complete);
    const year = complete.slice(-yearOf[kind]);
    const ofYear = year.length === yearOf[kind] && complete.length > year.length;
    const used = ofYear ? year : rows;
    const returning = sum(used, 'returning_revenue');
    const total = sum(used, 'new_revenue') + returning + sum(used, 'guest_revenue');
    const share = total > 0 ? returning / total : null;
    const when = ofYear ? 'of the last 12 months' : 'so far';
    const title = rows.length === 1 ? `All orders are of one ${kind}`
        : share > 0 && share <= 1 ? `Returning customers brought ${percent(share)} of the revenue ${when}`
        : share === 0 ? `All revenue ${when} is from ${[sum(used, 'new_revenue') ? 'first-time customers' : '', sum(used, 'guest_revenue') ? 'guests' : '']
            .filter(from => from !== '').join(' and ')}`
        : byPeriod;
    const shown = rows.slice(-mostPeriods);
    let body = await charts.chart(charts.revenueByPeriod(shown, kind));
    let rate;
    const known = shown.filter(row => row.trailing_12_months_repeat_rate !== null);
    const rated = known.filter(row => row.trailing_12_months_customers >= fewestRated);
    if (rated.length > 0) {
        body += `<h3>Repeat rate of the 12 months up to each ${kind}</h3>\n` + await charts.chart(charts.trailingRepeatRate(shown, kind, fewestRated));
        const last = rated.filter(row => row.is_complete).at(-1);
        rate = ` Below: of the customers who ordered in the 12 months up to that ${kind}, the share who did so more than once${
            last ? `; up to ${period(last.period_start, kind)}, ${percent(last.trailing_12_months_repeat_rate)} of ${number(last.trailing_12_months_customers)}` : ''}.${
            known.length > rated.length ? ` (Where they are fewer than ${fewestRated}, there is no rate.)` : ''}`;
    } else if (known.length > 0) {
        rate = ` The repeat rate of the last 12 months will stand below once there are ${fewestRated} customers in them.`;
    } else rate = ' The repeat rate of the last 12 months will stand below once there are 12 months of orders.';
    const open = shown.filter(row => !row.is_complete).length;
    return section({
        title, body, query: 'kpi_by_period',
        words: `A customer is new ${within(kind)} the ${kind} of the first order, and returning in every later one. ${open > 1
            ? `The last ${number(open)} bars are paler, as their ${kind}s may not be over` : `The last bar is paler, as its ${kind} may
not be over`}.${rate}${rows.length > shown.length ? ` (The last ${mostPeriods} ${kind}s are shown.)` : ''}${
            refunds > 0 ? `</p>\n<p>${ofRefunds(shown, all.slice(rows.length), kind)}` : ''}`,
    });
}

async function cohorts(all, kind) {
    const query = 'cohort_retention';
    const newest = [...new Set(all.map(row => row.cohort))].slice(-mostCohorts);
    const rows = all.filter(row => row.period_index > 0 && row.period_index <= mostCohorts && row.cohort >= newest[0]);
    if (rows.length === 0) {
        return section({
            title: 'Cohorts: who comes back, and when', query,
            words: all.length === 0 ? 'There is no order of a known customer yet.'
                : `All customers had their first order ${within(kind)} the same ${kind}, the last one there are orders of: who comes back in the ${kind}s after
is not known yet.`,
        });
    }
    const share = index => {
        const cells = all.filter(row => row.period_index === index && row.is_complete);
        return { size: sum(cells, 'cohort_size'), active: sum(cells, 'active') };
    };
    const next = share(1), later = share(6);
    const title = next.size === 0 ? `How many come back in the ${kind}s after their first order`
        : next.active === 0 ? `None of the new customers ordered again ${within(kind)} the ${kind} after the first order`
        : `${percent(next.active / next.size)} of new customers order again ${within(kind)} the ${kind} after their first` +
            (later.size > 0 ? `, ${percent(later.active / later.size)} ${within(kind)} the sixth` : '');
    const cut = all.some(row => row.period_index > mostCohorts || row.cohort < newest[0]);
    return section({
        title, body: await charts.chart(charts.cohorts(rows, kind)), query,
        words: `Each row is a cohort, the customers whose first order was ${within(kind)} the same ${kind}, with their number; each cell to the right is one
${kind} later: the percentage of them who ordered ${within(kind)} it, the stronger the colour, the more. The last cell of a row is faded, as its ${kind} may not be over.
${cut ? `(The newest ${mostCohorts} cohorts and their first ${mostCohorts} ${kind}s are shown.)` : ''}`,
    });
}

async function repeat(rows) {
    const query = 'repeat_within';
    const most = rows.length === 0 ? 0 : rows[0].eligible;
    if (most < 5) {
        return section({
            title: 'How soon customers order again', query,
            words: most === 0 ? 'No known customer has had a day yet since the first order.'
                : `Too few customers to tell: only ${most === 1 ? '1 has had a day or more since the' : `${number(most)} have had a day or more since their`} first order.`,
        });
    }
    const names = new Map([[30, '30 days'], [90, '90 days'], [180, '180 days'], [365, 'a year']]);
    const known = rows.filter(row => names.has(row.days) && row.eligible >= 30).slice(-2);
    const last = rows[rows.length - 1];
    const title = known.length > 0 ? known.map((row, i) => `${percent(row.rate)} ${i ? '' : 'order again '}within ${names.get(row.days)}`).join(', ')
        : `${number(last.repeated)} of ${count(last.eligible, 'customer', 'customers')} ordered again within ${count(last.days, 'day', 'days')}`;
    return section({
        title, body: await charts.chart(charts.repeatCurve(rows)), query,
        words: `The share of customers with a second order within so many days of the first. Each day counts only those who have had that
many days, so that young customers don't look lost; the fewer they are, the wider the band, which holds the true share 95 times of 100.`,
    });
}

// What the scores say of the segments, in the words of someone who would write to them.
const meaning = {
    'Champions': 'lately and often',
    'Loyal customers': 'often, and not long ago',
    'Potential loyalists': 'lately, not often yet',
    'New customers': 'lately, for the first time',
    'Promising': 'not long ago, once',
    'Need attention': 'some time ago, now and then',
    'About to sleep': 'some time ago, seldom',
    'Cannot lose them': 'very often, but long ago',
    'At risk': 'more than once, but long ago',
    'Hibernating': 'seldom, long ago',
    'Lost': 'seldom, longest ago',
};

async function segments(rows) {
    const query = 'rfm_segments';
    const customers = sum(rows, 'customers');
    if (customers < 5) {
        return section({
            title: 'Segments of the customers', query,
            words: `Customers are compared with each other, by how lately and how often they order: that takes more than ${
                count(customers, 'customer', 'customers')}.`,
        });
    }
    const best = rows[0];
    const revenue = column(rows, 'revenue');
    const title = best.share_of_revenue === null ? 'Segments of the customers'
        : `${escape(best.segment)}: ${percent(best.share_of_customers)} of the customers, ${percent(best.share_of_revenue)} of the revenue`;
    const list = table([{ text: 'segment', class: 'left' }, { text: 'ordered', class: 'left extra' }, { text: 'customers' }, { text: 'revenue' },
        { text: 'orders each', class: 'extra' }, { text: 'days since the last' }],
    rows.map(row => [escape(row.segment), meaning[row.segment] ?? '', number(row.customers), revenue(row), number(row.mean_orders, 1),
        number(row.mean_recency_days)]));
    return section({
        title, body: await charts.chart(charts.segments(rows)) + list, query,
        words: `Customers by two scores from 1 to 5: how lately they ordered, and how often, each compared with all others. A segment whose share
of revenue is above its share of customers is worth more than most.`,
    });
}

async function concentration(rows, customers) {
    const query = 'revenue_concentration';
    const best = rows.find(row => row.percentile === 20);
    if (customers < 5 || !best) {
        return section({
            title: 'How much the best customers bring', query,
            words: customers < 5 ? `Too few customers to tell (${number(customers)}).` : 'There is no revenue to be shared.',
        });
    }
    return section({
        title: `The best 20${'\u00a0'}% of the customers bring ${percent(best.share_of_revenue)} of the revenue`,
        body: await charts.chart(charts.concentration(rows, `20 % bring ${percent(best.share_of_revenue)}`)), query,
        words: 'Customers in line, those who have paid most first, and how much of the revenue they bring together. If all paid the same, it would be the dashed line.',
    });
}

// Lists of customers by status, the dashboard's for one, have other names on them.
const unlikeStatus = `<code>status</code> in the view customers is another measure: it holds everyone to the same pause, that within which 9 of 10 orders
of the shop follow the one before, so that a list by status has other customers on it.`;

function winBack(rows) {
    const query = 'customers';
    if (rows.length === 0) {
        return section({
            title: 'Gone quiet for them, by their own rhythm: nobody', query,
            words: `It takes customers with three orders or more who have been silent for over three times their own usual pause between two, and
who are not given up yet. ${unlikeStatus}`,
        });
    }
    const paid = column(rows, 'revenue'), ifTheyStay = column(rows, 'if_they_stay');
    const list = table([{ text: 'customer', class: 'left' }, { text: 'orders', class: 'extra' }, { text: 'paid so far' }, { text: 'last order', class: 'extra' }, { text: 'silent for' },
        { text: 'usual pause', class: 'extra' }, { text: 'chance of another order', class: 'extra' }, { text: 'a year, if they stay' }],
    rows.map(row => [name(row.customer), number(row.orders), paid(row), date(row.last_order), count(row.recency_days, 'day', 'days'),
        count(Math.round(row.mean_gap_days), 'day', 'days'), row.p_alive > 0.99 ? '>\u00a099\u00a0%' : percent(row.p_alive), ifTheyStay(row)]));
    return section({
        title: `Gone quiet for them, by their own rhythm: ${rows.length === 1 ? 'one customer to win back'
            : `the ${number(rows.length)} customers most worth winning back`}`, body: list, query,
        words: `Customers of three orders or more who have been silent for over three times their own usual pause between two orders, those first who
would spend most in the next 12 months if they stay. ${unlikeStatus} The chance and the money of a year are estimates, from the orders of all customers (by the models MBG/NBD and
gamma-gamma).`,
    });
}

const reasons = {
    'order': 'orders of known customers',
    'refund': 'refunds to them (amounts below 0)',
    'refund without order': 'refunds to customers without an order',
    'guest order': 'orders of guests (no customer)',
    'guest refund': 'refunds to guests',
    'no amount': 'without an amount',
    'no time': 'without a time',
    'not finite': 'with an amount that is no number',
    'absurd amount': 'with an amount beyond all reason',
    'too early': 'with a time until 1970',
    'in the future': 'with a time still to come',
    'filtered out': 'filtered out',
};

function rows(all, { unreadable }) {
    const lines = all.filter(row => row.row_count > 0);
    const counted = lines.filter(row => row.is_counted);
    const total = sum(lines, 'row_count') + unreadable;
    const list = lines.map(row => [reasons[row.reason] ?? escape(row.reason), row.is_counted ? 'yes' : 'no', number(row.row_count), cents(row.amount)]);
    if (unreadable > 0) list.push(['the time or the amount can\'t be read', 'no', number(unreadable), '–']);
    const left = total - sum(counted, 'row_count');
    return section({
        title: left > 0 ? `${number(left)} of ${count(total, 'row', 'rows')} ${left === 1 ? 'is' : 'are'} not in these numbers`
            : total === 1 ? 'The one row is in these numbers' : `All ${number(total)} rows are in these numbers`,
        body: table([{ text: 'rows', class: 'left' }, { text: 'counted' }, { text: 'number' }, { text: 'money' }], list,
            ['all', '', number(total), cents(sum(lines, 'amount'))]),
        words: `Where every row went. The money of the counted rows, ${cents(sum(counted, 'amount'))}, is the revenue at the top of this page, to the
last digit.`,
        query: 'excluded_rows',
    });
}

export async function page(lines) {
    const answers = Object.assign({}, ...lines.split('\n').filter(line => line !== '').map(line => JSON.parse(line)));
    const { period: kind, file } = answers;
    const title = file ? `The shop of ${name(file)}` : 'A simulated shop';
    const shop = answers.kpi[0];
    const sections = [
        headline(shop, answers),
        await revenue(answers.kpi_by_period, kind, shop),
        await cohorts(answers.cohort_retention, kind),
        await repeat(answers.repeat_within),
        await segments(answers.rfm_segments),
        await concentration(answers.revenue_concentration, shop.customers),
        winBack(answers.customers),
        rows(answers.excluded_rows, answers),
    ];
    const call = `SELECT retention_create_views('orders', 'customer_id', 'ordered_at', 'amount',
                              period => '${kind}', lifespan => '3 years', target => 'shop');`;
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="retention dev/demo">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${file ? `The shop of ${escape(file)}` : 'A simulated shop'}</title>
<style>
${css}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${sections.join('\n\n')}

<footer>
<p>Every number here is the answer of a view that retention, an extension of PostgreSQL, makes of an order table by one call:</p>
<pre>${escape(call)}</pre>
</footer>
</main>
</body>
</html>
`;
}
