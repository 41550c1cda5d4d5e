/*-------------------------------------------------------------------------
 *
 * timeline.c
 *	  Fuzzing the input of order_log.
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
		if (kind == LOG_SPEND)
			fuzz_money(fields, MONEY);
	}
}

void
fuzz_settle(Fields *fields)
{
	uint64		entries = 0;

	for (int i = 0; i < fields->n; i++)
		entries += fields->fields[i].role == KEY;
	fuzz_set(fields, ENTRIES, entries);
	fuzz_set(fields, ORDERS, entries);
}

/* ---- what is accepted ------------------------------------------------------- */

static void
read_entries(const OrderLog *log)
{
	int64		orders = 0;

	if (log->settled != log->count || log->count > log_room(log))
		abort();
	for (Size i = 0; i < log->count; i++)
	{
		if (i > 0 && (log->purpose.kind == LOG_INSTANTS ?
					  log_key(log, i - 1) > log_key(log, i) :
					  DAY_OF_KEY(log_key(log, i - 1)) >= DAY_OF_KEY(log_key(log, i))))
			abort();
		orders += log->purpose.kind == LOG_INSTANTS || KEY_IS_ORDER(log_key(log, i));
	}
	if (orders > log->orders)
		abort();
}

void
fuzz_value(struct varlena *value)
{
	OrderLog   *log = retention_log_unpack(value);

	fuzz_error_allowed = false;
	read_entries(log);
	fuzz_must_be_same(retention_log_pack(log), value);

	fuzz_error_allowed = true;
	log = retention_log_merge(retention_log_copy(log), log);
	value = retention_log_pack(log);

	fuzz_error_allowed = false;
	log = retention_log_unpack(value);
	read_entries(log);
	fuzz_must_be_same(retention_log_pack(log), value);
}
