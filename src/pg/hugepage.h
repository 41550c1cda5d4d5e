/*-------------------------------------------------------------------------
 *
 * hugepage.h
 *	  A hint that a piece of memory is large and read at random.
 *
 * A table of customers is probed all over.  In pages of 4 kB each probe also
 * misses the processor's cache of page addresses, and that costs as much as
 * the memory itself; in pages of 2 MB it does not.  Where the system has
 * nothing to take a hint with, nothing is lost.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_HUGEPAGE_H
#define RETENTION_HUGEPAGE_H

#include "postgres.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

#define HUGE_PAGE_BYTES		((Size) 2 * 1024 * 1024)

/* Must come before the memory is touched.  Its content is not changed. */
static inline void
advise_huge_pages(void *memory, Size size)
{
#ifdef MADV_HUGEPAGE
	char	   *start = (char *) TYPEALIGN(HUGE_PAGE_BYTES, memory);
	char	   *end = (char *) TYPEALIGN_DOWN(HUGE_PAGE_BYTES, (char *) memory + size);

	if (start < end)
		(void) madvise(start, end - start, MADV_HUGEPAGE);
#endif
}

#endif							/* RETENTION_HUGEPAGE_H */
