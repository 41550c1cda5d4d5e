/*-------------------------------------------------------------------------
 *
 * base.c
 *	  Fuzzing the input of customer_base.
 *
 * What is accepted has to be read to its end without an error and to add up.
 * As a state it is packed to the same bytes again, whatever the width of its
 * money, and merged with itself it is a value once more, unless its numbers are
 * too large for that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_packed.h"
#include "base/base_state.h"
#include "base/customer_order_pairs.h"

#include "customers.h"
#include "shim.h"

/* ---- the bytes as fields, see base_packed.h -------------------------------------- */

enum
{
	SAMPLE = ROLE_CUSTOMERS_LAST, BOUND, ENTRIES, CUSTOMERS, REPEATERS, ORDERS, SKIPPED, LIFESPAN, LIFESPAN_HIGH, FIRST, LAST,
	ORDER, UNIT, BASE, FIRST_ORDER, ONE_LIFESPAN
};

/* The one sum of money that entries are part of. */
#define REVENUE	0

const int	fuzz_claims[] = {ENTRIES, ORDER, ROLE_WIDE, 0};

static void
parse_block(Fields *fields, const FuzzKind *kind, uint64 tag)
{
	uint64		n;

	if (tag != BLOCK_CUSTOMERS)
		return;
	n = fuzz_byte(fields, ROLE_BLOCK) + 1;
	fuzz_first_hash(fields);
	if (kind->has_time)
	{
		(void) fuzz_byte(fields, UNIT);
		(void) fuzz_fixed(fields, BASE, 8);
	}
	fuzz_identities(fields, kind, n);
	(void) fuzz_numbers(fields, ORDER, n);
	if (kind->has_time)
	{
		(void) fuzz_numbers(fields, FIRST_ORDER, n);
		(void) fuzz_numbers(fields, ONE_LIFESPAN, n);
	}
	if (kind->has_money)
		fuzz_units(fields, ROLE_MONEY, n);
}

void
fuzz_parse(Fields *fields)
{
	FuzzKind	kind = fuzz_kind(fields);

	(void) fuzz_byte(fields, ROLE_OTHER);
	if (fuzz_varint(fields, SAMPLE) > 0)
		(void) fuzz_fixed(fields, BOUND, 8);
	for (int role = ENTRIES; role <= ORDERS; role++)
		(void) fuzz_varint(fields, role);
	for (int i = 0; i < 3; i++)
		(void) fuzz_varint(fields, SKIPPED);
	if (kind.has_time)
	{
		(void) fuzz_varint(fields, LIFESPAN);
		(void) fuzz_varint(fields, LIFESPAN_HIGH);
		(void) fuzz_varint(fields, FIRST);
		(void) fuzz_varint(fields, LAST);
	}
	if (kind.has_money)
	{
		fuzz_money_width(fields);
		fuzz_sum(fields, REVENUE);
		/* of rows that are no entries */
		fuzz_money(fields, SKIPPED);
		fuzz_money(fields, SKIPPED);
	}
	fuzz_blocks(fields, &kind, parse_block);
}

void
fuzz_total(Fields *fields)
{
	static const uint64 units[] = {1, 1000, USECS_PER_SEC, USECS_PER_MINUTE, USECS_PER_HOUR, USECS_PER_DAY};
	static uint64 orders[MAX_FIELDS];	/* of the customers of a block */
	static uint64 firsts[MAX_FIELDS];
	int			norders = 0;
	int			nfirsts = 0;
	int			nlifespans = 0;
	uint64		totals[ORDERS + 1] = {0};
	uint64		lifespans[2] = {0};
	uint64		unit = 1;
	uint64		base = 0;
	int64		first = INSTANT_NEVER_FIRST;
	int64		last = INSTANT_NEVER_LAST;

	for (int i = 0; i < fields->n; i++)
	{
		Field	   *field = &fields->fields[i];

		switch (field->role)
		{
			case ROLE_MONEY:
			case ROLE_WIDE_MONEY:
				field->sums = 1 << REVENUE;
				break;
			case ROLE_BLOCK:
				totals[ENTRIES] += field->value % 256 + 1;
				norders = nfirsts = nlifespans = 0;
				break;
			case UNIT:
				unit = units[field->value % lengthof(units)];
				break;
			case BASE:
				base = field->value;
				break;
			case ORDER:
				totals[ORDERS] += field->value;
				totals[CUSTOMERS] += field->value > 0;
				totals[REPEATERS] += field->value > 1;
				orders[norders++] = field->value;
				break;
			case FIRST_ORDER:
				firsts[nfirsts++] = base + field->value * unit;
				break;
			case ONE_LIFESPAN:
				if (nlifespans < Min(norders, nfirsts) && orders[nlifespans] > 0)
				{
					lifespan_add(lifespans, field->value * unit, 0);
					first = Min(first, (int64) firsts[nlifespans]);
					last = Max(last, (int64) (firsts[nlifespans] + field->value * unit));
				}
				nlifespans++;
				break;
		}
	}
	/* what is of one customer has no entries, and knows of itself */
	if (totals[ENTRIES] == 0)
		return;
	for (int role = ENTRIES; role <= ORDERS; role++)
		fuzz_set(fields, role, totals[role]);
	fuzz_set(fields, LIFESPAN, lifespans[0]);
	fuzz_set(fields, LIFESPAN_HIGH, lifespans[1]);
	fuzz_set(fields, FIRST, zigzag(first));
	fuzz_set(fields, LAST, zigzag(last));
	fuzz_total_money(fields, true);
}

/* ---- what is accepted ------------------------------------------------------- */

static void
read_entries(const struct varlena *value)
{
	BaseUnpacker unpacker;
	uint64	   *entry;
	int64		entries = 0;
	int64		customers = 0;
	MoneyTotal	revenue = {0};

	retention_base_unpack_begin(&unpacker, value);
	entry = palloc(unpacker.stride * sizeof(uint64));
	while (retention_base_unpack_next(&unpacker, entry))
	{
		entries++;
		customers += entry[unpacker.key_words] > 0;
		if (unpacker.words > 0)
			total_add_unpacked(&revenue, &unpacker, entry);
		if (entry[0] > unpacker.totals.bound)
			abort();
	}
	if (entries != unpacker.totals.entries ||
		(unpacker.totals.key != KEY_NONE && customers != unpacker.totals.customers))
		abort();
	/* a sample has seen more than it has kept */
	if (unpacker.words > 0 && unpacker.totals.key != KEY_NONE &&
		(unpacker.totals.selected || !totals_are_estimates(&unpacker.totals)))
		fuzz_must_be_equal(total_money(&revenue, unpacker.scale), unpacker.totals.revenue);
}

/* There are no contexts here. */
static const StateHome home = {NULL, false};

static struct varlena *
merged(const struct varlena *value, const struct varlena *other)
{
	Datum		state = retention_state_open(&retention_base_states, home, PointerGetDatum(value));

	return retention_base_pack(retention_state_merge(home, state, PointerGetDatum(other)));
}

/* Money of two words, or of more digits, is the same money. */
static void
change_width(const struct varlena *value)
{
	BaseUnpacker unpacker;
	struct varlena *other;
	Datum		state;
	int			scale;

	retention_base_unpack_begin(&unpacker, value);
	if (unpacker.words == 0 || unpacker.totals.key == KEY_NONE)
		return;
	state = retention_state_open(&retention_base_states, home, PointerGetDatum(value));
	fuzz_must_be_same(retention_base_pack(retention_state_promote(state)), value);

	scale = unpacker.scale + 1 + (int) (unpacker.totals.orders % 40);
	if (scale > MONEY_MAX_SCALE)
		return;
	fuzz_error_allowed = true;
	state = retention_state_open(&retention_base_states, home, PointerGetDatum(value));
	other = retention_base_pack(retention_state_rescale(home, state, scale));
	fuzz_must_be_same(merged(value, other), merged(other, value));
	fuzz_error_allowed = false;
	read_entries(other);
	retention_base_packed_validate(other);
}

void
fuzz_value(struct varlena *value)
{
	Datum		state;
	BaseTotals	totals;

	retention_base_packed_validate(value);

	fuzz_error_allowed = false;
	read_entries(value);
	retention_base_packed_totals(value, &totals);
	if (key_is_pair(totals.key))
		retention_pairs_totals(PointerGetDatum(value), &totals);
	state = retention_state_open(&retention_base_states, home, PointerGetDatum(value));
	fuzz_must_be_same(retention_base_pack(state), value);
	change_width(value);

	fuzz_error_allowed = true;
	value = merged(value, value);

	fuzz_error_allowed = false;
	retention_base_packed_validate(value);
}
