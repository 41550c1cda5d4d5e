# postgres_fdw: with the server option extensions 'retention' whole aggregates
# run where the rows are, and bases come back to be asked and merged here.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('fdw');

plan skip_all => 'postgres_fdw is not installed'
  if $node->safe_psql('postgres',
	"SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'") eq '0';

# Two shops, one on this server and one on another, and a database here that
# looks at both.
my %at = (1 => $node, 2 => start_server('fdw_other'));

foreach my $shop (1, 2)
{
	my ($host, $port) = ($at{$shop}->host, $at{$shop}->port);

	$at{$shop}->safe_psql('postgres', "CREATE DATABASE shop$shop");
	$at{$shop}->safe_psql("shop$shop", qq{
CREATE EXTENSION retention;
CREATE TABLE orders AS
SELECT i % 3 AS region, i * 7919 % 5000 + $shop * 1000 AS customer, (i * 7919 % 5000)::text AS text_key,
	md5((i * 7919 % 5000)::text)::uuid AS uuid_key,
	timestamptz '2020-01-01' + i * interval '45 min' AS ordered_at,
	CASE WHEN i % 50 = 0 THEN -1.5 ELSE (i % 1000) / 100.0 END AS amount
FROM generate_series(1, 12000::int8) i;
});
	$node->safe_psql('postgres', qq{
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER shop$shop FOREIGN DATA WRAPPER postgres_fdw
	OPTIONS (host '$host', port '$port', dbname 'shop$shop', extensions 'retention');
CREATE USER MAPPING FOR CURRENT_USER SERVER shop$shop;
CREATE FOREIGN TABLE orders_$shop (
	region int8, customer int8, text_key text, uuid_key uuid, ordered_at timestamptz, amount numeric)
	SERVER shop$shop OPTIONS (table_name 'orders');
});
}
# what the answers have to be
$node->safe_psql('postgres', q{
CREATE TABLE local_1 AS SELECT * FROM orders_1;
CREATE TABLE local_2 AS SELECT * FROM orders_2;
});

# Over one server: the whole query goes there, and comes back right.
sub pushed
{
	my ($query, $aggregate) = @_;
	my ($plan) = session($node, 'EXPLAIN (VERBOSE, COSTS OFF) ' . $query =~ s/\bT\b/orders_1/r);
	my ($got, $errors) = session($node, $query =~ s/\bT\b/orders_1/r);
	my ($expected) = session($node, $query =~ s/\bT\b/local_1/r);

	like($plan, qr/Remote SQL: SELECT .*\Q$aggregate\E\(/, "pushed down: $query");
	is($got, $expected, "the same answer: $query");
	is($errors, '', "no error: $query");
	return;
}

pushed("SELECT $_(customer) FROM T", "public.$_") foreach 'repeat_rate', 'purchase_frequency';
pushed("SELECT repeat_rate($_) FROM T", 'public.repeat_rate') foreach 'text_key', 'uuid_key';
pushed('SELECT aov(amount) FROM T', 'public.aov');
pushed('SELECT aov(amount::float8) FROM T', 'public.aov');
pushed('SELECT aov(amount, customer), aov(amount::float8, text_key) FROM T', 'public.aov');
pushed('SELECT repeat_rate(customer, uuid_key), purchase_frequency(text_key, region) FROM T', 'public.repeat_rate');
pushed('SELECT customer_value(customer, amount) FROM T', 'public.customer_value');
pushed('SELECT lifetime_span(customer, ordered_at) FROM T', 'public.lifetime_span');
pushed('SELECT clv(customer, ordered_at, amount) FROM T', 'public.clv');
pushed('SELECT clv(text_key, ordered_at, amount::float8) FROM T', 'public.clv');
pushed('SELECT customer, lifetime_span(ordered_at), clv(ordered_at, amount) FROM T GROUP BY customer ORDER BY 1',
	'public.clv');
pushed('SELECT customer_base(customer, ordered_at, amount) FROM T', 'public.customer_base');
pushed('SELECT region, repeat_rate(customer), clv(uuid_key, ordered_at, amount) FROM T GROUP BY region ORDER BY 1',
	'public.repeat_rate');
pushed('SELECT region, repeat_rate(customer) FROM T GROUP BY region HAVING repeat_rate(customer) > 0.5 ORDER BY 1',
	'public.repeat_rate');
pushed('SELECT repeat_rate(customer) FILTER (WHERE region = 1), orders(customer_base(customer)) FROM T',
	'public.repeat_rate');
pushed("SELECT clv(customer_base(customer, ordered_at, amount), lifespan => '2 years', margin => 0.3) FROM T",
	'public.customer_base');
pushed('SELECT * FROM (SELECT revenue(customer_base(customer, ordered_at, amount)) FROM T) AS s', 'public.customer_base');

# A base is asked here as it would be there: it came over the wire as text.
{
	my $ask = q{SELECT customers(b), orders(b), revenue(b), refunds(b), refunded(b), aov(b), first_order(b),
		last_order(b), lifetime_span(b), clv(b, lifespan => '3 years'), clv_breakdown(b), md5(b::text)
		FROM (SELECT customer_base(customer, ordered_at, amount) AS b FROM T OFFSET 0) AS s};
	my ($got, $errors) = session($node, $ask =~ s/\bT\b/orders_1/r);
	my ($expected) = session($node, $ask =~ s/\bT\b/local_1/r);

	is($got, $expected, 'a base from a server, asked here');
	is($errors, '', 'a base from a server, asked here: no error');
}

# Over two servers: a base from each, merged.
{
	my $expected = $node->safe_psql('postgres', q{
SELECT customers(b), repeat_rate(b), clv(b), b::text FROM
	(SELECT customer_base(customer, ordered_at, amount) AS b
	FROM (TABLE local_1 UNION ALL TABLE local_2) AS s) AS s});
	my $query = q{
SELECT customers(b), repeat_rate(b), clv(b), b::text FROM
	(SELECT _retention_customer_base_combine(
		(SELECT customer_base(customer, ordered_at, amount) FROM orders_1),
		(SELECT customer_base(customer, ordered_at, amount) FROM orders_2)) AS b OFFSET 0) AS s};
	my ($plan) = session($node, "EXPLAIN (VERBOSE, COSTS OFF) $query");

	is($node->safe_psql('postgres', $query), $expected, 'bases of two servers, merged');
	is(scalar(() = $plan =~ /Remote SQL: SELECT .*customer_base/g), 2, 'a base from each of two servers');
}

# A partition on each server: with partitionwise aggregation, groups are
# computed where they are.
{
	$node->safe_psql('postgres', q{
CREATE TABLE orders (shop int, customer int8, ordered_at timestamptz, amount numeric) PARTITION BY LIST (shop);
CREATE FOREIGN TABLE part_1 PARTITION OF orders FOR VALUES IN (1) SERVER shop1 OPTIONS (table_name 'part');
CREATE FOREIGN TABLE part_2 PARTITION OF orders FOR VALUES IN (2) SERVER shop2 OPTIONS (table_name 'part');
});
	$at{$_}->safe_psql("shop$_", "CREATE TABLE part AS SELECT $_ AS shop, customer, ordered_at, amount FROM orders")
	  foreach 1, 2;
	my $expected = $node->safe_psql('postgres', q{
SELECT shop, repeat_rate(customer), clv(customer, ordered_at, amount)
FROM (SELECT 1 AS shop, * FROM local_1 UNION ALL SELECT 2, * FROM local_2) AS s GROUP BY shop ORDER BY shop});
	my $query = 'SELECT shop, repeat_rate(customer), clv(customer, ordered_at, amount) FROM orders GROUP BY shop ORDER BY shop';
	my ($got, $errors) = session($node, "SET enable_partitionwise_aggregate = on; $query");
	my ($plan) = session($node, "SET enable_partitionwise_aggregate = on; EXPLAIN (VERBOSE, COSTS OFF) $query");

	is($got, $expected, 'a partition on each server');
	is($errors, '', 'a partition on each server: no error');
	is(scalar(() = $plan =~ /Remote SQL: SELECT .*repeat_rate\(/g), 2, 'each aggregates its own');

	# and a base of each, rolled up here, is the base of all
	foreach my $base ('customer_base(customer, ordered_at, amount)', 'customer_base_sample(customer, ordered_at, amount, 500)')
	{
		$expected = $node->safe_psql('postgres', qq{
SELECT customers(b), repeat_rate(b), clv(b), md5(b::text) FROM
	(SELECT $base AS b FROM (TABLE local_1 UNION ALL TABLE local_2) AS s) AS s});
		$query = qq{
SELECT customers(b), repeat_rate(b), clv(b), md5(b::text) FROM
	(SELECT rollup(b) AS b FROM (SELECT shop, $base AS b FROM orders GROUP BY shop) AS s OFFSET 0) AS s};
		($got, $errors) = session($node, "SET enable_partitionwise_aggregate = on; $query");
		($plan) = session($node, "SET enable_partitionwise_aggregate = on; EXPLAIN (VERBOSE, COSTS OFF) $query");
		is($got, $expected, "rolled up: $base");
		is($errors, '', "rolled up, no error: $base");
		is(scalar(() = $plan =~ /Remote SQL: SELECT .*customer_base/g), 2, "one from each server: $base");
	}
}

# What the documentation shows.
{
	my $sql = documented('postgres_fdw');

	foreach my $city ([ berlin => 1 ], [ paris => 2 ])
	{
		my ($name, $shop) = @$city;
		my ($host, $port) = ($at{$shop}->host, $at{$shop}->port);

		$sql =~ s/host '$name[^']*', port '\d+'/host '$host', port '$port'/ or die "no $name";
		$at{$shop}->safe_psql('postgres', 'CREATE DATABASE shop');
		$at{$shop}->safe_psql('shop', qq{
CREATE EXTENSION retention;
CREATE TABLE orders AS SELECT '$name' AS shop, * FROM simulate_orders(500, '2 years', $shop)});
	}
	$node->safe_psql('postgres', 'CREATE DATABASE doc');
	$node->safe_psql('doc', 'CREATE EXTENSION retention');
	my ($got, $errors) = session($node, $sql, database => 'doc');
	my ($expected) = session($node, q{
SELECT customers(b), repeat_rate(b), clv(b, lifespan => '3 years') FROM
	(SELECT customer_base(customer_id, ordered_at, amount) AS b FROM
		(SELECT * FROM simulate_orders(500, '2 years', 1) UNION ALL SELECT * FROM simulate_orders(500, '2 years', 2)) AS s) AS s});
	my ($plan) = session($node, $sql =~ s/^.*(?=SET enable)//sr =~ s/(?=SELECT customers)/EXPLAIN (VERBOSE, COSTS OFF) /r,
		database => 'doc');

	is($got, $expected, 'as documented');
	is($errors, '', 'as documented: no error');
	is(scalar(() = $plan =~ /Remote SQL: SELECT shop, public.customer_base\(customer_id, ordered_at, amount\) FROM public.orders GROUP BY 1/g),
		2, 'the documented plan');
}

# Without the option nothing is sent that the other side might not know.
{
	$node->safe_psql('postgres', q{ALTER SERVER shop2 OPTIONS (DROP extensions)});
	my ($plan) = session($node, 'EXPLAIN (VERBOSE, COSTS OFF) SELECT repeat_rate(customer) FROM orders_2');

	unlike($plan, qr/Remote SQL: .*repeat_rate/, 'not pushed down without the option');
}

$at{2}->stop;
$node->stop;
done_testing();
