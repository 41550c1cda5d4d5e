/*-------------------------------------------------------------------------
 *
 * views.h
 *	  Views over a user's own order table, for tools that read views.
 *
 * The data's way: what the caller gives becomes a recipe, which is stored; the
 * recipe and the catalogs say how to read the order rows; the templates, each
 * a file of SQL beside this one, are filled in and made into views.
 *
 * All runs as the caller.  Nothing that he gives is put into SQL as it is: a
 * name is looked up, a filter is parsed as one expression and written anew,
 * anything else is a quoted constant.  What is written around it names our
 * functions with their schema, and all else is pg_catalog's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_VIEWS_H
#define RETENTION_VIEWS_H

#include "postgres.h"

#include "fmgr.h"
#include "datatype/timestamp.h"
#include "order/period.h"

/* What the views are made from.  Strings that may be NULL say so. */
typedef struct Recipe
{
	const char *target;			/* the schema of the views */
	Oid			orders;			/* the table, view ... of the order rows, ... */
	const char *customer;		/* ... and its columns */
	const char *ordered_at;
	const char *amount;
	const char *order_id;		/* NULL: each row is an order */
	const char *filter;			/* NULL: all rows; else SQL that means the same anywhere */
	Grain		period;
	const char *time_zone;		/* NULL: the times have none */
	Interval   *lifespan;		/* NULL: measured */
	double		margin;
	const char *model;			/* of repeat buying, as fit_purchases() takes it */
	bool		materialized;
} Recipe;

/* How the order rows are read, as pieces of SQL. */
typedef struct Source
{
	const char *rows;			/* "(SELECT ...)": customer, ordered_at, amount */
	const char *all_rows;		/* the same of all rows, with kept and row_count */
	bool		uuid;			/* customers are uuids, else int8 or text */
	const char *collation;		/* of customers that are texts and, if equal, the same bytes; else NULL */
	bool		sortable;		/* customers sort fast, if need be as bytes */
	bool		date;			/* times are dates */
	bool		zoned;			/* times are timestamptz */
} Source;

typedef struct ViewColumn
{
	const char *name;
	const char *about;
} ViewColumn;

/* A view to be made: a file of SQL, taken apart when this is built. */
typedef struct ViewTemplate
{
	const char *name;
	const char *about;
	const char *key;			/* columns that tell its rows apart */
	const char *reads;			/* another view of ours, or NULL */
	const char *sql;
	const ViewColumn *columns;
	int			ncolumns;
} ViewTemplate;

/* A view comes behind those that it reads. */
extern const ViewTemplate retention_view_templates[];
extern const int retention_view_template_count;

/* recipe.c */
extern void retention_recipe_of_arguments(Recipe *recipe, FunctionCallInfo fcinfo);
extern void retention_recipe_store(const Recipe *recipe, const char *ext);
extern bool retention_recipe_load(Recipe *recipe, const char *target, const char *ext,
								  char **owner);
extern bool retention_recipe_forget(const char *target, const char *ext);

/* source.c */
extern void retention_source_of_recipe(Source *source, const Recipe *recipe);
extern void retention_source_check(Oid orders);
extern bool retention_source_has_zone(Oid orders, const char *ordered_at);

/* filter.c */
#define FILTER_ALIAS	"order_row"
extern char *retention_filter_of_user(Oid orders, const char *filter);
extern char *retention_filter_of_recipe(Oid orders, const char *filter);

/* template.c */
extern char *retention_template_sql(const ViewTemplate *template, const Recipe *recipe,
									const Source *source, const char *ext);
extern char *retention_template_about(const char *about, const Recipe *recipe);

#endif							/* RETENTION_VIEWS_H */
