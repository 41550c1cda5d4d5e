/*-------------------------------------------------------------------------
 *
 * remedy.c
 *	  What to write in place of what no overload takes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "refuse/refuse.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

typedef struct Remedy
{
	const char *to;
	const char *from;			/* NULL: whatever it is */
	const char *write;			/* with a %s: what was given */
} Remedy;

/* How a value of a type of ours is made of one of another; the first that applies. */
static const Remedy remedies[] = {
	{"customer_base", "purchase_history", "customer_base(%s)"},
	{"customer_base", NULL, "(SELECT customer_base(customer_id, ordered_at, amount) FROM orders)"},
	{"purchase_history", NULL, "(SELECT purchase_history(customer_id, ordered_at, amount, 'day') FROM orders)"},
	{"repeat_buying_histogram", "purchase_history", "repeat_buying(%s)"},
	{"repeat_buying_histogram", NULL, "(SELECT repeat_buying(purchase_history(customer_id, ordered_at, amount, 'day')) FROM orders)"},
	{"repeat_spend_histogram", "purchase_history", "repeat_spend(%s)"},
	{"repeat_spend_histogram", NULL, "(SELECT repeat_spend(purchase_history(customer_id, ordered_at, amount, 'day')) FROM orders)"},
	{"survival_histogram", "purchase_history", "time_to_order(%s)"},
	{"survival_histogram", NULL, "(SELECT survival(duration, event) FROM observations)"},
	{"renewals_histogram", NULL, "(SELECT renewals(period, survivors) FROM renewals)"},
	{"purchase_model", "repeat_buying_histogram", "fit_purchases(%s)"},
	{"purchase_model", "purchase_history", "fit_purchases(repeat_buying(%s))"},
	{"purchase_model", NULL, "fit_purchases(repeat_buying(history))"},
	{"spend_model", "repeat_spend_histogram", "fit_spend(%s)"},
	{"spend_model", "purchase_history", "fit_spend(repeat_spend(%s))"},
	{"spend_model", NULL, "fit_spend(repeat_spend(history))"},
	{"retention_model", "renewals_histogram", "fit_retention(%s)"},
	{"retention_model", NULL, "(SELECT fit_retention(period, survivors) FROM renewals)"},
	{"rfm_inputs", NULL, "(SELECT rfm_summary(ordered_at, amount, current_date) FROM orders WHERE customer_id = 1)"}
};

/* What an aggregate over customers is given, in a query. */
#define OVER_CUSTOMERS \
	"SELECT %s(customer) FROM (SELECT rfm_summary(ordered_at, amount, current_date) AS customer FROM orders GROUP BY customer_id) AS customers"

/* What stands for an argument that is missing. */
const char *
retention_place_example(const Overload *overload, int place)
{
	static const char *const examples[][2] = {
		{"period", "'day'"}, {"time_zone", "'UTC'"}, {"as_of", "current_date"}, {"until", "current_date"},
		{"sample_size", "10000"}, {"metric", "'aov'"}, {"share_of_customers", "0.2"}, {"horizon", "'1 year'"}, {"lifespan", "'3 years'"}, {"purchases", "0"}, {"period_index", "1"}
	};

	for (int i = 0; overload->names[place] && i < lengthof(examples); i++)
		if (strcmp(overload->names[place], examples[i][0]) == 0)
			return examples[i][1];
	return retention_place_name(overload, place);
}

/* How what is given is made what goes in the place, with a %s for it; NULL: nobody knows. */
const char *
retention_remedy(const Overload *overload, int place, Oid type)
{
	Role		role = retention_place_role(overload, place);
	Oid			taken = linitial_oid(overload->types[place]);
	Oid			base = getBaseType(type);
	Oid			function;

	/* where names are kept customers are texts */
	if (role == ROLE_CUSTOMER && list_length(overload->types[place]) == 1 && taken == TEXTOID &&
		(TypeCategory(base) == TYPCATEGORY_NUMERIC || base == UUIDOID))
		return base == NUMERICOID ? "trim_scale(%s)::text" : "%s::text";
	/* the number of an order is of a customer's types */
	if (role != ROLES)
		return retention_advised_cast(role == ROLE_ORDER_ID ? ROLE_CUSTOMER : role, base);
	if (overload->aggregate && strcmp(retention_type_name(taken), "rfm_inputs") == 0)
		return OVER_CUSTOMERS;
	for (int i = 0; i < lengthof(remedies); i++)
		if (strcmp(remedies[i].to, retention_type_name(taken)) == 0 &&
			(remedies[i].from == NULL || strcmp(remedies[i].from, retention_type_name(base)) == 0))
			return remedies[i].write;
	/* a number is no text, where that stands for an interval */
	if (TypeCategory(base) == TYPCATEGORY_NUMERIC && list_member_oid(overload->types[place], INTERVALOID))
		taken = INTERVALOID;
	switch (taken)
	{
		case INTERVALOID:
			if (TypeCategory(base) != TYPCATEGORY_NUMERIC)
				break;
			if (overload->names[place] && strcmp(overload->names[place], "lifespan") == 0)
				return "interval '1 year' * %s";
			return base == NUMERICOID || base == FLOAT8OID ? NULL : "interval '1 day' * %s";
		case INT4ARRAYOID:
			return base == INT4OID ? "ARRAY[%s]" : NULL;
		case FLOAT8ARRAYOID:
			return TypeCategory(base) == TYPCATEGORY_NUMERIC ? "ARRAY[%s]" : NULL;
		case TEXTOID:
			if (overload->names[place] && strcmp(overload->names[place], "period") == 0)
				return overload->aggregate ? "'day'" : "'month'";
			if (TypeCategory(base) != TYPCATEGORY_STRING)
				return NULL;
			break;
		case FLOAT8OID:
		case INT4OID:
			/* a number of orders or of periods is no number of days, and half of one is none */
			if (base == INTERVALOID &&
				!(overload->names[place] && (strstr(overload->names[place], "days") || strstr(overload->names[place], "duration"))))
				return NULL;
			if (taken == INT4OID && (base == NUMERICOID || base == FLOAT8OID || base == FLOAT4OID))
				return NULL;
			if (base == INTERVALOID)
				return taken == INT4OID ? "(extract(epoch FROM %s) / 86400)::int" : "extract(epoch FROM %s) / 86400";
			break;
	}
	if (find_coercion_pathway(taken, base, COERCION_EXPLICIT, &function) == COERCION_PATH_NONE)
		return NULL;
	return psprintf("%%s::%s", format_type_be(taken));
}

/* The text with what was given in its place. */
static char *
fill(const char *format, const char *what)
{
	const char *place = strstr(format, "%s");

	return place ? psprintf("%.*s%s%s", (int) (place - format), format, what, place + 2) : pstrdup(format);
}

/* An argument as it's written in a hint. */
const char *
retention_written(const Given *given, const Overload *overload, int place)
{
	if (given->text)
		return given->text;
	return strcmp(retention_type_name(given->type), "purchase_history") == 0 ? "history" : retention_place_name(overload, place);
}

/* As messages point at it: column "x", or what it is. */
const char *
retention_pointed_at(const Given *given)
{
	if (given->text == NULL)
		return "an expression";
	if (given->kind[0] == '\0' || given->text[0] == '"')
		return psprintf("%s%s", given->kind, given->text);
	return psprintf("%s\"%s\"", given->kind, given->text);
}

/* name(a, b) */
static const char *
overload_text(const Call *call, const Overload *overload)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s(", call->name);
	for (int i = 0; i < overload->nplaces; i++)
		appendStringInfo(&text, "%s%s%s", i > 0 ? ", " : "", retention_place_name(overload, i), i >= overload->required ? " => ..." : "");
	appendStringInfoChar(&text, ')');
	return text.data;
}

const char *
retention_overloads_text(const Call *call, const List *overloads)
{
	StringInfoData text;
	const ListCell *lc;

	initStringInfo(&text);
	foreach(lc, overloads)
		appendStringInfo(&text, "%s%s", foreach_current_index(lc) == 0 ? "" :
						 lnext(overloads, lc) ? ", " : " or ", overload_text(call, (const Overload *) lfirst(lc)));
	return text.data;
}

/* The call with what is of a wrong type cast, where it's known how. */
const char *
retention_remedied(const Call *call, const Overload *overload)
{
	StringInfoData text;
	bool		rows = false;

	initStringInfo(&text);
	appendStringInfo(&text, "%s(", call->name);
	for (int i = 0; i < call->ngiven; i++)
	{
		const Given *given = &call->given[i];
		int			place = retention_place_of(call, i, overload);
		bool		fits = retention_argument_fit(given->type, overload->types[place]) > 0;
		const char *cast = fits ? "%s" : retention_remedy(overload, place, given->type);

		if (cast && strcmp(cast, OVER_CUSTOMERS) == 0)
			return fill(cast, call->name);
		/* what is given in place of a value and its options are its rows */
		if (i == 0)
			rows = cast && cast[0] == '(' && strstr(cast, "%s") == NULL;
		else if (rows && !fits)
			return psprintf("%s(%s)", call->name, retention_remedy(overload, 0, call->given[0].type));
		appendStringInfo(&text, "%s%s%s%s", i > 0 ? ", " : "", given->name ? given->name : "",
						 given->name ? " => " : "", fill(cast ? cast : "%s", retention_written(given, overload, place)));
	}
	appendStringInfoChar(&text, ')');
	return text.data;
}
