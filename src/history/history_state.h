/*-------------------------------------------------------------------------
 *
 * history_state.h
 *	  A purchase_history value or state in whichever form it is.
 *
 *	form		what it is									kept as
 *	packed		a value: stored, sent, printed				varlena
 *	small		state over a few entries					varlena
 *	large		state over many, with a file if need be		expanded object
 *
 * Only this room tells them apart; that a state starts as a varlena of its own
 * size has the reasons of base/base_state.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_HISTORY_STATE_H
#define RETENTION_HISTORY_STATE_H

#include "postgres.h"

#include "access/detoast.h"
#include "history/history_packed.h"
#include "history/ledger.h"
#include "order/money_total.h"
#include "utils/expandeddatum.h"

/* The byte behind the length word, as in base/customer_table.h; values begin with the version, 1. */
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
	int32		scale;			/* the most digits behind the point of any amount */
	int32		first_day;		/* of an order that has come: periods are longer than days */
	int32		last_day;
} HistoryHead;

/* The largest state that is a varlena. */
#define SMALL_MAX_BYTES	(128 * 1024)

/* It has no money but units: one that meets other is large from then on. */
typedef struct SmallHistory
{
	int32		vl_len_;
	uint8		form;			/* HISTORY_SMALL */
	uint8		zone_length;	/* with the zero behind the name */
	uint16		money_words;	/* of an entry; 0: no amounts */
	HistoryHead head;
	int32		used;			/* entries */
	int32		room;
	uint64		words[FLEXIBLE_ARRAY_MEMBER];	/* the zone's name, the entries */
} SmallHistory;

#define LARGE_HISTORY_MAGIC	0x52484953

typedef struct LargeHistory
{
	ExpandedObjectHeader hdr;
	uint32		magic;
	HistoryHead head;
	char		zone_name[TZ_STRLEN_MAX + 1];
	pg_tz	   *zone;
	Ledger	   *ledger;
	struct varlena *packed;		/* made by asking for the flat size, until the next change */
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

static inline char *
small_zone(SmallHistory *small)
{
	return (char *) small->words;
}

static inline OccasionShape
small_shape(const SmallHistory *small)
{
	OccasionShape shape = {key_words(small->head.key), small->money_words};

	return shape;
}

static inline uint64 *
small_entries(SmallHistory *small)
{
	return (uint64 *) (small_zone(small) + MAXALIGN(small->zone_length));
}

static inline OccasionShape
state_shape(const HistoryState *state)
{
	return state->small ? small_shape(state->small) : state->large->ledger->shape;
}

extern const ExpandedObjectMethods retention_history_methods;
extern void retention_history_forget_packed(LargeHistory *large);

/* Before any change of a large state. */
static inline void
large_history_changed(LargeHistory *large)
{
	if (unlikely(large->packed != NULL))
		retention_history_forget_packed(large);
}

/* In a build with assertions: is a running state all that is said here?  Looks at every entry. */
#ifdef USE_ASSERT_CHECKING
extern void retention_history_check(const HistoryState *state);
#else
#define retention_history_check(state)	((void) 0)
#endif

/* history_state.c */
extern void retention_history_create(HistoryState *state, const Kind *kind);
extern Datum retention_history_close(const HistoryState *state);
extern void retention_history_kind(const HistoryState *state, Kind *kind);
extern const char *retention_history_zone_name(const HistoryState *state);
extern pg_tz *retention_history_zone(const HistoryState *state);
extern void retention_history_grow(HistoryState *state);
extern void retention_history_compact(HistoryState *state);
extern void retention_history_make_large(HistoryState *state);
extern void retention_history_rescale(HistoryState *state, int scale);
extern void retention_history_promote(HistoryState *state);
extern void retention_history_admit_wide(HistoryState *state);
extern void retention_history_add_wide_list(HistoryState *state, const WideList *list);
extern Size retention_small_history_bytes(int zone_length, OccasionShape shape, int room);
extern SmallHistory *retention_small_history_copy(SmallHistory *from, int room, int words, int scale);

/* history_merge.c */
extern void retention_history_merge(HistoryState *state, Datum other);

/* history_form.c */
extern struct varlena *retention_history_pack(Datum value);
extern void retention_history_open(HistoryState *state, Datum datum);
extern void retention_history_read(HistoryUnpacker *unpacker, Datum value, bool skip_money);
extern void retention_history_read_head(HistoryUnpacker *unpacker, Datum value);

/* Of a large state it's there, once it has been asked for. */
static inline pg_tz *
state_zone(const HistoryState *state)
{
	return likely(state->large && state->large->zone) ? state->large->zone :
		retention_history_zone(state);
}

/* The place for an entry; state_push counts it. */
static pg_attribute_always_inline uint64 *
state_next(HistoryState *state)
{
	if (state->small && unlikely(state->small->used == state->small->room))
		retention_history_grow(state);
	if (state->small)
		return small_entries(state->small) + state->small->used * entry_words(small_shape(state->small));
	return ledger_next(state->large->ledger);
}

static inline void
state_push(HistoryState *state)
{
	if (state->small)
		state->small->used++;
	else
		ledger_push(state->large->ledger);
}

#endif							/* RETENTION_HISTORY_STATE_H */
