/*-------------------------------------------------------------------------
 *
 * base.c
 *	  Fuzzing the input of customer_base.
 *
 * What is accepted has to be read to its end without an error and to add up.
 * As a state it is packed to the same bytes again, and merged with itself it
 * is a value once more, unless its numbers are too large for that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/packed.h"
#include "base/state.h"

#include "mutate.h"
#include "shim.h"

/* ---- the bytes as fields, see packed.h -------------------------------------- */

enum
{
	SAMPLE = ROLE_FIRST, BOUND, ENTRIES, CUSTOMERS, REPEATERS, ORDERS, ROWS, LIFESPAN, FIRST, LAST,
	SCALE, REVENUE, BLOCK, HASH, ORDER, UNIT, BASE, FIRST_ORDER, ONE_LIFESPAN, MONEY
};

const int	fuzz_claims[] = {ENTRIES, BLOCK, ORDER, 0};

static void
parse_block(Fields *fields, bool two_words, bool has_time, bool has_money)
{
	uint64		n = fuzz_byte(fields, BLOCK) + 1;
	int			hash;
	int			time = 0;
	int			money = 0;

	(void) fuzz_fixed(fields, HASH, 8);
	hash = fields->n;
	(void) fuzz_byte(fields, ROLE_WIDTH);
	(void) fuzz_byte(fields, ROLE_WIDTH);
	if (has_time)
	{
		(void) fuzz_byte(fields, UNIT);
		(void) fuzz_fixed(fields, BASE, 8);
		time = fields->n;
		(void) fuzz_byte(fields, ROLE_WIDTH);
		(void) fuzz_byte(fields, ROLE_WIDTH);
	}
	if (has_money)
	{
		money = fields->n;
		(void) fuzz_varint(fields, ROLE_WIDTH);
	}
	if (fields->n >= MAX_FIELDS)
		return;
	fuzz_column(fields, HASH, n - 1, hash);
	for (uint64 i = 0; two_words && i < n; i++)
		(void) fuzz_fixed(fields, ROLE_OTHER, 8);
	fuzz_column(fields, ORDER, n, hash + 1);
	if (has_time)
	{
		fuzz_column(fields, FIRST_ORDER, n, time);
		fuzz_column(fields, ONE_LIFESPAN, n, time + 1);
	}
	if (has_money)
		fuzz_column(fields, MONEY, n, money);
}

void
fuzz_parse(Fields *fields)
{
	uint64		key;
	uint64		time;
	uint64		amount;

	(void) fuzz_byte(fields, ROLE_OTHER);
	key = fuzz_byte(fields, ROLE_OTHER);
	time = fuzz_byte(fields, ROLE_OTHER);
	amount = fuzz_byte(fields, ROLE_OTHER);
	(void) fuzz_byte(fields, ROLE_OTHER);
	if (fuzz_varint(fields, SAMPLE) > 0)
		(void) fuzz_fixed(fields, BOUND, 8);
	for (int role = ENTRIES; role <= ORDERS; role++)
		(void) fuzz_varint(fields, role);
	for (int i = 0; i < 3; i++)
		(void) fuzz_varint(fields, ROWS);
	if (time > 0)
	{
		(void) fuzz_varint(fields, LIFESPAN);
		(void) fuzz_varint(fields, ROLE_OTHER);
		(void) fuzz_varint(fields, FIRST);
		(void) fuzz_varint(fields, LAST);
	}
	if (amount > 0)
	{
		(void) fuzz_varint(fields, SCALE);
		(void) fuzz_varint(fields, SCALE);
		fuzz_money(fields, REVENUE);
		fuzz_money(fields, ROWS);
		fuzz_money(fields, ROWS);
	}
	while (fuzz_more(fields))
		parse_block(fields, key > KEY_INT8, time > 0, amount > 0);
}

void
fuzz_settle(Fields *fields)
{
	static const uint64 units[] = {1, 1000, USECS_PER_SEC, USECS_PER_MINUTE, USECS_PER_HOUR, USECS_PER_DAY};
	uint64		totals[ORDERS + 1] = {0};
	uint64		revenue = 0;
	uint64		lifespan = 0;
	uint64		unit = 1;
	uint64		base = 0;
	int64		first = PG_INT64_MAX;
	int64		last = PG_INT64_MIN;

	for (int i = 0; i < fields->n; i++)
	{
		const Field *field = &fields->fields[i];

		if (field->role == BLOCK)
			totals[ENTRIES] += field->value % 256 + 1;
		else if (field->role == ORDER)
		{
			totals[ORDERS] += field->value;
			totals[CUSTOMERS] += field->value > 0;
			totals[REPEATERS] += field->value > 1;
		}
		else if (field->role == UNIT)
			unit = units[field->value % lengthof(units)];
		else if (field->role == BASE)
			base = field->value;
		else if (field->role == FIRST_ORDER)
		{
			first = Min(first, (int64) (base + field->value * unit));
			last = Max(last, (int64) (base + field->value * unit));
		}
		else if (field->role == ONE_LIFESPAN)
			lifespan += field->value * unit;
		else if (field->role == MONEY)
		{
			uint64		width = fields->fields[field->width % MAX_FIELDS].value;

			revenue += width > 0 && width < 8 ?
				(uint64) ((int64) (field->value << (64 - 8 * width)) >> (64 - 8 * width)) : field->value;
		}
	}
	for (int role = ENTRIES; role <= ORDERS; role++)
		fuzz_set(fields, role, totals[role]);
	fuzz_set(fields, REVENUE, revenue);
	fuzz_set(fields, LIFESPAN, lifespan);
	if (first <= last && lifespan == 0)
	{
		fuzz_set(fields, FIRST, zigzag(first));
		fuzz_set(fields, LAST, zigzag(last));
	}
}

/* ---- what is accepted ------------------------------------------------------- */

static void
read_entries(const struct varlena *value)
{
	Unpacker	unpacker;
	uint64	   *entry;
	int64		entries = 0;
	int64		customers = 0;

	retention_unpack_begin(&unpacker, value);
	entry = palloc(unpacker.stride * sizeof(uint64));
	while (retention_unpack_next(&unpacker, entry))
	{
		entries++;
		customers += entry[unpacker.key_words] > 0;
		if (entry[0] > unpacker.totals.bound)
			abort();
	}
	if (entries != unpacker.totals.entries ||
		(unpacker.totals.key != KEY_NONE && customers != unpacker.totals.customers))
		abort();
}

void
fuzz_value(struct varlena *value)
{
	Datum		state;

	retention_packed_validate(value);

	fuzz_error_allowed = false;
	read_entries(value);
	state = retention_state_open(NULL, PointerGetDatum(value), false);
	fuzz_must_be_same(retention_base_pack(state), value);

	fuzz_error_allowed = true;
	state = retention_state_merge(NULL, state, PointerGetDatum(value), false);
	value = retention_base_pack(state);

	fuzz_error_allowed = false;
	retention_packed_validate(value);
}
