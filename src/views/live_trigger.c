/*-------------------------------------------------------------------------
 *
 * live_trigger.c
 *	  The trigger of an order table whose views are live.
 *
 * It appends what a row was and is to order_changes, unless that is the same.  No statement is
 * run: the expressions of live_rows are evaluated, and a row is put into the table.  So nothing
 * is asked of who writes the order, who need not know that there are views.
 *
 * Which table is the trigger's is told by its anchor (live.h): whoever has
 * made that had the right to make triggers on both tables.  Without it there is nobody to
 * tell of the orders.  The expressions are those of live_rows beside order_changes, which has the same owner.  They may call functions, and these run as
 * the owner of the views, not as who writes the order, and with a search_path of
 * pg_catalog: so neither can have the other run anything.  What is PostgreSQL's own
 * needs no such care, and none is taken.
 *
 * What was found out about a trigger is kept for the session, until any table's definition
 * changes; expressions that call users' functions no longer than the transaction.
 *
 * Nothing is locked but order_changes, as an INSERT does it.  Whoever makes live_rows
 * anew keeps everybody from writing to the orders meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/live.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteSupport.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* Ready to be evaluated. */
typedef struct Compiled
{
	MemoryContext memory;		/* of all of it */
	ExprContext *context;
	ExprState **states;			/* of each column of order_changes; NULL: of the weight, or one dropped */
	Datum	   *values[2];		/* of the row as it is, and as it was */
	bool	   *nulls[2];
	bool		in_use;			/* a users' function has left it half-way by an error, or has called us from there */
} Compiled;

/* What there is to know of a trigger. */
typedef struct LiveTrigger
{
	Oid			trigger;		/* the key */
	uint64		seen;			/* how many definitions had changed by then */
	MemoryContext context;		/* of all that follows; NULL: nothing is known */
	Oid			changes;		/* InvalidOid: there is nothing to do */
	Oid			owner;
	bool		foreign;		/* users' functions are called */
	List	  **expressions;	/* one or none of each column of order_changes */
	TupleDesc	columns;		/* of order_changes */
	AttrNumber	weight;
	TupleConversionMap *map;	/* from the partition's rows to those of the whole; NULL: they are alike */
	TupleTableSlot *mapped;
	TupleTableSlot *slot;		/* a row of order_changes */
	Compiled   *compiled;
} LiveTrigger;

static HTAB *triggers = NULL;
static uint64 definitions_changed = 1;

/* ---- what is known, and for how long ------------------------------------------------- */

static void
definition_changed(Datum arg, Oid relation)
{
	definitions_changed++;
}

static void
function_changed(Datum arg, int cache, uint32 hash)
{
	definitions_changed++;
}

/* What users' functions keep may be the transaction's. */
static void
end_of_transaction(XactEvent event, void *arg)
{
	HASH_SEQ_STATUS status;
	LiveTrigger *live;

	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			break;
		default:
			return;
	}
	hash_seq_init(&status, triggers);
	while ((live = hash_seq_search(&status)) != NULL)
		if (live->foreign)
			live->compiled = NULL;
}

static void
create_cache(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(LiveTrigger), .hcxt = CacheMemoryContext};

	triggers = hash_create("triggers of live views", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(definition_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, function_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, function_changed, (Datum) 0);
	RegisterXactCallback(end_of_transaction, NULL);
}

/* ---- whose rights -------------------------------------------------------------------- */

typedef struct Writer
{
	Oid			user;
	int			context;
	int			nest_level;
} Writer;

static Writer
become_owner(Oid owner)
{
	Writer		writer;

	GetUserIdAndSecContext(&writer.user, &writer.context);
	SetUserIdAndSecContext(owner, writer.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	writer.nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return writer;
}

static void
become_writer(Writer writer)
{
	AtEOXact_GUC(false, writer.nest_level);
	SetUserIdAndSecContext(writer.user, writer.context);
}

/* ---- finding out --------------------------------------------------------------------- */

static compat_noreturn void broken(Oid changes, const char *what) compat_attribute_noreturn();

static void
broken(Oid changes, const char *what)
{
	const char *schema = get_namespace_name(get_rel_namespace(changes));

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("live views of schema \"%s\" can't follow the orders: %s", schema ? schema : "", what),
			 errhint("Make them again by retention_create_views, or drop table \"%s\".", get_rel_name(changes))));
}

/* The query of a view, which is not locked. */
static Query *
query_of_view(Oid view)
{
	HeapTuple	tuple = SearchSysCache2(RULERELNAME, ObjectIdGetDatum(view), PointerGetDatum(ViewSelectRuleName));
	Datum		actions;
	bool		isnull;
	List	   *queries = NIL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	actions = SysCacheGetAttr(RULERELNAME, tuple, Anum_pg_rewrite_ev_action, &isnull);
	if (!isnull)
		queries = (List *) stringToNode(TextDatumGetCString(actions));
	ReleaseSysCache(tuple);
	return list_length(queries) == 1 ? linitial_node(Query, queries) : NULL;
}

static bool
is_users(Oid function, void *arg)
{
	return function >= FirstNormalObjectId;
}

/* Is there anything that is not PostgreSQL's own?  The types of users have functions, too. */
static bool
find_users(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_List:
		case T_CaseWhen:
			break;
		case T_Var:
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_ScalarArrayOpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_BoolExpr:
		case T_BooleanTest:
		case T_NullTest:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_CaseExpr:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_CollateExpr:
			if (exprType(node) >= FirstNormalObjectId)
				return true;
			break;
		default:
			/* it may well be */
			return true;
	}
	return check_functions_in_node(node, is_users, arg) || expression_tree_walker(node, find_users, arg);
}

/* The expression of a column of live_rows, of the type that order_changes has for it. */
static Expr *
expression_of(const List *entries, const Form_pg_attribute column)
{
	const ListCell *lc;

	foreach(lc, entries)
	{
		const TargetEntry *entry = lfirst_node(TargetEntry, lc);

		if (strcmp(entry->resname, NameStr(column->attname)) == 0 && exprType((Node *) entry->expr) == column->atttypid)
			return entry->expr;
	}
	return NULL;
}

/*
 * The anchor of a name, of one of the tables: the table of changes that it is on, and which of the tables
 * it is of; InvalidOid if there is none.
 */
Oid
retention_live_find_anchor(const char *name, Oid function, const List *tables, Oid *orders)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	Oid			changes = InvalidOid;
	const ListCell *lc;

	foreach(lc, tables)
	{
		ScanKeyData keys[2];
		SysScanDesc scan;
		HeapTuple	tuple;

		ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
		ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(lfirst_oid(lc)));
		scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
		while (!OidIsValid(changes) && HeapTupleIsValid(tuple = systable_getnext(scan)))
		{
			Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
			ScanKeyData key;
			SysScanDesc of_trigger;
			HeapTuple	found;

			if (form->classid != TriggerRelationId)
				continue;
			ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(form->objid));
			of_trigger = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
			if (HeapTupleIsValid(found = systable_getnext(of_trigger)))
			{
				Form_pg_trigger trigger = (Form_pg_trigger) GETSTRUCT(found);

				if (trigger->tgconstrrelid == lfirst_oid(lc) && trigger->tgfoid == function &&
					strcmp(NameStr(trigger->tgname), name) == 0)
				{
					changes = trigger->tgrelid;
					*orders = lfirst_oid(lc);
				}
			}
			systable_endscan(of_trigger);
		}
		systable_endscan(scan);
	}
	table_close(catalog, AccessShareLock);
	table_close(depend, AccessShareLock);
	return changes;
}

/* Which rows of live_rows are noted where, and how. */
static void
find_out(LiveTrigger *live, const Trigger *trigger, Relation orders)
{
	Oid			of = InvalidOid;
	Oid			changes = retention_live_find_anchor(trigger->tgargs[0], trigger->tgfoid,
													 lcons_oid(RelationGetRelid(orders), get_partition_ancestors(RelationGetRelid(orders))), &of);
	Oid			view;
	Query	   *query;
	Oid			whole = InvalidOid;
	List	   *entries;
	Relation	table;

	live->changes = InvalidOid;
	if (!OidIsValid(changes))
		return;
	view = get_relname_relid(VIEW_OF_LIVE, get_rel_namespace(changes));
	query = OidIsValid(view) ? query_of_view(view) : NULL;
	entries = query ? retention_live_expressions(query, &whole) : NIL;
	live->owner = retention_views_owner(changes);
	if (!OidIsValid(view) || retention_views_owner(view) != live->owner || entries == NIL)
		broken(changes, "view \"" VIEW_OF_LIVE "\" is gone, or has been changed");
	if (whole != of)
		broken(changes, psprintf("they are of another table than \"%s\"", RelationGetRelationName(orders)));
	table = table_open(changes, RowExclusiveLock);
	if (table->rd_rel->relkind != RELKIND_RELATION)
		broken(changes, "\"" TABLE_OF_CHANGES "\" is no table");
	live->columns = CreateTupleDescCopy(RelationGetDescr(table));
	table_close(table, NoLock);
	live->expressions = palloc0(live->columns->natts * sizeof(List *));
	live->foreign = false;
	live->weight = InvalidAttrNumber;
	for (int i = 0; i < live->columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(live->columns, i);
		Expr	   *expression;

		if (column->attisdropped)
			continue;
		if (strcmp(NameStr(column->attname), LIVE_WEIGHT) == 0 && column->atttypid == INT2OID)
		{
			live->weight = column->attnum;
			continue;
		}
		expression = expression_of(entries, column);
		if (expression == NULL)
			broken(changes, psprintf("column \"%s\" of \"" TABLE_OF_CHANGES "\" is not one of \"" VIEW_OF_LIVE "\"", NameStr(column->attname)));
		live->expressions[i] = list_make1(expression);
		live->foreign = live->foreign || find_users((Node *) expression, NULL);
	}
	if (live->weight == InvalidAttrNumber)
		broken(changes, "\"" TABLE_OF_CHANGES "\" has no column \"" LIVE_WEIGHT "\"");
	live->slot = MakeTupleTableSlot(live->columns, &TTSOpsVirtual);
	live->map = NULL;
	if (whole != RelationGetRelid(orders))
	{
		Relation	relation = relation_open(whole, AccessShareLock);
		TupleDesc	columns = CreateTupleDescCopy(RelationGetDescr(relation));

		live->map = convert_tuples_by_name(CreateTupleDescCopy(RelationGetDescr(orders)), columns);
		if (live->map)
			live->mapped = MakeTupleTableSlot(columns, &TTSOpsVirtual);
		relation_close(relation, NoLock);
	}
	live->changes = changes;
}

/* Functions that are made inline are the owner's to call. */
static void
compile(LiveTrigger *live)
{
	int			n = live->columns->natts;
	MemoryContext memory = AllocSetContextCreate(live->foreign ? TopTransactionContext : live->context,
												 "expressions of live views", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(memory);
	Compiled   *compiled = palloc0(sizeof(Compiled));

	compiled->memory = memory;
	compiled->context = CreateStandaloneExprContext();
	compiled->states = palloc0(n * sizeof(ExprState *));
	for (int i = 0; i < 2; i++)
	{
		compiled->values[i] = palloc0(n * sizeof(Datum));
		compiled->nulls[i] = palloc0(n * sizeof(bool));
	}
	for (int i = 0; i < n; i++)
		if (live->expressions[i])
			compiled->states[i] = ExecInitExpr(expression_planner(copyObject(linitial(live->expressions[i]))), NULL);
	MemoryContextSwitchTo(old);
	live->compiled = compiled;
}

static LiveTrigger *
find_trigger(const Trigger *trigger, Relation orders)
{
	LiveTrigger *live;
	bool		found;
	uint64		seen;

	if (triggers == NULL)
		create_cache();
	live = hash_search(triggers, &trigger->tgoid, HASH_ENTER, &found);
	if (!found)
	{
		live->context = NULL;
		live->compiled = NULL;
		live->foreign = false;
		live->seen = 0;
	}
	if (live->seen == definitions_changed)
		return live;
	/* what is in use is still needed by who has called us */
	if (live->context && !(live->compiled && live->compiled->in_use))
	{
		if (live->foreign && live->compiled)
			MemoryContextDelete(live->compiled->memory);
		MemoryContextDelete(live->context);
	}
	live->context = NULL;
	live->compiled = NULL;
	live->seen = 0;
	seen = definitions_changed;
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trigger of live views", ALLOCSET_SMALL_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);

		find_out(live, trigger, orders);
		MemoryContextSwitchTo(old);
		MemoryContextSetParent(context, CacheMemoryContext);
		live->context = context;
	}
	live->seen = seen;
	return live;
}

/* ---- a row --------------------------------------------------------------------------- */

static void
evaluate(const LiveTrigger *live, Compiled *compiled, TupleTableSlot *row, int which)
{
	if (live->map)
		row = execute_attr_map_slot(live->map->attrMap, row, live->mapped);
	compiled->context->ecxt_scantuple = row;
	for (int i = 0; i < live->columns->natts; i++)
	{
		compiled->nulls[which][i] = true;
		if (compiled->states[i])
			compiled->values[which][i] = ExecEvalExpr(compiled->states[i], compiled->context, &compiled->nulls[which][i]);
	}
}

/* Is the row, as far as it is looked at, what it was? */
static bool
is_same_row(const LiveTrigger *live, const Compiled *compiled)
{
	for (int i = 0; i < live->columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(live->columns, i);

		if (compiled->states[i] == NULL)
			continue;
		if (compiled->nulls[0][i] != compiled->nulls[1][i] ||
			(!compiled->nulls[0][i] &&
			 !datum_image_eq(compiled->values[0][i], compiled->values[1][i], column->attbyval, column->attlen)))
			return false;
	}
	return true;
}

static void
insert_into_indexes(Relation changes, TupleTableSlot *slot)
{
	EState	   *estate = CreateExecutorState();
	ResultRelInfo *info = makeNode(ResultRelInfo);

	InitResultRelInfo(info, changes, 0, NULL, 0);
	ExecOpenIndices(info, false);
	if (info->ri_NumIndices > 0)
		compat_insert_index_tuples(info, slot, estate);
	ExecCloseIndices(info);
	FreeExecutorState(estate);
}

static void
append(const LiveTrigger *live, const Compiled *compiled, Relation changes, int which, int16 weight)
{
	TupleTableSlot *slot = live->slot;
	int			n = live->columns->natts;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, compiled->values[which], n * sizeof(Datum));
	memcpy(slot->tts_isnull, compiled->nulls[which], n * sizeof(bool));
	slot->tts_values[live->weight - 1] = Int16GetDatum(weight);
	slot->tts_isnull[live->weight - 1] = false;
	ExecStoreVirtualTuple(slot);
	table_tuple_insert(changes, slot, GetCurrentCommandId(true), 0, NULL);
	if (changes->rd_rel->relhasindex)
		insert_into_indexes(changes, slot);
	ExecClearTuple(slot);
}

static void
row_changed(const TriggerData *data, LiveTrigger *live)
{
	TupleTableSlot *came = TRIGGER_FIRED_BY_INSERT(data->tg_event) ? data->tg_trigslot :
		TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newslot : NULL;
	TupleTableSlot *went = TRIGGER_FIRED_BY_INSERT(data->tg_event) ? NULL : data->tg_trigslot;
	Relation	changes = table_open(live->changes, RowExclusiveLock);
	bool		as_owner = live->foreign || changes->rd_rel->relhasindex;
	Writer		writer = {0};
	Compiled   *compiled;
	MemoryContext old;

	if (as_owner)
		writer = become_owner(live->owner);
	if (live->compiled == NULL || live->compiled->in_use)
		compile(live);
	compiled = live->compiled;
	compiled->in_use = live->foreign;
	ResetExprContext(compiled->context);
	old = MemoryContextSwitchTo(compiled->context->ecxt_per_tuple_memory);
	if (came)
		evaluate(live, compiled, came, 0);
	if (went)
		evaluate(live, compiled, went, 1);
	if (came == NULL || went == NULL || !is_same_row(live, compiled))
	{
		if (went)
			append(live, compiled, changes, 1, -1);
		if (came)
			append(live, compiled, changes, 0, 1);
	}
	MemoryContextSwitchTo(old);
	ResetExprContext(compiled->context);
	compiled->in_use = false;
	if (as_owner)
		become_writer(writer);
	table_close(changes, NoLock);
}

/* ---- all rows ------------------------------------------------------------------------ */

/* Both tables are emptied as the orders are: at once, for every snapshot. */
static void
all_went(Oid changes)
{
	Oid			schema = get_rel_namespace(changes);
	const char *name = get_namespace_name(schema);
	Oid			owner = retention_views_owner(changes);
	Oid			parts = get_relname_relid(TABLE_OF_PARTS, schema);
	Writer		writer;

	if (!OidIsValid(parts) || retention_views_owner(parts) != owner)
		broken(changes, "table \"" TABLE_OF_PARTS "\" is gone");
	writer = become_owner(owner);
	SPI_connect();
	retention_views_run(psprintf("TRUNCATE ONLY %s, %s", quote_qualified_identifier(name, get_rel_name(changes)),
								 quote_qualified_identifier(name, get_rel_name(parts))));
	SPI_finish();
	become_writer(writer);
}

/* _retention_order_changed(): a trigger */
PG_FUNCTION_INFO_V1(retention_order_changed);
Datum
retention_order_changed(PG_FUNCTION_ARGS)
{
	const TriggerData *data = (const TriggerData *) fcinfo->context;
	const Trigger *trigger;
	LiveTrigger *live;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function must be called as a trigger")));
	trigger = data->tg_trigger;
	/* an anchor has nothing to do */
	if (OidIsValid(trigger->tgconstrrelid))
		PG_RETURN_POINTER(NULL);
	if (trigger->tgnargs != 1 || !TRIGGER_FIRED_AFTER(data->tg_event) ||
		(!TRIGGER_FIRED_FOR_ROW(data->tg_event) && !TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" is not as live views have it", trigger->tgname),
				 errhint("It is made by retention_create_views(..., mode => 'live').")));
	live = find_trigger(trigger, data->tg_relation);
	if (OidIsValid(live->changes))
	{
		if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
			row_changed(data, live);
		else
			all_went(live->changes);
	}
	PG_RETURN_POINTER(NULL);
}
