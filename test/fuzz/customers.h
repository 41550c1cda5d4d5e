/*-------------------------------------------------------------------------
 *
 * customers.h
 *	  What the values of customers have in common, customer_base and
 *	  purchase_history: blocks of columns (store/column.h), and money of any width.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_FUZZ_CUSTOMERS_H
#define RETENTION_FUZZ_CUSTOMERS_H

#include "postgres.h"

#include "order/money.h"

#include "mutate.h"

enum
{
	ROLE_BLOCK = ROLE_FIRST,	/* count of its customers, less one */
	ROLE_HASH, ROLE_LOW,
	ROLE_SCALE, ROLE_MONEY_WORDS, ROLE_SUM, ROLE_MONEY,
	ROLE_WIDE, ROLE_WIDE_KEY, ROLE_WIDE_SCALE, ROLE_WIDE_MONEY,
	ROLE_CUSTOMERS_LAST			/* the type's own begin here */
};

/* What a type's orders are, as the header says. */
typedef struct FuzzKind
{
	int			key_words;		/* of a customer's identity */
	bool		has_time;
	bool		has_money;
	bool		has_names;
} FuzzKind;

extern FuzzKind fuzz_kind(Fields *fields);
extern void fuzz_money_width(Fields *fields);
extern void fuzz_sum(Fields *fields, int sum);
extern void fuzz_first_hash(Fields *fields);
extern void fuzz_identities(Fields *fields, const FuzzKind *kind, uint64 n);

/* Takes what a block with this tag has in it. */
typedef void (*FuzzBlock) (Fields *fields, const FuzzKind *kind, uint64 tag);

extern void fuzz_blocks(Fields *fields, const FuzzKind *kind, FuzzBlock parse_block);

/*
 * Makes the sums of money those of the entries, and of what is kept elsewhere: each
 * is part of the sums that its field says.  Is the value of two words if there is any
 * elsewhere, whatever the entries have?
 */
extern void fuzz_total_money(Fields *fields, bool elsewhere_takes_two);

extern void fuzz_must_be_equal(Money money, Money other);

#endif							/* RETENTION_FUZZ_CUSTOMERS_H */
