# Views over an order table: who may make, read, refresh and drop them, and as
# whom they run; that they go through dumps, to a replica and through an upgrade;
# that an error or a cancel leaves nothing behind; and that they answer the same
# whatever the plan is and whatever kind of table the orders are.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('views', allows_streaming => 1);
my $dir = PostgreSQL::Test::Utils::tempdir;
my $columns = q{'customer_id', 'ordered_at', 'amount'};

$node->start;
$node->safe_psql('postgres', q{
CREATE ROLE owner LOGIN;
CREATE ROLE keeper LOGIN;
CREATE ROLE analyst LOGIN;
CREATE ROLE mallory LOGIN;
CREATE ROLE bi LOGIN;
CREATE DATABASE shop OWNER owner;
GRANT CREATE ON DATABASE shop TO analyst, mallory;
});

# As one of the roles, in the database of the shop.
sub as
{
	my ($role, $script, %options) = @_;
	return session($node, $script, database => 'shop', params => [ '-U', $role ], %options);
}

# What a role is told.
sub told
{
	my ($role, $script) = @_;
	my $err = '';

	$node->psql('shop', $script, stderr => \$err, extra_params => [ '-U', $role ]);
	return $err;
}

# All rows of all views of schemas, as a few words.
my @shown = @VIEWS;
sub rows_of
{
	return join ' UNION ALL ', map {
		my $schema = $_;
		map { "SELECT '$schema.$_', count(*), md5(string_agg(r, ',' ORDER BY r)) FROM (SELECT (to_jsonb(v) - 'updated_at')::text AS r FROM $schema.$_ AS v) AS v" } @shown
	} @_;
}

# What was granted on the relations of a schema, but for the owner.
sub grants_of
{
	return qq{
SELECT relname, attname, grantee::regrole, privilege_type, is_grantable FROM (
	SELECT relname, '' AS attname, relowner, a.* FROM pg_class c, aclexplode(relacl) a WHERE relnamespace = '$_[0]'::regnamespace
	UNION ALL
	SELECT relname, attname, relowner, a.* FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(attacl) a
	WHERE relnamespace = '$_[0]'::regnamespace) AS g
WHERE grantee <> relowner ORDER BY 1, 2, 3, 4};
}

# What views are made from.
my $recipes = q{SELECT c.oid::regclass, pg_get_userbyid(relowner), pg_get_viewdef(c.oid) FROM pg_class c WHERE relname IN ('order_rows', 'left_out_rows', 'retention_options', 'retention_record') AND relkind = 'v' ORDER BY 1};
my ($out, $errors, $before);

# ---- who may make them ---------------------------------------------------------------

($out, $errors) = as('owner', q{
CREATE EXTENSION retention;
CREATE TABLE orders AS
SELECT *, CASE WHEN customer_id % 3 = 0 THEN 'open' ELSE 'paid' END AS status FROM simulate_orders(120, '1 year', 1);
ANALYZE orders;
});
is($errors, '', 'the owner of the database installs it');

my $create = "SELECT count(*) FROM retention_create_views('orders', $columns, target => 'mine')";
like(told('analyst', $create), qr/permission denied for table orders/, 'without rights on the table');
is($node->safe_psql('shop', q{SELECT to_regnamespace('mine')}), '', '... nothing is left');
as('owner', 'GRANT SELECT (customer_id, ordered_at, amount) ON orders TO analyst; GRANT SELECT ON orders TO mallory');
($out, $errors) = as('analyst', "$create; SELECT customers > 0 FROM mine.kpi; SELECT sum(row_count) > 0 FROM mine.excluded_rows");
is("$out$errors", "$VIEWS\nt\nt", 'with rights on the three columns');
($out, $errors) = as('mallory', "SELECT count(*) FROM retention_create_views('orders', $columns, target => 'hers')");
is("$out$errors", "$VIEWS", 'in a schema of her own');
foreach my $target ('mine', 'public')
{
	($out, $errors) = as('mallory', "SELECT count(*) FROM retention_create_views('orders', $columns, target => '$target')");
	is("$out$errors", '42501', "in the schema $target, which is not hers");
}
($out, $errors) = as('owner', "CREATE TEMP TABLE t (i int); SELECT pg_my_temp_schema()::regnamespace AS s \\gset
	SELECT retention_create_views('orders', $columns, target => :'s')");
is("$out$errors", '3F000', 'in a temporary schema');
($out, $errors) = as('owner', "SELECT retention_create_views('orders', $columns, target => 'pg_catalog')");
is("$out$errors", '3F000', "in a schema of PostgreSQL's own");

# A table of hers in the place of one of ours would have her policies and triggers.
as('owner', 'CREATE SCHEMA shared; GRANT USAGE, CREATE ON SCHEMA shared TO mallory');
as('mallory', q{CREATE TABLE shared.rfm_thresholds (metric text, p20 float8, p40 float8, p60 float8, p80 float8)});
foreach my $role ('owner', 'postgres')
{
	($out, $errors) = as($role, "SELECT retention_create_views('orders', $columns, target => 'shared')");
	is("$out$errors", '42501', "$role, beside a table that somebody else has put there");
}
as('mallory', q{DROP TABLE shared.rfm_thresholds; CREATE TABLE shared.rfm_thresholds ()});
($out, $errors) = as('owner', "SELECT retention_create_views('orders', $columns, target => 'shared')");
is("$out$errors", '42809', 'beside a table without columns');

# Not an expression, or more than one.
foreach my $filter ('*', 'orders.*', '', ' ', 'amount > 0;', 'amount > 0; SELECT true', 'amount > 0) OR (true', 'true UNION SELECT true',
	'true FROM orders', 'true, true', 'true AS t', 'DISTINCT true', '$1', 'DEFAULT', 'count(*) > 0', 'generate_series(1, 2) > 0', 'NULL::int')
{
	($out, $errors) = as('owner', "SELECT retention_create_views('orders', $columns, target => 'filtered', filter => \$f\$$filter\$f\$); SELECT 1");
	like($errors, qr/^(42601|42P02|42803|42804|0A000)$/, "filter: $filter");
}

# ---- who may read them ------------------------------------------------------------------

as('owner', qq{
SELECT retention_create_views('orders', $columns, target => 'shop');
SELECT retention_create_views('orders', $columns, target => 'kept', mode => 'materialized');
GRANT USAGE ON SCHEMA shop, kept TO bi;
GRANT SELECT ON ALL TABLES IN SCHEMA shop, kept TO bi;
});
foreach my $view (@VIEWS)
{
	($out, $errors) = as('bi', "SELECT count(*) FROM shop.$view");
	is("$out$errors", '42501', "$view, by who may not read the orders");
}
($out, $errors) = as('bi', 'SELECT count(*) FROM kept.order_sequence');
is("$out$errors", '42501', 'order_sequence, which is never kept, by who may not read the orders');
@shown = grep { $_ ne 'order_sequence' } @VIEWS;
($out, $errors) = as('bi', rows_of('kept'));
is($errors, '', 'all others can be read without the orders, where their rows are kept');
@shown = @VIEWS;
as('owner', 'GRANT SELECT ON orders TO bi');
($out, $errors) = as('bi', rows_of('shop'));
is($errors, '', 'plain views by who may read the orders');
is($out, (as('owner', rows_of('shop')))[0], '... and they answer the same');
($out, $errors) = as('analyst', 'SELECT * FROM shop.kpi');
is("$out$errors", '42501', 'the orders alone are not enough');

# Row level security, by views of somebody who sees all rows.
as('owner', qq{
CREATE TABLE guarded AS SELECT customer_id, ordered_at, amount FROM orders;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON guarded USING (customer_id % 2 = 0);
GRANT SELECT ON guarded TO bi;
SELECT retention_create_views('guarded', $columns, target => 'guarded_shop');
CREATE VIEW even AS SELECT * FROM guarded WHERE customer_id % 2 = 0;
SELECT retention_create_views('even', $columns, target => 'even_shop');
GRANT USAGE ON SCHEMA guarded_shop TO bi;
GRANT SELECT ON ALL TABLES IN SCHEMA guarded_shop TO bi;
});
($before) = as('owner', rows_of('even_shop') =~ s/'even_shop\./'/gr);
($out) = as('bi', rows_of('guarded_shop') =~ s/'guarded_shop\./'/gr);
is($out, $before, 'row level security holds in every view');
($out) = as('owner', rows_of('guarded_shop') =~ s/'guarded_shop\./'/gr);
isnt($out, $before, '... and the owner of the table sees all');

# ---- grants stay --------------------------------------------------------------------------

as('owner', qq{
GRANT SELECT ON shop.kpi, kept.kpi TO analyst WITH GRANT OPTION;
GRANT SELECT (segment), REFERENCES (segment) ON shop.rfm_segments, kept.rfm_segments TO mallory;
GRANT SELECT ON shop.lifecycle, kept.lifecycle TO PUBLIC;
-- given to new relations, and taken away again
ALTER DEFAULT PRIVILEGES IN SCHEMA kept GRANT SELECT ON TABLES TO mallory;
});
foreach my $schema ('shop', 'kept')
{
	my $mode = $schema eq 'kept' ? 'materialized' : 'plain';

	($before) = as('owner', grants_of($schema));
	like($before, qr/^kpi\|\|analyst\|SELECT\|t$/m, "$schema: grants there");
	($out, $errors) = as('owner', "SELECT count(*) FROM retention_create_views('orders', $columns, target => '$schema', mode => '$mode');
		SELECT count(*) FROM retention_refresh_views('$schema')");
	is("$out$errors", "$VIEWS\n$VIEWS", "$schema: made again, twice");
	is((as('owner', grants_of($schema)))[0], $before, "$schema: grants are what they were");
}
($before) = as('owner', grants_of('shop'));
as('owner', "SELECT retention_create_views('orders', $columns, mode => 'materialized', target => 'shop'); SELECT retention_create_views('orders', $columns, target => 'shop')");
is((as('owner', grants_of('shop')))[0], $before, 'grants stay when views become materialized, and plain again');

# ---- as whom they are made again ---------------------------------------------------------------

# A filter that tells as whom it runs, and tries to do more.
as('mallory', q{
CREATE SCHEMA m;
CREATE TABLE m.seen (who text PRIMARY KEY);
-- a filter is not volatile itself
CREATE FUNCTION m.look() RETURNS bool LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN m.looked(); END $$;
CREATE FUNCTION m.looked() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO m.seen VALUES (current_user) ON CONFLICT DO NOTHING;
	PERFORM set_config('search_path', 'm', false), set_config('m.trace', 'left', false);
	BEGIN
		ALTER ROLE mallory SUPERUSER;
	EXCEPTION WHEN insufficient_privilege THEN
		NULL;
	END;
	BEGIN
		RESET ROLE;
	EXCEPTION WHEN insufficient_privilege THEN
		INSERT INTO m.seen VALUES ('refused') ON CONFLICT DO NOTHING;
	END;
	RETURN true;
END $$;
GRANT USAGE ON SCHEMA m TO PUBLIC;
CREATE TABLE m.orders AS SELECT * FROM orders LIMIT 20;
SELECT retention_create_views('m.orders', } . $columns . q{, target => 'traps', filter => 'm.look()', mode => 'materialized');
DELETE FROM m.seen;
});
my $oids = q{SELECT string_agg(format('%s %s %s', relname, oid, pg_get_userbyid(relowner)), ',' ORDER BY relname, oid) FROM pg_class WHERE relnamespace = '%s'::regnamespace};
my $kept = $oids =~ s/'%s'/'kept'/r;
($before) = as('owner', $kept);
($out, $errors) = as('mallory', q{SELECT DISTINCT split_part(v, '.', 1) FROM retention_refresh_views() AS v ORDER BY 1});
is("$out$errors", "hers\ntraps", 'a plain role makes its own views again');
is((as('owner', $kept))[0], $before, "... and does not touch others'");
foreach my $schema ('shop', 'kept')
{
	($out, $errors) = as('mallory', "SELECT retention_refresh_views('$schema')");
	is("$out$errors", '42501', "... nor by name: $schema");
}
as('mallory', 'DELETE FROM m.seen');
($out, $errors) = as('postgres', q{
SET search_path = public, pg_temp;
SELECT count(*), count(DISTINCT split_part(v, '.', 1)) FROM retention_refresh_views() AS v;
SHOW search_path;
SELECT coalesce(current_setting('m.trace', true), ''), current_user;
SELECT string_agg(who, ' ' ORDER BY who) FROM m.seen;
SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory';
SELECT count(DISTINCT relowner) FROM pg_class WHERE relnamespace = 'traps'::regnamespace AND relkind = 'm';
});
is($out, 7 * $VIEWS . "|7\npublic, pg_temp\n|postgres\nmallory refused\nf\n1", "a superuser makes all again, each as its owner");
is($errors, '', '... without an error');
is($node->safe_psql('shop', "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'traps.kpi'::regclass"), 'mallory', '... whose they stay');
# the data, too
as('mallory', 'DELETE FROM m.seen');
($out, $errors) = as('postgres', "SELECT retention_refresh_data('traps'); SELECT retention_refresh_data('traps', concurrently => false);
	SELECT string_agg(who, ' ' ORDER BY who) FROM m.seen");
is("$out$errors", "\n\nmallory refused", 'data refreshed by a superuser');
foreach my $role ('mallory', 'bi')
{
	($out, $errors) = as($role, "SELECT retention_refresh_data('kept')");
	is("$out$errors", '42501', "data refreshed by $role, whose views they are not");
}

# Nobody makes views of others their own.
($before) = as('owner', $recipes);
foreach my $role ('mallory', 'postgres')
{
	($out, $errors) = as($role, "SELECT retention_create_views('orders', $columns, target => 'shop')");
	is("$out$errors", '42501', "made again by $role, whose views they are not");
}
is((as('owner', $recipes))[0], $before, '... and the recipe is what it was');

# ---- who may drop them ------------------------------------------------------------------------

foreach my $role ('mallory', 'bi')
{
	($out, $errors) = as($role, "SELECT retention_drop_views('shop')");
	is("$out$errors", '42501', "dropped by $role, whose views they are not");
}
is((as('owner', "SELECT count(*) FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind = 'v'"))[0], $VIEWS + 7, '... are there');
($out, $errors) = as('mallory', q{SELECT retention_drop_views('hers'); SELECT retention_drop_views('hers'); SELECT to_regnamespace('hers')});
is("$errors$out", "42704\n", 'dropped by who has made them, once');

# ---- what was renamed, dropped, or is in use -----------------------------------------------------

$before = (as('owner', rows_of('shop')))[0];
($out, $errors) = as('owner', q{
ALTER TABLE orders RENAME TO "Orders of today";
SELECT count(*) FROM retention_refresh_views('shop');
ALTER TABLE "Orders of today" RENAME amount TO price;
SELECT count(*) FROM retention_refresh_views('shop');
ALTER TABLE "Orders of today" RENAME price TO amount;
ALTER TABLE "Orders of today" RENAME TO orders;
ALTER SCHEMA shop RENAME TO store;
SELECT retention_refresh_views('shop');
SELECT count(*) FROM retention_refresh_views('store');
ALTER SCHEMA store RENAME TO shop;
SELECT count(*) FROM retention_refresh_views('shop');
});
is($out, "$VIEWS\n$VIEWS\n$VIEWS\n$VIEWS", 'a table, a column, a schema that were renamed are found');
is($errors, '42704', '... and no schema that is not there');
is((as('owner', rows_of('shop')))[0], $before, 'nothing else came of it');
# Plain views are replaced while they are read, which goes on; others can't be.
($out, $errors) = as('owner', q{
SELECT count(v) FROM (SELECT retention_refresh_views('shop') AS v FROM shop.kpi) AS s;
SELECT count(v) FROM (SELECT retention_refresh_views('kept') AS v FROM kept.kpi) AS s;
SELECT retention_drop_views('kept') FROM kept.customers LIMIT 1;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM kept.customers;
DECLARE d CURSOR FOR SELECT orders FROM shop.customers ORDER BY orders;
FETCH 1 FROM c \g /dev/null
FETCH 1 FROM d;
SAVEPOINT s;
SELECT retention_refresh_views('kept');
ROLLBACK TO s;
SELECT count(*) FROM retention_refresh_views('shop');
FETCH 1 FROM c \g /dev/null
FETCH 1 FROM d;
CLOSE c;
SELECT count(*) FROM retention_refresh_views('kept');
COMMIT;
DO $$
DECLARE
	path text := current_setting('search_path');
	row record;
BEGIN
	FOR row IN SELECT * FROM kept.kpi LOOP
		BEGIN
			PERFORM retention_refresh_views('kept');
			RAISE 'not reached';
		EXCEPTION WHEN object_in_use THEN
			ASSERT current_setting('search_path') = path AND current_setting('client_min_messages') = 'notice';
		END;
	END LOOP;
	PERFORM retention_refresh_views('shop');
	ASSERT current_setting('search_path') = path;
END $$;
});
is("$out|$errors", "$VIEWS\n1\n$VIEWS\n1\n$VIEWS|55006 55006 55006", 'views that are being read');
is((as('owner', rows_of('shop')))[0], $before, '... are what they were');

# Dropped by hand, what comes in their place is the user's.
($out, $errors) = as('owner', qq{
SELECT retention_create_views('orders', $columns, target => 'gone') \\g /dev/null
SET client_min_messages = error;
DROP SCHEMA gone CASCADE;
SELECT retention_refresh_views('gone');
SELECT count(*) FROM retention_refresh_views() AS v WHERE v LIKE 'gone.%';
CREATE SCHEMA gone;
CREATE VIEW gone.customers AS SELECT 1 AS own;
SELECT retention_create_views('orders', $columns, target => 'gone');
SELECT * FROM gone.customers;
DROP VIEW gone.customers;
SELECT count(*) FROM retention_create_views('orders', $columns, target => 'gone');
DROP SCHEMA gone CASCADE;
SELECT retention_drop_views('gone');
});
is($out, "0\n1\n$VIEWS", 'a schema that was dropped');
is($errors, '42704 42P07 42704', '... and what is in its place is not touched');

# Two at a time: the second waits for the first.
{
	my $first = background($node, qq{\\c shop
SET application_name = 'first';
BEGIN; SELECT count(*) FROM retention_refresh_views('shop'); SELECT pg_sleep(1); COMMIT;}, 'first');

	wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'first' AND wait_event = 'PgSleep'}, '1');
	my $second = background($node, qq{\\c shop
SET application_name = 'second';
SELECT count(*) FROM retention_refresh_views('shop');}, 'second');

	wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'second' AND wait_event_type = 'Lock'}, '1');
	($out, $errors) = finish($first);
	is("$out$errors", "$VIEWS\n", 'made again by two sessions: the first');
	($out, $errors) = finish($second);
	is("$out$errors", "$VIEWS", '... and the second, after it');
}

# ---- what happens between two steps ----------------------------------------------------------------

# The first waits with the lock on the schema, until the second waits for it.
sub race
{
	my ($first, $second) = @_;
	my @sessions;

	push @sessions, background($node, qq{\\c shop
SET SESSION AUTHORIZATION owner; SET application_name = 'first';
BEGIN; $first
; SELECT pg_sleep(1) \\g /dev/null
COMMIT;}, 'race_first');
	wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'first' AND wait_event = 'PgSleep'}, '1');
	push @sessions, background($node, qq{\\c shop
SET SESSION AUTHORIZATION owner; SET application_name = 'second';
$second;}, 'race_second');
	wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'second' AND wait_event_type = 'Lock'}, '1');
	return map { join '', finish($_) } @sessions;
}

my $make_race = "SELECT count(*) FROM retention_create_views('orders', $columns, target => 'race', period => '%s')";
as('owner', sprintf($make_race, 'month') . '; CREATE TABLE race.mine ()');
my @raced = race(sprintf($make_race, 'week'), q{SELECT count(*) FROM retention_refresh_views('race')});
is("@raced", "$VIEWS $VIEWS", 'made of another recipe while a refresh waits');
is((as('owner', q{SELECT bool_and(period_label ~ 'W') FROM race.kpi_by_period; SELECT period FROM race.retention_options}))[0],
	"t\nweek", '... which then makes them of that');
@raced = race(q{SELECT retention_drop_views('race') \g /dev/null}, q{SELECT count(*) FROM retention_refresh_views('race')});
like("@raced", qr/ 42704$/, 'dropped while a refresh waits');
is((as('owner', q{SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'race'::regnamespace}))[0], 'mine', '... which makes none');

# The rows of materialized views are all as of one moment: here one waits at the
# first row of the first of them, and orders come meanwhile.
as('owner', q{
CREATE FUNCTION let_through() RETURNS bool LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN true; END $$;
CREATE TABLE coming AS SELECT 1 AS customer_id, date '2024-01-01' AS ordered_at, 100 AS amount;
SELECT retention_create_views('coming', 'customer_id', 'ordered_at', 'amount', target => 'coming', mode => 'materialized', filter => 'let_through()') \g /dev/null
});
foreach my $case ([ 'refreshed', q{SELECT retention_refresh_data('coming', true) \g /dev/null} ], [ 'refreshed at once', q{SELECT retention_refresh_data('coming', false) \g /dev/null} ],
	[ 'made', q{SELECT retention_create_views('coming', 'customer_id', 'ordered_at', 'amount', target => 'coming', mode => 'materialized', filter => 'let_through()') \g /dev/null} ])
{
	my ($what, $statement) = @$case;
	my $gate = background($node, qq{\\c shop
SET application_name = 'gate';
BEGIN; SELECT pg_advisory_xact_lock(77) \\g /dev/null
SELECT pg_sleep(1) \\g /dev/null
INSERT INTO coming VALUES (2, '2024-02-02', 1000);
COMMIT;}, 'gate');
	wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gate' AND wait_event = 'PgSleep'}, '1');
	($out, $errors) = as('owner', $statement);
	finish($gate);
	is($errors, '', "materialized views are $what while orders come");
	is((as('owner', q{SELECT count(DISTINCT revenue) FROM (SELECT revenue FROM coming.kpi UNION ALL SELECT sum(revenue) FROM coming.kpi_by_period UNION ALL SELECT sum(revenue) FROM coming.customers
		UNION ALL SELECT sum(revenue) FROM coming.cohort_retention UNION ALL SELECT sum(revenue) FROM coming.rfm_segments UNION ALL SELECT sum(amount) FILTER (WHERE is_counted) FROM coming.excluded_rows) r;
		SELECT (SELECT revenue FROM coming.kpi) < sum(amount) FROM coming}))[0], "1\nt", '... as of one moment');
}
as('owner', q{SELECT retention_drop_views('coming')});

# ---- an upgrade: other columns --------------------------------------------------------------------

# Views as another version might have made them, and the record of it: a print of
# the definition, without what may change about it.
$before = (as('owner', rows_of('shop')))[0];
my $described = q{SELECT string_agg(format('%s.%s %s', c.relname, attname, format_type(atttypid, atttypmod)), ',' ORDER BY relname, attnum)
	FROM pg_class c JOIN pg_attribute ON attrelid = c.oid WHERE relnamespace = 'shop'::regnamespace AND relkind = 'v' AND attnum > 0};
my ($description) = as('owner', $described);
my ($grants) = as('owner', grants_of('shop'));
($out, $errors) = as('owner', q{
SET client_min_messages = error;
CREATE VIEW upon_ladder AS SELECT * FROM shop.order_ladder;
DROP VIEW shop.customers, shop.rfm_quintiles, shop.rfm_segments, shop.kpi;
CREATE VIEW shop.customers AS SELECT 1 AS customer, 2 AS old;
CREATE VIEW shop.rfm_segments AS SELECT customer AS segment FROM shop.customers;
CREATE VIEW shop.kpi AS SELECT 3 AS orders;
CREATE FUNCTION pg_temp.entry(name text, definition text) RETURNS text LANGUAGE sql RETURN
	format(' %s=%s:----------------', name, left(encode(sha256(definition::bytea), 'hex'), 16));
SELECT replace(regexp_replace(pg_get_viewdef('shop.retention_record'::regclass), ' (customers|rfm_segments|kpi)=', ' old_\1=', 'g'),
	'''::text AS made,', concat(pg_temp.entry('customers', ' SELECT 1 AS customer, 2 AS old'), pg_temp.entry('rfm_segments', ' SELECT customer AS segment FROM customers'),
	pg_temp.entry('kpi', ' SELECT 3 AS orders'), '''::text AS made,')) AS options \gset
CREATE OR REPLACE VIEW shop.retention_record WITH (security_invoker = true) AS :options
GRANT SELECT ON shop.customers, shop.rfm_segments, shop.kpi TO bi;
GRANT SELECT ON shop.kpi TO analyst WITH GRANT OPTION;
CREATE VIEW upon_kpi AS SELECT * FROM shop.kpi;
SELECT count(*) FROM retention_refresh_views('shop');
SELECT attname FROM pg_attribute WHERE attrelid = 'shop.customers'::regclass AND attnum = 2;
SELECT * FROM shop.kpi;
SELECT count(*) FROM retention_refresh_views('shop');
DROP VIEW upon_kpi;
SELECT count(*) FROM retention_refresh_views('shop');
SELECT count(*) > 0 FROM upon_ladder;
GRANT SELECT ON shop.rfm_quintiles TO bi;
GRANT SELECT (segment), REFERENCES (segment) ON shop.rfm_segments TO mallory;
});
is("$out $errors", "$VIEWS\norders\n3\n$VIEWS\n$VIEWS\nt ", 'views of other columns are made again, but for one that something stands on');
is((as('owner', $described))[0], $description, '... with the columns of today');
is((as('owner', grants_of('shop')))[0], $grants, '... and the grants');
is((as('owner', rows_of('shop')))[0], $before, '... and the answers');

# ---- a cancel or an error -----------------------------------------------------------------------

# The filter counts the rows that it has seen, and does something at one of them.
as('owner', q{
CREATE SEQUENCE rows_seen;
-- one that is not volatile, and has to be asked of each row
CREATE FUNCTION counted(text, int8, orders) RETURNS bool LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF nextval('public.rows_seen') = $2 THEN
		EXECUTE $1;
	END IF;
	RETURN true;
END $$;
CREATE FUNCTION slow(orders) RETURNS bool LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN true; END $$;
});
my $made = q{SELECT count(*) FROM retention_create_views('orders', } . $columns . q{, target => 'stopped', mode => 'materialized',
	filter => $f$counted('%s', %s, orders)$f$)};
as('owner', sprintf($made, '', -1));
my ($rows) = as('owner', q{SELECT last_value FROM rows_seen; SELECT retention_drop_views('stopped')});
chomp $rows;
my $left = q{SELECT to_regnamespace('stopped'),
	(SELECT count(*) FROM pg_class WHERE relname = 'rfm_segment_names' AND relnamespace NOT IN (SELECT oid FROM pg_namespace))};
foreach my $case ([ 'SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)', '57014' ], [ 'SELECT 1 / 0', '22012' ])
{
	my ($what, $state) = @$case;

	foreach my $part (0.01, 0.5, 0.99)
	{
		my $row = int($rows * $part) + 1;
		($out, $errors) = as('owner', "SELECT setval('rows_seen', 1) \\g /dev/null\n" . sprintf($made, $what, $row)
			. ";\n$left; SHOW search_path; SELECT current_user");
		is($errors, $state, "$what at row $row of $rows");
		is($out, qq{|0\n"\$user", public\nowner}, '... nothing is left, and the session goes on');
	}
}
# of views that are there, nothing changes
($before) = as('owner', "$kept; $recipes");
($out, $errors) = as('owner', qq{SELECT setval('rows_seen', 1) \\g /dev/null
SELECT retention_create_views('orders', $columns, target => 'kept', mode => 'materialized', period => 'week',
	filter => \$f\$counted('SELECT 1 / 0', @{[ int($rows / 2) ]}, orders)\$f\$);
DO \$\$
BEGIN
	PERFORM retention_drop_views('kept');
	PERFORM 1 / 0;
EXCEPTION WHEN division_by_zero THEN
	NULL;
END \$\$});
is("$out$errors", '22012', 'an error while views are made again');
is((as('owner', "$kept; $recipes"))[0], $before, '... leaves the old ones');
($out, $errors) = as('owner', "SET statement_timeout = '300ms'; " . sprintf($made, 'SELECT pg_sleep(60)', -1) =~ s/counted\(.*\)(?=\$f)/slow(orders)/r);
is("$out$errors", '57014', 'a timeout');
is((as('owner', $left))[0], '|0', '... leaves nothing');

# ---- dumps -----------------------------------------------------------------------------------

# Of a database of a plain role's, with the extension in a schema of its own. The
# filter is written by a session with other settings, calls a function of the
# user's, and has constants that each session prints in its own way.
$node->safe_psql('postgres', 'CREATE DATABASE dumped OWNER owner');
($out, $errors) = as('owner', q{
CREATE SCHEMA metrics;
CREATE EXTENSION retention SCHEMA metrics;
CREATE SCHEMA "My Sales";
SET search_path = "My Sales", metrics;
CREATE TABLE orders AS
SELECT *, CASE WHEN customer_id % 3 = 0 THEN 'open' ELSE 'it''s paid' END AS status, customer_id / 7.0::float8 AS weight, interval '36 h' AS waited
FROM metrics.simulate_orders(120, '1 year', 1);
CREATE FUNCTION is_paid(text) RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1 LIKE '%paid';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET extra_float_digits = -3;
SET timezone = 'Asia/Tokyo';
SELECT count(*) FROM retention_create_views('orders', } . $columns . q{, time_zone => 'Europe/Berlin', lifespan => '1 year 2 mons', margin => 0.123456789012345678,
	filter => $f$is_paid(status) AND ordered_at > (SELECT min(ordered_at) FROM orders) + '1 12:00:00' AND weight <> 12.123456789012345678::float8
		AND ordered_at > '03/02/2019' AND waited = '1 12:00:00' AND "My Sales".is_paid('it''s \ paid')$f$, target => 'shop');
SELECT count(*) FROM retention_create_views('orders', } . $columns . q{, target => 'kept', mode => 'materialized', filter => 'is_paid(status)', is_order => 'weight <> 12.123456789012345678::float8 AND amount > 5');
CREATE TABLE thresholds AS SELECT * FROM shop.rfm_quintiles WHERE metric <> 'monetary';
CREATE OR REPLACE VIEW shop.rfm_thresholds AS TABLE thresholds;
CREATE TABLE names AS SELECT recency_score, frequency_score, CASE WHEN recency_score = 5 THEN 'Our best' ELSE segment END AS segment FROM shop.rfm_segment_names WHERE recency_score > 1;
CREATE OR REPLACE VIEW shop.rfm_segment_names AS TABLE names;
CREATE VIEW kept.mine AS SELECT customers FROM kept.kpi;
SELECT metrics.retention_refresh_views('shop') \g /dev/null
SELECT margin = 0.123456789012345678::float8 AND pg_get_viewdef('shop.order_rows'::regclass) LIKE '%03/02/2019%' FROM shop.retention_options;
}, database => 'dumped');
is("$out$errors", "$VIEWS\n$VIEWS\nt", 'views to be dumped');
my $everything = rows_of('shop', 'kept') . q{; SELECT * FROM shop.rfm_segment_names ORDER BY 1, 2; SELECT * FROM shop.rfm_thresholds ORDER BY 1};
my $recipe = "TABLE shop.retention_options; TABLE kept.retention_options; TABLE shop.retention_record; TABLE kept.retention_record; SELECT oid::regclass, pg_get_viewdef(oid) FROM pg_class WHERE relname ~ 'order_rows|left_out' ORDER BY oid::regclass::text";
my $expected = $node->safe_psql('dumped', "$everything; $recipe");

foreach my $case ([ 'plain', 'postgres', 'owner' ], [ 'custom', 'postgres', 'owner' ], [ 'plain', 'owner', 'owner' ], [ 'custom', 'owner', 'keeper' ])
{
	my ($format, $dumper, $restorer) = @$case;
	my $super = $dumper eq 'postgres';
	my $name = "restored_${format}_$dumper";
	my $file = "$dir/$name";
	my $owners = $super ? [] : ['--no-owner'];
	my $login = $super ? 'postgres' : $restorer;

	$node->safe_psql('postgres', "CREATE DATABASE $name OWNER $restorer");
	$node->command_ok([ 'pg_dump', '-U', $dumper, '-F', $format, @$owners, '-f', $file, $node->connstr('dumped') ], "pg_dump, $format, by $dumper");
	$node->command_ok(
		$format eq 'plain'
		? [ 'psql', '-XqAt', '-U', $login, '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($name), '-o', '/dev/null', '-f', $file ]
		: [ 'pg_restore', '-U', $login, @$owners, '--exit-on-error', '-d', $node->connstr($name), $file ],
		"restore, $format, by $login");
	is($node->safe_psql($name, "$everything; $recipe"), $expected, '... everything is there again');
	is($node->safe_psql($name, "SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ' ') FROM pg_class WHERE relname = 'retention_options'"), $restorer, '... of one owner');
	($out, $errors) = session($node, "SELECT count(*) FROM metrics.retention_refresh_views(); SELECT metrics.retention_refresh_data('kept');
		$everything; $recipe", database => $name, params => [ '-U', $restorer ]);
	is($errors, '', '... and can be made again');
	is($out, 2 * $VIEWS . "\n\n$expected", '... and then answer the same');
}

# Without data there are views, with all that they are made from.
$node->safe_psql('postgres', 'CREATE DATABASE restored_schema OWNER owner');
$node->command_ok([ 'pg_dump', '--schema-only', '-f', "$dir/schema", $node->connstr('dumped') ], 'pg_dump, schema only');
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored_schema'), '-o', '/dev/null', '-f', "$dir/schema" ], 'restore, schema only');
($out, $errors) = session($node, q{
SELECT customers, orders FROM shop.kpi;
SELECT customers FROM kept.kpi;
SELECT metrics.retention_refresh_data('kept');
SELECT customers FROM kept.kpi;
SELECT count(*) FROM metrics.retention_refresh_views();
}, database => 'restored_schema', params => [ '-U', 'owner' ]);
is("$out $errors", "0|0\n\n0\n" . 2 * $VIEWS . ' 55000', '... and views that have never been filled are');

# ---- a replica -----------------------------------------------------------------------------------

{
	my $replica = PostgreSQL::Test::Cluster->new('views_replica');

	$node->backup('backup');
	$replica->init_from_backup($node, 'backup', has_streaming => 1);
	$replica->start;
	$node->wait_for_catchup($replica);
	is($replica->safe_psql('dumped', $everything), $node->safe_psql('dumped', $everything), 'every view can be read on a replica');
	foreach my $call ("retention_create_views('\"My Sales\".orders', $columns, target => 'shop')", "retention_create_views('\"My Sales\".orders', $columns, target => 'new')",
		"retention_refresh_views('shop')", 'retention_refresh_views()', "retention_drop_views('shop')", "retention_refresh_data('kept')")
	{
		($out, $errors) = session($replica, "SELECT metrics.$call", database => 'dumped', params => [ '-U', 'owner' ]);
		is("$out$errors", '25006', "on a replica: $call");
	}
	is($replica->safe_psql('dumped', "SELECT to_regnamespace('new')"), '', '... and nothing came of it');
	$replica->stop;
}

# ---- plans and kinds of tables ---------------------------------------------------------------------

# Enough orders to go to disk; parallel plans are for few customers, as far as the
# planner knows.
$node->safe_psql('postgres', q{
CREATE EXTENSION retention;
CREATE TABLE lines AS
SELECT i * 7919 % 900 AS customer_id, timestamptz '2021-01-01' + i * 7919 % 3001 * interval '3 h' AS ordered_at, i % 3001 AS order_id,
	CASE WHEN i % 50 = 0 THEN -1.5 WHEN i % 77 = 0 THEN NULL ELSE (i % 1000) / 100.0 END AS amount
FROM generate_series(1, 5000::int8) i;
ALTER TABLE lines ALTER customer_id SET (n_distinct = 10), ALTER order_id SET (n_distinct = 10);
CREATE TABLE parts (LIKE lines) PARTITION BY RANGE (ordered_at);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (MINVALUE) TO ('2021-06-01');
CREATE TABLE part_2 PARTITION OF parts DEFAULT PARTITION BY HASH (customer_id);
CREATE TABLE part_2_0 PARTITION OF part_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_2_1 PARTITION OF part_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts TABLE lines;
ANALYZE;
} . "SELECT retention_create_views('lines', $columns, order_id => 'order_id', target => 'by_order');
SELECT retention_create_views('lines', $columns, target => 'by_line');
SELECT retention_create_views('parts', $columns, target => 'by_part')");
my %answers = map { $_ => $node->safe_psql('postgres', rows_of($_)) } 'by_order', 'by_line';
my %settings = (
	'a small work_mem' => "SET work_mem = '64kB';",
	'parallel plans' => 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
		SET min_parallel_table_scan_size = 0;');

foreach my $name (sort keys %settings)
{
	foreach my $schema ('by_order', 'by_line')
	{
		($out, $errors) = session($node, "$settings{$name} " . rows_of($schema));
		is($errors, '', "$schema, $name: no error");
		is($out, $answers{$schema}, "$schema, $name: the same answers");
	}
}
foreach my $view ('kpi', 'cohort_retention')
{
	($out) = session($node, "$settings{'parallel plans'} EXPLAIN SELECT * FROM by_line.$view");
	like($out, qr/Workers Planned/, "$view can be a parallel plan");
}
(my $renamed = $answers{by_line}) =~ s/by_line/by_part/g;
is($node->safe_psql('postgres', rows_of('by_part')), $renamed, 'a partitioned table');

SKIP:
{
	skip 'postgres_fdw is not installed', 2
	  if $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'") eq '0';
	my ($host, $port) = ($node->host, $node->port);

	($out, $errors) = session($node, qq{
CREATE EXTENSION postgres_fdw;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres', extensions 'retention');
CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere;
CREATE FOREIGN TABLE far (customer_id int8, ordered_at timestamptz, order_id int8, amount numeric) SERVER elsewhere OPTIONS (table_name 'lines');
SELECT count(*) FROM retention_create_views('far', $columns, target => 'by_far', mode => 'materialized');
});
	is("$out$errors", "$VIEWS", 'a foreign table');
	($renamed = $answers{by_line}) =~ s/by_line/by_far/g;
	is($node->safe_psql('postgres', rows_of('by_far')), $renamed, '... answers the same');
}

# ---- memory -----------------------------------------------------------------------------------------

# kB of the backend, after a first tenth and after all of so many calls.
sub grows_not
{
	my ($name, $statement, $times, $most) = @_;
	my $measure = q{SELECT sum(total_bytes)::int8 / 1024 FROM pg_backend_memory_contexts;} . (
		-r '/proc/self/status' && !$ENV{RETENTION_INSTRUMENTED}	# its tools keep what was freed
		? q{SELECT (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1];}
		: 'SELECT 0;');
	my $block = "$statement;\n" x ($times / 10);
	my ($out, $errors) = session($node,
		"\\o /dev/null\n$block$measure\n\\o\n$measure\n\\o /dev/null\n" . $block x 9 . "\\o\n$measure");
	my ($known1, $system1, $known2, $system2) = split /\n/, $out;

	is($errors, '', "$name: no error");
	cmp_ok($known2 - $known1, '<=', $most // 512, "$name: $times times, memory contexts grow by " . ($known2 - $known1) . ' kB');
	cmp_ok($system2 - $system1, '<=', 512 + ($most // 512), "$name: $times times, the process grows by " . ($system2 - $system1) . ' kB');
	return;
}

$node->safe_psql('postgres', "CREATE TABLE few AS SELECT customer_id, ordered_at, amount FROM lines WHERE customer_id < 20;
	SELECT retention_create_views('few', $columns, target => 'again')");
grows_not('making views again', "SELECT retention_create_views('few', $columns, target => 'again', filter => 'amount > 0 OR amount IS NULL')", 200);
grows_not('an error that is caught', "DO \$\$ BEGIN PERFORM retention_create_views('few', $columns, target => 'by_part', filter => '1 / 0 = amount');
	PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END \$\$", 20);
# Of relations that come and go, core's caches of the catalogs grow in steps of 2 MB.
grows_not('materialized views', "SELECT retention_create_views('few', $columns, target => 'again', mode => 'materialized');
	SELECT retention_refresh_data('again', concurrently => false)", 20, 4096);
grows_not('rows replaced while others read', "SELECT retention_refresh_data('again')", 20);

$node->stop;
done_testing();
