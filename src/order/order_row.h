/*-------------------------------------------------------------------------
 *
 * order_row.h
 *	  Which order rows count, and as what: the order policy.
 *
 * It lives here, and nowhere else:
 *
 *	amount < 0			a refund: money, but no order and no time
 *	amount is NULL		the row is skipped
 *	time is NULL or infinite	the row is skipped
 *	customer is NULL	a guest: kept apart
 *
 * What is not an input of an aggregate is not looked at.
 *
 * Of some money the sign says nothing about orders: a profit is below 0 where an
 * order has brought a loss.  Aggregates over it are told by one more argument,
 * is_order, behind the amount.  If that is true the row is an order, whatever its
 * amount, and else what is called a refund here: money of its own time and of
 * either sign.
 *
 * The views leave out some rows more (order_row.c).
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_ORDER_ROW_H
#define RETENTION_ORDER_ROW_H

#include "postgres.h"

#include "order/amount.h"
#include "order/customer.h"
#include "order/instant.h"

/*
 * Does the row count?  Its time and amount are these arguments of the
 * transition function, if they are of a kind at all.
 */
static pg_attribute_always_inline bool
row_counts(FunctionCallInfo fcinfo, int time_arg, TimeKind time, int amount_arg,
		   AmountKind amount, int64 *instant)
{
	if (amount != AMOUNT_NONE && PG_ARGISNULL(amount_arg))
		return false;
	return time == TIME_NONE ||
		(!PG_ARGISNULL(time_arg) &&
		 instant_of_datum(PG_GETARG_DATUM(time_arg), time, instant));
}

/* Why the views don't count a row: the first of these that is so. */
typedef enum RowReason
{
	ROW_COUNTS,
	ROW_NO_TIME,
	ROW_NO_AMOUNT,
	ROW_NOT_FINITE,
	ROW_ABSURD,
	ROW_TOO_EARLY,
	ROW_IN_FUTURE
} RowReason;

/* order_row.c */
extern RowReason retention_row_reason(FunctionCallInfo fcinfo, int time_arg, TimeKind time,
									  int amount_arg, int64 *instant);

/* The argument is_order of an aggregate that has none. */
#define NO_IS_ORDER	0

static pg_attribute_always_inline bool
row_is_refund(FunctionCallInfo fcinfo, int is_order_arg, AmountKind kind, const Amount *amount)
{
	if (is_order_arg != NO_IS_ORDER)
		return PG_ARGISNULL(is_order_arg) || !PG_GETARG_BOOL(is_order_arg);
	return kind != AMOUNT_NONE && amount->negative;
}

/* What a transition function returns for a row that doesn't count: its state as it is. */
static inline Datum
row_skipped(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

#endif							/* RETENTION_ORDER_ROW_H */
