/*-------------------------------------------------------------------------
 *
 * column.c
 *	  The bytes of a value: blocks of columns.  See column.h for the layout.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/column.h"

#include "miscadmin.h"
#include "pg/hugepage.h"
#include "utils/memutils.h"

#define BLOCK_HEAD_BYTES	5

/* The width that a column of money says, where it's of two words: and of the second, its own. */
#define WIDTH_OF_TWO		9

/* Room for the header is left before the blocks, so that they need not be copied. */
#define HEADER_ROOM			512

/* The largest value, with something left for the header. */
#define VALUE_MAX_BYTES		(MaxAllocSize / 8 * 7)

/* ---- writing --------------------------------------------------------------- */

/* About so many bytes are coming. */
void
retention_blocks_begin(BlockWriter *writer, const char *type, Size room)
{
	StringInfo	body = &writer->body;

	writer->type = type;
	room = Min(room + HEADER_ROOM + VALUE_END_BYTES + 64, VALUE_MAX_BYTES);
	initStringInfo(body);
	if (room > (Size) body->maxlen)
	{
		body->data = repalloc(body->data, room);
		body->maxlen = (int) room;
		advise_huge_pages(body->data, room);
	}
	body->len = HEADER_ROOM;
}

void
retention_value_too_large(const char *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s would be larger than a value can be", type),
			 errhint("Aggregate coarser periods, or fewer customers at a time; if this is a parallel query, set max_parallel_workers_per_gather to 0.")));
}

/* A block of so many bytes at most: columns may then be written without asking for room. */
void
retention_block_begin(BlockWriter *writer, BlockTag tag, Size most)
{
	StringInfo	body = &writer->body;

	CHECK_FOR_INTERRUPTS();
	if (most > VALUE_MAX_BYTES || body->len + most > VALUE_MAX_BYTES)
		retention_value_too_large(writer->type);
	enlargeStringInfo(body, (int) most + BLOCK_HEAD_BYTES + VALUE_END_BYTES);
	writer->start = body->len;
	body->data[body->len] = (char) tag;
	body->len += BLOCK_HEAD_BYTES;
}

void
retention_block_end(BlockWriter *writer)
{
	StringInfo	body = &writer->body;
	uint32		length = (uint32) (body->len - writer->start - BLOCK_HEAD_BYTES);

	for (int i = 0; i < 4; i++)
		body->data[writer->start + 1 + i] = (char) (length >> (8 * i) & 0xFF);
	Assert(body->len < body->maxlen);
}

/* The blocks of another writer, which is gone then, behind those of this one; how many bytes are they? */
Size
retention_blocks_append(BlockWriter *writer, BlockWriter *other)
{
	Size		bytes = other->body.len - HEADER_ROOM;

	if (writer->body.len + bytes > VALUE_MAX_BYTES)
		retention_value_too_large(writer->type);
	enlargeStringInfo(&writer->body, (int) bytes + VALUE_END_BYTES);
	appendBinaryStringInfo(&writer->body, other->body.data + HEADER_ROOM, (int) bytes);
	pfree(other->body.data);
	return bytes;
}

/* There are no more.  Returns the header, for what its type says of the whole. */
StringInfo
retention_blocks_end(BlockWriter *writer, uint8 version)
{
	StringInfo	header = &writer->header;

	appendStringInfoSpaces(&writer->body, VALUE_END_BYTES);
	memset(writer->body.data + writer->body.len - VALUE_END_BYTES, 0, VALUE_END_BYTES);
	initStringInfo(header);
	appendStringInfoSpaces(header, VARHDRSZ);
	appendStringInfoCharMacro(header, (char) version);
	return header;
}

/* Of the whole value. */
Size
retention_blocks_size(const BlockWriter *writer)
{
	return (Size) writer->header.len + writer->body.len - HEADER_ROOM;
}

/* The value, to where there is room for it. */
void
retention_blocks_write(const BlockWriter *writer, void *to, Size size)
{
	const StringInfoData *header = &writer->header;

	Assert(size == retention_blocks_size(writer));
	memcpy(to, header->data, header->len);
	memcpy((char *) to + header->len, writer->body.data + HEADER_ROOM,
		   writer->body.len - HEADER_ROOM);
	SET_VARSIZE(to, size);
}

/* The value, in the writer's memory where that's no waste, and the writer gone. */
struct varlena *
retention_blocks_finish(BlockWriter *writer)
{
	const StringInfoData *header = &writer->header;
	Size		size = retention_blocks_size(writer);
	char	   *value = writer->body.data;

	if (header->len > HEADER_ROOM || (Size) writer->body.maxlen / 2 > size)
	{
		value = palloc(size);
		retention_blocks_write(writer, value, size);
		pfree(writer->body.data);
	}
	else
	{
		/* the blocks move down to the header */
		memmove(value + header->len, value + HEADER_ROOM, writer->body.len - HEADER_ROOM);
		memcpy(value, header->data, header->len);
		SET_VARSIZE(value, size);
	}
	pfree(header->data);
	return (struct varlena *) value;
}

/* A column of numbers from 0 on. */
void
retention_put_numbers(BlockWriter *writer, const uint64 *numbers, int64 n)
{
	uint64		all = 0;
	uint8	   *at = (uint8 *) writer->body.data + writer->body.len;
	int			width;

	for (int64 i = 0; i < n; i++)
		all |= numbers[i];
	width = bytes_needed(all);
	at = put_byte(at, width);
	if (width > 0)
		for (int64 i = 0; i < n; i++)
			at = put_column(at, numbers[i], width);
	writer->body.len = (int) (at - (uint8 *) writer->body.data);
}

/*
 * A column of money, in one word each or two, as narrow as all of it allows; returns
 * how many words it takes.
 */
int
retention_put_units(BlockWriter *writer, const uint64 *units, int64 n, int words)
{
	uint64		all = 0;
	bool		narrow = true;
	uint8	   *at = (uint8 *) writer->body.data + writer->body.len;
	int			width;

	/* the least number of a word is none that one word has */
	if (words == 2)
		for (int64 i = 0; narrow && i < n; i++)
			narrow = units[2 * i + 1] == (uint64) ((int64) units[2 * i] >> 63) &&
				units[2 * i] != UNITS_SIGN;
	for (int64 i = 0; i < n; i++)
		all |= zigzag((int64) units[i * words + (narrow ? 0 : 1)]);
	width = bytes_needed(all);
	at = put_byte(at, narrow ? width : WIDTH_OF_TWO + width);
	if (narrow && width > 0)
		for (int64 i = 0; i < n; i++)
			at = put_column(at, zigzag((int64) units[i * words]), width);
	if (!narrow)
	{
		for (int64 i = 0; i < n; i++)
			at = put_column(at, units[2 * i], 8);
		for (int64 i = 0; i < n; i++)
			at = put_column(at, zigzag((int64) units[2 * i + 1]), width);
	}
	writer->body.len = (int) (at - (uint8 *) writer->body.data);
	return narrow ? 1 : 2;
}

/*
 * The money that is kept elsewhere, as the block before all others: at the end of
 * the header, since it's known last.  No block if there is none.
 */
void
retention_put_wide(StringInfo header, const WideList *list)
{
	int			start = header->len;
	uint32		length;

	if (wide_count(list) == 0)
		return;
	Assert(list->compact == list->n);
	appendStringInfoCharMacro(header, BLOCK_WIDE);
	appendStringInfoSpaces(header, BLOCK_HEAD_BYTES - 1);
	retention_put_varint(header, list->n);
	for (int64 i = 0; i < list->n; i++)
	{
		const WideMoney *item = &list->items[i];

		CHECK_FOR_INTERRUPTS();
		enlargeStringInfo(header, WIDE_KEY_WORDS * sizeof(uint64));
		for (int word = 0; word < WIDE_KEY_WORDS; word++)
		{
			store_bytes((uint8 *) header->data + header->len, item->key[word]);
			header->len += sizeof(uint64);
		}
		retention_put_varint(header, item->money.scale);
		retention_put_money(header, item->money);
	}
	length = (uint32) (header->len - start - BLOCK_HEAD_BYTES);
	for (int i = 0; i < 4; i++)
		header->data[start + 1 + i] = (char) (length >> (8 * i) & 0xFF);
}

/* ---- reading --------------------------------------------------------------- */

/*
 * The next block, and in "block" its bytes: good until the next one is asked for.
 * Behind the last one there is nothing but the end.
 */
BlockTag
retention_next_block(ByteReader *in, ByteReader *block)
{
	uint8		tag;
	uint32		length;

	reader_need(in, BLOCK_HEAD_BYTES + VALUE_END_BYTES);
	tag = reader_byte(in);
	if (tag == BLOCK_END)
	{
		if (reader_bytes(in, VALUE_END_BYTES - 1) != 0)
			retention_invalid_value(in->type, "The value does not end where it should.");
		if (in->at != in->end)
			retention_invalid_value(in->type, "The value goes on behind its end.");
		return BLOCK_END;
	}
	length = (uint32) reader_bytes(in, 4);
	reader_need(in, (Size) length + VALUE_END_BYTES);
	memset(block, 0, sizeof(ByteReader));
	block->type = in->type;
	block->at = reader_skip(in, length);
	block->end = block->at + length;
	if (in->end - in->at < VALUE_END_BYTES)
		retention_invalid_value(in->type, "The value ends too early.");
	if (tag > BLOCK_TAG_LAST)
		retention_invalid_value(in->type, "A block is of an unknown kind.");
	return tag;
}

/* All of a block's bytes have been asked for. */
void
retention_end_of_block(const ByteReader *block)
{
	if (block->at != block->end)
		retention_invalid_value(block->type, "A block is longer than its columns.");
}

/* Up to seven bytes behind the block's end may be read afterwards. */
static void
get_column(ByteReader *block, Column *column, int64 n, int width)
{
	column->at = reader_column(block, n, width);
	column->width = width;
	column->mask = width == 0 ? 0 : PG_UINT64_MAX >> (64 - 8 * width);
}

void
retention_get_numbers(ByteReader *block, Column *column, int64 n, int most_width)
{
	int			width = reader_byte(block);

	if (width > most_width)
		retention_invalid_value(block->type, "A column is too wide.");
	get_column(block, column, n, width);
}

void
retention_get_units(ByteReader *block, UnitsColumn *column, int64 n)
{
	int			width = reader_byte(block);

	if (width > WIDTH_OF_TWO + 8)
		retention_invalid_value(block->type, "A column of money is too wide.");
	column->words = width < WIDTH_OF_TWO ? 1 : 2;
	get_column(block, &column->low, n, Min(width, 8));
	if (column->words == 2)
		get_column(block, &column->high, n, width - WIDTH_OF_TWO);
}

/*
 * The money of a block that retention_put_wide has written: it ascends, and none of
 * it has more digits than this scale, or would fit its units.
 */
WideList *
retention_get_wide(ByteReader *block, int scale)
{
	WideList   *list = retention_wide_create(CurrentMemoryContext);
	int64		n = retention_get_room(block);
	uint64		key[WIDE_KEY_WORDS];
	uint64		units[UNITS_MAX_WORDS];

	if (n == 0)
		retention_invalid_value(block->type, "A block of money is empty.");
	for (int64 i = 0; i < n; i++)
	{
		Money		money;
		Money		shortest;

		CHECK_FOR_INTERRUPTS();
		for (int word = 0; word < WIDE_KEY_WORDS; word++)
			key[word] = reader_bytes(block, sizeof(uint64));
		money = retention_get_money(block, (int) retention_get_number(block, scale, "The scale of money is impossible."));
		if (i > 0 && compare_wide_keys(list->items[i - 1].key, key) >= 0)
			retention_invalid_value(block->type, "Money is not in the order of its customers.");
		retention_wide_add(list, key, money);
		shortest = retention_money_shorten(money);
		if (shortest.scale != list->items[i].money.scale || shortest.nlimbs != list->items[i].money.nlimbs ||
			retention_units_of_money(shortest, units_scale(scale), units) > 0)
			retention_invalid_value(block->type, "Money is not where it should be.");
	}
	list->compact = list->n;
	retention_end_of_block(block);
	return list;
}
