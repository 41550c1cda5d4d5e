# Any name will do: roles, databases, schemas, tables and columns with quotes,
# backslashes, dollars, blanks and dots, in any letters and as long as a name can be.

use strict;
use warnings;
use utf8;
use Encode;
use Retention;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('names');
$node->start;
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');

my @odd = (
	q{it's}, q{a "quoted" one}, q{back\\slash\\}, q{$1 and $$ $x$}, q{ blanks  }, q{UPPER}, q{dots.and..}, q{%s%n @r@@rows@ @extschema@},
	q{select}, q{/* -- ;}, "Größe 客户 \x{1f6d2}", "tab\tand\nline", 'x' x 63, "'" x 31 . '"' x 32, q{E'\\');--});

# As it's written in SQL, and sent.
sub name
{
	return encode('UTF-8', '"' . $_[0] =~ s/"/""/gr . '"');
}

sub literal
{
	return q{ E'} . $_[0] =~ s/(['\\])/$1$1/gr . q{'};
}

# Another name of its kind.
sub other
{
	my ($name, $n) = @_;
	return substr($name, 0, -1) . $n;
}

# What a script prints as a role in a database, and whether it failed.
sub in_role
{
	my ($role, $database, $script) = @_;
	my ($out, $err) = ('', '');

	$node->psql(encode('UTF-8', $database), $script, stdout => \$out, stderr => \$err, extra_params => [ '-U', encode('UTF-8', $role) ]);
	diag($err) if $err =~ /ERROR|FATAL|error/;
	return join '|', split(/\n/, $out), $err =~ /(ERROR|FATAL|error)/g;
}

my $turn = 0;
foreach my $odd (@odd)
{
	my $shown = encode('UTF-8', $odd =~ s/[\n\t]/?/gr);
	my $ext = name($odd);
	my $orders = "$ext." . name(other($odd, 0));
	my @columns = map { other($odd, $_) } 1 .. 4;
	my ($customer, $ordered_at, $amount, $state) = map { name($_) } @columns;
	my $regclass = encode('UTF-8', literal(decode('UTF-8', $orders))) . '::regclass';
	my $names = join ', ', map { encode('UTF-8', literal($_)) } @columns[ 0 .. 2 ];
	my $value = encode('UTF-8', literal($odd));
	my $filter = encode('UTF-8', literal(decode('UTF-8', "$state = $value AND $amount >= 0")));
	my $query = encode('UTF-8', literal(decode('UTF-8', "SELECT $customer, $ordered_at, $amount FROM $orders")));
	my $target = other($odd, 5);

	$node->safe_psql('postgres', "CREATE ROLE $ext LOGIN");
	$node->safe_psql('postgres', "CREATE DATABASE $ext OWNER $ext");
	is(in_role($odd, $odd, "CREATE SCHEMA $ext; CREATE EXTENSION retention SCHEMA $ext"), '', "installed by, in and into: $shown");
	is(in_role($odd, $odd, qq{
CREATE TABLE $orders ($customer text, $ordered_at timestamptz, $amount numeric, $state text);
INSERT INTO $orders SELECT customer_id::text || $value, ordered_at, amount, $value FROM $ext.simulate_orders(60, '1 year', 1);
INSERT INTO $orders SELECT 'other', '2024-05-05', 10, 'other';
SELECT count(*) FROM $ext.predict_customers($regclass, $names);
SELECT count(*) FROM $ext.predict_customers($query);
SELECT count(*) > 0 FROM $ext.holdout_check($regclass, $names)}),
		'61|61|t', "predictions of its customers: $shown");

	# As it is, or with settings that change how names and strings are written.
	$turn = !$turn;
	foreach my $settings ($turn ? '' : 'SET quote_all_identifiers = on; SET standard_conforming_strings = off; SET backslash_quote = on; SET search_path = pg_catalog;')
	{
		my $mode = $settings ? 'materialized' : 'plain';
		my $schema = name($target);

		is(in_role($odd, $odd, qq{$settings
SELECT count(*) > 0 FROM $ext.retention_create_views($regclass, $names, filter => $filter, target => @{[ encode('UTF-8', literal($target)) ]},
	time_zone => 'Europe/Berlin', mode => '$mode');
SELECT customers FROM $schema.kpi;
SELECT count(*) FROM $schema.customers;
SELECT sum(row_count) FROM $schema.excluded_rows WHERE reason = 'filtered out';
SELECT count(*) > 0 FROM $ext.retention_refresh_views(@{[ encode('UTF-8', literal($target)) ]});
SELECT customers FROM $schema.kpi;
}), 't|60|60|1|t|60', "views, mode $mode: $shown");
		is(in_role($odd, $odd, qq{$settings
SELECT $ext.retention_refresh_data(@{[ encode('UTF-8', literal($target)) ]}) IS NOT NULL;
SELECT $ext.retention_refresh_data(@{[ encode('UTF-8', literal($target)) ]}, false) IS NOT NULL;
}), 't|t', "their data: $shown") if $settings;
	}

	# Moved (by a superuser, as who installed it owns none of its functions), and all goes on.
	my $moved = name(other($odd, 6));
	is(in_role($odd, $odd, "CREATE SCHEMA $moved") . in_role($superuser, $odd, "ALTER EXTENSION retention SET SCHEMA $moved"), '', "moved to another schema: $shown");
	is(in_role($odd, $odd, qq{
SELECT count(*) FROM $moved.predict_customers($regclass, $names);
SELECT count(*) > 0 FROM $moved.retention_refresh_views(@{[ encode('UTF-8', literal($target)) ]});
SELECT $moved.retention_drop_views(@{[ encode('UTF-8', literal($target)) ]}) IS NOT NULL;
}), '61|t|t', "used there: $shown");
}

$node->stop;
done_testing();
