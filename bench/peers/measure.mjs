// measure.mjs FOLDER ROUNDS WHAT CLOCK [QUESTIONS]: the runs and the table of bench/peers/run.
import { createRequire } from 'node:module'
import { execFileSync } from 'node:child_process'
import { questions } from './questions.mjs'

const [folder, rounds, made, clock, which] = process.argv.slice(2)
const { DuckDBInstance } = createRequire(folder + '/')('@duckdb/node-api')

const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
const version = (await duckdb.runAndReadAll('SELECT version()')).getRows()[0][0]
let started = performance.now()
await duckdb.run(`SET TimeZone = 'UTC'`).catch(() => {})
for (const [table, key] of [['orders_int8', 'BIGINT'], ['orders_text', 'VARCHAR']])
	await duckdb.run(`CREATE TABLE ${table} AS SELECT * FROM read_csv('${folder}/${table}.csv', header = false,
		columns = {customer_id: '${key}', ordered_at: 'TIMESTAMP', amount: 'DECIMAL(12,2)'})`)
const loading = (performance.now() - started) / 1000

async function askDuckDB(query, threads) {
	await duckdb.run(`SET threads = ${threads}`)
	const started = performance.now()
	const used = process.cpuUsage()
	const answer = (await duckdb.runAndReadAll(query)).getRows()[0]
	const { user, system } = process.cpuUsage(used)
	return { seconds: clock === 'cpu' ? (user + system) / 1e6 : (performance.now() - started) / 1000, answer: answer.map(String) }
}

// How long the backend has had a processor, in nanoseconds; its workers aren't seen.
const cpu = `SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1)`

// One thread is the backend's own; two are the leader and a worker.
async function askPostgres(query, threads) {
	const output = execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1'], {
		encoding: 'utf8', maxBuffer: 1 << 24,
		input: `SET timezone = 'UTC'; SET jit = off; SET work_mem = '256MB'; SET hash_mem_multiplier = 2;
			SET max_parallel_workers_per_gather = ${threads - 1}; SET search_path = shop, public;
			${cpu};\n\\timing on\n${query.replace(/\s+/g, ' ')};\n\\timing off\n${cpu};\n` })
	const [before, answer, time, after] = output.trim().split('\n')
	return { seconds: clock === 'cpu' ? (after - before) / 1e9 : Number(/Time: ([0-9.]+) ms/.exec(time)[1]) / 1000, answer: answer.split('|') }
}

const who = [['retention', 'retention', askPostgres], ['hand-written', 'hand', askPostgres], [`DuckDB ${version}`, 'duckdb', askDuckDB]]
const same = (a, b) => a === b || Math.abs(Number(a) - Number(b)) <= 1e-9 * Math.abs(Number(b))
const median = list => [...list].sort((a, b) => a - b)[list.length >> 1]
let wrong = 0
const threadCounts = clock === 'cpu' ? [1] : [1, 2]
console.log(`\n${made}; medians of ${rounds} rounds${clock === 'cpu' ? ', in seconds of a processor' : ''}; DuckDB's data were loaded before, from CSV, in ${loading.toFixed(1)} s.\n`)
console.log(`| what | threads | ${who.map(([name]) => name).join(' | ')} |\n| --- | ---: | ---: | ---: | ---: |`)
for (const question of questions.filter(({ name }) => new RegExp(which || '.').test(name))) {
	const runs = threadCounts.flatMap(threads => who.map(([name, part, ask]) => ({ name, threads, ask, query: question[part].replaceAll('TABLE', question.table), times: [] })))
	const scan = `SELECT count(customer_id), count(ordered_at), count(amount) FROM ${question.table}`
	let truth
	await askPostgres(scan, 1)
	for (let round = 0; round < Number(rounds); round++)
		for (const run of runs) {
			console.error(`${question.name}, round ${round + 1}: ${run.name}, ${run.threads} thread${run.threads > 1 ? 's' : ''}`)
			const { seconds, answer } = await run.ask(run.query, run.threads)
			run.times.push(seconds)
			truth ??= answer
			if (answer.some((value, i) => !same(value, truth[i]))) {
				console.error(`  answers ${answer.join(' ')}, not ${truth.join(' ')}`)
				run.wrong = true
				wrong++
			}
		}
	for (const threads of threadCounts)
		console.log(`| ${question.name} | ${threads} | ${runs.filter(run => run.threads === threads)
			.map(run => `${median(run.times).toFixed(2)} s${run.wrong ? ' **WRONG**' : ''}`).join(' | ')} |`)
}
process.exit(wrong > 0 ? 1 : 0)
