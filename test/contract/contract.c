/*-------------------------------------------------------------------------
 *
 * contract.c
 *	  A module for tests: an error wherever the executor or the planner is
 *	  handed something optional in a form that PostgreSQL itself never uses.
 *
 * The server's own code lets such a thing pass; other modules read it as core
 * would have made it.  Citus reads parameters 1 to numParams without a look at
 * an empty list's paramFetch, say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "fmgr.h"
#include "optimizer/planner.h"
#include "tcop/utility.h"
#include "utils/snapmgr.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

static planner_hook_type next_planner = NULL;
static ExecutorStart_hook_type next_start = NULL;
static ProcessUtility_hook_type next_utility = NULL;

static void
check_params(ParamListInfo params, const char *where)
{
	if (params == NULL)
		return;
	if (params->numParams == 0 && params->paramFetch == NULL)
		elog(ERROR, "%s: a list of no parameters", where);
	for (int i = 0; i < params->numParams && params->paramFetch == NULL; i++)
		if (!OidIsValid(params->params[i].ptype))
			elog(ERROR, "%s: parameter %d has no type", where, i + 1);
}

static PlannedStmt *
check_planner(Query *parse, const char *query_string, int options, ParamListInfo params)
{
	check_params(params, "planner");
	if (query_string == NULL)
		elog(ERROR, "planner: no query string");
	return next_planner ? next_planner(parse, query_string, options, params) :
		standard_planner(parse, query_string, options, params);
}


static void
check_start(QueryDesc *query, int eflags)
{
	check_params(query->params, "executor");
	if (query->dest == NULL)
		elog(ERROR, "executor: no receiver");
	if (query->snapshot == InvalidSnapshot || !ActiveSnapshotSet())
		elog(ERROR, "executor: no snapshot");
	if (query->sourceText == NULL)
		elog(ERROR, "executor: no query string");
	if (next_start)
		next_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

static void
check_utility(PlannedStmt *statement, const char *query_string, bool read_only_tree,
			  ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
			  DestReceiver *dest, QueryCompletion *completion)
{
	check_params(params, "utility");
	if (query_string == NULL)
		elog(ERROR, "utility: no query string");
	if (dest == NULL)
		elog(ERROR, "utility: no receiver");
	if (next_utility)
		next_utility(statement, query_string, read_only_tree, context, params, environment, dest, completion);
	else
		standard_ProcessUtility(statement, query_string, read_only_tree, context, params, environment, dest, completion);
}

void
_PG_init(void)
{
	next_planner = planner_hook;
	planner_hook = check_planner;
	next_start = ExecutorStart_hook;
	ExecutorStart_hook = check_start;
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = check_utility;
}
