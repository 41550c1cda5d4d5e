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
	[ 'a base', "SELECT length(_retention_customer_base_send(customer_base(k, date '2024-01-01', 1.5))) > 0 FROM %s" ],
	[ 'a history', "SELECT length(_retention_purchase_history_send(purchase_history(k, date '2024-01-01', 1.5, 'day'))) > 0 FROM %s" ],
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

# On disk, too: about as many bytes as others take, twice if they come in the
# order of their hashes, but not once more for each few bits that these share;
# and what is read back is the same.
foreach my $case (
	[ 'a base', "SELECT md5(_retention_customer_base_send(customer_base(k, date '2024-01-01', 1.5))::text) FROM %s" ],
	[ 'a history', "SELECT md5(_retention_purchase_history_send(purchase_history(k, date '2024-01-01', 1.5, 'day'))::text) FROM %s" ])
{
	my ($name, $query) = @$case;

	foreach my $work_mem ('64kB', '1MB')
	{
		my %written;
		my $settings = "SET work_mem = '$work_mem'; SET hash_mem_multiplier = 1;";

		foreach my $table ('random_int8', 'neighbours', 'descending', 'clusters', 'random_uuid', 'uuids')
		{
			my $asked = sprintf $query, $table;
			my ($expected) = measured($node, "SET work_mem = '256MB';", $asked);
			my ($got, $bytes, $files) = measured($node, $settings, $asked);

			is($got, $expected, "$name, $table, work_mem $work_mem: the same answer");
			is($files, 0, "$name, $table, work_mem $work_mem: no file left");
			$written{$table} = $bytes;
		}
		diag("$name, work_mem $work_mem: " . join ', ', map { "$_ $written{$_} bytes" } sort keys %written);
		foreach my $table ('neighbours', 'descending', 'clusters', 'uuids')
		{
			my $like = $table eq 'uuids' ? 'random_uuid' : 'random_int8';

			cmp_ok($written{$table}, '>', 1_000_000, "$name, $table, work_mem $work_mem: spilled");
			cmp_ok($written{$table}, '<', 2.5 * $written{$like}, "$name, $table, work_mem $work_mem: writes no more than others");
		}
	}
}

# Crowds within crowds, each after the last one: what the first customers say of
# where the others are is wrong every time.
{
	use integer;

	copy_in($node, 'nested', 'int8', map { unmix((1 << 62) + $_ * (1 << (3 * (19 - $_ / 3000)))) } 0 .. $customers - 1);
}
foreach my $query (
	"SELECT md5(_retention_customer_base_send(customer_base(k))::text) FROM nested",
	"SELECT md5(_retention_purchase_history_send(purchase_history(k, date '2024-01-01', 'day'))::text) FROM nested")
{
	my ($expected) = measured($node, "SET work_mem = '256MB';", $query);
	my ($got, $bytes, $files) = measured($node, "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;", $query);

	is($got, $expected, "$query: the same answer");
	is($files, 0, "$query: no file left");
	cmp_ok($bytes, '<', 30_000_000, "$query: does not write all again for every crowd");
	diag("nested: $bytes bytes");
}

nothing_left($node, 'everything');
$node->stop;
done_testing();
