/*-------------------------------------------------------------------------
 *
 * spill_names.h
 *	  The texts of customers on disk, in the file and in the parts of their
 *	  entries.
 *
 * What spill.h says of entries holds for these: slices of one part each, that form a
 * chain.  A customer may be in several slices, with the same text or, under some
 * collations, with another one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_SPILL_NAMES_H
#define RETENTION_SPILL_NAMES_H

#include "postgres.h"

#include "store/spill.h"

/* A text, and not terminated; bytes are NULL where there is none. */
typedef struct CustomerName
{
	const char *bytes;
	int			length;
} CustomerName;

typedef struct SpilledNames
{
	Spill	   *spill;
	SpillPlace	heads[SPILL_PARTITIONS];	/* last slice of each partition */
} SpilledNames;

typedef struct NameWriter
{
	SpilledNames *names;
	int			partition;
	Size		used;
	char	   *slice;
} NameWriter;

typedef struct NameReader
{
	SpilledNames *names;
	SpillPlace	next;			/* the slice after this one */
	Size		left;			/* of this slice */
	Size		allocated;
	char	   *slice;
	const char *at;

	/* the one to read now */
	uint64		identity[2];
	CustomerName name;
} NameReader;

extern SpilledNames *retention_spilled_names_create(MemoryContext context, Spill *spill);
extern void retention_spill_names_begin(SpilledNames *names, NameWriter *writer);
extern void retention_spill_name(NameWriter *writer, const uint64 *identity, const char *bytes, int length);
extern void retention_spill_names_end(NameWriter *writer);
extern void retention_spilled_names_read(SpilledNames *names, int partition, NameReader *reader);
extern bool retention_spilled_names_next(NameReader *reader);
extern void retention_spilled_names_close(NameReader *reader);

#endif							/* RETENTION_SPILL_NAMES_H */
