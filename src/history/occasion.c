/*-------------------------------------------------------------------------
 *
 * occasion.c
 *	  The occasions of customers in memory: entries, sorted and added up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/occasion.h"

#include "port/pg_bitutils.h"

/*
 * Buckets of more entries than this are not left to the insertion sort.  It's more
 * than a regular has, whose orders mostly come in their order.
 */
#define BUCKET_MAX		64
#define MAX_LOG_BUCKETS	12

/* A customer with so many orders in one period is none; guests and rows without a time may be as many. */
void
retention_too_many_rows(OccasionKind kind)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 kind <= OF_CUSTOMERS_LAST ?
			 errmsg("customer has more than %lld orders in one period", (long long) COUNT_MAX) :
			 kind < OF_NO_AMOUNT ?
			 errmsg("guests have more than %lld orders in one period", (long long) COUNT_MAX) :
			 errmsg("purchase history has more than %lld rows that don't count for one reason", (long long) COUNT_MAX)));
}

void
retention_elsewhere_add(Elsewhere *elsewhere, const uint64 *identity, uint64 mark, int key_words,
					   Money money)
{
	uint64		key[WIDE_KEY_WORDS];

	occasion_wide_key(key, identity, mark, key_words);
	retention_wide_add(&elsewhere->list, key, money);
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
insertion_sort(uint64 *entries, int64 n, OccasionShape shape)
{
	int			stride = entry_words(shape);
	uint64		held[OCCASION_ENTRY_WORDS];

	for (int64 i = 1; i < n; i++)
	{
		uint64	   *entry = entries + i * stride;
		uint64	   *to = entry;

		if (compare_entries(entry - stride, entry, shape.key_words) <= 0)
			continue;
		copy_words(held, entry, stride);
		do
		{
			copy_words(to, to - stride, stride);
			to -= stride;
		} while (to > entries && compare_entries(to - stride, held, shape.key_words) > 0);
		copy_words(to, held, stride);
	}
}

static void
sort_by_comparing(uint64 *entries, int64 n, OccasionShape shape)
{
	qsort_arg(entries, n, entry_words(shape) * sizeof(uint64), compare_entries_qsort,
			  &shape.key_words);
}

/* One after the other. */
static pg_attribute_always_inline void
collect(const EntrySpan *spans, int nspans, uint64 *to, OccasionShape shape)
{
	for (int s = 0; s < nspans; s++)
	{
		int64		nwords = spans[s].n * entry_words(shape);

		memcpy(to, spans[s].entries, nwords * sizeof(uint64));
		to += nwords;
	}
}

/*
 * Hashes are spread over some range, so one pass takes each entry to within a few
 * places of its own; the rest is for an insertion sort, which likes that.
 */
static pg_attribute_always_inline void
sort_by_hash(const EntrySpan *spans, int nspans, int64 n, uint64 *to, OccasionShape shape)
{
	int			stride = entry_words(shape);
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

			copy_words(to + ends[(entry[0] - least) >> shift]++ * (Size) stride, entry, stride);
		}

	/* regulars make crowds: those go first, and one by one */
	for (int i = 0; i < nbuckets; i++)
	{
		uint32		end = ends[i];

		if (end - begin > BUCKET_MAX)
			sort_by_comparing(to + begin * (Size) stride, end - begin, shape);
		begin = end;
	}
	insertion_sort(to, n, shape);
}

static pg_attribute_always_inline void
sort_shaped(const EntrySpan *spans, int nspans, uint64 *sorted, OccasionShape shape)
{
	int64		n = 0;

	for (int s = 0; s < nspans; s++)
		n += spans[s].n;
	if (n > BUCKET_MAX && n <= PG_UINT32_MAX)
		sort_by_hash(spans, nspans, n, sorted, shape);
	else
	{
		collect(spans, nspans, sorted, shape);
		if (n <= BUCKET_MAX)
			insertion_sort(sorted, n, shape);
		else
			sort_by_comparing(sorted, n, shape);
	}
}

/* The entries of all spans, sorted, into room for as many. */
void
retention_sort_entries(const EntrySpan *spans, int nspans, uint64 *sorted, OccasionShape shape)
{
	FOR_SHAPE(shape, sort_shaped(spans, nspans, sorted, shaped));
}

/* ---- combining ------------------------------------------------------------- */

/* Make one of sorted entries of the same customer, period and kind; how many are left? */
int64
retention_combine_entries(uint64 *entries, int64 n, OccasionShape shape, Elsewhere *elsewhere)
{
	int			stride = entry_words(shape);
	int			at = shape.key_words;
	uint64	   *end = entries + n * stride;
	uint64	   *last = entries; /* that others are added to */

	if (n == 0)
		return 0;
	for (uint64 *entry = entries + stride; entry < end; entry += stride)
	{
		if (compare_identity(last, entry, at) == 0 && (last[at] ^ entry[at]) >> COUNT_BITS == 0)
		{
			add_occasion(last + at, entry + at, entry, shape, elsewhere);
			continue;
		}
		last += stride;
		if (last != entry)
			copy_words(last, entry, stride);
	}
	return (last - entries) / stride + 1;
}

/* ---- other units ----------------------------------------------------------- */

/* The same occasion in as many words or more, in units of a scale no smaller. */
void
retention_convert_occasion(const uint64 *occasion, int words, int scale, uint64 *to, int to_words,
						   const uint64 *identity, int key_words, Elsewhere *elsewhere)
{
	uint64		units[UNITS_MAX_WORDS];

	to[0] = occasion[0];
	if (words == 0)
		return;
	Assert(words <= to_words && scale <= elsewhere->scale);
	units_widen(units, to_words, occasion + 1, words);
	if (scale < elsewhere->scale &&
		!retention_units_rescale(units, to_words, elsewhere->scale - scale))
	{
		retention_elsewhere_add(elsewhere, identity, occasion[0], key_words,
							   retention_units_money(occasion + 1, words, scale));
		memset(units, 0, sizeof(units));
	}
	copy_words(to + 1, units, to_words);
}
