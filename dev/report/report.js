// node report.js <ANSWERS >report.html
//
// Makes a page of the answers to the queries of this folder: a line of JSON for
// each, {"name of the query": [rows]}, and one of what they are of (see
// dev/demo-report.sql). The page holds all that it shows, and no script.

import { readFileSync } from 'node:fs';
import { page } from './page.js';

process.stdout.write(await page(readFileSync(0, 'utf8')));
