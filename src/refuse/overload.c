/*-------------------------------------------------------------------------
 *
 * overload.c
 *	  What would be taken in place of a call that is refused.
 *
 * It is read from the catalog: the other functions of the name in the same schema.
 * Of an aggregate's overloads those that differ in types alone are one here, with several
 * types in a place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "refuse/refuse.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* Of more arguments than this, no other order is tried. */
#define MAX_ORDERED	6

/* Without its schema, wherever that is. */
const char *
retention_type_name(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	name = pstrdup(NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname));
	ReleaseSysCache(tuple);
	return name;
}

/* Is it an overload for what no other takes? */
static bool
refuses(Form_pg_proc function)
{
	if (function->pronargs == 0)
		return true;
	for (int i = 0; i < function->pronargs; i++)
		if (function->proargtypes.values[i] == ANYOID || function->proargtypes.values[i] == UNKNOWNOID)
			return true;
	return OidIsValid(function->prosupport) &&
		strcmp(get_func_name(function->prosupport), "_retention_refuse_support") == 0;
}

/* The one to advise first, of those of one place. */
static int
rank(Oid type)
{
	switch (type)
	{
		case INT8OID:
		case TIMESTAMPTZOID:
		case NUMERICOID:
		case INT4OID:
			return 0;
		case TEXTOID:
		case TIMESTAMPOID:
			return 1;
		default:
			return 2;
	}
}

static int
compare_types(const ListCell *a, const ListCell *b)
{
	int			by_rank = rank(lfirst_oid(a)) - rank(lfirst_oid(b));

	return by_rank != 0 ? by_rank : list_oid_cmp(a, b);
}

static bool
same_places(const Overload *a, const Overload *b)
{
	if (a->aggregate != b->aggregate || a->nplaces != b->nplaces)
		return false;
	for (int i = 0; i < a->nplaces; i++)
		if (strcmp(a->names[i] ? a->names[i] : "", b->names[i] ? b->names[i] : "") != 0)
			return false;
	return true;
}

static List *
add_overload(List *overloads, HeapTuple tuple)
{
	Form_pg_proc function = (Form_pg_proc) GETSTRUCT(tuple);
	Overload   *overload = palloc0(sizeof(Overload));
	Oid		   *types;
	char	  **names;
	char	   *modes;
	int			n = get_func_arg_info(tuple, &types, &names, &modes);
	ListCell   *lc;

	overload->aggregate = function->prokind == PROKIND_AGGREGATE;
	overload->required = function->pronargs - function->pronargdefaults;
	for (int i = 0; i < n && overload->nplaces < MAX_PLACES; i++)
	{
		if (modes && modes[i] != PROARGMODE_IN)
			continue;
		overload->names[overload->nplaces] = names && names[i][0] != '\0' ? names[i] : NULL;
		overload->types[overload->nplaces++] = list_make1_oid(types[i]);
	}
	foreach(lc, overloads)
	{
		Overload   *other = (Overload *) lfirst(lc);

		if (same_places(overload, other))
		{
			for (int i = 0; i < overload->nplaces; i++)
				other->types[i] = list_append_unique_oid(other->types[i], linitial_oid(overload->types[i]));
			return overloads;
		}
	}
	return lappend(overloads, overload);
}

static int
compare_overloads(const ListCell *a, const ListCell *b)
{
	const Overload *x = (const Overload *) lfirst(a);
	const Overload *y = (const Overload *) lfirst(b);

	return x->nplaces - y->nplaces;
}

/* Is it one of the types that hold many orders or customers? */
bool
retention_type_is_value(Oid type, Oid schema)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	result = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace == schema &&
		((Form_pg_type) GETSTRUCT(tuple))->typtype == TYPTYPE_BASE;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * The overloads that a call may have meant, those of few arguments first.  Who gives an
 * aggregate rows doesn't mean the function of its name, which is asked of a value.
 */
List *
retention_refuse_overloads(const Call *call, bool of_values)
{
	CatCList   *namesakes = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(call->name));
	List	   *overloads = NIL;
	ListCell   *lc;

	for (int i = 0; i < namesakes->n_members; i++)
	{
		HeapTuple	tuple = &namesakes->members[i]->tuple;
		Form_pg_proc function = (Form_pg_proc) GETSTRUCT(tuple);

		if (function->pronamespace == call->schema && function->pronargs <= MAX_PLACES && !refuses(function) &&
			(!call->aggregate || (function->prokind != PROKIND_AGGREGATE) == of_values))
			overloads = add_overload(overloads, tuple);
	}
	ReleaseSysCacheList(namesakes);
	list_sort(overloads, compare_overloads);
	foreach(lc, overloads)
		for (int i = 0; i < ((Overload *) lfirst(lc))->nplaces; i++)
			list_sort(((Overload *) lfirst(lc))->types[i], compare_types);
	return overloads;
}

/* What a place is called, in a call that is written out. */
const char *
retention_place_name(const Overload *overload, int place)
{
	return overload->names[place] ? overload->names[place] : format_type_be(linitial_oid(overload->types[place]));
}

/* Which of a reader's roles it has; ROLES if none. */
Role
retention_place_role(const Overload *overload, int place)
{
	const char *name = overload->names[place];

	if (name == NULL)
		return ROLES;
	if (strcmp(name, "customer") == 0 && list_member_oid(overload->types[place], TEXTOID))
		return ROLE_CUSTOMER;
	if (strcmp(name, "ordered_at") == 0)
		return ROLE_ORDERED_AT;
	if (strcmp(name, "amount") == 0)
		return ROLE_AMOUNT;
	if (strcmp(name, "order_id") == 0 && list_member_oid(overload->types[place], UUIDOID))
		return ROLE_ORDER_ID;
	return ROLES;
}

/* "bigint, text or uuid"; what only casts to one of these is left out. */
const char *
retention_types_text(const List *types)
{
	List	   *shown = NIL;
	const ListCell *lc;
	StringInfoData text;

	foreach(lc, types)
	{
		Oid			type = lfirst_oid(lc);

		if (((type == INT2OID || type == INT4OID) && list_member_oid(types, INT8OID)) ||
			((type == VARCHAROID || type == BPCHAROID || type == CHAROID) && list_member_oid(types, TEXTOID)))
			continue;
		shown = lappend_oid(shown, type);
	}
	initStringInfo(&text);
	foreach(lc, shown)
		appendStringInfo(&text, "%s%s", foreach_current_index(lc) == 0 ? "" :
						 lnext(shown, lc) ? ", " : " or ", format_type_be(lfirst_oid(lc)));
	return text.data;
}

/* Where an argument goes in an overload, if it's left where it is; -1: nowhere. */
int
retention_place_of(const Call *call, int argument, const Overload *overload)
{
	const char *name = call->given[argument].name;

	if (name == NULL)
		return argument < overload->nplaces ? argument : -1;
	for (int i = 0; i < overload->nplaces; i++)
		if (overload->names[i] && strcmp(overload->names[i], name) == 0)
			return i;
	return -1;
}

/* How well a value of the type goes in a place: 0 if it can't. */
int
retention_argument_fit(Oid type, const List *types)
{
	const ListCell *lc;
	int			best = 0;

	if (type == UNKNOWNOID)
		return 1;
	foreach(lc, types)
	{
		Oid			taken = lfirst_oid(lc);

		if (getBaseType(type) == taken)
			return 3;
		if (can_coerce_type(1, &type, &taken, COERCION_IMPLICIT))
			best = 2;
	}
	return best;
}

/*
 * Is it a column that by its name is something else than the number of an order, where
 * that is due?  Nobody means customers who are orders.
 */
bool
retention_is_misplaced(const Given *given, const Overload *overload, int place)
{
	if (retention_place_role(overload, place) != ROLE_ORDER_ID || given->text == NULL || strcmp(given->kind, "column ") != 0)
		return false;
	for (Role role = ROLE_CUSTOMER; role <= ROLE_AMOUNT; role++)
		if (retention_name_is_usual(role, given->text))
			return true;
	return false;
}

static void
try_placements(const Call *call, const Overload *overload, int nplaces, int place, int score, Placement *trial, Placement *best)
{
	if (place == nplaces)
	{
		if (score > best->score)
		{
			*best = *trial;
			best->score = score;
		}
		return;
	}
	for (int i = 0; i < call->ngiven; i++)
	{
		int			fits = retention_argument_fit(call->given[i].type, overload->types[place]);
		bool		taken = false;

		for (int j = 0; j < place; j++)
			taken = taken || trial->of[j] == i;
		if (taken || fits == 0 || retention_is_misplaced(&call->given[i], overload, place))
			continue;
		trial->of[place] = i;
		/* the types decide, then what are columns, then how much stays in its order, and where it is */
		try_placements(call, overload, nplaces, place + 1,
					   score + fits * 1000 + ((retention_place_role(overload, place) != ROLES) == (call->given[i].kind[0] != '\0') ? 100 : 0) +
					   (place > 0 && i > trial->of[place - 1] ? 10 : 0) + (i == place ? 1 : 0),
					   trial, best);
	}
}

/* The best order in which arguments of the call fill so many places of the overload. */
Placement
retention_best_placement(const Call *call, const Overload *overload, int nplaces)
{
	Placement	trial = {{0}, 0};
	Placement	best = {{0}, 0};

	if (call->ngiven <= MAX_ORDERED)
		try_placements(call, overload, nplaces, 0, 0, &trial, &best);
	return best;
}
