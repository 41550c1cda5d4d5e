/*-------------------------------------------------------------------------
 *
 * state.c
 *	  A purchase_history value or state in whichever form it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/state.h"
#include "pg/bytes.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define SMALL_FIRST_ROOM	4

static Size large_get_flat_size(ExpandedObjectHeader *eohptr);
static void large_flatten_into(ExpandedObjectHeader *eohptr, void *result, Size size);

static const ExpandedObjectMethods large_methods = {
	large_get_flat_size,
	large_flatten_into
};

/* ---- small ----------------------------------------------------------------- */

static Size
small_bytes(const HistoryHead *head, int zone_length, int room)
{
	return offsetof(SmallHistory, words) + MAXALIGN(zone_length) +
		((head->nlimbs > 0 ? HISTORY_SUMS * (head->nlimbs + 1) : 0) +
		 (Size) room * entry_words(head_shape(head))) * sizeof(uint64);
}

#ifdef USE_ASSERT_CHECKING

static void
check_head(const HistoryHead *head, const char *zone)
{
	Assert(head->key != KEY_NONE && head->key <= KEY_KIND_LAST);
	Assert(head->time != TIME_NONE && head->time <= TIME_KIND_LAST);
	Assert(head->amount <= AMOUNT_KIND_LAST);
	Assert(head->grain >= GRAIN_DAY && head->grain <= GRAIN_LAST);
	Assert((head->nlimbs > 0) == (head->amount != AMOUNT_NONE));
	Assert(head->scale <= (head->nlimbs > 0 ? MONEY_MAX_SCALE : 0));
	Assert(head->refunds >= 0 && head->guest_orders >= 0 && head->guest_refunds >= 0);
	Assert(head->first_day <= head->last_day ||
		   (head->first_day == DAY_NEVER_FIRST && head->last_day == DAY_NEVER_LAST));
	Assert((*zone != '\0') == (head->time == TIME_TIMESTAMPTZ));
}

void
retention_history_check(const HistoryState *state)
{
	Assert((state->small == NULL) != (state->large == NULL));
	if (state->small)
	{
		SmallHistory *small = state->small;

		Assert(small->form == HISTORY_SMALL);
		Assert(small->zone_length == strlen(small_zone(small)) + 1);
		check_head(&small->head, small_zone(small));
		Assert(small->used >= 0 && small->used <= small->room);
		Assert(VARSIZE(small) == small_bytes(&small->head, small->zone_length, small->room));
	}
	else
	{
		LargeHistory *large = state->large;

		Assert(large->magic == LARGE_HISTORY_MAGIC);
		check_head(&large->head, large->zone_name);
		Assert(large->head.nlimbs == large->store->shape.nlimbs || large->store->spill);
		Assert((large->sums != NULL) == (large->head.nlimbs > 0));
		retention_store_check(large->store);
	}
}

#endif							/* USE_ASSERT_CHECKING */

/* A state without entries or sums. */
static SmallHistory *
allocate_small(const HistoryHead *head, const char *zone, int room)
{
	int			zone_length = (int) strlen(zone) + 1;	/* at most TZ_STRLEN_MAX */
	Size		size = small_bytes(head, zone_length, room);
	/* the room may be stored with the rest: it holds nobody else's memory */
	SmallHistory *small = palloc0(size);

	SET_VARSIZE(small, size);
	small->form = HISTORY_SMALL;
	small->zone_length = (uint8) zone_length;
	small->head = *head;
	small->room = room;
	memcpy(small_zone(small), zone, zone_length);
	return small;
}

/* A copy with other room for entries, or other money; NULL if that is too narrow. */
static SmallHistory *
copy_small(SmallHistory *from, int room, int scale, int nlimbs)
{
	HistoryHead head = from->head;
	OccasionShape before = head_shape(&from->head);
	OccasionShape after;
	SmallHistory *to;

	head.scale = (uint16) scale;
	head.nlimbs = money_checked_limbs(nlimbs);
	after = head_shape(&head);
	to = allocate_small(&head, small_zone(from), room);
	to->used = from->used;
	if (nlimbs == before.nlimbs && scale == before.scale)
	{
		if (nlimbs > 0)
			memcpy(small_sums(to), small_sums(from),
				   HISTORY_SUMS * (nlimbs + 1) * sizeof(uint64));
		memcpy(small_entries(to), small_entries(from),
			   from->used * entry_words(before) * sizeof(uint64));
		return to;
	}
	for (int i = 0; i < HISTORY_SUMS; i++)
		if (!retention_money_convert(small_sums(from) + i * (before.nlimbs + 1),
									 before.nlimbs + 1, before.scale,
									 small_sums(to) + i * (nlimbs + 1), nlimbs + 1, scale))
			goto too_narrow;
	for (int i = 0; i < from->used; i++)
		if (!retention_convert_entry(small_entries(from) + i * entry_words(before), before,
									 small_entries(to) + i * entry_words(after), after))
			goto too_narrow;
	return to;

too_narrow:
	pfree(to);
	return NULL;
}

/* Sort the entries, and make one of those of the same customer and period. */
static void
compact_small(HistoryState *state)
{
	for (;;)
	{
		SmallHistory *small = state->small;
		OccasionShape shape = head_shape(&small->head);
		Size		bytes = (Size) small->used * entry_words(shape) * sizeof(uint64);
		uint64	   *sorted = palloc(bytes + 1);
		int64		n = small->used;
		EntrySpan	span = {small_entries(small), n};
		bool		fits;

		retention_sort_entries(&span, 1, sorted, shape);
		memcpy(small_entries(small), sorted, bytes);
		pfree(sorted);
		fits = retention_combine_entries(small_entries(small), &n, shape);
		small->used = (int) n;
		if (fits)
			return;
		retention_history_widen(state, shape.scale, shape.nlimbs + 1);
	}
}

/* ---- large ----------------------------------------------------------------- */

/* The packed form, if there is one, isn't that of the content any more. */
void
retention_history_forget_packed(LargeHistory *large)
{
	pfree(large->header.data);
	retention_history_pack_free(&large->packer);
	large->packed = false;
}

/* Make a small state an expanded object with the same content. */
static void
make_large(HistoryState *state)
{
	SmallHistory *small = state->small;
	OccasionShape shape = head_shape(&small->head);
	MemoryContext context = AllocSetContextCreate(state->context, "purchase_history",
												  ALLOCSET_START_SMALL_SIZES);
	LargeHistory *large = MemoryContextAllocZero(context, sizeof(LargeHistory));

	EOH_init_header(&large->hdr, &large_methods, context);
	large->magic = LARGE_HISTORY_MAGIC;
	large->head = small->head;
	strlcpy(large->zone_name, small_zone(small), sizeof(large->zone_name));
	if (shape.nlimbs > 0)
	{
		large->sum_limbs = shape.nlimbs + 1;
		large->sums = MemoryContextAlloc(context, HISTORY_SUMS * large->sum_limbs * sizeof(uint64));
		memcpy(large->sums, small_sums(small), HISTORY_SUMS * large->sum_limbs * sizeof(uint64));
	}
	large->store = retention_store_create(context, state->context, shape, 0, PG_UINT64_MAX);
	large->store->unlimited = state->in_window;
	/* the store may go to disk on the way, and be of another shape then */
	for (int i = 0; i < small->used; i++)
		retention_store_add(large->store, small_entries(small) + i * entry_words(shape), shape);
	state->small = NULL;
	state->large = large;
}

static void
widen_large(LargeHistory *large, int scale, int nlimbs)
{
	uint64	   *sums;
	int			sum_limbs;

	retention_store_widen(large->store, scale, nlimbs);
	sum_limbs = Max(large->sum_limbs, large->store->shape.nlimbs + 1);
	sum_limbs = Max(sum_limbs, money_limbs_at_scale(large->sum_limbs, large->head.scale,
													large->store->shape.scale));
	sums = MemoryContextAlloc(large->hdr.eoh_context, HISTORY_SUMS * sum_limbs * sizeof(uint64));
	for (int i = 0; i < HISTORY_SUMS; i++)
		(void) retention_money_convert(large->sums + i * large->sum_limbs, large->sum_limbs,
									   large->head.scale, sums + i * sum_limbs, sum_limbs,
									   large->store->shape.scale);
	pfree(large->sums);
	large->sums = sums;
	large->sum_limbs = sum_limbs;
	large->head.scale = (uint16) large->store->shape.scale;
	large->head.nlimbs = money_checked_limbs(large->store->shape.nlimbs);
}

/* ---- either ---------------------------------------------------------------- */

/* A new state, in the current memory context. */
void
retention_history_create(HistoryState *state, const HistoryKind *kind)
{
	HistoryHead head = {0};

	head.key = (uint8) kind->key;
	head.time = (uint8) kind->time;
	head.amount = (uint8) kind->amount;
	head.grain = (uint8) kind->grain;
	head.nlimbs = kind->amount == AMOUNT_NONE ? 0 : 1;
	head.first_day = DAY_NEVER_FIRST;
	head.last_day = DAY_NEVER_LAST;
	state->large = NULL;
	state->small = allocate_small(&head, kind->zone, SMALL_FIRST_ROOM);
}

const char *
retention_history_zone_name(const HistoryState *state)
{
	return state->small ? small_zone(state->small) : state->large->zone_name;
}

pg_tz *
retention_history_zone(const HistoryState *state)
{
	/* a state that is a varlena holds no pointers; the last one asked for is kept */
	static char last_name[TZ_STRLEN_MAX + 1] = "";
	static pg_tz *last_zone = NULL;
	const char *name;

	if (state->large)
	{
		/* not before it's asked for: a value may come from where there are other zones */
		if (unlikely(state->large->zone == NULL))
			state->large->zone = retention_zone_of_name(state->large->zone_name);
		return state->large->zone;
	}
	name = small_zone(state->small);
	if (last_zone == NULL || strcmp(name, last_name) != 0)
	{
		last_zone = retention_zone_of_name(name);
		strlcpy(last_name, name, sizeof(last_name));
	}
	return last_zone;
}

/* Give a state money of this scale and in so many limbs, or more. */
void
retention_history_widen(HistoryState *state, int scale, int nlimbs)
{
	if (state->small)
	{
		SmallHistory *wider;

		scale = Max(scale, state->small->head.scale);
		nlimbs = Max(nlimbs, state->small->head.nlimbs);
		wider = copy_small(state->small, state->small->room, scale, nlimbs);
		if (wider == NULL)
			wider = copy_small(state->small, state->small->room, scale,
							   Max(nlimbs, money_limbs_at_scale(state->small->head.nlimbs,
																state->small->head.scale, scale)));
		/* the old one may be the executor's */
		state->small = wider;
	}
	else
	{
		large_history_changed(state->large);
		widen_large(state->large, scale, nlimbs);
	}
}

/* Make room in a small state that is full. */
static void
grow_small(HistoryState *state)
{
	SmallHistory *small;

	compact_small(state);
	small = state->small;
	if (small->used <= small->room / 2)
		return;
	if (small_bytes(&small->head, small->zone_length, small->room * 2) > SMALL_MAX_BYTES)
		make_large(state);
	else
		state->small = copy_small(small, small->room * 2, small->head.scale, small->head.nlimbs);
}

/* Add an entry whose money has the state's shape. */
void
retention_history_add(HistoryState *state, const uint64 *entry)
{
	if (state->small && unlikely(state->small->used == state->small->room))
	{
		OccasionShape before = head_shape(&state->small->head);
		OccasionShape after;

		grow_small(state);
		if (state->large)
		{
			retention_store_add(state->large->store, entry, before);
			return;
		}
		after = state_shape(state);
		if (unlikely(after.nlimbs != before.nlimbs))
		{
			uint64	   *wider = palloc(entry_words(after) * sizeof(uint64));

			(void) retention_convert_entry(entry, before, wider, after);
			retention_history_add(state, wider);
			pfree(wider);
			return;
		}
	}
	if (state->small)
	{
		SmallHistory *small = state->small;
		int			stride = entry_words(head_shape(&small->head));

		memcpy(small_entries(small) + small->used * stride, entry, stride * sizeof(uint64));
		small->used++;
	}
	else
	{
		Store	   *store = state->large->store;
		Partition  *partition = store_partition(store, entry[0]);

		large_history_changed(state->large);
		memcpy(store_next(partition), entry, entry_words(store->shape) * sizeof(uint64));
		store_push(store, partition);
	}
}

/* Add to a sum of the rows, at the state's scale. */
void
retention_history_add_sum(HistoryState *state, HistorySum sum, const uint64 *limbs, int nlimbs)
{
	for (;;)
	{
		int			width = state->small ? state->small->head.nlimbs + 1 : state->large->sum_limbs;
		uint64	   *sums = state->small ? small_sums(state->small) : state->large->sums;

		if (nlimbs <= width && money_add(sums + sum * width, width, limbs, nlimbs))
			return;
		retention_history_widen(state, state_head(state)->scale,
								Max(nlimbs, state_head(state)->nlimbs + 1));
	}
}

Datum
retention_history_close(const HistoryState *state)
{
	if (state->small)
		return PointerGetDatum(state->small);
	return EOHPGetRWDatum(&state->large->hdr);
}

/* ---- merging --------------------------------------------------------------- */

static void
kind_of_head(const HistoryHead *head, const char *zone, HistoryKind *kind)
{
	kind->key = head->key;
	kind->time = head->time;
	kind->amount = head->amount;
	kind->grain = head->grain;
	strlcpy(kind->zone, zone, sizeof(kind->zone));
}

/* Histories of different kinds have nothing in common. */
static void
check_same_kind(const HistoryKind *a, const HistoryKind *b)
{
	const char *one = NULL;
	const char *other = NULL;

	if (a->key != b->key)
	{
		one = retention_key_name(a->key);
		other = retention_key_name(b->key);
	}
	else if (a->time != b->time)
	{
		one = retention_time_name(a->time);
		other = retention_time_name(b->time);
	}
	else if (a->amount != b->amount)
	{
		one = retention_amount_name(a->amount);
		other = retention_amount_name(b->amount);
	}
	else if (a->grain != b->grain)
	{
		one = psprintf("grain %s", retention_grain_name(a->grain));
		other = psprintf("grain %s", retention_grain_name(b->grain));
	}
	else if (strcmp(a->zone, b->zone) != 0)
	{
		one = psprintf("days of time zone %s", a->zone);
		other = psprintf("days of time zone %s", b->zone);
	}
	if (one)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("cannot merge purchase histories of different kinds"),
				 errdetail_internal("One has %s, the other %s.", one, other)));
}

/* Counts of stored values can be anything up to 2^63 - 1; their sums can't. */
static int64
add_count(int64 a, int64 b)
{
	int64		sum;

	if (pg_add_s64_overflow(a, b, &sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("purchase history would have more than %lld orders",
						(long long) PG_INT64_MAX)));
	return sum;
}

/* Add what is known of rows. */
static void
add_rows(HistoryState *state, const HistoryTotals *rows)
{
	HistoryHead *head = state_head(state);

	head->refunds = add_count(head->refunds, rows->refunds);
	head->guest_orders = add_count(head->guest_orders, rows->guest_orders);
	head->guest_refunds = add_count(head->guest_refunds, rows->guest_refunds);
	head->first_day = Min(head->first_day, rows->first_day);
	head->last_day = Max(head->last_day, rows->last_day);
	if (head->nlimbs > 0)
	{
		const Money *moneys[HISTORY_SUMS] = {&rows->refunded, &rows->guest_revenue};

		for (int i = 0; i < HISTORY_SUMS; i++)
		{
			int			scale = state_head(state)->scale;
			int			nlimbs = moneys[i]->nlimbs + money_limbs_for_scale(scale - moneys[i]->scale);
			uint64	   *limbs = palloc(nlimbs * sizeof(uint64));

			Assert(scale >= moneys[i]->scale);
			if (!retention_money_convert(moneys[i]->limbs, moneys[i]->nlimbs, moneys[i]->scale,
										 limbs, nlimbs, scale))
				elog(ERROR, "money does not fit a wider sum");
			/* no wider than it has to be */
			nlimbs = (retention_money_bytes(limbs, nlimbs) + 7) / 8;
			retention_history_add_sum(state, i, limbs, nlimbs);
			pfree(limbs);
		}
	}
}

/* Entries that come from another history. */
static void
add_run(const Run *run, OccasionShape shape, void *arg)
{
	HistoryState *state = arg;
	RunCursor	cursor;
	CustomerView customer;
	uint64	   *entry;
	uint64	   *converted = NULL;

	if (state->large)
	{
		retention_store_merge(state->large->store, run, shape);
		return;
	}
	entry = palloc(entry_words(shape) * sizeof(uint64));
	run_begin(&cursor, run, shape);
	while (run_next(&cursor, &customer))
	{
		memcpy(entry, customer.identity, shape.key_words * sizeof(uint64));
		for (int64 i = 0; i < customer.n; i++)
		{
			memcpy(entry + shape.key_words, customer.occasions + i * occasion_words(shape),
				   occasion_words(shape) * sizeof(uint64));
			for (;;)
			{
				OccasionShape ours = state_shape(state);

				if (ours.nlimbs == shape.nlimbs && ours.scale == shape.scale)
				{
					retention_history_add(state, entry);
					break;
				}
				if (converted)
					pfree(converted);
				converted = palloc(entry_words(ours) * sizeof(uint64));
				if (retention_convert_entry(entry, shape, converted, ours))
				{
					retention_history_add(state, converted);
					break;
				}
				retention_history_widen(state, ours.scale, ours.nlimbs + 1);
			}
		}
	}
	pfree(entry);
	if (converted)
		pfree(converted);
}

/* So many entries are coming: make a small state large at once. */
static void
prepare_room(HistoryState *state, int64 entries)
{
	if (state->small &&
		(entries > SMALL_MAX_BYTES ||
		 small_bytes(&state->small->head, state->small->zone_length,
					 state->small->used + (int) entries) > SMALL_MAX_BYTES))
		make_large(state);
	if (state->large)
	{
		large_history_changed(state->large);
		retention_store_expect(state->large->store, entries);
	}
}

static void
large_totals(const LargeHistory *large, HistoryTotals *rows)
{
	const HistoryHead *head = &large->head;

	memset(rows, 0, sizeof(HistoryTotals));
	rows->first_day = head->first_day;
	rows->last_day = head->last_day;
	rows->refunds = head->refunds;
	rows->guest_orders = head->guest_orders;
	rows->guest_refunds = head->guest_refunds;
	if (large->sums)
	{
		Money	   *moneys[HISTORY_SUMS] = {&rows->refunded, &rows->guest_revenue};

		for (int i = 0; i < HISTORY_SUMS; i++)
		{
			moneys[i]->limbs = large->sums + i * large->sum_limbs;
			moneys[i]->nlimbs = large->sum_limbs;
			moneys[i]->scale = head->scale;
		}
	}
}

/*
 * state := the history of the rows of both.  The state is a running one; the
 * other may have any form, and its content is left as it is.
 */
void
retention_history_merge(HistoryState *state, Datum other)
{
	HistoryKind ours;
	HistoryKind theirs;
	HistoryTotals rows;
	int			scale;
	LargeHistory *large = NULL;
	HistoryUnpacker unpacker;

	retention_history_check(state);
	kind_of_head(state_head(state), retention_history_zone_name(state), &ours);
	if (datum_is_large_history(other))
	{
		large = large_history_of_datum(other);
		kind_of_head(&large->head, large->zone_name, &theirs);
		large_totals(large, &rows);
		scale = large->head.scale;
	}
	else
	{
		retention_history_unpack_begin(&unpacker, retention_history_pack(other), false);
		theirs = unpacker.kind;
		rows = unpacker.totals;
		scale = unpacker.shape.scale;
	}
	check_same_kind(&ours, &theirs);
	if (scale > state_head(state)->scale)
		retention_history_widen(state, scale, state_head(state)->nlimbs);

	prepare_room(state, large ? retention_store_entries(large->store) : unpacker.totals.entries);
	if (large)
		retention_store_visit(large->store, add_run, state);
	else
	{
		const Run  *run;

		while ((run = retention_history_unpack_next(&unpacker)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			add_run(run, unpacker.shape, state);
		}
		if (unpacker.run.words)
			pfree(unpacker.run.words);
	}
	if (state->large)
	{
		retention_store_end_merge(state->large->store);
		/* merging may have widened the store alone */
		if (state->large->store->shape.nlimbs != state->large->head.nlimbs)
			widen_large(state->large, scale, state->large->store->shape.nlimbs);
	}
	add_rows(state, &rows);
	retention_history_check(state);
}

/* ---- packing --------------------------------------------------------------- */

static void
pack_visitor(const Run *run, OccasionShape shape, void *arg)
{
	retention_history_pack_run((HistoryPacker *) arg, run, shape);
}

/* In the current context. */
static Size
pack_large(LargeHistory *large, HistoryPacker *packer, StringInfo header)
{
	HistoryKind kind;
	HistoryTotals rows;

	retention_history_pack_begin(packer, large->store->shape,
								 retention_store_entries(large->store));
	retention_store_visit(large->store, pack_visitor, packer);
	kind_of_head(&large->head, large->zone_name, &kind);
	large_totals(large, &rows);
	return retention_history_pack_end(packer, &kind, &rows, header);
}

static Size
large_get_flat_size(ExpandedObjectHeader *eohptr)
{
	LargeHistory *large = (LargeHistory *) eohptr;

	if (!large->packed)
	{
		/* in our own context: in the caller's nothing may be to be freed, as in a sort's; or it goes first */
		MemoryContext old = MemoryContextSwitchTo(large->hdr.eoh_context);

		pack_large(large, &large->packer, &large->header);
		MemoryContextSwitchTo(old);
		large->packed = true;
	}
	return retention_history_pack_size(&large->packer, &large->header);
}

static void
large_flatten_into(ExpandedObjectHeader *eohptr, void *result, Size size)
{
	LargeHistory *large = (LargeHistory *) eohptr;

	MemoryContext old = MemoryContextSwitchTo(large->hdr.eoh_context);

	Assert(large->packed);
	retention_history_pack_write(&large->packer, &large->header, result, size);
	large_history_changed(large);
	history_packed_check(result);
	MemoryContextSwitchTo(old);
}

static struct varlena *
pack_small(SmallHistory *small)
{
	HistoryState state = {NULL, false, NULL, NULL};
	HistoryHead head;
	OccasionShape shape;
	HistoryKind kind;
	HistoryTotals rows = {0};
	HistoryPacker packer;
	StringInfoData header;
	struct varlena *value;
	Run			run;

	/* the state is left as it is: a window function goes on with it */
	state.small = copy_small(small, Max(small->used, 1), small->head.scale, small->head.nlimbs);
	compact_small(&state);
	retention_history_check(&state);
	small = state.small;
	head = small->head;
	shape = head_shape(&head);
	run.words = palloc(Max(group_words(small->used, shape), 1) * sizeof(uint64));
	if (!retention_group_entries(small_entries(small), small->used, shape, &run))
		elog(ERROR, "money of combined entries does not fit");

	retention_history_pack_begin(&packer, shape, small->used);
	retention_history_pack_run(&packer, &run, shape);
	kind_of_head(&head, small_zone(small), &kind);
	rows.first_day = head.first_day;
	rows.last_day = head.last_day;
	rows.refunds = head.refunds;
	rows.guest_orders = head.guest_orders;
	rows.guest_refunds = head.guest_refunds;
	if (shape.nlimbs > 0)
	{
		rows.refunded = (Money) {small_sums(small), shape.nlimbs + 1, shape.scale};
		rows.guest_revenue = (Money) {small_sums(small) + shape.nlimbs + 1,
			shape.nlimbs + 1, shape.scale};
	}
	retention_history_pack_end(&packer, &kind, &rows, &header);
	value = retention_history_pack_finish(&packer, &header);
	history_packed_check(value);
	pfree(run.words);
	pfree(small);
	return value;
}

/* Any value or state as a value. */
struct varlena *
retention_history_pack(Datum datum)
{
	struct varlena *value;

	if (datum_is_large_history(datum))
	{
		HistoryPacker packer;
		StringInfoData header;

		pack_large(large_history_of_datum(datum), &packer, &header);
		value = retention_history_pack_finish(&packer, &header);
		history_packed_check(value);
		return value;
	}
	value = PG_DETOAST_DATUM_PACKED(datum);
	if (*(uint8 *) VARDATA_ANY(value) == HISTORY_SMALL)
		return pack_small((SmallHistory *) PG_DETOAST_DATUM(PointerGetDatum(value)));
	if (*(uint8 *) VARDATA_ANY(value) != HISTORY_PACKED)
		retention_unknown_version(HISTORY_TYPE, *(uint8 *) VARDATA_ANY(value));
	return value;
}

/*
 * The running state, where an aggregate is given one that is not: a value, as
 * an initial condition or from another process or server.
 */
void
retention_history_open(HistoryState *state, Datum datum)
{
	struct varlena *value;
	HistoryUnpacker unpacker;

	state->small = NULL;
	state->large = NULL;
	if (datum_is_large_history(datum) &&
		VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(datum)))
	{
		state->large = large_history_of_datum(datum);
		return;
	}
	if (!datum_is_large_history(datum))
	{
		value = PG_DETOAST_DATUM(datum);
		if (*(uint8 *) VARDATA(value) == HISTORY_SMALL)
		{
			state->small = (SmallHistory *) value;
			return;
		}
		datum = PointerGetDatum(value);
	}
	value = retention_history_pack(datum);
	retention_history_unpack_begin(&unpacker, value, true);
	retention_history_create(state, &unpacker.kind);
	retention_history_merge(state, PointerGetDatum(value));
}

/* Begin to read any value or state. */
void
retention_history_read(HistoryUnpacker *unpacker, Datum datum, bool skip_money)
{
	if (!value_is_stored(datum) ||
		!retention_history_unpack_stored(unpacker, datum, skip_money, false))
		retention_history_unpack_begin(unpacker, retention_history_pack(datum), skip_money);
}

/* Read what its header says, and go no further. */
void
retention_history_read_head(HistoryUnpacker *unpacker, Datum datum)
{
	if (!value_is_stored(datum) ||
		!retention_history_unpack_stored(unpacker, datum, true, true))
		retention_history_unpack_begin(unpacker, retention_history_pack(datum), true);
}
