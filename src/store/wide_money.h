/*-------------------------------------------------------------------------
 *
 * wide_money.h
 *	  Money that no entry has room for: the exceptions of a state.
 *
 * An entry's money is one or two words (order/money_units.h).  What doesn't fit is
 * kept here, by the entry's key: its identity, and the period if it has one.
 * While rows come, an entry's money is what it has itself and all that is here
 * under its key.  Before a state is read, whatever fits is put back into the entry,
 * and what doesn't is here as one sum, with nothing in the entry.
 * So money is here if and only if it doesn't fit, in whatever order the rows
 * came, and a refund may bring it back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_WIDE_MONEY_H
#define RETENTION_WIDE_MONEY_H

#include "postgres.h"

#include "order/money_units.h"

/* hash, low word of the identity or 0, period or 0 */
#define WIDE_KEY_WORDS	3

typedef struct WideMoney
{
	uint64		key[WIDE_KEY_WORDS];
	Money		money;			/* at a scale of its own; the limbs are the list's */
} WideMoney;

typedef struct WideList
{
	MemoryContext context;
	WideMoney  *items;
	int64		n;
	int64		room;
	int64		compact;		/* so many ascend, each of another key */
	Size		bytes;			/* that the items take */
} WideList;

/* Finds the money of the entry with a key; there is one. */
typedef uint64 *(*WideFinder) (const uint64 *key, void *arg);

extern WideList *retention_wide_create(MemoryContext context);
extern WideList *retention_wide_copy(const WideList *list);
extern void retention_wide_free(WideList *list);
extern void retention_wide_add(WideList *list, const uint64 *key, Money money);
extern void retention_wide_add_list(WideList *list, const WideList *other);
extern void retention_wide_compact(WideList *list);
extern void retention_wide_put_back(WideList *list, int scale, int words, WideFinder find, void *arg);
extern void retention_wide_truncate(WideList *list, int64 n);
extern int64 retention_wide_seek(const WideList *list, const uint64 *key);
extern Money retention_wide_total(const WideList *list);

static inline int64
wide_count(const WideList *list)
{
	return list ? list->n : 0;
}

/* -1, 0 or 1: which of two keys comes first? */
static inline int
compare_wide_keys(const uint64 *a, const uint64 *b)
{
	for (int i = 0; i < WIDE_KEY_WORDS; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* The money of a key in a list that is compact; no limbs if there is none. */
static inline Money
wide_find(const WideList *list, const uint64 *key)
{
	int64		at = list ? retention_wide_seek(list, key) : 0;

	if (list == NULL || at == list->n || compare_wide_keys(list->items[at].key, key) != 0)
		return (Money) {NULL, 0, 0};
	return list->items[at].money;
}

#endif							/* RETENTION_WIDE_MONEY_H */
