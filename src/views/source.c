/*-------------------------------------------------------------------------
 *
 * source.c
 *	  The order rows of a recipe, as a sub-select with three columns.
 *
 * The user's table has any types; what comes out of here has few, so that the
 * templates need not know: a customer is int8, text or uuid, a time timestamptz,
 * timestamp or date, an amount numeric.  Where the rows are lines of orders,
 * they are added up to orders.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/views.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

/* A relation's name as it's written in SQL. */
static char *
qualified_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

/*
 * Is it something that can be read, and a view of ours can stand on?  From here
 * on until the end of the transaction nobody drops it.
 */
void
retention_source_check(Oid orders)
{
	Relation	relation = try_relation_open(orders, AccessShareLock);
	Form_pg_class class;

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", orders)));
	class = RelationGetForm(relation);
	switch (class->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not a table or a view", NameStr(class->relname))));
	}
	if (class->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("views for others can't be made over a temporary table: \"%s\"",
						NameStr(class->relname))));
	relation_close(relation, NoLock);
}

/* The number of a column that there is, and the caller may read. */
static AttrNumber
readable_column(Oid orders, const char *column)
{
	AttrNumber	number = get_attnum(orders, column);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of \"%s\" does not exist", column, get_rel_name(orders))));
	if (pg_class_aclcheck(orders, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck(orders, number, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(orders)),
					   get_rel_name(orders));
	return number;
}

static Oid
column_type(Oid orders, const char *column)
{
	return getBaseType(get_atttype(orders, readable_column(orders, column)));
}

static compat_noreturn void wrong_type(Oid orders, const char *column, const char *what,
									   const char *types) compat_attribute_noreturn();

static void
wrong_type(Oid orders, const char *column, const char *what, const char *types)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("%s can't be of type %s: column \"%s\"", what,
					format_type_be(get_atttype(orders, get_attnum(orders, column))), column),
			 errhint("Make a view of the table in which it is %s.", types)));
}

/*
 * Can customers be told apart by the text of this type?  Not if it depends on
 * settings, as that of a time does, or differs where values are equal, as that
 * of jsonb does.
 */
static bool
text_is_identity(Oid type)
{
	char		category;
	bool		preferred;

	switch (type)
	{
		case OIDOID:
			return true;
		case JSONOID:
		case JSONBOID:
		case XMLOID:
		case BYTEAOID:
			return false;
	}
	get_type_category_preferred(type, &category, &preferred);
	return category == TYPCATEGORY_STRING || category == TYPCATEGORY_ENUM ||
		category == TYPCATEGORY_NETWORK || category == TYPCATEGORY_BITSTRING ||
		category == TYPCATEGORY_USER;
}

/*
 * The collation of a column's text, as SQL, where it tells texts apart as their
 * bytes do: all but those which say that they don't.
 */
static const char *
bytes_collation(Oid orders, const char *column)
{
	Oid			collation = get_typcollation(TEXTOID);
	Oid			type;
	int32		typmod;
	Oid			own;

	get_atttypetypmodcoll(orders, get_attnum(orders, column), &type, &typmod, &own);
	/* of a type without a collation, the text has that of text */
	if (OidIsValid(own))
		collation = own;
	return get_collation_isdeterministic(collation) ? generate_collation_name(collation) : NULL;
}

/* The customer: a number is one by its value, anything else by its text. */
static char *
customer_sql(const Recipe *recipe, Source *source)
{
	const char *name = quote_identifier(recipe->customer);
	Oid			type = column_type(recipe->orders, recipe->customer);

	source->uuid = type == UUIDOID;
	switch (type)
	{
		case INT8OID:
		case INT4OID:
		case INT2OID:
			source->sortable = true;
			return psprintf("%s::pg_catalog.int8", name);
		case UUIDOID:
			source->sortable = true;
			return psprintf("%s::pg_catalog.uuid", name);
	}
	source->collation = bytes_collation(recipe->orders, recipe->customer);
	source->sortable = source->collation != NULL;
	switch (type)
	{
		case NUMERICOID:
			/* 1.0 and 1.00 are one customer */
			return psprintf("pg_catalog.trim_scale(%s)::pg_catalog.text", name);
		case BPCHAROID:
			/* as it compares: without the blanks at its end */
			return psprintf("pg_catalog.rtrim(%s::pg_catalog.text)", name);
		default:
			if (!text_is_identity(type))
				wrong_type(recipe->orders, recipe->customer, "a customer", "an integer, a text or a uuid");
			return psprintf("%s::pg_catalog.text", name);
	}
}

/* The time as it is; what type it has decides much. */
static char *
time_sql(const Recipe *recipe, Source *source)
{
	const char *name = quote_identifier(recipe->ordered_at);

	switch (column_type(recipe->orders, recipe->ordered_at))
	{
		case DATEOID:
			source->date = true;
			return psprintf("%s::pg_catalog.date", name);
		case TIMESTAMPOID:
			return psprintf("%s::pg_catalog.timestamp", name);
		case TIMESTAMPTZOID:
			source->zoned = true;
			return psprintf("%s::pg_catalog.timestamptz", name);
		default:
			wrong_type(recipe->orders, recipe->ordered_at, "the time of an order",
					   "a timestamptz, a timestamp or a date");
	}
}

/*
 * The amount as a numeric.  A float8 stands for the decimal of its 15 digits; a
 * float4 for the one that it's printed as, which the cast would cut to 6.
 */
static char *
amount_sql(const Recipe *recipe)
{
	const char *name = quote_identifier(recipe->amount);

	switch (column_type(recipe->orders, recipe->amount))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT8OID:
		case NUMERICOID:
		case CASHOID:
			return psprintf("%s::pg_catalog.numeric", name);
		case FLOAT4OID:
			return psprintf("%s::pg_catalog.text::pg_catalog.numeric", name);
		default:
			wrong_type(recipe->orders, recipe->amount, "an amount", "a number");
	}
}

bool
retention_source_has_zone(Oid orders, const char *ordered_at)
{
	return column_type(orders, ordered_at) == TIMESTAMPTZOID;
}

void
retention_source_of_recipe(Source *source, const Recipe *recipe)
{
	const char *columns;
	const char *table;
	const char *where;
	const char *kept;

	memset(source, 0, sizeof(Source));
	retention_source_check(recipe->orders);
	columns = psprintf("%s AS customer, %s AS ordered_at, %s AS amount",
					   customer_sql(recipe, source), time_sql(recipe, source),
					   amount_sql(recipe));
	/* the table may have got another type of time since the recipe was made */
	if (source->zoned && recipe->time_zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is a timestamptz, and the recipe names no time zone", recipe->ordered_at),
				 errhint("Call retention_create_views again.")));
	if (source->zoned)
		(void) retention_zone_of_name(recipe->time_zone);
	/* by the name that the filter calls its rows */
	table = psprintf("%s AS " FILTER_ALIAS, qualified_name(recipe->orders));
	where = recipe->filter ? psprintf(" WHERE (%s)", recipe->filter) : "";
	kept = recipe->filter ? psprintf("(%s) IS TRUE", recipe->filter) : "true";

	if (recipe->order_id == NULL)
	{
		source->rows = psprintf("(SELECT %s FROM %s%s)", columns, table, where);
		source->all_rows = psprintf("(SELECT %s, %s AS kept, 1::pg_catalog.int8 AS row_count FROM %s)",
									columns, kept, table);
	}
	else
	{
		const char *order_id = quote_identifier(recipe->order_id);

		(void) readable_column(recipe->orders, recipe->order_id);

		/*
		 * Numbers of orders may begin anew for each customer.  A line without
		 * one is an order together with the customer's others of that time.
		 */
		source->rows = psprintf("(SELECT customer, pg_catalog.min(ordered_at) FILTER (WHERE pg_catalog.isfinite(ordered_at)) AS ordered_at,"
								" pg_catalog.sum(amount) AS amount"
								" FROM (SELECT %s AS order_id, %s FROM %s%s) AS line"
								" GROUP BY order_id, customer, CASE WHEN order_id IS NULL THEN ordered_at END)",
								order_id, columns, table, where);
		source->all_rows = psprintf("(SELECT customer, pg_catalog.min(ordered_at) FILTER (WHERE pg_catalog.isfinite(ordered_at)) AS ordered_at,"
									" pg_catalog.sum(amount) AS amount, kept,"
									" pg_catalog.count(*) AS row_count"
									" FROM (SELECT %s AS order_id, %s, %s AS kept FROM %s) AS line"
									" GROUP BY order_id, customer, CASE WHEN order_id IS NULL THEN ordered_at END, kept)",
									order_id, columns, kept, table);
	}
}
