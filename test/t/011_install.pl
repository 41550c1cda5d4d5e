# Nothing can be planted: neither what is in the schema before the extension is
# installed there, nor what somebody puts beside it later, is ever referred to or
# called by it.  And nothing that is there before is adopted.
#
# What is planted is made up from what the extension uses: operators of each name
# over each pair of types, functions of each name over each type, casts, domains
# and tables with the names of what is meant.  Each of them writes a line in the
# server's log when it is called.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('install');

# As a role, in a database: what may fail, and what has to work.
sub as
{
	my ($role, $database, $script) = @_;
	return session($node, $script, database => $database, params => [ '-U', $role ]);
}

sub must
{
	my ($role, $database, $script) = @_;
	my ($out, $err) = ('', '');

	$node->psql($database, $script, stdout => \$out, stderr => \$err, extra_params => [ '-U', $role ]);
	BAIL_OUT("$err: $script") if $err =~ m{ERROR:|FATAL:|error:};
	return $out;
}

# How many planted functions have been called since the last time.
my $read = 0;

sub called
{
	my $log = substr(slurp_file($node->logfile), $read);
	my %which = map { $_ => 1 } $log =~ /planted: (.*)$/mg;

	$read += length $log;
	return join ' ', sort keys %which;
}

# ---- what the extension uses ---------------------------------------------------

my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
my $script = join '', map { slurp_file($_) } glob('sql/*.sql.in'), glob('src/views/*.sql'), glob('src/*/*.c');
my %operator = map { $_ => 1 } $script =~ m{(?<![-+*/<>=~!\@#%^&|])([-+*/<>=~!\@#%^&|]+)(?![-+*/<>=~!\@#%^&|])}g;
my %name = map { $_ => 1 } $script =~ /\b([a-z_0-9]+) *\(/g;
my $operators = join ', ', map { "('$_')" } sort keys %operator;
my $names = join ', ', map { "('$_')" } sort keys %name;

$node->safe_psql('postgres', qq{
CREATE ROLE owner LOGIN;
CREATE ROLE mallory LOGIN;
CREATE DATABASE planted OWNER owner;

-- the types of our arguments that are pg_catalog's, and those that are near to them
CREATE TABLE used_types AS
SELECT DISTINCT t.oid::regtype AS type, typname FROM pg_type t WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND
	(typname IN ('int2', 'float4', 'varchar') OR t.oid IN (SELECT unnest(p.proargtypes) FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass
		AND d.objid = p.oid AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'retention')));
CREATE TABLE used_operators AS
SELECT name FROM (VALUES $operators) v (name) WHERE EXISTS (SELECT FROM pg_operator WHERE oprname = name AND oprnamespace = 'pg_catalog'::regnamespace);
CREATE TABLE used_names AS
SELECT name FROM (VALUES $names) v (name) WHERE name IN (SELECT proname FROM pg_proc);
});

# ---- what is planted beforehand ----------------------------------------------------

# plpgsql functions aren't inlined, nor simplified.
my $plant = q{
CREATE FUNCTION planted.plant(name text, types text[], result text, operator text DEFAULT NULL) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog SET check_function_bodies = off AS $$
DECLARE
	signature text := format('%I(%s)', name, array_to_string(types, ', '));
BEGIN
	EXECUTE format('CREATE FUNCTION planted.%s RETURNS %s LANGUAGE plpgsql IMMUTABLE AS %L', signature, result,
		format('BEGIN RAISE LOG %L; RETURN NULL; END', 'planted: ' || coalesce(operator || ' ', '') || replace(signature, '%', '%%')));
EXCEPTION WHEN duplicate_function OR invalid_function_definition OR syntax_error THEN
	-- ours, or a polymorphic result that nothing determines
END $$;
};
my $types = join ', ', map { "'$_'" } split /\n/, $node->safe_psql('postgres', 'SELECT type FROM used_types ORDER BY 1');
my $typenames = join ', ', map { "'$_'" } split /\n/, $node->safe_psql('postgres', "SELECT typname FROM used_types WHERE typname NOT LIKE '\\_%' ORDER BY 1");
my $used_operators = join ', ', map { "'$_'" } split /\n/, $node->safe_psql('postgres', 'SELECT name FROM used_operators ORDER BY 1');
my $used_names = join ', ', map { "'$_'" } split /\n/, $node->safe_psql('postgres', 'SELECT name FROM used_names ORDER BY 1');

must($superuser, 'planted', 'CREATE SCHEMA planted AUTHORIZATION mallory');
must('mallory', 'planted', $plant . qq{
DO \$do\$
DECLARE
	l text;
	r text;
	o text;
	n int := 0;
BEGIN
	-- operators of each pair of types
	FOREACH l IN ARRAY ARRAY[$types] LOOP
		FOREACH r IN ARRAY ARRAY[$types] LOOP
			FOREACH o IN ARRAY ARRAY['bool', 'l'] LOOP
				PERFORM planted.plant('op_' || o, ARRAY[l, r], CASE o WHEN 'l' THEN l ELSE o END);
			END LOOP;
			FOREACH o IN ARRAY ARRAY[$used_operators] LOOP
				CONTINUE WHEN o = '=>';
				EXECUTE format('CREATE OPERATOR planted.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = planted.%s)', o, l, r,
					CASE WHEN o ~ '[<>=~]' THEN 'op_bool' ELSE 'op_l' END);
			END LOOP;
		END LOOP;
		PERFORM planted.plant('op_prefix', ARRAY[l], l);
		EXECUTE format('CREATE OPERATOR planted.- (RIGHTARG = %s, FUNCTION = planted.op_prefix)', l);
		EXECUTE format('CREATE OPERATOR planted.+ (RIGHTARG = %s, FUNCTION = planted.op_prefix)', l);
	END LOOP;

	-- functions of each name, over each type, and over any
	FOREACH o IN ARRAY ARRAY[$used_names] LOOP
		FOREACH l IN ARRAY ARRAY[$types] LOOP
			PERFORM planted.plant(o, ARRAY[l], l);
			PERFORM planted.plant(o, ARRAY[l, l], l);
			PERFORM planted.plant(o, ARRAY['anyelement', l], 'anyelement');
		END LOOP;
		PERFORM planted.plant(o, ARRAY['anyelement'], 'anyelement');
		PERFORM planted.plant(o, ARRAY['anyelement', 'anyelement'], 'anyelement');
		PERFORM planted.plant(o, ARRAY['anycompatible', 'anycompatible', 'anycompatible'], 'anycompatible');
		PERFORM planted.plant(o, ARRAY['VARIADIC anyarray'], 'anyarray');
	END LOOP;

	-- a type that is cast to and from each, without being asked
	CREATE TYPE planted.chameleon AS (x int);
	FOREACH l IN ARRAY ARRAY[$types] LOOP
		PERFORM planted.plant('cast_' || n, ARRAY[l], 'planted.chameleon');
		EXECUTE format('CREATE CAST (%s AS planted.chameleon) WITH FUNCTION planted.cast_%s(%s) AS IMPLICIT', l, n, l);
		EXECUTE format('CREATE CAST (planted.chameleon AS %s) WITH INOUT AS IMPLICIT', l);
		n := n + 1;
	END LOOP;
	FOREACH o IN ARRAY ARRAY[$used_names] LOOP
		PERFORM planted.plant(o, ARRAY['planted.chameleon', 'planted.chameleon'], 'planted.chameleon');
	END LOOP;

	-- what is called as a type of pg_catalog's, or as a catalog
	FOREACH o IN ARRAY ARRAY[$typenames] LOOP
		EXECUTE format('CREATE DOMAIN planted.%I AS pg_catalog.%s CHECK (planted.op_prefix(1) IS NULL)', o, CASE o WHEN 'text' THEN 'int8' ELSE 'text' END);
	END LOOP;
	FOREACH o IN ARRAY ARRAY['pg_class', 'pg_proc', 'pg_type', 'pg_depend', 'pg_extension', 'pg_attribute', 'pg_namespace', 'pg_rewrite', 'orders', 'q'] LOOP
		EXECUTE format('CREATE TABLE planted.%I AS SELECT 1 AS nothing', o);
	END LOOP;
END \$do\$;
});
# What is exactly one of ours is in the way; that's looked at below.
must('mallory', 'planted', $node->safe_psql('postgres', q{SET search_path = pg_catalog;
SELECT format('DROP FUNCTION IF EXISTS planted.%s;', replace(p.oid::regprocedure::text, 'public.', '')) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace}));
diag(must('mallory', 'planted', q{SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'planted'::regnamespace) || ' functions and '
	|| (SELECT count(*) FROM pg_operator WHERE oprnamespace = 'planted'::regnamespace) || ' operators are planted'}));

# They do what they're for.
must('mallory', 'planted', 'SET search_path = planted; SELECT 1.5::float8 = 1; SELECT now() - 1');
like(called(), qr/op_bool\(double precision, integer\).*op_l\(timestamp with time zone, integer\)/, 'what is planted is called, and says so');

# ---- installed among them ------------------------------------------------------------

# All that the extension's objects, and what hangs on those, refer to. PostgreSQL
# records no reference to what it brings with it.
my $references = q{
SET search_path = pg_catalog;
WITH RECURSIVE ours AS (
	SELECT classid, objid FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'retention')
	UNION
	SELECT d.classid, d.objid FROM pg_depend d JOIN ours o ON d.refclassid = o.classid AND d.refobjid = o.objid WHERE d.deptype IN ('i', 'a', 'P', 'S')
), dependents AS (
	SELECT * FROM ours UNION
	-- the rules of relations, the defaults of columns, the constraints of tables and domains
	SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN ours o ON o.classid = 'pg_class'::regclass AND o.objid = r.ev_class UNION
	SELECT 'pg_constraint'::regclass, c.oid FROM pg_constraint c JOIN ours o ON o.objid IN (c.conrelid, c.contypid) AND o.objid <> 0 UNION
	SELECT 'pg_attrdef'::regclass, a.oid FROM pg_attrdef a JOIN ours o ON o.classid = 'pg_class'::regclass AND o.objid = a.adrelid
)
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) || ' -> ' || pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
FROM pg_depend d JOIN dependents o ON d.classid = o.classid AND d.objid = o.objid
WHERE NOT EXISTS (SELECT FROM dependents r WHERE r.classid = d.refclassid AND r.objid = d.refobjid)
	AND NOT (d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e')
	AND NOT (d.refclassid = 'pg_namespace'::regclass AND d.refobjid = (SELECT extnamespace FROM pg_extension WHERE extname = 'retention'))
ORDER BY 1;
};

# The same by the columns themselves: every function that a catalog names for us.
my $functions = q{
SET search_path = pg_catalog;
WITH ours AS (
	SELECT classid, objid FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'retention')
), named (what, function) AS (
	SELECT aggfnoid::oid, unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[])
		FROM pg_aggregate JOIN ours ON classid = 'pg_proc'::regclass AND objid = aggfnoid UNION ALL
	SELECT p.oid, prosupport::oid FROM pg_proc p JOIN ours ON classid = 'pg_proc'::regclass AND objid = p.oid UNION ALL
	SELECT t.oid, unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript]::oid[])
		FROM pg_type t JOIN ours ON classid = 'pg_type'::regclass AND objid = t.oid UNION ALL
	SELECT o.oid, unnest(ARRAY[oprcode, oprrest, oprjoin]::oid[]) FROM pg_operator o JOIN ours ON classid = 'pg_operator'::regclass AND objid = o.oid UNION ALL
	SELECT c.oid, castfunc FROM pg_cast c JOIN ours ON classid = 'pg_cast'::regclass AND objid = c.oid UNION ALL
	SELECT a.oid, amproc FROM pg_amproc a JOIN ours ON classid = 'pg_opfamily'::regclass AND objid = amprocfamily UNION ALL
	SELECT t.oid, tgfoid FROM pg_trigger t JOIN ours ON classid = 'pg_class'::regclass AND objid = tgrelid UNION ALL
	SELECT a.aggfnoid::oid, oprcode::oid FROM pg_aggregate a JOIN ours ON classid = 'pg_proc'::regclass AND objid = aggfnoid JOIN pg_operator o ON o.oid = aggsortop UNION ALL
	SELECT f.oid, oprcode::oid FROM pg_opfamily f JOIN ours ON classid = 'pg_opfamily'::regclass AND objid = f.oid
		JOIN pg_amop ON amopfamily = f.oid JOIN pg_operator o ON o.oid = amopopr
)
SELECT what || ' -> ' || function::regprocedure FROM named JOIN pg_proc p ON p.oid = function
WHERE pronamespace <> 'pg_catalog'::regnamespace AND NOT EXISTS (SELECT FROM ours WHERE classid = 'pg_proc'::regclass AND objid = function);
};

# The text of each definition, without the name of the schema.
my $definitions = q{
SET search_path = pg_catalog;
SELECT count(*) || ' ' || md5(string_agg(replace(definition, extnamespace::regnamespace || '.', ''), ';' ORDER BY replace(definition, extnamespace::regnamespace || '.', '') COLLATE "C"))
FROM (SELECT extnamespace, CASE
	WHEN d.classid = 'pg_proc'::regclass AND NOT EXISTS (SELECT FROM pg_aggregate WHERE aggfnoid = objid) THEN pg_get_functiondef(objid)
	WHEN d.classid = 'pg_proc'::regclass THEN objid::regprocedure || (SELECT string_agg(v::text, ' ') FROM pg_aggregate a,
		LATERAL (VALUES (aggtransfn::regprocedure::text), (aggfinalfn::regprocedure::text), (aggcombinefn::regprocedure::text), (aggtranstype::regtype::text)) f (v) WHERE aggfnoid = objid)
	ELSE pg_describe_object(d.classid, d.objid, 0) END AS definition
	FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid WHERE d.refclassid = 'pg_extension'::regclass AND e.extname = 'retention' AND d.deptype = 'e') s;
};
my $expected = must($superuser, 'postgres', $definitions);

like($expected, qr/^\d{3,} /, 'there are definitions to compare');
is(must($superuser, 'postgres', $references), '', 'a plain installation refers to nothing else');

# The SQL of functions is parsed when it's installed, not when it's called.
is(must($superuser, 'postgres', q{
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = prolang JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'retention') AND prokind <> 'a' AND NOT (lanname = 'c' OR lanname = 'sql' AND prosqlbody IS NOT NULL)}),
	'', 'no function has a body that is text');

my $shadows = join '', map { "CREATE DOMAIN pg_temp.$_ AS pg_catalog.bool;\n" } $typenames =~ /'(\w+)'/g;
my %install = (
	owner => [ 'owner', 'SET search_path = planted, pg_catalog;' ],
	superuser => [ $superuser, qq{
CREATE TEMP TABLE pg_class AS SELECT 1 AS nothing;
CREATE TEMP TABLE pg_extension AS SELECT 1 AS nothing;
SET search_path = pg_temp, planted, pg_catalog;
$shadows} ]);

foreach my $way (sort keys %install)
{
	my ($role, $before) = @{ $install{$way} };

	$node->safe_psql('postgres', "CREATE DATABASE $way TEMPLATE planted OWNER owner");
	called();
	my ($out, $errors) = as($role, $way, "$before CREATE EXTENSION retention SCHEMA planted");
	is($errors, '', "$way: it can be installed");
	is(must($superuser, $way, $references), '', "$way: it refers to nothing that was planted");
	is(must($superuser, $way, $functions), '', "$way: nor do the catalogs");
	is(must($superuser, $way, $definitions), $expected, "$way: it is what it is elsewhere");
	is(called(), '', "$way: nothing planted was called");
}

# ---- used among them --------------------------------------------------------------

# Beside each function of ours one with the same name that takes fewer arguments,
# where ours has defaults, or others that could be a better match.
must('mallory', 'owner', qq{SET search_path = pg_catalog;
DO \$do\$
DECLARE
	f record;
	types text[];
	t text;
BEGIN
	FOR f IN SELECT proname, pronargs, pronargdefaults, ARRAY(SELECT arg::regtype::text FROM unnest(proargtypes) WITH ORDINALITY a (arg, nr) ORDER BY nr) AS types
		FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'retention') AND pronargs > 0
			AND proargtypes[0] NOT IN ('internal'::regtype, 'cstring'::regtype)
			-- what refuses every call
			AND '"any"'::regtype <> ALL (proargtypes) AND 'unknown'::regtype <> ALL (proargtypes) AND prosrc !~ '^retention_(refuse|no_span)_' LOOP
		FOR n IN f.pronargs - f.pronargdefaults .. f.pronargs - 1 LOOP
			CONTINUE WHEN n = 0;
			PERFORM planted.plant(f.proname, f.types[1:n], f.types[1]);
		END LOOP;
		FOR n IN 1 .. f.pronargs LOOP
			FOREACH t IN ARRAY CASE WHEN f.types[n] IN ($types) THEN ARRAY['text', 'int4', 'numeric', 'timestamp'] ELSE '{}' END LOOP
				types := f.types;
				types[n] := t;
				PERFORM planted.plant(f.proname, types, t);
			END LOOP;
		END LOOP;
	END LOOP;
END \$do\$});

# A value of each type, and a call of each function over them, with exactly its types.
must($superuser, 'owner', q{
GRANT USAGE ON SCHEMA planted TO PUBLIC;
CREATE SCHEMA val AUTHORIZATION owner;
SET ROLE owner;
SET search_path = pg_catalog;
CREATE TABLE val.orders AS SELECT * FROM planted.simulate_orders(300::int8, '2 years'::interval, 1::int8, '2024-01-01'::timestamptz, NULL::planted.purchase_model, NULL::planted.spend_model);
CREATE TABLE val.vals AS
SELECT base AS customer_base, h AS purchase_history, ARRAY[h] AS "purchase_history[]", s AS survival_histogram, r AS rfm_inputs, l AS _retention_timeline, rb AS repeat_buying_histogram, rs AS repeat_spend_histogram, n AS renewals_histogram,
	planted.fit_purchases(rb, 'bg/nbd'::text) AS purchase_model, planted.fit_spend(rs) AS spend_model, fr AS retention_model,
	2::int8 AS "bigint", 16::int4 AS integer, true AS boolean, 'a'::bpchar AS character, 'b'::varchar AS "character varying", date '2025-12-31' AS date,
	0.5::float8 AS "double precision", '{0.1,0.2}'::float8[] AS "double precision[]", '{1,2}'::int4[] AS "integer[]", interval '1 year' AS interval,
	'{"r": 0.4, "alpha": 80}'::jsonb AS jsonb, 'customer_id'::name AS name, 0.25::numeric AS numeric, 'val.orders'::regclass AS regclass, 'month'::text AS text,
	'{nbd}'::text[] AS "text[]", timestamptz '2025-12-31' AS "timestamp with time zone", timestamp '2025-12-31' AS "timestamp without time zone",
	'0123456789abcdef0123456789abcdef'::uuid AS uuid
FROM (SELECT planted.customer_base(customer_id, ordered_at, amount) AS base, planted.purchase_history(customer_id, ordered_at, amount, 'day'::text) AS h FROM val.orders) a,
	LATERAL (SELECT planted.repeat_buying(h, NULL::date) AS rb, planted.repeat_spend(h, NULL::date) AS rs) b,
	(SELECT planted.survival(i::float8, i % 2 = 0) AS s, planted.renewals(i, 1000::int8 / (i + 1)) AS n, planted.fit_retention(i, 1000::int8 / (i + 1)) AS fr
		FROM generate_series(0, 9) i) c,
	(SELECT planted.rfm_summary(ordered_at, amount, date '2025-12-31') AS r FROM val.orders WHERE customer_id = (SELECT min(customer_id) FROM val.orders)) d,
	(SELECT planted._retention_timeline_add_summary(NULL::planted._retention_timeline, timestamptz '2025-01-01', 5::numeric, date '2025-12-31') AS l) e;
});
my @calls = split /\n/, must('owner', 'owner', q{
SET search_path = pg_catalog;
SELECT 'SELECT ' || CASE WHEN p.proretset THEN '* FROM val.vals AS v, LATERAL planted.' || quote_ident(proname) || '(' || arguments || ')'
	ELSE 'planted.' || quote_ident(proname) || '(' || arguments || ') FROM val.vals AS v' END
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e',
	-- a state of the right kind is none, the second text a time zone, and that of a customer's days
	LATERAL (SELECT coalesce(string_agg(CASE WHEN n = 1 AND proname ~ '_add' THEN 'NULL::' || format_type(t, NULL)
			WHEN t = 'text'::regtype AND (t = ANY (proargtypes[0:n - 2]) OR proname ~ '_timeline_|^(rfm_summary|order_days_between|next_order_due_day)$') THEN $$'UTC'::pg_catalog.text$$
			ELSE 'v.' || quote_ident(replace(format_type(t, NULL), 'planted.', '')) END, ', ' ORDER BY n), '') AS arguments
		FROM unnest(proargtypes) WITH ORDINALITY a (t, n)) a
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'retention') AND proname NOT LIKE 'retention\_%'
	AND '"any"'::regtype <> ALL (proargtypes) AND 'unknown'::regtype <> ALL (proargtypes) AND prosrc !~ '^retention_(refuse|no_span)_'
	AND NOT EXISTS (SELECT FROM unnest(proargtypes || prorettype) t WHERE t IN ('internal'::regtype, 'cstring'::regtype, 'trigger'::regtype))
ORDER BY 1});
my $path = 'SET search_path = val, planted, pg_catalog;';

called();
my ($out, $errors) = as('owner', 'owner', join ";\n", $path, @calls);
my $failed = () = $errors =~ /\w{5}/g;
cmp_ok(scalar @calls, '>', 500, 'calls of each function');
# forms of aggregates that refuse what they are given are among them
cmp_ok($failed, '<', @calls / 3, 'most of them have an answer');
unlike($errors, qr/XX000/, 'none has an internal error');
is(called(), '', 'nothing planted was called by them');

# Those that put SQL together, over rows of several types.
foreach my $columns ('customer_id, ordered_at, amount', 'customer_id::pg_catalog.text, ordered_at::pg_catalog.date, 5',
	'customer_id::pg_catalog.varchar, ordered_at::pg_catalog.timestamp, amount::pg_catalog.float8', 'customer_id, ordered_at')
{
	foreach my $call (
		q{predict_customers(%s, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::interval, 0.1::float8, 1::float8, 'mbg/nbd'::text, '90 days'::interval, NULL::date, 0.9::float8, NULL::float8)},
		q{holdout_check(%s, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, '90 days'::interval, '{nbd}'::text[], 3::int4, NULL::date)})
	{
		($out, $errors) = as('owner', 'owner',
			"$path SELECT 'rows' FROM planted." . sprintf($call =~ s/::/::pg_catalog./gr, "'SELECT $columns FROM val.orders'::pg_catalog.text"));
		is($errors, '', "$call: no error");
		like($out, qr/^rows/, "$call: rows");
		is(called(), '', "$call: nothing planted");
	}
}

foreach my $mode ('plain', 'materialized')
{
	my $target = "shop_$mode";

	must('owner', 'owner', $path . qq{
SELECT planted.retention_create_views('val.orders'::pg_catalog.regclass, 'customer_id'::pg_catalog.text, 'ordered_at'::pg_catalog.text, 'amount'::pg_catalog.text,
	NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text, '$target'::pg_catalog.name, 'month'::pg_catalog.text, 'UTC'::pg_catalog.text, '2 years'::pg_catalog.interval,
	0.5::pg_catalog.float8, '$mode'::pg_catalog.text, 'mbg/nbd'::pg_catalog.text, false, '{customer_id}'::pg_catalog.text[], NULL::pg_catalog.date, NULL::pg_catalog.date, NULL::pg_catalog.date)});
	is(called(), '', "views, mode $mode: made without anything planted");
	foreach my $view (split /\n/, must($superuser, 'owner', "SET search_path = pg_catalog; SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = '$target'::regnamespace"))
	{
		must('owner', 'owner', "$path SELECT * FROM $target.$view");
		is(called(), '', "view $view, mode $mode: nothing planted");
	}
	must('owner', 'owner', "$path SELECT planted.retention_refresh_data('$target'::pg_catalog.name, true)") if $mode eq 'materialized';
	must('owner', 'owner', "$path SELECT planted.retention_refresh_views('$target'::pg_catalog.name); SELECT planted.retention_drop_views('$target'::pg_catalog.name)");
	is(called(), '', "views, mode $mode: refreshed and dropped without anything planted");
}

# ---- nothing is adopted --------------------------------------------------------------

# What has a name of ours is in the way.
$node->safe_psql('postgres', 'CREATE DATABASE adopted OWNER owner');
must($superuser, 'adopted', 'CREATE SCHEMA planted AUTHORIZATION mallory');
foreach my $make (
	'CREATE DOMAIN planted.customer_base AS int8', 'CREATE TYPE planted.purchase_history AS (x int8)', 'CREATE TABLE planted.rfm_inputs (x int8)', 'CREATE SEQUENCE planted.rfm_inputs',
	'CREATE VIEW planted.survival_histogram AS SELECT 1 AS x', "CREATE TYPE planted.spend_model AS ENUM ('a')",
	'CREATE FUNCTION planted.rfm_score(float8, float8[]) RETURNS int4 LANGUAGE sql AS $$SELECT 1$$',
	'CREATE FUNCTION planted.repeat_rate(int8) RETURNS float8 LANGUAGE sql AS $$SELECT 1.0::float8$$',
	'CREATE AGGREGATE planted.aov(numeric) (SFUNC = numeric_add, STYPE = numeric)')
{
	must('mallory', 'adopted', $make);
	($out, $errors) = as('owner', 'adopted', 'CREATE EXTENSION retention SCHEMA planted');
	is($errors, '42710', "in the way: $make");
	must($superuser, 'adopted', 'DROP SCHEMA planted CASCADE; CREATE SCHEMA planted AUTHORIZATION mallory');
}

# What the script's own call could mean is refused, too.
must('mallory', 'adopted', $plant . q{SELECT planted.plant('_retention_check_names', ARRAY['x int8 DEFAULT 0'], 'int8')});
($out, $errors) = as('owner', 'adopted', 'CREATE EXTENSION retention SCHEMA planted');
is($errors, '42725', 'in the way: a function that could be called for the one of the script');
is(called(), '', '... and is not');
must($superuser, 'adopted', 'DROP SCHEMA planted CASCADE; CREATE SCHEMA planted AUTHORIZATION mallory');

($out, $errors) = as('owner', 'adopted', 'CREATE EXTENSION retention SCHEMA planted');
is($errors, '', 'without them it can be installed');

# ---- beside the tables of a shop ---------------------------------------------------------

sub says
{
	my ($role, $script) = @_;
	my $err = '';

	$node->psql('shop', $script, stderr => \$err, extra_params => [ '-U', $role ]);
	return join "\n", $err =~ /((?:ERROR|DETAIL|HINT): .*)/g;
}

# No type has a name that tables have, as both are types; one that has is said
# with the way out, which is one.
my @tables = qw(rfm survival renewals order_log repeat_buying repeat_spend rfm_summary orders customers);
my $make_tables = join '; ', map { "CREATE TABLE $_ (x int8)" } @tables;

$node->safe_psql('postgres', 'CREATE DATABASE shop OWNER owner');
must('owner', 'shop', "$make_tables; CREATE SEQUENCE purchase_history; CREATE FUNCTION aov(text) RETURNS int8 LANGUAGE sql AS 'SELECT 1'");
is(says('owner', 'CREATE EXTENSION retention'), '', 'a shop with tables of good names');
is(says('owner', 'DROP SEQUENCE purchase_history; DROP EXTENSION retention; CREATE TABLE purchase_history (x int8); CREATE EXTENSION retention'),
	'ERROR:  table purchase_history already exists in schema "public"
DETAIL:  The extension has a type of this name, and types share their names with tables.
HINT:  Give the extension a schema of its own: CREATE SCHEMA retention; CREATE EXTENSION retention SCHEMA retention;',
	'... and one that the extension has for a type');
is(says('owner', 'ALTER TABLE purchase_history RENAME TO history; CREATE FUNCTION clv(timestamptz, numeric) RETURNS int8 LANGUAGE sql AS $$SELECT 1$$;
		CREATE EXTENSION retention'),
	'ERROR:  function clv(timestamp with time zone,numeric) already exists in schema "public"
DETAIL:  The extension has a function of this name with the same arguments.
HINT:  Give the extension a schema of its own: CREATE SCHEMA retention; CREATE EXTENSION retention SCHEMA retention;',
	'... and a function with the same arguments');
is(says('owner', 'ALTER TABLE history RENAME TO purchase_history'), '', 'nothing has been left');
my ($way_out) = says('owner', 'CREATE EXTENSION retention') =~ /^HINT: .*: (CREATE.*)$/m;
is(says('owner', $way_out), '', 'the hint is a way out');
is(must('owner', 'shop', "SET search_path = public, retention; SELECT customers(customer_base(x)) FROM generate_series(1, 3) x"), '3', '... by which it works');
is(says('owner', "SET search_path = retention; $make_tables"), '', 'tables of good names can be made where it is');

# An update calls the same.  The way out is another then.
must($superuser, 'shop', q{ALTER EXTENSION retention DROP FUNCTION retention.gini(retention.customer_base);
CREATE FUNCTION retention.check_names() RETURNS void LANGUAGE c AS '$libdir/retention', 'retention_check_names'});
is(says($superuser, 'SELECT retention.check_names()'),
	'ERROR:  function retention.gini(retention.customer_base) already exists in schema "retention"
DETAIL:  The extension has a function of this name with the same arguments.
HINT:  Move the extension to a schema of its own by ALTER EXTENSION retention SET SCHEMA.',
	'an update that would make what is there');
is(says($superuser, 'ALTER EXTENSION retention ADD FUNCTION retention.gini(retention.customer_base); SELECT retention.check_names()'), '', '... and of its own it is not in the way');

# Nor could anything else be: the script makes, and never replaces.
unlike($script, qr/CREATE OR REPLACE (?!VIEW)/i, 'nothing is replaced');
unlike($script, qr/IF NOT EXISTS/i, 'nothing that is there is taken');

# ---- where everybody is granted everything -----------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE open OWNER owner; CREATE ROLE anon LOGIN');
must($superuser, 'open', join ' ', map { "ALTER DEFAULT PRIVILEGES FOR ROLE owner, \"$superuser\" GRANT ALL ON $_ TO anon, PUBLIC;" }
	qw(TABLES SEQUENCES FUNCTIONS TYPES SCHEMAS));
must('owner', 'open', 'CREATE TABLE granted (x int); CREATE EXTENSION retention');
is(must('anon', 'open', q{SELECT has_table_privilege('granted', 'TRIGGER')}), 't', 'default privileges are wide');
my $members = q{FROM pg_depend d WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'retention')};
is(must($superuser, 'open', "SELECT string_agg(DISTINCT d.classid::regclass::text, ' ' ORDER BY d.classid::regclass::text) $members AND d.classid NOT IN
	('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass, 'pg_cast'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass)"),
	'', 'no relation is among the objects, and nothing else that could be written or have a trigger');
is(must($superuser, 'open', "SELECT string_agg(DISTINCT a.privilege_type, ' ' ORDER BY a.privilege_type)
	FROM (SELECT proacl AS acl FROM pg_proc WHERE oid IN (SELECT objid $members AND classid = 'pg_proc'::regclass)
		UNION ALL SELECT typacl FROM pg_type WHERE oid IN (SELECT objid $members AND classid = 'pg_type'::regclass)) p, aclexplode(acl) a
	WHERE a.grantee <> (SELECT oid FROM pg_roles WHERE rolname = '$superuser')"),
	'EXECUTE USAGE', 'functions can be called, types used, and no more');

$node->stop;
done_testing();
