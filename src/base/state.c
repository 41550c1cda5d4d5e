/*-------------------------------------------------------------------------
 *
 * state.c
 *	  A customer_base value or state in whichever form it is.  See state.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/state.h"
#include "pg/bytes.h"

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

		Assert(VARSIZE(table) == retention_table_size(table->stride, table->nlimbs,
													  table->homes, table->tail));
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

/* A table with so much room, and money as asked for or wider. */
static CustomerTable *
copy_table(const CustomerTable *from, int64 homes, int64 tail, int scale, int nlimbs)
{
	for (;;)
	{
		CustomerTable *to;

		to = palloc(retention_table_size(table_stride(from->key, from->time, nlimbs),
										 nlimbs, homes, tail));
		retention_table_init(to, from->key, from->time, from->amount, scale, nlimbs,
							 homes, tail);
		retention_table_sample_like(to, from);
		if (retention_table_copy(from, to))
			return to;
		pfree(to);
		nlimbs += money_limbs_for_scale(scale - from->scale);
	}
}

CustomerTable *
retention_table_create(KeyKind key, TimeKind time, AmountKind amount)
{
	int			nlimbs = amount == AMOUNT_NONE ? 0 : 1;
	int64		homes;
	int64		tail;
	CustomerTable *table;

	retention_table_shape(1, &homes, &tail);
	table = palloc(retention_table_size(table_stride(key, time, nlimbs), nlimbs, homes, tail));
	retention_table_init(table, key, time, amount, 0, nlimbs, homes, tail);
	return table;
}

static CustomerTable *
widen_table(const CustomerTable *table, int scale, int nlimbs)
{
	return copy_table(table, table->homes, table->tail, scale, nlimbs);
}

/* Give a state money of this scale and in so many limbs, or more. */
Datum
retention_state_widen(Datum state, int scale, int nlimbs)
{
	if (!datum_is_large(state))
		return PointerGetDatum(widen_table(state_table(state), scale, nlimbs));
	retention_large_widen(large_of_datum(state), scale, nlimbs);
	return state;
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
	return copy_table(table, homes, tail, table->scale, table->nlimbs);
}

static inline bool
table_is_too_large(const CustomerTable *table)
{
	return retention_table_size(table->stride, table->nlimbs, table->homes,
								table->tail) > TABLE_MAX_BYTES;
}

/*
 * Add an entry whose money has the table's shape.  Returns the state: the
 * table itself, a larger one, or an expanded object below "context".
 */
Datum
retention_state_absorb(MemoryContext context, CustomerTable *table, const uint64 *entry)
{
	uint64	   *converted = NULL;
	int			nlimbs = table->nlimbs;
	int			scale = table->scale;

	for (;;)
	{
		switch (table_absorb(table, converted ? converted : entry))
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
					LargeBase  *large = retention_large_create(context, table, table->used * 2);

					pfree(table);
					retention_large_absorb(large, entry, nlimbs, scale);
					return EOHPGetRWDatum(&large->hdr);
				}
				break;
			case ABSORB_TABLE_CROWDED:
				retention_table_salt(table);
				break;
			case ABSORB_MONEY_FULL:
				table = widen_table(table, table->scale, table->nlimbs + 1);
				converted = palloc(table->stride * sizeof(uint64));
				if (!retention_entry_convert(table, entry, nlimbs, scale, converted))
					elog(ERROR, "money does not fit a wider sum");
				break;
		}
	}
}

/*
 * Add the sums of the rows, from a header or another state.  With "all", those
 * that are otherwise of the entries come from there too.  Returns false, with
 * nothing changed, if the table's money is too narrow for them.
 */
static bool
add_rows(CustomerTable *table, const BaseTotals *totals, bool all)
{
	if (table->nlimbs > 0)
	{
		const Money *addends[TABLE_SUMS] = {&totals->revenue, &totals->refunded,
			&totals->guest_revenue};
		int			n = table->nlimbs + 1;
		uint64	   *sums = palloc(TABLE_SUMS * n * sizeof(uint64));
		uint64	   *addend = palloc(n * sizeof(uint64));
		bool		fits = true;

		memcpy(sums, table->words, TABLE_SUMS * n * sizeof(uint64));
		for (int i = all ? 0 : 1; fits && i < TABLE_SUMS; i++)
			fits = retention_money_convert(addends[i]->limbs, addends[i]->nlimbs,
										   addends[i]->scale, addend, n, table->scale) &&
				money_add(sums + i * n, n, addend, n) && money_has_room(sums + i * n, n);
		if (fits)
			memcpy(table->words, sums, TABLE_SUMS * n * sizeof(uint64));
		pfree(sums);
		pfree(addend);
		if (!fits)
			return false;
	}
	table->refunds += totals->refunds;
	table->guest_orders += totals->guest_orders;
	table->guest_refunds += totals->guest_refunds;
	if (all)
	{
		table->orders += totals->orders;
		table->first = Min(table->first, totals->first);
		table->last = Max(table->last, totals->last);
	}
	return true;
}

static Datum
add_rows_widening(Datum state, const BaseTotals *totals, bool all)
{
	while (!add_rows(state_table(state), totals, all))
		state = retention_state_widen(state, state_table(state)->scale,
									  state_table(state)->nlimbs + 1);
	return state;
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
	int			nlimbs;			/* of the entries that come */
	int			scale;
} MergeTarget;

static void
merge_entry(MergeTarget *target, const uint64 *entry)
{
	CustomerTable *table;
	uint64		room[8];
	uint64	   *converted = room;

	if (datum_is_large(target->state))
	{
		retention_large_absorb(large_of_datum(target->state), entry,
							   target->nlimbs, target->scale);
		return;
	}

	table = (CustomerTable *) DatumGetPointer(target->state);
	if (table->nlimbs == target->nlimbs && table->scale == target->scale)
	{
		target->state = retention_state_absorb(target->context, table, entry);
		return;
	}
	for (;;)
	{
		if (table->stride > lengthof(room))
			converted = palloc(table->stride * sizeof(uint64));
		if (retention_entry_convert(table, entry, target->nlimbs, target->scale, converted))
			break;
		table = widen_table(table, table->scale, table->nlimbs + 1);
	}
	target->state = retention_state_absorb(target->context, table, converted);
}

static void
merge_table(MergeTarget *target, const CustomerTable *from)
{
	TableScan	scan;
	const uint64 *entry;

	target->nlimbs = from->nlimbs;
	target->scale = from->scale;
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
	uint64	   *entry = palloc(unpacker->stride * sizeof(uint64));
	Pace		pace = {0};

	target->nlimbs = unpacker->nlimbs;
	target->scale = unpacker->scale;
	while (retention_unpack_next(unpacker, entry))
	{
		pace_on(&pace, unpacker->stride);
		/* they ascend: what is beyond a sample's bound stays there */
		if (entry[0] > state_table(target->state)->bound)
			break;
		merge_entry(target, entry);
	}
	pfree(entry);
}

/* What two bases differ in, or NULL. */
static const char *
difference(KeyKind key, TimeKind time, AmountKind amount,
		   KeyKind other_key, TimeKind other_time, AmountKind other_amount)
{
	if (key != other_key)
		return psprintf("One has %s, the other %s.",
						retention_key_name(key), retention_key_name(other_key));
	if (time != other_time)
		return psprintf("One has %s, the other %s.",
						retention_time_name(time), retention_time_name(other_time));
	if (amount != other_amount)
		return psprintf("One has %s, the other %s.",
						retention_amount_name(amount), retention_amount_name(other_amount));
	return NULL;
}

/* Bases of different kinds have nothing in common. */
static void
check_same_kind(const BaseTotals *totals, KeyKind key, TimeKind time, AmountKind amount)
{
	const char *detail = difference(key, time, amount,
									totals->key, totals->time, totals->amount);

	if (detail)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("cannot merge customer bases of different kinds"),
				 errdetail_internal("%s", detail)));
}

/* An order can't be added to a base that knows other things of its orders. */
void
retention_refuse_state(int form, KeyKind key, TimeKind time, AmountKind amount,
					   KeyKind wanted_key, TimeKind wanted_time, AmountKind wanted_amount)
{
	const char *detail = difference(key, time, amount,
									wanted_key, wanted_time, wanted_amount);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("cannot add an order to a customer base of another kind"),
			 detail ? errdetail_internal("%s", detail) :
			 errdetail_internal("The form of the state is %d.", form)));
}

/*
 * About how many of a packed value's customers are not in the table yet?
 * Customers come in the order of their hashes, so the first are as good a
 * sample as any.  A wrong guess costs some memory or some time, no more.
 */
static int64
count_newcomers(const CustomerTable *table, Unpacker unpacker)
{
	uint64	   *entry = palloc(unpacker.stride * sizeof(uint64));
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
	pfree(entry);
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
		if (retention_table_size(table->stride, table->nlimbs, homes, tail) <= TABLE_MAX_BYTES)
		{
			if (homes > table->homes)
				target->state = PointerGetDatum(copy_table(table, homes, tail,
														   table->scale, table->nlimbs));
			return;
		}
		target->state = EOHPGetRWDatum(&retention_large_create(target->context, table,
															   table->used)->hdr);
	}
	large = large_of_datum(target->state);
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

/* What a sample knows of all rows: kept aside while entries are merged into it. */
static void
copy_rows(const CustomerTable *table, BaseTotals *totals)
{
	memset(totals, 0, sizeof(BaseTotals));
	totals->orders = table->orders;
	totals->first = table->first;
	totals->last = table->last;
	if (table->nlimbs > 0)
	{
		Size		size = TABLE_SUMS * (table->nlimbs + 1) * sizeof(uint64);
		uint64	   *limbs = palloc(size);
		Money	   *sums[TABLE_SUMS] = {&totals->revenue, &totals->refunded,
			&totals->guest_revenue};

		memcpy(limbs, table->words, size);
		for (int i = 0; i < TABLE_SUMS; i++)
		{
			sums[i]->limbs = limbs + i * (table->nlimbs + 1);
			sums[i]->nlimbs = table->nlimbs + 1;
			sums[i]->scale = table->scale;
		}
	}
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
	bool		all;
	static const uint64 nothing[1] = {0};

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

	if (!datum_is_large(state) && varlena_form(DatumGetPointer(state)) == FORM_SINGLE)
	{
		SingleBase *single = (SingleBase *) DatumGetPointer(state);

		check_same_kind(&totals, KEY_NONE, single->time, single->amount);
		check_counts(&totals, single->orders, 0, 0, 0);
		check_state(state);
		state = PointerGetDatum(retention_single_merge(single, &totals));
		check_state(state);
		return state;
	}

	check_state(state);
	table = state_table(state);
	check_same_kind(&totals, table->key, table->time, table->amount);
	check_counts(&totals, table->orders, table->refunds, table->guest_orders,
				 table->guest_refunds);

	if (datum_is_large(state))
		target.context = MemoryContextGetParent(large_of_datum(state)->hdr.eoh_context);
	target.state = state = sample_state(state, &totals);
	table = state_table(state);
	if (totals.selected && !table->selected)
	{
		if (datum_is_large(state))
			retention_large_flush(large_of_datum(state));
		table = state_table(state);
		retention_table_select(table);
	}
	if (table->nlimbs > 0)
	{
		int			scale = Max(table->scale, totals.revenue.scale);
		int			limbs = Max(totals.revenue.nlimbs,
								Max(totals.refunded.nlimbs, totals.guest_revenue.nlimbs)) - 1;

		/* as wide as its sums and its customers, at once: by steps takes ages */
		if (value == NULL)
			limbs = Max(limbs, large_of_datum(other)->table->nlimbs);
		else if (varlena_form(value) == FORM_PACKED)
			limbs = Max(limbs, unpacker.nlimbs);
		else
			limbs = Max(limbs, ((CustomerTable *) value)->nlimbs);
		if (totals.revenue.scale < scale)
			limbs += money_limbs_for_scale(scale - totals.revenue.scale) - 1;
		if (scale > table->scale || limbs > table->nlimbs)
		{
			target.state = retention_state_widen(state, scale, Max(limbs, table->nlimbs));
			table = state_table(target.state);
		}
	}

	/* a sample's sums go beyond its entries, so they come from the headers */
	all = table->sample > 0 && !table->selected;
	if (all)
	{
		copy_rows(table, &before);
		if (value == NULL)
			retention_large_totals(large_of_datum(other), &totals);
	}
	prepare_room(&target, totals.entries,
				 value && varlena_form(value) == FORM_PACKED ? &unpacker : NULL);
	if (value == NULL)
		retention_large_visit(large_of_datum(other), merge_part, &target);
	else if (varlena_form(value) == FORM_TABLE)
		merge_table(&target, (CustomerTable *) value);
	else
		merge_packed(&target, &unpacker);

	if (datum_is_large(target.state))
		retention_large_end_merge(large_of_datum(target.state));
	if (all)
	{
		table = state_table(target.state);
		table->orders = 0;
		table->first = INSTANT_NEVER_FIRST;
		table->last = INSTANT_NEVER_LAST;
		if (table->nlimbs > 0)
			memset(table->words, 0, TABLE_SUMS * (table->nlimbs + 1) * sizeof(uint64));
		target.state = add_rows_widening(target.state, &before, true);
	}
	if (state_table(target.state)->selected)
	{
		totals.refunds = 0;
		totals.refunded.limbs = nothing;
		totals.refunded.nlimbs = 1;
	}
	target.state = add_rows_widening(target.state, &totals, all);
	check_state(target.state);
	return target.state;
}

/* The sums belong to the table; they are read at once. */
static void
table_totals(CustomerTable *table, BaseTotals *totals)
{
	memset(totals, 0, sizeof(BaseTotals));
	totals->key = table->key;
	totals->time = table->time;
	totals->amount = table->amount;
	totals->sample = table->sample;
	totals->bound = table->bound;
	totals->selected = table->selected;
	totals->entries = table->used;
	totals->customers = table->customers;
	totals->repeaters = table->repeaters;
	totals->orders = table->orders;
	totals->refunds = table->refunds;
	totals->guest_orders = table->guest_orders;
	totals->guest_refunds = table->guest_refunds;
	totals->lifespan[0] = table->lifespan[0];
	totals->lifespan[1] = table->lifespan[1];
	totals->first = table->first;
	totals->last = table->last;
	if (table->nlimbs > 0)
	{
		Money	   *sums[TABLE_SUMS] = {&totals->revenue, &totals->refunded,
			&totals->guest_revenue};

		for (int i = 0; i < TABLE_SUMS; i++)
		{
			sums[i]->limbs = table_sum(table, i);
			sums[i]->nlimbs = table->nlimbs + 1;
			sums[i]->scale = table->scale;
		}
	}
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
		retention_pack_begin(&packer, KEY_NONE, totals.time, ((SingleBase *) flat)->nlimbs);
	}
	else
	{
		CustomerTable *table = settled_table(flat);

		table_totals(table, &totals);
		retention_pack_begin(&packer, table->key, table->time, table->nlimbs);
		retention_pack_table(&packer, table);
	}
	flat = retention_pack_finish(&packer, &totals);
	packed_check(flat);
	return flat;
}
