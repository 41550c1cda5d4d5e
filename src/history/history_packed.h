/*-------------------------------------------------------------------------
 *
 * history_packed.h
 *	  The packed form of a purchase_history: what is stored, sent and printed.
 *
 * One sequence of bytes for one content, the same on every machine; what a value
 * and its blocks look like is said in store/column.h.
 *
 *	header	version, 1 byte; what the orders are (store/state_kind.h);
 *			the totals, as varints, so that who asks for them need not read on;
 *			words of an occasion's money (1 or 2), scale and sums of money
 *	blocks	of customers in the order of their identities, each of as many as
 *			make 256 customers or 4,096 entries, whichever comes first:
 *				count - 1				1 byte
 *				first hash				8 bytes
 *				least first period		varint
 *				least number of orders	varint
 *				columns: hash deltas (of all but the first), low words, entry counts
 *				- 1, first periods - the least, periods from each entry of a customer
 *				to the next, orders - the least, money
 *
 * An entry is an occasion, or a period of a customer with refunds only.  It
 * takes 6 to 8 bytes, where it takes 16 in memory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_HISTORY_PACKED_H
#define RETENTION_HISTORY_PACKED_H

#include "postgres.h"

#include "history/run.h"
#include "order/money_total.h"
#include "store/column.h"
#include "store/state_kind.h"

#define HISTORY_TYPE	"purchase_history"
#define HISTORY_VERSION	1

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
	int			key_words;
	MemoryContext context;		/* of all that follows */
	BlockWriter blocks;
	HistoryTotals totals;		/* of the entries so far */
	uint64		revenue[SUM_WORDS]; /* of those, in units */
	int			words;			/* of the widest money so far */

	/* the block that's being filled */
	int			ncustomers;
	int64		nentries;
	int64		ngaps;
	int64		room;			/* entries that the columns have room for */
	uint64		hashes[HISTORY_BLOCK_CUSTOMERS];
	uint64		lows[HISTORY_BLOCK_CUSTOMERS];
	uint64		counts[HISTORY_BLOCK_CUSTOMERS];	/* of entries, less one */
	uint64		firsts[HISTORY_BLOCK_CUSTOMERS];
	uint64	   *gaps;			/* of all entries but first ones */
	uint64	   *orders;
	uint64	   *units;			/* so many words each */
	int			unit_words;
} HistoryPacker;

/* Bytes go in, runs of customers come out. */
typedef struct HistoryUnpacker
{
	Kind		kind;			/* the header */
	HistoryTotals totals;
	OccasionShape shape;		/* of the runs; no money if that isn't asked for */
	int			scale;			/* of their money */

	ByteReader	in;				/* behind the current block */
	bool		done;			/* there are no more, or none that anybody wants */
	int64		identities_left;
	int64		entries_left;
	WideList   *wide;			/* money that no occasion has room for; NULL: none */
	int64		next_wide;		/* the first of it that has not been met */
	Run			run;
	Size		room;			/* words, of the run */
} HistoryUnpacker;

extern void retention_history_pack_begin(HistoryPacker *packer, OccasionShape shape, int64 entries);
extern void retention_history_pack_run(HistoryPacker *packer, const Run *run, OccasionShape shape);
extern struct varlena *retention_history_pack_end(HistoryPacker *packer, const Kind *kind, int scale,
												  const HistoryTotals *rows, const WideList *wide);

extern void retention_history_unpack_begin(HistoryUnpacker *unpacker, const struct varlena *value,
										   bool skip_money);
extern bool retention_history_unpack_stored(HistoryUnpacker *unpacker, Datum value,
											bool skip_money, bool head_only);
extern const Run *retention_history_unpack_next(HistoryUnpacker *unpacker);
extern void retention_history_mark_elsewhere(HistoryUnpacker *unpacker);
extern void retention_history_add_wide(const HistoryUnpacker *unpacker, MoneyTotal *total,
									   const CustomerView *customer, const uint64 *occasion);
extern void retention_history_validate(const struct varlena *value);

/*
 * Add an occasion's money to a total; in the current context, which the total stays
 * in.  It has been marked where it's elsewhere.
 */
static inline void
history_add_money(const HistoryUnpacker *unpacker, MoneyTotal *total,
				  const CustomerView *customer, const uint64 *occasion)
{
	int			words = unpacker->shape.money_words;

	if (units_are_elsewhere(occasion + 1, words))
		retention_history_add_wide(unpacker, total, customer, occasion);
	else
		total_add(total, occasion + 1, words);
}

/* In a build with assertions: what is written can be read, to the same bytes. */
#ifdef USE_ASSERT_CHECKING
#define history_packed_check(value)	retention_history_validate(value)
#else
#define history_packed_check(value)	((void) 0)
#endif

#endif							/* RETENTION_HISTORY_PACKED_H */
