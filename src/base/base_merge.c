/*-------------------------------------------------------------------------
 *
 * base_merge.c
 *	  A customer_base into another: any form into any, and what a sample keeps of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_state.h"

#include "store/state_kind.h"

/* Customers of a merge looked up first, to guess how many are new. */
#define NEWCOMER_SAMPLE		1024

/* Add money to a sum of the rows, or keep it beside. */
static void
add_sum(StateHome home, Datum *state, TableSum sum, Money money)
{
	CustomerTable *table = state_table(*state);
	uint64		units[SUM_WORDS];
	uint64		saved[SUM_WORDS];
	uint64	   *to = table_sum(table, sum);
	ExpandedBase *base;

	memcpy(saved, to, sizeof(saved));
	if (retention_sum_of_money(money, table_units_scale(table), units) &&
		money_add(to, SUM_WORDS, units, SUM_WORDS) && money_has_room(to, SUM_WORDS))
		return;
	memcpy(to, saved, sizeof(saved));
	base = retention_state_expanded(home, state);
	retention_expanded_add_sum(base, expanded_sum(base, sum), money);
}

/*
 * Add the sums of the rows, from a header or another state.  With "all", those
 * that are otherwise of the entries come from there too.
 */
static void
add_rows(StateHome home, Datum *state, const BaseTotals *totals, bool all)
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
			add_sum(home, state, SUM_REVENUE, totals->revenue);
		add_sum(home, state, SUM_REFUNDED, totals->refunded);
		add_sum(home, state, SUM_GUEST_REVENUE, totals->guest_revenue);
	}
}

/* Where the entries of a merge go. */
typedef struct MergeTarget
{
	StateHome	home;
	Datum		state;			/* a table or an expanded base */
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

	if (likely(datum_is_expanded(target->state)))
	{
		retention_expanded_absorb(expanded_of_datum(target->state), entry, target->words, target->scale);
		return;
	}

	table = (CustomerTable *) DatumGetPointer(target->state);
	at = table_at_money(table);
	if (table->words == 0 || (table->words == target->words && target->scale == table_units_scale(table)))
	{
		target->state = retention_state_absorb(target->home, table, entry);
		return;
	}
	words = retention_units_of_money(retention_units_money(entry + at, target->words, target->scale),
									 table_units_scale(table), units);
	if (words == 0)
	{
		retention_expanded_absorb(retention_state_expanded(target->home, &target->state), entry,
								  target->words, target->scale);
		return;
	}
	if (words > table->words)
	{
		target->state = retention_state_promote(target->state);
		table = state_table(target->state);
	}
	memcpy(room, entry, at * sizeof(uint64));
	units_widen(room + at, table->words, units, words);
	target->state = retention_state_absorb(target->home, table, room);
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
merge_part(ExpandedBase *base, const CustomerTable *part, void *arg)
{
	merge_table((MergeTarget *) arg, part);
}

static void
merge_packed(MergeTarget *target, BaseUnpacker *unpacker)
{
	uint64		entry[ENTRY_MAX_WORDS];
	uint64	   *units = entry + unpacker->stride - unpacker->words;
	Pace		pace = {0};

	target->words = unpacker->words;
	target->scale = units_scale(unpacker->scale);
	while (retention_base_unpack_next(unpacker, entry))
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
		retention_expanded_keep(retention_state_expanded(target->home, &target->state), item->key, item->money);
	}
}

/*
 * About how many of a packed value's customers are not in the table yet?
 * Customers come in the order of their hashes, so the first are as good a
 * sample as any.  A wrong guess costs some memory or some time, no more.
 */
static int64
count_newcomers(const CustomerTable *table, BaseUnpacker unpacker)
{
	uint64		entry[ENTRY_MAX_WORDS];
	int64		all = unpacker.left;
	int			seen = 0;
	int			fresh = 0;

	while (seen < NEWCOMER_SAMPLE && retention_base_unpack_next(&unpacker, entry))
	{
		bool		found;

		(void) table_seek(table, table_home(table, entry[0]), entry, table_shape(table),
						  &found);
		fresh += !found;
		seen++;
	}
	return seen == 0 ? 0 : Min(all, all / seen * (fresh + 2 * NEWCOMER_SAMPLE / 64) + seen);
}

/* Many customers are coming: make a small table an expanded base at once. */
static void
prepare_room(MergeTarget *target, int64 entries, const BaseUnpacker *unpacker)
{
	ExpandedBase *base;

	if (state_table(target->state)->sample > 0)
		entries = Min(entries, state_table(target->state)->sample);
	if (!datum_is_expanded(target->state))
	{
		CustomerTable *table = (CustomerTable *) DatumGetPointer(target->state);
		int64		home_slots;
		int64		overflow_slots;

		retention_table_shape(table->used + entries, &home_slots, &overflow_slots);
		if (retention_table_size(table->stride, home_slots, overflow_slots) <= FLAT_MAX_BYTES)
		{
			if (home_slots > table->home_slots)
				target->state = PointerGetDatum(retention_state_copy_table(table, home_slots, overflow_slots, table->words));
			return;
		}
	}
	base = retention_state_expanded(target->home, &target->state);
	retention_expanded_flush(base);
	/* a sample takes them one by one, and not all of them */
	if (base->table->sample == 0)
		retention_expanded_begin_merge(base, entries,
									   unpacker ? count_newcomers(base->table, *unpacker) : entries);
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
	if (datum_is_expanded(state) && expanded_of_datum(state)->spill == NULL)
		retention_expanded_limit(expanded_of_datum(state), sample, other->bound);
	else
	{
		if (datum_is_expanded(state))
		{
			ExpandedBase *base = expanded_of_datum(state);
			CustomerTable *small = retention_table_create(table->key, table->time, table->amount);

			retention_table_limit(small, sample, other->bound);
			small->selected = table->selected;
			/* the executor deletes the old one, as it does whenever a state is new */
			state = retention_state_merge(expanded_state_home(&base->state), PointerGetDatum(small), state);
		}
		if (datum_is_expanded(state))
			retention_expanded_limit(expanded_of_datum(state), sample, other->bound);
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
	if (datum_is_expanded(target->state))
	{
		ExpandedBase *base = expanded_of_datum(target->state);
		Money		wide = retention_wide_total(base->elsewhere.wide);

		base->elsewhere.dropped = (Money) {NULL, 0, 0};
		if (wide.limbs)
			add_sum(target->home, &target->state, SUM_REVENUE, retention_money_negative(wide));
	}
	add_sum(target->home, &target->state, SUM_REVENUE, before->revenue);
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
 * new one, in the home that's given or, if it has one, that of the old one.
 */
Datum
retention_state_merge(StateHome home, Datum state, Datum other)
{
	MergeTarget target = {home, state, 0, 0};
	BaseTotals	totals;
	BaseTotals	before;
	CustomerTable *table;
	struct varlena *value = NULL;
	BaseUnpacker unpacker;
	Kind		ours = {0};
	Kind		theirs = {0};
	bool		all;

	if (datum_is_expanded(other))
		retention_expanded_rows(expanded_of_datum(other), &totals);
	else
	{
		value = PG_DETOAST_DATUM(other);
		if (varlena_form(value) == FORM_PACKED)
		{
			retention_base_unpack_begin(&unpacker, value);
			totals = unpacker.totals;
		}
		else
			retention_base_totals(PointerGetDatum(value), &totals);
	}

	retention_state_check(state);
	/* what comes is not counted in step */
	if (datum_is_expanded(state))
		expanded_of_datum(state)->customers = NULL;
	/* a OneCustomer begins like a table, as far as this goes */
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
		OneCustomer *one = (OneCustomer *) DatumGetPointer(state);

		check_counts(&totals, one->orders, 0, 0, 0);
		state = PointerGetDatum(retention_one_customer_merge(one, &totals));
		retention_state_check(state);
		return state;
	}

	check_counts(&totals, table->counts.orders, table->rows.refunds, table->rows.guest_orders,
				 table->rows.guest_refunds);

	if (datum_is_expanded(state))
		target.home = expanded_state_home(&expanded_of_datum(state)->state);
	target.state = sample_state(state, &totals);
	if (totals.selected && !state_table(target.state)->selected)
	{
		if (datum_is_expanded(target.state))
			retention_expanded_select(expanded_of_datum(target.state));
		else
			retention_table_select(state_table(target.state));
	}
	if (totals.amount != AMOUNT_NONE)
		target.state = retention_state_rescale(target.home, target.state, totals.revenue.scale);

	/* a sample's sums go beyond its entries, so they come from the headers */
	table = state_table(target.state);
	all = table->sample > 0 && !table->selected;
	if (all)
	{
		retention_base_totals(target.state, &before);
		/* where its limbs lie is about to change */
		before.revenue = retention_money_copy(before.revenue);
		if (value == NULL)
			retention_expanded_totals(expanded_of_datum(other), &totals);
	}
	prepare_room(&target, totals.entries,
				 value && varlena_form(value) == FORM_PACKED ? &unpacker : NULL);
	if (value == NULL)
		merge_elsewhere(&target, retention_expanded_visit(expanded_of_datum(other), merge_part, &target));
	else if (varlena_form(value) == FORM_TABLE)
		merge_table(&target, (CustomerTable *) value);
	else
	{
		merge_packed(&target, &unpacker);
		merge_elsewhere(&target, unpacker.wide);
	}

	if (datum_is_expanded(target.state))
		retention_expanded_end_merge(expanded_of_datum(target.state));
	if (all)
		restore_sample(&target, &before);
	if (state_table(target.state)->selected)
		forget_refunds(&totals);
	add_rows(target.home, &target.state, &totals, all);
	retention_state_check(target.state);
	return target.state;
}
