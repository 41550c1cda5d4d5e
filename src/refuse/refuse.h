/*-------------------------------------------------------------------------
 *
 * refuse.h
 *	  Calls that no form of a function or aggregate takes, and what to write instead.
 *
 * PostgreSQL says of them that a function does not exist, which is not so.  So
 * beside its forms, each aggregate has one over "any" that takes what none of them
 * does, and ends up here; and so have the functions that are asked of a value.
 * PostgreSQL never prefers "any" to a form that has the very type, or the preferred
 * one of its kind, of an argument.  Where a call has no such argument, as one of
 * untyped literals has not, there are forms of just these types.
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
typedef struct Form
{
	bool		aggregate;
	int			nplaces;
	int			required;		/* without those that have a default */
	const char *names[MAX_PLACES];	/* NULL: has none */
	List	   *types[MAX_PLACES];
} Form;

/* Where the arguments of a call go in a form, place by place; -1: there is none. */
typedef struct Order
{
	int			of[MAX_PLACES];
	int			score;			/* 0: there is none */
} Order;

/* form.c: what would be taken */
extern List *retention_refuse_forms(const Call *call, bool of_values);
extern const char *retention_place_name(const Form *form, int place);
extern Role retention_place_role(const Form *form, int place);
extern const char *retention_types_text(const List *types);
extern int	retention_place_of(const Call *call, int argument, const Form *form);
extern int	retention_fit(Oid type, const List *types);
extern bool retention_is_misplaced(const Given *given, const Form *form, int place);
extern Order retention_best_order(const Call *call, const Form *form, int nplaces);
extern const char *retention_type_name(Oid type);
extern bool retention_type_is_value(Oid type, Oid schema);

/* remedy.c: what to write */
extern const char *retention_remedy(const Form *form, int place, Oid type);
extern const char *retention_remedied(const Call *call, const Form *form);
extern const char *retention_place_example(const Form *form, int place);
extern const char *retention_written(const Given *given, const Form *form, int place);
extern const char *retention_pointed_at(const Given *given);
extern const char *retention_forms_text(const Call *call, const List *forms);

/* refuse.c: what is wrong; returns only if nothing is */
extern void retention_refuse(const Call *call);

#endif							/* RETENTION_REFUSE_H */
