/*-------------------------------------------------------------------------
 *
 * histogram.c
 *	  How often each key was seen: the running state.  See histogram.h.
 *
 * Entries are sorted by code made for their width, as comparing and moving
 * three or four words inline takes a quarter of the time that qsort() takes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "histogram/histogram.h"

#include "common/int.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* A group of a few entries should take little memory. */
#define HISTOGRAM_FIRST_CAPACITY	4

#define HISTOGRAM_SCALE				1099511627776.0 /* 2^40 */

/* Beyond this (2^53) a sum of logarithms has no digits behind the point. */
#define HISTOGRAM_LOG_LIMIT			9007199254740992.0

typedef struct HistogramShape
{
	const char *type;
	const char *counted;
	uint8		keys;
	uint8		width;
} HistogramShape;

static const HistogramShape shapes[] = {
	[HISTOGRAM_SURVIVAL] = {"survival_histogram", "observations", 1, 3},
	[HISTOGRAM_REPEAT_BUYING] = {"repeat_buying_histogram", "customers", 3, 4},
	[HISTOGRAM_REPEAT_SPEND] = {"repeat_spend_histogram", "customers", 2, 3},
	[HISTOGRAM_RENEWALS] = {"renewals_histogram", "survivors", 1, 3}
};

const char *
retention_histogram_type(HistogramKind kind)
{
	return shapes[kind].type;
}

/* ---- sorting ---- */

typedef struct Entry3
{
	uint64		words[3];
} Entry3;

typedef struct Entry4
{
	uint64		words[4];
} Entry4;

static inline int
compare_words(const uint64 *a, const uint64 *b, int keys)
{
	for (int i = 0; i < keys; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

#define ST_SORT sort_by_one_of_3
#define ST_ELEMENT_TYPE Entry3
#define ST_COMPARE(a, b) compare_words((a)->words, (b)->words, 1)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_by_two_of_3
#define ST_ELEMENT_TYPE Entry3
#define ST_COMPARE(a, b) compare_words((a)->words, (b)->words, 2)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_by_three_of_4
#define ST_ELEMENT_TYPE Entry4
#define ST_COMPARE(a, b) compare_words((a)->words, (b)->words, 3)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static void
sort_entries(Histogram *histogram, int32 first, int32 n)
{
	uint64	   *entries = histogram_entry(histogram, first);

	if (histogram->keys == 1)
		sort_by_one_of_3((Entry3 *) entries, n);
	else if (histogram->keys == 2)
		sort_by_two_of_3((Entry3 *) entries, n);
	else
		sort_by_three_of_4((Entry4 *) entries, n);
}

/* ---- adding up ---- */

void
retention_histogram_out_of_range(HistogramKind kind)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("number of %s in a %s is out of range", shapes[kind].counted,
					shapes[kind].type),
			 errdetail("It would be above %lld.", (long long) PG_INT64_MAX)));
}

/* Add the counts of one entry to those of another, of the same key. */
static void
add_counts(const Histogram *histogram, uint64 *to, const uint64 *from)
{
	for (int i = histogram->keys; i < histogram->width; i++)
	{
		int64		sum;

		if (pg_add_s64_overflow((int64) to[i], (int64) from[i], &sum))
			retention_histogram_out_of_range(histogram->kind);
		to[i] = (uint64) sum;
	}
}

/* Sort what is behind the run and make equal keys one; returns how many are left. */
static int32
sort_rest(Histogram *histogram)
{
	int32		n = histogram->used - histogram->sorted;
	int			width = histogram->width;
	uint64	   *last = histogram_entry(histogram, histogram->sorted);
	const uint64 *entry = last + width;

	sort_entries(histogram, histogram->sorted, n);
	for (int32 i = 1; i < n; i++, entry += width)
	{
		if (compare_words(last, entry, histogram->keys) == 0)
			add_counts(histogram, last, entry);
		else
		{
			last += width;
			if (last != entry)
				memcpy(last, entry, width * sizeof(uint64));
		}
	}
	return (int32) ((last - histogram_entry(histogram, histogram->sorted)) / width) + 1;
}

/*
 * Merge what is behind the sorted run into it.  From the end, into the room
 * that both have together, so that only the rest needs a copy.
 */
static void
compact(Histogram *histogram)
{
	int			width = histogram->width;
	int			keys = histogram->keys;
	int32		n;
	uint64	   *copy;
	const uint64 *rest;
	const uint64 *run;
	uint64	   *to;
	uint64	   *end;

	if (histogram->sorted == histogram->used)
		return;
	n = sort_rest(histogram);
	histogram->used = histogram->sorted + n;
	end = histogram_entry(histogram, histogram->used);
	rest = histogram_entry(histogram, histogram->sorted);
	if (histogram->sorted == 0 || compare_words(rest - width, rest, keys) < 0)
	{
		histogram->sorted = histogram->used;
		return;
	}

	copy = palloc((Size) n * width * sizeof(uint64));
	memcpy(copy, rest, (Size) n * width * sizeof(uint64));
	run = rest - width;			/* last entries of both that are not yet
								 * merged */
	rest = copy + (Size) (n - 1) * width;
	to = end;
	while (rest >= copy)
	{
		int			order = run >= histogram->words ? compare_words(run, rest, keys) : -1;

		to -= width;
		memmove(to, order > 0 ? run : rest, width * sizeof(uint64));
		if (order == 0)
			add_counts(histogram, to, run);
		if (order >= 0)
			run -= width;
		if (order <= 0)
			rest -= width;
	}
	pfree(copy);

	/* what was one in both leaves a gap between what is left of the run and the merged */
	n = (int32) ((end - to) / width);
	memmove((uint64 *) run + width, to, (Size) n * width * sizeof(uint64));
	histogram->used = histogram->sorted = (int32) ((run + width - histogram->words) / width) + n;
}

/* ---- room ---- */

static inline Size
histogram_size(int width, int64 capacity)
{
	return offsetof(Histogram, words) + (Size) capacity * width * sizeof(uint64);
}

#ifdef USE_ASSERT_CHECKING
void
retention_histogram_check(const Histogram *histogram)
{
	Assert(histogram->form == HISTOGRAM_RUNNING);
	Assert(histogram->kind >= HISTOGRAM_SURVIVAL && histogram->kind <= HISTOGRAM_KIND_LAST);
	Assert(histogram->keys == shapes[histogram->kind].keys && histogram->width == shapes[histogram->kind].width);
	Assert(histogram->sorted >= 0 && histogram->sorted <= histogram->used && histogram->used <= histogram->capacity);
	Assert(VARSIZE(histogram) == histogram_size(histogram->width, histogram->capacity));
	Assert(histogram->kind == HISTOGRAM_REPEAT_BUYING ||
		   (histogram->same_day_orders == 0 && histogram->log_gaps.low == 0 && histogram->log_gaps.high == 0));
	Assert(histogram->same_day_orders >= 0);
	Assert(histogram->kind == HISTOGRAM_REPEAT_BUYING ||
		   (histogram->kind == HISTOGRAM_RENEWALS ? histogram->note >= 0 : histogram->note == 0));
	for (int32 i = 0; i < histogram->used; i++)
	{
		const uint64 *entry = histogram->words + (Size) i * histogram->width;
		int64		any = 0;

		for (int part = 0; part < histogram->keys; part++)
			Assert(histogram_key(histogram, i, part) >= 0 && !isinf(histogram_key(histogram, i, part)));
		for (int which = 0; which < histogram->width - histogram->keys; which++)
		{
			Assert(histogram_count(histogram, i, which) >= 0);
			any |= histogram_count(histogram, i, which);
		}
		Assert(any > 0);
		Assert(i == 0 || i >= histogram->sorted ||
			   compare_words(entry - histogram->width, entry, histogram->keys) < 0);
	}
}
#endif

/* A copy with this much room, which is no less than what is in use. */
static Histogram *
copy_histogram(const Histogram *histogram, int64 capacity)
{
	Size		size = histogram_size(histogram->width, capacity);
	Size		used = histogram_size(histogram->width, histogram->used);
	Histogram  *copy = palloc(size);

	memcpy(copy, histogram, used);
	/* the room may be stored with the rest: it holds nobody else's memory */
	memset((char *) copy + used, 0, size - used);
	SET_VARSIZE(copy, histogram_size(histogram->width, capacity));
	copy->capacity = (int32) capacity;
	return copy;
}

/*
 * Room for so many more entries: the same state or a larger one.
 * As much room is made as is in use, or entries would be moved too often; only
 * near the limit of what a value can be, a little is enough.
 */
Histogram *
retention_histogram_reserve(Histogram *histogram, int64 more)
{
	int64		most = (MaxAllocSize - offsetof(Histogram, words)) / (histogram->width * sizeof(uint64));
	int64		capacity = Max(histogram->capacity, HISTOGRAM_FIRST_CAPACITY);

	if (histogram->capacity - histogram->used >= more)
		return histogram;
	compact(histogram);
	while (capacity - histogram->used < Max(more, histogram->used))
		capacity *= 2;
	capacity = Min(capacity, most);
	if (capacity - histogram->used < Max(more, histogram->used / 16))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s of more than %lld different entries is too large",
						shapes[histogram->kind].type, (long long) histogram->used),
				 errhint("Round the numbers that go into it, or aggregate smaller groups.")));
	if (capacity > histogram->capacity)
		histogram = copy_histogram(histogram, capacity);
	retention_histogram_check(histogram);
	return histogram;
}

/* How many counts an entry has. */
int
retention_histogram_counts(HistogramKind kind)
{
	return shapes[kind].width - shapes[kind].keys;
}

/* ---- building ---- */

Histogram *
retention_histogram_create(HistogramKind kind)
{
	int			width = shapes[kind].width;
	Size		size = histogram_size(width, HISTOGRAM_FIRST_CAPACITY);
	Histogram  *histogram = palloc0(size);

	SET_VARSIZE(histogram, size);
	histogram->form = HISTOGRAM_RUNNING;
	histogram->kind = (uint8) kind;
	histogram->keys = shapes[kind].keys;
	histogram->width = shapes[kind].width;
	histogram->capacity = HISTOGRAM_FIRST_CAPACITY;
	histogram->note = kind == HISTOGRAM_REPEAT_BUYING ? HISTOGRAM_NO_DAY : 0;
	return histogram;
}

/* Does the key come behind the other one, and is not the same? */
static inline bool
is_after(const uint64 *key, const uint64 *other, int keys)
{
	for (int i = 0; i < keys; i++)
		if (key[i] != other[i])
			return key[i] > other[i];
	return false;
}

Histogram *
retention_histogram_add(Histogram *histogram, const double *key, const int64 *counts)
{
	uint64	   *entry;

	if (unlikely(histogram->used == histogram->capacity))
		histogram = retention_histogram_reserve(histogram, 1);
	entry = histogram_entry(histogram, histogram->used++);
	for (int i = 0; i < histogram->keys; i++)
	{
		double		part = key[i] + 0.0;	/* there is no negative zero */

		Assert(part >= 0 && !isinf(part));
		memcpy(entry + i, &part, sizeof(part));
	}
	for (int i = histogram->keys; i < histogram->width; i++)
		entry[i] = (uint64) counts[i - histogram->keys];

	/* what comes in order needs no sorting */
	if (histogram->sorted == histogram->used - 1 &&
		(histogram->used == 1 || is_after(entry, entry - histogram->width, histogram->keys)))
		histogram->sorted = histogram->used;
	return histogram;
}

bool
retention_histogram_sum_add(HistogramSum *sum, HistogramSum other)
{
	uint64		low = sum->low + other.low;
	int64		high;

	if (!histogram_sum_is_known(*sum) || !histogram_sum_is_known(other))
	{
		*sum = (HistogramSum) {0, PG_INT64_MIN};
		return true;
	}
	if (pg_add_s64_overflow(sum->high, other.high, &high) ||
		pg_add_s64_overflow(high, low < sum->low, &high))
		return false;
	sum->low = low;
	sum->high = high;
	return histogram_sum_is_known(*sum);
}

static HistogramSum
sum_negated(HistogramSum sum)
{
	HistogramSum result;

	result.low = 0 - sum.low;
	result.high = (int64) (~(uint64) sum.high + (sum.low == 0));
	return result;
}

double
retention_histogram_sum_float8(HistogramSum sum)
{
	bool		negative = sum.high < 0;

	if (negative)
		sum = sum_negated(sum);
	return (negative ? -1 : 1) *
		((double) (uint64) sum.high * 18446744073709551616.0 + (double) sum.low) / HISTOGRAM_SCALE;
}

static void
log_gaps_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("sum of the logarithms of gaps is out of range")));
}

void
retention_histogram_add_log_gaps(Histogram *histogram, double log_gaps)
{
	double		size = rint(fabs(log_gaps) * HISTOGRAM_SCALE);
	double		high = floor(size / 18446744073709551616.0);
	HistogramSum sum;

	if (!(fabs(log_gaps) <= HISTOGRAM_LOG_LIMIT))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of the logarithms of a customer's gaps is out of range: %g",
						log_gaps)));
	sum.high = (int64) high;
	sum.low = (uint64) (size - high * 18446744073709551616.0);
	if (log_gaps < 0)
		sum = sum_negated(sum);
	if (!retention_histogram_sum_add(&histogram->log_gaps, sum))
		log_gaps_out_of_range();
}

/* A customer whose gaps are not known: then nor are those of all. */
void
retention_histogram_add_unknown_gaps(Histogram *histogram)
{
	histogram->log_gaps = (HistogramSum) {0, PG_INT64_MIN};
}

void
retention_histogram_add_same_day_orders(Histogram *histogram, int64 orders)
{
	if (pg_add_s64_overflow(histogram->same_day_orders, orders, &histogram->same_day_orders))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of orders merged into days is out of range")));
}

/* The later of two days; of two models there must be one. */
void
retention_histogram_add_note(Histogram *histogram, int32 note)
{
	if (histogram->kind == HISTOGRAM_RENEWALS && note != 0 && histogram->note != 0 && histogram->note != note)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("renewals are for different models"),
				 errhint("The model must be the same in all rows.")));
	histogram->note = Max(histogram->note, note);
}

/* Add all that another knows. */
Histogram *
retention_histogram_merge(Histogram *histogram, const Histogram *other)
{
	if (histogram->kind != other->kind)
		elog(ERROR, "histograms of kinds %d and %d cannot be merged", histogram->kind, other->kind);
	histogram = retention_histogram_reserve(histogram, other->used);
	memcpy(histogram_entry(histogram, histogram->used), other->words,
		   (Size) other->used * other->width * sizeof(uint64));
	histogram->used += other->used;
	retention_histogram_add_same_day_orders(histogram, other->same_day_orders);
	retention_histogram_add_note(histogram, other->note);
	if (!retention_histogram_sum_add(&histogram->log_gaps, other->log_gaps))
		log_gaps_out_of_range();
	retention_histogram_check(histogram);
	return histogram;
}

/* A copy, sorted: the original may be asked again and must not change. */
Histogram *
retention_histogram_compacted(const Histogram *histogram)
{
	Histogram  *copy = copy_histogram(histogram, histogram->used);

	compact(copy);
	retention_histogram_check(copy);
	return copy;
}

/* ---- asking ---- */

/* The sum of one of the counts. */
int64
retention_histogram_total(const Histogram *histogram, int which)
{
	int64		total = 0;

	for (int32 i = 0; i < histogram->used; i++)
		if (pg_add_s64_overflow(total, histogram_count(histogram, i, which), &total))
			retention_histogram_out_of_range(histogram->kind);
	return total;
}
