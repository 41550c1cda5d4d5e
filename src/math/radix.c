/*-------------------------------------------------------------------------
 *
 * radix.c
 *	  Sorting many 64-bit numbers, by their bytes.
 *
 * A million customers' revenues are sorted for one answer, and comparing them
 * takes ten times as long.  What customers pay differs in two or three bytes,
 * and the bytes that are the same in all numbers cost nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "math/radix.h"

#include <string.h>

#define BYTES	8
#define VALUES	256

/* Sort ascending; the scratch has as much room as the keys. */
void
retention_radix_sort(uint64_t *keys, uint64_t *scratch, size_t n)
{
	size_t		count[BYTES][VALUES];
	uint64_t   *from = keys;
	uint64_t   *to = scratch;

	memset(count, 0, sizeof(count));
	for (size_t i = 0; i < n; i++)
		for (int byte = 0; byte < BYTES; byte++)
			count[byte][(keys[i] >> (8 * byte)) & 0xFF]++;

	for (int byte = 0; byte < BYTES; byte++)
	{
		size_t		place[VALUES];
		size_t		sum = 0;
		uint64_t   *swap;

		if (n == 0 || count[byte][(from[0] >> (8 * byte)) & 0xFF] == n)
			continue;
		for (int value = 0; value < VALUES; value++)
		{
			place[value] = sum;
			sum += count[byte][value];
		}
		for (size_t i = 0; i < n; i++)
			to[place[(from[i] >> (8 * byte)) & 0xFF]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, n * sizeof(uint64_t));
}
