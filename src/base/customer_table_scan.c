/*-------------------------------------------------------------------------
 *
 * customer_table_scan.c
 *	  The entries of a table in the order of their identities.
 *
 * As a rule they lie in that order.  Those of a salted table are sorted, byte
 * by byte: keys that were made up to crowd a table differ in a few bytes only,
 * and the others cost nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/customer_table.h"

#include "miscadmin.h"
#include "utils/memutils.h"

typedef struct ScanEntry
{
	uint64		hash;
	const uint64 *entry;
} ScanEntry;

/* Fewer than this are sorted by insertion. */
#define FEW		24

static inline uint64
word_of(const ScanEntry *entry, int word)
{
	return word == 0 ? entry->hash : entry->entry[word];
}

/* Sort by one word of the identity; "to" is room for as many. */
static void
sort_by_word(ScanEntry *entries, ScanEntry *room, int64 n, int word)
{
	ScanEntry  *from = entries;
	ScanEntry  *to = room;
	uint64		differ = 0;

	if (n < FEW)
	{
		for (int64 i = 1; i < n; i++)
		{
			ScanEntry	held = entries[i];
			int64		j = i;

			for (; j > 0 && word_of(&entries[j - 1], word) > word_of(&held, word); j--)
				entries[j] = entries[j - 1];
			entries[j] = held;
		}
		return;
	}
	for (int64 i = 1; i < n; i++)
		differ |= word_of(&entries[i], word) ^ word_of(&entries[0], word);
	for (int shift = 0; shift < 64; shift += 8)
	{
		int64		place[256] = {0};
		int64		sum = 0;
		ScanEntry  *swap;

		if (((differ >> shift) & 0xFF) == 0)
			continue;
		CHECK_FOR_INTERRUPTS();
		for (int64 i = 0; i < n; i++)
			place[(word_of(&from[i], word) >> shift) & 0xFF]++;
		for (int value = 0; value < 256; value++)
		{
			int64		count = place[value];

			place[value] = sum;
			sum += count;
		}
		for (int64 i = 0; i < n; i++)
			to[place[(word_of(&from[i], word) >> shift) & 0xFF]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != entries)
		memcpy(entries, from, n * sizeof(ScanEntry));
}

/* Sort by this word, and those that it leaves together by the next. */
static void
sort_from_word(ScanEntry *entries, ScanEntry *room, int64 n, int word, int key_words)
{
	sort_by_word(entries, room, n, word);
	if (++word == key_words)
		return;
	for (int64 i = 0, end; i < n; i = end)
	{
		for (end = i + 1; end < n && word_of(&entries[end], word - 1) == word_of(&entries[i], word - 1); end++)
			;
		if (end > i + 1)
			sort_from_word(entries + i, room, end - i, word, key_words);
	}
}

/* The table must not change until the scan ends. */
void
retention_scan_begin(TableScan *scan, const CustomerTable *table)
{
	ScanEntry  *room;
	const uint64 *entry;

	memset(scan, 0, sizeof(TableScan));
	scan->table = table;
	scan->slot = table_slots(table);
	scan->end = table_end(table);
	if (table->salt == 0)
		return;

	room = MemoryContextAllocHuge(CurrentMemoryContext, 2 * (table->used + 1) * sizeof(ScanEntry));
	while ((entry = scan_next(scan)) != NULL)
	{
		room[scan->n].hash = entry[0];
		room[scan->n++].entry = entry;
	}
	Assert(scan->n == table->used);
	scan->sorted = room;
	sort_from_word(room, room + table->used, scan->n, 0, table->key_words);
}

/* The next entry of a salted table. */
const uint64 *
retention_scan_sorted(TableScan *scan)
{
	return scan->next < scan->n ? scan->sorted[scan->next++].entry : NULL;
}

void
retention_scan_end(TableScan *scan)
{
	if (scan->sorted)
		pfree(scan->sorted);
	scan->sorted = NULL;
}
