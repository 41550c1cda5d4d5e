/*-------------------------------------------------------------------------
 *
 * order_query.h
 *	  The order rows that a caller names: a query of his, or a table and its
 *	  columns; and running queries of ours over them.
 *
 * What a caller gives is run with his rights and under his search_path. What
 * is written around it names everything with its schema, so that it means the
 * same whatever that path is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_ORDER_QUERY_H
#define RETENTION_ORDER_QUERY_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/execnodes.h"
#include "utils/date.h"

typedef struct OrderQuery
{
	const char *schema;			/* of this extension, quoted */

	/*
	 * "(SELECT ...) AS q": customer; ordered_at, of a type that functions of
	 * ours take; amount, likewise, if there is one.
	 */
	const char *rows;
	const char *amount;			/* "q.amount, " in a list of arguments, or "" */
} OrderQuery;

/* A parameter of a query of ours: $1 and so on. */
typedef struct QueryParameter
{
	Oid			type;
	Datum		value;
	bool		isnull;
} QueryParameter;

/* An argument of the running function, which must not be NULL, as a parameter. */
extern QueryParameter retention_query_parameter(FunctionCallInfo fcinfo, int arg, Oid type,
												const char *name);

/*
 * The rows that the first four arguments of the running function name: orders
 * (a query as text, or a table as text or regclass), customer, ordered_at and
 * amount (columns of the table, NULL with a query; a table given as a regclass
 * has columns of the usual names).  To be called within SPI_connect.
 */
extern void retention_order_query(FunctionCallInfo fcinfo, OrderQuery *query);

/*
 * The days that the orders are read to: "until", which is the argument as_of,
 * or the last order's day; and "as_of", where what is kept back (an interval,
 * the argument "holdout", may be NULL) begins.  False if there are no orders.
 */
extern bool retention_order_query_days(FunctionCallInfo fcinfo, const OrderQuery *query,
									   int as_of_arg, int holdout_arg,
									   DateADT *as_of, DateADT *until);

/* Run a query, and put what it returns into the running function's result. */
extern void retention_order_query_return(const char *sql, int nparams,
										 const QueryParameter *params, ReturnSetInfo *rsinfo);

#endif							/* RETENTION_ORDER_QUERY_H */
