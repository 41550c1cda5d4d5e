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

#include "shim.h"

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
