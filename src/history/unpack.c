/*-------------------------------------------------------------------------
 *
 * unpack.c
 *	  A purchase_history as bytes: reading the packed form of packed.h.
 *
 * Reading makes a run of each block, in memory that the next block uses again:
 * so a question runs over values and over an aggregate's state in the same way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/packed.h"

#include "utils/memutils.h"

/* What comes before a block's columns, at most. */
#define BLOCK_HEAD_BYTES 64

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
	HistoryKind *kind = &unpacker->kind;
	HistoryTotals *totals = &unpacker->totals;
	uint8		version;
	uint8		zone_length;

	version = reader_byte(in);
	if (version != HISTORY_VERSION)
		retention_unknown_version(HISTORY_TYPE, version);
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
	unpacker->shape.key_words = key_words(kind->key);
	if (kind->amount != AMOUNT_NONE)
	{
		int			scale = (int) retention_get_number(in, MONEY_MAX_SCALE, "The scale of money is impossible.");
		int			limbs = (int) retention_get_number(in, MONEY_MAX_LIMBS, "The width of money is impossible.");

		if (limbs == 0)
			invalid("The width of money is impossible.");
		unpacker->has_money = true;
		unpacker->shape.scale = scale;
		if (!skip_money)
		{
			unpacker->limbs = limbs;
			unpacker->shape.nlimbs = 1;
		}
		totals->revenue = retention_get_money(in, unpacker->shape.scale);
		totals->refunded = retention_get_money(in, unpacker->shape.scale);
		totals->guest_revenue = retention_get_money(in, unpacker->shape.scale);
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
	column->at = reader_column(in, n, width);
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
	Size		known_bytes;
	ByteReader	peek;
	uint64		hash;
	int			n;
	int			hash_width;
	int			low_width;
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
	reader_need(in, BLOCK_HEAD_BYTES);
	n = reader_byte(in) + 1;
	if (n > unpacker->identities_left)
		invalid("A block has too many customers.");
	hash = reader_bytes(in, 8);
	hash_width = get_width(in, 8);
	count_width = get_width(in, 8);
	first_width = get_width(in, 4);
	gap_width = get_width(in, 4);
	orders_width = get_width(in, 5);
	least = (int32) reader_bytes(in, 4);
	min_orders = get_width(in, 1);
	if (unpacker->has_money)
	{
		money_width = (int) retention_get_number(in, MONEY_MAX_LIMBS * sizeof(uint64),
												 "A column of money is too wide.");
		if (money_width == 0)
			invalid("A column of money has no width.");
		/* as wide as the bytes are, not as the header says */
		if (!unpacker->skip_money)
			unpacker->shape.nlimbs = (money_width + 7) / 8;
	}
	shape = unpacker->shape;

	/* the number of entries, and so the size of the rest, is in a column itself */
	low_width = shape.key_words == 2 ? 8 : 0;
	known_bytes = column_bytes(n - 1, hash_width) + column_bytes(n, low_width) +
		column_bytes(n, count_width);
	reader_need(in, known_bytes);
	peek = *in;
	(void) reader_column(&peek, n - 1, hash_width);
	(void) reader_column(&peek, n, low_width);
	columns = reader_column(&peek, n, count_width);
	for (int i = 0; i < n; i++)
	{
		uint64		count = load_bytes(columns + i * count_width, count_width, in->end);

		if (count >= (uint64) (unpacker->entries_left - entries))
			invalid("A block has too many entries.");
		entries += (int64) count + 1;
	}
	if ((gap_width > 0) != (entries > n))
		invalid("A block has gaps of impossible width.");
	reader_need(in, known_bytes + column_bytes(n, first_width) +
				column_bytes(entries - n, gap_width) + column_bytes(entries, orders_width) +
				column_bytes(entries, money_width) + sizeof(uint64));

	columns = in->at;
	column_begin(&hashes, in, hash_width, n - 1);
	column_begin(&lows, in, low_width, n);
	column_begin(&counts, in, count_width, n);
	column_begin(&firsts, in, first_width, n);
	column_begin(&gaps, in, gap_width, entries - n);
	column_begin(&orders, in, orders_width, entries);
	if (unpacker->has_money)
	{
		money.at = reader_column(in, entries, money_width);
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

	/* the columns were there, so this is no more than eight times what they take */
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
