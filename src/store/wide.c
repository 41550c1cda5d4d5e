/*-------------------------------------------------------------------------
 *
 * wide.c
 *	  Money that no entry has room for: the exceptions of a state.
 *
 * What comes is put at the end.  Whenever the list is full it is sorted, and
 * what has the same key is added up: so a list is about as long as it has keys,
 * and adding to it costs a sort now and then.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/wide.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define FIRST_ROOM	16

WideList *
retention_wide_create(MemoryContext context)
{
	WideList   *list = MemoryContextAllocZero(context, sizeof(WideList));

	list->context = context;
	return list;
}

static void
free_limbs(WideMoney *item)
{
	pfree(unconstify(uint64 *, item->money.limbs));
}

void
retention_wide_free(WideList *list)
{
	if (list == NULL)
		return;
	for (int64 i = 0; i < list->n; i++)
		free_limbs(&list->items[i]);
	if (list->items)
		pfree(list->items);
	pfree(list);
}

static int
compare_items(const void *a, const void *b)
{
	return compare_wide_keys(((const WideMoney *) a)->key, ((const WideMoney *) b)->key);
}

/* to += item, whose limbs are used up. */
static void
add_item(WideMoney *to, WideMoney *item)
{
	Money		sum = retention_money_sum(to->money, item->money);

	free_limbs(to);
	free_limbs(item);
	to->money = sum;
}

/*
 * One item of each key, in ascending order; what is zero goes.  Each has one form,
 * whatever it was added up from.
 */
void
retention_wide_compact(WideList *list)
{
	MemoryContext old;
	int64		kept = 0;

	if (list == NULL || list->compact == list->n)
		return;
	old = MemoryContextSwitchTo(list->context);
	qsort(list->items, list->n, sizeof(WideMoney), compare_items);
	for (int64 i = 0, next; i < list->n; i = next)
	{
		WideMoney	item = list->items[i];

		CHECK_FOR_INTERRUPTS();
		for (next = i + 1; next < list->n && compare_wide_keys(item.key, list->items[next].key) == 0; next++)
			add_item(&item, &list->items[next]);
		if (money_is_zero(item.money.limbs, item.money.nlimbs))
			free_limbs(&item);
		else
		{
			item.money = retention_money_shorten(item.money);
			list->items[kept++] = item;
		}
	}
	list->n = list->compact = kept;
	MemoryContextSwitchTo(old);
}

void
retention_wide_add(WideList *list, const uint64 *key, Money money)
{
	WideMoney  *item;
	uint64	   *limbs;
	int			nlimbs = (retention_money_bytes(money.limbs, money.nlimbs) + 7) / 8;

	if (list->n == list->room)
	{
		if (list->n > 0)
			retention_wide_compact(list);
		if (list->n >= list->room / 2)
		{
			int64		room = Max(2 * list->room, FIRST_ROOM);

			list->items = list->items ?
				repalloc_huge(list->items, room * sizeof(WideMoney)) :
				MemoryContextAlloc(list->context, room * sizeof(WideMoney));
			list->room = room;
		}
	}
	limbs = MemoryContextAlloc(list->context, nlimbs * sizeof(uint64));
	memcpy(limbs, money.limbs, nlimbs * sizeof(uint64));
	item = &list->items[list->n++];
	memcpy(item->key, key, sizeof(item->key));
	item->money = (Money) {limbs, nlimbs, money.scale};
}

/* The place of a key in a list that is compact, or of the first behind it. */
int64
retention_wide_seek(const WideList *list, const uint64 *key)
{
	int64		low = 0;
	int64		high = list->n;

	Assert(list->compact == list->n);
	while (low < high)
	{
		int64		middle = (low + high) / 2;

		if (compare_wide_keys(list->items[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* All of it together; no limbs if that is nothing.  In the current context. */
Money
retention_wide_total(const WideList *list)
{
	Money		total = {NULL, 0, 0};

	for (int64 i = 0; i < wide_count(list); i++)
	{
		Money		sum = retention_money_sum(total, list->items[i].money);

		CHECK_FOR_INTERRUPTS();
		if (total.limbs != NULL && total.limbs != list->items[0].money.limbs)
			pfree(unconstify(uint64 *, total.limbs));
		total = sum;
	}
	return total;
}
