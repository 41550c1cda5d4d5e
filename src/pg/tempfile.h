/*-------------------------------------------------------------------------
 *
 * tempfile.h
 *	  A temporary file that lives as long as a memory context.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_TEMPFILE_H
#define RETENTION_TEMPFILE_H

#include "postgres.h"

#include "lib/ilist.h"
#include "storage/buffile.h"
#include "utils/palloc.h"
#include "utils/resowner.h"

typedef struct TempFile
{
	BufFile    *file;			/* NULL once it is closed */
	ResourceOwner owner;
	dlist_node	node;			/* in the list of open files */
	MemoryContextCallback callback;
} TempFile;

extern TempFile *retention_tempfile_create(MemoryContext context);
extern void retention_tempfile_close(TempFile *temp);

#endif							/* RETENTION_TEMPFILE_H */
