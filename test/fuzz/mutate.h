/*-------------------------------------------------------------------------
 *
 * mutate.h
 *	  A value's bytes as fields, for changing them and writing them again.
 *
 * Bytes that are changed at random are hardly ever a value: a count has to go
 * with a total, a width with all of its column.  So the fuzzer changes
 * numbers, and then most of the time makes the rest go with them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_FUZZ_MUTATE_H
#define RETENTION_FUZZ_MUTATE_H

#include "postgres.h"

typedef enum FieldKind
{
	FIELD_BYTE,
	FIELD_VARINT,
	FIELD_FIXED,				/* little-endian, of its own width */
	FIELD_COLUMN,				/* of the width that the field before the column says */
	FIELD_UNITS,				/* likewise, of signed numbers of one word or two */
	FIELD_MONEY,				/* a width, a varint, and so many bytes */
	FIELD_LENGTH,				/* of a block, four bytes: how much more than there are */
	FIELD_NAMES_BYTES,			/* of all blocks of names, a varint: likewise */
	FIELD_BLOCK_END				/* no bytes */
} FieldKind;

#define FIELD_WORDS	4

typedef struct Field
{
	FieldKind	kind;
	int			role;			/* the type's own number for what it is */
	int			width;			/* of FIELD_FIXED */
	int			customer;		/* of a key that stands elsewhere: whose, from 1 on; or 0 */
	int			sums;			/* of money: a bit for each sum that it's part of; of such a sum, its own */
	uint64		value;
	uint64		more[FIELD_WORDS - 1];	/* of money, what is above the lowest word */
} Field;

#define MAX_FIELDS	16384

typedef struct Fields
{
	const uint8 *at;
	const uint8 *end;
	int			n;
	Field		fields[MAX_FIELDS];
} Fields;

#define ROLE_OTHER	0
#define ROLE_WIDTH	1			/* of the column behind it: 0 to 8; of units up to 17 */
#define ROLE_FIRST	2			/* the type's own begin here */

/* The width that says that units are of two words, and how wide the second one is. */
#define WIDTH_OF_TWO	9

/* Each reads a field; what has no bytes left is 0, and fuzz_more() is false then. */
extern uint64 fuzz_byte(Fields *fields, int role);
extern uint64 fuzz_varint(Fields *fields, int role);
extern uint64 fuzz_fixed(Fields *fields, int role, int width);
extern void fuzz_money(Fields *fields, int role);

/* Blocks and columns as in store/column.h; of a column, the place of its first number. */
extern const uint8 *fuzz_block_begin(Fields *fields);
extern void fuzz_block_end(Fields *fields, const uint8 *outer);
extern int	fuzz_numbers(Fields *fields, int role, uint64 n);
extern void fuzz_units(Fields *fields, int role, uint64 n);

/* Of all blocks of names, as they would be written. */
extern uint64 fuzz_names_bytes(Fields *fields);

static inline bool
fuzz_more(const Fields *fields)
{
	return fields->at < fields->end && fields->n < MAX_FIELDS;
}

static inline uint64 *
field_word(Field *field, int word)
{
	return word == 0 ? &field->value : &field->more[word - 1];
}

static inline void
fuzz_set_field(Field *field, uint64 value)
{
	field->value = value;
	memset(field->more, (int64) value < 0 ? 0xFF : 0, sizeof(field->more));
}

/* Sets all fields of the role. */
extern void fuzz_set(Fields *fields, int role, uint64 value);

/* Of the type that is fuzzed: take a value's bytes apart. */
extern void fuzz_parse(Fields *fields);

/* Make the totals those of the entries. */
extern void fuzz_total(Fields *fields);

/* The roles of numbers that say how many there are of something; 0 behind the last. */
extern const int fuzz_claims[];

#endif							/* RETENTION_FUZZ_MUTATE_H */
