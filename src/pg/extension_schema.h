/*-------------------------------------------------------------------------
 *
 * extension_schema.h
 *	  The schema that the extension is in, as it's written in SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_EXTENSION_SCHEMA_H
#define RETENTION_EXTENSION_SCHEMA_H

#include "postgres.h"

extern const char *retention_function_schema(Oid function);

#endif							/* RETENTION_EXTENSION_SCHEMA_H */
