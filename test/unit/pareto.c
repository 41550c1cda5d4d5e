/* Pareto/NBD, against its definition and published numbers. */
#include "check.h"
#include "model/purchase_kind.h"

static PurchaseModel
model_of(double r, double alpha, double s, double beta)
{
	return (PurchaseModel) {&retention_pareto_nbd, 1, {r, alpha, s, beta}};
}

/*
 * Numbers printed by others, as many digits as they were printed with.  Those
 * of BTYD's walk-through depend on where its optimiser stopped, which isn't
 * printed: they are compared with what the true optimum gives, which agrees to
 * three digits.
 */
static void
published(void)
{
	static const double new_customer[] = {
		0, .05077821, .09916088, .14542507, .18979930, .23247466, .27361274, .31335159, .35181024, .38909211
	};
	static const double paradox[] = {.7062289, .1442396, .02250658, .00309267};
	static const Buyer others[] = {{3, 28, 39}, {0, 0, 39}, {26, 30.86, 31}};
	static const double discounted[] = {11.19079785, .8578779138, 109.9014701};
	const PurchaseKind *kind = &retention_pareto_nbd;
	PurchaseModel manual = model_of(.55, 10.56, .61, 11.64);
	PurchaseModel cdnow = model_of(0.55327704685, 10.577683463, 0.60623998913, 11.668735289);
	/* of times rounded to two decimals, as that data set is often passed on */
	PurchaseModel rounded = model_of(0.55327550869, 10.5776122387, 0.606213568674, 11.6679112379);
	PurchaseModel another = model_of(0.5629966, 12.5590370, 0.4081095, 10.5148048);
	Buyer		one = {2, 30.43, 38.86};
	Buyer		often = {26, 30.86, 31};
	Check		weeks = CHECK("a new customer's purchases, week by week", 5.1e-9);
	Check		exact = CHECK("published predictions", 6e-8);
	Check		roughly = CHECK("predictions of BTYD's fit", 1e-3);

	for (int t = 0; t < 10; t++)
		check_close(&weeks, kind->expected(&manual, NULL, t), new_customer[t], 1, "t = %d", t);

	check_close(&exact, kind->expected(&rounded, &one, 39), 1.455112938, 0, "purchases of 39 weeks");
	check_close(&exact, exp(kind->log_alive(&rounded, &one)), .8691187, 0, "P(alive)");
	for (int i = 0; i < 3; i++)
		check_close(&exact, kind->discounted(&another, &others[i], .0027), discounted[i], 0, "discounted, %d", i);

	check_close(&roughly, kind->expected(&cdnow, NULL, 52), 1.473434, 0, "a new customer");
	check_close(&roughly, kind->expected(&cdnow, &often, 52), 25.45647, 0, "customer 1516");
	check_close(&roughly, exp(kind->log_alive(&cdnow, &often)), .997874, 0, "customer 1516, P(alive)");
	for (int i = 0; i < 4; i++)
	{
		Buyer		buyer = {10 + 5 * i, 20, 39};
		double		value = kind->expected(&cdnow, &buyer, 52);

		check_close(&roughly, value, paradox[i], 0, "x = %g", buyer.x);
		if (i > 0)
			check_true("who bought more is expected to buy less", value < paradox[i - 1]);
	}

	check_say(&weeks);
	check_say(&exact);
	check_say(&roughly);
}

/* Whatever the customer and the parameters, results are numbers, and possible ones. */
static void
hard_cases(void)
{
	static const double sizes[] = {1e-8, 1e-3, 1, 1e3, 1e8};
	static const Buyer buyers[] = {
		{0, 0, 0}, {0, 0, 1}, {1, 0, 0}, {1, 0, 1}, {1, 1, 1}, {5, 1e-9, 1}, {500, 1, 1}, {500, 0.5, 1},
		{1000, 0, 1e-6}, {0, 0, 1e5}, {3, 99999.999, 1e5}, {1e6, 5, 10}
	};
	bool		finite = true;

	for (int i = 0; i < 5 * 5 * 5 * 5; i++)
	{
		PurchaseModel model = model_of(sizes[i % 5], sizes[i / 5 % 5], sizes[i / 25 % 5], sizes[i / 125]);

		for (int j = 0; j < (int) (sizeof(buyers) / sizeof(buyers[0])); j++)
		{
			const PurchaseKind *kind = model.kind;
			BuyerCell	cell = {buyers[j], 3};
			double		gradient[PURCHASE_MAX_PARAMS] = {0};
			double		loglik = kind->loglik(&model, &cell, 1, gradient);
			double		alive = kind->log_alive(&model, &buyers[j]);
			double		some = kind->probability(&model, &buyers[j], 2, 10);
			double		none = kind->probability(&model, &buyers[j], 0, 10);
			bool		good = isfinite(loglik)
				&& isfinite(gradient[0]) && isfinite(gradient[1])
				&& isfinite(gradient[2]) && isfinite(gradient[3])
				&& alive <= 0
				&& isfinite(kind->expected(&model, &buyers[j], 10))
				&& isfinite(kind->discounted(&model, &buyers[j], 1e-3))
				&& some >= 0 && none >= 0 && some + none <= 1 + 1e-7;

			if (!good && finite)
			{
				printf("# r %g alpha %g s %g beta %g x %g t_x %g T %g: %g (%g %g %g %g), alive %g, none %g, two %g, %g %g\n",
					   model.params[0], model.params[1], model.params[2], model.params[3],
					   buyers[j].x, buyers[j].t_x, buyers[j].t, loglik,
					   gradient[0], gradient[1], gradient[2], gradient[3], alive, none, some,
					   kind->expected(&model, &buyers[j], 10), kind->discounted(&model, &buyers[j], 1e-3));
				finite = false;
			}
		}
	}
	check_true("hard cases give numbers", finite);
}

/* Probabilities are all there is, and their mean is the expectation. */
static void
distributions(void)
{
	static const Buyer buyers[] = {{0, 0, 20}, {0, 0, 0}, {1, 3, 20}, {12, 19, 20}, {12, 9, 20}};
	static const double times[] = {0, 0.5, 30};
	Check		all = CHECK("probabilities add up to 1", 1e-12);
	Check		mean = CHECK("and to the expectation", 1e-11);

	for (int i = 0; i < 2 * 5 * 3; i++)
	{
		PurchaseModel model = i % 2 ? model_of(0.6, 10, 0.5, 12) : model_of(2, 7, 3, 3);
		const Buyer *buyer = &buyers[i / 2 % 5];
		double		t = times[i / 10];
		double		sum = 0;
		double		purchases = 0;

		for (int n = 0; n < 1000; n++)
		{
			double		p = model.kind->probability(&model, buyer, n, t);

			sum += p;
			purchases += n * p;
		}
		check_close(&all, sum, 1, 0, "x = %g, t = %g", buyer->x, t);
		check_close(&mean, purchases, model.kind->expected(&model, buyer, t), 0, "x = %g, t = %g", buyer->x, t);
	}
	check_say(&all);
	check_say(&mean);
	check_true("a half or minus one purchase can't be",
			   retention_pareto_nbd.probability(&(PurchaseModel) {&retention_pareto_nbd, 1, {1, 1, 1, 1}}, NULL, 0.5, 1) == 0
			   && retention_pareto_nbd.probability(&(PurchaseModel) {&retention_pareto_nbd, 1, {1, 1, 1, 1}}, NULL, -1, 1) == 0);
}

int
main(int argc, char **argv)
{
	const PurchaseKind *kind = &retention_pareto_nbd;
	Check		loglik = CHECK("log-likelihood", 1e-12);
	Check		gradient = CHECK("its gradient", 1e-10);
	Check		alive = CHECK("ln P(alive)", 1e-11);
	Check		expected = CHECK("expected purchases", 1e-11);
	Check		probability = CHECK("probability of n purchases", 1e-10);
	Check		discounted = CHECK("discounted purchases", 1e-11);
	FILE	   *file = check_open_points(argc, argv, "pareto.txt");
	char		word[40];
	double		v[CHECK_MAX_NUMBERS];
	int			n;

	while (check_next_point(file, word, sizeof(word), v, &n))
	{
		PurchaseModel model = model_of(v[0], v[1], v[2], v[3]);
		Buyer		buyer = {v[4], v[5], v[6]};
		char		where[300];

		snprintf(where, sizeof(where), "r %.17g alpha %.17g s %.17g beta %.17g x %g t_x %.17g T %.17g, %g %g",
				 v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]);
		if (strcmp(word, "loglik") == 0)
		{
			/* twice, so that what is kept from one cell to the next is used */
			BuyerCell	cells[2] = {{buyer, 0.25}, {buyer, 0.75}};
			double		by[PURCHASE_MAX_PARAMS] = {0};

			check_close(&loglik, kind->loglik(&model, cells, 2, by), v[7], 1, "%s", where);
			/* by the parameter's logarithm, or relative to what that is if it's above 1 */
			for (int i = 0; i < 4; i++)
				check_close(&gradient, by[i], v[8 + i], 1 / v[i], "%s, by %s", where, kind->about.params[i]);
		}
		else if (strcmp(word, "alive") == 0)
			check_close(&alive, kind->log_alive(&model, &buyer), v[7], 0, "%s", where);
		else if (strcmp(word, "expected") == 0)
			check_close(&expected, kind->expected(&model, &buyer, v[7]), v[8], 0, "%s", where);
		else if (strcmp(word, "probability") == 0)
			check_close(&probability, kind->probability(&model, &buyer, v[7], v[8]), v[9], 0, "%s", where);
		else if (strcmp(word, "discounted") == 0)
			check_close(&discounted, kind->discounted(&model, &buyer, v[7]), v[8], 0, "%s", where);
	}
	fclose(file);

	check_say(&loglik);
	check_say(&gradient);
	check_say(&alive);
	check_say(&expected);
	check_say(&probability);
	check_say(&discounted);
	published();
	distributions();
	hard_cases();
	return check_failed;
}
