-- The bench's bookkeeping: what is measured, what is compared, and how.
--
-- A *measure* is a query under some settings.  The measures of one case are
-- run in turn, round after round, in one session, so that whatever else slows
-- the machine for a while slows all of them.  A *comparison* holds the median
-- of one against that of its peers.  The cases are in cases.sql and the files beside it.

DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;

CREATE TABLE bench.measure (
	nr int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	case_name text NOT NULL,
	role text NOT NULL,
	-- The table that the query reads.
	source text NOT NULL,
	-- Many rows need a column k to tell them apart.  The other columns are
	-- the answer; a peer's have the same names.
	query text NOT NULL,
	settings text[] NOT NULL DEFAULT '{}',
	-- Where growth is looked at: of what, and how much.  Times and memory are
	-- then compared per unit.
	unit text,
	units float8 NOT NULL DEFAULT 1,
	-- Whether to measure the backend's memory, and how much it may be.
	memory boolean NOT NULL DEFAULT false,
	most_bytes float8,
	-- Found out in the run: whether the planner wants parallel workers.
	parallel boolean NOT NULL DEFAULT false,
	UNIQUE (case_name, role)
);

CREATE TABLE bench.comparison (
	nr int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	case_name text NOT NULL,
	ours text NOT NULL DEFAULT 'retention',
	-- Of several the fastest counts.  With none, at_most is in seconds.
	peers text[] NOT NULL DEFAULT '{}',
	-- peer's time / our time is at_least, or our time / peer's time at_most, so
	-- much.  With neither, the comparison is for the record.
	at_least float8,
	at_most float8,
	-- How to say so, where a number doesn't.
	must text,
	-- Whether the answers must be equal, and then how many rows differ, for
	-- example which.
	same boolean NOT NULL DEFAULT true,
	differing int8,
	example text
);

CREATE TABLE bench.run (
	nr int NOT NULL REFERENCES bench.measure,
	seconds float8 NOT NULL,
	-- Of these, how many the backend had a processor for: on a busy machine the
	-- better clock, except that it sees neither disks nor parallel workers.
	cpu_seconds float8
);

CREATE TABLE bench.memory (
	nr int NOT NULL REFERENCES bench.measure,
	bytes int8 NOT NULL
);

-- The settings of a measure: these, then its own.  Each backend works alone
-- unless parallel plans are the point, and nobody compiles expressions.
CREATE PROCEDURE bench.apply(settings text[]) LANGUAGE plpgsql AS $$
DECLARE
	setting text;
BEGIN
	FOREACH setting IN ARRAY ARRAY['search_path=shop,bench,public', 'timezone=UTC', 'jit=off',
								   'work_mem=256MB', 'hash_mem_multiplier=2',
								   'max_parallel_workers_per_gather=0',
								   'enable_sort=on', 'enable_hashagg=on'] || settings
	LOOP
		PERFORM set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), false);
	END LOOP;
END $$;

CREATE FUNCTION bench.columns_of(relation regclass)
RETURNS TABLE (name text, type regtype) LANGUAGE sql STABLE AS $$
	SELECT quote_ident(attname), atttypid::regtype
	FROM pg_attribute WHERE attrelid = relation AND attnum > 0 ORDER BY attnum
$$;

-- The query with a consumer for all columns of all rows, so that the planner
-- leaves none out, and no time is spent on sending or keeping them: count() is
-- as cheap as an aggregate gets.
CREATE FUNCTION bench.consumed(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	counts text;
BEGIN
	EXECUTE 'CREATE TEMPORARY VIEW shape AS ' || query;
	SELECT string_agg(format('count(%s)', name), ', ') INTO counts
	FROM bench.columns_of('pg_temp.shape');
	DROP VIEW pg_temp.shape;
	RETURN format('SELECT %s FROM (%s) answer', counts, query);
END $$;

-- Whether the planner would have parallel workers do part of the query.
CREATE FUNCTION bench.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan::text ~ 'Workers Planned';
END $$;

-- Compare two kept answers, row by row where there is a k; numbers to 12
-- digits, since one side may be an exact numeric and the other a float8.
CREATE PROCEDURE bench.compare_answers(ours text, peer text, INOUT differing int8, INOUT example text)
LANGUAGE plpgsql AS $$
DECLARE
	keyed boolean;
	unequal text;
BEGIN
	SELECT bool_or(name = 'k'),
		   string_agg(CASE WHEN type IN ('float8'::regtype, 'numeric'::regtype)
					  THEN format('(a.%1$s IS NULL) <> (b.%1$s IS NULL) OR '
								  'abs(a.%1$s::float8 - b.%1$s::float8) > 1e-12 * abs(b.%1$s::float8)', name)
					  ELSE format('a.%1$s IS DISTINCT FROM b.%1$s', name) END, ' OR ')
			   FILTER (WHERE name <> 'k')
	INTO keyed, unequal
	FROM bench.columns_of(ours::regclass);

	CALL bench.apply('{}');
	EXECUTE format('SELECT count(*), min(format(''%%s, but %%s'', a, b))
					FROM (SELECT DISTINCT * FROM %s) a FULL JOIN (SELECT DISTINCT * FROM %s) b ON %s WHERE %s',
				   ours, peer,
				   CASE WHEN keyed THEN 'a.k = b.k' ELSE 'true' END,
				   CASE WHEN keyed THEN 'a.k IS NULL OR b.k IS NULL OR ' ELSE '' END || unequal)
	INTO differing, example;
END $$;

-- Run each measure of the case for its answer, which also warms all caches,
-- and compare the answers.
CREATE PROCEDURE bench.check_answers(which text) LANGUAGE plpgsql AS $$
DECLARE
	m bench.measure;
	c record;
	rows_differing int8;
	one_of_them text;
BEGIN
	FOR m IN SELECT * FROM bench.measure WHERE case_name = which ORDER BY nr LOOP
		EXECUTE format('SELECT count(*) FROM shop.%I', m.source);
		CALL bench.apply(m.settings);
		EXECUTE format('CREATE TEMPORARY TABLE %I ON COMMIT DROP AS %s', m.role, m.query);
	END LOOP;

	FOR c IN
		SELECT nr, ours, peer FROM bench.comparison, unnest(peers) peer
		WHERE case_name = which AND same
	LOOP
		CALL bench.compare_answers(format('pg_temp.%I', c.ours), format('pg_temp.%I', c.peer),
								   rows_differing, one_of_them);
		UPDATE bench.comparison
		SET differing = coalesce(differing, 0) + rows_differing,
			example = coalesce(example, c.peer || ': ' || one_of_them)
		WHERE nr = c.nr;
	END LOOP;
END $$;

CREATE FUNCTION bench.cpu_seconds() RETURNS float8 LANGUAGE sql VOLATILE AS $$
	SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1)::float8 / 1e9
$$;

CREATE PROCEDURE bench.run_case(which text, rounds int) LANGUAGE plpgsql AS $$
DECLARE
	m bench.measure;
	consumed text;
	started timestamptz;
	cpu_started float8;
BEGIN
	CALL bench.check_answers(which);

	FOR m IN SELECT * FROM bench.measure WHERE case_name = which ORDER BY nr LOOP
		CALL bench.apply(m.settings);
		UPDATE bench.measure SET parallel = bench.is_parallel(m.query) WHERE nr = m.nr;
	END LOOP;

	FOR round IN 1 .. rounds LOOP
		FOR m IN SELECT * FROM bench.measure WHERE case_name = which ORDER BY nr LOOP
			CALL bench.apply(m.settings);
			consumed := bench.consumed(m.query);

			cpu_started := bench.cpu_seconds();
			started := clock_timestamp();
			EXECUTE consumed;
			INSERT INTO bench.run
			VALUES (m.nr, extract(epoch FROM clock_timestamp() - started), bench.cpu_seconds() - cpu_started);
		END LOOP;
	END LOOP;
END $$;

CREATE FUNCTION bench.status_kb(field text) RETURNS int8 LANGUAGE sql VOLATILE AS $$
	SELECT substring(pg_read_file('/proc/self/status') FROM field || ':\s*(\d+) kB')::int8
$$;

-- What a measure adds at its peak to the memory of this backend, which must be
-- a fresh one.  The kernel also counts each page of shared buffers from when
-- the backend first looked at it; a scan beforehand looks at all of them, so
-- that they are as many during the peak as after it.
CREATE PROCEDURE bench.measure_memory(measure_nr int) LANGUAGE plpgsql AS $$
DECLARE
	m bench.measure;
	consumed text;
	before int8;
BEGIN
	SELECT * INTO STRICT m FROM bench.measure WHERE nr = measure_nr;
	CALL bench.apply(m.settings);
	consumed := bench.consumed(m.query);
	EXECUTE format('SELECT count(*) FROM shop.%I', m.source);
	before := bench.status_kb('RssAnon') + bench.status_kb('RssFile');

	EXECUTE consumed;

	INSERT INTO bench.memory
	VALUES (m.nr, (bench.status_kb('VmHWM') - bench.status_kb('RssShmem') - before) * 1024);
END $$;
