/*-------------------------------------------------------------------------
 *
 * base_packed.c
 *	  The packed form of a customer_base.  See base_packed.h for the layout.
 *
 * Times are counted from the block's first instant in the largest unit that all
 * of them share, which makes two bytes of a date and four of a time to the second.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_packed.h"

#include "miscadmin.h"
#include "order/pair_identity.h"
#include "utils/memutils.h"

#define invalid(detail)	retention_invalid_value(BASE_TYPE, detail)

/* A customer takes about so many bytes. */
#define CUSTOMER_BYTES	18

static const int64 time_units[] = {
	1, 1000, USECS_PER_SEC, USECS_PER_MINUTE, USECS_PER_HOUR, USECS_PER_DAY
};

/* About so many entries are coming. */
void
retention_base_pack_begin(BasePacker *packer, KeyKind key, TimeKind time, AmountKind amount, int64 entries)
{
	packer->key_words = key_words(key);
	packer->has_time = time != TIME_NONE;
	packer->has_money = amount != AMOUNT_NONE;
	packer->entries = 0;
	packer->words = 1;
	packer->nblock = 0;
	counts_begin(&packer->counted);
	retention_blocks_begin(&packer->blocks, BASE_TYPE, (Size) entries * CUSTOMER_BYTES);
}

/*
 * The largest unit that divides each of the block's times, counted from the
 * base.
 */
static int
block_time_unit(const BasePacker *packer, int64 base)
{
	int			unit = lengthof(time_units) - 1;

	for (int i = 0; i < packer->nblock && unit > 0; i++)
	{
		if (packer->orders[i] == 0)
			continue;
		while (unit > 0 &&
			   ((packer->firsts[i] - (uint64) base) % time_units[unit] != 0 ||
				(packer->lasts[i] - packer->firsts[i]) % time_units[unit] != 0))
			unit--;
	}
	return unit;
}

/* The block's times, in units from a base that is the first of them. */
static void
put_times(BasePacker *packer)
{
	StringInfo	body = &packer->blocks.body;
	int64		base = INSTANT_NEVER_FIRST;
	int			unit;
	uint8	   *at;

	for (int i = 0; i < packer->nblock; i++)
		if (packer->orders[i] > 0)
			base = Min(base, (int64) packer->firsts[i]);
	if (base == INSTANT_NEVER_FIRST)
		base = 0;
	unit = block_time_unit(packer, base);
	for (int i = 0; i < packer->nblock; i++)
	{
		bool		ordered = packer->orders[i] > 0;

		packer->lasts[i] = ordered ? (packer->lasts[i] - packer->firsts[i]) / time_units[unit] : 0;
		packer->firsts[i] = ordered ? (packer->firsts[i] - (uint64) base) / time_units[unit] : 0;
	}
	at = put_byte((uint8 *) body->data + body->len, unit);
	(void) put_column(at, (uint64) base, 8);
	body->len += 9;
}

/* Write the collected entries as one block. */
static void
pack_block(BasePacker *packer)
{
	StringInfo	body = &packer->blocks.body;
	int			n = packer->nblock;
	uint64		hash;
	uint8	   *at;

	if (n == 0)
		return;
	retention_block_begin(&packer->blocks, BLOCK_CUSTOMERS, block_most_bytes(n, 7));
	at = put_byte((uint8 *) body->data + body->len, n - 1);
	hash = packer->hashes[0];
	(void) put_column(at, hash, 8);
	body->len += 9;
	if (packer->has_time)
		put_times(packer);

	for (int i = 1; i < n; i++)
	{
		uint64		next = packer->hashes[i];

		packer->hashes[i] = next - hash;
		hash = next;
	}
	retention_put_numbers(&packer->blocks, packer->hashes + 1, n - 1);
	for (int i = 0; i < packer->key_words - 1; i++)
		retention_put_numbers(&packer->blocks, packer->lows[i], n);
	retention_put_numbers(&packer->blocks, packer->orders, n);
	if (packer->has_time)
	{
		retention_put_numbers(&packer->blocks, packer->firsts, n);
		retention_put_numbers(&packer->blocks, packer->lasts, n);
	}
	if (packer->has_money &&
		retention_put_units(&packer->blocks, packer->units, n, UNITS_MAX_WORDS) > 1)
		packer->words = UNITS_MAX_WORDS;
	retention_block_end(&packer->blocks);
	packer->entries += n;
	packer->nblock = 0;
}

/*
 * A moving frame lets only rows leave that have come, and no shop has 2^63
 * orders, but anybody may call the transition functions with any base.
 */
static void
orders_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("number of orders in a customer base is out of range"),
			 errdetail("It would be below 0 or above %lld.", (long long) PG_INT64_MAX)));
}

/* Money that is elsewhere is nothing here. */
void
retention_base_pack_entry(BasePacker *packer, const uint64 *entry, int words)
{
	const uint64 *facts = entry + packer->key_words;
	int			i = packer->nblock;

	if ((int64) facts[0] < 0)
		orders_out_of_range();
	packer->hashes[i] = entry[0];
	for (int word = 1; word < packer->key_words; word++)
		packer->lows[word - 1][i] = entry[word];
	packer->orders[i] = facts[0];
	counts_add_customer(&packer->counted, facts, packer->has_time);
	if (packer->has_time)
	{
		packer->firsts[i] = facts[1];
		packer->lasts[i] = facts[2];
	}
	if (packer->has_money)
	{
		const uint64 *money = facts + (packer->has_time ? 3 : 1);
		uint64	   *units = packer->units + i * UNITS_MAX_WORDS;

		if (units_are_elsewhere(money, words))
			units[0] = units[1] = 0;
		else
		{
			units_widen(units, UNITS_MAX_WORDS, money, words);
			sum_add(packer->counted.revenue, money, words);
		}
	}
	if (++packer->nblock == PACKED_BLOCK)
		pack_block(packer);
}

/* An entry of another value, with its money that is elsewhere. */
void
retention_base_pack_unpacked(BasePacker *packer, const BaseUnpacker *unpacker, const uint64 *entry, WideList *wide)
{
	retention_base_pack_entry(packer, entry, unpacker->words);
	if (unpacker->words > 0 &&
		units_are_elsewhere(entry + unpacker->stride - unpacker->words, unpacker->words))
		retention_wide_add(wide, unpacker->wide->items[unpacker->next_wide - 1].key,
						   unpacked_money(unpacker, entry));
}

/* All entries of a table. */
void
retention_base_pack_table(BasePacker *packer, const CustomerTable *table)
{
	TableScan	scan;
	const uint64 *entry;

	retention_scan_begin(&scan, table);
	while ((entry = scan_next(&scan)) != NULL)
		if (!entry_is_void(table, entry))
			retention_base_pack_entry(packer, entry, table->words);
	retention_scan_end(&scan);
}

/* Write the header, with the money that is kept elsewhere; returns what makes the value. */
BlockWriter *
retention_base_pack_end(BasePacker *packer, const BaseTotals *totals, const WideList *wide)
{
	Kind		kind = {.key = totals->key, .time = totals->time, .amount = totals->amount};
	StringInfo	header;

	pack_block(packer);
	header = retention_blocks_end(&packer->blocks, FORM_PACKED);
	if (totals->orders < 0 || totals->guest_orders < 0)
		orders_out_of_range();

	retention_put_kind(header, &kind);
	appendStringInfoCharMacro(header, (char) totals->selected);
	retention_put_varint(header, totals->sample);
	if (totals->sample > 0)
	{
		enlargeStringInfo(header, sizeof(uint64));
		store_bytes((uint8 *) header->data + header->len, totals->bound);
		header->len += sizeof(uint64);
	}
	retention_put_varint(header, packer->entries);
	retention_put_varint(header, totals->customers);
	retention_put_varint(header, totals->repeaters);
	retention_put_varint(header, totals->orders);
	retention_put_varint(header, totals->refunds);
	retention_put_varint(header, totals->guest_orders);
	retention_put_varint(header, totals->guest_refunds);
	if (totals->time != TIME_NONE)
	{
		retention_put_varint(header, totals->lifespan[0]);
		retention_put_varint(header, totals->lifespan[1]);
		retention_put_varint(header, zigzag(totals->first));
		retention_put_varint(header, zigzag(totals->last));
	}
	if (totals->amount != AMOUNT_NONE)
	{
		appendStringInfoCharMacro(header, (char) (wide_count(wide) > 0 ? UNITS_MAX_WORDS : packer->words));
		retention_put_varint(header, totals->revenue.scale);
		retention_put_money(header, totals->revenue);
		retention_put_money(header, totals->refunded);
		retention_put_money(header, totals->guest_revenue);
		retention_put_wide(header, wide);
	}
	return &packer->blocks;
}

static void
read_header(BaseUnpacker *unpacker)
{
	BaseTotals *totals = &unpacker->totals;
	ByteReader *in = &unpacker->in;
	Kind		kind;
	uint8		version;
	uint8		selected;
	int32		sample;

	version = reader_byte(in);
	if (version != FORM_PACKED)
		retention_unknown_version(BASE_TYPE, version);
	retention_get_kind(in, &kind, false);
	if ((key_is_order(kind.key) && (kind.time != TIME_NONE || kind.amount == AMOUNT_NONE)) ||
		(key_is_pair(kind.key) && (kind.time != TIME_NONE || kind.amount != AMOUNT_NONE)))
		invalid("A kind of key has a time or an amount that it can't have.");
	retention_totals_begin(totals, kind.key, kind.time, kind.amount);
	selected = reader_byte(in);
	sample = (int32) retention_get_number(in, SAMPLE_MAX, "The size of a sample is impossible.");
	if (selected > 1 || (sample != 0 && sample < SAMPLE_MIN) ||
		((totals->key == KEY_NONE || totals->key > KEY_KIND_LAST) && (selected || sample)))
		invalid("The size or kind of a sample is impossible.");
	totals->selected = selected;
	totals->sample = sample;
	totals->bound = sample == 0 ? PG_UINT64_MAX : reader_bytes(in, 8);

	/* a customer takes a byte of their hash at least, or the head of a block */
	totals->entries = retention_get_room(in);
	totals->customers = retention_get_room(in);
	totals->repeaters = retention_get_room(in);
	totals->orders = retention_get_count(in);
	totals->refunds = retention_get_count(in);
	totals->guest_orders = retention_get_count(in);
	totals->guest_refunds = retention_get_count(in);
	if (totals->time != TIME_NONE)
	{
		totals->lifespan[0] = retention_get_varint(in);
		totals->lifespan[1] = retention_get_varint(in);
		totals->first = unzigzag(retention_get_varint(in));
		totals->last = unzigzag(retention_get_varint(in));
	}
	if (totals->amount != AMOUNT_NONE)
	{
		int			scale;

		unpacker->words = reader_byte(in);
		if (unpacker->words < 1 || unpacker->words > UNITS_MAX_WORDS)
			invalid("The width of money is impossible.");
		unpacker->scale = scale = (int) retention_get_number(in, MONEY_MAX_SCALE, "The scale of money is impossible.");
		totals->revenue = retention_get_money(in, scale);
		totals->refunded = retention_get_money(in, scale);
		totals->guest_revenue = retention_get_money(in, scale);
	}

	unpacker->key_words = key_words(totals->key);
	unpacker->has_time = totals->time != TIME_NONE;
	unpacker->stride = table_stride(totals->key, totals->time, unpacker->words);
	unpacker->left = totals->entries;
}

/* Begin the next block; false behind the last one. */
static bool
next_block(BaseUnpacker *unpacker)
{
	ByteReader *block = &unpacker->block;
	int			count;

	CHECK_FOR_INTERRUPTS();
	if (unpacker->count > 0)
		retention_end_of_block(block);
	if (retention_next_block(&unpacker->in, block) != BLOCK_CUSTOMERS)
	{
		if (unpacker->in.at != unpacker->in.end)
			invalid("A block is where it should not be.");
		if (unpacker->left > 0)
			invalid("There are fewer customers than the value says.");
		if (unpacker->next_wide < wide_count(unpacker->wide))
			invalid("There is money of a customer who is not there.");
		return false;
	}
	unpacker->count = count = reader_byte(block) + 1;
	unpacker->next = 0;
	if (count > unpacker->left)
		invalid("A block has too many customers.");
	unpacker->hash = reader_bytes(block, 8);
	if (unpacker->has_time)
	{
		uint8		unit = reader_byte(block);

		if (unit >= lengthof(time_units))
			invalid("A unit of time is unknown.");
		unpacker->unit = time_units[unit];
		unpacker->base = (int64) reader_bytes(block, 8);
	}
	retention_get_numbers(block, &unpacker->hashes, count - 1, 8);
	for (int i = 0; i < unpacker->key_words - 1; i++)
		retention_get_numbers(block, &unpacker->lows[i], count, 8);
	retention_get_numbers(block, &unpacker->orders, count, 8);
	if (unpacker->has_time)
	{
		retention_get_numbers(block, &unpacker->firsts, count, 8);
		retention_get_numbers(block, &unpacker->lifespans, count, 8);
	}
	if (unpacker->words > 0)
	{
		retention_get_units(block, &unpacker->moneys, count);
		if (unpacker->moneys.words > unpacker->words)
			invalid("A column of money is too wide.");
	}
	return true;
}

/* Read the header. */
void
retention_base_unpack_begin(BaseUnpacker *unpacker, const struct varlena *value)
{
	memset(unpacker, 0, sizeof(BaseUnpacker));
	retention_read_value(&unpacker->in, value, BASE_TYPE);
	read_header(unpacker);
	if (unpacker->words > 0 && unpacker->in.at < unpacker->in.end && *unpacker->in.at == BLOCK_WIDE)
	{
		(void) retention_next_block(&unpacker->in, &unpacker->block);
		unpacker->wide = retention_get_wide(&unpacker->block, unpacker->scale);
	}
}

/*
 * The money of this customer is elsewhere, if theirs comes next there; the list and
 * the customers ascend.
 */
static void
find_elsewhere(BaseUnpacker *unpacker, const uint64 *entry, uint64 *units)
{
	uint64		key[WIDE_KEY_WORDS] = {entry[0], unpacker->key_words == 2 ? entry[1] : 0, 0};

	if (unpacker->next_wide == unpacker->wide->n ||
		compare_wide_keys(unpacker->wide->items[unpacker->next_wide].key, key) != 0)
		return;
	if (!units_are_zero(units, unpacker->words))
		invalid("A customer has money in two places.");
	units_set_elsewhere(units, unpacker->words);
	unpacker->next_wide++;
}

/* The next entry, in unpacker->stride words; false behind the last. */
bool
retention_base_unpack_next(BaseUnpacker *unpacker, uint64 *entry)
{
	uint64	   *facts = entry + unpacker->key_words;

	if (unpacker->next == unpacker->count && !next_block(unpacker))
	{
		unpacker->count = unpacker->next = 0;
		return false;
	}

	unpacker->left--;
	if (unpacker->next++ > 0)
		unpacker->hash += column_next(&unpacker->hashes);
	entry[0] = unpacker->hash;
	for (int word = 1; word < unpacker->key_words; word++)
		entry[word] = column_next(&unpacker->lows[word - 1]);
	facts[0] = column_next(&unpacker->orders);
	if (unpacker->has_time)
	{
		uint64		first = column_next(&unpacker->firsts);
		uint64		lifespan = column_next(&unpacker->lifespans);

		if (facts[0] > 0)
		{
			facts[1] = (uint64) unpacker->base + first * unpacker->unit;
			facts[2] = facts[1] + lifespan * unpacker->unit;
		}
		else
		{
			facts[1] = (uint64) INSTANT_NEVER_FIRST;
			facts[2] = (uint64) INSTANT_NEVER_LAST;
		}
	}
	if (unpacker->words > 0)
	{
		uint64	   *units = entry + unpacker->stride - unpacker->words;

		units_next(&unpacker->moneys, units, unpacker->words);
		if (unlikely(units_are_elsewhere(units, unpacker->words)))
			invalid("A customer's money is in no column.");
		if (unlikely(unpacker->wide != NULL))
			find_elsewhere(unpacker, entry, units);
	}
	return true;
}

void
retention_base_packed_totals(const struct varlena *value, BaseTotals *totals)
{
	BaseUnpacker unpacker;

	memset(&unpacker, 0, sizeof(BaseUnpacker));
	retention_read_value(&unpacker.in, value, BASE_TYPE);
	read_header(&unpacker);
	*totals = unpacker.totals;
}

/*
 * The same of a value that may lie in a TOAST table, of which no more is
 * brought than the header takes.  Returns false if it is in another form.
 */
bool
retention_base_stored_totals(Datum value, BaseTotals *totals)
{
	BaseUnpacker unpacker;
	ByteReader *in = &unpacker.in;

	memset(&unpacker, 0, sizeof(BaseUnpacker));
	retention_read_head(in, value, BASE_TYPE);
	if (in->at < in->end && (*in->at == FORM_TABLE || *in->at == FORM_ONE_CUSTOMER))
		return false;
	read_header(&unpacker);
	*totals = unpacker.totals;
	return true;
}

/* Can a customer be as this entry says? */
static void
check_entry(const BaseUnpacker *unpacker, const uint64 *entry)
{
	const uint64 *facts = entry + unpacker->key_words;

	if ((int64) facts[0] < 0)
		invalid("A customer has an impossible number of orders.");
	if (unpacker->has_time && facts[0] > 0)
	{
		int64		first = (int64) facts[1];
		int64		last = (int64) facts[2];

		if (first > last || !IS_VALID_TIMESTAMP(first) || !IS_VALID_TIMESTAMP(last) ||
			(facts[0] == 1 && first != last))
			invalid("A customer has impossible times of orders.");
	}
	if (unpacker->words == 0 && facts[0] == 0)
		invalid("A customer has neither orders nor money.");
	if (key_is_pair(unpacker->totals.key) && !pair_is_possible(entry, unpacker->totals.key))
		invalid("An order without a number has one.");
}

/*
 * Are these the totals of the entries?  A sample that has dropped customers
 * has seen more orders than its entries say.
 */
static bool
totals_are_counted(const BaseTotals *totals, const EntryCounts *count)
{
	if (count->customers != totals->customers || count->repeaters != totals->repeaters ||
		count->lifespan[0] != totals->lifespan[0] || count->lifespan[1] != totals->lifespan[1])
		return false;
	if (totals_are_estimates(totals) && !totals->selected)
		return count->orders <= totals->orders &&
			count->first >= totals->first && count->last <= totals->last;
	return count->orders == totals->orders &&
		count->first == totals->first && count->last == totals->last;
}

static bool
totals_are_possible(const BaseTotals *totals)
{
	if (totals->repeaters > totals->customers || totals->customers > totals->orders)
		return false;
	if (totals->sample > 0 && totals->entries > totals->sample)
		return false;
	if (totals->selected ? totals->refunds > 0 : totals->entries - totals->customers > totals->refunds)
		return false;
	if (totals->time != TIME_NONE && totals->orders == 0 &&
		(totals->first != INSTANT_NEVER_FIRST || totals->last != INSTANT_NEVER_LAST))
		return false;
	if (totals->time != TIME_NONE && totals->orders > 0 &&
		(totals->first > totals->last || !IS_VALID_TIMESTAMP(totals->first) ||
		 !IS_VALID_TIMESTAMP(totals->last)))
		return false;
	if (totals->amount == AMOUNT_NONE && (totals->refunds > 0 || totals->guest_refunds > 0))
		return false;
	if (key_is_pair(totals->key) && totals->guest_orders > 0)
		return false;
	if (totals->amount != AMOUNT_NONE &&
		(!money_is_possible(totals->refunded, totals->refunds > 0) ||
		 !money_is_possible(totals->guest_revenue, totals->guest_orders > 0 || totals->guest_refunds > 0)))
		return false;
	return true;
}

/* Of a base for one customer there are only totals. */
static bool
one_customer_is_possible(const BaseTotals *totals)
{
	uint64		lifespan = (uint64) totals->last - (uint64) totals->first;

	if (totals->entries != 0 || totals->refunds != 0 || totals->guest_orders != 0 ||
		totals->guest_refunds != 0 ||
		totals->customers != (totals->orders > 0) ||
		totals->repeaters != (totals->orders > 1))
		return false;
	if (totals->time == TIME_NONE)
		return true;
	if (totals->orders == 0)
	{
		if (totals->first != INSTANT_NEVER_FIRST || totals->last != INSTANT_NEVER_LAST)
			return false;
		lifespan = 0;
	}
	return totals->lifespan[0] == lifespan && totals->lifespan[1] == 0;
}

/* Is that what the customers have paid, as far as they are known? */
static bool
revenue_is_counted(const BaseTotals *totals, const EntryCounts *count, const WideList *wide, int scale)
{
	Money		revenue = retention_total_money(count->revenue, retention_wide_total(wide), scale);
	uint64	   *limbs = palloc(revenue.nlimbs * sizeof(uint64));
	Money		difference;

	memcpy(limbs, revenue.limbs, revenue.nlimbs * sizeof(uint64));
	retention_money_negate(limbs, revenue.nlimbs);
	difference = retention_money_sum((Money) {limbs, revenue.nlimbs, revenue.scale}, totals->revenue);
	return money_is_zero(difference.limbs, difference.nlimbs);
}

/*
 * Raise an error if the bytes are not exactly what packing their content
 * gives.  Nothing is allocated by what they claim, only by what they are.
 */
void
retention_base_packed_validate(const struct varlena *value)
{
	BaseUnpacker unpacker;
	BasePacker *packer = palloc(sizeof(BasePacker));
	uint64		entry[ENTRY_MAX_WORDS];
	uint64		previous[KEY_MAX_WORDS];
	uint64		orders = 0;
	bool		any = false;
	struct varlena *again;
	const BaseTotals *totals = &unpacker.totals;

	retention_base_unpack_begin(&unpacker, value);
	if (!totals_are_possible(totals) ||
		(totals->key == KEY_NONE && !one_customer_is_possible(totals)))
		invalid("The totals contradict each other.");

	retention_base_pack_begin(packer, totals->key, totals->time, totals->amount, 0);
	while (retention_base_unpack_next(&unpacker, entry))
	{
		if (any && compare_identities(previous, entry, unpacker.key_words) >= 0)
			invalid("The customers are not in order.");
		any = true;
		if (entry[0] > totals->bound)
			invalid("A customer is beyond the bound of the sample.");
		memcpy(previous, entry, unpacker.key_words * sizeof(uint64));
		check_entry(&unpacker, entry);
		orders += entry[unpacker.key_words];
		if (orders > PG_INT64_MAX)
			invalid("A customer has an impossible number of orders.");
		retention_base_pack_entry(packer, entry, unpacker.words);
	}

	if (totals->key != KEY_NONE)
	{
		if (!totals_are_counted(totals, &packer->counted))
			invalid("The totals are not those of the customers.");
		if (totals->amount != AMOUNT_NONE &&
			(!totals_are_estimates(totals) || totals->selected) &&
			!revenue_is_counted(totals, &packer->counted, unpacker.wide, unpacker.scale))
			invalid("The revenue is not that of the customers.");
	}
	else if (unpacker.wide != NULL)
		invalid("There is money of a customer who is not there.");

	again = retention_blocks_finish(retention_base_pack_end(packer, totals, unpacker.wide));
	retention_check_canonical(value, again, BASE_TYPE);
	pfree(again);
	pfree(packer);
}
