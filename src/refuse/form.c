/*-------------------------------------------------------------------------
 *
 * form.c
 *	  What would be taken in place of a call that is refused.
 *
 * It is read from the catalog: the other functions of the name in the same schema.
 * Of an aggregate's forms those that differ in types alone are one here, with several
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

/* Is it a form for what no other takes? */
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
same_places(const Form *a, const Form *b)
{
	if (a->aggregate != b->aggregate || a->nplaces != b->nplaces)
		return false;
	for (int i = 0; i < a->nplaces; i++)
		if (strcmp(a->names[i] ? a->names[i] : "", b->names[i] ? b->names[i] : "") != 0)
			return false;
	return true;
}

static List *
add_form(List *forms, HeapTuple tuple)
{
	Form_pg_proc function = (Form_pg_proc) GETSTRUCT(tuple);
	Form	   *form = palloc0(sizeof(Form));
	Oid		   *types;
	char	  **names;
	char	   *modes;
	int			n = get_func_arg_info(tuple, &types, &names, &modes);
	ListCell   *lc;

	form->aggregate = function->prokind == PROKIND_AGGREGATE;
	form->required = function->pronargs - function->pronargdefaults;
	for (int i = 0; i < n && form->nplaces < MAX_PLACES; i++)
	{
		if (modes && modes[i] != PROARGMODE_IN)
			continue;
		form->names[form->nplaces] = names && names[i][0] != '\0' ? names[i] : NULL;
		form->types[form->nplaces++] = list_make1_oid(types[i]);
	}
	foreach(lc, forms)
	{
		Form	   *other = (Form *) lfirst(lc);

		if (same_places(form, other))
		{
			for (int i = 0; i < form->nplaces; i++)
				other->types[i] = list_append_unique_oid(other->types[i], linitial_oid(form->types[i]));
			return forms;
		}
	}
	return lappend(forms, form);
}

static int
compare_forms(const ListCell *a, const ListCell *b)
{
	const Form *x = (const Form *) lfirst(a);
	const Form *y = (const Form *) lfirst(b);

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
 * The forms that a call may have meant, those of few arguments first.  Who gives an
 * aggregate rows doesn't mean the function of its name, which is asked of a value.
 */
List *
retention_refuse_forms(const Call *call, bool of_values)
{
	CatCList   *namesakes = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(call->name));
	List	   *forms = NIL;
	ListCell   *lc;

	for (int i = 0; i < namesakes->n_members; i++)
	{
		HeapTuple	tuple = &namesakes->members[i]->tuple;
		Form_pg_proc function = (Form_pg_proc) GETSTRUCT(tuple);

		if (function->pronamespace == call->schema && function->pronargs <= MAX_PLACES && !refuses(function) &&
			(!call->aggregate || (function->prokind != PROKIND_AGGREGATE) == of_values))
			forms = add_form(forms, tuple);
	}
	ReleaseSysCacheList(namesakes);
	list_sort(forms, compare_forms);
	foreach(lc, forms)
		for (int i = 0; i < ((Form *) lfirst(lc))->nplaces; i++)
			list_sort(((Form *) lfirst(lc))->types[i], compare_types);
	return forms;
}

/* What a place is called, in a call that is written out. */
const char *
retention_place_name(const Form *form, int place)
{
	return form->names[place] ? form->names[place] : format_type_be(linitial_oid(form->types[place]));
}

/* Which of a reader's roles it has; ROLES if none. */
Role
retention_place_role(const Form *form, int place)
{
	const char *name = form->names[place];

	if (name == NULL)
		return ROLES;
	if (strcmp(name, "customer") == 0 && list_member_oid(form->types[place], TEXTOID))
		return ROLE_CUSTOMER;
	if (strcmp(name, "ordered_at") == 0)
		return ROLE_ORDERED_AT;
	if (strcmp(name, "amount") == 0)
		return ROLE_AMOUNT;
	if (strcmp(name, "order_id") == 0 && list_member_oid(form->types[place], UUIDOID))
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

/* Where an argument goes in a form, if it's left where it is; -1: nowhere. */
int
retention_place_of(const Call *call, int argument, const Form *form)
{
	const char *name = call->given[argument].name;

	if (name == NULL)
		return argument < form->nplaces ? argument : -1;
	for (int i = 0; i < form->nplaces; i++)
		if (form->names[i] && strcmp(form->names[i], name) == 0)
			return i;
	return -1;
}

/* How well a value of the type goes in a place: 0 if it can't. */
int
retention_fit(Oid type, const List *types)
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
retention_is_misplaced(const Given *given, const Form *form, int place)
{
	if (retention_place_role(form, place) != ROLE_ORDER_ID || given->text == NULL || strcmp(given->kind, "column ") != 0)
		return false;
	for (Role role = ROLE_CUSTOMER; role <= ROLE_AMOUNT; role++)
		if (retention_name_is_usual(role, given->text))
			return true;
	return false;
}

static void
try_orders(const Call *call, const Form *form, int nplaces, int place, int score, Order *trial, Order *best)
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
		int			fits = retention_fit(call->given[i].type, form->types[place]);
		bool		taken = false;

		for (int j = 0; j < place; j++)
			taken = taken || trial->of[j] == i;
		if (taken || fits == 0 || retention_is_misplaced(&call->given[i], form, place))
			continue;
		trial->of[place] = i;
		/* the types decide, then what are columns, then how much stays where it is */
		try_orders(call, form, nplaces, place + 1,
				   score + fits * 1000 + ((retention_place_role(form, place) != ROLES) == (call->given[i].kind[0] != '\0') ? 100 : 0) +
				   (i == place ? 10 : 0) + (place > 0 && i > trial->of[place - 1] ? 1 : 0),
				   trial, best);
	}
}

/* The best order in which arguments of the call fill so many places of the form. */
Order
retention_best_order(const Call *call, const Form *form, int nplaces)
{
	Order		trial = {{0}, 0};
	Order		best = {{0}, 0};

	if (call->ngiven <= MAX_ORDERED)
		try_orders(call, form, nplaces, 0, 0, &trial, &best);
	return best;
}
