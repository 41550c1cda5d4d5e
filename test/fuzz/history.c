/*-------------------------------------------------------------------------
 *
 * history.c
 *	  Fuzzing the input of purchase_history.
 *
 * What is accepted has to be read to its end without an error, with its money
 * and without, and to add up.  Merged into a history of nothing it is packed
 * to the same bytes again, and merged with itself it is a value once more,
 * unless its numbers are too large for that.  If it is by day, its rows can be taken
 * away: what that is makes it itself when it is taken away in turn, and nothing
 * when it is added.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "history/history_state.h"

#include "customers.h"
#include "shim.h"

extern Datum retention_history_negated(PG_FUNCTION_ARGS);

/* ---- the bytes as fields, see history_packed.h---------------------------------- */

enum
{
	GRAIN = ROLE_CUSTOMERS_LAST,
	IDENTITIES, CUSTOMERS, ENTRIES, OCCASIONS, ORDERS, REFUNDS, GUEST_ORDERS, GUEST_REFUNDS, MISSING,
	FIRST_DAY, SPAN, NOBODYS, BITS, LEAST, LEAST_ROWS, COUNT, FIRST, GAP, ROWS,
	NAMES_BYTES, NAMES, PREFIX, LETTER, LENGTH
};

/* Does the grain say that there are first orders of a whole? */
static bool anchored;

const int	fuzz_claims[] = {COUNT, NOBODYS, ROLE_BLOCK, ROLE_WIDE, NAMES_BYTES, PREFIX, LENGTH, 0};

/* The columns that blocks of both kinds end with. */
static void
parse_occasions(Fields *fields, const FuzzKind *kind, uint64 firsts, uint64 entries)
{
	(void) fuzz_numbers(fields, GAP, entries - firsts);
	(void) fuzz_numbers(fields, ROWS, entries);
	if (kind->has_money)
		fuzz_units(fields, ROLE_MONEY, entries);
}

static void
parse_nobody(Fields *fields, const FuzzKind *kind)
{
	uint64		n = fuzz_varint(fields, NOBODYS);

	(void) fuzz_varint(fields, LEAST);
	(void) fuzz_varint(fields, LEAST_ROWS);
	parse_occasions(fields, kind, Min(n, 1), n);
}

static void
parse_customers(Fields *fields, const FuzzKind *kind)
{
	uint64		n = fuzz_byte(fields, ROLE_BLOCK) + 1;
	uint64		entries = n;

	fuzz_first_hash(fields);
	(void) fuzz_byte(fields, BITS);
	(void) fuzz_varint(fields, LEAST);
	(void) fuzz_varint(fields, LEAST_ROWS);
	fuzz_identities(fields, kind, n);
	for (int i = fuzz_numbers(fields, COUNT, n); i < fields->n; i++)
		entries += fields->fields[i].value;
	(void) fuzz_numbers(fields, FIRST, n);
	if (anchored)
	{
		(void) fuzz_varint(fields, ROLE_OTHER);
		(void) fuzz_numbers(fields, ROLE_OTHER, n);
		(void) fuzz_numbers(fields, ROLE_OTHER, n);
	}
	parse_occasions(fields, kind, n, entries);
}

static void
parse_letters(Fields *fields, uint64 n)
{
	while (n-- > 0 && fuzz_more(fields))
		(void) fuzz_byte(fields, LETTER);
}

static void
parse_names(Fields *fields)
{
	uint64		n = fuzz_byte(fields, NAMES) + 1;
	uint64		letters = 0;

	parse_letters(fields, fuzz_byte(fields, PREFIX));
	for (int i = fuzz_numbers(fields, LENGTH, n); i < fields->n; i++)
		letters += fields->fields[i].value;
	parse_letters(fields, letters);
}

static void
parse_block(Fields *fields, const FuzzKind *kind, uint64 tag)
{
	if (tag == BLOCK_NOBODY)
		parse_nobody(fields, kind);
	else if (tag == BLOCK_CUSTOMERS)
		parse_customers(fields, kind);
	else if (tag == BLOCK_NAMES)
		parse_names(fields);
}

static void
parse(Fields *fields)
{
	FuzzKind	kind = fuzz_kind(fields);
	uint64		zone;
	uint64		customers = 0;
	int			names_bytes = -1;

	anchored = (fuzz_byte(fields, GRAIN) & 0x80) != 0;
	zone = fuzz_byte(fields, ROLE_OTHER);
	while (zone-- > 0 && fuzz_more(fields))
		(void) fuzz_byte(fields, ROLE_OTHER);
	for (int role = IDENTITIES; role <= MISSING; role++)
	{
		uint64		total = fuzz_varint(fields, role);

		if (role == CUSTOMERS)
			customers = total;
	}
	if (customers > 0)
	{
		(void) fuzz_varint(fields, FIRST_DAY);
		(void) fuzz_varint(fields, SPAN);
	}
	if (anchored && fuzz_varint(fields, ROLE_OTHER) > 0)
		(void) fuzz_varint(fields, ROLE_OTHER);
	if (kind.has_money)
	{
		fuzz_money_width(fields);
		for (int sum = 0; sum < HEADER_SUMS; sum++)
			fuzz_sum(fields, sum);
	}
	if (kind.has_names && fuzz_more(fields))
	{
		names_bytes = fields->n;
		(void) fuzz_varint(fields, NAMES_BYTES);
		fields->fields[names_bytes].kind = FIELD_NAMES_BYTES;
	}
	fuzz_blocks(fields, &kind, parse_block);
	if (names_bytes >= 0)
		fields->fields[names_bytes].value -= fuzz_names_bytes(fields);
}

/* ---- making the totals go together ------------------------------------------- */

/* Fields of a role that a block has. */
typedef struct Numbers
{
	int			n;
	Field	   *fields[MAX_FIELDS];
} Numbers;

typedef struct Block
{
	bool		nobodys;
	int			bits;
	Field	   *least;
	Field	   *least_rows;
	Numbers		counts;
	Numbers		firsts;
	Numbers		gaps;
	Numbers		rows;
	Numbers		money;
} Block;

typedef struct Totals
{
	int64		of[MISSING + 1];	/* by role */
	int32		first;			/* periods of orders */
	int32		last;
	int			customers;		/* that have been met */
	int			nentries;
	struct
	{
		int			customer;	/* from 1 on; or 0: nobody */
		uint32		slot;
	}			entries[MAX_FIELDS];
} Totals;

static void
begin_block(Block *block, bool nobodys)
{
	block->nobodys = nobodys;
	block->bits = nobodys ? KIND_BITS : 0;
	block->least = block->least_rows = NULL;
	block->counts.n = block->firsts.n = block->gaps.n = block->rows.n = block->money.n = 0;
}

static void
collect(Numbers *numbers, Field *field)
{
	numbers->fields[numbers->n++] = field;
}

static uint64
number(const Numbers *numbers, int i)
{
	return i < numbers->n ? numbers->fields[i]->value : 0;
}

/* What all numbers of a column have goes to the one that they are counted from. */
static void
lower(Numbers *numbers, Field *least)
{
	uint64		all = PG_UINT64_MAX;

	for (int i = 0; i < numbers->n; i++)
		all = Min(all, numbers->fields[i]->value);
	if (numbers->n == 0 || all == 0)
		return;
	for (int i = 0; i < numbers->n; i++)
		numbers->fields[i]->value -= all;
	fuzz_set_field(least, zigzag((int64) ((uint64) unzigzag(least->value) + all)));
}

/* Which of the header's sums is money of this kind part of? */
static int
sums_of_kind(OccasionKind kind)
{
	switch (kind)
	{
		case OF_ORDERS:
			return 1 << HEADER_REVENUE;
		case OF_REFUNDS:
			return 1 << HEADER_REVENUE | 1 << HEADER_REFUNDED;
		case OF_GUEST_ORDERS:
		case OF_GUEST_REFUNDS:
			return 1 << HEADER_GUEST_REVENUE;
		default:
			return 0;
	}
}

static void
total_occasion(Totals *totals, uint64 mark, bool *ordered)
{
	int64		rows = mark_count(mark);

	totals->of[MISSING] += rows <= 0;
	switch (mark_kind(mark))
	{
		case OF_ORDERS:
			totals->of[ORDERS] += rows;
			if (rows <= 0)
				break;
			totals->of[OCCASIONS]++;
			totals->of[CUSTOMERS] += !*ordered;
			*ordered = true;
			totals->first = Min(totals->first, mark_period(mark));
			totals->last = Max(totals->last, mark_period(mark));
			break;
		case OF_REFUNDS:
			totals->of[REFUNDS] += rows;
			break;
		case OF_GUEST_ORDERS:
			totals->of[GUEST_ORDERS] += rows;
			break;
		case OF_GUEST_REFUNDS:
			totals->of[GUEST_REFUNDS] += rows;
			break;
		default:
			break;
	}
}

static void
total_block(Block *block, Totals *totals)
{
	uint64		base;
	int64		least_rows;
	int			entry = 0;
	int			gap = 0;

	if (block->least == NULL || block->least_rows == NULL)
		return;
	lower(&block->firsts, block->least);
	lower(&block->rows, block->least_rows);
	base = (uint64) unzigzag(block->least->value) + SLOT_BIAS(block->bits);
	least_rows = unzigzag(block->least_rows->value);
	for (int c = 0; c < (block->nobodys ? 1 : block->counts.n); c++)
	{
		int			customer = block->nobodys ? 0 : ++totals->customers;
		uint64		left = block->nobodys ? block->rows.n : number(&block->counts, c) + 1;
		uint64		slot = base + number(&block->firsts, c);
		bool		ordered = false;

		for (uint64 i = 0; i < left && entry < block->rows.n; i++, entry++)
		{
			uint64		mark;

			if (i > 0)
				slot += number(&block->gaps, gap++);
			mark = make_mark((uint32) widen_slot(slot, block->bits),
							 (int64) ((uint64) least_rows + number(&block->rows, entry)));
			total_occasion(totals, mark, &ordered);
			totals->entries[totals->nentries].customer = customer;
			totals->entries[totals->nentries++].slot = mark_slot(mark);
			if (entry >= block->money.n)
				continue;
			block->money.fields[entry]->sums = sums_of_kind(mark_kind(mark));
			if (!kind_has_money(mark_kind(mark)))
				fuzz_set_field(block->money.fields[entry], 0);
		}
	}
}

static Field *
find(Fields *fields, int role)
{
	for (int i = 0; i < fields->n; i++)
		if (fields->fields[i].role == role)
			return &fields->fields[i];
	return NULL;
}

/* Days are there if there are orders; by day they are the first and the last, or else of those periods. */
static void
set_days(Fields *fields, const Totals *totals)
{
	Field	   *grain = find(fields, GRAIN);
	Field	   *missing = find(fields, MISSING);
	Field	   *days = find(fields, FIRST_DAY);
	bool		are_there = days != NULL && days[1].role == SPAN;
	int64		first;
	int64		last;
	Grain		of_history;

	if (grain == NULL || missing == NULL)
		return;
	of_history = grain->value & 0x7F;
	if (are_there != (totals->of[CUSTOMERS] > 0))
	{
		days = missing + 1;
		if (are_there)
			memmove(days, days + 2, (fields->fields + fields->n - days - 2) * sizeof(Field));
		else if (fields->n + 2 <= MAX_FIELDS)
		{
			memmove(days + 2, days, (fields->fields + fields->n - days) * sizeof(Field));
			days[0] = (Field) {.kind = FIELD_VARINT, .role = FIRST_DAY};
			days[1] = (Field) {.kind = FIELD_VARINT, .role = SPAN};
		}
		else
			return;
		fields->n += are_there ? -2 : 2;
	}
	if (totals->of[CUSTOMERS] == 0 || of_history < GRAIN_DAY || of_history > GRAIN_LAST ||
		totals->first < DAY_FIRST - 1 || totals->last > DAY_LAST + 1)
		return;
	first = unzigzag(days[0].value);
	last = first + (int64) days[1].value;
	if (of_history != GRAIN_DAY && first >= DAY_FIRST - 1 && last <= DAY_LAST + 1 && first <= last &&
		grain_of_day((int32) first, of_history) == totals->first &&
		grain_of_day((int32) last, of_history) == totals->last)
		return;
	first = grain_first_day(totals->first, of_history);
	last = grain_first_day(totals->last, of_history);
	fuzz_set_field(&days[0], zigzag(first));
	fuzz_set_field(&days[1], (uint64) (last - first));
}

/* Add up all blocks. */
static void
total_blocks(Fields *fields, Totals *totals)
{
	static Block block;

	memset(totals, 0, offsetof(Totals, entries));
	totals->first = PG_INT32_MAX;
	totals->last = PG_INT32_MIN;
	begin_block(&block, false);
	for (int i = 0; i < fields->n; i++)
	{
		Field	   *field = &fields->fields[i];

		if (field->kind == FIELD_BLOCK_END)
		{
			total_block(&block, totals);
			begin_block(&block, false);
		}
		switch (field->role)
		{
			case ROLE_BLOCK:
				totals->of[IDENTITIES] += field->value % 256 + 1;
				break;
			case NOBODYS:
				begin_block(&block, true);
				break;
			case BITS:
				block.bits = field->value & 1;
				break;
			case LEAST:
				block.least = field;
				break;
			case LEAST_ROWS:
				block.least_rows = field;
				break;
			case COUNT:
				totals->of[ENTRIES] += field->value + 1;
				collect(&block.counts, field);
				break;
			case FIRST:
				collect(&block.firsts, field);
				break;
			case GAP:
				collect(&block.gaps, field);
				break;
			case ROWS:
				collect(&block.rows, field);
				break;
			case ROLE_MONEY:
				collect(&block.money, field);
				break;
		}
	}
}

/*
 * Of whose money is elsewhere customers.c takes care; of which occasion it is, is the
 * last word of its key.  That goes along when its slot becomes another one.
 */
static void
find_occasions(Fields *fields, const Totals *totals, bool set)
{
	Field	   *key = NULL;

	for (int i = 0; i < fields->n; i++)
	{
		Field	   *field = &fields->fields[i];

		if (field->role == ROLE_WIDE_MONEY)
		{
			if (key != NULL)
				field->sums = sums_of_kind(slot_kind((uint32) key[WIDE_KEY_WORDS - 1].value));
			key = NULL;
		}
		else if (field->role == ROLE_WIDE_KEY && key == NULL && i + WIDE_KEY_WORDS < fields->n)
		{
			Field	   *slot = field + WIDE_KEY_WORDS - 1;

			key = field;
			if (set && slot->customer > 0 && slot->customer <= totals->nentries)
				slot->value = totals->entries[slot->customer - 1].slot;
			if (set)
				continue;
			if (wide_key_is_nobodys((uint64[]) {0, 0, slot->value}))
				key->customer = 0;
			slot->customer = totals->nentries;
			while (slot->customer > 0 && (totals->entries[slot->customer - 1].customer != key->customer ||
										  totals->entries[slot->customer - 1].slot != slot->value))
				slot->customer--;
		}
	}
}

void
fuzz_total(Fields *fields)
{
	static Totals totals;

	total_blocks(fields, &totals);
	find_occasions(fields, &totals, true);
	for (int role = IDENTITIES; role <= MISSING; role++)
		fuzz_set(fields, role, role >= ORDERS && role <= GUEST_REFUNDS ? zigzag(totals.of[role]) : (uint64) totals.of[role]);
	fuzz_total_money(fields, false);
	set_days(fields, &totals);
}

void
fuzz_parse(Fields *fields)
{
	static Totals totals;

	parse(fields);
	total_blocks(fields, &totals);
	find_occasions(fields, &totals, false);
}

/* ---- what is accepted ------------------------------------------------------- */

typedef struct Counted
{
	HistoryTotals totals;
	MoneyTotal	sums[HEADER_SUMS];
} Counted;

static void
count_customer(const HistoryUnpacker *unpacker, const CustomerView *customer, Counted *counted)
{
	HistoryTotals *totals = &counted->totals;
	int64		occasions = 0;

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(unpacker->shape);
		OccasionKind kind = mark_kind(*occasion);
		int64		rows = mark_count(*occasion);

		totals->missing += rows <= 0;
		switch (kind)
		{
			case OF_ORDERS:
				totals->orders += rows;
				if (rows <= 0)
					break;
				occasions++;
				totals->first_day = Min(totals->first_day, mark_period(*occasion));
				totals->last_day = Max(totals->last_day, mark_period(*occasion));
				break;
			case OF_REFUNDS:
				totals->refunds += rows;
				break;
			case OF_GUEST_ORDERS:
				totals->guest_orders += rows;
				break;
			case OF_GUEST_REFUNDS:
				totals->guest_refunds += rows;
				break;
			default:
				break;
		}
		for (int sum = 0; unpacker->shape.money_words > 0 && sum < HEADER_SUMS; sum++)
			if (sums_of_kind(kind) & 1 << sum)
				history_add_money(unpacker, &counted->sums[sum], customer, occasion);
	}
	totals->customers += occasions > 0;
	totals->occasions += occasions;
}

/* Each entry of the run is one of a customer; how many are they? */
static int64
count_run(const HistoryUnpacker *unpacker, const Run *run, Counted *counted)
{
	RunCursor	cursor;
	CustomerView customer;
	int64		customers = 0;
	int64		entries = 0;

	run_begin(&cursor, run, unpacker->shape);
	while (run_next(&cursor, &customer))
	{
		count_customer(unpacker, &customer, counted);
		customers++;
		entries += customer.n;
	}
	if (cursor.at != cursor.end || entries != run->entries)
		abort();
	return customers;
}

/* Every byte of a block's names. */
static void
read_names(const HistoryUnpacker *unpacker, int64 identities)
{
	static volatile char seen;
	int64		n = (identities - 1) % HISTORY_BLOCK_CUSTOMERS + 1;

	if (unpacker->names == NULL || unpacker->totals.entries > HISTORY_BLOCK_ENTRIES)
		return;
	for (int64 i = 0; i < n; i++)
		for (int c = 0; c < unpacker->names[i].length; c++)
			seen = unpacker->names[i].bytes[c];
}

static void
read_all(const struct varlena *value, bool skip_money)
{
	HistoryUnpacker unpacker;
	Counted		counted = {{.first_day = DAY_NEVER_FIRST, .last_day = DAY_NEVER_LAST}};
	HistoryTotals *ours = &counted.totals;
	const HistoryTotals *theirs = &unpacker.totals;
	const Run  *run;

	retention_history_unpack_begin(&unpacker, value, skip_money);
	retention_history_unpack_names(&unpacker);
	if ((run = retention_history_unpack_nobody(&unpacker)) != NULL)
	{
		if (unpacker.wide)
			(void) retention_history_mark_nobody(&unpacker);
		if (count_run(&unpacker, run, &counted) != 1)
			abort();
	}
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		if (unpacker.wide)
			retention_history_mark_elsewhere(&unpacker);
		ours->identities += count_run(&unpacker, run, &counted);
		read_names(&unpacker, ours->identities);
		ours->entries += run->entries;
	}
	if (ours->identities != theirs->identities || ours->customers != theirs->customers ||
		ours->entries != theirs->entries || ours->occasions != theirs->occasions ||
		ours->orders != theirs->orders || ours->refunds != theirs->refunds ||
		ours->guest_orders != theirs->guest_orders || ours->guest_refunds != theirs->guest_refunds ||
		ours->missing != theirs->missing)
		abort();
	if (ours->customers > 0 &&
		(grain_of_day(theirs->first_day, unpacker.kind.grain) != ours->first_day ||
		 grain_of_day(theirs->last_day, unpacker.kind.grain) != ours->last_day))
		abort();
	if (unpacker.shape.money_words > 0)
	{
		fuzz_must_be_equal(total_money(&counted.sums[HEADER_REVENUE], theirs->revenue.scale), theirs->revenue);
		fuzz_must_be_equal(total_money(&counted.sums[HEADER_REFUNDED], theirs->revenue.scale), theirs->refunded);
		fuzz_must_be_equal(total_money(&counted.sums[HEADER_GUEST_REVENUE], theirs->revenue.scale), theirs->guest_revenue);
	}
}

/* The customers alone: what stands before them is passed over. */
static void
read_customers(const struct varlena *value)
{
	HistoryUnpacker unpacker;
	int64		entries = 0;
	const Run  *run;

	retention_history_unpack_begin(&unpacker, value, true);
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
		entries += run->entries;
	if (entries != unpacker.totals.entries)
		abort();
}

/* There are no contexts here. */
static const StateHome home = {NULL, false};

static Datum
open_state(const struct varlena *value)
{
	return retention_state_open(&retention_history_states, home, PointerGetDatum(value));
}

static struct varlena *
negated(const struct varlena *value)
{
	LOCAL_FCINFO(fcinfo, 1);
	struct varlena *negative;

	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = PointerGetDatum(value);
	fcinfo->args[0].isnull = false;
	negative = (struct varlena *) DatumGetPointer(retention_history_negated(fcinfo));
	retention_history_validate(negative);
	return negative;
}

/* Is it a history of no rows? */
static void
must_be_empty(const struct varlena *value)
{
	HistoryUnpacker unpacker;

	read_all(value, false);
	retention_history_unpack_begin(&unpacker, value, false);
	if (retention_history_unpack_nobody(&unpacker) != NULL || unpacker.wide != NULL ||
		retention_history_unpack_next(&unpacker) != NULL)
		abort();
}

static void
take_away(const struct varlena *value)
{
	struct varlena *negative = negated(value);

	read_all(negative, false);
	fuzz_must_be_same(negated(negative), value);
	value = retention_history_pack(retention_history_merge(home, open_state(value), PointerGetDatum(negative)));
	retention_history_validate(value);
	must_be_empty(value);
}

void
fuzz_value(struct varlena *value)
{
	HistoryUnpacker unpacker;
	Datum		state;

	retention_history_validate(value);

	fuzz_error_allowed = false;
	read_all(value, false);
	read_all(value, true);
	read_customers(value);
	retention_history_unpack_begin(&unpacker, value, true);
	/* no rows can be added to what is anchored */
	if (unpacker.kind.anchored)
		return;
	state = open_state(value);
	fuzz_must_be_same(retention_history_pack(state), value);
	if (unpacker.kind.grain == GRAIN_DAY)
		take_away(value);

	fuzz_error_allowed = true;
	value = retention_history_pack(retention_history_merge(home, state, PointerGetDatum(value)));

	fuzz_error_allowed = false;
	retention_history_validate(value);
}
