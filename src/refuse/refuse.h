/*-------------------------------------------------------------------------
 *
 * refuse.h
 *	  Calls that no overload of a function or aggregate takes, and what to write instead.
 *
 * PostgreSQL says of them that a function does not exist, which is not so.  So
 * beside its overloads, each aggregate has one over "any" that takes what none of them
 * does, and ends up here; and so have the functions that are asked of a value.
 * PostgreSQL never prefers "any" to an overload that has the very type, or the preferred
 * one of its kind, of an argument.  Where a call has no such argument, as one of
 * untyped literals has not, there are overloads of just these types.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_REFUSE_H
#define RETENTION_REFUSE_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "reader/expression.h"

/* No function that refuses calls has more arguments. */
#define MAX_PLACES	24

/* What a call gives. */
typedef struct Given
{
	Oid			type;
	const char *text;			/* as it's written, or NULL: nobody knows */
	const char *kind;			/* "column " or "row ", or nothing */
	const char *name;			/* if it's given by name */
} Given;

typedef struct Call
{
	const char *name;
	Oid			schema;
	Oid			result;
	bool		aggregate;
	int			ngiven;
	Given		given[MAX_PLACES];
	bool		named;			/* some are given by name */
} Call;

/* What would be taken. */
typedef struct Overload
{
	bool		aggregate;
	int			nplaces;
	int			required;		/* without those that have a default */
	const char *names[MAX_PLACES];	/* NULL: has none */
	List	   *types[MAX_PLACES];
} Overload;

/* Where the arguments of a call go in an overload, place by place; -1: there is none. */
typedef struct Placement
{
	int			of[MAX_PLACES];
	int			score;			/* 0: there is none */
} Placement;

/* overload.c: what would be taken */
extern List *retention_refuse_overloads(const Call *call, bool of_values);
extern const char *retention_place_name(const Overload *overload, int place);
extern Role retention_place_role(const Overload *overload, int place);
extern const char *retention_types_text(const List *types);
extern int	retention_place_of(const Call *call, int argument, const Overload *overload);
extern int	retention_argument_fit(Oid type, const List *types);
extern bool retention_is_misplaced(const Given *given, const Overload *overload, int place);
extern Placement retention_best_placement(const Call *call, const Overload *overload, int nplaces);
extern const char *retention_type_name(Oid type);
extern bool retention_type_is_value(Oid type, Oid schema);

/* remedy.c: what to write */
extern const char *retention_remedy(const Overload *overload, int place, Oid type);
extern const char *retention_remedied(const Call *call, const Overload *overload);
extern const char *retention_place_example(const Overload *overload, int place);
extern const char *retention_written(const Given *given, const Overload *overload, int place);
extern const char *retention_pointed_at(const Given *given);
extern const char *retention_overloads_text(const Call *call, const List *overloads);

/* refuse.c: what is wrong; returns only if nothing is */
extern void retention_refuse(const Call *call);

#endif							/* RETENTION_REFUSE_H */
