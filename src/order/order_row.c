/*-------------------------------------------------------------------------
 *
 * order_row.c
 *	  Which rows of a table the views can count.
 *
 * An aggregate is asked by somebody who has written WHERE; a view is asked by a
 * page, and one absurd row must not take it away.  So the views leave out what
 * nobody's orders are, and excluded_rows says how many rows these are and why:
 * amounts beyond 10^15, of which a million million fit the columns of the views;
 * amounts of more digits behind the point than a float has that should have been
 * zero, since one of thousands makes everybody's sum as long; and times at which
 * there was no shop with a computer yet or which are still to come.  One order of
 * the year 9999 would make everybody a lost customer, and some hundred thousand
 * periods.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/order_row.h"

#include "access/xact.h"
#include "nodes/supportnodes.h"

/*
 * 1970-01-01 is what many programs make of no time at all, at midnight somewhere.
 * A time without a zone may be up to a day ahead of the clock.
 */
#define FIRST_DAY		(UNIX_EPOCH_JDATE + 1 - POSTGRES_EPOCH_JDATE)
#define LAST_INSTANT	(GetCurrentTransactionStartTimestamp() + USECS_PER_DAY)

/*
 * The time and a numeric are these arguments, either of which may be NULL.  Tells the
 * instant, if there is one.
 */
RowReason
retention_row_reason(FunctionCallInfo fcinfo, int time_arg, TimeKind time, int amount_arg, int64 *instant)
{
	bool		far = false;

	*instant = 0;
	if (PG_ARGISNULL(time_arg))
		return ROW_NO_TIME;
	/* a date may be none that a timestamp can be */
	if (time == TIME_DATE && !DATE_NOT_FINITE(PG_GETARG_DATEADT(time_arg)) &&
		!IS_VALID_TIMESTAMP((double) PG_GETARG_DATEADT(time_arg) * USECS_PER_DAY))
	{
		far = true;
		*instant = END_TIMESTAMP - 1;
	}
	else if (!instant_of_datum(PG_GETARG_DATUM(time_arg), time, instant))
	{
		*instant = 0;
		return ROW_NO_TIME;
	}
	/* that is told by the day, as all is that has one */
	if (PG_ARGISNULL(amount_arg))
		return ROW_NO_AMOUNT;
	switch (retention_amount_size(PG_GETARG_DATUM(amount_arg)))
	{
		case AMOUNT_NOT_FINITE:
			return ROW_NOT_FINITE;
		case AMOUNT_ABSURD:
			return ROW_ABSURD;
		case AMOUNT_COUNTS:
			break;
	}
	if (far)
		return ROW_IN_FUTURE;
	if (*instant < FIRST_DAY * USECS_PER_DAY)
		return ROW_TOO_EARLY;
	return *instant > LAST_INSTANT ? ROW_IN_FUTURE : ROW_COUNTS;
}

/* _retention_row_counts(ordered_at, amount): is the row in the views? */
#define COUNTS(name, time) \
	PG_FUNCTION_INFO_V1(retention_row_counts_##name); \
	Datum retention_row_counts_##name(PG_FUNCTION_ARGS) \
	{ \
		int64		instant; \
		PG_RETURN_BOOL(retention_row_reason(fcinfo, 0, time, 1, &instant) == ROW_COUNTS); \
	} \
	extern Datum retention_row_counts_##name(PG_FUNCTION_ARGS)

COUNTS(timestamptz, TIME_TIMESTAMPTZ);
COUNTS(timestamp, TIME_TIMESTAMP);
COUNTS(date, TIME_DATE);

/*
 * _retention_is_past(ordered_at): will the views always say the same of an order of that
 * time?  Those that are to come are left out until a day before; a day later than that is
 * late enough for who has begun to read a day ago.
 */
static bool
is_past(FunctionCallInfo fcinfo, TimeKind time)
{
	int64		instant;

	if (PG_ARGISNULL(0))
		return true;
	if (time == TIME_DATE && !DATE_NOT_FINITE(PG_GETARG_DATEADT(0)) &&
		!IS_VALID_TIMESTAMP((double) PG_GETARG_DATEADT(0) * USECS_PER_DAY))
		return PG_GETARG_DATEADT(0) < 0;
	return !instant_of_datum(PG_GETARG_DATUM(0), time, &instant) || instant <= LAST_INSTANT - USECS_PER_DAY;
}

#define IS_PAST(name, time) \
	PG_FUNCTION_INFO_V1(retention_is_past_##name); \
	Datum retention_is_past_##name(PG_FUNCTION_ARGS) \
	{ PG_RETURN_BOOL(is_past(fcinfo, time)); } \
	extern Datum retention_is_past_##name(PG_FUNCTION_ARGS)

IS_PAST(timestamptz, TIME_TIMESTAMPTZ);
IS_PAST(timestamp, TIME_TIMESTAMP);
IS_PAST(date, TIME_DATE);

/*
 * _retention_row_counts_support(internal): planner support.  Nearly all rows
 * count, where the planner would take a third of them for granted.
 */
PG_FUNCTION_INFO_V1(retention_row_counts_support);
Datum
retention_row_counts_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSelectivity))
		PG_RETURN_POINTER(NULL);
	((SupportRequestSelectivity *) request)->selectivity = 1;
	PG_RETURN_POINTER(request);
}
