# Keys that somebody has worked out, so that their hashes are neighbours: they
# take no more time, memory or disk than as many others, whatever is made of them.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('hostile');
my $customers = 60_000;
my $linux = -r '/proc/self/status';
my $peak = $linux ? q{(regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s+(\d+)'))[1]::int} : '0';

# Neighbours in the middle, at the upper end from the top, in clusters of
# thousands; uuids of one hash, and of one hash and neighbours.
{
	use integer;
	my $top = -1;

	copy_in($node, 'neighbours', 'int8', int8_keys_sharing($customers, 1 << 50));
	copy_in($node, 'descending', 'int8', map { unmix($top - $_) } 1 .. $customers);
	copy_in($node, 'clusters', 'int8', map { unmix(($_ % 20 - 10) * (1 << 58) + $_ / 20) } 1 .. $customers);
	copy_in($node, 'uuids', 'uuid', uuid_keys_sharing($customers));
}
$node->safe_psql('postgres', qq{
CREATE TABLE random_int8 AS SELECT ('x' || md5(n::text))::bit(64)::int8 AS k FROM generate_series(1, $customers) n, generate_series(1, 2);
CREATE TABLE random_uuid AS SELECT md5(n::text)::uuid AS k FROM generate_series(1, $customers) n, generate_series(1, 2);
CREATE FUNCTION peak() RETURNS int LANGUAGE sql AS \$\$
	SELECT $peak
\$\$;
});

my @cases = (
	[ 'totals', 'SELECT repeat_rate(k) FROM %s' ],
	[ 'a base', "SELECT length(customer_base_send(customer_base(k, date '2024-01-01', 1.5))) > 0 FROM %s" ],
	[ 'a history', "SELECT length(purchase_history_send(purchase_history(k, date '2024-01-01', 1.5, 'day'))) > 0 FROM %s" ],
	[ 'groups', 'SELECT count(r) FROM (SELECT repeat_rate(k) AS r FROM (SELECT k, row_number() OVER () %% 60 AS g FROM %s) s GROUP BY g) s' ],
	[ 'a sample', 'SELECT sample_size(customer_base_sample(k, 20000)) FROM %s' ],
	[ 'a union', 'SELECT customers(rollup(b)) FROM (SELECT customer_base(k) AS b FROM (SELECT k, row_number() OVER () %% 30 AS g FROM %s) s GROUP BY g) s' ],
	[ 'a moving frame', 'SELECT count(r) FROM (SELECT repeat_rate(k) OVER (ROWS 20000 PRECEDING) AS r FROM %s) s' ]);

foreach my $case (@cases)
{
	my ($name, $query) = @$case;
	my (%best, %peak);

	foreach my $table ('random_int8', 'neighbours', 'descending', 'clusters', 'random_uuid', 'uuids')
	{
		my $asked = sprintf $query, $table;
		my $script = "SET work_mem = '256MB'; SET jit = off; SELECT peak() AS before \\gset\n"
		  . "SELECT clock_timestamp() AS started \\gset\n$asked;\nSELECT 'time', extract(epoch FROM clock_timestamp() - :'started') * 1000, peak() - :before;\n" x 3;
		my ($out, $errors) = session($node, $script, timeout => 120);

		is($errors, '', "$name, $table: no error");
		my @runs = $out =~ /^time\|([\d.]+)\|\d+$/mg;
		($peak{$table}) = $out =~ /^time\|[\d.]+\|(\d+)\n*\z/m;
		$best{$table} = (sort { $a <=> $b } @runs)[0];
	}
	diag("$name: " . join ', ', map { sprintf '%s %.1f ms, %d kB', $_, $best{$_}, $peak{$_} } sort keys %best);
	foreach my $table ('neighbours', 'descending', 'clusters', 'uuids')
	{
		my $like = $table eq 'uuids' ? 'random_uuid' : 'random_int8';

		# 1.5 times, and some for a machine that does other things; it was 100 times and more
		cmp_ok($best{$table}, '<', 4 * $best{$like} + 20, "$name, $table: takes no longer than others");
		cmp_ok($peak{$table}, '<', 2 * $peak{$like} + 4096, "$name, $table: takes no more memory");
	}
}

nothing_left($node, 'everything');
$node->stop;
done_testing();
