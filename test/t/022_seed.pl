# A simulated shop without a seed: it is another one each time, and a notice says
# which, so that it can be made again.

use strict;
use warnings;
use Retention;
use Test::More;

my $node = start_server('seed');
my $shop = q{SELECT md5(string_agg(o::text, ' ')) FROM simulate_orders(50, '1 year'%s) o};
my %shops;
foreach (1 .. 4)
{
	my ($status, $made, $notice) = $node->psql('postgres', sprintf($shop, ''));

	my ($seed) = $notice =~ /NOTICE:  the shop is made at random, with the seed (\d+)\nHINT:  To make the same again, write seed => \1\.$/
	  or fail("a notice: $notice");
	is($node->safe_psql('postgres', sprintf($shop, ", seed => $seed")), $made, 'the same with the seed that was said');
	$shops{$made} = 1;
}
cmp_ok(scalar keys %shops, '>', 1, 'another one each time');
my (undef, undef, $notice) = $node->psql('postgres', sprintf($shop, ', 7'));
is($notice, '', 'nothing is said of a seed that was given');

done_testing();
