/*-------------------------------------------------------------------------
 *
 * live.h
 *	  Live views: a stored history of the orders, and the changes since.
 *
 * Nothing is locked, and everything is exact, as nothing is changed in place.  A trigger
 * appends what each row of the orders was and is to a table of changes, in the
 * transaction that changes the order.  Who reads adds up what is stored and the
 * changes, both as their snapshot sees them; so they see of the changes what they
 * see of the orders.  Folding moves changes into the stored history, in one statement:
 * what it moves is in either, to every snapshot.
 *
 * In the target schema stand
 *
 *	live_rows			a view: what is noted of a row, by order_rows' own expressions
 *	order_changes		a row for each row that came (weight 1) or went (-1), like live_rows
 *	order_history_parts	the stored history, cut by the hash of the customer
 *
 * and on the order table a trigger for rows, and one for TRUNCATE.  Which order_changes these write to
 * is told by another trigger, their anchor: a constraint trigger on order_changes "FROM" the order table,
 * which is for nothing else.  PostgreSQL itself keeps it, whatever is renamed, and dumps it; and
 * nobody makes one who has not the right to (TRIGGER) on both tables.  The name that it was made with is the
 * argument of the two others.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_LIVE_H
#define RETENTION_LIVE_H

#include "views/view_build.h"

#include "nodes/execnodes.h"

/* live_trigger.c */
extern Oid	retention_live_find_anchor(const char *name, Oid function, const List *tables, Oid *orders);

/* live_rows.c */
extern Query *retention_live_query(Oid order_rows, Oid *orders);
extern List *retention_live_expressions(Query *query, Oid *orders);
extern void retention_live_check(const Build *build, Query *query, Oid orders);

/* live_tables.c */
extern void retention_live_lock_orders(const List *relations);
extern void retention_live_check_free(const Build *build);
extern void retention_live_load(Build *build);
extern void retention_live_begin(Build *build);
extern void retention_live_end(Build *build);
extern void retention_live_drop(const Build *build);
extern void retention_live_fold(const Build *build);
extern void retention_live_verify(const Build *build, ReturnSetInfo *rsinfo);

/* The column of order_changes that live_rows doesn't have: 1 of a row that came, -1 of one that went. */
#define LIVE_WEIGHT	"weight"

#endif							/* RETENTION_LIVE_H */
