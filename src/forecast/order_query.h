/*-------------------------------------------------------------------------
 *
 * order_query.h
 *	  Queries of ours over the order rows that a caller names.
 *
 * They run with the caller's rights.  All names in them have their schema, or are
 * pg_catalog's, so that they mean the same whatever the search_path is.
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

	const char *rows;			/* "(SELECT customer, ordered_at, ...) AS q" */
	const char *own;			/* before the name of an aggregate over them: "schema." and perhaps more */
	const char *amount;			/* "q.amount, " or the like in its list of arguments, or "" */
	const char *is_order;		/* a condition */
	const char *time_zone;		/* that days are of; NULL: the times have none */
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
 * The rows that the first arguments of the running function name, as the reader
 * takes them, but for those that views leave out, too (order/order_row.c).  To be called
 * within SPI_connect.
 */
extern void retention_order_query(FunctionCallInfo fcinfo, int time_zone_arg, OrderQuery *query);

/*
 * The days that the orders are read to: "until", which is the argument as_of,
 * or the last order's day; and "as_of", where what is kept back (an interval,
 * the argument "holdout", may be NULL) begins.  False if there are no orders; an error
 * if these begin later.
 */
extern bool retention_order_query_days(FunctionCallInfo fcinfo, const OrderQuery *query,
									   int as_of_arg, int holdout_arg,
									   DateADT *as_of, DateADT *until);

/* Run a query, and put what it returns into the running function's result. */
extern void retention_order_query_return(const OrderQuery *query, const char *sql, int nparams,
										 const QueryParameter *params, ReturnSetInfo *rsinfo);

#endif							/* RETENTION_ORDER_QUERY_H */
