/*-------------------------------------------------------------------------
 *
 * pack.c
 *	  A purchase_history as bytes: writing the packed form of packed.h.
 *
 * Widths are whole bytes, so that a number is one load and one mask.  Columns
 * are written from arrays that are filled entry by entry.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/packed.h"

#include "pg/hugepage.h"
#include "utils/memutils.h"

/* An entry takes so many bytes, with its customer's; a header hardly ever more. */
#define ENTRY_BYTES		8
#define HEADER_ROOM		512

/* The largest value, with something left for the header. */
#define PACKED_MAX_BYTES (MaxAllocSize / 8 * 7)

/* About so many entries are coming. */
void
retention_history_pack_begin(HistoryPacker *packer, OccasionShape shape, int64 entries)
{
	Size		room = Min((Size) entries * ENTRY_BYTES + 1024, PACKED_MAX_BYTES);

	memset(packer, 0, sizeof(HistoryPacker));
	packer->shape = shape;
	packer->context = CurrentMemoryContext;
	packer->totals.first_day = DAY_NEVER_FIRST;
	packer->totals.last_day = DAY_NEVER_LAST;
	packer->min_orders = 1;
	packer->hashes = palloc(HISTORY_BLOCK_CUSTOMERS * sizeof(uint64));
	packer->lows = palloc(HISTORY_BLOCK_CUSTOMERS * sizeof(uint64));
	packer->counts = palloc(HISTORY_BLOCK_CUSTOMERS * sizeof(int64));
	packer->firsts = palloc(HISTORY_BLOCK_CUSTOMERS * sizeof(int32));
	packer->revenue = palloc0((shape.nlimbs + 1) * sizeof(uint64));

	/* room for a header is left before it, so that the whole need not be copied */
	initStringInfo(&packer->body);
	if (room > packer->body.maxlen)
	{
		packer->body.data = repalloc(packer->body.data, room);
		packer->body.maxlen = (int) room;
		advise_huge_pages(packer->body.data, room);
	}
	packer->body.len = HEADER_ROOM;
}

/* A wider sum of all money. */
static void
widen_revenue(HistoryPacker *packer, int nlimbs)
{
	int			before = packer->shape.nlimbs;
	uint64	   *revenue = MemoryContextAlloc(packer->context, (nlimbs + 1) * sizeof(uint64));

	(void) retention_money_convert(packer->revenue, before + 1, 0, revenue, nlimbs + 1, 0);
	pfree(packer->revenue);
	packer->revenue = revenue;
	packer->shape.nlimbs = nlimbs;
}

/* Money in more limbs from now on, in the block that is being filled. */
static void
widen_block(HistoryPacker *packer, int nlimbs)
{
	int			before = packer->nlimbs;
	int64		room = packer->nentries * nlimbs;
	uint64	   *money;

	packer->nlimbs = nlimbs;
	if (room == 0)
		return;
	money = MemoryContextAllocHuge(packer->context, room * sizeof(uint64));
	for (int64 i = 0; i < packer->nentries; i++)
		(void) retention_money_convert(packer->money + i * before, before, 0,
									   money + i * nlimbs, nlimbs, 0);
	pfree(packer->money);
	packer->money = money;
	packer->money_room = room;
}

/* Memory for so many elements of a column, of this size. */
static void *
grow_column(HistoryPacker *packer, void *column, int64 n, Size size)
{
	return column ? repalloc_huge(column, n * size) :
		MemoryContextAllocHuge(packer->context, n * size);
}

/* The columns of a block have to take so many entries more. */
static inline void
make_room(HistoryPacker *packer, int64 more)
{
	int64		need = packer->nentries + more;

	if (unlikely(need > packer->room))
	{
		int64		room = Max(need, Max(2 * packer->room, 2 * HISTORY_BLOCK_ENTRIES));

		packer->gaps = grow_column(packer, packer->gaps, room, sizeof(uint32));
		packer->orders = grow_column(packer, packer->orders, room, sizeof(int64));
		packer->room = room;
	}
	if (unlikely(need * packer->nlimbs > packer->money_room))
	{
		int64		room = Max(need * packer->nlimbs,
							   Max(2 * packer->money_room, 2 * HISTORY_BLOCK_ENTRIES));

		packer->money = grow_column(packer, packer->money, room, sizeof(uint64));
		packer->money_room = room;
	}
}

/* The bytes that a number of one limb takes, sign and all. */
static inline int
signed_bytes(uint64 magnitude)
{
	int			bytes = 1;

	while (bytes < 8 && magnitude >> (8 * bytes - 1) != 0)
		bytes++;
	return bytes;
}

/* Write the collected customers as one block. */
static void
pack_block(HistoryPacker *packer)
{
	int			n = packer->ncustomers;
	int			nlimbs = packer->nlimbs;
	uint64		max_delta = 0;
	int64		max_count = 1;
	int32		least = PG_INT32_MAX;
	int32		most = PG_INT32_MIN;
	int			hash_width;
	int			count_width;
	int			first_width;
	int			gap_width;
	int			orders_width;
	int			money_width = 0;
	Size		need;
	uint8	   *start;
	uint8	   *at;

	if (n == 0)
		return;
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			max_delta = Max(max_delta, packer->hashes[i] - packer->hashes[i - 1]);
		max_count = Max(max_count, packer->counts[i]);
		least = Min(least, packer->firsts[i]);
		most = Max(most, packer->firsts[i]);
	}
	hash_width = bytes_needed(max_delta);
	count_width = bytes_needed(max_count - 1);
	first_width = bytes_needed((uint32) most - (uint32) least);
	/* a byte at least: so no value claims more entries than it has bytes */
	gap_width = packer->ngaps == 0 ? 0 : Max(bytes_needed(packer->max_gap), 1);
	orders_width = bytes_needed(packer->max_orders - packer->min_orders);
	if (nlimbs == 1)
		money_width = signed_bytes(packer->magnitudes);
	else if (nlimbs > 1)
		for (int64 i = 0; i < packer->nentries; i++)
			money_width = Max(money_width,
							  retention_money_bytes(packer->money + i * nlimbs, nlimbs));
	packer->money_bytes = Max(packer->money_bytes, money_width);

	need = 64 + (Size) n * (hash_width + (packer->shape.key_words == 2 ? 8 : 0) + count_width +
							first_width) +
		(Size) packer->ngaps * gap_width + (Size) packer->nentries * (orders_width + money_width);
	if (packer->body.len + need > PACKED_MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("purchase history of more than %lld occasions is too large for a value",
						(long long) packer->totals.entries),
				 errhint("Use a coarser period, or aggregate groups of customers; if this is a parallel query, set max_parallel_workers_per_gather to 0.")));
	enlargeStringInfo(&packer->body, (int) need);
	start = at = (uint8 *) packer->body.data + packer->body.len;

	at = put_byte(at, n - 1);
	at = put_column(at, packer->hashes[0], 8);
	at = put_byte(at, hash_width);
	at = put_byte(at, count_width);
	at = put_byte(at, first_width);
	at = put_byte(at, gap_width);
	at = put_byte(at, orders_width);
	at = put_column(at, (uint32) least, 4);
	at = put_byte(at, packer->min_orders);
	if (nlimbs > 0)
	{
		packer->body.len += (int) (at - start);
		retention_put_varint(&packer->body, money_width);
		start = at = (uint8 *) packer->body.data + packer->body.len;
	}

	for (int i = 1; i < n; i++)
		at = put_column(at, packer->hashes[i] - packer->hashes[i - 1], hash_width);
	if (packer->shape.key_words == 2)
		for (int i = 0; i < n; i++)
			at = put_column(at, packer->lows[i], 8);
	for (int i = 0; i < n; i++)
		at = put_column(at, packer->counts[i] - 1, count_width);
	for (int i = 0; i < n; i++)
		at = put_column(at, (uint32) packer->firsts[i] - (uint32) least, first_width);
	for (int64 i = 0; i < packer->ngaps; i++)
		at = put_column(at, packer->gaps[i], gap_width);
	for (int64 i = 0; i < packer->nentries; i++)
		at = put_column(at, packer->orders[i] - packer->min_orders, orders_width);
	if (nlimbs == 1)
		for (int64 i = 0; i < packer->nentries; i++)
			at = put_column(at, packer->money[i], money_width);
	else if (nlimbs > 1)
		for (int64 i = 0; i < packer->nentries; i++)
		{
			const uint64 *limbs = packer->money + i * nlimbs;

			for (int left = money_width, limb = 0; left > 0; left -= 8, limb++)
				at = put_column(at, limbs[limb], Min(left, 8));
		}

	packer->body.len += (int) (at - start);
	Assert(packer->body.len < packer->body.maxlen);
	packer->ncustomers = 0;
	packer->nentries = 0;
	packer->ngaps = 0;
	packer->max_gap = 0;
	packer->max_orders = 0;
	packer->min_orders = 1;
	packer->magnitudes = 0;
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
pack_customer(HistoryPacker *packer, const CustomerView *customer, OccasionShape shape)
{
	int			c = packer->ncustomers++;
	int64		occasions = 0;
	int64		orders_sum = 0;
	int32		previous = 0;

	/* one wide customer must not make those of all later blocks wide */
	if (c == 0)
		packer->nlimbs = shape.nlimbs;
	make_room(packer, customer->n);
	packer->hashes[c] = customer->identity[0];
	if (shape.key_words == 2)
		packer->lows[c] = customer->identity[1];
	packer->counts[c] = customer->n;
	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(shape);
		int32		period = mark_period(occasion[0]);
		int64		orders = mark_orders(occasion[0]);
		int64		e = packer->nentries++;

		if (i == 0)
			packer->firsts[c] = period;
		else
		{
			uint32		gap = (uint32) period - (uint32) previous - 1;

			packer->gaps[packer->ngaps++] = gap;
			packer->max_gap = Max(packer->max_gap, gap);
		}
		previous = period;
		packer->orders[e] = orders;
		packer->max_orders = Max(packer->max_orders, orders);
		packer->min_orders &= orders > 0;
		occasions += orders > 0;
		orders_sum += orders;
		if (shape.nlimbs == 1 && packer->nlimbs == 1)
		{
			packer->money[e] = occasion[1];
			packer->magnitudes |= occasion[1] ^ (uint64) ((int64) occasion[1] >> 63);
			(void) money_add(packer->revenue, packer->shape.nlimbs + 1, occasion + 1, 1);
		}
		else if (shape.nlimbs > 0)
		{
			(void) retention_money_convert(occasion + 1, shape.nlimbs, 0,
										   packer->money + e * packer->nlimbs,
										   packer->nlimbs, 0);
			(void) money_add(packer->revenue, packer->shape.nlimbs + 1,
							 occasion + 1, shape.nlimbs);
		}
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

/* Customers whose hashes follow those that came before; of the same scale. */
void
retention_history_pack_run(HistoryPacker *packer, const Run *run, OccasionShape shape)
{
	RunCursor	cursor;
	CustomerView customer;

	Assert(shape.nlimbs == 0 || shape.scale == packer->shape.scale);
	if (shape.nlimbs > packer->shape.nlimbs)
		widen_revenue(packer, shape.nlimbs);
	if (packer->ncustomers > 0 && shape.nlimbs > packer->nlimbs)
		widen_block(packer, shape.nlimbs);
	run_begin(&cursor, run, shape);
	if (shape.nlimbs == 1 && shape.key_words == 1)
		while (run_next(&cursor, &customer))
			pack_customer(packer, &customer, (OccasionShape) {1, 1, shape.scale});
	else if (shape.nlimbs == 0 && shape.key_words == 1)
		while (run_next(&cursor, &customer))
			pack_customer(packer, &customer, (OccasionShape) {1, 0, 0});
	else
		while (run_next(&cursor, &customer))
			pack_customer(packer, &customer, shape);
}

/* Write the header, with what the rows say; returns the size of the value. */
Size
retention_history_pack_end(HistoryPacker *packer, const HistoryKind *kind,
						   const HistoryTotals *rows, StringInfo header)
{
	const HistoryTotals *totals = &packer->totals;
	int			zone_length = (int) strlen(kind->zone);

	pack_block(packer);
	initStringInfo(header);
	appendStringInfoSpaces(header, VARHDRSZ);
	appendStringInfoCharMacro(header, HISTORY_VERSION);
	appendStringInfoCharMacro(header, (char) kind->key);
	appendStringInfoCharMacro(header, (char) kind->time);
	appendStringInfoCharMacro(header, (char) kind->amount);
	appendStringInfoCharMacro(header, (char) kind->grain);
	appendStringInfoCharMacro(header, (char) zone_length);
	appendBinaryStringInfo(header, kind->zone, zone_length);
	retention_put_varint(header, totals->identities);
	retention_put_varint(header, totals->customers);
	retention_put_varint(header, totals->entries);
	retention_put_varint(header, totals->occasions);
	retention_put_varint(header, totals->orders);
	retention_put_varint(header, rows->refunds);
	retention_put_varint(header, rows->guest_orders);
	retention_put_varint(header, rows->guest_refunds);
	if (totals->orders > 0)
	{
		retention_put_varint(header, zigzag(rows->first_day));
		retention_put_varint(header, (uint64) ((int64) rows->last_day - rows->first_day));
	}
	if (kind->amount != AMOUNT_NONE)
	{
		Money		revenue = {packer->revenue, packer->shape.nlimbs + 1, packer->shape.scale};

		retention_put_varint(header, packer->shape.scale);
		retention_put_varint(header, Max((packer->money_bytes + 7) / 8, 1));
		retention_put_money(header, revenue);
		retention_put_money(header, rows->refunded);
		retention_put_money(header, rows->guest_revenue);
	}
	return retention_history_pack_size(packer, header);
}

/* The body has room before it, where a header may go. */
Size
retention_history_pack_size(const HistoryPacker *packer, const StringInfoData *header)
{
	return (Size) header->len + packer->body.len - HEADER_ROOM;
}

/* The value, to where there is room for it. */
void
retention_history_pack_write(HistoryPacker *packer, StringInfo header, void *to, Size size)
{
	Assert(size == retention_history_pack_size(packer, header));
	memcpy(to, header->data, header->len);
	memcpy((char *) to + header->len, packer->body.data + HEADER_ROOM,
		   packer->body.len - HEADER_ROOM);
	SET_VARSIZE(to, size);
}

/* The value, in the packer's memory, and the packer gone. */
struct varlena *
retention_history_pack_finish(HistoryPacker *packer, StringInfo header)
{
	Size		size = retention_history_pack_size(packer, header);
	char	   *value = packer->body.data;

	if (header->len > HEADER_ROOM || packer->body.maxlen / 2 > size)
	{
		value = palloc(size);
		retention_history_pack_write(packer, header, value, size);
	}
	else
	{
		/* the blocks move down to the header */
		memmove(value + header->len, value + HEADER_ROOM, packer->body.len - HEADER_ROOM);
		memcpy(value, header->data, header->len);
		SET_VARSIZE(value, size);
		packer->body.data = NULL;
	}
	pfree(header->data);
	retention_history_pack_free(packer);
	return (struct varlena *) value;
}

void
retention_history_pack_free(HistoryPacker *packer)
{
	if (packer->body.data)
		pfree(packer->body.data);
	pfree(packer->hashes);
	pfree(packer->lows);
	pfree(packer->counts);
	pfree(packer->firsts);
	pfree(packer->revenue);
	if (packer->room > 0)
	{
		pfree(packer->gaps);
		pfree(packer->orders);
	}
	if (packer->money)
		pfree(packer->money);
}
