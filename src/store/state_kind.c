/*-------------------------------------------------------------------------
 *
 * state_kind.c
 *	  What a state or value knows of its orders.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/state_kind.h"

/* With the byte of the grain. */
#define GRAIN_ANCHORED	0x80

/* What two kinds differ in, or NULL. */
static const char *
difference(const Kind *a, const Kind *b)
{
	const char *one = NULL;
	const char *other = NULL;

	if (a->key != b->key)
	{
		one = retention_key_name(a->key);
		other = retention_key_name(b->key);
	}
	else if (a->named != b->named)
	{
		one = a->named ? "the names of its customers" : "no names of customers";
		other = b->named ? "their names" : "none";
	}
	else if (a->time != b->time)
	{
		one = retention_time_name(a->time);
		other = retention_time_name(b->time);
	}
	else if (a->amount != b->amount)
	{
		one = retention_amount_name(a->amount);
		other = retention_amount_name(b->amount);
	}
	else if (a->grain != b->grain)
	{
		one = psprintf("period %s", retention_grain_name(a->grain));
		other = psprintf("period %s", retention_grain_name(b->grain));
	}
	else if (strcmp(a->zone, b->zone) != 0)
	{
		one = psprintf("days of time zone %s", a->zone);
		other = psprintf("days of time zone %s", b->zone);
	}
	return one ? psprintf("One has %s, the other %s.", one, other) : NULL;
}

/* What is the way out of the first difference? */
static int
hint(const Kind *a, const Kind *b)
{
	if (a->key != b->key)
		return errhint("Make both of customers of one type and collation, cast where need be, as customer_id::text, and both of lines with an order_id or neither.");
	if (a->named != b->named)
		return errhint("Make both by purchase_history_with_names, or neither.");
	if (a->time != b->time)
		return errhint("Make both of times of one type, cast where need be.");
	if (a->amount != b->amount)
		return errhint("Make both of amounts of one type, cast where need be, as amount::numeric, or both without.");
	if (a->grain != b->grain)
		return errhint("Make both by 'day': that can be asked about all other periods.");
	return errhint("Make both in the same time zone, named as the last argument, as in purchase_history(customer_id, ordered_at, amount, 'day', 'Europe/Berlin').");
}

/* What differs in kind has nothing in common; "types" is their type in the plural. */
void
retention_check_same_kind(const Kind *a, const Kind *b, const char *types)
{
	const char *detail = difference(a, b);

	if (detail)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("cannot merge %s of different kinds", types),
				 errdetail_internal("%s", detail),
				 hint(a, b)));
}

/* An order can't be added to what knows other things of its orders. */
void
retention_refuse_row(const Kind *has, const Kind *row, const char *type)
{
	const char *detail = difference(has, row);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("cannot add an order to a %s of another kind", type),
			 detail ? errdetail_internal("%s", detail) : 0,
			 hint(has, row)));
}

void
retention_put_kind(StringInfo header, const Kind *kind)
{
	appendStringInfoCharMacro(header, (char) (kind->key | (kind->named ? KEY_NAMED : 0)));
	appendStringInfoCharMacro(header, (char) kind->time);
	appendStringInfoCharMacro(header, (char) kind->amount);
	if (kind->grain != 0)
	{
		int			zone_length = (int) strlen(kind->zone);

		appendStringInfoCharMacro(header, (char) (kind->grain | (kind->anchored ? GRAIN_ANCHORED : 0)));
		appendStringInfoCharMacro(header, (char) zone_length);
		appendBinaryStringInfo(header, kind->zone, zone_length);
	}
}

void
retention_get_kind(ByteReader *in, Kind *kind, bool with_periods)
{
	uint8		grain;
	uint8		zone_length;

	memset(kind, 0, sizeof(Kind));
	kind->key = reader_byte(in);
	if (with_periods && (kind->key & KEY_NAMED) && key_is_text((uint8) kind->key ^ KEY_NAMED))
	{
		kind->named = true;
		kind->key ^= KEY_NAMED;
	}
	kind->time = reader_byte(in);
	kind->amount = reader_byte(in);
	if (!key_is_known((uint8) kind->key) || kind->time > TIME_KIND_LAST || kind->amount > AMOUNT_KIND_LAST)
		retention_invalid_value(in->type, "A kind of key, time or amount is unknown.");
	if (!with_periods)
		return;
	grain = reader_byte(in);
	kind->anchored = (grain & GRAIN_ANCHORED) != 0;
	kind->grain = (Grain) (grain & (GRAIN_ANCHORED - 1));
	if (kind->key == KEY_NONE || kind->key > KEY_KIND_LAST || kind->time == TIME_NONE ||
		kind->grain < GRAIN_DAY || kind->grain > GRAIN_LAST)
		retention_invalid_value(in->type, "A kind of key, time or period is unknown.");
	zone_length = reader_byte(in);
	if (zone_length >= TZ_STRLEN_MAX || (zone_length > 0) != (kind->time == TIME_TIMESTAMPTZ))
		retention_invalid_value(in->type, "The time zone's name is of impossible length.");
	memcpy(kind->zone, reader_skip(in, zone_length), zone_length);
	for (int i = 0; i < zone_length; i++)
		if (kind->zone[i] <= ' ' || kind->zone[i] > '~')
			retention_invalid_value(in->type, "The time zone's name has a character that is none of a name.");
}
