/*-------------------------------------------------------------------------
 *
 * column.h
 *	  The bytes of a value: blocks of columns.  The one place that packs numbers
 *	  and believes none.
 *
 * A value is
 *
 *	header	its version in one byte, and what its type says of the whole
 *	blocks	each with a tag of one byte, its length in four, and so many bytes
 *	end		eight bytes of zero: the first is the tag that none has, and with the
 *			others any number before them can be loaded as a word
 *
 * so a new kind of content is a new tag, and a reader knows where what it doesn't
 * know ends.  A block holds some hundred entries, column by column.  A column
 * begins with its width, a byte: so many bytes has each of its numbers, as the
 * largest one takes.  That decodes with one load and one mask, and is within a
 * few bits of the best.  Money is a column of signed numbers; what is wider than a
 * word is there as two columns, the low words and what is above them.
 *
 * Nothing is allocated or multiplied by what the bytes claim before it is known
 * that so many bytes are there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_COLUMN_H
#define RETENTION_COLUMN_H

#include "postgres.h"

#include "order/money_units.h"
#include "pg/bytes.h"
#include "store/wide_money.h"

/* The tags of blocks.  They are part of the packed form: append, never renumber. */
typedef enum BlockTag
{
	BLOCK_END = 0,
	BLOCK_CUSTOMERS = 1,
	BLOCK_WIDE = 2,				/* money that no column has room for; before all others */
	BLOCK_NOBODY = 3,			/* rows of nobody that is known; before the customers */
	BLOCK_NAMES = 4,			/* the texts of customers; behind these */
	BLOCK_INDEX = 5				/* where customers are; behind all others */
} BlockTag;

#define BLOCK_TAG_LAST		BLOCK_INDEX

#define VALUE_END_BYTES		8

/* Writes the blocks of a value. */
typedef struct BlockWriter
{
	StringInfoData body;
	StringInfoData header;		/* once the blocks have ended; begins with a varlena's */
	const char *type;			/* for messages */
	int			start;			/* of the current block's tag */
} BlockWriter;

extern void retention_blocks_begin(BlockWriter *writer, const char *type, Size room);
extern void retention_block_begin(BlockWriter *writer, BlockTag tag, Size most);
extern void retention_block_end(BlockWriter *writer);
extern Size retention_blocks_append(BlockWriter *writer, BlockWriter *other);
compat_noreturn extern void retention_value_too_large(const char *type) compat_attribute_noreturn();
extern StringInfo retention_blocks_end(BlockWriter *writer, uint8 version);
extern Size retention_blocks_size(const BlockWriter *writer);
extern void retention_blocks_write(const BlockWriter *writer, void *to, Size size);
extern struct varlena *retention_blocks_finish(BlockWriter *writer);

extern void retention_put_numbers(BlockWriter *writer, const uint64 *numbers, int64 n);
extern int	retention_put_units(BlockWriter *writer, const uint64 *units, int64 n, int words);

/* What a block of n entries takes at most, in so many columns of numbers. */
static inline Size
block_most_bytes(int64 n, int columns)
{
	return 64 + (Size) n * columns * sizeof(uint64);
}

/* The next block, in a reader of its own. */
extern BlockTag retention_next_block(ByteReader *in, ByteReader *block);
extern void retention_end_of_block(const ByteReader *block);

/* A column of a block. */
typedef struct Column
{
	const uint8 *at;
	int			width;
	uint64		mask;
} Column;

extern void retention_get_numbers(ByteReader *block, Column *column, int64 n, int most_width);

/* Seven bytes behind the column may be read: there are eight at the value's end. */
static inline uint64
column_next(Column *column)
{
	uint64		value;

	memcpy(&value, column->at, sizeof(value));
	column->at += column->width;
	return little_endian_64(value) & column->mask;
}

typedef struct UnitsColumn
{
	int			words;			/* of each; 0: there is no money */
	Column		low;			/* or all of it */
	Column		high;
} UnitsColumn;

extern void retention_get_units(ByteReader *block, UnitsColumn *column, int64 n);

extern void retention_put_wide(StringInfo header, const WideList *list);
extern WideList *retention_get_wide(ByteReader *block, int scale);

/* Into as many words as are asked for, no fewer than the column's. */
static inline void
units_next(UnitsColumn *column, uint64 *units, int words)
{
	uint64		low = column_next(&column->low);

	if (column->words == 1)
	{
		units[0] = (uint64) unzigzag(low);
		if (words == 2)
			units[1] = (uint64) ((int64) units[0] >> 63);
		return;
	}
	units[0] = low;
	units[1] = (uint64) unzigzag(column_next(&column->high));
}

#endif							/* RETENTION_COLUMN_H */
