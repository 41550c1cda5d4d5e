# A new model is one file and one line: test/toy/poisson.c and its name in
# src/model/model_list.h, of which a library of its own is built. Nothing else is
# touched, and the model is fitted, asked, stored, printed and read.

use strict;
use warnings;
use Retention;
use Cwd qw(abs_path getcwd);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $source = getcwd;
my $build = abs_path(PostgreSQL::Test::Utils::tempdir);
my $pg_config = $ENV{PG_CONFIG} || 'pg_config';

plan skip_all => 'no make, or no headers of the server' if system("make -v > /dev/null 2>&1; test -f \$($pg_config --includedir-server)/postgres.h") != 0;

system_or_bail('sh', '-c', "tar -C '$source' -cf - Makefile META.json retention.control.in sql src | tar -C '$build' -xf - && cp '$source/test/toy/poisson.c' '$build/src/model/'");
my $list = slurp_file("$build/src/model/model_list.h");
$list =~ s/(?=PURCHASE_MODEL\(nbd\))/PURCHASE_MODEL(poisson)\n/ or die;
open(my $out, '>', "$build/src/model/model_list.h") or die $!;
print $out $list;
close $out;
my ($log, $errors) = run_command([ 'make', '-s', '-C', $build, '-j2', "PG_CONFIG=$pg_config", 'with_llvm=no', $ENV{RETENTION_INSTRUMENTED} ? 'COPT=-w' : 'COPT=-O0 -Werror', 'MAKEFLAGS=', 'retention.so' ]);
ok(-f "$build/retention.so", 'the library is built') or diag("$log\n$errors");

my $node = new_server('toy');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION retention');
sub library
{
	$node->safe_psql('postgres', "UPDATE pg_catalog.pg_proc SET probin = '$_[0]' WHERE probin = '$_[1]'");
}
sub asked
{
	return $node->safe_psql('postgres', $_[0]);
}
library("$build/retention.so", '$libdir/retention');

# 400 customers: x from 0 to 3, 100 days each: 600 purchases in 40,000 days
asked(q{CREATE TABLE cells AS SELECT repeat_buying(ROW(n % 4, CASE WHEN n % 4 > 0 THEN 50 ELSE 0 END, 100, 10, n % 4 * 3.0, n % 4 + 1, '2024-01-01')::rfm_inputs) AS b FROM generate_series(1, 400) n});
asked(q{CREATE TABLE models AS SELECT fit_purchases(b, 'Poisson') AS m FROM cells});
is(asked(q{SELECT name, round(estimate::numeric, 9), round((standard_error / estimate)::numeric, 6), abs(standard_error / estimate - 1 / sqrt(600)) < 1e-6 FROM models, model_parameters(m)}),
	'gap|66.666666667|0.040825|t', 'fitted: all the time by all purchases, and how sure that is');
is(asked(q{SELECT model, customers, abs(loglik - (600 * ln(0.015) - 600)) < 1e-6, abs(aic - (2 - 2 * loglik)) < 1e-9, converged, boundary, message IS NULL, lr_vs_nbd IS NULL FROM models, model_info(m)}),
	'poisson|400|t|t|t|f|t|t', 'model_info');
is(asked(q~SELECT m::text LIKE '{"type": "purchase_model", "version": 1, "model": "poisson", "unit": "day", "parameters": {"gap": 66.6%', m::text::purchase_model = m, m::jsonb::purchase_model = m FROM models~),
	't|t|t', 'JSON, out and in again');
my $customer = q{ROW(2, 10, 100, 10, NULL, 3, '2024-01-01')::rfm_inputs};
is(asked(qq{SELECT p_alive(m, $customer), round(expected_purchases(m, $customer, '200 days')::numeric, 9), round(purchase_probability(m, 1, '200 days')::numeric, 9), round(exp(-3.0) * 3, 9) FROM models}),
	'1|3.000000000|0.149361205|0.149361205', 'predictions');
is(asked(qq{SELECT abs(upper / estimate - exp(1.959964 / sqrt(600))) < 1e-6, abs(estimate - 3) < 1e-9 FROM models, expected_purchases_interval(m, $customer, '200 days')}),
	't|t', 'and how sure they are');
is(asked(qq{SELECT abs(predicted_clv(m, spend_model(6, 4, 15), $customer, '200 days', 0) / (3 * 6 * (15 + 20) / 15.0) - 1) < 1e-9 FROM models}), 't', 'predicted_clv');
is(asked(q{SELECT purchase_model('one rate', '{"gap": 2}', 'week') = purchase_model('POISSON', '{"gap": 14}'), purchase_model('poisson', '{"gap": 1}') = purchase_model('nbd', '{"r": 1, "alpha": 1}')}),
	't|f', 'made by any of its names, in any unit');
is(asked(q{SELECT count(DISTINCT customer_id), count(*) BETWEEN 2350 AND 2650 FROM simulate_orders(1000, '200 days', 1, purchase_model => (SELECT m FROM models))}),
	'1000|t', 'simulated');
is(asked(q{SELECT (SELECT min(aic) FROM unnest(ARRAY['poisson', 'nbd', 'bg/nbd', 'mbg/nbd', 'pareto/nbd', 'bg/cnbd-k', 'mbg/cnbd-k']) k, model_info(fit_purchases(b, k))) = i.aic FROM cells, model_info(fit_purchases(b, 'auto')) i}),
	't', 'auto tries it with the others');
my ($status, undef, $message) = $node->psql('postgres', q~SELECT purchase_model('none', '{}')~);
like($message, qr/Models are poisson, nbd, .* and mbg\/cnbd-k\./, 'hints name it');

# The product knows nothing of it, and says of a stored one whose it may be.
library('$libdir/retention', "$build/retention.so");
($status, undef, $message) = $node->psql('postgres', 'SELECT m FROM models');
like($message, qr/unknown model in a value of type purchase_model: 250\nHINT:  A newer version of the extension may have written it\./, 'stored by a library that knows more');
is(asked(q{SELECT model FROM (SELECT purchase_model('nbd', '{"r": 1, "alpha": 1}')::jsonb ->> 'model') m (model)}), 'nbd', 'what it knows it reads');

done_testing();
