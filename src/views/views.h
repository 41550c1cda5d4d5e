/*-------------------------------------------------------------------------
 *
 * views.h
 *	  Views over a user's own order table, for tools that read views.
 *
 * What the views are made from stands in the target schema itself, as views:
 * order_rows has the caller's columns, as we take them, and filter, and
 * retention_options is a row of constants; retention_record is another, and says
 * which views are ours.  So all that is renamed, given to another
 * role, dumped and restored as any view is.  The templates, each a file of SQL
 * beside this one, are filled in and made into views.
 *
 * Of these order_history is made upon order_rows, and every other one upon
 * order_history, whose one value knows all that they show.  So it's there alone that
 * it is decided where that comes from: from the orders, or from what is kept of them.
 *
 * A name of ours is always a plain view.  Where results are kept, it reads a
 * materialized view beside it, of the same name and a suffix: a plain view can be
 * replaced while somebody's own stands upon it, a materialized one can't.
 *
 * All runs as the caller.  Nothing that they give is put into SQL as it is: what
 * they say of their table is parsed and written anew (reader/reader.h), anything else
 * is a quoted constant.  What is written around it names our
 * functions with their schema, and all else is pg_catalog's.
 *
 * A superuser who makes the views of others again evaluates nothing of theirs:
 * a view is parsed, constants are read from its tree, and rows are only read by
 * REFRESH MATERIALIZED VIEW, which runs as the owner.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_VIEWS_H
#define RETENTION_VIEWS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "order/period.h"
#include "reader/order_reader.h"
#include "utils/date.h"

/*
 * A view that the others are made from, beside VIEW_OF_ROWS and VIEW_OF_OPTIONS.  What
 * we have made has a record of its own, VIEW_OF_RECORD, so that whoever changes the
 * options leaves it alone.
 */
#define VIEW_OF_LEFT_OUT	"left_out_rows"

/* Where they are live: what is noted of a row that changes, as a view, and the two tables. */
#define VIEW_OF_LIVE		"live_rows"
#define TABLE_OF_CHANGES	"order_changes"
#define TABLE_OF_PARTS		"order_history_parts"

/* The template that all others read, and the only one that reads the rows. */
#define VIEW_OF_HISTORY		"order_history"

/* The same of each part of the shop. */
#define VIEW_OF_PARTS		"segment_history"

/* What is said of a segment of a customer. */
#define ABOUT_SEGMENT_OF_CUSTOMER	"a segment of the customer: that of the first order, which is theirs for ever; of several orders on that day the first value by bytes, and NULL only if none has one"

/* What is said of a column of order_rows that parts of the shop are told by. */
#define ABOUT_SEGMENT		"a segment: a text; of lines with an order_id an order's is the first by bytes of those that its lines at or above 0 have, and a refund's its own"

/* Behind the name of a view in that of the materialized one that keeps its rows. */
#define DATA_SUFFIX			"_data"

/* Arguments of retention_create_views. */
typedef enum CreateArg
{
	ARG_ORDERS,
	ARG_CUSTOMER,
	ARG_ORDERED_AT,
	ARG_AMOUNT,
	ARG_ORDER_ID,
	ARG_FILTER,
	ARG_IS_ORDER,
	ARG_TARGET,
	ARG_PERIOD,
	ARG_TIME_ZONE,
	ARG_LIFESPAN,
	ARG_MARGIN,
	ARG_MODE,
	ARG_MODEL,
	ARG_IGNORE_ROW_SECURITY,
	ARG_SEGMENTS,
	ARG_FROM_DAY,
	ARG_UNTIL_DAY,
	ARG_AS_OF
} CreateArg;

/* Where the rows of the views come from when they are read; named in view_options.c. */
typedef enum ViewMode
{
	MODE_PLAIN,					/* from the orders */
	MODE_MATERIALIZED,			/* from what was kept of all views when they were last refreshed */
	MODE_LIVE					/* from a stored history, and the changes of the orders since */
} ViewMode;

#define VIEW_MODES	3

/* How the views are made.  Strings that may be NULL say so. */
typedef struct Options
{
	Period		period;
	const char *time_zone;		/* NULL: the times have none */
	Interval   *lifespan;		/* NULL: measured */
	double		margin;
	const char *model;			/* of repeat buying, as fit_purchases() takes it */
	ViewMode	mode;
	bool		ignore_row_security;	/* rows may be kept of tables with policies */
	const DateADT *from_day;	/* the first and the last day that is reported; NULL: from the first on, to the last */
	const DateADT *until_day;
	const DateADT *as_of;		/* what day it is now; NULL: that of the last order */
} Options;

/* What order_rows is like. */
typedef struct Source
{
	bool		lines;			/* rows with the same order_id are one order */
	bool		sorted;			/* of which one is less than another */
	bool		is_order;		/* rows say whether they are orders */
	const char *customer;		/* SQL of a customer as the aggregates take them, of order_rows' own */
	bool		numbers;		/* that is int8, else uuid or text */
	const char *collation;		/* of customers that are texts; else NULL */
	const char *own_type;		/* of customers in order_rows; NULL if views show them as they are there */
	bool		zoned;			/* times are timestamptz */
	List	   *segments;		/* names of the columns that parts of the shop are told by, of texts */
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
	const char *key;			/* columns that tell its rows apart, "" if it has one; NULL: a view that the user may replace */
	const char *reads;			/* other views of these, "a, b", or NULL */
	const char *sql;
	const char *live;			/* where views are live; NULL: the same */
	const ViewColumn *columns;
	int			ncolumns;
	bool		of_segments;	/* it is there only where segments are given ... */
	bool		each;			/* ... and has the rows of its SQL for each part of the shop */
	bool		never_kept;		/* it's plain also where rows are kept */
	bool		segment_columns;	/* it has a column for each segment, behind its own */
	const char *index;			/* SQL of what has an index, too, where rows are kept: nothing if that's but a column; or NULL */
	const char *over;			/* where rows are kept, it keeps none, but reads those of this view, ... */
	const char *kept_sql;		/* ... so; or NULL */
} ViewTemplate;

/* What the others are made from; of a schema, they have one owner.  They have no SQL here. */
typedef enum OtherView
{
	OTHER_ROWS,
	OTHER_LEFT_OUT,
	OTHER_OPTIONS,
	OTHER_RECORD,
	OTHER_LIVE					/* which is there where they are live alone */
} OtherView;

#define VIEWS_OTHERS	4			/* that are always there */

extern const ViewTemplate retention_views_others[];

/* A view comes behind those that it reads. */
extern const ViewTemplate retention_view_templates[];
extern const int retention_view_template_count;

/* view_options.c */
extern void retention_views_check_given(FunctionCallInfo fcinfo, int arg, const char *name);
extern const char *retention_views_name_argument(FunctionCallInfo fcinfo, int arg, const char *name);
extern List *retention_views_texts_argument(FunctionCallInfo fcinfo, int arg, const char *name);
extern void retention_options_of_arguments(Options *options, FunctionCallInfo fcinfo,
										   const OrderRows *orders);
extern void retention_options_of_view(Options *options, Oid view);
extern char *retention_options_sql(const Options *options);
extern void retention_made_of_view(Oid view, const char **made, const char **comments);
extern char *retention_made_sql(const char *made, const char *comments);

/* order_rows_view.c */
extern bool retention_source_fits(Oid view);
extern bool retention_views_wants(const Source *source, const ViewTemplate *template);
extern void retention_source_of_view(Source *source, Oid view, const Options *options, bool with_segments);

/* Of materialized views, is this one's result among what is kept? */
static inline bool
template_is_kept(const ViewTemplate *template, const Options *options)
{
	return options->mode == MODE_MATERIALIZED && template->key && !template->never_kept && !template->over;
}

/* ... or does it read what another one keeps? */
static inline bool
template_is_over_kept(const ViewTemplate *template, const Options *options)
{
	return options->mode == MODE_MATERIALIZED && template->over;
}

/* view_template.c */
extern char *retention_template_data(const ViewTemplate *template);
extern char *retention_template_data_about(const ViewTemplate *template);
extern char *retention_template_index(const ViewTemplate *template, const char *target,
									  const Options *options, const Source *source,
									  const char *ext);
extern char *retention_template_fill(const char *text, const char *target, const Options *options,
									 const Source *source, const char *ext);
extern char *retention_template_sql(const ViewTemplate *template, const char *target,
									const Options *options, const Source *source,
									const char *ext);
extern char *retention_template_about(const char *about, const Options *options, const Source *source);

#endif							/* RETENTION_VIEWS_H */
