/*-------------------------------------------------------------------------
 *
 * time_zone.c
 *	  Time zones that a calendar can be of.
 *
 * A zone is a place.  A fixed offset is none: it has POSIX's sign in PostgreSQL,
 * so that '+02:00' lies west of Greenwich, and it knows no summer time.
 *
 * Who names none has that of the views which there are of the same table, since there
 * is one calendar of a shop.  The session's would make two answers of two sessions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/period.h"
#include "reader/order_reader.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "rewrite/rewriteSupport.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/*
 * AT TIME ZONE takes CET for an abbreviation, of a time without summer time,
 * the zone database for a place with it.  There has to be one calendar.
 */
static bool
is_another_abbreviation(const char *name, pg_tz *zone)
{
	for (int month = 1; month <= 12; month++)
	{
		TimestampTz instant = (date2j(2020, month, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
		Timestamp	local;
		struct pg_tm tm;
		fsec_t		fsec;
		int			tz;

		if (timestamp2tm(instant, &tz, &tm, &fsec, NULL, zone) != 0 ||
			tm2timestamp(&tm, fsec, NULL, &local) != 0)
			elog(ERROR, "timestamp out of range");
		if (local != DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, CStringGetTextDatum(name),
														   TimestampTzGetDatum(instant))))
			return true;
	}
	return false;
}

void
retention_check_calendar_zone(const char *name)
{
	pg_tz	   *zone = retention_zone_of_name(name);

	retention_check_place(zone);
	if (is_another_abbreviation(name, zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" is an abbreviation of another time, too", name),
				 errhint("Name a place: time_zone => 'Europe/Berlin'.")));
}

/* ---- that of the views of a table -------------------------------------------------- */

static Oid
owner_of(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/*
 * A constant text in a view of constants, or NULL.  The view isn't locked: whoever
 * makes views again keeps nobody waiting who asks for a prediction.
 */
static const char *
constant_of_view(Oid view, const char *name)
{
	HeapTuple	tuple = SearchSysCache2(RULERELNAME, ObjectIdGetDatum(view), PointerGetDatum(ViewSelectRuleName));
	Datum		actions;
	bool		isnull;
	List	   *queries = NIL;
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	actions = SysCacheGetAttr(RULERELNAME, tuple, Anum_pg_rewrite_ev_action, &isnull);
	if (!isnull)
		queries = (List *) stringToNode(TextDatumGetCString(actions));
	ReleaseSysCache(tuple);
	if (list_length(queries) != 1)
		return NULL;
	foreach(lc, linitial_node(Query, queries)->targetList)
	{
		const TargetEntry *entry = lfirst_node(TargetEntry, lc);
		const Const *constant = (const Const *) entry->expr;

		if (entry->resname && strcmp(entry->resname, name) == 0 && IsA(constant, Const) &&
			constant->consttype == TEXTOID && !constant->constisnull)
			return TextDatumGetCString(constant->constvalue);
	}
	return NULL;
}

/*
 * The zone of the views that are made from this one, if it is ours; NULL if it isn't, or
 * their times have none.  Only those count that the caller has made, or the owner of
 * the table, lest anybody else set the zone of them.
 */
static const char *
zone_of_rows(Oid view, Oid table)
{
	const char *name = get_rel_name(view);
	Oid			schema = get_rel_namespace(view);
	Oid			owner = owner_of(view);
	Oid			options;
	Oid			record;

	if (name == NULL || strcmp(name, VIEW_OF_ROWS) != 0 || (owner != GetUserId() && owner != owner_of(table)))
		return NULL;
	options = get_relname_relid(VIEW_OF_OPTIONS, schema);
	record = get_relname_relid(VIEW_OF_RECORD, schema);
	if (!OidIsValid(options) || owner_of(options) != owner || !OidIsValid(record) || owner_of(record) != owner)
		return NULL;
	return constant_of_view(options, "time_zone");
}

/* The zone of the views of a schema; NULL if there are none. */
const char *
retention_zone_of_target(const char *target)
{
	Oid			schema = get_namespace_oid(target, true);
	Oid			rows = OidIsValid(schema) ? get_relname_relid(VIEW_OF_ROWS, schema) : InvalidOid;

	return OidIsValid(rows) ? zone_of_rows(rows, rows) : NULL;
}

/* The view that a rule makes one, or InvalidOid. */
static Oid
view_of_rule(Oid rule)
{
	Relation	rules = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			view = InvalidOid;

	ScanKeyInit(&key, Anum_pg_rewrite_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(rule));
	scan = systable_beginscan(rules, RewriteOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		view = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class;
	systable_endscan(scan);
	table_close(rules, AccessShareLock);
	return view;
}

/* Another zone of views; there has to be one. */
static const char *
one_zone(const char *zone, const char *other, const char *orders)
{
	if (zone && other && strcmp(zone, other) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the views of %s are of two time zones: \"%s\" and \"%s\"", orders, zone, other),
				 errhint("Write time_zone => %s or time_zone => %s.", quote_literal_cstr(zone), quote_literal_cstr(other))));
	return zone ? zone : other;
}

/* The zone of the views that there are of one of the relations; NULL if there are none. */
const char *
retention_zone_of_views(const List *relations, const char *orders)
{
	const char *zone = NULL;
	const ListCell *lc;

	foreach(lc, relations)
	{
		Oid			table = lfirst_oid(lc);
		Relation	depend = table_open(DependRelationId, AccessShareLock);
		ScanKeyData keys[2];
		SysScanDesc scan;
		HeapTuple	tuple;

		zone = one_zone(zone, zone_of_rows(table, table), orders);
		ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
		ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
		scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		{
			Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

			if (form->classid == RewriteRelationId)
				zone = one_zone(zone, zone_of_rows(view_of_rule(form->objid), table), orders);
		}
		systable_endscan(scan);
		table_close(depend, AccessShareLock);
	}
	return zone;
}
