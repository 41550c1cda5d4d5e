/*-------------------------------------------------------------------------
 *
 * histogram.h
 *	  How often each key was seen: a mergeable table of sorted keys with counts.
 *
 * Where the answer to a question depends only on how many customers have the
 * same few numbers, those counts are all that has to be kept, and they merge.
 * Four types are such tables:
 *
 *	kind			key								counts
 *	survival		duration						events, censored
 *	repeat_buying	x, t_x, t						customers
 *	repeat_spend	x, m							customers
 *	renewals		period							survivors, rows
 *
 * A repeat_buying has two sums over its customers besides: of the logarithms
 * of the gaps between purchases, and of the orders that were merged into days;
 * and the last day that any of them was observed.  In a repeat_spend m is 0
 * where a customer has no spend that a model could use, so that it's known how
 * many those are.  A renewals counts its rows, as it must have as many of each
 * period, and knows the model that it's to be fitted by.
 *
 * Parts of a key are finite floating-point numbers, not negative.  The bits of
 * such a number, taken as an unsigned integer, are in the order of the
 * numbers, so keys are words to everybody but those who give and ask them.
 *
 * A value is in one of two forms, told apart by its first byte:
 *
 *	packed		a value: stored, sent, printed; see histogram_packed.c
 *	running		an aggregate's state: struct Tally
 *
 * A running state is one flat varlena, because GROUP BY makes a hundred
 * thousand of them and a memory context each would make HashAggregate
 * quadratic.  Its entries are a sorted run and behind it a tail in the order
 * they came; a row is appended to the tail.  When there is no room left, the
 * tail is sorted and merged into the run, equal keys becoming one, and if that
 * leaves less than half of the room, the room is doubled.  So a row costs the
 * logarithm of the distinct keys at most, and a state with few distinct keys
 * stays small however many rows it sees.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_HISTOGRAM_H
#define RETENTION_HISTOGRAM_H

#include "postgres.h"

#include "fmgr.h"
#include "order/row.h"
#include "pg/compat.h"

/*
 * The byte behind the length word, as in base/table.h: a new form, and a new
 * layout of the state, takes a new number.
 */
typedef enum TallyForm
{
	TALLY_PACKED = 1,			/* also the version of that form */
	TALLY_RUNNING = 2
} TallyForm;

typedef enum TallyKind
{
	TALLY_SURVIVAL = 1,
	TALLY_REPEAT_BUYING = 2,
	TALLY_REPEAT_SPEND = 3,
	TALLY_RENEWALS = 4
} TallyKind;

#define TALLY_KIND_LAST		TALLY_RENEWALS

/* The counts of a kind, by their place. */
#define SURVIVAL_EVENTS			0
#define SURVIVAL_CENSORED		1
#define REPEAT_BUYING_CUSTOMERS	0
#define REPEAT_SPEND_CUSTOMERS	0
#define RENEWALS_SURVIVORS		0
#define RENEWALS_ROWS			1

/* The note of a repeat_buying that was told no day. */
#define TALLY_NO_DAY		PG_INT32_MIN

#define TALLY_MAX_KEYS		3
#define TALLY_MAX_COUNTS	2
#define TALLY_MAX_WIDTH		4	/* words of an entry, of any kind */

/*
 * A sum of floating-point numbers that is the same in whatever order they are
 * added: each is rounded to a multiple of 2^-40 first, and the sum of those is
 * an integer of 128 bits, exact.  Each number is off by 2^-41 (5e-13) at most,
 * which for a sum over customers of some logarithms each is as good as adding
 * them up as they are.  The least number there is stands for a sum of which a
 * part is not known, and isn't known either.
 */
typedef struct TallySum
{
	uint64		low;
	int64		high;
} TallySum;

static inline bool
tally_sum_is_known(TallySum sum)
{
	return sum.high != PG_INT64_MIN || sum.low != 0;
}

/* A running state. */
typedef struct Tally
{
	int32		vl_len_;
	uint8		form;			/* TALLY_RUNNING */
	uint8		kind;			/* TallyKind */
	uint8		keys;			/* words of an entry's key */
	uint8		width;			/* words of an entry, key and counts */
	int32		capacity;		/* entries there is room for */
	int32		sorted;			/* entries of the sorted run, distinct */
	int32		used;			/* entries, with those of the tail */
	int32		note;			/* of repeat_buying the last day observed, or
								 * TALLY_NO_DAY; of renewals the number of the
								 * model, 0 if none was named; else 0 */
	int64		collapsed;		/* orders merged into days */
	TallySum	log_gaps;		/* of gaps in days between purchases */
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} Tally;

static inline uint64 *
tally_entry(Tally *tally, int32 i)
{
	return tally->words + (Size) i * tally->width;
}

/*
 * Building one row by row, in C.  The entries go to memory of the current
 * context; a tally that has grown is a new one, and the old one is left to its
 * context to free, for it may be an aggregate's state, which the executor
 * frees.
 *
 *	Tally	   *tally = retention_tally_create(TALLY_SURVIVAL);
 *
 *	for each customer
 *		tally = retention_tally_add(tally, &duration, counts);
 *	PG_RETURN_POINTER(retention_tally_pack(tally));
 *
 * "key" has as many numbers as the kind's key (finite, not negative: the
 * caller sees to that), "counts" as many as it has counts (not negative, not
 * all of them 0).  A customer of repeat_buying adds its gaps, orders and last
 * day with the functions below, the first two of which raise an error if a sum
 * is out of range.  So does the last one of these if the note of a renewals is
 * another model's.
 */
extern Tally *retention_tally_create(TallyKind kind);
extern Tally *retention_tally_add(Tally *tally, const double *key, const int64 *counts);
extern void retention_tally_add_log_gaps(Tally *tally, double log_gaps);
extern void retention_tally_add_unknown_gaps(Tally *tally);
extern void retention_tally_add_collapsed(Tally *tally, int64 orders);
extern void retention_tally_add_note(Tally *tally, int32 note);
extern struct varlena *retention_tally_pack(const Tally *tally);

/*
 * Reading one, of either form: entries 0 to used - 1, ascending and distinct.
 * What is returned may be the value itself and is not to be changed.
 */
extern const Tally *retention_tally_read(Datum value, TallyKind kind);

static inline double
tally_key(const Tally *tally, int32 i, int part)
{
	double		result;

	memcpy(&result, tally->words + (Size) i * tally->width + part, sizeof(result));
	return result;
}

static inline int64
tally_count(const Tally *tally, int32 i, int which)
{
	return (int64) tally->words[(Size) i * tally->width + tally->keys + which];
}

extern int64 retention_tally_total(const Tally *tally, int which);

/* The sums of all counts, without reading the entries of a value. */
extern void retention_tally_totals(Datum value, TallyKind kind, int64 *totals);
extern double retention_tally_sum_float8(TallySum sum);

/*
 * Transition functions: begin (NULL: there is no state yet), change, end.  In
 * an aggregate they change its state in place; called by anybody else they
 * work on a copy and return a value.
 */
extern Tally *retention_tally_begin(FunctionCallInfo fcinfo, TallyKind kind, bool *direct);

static inline Datum
tally_end(Tally *tally, bool direct)
{
	return PointerGetDatum(direct ? (void *) retention_tally_pack(tally) : (void *) tally);
}

/* In a build with assertions: is a running state all that is said above?  Looks at every entry. */
#ifdef USE_ASSERT_CHECKING
extern void retention_tally_check(const Tally *tally);
#else
#define retention_tally_check(tally)	((void) 0)
#endif

/* Between the files of this room. */
extern Tally *retention_tally_reserve(Tally *tally, int64 more);
extern Tally *retention_tally_merge(Tally *tally, const Tally *other);
extern Tally *retention_tally_compacted(const Tally *tally);
extern const char *retention_tally_type(TallyKind kind);
extern int	retention_tally_counts(TallyKind kind);
compat_noreturn extern void retention_tally_out_of_range(TallyKind kind) compat_attribute_noreturn();
extern bool retention_tally_sum_add(TallySum *sum, TallySum other);
extern Tally *retention_tally_unpack(const struct varlena *value, TallyKind kind);
extern bool retention_tally_stored_totals(Datum value, TallyKind kind, int64 *totals);
extern void retention_tally_validate(const struct varlena *value, TallyKind kind);

#endif							/* RETENTION_HISTOGRAM_H */
