-- rfm_score: 1 + the thresholds below a value.
SET extra_float_digits = 1;

-- By hand: a value is not above a threshold that equals it.
SELECT v, rfm_score(v, '{10,20,30,40}') AS score
FROM unnest('{-5,9.99,10,10.01,20,25,40,40.5,1e300}'::float8[]) v;
SELECT rfm_score(3, '{}') AS no_threshold, rfm_score(2, '{2,2,2}') AS not_above, rfm_score(3, '{2,2,2}') AS same_thrice, rfm_score(0, '{-0}') AS zeros, rfm_score('-0'::float8, '{0}') AS zeros_too;
SELECT rfm_score('Infinity'::float8, '{1,2,3}') AS all_below, rfm_score('Infinity'::float8, '{1,Infinity}') AS equal, rfm_score('-Infinity'::float8, '{-Infinity,1}') AS least, rfm_score(5, '{-Infinity,Infinity}') AS between;
SELECT rfm_score(7, '[0:1]={5,6}'::float8[]) AS bounds, rfm_score(7::int2, '{5,6}'::int8[]) AS integers, rfm_score(7.5, '{5.5,7.5}'::numeric[]) AS numerics;
SELECT rfm_score(NULL::float8, '{1}') AS null_value, rfm_score(1, NULL) AS null_thresholds;

-- With the quintiles of what is scored: 1 to 5, the smallest fifth 1, ties
-- together, as plain SQL has it.
CREATE TEMP TABLE spent AS SELECT n AS customer, (abs(hashint4(n)) % 1000 / 10)::float8 AS amount FROM generate_series(1, 5000) n;
CREATE TEMP TABLE quintiles AS SELECT percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY amount) AS thresholds FROM spent;
SELECT count(*) AS customers, count(DISTINCT amount) AS amounts, count(DISTINCT (amount, score)) AS scores_of_amounts, min(score), max(score),
	   bool_and(score = 1 + (SELECT count(*) FROM unnest(thresholds) t WHERE t < amount)) AS same,
	   bool_and(score = width_bucket(-amount, (SELECT array_agg(-t ORDER BY -t) FROM unnest(thresholds) t)) * -1 + 5) AS same_as_width_bucket
FROM (SELECT *, rfm_score(amount, thresholds) AS score FROM spent, quintiles) s;
SELECT rfm_score(amount, thresholds) AS score, count(*) BETWEEN 900 AND 1100 AS a_fifth FROM spent, quintiles GROUP BY score ORDER BY score;
-- Where nearly all are alike, ntile divides them and this doesn't.
SELECT x, count(*) AS customers, count(DISTINCT score) AS scores, count(DISTINCT tile) AS tiles
FROM (SELECT x, rfm_score(x, (SELECT percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY least(n, 3)) FROM generate_series(-90, 10) n)) AS score, ntile(5) OVER (ORDER BY x) AS tile
	  FROM (SELECT greatest(n, 1) AS x FROM generate_series(-90, 5) n) s) s GROUP BY x ORDER BY x;
SELECT max(rfm_score(n % 101, (SELECT array_agg(t) FROM generate_series(1, 100) t))) FROM generate_series(1, 1000) n;

-- errors
SELECT rfm_score('NaN'::float8, '{1}');
SELECT rfm_score(1, '{1,NaN}');
SELECT rfm_score(1, '{1,NULL}');
SELECT rfm_score(1, '{{1,2},{3,4}}');
