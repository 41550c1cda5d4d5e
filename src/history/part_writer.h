/*-------------------------------------------------------------------------
 *
 * part_writer.h
 *	  Some rows of a history, as a history.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PART_WRITER_H
#define RETENTION_PART_WRITER_H

#include "postgres.h"

#include "history/history_packed.h"

/* Blocks of the source come, and what is kept of them goes. */
typedef struct PartWriter
{
	HistoryUnpacker *source;
	HistoryPacker packer;
	bool		anchored;
	bool		named;			/* the customers of the block have names */
	WideList   *wide;
	Run			run;			/* kept of the source's current block */
	int64		room;			/* words, of that */
	uint64		origins[HISTORY_BLOCK_CUSTOMERS];
	CustomerName names[HISTORY_BLOCK_CUSTOMERS];
	int			n;				/* of both, if there are any */
	int			nth;			/* customers of the block that have been seen */
} PartWriter;

extern void retention_part_begin(PartWriter *writer, HistoryUnpacker *source, bool anchored);
extern const Run *retention_part_next(PartWriter *writer, bool nobodys);
extern void retention_part_keep(PartWriter *writer, const CustomerView *customer, int64 first, int64 end,
								uint64 origin);
extern void retention_part_end_block(PartWriter *writer);
extern struct varlena *retention_part_end(PartWriter *writer, const HistoryWhole *whole);

#endif							/* RETENTION_PART_WRITER_H */
