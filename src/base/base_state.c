/*-------------------------------------------------------------------------
 *
 * base_state.c
 *	  A customer_base value or state in whichever form it is.  See base_state.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_state.h"
#include "store/kind.h"

#include "utils/memutils.h"

/* Customers of a merge looked up first, to guess how many are new. */
#define NEWCOMER_SAMPLE		1024

/* In a build with assertions: is a running state what its form says? */
#ifdef USE_ASSERT_CHECKING
static void
check_single(const SingleBase *single)
{
	Assert(single->key == KEY_NONE);
	Assert(single->time <= TIME_KIND_LAST && single->amount <= AMOUNT_KIND_LAST);
	Assert((single->nlimbs > 0) == (single->amount != AMOUNT_NONE));
	Assert(VARSIZE(single) == single_size(single->time, single->nlimbs));
	/* rows that leave may be more than came: packing refuses what is left then */
	Assert(single->time == TIME_NONE ||
		   (single->orders > 0) == ((int64) single->words[0] <= (int64) single->words[1]));
}

static void
check_state(Datum state)
{
	if (datum_is_large(state))
	{
		const LargeBase *large = large_of_datum(state);

		Assert(large->merge == NULL);
		Assert(large->npending >= 0 && large->npending < LARGE_PENDING);
		Assert(large->pending_stride == large->table->stride);
		retention_table_check(large->table);
	}
	else if (varlena_form(DatumGetPointer(state)) == FORM_SINGLE)
		check_single((const SingleBase *) DatumGetPointer(state));
	else
	{
		const CustomerTable *table = (const CustomerTable *) DatumGetPointer(state);

		Assert(VARSIZE(table) == retention_table_size(table->stride, table->homes, table->tail));
		retention_table_check(table);
	}
}
#else
#define check_state(state)	((void) 0)
#endif

/* What is no value has to be one of our states. */
static inline void
check_form(const struct varlena *state)
{
	BaseForm	form = varlena_form(state);

	if (unlikely(form != FORM_SINGLE && form != FORM_TABLE))
		retention_unknown_version("customer_base", form);
}

/* A table with so much room, and money in so many words. */
static CustomerTable *
copy_table(const CustomerTable *from, int64 homes, int64 tail, int words)
{
	CustomerTable *to = palloc(retention_table_size(table_stride(from->key, from->time, words),
													homes, tail));

	retention_table_init(to, from->key, from->time, from->amount, from->scale, words,
						 homes, tail);
	retention_table_sample_like(to, from);
	retention_table_copy(from, to);
	return to;
}

CustomerTable *
retention_table_create(KeyKind key, TimeKind time, AmountKind amount)
{
	int			words = amount == AMOUNT_NONE ? 0 : 1;
	int64		homes;
	int64		tail;
	CustomerTable *table;

	retention_table_shape(1, &homes, &tail);
	table = palloc(retention_table_size(table_stride(key, time, words), homes, tail));
	retention_table_init(table, key, time, amount, 0, words, homes, tail);
	return table;
}

/* Money in two words from now on. */
static Datum
promote(CustomerTable *table)
{
	Assert(table->words == 1);
	return PointerGetDatum(copy_table(table, table->homes, table->tail, UNITS_MAX_WORDS));
}

/* Give a state so many digits behind the point, if it has fewer. */
Datum
retention_state_rescale(MemoryContext context, Datum state, int scale)
{
	CustomerTable *table = state_table(state);
	int			words;

	if (scale <= table->scale)
		return state;
	if (!datum_is_large(state))
	{
		words = retention_table_words_at(table, scale);
		if (words == 0)
			state = EOHPGetRWDatum(&retention_large_create(context, table, table->used)->hdr);
		else
		{
			if (words > table->words)
				state = promote(table);
			retention_table_rescale(state_table(state), scale, NULL);
			return state;
		}
	}
	retention_large_rescale(large_of_datum(state), scale);
	return state;
}

/* Give a state money of two words, if it has one. */
Datum
retention_state_promote(Datum state)
{
	if (state_table(state)->words != 1)
		return state;
	if (!datum_is_large(state))
		return promote(state_table(state));
	retention_large_promote(large_of_datum(state));
	return state;
}

/* A state that money can be kept beside. */
LargeBase *
retention_state_large(MemoryContext context, Datum *state)
{
	if (!datum_is_large(*state))
		*state = EOHPGetRWDatum(&retention_large_create(context, state_table(*state), state_table(*state)->used)->hdr);
	return large_of_datum(*state);
}

/* A larger copy of a table that is full. */
static CustomerTable *
grow_table(const CustomerTable *table)
{
	int64		entries = retention_table_capacity(table);
	int64		homes;
	int64		tail;

	/* customers that left a moving frame make room by going */
	if (retention_table_live(table) > table->used / 2)
		entries *= 2;
	retention_table_shape(entries, &homes, &tail);
	return copy_table(table, homes, tail, table->words);
}

static inline bool
table_is_too_large(const CustomerTable *table)
{
	return retention_table_size(table->stride, table->homes, table->tail) > TABLE_MAX_BYTES;
}

/*
 * Add an entry whose money has the table's shape.  Returns the state: the
 * table itself, a larger one, or an expanded object below "context".
 */
Datum
retention_state_absorb(MemoryContext context, CustomerTable *table, const uint64 *entry)
{
	uint64		room[ENTRY_MAX_WORDS];
	int			at = table_at_money(table);
	LargeBase  *large;

	for (;;)
	{
		switch (table_absorb(table, entry))
		{
			case ABSORBED:
				return PointerGetDatum(table);
			case ABSORB_TABLE_FULL:
				if (table_is_overfull(table))
				{
					retention_table_limit(table, table->sample, table->bound);
					break;
				}
				table = grow_table(table);
				retention_table_check(table);
				if (table_is_too_large(table))
				{
					large = retention_large_create(context, table, table->used * 2);
					pfree(table);
					retention_large_absorb(large, entry, large->table->words,
										   table_units_scale(large->table));
					return EOHPGetRWDatum(&large->hdr);
				}
				break;
			case ABSORB_TABLE_CROWDED:
				retention_table_salt(table);
				break;
			case ABSORB_MONEY_FULL:
				if (table->words == UNITS_MAX_WORDS)
				{
					large = retention_large_create(context, table, table->used);
					retention_large_absorb(large, entry, table->words, table_units_scale(table));
					return EOHPGetRWDatum(&large->hdr);
				}
				memcpy(room, entry, at * sizeof(uint64));
				units_widen(room + at, UNITS_MAX_WORDS, entry + at, 1);
				entry = room;
				table = (CustomerTable *) DatumGetPointer(promote(table));
				break;
		}
	}
}

/* Add money to a sum of the rows, or keep it beside. */
static void
add_sum(MemoryContext context, Datum *state, TableSum sum, Money money)
{
	CustomerTable *table = state_table(*state);
	uint64		units[SUM_WORDS];
	uint64		saved[SUM_WORDS];
	uint64	   *to = table_sum(table, sum);
	LargeBase  *large;

	memcpy(saved, to, sizeof(saved));
	if (retention_sum_of_money(money, table_units_scale(table), units) &&
		money_add(to, SUM_WORDS, units, SUM_WORDS) && money_has_room(to, SUM_WORDS))
		return;
	memcpy(to, saved, sizeof(saved));
	large = retention_state_large(context, state);
	retention_large_add_sum(large, large_sum(large, sum), money);
}

/*
 * Add the sums of the rows, from a header or another state.  With "all", those
 * that are otherwise of the entries come from there too.
 */
static void
add_rows(MemoryContext context, Datum *state, const BaseTotals *totals, bool all)
{
	CustomerTable *table = state_table(*state);

	table->rows.refunds += totals->refunds;
	table->rows.guest_orders += totals->guest_orders;
	table->rows.guest_refunds += totals->guest_refunds;
	if (all)
	{
		table->counts.orders += totals->orders;
		table->counts.first = Min(table->counts.first, totals->first);
		table->counts.last = Max(table->counts.last, totals->last);
	}
	if (table->words > 0)
	{
		if (all)
			add_sum(context, state, SUM_REVENUE, totals->revenue);
		add_sum(context, state, SUM_REFUNDED, totals->refunded);
		add_sum(context, state, SUM_GUEST_REVENUE, totals->guest_revenue);
	}
}

/* A running state from a packed value. */
static Datum
unpack_state(MemoryContext context, struct varlena *value, bool in_window)
{
	Unpacker	unpacker;
	CustomerTable *table;
	Datum		state;

	retention_unpack_begin(&unpacker, value);
	if (unpacker.totals.key == KEY_NONE)
	{
		SingleBase *single = retention_single_create(unpacker.totals.time,
													 unpacker.totals.amount);

		return PointerGetDatum(retention_single_merge(single, &unpacker.totals));
	}

	table = retention_table_create(unpacker.totals.key, unpacker.totals.time,
								   unpacker.totals.amount);
	state = retention_state_merge(context, PointerGetDatum(table), PointerGetDatum(value),
								  in_window);
	return state;
}

/*
 * The running state, where an aggregate is given one that is not: a packed
 * value, as an initial condition or from another server.
 */
Datum
retention_state_open(MemoryContext context, Datum state, bool in_window)
{
	struct varlena *value;

	if (datum_is_large(state))
	{
		if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(state)))
			return state;
		/* read-only: not ours to change */
		return unpack_state(context, retention_base_pack(state), in_window);
	}
	value = PG_DETOAST_DATUM(state);
	if (varlena_form(value) == FORM_PACKED)
		return unpack_state(context, value, in_window);
	check_form(value);
	check_state(PointerGetDatum(value));
	return PointerGetDatum(value);
}

/* Where the entries of a merge go. */
typedef struct MergeTarget
{
	MemoryContext context;
	bool		in_window;		/* what becomes large stays in memory */
	Datum		state;			/* a table or a large base */
	int			words;			/* of the entries that come */
	int			scale;			/* of their units */
} MergeTarget;

static void
merge_entry(MergeTarget *target, const uint64 *entry)
{
	CustomerTable *table;
	uint64		room[ENTRY_MAX_WORDS];
	int			at;
	int			words;
	uint64		units[UNITS_MAX_WORDS];

	if (likely(datum_is_large(target->state)))
	{
		retention_large_absorb(large_of_datum(target->state), entry, target->words, target->scale);
		return;
	}

	table = (CustomerTable *) DatumGetPointer(target->state);
	at = table_at_money(table);
	if (table->words == 0 || (table->words == target->words && target->scale == table_units_scale(table)))
	{
		target->state = retention_state_absorb(target->context, table, entry);
		return;
	}
	words = retention_units_of_money(retention_units_money(entry + at, target->words, target->scale),
									 table_units_scale(table), units);
	if (words == 0)
	{
		retention_large_absorb(retention_state_large(target->context, &target->state), entry,
							   target->words, target->scale);
		return;
	}
	if (words > table->words)
	{
		target->state = promote(table);
		table = state_table(target->state);
	}
	memcpy(room, entry, at * sizeof(uint64));
	units_widen(room + at, table->words, units, words);
	target->state = retention_state_absorb(target->context, table, room);
}

static void
merge_table(MergeTarget *target, const CustomerTable *from)
{
	TableScan	scan;
	const uint64 *entry;

	target->words = from->words;
	target->scale = table_units_scale(from);
	retention_scan_begin(&scan, from);
	while ((entry = scan_next(&scan)) != NULL)
	{
		if (entry[0] > state_table(target->state)->bound)
			break;
		merge_entry(target, entry);
	}
	retention_scan_end(&scan);
}

static void
merge_part(LargeBase *large, const CustomerTable *part, void *arg)
{
	merge_table((MergeTarget *) arg, part);
}

static void
merge_packed(MergeTarget *target, Unpacker *unpacker)
{
	uint64		entry[ENTRY_MAX_WORDS];
	uint64	   *units = entry + unpacker->stride - unpacker->words;
	Pace		pace = {0};

	target->words = unpacker->words;
	target->scale = units_scale(unpacker->scale);
	while (retention_unpack_next(unpacker, entry))
	{
		pace_on(&pace, unpacker->stride);
		/* they ascend: what is beyond a sample's bound stays there */
		if (entry[0] > state_table(target->state)->bound)
			break;
		/* that comes by itself */
		if (unpacker->words > 0 && units_are_elsewhere(units, unpacker->words))
			memset(units, 0, unpacker->words * sizeof(uint64));
		merge_entry(target, entry);
	}
}

/* The money of customers who have come that no entry has room for. */
static void
merge_elsewhere(MergeTarget *target, const WideList *wide)
{
	for (int64 i = 0; i < wide_count(wide); i++)
	{
		const WideMoney *item = &wide->items[i];

		CHECK_FOR_INTERRUPTS();
		if (item->key[0] > state_table(target->state)->bound)
			break;
		retention_large_keep(retention_state_large(target->context, &target->state), item->key, item->money);
	}
}

/*
 * About how many of a packed value's customers are not in the table yet?
 * Customers come in the order of their hashes, so the first are as good a
 * sample as any.  A wrong guess costs some memory or some time, no more.
 */
static int64
count_newcomers(const CustomerTable *table, Unpacker unpacker)
{
	uint64		entry[ENTRY_MAX_WORDS];
	int64		all = unpacker.left;
	int			seen = 0;
	int			fresh = 0;

	while (seen < NEWCOMER_SAMPLE && retention_unpack_next(&unpacker, entry))
	{
		bool		found;

		(void) table_seek(table, table_home(table, entry[0]), entry, table_shape(table),
						  &found);
		fresh += !found;
		seen++;
	}
	return seen == 0 ? 0 : Min(all, all / seen * (fresh + 2 * NEWCOMER_SAMPLE / 64) + seen);
}

/* Many customers are coming: make a small table large at once. */
static void
prepare_room(MergeTarget *target, int64 entries, const Unpacker *unpacker)
{
	LargeBase  *large;

	if (state_table(target->state)->sample > 0)
		entries = Min(entries, state_table(target->state)->sample);
	if (!datum_is_large(target->state))
	{
		CustomerTable *table = (CustomerTable *) DatumGetPointer(target->state);
		int64		homes;
		int64		tail;

		retention_table_shape(table->used + entries, &homes, &tail);
		if (retention_table_size(table->stride, homes, tail) <= TABLE_MAX_BYTES)
		{
			if (homes > table->homes)
				target->state = PointerGetDatum(copy_table(table, homes, tail, table->words));
			return;
		}
	}
	large = retention_state_large(target->context, &target->state);
	if (target->in_window)
		large->in_window = true;
	retention_large_flush(large);
	large_changed(large);
	/* a sample takes them one by one, and not all of them */
	if (large->table->sample == 0)
		retention_large_begin_merge(large, entries,
									unpacker ? count_newcomers(large->table, *unpacker) : entries);
}

/* Counts of stored bases can be anything up to 2^63 - 1; their sums can't. */
static void
check_counts(const BaseTotals *totals, int64 orders, int64 refunds, int64 guest_orders,
			 int64 guest_refunds)
{
	int64		sum;

	if (pg_add_s64_overflow(orders, totals->orders, &sum) ||
		pg_add_s64_overflow(refunds, totals->refunds, &sum) ||
		pg_add_s64_overflow(guest_orders, totals->guest_orders, &sum) ||
		pg_add_s64_overflow(guest_refunds, totals->guest_refunds, &sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("customer base would have more than %lld orders",
						(long long) PG_INT64_MAX)));
}

/*
 * Make the state the sample of its customers that both bases have.  The size
 * becomes the smaller one, and the bound the lower one.  A state whose
 * customers are on disk goes through a new one.
 */
static Datum
sample_state(Datum state, const BaseTotals *other)
{
	CustomerTable *table = state_table(state);
	int32		sample = table->sample == 0 ? other->sample :
		other->sample == 0 ? table->sample : Min(table->sample, other->sample);

	if (sample == 0)
		return state;
	if (datum_is_large(state) && large_of_datum(state)->spill == NULL)
		retention_large_limit(large_of_datum(state), sample, other->bound);
	else
	{
		if (datum_is_large(state))
		{
			LargeBase  *large = large_of_datum(state);
			CustomerTable *small = retention_table_create(table->key, table->time, table->amount);

			retention_table_limit(small, sample, other->bound);
			small->selected = table->selected;
			/* the executor deletes the old one, as it does whenever a state is new */
			state = retention_state_merge(MemoryContextGetParent(large->hdr.eoh_context),
										  PointerGetDatum(small), state, false);
		}
		if (datum_is_large(state))
			retention_large_limit(large_of_datum(state), sample, other->bound);
		else
			retention_table_limit(state_table(state), sample, other->bound);
	}
	return state;
}

/*
 * What a sample knew of all before entries were merged into it: they are among those
 * that the headers tell of.  Money that is kept elsewhere is no part of its sum.
 */
static void
restore_sample(MergeTarget *target, const BaseTotals *before)
{
	CustomerTable *table = state_table(target->state);
	EntryCounts *counts = &table->counts;

	counts->orders = before->orders;
	counts->first = before->first;
	counts->last = before->last;
	if (table->words == 0)
		return;
	memset(counts->revenue, 0, sizeof(counts->revenue));
	if (datum_is_large(target->state))
	{
		LargeBase  *large = large_of_datum(target->state);
		Money		wide = retention_wide_total(large->elsewhere.wide);

		large->elsewhere.dropped = (Money) {NULL, 0, 0};
		if (wide.limbs)
			add_sum(target->context, &target->state, SUM_REVENUE, retention_money_negative(wide));
	}
	add_sum(target->context, &target->state, SUM_REVENUE, before->revenue);
}

/* Of selected customers the refunds are not known. */
static void
forget_refunds(BaseTotals *totals)
{
	static const uint64 nothing[1] = {0};

	totals->refunds = 0;
	if (totals->amount != AMOUNT_NONE)
		totals->refunded = (Money) {nothing, 1, 0};
}

/*
 * state := union of state and other.  The state is a running one, the other
 * may have any form and is left as it is.  Returns the state, which may be a
 * new one, in the context that's given or, if it has one, that of the old one.
 */
Datum
retention_state_merge(MemoryContext context, Datum state, Datum other, bool in_window)
{
	MergeTarget target = {context, in_window, state, 0, 0};
	BaseTotals	totals;
	BaseTotals	before;
	CustomerTable *table;
	struct varlena *value = NULL;
	Unpacker	unpacker;
	Kind		ours = {0};
	Kind		theirs = {0};
	bool		all;

	if (datum_is_large(other))
		retention_large_rows(large_of_datum(other), &totals);
	else
	{
		value = PG_DETOAST_DATUM(other);
		if (varlena_form(value) == FORM_PACKED)
		{
			retention_unpack_begin(&unpacker, value);
			totals = unpacker.totals;
		}
		else
			retention_base_totals(PointerGetDatum(value), &totals);
	}

	check_state(state);
	/* what comes is not counted in step */
	if (datum_is_large(state))
		large_of_datum(state)->customers = NULL;
	/* a SingleBase begins like a table, as far as this goes */
	table = state_table(state);
	ours.key = table->key;
	ours.time = table->time;
	ours.amount = table->amount;
	theirs.key = totals.key;
	theirs.time = totals.time;
	theirs.amount = totals.amount;
	retention_check_same_kind(&ours, &theirs, "customer bases");
	if (ours.key == KEY_NONE)
	{
		SingleBase *single = (SingleBase *) DatumGetPointer(state);

		check_counts(&totals, single->orders, 0, 0, 0);
		state = PointerGetDatum(retention_single_merge(single, &totals));
		check_state(state);
		return state;
	}

	check_counts(&totals, table->counts.orders, table->rows.refunds, table->rows.guest_orders,
				 table->rows.guest_refunds);

	if (datum_is_large(state))
		target.context = MemoryContextGetParent(large_of_datum(state)->hdr.eoh_context);
	target.state = sample_state(state, &totals);
	if (totals.selected && !state_table(target.state)->selected)
	{
		if (datum_is_large(target.state))
			retention_large_select(large_of_datum(target.state));
		else
			retention_table_select(state_table(target.state));
	}
	if (totals.amount != AMOUNT_NONE)
		target.state = retention_state_rescale(target.context, target.state, totals.revenue.scale);

	/* a sample's sums go beyond its entries, so they come from the headers */
	table = state_table(target.state);
	all = table->sample > 0 && !table->selected;
	if (all)
	{
		retention_base_totals(target.state, &before);
		/* where its limbs lie is about to change */
		before.revenue = retention_money_copy(before.revenue);
		if (value == NULL)
			retention_large_totals(large_of_datum(other), &totals);
	}
	prepare_room(&target, totals.entries,
				 value && varlena_form(value) == FORM_PACKED ? &unpacker : NULL);
	if (value == NULL)
		merge_elsewhere(&target, retention_large_visit(large_of_datum(other), merge_part, &target));
	else if (varlena_form(value) == FORM_TABLE)
		merge_table(&target, (CustomerTable *) value);
	else
	{
		merge_packed(&target, &unpacker);
		merge_elsewhere(&target, unpacker.wide);
	}

	if (datum_is_large(target.state))
		retention_large_end_merge(large_of_datum(target.state));
	if (all)
		restore_sample(&target, &before);
	if (state_table(target.state)->selected)
		forget_refunds(&totals);
	add_rows(target.context, &target.state, &totals, all);
	check_state(target.state);
	return target.state;
}

/* The sums belong to the table; they are read at once. */
static void
table_totals(CustomerTable *table, BaseTotals *totals)
{
	Money		nothing = {NULL, 0, 0};

	retention_totals_begin(totals, table->key, table->time, table->amount);
	totals->sample = table->sample;
	totals->bound = table->bound;
	totals->selected = table->selected;
	totals->entries = table->used;
	retention_totals_add_counts(totals, &table->counts, nothing, table->scale);
	retention_totals_add_rows(totals, &table->rows, nothing, nothing, table->scale);
}

/* A sample of its size, which may take a copy: the state may not be ours to change. */
static CustomerTable *
settled_table(struct varlena *flat)
{
	CustomerTable *table = (CustomerTable *) flat;

	retention_table_check(table);
	if (table->sample > 0 && table->used > table->sample)
	{
		table = palloc(VARSIZE(flat));
		memcpy(table, flat, VARSIZE(flat));
		retention_table_limit(table, table->sample, table->bound);
	}
	return table;
}

/* What a value or state knows as a whole. */
void
retention_base_totals(Datum value, BaseTotals *totals)
{
	struct varlena *flat;

	if (datum_is_large(value))
	{
		retention_large_totals(large_of_datum(value), totals);
		return;
	}
	if (value_is_stored(value) && retention_stored_totals(value, totals))
		return;
	flat = PG_DETOAST_DATUM(value);
	switch (varlena_form(flat))
	{
		case FORM_SINGLE:
			retention_single_totals((SingleBase *) flat, totals);
			break;
		case FORM_TABLE:
			table_totals(settled_table(flat), totals);
			break;
		default:
			retention_packed_totals(flat, totals);
			break;
	}
}

/* The packed value of a value or state. */
struct varlena *
retention_base_pack(Datum value)
{
	struct varlena *flat;
	BaseTotals	totals;
	Packer		packer;

	if (datum_is_large(value))
	{
		ExpandedObjectHeader *eoh = DatumGetEOHP(value);
		Size		size = EOH_get_flat_size(eoh);

		flat = palloc(size);
		EOH_flatten_into(eoh, flat, size);
		return flat;
	}

	flat = PG_DETOAST_DATUM(value);
	if (varlena_form(flat) == FORM_PACKED)
		return flat;
	check_form(flat);
	check_state(PointerGetDatum(flat));
	if (varlena_form(flat) == FORM_SINGLE)
	{
		retention_single_totals((SingleBase *) flat, &totals);
		retention_pack_begin(&packer, KEY_NONE, totals.time, totals.amount, 0);
	}
	else
	{
		CustomerTable *table = settled_table(flat);

		table_totals(table, &totals);
		retention_pack_begin(&packer, table->key, table->time, table->amount, table->used);
		retention_pack_table(&packer, table);
	}
	flat = retention_pack_finish(&packer, &totals, NULL);
	packed_check(flat);
	return flat;
}

/* What are the keys of a value or state? */
KeyKind
retention_base_key(Datum value)
{
	BaseTotals	totals;

	if (datum_is_large(value))
		return large_of_datum(value)->table->key;
	retention_base_totals(value, &totals);
	return totals.key;
}

/* The keys are not what is asked for. */
void
retention_refuse_key(KeyKind key, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("this customer_base knows nothing of %s", what),
			 errdetail("It is of %s.", retention_key_name(key)),
			 errhint("A base of customers is made by the aggregate customer_base; what aggregates over lines (an amount or a customer, and an order number) keep is for these alone.")));
}

void
retention_customer_totals(Datum value, BaseTotals *totals)
{
	retention_base_totals(value, totals);
	if (totals->key > KEY_KIND_LAST)
		retention_refuse_key(totals->key, "customers");
}

struct varlena *
retention_customer_pack(Datum value)
{
	struct varlena *packed = retention_base_pack(value);
	BaseTotals	totals;

	retention_packed_totals(packed, &totals);
	if (totals.key > KEY_KIND_LAST)
		retention_refuse_key(totals.key, "customers");
	return packed;
}
