/*-------------------------------------------------------------------------
 *
 * calling_query.h
 *	  The call, as it stands in the query, that a running function is for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_CALLING_QUERY_H
#define RETENTION_CALLING_QUERY_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"

extern bool retention_has_transition(Oid aggregate, Oid function);
extern List *retention_aggregate_calls(FunctionCallInfo fcinfo);
extern List *retention_range_table(FunctionCallInfo fcinfo);

#endif							/* RETENTION_CALLING_QUERY_H */
