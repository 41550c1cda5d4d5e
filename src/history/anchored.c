/*-------------------------------------------------------------------------
 *
 * anchored.c
 *	  A part of a history that knows of its customers when they were new to the whole.
 *
 * A question with an anchor reads the whole.  Of many parts, the orders of each country,
 * that is many times, and each time all that the whole knows, where nothing is wanted but the
 * customers' first orders.  So these are read once, and written beside what the parts know
 * of their customers.
 *
 * The whole's first orders are a list in the order of identities, as are the customers of a
 * part.  So each part is read along the list, and what lies between two of its customers is
 * stepped over.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/anchored.h"
#include "history/history_state.h"
#include "history/part_writer.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* Are they of the same customers and days?  What is known of an order may differ. */
void
retention_check_anchor(const Kind *part, const Kind *anchor)
{
	const char *one = NULL;
	const char *other = NULL;

	if (anchor->anchored)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("anchor is a part of a whole itself"),
				 errhint("The anchor is the history of all orders, and not one that anchored() has made.")));
	if (part->key != anchor->key)
	{
		one = retention_key_name(part->key);
		other = retention_key_name(anchor->key);
	}
	else if (part->grain != anchor->grain)
	{
		one = psprintf("period %s", retention_grain_name(part->grain));
		other = psprintf("period %s", retention_grain_name(anchor->grain));
	}
	/* a time without a time zone is of the shop's own clock */
	else if (part->time == TIME_TIMESTAMPTZ && anchor->time == TIME_TIMESTAMPTZ &&
			 strcmp(part->zone, anchor->zone) != 0)
	{
		one = psprintf("days of time zone %s", part->zone);
		other = psprintf("days of time zone %s", anchor->zone);
	}
	if (one)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("purchase history and its anchor are of different kinds"),
				 errdetail_internal("The history has %s, the anchor %s.", one, other),
				 errhint("Make both of the same keys, by the same period and in the same time zone.")));
}

/* Customers of the part whom nobody knows: if it were a part, the whole would. */
void
retention_tell_left_out(int64 left_out)
{
	if (left_out == 0)
		return;
	ereport(NOTICE,
			(errmsg_plural("left out %lld customer whom the anchor does not have",
						   "left out %lld customers whom the anchor does not have",
						   (unsigned long) left_out, (long long) left_out),
			 errdetail("They have orders, and in the anchor none until the last day seen."),
			 errhint("The anchor is the history of all orders that the other is a part of, or of all its customers' sign-ups.")));
}

/* The customers of a whole with an order, and their first: identity, mark. */
typedef struct Origins
{
	Kind		kind;
	HistoryWhole days;
	uint64	   *words;
	int64		n;
	int			stride;			/* words of each */
} Origins;

static const uint64 *
origin_at(const Origins *origins, int64 i)
{
	return origins->words + i * origins->stride;
}

static void
read_origins(Origins *origins, Datum whole)
{
	HistoryUnpacker unpacker;
	OccasionShape shape;
	const Run  *run;

	retention_history_read(&unpacker, whole, true);
	retention_check_nothing_missing(&unpacker);
	shape = unpacker.shape;
	origins->kind = unpacker.kind;
	origins->days = (HistoryWhole) {unpacker.totals.first_day, unpacker.totals.last_day};
	origins->n = 0;
	origins->stride = shape.key_words + 1;
	origins->words = MemoryContextAllocHuge(CurrentMemoryContext,
											Max(unpacker.totals.customers, 1) * origins->stride * sizeof(uint64));
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		RunCursor	cursor;
		CustomerView customer;

		CHECK_FOR_INTERRUPTS();
		run_begin(&cursor, run, shape);
		while (run_next(&cursor, &customer))
			for (int64 i = 0; i < customer.n; i++)
			{
				uint64		mark = customer.occasions[i * occasion_words(shape)];
				uint64	   *to = origins->words + origins->n * origins->stride;

				if (mark_orders(mark) == 0)
					continue;
				if (origins->n == unpacker.totals.customers)
					elog(ERROR, "history has more customers than it says");
				copy_words(to, customer.identity, shape.key_words);
				to[shape.key_words] = mark;
				origins->n++;
				break;
			}
	}
}

/* The first from one on that is not before a customer: in ever longer steps, and then between the last two. */
static int64
seek(const Origins *origins, int64 from, const uint64 *identity)
{
	int			key_words = origins->stride - 1;
	int64		low = from;
	int64		high;

	for (int64 step = 1;; step *= 2)
	{
		high = low + step;
		if (high > origins->n || compare_identity(origin_at(origins, high - 1), identity, key_words) >= 0)
			break;
		low = high;
	}
	high = Min(high, origins->n);
	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (compare_identity(origin_at(origins, middle), identity, key_words) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
has_order(const CustomerView *customer, OccasionShape shape)
{
	for (int64 i = 0; i < customer->n; i++)
		if (mark_orders(customer->occasions[i * occasion_words(shape)]) > 0)
			return true;
	return false;
}

/* The days of the whole, and of a part, which of orders and sign-ups may be later. */
static HistoryWhole
days_of_both(const HistoryWhole *whole, const HistoryTotals *part)
{
	HistoryWhole days = *whole;

	if (days.first_day != DAY_NEVER_FIRST)
		days.last_day = Max(days.last_day, part->last_day);
	return days;
}

/* A part, anchored; customers of whom the whole knows no order are left out, and counted. */
static struct varlena *
anchor(Datum part, const Origins *origins, int64 *left_out)
{
	HistoryUnpacker unpacker;
	PartWriter	writer;
	HistoryWhole days;
	const Run  *block;
	RunCursor	cursor;
	CustomerView customer;
	int64		at = 0;

	retention_history_read(&unpacker, part, false);
	retention_check_nothing_missing(&unpacker);
	if (unpacker.kind.anchored)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("purchase history has an anchor already, and can't be given another")));
	retention_check_anchor(&unpacker.kind, &origins->kind);
	days = days_of_both(&origins->days, &unpacker.totals);
	retention_part_begin(&writer, &unpacker, true);
	if ((block = retention_part_next(&writer, true)) != NULL)
	{
		run_begin(&cursor, block, unpacker.shape);
		(void) run_next(&cursor, &customer);
		retention_part_keep(&writer, &customer, 0, customer.n, 0);
		retention_part_end_block(&writer);
	}
	while ((block = retention_part_next(&writer, false)) != NULL)
	{
		run_begin(&cursor, block, unpacker.shape);
		while (run_next(&cursor, &customer))
		{
			uint64		origin = 0;

			at = seek(origins, at, customer.identity);
			if (at < origins->n && compare_identity(origin_at(origins, at), customer.identity, origins->stride - 1) == 0)
				origin = origin_at(origins, at)[origins->stride - 1];
			else if (has_order(&customer, unpacker.shape))
			{
				*left_out += !anchor_says_who(&unpacker.kind, &origins->kind);
				customer.n = 0;
			}
			retention_part_keep(&writer, &customer, 0, customer.n, origin);
		}
		retention_part_end_block(&writer);
	}
	return retention_part_end(&writer, &days);
}

/* anchored(purchase_history, whole) */
PG_FUNCTION_INFO_V1(retention_history_anchored);
Datum
retention_history_anchored(PG_FUNCTION_ARGS)
{
	Origins		origins;
	int64		left_out = 0;
	struct varlena *value;

	read_origins(&origins, PG_GETARG_DATUM(1));
	value = anchor(PG_GETARG_DATUM(0), &origins, &left_out);
	retention_tell_left_out(left_out);
	PG_RETURN_POINTER(value);
}

/* anchored(purchase_history[], whole): of the same shape, and with NULLs where there were any */
PG_FUNCTION_INFO_V1(retention_histories_anchored);
Datum
retention_histories_anchored(PG_FUNCTION_ARGS)
{
	ArrayType  *parts = PG_GETARG_ARRAYTYPE_P(0);
	Oid			type = ARR_ELEMTYPE(parts);
	Origins		origins;
	int64		left_out = 0;
	int16		length;
	bool		by_value;
	char		align;
	Datum	   *values;
	bool	   *nulls;
	int			n;

	read_origins(&origins, PG_GETARG_DATUM(1));
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(parts, type, length, by_value, align, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!nulls[i])
			values[i] = PointerGetDatum(anchor(values[i], &origins, &left_out));
	}
	retention_tell_left_out(left_out);
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, ARR_NDIM(parts), ARR_DIMS(parts), ARR_LBOUND(parts),
											 type, length, by_value, align));
}
