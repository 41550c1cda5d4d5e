/*-------------------------------------------------------------------------
 *
 * view_locks.c
 *	  All that a call will change is locked before it changes anything.
 *
 * Readers lock views in whatever order they read them, the outer one before
 * those that it reads; somebody may have read one of them and call us then.  So
 * there is no order of locks in which nobody ever deadlocks with us.  We wait for
 * one lock only while we hold none of the others: those are asked for without
 * waiting, and if one isn't to be had, all that we took is given back, and it is
 * the next that we wait for.  A call that has failed in this often enough, and for
 * long enough, waits where it stands: rather a deadlock, which PostgreSQL finds,
 * than to wait for ever.
 *
 * Each call asks at once for what it needs in the end, as a lock that is held can
 * only be made stronger by waiting.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "views/view_build.h"

#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/*
 * So many rounds, and so long, what isn't to be had is given up: rounds pass fast
 * where many read, and slowly where one reads for hours.  Tries in each, and the
 * pause between them.
 */
#define ROUNDS		100
#define PATIENCE_MS	60000
#define TRIES		10
#define PAUSE_USEC	1000L

typedef struct Wanted
{
	Oid			relation;		/* InvalidOid: the schema */
	Oid			schema;
	LOCKMODE	mode;
} Wanted;

typedef struct WantedList
{
	int			n;
	Wanted	   *items;			/* the schema, and what is in it, an outer view before those that it reads */
} WantedList;

static void
want_relation(WantedList *list, const Build *build, Oid relation, LOCKMODE mode)
{
	char		kind;

	if (!OidIsValid(relation))
		return;
	/* nobody locks what is another's */
	kind = get_rel_relkind(relation);
	if ((kind != RELKIND_VIEW && kind != RELKIND_MATVIEW) || retention_views_owner(relation) != build->owner)
		return;
	if (kind == RELKIND_MATVIEW && mode == ExclusiveLock && !retention_views_is_populated(relation))
		mode = AccessExclusiveLock;
	list->items[list->n++] = (Wanted) {.relation = relation, .mode = mode};
}

/* What the names name now. */
static void
find_wanted(WantedList *list, Build *build, LOCKMODE schema_mode, LOCKMODE mode)
{
	build->schema = get_namespace_oid(build->target, true);
	list->items = palloc0((2 * retention_view_template_count + 2 + VIEWS_OTHERS) * sizeof(Wanted));
	list->items[0] = (Wanted) {.schema = build->schema, .mode = schema_mode};
	list->n = 1;
	for (int i = retention_view_template_count - 1; i >= 0; i--)
	{
		const ViewTemplate *template = &retention_view_templates[i];

		want_relation(list, build, retention_views_find(build, template->name), mode);
		want_relation(list, build, retention_views_find_data(build, template), mode);
	}
	for (int i = 0; i <= OTHER_LIVE; i++)
		want_relation(list, build, retention_views_find(build, retention_views_others[i].name), mode);
}

static bool
same_item(const Wanted *a, const Wanted *b)
{
	return a->relation == b->relation && a->schema == b->schema && a->mode == b->mode;
}

static bool
same_list(const WantedList *a, const WantedList *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (!same_item(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static int
position_of(const WantedList *list, const Wanted *item)
{
	for (int i = 0; i < list->n; i++)
		if (same_item(&list->items[i], item))
			return i;
	return -1;
}

static void
take(const Wanted *item)
{
	if (OidIsValid(item->relation))
		LockRelationOid(item->relation, item->mode);
	else
		LockDatabaseObject(NamespaceRelationId, item->schema, 0, item->mode);
}

static bool
try_once(const Wanted *item)
{
	if (OidIsValid(item->relation))
		return ConditionalLockRelationOid(item->relation, item->mode);
	return ConditionalLockDatabaseObject(NamespaceRelationId, item->schema, 0, item->mode);
}

static void
give_back(const Wanted *item)
{
	if (OidIsValid(item->relation))
		UnlockRelationOid(item->relation, item->mode);
	else
		UnlockDatabaseObject(NamespaceRelationId, item->schema, 0, item->mode);
}

static bool
try_to_take(const Wanted *item)
{
	for (int i = 0; i < TRIES; i++)
	{
		if (try_once(item))
			return true;
		CHECK_FOR_INTERRUPTS();
		pg_usleep(PAUSE_USEC);
	}
	return false;
}

/*
 * With the first one taken, take the others.  If one isn't to be had, give all
 * back but say which it was.
 */
static bool
take_others(const WantedList *list, int first, bool where_we_stand, Wanted *failed)
{
	for (int i = 0; i < list->n; i++)
	{
		if (i == first)
			continue;
		if (where_we_stand)
			take(&list->items[i]);
		else if (!try_to_take(&list->items[i]))
		{
			*failed = list->items[i];
			for (int j = 0; j < i; j++)
				if (j != first)
					give_back(&list->items[j]);
			give_back(&list->items[first]);
			return false;
		}
	}
	return true;
}

/*
 * Lock the schema, and the owner's views of our names there, until the end of the
 * transaction; false if there is no such schema.
 */
bool
retention_views_lock(Build *build, LOCKMODE schema_mode, LOCKMODE mode)
{
	WantedList	list;
	WantedList	now;
	Wanted		first;
	TimestampTz since = GetCurrentTimestamp();

	find_wanted(&list, build, schema_mode, mode);
	first = list.items[0];
	for (int round = 0; OidIsValid(build->schema); round++)
	{
		int			position;
		bool		last_resort;

		CHECK_FOR_INTERRUPTS();
		take(&first);
		/* what was waited for may have been dropped */
		find_wanted(&list, build, schema_mode, mode);
		position = position_of(&list, &first);
		if (position < 0)
		{
			give_back(&first);
			first = list.items[0];
			continue;
		}
		last_resort = round >= ROUNDS && TimestampDifferenceExceeds(since, GetCurrentTimestamp(), PATIENCE_MS);
		if (!take_others(&list, position, last_resort, &first))
			continue;
		find_wanted(&now, build, schema_mode, mode);
		if (same_list(&list, &now))
			return true;
		for (int i = 0; i < list.n; i++)
			give_back(&list.items[i]);
		first = now.items[0];
	}
	return false;
}

/*
 * The schema of the views, made if it isn't there.  Of two that make it the
 * second waits, for a lock on its name: a namespace that can't be, as none has
 * parts.
 */
void
retention_views_create_schema(Build *build)
{
	const char *target = build->target;
	Oid			name = hash_bytes((const unsigned char *) target, (int) strlen(target));

	/* PostgreSQL would tell of a statement that nobody has written; and temporary schemas are of this kind */
	if (target[0] == '\0' || IsReservedName(target) || strcmp(target, "information_schema") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_SCHEMA_NAME),
				 target[0] == '\0' ? errmsg("target must not be empty") :
				 errmsg("views can't be made in a schema of PostgreSQL's own: \"%s\"", target),
				 errhint("Name another schema for the views: target => '...'.")));
	build->schema = get_namespace_oid(target, true);
	if (!OidIsValid(build->schema))
	{
		LockDatabaseObject(NamespaceRelationId, name, 1, ExclusiveLock);
		if (!OidIsValid(get_namespace_oid(target, true)))
			retention_views_run(psprintf("CREATE SCHEMA %s", quote_identifier(target)));
		else
			UnlockDatabaseObject(NamespaceRelationId, name, 1, ExclusiveLock);
		build->schema = get_namespace_oid(target, false);
	}
}
