/*-------------------------------------------------------------------------
 *
 * radix_sort.h
 *	  Sorting many 64-bit numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_RADIX_SORT_H
#define RETENTION_RADIX_SORT_H

#include <stddef.h>
#include <stdint.h>

extern void retention_radix_sort(uint64_t *keys, uint64_t *scratch, size_t n);

#endif							/* RETENTION_RADIX_SORT_H */
