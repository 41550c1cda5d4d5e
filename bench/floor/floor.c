/*
 * floor.c
 *	  An aggregate that does nothing, as a floor for those that do.
 *
 * What an aggregate over three columns can't save is the scan, the deforming
 * of its columns and one call a row.  This one pays for just that: it makes a
 * state of its own kind (passed by reference, in the aggregate's memory) at
 * the first row and hands back the same pointer ever after, without a look
 * at its other arguments.  It is not strict, so no NULL checks are saved
 * either.  One C function stands behind every argument list of floor.sql.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(floor_transition);

Datum
floor_transition(PG_FUNCTION_ARGS)
{
	MemoryContext aggcontext;
	MemoryContext oldcontext;
	text	   *state;

	if (!PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));

	if (!AggCheckCallContext(fcinfo, &aggcontext))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("transition function called outside of an aggregate")));

	oldcontext = MemoryContextSwitchTo(aggcontext);
	state = cstring_to_text("");
	MemoryContextSwitchTo(oldcontext);

	PG_RETURN_TEXT_P(state);
}
