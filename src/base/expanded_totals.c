/*-------------------------------------------------------------------------
 *
 * expanded_totals.c
 *	  The totals of the state of many customers, and its packed form.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/expanded_base.h"

/* What the table knows of rows is copied: whoever is shown its entries may find another table. */
static void
begin_totals(ExpandedBase *base, BaseTotals *totals)
{
	const CustomerTable *table = base->table;
	RowCounts  *rows = palloc(sizeof(RowCounts));

	*rows = table->rows;
	retention_totals_begin(totals, table->key, table->time, table->amount);
	totals->sample = table->sample;
	totals->bound = table->bound;
	totals->selected = table->selected;
	totals->revenue.scale = table->scale;
	retention_totals_add_rows(totals, rows, base->elsewhere.refunded,
							  base->elsewhere.guest_revenue, table->scale);
}

/* What is known of all customers' money that is elsewhere. */
static Money
all_elsewhere(ExpandedBase *base, const WideList *remaining)
{
	return retention_money_sum(retention_wide_total(remaining), base->elsewhere.dropped);
}

typedef struct Counting
{
	int64		entries;
	EntryCounts counts;
} Counting;

static void
count_part(ExpandedBase *base, const CustomerTable *part, void *arg)
{
	Counting   *counting = arg;

	counting->entries += part->used;
	retention_counts_add(&counting->counts, &part->counts);
}

/* The totals that a visit has counted, where they stay. */
static void
end_totals(ExpandedBase *base, BaseTotals *totals, const Counting *counting, const WideList *remaining)
{
	EntryCounts *counts = palloc(sizeof(EntryCounts));

	*counts = counting->counts;
	begin_totals(base, totals);
	totals->entries = counting->entries;
	retention_totals_add_counts(totals, counts, all_elsewhere(base, remaining), base->table->scale);
}

/* Its kinds and rows, and how many entries it has at most. */
void
retention_expanded_rows(ExpandedBase *base, BaseTotals *totals)
{
	if (base->table->sample > 0)
		retention_expanded_trim(base);
	begin_totals(base, totals);
	totals->entries = base->table->used + base->npending;
	if (base->spill)
		for (int i = 0; i < SPILL_PARTITIONS; i++)
			totals->entries += base->spill->entries[i];
}

void
retention_expanded_totals(ExpandedBase *base, BaseTotals *totals)
{
	Counting	counting = {0};
	WideList   *remaining;

	counts_begin(&counting.counts);
	remaining = retention_expanded_visit(base, count_part, &counting);
	end_totals(base, totals, &counting, remaining);
}

/* Packing a part adds up the totals on the way. */
typedef struct Packing
{
	BasePacker	packer;
	Counting	counting;
} Packing;

static void
pack_part(ExpandedBase *base, const CustomerTable *part, void *arg)
{
	Packing    *packing = arg;

	retention_base_pack_table(&packing->packer, part);
	count_part(base, part, &packing->counting);
}

void
retention_expanded_pack(ExpandedState *state, BlockWriter *writer)
{
	ExpandedBase *base = (ExpandedBase *) state;
	Packing    *packing = palloc(sizeof(Packing));
	BaseTotals	totals;
	WideList   *remaining;

	retention_expanded_rows(base, &totals);
	packing->counting.entries = 0;
	counts_begin(&packing->counting.counts);
	retention_base_pack_begin(&packing->packer, totals.key, totals.time, totals.amount, totals.entries);
	remaining = retention_expanded_visit(base, pack_part, packing);
	end_totals(base, &totals, &packing->counting, remaining);
	*writer = *retention_base_pack_end(&packing->packer, &totals, remaining);
	pfree(packing);
}
