-- Each column of each view in plain SQL, which knows nothing of the extension but
-- for the models, and the comparison with the views.
--
-- There has to be a table shops (id, and what the views were made with: period,
-- zone, at, the type of the times, lifespan and lifespan_days, margin) and a table
-- plain_orders: the orders, lines added up, as they are: kept by the filter or
-- not, the customer as the view shows them, the time as an instant, the amount,
-- whether it is an order, how many rows it was, and the number of the order, if
-- it was of lines.
--
-- A shop may be a part of another one: then there is a table parts (id, whole), and who is new,
-- when the first order was and when it is now is what the whole says.
--
-- Or a part is some days of another shop: then a table windows (id, longer, from_day, until_day) has
-- these, and the shop of all days.  What day it is now may be said in a table nows (id, as_of).

CREATE TABLE IF NOT EXISTS parts (id int PRIMARY KEY, whole int NOT NULL);
CREATE TABLE IF NOT EXISTS windows (id int PRIMARY KEY, longer int NOT NULL, from_day date NOT NULL, until_day date NOT NULL);
CREATE TABLE IF NOT EXISTS nows (id int PRIMARY KEY, as_of date);
CREATE FUNCTION whole(which int) RETURNS int STABLE LANGUAGE sql AS $$
	SELECT coalesce((SELECT whole FROM parts WHERE id = which), which)
$$;

CREATE FUNCTION step(period text) RETURNS interval IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE period WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || period)::interval END
$$;
CREATE TABLE facts AS
SELECT id, customer, instant, local::date AS day, date_trunc(period, local)::date AS period, amount, is_order, order_no
FROM (SELECT o.*, s.period, CASE WHEN s.at = 'timestamptz' AND zone IS NOT NULL THEN instant AT TIME ZONE 'UTC' AT TIME ZONE zone ELSE instant END AS local
	  FROM plain_orders o JOIN shops s USING (id) WHERE o.kept AND isfinite(instant) AND o.amount IS NOT NULL) o;
CREATE INDEX ON facts (id);
ANALYZE facts;

-- "Now", and the label of a period.
CREATE FUNCTION as_of(which int) RETURNS date STABLE LANGUAGE sql AS $$
	SELECT as_of FROM nows WHERE id = whole(which)
$$;
CREATE FUNCTION today(which int) RETURNS date STABLE LANGUAGE sql AS $$
	SELECT CASE WHEN last IS NOT NULL THEN coalesce(as_of(which), last) END FROM (SELECT max(day) AS last FROM facts WHERE id = whole(which) AND customer IS NOT NULL AND is_order) l
$$;
-- Is a period over that begins on a day?  A day that is given is over; that of the last order may not be.
CREATE FUNCTION is_over(which int, starts timestamp) RETURNS bool STABLE LANGUAGE sql AS $$
	SELECT CASE WHEN as_of(which) IS NOT NULL THEN starts + step(period) <= as_of(which) + interval '1 day' ELSE starts < date_trunc(period, today(which)::timestamp) END FROM shops WHERE id = which
$$;
CREATE FUNCTION label(which int, day date) RETURNS text STABLE LANGUAGE sql AS $$
	SELECT CASE period
		WHEN 'day' THEN day::text WHEN 'month' THEN left(day::text, 7) WHEN 'year' THEN left(day::text, 4)
		WHEN 'quarter' THEN left(day::text, 4) || '-Q' || extract(quarter FROM day)
		WHEN 'week' THEN extract(isoyear FROM day) || '-W' || lpad(extract(week FROM day)::text, 2, '0') END
	FROM shops WHERE id = which
$$;
-- Facts that cohorts, ladders and so on look at: of customers, until "now", to the day.
CREATE FUNCTION seen(which int) RETURNS SETOF facts STABLE LANGUAGE sql AS $$
	SELECT * FROM facts WHERE id = which AND customer IS NOT NULL AND CASE WHEN as_of(which) IS NULL THEN period <= (SELECT max(period) FROM facts WHERE id = whole(which) AND customer IS NOT NULL AND is_order) ELSE day <= as_of(which) END
$$;
-- The first order of each customer, of the whole.
CREATE TABLE firsts AS
SELECT DISTINCT ON (id, customer) id, customer, day, period, count(*) AS orders FROM facts WHERE customer IS NOT NULL AND is_order GROUP BY id, customer, day, period ORDER BY id, customer, day;
CREATE INDEX ON firsts (id, customer);
ANALYZE firsts;
-- The orders of each customer.  Of a part the first is that of the whole, wherever it was, and then come those in the part.
CREATE FUNCTION numbered(which int) RETURNS TABLE (customer text, day date, n int8) STABLE LANGUAGE sql AS $$
	SELECT customer, day, row_number() OVER (PARTITION BY customer ORDER BY day)
	FROM (SELECT customer, day FROM firsts WHERE id = whole(which) AND customer IN (SELECT f.customer FROM firsts f WHERE f.id = which)
		  UNION ALL
		  SELECT p.customer, p.day
		  FROM (SELECT customer, day, row_number() OVER (PARTITION BY customer, day) AS nth, count(*) OVER (PARTITION BY customer, day) AS same
				FROM facts WHERE id = which AND customer IS NOT NULL AND is_order) p JOIN firsts f USING (customer)
		  -- where the part has all of the first day's, that is one of them
		  WHERE f.id = whole(which) AND NOT (p.day = f.day AND nth = 1 AND same = orders)) o
$$;
-- What each customer has done in each period, or, with a period of NULL, ever.
CREATE TABLE customer_periods AS
SELECT id, period, customer, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue, min(day) FILTER (WHERE is_order) AS first, max(day) FILTER (WHERE is_order) AS last,
	   max(day) FILTER (WHERE is_order) - min(day) FILTER (WHERE is_order) AS lifespan_days
FROM facts WHERE customer IS NOT NULL GROUP BY GROUPING SETS ((id, period, customer), (id, customer));
CREATE INDEX ON customer_periods (id, period);
ANALYZE customer_periods;
-- What the best of those with an order have paid, a customer counting in part.
CREATE FUNCTION best(which int, in_period date, fraction numeric, OUT revenue numeric, OUT share float8) STABLE LANGUAGE sql AS $$
	SELECT sum(revenue * greatest(0, least(1, fraction * c - n + 1))),
		   CASE WHEN sum(revenue) > 0 THEN sum(revenue * greatest(0, least(1, fraction * c - n + 1))) / sum(revenue) END
	FROM (SELECT revenue, row_number() OVER (ORDER BY revenue DESC) AS n, count(*) OVER () AS c
		  FROM customer_periods WHERE id = which AND period IS NOT DISTINCT FROM in_period AND orders > 0) s
$$;
-- The gap that is usual: nine of ten are no longer.
CREATE TABLE usual AS
SELECT id, coalesce(nullif(percentile_cont(0.9) WITHIN GROUP (ORDER BY b.day - a.day), 0), 90) AS gap
FROM shops CROSS JOIN LATERAL numbered(id) a LEFT JOIN LATERAL numbered(id) b ON b.customer = a.customer AND b.n = a.n + 1 GROUP BY id;
-- The days that customers stay: who has been silent for longer than that has left, of all others it is known until today
-- (Kaplan & Meier). Its mean is the area below the curve.
CREATE AGGREGATE product(float8) (SFUNC = float8mul, STYPE = float8);
CREATE FUNCTION stay(which int) RETURNS float8 STABLE LANGUAGE sql AS $$
	SELECT sum((next - day) * alive)
	FROM (SELECT day, product(1 - coalesce(left_then::float8 / nullif(there, 0), 0)) OVER (ORDER BY day) AS alive, lead(day) OVER (ORDER BY day) AS next
		  FROM (SELECT day, left_then, sum(n) OVER (ORDER BY day DESC) AS there
				FROM (SELECT CASE WHEN gone THEN last ELSE today END - first AS day, count(*) FILTER (WHERE gone) AS left_then, count(*) AS n
					  FROM (SELECT f.day AS first, last, today, today - last > gap AS gone FROM customer_periods c JOIN usual USING (id) JOIN firsts f ON f.id = whole(which) AND f.customer = c.customer, today(which)
							WHERE c.id = which AND c.period IS NULL AND c.orders > 0) c GROUP BY 1
					  UNION ALL SELECT 0, 0, 0) d) e) f
$$;
-- The part of kpi that kpi_by_period has too.
CREATE FUNCTION numbers(which int, in_period date,
	OUT customers int8, OUT repeat_customers int8, OUT repeat_rate float8, OUT orders int8, OUT purchase_frequency float8, OUT revenue numeric, OUT customer_value numeric,
	OUT refunds int8, OUT refunded numeric, OUT guest_orders int8, OUT guest_revenue numeric, OUT all_orders int8, OUT all_revenue numeric, OUT aov numeric,
	OUT lifespan_days float8, OUT top_20_percent_revenue numeric, OUT top_20_percent_share float8) STABLE LANGUAGE sql AS $$
	SELECT customers, repeaters, repeaters::float8 / nullif(customers, 0), orders, orders::float8 / nullif(customers, 0), coalesce(revenue, 0), revenue / nullif(customers, 0),
		   refunds, refunded, guest_orders, coalesce(all_revenue, 0) - coalesce(revenue, 0), all_orders, coalesce(all_revenue, 0), all_revenue / nullif(all_orders, 0), lifespan_days,
		   (best(which, in_period, 0.2)).*
	FROM (SELECT count(DISTINCT customer) FILTER (WHERE is_order) AS customers, count(customer) FILTER (WHERE is_order) AS orders,
				 sum(amount) FILTER (WHERE customer IS NOT NULL) AS revenue, count(customer) FILTER (WHERE NOT is_order) AS refunds,
				 coalesce(-sum(amount) FILTER (WHERE NOT is_order AND customer IS NOT NULL), 0) AS refunded,
				 count(*) FILTER (WHERE is_order AND customer IS NULL) AS guest_orders, count(*) FILTER (WHERE is_order) AS all_orders, sum(amount) AS all_revenue
		  FROM facts WHERE id = which AND (period = in_period OR in_period IS NULL)) f,
		 (SELECT count(*) FILTER (WHERE orders > 1) AS repeaters, avg(lifespan_days) AS lifespan_days
		  FROM customer_periods WHERE id = which AND period IS NOT DISTINCT FROM in_period AND orders > 0) c
$$;

CREATE FUNCTION plain_kpi(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT to_jsonb(n) || jsonb_build_object('first_order', f.first, 'last_order', f.last,
		'clv', margin::numeric * customer_value / nullif(observed, 0) * coalesce(s.lifespan_days, stay(coalesce((SELECT longer FROM windows WHERE id = which), which))::numeric),
		'revenue_per_customer_year', revenue * 365.25 / nullif(tenure, 0), 'changes_waiting', NULL)
	FROM shops s, numbers(which, NULL) n,
		 (SELECT min(c.first) AS first, max(c.last) AS last, max(c.last) - min(c.first) AS observed,
				 -- since they are customers of the whole shop, within the window
				 sum(today(which) - greatest(w.day, (SELECT from_day FROM windows WHERE id = which))) AS tenure
		  FROM customer_periods c JOIN firsts w ON w.id = whole(which) AND w.customer = c.customer WHERE c.id = which AND c.period IS NULL AND c.orders > 0) f
	WHERE s.id = which
$$;

CREATE FUNCTION plain_kpi_by_period(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	-- customers of a part are those with an order in it
	WITH came AS MATERIALIZED (SELECT customer, CASE WHEN day < (SELECT from_day FROM windows WHERE id = which) THEN '-infinity' ELSE period END AS first
								FROM firsts WHERE id = whole(which) AND customer IN (SELECT p.customer FROM firsts p WHERE p.id = which)),
	f AS MATERIALIZED (SELECT f.*, first FROM facts f LEFT JOIN came USING (customer) WHERE id = which AND customer IS NOT NULL),
	periods AS MATERIALIZED (
		SELECT starts::date AS p, (starts + step(s.period))::date - starts::date AS days,
			   CASE s.period WHEN 'day' THEN starts - interval '364 days' WHEN 'week' THEN starts - interval '357 days'
							 WHEN 'year' THEN starts ELSE starts + step(s.period) - interval '1 year' END::date AS since,
			   CASE WHEN today(which) IS NULL THEN starts < max(starts) OVER () ELSE is_over(which, starts) END AS is_complete
		FROM shops s, (SELECT min(period)::timestamp AS a, max(period)::timestamp AS b FROM facts WHERE id = which OR (id = whole(which) AND customer IS NOT NULL AND is_order)) span, generate_series(a, b, step(s.period)) starts
		WHERE s.id = which),
	done AS (
		SELECT period, count(DISTINCT customer) FILTER (WHERE is_order AND first = period) AS new_customers, count(DISTINCT customer) FILTER (WHERE is_order AND first < period) AS returning_customers,
			   count(*) FILTER (WHERE is_order AND first = period) AS new_orders, count(*) FILTER (WHERE is_order AND first < period) AS returning_orders,
			   sum(amount) FILTER (WHERE first = period) AS new_revenue
		FROM f GROUP BY period),
	lately AS (
		SELECT p, count(*) AS customers, count(*) FILTER (WHERE n > 1) AS repeaters
		FROM (SELECT p, customer, count(*) AS n FROM periods JOIN f ON is_order AND period BETWEEN since AND p GROUP BY p, customer) t GROUP BY p)
	SELECT to_jsonb(n) || jsonb_build_object('period_start', p, 'period_label', label(which, p), 'is_complete', is_complete,
		'new_customers', coalesce(new_customers, 0), 'returning_customers', coalesce(returning_customers, 0), 'new_orders', coalesce(new_orders, 0), 'returning_orders', coalesce(returning_orders, 0),
		'new_revenue', coalesce(new_revenue, 0), 'returning_revenue', round(n.revenue, 4) - round(coalesce(new_revenue, 0), 4),
		'clv', margin::numeric * customer_value / periods.days * coalesce(s.lifespan_days, stay::numeric),
		'trailing_12_months_customers', coalesce(t.customers, 0), 'trailing_12_months_repeat_customers', coalesce(t.repeaters, 0),
		'trailing_12_months_repeat_rate', CASE WHEN since >= (SELECT min(period) FROM firsts WHERE id = whole(which)) THEN t.repeaters::float8 / t.customers END)
	FROM shops s CROSS JOIN periods LEFT JOIN done ON done.period = p LEFT JOIN lately t USING (p) CROSS JOIN LATERAL numbers(which, p) n CROSS JOIN stay(coalesce((SELECT longer FROM windows WHERE id = which), which))
	WHERE s.id = which
$$;

-- The numbers of days: of month, quarter and year so far, and of the same days of the year before.
CREATE FUNCTION plain_kpi_to_date(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	WITH came AS MATERIALIZED (SELECT customer, day AS first FROM firsts WHERE id = whole(which) AND customer IN (SELECT p.customer FROM firsts p WHERE p.id = which)),
	spans AS (
		SELECT span, date_trunc(span, today)::date AS a, today AS b, year FROM today(which),
			(SELECT span, interval '1 year' AS year FROM unnest('{month,quarter,year}'::text[]) span UNION ALL SELECT period, '364 days' FROM shops WHERE id = which AND period IN ('day', 'week')) s
		WHERE today IS NOT NULL),
	windows AS (SELECT span, false AS before, a, b FROM spans UNION ALL SELECT span, true, (a - year)::date, (b - year)::date FROM spans),
	done AS (
		SELECT span, before, a, b, customer, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS amount, first BETWEEN a AND b AS new
		FROM windows LEFT JOIN facts f ON f.id = which AND day BETWEEN a AND b LEFT JOIN came USING (customer) GROUP BY span, before, a, b, customer, first),
	counted AS (
		SELECT span, before, a, b, count(customer) FILTER (WHERE orders > 0) AS customers, count(customer) FILTER (WHERE orders > 0 AND new) AS new_customers,
			   count(customer) FILTER (WHERE orders > 0 AND NOT new) AS returning_customers, count(customer) FILTER (WHERE orders > 1) AS repeat_customers,
			   coalesce(sum(orders) FILTER (WHERE customer IS NOT NULL), 0) AS orders, coalesce(sum(amount) FILTER (WHERE customer IS NOT NULL), 0) AS revenue,
			   coalesce(sum(amount) FILTER (WHERE new), 0) AS new_revenue, sum(orders) AS all_orders, coalesce(sum(amount), 0) AS all_revenue
		FROM done GROUP BY span, before, a, b),
	numbers AS (
		SELECT span, before, a, b, to_jsonb(c) - '{span,before,a,b}'::text[] || jsonb_build_object('revenue', round(revenue, 4), 'new_revenue', round(new_revenue, 4), 'all_revenue', round(all_revenue, 4),
			   'repeat_rate', repeat_customers / nullif(customers, 0)::float8, 'aov', round(all_revenue / nullif(all_orders, 0), 4)) AS numbers
		FROM counted c)
	SELECT jsonb_build_object('span', n.span, 'from_day', n.a, 'until_day', n.b, 'year_before_from_day', o.a, 'year_before_until_day', o.b, 'is_year_before_complete', complete) || n.numbers ||
		(SELECT jsonb_object_agg(name, number) FROM (
			SELECT key || '_year_before' AS name, CASE WHEN complete THEN value ELSE 'null' END AS number FROM jsonb_each(o.numbers)
			UNION ALL SELECT key || '_change', coalesce(CASE WHEN complete AND o.value::numeric > 0 THEN to_jsonb((n.value #>> '{}')::float8 / o.value::float8 - 1) END, 'null')
			FROM jsonb_each(n.numbers) n JOIN (SELECT key, nullif(value, 'null') AS value FROM jsonb_each(o.numbers)) o USING (key)) x)
	FROM numbers n JOIN numbers o USING (span), LATERAL (SELECT (SELECT min(day) FROM firsts WHERE id = whole(which)) <= o.a AS complete) c WHERE o.before AND NOT n.before
$$;

-- The segments of the scores, as the documentation has them.
CREATE TABLE grid AS
SELECT 6 - r AS r, f, name FROM unnest(ARRAY[
	'New customers,Potential loyalists,Potential loyalists,Champions,Champions', 'Promising,Potential loyalists,Potential loyalists,Loyal customers,Loyal customers',
	'About to sleep,About to sleep,Need attention,Loyal customers,Loyal customers', 'Hibernating,Hibernating,At risk,At risk,Cannot lose them', 'Lost,Lost,At risk,At risk,Cannot lose them'])
	WITH ORDINALITY u (names, r), unnest(string_to_array(names, ',')) WITH ORDINALITY n (name, f);
CREATE TABLE plain_customer AS
WITH o AS (
	SELECT id, customer, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue, min(day) FILTER (WHERE is_order) AS first_order, max(day) FILTER (WHERE is_order) AS last_order
	FROM facts WHERE customer IS NOT NULL GROUP BY id, customer),
days AS (
	SELECT DISTINCT id, customer, day, day - lag(day) OVER (PARTITION BY id, customer ORDER BY day) AS gap FROM facts WHERE customer IS NOT NULL AND is_order),
due AS (SELECT id, customer, max(day) + floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FILTER (WHERE gap > 0))::int AS day FROM days GROUP BY id, customer),
nows AS (SELECT id, today(id) AS now FROM shops),
c AS (
	SELECT o.*, lifespan_days, now - first_order AS age_days, now - last_order AS recency_days, u.gap, due.day AS due
	FROM o JOIN usual u USING (id) JOIN nows USING (id) JOIN due USING (id, customer) JOIN customer_periods p ON p.id = o.id AND p.customer = o.customer AND p.period IS NULL WHERE o.orders > 0),
-- how many customers have less, of how many
less AS (
	SELECT id, metric, value, sum(count(*)) OVER (PARTITION BY id, metric ORDER BY value) - count(*) AS less
	FROM c, LATERAL (VALUES ('r', recency_days), ('f', orders), ('m', round(revenue, 4))) v (metric, value) GROUP BY id, metric, value),
scored AS (
	SELECT c.*, count(*) OVER (PARTITION BY id) AS n, r.less AS r, f.less AS f, m.less AS m
	FROM c JOIN less r USING (id) JOIN less f USING (id) JOIN less m USING (id)
	WHERE r.metric = 'r' AND r.value = recency_days AND f.metric = 'f' AND f.value = orders AND m.metric = 'm' AND m.value = round(revenue, 4))
SELECT id, s.customer, orders, revenue, revenue / orders AS aov, first_order, last_order, lifespan_days, age_days, recency_days, lifespan_days / nullif(orders - 1, 0)::float8 AS mean_gap_days,
	   due AS next_order_due, 5 - trunc(5.0 * s.r / n)::int AS recency_score, 1 + trunc(5.0 * s.f / n)::int AS frequency_score,
	   1 + trunc(5.0 * m / n)::int AS monetary_score, g.name AS segment,
	   CASE WHEN recency_days > 3 * gap THEN 'lost' WHEN recency_days > 2 * gap THEN 'dormant' WHEN recency_days > gap THEN 'at risk' WHEN orders = 1 THEN 'new' ELSE 'active' END AS status,
	   1 + trunc(10.0 * m / n)::int AS revenue_decile
FROM scored s LEFT JOIN grid g ON g.r = 5 - trunc(5.0 * s.r / n)::int AND g.f = 1 + trunc(5.0 * s.f / n)::int;

CREATE FUNCTION plain_refunds(which int, who text) RETURNS jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('refunds', count(*), 'refunded', coalesce(-sum(amount), 0)) FROM facts WHERE id = which AND customer = who AND is_order IS NOT TRUE
$$;

-- What the models say, step by step: this part asks the extension.
CREATE FUNCTION plain_customers(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	WITH r AS MATERIALIZED (
		SELECT customer, _retention_rfm_summary(day, amount, is_order, today) AS rfm FROM facts, today(which) WHERE id = which AND customer IS NOT NULL AND today IS NOT NULL GROUP BY customer),
	m AS MATERIALIZED (SELECT fit_purchases(repeat_buying(rfm)) AS purchases, fit_spend(repeat_spend(rfm)) AS spend FROM r)
	SELECT to_jsonb(c) - 'id' || plain_refunds(which, customer) || jsonb_build_object('p_alive', p_alive(purchases, rfm), 'expected_purchases_12_months', expected_purchases(purchases, rfm, '1 year'),
		'expected_revenue_12_months', expected_purchases(purchases, rfm, '1 year') * expected_spend(spend, rfm),
		'predicted_clv', predicted_clv(purchases, spend, rfm, coalesce(s.lifespan, '3 years'), 0.1, margin))
	FROM plain_customer c JOIN r USING (customer) JOIN shops s USING (id), m WHERE id = which
$$;

-- And of all together: the sums of these. The bounds are compared in expected_total.sql.
CREATE FUNCTION plain_outlook(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	WITH r AS MATERIALIZED (
		SELECT customer, _retention_rfm_summary(day, amount, is_order, today) AS rfm FROM facts, today(which) WHERE id = which AND customer IS NOT NULL AND today IS NOT NULL GROUP BY customer
		HAVING (_retention_rfm_summary(day, amount, is_order, today)).repeat_purchases IS NOT NULL),
	m AS MATERIALIZED (SELECT fit_purchases(repeat_buying(rfm)) AS purchases, fit_spend(repeat_spend(rfm)) AS spend FROM r),
	s AS (SELECT count(*) AS customers, sum(expected_purchases(purchases, rfm, '1 year')) AS n, sum(expected_purchases(purchases, rfm, '1 year') * expected_spend(spend, rfm)) AS money, count(*) - count(expected_spend(spend, rfm)) AS without FROM m, r),
	t AS (SELECT expected_total(_retention_purchase_history(customer::text, day, amount, is_order, true, 1, 'day'), (SELECT purchases FROM m), (SELECT spend FROM m), '12 months', as_of(which)) AS t FROM facts WHERE id = which)
	SELECT jsonb_build_object('customers', s.customers, 'expected_purchases_12_months', n, 'expected_purchases_lower', (t).purchases_lower, 'expected_purchases_upper', (t).purchases_upper,
		'expected_revenue_12_months', money, 'expected_revenue_lower', (t).revenue_lower, 'expected_revenue_upper', (t).revenue_upper,
		'expected_revenue_per_customer', money / nullif(s.customers - without, 0), 'expected_revenue_per_customer_lower', (t).revenue_lower / nullif(s.customers - without, 0), 'expected_revenue_per_customer_upper', (t).revenue_upper / nullif(s.customers - without, 0),
		'customers_without_revenue', without, 'model', b.model, 'converged', b.converged AND coalesce(p.converged, true),
		'message', CASE WHEN coalesce(b.message, p.message) IS NOT NULL THEN concat_ws('; ', b.message, p.message) END)
	FROM s, t, m LEFT JOIN LATERAL model_info(purchases) b ON true LEFT JOIN LATERAL model_info(spend) p ON true
$$;

CREATE FUNCTION plain_customer_facts(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('customer', customer, 'orders', orders, 'revenue', revenue, 'aov', aov, 'first_order', first_order, 'last_order', last_order,
		'lifespan_days', lifespan_days, 'mean_gap_days', mean_gap_days, 'next_order_due', next_order_due) || plain_refunds(which, customer)
	FROM plain_customer WHERE id = which
$$;
CREATE FUNCTION plain_order_sequence(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	WITH o AS MATERIALIZED (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY instant, order_no, amount) AS n FROM facts WHERE id = which AND customer IS NOT NULL AND is_order)
	SELECT jsonb_build_object('customer', o.customer, 'order_id', o.order_no, 'ordered_at', o.instant, 'amount', o.amount, 'order_number', o.n, 'is_first', o.n < 2, 'days_since_previous', o.day - p.day,
		'revenue_to_date', (SELECT sum(amount) FROM o AS a WHERE a.customer = o.customer AND a.n <= o.n) +
			coalesce((SELECT sum(amount) FROM facts r WHERE r.id = which AND r.customer = o.customer AND NOT r.is_order AND r.instant <= o.instant), 0))
	FROM o LEFT JOIN o p ON p.customer = o.customer AND p.n = o.n - 1
$$;
CREATE FUNCTION plain_rfm_quintiles(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('metric', metric, 'p20', p[1], 'p40', p[2], 'p60', p[3], 'p80', p[4])
	FROM (SELECT metric, percentile_disc('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY value) AS p
		  FROM plain_customer, LATERAL (VALUES ('recency', recency_days), ('frequency', orders), ('monetary', round(revenue, 4))) v (metric, value) WHERE id = which GROUP BY metric) q
$$;
CREATE FUNCTION plain_rfm_segments(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('segment', segment, 'customers', n, 'share_of_customers', n / sum(n) OVER (), 'revenue', revenue,
		'share_of_revenue', CASE WHEN sum(revenue) OVER () > 0 THEN revenue / sum(revenue) OVER () END, 'mean_recency_days', r, 'mean_orders', f, 'mean_revenue', revenue / n,
		'mean_recency_score', rs, 'mean_frequency_score', fs, 'mean_monetary_score', ms)
	FROM (SELECT segment, count(*) AS n, sum(round(revenue, 4)) AS revenue, avg(recency_days) AS r, avg(orders) AS f, avg(recency_score) AS rs, avg(frequency_score) AS fs, avg(monetary_score) AS ms
		  FROM plain_customer WHERE id = which GROUP BY segment) s
$$;

CREATE FUNCTION plain_cohort_retention(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	WITH r AS MATERIALIZED (SELECT * FROM seen(which)),
	members AS MATERIALIZED (SELECT customer, period AS cohort FROM firsts WHERE id = whole(which) AND customer IN (SELECT customer FROM r WHERE is_order)),
	cells AS (
		SELECT cohort, size, starts::date AS p, row_number() OVER (PARTITION BY cohort ORDER BY starts) - 1 AS i, is_over(which, starts) AS is_complete
		FROM (SELECT cohort, count(*) AS size FROM members GROUP BY cohort) c, shops s, generate_series(cohort::timestamp, (SELECT today(which)), step(s.period)) starts WHERE s.id = which),
	done AS (
		SELECT cohort, period AS p, count(DISTINCT customer) FILTER (WHERE is_order) AS active, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS revenue
		FROM members JOIN r USING (customer) GROUP BY cohort, period)
	SELECT jsonb_build_object('cohort', cohort, 'cohort_label', label(which, cohort), 'period_index', i, 'period_start', p, 'period_label', label(which, p), 'cohort_size', size,
		'active', coalesce(active, 0), 'retention', coalesce(active, 0)::float8 / size, 'orders', coalesce(orders, 0), 'revenue', coalesce(revenue, 0),
		'cumulative_revenue', sum(coalesce(revenue, 0)) OVER to_date, 'customer_value', sum(coalesce(revenue, 0)) OVER to_date / size, 'is_complete', is_complete)
	FROM cells LEFT JOIN done USING (cohort, p) WINDOW to_date AS (PARTITION BY cohort ORDER BY p)
$$;

CREATE FUNCTION plain_repeat_within(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('days', d, 'eligible', e, 'repeated', r, 'rate', q,
		'lower', (q + z * z / 2 / n - z * sqrt(q * (1 - q) / n + z * z / 4 / n / n)) / (1 + z * z / n),
		'upper', (q + z * z / 2 / n + z * sqrt(q * (1 - q) / n + z * z / 4 / n / n)) / (1 + z * z / n))
	FROM (SELECT d, count(*) FILTER (WHERE (SELECT today(which)) - f >= d) AS e, count(*) FILTER (WHERE (SELECT today(which)) - f >= d AND s - f <= d) AS r
		  FROM generate_series(1, 365) d LEFT JOIN (SELECT customer, min(day) AS f, min(day) FILTER (WHERE n = 2) AS s FROM numbered(which) GROUP BY customer) c ON true GROUP BY d) t,
		 -- Wilson's interval
		 LATERAL (SELECT nullif(e, 0)::float8 AS n, r / nullif(e, 0)::float8 AS q, 1.959963984540054::float8 AS z) w
$$;

CREATE FUNCTION plain_value_by_age(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('age_days', d, 'customers', c, 'orders', o, 'orders_per_customer', o::float8 / nullif(c, 0), 'revenue', r, 'revenue_per_customer', r / nullif(c, 0))
	FROM (SELECT d, count(DISTINCT c.customer) AS c, count(*) FILTER (WHERE o.is_order) AS o, coalesce(sum(o.amount), 0) AS r
		  FROM unnest('{0,30,60,90,180,365,730}'::int[]) d
			   LEFT JOIN (SELECT customer, min(day) AS f FROM numbered(which) GROUP BY customer) c ON (SELECT today(which)) - f >= d
			   LEFT JOIN facts o ON o.id = which AND o.customer = c.customer AND o.day BETWEEN f AND f + d GROUP BY d) s
$$;

CREATE FUNCTION plain_order_ladder(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('order_number', a.n, 'customers', count(*), 'reached_next', count(b.n), 'rate', count(b.n)::float8 / count(*),
		'eligible', count(*) FILTER (WHERE old), 'eligible_reached_next', count(*) FILTER (WHERE old AND b.day - a.day <= 90),
		'eligible_rate', count(*) FILTER (WHERE old AND b.day - a.day <= 90)::float8 / nullif(count(*) FILTER (WHERE old), 0),
		'median_gap_days', percentile_cont(0.5) WITHIN GROUP (ORDER BY b.day - a.day))
	FROM (SELECT *, (SELECT today(which)) - day >= 90 AS old FROM numbered(which)) a LEFT JOIN numbered(which) b ON b.customer = a.customer AND b.n = a.n + 1
	WHERE a.n <= 20 GROUP BY a.n
$$;

CREATE FUNCTION plain_lifecycle(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	WITH o AS MATERIALIZED (SELECT DISTINCT customer, o.period AS p, f.period AS first FROM facts o JOIN firsts f USING (customer) WHERE o.id = which AND f.id = whole(which) AND is_order),
	periods AS (SELECT starts::date AS p, (starts - step(s.period))::date AS before, is_over(which, starts) AS is_complete
				FROM shops s, generate_series((SELECT min(period) FROM firsts WHERE id = whole(which))::timestamp, (SELECT today(which)), step(s.period)) starts WHERE s.id = which)
	SELECT jsonb_build_object('period_start', p, 'period_label', label(which, p), 'opening', opening, 'new', new, 'retained', retained, 'resurrected', closing - new - retained,
		'lapsed', opening - retained, 'closing', closing, 'quick_ratio', (closing - retained)::float8 / nullif(opening - retained, 0), 'is_complete', is_complete)
	FROM (SELECT p.p, is_complete, (SELECT count(*) FROM o WHERE o.p = before) AS opening, (SELECT count(*) FROM o WHERE o.p = p.p) AS closing,
				 (SELECT count(*) FROM o WHERE o.p = p.p AND first = p.p) AS new, (SELECT count(*) FROM o a JOIN o b USING (customer) WHERE a.p = before AND b.p = p.p) AS retained
		  FROM periods p) s
$$;

CREATE FUNCTION plain_revenue_concentration(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('percentile', p, 'customers', c * p / 100.0, 'share_of_customers', p / 100.0, 'revenue', revenue, 'share_of_revenue', share)
	FROM (SELECT count(*) AS c FROM plain_customer WHERE id = which) n, generate_series(1, 100) p, best(which, NULL, p / 100.0) WHERE c > 0
$$;

CREATE FUNCTION plain_excluded_rows(which int) RETURNS SETOF jsonb STABLE LANGUAGE sql AS $$
	SELECT jsonb_build_object('reason', r.reason, 'is_counted', is_counted, 'row_count', coalesce(sum(row_count), 0),
		'amount', CASE WHEN count(row_count) > 0 AND r.reason NOT IN ('no amount', 'not finite') THEN coalesce(sum(amount), 0) END)
	FROM (VALUES ('order', true), ('refund', true), ('refund without order', true), ('guest order', true), ('guest refund', true),
				 ('no amount', false), ('no time', false), ('not finite', false),
				 ('absurd amount', false), ('too early', false), ('in the future', false), ('filtered out', false)) r (reason, is_counted)
	LEFT JOIN (SELECT *, CASE
			WHEN NOT kept THEN 'filtered out' WHEN instant IS NULL OR instant IN ('infinity', '-infinity') THEN 'no time' WHEN amount IS NULL THEN 'no amount'
			WHEN customer IS NULL AND NOT is_order THEN 'guest refund' WHEN customer IS NULL THEN 'guest order' WHEN is_order THEN 'order'
			WHEN EXISTS (SELECT FROM facts f WHERE f.id = which AND f.customer = o.customer AND f.is_order) THEN 'refund' ELSE 'refund without order' END AS reason
		FROM plain_orders o WHERE id = which) o USING (reason)
	GROUP BY r.reason, is_counted
$$;

-- The comparison.

-- What tells a view's rows apart, and the same view of each part.
CREATE TABLE keys (view text, key text[], of_parts text);
INSERT INTO keys (view, key) VALUES ('kpi', '{}'), ('outlook', '{}'), ('kpi_by_period', '{period_start}'), ('customers', '{customer}'), ('customer_facts', '{customer}'), ('kpi_to_date', '{span}'), ('order_sequence', '{customer,order_number}'), ('cohort_retention', '{cohort,period_index}'), ('repeat_within', '{days}'),
	('order_ladder', '{order_number}'), ('value_by_age', '{age_days}'), ('lifecycle', '{period_start}'), ('rfm_segments', '{segment}'), ('rfm_quintiles', '{metric}'), ('revenue_concentration', '{percentile}'), ('excluded_rows', '{reason}');
UPDATE keys SET of_parts = CASE view WHEN 'kpi_by_period' THEN 'kpi_by_segment_and_period' ELSE view || '_by_segment' END
WHERE view IN ('kpi', 'kpi_by_period', 'kpi_to_date', 'cohort_retention', 'repeat_within', 'order_ladder', 'value_by_age', 'lifecycle');
CREATE FUNCTION key_of(r jsonb, key text[]) RETURNS text IMMUTABLE LANGUAGE sql AS $$
	SELECT coalesce(string_agg(r ->> k, '|' ORDER BY i), '') FROM unnest(key) WITH ORDINALITY u (k, i)
$$;
-- Numbers are equal up to the rounding of the view's four digits, or of a
-- float8; fits, which add up in another order, to six.
CREATE FUNCTION same(a jsonb, b jsonb, type regtype, name text) RETURNS bool IMMUTABLE LANGUAGE sql AS $$
	SELECT CASE
		WHEN a IS NULL OR b IS NULL THEN false
		WHEN jsonb_typeof(a) <> 'number' OR jsonb_typeof(b) <> 'number' THEN CASE WHEN name = 'customer' THEN a #>> '{}' = b #>> '{}' ELSE a = b END
		-- of many customers it's a sample, which other keys are other customers of
		WHEN name LIKE 'expected\_%\_lower' OR name LIKE 'expected\_%\_upper' THEN abs(x - y) <= 0.0002 + 0.01 * abs(y)
		WHEN name IN ('p_alive', 'predicted_clv') OR name LIKE 'expected\_%' THEN abs(x - y) <= 0.0002 + 1e-6 * abs(y)
		WHEN type = 'float8'::regtype THEN abs(x - y) <= 1e-9 * abs(y) + 1e-10
		WHEN type <> 'numeric'::regtype THEN x = y
		-- of a customer who counts in part: rounded to the digits of the amounts
		WHEN name LIKE 'best %' THEN abs(x - y) <= 0.51
		-- of times, which are exact to a microsecond
		WHEN name LIKE 'clv%' THEN abs(x - y) <= 0.0001 + 1e-9 * abs(y)
		ELSE x = round(y, 4) END
	FROM (SELECT CASE jsonb_typeof(a) WHEN 'number' THEN a::numeric END AS x, CASE jsonb_typeof(b) WHEN 'number' THEN b::numeric END AS y) n
$$;
CREATE TABLE compared (id int, view text, name text, rows int8, differences int8);
-- A view, or the rows of it that a condition picks, and what it should have, as a query's rows of jsonb.
CREATE PROCEDURE compare_view(which int, view text, relation text, key text[], plain text, condition text) LANGUAGE plpgsql AS $$
DECLARE
	-- some of its columns are of the table's own types
	own text := CASE WHEN view IN ('customer_facts', 'order_sequence') THEN '|| jsonb_build_object(''customer'', ' ||
		(SELECT CASE atttypid WHEN 'numeric'::regtype THEN 'trim_scale(customer)' WHEN 'bpchar'::regtype THEN 'rtrim(customer)' ELSE 'customer' END
		 FROM pg_attribute WHERE attrelid = relation::regclass AND attname = 'customer') || '::text' || CASE view WHEN 'order_sequence' THEN ', ''ordered_at'', ordered_at::timestamp' ELSE '' END || ')' ELSE '' END;
BEGIN
	EXECUTE format('
		INSERT INTO compared
		WITH c AS MATERIALIZED (
			SELECT v, p FROM (SELECT v, key_of(v, %3$L) AS k FROM (SELECT to_jsonb(v) %5$s AS v FROM %4$s v WHERE %6$s) v) v
			FULL JOIN (SELECT p, key_of(p, %3$L) AS k FROM %7$s p) p USING (k))
		SELECT %1$s, %2$L, attname, count(c), count(c) FILTER (WHERE NOT coalesce(v -> attname = p -> attname OR
			   same(v -> attname, p -> attname, type, CASE WHEN attname LIKE ''top%%revenue'' OR (attname = ''revenue'' AND %2$L = ''revenue_concentration'') THEN ''best '' ELSE '''' END || attname), false))
		FROM (SELECT attname::text, atttypid::regtype AS type FROM pg_attribute WHERE attrelid = %4$L::regclass AND attnum > 0 AND attname <> ''updated_at'' AND %8$s) a LEFT JOIN c ON true
		GROUP BY attname', which, view, key, relation, own, condition, plain,
		-- what part it is the condition says, and the customers' own segments are compared elsewhere
		CASE WHEN relation ~ '_by_segment' THEN 'attname NOT IN (''segment'', ''value'')' WHEN view LIKE 'customer%' THEN 'attname <> ''country''' ELSE 'true' END);
END
$$;
-- A shop with its views; or a part of it with those of the views by segment that a condition picks.
CREATE PROCEDURE compare(which int, schema text, part text DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
	k keys;
BEGIN
	FOR k IN SELECT * FROM keys WHERE part IS NULL OR of_parts IS NOT NULL LOOP
		CALL compare_view(which, k.view, format('%I.%I', schema, CASE WHEN part IS NULL THEN k.view ELSE k.of_parts END), k.key, format('plain_%s(%s)', k.view, which), coalesce(part, 'true'));
	END LOOP;
END
$$;
