/*-------------------------------------------------------------------------
 *
 * order_rows_view.c
 *	  What the view order_rows is like.
 *
 * It is the one place that names the user's table, and all that is known of the
 * orders later on is read from its columns: so its owner may also write it themselves.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "views/views.h"

#include "access/relation.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"

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

/* Columns of order_rows that are no segments. */
static const char *const own_columns[] = {"customer", "ordered_at", "amount", "order_id", "is_order"};

/*
 * All other columns are segments: so they are there also where the owner has written the
 * view themselves.
 */
static List *
segments_of_view(TupleDesc columns)
{
	List	   *segments = NIL;

	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);
		bool		own = column->attisdropped;

		for (int j = 0; j < lengthof(own_columns) && !own; j++)
			own = strcmp(NameStr(column->attname), own_columns[j]) == 0;
		if (own)
			continue;
		if (column->atttypid != TEXTOID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of view \"" VIEW_OF_ROWS "\" is of type %s, and not a text, as segments are", NameStr(column->attname),
							format_type_be(column->atttypid)),
					 errhint("Columns but for %s are segments of the shop.", "customer, ordered_at, amount, order_id and is_order")));
		segments = lappend(segments, pstrdup(NameStr(column->attname)));
	}
	return segments;
}

/* Is there to be such a view? */
bool
retention_views_wants(const Source *source, const ViewTemplate *template)
{
	return !template->of_segments || source->segments != NIL;
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
	Oid			is_order = type_of_column(columns, "is_order", NULL);
	bool		fits = retention_customer_sql(type_of_column(columns, "customer", NULL)) != NULL &&
		is_time(type_of_column(columns, "ordered_at", NULL)) &&
		type_of_column(columns, "amount", NULL) == NUMERICOID &&
		(is_order == BOOLOID || !OidIsValid(is_order));

	relation_close(relation, NoLock);
	return fits;
}

/* What the columns of order_rows say; or of live_rows, which knows of no segments. */
void
retention_source_of_view(Source *source, Oid view, const Options *options, bool with_segments)
{
	Relation	relation;
	TupleDesc	columns;
	Oid			collation = InvalidOid;
	Oid			customer;
	Oid			ordered_at;
	Oid			order_id;

	memset(source, 0, sizeof(Source));
	if (!retention_source_fits(view))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("view \"" VIEW_OF_ROWS "\" does not have the columns that views are made from"),
				 errhint("These are customer (an integer, numeric, text, varchar, char or uuid), ordered_at (timestamptz, timestamp or date) and amount (numeric), and is_order (boolean) if rows are to say whether they are orders.")));
	relation = relation_open(view, AccessShareLock);
	columns = RelationGetDescr(relation);
	customer = type_of_column(columns, "customer", &collation);
	ordered_at = type_of_column(columns, "ordered_at", NULL);
	order_id = type_of_column(columns, "order_id", NULL);
	source->lines = OidIsValid(order_id);
	source->sorted = source->lines && OidIsValid(lookup_type_cache(order_id, TYPECACHE_LT_OPR)->lt_opr);
	source->is_order = OidIsValid(type_of_column(columns, "is_order", NULL));
	source->customer = retention_customer_sql(customer);
	source->numbers = customer == INT8OID || customer == INT4OID || customer == INT2OID;
	/* the texts of numbers */
	if (customer == NUMERICOID)
		collation = DEFAULT_COLLATION_OID;
	if (OidIsValid(collation))
		source->collation = generate_collation_name(collation);
	if (customer != INT8OID && customer != TEXTOID)
		source->own_type = format_type_with_typemod(customer, TupleDescAttr(columns, get_attnum(view, "customer") - 1)->atttypmod);
	source->zoned = ordered_at == TIMESTAMPTZOID;
	source->segments = with_segments ? segments_of_view(columns) : NIL;
	relation_close(relation, NoLock);
	if (source->zoned && options->time_zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("ordered_at in view \"" VIEW_OF_ROWS "\" is a timestamptz, and view \"" VIEW_OF_OPTIONS "\" names no time_zone")));
}
