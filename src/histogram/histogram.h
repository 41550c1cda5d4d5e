/*-------------------------------------------------------------------------
 *
 * histogram.h
 *	  How often each key was seen: an exact histogram, sorted keys with counts,
 *	  which can be merged.
 *
 * Where the answer to a question depends only on how many customers have the
 * same few numbers, those counts are all that has to be kept, and they merge.
 * Four types are such histograms:
 *
 *	kind			key								counts
 *	survival		duration						events, censored
 *	repeat_buying	x, t_x, t						customers
 *	repeat_spend	x, m							customers
 *	renewals		period							survivors, cohorts
 *
 * A repeat_buying has two sums over its customers besides: of the logarithms
 * of the gaps between purchases, and of the orders that were merged into days;
 * and the last day that any of them was observed.  In a repeat_spend m is 0
 * where a customer has no spend that a model could use, so that it's known how
 * many those are.  A renewals counts the cohorts whose survivors it
 * adds up, as there must be as many of each period, and knows the model that it
 * is to be fitted by; where cohorts came as wholes it has, half a period behind the
 * last of each, who was left there.
 *
 * Parts of a key are finite floating-point numbers, not negative.  The bits of
 * such a number, taken as an unsigned integer, are in the order of the
 * numbers, so keys are words to everybody but those who give and ask them.
 *
 * A value is in one of two forms, told apart by its first byte:
 *
 *	packed		a value: stored, sent, printed; see histogram_packed.c
 *	running		an aggregate's state: struct Histogram
 *
 * A running state is one flat varlena, because GROUP BY makes a hundred
 * thousand of them and a memory context each would make HashAggregate
 * quadratic.  Its entries are a sorted run and, behind it, what has come since,
 * in the order it came.  When there is no room left, that is sorted and merged
 * into the run, equal keys becoming one, and if less than half of the room is
 * free then, the room is doubled.  So an entry costs the logarithm of the distinct
 * keys at most, and a state with few distinct keys stays small however often
 * they come.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_HISTOGRAM_H
#define RETENTION_HISTOGRAM_H

#include "postgres.h"

#include "fmgr.h"
#include "order/order_row.h"
#include "pg/compat.h"

/*
 * The byte behind the length word, as in base/customer_table.h: a new form, and a new
 * layout of the state, takes a new number.
 */
typedef enum HistogramForm
{
	HISTOGRAM_PACKED = 1,		/* also the version of that form */
	HISTOGRAM_RUNNING = 2
} HistogramForm;

typedef enum HistogramKind
{
	HISTOGRAM_SURVIVAL = 1,
	HISTOGRAM_REPEAT_BUYING = 2,
	HISTOGRAM_REPEAT_SPEND = 3,
	HISTOGRAM_RENEWALS = 4
} HistogramKind;

#define HISTOGRAM_KIND_LAST		HISTOGRAM_RENEWALS

/* The counts of a kind, by their place. */
#define SURVIVAL_EVENTS			0
#define SURVIVAL_CENSORED		1
#define REPEAT_BUYING_CUSTOMERS	0
#define REPEAT_SPEND_CUSTOMERS	0
#define RENEWALS_SURVIVORS		0
#define RENEWALS_COHORTS		1

/* The note of a repeat_buying that was told no day. */
#define HISTOGRAM_NO_DAY		PG_INT32_MIN

#define HISTOGRAM_MAX_KEYS		3
#define HISTOGRAM_MAX_COUNTS	2
#define HISTOGRAM_MAX_WIDTH		4	/* words of an entry, of any kind */

/*
 * A sum of floating-point numbers that is the same in whatever order they are
 * added: each is rounded to a multiple of 2^-40 first, and the sum of those is
 * an integer of 128 bits, exact.  Each number is off by 2^-41 (5e-13) at most,
 * which for a sum over customers of some logarithms each is as good as adding
 * them up as they are.  The least number there is stands for a sum of which a
 * part is not known, and isn't known either.
 */
typedef struct HistogramSum
{
	uint64		low;
	int64		high;
} HistogramSum;

static inline bool
histogram_sum_is_known(HistogramSum sum)
{
	return sum.high != PG_INT64_MIN || sum.low != 0;
}

/* A running state. */
typedef struct Histogram
{
	int32		vl_len_;
	uint8		form;			/* HISTOGRAM_RUNNING */
	uint8		kind;			/* HistogramKind */
	uint8		keys;			/* words of an entry's key */
	uint8		width;			/* words of an entry, key and counts */
	int32		capacity;		/* entries there is room for */
	int32		sorted;			/* entries of the sorted run, distinct */
	int32		used;			/* entries, with those behind the run */
	int32		note;			/* of repeat_buying the last day observed, or
								 * HISTOGRAM_NO_DAY; of renewals the number of the
								 * model, 0 if none was named; else 0 */
	int64		same_day_orders;	/* orders merged into days */
	HistogramSum log_gaps;		/* of gaps in days between purchases */
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} Histogram;

static inline uint64 *
histogram_entry(Histogram *histogram, int32 i)
{
	return histogram->words + (Size) i * histogram->width;
}

/*
 * Building one entry by entry, in C.  The entries go to memory of the current
 * context; a histogram that has grown is a new one, and the old one is left to
 * its context to free, for it may be an aggregate's state, which the executor
 * frees.
 *
 *	Histogram  *histogram = retention_histogram_create(HISTOGRAM_SURVIVAL);
 *
 *	for each customer
 *		histogram = retention_histogram_add(histogram, &duration, counts);
 *	PG_RETURN_POINTER(retention_histogram_pack(histogram));
 *
 * "key" has as many numbers as the kind's key (finite, not negative: the
 * caller sees to that), "counts" as many as it has counts (not negative, not
 * all of them 0).  A customer of repeat_buying adds their gaps, orders and last
 * day with the functions below, the first two of which raise an error if a sum
 * is out of range.  So does the last one of these if the note of a renewals is
 * another model's.
 */
extern Histogram *retention_histogram_create(HistogramKind kind);
extern Histogram *retention_histogram_add(Histogram *histogram, const double *key, const int64 *counts);
extern void retention_histogram_add_log_gaps(Histogram *histogram, double log_gaps);
extern void retention_histogram_add_unknown_gaps(Histogram *histogram);
extern void retention_histogram_add_same_day_orders(Histogram *histogram, int64 orders);
extern void retention_histogram_add_note(Histogram *histogram, int32 note);
extern struct varlena *retention_histogram_pack(const Histogram *histogram);

/*
 * Reading one, of either form: entries 0 to used - 1, ascending and distinct.
 * What is returned may be the value itself and is not to be changed.
 */
extern const Histogram *retention_histogram_read(Datum value, HistogramKind kind);

static inline double
histogram_key(const Histogram *histogram, int32 i, int part)
{
	double		result;

	memcpy(&result, histogram->words + (Size) i * histogram->width + part, sizeof(result));
	return result;
}

static inline int64
histogram_count(const Histogram *histogram, int32 i, int which)
{
	return (int64) histogram->words[(Size) i * histogram->width + histogram->keys + which];
}

extern int64 retention_histogram_total(const Histogram *histogram, int which);

/* The sums of all counts, without reading the entries of a value. */
extern void retention_histogram_totals(Datum value, HistogramKind kind, int64 *totals);
extern double retention_histogram_sum_float8(HistogramSum sum);

/*
 * Transition functions: begin (NULL: there is no state yet), change, end.  In
 * an aggregate they change its state in place; called by anybody else they
 * work on a copy and return a value.
 */
extern Histogram *retention_histogram_begin(FunctionCallInfo fcinfo, HistogramKind kind, bool *direct);

static inline Datum
histogram_end(Histogram *histogram, bool direct)
{
	return PointerGetDatum(direct ? (void *) retention_histogram_pack(histogram) : (void *) histogram);
}

/* In a build with assertions: is a running state all that is said above?  Looks at every entry. */
#ifdef USE_ASSERT_CHECKING
extern void retention_histogram_check(const Histogram *histogram);
#else
#define retention_histogram_check(histogram)	((void) 0)
#endif

/* Between the files of this room. */
extern Histogram *retention_histogram_reserve(Histogram *histogram, int64 more);
extern Histogram *retention_histogram_merge(Histogram *histogram, const Histogram *other);
extern Histogram *retention_histogram_compacted(const Histogram *histogram);
extern const char *retention_histogram_type(HistogramKind kind);
extern int	retention_histogram_counts(HistogramKind kind);
compat_noreturn extern void retention_histogram_out_of_range(HistogramKind kind) compat_attribute_noreturn();
extern bool retention_histogram_sum_add(HistogramSum *sum, HistogramSum other);
extern Histogram *retention_histogram_unpack(const struct varlena *value, HistogramKind kind);
extern bool retention_histogram_stored_totals(Datum value, HistogramKind kind, int64 *totals);
extern void retention_histogram_validate(const struct varlena *value, HistogramKind kind);

#endif							/* RETENTION_HISTOGRAM_H */
