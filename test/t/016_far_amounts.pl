# One amount of a hundred thousand digits before the point, and one of as many
# as there can be behind it, among those of a shop: every way that money goes
# can be cancelled meanwhile.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = start_server('far_amounts');

$node->safe_psql(
	'postgres', q{
CREATE TABLE orders AS
SELECT i AS customer, date '2024-01-01' + (i % 50)::int AS ordered_on,
	CASE i WHEN 700 THEN 1e131000 WHEN 701 THEN 1e-16383 ELSE (i % 1000) / 100.0 END AS amount
FROM generate_series(1, 1200::int8) i;
-- and many of them
CREATE TABLE far AS
SELECT customer, ordered_on, CASE customer % 20 WHEN 0 THEN 1e131000 WHEN 1 THEN 1e-16383 ELSE amount END AS amount FROM orders;
});

my $base = 'customer_base(customer, ordered_on, amount)';
my $history = "purchase_history(customer, ordered_on, amount, 'day')";
my %ways = (
	'a base' => "SELECT length(revenue($base)::text) FROM orders",
	'a base of many' => "SELECT length(revenue($base)::text) FROM far",
	'a base on disk' => "SELECT length(revenue($base)::text) FROM orders",
	'packing a base' => "SELECT length($base\::text) FROM orders",
	'reading a base' => "SELECT customers($base\::text::customer_base) FROM orders",
	'merging bases' =>
	  "SELECT length(revenue(_retention_customer_base_combine(a, b))::text) FROM (SELECT $base FILTER (WHERE customer < 700) AS a, $base FILTER (WHERE customer > 100) AS b FROM orders) s",
	'a history' => "SELECT length((history_info($history)).revenue::text) FROM orders",
	'a history of many' => "SELECT length((history_info($history)).revenue::text) FROM far",
	'a history on disk' => "SELECT length((history_info($history)).revenue::text) FROM orders",
	'packing a history' => "SELECT length($history\::text) FROM orders",
	'merging histories' =>
	  "SELECT length((history_info(a + b)).revenue::text) FROM (SELECT $history FILTER (WHERE customer < 700) AS a, $history FILTER (WHERE customer > 100) AS b FROM orders) s",
	'a matrix' =>
	  "SELECT count(*) FROM (SELECT $history AS h FROM orders) s, cohort_retention(h)",
	'a concentration' =>
	  "SELECT count(*) FROM (SELECT $base AS b FROM orders) s, revenue_concentration(b)",
	'one customer' => "SELECT length(clv(ordered_on, amount)::text) FROM far",
	'a moving frame' =>
	  "SELECT count(*) FROM (SELECT aov(amount) OVER (ORDER BY customer ROWS 5 PRECEDING) FROM far) s");

foreach my $way (sort keys %ways)
{
	my $memory = $way =~ /on disk/ ? '64kB' : '256MB';
	my $worst = 0;

	foreach my $timeout (100, 400)
	{
		my $start = time;
		$node->psql('postgres',
			"SET work_mem = '$memory'; SET statement_timeout = $timeout; $ways{$way}",
			stderr => \my $stderr);
		$worst = time - $start - $timeout / 1000 if time - $start - $timeout / 1000 > $worst;
		like($stderr, qr/^$|statement timeout|value out of range/, "$way: cancelled, done, or more than a share can be of");
	}
	cmp_ok($worst, '<', 3, "$way: within seconds, however busy the machine is")
	  or diag("it took $worst s");
}

# And one among a hundred thousand costs the others next to nothing.
$node->safe_psql(
	'postgres', q{
CREATE TABLE near_ones AS SELECT i % 30000 AS customer, date '2024-01-01' + (i % 500)::int AS ordered_on, (i % 1000) * 0.01 AS amount
FROM generate_series(1, 100000::int8) i;
CREATE TABLE one_far AS SELECT customer, ordered_on, CASE WHEN amount = 5 AND customer = 20500 THEN 1e-16383 ELSE amount END AS amount FROM near_ones;
});
my %alone = (
	'a base' => "SELECT customers($base) FROM %s",
	'a value of it' => "SELECT length($base\::text) > 0 FROM %s",
	'two merged' => "SELECT customers(rollup(b)) FROM (SELECT $base AS b FROM %s GROUP BY customer % 2) s",
	'shares' => "SELECT top_share($base, 0.1) > 0 FROM %s",
	'a history' => "SELECT (history_info($history)).customers FROM %s",
	'a value of a history' => "SELECT length($history\::text) > 0 FROM %s",
	'a history on disk' => "SET work_mem = '64kB'; SELECT length($history\::text) > 0 FROM %s",
	'histories merged' => "SELECT (history_info(rollup(h))).customers FROM (SELECT $history AS h FROM %s GROUP BY customer % 2) s",
	'cohorts of a history' => "SELECT count(revenue) FROM cohort_retention((SELECT $history FROM %s), 'month')",
	'the mean of its cohorts' => "SELECT count(cumulative_revenue) FROM cohort_average((SELECT $history FROM %s), 'month')",
	'periods of a history' => "SELECT count(revenue) FROM new_and_returning((SELECT $history FROM %s), 'month')",
	'the spend of a history' => "SELECT (repeat_spend_info(repeat_spend($history))).customers FROM %s",
	'the base of a history' => "SELECT customers(customer_base($history)) FROM %s");

foreach my $way (sort keys %alone)
{
	my %took;

	foreach my $table ('near_ones', 'one_far', 'near_ones', 'one_far')
	{
		my $start = time;
		$node->safe_psql('postgres', $alone{$way} =~ s/%s/$table/r);
		my $seconds = time - $start;
		$took{$table} = $seconds if !defined $took{$table} || $seconds < $took{$table};
	}
	cmp_ok($took{one_far}, '<', 5 * $took{near_ones} + 1, "$way: hardly longer with one far amount");
}

# Nor does it take their memory.
SKIP:
{
	skip 'needs /proc, and a process that is not watched', 2 if !-r '/proc/self/status' || $ENV{RETENTION_INSTRUMENTED};
	foreach my $way ('a value of it', 'a value of a history')
	{
		my %peak;

		foreach my $table ('near_ones', 'one_far')
		{
			my $out = $node->safe_psql('postgres',
				($alone{$way} =~ s/%s/$table/r) . q{; SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s+(\d+)'))[1]});
			($peak{$table}) = $out =~ /(\d+)$/;
		}
		cmp_ok($peak{one_far} - $peak{near_ones}, '<', 8192, "$way: kB more with one far amount");
	}
}

# To the last digit all the same.
is( $node->safe_psql(
		'postgres', q{
SELECT revenue(customer_base(customer, ordered_on, amount)) = sum(amount),
	(history_info(purchase_history(customer, ordered_on, amount, 'day'))).revenue = sum(amount) FROM orders}),
	't|t',
	'and the sums are right');

done_testing();
