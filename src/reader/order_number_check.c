/*-------------------------------------------------------------------------
 *
 * order_number_check.c
 *	  Is order_id the number of an order, and are the rows its lines?
 *
 * Two slips make numbers that look right.  A join with payments or items repeats the
 * order's total on each row, and the sum of these is too high.  And a column that is
 * no number of orders, such as a country, makes one order of all that a customer has
 * ever bought there.  The first rows show either, so they are looked at, and the user
 * is told.
 *
 * It is a look, and no check: of so many rows, as the caller, and only where the
 * planner finds that cheap.  What goes wrong there is for whoever reads all rows to say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/subtransaction.h"
#include "reader/order_reader.h"

#include "executor/spi.h"
#include "nodes/plannodes.h"
#include "utils/builtins.h"
#include "utils/plancache.h"

/* So much the planner may expect it to cost: some tenths of a second. */
#define MAX_COST	20000

/* Orders of several lines that have to be seen before anything is said. */
#define MIN_ORDERS	20

typedef struct Look
{
	const char *sql;
	int64		orders;			/* with several lines */
	int64		same;			/* with the same amount on each */
	int64		apart;			/* with lines on different days */
} Look;

static int64
count_of(int column)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull));
}

static void
look(void *arg)
{
	Look	   *seen = (Look *) arg;
	SPIPlanPtr	plan;
	CachedPlan *cached;

	SPI_connect();
	plan = SPI_prepare(seen->sql, 0, NULL);
	cached = plan ? SPI_plan_get_cached_plan(plan) : NULL;
	if (cached)
	{
		bool		cheap = linitial_node(PlannedStmt, cached->stmt_list)->planTree->total_cost <= MAX_COST;

		ReleaseCachedPlan(cached, NULL);
		if (cheap && SPI_execute_plan(plan, NULL, NULL, true, 0) == SPI_OK_SELECT && SPI_processed == 1)
		{
			seen->orders = count_of(1);
			seen->same = count_of(2);
			seen->apart = count_of(3);
		}
	}
	SPI_finish();
}

/*
 * Look at lines, of SQL that is no more than so many; "source" is what they come from
 * as FROM takes it, and "order_id" what the caller wrote.
 */
void
retention_check_order_numbers(const char *lines, const char *source, const char *order_id)
{
	Look		seen = {0};

	seen.sql = psprintf("SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE o.same), pg_catalog.count(*) FILTER (WHERE o.apart)"
						" FROM (SELECT pg_catalog.min(line.amount) OPERATOR(pg_catalog.=) pg_catalog.max(line.amount) AND pg_catalog.min(line.amount) OPERATOR(pg_catalog.>) 0 AS same,"
						" pg_catalog.max(line.ordered_at)::pg_catalog.date OPERATOR(pg_catalog.-) pg_catalog.min(line.ordered_at)::pg_catalog.date OPERATOR(pg_catalog.>) 1 AS apart"
						" FROM %s AS line WHERE line.amount OPERATOR(pg_catalog.>=) 0 AND line.order_id IS NOT NULL AND pg_catalog.isfinite(line.ordered_at)"
						" GROUP BY line.order_id, line.customer HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) AS o", lines);
	if (retention_attempt(look, &seen) != NULL || seen.orders < MIN_ORDERS)
		return;
	if (seen.apart * 2 >= seen.orders)
		ereport(NOTICE,
				(errmsg("order_id does not look like the number of an order: of %lld orders with several lines, %lld have lines of different days",
						(long long) seen.orders, (long long) seen.apart),
				 errhint("Rows with the same order_id and customer are one order. Name the column with the numbers of the orders, or leave order_id out if each row is an order.")));
	else if (seen.same * 20 >= seen.orders * 19)
		ereport(NOTICE,
				(errmsg("of %lld orders with several lines, %lld have the same amount on each line",
						(long long) seen.orders, (long long) seen.same),
				 errhint("If that is the total of the order, which a join with payments or items repeats, it is counted once a line. Give one row for each order, then, and no order_id: orders => %s.",
						 quote_literal_cstr(psprintf("SELECT DISTINCT ON (%s) * FROM %s", order_id, source)))));
}
