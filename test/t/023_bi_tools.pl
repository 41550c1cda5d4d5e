# The views as BI tools and those who run the database meet them: row-level
# security, what a tool lists, one customer by their key, keys of incremental syncs.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('bi_tools');
my $columns = q{'customer_id', 'ordered_at', 'amount'};
my ($out, $errors);

$node->start;
$node->safe_psql('postgres', q{
CREATE ROLE owner LOGIN;
CREATE ROLE north LOGIN;
CREATE ROLE south LOGIN;
CREATE ROLE tool LOGIN;
CREATE DATABASE shop OWNER owner;
});

sub as
{
	my ($role, $script) = @_;
	return session($node, $script, database => 'shop', params => [ '-U', $role ]);
}

# What a role is told, in whole.
sub told
{
	my ($role, $script) = @_;
	my $err = '';

	$node->psql('shop', $script, stderr => \$err, on_error_stop => 0, extra_params => [ '-U', $role ]);
	$err =~ s/^psql:[^ ]+ //mg;
	return $err;
}

# ---- row-level security ------------------------------------------------------------

as('owner', q{
CREATE EXTENSION retention;
CREATE TABLE orders AS SELECT customer_id, ordered_at, amount, CASE customer_id % 3 WHEN 0 THEN 'north' ELSE 'south' END AS tenant FROM simulate_orders(90, '1 year', 1);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON orders USING (tenant = current_user);
CREATE POLICY "of staff" ON orders USING (pg_has_role('owner', 'member'));
GRANT SELECT ON orders TO north, south;
});

# Plain views: each tenant's own.
($out, $errors) = as('owner', qq{
SELECT count(*) > 1 FROM retention_create_views('orders', $columns, target => 'plain', time_zone => 'UTC');
GRANT USAGE ON SCHEMA plain TO north, south;
GRANT SELECT ON ALL TABLES IN SCHEMA plain TO north, south;
SELECT customers FROM plain.kpi;
});
is("$out|$errors", "t\n90|", 'plain views of a table with row-level security: its owner sees all');
foreach my $tenant ('north', 'south')
{
	my ($customers, $revenue) = split /\|/, $node->safe_psql('shop', "SELECT count(DISTINCT customer_id), sum(amount)::numeric(38, 4) FROM orders WHERE tenant = '$tenant'");
	($out, $errors) = as($tenant, 'SELECT customers, revenue FROM plain.kpi; SELECT count(*), sum(revenue) FROM plain.customers; SELECT sum(revenue) FROM plain.kpi_by_period; SELECT sum(new) FROM plain.lifecycle');
	is("$out|$errors", "$customers|$revenue\n$customers|$revenue\n$revenue\n$customers|", "plain views: the tenant $tenant sees their own numbers");
}

# Rows that are kept: refused, unless it is meant so.
sub refused
{
	my ($name, $call, $tables) = @_;
	my $told = told('owner', $call);

	like($told, qr/^ERROR:  rows that are kept would be without row-level security: \Q$tables\E$/m, "$name: refused, with the tables and their policies");
	like($told, qr/^HINT:  .*materialized => false.*ignore_row_security => true/m, '... and what to do');
	return;
}

sub call
{
	my ($orders, $more) = @_;
	return "SELECT count(*) FROM retention_create_views('$orders', $columns, target => 'kept', materialized => true, time_zone => 'UTC'" . ($more // '') . ')';
}

my $orders = 'public.orders (policies by_tenant, "of staff")';

refused('a table', call('orders'), $orders);
refused('a query', call('SELECT * FROM orders'), $orders);
as('owner', 'CREATE TABLE open_orders AS TABLE orders');
refused('a subquery of an expression', call('open_orders', q{, filter => 'customer_id IN (SELECT o.customer_id FROM orders AS o)'}), $orders);
as('owner', q{
CREATE VIEW upon AS SELECT customer_id, ordered_at, amount FROM orders;
CREATE VIEW invoker WITH (security_invoker = true) AS TABLE upon;
CREATE VIEW barrier WITH (security_barrier = true) AS SELECT * FROM invoker WHERE amount > 0;
CREATE TABLE parted (customer_id int, ordered_at timestamptz, amount numeric) PARTITION BY RANGE (ordered_at);
CREATE TABLE parted_first PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2024-07-01');
CREATE TABLE parted_second PARTITION OF parted FOR VALUES FROM ('2024-07-01') TO (MAXVALUE);
INSERT INTO parted SELECT customer_id, ordered_at, amount FROM orders;
ALTER TABLE parted ENABLE ROW LEVEL SECURITY;
});
refused("a $_ view", call($_), $orders) foreach ('upon', 'invoker', 'barrier');
refused('a partitioned table without a policy', call('parted'), 'public.parted (no policy)');
refused('a partition of one', call('parted_first'), 'public.parted (no policy)');
as('owner', 'ALTER TABLE parted DISABLE ROW LEVEL SECURITY; ALTER TABLE parted_second ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON parted_second USING (true)');
refused('a table of a partition with it', call('parted'), 'public.parted_second (policy p)');
($out, $errors) = as('owner', call('parted_first'));
is("$errors", '', 'but not a partition beside that one');
as('owner', "ALTER TABLE parted_second DISABLE ROW LEVEL SECURITY; SELECT retention_drop_views('kept')");
is($node->safe_psql('shop', q{SELECT to_regnamespace('kept') IS NULL}), 't', '... of what was refused nothing is left');

# What the user has put in the place of names of segments is read, too.
($out, $errors) = as('owner', call('parted') . q{;
CREATE TABLE names AS TABLE kept.rfm_segment_names;
CREATE OR REPLACE VIEW kept.rfm_segment_names AS TABLE names;
ALTER TABLE names ENABLE ROW LEVEL SECURITY;
});
refused("names of segments", "SELECT retention_refresh_data('kept')", 'public.names (no policy)');
as('owner', "ALTER TABLE names DISABLE ROW LEVEL SECURITY");
($out, $errors) = as('owner', "SELECT retention_refresh_data('kept')");
is($errors, '', '... and without it they are refreshed');

# It is meant so: then it is told of, and kept.
like(told('owner', call('orders', ', ignore_row_security => true')),
	qr/^WARNING:  rows that are kept are without row-level security: \Q$orders\E$/m, 'ignore_row_security: a warning names the tables');
is(told('owner', "SELECT retention_refresh_data('kept')"), '', '... once: not whenever the rows are refreshed');
like(told('owner', "SELECT retention_refresh_views('kept')"), qr/^WARNING:  rows that are kept are without row-level security: \Q$orders\E$/m, '... again when the views are made again');
as('owner', 'GRANT USAGE ON SCHEMA kept TO tool; GRANT SELECT ON kept.kpi TO tool');
is(join('|', as('tool', 'SELECT customers FROM kept.kpi')), '90|', '... and who may read a view reads all of it');
is(told('owner', "SELECT count(*) FROM retention_create_views('orders', $columns, target => 'kept', ignore_row_security => true)"), '', 'plain views have nothing to ignore');
is((as('owner', call('orders', ', ignore_row_security => NULL')))[1], '22004', 'it is not NULL');

# Policies that come later.
as('owner', q{ALTER TABLE orders DISABLE ROW LEVEL SECURITY;} . call('orders'));
is(told('owner', "SELECT retention_refresh_data('kept'); SELECT count(*) FROM retention_refresh_views('kept')"), '', 'a table without row-level security');
as('owner', 'ALTER TABLE orders ENABLE ROW LEVEL SECURITY');
refused('policies that came later, and a refresh', "SELECT retention_refresh_data('kept')", $orders);
refused('... concurrently or not', "SELECT retention_refresh_data('kept', false)", $orders);
refused('... and all views', "SELECT retention_refresh_views('kept')", $orders);
like(told('owner', 'SELECT retention_refresh_views()'), qr/^WARNING:  views of schema "kept" were not made again: rows that are kept would be without row-level security: \Q$orders\E$/m, '... of all schemas');
# by hand, as doc/bi.md has it
as('owner', q{
SELECT replace(pg_get_viewdef('kept.retention_options'::regclass), 'false AS ignore_row_security', 'true AS ignore_row_security') AS options \gset
CREATE OR REPLACE VIEW kept.retention_options WITH (security_invoker = true) AS :options
});
is(told('owner', "SELECT retention_refresh_data('kept')"), '', '... until the options say so');
# options of a version that did not know it
as('owner', q{
DROP VIEW kept.retention_options;
CREATE VIEW kept.retention_options AS SELECT 'month'::text AS period, 'UTC'::text AS time_zone, NULL::text AS lifespan, float8 '1' AS margin, 'mbg/nbd'::text AS model, true AS materialized;
});
refused('options that say nothing of it', "SELECT retention_refresh_data('kept')", $orders);
as('owner', q{ALTER TABLE orders DISABLE ROW LEVEL SECURITY; SELECT retention_drop_views('kept'); SELECT retention_drop_views('plain')});

$node->stop;
done_testing();
