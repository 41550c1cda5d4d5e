/*-------------------------------------------------------------------------
 *
 * view_template.c
 *	  A template with words in the places of its @names@.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/views.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* How to_char has the periods of a grain. */
static const char *const grain_labels[] = {
	[GRAIN_DAY] = "YYYY-MM-DD",
	[GRAIN_WEEK] = "IYYY-\"W\"IW",
	[GRAIN_MONTH] = "YYYY-MM",
	[GRAIN_QUARTER] = "YYYY-\"Q\"Q",
	[GRAIN_YEAR] = "YYYY"
};

typedef struct Word
{
	const char *name;
	const char *value;
} Word;

/* The name of the materialized view that keeps the rows of a view. */
char *
retention_template_data(const ViewTemplate *template)
{
	return psprintf("%s" DATA_SUFFIX, template->name);
}

/* And its comment. */
char *
retention_template_data_about(const ViewTemplate *template)
{
	return psprintf("The rows of %s as of when they were kept, by retention_refresh_data(). Read %s; indexes belong here.",
					template->name, template->name);
}

/* Puts the values in their places, once: what a value contains is left alone. */
static char *
fill_in(const char *text, const Word *words, int nwords)
{
	StringInfoData result;

	initStringInfo(&result);
	while (*text != '\0')
	{
		const char *end = *text == '@' ? strchr(text + 1, '@') : NULL;
		const Word *word = NULL;

		if (end == NULL)
		{
			appendStringInfoChar(&result, *text++);
			continue;
		}
		for (int i = 0; i < nwords && word == NULL; i++)
			if (strlen(words[i].name) == (Size) (end - text - 1) &&
				strncmp(words[i].name, text + 1, end - text - 1) == 0)
				word = &words[i];
		if (word == NULL)
			elog(ERROR, "a template has an unknown word: %.*s", (int) (end - text + 1), text);
		appendStringInfoString(&result, word->value);
		text = end + 1;
	}
	return result.data;
}

static char *
interval_text(Interval *interval)
{
	return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)));
}

/*
 * SQL of a period's label, the period being a date.  Years and their quarters that begin
 * elsewhere are of the year that they end in, as people call them; other periods that do have
 * no name but their first day.
 */
static char *
label_sql(const char *column, const Period *period)
{
	const char *label = grain_labels[period->grain];

	if (retention_period_is_grain(period))
		return psprintf("to_char(%s::timestamp, %s)", column, quote_literal_cstr(label));
	if (period_is_of_months(period))
		return psprintf("to_char(%s::timestamp + interval '%d months', %s)", column, MONTHS_PER_YEAR - period->start,
						quote_literal_cstr(psprintf("\"FY\"%s", label)));
	return psprintf("to_char(%s::timestamp, %s)", column, quote_literal_cstr(grain_labels[GRAIN_DAY]));
}

/* How long a period is, as an interval. */
static char *
step_text(const Period *period)
{
	return psprintf("%d %s", period->length, period_is_of_months(period) ? "months" : "days");
}

/* The periods of 12 months: as many as are no longer than those, and one at least. */
static char *
trailing_text(const Period *period)
{
	return psprintf("%d", Max((period_is_of_months(period) ? MONTHS_PER_YEAR : 365) / period->length, 1));
}

/*
 * The spans that are seen to date, as rows of VALUES: a number, the period and how long ago the
 * same days of the year before are.  They are of the calendar, and those that books are kept by
 * where these are others.
 */
static char *
spans_sql(const Period *period)
{
	const Period year = {GRAIN_YEAR, MONTHS_PER_YEAR, period->start};
	const char *spans[] = {"month", "quarter", "year", retention_period_name(period), NULL};
	StringInfoData sql;
	int			n = 0;

	/* who has quarters of another year has that year, too */
	if (period->grain == GRAIN_QUARTER && !retention_period_is_grain(period))
		spans[lengthof(spans) - 1] = retention_period_name(&year);
	initStringInfo(&sql);
	for (int i = 0; i < lengthof(spans) && spans[i]; i++)
	{
		bool		months = i < 3 || period_is_of_months(period);

		if (i >= 3 && period_is_of_months(period) && retention_period_is_grain(period))
			break;
		appendStringInfo(&sql, "%s(%d, %s::text, interval %s)", n > 0 ? ", " : "", n + 1, quote_literal_cstr(spans[i]),
						 months ? "'1 year'" : "'364 days'");
		n++;
	}
	return sql.data;
}

/*
 * All that a view has, and of how many lines each was; customers as the aggregates take them.
 * With the segments of "segments", which are names of columns.
 */
static char *
sold_sql(const char *target, const char *view, const Source *source, const List *segments)
{
	const char *rows = quote_qualified_identifier(target, view);
	StringInfoData columns;
	ListCell   *lc;

	initStringInfo(&columns);
	foreach(lc, segments)
		appendStringInfo(&columns, ", %s", quote_identifier(lfirst(lc)));
	if (strcmp(source->customer, "customer") != 0)
		rows = psprintf("(SELECT %s AS customer, ordered_at, amount%s%s%s FROM %s)", source->customer,
						source->lines ? ", order_id" : "", source->is_order ? ", is_order" : "", columns.data, rows);
	return source->lines ? retention_orders_of_lines(rows, source->is_order, true, segments) :
		psprintf("(SELECT *, 1::int8 AS row_count FROM %s AS line)", rows);
}

/* Rows of each segment's name and the value that an order "o" has there. */
static char *
segment_values(const Source *source)
{
	StringInfoData rows;
	ListCell   *lc;

	initStringInfo(&rows);
	foreach(lc, source->segments)
		appendStringInfo(&rows, "%s(%s::text, o.%s)", rows.len > 0 ? ", " : "", quote_literal_cstr(lfirst(lc)), quote_identifier(lfirst(lc)));
	return rows.data;
}

/* What is written once for each segment, with its number and name; @ is the number, $ the name, quoted. */
static char *
of_each_segment(const Source *source, const char *text)
{
	StringInfoData sql;
	int			n = 0;
	ListCell   *lc;

	initStringInfo(&sql);
	foreach(lc, source->segments)
	{
		n++;
		for (const char *c = text; *c != '\0'; c++)
			if (*c == '@')
				appendStringInfo(&sql, "%d", n);
			else if (*c == '$')
				appendStringInfoString(&sql, quote_identifier(lfirst(lc)));
			else
				appendStringInfoChar(&sql, *c);
	}
	return sql.data;
}

/*
 * A part of a query's WITH: all parts of the shop, as arrays, those of a segment in the order of
 * their values.
 */
static char *
parts_sql(const char *target, const Source *source)
{
	StringInfoData names;
	ListCell   *lc;

	if (source->segments == NIL)
		return "";
	initStringInfo(&names);
	foreach(lc, source->segments)
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", quote_literal_cstr(lfirst(lc)));
	return psprintf(", parts AS MATERIALIZED (\n"
					"    SELECT array_agg(p.history ORDER BY p.n, p.value COLLATE \"C\") AS histories, array_agg(p.n ORDER BY p.n, p.value COLLATE \"C\") AS segments,"
					" array_agg(p.value ORDER BY p.n, p.value COLLATE \"C\") AS values\n"
					"    FROM (SELECT array_position(ARRAY[%s]::text[], h.segment) AS n, h.value, h.history FROM %s AS h) AS p\n)",
					names.data, quote_qualified_identifier(target, VIEW_OF_PARTS));
}

/* SQL of one history, once for each part of the shop. */
static char *
each_part(const char *target, const char *sql)
{
	return psprintf("SELECT parts.segment, parts.value, part.* FROM %s AS parts, LATERAL (%s) AS part",
					quote_qualified_identifier(target, VIEW_OF_PARTS), sql);
}

/* ---- days that are reported ------------------------------------------------------ */

static char *
day_sql(const DateADT *day)
{
	return day ? psprintf("date %s", quote_literal_cstr(DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(*day))))) :
		"NULL::date";
}

static bool
has_window(const Options *options)
{
	return options->from_day || options->until_day;
}

/* The last day that anything is known of; NULL: nobody has said so. */
static const DateADT *
last_known(const Options *options)
{
	if (options->until_day && options->as_of)
		return *options->until_day < *options->as_of ? options->until_day : options->as_of;
	return options->until_day ? options->until_day : options->as_of;
}

/*
 * What day it is now for a question asked of a column "history": that day, but for an end of
 * what is reported that lies behind the last order, as all of this year does.
 */
static char *
as_of_sql(const Options *options, const char *ext)
{
	if (options->until_day && !options->as_of)
		return psprintf("CASE WHEN (%s._retention_order_days(history)).last_order > %s THEN %s END", ext,
						day_sql(options->until_day), day_sql(options->until_day));
	return day_sql(last_known(options));
}

/* The instant that a day is over, to be compared with the times of orders. */
static char *
end_of_day(const DateADT *day, const Options *options, const Source *source)
{
	char	   *end = psprintf("(%s + 1)::timestamp", day_sql(day));

	return source->zoned ? psprintf("%s AT TIME ZONE %s", end, quote_literal_cstr(options->time_zone)) : end;
}

/* A condition: the day or the first day of a period is among those that are reported. */
static char *
in_window(const Options *options, const char *before, const char *column, bool period)
{
	StringInfoData sql;
	DateADT		from = options->from_day ? *options->from_day : 0;

	initStringInfo(&sql);
	if (options->from_day && period)
		from = Max(retention_period_first_day(period_of_day(from, &options->period), &options->period), DAY_FIRST);
	if (options->from_day)
		appendStringInfo(&sql, "%s%s >= %s", before, column, day_sql(&from));
	if (options->until_day)
		appendStringInfo(&sql, "%s%s <= %s", options->from_day ? " AND " : before, column, day_sql(options->until_day));
	return sql.data;
}

/* A relation "shop" of a history: of what is reported, with its whole and what was left out; or of who was new. */
static char *
window_sql(const Options *options, const char *shop, const char *ext, bool each, bool only_new)
{
	if (only_new ? options->from_day == NULL : !has_window(options))
		return psprintf("%s AS shop", shop);
	return psprintf("(SELECT %s._retention_window(w.history, %s, %s, %s) AS history%s FROM %s AS w) AS shop", ext,
					day_sql(options->from_day), day_sql(options->until_day), only_new ? "true" : "false",
					only_new ? "" : each ? ", w.history AS whole" : ", w.history AS whole, w.left_out, w.changes_waiting", shop);
}

/* The days that a customer stays, measured of a history. */
static char *
stay_sql(const Options *options, const char *history, const char *ext)
{
	if (options->lifespan)
		return psprintf("%s.clv_from_aov(365.25::numeric, 1::numeric, interval %s)", ext, quote_literal_cstr(interval_text(options->lifespan)));
	return psprintf("%s.restricted_mean(%s.active_life(%s, NULL::float8, %s, NULL::%s.purchase_history), NULL::float8)::numeric",
					ext, ext, history, as_of_sql(options, ext), ext);
}

static char *
fill_in_template(const char *text, bool of_part, const char *target, const Options *options, const Source *source, const char *ext)
{
	const Period *period = &options->period;
	const char *shop = of_part ? "(SELECT parts.history)" : quote_qualified_identifier(target, VIEW_OF_HISTORY);
	Word		words[] = {
		{"r", psprintf("%s.", ext)},
		{"schema", quote_identifier(target)},
		/* the history that is asked */
		{"shop", psprintf("%s AS shop", shop)},
		{"window", window_sql(options, shop, ext, of_part, false)},
		{"newcomers", window_sql(options, shop, ext, of_part, true)},
		/* without what came after the window */
		{"until_its_end", options->until_day ? psprintf("(SELECT %s._retention_window(w.history, NULL::date, %s, false) AS history FROM %s AS w) AS shop",
														ext, day_sql(options->until_day), shop) : psprintf("%s AS shop", shop)},
		/* columns of these */
		{"whole", has_window(options) ? "whole" : "history"},
		{"and_whole", has_window(options) ? ", whole" : ""},
		{"whole_or_none", has_window(options) ? "whole" : psprintf("NULL::%s.purchase_history", ext)},
		{"as_of", as_of_sql(options, ext)},
		{"from_day", day_sql(options->from_day)},
		{"until_day", day_sql(options->until_day)},
		/* of rows: whether they are there yet; NULL: no */
		{"kept", options->as_of ? psprintf("CASE WHEN ordered_at < %s THEN true WHEN ordered_at IS NULL THEN true END",
										   end_of_day(options->as_of, options, source)) : "true"},
		{"until_now", last_known(options) ? psprintf(" AND ordered_at < %s", end_of_day(last_known(options), options, source)) : ""},
		/* which rows of a view are shown */
		{"periods_in_window", in_window(options, "\nWHERE ", "(cell).period_start", true)},
		{"days_in_window", in_window(options, " AND ", "day", false)},
		{"customers_in_window", options->from_day ? psprintf("\nWHERE (c).last_order >= %s", day_sql(options->from_day)) : ""},
		{"and_last_order_in_window", options->from_day ? psprintf(" AND last_order >= %s", day_sql(options->from_day)) : ""},
		{"sold", sold_sql(target, VIEW_OF_ROWS, source, NIL)},
		{"sold_in_parts", sold_sql(target, VIEW_OF_ROWS, source, source->segments)},
		{"segments", segment_values(source)},
		/* of customers: in which part they have ordered first */
		{"parts", parts_sql(target, source)},
		{"histories_of_parts", source->segments ? "(SELECT p.histories FROM parts AS p)" : psprintf("NULL::%s.purchase_history[]", ext)},
		{"segments_of_parts", source->segments ? "(SELECT p.segments FROM parts AS p)" : "NULL::int4[]"},
		{"segment_columns", of_each_segment(source, ",\n       ((SELECT p.values FROM parts AS p))[(c).first_parts[@]] AS $")},
		/* the same of customers that are kept */
		{"kept_segments", of_each_segment(source, ", $")},
		/* the same of their own orders: the least of the first day */
		{"own_segments", of_each_segment(source, ", o.$ AS value_@")},
		{"first_days", of_each_segment(source, ",\n             min(ARRAY[to_char(day, 'YYYY-MM-DD'), value_@] COLLATE \"C\") FILTER (WHERE ordered) AS first_@")},
		{"first_values", of_each_segment(source, ",\n       first_@[2] COLLATE \"default\" AS $")},
		{"left_out", sold_sql(target, VIEW_OF_LEFT_OUT, source, NIL)},
		/* of rows as live_rows and order_changes have them, what the aggregate takes */
		{"noted", psprintf("%s AS customer, ordered_at, amount, %s AS said, kept", source->customer,
						   source->is_order ? "is_order IS TRUE" : "NULL::bool")},
		{"noted_columns", source->is_order ? "customer, ordered_at, amount, is_order, kept" : "customer, ordered_at, amount, kept"},
		{"changes_waiting", of_part ? "NULL::int8" : "shop.changes_waiting"},
		/* the orders that count, with customers as the table has them; and which of them are orders */
		{"own_rows", retention_counted_rows(quote_qualified_identifier(target, VIEW_OF_ROWS), source->lines, source->is_order, source->segments, ext)},
		/* before another column of these rows */
		{"order_id", source->lines ? "order_id, " : ""},
		{"by_order_id", source->sorted ? "order_id, " : source->lines ? "order_id::text, " : ""},
		{"is_order", source->is_order ? "is_order IS TRUE" : "amount >= 0"},
		/* what the rows say of themselves: whether they are orders */
		{"said", source->is_order ? "is_order IS TRUE" : "NULL::bool"},
		/* behind the name of an aggregate over them */
		{"with_names", source->collation ? "_with_names" : ""},
		{"zone", source->zoned ? psprintf(", %s::text", quote_literal_cstr(options->time_zone)) : ""},
		/* customers as they are asked for, and as they are shown */
		{"key", source->numbers ? "int8" : "text"},
		{"own_customer", source->own_type ? psprintf("customer::%s", source->own_type) : "customer"},
		{"customer_text", source->collation ? psprintf(" COLLATE %s", source->collation) : ""},
		{"period", psprintf("%s::text", quote_literal_cstr(retention_period_name(period)))},
		{"step", psprintf("interval %s", quote_literal_cstr(step_text(period)))},
		{"trailing", trailing_text(period)},
		{"spans", spans_sql(period)},
		{"period_label", label_sql("period", period)},
		{"period_start_label", label_sql("(cell).period_start", period)},
		{"cohort_label", label_sql("(cell).cohort", period)},
		{"lifespan", options->lifespan ?
		psprintf("interval %s", quote_literal_cstr(interval_text(options->lifespan))) : "NULL::interval"},
		/* of a customer, in days, of which a year has 365.25; a measured one is of all who have come, and not only of those who have left */
		{"lifespan_days", stay_sql(options, "history", ext)},
		{"lifespan_days_of_whole", stay_sql(options, has_window(options) ? "whole" : "history", ext)},
		{"margin", DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(options->margin)))},
		{"model", quote_literal_cstr(options->model)}
	};

	return fill_in(text, words, lengthof(words));
}

/* SQL with words of ours in it, filled in. */
char *
retention_template_fill(const char *text, const char *target, const Options *options,
						const Source *source, const char *ext)
{
	return fill_in_template(text, false, target, options, source, ext);
}

/* The SQL of a view, or of what keeps its rows. */
char *
retention_template_sql(const ViewTemplate *template, const char *target, const Options *options,
					   const Source *source, const char *ext)
{
	bool		over = template_is_over_kept(template, options);
	char	   *sql;

	sql = fill_in_template(over ? template->kept_sql : options->mode == MODE_LIVE && template->live ? template->live : template->sql, template->each, target, options, source, ext);
	return template->each ? each_part(target, sql) : sql;
}

/* What has an index of its own beside that of the key; NULL if nothing has. */
char *
retention_template_index(const ViewTemplate *template, const char *target, const Options *options,
						 const Source *source, const char *ext)
{
	char	   *index = template->index ? fill_in_template(template->index, false, target, options, source, ext) : NULL;

	return index && strcmp(index, template->key) != 0 ? index : NULL;
}

char *
retention_template_about(const char *about, const Options *options, const Source *source)
{
	Word		words[] = {
		{"order", source->is_order ? "is_order is true" : "amount at or above 0"},
		{"refund", source->is_order ? "is_order is not true" : "amount below 0"},
		{"refunds", source->is_order ? "rows for which is_order is not true" : "negative amounts"},
		{"refunded", source->is_order ? "what these refunds have taken from the revenue: minus the sum of their amounts" :
		"money given back to known customers, as a positive number"},
		{"trailing", trailing_text(&options->period)},
		{"model", options->model},
		{"updated_at", "when the numbers were computed: at the last retention_refresh_data() where rows are kept, else now. The same in all rows"}
	};

	return fill_in(about, words, lengthof(words));
}
