/*-------------------------------------------------------------------------
 *
 * schema.h
 *	  The schema that the extension is in, as it's written in SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_SCHEMA_H
#define RETENTION_SCHEMA_H

#include "postgres.h"

extern const char *retention_function_schema(Oid function);

#endif							/* RETENTION_SCHEMA_H */
