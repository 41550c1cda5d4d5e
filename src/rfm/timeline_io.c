/*-------------------------------------------------------------------------
 *
 * timeline_io.c
 *	  Input and output of _retention_timeline, and the packed form that it
 *	  has there.
 *
 * A timeline in memory has room to spare, and its entries in the order in which
 * rows came.  What leaves the server is a header and the sorted entries:
 *
 *	version, kind, time, amount, between	a byte each
 *	after, until		varints of zigzag
 *	zone, orders, scale, entries			varints
 *	the first key		a varint of zigzag; of later ones the difference
 *	money				behind each key, in a timeline of TIMELINE_SPEND
 *
 * so that the same orders are the same bytes, however they came together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rfm/timeline.h"

#include "order/period.h"
#include "pg/bytes.h"
#include "pg/value_functions.h"
#include "utils/memutils.h"

/* Words of the amounts of a timeline that comes from outside: 64 MB of them. */
#define TIMELINE_MAX_WORDS	(8 * 1024 * 1024)

#define TYPE_NAME	"_retention_timeline"

struct varlena *
retention_timeline_pack(const Timeline *timeline)
{
	const TimelinePurpose *purpose = &timeline->purpose;
	StringInfoData out;
	struct varlena *value;

	timeline = retention_timeline_sorted(timeline);
	retention_timeline_check_state(timeline);
	initStringInfo(&out);
	appendStringInfoSpaces(&out, VARHDRSZ);
	appendStringInfoCharMacro(&out, TIMELINE_VERSION);
	appendStringInfoCharMacro(&out, purpose->kind);
	appendStringInfoCharMacro(&out, purpose->time);
	appendStringInfoCharMacro(&out, purpose->amount);
	appendStringInfoCharMacro(&out, purpose->between);
	retention_put_varint(&out, zigzag(purpose->after));
	retention_put_varint(&out, zigzag(purpose->until));
	retention_put_varint(&out, timeline->zone);
	retention_put_varint(&out, timeline->orders);
	retention_put_varint(&out, timeline->scale);
	retention_put_varint(&out, timeline->count);
	for (Size i = 0; i < timeline->count; i++)
	{
		int64		key = timeline_key(timeline, i);

		retention_put_varint(&out, i == 0 ? zigzag(key) :
							 (uint64) key - (uint64) timeline_key(timeline, i - 1));
		if (timeline->nlimbs > 0)
		{
			Money		money = {timeline_money(timeline, i), timeline->nlimbs, timeline->scale};

			retention_put_money(&out, money);
		}
	}
	value = (struct varlena *) out.data;
	SET_VARSIZE(value, out.len);
	return value;
}

static void
invalid(const char *detail)
{
	retention_invalid_value(TYPE_NAME, detail);
}

static int32
get_day(ByteReader *in)
{
	int64		day = unzigzag(retention_get_varint(in));

	if (day < PG_INT32_MIN || day > PG_INT32_MAX ||
		!(IS_VALID_DATE(day) || DATE_IS_NOBEGIN(day) || DATE_IS_NOEND(day)))
		invalid("A day is impossible.");
	return (int32) day;
}

static TimelinePurpose
get_purpose(ByteReader *in)
{
	TimelinePurpose purpose;
	uint8		between;

	purpose.kind = reader_byte(in);
	purpose.time = reader_byte(in);
	purpose.amount = reader_byte(in);
	between = reader_byte(in);
	if (purpose.kind == 0 || purpose.kind > TIMELINE_KIND_LAST || between > 1 ||
		purpose.time > TIME_KIND_LAST || purpose.amount > AMOUNT_KIND_LAST)
		invalid("A kind is unknown.");
	if ((purpose.time != TIME_NONE) != (purpose.kind == TIMELINE_INSTANTS) ||
		(purpose.amount != AMOUNT_NONE) != (purpose.kind == TIMELINE_SPEND) ||
		(between && purpose.kind != TIMELINE_DAYS))
		invalid("The kinds do not belong together.");
	purpose.between = between;
	purpose.after = get_day(in);
	purpose.until = get_day(in);
	if (purpose.between ? purpose.after > purpose.until :
		(!DATE_IS_NOBEGIN(purpose.after) ||
		 (purpose.kind == TIMELINE_INSTANTS ? !DATE_IS_NOEND(purpose.until) :
		  DATE_NOT_FINITE(purpose.until))))
		invalid("The days that limit the orders are impossible.");
	return purpose;
}

/* Is it a key that a timeline for this purpose can have? */
static bool
key_is_valid(const TimelinePurpose *purpose, int64 key)
{
	if (purpose->kind == TIMELINE_INSTANTS)
		return IS_VALID_TIMESTAMP(key) &&
			(purpose->time != TIME_DATE || key % USECS_PER_DAY == 0);
	return key >= KEY_OF_DAY(DAY_FIRST, false) && key <= KEY_OF_DAY(DAY_LAST, true) &&
		DAY_OF_KEY(key) > purpose->after && DAY_OF_KEY(key) <= purpose->until &&
		(purpose->kind == TIMELINE_SPEND || KEY_IS_ORDER(key));
}

/* The limbs of the widest money of so many entries.  The reader is a copy. */
static uint64
widest_money(ByteReader in, uint64 count)
{
	uint64		widest = 1;

	for (uint64 i = 0; i < count; i++)
	{
		uint64		bytes;

		(void) retention_get_varint(&in);
		bytes = retention_get_varint(&in);
		(void) reader_skip(&in, bytes);
		widest = Max(widest, (bytes + sizeof(uint64) - 1) / sizeof(uint64));
	}
	if (widest > MONEY_MAX_LIMBS)
		invalid("An amount is too wide.");
	return widest;
}

/* The timeline of a packed form, which is checked byte for byte. */
Timeline *
retention_timeline_unpack(const struct varlena *value)
{
	ByteReader	in;
	TimelinePurpose purpose;
	uint8		version;
	uint16		zone;
	uint64		orders;
	int			scale;
	uint64		count;
	uint64		order_days = 0;
	uint64		nlimbs = 0;
	int64		key = 0;
	Timeline   *timeline;
	struct varlena *again;

	retention_read_value(&in, value, TYPE_NAME);
	version = reader_byte(&in);
	if (version != TIMELINE_VERSION)
		retention_unknown_version(TYPE_NAME, version);
	purpose = get_purpose(&in);
	zone = (uint16) retention_get_number(&in, purpose.kind == TIMELINE_INSTANTS ? 0 : PG_UINT16_MAX,
										 "The time zone is impossible.");
	orders = retention_get_varint(&in);
	scale = (int) retention_get_number(&in, purpose.kind == TIMELINE_SPEND ? MONEY_MAX_SCALE : 0,
									   "The scale of money is impossible.");
	count = retention_get_varint(&in);
	/* an entry takes a byte at least, one with money three */
	if (count > (uint64) (in.end - in.at) / (purpose.kind == TIMELINE_SPEND ? 3 : 1))
		invalid("The value ends too early.");

	/* as wide as the widest at once: nothing is made anew on the way */
	if (purpose.kind == TIMELINE_SPEND)
	{
		nlimbs = widest_money(in, count);
		if (count > TIMELINE_MAX_WORDS / nlimbs)
			invalid("The amounts are too wide.");
	}
	timeline = retention_timeline_create(&purpose, zone, (int) scale, (int) nlimbs, count);
	for (uint64 i = 0; i < count; i++)
	{
		uint64		word = retention_get_varint(&in);
		int64		next = i == 0 ? unzigzag(word) : (int64) ((uint64) key + word);

		if (!key_is_valid(&purpose, next) ||
			(i > 0 && (purpose.kind == TIMELINE_INSTANTS ? next < key :
					   DAY_OF_KEY(next) <= DAY_OF_KEY(key))))
			invalid("The time of an order is impossible.");
		key = next;
		if (purpose.kind == TIMELINE_SPEND)
		{
			Money		money = retention_get_money(&in, timeline->scale);

			timeline = retention_timeline_add_money(timeline, key, money);
			pfree(unconstify(uint64 *, money.limbs));
			order_days += KEY_IS_ORDER(key);
		}
		else
		{
			timeline = retention_timeline_add_key(timeline, key);
			order_days++;
		}
	}
	if (in.at != in.end)
		invalid("There are bytes behind the end of the value.");
	if (orders > PG_INT64_MAX || orders < order_days || (order_days == 0 && orders > 0) ||
		(purpose.kind == TIMELINE_INSTANTS && orders != count))
		invalid("The number of orders is impossible.");
	timeline->orders = (int64) orders;

	again = retention_timeline_pack(timeline);
	retention_check_canonical(value, again, TYPE_NAME);
	pfree(again);
	return timeline;
}

PG_FUNCTION_INFO_V1(retention_timeline_in);
Datum
retention_timeline_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	struct varlena *value = retention_value_of_text(text);

	if (value == NULL)
		retention_invalid_text(text, TYPE_NAME, NULL);
	PG_RETURN_POINTER(retention_timeline_unpack(value));
}

PG_FUNCTION_INFO_V1(retention_timeline_recv);
Datum
retention_timeline_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(retention_timeline_unpack(retention_value_recv(fcinfo)));
}

static struct varlena *
pack_datum(Datum value)
{
	return retention_timeline_pack(retention_timeline_of_datum(value));
}

VALUE_OUTPUT(timeline, TYPE_NAME, pack_datum);
VALUE_OPERATORS(timeline, pack_datum, false);
