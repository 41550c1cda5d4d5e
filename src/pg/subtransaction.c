/*-------------------------------------------------------------------------
 *
 * subtransaction.c
 *	  What may fail, and leave nothing behind when it does.
 *
 * The one place that catches errors.  Whatever the error is, the subtransaction
 * is rolled back before anything else happens: an error that went on from inside
 * it would find a transaction that is neither here nor there, and the session
 * would be lost.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/subtransaction.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* Who cancels, cancels all; and nothing goes on without memory or disk. */
static bool
is_for_the_caller(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_INSUFFICIENT_RESOURCES:
			return true;
	}
	return error->sqlerrcode == ERRCODE_ASSERT_FAILURE;
}

/*
 * Does some work in a subtransaction.  Returns NULL, or the error because of which
 * nothing came of it, in the caller's memory.
 */
ErrorData *
retention_attempt(void (*work) (void *), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		work(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resources;
	if (error && is_for_the_caller(error))
		ReThrowError(error);
	return error;
}
