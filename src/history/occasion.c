/*-------------------------------------------------------------------------
 *
 * occasion.c
 *	  The occasions of customers in memory: sorting, combining, merging.
 *
 * Nothing here allocates, and nothing fails but for a sum of money that does
 * not fit its limbs: then the caller widens all money and tries again, and
 * what it holds is as good as before.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/occasion.h"

#include "port/pg_bitutils.h"

/* Buckets of more entries than this are not left to the insertion sort. */
#define BUCKET_MAX		16
#define MAX_LOG_BUCKETS	12

/* A customer with so many orders in one period is none. */
static void
orders_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("customer has more than %lld orders in one period",
					(long long) ORDERS_MAX)));
}

/* ---- sorting --------------------------------------------------------------- */

/* By identity and mark: -1, 0 or 1. */
static pg_attribute_always_inline int
compare_entries(const uint64 *a, const uint64 *b, int key_words)
{
	for (int i = 0; i <= key_words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static int
compare_entries_qsort(const void *a, const void *b, void *arg)
{
	return compare_entries(a, b, *(int *) arg);
}

static pg_attribute_always_inline void
insertion_sort(uint64 *entries, int64 n, int key_words, int stride)
{
	uint64		room[4];
	uint64	   *held = stride <= lengthof(room) ? room : palloc(stride * sizeof(uint64));

	for (int64 i = 1; i < n; i++)
	{
		uint64	   *entry = entries + i * stride;
		uint64	   *to = entry;

		if (compare_entries(entry - stride, entry, key_words) <= 0)
			continue;
		memcpy(held, entry, stride * sizeof(uint64));
		do
		{
			memcpy(to, to - stride, stride * sizeof(uint64));
			to -= stride;
		} while (to > entries && compare_entries(to - stride, held, key_words) > 0);
		memcpy(to, held, stride * sizeof(uint64));
	}
	if (held != room)
		pfree(held);
}

static pg_attribute_always_inline void
sort_shaped(const EntrySpan *spans, int nspans, int64 n, uint64 *to, int key_words, int stride)
{
	int			log_buckets = Min(pg_leftmost_one_pos64(n), MAX_LOG_BUCKETS);
	int			nbuckets = 1 << log_buckets;
	uint32		ends[(1 << MAX_LOG_BUCKETS) + 1];
	uint32		begin = 0;
	uint64		least = PG_UINT64_MAX;
	uint64		most = 0;
	int			shift;

	for (int s = 0; s < nspans; s++)
		for (int64 i = 0; i < spans[s].n; i++)
		{
			uint64		hash = spans[s].entries[i * stride];

			least = Min(least, hash);
			most = Max(most, hash);
		}
	shift = most == least ? 0 : Max(pg_leftmost_one_pos64(most - least) + 1 - log_buckets, 0);

	/*
	 * Hashes are spread over some range, so one pass takes each entry to within
	 * a few places of its own; the rest is for an insertion sort, which likes
	 * that.
	 */
	memset(ends, 0, (nbuckets + 1) * sizeof(uint32));
	for (int s = 0; s < nspans; s++)
		for (int64 i = 0; i < spans[s].n; i++)
			ends[((spans[s].entries[i * stride] - least) >> shift) + 1]++;
	for (int i = 1; i <= nbuckets; i++)
		ends[i] += ends[i - 1];
	for (int s = 0; s < nspans; s++)
		for (int64 i = 0; i < spans[s].n; i++)
		{
			const uint64 *entry = spans[s].entries + i * stride;

			memcpy(to + ends[(entry[0] - least) >> shift]++ * (Size) stride, entry,
				   stride * sizeof(uint64));
		}

	/* regulars make crowds: those go first, and one by one */
	for (int i = 0; i < nbuckets; i++)
	{
		uint32		end = ends[i];

		if (end - begin > BUCKET_MAX)
			qsort_arg(to + begin * (Size) stride, end - begin, stride * sizeof(uint64),
					  compare_entries_qsort, &key_words);
		begin = end;
	}
	insertion_sort(to, n, key_words, stride);
}

/* The entries of all spans, sorted, into room for as many. */
void
retention_sort_entries(const EntrySpan *spans, int nspans, uint64 *sorted, OccasionShape shape)
{
	int			stride = entry_words(shape);
	int64		n = 0;

	for (int s = 0; s < nspans; s++)
		n += spans[s].n;
	if (n <= BUCKET_MAX || n > PG_UINT32_MAX)
	{
		uint64	   *to = sorted;

		for (int s = 0; s < nspans; s++)
		{
			memcpy(to, spans[s].entries, spans[s].n * stride * sizeof(uint64));
			to += spans[s].n * stride;
		}
		if (n <= BUCKET_MAX)
			insertion_sort(sorted, n, shape.key_words, stride);
		else
			qsort_arg(sorted, n, stride * sizeof(uint64), compare_entries_qsort,
					  &shape.key_words);
		return;
	}
	if (shape.key_words == 1 && shape.nlimbs == 1)
		sort_shaped(spans, nspans, n, sorted, 1, 3);
	else if (shape.key_words == 2 && shape.nlimbs == 1)
		sort_shaped(spans, nspans, n, sorted, 2, 4);
	else if (shape.key_words == 1 && shape.nlimbs == 0)
		sort_shaped(spans, nspans, n, sorted, 1, 2);
	else
		sort_shaped(spans, nspans, n, sorted, shape.key_words, stride);
}

/* ---- combining ------------------------------------------------------------- */

/* Add an occasion to another one of the same period; false if money is too narrow. */
static pg_attribute_always_inline bool
add_occasion(uint64 *to, const uint64 *occasion, int nlimbs)
{
	int64		orders = mark_orders(*to) + mark_orders(*occasion);

	if (unlikely(orders > ORDERS_MAX))
		orders_out_of_range();
	if (nlimbs > 0 && unlikely(!money_add(to + 1, nlimbs, occasion + 1, nlimbs)))
		return false;
	*to = (*to & ~(uint64) ORDERS_MAX) | (uint64) orders;
	return true;
}

/*
 * Make one of sorted entries of the same customer and period.  Returns false
 * if money must be wider first.
 */
bool
retention_combine_entries(uint64 *entries, int64 *n, OccasionShape shape)
{
	int			stride = entry_words(shape);
	int			at = shape.key_words;
	uint64	   *end = entries + *n * stride;
	uint64	   *last = entries;	/* that others are added to */
	uint64	   *entry;
	bool		fits = true;

	if (*n == 0)
		return true;
	for (entry = entries + stride; entry < end; entry += stride)
	{
		if (compare_identity(last, entry, shape.key_words) == 0 &&
			(last[at] ^ entry[at]) >> ORDERS_BITS == 0)
		{
			fits = add_occasion(last + at, entry + at, shape.nlimbs);
			if (fits)
				continue;
			/* what is left stays as it is, in line */
			last += stride;
			memmove(last, entry, (char *) end - (char *) entry);
			*n = (last - entries) / stride + (end - entry) / stride;
			return false;
		}
		last += stride;
		if (last != entry)
			memcpy(last, entry, stride * sizeof(uint64));
	}
	*n = (last - entries) / stride + 1;
	return true;
}

static pg_attribute_always_inline bool
group_shaped(const uint64 *entries, int64 n, OccasionShape shape, Run *run)
{
	int			stride = entry_words(shape);
	int			words = occasion_words(shape);
	uint64	   *to = run->words;
	uint64	   *count = NULL;

	run->entries = 0;
	for (int64 i = 0; i < n; i++)
	{
		const uint64 *entry = entries + i * stride;
		const uint64 *occasion = entry + shape.key_words;

		if (i == 0 || compare_identity(entry - stride, entry, shape.key_words) != 0)
		{
			memcpy(to, entry, shape.key_words * sizeof(uint64));
			to += shape.key_words;
			count = to++;
			*count = 0;
		}
		else if ((occasion[0] ^ to[-words]) >> ORDERS_BITS == 0)
		{
			if (unlikely(!add_occasion(to - words, occasion, shape.nlimbs)))
				return false;
			continue;
		}
		memcpy(to, occasion, words * sizeof(uint64));
		to += words;
		(*count)++;
		run->entries++;
	}
	run->nwords = to - run->words;
	return true;
}

/*
 * A run of sorted entries, into group_words() of room; those of the same
 * customer and period become one.  Returns false if money must be wider first.
 */
bool
retention_group_entries(const uint64 *entries, int64 n, OccasionShape shape, Run *run)
{
	/* the shapes that shops have get a loop of their own */
	if (shape.nlimbs == 1)
	{
		if (shape.key_words == 1)
			return group_shaped(entries, n, (OccasionShape) {1, 1, shape.scale}, run);
		return group_shaped(entries, n, (OccasionShape) {2, 1, shape.scale}, run);
	}
	if (shape.nlimbs == 0 && shape.key_words == 1)
		return group_shaped(entries, n, (OccasionShape) {1, 0, 0}, run);
	return group_shaped(entries, n, shape, run);
}

/*
 * The occasions of one customer in two runs, into room for all of them; n says
 * how many they are.  Returns false if money must be wider first.
 */
bool
retention_merge_customer(const CustomerView *a, const CustomerView *b, OccasionShape shape,
						 uint64 *to, int64 *n)
{
	int			words = occasion_words(shape);
	const uint64 *from_a = a->occasions;
	const uint64 *from_b = b->occasions;
	const uint64 *end_a = from_a + a->n * words;
	const uint64 *end_b = from_b + b->n * words;
	uint64	   *start = to;

	while (from_a < end_a && from_b < end_b)
	{
		uint64		period_a = *from_a >> ORDERS_BITS;
		uint64		period_b = *from_b >> ORDERS_BITS;

		if (period_a < period_b)
		{
			memcpy(to, from_a, words * sizeof(uint64));
			from_a += words;
		}
		else
		{
			memcpy(to, from_b, words * sizeof(uint64));
			from_b += words;
			if (period_a == period_b)
			{
				if (unlikely(!add_occasion(to, from_a, shape.nlimbs)))
					return false;
				from_a += words;
			}
		}
		to += words;
	}
	memcpy(to, from_a, (char *) end_a - (char *) from_a);
	to += end_a - from_a;
	memcpy(to, from_b, (char *) end_b - (char *) from_b);
	to += end_b - from_b;
	*n = (to - start) / words;
	return true;
}

/* ---- wider money ----------------------------------------------------------- */

/* The same entry with other limbs and a scale not smaller; false if it doesn't fit. */
bool
retention_convert_entry(const uint64 *entry, OccasionShape shape, uint64 *converted,
						OccasionShape to)
{
	int			at = shape.key_words + 1;

	memcpy(converted, entry, at * sizeof(uint64));
	return shape.nlimbs == 0 ||
		retention_money_convert(entry + at, shape.nlimbs, shape.scale,
								converted + at, to.nlimbs, to.scale);
}

bool
retention_convert_run(const Run *run, OccasionShape shape, Run *converted, OccasionShape to)
{
	RunCursor	cursor;
	CustomerView customer;
	uint64	   *at = converted->words;

	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
	{
		memcpy(at, customer.identity, customer_words(shape) * sizeof(uint64));
		at += customer_words(shape);
		for (int64 i = 0; i < customer.n; i++)
		{
			const uint64 *occasion = customer.occasions + i * occasion_words(shape);

			*at = *occasion;
			if (shape.nlimbs > 0 &&
				!retention_money_convert(occasion + 1, shape.nlimbs, shape.scale,
										 at + 1, to.nlimbs, to.scale))
				return false;
			at += occasion_words(to);
		}
	}
	converted->nwords = at - converted->words;
	converted->entries = run->entries;
	return true;
}
