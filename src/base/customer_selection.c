/*-------------------------------------------------------------------------
 *
 * customer_selection.c
 *	  Customers of one base that another one has too, or hasn't.
 *
 * Both come in the order of their hashes, so one pass over the two decides
 * who stays; who stays brings along what the first base knows of them.  What is
 * known of rows and not of customers (refunds, guests) can't be divided among
 * customers and is left behind: the result is marked as selected.
 *
 * Samples: a customer whose hash is within both bounds is in a sample if they
 * are in its base.  So below the lower bound the answer is the one that the whole
 * bases would give, and the result is a sample with that bound.  (Dasgupta,
 * Lang, Rhodes & Thaler 2016, "A framework for estimating stream expression
 * cardinalities".)
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_state.h"


/* Where one pass over a base is. */
typedef struct Cursor
{
	BaseUnpacker unpacker;
	uint64	   *entry;
	bool		valid;			/* false behind the last */
} Cursor;

static void
cursor_next(Cursor *cursor)
{
	cursor->valid = retention_base_unpack_next(&cursor->unpacker, cursor->entry);
}

static void
cursor_begin(Cursor *cursor, Datum value)
{
	retention_base_unpack_begin(&cursor->unpacker, retention_customer_pack(value));
	cursor->entry = palloc(cursor->unpacker.stride * sizeof(uint64));
	cursor_next(cursor);
}

/* How many of a base's customers are expected up to another, lower bound? */
static double
expected_within(const BaseTotals *base, const BaseTotals *lower)
{
	return (double) base->entries * totals_share(lower) / totals_share(base);
}

/*
 * The customers of a who have an order there and, or and none, in b; NULL if one
 * of them is a sample that can't stand for its customers, or what is selected
 * would be one: it can't be told afterwards.
 */
static struct varlena *
select_customers(Datum a, Datum b, bool in_both)
{
	Cursor		from;
	Cursor		other;
	BasePacker *packer;
	WideList   *wide;
	BaseTotals	totals;
	int64		within = 0;		/* of from's customers, at or below the common bound */
	Pace		pace = {0};

	cursor_begin(&from, a);
	cursor_begin(&other, b);
	if (from.unpacker.totals.key != other.unpacker.totals.key)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("cannot compare the customers of bases of different kinds"),
				 errdetail("One has %s, the other %s.",
						   retention_key_name(from.unpacker.totals.key),
						   retention_key_name(other.unpacker.totals.key)),
				 errhint("Make both of customers of one type and collation, cast where need be, as customer_id::text.")));
	if (from.unpacker.totals.key == KEY_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("cannot compare the customers of bases that have no keys")));
	if (!retention_sample_is_fair(&from.unpacker.totals) ||
		!retention_sample_is_fair(&other.unpacker.totals))
		return NULL;

	retention_totals_begin(&totals, from.unpacker.totals.key, from.unpacker.totals.time,
						   from.unpacker.totals.amount);
	totals.selected = true;
	totals.sample = from.unpacker.totals.sample;
	if (totals.sample == 0 ||
		(other.unpacker.totals.sample > 0 && other.unpacker.totals.sample < totals.sample))
		totals.sample = other.unpacker.totals.sample;
	totals.bound = Min(from.unpacker.totals.bound, other.unpacker.totals.bound);

	packer = palloc(sizeof(BasePacker));
	wide = retention_wide_create(CurrentMemoryContext);
	retention_base_pack_begin(packer, totals.key, totals.time, totals.amount, 0);
	for (; from.valid; cursor_next(&from))
	{
		bool		found;
		int			order = 1;

		pace_on(&pace, from.unpacker.stride + other.unpacker.stride);
		if (from.entry[0] > totals.bound)
			break;
		within++;
		while (other.valid &&
			   (order = compare_identities(other.entry, from.entry,
										   from.unpacker.key_words)) < 0)
		{
			pace_on(&pace, other.unpacker.stride);
			cursor_next(&other);
		}

		/* who only gave something back there was no customer there */
		found = other.valid && order == 0 && other.entry[other.unpacker.key_words] > 0;
		if (found == in_both && from.entry[from.unpacker.key_words] > 0)
			retention_base_pack_unpacked(packer, &from.unpacker, from.entry, wide);
	}
	if (!retention_sample_is_random(within, expected_within(&from.unpacker.totals, &totals)))
		return NULL;
	retention_wide_compact(wide);
	retention_totals_add_counts(&totals, &packer->counted, retention_wide_total(wide), from.unpacker.scale);
	return retention_blocks_finish(retention_base_pack_end(packer, &totals, wide));
}

/*
 * A sample may have fewer customers than it is allowed: then its bound is
 * where it is because of those that went.  But it must not have more, where a
 * small sample meets a large one.
 */
static struct varlena *
limit_sample(struct varlena *value)
{
	BaseTotals	totals;
	BaseTotals	limited;

	if (value == NULL)
		return NULL;
	retention_base_packed_totals(value, &totals);
	if (totals.sample == 0 || totals.entries <= totals.sample)
		return value;
	value = retention_base_pack(retention_state_open(&retention_base_states, (StateHome) {CurrentMemoryContext, false},
													 PointerGetDatum(value)));
	retention_base_packed_totals(value, &limited);
	return retention_sample_is_random(limited.entries, expected_within(&totals, &limited)) ? value : NULL;
}

static Datum
selected(FunctionCallInfo fcinfo, bool in_both)
{
	struct varlena *value = limit_sample(select_customers(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), in_both));

	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(value);
}

/* only_customers_of(base, other): the customers of the base who are also customers of the other one */
PG_FUNCTION_INFO_V1(retention_only_customers_of);
Datum
retention_only_customers_of(PG_FUNCTION_ARGS)
{
	return selected(fcinfo, true);
}

/* without_customers_of(base, other): the customers of the base who are not customers of the other one */
PG_FUNCTION_INFO_V1(retention_without_customers_of);
Datum
retention_without_customers_of(PG_FUNCTION_ARGS)
{
	return selected(fcinfo, false);
}
