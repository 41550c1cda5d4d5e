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

#define FIRST_SLOTS		64

/* Customers whose memory is asked for together. */
#define BATCH			32

/* ---- the table -------------------------------------------------------------- */

static void *
allocate_zero(MemoryContext context, Size size)
{
	void	   *memory = MemoryContextAllocHuge(context, size);

	advise_huge_pages(memory, size);
	return memset(memory, 0, size);
}

/* A table of so many slots, all empty. */
static void
make_table(Names *names, int64 nslots)
{
	names->nslots = nslots;
	names->most = nslots / 4 * 3;
	names->identities = allocate_zero(names->context, nslots * sizeof(names->identities[0]));
	names->names = allocate_zero(names->context, nslots * sizeof(KeptName *));
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
	make_table(names, FIRST_SLOTS);
}

/* The table goes; what names there were stays where it is. */
void
retention_names_free_table(Names *names)
{
	pfree(names->identities);
	pfree(names->names);
}

/*
 * The customer's slot, or the empty one that would be theirs.  An identity may be zero, as
 * that of an empty slot is: then the names tell these apart.
 */
static pg_attribute_always_inline int64
find_slot(const Names *names, const uint64 *identity, uint64 place)
{
	int64		at = name_slot(names, place);

	for (;;)
	{
		const uint64 *there = names->identities[at];

		/* one branch that can be foreseen as a rule, and not two */
		if (((there[0] ^ identity[0]) | (there[1] ^ identity[1])) == 0)
			return at;
		if ((there[0] | there[1]) == 0 && names->names[at] == NULL)
			return at;
		if (++at == names->nslots)
			at = 0;
	}
}

/* Is it the customer's? */
static inline bool
is_there(const Names *names, int64 at, const uint64 *identity)
{
	const uint64 *there = names->identities[at];

	if (unlikely(identity[0] == 0 && identity[1] == 0))
		return names->names[at] != NULL;
	return there[0] == identity[0] && there[1] == identity[1];
}

/* More slots.  Until they are filled, the old ones are there. */
void
retention_names_grow(Names *names)
{
	Names		grown = *names;

	if (name_table_next(names->nslots) > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("purchase history has more than %lld customers with names", (long long) names->n)));
	make_table(&grown, name_table_next(names->nslots));
	for (int64 i = 0; i < names->nslots; i++)
	{
		const uint64 *identity = names->identities[i];
		int64		to;

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (names->names[i] == NULL)
			continue;
		to = find_slot(&grown, identity, name_place(names, identity));
		memcpy(grown.identities[to], identity, sizeof(grown.identities[to]));
		grown.names[to] = names->names[i];
	}
	retention_names_free_table(names);
	names->nslots = grown.nslots;
	names->most = grown.most;
	names->identities = grown.identities;
	names->names = grown.names;
}

/* Forget all of them; the table stays. */
void
retention_names_clear(Names *names)
{
	memset(names->identities, 0, names->nslots * sizeof(names->identities[0]));
	memset(names->names, 0, names->nslots * sizeof(KeptName *));
	names->n = 0;
	names->bytes = 0;
	if (names->texts.first)
		retention_pool_free(names->pool, names->texts.first);
	memset(&names->texts, 0, sizeof(PagedRun));
}

/* The table becomes small again; all has been forgotten. */
void
retention_names_shrink(Names *names)
{
	Assert(names->n == 0 && names->nwaiting == 0);
	retention_names_free_table(names);
	make_table(names, FIRST_SLOTS);
}

/* ---- adding ----------------------------------------------------------------- */

/* Byte by byte. */
static bool
is_less(const char *a, int a_length, const char *b, int b_length)
{
	int			order = memcmp(a, b, Min(a_length, b_length));

	return order != 0 ? order < 0 : a_length < b_length;
}

/* Is there a name already, and no greater one?  Of two spellings the least is kept. */
static inline bool
is_kept(const Names *names, int64 at, const uint64 *identity, const char *bytes, int length)
{
	const KeptName *kept;

	if (!is_there(names, at, identity))
		return false;
	if (likely(!names->folded))
		return true;
	kept = names->names[at];
	return !is_less(bytes, length, kept->bytes, (int) kept->length);
}

static void
set_name(Names *names, int64 at, const uint64 *identity, const KeptName *name)
{
	names->n += names->names[at] == NULL;
	memcpy(names->identities[at], identity, sizeof(names->identities[at]));
	names->names[at] = name;
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
		int64		at = find_slot(names, waiting->identity, waiting->place);

		if (!is_kept(names, at, waiting->identity, bytes, waiting->length))
			set_name(names, at, waiting->identity, copy_name(names, bytes, waiting->length));
	}
}

/* A name that stays where it is, and at once. */
void
retention_names_keep(Names *names, const uint64 *identity, const KeptName *name)
{
	int64		at;

	if (!names_have_room(names))
		retention_names_grow(names);
	at = find_slot(names, identity, name_place(names, identity));
	if (!is_kept(names, at, identity, name->bytes, (int) name->length))
		set_name(names, at, identity, name);
}

/* ---- finding ---------------------------------------------------------------- */

/* The names of so many customers; they wait for memory together. */
static void
find_batch(const Names *names, const uint64 *const *identities, int n, CustomerName *to)
{
	uint64		places[BATCH];
	int64		at[BATCH];
	const KeptName *found[BATCH];

	for (int i = 0; i < n; i++)
	{
		places[i] = name_place(names, identities[i]);
		prefetch_for_read(names->identities[name_slot(names, places[i])]);
	}
	for (int i = 0; i < n; i++)
	{
		at[i] = find_slot(names, identities[i], places[i]);
		prefetch_for_read(&names->names[at[i]]);
	}
	for (int i = 0; i < n; i++)
	{
		found[i] = names->names[at[i]];
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

typedef struct NamedIdentity
{
	uint64		identity[NAMED_WORDS];
	const KeptName *name;
} NamedIdentity;

#define ST_SORT sort_names
#define ST_ELEMENT_TYPE NamedIdentity
#define ST_COMPARE(a, b) compare_identity((a)->identity, (b)->identity, NAMED_WORDS)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * All names go to disk, with the parts that the entries have there: in order, so that
 * those of a part are written together.
 */
void
retention_names_spill(Names *names, Spill *spill)
{
	NamedIdentity *sorted = palloc_extended(Max(names->n, 1) * sizeof(NamedIdentity), MCXT_ALLOC_HUGE);
	NameWriter	writer;
	int64		n = 0;

	if (names->spilled == NULL)
		names->spilled = retention_spilled_names_create(names->context, spill);
	for (int64 i = 0; i < names->nslots; i++)
	{
		if (names->names[i] == NULL)
			continue;
		memcpy(sorted[n].identity, names->identities[i], sizeof(sorted[n].identity));
		sorted[n++].name = names->names[i];
	}
	sort_names(sorted, n);
	retention_spill_names_begin(names->spilled, &writer);
	for (int64 i = 0; i < n; i++)
	{
		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		retention_spill_name(&writer, sorted[i].identity, sorted[i].name->bytes, (int) sorted[i].name->length);
	}
	retention_spill_names_end(&writer);
	pfree(sorted);
	retention_names_clear(names);
}
