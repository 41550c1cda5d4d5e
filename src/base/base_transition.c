/*-------------------------------------------------------------------------
 *
 * base_transition.c
 *	  From order rows to states: the transition functions of the aggregates.
 *
 * One function for each combination of the types of customer, time and
 * amount, made from one body by the macros at the end, so that the compiler
 * drops what a combination has not.  (They must be many: a caller may bring a
 * FmgrInfo of its own for each row, so the argument types can't be looked up
 * once and remembered, and looking them up for each row would cost more than
 * the row.)
 *
 * Which rows count, and as what, is for order/order_row.h to say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_transition.h"
#include "order/order_row.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

/* One order row, read. */
typedef struct OrderRow
{
	bool		refund;
	Identity	identity;
	int64		instant;
	Amount		amount;
	RowUnits	money;			/* in no more words than the table has */
} OrderRow;

/*
 * The amount has more digits than the table's money, or doesn't fit a word: give the
 * state what it takes.
 */
static void
fit_amount(Transition *transition, Datum datum, AmountKind kind, OrderRow *row)
{
	CustomerTable *table = state_table(transition->state);

	if (row->amount.dscale > table->scale)
	{
		transition->state = retention_state_rescale(transition->home, transition->state,
													row->amount.dscale);
		table = state_table(transition->state);
		amount_of_datum(datum, kind, table_units_scale(table), &row->amount);
		if (row->amount.fits)
			return;
	}
	retention_row_units(datum, kind, &row->amount, table_units_scale(table), &row->money);
	if (row->money.words == 0)
		(void) retention_state_expanded(transition->home, &transition->state);
	else if (row->money.words > table->words)
		transition->state = retention_state_promote(transition->state);
}

/* What a row adds to a sum. */
static inline void
add_amount(Transition *transition, TableSum sum, const OrderRow *row)
{
	if (likely(row->money.words > 0))
		sum_add(table_sum(state_table(transition->state), sum), row->money.units, row->money.words);
	else
	{
		ExpandedBase *base = expanded_of_datum(transition->state);

		retention_expanded_add_sum(base, expanded_sum(base, sum), row->money.wide);
	}
}

/* A row as the entry of a customer with one order, or with minus one. */
static pg_attribute_always_inline void
fill_entry(const CustomerTable *table, uint64 *entry, KeyKind key, TimeKind time,
		   AmountKind amount, const OrderRow *row, int sign)
{
	bool		refund = row->refund;

	*entry++ = row->identity.hash;
	if (key_words(key) == 2)
		*entry++ = row->identity.low;
	*entry++ = refund ? 0 : (uint64) (int64) sign;
	if (time != TIME_NONE)
	{
		*entry++ = refund ? (uint64) INSTANT_NEVER_FIRST : (uint64) row->instant;
		*entry++ = refund ? (uint64) INSTANT_NEVER_LAST : (uint64) row->instant;
	}
	if (amount != AMOUNT_NONE)
	{
		if (likely(row->money.words == 1 && table->words == 1))
			*entry = row->money.units[0];
		else if (row->money.words > 0)
			units_widen(entry, table->words, row->money.units, row->money.words);
		else
			memset(entry, 0, table->words * sizeof(uint64));
	}
}

/* The size that a sample is to have; it is an argument of every row. */
static int32
sample_size(FunctionCallInfo fcinfo, int arg)
{
	int32		size;

	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("size of a sample must not be null")));
	size = PG_GETARG_INT32(arg);
	if (size < SAMPLE_MIN || size > SAMPLE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("size of a sample must be between %d and %d customers, not %d",
						SAMPLE_MIN, SAMPLE_MAX, size)));
	return size;
}

static void
refuse_sample_size(int32 size, int32 other)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("size of a sample must be the same for all its rows, not %d and %d",
					size, other)));
}

/*
 * Money leaves.  Returns false, and the executor begins the frame anew, when the
 * last row with the most digits does, so that the answer shows as many digits as
 * sum() would.
 */
static inline bool
negate_money(CustomerTable *table, AmountKind amount, OrderRow *row)
{
	if (amount == AMOUNT_NUMERIC && table->scale > 0 && row->amount.dscale == table->scale &&
		--table->rows.scale_rows == 0)
		return false;
	if (row->money.words > 0)
		retention_money_negate(row->money.units, row->money.words);
	else
		row->money.wide = retention_money_negative(row->money.wide);
	return true;
}

/*
 * The transition of every aggregate that has customers; "sign" is 1 for a row
 * that comes and -1 for one that leaves; "told" if rows say whether they are orders.
 *
 * It is that of lines without a customer, too, of which each order is one: then the
 * arguments are the amount and the number of the order.
 */
static pg_attribute_always_inline Datum
add_row(FunctionCallInfo fcinfo, KeyKind key, TimeKind time, AmountKind amount, int sign,
		bool sampled)
{
	bool		line = key_is_order(key);
	KeyKind		part = line ? key_order(key) : key;
	int			key_arg = line ? 2 : 1;
	int			size_arg = 2 + (time != TIME_NONE) + (amount != AMOUNT_NONE);
	int			time_arg = 2;
	int			amount_arg = line ? 1 : time == TIME_NONE ? 2 : 3;
	Transition	transition;
	OrderRow	row;
	CustomerTable *table;
	bool		counts = row_counts(fcinfo, time_arg, time, amount_arg, amount, &row.instant);

	/* in a moving frame the state must not be NULL, even if the first row is skipped */
	if (!counts && !(line && PG_ARGISNULL(0)))
		return row_skipped(fcinfo);

	transition_begin(&retention_base_states, fcinfo, &transition);
	if (unlikely(transition.empty))
	{
		KeyKind		kind = part == KEY_TEXT && retention_text_is_folded(PG_GET_COLLATION()) ?
			key_folded(key) : key;

		if (key == KEY_TEXT)
			retention_check_text_key(fcinfo);
		else if (line)
			retention_check_line_keys(fcinfo);
		table = retention_table_create(kind, time, amount);
		if (sampled)
			table->sample = sample_size(fcinfo, size_arg);
		transition.state = PointerGetDatum(table);
	}
	else
	{
		check_state_kinds(transition.state, FORM_TABLE, key, time, amount);
		table = state_table(transition.state);
		if (sampled && unlikely(PG_ARGISNULL(size_arg) ||
								table->sample != PG_GETARG_INT32(size_arg)))
			refuse_sample_size(table->sample, sample_size(fcinfo, size_arg));
	}
	if (line && !counts)
		return transition_end(&retention_base_states, &transition);
	if (sign < 0)
		table->leaving = true;

	if (amount != AMOUNT_NONE)
	{
		int			scale = table->scale;

		amount_of_datum(PG_GETARG_DATUM(amount_arg), amount, table_units_scale(table), &row.amount);
		if (unlikely(!row.amount.fits))
		{
			fit_amount(&transition, PG_GETARG_DATUM(amount_arg), amount, &row);
			table = state_table(transition.state);
		}
		if (likely(row.amount.fits))
		{
			row.money.words = 1;
			row.money.units[0] = (uint64) row.amount.units;
		}
		if (line && sign > 0)
		{
			if (table->scale > scale)
				table->rows.scale_rows = 0;
			table->rows.scale_rows += row.amount.dscale == table->scale;
		}
		if (sign < 0 && !negate_money(table, amount, &row))
			PG_RETURN_NULL();
	}
	row.refund = row_is_refund(fcinfo, NO_IS_ORDER, amount, &row.amount);

	if (PG_ARGISNULL(key_arg))
	{
		if (row.refund)
			table->rows.guest_refunds += sign;
		else
			table->rows.guest_orders += sign;
		if (amount != AMOUNT_NONE)
			add_amount(&transition, SUM_GUEST_REVENUE, &row);
		return transition_end(&retention_base_states, &transition);
	}
	if (row.refund && likely(!table->selected))
	{
		table->rows.refunds += sign;
		add_amount(&transition, SUM_REFUNDED, &row);
	}

	row.identity = identity_of_datum(PG_GETARG_DATUM(key_arg), part, PG_GET_COLLATION(),
									 key_is_folded(table->key));

	if (row.identity.hash > table->bound)
	{
		/* a sample has gone below it: only the sums of all are left to add to */
		if (!table->selected)
		{
			if (amount != AMOUNT_NONE)
				add_amount(&transition, SUM_REVENUE, &row);
			if (!row.refund)
			{
				table->counts.orders += sign;
				if (time != TIME_NONE)
				{
					table->counts.first = Min(table->counts.first, row.instant);
					table->counts.last = Max(table->counts.last, row.instant);
				}
			}
		}
	}
	else if (datum_is_expanded(transition.state))
	{
		ExpandedBase *base = expanded_of_datum(transition.state);

		fill_entry(table, expanded_next(base), key, time, amount, &row, sign);
		expanded_push(base);
		if (amount != AMOUNT_NONE && unlikely(row.money.words == 0))
		{
			uint64		wide_key[WIDE_KEY_WORDS] = {row.identity.hash, key_words(key) == 2 ? row.identity.low : 0, 0};

			retention_expanded_keep(base, wide_key, row.money.wide);
		}
	}
	else
	{
		uint64		entry[ENTRY_MAX_WORDS];

		fill_entry(table, entry, key, time, amount, &row, sign);
		transition.state = retention_state_absorb(transition.home, table, entry);
	}
	return transition_end(&retention_base_states, &transition);
}

/* The money of a row, in one limb or in many. */
static Money
row_money(Datum datum, AmountKind kind, Amount *amount, int scale, uint64 *unit)
{
	Money		money = {unit, 1, scale};

	if (amount->fits)
		*unit = (uint64) amount->units;
	else
	{
		uint64	   *limbs;

		money.scale = Max(scale, amount->dscale);
		money.nlimbs = retention_amount_limbs(datum, kind, amount, money.scale);
		money.limbs = limbs = palloc(money.nlimbs * sizeof(uint64));
		retention_amount_wide(datum, kind, amount, money.scale, limbs, money.nlimbs);
	}
	return money;
}

/*
 * The transition of every aggregate over the orders of one customer.  In a
 * moving frame the state must not be NULL, even if the first row is skipped.
 */
static pg_attribute_always_inline Datum
add_row_of_one(FunctionCallInfo fcinfo, TimeKind time, AmountKind kind, bool moving)
{
	int			amount_arg = time == TIME_NONE ? 1 : 2;
	int64		instant = 0;
	Transition	transition;
	OneCustomer *one;
	Amount		amount;

	if (!row_counts(fcinfo, 1, time, amount_arg, kind, &instant))
	{
		if (moving && PG_ARGISNULL(0))
			PG_RETURN_POINTER(retention_one_customer_create(time, kind));
		return row_skipped(fcinfo);
	}

	transition_begin(&retention_base_states, fcinfo, &transition);
	if (transition.empty)
		transition.state = PointerGetDatum(retention_one_customer_create(time, kind));
	else
		check_state_kinds(transition.state, FORM_ONE_CUSTOMER, KEY_NONE, time, kind);
	one = (OneCustomer *) DatumGetPointer(transition.state);

	amount.negative = false;
	if (kind != AMOUNT_NONE)
	{
		Datum		datum = PG_GETARG_DATUM(amount_arg);
		uint64		unit;

		amount_of_datum(datum, kind, one->scale, &amount);
		if (unlikely(!amount.fits) ||
			unlikely(one->nlimbs > 1) ||
			unlikely(!money_add(one_customer_money(one), 1, (uint64 *) &amount.units, 1)))
			one = retention_one_customer_add(one, row_money(datum, kind, &amount,
															one->scale, &unit));
		if (amount.dscale == one->scale)
			one->scale_rows++;
	}
	if (!amount.negative)
	{
		one->orders++;
		if (time != TIME_NONE)
			one_customer_see(one, instant, instant);
	}

	transition.state = PointerGetDatum(one);
	return transition_end(&retention_base_states, &transition);
}

/*
 * The inverse: a row leaves the moving frame of aov(amount).  Returns NULL,
 * which makes the executor begin the frame anew, when the last row with the
 * most digits leaves, so that the answer shows as many digits as avg() would.
 */
static pg_attribute_always_inline Datum
remove_row_of_one(FunctionCallInfo fcinfo, AmountKind kind)
{
	Transition	transition;
	OneCustomer *one;
	Amount		amount;
	Datum		datum;
	uint64		unit;
	uint64	   *limbs;
	Money		money;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return row_skipped(fcinfo);
	transition_begin(&retention_base_states, fcinfo, &transition);
	check_state_kinds(transition.state, FORM_ONE_CUSTOMER, KEY_NONE, TIME_NONE, kind);
	one = (OneCustomer *) DatumGetPointer(transition.state);
	datum = PG_GETARG_DATUM(1);

	amount_of_datum(datum, kind, one->scale, &amount);
	if (kind == AMOUNT_NUMERIC && one->scale > 0 && amount.dscale == one->scale &&
		--one->scale_rows == 0)
		PG_RETURN_NULL();

	money = row_money(datum, kind, &amount, one->scale, &unit);
	limbs = palloc((money.nlimbs + 1) * sizeof(uint64));
	(void) retention_money_convert(money.limbs, money.nlimbs, money.scale,
								   limbs, money.nlimbs + 1, money.scale);
	retention_money_negate(limbs, money.nlimbs + 1);
	money.limbs = limbs;
	money.nlimbs = (retention_money_bytes(limbs, money.nlimbs + 1) + 7) / 8;
	one = retention_one_customer_add(one, money);
	pfree(limbs);
	one->orders -= !amount.negative;

	transition.state = PointerGetDatum(one);
	return transition_end(&retention_base_states, &transition);
}

/* _retention_customer_base_combine(customer_base, customer_base) */
PG_FUNCTION_INFO_V1(retention_combine);
Datum
retention_combine(PG_FUNCTION_ARGS)
{
	return retention_state_combine(&retention_base_states, fcinfo);
}

/* _retention_customer_base_final(customer_base): the state as a value to keep. */
PG_FUNCTION_INFO_V1(retention_final);
Datum
retention_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(retention_state_finish(&retention_base_states, fcinfo));
}

/* add_row() of a key that is cast.  The arguments are the caller's, so change a copy. */
static pg_attribute_always_inline Datum
cast_row(FunctionCallInfo fcinfo, KeyKind key, Datum (*cast) (Datum key), AmountKind amount, int sign, bool sampled)
{
	LOCAL_FCINFO(copy, 3);
	int			arg = key_is_order(key) ? 2 : 1;
	Datum		result;

	memcpy(copy, fcinfo, SizeForFunctionCallInfo(2 + (amount != AMOUNT_NONE) + sampled));
	if (!PG_ARGISNULL(arg))
		copy->args[arg].value = cast(PG_GETARG_DATUM(arg));
	result = add_row(copy, key, TIME_NONE, amount, sign, sampled);
	fcinfo->isnull = copy->isnull;
	if ((key == KEY_TEXT || key == ORDER_KEY(KEY_TEXT)) && !PG_ARGISNULL(arg))
		pfree(DatumGetPointer(copy->args[arg].value));
	return result;
}

/*
 * The SQL-callable functions: retention_add_KEY[_TIME][_AMOUNT],
 * retention_sample_KEY[_TIME][_AMOUNT] and retention_remove_KEY for customers,
 * retention_add_line_AMOUNT_KEY and retention_remove_line_AMOUNT_KEY for orders,
 * retention_one_customer_[TIME][_AMOUNT], retention_one_customer_moving_AMOUNT and
 * retention_one_customer_remove_AMOUNT for one.  Keys are int8, text and uuid; int2,
 * int4, char and bpchar where there is no time.
 */
#define ADD(name, key, time, amount) \
	TRANSITION(name, add_row(fcinfo, key, time, amount, 1, false))
#define SAMPLE(name, key, time, amount) \
	TRANSITION(name, add_row(fcinfo, key, time, amount, 1, true))
#define REMOVE(name, key) \
	TRANSITION(name, add_row(fcinfo, key, TIME_NONE, AMOUNT_NONE, -1, false))
#define LINE(name, order, amount, sign) \
	TRANSITION(name, add_row(fcinfo, ORDER_KEY(order), TIME_NONE, amount, sign, false))
#define ONE_CUSTOMER(name, time, amount) \
	TRANSITION(name, add_row_of_one(fcinfo, time, amount, false))
#define ONE_CUSTOMER_MOVING(name, amount) \
	TRANSITION(name, add_row_of_one(fcinfo, TIME_NONE, amount, true))

#define ADD_KEY_TIME(name, KEY, TIME) \
	ADD(retention_add_##name, KEY, TIME, AMOUNT_NONE); \
	ADD(retention_add_##name##_numeric, KEY, TIME, AMOUNT_NUMERIC); \
	ADD(retention_add_##name##_float8, KEY, TIME, AMOUNT_FLOAT8); \
	SAMPLE(retention_sample_##name, KEY, TIME, AMOUNT_NONE); \
	SAMPLE(retention_sample_##name##_numeric, KEY, TIME, AMOUNT_NUMERIC); \
	SAMPLE(retention_sample_##name##_float8, KEY, TIME, AMOUNT_FLOAT8)

#define ADD_KEY(key, KEY) \
	ADD_KEY_TIME(key, KEY, TIME_NONE); \
	ADD_KEY_TIME(key##_timestamptz, KEY, TIME_TIMESTAMPTZ); \
	ADD_KEY_TIME(key##_timestamp, KEY, TIME_TIMESTAMP); \
	ADD_KEY_TIME(key##_date, KEY, TIME_DATE); \
	REMOVE(retention_remove_##key, KEY); \
	LINE(retention_add_line_numeric_##key, KEY, AMOUNT_NUMERIC, 1); \
	LINE(retention_add_line_float8_##key, KEY, AMOUNT_FLOAT8, 1); \
	LINE(retention_remove_line_numeric_##key, KEY, AMOUNT_NUMERIC, -1); \
	LINE(retention_remove_line_float8_##key, KEY, AMOUNT_FLOAT8, -1)

ADD_KEY(int8, KEY_INT8);
ADD_KEY(uuid, KEY_UUID);
ADD_KEY(text, KEY_TEXT);

#define ADD_CAST(key, KEY, cast) \
	TRANSITION(retention_add_##key, cast_row(fcinfo, KEY, cast, AMOUNT_NONE, 1, false)); \
	TRANSITION(retention_add_##key##_numeric, cast_row(fcinfo, KEY, cast, AMOUNT_NUMERIC, 1, false)); \
	TRANSITION(retention_add_##key##_float8, cast_row(fcinfo, KEY, cast, AMOUNT_FLOAT8, 1, false)); \
	TRANSITION(retention_sample_##key, cast_row(fcinfo, KEY, cast, AMOUNT_NONE, 1, true)); \
	TRANSITION(retention_remove_##key, cast_row(fcinfo, KEY, cast, AMOUNT_NONE, -1, false)); \
	TRANSITION(retention_add_line_numeric_##key, cast_row(fcinfo, ORDER_KEY(KEY), cast, AMOUNT_NUMERIC, 1, false)); \
	TRANSITION(retention_add_line_float8_##key, cast_row(fcinfo, ORDER_KEY(KEY), cast, AMOUNT_FLOAT8, 1, false)); \
	TRANSITION(retention_remove_line_numeric_##key, cast_row(fcinfo, ORDER_KEY(KEY), cast, AMOUNT_NUMERIC, -1, false)); \
	TRANSITION(retention_remove_line_float8_##key, cast_row(fcinfo, ORDER_KEY(KEY), cast, AMOUNT_FLOAT8, -1, false))

ADD_CAST(int2, KEY_INT8, int8_of_int2);
ADD_CAST(int4, KEY_INT8, int8_of_int4);
ADD_CAST(char, KEY_TEXT, text_of_char);
TRANSITION(retention_add_bpchar, cast_row(fcinfo, KEY_TEXT, text_of_bpchar, AMOUNT_NONE, 1, false));

#define ONE_CUSTOMER_TIME(time, TIME) \
	ONE_CUSTOMER(retention_one_customer_##time, TIME, AMOUNT_NONE); \
	ONE_CUSTOMER(retention_one_customer_##time##_numeric, TIME, AMOUNT_NUMERIC); \
	ONE_CUSTOMER(retention_one_customer_##time##_float8, TIME, AMOUNT_FLOAT8)

ONE_CUSTOMER_TIME(timestamptz, TIME_TIMESTAMPTZ);
ONE_CUSTOMER_TIME(timestamp, TIME_TIMESTAMP);
ONE_CUSTOMER_TIME(date, TIME_DATE);
ONE_CUSTOMER(retention_one_customer_numeric, TIME_NONE, AMOUNT_NUMERIC);
ONE_CUSTOMER(retention_one_customer_float8, TIME_NONE, AMOUNT_FLOAT8);
ONE_CUSTOMER_MOVING(retention_one_customer_moving_numeric, AMOUNT_NUMERIC);
ONE_CUSTOMER_MOVING(retention_one_customer_moving_float8, AMOUNT_FLOAT8);
TRANSITION(retention_one_customer_remove_numeric, remove_row_of_one(fcinfo, AMOUNT_NUMERIC));
TRANSITION(retention_one_customer_remove_float8, remove_row_of_one(fcinfo, AMOUNT_FLOAT8));
