/*-------------------------------------------------------------------------
 *
 * customers.c
 *	  What the values of customers have in common.  See customers.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/customer.h"
#include "order/money_units.h"
#include "store/column.h"
#include "store/state_kind.h"

#include "customers.h"

#define WIDE_KEY_FIELDS	WIDE_KEY_WORDS

/* A header has no more sums of money. */
#define MOST_SUMS		3

/* ---- reading ---------------------------------------------------------------- */

/* The version, and the kinds of key, time and amount. */
FuzzKind
fuzz_kind(Fields *fields)
{
	FuzzKind	kind;
	uint8		key;

	(void) fuzz_byte(fields, ROLE_OTHER);
	key = (uint8) fuzz_byte(fields, ROLE_OTHER);
	kind.has_names = (key & KEY_NAMED) && key_is_text(key ^ KEY_NAMED);
	kind.key_words = key_words(kind.has_names ? key ^ KEY_NAMED : key);
	kind.has_time = fuzz_byte(fields, ROLE_OTHER) > 0;
	kind.has_money = fuzz_byte(fields, ROLE_OTHER) > 0;
	return kind;
}

/* The words of an entry's money, and the scale. */
void
fuzz_money_width(Fields *fields)
{
	(void) fuzz_byte(fields, ROLE_MONEY_WORDS);
	(void) fuzz_varint(fields, ROLE_SCALE);
}

/* One of the header's sums of money. */
void
fuzz_sum(Fields *fields, int sum)
{
	int			n = fields->n;

	fuzz_money(fields, ROLE_SUM);
	if (fields->n > n)
		fields->fields[n].sums = 1 << sum;
}

/* The first hash of a block stands before its columns. */
void
fuzz_first_hash(Fields *fields)
{
	(void) fuzz_fixed(fields, ROLE_HASH, 8);
}

void
fuzz_identities(Fields *fields, const FuzzKind *kind, uint64 n)
{
	(void) fuzz_numbers(fields, ROLE_HASH, n - 1);
	for (int word = 1; word < kind->key_words; word++)
		(void) fuzz_numbers(fields, ROLE_LOW, n);
}

/* The identities of the customers; returns how many there are. */
static int
identities(const Fields *fields, uint64 (*to)[2])
{
	int			n = 0;
	int			nlow = 0;
	uint64		hash = 0;

	for (int i = 0; i < fields->n; i++)
	{
		const Field *field = &fields->fields[i];

		if (field->role == ROLE_HASH)
		{
			/* the first of a block is whole, and of the others there is the difference */
			hash = field->kind == FIELD_COLUMN ? hash + field->value : field->value;
			to[n][0] = hash;
			to[n++][1] = 0;
		}
		else if (field->role == ROLE_LOW && nlow < n)
			to[nlow++][1] = field->value;
	}
	return n;
}

static bool
is_wide_key(const Fields *fields, int i)
{
	return fields->fields[i].role == ROLE_WIDE_KEY && i + 1 < fields->n &&
		fields->fields[i + 1].role == ROLE_WIDE_KEY;
}

/*
 * Whose is the money that is elsewhere?  It stays theirs, whatever becomes of their
 * identity: then the key goes along.
 */
static void
find_customers(Fields *fields, bool set)
{
	static uint64 customers[MAX_FIELDS][2];
	int			n = identities(fields, customers);

	for (int i = 0; i < fields->n; i++)
	{
		Field	   *key = &fields->fields[i];

		if (!is_wide_key(fields, i))
			continue;
		if (!set)
		{
			key->customer = n;
			while (key->customer > 0 && (customers[key->customer - 1][0] != key[0].value ||
										 customers[key->customer - 1][1] != key[1].value))
				key->customer--;
		}
		else if (key->customer > 0 && key->customer <= n)
		{
			key[0].value = customers[key->customer - 1][0];
			key[1].value = customers[key->customer - 1][1];
		}
		/* the words of this key that follow are none that a key begins with */
		i += WIDE_KEY_FIELDS - 1;
	}
}

/* Money that no column has room for. */
static void
parse_wide(Fields *fields)
{
	uint64		n = fuzz_varint(fields, ROLE_WIDE);

	while (n-- > 0 && fuzz_more(fields))
	{
		for (int word = 0; word < WIDE_KEY_FIELDS; word++)
			(void) fuzz_fixed(fields, ROLE_WIDE_KEY, 8);
		(void) fuzz_varint(fields, ROLE_WIDE_SCALE);
		fuzz_money(fields, ROLE_WIDE_MONEY);
	}
}

void
fuzz_blocks(Fields *fields, const FuzzKind *kind, FuzzBlock parse_block)
{
	while (fuzz_more(fields))
	{
		uint64		tag = fuzz_byte(fields, ROLE_OTHER);
		const uint8 *outer;

		if (tag == BLOCK_END)
			break;
		outer = fuzz_block_begin(fields);
		if (tag == BLOCK_WIDE)
			parse_wide(fields);
		else
			parse_block(fields, kind, tag);
		fuzz_block_end(fields, outer);
	}
	find_customers(fields, false);
}

/* ---- making the money go together ------------------------------------------- */

/* sum += money * 10^power; what has no room in the words of a field is lost. */
static void
add_money(uint64 *sum, const Field *money, int power)
{
	uint64		addend[FIELD_WORDS];
	uint64		carry = 0;

	addend[0] = money->value;
	memcpy(addend + 1, money->more, sizeof(money->more));
	for (; power > 0 && power < 64 * FIELD_WORDS; power--)
	{
		uint64		over = 0;

		for (int word = 0; word < FIELD_WORDS; word++)
			addend[word] = multiply_add(addend[word], 10, over, &over);
	}
	for (int word = 0; word < FIELD_WORDS; word++)
	{
		uint64		with = sum[word] + carry;

		carry = (with < carry) + (with + addend[word] < with);
		sum[word] = with + addend[word];
	}
}

/* The money of a field is part of some sums. */
static void
add_to_sums(uint64 (*sums)[FIELD_WORDS], const Field *money, int power)
{
	for (int sum = 0; sum < MOST_SUMS; sum++)
		if (money->sums & 1 << sum)
			add_money(sums[sum], money, power);
}

void
fuzz_total_money(Fields *fields, bool elsewhere_takes_two)
{
	uint64		sums[MOST_SUMS][FIELD_WORDS] = {0};
	uint64		words = 1;
	uint64		wide = 0;
	uint64		scale = 0;
	uint64		wide_scale = 0;

	find_customers(fields, true);
	for (int i = 0; i < fields->n; i++)
		if (fields->fields[i].role == ROLE_SCALE)
			scale = Min(fields->fields[i].value, MONEY_MAX_SCALE);
	for (int i = 0; i < fields->n; i++)
	{
		const Field *field = &fields->fields[i];

		if (field->role == ROLE_MONEY)
		{
			add_to_sums(sums, field, (int) scale - units_scale((int) scale));
			if (field->more[0] != (uint64) ((int64) field->value >> 63) || field->value == UNITS_SIGN)
				words = 2;
		}
		else if (field->role == ROLE_WIDE_SCALE)
		{
			wide_scale = field->value;
			wide++;
			if (elsewhere_takes_two)
				words = 2;
		}
		else if (field->role == ROLE_WIDE_MONEY && wide_scale <= scale)
			add_to_sums(sums, field, (int) (scale - wide_scale));
	}
	for (int i = 0; i < fields->n; i++)
		for (int sum = 0; sum < MOST_SUMS; sum++)
		{
			Field	   *field = &fields->fields[i];

			if (field->role == ROLE_SUM && field->sums == 1 << sum)
			{
				field->value = sums[sum][0];
				memcpy(field->more, sums[sum] + 1, sizeof(field->more));
			}
		}
	fuzz_set(fields, ROLE_MONEY_WORDS, words);
	fuzz_set(fields, ROLE_WIDE, wide);
}

/* ---- what is accepted ------------------------------------------------------- */

void
fuzz_must_be_equal(Money money, Money other)
{
	Money		difference = retention_money_sum(money, retention_money_negative(other));

	if (!money_is_zero(difference.limbs, difference.nlimbs))
		abort();
}
