# States that outgrow their memory: whatever work_mem is, the answers are those
# of a state that fits, to the last byte, and the files go with the state.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('spill');

# 120,000 customers in an order that no hash table likes, a tenth of whom come
# again; refunds, guests, skipped rows, and one amount that needs wide sums.
$node->safe_psql(
	'postgres', q{
CREATE TABLE orders AS
SELECT i, CASE WHEN i % 997 = 0 THEN NULL ELSE i * 7919 % 120000 END AS int8_key,
	i % 60 AS grp,
	i / 6600 AS bucket,
	timestamptz '2020-01-01' + i * interval '283 s' AS ordered_at,
	CASE WHEN i % 50 = 0 THEN -0.37 WHEN i % 1009 = 0 THEN NULL
		WHEN i = 77777 THEN 12345678901234567890123.4567
		ELSE (i % 10000) / 100.0 END AS amount
FROM generate_series(1, 132000::int8) i;
ALTER TABLE orders ADD uuid_key uuid, ADD text_key text;
UPDATE orders SET uuid_key = md5(int8_key::text)::uuid, text_key = 'customer ' || int8_key;
VACUUM (FREEZE, ANALYZE) orders;
});

# Every metric that has customers; those with the same arguments share a state.
sub metrics
{
	my ($key) = @_;
	return qq{repeat_rate($key), purchase_frequency($key),
		repeat_rate($key, i / 2), purchase_frequency($key, i / 2), purchase_frequency($key, nullif(text_key, '')), aov(amount, i / 2), aov(amount, uuid_key),
		customer_value($key, amount), customer_value($key, amount::float8),
		lifetime_span($key, ordered_at), lifetime_span($key, ordered_at::date),
		clv($key, ordered_at, amount), clv($key, ordered_at::timestamp, amount::float8),
		md5(customer_base($key)::text), md5(customer_base($key, ordered_at)::text),
		md5(customer_base($key, ordered_at, amount)::text),
		clv(customer_base($key, ordered_at, amount), lifespan => '2 years', annual_discount_rate => 0.1)};
}

my $roomy = "SET work_mem = '256MB';";

foreach my $key ('int8_key', 'uuid_key', 'text_key')
{
	my $query = 'SELECT ' . metrics($key) . ' FROM orders';
	my ($expected, $written) = measured($node, $roomy, $query);

	isnt($expected, '', "$key: an answer from memory");
	is($written, 0, "$key: it took no disk");
	foreach my $work_mem ($key eq 'int8_key' ? ('64kB', '256kB', '1MB', '4MB') : ('64kB', '1MB'))
	{
		my ($got, $bytes, $files) =
		  measured($node, "SET work_mem = '$work_mem';", $query);

		is($got, $expected, "$key, work_mem $work_mem: the same answer");
		cmp_ok($bytes, '>', 1_000_000, "$key, work_mem $work_mem: spilled");
		is($files, 0, "$key, work_mem $work_mem: no file left");
	}
}

# 120,000 customers without times and amounts take some 2 to 4 MB.
{
	my $query =
	  'SELECT repeat_rate(int8_key), customers(customer_base(int8_key)) FROM orders';
	my ($once, $written) =
	  measured($node, "SET work_mem = '1MB'; SET hash_mem_multiplier = 1;", $query);
	my ($sixteen, $none) =
	  measured($node, "SET work_mem = '1MB'; SET hash_mem_multiplier = 16;", $query);

	cmp_ok($written, '>', 0, 'hash_mem_multiplier 1: spilled');
	is($none, 0, 'hash_mem_multiplier 16: in memory');
	is($sixteen, $once, 'hash_mem_multiplier: the same answer');
}

# Many states that spill, side by side or one after the other.
my $grouped = q{SELECT grp, customers(b), orders(b), revenue(b), guest_revenue(b),
		repeat_rate(b), lifetime_span(b), clv(b), md5(b::text), f, v, r, a
	FROM (SELECT grp, customer_base(text_key, ordered_at, amount) AS b,
			purchase_frequency(uuid_key) AS f, customer_value(int8_key, amount) AS v,
			repeat_rate(int8_key, i / 2) AS r, aov(amount, i / 2) AS a
		FROM orders GROUP BY %s) AS s ORDER BY 1 NULLS FIRST};
{
	my ($expected, $none) = measured($node, $roomy, sprintf($grouped, 'grp'));

	is($none, 0, '60 groups: in memory');
	foreach my $plan ('enable_sort', 'enable_hashagg')
	{
		my ($got, $bytes, $files) = measured($node, "SET work_mem = '512kB'; SET $plan = off;",
			sprintf($grouped, 'grp'));

		is($got, $expected, "60 groups, $plan off: the same answers");
		cmp_ok($bytes, '>', 0, "60 groups, $plan off: spilled");
		is($files, 0, "60 groups, $plan off: no file left");
	}
}

{
	my $query = sprintf($grouped, 'ROLLUP (grp)');
	my ($expected) = measured($node, $roomy, $query);

	foreach my $plan ('enable_sort', 'enable_hashagg')
	{
		my ($got, $bytes, $files) =
		  measured($node, "SET work_mem = '512kB'; SET $plan = off;", $query);

		is($got, $expected, "grouping sets, $plan off: the same answers");
		cmp_ok($bytes, '>', 1_000_000, "grouping sets, $plan off: spilled");
		is($files, 0, "grouping sets, $plan off: no file left");
	}
}

# Window frames ask a state and go on adding to it, or taking from it. A frame
# that doesn't end at the current row is asked for each row, and a spilled one is
# read each time: so only the first 50 rows, which are in small steps.
foreach my $case (
	[ 'PARTITION BY step', '' ],
	[ 'ORDER BY step', '' ],
	[ 'ORDER BY step RANGE BETWEEN 3 PRECEDING AND CURRENT ROW', '' ],
	[ 'ORDER BY step RANGE BETWEEN CURRENT ROW AND 6 FOLLOWING', 'LIMIT 50' ],
	[ 'ORDER BY step GROUPS BETWEEN 1 FOLLOWING AND 6 FOLLOWING', 'LIMIT 50' ],
	[ 'ORDER BY step, i ROWS BETWEEN CURRENT ROW AND 20000 FOLLOWING', 'LIMIT 50' ],
	[ 'ORDER BY step, i ROWS BETWEEN CURRENT ROW AND 20000 FOLLOWING EXCLUDE GROUP', 'LIMIT 5' ])
{
	my ($frame, $limit) = @$case;
	my $query =
	  qq{SELECT DISTINCT * FROM (SELECT step, repeat_rate(int8_key) OVER w, purchase_frequency(text_key) OVER w,
			purchase_frequency(int8_key, i / 3) OVER w, aov(amount, i / 3) OVER w
		FROM (SELECT *, CASE WHEN i <= 50 THEN i / 10 ELSE 6 + bucket END AS step FROM orders) AS s
		WINDOW w AS ($frame) $limit) AS s ORDER BY 1, 2, 3, 4, 5};
	my ($expected) = measured($node, $roomy, $query);
	my ($got, $bytes, $files) = measured($node, "SET work_mem = '64kB';", $query);

	isnt($expected, '', "window frame $frame: answers from memory");
	is($got, $expected, "window frame $frame: the same answers");
	is($files, 0, "window frame $frame: no file left");
}

# An aggregate that is read again gives the answers again: reading a spilled
# state changes nothing.
{
	my $query = qq{SELECT v, s.* FROM (VALUES (1), (2), (3)) AS v(v),
		(SELECT grp, repeat_rate(int8_key), purchase_frequency(int8_key), repeat_rate(int8_key, i), purchase_frequency(int8_key, i), aov(amount, i),
			md5(customer_base(int8_key)::text)
		FROM orders WHERE grp < 4 GROUP BY grp OFFSET 0) AS s ORDER BY 1, 2};
	my $settings = 'SET enable_material = off; SET enable_sort = off;
		SET enable_hashjoin = off; SET enable_mergejoin = off;';
	my ($expected) = measured($node, "$settings $roomy", $query);
	my ($got, $bytes, $files) = measured($node, "$settings SET work_mem = '64kB';", $query);

	is($got, $expected, 'rescan: the same answers');
	is($files, 0, 'rescan: no file left');
}

# Cursors keep states, and so files, until they are closed, however that comes
# about.
{
	my $query = q{SELECT grp % 6 AS sixth, repeat_rate(int8_key), clv(text_key, ordered_at, amount)
		FROM orders GROUP BY sixth};
	my ($expected) = measured($node, $roomy, "$query ORDER BY sixth");
	my $set = "SET work_mem = '1MB'; SET enable_sort = off;";
	my $files = 'SELECT count(*) > 0 FROM pg_ls_tmpdir();';
	my %ends = (
		'CLOSE' => 'CLOSE c; SELECT count(*) FROM pg_ls_tmpdir(); COMMIT;',
		'COMMIT' => 'COMMIT; SELECT count(*) FROM pg_ls_tmpdir();',
		'ROLLBACK' => 'ROLLBACK; SELECT count(*) FROM pg_ls_tmpdir();',
		'an error' =>
		  'SELECT 1 / 0; ROLLBACK; SELECT count(*) FROM pg_ls_tmpdir();');

	foreach my $end (sort keys %ends)
	{
		my ($out, $errors) = session($node,
			"$set BEGIN; DECLARE c CURSOR FOR $query; MOVE 5 IN c; $files $ends{$end}");

		is($out, "t\n0", "cursor, then $end: files while it is open only");
		is($errors, $end eq 'an error' ? '22012' : '', "cursor, then $end: no error");
	}
	session($node, "$set BEGIN; DECLARE c CURSOR FOR $query; MOVE 5 IN c; SELECT 1;");
	nothing_left($node, 'a session ended with a cursor open');

	my ($out, $errors) = session($node,
		"$set BEGIN; DECLARE c CURSOR WITH HOLD FOR $query ORDER BY sixth; MOVE 5 IN c; COMMIT;
		SELECT count(*) FROM pg_ls_tmpdir(); MOVE ABSOLUTE 0 IN c; FETCH ALL FROM c; CLOSE c;");
	is($out, "0\n$expected", 'cursor WITH HOLD: the same answers, no file left');
	is($errors, '', 'cursor WITH HOLD: no error');

	($out, $errors) = session($node,
		"$set BEGIN; DECLARE c SCROLL CURSOR FOR $query ORDER BY sixth; MOVE ALL IN c;
		MOVE ABSOLUTE 0 IN c; FETCH ALL FROM c; MOVE ABSOLUTE 0 IN c; FETCH ALL FROM c; CLOSE c;
		SELECT count(*) FROM pg_ls_tmpdir(); COMMIT;");
	is($out, "$expected\n$expected\n0", 'SCROLL cursor: the same answers, no file left');
	is($errors, '', 'SCROLL cursor: no error');
}

# Keys made up so that their hashes begin alike: the spill has to go on to the
# last bits of the hash, and beyond for uuids that share all of it.
copy_in($node, 'sharing_45', 'int8', int8_keys_sharing(30_000, 1 << 50));
copy_in($node, 'sharing_52', 'int8', int8_keys_sharing(4_000, -1 << 50));
copy_in($node, 'sharing_64', 'uuid', uuid_keys_sharing(3_000));
foreach my $case ([ 'sharing_45', 30_000 ], [ 'sharing_52', 4_000 ], [ 'sharing_64', 3_000 ])
{
	my ($table, $customers) = @$case;

	foreach my $work_mem ('64kB', '1MB')
	{
		my ($got, $bytes, $files) = measured($node, 
			"SET work_mem = '$work_mem'; SET statement_timeout = '60s';",
			qq{SELECT repeat_rate(k), customers(customer_base(k)), orders(customer_base(k)),
				md5(customer_base(k)::text) = (SELECT md5(customer_base(k)::text)
					FROM (SELECT k FROM $table ORDER BY k DESC) AS s)
			FROM $table});
		is($got, join('|', 1, $customers, 2 * $customers, 't'),
			"$table, work_mem $work_mem: right answers");
		is($files, 0, "$table, work_mem $work_mem: no file left");
	}
}

nothing_left($node, 'everything');
$node->stop;
done_testing();
