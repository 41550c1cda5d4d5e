-- How far off samples are: two hundred shops, samples of 4096 of their customers.
-- How often the truth lies within two standard errors, which is 95 % of the time
-- if the errors are normal and the standard error is right; how large that is;
-- and whether the answers are off to one side: their mean error, in standard
-- errors of that mean, should be within 2 or so of 0.
--
-- Each shop has its own number of customers, and a tail of its own: numbers of
-- orders by a power law, amounts lognormal, from tame to so heavy that a few
-- customers bring most of the revenue.

SET search_path = bench, public;
SET max_parallel_workers_per_gather = 0;
SELECT setseed(0.25);
CREATE TEMPORARY TABLE shop_orders AS
SELECT shop, customer, timestamp '2024-01-01' + random() * interval '3 years' AS ordered_at,
	   round(exp(3 + (0.3 + shop % 7 * 0.3) * (random() + random() + random() - 1.5) * 2)::numeric, 2) AS amount
FROM (SELECT shop, (shop * 10000000 + c)::int8 AS customer,
			 least(floor(power(random(), -1 / (1.2 + shop % 5 * 0.4))), 1000)::int AS n
	  FROM generate_series(1, 200) shop, generate_series(1, 8000 + shop % 11 * 2000) c) s,
	 generate_series(1, n);
CREATE TEMPORARY TABLE asked AS
SELECT shop, customer_base(customer, ordered_at, amount) AS base, customer_base_sample(customer, ordered_at, amount, 4096) AS sample
FROM shop_orders GROUP BY shop;

\echo
\echo '| of 200 shops, by samples of 4096 | within 2 standard errors | standard error | mean error, in its standard errors |'
\echo '| --- | ---: | ---: | ---: |'
SELECT format('| %s | %s %% | %s %% | %s |', metric, round(100 * avg((abs(estimate - truth) <= 2 * error)::int), 1),
			  round((100 * avg(error / truth))::numeric, 2), round((avg(estimate / truth - 1) / (stddev(estimate / truth - 1) / sqrt(count(*))))::numeric, 1))
FROM asked, LATERAL (VALUES
	(1, 'customers', customers(base)::float8, customers(sample)::float8),
	(2, 'repeat_rate', repeat_rate(base), repeat_rate(sample)),
	(3, 'purchase_frequency', purchase_frequency(base), purchase_frequency(sample)),
	(4, 'customer_value', customer_value(base)::float8, customer_value(sample)::float8),
	(5, 'lifetime_span', extract(epoch FROM lifetime_span(base))::float8 / 86400, extract(epoch FROM lifetime_span(sample))::float8 / 86400),
	(6, 'clv', clv(base)::float8, clv(sample)::float8)) v (nr, metric, truth, estimate), LATERAL standard_error(sample, metric) error
GROUP BY nr, metric ORDER BY nr;
