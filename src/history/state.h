/*-------------------------------------------------------------------------
 *
 * state.h
 *	  A purchase_history value or state in whichever form it is.
 *
 *	form		what it is									kept as
 *	packed		a value: stored, sent, printed				varlena
 *	small		state over a few entries					varlena
 *	large		state over many, with a file if need be		expanded object
 *
 * Only this room tells them apart; that a state starts as a varlena of its own
 * size has the reasons of base/state.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_HISTORY_STATE_H
#define RETENTION_HISTORY_STATE_H

#include "postgres.h"

#include "access/detoast.h"
#include "history/packed.h"
#include "history/store.h"
#include "utils/expandeddatum.h"

/* The byte behind the length word, as in base/table.h; values begin with the version, 1. */
typedef enum HistoryForm
{
	HISTORY_PACKED = 1,
	HISTORY_SMALL = 2
} HistoryForm;

/* Numbers up to here are kept for later forms; no text begins like them. */
#define HISTORY_FORM_LAST	15

/* What a state knows besides its entries. */
typedef struct HistoryHead
{
	uint8		key;			/* KeyKind */
	uint8		time;			/* TimeKind */
	uint8		amount;			/* AmountKind */
	uint8		grain;			/* Grain */
	uint16		scale;			/* of the money */
	uint16		nlimbs;			/* of an entry's money; 0: no amounts */
	int32		first_day;		/* of an order */
	int32		last_day;
	int64		refunds;
	int64		guest_orders;
	int64		guest_refunds;
} HistoryHead;

typedef enum HistorySum
{
	HISTORY_REFUNDED = 0,
	HISTORY_GUEST_REVENUE = 1
} HistorySum;

#define HISTORY_SUMS	2

/* The largest state that is a varlena. */
#define SMALL_MAX_BYTES	(128 * 1024)

typedef struct SmallHistory
{
	int32		vl_len_;
	uint8		form;			/* HISTORY_SMALL */
	uint8		zone_length;	/* with the zero behind the name */
	uint16		unused;
	HistoryHead head;
	int32		used;			/* entries */
	int32		room;

	/* the sums (nlimbs + 1 words each), the zone's name, the entries */
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} SmallHistory;

#define LARGE_HISTORY_MAGIC	0x52484953

typedef struct LargeHistory
{
	ExpandedObjectHeader hdr;
	uint32		magic;
	HistoryHead head;			/* scale and nlimbs are the store's */
	uint64	   *sums;
	int			sum_limbs;		/* nlimbs + 1, as it was when they were made */
	char		zone_name[TZ_STRLEN_MAX + 1];
	pg_tz	   *zone;
	Store	   *store;

	/* made by asking for the flat size, valid until the next change */
	bool		packed;
	HistoryPacker packer;
	StringInfoData header;
} LargeHistory;

/* A state, opened: pointers to where things are in either form. */
typedef struct HistoryState
{
	MemoryContext context;		/* the aggregate's */
	bool		in_window;		/* what becomes large stays in memory */
	SmallHistory *small;		/* or else */
	LargeHistory *large;
} HistoryState;

static inline bool
datum_is_large_history(Datum datum)
{
	return VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum));
}

/* DatumGetEOHP, in line. */
static inline LargeHistory *
large_history_of_datum(Datum datum)
{
	varatt_expanded pointer;

	VARATT_EXTERNAL_GET_POINTER(pointer, (struct varlena *) DatumGetPointer(datum));
	Assert(((LargeHistory *) pointer.eohptr)->magic == LARGE_HISTORY_MAGIC);
	return (LargeHistory *) pointer.eohptr;
}

static inline HistoryHead *
state_head(const HistoryState *state)
{
	return state->small ? &state->small->head : &state->large->head;
}

static inline uint64 *
small_sums(SmallHistory *small)
{
	return small->words;
}

static inline char *
small_zone(SmallHistory *small)
{
	return (char *) (small->words +
					 (small->head.nlimbs > 0 ? HISTORY_SUMS * (small->head.nlimbs + 1) : 0));
}

static inline OccasionShape
head_shape(const HistoryHead *head)
{
	OccasionShape shape = {key_words(head->key), head->nlimbs, head->scale};

	return shape;
}

static inline uint64 *
small_entries(SmallHistory *small)
{
	return (uint64 *) (small_zone(small) + MAXALIGN(small->zone_length));
}

/* Of the entries; a store may have widened its money on its own. */
static inline OccasionShape
state_shape(const HistoryState *state)
{
	return state->small ? head_shape(&state->small->head) : state->large->store->shape;
}

extern void retention_history_forget_packed(LargeHistory *large);

/* Before any change of a large state. */
static inline void
large_history_changed(LargeHistory *large)
{
	if (unlikely(large->packed))
		retention_history_forget_packed(large);
}

/* In a build with assertions: is a running state all that is said here?  Looks at every entry. */
#ifdef USE_ASSERT_CHECKING
extern void retention_history_check(const HistoryState *state);
#else
#define retention_history_check(state)	((void) 0)
#endif

extern void retention_history_create(HistoryState *state, const HistoryKind *kind);
extern void retention_history_open(HistoryState *state, Datum datum);
extern Datum retention_history_close(const HistoryState *state);
extern const char *retention_history_zone_name(const HistoryState *state);
extern pg_tz *retention_history_zone(const HistoryState *state);
extern void retention_history_widen(HistoryState *state, int scale, int nlimbs);
extern void retention_history_add(HistoryState *state, const uint64 *entry);
extern void retention_history_add_sum(HistoryState *state, HistorySum sum,
									  const uint64 *limbs, int nlimbs);
extern void retention_history_merge(HistoryState *state, Datum other);
extern struct varlena *retention_history_pack(Datum value);
extern void retention_history_read(HistoryUnpacker *unpacker, Datum value, bool skip_money);
extern void retention_history_read_head(HistoryUnpacker *unpacker, Datum value);

#endif							/* RETENTION_HISTORY_STATE_H */
