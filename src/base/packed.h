/*-------------------------------------------------------------------------
 *
 * packed.h
 *	  The packed form of a customer_base: what is stored, sent and printed.
 *
 * One sequence of bytes for one content, the same on every machine:
 *
 *	header	version, kinds of key, time and amount, 1 byte each;
 *			1 if the customers are selected, 1 byte;
 *			size of the sample (0: exact), varint, and its bound, 8 bytes if so;
 *			scale, and the totals (so that an accessor need not look
 *			further), as varints
 *	blocks	of up to 256 customers in the order of their identities, column
 *			by column, each column as wide as its largest number there:
 *				count - 1				1 byte
 *				first hash				8
 *				width of hash deltas	1
 *				width of orders			1
 *				time unit, base, width of first orders, width of lifespans
 *										1, 8, 1, 1	if times are known
 *				width of money			varint		if amounts are known
 *				the columns: hash deltas (all but the first), low words,
 *				orders, first orders, lifespans, money
 *
 * A customer takes 15 to 25 bytes, where the plain facts take 40.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_PACKED_H
#define RETENTION_PACKED_H

#include "postgres.h"

#include "base/table.h"
#include "base/totals.h"
#include "pg/bytes.h"

#define PACKED_BLOCK	256		/* customers in a block */

/* Entries go in, in ascending order; bytes come out. */
typedef struct Packer
{
	int			key_words;
	bool		has_time;
	int			nlimbs;			/* of the entries' money; 0: none */
	int			stride;			/* words from one entry to the next */

	MemoryContext context;		/* of all that follows */
	StringInfoData body;
	int64		entries;
	int			money_bytes;	/* widest money so far */
	int			nblock;
	uint64	   *block;			/* PACKED_BLOCK entries */
} Packer;

/* Bytes go in, entries come out. */
typedef struct Unpacker
{
	BaseTotals	totals;			/* the header */
	int			key_words;
	bool		has_time;
	int			nlimbs;			/* that every entry's money fits */
	int			scale;
	int			stride;

	ByteReader	in;				/* behind the current block */
	int64		left;			/* entries not yet returned */

	/* the current block */
	int			count;
	int			next;
	uint64		hash;
	int			hash_width;
	int			orders_width;
	int			first_width;
	int			lifespan_width;
	int			money_width;
	int64		unit;
	int64		base;
	const uint8 *hashes;
	const uint8 *lows;
	const uint8 *orders;
	const uint8 *firsts;
	const uint8 *lifespans;
	const uint8 *moneys;
} Unpacker;

extern void retention_pack_begin(Packer *packer, KeyKind key, TimeKind time, int nlimbs);
extern void retention_pack_widen(Packer *packer, int nlimbs);
extern void retention_pack_table(Packer *packer, const CustomerTable *table);
extern void retention_pack_entry(Packer *packer, const uint64 *entry);
extern Size retention_pack_end(Packer *packer, const BaseTotals *totals,
							   StringInfo header);
extern void retention_pack_write(Packer *packer, StringInfo header, void *to, Size size);
extern struct varlena *retention_pack_finish(Packer *packer, const BaseTotals *totals);

extern void retention_unpack_begin(Unpacker *unpacker, const struct varlena *value);
extern bool retention_unpack_next(Unpacker *unpacker, uint64 *entry);
extern void retention_packed_totals(const struct varlena *value, BaseTotals *totals);
extern bool retention_stored_totals(Datum value, BaseTotals *totals);
extern void retention_packed_validate(const struct varlena *value);

/* In a build with assertions: what is written can be read, to the same bytes. */
#ifdef USE_ASSERT_CHECKING
#define packed_check(value)	retention_packed_validate(value)
#else
#define packed_check(value)	((void) 0)
#endif

#endif							/* RETENTION_PACKED_H */
