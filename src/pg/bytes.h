/*-------------------------------------------------------------------------
 *
 * bytes.h
 *	  Reading and writing bytes that mean the same on every machine.
 *
 * Numbers are little-endian, small ones as varints (seven bits a byte, least
 * significant first).  A reader never goes beyond its end: what it is asked
 * for and has not is an error of the value, not of the server.
 *
 * A value that is kept in a TOAST table can be read piece by piece.  Who needs
 * its beginning alone then brings one row of that table and not all of them,
 * and who needs all of it uses the memory of a piece again for the next.
 *
 * Nothing that a value says of itself is believed.  A count of 2^62 times a
 * width of 4 is 0, so no reader multiplies or adds what it was told before it
 * is bounded: it asks for a number with a limit, and for columns by their
 * length and width, and the arithmetic is here.
 *
 * Every value begins with a byte that says in which version of its form it is.
 * Who reads one looks at that byte before all others: a version has a reader of
 * its own, and one that has none here was written by a newer library than this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_BYTES_H
#define RETENTION_BYTES_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "pg/compat.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#ifdef WORDS_BIGENDIAN
#define little_endian_64(x) pg_bswap64(x)
#else
#define little_endian_64(x) (x)
#endif

typedef struct ByteReader
{
	const uint8 *at;
	const uint8 *end;
	const char *type;			/* of the value, for messages */

	/* a value that is brought piece by piece, else NULL */
	struct varlena *stored;
	struct varlena *piece;		/* that at and end point into */
	Size		ahead;			/* bytes brought at once, or more if asked for ... */
	Size		until;			/* ... but none from here on, unless asked for */
	Size		offset;			/* of the piece's end */
	Size		total;
} ByteReader;

compat_noreturn extern void retention_invalid_value(const char *type, const char *detail) compat_attribute_noreturn();
compat_noreturn extern void retention_unknown_version(const char *type, int version) compat_attribute_noreturn();
extern void retention_check_canonical(const struct varlena *value, const struct varlena *again, const char *type);
extern void retention_read_value(ByteReader *in, const struct varlena *value, const char *type);
extern void retention_read_head(ByteReader *in, Datum value, const char *type);
extern void retention_read_pieces(ByteReader *in, Datum value, const char *type);
extern bool retention_read_from_end(ByteReader *out, const ByteReader *in, Size bytes);
extern void retention_bring(ByteReader *in, Size bytes);
extern void retention_put_varint(StringInfo out, uint64 value);
extern uint64 retention_get_varint(ByteReader *in);
extern uint64 retention_get_number(ByteReader *in, uint64 most, const char *detail);
extern int64 retention_get_count(ByteReader *in);
extern int64 retention_get_room(ByteReader *in);

/* Does reading all of it take longer than reading its beginning? */
static inline bool
value_is_stored(Datum value)
{
	return VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(value)) ||
		VARATT_IS_COMPRESSED(DatumGetPointer(value));
}

/* Signed numbers, small ones small: 0, -1, 1, -2 ... */
static inline uint64
zigzag(int64 value)
{
	return ((uint64) value << 1) ^ (uint64) (value >> 63);
}

static inline int64
unzigzag(uint64 value)
{
	return (int64) ((value >> 1) ^ (0 - (value & 1)));
}

/* As a rule the last bytes are not going to be read, of which there are so many. */
static inline void
reader_leaves(ByteReader *in, Size bytes)
{
	if (in->stored && bytes < in->total)
		in->until = in->total - bytes;
}

/*
 * Have so many bytes to read in one piece, or as many as there are.  What has
 * been read before is gone then, so columns are asked for together.
 */
static inline void
reader_need(ByteReader *in, Size bytes)
{
	if (unlikely(bytes > (Size) (in->end - in->at)) && in->stored)
		retention_bring(in, bytes);
}

static inline const uint8 *
reader_skip(ByteReader *in, Size length)
{
	const uint8 *at;

	reader_need(in, length);
	at = in->at;
	if (unlikely(length > (Size) (in->end - at)))
		retention_invalid_value(in->type, "The value ends too early.");
	in->at += length;
	return at;
}

/*
 * How many bytes a column of "n" numbers of "width" bytes each takes, or as
 * many as no value has; a few of those can be added up.
 */
static inline Size
column_bytes(int64 n, int width)
{
	Assert(n >= 0 && width >= 0);
	if (unlikely(width > 0 && (Size) n > MaxAllocSize / (Size) width))
		return MaxAllocSize;
	return (Size) n * width;
}

static inline const uint8 *
reader_column(ByteReader *in, int64 n, int width)
{
	return reader_skip(in, column_bytes(n, width));
}

static inline uint8
reader_byte(ByteReader *in)
{
	return *reader_skip(in, 1);
}

/* The "width" (0 to 8) low bytes at "at"; up to "end" bytes may be touched. */
static inline uint64
load_bytes(const uint8 *at, int width, const uint8 *end)
{
	uint64		value = 0;

	if (likely(end - at >= (ptrdiff_t) sizeof(uint64)))
	{
		memcpy(&value, at, sizeof(value));
		value = little_endian_64(value);
		return width == 8 ? value : value & ((UINT64CONST(1) << (8 * width)) - 1);
	}
	for (int i = 0; i < width; i++)
		value |= (uint64) at[i] << (8 * i);
	return value;
}

/* The next "width" (0 to 8) bytes. */
static inline uint64
reader_bytes(ByteReader *in, int width)
{
	const uint8 *at = reader_skip(in, width);

	return load_bytes(at, width, in->end);
}

/* Eight bytes are written, of which the caller counts the low "width". */
static inline void
store_bytes(uint8 *at, uint64 value)
{
	value = little_endian_64(value);
	memcpy(at, &value, sizeof(value));
}

/* Write a byte; returns what is behind it. */
static inline uint8 *
put_byte(uint8 *at, int value)
{
	Assert(value >= 0 && value <= 0xFF);
	*at = (uint8) value;
	return at + 1;
}

/* The same of a number in a column so many bytes wide, with room for eight. */
static inline uint8 *
put_column(uint8 *at, uint64 value, int width)
{
	store_bytes(at, value);
	return at + width;
}

/* How many bytes hold an unsigned number; 0 takes none. */
static inline int
bytes_needed(uint64 value)
{
	int			bytes = 0;

	while (value != 0)
	{
		value >>= 8;
		bytes++;
	}
	return bytes;
}

#endif							/* RETENTION_BYTES_H */
