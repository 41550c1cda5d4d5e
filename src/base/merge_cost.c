/*-------------------------------------------------------------------------
 *
 * merge_cost.c
 *	  What merging states costs, for the planner.
 *
 * A parallel plan makes a state in every process, sends it to the leader and
 * merges it there, and each of these takes time in proportion to the
 * customers in it.  The planner would take a merge for one cheap function
 * call.  So the combine function tells it the price: the number of customers
 * the aggregate will see, as far as statistics know, times what one of them
 * costs.  With many orders a customer the parallel plan wins, with hardly
 * more orders than customers it doesn't, and isn't chosen.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "order/period.h"
#include "pg/compat.h"
#include "utils/builtins.h"
#include "utils/selfuncs.h"

/*
 * Packing a customer, sending them and merging them, in calls of an ordinary
 * operator: about as much as the planner thinks of scanning and adding one
 * row.  (It takes longer than that, but so do the rows of a table larger than
 * the cache.  With this price the plan changes at three orders a customer, and
 * that is where, measured on two cores, the two take the same time.)
 */
#define MERGE_OPERATORS		12.0

/* A packed customer, about; and a customer with an order. */
#define MERGE_BYTES			24.0
#define MERGE_PAIR_BYTES	32.0

/*
 * An occasion, likewise.  (Two processes on two cores took half as long again as
 * one where three orders were two occasions, and about as long as one where four
 * orders were two.)
 */
#define MERGE_OCCASION_OPERATORS 6.0
#define MERGE_OCCASION_BYTES	10.0

/* A price that no plan wins with. */
#define PROHIBITIVE			1.0e10

/* The rows that go into the aggregates, as far as that is known already. */
static double
input_rows(PlannerInfo *root)
{
	RelOptInfo *rel;

	if (bms_membership(root->all_baserels) == BMS_SINGLETON)
		rel = root->simple_rel_array[bms_singleton_member(root->all_baserels)];
	else
		rel = find_join_rel(root, compat_all_relids(root));
	return rel && rel->rows > 1 ? rel->rows : 1;
}

/*
 * In how many periods may a customer of a history have ordered?  The grain is
 * a constant, as a rule; a shop's orders are of some ten years at most.
 */
static double
periods_of(List *args)
{
	static const struct
	{
		Grain		grain;
		double		periods;
	}			in_ten_years[] = {
		{GRAIN_WEEK, 520}, {GRAIN_MONTH, 120}, {GRAIN_QUARTER, 40}, {GRAIN_YEAR, 10}
	};
	ListCell   *lc;

	foreach(lc, args)
	{
		Const	   *constant = (Const *) lfirst_node(TargetEntry, lc)->expr;
		char	   *name;

		if (!IsA(constant, Const) || constant->consttype != TEXTOID || constant->constisnull)
			continue;
		name = TextDatumGetCString(constant->constvalue);
		for (int i = 0; i < (int) lengthof(in_ten_years); i++)
			if (pg_strcasecmp(name, retention_grain_name(in_ten_years[i].grain)) == 0)
				return in_ten_years[i].periods;
	}
	return 3650;
}

/* Of what is there an entry in a state? */
typedef struct EntryArguments
{
	int			first;			/* an argument of the aggregate */
	int			n;				/* and those behind it, so many in all */
	bool		by_period;		/* the second is a time, of which periods count */
} EntryArguments;

/* How many different values does one state of this aggregate see in these? */
static double
entries_in_state(PlannerInfo *root, AggTransInfo *trans, EntryArguments of)
{
	double		rows = input_rows(root);
	List	   *groups = NIL;
	List	   *exprs;
	double		pairs;
	double		ngroups = 1;

	if (list_length(trans->args) < of.first + of.n)
		return 1;
	if (root->parse->groupClause)
	{
		groups = get_sortgrouplist_exprs(root->parse->groupClause, root->parse->targetList);
		ngroups = estimate_num_groups(root, groups, rows, NULL, NULL);
	}
	exprs = list_copy(groups);
	for (int i = 0; i < of.n; i++)
		exprs = lappend(exprs, list_nth_node(TargetEntry, trans->args, of.first + i)->expr);
	pairs = estimate_num_groups(root, exprs, rows, NULL, NULL);
	if (of.by_period)
		pairs = Min(pairs, periods_of(trans->args) *
					estimate_num_groups(root, lappend(list_copy(groups),
													  linitial_node(TargetEntry, trans->args)->expr),
										rows, NULL, NULL));
	return Max(pairs / Max(ngroups, 1), 1);
}

/* Answers cost requests, and no others. */
static Node *
combine_support(Node *request, double merge_operators, double merge_bytes, EntryArguments of)
{
	SupportRequestCost *cost;
	double		entries = 1;
	ListCell   *lc;

	if (!IsA(request, SupportRequestCost))
		return NULL;
	cost = (SupportRequestCost *) request;
	if (cost->root == NULL || bms_is_empty(cost->root->all_baserels))
		return NULL;

	/*
	 * Several aggregates may use this function, and the planner doesn't say
	 * for which one it asks; the largest is near enough.  (Aggregates over
	 * the orders of one customer have a combine function of their own.)
	 */
	foreach(lc, cost->root->aggtransinfos)
	{
		AggTransInfo *trans = (AggTransInfo *) lfirst(lc);

		if (trans->combinefn_oid == cost->funcid)
			entries = Max(entries, entries_in_state(cost->root, trans, of));
	}

	/*
	 * What a process sends lies in memory as a whole, and what doesn't fit
	 * there must not be sent: in one process it goes to disk, bit by bit.
	 */
	cost->startup = 0;
	if (entries * merge_bytes > (double) get_hash_memory_limit())
		cost->per_tuple = PROHIBITIVE;
	else
		cost->per_tuple = entries * merge_operators * cpu_operator_cost;
	return (Node *) cost;
}

/*
 * _retention_customer_base_combine_support(internal): planner support
 * function of _retention_customer_base_combine.
 */
PG_FUNCTION_INFO_V1(retention_combine_support);
Datum
retention_combine_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(combine_support((Node *) PG_GETARG_POINTER(0), MERGE_OPERATORS, MERGE_BYTES,
									  (EntryArguments) {.first = 0, .n = 1}));
}

/*
 * _retention_customer_base_combine_lines_support(internal): planner support function
 * of _retention_customer_base_combine_lines, of an amount and an order.
 */
PG_FUNCTION_INFO_V1(retention_combine_lines_support);
Datum
retention_combine_lines_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(combine_support((Node *) PG_GETARG_POINTER(0), MERGE_OPERATORS, MERGE_BYTES,
									  (EntryArguments) {.first = 1, .n = 1}));
}

/*
 * _retention_customer_base_combine_pairs_support(internal): planner support function
 * of _retention_customer_base_combine_pairs, of a customer and an order.
 */
PG_FUNCTION_INFO_V1(retention_combine_pairs_support);
Datum
retention_combine_pairs_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(combine_support((Node *) PG_GETARG_POINTER(0), MERGE_OPERATORS, MERGE_PAIR_BYTES,
									  (EntryArguments) {.first = 0, .n = 2}));
}

/*
 * _retention_purchase_history_combine_support(internal): planner support
 * function of _retention_purchase_history_combine.
 */
PG_FUNCTION_INFO_V1(retention_history_combine_support);
Datum
retention_history_combine_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(combine_support((Node *) PG_GETARG_POINTER(0), MERGE_OCCASION_OPERATORS,
									  MERGE_OCCASION_BYTES,
									  (EntryArguments) {.first = 0, .n = 2, .by_period = true}));
}
