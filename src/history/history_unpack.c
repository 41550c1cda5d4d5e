/*-------------------------------------------------------------------------
 *
 * history_unpack.c
 *	  A purchase_history as bytes: reading the packed form of history_packed.h.
 *
 * Reading makes a run of each block, in memory that the next block uses again:
 * so a question runs over values and over an aggregate's state in the same way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_packed.h"

#include "utils/memutils.h"

#define invalid(detail)	retention_invalid_value(HISTORY_TYPE, detail)

static int32
get_day(ByteReader *in)
{
	int64		day = unzigzag(retention_get_varint(in));

	if (day < DAY_FIRST - 1 || day > DAY_LAST + 1)
		invalid("A day is out of range.");
	return (int32) day;
}

static void
read_header(HistoryUnpacker *unpacker, bool skip_money)
{
	ByteReader *in = &unpacker->in;
	HistoryTotals *totals = &unpacker->totals;
	uint8		version;

	version = reader_byte(in);
	if (version != HISTORY_VERSION)
		retention_unknown_version(HISTORY_TYPE, version);
	retention_get_kind(in, &unpacker->kind, true);

	/* an entry takes a byte of a gap, or else one of its customer's hash */
	totals->identities = retention_get_room(in);
	totals->customers = retention_get_room(in);
	totals->entries = retention_get_room(in);
	totals->occasions = retention_get_room(in);
	totals->orders = retention_get_count(in);
	totals->refunds = retention_get_count(in);
	totals->guest_orders = retention_get_count(in);
	totals->guest_refunds = retention_get_count(in);
	totals->first_day = DAY_NEVER_FIRST;
	totals->last_day = DAY_NEVER_LAST;
	if (totals->orders > 0)
	{
		totals->first_day = get_day(in);
		totals->last_day = totals->first_day +
			(int32) retention_get_number(in, DAY_LAST + 1 - totals->first_day, "A day is out of range.");
	}
	unpacker->shape.key_words = key_words(unpacker->kind.key);
	if (unpacker->kind.amount != AMOUNT_NONE)
	{
		uint8		words = reader_byte(in);
		int			scale;

		if (words < 1 || words > UNITS_MAX_WORDS)
			invalid("The width of money is impossible.");
		scale = (int) retention_get_number(in, MONEY_MAX_SCALE, "The scale of money is impossible.");
		if (!skip_money)
			unpacker->shape.money_words = words;
		unpacker->scale = units_scale(scale);
		totals->revenue = retention_get_money(in, scale);
		totals->refunded = retention_get_money(in, scale);
		totals->guest_revenue = retention_get_money(in, scale);
	}
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

/*
 * The same of a value that may lie in a TOAST table, and be large.  If nothing
 * but the header is going to be read, no more is brought than that takes.
 * Returns false if it is in another form, or of another version.
 */
bool
retention_history_unpack_stored(HistoryUnpacker *unpacker, Datum value, bool skip_money,
								bool head_only)
{
	memset(unpacker, 0, sizeof(HistoryUnpacker));
	if (head_only)
		retention_read_head(&unpacker->in, value, HISTORY_TYPE);
	else
		retention_read_pieces(&unpacker->in, value, HISTORY_TYPE);
	if (unpacker->in.at < unpacker->in.end && *unpacker->in.at != HISTORY_VERSION)
		return false;
	read_header(unpacker, skip_money);
	return true;
}

/* A block's columns, and what they are counted from. */
typedef struct BlockColumns
{
	int			n;				/* customers */
	int64		entries;
	uint64		hash;
	uint64		first;			/* biased as in marks */
	uint64		orders;
	Column		hashes;
	Column		lows;
	Column		counts;
	Column		firsts;
	Column		gaps;
	Column		more_orders;
	UnitsColumn money;
} BlockColumns;

static void
read_columns(HistoryUnpacker *unpacker, ByteReader *block, BlockColumns *columns)
{
	Column		counts;
	int			n = reader_byte(block) + 1;
	int64		first;

	if (n > unpacker->identities_left)
		invalid("There are more customers than the value says.");
	columns->n = n;
	columns->entries = n;
	columns->hash = reader_bytes(block, sizeof(uint64));
	first = unzigzag(retention_get_varint(block));
	if (first < -PERIOD_BIAS || first >= PERIOD_BIAS)
		invalid("A period is out of range.");
	columns->first = (uint64) (first + PERIOD_BIAS);
	columns->orders = retention_get_number(block, ORDERS_MAX, "A customer has too many orders.");

	retention_get_numbers(block, &columns->hashes, n - 1, 8);
	memset(&columns->lows, 0, sizeof(Column));
	if (unpacker->shape.key_words == 2)
		retention_get_numbers(block, &columns->lows, n, 8);
	retention_get_numbers(block, &columns->counts, n, 4);
	counts = columns->counts;
	for (int i = 0; i < n; i++)
		columns->entries += (int64) column_next(&counts);
	if (columns->entries > unpacker->entries_left)
		invalid("There are more entries than the value says.");
	retention_get_numbers(block, &columns->firsts, n, 4);
	retention_get_numbers(block, &columns->gaps, columns->entries - n, 4);
	/* so that no value claims more entries than it has bytes */
	if (columns->entries > n && columns->gaps.width == 0)
		invalid("A customer has a period twice.");
	retention_get_numbers(block, &columns->more_orders, columns->entries, 5);
	memset(&columns->money, 0, sizeof(UnitsColumn));
	if (unpacker->kind.amount != AMOUNT_NONE)
	{
		retention_get_units(block, &columns->money, columns->entries);
		if (unpacker->shape.money_words > 0 && columns->money.words > unpacker->shape.money_words)
			invalid("Money is wider than the value says.");
	}
	retention_end_of_block(block);
}

static pg_attribute_always_inline void
make_run(BlockColumns *columns, uint64 *to, OccasionShape shape)
{
	/* copies, which the compiler can see that nothing else points to */
	Column		hashes = columns->hashes;
	Column		lows = columns->lows;
	Column		counts = columns->counts;
	Column		firsts = columns->firsts;
	Column		gaps = columns->gaps;
	Column		more_orders = columns->more_orders;
	UnitsColumn money = columns->money;
	uint64		hash = columns->hash;

	for (int i = 0; i < columns->n; i++)
	{
		int64		count = (int64) column_next(&counts) + 1;
		uint64		period = columns->first + column_next(&firsts);

		if (i > 0)
			hash += column_next(&hashes);
		*to++ = hash;
		if (shape.key_words == 2)
			*to++ = column_next(&lows);
		*to++ = (uint64) count;
		for (int64 j = 0; j < count; j++)
		{
			if (j > 0)
				period += column_next(&gaps);
			*to++ = period << ORDERS_BITS | (columns->orders + column_next(&more_orders));
			if (shape.money_words > 0)
			{
				units_next(&money, to, shape.money_words);
				to += shape.money_words;
			}
		}
	}
}

/* The next block; what's before the first one is money that no occasion has room for. */
static BlockTag
next_block(HistoryUnpacker *unpacker, ByteReader *block)
{
	BlockTag	tag = retention_next_block(&unpacker->in, block);

	if (tag != BLOCK_WIDE)
		return tag;
	if (unpacker->kind.amount == AMOUNT_NONE || unpacker->run.words != NULL ||
		unpacker->wide != NULL)
		invalid("Money is not where it should be.");
	if (unpacker->shape.money_words > 0)
		unpacker->wide = retention_get_wide(block, unpacker->totals.revenue.scale);
	tag = retention_next_block(&unpacker->in, block);
	if (tag == BLOCK_WIDE)
		invalid("Money is not where it should be.");
	return tag;
}

/*
 * The next block's customers; NULL behind the last.  The run is good until the
 * next call.
 */
const Run *
retention_history_unpack_next(HistoryUnpacker *unpacker)
{
	OccasionShape shape = unpacker->shape;
	ByteReader	block;
	BlockColumns columns;
	int64		nwords;

	if (unpacker->done)
		return NULL;
	if (next_block(unpacker, &block) == BLOCK_END)
	{
		if (unpacker->identities_left > 0 || unpacker->entries_left > 0)
			invalid("There are fewer customers than the value says.");
		unpacker->done = true;
		return NULL;
	}
	read_columns(unpacker, &block, &columns);

	/* the columns were there, so this is some times what they take */
	nwords = columns.n * customer_words(shape) + columns.entries * occasion_words(shape);
	if (nwords > unpacker->room)
	{
		if (unpacker->run.words)
			pfree(unpacker->run.words);
		unpacker->run.words = MemoryContextAllocHuge(CurrentMemoryContext,
													 nwords * sizeof(uint64));
		unpacker->room = nwords;
	}
	FOR_SHAPE(shape, make_run(&columns, unpacker->run.words, shaped));
	unpacker->run.nwords = nwords;
	unpacker->run.entries = columns.entries;
	unpacker->identities_left -= columns.n;
	unpacker->entries_left -= columns.entries;
	return &unpacker->run;
}

/*
 * Mark the money of the run that is in the list: those who add up units have to
 * look there.
 */
void
retention_history_mark_elsewhere(HistoryUnpacker *unpacker)
{
	OccasionShape shape = unpacker->shape;
	const WideList *list = unpacker->wide;
	RunCursor	cursor;
	CustomerView customer;

	run_begin(&cursor, &unpacker->run, shape);
	while (unpacker->next_wide < wide_count(list) && run_next(&cursor, &customer))
		for (int64 i = 0; i < customer.n && unpacker->next_wide < list->n; i++)
		{
			const uint64 *occasion = customer.occasions + i * occasion_words(shape);
			uint64		key[WIDE_KEY_WORDS];
			int			order;

			occasion_wide_key(key, customer.identity, *occasion, shape.key_words);
			order = compare_wide_keys(key, list->items[unpacker->next_wide].key);
			if (order < 0)
				continue;
			if (order > 0 || !units_are_zero(occasion + 1, shape.money_words))
				invalid("Money is not where it should be.");
			units_set_elsewhere(unconstify(uint64 *, occasion) + 1, shape.money_words);
			unpacker->next_wide++;
		}
}

/* The money of an occasion that has no room for it. */
void
retention_history_add_wide(const HistoryUnpacker *unpacker, MoneyTotal *total,
						   const CustomerView *customer, const uint64 *occasion)
{
	uint64		key[WIDE_KEY_WORDS];

	occasion_wide_key(key, customer->identity, *occasion, unpacker->shape.key_words);
	retention_total_add_any(total, wide_find(unpacker->wide, key), unpacker->scale);
}
