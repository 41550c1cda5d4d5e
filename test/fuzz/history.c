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
	SCALE, REVENUE, BLOCK, HASH, LEAST, LEAST_ORDERS, COUNT, FIRST, GAP, ORDER, MONEY
};

const int	fuzz_claims[] = {COUNT, 0};

static void
parse_block(Fields *fields, bool two_words, bool has_money)
{
	uint64		n = fuzz_byte(fields, BLOCK) + 1;
	uint64		entries = 0;
	int			width;			/* the first of the fields of widths */
	int			money = 0;
	int			counts;

	(void) fuzz_fixed(fields, HASH, 8);
	width = fields->n;
	for (int i = 0; i < 5; i++)
		(void) fuzz_byte(fields, ROLE_WIDTH);
	(void) fuzz_fixed(fields, LEAST, 4);
	(void) fuzz_byte(fields, LEAST_ORDERS);
	if (has_money)
	{
		money = fields->n;
		(void) fuzz_varint(fields, ROLE_WIDTH);
	}
	if (money >= MAX_FIELDS || width + 5 >= MAX_FIELDS)
		return;
	fuzz_column(fields, HASH, n - 1, width);
	for (uint64 i = 0; two_words && i < n; i++)
		(void) fuzz_fixed(fields, ROLE_OTHER, 8);
	counts = fields->n;
	fuzz_column(fields, COUNT, n, width + 1);
	for (int i = counts; i < fields->n; i++)
		entries += fields->fields[i].value + 1;
	fuzz_column(fields, FIRST, n, width + 2);
	fuzz_column(fields, GAP, entries - n, width + 3);
	fuzz_column(fields, ORDER, entries, width + 4);
	if (has_money)
		fuzz_column(fields, MONEY, entries, money);
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
		(void) fuzz_varint(fields, SCALE);
		(void) fuzz_varint(fields, SCALE);
		fuzz_money(fields, REVENUE);
		fuzz_money(fields, ROWS);
		fuzz_money(fields, ROWS);
	}
	while (fuzz_more(fields))
		parse_block(fields, key > KEY_INT8, amount > 0);
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
		else if (field->role == MONEY)
		{
			uint64		width = fields->fields[field->width % MAX_FIELDS].value;

			revenue += width > 0 && width < 8 ?
				(uint64) ((int64) (field->value << (64 - 8 * width)) >> (64 - 8 * width)) : field->value;
		}
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
	const Run  *run;

	retention_history_unpack_begin(&unpacker, value, skip_money);
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		RunCursor	cursor;
		CustomerView customer;
		int64		entries = 0;

		run_begin(&cursor, run, unpacker.shape);
		while (run_next(&cursor, &customer))
		{
			int64		occasions = 0;

			for (int64 i = 0; i < customer.n; i++)
			{
				int64		orders = mark_orders(customer.occasions[i * occasion_words(unpacker.shape)]);

				occasions += orders > 0;
				counted.orders += orders;
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
