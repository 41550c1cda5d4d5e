/*-------------------------------------------------------------------------
 *
 * pair_identity.h
 *	  Rows that are lines of orders: a customer and an order's number -> the
 *	  identity of the two.
 *
 * What the lines of one order have in common is its number, and shops that number
 * their orders by themselves, or give a number again, have it twice: so an order
 * is a customer and a number.  A row without a number is an order of its own.
 *
 * The identity of such a pair is up to five words:
 *
 *	the hashes of customer and order, in one
 *	the low word of the customer, if theirs is an identity of two words
 *	the hash of the order
 *	the low word of the order, likewise
 *	1 if the order has no number, of which the words are 0 then; else 0
 *
 * The first spreads evenly: the orders of a customer who has a million of them lie
 * as far apart as those of a million customers.  And it can be undone, so that
 * the customer's identity follows from the pair's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PAIR_IDENTITY_H
#define RETENTION_PAIR_IDENTITY_H

#include "postgres.h"

#include "order/customer.h"

/* An order without a number is NULL. */
static inline void
pair_identity(uint64 *words, KeyKind key, Identity customer, const Identity *order)
{
	*words++ = customer.hash ^ customer_mix(order ? order->hash : 0);
	if (part_words(key_customer(key)) == 2)
		*words++ = customer.low;
	*words++ = order ? order->hash : 0;
	if (part_words(key_order(key)) == 2)
		*words++ = order ? order->low : 0;
	*words = order == NULL;
}

static inline bool
pair_has_number(const uint64 *words, KeyKind key)
{
	return words[key_words(key) - 1] == 0;
}

/* The identity of a pair's customer, in the words that it has. */
static inline void
pair_customer(const uint64 *words, KeyKind key, uint64 *customer)
{
	int			customer_words = part_words(key_customer(key));

	customer[0] = words[0] ^ customer_mix(words[customer_words]);
	if (customer_words == 2)
		customer[1] = words[1];
}

/* Can a pair have this identity? */
static inline bool
pair_is_possible(const uint64 *words, KeyKind key)
{
	int			tag = key_words(key) - 1;

	for (int i = part_words(key_customer(key)); words[tag] != 0 && i < tag; i++)
		if (words[i] != 0)
			return false;
	return words[tag] <= 1;
}

#endif							/* RETENTION_PAIR_IDENTITY_H */
