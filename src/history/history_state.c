/*-------------------------------------------------------------------------
 *
 * history_state.c
 *	  The running states of purchase_history: small and large.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_state.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#define SMALL_FIRST_ROOM	4
#define SMALL_FIRST_NAMES	256

static Size
bytes_without_names(int zone_length, OccasionShape shape, int room)
{
	return offsetof(SmallHistory, words) + MAXALIGN(zone_length) +
		(Size) room * entry_words(shape) * sizeof(uint64);
}

/* What the names of a small state have, used or not. */
static Size
names_bytes(const SmallHistory *small)
{
	return VARSIZE(small) - bytes_without_names(small->zone_length, small_shape(small), small->room);
}

/* What it would take with room for so many entries. */
Size
retention_small_history_bytes(const SmallHistory *small, int room)
{
	return bytes_without_names(small->zone_length, small_shape(small), room) + names_bytes(small);
}

#ifdef USE_ASSERT_CHECKING

static void
check_head(const HistoryHead *head, const char *zone)
{
	Assert(head->key != KEY_NONE && head->key <= KEY_KIND_LAST);
	Assert(head->time != TIME_NONE && head->time <= TIME_KIND_LAST);
	Assert(head->amount <= AMOUNT_KIND_LAST);
	Assert(head->grain >= GRAIN_DAY && head->grain <= GRAIN_LAST);
	Assert(head->scale >= 0 && head->scale <= (head->amount == AMOUNT_NONE ? 0 : MONEY_MAX_SCALE));
	Assert(head->first_day <= head->last_day ||
		   (head->first_day == DAY_NEVER_FIRST && head->last_day == DAY_NEVER_LAST));
	Assert((*zone != '\0') == (head->time == TIME_TIMESTAMPTZ));
}

static void
check_names(SmallHistory *small)
{
	const SmallNames *names = small_names(small);

	Assert(names_bytes(small) >= offsetof(SmallNames, names) && names_bytes(small) % sizeof(uint64) == 0);
	Assert(names->used >= 0 && names->used + offsetof(SmallNames, names) <= names_bytes(small));
}

void
retention_history_check(const HistoryState *state)
{
	Assert((state->small == NULL) != (state->large == NULL));
	check_head(state_head(state), retention_history_zone_name(state));
	Assert((state_shape(state).money_words > 0) == (state_head(state)->amount != AMOUNT_NONE));
	Assert(!state_is_named(state) || key_is_text(state_head(state)->key));
	if (state->small)
	{
		SmallHistory *small = state->small;

		Assert(small->form == FORM_SMALL_HISTORY);
		Assert(small->zone_length == strlen(small_zone(small)) + 1);
		Assert(small->used >= 0 && small->used <= small->room);
		Assert(small->named || names_bytes(small) == 0);
		if (small->named)
			check_names(small);
	}
	else
	{
		LargeHistory *large = state->large;

		Assert(large->ledger->elsewhere.scale == units_scale(large->head.scale));
		retention_ledger_check(large->ledger);
	}
}

#endif							/* USE_ASSERT_CHECKING */

/* ---- small ----------------------------------------------------------------- */

/* A state without entries or sums, and of so many bytes for names: 0 if none are kept. */
static SmallHistory *
allocate_small(const HistoryHead *head, const char *zone, int money_words, int room, Size for_names)
{
	int			zone_length = (int) strlen(zone) + 1;	/* at most TZ_STRLEN_MAX */
	OccasionShape shape = {key_words(head->key), money_words};
	Size		size = bytes_without_names(zone_length, shape, room) + for_names;
	/* the room may be stored with the rest: it holds nobody else's memory */
	SmallHistory *small = palloc0(size);

	SET_VARSIZE(small, size);
	small->form = FORM_SMALL_HISTORY;
	small->zone_length = (uint8) zone_length;
	small->money_words = (uint8) money_words;
	small->named = for_names > 0;
	small->head = *head;
	small->room = room;
	memcpy(small_zone(small), zone, zone_length);
	return small;
}

/*
 * A copy with other room for entries, or with money of two words, or of more digits.
 * NULL if there is money that this doesn't fit.
 */
static SmallHistory *
copy_small(SmallHistory *from, int room, int words, int scale, Size for_names)
{
	OccasionShape shape = small_shape(from);
	int			before = units_scale(from->head.scale);
	SmallHistory *to = allocate_small(&from->head, small_zone(from), words, room, for_names);
	Elsewhere	elsewhere = {.scale = scale, .list = {.context = CurrentMemoryContext}};

	to->used = from->used;
	for (int i = 0; i < from->used; i++)
	{
		const uint64 *entry = small_entries(from) + i * entry_words(shape);
		uint64	   *copy = small_entries(to) + i * entry_words(small_shape(to));

		copy_words(copy, entry, shape.key_words);
		retention_convert_occasion(entry + shape.key_words, shape.money_words, before,
								   copy + shape.key_words, words, entry, shape.key_words,
								   &elsewhere);
	}
	if (wide_count(&elsewhere.list) > 0)
	{
		pfree(to);
		return NULL;
	}
	if (from->named)
		memcpy(small_names(to), small_names(from), offsetof(SmallNames, names) + small_names(from)->used);
	return to;
}

SmallHistory *
retention_small_history_copy(SmallHistory *from, int room, int words, int scale)
{
	return copy_small(from, room, words, scale, names_bytes(from));
}

/* The bits that any money has which is of one word, but for its sign. */
static uint64
money_bits(SmallHistory *small)
{
	OccasionShape shape = small_shape(small);
	uint64		bits = 0;

	for (int i = 0; i < small->used; i++)
	{
		uint64		units = small_entries(small)[i * entry_words(shape) + shape.key_words + 1];

		bits |= units ^ (uint64) ((int64) units >> 63);
	}
	return bits;
}

/* Money of entries that are there. */
void
retention_history_add_wide_list(HistoryState *state, const WideList *list)
{
	if (wide_count(list) == 0)
		return;
	retention_history_admit_wide(state);
	retention_wide_add_list(&state->large->ledger->elsewhere.list, list);
}

/* Without the occasions whose rows have all been taken away. */
static void
drop_cancelled(SmallHistory *small)
{
	OccasionShape shape = small_shape(small);
	int			stride = entry_words(shape);
	uint64	   *to = small_entries(small);

	for (int i = 0; i < small->used; i++)
	{
		const uint64 *entry = small_entries(small) + i * stride;

		if (occasion_is_nothing(entry + shape.key_words, shape.money_words))
			continue;
		memmove(to, entry, stride * sizeof(uint64));
		to += stride;
	}
	small->used = (int) ((to - small_entries(small)) / stride);
}

/* Sort the entries, and make one of those of the same customer, period and kind. */
void
retention_history_compact(HistoryState *state)
{
	SmallHistory *small = state->small;
	OccasionShape shape;
	Elsewhere	elsewhere = {.scale = units_scale(small->head.scale), .list = {.context = CurrentMemoryContext}};
	Size		bytes;
	uint64	   *sorted;
	EntrySpan	span;

	/* the sum of n numbers has as many bits more as n has */
	if (small->money_words == 1 &&
		money_bits(small) >> (62 - pg_leftmost_one_pos32(small->used + 1)) != 0)
		retention_history_promote(state);
	small = state->small;
	shape = small_shape(small);
	bytes = (Size) small->used * entry_words(shape) * sizeof(uint64);
	sorted = palloc(bytes + 1);
	span = (EntrySpan) {small_entries(small), small->used};
	retention_sort_entries(&span, 1, sorted, shape);
	memcpy(small_entries(small), sorted, bytes);
	pfree(sorted);
	small->used = (int) retention_combine_entries(small_entries(small), small->used, shape, &elsewhere);
	retention_history_add_wide_list(state, &elsewhere.list);
	if (elsewhere.cancelled && state->small)
		drop_cancelled(small);
	else if (elsewhere.cancelled)
		state->large->ledger->elsewhere.cancelled = true;
}

/* Make room in a small state that is full. */
void
retention_history_grow(HistoryState *state)
{
	SmallHistory *small;

	retention_history_compact(state);
	small = state->small;
	if (small == NULL || small->used <= small->room / 2)
		return;
	if (retention_small_history_bytes(small, small->room * 2) > FLAT_MAX_BYTES)
		retention_history_make_large(state);
	else
		state->small = retention_small_history_copy(small, small->room * 2, small->money_words,
								  units_scale(small->head.scale));
}

/* ---- the names of a small state -------------------------------------------- */

/* All that have come into a table that is empty, where they stay where they are. */
void
retention_small_history_names(SmallHistory *small, Names *names)
{
	const SmallNames *ours = small_names(small);

	for (int64 at = 0; at < ours->used;)
	{
		const SmallName *one = (const SmallName *) (ours->names + at);

		retention_names_keep(names, one->identity, &one->name);
		at += small_name_bytes((int) one->name.length);
	}
}

/* One for each customer, into room for all of them; returns how many bytes that took. */
static Size
write_distinct(SmallHistory *small, char *to)
{
	Names		names;
	char	   *at = to;

	retention_names_init(&names, CurrentMemoryContext, NULL, key_is_folded(small->head.key));
	retention_small_history_names(small, &names);
	for (int64 i = 0; i < names.nslots; i++)
	{
		const KeptName *name = names.names[i];
		SmallName  *one = (SmallName *) at;

		if (name == NULL)
			continue;
		memcpy(one->identity, names.identities[i], sizeof(one->identity));
		one->name.length = name->length;
		memcpy(one->name.bytes, name->bytes, name->length);
		at += small_name_bytes((int) name->length);
	}
	retention_names_free_table(&names);
	return at - to;
}

/* Make room for so many bytes more: names are there once each then, in half of what there is. */
static void
make_name_room(HistoryState *state, Size more)
{
	SmallHistory *small = state->small;
	Size		bytes = names_bytes(small);
	char	   *distinct = palloc(small_names(small)->used + 1);
	Size		used = write_distinct(small, distinct);

	while (2 * (used + more) > bytes - offsetof(SmallNames, names))
		bytes *= 2;
	memcpy(small_names(small)->names, distinct, used);
	small_names(small)->used = (int64) used;
	pfree(distinct);
	if (bytes == names_bytes(small))
		return;
	if (bytes_without_names(small->zone_length, small_shape(small), small->room) + bytes > FLAT_MAX_BYTES)
		retention_history_make_large(state);
	else
		state->small = copy_small(small, small->room, small->money_words, units_scale(small->head.scale), bytes);
}

/* The name of a customer of a small state, which may be large then. */
void
retention_history_add_small_name(HistoryState *state, const uint64 *identity, const char *bytes, int length)
{
	Size		more = small_name_bytes(length);
	SmallNames *names = small_names(state->small);
	SmallName  *one;

	if (names->used + more + offsetof(SmallNames, names) > names_bytes(state->small))
	{
		make_name_room(state, more);
		if (state->large)
		{
			ledger_add_name(state->large->ledger, identity, bytes, length);
			return;
		}
		names = small_names(state->small);
	}
	one = (SmallName *) (names->names + names->used);
	memcpy(one->identity, identity, sizeof(one->identity));
	one->name.length = (uint32) length;
	memcpy(one->name.bytes, bytes, length);
	names->used += more;
}

/* ---- large ----------------------------------------------------------------- */

/* Make a small state an expanded object with the same content. */
void
retention_history_make_large(HistoryState *state)
{
	SmallHistory *small = state->small;
	OccasionShape shape = small_shape(small);
	LargeHistory *large = retention_expanded_state_create(&retention_history_states, state->home,
														  sizeof(LargeHistory));
	int			scale = units_scale(small->head.scale);

	large->head = small->head;
	strlcpy(large->zone_name, small_zone(small), sizeof(large->zone_name));
	large->ledger = retention_ledger_create(large->state.hdr.eoh_context, state->home.context, shape, scale, 0, PG_UINT64_MAX);
	large->ledger->unlimited = state->home.in_window;
	if (small->named)
		retention_ledger_keep_names(large->ledger, key_is_folded(small->head.key));
	for (int i = 0; i < small->used; i++)
		retention_ledger_add(large->ledger, small_entries(small) + i * entry_words(shape),
							shape.money_words, scale);
	for (int64 at = 0; small->named && at < small_names(small)->used;)
	{
		const SmallName *one = (const SmallName *) (small_names(small)->names + at);

		ledger_add_name(large->ledger, one->identity, one->name.bytes, (int) one->name.length);
		at += small_name_bytes((int) one->name.length);
	}
	state->small = NULL;
	state->large = large;
}

/* ---- either ---------------------------------------------------------------- */

/* A new state, in the current memory context. */
Datum
retention_history_create(const Kind *kind)
{
	HistoryHead head = {0};

	head.key = (uint8) kind->key;
	head.time = (uint8) kind->time;
	head.amount = (uint8) kind->amount;
	head.grain = (uint8) kind->grain;
	head.first_day = DAY_NEVER_FIRST;
	head.last_day = DAY_NEVER_LAST;
	return PointerGetDatum(allocate_small(&head, kind->zone, kind->amount == AMOUNT_NONE ? 0 : 1,
										  SMALL_FIRST_ROOM, kind->named ? SMALL_FIRST_NAMES : 0));
}

void
retention_history_kind(const HistoryState *state, Kind *kind)
{
	const HistoryHead *head = state_head(state);

	kind->key = head->key;
	kind->time = head->time;
	kind->amount = head->amount;
	kind->grain = head->grain;
	kind->named = state_is_named(state);
	kind->anchored = false;
	strlcpy(kind->zone, retention_history_zone_name(state), sizeof(kind->zone));
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

/* ---- money ----------------------------------------------------------------- */

/* Money of two words, for good. */
void
retention_history_promote(HistoryState *state)
{
	if (state_shape(state).money_words != 1)
		return;
	if (state->small)
		/* the old one may be the executor's */
		state->small = retention_small_history_copy(state->small, state->small->room, 2,
								  units_scale(state->small->head.scale));
	else
		retention_ledger_promote(state->large->ledger);
}

/* Amounts have more digits behind the point from now on. */
void
retention_history_rescale(HistoryState *state, int scale)
{
	int			before = units_scale(state_head(state)->scale);
	int			after = units_scale(scale);

	Assert(scale > state_head(state)->scale);
	if (state->small && after > before)
	{
		SmallHistory *small = state->small;
		SmallHistory *copy = retention_small_history_copy(small, small->room, small->money_words, after);

		if (copy == NULL && small->money_words == 1)
			copy = retention_small_history_copy(small, small->room, 2, after);
		if (copy)
			state->small = copy;
		else
			retention_history_make_large(state);
	}
	if (state->large && after > before)
		retention_ledger_rescale(state->large->ledger, after);
	state_head(state)->scale = scale;
}

/* Money is coming that is no units: only a large state has a place for it. */
void
retention_history_admit_wide(HistoryState *state)
{
	if (state->small)
		retention_history_make_large(state);
	retention_history_promote(state);
}
