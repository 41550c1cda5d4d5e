/*-------------------------------------------------------------------------
 *
 * customer_order_pairs.h
 *	  Pairs of customers and orders: who has ordered how often, where rows are
 *	  lines of orders.
 *
 * The state is a base whose customers are the pairs (order/pair_identity.h), and their
 * orders the lines.  In the end each pair that has lines is an order of its
 * customer, and each line without a number is one; so a pass over the pairs
 * makes a base of customers that knows how many orders each of them has.
 *
 * A window function asks after every row.  So there that base is kept in step
 * with the pairs: the first line of a pair is one more order of its customer, and
 * the last one that leaves one less.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_CUSTOMER_ORDER_PAIRS_H
#define RETENTION_CUSTOMER_ORDER_PAIRS_H

#include "postgres.h"

#include "base/base_state.h"

extern Datum retention_pairs_begin(StateHome home, KeyKind key);
extern Datum retention_pairs_absorb(StateHome home, Datum state, const uint64 *entry);
extern void retention_pairs_totals(Datum value, BaseTotals *totals);
extern void retention_orders_totals(Datum value, BaseTotals *totals);

#endif							/* RETENTION_CUSTOMER_ORDER_PAIRS_H */
