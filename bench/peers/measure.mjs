// measure.mjs FOLDER ROUNDS WHAT: the runs and the table of bench/peers/run.
//
// Each contestant answers the same query over its matrix, which sums up every
// column: so all cells are computed, none are sent, and the answers compare.
import { createRequire } from 'node:module'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const [folder, rounds, made] = process.argv.slice(2)
const { DuckDBInstance } = createRequire(folder + '/')('@duckdb/node-api')

// Some cells have no orders: only ours has rows for those.
const summed = matrix => `
	SELECT sum(CASE WHEN period_index = 0 THEN cohort_size ELSE 0 END) AS customers, sum(active) AS active,
		   sum(orders) AS orders, sum(revenue) AS revenue, max(cumulative_revenue) AS best_cohort
	FROM (${matrix}) matrix`
const query = name => summed(readFileSync(`${folder}/cohort-${name}.sql`, 'utf8').replace(/^--.*$/gm, ''))

const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
const version = (await duckdb.runAndReadAll('SELECT version()')).getRows()[0][0]
let started = performance.now()
await duckdb.run(`SET TimeZone = 'UTC'`).catch(() => {})
await duckdb.run(`CREATE TABLE orders AS SELECT * FROM read_csv('${folder}/orders.csv', header = false,
	columns = {customer_id: 'BIGINT', ordered_at: 'TIMESTAMP', amount: 'DECIMAL(12,2)'})`)
const loading = (performance.now() - started) / 1000

async function askDuckDB(threads) {
	await duckdb.run(`SET threads = ${threads}`)
	const started = performance.now()
	const answer = (await duckdb.runAndReadAll(query('duckdb'))).getRows()[0]
	return { seconds: (performance.now() - started) / 1000, answer: answer.map(String) }
}

// One thread is the backend's own; two are the leader and a worker.
async function askPostgres(name, threads) {
	const output = execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1'], {
		encoding: 'utf8', maxBuffer: 1 << 24,
		input: `SET timezone = 'UTC'; SET jit = off; SET work_mem = '256MB'; SET hash_mem_multiplier = 2;
			SET max_parallel_workers_per_gather = ${threads - 1};
			SELECT count(*) FROM shop.orders_int8 \\g /dev/null
			\\timing on\n${query(name)};\n` })
	const [answer, time] = output.trim().split('\n')
	return { seconds: Number(/Time: ([0-9.]+) ms/.exec(time)[1]) / 1000, answer: answer.split('|') }
}

const contestants = [1, 2].flatMap(threads => [
	{ name: 'retention', threads, ask: () => askPostgres('retention', threads) },
	{ name: 'hand-written', threads, ask: () => askPostgres('hand-written', threads) },
	{ name: `DuckDB ${version}`, threads, ask: () => askDuckDB(threads) },
])
for (const c of contestants)
	c.times = []
let truth
let wrong = 0
for (let round = 0; round < Number(rounds); round++)
	for (const c of contestants) {
		console.error(`round ${round + 1}: ${c.name}, ${c.threads} thread${c.threads > 1 ? 's' : ''}`)
		const { seconds, answer } = await c.ask()
		c.times.push(seconds)
		truth ??= answer
		if (answer.some((value, i) => Number(value) !== Number(truth[i]))) {
			console.error(`  answers ${answer.join(' ')}, not ${truth.join(' ')}`)
			c.wrong = true
			wrong++
		}
	}

const median = list => [...list].sort((a, b) => a - b)[list.length >> 1]
console.log(`\nMonthly cohort matrix with revenue; ${made}; medians of ${rounds} rounds.`)
console.log(`DuckDB's data were loaded before, from CSV, in ${loading.toFixed(1)} s; it has no time zones here.\n`)
console.log('| what | 1 thread | 2 threads |\n| --- | ---: | ---: |')
for (const c of contestants.filter(c => c.threads === 1)) {
	const two = contestants.find(d => d.name === c.name && d.threads === 2)
	console.log(`| ${c.name} | ${median(c.times).toFixed(2)} s${c.wrong ? ' **WRONG**' : ''} | ${median(two.times).toFixed(2)} s${two.wrong ? ' **WRONG**' : ''} |`)
}
process.exit(wrong > 0 ? 1 : 0)
