/*
 * (M)BG/CNBD-k: against mpmath; with k = 1, against (M)BG/NBD, which it then
 * is; and what must hold among its own results.
 */
#include "check.h"
#include "math/quadrature.h"
#include "model/purchase_kind.h"
#include "points.h"

/* All of the points of BG/NBD and MBG/NBD, whose k is 1. */
static void
check_k_is_one(int argc, char **argv)
{
	FILE	   *file = check_open_points(argc, argv, "bgnbd.txt");
	char		name[40];
	double		v[CHECK_MAX_NUMBERS];
	int			n;
	Check		same = CHECK("k = 1 is (M)BG/NBD", 1e-11);

	while (check_next_point(file, name, sizeof(name), v, &n))
	{
		PurchaseModel plain = points_model(name, v);
		PurchaseModel regular = plain;
		Buyer		buyer = {v[4], v[5], v[6]};
		BuyerCell	cell = {buyer, 1};
		double		g[4] = {0};
		double		h[4] = {0};

		regular.kind = plain.kind == &retention_bg_nbd ? &retention_bg_cnbd_k : &retention_mbg_cnbd_k;

		check_close(&same, regular.kind->loglik(&regular, &cell, 1, h),
					plain.kind->loglik(&plain, &cell, 1, g), 1, "loglik");
		for (int i = 0; i < 4; i++)
			check_close(&same, h[i] * v[i], g[i] * v[i], fmax(1, fabs(v[10])), "by %s", plain.kind->about.params[i]);
		check_close(&same, regular.kind->log_alive(&regular, &buyer), plain.kind->log_alive(&plain, &buyer), 0, "alive");
		check_close(&same, regular.kind->expected(&regular, &buyer, v[7]), plain.kind->expected(&plain, &buyer, v[7]),
					0, "expected %.17g %.17g %.17g %.17g, %g %g %g, %.17g", v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
		check_close(&same, regular.kind->probability(&regular, &buyer, v[8], v[7]),
					plain.kind->probability(&plain, &buyer, v[8], v[7]), 0, "probability");
		check_close(&same, regular.kind->discounted(&regular, &buyer, v[9]), plain.kind->discounted(&plain, &buyer, v[9]),
					0, "discounted %.17g %.17g %.17g %.17g, %g %g %g, %.17g", v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[9]);
	}
	fclose(file);
	check_say(&same);
}

/* Rates that hardly differ, where BG/NBD's series cancels and its others have to do. */
static void
check_far_out(void)
{
	Check		same = CHECK("k = 1 is BG/NBD, with any parameters", 1e-9);
	static const double values[] = {1e-3, .3, 1, 40, 1e3, 1e5};

	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 6; j++)
			for (int l = 0; l < 6; l++)
				for (double t = 0.1; t < 1e4; t *= 30)
				{
					PurchaseModel plain = {&retention_bg_nbd, 1, {values[i], 30, values[j], values[l]}};
					PurchaseModel regular = {&retention_bg_cnbd_k, 1, {values[i], 30, values[j], values[l]}};

					check_close(&same, plain.kind->expected(&plain, NULL, t),
								regular.kind->expected(&regular, NULL, t), 0, "%g %g %g %g",
								values[i], values[j], values[l], t);
				}
	check_say(&same);
}

/* Probabilities add up to 1, and n times them to what's expected. */
static void
check_sums(void)
{
	Check		sums = CHECK("probabilities add up to 1", 1e-12);
	Check		means = CHECK("their mean is what's expected", 1e-10);
	static const Buyer buyers[] = {{0, 0, 40}, {3, 30, 41}, {12, 80, 80}, {50, 100, 130}};

	for (int k = 1; k <= PURCHASE_MAX_K; k++)
		for (int i = -1; i < 8; i++)
		{
			const PurchaseKind *kind = i % 2 ? &retention_bg_cnbd_k : &retention_mbg_cnbd_k;
			PurchaseModel model = {kind, k, {1.2, 5.0 * k, .8, 2.5}};
			const Buyer *buyer = i < 0 ? NULL : &buyers[i / 2];
			double		sum = 0;
			double		mean = 0;

			for (int n = 0; n < 1000; n++)
			{
				double		p = kind->probability(&model, buyer, n, 39);

				sum += p;
				mean += n * p;
			}
			check_close(&sums, sum, 1, 0, "k = %d", k);
			check_close(&means, kind->expected(&model, buyer, 39), mean, 0, "k = %d", k);
		}
	check_say(&sums);
	check_say(&means);
}

typedef struct Worth
{
	PurchaseModel model;
	const Buyer *buyer;
	double		delta;
} Worth;

static double
worth_at(void *arg, double s)
{
	const Worth *worth = arg;

	return worth->delta * exp(-worth->delta * s) * worth->model.kind->expected(&worth->model, worth->buyer, s);
}

/* Of customers so much alike that all buy in step for a while: the panels are short enough. */
static void
check_discounting(void)
{
	Check		panels = CHECK("discounted, in as many panels as it takes", 1e-11);
	static const Buyer buyers[] = {{0, 0, 40}, {3, 30, 41}, {50, 100, 130}};

	for (int k = 1; k <= PURCHASE_MAX_K; k += k < 3 ? 1 : 3)
		for (int i = -1; i < 3; i++)
			for (int j = 0; j < 3; j++)
			{
				Worth		worth = {{&retention_mbg_cnbd_k, k, {j == 0 ? 0.3 : 9, 20, j == 2 ? .05 : 2, 3}},
					i < 0 ? NULL : &buyers[i], 1e-3};
				double		truth = 0;
				double		t = 700;

				for (double from = 0, to = 0.01; from < t; from = to, to = fmin(3 * to, t))
					truth += retention_integrate(worth_at, &worth, from, to, 1e-13);
				truth += exp(-worth.delta * t) * worth.model.kind->expected(&worth.model, worth.buyer, t);
				check_close(&panels, retention_discounted_purchases(&worth.model, worth.buyer, t, worth.delta, NULL),
							truth, 0, "k = %d, r = %g, i = %d", k, worth.model.params[0], i);
			}
	check_say(&panels);
}

int
main(int argc, char **argv)
{
	check_points(argc, argv, "cnbd.txt");
	check_k_is_one(argc, argv);
	check_far_out();
	check_sums();
	check_discounting();
	return check_failed;
}
