/*-------------------------------------------------------------------------
 *
 * spill.h
 *	  Customers on disk: entries in a temporary file, apart by their hashes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_SPILL_H
#define RETENTION_SPILL_H

#include "postgres.h"

#include "base/table.h"
#include "pg/tempfile.h"

#define SPILL_BITS			6
#define SPILL_PARTITIONS	(1 << SPILL_BITS)
#define SPILL_SLICE			512 /* entries, at most */

/* A place in a file; fileno is -1 for none. */
typedef struct SpillPlace
{
	int			fileno;
	off_t		offset;
} SpillPlace;

typedef struct Spill
{
	TempFile   *temp;
	int			bits;			/* of the hash, used up by levels above */
	SpillPlace	end;
	SpillPlace	heads[SPILL_PARTITIONS];	/* last slice of each partition */
	int64		entries[SPILL_PARTITIONS];	/* with one per slice a customer is in */
} Spill;

/* Takes entries; those of one partition that come together make a slice. */
typedef struct SpillWriter
{
	Spill	   *spill;
	int			stride;
	int			nlimbs;
	int			scale;
	int			partition;
	int			nentries;
	uint64	   *entries;		/* SPILL_SLICE of them */
} SpillWriter;

/* Goes through the entries of one partition. */
typedef struct SpillReader
{
	Spill	   *spill;
	SpillPlace	next;			/* the slice after this one */
	int			left;			/* entries in this slice not yet returned */
	int			stride;
	int			fixed_words;	/* of an entry, before its money */
	int			nlimbs;			/* of this slice's money */
	int			scale;
	Size		allocated;
	uint64	   *entries;		/* the whole slice */
	uint64	   *entry;			/* the one to read now */
} SpillReader;

extern Spill *retention_spill_create(MemoryContext context, int bits);
extern void retention_spill_free(Spill *spill);

extern void retention_spill_begin(Spill *spill, int stride, int nlimbs, int scale,
								  SpillWriter *writer);
extern void retention_spill_put(SpillWriter *writer, const uint64 *entry);
extern void retention_spill_end(SpillWriter *writer);
extern void retention_spill_table(Spill *spill, const CustomerTable *table);

extern void retention_spill_read(Spill *spill, int partition, int fixed_words,
								 SpillReader *reader);
extern bool retention_spill_next(SpillReader *reader);
extern void retention_spill_close(SpillReader *reader);

#endif							/* RETENTION_SPILL_H */
