/*-------------------------------------------------------------------------
 *
 * period_balance.h
 *	  What customers, new ones and those who were there before, do in each period.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PERIOD_BALANCE_H
#define RETENTION_PERIOD_BALANCE_H

#include "postgres.h"

#include "question/question.h"

/* What is counted of the window that reaches back from each period. */
typedef enum Trailing
{
	TRAILING_CUSTOMERS,			/* with an order in it */
	TRAILING_REPEATERS			/* with more than one */
} Trailing;

#define TRAILING_KINDS	(TRAILING_REPEATERS + 1)

typedef struct BalanceCell
{
	int64		customers;		/* with an order in the period */
	int64		repeaters;		/* with more than one */
	int64		orders;
	int64		new_customers;
	int64		new_orders;
	int64		refunds;
	int64		span;			/* days from the first to the last of a customer's orders in it, of all */
	int64		trailing[TRAILING_KINDS];	/* who come into the windows less who have left */
	MoneyTotal	new_revenue;	/* of new customers */
	MoneyTotal	old_revenue;	/* of the others */
	MoneyTotal	refunded;
} BalanceCell;

/* Is told what each customer with an order in a period has paid in it, refunds subtracted. */
typedef void (*BuyerVisitor) (int64 period, const MoneyTotal *paid, void *arg);

typedef struct PeriodBalance
{
	Question	question;
	BalanceCell *cells;
	int64		n;				/* one for each period */
	int64		trailing_periods;
	int32		from_day;		/* what isn't from these days on, and until these, is in no cell, ... */
	int32		until_day;		/* ... but for who has come into the windows before */
	BuyerVisitor visitor;		/* if there is one */
	void	   *arg;
} PeriodBalance;

extern void retention_balance_begin(PeriodBalance *balance);
extern void retention_balance_count(PeriodBalance *balance);
extern void retention_balance_trail(const PeriodBalance *balance, int64 period, int64 *trailing);

/* The share of the window's customers who have ordered more than once; NULL while it fills, for then it rises by that alone. */
static inline bool
balance_has_trailing_rate(const PeriodBalance *balance, int64 period, const int64 *trailing)
{
	return period >= balance->trailing_periods - 1 && trailing[TRAILING_CUSTOMERS] > 0;
}

static inline double
balance_trailing_rate(const int64 *trailing)
{
	return (double) trailing[TRAILING_REPEATERS] / (double) trailing[TRAILING_CUSTOMERS];
}

#endif							/* RETENTION_PERIOD_BALANCE_H */
