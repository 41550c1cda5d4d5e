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
 * Only this room tells them apart; what states of all types have in common is in
 * store/aggregate_state.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_HISTORY_STATE_H
#define RETENTION_HISTORY_STATE_H

#include "postgres.h"

#include "history/history_packed.h"
#include "history/ledger.h"
#include "order/money_total.h"

/* Its flat state, by the byte that store/aggregate_state.h tells of. */
#define FORM_SMALL_HISTORY	2

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

/* It has no money but units: one that meets other is large from then on. */
typedef struct SmallHistory
{
	int32		vl_len_;
	uint8		form;			/* FORM_SMALL_HISTORY */
	uint8		zone_length;	/* with the zero behind the name */
	uint8		money_words;	/* of an entry; 0: no amounts */
	bool		named;			/* the names of customers are kept */
	HistoryHead head;
	int32		used;			/* entries */
	int32		room;
	uint64		words[FLEXIBLE_ARRAY_MEMBER];	/* the zone's name, the entries, names */
} SmallHistory;

/*
 * Names of a small state: what has come, whether or not it was there; when they are as
 * many as there is room for, each is kept once.  They are at the state's end.
 */
typedef struct SmallNames
{
	int64		used;			/* bytes */
	char		names[FLEXIBLE_ARRAY_MEMBER];
} SmallNames;

typedef struct SmallName
{
	uint64		identity[NAMED_WORDS];
	KeptName	name;
} SmallName;

static inline Size
small_name_bytes(int length)
{
	return offsetof(SmallName, name) + kept_name_words(length) * sizeof(uint64);
}

typedef struct LargeHistory
{
	ExpandedState state;
	HistoryHead head;
	char		zone_name[TZ_STRLEN_MAX + 1];
	pg_tz	   *zone;
	Ledger	   *ledger;
} LargeHistory;

/* A state, opened: pointers to where things are in either form. */
typedef struct HistoryState
{
	StateHome	home;
	SmallHistory *small;		/* or else */
	LargeHistory *large;
} HistoryState;

extern const StateType retention_history_states;

static inline LargeHistory *
large_history_of_datum(Datum datum)
{
	return expanded_state_of_datum(&retention_history_states, datum);
}

static inline HistoryState
history_state_of_datum(StateHome home, Datum datum)
{
	HistoryState state = {home, NULL, NULL};

	if (datum_is_expanded(datum))
		state.large = large_history_of_datum(datum);
	else
		state.small = (SmallHistory *) DatumGetPointer(datum);
	return state;
}

static inline Datum
datum_of_history_state(const HistoryState *state)
{
	return state->small ? PointerGetDatum(state->small) : EOHPGetRWDatum(&state->large->state.hdr);
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

static inline SmallNames *
small_names(SmallHistory *small)
{
	return (SmallNames *) (small_entries(small) + small->room * entry_words(small_shape(small)));
}

static inline bool
state_is_named(const HistoryState *state)
{
	return state->small ? state->small->named : state->large->ledger->names != NULL;
}

static inline OccasionShape
state_shape(const HistoryState *state)
{
	return state->small ? small_shape(state->small) : state->large->ledger->shape;
}

/* In a build with assertions: is a running state all that is said here?  Looks at every entry. */
#ifdef USE_ASSERT_CHECKING
extern void retention_history_check(const HistoryState *state);
#else
#define retention_history_check(state)	((void) 0)
#endif

/* history_state.c */
extern Datum retention_history_create(const Kind *kind);
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
extern Size retention_small_history_bytes(const SmallHistory *small, int room);
extern void retention_history_add_small_name(HistoryState *state, const uint64 *identity, const char *bytes, int length);
extern void retention_small_history_names(SmallHistory *small, Names *names);
extern SmallHistory *retention_small_history_copy(SmallHistory *from, int room, int words, int scale);

/* history_merge.c */
extern Datum retention_history_merge(StateHome home, Datum state, Datum other);
extern void retention_refuse_anchored(const Kind *kind);

/* history_form.c */
extern struct varlena *retention_history_pack(Datum value);
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

/* The name of a customer, after an entry of theirs. */
static inline void
state_add_name(HistoryState *state, const uint64 *identity, const char *bytes, int length)
{
	if (state->large)
		ledger_add_name(state->large->ledger, identity, bytes, length);
	else
		retention_history_add_small_name(state, identity, bytes, length);
}

#endif							/* RETENTION_HISTORY_STATE_H */
