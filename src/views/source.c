/*-------------------------------------------------------------------------
 *
 * source.c
 *	  The order rows: from the user's table to the view order_rows.
 *
 * The user's table has any types; order_rows has few, so that the templates need
 * not know: a customer is int8, text or uuid, a time timestamptz, timestamp or
 * date, an amount numeric.  It is the one place that names the user's table, and
 * all that is known of the orders later on is read from its columns: so its owner
 * may also write it himself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/views.h"

#include "access/relation.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"

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
static void
check_relation(Oid orders)
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
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case NAMEOID:
		case CHAROID:
		case OIDOID:
		case INETOID:
		case CIDROID:
		case MACADDROID:
		case MACADDR8OID:
		case BITOID:
		case VARBITOID:
		case LSNOID:
			return true;
	}
	return type_is_enum(type) ||
		lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr == TextEqualOperator;
}

/* Is it the type of the extension citext, which folds before it compares? */
static bool
is_citext(Oid type)
{
	Oid			extension = getExtensionOfObject(TypeRelationId, type);
	char	   *name = OidIsValid(extension) ? get_extension_name(extension) : NULL;

	return name && strcmp(name, "citext") == 0;
}

/* The customer: a number is one by its value, anything else by its text. */
static char *
customer_sql(const OrderTable *orders)
{
	const char *name = quote_identifier(orders->customer);
	Oid			type = column_type(orders->relation, orders->customer);

	switch (type)
	{
		case INT8OID:
		case INT4OID:
		case INT2OID:
			return psprintf("%s::pg_catalog.int8", name);
		case UUIDOID:
			return psprintf("%s::pg_catalog.uuid", name);
		case NUMERICOID:
			/* 1.0 and 1.00 are one customer */
			return psprintf("pg_catalog.trim_scale(%s)::pg_catalog.text", name);
		case BPCHAROID:
			/* as it compares: without the blanks at its end */
			return psprintf("pg_catalog.rtrim(%s::pg_catalog.text)", name);
		default:
			if (is_citext(type))
				return psprintf("pg_catalog.lower(%s::pg_catalog.text COLLATE pg_catalog.\"default\")", name);
			if (!text_is_identity(type))
				wrong_type(orders->relation, orders->customer, "a customer", "an integer, a text or a uuid");
			return psprintf("%s::pg_catalog.text", name);
	}
}

/* The time as it is; what type it has decides much. */
static char *
time_sql(const OrderTable *orders)
{
	const char *name = quote_identifier(orders->ordered_at);

	switch (column_type(orders->relation, orders->ordered_at))
	{
		case DATEOID:
			return psprintf("%s::pg_catalog.date", name);
		case TIMESTAMPOID:
			return psprintf("%s::pg_catalog.timestamp", name);
		case TIMESTAMPTZOID:
			return psprintf("%s::pg_catalog.timestamptz", name);
		default:
			wrong_type(orders->relation, orders->ordered_at, "the time of an order",
					   "a timestamptz, a timestamp or a date");
	}
}

/*
 * The amount as a numeric.  A float8 stands for the decimal of its 15 digits; a
 * float4 for the one that it's printed as, which the cast would cut to 6.
 */
static char *
amount_sql(const OrderTable *orders)
{
	const char *name = quote_identifier(orders->amount);

	switch (column_type(orders->relation, orders->amount))
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
			wrong_type(orders->relation, orders->amount, "an amount", "a number");
	}
}

bool
retention_orders_have_zone(const OrderTable *orders)
{
	return column_type(orders->relation, orders->ordered_at) == TIMESTAMPTZOID;
}

void
retention_orders_of_arguments(OrderTable *orders, FunctionCallInfo fcinfo)
{
	memset(orders, 0, sizeof(OrderTable));
	retention_views_check_given(fcinfo, ARG_ORDERS, "orders");
	orders->relation = PG_GETARG_OID(ARG_ORDERS);
	orders->customer = retention_views_name_argument(fcinfo, ARG_CUSTOMER, "customer");
	orders->ordered_at = retention_views_name_argument(fcinfo, ARG_ORDERED_AT, "ordered_at");
	orders->amount = retention_views_name_argument(fcinfo, ARG_AMOUNT, "amount");
	if (!PG_ARGISNULL(ARG_ORDER_ID))
		orders->order_id = retention_views_name_argument(fcinfo, ARG_ORDER_ID, "order_id");
	check_relation(orders->relation);
	if (!PG_ARGISNULL(ARG_FILTER))
		orders->filter = retention_filter_of_user(orders->relation, text_to_cstring(PG_GETARG_TEXT_PP(ARG_FILTER)));
}

/*
 * SQL of order_rows, or of the rows that a filter leaves out of it.  The filter
 * stands behind WHERE as it is, for indexes and partitions.
 */
char *
retention_orders_sql(const OrderTable *orders, bool left_out)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s AS customer, %s AS ordered_at, %s AS amount",
					 customer_sql(orders), time_sql(orders), amount_sql(orders));
	if (orders->order_id)
	{
		(void) readable_column(orders->relation, orders->order_id);
		appendStringInfo(&sql, ", %s AS order_id", quote_identifier(orders->order_id));
	}
	/* by the name that the filter calls its rows */
	appendStringInfo(&sql, " FROM %s AS " FILTER_ALIAS, qualified_name(orders->relation));
	if (orders->filter)
		appendStringInfo(&sql, left_out ? " WHERE (%s) IS NOT TRUE" : " WHERE %s", orders->filter);
	else if (left_out)
		appendStringInfoString(&sql, " WHERE false");
	return sql.data;
}

/* ---- order_rows --------------------------------------------------------------- */

/* A column's type, or InvalidOid; it has no type modifier that changes values. */
static Oid
type_of_column(TupleDesc columns, const char *name, Oid *collation)
{
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0)
		{
			if (collation)
				*collation = column->attcollation;
			return column->atttypid;
		}
	}
	return InvalidOid;
}

static bool
is_customer(Oid type)
{
	return type == INT8OID || type == TEXTOID || type == UUIDOID;
}

static bool
is_time(Oid type)
{
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

/* Has a view the columns of order_rows? */
bool
retention_source_fits(Oid view)
{
	Relation	relation = relation_open(view, AccessShareLock);
	TupleDesc	columns = RelationGetDescr(relation);
	bool		fits = is_customer(type_of_column(columns, "customer", NULL)) &&
		is_time(type_of_column(columns, "ordered_at", NULL)) &&
		type_of_column(columns, "amount", NULL) == NUMERICOID;

	relation_close(relation, NoLock);
	return fits;
}

/* What the columns of order_rows say. */
void
retention_source_of_view(Source *source, Oid view, const Options *options)
{
	Relation	relation;
	TupleDesc	columns;
	Oid			collation;
	Oid			customer;
	Oid			ordered_at;

	memset(source, 0, sizeof(Source));
	if (!retention_source_fits(view))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("view "" VIEW_OF_ROWS "" does not have the columns that views are made from"),
				 errhint("These are customer (bigint, text or uuid), ordered_at (timestamptz, timestamp or date) and amount (numeric).")));
	relation = relation_open(view, AccessShareLock);
	columns = RelationGetDescr(relation);
	customer = type_of_column(columns, "customer", &collation);
	ordered_at = type_of_column(columns, "ordered_at", NULL);
	source->lines = OidIsValid(type_of_column(columns, "order_id", NULL));
	source->uuid = customer == UUIDOID;
	/* texts are told apart as their bytes are, unless the collation says that they aren't */
	if (customer == TEXTOID && get_collation_isdeterministic(collation))
		source->collation = generate_collation_name(collation);
	source->sortable = customer != TEXTOID || source->collation != NULL;
	source->date = ordered_at == DATEOID;
	source->zoned = ordered_at == TIMESTAMPTZOID;
	relation_close(relation, NoLock);
	if (source->zoned && options->time_zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("ordered_at in view "" VIEW_OF_ROWS "" is a timestamptz, and view "" VIEW_OF_OPTIONS "" names no time_zone")));
}
