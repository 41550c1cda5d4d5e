-- The report: medians and ratios of times, then memory, as Markdown tables.

SET search_path = bench, public;

SELECT :'clock' = 'cpu' AS by_cpu \gset

-- A median is marked as noisy when its runs lie far apart, or when others had
-- the processor for part of the time.
CREATE TEMPORARY VIEW timing AS
SELECT nr, case_name, role, unit, units, seconds, parallel,
	   CASE WHEN role ~ 'workers' AND NOT parallel THEN ' (planned without)' ELSE '' END AS remark,
	   CASE WHEN seconds >= 9.95 THEN to_char(seconds, 'FM9990.0')
			WHEN seconds >= 0.0995 THEN to_char(seconds, 'FM90.00')
			ELSE to_char(seconds, 'FM90.000') END || ' s'
	   || CASE WHEN most > 1.3 * least OR (busy < 0.9 AND NOT parallel AND NOT :'by_cpu') THEN ' ~' ELSE '' END AS shown
FROM (SELECT nr, percentile_cont(0.5) WITHIN GROUP (ORDER BY clock) AS seconds,
			 min(clock) AS least, max(clock) AS most,
			 percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu_seconds / seconds) AS busy
	  FROM run, LATERAL (SELECT CASE WHEN :'by_cpu' THEN cpu_seconds ELSE seconds END AS clock) c
	  GROUP BY nr) r
JOIN measure USING (nr)
WHERE NOT (role ~ 'workers' AND :'by_cpu');

CREATE TEMPORARY VIEW compared AS
SELECT min(c.nr) OVER (PARTITION BY c.case_name) AS case_nr, c.nr,
	   c.case_name || CASE WHEN c.ours = 'retention' THEN '' ELSE ': ' || c.ours || ours.remark END AS what,
	   ours.shown AS our_time, peer.role || peer.remark AS peer, peer.shown AS peer_time, ours.unit,
	   c.at_least, c.at_most, c.must, c.differing, c.example,
	   ours.seconds, (ours.seconds / ours.units) / (peer.seconds / peer.units) AS ratio,
	   -- An upper limit speaks of how much slower; so does a record of a loss.
	   c.at_most IS NOT NULL OR (c.at_least IS NULL AND ours.seconds > peer.seconds) AS slower
FROM comparison c
JOIN timing ours ON (ours.case_name, ours.role) = (c.case_name, c.ours)
LEFT JOIN LATERAL (SELECT * FROM timing
				   WHERE timing.case_name = c.case_name AND timing.role = ANY (c.peers)
				   ORDER BY seconds LIMIT 1) peer ON true
WHERE peer.nr IS NOT NULL OR c.peers = '{}';

\echo
SELECT format('PostgreSQL %s on %s; %s; shared_buffers %s, collation %s; medians of %s runs each, in turn, %s (~: noisy)',
			  current_setting('server_version'), :'machine', :'made', current_setting('shared_buffers'),
			  datcollate, :rounds,
			  CASE WHEN :'by_cpu' THEN 'in seconds of the processor' ELSE 'by the clock on the wall' END)
FROM pg_database WHERE datname = current_database();
\echo
\echo '| what | time | peer | its time | ratio | must reach | reached? |'
\echo '| --- | ---: | --- | ---: | ---: | --- | --- |'
SELECT format('| %s | %s | %s | %s | %s | %s | %s |', what, our_time, peer, peer_time,
			  CASE WHEN unit IS NOT NULL AND at_most IS NOT NULL THEN to_char(ratio, 'FM990.00') || ' x a ' || unit
				   WHEN slower THEN to_char(ratio, 'FM990.00') || ' x'
				   ELSE to_char(1 / ratio, 'FM990.0') || ' x faster' END,
			  coalesce(must, 'at least ' || nullif(at_least, 1) || ' x faster',
					   CASE WHEN at_least = 1 THEN 'faster' END, 'at most ' || at_most || ' x'),
			  CASE WHEN differing > 0 THEN '**WRONG**: ' || differing || ' differ, ' || example
				   WHEN coalesce(at_least, at_most) IS NULL THEN ''
				   WHEN 1 / ratio >= at_least OR coalesce(ratio, seconds) <= at_most THEN 'yes'
				   ELSE '**no**' END)
FROM compared ORDER BY case_nr, nr;

SELECT count(*) > 0 AS memory_measured FROM memory \gset
\if :memory_measured
\echo
\echo 'Memory: the peak of the backend''s resident memory, in a session of its own, above what it had before the query and without shared buffers.  The limit is work_mem x hash_mem_multiplier.'
\echo
\echo '| what | peak | limit | must stay below | stays? | hand-written (the fastest) |'
\echo '| --- | ---: | ---: | --- | --- | ---: |'
WITH used AS (
	SELECT m.*, bytes,
		   2 * pg_size_bytes(coalesce((SELECT substring(s FROM 'work_mem=(.*)') FROM unnest(settings) s
									   WHERE s ~ '^work_mem='), '256MB')) AS most
	FROM memory JOIN measure m USING (nr)
)
SELECT format('| %s | %s | %s | %s | %s | %s |',
			  case_name || CASE role WHEN 'retention' THEN '' ELSE ': ' || role END,
			  pg_size_pretty(bytes), pg_size_pretty(most),
			  CASE WHEN most_bytes IS NULL THEN 'limit + 64 MB'
				   ELSE pg_size_pretty((most_bytes / units)::int8) || ' a ' || unit END,
			  CASE WHEN bytes <= coalesce(most_bytes, most + 64 * 1024 * 1024) THEN 'yes' ELSE '**no**' END
			  || CASE WHEN most_bytes IS NULL THEN '' ELSE ': ' || (bytes / units)::int8 || ' bytes a ' || unit END,
			  (SELECT pg_size_pretty(by_hand.bytes)
			   FROM used by_hand JOIN timing USING (nr)
			   WHERE by_hand.case_name = used.case_name AND by_hand.role ~ '^hand-written'
			   ORDER BY seconds LIMIT 1))
FROM used WHERE role !~ '^hand-written' ORDER BY nr;
\endif

\echo
SELECT format('Sizes: a base of %s customers with times and amounts takes %s, %s bytes a customer; a sample of 4096, %s.',
			  customers(base), pg_size_pretty(length(_retention_customer_base_send(base))::int8),
			  round(length(_retention_customer_base_send(base))::numeric / customers(base), 1),
			  pg_size_pretty(length(_retention_customer_base_send(sample))::int8))
FROM shop.stored;

SELECT to_regclass('shop.stored_history') IS NOT NULL AS has_history \gset
\if :has_history
SELECT format('A history of %s occasions of %s customers, by day, with amounts: %s, %s bytes an occasion (at most 12: %s).',
			  occasions, customers, pg_size_pretty(bytes), round(bytes / occasions, 1),
			  CASE WHEN bytes <= 12 * occasions THEN 'yes' ELSE '**no**' END)
FROM (SELECT occasions, customers, length(_retention_purchase_history_send(h))::numeric AS bytes FROM shop.stored_history) s;
\endif
