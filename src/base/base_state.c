/*-------------------------------------------------------------------------
 *
 * base_state.c
 *	  A customer_base value or state in whichever form it is.  See base_state.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_state.h"

#include "utils/memutils.h"

/* In a build with assertions: is a running state what its form says? */
#ifdef USE_ASSERT_CHECKING
static void
check_one_customer(const OneCustomer *one)
{
	Assert(one->key == KEY_NONE);
	Assert(one->time <= TIME_KIND_LAST && one->amount <= AMOUNT_KIND_LAST);
	Assert((one->nlimbs > 0) == (one->amount != AMOUNT_NONE));
	Assert(VARSIZE(one) == one_customer_size(one->time, one->nlimbs));
	/* rows that leave may be more than came: packing refuses what is left then */
	Assert(one->time == TIME_NONE ||
		   (one->orders > 0) == ((int64) one->words[0] <= (int64) one->words[1]));
}

void
retention_state_check(Datum state)
{
	if (datum_is_expanded(state))
	{
		const ExpandedBase *base = expanded_of_datum(state);

		Assert(base->merge == NULL);
		Assert(base->npending >= 0 && base->npending < EXPANDED_PENDING);
		Assert(base->pending_stride == base->table->stride);
		retention_table_check(base->table);
	}
	else if (varlena_form(DatumGetPointer(state)) == FORM_ONE_CUSTOMER)
		check_one_customer((const OneCustomer *) DatumGetPointer(state));
	else
	{
		const CustomerTable *table = (const CustomerTable *) DatumGetPointer(state);

		Assert(VARSIZE(table) == retention_table_size(table->stride, table->home_slots, table->overflow_slots));
		retention_table_check(table);
	}
}
#endif

/* A table with so much room, and money in so many words. */
CustomerTable *
retention_state_copy_table(const CustomerTable *from, int64 home_slots, int64 overflow_slots, int words)
{
	CustomerTable *to = palloc(retention_table_size(table_stride(from->key, from->time, words),
													home_slots, overflow_slots));

	retention_table_init(to, from->key, from->time, from->amount, from->scale, words,
						 home_slots, overflow_slots);
	retention_table_sample_like(to, from);
	retention_table_copy(from, to);
	return to;
}

CustomerTable *
retention_table_create(KeyKind key, TimeKind time, AmountKind amount)
{
	int			words = amount == AMOUNT_NONE ? 0 : 1;
	int64		home_slots;
	int64		overflow_slots;
	CustomerTable *table;

	retention_table_shape(1, &home_slots, &overflow_slots);
	table = palloc(retention_table_size(table_stride(key, time, words), home_slots, overflow_slots));
	retention_table_init(table, key, time, amount, 0, words, home_slots, overflow_slots);
	return table;
}

/* Money in two words from now on. */
static Datum
promote(CustomerTable *table)
{
	Assert(table->words == 1);
	return PointerGetDatum(retention_state_copy_table(table, table->home_slots, table->overflow_slots, UNITS_MAX_WORDS));
}

/* Give a state so many digits behind the point, if it has fewer. */
Datum
retention_state_rescale(StateHome home, Datum state, int scale)
{
	CustomerTable *table = state_table(state);
	int			words;

	if (scale <= table->scale)
		return state;
	if (!datum_is_expanded(state))
	{
		words = retention_table_words_at(table, scale);
		if (words == 0)
			(void) retention_state_expanded(home, &state);
		else
		{
			if (words > table->words)
				state = promote(table);
			retention_table_rescale(state_table(state), scale, NULL);
			return state;
		}
	}
	retention_expanded_rescale(expanded_of_datum(state), scale);
	return state;
}

/* Give a state money of two words, if it has one. */
Datum
retention_state_promote(Datum state)
{
	if (state_table(state)->words != 1)
		return state;
	if (!datum_is_expanded(state))
		return promote(state_table(state));
	retention_expanded_promote(expanded_of_datum(state));
	return state;
}

/* A state that money can be kept beside. */
ExpandedBase *
retention_state_expanded(StateHome home, Datum *state)
{
	if (!datum_is_expanded(*state))
		*state = datum_of_expanded(retention_expanded_create(home, state_table(*state), state_table(*state)->used));
	return expanded_of_datum(*state);
}

/* A larger copy of a table that is full. */
static CustomerTable *
grow_table(const CustomerTable *table)
{
	int64		entries = retention_table_capacity(table);
	int64		home_slots;
	int64		overflow_slots;

	/* customers that left a moving frame make room by going */
	if (retention_table_live(table) > table->used / 2)
		entries *= 2;
	retention_table_shape(entries, &home_slots, &overflow_slots);
	return retention_state_copy_table(table, home_slots, overflow_slots, table->words);
}

static inline bool
table_is_too_large(const CustomerTable *table)
{
	return retention_table_size(table->stride, table->home_slots, table->overflow_slots) > FLAT_MAX_BYTES;
}

/*
 * Add an entry whose money has the table's shape.  Returns the state: the
 * table itself, a larger one, or an expanded object.
 */
Datum
retention_state_absorb(StateHome home, CustomerTable *table, const uint64 *entry)
{
	uint64		room[ENTRY_MAX_WORDS];
	int			at = table_at_money(table);
	ExpandedBase *base;

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
					base = retention_expanded_create(home, table, table->used * 2);
					pfree(table);
					retention_expanded_absorb(base, entry, base->table->words,
											  table_units_scale(base->table));
					return datum_of_expanded(base);
				}
				break;
			case ABSORB_TABLE_CROWDED:
				retention_table_salt(table);
				break;
			case ABSORB_MONEY_FULL:
				if (table->words == UNITS_MAX_WORDS)
				{
					base = retention_expanded_create(home, table, table->used);
					retention_expanded_absorb(base, entry, table->words, table_units_scale(table));
					return datum_of_expanded(base);
				}
				memcpy(room, entry, at * sizeof(uint64));
				units_widen(room + at, UNITS_MAX_WORDS, entry + at, 1);
				entry = room;
				table = (CustomerTable *) DatumGetPointer(promote(table));
				break;
		}
	}
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
trimmed_table(struct varlena *flat)
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

	if (datum_is_expanded(value))
	{
		retention_expanded_totals(expanded_of_datum(value), totals);
		return;
	}
	if (value_is_stored(value) && retention_base_stored_totals(value, totals))
		return;
	flat = PG_DETOAST_DATUM(value);
	switch (varlena_form(flat))
	{
		case FORM_ONE_CUSTOMER:
			retention_one_customer_totals((OneCustomer *) flat, totals);
			break;
		case FORM_TABLE:
			table_totals(trimmed_table(flat), totals);
			break;
		default:
			retention_base_packed_totals(flat, totals);
			break;
	}
}

static struct varlena *
pack_flat(struct varlena *flat)
{
	BaseTotals	totals;
	BasePacker	packer;

	retention_state_check(PointerGetDatum(flat));
	if (varlena_form(flat) == FORM_ONE_CUSTOMER)
	{
		retention_one_customer_totals((OneCustomer *) flat, &totals);
		retention_base_pack_begin(&packer, KEY_NONE, totals.time, totals.amount, 0);
	}
	else
	{
		CustomerTable *table = trimmed_table(flat);

		table_totals(table, &totals);
		retention_base_pack_begin(&packer, table->key, table->time, table->amount, table->used);
		retention_base_pack_table(&packer, table);
	}
	return retention_blocks_finish(retention_base_pack_end(&packer, &totals, NULL));
}

static Datum
create_like(const struct varlena *value)
{
	BaseTotals	totals;

	retention_base_packed_totals(value, &totals);
	if (totals.key == KEY_NONE)
		return PointerGetDatum(retention_one_customer_create(totals.time, totals.amount));
	return PointerGetDatum(retention_table_create(totals.key, totals.time, totals.amount));
}

const StateType retention_base_states = {
	BASE_TYPE,
	FORM_TABLE,
	pack_flat,
	retention_expanded_pack,
	create_like,
	retention_state_merge,
	retention_base_packed_validate
};

/* The packed value of a value or state. */
struct varlena *
retention_base_pack(Datum value)
{
	return retention_state_pack(&retention_base_states, value);
}

/* What are the keys of a value or state? */
KeyKind
retention_base_key(Datum value)
{
	BaseTotals	totals;

	if (datum_is_expanded(value))
		return expanded_of_datum(value)->table->key;
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

	retention_base_packed_totals(packed, &totals);
	if (totals.key > KEY_KIND_LAST)
		retention_refuse_key(totals.key, "customers");
	return packed;
}
