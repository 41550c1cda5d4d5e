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

#include "history/history_state.h"

#include "customers.h"
#include "shim.h"

/* ---- the bytes as fields, see history_packed.h---------------------------------- */

enum
{
	IDENTITIES = ROLE_CUSTOMERS_LAST, CUSTOMERS, ENTRIES, OCCASIONS, ORDERS, FIRST_DAY, SPAN,
	LEAST, LEAST_ORDERS, COUNT, FIRST, GAP, ORDER
};

const int	fuzz_claims[] = {COUNT, ROLE_BLOCK, ROLE_WIDE, 0};

static void
parse_customers(Fields *fields, const FuzzKind *kind)
{
	uint64		n = fuzz_byte(fields, ROLE_BLOCK) + 1;
	uint64		entries = n;

	fuzz_first_hash(fields);
	(void) fuzz_varint(fields, LEAST);
	(void) fuzz_varint(fields, LEAST_ORDERS);
	fuzz_identities(fields, kind, n);
	for (int i = fuzz_numbers(fields, COUNT, n); i < fields->n; i++)
		entries += fields->fields[i].value;
	(void) fuzz_numbers(fields, FIRST, n);
	(void) fuzz_numbers(fields, GAP, entries - n);
	(void) fuzz_numbers(fields, ORDER, entries);
	if (kind->has_money)
		fuzz_units(fields, ROLE_MONEY, entries);
}

void
fuzz_parse(Fields *fields)
{
	FuzzKind	kind = fuzz_kind(fields);
	uint64		zone;
	uint64		orders = 0;

	(void) fuzz_byte(fields, ROLE_OTHER);
	zone = fuzz_byte(fields, ROLE_OTHER);
	while (zone-- > 0 && fuzz_more(fields))
		(void) fuzz_byte(fields, ROLE_OTHER);
	for (int role = IDENTITIES; role <= ORDERS; role++)
		orders = fuzz_varint(fields, role);
	for (int i = 0; i < 3; i++)
		(void) fuzz_varint(fields, ROLE_ROWS);
	if (orders > 0)
	{
		(void) fuzz_varint(fields, FIRST_DAY);
		(void) fuzz_varint(fields, SPAN);
	}
	if (kind.has_money)
		fuzz_sums_of_money(fields);
	fuzz_blocks(fields, &kind, parse_customers);
}

void
fuzz_total(Fields *fields)
{
	uint64		totals[ORDERS + 1] = {0};
	uint64		least = 0;
	uint64		left = 0;		/* entries of a customer */
	bool		ordered = false;
	int			count = 0;		/* the field of their number of entries */

	for (int i = 0; i < fields->n; i++)
	{
		const Field *field = &fields->fields[i];

		if (field->role == ROLE_BLOCK)
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
	}
	for (int role = IDENTITIES; role <= ORDERS; role++)
		fuzz_set(fields, role, totals[role]);
	fuzz_total_money(fields);
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
		fuzz_must_be_equal(total_money(&revenue, unpacker.totals.revenue.scale), unpacker.totals.revenue);
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
