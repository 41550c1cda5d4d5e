/*-------------------------------------------------------------------------
 *
 * aggregate_state.h
 *	  The state of an aggregate in whichever form it is: how a transition function
 *	  finds it, and how it becomes a value.
 *
 *	form		what it is									kept as
 *	packed		a value: stored, sent, printed				varlena
 *	flat		state over a few entries					varlena
 *	expanded	state over many, with a file if need be		expanded object
 *
 * A state starts as a varlena of its own size in the aggregate's context,
 * because GROUP BY makes a hundred thousand of them and a memory context each
 * would make HashAggregate quadratic; it is updated in place.  Past
 * FLAT_MAX_BYTES it becomes an expanded object, which may grow at will.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_AGGREGATE_STATE_H
#define RETENTION_AGGREGATE_STATE_H

#include "postgres.h"

#include "access/detoast.h"
#include "fmgr.h"
#include "store/column.h"
#include "utils/expandeddatum.h"

/*
 * The byte behind the length word says which form a varlena is; of a value it is
 * the version.  Flat states are in memory only, but an aggregate that somebody
 * makes without a final function returns one, and may store it: a new layout takes
 * a new number, so that an old one is refused and not misread.
 */
#define FORM_PACKED		1

/* Numbers up to here are kept for later forms; no text begins like them. */
#define FORM_LAST		15

/* The largest state that is a varlena. */
#define FLAT_MAX_BYTES	(128 * 1024)

/* Where a state lives. */
typedef struct StateHome
{
	MemoryContext context;		/* the aggregate's */
	bool		in_window;		/* what is expanded stays in memory */
} StateHome;

struct ExpandedState;

/* What there is to know of a type of states. */
typedef struct StateType
{
	const char *name;			/* of the SQL type */
	uint8		last_form;		/* known of it */

	/* A flat state as a value; it is left as it is. */
	struct varlena *(*pack_flat) (struct varlena *state);
	/* An expanded one as the bytes of a value, in the current context. */
	void		(*pack_expanded) (struct ExpandedState *state, BlockWriter *writer);
	/* A flat state without entries, of the kinds that a value has. */
	Datum		(*create_like) (const struct varlena *value);
	/* The state, with what another one of any form has; that is left as it is. */
	Datum		(*merge) (StateHome home, Datum state, Datum other);
	/* An error unless this is a value, to its last byte. */
	void		(*validate) (const struct varlena *value);
} StateType;

/* What the expanded states of all types begin with. */
typedef struct ExpandedState
{
	ExpandedObjectHeader hdr;
	const StateType *type;
	bool		in_window;		/* stays in memory */

	/* made by asking for the flat size, valid until the next change */
	MemoryContext packing;		/* NULL: there is none */
	BlockWriter packed;
} ExpandedState;

extern void *retention_expanded_state_create(const StateType *type, StateHome home, Size size);
extern void retention_expanded_state_forget_packed(ExpandedState *state);
extern Datum retention_state_open(const StateType *type, StateHome home, Datum datum);
extern struct varlena *retention_state_pack(const StateType *type, Datum datum);
extern struct varlena *retention_state_finish(const StateType *type, FunctionCallInfo fcinfo);
extern Datum retention_state_combine(const StateType *type, FunctionCallInfo fcinfo);
extern Datum retention_state_in(const StateType *type, char *text, const char *hint);
extern Datum retention_state_recv(const StateType *type, FunctionCallInfo fcinfo);

/* In a build with assertions: what is written can be read, to the same bytes. */
#ifdef USE_ASSERT_CHECKING
#define check_written(type, value)	((type)->validate(value))
#else
#define check_written(type, value)	((void) 0)
#endif

static inline uint8
varlena_form(const void *value)
{
	return *(const uint8 *) VARDATA_ANY(value);
}

static inline bool
datum_is_expanded(Datum datum)
{
	return VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum));
}

/* DatumGetEOHP, in line. */
static inline void *
expanded_state_of_datum(const StateType *type, Datum datum)
{
	varatt_expanded pointer;

	VARATT_EXTERNAL_GET_POINTER(pointer, (struct varlena *) DatumGetPointer(datum));
	Assert(((ExpandedState *) pointer.eohptr)->type == type);
	return pointer.eohptr;
}

static inline StateHome
expanded_state_home(const ExpandedState *state)
{
	return (StateHome) {MemoryContextGetParent(state->hdr.eoh_context), state->in_window};
}

/* Where a transition function finds its state, and may leave a new one. */
typedef struct Transition
{
	StateHome	home;			/* unless the state is expanded */
	bool		direct;			/* called by a user, not by an aggregate */
	bool		empty;			/* there is no state yet */
	Datum		state;
} Transition;

/*
 * Find the state, to change it: nobody does who has it from elsewhere.  Outside of an
 * aggregate, a copy of what was given.
 */
static inline void
transition_begin(const StateType *type, FunctionCallInfo fcinfo, Transition *transition)
{
	const struct varlena *state = (const struct varlena *) PG_GETARG_POINTER(0);

	transition->empty = PG_ARGISNULL(0);
	transition->state = PG_GETARG_DATUM(0);
	transition->direct = false;
	transition->home.in_window = false;

	/* a read-write pointer is as good as an aggregate's word */
	if (!transition->empty && VARATT_IS_EXTERNAL_EXPANDED_RW(state))
	{
		ExpandedState *expanded = expanded_state_of_datum(type, transition->state);

		if (unlikely(expanded->packing != NULL))
			retention_expanded_state_forget_packed(expanded);
		return;
	}
	switch (AggCheckCallContext(fcinfo, &transition->home.context))
	{
		case AGG_CONTEXT_AGGREGATE:
			break;
		case AGG_CONTEXT_WINDOW:
			transition->home.in_window = true;
			break;
		default:
			transition->direct = true;
			transition->home.context = CurrentMemoryContext;
			if (!transition->empty)
				state = retention_state_pack(type, transition->state);
	}
	if (!transition->empty && (VARATT_IS_EXTENDED(state) || varlena_form(state) == FORM_PACKED))
		transition->state = retention_state_open(type, transition->home, PointerGetDatum(state));
}

static inline Datum
transition_end(const StateType *type, const Transition *transition)
{
	if (unlikely(transition->direct))
		return PointerGetDatum(retention_state_pack(type, transition->state));
	return transition->state;
}

#endif							/* RETENTION_AGGREGATE_STATE_H */
