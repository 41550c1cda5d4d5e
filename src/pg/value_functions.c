/*-------------------------------------------------------------------------
 *
 * value_functions.c
 *	  Text and binary input and output, and equality, the same for all types of
 *	  ours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/value_functions.h"

#include "access/detoast.h"
#include "common/hashfn.h"
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

/* Is it a packed value?  Of one that is stored, the first byte is brought alone. */
static bool
is_packed(Datum value)
{
	struct varlena *bytes = (struct varlena *) DatumGetPointer(value);
	bool		packed;

	if (VARATT_IS_EXTERNAL_EXPANDED(bytes))
		return false;
	if (!VARATT_IS_EXTERNAL(bytes) && !VARATT_IS_COMPRESSED(bytes))
		return VARSIZE_ANY_EXHDR(bytes) > 0 && *(uint8 *) VARDATA_ANY(bytes) == 1;
	bytes = pg_detoast_datum_slice(bytes, 0, 1);
	packed = VARSIZE_ANY_EXHDR(bytes) > 0 && *(uint8 *) VARDATA_ANY(bytes) == 1;
	pfree(bytes);
	return packed;
}

/* Sorting calls us a million times, and its memory is not reset meanwhile. */
static void
free_copy(struct varlena *packed, Datum value)
{
	if ((Pointer) packed != DatumGetPointer(value))
		pfree(packed);
}

int
retention_values_compare(Datum a, Datum b, ValuePacker pack)
{
	struct varlena *packed_a = pack(a);
	struct varlena *packed_b = pack(b);
	Size		size_a = VARSIZE_ANY_EXHDR(packed_a);
	Size		size_b = VARSIZE_ANY_EXHDR(packed_b);
	int			order = memcmp(VARDATA_ANY(packed_a), VARDATA_ANY(packed_b), Min(size_a, size_b));

	if (order == 0)
		order = size_a < size_b ? -1 : size_a > size_b;
	free_copy(packed_a, a);
	free_copy(packed_b, b);
	return order;
}

bool
retention_values_equal(Datum a, Datum b, ValuePacker pack, bool sized)
{
	/* different sizes are known without bringing what is stored */
	if (sized && toast_raw_datum_size(a) != toast_raw_datum_size(b) &&
		is_packed(a) && is_packed(b))
		return false;
	return retention_values_compare(a, b, pack) == 0;
}

Datum
retention_value_hash(Datum value, ValuePacker pack)
{
	struct varlena *packed = pack(value);
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(packed),
								(int) VARSIZE_ANY_EXHDR(packed));

	free_copy(packed, value);
	return hash;
}

Datum
retention_value_hash_extended(Datum value, ValuePacker pack, uint64 seed)
{
	struct varlena *packed = pack(value);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(packed),
										 (int) VARSIZE_ANY_EXHDR(packed), seed);

	free_copy(packed, value);
	return hash;
}
