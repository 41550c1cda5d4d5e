/*-------------------------------------------------------------------------
 *
 * row_security.c
 *	  Row-level security of what the views are made from.
 *
 * A plain view is read with the rights of who reads it, and shows them what the
 * policies let them see.  Rows that are kept are those that the owner sees, and all
 * who may read the view read all of them: policies have nothing to say there.  So
 * rows are not kept of a table with policies, unless the owner says that they may be.
 *
 * Looked at are all tables that are read, through views of any kind, and the tables
 * that these are partitions of, or consist of.  What a materialized view keeps has no
 * policies any more, and what a function reads nobody knows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "views/view_build.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"

/* What is read: order rows, and what users may put in the place of a template. */
static char *
what_is_read(const Build *build)
{
	StringInfoData oids;

	initStringInfo(&oids);
	appendStringInfo(&oids, "%u, %u", retention_views_find(build, VIEW_OF_ROWS),
					 retention_views_find(build, VIEW_OF_LEFT_OUT));
	for (int i = 0; i < retention_view_template_count; i++)
		if (retention_view_templates[i].key == NULL)
			appendStringInfo(&oids, ", %u", retention_views_find(build, retention_view_templates[i].name));
	return oids.data;
}

/* Tables with row-level security, each with its policies: "shop.orders (policies by_tenant, staff)". */
static char *
secured_tables(const Build *build)
{
	char	   *tables;

	retention_views_ask(psprintf("WITH RECURSIVE read AS ("
								 "SELECT oid FROM pg_class WHERE oid IN (%s)"
								 " UNION SELECT refobjid FROM read JOIN pg_class AS c ON c.oid = read.oid AND relkind = 'v'"
								 " JOIN pg_rewrite AS r ON ev_class = c.oid"
								 " JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = r.oid AND refclassid = 'pg_class'::regclass"
								 "), above AS (SELECT oid FROM read UNION SELECT inhparent FROM above JOIN pg_inherits ON inhrelid = oid"
								 "), below AS (SELECT oid FROM read UNION SELECT inhrelid FROM below JOIN pg_inherits ON inhparent = oid)"
								 " SELECT string_agg(format('%%s (%%s)', c.oid::regclass, coalesce((SELECT"
								 " CASE count(*) WHEN 1 THEN 'policy ' ELSE 'policies ' END || string_agg(quote_ident(polname), ', ' ORDER BY polname)"
								 " FROM pg_policy WHERE polrelid = c.oid), 'no policy')), ', ' ORDER BY c.oid::regclass::text)"
								 " FROM (TABLE above UNION TABLE below) AS t JOIN pg_class AS c USING (oid) WHERE relrowsecurity",
								 what_is_read(build)));
	tables = retention_views_value(0, 1);
	SPI_freetuptable(SPI_tuptable);
	return tables;
}

/* Where rows are to be kept: may they be?  Who has said so is told what that means. */
void
retention_views_check_row_security(const Build *build, bool tell)
{
	char	   *tables = build->options.mode != MODE_PLAIN && (tell || !build->options.ignore_row_security) ? secured_tables(build) : NULL;

	if (tables == NULL)
		return;
	if (!build->options.ignore_row_security)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("rows that are kept would be without row-level security: %s", tables),
				 errdetail("Who may read a view in schema \"%s\" would read all that its owner sees, whatever policies say.", build->target),
				 errhint("Have plain views, which show each reader what policies let them see: mode => 'plain'. Or, if all readers may see all of it: ignore_row_security => true.")));
	ereport(WARNING,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("rows that are kept are without row-level security: %s", tables),
			 errdetail("Who may read a view in schema \"%s\" reads all that its owner sees, whatever policies say.", build->target)));
}
