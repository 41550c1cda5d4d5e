/*-------------------------------------------------------------------------
 *
 * spill.c
 *	  Customers on disk: entries in a temporary file, apart by their hashes.
 *
 * A table that has no more memory is written out whole and begins anew.  As
 * its entries come in the order of their identities, those of one partition (a
 * range of identities) lie together, and are written in a few slices.  The slices
 * of a partition form a chain through the file, the last one first, so that
 * memory holds one place per partition and nothing else, however much is on
 * disk.  Reading changes nothing: a window function may ask again and again,
 * and go on adding rows.
 *
 * Where partitions begin is chosen by the customers that there are, so that
 * all get as many, however their hashes lie: of keys that somebody has made up
 * for it, all might begin with the same bits, or be the same.  A partition that
 * is still too large for memory is spilled once more, by a sample of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/spill.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "pg/compat.h"
#include "utils/memutils.h"

typedef struct SliceHeader
{
	SpillPlace	previous;
	int			nentries;
	int			words;			/* of the money */
	int			scale;
} SliceHeader;

/* ---- where partitions begin ------------------------------------------------ */

/* By hash, if nothing is known of the customers. */
void
retention_bounds_even(SpillBounds *bounds, uint64 first_hash, uint64 last_hash)
{
	uint64		step = (last_hash - first_hash) / SPILL_PARTITIONS + 1;

	bounds->n = 0;
	for (int i = 1; i < SPILL_PARTITIONS && step <= (last_hash - first_hash) / i; i++)
	{
		memset(bounds->identities[bounds->n], 0, sizeof(SpillIdentity));
		bounds->identities[bounds->n++][0] = first_hash + i * step;
	}
}

static int
compare_sampled(const void *a, const void *b)
{
	return compare_identities(a, b, KEY_MAX_WORDS);
}

/* As many of a sample in each partition; none, if all are one customer. */
void
retention_bounds_of_sample(SpillBounds *bounds, SpillIdentity *identities, int n)
{
	bounds->n = 0;
	qsort(identities, n, sizeof(SpillIdentity), compare_sampled);
	for (int i = 1; i < SPILL_PARTITIONS; i++)
	{
		const uint64 *identity = identities[(int64) n * i / SPILL_PARTITIONS];

		/* the first partition has somebody too */
		if (n > 0 && compare_sampled(identity, bounds->n == 0 ? identities[0] :
									 bounds->identities[bounds->n - 1]) != 0)
			memcpy(bounds->identities[bounds->n++], identity, sizeof(SpillIdentity));
	}
}

/*
 * Of the partition that is being read, by a random sample (Vitter 1985, "Random
 * sampling with a reservoir").
 */
void
retention_bounds_of_partition(SpillBounds *bounds, const SpillReader *source)
{
	SpillIdentity *identities = palloc0(SPILL_SAMPLE * sizeof(SpillIdentity));
	SpillReader reader;
	uint64		n = 0;

	retention_spill_read(source->spill, source->partition, &reader);
	while (retention_spill_next(&reader))
	{
		uint64		place = n;

		if ((++n & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (place >= SPILL_SAMPLE)
			place = pg_prng_uint64_range(&pg_global_prng_state, 0, n - 1);
		if (place < SPILL_SAMPLE)
			memcpy(identities[place], reader.entry, source->spill->key_words * sizeof(uint64));
	}
	retention_spill_close(&reader);
	retention_bounds_of_sample(bounds, identities, (int) Min(n, SPILL_SAMPLE));
	pfree(identities);
}

/* ---- writing --------------------------------------------------------------- */

/* Of customers whose hashes are in a range. */
Spill *
retention_spill_create(MemoryContext context, int key_words, int fixed_words, uint64 first_hash,
					   uint64 last_hash, const SpillBounds *bounds)
{
	Spill	   *spill = MemoryContextAllocZero(context, sizeof(Spill));

	spill->key_words = key_words;
	spill->fixed_words = fixed_words;
	spill->first_hash = first_hash;
	spill->last_hash = last_hash;
	spill->bounds = *bounds;
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

void
retention_spill_seek(Spill *spill, SpillPlace place)
{
	if (BufFileSeek(spill->temp->file, place.fileno, place.offset, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in temporary file: %m")));
}

/* Does a customer come before the partition's first? */
static inline bool
is_before(const Spill *spill, const uint64 *entry, int partition)
{
	return compare_identities(entry, spill->bounds.identities[partition - 1], spill->key_words) < 0;
}

/* The partition of a customer, which as a rule is that of the last one. */
static inline int
spill_partition(const Spill *spill, const uint64 *entry, int last)
{
	int			low = 0;
	int			high = spill->bounds.n;

	if (last >= 0 && (last == 0 || !is_before(spill, entry, last)) &&
		(last == high || is_before(spill, entry, last + 1)))
		return last;
	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (is_before(spill, entry, middle))
			high = middle - 1;
		else
			low = middle;
	}
	return low;
}

int
retention_spill_partition(const Spill *spill, const uint64 *entry, int last)
{
	return spill_partition(spill, entry, last);
}

/* Entries are coming, and nothing is read meanwhile. */
void
retention_spill_begin(Spill *spill, SpillWriter *writer)
{
	memset(writer, 0, sizeof(SpillWriter));
	writer->spill = spill;
	writer->partition = -1;
	writer->entries = palloc(SPILL_SLICE * (spill->fixed_words + UNITS_MAX_WORDS) * sizeof(uint64));
	retention_spill_seek(spill, spill->end);
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
	header.words = writer->words;
	header.scale = writer->scale;
	BufFileTell(file, &spill->heads[writer->partition].fileno,
				&spill->heads[writer->partition].offset);
	spill->entries[writer->partition] += writer->nentries;
	BufFileWrite(file, &header, sizeof(header));
	BufFileWrite(file, writer->entries,
				 writer->nentries * writer->stride * sizeof(uint64));
	writer->nentries = 0;
}

/* An entry whose money has so many words, of units of this scale. */
void
retention_spill_put(SpillWriter *writer, const uint64 *entry, int words, int scale)
{
	int			partition = spill_partition(writer->spill, entry, writer->partition);

	if (partition != writer->partition || writer->nentries == SPILL_SLICE ||
		words != writer->words || scale != writer->scale)
		write_slice(writer);
	writer->partition = partition;
	writer->words = words;
	writer->scale = scale;
	writer->stride = writer->spill->fixed_words + words;
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

/* ---- reading --------------------------------------------------------------- */

void
retention_spill_read(Spill *spill, int partition, SpillReader *reader)
{
	memset(reader, 0, sizeof(SpillReader));
	reader->spill = spill;
	reader->partition = partition;
	reader->next = spill->heads[partition];
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

	retention_spill_seek(reader->spill, reader->next);
	compat_buffile_read(file, &header, sizeof(header));
	if (header.nentries <= 0 || header.nentries > SPILL_SLICE ||
		header.words < 0 || header.words > UNITS_MAX_WORDS ||
		header.scale < 0 || header.scale > UNITS_MAX_SCALE)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("temporary file has no customers where some were written")));
	reader->next = header.previous;
	reader->left = header.nentries - 1;
	reader->words = header.words;
	reader->scale = header.scale;
	reader->stride = reader->spill->fixed_words + reader->words;
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
