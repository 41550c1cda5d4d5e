/*-------------------------------------------------------------------------
 *
 * order_lines.c
 *	  From lines to orders.
 *
 * The lines of one number at or above 0 are one order, at the time of the earliest
 * of them.  Those below 0 are refunds, each as it is: they are booked under the
 * number of the sale, and would otherwise move to its day, or make an order that
 * was given back none.  A line without an amount is as it is, too.
 *
 * Numbers of orders may begin anew for each customer.  A line without one is an
 * order together with the customer's others of that time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "reader/reader.h"

/*
 * SQL of orders and refunds, of SQL of lines; "more", or "", is another column that
 * tells lines apart, and then the number of lines is one more.
 */
char *
retention_orders_of_lines(const char *rows, const char *more)
{
	bool		some = more[0] != '\0';
	const char *column = some ? psprintf(", line.%s", more) : "";

	return psprintf("(SELECT line.customer, pg_catalog.min(line.ordered_at) FILTER (WHERE pg_catalog.isfinite(line.ordered_at)) AS ordered_at,"
					" pg_catalog.sum(line.amount) AS amount%s%s FROM %s AS line"
					" WHERE line.amount OPERATOR(pg_catalog.>=) 0"
					" GROUP BY line.order_id, line.customer, CASE WHEN line.order_id IS NULL THEN line.ordered_at END%s"
					" UNION ALL SELECT line.customer, line.ordered_at, line.amount%s%s FROM %s AS line"
					" WHERE (line.amount OPERATOR(pg_catalog.>=) 0) IS NOT TRUE)",
					column, some ? ", pg_catalog.count(*) AS row_count" : "", rows,
					column,
					column, some ? ", 1::pg_catalog.int8" : "", rows);
}
