/*-------------------------------------------------------------------------
 *
 * timeline_transition.c
 *	  From the orders of one customer to their timeline: the transition functions
 *	  of rfm_summary, order_days_between, order_gap and next_order_due.
 *
 * One function for each combination of the types of time and amount, as in
 * base/base_transition.c and for the same reason.  Which rows count, and as what,
 * is for order/order_row.h to say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/order_row.h"
#include "order/period.h"
#include "rfm/timeline.h"

#include "pgtime.h"

/* The argument time_zone of an aggregate that has none. */
#define NO_ZONE		0

/*
 * The timeline that the state is, or a new one with room for two orders.  What comes
 * from anybody but an aggregate is copied: it may be a value of a table.
 */
static inline Timeline *
timeline_of_state(FunctionCallInfo fcinfo, const TimelinePurpose *purpose, uint16 zone)
{
	const Timeline *timeline;

	if (PG_ARGISNULL(0))
		return retention_timeline_create(purpose, zone, 0, purpose->kind == TIMELINE_SPEND, 2);
	timeline = retention_timeline_of_datum(PG_GETARG_DATUM(0));
	retention_timeline_check(timeline, purpose, zone);
	if (unlikely(!AggCheckCallContext(fcinfo, NULL)) &&
		(Pointer) timeline == DatumGetPointer(PG_GETARG_DATUM(0)))
		return retention_timeline_copy(timeline);
	return unconstify(Timeline *, timeline);
}

/* An argument of every row that is a day. */
static inline int32
day_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (unlikely(PG_ARGISNULL(arg)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" must not be null", name)));
	return PG_GETARG_DATEADT(arg);
}

/* The zone whose days are meant: that of an argument of every row, or the session's; NULL: the times have none. */
static pg_attribute_always_inline pg_tz *
zone_of_rows(FunctionCallInfo fcinfo, TimeKind time, int zone_arg)
{
	if (time != TIME_TIMESTAMPTZ)
		return NULL;
	if (zone_arg == NO_ZONE)
		return session_timezone;
	if (unlikely(PG_ARGISNULL(zone_arg)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"time_zone\" must not be null")));
	return retention_zone_of_row(PG_GETARG_TEXT_PP(zone_arg));
}

/* The calendar day of an order. */
static pg_attribute_always_inline int32
day_of_order(int64 instant, pg_tz *zone)
{
	return zone ? retention_day_in_zone(instant, zone) : day_of_instant(instant);
}

/* The money of a row that doesn't fit 64 bits at the timeline's scale. */
static Money
wide_money(Datum datum, AmountKind kind, const Amount *amount, int scale)
{
	Money		money;
	uint64	   *limbs;

	money.scale = scale;
	money.nlimbs = retention_amount_limbs(datum, kind, amount, scale);
	money.limbs = limbs = palloc(money.nlimbs * sizeof(uint64));
	retention_amount_wide(datum, kind, amount, scale, limbs, money.nlimbs);
	return money;
}

/* rfm_summary: (state, ordered_at [, amount [, is_order]], as_of [, time_zone]) */
static pg_attribute_always_inline Datum
add_to_summary(FunctionCallInfo fcinfo, TimeKind time, AmountKind kind, bool told, bool zoned)
{
	TimelinePurpose purpose = {kind == AMOUNT_NONE ? TIMELINE_DAYS : TIMELINE_SPEND, TIME_NONE,
	(uint8) kind, false, DATEVAL_NOBEGIN, 0};
	int			as_of_arg = kind == AMOUNT_NONE ? 2 : told ? 4 : 3;
	pg_tz	   *zone;
	int64		instant = 0;
	int32		day;
	Amount		amount;
	bool		order;
	Timeline   *timeline;

	if (!row_counts(fcinfo, 1, time, 2, kind, &instant))
		return row_skipped(fcinfo);
	purpose.until = day_argument(fcinfo, as_of_arg, "as_of");
	if (unlikely(DATE_NOT_FINITE(purpose.until)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"as_of\" must be finite, not %s",
						DATE_IS_NOEND(purpose.until) ? "infinity" : "-infinity"),
				 errhint("It is the last day that the orders cover, the same for all customers.")));
	zone = zone_of_rows(fcinfo, time, zoned ? as_of_arg + 1 : NO_ZONE);
	timeline = timeline_of_state(fcinfo, &purpose, zone ? retention_zone_number(zone) : 0);
	day = day_of_order(instant, zone);

	if (kind != AMOUNT_NONE)
		amount_of_datum(PG_GETARG_DATUM(2), kind, timeline->scale, &amount);
	order = !row_is_refund(fcinfo, told ? 3 : NO_IS_ORDER, kind, &amount);
	if (day > purpose.until)
		PG_RETURN_POINTER(timeline);
	if (kind == AMOUNT_NONE)
		timeline = retention_timeline_add_key(timeline, KEY_OF_DAY(day, true));
	else if (likely(amount.fits))
	{
		uint64		units = (uint64) amount.units;
		Money		money = {&units, 1, timeline->scale};

		timeline = retention_timeline_add_money(timeline, KEY_OF_DAY(day, order), money);
	}
	else
		timeline = retention_timeline_add_money(timeline, KEY_OF_DAY(day, order),
									  wide_money(PG_GETARG_DATUM(2), kind, &amount,
												 Max(timeline->scale, amount.dscale)));
	retention_timeline_count(timeline, order);
	PG_RETURN_POINTER(timeline);
}

/* order_days_between: (state, ordered_at [, amount [, is_order]], after, until [, time_zone]) */
static pg_attribute_always_inline Datum
add_between(FunctionCallInfo fcinfo, TimeKind time, AmountKind kind, bool told, bool zoned)
{
	TimelinePurpose purpose = {TIMELINE_DAYS, TIME_NONE, AMOUNT_NONE, true, 0, 0};
	int			after_arg = kind == AMOUNT_NONE ? 2 : told ? 4 : 3;
	pg_tz	   *zone;
	int64		instant = 0;
	int32		day;
	Timeline   *timeline;

	if (!row_counts(fcinfo, 1, time, 2, kind, &instant))
		return row_skipped(fcinfo);
	if (kind != AMOUNT_NONE)
	{
		Amount		amount;

		amount_of_datum(PG_GETARG_DATUM(2), kind, 0, &amount);
		if (row_is_refund(fcinfo, told ? 3 : NO_IS_ORDER, kind, &amount))
			return row_skipped(fcinfo);
	}
	purpose.after = day_argument(fcinfo, after_arg, "after");
	purpose.until = day_argument(fcinfo, after_arg + 1, "until");
	if (unlikely(purpose.after > purpose.until))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"until\" must not be before \"after\""),
				 errdetail("Orders on the day \"after\" do not count, those on the day \"until\" do.")));
	zone = zone_of_rows(fcinfo, time, zoned ? after_arg + 2 : NO_ZONE);
	timeline = timeline_of_state(fcinfo, &purpose, zone ? retention_zone_number(zone) : 0);
	day = day_of_order(instant, zone);
	if (day > purpose.after && day <= purpose.until)
	{
		timeline = retention_timeline_add_key(timeline, KEY_OF_DAY(day, true));
		retention_timeline_count(timeline, 1);
	}
	PG_RETURN_POINTER(timeline);
}

/* order_gap, next_order_due: (state, ordered_at) */
static pg_attribute_always_inline Datum
add_instant(FunctionCallInfo fcinfo, TimeKind time)
{
	TimelinePurpose purpose = {TIMELINE_INSTANTS, (uint8) time, AMOUNT_NONE, false,
	DATEVAL_NOBEGIN, DATEVAL_NOEND};
	int64		instant = 0;
	Timeline   *timeline;

	if (!row_counts(fcinfo, 1, time, 2, AMOUNT_NONE, &instant))
		return row_skipped(fcinfo);
	timeline = retention_timeline_add_key(timeline_of_state(fcinfo, &purpose, 0), instant);
	retention_timeline_count(timeline, 1);
	PG_RETURN_POINTER(timeline);
}

/*
 * _retention_timeline_combine(_retention_timeline, _retention_timeline): the orders of
 * both.  NULL if both are NULL, else a NULL counts as no orders.
 */
PG_FUNCTION_INFO_V1(retention_timeline_combine);
Datum
retention_timeline_combine(PG_FUNCTION_ARGS)
{
	const Timeline *other;

	if (PG_ARGISNULL(1))
		return row_skipped(fcinfo);
	other = retention_timeline_of_datum(PG_GETARG_DATUM(1));
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(other);
	PG_RETURN_POINTER(retention_timeline_merge(timeline_of_state(fcinfo, &other->purpose, other->zone), other));
}

/*
 * The SQL-callable functions: retention_summary_TIME[_AMOUNT[_is_order]][_zone],
 * retention_between_TIME[_AMOUNT[_is_order]][_zone] and retention_instant_TIME.
 */
#define TRANSITION(name, body) \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS) { return body; } \
	extern Datum name(PG_FUNCTION_ARGS)

#define TIMELINE(suffix, TIME, amount, told, zoned) \
	TRANSITION(retention_summary_##suffix, add_to_summary(fcinfo, TIME, amount, told, zoned)); \
	TRANSITION(retention_between_##suffix, add_between(fcinfo, TIME, amount, told, zoned))

#define TIMELINE_TIME(time, TIME) \
	TIMELINE(time, TIME, AMOUNT_NONE, false, false); \
	TIMELINE(time##_numeric, TIME, AMOUNT_NUMERIC, false, false); \
	TIMELINE(time##_numeric_is_order, TIME, AMOUNT_NUMERIC, true, false); \
	TIMELINE(time##_float8, TIME, AMOUNT_FLOAT8, false, false); \
	TRANSITION(retention_instant_##time, add_instant(fcinfo, TIME))

TIMELINE_TIME(timestamptz, TIME_TIMESTAMPTZ);
TIMELINE_TIME(timestamp, TIME_TIMESTAMP);
TIMELINE_TIME(date, TIME_DATE);
TIMELINE(timestamptz_zone, TIME_TIMESTAMPTZ, AMOUNT_NONE, false, true);
TIMELINE(timestamptz_numeric_zone, TIME_TIMESTAMPTZ, AMOUNT_NUMERIC, false, true);
TIMELINE(timestamptz_float8_zone, TIME_TIMESTAMPTZ, AMOUNT_FLOAT8, false, true);
