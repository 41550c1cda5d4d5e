/*-------------------------------------------------------------------------
 *
 * bytes.c
 *	  Reading and writing bytes that mean the same on every machine.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/bytes.h"

/* The one message for bytes that are no value of ours. */
void
retention_invalid_value(const char *type, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid value of type %s", type),
			 errdetail("%s", detail)));
}

/* Start at a value's first byte. */
void
retention_read_value(ByteReader *in, const struct varlena *value, const char *type)
{
	in->at = (const uint8 *) VARDATA_ANY(value);
	in->end = in->at + VARSIZE_ANY_EXHDR(value);
	in->type = type;
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

		value |= (uint64) (byte & 0x7F) << shift;
		if ((byte & 0x80) == 0)
			return value;
	}
	retention_invalid_value(in->type, "A number has too many bytes.");
}
