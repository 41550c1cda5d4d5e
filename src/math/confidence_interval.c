/*-------------------------------------------------------------------------
 *
 * confidence_interval.c
 *	  Confidence intervals of shares.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "math/confidence_interval.h"

/*
 * The score interval of Wilson (1927, JASA 22, 209-212) for hits of n, at 95 %:
 * it stays within 0 and 1, and is right for small n and rare hits, where the
 * usual p +- 2 sd is not.
 */
void
retention_wilson_interval(double hits, double n, double *lower, double *upper)
{
	double		z2 = NORMAL_975 * NORMAL_975;
	double		center = (hits + z2 / 2) / (n + z2);
	double		half = NORMAL_975 / (n + z2) * sqrt(hits * ((n - hits) / n) + z2 / 4);

	/* where they are known, say them exactly */
	*lower = hits == 0 ? 0 : center - half;
	*upper = hits == n ? 1 : center + half;
}
