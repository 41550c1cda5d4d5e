/*-------------------------------------------------------------------------
 *
 * packed.h
 *	  The packed form of a purchase_history: what is stored, sent and printed.
 *
 * One sequence of bytes for one content, the same on every machine:
 *
 *	header	version, kinds of key, time and amount, grain, 1 byte each;
 *			length of the zone's name, 1 byte, and the name;
 *			the totals, as varints
 *	blocks	of customers in the order of their identities, each of as many as
 *			make 256 customers or 4,096 entries, whichever comes first;
 *			column by column, each column as wide as its largest number there:
 *				count - 1				1 byte
 *				first hash				8
 *				widths of hash deltas, entry counts, first periods, gaps, orders
 *										1 each
 *				least first period		4
 *				least number of orders	1	(0 or 1)
 *				width of money			varint		if amounts are known
 *				the columns: hash deltas (all but the first), low words, entry
 *				counts - 1, first periods, gaps - 1 between a customer's
 *				periods, orders - the least, money
 *
 * An entry is an occasion, or a period of a customer with refunds only.  It
 * takes 6 to 8 bytes, where it takes 16 in memory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_HISTORY_PACKED_H
#define RETENTION_HISTORY_PACKED_H

#include "postgres.h"

#include "history/occasion.h"
#include "order/amount.h"
#include "order/customer.h"
#include "order/instant.h"
#include "pg/bytes.h"
#include "pgtime.h"

#define HISTORY_TYPE	"purchase_history"
#define HISTORY_VERSION	1

/* What histories must have in common to be merged. */
typedef struct HistoryKind
{
	KeyKind		key;
	TimeKind	time;
	AmountKind	amount;
	Grain		grain;
	char		zone[TZ_STRLEN_MAX + 1];	/* of timestamptz; else empty */
} HistoryKind;

typedef struct HistoryTotals
{
	/* of the entries */
	int64		identities;		/* those who only had refunds too */
	int64		customers;		/* with an order */
	int64		entries;
	int64		occasions;		/* with an order */
	int64		orders;

	/* of the rows */
	int32		first_day;		/* of an order; DAY_NEVER_FIRST if there is none */
	int32		last_day;
	int64		refunds;
	int64		guest_orders;
	int64		guest_refunds;

	/* if amounts are known; else their limbs are NULL */
	Money		revenue;		/* less the refunds, without guests */
	Money		refunded;		/* negative, as the rows say it */
	Money		guest_revenue;
} HistoryTotals;

#define DAY_NEVER_FIRST	PG_INT32_MAX
#define DAY_NEVER_LAST	PG_INT32_MIN

#define HISTORY_BLOCK_CUSTOMERS	256
#define HISTORY_BLOCK_ENTRIES	4096

/* Customers go in, in ascending order; bytes come out. */
typedef struct HistoryPacker
{
	OccasionShape shape;		/* of the widest run so far */
	MemoryContext context;		/* of all that follows */
	StringInfoData body;
	HistoryTotals totals;		/* of the entries so far */
	uint64	   *revenue;		/* nlimbs + 1 words */
	int			money_bytes;	/* widest money so far */

	/* the block that's being filled */
	int			ncustomers;
	int64		nentries;
	int64		room;			/* entries that the columns have room for */
	uint64	   *hashes;
	uint64	   *lows;
	int64	   *counts;
	int32	   *firsts;
	uint32	   *gaps;			/* less one, of all entries but first ones */
	int64		ngaps;
	int64	   *orders;
	int			nlimbs;			/* of the block's money */
	uint64	   *money;			/* nlimbs words each */
	int64		money_room;		/* words */
	uint64		max_gap;
	uint64		max_orders;
	int			min_orders;		/* 0 or 1 */
	uint64		magnitudes;		/* money of one limb, or'ed; ~n of a negative n */
} HistoryPacker;

/* Bytes go in, runs of customers come out. */
typedef struct HistoryUnpacker
{
	HistoryKind kind;			/* the header */
	HistoryTotals totals;
	OccasionShape shape;		/* of the run that was read last */
	bool		skip_money;		/* not asked for: shape.nlimbs is 0 */

	ByteReader	in;				/* behind the current block */
	int64		identities_left;
	int64		entries_left;
	int			limbs;			/* of the widest money of any; 0 if skipped */
	bool		has_money;
	Run			run;
	Size		room;			/* words, of the run */
} HistoryUnpacker;

extern void retention_history_pack_begin(HistoryPacker *packer, OccasionShape shape,
										 int64 entries);
extern void retention_history_pack_run(HistoryPacker *packer, const Run *run, OccasionShape shape);
extern Size retention_history_pack_end(HistoryPacker *packer, const HistoryKind *kind,
									   const HistoryTotals *rows, StringInfo header);
extern Size retention_history_pack_size(const HistoryPacker *packer, const StringInfoData *header);
extern void retention_history_pack_write(HistoryPacker *packer, StringInfo header,
										 void *to, Size size);
extern struct varlena *retention_history_pack_finish(HistoryPacker *packer, StringInfo header);
extern void retention_history_pack_free(HistoryPacker *packer);

extern void retention_history_unpack_begin(HistoryUnpacker *unpacker, const struct varlena *value,
										   bool skip_money);
extern bool retention_history_unpack_stored(HistoryUnpacker *unpacker, Datum value,
											bool skip_money, bool head_only);
extern const Run *retention_history_unpack_next(HistoryUnpacker *unpacker);
extern void retention_history_validate(const struct varlena *value);

/* In a build with assertions: what is written can be read, to the same bytes. */
#ifdef USE_ASSERT_CHECKING
#define history_packed_check(value)	retention_history_validate(value)
#else
#define history_packed_check(value)	((void) 0)
#endif

#endif							/* RETENTION_HISTORY_PACKED_H */
