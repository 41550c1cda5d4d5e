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
	FIELD_COLUMN,				/* of the width that another field says */
	FIELD_MONEY,				/* a width, a varint, and so many bytes; up to 8 */
	FIELD_LENGTH,				/* of a block, four bytes: how much more than there are */
	FIELD_BLOCK_END				/* no bytes */
} FieldKind;

typedef struct Field
{
	FieldKind	kind;
	int			role;			/* the type's own number for what it is */
	int			width;			/* of FIELD_FIXED; of FIELD_COLUMN its field */
	uint64		value;
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
#define ROLE_WIDTH	1			/* of a column: 0 to 8 */
#define ROLE_FIRST	2			/* the type's own begin here */

/* Each reads a field; what has no bytes left is 0, and fuzz_more() is false then. */
extern uint64 fuzz_byte(Fields *fields, int role);
extern uint64 fuzz_varint(Fields *fields, int role);
extern uint64 fuzz_fixed(Fields *fields, int role, int width);
extern void fuzz_column(Fields *fields, int role, uint64 n, int width_field);
extern void fuzz_money(Fields *fields, int role);

/* Blocks and columns as in store/column.h; of a column, the place of its first number. */
extern const uint8 *fuzz_block_begin(Fields *fields);
extern void fuzz_block_end(Fields *fields, const uint8 *outer);
extern int	fuzz_numbers(Fields *fields, int role, uint64 n);
extern void fuzz_units(Fields *fields, int role, uint64 n);
extern void fuzz_wide(Fields *fields);

static inline bool
fuzz_more(const Fields *fields)
{
	return fields->at < fields->end && fields->n < MAX_FIELDS;
}

/* Sets all fields of the role. */
extern void fuzz_set(Fields *fields, int role, uint64 value);

/* Of the type that is fuzzed: take a value's bytes apart. */
extern void fuzz_parse(Fields *fields);

/* Make the totals those of the entries. */
extern void fuzz_settle(Fields *fields);

/* The roles of numbers that say how many there are of something; 0 behind the last. */
extern const int fuzz_claims[];

#endif							/* RETENTION_FUZZ_MUTATE_H */
