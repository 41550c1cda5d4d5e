// node test.js [ANSWERS...]
//
// Pages of the answers in samples/, of which one is of customers with names that
// are HTML, and of those named: each has to be whole, harmless, and without what
// no one should read. Prints a line for each check and, last, how many passed.

import { readdirSync, readFileSync } from 'node:fs';
import { page } from './page.js';

let passed = 0, failed = 0;

function check(good, what) {
    console.log(`${good ? 'ok' : 'not ok'} - ${what}`);
    if (good) passed++;
    else failed++;
}

const samples = new URL('samples/', import.meta.url);

const files = [...readdirSync(samples).sort().map(file => new URL(file, samples)), ...process.argv.slice(2)];

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

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
