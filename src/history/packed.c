/*-------------------------------------------------------------------------
 *
 * packed.c
 *	  The packed form of a purchase_history.  See packed.h for the layout.
 *
 * Widths are whole bytes, so that a number is one load and one mask.  Columns
 * are written from arrays that are filled entry by entry; reading makes a run
 * of each block, in memory that the next block uses again: so a question runs
 * over values and over an aggregate's state in the same way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/packed.h"

#include "access/detoast.h"
#include "miscadmin.h"
#include "pg/hugepage.h"
#include "utils/memutils.h"

#define PACKED_VERSION	1

/* An entry takes so many bytes, with its customer's; a header hardly ever more. */
#define ENTRY_BYTES		8
#define HEADER_ROOM		512

/* What is read of a TOAST table at a time; a header of wide money takes a third. */
#define PIECE_BYTES		((Size) 512 * 1024)

/* What comes before a block's columns, at most. */
#define BLOCK_HEAD_BYTES 64

/* The largest value, with something left for the header. */
#define PACKED_MAX_BYTES (MaxAllocSize / 8 * 7)

#define invalid(detail)	retention_invalid_value(HISTORY_TYPE, detail)

/* ---- packing --------------------------------------------------------------- */

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

/* Money in more limbs from now on. */
static void
widen_packer(HistoryPacker *packer, int nlimbs)
{
	int			before = packer->shape.nlimbs;
	uint64	   *revenue = MemoryContextAlloc(packer->context, (nlimbs + 1) * sizeof(uint64));

	(void) retention_money_convert(packer->revenue, before + 1, 0, revenue, nlimbs + 1, 0);
	pfree(packer->revenue);
	packer->revenue = revenue;
	if (packer->room > 0)
	{
		uint64	   *money = MemoryContextAllocHuge(packer->context,
												   packer->room * nlimbs * sizeof(uint64));

		for (int64 i = 0; i < packer->nentries; i++)
			(void) retention_money_convert(packer->money + i * before, before, 0,
										   money + i * nlimbs, nlimbs, 0);
		pfree(packer->money);
		packer->money = money;
	}
	packer->shape.nlimbs = nlimbs;
}

/* The columns of a block have to take so many entries more. */
static void
make_room(HistoryPacker *packer, int64 more)
{
	int64		room = Max(packer->nentries + more, 2 * HISTORY_BLOCK_ENTRIES);
	int			nlimbs = packer->shape.nlimbs;
	MemoryContext old;

	if (packer->nentries + more <= packer->room)
		return;
	old = MemoryContextSwitchTo(packer->context);
	if (packer->room == 0)
	{
		packer->gaps = MemoryContextAllocHuge(packer->context, room * sizeof(uint32));
		packer->orders = MemoryContextAllocHuge(packer->context, room * sizeof(int64));
		packer->money = MemoryContextAllocHuge(packer->context, Max(room * nlimbs, 1) * sizeof(uint64));
	}
	else
	{
		packer->gaps = repalloc_huge(packer->gaps, room * sizeof(uint32));
		packer->orders = repalloc_huge(packer->orders, room * sizeof(int64));
		packer->money = repalloc_huge(packer->money, Max(room * nlimbs, 1) * sizeof(uint64));
	}
	packer->room = room;
	MemoryContextSwitchTo(old);
}

static inline uint8 *
put_column(uint8 *at, uint64 value, int width)
{
	store_bytes(at, value);
	return at + width;
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
	int			nlimbs = packer->shape.nlimbs;
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
		money_width = signed_bytes(packer->money_width);
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
	enlargeStringInfo(&packer->body, need);
	start = at = (uint8 *) packer->body.data + packer->body.len;

	*at++ = n - 1;
	at = put_column(at, packer->hashes[0], 8);
	*at++ = hash_width;
	*at++ = count_width;
	*at++ = first_width;
	*at++ = gap_width;
	*at++ = orders_width;
	at = put_column(at, (uint32) least, 4);
	*at++ = packer->min_orders;
	if (nlimbs > 0)
	{
		packer->body.len += at - start;
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

	packer->body.len += at - start;
	Assert(packer->body.len < packer->body.maxlen);
	packer->ncustomers = 0;
	packer->nentries = 0;
	packer->ngaps = 0;
	packer->max_gap = 0;
	packer->max_orders = 0;
	packer->min_orders = 1;
	packer->money_width = 0;
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
		if (shape.nlimbs == 1 && packer->shape.nlimbs == 1)
		{
			packer->money[e] = occasion[1];
			packer->money_width |= occasion[1] ^ (uint64) ((int64) occasion[1] >> 63);
			(void) money_add(packer->revenue, 2, occasion + 1, 1);
		}
		else if (shape.nlimbs > 0)
		{
			(void) retention_money_convert(occasion + 1, shape.nlimbs, 0,
										   packer->money + e * packer->shape.nlimbs,
										   packer->shape.nlimbs, 0);
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
		widen_packer(packer, shape.nlimbs);
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
	Size		zone_length = strlen(kind->zone);

	pack_block(packer);
	initStringInfo(header);
	appendStringInfoSpaces(header, VARHDRSZ);
	appendStringInfoCharMacro(header, PACKED_VERSION);
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
	return header->len + packer->body.len - HEADER_ROOM;
}

/* The value, to where there is room for it. */
void
retention_history_pack_write(HistoryPacker *packer, StringInfo header, void *to, Size size)
{
	Assert(size == (Size) (header->len + packer->body.len - HEADER_ROOM));
	memcpy(to, header->data, header->len);
	memcpy((char *) to + header->len, packer->body.data + HEADER_ROOM,
		   packer->body.len - HEADER_ROOM);
	SET_VARSIZE(to, size);
}

/* The value, in the packer's memory, and the packer gone. */
struct varlena *
retention_history_pack_finish(HistoryPacker *packer, StringInfo header)
{
	Size		size = header->len + packer->body.len - HEADER_ROOM;
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
		pfree(packer->money);
	}
}

/* ---- unpacking ------------------------------------------------------------- */

static int64
get_count(ByteReader *in)
{
	uint64		count = retention_get_varint(in);

	if (count > PG_INT64_MAX)
		invalid("A number is too large.");
	return (int64) count;
}

static int32
get_day(ByteReader *in, int64 base)
{
	int64		day = base + unzigzag(retention_get_varint(in));

	if (day < DAY_FIRST - 1 || day > DAY_LAST + 1)
		invalid("A day is out of range.");
	return (int32) day;
}

/*
 * Have so many bytes to read in one piece, or as many as there are.  A value
 * of tens of megabytes, brought whole from its TOAST table, would be as many
 * new pages to be cleared and filled; a piece is used again and again.
 */
static void
get_piece(HistoryUnpacker *unpacker, Size bytes)
{
	ByteReader *in = &unpacker->in;
	Size		left = in->end - in->at;
	Size		begin = unpacker->offset - left;
	struct varlena *piece;

	if (likely(unpacker->toasted == NULL) || left >= bytes || unpacker->offset == unpacker->total)
		return;
	bytes = Min(Max(bytes, PIECE_BYTES), unpacker->total - begin);
	if (unpacker->piece)
		pfree(unpacker->piece);
	unpacker->piece = NULL;
	unpacker->piece = piece = pg_detoast_datum_slice(unpacker->toasted, (int32) begin, (int32) bytes);
	retention_read_value(in, piece, HISTORY_TYPE);
	unpacker->offset = begin + bytes;
}

static void
read_header(HistoryUnpacker *unpacker, bool skip_money)
{
	ByteReader *in = &unpacker->in;
	HistoryKind *kind = &unpacker->kind;
	HistoryTotals *totals = &unpacker->totals;
	uint8		version;
	uint8		zone_length;

	version = reader_byte(in);
	if (version != PACKED_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d of a purchase_history value", version),
				 errhint("A newer version of the extension may have written it.")));
	kind->key = reader_byte(in);
	kind->time = reader_byte(in);
	kind->amount = reader_byte(in);
	kind->grain = reader_byte(in);
	if (kind->key == KEY_NONE || kind->key > KEY_KIND_LAST ||
		kind->time == TIME_NONE || kind->time > TIME_KIND_LAST ||
		kind->amount > AMOUNT_KIND_LAST || kind->grain < GRAIN_DAY || kind->grain > GRAIN_LAST)
		invalid("A kind of key, time, amount or period is unknown.");
	zone_length = reader_byte(in);
	if (zone_length == TZ_STRLEN_MAX || (zone_length > 0) != (kind->time == TIME_TIMESTAMPTZ))
		invalid("The time zone's name is of impossible length.");
	memcpy(kind->zone, reader_skip(in, zone_length), zone_length);
	for (int i = 0; i < zone_length; i++)
		if (kind->zone[i] <= ' ' || kind->zone[i] > '~')
			invalid("The time zone's name has a character that is none of a name.");

	totals->identities = get_count(in);
	totals->customers = get_count(in);
	totals->entries = get_count(in);
	totals->occasions = get_count(in);
	totals->orders = get_count(in);
	totals->refunds = get_count(in);
	totals->guest_orders = get_count(in);
	totals->guest_refunds = get_count(in);
	totals->first_day = DAY_NEVER_FIRST;
	totals->last_day = DAY_NEVER_LAST;
	if (totals->orders > 0)
	{
		int64		span;

		totals->first_day = get_day(in, 0);
		span = get_count(in);
		if (span > DAY_LAST + 1 - totals->first_day)
			invalid("A day is out of range.");
		totals->last_day = (int32) (totals->first_day + span);
	}
	unpacker->shape.key_words = key_words(kind->key);
	if (kind->amount != AMOUNT_NONE)
	{
		uint64		scale = retention_get_varint(in);
		uint64		limbs = retention_get_varint(in);

		if (scale > MONEY_MAX_SCALE || limbs == 0 || limbs > MONEY_MAX_LIMBS)
			invalid("The scale or width of money is impossible.");
		unpacker->has_money = true;
		unpacker->shape.scale = (int) scale;
		if (!skip_money)
		{
			unpacker->limbs = (int) limbs;
			unpacker->shape.nlimbs = 1;
		}
		totals->revenue = retention_get_money(in, scale);
		totals->refunded = retention_get_money(in, scale);
		totals->guest_revenue = retention_get_money(in, scale);
	}
	unpacker->skip_money = skip_money;
	unpacker->identities_left = totals->identities;
	unpacker->entries_left = totals->entries;
}

/* Read the header.  Without its money, a history is read as one without amounts. */
void
retention_history_unpack_begin(HistoryUnpacker *unpacker, const struct varlena *value,
							   bool skip_money)
{
	memset(unpacker, 0, sizeof(HistoryUnpacker));
	retention_read_value(&unpacker->in, value, HISTORY_TYPE);
	read_header(unpacker, skip_money);
}

/* The same of a value that may lie in a TOAST table, and be large. */
void
retention_history_unpack_toasted(HistoryUnpacker *unpacker, struct varlena *value, bool skip_money)
{
	if (!VARATT_IS_EXTERNAL_ONDISK(value) || toast_raw_datum_size(PointerGetDatum(value)) < 2 * PIECE_BYTES)
	{
		retention_history_unpack_begin(unpacker, pg_detoast_datum_packed(value), skip_money);
		return;
	}
	memset(unpacker, 0, sizeof(HistoryUnpacker));
	unpacker->toasted = value;
	unpacker->total = toast_raw_datum_size(PointerGetDatum(value)) - VARHDRSZ;
	get_piece(unpacker, PIECE_BYTES);
	read_header(unpacker, skip_money);
}

static int
get_width(ByteReader *in, int most)
{
	int			width = reader_byte(in);

	if (width > most)
		invalid("A column is too wide.");
	return width;
}

/* A column of a block being read. */
typedef struct Column
{
	const uint8 *at;
	int			width;
	uint64		mask;
} Column;

static inline void
column_begin(Column *column, ByteReader *in, int width, int64 n)
{
	column->at = reader_skip(in, (Size) n * width);
	column->width = width;
	column->mask = width == 0 ? 0 : PG_UINT64_MAX >> (64 - 8 * width);
}

/* Up to eight bytes behind the column may be touched; see block_is_last. */
static inline uint64
column_next(Column *column)
{
	uint64		value;

	memcpy(&value, column->at, sizeof(value));
	column->at += column->width;
	return little_endian_64(value) & column->mask;
}

/*
 * The next block's customers; NULL behind the last.  The run is good until the
 * next call.
 */
const Run *
retention_history_unpack_next(HistoryUnpacker *unpacker)
{
	ByteReader *in = &unpacker->in;
	OccasionShape shape;
	const uint8 *columns;
	Size		columns_bytes;
	ByteReader	peek;
	uint64		hash;
	int			n;
	int			hash_width;
	int			count_width;
	int			first_width;
	int			gap_width;
	int			orders_width;
	int			money_width = 0;
	int32		least;
	int			min_orders;
	int64		entries = 0;
	int64		nwords;
	Column		hashes;
	Column		lows;
	Column		counts;
	Column		firsts;
	Column		gaps;
	Column		orders;
	Column		money = {0};
	Column	   *all[] = {&hashes, &lows, &counts, &firsts, &gaps, &orders, &money};
	uint64	   *to;
	uint8	   *copy = NULL;

	if (unpacker->identities_left == 0)
	{
		if (unpacker->entries_left != 0)
			invalid("There are fewer entries than the value says.");
		return NULL;
	}
	get_piece(unpacker, BLOCK_HEAD_BYTES);
	n = reader_byte(in) + 1;
	if (n > unpacker->identities_left)
		invalid("A block has too many customers.");
	hash = load_bytes(reader_skip(in, 8), 8, in->end);
	hash_width = get_width(in, 8);
	count_width = get_width(in, 8);
	first_width = get_width(in, 4);
	gap_width = get_width(in, 4);
	orders_width = get_width(in, 5);
	least = (int32) load_bytes(reader_skip(in, 4), 4, in->end);
	min_orders = get_width(in, 1);
	if (unpacker->has_money)
	{
		uint64		width = retention_get_varint(in);

		if (width == 0 || width > MONEY_MAX_LIMBS * sizeof(uint64))
			invalid("A column of money is too wide.");
		money_width = (int) width;
		/* as wide as the bytes are, not as the header says */
		if (!unpacker->skip_money)
			unpacker->shape.nlimbs = (money_width + 7) / 8;
	}
	shape = unpacker->shape;

	/* the number of entries, and so the size of the rest, is in a column itself */
	columns_bytes = (Size) (n - 1) * hash_width + (shape.key_words == 2 ? (Size) n * 8 : 0);
	get_piece(unpacker, columns_bytes + (Size) n * count_width);
	peek = *in;
	(void) reader_skip(&peek, columns_bytes);
	columns = reader_skip(&peek, (Size) n * count_width);
	for (int i = 0; i < n; i++)
	{
		uint64		count = load_bytes(columns + i * count_width, count_width, in->end);

		if (count >= (uint64) (unpacker->entries_left - entries))
			invalid("A block has too many entries.");
		entries += (int64) count + 1;
	}
	if ((gap_width > 0) != (entries > n))
		invalid("A block has gaps of impossible width.");
	columns_bytes += (Size) n * (count_width + first_width) + (Size) (entries - n) * gap_width +
		(Size) entries * (orders_width + money_width);
	get_piece(unpacker, columns_bytes + sizeof(uint64));

	columns = in->at;
	column_begin(&hashes, in, hash_width, n - 1);
	column_begin(&lows, in, shape.key_words == 2 ? 8 : 0, n);
	column_begin(&counts, in, count_width, n);
	column_begin(&firsts, in, first_width, n);
	column_begin(&gaps, in, gap_width, entries - n);
	column_begin(&orders, in, orders_width, entries);
	if (unpacker->has_money)
	{
		money.at = reader_skip(in, (Size) entries * money_width);
		money.width = money_width;
	}

	/* loads may go beyond the last block, so that's read where there is room */
	if (in->end - in->at < (ptrdiff_t) sizeof(uint64))
	{
		copy = MemoryContextAllocHuge(CurrentMemoryContext,
									  in->at - columns + sizeof(uint64));
		memcpy(copy, columns, in->at - columns);
		memset(copy + (in->at - columns), 0, sizeof(uint64));
		for (int i = 0; i < (int) lengthof(all); i++)
			if (all[i]->at)
				all[i]->at = copy + (all[i]->at - columns);
	}

	nwords = n * customer_words(shape) + entries * occasion_words(shape);
	if (nwords > unpacker->room)
	{
		if (unpacker->run.words)
			pfree(unpacker->run.words);
		unpacker->run.words = MemoryContextAllocHuge(CurrentMemoryContext,
													 nwords * sizeof(uint64));
		unpacker->room = nwords;
	}
	to = unpacker->run.words;
	for (int i = 0; i < n; i++)
	{
		int64		count = (int64) column_next(&counts) + 1;
		uint32		biased;

		if (i > 0)
			hash += column_next(&hashes);
		*to++ = hash;
		if (shape.key_words == 2)
			*to++ = column_next(&lows);
		*to++ = (uint64) count;
		biased = (uint32) least + (uint32) column_next(&firsts) + PERIOD_BIAS;
		for (int64 j = 0; j < count; j++)
		{
			uint64		number;

			if (j > 0)
				biased += (uint32) column_next(&gaps) + 1;
			number = column_next(&orders) + min_orders;
			*to++ = (uint64) biased << ORDERS_BITS | number;
			if (shape.nlimbs == 1)
			{
				uint64		limb;
				int			unused = 64 - 8 * money_width;

				memcpy(&limb, money.at, sizeof(limb));
				*to++ = (uint64) ((int64) (little_endian_64(limb) << unused) >> unused);
				money.at += money_width;
			}
			else if (shape.nlimbs > 1)
			{
				uint64		extension = money.at[money_width - 1] & 0x80 ? PG_UINT64_MAX : 0;
				int			left = money_width;

				for (int limb = 0; limb < shape.nlimbs; limb++, left -= 8)
				{
					uint64		part = extension;

					if (left > 0)
					{
						part = load_bytes(money.at + limb * 8, Min(left, 8),
										  money.at + money_width);
						if (left < 8)
							part |= extension << (8 * left);
					}
					*to++ = part;
				}
				money.at += money_width;
			}
		}
	}
	unpacker->run.nwords = nwords;
	unpacker->run.entries = entries;
	unpacker->identities_left -= n;
	unpacker->entries_left -= entries;
	if (copy)
		pfree(copy);
	return &unpacker->run;
}

/* ---- checking what comes from outside --------------------------------------- */

static void
check_customer(const HistoryUnpacker *unpacker, const CustomerView *customer,
			   int32 *first, int32 *last)
{
	int32		least = period_of_day(DAY_FIRST - 1, unpacker->kind.grain);
	int32		most = period_of_day(DAY_LAST + 1, unpacker->kind.grain);
	int32		previous = PG_INT32_MIN;

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(unpacker->shape);
		int32		period = mark_period(occasion[0]);

		if (period < least || period > most || period <= previous)
			invalid("A customer has impossible periods.");
		previous = period;
		if (mark_orders(occasion[0]) > 0)
		{
			*first = Min(*first, period);
			*last = Max(*last, period);
		}
		else if (unpacker->shape.nlimbs == 0 ||
				 !money_is_negative(occasion + 1, unpacker->shape.nlimbs))
			invalid("A customer has a period with neither orders nor refunds.");
	}
}

/* Of the totals, what packing does not count anew. */
static void
check_totals(const HistoryUnpacker *unpacker, int32 first, int32 last)
{
	const HistoryTotals *totals = &unpacker->totals;
	Grain		grain = unpacker->kind.grain;

	if (totals->orders > 0 &&
		(period_of_day(totals->first_day, grain) != first ||
		 period_of_day(totals->last_day, grain) != last))
		invalid("The first or the last day is not that of the orders.");
	if (unpacker->kind.amount == AMOUNT_NONE)
	{
		if (totals->refunds > 0 || totals->guest_refunds > 0)
			invalid("There are refunds without amounts.");
	}
	else if ((totals->refunds == 0) != money_is_zero(totals->refunded.limbs, totals->refunded.nlimbs) ||
			 (totals->refunds > 0 &&
			  !money_is_negative(totals->refunded.limbs, totals->refunded.nlimbs)))
		invalid("The refunds contradict each other.");
}

/*
 * Raise an error if the bytes are not exactly what packing their content
 * gives.  Nothing is allocated by what they claim, only by what they are.
 */
void
retention_history_validate(const struct varlena *value)
{
	HistoryUnpacker unpacker;
	HistoryPacker packer;
	StringInfoData header;
	const Run  *run;
	uint64		previous[2] = {0, 0};
	bool		any = false;
	int32		first = PG_INT32_MAX;
	int32		last = PG_INT32_MIN;
	Size		size;
	char	   *again;

	retention_history_unpack_begin(&unpacker, value, false);
	retention_history_pack_begin(&packer, unpacker.shape, 0);
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		RunCursor	cursor;
		CustomerView customer;

		CHECK_FOR_INTERRUPTS();
		run_begin(&cursor, run, unpacker.shape);
		while (run_next(&cursor, &customer))
		{
			if (any && compare_identity(previous, customer.identity, unpacker.shape.key_words) >= 0)
				invalid("The customers are not in order.");
			any = true;
			memcpy(previous, customer.identity, unpacker.shape.key_words * sizeof(uint64));
			check_customer(&unpacker, &customer, &first, &last);
		}
		retention_history_pack_run(&packer, run, unpacker.shape);
	}
	if (unpacker.in.at != unpacker.in.end)
		invalid("The value goes on behind its end.");
	check_totals(&unpacker, first, last);

	/* the totals of the entries are those that packing has counted */
	if (packer.totals.orders > 0 && unpacker.totals.orders == 0)
		invalid("The totals are not those of the customers.");
	size = retention_history_pack_end(&packer, &unpacker.kind, &unpacker.totals, &header);
	again = palloc_extended(size, MCXT_ALLOC_HUGE);
	retention_history_pack_write(&packer, &header, again, size);
	if (size - VARHDRSZ != VARSIZE_ANY_EXHDR(value) ||
		memcmp(again + VARHDRSZ, VARDATA_ANY(value), size - VARHDRSZ) != 0)
		invalid("The value is not in its canonical form.");
	pfree(again);
	pfree(header.data);
	retention_history_pack_free(&packer);
}
