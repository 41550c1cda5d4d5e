/*-------------------------------------------------------------------------
 *
 * view_build.h
 *	  Views in the making.
 *
 * To be called within SPI_connect, and with a search_path of pg_catalog.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_VIEW_BUILD_H
#define RETENTION_VIEW_BUILD_H

#include "pg/compat.h"
#include "views/views.h"

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "storage/lockdefs.h"
#include "utils/snapshot.h"

/* What is known while views are being made. */
typedef struct Build
{
	const char *target;			/* the schema of the views */
	Oid			schema;
	const char *ext;			/* schema of the extension, quoted */
	Oid			owner;			/* of the views */
	Options		options;
	const char *made;			/* the record of what we have made */
	const char *comments;		/* and of what we have said of it */
	Source		source;
	bool		strict;				/* what is in the way is an error, and isn't left with a warning */
	List	   *kept;			/* of views that were dropped to be made anew */
	bool	   *ours;			/* of each template: is what has its name made by us? */
	bool	   *data;			/* ... and is what keeps its rows? */
	bool	   *stale;			/* ... of ours: are they as they were, as they could not be made again? */
	bool	   *misfit;			/* ... has it other columns than those that we read? */
	Oid			orders;			/* where views are live: their table ... */
	bool		fill;			/* ... of which the stored history is to be made anew */
} Build;

/* What a view has that its definition doesn't tell: owner, grants, indexes ... */
typedef struct Kept
{
	const char *name;
	bool		materialized;
	bool		over_data;		/* a plain view over a materialized one */
	List	   *columns;		/* their names */
	char	   *method;			/* of a materialized view: how its rows are stored, and where */
	char	   *tablespace;
	char	   *with;			/* options, as they're written behind WITH */
	char	   *about;			/* the comment */
	List	   *comments;		/* statements: on its columns, ... */
	List	   *grants;
	List	   *settings;		/* ... of a materialized view's columns, ... */
	List	   *indexes;		/* ... and of its indexes */
} Kept;

/* view_statement.c */
extern void retention_views_run(const char *sql);
extern void retention_views_run_as_of(const char *sql, Snapshot snapshot);
extern void retention_views_ask(const char *query);
extern bool retention_views_any(const char *query);
extern char *retention_views_value(uint64 row, int column);
extern Query *retention_views_parse(const char *sql);
extern char *retention_views_definition(Oid view);
extern char *retention_views_qualified(const Build *build, const char *name);
extern Oid	retention_views_find(const Build *build, const char *name);
extern Oid	retention_views_find_view(const Build *build, const char *name);
extern Oid	retention_views_find_data(const Build *build, const ViewTemplate *template);
extern Oid	retention_views_owner(Oid relation);
extern const char *retention_views_kind(Oid relation);

/* view_locks.c */
extern void retention_views_create_schema(Build *build);
extern bool retention_views_lock(Build *build, LOCKMODE schema_mode, LOCKMODE mode);

/* view_record.c */
extern void retention_record_load(Build *build);
extern bool retention_record_has(const Build *build, const char *name, const char *sql);
extern bool retention_record_has_name(const Build *build, const char *name);
extern bool retention_record_is_same(const char *definition, const char *another);
extern bool retention_record_has_sql(const Build *build, const ViewTemplate *template, bool data);
extern bool retention_record_has_comment(const Build *build, const char *comment);
extern char *retention_record_new(const Build *build);
extern char *retention_record_new_comments(const Build *build);

/* view_remake.c */
extern char *retention_views_with(Oid relation);
extern Kept *retention_keep(const char *name, Oid relation);
extern void retention_restore(const Build *build, const Kept *kept);
extern void retention_revoke_defaults(const Build *build, const char *name);

/* kept_rows.c */
extern void retention_views_replace_rows(Oid view, Snapshot snapshot);

/* existing_views.c */
extern compat_noreturn void retention_views_belongs_to_another(const Build *build, const char *name,
																Oid relation) compat_attribute_noreturn();
extern compat_noreturn void retention_views_not_ours(const Build *build, const char *name) compat_attribute_noreturn();
extern void retention_views_check_owner(const Build *build, const char *name, Oid relation);
extern bool retention_views_is_other(const char *name, Oid relation);
extern bool retention_views_load(Build *build, bool quietly);
extern void retention_views_check_free(const Build *build);
extern void retention_views_check_ours(const Build *build);
extern bool retention_views_is_ours(const Build *build, const ViewTemplate *template, Oid relation,
									const Query *query);
extern bool retention_views_data_is_ours(const Build *build, const ViewTemplate *template, Oid data,
										 const Query *query);
extern bool retention_views_is_over_data(const Build *build, const ViewTemplate *template, Oid relation);
extern char *retention_views_over_data(const Build *build, const ViewTemplate *template);
extern List *retention_views_columns(Oid relation);
extern bool retention_views_have_key(Oid relation);
extern bool retention_views_is_populated(Oid relation);
extern char *retention_views_definition_of(const Query *query);
extern bool retention_views_columns_fit(Oid view, const Query *query);
extern bool retention_views_has_columns(Oid relation, const Query *query);
extern bool retention_views_reads(const Build *build, const ViewTemplate *template, const ViewTemplate *other);

/* row_security.c */
extern void retention_views_check_row_security(const Build *build, bool tell);

/* view_drop.c */
extern void retention_views_drop_one(const Build *build, const char *name);
extern bool retention_views_drop_or_leave(Build *build, int index, const char *sql);
extern void retention_views_drop(Build *build);

/* view_build.c */
extern void retention_views_put(const Build *build, const char *name, const char *sql, const char *options);
extern bool retention_views_is_same(const Build *build, const ViewTemplate *template, bool data);
extern void retention_views_make_other(Build *build, OtherView which, const char *sql);
extern void retention_views_make(Build *build, const OrderRows *orders);
extern void retention_views_refresh_data(Build *build, bool concurrently);

#endif							/* RETENTION_VIEW_BUILD_H */
