# What the tests of this folder share: a server with the extension, sessions
# that say what happened in them, and a look for what they left behind.

package Retention;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT = qw(
  new_server start_server session sqlstates background finish wait_for
  @VIEWS $VIEWS measured nothing_left documented unmix int8_keys_sharing uuid_keys_sharing copy_in
);

# The views that retention_create_views makes and tells of, and how many they are.
our @VIEWS = qw(cohort_retention customer_facts customers excluded_rows kpi kpi_by_period kpi_to_date lifecycle order_ladder order_sequence outlook repeat_within
  revenue_concentration rfm_quintiles rfm_segments value_by_age);
our $VIEWS = @VIEWS;

# A server of its own, not yet started; the settings are those that would
# otherwise make a test depend on luck.
sub new_server
{
	my ($name, %init) = @_;
	my $install_path = delete $init{install_path};
	my $node = PostgreSQL::Test::Cluster->new($name, $install_path ? (install_path => $install_path) : ());

	# Collations of ICU's, which some tests make, need it. Perl modules of later
	# majors would run initdb without a locale.
	$node->init(%init, extra => [ '--encoding', 'UTF8', '--locale', 'C.UTF-8', @{ $init{extra} // [] } ]);
	$node->append_conf(
		'postgresql.conf', q{
autovacuum = off
log_statement = none
shared_buffers = 64MB
max_connections = 20
max_worker_processes = 16
timezone = 'UTC'
jit = off
max_parallel_workers_per_gather = 0
});
	return $node;
}

# The same, started, with the extension in the database postgres.
sub start_server
{
	my $node = new_server(@_);

	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION retention');
	return $node;
}

# Runs a script in one session that goes on after errors. Returns what it
# printed and the SQLSTATEs of its errors, in order.
sub session
{
	my ($node, $script, %options) = @_;
	my ($out, $err) = ('', '');

	$node->psql(
		$options{database} // 'postgres', $script,
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0,
		timeout => $options{timeout}
		  // $PostgreSQL::Test::Utils::timeout_default,
		extra_params =>
		  [ '-v', 'VERBOSITY=sqlstate', @{ $options{params} // [] } ]);
	return ($out, sqlstates($err));
}

sub sqlstates
{
	return join ' ', $_[0] =~ /(?:ERROR|FATAL):  (\w{5})$/mg;
}

# Starts a script in a session of its own and goes on; finish() waits for its
# end and returns as session() does.
my $scripts = 0;

sub background
{
	my ($node, $script, $application) = @_;
	my %run = (out => '', err => '');
	my $file = PostgreSQL::Test::Utils::tempdir . '/script_' . ++$scripts;

	append_to_file($file, $script);
	$run{handle} = IPC::Run::start(
		[
			'psql', '-XqAt', '-v', 'VERBOSITY=sqlstate', '-d',
			$node->connstr('postgres') . " application_name=$application",
			'-f', $file
		],
		'<', \undef, '>', \$run{out}, '2>', \$run{err},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%run;
}

sub finish
{
	my ($run) = @_;

	$run->{handle}->finish;
	chomp $run->{out};
	return ($run->{out}, sqlstates($run->{err}));
}

# Polls a query until it prints the value, in small steps.
sub wait_for
{
	my ($node, $query, $value) = @_;

	for (my $i = 0; $i < 20 * $PostgreSQL::Test::Utils::timeout_default; $i++)
	{
		my $got = $node->safe_psql('postgres', $query);
		return 1 if $got eq $value;
		usleep(50_000);
	}
	diag("still not $value: $query");
	return 0;
}

# The settings, then the query; what it printed, how much it wrote to disk, and
# how many files there were when it was done.
sub measured
{
	my ($node, $settings, $query) = @_;
	my ($out, $errors) = session(
		$node, qq{
$settings
SET stats_fetch_consistency = none;
SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database();
$query;
SELECT pg_stat_force_next_flush();
SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database();
SELECT count(*) FROM pg_ls_tmpdir();
});
	my @lines = split /\n/, $out;
	my ($before, $after, $files) =
	  (shift @lines, @lines[ -2, -1 ]);

	diag("$query: $errors") if $errors ne '';
	return (join("\n", @lines[ 0 .. $#lines - 3 ]), $after - $before, $files);
}

# The folder of temporary files is empty. A session that has ended may need a
# moment to go.
sub nothing_left
{
	my ($node, $after) = @_;
	my @files;

	for (my $i = 0; $i < 500; $i++)
	{
		@files = glob $node->data_dir . '/base/pgsql_tmp/*';
		last unless @files;
		usleep(10_000);
	}
	is("@files", '', "no temporary file after $after");
	return;
}

# The SQL that a section of doc/distributed.md shows for several servers.
sub documented
{
	my ($section) = @_;
	my $page = slurp_file('doc/distributed.md');

	$page =~ /^## \Q$section\E\n(.*?)(?=^## |\z)/ms or die "no section $section";
	return join '', $1 =~ /^```sql servers\n(.*?)^```/msg;
}

# ---- keys made up so that their hashes begin alike --------------------------

# customer_mix of src/order/customer.h and its inverse, on 64-bit numbers.
no warnings 'portable';

sub shift33
{
	use integer;
	return ($_[0] >> 33) & 0x7FFFFFFF;
}

sub mix
{
	use integer;
	my ($key) = @_;
	$key ^= 0x243f6a8885a308d3;
	$key ^= shift33($key);
	$key *= 0xff51afd7ed558ccd;
	$key ^= shift33($key);
	$key *= 0xc4ceb9fe1a85ec53;
	$key ^= shift33($key);
	return $key;
}

# x with odd * x = 1, by Newton's iteration: each step doubles the right bits.
sub inverse
{
	use integer;
	my ($odd) = @_;
	my $x = $odd;
	$x *= 2 - $odd * $x for 1 .. 6;
	return $x;
}

sub unmix
{
	use integer;
	my ($hash) = @_;
	$hash ^= shift33($hash);
	$hash *= inverse(0xc4ceb9fe1a85ec53);
	$hash ^= shift33($hash);
	$hash *= inverse(0xff51afd7ed558ccd);
	$hash ^= shift33($hash);
	return $hash ^ 0x243f6a8885a308d3;
}

# So many int8 keys whose hashes differ in their last bits only.
sub int8_keys_sharing
{
	use integer;
	my ($count, $prefix) = @_;
	return map { unmix($prefix + $_) } 0 .. $count - 1;
}

# So many uuid keys that all have one hash, and differ in the second word.
sub uuid_keys_sharing
{
	my ($count) = @_;
	return map {
		my $low = $_ * 7919;
		sprintf('%016x%016x', mix($low) ^ 12345, $low)
	} 1 .. $count;
}

# Fills a new table of one column with the keys, each of them twice.
sub copy_in
{
	my ($node, $table, $type, @keys) = @_;

	$node->safe_psql('postgres',
		    "CREATE TABLE $table (k $type);\n"
		  . "COPY $table FROM stdin;\n"
		  . join("\n", @keys, @keys)
		  . "\n\\.\n");
	return;
}

1;
