/*-------------------------------------------------------------------------
 *
 * rfm_score.c
 *	  rfm_score: into which class a value falls, between given thresholds.
 *
 * Classes that are cut by rank (ntile) put customers who are equal into
 * different ones, and mean something else each time they are cut.  One that
 * is cut by value does neither.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "metric/thresholds.h"

#include "fmgr.h"

/* The elements of an array, which rise, and how many they are. */
const double *
retention_thresholds(ArrayType *array, int *n)
{
	const double *thresholds = (const double *) ARR_DATA_PTR(array);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("thresholds must be an array of one dimension, not %d", ARR_NDIM(array))));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("threshold must not be null")));

	/* without nulls the elements lie there as a C array's do */
	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	for (int i = 0; i < *n; i++)
	{
		if (isnan(thresholds[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("threshold must not be NaN")));
		if (i > 0 && thresholds[i] < thresholds[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("thresholds must rise: %g comes before %g", thresholds[i - 1], thresholds[i]),
					 errhint("Where less is better, write %d - rfm_score(...), with thresholds that rise.", *n + 2)));
	}
	return thresholds;
}

/* rfm_score(float8, float8[]): 1 + the thresholds below the value */
PG_FUNCTION_INFO_V1(retention_rfm_score);
Datum
retention_rfm_score(PG_FUNCTION_ARGS)
{
	double		value = PG_GETARG_FLOAT8(0);
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	const double *thresholds;
	int			n;
	int32		score = 1;

	if (isnan(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("value must not be NaN")));
	thresholds = retention_thresholds(array, &n);
	for (int i = 0; i < n; i++)
		score += thresholds[i] < value;
	PG_FREE_IF_COPY(array, 1);
	PG_RETURN_INT32(score);
}
