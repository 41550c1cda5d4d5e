/*-------------------------------------------------------------------------
 *
 * order_lines.c
 *	  From lines to orders, and from all rows to those that count.
 *
 * The lines of one number at or above 0 are one order, at the time of the earliest
 * of them.  Those below 0 are refunds, each as it is: they are booked under the
 * number of the sale, and would otherwise move to its day, or make an order that
 * was given back none.  A line without an amount is as it is, too.  Where lines say
 * whether they are orders, those that do are one, and the others refunds.
 *
 * Numbers of orders may begin anew for each customer.  A line without one is an
 * order together with the customer's others of that time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "reader/order_reader.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

/*
 * SQL of orders and refunds, of SQL of lines; perhaps with how many of these each was.  Of "others",
 * names of columns that are texts, an order has the first of its lines'.
 */
char *
retention_orders_of_lines(const char *rows, bool has_is_order, bool counted, const List *others)
{
	StringInfoData of_order;
	StringInfoData of_line;
	ListCell   *lc;
	const char *ordered = has_is_order ? "line.is_order AND line.amount IS NOT NULL" : "line.amount OPERATOR(pg_catalog.>=) 0";

	initStringInfo(&of_order);
	initStringInfo(&of_line);
	foreach(lc, others)
	{
		const char *name = quote_identifier(lfirst(lc));

		appendStringInfo(&of_order, ", pg_catalog.min(line.%s COLLATE pg_catalog.\"C\") COLLATE pg_catalog.\"default\" AS %s", name, name);
		appendStringInfo(&of_line, ", line.%s", name);
	}
	return psprintf("(SELECT line.customer, pg_catalog.min(line.ordered_at) FILTER (WHERE pg_catalog.isfinite(line.ordered_at)) AS ordered_at,"
					" pg_catalog.sum(line.amount) AS amount, line.order_id%s%s%s FROM %s AS line"
					" WHERE %s"
					" GROUP BY line.order_id, line.customer, CASE WHEN line.order_id IS NULL THEN line.ordered_at END"
					" UNION ALL SELECT line.customer, line.ordered_at, line.amount, line.order_id%s%s%s FROM %s AS line"
					" WHERE (%s) IS NOT TRUE)",
					has_is_order ? ", true AS is_order" : "", counted ? ", pg_catalog.count(*) AS row_count" : "", of_order.data, rows,
					ordered,
					has_is_order ? ", false" : "", counted ? ", 1::pg_catalog.int8" : "", of_line.data, rows,
					ordered);
}

/*
 * SQL of the rows that count (order/order_row.h), of SQL of all, which have amounts; those
 * of lines as orders, and with "others" as above.  "ext" is the schema of this extension, quoted.
 */
char *
retention_counted_rows(const char *rows, bool has_lines, bool has_is_order, const List *others, const char *ext)
{
	StringInfoData columns;
	ListCell   *lc;

	initStringInfo(&columns);
	foreach(lc, others)
		appendStringInfo(&columns, ", %s", quote_identifier(lfirst(lc)));
	if (has_lines)
		rows = psprintf("%s AS sold", retention_orders_of_lines(rows, has_is_order, false, others));
	return psprintf("(SELECT customer, ordered_at, amount%s%s%s FROM %s WHERE %s._retention_row_counts(ordered_at, amount))",
					has_lines ? ", order_id" : "", has_is_order ? ", is_order" : "", columns.data, rows, ext);
}
