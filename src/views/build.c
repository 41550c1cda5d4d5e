/*-------------------------------------------------------------------------
 *
 * build.c
 *	  Making views of a recipe, in place of those that are there.
 *
 * Views that are there are replaced where they stand, so that what a user has
 * built upon them stays. Where that is impossible, as columns have changed or
 * the view is a materialized one, it is dropped and made anew, and whoever was
 * granted something has it again. What is not ours is never touched: in a schema
 * without a recipe no relation may have a name that ours need.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/build.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* What was granted on a view that is dropped to be made anew. */
typedef struct Grant
{
	const char *view;
	const char *column;			/* or NULL, if it's the whole */
	const char *sql;			/* that grants it again */
} Grant;

/* Tables beside the views, which the user edits. */
typedef struct TableTemplate
{
	const char *name;
	const char *about;
	const char *columns;
	const char *names;			/* of the columns */
	const char *abouts[5];		/* their comments, in this order; those that it has */
	const char *rows;			/* that it has when it's made, or NULL */
} TableTemplate;

static const TableTemplate tables[] = {
	{
		"rfm_segment_names",
		"Names of the segments of the customers, by the scores R and F: to be edited. Views that are made again leave it as it is.",
		"recency_score int4 CHECK (recency_score BETWEEN 1 AND 5),"
		" frequency_score int4 CHECK (frequency_score BETWEEN 1 AND 5),"
		" segment text NOT NULL, PRIMARY KEY (recency_score, frequency_score)",
		"recency_score, frequency_score, segment",
		{
			"R, 1 to 5: customers.recency_score",
			"F, 1 to 5: customers.frequency_score",
			"name of the segment that customers with these scores are in"
		},
		"SELECT r, f, names[6 - r][f] FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f,"
		" (SELECT ARRAY["
		"['New customers', 'Potential loyalists', 'Potential loyalists', 'Champions', 'Champions'],"
		"['Promising', 'Potential loyalists', 'Potential loyalists', 'Loyal customers', 'Loyal customers'],"
		"['About to sleep', 'About to sleep', 'Need attention', 'Loyal customers', 'Loyal customers'],"
		"['Hibernating', 'Hibernating', 'At risk', 'At risk', 'Cannot lose them'],"
		"['Lost', 'Lost', 'At risk', 'At risk', 'Cannot lose them']] AS names) AS n"
	},
	{
		"rfm_thresholds",
		"Thresholds of the scores, kept so that a score means the same next month; without rows they are the quintiles of today. INSERT INTO rfm_thresholds TABLE rfm_quintiles keeps today's, DELETE FROM rfm_thresholds forgets them.",
		"metric text PRIMARY KEY CHECK (metric IN ('recency', 'frequency', 'monetary')),"
		" p20 float8 NOT NULL, p40 float8 NOT NULL, p60 float8 NOT NULL, p80 float8 NOT NULL,"
		" CHECK (greatest(p20, p40, p60, p80) < 'NaN')",
		"metric, p20, p40, p60, p80",
		{
			"recency (days since the last order), frequency (orders) or monetary (revenue)",
			"a value at or below it is in the first fifth: score 1, or 5 for recency",
			"a value at or below it, and above p20, is in the second fifth",
			"a value at or below it, and above p40, is in the third fifth",
			"a value at or below it, and above p60, is in the fourth fifth; above it, in the last"
		},
		NULL
	}
};

void
retention_views_run(const char *sql)
{
	int			result = SPI_execute(sql, false, 0);

	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(result));
}

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

char *
retention_views_qualified(const Build *build, const char *name)
{
	return quote_qualified_identifier(build->recipe->target, name);
}

Oid
retention_views_find(const Build *build, const char *name)
{
	return get_relname_relid(name, build->schema);
}

Oid
retention_views_owner(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* The kind of a relation as it is written in SQL. */
static const char *
kind_of(Oid relation)
{
	return get_rel_relkind(relation) == RELKIND_MATVIEW ? "MATERIALIZED VIEW" : "VIEW";
}

/* ---- the schema -------------------------------------------------------------- */

/* The schema of a name, if there; while we waited for the lock it may have been dropped. */
Oid
retention_views_lock_schema(const char *target)
{
	Oid			schema = get_namespace_oid(target, true);

	while (OidIsValid(schema))
	{
		Oid			now;

		LockDatabaseObject(NamespaceRelationId, schema, 0, ShareUpdateExclusiveLock);
		now = get_namespace_oid(target, true);
		if (now == schema)
			break;
		UnlockDatabaseObject(NamespaceRelationId, schema, 0, ShareUpdateExclusiveLock);
		schema = now;
	}
	return schema;
}

void
retention_views_open_schema(Build *build)
{
	const char *target = build->recipe->target;

	build->schema = retention_views_lock_schema(target);
	if (!OidIsValid(build->schema))
	{
		retention_views_run(psprintf("CREATE SCHEMA %s", quote_identifier(target)));
		build->schema = retention_views_lock_schema(target);
	}
	if (isAnyTempNamespace(build->schema))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_SCHEMA_NAME),
				 errmsg("views for others can't be made in a temporary schema: \"%s\"", target)));
}

static void
check_free(const Build *build, const char *name)
{
	if (OidIsValid(retention_views_find(build, name)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("\"%s\" in schema \"%s\" is there already, and was not made from a recipe",
						name, build->recipe->target),
				 errhint("Name another schema for the views: target => '...'.")));
}

/* Views that read themselves can be made, but not read. */
void
retention_views_check_source(const Build *build)
{
	Oid			orders = build->recipe->orders;

	if (get_rel_namespace(orders) != build->schema)
		return;
	for (int i = 0; i < retention_view_template_count; i++)
		if (retention_views_find(build, retention_view_templates[i].name) == orders)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("views can't be made over one of themselves: \"%s\"", get_rel_name(orders)),
					 errhint("Name another schema for the views: target => '...'.")));
}

/*
 * In a schema that has no views of ours yet, nothing may be in their way.  The
 * tables are looked at when they are made.
 */
void
retention_views_check_free(const Build *build)
{
	for (int i = 0; i < retention_view_template_count; i++)
		check_free(build, retention_view_templates[i].name);
}

static compat_noreturn void belongs_to_another(const Build *build, const char *name,
											   Oid relation) compat_attribute_noreturn();

static void
belongs_to_another(const Build *build, const char *name, Oid relation)
{
	const char *owner = GetUserNameFromId(retention_views_owner(relation), false);

	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("\"%s\" in schema \"%s\" belongs to role \"%s\"", name, build->recipe->target, owner),
			 errhint("SET ROLE to it, or name another schema for the views: target => '...'.")));
}

/* ---- tables ------------------------------------------------------------------ */

/* Is it the table, from views that an extension dropped by CASCADE left behind, say? */
static bool
is_table(Oid relation, const TableTemplate *table)
{
	bool		same;

	if (get_rel_relkind(relation) != RELKIND_RELATION)
		return false;
	/* a table without columns has NULL */
	retention_views_run(psprintf("SELECT coalesce(string_agg(attname, ', ' ORDER BY attnum) = %s, false) FROM pg_attribute"
								 " WHERE attrelid = %u AND attnum > 0 AND NOT attisdropped",
								 quote_literal_cstr(table->names), relation));
	same = strcmp(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1), "t") == 0;
	SPI_freetuptable(SPI_tuptable);
	return same;
}

static void
make_table(const Build *build, const TableTemplate *table)
{
	Oid			relation = retention_views_find(build, table->name);

	if (OidIsValid(relation))
	{
		if (!is_table(relation, table))
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" in schema \"%s\" is not a table with the columns %s",
							table->name, build->recipe->target, table->names)));

		/*
		 * Somebody else's may have row level security and triggers, which run
		 * with the rights of whoever reads the views and edits the table.
		 */
		if (!is_member_of_role_nosuper(GetUserId(), retention_views_owner(relation)))
			belongs_to_another(build, table->name, relation);
		return;
	}
	retention_views_run(psprintf("CREATE TABLE %s (%s)", retention_views_qualified(build, table->name), table->columns));
	if (table->rows)
		retention_views_run(psprintf("INSERT INTO %s %s", retention_views_qualified(build, table->name), table->rows));
	relation = retention_views_find(build, table->name);
	CreateComments(relation, RelationRelationId, 0, table->about);
	for (int i = 0; i < lengthof(table->abouts) && table->abouts[i]; i++)
		CreateComments(relation, RelationRelationId, i + 1, table->abouts[i]);
}

/* ---- views ------------------------------------------------------------------- */

/* Does a query return the columns that a view has, and perhaps more? */
static bool
columns_fit(Oid view, const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	Relation	relation = relation_open(view, AccessShareLock);
	TupleDesc	old = RelationGetDescr(relation);
	TupleDesc	new;
	bool		fit;

	if (plan == NULL)
		elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
	new = ((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan)))->resultDesc;
	fit = new->natts >= old->natts;
	for (int i = 0; fit && i < old->natts; i++)
	{
		Form_pg_attribute a = TupleDescAttr(old, i);
		Form_pg_attribute b = TupleDescAttr(new, i);

		fit = strcmp(NameStr(a->attname), NameStr(b->attname)) == 0 &&
			a->atttypid == b->atttypid && a->atttypmod == b->atttypmod &&
			a->attcollation == b->attcollation;
	}
	relation_close(relation, NoLock);
	SPI_freeplan(plan);
	return fit;
}

/*
 * Remember what was granted on a relation and its columns, as statements.  A
 * privilege of the owner's is none that was granted.
 */
static void
keep_grants(Build *build, const char *name, Oid relation)
{
	const char *view = quote_literal_cstr(retention_views_qualified(build, name));

	build->remade = lappend(build->remade, (void *) name);
	retention_views_run(psprintf("SELECT g.attname, format('GRANT %%s%%s ON %%s TO %%s%%s', a.privilege_type,"
								 " '(' || quote_ident(g.attname) || ')', %s,"
								 " CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,"
								 " CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)"
								 " FROM (SELECT oid, NULL::name AS attname, relowner, relacl AS acl FROM pg_class WHERE oid = %u"
								 " UNION ALL SELECT c.oid, t.attname, relowner, attacl FROM pg_class AS c, pg_attribute AS t"
								 " WHERE c.oid = %u AND attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS g,"
								 " aclexplode(g.acl) AS a"
								 " WHERE a.grantee <> g.relowner",
								 view, relation, relation));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Grant	   *grant = palloc(sizeof(Grant));

		grant->view = name;
		grant->column = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		grant->sql = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);
		build->grants = lappend(build->grants, grant);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Take away what default privileges have granted on a new relation: on the one before it may have been revoked. */
static void
revoke_defaults(const Build *build, const char *name)
{
	List	   *statements = NIL;
	ListCell   *lc;

	retention_views_run(psprintf("SELECT DISTINCT format('REVOKE ALL ON %%s FROM %%s', %s,"
								 " CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)"
								 " FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = %u AND a.grantee <> c.relowner",
								 quote_literal_cstr(retention_views_qualified(build, name)),
								 retention_views_find(build, name)));
	for (uint64 i = 0; i < SPI_processed; i++)
		statements = lappend(statements, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	SPI_freetuptable(SPI_tuptable);
	foreach(lc, statements)
		retention_views_run((const char *) lfirst(lc));
}

/* Views that were dropped and made anew can be read by those who could before. */
static void
restore_grants(const Build *build)
{
	ListCell   *lc;

	foreach(lc, build->remade)
		revoke_defaults(build, (const char *) lfirst(lc));
	foreach(lc, build->grants)
	{
		const Grant *grant = (const Grant *) lfirst(lc);

		/* a column may be gone */
		if (grant->column == NULL ||
			get_attnum(retention_views_find(build, grant->view), grant->column) != InvalidAttrNumber)
			retention_views_run(grant->sql);
	}
}

static void
drop_view(Build *build, const char *name)
{
	Oid			relation = retention_views_find(build, name);

	if (!OidIsValid(relation))
		return;
	for (int i = 0; i < retention_view_template_count; i++)
		if (retention_view_templates[i].reads && strcmp(retention_view_templates[i].reads, name) == 0)
			drop_view(build, retention_view_templates[i].name);
	keep_grants(build, name, relation);
	retention_views_run(psprintf("DROP %s %s", kind_of(relation), retention_views_qualified(build, name)));
}

/*
 * Is what has the name of a view of ours that view?  Ours stand on functions of
 * the extension, or on another one that does.  Whatever else it is, the user has
 * made it.
 */
static bool
is_ours(const Build *build, const ViewTemplate *template, Oid relation)
{
	char		kind = get_rel_relkind(relation);
	Oid			read = template->reads ? retention_views_find(build, template->reads) : InvalidOid;
	bool		ours;

	if (kind != RELKIND_VIEW && kind != RELKIND_MATVIEW)
		return false;
	retention_views_run(psprintf("SELECT 1 FROM pg_rewrite AS r, pg_depend AS d"
								 " WHERE r.ev_class = %u AND d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
								 " AND (d.refclassid = 'pg_class'::regclass AND d.refobjid = %u"
								 " OR d.refclassid = 'pg_proc'::regclass AND EXISTS"
								 " (SELECT FROM pg_depend AS m, pg_extension AS e"
								 " WHERE m.classid = 'pg_proc'::regclass AND m.objid = d.refobjid AND m.deptype = 'e'"
								 " AND m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid AND e.extname = 'retention'))"
								 " LIMIT 1", relation, read));
	ours = SPI_processed > 0;
	SPI_freetuptable(SPI_tuptable);
	return ours;
}

static void
check_is_ours(const Build *build, const ViewTemplate *template, Oid relation)
{
	if (!is_ours(build, template, relation))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" in schema \"%s\" was not made from a recipe", template->name, build->recipe->target),
				 errhint("Drop or rename it, or name another schema for the views: target => '...'.")));
}

/* The first of the views, if it's there: then the others are, too. */
Oid
retention_views_first(const Build *build)
{
	const ViewTemplate *template = &retention_view_templates[0];
	Oid			relation = OidIsValid(build->schema) ? retention_views_find(build, template->name) : InvalidOid;

	return OidIsValid(relation) && is_ours(build, template, relation) ? relation : InvalidOid;
}

static void
make_view(Build *build, const ViewTemplate *template, Snapshot snapshot)
{
	const char *name = template->name;
	const char *sql = retention_template_sql(template, build->recipe, &build->source, build->ext);
	Oid			relation = retention_views_find(build, name);

	if (OidIsValid(relation))
	{
		check_is_ours(build, template, relation);
		/* those of one schema have one owner, as whom they are made again */
		if (retention_views_owner(relation) != GetUserId())
			belongs_to_another(build, name, relation);
		if (build->recipe->materialized || get_rel_relkind(relation) != RELKIND_VIEW ||
			!columns_fit(relation, sql))
			drop_view(build, name);
	}
	if (build->recipe->materialized)
	{
		retention_views_run_as_of(psprintf("CREATE MATERIALIZED VIEW %s AS %s", retention_views_qualified(build, name), sql),
								  snapshot);
		retention_views_run(psprintf("CREATE UNIQUE INDEX ON %s (%s)", retention_views_qualified(build, name), template->key));
	}
	else
		retention_views_run(psprintf("CREATE OR REPLACE VIEW %s WITH (security_invoker = true) AS %s",
					 retention_views_qualified(build, name), sql));

	relation = retention_views_find(build, name);
	CreateComments(relation, RelationRelationId, 0, retention_template_about(template->about, build->recipe));
	for (int i = 0; i < template->ncolumns; i++)
		CreateComments(relation, RelationRelationId, get_attnum(relation, template->columns[i].name),
					   retention_template_about(template->columns[i].about, build->recipe));
}

void
retention_views_make(Build *build)
{
	Snapshot	snapshot;

	for (int i = 0; i < lengthof(tables); i++)
		make_table(build, &tables[i]);
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < retention_view_template_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		make_view(build, &retention_view_templates[i], snapshot);
	}
	UnregisterSnapshot(snapshot);
	restore_grants(build);
}

/* Drop the views and the tables beside them, and nothing that the user has put in their places. */
void
retention_views_drop(Build *build)
{
	for (int i = 0; i < retention_view_template_count; i++)
	{
		const ViewTemplate *template = &retention_view_templates[i];
		Oid			relation = retention_views_find(build, template->name);

		if (OidIsValid(relation))
			check_is_ours(build, template, relation);
	}
	for (int i = 0; i < retention_view_template_count; i++)
		drop_view(build, retention_view_templates[i].name);
	for (int i = 0; i < lengthof(tables); i++)
	{
		Oid			relation = retention_views_find(build, tables[i].name);

		if (OidIsValid(relation) && is_table(relation, &tables[i]))
			retention_views_run(psprintf("DROP TABLE %s",
										 retention_views_qualified(build, tables[i].name)));
	}
}
