# Cancels, timeouts, a full disk and other errors, at whatever moment they come:
# nothing is left behind, and the same session goes on with right answers.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = start_server('interrupt');

$node->safe_psql(
	'postgres', q{
CREATE TABLE orders AS
SELECT i, i * 7919 % 60000 AS customer, i % 20 AS grp,
	timestamptz '2020-01-01' + i * interval '567 s' AS ordered_at,
	(i % 10000) / 100.0 AS amount
FROM generate_series(1, 66000::int8) i;
-- Parallel plans are for few customers, as far as the planner knows.
ALTER TABLE orders ALTER customer SET (n_distinct = 10);
VACUUM (FREEZE, ANALYZE) orders;
CREATE TABLE bases AS
SELECT customer_base(customer, ordered_at, amount) FILTER (WHERE i % 2 = 0) AS a,
	customer_base(customer, ordered_at, amount) FILTER (WHERE i % 2 = 1) AS b,
	customer_base(customer, ordered_at, amount)::text AS t
FROM orders;
});
copy_in($node, 'sharing', 'int8', int8_keys_sharing(30_000, 1 << 50));

my $roomy = "SET work_mem = '256MB';";
my $tight = "SET work_mem = '64kB';";
my $parallel = 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my $spilling = 'SELECT clv(customer, ordered_at, amount), repeat_rate(customer) FROM orders';
my $answer = $node->safe_psql('postgres', "$roomy $spilling");

# What the session answers after all, and the files it has then.
my $after = "RESET ALL; SELECT count(*) FROM pg_ls_tmpdir(); $tight $spilling;
	SELECT count(*) FROM pg_ls_tmpdir();";
my $fine = "0\n$answer\n0";

# ---- a timeout at any moment -------------------------------------------------

my %phases = (
	'accumulating' => [ $roomy, $spilling ],
	'spilling' => [ $tight, $spilling ],
	'finalising a spilled state' =>
	  [ $tight, 'SELECT repeat_rate(k), purchase_frequency(k) FROM sharing' ],
	'packing' =>
	  [ $roomy, 'SELECT md5(customer_base(customer, ordered_at, amount)::text) FROM orders' ],
	'packing a spilled state' =>
	  [ $tight, 'SELECT md5(customer_base(customer, ordered_at, amount)::text) FROM orders' ],
	'unpacking and merging' => [
		$roomy,
		'SELECT sum(customers(_retention_customer_base_combine(a, b))) FROM bases, generate_series(1, 4)'
	],
	'merging to disk' => [
		$tight,
		'SELECT sum(customers(_retention_customer_base_combine(a, b))) FROM bases, generate_series(1, 4)'
	],
	'reading text' =>
	  [ $roomy, 'SELECT sum(customers(t::customer_base)) FROM bases, generate_series(1, 4) i' ],
	'a moving frame' => [
		$tight,
		'SELECT sum(f) FROM (SELECT repeat_rate(customer) OVER (ORDER BY grp RANGE 2 PRECEDING) AS f FROM orders) AS s'
	],
	'counting the customers of pairs' => [ $roomy, 'SELECT repeat_rate(customer, i), aov(amount, i) FROM orders' ],
	'counting the customers of pairs on disk' =>
	  [ $tight, 'SELECT repeat_rate(customer, i), purchase_frequency(customer, i) FROM orders' ],
	'combining in parallel' =>
	  [ "$parallel $roomy", 'SELECT clv(customer, ordered_at, amount) FROM orders' ],
	'combining in parallel, spilled' =>
	  [ "$parallel $tight", 'SELECT clv(customer, ordered_at, amount) FROM orders' ]);

foreach my $phase (sort keys %phases)
{
	my ($settings, $query) = @{ $phases{$phase} };
	my $clock = "SELECT extract(epoch FROM clock_timestamp()) * 1000;";
	my ($start, $expected, $end) = split /\n/,
	  (session($node, "$settings $query; $clock $query; $clock"))[0] =~ s/^.*\n//r;
	my $script = $settings;
	my $steps = 6;

	# As much as it takes, in steps; some come when it's already done. One that
	# comes when the query has answered and ends is for the next statement.
	foreach my $step (1 .. $steps)
	{
		my $timeout = int(($end - $start) * $step / ($steps + 1)) || 1;
		$script .= "SET statement_timeout = $timeout; $query;
			SET statement_timeout = 0; SET statement_timeout = 0; SELECT count(*) FROM pg_ls_tmpdir();\n";
	}
	my ($out, $errors) = session($node, "$script $query; $after");

	like($errors, qr/^57014( 57014)*$/, "timeout while $phase: canceled");
	my %wrong = map { $_ => 1 } split /\n/, $out;
	delete @wrong{ '0', $expected, $answer };
	is(join("\n", keys %wrong), '', "timeout while $phase: no wrong answer, no file left");
	like($out, qr/^\Q$expected\E\n\Q$fine\E$/m,
		"timeout while $phase: the session goes on");
	nothing_left($node, "timeouts while $phase");
}

# ---- a cancel ---------------------------------------------------------------

# At a given row of those that come.
foreach my $settings ($roomy, $tight)
{
	foreach my $row (1, 20_000, 66_000)
	{
		my ($out, $errors) = session(
			$node, qq{$settings
SELECT clv(customer, ordered_at, amount),
	count(*) FILTER (WHERE i = $row AND pg_cancel_backend(pg_backend_pid()))
FROM orders; $after});

		is($errors, '57014', "$settings cancel at row $row");
		is($out, $fine, "$settings cancel at row $row: the session goes on");
	}
}

# From another session, while it spills.
my $endless = q{SELECT clv(x % 50000, timestamptz '2020-01-01', 1.5)
	FROM (SELECT generate_series(1, 1000000000000000::int8) AS x) AS s};
{
	my $run = background($node, "$tight $endless; $after", 'canceled');

	wait_for($node, 'SELECT count(*) > 0 FROM pg_ls_tmpdir()', 't');
	$node->safe_psql('postgres',
		q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'canceled'});
	my ($out, $errors) = finish($run);
	is($errors, '57014', 'cancel from another session');
	is($out, $fine, 'cancel from another session: the session goes on');
}

# A session that is ended has no chance to do anything else.
{
	my $run = background($node, "$tight $endless", 'terminated');

	wait_for($node, 'SELECT count(*) > 0 FROM pg_ls_tmpdir()', 't');
	$node->safe_psql('postgres',
		q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'terminated'});
	my (undef, $errors) = finish($run);
	like($errors, qr/^57P01/, 'terminated');
	nothing_left($node, 'a session was terminated');
}

# ---- the limit of temporary files --------------------------------------------

foreach my $query (
	$spilling,
	'SELECT md5(customer_base(customer, ordered_at, amount)::text) FROM orders',
	'SELECT repeat_rate(k) FROM sharing',
	'SELECT customers(_retention_customer_base_combine(a, b)) FROM bases')
{
	my $expected = $node->safe_psql('postgres', $query);
	my $script = $tight;

	$script .= "SET temp_file_limit = '$_'; $query; SELECT count(*) FROM pg_ls_tmpdir();\n"
	  for ('32kB', '200kB', '1MB', '3MB', '10MB');
	my ($out, $errors) = session($node, "$script SET temp_file_limit = -1; $query; $after");

	like($errors, qr/^53400( 53400)*$/, "temp_file_limit: $query");
	like($out, qr/^(0\n(\Q$expected\E\n)?)*\Q$expected\E\n\Q$fine\E$/,
		"temp_file_limit: right answers, no file left, the session goes on");
}

# ---- errors that are caught, and more of the same after ------------------------

# The files of a subtransaction that failed are closed with it, and never again:
# their numbers may be other files' by then.
$node->safe_psql('postgres', q{
CREATE PROCEDURE again(broken text, rounds int, INOUT caught int DEFAULT 0)
LANGUAGE plpgsql AS $$
DECLARE
	expected record;
	got record;
BEGIN
	SELECT clv(customer, ordered_at, amount), repeat_rate(customer) INTO expected FROM orders;
	FOR i IN 1 .. rounds LOOP
		BEGIN
			EXECUTE broken;
		EXCEPTION
			WHEN division_by_zero OR configuration_limit_exceeded OR query_canceled THEN
				caught := caught + 1;
		END;
		IF EXISTS (SELECT FROM pg_ls_tmpdir()) THEN
			RAISE 'a file is left';
		END IF;
		SELECT clv(customer, ordered_at, amount), repeat_rate(customer) INTO got FROM orders;
		IF got <> expected THEN
			RAISE 'expected %, got %', expected, got;
		END IF;
	END LOOP;
END $$;
CREATE FUNCTION limited(query text) RETURNS void LANGUAGE plpgsql
SET temp_file_limit = '1MB' AS $$
BEGIN
	EXECUTE query;
END $$;
});
foreach my $broken (
	'SELECT clv(customer, ordered_at, amount / (i <> 66000)::int) FROM orders',
	'SELECT clv(customer, ordered_at, amount / (i <> 35000)::int) FROM orders',
	'SELECT grp, repeat_rate(customer), sum(1 / (i <> 66000)::int) FROM orders GROUP BY grp',
	'SELECT 1 / (repeat_rate(customer) - repeat_rate(customer)) FROM orders',
	'SELECT limited($q$SELECT clv(customer, ordered_at, amount) FROM orders$q$)',
	'SELECT limited($q$SELECT repeat_rate(k) FROM sharing$q$)',
	'SELECT clv(customer, ordered_at, amount), count(*) FILTER (WHERE i = 44444 AND pg_cancel_backend(pg_backend_pid())) FROM orders')
{
	my ($out, $errors) = session($node, "$tight CALL again(\$b\$$broken\$b\$, 5); $after");

	is($errors, '', "caught: $broken");
	is($out, "5\n$fine", 'caught each time, and right answers in between');
}

# Cursors that were opened before the savepoint keep their files; those of the
# savepoint go with it; later ones get files of their own.
{
	my $by_group = 'SELECT grp, repeat_rate(customer), clv(customer, ordered_at, amount)
		FROM orders GROUP BY grp';
	my $other = 'SELECT grp, purchase_frequency(customer + 1) FROM orders GROUP BY grp';
	my $set = "SET work_mem = '256kB'; SET enable_sort = off;";
	my ($groups) = session($node, "$set $by_group");
	my ($others) = session($node, "$set $other");
	my %cases = (
		'rolled back' => "FETCH 3 FROM a; SAVEPOINT s; DECLARE b CURSOR FOR $other; MOVE 3 IN b;
			ROLLBACK TO s; DECLARE c SCROLL CURSOR FOR $other; MOVE 2 IN c; FETCH ALL FROM a;
			CLOSE a; MOVE ABSOLUTE 0 IN c; FETCH ALL FROM c; CLOSE c;",
		'released' => "FETCH 3 FROM a; SAVEPOINT s; DECLARE c SCROLL CURSOR FOR $other; MOVE 3 IN c;
			RELEASE s; FETCH ALL FROM a; MOVE ABSOLUTE 0 IN c; FETCH ALL FROM c; CLOSE a; CLOSE c;",
		'begun inside, rolled back' => "SAVEPOINT s; FETCH 3 FROM a; ROLLBACK TO s;
			DECLARE c SCROLL CURSOR FOR $other; MOVE 3 IN c; FETCH ALL FROM a;
			MOVE ABSOLUTE 0 IN c; FETCH ALL FROM c; CLOSE c; CLOSE a;",
		'failed inside' => "FETCH 3 FROM a; SAVEPOINT s; SELECT 1 / (repeat_rate(customer) * 0) FROM orders;
			ROLLBACK TO s; DECLARE c SCROLL CURSOR FOR $other; FETCH ALL FROM a; CLOSE a;
			FETCH ALL FROM c; CLOSE c;");
	foreach my $case (sort keys %cases)
	{
		my $script = $cases{$case};
		my ($out, $errors) = session($node, "$set BEGIN; DECLARE a CURSOR FOR $by_group; $script
			SELECT count(*) FROM pg_ls_tmpdir(); COMMIT; $after");

		is($out, "$groups\n$others\n0\n$fine", "savepoint with cursors, $case");
		is($errors, $case eq 'failed inside' ? '22012' : '',
			"savepoint with cursors, $case: errors");
	}
}

# A loop over spilled states, with failures inside.
{
	my ($out, $errors) = session($node, qq{$tight
DO \$\$
DECLARE
	row record;
	total float8 := 0;
	expected float8 := (SELECT sum(f) FROM (SELECT repeat_rate(customer) AS f
		FROM orders GROUP BY grp) AS s);
BEGIN
	FOR row IN SELECT grp, repeat_rate(customer) AS f FROM orders GROUP BY grp LOOP
		BEGIN
			PERFORM clv(customer, ordered_at, amount / (i <> 66000)::int) FROM orders;
		EXCEPTION WHEN division_by_zero THEN
			total := total + row.f;
		END;
	END LOOP;
	ASSERT total = expected;
END \$\$; $after});

	is($errors, '', 'errors inside a loop over spilled states');
	is($out, $fine, 'errors inside a loop: the session goes on');
}

nothing_left($node, 'everything');
$node->stop;
done_testing();
