/*-------------------------------------------------------------------------
 *
 * first_part.c
 *	  In which parts of a shop its customers have ordered first.
 *
 * A customer belongs to the country of their first order, and for ever.  What has been
 * ordered in each country is known already, by customer and day: so the orders needn't be
 * read again.  The parts are read side by side, each in the order of its customers' identities,
 * which is that in which the customers are asked for.
 *
 * On the day of the first order there may be orders in several parts, of which nobody knows
 * which was first.  Then it is the part that comes first in the array.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "question/first_part.h"

#include "history/anchored.h"
#include "history/history_state.h"

#include "catalog/pg_type.h"
#include "lib/binaryheap.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* More segments than a view can have columns. */
#define SEGMENTS_MAX	1600

typedef struct Part
{
	HistoryUnpacker unpacker;
	RunCursor	cursor;
	CustomerView customer;		/* at hand */
	int			segment;		/* from 0 on */
	int32		number;			/* in the array, from 1 on */
} Part;

struct FirstParts
{
	MemoryContext context;
	int			segments;
	int			key_words;
	binaryheap *heap;			/* of the parts that have customers left, the least one on top */
	int32	   *found;			/* of each segment; 0: none */
};

/* The next customer of a part; false if there are no more. */
static bool
advance(Part *part)
{
	while (!run_next(&part->cursor, &part->customer))
	{
		const Run  *run = retention_history_unpack_next(&part->unpacker);

		CHECK_FOR_INTERRUPTS();
		if (run == NULL)
			return false;
		run_begin(&part->cursor, run, part->unpacker.shape);
	}
	return true;
}

/* The heap has the greatest on top. */
static int
compare_parts(Datum a, Datum b, void *arg)
{
	const Part *x = (const Part *) DatumGetPointer(a);
	const Part *y = (const Part *) DatumGetPointer(b);

	return compare_identity(y->customer.identity, x->customer.identity, *(const int *) arg);
}

/* The elements of an array of one dimension, none of them NULL. */
static Datum *
elements(ArrayType *array, const char *what, int *n)
{
	Oid			type = ARR_ELEMTYPE(array);
	int16		length;
	bool		by_value;
	char		align;
	Datum	   *values;

	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be an array of one dimension without nulls", what)));
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, &values, NULL, n);
	return values;
}

FirstParts *
retention_first_parts_begin(ArrayType *histories, ArrayType *segments, const Kind *kind)
{
	FirstParts *parts = palloc0(sizeof(FirstParts));
	int			n;
	int			nsegments;
	Datum	   *values = elements(histories, "parts", &n);
	Datum	   *numbers = elements(segments, "part_segments", &nsegments);

	if (n != nsegments)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("there are %d parts, and segments of %d", n, nsegments)));
	parts->context = CurrentMemoryContext;
	parts->heap = binaryheap_allocate(Max(n, 1), compare_parts, &parts->key_words);
	for (int i = 0; i < n; i++)
	{
		Part	   *part = palloc0(sizeof(Part));
		int32		segment = DatumGetInt32(numbers[i]);

		if (segment < 1 || segment > SEGMENTS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("segment must be from 1 to %d, not %d", SEGMENTS_MAX, segment)));
		parts->segments = Max(parts->segments, segment);
		part->segment = segment - 1;
		part->number = i + 1;
		retention_history_read(&part->unpacker, values[i], true);
		retention_check_nothing_missing(&part->unpacker);
		retention_check_anchor(&part->unpacker.kind, kind);
		parts->key_words = part->unpacker.shape.key_words;
		if (advance(part))
			binaryheap_add_unordered(parts->heap, PointerGetDatum(part));
	}
	binaryheap_build(parts->heap);
	parts->found = palloc(Max(parts->segments, 1) * sizeof(int32));
	return parts;
}

/* Did the customer at hand order in a period? */
static bool
ordered_in(const Part *part, int32 period)
{
	int			words = occasion_words(part->unpacker.shape);

	for (int64 i = 0; i < part->customer.n; i++)
	{
		uint64		mark = part->customer.occasions[i * words];

		if (mark_period(mark) > period)
			return false;
		if (mark_period(mark) == period && mark_orders(mark) > 0)
			return true;
	}
	return false;
}

Datum
retention_first_parts_of(FirstParts *parts, const CustomerView *customer, int32 period)
{
	Datum	   *values;
	bool	   *nulls;
	int			bound = 1;
	ArrayType  *array;

	memset(parts->found, 0, Max(parts->segments, 1) * sizeof(int32));
	while (!binaryheap_empty(parts->heap))
	{
		Part	   *part = (Part *) DatumGetPointer(binaryheap_first(parts->heap));
		int			order = compare_identity(part->customer.identity, customer->identity, parts->key_words);
		MemoryContext old;
		bool		more;

		if (order > 0)
			break;
		if (order == 0 && (parts->found[part->segment] == 0 || parts->found[part->segment] > part->number) &&
			ordered_in(part, period))
			parts->found[part->segment] = part->number;
		old = MemoryContextSwitchTo(parts->context);
		more = advance(part);
		MemoryContextSwitchTo(old);
		if (more)
			binaryheap_replace_first(parts->heap, PointerGetDatum(part));
		else
			(void) binaryheap_remove_first(parts->heap);
	}
	values = palloc(Max(parts->segments, 1) * sizeof(Datum));
	nulls = palloc(Max(parts->segments, 1) * sizeof(bool));
	for (int i = 0; i < parts->segments; i++)
	{
		values[i] = Int32GetDatum(parts->found[i]);
		nulls[i] = parts->found[i] == 0;
	}
	array = construct_md_array(values, nulls, 1, &parts->segments, &bound, INT4OID, sizeof(int32), true, TYPALIGN_INT);
	pfree(values);
	pfree(nulls);
	return PointerGetDatum(array);
}
