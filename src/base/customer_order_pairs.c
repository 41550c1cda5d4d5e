/*-------------------------------------------------------------------------
 *
 * customer_order_pairs.c
 *	  Pairs of customers and orders.  See customer_order_pairs.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/customer_order_pairs.h"

#include "common/int.h"
#include "order/pair_identity.h"

/* A state of no lines. */
Datum
retention_pairs_begin(StateHome home, KeyKind key)
{
	Datum		state = PointerGetDatum(retention_table_create(key, TIME_NONE, AMOUNT_NONE));
	ExpandedBase *base;

	if (!home.in_window)
		return state;
	base = retention_state_expanded(home, &state);
	home.context = base->state.hdr.eoh_context;
	base->customers = retention_expanded_create(home, retention_table_create(key_customer(key), TIME_NONE, AMOUNT_NONE), 0);
	return state;
}

/* So many orders more of the customer of a pair, or fewer. */
static void
add_orders(ExpandedBase *customers, KeyKind key, const uint64 *pair, int64 orders)
{
	uint64	   *entry = expanded_next(customers);

	pair_customer(pair, key, entry);
	entry[customers->table->key_words] = (uint64) orders;
	customers->table->leaving |= orders < 0;
	expanded_push(customers);
}

/* Add a line to a state, or take it away; returns the state. */
Datum
retention_pairs_absorb(StateHome home, Datum state, const uint64 *entry)
{
	CustomerTable *table = state_table(state);
	ExpandedBase *base;
	KeyKind		key = table->key;
	int64		lines = (int64) entry[table->key_words];
	int64		pairs = table->counts.customers;

	if (!datum_is_expanded(state))
		return retention_state_absorb(home, table, entry);
	base = expanded_of_datum(state);
	memcpy(expanded_next(base), entry, table->stride * sizeof(uint64));
	expanded_push(base);
	if (base->customers == NULL)
		return state;

	/* where nothing waits, what has changed is what the line has done; the table may be another */
	retention_expanded_flush(base);
	if (pair_has_number(entry, key))
		lines = base->table->counts.customers - pairs;
	if (lines != 0)
		add_orders(base->customers, key, entry, lines);
	return state;
}

/* The customers of pairs, as they are counted. */
typedef struct Counting
{
	StateHome	home;
	KeyKind		key;			/* of the pairs */
	Datum		customers;		/* a state */
} Counting;

static void
counting_begin(Counting *counting, StateHome home, KeyKind key)
{
	counting->home = home;
	counting->key = key;
	counting->customers = PointerGetDatum(retention_table_create(key_customer(key), TIME_NONE, AMOUNT_NONE));
}

static inline void
count_pair(Counting *counting, const uint64 *pair)
{
	uint64		entry[ENTRY_MAX_WORDS];
	int64		lines = (int64) pair[key_words(counting->key)];
	int64		orders = pair_has_number(pair, counting->key) ? 1 : lines;

	if (lines <= 0)
		return;
	if (likely(datum_is_expanded(counting->customers)))
	{
		add_orders(expanded_of_datum(counting->customers), counting->key, pair, orders);
		return;
	}
	pair_customer(pair, counting->key, entry);
	entry[part_words(key_customer(counting->key))] = (uint64) orders;
	counting->customers = retention_state_absorb(counting->home, state_table(counting->customers), entry);
}

/* In any order. */
static void
count_table(ExpandedBase *base, const CustomerTable *table, void *arg)
{
	const uint64 *end = table_end(table);
	Pace		pace = {0};

	for (const uint64 *slot = table->slots; slot < end; slot += table->stride)
	{
		pace_on(&pace, table->stride);
		if (!slot_is_free(table, slot))
			count_pair((Counting *) arg, slot);
	}
}

/* What has been counted, and nothing is left of it. */
static void
counting_end(Counting *counting, EntryCounts *counts)
{
	BaseTotals	totals;

	retention_base_totals(counting->customers, &totals);
	counts_begin(counts);
	counts->customers = totals.customers;
	counts->repeaters = totals.repeaters;
	counts->orders = totals.orders;
	if (datum_is_expanded(counting->customers))
		DeleteExpandedObject(counting->customers);
	else
		pfree(DatumGetPointer(counting->customers));
}

/* Two aggregates may ask one state. */
static void
count_expanded(ExpandedBase *base, EntryCounts *counts)
{
	retention_expanded_flush(base);
	if (!base->counted)
	{
		Counting	counting;

		counting_begin(&counting, expanded_state_home(&base->state), base->table->key);
		(void) retention_expanded_visit(base, count_table, &counting);
		counting_end(&counting, &base->counts);
		base->counted = true;
	}
	*counts = base->counts;
}

static void
count_packed(const struct varlena *value, EntryCounts *counts)
{
	Counting	counting;
	BaseUnpacker unpacker;
	uint64		entry[ENTRY_MAX_WORDS];
	Pace		pace = {0};

	retention_base_unpack_begin(&unpacker, value);
	counting_begin(&counting, (StateHome) {CurrentMemoryContext, false}, unpacker.totals.key);
	while (retention_base_unpack_next(&unpacker, entry))
	{
		pace_on(&pace, unpacker.stride);
		count_pair(&counting, entry);
	}
	counting_end(&counting, counts);
}

static void
count_flat(struct varlena *flat, EntryCounts *counts)
{
	CustomerTable *table = (CustomerTable *) flat;
	Counting	counting;

	if (varlena_form(flat) != FORM_TABLE)
	{
		count_packed(retention_base_pack(PointerGetDatum(flat)), counts);
		return;
	}
	retention_table_check(table);
	counting_begin(&counting, (StateHome) {CurrentMemoryContext, false}, table->key);
	count_table(NULL, table, &counting);
	counting_end(&counting, counts);
}

/* The totals of the customers of a state over pairs. */
void
retention_pairs_totals(Datum value, BaseTotals *totals)
{
	EntryCounts counts;
	KeyKind		key = retention_base_key(value);

	if (!key_is_pair(key))
		retention_refuse_key(key, "pairs of customers and order numbers");
	if (!datum_is_expanded(value))
		count_flat(PG_DETOAST_DATUM(value), &counts);
	else if (expanded_of_datum(value)->customers)
	{
		ExpandedBase *customers = expanded_of_datum(value)->customers;

		retention_expanded_flush(customers);
		counts = customers->table->counts;
	}
	else
		count_expanded(expanded_of_datum(value), &counts);

	retention_totals_begin(totals, key_customer(key), TIME_NONE, AMOUNT_NONE);
	retention_totals_add_counts(totals, &counts, (Money) {NULL, 0, 0}, 0);
}

/*
 * The totals of a state over lines without customers, of which each order is one:
 * those of all orders, with a number or without.
 */
void
retention_orders_totals(Datum value, BaseTotals *totals)
{
	retention_base_totals(value, totals);
	if (!key_is_order(totals->key))
		retention_refuse_key(totals->key, "order numbers");
	if (pg_add_s64_overflow(totals->customers, totals->guest_orders, &totals->orders))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("lines have more than %lld orders", (long long) PG_INT64_MAX)));
	totals->revenue = retention_money_sum(totals->revenue, totals->guest_revenue);
}
