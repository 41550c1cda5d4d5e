# An update of the extension, to a version that is not: more columns, arguments, a
# model with more parameters than any has, an option of the views. It is made of
# this one by a few words of its source, and so is the script that leads to it.
# All that people have built goes on, before the update, after it, with views made
# again, and through dumps; and the catalog is that of a fresh installation.

use strict;
use warnings;
use Retention;
use Cwd qw(abs_path getcwd);
use File::Basename;
use File::Copy;
use File::Path qw(make_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $source = getcwd;
my $build = abs_path(PostgreSQL::Test::Utils::tempdir);
my $root = abs_path(PostgreSQL::Test::Utils::tempdir);
my $dumps = abs_path(PostgreSQL::Test::Utils::tempdir);
my $pg_config = $ENV{PG_CONFIG} || 'pg_config';

plan skip_all => 'no make, or no headers of the server' if system("make -v > /dev/null 2>&1; test -f \$($pg_config --includedir-server)/postgres.h") != 0;

my %dir = map { chomp(my $dir = `$pg_config --$_`); $_ => $dir } qw(bindir sharedir pkglibdir);

# ---- two versions ------------------------------------------------------------------

sub patch
{
	my ($file, @changes) = @_;
	my $text = slurp_file("$build/$file");

	while (my ($words, $others) = splice @changes, 0, 2)
	{
		my $n = () = $text =~ /\Q$words\E/g;

		BAIL_OUT("$file has $n times: $words") if $n != 1;
		$text =~ s/\Q$words\E/$others/;
	}
	open(my $out, '>', "$build/$file") or die $!;
	print $out $text;
	close $out;
	return;
}

sub install_version
{
	my ($version) = @_;
	my ($log, $errors) = run_command([ 'make', '-s', '-C', $build, '-j2', "PG_CONFIG=$pg_config", "DESTDIR=$root", "RETENTION_VERSION=$version",
		'with_llvm=no', 'COPT=-O0 -Werror', 'MAKEFLAGS=', 'install' ]);

	ok(-f "$root$dir{sharedir}/extension/retention--$version.sql", "version $version is installed") or BAIL_OUT("$log\n$errors");
	return;
}

# The server beside it: a copy of the program, and links to all that it looks for.
make_path(map { "$root$_" } values %dir, "$dir{sharedir}/extension");
copy("$dir{bindir}/$_", "$root$dir{bindir}/$_") && chmod(0755, "$root$dir{bindir}/$_") or die $! foreach qw(postgres initdb pg_ctl);
foreach my $file (glob("$dir{bindir}/*"), glob("$dir{sharedir}/*"), glob("$dir{sharedir}/extension/*"), glob("$dir{pkglibdir}/*"))
{
	symlink($file, "$root$file") unless -e "$root$file" || basename($file) =~ /^retention[.-]/;
}

my $old = (slurp_file("$source/META.json") =~ /"version": *"([0-9.]+)"/)[0];
(my $new = $old) =~ s/\.(\d+)\.\d+$/'.' . ($1 + 1) . '.0'/e;
system_or_bail('sh', '-c', "tar -C '$source' -cf - Makefile META.json retention.control.in sql src | tar -C '$build' -xf -");
install_version($old);

my $node = new_server('upgrade', install_path => dirname("$root$dir{bindir}"));
# the files that this server finds are those beside it
my $config = $ENV{TEMP_CONFIG} ? slurp_file($ENV{TEMP_CONFIG}) : '';
my %beside = (extension_destdir => '', extension_control_path => '$system', dynamic_library_path => '$libdir');
$node->append_conf('postgresql.conf', "$_ = '$beside{$_}'") foreach grep { $config =~ /$_/ } sort keys %beside;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; CREATE ROLE analyst LOGIN; CREATE ROLE reader LOGIN; CREATE DATABASE shop OWNER owner');

my ($out, $errors);

sub as
{
	my ($role, $script, $database) = @_;
	return session($node, $script, database => $database // 'shop', params => [ '-U', $role ]);
}

# What a script of test/upgrade prints.
sub printed
{
	my ($script, $database, $schemas) = @_;
	my ($text, $errors) = ('', '');

	$node->psql($database, ($schemas ? "\\set schemas '" . join(', ', map { "''$_''" } split / /, $schemas) . "'\n" : '') . slurp_file("$source/test/upgrade/$script.sql"),
		stdout => \$text, stderr => \$errors, on_error_stop => 0);
	diag("$script: $errors") if $errors =~ /ERROR/;
	return $errors =~ /ERROR/ ? "$text$errors" : $text;
}

# Lines that one text has and another hasn't, with + or - before them; the first of them, of many.
sub differences
{
	my ($before, $after) = @_;
	my %count;

	$count{$_}-- foreach split /\n/, $before;
	$count{$_}++ foreach split /\n/, $after;
	my @lines = map { ($count{$_} > 0 ? '+ ' : '- ') . $_ } grep { $count{$_} } sort keys %count;
	return join "\n", sort splice(@lines, 0, 20), @lines > 0 ? '... and ' . @lines . ' more' : ();
}

# ---- what people have built --------------------------------------------------------

($out, $errors) = as('owner', 'CREATE SCHEMA metrics; CREATE EXTENSION retention SCHEMA metrics; GRANT CREATE ON DATABASE shop TO analyst; GRANT USAGE ON SCHEMA metrics TO analyst');
is($errors, '', "version $old, installed by who is no superuser");
(undef, $errors) = session($node, slurp_file("$source/test/upgrade/world.sql"), database => 'shop');
is($errors, '', 'what people have built');
my $theirs = 'shop stored lab public';
my $oids = q{SELECT string_agg(format('%s %s', c.oid, c.oid::regclass), ',' ORDER BY c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	WHERE nspname IN ('shop', 'stored', 'lab', 'public') AND relname !~ '_data($|_)' AND nspname || relname !~ 'stored(kpi_key|by Segment)'};
my $answers = printed('answers', 'shop');
$node->command_ok([ 'pg_dump', '-F', 'custom', '-f', "$dumps/old", $node->connstr('shop') ], "dumped in version $old");
# What an update keeps, and no dump that a version with more columns reads: names of the columns of several functions, by their places.
as('analyst', 'CREATE VIEW lab.numbered AS SELECT * FROM ROWS FROM (metrics.cohort_retention((SELECT h FROM lab.history)), generate_series(1, 100)) WITH ORDINALITY AS c');
my $numbered = q{SELECT * FROM lab.numbered ORDER BY ordinality};
my $ordinals = $node->safe_psql('shop', $numbered);
# rights on a function that will have other arguments
$node->safe_psql('shop', q{REVOKE EXECUTE ON FUNCTION metrics.cohort_retention(metrics.purchase_history, text, date, int4, metrics.purchase_history) FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION metrics.cohort_retention(metrics.purchase_history, text, date, int4, metrics.purchase_history) TO owner, analyst});
my $execute = q{SELECT proacl FROM pg_proc WHERE proname = 'cohort_retention' AND proargtypes[0] = 'metrics.purchase_history'::regtype};
my $state = printed('state', 'shop', $theirs);
my $rights = $node->safe_psql('shop', $execute);
my $numbers = $node->safe_psql('shop', $oids);
cmp_ok(length $answers, '>', 200_000, 'it answers');

# One who has been connected all the time: whose library stays the old one.
my $connected = $node->background_psql('shop', on_error_stop => 0);
my $ask = q{SELECT sum(active) FROM lab.cells};
my $active = $connected->query($ask);
cmp_ok($active, '>', 0, 'asked by one who stays connected');

# ---- new files, and the old extension ------------------------------------------------

patch('src/question/cohort.c',
	"PG_FUNCTION_INFO_V1(retention_cohort_retention);\nDatum\nretention_cohort_retention(PG_FUNCTION_ARGS)", "static Datum\ncohort_rows(FunctionCallInfo fcinfo)",
	'values[11]', 'values[12]', 'nulls[11]', 'nulls[12]',
	'values[10] =', 'values[11] = Int64GetDatum(size - cell->active); values[10] =',
	"CHECK_FOR_INTERRUPTS();\n\t\t\ttotal_add_total(&cumulative", "CHECK_FOR_INTERRUPTS();\n\t\t\tif (PG_NARGS() > 5 && !PG_ARGISNULL(5) && size < PG_GETARG_INT32(5))\n\t\t\t\tbreak;\n\t\t\ttotal_add_total(&cumulative",
	"/* The mean curve at one index", <<'C' . '/* The mean curve at one index');
PG_FUNCTION_INFO_V1(retention_cohort_retention);
Datum
retention_cohort_retention(PG_FUNCTION_ARGS)
{
	return cohort_rows(fcinfo);
}

/* Of another name: a library that can't do this has none. */
PG_FUNCTION_INFO_V1(retention_cohort_retention_2);
Datum
retention_cohort_retention_2(PG_FUNCTION_ARGS)
{
	return cohort_rows(fcinfo);
}

C
my %was = map { /COMMENT ON FUNCTION ((\w+)\(.*\)) IS$/ ? ($2 => $1) : () } split /\n/, slurp_file("$build/sql/history.sql.in") . slurp_file("$build/sql/views.sql.in");
patch('sql/history.sql.in',
	"anchor purchase_history DEFAULT NULL,\n\tOUT cohort date,", "anchor purchase_history DEFAULT NULL,\n\tmin_size int4 DEFAULT NULL,\n\tOUT cohort date,",
	"OUT customer_value numeric,\n\tOUT is_complete bool\n", "OUT customer_value numeric,\n\tOUT is_complete bool,\n\tOUT absent int8\n",
	"'retention_cohort_retention'", "'retention_cohort_retention_2'",
	'COMMENT ON FUNCTION cohort_retention(purchase_history, text, date, int4, purchase_history) IS', 'COMMENT ON FUNCTION cohort_retention(purchase_history, text, date, int4, purchase_history, int4) IS');
patch('src/views/kpi.sql',
	'known customers with at least one order', 'known customers with an order',
	"\nWITH shop", "\n--\@column one_timers: customers with one order\nWITH shop",
	"\nFROM facts\n", ",\n       coalesce((known).customers - (found).repeat_customers, 0) AS one_timers\nFROM facts\n");
# an argument of a function that keeps it
patch('sql/views.sql.in', "as_of date DEFAULT NULL\n", "as_of date DEFAULT NULL,\n\tcurrency text DEFAULT NULL\n",
	'bool, text[], date, date, date) IS', 'bool, text[], date, date, date, text) IS');
patch('src/views/views.h', "ARG_AS_OF\n", "ARG_AS_OF,\n\tARG_CURRENCY\n", "ViewMode	mode;\n", "ViewMode	mode;\n\tconst char *currency;\n");
patch('src/views/view_options.c',
	'options->mode = mode_of_name(text_to_cstring(PG_GETARG_TEXT_PP(ARG_MODE)));', 'options->mode = mode_of_name(text_to_cstring(PG_GETARG_TEXT_PP(ARG_MODE)));
	if (PG_NARGS() > ARG_CURRENCY && !PG_ARGISNULL(ARG_CURRENCY))
		options->currency = text_to_cstring(PG_GETARG_TEXT_PP(ARG_CURRENCY));',
	'append_day(&sql, options->as_of, "as_of");', 'append_day(&sql, options->as_of, "as_of");
	appendStringInfoString(&sql, ", ");
	append_text(&sql, options->currency, "currency");
	sql.data[sql.len - 2] = 0;',
	"options->model = find_text(query, VIEW_OF_OPTIONS, \"model\");", "options->model = find_text(query, VIEW_OF_OPTIONS, \"model\");\n\toptions->currency = find_text_or_null(query, VIEW_OF_OPTIONS, \"currency\");");
patch('src/views/existing_views.c', "\t{\"mode\", ", "\t{\"currency\", \"of the amounts\"},\n\t{\"mode\", ");
# a model with one parameter more than any has
copy("$source/test/upgrade/stairs.c", "$build/src/model/") or die $!;
patch('src/math/optimize.h', "OPTIMIZE_MAX_PARAMS\t5", "OPTIMIZE_MAX_PARAMS\t6");
patch('src/model/model_list.h', "CONTRACT_MODEL(bdw)\n", "CONTRACT_MODEL(bdw)\nCONTRACT_MODEL(stairs)\n");
system_or_bail('touch', "$build/META.json");

# The script: what is new in the install script, and of functions what they were.
my ($header) = slurp_file("$build/sql/header.sql.in") =~ s/CREATE EXTENSION retention/ALTER EXTENSION retention UPDATE/r;
my ($cohorts) = slurp_file("$build/sql/history.sql.in") =~ /^(--\@refusing \w+\nCREATE FUNCTION cohort_retention\(.*?';\n)/ms;
my ($views) = slurp_file("$build/sql/views.sql.in") =~ /^(--\@for ORDERS .*?^--\@end\n)/ms;
s/(?=CREATE FUNCTION (\w+))/"--\@widen $was{$1}\n"/e foreach $cohorts, $views;
make_path("$build/sql/upgrade");
append_to_file("$build/sql/upgrade/retention--$old--$new.sql.in", "$header\n$cohorts\n$views");
install_version($new);

my $version = q{SELECT extversion FROM pg_extension WHERE extname = 'retention'};
is($node->safe_psql('shop', $version), $old, 'new files alone');
is(differences($answers, printed('answers', 'shop')), '', '... answer as before');
($out, $errors) = as('owner', q{SET search_path = metrics;
SELECT retention_refresh_data('stored');
SELECT retention_refresh_views('shop');
SELECT retention_create_views('public.orders')});
is("$out|$errors", '|55000 55000', '... but make no views');
is($connected->query($ask), $active, '... and nothing happens to who is connected');
# one with the new library, who plans before the update
my $planned = $node->background_psql('shop', on_error_stop => 0);
$planned->query('SET plan_cache_mode = force_generic_plan; PREPARE p AS SELECT sum(active) FROM metrics.cohort_retention((SELECT h FROM lab.history))');
is($planned->query('EXECUTE p'), $active, '... nor to who connects');

# ---- the update -------------------------------------------------------------------------

$node->safe_psql('shop', q{CREATE FUNCTION metrics.cohort_retention(metrics.purchase_history, text, date, int4, metrics.purchase_history, int4) RETURNS int LANGUAGE sql AS 'SELECT 1'});
is((as('owner', 'ALTER EXTENSION retention UPDATE'))[1], '42710', 'what has a name of the new version is told of');
$node->safe_psql('shop', q{DROP FUNCTION metrics.cohort_retention(metrics.purchase_history, text, date, int4, metrics.purchase_history, int4)});
is((as('analyst', 'ALTER EXTENSION retention UPDATE'))[1], '42501', 'not everybody may update it');
is(differences($answers, printed('answers', 'shop')), '', '... then nothing has changed');
($out, $errors) = as('owner', 'ALTER EXTENSION retention UPDATE');
is("$out$errors", '', 'updated, with all that stands upon it');
is($node->safe_psql('shop', $version), $new, '... to the next version');
is(differences($answers, printed('answers', 'shop')), '', '... which answers as before');
is($node->safe_psql('shop', $numbered), $ordinals, '... with names by places, too');
is(differences($state, printed('state', 'shop', $theirs)), '', '... nothing of what people have made has changed');
is($node->safe_psql('shop', $oids), $numbers, '... nor been made anew');
is($node->safe_psql('shop', $execute), $rights, '... nor have rights on functions');
$node->safe_psql('postgres', 'CREATE DATABASE fresh OWNER owner');
as('owner', 'CREATE SCHEMA metrics; CREATE EXTENSION retention SCHEMA metrics', 'fresh');
my $catalog = printed('catalog', 'fresh');
cmp_ok($catalog =~ tr/\n//, '>', 2000, 'a fresh installation');
is(differences($catalog, printed('catalog', 'shop')), '', '... has the same catalog');
# what is new
is($node->safe_psql('shop', q{SET search_path = metrics;
SELECT sum(absent) > 0, sum(absent) = sum(cohort_size - active), min(cohort_size) >= 5, count(*) < (SELECT count(*) FROM cohort_retention((SELECT h FROM lab.history))) FROM cohort_retention((SELECT h FROM lab.history), min_size => 5);
SELECT survival_at(m, 2), survival_at(m::text::retention_model, 7) = survival_at(m, 6) * 0.75, discounted_lifetime(m, 6, 0.5) FROM retention_model('stairs', '{"first": 1, "second": 3, "third": 1, "fourth": 1, "fifth": 1, "later": 3}') m}),
	"t|t|t|t\n0.375|t|1.5", 'what is new is there');
is($planned->query('EXECUTE p'), $active, 'a plan of before goes on');
$planned->quit;
# A library that knows nothing of it does not read what isn't there.
$connected->query($ask);
like($connected->{stderr}, qr/could not find function "retention_cohort_retention_2"/, 'who was connected is told');
$connected->{stderr} = '';
$connected->query(q{SELECT metrics.retention_refresh_views('shop')});
like($connected->{stderr}, qr/ERROR:  the extension is of version \Q$new\E, and its library of version \Q$old\E\nHINT: .*connect anew/, '... and makes no views of before');
$connected->quit;

# ---- views made again --------------------------------------------------------------------

# Makes them; which have been left.
sub refreshed
{
	my ($database) = @_;
	my ($made, $told);

	$node->psql($database, 'SET SESSION AUTHORIZATION owner; SELECT count(*) FROM metrics.retention_refresh_views()', stdout => \$made, stderr => \$told);
	return join ' ', $made, $told =~ /(?:WARNING|ERROR):  (.*)/g;
}

my $left = 4 * $VIEWS - 1 . ' "order_ladder" in schema "shop" is left as it is: it was not made by retention_create_views(), or has been changed since';
is(refreshed('shop'), $left, q{all views are made again, but one that is the user's});
is(differences($answers, printed('answers', 'shop')), '', '... and answer as before');
is($node->safe_psql('shop', $oids), $numbers, '... and stand where they stood');
is($node->safe_psql('shop', q{SELECT bool_and(one_timers = customers - repeat_customers AND one_timers > 0) FROM (SELECT one_timers, customers, repeat_customers FROM shop.kpi UNION ALL SELECT one_timers, customers, repeat_customers FROM stored.kpi) k;
	SELECT count(currency), count(*) FROM shop.retention_options}), "t\n0|1", '... with what is new');

# Of ours a column more, and a comment that we had written; the user's definitions are what they were.
$node->safe_psql('shop', 'DROP VIEW lab.numbered');
my $after = printed('state', 'shop', $theirs);
my ($without, $now) = map { s/^(shop|stored) \w+ is .*?;\n//gmsr } $state =~ s/^lab numbered .*?\n(?=\w)//gmsr, $after;
is(differences($without, $now), <<'LINES' =~ s/\n\z//r, '... and nothing else has changed');
+ shop kpi column customers bigint p comment: known customers with an order
+ shop kpi column one_timers bigint p comment: customers with one order
+ shop retention_options column currency text x comment: of the amounts
+ stored kpi column customers bigint p comment: known customers with an order
+ stored kpi column one_timers bigint p comment: customers with one order
+ stored kpi_data column customers bigint p comment: known customers with an order
+ stored kpi_data column one_timers bigint p comment: customers with one order
+ stored retention_options column currency text x comment: of the amounts
- shop kpi column customers bigint p comment: known customers with at least one order
- stored kpi column customers bigint p comment: known customers with at least one order
- stored kpi_data column customers bigint p comment: known customers with at least one order
LINES

# Views on which nobody has set anything are those that the new version makes.
as('owner', q{SET search_path = public, metrics;
CREATE TABLE orders AS SELECT customer_id, ordered_at, amount, customer_id % 2 = 0 AS even FROM simulate_orders(150, '2 years', 1);
SELECT retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'clean');
SELECT retention_create_views('orders', 'customer_id', 'ordered_at', 'amount', target => 'clean_stored', mode => 'materialized')}, 'fresh');
is(differences(printed('state', 'fresh', 'clean clean_stored'), printed('state', 'shop', 'clean clean_stored')), '', 'views as they were made are those of the new version');
is(refreshed('shop'), $left, 'made once more');
is(differences($after, printed('state', 'shop', $theirs)), '', '... they are what they are');

# ---- dumps -------------------------------------------------------------------------------

# A dump has no version, so what it has from the old one comes into the new one without an update.
foreach my $case ([ 'old', $answers ], [ 'new', printed('answers', 'shop') ])
{
	my ($name, $expected) = @$case;

	$node->command_ok([ 'pg_dump', '-F', 'custom', '-f', "$dumps/new", $node->connstr('shop') ], "dumped in version $new") if $name eq 'new';
	$node->safe_psql('postgres', "CREATE DATABASE restored_$name OWNER owner");
	$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr("restored_$name"), "$dumps/$name" ], "a dump of the $name version, restored");
	is($node->safe_psql("restored_$name", $version), $new, '... into the new one');
	is(differences($expected, printed('answers', "restored_$name")), '', '... answers as before');
	is(refreshed("restored_$name"), $left, '... all views are made again');
	is(differences($expected, printed('answers', "restored_$name")), '', '... and answer as before');
	# (the user's views name all columns of functions by now)
	is(differences(map { s/^(lab \w+ is|function) .*?;\n//gmsr } $after, printed('state', "restored_$name", $theirs)), '', '... and are what they are where they were updated');
}

$node->stop;
done_testing();
