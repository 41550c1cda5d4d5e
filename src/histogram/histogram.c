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

/* A group of a few rows should take little memory. */
#define TALLY_FIRST_CAPACITY	4

#define TALLY_SCALE				1099511627776.0 /* 2^40 */

/* Beyond this (2^53) a sum of logarithms has no digits behind the point. */
#define TALLY_LOG_LIMIT			9007199254740992.0

typedef struct TallyShape
{
	const char *type;
	const char *counted;
	uint8		keys;
	uint8		width;
} TallyShape;

static const TallyShape shapes[] = {
	[TALLY_SURVIVAL] = {"survival", "observations", 1, 3},
	[TALLY_REPEAT_BUYING] = {"repeat_buying", "customers", 3, 4},
	[TALLY_REPEAT_SPEND] = {"repeat_spend", "customers", 2, 3},
	[TALLY_RENEWALS] = {"renewals", "survivors", 1, 3}
};

const char *
retention_tally_type(TallyKind kind)
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
sort_entries(Tally *tally, int32 first, int32 n)
{
	uint64	   *entries = tally_entry(tally, first);

	if (tally->keys == 1)
		sort_by_one_of_3((Entry3 *) entries, n);
	else if (tally->keys == 2)
		sort_by_two_of_3((Entry3 *) entries, n);
	else
		sort_by_three_of_4((Entry4 *) entries, n);
}

/* ---- adding up ---- */

void
retention_tally_out_of_range(TallyKind kind)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("number of %s in a %s is out of range", shapes[kind].counted,
					shapes[kind].type),
			 errdetail("It would be above %lld.", (long long) PG_INT64_MAX)));
}

/* Add the counts of one entry to those of another, of the same key. */
static void
add_counts(const Tally *tally, uint64 *to, const uint64 *from)
{
	for (int i = tally->keys; i < tally->width; i++)
	{
		int64		sum;

		if (pg_add_s64_overflow((int64) to[i], (int64) from[i], &sum))
			retention_tally_out_of_range(tally->kind);
		to[i] = (uint64) sum;
	}
}

/* Sort the tail and make equal keys one; returns how many are left. */
static int32
sort_tail(Tally *tally)
{
	int32		n = tally->used - tally->sorted;
	int			width = tally->width;
	uint64	   *last = tally_entry(tally, tally->sorted);
	const uint64 *entry = last + width;

	sort_entries(tally, tally->sorted, n);
	for (int32 i = 1; i < n; i++, entry += width)
	{
		if (compare_words(last, entry, tally->keys) == 0)
			add_counts(tally, last, entry);
		else
		{
			last += width;
			if (last != entry)
				memcpy(last, entry, width * sizeof(uint64));
		}
	}
	return (int32) ((last - tally_entry(tally, tally->sorted)) / width) + 1;
}

/*
 * Merge the tail into the sorted run.  From the end, into the room that both
 * have together, so that only the tail needs a copy.
 */
static void
compact(Tally *tally)
{
	int			width = tally->width;
	int			keys = tally->keys;
	int32		n;
	uint64	   *copy;
	const uint64 *tail;
	const uint64 *run;
	uint64	   *to;
	uint64	   *end;

	if (tally->sorted == tally->used)
		return;
	n = sort_tail(tally);
	tally->used = tally->sorted + n;
	end = tally_entry(tally, tally->used);
	tail = tally_entry(tally, tally->sorted);
	if (tally->sorted == 0 || compare_words(tail - width, tail, keys) < 0)
	{
		tally->sorted = tally->used;
		return;
	}

	copy = palloc((Size) n * width * sizeof(uint64));
	memcpy(copy, tail, (Size) n * width * sizeof(uint64));
	run = tail - width;			/* last entries of both that are not yet
								 * merged */
	tail = copy + (Size) (n - 1) * width;
	to = end;
	while (tail >= copy)
	{
		int			order = run >= tally->words ? compare_words(run, tail, keys) : -1;

		to -= width;
		memmove(to, order > 0 ? run : tail, width * sizeof(uint64));
		if (order == 0)
			add_counts(tally, to, run);
		if (order >= 0)
			run -= width;
		if (order <= 0)
			tail -= width;
	}
	pfree(copy);

	/* what was one in both leaves a gap between the run's rest and the merged */
	n = (int32) ((end - to) / width);
	memmove((uint64 *) run + width, to, (Size) n * width * sizeof(uint64));
	tally->used = tally->sorted = (int32) ((run + width - tally->words) / width) + n;
}

/* ---- room ---- */

static inline Size
tally_size(int width, int64 capacity)
{
	return offsetof(Tally, words) + (Size) capacity * width * sizeof(uint64);
}

#ifdef USE_ASSERT_CHECKING
void
retention_tally_check(const Tally *tally)
{
	Assert(tally->form == TALLY_RUNNING);
	Assert(tally->kind >= TALLY_SURVIVAL && tally->kind <= TALLY_KIND_LAST);
	Assert(tally->keys == shapes[tally->kind].keys && tally->width == shapes[tally->kind].width);
	Assert(tally->sorted >= 0 && tally->sorted <= tally->used && tally->used <= tally->capacity);
	Assert(VARSIZE(tally) == tally_size(tally->width, tally->capacity));
	Assert(tally->kind == TALLY_REPEAT_BUYING ||
		   (tally->collapsed == 0 && tally->log_gaps.low == 0 && tally->log_gaps.high == 0));
	Assert(tally->collapsed >= 0);
	Assert(tally->kind == TALLY_REPEAT_BUYING ||
		   (tally->kind == TALLY_RENEWALS ? tally->note >= 0 : tally->note == 0));
	for (int32 i = 0; i < tally->used; i++)
	{
		const uint64 *entry = tally->words + (Size) i * tally->width;
		int64		any = 0;

		for (int part = 0; part < tally->keys; part++)
			Assert(tally_key(tally, i, part) >= 0 && !isinf(tally_key(tally, i, part)));
		for (int which = 0; which < tally->width - tally->keys; which++)
		{
			Assert(tally_count(tally, i, which) >= 0);
			any |= tally_count(tally, i, which);
		}
		Assert(any > 0);
		Assert(i == 0 || i >= tally->sorted ||
			   compare_words(entry - tally->width, entry, tally->keys) < 0);
	}
}
#endif

/* A copy with this much room, which is no less than what is in use. */
static Tally *
copy_tally(const Tally *tally, int64 capacity)
{
	Size		size = tally_size(tally->width, capacity);
	Size		used = tally_size(tally->width, tally->used);
	Tally	   *copy = palloc(size);

	memcpy(copy, tally, used);
	/* the room may be stored with the rest: it holds nobody else's memory */
	memset((char *) copy + used, 0, size - used);
	SET_VARSIZE(copy, tally_size(tally->width, capacity));
	copy->capacity = (int32) capacity;
	return copy;
}

/*
 * Room for so many more entries in the tail: the same state or a larger one.
 * As much room is made as is in use, or entries would be moved too often; only
 * near the limit of what a value can be, a little is enough.
 */
Tally *
retention_tally_reserve(Tally *tally, int64 more)
{
	int64		most = (MaxAllocSize - offsetof(Tally, words)) / (tally->width * sizeof(uint64));
	int64		capacity = Max(tally->capacity, TALLY_FIRST_CAPACITY);

	if (tally->capacity - tally->used >= more)
		return tally;
	compact(tally);
	while (capacity - tally->used < Max(more, tally->used))
		capacity *= 2;
	capacity = Min(capacity, most);
	if (capacity - tally->used < Max(more, tally->used / 16))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s of more than %lld different entries is too large",
						shapes[tally->kind].type, (long long) tally->used),
				 errhint("Round the numbers that go into it, or aggregate smaller groups.")));
	if (capacity > tally->capacity)
		tally = copy_tally(tally, capacity);
	retention_tally_check(tally);
	return tally;
}

/* How many counts an entry has. */
int
retention_tally_counts(TallyKind kind)
{
	return shapes[kind].width - shapes[kind].keys;
}

/* ---- building ---- */

Tally *
retention_tally_create(TallyKind kind)
{
	int			width = shapes[kind].width;
	Size		size = tally_size(width, TALLY_FIRST_CAPACITY);
	Tally	   *tally = palloc0(size);

	SET_VARSIZE(tally, size);
	tally->form = TALLY_RUNNING;
	tally->kind = (uint8) kind;
	tally->keys = shapes[kind].keys;
	tally->width = shapes[kind].width;
	tally->capacity = TALLY_FIRST_CAPACITY;
	tally->note = kind == TALLY_REPEAT_BUYING ? TALLY_NO_DAY : 0;
	return tally;
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

Tally *
retention_tally_add(Tally *tally, const double *key, const int64 *counts)
{
	uint64	   *entry;

	if (unlikely(tally->used == tally->capacity))
		tally = retention_tally_reserve(tally, 1);
	entry = tally_entry(tally, tally->used++);
	for (int i = 0; i < tally->keys; i++)
	{
		double		part = key[i] + 0.0;	/* there is no negative zero */

		Assert(part >= 0 && !isinf(part));
		memcpy(entry + i, &part, sizeof(part));
	}
	for (int i = tally->keys; i < tally->width; i++)
		entry[i] = (uint64) counts[i - tally->keys];

	/* what comes in order needs no sorting */
	if (tally->sorted == tally->used - 1 &&
		(tally->used == 1 || is_after(entry, entry - tally->width, tally->keys)))
		tally->sorted = tally->used;
	return tally;
}

bool
retention_tally_sum_add(TallySum *sum, TallySum other)
{
	uint64		low = sum->low + other.low;
	int64		high;

	if (!tally_sum_is_known(*sum) || !tally_sum_is_known(other))
	{
		*sum = (TallySum) {0, PG_INT64_MIN};
		return true;
	}
	if (pg_add_s64_overflow(sum->high, other.high, &high) ||
		pg_add_s64_overflow(high, low < sum->low, &high))
		return false;
	sum->low = low;
	sum->high = high;
	return tally_sum_is_known(*sum);
}

static TallySum
sum_negated(TallySum sum)
{
	TallySum	result;

	result.low = 0 - sum.low;
	result.high = (int64) (~(uint64) sum.high + (sum.low == 0));
	return result;
}

double
retention_tally_sum_float8(TallySum sum)
{
	bool		negative = sum.high < 0;

	if (negative)
		sum = sum_negated(sum);
	return (negative ? -1 : 1) *
		((double) (uint64) sum.high * 18446744073709551616.0 + (double) sum.low) / TALLY_SCALE;
}

static void
log_gaps_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("sum of the logarithms of gaps is out of range")));
}

void
retention_tally_add_log_gaps(Tally *tally, double log_gaps)
{
	double		size = rint(fabs(log_gaps) * TALLY_SCALE);
	double		high = floor(size / 18446744073709551616.0);
	TallySum	sum;

	if (!(fabs(log_gaps) <= TALLY_LOG_LIMIT))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of the logarithms of a customer's gaps is out of range: %g",
						log_gaps)));
	sum.high = (int64) high;
	sum.low = (uint64) (size - high * 18446744073709551616.0);
	if (log_gaps < 0)
		sum = sum_negated(sum);
	if (!retention_tally_sum_add(&tally->log_gaps, sum))
		log_gaps_out_of_range();
}

/* A customer whose gaps are not known: then nor are those of all. */
void
retention_tally_add_unknown_gaps(Tally *tally)
{
	tally->log_gaps = (TallySum) {0, PG_INT64_MIN};
}

void
retention_tally_add_collapsed(Tally *tally, int64 orders)
{
	if (pg_add_s64_overflow(tally->collapsed, orders, &tally->collapsed))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of orders merged into days is out of range")));
}

/* The later of two days; of two models there must be one. */
void
retention_tally_add_note(Tally *tally, int32 note)
{
	if (tally->kind == TALLY_RENEWALS && note != 0 && tally->note != 0 && tally->note != note)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("renewals are for different models"),
				 errhint("The model must be the same in all rows.")));
	tally->note = Max(tally->note, note);
}

/* Add all that another knows. */
Tally *
retention_tally_merge(Tally *tally, const Tally *other)
{
	if (tally->kind != other->kind)
		elog(ERROR, "tallies of kinds %d and %d cannot be merged", tally->kind, other->kind);
	tally = retention_tally_reserve(tally, other->used);
	memcpy(tally_entry(tally, tally->used), other->words,
		   (Size) other->used * other->width * sizeof(uint64));
	tally->used += other->used;
	retention_tally_add_collapsed(tally, other->collapsed);
	retention_tally_add_note(tally, other->note);
	if (!retention_tally_sum_add(&tally->log_gaps, other->log_gaps))
		log_gaps_out_of_range();
	retention_tally_check(tally);
	return tally;
}

/* A copy without a tail: the original may be asked again and must not change. */
Tally *
retention_tally_compacted(const Tally *tally)
{
	Tally	   *copy = copy_tally(tally, tally->used);

	compact(copy);
	retention_tally_check(copy);
	return copy;
}

/* ---- asking ---- */

/* The sum of one of the counts. */
int64
retention_tally_total(const Tally *tally, int which)
{
	int64		total = 0;

	for (int32 i = 0; i < tally->used; i++)
		if (pg_add_s64_overflow(total, tally_count(tally, i, which), &total))
			retention_tally_out_of_range(tally->kind);
	return total;
}
