/*-------------------------------------------------------------------------
 *
 * tempfile.c
 *	  A temporary file that lives as long as a memory context.
 *
 * The state of an aggregate dies with its memory context, and its file with
 * it.  But a failed query's files are closed by their resource owner, before
 * or after the context goes; closing such a file again would close whichever
 * file has its number by then.  So open files are kept in a list, and a
 * callback strikes out those whose owner is being released.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/tempfile.h"

#include "access/xact.h"
#include "utils/memutils.h"

static dlist_head open_files = DLIST_STATIC_INIT(open_files);

static void
strike_out(TempFile *temp)
{
	dlist_delete(&temp->node);
	temp->file = NULL;
}

/* PostgreSQL closes the files of a resource owner after its locks. */
static void
owner_is_released(ResourceReleasePhase phase, bool is_commit, bool is_top_level, void *arg)
{
	dlist_mutable_iter iter;

	if (phase != RESOURCE_RELEASE_AFTER_LOCKS)
		return;
	dlist_foreach_modify(iter, &open_files)
	{
		TempFile   *temp = dlist_container(TempFile, node, iter.cur);

		if (temp->owner == CurrentResourceOwner)
			strike_out(temp);
	}
}

/*
 * Closing writes what is still in the buffer, and in a transaction that is
 * being aborted that must not be: its resource owner will drop the file.
 */
static void
context_is_reset(void *arg)
{
	TempFile   *temp = arg;

	if (temp->file && !IsTransactionState())
		strike_out(temp);
	retention_tempfile_close(temp);
}

TempFile *
retention_tempfile_create(MemoryContext context)
{
	static bool watching = false;
	MemoryContext old = MemoryContextSwitchTo(context);
	TempFile   *temp = palloc0(sizeof(TempFile));

	if (!watching)
	{
		RegisterResourceReleaseCallback(owner_is_released, NULL);
		watching = true;
	}
	temp->file = BufFileCreateTemp(false);
	temp->owner = CurrentResourceOwner;
	dlist_push_tail(&open_files, &temp->node);
	temp->callback.func = context_is_reset;
	temp->callback.arg = temp;
	MemoryContextRegisterResetCallback(context, &temp->callback);
	MemoryContextSwitchTo(old);
	return temp;
}

/* The struct itself stays: its context still has the callback. */
void
retention_tempfile_close(TempFile *temp)
{
	BufFile    *file = temp->file;

	if (file == NULL)
		return;
	strike_out(temp);
	BufFileClose(file);
}
