/*-------------------------------------------------------------------------
 *
 * radix_sort.c
 *	  Sorting many 64-bit numbers, by their bytes.
 *
 * A million customers' revenues are sorted for one answer, and comparing them
 * takes ten times as long.  What customers pay differs in two or three bytes,
 * and the bytes that are the same in all numbers cost nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "math/radix_sort.h"

#include <string.h>

#define VALUES	256

/* Sort ascending; the scratch has as much room as the keys. */
void
retention_radix_sort(uint64_t *keys, uint64_t *scratch, size_t n)
{
	uint64_t   *from = keys;
	uint64_t   *to = scratch;
	uint64_t	differ = 0;

	for (size_t i = 0; i < n; i++)
		differ |= keys[i] ^ keys[0];

	for (int shift = 0; shift < 64; shift += 8)
	{
		size_t		place[VALUES] = {0};
		size_t		sum = 0;
		uint64_t   *swap;

		if (((differ >> shift) & 0xFF) == 0)
			continue;
		for (size_t i = 0; i < n; i++)
			place[(from[i] >> shift) & 0xFF]++;
		for (int value = 0; value < VALUES; value++)
		{
			size_t		count = place[value];

			place[value] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++)
			to[place[(from[i] >> shift) & 0xFF]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, n * sizeof(uint64_t));
}
