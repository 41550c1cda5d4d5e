/*-------------------------------------------------------------------------
 *
 * value_functions.h
 *	  Text and binary input and output, and equality, the same for all types of
 *	  ours.
 *
 * A value is a sequence of bytes that says the same on every machine.  Its
 * binary form is those bytes, its text form is base64 of them.  Checking what
 * comes in is for the type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_VALUE_FUNCTIONS_H
#define RETENTION_VALUE_FUNCTIONS_H

#include "postgres.h"

#include "fmgr.h"
#include "pg/compat.h"

extern struct varlena *retention_value_of_text(const char *text);
extern Datum retention_value_text(const struct varlena *value, const char *type);
extern struct varlena *retention_value_recv(FunctionCallInfo fcinfo);
extern Datum retention_value_send(const struct varlena *value);
compat_noreturn extern void retention_invalid_text(const char *text, const char *type,
												   const char *hint) compat_attribute_noreturn();

/*
 * Equality and order, by the bytes of the packed form.  A state that somebody
 * stores as it is has other bytes than the value of the same content, so a
 * room's "pack" makes any Datum of the type that value, which may be what was
 * given.
 */
typedef struct varlena *(*ValuePacker) (Datum value);

extern bool retention_values_equal(Datum a, Datum b, ValuePacker pack, bool sized);
extern int	retention_values_compare(Datum a, Datum b, ValuePacker pack);
extern Datum retention_value_hash(Datum value, ValuePacker pack);
extern Datum retention_value_hash_extended(Datum value, ValuePacker pack, uint64 seed);

#define VALUE_FUNCTION(name, body) \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS) { return body; } \
	extern Datum name(PG_FUNCTION_ARGS)

/* The SQL-callable functions of a room that show a value: its packed form, as text or bytes. */
#define VALUE_OUTPUT(room, type, pack) \
	VALUE_FUNCTION(retention_##room##_out, retention_value_text(pack(PG_GETARG_DATUM(0)), type)); \
	VALUE_FUNCTION(retention_##room##_send, retention_value_send(pack(PG_GETARG_DATUM(0))))

/*
 * The SQL-callable functions of a room: retention_ROOM_eq and so on.  "sized":
 * values whose first byte is 1 are packed, and differ if their sizes do.
 */
#define VALUE_OPERATORS(room, pack, sized) \
	VALUE_FUNCTION(retention_##room##_eq, BoolGetDatum(retention_values_equal( \
		PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), pack, sized))); \
	VALUE_FUNCTION(retention_##room##_ne, BoolGetDatum(!retention_values_equal( \
		PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), pack, sized))); \
	VALUE_FUNCTION(retention_##room##_lt, BoolGetDatum(retention_values_compare( \
		PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), pack) < 0)); \
	VALUE_FUNCTION(retention_##room##_le, BoolGetDatum(retention_values_compare( \
		PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), pack) <= 0)); \
	VALUE_FUNCTION(retention_##room##_gt, BoolGetDatum(retention_values_compare( \
		PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), pack) > 0)); \
	VALUE_FUNCTION(retention_##room##_ge, BoolGetDatum(retention_values_compare( \
		PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), pack) >= 0)); \
	VALUE_FUNCTION(retention_##room##_cmp, Int32GetDatum(retention_values_compare( \
		PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), pack))); \
	VALUE_FUNCTION(retention_##room##_hash, retention_value_hash(PG_GETARG_DATUM(0), pack)); \
	VALUE_FUNCTION(retention_##room##_hash_extended, retention_value_hash_extended( \
		PG_GETARG_DATUM(0), pack, (uint64) PG_GETARG_INT64(1)))

#endif							/* RETENTION_VALUE_FUNCTIONS_H */
