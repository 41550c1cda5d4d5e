/*-------------------------------------------------------------------------
 *
 * history_transition.c
 *	  From order rows to histories: the transition functions of the aggregate.
 *
 * One function for each combination of the types of customer, time and
 * amount, for the reasons of base/base_transition.c.  Which rows count, and as
 * what, is for order/order_row.h to say.
 *
 * The grain and the time zone are arguments of every row, and so the same for
 * all: they are compared with what the state was made for, byte by byte.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_state.h"
#include "order/order_row.h"
#include "store/state_kind.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

/*
 * The views' own form takes all rows that there are, and tells apart those that don't
 * count by why.  Behind the amount it has is_order (NULL: the sign says it), whether
 * the filter has kept the row, and how many lines it was; then the period.
 */
#define IS_ORDER_ARG	4
#define KEPT_ARG		5
#define ROW_COUNT_ARG	6
#define VIEWS_GRAIN_ARG	7

/*
 * Of a row that doesn't count the money is kept up to so many digits before the point.
 * One that has more behind it than any that counts keeps some of them: its cents aren't
 * lost, and no history gets more digits by noughts.
 */
#define LEFT_OUT_DIGITS	30
#define LEFT_OUT_SCALE	8

static void
refuse_null(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s of a purchase history must not be null", what),
			 errhint("It is the same for all rows, as 'day' or 'UTC' is.")));
}

/* The grain and the zone have to be those of the rows before. */
static pg_attribute_always_inline void
check_arguments(FunctionCallInfo fcinfo, const HistoryState *state, int grain_arg, bool zoned)
{
	const struct varlena *grain;

	if (unlikely(PG_ARGISNULL(grain_arg)))
		refuse_null("period");
	grain = (const struct varlena *) PG_GETARG_TEXT_PP(grain_arg);
	if (unlikely(!text_is_grain(grain, state_head(state)->grain)))
	{
		Grain		other = retention_grain_of_text((const text *) grain);

		if (other != state_head(state)->grain)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("period of a purchase history must be the same for all its rows, not %s and %s",
							retention_grain_name(state_head(state)->grain),
							retention_grain_name(other))));
	}
	if (zoned)
	{
		const struct varlena *zone;

		if (unlikely(PG_ARGISNULL(grain_arg + 1)))
			refuse_null("time zone");
		zone = (const struct varlena *) PG_GETARG_TEXT_PP(grain_arg + 1);
		if (unlikely(!text_is(zone, retention_history_zone_name(state),
							  strlen(retention_history_zone_name(state)))))
		{
			const char *other =
				pg_get_timezone_name(retention_zone_of_text((const text *) zone));

			if (strcmp(other, retention_history_zone_name(state)) != 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("time zone of a purchase history must be the same for all its rows, not %s and %s",
								retention_history_zone_name(state), other)));
		}
	}
}

/* A new state, of what the arguments say. */
static Datum
create_state(FunctionCallInfo fcinfo, KeyKind key, bool named, TimeKind time, AmountKind amount, int grain_arg, bool zoned)
{
	Kind		kind = {0};

	if (key == KEY_TEXT)
		retention_check_text_key(fcinfo);
	kind.key = key == KEY_TEXT && retention_text_is_folded(PG_GET_COLLATION()) ?
		KEY_TEXT_FOLDED : key;
	kind.named = named;
	kind.time = time;
	kind.amount = amount;
	if (PG_ARGISNULL(grain_arg))
		refuse_null("period");
	kind.grain = retention_grain_of_text(PG_GETARG_TEXT_PP(grain_arg));
	if (time == TIME_TIMESTAMPTZ)
	{
		pg_tz	   *zone = session_timezone;

		if (zoned)
		{
			if (PG_ARGISNULL(grain_arg + 1))
				refuse_null("time zone");
			zone = retention_zone_of_text(PG_GETARG_TEXT_PP(grain_arg + 1));
		}
		if (strlcpy(kind.zone, pg_get_timezone_name(zone), sizeof(kind.zone)) >= TZ_STRLEN_MAX)
			(void) retention_zone_of_name(pg_get_timezone_name(zone));
	}
	return retention_history_create(&kind);
}

/* A history knows other things of its orders than this row says. */
static void
refuse_row(const HistoryState *state, KeyKind key, bool named, TimeKind time, AmountKind amount)
{
	Kind		has;
	Kind		row;

	retention_history_kind(state, &has);
	row = has;
	row.key = has.key == key_folded(key) ? has.key : key;
	row.named = named;
	row.time = time;
	row.amount = amount;
	retention_refuse_row(&has, &row, "purchase history");
}

/*
 * The amount is no number of the state's units that fits a word: give the state
 * what it takes, and read it again.
 */
static void
fit_amount(HistoryState *state, Datum datum, AmountKind kind, Amount *amount, RowUnits *row)
{
	if (amount->dscale > state_head(state)->scale)
	{
		retention_history_rescale(state, amount->dscale);
		amount_of_datum(datum, kind, units_scale(state_head(state)->scale), amount);
		if (amount->fits)
		{
			row->units[0] = (uint64) amount->units;
			return;
		}
	}
	retention_row_units(datum, kind, amount, units_scale(state_head(state)->scale), row);
	if (row->words == 0)
		retention_history_admit_wide(state);
	else if (row->words == 2)
		retention_history_promote(state);
}

/* What the row is worth, in units of the state's. */
static pg_attribute_always_inline void
read_amount(HistoryState *state, Datum datum, AmountKind kind, Amount *amount, RowUnits *row)
{
	amount_of_datum(datum, kind, units_scale(state_head(state)->scale), amount);
	row->words = 1;
	row->units[0] = (uint64) amount->units;
	if (unlikely(!amount->fits))
		fit_amount(state, datum, kind, amount, row);
}

/* Add an entry of so many rows.  Nobody's identity is zero. */
static pg_attribute_always_inline void
add_entry(HistoryState *state, Identity identity, uint32 slot, int64 rows, AmountKind kind, const RowUnits *row)
{
	static const uint64 none[UNITS_MAX_WORDS] = {0};
	OccasionShape shape = state_shape(state);
	uint64		mark = make_mark(slot, rows);
	uint64	   *entry = state_next(state);

	*entry++ = identity.hash;
	if (shape.key_words == 2)
		*entry++ = identity.low;
	*entry++ = mark;
	if (kind != AMOUNT_NONE)
	{
		if (likely(row->words > 0))
			units_widen(entry, state_shape(state).money_words, row->units, row->words);
		else
			units_widen(entry, 2, none, 2);
	}
	state_push(state);
	if (kind != AMOUNT_NONE && unlikely(row->words == 0))
		retention_elsewhere_add(&state->large->ledger->elsewhere, &identity.hash, mark,
								shape.key_words, row->wide);
}

static pg_attribute_always_inline int32
day_of_row(const HistoryState *state, TimeKind time, int64 instant)
{
	return time == TIME_TIMESTAMPTZ ? retention_day_in_zone(instant, state_zone(state)) :
		day_of_instant(instant);
}

/* Of what kind is a row of the views, and how many lines was it?  Of one that counts it's not told yet. */
static OccasionKind
kind_in_views(FunctionCallInfo fcinfo, TimeKind time, int64 *instant, int64 *rows)
{
	static const OccasionKind kinds[] = {
		[ROW_COUNTS] = OF_ORDERS,
		[ROW_NO_AMOUNT] = OF_NO_AMOUNT,
		[ROW_NO_TIME] = OF_NO_TIME,
		[ROW_NOT_FINITE] = OF_NOT_FINITE,
		[ROW_ABSURD] = OF_ABSURD_AMOUNT,
		[ROW_TOO_EARLY] = OF_TOO_EARLY,
		[ROW_IN_FUTURE] = OF_IN_FUTURE
	};

	RowReason	reason;

	*rows = PG_ARGISNULL(ROW_COUNT_ARG) ? 0 : PG_GETARG_INT64(ROW_COUNT_ARG);
	if (*rows < 1 || *rows > COUNT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of lines of an order must be from 1 to %lld, not %s", (long long) COUNT_MAX,
						PG_ARGISNULL(ROW_COUNT_ARG) ? "null" : psprintf("%lld", (long long) *rows))));
	reason = retention_row_reason(fcinfo, 2, time, 3, instant);
	/* not yet, as of the day that is now */
	if (PG_ARGISNULL(KEPT_ARG))
		return reason == ROW_COUNTS ? OF_IN_FUTURE : kinds[reason];
	return PG_GETARG_BOOL(KEPT_ARG) ? kinds[reason] : OF_FILTERED_OUT;
}

/* The amount of a row that views leave out; false if it's none to be added up. */
static bool
left_out_amount(Datum *amount)
{
	switch (retention_amount_size(*amount))
	{
		case AMOUNT_NOT_FINITE:
			return false;
		case AMOUNT_ABSURD:
			if (!retention_amount_is_below(*amount, LEFT_OUT_DIGITS))
				return false;
			if (DatumGetInt32(DirectFunctionCall1(numeric_scale, *amount)) > AMOUNT_MOST_SCALE)
				*amount = DirectFunctionCall1(numeric_trim_scale,
											  DirectFunctionCall2(numeric_round, *amount, Int32GetDatum(LEFT_OUT_SCALE)));
			break;
		case AMOUNT_COUNTS:
			break;
	}
	return true;
}

/*
 * Rows that don't count: it's told how many there are, of which period (without a time, that
 * of day 0), and of how much money.
 */
static pg_noinline void
add_skipped(FunctionCallInfo fcinfo, HistoryState *state, OccasionKind what, int64 rows, TimeKind time, int64 instant,
			AmountKind kind, bool views)
{
	Identity	nobody = {0, 0};
	int32		day = what == OF_NO_TIME ? 0 : day_of_row(state, time, instant);
	RowUnits	row = {.words = 1};
	Amount		amount;

	if (kind != AMOUNT_NONE && kind_has_money(what) && !PG_ARGISNULL(3))
	{
		Datum		datum = PG_GETARG_DATUM(3);

		/* an amount that is none would be an error in a row that counts */
		if (views ? left_out_amount(&datum) : retention_amount_is_finite(datum, kind))
			read_amount(state, datum, kind, &amount, &row);
	}
	add_entry(state, nobody, make_slot(grain_of_day(day, state_head(state)->grain), what), rows, kind, &row);
}

static pg_attribute_always_inline Datum
add_row(FunctionCallInfo fcinfo, KeyKind key, bool named, TimeKind time, AmountKind kind, bool views, bool zoned)
{
	int			grain_arg = kind == AMOUNT_NONE ? 3 : views ? VIEWS_GRAIN_ARG : 4;
	int64		instant = 0;
	int64		rows = 1;
	Transition	transition;
	HistoryState opened;
	HistoryState *state = &opened;
	HistoryHead *head;
	Amount		amount;
	RowUnits	row;
	OccasionKind what = OF_ORDERS;
	int32		day;
	Identity	identity = {0, 0};
	text	   *name = NULL;

	if (views)
		what = kind_in_views(fcinfo, time, &instant, &rows);
	else if (!row_counts(fcinfo, 2, time, 3, kind, &instant))
		what = PG_ARGISNULL(2) || !instant_of_datum(PG_GETARG_DATUM(2), time, &instant) ? OF_NO_TIME : OF_NO_AMOUNT;
	transition_begin(&retention_history_states, fcinfo, &transition);
	if (unlikely(transition.empty))
		transition.state = create_state(fcinfo, key, named, time, kind, grain_arg, zoned);
	opened = history_state_of_datum(transition.home, transition.state);
	head = state_head(state);
	if (unlikely(!kind_takes(head->key, head->time, head->amount, key, time, kind) ||
				 (key == KEY_TEXT && state_is_named(state) != named)))
		refuse_row(state, key, named, time, kind);
	check_arguments(fcinfo, state, grain_arg, zoned);
	if (unlikely(what != OF_ORDERS))
	{
		add_skipped(fcinfo, state, what, rows, time, instant, kind, views);
		transition.state = datum_of_history_state(state);
		return transition_end(&retention_history_states, &transition);
	}

	if (!PG_ARGISNULL(1))
	{
		Datum		customer = PG_GETARG_DATUM(1);

		if (named)
		{
			name = DatumGetTextPP(customer);
			customer = PointerGetDatum(name);
		}
		identity = identity_of_datum(customer, key, PG_GET_COLLATION(), head->key == KEY_TEXT_FOLDED);
	}
	if (kind != AMOUNT_NONE)
		read_amount(state, PG_GETARG_DATUM(3), kind, &amount, &row);
	head = state_head(state);
	if (row_is_refund(fcinfo, views && !PG_ARGISNULL(IS_ORDER_ARG) ? IS_ORDER_ARG : NO_IS_ORDER, kind, &amount))
		what = OF_REFUNDS;
	day = day_of_row(state, time, instant);
	if (PG_ARGISNULL(1))
		what += OF_GUEST_ORDERS;
	else if (what == OF_ORDERS)
	{
		head->first_day = Min(head->first_day, day);
		head->last_day = Max(head->last_day, day);
	}
	if (views && unlikely(rows > 1) && (what == OF_ORDERS || what == OF_GUEST_ORDERS))
	{
		add_skipped(fcinfo, state, what == OF_ORDERS ? OF_ORDER_LINES : OF_GUEST_ORDER_LINES, rows - 1, time, instant, kind, views);
		rows = 1;
	}
	add_entry(state, identity, make_slot(grain_of_day(day, state_head(state)->grain), what), rows, kind, &row);
	if (named && name)
	{
		state_add_name(state, &identity.hash, VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name));
		if ((Pointer) name != DatumGetPointer(PG_GETARG_DATUM(1)))
			pfree(name);
	}
	transition.state = datum_of_history_state(state);
	return transition_end(&retention_history_states, &transition);
}

/* _retention_purchase_history_combine(purchase_history, purchase_history) */
PG_FUNCTION_INFO_V1(retention_history_combine);
Datum
retention_history_combine(PG_FUNCTION_ARGS)
{
	return retention_state_combine(&retention_history_states, fcinfo);
}

/* _retention_purchase_history_final(purchase_history): the state as a value to keep. */
PG_FUNCTION_INFO_V1(retention_history_final);
Datum
retention_history_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(retention_state_finish(&retention_history_states, fcinfo));
}

/*
 * The SQL-callable functions: retention_history_add_KEY_TIME[_AMOUNT][_zone], and ..._views[_zone]; the KEY
 * "named" is a text that is kept.
 */
#define ADD(name, key, named, time, amount, views, zoned) \
	PG_FUNCTION_INFO_V1(retention_history_add_##name); \
	Datum retention_history_add_##name(PG_FUNCTION_ARGS) \
	{ return add_row(fcinfo, key, named, time, amount, views, zoned); } \
	extern Datum retention_history_add_##name(PG_FUNCTION_ARGS)

#define ADD_AMOUNTS(name, key, named, time) \
	ADD(name, key, named, time, AMOUNT_NONE, false, false); \
	ADD(name##_numeric, key, named, time, AMOUNT_NUMERIC, false, false); \
	ADD(name##_views, key, named, time, AMOUNT_NUMERIC, true, false); \
	ADD(name##_float8, key, named, time, AMOUNT_FLOAT8, false, false)

#define ADD_KEY(name, key, named) \
	ADD_AMOUNTS(name##_timestamptz, key, named, TIME_TIMESTAMPTZ); \
	ADD_AMOUNTS(name##_timestamp, key, named, TIME_TIMESTAMP); \
	ADD_AMOUNTS(name##_date, key, named, TIME_DATE); \
	ADD(name##_timestamptz_zone, key, named, TIME_TIMESTAMPTZ, AMOUNT_NONE, false, true); \
	ADD(name##_timestamptz_numeric_zone, key, named, TIME_TIMESTAMPTZ, AMOUNT_NUMERIC, false, true); \
	ADD(name##_timestamptz_views_zone, key, named, TIME_TIMESTAMPTZ, AMOUNT_NUMERIC, true, true); \
	ADD(name##_timestamptz_float8_zone, key, named, TIME_TIMESTAMPTZ, AMOUNT_FLOAT8, false, true)

ADD_KEY(int8, KEY_INT8, false);
ADD_KEY(uuid, KEY_UUID, false);
ADD_KEY(text, KEY_TEXT, false);
ADD_KEY(named, KEY_TEXT, true);
