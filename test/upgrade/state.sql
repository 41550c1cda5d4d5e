-- All that the catalogs say of what is in some schemas, but for the numbers of things;
-- a line for each.
SET search_path = pg_catalog;
SELECT line FROM (
	SELECT concat_ws(' ', nspname, relname, relkind, pg_get_userbyid(relowner), relacl, c.reloptions, (SELECT t.reloptions FROM pg_class t WHERE t.oid = c.reltoastrelid), relreplident, relispopulated,
		'comment: ' || obj_description(c.oid, 'pg_class')) AS line
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN (:schemas) AND relkind NOT IN ('i', 't')
	UNION ALL
	SELECT concat_ws(' ', nspname, relname, 'column', attname, format_type(atttypid, atttypmod), attacl, nullif(attstattarget, -1), attstorage, nullif(attcompression, ''), 'comment: ' || col_description(c.oid, attnum))
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute ON attrelid = c.oid WHERE nspname IN (:schemas) AND relkind NOT IN ('i', 't') AND attnum > 0
	UNION ALL
	SELECT concat_ws(' ', 'index', pg_get_indexdef(i.oid), indisclustered, indisvalid, 'comment: ' || obj_description(i.oid, 'pg_class'))
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_index ON indrelid = c.oid JOIN pg_class i ON i.oid = indexrelid WHERE nspname IN (:schemas)
	UNION ALL
	SELECT concat_ws(' ', 'statistics', pg_get_statisticsobjdef(s.oid)) FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = stxnamespace WHERE nspname IN (:schemas)
	UNION ALL
	SELECT concat_ws(' ', 'function', pg_get_functiondef(p.oid), proacl, obj_description(p.oid, 'pg_proc')) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
	WHERE nspname IN (:schemas) AND prokind = 'f' AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
	UNION ALL
	SELECT concat_ws(' ', nspname, relname, 'is', pg_get_viewdef(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN (:schemas) AND relkind IN ('v', 'm') AND relname <> 'retention_record'
) AS s ORDER BY line COLLATE "C";
