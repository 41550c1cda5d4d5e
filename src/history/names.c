/*-------------------------------------------------------------------------
 *
 * names.c
 *	  The texts of customers, where a history is made to keep them.  See names.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/names.h"

#include "miscadmin.h"
#include "pg/hugepage.h"
#include "utils/memutils.h"

#define FIRST_LOG_SLOTS	6

/* Customers whose memory is asked for together. */
#define BATCH			32

/* ---- the table -------------------------------------------------------------- */

/* Slots, all empty. */
static NameSlot *
make_slots(MemoryContext context, int64 n)
{
	Size		size = n * sizeof(NameSlot);
	NameSlot   *slots = MemoryContextAllocHuge(context, size);

	advise_huge_pages(slots, size);
	memset(slots, 0, size);
	return slots;
}

static void
set_slots(Names *names, NameSlot *slots, int log_slots)
{
	names->slots = slots;
	names->shift = 64 - log_slots;
	names->most = names_slots(names) / 4 * 3;
}

void
retention_names_init(Names *names, MemoryContext context, RunPool *pool, bool folded)
{
	static uint64 salt = 0;

	if (salt == 0 && !pg_strong_random(&salt, sizeof(salt)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	memset(names, 0, offsetof(Names, waiting));
	names->context = context;
	names->pool = pool;
	names->folded = folded;
	names->salt = salt;
	set_slots(names, make_slots(context, 1 << FIRST_LOG_SLOTS), FIRST_LOG_SLOTS);
}

/* The customer's slot, or the empty one that is theirs. */
static pg_attribute_always_inline NameSlot *
find_slot(const Names *names, const uint64 *identity, uint64 place)
{
	uint64		mask = (uint64) names_slots(names) - 1;
	uint64		at = place >> names->shift;

	for (;; at = (at + 1) & mask)
	{
		NameSlot   *slot = &names->slots[at];

		if (slot->name == NULL ||
			(slot->identity[0] == identity[0] && slot->identity[1] == identity[1]))
			return slot;
	}
}

/* Twice as many slots.  Until they are filled, the old ones are there. */
void
retention_names_grow(Names *names)
{
	Names		grown = *names;

	set_slots(&grown, make_slots(names->context, 2 * names_slots(names)), 64 - names->shift + 1);
	for (int64 i = 0; i < names_slots(names); i++)
	{
		const NameSlot *slot = &names->slots[i];

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (slot->name)
			*find_slot(&grown, slot->identity, name_place(names, slot->identity)) = *slot;
	}
	pfree(names->slots);
	set_slots(names, grown.slots, 64 - grown.shift);
}

/* Forget all of them; the table stays. */
void
retention_names_clear(Names *names)
{
	memset(names->slots, 0, names_slots(names) * sizeof(NameSlot));
	names->n = 0;
	names->bytes = 0;
	if (names->texts.first)
		retention_pool_free(names->pool, names->texts.first);
	memset(&names->texts, 0, sizeof(PagedRun));
}

/* Give back the table of what has been forgotten. */
void
retention_names_free(Names *names)
{
	Assert(names->n == 0 && names->nwaiting == 0);
	pfree(names->slots);
	set_slots(names, make_slots(names->context, 1 << FIRST_LOG_SLOTS), FIRST_LOG_SLOTS);
}

/* ---- adding ----------------------------------------------------------------- */

/* Byte by byte. */
static bool
is_less(const char *a, int a_length, const char *b, int b_length)
{
	int			order = memcmp(a, b, Min(a_length, b_length));

	return order != 0 ? order < 0 : a_length < b_length;
}

/* Of two spellings the least is kept. */
static inline bool
is_kept(const Names *names, const NameSlot *slot, const char *bytes, int length)
{
	return slot->name != NULL &&
		(likely(!names->folded) ||
		 !is_less(bytes, length, slot->name->bytes, (int) slot->name->length));
}

static void
set_name(Names *names, NameSlot *slot, const uint64 *identity, const KeptName *name)
{
	names->n += slot->name == NULL;
	memcpy(slot->identity, identity, sizeof(slot->identity));
	slot->name = name;
}

static const KeptName *
copy_name(Names *names, const char *bytes, int length)
{
	int64		words = kept_name_words(length);
	KeptName   *name = (KeptName *) paged_room(names->pool, &names->texts, words);

	name->length = (uint32) length;
	memcpy(name->bytes, bytes, length);
	paged_wrote(&names->texts, words, 1);
	names->bytes += words * sizeof(uint64);
	return name;
}

/* All that wait have a place; there is room for them. */
void
retention_names_place(Names *names)
{
	int			n = names->nwaiting;

	Assert(names->n + n <= names->most);
	names->nwaiting = 0;
	for (int i = 0; i < n; i++)
	{
		const WaitingName *waiting = &names->waiting[i];
		const char *bytes = waiting->bytes ? waiting->bytes : waiting->copy;
		NameSlot   *slot = find_slot(names, waiting->identity, waiting->place);

		if (!is_kept(names, slot, bytes, waiting->length))
			set_name(names, slot, waiting->identity, copy_name(names, bytes, waiting->length));
	}
}

/* A name that stays where it is, and at once. */
void
retention_names_keep(Names *names, const uint64 *identity, const KeptName *name)
{
	NameSlot   *slot;

	if (!names_have_room(names))
		retention_names_grow(names);
	slot = find_slot(names, identity, name_place(names, identity));
	if (!is_kept(names, slot, name->bytes, (int) name->length))
		set_name(names, slot, identity, name);
}

/* ---- finding ---------------------------------------------------------------- */

/* The names of so many customers; they wait for memory together. */
static void
find_batch(const Names *names, const uint64 *const *identities, int n, CustomerName *to)
{
	uint64		places[BATCH];
	const KeptName *found[BATCH];

	for (int i = 0; i < n; i++)
	{
		places[i] = name_place(names, identities[i]);
		prefetch_for_read(names->slots + (places[i] >> names->shift));
	}
	for (int i = 0; i < n; i++)
	{
		found[i] = find_slot(names, identities[i], places[i])->name;
		prefetch_for_read(found[i]);
	}
	for (int i = 0; i < n; i++)
	{
		to[i].bytes = found[i] ? found[i]->bytes : NULL;
		to[i].length = found[i] ? (int) found[i]->length : 0;
	}
}

/*
 * The names of a run's customers.  Whoever has none is nobody: their identity is
 * zero.
 */
void
retention_names_of_run(const Names *names, const Run *run, OccasionShape shape, NameList *list)
{
	const uint64 *identities[BATCH];
	int64		n = 0;
	int			batch = 0;
	RunCursor	cursor;
	CustomerView customer;

	Assert(names->nwaiting == 0 && shape.key_words == NAMED_WORDS);
	run_begin(&cursor, run, shape);
	for (bool more = true; more;)
	{
		more = run_next(&cursor, &customer);
		if (more)
			identities[batch++] = customer.identity;
		if (batch < BATCH && more)
			continue;
		if (n + batch > list->room)
		{
			list->room = Max(2 * list->room, 8 * BATCH);
			list->names = list->names ? repalloc_huge(list->names, list->room * sizeof(CustomerName)) :
				MemoryContextAllocHuge(CurrentMemoryContext, list->room * sizeof(CustomerName));
		}
		find_batch(names, identities, batch, list->names + n);
		n += batch;
		batch = 0;
	}
}

/* ---- on disk ---------------------------------------------------------------- */

#define ST_SORT sort_slots
#define ST_ELEMENT_TYPE NameSlot
#define ST_COMPARE(a, b) compare_identity((a)->identity, (b)->identity, NAMED_WORDS)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * All names go to disk, with the parts that the entries have there.  They are sorted
 * where they are, as their table is going to be empty anyhow, so that the names of a
 * part are written together.
 */
void
retention_names_spill(Names *names, Spill *spill)
{
	NameWriter	writer;
	int64		n = 0;

	if (names->spilled == NULL)
		names->spilled = retention_spilled_names_create(names->context, spill);
	for (int64 i = 0; i < names_slots(names); i++)
		if (names->slots[i].name)
			names->slots[n++] = names->slots[i];
	sort_slots(names->slots, n);
	retention_spill_names_begin(names->spilled, &writer);
	for (int64 i = 0; i < n; i++)
	{
		const NameSlot *slot = &names->slots[i];

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		retention_spill_name(&writer, slot->identity, slot->name->bytes, (int) slot->name->length);
	}
	retention_spill_names_end(&writer);
	retention_names_clear(names);
}
