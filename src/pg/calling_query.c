/*-------------------------------------------------------------------------
 *
 * calling_query.c
 *	  The call, as it stands in the query, that a running function is for.
 *
 * A function knows the types that it is declared with; what it is given is for
 * the query to say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/calling_query.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "nodes/execnodes.h"
#include "optimizer/optimizer.h"
#include "utils/syscache.h"

/* Is it an aggregate with this transition function? */
bool
retention_has_transition(Oid aggregate, Oid function)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
	bool		result = false;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_aggregate form = (Form_pg_aggregate) GETSTRUCT(tuple);

		result = form->aggtransfn == function || form->aggmtransfn == function;
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * The calls of aggregates that the running transition function may be for: an
 * Aggref, or any number of WindowFuncs, as one of these can't be told from
 * another; or none, as behind Citus.
 */
List *
retention_aggregate_calls(FunctionCallInfo fcinfo)
{
	Aggref	   *aggref = AggGetAggref(fcinfo);
	List	   *calls = NIL;

	if (aggref)
	{
		if (retention_has_transition(aggref->aggfnoid, fcinfo->flinfo->fn_oid))
			calls = list_make1(aggref);
	}
	else if (fcinfo->context && IsA(fcinfo->context, WindowAggState))
	{
		Plan	   *plan = ((WindowAggState *) fcinfo->context)->ss.ps.plan;
		ListCell   *lc;

		foreach(lc, pull_var_clause((Node *) plan->targetlist, PVC_INCLUDE_WINDOWFUNCS |
									PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_PLACEHOLDERS))
		{
			WindowFunc *call = (WindowFunc *) lfirst(lc);

			if (IsA(call, WindowFunc) && retention_has_transition(call->winfnoid, fcinfo->flinfo->fn_oid))
				calls = lappend(calls, call);
		}
	}
	return calls;
}

/* What varnosyn of the calls' columns counts in. */
List *
retention_range_table(FunctionCallInfo fcinfo)
{
	if (fcinfo->context && IsA(fcinfo->context, AggState))
		return ((AggState *) fcinfo->context)->ss.ps.state->es_range_table;
	if (fcinfo->context && IsA(fcinfo->context, WindowAggState))
		return ((WindowAggState *) fcinfo->context)->ss.ps.state->es_range_table;
	return NIL;
}
