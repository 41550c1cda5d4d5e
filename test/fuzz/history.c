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

#include "shim.h"

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
