# A customer_base that is stored goes wherever a table goes: through dumps,
# COPY in both formats, and logical replication.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('dump', allows_streaming => 'logical');
my $dir = PostgreSQL::Test::Utils::tempdir;

$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql(
	'shop', q{
CREATE SCHEMA metrics;
CREATE EXTENSION retention SCHEMA metrics;
CREATE TABLE orders AS
SELECT i * 7919 % 3000 AS customer, i % 12 AS month, timestamptz '2020-01-01' + i * interval '45 min' AS ordered_at,
	CASE WHEN i % 50 = 0 THEN -1.5 ELSE (i % 1000) / 100.0 END AS amount
FROM generate_series(1, 9000::int8) i;
SET search_path = public, metrics;
CREATE TABLE bases (month int PRIMARY KEY, b metrics.customer_base);
INSERT INTO bases SELECT month, customer_base(customer, ordered_at, amount) FROM orders GROUP BY month;
INSERT INTO bases SELECT 100, customer_base(customer) FROM orders WHERE customer < 3;
INSERT INTO bases SELECT 101, customer_base(customer::text, ordered_at::date) FROM orders;
INSERT INTO bases SELECT 102, customer_base(md5(customer::text)::uuid, ordered_at, amount::float8) FROM orders;
INSERT INTO bases SELECT 103, customer_base(customer, ordered_at, amount) FROM orders WHERE false;
INSERT INTO bases SELECT 104, customer_base(nullif(customer, customer), ordered_at, amount) FROM orders;
CREATE VIEW by_month AS
SELECT month, repeat_rate(customer), clv(customer, ordered_at, amount), aov(amount),
	clv(customer_base(customer, ordered_at, amount), lifespan => '2 years') AS two_years
FROM orders GROUP BY month;
CREATE MATERIALIZED VIEW asked AS
SELECT month, customers(b), orders(b), revenue(b), clv(b, margin => 0.3), (clv_breakdown(b)).customer_value FROM bases;
CREATE INDEX ON bases (metrics.customers(b));
CREATE TABLE checked (b metrics.customer_base CHECK (orders(b) > 0),
	n int8 GENERATED ALWAYS AS (metrics.orders(b)) STORED);
INSERT INTO checked (b) SELECT b FROM bases WHERE month IN (1, 100);
CREATE FUNCTION rate(int) RETURNS float8 LANGUAGE sql STABLE
	BEGIN ATOMIC SELECT metrics.repeat_rate(b) FROM bases WHERE month = $1; END;
CREATE AGGREGATE union_of(metrics.customer_base) (
	SFUNC = metrics._retention_customer_base_combine, STYPE = metrics.customer_base, FINALFUNC = metrics._retention_customer_base_final);
-- views of parts of the shop, and of some days
SET client_min_messages = warning;
SELECT metrics.retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'parts', segments => ARRAY['month AS "the month"', 'month % 2 = 0 AS even'],
	from_day => '2020-03-01', until_day => '2020-07-10');
SELECT metrics.retention_create_views('orders', 'customer', 'ordered_at', 'amount', target => 'parts_kept', segments => ARRAY['month AS "the month"', 'month % 2 = 0 AS even'],
	from_day => '2020-03-01', until_day => '2020-07-10', mode => 'materialized');
});

my $everything = q{SET search_path = public, metrics; SET timezone = 'UTC';
SELECT month, b FROM bases ORDER BY month;
SELECT * FROM by_month ORDER BY month;
SELECT * FROM asked ORDER BY month;
SELECT * FROM checked ORDER BY n;
SELECT rate(3), customers(union_of(b)) FROM bases WHERE month < 100;
SELECT to_jsonb(k) - 'updated_at' FROM parts.kpi_by_segment AS k ORDER BY segment, value;
SELECT to_jsonb(k) - 'updated_at' FROM parts_kept.kpi_by_segment_and_period AS k ORDER BY segment, value, period_start;
SELECT even, count(*), sum(orders) FROM parts.customers GROUP BY even ORDER BY even;
SELECT "the month", count(*) FROM parts_kept.customer_facts GROUP BY 1 ORDER BY 1;
SELECT from_day, until_day, as_of FROM parts_kept.retention_options;};
my $expected = $node->safe_psql('shop', $everything);

# NULL where the base was given no rows, and one of nothing but guests
is($node->safe_psql('shop', 'SELECT month FROM bases WHERE b IS NULL'), '103', 'a base of no rows is NULL');

# ---- pg_dump ---------------------------------------------------------------------

foreach my $format ('plain', 'custom')
{
	my $file = "$dir/shop.$format";

	$node->command_ok([ 'pg_dump', '-F', $format, '-f', $file, $node->connstr('shop') ], "pg_dump, $format");
	$node->safe_psql('postgres', "CREATE DATABASE restored_$format");
	if ($format eq 'plain')
	{
		$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr("restored_$format"), '-f', $file ],
			"restore, $format");
	}
	else
	{
		$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr("restored_$format"), $file ],
			"restore, $format");
	}
	is($node->safe_psql("restored_$format", $everything), $expected, "everything is there again, $format");
	# they are known for what they are, and can be made again and go
	my ($status, $made, $errors) = $node->psql("restored_$format", "SELECT count(*) FROM metrics.retention_refresh_views('parts'); SELECT count(*) FROM metrics.retention_refresh_views('parts_kept')");
	is($made, join("\n", ($node->safe_psql("restored_$format", "SELECT count(*) FROM metrics.retention_create_views('public.orders', 'customer', 'ordered_at', 'amount', target => 'new', segments => '{month}')")) x 2),
		"views of parts are made again, $format");
	is($errors, '', "and nothing is left behind, $format");
	is($node->safe_psql("restored_$format", $everything), $expected, "they say the same, $format");
	$node->safe_psql("restored_$format", "SELECT metrics.retention_drop_views('parts'); SELECT metrics.retention_drop_views('parts_kept')");
	is($node->safe_psql("restored_$format", "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'parts%'"), '0', "and go with all they had, $format");
}
unlike(slurp_file("$dir/shop.plain"), qr/CREATE (AGGREGATE|FUNCTION|TYPE) (metrics|public)\.(clv|customer_base)/,
	'the dump has the extension, and not its objects');

# As INSERTs, which is text that the parser sees.
$node->command_ok([ 'pg_dump', '--inserts', '-t', 'bases', '-f', "$dir/inserts", $node->connstr('shop') ], 'pg_dump, inserts');
$node->safe_psql('postgres', 'CREATE DATABASE inserts');
$node->safe_psql('inserts', 'CREATE SCHEMA metrics; CREATE EXTENSION retention SCHEMA metrics');
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('inserts'), '-f', "$dir/inserts" ], 'restore, inserts');
is( $node->safe_psql('inserts', 'SELECT month, b FROM bases ORDER BY month'),
	$node->safe_psql('shop', 'SELECT month, b FROM bases ORDER BY month'),
	'bases from INSERTs');

# ---- COPY ------------------------------------------------------------------------

foreach my $format ('binary', 'text', 'csv')
{
	my ($out, $errors) = session($node, qq{
SET search_path = public, metrics;
\\copy bases TO '$dir/bases.$format' (FORMAT $format)
CREATE TABLE again (LIKE bases);
\\copy again FROM '$dir/bases.$format' (FORMAT $format)
SELECT count(*) FROM bases FULL JOIN again USING (month) WHERE bases.b::text IS DISTINCT FROM again.b::text;
SELECT bool_and(metrics._retention_customer_base_send(bases.b) = metrics._retention_customer_base_send(again.b)) FROM bases JOIN again USING (month);
DROP TABLE again;}, database => 'shop');

	is($out, "0\nt", "COPY, $format: the same bases");
	is($errors, '', "COPY, $format: no error");
}

# A file that was damaged on the way: an error, or a base that says it is one.
{
	my $file = slurp_file("$dir/bases.binary");
	my $script = "SET search_path = public, metrics; CREATE TABLE damaged (LIKE bases);\n";
	my $step = int(length($file) / 60);

	foreach my $i (1 .. 59)
	{
		my $bad = $file;
		substr($bad, $i * $step, 1) ^= chr(1 << ($i % 8));
		open my $out, '>:raw', "$dir/damaged.$i" or die "could not write: $!";
		print $out $bad;
		close $out;
		$script .= "\\copy damaged FROM '$dir/damaged.$i' (FORMAT binary)\n";
	}
	my (undef, $errors) = session($node, "$script SELECT 1 / 0", database => 'shop');

	like($errors, qr/^((22P03|22P04|08P01|54000|0A000|42804) ){10,}22012$/, 'damaged files: errors of the value');
	is((session($node, 'SET search_path = public, metrics;
			SELECT count(*) FILTER (WHERE orders(b) < 0), max(customers(b)) < 10000 FROM damaged', database => 'shop'))[0],
		'0|t', 'damaged files: nothing impossible came in');
}

# ---- logical replication ------------------------------------------------------------

{
	my $subscriber = new_server('subscriber', allows_streaming => 'logical');

	$subscriber->start;
	$subscriber->safe_psql('postgres', 'CREATE DATABASE shop');
	$subscriber->safe_psql('shop', q{CREATE SCHEMA metrics; CREATE EXTENSION retention SCHEMA metrics;
		CREATE TABLE bases (month int PRIMARY KEY, b metrics.customer_base);});
	$node->safe_psql('shop', 'CREATE PUBLICATION p FOR TABLE bases');

	foreach my $binary ('false', 'true')
	{
		my $connection = $node->connstr('shop');
		$connection =~ s/'/''/g;
		$subscriber->safe_psql('shop', "TRUNCATE bases;
			CREATE SUBSCRIPTION s CONNECTION '$connection' PUBLICATION p WITH (binary = $binary)");
		$subscriber->wait_for_subscription_sync($node, 's', 'shop');
		$node->safe_psql('shop', q{SET search_path = public, metrics;
			UPDATE bases SET b = _retention_customer_base_combine(b, (SELECT b FROM bases WHERE month = 1)) WHERE month = 2;
			DELETE FROM bases WHERE month = 5;
			INSERT INTO bases SELECT 5, customer_base(customer, ordered_at, amount) FROM orders WHERE month < 9;});
		$node->wait_for_catchup('s');
		is( $subscriber->safe_psql('shop', 'SELECT month, b FROM bases ORDER BY month'),
			$node->safe_psql('shop', 'SELECT month, b FROM bases ORDER BY month'),
			"logical replication, binary $binary: the same bases");
		is( $subscriber->safe_psql('shop', 'SELECT month, metrics.clv(b) FROM bases WHERE month < 13 ORDER BY month'),
			$node->safe_psql('shop', 'SELECT month, metrics.clv(b) FROM bases WHERE month < 13 ORDER BY month'),
			"logical replication, binary $binary: they answer the same");
		$subscriber->safe_psql('shop', 'DROP SUBSCRIPTION s');
	}
	$subscriber->stop;
}

$node->stop;
done_testing();
