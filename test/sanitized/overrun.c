/*-------------------------------------------------------------------------
 *
 * overrun.c
 *	  Mistakes with memory, made on purpose.
 *
 * A run that finds nothing proves something only if it would have found it.
 * So test/memcheck makes each of these mistakes first, in a server that is
 * thrown away, and goes on if each was reported.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(overrun);
Datum
overrun(PG_FUNCTION_ARGS)
{
	char	   *mistake = text_to_cstring(PG_GETARG_TEXT_PP(0));
	volatile char *memory = palloc(100);

	/* the allocator rounds 100 bytes up to 128 */
	if (strcmp(mistake, "write behind") == 0)
		memory[100] = 1;
	else if (strcmp(mistake, "read behind") == 0)
		PG_RETURN_INT32(memory[127]);
	else if (strcmp(mistake, "read freed") == 0)
	{
		pfree((char *) memory);
		PG_RETURN_INT32(memory[0]);
	}
	else if (strcmp(mistake, "read reset") == 0)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "overrun",
													  ALLOCSET_DEFAULT_SIZES);

		memory = MemoryContextAlloc(context, 100);
		MemoryContextReset(context);
		PG_RETURN_INT32(memory[0]);
	}
	else if (strcmp(mistake, "assert") == 0)
		Assert(memory == NULL);
	else
		PG_RETURN_INT32(memory[99] = 0);
	PG_RETURN_NULL();
}
