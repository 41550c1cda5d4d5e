# Logical replication of a table that keeps values, in which a row is found by all
# of its columns (REPLICA IDENTITY FULL): values compare as they are equal.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = new_server('publisher', allows_streaming => 'logical');
$publisher->start;
my $subscriber = start_server('subscriber');
my $table = 'CREATE TABLE daily (day date, base customer_base, history purchase_history)';
my $content = q{SELECT day, customers(base), revenue(base), (history_info(history)).occasions, md5(base::text || history::text) FROM daily ORDER BY 1, 2, 5};

$publisher->safe_psql('postgres', qq{
CREATE EXTENSION retention;
CREATE TABLE orders AS SELECT customer_id, ordered_at, amount FROM simulate_orders(200, '60 days', 1);
$table;
ALTER TABLE daily REPLICA IDENTITY FULL;
INSERT INTO daily SELECT ordered_at::date, customer_base(customer_id, ordered_at, amount), purchase_history(customer_id, ordered_at, amount, 'day') FROM orders GROUP BY 1;
CREATE PUBLICATION values_of_days FOR TABLE daily;
});
$subscriber->safe_psql('postgres', "$table; CREATE SUBSCRIPTION values_of_days CONNECTION '" . $publisher->connstr . " dbname=postgres' PUBLICATION values_of_days");
$subscriber->wait_for_subscription_sync($publisher, 'values_of_days');

sub is_same
{
	my ($what) = @_;
	my $published = $publisher->safe_psql('postgres', $content);

	$publisher->wait_for_catchup('values_of_days');
	is($subscriber->safe_psql('postgres', $content), $published, $what);
	return;
}

is_same('copied');
# Rows of one day differ by their values alone; of two that are the same, one goes.
$publisher->safe_psql('postgres', q{
INSERT INTO daily SELECT day, rollup(base) OVER (ORDER BY day), history FROM daily WHERE day < (SELECT min(day) + 5 FROM daily);
INSERT INTO daily SELECT * FROM daily WHERE day = (SELECT max(day) FROM daily);
});
is_same('inserted');
$publisher->safe_psql('postgres', q{UPDATE daily SET base = base + base WHERE day >= (SELECT max(day) - 10 FROM daily)});
is_same('updated');
$publisher->safe_psql('postgres', q{DELETE FROM daily AS d USING (SELECT day, max(orders(base)) AS most FROM daily GROUP BY day) AS m
WHERE d.day = m.day AND orders(base) = most AND d.day < (SELECT min(day) + 5 FROM daily)});
is_same('deleted');
$publisher->safe_psql('postgres', q{DELETE FROM daily WHERE ctid = (SELECT max(ctid) FROM daily WHERE day = (SELECT max(day) FROM daily))});
is_same('one of two');
cmp_ok($subscriber->safe_psql('postgres', 'SELECT count(*) FROM daily'), '>', 20, 'rows are left');
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM daily WHERE day = (SELECT max(day) FROM daily)}), '1', '... and one of the two');

$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION values_of_days');
$_->stop foreach $subscriber, $publisher;
done_testing();
