# Memory: it stays what it was after ten thousand statements, within its bound
# when a state outgrows it, and small where there are many states.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('memory');

$node->safe_psql(
	'postgres', q{
CREATE TABLE orders AS
SELECT i, i * 7919 % 30 AS customer, i % 7 AS grp, timestamptz '2020-01-01' + i * interval '5 h' AS ordered_at,
	(i % 100) / 10.0 AS amount
FROM generate_series(1, 60::int8) i;
CREATE TABLE many AS
SELECT i * 7919 % 5000 AS customer, i % 3 AS grp, timestamptz '2020-01-01' + i * interval '5 min' AS ordered_at,
	(i % 1000) / 10.0 AS amount
FROM generate_series(1, 6000::int8) i;
CREATE TABLE bases AS SELECT grp, customer_base(customer, ordered_at, amount) AS b FROM many GROUP BY grp;
VACUUM (FREEZE, ANALYZE);
});

my $linux = -r '/proc/self/status';

# kB of the backend, by what PostgreSQL knows of and by what the system does.
my $measure = q{SELECT sum(total_bytes)::int8 / 1024 FROM pg_backend_memory_contexts;} . (
	$linux
	? q{SELECT (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1];}
	: 'SELECT 0;');

# Runs a statement so often in one session: what grew after the first tenth,
# and what all of them together said.
sub growth
{
	my ($statement, $times) = @_;
	my $block = "$statement;\n" x ($times / 10);
	my ($out, $errors) = session($node,
		"\\o /dev/null\n$block$measure\n\\o\n$measure\n\\o /dev/null\n"
		  . $block x 9
		  . "\\o\n$measure");
	my ($known1, $system1, $known2, $system2) = split /\n/, $out;

	return ($known2 - $known1, $system2 - $system1, $errors);
}

sub grows_not
{
	my ($name, $statement, $times, $state) = @_;
	my ($known, $system, $errors) = growth($statement, $times);

	is($errors, '', "$name: no error");
	cmp_ok($known, '<=', 64, "$name: $times times, memory contexts grow by $known kB");
	cmp_ok($system, '<=', 1024, "$name: $times times, the process grows by $system kB");
	return;
}

# ---- many statements ----------------------------------------------------------

my $metrics = 'aov(amount), repeat_rate(customer), lifetime_span(customer, ordered_at),
	clv(customer::text, ordered_at, amount), customer_base(customer, ordered_at, amount)';
my $window = 'repeat_rate(customer) OVER w, clv(customer, ordered_at, amount) OVER w FROM orders WINDOW w AS';

grows_not('a small state', "SELECT $metrics FROM orders", 10_000);
grows_not('groups', "SELECT grp, $metrics FROM orders GROUP BY grp", 10_000);
grows_not('windows', "SELECT $window (PARTITION BY grp ORDER BY i)", 3_000);
grows_not('a moving frame',
	'SELECT repeat_rate(customer) OVER w, aov(amount) OVER w FROM orders WINDOW w AS (ORDER BY i ROWS 20 PRECEDING)',
	10_000);
grows_not('lines of orders', 'SELECT grp, repeat_rate(customer, i / 2), purchase_frequency(customer::text, i / 2), aov(amount, i / 2) FROM orders GROUP BY grp', 10_000);
grows_not('a moving frame of lines',
	'SELECT repeat_rate(customer, i / 2) OVER w, purchase_frequency(customer::text, i / 2) OVER w, aov(amount, i / 2) OVER w FROM orders WINDOW w AS (PARTITION BY grp ORDER BY i ROWS 20 PRECEDING)',
	3_000);
grows_not('many lines', 'SELECT repeat_rate(customer, grp), purchase_frequency(customer, grp), aov(amount, customer) FROM many', 300);
grows_not('lines that are spilled', q{SET work_mem = '64kB'; SELECT repeat_rate(customer, grp), purchase_frequency(customer, grp), aov(amount, customer) FROM many}, 200);
grows_not('accessors', 'SELECT grp, clv_breakdown(b, lifespan => \'2 years\'), revenue(b), first_order(b) FROM bases',
	1_000);
grows_not('an error that is caught',
	'DO $$ BEGIN PERFORM clv(customer, ordered_at, amount / nullif(i - 50, 0)), repeat_rate(1 / (i - 50)) FROM orders;
		EXCEPTION WHEN division_by_zero THEN NULL; END $$',
	10_000);
grows_not('a bad value', q{DO $$ BEGIN PERFORM 'AQMAAAQEAaqQ0A=='::customer_base;
		EXCEPTION WHEN others THEN NULL; END $$},
	10_000);
grows_not('a large state', 'SELECT clv(customer, ordered_at, amount) FROM many', 300);
grows_not('large groups', 'SELECT grp, md5(customer_base(customer::text, ordered_at, amount)::text) FROM many GROUP BY grp',
	200);
grows_not('merging', 'SELECT customers(_retention_customer_base_combine(x.b, y.b)) FROM bases AS x, bases AS y', 60);
grows_not('a large state in an error that is caught',
	'DO $$ BEGIN PERFORM clv(customer, ordered_at, amount), 1 / (count(*) - 6000) FROM many;
		EXCEPTION WHEN division_by_zero THEN NULL; END $$',
	300);
grows_not('a spilled state in an error that is caught',
	q{DO $$ BEGIN SET LOCAL work_mem = '64kB'; PERFORM clv(customer, ordered_at, amount), 1 / (count(*) - 6000) FROM many;
		EXCEPTION WHEN division_by_zero THEN NULL; END $$},
	200);
grows_not('a spilled state', q{SET work_mem = '64kB'; SELECT clv(customer, ordered_at, amount) FROM many}, 300);

# One statement that asks a spilled state again and again.
{
	my $asked = q{SET work_mem = '64kB'; SELECT sum(f), (SELECT sum(total_bytes)::int8 / 1024 FROM pg_backend_memory_contexts) FROM
		(SELECT repeat_rate(customer) OVER (ORDER BY grp ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS f
		FROM many LIMIT %d) AS s;};
	my ($out, $errors) = session($node, sprintf($asked, 20) . sprintf($asked, 420));
	my ($few, $often) = map { (split /\|/)[1] } split /\n/, $out;

	is($errors, '', 'a spilled frame: no error');
	cmp_ok($often - $few, '<=', 64, 'a spilled frame, asked 420 times: grows by ' . ($often - $few) . ' kB');
}

# Prepared, and with the plans thrown away.
{
	my $prepare = "PREPARE p(int8) AS SELECT $metrics FROM orders WHERE i > \$1;";
	my $execute = "EXECUTE p(1);\nEXECUTE p(30);\n" x 1000;
	my ($out, $errors) = session($node,
		"\\o /dev/null\n$prepare $execute\\o\n$measure\\o /dev/null\n$execute\\o\n$measure");
	my ($known1, $system1, $known2, $system2) = split /\n/, $out;

	is($errors, '', 'prepared: no error');
	cmp_ok($known2 - $known1, '<=', 64, 'prepared: memory contexts do not grow');

	my $discard = "$prepare EXECUTE p(1); EXECUTE p(30); DISCARD ALL;\n" x 300;
	($out, $errors) = session($node,
		"\\o /dev/null\n$discard\\o\n$measure\\o /dev/null\n$discard\\o\n$measure");
	($known1, $system1, $known2, $system2) = split /\n/, $out;

	is($errors, '', 'DISCARD ALL: no error');
	cmp_ok($known2 - $known1, '<=', 64, 'DISCARD ALL: memory contexts do not grow');
	cmp_ok($system2 - $system1, '<=', 1024, 'DISCARD ALL: the process does not grow');

	# the answers outlive all that
	($out) = session($node, "$prepare EXECUTE p(1); DISCARD PLANS; EXECUTE p(1);
		ALTER TABLE orders ADD extra int; EXECUTE p(1); ALTER TABLE orders DROP extra;
		DISCARD ALL; $prepare EXECUTE p(1);");
	my @answers = split /\n/, $out;
	is_deeply([ @answers[ 1 .. 3 ] ], [ @answers[ 0, 0, 0 ] ], 'prepared: the same answers after all');
}

# ---- one state that is too large ------------------------------------------------

SKIP:
{
	skip 'needs /proc', 5 unless $linux;
	my $hwm = q{SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s+(\d+)'))[1];};
	my $rows = "(SELECT generate_series(1, 3000000::int8) AS x) AS s";

	foreach my $case (
		[ 'int8', 'SELECT repeat_rate(x)' ],
		[ 'text', q{SELECT clv(x::text, timestamptz '2020-01-01', 1.5)} ],
		[ 'pairs', 'SELECT repeat_rate(x / 3, x)' ],
		[ 'orders of one', 'SELECT purchase_frequency(1, x)' ],
		[ 'packed', 'SELECT customers(customer_base(x))' ])
	{
		my ($name, $query) = @$case;
		my ($out, $errors) = session($node, "SET work_mem = '4MB';
			$query FROM (SELECT generate_series(1, 5000::int8) AS x) AS s; $hwm $query FROM $rows; $hwm");
		my (undef, $before, $answer, $after) = split /\n/, $out;
		my $taken = $after - $before;

		# the value itself has to lie in memory, in the buffer that grew to it
		my $limit = 8 * 1024 + 16 * 1024 + ($name eq 'packed' ? 2 * 32 * 1024 : 0);
		diag("3,000,000 customers, $name, work_mem 4MB: $taken kB more than with 5,000");
		cmp_ok($taken, '<', $limit, "3,000,000 customers, $name: within the bound");
	}
}

# ---- many states that are small -----------------------------------------------

$node->safe_psql(
	'postgres', q{
CREATE TABLE groups AS
SELECT i % 100000 AS grp, i * 7919 % 1000003 AS customer, i || ' customer' AS text_customer,
	timestamptz '2020-01-01' + i * interval '1 min' AS ordered_at, (i % 1000) / 10.0 AS amount
FROM generate_series(1, 300000::int8) i;
VACUUM (FREEZE, ANALYZE) groups;
});

# Bytes a group, of what the hash table takes as a whole.
foreach my $aggregate ('repeat_rate(customer)', 'repeat_rate(text_customer)',
	'clv(customer, ordered_at, amount)', 'clv(ordered_at, amount)', 'aov(amount, grp)', 'repeat_rate(customer, grp)',
	'repeat_rate(text_customer, text_customer)')
{
	my ($plan) = session($node, "SET work_mem = '1GB'; SET enable_sort = off;
		EXPLAIN (ANALYZE, TIMING OFF) SELECT grp, $aggregate FROM groups GROUP BY grp");
	my ($kilobytes) = $plan =~ /Memory Usage: (\d+)kB/;
	my $bytes = int($kilobytes * 1024 / 100_000);

	diag("100,000 groups of 3 customers, $aggregate: $bytes bytes a group");
	cmp_ok($bytes, '<', 1000, "100,000 groups, $aggregate: less than 1 kB a group");
}

# The time is about proportional to the groups: with eight times as many it
# was a hundred times as long, when each state had a memory context.
{
	my %best;
	my $script = "SET work_mem = '1GB'; SET enable_sort = off;\n";

	foreach my $round (1 .. 3)
	{
		$script .= "SELECT clock_timestamp() AS started \\gset\n"
		  . "SELECT count(f) FROM (SELECT repeat_rate(customer) AS f FROM groups WHERE grp < $_ GROUP BY grp) AS s;\n"
		  . "SELECT 'time', $_, extract(epoch FROM clock_timestamp() - :'started') * 1000;\n"
		  for (12_500, 25_000, 50_000, 100_000);
	}
	my ($out) = session($node, $script);

	while ($out =~ /^time\|(\d+)\|([\d.]+)$/mg)
	{
		$best{$1} = $2 if !defined $best{$1} || $2 < $best{$1};
	}
	diag(join ', ', map { sprintf '%d groups: %.1f ms', $_, $best{$_} } sort { $a <=> $b } keys %best);
	cmp_ok($best{100_000}, '<', 20 * $best{12_500}, 'eight times as many groups take no twenty times as long');
}

nothing_left($node, 'everything');
$node->stop;
done_testing();
