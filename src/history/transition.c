/*-------------------------------------------------------------------------
 *
 * transition.c
 *	  From order rows to histories: the transition functions of the aggregate.
 *
 * One function for each combination of the types of customer, time and
 * amount, for the reasons of base/transition.c.  Which rows count, and as
 * what, is for order/row.h to say.
 *
 * The grain and the time zone are arguments of every row, and so the same for
 * all: they are compared with what the state was made for, byte by byte.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/state.h"
#include "order/row.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

/* Where a transition function finds its state, and may leave a new one. */
typedef struct Transition
{
	bool		direct;			/* called by a user, not by an aggregate */
	bool		empty;			/* there is no state yet */
	HistoryState state;
} Transition;

/* Find the state.  Outside of an aggregate, a copy of what was given. */
static inline void
transition_begin(FunctionCallInfo fcinfo, Transition *transition)
{
	HistoryState *state = &transition->state;

	transition->empty = PG_ARGISNULL(0);
	transition->direct = false;
	state->in_window = false;

	/* a read-write pointer is as good as an aggregate's word */
	if (!PG_ARGISNULL(0) &&
		VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(PG_GETARG_DATUM(0))))
	{
		state->small = NULL;
		state->large = large_history_of_datum(PG_GETARG_DATUM(0));
		return;
	}
	switch (AggCheckCallContext(fcinfo, &state->context))
	{
		case AGG_CONTEXT_AGGREGATE:
			break;
		case AGG_CONTEXT_WINDOW:
			state->in_window = true;
			break;
		default:
			transition->direct = true;
			state->context = CurrentMemoryContext;
	}
	if (transition->empty)
		return;
	if (transition->direct)
		retention_history_open(state,
							   PointerGetDatum(retention_history_pack(PG_GETARG_DATUM(0))));
	else
		retention_history_open(state, PG_GETARG_DATUM(0));
}

static inline Datum
transition_end(Transition *transition)
{
	Datum		state = retention_history_close(&transition->state);

	if (unlikely(transition->direct))
		return PointerGetDatum(retention_history_pack(state));
	return state;
}

static void
refuse_null(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s of a purchase history must not be null", what)));
}

/* An order can't be added to a history that knows other things of its orders. */
static void
refuse_state(const HistoryHead *head, KeyKind key, TimeKind time, AmountKind amount)
{
	const char *has = head->time != time ? retention_time_name(head->time) :
		head->amount != amount ? retention_amount_name(head->amount) :
		retention_key_name(head->key);
	const char *wanted = head->time != time ? retention_time_name(time) :
		head->amount != amount ? retention_amount_name(amount) : retention_key_name(key);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("cannot add an order to a purchase history of another kind"),
			 errdetail_internal("One has %s, the other %s.", has, wanted)));
}

/* The grain and the zone have to be those of the rows before. */
static pg_attribute_always_inline void
check_arguments(FunctionCallInfo fcinfo, const HistoryState *state, int grain_arg, bool zoned)
{
	const struct varlena *grain;

	if (unlikely(PG_ARGISNULL(grain_arg)))
		refuse_null("grain");
	grain = (const struct varlena *) PG_GETARG_TEXT_PP(grain_arg);
	if (unlikely(!text_is(grain, retention_grain_name(state_head(state)->grain),
						  grain_name_length(state_head(state)->grain))))
	{
		Grain		other = retention_grain_of_text((const text *) grain);

		if (other != state_head(state)->grain)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("grain of a purchase history must be the same for all its rows, not %s and %s",
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
static void
create_state(FunctionCallInfo fcinfo, HistoryState *state, KeyKind key, TimeKind time,
			 AmountKind amount, int grain_arg, bool zoned)
{
	HistoryKind kind = {0};

	if (key == KEY_TEXT)
		retention_check_text_key(fcinfo);
	kind.key = key == KEY_TEXT && retention_text_is_folded(PG_GET_COLLATION()) ?
		KEY_TEXT_FOLDED : key;
	kind.time = time;
	kind.amount = amount;
	if (PG_ARGISNULL(grain_arg))
		refuse_null("grain");
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
	retention_history_create(state, &kind);
}

/* What a row is worth, in units of the state's scale. */
typedef struct RowMoney
{
	const uint64 *limbs;
	int			nlimbs;
} RowMoney;

/*
 * The amount has more digits than the state's money: give the state what it
 * takes, and read the amount again.
 */
static RowMoney
fit_amount(HistoryState *state, Datum datum, AmountKind kind, Amount *amount)
{
	RowMoney	money = {(const uint64 *) &amount->units, 1};
	uint64	   *wide;
	int			limbs;

	if (amount->dscale > state_head(state)->scale)
	{
		retention_history_widen(state, amount->dscale, 1);
		amount_of_datum(datum, kind, state_head(state)->scale, amount);
		if (amount->fits)
			return money;
	}
	limbs = retention_amount_limbs(datum, kind, amount, state_head(state)->scale);
	if (limbs > state_shape(state).nlimbs)
		retention_history_widen(state, state_head(state)->scale, limbs);
	money.limbs = wide = palloc(limbs * sizeof(uint64));
	money.nlimbs = limbs;
	retention_amount_wide(datum, kind, amount, state_head(state)->scale, wide, limbs);
	return money;
}

static pg_attribute_always_inline void
fill_entry(uint64 *entry, OccasionShape shape, KeyKind key, AmountKind kind,
		   Identity identity, uint64 mark, RowMoney money)
{
	*entry++ = identity.hash;
	if (key_words(key) == 2)
		*entry++ = identity.low;
	*entry++ = mark;
	if (kind == AMOUNT_NONE)
		return;
	if (likely(shape.nlimbs == 1))
		*entry = money.limbs[0];
	else
	{
		uint64		extension = money_is_negative(money.limbs, money.nlimbs) ? PG_UINT64_MAX : 0;

		for (int i = 0; i < shape.nlimbs; i++)
			entry[i] = i < money.nlimbs ? money.limbs[i] : extension;
	}
}

/* A row without a customer. */
static void
add_guest(HistoryState *state, AmountKind kind, bool refund, RowMoney money)
{
	if (refund)
		state_head(state)->guest_refunds++;
	else
		state_head(state)->guest_orders++;
	if (kind != AMOUNT_NONE)
		retention_history_add_sum(state, HISTORY_GUEST_REVENUE, money.limbs, money.nlimbs);
}

static pg_attribute_always_inline Datum
add_row(FunctionCallInfo fcinfo, KeyKind key, TimeKind time, AmountKind kind, bool told, bool zoned)
{
	int			is_order_arg = told ? 4 : NO_IS_ORDER;
	int			grain_arg = kind == AMOUNT_NONE ? 3 : told ? 5 : 4;
	int64		instant = 0;
	Transition	transition;
	HistoryState *state = &transition.state;
	HistoryHead *head;
	Amount		amount;
	RowMoney	money = {(const uint64 *) &amount.units, 1};
	bool		refund;
	int32		day;
	uint64		mark;
	Identity	identity;

	if (!row_counts(fcinfo, 2, time, 3, kind, &instant))
		return row_skipped(fcinfo);

	transition_begin(fcinfo, &transition);
	if (unlikely(transition.empty))
		create_state(fcinfo, state, key, time, kind, grain_arg, zoned);
	head = state_head(state);
	if (unlikely((head->key != key && !(key == KEY_TEXT && head->key == KEY_TEXT_FOLDED)) ||
				 head->time != time || head->amount != kind))
		refuse_state(head, key, time, kind);
	check_arguments(fcinfo, state, grain_arg, zoned);

	if (kind != AMOUNT_NONE)
	{
		amount_of_datum(PG_GETARG_DATUM(3), kind, head->scale, &amount);
		if (unlikely(!amount.fits))
			money = fit_amount(state, PG_GETARG_DATUM(3), kind, &amount);
	}
	refund = row_is_refund(fcinfo, is_order_arg, kind, &amount);
	if (state->large)
		large_history_changed(state->large);
	if (PG_ARGISNULL(1))
	{
		add_guest(state, kind, refund, money);
		return transition_end(&transition);
	}

	head = state_head(state);
	day = time == TIME_TIMESTAMPTZ ?
		retention_day_in_zone(instant, retention_history_zone(state)) :
		day_of_instant(instant);
	if (refund)
	{
		head->refunds++;
		retention_history_add_sum(state, HISTORY_REFUNDED, money.limbs, money.nlimbs);
		head = state_head(state);
	}
	else
	{
		head->first_day = Min(head->first_day, day);
		head->last_day = Max(head->last_day, day);
	}
	mark = make_mark(period_of_day(day, head->grain), refund ? 0 : 1);
	identity = identity_of_datum(PG_GETARG_DATUM(1), key, PG_GET_COLLATION(),
								 head->key == KEY_TEXT_FOLDED);

	if (likely(state->large != NULL))
	{
		Store	   *store = state->large->store;
		Partition  *partition = store_partition(store, identity.hash);

		fill_entry(store_next(partition), store->shape, key, kind, identity, mark, money);
		store_push(store, partition);
	}
	else
	{
		OccasionShape shape = state_shape(state);
		uint64		room[8];
		uint64	   *entry = entry_words(shape) <= lengthof(room) ? room :
			palloc(entry_words(shape) * sizeof(uint64));

		fill_entry(entry, shape, key, kind, identity, mark, money);
		retention_history_add(state, entry);
	}
	return transition_end(&transition);
}

/*
 * _retention_purchase_history_combine(purchase_history, purchase_history): the
 * history of the rows of both.  NULL if both are NULL, else a NULL counts as no rows.
 */
PG_FUNCTION_INFO_V1(retention_history_combine);
Datum
retention_history_combine(PG_FUNCTION_ARGS)
{
	Transition	transition;

	if (PG_ARGISNULL(1))
		return row_skipped(fcinfo);
	transition_begin(fcinfo, &transition);
	if (transition.empty)
	{
		/* what is given is not ours to change */
		struct varlena *value = retention_history_pack(PG_GETARG_DATUM(1));

		retention_history_open(&transition.state, PointerGetDatum(value));
	}
	else
		retention_history_merge(&transition.state, PG_GETARG_DATUM(1));
	return transition_end(&transition);
}

/* _retention_purchase_history_final(purchase_history): the state as a value to keep. */
PG_FUNCTION_INFO_V1(retention_history_final);
Datum
retention_history_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(retention_history_pack(PG_GETARG_DATUM(0)));
}

/* The SQL-callable functions: retention_history_add_KEY_TIME[_AMOUNT[_is_order]][_zone]. */
#define ADD(name, key, time, amount, told, zoned) \
	PG_FUNCTION_INFO_V1(retention_history_add_##name); \
	Datum retention_history_add_##name(PG_FUNCTION_ARGS) \
	{ return add_row(fcinfo, key, time, amount, told, zoned); } \
	extern Datum retention_history_add_##name(PG_FUNCTION_ARGS)

#define ADD_AMOUNTS(name, key, time) \
	ADD(name, key, time, AMOUNT_NONE, false, false); \
	ADD(name##_numeric, key, time, AMOUNT_NUMERIC, false, false); \
	ADD(name##_numeric_is_order, key, time, AMOUNT_NUMERIC, true, false); \
	ADD(name##_float8, key, time, AMOUNT_FLOAT8, false, false)

#define ADD_KEY(name, key) \
	ADD_AMOUNTS(name##_timestamptz, key, TIME_TIMESTAMPTZ); \
	ADD_AMOUNTS(name##_timestamp, key, TIME_TIMESTAMP); \
	ADD_AMOUNTS(name##_date, key, TIME_DATE); \
	ADD(name##_timestamptz_zone, key, TIME_TIMESTAMPTZ, AMOUNT_NONE, false, true); \
	ADD(name##_timestamptz_numeric_zone, key, TIME_TIMESTAMPTZ, AMOUNT_NUMERIC, false, true); \
	ADD(name##_timestamptz_numeric_is_order_zone, key, TIME_TIMESTAMPTZ, AMOUNT_NUMERIC, true, true); \
	ADD(name##_timestamptz_float8_zone, key, TIME_TIMESTAMPTZ, AMOUNT_FLOAT8, false, true)

ADD_KEY(int8, KEY_INT8);
ADD_KEY(uuid, KEY_UUID);
ADD_KEY(text, KEY_TEXT);
