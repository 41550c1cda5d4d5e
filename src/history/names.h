/*-------------------------------------------------------------------------
 *
 * names.h
 *	  The texts of customers, where a history is made to keep them.
 *
 * Of a text an identity is a hash, and who wants the text back needs it kept beside
 * it.  It comes with each row, and is kept once: so each row looks for its customer,
 * in a table of all, which is far larger than a cache.  That would cost more than all
 * else that is done with the row, so rows wait until there are some: the place of each
 * is asked for when it comes, and looked at when it is there.
 *
 * What a row touches of the table is kept small: identities alone, by which a customer who
 * has been seen is known, and no more room than there has to be, so that it grows by a half
 * and not by itself.  Where the texts are stands apart, and is looked at for new customers.
 * Texts lie one after the other in the pages of a pool (run.h), which is whoever's who limits
 * memory: there they are counted, and there they go back to.
 *
 * The place of an identity is a hash of it once more, with a salt that nobody outside
 * knows: hashes that somebody has made up lie no closer together than others.  And the table
 * grows by how many customers it has, never by how long it takes to find one.  Places are
 * in the order of these hashes, so that a table that grows is copied from its beginning to
 * its end.
 *
 * Under a collation that calls several spellings equal they are one customer, and
 * one of them is kept: the least, byte by byte, of those that have come.
 *
 * Names of customers whose rows have all been taken away are kept on.  A value
 * has names of those customers alone who are in it: they are looked up when it is made.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_NAMES_H
#define RETENTION_NAMES_H

#include "postgres.h"

#include "history/run.h"
#include "order/customer.h"
#include "pg/prefetch.h"
#include "store/spill_names.h"

/* Identities of texts, the only ones that have names, are of so many words. */
#define NAMED_WORDS		2

/* A name where it's kept: in words of a page. */
typedef struct KeptName
{
	uint32		length;
	char		bytes[FLEXIBLE_ARRAY_MEMBER];
} KeptName;

static inline int64
kept_name_words(int length)
{
	return ((int64) offsetof(KeptName, bytes) + length + sizeof(uint64) - 1) / sizeof(uint64);
}

/* Rows wait with names up to so long; longer ones have cost more to hash than it takes to wait. */
#define NAMES_WAITING		32
#define NAME_WAITING_BYTES	64

typedef struct WaitingName
{
	uint64		identity[NAMED_WORDS];
	uint64		place;			/* where to look, of 2^64 */
	const char *bytes;			/* the caller's, of a long one */
	int			length;
	char		copy[NAME_WAITING_BYTES];
} WaitingName;

typedef struct Names
{
	MemoryContext context;		/* of the table */
	RunPool    *pool;			/* of the texts; NULL: they stay where they are */
	bool		folded;			/* may several spellings be one customer? */
	uint64		salt;
	int64		nslots;
	uint64		(*identities)[NAMED_WORDS];	/* of each slot; zero where it's empty */
	const KeptName **names;		/* NULL where it's empty */
	int64		n;
	int64		most;			/* that the table takes before it grows */
	PagedRun	texts;
	Size		bytes;			/* of these */
	SpilledNames *spilled;		/* NULL: all are in memory */

	int			nwaiting;
	WaitingName waiting[NAMES_WAITING];
} Names;

extern void retention_names_init(Names *names, MemoryContext context, RunPool *pool, bool folded);
extern void retention_names_clear(Names *names);
extern void retention_names_shrink(Names *names);
extern void retention_names_free_table(Names *names);
extern void retention_names_grow(Names *names);
extern void retention_names_place(Names *names);
extern void retention_names_keep(Names *names, const uint64 *identity, const KeptName *name);
extern void retention_names_spill(Names *names, Spill *spill);

/* The names of a run's customers, in their order. */
typedef struct NameList
{
	CustomerName *names;
	int64		room;
} NameList;

extern void retention_names_of_run(const Names *names, const Run *run, OccasionShape shape, NameList *list);

/* What so many slots take. */
static inline Size
name_table_bytes(int64 nslots)
{
	return nslots * (NAMED_WORDS * sizeof(uint64) + sizeof(KeptName *));
}

/* So many slots are there after it has grown. */
static inline int64
name_table_next(int64 nslots)
{
	return nslots + nslots / 2;
}

/* The place of an identity among 2^64. */
static inline uint64
name_place(const Names *names, const uint64 *identity)
{
	return customer_mix(identity[0] ^ customer_mix(identity[1] ^ names->salt));
}

/* The slot where to begin to look. */
static inline int64
name_slot(const Names *names, uint64 place)
{
	return (int64) ((place >> 32) * (uint64) names->nslots >> 32);
}

/* Is there a slot for all that wait, and one more? */
static inline bool
names_have_room(const Names *names)
{
	return names->n + names->nwaiting < names->most;
}

/*
 * A customer's name comes.  Returns whether no more may come before
 * retention_names_place(): as soon as that, if the name is long.
 */
static inline bool
names_push(Names *names, const uint64 *identity, const char *bytes, int length)
{
	WaitingName *waiting = &names->waiting[names->nwaiting++];

	waiting->identity[0] = identity[0];
	waiting->identity[1] = identity[1];
	waiting->place = name_place(names, identity);
	waiting->length = length;
	prefetch_for_read(names->identities[name_slot(names, waiting->place)]);
	if (likely(length <= NAME_WAITING_BYTES))
	{
		memcpy(waiting->copy, bytes, length);
		waiting->bytes = NULL;
		return names->nwaiting == NAMES_WAITING;
	}
	waiting->bytes = bytes;
	return true;
}

#endif							/* RETENTION_NAMES_H */
