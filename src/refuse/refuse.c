/*-------------------------------------------------------------------------
 *
 * refuse.c
 *	  What is wrong with a call that no overload takes.
 *
 * One thing is said of it: what is most likely the slip, and the call that was meant.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "refuse/refuse.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "parser/parse_coerce.h"
#include "pg/compat.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* Could the overload be meant, for the number of its arguments? */
static bool
has_room(const Call *call, const Overload *overload)
{
	bool		filled[MAX_PLACES] = {false};

	for (int i = 0; i < call->ngiven; i++)
	{
		int			place = retention_place_of(call, i, overload);

		if (place < 0)
			return false;
		filled[place] = true;
	}
	for (int i = 0; i < overload->required; i++)
		if (!filled[i])
			return false;
	return true;
}

/* Is an argument in a place where nobody would put it? */
static bool
is_mistaken(const Call *call, const Overload *overload)
{
	for (int i = 0; i < call->ngiven; i++)
		if (retention_is_misplaced(&call->given[i], overload, retention_place_of(call, i, overload)))
			return true;
	return false;
}

/* Arguments of types that an overload doesn't take, and of how many of them is known what to write. */
static int
misfits(const Call *call, const Overload *overload, int *remedied, int *fits)
{
	const char *remedy;
	int			n = 0;

	*remedied = *fits = 0;
	for (int i = 0; i < call->ngiven; i++)
	{
		int			place = retention_place_of(call, i, overload);
		int			one = retention_argument_fit(call->given[i].type, overload->types[place]);

		*fits += one;
		if (one > 0)
			continue;
		n++;
		remedy = retention_remedy(overload, place, call->given[i].type);
		*remedied += remedy != NULL;
		/* better one that casts what is given than one that is something else */
		*fits += remedy && strstr(remedy, "%s");
	}
	return n;
}

static compat_noreturn void wrong_order(const Call *call, const Overload *overload, const Placement *placement) compat_attribute_noreturn();
static compat_noreturn void wrong_type(const Call *call, const Overload *overload, const List *overloads) compat_attribute_noreturn();
static compat_noreturn void untyped(const Call *call, const Overload *overload) compat_attribute_noreturn();
static compat_noreturn void missing(const Call *call, const Overload *overload, const Placement *placement, const Overload *cast) compat_attribute_noreturn();
static compat_noreturn void too_many(const Call *call, const Overload *overload, const Placement *placement) compat_attribute_noreturn();

static void
wrong_order(const Call *call, const Overload *overload, const Placement *placement)
{
	StringInfoData types;
	StringInfoData places;
	StringInfoData text;

	initStringInfo(&types);
	initStringInfo(&places);
	initStringInfo(&text);
	for (int i = 0; i < call->ngiven; i++)
	{
		appendStringInfo(&types, "%s%s", i > 0 ? ", " : "", format_type_be(call->given[i].type));
		appendStringInfo(&places, "%s%s", i > 0 ? ", " : "", retention_place_name(overload, i));
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", retention_written(&call->given[placement->of[i]], overload, i));
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("arguments of types %s are not in the order %s", types.data, places.data),
			 errhint("Write, for example: %s(%s).", call->name, text.data)));
}

/*
 * The one option, not given, that takes just what stands in another's place; -1: there
 * is none, or there are several.
 */
static int
option_meant(const Call *call, const Overload *overload, int wrong)
{
	int			meant = -1;

	if (overload->aggregate || wrong < overload->required)
		return -1;
	for (int place = overload->required; place < overload->nplaces; place++)
	{
		bool		given = false;

		for (int i = 0; i < call->ngiven; i++)
			given = given || retention_place_of(call, i, overload) == place;
		if (given || overload->names[place] == NULL ||
			retention_argument_fit(call->given[wrong].type, overload->types[place]) != 3)
			continue;
		if (meant >= 0)
			return -1;
		meant = place;
	}
	return meant;
}

/* The call with one argument, and those behind it, by name. */
static const char *
with_option(const Call *call, const Overload *overload, int wrong, int option)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s(", call->name);
	for (int i = 0; i < call->ngiven; i++)
	{
		int			place = retention_place_of(call, i, overload);
		const char *name = i == wrong ? overload->names[option] : i > wrong ? overload->names[place] : NULL;

		appendStringInfo(&text, "%s%s%s%s", i > 0 ? ", " : "", name ? name : "", name ? " => " : "",
						 retention_written(&call->given[i], overload, place));
	}
	appendStringInfoChar(&text, ')');
	return text.data;
}

static void
wrong_type(const Call *call, const Overload *overload, const List *overloads)
{
	int			wrong = 0;
	const Given *given;
	int			place;
	Role		role;
	const char *what;
	List	   *types = NIL;
	const ListCell *lc;
	const char *remedy;
	int			option;
	int			remedied;
	int			fits;

	while (wrong < call->ngiven - 1 &&
		   retention_argument_fit(call->given[wrong].type, overload->types[retention_place_of(call, wrong, overload)]) > 0)
		wrong++;
	given = &call->given[wrong];
	place = retention_place_of(call, wrong, overload);
	role = retention_place_role(overload, place);
	what = role != ROLES ? retention_role_what(role) : overload->names[place] ?
		psprintf("\"%s\"", overload->names[place]) : "the argument";

	/* what another overload takes there would be right, too */
	types = list_copy(overload->types[place]);
	foreach(lc, overloads)
	{
		const Overload *other = (const Overload *) lfirst(lc);
		int			there = retention_place_of(call, wrong, other);

		if (has_room(call, other) && misfits(call, other, &remedied, &fits) == 1 &&
			retention_argument_fit(given->type, other->types[there]) == 0)
			types = list_concat_unique_oid(types, other->types[there]);
	}
	option = option_meant(call, overload, wrong);
	remedy = retention_remedy(overload, place, given->type);
	/* something else is no advice where it may be one of many */
	if (remedy && strstr(remedy, "%s") == NULL && list_length(types) > list_length(overload->types[place]) + 2)
		remedy = NULL;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("%s can't be of type %s: %s", what, format_type_be(given->type), retention_pointed_at(given)),
			 strcmp(given->kind, "row ") == 0 && call->ngiven == 1 ?
			 errdetail("%s.%s is read like this as there is no such column.", given->text, call->name) : 0,
			 option >= 0 && remedy ?
			 errhint("It must be %s. Write, for example: %s, or %s.", retention_types_text(types), retention_remedied(call, overload), with_option(call, overload, wrong, option)) :
			 option >= 0 ?
			 errhint("It must be %s. Write, for example: %s.", retention_types_text(types), with_option(call, overload, wrong, option)) :
			 remedy ?
			 errhint("It must be %s. Write, for example: %s.", retention_types_text(types), retention_remedied(call, overload)) :
			 errhint("It must be %s.", retention_types_text(types))));
}

/* Is it a literal that could be the name of a column, which should not be one? */
static const char *
column_named(const Given *given)
{
	size_t		length = given->text ? strlen(given->text) : 0;

	if (given->type != UNKNOWNOID || length < 3 || given->text[0] != '\'' || strchr(given->text + 1, '\'') != given->text + length - 1 ||
		!(isalpha((unsigned char) given->text[1]) || given->text[1] == '_'))
		return NULL;
	return quote_identifier(pnstrdup(given->text + 1, length - 2));
}

/* Does a literal look like a value of the type?  Of texts and our own types each does. */
static bool
looks_like(const Given *given, Oid type)
{
	const char *digits = given->text && given->text[0] == '\'' ? given->text + 1 : NULL;

	if (given->type != UNKNOWNOID || digits == NULL)
		return true;
	switch (TypeCategory(type))
	{
		case TYPCATEGORY_NUMERIC:
			return strspn(digits, "0123456789.+-eE") == strlen(digits) - 1;
		case TYPCATEGORY_DATETIME:
			return isdigit((unsigned char) digits[0]) && strspn(digits, "0123456789.") < strlen(digits) - 1;
	}
	return true;
}

/*
 * Of a time and literals: the overload for which they are enough and look right, or else
 * just enough; NULL if there is none.  That it was not found is for want of types.
 */
static const Overload *
overload_of_literals(const Call *call, const List *overloads)
{
	const Overload *found = NULL;
	const ListCell *lc;

	if (!call->aggregate || call->named || call->ngiven < 2 || call->given[0].type == UNKNOWNOID)
		return NULL;
	foreach(lc, overloads)
	{
		const Overload *overload = (const Overload *) lfirst(lc);
		bool		literals = true;
		bool		looks = true;

		if (overload->nplaces != call->ngiven || retention_argument_fit(call->given[0].type, overload->types[0]) != 3)
			continue;
		for (int i = 1; i < call->ngiven; i++)
		{
			literals = literals && (call->given[i].type == UNKNOWNOID || retention_argument_fit(call->given[i].type, overload->types[i]) == 3);
			looks = looks && looks_like(&call->given[i], linitial_oid(overload->types[i]));
		}
		if (!literals)
			continue;
		found = overload;
		if (looks)
			break;
	}
	return found;
}

/* All could be right, but nothing says what it is. */
static void
untyped(const Call *call, const Overload *overload)
{
	StringInfoData text;
	int			first = -1;
	bool		named = false;

	initStringInfo(&text);
	for (int i = 0; i < call->ngiven; i++)
	{
		const Given *given = &call->given[i];

		const char *column = retention_place_role(overload, i) != ROLES ? column_named(given) : NULL;

		named = named || column;
		if (given->type == UNKNOWNOID && first < 0)
			first = i;
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", column ? column : retention_written(given, overload, i));
		if (given->type == UNKNOWNOID && column == NULL)
			appendStringInfo(&text, "::%s", format_type_be(linitial_oid(overload->types[i])));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INDETERMINATE_DATATYPE),
			 errmsg("the type of %s is not known: %s", retention_place_name(overload, Max(first, 0)),
					retention_pointed_at(&call->given[Max(first, 0)])),
			 named ? errhint("A column is named without quotes, or within double ones. Write, for example: %s(%s).", call->name, text.data) :
			 errhint("Write, for example: %s(%s).", call->name, text.data)));
}

/* An overload that is asked of a value and has options, as clv(base, lifespan => ...). */
static const Overload *
overload_with_options(const List *overloads)
{
	const ListCell *lc;

	foreach(lc, overloads)
	{
		const Overload *overload = (const Overload *) lfirst(lc);

		if (!overload->aggregate && overload->nplaces > 1 && overload->required == 1 &&
			strcmp(retention_type_name(linitial_oid(overload->types[0])), "customer_base") == 0)
			return overload;
	}
	return NULL;
}

/*
 * All is right, but not all is there; placement->of[] has the arguments, or -1.  Or else
 * what is there could be cast for another overload.
 */
static void
missing(const Call *call, const Overload *overload, const Placement *placement, const Overload *cast)
{
	StringInfoData text;
	int			first = -1;

	initStringInfo(&text);
	for (int i = 0; i < overload->required; i++)
	{
		if (placement->of[i] < 0 && first < 0)
			first = i;
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "",
						 placement->of[i] < 0 ? retention_place_example(overload, i) : retention_written(&call->given[placement->of[i]], overload, i));
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("%s is missing: %s", overload->names[first] ? psprintf("\"%s\"", overload->names[first]) : "an argument",
					retention_types_text(overload->types[first])),
			 cast ? errhint("Write, for example: %s(%s), or %s.", call->name, text.data, retention_remedied(call, cast)) :
			 errhint("Write, for example: %s(%s).", call->name, text.data)));
}

static void
too_many(const Call *call, const Overload *overload, const Placement *placement)
{
	const Overload *options = overload_with_options(retention_refuse_overloads(call, true));
	StringInfoData text;
	int			extra = 0;

	initStringInfo(&text);
	for (int i = 0; i < overload->nplaces; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", retention_written(&call->given[placement->of[i]], overload, i));
	for (int i = 0; i < overload->nplaces; i++)
		for (int j = 0; j < overload->nplaces; j++)
			if (placement->of[j] == extra)
			{
				extra++;
				break;
			}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("there is no place for %s", retention_pointed_at(&call->given[extra])),
			 options && overload->aggregate && overload->nplaces > 1 ?
			 errhint("Write, for example: %s(%s), or with options %s(customer_base(%s), %s => ...).",
					 call->name, text.data, call->name, text.data, retention_place_name(options, 1)) :
			 errhint("Write, for example: %s(%s).", call->name, text.data)));
}

/*
 * Of a value that one overload takes, with options that only another has: what is left
 * without these, rather than another value.
 */
static void
refuse_option(const Call *call, const Overload *overload)
{
	StringInfoData text;
	int			extra = -1;

	if (overload->aggregate || retention_argument_fit(call->given[0].type, overload->types[0]) != 3)
		return;
	initStringInfo(&text);
	for (int i = 0; i < call->ngiven; i++)
	{
		const Given *given = &call->given[i];
		int			place = retention_place_of(call, i, overload);

		if (place < 0 && extra < 0)
			extra = i;
		if (place < 0)
			continue;
		if (retention_argument_fit(given->type, overload->types[place]) == 0)
			return;
		appendStringInfo(&text, "%s%s%s%s", i > 0 ? ", " : "", given->name ? given->name : "",
						 given->name ? " => " : "", retention_written(given, overload, place));
	}
	if (extra < 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 call->given[extra].name ? errmsg("\"%s\" is no option of what is asked of a %s", call->given[extra].name, format_type_be(call->given[0].type)) :
			 errmsg("there is no place for %s", retention_pointed_at(&call->given[extra])),
			 errhint("Write, for example: %s(%s).", call->name, text.data)));
}

/*
 * Is all that is given right, and in order, for an overload that asks for more?  Only
 * types that leave no doubt count: an integer may be many things.
 */
static bool
is_beginning(const Call *call, const Overload *overload, Placement *placement)
{
	int			given = 0;

	if (overload->required <= call->ngiven)
		return false;
	for (int i = 0; i < overload->required; i++)
	{
		Oid			type = given < call->ngiven ? call->given[given].type : InvalidOid;
		int			fits = OidIsValid(type) ? retention_argument_fit(type, overload->types[i]) : 0;

		placement->of[i] = fits == 3 || (fits > 0 && retention_place_role(overload, i) <= ROLE_CUSTOMER) ||
			(type == UNKNOWNOID && given > 0) ? given++ : -1;
	}
	return given == call->ngiven;
}

/*
 * Of arguments of which one is of a wrong type: is it one that may well be cast, as a
 * text may be anything and a number another, or may it be another argument's?
 */
static bool
may_be_cast(const Call *call, const Overload *overload, bool numbers)
{
	for (int i = 0; i < call->ngiven; i++)
	{
		int			place = retention_place_of(call, i, overload);
		char		category = TypeCategory(getBaseType(call->given[i].type));

		if (retention_argument_fit(call->given[i].type, overload->types[place]) == 0)
			return numbers ? retention_place_role(overload, place) == ROLES && category == TypeCategory(linitial_oid(overload->types[place])) :
				category == TYPCATEGORY_STRING;
	}
	return false;
}

/*
 * Has it nothing but NULLs?  That is no slip: what is asked of nothing answers
 * nothing, if it answers with a number or a time.
 */
static bool
is_of_nothing(const Call *call, const List *overloads)
{
	const ListCell *lc;

	for (int i = 0; i < call->ngiven; i++)
		if (call->given[i].type != UNKNOWNOID || call->given[i].text == NULL ||
			strcmp(call->given[i].text, "NULL") != 0)
			return false;
	if (call->aggregate && call->result != NUMERICOID && call->result != FLOAT8OID &&
		call->result != INTERVALOID && call->result != TIMESTAMPTZOID)
		return false;
	foreach(lc, overloads)
		if (has_room(call, (const Overload *) lfirst(lc)))
			return true;
	return false;
}

/* Would it do without what is given behind the last place? */
static bool
fits_as_it_stands(const Call *call, const Overload *overload)
{
	for (int i = 0; i < overload->nplaces; i++)
		if (retention_argument_fit(call->given[i].type, overload->types[i]) == 0)
			return false;
	return true;
}

/* Returns only if there is nothing to refuse. */
void
retention_refuse(const Call *call)
{
	bool		of_values = call->aggregate && call->ngiven > 0 && retention_type_is_value(getBaseType(call->given[0].type), call->schema);
	List	   *overloads = retention_refuse_overloads(call, of_values);
	const Overload *chosen = NULL;
	const Overload *unadvised = NULL;
	const Overload *cast = NULL;
	Placement	placement = {{0}, 0};
	Placement	best;
	Call		rows = *call;
	int			fewest = MAX_PLACES + 1;
	int			best_fits = 0;
	int			fewest_unadvised = MAX_PLACES + 1;
	StringInfoData types;
	ListCell   *lc;

	if (overloads == NIL && of_values)
		overloads = retention_refuse_overloads(call, false);
	if (is_of_nothing(call, overloads))
		return;

	/* some are of types that have a cast to the right one */
	foreach(lc, overloads)
	{
		const Overload *overload = (const Overload *) lfirst(lc);
		int			wrong;
		int			remedied;
		int			fits;

		if (!has_room(call, overload) || is_mistaken(call, overload))
			continue;
		wrong = misfits(call, overload, &remedied, &fits);
		if (wrong == remedied && (wrong < fewest || (wrong == fewest && fits > best_fits)))
		{
			cast = overload;
			fewest = wrong;
			best_fits = fits;
		}
		if (wrong < fewest_unadvised)
		{
			unadvised = overload;
			fewest_unadvised = wrong;
		}
	}
	if (cast && fewest == 1 && may_be_cast(call, cast, false))
		wrong_type(call, cast, overloads);

	/* all are there, and only their types are not */
	chosen = overload_of_literals(call, overloads);
	if (chosen)
		untyped(call, chosen);

	/* some are missing; but not the number of an order, where another overload does without */
	foreach(lc, overloads)
	{
		const Overload *overload = (const Overload *) lfirst(lc);

		if (!call->named && is_beginning(call, overload, &placement) &&
			!(cast && fewest == 0 && retention_place_role(overload, call->ngiven) == ROLE_ORDER_ID))
			missing(call, overload, &placement, call->ngiven == 1 ? cast : NULL);
	}
	if (cast && retention_type_is_value(getBaseType(call->given[0].type), call->schema))
		foreach(lc, overloads)
			refuse_option(call, (const Overload *) lfirst(lc));
	if (cast && fewest == 1 && may_be_cast(call, cast, true))
		wrong_type(call, cast, overloads);
	if (!cast && unadvised && fewest_unadvised == 1 && may_be_cast(call, unadvised, true))
		wrong_type(call, unadvised, overloads);

	/* all that is wrong is the order, or that there are no types */
	placement.score = 0;
	foreach(lc, overloads)
	{
		const Overload *overload = (const Overload *) lfirst(lc);

		if (call->named || !has_room(call, overload))
			continue;
		best = retention_best_placement(call, overload, call->ngiven);
		if (best.score > placement.score)
		{
			chosen = overload;
			placement = best;
		}
	}
	if (chosen)
	{
		for (int i = 0; i < call->ngiven; i++)
			if (placement.of[i] != i)
				wrong_order(call, chosen, &placement);
		untyped(call, chosen);
	}
	if (cast)
		wrong_type(call, cast, overloads);

	/* there are more than one of the overloads takes; what is named isn't one of its own */
	while (rows.ngiven > 0 && rows.given[rows.ngiven - 1].name)
		rows.ngiven--;
	foreach(lc, overloads)
	{
		const Overload *overload = (const Overload *) lfirst(lc);

		if (overload->nplaces >= call->ngiven || overload->nplaces > rows.ngiven)
			continue;
		best = retention_best_placement(&rows, overload, overload->nplaces);
		if (!call->aggregate && fits_as_it_stands(&rows, overload))
			for (int i = 0; i < overload->nplaces; i++)
				best.of[i] = i;
		if (best.score > 0 && (chosen == NULL || overload->nplaces > chosen->nplaces ||
							   (overload->nplaces == chosen->nplaces && best.score > placement.score)))
		{
			chosen = overload;
			placement = best;
		}
	}
	if (chosen)
		too_many(call, chosen, &placement);
	if (unadvised)
		wrong_type(call, unadvised, overloads);

	initStringInfo(&types);
	for (int i = 0; i < call->ngiven; i++)
		appendStringInfo(&types, "%s%s%s%s", i > 0 ? ", " : "", call->given[i].name ? call->given[i].name : "",
						 call->given[i].name ? " => " : "", format_type_be(call->given[i].type));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 call->ngiven == 0 ? errmsg("arguments are missing") :
			 errmsg("arguments of types %s are too many, too few, or others than those asked for", types.data),
			 errhint("Write, for example: %s.", retention_overloads_text(call, overloads))));
}
