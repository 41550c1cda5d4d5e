/*-------------------------------------------------------------------------
 *
 * io.c
 *	  Input and output of customer_base: text (base64) and binary.
 *
 * Both carry the packed form as it is.  What comes in is checked byte for
 * byte before it is a value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/state.h"
#include "pg/compat.h"

#include "common/base64.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(retention_base_in);
Datum
retention_base_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	int			length = strlen(text);
	int			room = length / 4 * 3 + 3;
	struct varlena *value = palloc(VARHDRSZ + room + 1);
	int			bytes = compat_b64_decode(text, length, VARDATA(value), room);

	/*
	 * PostgreSQL reads customer_base(key) as a cast to the type of that name
	 * where the key is of a type like text, but not text itself: so the value
	 * that comes here may be a customer's key.
	 */
	if (bytes < 1 || (uint8) *VARDATA(value) > FORM_LAST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type customer_base: \"%s\"",
						pnstrdup(text, pg_mbcliplen(text, length, 40))),
				 errdetail("The text form is base64, as the type prints it."),
				 errhint("If this is a customer's key, cast it: customer_base(key::text).")));
	SET_VARSIZE(value, VARHDRSZ + bytes);
	retention_packed_validate(value);
	PG_RETURN_POINTER(value);
}

PG_FUNCTION_INFO_V1(retention_base_out);
Datum
retention_base_out(PG_FUNCTION_ARGS)
{
	struct varlena *value = retention_base_pack(PG_GETARG_DATUM(0));
	Size		room = ((Size) VARSIZE_ANY_EXHDR(value) + 2) / 3 * 4;
	char	   *text;
	int			length;

	if (room >= MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("customer base of %d bytes is too large to print",
						(int) VARSIZE_ANY_EXHDR(value)),
				 errhint("Use a binary format.")));
	text = palloc(room + 1);
	length = compat_b64_encode(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), text, room);
	if (length < 0)
		elog(ERROR, "base64 encoding failed");
	text[length] = '\0';
	PG_RETURN_CSTRING(text);
}

PG_FUNCTION_INFO_V1(retention_base_recv);
Datum
retention_base_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			bytes = buffer->len - buffer->cursor;
	struct varlena *value = palloc(VARHDRSZ + bytes);

	pq_copymsgbytes(buffer, VARDATA(value), bytes);
	SET_VARSIZE(value, VARHDRSZ + bytes);
	retention_packed_validate(value);
	PG_RETURN_POINTER(value);
}

PG_FUNCTION_INFO_V1(retention_base_send);
Datum
retention_base_send(PG_FUNCTION_ARGS)
{
	struct varlena *value = retention_base_pack(PG_GETARG_DATUM(0));
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}
