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
 *			of an anchored history the days of the whole: days from the first to the last, or
 *			0 if there are none, and the first;
 *			words of an occasion's money (1 or 2), scale and sums of money;
 *			if names are kept, how many bytes their blocks have;
 *			with 4,096 customers or more, how many bytes the block of the index has
 *	blocks	of rows of nobody that is known, each of up to 4,096 occasions:
 *				their number			varint
 *				first slot				varint
 *				least number of rows	varint
 *				columns: slots from each to the next, rows - the least, money
 *			of customers in the order of their identities, each of as many as
 *			make 256 customers or 4,096 occasions, whichever comes first:
 *				count - 1				1 byte
 *				first hash				8 bytes
 *				bits of the kind		1 byte: 0 or, if there are refunds, 1
 *				least first slot		varint
 *				least number of rows	varint
 *				columns: hash deltas (of all but the first), low words, occasion counts
 *				- 1, first slots - the least; of an anchored history the periods of their
 *				origins from 1 on, or 0, - the least, which stands before them, and orders in
 *				these; slots from each occasion of a customer to the next, rows - the least,
 *				money
 *			of names, if they are kept: for each block of customers, in the same order,
 *			one of theirs:
 *				count - 1				1 byte
 *				how many bytes all begin with, 255 at most		1 byte
 *				these bytes
 *				columns: the lengths of what follows them
 *				what follows them, one after the other
 *
 *			the index, with 4,096 customers or more: for each block of customers
 *				its first hash			8 bytes
 *				bytes from where it begins to where the last one ends	4 bytes
 *
 * By the index one customer is found in two small pieces of a value, however large it is.
 * Names are behind the customers, so who doesn't want them reads a value as if there were
 * none, and who wants them reads it in two places.
 *
 * A slot is a period and a kind, with no more bits for the kind than it takes.  An
 * occasion takes 6 to 8 bytes, where it takes 16 in memory.
 *
 * Who is new is a matter of the whole.  An anchored history is a part of one, and knows of each
 * of its customers the origin: the mark of their first occasion with an order in the whole; or 0, of those who have
 * only given back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_HISTORY_PACKED_H
#define RETENTION_HISTORY_PACKED_H

#include "postgres.h"

#include "history/run.h"
#include "order/money_total.h"
#include "store/aggregate_state.h"
#include "store/spill_names.h"
#include "store/state_kind.h"

#define HISTORY_TYPE	"purchase_history"

typedef struct HistoryTotals
{
	int64		identities;		/* those who only had refunds too */
	int64		customers;		/* with an order */
	int64		entries;		/* occasions of customers, those of refunds too */
	int64		occasions;		/* with an order */
	int64		orders;
	int64		refunds;
	int64		guest_orders;
	int64		guest_refunds;
	int64		missing;		/* occasions with fewer rows than were taken away, or none */
	int32		first_day;		/* of an order; DAY_NEVER_FIRST if there is none */
	int32		last_day;

	/* if amounts are known; else their limbs are NULL */
	Money		revenue;		/* less the refunds, without guests */
	Money		refunded;		/* negative, as the rows say it */
	Money		guest_revenue;
} HistoryTotals;

#define DAY_NEVER_FIRST	PG_INT32_MAX
#define DAY_NEVER_LAST	PG_INT32_MIN

#define HISTORY_BLOCK_CUSTOMERS	256
#define HISTORY_BLOCK_ENTRIES	4096

/* So many have an index: fewer are read as soon as looked up. */
#define HISTORY_INDEX_CUSTOMERS	4096
#define HISTORY_INDEX_ENTRY		(sizeof(uint64) + sizeof(uint32))

/* Names of a block share no more than this: so no value has many times the bytes in names that it takes. */
#define HISTORY_NAME_PREFIX		255

/* A slot as a block has it: with so many bits for the kind; and the other way. */
static inline uint64
narrow_slot(uint64 slot, int bits)
{
	return slot >> KIND_BITS << bits | (slot & ((1 << bits) - 1));
}

static inline uint64
widen_slot(uint64 slot, int bits)
{
	return slot >> bits << KIND_BITS | (slot & ((1 << bits) - 1));
}

/* Days of the first and the last order of what an anchored history is a part of. */
typedef struct HistoryWhole
{
	int32		first_day;		/* DAY_NEVER_FIRST if there is none */
	int32		last_day;		/* or that of the part, if it is later */
} HistoryWhole;

/* Numbers in a block are no less than 0 where these are none. */
#define ROWS_BIAS			COUNT_MAX
#define SLOT_BIAS(bits)		((int64) PERIOD_BIAS << (bits))

/* The money that the header tells of. */
typedef enum HeaderSum
{
	HEADER_REVENUE,
	HEADER_REFUNDED,
	HEADER_GUEST_REVENUE
} HeaderSum;

#define HEADER_SUMS	(HEADER_GUEST_REVENUE + 1)

/* Customers go in, in ascending order; bytes come out. */
typedef struct HistoryPacker
{
	int			key_words;
	MemoryContext context;		/* of all that follows */
	BlockWriter blocks;
	HistoryTotals totals;		/* of what has come so far */
	HistoryWhole whole;
	const uint64 *origins;		/* of the next customers to come; NULL: it is not anchored */
	uint64		sums[HEADER_SUMS][SUM_WORDS];	/* of that, in units */
	int			words;			/* of the widest money so far */

	/* the block that's being filled */
	int			ncustomers;
	int64		nentries;
	int64		room;			/* entries that the columns have room for */
	uint64		kinds;			/* bits that any slot's kind has */
	uint64		hashes[HISTORY_BLOCK_CUSTOMERS];
	uint64		lows[HISTORY_BLOCK_CUSTOMERS];
	uint64		counts[HISTORY_BLOCK_CUSTOMERS];	/* of entries, less one */
	uint64		firsts[HISTORY_BLOCK_CUSTOMERS];	/* slots, while it's written */
	uint64		origin_periods[HISTORY_BLOCK_CUSTOMERS];	/* from 1 on; 0: there is none */
	uint64		origin_orders[HISTORY_BLOCK_CUSTOMERS];
	uint64	   *slots;			/* of all entries */
	uint64	   *rows;			/* biased, for there may be fewer than none */
	uint64	   *units;			/* so many words each */
	int			unit_words;

	/* and the names of its customers */
	BlockWriter names;
	StringInfoData texts;
	uint64		lengths[HISTORY_BLOCK_CUSTOMERS];

	/* the index: first hashes, and where blocks begin in those of "blocks" */
	StringInfoData index;
} HistoryPacker;

/* Bytes go in, runs of customers come out. */
typedef struct HistoryUnpacker
{
	Kind		kind;			/* the header */
	HistoryTotals totals;
	HistoryWhole whole;
	OccasionShape shape;		/* of the runs; no money if that isn't asked for */
	int			scale;			/* of their money */

	ByteReader	in;				/* behind the current block */
	bool		begun;			/* what stands before the customers has been read */
	bool		done;			/* there are no more, or none that anybody wants */
	BlockTag	tag;			/* then, of the first block of customers, or the end */
	ByteReader	block;
	int64		identities_left;
	int64		entries_left;
	WideList   *wide;			/* money that no occasion has room for; NULL: none */
	int64		next_wide;		/* the first of it that has not been met */
	Run			nobody;			/* occasions of nobody that is known, if they were asked for */
	Run			run;
	Size		room;			/* words, of the run */
	Size		names_bytes;	/* of all their blocks */
	Size		index_bytes;	/* of the block of the index; 0: there is none */
	bool		sought;			/* what stands before the customer looked for has not been read */
	ByteReader	names_in;		/* behind the block of those of the run, if they were asked for */
	CustomerName *names;			/* of the run's customers; NULL: not asked for, or not kept */
	char	   *joined;			/* what they are in, if they begin alike; or NULL */
	uint64		origins[HISTORY_BLOCK_CUSTOMERS];	/* of the run's customers, if it is anchored */
} HistoryUnpacker;

/* The period of an origin as blocks have it. */
#define ORIGIN_BIAS		(PERIOD_BIAS + 1)

extern void retention_history_pack_begin(HistoryPacker *packer, OccasionShape shape, int64 entries);
extern void retention_history_pack_run(HistoryPacker *packer, const Run *run, OccasionShape shape,
									   const CustomerName *names);
extern BlockWriter *retention_history_pack_end(HistoryPacker *packer, const Kind *kind, int scale,
											   int32 first_day, int32 last_day, const WideList *wide);

extern void retention_history_unpack_begin(HistoryUnpacker *unpacker, const struct varlena *value,
										   bool skip_money);
extern bool retention_history_unpack_stored(HistoryUnpacker *unpacker, Datum value,
											bool skip_money, bool head_only);
extern const Run *retention_history_unpack_nobody(HistoryUnpacker *unpacker);
extern void retention_history_unpack_names(HistoryUnpacker *unpacker);
extern const Run *retention_history_unpack_from(HistoryUnpacker *unpacker, const uint64 *identity);
extern const Run *retention_history_unpack_next(HistoryUnpacker *unpacker);
extern void retention_history_unpack_end(HistoryUnpacker *unpacker);
extern void retention_check_nothing_missing(const HistoryUnpacker *unpacker);
extern void retention_history_mark_elsewhere(HistoryUnpacker *unpacker);
extern int64 retention_history_mark_nobody(HistoryUnpacker *unpacker);
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

#endif							/* RETENTION_HISTORY_PACKED_H */
