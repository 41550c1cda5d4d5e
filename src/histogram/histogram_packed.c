/*-------------------------------------------------------------------------
 *
 * histogram_packed.c
 *	  The packed form of a histogram: what is stored, sent and printed.
 *
 * One sequence of bytes for one content, the same on every machine:
 *
 *	header	version (HISTOGRAM_PACKED) and kind, 1 byte each;
 *			number of entries, and the sum of each of the counts, varints;
 *			of repeat_buying: orders merged into days, varint; the sum of the
 *			logarithms of gaps, low word and (zigzag) high word, varints; the
 *			last day observed, (zigzag) and one more, or 0, a varint;
 *			of renewals: the number of the model, a varint
 *	entries	in ascending order, each:
 *				the parts of its key: a whole number below 2^53 as a varint of
 *				twice that number, any other as a byte of 1 and 8 bytes
 *				its counts, varints
 *
 * As durations are mostly whole days and counts small, an entry takes some
 * four bytes in survival and six in repeat_buying, but some eleven in
 * repeat_spend, where spend is seldom a whole number.
 *
 * Every reading checks all that can be checked of a value's parts; what comes
 * from outside must in addition be what packing its content gives.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "histogram/histogram.h"
#include "pg/bytes.h"

#include "common/int.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define HISTOGRAM_WHOLE_LIMIT	9007199254740992.0	/* 2^53 */
#define HISTOGRAM_NOT_WHOLE		1

/* No entry takes more bytes: each of its words at most nine. */
#define HISTOGRAM_ENTRY_BYTES	(9 * HISTOGRAM_MAX_WIDTH)

static inline bool
is_whole(double part)
{
	return part < HISTOGRAM_WHOLE_LIMIT && part == floor(part);
}

static void
put_key_part(StringInfo out, uint64 word)
{
	double		part;

	memcpy(&part, &word, sizeof(part));
	if (is_whole(part))
		retention_put_varint(out, (uint64) part << 1);
	else
	{
		appendStringInfoCharMacro(out, HISTOGRAM_NOT_WHOLE);
		enlargeStringInfo(out, sizeof(uint64));
		store_bytes((uint8 *) out->data + out->len, word);
		out->len += sizeof(uint64);
	}
}

/* The sum of each of the counts; false if there are 2^63 of all or more. */
static bool
sum_counts(const Histogram *histogram, int64 *totals)
{
	int64		all = 0;

	for (int which = 0; which < histogram->width - histogram->keys; which++)
	{
		totals[which] = 0;
		for (int32 i = 0; i < histogram->used; i++)
		{
			int64		count = histogram_count(histogram, i, which);

			if (count < 0 || pg_add_s64_overflow(all, count, &all))
				return false;
			totals[which] += count;
		}
	}
	return true;
}

static struct varlena *
pack(const Histogram *histogram)
{
	StringInfoData out;
	int64		totals[HISTOGRAM_MAX_COUNTS];

	retention_histogram_check(histogram);
	if (histogram->sorted < histogram->used)
		histogram = retention_histogram_compacted(histogram);
	if (!sum_counts(histogram, totals))
		retention_histogram_out_of_range(histogram->kind);

	initStringInfo(&out);
	appendStringInfoSpaces(&out, VARHDRSZ);
	appendStringInfoCharMacro(&out, HISTOGRAM_PACKED);
	appendStringInfoCharMacro(&out, (char) histogram->kind);
	retention_put_varint(&out, histogram->used);
	for (int which = 0; which < histogram->width - histogram->keys; which++)
		retention_put_varint(&out, totals[which]);
	if (histogram->kind == HISTOGRAM_REPEAT_BUYING)
	{
		retention_put_varint(&out, histogram->same_day_orders);
		retention_put_varint(&out, histogram->log_gaps.low);
		retention_put_varint(&out, zigzag(histogram->log_gaps.high));
		retention_put_varint(&out, histogram->note == HISTOGRAM_NO_DAY ? 0 : zigzag(histogram->note) + 1);
	}
	else if (histogram->kind == HISTOGRAM_RENEWALS)
		retention_put_varint(&out, histogram->note);
	for (int32 i = 0; i < histogram->used; i++)
	{
		const uint64 *entry = histogram->words + (Size) i * histogram->width;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (out.len > MaxAllocSize - 2 * HISTOGRAM_ENTRY_BYTES)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("%s of more than %d different entries is too large",
							retention_histogram_type(histogram->kind), i),
					 errhint("Round the numbers that go into it, or aggregate smaller groups.")));
		for (int part = 0; part < histogram->keys; part++)
			put_key_part(&out, entry[part]);
		for (int which = histogram->keys; which < histogram->width; which++)
			retention_put_varint(&out, entry[which]);
	}
	SET_VARSIZE(out.data, out.len);
	return (struct varlena *) out.data;
}

static uint64
get_key_part(ByteReader *in)
{
	uint64		number = retention_get_varint(in);
	double		part;
	uint64		word;

	if ((number & 1) == 0)
	{
		if (number >> 1 >= (uint64) HISTOGRAM_WHOLE_LIMIT)
			retention_invalid_value(in->type, "A whole number is too large.");
		part = (double) (number >> 1);
	}
	else
	{
		if (number != HISTOGRAM_NOT_WHOLE)
			retention_invalid_value(in->type, "A number is of no known kind.");
		word = reader_bytes(in, sizeof(word));
		memcpy(&part, &word, sizeof(part));
		if (!(part > 0) || isinf(part) || is_whole(part))
			retention_invalid_value(in->type, "A number is out of its range.");
	}
	memcpy(&word, &part, sizeof(word));
	return word;
}

static int32
get_day(ByteReader *in)
{
	uint64		number = retention_get_varint(in);
	int64		day;

	if (number == 0)
		return HISTOGRAM_NO_DAY;
	day = unzigzag(number - 1);
	if (day < DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE ||
		day >= DATE_END_JULIAN - POSTGRES_EPOCH_JDATE)
		retention_invalid_value(in->type, "The last day is out of its range.");
	return (int32) day;
}

/* Is there such a customer, or such a period? */
static bool
entry_is_possible(const Histogram *histogram, int32 i)
{
	double		first = histogram_key(histogram, i, 0);
	double		second = histogram->keys > 1 ? histogram_key(histogram, i, 1) : 0;

	switch ((HistogramKind) histogram->kind)
	{
		case HISTOGRAM_SURVIVAL:
			return true;
		case HISTOGRAM_REPEAT_BUYING:
			return is_whole(first) && second <= histogram_key(histogram, i, 2) &&
				(first > 0 || second == 0);
		case HISTOGRAM_REPEAT_SPEND:
			return is_whole(first) && (first > 0 || second == 0);
		case HISTOGRAM_RENEWALS:
			/* a half: those of the period before who were observed no longer */
			return is_whole(2 * first) && first <= PG_INT32_MAX &&
				histogram_count(histogram, i, RENEWALS_COHORTS) > 0;
	}
	return false;
}

static void
get_entry(ByteReader *in, Histogram *histogram)
{
	uint64	   *entry = histogram_entry(histogram, histogram->used);
	uint64		any = 0;

	for (int part = 0; part < histogram->keys; part++)
		entry[part] = get_key_part(in);
	for (int which = histogram->keys; which < histogram->width; which++)
		any |= entry[which] = (uint64) retention_get_count(in);
	if (any == 0)
		retention_invalid_value(in->type, "An entry counts nobody.");
	if (!entry_is_possible(histogram, histogram->used))
		retention_invalid_value(in->type, "An entry is impossible.");
	if (histogram->used > 0)
	{
		const uint64 *previous = entry - histogram->width;
		int			part = 0;

		while (part < histogram->keys && previous[part] == entry[part])
			part++;
		if (part == histogram->keys || previous[part] > entry[part])
			retention_invalid_value(in->type, "The entries are not in order.");
	}
	histogram->used++;
}

/* What a value says of all its entries: their number, and the sum of each count. */
static uint64
get_totals(ByteReader *in, HistogramKind kind, int counts, int64 *totals)
{
	uint8		version = reader_byte(in);
	uint64		entries;

	if (version != HISTOGRAM_PACKED)
		retention_unknown_version(in->type, version);
	if (reader_byte(in) != kind)
		retention_invalid_value(in->type, "The value is of another type.");
	entries = retention_get_varint(in);
	for (int which = 0; which < counts; which++)
		totals[which] = retention_get_count(in);
	return entries;
}

/* A running state of what a value says, checked; in memory of its own. */
Histogram *
retention_histogram_unpack(const struct varlena *value, HistogramKind kind)
{
	ByteReader	in;
	Histogram  *histogram;
	uint64		entries;
	int64		totals[HISTOGRAM_MAX_COUNTS];
	int64		counted[HISTOGRAM_MAX_COUNTS];
	int			counts;

	retention_read_value(&in, value, retention_histogram_type(kind));
	histogram = retention_histogram_create(kind);
	counts = histogram->width - histogram->keys;
	entries = get_totals(&in, kind, counts, totals);
	if (kind == HISTOGRAM_REPEAT_BUYING)
	{
		histogram->same_day_orders = retention_get_count(&in);
		histogram->log_gaps.low = retention_get_varint(&in);
		histogram->log_gaps.high = unzigzag(retention_get_varint(&in));
		histogram->note = get_day(&in);
	}
	else if (kind == HISTOGRAM_RENEWALS)
		histogram->note = (int32) retention_get_number(&in, PG_UINT8_MAX, "The number of the model is out of its range.");
	if (entries > (Size) (in.end - in.at) / histogram->width)
		retention_invalid_value(in.type, "The value ends too early.");
	if (entries == 0 &&
		(histogram->same_day_orders != 0 || histogram->log_gaps.low != 0 || histogram->log_gaps.high != 0 ||
		 (kind == HISTOGRAM_REPEAT_BUYING && histogram->note != HISTOGRAM_NO_DAY)))
		retention_invalid_value(in.type, "There are sums of no customers.");

	histogram = retention_histogram_reserve(histogram, entries);
	while (histogram->used < entries)
	{
		if ((histogram->used & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		get_entry(&in, histogram);
	}
	histogram->sorted = histogram->used;
	if (in.at != in.end)
		retention_invalid_value(in.type, "The value goes on behind its end.");
	if (!sum_counts(histogram, counted) ||
		memcmp(counted, totals, counts * sizeof(int64)) != 0)
		retention_invalid_value(in.type, "The totals are not those of the entries.");
	return histogram;
}

/*
 * The sum of each of its counts, of a value that may lie in a TOAST table: of
 * it no more is brought than its first bytes.  Returns false if it is a
 * running state.
 */
bool
retention_histogram_stored_totals(Datum value, HistogramKind kind, int64 *totals)
{
	ByteReader	in;

	retention_read_head(&in, value, retention_histogram_type(kind));
	if (in.at < in.end && *in.at == HISTOGRAM_RUNNING)
		return false;
	(void) get_totals(&in, kind, retention_histogram_counts(kind), totals);
	return true;
}

/* Raise an error if the bytes are not exactly what packing their content gives. */
void
retention_histogram_validate(const struct varlena *value, HistogramKind kind)
{
	Histogram  *histogram = retention_histogram_unpack(value, kind);
	struct varlena *again = pack(histogram);

	retention_check_canonical(value, again, retention_histogram_type(kind));
	pfree(again);
	pfree(histogram);
}

/* A running state, or what was built, as a value. */
struct varlena *
retention_histogram_pack(const Histogram *histogram)
{
	struct varlena *value = pack(histogram);

#ifdef USE_ASSERT_CHECKING
	retention_histogram_validate(value, histogram->kind);
#endif
	return value;
}
