// What bench/peers/run asks: of each question the answer of retention, the
// fastest SQL known for PostgreSQL, and the fastest known for DuckDB.  TABLE is
// the table's name there; peers_views are the views over orders_int8.  An answer is one row of numbers, which sums up every
// column: so all of it is computed, little is sent, and the answers compare.
import { readFileSync } from 'node:fs'

const read = name => readFileSync(new URL(name, import.meta.url), 'utf8').replace(/^--.*$/gm, '')

// Some cells have no orders: only ours has rows for those.
const summedMatrix = name => `
	SELECT sum(CASE WHEN period_index = 0 THEN cohort_size ELSE 0 END) AS customers, sum(active) AS active,
		   sum(orders) AS orders, sum(revenue) AS revenue, max(cumulative_revenue) AS best_cohort
	FROM (${read(`./cohort-${name}.sql`)}) matrix`

// By customer first, in both of the others.
const customers = `SELECT count(*) AS orders, sum(amount) AS revenue, min(ordered_at) AS first, max(ordered_at) AS last
	FROM TABLE GROUP BY customer_id`
const six = seconds => `
	SELECT sum(revenue) / sum(orders) AS aov, sum(orders) / count(*)::float8 AS frequency,
		   count(*) FILTER (WHERE orders > 1)::float8 / count(*) AS repeat_rate, sum(revenue) / count(*) AS customer_value,
		   avg(${seconds('last')} - ${seconds('first')}) AS lifetime_span,
		   sum(revenue)::float8 / count(*) / (${seconds('max(last)')} - ${seconds('min(first)')}) * 31557600 * 3 AS clv
	FROM (${customers}) c`
const epoch = column => `extract(epoch FROM ${column})::float8`
const rate = `SELECT count(*) FILTER (WHERE n > 1)::float8 / count(*) FROM (SELECT count(*) AS n FROM TABLE GROUP BY customer_id) c`

const scan = 'SELECT count(customer_id), count(ordered_at), count(amount) FROM TABLE'

const ofKey = key => [
	{ name: `a scan that counts three columns, ${key}`, table: `orders_${key}`, retention: scan, hand: scan, duckdb: scan },
	{
		name: `six metrics, ${key}`, table: `orders_${key}`,
		retention: `SELECT aov(b), purchase_frequency(b), repeat_rate(b), customer_value(b), ${epoch('lifetime_span(b)')}, clv(b, lifespan => '3 years')
			FROM (SELECT customer_base(customer_id, ordered_at, amount) AS b FROM TABLE OFFSET 0) s`,
		hand: six(epoch), duckdb: six(column => `epoch(${column})`),
	},
	{ name: `repeat_rate, ${key}`, table: `orders_${key}`, retention: 'SELECT repeat_rate(customer_id) FROM TABLE', hand: rate, duckdb: rate },
]

// Who is new is a matter of all periods, so each customer's first one is found first.
const byPeriod = month => `
	SELECT period, count(*) AS customers, count(*) FILTER (WHERE n > 1) AS repeat_customers, sum(n) AS orders, sum(paid) AS revenue,
		   count(*) FILTER (WHERE period = first) AS new_customers, sum(paid) FILTER (WHERE period = first) AS new_revenue,
		   count(*) FILTER (WHERE period > first) AS returning_customers
	FROM (SELECT customer_id, period, n, paid, min(period) OVER (PARTITION BY customer_id) AS first
		  FROM (SELECT customer_id, ${month} AS period, count(*) AS n, sum(amount) AS paid FROM TABLE GROUP BY 1, 2) m) f
	GROUP BY period`
const periods = query => `
	SELECT count(*), sum(customers), sum(repeat_customers), sum(orders), sum(revenue), sum(new_customers), sum(new_revenue), sum(returning_customers)
	FROM (${query}) p`

// A score says how many have less; "over" divides whole numbers.
const scored = over => `
	SELECT customer_id, n AS orders, paid AS revenue, first::date AS first_order, last::date AS last_order, last::date - first::date AS lifespan_days,
		   5 - 5 * (rank() OVER (ORDER BY last::date DESC) - 1) ${over} count(*) OVER () AS recency_score,
		   1 + 5 * (rank() OVER (ORDER BY n) - 1) ${over} count(*) OVER () AS frequency_score,
		   1 + 5 * (rank() OVER (ORDER BY paid) - 1) ${over} count(*) OVER () AS monetary_score
	FROM (SELECT customer_id, count(*) AS n, sum(amount) AS paid, min(ordered_at) AS first, max(ordered_at) AS last FROM TABLE GROUP BY customer_id) c`
const customerSums = query => `
	SELECT count(*), sum(orders), sum(revenue), count(first_order), count(last_order), sum(lifespan_days), sum(recency_score), sum(frequency_score), sum(monetary_score)
	FROM (${query}) c`

export const questions = [
	{
		name: 'view kpi_by_period', table: 'orders_int8',
		retention: periods('SELECT * FROM peers_views.kpi_by_period'),
		hand: periods(byPeriod(`date_trunc('month', ordered_at)`)), duckdb: periods(byPeriod(`date_trunc('month', ordered_at)`)),
	},
	{
		name: 'view customers, facts and scores', table: 'orders_int8',
		retention: customerSums('SELECT * FROM peers_views.customers'), hand: customerSums(scored('/')), duckdb: customerSums(scored('//')),
	},
	{
		name: 'monthly cohort matrix', table: 'orders_int8',
		retention: summedMatrix('retention'), hand: summedMatrix('hand-written'), duckdb: summedMatrix('duckdb'),
	},
	...ofKey('int8'),
	...ofKey('text'),
	{
		name: 'one customer each, text', table: 'orders_text',
		retention: 'SELECT count(*), sum(v)::float8 FROM (SELECT clv(ordered_at, amount) AS v FROM TABLE GROUP BY customer_id) c',
		hand: `SELECT count(*), sum(revenue / orders * ${epoch('last - first')} / 31557600)::float8 FROM (${customers}) c`,
		duckdb: `SELECT count(*), sum(revenue / orders * (epoch(last) - epoch(first)) / 31557600)::float8 FROM (${customers}) c`,
	},
]
