/*-------------------------------------------------------------------------
 *
 * negated.c
 *	  The history of the same rows taken away.
 *
 * Histories are a group: with rollup() for its sum, each has one that adds up to
 * nothing with it, byte for byte.  So a stored history follows a table that changes
 * without being made again, whatever the change was: rows that came late, were
 * corrected or deleted, or went to another customer.
 *
 * Only days know which orders were the first and the last.  Where periods are longer
 * these are kept beside them, and can't be had back when such a row goes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_state.h"

#include "miscadmin.h"

/* Each occasion has as many rows less, of as much money less; in place.  Names stay. */
static void
negate_run(const Run *run, OccasionShape shape)
{
	RunCursor	cursor;
	CustomerView customer;

	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
		for (int64 i = 0; i < customer.n; i++)
		{
			uint64	   *occasion = unconstify(uint64 *, customer.occasions) + i * occasion_words(shape);

			*occasion = make_mark(mark_slot(*occasion), -mark_count(*occasion));
			if (shape.money_words > 0)
				retention_money_negate(occasion + 1, shape.money_words);
		}
}

static struct varlena *
negated(Datum history)
{
	HistoryUnpacker unpacker;
	HistoryPacker packer;
	WideList   *wide = retention_wide_create(CurrentMemoryContext);
	const Run  *run;

	retention_history_read(&unpacker, history, false);
	retention_refuse_anchored(&unpacker.kind);
	retention_history_unpack_names(&unpacker);
	if (unpacker.kind.grain != GRAIN_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows can't be taken away from a purchase history by %s",
						retention_grain_name(unpacker.kind.grain)),
				 errhint("Make the history by 'day': it can be asked about all others.")));
	retention_history_pack_begin(&packer, unpacker.shape, unpacker.totals.entries);
	if ((run = retention_history_unpack_nobody(&unpacker)) != NULL)
	{
		negate_run(run, unpacker.shape);
		retention_history_pack_run(&packer, run, unpacker.shape, NULL);
	}
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		negate_run(run, unpacker.shape);
		retention_history_pack_run(&packer, run, unpacker.shape, unpacker.names);
	}
	for (int64 i = 0; i < wide_count(unpacker.wide); i++)
		retention_wide_add(wide, unpacker.wide->items[i].key,
						   retention_money_negative(unpacker.wide->items[i].money));
	retention_wide_compact(wide);
	return retention_blocks_finish(retention_history_pack_end(&packer, &unpacker.kind, unpacker.totals.revenue.scale,
															  DAY_NEVER_FIRST, DAY_NEVER_LAST, wide));
}

/* negated(purchase_history): the history that makes none of it, added to it by rollup() */
PG_FUNCTION_INFO_V1(retention_history_negated);
Datum
retention_history_negated(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(negated(PG_GETARG_DATUM(0)));
}

/* _retention_purchase_history_difference(purchase_history, purchase_history) */
PG_FUNCTION_INFO_V1(retention_history_difference);
Datum
retention_history_difference(PG_FUNCTION_ARGS)
{
	StateHome	home = {CurrentMemoryContext, false};
	Datum		state;

	/* NULL is the history of no rows: to take none away from what is stored must not erase it */
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(retention_history_pack(PG_GETARG_DATUM(0)));
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(negated(PG_GETARG_DATUM(1)));
	state = retention_state_open(&retention_history_states, home,
								 PointerGetDatum(retention_history_pack(PG_GETARG_DATUM(0))));
	state = retention_history_merge(home, state, PointerGetDatum(negated(PG_GETARG_DATUM(1))));
	PG_RETURN_POINTER(retention_history_pack(state));
}
