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

$node->stop;
done_testing();
