/*-------------------------------------------------------------------------
 *
 * spill_names.c
 *	  The texts of customers on disk.  See spill_names.h.
 *
 * A slice is names of some length together, or one that is longer.  A name
 * is its identity, its length and its bytes, one after the other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/spill_names.h"

#include "pg/compat.h"
#include "utils/memutils.h"

#define SLICE_BYTES		32768

/* What stands before a name's bytes. */
#define NAME_HEAD_BYTES	(2 * sizeof(uint64) + sizeof(int))

typedef struct NameSliceHeader
{
	SpillPlace	previous;
	Size		bytes;
} NameSliceHeader;

/* Of the customers of a spill, in whose file they go. */
SpilledNames *
retention_spilled_names_create(MemoryContext context, Spill *spill)
{
	SpilledNames *names = MemoryContextAlloc(context, sizeof(SpilledNames));

	names->spill = spill;
	for (int i = 0; i < SPILL_PARTITIONS; i++)
		names->heads[i] = (SpillPlace) {-1, 0};
	return names;
}

/* ---- writing --------------------------------------------------------------- */

/* Names are coming, and nothing else is written or read meanwhile. */
void
retention_spill_names_begin(SpilledNames *names, NameWriter *writer)
{
	memset(writer, 0, sizeof(NameWriter));
	writer->names = names;
	writer->partition = -1;
	writer->slice = palloc(SLICE_BYTES);
	retention_spill_seek(names->spill, names->spill->end);
}

/* The head of a slice of so many bytes, which follow. */
static void
write_header(NameWriter *writer, Size bytes)
{
	BufFile    *file = writer->names->spill->temp->file;
	SpillPlace *head = &writer->names->heads[writer->partition];
	NameSliceHeader header = {0};

	header.previous = *head;
	header.bytes = bytes;
	BufFileTell(file, &head->fileno, &head->offset);
	BufFileWrite(file, &header, sizeof(header));
}

static void
write_slice(NameWriter *writer)
{
	if (writer->used == 0)
		return;
	write_header(writer, writer->used);
	BufFileWrite(writer->names->spill->temp->file, writer->slice, writer->used);
	writer->used = 0;
}

static void
append(NameWriter *writer, const void *bytes, Size size)
{
	memcpy(writer->slice + writer->used, bytes, size);
	writer->used += size;
}

void
retention_spill_name(NameWriter *writer, const uint64 *identity, const char *bytes, int length)
{
	int			partition = retention_spill_partition(writer->names->spill, identity, writer->partition);
	bool		is_long = NAME_HEAD_BYTES + length > SLICE_BYTES;

	if (partition != writer->partition || is_long ||
		writer->used + NAME_HEAD_BYTES + length > SLICE_BYTES)
		write_slice(writer);
	writer->partition = partition;
	append(writer, identity, 2 * sizeof(uint64));
	append(writer, &length, sizeof(int));
	if (!is_long)
	{
		append(writer, bytes, length);
		return;
	}
	write_header(writer, NAME_HEAD_BYTES + length);
	BufFileWrite(writer->names->spill->temp->file, writer->slice, NAME_HEAD_BYTES);
	/* it has no const before 16 */
	BufFileWrite(writer->names->spill->temp->file, unconstify(char *, bytes), length);
	writer->used = 0;
}

void
retention_spill_names_end(NameWriter *writer)
{
	Spill	   *spill = writer->names->spill;

	write_slice(writer);
	BufFileTell(spill->temp->file, &spill->end.fileno, &spill->end.offset);
	pfree(writer->slice);
}

/* ---- reading --------------------------------------------------------------- */

void
retention_spilled_names_read(SpilledNames *names, int partition, NameReader *reader)
{
	memset(reader, 0, sizeof(NameReader));
	reader->names = names;
	reader->next = names->heads[partition];
}

compat_noreturn static void no_names(void) compat_attribute_noreturn();

static void
no_names(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("temporary file has no names where some were written")));
}

static void
read_slice(NameReader *reader)
{
	BufFile    *file = reader->names->spill->temp->file;
	NameSliceHeader header;

	retention_spill_seek(reader->names->spill, reader->next);
	compat_buffile_read(file, &header, sizeof(header));
	if (header.bytes < NAME_HEAD_BYTES || header.bytes > NAME_HEAD_BYTES + MaxAllocSize)
		no_names();
	reader->next = header.previous;
	if (header.bytes > reader->allocated)
	{
		if (reader->slice)
			pfree(reader->slice);
		reader->slice = NULL;
		reader->slice = MemoryContextAllocHuge(CurrentMemoryContext, header.bytes);
		reader->allocated = header.bytes;
	}
	compat_buffile_read(file, reader->slice, header.bytes);
	reader->at = reader->slice;
	reader->left = header.bytes;
}

/*
 * The next one; false behind the last.  It's good until then, and nothing may be
 * written to this spill in between.
 */
bool
retention_spilled_names_next(NameReader *reader)
{
	if (reader->left == 0)
	{
		if (reader->next.fileno < 0)
			return false;
		read_slice(reader);
	}
	if (reader->left < NAME_HEAD_BYTES)
		no_names();
	memcpy(reader->identity, reader->at, sizeof(reader->identity));
	memcpy(&reader->name.length, reader->at + sizeof(reader->identity), sizeof(int));
	reader->name.bytes = reader->at + NAME_HEAD_BYTES;
	reader->left -= NAME_HEAD_BYTES;
	if (reader->name.length < 0 || (Size) reader->name.length > reader->left)
		no_names();
	reader->at = reader->name.bytes + reader->name.length;
	reader->left -= reader->name.length;
	return true;
}

void
retention_spilled_names_close(NameReader *reader)
{
	if (reader->slice)
		pfree(reader->slice);
	reader->slice = NULL;
}
