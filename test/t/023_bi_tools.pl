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
	like($told, qr/^HINT:  .*mode => 'plain'.*ignore_row_security => true/m, '... and what to do');
	return;
}

sub call
{
	my ($orders, $more) = @_;
	return "SELECT count(*) FROM retention_create_views('$orders', $columns, target => 'kept', mode => 'materialized', time_zone => 'UTC'" . ($more // '') . ')';
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
CREATE VIEW kept.retention_options AS SELECT 'month'::text AS period, 'UTC'::text AS time_zone, NULL::text AS lifespan, float8 '1' AS margin, 'mbg/nbd'::text AS model, 'materialized'::text AS mode;
});
refused('options that say nothing of it', "SELECT retention_refresh_data('kept')", $orders);
as('owner', q{ALTER TABLE orders DISABLE ROW LEVEL SECURITY; SELECT retention_drop_views('kept'); SELECT retention_drop_views('plain')});

# ---- one customer by their key ---------------------------------------------------------

# Customers of each type, in one table, with an index on each.
my %key = (
	i2 => [ 'int2', '42' ], i4 => [ 'int4', '42' ], i8 => [ 'int8', '42' ], a_domain => [ 'number_of_customer', '42' ], n => [ 'numeric', '42' ], n10 => [ 'numeric(10, 0)', '42' ],
	u => [ 'uuid', q{'00000000-0000-0000-0000-000000000042'} ], t => [ 'text', q{'42'} ], v => [ 'varchar(20)', q{'42'} ], c => [ 'char(12)', q{'42'} ], any_case => [ 'text COLLATE any_case', q{'42'} ],
	email => [ 'varchar(40)', q{'c42@x.org'}, 'lower(email)' ]
);
my $keyed = join ', ', map { "$_ $key{$_}[0]" } sort keys %key;
my $values = join ', ', map { $_ eq 'u' ? q{('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid} : $_ eq 'email' ? q{'C' || i || '@X.org'} : $_ eq 't' || $_ eq 'v' || $_ eq 'c' || $_ eq 'any_case' ? 'i::text' : 'i' } sort keys %key;
my $indexes = join '', map { 'CREATE INDEX many_' . $_ . ' ON many (' . ($key{$_}[2] // $_) . ");\n" } sort keys %key;
as('owner', qq{
CREATE DOMAIN number_of_customer AS int4 CHECK (VALUE > 0);
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE many ($keyed, ordered_at timestamptz, amount numeric(10, 2), number int4, sold bool);
INSERT INTO many SELECT $values, timestamptz '2024-01-01 12:00Z' + interval '1 hour' * (n * 97 % 9001), CASE WHEN n % 11 = 0 THEN -5 ELSE n % 50 END, n / 3, n % 11 <> 0
FROM generate_series(1, 20000) AS n, LATERAL (SELECT (n * 7919 % 4001)::int4 + 1 AS i) AS k;
INSERT INTO many (i4, ordered_at, amount) VALUES (NULL, '2024-05-01', 10), (42, NULL, 10), (42, 'infinity', 10), (42, '2024-05-01', 'NaN'), (42, '2024-05-01', NULL), (4444, '2024-05-01', -1);
$indexes
ANALYZE many;
});
my $own = q{SELECT orders, revenue, refunds, first_order, last_order, lifespan_days};
foreach my $name (sort keys %key)
{
	my ($type, $value, $expression) = @{ $key{$name} };
	my $customer = $expression // $name;
	my $plain = "SELECT count(*) FILTER (WHERE amount >= 0), sum(amount)::numeric(38, 4), count(*) FILTER (WHERE amount < 0), (min(ordered_at) FILTER (WHERE amount >= 0))::date, (max(ordered_at) FILTER (WHERE amount >= 0))::date,
		(max(ordered_at) FILTER (WHERE amount >= 0))::date - (min(ordered_at) FILTER (WHERE amount >= 0))::date FROM ";
	my $rows = "(SELECT * FROM many WHERE $customer = $value AND isfinite(ordered_at) AND amount <> 'NaN') AS o";

	foreach my $mode ('', q{, order_id => 'number'}, q{, is_order => 'sold'}, q{, mode => 'materialized'})
	{
		my $called = "customers of type $type$mode";
		my $expected = $mode =~ /order_id/ ? $plain . "(SELECT min(ordered_at) AS ordered_at, sum(amount) AS amount FROM $rows WHERE amount >= 0 GROUP BY number UNION ALL SELECT ordered_at, amount FROM $rows WHERE amount < 0) AS o" : $plain . $rows;
		my $plan;

		($out, $errors) = as('owner', qq{
SELECT count(*) > 11 FROM retention_create_views('many', '$customer', 'ordered_at', 'amount', time_zone => 'UTC', target => 'one'$mode);
SET enable_seqscan = off;
} . ($mode =~ /mat/ ? 'ANALYZE one.customers_data;' : '') . qq{
$own FROM one.customer_facts WHERE customer = $value;
SET enable_seqscan = on;
PREPARE one AS $own FROM one.customer_facts WHERE customer = \$1;
EXECUTE one ($value);
SELECT count(*), count(DISTINCT customer) FROM one.customer_facts;
$expected;
SELECT count(*), count(DISTINCT $customer) FROM (SELECT $customer FROM many WHERE ordered_at IS NOT NULL AND $customer IS NOT NULL GROUP BY 1 HAVING max(amount) >= 0) AS o ($name);
SELECT count(*) FROM one.customers AS c FULL JOIN one.customer_facts AS f ON rtrim(f.customer::text) = c.customer::text
WHERE (c.orders, c.revenue, c.aov, c.first_order, c.last_order, c.lifespan_days, c.mean_gap_days, c.next_order_due) IS DISTINCT FROM (f.orders, f.revenue, f.aov, f.first_order, f.last_order, f.lifespan_days, f.mean_gap_days, f.next_order_due);
});
		my @lines = split /\n/, $out;
		is("$errors|@lines[0, 1, 2, 3, 6]", "|t $lines[4] $lines[4] $lines[5] 0", "$called: one of them, the number of all, and customers says the same");
		($plan, $errors) = as('owner', "EXPLAIN (COSTS OFF) SELECT * FROM one.customer_facts WHERE customer = $value");
		my $index = $mode =~ /mat/ ? $expression || $type =~ /^(int8|text)/ ? 'customers_data_customer_idx' : 'customers_data_own_key' : "many_$name";
		like($plan, qr/(Index|Bitmap Index) Scan (using|on) $index\b/, '... by the index');
		unlike($plan, qr/Seq Scan/, '... and nothing else');
		($plan, $errors) = as('owner', "EXPLAIN (COSTS OFF) SELECT * FROM one.order_sequence WHERE customer = $value");
		like($plan, qr/(Index|Bitmap Index) Scan (using|on) many_$name\b/, '... and their orders in sequence by that of the orders');
		unlike($plan, qr/Seq Scan/, '... and nothing else');
		is((as('owner', qq{
SELECT pg_typeof(customer), n, last FROM (SELECT customer FROM one.order_sequence LIMIT 1) AS c, (SELECT count(*) AS n, max(order_number) AS last FROM one.order_sequence WHERE customer = $value) AS s}))[0],
			(as('owner', qq{
SELECT coalesce(nullif(typbasetype, 0), oid)::regtype, orders, orders FROM pg_type, one.customer_facts WHERE oid = (SELECT pg_typeof($customer) FROM many LIMIT 1) AND customer = $value}))[0],
			'... of the type of the orders, and all of them');
		as('owner', q{SELECT retention_drop_views('one')});
	}
}
# Many of them are read no further than is asked for.
($out, $errors) = as('owner', qq{
SELECT count(*) > 11 FROM retention_create_views('many', 'i4', 'ordered_at', 'amount', time_zone => 'UTC', target => 'one');
EXPLAIN (COSTS OFF) SELECT * FROM one.customer_facts LIMIT 10;
});
like($out, qr/Index Scan using many_i4/, 'a limit: by the index');
# Who writes the order rows themselves may leave the customer as it is.
($out, $errors) = as('owner', q{
CREATE OR REPLACE VIEW one.order_rows WITH (security_invoker = true) AS SELECT i4 AS customer, ordered_at, amount * 2 AS amount FROM many;
SELECT count(*) > 11 FROM retention_refresh_views('one');
EXPLAIN (COSTS OFF) SELECT * FROM one.customer_facts WHERE customer = 42;
});
like("$errors|$out", qr/^\|t\n(?s:.*)Scan on many_i4/, 'order rows by hand');

# ---- what a tool lists ---------------------------------------------------------------------

# As JDBC's getTables(null, 'kept', null, {TABLE, VIEW}) and getColumns() ask, and information_schema.
my $tables = q{
SELECT c.relname FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
WHERE c.relnamespace = n.oid AND n.nspname = '%s' AND (c.relkind IN ('r', 'v', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema') ORDER BY 1};
my $remarks = q{
SELECT count(*) FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
	LEFT JOIN pg_catalog.pg_description o ON o.objoid = a.attrelid AND o.objsubid = a.attnum AND o.classoid = 'pg_class'::regclass
WHERE c.relnamespace = '%s'::regnamespace AND c.relkind = 'v' AND (coalesce(d.description, '') = '' OR coalesce(o.description, '') = '')};
my $typed = q{SELECT table_name, column_name, data_type, ordinal_position FROM information_schema.columns WHERE table_schema = '%s' AND table_name !~ '_data$' ORDER BY 1, 4};
my %listed;

as('owner', q{SELECT retention_drop_views('one'); SELECT retention_create_views('orders', } . "$columns, target => '$_', time_zone => 'UTC', mode => '" . ($_ eq 'kept' ? 'materialized' : 'plain') . q{');
GRANT USAGE ON SCHEMA } . "$_ TO tool; GRANT SELECT ON ALL TABLES IN SCHEMA $_ TO tool") foreach ('plain', 'kept');
foreach my $target ('plain', 'kept')
{
	$listed{$target} = join '', map { as('tool', sprintf $_, $target) } $tables, $typed;
	is((as('tool', sprintf $remarks, $target))[0], '0', "$target: every view and every column has a comment");
	is((as('tool', qq{SELECT string_agg(table_name, ' ' ORDER BY table_name COLLATE "C") FROM information_schema.tables WHERE table_schema = '$target' AND table_name !~ '^(rfm_(seg.*names|thr)|order_(rows|history)|left|retention_)'}))[0],
		"@VIEWS", '... and all are listed by their names, as views');
}
is($listed{kept}, $listed{plain}, 'a tool lists the same tables and columns, of the same types, whether rows are kept or not');
is((as('tool', q{SELECT string_agg(c.relname, ' ') FROM pg_class c WHERE relnamespace = 'kept'::regnamespace AND relkind = 'm'
	AND NOT EXISTS (SELECT FROM pg_class v WHERE v.relnamespace = c.relnamespace AND v.relkind = 'v' AND v.relname || '_data' = c.relname)}))[0], '', 'a materialized view has a plain one in front of it');
($out, $errors) = as('tool', join ';', map { "SELECT count(*) > 0 FROM kept.$_" } grep { $_ ne 'order_sequence' } @VIEWS);
is("$errors|" . join(' ', split /\n/, $out), '|' . join(' ', ('t') x ($VIEWS - 1)), '... that is read without rights on the orders');
is((as('tool', 'SELECT count(*) FROM kept.order_sequence'))[1], '42501', '... but order_sequence: it is never kept, and reads them');

# ---- incremental syncs -------------------------------------------------------------------------

# The key that the comment names tells all rows apart, and updated_at is there, of one moment.
foreach my $target ('plain', 'kept')
{
	my $keys = $node->safe_psql('shop', qq{SELECT relname || ' ' || substring(obj_description(oid, 'pg_class') FROM 'Key: ([^.]*)\\.\$') FROM pg_class WHERE relnamespace = '$target'::regnamespace AND relkind = 'v' AND obj_description(oid, 'pg_class') ~ 'Key: ' ORDER BY 1});
	my @keys = split /\n/, $keys;

	is(scalar @keys, $VIEWS - 2, "$target: views of more than one row have a key");
	foreach (@keys)
	{
		my ($view, $key) = /^(\w+) (.*)$/;
		is((as('owner', "SELECT count(*) > 0, count(*) = count(DISTINCT ($key)), count(*) FILTER (WHERE num_nulls($key) > 0), count(DISTINCT updated_at), count(updated_at) = count(*) FROM $target.$view"))[0],
			't|t|0|1|t', "$target.$view: one row for each $key");
	}
	is((as('owner', "SELECT count(*) FROM $target.kpi"))[0], '1', '... and kpi has one row');
}
($out, $errors) = as('owner', q{
SELECT max(updated_at) AS before FROM kept.customer_facts \gset
SELECT retention_refresh_data('kept');
SELECT (SELECT updated_at FROM kept.kpi) > :'before', (SELECT count(DISTINCT updated_at) FROM (SELECT updated_at FROM kept.kpi UNION ALL SELECT updated_at FROM kept.customers UNION ALL SELECT updated_at FROM kept.rfm_segments) AS u),
	(SELECT updated_at FROM plain.kpi) = now(), (SELECT updated_at FROM kept.kpi) = (SELECT max(updated_at) FROM kept.customer_facts);
});
is("$errors|$out", "|\nt|1|t|t", 'updated_at: of the refresh, the same in all views; now in plain ones');

$node->stop;
done_testing();
