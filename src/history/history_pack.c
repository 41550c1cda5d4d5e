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

#include "miscadmin.h"
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
	packer->totals.first_day = DAY_NEVER_FIRST;
	packer->totals.last_day = DAY_NEVER_LAST;
	packer->whole = (HistoryWhole) {DAY_NEVER_FIRST, DAY_NEVER_LAST};
	packer->origins = NULL;
	memset(packer->sums, 0, sizeof(packer->sums));
	packer->words = 1;
	packer->ncustomers = 0;
	packer->nentries = packer->room = 0;
	packer->kinds = 0;
	packer->slots = packer->rows = packer->units = NULL;
	packer->unit_words = shape.money_words;
	packer->names.body.data = NULL;
	packer->index.data = NULL;
}

/* ---- columns --------------------------------------------------------------- */

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
	packer->slots = grow_column(packer, packer->slots, packer->room);
	packer->rows = grow_column(packer, packer->rows, packer->room);
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

static pg_attribute_always_inline void
put_money(HistoryPacker *packer, int64 at, uint64 *sum, const uint64 *units, int words)
{
	static const uint64 none[UNITS_MAX_WORDS] = {0};

	if (units_are_elsewhere(units, words))
		units = none;
	if (likely(packer->unit_words == 1))
		packer->units[at] = units[0];
	else
		units_widen(packer->units + 2 * at, 2, units, words);
	if (likely(sum != NULL))
		sum_add(sum, units, words);
}

/* An occasion whose money is part of a sum of the header, or of none. */
static pg_attribute_always_inline void
put_occasion(HistoryPacker *packer, const uint64 *occasion, OccasionShape shape, uint64 *sum)
{
	int64		e = packer->nentries++;
	int64		rows = mark_count(occasion[0]);

	packer->slots[e] = mark_slot(occasion[0]);
	packer->kinds |= packer->slots[e];
	packer->rows[e] = (uint64) (rows + ROWS_BIAS);
	packer->totals.missing += rows <= 0;
	if (shape.money_words > 0)
		put_money(packer, e, sum, occasion + 1, shape.money_words);
}

/* The columns that blocks of both kinds end with. */
static void
put_occasions(HistoryPacker *packer, int64 gaps)
{
	BlockWriter *blocks = &packer->blocks;

	retention_put_numbers(blocks, packer->slots, gaps);
	retention_put_numbers(blocks, packer->rows, packer->nentries);
	if (packer->unit_words > 0 &&
		retention_put_units(blocks, packer->units, packer->nentries, packer->unit_words) == 2)
		packer->words = 2;
	retention_block_end(blocks);
	packer->ncustomers = 0;
	packer->nentries = 0;
	packer->kinds = 0;
}

static void
put_least_rows(HistoryPacker *packer)
{
	retention_put_varint(&packer->blocks.body,
						 zigzag((int64) subtract_least(packer->rows, packer->nentries) - ROWS_BIAS));
}

static void
count_rows(int64 *total, int64 rows)
{
	if (pg_add_s64_overflow(*total, rows, total))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("purchase history has more than %lld orders", (long long) PG_INT64_MAX)));
}

/* ---- names ------------------------------------------------------------------ */

/* The name of the next customer. */
static void
put_name(HistoryPacker *packer, const CustomerName *name)
{
	if (name->bytes == NULL)
		elog(ERROR, "customer has no name");
	if (packer->names.body.data == NULL)
	{
		retention_blocks_begin(&packer->names, HISTORY_TYPE, 0);
		initStringInfo(&packer->texts);
	}
	if ((Size) packer->texts.len + name->length > MaxAllocSize / 2)
		retention_value_too_large(HISTORY_TYPE);
	appendBinaryStringInfo(&packer->texts, name->bytes, name->length);
	packer->lengths[packer->ncustomers] = (uint64) name->length;
}

/* How many bytes do all of the block begin with? */
static int
common_prefix(const HistoryPacker *packer)
{
	const char *first = packer->texts.data;
	const char *name = first;
	int			prefix = (int) Min(packer->lengths[0], HISTORY_NAME_PREFIX);

	for (int i = 0; i < packer->ncustomers && prefix > 0; i++)
	{
		int			alike = 0;

		prefix = (int) Min(packer->lengths[i], prefix);
		while (alike < prefix && name[alike] == first[alike])
			alike++;
		prefix = alike;
		name += packer->lengths[i];
	}
	return prefix;
}

/* The names of the block's customers as one of their own. */
static void
pack_names(HistoryPacker *packer)
{
	StringInfo	body = &packer->names.body;
	const char *name = packer->texts.data;
	int			n = packer->ncustomers;
	int			prefix = common_prefix(packer);

	retention_block_begin(&packer->names, BLOCK_NAMES,
						  BLOCK_BYTES + n * sizeof(uint64) + packer->texts.len);
	appendStringInfoCharMacro(body, (char) (n - 1));
	appendStringInfoCharMacro(body, (char) prefix);
	appendBinaryStringInfo(body, name, prefix);
	for (int i = 0; i < n; i++)
		packer->lengths[i] -= prefix;
	retention_put_numbers(&packer->names, packer->lengths, n);
	for (int i = 0; i < n; i++)
	{
		name += prefix;
		appendBinaryStringInfo(body, name, (int) packer->lengths[i]);
		name += packer->lengths[i];
	}
	retention_block_end(&packer->names);
	resetStringInfo(&packer->texts);
}

/* ---- the index -------------------------------------------------------------- */

static void
append_bytes(StringInfo to, uint64 number, int width)
{
	for (int i = 0; i < width; i++)
		appendStringInfoCharMacro(to, (char) (number >> (8 * i) & 0xFF));
}

/* The block of customers that has been begun is one of them. */
static void
note_block(HistoryPacker *packer)
{
	if (packer->index.data == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(packer->context);

		initStringInfo(&packer->index);
		MemoryContextSwitchTo(old);
	}
	append_bytes(&packer->index, packer->hashes[0], sizeof(uint64));
	append_bytes(&packer->index, (uint64) packer->blocks.start, sizeof(uint32));
}

/* Write the index behind all other blocks; "end" is where those of customers do.  How many bytes are that? */
static Size
put_index(HistoryPacker *packer, int end)
{
	BlockWriter *blocks = &packer->blocks;
	int			begin = blocks->body.len;
	ByteReader	in = {.type = HISTORY_TYPE};

	in.at = (const uint8 *) packer->index.data;
	in.end = in.at + packer->index.len;
	retention_block_begin(blocks, BLOCK_INDEX, packer->index.len);
	while (in.at < in.end)
	{
		append_bytes(&blocks->body, reader_bytes(&in, sizeof(uint64)), sizeof(uint64));
		append_bytes(&blocks->body, (uint64) end - reader_bytes(&in, sizeof(uint32)), sizeof(uint32));
	}
	retention_block_end(blocks);
	return blocks->body.len - begin;
}

/* ---- customers ------------------------------------------------------------- */

/* Write the collected customers as one block. */
static void
pack_customers(HistoryPacker *packer)
{
	BlockWriter *blocks = &packer->blocks;
	StringInfo	body = &blocks->body;
	int			n = packer->ncustomers;
	int			bits = packer->kinds & KIND_MASK ? 1 : 0;
	int64		e = 0;
	int64		gaps = 0;

	if (n == 0)
		return;
	if (packer->names.body.data)
		pack_names(packer);
	/* no number has more bytes than a reader takes */
	retention_block_begin(blocks, BLOCK_CUSTOMERS,
						  BLOCK_BYTES + (Size) n * (8 + 8 + 4 + 4 + 4 + 5) +
						  (Size) packer->nentries * (4 + 5 + packer->unit_words * 8));
	for (int i = 0; i < n; i++)
	{
		uint64		slot = packer->firsts[i] = narrow_slot(packer->slots[e++], bits);

		for (uint64 left = packer->counts[i]; left > 0; left--)
		{
			uint64		next = narrow_slot(packer->slots[e++], bits);

			packer->slots[gaps++] = next - slot;
			slot = next;
		}
	}
	note_block(packer);
	appendStringInfoCharMacro(body, (char) (n - 1));
	store_bytes((uint8 *) body->data + body->len, packer->hashes[0]);
	body->len += sizeof(uint64);
	appendStringInfoCharMacro(body, (char) bits);
	retention_put_varint(body, zigzag((int64) subtract_least(packer->firsts, n) - SLOT_BIAS(bits)));
	put_least_rows(packer);

	for (int i = n - 1; i > 0; i--)
		packer->hashes[i] -= packer->hashes[i - 1];
	retention_put_numbers(blocks, packer->hashes + 1, n - 1);
	if (packer->key_words == 2)
		retention_put_numbers(blocks, packer->lows, n);
	retention_put_numbers(blocks, packer->counts, n);
	retention_put_numbers(blocks, packer->firsts, n);
	if (packer->origins)
	{
		retention_put_varint(body, subtract_least(packer->origin_periods, n));
		retention_put_numbers(blocks, packer->origin_periods, n);
		retention_put_numbers(blocks, packer->origin_orders, n);
	}
	put_occasions(packer, gaps);
}

static pg_attribute_always_inline void
pack_customer(HistoryPacker *packer, const CustomerView *customer, OccasionShape shape)
{
	HistoryTotals *totals = &packer->totals;
	int			c = packer->ncustomers++;
	int64		occasions = 0;
	int64		orders = 0;

	make_room(packer, customer->n);
	packer->hashes[c] = customer->identity[0];
	if (shape.key_words == 2)
		packer->lows[c] = customer->identity[1];
	packer->counts[c] = (uint64) customer->n - 1;
	if (unlikely(packer->origins != NULL))
	{
		uint64		origin = *packer->origins++;

		packer->origin_periods[c] = origin == 0 ? 0 : (uint64) (mark_period(origin) + ORIGIN_BIAS);
		packer->origin_orders[c] = (uint64) mark_count(origin);
	}
	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(shape);
		int64		rows = mark_count(occasion[0]);

		put_occasion(packer, occasion, shape, packer->sums[HEADER_REVENUE]);
		if (likely(mark_kind(occasion[0]) == OF_ORDERS))
		{
			orders += rows;
			if (rows > 0)
			{
				occasions++;
				totals->first_day = Min(totals->first_day, mark_period(occasion[0]));
				totals->last_day = Max(totals->last_day, mark_period(occasion[0]));
			}
		}
		else
		{
			count_rows(&totals->refunds, rows);
			if (shape.money_words > 0 && !units_are_elsewhere(occasion + 1, shape.money_words))
				sum_add(packer->sums[HEADER_REFUNDED], occasion + 1, shape.money_words);
		}
	}
	totals->identities++;
	totals->customers += occasions > 0;
	totals->entries += customer->n;
	totals->occasions += occasions;
	count_rows(&totals->orders, orders);
	if (packer->ncustomers == HISTORY_BLOCK_CUSTOMERS ||
		packer->nentries >= HISTORY_BLOCK_ENTRIES)
		pack_customers(packer);
}

/* ---- nobody ---------------------------------------------------------------- */

/* Write the collected occasions of nobody as one block. */
static void
pack_nobody(HistoryPacker *packer)
{
	StringInfo	body = &packer->blocks.body;
	int64		n = packer->nentries;

	if (n == 0)
		return;
	retention_block_begin(&packer->blocks, BLOCK_NOBODY,
						  BLOCK_BYTES + (Size) n * (4 + 5 + packer->unit_words * 8));
	retention_put_varint(body, n);
	retention_put_varint(body, zigzag((int64) packer->slots[0] - SLOT_BIAS(KIND_BITS)));
	put_least_rows(packer);
	for (int64 i = 0; i < n - 1; i++)
		packer->slots[i] = packer->slots[i + 1] - packer->slots[i];
	put_occasions(packer, n - 1);
}

static void
put_nobodys(HistoryPacker *packer, const uint64 *occasion, OccasionShape shape)
{
	OccasionKind kind = mark_kind(occasion[0]);
	int64		rows = mark_count(occasion[0]);
	bool		guests = kind == OF_GUEST_ORDERS || kind == OF_GUEST_REFUNDS;

	make_room(packer, 1);
	put_occasion(packer, occasion, shape, guests ? packer->sums[HEADER_GUEST_REVENUE] : NULL);
	if (kind == OF_GUEST_ORDERS)
		count_rows(&packer->totals.guest_orders, rows);
	else if (kind == OF_GUEST_REFUNDS)
		count_rows(&packer->totals.guest_refunds, rows);
	if (packer->nentries == HISTORY_BLOCK_ENTRIES)
		pack_nobody(packer);
}

/* Whose identity is zero, before all others: a customer, or nobody, or both. */
static void
pack_zero(HistoryPacker *packer, const CustomerView *customer, OccasionShape shape, const CustomerName *name)
{
	int			words = occasion_words(shape);
	uint64	   *theirs = MemoryContextAllocHuge(CurrentMemoryContext,
												customer->n * words * sizeof(uint64));
	CustomerView known = {customer->identity, 0, theirs};

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * words;

		if (mark_kind(*occasion) > OF_CUSTOMERS_LAST)
			put_nobodys(packer, occasion, shape);
		else
			copy_words(theirs + known.n++ * words, occasion, words);
	}
	if (packer->ncustomers == 0)
		pack_nobody(packer);
	if (known.n > 0 && name)
		put_name(packer, name);
	if (known.n > 0)
		pack_customer(packer, &known, shape);
	pfree(theirs);
}

static pg_attribute_always_inline void
pack_shaped(HistoryPacker *packer, const Run *run, OccasionShape shape)
{
	RunCursor	cursor;
	CustomerView customer;

	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
	{
		if (unlikely(customer.identity[0] == 0))
			pack_zero(packer, &customer, shape, NULL);
		else
			pack_customer(packer, &customer, shape);
	}
}

static pg_attribute_always_inline void
pack_named(HistoryPacker *packer, const Run *run, OccasionShape shape, const CustomerName *names)
{
	RunCursor	cursor;
	CustomerView customer;

	run_begin(&cursor, run, shape);
	for (; run_next(&cursor, &customer); names++)
	{
		if (unlikely(customer.identity[0] == 0))
		{
			pack_zero(packer, &customer, shape, names);
			continue;
		}
		put_name(packer, names);
		pack_customer(packer, &customer, shape);
	}
}

/* Customers who follow those that came before, and the names of all, or NULL. */
void
retention_history_pack_run(HistoryPacker *packer, const Run *run, OccasionShape shape, const CustomerName *names)
{
	if (shape.money_words > packer->unit_words)
		promote_block(packer);
	if (names)
	{
		FOR_SHAPE(shape, pack_named(packer, run, shaped, names));
	}
	else
		FOR_SHAPE(shape, pack_shaped(packer, run, shaped));
}

/* ---- the value -------------------------------------------------------------- */

/* The money of the list, apart by what it's part of; in the current context. */
static void
add_wide(MoneyTotal *sums, const WideList *wide)
{
	for (int64 i = 0; i < wide_count(wide); i++)
	{
		const WideMoney *item = &wide->items[i];
		OccasionKind kind = slot_kind((uint32) item->key[2]);

		CHECK_FOR_INTERRUPTS();
		if (kind <= OF_CUSTOMERS_LAST)
			retention_total_add_money(&sums[HEADER_REVENUE], item->money);
		if (kind == OF_REFUNDS)
			retention_total_add_money(&sums[HEADER_REFUNDED], item->money);
		if (kind == OF_GUEST_ORDERS || kind == OF_GUEST_REFUNDS)
			retention_total_add_money(&sums[HEADER_GUEST_REVENUE], item->money);
	}
}

/*
 * Write the header, with money that no occasion has room for; returns what makes the
 * value.  The first and the last day are those of the orders, which periods don't tell if
 * they are longer.
 */
BlockWriter *
retention_history_pack_end(HistoryPacker *packer, const Kind *kind, int scale,
						   int32 first_day, int32 last_day, const WideList *wide)
{
	const HistoryTotals *totals = &packer->totals;
	StringInfo	header;
	Size		names_bytes = 0;
	Size		index_bytes = 0;
	int			end;

	pack_customers(packer);
	end = packer->blocks.body.len;
	if (packer->names.body.data)
	{
		names_bytes = retention_blocks_append(&packer->blocks, &packer->names);
		pfree(packer->texts.data);
	}
	if (totals->identities >= HISTORY_INDEX_CUSTOMERS)
		index_bytes = put_index(packer, end);
	if (packer->index.data)
		pfree(packer->index.data);
	header = retention_blocks_end(&packer->blocks, FORM_PACKED);
	retention_put_kind(header, kind);
	retention_put_varint(header, totals->identities);
	retention_put_varint(header, totals->customers);
	retention_put_varint(header, totals->entries);
	retention_put_varint(header, totals->occasions);
	retention_put_varint(header, zigzag(totals->orders));
	retention_put_varint(header, zigzag(totals->refunds));
	retention_put_varint(header, zigzag(totals->guest_orders));
	retention_put_varint(header, zigzag(totals->guest_refunds));
	retention_put_varint(header, totals->missing);
	if (totals->customers > 0)
	{
		if (kind->grain == GRAIN_DAY)
		{
			first_day = totals->first_day;
			last_day = totals->last_day;
		}
		retention_put_varint(header, zigzag(first_day));
		retention_put_varint(header, (uint64) ((int64) last_day - first_day));
	}
	if (kind->anchored)
	{
		const HistoryWhole *whole = &packer->whole;

		retention_put_varint(header, whole->first_day == DAY_NEVER_FIRST ? 0 : (uint64) ((int64) whole->last_day - whole->first_day + 1));
		if (whole->first_day != DAY_NEVER_FIRST)
			retention_put_varint(header, zigzag(whole->first_day));
	}
	if (kind->amount != AMOUNT_NONE)
	{
		MoneyTotal	elsewhere[HEADER_SUMS] = {0};

		add_wide(elsewhere, wide);
		appendStringInfoCharMacro(header, (char) packer->words);
		retention_put_varint(header, scale);
		for (int i = 0; i < HEADER_SUMS; i++)
			retention_put_money(header, retention_total_money(packer->sums[i], elsewhere[i].wide, scale));
	}
	if (kind->named)
		retention_put_varint(header, names_bytes);
	if (index_bytes > 0)
		retention_put_varint(header, index_bytes);
	retention_put_wide(header, wide);
	if (packer->room > 0)
	{
		pfree(packer->slots);
		pfree(packer->rows);
	}
	if (packer->units)
		pfree(packer->units);
	return &packer->blocks;
}
