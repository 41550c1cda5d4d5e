/*-------------------------------------------------------------------------
 *
 * live_tables.c
 *	  The tables of live views and their triggers: made, filled, folded, compared.
 *
 * When the trigger is made it waits for who writes to the orders, and nobody writes until it is
 * there for all: only then is it looked what the orders are.  To make the stored history anew
 * later keeps nobody from writing: it takes all of the orders that one snapshot sees, and away
 * those changes that the same snapshot sees.
 *
 * What the owner may have put into their tables, or into the expressions over the orders, is
 * run with their rights, whoever has called us, and under a search_path of pg_catalog.
 *
 * An order that is still to come is left out by the views, until it is time.  So that
 * nothing stored has to be looked at again then, these stay with the changes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/live.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#define TRIGGER_FUNCTION	"_retention_order_changed"
#define TRIGGER_NAME		"retention_live"

/* What they are all about is told by doc/live.md. */
static const char *const table_comments[][2] = {
	{TABLE_OF_CHANGES, "Orders that have come (weight 1) or gone (-1) since the history was stored, as live_rows has them: written by the trigger of the order table, and folded into order_history_parts by retention_refresh_data()."},
	{TABLE_OF_PARTS, "The stored history of the orders, cut by the hash of the customer: with order_changes, what order_history is made of."}
};

/* The history of rows whose columns are those of @noted@. */
#define HISTORY	"@r@_retention_purchase_history@with_names@(customer, ordered_at, amount, said, kept, 1::int8, 'day'::text@zone@)"

/* All that there is, as one snapshot sees it.  None of it has been there before, to that snapshot. */
static const char *const filling[] = {
	"DELETE FROM @schema@." TABLE_OF_CHANGES,
	"DELETE FROM @schema@." TABLE_OF_PARTS,
	"INSERT INTO @schema@." TABLE_OF_PARTS " (part, history)"
	" SELECT @r@_retention_part(customer), " HISTORY
	" FROM (SELECT @noted@ FROM @schema@." VIEW_OF_LIVE ") AS r WHERE @r@_retention_is_past(ordered_at) GROUP BY 1",
	"INSERT INTO @schema@." TABLE_OF_CHANGES " (@noted_columns@, " LIVE_WEIGHT ")"
	" SELECT @noted_columns@, 1 FROM @schema@." VIEW_OF_LIVE " WHERE NOT @r@_retention_is_past(ordered_at)"
};

static const char folding[] =
"WITH gone AS (DELETE FROM @schema@." TABLE_OF_CHANGES " WHERE @r@_retention_is_past(ordered_at) RETURNING *)"
" INSERT INTO @schema@." TABLE_OF_PARTS " AS p (part, history)"
" SELECT part, @r@rollup(h) FROM (SELECT @r@_retention_part(customer) AS part, " HISTORY " FILTER (WHERE weight > 0) AS came,"
" @r@negated(" HISTORY " FILTER (WHERE weight < 0)) AS went"
" FROM (SELECT @noted@, weight FROM gone) AS c GROUP BY 1) AS d, LATERAL (VALUES (came), (went)) AS v (h) GROUP BY 1"
" ON CONFLICT (part) DO UPDATE SET history = p.history OPERATOR(@r@+) excluded.history";

static const char comparing[] =
"SELECT (e).customer, (e).ordered_on, (e).reason, (e).row_count, (e).amount FROM (SELECT @r@_retention_history_entries(@r@rollup(h)) AS e"
" FROM (SELECT history FROM @schema@." VIEW_OF_HISTORY
" UNION ALL SELECT @r@negated(" HISTORY ") FROM (SELECT @noted@ FROM @schema@." VIEW_OF_LIVE ") AS r) AS p (h)) AS d"
" ORDER BY 1, 2, 3";

static char *
filled_in(const Build *build, const char *text)
{
	return retention_template_fill(text, build->target, &build->options, &build->source, build->ext);
}

/* ---- as the owner ------------------------------------------------------------------ */

typedef struct Caller
{
	Oid			user;
	int			context;
} Caller;

/* An error puts it back by itself. */
static Caller
become_owner(const Build *build)
{
	Caller		caller;

	GetUserIdAndSecContext(&caller.user, &caller.context);
	SetUserIdAndSecContext(build->owner, caller.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	return caller;
}

static void
become_caller(Caller caller)
{
	SetUserIdAndSecContext(caller.user, caller.context);
}

/* ---- what is there ----------------------------------------------------------------- */

/* Is it a table of the owner's, as we would make it? */
static bool
is_table(const Build *build, Oid relation)
{
	return OidIsValid(relation) && get_rel_relkind(relation) == RELKIND_RELATION &&
		get_rel_persistence(relation) == RELPERSISTENCE_PERMANENT && retention_views_owner(relation) == build->owner;
}

static bool
changes_fit(Oid changes, Oid live)
{
	/* a column is dropped, or is another's: then what is noted of a row would not be all of it */
	return !retention_views_any(psprintf("SELECT FROM (SELECT attname, atttypid, atttypmod, attcollation FROM pg_attribute WHERE attrelid = %u AND attnum > 0"
										 " UNION ALL SELECT '" LIVE_WEIGHT "', 'int2'::regtype, -1, 0) AS l"
										 " FULL JOIN (SELECT attname, atttypid, atttypmod, attcollation FROM pg_attribute WHERE attrelid = %u AND attnum > 0 AND NOT attisdropped) AS c"
										 " USING (attname, atttypid, atttypmod, attcollation) WHERE l.attname IS NULL OR c.attname IS NULL", live, changes));
}

static bool
parts_fit(const Build *build, Oid parts)
{
	return retention_views_any(psprintf("SELECT FROM pg_attribute AS p, pg_attribute AS h, pg_index WHERE p.attrelid = %u AND p.attname = 'part' AND p.atttypid = 'int4'::regtype"
										" AND h.attrelid = p.attrelid AND h.attname = 'history' AND h.atttypid = %s::regtype"
										" AND indrelid = p.attrelid AND indisunique AND indisvalid AND indpred IS NULL AND indkey::text = p.attnum::text", parts,
										quote_literal_cstr(psprintf("%s.purchase_history", build->ext))));
}

/* The function of all of the triggers. */
static Oid
trigger_function(const Build *build)
{
	Oid			function;

	retention_views_ask(psprintf("SELECT %s::regprocedure::oid", quote_literal_cstr(psprintf("%s." TRIGGER_FUNCTION "()", build->ext))));
	function = atooid(retention_views_value(0, 1));
	SPI_freetuptable(SPI_tuptable);
	return function;
}

/* One trigger of ours of a table. */
typedef struct OurTrigger
{
	Oid			oid;
	char	   *name;
	bool		as_made;
} OurTrigger;

static OurTrigger
our_trigger(const Trigger *trigger, int16 events)
{
	OurTrigger	ours = {
		.oid = trigger->tgoid,
		.name = pstrdup(trigger->tgname),
		.as_made = (trigger->tgtype & events) == events && trigger->tgqual == NULL && trigger->tgnattr == 0 &&
		(trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN || trigger->tgenabled == TRIGGER_FIRES_ALWAYS)
	};

	return ours;
}

/* The trigger of the order table for rows, or that for TRUNCATE, which has an anchor's name; its oid is InvalidOid if there is none. */
static OurTrigger
find_trigger(Oid table, Oid function, const char *anchor, bool for_rows)
{
	Relation	relation = relation_open(table, AccessShareLock);
	OurTrigger	found = {0};

	for (int i = 0; relation->trigdesc && i < relation->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &relation->trigdesc->triggers[i];

		if (trigger->tgfoid == function && !OidIsValid(trigger->tgconstrrelid) && trigger->tgnargs == 1 &&
			strcmp(trigger->tgargs[0], anchor) == 0 && (TRIGGER_FOR_ROW(trigger->tgtype) != 0) == for_rows)
			found = our_trigger(trigger, for_rows ? TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE : TRIGGER_TYPE_TRUNCATE);
	}
	relation_close(relation, NoLock);
	return found;
}

/* An anchor of the changes, and of which table it is; its oid is InvalidOid if there is none. */
static OurTrigger
find_anchor(const Build *build, Oid function, Oid *orders)
{
	Relation	relation = relation_open(retention_views_find(build, TABLE_OF_CHANGES), AccessShareLock);
	OurTrigger	found = {0};

	for (int i = 0; relation->trigdesc && i < relation->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &relation->trigdesc->triggers[i];

		if (trigger->tgfoid == function && OidIsValid(trigger->tgconstrrelid))
		{
			found = our_trigger(trigger, TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT);
			*orders = trigger->tgconstrrelid;
		}
	}
	relation_close(relation, NoLock);
	return found;
}

/* Does a trigger note all that is written to the orders? */
static bool
triggers_fit(const Build *build)
{
	Oid			function = trigger_function(build);
	Oid			orders = InvalidOid;
	OurTrigger	anchor = find_anchor(build, function, &orders);
	OurTrigger	of_rows;

	if (!anchor.as_made || orders != build->orders)
		return false;
	of_rows = find_trigger(orders, function, anchor.name, true);
	return of_rows.as_made && find_trigger(orders, function, anchor.name, false).as_made &&
		/* those of the partitions */
		!retention_views_any(psprintf("WITH RECURSIVE t AS (SELECT %u::oid AS oid UNION ALL SELECT c.oid FROM t JOIN pg_trigger AS c ON tgparentid = t.oid)"
									  " SELECT FROM t JOIN pg_trigger USING (oid) WHERE tgenabled NOT IN ('O', 'A')", of_rows.oid));
}

/* What is run by these tables that nobody has told us of?  Their owner may let others make triggers. */
static void
check_no_triggers(const Build *build)
{
	Oid			function = trigger_function(build);
	Oid			tables[] = {retention_views_find(build, TABLE_OF_CHANGES), retention_views_find(build, TABLE_OF_PARTS)};

	for (int i = 0; i < lengthof(tables); i++)
	{
		if (!is_table(build, tables[i]))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("table \"%s\" of schema \"%s\" is gone, or is not of the owner of the views", table_comments[i][0], build->target),
					 errhint("Make it anew with retention_refresh_views.")));
		LockRelationOid(tables[i], RowExclusiveLock);
		if (retention_views_any(psprintf("SELECT FROM pg_trigger WHERE tgrelid = %u AND NOT tgisinternal AND tgfoid <> %u UNION ALL SELECT FROM pg_rewrite WHERE ev_class = %u",
										 tables[i], function, tables[i])))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" of schema \"%s\" has triggers or rules of its own", table_comments[i][0], build->target),
					 errhint("Drop them: the table is the extension's to write.")));
	}
}

/* Nothing of our names may be in the way that isn't of live views. */
void
retention_live_check_free(const Build *build)
{
	static const char *const names[] = {VIEW_OF_LIVE, TABLE_OF_CHANGES, TABLE_OF_PARTS};

	for (int i = 0; i < lengthof(names); i++)
	{
		Oid			relation = retention_views_find(build, names[i]);

		if (!OidIsValid(relation))
			continue;
		if (!retention_record_has_name(build, VIEW_OF_LIVE))
			retention_views_not_ours(build, names[i]);
		retention_views_check_owner(build, names[i], relation);
	}
}

static Query *
query_of_view(Oid view)
{
	Relation	relation = relation_open(view, AccessShareLock);
	Query	   *query = copyObject(get_view_query(relation));

	relation_close(relation, NoLock);
	return query;
}

/* What live views were made of. */
void
retention_live_load(Build *build)
{
	Oid			live = retention_views_find_view(build, VIEW_OF_LIVE);

	if (!OidIsValid(live) || retention_views_owner(live) != build->owner ||
		retention_live_expressions(query_of_view(live), &build->orders) == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("view \"" VIEW_OF_LIVE "\" of schema \"%s\" is gone, or has been changed", build->target),
				 errhint("Make it anew with retention_refresh_views.")));
	retention_source_of_view(&build->source, live, &build->options, false);
}

/* What goes with what, unless that is known. */
static void
depend_on(Oid class, Oid object, Oid relation, DependencyType type)
{
	ObjectAddress depender = {class, object, 0};
	ObjectAddress referenced = {RelationRelationId, relation, 0};

	if (!retention_views_any(psprintf("SELECT FROM pg_depend WHERE classid = %u AND objid = %u AND refclassid = %u AND refobjid = %u AND refobjsubid = 0",
									  class, object, RelationRelationId, relation)))
		recordDependencyOn(&depender, &referenced, type);
}

/* ---- making ------------------------------------------------------------------------ */

/* Whoever writes is waited for, and nobody writes until all is there. */
void
retention_live_lock_orders(const List *relations)
{
	const ListCell *lc;

	foreach(lc, relations)
	{
		Oid			relation = lfirst_oid(lc);
		char		kind = get_rel_relkind(relation);
		AclResult	result;

		if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
			continue;
		result = pg_class_aclcheck(relation, GetUserId(), ACL_TRIGGER);
		if (result != ACLCHECK_OK)
			aclcheck_error(result, get_relkind_objtype(kind), get_rel_name(relation));
		LockRelationOid(relation, ShareRowExclusiveLock);
	}
}

static void
create_tables(const Build *build)
{
	const char *changes = retention_views_qualified(build, TABLE_OF_CHANGES);
	const char *parts = retention_views_qualified(build, TABLE_OF_PARTS);

	/* what has been folded is cleared away at once, or every reader would read over it */
	retention_views_run(psprintf("CREATE TABLE %s USING heap WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)"
								 " AS SELECT *, NULL::int2 AS " LIVE_WEIGHT " FROM %s WITH NO DATA", changes,
								 retention_views_qualified(build, VIEW_OF_LIVE)));
	retention_views_run(psprintf("CREATE TABLE %s (part int4 PRIMARY KEY, history %s.purchase_history NOT NULL) USING heap"
								 " WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 256, toast.autovacuum_vacuum_scale_factor = 0.1)",
								 parts, build->ext));
	for (int i = 0; i < lengthof(table_comments); i++)
	{
		retention_revoke_defaults(build, table_comments[i][0]);
		CreateComments(retention_views_find(build, table_comments[i][0]), RelationRelationId, 0, table_comments[i][1]);
	}
}

static void
drop_trigger(Oid trigger)
{
	ObjectAddress object = {TriggerRelationId, trigger, 0};

	performDeletion(&object, DROP_RESTRICT, 0);
	CommandCounterIncrement();
}

/* Those that there are, whichever table they are on. */
static void
drop_triggers(const Build *build)
{
	Oid			function = trigger_function(build);
	Oid			orders;
	OurTrigger	anchor;

	while (OidIsValid((anchor = find_anchor(build, function, &orders)).oid))
	{
		for (int for_rows = 0; for_rows < 2; for_rows++)
		{
			OurTrigger	trigger;

			while (OidIsValid((trigger = find_trigger(orders, function, anchor.name, for_rows)).oid))
				drop_trigger(trigger.oid);
		}
		drop_trigger(anchor.oid);
	}
}

/* With the history of the views, which reads them; triggers go with them. */
static void
drop_tables(Build *build)
{
	retention_live_check_free(build);
	if (is_table(build, retention_views_find(build, TABLE_OF_CHANGES)))
		drop_triggers(build);
	for (int i = 0; i < retention_view_template_count; i++)
		if (strcmp(retention_view_templates[i].name, VIEW_OF_HISTORY) == 0 &&
			OidIsValid(retention_views_find(build, VIEW_OF_HISTORY)))
			(void) retention_views_drop_or_leave(build, i, NULL);
	for (int i = 0; i < lengthof(table_comments); i++)
		if (OidIsValid(retention_views_find(build, table_comments[i][0])))
			retention_views_run(psprintf("DROP TABLE %s", retention_views_qualified(build, table_comments[i][0])));
}

/* Before the views are made: what they read, without rows. */
void
retention_live_begin(Build *build)
{
	Oid			rows = retention_views_find_view(build, VIEW_OF_ROWS);
	Oid			live = retention_views_find(build, VIEW_OF_LIVE);
	Oid			changes = retention_views_find(build, TABLE_OF_CHANGES);
	Oid			parts = retention_views_find(build, TABLE_OF_PARTS);
	Query	   *query = retention_live_query(rows, &build->orders);
	char	   *sql;
	Caller		caller;

	retention_live_check(build, query, build->orders);
	retention_live_check_free(build);
	sql = pg_get_querydef(query, false);
	build->fill = !OidIsValid(live) || get_rel_relkind(live) != RELKIND_VIEW ||
		!retention_record_has(build, VIEW_OF_LIVE, retention_views_definition(live)) ||
		!retention_record_is_same(retention_views_definition_of(retention_views_parse(sql)), retention_views_definition(live));
	for (int i = 0; i < retention_view_template_count; i++)
		if (strcmp(retention_view_templates[i].name, VIEW_OF_HISTORY) == 0)
			build->fill = build->fill || !retention_views_is_same(build, &retention_view_templates[i], false);
	if (OidIsValid(live) && is_table(build, changes) && is_table(build, parts) && changes_fit(changes, live) &&
		parts_fit(build, parts) && retention_views_columns_fit(live, retention_views_parse(sql)))
		retention_views_make_other(build, OTHER_LIVE, sql);
	else
	{
		if (OidIsValid(changes) || OidIsValid(parts))
			drop_tables(build);
		retention_views_make_other(build, OTHER_LIVE, sql);
		caller = become_owner(build);
		create_tables(build);
		become_caller(caller);
		build->fill = true;
	}
	/* without the view the trigger would not know what to do: who drops it, drops that too; it's told again after a restore */
	depend_on(RelationRelationId, retention_views_find(build, TABLE_OF_CHANGES), retention_views_find(build, VIEW_OF_LIVE), DEPENDENCY_NORMAL);
}

/* A name that no trigger of the table has, nor one made of it. */
static char *
free_name(const Build *build)
{
	char	   *name = TRIGGER_NAME;

	for (int i = 2; retention_views_any(psprintf("SELECT FROM pg_trigger WHERE (tgrelid = %u AND tgname IN (%s, %s)) OR (tgconstrrelid = %u AND tgname = %s)",
												 build->orders, quote_literal_cstr(name), quote_literal_cstr(psprintf("%s_truncate", name)),
												 build->orders, quote_literal_cstr(name))); i++)
		name = psprintf(TRIGGER_NAME "_%d", i);
	return name;
}

/* Who owns the table has them fire for rows that come by replication, too. */
static void
create_triggers(const Build *build)
{
	const char *orders = quote_qualified_identifier(get_namespace_name(get_rel_namespace(build->orders)), get_rel_name(build->orders));
	const char *name = free_name(build);
	const char *truncate = psprintf("%s_truncate", name);
	const char *function = psprintf("%s." TRIGGER_FUNCTION, build->ext);

	retention_views_run(psprintf("CREATE CONSTRAINT TRIGGER %s AFTER INSERT ON %s FROM %s FOR EACH ROW EXECUTE FUNCTION %s()",
								 quote_identifier(name), retention_views_qualified(build, TABLE_OF_CHANGES), orders, function));
	retention_views_run(psprintf("CREATE TRIGGER %s AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %s(%s)",
								 quote_identifier(name), orders, function, quote_literal_cstr(name)));
	retention_views_run(psprintf("CREATE TRIGGER %s AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s(%s)",
								 quote_identifier(truncate), orders, function, quote_literal_cstr(name)));
	if (has_privs_of_role(build->owner, retention_views_owner(build->orders)))
		retention_views_run(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s, ENABLE ALWAYS TRIGGER %s", orders,
									 quote_identifier(name), quote_identifier(truncate)));
}

/* They go with the table that they write to: it's told again after a restore, which does not know. */
static void
bind_triggers(const Build *build)
{
	Oid			changes = retention_views_find(build, TABLE_OF_CHANGES);
	Oid			function = trigger_function(build);
	Oid			orders;
	OurTrigger	anchor = find_anchor(build, function, &orders);

	for (int for_rows = 0; for_rows < 2; for_rows++)
		depend_on(TriggerRelationId, find_trigger(orders, function, anchor.name, for_rows).oid, changes, DEPENDENCY_AUTO);
}

/* Behind the views: the trigger, and then what there is. */
void
retention_live_end(Build *build)
{
	Caller		caller;

	if (!triggers_fit(build))
	{
		LockRelationOid(build->orders, ShareRowExclusiveLock);
		drop_triggers(build);
		caller = become_owner(build);
		create_triggers(build);
		become_caller(caller);
		build->fill = true;
	}
	bind_triggers(build);
	check_no_triggers(build);
	caller = become_owner(build);
	if (build->fill)
	{
		Snapshot	snapshot;

		CommandCounterIncrement();
		/* of now, not of when the transaction began: nobody has written since the trigger was made */
		snapshot = RegisterSnapshot(GetLatestSnapshot());
		for (int i = 0; i < lengthof(filling); i++)
			retention_views_run_as_of(filled_in(build, filling[i]), snapshot);
		UnregisterSnapshot(snapshot);
	}
	become_caller(caller);
}

/* Where views aren't live any more. */
void
retention_live_drop(const Build *build)
{
	Oid			live = retention_views_find_view(build, VIEW_OF_LIVE);

	if (!retention_record_has_name(build, VIEW_OF_LIVE))
		return;
	if (is_table(build, retention_views_find(build, TABLE_OF_CHANGES)))
		drop_triggers(build);
	for (int i = 0; i < lengthof(table_comments); i++)
		if (is_table(build, retention_views_find(build, table_comments[i][0])))
			retention_views_run(psprintf("DROP TABLE %s", retention_views_qualified(build, table_comments[i][0])));
	if (OidIsValid(live) && retention_views_owner(live) == build->owner)
		retention_views_drop_one(build, VIEW_OF_LIVE);
}

/* ---- folding and comparing --------------------------------------------------------- */

void
retention_live_fold(const Build *build)
{
	Caller		caller;

	/* policies may have come meanwhile */
	retention_views_check_row_security(build, false);
	check_no_triggers(build);
	caller = become_owner(build);
	retention_views_run(filled_in(build, folding));
	become_caller(caller);
}

void
retention_live_verify(const Build *build, ReturnSetInfo *rsinfo)
{
	Caller		caller;
	int			result;

	if (!triggers_fit(build))
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the trigger of table \"%s\" that keeps the views of schema \"%s\" is missing, disabled or not as it was made",
						get_rel_name(build->orders), build->target),
				 errhint("retention_rebuild() makes it anew.")));
	caller = become_owner(build);
	/* by the snapshot of who has called */
	result = SPI_execute(filled_in(build, comparing), true, 0);
	if (result < 0)
		elog(ERROR, "could not compare: %s", SPI_result_code_string(result));
	become_caller(caller);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[i]);
}
