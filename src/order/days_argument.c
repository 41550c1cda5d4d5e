/*-------------------------------------------------------------------------
 *
 * days_argument.c
 *	  Numbers of days that callers ask about: one, an array, or a text, '90' or
 *	  '{30,60,90}'.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/days_argument.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/* _retention_days(int4) */
PG_FUNCTION_INFO_V1(retention_days_of_number);
Datum
retention_days_of_number(PG_FUNCTION_ARGS)
{
	Datum		days = PG_GETARG_DATUM(0);

	PG_RETURN_POINTER(construct_array(&days, 1, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/* _retention_days(text) */
PG_FUNCTION_INFO_V1(retention_days_of_text);
Datum
retention_days_of_text(PG_FUNCTION_ARGS)
{
	char	   *written = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool		several = strchr(written, '{') != NULL;
	Datum		days;

	if (written[strspn(written, several ? "{}0123456789-+, \t\nNULnul" : "0123456789-+ \t\n")] != '\0' ||
		strpbrk(written, "{0123456789") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("days must be a number, or an array of numbers: \"%s\"", written),
				 strspn(written, "0123456789, ") == strlen(written) && strchr(written, ',') ?
				 errhint("Write '{%s}'.", written) : errhint("Write 90, or '{30,60,90}'.")));
	if (several)
		PG_RETURN_DATUM(OidInputFunctionCall(F_ARRAY_IN, written, INT4OID, -1));
	days = DirectFunctionCall1(int4in, CStringGetDatum(written));
	PG_RETURN_POINTER(construct_array(&days, 1, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/* _retention_day_count(text): of one number */
PG_FUNCTION_INFO_V1(retention_day_count_of_text);
Datum
retention_day_count_of_text(PG_FUNCTION_ARGS)
{
	char	   *written = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (written[strspn(written, "0123456789-+ \t\n")] != '\0' || strpbrk(written, "0123456789") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("days must be a whole number: \"%s\"", written),
				 errhint("Write the number alone, as 90.")));
	return DirectFunctionCall1(int4in, CStringGetDatum(written));
}

/* Numbers of days to look for: none is missing, or less than 0. */
int32 *
retention_days_of_array(ArrayType *array, int *n)
{
	Datum	   *datums;
	bool	   *nulls;
	int32	   *days;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("days must be an array of one dimension, not %d", ARR_NDIM(array))));
	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &datums, &nulls, n);
	days = palloc(Max(*n, 1) * sizeof(int32));
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("number of days must not be null")));
		days[i] = DatumGetInt32(datums[i]);
		if (days[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("number of days must not be negative: %d", days[i])));
	}
	return days;
}
