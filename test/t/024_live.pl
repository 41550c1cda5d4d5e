# Live views while orders are written: by many at once, at each isolation level, with savepoints and
# prepared transactions, folded and read meanwhile, through a crash, a dump, replication; and whose rights are used.
# RETENTION_LONG=1: for two minutes.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('live', allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "max_prepared_transactions = 20\nautovacuum = on\nautovacuum_naptime = 1s\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION retention');
my $dir = PostgreSQL::Test::Utils::tempdir;
my $seconds = $ENV{RETENTION_LONG} ? 120 : 6;
my ($out, $errors);

sub verified
{
	my ($what, $database, $target) = @_;

	is($node->safe_psql($database // 'postgres', "SELECT * FROM retention_verify('" . ($target // 'shop') . "')"), '', $what);
	return;
}

# ---- many at once ----------------------------------------------------------------------------
$node->safe_psql('postgres', q{
CREATE TABLE orders (id int8 PRIMARY KEY, customer_id int, ordered_at timestamptz, amount numeric(12, 2), note text) WITH (fillfactor = 50);
INSERT INTO orders SELECT n, nullif(n % 50, 0), timestamptz '2024-01-01' + n * interval '1 hour', n % 97 - 5 FROM generate_series(1, 2000) n;
CREATE SEQUENCE ids START 100000;
CREATE TABLE wrong (what text, seen text);
CREATE TABLE waited (relation regclass, mode text);
SELECT count(*) FROM retention_create_views('orders', mode => 'live', target => 'shop', time_zone => 'UTC');
-- in one statement, so as of one moment
CREATE FUNCTION compare(what text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO wrong SELECT what, format('%s %s', k, o) FROM
		(SELECT format('%s %s %s', all_orders, all_revenue, customers) FROM shop.kpi) a (k),
		(SELECT format('%s %s %s', count(*) FILTER (WHERE amount >= 0), coalesce(sum(amount), 0)::numeric(38, 4), count(DISTINCT customer_id) FILTER (WHERE amount >= 0)) FROM orders) b (o)
	WHERE k <> o$$;
});
# Hot customers and hot rows: ten of them are wanted by everybody.
my $write = q{
\set id random(1, 2000)
\set hot random(1, 10)
\set customer random(1, 60)
\set amount random(-500, 20000)
%s
INSERT INTO orders VALUES (nextval('ids'), nullif(:customer, 60), timestamptz '2024-01-01' + :amount * interval '1 minute', :amount / 100.0);
UPDATE orders SET amount = amount + 1, customer_id = :customer WHERE id = :id;
SAVEPOINT s;
DELETE FROM orders WHERE id BETWEEN :id AND :id + 3;
%s
UPDATE orders SET note = 'read' WHERE id = :id + 7;
UPDATE orders SET amount = :amount / 100.0 WHERE id = :hot;
%s
};
append_to_file("$dir/committed.sql", sprintf $write, 'BEGIN;', 'ROLLBACK TO s;', 'COMMIT;');
append_to_file("$dir/repeatable.sql", sprintf $write, 'BEGIN ISOLATION LEVEL REPEATABLE READ;', "RELEASE s;\nSELECT compare('repeatable');", 'COMMIT;');
append_to_file("$dir/serializable.sql", sprintf $write, 'BEGIN ISOLATION LEVEL SERIALIZABLE;', 'ROLLBACK TO s;', 'COMMIT;');
append_to_file("$dir/prepared.sql", sprintf $write, 'BEGIN;', 'ROLLBACK TO s;', "PREPARE TRANSACTION 'p:client_id';\nCOMMIT PREPARED 'p:client_id';");
append_to_file("$dir/taken_back.sql", sprintf $write, 'BEGIN;', 'RELEASE s;', "PREPARE TRANSACTION 'p:client_id';\nROLLBACK PREPARED 'p:client_id';");
append_to_file("$dir/fold.sql", "SELECT retention_refresh_data('shop');\n");
append_to_file("$dir/read.sql", q{
SELECT compare('one statement');
INSERT INTO waited SELECT relation::regclass, mode FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND relation IN ('orders'::regclass, 'shop.order_changes'::regclass, 'shop.order_history_parts'::regclass);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT compare('a snapshot');
\sleep 20 ms
SELECT compare('a snapshot that is older than others');
COMMIT;
});
my @writers = ('pgbench', '-n', '-c', '8', '-j', '2', '--max-tries=1000', '--random-seed=18', map { ('-f', "$dir/$_") } qw(committed.sql@4 repeatable.sql@3 serializable.sql@2 prepared.sql@2 taken_back.sql@1 fold.sql@1 read.sql@1));
$node->command_ok([ @writers, '-T', $seconds, $node->connstr('postgres') ], 'eight write, fold and read');
is($node->safe_psql('postgres', 'SELECT DISTINCT what FROM wrong'), '', 'whoever reads sees what the orders are');
is($node->safe_psql('postgres', 'SELECT DISTINCT relation, mode FROM waited'), '', 'nobody waits for a table');
is($node->safe_psql('postgres', q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'}), '0', 'nobody deadlocks');
verified('... and what was stored is what there is');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM orders WHERE id >= 100000'), '>', 100, 'orders were written');
$node->safe_psql('postgres', q{SELECT retention_refresh_data('shop')});
is($node->safe_psql('postgres', 'SELECT changes_waiting FROM shop.kpi'), '0', 'all is folded');

# The history is made anew while they write.
my $bench = IPC::Run::start([ @writers, '-T', 4, $node->connstr('postgres') ], '>', \my $bench_out, '2>', \my $bench_err);
for (1 .. 4)
{
	$node->safe_psql('postgres', q{SELECT retention_rebuild('shop')});
	verified("made anew while orders are written, $_");
}
# The server dies in the middle.
$node->stop('immediate');
$bench->finish;
$node->start;
verified('after a crash');
my @prepared = split /\n/, $node->safe_psql('postgres', 'SELECT gid FROM pg_prepared_xacts');
$node->safe_psql('postgres', q{BEGIN; DELETE FROM orders WHERE customer_id < 5; PREPARE TRANSACTION 'mine'});
verified('with a transaction that is prepared');
$node->safe_psql('postgres', q{SELECT retention_refresh_data('shop')});
$node->stop('immediate');
$node->start;
$node->safe_psql('postgres', "COMMIT PREPARED '$_'") foreach @prepared, 'mine';
verified('... and committed after a fold and a crash');

# ---- snapshots that are older than a fold ------------------------------------------------------
my $psql = 'psql -X -q -o /dev/null -d "' . $node->connstr('postgres') . '"';
foreach my $level ('REPEATABLE READ', 'SERIALIZABLE')
{
	($out, $errors) = session($node, qq{BEGIN ISOLATION LEVEL $level;
SELECT all_orders, all_revenue FROM shop.kpi \\gset before_
\\! $psql -c "UPDATE orders SET amount = amount + 1 WHERE amount > 0" -c "SELECT retention_refresh_data('shop')" -c "DELETE FROM orders WHERE id % 10 = 3" -c "SELECT retention_rebuild('shop')"
SELECT all_orders = :before_all_orders AND all_revenue = :before_all_revenue AND all_revenue = (SELECT sum(amount) FROM orders) FROM shop.kpi;
SELECT count(*) FROM retention_verify('shop');
COMMIT;
SELECT all_revenue = (SELECT sum(amount) FROM orders) FROM shop.kpi;});
	is("$out|$errors", "t\n0\nt|", "$level: as before the folds");
}
# Views are made where a snapshot is older than the orders that were written since.
($out, $errors) = session($node, qq{BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 1 FROM orders LIMIT 1 \\g /dev/null
\\! $psql -c "INSERT INTO orders VALUES (nextval('ids'), 1, '2024-02-01', 10)"
SELECT count(*) > 0 FROM retention_create_views('orders', mode => 'live', target => 'late', time_zone => 'UTC');
COMMIT;});
is("$out|$errors", 't|', 'made by an older snapshot');
verified('... of all orders', 'postgres', 'late');

# ---- whose rights ------------------------------------------------------------------------------
$node->safe_psql('postgres', q{
CREATE ROLE owner; CREATE ROLE maker; CREATE ROLE writer; CREATE ROLE reader; CREATE ROLE mallory;
GRANT CREATE ON DATABASE postgres TO maker, writer, mallory;
CREATE SCHEMA sold AUTHORIZATION owner;
GRANT USAGE ON SCHEMA sold TO maker, writer, reader, mallory;
SET ROLE owner;
CREATE TABLE sold.orders (id int, customer_id int, ordered_at timestamptz, amount numeric) PARTITION BY LIST (id);
CREATE TABLE sold.first PARTITION OF sold.orders FOR VALUES IN (1);
GRANT SELECT ON sold.orders TO maker, mallory;
GRANT INSERT, UPDATE, DELETE, SELECT ON sold.orders TO writer;
RESET ROLE;
CREATE TABLE told (who text, path text);
GRANT INSERT ON told TO PUBLIC;
});
sub as
{
	my ($role, $sql) = @_;

	return session($node, "SET SESSION AUTHORIZATION $role;\n$sql");
}
($out, $errors) = as('mallory', q{SELECT retention_create_views('sold.orders', mode => 'live', target => 'of_mallory')});
is($errors, '42501', 'live views need the right to make triggers');
$node->safe_psql('postgres', 'SET ROLE owner; GRANT TRIGGER ON sold.orders, sold.first TO maker');
# What a function of an expression is run as, and under which search_path; it calls one by its name alone.
($out, $errors) = as('maker', q{
CREATE SCHEMA made;
CREATE FUNCTION made.looked(amount numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF current_user <> 'maker' OR current_setting('search_path') <> 'pg_catalog, pg_temp' THEN
		RAISE EXCEPTION 'run as % with %', current_user, current_setting('search_path');
	END IF;
	RETURN abs(amount);
END $$;
GRANT USAGE ON SCHEMA made TO PUBLIC;
SELECT count(*) > 0 FROM retention_create_views('sold.orders', amount => 'made.looked(amount)', mode => 'live', target => 'of_maker', time_zone => 'UTC');
GRANT USAGE ON SCHEMA of_maker TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA of_maker TO reader;
REVOKE ALL ON of_maker.order_changes, of_maker.order_history_parts, of_maker.live_rows FROM reader;});
is("$out|$errors", 't|', 'made by who may make triggers');
($out, $errors) = as('writer', q{
CREATE SCHEMA planted;
CREATE FUNCTION planted.abs(numeric) RETURNS numeric LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.told VALUES (current_user, 'planted'); RETURN $1; END$$;
SET search_path = planted, pg_catalog;
INSERT INTO sold.orders VALUES (1, 1, '2024-01-05', -10), (1, 2, '2024-01-06', 20);
UPDATE sold.orders SET amount = 30 WHERE customer_id = 2;
DELETE FROM sold.orders WHERE customer_id = 1;
INSERT INTO sold.orders VALUES (1, 3, '2024-01-05', -10);
SELECT current_user, current_setting('search_path');
SELECT * FROM of_maker.kpi;});
is($errors, '42501', 'who writes needs no right on the views');
is($out, 'writer|planted, pg_catalog', '... and is who they were');
is($node->safe_psql('postgres', 'SELECT * FROM told'), '', '... and has nobody run anything');
($out, $errors) = as('reader', 'SELECT orders, revenue FROM of_maker.kpi; SELECT count(*) FROM of_maker.customer_facts; TABLE of_maker.order_changes');
is($out, '2|40.0000', 'who reads needs no right on the orders');
is($errors, '42501 42501', '... but for customer_facts, and has none on the tables');
($out, $errors) = as('mallory', q{
CREATE CONSTRAINT TRIGGER retention_live AFTER INSERT ON of_maker.order_changes FROM sold.orders FOR EACH ROW EXECUTE FUNCTION _retention_order_changed();
CREATE SCHEMA m;
CREATE TABLE m.orders (id int, customer_id int, ordered_at timestamptz, amount numeric);
CREATE TRIGGER retention_live AFTER INSERT ON m.orders FOR EACH ROW EXECUTE FUNCTION public._retention_order_changed('retention_live');
INSERT INTO m.orders VALUES (1, 666, '2024-01-05', 666);
CREATE TABLE m.order_changes (customer int, ordered_at timestamptz, amount numeric, kept bool, weight int2);
CREATE CONSTRAINT TRIGGER retention_live AFTER INSERT ON m.order_changes FROM sold.orders FOR EACH ROW EXECUTE FUNCTION public._retention_order_changed();
SELECT retention_refresh_data('of_maker');
SELECT * FROM retention_verify('of_maker');
SELECT retention_rebuild('of_maker');});
is($out, '', 'nobody else writes to the changes, or reads them');
is($errors, '42501 42501 42501 42501 42501', '... or has a trigger write to them');
($out, $errors) = as('owner', q{CREATE TABLE sold.second PARTITION OF sold.orders FOR VALUES IN (2); INSERT INTO sold.orders VALUES (2, 3, '2024-01-07', 5)});
is("$out$errors", '', 'the owner of the table makes a partition');
# without the right that it was made by, what was made goes on
$node->safe_psql('postgres', 'SET ROLE owner; REVOKE TRIGGER ON sold.orders, sold.first FROM maker');
($out, $errors) = as('maker', q{SELECT retention_refresh_data('of_maker') IS NULL; SELECT count(*) FROM retention_verify('of_maker'); SELECT orders, revenue FROM of_maker.kpi});
is("$out|$errors", "f\n0\n3|45.0000|", 'folded by its maker');
$node->safe_psql('postgres', q{SELECT retention_refresh_views('of_maker'), retention_rebuild('of_maker')});
verified('made again by a superuser', 'postgres', 'of_maker');
is($node->safe_psql('postgres', q{SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'of_maker'::regnamespace}), 'maker', '... and still the maker\'s');
($out, $errors) = as('maker', q{SELECT retention_drop_views('of_maker') IS NULL});
is($node->safe_psql('postgres', q{SELECT tgname FROM pg_trigger WHERE tgrelid IN ('sold.orders'::regclass, 'sold.first'::regclass)}), '', 'dropped with its triggers, also on a table of another');

# ---- row-level security --------------------------------------------------------------------------
$node->safe_psql('postgres', q{
SET ROLE owner;
CREATE TABLE sold.secured (id int, customer_id int, ordered_at timestamptz, amount numeric);
GRANT SELECT, TRIGGER ON sold.secured TO maker;
ALTER TABLE sold.secured ENABLE ROW LEVEL SECURITY});
($out, $errors) = as('maker', q{SELECT retention_create_views('sold.secured', mode => 'live', target => 'secured')});
is($errors, '42501', 'rows that are kept are without row-level security');
($out, $errors) = as('maker', q{SELECT retention_create_views('sold.secured', mode => 'live', target => 'secured', ignore_row_security => true)});
is($errors, '0A000', '... and who does not see all rows has no live views');

# ---- a dump ----------------------------------------------------------------------------------------
$node->safe_psql('postgres', q{ALTER SCHEMA shop RENAME TO boutique; INSERT INTO orders VALUES (nextval('ids'), 3, '2024-02-01', 10)});
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", $node->connstr('postgres') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), "$dir/dump" ], 'restored');
$node->safe_psql('restored', q{DELETE FROM orders WHERE id % 7 = 0; INSERT INTO orders VALUES (nextval('ids'), 3, '2024-02-01', 10); UPDATE orders SET amount = amount + 1 WHERE id % 5 = 0});
verified('a dump carries on', 'restored', 'boutique');
$node->safe_psql('restored', q{SELECT retention_refresh_data('boutique'); DELETE FROM orders WHERE id % 3 = 0; SELECT count(*) FROM retention_refresh_views('boutique')});
verified('... folded, and made again', 'restored', 'boutique');
$node->safe_psql('restored', 'TRUNCATE orders');
verified('... and emptied', 'restored', 'boutique');
$node->safe_psql('restored', 'DROP SCHEMA boutique CASCADE; DROP SCHEMA late CASCADE; INSERT INTO orders VALUES (1)');
is($node->safe_psql('restored', q{SELECT tgname FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgname !~ '_2'}), '', 'the triggers go with the schema');

# ---- replication -------------------------------------------------------------------------------------
$node->safe_psql('postgres', q{CREATE DATABASE subscriber; CREATE PUBLICATION sales FOR TABLE orders; SELECT pg_create_logical_replication_slot('sales', 'pgoutput')});
$node->safe_psql('subscriber', q{
CREATE EXTENSION retention;
CREATE TABLE orders (id int8 PRIMARY KEY, customer_id int, note text, ordered_at timestamptz, amount numeric(12, 2));
SELECT count(*) FROM retention_create_views('orders', mode => 'live', target => 'shop', time_zone => 'UTC');
CREATE SUBSCRIPTION sales CONNECTION '} . $node->connstr . q{ dbname=postgres' PUBLICATION sales WITH (create_slot = false, slot_name = 'sales')});
$node->wait_for_subscription_sync($node, 'sales', 'subscriber') if $node->can('wait_for_subscription_sync');
$node->safe_psql('postgres', q{INSERT INTO orders VALUES (nextval('ids'), 3, '2024-02-01', 10); UPDATE orders SET amount = amount + 2 WHERE id % 11 = 0; DELETE FROM orders WHERE id % 4 = 1});
$node->wait_for_catchup('sales');
is($node->safe_psql('subscriber', 'SELECT all_orders, all_revenue FROM shop.kpi'), $node->safe_psql('postgres', 'SELECT all_orders, all_revenue FROM boutique.kpi'), 'a subscriber follows');
verified('... exactly', 'subscriber');
$node->safe_psql('postgres', q{TRUNCATE orders; INSERT INTO orders VALUES (1, 3, '2024-02-01', 10)});
$node->wait_for_catchup('sales');
verified('... TRUNCATE, too', 'subscriber');
is($node->safe_psql('subscriber', 'SELECT all_orders, all_revenue FROM shop.kpi'), '1|10.0000', '... of which one order is left');
$node->safe_psql('subscriber', 'DROP SUBSCRIPTION sales');

$node->stop;
done_testing();
