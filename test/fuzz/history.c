/*-------------------------------------------------------------------------
 *
 * history.c
 *	  Fuzzing the input of purchase_history.
 *
 * What is accepted has to be read to its end without an error, with its money
 * and without, and to add up.  Merged into a history of nothing it is packed
 * to the same bytes again, and merged with itself it is a value once more,
 * unless its numbers are too large for that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/state.h"

#include "mutate.h"
#include "shim.h"

/* ---- the bytes as fields, see packed.h -------------------------------------- */

enum
{
	IDENTITIES = ROLE_FIRST, CUSTOMERS, ENTRIES, OCCASIONS, ORDERS, ROWS, FIRST_DAY, SPAN,
	SCALE, REVENUE, BLOCK, HASH, LOW, LEAST, LEAST_ORDERS, COUNT, FIRST, GAP, ORDER, MONEY
};

const int	fuzz_claims[] = {COUNT, BLOCK, 0};

static void
parse_customers(Fields *fields, bool two_words, bool has_money)
{
	uint64		n = fuzz_byte(fields, BLOCK) + 1;
	uint64		entries = n;

	(void) fuzz_fixed(fields, HASH, 8);
	(void) fuzz_varint(fields, LEAST);
	(void) fuzz_varint(fields, LEAST_ORDERS);
	(void) fuzz_numbers(fields, HASH, n - 1);
	if (two_words)
		(void) fuzz_numbers(fields, LOW, n);
	for (int i = fuzz_numbers(fields, COUNT, n); i < fields->n; i++)
		entries += fields->fields[i].value;
	(void) fuzz_numbers(fields, FIRST, n);
	(void) fuzz_numbers(fields, GAP, entries - n);
	(void) fuzz_numbers(fields, ORDER, entries);
	if (has_money)
		fuzz_units(fields, MONEY, entries);
}

void
fuzz_parse(Fields *fields)
{
	uint64		key;
	uint64		amount;
	uint64		zone;
	uint64		orders = 0;

	(void) fuzz_byte(fields, ROLE_OTHER);
	key = fuzz_byte(fields, ROLE_OTHER);
	(void) fuzz_byte(fields, ROLE_OTHER);
	amount = fuzz_byte(fields, ROLE_OTHER);
	(void) fuzz_byte(fields, ROLE_OTHER);
	zone = fuzz_byte(fields, ROLE_OTHER);
	while (zone-- > 0 && fuzz_more(fields))
		(void) fuzz_byte(fields, ROLE_OTHER);
	for (int role = IDENTITIES; role <= ORDERS; role++)
		orders = fuzz_varint(fields, role);
	for (int i = 0; i < 3; i++)
		(void) fuzz_varint(fields, ROWS);
	if (orders > 0)
	{
		(void) fuzz_varint(fields, FIRST_DAY);
		(void) fuzz_varint(fields, SPAN);
	}
	if (amount > 0)
	{
		(void) fuzz_byte(fields, ROLE_OTHER);
		(void) fuzz_varint(fields, SCALE);
		fuzz_money(fields, REVENUE);
		fuzz_money(fields, ROWS);
		fuzz_money(fields, ROWS);
	}
	while (fuzz_more(fields))
	{
		uint64		tag = fuzz_byte(fields, ROLE_OTHER);
		const uint8 *outer;

		if (tag == BLOCK_END)
			break;
		outer = fuzz_block_begin(fields);
		if (tag == BLOCK_CUSTOMERS)
			parse_customers(fields, key > KEY_INT8, amount > 0);
		else if (tag == BLOCK_WIDE)
			fuzz_wide(fields);
		fuzz_block_end(fields, outer);
	}
}

void
fuzz_settle(Fields *fields)
{
	uint64		totals[ORDERS + 1] = {0};
	uint64		revenue = 0;
	uint64		least = 0;
	uint64		left = 0;		/* entries of a customer */
	bool		ordered = false;
	int			count = 0;		/* the field of their number of entries */

	for (int i = 0; i < fields->n; i++)
	{
		const Field *field = &fields->fields[i];

		if (field->role == BLOCK)
		{
			totals[IDENTITIES] += field->value % 256 + 1;
			count = i;
			left = 0;
		}
		else if (field->role == COUNT)
			totals[ENTRIES] += field->value + 1;
		else if (field->role == LEAST_ORDERS)
			least = field->value;
		else if (field->role == ORDER)
		{
			if (left == 0)
			{
				while (count + 1 < i && fields->fields[++count].role != COUNT)
					;
				left = fields->fields[count].value + 1;
				ordered = false;
			}
			left--;
			totals[ORDERS] += field->value + least;
			totals[OCCASIONS] += field->value + least > 0;
			totals[CUSTOMERS] += field->value + least > 0 && !ordered;
			ordered |= field->value + least > 0;
		}
		else if (field->role == MONEY && field->kind == FIELD_COLUMN)
			revenue += (uint64) unzigzag(field->value);
	}
	for (int role = IDENTITIES; role <= ORDERS; role++)
		fuzz_set(fields, role, totals[role]);
	fuzz_set(fields, REVENUE, revenue);
}

/* ---- what is accepted ------------------------------------------------------- */

static void
read_customers(const struct varlena *value, bool skip_money)
{
	HistoryUnpacker unpacker;
	HistoryTotals counted = {0};
	MoneyTotal	revenue = {0};
	const Run  *run;

	retention_history_unpack_begin(&unpacker, value, skip_money);
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		RunCursor	cursor;
		CustomerView customer;
		int64		entries = 0;

		if (unpacker.wide)
			retention_history_mark_elsewhere(&unpacker);
		run_begin(&cursor, run, unpacker.shape);
		while (run_next(&cursor, &customer))
		{
			int64		occasions = 0;

			for (int64 i = 0; i < customer.n; i++)
			{
				const uint64 *occasion = customer.occasions + i * occasion_words(unpacker.shape);

				occasions += mark_orders(*occasion) > 0;
				counted.orders += mark_orders(*occasion);
				if (unpacker.shape.money_words > 0)
					history_add_money(&unpacker, &revenue, &customer, occasion);
			}
			counted.identities++;
			counted.customers += occasions > 0;
			counted.occasions += occasions;
			entries += customer.n;
		}
		if (cursor.at != cursor.end || entries != run->entries)
			abort();
		counted.entries += entries;
	}
	if (counted.identities != unpacker.totals.identities ||
		counted.customers != unpacker.totals.customers ||
		counted.entries != unpacker.totals.entries ||
		counted.occasions != unpacker.totals.occasions ||
		counted.orders != unpacker.totals.orders)
		abort();
	if (unpacker.shape.money_words > 0)
	{
		Money		said = unpacker.totals.revenue;
		uint64	   *negative = palloc((said.nlimbs + 1) * sizeof(uint64));
		Money		difference;

		(void) retention_money_convert(said.limbs, said.nlimbs, 0, negative, said.nlimbs + 1, 0);
		retention_money_negate(negative, said.nlimbs + 1);
		difference = retention_money_sum(total_money(&revenue, said.scale),
										 (Money) {negative, said.nlimbs + 1, said.scale});
		if (!money_is_zero(difference.limbs, difference.nlimbs))
			abort();
	}
}

void
fuzz_value(struct varlena *value)
{
	HistoryUnpacker unpacker;
	HistoryState state = {0};

	retention_history_validate(value);

	fuzz_error_allowed = false;
	read_customers(value, false);
	read_customers(value, true);
	retention_history_unpack_begin(&unpacker, value, true);
	retention_history_create(&state, &unpacker.kind);
	retention_history_merge(&state, PointerGetDatum(value));
	fuzz_must_be_same(retention_history_pack(retention_history_close(&state)), value);

	fuzz_error_allowed = true;
	retention_history_merge(&state, PointerGetDatum(value));
	value = retention_history_pack(retention_history_close(&state));

	fuzz_error_allowed = false;
	retention_history_validate(value);
}
