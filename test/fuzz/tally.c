/*-------------------------------------------------------------------------
 *
 * tally.c
 *	  Fuzzing the input of survival, repeat_buying, repeat_spend and renewals.
 *
 * The second byte says which of them it is.  What is accepted has to be read
 * without an error, in order, and to be packed to the same bytes again; merged
 * with itself it is a value once more, unless its numbers are too large for
 * that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "tally/tally.h"

#include "shim.h"

static void
read_entries(const Tally *tally)
{
	if (tally->sorted != tally->used || tally->used > tally->capacity)
		abort();
	for (int32 i = 0; i < tally->used; i++)
	{
		int			part = 0;
		int64		any = 0;

		while (i > 0 && part < tally->keys && tally_key(tally, i, part) == tally_key(tally, i - 1, part))
			part++;
		if (i > 0 && (part == tally->keys || tally_key(tally, i, part) < tally_key(tally, i - 1, part)))
			abort();
		for (int which = 0; which < tally->width - tally->keys; which++)
			any |= tally_count(tally, i, which);
		if (any <= 0)
			abort();
	}
	for (int which = 0; which < tally->width - tally->keys; which++)
		(void) retention_tally_total(tally, which);
}

void
fuzz_value(struct varlena *value)
{
	uint8		byte = VARSIZE_ANY_EXHDR(value) > 1 ? VARDATA_ANY(value)[1] : 0;
	TallyKind	kind = byte >= TALLY_SURVIVAL && byte <= TALLY_RENEWALS ? byte : TALLY_SURVIVAL;
	Tally	   *tally;

	retention_tally_validate(value, kind);

	fuzz_error_allowed = false;
	tally = retention_tally_unpack(value, kind);
	read_entries(tally);
	fuzz_must_be_same(retention_tally_pack(tally), value);

	fuzz_error_allowed = true;
	tally = retention_tally_merge(tally, retention_tally_unpack(value, kind));
	value = retention_tally_pack(tally);

	fuzz_error_allowed = false;
	retention_tally_validate(value, kind);
}
