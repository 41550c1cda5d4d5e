/*-------------------------------------------------------------------------
 *
 * buying.c
 *	  Repeat buying: what the models of it need to know of all customers.
 *
 * Fader, Hardie & Lee (2005, Marketing Science 24, 275-284) describe a
 * customer by x, the number of repeat purchases, t_x, when the last of them
 * was, and T, how long he could have bought, counted from the first.  Orders
 * of one day are one purchase.  Customers who agree in the three are one cell.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/question.h"

#include "math/elementary.h"
#include "tally/tally.h"

/* Logarithms of so many gaps are computed once. */
#define KNOWN_LOGS		4096

/* repeat_buying(purchase_history, as_of): the cells of all customers */
PG_FUNCTION_INFO_V1(retention_history_repeat_buying);
Datum
retention_history_repeat_buying(PG_FUNCTION_ARGS)
{
	static const int64 one[] = {1};
	Question	question;
	CustomerView customer;
	Tally	   *tally;
	double	   *logs;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	retention_question_begin(&question, fcinfo, NO_ARG, 1, false);
	retention_question_needs_days(&question);
	logs = palloc(KNOWN_LOGS * sizeof(double));
	logs[0] = 0;
	for (int i = 1; i < KNOWN_LOGS; i++)
		logs[i] = retention_log(i);
	tally = retention_tally_create(TALLY_REPEAT_BUYING);
	while (question_next(&question, &customer))
	{
		OccasionCursor cursor;
		int32		day;
		int64		orders;
		int64		days = 0;
		int64		all_orders = 0;
		int32		first = 0;
		int32		last = 0;
		double		log_gaps = 0;
		double		key[3];

		occasions_begin(&cursor, &question, &customer);
		while (occasions_next(&cursor, &day, &orders))
		{
			if (days == 0)
				first = day;
			else
				log_gaps += day - last < KNOWN_LOGS ? logs[day - last] : retention_log(day - last);
			last = day;
			days++;
			all_orders += orders;
		}
		if (days == 0)
			continue;
		key[0] = (double) (days - 1);
		key[1] = last - first;
		key[2] = question.as_of - first;
		tally = retention_tally_add(tally, key, one);
		retention_tally_add_log_gaps(tally, log_gaps);
		retention_tally_add_collapsed(tally, all_orders - days);
	}
	PG_RETURN_POINTER(retention_tally_pack(tally));
}
