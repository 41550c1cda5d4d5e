/*-------------------------------------------------------------------------
 *
 * log.c
 *	  Fuzzing the input of order_log.
 *
 * What is accepted has to be in order and to go out as it came.  Merged with
 * itself it is a value once more, unless its numbers are too large for that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rfm/log.h"

#include "shim.h"

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
