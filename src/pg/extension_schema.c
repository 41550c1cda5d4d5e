/*-------------------------------------------------------------------------
 *
 * extension_schema.c
 *	  The schema that the extension is in, as it's written in SQL.
 *
 * It can be installed in any, and moved.  A function of ours that builds SQL
 * looks where it is itself.  While it runs nobody is kept from dropping it:
 * then it's in no schema any more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/extension_schema.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* Quoted. */
const char *
retention_function_schema(Oid function)
{
	Oid			schema = get_func_namespace(function);
	char	   *name = OidIsValid(schema) ? get_namespace_name(schema) : NULL;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function with OID %u does not exist", function)));
	return quote_identifier(name);
}
