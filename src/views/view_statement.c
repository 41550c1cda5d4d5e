/*-------------------------------------------------------------------------
 *
 * view_statement.c
 *	  Statements over views, and the relations that they name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "views/view_build.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* Run a statement; what it returns is in SPI_tuptable. */
void
retention_views_run(const char *sql)
{
	int			result = SPI_execute(sql, false, 0);

	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(result));
}

/* The same of the rows as of a snapshot: several statements then tell of one state of the orders. */
void
retention_views_run_as_of(const char *sql, Snapshot snapshot)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	int			result;

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	result = SPI_execute_snapshot(plan, NULL, NULL, snapshot, InvalidSnapshot, false, true, 0);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(result));
	SPI_freeplan(plan);
}

/*
 * Look into the catalogs: as they are now, also where the transaction sees the
 * orders as they were before.
 */
void
retention_views_ask(const char *query)
{
	Snapshot	now = RegisterSnapshot(GetLatestSnapshot());

	retention_views_run_as_of(query, now);
	UnregisterSnapshot(now);
}

/* Is there a row? */
bool
retention_views_any(const char *query)
{
	bool		any;

	retention_views_ask(query);
	any = SPI_processed > 0;
	SPI_freetuptable(SPI_tuptable);
	return any;
}

/* A value of the last statement; NULL if it's null. */
char *
retention_views_value(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

/* What a query means, which isn't run. */
Query *
retention_views_parse(const char *sql)
{
	return parse_analyze_fixedparams(linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT)),
									 sql, NULL, 0, NULL);
}

/* The definition of a view, as PostgreSQL writes it: it looks by a snapshot, which must be younger than the view. */
char *
retention_views_definition(Oid view)
{
	char	   *definition;

	retention_views_ask(psprintf("SELECT pg_get_viewdef(%u)", view));
	definition = retention_views_value(0, 1);
	SPI_freetuptable(SPI_tuptable);
	return definition ? definition : "";
}

char *
retention_views_qualified(const Build *build, const char *name)
{
	return quote_qualified_identifier(build->target, name);
}

/* A relation of the target schema, if there. */
Oid
retention_views_find(const Build *build, const char *name)
{
	return OidIsValid(build->schema) ? get_relname_relid(name, build->schema) : InvalidOid;
}

/* The same, if it's a plain view. */
Oid
retention_views_find_view(const Build *build, const char *name)
{
	Oid			relation = retention_views_find(build, name);

	return OidIsValid(relation) && get_rel_relkind(relation) == RELKIND_VIEW ? relation : InvalidOid;
}

/* What keeps the rows of a view by itself, if there. */
Oid
retention_views_find_data(const Build *build, const ViewTemplate *template)
{
	return template->key && !template->never_kept && !template->over ? retention_views_find(build, retention_template_data(template)) : InvalidOid;
}

/* The owner of a relation; InvalidOid if it's gone. */
Oid
retention_views_owner(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* The kind of a view as it is written in SQL. */
const char *
retention_views_kind(Oid relation)
{
	return get_rel_relkind(relation) == RELKIND_MATVIEW ? "MATERIALIZED VIEW" : "VIEW";
}
