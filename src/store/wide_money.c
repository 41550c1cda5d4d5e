/*-------------------------------------------------------------------------
 *
 * wide_money.c
 *	  Money that no entry has room for: the exceptions of a state.
 *
 * What comes is put at the end.  Whenever the list is full it is sorted, and
 * what has the same key is added up: so a list is about as long as it has keys,
 * and adding to it costs a sort now and then.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/wide_money.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define FIRST_ROOM	16

/* No more than a value of it could have. */
#define MOST_BYTES	MaxAllocSize

WideList *
retention_wide_create(MemoryContext context)
{
	WideList   *list = MemoryContextAllocZero(context, sizeof(WideList));

	list->context = context;
	return list;
}

static inline Size
item_bytes(const WideMoney *item)
{
	return sizeof(WideMoney) + item->money.nlimbs * sizeof(uint64);
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

/* Of NULL, an empty one. */
WideList *
retention_wide_copy(const WideList *list)
{
	WideList   *copy = retention_wide_create(list ? list->context : CurrentMemoryContext);

	for (int64 i = 0; i < wide_count(list); i++)
		retention_wide_add(copy, list->items[i].key, list->items[i].money);
	return copy;
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
	int64		n = list ? list->n : 0;
	int64		kept = 0;

	if (list == NULL || list->compact == n)
		return;
	old = MemoryContextSwitchTo(list->context);
	qsort(list->items, n, sizeof(WideMoney), compare_items);
	list->n = list->compact = 0;	/* nothing is freed twice, should it come to an error */
	list->bytes = 0;
	for (int64 i = 0, next; i < n; i = next)
	{
		WideMoney	item = list->items[i];

		CHECK_FOR_INTERRUPTS();
		for (next = i + 1; next < n && compare_wide_keys(item.key, list->items[next].key) == 0; next++)
			add_item(&item, &list->items[next]);
		if (money_is_zero(item.money.limbs, item.money.nlimbs))
			free_limbs(&item);
		else
		{
			item.money = retention_money_shorten(item.money);
			list->items[kept++] = item;
			list->bytes += item_bytes(&item);
		}
	}
	list->n = list->compact = kept;
	MemoryContextSwitchTo(old);
}

/*
 * Before what has the list is read: each entry has its money, of so many words and
 * this scale, or else it has none, and all of it is in the list.  The finder is
 * given the keys in ascending order.
 */
void
retention_wide_put_back(WideList *list, int scale, int words, WideFinder find, void *arg)
{
	MemoryContext old;
	int64		n;
	int64		kept = 0;

	retention_wide_compact(list);
	n = wide_count(list);
	if (n == 0)
		return;
	old = MemoryContextSwitchTo(list->context);
	list->n = list->compact = 0;
	list->bytes = 0;
	for (int64 i = 0; i < n; i++)
	{
		WideMoney	item = list->items[i];
		uint64	   *units = find(item.key, arg);
		uint64		whole[UNITS_MAX_WORDS];
		int			needs;

		CHECK_FOR_INTERRUPTS();
		if (!units_are_zero(units, words))
		{
			Money		sum = retention_money_sum(retention_units_money(units, words, scale), item.money);

			free_limbs(&item);
			item.money = retention_money_shorten(sum);
		}
		needs = retention_units_of_money(item.money, scale, whole);
		if (needs > 0 && needs <= words)
		{
			units_widen(units, words, whole, needs);
			free_limbs(&item);
		}
		else
		{
			memset(units, 0, words * sizeof(uint64));
			list->items[kept++] = item;
			list->bytes += item_bytes(&item);
		}
	}
	list->n = list->compact = kept;
	MemoryContextSwitchTo(old);
}

static void
make_room(WideList *list)
{
	if (list->n > 0)
		retention_wide_compact(list);
	if (list->bytes > MOST_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("amounts of more than %d digits take more than %d MB", UNITS_DIGITS,
						(int) (MOST_BYTES / (1024 * 1024))),
				 errhint("Leave such amounts out by WHERE or FILTER.")));
	if (list->n >= list->room / 2)
	{
		int64		room = Max(2 * list->room, FIRST_ROOM);

		list->items = list->items ?
			repalloc_huge(list->items, room * sizeof(WideMoney)) :
			MemoryContextAlloc(list->context, room * sizeof(WideMoney));
		list->room = room;
	}
}

void
retention_wide_add(WideList *list, const uint64 *key, Money money)
{
	WideMoney  *item;
	uint64	   *limbs;
	int			nlimbs = (retention_money_bytes(money.limbs, money.nlimbs) + 7) / 8;

	if (list->n == list->room || list->bytes > MOST_BYTES)
		make_room(list);
	limbs = MemoryContextAlloc(list->context, nlimbs * sizeof(uint64));
	memcpy(limbs, money.limbs, nlimbs * sizeof(uint64));
	item = &list->items[list->n++];
	memcpy(item->key, key, sizeof(item->key));
	item->money = (Money) {limbs, nlimbs, money.scale};
	list->bytes += item_bytes(item);
}

/* All that another list has. */
void
retention_wide_add_list(WideList *list, const WideList *other)
{
	for (int64 i = 0; i < wide_count(other); i++)
	{
		CHECK_FOR_INTERRUPTS();
		retention_wide_add(list, other->items[i].key, other->items[i].money);
	}
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

/* Forget all behind the first n. */
void
retention_wide_truncate(WideList *list, int64 n)
{
	for (int64 i = n; i < list->n; i++)
	{
		list->bytes -= item_bytes(&list->items[i]);
		free_limbs(&list->items[i]);
	}
	list->n = n;
	list->compact = Min(list->compact, n);
}
