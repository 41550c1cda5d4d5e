/*-------------------------------------------------------------------------
 *
 * view_record.c
 *	  What is ours is known by a record of it, never guessed from a name.
 *
 * The record is a text in view retention_record: of each view that we have made
 * its name, and prints (of 64 bits) of its definition and of the SQL that it was made
 * of.  A view that has another definition by now is the user's; one that would be
 * made of the same SQL need not be made again.  Beside it stand the prints of all
 * comments that we have written there: another one is the user's.
 *
 * A definition is taken as PostgreSQL writes it, without blanks, parentheses and
 * the qualifiers of names: so that it stays the same when a schema is renamed,
 * when it's restored from a dump, and if a later PostgreSQL puts these in other
 * places.  It names no table of the user's; that is in order_rows, which has no
 * print.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/view_build.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#define PRINT_DIGITS	16

/* The prints of an entry, each behind a ':' but for the first. */
typedef enum Print
{
	PRINT_DEFINITION,
	PRINT_SQL
} Print;

#define PRINTS	2

/* Of one that is to be made again, but could not be. */
static const char *const no_print = "0000000000000000";

static bool
starts_name(char c)
{
	return isalpha((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

static bool
continues_name(char c)
{
	return starts_name(c) || isdigit((unsigned char) c) || c == '$';
}

/* The end of what is quoted, where a quote within is written twice. */
static const char *
end_of_quoted(const char *sql)
{
	char		quote = *sql++;

	while (*sql != '\0' && (*sql != quote || sql[1] == quote))
		sql += *sql == quote ? 2 : 1;
	return *sql == '\0' ? sql : sql + 1;
}

static const char *
end_of_token(const char *sql)
{
	const char *end = sql + 1;

	if (*sql == '"' || *sql == '\'')
		return end_of_quoted(sql);
	if (starts_name(*sql) || isdigit((unsigned char) *sql))
		while (continues_name(*end))
			end++;
	return end;
}

/* SQL without what doesn't matter: see above. */
static char *
normalized(const char *sql)
{
	StringInfoData result;

	initStringInfo(&result);
	while (*sql != '\0')
	{
		const char *end = end_of_token(sql);
		bool		is_name = starts_name(*sql) || *sql == '"';

		if (is_name && *end == '.')
			end++;
		else if (strchr(" \t\n\r();", *sql) == NULL)
		{
			/* words stay apart */
			if (continues_name(*sql))
				appendStringInfoChar(&result, ' ');
			appendBinaryStringInfo(&result, sql, (int) (end - sql));
		}
		sql = end;
	}
	return result.data;
}

static char *
print_of(const char *text)
{
	bytea	   *hash = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea,
														   PointerGetDatum(cstring_to_text(text))));
	char	   *print = palloc(PRINT_DIGITS + 1);

	hex_encode(VARDATA_ANY(hash), PRINT_DIGITS / 2, print);
	print[PRINT_DIGITS] = '\0';
	return print;
}

/* Of what it is made, whatever the schemas are called: the view, or what keeps its rows. */
static char *
print_of_sql(const Build *build, const ViewTemplate *template, bool data)
{
	bool		over_data = template_is_kept(template, &build->options) && !data;

	return print_of(psprintf("%s%s", over_data ? DATA_SUFFIX " " : "",
							 retention_template_sql(template, "target", &build->options, &build->source, "extension")));
}

/* Is there an entry of the name with a print? */
static bool
is_recorded(const Build *build, const char *name, Print which, const char *print)
{
	const char *made = build->made;
	const char *start = psprintf("%s=", name);

	for (const char *entry = strstr(made, start); entry; entry = strstr(entry + 1, start))
	{
		const char *prints = entry + strlen(start);

		if ((entry == made || entry[-1] == ' ') && strlen(prints) >= PRINTS * (PRINT_DIGITS + 1) - 1 &&
			strncmp(prints + which * (PRINT_DIGITS + 1), print, strlen(print)) == 0)
			return true;
	}
	return false;
}

/* Have we made a view of the name? */
bool
retention_record_has_name(const Build *build, const char *name)
{
	return is_recorded(build, name, PRINT_DEFINITION, "");
}

/* Without one, nothing is ours. */
void
retention_record_load(Build *build)
{
	Oid			view = retention_views_find_view(build, VIEW_OF_RECORD);

	build->made = build->comments = "";
	if (OidIsValid(view))
		retention_made_of_view(view, &build->made, &build->comments);
}

/* Is this the definition of a view of ours, as we have made it? */
bool
retention_record_has(const Build *build, const char *name, const char *sql)
{
	return is_recorded(build, name, PRINT_DEFINITION, print_of(normalized(sql)));
}

bool
retention_record_is_same(const char *definition, const char *another)
{
	return strcmp(normalized(definition), normalized(another)) == 0;
}

/* Was it made of what it would be made of now? */
bool
retention_record_has_sql(const Build *build, const ViewTemplate *template, bool data)
{
	return is_recorded(build, data ? retention_template_data(template) : template->name, PRINT_SQL,
					   print_of_sql(build, template, data));
}

/* Have we written this comment? */
bool
retention_record_has_comment(const Build *build, const char *comment)
{
	return strstr(build->comments, print_of(comment)) != NULL;
}

static void
append_entry(StringInfo made, const Build *build, const char *name, const char *print)
{
	appendStringInfo(made, "%s%s=%s:%s", made->len > 0 ? " " : "", name,
					 print_of(normalized(retention_views_definition(retention_views_find(build, name)))), print);
}

/* The record of what is ours now. */
char *
retention_record_new(const Build *build)
{
	StringInfoData made;

	initStringInfo(&made);
	for (int i = 0; i < retention_view_template_count; i++)
	{
		const ViewTemplate *template = &retention_view_templates[i];

		if (build->ours[i])
			append_entry(&made, build, template->name,
						 build->stale[i] ? no_print : print_of_sql(build, template, false));
		if (build->data[i])
			append_entry(&made, build, retention_template_data(template),
						 build->stale[i] ? no_print : print_of_sql(build, template, true));
	}
	if (build->options.mode == MODE_LIVE)
		append_entry(&made, build, VIEW_OF_LIVE, no_print);
	return made.data;
}

static void
append_comment(StringInfo comments, const char *comment)
{
	const char *print = print_of(comment);

	if (strstr(comments->data, print) == NULL)
		appendStringInfo(comments, "%s%s", comments->len > 0 ? " " : "", print);
}

static void
append_comments(StringInfo comments, const Build *build, const ViewTemplate *template)
{
	append_comment(comments, retention_template_about(template->about, &build->options, &build->source));
	if (template->key && !template->never_kept && !template->over)
		append_comment(comments, retention_template_data_about(template));
	for (int i = 0; i < template->ncolumns; i++)
		append_comment(comments, retention_template_about(template->columns[i].about, &build->options, &build->source));
}

/* What we say now, and what we have said: that may still stand somewhere. */
char *
retention_record_new_comments(const Build *build)
{
	StringInfoData comments;

	initStringInfo(&comments);
	appendStringInfoString(&comments, build->comments);
	for (int i = 0; i <= OTHER_LIVE; i++)
		append_comments(&comments, build, &retention_views_others[i]);
	append_comment(&comments, ABOUT_SEGMENT);
	append_comment(&comments, ABOUT_SEGMENT_OF_CUSTOMER);
	for (int i = 0; i < retention_view_template_count; i++)
		append_comments(&comments, build, &retention_view_templates[i]);
	return comments.data;
}
