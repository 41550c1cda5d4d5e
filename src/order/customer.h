/*-------------------------------------------------------------------------
 *
 * customer.h
 *	  A customer's key -> the identity that tables of customers hold.
 *
 * An identity is one or two 64-bit words.  The first, the "hash", spreads
 * evenly over all 64-bit numbers: tables, spill files and packed values keep
 * customers in its order, and a share of the hashes is a fair sample of the
 * customers.  Identity is exact:
 *
 *	int8	one word, by a mixing function that has an inverse;
 *	uuid	two words, likewise;
 *	text	two words, stored instead of the text: two of 10^9 customers
 *			collide with a chance of about 10^-21.  Up to 64 bytes it is XXH3's
 *			hash of 128 bits, which is the same on every machine, as
 *			PostgreSQL's own is not.  That is against accidents: two texts of 32
 *			bytes that collide can be computed in some 2^32 steps.  Of longer
 *			ones many could be written down without any, so those take SHA-256,
 *			cut to 128 bits.  A nondeterministic collation makes a kind of its
 *			own, because its 'A' and 'a' share an identity: that is
 *			hashtextextended's under two seeds, and no better portable, or
 *			against somebody who tries, than the collation's sort keys.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_CUSTOMER_H
#define RETENTION_CUSTOMER_H

#include "postgres.h"

#include "fmgr.h"

/* The numbers are part of the packed form: append, never renumber. */
typedef enum KeyKind
{
	KEY_NONE = 0,				/* orders of one customer, who is not named */
	KEY_INT8 = 1,
	KEY_UUID = 2,
	KEY_TEXT = 3,
	KEY_TEXT_FOLDED = 4			/* text under a nondeterministic collation */
} KeyKind;

#define KEY_KIND_LAST	KEY_TEXT_FOLDED

typedef struct Identity
{
	uint64		hash;
	uint64		low;			/* two-word kinds only */
} Identity;

extern bool retention_text_is_folded(Oid collation);
extern void retention_check_text_key(FunctionCallInfo fcinfo);
extern Identity retention_identity_uuid(Datum key);
extern Identity retention_identity_text(Datum key, Oid collation, bool folded);
extern const char *retention_key_name(KeyKind kind);

static inline int
key_words(KeyKind kind)
{
	return kind == KEY_NONE ? 0 : kind == KEY_INT8 ? 1 : 2;
}

/*
 * The finalizer of MurmurHash3: a bijection of 64-bit numbers, so that no two
 * integers share a hash, and each can be read back from it.  By itself it would
 * leave 0 where it is, and a customer 0 would be in every sample; so the digits
 * of pi come first.  The number that they take to 0 is nobody's.
 */
#define CUSTOMER_MIX_FIRST	UINT64CONST(0x243f6a8885a308d3)

static inline uint64
customer_mix(uint64 key)
{
	key ^= CUSTOMER_MIX_FIRST;
	key ^= key >> 33;
	key *= UINT64CONST(0xff51afd7ed558ccd);
	key ^= key >> 33;
	key *= UINT64CONST(0xc4ceb9fe1a85ec53);
	key ^= key >> 33;
	return key;
}

/* The collation and whether it folds matter to texts alone. */
static inline Identity
identity_of_datum(Datum datum, KeyKind key, Oid collation, bool folded)
{
	Identity	identity = {0, 0};

	if (key == KEY_INT8)
	{
		identity.hash = customer_mix((uint64) DatumGetInt64(datum));
		return identity;
	}
	if (key == KEY_UUID)
		return retention_identity_uuid(datum);
	return retention_identity_text(datum, collation, folded);
}

#endif							/* RETENTION_CUSTOMER_H */
