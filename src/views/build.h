/*-------------------------------------------------------------------------
 *
 * build.h
 *	  Views in the making.
 *
 * To be called within SPI_connect, and with a search_path of pg_catalog.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_VIEWS_BUILD_H
#define RETENTION_VIEWS_BUILD_H

#include "views/views.h"

#include "nodes/pg_list.h"
#include "utils/snapshot.h"

/* What is known while views are being made. */
typedef struct Build
{
	const Recipe *recipe;
	Source		source;
	const char *ext;			/* schema of the extension, quoted */
	Oid			schema;
	Oid			owner;			/* of views that are made again */
	List	   *remade;			/* names of the views that were dropped, ... */
	List	   *grants;			/* ... and what was granted on them */
} Build;

/* Run a statement; what it returns is in SPI_tuptable. */
extern void retention_views_run(const char *sql);

/* The same of the rows as of a snapshot: several statements then tell of one state of the orders. */
extern void retention_views_run_as_of(const char *sql, Snapshot snapshot);

/* The schema of the views; nobody drops it or makes views there until the end of the transaction. */
extern Oid	retention_views_lock_schema(const char *target);

/* The owner of a relation that is there. */
extern Oid	retention_views_owner(Oid relation);

/* The name of a relation of the target schema as SQL, and the relation, if there. */
extern char *retention_views_qualified(const Build *build, const char *name);
extern Oid	retention_views_find(const Build *build, const char *name);
extern Oid	retention_views_first(const Build *build);

/* The target schema, made if it isn't there; and that nothing there is in the way. */
extern void retention_views_open_schema(Build *build);
extern void retention_views_check_source(const Build *build);
extern void retention_views_check_free(const Build *build);

extern void retention_views_make(Build *build);
extern void retention_views_drop(Build *build);

#endif							/* RETENTION_VIEWS_BUILD_H */
