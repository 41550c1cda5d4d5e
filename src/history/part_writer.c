/*-------------------------------------------------------------------------
 *
 * part_writer.c
 *	  Some rows of a history, as a history: what is kept of each customer is a run of
 *	  their occasions, perhaps none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/part_writer.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* What is written has the origins of its customers, or not. */
void
retention_part_begin(PartWriter *writer, HistoryUnpacker *source, bool anchored)
{
	writer->source = source;
	writer->anchored = anchored;
	writer->wide = retention_wide_create(CurrentMemoryContext);
	writer->run = (Run) {0};
	writer->room = 0;
	writer->n = writer->nth = 0;
	retention_history_unpack_names(source);
	retention_history_pack_begin(&writer->packer, source->shape, 0);
}

/*
 * The next block of the source, whose money is marked where it is elsewhere; NULL behind the
 * last.  Rows of nobody are asked for first, once.
 */
const Run *
retention_part_next(PartWriter *writer, bool nobodys)
{
	HistoryUnpacker *source = writer->source;
	const Run  *block = nobodys ? retention_history_unpack_nobody(source) : retention_history_unpack_next(source);

	CHECK_FOR_INTERRUPTS();
	if (block == NULL)
		return NULL;
	if (source->wide && nobodys)
		(void) retention_history_mark_nobody(source);
	else if (source->wide)
		retention_history_mark_elsewhere(source);
	if (block->nwords > writer->room)
	{
		if (writer->run.words)
			pfree(writer->run.words);
		writer->room = block->nwords;
		writer->run.words = MemoryContextAllocHuge(CurrentMemoryContext, writer->room * sizeof(uint64));
	}
	writer->run.nwords = writer->run.entries = 0;
	writer->n = writer->nth = 0;
	writer->named = !nobodys && source->names != NULL;
	return block;
}

/* Of the next customer of the block, the occasions from one to before another; perhaps there are none. */
void
retention_part_keep(PartWriter *writer, const CustomerView *customer, int64 first, int64 end, uint64 origin)
{
	OccasionShape shape = writer->source->shape;
	int			words = occasion_words(shape);
	const uint64 *occasions = customer->occasions + first * words;
	uint64	   *to = writer->run.words + writer->run.nwords;
	int64		n = end - first;
	int			nth = writer->nth++;

	if (n <= 0)
		return;
	copy_words(to, customer->identity, shape.key_words);
	to[shape.key_words] = (uint64) n;
	memcpy(to + customer_words(shape), occasions, n * words * sizeof(uint64));
	writer->run.nwords += customer_words(shape) + n * words;
	writer->run.entries += n;
	writer->origins[writer->n] = origin;
	if (writer->named)
		writer->names[writer->n] = writer->source->names[nth];
	writer->n++;
	for (int64 i = 0; i < n && writer->source->wide; i++)
	{
		const uint64 *occasion = occasions + i * words;
		uint64		key[WIDE_KEY_WORDS];

		if (!units_are_elsewhere(occasion + 1, shape.money_words))
			continue;
		occasion_wide_key(key, customer->identity, *occasion, shape.key_words);
		retention_wide_add(writer->wide, key, wide_find(writer->source->wide, key));
	}
}

/* Write what was kept of a block. */
void
retention_part_end_block(PartWriter *writer)
{
	if (writer->run.nwords == 0)
		return;
	if (writer->anchored)
		writer->packer.origins = writer->origins;
	retention_history_pack_run(&writer->packer, &writer->run, writer->source->shape,
							   writer->named ? writer->names : NULL);
}

/*
 * The history; "whole" matters if it is anchored.  Of periods longer than a day it isn't known on
 * which of their days the orders were, but where they are the source's first or last.
 */
struct varlena *
retention_part_end(PartWriter *writer, const HistoryWhole *whole)
{
	const HistoryUnpacker *source = writer->source;
	const HistoryTotals *totals = &writer->packer.totals;
	Kind		kind = source->kind;
	int32		first_day = source->totals.first_day;
	int32		last_day = source->totals.last_day;
	struct varlena *value;

	kind.anchored = writer->anchored;
	writer->packer.whole = *whole;
	if (totals->customers > 0)
	{
		first_day = Max(first_day, grain_first_day(totals->first_day, kind.grain));
		last_day = Min(last_day, grain_first_day(totals->last_day + 1, kind.grain) - 1);
	}
	retention_wide_compact(writer->wide);
	value = retention_blocks_finish(retention_history_pack_end(&writer->packer, &kind, source->totals.revenue.scale,
															   first_day, last_day, writer->wide));
	retention_wide_free(writer->wide);
	retention_history_unpack_end(writer->source);
	if (writer->run.words)
		pfree(writer->run.words);
	return value;
}
