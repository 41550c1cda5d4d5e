/*-------------------------------------------------------------------------
 *
 * ledger_rewrite.c
 *	  The occasions of many customers, all of them written anew.
 *
 * Money that is wider, or has more digits behind the point, than what is there makes
 * all other money so; and what rows taken away have cancelled is dropped in the end.
 * Each is a pass over all runs in memory, a page at a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/ledger.h"

/* Give all that is in memory money of so many words and of this scale, no fewer than it has. */
static void
convert_money(Ledger *ledger, int words, int scale)
{
	OccasionShape from;
	int			from_scale = ledger->elsewhere.scale;

	/* which may have made it wide */
	retention_ledger_fold(ledger);
	from = ledger->shape;
	/* if there is no memory for it, nothing needs to be there */
	if (words > from.money_words)
		retention_ledger_keep_limit_with(ledger, ledger->entries * sizeof(uint64));
	ledger->shape.money_words = words;
	ledger->elsewhere.scale = scale;
	for (int i = 0; i < partitions(ledger); i++)
	{
		Partition  *partition = &ledger->partitions[i];
		PagedRun	old = partition->run;

		CHECK_FOR_INTERRUPTS();
		retention_ledger_clear_fresh(ledger, partition);
		memset(&partition->run, 0, sizeof(PagedRun));
		for (RunPage *page = old.first; page; page = page->next)
		{
			Run			piece = page_run(page);
			RunCursor	cursor;
			CustomerView customer;

			run_begin(&cursor, &piece, from);
			while (run_next(&cursor, &customer))
			{
				int64		most = customer_words(from) + customer.n * (1 + words);
				uint64	   *to = paged_room(&ledger->pool, &partition->run, most);

				most = retention_convert_customer(&customer, from, from_scale, to, words,
												  &ledger->elsewhere);
				paged_wrote(&partition->run, most, customer.n);
			}
		}
		retention_pool_free(&ledger->pool, old.first);
	}
}

/* Money of two words, for good: what is in memory, and what comes. */
void
retention_ledger_promote(Ledger *ledger)
{
	if (ledger->shape.money_words == 1)
		convert_money(ledger, 2, ledger->elsewhere.scale);
}

/* Does all money in memory fit a word, if it's multiplied by 10^power? */
static bool
fits_word(const Ledger *ledger, int power)
{
	LedgerScan	scan;
	CustomerView customer;
	uint64		bits = 0;		/* that any has, but for its sign */

	ledger_scan_begin(&scan, ledger, 0);
	while (ledger_scan_next(&scan, &customer))
		for (int64 i = 0; i < customer.n; i++)
		{
			uint64		units = customer.occasions[i * 2 + 1];

			bits |= units ^ (uint64) ((int64) units >> 63);
		}
	return retention_units_rescale(&bits, 1, power);
}

/* Money with more digits behind the point: what is in memory, and what comes. */
void
retention_ledger_rescale(Ledger *ledger, int scale)
{
	int			words;

	Assert(scale > ledger->elsewhere.scale && ledger->shape.money_words > 0);
	retention_ledger_fold(ledger);
	words = ledger->shape.money_words;
	if (wide_count(&ledger->elsewhere.list) > 0 ||
		(words == 1 && !fits_word(ledger, scale - ledger->elsewhere.scale)))
		words = 2;
	convert_money(ledger, words, scale);
}

/* Finds the money of occasions, by keys that ascend. */
typedef struct MoneyFinder
{
	LedgerScan	scan;
	CustomerView customer;
	int64		at;				/* of their occasions */
} MoneyFinder;

static uint64 *
find_money(const uint64 *key, void *arg)
{
	MoneyFinder *finder = arg;
	const Ledger *ledger = finder->scan.ledger;
	CustomerView *customer = &finder->customer;
	int			partition = (int) (ledger_partition(ledger, key[0]) - ledger->partitions);

	if (partition >= finder->scan.next_partition)
	{
		ledger_scan_begin(&finder->scan, ledger, partition);
		customer->identity = NULL;
	}
	while (customer->identity == NULL ||
		   compare_identity(customer->identity, key, ledger->shape.key_words) < 0)
	{
		if (!ledger_scan_next(&finder->scan, customer))
			elog(ERROR, "money is of nobody");
		finder->at = 0;
	}
	for (; finder->at < customer->n; finder->at++)
	{
		const uint64 *occasion = customer->occasions + finder->at * occasion_words(ledger->shape);

		if (mark_slot(*occasion) == key[2])
			return unconstify(uint64 *, occasion + 1);
	}
	elog(ERROR, "money is of no occasion");
}

/* Each occasion has its money, or all of it is elsewhere.  No entry is fresh. */
void
retention_ledger_put_money_back(Ledger *ledger)
{
	MoneyFinder finder = {0};

	ledger_scan_begin(&finder.scan, ledger, 0);
	retention_wide_put_back(&ledger->elsewhere.list, ledger->elsewhere.scale,
							ledger->shape.money_words, find_money, &finder);
}

/*
 * Forget the occasions whose rows have all been taken away.  Money is put back, and no
 * entry is fresh.
 */
void
retention_ledger_drop_cancelled(Ledger *ledger)
{
	OccasionShape shape = ledger->shape;

	for (int i = 0; i < partitions(ledger); i++)
	{
		Partition  *partition = &ledger->partitions[i];
		PagedRun	old = partition->run;

		CHECK_FOR_INTERRUPTS();
		memset(&partition->run, 0, sizeof(PagedRun));
		for (RunPage *page = old.first; page; page = page->next)
		{
			Run			piece = page_run(page);
			RunCursor	cursor;
			CustomerView customer;

			run_begin(&cursor, &piece, shape);
			while (run_next(&cursor, &customer))
			{
				uint64	   *to = paged_room(&ledger->pool, &partition->run, cursor.at - customer.identity);
				uint64	   *end = to + customer_words(shape);
				int64		n;

				for (int64 j = 0; j < customer.n; j++)
				{
					const uint64 *occasion = customer.occasions + j * occasion_words(shape);
					uint64		key[WIDE_KEY_WORDS];

					occasion_wide_key(key, customer.identity, *occasion, shape.key_words);
					if (occasion_is_nothing(occasion, shape.money_words) &&
						(ledger->elsewhere.list.n == 0 || wide_find(&ledger->elsewhere.list, key).limbs == NULL))
						continue;
					copy_words(end, occasion, occasion_words(shape));
					end += occasion_words(shape);
				}
				n = (end - to - customer_words(shape)) / occasion_words(shape);
				if (n == 0)
					continue;
				copy_words(to, customer.identity, shape.key_words);
				to[shape.key_words] = (uint64) n;
				paged_wrote(&partition->run, end - to, n);
			}
		}
		retention_pool_free(&ledger->pool, old.first);
		ledger->entries += partition->run.entries - old.entries;
	}
	ledger->elsewhere.cancelled = false;
}
