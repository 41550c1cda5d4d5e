/*-------------------------------------------------------------------------
 *
 * mutate.c
 *	  Changing a value's numbers, and writing it again.  See mutate.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mutate.h"
#include "order/money_units.h"
#include "pg/bytes.h"
#include "store/column.h"

extern size_t LLVMFuzzerMutate(uint8 *data, size_t size, size_t max_size);
extern size_t LLVMFuzzerCustomMutator(uint8 *data, size_t size, size_t max_size, unsigned int seed);

/* Of a column that claims more, so many numbers are looked at. */
#define MAX_COLUMN	4096

/* A type has no more roles of its own. */
#define MOST_ROLES	40

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
	{
		Field	   *field = &fields->fields[fields->n++];

		*field = (Field) {.kind = kind, .role = role, .width = width};
		fuzz_set_field(field, value);
	}
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

/* A number of so many bytes in two's complement, into all of a field's words. */
static void
take_signed(Fields *fields, Field *field, int width)
{
	bool		negative = width > 0 && fields->end - fields->at >= width && (fields->at[width - 1] & 0x80);

	fuzz_set_field(field, negative ? PG_UINT64_MAX : 0);
	for (int i = 0; i < width; i += 8)
	{
		int			bytes = Min(8, width - i);
		uint64		word = take(fields, bytes);

		if (bytes < 8 && negative)
			word |= PG_UINT64_MAX << (8 * bytes);
		*field_word(field, i / 8) = word;
	}
}

void
fuzz_money(Fields *fields, int role)
{
	const uint8 *start = fields->at;
	uint64		width = take_varint(fields);

	if (width > FIELD_WORDS * 8)
	{
		/* as bytes, those that there are */
		fields->at = start;
		(void) fuzz_varint(fields, ROLE_OTHER);
		while (width-- > 0 && fuzz_more(fields))
			(void) fuzz_byte(fields, ROLE_OTHER);
		return;
	}
	if (fields->n == MAX_FIELDS)
		return;
	add(fields, FIELD_MONEY, role, 0, 0);
	take_signed(fields, &fields->fields[fields->n - 1], (int) width);
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

/* So many numbers are there, of those that a column claims. */
static int
column_length(const Fields *fields, uint64 n, uint64 bytes)
{
	n = Min(n, bytes == 0 ? MAX_COLUMN : (uint64) (fields->end - fields->at) / bytes);
	return (int) Min(n, (uint64) (MAX_FIELDS - fields->n));
}

int
fuzz_numbers(Fields *fields, int role, uint64 n)
{
	uint64		width = fuzz_byte(fields, ROLE_WIDTH);
	int			first = fields->n;

	for (int left = column_length(fields, n, width); left > 0; left--)
		add(fields, FIELD_COLUMN, role, 0, take(fields, (int) width));
	return first;
}

void
fuzz_units(Fields *fields, int role, uint64 n)
{
	int			width = (int) fuzz_byte(fields, ROLE_WIDTH);
	int			first = fields->n;
	int			length = column_length(fields, n, width < WIDTH_OF_TWO ? width : width - 1);

	for (int i = 0; i < length; i++)
		add(fields, FIELD_UNITS, role, 0, take(fields, Min(width, 8)));
	for (int i = first; i < first + length; i++)
	{
		Field	   *field = &fields->fields[i];

		if (width < WIDTH_OF_TWO)
			fuzz_set_field(field, (uint64) unzigzag(field->value));
		else
		{
			uint64		low = field->value;
			uint64		high = (uint64) unzigzag(take(fields, width - WIDTH_OF_TWO));

			fuzz_set_field(field, high);
			field->more[0] = high;
			field->value = low;
		}
	}
}

/* ---- changing --------------------------------------------------------------- */

void
fuzz_set(Fields *fields, int role, uint64 value)
{
	for (int i = 0; i < fields->n; i++)
		if (fields->fields[i].role == role)
			fuzz_set_field(&fields->fields[i], value);
}

/* A field of a role: of those, the ones with few fields are as likely as a long column. */
static Field *
any_field(Fields *fields)
{
	int			role = fields->fields[below(fields->n)].role;
	int			start = below(fields->n);

	if (below(2) == 0)
		role = below(ROLE_FIRST + MOST_ROLES);
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
		return below(2) == 0 ? below(9) : below(18);
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

static void
change(Fields *fields, Field *field)
{
	fuzz_set_field(field, other_value(fields, field));
	/* as there is money of any width, with some beyond each word's end */
	if (field->kind == FIELD_UNITS || field->kind == FIELD_MONEY)
		for (int word = 1 + below(4); word < FIELD_WORDS && below(2) == 0; word++)
		{
			uint64		value = below(2) == 0 ? UINT64CONST(1) << 63 : other_value(fields, field);

			*field_word(field, word - 1) = value;
			for (int i = word; i < FIELD_WORDS; i++)
				*field_word(field, i) = below(2) == 0 ? 0 : PG_UINT64_MAX;
		}
}

/*
 * Claim that there is a lot of something, in columns of widths that make little
 * of it, or what there is, or nothing, when they are multiplied.
 */
static void
claim(Fields *fields)
{
	uint64		many = UINT64CONST(1) << (below(2) == 0 ? 60 + below(4) : below(64));
	uint64		width = UINT64CONST(1) << below(4);
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
		if (below(2) == 0)
			many += field->value;
		fuzz_set_field(field, many + (uint64) (below(2) == 0 ? 0 : below(3) - 1));
		break;
	}
	for (int i = 0; i < fields->n; i++)
		if (fields->fields[i].role == ROLE_WIDTH)
			fields->fields[i].value = below(8) == 0 ? UINT64CONST(1) << below(4) :
				below(2) == 0 ? 0 : width;
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

/* The numbers of the column whose width this is: so many fields behind it. */
static int
column_behind(const Fields *fields, int width)
{
	int			end = width + 1;

	while (end < fields->n &&
		   (fields->fields[end].kind == FIELD_COLUMN || fields->fields[end].kind == FIELD_UNITS) &&
		   fields->fields[end].kind == fields->fields[width + 1].kind)
		end++;
	return end - width - 1;
}

/* The width that holds all of a column. */
static uint64
width_needed(const Field *column, int n)
{
	uint64		all = 0;
	uint64		upper = 0;
	bool		two = false;

	for (int i = 0; i < n; i++)
	{
		const Field *field = &column[i];

		if (field->kind == FIELD_COLUMN)
			all |= field->value;
		else
		{
			all |= zigzag((int64) field->value);
			upper |= zigzag((int64) field->more[0]);
			two |= field->more[0] != (uint64) ((int64) field->value >> 63) || field->value == UNITS_SIGN;
		}
	}
	return two ? WIDTH_OF_TWO + bytes_of(upper) : bytes_of(all);
}

/* Columns as wide as their largest number; "least": if they are not wider. */
static void
fit_widths(Fields *fields, bool least)
{
	for (int i = 0; i < fields->n; i++)
	{
		Field	   *width = &fields->fields[i];
		uint64		needed;

		if (width->role != ROLE_WIDTH)
			continue;
		needed = width_needed(width + 1, column_behind(fields, i));
		width->value = least ? needed : Max(width->value, needed);
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

/* Its least number of bytes in two's complement. */
static int
money_width(const Field *field)
{
	int			word = FIELD_WORDS - 1;
	uint64		sign = (uint64) ((int64) field->more[FIELD_WORDS - 2] >> 63);
	int			width = 1;
	int64		top;

	while (word > 0 && *field_word((Field *) field, word) == sign &&
		   (uint64) ((int64) *field_word((Field *) field, word - 1) >> 63) == sign)
		word--;
	top = (int64) *field_word((Field *) field, word);
	while (width < 8 && (int64) ((uint64) top << (64 - 8 * width)) >> (64 - 8 * width) != top)
		width++;
	return 8 * word + width;
}

static void
put_money(Writer *out, const Field *field)
{
	int			width = money_width(field);

	put_varint(out, (uint64) width);
	for (int i = 0; i < width; i += 8)
		put(out, *field_word((Field *) field, i / 8), Min(8, width - i));
}

/* All low words, and then what is above them. */
static void
put_units(Writer *out, const Field *column, int n, int width)
{
	for (int i = 0; i < n; i++)
		if (width < WIDTH_OF_TWO)
			put(out, zigzag((int64) column[i].value), width);
		else
			put(out, column[i].value, 8);
	for (int i = 0; i < n && width >= WIDTH_OF_TWO; i++)
		put(out, zigzag((int64) column[i].more[0]), width - WIDTH_OF_TWO);
}

/* Blocks of names have so many bytes; returns how many they have now. */
static uint64
write_all(Fields *fields, Writer *to, uint64 names_bytes)
{
	Writer		out = *to;
	uint64		names = 0;
	Field	   *length = NULL;	/* of the block that's written */
	uint8	   *start = NULL;
	int			width = 0;		/* of the column that's written */

	for (int i = 0; i < fields->n; i++)
	{
		Field	   *field = &fields->fields[i];

		switch (field->kind)
		{
			case FIELD_BYTE:
				put(&out, field->value, 1);
				if (field->role == ROLE_WIDTH)
					width = (int) (field->value & 0x1F);
				break;
			case FIELD_VARINT:
				put_varint(&out, field->value);
				break;
			case FIELD_FIXED:
				put(&out, field->value, field->width);
				break;
			case FIELD_COLUMN:
				put(&out, field->value, width);
				break;
			case FIELD_UNITS:
				{
					int			n = column_behind(fields, i - 1);

					put_units(&out, field, n, width);
					i += n - 1;
					break;
				}
			case FIELD_MONEY:
				put_money(&out, field);
				break;
			case FIELD_NAMES_BYTES:
				put_varint(&out, names_bytes + field->value);
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
					if (length > fields->fields && length[-1].value == BLOCK_NAMES)
						names += (uint64) (out.at - start) + 1;
				}
				length = NULL;
				break;
		}
	}
	*to = out;
	return names;
}

uint64
fuzz_names_bytes(Fields *fields)
{
	static uint8 scratch[1 << 16];
	Writer		out = {scratch, scratch + sizeof(scratch)};

	return write_all(fields, &out, 0);
}

static size_t
write_fields(Fields *fields, uint8 *data, size_t max_size)
{
	Writer		out = {data, data + max_size};

	(void) write_all(fields, &out, fuzz_names_bytes(fields));
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
		fuzz_total(&fields);
		fit_widths(&fields, false);
		return write_fields(&fields, data, max_size);
	}
	for (int n = 1 + below(4); n > 0; n--)
	{
		Field	   *field = any_field(&fields);

		if (below(8) == 0)
			move_fields(&fields);
		else
			change(&fields, field);
	}
	if (below(8) != 0)
		fuzz_total(&fields);
	if (below(2) == 0)
		fit_widths(&fields, true);
	return write_fields(&fields, data, max_size);
}
