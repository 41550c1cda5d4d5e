# Parallel plans: the answers of a serial plan, to the last byte, with states
# that are large, spilled, many or empty; and what happens when a worker dies.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('parallel');
my $force = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';

# The planner weighs what merging costs against what is saved. These tests want
# the merge whatever it costs: so statistics say that there are few customers.
$node->safe_psql(
	'postgres', q{
CREATE TABLE orders (
	i int8, grp int, many int, int8_key int8, uuid_key uuid, text_key text, folded_key text,
	ordered_at timestamptz, amount numeric) PARTITION BY HASH (grp);
CREATE TABLE orders_0 PARTITION OF orders FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE orders_2 PARTITION OF orders FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO orders
SELECT i, i % 40, i % 10000, key, md5(key::text)::uuid, 'Customer ' || key,
	CASE WHEN i % 2 = 0 THEN 'Customer ' ELSE 'CUSTOMER ' END || key,
	timestamptz '2020-01-01' + i * interval '907 s',
	CASE WHEN i % 50 = 0 THEN -0.37 WHEN i % 1009 = 0 THEN NULL
		WHEN i = 44444 THEN 12345678901234567890123.4567
		ELSE (i % 10000) / 100.0 END
FROM (SELECT i, CASE WHEN i % 997 = 0 THEN NULL ELSE i * 7919 % 40000 END AS key
	FROM generate_series(1, 50000::int8) i) AS s;
CREATE TABLE plain AS SELECT * FROM orders;
CREATE TABLE one_row AS SELECT * FROM orders WHERE i = 1234;
CREATE TABLE empty AS SELECT * FROM orders WHERE false;
DO $$
DECLARE
	r regclass;
	c text;
BEGIN
	FOREACH r IN ARRAY ARRAY['plain', 'orders', 'orders_0', 'orders_1', 'orders_2']::regclass[] LOOP
		FOREACH c IN ARRAY ARRAY['int8_key', 'uuid_key', 'text_key', 'folded_key', 'many'] LOOP
			EXECUTE format('ALTER TABLE %s ALTER %I SET (n_distinct = 10, n_distinct_inherited = 10)', r, c);
		END LOOP;
	END LOOP;
END $$;
VACUUM (FREEZE, ANALYZE);
});
my $has_icu = $node->safe_psql('postgres',
	"SELECT count(*) FROM pg_collation WHERE collprovider = 'i' AND collname = 'und-x-icu'");
$node->safe_psql('postgres',
	"CREATE COLLATION folded (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false)")
  if $has_icu;

my $serial = "SET work_mem = '256MB';";
my $parallel = q{
SET max_parallel_workers_per_gather = 3; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0.001;
SET cpu_operator_cost = 0; SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;};

# The answers of two plans are the same, and the second is what it should be.
sub same
{
	my ($name, $query, $settings, @nodes) = @_;
	my ($expected, $none) = session($node, "$serial $query");
	my ($got, $errors) = session($node, "$parallel $settings $query; SELECT count(*) FROM pg_ls_tmpdir()");
	my ($plan) = session($node, "$parallel $settings EXPLAIN $query");

	is($got, "$expected\n0", "$name: the same answers, no file left");
	is("$none$errors", '', "$name: no error");
	like($plan, qr/$_/, "$name: plan has $_") foreach @nodes;
	return;
}

sub metrics
{
	my ($key) = @_;
	# one collation for both texts
	my $collation = $key =~ /COLLATE (\w+)/ ? $1 : '"default"';

	return qq{aov(amount), aov(amount::float8), repeat_rate($key), purchase_frequency($key),
		aov(amount, many), aov(amount::float8, uuid_key), repeat_rate($key, many), purchase_frequency($key, many),
		purchase_frequency($key, uuid_key), repeat_rate($key, text_key COLLATE $collation),
		customer_value($key, amount), customer_value($key, amount::float8),
		lifetime_span(ordered_at), lifetime_span($key, ordered_at), lifetime_span($key, ordered_at::date),
		clv(ordered_at, amount), clv(ordered_at::date, amount::float8),
		clv($key, ordered_at, amount), clv($key, ordered_at::timestamp, amount::float8),
		md5(customer_base($key)::text), md5(customer_base($key, ordered_at)::text),
		md5(customer_base($key, ordered_at, amount)::text), customer_base($key, ordered_at, amount) IS NULL};
}

my @keys = ('int8_key', 'uuid_key', 'text_key');
push @keys, 'folded_key COLLATE folded' if $has_icu;

foreach my $key (@keys)
{
	my $metrics = metrics($key);

	same("$key", "SELECT $metrics FROM plain", '', 'Finalize Aggregate', 'Partial Aggregate');
	same("$key, spilled", "SELECT $metrics FROM plain", "SET work_mem = '64kB';",
		'Finalize Aggregate', 'Partial Aggregate');
	# such a collation is slow, and nothing new about it comes below
	next if $key =~ /folded/;

	same("$key, 40 groups", "SELECT grp, $metrics FROM plain GROUP BY grp ORDER BY grp",
		'SET enable_sort = on;', 'Partial');
	same("$key, partitions", "SELECT grp, $metrics FROM orders GROUP BY grp ORDER BY grp",
		'SET enable_partitionwise_aggregate = on;', 'Append');
	same("$key, partitions merged", "SELECT $metrics FROM orders",
		'SET enable_partitionwise_aggregate = on; SET enable_parallel_append = on;',
		'Parallel Append', 'Partial Aggregate');
	same("$key, partitions merged without workers", "SELECT $metrics FROM orders",
		'SET enable_partitionwise_aggregate = on; SET max_parallel_workers_per_gather = 0;',
		'Finalize Aggregate', 'Partial Aggregate');
	same("$key, empty", "SELECT $metrics FROM empty", 'SET enable_material = on;', 'Aggregate');
	same("$key, no row passes", "SELECT $metrics FROM plain WHERE i + grp < 0", '', 'Partial Aggregate');
	same("$key, one row passes", "SELECT $metrics FROM plain WHERE i + 0 = 1234", '', 'Partial Aggregate');
	same("$key, one row", "SELECT $metrics FROM one_row", '', 'Aggregate');
	same("$key, all NULL", "SELECT " . metrics("nullif($key, $key)") . " FROM plain", '',
		'Partial Aggregate');
	same("$key, FILTER", "SELECT clv($key, ordered_at, amount) FILTER (WHERE grp = 7),
			repeat_rate($key) FILTER (WHERE i < 5), customers(customer_base($key) FILTER (WHERE false))
		FROM plain", '', 'Partial Aggregate');
}

like(
	(session($node, "$parallel EXPLAIN (ANALYZE, TIMING OFF) SELECT repeat_rate(int8_key) FROM plain"))[0],
	qr/Workers Launched: 3/,
	'workers do it');

# Many groups, with hashed and with sorted partial aggregation.
foreach my $plan ('enable_sort', 'enable_hashagg')
{
	same("10,000 groups, $plan off",
		'SELECT many, repeat_rate(int8_key), clv(text_key, ordered_at, amount) FROM plain GROUP BY many ORDER BY many',
		"SET $plan = off;", 'Partial');
}

# Two aggregates whose states are shared, HAVING, and a join above.
same('shared states', 'SELECT grp, repeat_rate(int8_key), purchase_frequency(int8_key), repeat_rate(int8_key, i), purchase_frequency(int8_key, i), n
	FROM plain JOIN (VALUES (1, 10), (2, 20)) AS v (grp, n) USING (grp)
	GROUP BY grp, n HAVING repeat_rate(int8_key) > 0 ORDER BY grp', '', 'Partial');

# The whole query in a worker, as the server's own tests do.
foreach my $query (
	'SELECT ' . metrics('text_key') . ' FROM plain',
	'SELECT grp, clv(customer_base(int8_key, ordered_at, amount), lifespan => \'1 year\') FROM plain GROUP BY grp ORDER BY grp',
	'SELECT max(f), count(f) FROM (SELECT grp, repeat_rate(int8_key) AS f FROM plain GROUP BY grp) AS s')
{
	my ($expected) = session($node, "$serial $query");
	my ($got, $errors) = session($node, "SET max_parallel_workers_per_gather = 2; SET $force = on; SET work_mem = '64kB'; $query");
	my ($plan) = session($node, "SET max_parallel_workers_per_gather = 2; SET $force = on; EXPLAIN $query");

	is($got, $expected, "in a worker: $query");
	is($errors, '', 'in a worker: no error');
	like($plan, qr/Gather/, 'in a worker: it really is');
}

# A worker that dies takes the query with it, and leaves nothing; the workers
# wait where they have files on disk.
$node->safe_psql('postgres', q{
CREATE FUNCTION waits(i int8) RETURNS bool PARALLEL SAFE LANGUAGE plpgsql AS $$
BEGIN
	IF i % 15000 = 14000 THEN
		PERFORM pg_sleep(300);
	END IF;
	RETURN true;
END $$;
});
foreach my $how ('pg_terminate_backend', 'pg_cancel_backend')
{
	my $query = 'SELECT clv(text_key, ordered_at, amount), repeat_rate(int8_key) FROM plain';
	my $run = background($node, "$parallel SET work_mem = '64kB'; $query WHERE waits(i);
		SELECT count(*) FROM pg_ls_tmpdir(); $query", 'leader');
	my $workers = q{FROM pg_stat_activity WHERE backend_type = 'parallel worker'
		AND wait_event = 'PgSleep'};

	ok(wait_for($node, "SELECT count(*) > 1 $workers", 't'), "$how: workers wait");
	ok(wait_for($node, 'SELECT count(*) > 1 FROM pg_ls_tmpdir()', 't'), "$how: they have files");
	$node->safe_psql('postgres', "SELECT $how(pid) $workers LIMIT 1");

	my ($out, $errors) = finish($run);
	my ($expected) = session($node, "$serial $query");
	is($errors, $how eq 'pg_terminate_backend' ? '57P01' : '57014', "$how of a worker: the leader tells");
	is($out, "0\n$expected", "$how of a worker: no file left, the session goes on");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'}),
		'0', "$how of a worker: no worker left");
}

nothing_left($node, 'everything');
$node->stop;
done_testing();
