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

#include "miscadmin.h"
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
read_whole(HistoryUnpacker *unpacker)
{
	HistoryWhole *whole = &unpacker->whole;
	int64		days = (int64) retention_get_number(&unpacker->in, DAY_LAST - DAY_FIRST + 3, "A day is out of range.");

	*whole = (HistoryWhole) {DAY_NEVER_FIRST, DAY_NEVER_LAST};
	if (days == 0)
		return;
	whole->first_day = get_day(&unpacker->in);
	if (whole->first_day + days - 1 > DAY_LAST + 1)
		invalid("A day is out of range.");
	whole->last_day = whole->first_day + (int32) days - 1;
}

static void
read_header(HistoryUnpacker *unpacker, bool skip_money)
{
	ByteReader *in = &unpacker->in;
	HistoryTotals *totals = &unpacker->totals;
	uint8		version;

	version = reader_byte(in);
	if (version != FORM_PACKED)
		retention_unknown_version(HISTORY_TYPE, version);
	retention_get_kind(in, &unpacker->kind, true);

	/* an entry takes a byte of a gap, or else one of its customer's hash */
	totals->identities = retention_get_room(in);
	totals->customers = retention_get_room(in);
	totals->entries = retention_get_room(in);
	totals->occasions = retention_get_room(in);
	totals->orders = unzigzag(retention_get_varint(in));
	totals->refunds = unzigzag(retention_get_varint(in));
	totals->guest_orders = unzigzag(retention_get_varint(in));
	totals->guest_refunds = unzigzag(retention_get_varint(in));
	totals->missing = retention_get_room(in);
	totals->first_day = DAY_NEVER_FIRST;
	totals->last_day = DAY_NEVER_LAST;
	if (totals->customers > 0)
	{
		totals->first_day = get_day(in);
		totals->last_day = totals->first_day +
			(int32) retention_get_number(in, DAY_LAST + 1 - totals->first_day, "A day is out of range.");
	}
	if (unpacker->kind.anchored)
		read_whole(unpacker);
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
	if (unpacker->kind.named)
		unpacker->names_bytes = (Size) retention_get_room(in);
	if (totals->identities >= HISTORY_INDEX_CUSTOMERS)
		unpacker->index_bytes = (Size) retention_get_room(in);
	reader_leaves(in, unpacker->names_bytes + unpacker->index_bytes);
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
	if (unpacker->in.at < unpacker->in.end && *unpacker->in.at != FORM_PACKED)
		return false;
	read_header(unpacker, skip_money);
	return true;
}

/* Names are wanted, too, if there are any.  To be said before any customers are asked for. */
void
retention_history_unpack_names(HistoryUnpacker *unpacker)
{
	if (!unpacker->kind.named)
		return;
	if (!retention_read_from_end(&unpacker->names_in, &unpacker->in,
								 unpacker->names_bytes + unpacker->index_bytes + VALUE_END_BYTES))
		invalid("The names are longer than the value.");
	unpacker->names = palloc(HISTORY_BLOCK_CUSTOMERS * sizeof(CustomerName));
}

/* The columns that blocks of both kinds end with, and what they are counted from. */
typedef struct OccasionColumns
{
	int			bits;			/* of a slot's kind */
	uint64		slot;			/* narrow */
	int64		least_rows;
	Column		gaps;
	Column		rows;
	UnitsColumn money;
} OccasionColumns;

static void
read_least(ByteReader *block, OccasionColumns *columns, int bits)
{
	int64		slot = unzigzag(retention_get_varint(block));

	if (slot < -SLOT_BIAS(bits) || slot >= (int64) (PERIOD_LAST + 1) << bits)
		retention_invalid_value(block->type, "A period is out of range.");
	columns->bits = bits;
	columns->slot = (uint64) (slot + SLOT_BIAS(bits));
	columns->least_rows = unzigzag(retention_get_varint(block));
	if (columns->least_rows < -COUNT_MAX || columns->least_rows > COUNT_MAX)
		retention_invalid_value(block->type, "A customer has too many orders.");
}

/* All but the slots that are the first of somebody. */
static void
read_occasions(const HistoryUnpacker *unpacker, ByteReader *block, OccasionColumns *columns,
			   int64 firsts, int64 entries)
{
	retention_get_numbers(block, &columns->gaps, entries - firsts, 4);
	/* so that no value claims more entries than it has bytes */
	if (entries > firsts && columns->gaps.width == 0)
		invalid("A customer has a period twice.");
	retention_get_numbers(block, &columns->rows, entries, 5);
	memset(&columns->money, 0, sizeof(UnitsColumn));
	if (unpacker->kind.amount != AMOUNT_NONE)
	{
		retention_get_units(block, &columns->money, entries);
		if (unpacker->shape.money_words > 0 && columns->money.words > unpacker->shape.money_words)
			invalid("Money is wider than the value says.");
	}
	retention_end_of_block(block);
}

/* The next occasion, of this narrow slot. */
static pg_attribute_always_inline uint64 *
next_occasion(OccasionColumns *columns, uint64 slot, uint64 *to, OccasionShape shape)
{
	*to++ = make_mark((uint32) widen_slot(slot, columns->bits),
					  columns->least_rows + (int64) column_next(&columns->rows));
	if (shape.money_words > 0)
		units_next(&columns->money, to, shape.money_words);
	return to + shape.money_words;
}

/* ---- customers ------------------------------------------------------------- */

typedef struct CustomerColumns
{
	int			n;				/* customers */
	int64		entries;
	uint64		hash;
	Column		hashes;
	Column		lows;
	Column		counts;
	Column		firsts;
	OccasionColumns occasions;
} CustomerColumns;

/* Marks of the first occasions in the whole, of an anchored history. */
static void
read_origins(HistoryUnpacker *unpacker, ByteReader *block, int n)
{
	uint64		least = retention_get_number(block, PERIOD_LAST + ORIGIN_BIAS, "A period is out of range.");
	Column		periods;
	Column		orders;

	retention_get_numbers(block, &periods, n, 4);
	retention_get_numbers(block, &orders, n, 5);
	for (int i = 0; i < n; i++)
	{
		uint64		period = least + column_next(&periods);
		uint64		rows = column_next(&orders);

		if (period > PERIOD_LAST + ORIGIN_BIAS || rows > COUNT_MAX || (period == 0) != (rows == 0))
			invalid("A customer's first order is impossible.");
		unpacker->origins[i] = period == 0 ? 0 :
			make_mark(make_slot((int32) period - ORIGIN_BIAS, OF_ORDERS), (int64) rows);
	}
}

static void
read_customers(HistoryUnpacker *unpacker, ByteReader *block, CustomerColumns *columns)
{
	Column		counts;
	int			n = reader_byte(block) + 1;
	int			bits;

	if (n > unpacker->identities_left)
		invalid("There are more customers than the value says.");
	columns->n = n;
	columns->entries = n;
	columns->hash = reader_bytes(block, sizeof(uint64));
	bits = reader_byte(block);
	if (bits > 1)
		invalid("A customer has occasions of another kind.");
	read_least(block, &columns->occasions, bits);

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
	if (unpacker->kind.anchored)
		read_origins(unpacker, block, n);
	read_occasions(unpacker, block, &columns->occasions, n, columns->entries);
}

static pg_attribute_always_inline void
make_run(const CustomerColumns *columns, uint64 *to, OccasionShape shape)
{
	/* copies, which the compiler can see that nothing else points to */
	Column		hashes = columns->hashes;
	Column		lows = columns->lows;
	Column		counts = columns->counts;
	Column		firsts = columns->firsts;
	OccasionColumns occasions = columns->occasions;
	uint64		hash = columns->hash;

	for (int i = 0; i < columns->n; i++)
	{
		int64		count = (int64) column_next(&counts) + 1;
		uint64		slot = occasions.slot + column_next(&firsts);

		if (i > 0)
			hash += column_next(&hashes);
		*to++ = hash;
		if (shape.key_words == 2)
			*to++ = column_next(&lows);
		*to++ = (uint64) count;
		for (int64 j = 0; j < count; j++)
		{
			if (j > 0)
				slot += column_next(&occasions.gaps);
			to = next_occasion(&occasions, slot, to, shape);
		}
	}
}

/* ---- their names ------------------------------------------------------------ */

/* The names of a block of n customers: where they are, or joined to what they begin with. */
static void
read_names(HistoryUnpacker *unpacker, int n)
{
	ByteReader	block;
	BlockTag	tag = retention_next_block(&unpacker->names_in, &block);
	Column		lengths;
	Column		counted;
	const char *prefix;
	const char *bytes;
	char	   *to = NULL;
	int			prefix_length;
	int64		total = 0;

	if (tag != BLOCK_NAMES)
		invalid("A block is not where it should be.");
	if (reader_byte(&block) + 1 != n)
		invalid("There are not as many names as customers.");
	prefix_length = reader_byte(&block);
	prefix = (const char *) reader_skip(&block, prefix_length);
	retention_get_numbers(&block, &lengths, n, 4);
	counted = lengths;
	for (int i = 0; i < n; i++)
		total += (int64) column_next(&counted);
	bytes = (const char *) reader_column(&block, total, 1);
	retention_end_of_block(&block);

	if (unpacker->joined)
		pfree(unpacker->joined);
	unpacker->joined = NULL;
	if (prefix_length > 0)
		to = unpacker->joined = MemoryContextAllocHuge(CurrentMemoryContext, total + n * prefix_length);
	for (int i = 0; i < n; i++)
	{
		CustomerName *name = &unpacker->names[i];
		int			length = (int) column_next(&lengths);

		name->bytes = bytes;
		name->length = length;
		bytes += length;
		if (to == NULL)
			continue;
		memcpy(to, prefix, prefix_length);
		memcpy(to + prefix_length, name->bytes, length);
		name->bytes = to;
		name->length += prefix_length;
		to += name->length;
	}
}

/* ---- what stands before them ----------------------------------------------- */

/* A block of occasions of nobody, behind those that have been read. */
static void
read_nobody(HistoryUnpacker *unpacker, ByteReader *block)
{
	OccasionShape shape = unpacker->shape;
	Run		   *run = &unpacker->nobody;
	int64		head = customer_words(shape);
	OccasionColumns columns;
	uint64		slot;
	uint64	   *to;
	Size		bytes;
	int64		n = retention_get_room(block);

	if (n == 0)
		invalid("A block of rows of nobody is empty.");
	read_least(block, &columns, KIND_BITS);
	slot = columns.slot;
	read_occasions(unpacker, block, &columns, 1, n);
	bytes = (Size) (head + (run->entries + n) * occasion_words(shape)) * sizeof(uint64);
	if (run->words == NULL)
	{
		run->words = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
		memset(run->words, 0, head * sizeof(uint64));
		run->nwords = head;
	}
	else
		run->words = repalloc_huge(run->words, bytes);
	to = run->words + run->nwords;
	for (int64 i = 0; i < n; i++)
	{
		if (i > 0)
			slot += column_next(&columns.gaps);
		to = next_occasion(&columns, slot, to, shape);
	}
	run->nwords = to - run->words;
	run->entries += n;
	run->words[shape.key_words] = (uint64) run->entries;
}

/* Up to the first block of customers. */
static void
begin(HistoryUnpacker *unpacker, bool nobody_wanted)
{
	unpacker->begun = true;
	unpacker->tag = retention_next_block(&unpacker->in, &unpacker->block);
	if (unpacker->tag == BLOCK_WIDE)
	{
		if (unpacker->kind.amount == AMOUNT_NONE)
			invalid("Money is not where it should be.");
		if (unpacker->shape.money_words > 0)
			unpacker->wide = retention_get_wide(&unpacker->block, unpacker->totals.revenue.scale);
		unpacker->tag = retention_next_block(&unpacker->in, &unpacker->block);
	}
	while (unpacker->tag == BLOCK_NOBODY)
	{
		CHECK_FOR_INTERRUPTS();
		if (nobody_wanted)
			read_nobody(unpacker, &unpacker->block);
		unpacker->tag = retention_next_block(&unpacker->in, &unpacker->block);
	}
}

/*
 * The occasions of nobody that is known, as those of one customer whose identity is
 * zero; NULL if there are none.  To be asked for before any customers.
 */
const Run *
retention_history_unpack_nobody(HistoryUnpacker *unpacker)
{
	Assert(!unpacker->begun);
	if (unpacker->done)
		return NULL;
	begin(unpacker, true);
	return unpacker->nobody.words ? &unpacker->nobody : NULL;
}

/*
 * The next block's customers; NULL behind the last.  The run is good until the
 * next call.
 */
const Run *
retention_history_unpack_next(HistoryUnpacker *unpacker)
{
	OccasionShape shape = unpacker->shape;
	CustomerColumns columns;
	int64		nwords;

	if (unpacker->done)
		return NULL;
	if (!unpacker->begun)
		begin(unpacker, false);
	else if (unpacker->run.words != NULL)
		unpacker->tag = retention_next_block(&unpacker->in, &unpacker->block);
	if (unpacker->tag == BLOCK_END || (unpacker->tag == BLOCK_NAMES && unpacker->kind.named) ||
		(unpacker->tag == BLOCK_INDEX && unpacker->index_bytes > 0))
	{
		if (!unpacker->sought && (unpacker->identities_left > 0 || unpacker->entries_left > 0))
			invalid("There are fewer customers than the value says.");
		unpacker->done = true;
		return NULL;
	}
	if (unpacker->tag != BLOCK_CUSTOMERS)
		invalid("A block is not where it should be.");
	read_customers(unpacker, &unpacker->block, &columns);

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
	if (unpacker->names)
		read_names(unpacker, columns.n);
	return &unpacker->run;
}

/* The entry of the index of the first block that may have a hash, as none behind it begins with less; how far it is from the end. */
static Size
find_in_index(const ByteReader *index, uint64 hash, int64 *place)
{
	const uint8 *entries = index->at;
	int64		low = 0;
	int64		high = (index->end - index->at) / HISTORY_INDEX_ENTRY;

	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (load_bytes(entries + middle * HISTORY_INDEX_ENTRY, sizeof(uint64), index->end) < hash)
			low = middle + 1;
		else
			high = middle;
	}
	*place = Max(low - 1, 0);
	return (Size) load_bytes(entries + *place * HISTORY_INDEX_ENTRY + sizeof(uint64), sizeof(uint32), index->end);
}

/* Go to the block of customers in which one would be, which is the first of all where there is no index. */
static void
seek(HistoryUnpacker *unpacker, uint64 hash)
{
	Size		behind = unpacker->names_bytes + unpacker->index_bytes + VALUE_END_BYTES;
	ByteReader	reader;
	ByteReader	block;
	int64		place;
	Size		from_end;

	if (unpacker->index_bytes == 0)
		return;
	if (!retention_read_from_end(&reader, &unpacker->in, unpacker->index_bytes + VALUE_END_BYTES))
		invalid("The index is longer than the value.");
	reader.ahead = 0;
	if (retention_next_block(&reader, &block) != BLOCK_INDEX || block.at == block.end ||
		(block.end - block.at) % HISTORY_INDEX_ENTRY != 0)
		invalid("The index is not where it should be.");
	from_end = find_in_index(&block, hash, &place);
	/* the first one is at hand */
	if (place == 0)
		return;
	if (!retention_read_from_end(&reader, &unpacker->in, from_end + behind))
		invalid("A block is not where the index says.");
	reader.ahead = 0;
	unpacker->in = reader;
	unpacker->sought = true;
	unpacker->tag = retention_next_block(&unpacker->in, &unpacker->block);
}

/*
 * The customers from a block on in which one would be who has an identity; NULL if there are
 * none.  To be asked for before any others.
 */
const Run *
retention_history_unpack_from(HistoryUnpacker *unpacker, const uint64 *identity)
{
	const WideList *list;
	const Run  *run;

	Assert(!unpacker->begun);
	if (unpacker->done)
		return NULL;
	begin(unpacker, false);
	seek(unpacker, identity[0]);
	run = retention_history_unpack_next(unpacker);
	list = unpacker->wide;
	/* money of those before them is not looked for any more */
	while (run && unpacker->next_wide < wide_count(list) &&
		   compare_identity(list->items[unpacker->next_wide].key, run->words, unpacker->shape.key_words) < 0)
		unpacker->next_wide++;
	return run;
}

/* What was read into is given back. */
void
retention_history_unpack_end(HistoryUnpacker *unpacker)
{
	if (unpacker->nobody.words)
		pfree(unpacker->nobody.words);
	if (unpacker->run.words)
		pfree(unpacker->run.words);
	if (unpacker->names)
		pfree(unpacker->names);
	if (unpacker->joined)
		pfree(unpacker->joined);
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

			/* nobody's money is among that of who has this identity */
			while (wide_key_is_nobodys(list->items[unpacker->next_wide].key))
				if (++unpacker->next_wide == list->n)
					return;
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

/* The same of the occasions of nobody; how many have been marked? */
int64
retention_history_mark_nobody(HistoryUnpacker *unpacker)
{
	OccasionShape shape = unpacker->shape;
	const Run  *run = &unpacker->nobody;
	int64		marked = 0;

	for (int64 i = 0; i < run->entries; i++)
	{
		uint64	   *occasion = run->words + customer_words(shape) + i * occasion_words(shape);
		uint64		key[WIDE_KEY_WORDS];

		CHECK_FOR_INTERRUPTS();
		occasion_wide_key(key, run->words, *occasion, shape.key_words);
		if (wide_find(unpacker->wide, key).limbs == NULL)
			continue;
		if (!units_are_zero(occasion + 1, shape.money_words))
			invalid("Money is not where it should be.");
		units_set_elsewhere(occasion + 1, shape.money_words);
		marked++;
	}
	return marked;
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

/* A history that rows have been taken away from which it does not have is a part of one. */
void
retention_check_nothing_missing(const HistoryUnpacker *unpacker)
{
	if (unpacker->totals.missing > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("purchase history lacks rows that were taken away from it"),
				 errdetail("There are %lld periods of customers with fewer rows than were taken away, or with none.",
						   (long long) unpacker->totals.missing),
				 errhint("Add the history that they were rows of, by rollup().")));
}
