/*-------------------------------------------------------------------------
 *
 * state.c
 *	  A purchase_history value or state in whichever form it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/state.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#define SMALL_FIRST_ROOM	4

static Size large_get_flat_size(ExpandedObjectHeader *eohptr);
static void large_flatten_into(ExpandedObjectHeader *eohptr, void *result, Size size);

static void make_large(HistoryState *state);

static const ExpandedObjectMethods large_methods = {
	large_get_flat_size,
	large_flatten_into
};

static Size
small_bytes(int zone_length, OccasionShape shape, int room)
{
	return offsetof(SmallHistory, words) + MAXALIGN(zone_length) +
		(Size) room * entry_words(shape) * sizeof(uint64);
}

#ifdef USE_ASSERT_CHECKING

static void
check_head(const HistoryHead *head, const char *zone)
{
	Assert(head->key != KEY_NONE && head->key <= KEY_KIND_LAST);
	Assert(head->time != TIME_NONE && head->time <= TIME_KIND_LAST);
	Assert(head->amount <= AMOUNT_KIND_LAST);
	Assert(head->grain >= GRAIN_DAY && head->grain <= GRAIN_LAST);
	Assert(head->scale >= 0 && head->scale <= (head->amount == AMOUNT_NONE ? 0 : MONEY_MAX_SCALE));
	Assert(head->refunds >= 0 && head->guest_orders >= 0 && head->guest_refunds >= 0);
	Assert(head->first_day <= head->last_day ||
		   (head->first_day == DAY_NEVER_FIRST && head->last_day == DAY_NEVER_LAST));
	Assert((*zone != '\0') == (head->time == TIME_TIMESTAMPTZ));
}

void
retention_history_check(const HistoryState *state)
{
	Assert((state->small == NULL) != (state->large == NULL));
	check_head(state_head(state), retention_history_zone_name(state));
	Assert((state_shape(state).money_words > 0) == (state_head(state)->amount != AMOUNT_NONE));
	if (state->small)
	{
		SmallHistory *small = state->small;

		Assert(small->form == HISTORY_SMALL);
		Assert(small->zone_length == strlen(small_zone(small)) + 1);
		Assert(small->used >= 0 && small->used <= small->room);
		Assert(VARSIZE(small) == small_bytes(small->zone_length, small_shape(small), small->room));
	}
	else
	{
		LargeHistory *large = state->large;

		Assert(large->magic == LARGE_HISTORY_MAGIC);
		Assert(large->store->overflow.scale == units_scale(large->head.scale));
		retention_store_check(large->store);
	}
}

#endif							/* USE_ASSERT_CHECKING */

/* ---- small ----------------------------------------------------------------- */

/* A state without entries or sums. */
static SmallHistory *
allocate_small(const HistoryHead *head, const char *zone, int money_words, int room)
{
	int			zone_length = (int) strlen(zone) + 1;	/* at most TZ_STRLEN_MAX */
	OccasionShape shape = {key_words(head->key), money_words};
	Size		size = small_bytes(zone_length, shape, room);
	/* the room may be stored with the rest: it holds nobody else's memory */
	SmallHistory *small = palloc0(size);

	SET_VARSIZE(small, size);
	small->form = HISTORY_SMALL;
	small->zone_length = (uint8) zone_length;
	small->money_words = (uint16) money_words;
	small->head = *head;
	small->room = room;
	memcpy(small_zone(small), zone, zone_length);
	return small;
}

/* A copy with other room for entries, or of two words of money where there was one. */
static SmallHistory *
copy_small(SmallHistory *from, int room, int money_words)
{
	OccasionShape shape = small_shape(from);
	SmallHistory *to = allocate_small(&from->head, small_zone(from), money_words, room);
	int			stride = entry_words(small_shape(to));

	memcpy(to->sums, from->sums, sizeof(to->sums));
	to->used = from->used;
	for (int i = 0; i < from->used; i++)
	{
		const uint64 *entry = small_entries(from) + i * entry_words(shape);
		uint64	   *copy = small_entries(to) + i * stride;

		copy_words(copy, entry, shape.key_words + 1);
		if (money_words > 0)
			units_widen(copy + shape.key_words + 1, money_words, entry + shape.key_words + 1,
						shape.money_words);
	}
	return to;
}

/* The bits that any money has, but for its sign. */
static void
money_bits(SmallHistory *small, uint64 *bits)
{
	OccasionShape shape = small_shape(small);

	memset(bits, 0, UNITS_MAX_WORDS * sizeof(uint64));
	for (int i = 0; i < small->used; i++)
	{
		const uint64 *units = small_entries(small) + i * entry_words(shape) + shape.key_words + 1;
		uint64		sign = (uint64) ((int64) units[shape.money_words - 1] >> 63);

		for (int word = 0; word < shape.money_words; word++)
			bits[word] |= units[word] ^ sign;
	}
}

/* Does all money fit what it has, if it's multiplied by 10^power? */
static bool
small_fits(SmallHistory *small, int power)
{
	uint64		bits[UNITS_MAX_WORDS];

	for (int i = 0; i < HISTORY_SUMS; i++)
	{
		uint64		sum[SUM_WORDS];

		memcpy(sum, small->sums[i], sizeof(sum));
		if (!retention_sum_rescale(sum, power))
			return false;
	}
	money_bits(small, bits);
	return retention_units_rescale(bits, small->money_words, power);
}

/* Multiply it: it fits. */
static void
rescale_small(SmallHistory *small, int power)
{
	OccasionShape shape = small_shape(small);

	for (int i = 0; i < HISTORY_SUMS; i++)
		(void) retention_sum_rescale(small->sums[i], power);
	for (int i = 0; i < small->used; i++)
		(void) retention_units_rescale(small_entries(small) + i * entry_words(shape) + shape.key_words + 1,
									   shape.money_words, power);
}

/* Money of entries that are there. */
static void
add_wide_list(HistoryState *state, const WideList *list)
{
	if (wide_count(list) == 0)
		return;
	retention_history_admit_wide(state);
	retention_wide_add_list(&state->large->store->overflow.list, list);
}

/* Sort the entries, and make one of those of the same customer and period. */
static void
compact_small(HistoryState *state)
{
	SmallHistory *small = state->small;
	OccasionShape shape;
	Overflow	overflow = {units_scale(small->head.scale), {.context = CurrentMemoryContext}};
	Size		bytes;
	uint64	   *sorted;
	EntrySpan	span;

	if (small->money_words == 1)
	{
		uint64		bits[UNITS_MAX_WORDS];

		/* the sum of n numbers has as many bits more as n has */
		money_bits(small, bits);
		if (bits[0] >> (62 - pg_leftmost_one_pos32(small->used + 1)) != 0)
			retention_history_promote(state);
		small = state->small;
	}
	shape = small_shape(small);
	bytes = (Size) small->used * entry_words(shape) * sizeof(uint64);
	sorted = palloc(bytes + 1);
	span = (EntrySpan) {small_entries(small), small->used};
	retention_sort_entries(&span, 1, sorted, shape);
	memcpy(small_entries(small), sorted, bytes);
	pfree(sorted);
	small->used = (int) retention_combine_entries(small_entries(small), small->used, shape, &overflow);
	add_wide_list(state, &overflow.list);
}

/* Make room in a small state that is full. */
void
retention_history_grow(HistoryState *state)
{
	SmallHistory *small;

	compact_small(state);
	small = state->small;
	if (small == NULL || small->used <= small->room / 2)
		return;
	if (small_bytes(small->zone_length, small_shape(small), small->room * 2) > SMALL_MAX_BYTES)
		make_large(state);
	else
		state->small = copy_small(small, small->room * 2, small->money_words);
}

/* ---- large ----------------------------------------------------------------- */

/* The packed form, if there is one, isn't that of the content any more. */
void
retention_history_forget_packed(LargeHistory *large)
{
	pfree(large->packed);
	large->packed = NULL;
}

/* Make a small state an expanded object with the same content. */
static void
make_large(HistoryState *state)
{
	SmallHistory *small = state->small;
	OccasionShape shape = small_shape(small);
	MemoryContext context = AllocSetContextCreate(state->context, "purchase_history",
												  ALLOCSET_START_SMALL_SIZES);
	LargeHistory *large = MemoryContextAllocZero(context, sizeof(LargeHistory));
	int			scale = units_scale(small->head.scale);

	EOH_init_header(&large->hdr, &large_methods, context);
	large->magic = LARGE_HISTORY_MAGIC;
	large->head = small->head;
	strlcpy(large->zone_name, small_zone(small), sizeof(large->zone_name));
	for (int i = 0; i < HISTORY_SUMS; i++)
		memcpy(large->sums[i].units, small->sums[i], sizeof(small->sums[i]));
	large->store = retention_store_create(context, state->context, shape, scale, 0, PG_UINT64_MAX);
	large->store->unlimited = state->in_window;
	for (int i = 0; i < small->used; i++)
		retention_store_add(large->store, small_entries(small) + i * entry_words(shape),
							shape.money_words, scale);
	state->small = NULL;
	state->large = large;
}

/* ---- either ---------------------------------------------------------------- */

/* A new state, in the current memory context. */
void
retention_history_create(HistoryState *state, const Kind *kind)
{
	HistoryHead head = {0};

	head.key = (uint8) kind->key;
	head.time = (uint8) kind->time;
	head.amount = (uint8) kind->amount;
	head.grain = (uint8) kind->grain;
	head.first_day = DAY_NEVER_FIRST;
	head.last_day = DAY_NEVER_LAST;
	state->large = NULL;
	state->small = allocate_small(&head, kind->zone, kind->amount == AMOUNT_NONE ? 0 : 1,
								  SMALL_FIRST_ROOM);
}

Datum
retention_history_close(const HistoryState *state)
{
	if (state->small)
		return PointerGetDatum(state->small);
	return EOHPGetRWDatum(&state->large->hdr);
}

void
retention_history_kind(const HistoryState *state, Kind *kind)
{
	const HistoryHead *head = state_head(state);

	kind->key = head->key;
	kind->time = head->time;
	kind->amount = head->amount;
	kind->grain = head->grain;
	strlcpy(kind->zone, retention_history_zone_name(state), sizeof(kind->zone));
}

const char *
retention_history_zone_name(const HistoryState *state)
{
	return state->small ? small_zone(state->small) : state->large->zone_name;
}

pg_tz *
retention_history_zone(const HistoryState *state)
{
	/* a state that is a varlena holds no pointers; the last one asked for is kept */
	static char last_name[TZ_STRLEN_MAX + 1] = "";
	static pg_tz *last_zone = NULL;
	const char *name;

	if (state->large)
	{
		/* not before it's asked for: a value may come from where there are other zones */
		if (unlikely(state->large->zone == NULL))
			state->large->zone = retention_zone_of_name(state->large->zone_name);
		return state->large->zone;
	}
	name = small_zone(state->small);
	if (last_zone == NULL || strcmp(name, last_name) != 0)
	{
		last_zone = retention_zone_of_name(name);
		strlcpy(last_name, name, sizeof(last_name));
	}
	return last_zone;
}

/* ---- money ----------------------------------------------------------------- */

/* Money of two words, for good. */
void
retention_history_promote(HistoryState *state)
{
	if (state_shape(state).money_words != 1)
		return;
	if (state->small)
		/* the old one may be the executor's */
		state->small = copy_small(state->small, state->small->room, 2);
	else
	{
		large_history_changed(state->large);
		retention_store_promote(state->large->store);
	}
}

/* Amounts have more digits behind the point from now on. */
void
retention_history_rescale(HistoryState *state, int scale)
{
	int			before = units_scale(state_head(state)->scale);
	int			power = units_scale(scale) - before;

	Assert(scale > state_head(state)->scale);
	if (power > 0)
	{
		if (state->small && !small_fits(state->small, power))
			retention_history_promote(state);
		if (state->small && !small_fits(state->small, power))
			make_large(state);
	}
	if (state->large)
		large_history_changed(state->large);
	if (power > 0 && state->small)
		rescale_small(state->small, power);
	else if (power > 0)
	{
		LargeHistory *large = state->large;
		MemoryContext old = MemoryContextSwitchTo(large->hdr.eoh_context);

		retention_store_rescale(large->store, before + power);
		for (int i = 0; i < HISTORY_SUMS; i++)
			retention_total_rescale(&large->sums[i], before, before + power);
		MemoryContextSwitchTo(old);
	}
	state_head(state)->scale = scale;
}

/* Money is coming that is no units: only a large state has a place for it. */
void
retention_history_admit_wide(HistoryState *state)
{
	if (state->small)
		make_large(state);
	retention_history_promote(state);
}

/* Add such money to a sum of the rows. */
void
retention_history_add_wide_sum(HistoryState *state, HistorySum sum, Money money)
{
	MemoryContext old = MemoryContextSwitchTo(state->large->hdr.eoh_context);

	retention_total_add_money(&state->large->sums[sum], money);
	MemoryContextSwitchTo(old);
}

/* Any money, of any width and scale. */
static void
add_money(HistoryState *state, HistorySum sum, Money money)
{
	int			scale = units_scale(state_head(state)->scale);
	MoneyTotal	total = {0};
	MemoryContext old;

	if (state->small)
	{
		memcpy(total.units, state_sum(state, sum), sizeof(total.units));
		retention_total_add_any(&total, money, scale);
		if (total.wide.limbs == NULL)
		{
			memcpy(state_sum(state, sum), total.units, sizeof(total.units));
			return;
		}
		make_large(state);
	}
	old = MemoryContextSwitchTo(state->large->hdr.eoh_context);
	retention_total_add_any(&state->large->sums[sum], money, scale);
	MemoryContextSwitchTo(old);
}

/* ---- merging --------------------------------------------------------------- */

/* Counts of stored values can be anything up to 2^63 - 1; their sums can't. */
static int64
add_count(int64 a, int64 b)
{
	int64		sum;

	if (pg_add_s64_overflow(a, b, &sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("purchase history would have more than %lld orders",
						(long long) PG_INT64_MAX)));
	return sum;
}

/* What a state knows of its rows; of the totals, nothing else. */
static void
get_rows(HistoryState *state, HistoryTotals *rows)
{
	const HistoryHead *head = state_head(state);

	memset(rows, 0, sizeof(HistoryTotals));
	rows->first_day = head->first_day;
	rows->last_day = head->last_day;
	rows->refunds = head->refunds;
	rows->guest_orders = head->guest_orders;
	rows->guest_refunds = head->guest_refunds;
	if (head->amount != AMOUNT_NONE)
	{
		Money	   *sums[HISTORY_SUMS] = {&rows->refunded, &rows->guest_revenue};
		Money		none = {NULL, 0, 0};

		for (int i = 0; i < HISTORY_SUMS; i++)
			*sums[i] = retention_total_money(state_sum(state, i),
											 state->large ? state->large->sums[i].wide : none,
											 head->scale);
	}
}

static void
add_rows(HistoryState *state, const HistoryTotals *rows)
{
	HistoryHead *head = state_head(state);

	head->refunds = add_count(head->refunds, rows->refunds);
	head->guest_orders = add_count(head->guest_orders, rows->guest_orders);
	head->guest_refunds = add_count(head->guest_refunds, rows->guest_refunds);
	head->first_day = Min(head->first_day, rows->first_day);
	head->last_day = Max(head->last_day, rows->last_day);
	if (head->amount != AMOUNT_NONE)
	{
		add_money(state, HISTORY_REFUNDED, rows->refunded);
		add_money(state, HISTORY_GUEST_REVENUE, rows->guest_revenue);
	}
}

/* A merge under way. */
typedef struct Merge
{
	HistoryState *state;
	int			scale;			/* of the money that comes, no larger than ours */
} Merge;

/* Entries that come from another history. */
static void
add_run(const Run *run, OccasionShape shape, void *arg)
{
	Merge	   *merge = arg;
	HistoryState *state = merge->state;
	Overflow	overflow = {units_scale(state_head(state)->scale), {.context = CurrentMemoryContext}};
	RunCursor	cursor;
	CustomerView customer;

	if (state->large)
	{
		retention_store_merge(state->large->store, run, shape, merge->scale);
		return;
	}
	if (shape.money_words > state_shape(state).money_words)
		retention_history_promote(state);
	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
		for (int64 i = 0; i < customer.n; i++)
		{
			Partition  *partition = NULL;
			uint64	   *to = state_next(state, customer.identity[0], &partition);

			copy_words(to, customer.identity, shape.key_words);
			retention_convert_occasion(customer.occasions + i * occasion_words(shape),
									   shape.money_words, merge->scale, to + shape.key_words,
									   state_shape(state).money_words, customer.identity,
									   shape.key_words, &overflow);
			state_push(state, partition);
		}
	add_wide_list(state, &overflow.list);
}

/* So many entries are coming: make a small state large at once. */
static void
prepare_room(HistoryState *state, int64 entries)
{
	if (state->small &&
		(entries > SMALL_MAX_BYTES ||
		 small_bytes(state->small->zone_length, small_shape(state->small),
					 state->small->used + (int) entries) > SMALL_MAX_BYTES))
		make_large(state);
	if (state->large)
	{
		large_history_changed(state->large);
		retention_store_expect(state->large->store, entries);
	}
}

/*
 * state := the history of the rows of both.  The state is a running one; the
 * other may have any form, and its content is left as it is.
 */
void
retention_history_merge(HistoryState *state, Datum other)
{
	HistoryState theirs = {0};
	Kind		our_kind;
	Kind		their_kind;
	HistoryTotals rows;
	HistoryUnpacker unpacker;
	Merge		merge = {state, 0};
	int			scale;
	WideList   *wide;

	retention_history_check(state);
	/* nobody is read while they are written */
	if (datum_is_large_history(other) && large_history_of_datum(other) != state->large)
	{
		theirs.large = large_history_of_datum(other);
		retention_history_kind(&theirs, &their_kind);
		get_rows(&theirs, &rows);
		scale = theirs.large->head.scale;
	}
	else
	{
		retention_history_unpack_begin(&unpacker, retention_history_pack(other), false);
		their_kind = unpacker.kind;
		rows = unpacker.totals;
		scale = rows.revenue.scale;
	}
	retention_history_kind(state, &our_kind);
	retention_check_same_kind(&our_kind, &their_kind, "purchase histories");
	if (scale > state_head(state)->scale)
		retention_history_rescale(state, scale);
	merge.scale = units_scale(scale);

	if (theirs.large)
	{
		prepare_room(state, retention_store_entries(theirs.large->store));
		wide = retention_wide_create(CurrentMemoryContext);
		retention_store_visit(theirs.large->store, add_run, &merge, wide);
	}
	else
	{
		const Run  *run;

		prepare_room(state, unpacker.totals.entries);
		while ((run = retention_history_unpack_next(&unpacker)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			add_run(run, unpacker.shape, &merge);
		}
		if (unpacker.run.words)
			pfree(unpacker.run.words);
		wide = unpacker.wide;
	}
	if (state->large)
		retention_store_end_merge(state->large->store);
	add_wide_list(state, wide);
	retention_wide_free(wide);
	add_rows(state, &rows);
	retention_history_check(state);
}

/* ---- packing --------------------------------------------------------------- */

static void
pack_visitor(const Run *run, OccasionShape shape, void *arg)
{
	retention_history_pack_run((HistoryPacker *) arg, run, shape);
}

/* In the current context. */
static struct varlena *
pack_large(LargeHistory *large)
{
	HistoryState state = {.large = large};
	HistoryPacker packer;
	Kind		kind;
	HistoryTotals rows;
	WideList   *wide = retention_wide_create(CurrentMemoryContext);
	struct varlena *value;

	retention_history_check(&state);
	retention_history_pack_begin(&packer, large->store->shape,
								 retention_store_entries(large->store));
	retention_store_visit(large->store, pack_visitor, &packer, wide);
	retention_wide_compact(wide);
	retention_history_kind(&state, &kind);
	get_rows(&state, &rows);
	value = retention_history_pack_end(&packer, &kind, large->head.scale, &rows, wide);
	retention_wide_free(wide);
	history_packed_check(value);
	return value;
}

static Size
large_get_flat_size(ExpandedObjectHeader *eohptr)
{
	LargeHistory *large = (LargeHistory *) eohptr;

	if (large->packed == NULL)
	{
		/* in our own context: in the caller's nothing may be to be freed, as in a sort's; or it goes first */
		MemoryContext old = MemoryContextSwitchTo(large->hdr.eoh_context);

		large->packed = pack_large(large);
		MemoryContextSwitchTo(old);
	}
	return VARSIZE(large->packed);
}

static void
large_flatten_into(ExpandedObjectHeader *eohptr, void *result, Size size)
{
	LargeHistory *large = (LargeHistory *) eohptr;

	Assert(large->packed && size == VARSIZE(large->packed));
	memcpy(result, large->packed, size);
	large_history_changed(large);
}

static struct varlena *
pack_small(SmallHistory *small)
{
	HistoryState state = {.context = CurrentMemoryContext};
	HistoryPacker packer;
	Kind		kind;
	HistoryTotals rows;
	Overflow	none = {0};
	Run			run;
	struct varlena *value;

	/* the state is left as it is: a window function goes on with it */
	state.small = copy_small(small, Max(small->used, 1), small->money_words);
	compact_small(&state);
	if (state.large)
	{
		value = pack_large(state.large);
		MemoryContextDelete(state.large->hdr.eoh_context);
		return value;
	}
	retention_history_check(&state);
	small = state.small;
	run.words = palloc(Max(group_words(small->used, small_shape(small)), 1) * sizeof(uint64));
	retention_group_entries(small_entries(small), small->used, small_shape(small), &run, &none);

	retention_history_pack_begin(&packer, small_shape(small), small->used);
	retention_history_pack_run(&packer, &run, small_shape(small));
	retention_history_kind(&state, &kind);
	get_rows(&state, &rows);
	value = retention_history_pack_end(&packer, &kind, small->head.scale, &rows, NULL);
	history_packed_check(value);
	pfree(run.words);
	pfree(small);
	return value;
}

/* Any value or state as a value. */
struct varlena *
retention_history_pack(Datum datum)
{
	struct varlena *value;

	if (datum_is_large_history(datum))
		return pack_large(large_history_of_datum(datum));
	value = PG_DETOAST_DATUM_PACKED(datum);
	if (*(uint8 *) VARDATA_ANY(value) == HISTORY_SMALL)
		return pack_small((SmallHistory *) PG_DETOAST_DATUM(PointerGetDatum(value)));
	if (*(uint8 *) VARDATA_ANY(value) != HISTORY_PACKED)
		retention_unknown_version(HISTORY_TYPE, *(uint8 *) VARDATA_ANY(value));
	return value;
}

/*
 * The running state, where an aggregate is given one that is not: a value, as
 * an initial condition or from another process or server.
 */
void
retention_history_open(HistoryState *state, Datum datum)
{
	struct varlena *value;
	HistoryUnpacker unpacker;

	state->small = NULL;
	state->large = NULL;
	if (datum_is_large_history(datum) &&
		VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(datum)))
	{
		state->large = large_history_of_datum(datum);
		return;
	}
	if (!datum_is_large_history(datum))
	{
		value = PG_DETOAST_DATUM(datum);
		if (*(uint8 *) VARDATA(value) == HISTORY_SMALL)
		{
			state->small = (SmallHistory *) value;
			return;
		}
		datum = PointerGetDatum(value);
	}
	value = retention_history_pack(datum);
	retention_history_unpack_begin(&unpacker, value, true);
	retention_history_create(state, &unpacker.kind);
	retention_history_merge(state, PointerGetDatum(value));
}

/* Begin to read any value or state. */
void
retention_history_read(HistoryUnpacker *unpacker, Datum datum, bool skip_money)
{
	if (!value_is_stored(datum) ||
		!retention_history_unpack_stored(unpacker, datum, skip_money, false))
		retention_history_unpack_begin(unpacker, retention_history_pack(datum), skip_money);
}

/* Read what its header says, and go no further. */
void
retention_history_read_head(HistoryUnpacker *unpacker, Datum datum)
{
	if (!value_is_stored(datum) ||
		!retention_history_unpack_stored(unpacker, datum, true, true))
		retention_history_unpack_begin(unpacker, retention_history_pack(datum), true);
}
