/*-------------------------------------------------------------------------
 *
 * view_remake.c
 *	  What a view has beside its definition, when it must be dropped and made anew.
 *
 * Whoever was granted something has it again; options, indexes, where and how rows
 * are stored, targets of statistics, marks and comments are what they were.  All
 * of it is remembered as statements.  (The owner is that of all views of a schema.)
 *
 * Default privileges, which were given to the new relation, and perhaps taken away
 * from the one before it, are taken away again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/subtransaction.h"
#include "views/view_build.h"

#include "access/attnum.h"
#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

/* A statement, and the column that it is about, if it's one: that may be gone. */
typedef struct Statement
{
	char	   *column;
	char	   *sql;
} Statement;

/* The rows of a query: a column's name or NULL, a statement. */
static List *
statements_of(const char *query)
{
	List	   *statements = NIL;

	retention_views_ask(query);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Statement  *statement = palloc(sizeof(Statement));

		statement->column = retention_views_value(i, 1);
		statement->sql = retention_views_value(i, 2);
		statements = lappend(statements, statement);
	}
	SPI_freetuptable(SPI_tuptable);
	return statements;
}

/* A privilege of the owner's is none that was granted. */
static List *
grants_of(Oid relation)
{
	return statements_of(psprintf(
								  "SELECT g.attname, format('GRANT %%s%%s ON %%s TO %%s%%s', a.privilege_type,"
								  " '(' || quote_ident(g.attname) || ')', g.oid::regclass,"
								  " CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,"
								  " CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)"
								  " FROM (SELECT oid, NULL::name AS attname, relowner, relacl AS acl FROM pg_class WHERE oid = %u"
								  " UNION ALL SELECT c.oid, t.attname, relowner, attacl FROM pg_class AS c, pg_attribute AS t"
								  " WHERE c.oid = %u AND attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS g,"
								  " aclexplode(g.acl) AS a"
								  " WHERE a.grantee <> g.relowner AND (a.grantee = 0 OR EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = a.grantee))",
								  relation, relation));
}

void
retention_revoke_defaults(const Build *build, const char *name)
{
	List	   *statements = statements_of(psprintf(
													"SELECT DISTINCT NULL, format('REVOKE ALL ON %%s FROM %%s', c.oid::regclass,"
													" CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)"
													" FROM pg_class AS c, aclexplode(c.relacl) AS a"
													" WHERE c.oid = %u AND a.grantee <> c.relowner",
													retention_views_find(build, name)));
	ListCell   *lc;

	foreach(lc, statements)
		retention_views_run(((Statement *) lfirst(lc))->sql);
}

/* Columns and what is on them, the relation's mark of its replica identity, comments. */
static List *
settings_of(Oid relation)
{
	List	   *columns = statements_of(psprintf(
												 "SELECT attname, format('ALTER %%s %%s ALTER COLUMN %%I %%s', kind, relation, attname, action)"
												 " FROM (SELECT attname, c.oid::regclass AS relation, CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS kind,"
												 " s.action FROM pg_class AS c JOIN pg_attribute AS a ON attrelid = c.oid JOIN pg_type AS t ON t.oid = atttypid,"
												 " LATERAL (VALUES (CASE WHEN attstattarget >= 0 THEN 'SET STATISTICS ' || attstattarget END),"
												 " (CASE WHEN attstorage <> typstorage THEN 'SET STORAGE ' || CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'"
												 " WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END),"
												 " (CASE attcompression WHEN 'p' THEN 'SET COMPRESSION pglz' WHEN 'l' THEN 'SET COMPRESSION lz4' END),"
												 " ('SET (' || (SELECT string_agg(format('%%I = %%L', option_name, option_value), ', ') FROM pg_options_to_table(attoptions)"
												 /* core keeps something of its own there, too */
												 " WHERE option_name IN ('n_distinct', 'n_distinct_inherited')) || ')')) AS s (action)"
												 " WHERE c.oid = %u AND relkind = 'm' AND attnum > 0 AND NOT attisdropped) AS a WHERE action IS NOT NULL",
												 relation));
	List	   *identity = statements_of(psprintf(
												  "SELECT NULL, format('ALTER MATERIALIZED VIEW %%s REPLICA IDENTITY %%s', oid::regclass,"
												  " CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)"
												  " FROM pg_class WHERE oid = %u AND relkind = 'm' AND relreplident IN ('f', 'n')",
												  relation));

	return list_concat(columns, identity);
}

/* Comments on columns; that on the relation is another statement for each kind. */
static List *
comments_of(Oid relation)
{
	return statements_of(psprintf(
								  "SELECT attname, format('COMMENT ON COLUMN %%s.%%I IS %%L', attrelid::regclass, attname, description)"
								  " FROM pg_attribute JOIN pg_description ON objoid = attrelid AND objsubid = attnum"
								  " WHERE attrelid = %u AND classoid = 'pg_class'::regclass AND attnum > 0 AND NOT attisdropped",
								  relation));
}

/*
 * Indexes, what is on them, and extended statistics.  Each is one statement, as
 * its parts make no sense without the first.
 */
static List *
indexes_of(Oid relation)
{
	List	   *indexes = statements_of(psprintf(
												 "SELECT i.oid::text, concat_ws('; ',"
												 " CASE WHEN indisclustered THEN format('ALTER MATERIALIZED VIEW %%s CLUSTER ON %%I', indrelid::regclass, i.relname) END,"
												 " CASE WHEN indisreplident THEN format('ALTER MATERIALIZED VIEW %%s REPLICA IDENTITY USING INDEX %%I', indrelid::regclass, i.relname) END,"
												 " format('COMMENT ON INDEX %%s IS %%L', i.oid::regclass, obj_description(i.oid, 'pg_class')),"
												 " (SELECT string_agg(format('ALTER INDEX %%s ALTER COLUMN %%s SET STATISTICS %%s', i.oid::regclass, attnum, attstattarget), '; ')"
												 " FROM pg_attribute WHERE attrelid = i.oid AND attstattarget >= 0))"
												 " FROM pg_index JOIN pg_class AS i ON i.oid = indexrelid WHERE indrelid = %u ORDER BY i.oid",
												 relation));
	List	   *statistics = statements_of(psprintf(
													"SELECT NULL, concat_ws('; ', pg_get_statisticsobjdef(oid),"
													" CASE WHEN stxstattarget >= 0 THEN format('ALTER STATISTICS %%s SET STATISTICS %%s', name, stxstattarget) END,"
													" format('COMMENT ON STATISTICS %%s IS %%L', name, obj_description(oid, 'pg_statistic_ext')))"
													" FROM (SELECT *, format('%%I.%%I', (SELECT nspname FROM pg_namespace AS n WHERE n.oid = stxnamespace), stxname) AS name"
													" FROM pg_statistic_ext WHERE stxrelid = %u) AS s",
													relation));
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Statement  *statement = (Statement *) lfirst(lc);

		/* with the tablespace, which pg_get_indexdef() doesn't tell */
		statement->sql = psprintf("%s; %s", pg_get_indexdef_string(atooid(statement->column)), statement->sql);
	}
	return list_concat(indexes, statistics);
}

/* Options of a relation, as they're written behind WITH; NULL if it has none. */
char *
retention_views_with(Oid relation)
{
	char	   *with;

	retention_views_ask(psprintf(
								 "SELECT string_agg(format('%%s%%s = %%L', prefix, quote_ident(option_name), option_value), ', ')"
								 " FROM (SELECT '' AS prefix, o.* FROM pg_class AS c, pg_options_to_table(reloptions) AS o WHERE c.oid = %u"
								 " UNION ALL SELECT 'toast.', o.* FROM pg_class AS c JOIN pg_class AS t ON t.oid = c.reltoastrelid,"
								 " pg_options_to_table(t.reloptions) AS o WHERE c.oid = %u) AS o",
								 relation, relation));
	with = retention_views_value(0, 1);
	SPI_freetuptable(SPI_tuptable);
	return with;
}

/* What there is to be remembered of a relation. */
Kept *
retention_keep(const char *name, Oid relation)
{
	Kept	   *kept = palloc0(sizeof(Kept));

	kept->name = pstrdup(name);
	kept->materialized = get_rel_relkind(relation) == RELKIND_MATVIEW;
	kept->columns = retention_views_columns(relation);
	kept->about = GetComment(relation, RelationRelationId, 0);
	kept->with = retention_views_with(relation);
	retention_views_ask(psprintf("SELECT quote_ident(amname), quote_ident(spcname) FROM pg_class AS c"
								 " LEFT JOIN pg_am AS m ON m.oid = relam LEFT JOIN pg_tablespace AS s ON s.oid = reltablespace"
								 " WHERE c.oid = %u", relation));
	kept->method = retention_views_value(0, 1);
	kept->tablespace = retention_views_value(0, 2);
	SPI_freetuptable(SPI_tuptable);
	kept->settings = settings_of(relation);
	kept->comments = comments_of(relation);
	kept->indexes = indexes_of(relation);
	kept->grants = grants_of(relation);
	return kept;
}

static void
run_statement(void *sql)
{
	retention_views_run((const char *) sql);
}

static void
run_statements(const List *statements, Oid relation)
{
	ListCell   *lc;

	foreach(lc, statements)
	{
		const Statement *statement = (const Statement *) lfirst(lc);

		if (statement->column == NULL || get_attnum(relation, statement->column) != InvalidAttrNumber)
			retention_views_run(statement->sql);
	}
}

/*
 * Give it all to the relation that has the name now.  What was on columns that are
 * gone is left out; an index that can't be made again is told of.
 */
void
retention_restore(const Build *build, const Kept *kept)
{
	Oid			relation = retention_views_find(build, kept->name);
	ListCell   *lc;

	retention_revoke_defaults(build, kept->name);
	run_statements(kept->grants, relation);
	run_statements(kept->comments, relation);
	CreateComments(relation, RelationRelationId, 0, kept->about);
	if (!kept->materialized)
		return;
	run_statements(kept->settings, relation);
	foreach(lc, kept->indexes)
	{
		char	   *sql = ((const Statement *) lfirst(lc))->sql;
		ErrorData  *error = retention_attempt(run_statement, sql);

		if (error)
			ereport(WARNING,
					(errcode(error->sqlerrcode),
					 errmsg("an index or statistics of \"%s\" in schema \"%s\" could not be made again: %s",
							kept->name, build->target, error->message),
					 errdetail("%s", sql)));
	}
}
