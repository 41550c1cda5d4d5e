/*-------------------------------------------------------------------------
 *
 * days.c
 *	  Numbers of days that callers write as a text: '90', '{30,60,90}'.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

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
				 errhint("Write 90, or '{30,60,90}'.")));
	if (several)
		PG_RETURN_DATUM(OidInputFunctionCall(F_ARRAY_IN, written, INT4OID, -1));
	days = DirectFunctionCall1(int4in, CStringGetDatum(written));
	PG_RETURN_POINTER(construct_array(&days, 1, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}
