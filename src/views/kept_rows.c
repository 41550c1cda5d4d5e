/*-------------------------------------------------------------------------
 *
 * kept_rows.c
 *	  All rows of a materialized view replaced, while others read them.
 *
 * REFRESH MATERIALIZED VIEW CONCURRENTLY is made for views of which most rows stay:
 * it writes the new ones to a table of its own, looks for some that are there twice, and
 * joins them with the old ones, to write the difference.  Here no row stays, as each says
 * when it was computed.  So the old ones are deleted, and the new ones are written as the
 * query returns them: what a reader sees is what was there when its snapshot was taken,
 * all the same, and nobody waits for anybody.
 *
 * PostgreSQL lets no statement but its own change a materialized view, so this writes
 * into the table below.  The query and the expressions of indexes are evaluated as
 * the view's owner, as they would be there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"
#include "views/view_build.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* So many rows are written at once. */
#define BATCH	1000

/* What takes the rows of a query, and writes them. */
typedef struct RowWriter
{
	DestReceiver receiver;		/* first: this is what the executor has */
	Relation	relation;
	TupleDesc	desc;			/* a copy: a slot of the relation's own is remembered with all others, to be found among them */
	ResultRelInfo *indexes;
	EState	   *estate;
	BulkInsertState bulk;
	CommandId	command;
	MemoryContext context;
	TupleTableSlot *slots[BATCH];
	int			n;
} RowWriter;

static void
write_batch(RowWriter *writer)
{
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(writer->estate));

	table_multi_insert(writer->relation, writer->slots, writer->n, writer->command, 0, writer->bulk);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < writer->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (writer->indexes->ri_NumIndices > 0)
			compat_insert_index_tuples(writer->indexes, writer->slots[i], writer->estate);
		ResetPerTupleExprContext(writer->estate);
		ExecClearTuple(writer->slots[i]);
	}
	writer->n = 0;
}

static void
begin_rows(DestReceiver *self, int operation, TupleDesc desc)
{
}

static bool
take_row(TupleTableSlot *row, DestReceiver *self)
{
	RowWriter  *writer = (RowWriter *) self;
	TupleTableSlot **slot = &writer->slots[writer->n];
	MemoryContext old = MemoryContextSwitchTo(writer->context);

	if (*slot == NULL)
		*slot = MakeSingleTupleTableSlot(writer->desc, table_slot_callbacks(writer->relation));
	ExecCopySlot(*slot, row);
	MemoryContextSwitchTo(old);
	if (++writer->n == BATCH)
		write_batch(writer);
	return true;
}

static void
end_rows(DestReceiver *self)
{
	RowWriter  *writer = (RowWriter *) self;

	if (writer->n > 0)
		write_batch(writer);
}

static void
destroy_receiver(DestReceiver *self)
{
}

/* Somebody else has replaced the rows since this transaction took its snapshot, by which it would read both. */
static compat_noreturn void replaced_meanwhile(void) compat_attribute_noreturn();

static void
replaced_meanwhile(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update")));
}

/* Delete the rows that a snapshot sees, or find out whether it sees any. */
static bool
scan_rows(Relation relation, Snapshot snapshot, bool delete)
{
	TableScanDesc scan = table_beginscan(relation, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	CommandId	command = GetCurrentCommandId(true);
	bool		any = false;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		TM_FailureData failure;

		CHECK_FOR_INTERRUPTS();
		any = true;
		if (!delete)
			break;
		if (table_tuple_delete(relation, &slot->tts_tid, command, snapshot, InvalidSnapshot, true, &failure, false) != TM_Ok)
			replaced_meanwhile();
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	return any;
}

static void
delete_rows(Relation relation)
{
	Snapshot	now;

	(void) scan_rows(relation, GetActiveSnapshot(), true);
	CommandCounterIncrement();
	if (!IsolationUsesXactSnapshot())
		return;
	now = RegisterSnapshot(GetLatestSnapshot());
	if (scan_rows(relation, now, false))
		replaced_meanwhile();
	UnregisterSnapshot(now);
}

/* Run a query for its rows. */
static void
write_rows(RowWriter *writer, const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(sql, 0, NULL, CURSOR_OPT_PARALLEL_OK);
	SPIExecuteOptions options = {.read_only = true, .dest = &writer->receiver};
	int			result;

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	UpdateActiveSnapshotCommandId();
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(result));
	SPI_freeplan(plan);
}

/*
 * Compute the rows of a materialized view anew, as of a snapshot.  It is locked against
 * everybody but readers, and has been filled before.
 */
void
retention_views_replace_rows(Oid view, Snapshot snapshot)
{
	const char *sql = retention_views_definition(view);
	Relation	relation = table_open(view, NoLock);
	RowWriter  *writer = palloc0(sizeof(RowWriter));
	Oid			user;
	int			security;
	int			nest_level;

	Assert(CheckRelationLockedByMe(relation, ExclusiveLock, true));
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(relation->rd_rel->relowner, security | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();

	/* as of the snapshot, and of what this transaction has written */
	PushCopiedSnapshot(snapshot);
	UpdateActiveSnapshotCommandId();
	delete_rows(relation);

	writer->receiver = (DestReceiver) {take_row, begin_rows, end_rows, destroy_receiver, DestNone};
	writer->relation = relation;
	writer->desc = CreateTupleDescCopy(RelationGetDescr(relation));
	writer->context = AllocSetContextCreate(CurrentMemoryContext, "rows to be kept", ALLOCSET_DEFAULT_SIZES);
	writer->estate = CreateExecutorState();
	writer->indexes = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->indexes, relation, 1, NULL, 0);
	ExecOpenIndices(writer->indexes, false);
	writer->bulk = GetBulkInsertState();
	/* in parallel mode, nobody gets these */
	(void) GetCurrentTransactionId();
	writer->command = GetCurrentCommandId(true);
	write_rows(writer, sql);
	PopActiveSnapshot();

	for (int i = 0; i < BATCH && writer->slots[i]; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	FreeBulkInsertState(writer->bulk);
	table_finish_bulk_insert(relation, 0);
	ExecCloseIndices(writer->indexes);
	FreeExecutorState(writer->estate);
	MemoryContextDelete(writer->context);
	pfree(writer);
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, security);
	table_close(relation, NoLock);
	CommandCounterIncrement();
}
