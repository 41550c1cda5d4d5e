/* BG/NBD and MBG/NBD: against mpmath, and against published numbers. */
#include "check.h"
#include "model/purchase_kind.h"
#include "points.h"

static void
check_published(void)
{
	/* in weeks; of the CDNOW sample */
	PurchaseModel bg = {&retention_bg_nbd, 1, {0.24259452243, 4.4136020190, 0.79292201723, 2.4259067768}};
	PurchaseModel mbg = {&retention_mbg_nbd, 1, {0.52484315911, 6.1830852796, 0.89135939073, 1.6140022402}};
	PurchaseModel stays_or_leaves = {&retention_bg_nbd, 1, {.243, 4.414, 1e-30, 1e-30}};
	PurchaseModel rounded = {&retention_bg_nbd, 1, {.243, 4.414, .793, 2.426}};
	PurchaseModel btyd = {&retention_bg_nbd, 1, {.2425982, 4.4136842, .7929899, 2.4261667}};
	PurchaseModel lifetimes = {&retention_bg_nbd, 1, {0.2425929072, 4.4135315612, 0.7928861481, 2.4257534365}};
	Buyer		two = {2, 30.43, 38.86};
	Buyer		best = {26, 216 / 7.0, 31};
	static const double times[] = {.1429, 1, 3, 31.8571, 32, 78};
	static const double sales[] = {.0078160, .0531842, .1506306, 1.0404868, 1.0437297, 1.8579419};
	static const double frequent[] = {.3474606, .04283391, .004158973, .0003583685};
	Check		predictions = CHECK("published predictions", 3e-6);
	Check		new_customers = CHECK("published sales to new customers", 6e-8);
	Check		rare = CHECK("the paradox of frequency, as published", 6e-6);
	Check		sums = CHECK("probabilities add up to 1", 1e-12);

	check_close(&predictions, bg.kind->expected(&lifetimes, &two, 39), 1.225910424, 0, "two, BG");
	check_close(&predictions, mbg.kind->expected(&mbg, &two, 39), 1.262670779, 0, "two, MBG");
	check_close(&predictions, exp(bg.kind->log_alive(&lifetimes, &two)), .7266091, 0, "two alive, BG");
	check_close(&predictions, exp(mbg.kind->log_alive(&mbg, &two)), .7061263, 0, "two alive, MBG");
	check_close(&predictions, bg.kind->expected(&btyd, &best, 52), 25.75659, 0, "1516");
	check_close(&predictions, exp(bg.kind->log_alive(&btyd, &best)), .9688523, 0, "1516 alive");
	for (int i = 0; i < 6; i++)
		check_close(&new_customers, bg.kind->expected(&btyd, NULL, times[i]), sales[i], 1, "%g", times[i]);
	for (int i = 0; i < 4; i++)
	{
		Buyer		buyer = {10 + 5 * i, 20, 39};

		check_close(&rare, bg.kind->expected(&btyd, &buyer, 52), frequent[i], 0, "x = %g", buyer.x);
	}
	check_close(&predictions, bg.kind->probability(&rounded, NULL, 0, 39), .5737864, 0, "P(X(39) = 0)");
	check_close(&predictions, bg.kind->probability(&rounded, NULL, 10, 2), 1.07869e-07, 0, "P(X(2) = 10)");
	check_close(&predictions, bg.kind->probability(&rounded, NULL, 11, 30), .0019995214, 0, "P(X(30) = 11)");
	check_close(&predictions, bg.kind->probability(&rounded, NULL, 20, 30), .0002222260, 0, "P(X(30) = 20)");
	check_say(&predictions);
	check_say(&new_customers);
	check_say(&rare);

	for (int i = 0; i < 6; i++)
	{
		const PurchaseModel *model = i < 2 ? &bg : i < 4 ? &mbg : &stays_or_leaves;
		double		sum = 0;

		for (int n = 0; n < 2000; n++)
			sum += model->kind->probability(model, i % 2 ? &two : NULL, n, 39);
		check_close(&sums, sum, 1, 0, "%s", model->kind->about.name);
	}
	check_say(&sums);
}

/* pymc's points, of one customer each */
static void
check_logliks(void)
{
	static const double truth[2][2] = {{-.59947382, 100.7957}, {-.41792826, 100.7869}};
	Check		logliks = CHECK("published log-likelihoods", 1e-6);

	for (int m = 0; m < 2; m++)
		for (int i = 0; i < 2; i++)
		{
			PurchaseModel model = {m == 0 ? &retention_bg_nbd : &retention_mbg_nbd, 1, {.25, 4, .8, 2.5}};
			BuyerCell	cell = {{i == 0 ? 0 : 200, i == 0 ? 0 : 38, 40}, 1};
			double		gradient[4] = {0};

			check_close(&logliks, model.kind->loglik(&model, &cell, 1, gradient), truth[m][i], 1, "%d %d", m, i);
		}
	check_say(&logliks);
}

int
main(int argc, char **argv)
{
	check_points(argc, argv, "bgnbd.txt");
	check_published();
	check_logliks();
	return check_failed;
}
