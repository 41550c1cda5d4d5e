/*-------------------------------------------------------------------------
 *
 * timeline.c
 *	  The orders of one customer, one after another.  See timeline.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/bytes.h"
#include "rfm/timeline.h"

#include "common/int.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Entries by their keys, in logs without money and with. */
#define ST_SORT sort_keys
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE_VOID
#define ST_COMPARE(a, b) ((*(const int64 *) (a) > *(const int64 *) (b)) - \
						  (*(const int64 *) (a) < *(const int64 *) (b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* An empty log with room for so many entries, or somewhat more. */
OrderLog *
retention_log_create(const LogPurpose *purpose, int scale, int nlimbs, Size room)
{
	Size		size = offsetof(OrderLog, words);
	OrderLog   *log;

	if (room > (MaxAllocSize - size) / sizeof(uint64) / (1 + nlimbs))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many orders of one customer: no room for %zu", room),
				 errhint("Perhaps a GROUP BY customer is missing.")));
	size += room * (1 + nlimbs) * sizeof(uint64);
	/* the allocator rounds up to powers of two, so use what it gives */
	size = size <= MaxAllocSize / 2 ? pg_nextpower2_size_t(size) : MaxAllocSize;
	/* the room may be stored with the rest: it holds nobody else's memory */
	log = palloc0(size);
	SET_VARSIZE(log, size);
	log->version = LOG_VERSION;
	log->scale = (uint16) scale;
	log->purpose = *purpose;
	log->nlimbs = money_checked_limbs(nlimbs);
	return log;
}

OrderLog *
retention_log_copy(const OrderLog *log)
{
	OrderLog   *copy = palloc(VARSIZE(log));

	memcpy(copy, log, VARSIZE(log));
	return copy;
}

/* Count so many orders more; a value from outside may claim any number. */
void
retention_log_count(OrderLog *log, int64 orders)
{
	if (unlikely(pg_add_s64_overflow(log->orders, orders, &log->orders)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of orders out of range")));
}

/* Are all entries settled, and will be with another one of this key? */
static inline bool
goes_on(const OrderLog *log, int64 key)
{
	int64		last;

	if (log->settled != log->count)
		return false;
	if (log->count == 0)
		return true;
	last = log_key(log, log->count - 1);
	return log->purpose.kind == LOG_INSTANTS ? last <= key : DAY_OF_KEY(last) < DAY_OF_KEY(key);
}

#ifdef USE_ASSERT_CHECKING
void
retention_log_check_state(const OrderLog *log)
{
	const LogPurpose *purpose = &log->purpose;

	Assert(log->version == LOG_VERSION);
	Assert(purpose->kind >= LOG_INSTANTS && purpose->kind <= LOG_KIND_LAST);
	Assert((purpose->time != TIME_NONE) == (purpose->kind == LOG_INSTANTS));
	Assert((purpose->amount != AMOUNT_NONE) == (purpose->kind == LOG_SPEND));
	Assert((log->nlimbs > 0) == (purpose->kind == LOG_SPEND));
	Assert(log->scale <= MONEY_MAX_SCALE);
	Assert(log->settled <= log->count && log->count <= log_room(log));
	Assert(log->orders >= (purpose->kind == LOG_SPEND ? 0 : log->settled));
	for (Size i = 0; i < log->count; i++)
	{
		int64		key = log_key(log, i);

		Assert(purpose->kind == LOG_INSTANTS ? IS_VALID_TIMESTAMP(key) :
			   DAY_OF_KEY(key) > purpose->after && DAY_OF_KEY(key) <= purpose->until);
		Assert(purpose->kind != LOG_DAYS || KEY_IS_ORDER(key));
		if (i > 0 && i < log->settled)
			Assert(purpose->kind == LOG_INSTANTS ? log_key(log, i - 1) <= key :
				   DAY_OF_KEY(log_key(log, i - 1)) < DAY_OF_KEY(key));
	}
}
#endif

/*
 * Append the entries of another log, whose money is at no larger scale.
 * Returns false if they don't fit the limbs; the log is then as before.
 */
static bool
append_entries(OrderLog *log, const OrderLog *other)
{
	Size		stride = log_stride(log);
	uint64	   *to = log_entry(log, log->count);

	Assert(log->count + other->count <= log_room(log));
	if (log->nlimbs == other->nlimbs && log->scale == other->scale)
		memcpy(to, other->words, other->count * stride * sizeof(uint64));
	else
		for (Size i = 0; i < other->count; i++, to += stride)
		{
			*to = (uint64) log_key(other, i);
			if (!retention_money_convert(log_money(other, i), other->nlimbs, other->scale,
										 to + 1, log->nlimbs, log->scale))
				return false;
		}
	if (other->count > 0 && goes_on(log, log_key(other, 0)))
		log->settled += other->settled;
	log->count += other->count;
	retention_log_count(log, other->orders);
	return true;
}

/* A new log with the same entries, for money at this scale and in these limbs or more. */
static OrderLog *
remake(const OrderLog *log, int scale, int nlimbs, Size room)
{
	for (;; nlimbs += money_limbs_for_scale(scale - log->scale))
	{
		OrderLog   *made = retention_log_create(&log->purpose, scale, nlimbs, room);

		CHECK_FOR_INTERRUPTS();
		if (append_entries(made, log))
		{
			retention_log_check_state(made);
			return made;
		}
		pfree(made);
	}
}

/*
 * Sort the entries and make those of one day one.  Returns false, having done
 * a part of it, if the money of a day doesn't fit the limbs.
 */
static bool
settle(OrderLog *log)
{
	Size		stride = log_stride(log);
	Size		kept = 1;

	if (log->settled == log->count)
		return true;
	if (stride == 1)
		sort_keys((int64 *) log->words, log->count);
	else
		sort_entries(log->words, log->count, stride * sizeof(uint64));

	if (log->purpose.kind != LOG_INSTANTS)
	{
		for (Size i = 1; i < log->count; i++)
		{
			uint64	   *last = log_entry(log, kept - 1);
			uint64	   *entry = log_entry(log, i);

			if (DAY_OF_KEY((int64) *entry) != DAY_OF_KEY((int64) *last))
			{
				if (kept != i)
					memcpy(log_entry(log, kept), entry, stride * sizeof(uint64));
				kept++;
				continue;
			}
			if (log->nlimbs > 0 &&
				!money_add(last + 1, log->nlimbs, entry + 1, log->nlimbs))
			{
				/* leave what was done, and the rest behind it */
				memmove(log_entry(log, kept), entry,
						(log->count - i) * stride * sizeof(uint64));
				log->count -= (uint32) (i - kept);
				log->settled = 0;
				return false;
			}
			*last |= *entry & 1;
		}
		log->count = (uint32) kept;
	}
	log->settled = log->count;
	return true;
}

static OrderLog *
settle_widening(OrderLog *log)
{
	while (!settle(log))
		log = remake(log, log->scale, log->nlimbs + 1, log->count);
	retention_log_check_state(log);
	return log;
}

/* The log, or a new one, with room for so many entries more. */
static OrderLog *
make_room(OrderLog *log, Size more)
{
	if (likely(log->count + more <= log_room(log)))
		return log;
	if (log->purpose.kind != LOG_INSTANTS)
		log = settle_widening(log);
	/* a quarter at least should be free, or the next settling is too near */
	if (log->count + more > log_room(log) - log_room(log) / 4)
		log = remake(log, log->scale, log->nlimbs, Max(log->count + more, log_room(log) + 1));
	return log;
}

/* Is it the day of the last entry, and that one settled? */
static inline bool
is_last_day(const OrderLog *log, int64 key)
{
	return log->count > 0 && log->settled == log->count &&
		log->purpose.kind != LOG_INSTANTS &&
		DAY_OF_KEY(log_key(log, log->count - 1)) == DAY_OF_KEY(key);
}

/* Put a key behind the last entry, where there is room. */
static inline uint64 *
push_key(OrderLog *log, int64 key)
{
	uint64	   *entry = log_entry(log, log->count);

	if (goes_on(log, key))
		log->settled++;
	log->count++;
	*entry = (uint64) key;
	return entry;
}

/* Add an entry to a log without amounts; returns a new log if it had to grow. */
OrderLog *
retention_log_add_key(OrderLog *log, int64 key)
{
	if (is_last_day(log, key))
		return log;
	log = make_room(log, 1);
	if (!is_last_day(log, key))
		push_key(log, key);
	return log;
}

/* The same with money, which may be wider than the log's, or of more digits. */
OrderLog *
retention_log_add_money(OrderLog *log, int64 key, Money money)
{
	uint64	   *converted = NULL;

	if (money.scale > log->scale || money.nlimbs > log->nlimbs)
		log = remake(log, Max(money.scale, log->scale), Max(money.nlimbs, log->nlimbs),
					 Max(log->count + 1, 2));
	log = make_room(log, 1);

	/* from here on the log has room, and only the money may not fit */
	for (;; log = remake(log, log->scale,
						 log->nlimbs + money_limbs_for_scale(log->scale - money.scale),
						 log->count + 1))
	{
		const uint64 *limbs = money.limbs;

		if (money.scale != log->scale || money.nlimbs != log->nlimbs)
		{
			if (converted)
				pfree(converted);
			limbs = converted = palloc(log->nlimbs * sizeof(uint64));
			if (!retention_money_convert(money.limbs, money.nlimbs, money.scale,
										 converted, log->nlimbs, log->scale))
				continue;
		}
		if (!is_last_day(log, key))
		{
			memcpy(push_key(log, key) + 1, limbs, log->nlimbs * sizeof(uint64));
			break;
		}
		if (money_add(log_entry(log, log->count - 1) + 1, log->nlimbs, limbs, log->nlimbs))
		{
			*log_entry(log, log->count - 1) |= key & 1;
			break;
		}
	}
	if (converted)
		pfree(converted);
	return log;
}

/* Add what another log has; returns a new log if it had to grow. */
OrderLog *
retention_log_merge(OrderLog *log, const OrderLog *other)
{
	int			scale = Max(log->scale, other->scale);
	int			nlimbs = Max(log->nlimbs, other->nlimbs);

	retention_log_check(other, &log->purpose);
	if (scale > log->scale || nlimbs > log->nlimbs)
		log = remake(log, scale, nlimbs, log->count + other->count);
	log = make_room(log, other->count);
	while (!append_entries(log, other))
		log = remake(log, log->scale,
					 log->nlimbs + money_limbs_for_scale(log->scale - other->scale),
					 log->count + other->count);
	retention_log_check_state(log);
	return log;
}

/*
 * The log with all its entries settled, or a copy: final functions use it,
 * and these may be called again and again while rows still come.
 */
const OrderLog *
retention_log_settled(const OrderLog *log)
{
	if (log->settled == log->count)
		return log;
	return settle_widening(retention_log_copy(log));
}

/* ---- what a log may be asked for ------------------------------------------- */

static const char *
purpose_name(const LogPurpose *purpose)
{
	switch ((LogKind) purpose->kind)
	{
		case LOG_INSTANTS:
			return "the times of orders";
		case LOG_DAYS:
			return purpose->between ? "the days of orders between two days" : "the days of orders";
		case LOG_SPEND:
			return "the days of orders and their amounts";
	}
	pg_unreachable();
}

/* An error for a log that can't answer what is asked. */
void
retention_log_refuse(const OrderLog *log, const char *needed)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("order_log of %s where one of %s is needed",
					purpose_name(&log->purpose), needed)));
}

/* A day, or the infinity that it stands for, for messages. */
static const char *
day_text(int32 day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

static void
refuse_other_day(const char *argument, int32 day, int32 other)
{
	if (day != other)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be the same for all orders of a customer, not %s and %s",
						argument, day_text(Min(day, other)), day_text(Max(day, other)))));
}

/* Is the log for that purpose? */
void
retention_log_check(const OrderLog *log, const LogPurpose *purpose)
{
	const LogPurpose *is = &log->purpose;

	if (likely(is->kind == purpose->kind && is->time == purpose->time &&
			   is->amount == purpose->amount && is->between == purpose->between &&
			   is->after == purpose->after && is->until == purpose->until))
		return;
	if (is->kind != purpose->kind || is->between != purpose->between)
		retention_log_refuse(log, purpose_name(purpose));
	if (is->time != purpose->time)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order_log with %s where one with %s is needed",
						retention_time_name(is->time), retention_time_name(purpose->time))));
	if (is->amount != purpose->amount)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order_log with %s where one with %s is needed",
						retention_amount_name(is->amount), retention_amount_name(purpose->amount))));
	refuse_other_day("after", is->after, purpose->after);
	refuse_other_day(is->between ? "until" : "as_of", is->until, purpose->until);
}

/* Aligned, and without compression; the datum is not NULL. */
const OrderLog *
retention_log_of_datum(Datum datum)
{
	const OrderLog *log = (const OrderLog *) PG_DETOAST_DATUM(datum);

	if (log->version != LOG_VERSION)
		retention_unknown_version("order_log", log->version);
	return log;
}
