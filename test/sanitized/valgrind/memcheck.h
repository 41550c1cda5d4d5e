/*-------------------------------------------------------------------------
 *
 * memcheck.h
 *	  What PostgreSQL tells valgrind of its memory, told to the address
 *	  sanitizer.
 *
 * A server compiled with USE_VALGRIND says of each byte that a memory context
 * or the buffer pool manages whether it may be touched: it may not before it
 * is allocated, after it is freed, and in what an allocation is rounded up by.
 * It says so with the macros of valgrind's header of this name; with this one
 * before it on the include path the sanitizer hears it.
 *
 * The sanitizer knows of no memory that may be touched but has not been
 * written, so that defined and undefined are one.  A mempool's freed memory
 * needs nothing here: the server wipes it, which makes it inaccessible.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_SANITIZED_MEMCHECK_H
#define RETENTION_SANITIZED_MEMCHECK_H

#include <sanitizer/asan_interface.h>

#define VALGRIND_MAKE_MEM_DEFINED(at, size)		ASAN_UNPOISON_MEMORY_REGION((at), (size))
#define VALGRIND_MAKE_MEM_UNDEFINED(at, size)	ASAN_UNPOISON_MEMORY_REGION((at), (size))
#define VALGRIND_MAKE_MEM_NOACCESS(at, size)	ASAN_POISON_MEMORY_REGION((at), (size))

#define VALGRIND_CREATE_MEMPOOL(context, redzones, zeroed)		((void) 0)
#define VALGRIND_DESTROY_MEMPOOL(context)						((void) 0)
#define VALGRIND_MEMPOOL_ALLOC(context, at, size)				ASAN_UNPOISON_MEMORY_REGION((at), (size))
#define VALGRIND_MEMPOOL_CHANGE(context, before, after, size)	ASAN_UNPOISON_MEMORY_REGION((after), (size))
#define VALGRIND_MEMPOOL_FREE(context, at)						((void) 0)

#define VALGRIND_CHECK_MEM_IS_DEFINED(at, size)					((void) 0)
#define VALGRIND_GET_VBITS(at, bits, size)						0
#define VALGRIND_COUNT_ERRORS									0
#define VALGRIND_PRINTF(...)									((void) 0)

#endif							/* RETENTION_SANITIZED_MEMCHECK_H */
