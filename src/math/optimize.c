/*-------------------------------------------------------------------------
 *
 * optimize.c
 *	  The largest value of a smooth function of a few positive parameters.
 *
 * Likelihoods of the models are smooth, dear (a sum over all customers), and
 * have one maximum where the data decide and a ridge that rises forever where
 * they don't: no customer has been seen leaving, say.  So there are three parts.
 *
 * 1. BFGS climbs, taking value and derivatives of each point that the line
 *	  search tries; a step is 2 at most in any logarithm, and a value that isn't
 *	  finite is below all others, so that wild starts and overflow do no harm.
 * 2. Near the top the matrix of second derivatives is taken, and with it
 *	  Newton's steps, which look at derivatives only: values are all the same
 *	  there to the last digit.  One matrix does for all of these steps, as the
 *	  first leaves next to nothing for the others to do.
 * 3. A ridge shows in a matrix that isn't definite, or in a Newton step that is
 *	  long although there is nothing left to gain.  Then whichever parameter can
 *	  be moved to an end of its range without loss is put there, alone or with
 *	  the others along the matrix's flattest direction, and the others are tried
 *	  again: what is left is the model that the data do speak of.
 *
 * A search that has ended anywhere but on a proper top is made again from
 * another start, and the better of the two counts.
 *
 *-------------------------------------------------------------------------
 */
#include "math/optimize.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define N				OPTIMIZE_MAX_PARAMS

#define LONGEST_STEP	2.0
#define MAX_ITERATIONS	100		/* of a climb */
#define MAX_TRIALS		40		/* of a line search */
#define MAX_ROUNDS		8		/* of climbing and Newton's method */
#define MAX_EVALUATIONS	400		/* in all, from one start */
#define MAX_EVALUATIONS_ONCE	100 /* of a search that is one more */
#define MAX_NEWTON		8		/* steps with one matrix */

/* Of the derivatives, relative to the value: end of the climb, and of it all. */
#define NEAR_THE_TOP	1e-6
#define AT_THE_TOP		1e-8

/* A step of Newton's method (in logarithms) that is left to do at the top. */
#define SMALL_STEP		1e-6

/*
 * What the value may fall by when a parameter is moved to an end: nothing, for
 * the logarithm of a likelihood, but more than is lost to rounding out there.
 */
#define LOSS			1e-6
#define RELATIVE_LOSS	1e-9

/* Half the distance of the points of which second derivatives are differences. */
#define DIFFERENCE		1e-4

/*
 * Second derivatives, relative to the value, below which they may be nothing
 * but the rounding of the function, divided by that distance.
 */
#define DIFFERENCE_NOISE	1e-10

/*
 * Of a profile: evaluations for one of its points, points tried, the depth from one to
 * the next as a share of the whole, and a step that is not made shorter.
 */
#define MAX_PROFILE_EVALUATIONS	60
#define MAX_PROFILE_TRIALS		30
#define PROFILE_STEP			0.35
#define SHORTEST_PROFILE_STEP	1e-3

typedef struct Point
{
	double		theta[N];		/* logarithms of the parameters, or of their ratios */
	double		slope[N];		/* derivatives by them */
	double		value;
} Point;

typedef struct Search
{
	ObjectiveFunction function;
	void	   *arg;
	int			n;
	bool		fixed[N];		/* not to be moved at all */
	signed char powers[N][N];	/* of the coordinates in a parameter: 1 of its own, those of the ratios */
	double		lowest;			/* theta at the ends */
	double		highest;
	int			iterations;
	int			evaluations;
	int			most_evaluations;
	Point		best;
} Search;

/* Minus the second derivatives by the parameters that are free, as L D L'. */
typedef struct Curvature
{
	int			n;
	int			which[N];		/* the free ones */
	double		matrix[N][N];
	double		l[N][N];
	double		d[N];
	bool		definite;
} Curvature;

static inline double
size_of(double value)
{
	return fmax(1, fabs(value));
}

static inline double
no_loss(double value)
{
	return LOSS + RELATIVE_LOSS * fabs(value);
}

static inline double
parameter(const Search *search, double theta)
{
	/* exactly at the ends */
	if (theta <= search->lowest)
		return OPTIMIZE_LOWEST;
	if (theta >= search->highest)
		return OPTIMIZE_HIGHEST;
	return exp(theta);
}

/* All parameters of a point. */
static void
get_params(const Search *search, const Point *point, double *params)
{
	double		own[N];

	for (int i = 0; i < search->n; i++)
		params[i] = own[i] = parameter(search, point->theta[i]);
	for (int i = 0; i < search->n; i++)
		for (int j = 0; j < search->n; j++)
			if (j != i && search->powers[i][j] != 0)
				params[i] *= search->powers[i][j] == 1 ? own[j] :
					search->powers[i][j] == -1 ? 1 / own[j] : pow(own[j], search->powers[i][j]);
}

static inline double
within(const Search *search, double theta)
{
	return fmin(fmax(theta, search->lowest), search->highest);
}

static void
evaluate(Search *search, Point *point)
{
	double		params[N];
	double		by_params[N] = {0};
	bool		finite;

	get_params(search, point, params);
	point->value = search->function(search->arg, params, by_params);
	search->evaluations++;

	finite = isfinite(point->value);
	for (int i = 0; i < search->n; i++)
	{
		point->slope[i] = 0;
		for (int j = 0; j < search->n; j++)
			if (search->powers[j][i] != 0)
				point->slope[i] += search->powers[j][i] * (by_params[j] * params[j]);
		finite = finite && isfinite(point->slope[i]);
	}
	if (!finite)
		point->value = -INFINITY;
}

/*
 * At an end of its range, and not to be moved from there: to go back must
 * promise more than rounding does.
 */
static bool
is_held(const Search *search, const Point *point, int i)
{
	double		inward;

	if (search->fixed[i])
		return true;
	if (point->theta[i] <= search->lowest)
		inward = point->slope[i];
	else if (point->theta[i] >= search->highest)
		inward = -point->slope[i];
	else
		return false;
	return !(inward > AT_THE_TOP * size_of(point->value));
}

/* The largest derivative by a parameter that is free, relative to the value. */
static double
steepness(const Search *search, const Point *point)
{
	double		largest = 0;

	for (int i = 0; i < search->n; i++)
		if (!is_held(search, point, i))
			largest = fmax(largest, fabs(point->slope[i]));
	return largest / size_of(point->value);
}

/*
 * A point further up in a direction, from "from", whose value rises by "rise"
 * for a step of 1 there.  Enough further up: at least a bit of what the slope
 * promised (Armijo), and unless the step is the longest allowed, with most of
 * that slope used up (Wolfe).  False if there is none.
 */
static bool
line_search(Search *search, const Point *from, const double *direction, double rise, Point *to)
{
	double		rounding = 4 * DBL_EPSILON * size_of(from->value);
	double		longest = 0;
	double		low = 0;
	double		high;
	double		step;
	bool		found = false;

	for (int i = 0; i < search->n; i++)
		longest = fmax(longest, fabs(direction[i]));
	longest = LONGEST_STEP / longest;
	high = longest;
	step = fmin(1, longest);

	for (int trial = 0; trial < MAX_TRIALS; trial++)
	{
		Point		point;
		double		promised = 0;
		double		slope = 0;

		for (int i = 0; i < search->n; i++)
			point.theta[i] = within(search, from->theta[i] + step * direction[i]);
		evaluate(search, &point);
		for (int i = 0; i < search->n; i++)
		{
			/* at an end, only the part of the step that was possible */
			promised += from->slope[i] * (point.theta[i] - from->theta[i]);
			if (!is_held(search, &point, i))
				slope += point.slope[i] * direction[i];
		}

		if (point.value < from->value + 1e-4 * promised - rounding || isinf(point.value))
		{
			/* too far: the top of the parabola through what is known, or half */
			double		top = rise * step * step / (2 * (from->value + rise * step - point.value));

			high = step;
			if (found)
				break;
			step = isfinite(top) ? fmin(fmax(top, 0.1 * step), 0.5 * step) : 0.1 * step;
		}
		else
		{
			found = true;
			*to = point;
			if (slope <= 0.9 * rise || step >= high)
				break;
			low = step;
			step = high < longest ? (low + high) / 2 : fmin(4 * step, longest);
		}
	}
	return found;
}

/* Climbs from search->best until it's no steeper than that, or no further. */
static void
climb(Search *search, double enough)
{
	Point	   *best = &search->best;
	double		inverse[N][N];	/* of minus the second derivatives, so far */
	bool		held[N] = {false};
	bool		fresh = true;
	bool		first = true;
	int			n = search->n;

	for (int iteration = 0; iteration < MAX_ITERATIONS; iteration++)
	{
		Point		next;
		double		direction[N];
		double		rise = 0;
		double		s[N];
		double		y[N];
		double		curved = 0;
		double		yy = 0;

		if (steepness(search, best) <= enough || search->evaluations >= search->most_evaluations)
			return;

		for (int i = 0; i < n; i++)
		{
			if (is_held(search, best, i) != held[i])
				fresh = true;
			held[i] = is_held(search, best, i);
		}

		if (fresh)
		{
			/* the first step is 1, in the steepest parameter */
			double		largest = 0;

			for (int i = 0; i < n; i++)
				if (!held[i])
					largest = fmax(largest, fabs(best->slope[i]));
			memset(inverse, 0, sizeof(inverse));
			for (int i = 0; i < n; i++)
				inverse[i][i] = 1 / largest;
			first = true;
		}

		for (int i = 0; i < n; i++)
		{
			direction[i] = 0;
			if (held[i])
				continue;
			for (int j = 0; j < n; j++)
				if (!held[j])
					direction[i] += inverse[i][j] * best->slope[j];
			rise += direction[i] * best->slope[i];
		}

		search->iterations++;
		if (!(rise > 0) || !line_search(search, best, direction, rise, &next))
		{
			/* the matrix is spoilt: once more without, else it's the rounding */
			if (fresh)
				return;
			fresh = true;
			continue;
		}
		fresh = false;

		for (int i = 0; i < n; i++)
		{
			s[i] = held[i] ? 0 : next.theta[i] - best->theta[i];
			y[i] = held[i] ? 0 : best->slope[i] - next.slope[i];
			curved += s[i] * y[i];
			yy += y[i] * y[i];
		}
		if (curved > 1e-10 * sqrt(yy))
		{
			double		hy[N];
			double		yhy = 0;

			if (first)
			{
				memset(inverse, 0, sizeof(inverse));
				for (int i = 0; i < n; i++)
					inverse[i][i] = curved / yy;
				first = false;
			}
			for (int i = 0; i < n; i++)
			{
				hy[i] = 0;
				for (int j = 0; j < n; j++)
					hy[i] += inverse[i][j] * y[j];
				yhy += y[i] * hy[i];
			}
			for (int i = 0; i < n; i++)
				for (int j = 0; j < n; j++)
					inverse[i][j] += ((1 + yhy / curved) * s[i] * s[j] - hy[i] * s[j] - s[i] * hy[j]) / curved;
		}
		*best = next;
	}
}

/* L D L' of the matrix; what is left of a diagonal is above the noise, or the matrix not definite. */
static void
factorize(Curvature *curvature, double noise)
{
	int			n = curvature->n;

	curvature->definite = true;
	for (int j = 0; j < n; j++)
	{
		curvature->d[j] = curvature->matrix[j][j];
		for (int k = 0; k < j; k++)
			curvature->d[j] -= curvature->l[j][k] * curvature->l[j][k] * curvature->d[k];
		if (!(curvature->d[j] > noise))
		{
			curvature->definite = false;
			return;
		}
		for (int i = j + 1; i < n; i++)
		{
			double		sum = curvature->matrix[i][j];

			for (int k = 0; k < j; k++)
				sum -= curvature->l[i][k] * curvature->l[j][k] * curvature->d[k];
			curvature->l[i][j] = sum / curvature->d[j];
		}
	}
}

static inline double
noise_of(const Search *search)
{
	return DIFFERENCE_NOISE * size_of(search->best.value);
}

/* The second derivatives at search->best by the parameters that are free. */
static void
measure_curvature(Search *search, Curvature *curvature)
{
	const Point *at = &search->best;
	double		(*matrix)[N] = curvature->matrix;
	bool		finite = true;
	int			n = 0;

	for (int i = 0; i < search->n; i++)
		if (!is_held(search, at, i))
			curvature->which[n++] = i;
	curvature->n = n;

	for (int i = 0; i < n; i++)
	{
		int			which = curvature->which[i];
		Point		up = *at;
		Point		down = *at;

		up.theta[which] = within(search, at->theta[which] + DIFFERENCE);
		down.theta[which] = within(search, at->theta[which] - DIFFERENCE);
		evaluate(search, &up);
		evaluate(search, &down);
		finite = finite && isfinite(up.value) && isfinite(down.value);
		for (int j = 0; j < n; j++)
			matrix[i][j] = (down.slope[curvature->which[j]] - up.slope[curvature->which[j]])
				/ (up.theta[which] - down.theta[which]);
	}

	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			matrix[i][j] = matrix[j][i] = (matrix[i][j] + matrix[j][i]) / 2;

	curvature->definite = false;
	if (finite)
		factorize(curvature, noise_of(search));
}

/* x = (minus the second derivatives)^-1 x, of the free parameters */
static void
solve(const Curvature *curvature, double *x)
{
	int			n = curvature->n;

	for (int i = 0; i < n; i++)
		for (int k = 0; k < i; k++)
			x[i] -= curvature->l[i][k] * x[k];
	for (int i = n - 1; i >= 0; i--)
	{
		x[i] /= curvature->d[i];
		for (int k = i + 1; k < n; k++)
			x[i] -= curvature->l[k][i] * x[k];
	}
}

/* Newton's step from search->best; returns its largest part. */
static double
newton_step(const Search *search, const Curvature *curvature, double *step)
{
	double		largest = 0;

	for (int i = 0; i < curvature->n; i++)
		step[i] = search->best.slope[curvature->which[i]];
	solve(curvature, step);
	for (int i = 0; i < curvature->n; i++)
		largest = fmax(largest, fabs(step[i]));
	return largest;
}

/*
 * Newton's steps with one matrix, as long as they make the slope less.  Returns
 * the largest part of the step that would be next.
 */
static double
polish(Search *search, const Curvature *curvature)
{
	for (int i = 0;; i++)
	{
		double		step[N];
		double		largest = newton_step(search, curvature, step);
		double		shorter = fmin(1, LONGEST_STEP / largest);
		Point		next = search->best;

		if (largest == 0 || i == MAX_NEWTON)
			return largest;
		for (int j = 0; j < curvature->n; j++)
		{
			int			which = curvature->which[j];

			next.theta[which] = within(search, next.theta[which] + shorter * step[j]);
		}
		evaluate(search, &next);
		if (!(next.value >= search->best.value - 1e-12 * size_of(search->best.value)) ||
			!(steepness(search, &next) < 0.5 * steepness(search, &search->best)))
			return largest;
		search->best = next;
	}
}

/*
 * The direction in which a matrix is flattest, the eigenvector of its smallest
 * eigenvalue: by Jacobi's rotations, which take one element after the other away.
 */
static void
flattest_direction(const Curvature *curvature, double *direction)
{
	int			n = curvature->n;
	double		m[N][N];
	double		vectors[N][N] = {{0}};
	int			least = 0;

	memcpy(m, curvature->matrix, sizeof(m));
	for (int i = 0; i < n; i++)
		vectors[i][i] = 1;

	for (int sweep = 0; sweep < 20; sweep++)
		for (int p = 0; p < n; p++)
			for (int q = p + 1; q < n; q++)
			{
				double		theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
				double		t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
				double		c = 1 / sqrt(t * t + 1);
				double		s = t * c;

				if (m[p][q] == 0 || !isfinite(theta))
					continue;
				for (int i = 0; i < n; i++)
				{
					double		mp = m[i][p];
					double		vp = vectors[i][p];

					m[i][p] = c * mp - s * m[i][q];
					m[i][q] = s * mp + c * m[i][q];
					vectors[i][p] = c * vp - s * vectors[i][q];
					vectors[i][q] = s * vp + c * vectors[i][q];
				}
				for (int i = 0; i < n; i++)
				{
					double		mp = m[p][i];

					m[p][i] = c * mp - s * m[q][i];
					m[q][i] = s * mp + c * m[q][i];
				}
			}

	for (int i = 1; i < n; i++)
		if (m[i][i] < m[least][least])
			least = i;
	for (int i = 0; i < n; i++)
		direction[i] = vectors[i][least];
}

/*
 * Moves a parameter to an end of its range, if nothing is lost by that: the one
 * and the end that lose least, or gain; or several along the flattest direction.
 */
static bool
move_to_end(Search *search, const Curvature *curvature)
{
	Point		best = {.value = -INFINITY};
	double		direction[N];

	if (curvature->n == 0)
		return false;

	for (int i = 0; i < curvature->n; i++)
		for (int end = 0; end < 2; end++)
		{
			Point		point = search->best;
			int			which = curvature->which[i];

			point.theta[which] = end == 0 ? search->lowest : search->highest;
			evaluate(search, &point);
			if (point.value > best.value && is_held(search, &point, which))
				best = point;
		}

	if (!(best.value >= search->best.value - no_loss(search->best.value)))
	{
		flattest_direction(curvature, direction);
		for (int side = -1; side <= 1; side += 2)
		{
			Point		point = search->best;
			double		furthest = INFINITY;
			int			first = 0;

			for (int i = 0; i < curvature->n; i++)
			{
				double		theta = point.theta[curvature->which[i]];
				double		speed = side * direction[i];
				double		far = speed > 0 ? (search->highest - theta) / speed
					: speed < 0 ? (search->lowest - theta) / speed : INFINITY;

				if (far < furthest)
				{
					furthest = far;
					first = i;
				}
			}
			for (int i = 0; i < curvature->n; i++)
			{
				int			which = curvature->which[i];

				point.theta[which] = within(search, point.theta[which] + furthest * side * direction[i]);
				if (i == first)
					point.theta[which] = side * direction[i] > 0 ? search->highest : search->lowest;
			}
			evaluate(search, &point);
			if (point.value > best.value)
				best = point;
		}
	}

	if (!(best.value >= search->best.value - no_loss(search->best.value)))
		return false;
	search->best = best;
	return true;
}

/* All three parts from one start.  Is it a proper top? */
static bool
find_top(Search *search, const double *start, Curvature *curvature)
{
	for (int i = 0; i < search->n; i++)
	{
		double		theta = log(start[i]);

		for (int j = 0; j < search->n; j++)
			if (j != i && search->powers[i][j] != 0)
				theta -= search->powers[i][j] * log(start[j]);
		search->best.theta[i] = isnan(theta) ? 0 : within(search, theta);
	}
	evaluate(search, &search->best);

	/* where there is nothing to start from, towards the middle */
	for (int i = 0; i < 4 && isinf(search->best.value); i++)
	{
		for (int j = 0; j < search->n; j++)
			search->best.theta[j] /= i < 3 ? 4 : INFINITY;
		evaluate(search, &search->best);
	}

	curvature->definite = false;
	curvature->n = 0;
	if (isinf(search->best.value))
		return false;

	for (int round = 0; round < MAX_ROUNDS && search->evaluations < search->most_evaluations; round++)
	{
		double		before;

		climb(search, NEAR_THE_TOP);
		measure_curvature(search, curvature);
		before = search->best.value;
		if (curvature->definite)
		{
			double		left = polish(search, curvature);

			if (left <= SMALL_STEP && steepness(search, &search->best) <= AT_THE_TOP)
				return true;

			/* a good way up by Newton's method: on from there, with another matrix */
			if (search->best.value > before + no_loss(before))
				continue;
		}

		/*
		 * No top, and yet it may rise, ever so little at first: near a limit the
		 * slope by a logarithm is as small as the parameter itself.
		 */
		else
		{
			climb(search, AT_THE_TOP);
			if (search->best.value > before + no_loss(before))
				continue;
			measure_curvature(search, curvature);
		}

		if (!move_to_end(search, curvature) && !curvature->definite)
			return false;
	}
	return false;
}

static Search
begin_search(ObjectiveFunction function, void *arg, int nparams, const OptimizeRatios *ratios)
{
	Search		search = {
		.function = function,.arg = arg,.n = nparams,
		.lowest = log(OPTIMIZE_LOWEST),.highest = log(OPTIMIZE_HIGHEST),
		.most_evaluations = MAX_EVALUATIONS
	};

	if (ratios)
		memcpy(search.powers, *ratios, sizeof(search.powers));
	for (int i = 0; i < nparams; i++)
		search.powers[i][i] = 1;
	return search;
}

/*
 * The covariance of what is searched for, and so of the parameters' logarithms, which are
 * sums of that; 0 of what is not free.  Also the standard errors of the former.
 */
static void
invert(const Search *search, const Curvature *curvature, double (*result)[N], double *spread)
{
	double		covariance[N][N] = {{0}};

	for (int j = 0; curvature->definite && j < curvature->n; j++)
	{
		double		column[N] = {0};

		column[j] = 1;
		solve(curvature, column);
		for (int i = 0; i < curvature->n; i++)
			covariance[curvature->which[i]][curvature->which[j]] = column[i];
	}
	for (int i = 0; i < search->n; i++)
	{
		spread[i] = curvature->definite ? sqrt(covariance[i][i]) : NAN;
		for (int j = 0; j <= i; j++)
		{
			double		sum = curvature->definite ? 0 : NAN;

			for (int k = 0; k < search->n; k++)
				for (int l = 0; l < search->n; l++)
					sum += search->powers[i][k] * search->powers[j][l] * (covariance[k][l] + covariance[l][k]) / 2;
			result[i][j] = result[j][i] = sum;
		}
	}
}

static void
maximize(Search search, const double *start, bool twice, Optimum *optimum)
{
	static const double ones[N] = {1, 1, 1, 1, 1};
	int			nparams = search.n;
	Curvature	curvature;
	bool		proper;
	bool		interior;

	proper = find_top(&search, start, &curvature);
	interior = proper && curvature.n == nparams;
	if (!interior && twice)
	{
		Search		again = search;
		Curvature	curvature_again;
		bool		proper_again;
		double		gain;

		again.most_evaluations += again.evaluations;
		proper_again = find_top(&again, ones, &curvature_again);
		gain = again.best.value - search.best.value;

		search.iterations = again.iterations;
		search.evaluations = again.evaluations;
		if (isinf(search.best.value) || gain > no_loss(search.best.value) ||
			(proper_again && !proper && gain >= -no_loss(search.best.value)))
		{
			search.best = again.best;
			curvature = curvature_again;
			proper = proper_again;
		}
	}

	memset(optimum, 0, sizeof(*optimum));
	optimum->value = search.best.value;
	optimum->gradient_norm = steepness(&search, &search.best);
	optimum->iterations = search.iterations;
	optimum->evaluations = search.evaluations;
	optimum->definite = curvature.definite;
	optimum->converged = proper;
	get_params(&search, &search.best, optimum->params);
	invert(&search, &curvature, optimum->covariance, optimum->spread);
	for (int i = 0; i < nparams; i++)
	{
		optimum->at_bound[i] = search.best.theta[i] <= search.lowest || search.best.theta[i] >= search.highest;
		optimum->place[i] = search.best.theta[i];
	}
}

void
retention_maximize(ObjectiveFunction function, void *arg, int nparams,
				   const OptimizeRatios *ratios, const double *start, Optimum *optimum)
{
	maximize(begin_search(function, arg, nparams, ratios), start, true, optimum);
}

void
retention_maximize_once(ObjectiveFunction function, void *arg, int nparams,
						const OptimizeRatios *ratios, const double *start, Optimum *optimum)
{
	Search		search = begin_search(function, arg, nparams, ratios);

	search.most_evaluations = MAX_EVALUATIONS_ONCE;
	maximize(search, start, false, optimum);
}

/* Largest values with what is fixed where it is; from search->best. */
static void
profile_point(Search *search, double top, ProfilePoint *point)
{
	Curvature	curvature;
	double		spread[N];

	search->most_evaluations = search->evaluations + MAX_PROFILE_EVALUATIONS;
	climb(search, NEAR_THE_TOP);
	measure_curvature(search, &curvature);

	/* what the others say of the flattest one is not known: as if that were, too */
	while (!curvature.definite && curvature.n > 0)
	{
		int			least = 0;

		for (int i = 1; i < curvature.n; i++)
			if (!(curvature.matrix[i][i] >= curvature.matrix[least][least]))
				least = i;
		curvature.n--;
		for (int i = least; i < curvature.n; i++)
			curvature.which[i] = curvature.which[i + 1];
		for (int i = 0; i < curvature.n; i++)
			for (int j = 0; j < curvature.n; j++)
				curvature.matrix[i][j] = curvature.matrix[i + (i >= least)][j + (j >= least)];
		factorize(&curvature, noise_of(search));
	}
	curvature.definite = true;
	invert(search, &curvature, point->covariance, spread);
	get_params(search, &search->best, point->params);
	memcpy(point->place, search->best.theta, sizeof(point->place));
	point->drop = fmax(top - search->best.value, 0);
}

double
retention_lowest_place(void)
{
	return log(OPTIMIZE_LOWEST);
}

double
retention_highest_place(void)
{
	return log(OPTIMIZE_HIGHEST);
}

void
retention_profile_point(ObjectiveFunction function, void *arg, int nparams, const OptimizeRatios *ratios,
						const Optimum *optimum, const bool *fixed, ProfilePoint *point)
{
	Search		search = begin_search(function, arg, nparams, ratios);

	memcpy(search.fixed, fixed, nparams * sizeof(bool));
	memcpy(search.best.theta, point->place, sizeof(point->place));
	evaluate(&search, &search.best);
	profile_point(&search, optimum->value, point);
}

int
retention_profile(ObjectiveFunction function, void *arg, int nparams, const OptimizeRatios *ratios,
				  const Optimum *optimum, const ProfilePoint *from, const bool *fixed, int which, int side,
				  double step, double deepest, ProfilePoint *points, int most)
{
	Search		search = begin_search(function, arg, nparams, ratios);
	double		drop = from->drop;
	int			n = 0;

	memcpy(search.fixed, fixed, nparams * sizeof(bool));
	search.fixed[which] = true;
	memcpy(search.best.theta, from->place, sizeof(from->place));
	evaluate(&search, &search.best);
	for (int trial = 0; trial < MAX_PROFILE_TRIALS && n < most; trial++)
	{
		Point		before = search.best;

		search.best.theta[which] = within(&search, search.best.theta[which] + side * step);
		if (search.best.theta[which] == before.theta[which])
			break;
		evaluate(&search, &search.best);
		profile_point(&search, optimum->value, &points[n]);

		/* neither so far that what is between is not known, nor in small steps */
		if (!isfinite(search.best.value) ||
			(points[n].drop > drop + PROFILE_STEP * deepest && step > SHORTEST_PROFILE_STEP))
		{
			search.best = before;
			step /= 3;
			continue;
		}
		if (points[n].drop < drop + PROFILE_STEP * deepest / 4)
			step *= 2;
		drop = points[n++].drop;
		if (drop >= deepest)
			break;
	}
	return n;
}
