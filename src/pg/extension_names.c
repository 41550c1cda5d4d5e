/*-------------------------------------------------------------------------
 *
 * extension_names.c
 *	  Whether somebody has a name of the extension already.
 *
 * A table has the name of its rows' type, so a shop with a table of a name of
 * ours can't have both in one schema.  PostgreSQL says so in the middle of a
 * script that nobody reads; the first statement of it says so here, with the
 * way out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/extension_names.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* The type's name, if it's one of the server or of the extension's schema. */
static const char *
argument_name(Oid type, Oid schema)
{
	Oid			element = get_element_type(type);
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(OidIsValid(element) ? element : type));
	Form_pg_type form;
	const char *name = "another";

	if (!HeapTupleIsValid(tuple))
		return name;
	form = (Form_pg_type) GETSTRUCT(tuple);
	if (form->typnamespace == PG_CATALOG_NAMESPACE || form->typnamespace == schema)
		name = psprintf("%s%s", NameStr(form->typname), OidIsValid(element) ? "[]" : "");
	ReleaseSysCache(tuple);
	return name;
}

static bool
has_arguments(Form_pg_proc function, const char *arguments)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < function->pronargs; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? "," : "", argument_name(function->proargtypes.values[i], function->pronamespace));
	return strncmp(text.data, arguments, (size_t) text.len) == 0 && strcmp(arguments + text.len, ")") == 0;
}

static Oid
find_function(Oid schema, const char *signature)
{
	const char *arguments = strchr(signature, '(') + 1;
	CatCList   *namesakes = SearchSysCacheList1(PROCNAMEARGSNSP,
												CStringGetDatum(pnstrdup(signature, (Size) (arguments - 1 - signature))));
	Oid			found = InvalidOid;

	for (int i = 0; i < namesakes->n_members; i++)
	{
		Form_pg_proc function = (Form_pg_proc) GETSTRUCT(&namesakes->members[i]->tuple);

		if (function->pronamespace == schema && has_arguments(function, arguments))
			found = function->oid;
	}
	ReleaseSysCacheList(namesakes);
	return found;
}

/* A type that would be in the way: not that of an array, which makes room. */
static Oid
find_type(Oid schema, const char *name)
{
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name), ObjectIdGetDatum(schema));
	Oid			element = OidIsValid(type) ? get_element_type(type) : InvalidOid;

	return OidIsValid(element) && get_array_type(element) == type ? InvalidOid : type;
}

/* What has the name in the schema; its objectId is InvalidOid if nothing has. */
static ObjectAddress
find(Oid schema, const RetentionName *name)
{
	ObjectAddress found = InvalidObjectAddress;
	Oid			oid = InvalidOid;

	switch (name->kind)
	{
		case NAME_TYPE:
			oid = find_type(schema, name->name);
			if (OidIsValid(oid))
				ObjectAddressSet(found, TypeRelationId, oid);
			break;
		case NAME_ROW:
			oid = get_relname_relid(name->name, schema);
			if (OidIsValid(oid) && get_rel_relkind(oid) != RELKIND_COMPOSITE_TYPE)
				ObjectAddressSet(found, RelationRelationId, oid);
			break;
		case NAME_FUNCTION:
			oid = find_function(schema, name->name);
			if (OidIsValid(oid))
				ObjectAddressSet(found, ProcedureRelationId, oid);
			break;
	}
	return found;
}

static void
refuse(Oid schema, const ObjectAddress *taken, bool installed)
{
	ObjectAddress described = *taken;
	Oid			relation = taken->classId == TypeRelationId ? get_typ_typrelid(taken->objectId) : InvalidOid;

	if (OidIsValid(relation) && get_rel_relkind(relation) != RELKIND_COMPOSITE_TYPE)
		ObjectAddressSet(described, RelationRelationId, relation);
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("%s already exists in schema \"%s\"",
					getObjectDescription(&described, false), get_namespace_name(schema)),
			 described.classId == ProcedureRelationId ?
			 errdetail("The extension has a function of this name with the same arguments.") :
			 described.classId == TypeRelationId ?
			 errdetail("The extension has a type of this name.") :
			 errdetail("The extension has a type of this name, and types share their names with tables."),
			 installed ?
			 errhint("Move the extension to a schema of its own by ALTER EXTENSION retention SET SCHEMA.") :
			 errhint("Give the extension a schema of its own: CREATE SCHEMA retention; CREATE EXTENSION retention SCHEMA retention;")));
}

/*
 * _retention_check_names(): an error if a name of the extension is somebody
 * else's in the schema where this function is.  An update calls it, too: then
 * most of what has the names is the extension's.
 */
PG_FUNCTION_INFO_V1(retention_check_names);
Datum
retention_check_names(PG_FUNCTION_ARGS)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	Oid			extension = get_extension_oid("retention", false);
	ObjectAddress taken = InvalidObjectAddress;
	bool		installed = false;

	for (const RetentionName *name = retention_names; name->name != NULL; name++)
	{
		ObjectAddress found = find(schema, name);

		if (!OidIsValid(found.objectId))
			continue;
		if (getExtensionOfObject(found.classId, found.objectId) == extension)
			installed = true;
		else if (!OidIsValid(taken.objectId))
			taken = found;
	}
	if (OidIsValid(taken.objectId))
		refuse(schema, &taken, installed);
	PG_RETURN_VOID();
}
