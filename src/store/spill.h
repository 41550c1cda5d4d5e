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

#include "order/customer.h"
#include "order/money_units.h"
#include "pg/tempfile.h"

#define SPILL_PARTITIONS	64
#define SPILL_SLICE			512 /* entries, at most */
#define SPILL_SAMPLE		4096	/* identities that bounds are chosen from ... */
#define SPILL_FEW			(4 * SPILL_PARTITIONS)	/* ... or of fewer none: evenly */

/* A place in a file; fileno is -1 for none. */
typedef struct SpillPlace
{
	int			fileno;
	off_t		offset;
} SpillPlace;

/* Of fewer words, the others are 0. */
typedef uint64 SpillIdentity[KEY_MAX_WORDS];

/* Where partitions begin, but for the first one; ascending. */
typedef struct SpillBounds
{
	int			n;
	SpillIdentity identities[SPILL_PARTITIONS - 1];
} SpillBounds;

typedef struct Spill
{
	TempFile   *temp;
	int			key_words;
	int			fixed_words;	/* of an entry, before its money */
	uint64		first_hash;		/* of the customers who can be here */
	uint64		last_hash;
	SpillBounds bounds;
	SpillPlace	end;
	SpillPlace	heads[SPILL_PARTITIONS];	/* last slice of each partition */
	int64		entries[SPILL_PARTITIONS];	/* with one per slice a customer is in */
} Spill;

/* Takes entries; those of one partition and of like money that come together make a slice. */
typedef struct SpillWriter
{
	Spill	   *spill;
	int			words;			/* of the money of this slice's entries */
	int			scale;			/* of its units */
	int			stride;
	int			partition;
	int			nentries;
	uint64	   *entries;		/* room for SPILL_SLICE of them */
} SpillWriter;

/* Goes through the entries of one partition. */
typedef struct SpillReader
{
	Spill	   *spill;
	int			partition;
	SpillPlace	next;			/* the slice after this one */
	int			left;			/* entries in this slice not yet returned */
	int			stride;
	int			words;			/* of this slice's money */
	int			scale;
	Size		allocated;
	uint64	   *entries;		/* the whole slice */
	uint64	   *entry;			/* the one to read now */
} SpillReader;

extern void retention_bounds_even(SpillBounds *bounds, uint64 first_hash, uint64 last_hash);
extern void retention_bounds_of_sample(SpillBounds *bounds, SpillIdentity *identities, int n);
extern void retention_bounds_of_partition(SpillBounds *bounds, const SpillReader *source);

extern Spill *retention_spill_create(MemoryContext context, int key_words, int fixed_words,
									 uint64 first_hash, uint64 last_hash,
									 const SpillBounds *bounds);
extern void retention_spill_free(Spill *spill);
extern void retention_spill_seek(Spill *spill, SpillPlace place);
extern int	retention_spill_partition(const Spill *spill, const uint64 *entry, int last);

extern void retention_spill_begin(Spill *spill, SpillWriter *writer);
extern void retention_spill_put(SpillWriter *writer, const uint64 *entry, int words, int scale);
extern void retention_spill_end(SpillWriter *writer);

/* The hashes of a partition's customers, the last one included. */
static inline uint64
spill_first_hash(const Spill *spill, int partition)
{
	return partition == 0 ? spill->first_hash : spill->bounds.identities[partition - 1][0];
}

static inline uint64
spill_last_hash(const Spill *spill, int partition)
{
	return partition == spill->bounds.n ? spill->last_hash : spill->bounds.identities[partition][0];
}

extern void retention_spill_read(Spill *spill, int partition, SpillReader *reader);
extern bool retention_spill_next(SpillReader *reader);
extern void retention_spill_close(SpillReader *reader);

#endif							/* RETENTION_SPILL_H */
