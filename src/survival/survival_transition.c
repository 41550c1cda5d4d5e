/*-------------------------------------------------------------------------
 *
 * survival_transition.c
 *	  From durations to states: the transition function of survival.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "histogram/histogram.h"
#include "order/duration.h"

#include "utils/builtins.h"

/* What a duration or an event comes as. */
typedef enum ArgumentType
{
	AS_FLOAT8,
	AS_INTERVAL,				/* in days */
	AS_BOOL,
	AS_INT8,					/* 0 or 1 */
	AS_TEXT						/* one of these, as literals are */
} ArgumentType;

static double
number_of_text(const text *value)
{
	char	   *digits = text_to_cstring(value);
	char	   *end;
	double		number;

	number = strtod(digits, &end);
	if (end == digits || end[strspn(end, " \t\n")] != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("duration must be a number or an interval: \"%s\"", digits),
				 errhint("Of a duration with a unit say that it is an interval, as in interval '30 days'.")));
	pfree(digits);
	return number;
}

static bool
bool_of_text(const text *value)
{
	char	   *word = text_to_cstring(value);
	bool		result;

	if (!parse_bool(word, &result))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("event must be true or false: \"%s\"", word)));
	pfree(word);
	return result;
}

/* A number that stands for a bool; another one is a duration in the wrong place, say. */
static bool
bool_of_number(int64 number)
{
	if (unlikely(number != 0 && number != 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("event must be 1 or 0, or a boolean: %lld", (long long) number),
				 errhint("The duration comes first, and then whether it ended with the event.")));
	return number == 1;
}

/*
 * _retention_survival_add(survival_histogram, duration, event): a row without either is
 * skipped.  An infinite duration is refused, not skipped, as nobody has been observed
 * for ever: it is a mistake somewhere.
 */
static pg_attribute_always_inline Datum
add(FunctionCallInfo fcinfo, ArgumentType duration_type, ArgumentType event_type)
{
	int64		counts[HISTOGRAM_MAX_COUNTS] = {0};
	double		duration;
	bool		event;
	Histogram  *histogram;
	bool		direct;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return row_skipped(fcinfo);
	duration = duration_type == AS_FLOAT8 ? PG_GETARG_FLOAT8(1) :
		duration_type == AS_INTERVAL ? retention_duration_days(PG_GETARG_INTERVAL_P(1)) :
		number_of_text(PG_GETARG_TEXT_PP(1));
	event = event_type == AS_BOOL ? PG_GETARG_BOOL(2) :
		event_type == AS_INT8 ? bool_of_number(PG_GETARG_INT64(2)) :
		bool_of_text(PG_GETARG_TEXT_PP(2));
	if (unlikely(!(duration >= 0) || isinf(duration)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("duration must be finite and not negative: %g", duration)));

	histogram = retention_histogram_begin(fcinfo, HISTOGRAM_SURVIVAL, &direct);
	if (histogram == NULL)
		histogram = retention_histogram_create(HISTOGRAM_SURVIVAL);
	counts[event ? SURVIVAL_EVENTS : SURVIVAL_CENSORED] = 1;
	return histogram_end(retention_histogram_add(histogram, &duration, counts), direct);
}

/* The SQL-callable functions: retention_survival_add_DURATION_EVENT */
#define TRANSITION(duration, DURATION, event, EVENT) \
	PG_FUNCTION_INFO_V1(retention_survival_add_##duration##_##event); \
	Datum \
	retention_survival_add_##duration##_##event(PG_FUNCTION_ARGS) \
	{ \
		return add(fcinfo, DURATION, EVENT); \
	} \
	extern Datum retention_survival_add_##duration##_##event(PG_FUNCTION_ARGS)

#define TRANSITIONS(duration, DURATION) \
	TRANSITION(duration, DURATION, bool, AS_BOOL); \
	TRANSITION(duration, DURATION, int8, AS_INT8); \
	TRANSITION(duration, DURATION, text, AS_TEXT)

TRANSITIONS(float8, AS_FLOAT8);
TRANSITIONS(interval, AS_INTERVAL);
TRANSITIONS(text, AS_TEXT);
