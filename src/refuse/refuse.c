/*-------------------------------------------------------------------------
 *
 * refuse.c
 *	  What is wrong with a call that no form takes.
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

/* Could the form be meant, for the number of its arguments? */
static bool
has_room(const Call *call, const Form *form)
{
	bool		filled[MAX_PLACES] = {false};

	for (int i = 0; i < call->ngiven; i++)
	{
		int			place = retention_place_of(call, i, form);

		if (place < 0)
			return false;
		filled[place] = true;
	}
	for (int i = 0; i < form->required; i++)
		if (!filled[i])
			return false;
	return true;
}

/* Is an argument in a place where nobody would put it? */
static bool
is_mistaken(const Call *call, const Form *form)
{
	for (int i = 0; i < call->ngiven; i++)
		if (retention_is_misplaced(&call->given[i], form, retention_place_of(call, i, form)))
			return true;
	return false;
}

/* Arguments of types that a form doesn't take, and of how many of them is known what to write. */
static int
misfits(const Call *call, const Form *form, int *remedied, int *fits)
{
	int			n = 0;

	*remedied = *fits = 0;
	for (int i = 0; i < call->ngiven; i++)
	{
		int			place = retention_place_of(call, i, form);
		int			one = retention_fit(call->given[i].type, form->types[place]);

		*fits += one;
		if (one > 0)
			continue;
		n++;
		*remedied += retention_remedy(form, place, call->given[i].type) != NULL;
	}
	return n;
}

static compat_noreturn void wrong_order(const Call *call, const Form *form, const Order *order) compat_attribute_noreturn();
static compat_noreturn void wrong_type(const Call *call, const Form *form, const List *forms) compat_attribute_noreturn();
static compat_noreturn void untyped(const Call *call, const Form *form) compat_attribute_noreturn();
static compat_noreturn void missing(const Call *call, const Form *form, const Order *order, const Form *cast) compat_attribute_noreturn();
static compat_noreturn void too_many(const Call *call, const Form *form, const Order *order) compat_attribute_noreturn();

static void
wrong_order(const Call *call, const Form *form, const Order *order)
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
		appendStringInfo(&places, "%s%s", i > 0 ? ", " : "", retention_place_name(form, i));
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", retention_written(&call->given[order->of[i]], form, i));
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("arguments of types %s are not in the order %s", types.data, places.data),
			 errhint("Write, for example: %s(%s).", call->name, text.data)));
}

static void
wrong_type(const Call *call, const Form *form, const List *forms)
{
	int			wrong = 0;
	const Given *given;
	int			place;
	Role		role;
	const char *what;
	List	   *types = NIL;
	const ListCell *lc;
	const char *remedy;
	int			remedied;
	int			fits;

	while (wrong < call->ngiven - 1 &&
		   retention_fit(call->given[wrong].type, form->types[retention_place_of(call, wrong, form)]) > 0)
		wrong++;
	given = &call->given[wrong];
	place = retention_place_of(call, wrong, form);
	role = retention_place_role(form, place);
	what = role != ROLES ? retention_role_what(role) : form->names[place] ?
		psprintf("\"%s\"", form->names[place]) : "the argument";

	/* what another form takes there would be right, too */
	types = list_copy(form->types[place]);
	foreach(lc, forms)
	{
		const Form *other = (const Form *) lfirst(lc);
		int			there = retention_place_of(call, wrong, other);

		if (has_room(call, other) && misfits(call, other, &remedied, &fits) == 1 &&
			retention_fit(given->type, other->types[there]) == 0)
			types = list_concat_unique_oid(types, other->types[there]);
	}
	remedy = retention_remedy(form, place, given->type);
	/* something else is no advice where it may be one of many */
	if (remedy && strstr(remedy, "%s") == NULL && list_length(types) > list_length(form->types[place]) + 2)
		remedy = NULL;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("%s can't be of type %s: %s", what, format_type_be(given->type), retention_pointed_at(given)),
			 strcmp(given->kind, "row ") == 0 && call->ngiven == 1 ?
			 errdetail("%s.%s is read like this as there is no such column.", given->text, call->name) : 0,
			 remedy ?
			 errhint("It must be %s. Write, for example: %s.", retention_types_text(types), retention_remedied(call, form)) :
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
 * Of a time and literals: the form for which they are enough and look right, or else
 * just enough; NULL if there is none.  That it was not found is for want of types.
 */
static const Form *
form_of_literals(const Call *call, const List *forms)
{
	const Form *found = NULL;
	const ListCell *lc;

	if (!call->aggregate || call->named || call->ngiven < 2 || call->given[0].type == UNKNOWNOID)
		return NULL;
	foreach(lc, forms)
	{
		const Form *form = (const Form *) lfirst(lc);
		bool		literals = true;
		bool		looks = true;

		if (form->nplaces != call->ngiven || retention_fit(call->given[0].type, form->types[0]) != 3)
			continue;
		for (int i = 1; i < call->ngiven; i++)
		{
			literals = literals && (call->given[i].type == UNKNOWNOID || retention_fit(call->given[i].type, form->types[i]) == 3);
			looks = looks && looks_like(&call->given[i], linitial_oid(form->types[i]));
		}
		if (!literals)
			continue;
		found = form;
		if (looks)
			break;
	}
	return found;
}

/* All could be right, but nothing says what it is. */
static void
untyped(const Call *call, const Form *form)
{
	StringInfoData text;
	int			first = -1;
	bool		named = false;

	initStringInfo(&text);
	for (int i = 0; i < call->ngiven; i++)
	{
		const Given *given = &call->given[i];

		const char *column = retention_place_role(form, i) != ROLES ? column_named(given) : NULL;

		named = named || column;
		if (given->type == UNKNOWNOID && first < 0)
			first = i;
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", column ? column : retention_written(given, form, i));
		if (given->type == UNKNOWNOID && column == NULL)
			appendStringInfo(&text, "::%s", format_type_be(linitial_oid(form->types[i])));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INDETERMINATE_DATATYPE),
			 errmsg("the type of %s is not known: %s", retention_place_name(form, Max(first, 0)),
					retention_pointed_at(&call->given[Max(first, 0)])),
			 named ? errhint("A column is named without quotes, or within double ones. Write, for example: %s(%s).", call->name, text.data) :
			 errhint("Write, for example: %s(%s).", call->name, text.data)));
}

/* A form that is asked of a value and has options, as clv(base, lifespan => ...). */
static const Form *
form_with_options(const List *forms)
{
	const ListCell *lc;

	foreach(lc, forms)
	{
		const Form *form = (const Form *) lfirst(lc);

		if (!form->aggregate && form->nplaces > 1 && form->required == 1 &&
			strcmp(retention_type_name(linitial_oid(form->types[0])), "customer_base") == 0)
			return form;
	}
	return NULL;
}

/*
 * All is right, but not all is there; order->of[] has the arguments, or -1.  Or else
 * what is there could be cast for another form.
 */
static void
missing(const Call *call, const Form *form, const Order *order, const Form *cast)
{
	StringInfoData text;
	int			first = -1;

	initStringInfo(&text);
	for (int i = 0; i < form->required; i++)
	{
		if (order->of[i] < 0 && first < 0)
			first = i;
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "",
						 order->of[i] < 0 ? retention_place_example(form, i) : retention_written(&call->given[order->of[i]], form, i));
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("%s is missing: %s", form->names[first] ? psprintf("\"%s\"", form->names[first]) : "an argument",
					retention_types_text(form->types[first])),
			 cast ? errhint("Write, for example: %s(%s), or %s.", call->name, text.data, retention_remedied(call, cast)) :
			 errhint("Write, for example: %s(%s).", call->name, text.data)));
}

static void
too_many(const Call *call, const Form *form, const Order *order)
{
	const Form *options = form_with_options(retention_refuse_forms(call, true));
	StringInfoData text;
	int			extra = 0;

	initStringInfo(&text);
	for (int i = 0; i < form->nplaces; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", retention_written(&call->given[order->of[i]], form, i));
	for (int i = 0; i < form->nplaces; i++)
		for (int j = 0; j < form->nplaces; j++)
			if (order->of[j] == extra)
			{
				extra++;
				break;
			}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("there is no place for %s", retention_pointed_at(&call->given[extra])),
			 options && form->aggregate && form->nplaces > 1 ?
			 errhint("Write, for example: %s(%s), or with options %s(customer_base(%s), %s => ...).",
					 call->name, text.data, call->name, text.data, retention_place_name(options, 1)) :
			 errhint("Write, for example: %s(%s).", call->name, text.data)));
}

/*
 * Is all that is given right, and in order, for a form that asks for more?  Only
 * types that leave no doubt count: an integer may be many things.
 */
static bool
is_beginning(const Call *call, const Form *form, Order *order)
{
	int			given = 0;

	if (form->required <= call->ngiven)
		return false;
	for (int i = 0; i < form->required; i++)
	{
		Oid			type = given < call->ngiven ? call->given[given].type : InvalidOid;
		int			fits = OidIsValid(type) ? retention_fit(type, form->types[i]) : 0;

		order->of[i] = fits == 3 || (fits > 0 && retention_place_role(form, i) <= ROLE_CUSTOMER) ||
			(type == UNKNOWNOID && given > 0) ? given++ : -1;
	}
	return given == call->ngiven;
}

/*
 * Of arguments of which one is of a wrong type: is it one that may well be cast, as a
 * text may be anything and a number another, or may it be another argument's?
 */
static bool
may_be_cast(const Call *call, const Form *form, bool numbers)
{
	for (int i = 0; i < call->ngiven; i++)
	{
		int			place = retention_place_of(call, i, form);
		char		category = TypeCategory(getBaseType(call->given[i].type));

		if (retention_fit(call->given[i].type, form->types[place]) == 0)
			return numbers ? retention_place_role(form, place) == ROLES && category == TypeCategory(linitial_oid(form->types[place])) :
				category == TYPCATEGORY_STRING;
	}
	return false;
}

/*
 * Has it nothing but NULLs?  That is no slip: what is asked of nothing answers
 * nothing, if it answers with a number or a time.
 */
static bool
is_of_nothing(const Call *call, const List *forms)
{
	const ListCell *lc;

	for (int i = 0; i < call->ngiven; i++)
		if (call->given[i].type != UNKNOWNOID || call->given[i].text == NULL ||
			strcmp(call->given[i].text, "NULL") != 0)
			return false;
	if (call->aggregate && call->result != NUMERICOID && call->result != FLOAT8OID &&
		call->result != INTERVALOID && call->result != TIMESTAMPTZOID)
		return false;
	foreach(lc, forms)
		if (has_room(call, (const Form *) lfirst(lc)))
			return true;
	return false;
}

/* Returns only if there is nothing to refuse. */
void
retention_refuse(const Call *call)
{
	bool		of_values = call->aggregate && call->ngiven > 0 && retention_type_is_value(getBaseType(call->given[0].type), call->schema);
	List	   *forms = retention_refuse_forms(call, of_values);
	const Form *chosen = NULL;
	const Form *unadvised = NULL;
	const Form *cast = NULL;
	Order		order = {{0}, 0};
	Order		best;
	Call		rows = *call;
	int			fewest = MAX_PLACES + 1;
	int			best_fits = 0;
	int			fewest_unadvised = MAX_PLACES + 1;
	StringInfoData types;
	ListCell   *lc;

	if (forms == NIL && of_values)
		forms = retention_refuse_forms(call, false);
	if (is_of_nothing(call, forms))
		return;

	/* some are of types that have a cast to the right one */
	foreach(lc, forms)
	{
		const Form *form = (const Form *) lfirst(lc);
		int			wrong;
		int			remedied;
		int			fits;

		if (!has_room(call, form) || is_mistaken(call, form))
			continue;
		wrong = misfits(call, form, &remedied, &fits);
		if (wrong == remedied && (wrong < fewest || (wrong == fewest && fits > best_fits)))
		{
			cast = form;
			fewest = wrong;
			best_fits = fits;
		}
		if (wrong < fewest_unadvised)
		{
			unadvised = form;
			fewest_unadvised = wrong;
		}
	}
	if (cast && fewest == 1 && may_be_cast(call, cast, false))
		wrong_type(call, cast, forms);

	/* all are there, and only their types are not */
	chosen = form_of_literals(call, forms);
	if (chosen)
		untyped(call, chosen);

	/* some are missing; but not the number of an order, where another form does without */
	foreach(lc, forms)
	{
		const Form *form = (const Form *) lfirst(lc);

		if (!call->named && is_beginning(call, form, &order) &&
			!(cast && fewest == 0 && retention_place_role(form, call->ngiven) == ROLE_ORDER_ID))
			missing(call, form, &order, call->ngiven == 1 ? cast : NULL);
	}
	if (cast && fewest == 1 && may_be_cast(call, cast, true))
		wrong_type(call, cast, forms);

	/* all that is wrong is the order, or that there are no types */
	order.score = 0;
	foreach(lc, forms)
	{
		const Form *form = (const Form *) lfirst(lc);

		if (call->named || !has_room(call, form))
			continue;
		best = retention_best_order(call, form, call->ngiven);
		if (best.score > order.score)
		{
			chosen = form;
			order = best;
		}
	}
	if (chosen)
	{
		for (int i = 0; i < call->ngiven; i++)
			if (order.of[i] != i)
				wrong_order(call, chosen, &order);
		untyped(call, chosen);
	}
	if (cast)
		wrong_type(call, cast, forms);

	/* there are more than one of the forms takes; what is named isn't one of its own */
	while (rows.ngiven > 0 && rows.given[rows.ngiven - 1].name)
		rows.ngiven--;
	foreach(lc, forms)
	{
		const Form *form = (const Form *) lfirst(lc);

		if (form->nplaces >= call->ngiven || form->nplaces > rows.ngiven)
			continue;
		best = retention_best_order(&rows, form, form->nplaces);
		if (best.score > 0 && (chosen == NULL || form->nplaces > chosen->nplaces ||
							   (form->nplaces == chosen->nplaces && best.score > order.score)))
		{
			chosen = form;
			order = best;
		}
	}
	if (chosen)
		too_many(call, chosen, &order);
	if (unadvised)
		wrong_type(call, unadvised, forms);

	initStringInfo(&types);
	for (int i = 0; i < call->ngiven; i++)
		appendStringInfo(&types, "%s%s%s%s", i > 0 ? ", " : "", call->given[i].name ? call->given[i].name : "",
						 call->given[i].name ? " => " : "", format_type_be(call->given[i].type));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 call->ngiven == 0 ? errmsg("arguments are missing") :
			 errmsg("arguments of types %s are too many, too few, or others than those asked for", types.data),
			 errhint("Write, for example: %s.", retention_forms_text(call, forms))));
}
