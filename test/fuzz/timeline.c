/*-------------------------------------------------------------------------
 *
 * timeline.c
 *	  Fuzzing the input of _retention_timeline.
 *
 * What is accepted has to be in order and to go out as it came.  Merged with
 * itself it is a value once more, unless its numbers are too large for that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rfm/timeline.h"

#include "mutate.h"
#include "shim.h"

/* ---- the bytes as fields, see timeline_io.c -------------------------------- */

enum
{
	DAY = ROLE_FIRST, ORDERS, SCALE, ENTRIES, KEY, MONEY
};

const int	fuzz_claims[] = {ENTRIES, ORDERS, KEY, 0};

void
fuzz_parse(Fields *fields)
{
	uint64		kind;

	(void) fuzz_byte(fields, ROLE_OTHER);
	kind = fuzz_byte(fields, ROLE_OTHER);
	for (int i = 0; i < 3; i++)
		(void) fuzz_byte(fields, ROLE_OTHER);
	(void) fuzz_varint(fields, DAY);
	(void) fuzz_varint(fields, DAY);
	(void) fuzz_varint(fields, ORDERS);
	(void) fuzz_varint(fields, SCALE);
	(void) fuzz_varint(fields, ENTRIES);
	while (fuzz_more(fields))
	{
		(void) fuzz_varint(fields, KEY);
		if (kind == TIMELINE_SPEND)
			fuzz_money(fields, MONEY);
	}
}

void
fuzz_total(Fields *fields)
{
	uint64		entries = 0;

	for (int i = 0; i < fields->n; i++)
		entries += fields->fields[i].role == KEY;
	fuzz_set(fields, ENTRIES, entries);
	fuzz_set(fields, ORDERS, entries);
}

/* ---- what is accepted ------------------------------------------------------- */

static void
read_entries(const Timeline *timeline)
{
	int64		orders = 0;

	if (timeline->sorted != timeline->count || timeline->count > timeline_room(timeline))
		abort();
	for (Size i = 0; i < timeline->count; i++)
	{
		if (i > 0 && (timeline->purpose.kind == TIMELINE_INSTANTS ?
					  timeline_key(timeline, i - 1) > timeline_key(timeline, i) :
					  DAY_OF_KEY(timeline_key(timeline, i - 1)) >= DAY_OF_KEY(timeline_key(timeline, i))))
			abort();
		orders += timeline->purpose.kind == TIMELINE_INSTANTS || KEY_IS_ORDER(timeline_key(timeline, i));
	}
	if (orders > timeline->orders)
		abort();
}

void
fuzz_value(struct varlena *value)
{
	Timeline   *timeline = retention_timeline_unpack(value);

	fuzz_error_allowed = false;
	read_entries(timeline);
	fuzz_must_be_same(retention_timeline_pack(timeline), value);

	fuzz_error_allowed = true;
	timeline = retention_timeline_merge(retention_timeline_copy(timeline), timeline);
	value = retention_timeline_pack(timeline);

	fuzz_error_allowed = false;
	timeline = retention_timeline_unpack(value);
	read_entries(timeline);
	fuzz_must_be_same(retention_timeline_pack(timeline), value);
}
