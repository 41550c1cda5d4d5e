# Views of one role that another one makes again, a superuser above all: nothing that
# somebody has planted is run with another's rights.  And what views are made from
# goes where PostgreSQL takes it: with a role, a schema or a dump.

use strict;
use warnings;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('view_rights');
my $dir = PostgreSQL::Test::Utils::tempdir;
my $columns = q{'customer_id', 'ordered_at', 'amount'};
my ($out, $errors);

$node->start;
$node->safe_psql('postgres', q{
CREATE ROLE owner LOGIN;
CREATE ROLE mallory LOGIN;
CREATE ROLE anon LOGIN;
CREATE DATABASE shop OWNER owner;
GRANT CREATE ON DATABASE shop TO mallory;
});

sub as
{
	my ($role, $script, $database) = @_;
	return session($node, $script, database => $database // 'shop', params => [ '-U', $role ]);
}

# ---- what is planted -----------------------------------------------------------------

# As hosted platforms have it: whatever anybody makes, everybody may do everything with.
$node->safe_psql('shop', q{
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC;
});
as('owner', q{
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;
CREATE EXTENSION retention;
});
($out, $errors) = as('mallory', q{
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC;
CREATE SCHEMA m;
CREATE TABLE m.seen (what text, who text, PRIMARY KEY (what, who));
GRANT ALL ON SCHEMA m TO PUBLIC;
GRANT ALL ON m.seen TO PUBLIC;
-- says who runs it, and makes the most of it; behind one that constants are folded with
CREATE FUNCTION m.note(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO m.seen VALUES (what, current_user) ON CONFLICT DO NOTHING;
	BEGIN
		ALTER ROLE mallory SUPERUSER;
	EXCEPTION WHEN insufficient_privilege THEN
		NULL;
	END;
END $$;
CREATE FUNCTION m.look(what text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM m.note(what); RETURN true; END $$;
CREATE FUNCTION m.text_of(what text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM m.look(what); RETURN what; END $$;
CREATE FUNCTION m.day_of(text) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM m.look('cast'); RETURN date '2024-01-01'; END $$;
CREATE TYPE m.day AS (day text);
CREATE FUNCTION m.day_cast(m.day) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM m.look('cast'); RETURN $1.day::date; END $$;
CREATE CAST (m.day AS date) WITH FUNCTION m.day_cast(m.day);
CREATE DOMAIN m.price AS numeric CHECK (m.look('domain'));
CREATE TABLE m.orders (customer_id int, ordered_at m.day, amount numeric);
INSERT INTO m.orders VALUES (1, ROW('2024-01-01'), 10), (1, ROW('2024-02-01'), 20), (2, ROW('2024-02-01'), 40);
CREATE VIEW m.days AS SELECT customer_id, ordered_at::date AS ordered_at, amount::m.price AS amount FROM m.orders;
} . "SELECT retention_create_views('m.days', $columns, target => 'plain', filter => \$\$m.look('filter')\$\$);
SELECT retention_create_views('m.days', $columns, target => 'stored', filter => \$\$m.look('filter')\$\$, mode => 'materialized');
CREATE INDEX ON stored.customers_data (m.text_of(segment));
CREATE INDEX ON stored.kpi_data (orders) WHERE m.look('index');
CREATE STATISTICS stored.s ON (m.text_of(segment)), status FROM stored.customers_data;
-- by hand: a constant folds, a set-returning function, an options view with what is no constant
CREATE OR REPLACE VIEW plain.order_rows AS SELECT customer_id AS customer, ordered_at, amount::numeric FROM m.days WHERE m.look('folded') AND m.look('rows');
CREATE OR REPLACE VIEW plain.rfm_segment_names AS SELECT 1 AS recency_score, 1 AS frequency_score, m.text_of('names') AS segment;
CREATE SCHEMA planted;
CREATE VIEW planted.order_rows AS SELECT 1::int8 AS customer, date '2024-01-01' AS ordered_at, 1::numeric AS amount;
CREATE VIEW planted.left_out_rows AS TABLE planted.order_rows;
CREATE VIEW planted.retention_options AS SELECT m.text_of('options') AS period, NULL::text AS time_zone, NULL::text AS lifespan, float8 '1' AS margin, 'mbg/nbd'::text AS model, 'plain'::text AS mode FROM generate_series(1, CASE WHEN m.look('options') THEN 1 END);
CREATE SCHEMA planted_record;
CREATE VIEW planted_record.order_rows AS TABLE planted.order_rows;
CREATE VIEW planted_record.left_out_rows AS TABLE planted.order_rows;
CREATE VIEW planted_record.retention_options AS SELECT 'month'::text AS period, NULL::text AS time_zone, NULL::text AS lifespan, float8 '1' AS margin, 'mbg/nbd'::text AS model, 'plain'::text AS mode;
CREATE VIEW planted_record.retention_record AS SELECT m.text_of('record') AS version, m.text_of('record') AS made, m.text_of('record') AS comments;
TRUNCATE m.seen;
");
is($errors, '', 'what mallory plants');
# anon has all rights on them, triggers too
($out, $errors) = as('anon', q{
CREATE FUNCTION m.of_anon() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM m.look('trigger'); RETURN NULL; END $$;
CREATE TRIGGER t INSTEAD OF INSERT OR UPDATE OR DELETE ON plain.retention_options FOR EACH ROW EXECUTE FUNCTION m.of_anon();
CREATE TRIGGER t INSTEAD OF INSERT OR UPDATE OR DELETE ON plain.retention_record FOR EACH ROW EXECUTE FUNCTION m.of_anon();
CREATE TRIGGER t INSTEAD OF INSERT OR UPDATE OR DELETE ON stored.kpi FOR EACH ROW EXECUTE FUNCTION m.of_anon();
CREATE TRIGGER t INSTEAD OF INSERT OR UPDATE OR DELETE ON plain.kpi FOR EACH ROW EXECUTE FUNCTION m.of_anon();
CREATE TRIGGER t AFTER INSERT ON stored.kpi_data FOR EACH ROW EXECUTE FUNCTION m.of_anon();
DELETE FROM plain.retention_options;
UPDATE plain.retention_record SET made = '';
});
is($errors, '42809', 'what anon plants');
# every call, by a superuser and by the owner of the database
my $changed = "DO \$d\$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW stored.retention_options AS '
	|| replace(replace(replace(pg_get_viewdef('stored.retention_options'::regclass), '''month''', '''day'''), '''week''', '''month'''), '''day''', '''week'''); END \$d\$;";
as('mallory', 'TRUNCATE m.seen');
foreach my $role ('postgres', 'owner')
{
	as('mallory', $changed);
	($out, $errors) = as($role, q{
SELECT count(*) FROM retention_refresh_views();
SELECT retention_refresh_views('plain');
SELECT retention_refresh_views('stored');
SELECT retention_refresh_views('planted');
SELECT retention_refresh_views('planted_record');
SELECT retention_refresh_data('stored', true);
SELECT retention_refresh_data('stored', false);
SELECT retention_create_views('m.days', 'customer_id', 'ordered_at', 'amount', target => 'stored');
SELECT retention_drop_views('planted');
SELECT retention_drop_views('planted_record');
});
	is($errors, $role eq 'postgres' ? '42809 42809 42501 2BP01 42809' : join(' ', ('42501') x 9), "called by $role");
	is($node->safe_psql('shop', q{SELECT string_agg(DISTINCT who, ' ') FROM m.seen}), 'mallory', "called by $role: what mallory has planted runs as mallory");
}
like($node->safe_psql('shop', q{SELECT string_agg(DISTINCT what, ' ' ORDER BY what) FROM m.seen}), qr/cast.*domain.*filter/, '... some of it does');
is($node->safe_psql('shop', q{SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'}), 'f', '... who is what she was');
is($node->safe_psql('shop', q{SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ' ') FROM pg_class WHERE relnamespace IN ('plain'::regnamespace, 'stored'::regnamespace)}),
	'mallory', '... and all of it is hers');
# nor does it change whose views are read
($out, $errors) = as('mallory', "CREATE SCHEMA shared; GRANT ALL ON SCHEMA shared TO PUBLIC;
SELECT retention_create_views('m.days', $columns, target => 'shared')");
as('mallory', 'DROP VIEW shared.rfm_segments, shared.rfm_quintiles, shared.customers, shared.rfm_thresholds');
as('anon', q{CREATE VIEW shared.rfm_thresholds AS SELECT m.text_of('of anon') AS metric, 1::float8 AS p20, 2::float8 AS p40, 3::float8 AS p60, 4::float8 AS p80});
($out, $errors) = as('postgres', q{SELECT retention_refresh_views('shared')});
is("$out$errors", '42501', 'a view of a third one, which readers would run');

# ---- with a role, a schema ---------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE moved; CREATE ROLE first LOGIN; CREATE ROLE "second\'""$\\ role" LOGIN');
$node->safe_psql('moved', q{
CREATE EXTENSION retention;
GRANT CREATE ON DATABASE moved TO first, "second'""$\ role";
SET SESSION AUTHORIZATION first;
CREATE SCHEMA data;
CREATE TABLE data.orders AS SELECT *, customer_id % 2 = 0 AS even FROM simulate_orders(60, '1 year', 1);
SELECT retention_create_views('data.orders', 'customer_id', 'ordered_at', 'amount', target => 'a');
SELECT retention_create_views('data.orders', 'customer_id', 'ordered_at', 'amount', target => 'b', filter => 'even', mode => 'materialized');
});
my $count = q{SELECT customers FROM %s.kpi};
is($node->safe_psql('moved', sprintf($count, 'a') . ';' . sprintf($count, 'b')), "60\n30", 'two targets');
sub renewed
{
	my ($name, $change, $as, $a, $b) = @_;
	my $made;

	$node->safe_psql('moved', $change);
	($made, $errors) = session($node, qq{SET SESSION AUTHORIZATION $as; SELECT count(*) FROM retention_refresh_views(); SELECT retention_refresh_data('$b');
SELECT customers FROM "$a".kpi; SELECT customers FROM "$b".kpi}, database => 'moved');
	is("$made|$errors", 2 * $VIEWS . "\n\n60\n30|", $name);
	return;
}
renewed('a role is renamed', 'ALTER ROLE first RENAME TO renamed', 'renamed', 'a', 'b');
renewed('what a role owns is given to another', q{REASSIGN OWNED BY renamed TO "second'""$\ role"; DROP OWNED BY renamed; DROP ROLE renamed}, q{"second'""$\ role"}, 'a', 'b');
renewed('two schemas change their names', q{ALTER SCHEMA a RENAME TO c; ALTER SCHEMA b RENAME TO a; ALTER SCHEMA c RENAME TO b}, q{"second'""$\ role"}, 'b', 'a');
renewed('the table and its columns change their names', q{ALTER TABLE data.orders RENAME amount TO price; ALTER TABLE data.orders RENAME even TO "even'"; ALTER TABLE data.orders RENAME TO "Orders $ \"; ALTER SCHEMA data RENAME TO "Data '"},
	q{"second'""$\ role"}, 'b', 'a');
renewed('a superuser makes them again', '', 'postgres', 'b', 'a');
is($node->safe_psql('moved', q{SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ' ') FROM pg_class WHERE relnamespace IN ('a'::regnamespace, 'b'::regnamespace)}),
	q{second'"$\\ role}, '... whose they stay');
foreach my $name (q{a'b}, q{a"b}, q{a$$b}, q{a\b}, q{ a b }, q{%s@r@})
{
	(my $literal = $name) =~ s/'/''/g;
	($out, $errors) = session($node, qq{SET SESSION AUTHORIZATION "second'""\$\\ role";
SELECT count(*) FROM retention_create_views('"Data ''"."Orders \$ \\"', 'customer_id', 'ordered_at', 'price', target => '$literal', mode => 'materialized');
SELECT count(*) FROM retention_refresh_views('$literal');
SELECT retention_refresh_data('$literal');
SELECT retention_drop_views('$literal');
SELECT to_regnamespace(quote_ident('$literal'))}, database => 'moved');
	is("$out|$errors", "$VIEWS\n$VIEWS\n\n\n|", "a schema called $name");
}

# ---- with a dump ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE kept OWNER owner');
as('owner', q{
CREATE EXTENSION retention;
CREATE TABLE orders AS SELECT *, customer_id % 2 = 0 AS even FROM simulate_orders(60, '1 year', 1);
CREATE TABLE others AS TABLE orders;
SELECT retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', filter => 'even', target => 'shop');
SELECT retention_create_views('others', 'customer_id', 'ordered_at', 'amount', target => 'stored', mode => 'materialized');
SELECT retention_refresh_views();
}, 'kept');
sub restored
{
	my ($name, $dump, $restore, $calls, $expected, $again) = @_;

	$node->safe_psql('postgres', "DROP DATABASE IF EXISTS restored; CREATE DATABASE restored OWNER owner") unless $again;
	$node->command_ok([ 'pg_dump', '-U', 'owner', '-F', 'custom', '-f', "$dir/dump", @$dump, $node->connstr('kept') ], "$name: dumped");
	$node->command_ok([ 'pg_restore', '-U', 'owner', '-e', @$restore, '-d', $node->connstr('restored'), "$dir/dump" ], '... restored by its owner, who is no superuser');
	($out, $errors) = as('owner', $calls, 'restored');
	is("$out|$errors", $expected, '... and goes on');
	return;
}
my $state = q{SELECT string_agg(format('%s %s', c.oid::regclass, r.xmin), ',' ORDER BY c.oid::regclass::text) FROM pg_class c JOIN pg_rewrite r ON ev_class = c.oid WHERE relnamespace IN ('shop'::regnamespace, 'stored'::regnamespace)};
my $all = "SELECT ($state) AS before \\gset\nSELECT count(*) FROM retention_refresh_views();\nSELECT ($state) AS after \\gset\nSELECT :'before' = :'after'; SELECT retention_refresh_data('stored'); SELECT customers FROM shop.kpi; SELECT customers FROM stored.kpi";
restored('a database', [], [], $all, 2 * $VIEWS . "\nt\n\n30\n60|");
restored('the same once more', [], ['--clean', '--if-exists'], $all, 2 * $VIEWS . "\nt\n\n30\n60|", 1);
restored('without one order table', [ '-T', 'orders', '-T', 'shop.*' ], [], q{SELECT count(*) FROM retention_refresh_views(); SELECT customers FROM stored.kpi}, "$VIEWS\n60|");
$node->safe_psql('postgres', "DROP DATABASE restored; CREATE DATABASE restored OWNER owner");
as('owner', q{CREATE EXTENSION retention; CREATE TABLE others AS SELECT * FROM simulate_orders(10, '1 year', 1)}, 'restored');
restored('one schema', [ '-n', 'stored' ], [], q{SELECT count(*) FROM retention_refresh_views(); SELECT customers FROM stored.kpi}, "$VIEWS\n10|", 1);

$node->stop;
done_testing();
