/*-------------------------------------------------------------------------
 *
 * timeline.h
 *	  The orders of one customer, one after another: the state of the
 *	  aggregates that need more of them than sums.
 *
 * Under GROUP BY customer there are as many logs as customers, most of them
 * of a few orders, so a log is one flat piece of memory without a context of
 * its own: a header, entries, and room for some more.  When the room is used
 * up, the entries are sorted, those of one day become one, and if that has
 * not made room enough the log doubles.  (The executor copies a state that
 * comes back at another address, so it must not grow a little at a time.)
 *
 * An entry is its key and, in a log with amounts, the money of a day:
 *
 *	LOG_INSTANTS	the instant of an order; two at one instant are two entries
 *	LOG_DAYS		2 x day + 1
 *	LOG_SPEND		2 x day + (does the day have an order?), then the money; a
 *					day without one has refunds, whose order may yet come
 *
 * Keys order entries by time, and what becomes of two entries of one day does
 * not depend on which was first, so neither does any answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_TIMELINE_H
#define RETENTION_TIMELINE_H

#include "postgres.h"

#include "fmgr.h"
#include "order/amount.h"
#include "order/instant.h"
#include "order/money.h"
#include "pg/compat.h"

/* The numbers are part of the packed form: append, never renumber. */
typedef enum LogKind
{
	LOG_INSTANTS = 1,			/* order_gap, next_order_due */
	LOG_DAYS = 2,				/* order_days_between; rfm_summary without amounts */
	LOG_SPEND = 3				/* rfm_summary */
} LogKind;

#define LOG_KIND_LAST	LOG_SPEND

/*
 * What a log is for.  Rows of another purpose, as different constants in the
 * arguments of one aggregate would make them, are an error.
 */
typedef struct LogPurpose
{
	uint8		kind;			/* LogKind */
	uint8		time;			/* TimeKind of LOG_INSTANTS, else TIME_NONE */
	uint8		amount;			/* AmountKind of LOG_SPEND, else AMOUNT_NONE */
	bool		between;		/* order_days_between? */
	int32		after;			/* the day before the first that counts, */
	int32		until;			/* and the last one */
} LogPurpose;

typedef struct OrderLog
{
	int32		vl_len_;
	uint16		version;		/* LOG_VERSION */
	uint16		scale;			/* of money */
	LogPurpose	purpose;
	uint32		nlimbs;			/* of an entry's money */
	uint32		count;			/* entries */
	uint32		settled;		/* of these, so many at the start are settled:
								 * sorted, with one entry a day */
	int64		orders;
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} OrderLog;

#define LOG_VERSION		1

#define KEY_OF_DAY(day, is_order)	((int64) (day) * 2 + (is_order))
#define DAY_OF_KEY(key)				((int32) ((key) >> 1))
#define KEY_IS_ORDER(key)			(((key) & 1) != 0)

/* Words of an entry. */
static inline Size
log_stride(const OrderLog *log)
{
	return 1 + log->nlimbs;
}

static inline uint64 *
log_entry(OrderLog *log, Size i)
{
	return log->words + i * log_stride(log);
}

static inline int64
log_key(const OrderLog *log, Size i)
{
	return (int64) log->words[i * log_stride(log)];
}

static inline const uint64 *
log_money(const OrderLog *log, Size i)
{
	return log->words + i * log_stride(log) + 1;
}

static inline Size
log_room(const OrderLog *log)
{
	return (VARSIZE(log) - offsetof(OrderLog, words)) / (log_stride(log) * sizeof(uint64));
}

/* In a build with assertions: is it all that is said above?  Looks at every entry. */
#ifdef USE_ASSERT_CHECKING
extern void retention_log_check_state(const OrderLog *log);
#else
#define retention_log_check_state(log)	((void) 0)
#endif

extern OrderLog *retention_log_create(const LogPurpose *purpose, int scale, int nlimbs, Size room);
extern OrderLog *retention_log_copy(const OrderLog *log);
extern void retention_log_check(const OrderLog *log, const LogPurpose *purpose);
compat_noreturn extern void retention_log_refuse(const OrderLog *log, const char *needed) compat_attribute_noreturn();
extern void retention_log_count(OrderLog *log, int64 orders);
extern OrderLog *retention_log_add_key(OrderLog *log, int64 key);
extern OrderLog *retention_log_add_money(OrderLog *log, int64 key, Money money);
extern OrderLog *retention_log_merge(OrderLog *log, const OrderLog *other);
extern const OrderLog *retention_log_settled(const OrderLog *log);
extern const OrderLog *retention_log_of_datum(Datum datum);

extern struct varlena *retention_log_pack(const OrderLog *log);
extern OrderLog *retention_log_unpack(const struct varlena *value);

#endif							/* RETENTION_TIMELINE_H */
