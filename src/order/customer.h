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
 * The number of an order has an identity like a customer's, and the two together
 * have one of their own (order/pair_identity.h).
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

/* Of a customer. */
#define KEY_KIND_LAST	KEY_TEXT_FOLDED

/*
 * Of what is not a customer: the kind of an order's number, or the kinds of a
 * customer and a number.  Each takes three bits.
 */
#define KEY_OF_ORDERS	0x40
#define KEY_OF_PAIRS	0x80
#define KEY_PART_BITS	3
#define KEY_PART_MASK	0x07

#define ORDER_KEY(order)			((KeyKind) (KEY_OF_ORDERS | (order)))
#define PAIR_KEY(customer, order)	((KeyKind) (KEY_OF_PAIRS | (customer) << KEY_PART_BITS | (order)))

/* The most words that a key has: two, two, and whether there is a number. */
#define KEY_MAX_WORDS	5

typedef struct Identity
{
	uint64		hash;
	uint64		low;			/* two-word kinds only */
} Identity;

extern bool retention_text_is_folded(Oid collation);
extern void retention_check_text_key(FunctionCallInfo fcinfo);
extern void retention_check_line_keys(FunctionCallInfo fcinfo);
extern Identity retention_identity_uuid(Datum key);
extern Datum retention_uuid_of_identity(Identity identity);
extern Identity retention_identity_text(Datum key, Oid collation, bool folded);
extern const char *retention_key_name(KeyKind kind);

static inline bool
key_is_order(KeyKind kind)
{
	return (kind & KEY_OF_ORDERS) != 0;
}

static inline bool
key_is_pair(KeyKind kind)
{
	return (kind & KEY_OF_PAIRS) != 0;
}

/* The kind of the number of an order, or of the customer of a pair. */
static inline KeyKind
key_order(KeyKind kind)
{
	return (KeyKind) (kind & KEY_PART_MASK);
}

static inline KeyKind
key_customer(KeyKind kind)
{
	return (KeyKind) (kind >> KEY_PART_BITS & KEY_PART_MASK);
}

/* Of a customer or a number. */
static inline int
part_words(KeyKind kind)
{
	return kind == KEY_NONE ? 0 : kind == KEY_INT8 ? 1 : 2;
}

static inline int
key_words(KeyKind kind)
{
	return kind <= KEY_KIND_LAST ? part_words(kind) :
		key_is_order(kind) ? part_words(key_order(kind)) :
		part_words(key_customer(kind)) + part_words(key_order(kind)) + 1;
}

/* The kind under a collation that calls different texts equal: of all texts in it. */
static inline KeyKind
key_folded(KeyKind kind)
{
	if (kind <= KEY_KIND_LAST)
		return kind == KEY_TEXT ? KEY_TEXT_FOLDED : kind;
	if (key_is_order(kind))
		return ORDER_KEY(key_folded(key_order(kind)));
	return PAIR_KEY(key_folded(key_customer(kind)), key_folded(key_order(kind)));
}

static inline bool
key_is_folded(KeyKind kind)
{
	return key_order(kind) == KEY_TEXT_FOLDED ||
		(key_is_pair(kind) && key_customer(kind) == KEY_TEXT_FOLDED);
}

/* Of a byte from outside. */
static inline bool
key_is_known(uint8 kind)
{
	KeyKind		order = key_order(kind);
	KeyKind		customer = key_customer(kind);

	if (kind <= KEY_KIND_LAST)
		return true;
	if (order == KEY_NONE || order > KEY_KIND_LAST)
		return false;
	if (kind == ORDER_KEY(order))
		return true;
	return kind == PAIR_KEY(customer, order) && customer != KEY_NONE && customer <= KEY_KIND_LAST;
}

/* -1, 0 or 1: which of two identities comes first, whose first words are the same? */
static pg_attribute_always_inline int
compare_other_words(const uint64 *a, const uint64 *b, int key_words)
{
	for (int i = 1; i < key_words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static inline int
compare_identities(const uint64 *a, const uint64 *b, int key_words)
{
	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return compare_other_words(a, b, key_words);
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

/* The number that customer_mix made this of: its steps, undone from the last on. */
static inline uint64
customer_unmix(uint64 hash)
{
	hash ^= hash >> 33;
	hash *= UINT64CONST(0x9cb4b2f8129337db);
	hash ^= hash >> 33;
	hash *= UINT64CONST(0x4f74430c22a54005);
	hash ^= hash >> 33;
	return hash ^ CUSTOMER_MIX_FIRST;
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
