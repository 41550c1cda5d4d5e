/*-------------------------------------------------------------------------
 *
 * state_kind.h
 *	  What a state or value knows of its orders: the kinds of key, time and amount,
 *	  and of which periods.  States have to agree in it to be merged.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_STATE_KIND_H
#define RETENTION_STATE_KIND_H

#include "postgres.h"

#include "order/amount.h"
#include "order/customer.h"
#include "order/instant.h"
#include "order/period.h"
#include "pg/bytes.h"
#include "pgtime.h"

typedef struct Kind
{
	KeyKind		key;
	TimeKind	time;
	AmountKind	amount;
	Grain		grain;			/* 0 where nothing is told apart by periods */
	bool		named;			/* the texts of customers are kept beside their identities */
	bool		anchored;		/* it knows of its customers when they first ordered in a whole that it is a part of */
	char		zone[TZ_STRLEN_MAX + 1];	/* of periods of a timestamptz; else empty */
} Kind;

/* What the byte of the key has besides, where the texts are kept. */
#define KEY_NAMED	0x20

/* Customers who have texts may have names. */
static inline bool
key_is_text(uint8 key)
{
	return key == KEY_TEXT || key == KEY_TEXT_FOLDED;
}

extern void retention_check_same_kind(const Kind *a, const Kind *b, const char *types);
extern void retention_refuse_row(const Kind *has, const Kind *row, const char *type) pg_attribute_cold;
extern void retention_put_kind(StringInfo header, const Kind *kind);
extern void retention_get_kind(ByteReader *in, Kind *kind, bool with_periods);

/* May rows of these types of arguments be added?  A text key may be a folded one. */
static pg_attribute_always_inline bool
kind_takes(uint8 has_key, uint8 has_time, uint8 has_amount, KeyKind key, TimeKind time, AmountKind amount)
{
	return (has_key == key || has_key == key_folded(key)) &&
		has_time == time && has_amount == amount;
}

#endif							/* RETENTION_STATE_KIND_H */
