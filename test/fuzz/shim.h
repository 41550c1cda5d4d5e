/*-------------------------------------------------------------------------
 *
 * shim.h
 *	  What a fuzzed type and shim.c, the server that it runs in, know of each
 *	  other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_FUZZ_SHIM_H
#define RETENTION_FUZZ_SHIM_H

#include "postgres.h"

/* May there be an error?  At first there may: most bytes are no value. */
extern bool fuzz_error_allowed;

/* Of the type that is fuzzed: any bytes, as recv or in have them. */
extern void fuzz_value(struct varlena *value);

extern void fuzz_must_be_same(const struct varlena *value, const struct varlena *other);

#endif							/* RETENTION_FUZZ_SHIM_H */
