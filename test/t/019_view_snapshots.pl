# Views are made again, and dropped, in a transaction that sees the rows as they were
# when it began: what the views are, and who may read them, is known as of now.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('view_snapshots');
my $orders = q{'orders', 'customer_id', 'ordered_at', 'amount'};
my ($out, $errors);

$node->safe_psql('postgres', q{
CREATE ROLE reader;
CREATE TABLE orders AS SELECT customer_id, ordered_at, amount FROM simulate_orders(40, '1 year', 1)});

# What a session says that looks at the orders, lets somebody else go on, and then makes its calls.
sub after
{
	my ($level, $meanwhile, $calls) = @_;
	my $psql = 'psql -X -q -o /dev/null -d "' . $node->connstr('postgres') . '"';

	return session($node, qq{BEGIN ISOLATION LEVEL $level;
SELECT 1 FROM orders LIMIT 1 \\g /dev/null
\\! $psql -c "$meanwhile"
$calls
COMMIT});
}

foreach my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	($out, $errors) = after($level, "SELECT retention_create_views($orders, target => 'shop')", q{
SELECT count(*) FROM retention_refresh_views('shop');
SELECT retention_drop_views('shop');
SELECT to_regnamespace('shop') IS NULL;});
	is("$out|$errors", "$VIEWS\n\nt|", "$level: made meanwhile");

	$node->safe_psql('postgres', "SELECT retention_create_views($orders, mode => 'materialized', target => 'shop'); GRANT ALL ON ALL TABLES IN SCHEMA shop TO reader");
	($out, $errors) = after($level, 'REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM reader; CREATE INDEX meanwhile ON shop.customers_data (segment); INSERT INTO orders SELECT 12345, ordered_at, amount FROM orders LIMIT 1', qq{
SELECT count(*) FROM retention_create_views($orders, mode => 'materialized', period => 'week', lifespan => '2 years', target => 'shop');
SELECT count(*) FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('v', 'm') AND has_table_privilege('reader', oid, 'SELECT');
SELECT customers FROM shop.kpi;});
	is($out, $level eq 'READ COMMITTED' ? "$VIEWS\n0\n41" : "$VIEWS\n0\n40", "$level: what was taken away stays so, and the rows are those of the transaction");
	is($node->safe_psql('postgres', q{SELECT to_regclass('shop.meanwhile') IS NOT NULL; SELECT count(*) FROM retention_refresh_views('shop'); SELECT retention_drop_views('shop'); DELETE FROM orders WHERE customer_id = 12345}),
		"t\n$VIEWS\n", "$level: what was made stays, and all of it is ours");
}

# ---- rows replaced while others read ------------------------------------------------------

$node->safe_psql('postgres', qq{SELECT retention_create_views($orders, mode => 'materialized', target => 'shop', period => 'week');
CREATE INDEX by_orders ON shop.customers_data ((orders * 2)) WHERE orders > 1;
CREATE FUNCTION answers() RETURNS text LANGUAGE sql AS \$\$
	SELECT concat_ws(' ', k.customers, k.orders, (SELECT count(*) FROM shop.customers), (SELECT sum(orders) FROM shop.customers), (SELECT sum(orders) FROM shop.kpi_by_period),
		(SELECT sum(orders) FROM shop.customer_facts), (history_info(history)).orders, (SELECT max(updated_at) FROM shop.customers) = k.updated_at) FROM shop.kpi AS k, shop.order_history
\$\$});
my ($n, $customers) = split / /, $node->safe_psql('postgres', 'SELECT count(*) || \' \' || count(DISTINCT customer_id) FROM orders');
my $same = sub { my ($c, $o) = @_; "$c $o $c $o $o $o $o t" };
my $more = 'INSERT INTO orders SELECT 1000 + i, ordered_at, amount FROM (SELECT * FROM orders LIMIT 1) AS o, generate_series(1, 3000) AS i';

# Who has looked sees what they have seen, in all views, before and after; a new snapshot sees all of the new rows.
($out, $errors) = after('REPEATABLE READ', "$more; SELECT retention_refresh_data('shop')", "SELECT answers(); SET enable_seqscan = off; SELECT count(*), sum(orders) FROM shop.customers WHERE customer BETWEEN 1 AND 5000; TABLE shop.kpi \\g /dev/null");
my @lines = split /\n/, $out;
is("$errors|$lines[0]", '|' . $same->($customers, $n), 'a reader sees what was there when they began');
is($lines[1], "$customers|$n", '... by an index, too');
($customers, $n) = ($customers + 3000, $n + 3000);
is($node->safe_psql('postgres', 'SELECT answers()'), $same->($customers, $n), '... and the next one what is there now');
is($node->safe_psql('postgres', 'SET enable_seqscan = off; SELECT count(*) = (SELECT count(*) FROM shop.customers WHERE orders > 1) FROM shop.customers_data WHERE orders > 1 AND orders * 2 > 0'), 't', '... an index of the user\'s own has all of them');
# Who began before another's refresh can't tell of both.
foreach my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	($out, $errors) = after($level, "INSERT INTO orders SELECT -$n, ordered_at, amount FROM orders LIMIT 1; SELECT retention_refresh_data('shop')", "SELECT retention_refresh_data('shop'); SELECT retention_refresh_data('shop'); SELECT answers()");
	($customers, $n) = ($customers + 1, $n + 1);
	is("$errors|$out", $level eq 'READ COMMITTED' ? "|\n\n" . $same->($customers, $n) : '40001 25P02 25P02|', "$level: refreshed by two, one after the other, and twice");
	is($node->safe_psql('postgres', 'SELECT answers()'), $same->($customers, $n), '... and what is kept is of now');
}
# What fails leaves all as it was: a row that an index of the user's refuses, an error of theirs, and what is rolled back.
my $before = $node->safe_psql('postgres', 'SELECT answers()');
foreach my $broken ('CREATE UNIQUE INDEX one_each ON shop.kpi_by_period_data ((1)) WHERE orders > 2900', 'CREATE INDEX never ON shop.rfm_segments_data ((1 / (customers - customers_of_all())))')
{
	$node->safe_psql('postgres', "INSERT INTO orders SELECT customer_id, ordered_at - interval '60 days', amount FROM orders LIMIT 3200; CREATE OR REPLACE FUNCTION customers_of_all() RETURNS int8 IMMUTABLE LANGUAGE sql AS 'SELECT -1'; $broken;
		CREATE OR REPLACE FUNCTION customers_of_all() RETURNS int8 IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE division_by_zero; END'");
	($out, $errors) = session($node, q{SELECT retention_refresh_data('shop');});
	like($errors, qr/^(23505|22012)/, "$broken: an error");
	is($node->safe_psql('postgres', 'SELECT answers(); DROP INDEX IF EXISTS shop.one_each, shop.never'), $before, '... and what was kept is kept');
}
is($node->safe_psql('postgres', q{BEGIN; SELECT retention_refresh_data('shop'); SELECT answers() = '} . $before . q{'; ROLLBACK; SELECT answers()}), "\nf\n$before", 'rolled back');

$node->stop;
done_testing();
