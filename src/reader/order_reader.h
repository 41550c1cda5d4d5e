/*-------------------------------------------------------------------------
 *
 * order_reader.h
 *	  The user's table, or a query of theirs: from what they say of it to SQL of
 *	  order rows.  The one reader for views and for predictions.
 *
 * All that they say is SQL of theirs: which table, which of its columns, what else is
 * to be made of them.  None of it is pasted.  Each text is parsed as what it
 * should be, one query or one expression over the row, under their search_path; the
 * whole is put together as a parsed query, and that is written anew, with every
 * name qualified.  So it can't end a statement or begin another, and means the
 * same wherever it is put.
 *
 * Order rows have few types, so that nobody who reads them needs to know the
 * user's: a customer is int8, text or uuid, a time timestamptz, timestamp or date,
 * an amount numeric.  Where views are made of them customers stay of the table's own
 * type if that is another number or text, so that who asks for one of them is
 * answered by the table's index; retention_customer_sql() makes them what they are elsewhere.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_ORDER_READER_H
#define RETENTION_ORDER_READER_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"

/* What a user says.  NULL: nothing; then columns are looked for by their usual names. */
typedef struct ReaderArguments
{
	Oid			relation;		/* a table or view, or InvalidOid ... */
	const char *orders;			/* ... and the name of one, or a query */
	const char *customer;		/* columns, or expressions over the row */
	const char *ordered_at;
	const char *amount;
	const char *order_id;		/* NULL: each row is an order */
	const char *filter;			/* NULL: all rows */
	const char *is_order;		/* NULL: orders are told by their amounts */
	List	   *segments;		/* texts: columns, or expressions with a name of theirs; NIL: none */
	const char *time_zone;		/* NULL: that of the views of the table, or UTC */
	bool		stored;			/* views are made of it: it outlives the session, and has amounts */
	const char *target;			/* the schema of these views, or NULL */
} ReaderArguments;

/* Views that stand beside those over a table: its rows as they read them, how they are made, and which are ours. */
#define VIEW_OF_ROWS		"order_rows"
#define VIEW_OF_OPTIONS		"retention_options"
#define VIEW_OF_RECORD		"retention_record"

typedef struct OrderRows
{
	/* SELECT customer, ordered_at [, amount] [, order_id] [, is_order] [, segment ...] FROM ... */
	const char *sql;
	const char *left_out;		/* the same of the rows that the filter leaves out */
	bool		has_amount;
	bool		has_lines;		/* rows have an order_id */
	bool		has_is_order;	/* rows say whether they are orders */
	List	   *segments;		/* names of the columns that parts of the shop are told by, of texts */
	const char *time_zone;		/* of the calendar; NULL: the times have none */
	List	   *relations;		/* OIDs of what is read */
} OrderRows;

/* order_reader.c */
extern void retention_read_orders(OrderRows *rows, const ReaderArguments *arguments);

/*
 * What the first arguments of the running function say: orders (text or regclass),
 * customer, ordered_at, amount, order_id, filter and is_order; time_zone stands
 * elsewhere.
 */
extern ReaderArguments retention_reader_arguments(FunctionCallInfo fcinfo, int time_zone_arg);

/* order_lines.c */
extern char *retention_orders_of_lines(const char *rows, bool has_is_order, bool counted, const List *others);
extern char *retention_counted_rows(const char *rows, bool has_lines, bool has_is_order, const List *others, const char *ext);

/* order_number_check.c */
extern void retention_check_order_numbers(const char *lines, const char *source, const char *order_id);

/* expression.c */
extern const char *retention_customer_sql(Oid type);

/* time_zone.c */
extern void retention_check_calendar_zone(const char *name);
extern const char *retention_zone_of_target(const char *target);
extern const char *retention_zone_of_views(const List *relations, const char *orders);

#endif							/* RETENTION_ORDER_READER_H */
