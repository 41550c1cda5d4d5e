# Citus: aggregates run on the shards, and their states are combined on the
# coordinator. Skipped where the library is not installed.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('citus');
$node->start;
plan skip_all => 'citus is not installed'
  if $node->safe_psql('postgres',
	"SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'") eq '0';
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'citus'");
$node->restart;

# One server is coordinator and worker: shards are tables, and tasks connections
# to itself.
my ($host, $port) = ($node->host, $node->port);
$node->safe_psql('postgres', qq{
CREATE EXTENSION citus;
CREATE EXTENSION retention;
SELECT citus_set_coordinator_host('$host', $port);
SELECT citus_set_node_property('$host', $port, 'shouldhaveshards', true);
CREATE TABLE orders AS SELECT * FROM simulate_orders(2000, '2 years', 1);
CREATE TABLE local AS TABLE orders;
});
my $sql = documented('Citus');
my ($plan, $errors) = session($node, $sql);

is($errors, '', 'as documented: no error');
like($plan, qr/worker_partial_agg/, 'as documented: shards aggregate');

# text keys, so that the distribution column is not the customer
$node->safe_psql('postgres', q{
CREATE TABLE events AS SELECT n AS id, 'customer ' || customer_id AS customer, ordered_at::date AS day, amount::float8
	FROM (SELECT row_number() OVER () AS n, * FROM simulate_orders(2000, '2 years', 2)) AS s;
CREATE TABLE local_events AS TABLE events;
SELECT create_distributed_table('events', 'id');
});
foreach my $query (
	'SELECT repeat_rate(customer_id), purchase_frequency(customer_id), aov(amount), clv(customer_id, ordered_at, amount) FROM orders',
	'SELECT customer_value(customer_id, amount), lifetime_span(customer_id, ordered_at) FROM orders',
	"SELECT date_trunc('month', ordered_at) AS m, repeat_rate(customer_id) FROM orders GROUP BY m ORDER BY m",
	'SELECT repeat_rate(customer), clv(customer, day, amount), md5(customer_base(customer, day, amount)::text) FROM events',
	'SELECT md5(customer_base_sample(customer, day, amount, 200)::text) FROM events',
	'SELECT repeat_rate(customer, id), purchase_frequency(customer, day::text), aov(amount, customer) FROM events',
	'SELECT customers(customer_base(customer)), aov(amount) FROM events WHERE false')
{
	my ($got, $failed) = session($node, $query);
	my ($expected) = session($node, $query =~ s/FROM orders/FROM local/r =~ s/FROM events/FROM local_events/r);
	($plan) = session($node, "EXPLAIN (VERBOSE, COSTS OFF) $query");

	is($got, $expected, $query);
	is($failed, '', "no error: $query");
	like($plan, qr/worker_partial_agg/, "on the shards: $query") unless $query =~ /date_trunc|false/;
}

# Our own queries over distributed tables, without parameters and with some.
foreach my $call (
	"predict_customers('orders', horizon => '1 year')", "predict_customers('orders', horizon => '1 year', as_of => '2025-06-30')",
	"predict_customers('SELECT customer, day, amount FROM events', holdout => '90 days')", "holdout_check('orders')",
	"holdout_check('events', 'customer', 'day', 'amount', as_of => '2025-06-30')")
{
	my ($got, $failed) = session($node, "SELECT * FROM $call ORDER BY 1, 2, 3");
	my ($expected) = session($node, "SELECT * FROM $call ORDER BY 1, 2, 3" =~ s/orders'/local'/r =~ s/FROM events|'events'/$& eq "'events'" ? "'local_events'" : 'FROM local_events'/er);

	# Sums of floats depend on the order of the rows in the last digits.
	s/(\.\d{6})\d+/$1/g foreach $got, $expected;
	is($failed, '', "no error: $call");
	is($got, $expected, $call);
}

$node->stop;
done_testing();
