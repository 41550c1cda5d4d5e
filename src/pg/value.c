/*-------------------------------------------------------------------------
 *
 * value.c
 *	  Text and binary input and output, the same for all types of ours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/value.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

/* The bytes of a text form; NULL if it is no base64, or of nothing. */
struct varlena *
retention_value_of_text(const char *text)
{
	int			length = (int) strlen(text);
	int			room = length / 4 * 3 + 3;
	struct varlena *value = palloc(VARHDRSZ + room + 1);
	int			bytes = compat_b64_decode(text, length, VARDATA(value), room);

	if (bytes < 1)
		return NULL;
	SET_VARSIZE(value, VARHDRSZ + bytes);
	return value;
}

/* The error of text that is no value; the hint may be NULL. */
void
retention_invalid_text(const char *text, const char *type, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", type,
					pnstrdup(text, pg_mbcliplen(text, (int) strlen(text), 40))),
			 errdetail("The text form is base64, as the type prints it."),
			 hint ? errhint("%s", hint) : 0));
}

/* A cstring Datum. */
Datum
retention_value_text(const struct varlena *value, const char *type)
{
	Size		room = ((Size) VARSIZE_ANY_EXHDR(value) + 2) / 3 * 4;
	char	   *text;
	int			length;

	if (room >= MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s of %d bytes is too large to print", type,
						(int) VARSIZE_ANY_EXHDR(value)),
				 errhint("Use a binary format.")));
	text = palloc(room + 1);
	length = compat_b64_encode(VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value), text, (int) room);
	if (length < 0)
		elog(ERROR, "base64 encoding failed");
	text[length] = '\0';
	return CStringGetDatum(text);
}

/* The bytes that a recv function is given. */
struct varlena *
retention_value_recv(FunctionCallInfo fcinfo)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			bytes = buffer->len - buffer->cursor;
	struct varlena *value = palloc(VARHDRSZ + bytes);

	pq_copymsgbytes(buffer, VARDATA(value), bytes);
	SET_VARSIZE(value, VARHDRSZ + bytes);
	return value;
}

/* A bytea Datum. */
Datum
retention_value_send(const struct varlena *value)
{
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value));
	return PointerGetDatum(pq_endtypsend(&buffer));
}
