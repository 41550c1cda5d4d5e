/*-------------------------------------------------------------------------
 *
 * histogram_value.c
 *	  Histograms as SQL sees them: states of aggregates, input and output.
 *
 * A value names its kind, so the functions of all types are the same but for
 * input, which must not take a value of another type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "histogram/histogram.h"
#include "pg/bytes.h"
#include "pg/value_functions.h"

/* The kind of a value or state, whichever form it is in. */
static HistogramKind
kind_of(const struct varlena *value)
{
	uint8		kind = VARSIZE_ANY_EXHDR(value) < 2 ? 0 : ((const uint8 *) VARDATA_ANY(value))[1];

	if (kind < HISTOGRAM_SURVIVAL || kind > HISTOGRAM_KIND_LAST)
		elog(ERROR, "histogram of unknown kind %d", kind);
	return (HistogramKind) kind;
}

/* A value, or else a running state? */
static inline bool
is_packed(const struct varlena *value)
{
	uint8		form = *(const uint8 *) VARDATA_ANY(value);

	if (unlikely(form != HISTOGRAM_PACKED && form != HISTOGRAM_RUNNING))
		retention_unknown_version(retention_histogram_type(kind_of(value)), form);
	return form == HISTOGRAM_PACKED;
}

/* A running state that may be changed; "copy": the one given may not. */
static Histogram *
open_histogram(Datum datum, HistogramKind kind, bool copy)
{
	struct varlena *value = PG_DETOAST_DATUM(datum);

	if (is_packed(value))
		return retention_histogram_unpack(value, kind);
	if (kind_of(value) != kind)
		elog(ERROR, "histogram is of kind %d, not %d", kind_of(value), kind);
	if (copy && (Pointer) value == DatumGetPointer(datum))
		return retention_histogram_compacted((Histogram *) value);
	return (Histogram *) value;
}

Histogram *
retention_histogram_begin(FunctionCallInfo fcinfo, HistogramKind kind, bool *direct)
{
	*direct = AggCheckCallContext(fcinfo, NULL) == 0;
	if (PG_ARGISNULL(0))
		return NULL;
	return open_histogram(PG_GETARG_DATUM(0), kind, *direct);
}

const Histogram *
retention_histogram_read(Datum value, HistogramKind kind)
{
	Histogram  *histogram = open_histogram(value, kind, false);

	return histogram->sorted < histogram->used ? retention_histogram_compacted(histogram) : histogram;
}

void
retention_histogram_totals(Datum value, HistogramKind kind, int64 *totals)
{
	const Histogram *histogram;

	if (retention_histogram_stored_totals(value, kind, totals))
		return;
	histogram = retention_histogram_read(value, kind);
	for (int which = 0; which < histogram->width - histogram->keys; which++)
		totals[which] = retention_histogram_total(histogram, which);
}

/* A value or state as a value to keep; may be what was given. */
static struct varlena *
pack_datum(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM(datum);

	return is_packed(value) ? value : retention_histogram_pack((Histogram *) value);
}

/*
 * TYPE_combine(TYPE, TYPE): what both were made from.  NULL if both are NULL,
 * else a NULL counts as nothing.
 */
PG_FUNCTION_INFO_V1(retention_histogram_combine);
Datum
retention_histogram_combine(PG_FUNCTION_ARGS)
{
	struct varlena *other;
	Histogram  *histogram;
	bool		direct;

	if (PG_ARGISNULL(1))
		return row_skipped(fcinfo);
	other = PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	histogram = retention_histogram_begin(fcinfo, kind_of(other), &direct);
	if (histogram == NULL)
		histogram = open_histogram(PointerGetDatum(other), kind_of(other), true);
	else
		histogram = retention_histogram_merge(histogram, retention_histogram_read(PointerGetDatum(other),
																  kind_of(other)));
	return histogram_end(histogram, direct);
}

/* TYPE_final(TYPE): the state as a value to keep. */
PG_FUNCTION_INFO_V1(retention_histogram_final);
Datum
retention_histogram_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(pack_datum(PG_GETARG_DATUM(0)));
}

PG_FUNCTION_INFO_V1(retention_histogram_out);
Datum
retention_histogram_out(PG_FUNCTION_ARGS)
{
	struct varlena *value = pack_datum(PG_GETARG_DATUM(0));

	PG_RETURN_DATUM(retention_value_text(value, retention_histogram_type(kind_of(value))));
}

PG_FUNCTION_INFO_V1(retention_histogram_send);
Datum
retention_histogram_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(retention_value_send(pack_datum(PG_GETARG_DATUM(0))));
}

static struct varlena *
histogram_in(FunctionCallInfo fcinfo, HistogramKind kind)
{
	char	   *text = PG_GETARG_CSTRING(0);
	struct varlena *value = retention_value_of_text(text);

	if (value == NULL)
		retention_invalid_text(text, retention_histogram_type(kind), NULL);
	retention_histogram_validate(value, kind);
	return value;
}

static struct varlena *
histogram_recv(FunctionCallInfo fcinfo, HistogramKind kind)
{
	struct varlena *value = retention_value_recv(fcinfo);

	retention_histogram_validate(value, kind);
	return value;
}

#define INPUT(type, kind) \
	PG_FUNCTION_INFO_V1(retention_##type##_in); \
	Datum retention_##type##_in(PG_FUNCTION_ARGS) { PG_RETURN_POINTER(histogram_in(fcinfo, kind)); } \
	PG_FUNCTION_INFO_V1(retention_##type##_recv); \
	Datum retention_##type##_recv(PG_FUNCTION_ARGS) { PG_RETURN_POINTER(histogram_recv(fcinfo, kind)); } \
	extern Datum retention_##type##_recv(PG_FUNCTION_ARGS)

INPUT(survival, HISTOGRAM_SURVIVAL);
INPUT(repeat_buying, HISTOGRAM_REPEAT_BUYING);
INPUT(repeat_spend, HISTOGRAM_REPEAT_SPEND);
INPUT(renewals, HISTOGRAM_RENEWALS);

VALUE_OPERATORS(histogram, pack_datum, true);
