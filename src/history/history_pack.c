/*-------------------------------------------------------------------------
 *
 * history_pack.c
 *	  A purchase_history as bytes: writing the packed form of history_packed.h.
 *
 * Columns are written from arrays that are filled entry by entry.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_packed.h"

#include "utils/memutils.h"

/* An entry takes so many bytes, with its customer's share, and hardly ever more. */
#define ENTRY_BYTES		8

/* What a block takes at most, but for its columns. */
#define BLOCK_BYTES		64

/* About so many entries are coming. */
void
retention_history_pack_begin(HistoryPacker *packer, OccasionShape shape, int64 entries)
{
	packer->key_words = shape.key_words;
	packer->context = CurrentMemoryContext;
	retention_blocks_begin(&packer->blocks, HISTORY_TYPE,
						   (Size) entries * ENTRY_BYTES + HISTORY_BLOCK_ENTRIES * sizeof(uint64) * 4);
	memset(&packer->totals, 0, sizeof(HistoryTotals));
	memset(packer->revenue, 0, sizeof(packer->revenue));
	packer->words = 1;
	packer->ncustomers = 0;
	packer->nentries = packer->ngaps = packer->room = 0;
	packer->gaps = packer->orders = packer->units = NULL;
	packer->unit_words = shape.money_words;
}

/* ---- blocks ---------------------------------------------------------------- */

static uint64 *
grow_column(HistoryPacker *packer, uint64 *column, int64 n)
{
	return column ? repalloc_huge(column, n * sizeof(uint64)) :
		MemoryContextAllocHuge(packer->context, n * sizeof(uint64));
}

/* The columns of a block have to take so many entries more. */
static inline void
make_room(HistoryPacker *packer, int64 more)
{
	int64		need = packer->nentries + more;

	if (likely(need <= packer->room))
		return;
	packer->room = Max(need, Max(2 * packer->room, 2 * HISTORY_BLOCK_ENTRIES));
	packer->gaps = grow_column(packer, packer->gaps, packer->room);
	packer->orders = grow_column(packer, packer->orders, packer->room);
	if (packer->unit_words > 0)
		packer->units = grow_column(packer, packer->units, packer->room * UNITS_MAX_WORDS);
}

/* Money of two words from now on, and what the block has. */
static void
promote_block(HistoryPacker *packer)
{
	for (int64 i = packer->nentries - 1; i >= 0; i--)
	{
		uint64		units = packer->units[i];

		units_widen(packer->units + 2 * i, 2, &units, 1);
	}
	packer->unit_words = 2;
}

/* The least of some numbers, which all of them lose. */
static uint64
subtract_least(uint64 *numbers, int64 n)
{
	uint64		least = PG_UINT64_MAX;

	for (int64 i = 0; i < n; i++)
		least = Min(least, numbers[i]);
	for (int64 i = 0; i < n; i++)
		numbers[i] -= least;
	return least;
}

/* Write the collected customers as one block. */
static void
pack_block(HistoryPacker *packer)
{
	BlockWriter *blocks = &packer->blocks;
	StringInfo	body = &blocks->body;
	int			n = packer->ncustomers;

	if (n == 0)
		return;
	/* no number has more bytes than a reader takes */
	retention_block_begin(blocks, BLOCK_CUSTOMERS,
						  BLOCK_BYTES + (Size) n * (8 + 8 + 4 + 4) + (Size) packer->ngaps * 4 +
						  (Size) packer->nentries * (5 + packer->unit_words * 8));
	appendStringInfoCharMacro(body, (char) (n - 1));
	store_bytes((uint8 *) body->data + body->len, packer->hashes[0]);
	body->len += sizeof(uint64);
	retention_put_varint(body, zigzag((int64) subtract_least(packer->firsts, n) - PERIOD_BIAS));
	retention_put_varint(body, subtract_least(packer->orders, packer->nentries));

	for (int i = n - 1; i > 0; i--)
		packer->hashes[i] -= packer->hashes[i - 1];
	retention_put_numbers(blocks, packer->hashes + 1, n - 1);
	if (packer->key_words == 2)
		retention_put_numbers(blocks, packer->lows, n);
	retention_put_numbers(blocks, packer->counts, n);
	retention_put_numbers(blocks, packer->firsts, n);
	retention_put_numbers(blocks, packer->gaps, packer->ngaps);
	retention_put_numbers(blocks, packer->orders, packer->nentries);
	if (packer->unit_words > 0 &&
		retention_put_units(blocks, packer->units, packer->nentries, packer->unit_words) == 2)
		packer->words = 2;
	retention_block_end(blocks);
	packer->ncustomers = 0;
	packer->nentries = 0;
	packer->ngaps = 0;
}

static void
count_orders(HistoryTotals *totals, int64 orders)
{
	if (pg_add_s64_overflow(totals->orders, orders, &totals->orders))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("purchase history has more than %lld orders", (long long) PG_INT64_MAX)));
}

static pg_attribute_always_inline void
put_money(HistoryPacker *packer, int64 at, const uint64 *units, int words)
{
	static const uint64 none[UNITS_MAX_WORDS] = {0};

	if (units_are_elsewhere(units, words))
		units = none;
	if (likely(packer->unit_words == 1))
		packer->units[at] = units[0];
	else
		units_widen(packer->units + 2 * at, 2, units, words);
	sum_add(packer->revenue, units, words);
}

static pg_attribute_always_inline void
pack_customer(HistoryPacker *packer, const CustomerView *customer, OccasionShape shape)
{
	int			c = packer->ncustomers++;
	uint64		previous = 0;
	int64		occasions = 0;
	int64		orders_sum = 0;

	make_room(packer, customer->n);
	packer->hashes[c] = customer->identity[0];
	if (shape.key_words == 2)
		packer->lows[c] = customer->identity[1];
	packer->counts[c] = (uint64) customer->n - 1;
	packer->firsts[c] = customer->occasions[0] >> ORDERS_BITS;
	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(shape);
		uint64		period = occasion[0] >> ORDERS_BITS;
		int64		orders = mark_orders(occasion[0]);
		int64		e = packer->nentries++;

		if (i > 0)
			packer->gaps[packer->ngaps++] = period - previous;
		previous = period;
		packer->orders[e] = (uint64) orders;
		occasions += orders > 0;
		orders_sum += orders;
		if (shape.money_words > 0)
			put_money(packer, e, occasion + 1, shape.money_words);
	}
	packer->totals.identities++;
	packer->totals.customers += occasions > 0;
	packer->totals.entries += customer->n;
	packer->totals.occasions += occasions;
	count_orders(&packer->totals, orders_sum);
	if (packer->ncustomers == HISTORY_BLOCK_CUSTOMERS ||
		packer->nentries >= HISTORY_BLOCK_ENTRIES)
		pack_block(packer);
}

static pg_attribute_always_inline void
pack_shaped(HistoryPacker *packer, const Run *run, OccasionShape shape)
{
	RunCursor	cursor;
	CustomerView customer;

	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
		pack_customer(packer, &customer, shape);
}

/* Customers who follow those that came before. */
void
retention_history_pack_run(HistoryPacker *packer, const Run *run, OccasionShape shape)
{
	if (shape.money_words > packer->unit_words)
		promote_block(packer);
	FOR_SHAPE(shape, pack_shaped(packer, run, shaped));
}

/* ---- the value -------------------------------------------------------------- */

/* The value, with what the rows say, and money that no occasion has room for; the packer is gone. */
struct varlena *
retention_history_pack_end(HistoryPacker *packer, const Kind *kind, int scale,
						   const HistoryTotals *rows, const WideList *wide)
{
	const HistoryTotals *totals = &packer->totals;
	StringInfoData header;
	struct varlena *value;

	pack_block(packer);
	retention_blocks_end(&packer->blocks);
	initStringInfo(&header);
	appendStringInfoSpaces(&header, VARHDRSZ);
	appendStringInfoCharMacro(&header, HISTORY_VERSION);
	retention_put_kind(&header, kind);
	retention_put_varint(&header, totals->identities);
	retention_put_varint(&header, totals->customers);
	retention_put_varint(&header, totals->entries);
	retention_put_varint(&header, totals->occasions);
	retention_put_varint(&header, totals->orders);
	retention_put_varint(&header, rows->refunds);
	retention_put_varint(&header, rows->guest_orders);
	retention_put_varint(&header, rows->guest_refunds);
	if (totals->orders > 0)
	{
		retention_put_varint(&header, zigzag(rows->first_day));
		retention_put_varint(&header, (uint64) ((int64) rows->last_day - rows->first_day));
	}
	if (kind->amount != AMOUNT_NONE)
	{
		appendStringInfoCharMacro(&header, (char) packer->words);
		retention_put_varint(&header, scale);
		retention_put_money(&header, retention_total_money(packer->revenue,
														   retention_wide_total(wide), scale));
		retention_put_money(&header, rows->refunded);
		retention_put_money(&header, rows->guest_revenue);
	}
	retention_put_wide(&header, wide);
	value = retention_blocks_finish(&packer->blocks, &header);
	pfree(header.data);
	if (packer->room > 0)
	{
		pfree(packer->gaps);
		pfree(packer->orders);
	}
	if (packer->units)
		pfree(packer->units);
	return value;
}
