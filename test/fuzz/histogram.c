/*-------------------------------------------------------------------------
 *
 * histogram.c
 *	  Fuzzing the input of the histograms: of survival, repeat_buying, repeat_spend and
 *	  renewals.
 *
 * The second byte says which of them it is.  What is accepted has to be read
 * without an error, in order, and to be packed to the same bytes again; merged
 * with itself it is a value once more, unless its numbers are too large for
 * that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "histogram/histogram.h"

#include "mutate.h"
#include "shim.h"

/* ---- the bytes as fields, see histogram_packed.c ---------------------------- */

enum
{
	ENTRIES = ROLE_FIRST, TOTAL, SECOND_TOTAL, SUM, NOTE, KEY, NUMBER, COUNT, SECOND_COUNT
};

const int	fuzz_claims[] = {ENTRIES, COUNT, SECOND_COUNT, 0};

void
fuzz_parse(Fields *fields)
{
	uint64		kind;
	int			keys;
	int			counts;

	(void) fuzz_byte(fields, ROLE_OTHER);
	kind = fuzz_byte(fields, ROLE_OTHER);
	keys = kind == HISTOGRAM_REPEAT_BUYING ? 3 : kind == HISTOGRAM_REPEAT_SPEND ? 2 : 1;
	counts = kind == HISTOGRAM_SURVIVAL || kind == HISTOGRAM_RENEWALS ? 2 : 1;
	(void) fuzz_varint(fields, ENTRIES);
	for (int i = 0; i < counts; i++)
		(void) fuzz_varint(fields, TOTAL + i);
	for (int i = 0; kind == HISTOGRAM_REPEAT_BUYING && i < 3; i++)
		(void) fuzz_varint(fields, SUM);
	if (kind == HISTOGRAM_REPEAT_BUYING || kind == HISTOGRAM_RENEWALS)
		(void) fuzz_varint(fields, NOTE);
	while (fuzz_more(fields))
	{
		for (int i = 0; i < keys; i++)
			if (fuzz_varint(fields, KEY) == 1)
				(void) fuzz_fixed(fields, NUMBER, 8);
		for (int i = 0; i < counts; i++)
			(void) fuzz_varint(fields, COUNT + i);
	}
}

void
fuzz_total(Fields *fields)
{
	uint64		entries = 0;
	uint64		totals[2] = {0};

	for (int i = 0; i < fields->n; i++)
	{
		const Field *field = &fields->fields[i];

		entries += field->role == COUNT;
		if (field->role == COUNT || field->role == SECOND_COUNT)
			totals[field->role - COUNT] += field->value;
	}
	fuzz_set(fields, ENTRIES, entries);
	fuzz_set(fields, TOTAL, totals[0]);
	fuzz_set(fields, SECOND_TOTAL, totals[1]);
}

/* ---- what is accepted ------------------------------------------------------- */

static void
read_entries(const Histogram *histogram)
{
	if (histogram->sorted != histogram->used || histogram->used > histogram->capacity)
		abort();
	for (int32 i = 0; i < histogram->used; i++)
	{
		int			part = 0;
		int64		any = 0;

		while (i > 0 && part < histogram->keys && histogram_key(histogram, i, part) == histogram_key(histogram, i - 1, part))
			part++;
		if (i > 0 && (part == histogram->keys || histogram_key(histogram, i, part) < histogram_key(histogram, i - 1, part)))
			abort();
		for (int which = 0; which < histogram->width - histogram->keys; which++)
			any |= histogram_count(histogram, i, which);
		if (any <= 0)
			abort();
	}
	for (int which = 0; which < histogram->width - histogram->keys; which++)
		(void) retention_histogram_total(histogram, which);
}

void
fuzz_value(struct varlena *value)
{
	uint8		byte = VARSIZE_ANY_EXHDR(value) > 1 ? VARDATA_ANY(value)[1] : 0;
	HistogramKind kind = byte >= HISTOGRAM_SURVIVAL && byte <= HISTOGRAM_RENEWALS ? byte : HISTOGRAM_SURVIVAL;
	Histogram  *histogram;

	retention_histogram_validate(value, kind);

	fuzz_error_allowed = false;
	histogram = retention_histogram_unpack(value, kind);
	read_entries(histogram);
	fuzz_must_be_same(retention_histogram_pack(histogram), value);

	fuzz_error_allowed = true;
	histogram = retention_histogram_merge(histogram, retention_histogram_unpack(value, kind));
	value = retention_histogram_pack(histogram);

	fuzz_error_allowed = false;
	retention_histogram_validate(value, kind);
}
