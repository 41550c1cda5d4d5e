/*-------------------------------------------------------------------------
 *
 * customer_part.c
 *	  The part of a stored history that a customer is in.
 *
 * A history of many customers is kept in parts, so that what changes of a few of
 * them has few bytes written anew.  They are cut by the identity's hash, which
 * spreads evenly whatever the keys are; parts are ranges of it, as whatever keeps
 * customers in order does so by the hash.  Nobody's identity is zero: rows without a
 * customer are in the first part.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/customer.h"

/* 256 parts: stored ones are cut by it, so it is not to be changed. */
#define PART_BITS	8

#define PART(name, kind) \
	PG_FUNCTION_INFO_V1(retention_part_##name); \
	Datum retention_part_##name(PG_FUNCTION_ARGS) \
	{ \
		Identity	identity = {0, 0}; \
		if (!PG_ARGISNULL(0)) \
			identity = identity_of_datum(PG_GETARG_DATUM(0), kind, PG_GET_COLLATION(), \
										 kind == KEY_TEXT && retention_text_is_folded(PG_GET_COLLATION())); \
		PG_RETURN_INT32((int32) (identity.hash >> (64 - PART_BITS))); \
	} \
	extern Datum retention_part_##name(PG_FUNCTION_ARGS)

PART(int8, KEY_INT8);
PART(uuid, KEY_UUID);
PART(text, KEY_TEXT);
