# Nobody needs to be a superuser to install and use it, nobody gets more rights
# by it, and nobody breaks the server with it: the functions can be called, and
# made into aggregates, by anybody and with anything.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('privileges');

$node->start;
$node->safe_psql('postgres', q{
CREATE ROLE owner LOGIN;
CREATE ROLE analyst LOGIN;
CREATE ROLE mallory LOGIN;
CREATE DATABASE shop OWNER owner;
});

# As one of the roles, in the database of the shop.
sub as
{
	my ($role, $script, %options) = @_;
	return session($node, $script, database => 'shop', params => [ '-U', $role ], %options);
}

# ---- installing --------------------------------------------------------------------

my ($out, $errors) = as('analyst', 'CREATE EXTENSION retention');
is($errors, '42501', 'who may not create in the database may not install');
($out, $errors) = as('owner', 'CREATE EXTENSION retention');
is($errors, '', 'the owner of the database installs it');

$node->safe_psql('shop', 'CREATE SCHEMA m AUTHORIZATION mallory');
is($node->safe_psql('shop', q{
SELECT count(*) FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'retention') AND d.deptype = 'e'
	AND (p.prosecdef OR p.proleakproof OR p.proconfig IS NOT NULL)}),
	'0', 'every function runs as the caller, and claims no more');

# ---- rights ------------------------------------------------------------------------

as('owner', q{
CREATE TABLE orders AS SELECT * FROM simulate_orders(200, '1 year', 1);
CREATE TABLE bases AS SELECT customer_base(customer_id, ordered_at, amount) AS b FROM orders;
CREATE VIEW metrics AS SELECT repeat_rate(customer_id), clv(customer_id, ordered_at, amount) FROM orders;
CREATE TABLE guarded AS SELECT *, customer_id % 2 = 0 AS mine FROM orders;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON guarded USING (mine);
GRANT SELECT ON metrics, guarded TO analyst;
});
foreach my $query (
	'SELECT repeat_rate(customer_id) FROM orders',
	'SELECT clv(customer_id, ordered_at, amount) FROM orders',
	'SELECT customers(b) FROM bases')
{
	($out, $errors) = as('analyst', $query);
	is("$out$errors", '42501', "without rights on the table: $query");
}
($out, $errors) = as('analyst', 'SELECT repeat_rate > 0, clv > 0 FROM metrics');
is("$out$errors", 't|t', 'by a view that may be read');
($out) = as('analyst', 'SELECT customers(customer_base(customer_id)) FROM guarded');
is($out, '100', 'row level security holds');

# A grantee of nothing but EXECUTE taken away.
$node->safe_psql('shop', 'REVOKE EXECUTE ON FUNCTION repeat_rate(int8) FROM PUBLIC');
($out, $errors) = as('analyst', 'SELECT repeat_rate(1::int8)');
is($errors, '42501', 'EXECUTE can be taken away');
$node->safe_psql('shop', 'GRANT EXECUTE ON FUNCTION repeat_rate(int8) TO PUBLIC');

# ---- every function with every kind of base ---------------------------------------------

# Bases of each kind, of no, few and many customers; and what aggregates without
# a final function return: their states as they are.
my $has_icu = $node->safe_psql('shop',
	"SELECT count(*) FROM pg_collation WHERE collprovider = 'i' AND collname = 'und-x-icu'");
my $folded = $has_icu ? 'm.folded' : '"C"';
as('mallory', 'SET search_path = m, public;'
	  . ($has_icu ? "CREATE COLLATION folded (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);" : '')
	  . q{
CREATE AGGREGATE own(numeric) (SFUNC = _retention_one_customer_add, STYPE = customer_base);
CREATE AGGREGATE own(timestamptz) (SFUNC = _retention_one_customer_add, STYPE = customer_base);
CREATE AGGREGATE own(date, float8) (SFUNC = _retention_one_customer_add, STYPE = customer_base, FINALFUNC = _retention_customer_base_final);
CREATE AGGREGATE raw(int8) (SFUNC = _retention_customer_base_add, STYPE = customer_base);
CREATE AGGREGATE raw(text, timestamptz, numeric) (SFUNC = _retention_customer_base_add, STYPE = customer_base);
CREATE AGGREGATE joined(customer_base) (SFUNC = _retention_customer_base_combine, STYPE = customer_base,
	COMBINEFUNC = _retention_customer_base_combine, PARALLEL = SAFE);
CREATE TABLE bases (id serial, kind text, n int, b customer_base);
DO $$
DECLARE
	n int;
	c text;
	t text;
	a text;
BEGIN
	FOREACH n IN ARRAY ARRAY[1, 5, 40, 6000] LOOP
		FOREACH c IN ARRAY ARRAY['i::int8', 'i::text', 'md5(i::text)::uuid', '(i::text COLLATE } . $folded . q{)', 'NULL::int8'] LOOP
			FOREACH t IN ARRAY ARRAY['', ', t', ', t::timestamp', ', t::date'] LOOP
				FOREACH a IN ARRAY ARRAY['', ', a', ', a::float8'] LOOP
					CONTINUE WHEN t = '' AND a <> '';
					EXECUTE format('INSERT INTO bases (kind, n, b) SELECT %L, %s, customer_base(%s) FROM
						(SELECT i, timestamptz ''2020-01-01'' + i * interval ''1 h'' AS t, i / 100.0 - 0.02 AS a
						FROM generate_series(1, %s) i) AS s', c || t || a, n, c || t || a, n);
				END LOOP;
			END LOOP;
		END LOOP;
		INSERT INTO bases (kind, n, b) SELECT 'sample', n, customer_base_sample(i, timestamptz '2020-01-01' + i * interval '1 h', i / 100.0, 30) FROM generate_series(1, n) i;
		INSERT INTO bases (kind, n, b) SELECT 'sample text', n, customer_base_sample(i::text, 500) FROM generate_series(1, n) i;
		INSERT INTO bases (kind, n, b) SELECT 'selected', n, without_customers_of(customer_base(i, current_date, i::float8), customer_base(3)) FROM generate_series(1, n) i;
		INSERT INTO bases (kind, n, b) SELECT 'own', n, own(i::numeric) FROM generate_series(1, n) i;
		INSERT INTO bases (kind, n, b) SELECT 'own time', n, own(now()) FROM generate_series(1, n) i;
		INSERT INTO bases (kind, n, b) SELECT 'own both', n, own(current_date, i::float8) FROM generate_series(1, n) i;
		INSERT INTO bases (kind, n, b) SELECT 'raw', n, raw(i) FROM generate_series(1, n) i;
		INSERT INTO bases (kind, n, b) SELECT 'raw both', n, raw(i::text, now(), i) FROM generate_series(1, n) i;
	END LOOP;
	INSERT INTO bases (kind, n, b) VALUES ('NULL', 0, NULL);
END $$;
}, timeout => 120);
($out, $errors) = as('mallory', "SELECT count(*), bool_and(b IS NULL OR b::text = (b::text::customer_base)::text) FROM m.bases");
is($out, '233|t', 'bases of every kind');

# The answer to a statement is a value that is one, or an error that is the
# caller's; every function of the extension with every base in each place.
as('mallory', q{
CREATE FUNCTION m.attempt(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE query INTO answer;
	RETURN 'ok';
EXCEPTION WHEN others THEN
	RETURN CASE WHEN sqlstate ~ '^(22|42804|0A000|54000|42P22)' THEN 'ok' ELSE sqlstate || ' ' || sqlerrm || ': ' || query END;
END $$;
-- what went wrong, and a few examples
CREATE FUNCTION m.few(results text[]) RETURNS text LANGUAGE sql AS
	$$SELECT string_agg(left(r, 300), E'\n') FROM unnest(results[1:5]) r$$;
CREATE TABLE m.calls AS
SELECT p.oid::regprocedure AS f, p.proname, p.prokind, p.proretset,
	ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, o) ORDER BY o) AS types
FROM pg_proc p JOIN pg_depend d ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'retention') AND d.deptype = 'e' AND p.prorettype <> 'trigger'::regtype
	AND NOT 'internal'::regtype = ANY (p.proargtypes) AND NOT 'cstring'::regtype = ANY (p.proargtypes)
	-- whose every answer is an error
	AND p.prosrc !~ 'refuse' AND NOT EXISTS (SELECT FROM pg_aggregate a JOIN pg_proc t ON t.oid = a.aggtransfn WHERE a.aggfnoid = p.oid AND t.prosrc ~ 'refuse');
CREATE TABLE m.arguments (type text, value text);
INSERT INTO m.arguments VALUES
	('bigint', '1'), ('bigint', '9223372036854775807'), ('bigint', '-9223372036854775808'),
	('text', ''), ('text', repeat('long ', 1000)), ('uuid', '00000000-0000-0000-0000-000000000000'),
	('timestamp with time zone', '2020-05-05 12:34:56.789'), ('timestamp with time zone', '4714-11-24 00:00:00+00 BC'),
	('timestamp with time zone', '294276-12-31 23:59:59.999999+00'), ('timestamp with time zone', '-infinity'),
	('timestamp without time zone', '4714-11-24 00:00:00 BC'), ('timestamp without time zone', 'infinity'),
	('timestamp without time zone', '294276-12-31 23:59:59.999999'), ('date', '4714-11-24 BC'), ('date', '5874897-12-31'),
	('numeric', '-0.001'), ('numeric', '1e1000'), ('numeric', '-1e-1000'), ('numeric', 'NaN'), ('numeric', '-Infinity'),
	('double precision', '-1e308'), ('double precision', '5e-324'), ('double precision', 'NaN'), ('double precision', 'Infinity'),
	('interval', '0'), ('interval', '-178000000 years'), ('interval', '178000000 years 1 us'), ('integer', '0');
});

# customer_base first, then one value of each type at a time
($out, $errors) = as('mallory', q{
SET statement_timeout = '100s';
SELECT count(*) > 10000, m.few(array_agg(DISTINCT result)) FROM (
	SELECT m.attempt(format('SELECT (%s((SELECT b FROM m.bases WHERE id = %s)%s))::text',
			f::regproc, b.id, (SELECT string_agg(format(', %L::%s', (SELECT value FROM m.arguments
				WHERE type = t ORDER BY md5(value || b.id || f) LIMIT 1), t), '' ORDER BY o)
				FROM unnest(types[2:]) WITH ORDINALITY u(t, o)))) AS result
	FROM m.calls, m.bases b WHERE prokind = 'f' AND types[1] = 'customer_base' AND types[2] IS DISTINCT FROM 'customer_base'
		AND (n < 6000 OR hashtext(f::text || b.id) % 8 = 0)) AS s}, timeout => 120);
is($out, 't|ok', 'every function of a base, with every kind of it');
is($errors, '', 'none ends the session');

($out, $errors) = as('mallory', q{
SET statement_timeout = '100s';
SELECT count(*), m.few(array_agg(DISTINCT result)) FROM (
	SELECT m.attempt(format('SELECT orders(_retention_customer_base_combine((SELECT b FROM m.bases WHERE id = %s), (SELECT b FROM m.bases WHERE id = %s)))',
		x.id, y.id)) AS result
	FROM m.bases x, m.bases y WHERE x.n < 6000 AND y.n < 6000 AND (x.n + y.n <> 80 OR x.kind = y.kind)) AS s;
SELECT count(*), m.few(array_agg(DISTINCT result)) FROM (
	SELECT m.attempt(format('SELECT orders(_retention_customer_base_combine((SELECT b FROM m.bases WHERE id = %s), (SELECT b FROM m.bases WHERE id = %s)))',
		x.id, y.id)) AS result
	FROM m.bases x, m.bases y WHERE x.n = 6000 AND y.n IN (0, 5, 6000) AND (x.kind = y.kind OR x.id % 7 = y.id % 7)) AS s;
SELECT count(*), m.few(array_agg(DISTINCT result)) FROM (
	SELECT m.attempt(format('SELECT customers(only_customers_of(x.b, y.b) + without_customers_of(x.b, y.b)) FROM m.bases x, m.bases y WHERE x.id = %s AND y.id = %s',
		x.id, y.id)) AS result
	FROM m.bases x, m.bases y WHERE x.id % 5 = y.id % 5) AS s},
	timeout => 120);
like($out, qr/^\d{4,}\|ok\n\d{3,}\|ok\n\d{4,}\|ok$/, 'bases of all kinds combined');

# The same NULLs that an aggregate would bring.
($out, $errors) = as('mallory', q{
SELECT m.few(array_agg(DISTINCT m.attempt(format('SELECT (%s(%s))::text', f::regproc,
	(SELECT string_agg(format('NULL::%s', t), ', ') FROM unnest(types) t)))))
FROM m.calls WHERE prokind IN ('f', 'a') AND NOT proretset});
is($out, 'ok', 'every function with nothing but NULL');
is($errors, '', 'none ends the session');

# Functions over internal are not for users.
foreach my $call ('_retention_customer_base_recv(NULL)', '_retention_customer_base_recv(1)', '_retention_customer_base_combine_support(NULL)')
{
	($out, $errors) = as('mallory', "SELECT $call");
	like($errors, qr/^(0A000|42883|42725)$/, "$call can't be called");
}

# ---- aggregates of somebody's own ---------------------------------------------------------

($out, $errors) = as('mallory', q{
SET search_path = m, public;
SET work_mem = '64kB';
SELECT customers(joined(b)) FROM bases WHERE kind = 'raw' OR (kind = 'i::int8' AND n > 5);
SELECT customers(b) FROM (SELECT joined(b) OVER (ORDER BY id) AS b FROM bases WHERE kind = 'raw') AS s;
SELECT orders(raw(i)) FROM generate_series(1, 50000) i;
SELECT orders(b), repeat_rate(b) FROM (SELECT i % 3, raw(i) AS b FROM generate_series(1, 50000) i GROUP BY 1) AS s ORDER BY 1;
CREATE TABLE kept AS SELECT raw(i % 7000) AS b, joined(NULL) AS nothing FROM generate_series(1, 50000) i;
SELECT customers(b), orders(b), b::text::customer_base::text = b::text, nothing FROM kept;
SELECT customers(joined(b)) FROM kept, generate_series(1, 3);
SELECT md5((SELECT customer_base(i % 7000) FROM generate_series(1, 50000) i)::text) = md5(_retention_customer_base_final(b)::text) FROM kept;
});
is($errors, '', 'aggregates without a final function: no error');
is($out, "6000\n1\n5\n40\n6000\n50000\n16666|0\n16667|0\n16667|0\n7000|50000|t|\n7000\nt",
	'aggregates without a final function');

# An initial value of a kind that the rows are not; an inverse that takes away
# what never came.
as('mallory', q{
SET search_path = m, public;
DO $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT id, b::text AS initial FROM bases WHERE b IS NOT NULL AND n IN (5, 40) LOOP
		EXECUTE format('CREATE AGGREGATE mixed_%s(int8) (SFUNC = _retention_customer_base_add, STYPE = customer_base, INITCOND = %L)', r.id, r.initial);
		EXECUTE format('CREATE AGGREGATE mixed_%s(int8, timestamptz, numeric) (SFUNC = _retention_customer_base_add, STYPE = customer_base, INITCOND = %L)', r.id, r.initial);
		EXECUTE format('CREATE AGGREGATE mixed_%s(text) (SFUNC = _retention_customer_base_add, STYPE = customer_base, INITCOND = %L)', r.id, r.initial);
		EXECUTE format('CREATE AGGREGATE mixed_%s(numeric) (SFUNC = _retention_one_customer_add, STYPE = customer_base, INITCOND = %L)', r.id, r.initial);
		EXECUTE format('CREATE AGGREGATE mixed_%s(customer_base) (SFUNC = _retention_customer_base_combine, STYPE = customer_base, INITCOND = %L)', r.id, r.initial);
		EXECUTE format('CREATE AGGREGATE gone_%s(int8) (SFUNC = _retention_customer_base_remove, STYPE = customer_base, INITCOND = %L)', r.id, r.initial);
		EXECUTE format('CREATE AGGREGATE gone_%s(numeric) (SFUNC = _retention_one_customer_remove, STYPE = customer_base, INITCOND = %L)', r.id, r.initial);
	END LOOP;
END $$;
CREATE AGGREGATE gone(int8) (SFUNC = _retention_customer_base_remove, STYPE = customer_base);
CREATE AGGREGATE moving(int8) (SFUNC = _retention_customer_base_add, STYPE = customer_base, FINALFUNC = _retention_customer_base_final,
	MSFUNC = _retention_customer_base_add, MINVFUNC = _retention_customer_base_remove, MSTYPE = customer_base, MFINALFUNC = _retention_customer_base_final);
CREATE AGGREGATE thief(int8) (SFUNC = _retention_customer_base_add, STYPE = customer_base,
	MSFUNC = _retention_customer_base_remove, MINVFUNC = _retention_customer_base_add, MSTYPE = customer_base);
});
($out, $errors) = as('mallory', q{
SET search_path = m, public;
SET statement_timeout = '100s';
SELECT few(array_agg(DISTINCT result)) FROM (
	SELECT attempt(format('SELECT orders(%s_%s(%s)) + length(%1$s_%2$s(%3$s)::text) FROM generate_series(1, %s) i',
		a[1], id, a[2], rows)) AS result
	FROM bases, (VALUES (ARRAY['mixed', 'i::int8']), (ARRAY['mixed', 'i::int8, now(), i::numeric']), (ARRAY['mixed', 'i::text']),
		(ARRAY['mixed', 'i::numeric']), (ARRAY['gone', 'i::int8']), (ARRAY['gone', 'i::numeric'])) AS v(a), (VALUES (1), (500)) AS w(rows)
	WHERE b IS NOT NULL AND n IN (5, 40)) AS s;
SELECT few(array_agg(DISTINCT attempt(format('SELECT orders(mixed_%s(b)) FROM (SELECT b FROM bases WHERE kind IN (%L, %L) AND n < 50) AS s',
	x.id, y.kind, x.kind)))) FROM bases x, bases y WHERE x.b IS NOT NULL AND x.n = 5 AND y.n = 40;
SELECT attempt('SELECT gone(i)::text FROM generate_series(1, 5) i'), attempt('SELECT gone(i)::text FROM generate_series(1, 50000) i'),
	attempt('SELECT repeat_rate(gone(i)) FROM generate_series(1, 5) i'), attempt('SELECT clv(gone(i)) FROM generate_series(1, 50000) i'),
	attempt('SELECT sum(orders(b)) FROM (SELECT thief(i) OVER (ORDER BY i ROWS 3 PRECEDING) AS b FROM generate_series(1, 500) i) AS s');
}, timeout => 120);
like($out, qr/^ok\nok\nok\|ok\|ok\|ok\|ok$/, 'aggregates with wrong states');

# Values from a moving frame are those of the rows in it.
($out, $errors) = as('mallory', q{
SET search_path = m, public;
SELECT count(*), bool_and(a::text = b::text) FROM (
	SELECT moving(k) OVER (ORDER BY i ROWS 20 PRECEDING) AS a,
		(SELECT customer_base(j.i * 7 % 11) FROM generate_series(greatest(s.i - 20, 1), s.i) AS j(i)) AS b
	FROM (SELECT i, i * 7 % 11 AS k FROM generate_series(1, 300::int8) i) AS s) AS s});
is($out, '300|t', 'values from a moving frame');
is($errors, '', 'values from a moving frame: no error');

# ---- bytes from outside ------------------------------------------------------------------

# Values with a byte changed, cut off or put in: an error of the value, or one
# that answers like any other.
as('mallory', q{
CREATE FUNCTION m.damage(rounds int) RETURNS TABLE (result text, n int8) LANGUAGE plpgsql AS $$
DECLARE
	b record;
	bytes bytea;
	state int8 := 42;
	position int;
	value public.customer_base;
BEGIN
	CREATE TEMP TABLE results (result text);
	FOR b IN SELECT id, decode(replace(bases.b::text, E'\n', ''), 'base64') AS bytes FROM m.bases WHERE bases.n IN (1, 5, 40) LOOP
		FOR round IN 1 .. rounds LOOP
			bytes := b.bytes;
			state := (state * 1103515245 + 12345) % 2147483648;
			-- half of them in the header
			position := (state / 65536) % CASE WHEN round % 2 = 0 THEN least(length(bytes), 40) ELSE length(bytes) END;
			state := (state * 1103515245 + 12345) % 2147483648;
			bytes := CASE round % 5
				WHEN 0 THEN substr(bytes, 1, position)
				WHEN 1 THEN overlay(bytes PLACING '\xff'::bytea FROM position + 1 FOR 0)
				ELSE set_byte(bytes, position, ((state / 65536) % 256)::int) END;
			BEGIN
				value := encode(bytes, 'base64')::public.customer_base;
				IF decode(value::text, 'base64') <> bytes THEN
					RAISE 'another value came out';
				END IF;
				PERFORM m.attempt(format('SELECT clv(%1$L::customer_base, ''1 year'')::text || _retention_customer_base_combine(%1$L, (SELECT b FROM m.bases WHERE id = %2$s))::text
					|| clv_breakdown(%1$L::customer_base)::text || lifetime_span(%1$L::customer_base) || first_order(%1$L::customer_base)', value::text, b.id));
				INSERT INTO results VALUES ('value');
			EXCEPTION WHEN invalid_binary_representation OR invalid_text_representation THEN
				INSERT INTO results VALUES ('error');
			WHEN others THEN
				INSERT INTO results VALUES (sqlstate || ' ' || sqlerrm || ' ' || encode(bytes, 'hex'));
			END;
		END LOOP;
	END LOOP;
	RETURN QUERY SELECT results.result, count(*) FROM results GROUP BY 1 ORDER BY 1;
	DROP TABLE results;
END $$;
});
($out, $errors) = as('mallory', 'SET search_path = m, public; SELECT * FROM m.damage(40)', timeout => 120);
like($out, qr/^error\|\d{4,}\nvalue\|\d+$/, 'damaged values');
is($errors, '', 'damaged values: none ends the session');

# The forms that only states have can't be brought in.
($out, $errors) = as('mallory', q{
SELECT DISTINCT m.attempt(format('SELECT 1 / (orders(%L::customer_base) * 0)', encode(set_byte(decode(b::text, 'base64'), 0, form), 'base64')))
FROM m.bases, generate_series(0, 255) form WHERE b IS NOT NULL AND n = 5 AND form <> 1;
SELECT count(*) FROM m.bases WHERE b IS NOT NULL AND get_byte(_retention_customer_base_send(b), 0) <> 1});
is($out, "ok\n0", 'no form but the packed one comes in or out');

# By the binary way.
{
	my $dir = PostgreSQL::Test::Utils::tempdir;
	my $script = "CREATE TABLE m.received (b customer_base);\n";
	my @bytes = (
		'', "\1", "\2", "\3" . "\0" x 200, "\1" . "\xff" x 100, "\1\1\0\0" . "\xff\xff\xff\xff\xff\xff\xff\xff\x7f" x 8,
		"\1\4\3\2" . "\x80" x 50, "\1\0\0\1" . "\1" x 30, "\1\1\1\1" . "\0" x 7 . "\xff\x01" x 20);

	foreach my $i (0 .. $#bytes)
	{
		open my $file, '>:raw', "$dir/$i" or die "could not write: $!";
		print $file "PGCOPY\n\xff\r\n\0", pack('NN', 0, 0), pack('nN', 1, length $bytes[$i]), $bytes[$i], pack('n', 0xffff);
		close $file;
		$script .= "\\copy m.received FROM '$dir/$i' (FORMAT binary)\n";
	}
	($out, $errors) = as('mallory', "$script SELECT count(*) FROM m.received");
	is($out, '0', 'nothing came in by the binary way');
	is($errors, join(' ', ('22P03') x @bytes), 'each an error of the value');
}

is($node->safe_psql('shop', q{SELECT repeat_rate(customer_id) > 0 FROM orders}), 't', 'the server is well');
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP|PANIC/, 'no process died');
nothing_left($node, 'everything');
$node->stop;
done_testing();
