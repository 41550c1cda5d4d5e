/*-------------------------------------------------------------------------
 *
 * bytes.c
 *	  Reading and writing bytes that mean the same on every machine.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/bytes.h"

#include "access/detoast.h"
#include "access/heaptoast.h"

/* What is read of a TOAST table at a time, if all of the value is to be read. */
#define PIECE_BYTES		((Size) 512 * 1024)

/* What is brought of a value whose beginning is asked for: a row of its table. */
#define HEAD_BYTES		((Size) TOAST_MAX_CHUNK_SIZE)

/* The one message for bytes that are no value of ours. */
void
retention_invalid_value(const char *type, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid value of type %s", type),
			 errdetail("%s", detail)));
}

/*
 * The one message for a value whose form is not known here.  It's not damaged,
 * and whoever has it should not think so.
 */
void
retention_unknown_version(const char *type, int version)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("unsupported version %d of type %s", version, type),
			 errhint("A newer version of the extension may have written it.")));
}

/* What is read must be exactly what writing its content gives. */
void
retention_check_canonical(const struct varlena *value, const struct varlena *again, const char *type)
{
	Size		bytes = VARSIZE_ANY_EXHDR(value);

	if (VARSIZE_ANY_EXHDR(again) != bytes || memcmp(VARDATA_ANY(again), VARDATA_ANY(value), bytes) != 0)
		retention_invalid_value(type, "The value is not in its canonical form.");
}

/* Start at a value's first byte. */
void
retention_read_value(ByteReader *in, const struct varlena *value, const char *type)
{
	memset(in, 0, sizeof(ByteReader));
	in->at = (const uint8 *) VARDATA_ANY(value);
	in->end = in->at + VARSIZE_ANY_EXHDR(value);
	in->type = type;
}

/* Bring the next piece, which begins with what is left of this one. */
void
retention_bring(ByteReader *in, Size bytes)
{
	Size		left = in->end - in->at;
	Size		begin = in->offset - left;
	struct varlena *last = in->piece;
	Size		ahead = in->until > begin ? Min(in->ahead, in->until - begin) : 0;

	if (in->offset == in->total)
		return;
	bytes = Min(Max(bytes, ahead), in->total - begin);
	in->piece = pg_detoast_datum_slice(in->stored, (int32) begin, (int32) bytes);
	in->at = (const uint8 *) VARDATA_ANY(in->piece);
	in->end = in->at + VARSIZE_ANY_EXHDR(in->piece);
	in->offset = begin + (in->end - in->at);
	if (last)
		pfree(last);
}

static void
read_stored(ByteReader *in, struct varlena *value, const char *type, Size ahead)
{
	memset(in, 0, sizeof(ByteReader));
	in->type = type;
	in->stored = value;
	in->ahead = ahead;
	in->total = in->until = toast_raw_datum_size(PointerGetDatum(value)) - VARHDRSZ;
	retention_bring(in, ahead);
}

/*
 * Start at the first byte of a value whose beginning is wanted alone.  Of a
 * compressed one the beginning can be had alone, too, but not twice for the
 * price of once: every piece is decompressed from the first byte on.
 */
void
retention_read_head(ByteReader *in, Datum datum, const char *type)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);

	if (value_is_stored(datum))
		read_stored(in, value, type, HEAD_BYTES);
	else
		retention_read_value(in, pg_detoast_datum_packed(value), type);
}

/*
 * Start at the first byte of a value that is read to its end.  One of tens of
 * megabytes, brought whole, would be as many new pages to be cleared and
 * filled, so it comes in pieces, unless it is compressed: then pieces would
 * take time in proportion to the square of its size.
 */
void
retention_read_pieces(ByteReader *in, Datum datum, const char *type)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);

	if (VARATT_IS_EXTERNAL_ONDISK(value) && toast_raw_datum_size(datum) >= 2 * PIECE_BYTES)
	{
		struct varatt_external pointer;

		VARATT_EXTERNAL_GET_POINTER(pointer, value);
		if (!VARATT_EXTERNAL_IS_COMPRESSED(pointer))
		{
			read_stored(in, value, type, PIECE_BYTES);
			return;
		}
	}
	retention_read_value(in, pg_detoast_datum_packed(value), type);
}

/*
 * Another reader of the same value, so many bytes before its end; false if the first one
 * is behind that already.
 */
bool
retention_read_from_end(ByteReader *out, const ByteReader *in, Size bytes)
{
	Size		left = in->end - in->at;

	if (in->stored)
		left += in->total - in->offset;
	if (bytes > left)
		return false;
	*out = *in;
	if (in->stored)
	{
		out->piece = NULL;
		out->at = out->end = NULL;
		out->offset = in->total - bytes;
		out->until = in->total;
	}
	else
		out->at = in->end - bytes;
	return true;
}

void
retention_put_varint(StringInfo out, uint64 value)
{
	while (value >= 0x80)
	{
		appendStringInfoCharMacro(out, (char) (value | 0x80));
		value >>= 7;
	}
	appendStringInfoCharMacro(out, (char) value);
}

uint64
retention_get_varint(ByteReader *in)
{
	uint64		value = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8		byte = reader_byte(in);

		/* of the tenth byte there is room for one bit */
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64) (byte & 0x7F) << shift;
		if ((byte & 0x80) == 0)
			return value;
	}
	retention_invalid_value(in->type, "A number is too large.");
}

/* A number that is not above the limit; "detail" says of one that is what it is. */
uint64
retention_get_number(ByteReader *in, uint64 most, const char *detail)
{
	uint64		number = retention_get_varint(in);

	if (number > most)
		retention_invalid_value(in->type, detail);
	return number;
}

/* How many there were of something that has left no bytes. */
int64
retention_get_count(ByteReader *in)
{
	return (int64) retention_get_number(in, PG_INT64_MAX, "A number is too large.");
}

/* How many there are of what takes a byte at least, each. */
int64
retention_get_room(ByteReader *in)
{
	return (int64) retention_get_number(in, MaxAllocSize, "There are more entries than a value has room for.");
}
