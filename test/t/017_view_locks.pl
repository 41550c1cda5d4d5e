# Calls that make, refresh and drop views, at once with each other and with
# readers: nobody deadlocks, nobody is told of what goes on inside.  And a call
# that is stopped, at whatever moment, leaves a session that goes on, and no lock.

use strict;
use warnings;
use IPC::Run;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('view_locks');
my $dir = PostgreSQL::Test::Utils::tempdir;
my $orders = q{'orders', 'customer_id', 'ordered_at', 'amount'};
my ($out, $errors);

$node->safe_psql('postgres', q{CREATE TABLE orders AS SELECT customer_id, ordered_at, amount FROM simulate_orders(40, '1 year', 1)});

# ---- stopped -----------------------------------------------------------------------

# What a session says after a call that was stopped: its state, and what it holds.
my $after = q{
SET statement_timeout = 0;
SELECT 'goes on';
BEGIN;
SELECT 'begins';
ROLLBACK;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND (locktype = 'object' OR mode ~ 'Exclusive') AND locktype <> 'virtualxid';
};

# By a timeout, from before the first target to behind the last.
$node->safe_psql('postgres', "SELECT retention_create_views($orders, target => 'stop_$_', mode => 'materialized')") foreach 1 .. 3;
my %states;
foreach my $moment (map { $_ * 20 } 1 .. 15)
{
	($out, $errors) = session($node, "SET statement_timeout = '${moment}ms'; SELECT retention_refresh_views() \\g /dev/null\n$after");
	is($out, "goes on\nbegins\n0", "stopped after $moment ms") or last;
	$states{$errors}++;
}
ok($states{'57014'} && !grep({ !/^(57014|)$/ } keys %states), 'some were stopped') or diag(join ', ', %states);
# In a block: it is over, and can be ended.
($out, $errors) = session($node, "SET statement_timeout = '60ms'; BEGIN; SELECT retention_refresh_views(); SELECT 1; ROLLBACK;$after");
is("$out|$errors", "goes on\nbegins\n0|57014 25P02", 'stopped in a block');

# By somebody else, or by an error of its own, at the first, a middle and the last row of the second target.
$node->safe_psql('postgres', q{
CREATE SEQUENCE rows_seen;
CREATE FUNCTION counted() RETURNS bool LANGUAGE plpgsql STABLE AS $$
DECLARE
	stop record;
BEGIN
	SELECT * INTO stop FROM public.stops;
	IF nextval('public.rows_seen') = stop.row_number THEN
		EXECUTE stop.what;
	END IF;
	RETURN true;
END $$;
CREATE TABLE stops (row_number int8, what text);
INSERT INTO stops VALUES (-1, '');
} . "SELECT retention_create_views($orders, target => 'stop_2', mode => 'materialized', filter => 'counted()')");
# a filter that is volatile is refused, and this one could not stop anything otherwise
$node->safe_psql('postgres', 'ALTER FUNCTION counted() VOLATILE');
my $rows = $node->safe_psql('postgres', q{SELECT setval('rows_seen', 1); SELECT retention_refresh_views('stop_2') \g /dev/null
SELECT last_value - 1 FROM rows_seen});
$rows =~ s/.*\n//;
cmp_ok($rows, '>', 100, 'rows are looked at');
foreach my $row (2, int($rows / 2), $rows)
{
	foreach my $case ([ 'SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)', '57014' ], [ q{DO $d$ BEGIN RAISE SQLSTATE '53200'; END $d$}, '53200' ],
		[ 'SELECT 1 / 0', '' ])
	{
		my ($what, $state) = @$case;

		($out, $errors) = session($node, "UPDATE stops SET row_number = $row, what = \$w\$$what\$w\$; SELECT setval('rows_seen', 1) \\g /dev/null
SELECT retention_refresh_views() \\g /dev/null\n$after");
		is("$out|$errors", "goes on\nbegins\n0|$state", "$what at row $row of $rows");
	}
}
# An error of one target does not hold up the others.
($out, $errors) = session($node, q{SELECT setval('rows_seen', 1) \g /dev/null
SELECT string_agg(DISTINCT split_part(v, '.', 1), ' ') FROM retention_refresh_views() AS v});
is("$out|$errors", 'stop_1 stop_3|', 'the others are made again');
$node->safe_psql('postgres', "SELECT retention_drop_views(('stop_' || i)::name) FROM generate_series(1, 3) AS i");

# ---- at once -----------------------------------------------------------------------

# Two that make the same new schema: the second waits, and then makes them, too.
foreach my $round (1 .. 3)
{
	my @both = map { background($node, "SELECT pg_sleep_until(to_timestamp(ceil(extract(epoch FROM clock_timestamp()) + 0.3))) \\g /dev/null
SELECT count(*) FROM retention_create_views($orders, target => 'new $round')", "both_$_") } 1 .. 3;

	is(join(' ', map { join '', finish($_) } @both), "$VIEWS $VIEWS $VIEWS", 'several make the same new schema');
}

# One that has no rows yet isn't refreshed concurrently: whoever waits
# to be the only one there holds no other meanwhile, for which its readers might wait.
$node->safe_psql('postgres', "SELECT retention_create_views($orders, target => 'empty', mode => 'materialized'); REFRESH MATERIALIZED VIEW empty.kpi_data WITH NO DATA");
my $reader = background($node, "BEGIN; EXPLAIN (COSTS OFF) SELECT count(*) FROM empty.kpi \\g /dev/null\nSELECT pg_sleep(3) \\g /dev/null\nCOMMIT", 'reader');
ok(wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reader' AND wait_event = 'PgSleep'}, 1), 'one reads');
my $refresh = background($node, q{SELECT retention_refresh_data('empty')}, 'refresh');
my $waits = q{FROM pg_locks WHERE pid = (SELECT pid FROM pg_stat_activity WHERE application_name = 'refresh') AND relation IS NOT NULL AND mode ~ 'Exclusive'};
ok(wait_for($node, "SELECT count(*) $waits AND NOT granted", 1), 'another waits');
is($node->safe_psql('postgres', "SELECT count(*) $waits AND granted"), '0', '... and holds nothing');
is(join('|', finish($reader), finish($refresh)), '|||', '... until it goes on');
$node->safe_psql('postgres', q{SELECT retention_drop_views('empty')});

# Every two of the calls, and readers of several views in several orders.
$node->safe_psql('postgres', q{
CREATE TABLE seen (call text, state text, message text);
CREATE FUNCTION attempt(call text, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE what;
	INSERT INTO seen VALUES (call, '00000', '');
EXCEPTION WHEN OTHERS THEN
	INSERT INTO seen VALUES (call, sqlstate, sqlerrm);
END $$;
});
my %calls = (
	create => "SELECT retention_create_views($orders, target => 'pair')",
	create_materialized => "SELECT retention_create_views($orders, target => 'pair', mode => 'materialized')",
	refresh => q{SELECT retention_refresh_views('pair')},
	refresh_all => 'SELECT retention_refresh_views()',
	refresh_concurrently => q{SELECT retention_refresh_data('pair', true)},
	refresh_data => q{SELECT retention_refresh_data('pair', false)},
	drop => q{SELECT retention_drop_views('pair')},
	read_outer => 'TABLE pair.rfm_segments; TABLE pair.customers; TABLE pair.kpi',
	read_inner => 'TABLE pair.kpi; TABLE pair.customers; TABLE pair.rfm_quintiles',
	read_both => 'TABLE pair.excluded_rows; SELECT FROM pair.rfm_quintiles, pair.rfm_segments; TABLE pair.order_ladder');
my %weights = (create_materialized => 3, drop => 1, refresh_concurrently => 3, refresh_data => 3);
my @scripts;
foreach my $name (sort keys %calls)
{
	append_to_file("$dir/$name.sql", "SELECT attempt(\$\$$name\$\$, \$\$$calls{$name}\$\$);\n");
	push @scripts, '-f', "$dir/$name.sql@" . ($weights{$name} // 2);
}
$node->safe_psql('postgres', $calls{create_materialized});
$node->command_ok([ 'pgbench', '-n', '-c', '8', '-t', '20', '--random-seed=7', @scripts, $node->connstr('postgres') ], 'calls at once');
# what somebody else has dropped, or made otherwise, is not there, and nothing else goes wrong
is($node->safe_psql('postgres', q{SELECT call, state, message FROM seen WHERE state NOT IN ('00000', '42P01', '42704')
	AND message !~ 'are not materialized: they are never out of date' ORDER BY 1, 2}), '', '... no deadlock, and no error from inside');
# in a slow server the views are gone most of the time
cmp_ok($node->safe_psql('postgres', q{SELECT count(DISTINCT call) FROM seen WHERE state = '00000'}), '>=',
	$ENV{RETENTION_INSTRUMENTED} ? keys(%calls) / 2 : keys %calls, '... and each was done');

# Where somebody reads all the time, in either order, a call has more patience than so many rounds.
$node->safe_psql('postgres', $calls{create_materialized});
append_to_file("$dir/$_->[0]_$_->[1].sql", "BEGIN; SELECT FROM pair.$_->[0] LIMIT 1;\n\\sleep 10 ms\nSELECT FROM pair.$_->[1] LIMIT 1;\n\\sleep 10 ms\nCOMMIT;\n")
  foreach [ 'kpi', 'lifecycle' ], [ 'lifecycle', 'kpi' ];
my $readers = IPC::Run::start([ 'pgbench', '-n', '-c', '12', '-T', '9', '-f', "$dir/kpi_lifecycle.sql", '-f', "$dir/lifecycle_kpi.sql", $node->connstr('postgres') . ' application_name=readers' ],
	'>', \my $done, '2>', \my $told);
ok(wait_for($node, q{SELECT count(*) > 5 FROM pg_stat_activity WHERE application_name = 'readers' AND xact_start IS NOT NULL}, 't'), 'many read');
my $patient = background($node, $calls{refresh_data}, 'patient');
ok($readers->finish, '... all the time') or diag($told);
is(join('|', finish($patient)), '|', '... and a call waits for its turn');

$node->stop;
done_testing();
