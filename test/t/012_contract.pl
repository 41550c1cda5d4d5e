# What we hand to PostgreSQL is what it hands to itself: a module that looks at
# parameters, snapshots and receivers sees nothing that it couldn't expect.

use strict;
use warnings;
use Cwd;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The module is built where the test runs, and loaded from there.
my $folder = Cwd::abs_path(PostgreSQL::Test::Utils::tempdir);
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
my $build = "cp test/contract/contract.c test/contract/Makefile '$folder'"
  . " && make -s -C '$folder' with_llvm=no PG_CONFIG='$pg_config' >'$folder/log' 2>&1";
is(system($build), 0, 'the module is built') or diag(slurp_file("$folder/log"));

my $node = start_server('contract');
$node->append_conf('postgresql.conf', "session_preload_libraries = '$folder/contract'");
$node->reload;

my ($out, $errors) = session($node, q{
CREATE TABLE orders AS SELECT * FROM simulate_orders(300, '2 years', 1);
CREATE VIEW order_view AS TABLE orders;
SELECT count(*) > 0 FROM order_view;
});
is("$out$errors", 't', 'the server works with it');

foreach my $query (
	q{SELECT count(*) > 0 FROM predict_customers('orders', horizon => '1 year')},
	q{SELECT count(*) > 0 FROM predict_customers('orders', horizon => '1 year', as_of => '2025-06-30')},
	q{SELECT count(*) > 0 FROM predict_customers('SELECT * FROM orders', holdout => '90 days')},
	q{SELECT count(*) > 0 FROM predict_customers('order_view'::regclass)},
	q{SELECT count(*) > 0 FROM holdout_check('orders')},
	q{SELECT count(*) > 0 FROM holdout_check('orders', as_of => '2025-06-30')},
	q{SELECT count(*) > 0 FROM holdout_check('SELECT * FROM orders WHERE false') HAVING count(*) > 0 OR true},
	q{SELECT count(*) > 0 FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', filter => 'amount < 1000', target => 'shop')},
	q{SELECT count(*) > 0 FROM shop.kpi},
	q{SELECT count(*) > 0 FROM retention_refresh_views('shop')},
	q{SELECT count(*) > 0 FROM retention_refresh_views()},
	q{SELECT retention_drop_views('shop') IS NOT NULL},
	q{SELECT count(*) > 0 FROM retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'kept', mode => 'materialized')},
	q{SELECT retention_refresh_data('kept') IS NOT NULL},
	q{SELECT retention_refresh_data('kept', concurrently => false) IS NOT NULL},
	q{SELECT retention_drop_views('kept') IS NOT NULL})
{
	my $expected = $query =~ /WHERE false/ ? 'f' : 't';

	($out, $errors) = session($node, $query);
	is("$out$errors", $expected, $query);
}

# An argument that drops the function which it is for: nothing holds it.
$node->safe_psql('postgres', q{
CREATE FUNCTION gone() RETURNS name LANGUAGE plpgsql AS $$
BEGIN
	DROP EXTENSION retention CASCADE;
	RETURN 'orders';
END $$});
foreach my $call (
	q{predict_customers(gone()::text)}, q{predict_customers(gone()::text::regclass)}, q{holdout_check(gone()::text)},
	q{retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => gone())},
	q{retention_refresh_views(gone())}, q{retention_drop_views(gone())}, q{retention_refresh_data(gone())})
{
	# XX000 is core's own word, where it looks for the columns of the result.
	($out, $errors) = session($node, "SELECT * FROM $call");
	like("$out$errors", $call =~ /^retention/ ? qr/^42883$/ : qr/^XX000$/, $call);
}
($out, $errors) = session($node, 'SELECT count(*) > 0 FROM simulate_orders(10, \'1 year\', 1)');
is("$out$errors", 't', 'the server is well');

$node->stop;
done_testing();
