/*-------------------------------------------------------------------------
 *
 * shim.h
 *	  What the fuzzer's program needs of shim.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_FUZZ_SHIM_H
#define RETENTION_FUZZ_SHIM_H

#include <setjmp.h>

/* Errors jump here. */
extern jmp_buf fuzz_error;

extern void fuzz_free_all(void);

#endif							/* RETENTION_FUZZ_SHIM_H */
