/*-------------------------------------------------------------------------
 *
 * spill.c
 *	  Customers on disk: entries in a temporary file, apart by their hashes.
 *
 * A table that has no more memory is written out whole and begins anew.  As
 * its entries come in the order of their hashes, those of one partition (a
 * range of hashes) lie together, and are written in a few slices.  The slices
 * of a partition form a chain through the file, the last one first, so that
 * memory holds one place per partition and nothing else, however much is on
 * disk.  Reading changes nothing: a window function may ask again and again,
 * and go on adding rows.
 *
 * A partition that is still too large for memory is spilled once more, by
 * the next bits of the hash.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/spill.h"

#include "pg/compat.h"
#include "utils/memutils.h"

typedef struct SliceHeader
{
	SpillPlace	previous;
	int			nentries;
	int			nlimbs;
	int			scale;
} SliceHeader;

Spill *
retention_spill_create(MemoryContext context, int bits)
{
	Spill	   *spill = MemoryContextAllocZero(context, sizeof(Spill));

	Assert(bits + SPILL_BITS <= 64);
	spill->bits = bits;
	for (int i = 0; i < SPILL_PARTITIONS; i++)
		spill->heads[i].fileno = -1;
	spill->temp = retention_tempfile_create(context);
	return spill;
}

void
retention_spill_free(Spill *spill)
{
	retention_tempfile_close(spill->temp);
	pfree(spill);
}

static void
spill_seek(Spill *spill, SpillPlace place)
{
	if (BufFileSeek(spill->temp->file, place.fileno, place.offset, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in temporary file: %m")));
}

static inline int
spill_partition(const Spill *spill, uint64 hash)
{
	return (int) ((hash << spill->bits) >> (64 - SPILL_BITS));
}

/* Entries of this shape are coming. */
void
retention_spill_begin(Spill *spill, int stride, int nlimbs, int scale, SpillWriter *writer)
{
	writer->spill = spill;
	writer->stride = stride;
	writer->nlimbs = nlimbs;
	writer->scale = scale;
	writer->partition = -1;
	writer->nentries = 0;
	writer->entries = palloc(SPILL_SLICE * stride * sizeof(uint64));
	spill_seek(spill, spill->end);
}

static void
write_slice(SpillWriter *writer)
{
	Spill	   *spill = writer->spill;
	BufFile    *file = spill->temp->file;
	SliceHeader header = {0};

	if (writer->nentries == 0)
		return;
	header.previous = spill->heads[writer->partition];
	header.nentries = writer->nentries;
	header.nlimbs = writer->nlimbs;
	header.scale = writer->scale;
	BufFileTell(file, &spill->heads[writer->partition].fileno,
				&spill->heads[writer->partition].offset);
	spill->entries[writer->partition] += writer->nentries;
	BufFileWrite(file, &header, sizeof(header));
	BufFileWrite(file, writer->entries,
				 writer->nentries * writer->stride * sizeof(uint64));
	writer->nentries = 0;
}

void
retention_spill_put(SpillWriter *writer, const uint64 *entry)
{
	int			partition = spill_partition(writer->spill, entry[0]);

	if (partition != writer->partition || writer->nentries == SPILL_SLICE)
		write_slice(writer);
	writer->partition = partition;
	memcpy(writer->entries + writer->nentries * writer->stride, entry,
		   writer->stride * sizeof(uint64));
	writer->nentries++;
}

void
retention_spill_end(SpillWriter *writer)
{
	write_slice(writer);
	BufFileTell(writer->spill->temp->file, &writer->spill->end.fileno,
				&writer->spill->end.offset);
	pfree(writer->entries);
}

/* Write all entries of a table. */
void
retention_spill_table(Spill *spill, const CustomerTable *table)
{
	TableScan	scan;
	const uint64 *entry;
	SpillWriter writer;

	retention_spill_begin(spill, table->stride, table->nlimbs, table->scale, &writer);
	retention_scan_begin(&scan, table);
	while ((entry = scan_next(&scan)) != NULL)
		retention_spill_put(&writer, entry);
	retention_scan_end(&scan);
	retention_spill_end(&writer);
}

void
retention_spill_read(Spill *spill, int partition, int fixed_words, SpillReader *reader)
{
	memset(reader, 0, sizeof(SpillReader));
	reader->spill = spill;
	reader->next = spill->heads[partition];
	reader->fixed_words = fixed_words;
}

/*
 * The next entry into reader->entry; false behind the last.  In between,
 * nothing may be written to this spill.
 */
bool
retention_spill_next(SpillReader *reader)
{
	BufFile    *file = reader->spill->temp->file;
	SliceHeader header;
	Size		size;

	if (reader->left > 0)
	{
		reader->left--;
		reader->entry += reader->stride;
		return true;
	}
	if (reader->next.fileno < 0)
		return false;

	spill_seek(reader->spill, reader->next);
	compat_buffile_read(file, &header, sizeof(header));
	reader->next = header.previous;
	reader->left = header.nentries - 1;
	reader->nlimbs = header.nlimbs;
	reader->scale = header.scale;
	reader->stride = reader->fixed_words + reader->nlimbs;
	size = (Size) header.nentries * reader->stride * sizeof(uint64);
	if (size > reader->allocated)
	{
		if (reader->entries)
			pfree(reader->entries);
		reader->entries = palloc(size);
		reader->allocated = size;
	}
	compat_buffile_read(file, reader->entries, size);
	reader->entry = reader->entries;
	return true;
}

void
retention_spill_close(SpillReader *reader)
{
	if (reader->entries)
		pfree(reader->entries);
	reader->entries = NULL;
}
