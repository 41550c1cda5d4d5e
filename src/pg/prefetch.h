/*-------------------------------------------------------------------------
 *
 * prefetch.h
 *	  Memory that is asked for before it is needed.
 *
 * What is looked up in a table larger than the cache is a wait for memory.  Who knows
 * some rows ahead where to look asks then, and doesn't wait.  Any address will do, and
 * where the compiler has no word for it nothing is lost.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PREFETCH_H
#define RETENTION_PREFETCH_H

#if defined(__GNUC__) || defined(__clang__)
#define prefetch_for_read(address)	__builtin_prefetch(address)
#define prefetch_for_write(address)	__builtin_prefetch(address, 1)
#else
#define prefetch_for_read(address)	((void) 0)
#define prefetch_for_write(address)	((void) 0)
#endif

#endif							/* RETENTION_PREFETCH_H */
