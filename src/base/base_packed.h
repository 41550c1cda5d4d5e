/*-------------------------------------------------------------------------
 *
 * base_packed.h
 *	  The packed form of a customer_base: what is stored, sent and printed.
 *
 * One sequence of bytes for one content, the same on every machine; what a value
 * and its blocks look like is said in store/column.h.
 *
 *	header	version, kinds of key, time and amount, 1 byte each;
 *			1 if the customers are selected, 1 byte;
 *			size of the sample (0: exact), varint, and its bound, 8 bytes if so;
 *			the totals, as varints, so that an accessor need not look further;
 *			words of a customer's money (1 or 2), scale and sums of money
 *	blocks	of up to 256 customers in the order of their identities:
 *				count - 1				1 byte
 *				first hash				8
 *				unit and base of times	1, 8	if they are known
 *				columns: hash deltas (of all but the first), one of each other word
 *				of the identities, orders; first orders and lifespans in units, the
 *				former from the base; money
 *
 * The state of an aggregate over lines is such a value, too, whose keys are orders
 * or pairs of customers and orders, which its kind of key says.  What a base says of
 * its customers it says of these: orders are the rows of each.
 *
 * A customer takes 15 to 25 bytes, where the plain facts take 40.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_BASE_PACKED_H
#define RETENTION_BASE_PACKED_H

#include "postgres.h"

#include "base/base_totals.h"
#include "base/customer_table.h"
#include "store/aggregate_state.h"
#include "store/state_kind.h"

#define BASE_TYPE		"customer_base"
#define PACKED_BLOCK	256		/* customers in a block */

/* Entries go in, in ascending order; bytes come out. */
typedef struct BasePacker
{
	int			key_words;
	bool		has_time;
	bool		has_money;

	BlockWriter blocks;
	int64		entries;
	int			words;			/* of the widest money so far */
	EntryCounts counted;		/* of the entries so far */

	/* the block that's being filled */
	int			nblock;
	uint64		hashes[PACKED_BLOCK];
	uint64		lows[KEY_MAX_WORDS - 1][PACKED_BLOCK];	/* the identities' other words */
	uint64		orders[PACKED_BLOCK];
	uint64		firsts[PACKED_BLOCK];
	uint64		lasts[PACKED_BLOCK];
	uint64		units[PACKED_BLOCK * UNITS_MAX_WORDS];
} BasePacker;

/* Bytes go in, entries come out. */
typedef struct BaseUnpacker
{
	BaseTotals	totals;			/* the header */
	int			key_words;
	bool		has_time;
	int			words;			/* of every entry's money; 0: none */
	int			scale;			/* of the money: its units may have fewer digits */
	int			stride;

	ByteReader	in;				/* behind the current block */
	ByteReader	block;
	int64		left;			/* entries not yet returned */
	WideList   *wide;			/* NULL: there is none */
	int64		next_wide;		/* the first that has not been met */

	/* the current block */
	int			count;
	int			next;
	uint64		hash;
	int64		unit;
	int64		base;
	Column		hashes;
	Column		lows[KEY_MAX_WORDS - 1];
	Column		orders;
	Column		firsts;
	Column		lifespans;
	UnitsColumn moneys;
} BaseUnpacker;

extern void retention_base_pack_begin(BasePacker *packer, KeyKind key, TimeKind time, AmountKind amount,
									  int64 entries);
extern void retention_base_pack_table(BasePacker *packer, const CustomerTable *table);
extern void retention_base_pack_entry(BasePacker *packer, const uint64 *entry, int words);
extern void retention_base_pack_unpacked(BasePacker *packer, const BaseUnpacker *unpacker, const uint64 *entry,
										 WideList *wide);
extern BlockWriter *retention_base_pack_end(BasePacker *packer, const BaseTotals *totals,
											const WideList *wide);

extern void retention_base_unpack_begin(BaseUnpacker *unpacker, const struct varlena *value);
extern bool retention_base_unpack_next(BaseUnpacker *unpacker, uint64 *entry);
extern void retention_base_packed_totals(const struct varlena *value, BaseTotals *totals);
extern bool retention_base_stored_totals(Datum value, BaseTotals *totals);
extern void retention_base_packed_validate(const struct varlena *value);

/* The money of the entry that was unpacked last. */
static inline Money
unpacked_money(const BaseUnpacker *unpacker, const uint64 *entry)
{
	const uint64 *units = entry + unpacker->stride - unpacker->words;

	if (units_are_elsewhere(units, unpacker->words))
		return unpacker->wide->items[unpacker->next_wide - 1].money;
	return retention_units_money(units, unpacker->words, units_scale(unpacker->scale));
}

/* Add it to a total. */
static inline void
total_add_unpacked(MoneyTotal *total, const BaseUnpacker *unpacker, const uint64 *entry)
{
	const uint64 *units = entry + unpacker->stride - unpacker->words;

	if (units_are_elsewhere(units, unpacker->words))
		retention_total_add_money(total, unpacked_money(unpacker, entry));
	else
		total_add(total, units, unpacker->words);
}

#endif							/* RETENTION_BASE_PACKED_H */
