/*-------------------------------------------------------------------------
 *
 * value.h
 *	  Text and binary input and output, the same for all types of ours.
 *
 * A value is a sequence of bytes that says the same on every machine.  Its
 * binary form is those bytes, its text form is base64 of them.  Checking what
 * comes in is for the type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_VALUE_H
#define RETENTION_VALUE_H

#include "postgres.h"

#include "fmgr.h"
#include "pg/compat.h"

extern struct varlena *retention_value_of_text(const char *text);
extern Datum retention_value_text(const struct varlena *value, const char *type);
extern struct varlena *retention_value_recv(FunctionCallInfo fcinfo);
extern Datum retention_value_send(const struct varlena *value);
compat_noreturn extern void retention_invalid_text(const char *text, const char *type,
												   const char *hint) compat_attribute_noreturn();

#endif							/* RETENTION_VALUE_H */
