// node test.js [ANSWERS...]
//
// Pages of the answers in samples/, of which one is of customers with names that
// are HTML, and of those named: each has to be whole, harmless, and without what
// no one should read. Then what pages of certain answers say. Prints a line for each
// check and, last, how many passed.

import { readdirSync, readFileSync } from 'node:fs';
import { page } from './page.js';

let passed = 0, failed = 0;

function check(good, what) {
    console.log(`${good ? 'ok' : 'not ok'} - ${what}`);
    if (good) passed++;
    else failed++;
}

const samples = new URL('samples/', import.meta.url);

const files = [...readdirSync(samples).filter(file => file.endsWith('.json')).sort().map(file => new URL(file, samples)), ...process.argv.slice(2)];

for (const path of files) {
    const file = String(path).replace(/.*\//, '');
    const html = await page(readFileSync(path, 'utf8'));
    const text = html.replace(/<(style|pre)[^>]*>.*?<\/\1>/gs, '').replace(/<[^>]*>/g, ' ');
    const tags = new Set([...html.matchAll(/<([a-z0-9]+)/gi)].map(match => match[1].toLowerCase()));
    const left = ['script', 'img', 'iframe', 'object', 'link', 'a', 'image', 'use', 'foreignobject'].filter(tag => tags.has(tag));
    const ids = [...html.matchAll(/\bid="([^"]*)"/g)].map(match => match[1]);

    check((html.match(/<section/g) ?? []).length === 8, `${file}: eight sections`);
    check(left.length === 0, `${file}: no element that runs or fetches anything ${left}`);
    check(!/<[^>]*\son[a-z]+\s*=/i.test(html), `${file}: no handler of events`);
    check(!/(?:src|href)\s*=|url\((?!#)|@import/i.test(html.replace(/&#\d+;/g, '').replace(/<bdi>.*?<\/bdi>/gs, '')), `${file}: nothing from elsewhere`);
    check(!/\b(?:NaN|undefined|null|Infinity)\b|\[object/.test(text) && !/\b(?:NaN|undefined|Infinity)\b/.test(html),
        `${file}: no number that is none`);
    check(new Set(ids).size === ids.length, `${file}: no id twice`);
}

const hostile = await page(readFileSync(new URL('hostile.json', samples), 'utf8'));
check(hostile.includes('&#60;script&#62;alert(1)&#60;/script&#62;'), 'hostile.json: the customer is shown by name');
check(hostile.includes(`${'x'.repeat(59)}…`) && !hostile.includes('x'.repeat(60)), 'hostile.json: a long name is cut');

// The page of one.json with other answers in place of its own, as text in one line.
async function textOf(answers) {
    const html = await page(readFileSync(new URL('one.json', samples), 'utf8') + JSON.stringify(answers) + '\n');
    return html.replace(/<(style|pre)[^>]*>.*?<\/\1>/gs, '').replace(/<svg.*?<\/svg>/gs, svg => ` ${svg.replace(/<[^>]*>/g, '|')} `)
        .replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
}

const kpi = JSON.parse(readFileSync(new URL('one.json', samples), 'utf8').split('\n').find(line => line.startsWith('{"kpi":'))).kpi[0];

// Months from January 2024 on, the last ones without an order; changes: of single months.
function months(ordered, later, customers, changes = {}) {
    return Array.from({ length: ordered + later }, (_, i) => ({
        period_start: new Date(Date.UTC(2024, i, 1)).toISOString().slice(0, 10), is_complete: i < ordered - 1,
        all_orders: i < ordered ? 50 : 0, all_revenue: i < ordered ? 500 : -7,
        new_revenue: i < ordered ? 300 : 0, returning_revenue: i < ordered ? 200 : -7, guest_revenue: 0,
        trailing_12_months_customers: i < ordered ? customers : 1, trailing_12_months_repeat_rate: i < 11 ? null : i < ordered ? (i + 20) / 100 : 1,
        ...changes[i],
    }));
}

const late = await textOf({ period: 'month', kpi: [{ ...kpi, refunds: 3 }], kpi_by_period: months(14, 6, 60) });
check(late.includes('Feb 2025') && !/Mar 2025|Aug 2025/.test(late), 'refunds after the last order: no month of theirs');
check(late.includes('up to Jan 2025, 32 % of 60.'), 'refunds after the last order: the rate is of the last complete month');
check(late.includes('The last bar is paler'), 'refunds after the last order: one bar is paler');
check(late.includes('Not shown: 42.00 of refunds after the last order'), 'refunds after the last order: their money is told');
check(late.includes('brought 40 % of the revenue of the last 12 months'), 'refunds after the last order: the title is of 12 months with orders');
check(!late.includes('below 0'), 'no month below 0: nothing is said of it');

const negative = await textOf({ period: 'month', kpi: [{ ...kpi, refunds: 3 }], kpi_by_period: months(14, 0, 60, { 0: { returning_revenue: -9 } }) });
check(negative.includes('blue goes below 0, as in Jan 2024.'), 'refunds to customers without an order in the month: why blue is below 0');

const few = await textOf({ period: 'month', kpi_by_period: months(14, 0, 29) });
check(!few.includes('Repeat rate of the 12 months') && few.includes('once there are 30 customers'), 'a rate of 29 customers: not shown');
const grown = await textOf({ period: 'month', kpi_by_period: months(14, 0, 30, { 11: { trailing_12_months_customers: 29 } }) });
check(grown.includes('up to Jan 2025, 32 % of 30.') && grown.includes('(Where they are fewer than 30, there is no rate.)'),
    'a rate of 29 customers in one month: left out there');
const begun = await textOf({ period: 'month', kpi_by_period: months(12, 0, 60) });
check(begun.includes('Repeat rate of the 12 months') && !/up to (?:Nov|Dec) 2024,/.test(begun), 'no rate of a complete month: none in the words');
const refunded = await textOf({ period: 'month', kpi_by_period: months(0, 2, 0) });
check(refunded.includes('There is no order yet.'), 'nothing but refunds: no order yet');

const quiet = { customer: 'Ann', orders: 4, revenue: 80, last_order: '2024-01-01', recency_days: 90, mean_gap_days: 9, p_alive: 0.4, if_they_stay: 70 };
check((await textOf({ customers: [quiet] })).includes('Gone quiet for them, by their own rhythm: one customer to win back'), 'a customer to win back: by what measure');

const day = { days: 1, repeated: 0, rate: 0, lower: 0, upper: 0.5 };
check((await textOf({ repeat_within: [{ ...day, eligible: 2 }] }))
    .includes('Too few customers to tell: only 2 have had a day or more since their first order.'), 'two customers: too few for the repeat curve');
check((await textOf({ repeat_within: [{ ...day, eligible: 1 }] }))
    .includes('Too few customers to tell: only 1 has had a day or more since the first order.'), 'one customer: too few for the repeat curve');
check((await textOf({ kpi: [{ ...kpi, customers: 4 }] })).includes('Too few customers to tell (4).'), 'four customers: too few for concentration');

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
