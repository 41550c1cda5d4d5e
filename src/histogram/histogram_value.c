/*-------------------------------------------------------------------------
 *
 * histogram_value.c
 *	  Tallies as SQL sees them: states of aggregates, input and output.
 *
 * A value names its kind, so the functions of all types are the same but for
 * input, which must not take a value of another type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "histogram/histogram.h"
#include "pg/bytes.h"
#include "pg/value.h"

/* The kind of a value or state, whichever form it is in. */
static TallyKind
kind_of(const struct varlena *value)
{
	uint8		kind = VARSIZE_ANY_EXHDR(value) < 2 ? 0 : ((const uint8 *) VARDATA_ANY(value))[1];

	if (kind < TALLY_SURVIVAL || kind > TALLY_KIND_LAST)
		elog(ERROR, "tally of unknown kind %d", kind);
	return (TallyKind) kind;
}

/* A value, or else a running state? */
static inline bool
is_packed(const struct varlena *value)
{
	uint8		form = *(const uint8 *) VARDATA_ANY(value);

	if (unlikely(form != TALLY_PACKED && form != TALLY_RUNNING))
		retention_unknown_version(retention_tally_type(kind_of(value)), form);
	return form == TALLY_PACKED;
}

/* A running state that may be changed; "copy": the one given may not. */
static Tally *
open_tally(Datum datum, TallyKind kind, bool copy)
{
	struct varlena *value = PG_DETOAST_DATUM(datum);

	if (is_packed(value))
		return retention_tally_unpack(value, kind);
	if (kind_of(value) != kind)
		elog(ERROR, "tally is of kind %d, not %d", kind_of(value), kind);
	if (copy && (Pointer) value == DatumGetPointer(datum))
		return retention_tally_compacted((Tally *) value);
	return (Tally *) value;
}

Tally *
retention_tally_begin(FunctionCallInfo fcinfo, TallyKind kind, bool *direct)
{
	*direct = AggCheckCallContext(fcinfo, NULL) == 0;
	if (PG_ARGISNULL(0))
		return NULL;
	return open_tally(PG_GETARG_DATUM(0), kind, *direct);
}

const Tally *
retention_tally_read(Datum value, TallyKind kind)
{
	Tally	   *tally = open_tally(value, kind, false);

	return tally->sorted < tally->used ? retention_tally_compacted(tally) : tally;
}

void
retention_tally_totals(Datum value, TallyKind kind, int64 *totals)
{
	const Tally *tally;

	if (retention_tally_stored_totals(value, kind, totals))
		return;
	tally = retention_tally_read(value, kind);
	for (int which = 0; which < tally->width - tally->keys; which++)
		totals[which] = retention_tally_total(tally, which);
}

/* A value or state as a value to keep; may be what was given. */
static struct varlena *
pack_datum(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM(datum);

	return is_packed(value) ? value : retention_tally_pack((Tally *) value);
}

/*
 * TYPE_combine(TYPE, TYPE): what both were made from.  NULL if both are NULL,
 * else a NULL counts as nothing.
 */
PG_FUNCTION_INFO_V1(retention_tally_combine);
Datum
retention_tally_combine(PG_FUNCTION_ARGS)
{
	struct varlena *other;
	Tally	   *tally;
	bool		direct;

	if (PG_ARGISNULL(1))
		return row_skipped(fcinfo);
	other = PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	tally = retention_tally_begin(fcinfo, kind_of(other), &direct);
	if (tally == NULL)
		tally = open_tally(PointerGetDatum(other), kind_of(other), true);
	else
		tally = retention_tally_merge(tally, retention_tally_read(PointerGetDatum(other),
																  kind_of(other)));
	return tally_end(tally, direct);
}

/* TYPE_final(TYPE): the state as a value to keep. */
PG_FUNCTION_INFO_V1(retention_tally_final);
Datum
retention_tally_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(pack_datum(PG_GETARG_DATUM(0)));
}

PG_FUNCTION_INFO_V1(retention_tally_out);
Datum
retention_tally_out(PG_FUNCTION_ARGS)
{
	struct varlena *value = pack_datum(PG_GETARG_DATUM(0));

	PG_RETURN_DATUM(retention_value_text(value, retention_tally_type(kind_of(value))));
}

PG_FUNCTION_INFO_V1(retention_tally_send);
Datum
retention_tally_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(retention_value_send(pack_datum(PG_GETARG_DATUM(0))));
}

static struct varlena *
tally_in(FunctionCallInfo fcinfo, TallyKind kind)
{
	char	   *text = PG_GETARG_CSTRING(0);
	struct varlena *value = retention_value_of_text(text);

	if (value == NULL)
		retention_invalid_text(text, retention_tally_type(kind), NULL);
	retention_tally_validate(value, kind);
	return value;
}

static struct varlena *
tally_recv(FunctionCallInfo fcinfo, TallyKind kind)
{
	struct varlena *value = retention_value_recv(fcinfo);

	retention_tally_validate(value, kind);
	return value;
}

#define INPUT(type, kind) \
	PG_FUNCTION_INFO_V1(retention_##type##_in); \
	Datum retention_##type##_in(PG_FUNCTION_ARGS) { PG_RETURN_POINTER(tally_in(fcinfo, kind)); } \
	PG_FUNCTION_INFO_V1(retention_##type##_recv); \
	Datum retention_##type##_recv(PG_FUNCTION_ARGS) { PG_RETURN_POINTER(tally_recv(fcinfo, kind)); } \
	extern Datum retention_##type##_recv(PG_FUNCTION_ARGS)

INPUT(survival, TALLY_SURVIVAL);
INPUT(repeat_buying, TALLY_REPEAT_BUYING);
INPUT(repeat_spend, TALLY_REPEAT_SPEND);
INPUT(renewals, TALLY_RENEWALS);

VALUE_OPERATORS(tally, pack_datum, true);
