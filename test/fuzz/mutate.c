/*-------------------------------------------------------------------------
 *
 * mutate.c
 *	  Changing a value's numbers, and writing it again.  See mutate.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mutate.h"

extern size_t LLVMFuzzerMutate(uint8 *data, size_t size, size_t max_size);
extern size_t LLVMFuzzerCustomMutator(uint8 *data, size_t size, size_t max_size, unsigned int seed);

/* Of a column that claims more, so many numbers are looked at. */
#define MAX_COLUMN	4096

static uint64 random_state;

static uint64
next_random(void)
{
	uint64		x = (random_state += UINT64CONST(0x9E3779B97F4A7C15));

	x = (x ^ (x >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

static int
below(int n)
{
	return (int) (next_random() % (uint64) n);
}

/* ---- reading ---------------------------------------------------------------- */

static uint64
take(Fields *fields, int width)
{
	uint64		value = 0;

	for (int i = 0; i < width && fields->at < fields->end; i++)
	{
		uint8		byte = *fields->at++;

		if (i < 8)
			value |= (uint64) byte << (8 * i);
	}
	return value;
}

static uint64
take_varint(Fields *fields)
{
	uint64		value = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint64		byte = take(fields, 1);

		value |= (byte & 0x7F) << shift;
		if (byte < 0x80)
			break;
	}
	return value;
}

static uint64
add(Fields *fields, FieldKind kind, int role, int width, uint64 value)
{
	if (fields->n < MAX_FIELDS)
		fields->fields[fields->n++] = (Field) {kind, role, width, value};
	return value;
}

uint64
fuzz_byte(Fields *fields, int role)
{
	return add(fields, FIELD_BYTE, role, 1, take(fields, 1));
}

uint64
fuzz_varint(Fields *fields, int role)
{
	return add(fields, FIELD_VARINT, role, 0, take_varint(fields));
}

uint64
fuzz_fixed(Fields *fields, int role, int width)
{
	return add(fields, FIELD_FIXED, role, width, take(fields, width));
}

void
fuzz_column(Fields *fields, int role, uint64 n, int width_field)
{
	uint64		width = fields->fields[width_field].value;

	n = Min(n, width == 0 ? MAX_COLUMN : (uint64) (fields->end - fields->at) / width);
	for (uint64 i = 0; i < n; i++)
		add(fields, FIELD_COLUMN, role, width_field, take(fields, (int) width));
}

void
fuzz_money(Fields *fields, int role)
{
	const uint8 *start = fields->at;
	uint64		width = take_varint(fields);
	uint64		value;

	if (width > 8)
	{
		/* as bytes, those that there are */
		fields->at = start;
		(void) fuzz_varint(fields, ROLE_OTHER);
		while (width-- > 0 && fuzz_more(fields))
			(void) fuzz_byte(fields, role);
		return;
	}
	value = take(fields, (int) width);
	if (width > 0 && width < 8 && (value >> (8 * width - 1)) != 0)
		value |= PG_UINT64_MAX << (8 * width);
	add(fields, FIELD_MONEY, role, 0, value);
}

/* A block's length, behind its tag: what is read is of the block, until its end. */
const uint8 *
fuzz_block_begin(Fields *fields)
{
	const uint8 *outer = fields->end;
	uint64		length = take(fields, 4);
	uint64		left = (uint64) (fields->end - fields->at);

	add(fields, FIELD_LENGTH, ROLE_OTHER, 0, length > left ? length - left : 0);
	fields->end = fields->at + Min(length, left);
	return outer;
}

void
fuzz_block_end(Fields *fields, const uint8 *outer)
{
	while (fuzz_more(fields))
		(void) fuzz_byte(fields, ROLE_OTHER);
	add(fields, FIELD_BLOCK_END, ROLE_OTHER, 0, 0);
	fields->end = outer;
}

int
fuzz_numbers(Fields *fields, int role, uint64 n)
{
	int			width = fields->n;

	(void) fuzz_byte(fields, ROLE_WIDTH);
	if (width < fields->n)
		fuzz_column(fields, role, n, width);
	return width + 1;
}

/* Of two words each, the upper one is of the role, and as wide as the width says beyond 9. */
void
fuzz_units(Fields *fields, int role, uint64 n)
{
	int			width = fields->at < fields->end ? *fields->at : 0;

	if (width < 9)
	{
		(void) fuzz_numbers(fields, role, n);
		return;
	}
	(void) fuzz_byte(fields, ROLE_OTHER);
	for (uint64 i = 0; i < n && fuzz_more(fields); i++)
		(void) fuzz_fixed(fields, ROLE_OTHER, 8);
	for (uint64 i = 0; i < n && fuzz_more(fields); i++)
		(void) fuzz_fixed(fields, role, width - 9);
}

/* A block of money that no column has room for. */
void
fuzz_wide(Fields *fields)
{
	uint64		n = fuzz_varint(fields, ROLE_OTHER);

	while (n-- > 0 && fuzz_more(fields))
	{
		for (int i = 0; i < 3; i++)
			(void) fuzz_fixed(fields, ROLE_OTHER, 8);
		(void) fuzz_varint(fields, ROLE_OTHER);
		fuzz_money(fields, ROLE_OTHER);
	}
}

/* ---- changing --------------------------------------------------------------- */

void
fuzz_set(Fields *fields, int role, uint64 value)
{
	for (int i = 0; i < fields->n; i++)
		if (fields->fields[i].role == role)
			fields->fields[i].value = value;
}

/* A field of a role: of those, the ones with few fields are as likely as a long column. */
static Field *
any_field(Fields *fields)
{
	int			role = fields->fields[below(fields->n)].role;
	int			start = below(fields->n);

	if (below(2) == 0)
		role = below(ROLE_FIRST + 24);
	for (int i = 0; i < fields->n; i++)
	{
		Field	   *field = &fields->fields[(start + i) % fields->n];

		if (field->role == role)
			return field;
	}
	return &fields->fields[start];
}

static uint64
other_value(Fields *fields, const Field *field)
{
	if (field->role == ROLE_WIDTH && below(8) != 0)
		return below(9);
	switch (below(6))
	{
		case 0:
			return (UINT64CONST(1) << below(64)) + (uint64) below(3) - 1;
		case 1:
			return any_field(fields)->value;
		case 2:
			return field->value + (uint64) below(9) - 4;
		case 3:
			return below(3);
		case 4:
			return next_random() >> below(64);
		default:
			return field->value ^ (UINT64CONST(1) << below(64));
	}
}

/*
 * Claim that there is a lot of something, in columns of widths that make little
 * of it, or nothing, when they are multiplied.
 */
static void
claim(Fields *fields)
{
	int			nclaims = 0;
	int			role;
	int			start = below(fields->n);

	while (fuzz_claims[nclaims] != 0)
		nclaims++;
	role = fuzz_claims[below(nclaims)];
	for (int i = 0; i < fields->n; i++)
	{
		Field	   *field = &fields->fields[(start + i) % fields->n];

		if (field->role != role)
			continue;
		field->value = (UINT64CONST(1) << (below(2) == 0 ? 60 + below(4) : below(64))) + (uint64) below(3) - 1;
		break;
	}
	for (int i = 0; i < fields->n; i++)
		if (fields->fields[i].role == ROLE_WIDTH)
			fields->fields[i].value = below(2) == 0 ? 0 : UINT64CONST(1) << below(4);
}

/* Some fields twice, or not at all. */
static void
move_fields(Fields *fields)
{
	int			n = 1 + below(Min(fields->n, 32));
	int			from = below(fields->n - n + 1);
	Field	   *start = fields->fields + from;
	int			behind = fields->n - from - n;

	if (below(2) == 0 && fields->n + n <= MAX_FIELDS)
	{
		memmove(start + n, start, (n + behind) * sizeof(Field));
		fields->n += n;
	}
	else if (fields->n > n)
	{
		memmove(start, start + n, behind * sizeof(Field));
		fields->n -= n;
	}
}

static int
bytes_of(uint64 value)
{
	int			bytes = 0;

	for (; value != 0; value >>= 8)
		bytes++;
	return bytes;
}

/* The field of a column's width may have been moved away. */
static Field *
width_of(Fields *fields, const Field *field)
{
	return field->kind == FIELD_COLUMN && field->width < fields->n &&
		fields->fields[field->width].role == ROLE_WIDTH ? &fields->fields[field->width] : NULL;
}

/* Columns as wide as their largest number; "least": if they are not wider. */
static void
fit_widths(Fields *fields, bool least)
{
	for (int i = 0; i < fields->n && least; i++)
		if (width_of(fields, &fields->fields[i]))
			width_of(fields, &fields->fields[i])->value = 0;
	for (int i = 0; i < fields->n; i++)
	{
		Field	   *width = width_of(fields, &fields->fields[i]);

		if (width)
			width->value = Max(width->value, (uint64) bytes_of(fields->fields[i].value));
	}
}

/* ---- writing ---------------------------------------------------------------- */

typedef struct Writer
{
	uint8	   *at;
	uint8	   *end;
} Writer;

static void
put(Writer *out, uint64 value, int width)
{
	for (int i = 0; i < width && out->at < out->end; i++)
		*out->at++ = i < 8 ? (uint8) (value >> (8 * i)) : 0;
}

static void
put_varint(Writer *out, uint64 value)
{
	for (; value >= 0x80; value >>= 7)
		put(out, value | 0x80, 1);
	put(out, value, 1);
}

static int
money_width(uint64 value)
{
	int			width = 1;

	while (width < 8 && (int64) (value << (64 - 8 * width)) >> (64 - 8 * width) != (int64) value)
		width++;
	return width;
}

static size_t
write_fields(Fields *fields, uint8 *data, size_t max_size)
{
	Writer		out = {data, data + max_size};
	Field	   *length = NULL;	/* of the block that's written */
	uint8	   *start = NULL;

	for (int i = 0; i < fields->n; i++)
	{
		Field	   *field = &fields->fields[i];
		Field	   *width = width_of(fields, field);

		switch (field->kind)
		{
			case FIELD_BYTE:
				put(&out, field->value, 1);
				break;
			case FIELD_VARINT:
				put_varint(&out, field->value);
				break;
			case FIELD_FIXED:
				put(&out, field->value, field->width);
				break;
			case FIELD_COLUMN:
				put(&out, field->value, width ? (int) Min(width->value, 16) : 1);
				break;
			case FIELD_MONEY:
				put_varint(&out, money_width(field->value));
				put(&out, field->value, money_width(field->value));
				break;
			case FIELD_LENGTH:
				length = field;
				start = out.at;
				put(&out, 0, 4);
				break;
			case FIELD_BLOCK_END:
				if (length && start + 4 <= out.at)
				{
					uint64		bytes = (uint64) (out.at - start) - 4 + length->value;

					for (int b = 0; b < 4; b++)
						start[b] = (uint8) (bytes >> (8 * b));
				}
				length = NULL;
				break;
		}
	}
	return out.at - data;
}

size_t
LLVMFuzzerCustomMutator(uint8 *data, size_t size, size_t max_size, unsigned int seed)
{
	static Fields fields;

	random_state = seed;
	fields.at = data;
	fields.end = data + size;
	fields.n = 0;
	/* now and then anything at all, and all that is no value to begin with */
	if (size < 8 || *data > 3 || below(4) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	fuzz_parse(&fields);
	while (fuzz_more(&fields))
		(void) fuzz_byte(&fields, ROLE_OTHER);

	if (below(4) == 0)
	{
		claim(&fields);
		fuzz_settle(&fields);
		fit_widths(&fields, false);
		return write_fields(&fields, data, max_size);
	}
	for (int n = 1 + below(4); n > 0; n--)
	{
		Field	   *field = any_field(&fields);

		if (below(8) == 0)
			move_fields(&fields);
		else
			field->value = other_value(&fields, field);
	}
	if (below(8) != 0)
		fuzz_settle(&fields);
	if (below(2) == 0)
		fit_widths(&fields, true);
	return write_fields(&fields, data, max_size);
}
