/*-------------------------------------------------------------------------
 *
 * packed.c
 *	  The packed form of a customer_base.  See packed.h for the layout.
 *
 * Widths are whole bytes, chosen block by block: that decodes with one load
 * and one mask, and is within a few bits of the best.  Times are counted from
 * the block's first instant in the largest unit that all of them share, which
 * makes two bytes of a date and four of a time to the second.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/packed.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define invalid(detail)	retention_invalid_value("customer_base", detail)

static const int64 time_units[] = {
	1, 1000, USECS_PER_SEC, USECS_PER_MINUTE, USECS_PER_HOUR, USECS_PER_DAY
};

void
retention_pack_begin(Packer *packer, KeyKind key, TimeKind time, int nlimbs)
{
	memset(packer, 0, sizeof(Packer));
	packer->key_words = key_words(key);
	packer->has_time = time != TIME_NONE;
	packer->nlimbs = nlimbs;
	packer->stride = table_stride(key, time, nlimbs);
	packer->context = CurrentMemoryContext;
	packer->block = palloc(PACKED_BLOCK * packer->stride * sizeof(uint64));
	initStringInfo(&packer->body);
}

/* Entries with wider money from now on; those already here are converted. */
void
retention_pack_widen(Packer *packer, int nlimbs)
{
	int			stride = packer->stride - packer->nlimbs + nlimbs;
	uint64	   *block = MemoryContextAlloc(packer->context,
										   PACKED_BLOCK * stride * sizeof(uint64));

	Assert(nlimbs >= packer->nlimbs);
	for (int i = 0; i < packer->nblock; i++)
	{
		const uint64 *from = packer->block + i * packer->stride;
		uint64	   *to = block + i * stride;
		int			money_at = packer->stride - packer->nlimbs;

		memcpy(to, from, money_at * sizeof(uint64));
		(void) retention_money_convert(from + money_at, packer->nlimbs, 0,
									   to + money_at, nlimbs, 0);
	}
	pfree(packer->block);
	packer->block = block;
	packer->nlimbs = nlimbs;
	packer->stride = stride;
}

/*
 * The largest unit that divides each of the block's times, counted from the
 * base.
 */
static int
block_time_unit(const Packer *packer, int64 base)
{
	int			unit = lengthof(time_units) - 1;

	for (int i = 0; i < packer->nblock && unit > 0; i++)
	{
		const uint64 *entry = packer->block + i * packer->stride;
		const uint64 *facts = entry + packer->key_words;

		if (facts[0] == 0)
			continue;
		while (unit > 0 &&
			   ((facts[1] - (uint64) base) % time_units[unit] != 0 ||
				(facts[2] - facts[1]) % time_units[unit] != 0))
			unit--;
	}
	return unit;
}

/* Write the collected entries as one block. */
static void
pack_block(Packer *packer)
{
	int			n = packer->nblock;
	int			stride = packer->stride;
	int			key_words = packer->key_words;
	int			money_at = stride - packer->nlimbs;
	uint64		max_delta = 0;
	uint64		max_orders = 0;
	uint64		max_first = 0;
	uint64		max_lifespan = 0;
	int			money_width = 1;
	int			hash_width;
	int			orders_width;
	int			first_width = 0;
	int			lifespan_width = 0;
	int64		base = INSTANT_NEVER_FIRST;
	int			unit = 0;
	Size		need;
	uint8	   *at;
	uint8	   *start;

	if (n == 0)
		return;
	CHECK_FOR_INTERRUPTS();

	for (int i = 0; i < n; i++)
	{
		const uint64 *entry = packer->block + i * stride;
		const uint64 *facts = entry + key_words;

		if (i > 0)
			max_delta = Max(max_delta, entry[0] - entry[-stride]);
		max_orders = Max(max_orders, facts[0]);
		if (packer->has_time && facts[0] > 0)
			base = Min(base, (int64) facts[1]);
		if (packer->nlimbs > 0)
			money_width = Max(money_width,
							  retention_money_bytes(entry + money_at, packer->nlimbs));
	}
	hash_width = bytes_needed(max_delta);
	orders_width = bytes_needed(max_orders);
	if (packer->has_time)
	{
		if (base == INSTANT_NEVER_FIRST)
			base = 0;
		unit = block_time_unit(packer, base);

		/* from here on, times are in units from the base */
		for (int i = 0; i < n; i++)
		{
			uint64	   *facts = packer->block + i * stride + key_words;

			if (facts[0] == 0)
			{
				facts[1] = 0;
				facts[2] = 0;
				continue;
			}
			facts[2] = (facts[2] - facts[1]) / time_units[unit];
			facts[1] = (facts[1] - (uint64) base) / time_units[unit];
			max_first = Max(max_first, facts[1]);
			max_lifespan = Max(max_lifespan, facts[2]);
		}
		first_width = bytes_needed(max_first);
		lifespan_width = bytes_needed(max_lifespan);
	}

	need = 64 + (Size) n * (hash_width + (key_words == 2 ? 8 : 0) + orders_width +
							first_width + lifespan_width +
							(packer->nlimbs > 0 ? money_width : 0));
	if (packer->body.len + need > MaxAllocSize / 2 + MaxAllocSize / 4 + MaxAllocSize / 8)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("customer base of more than %lld customers is too large for a value",
						(long long) packer->entries),
				 errhint("Aggregate shorter periods or groups of customers; if this is a parallel query, set max_parallel_workers_per_gather to 0.")));
	enlargeStringInfo(&packer->body, (int) need);
	start = at = (uint8 *) packer->body.data + packer->body.len;

	at = put_byte(at, n - 1);
	at = put_column(at, packer->block[0], 8);
	at = put_byte(at, hash_width);
	at = put_byte(at, orders_width);
	if (packer->has_time)
	{
		at = put_byte(at, unit);
		at = put_column(at, (uint64) base, 8);
		at = put_byte(at, first_width);
		at = put_byte(at, lifespan_width);
	}
	if (packer->nlimbs > 0)
	{
		packer->body.len += (int) (at - start);
		retention_put_varint(&packer->body, money_width);
		start = at = (uint8 *) packer->body.data + packer->body.len;
		packer->money_bytes = Max(packer->money_bytes, money_width);
	}

	for (int i = 1; i < n; i++)
		at = put_column(at, packer->block[i * stride] - packer->block[(i - 1) * stride],
						hash_width);
	if (key_words == 2)
		for (int i = 0; i < n; i++)
			at = put_column(at, packer->block[i * stride + 1], 8);
	for (int i = 0; i < n; i++)
		at = put_column(at, packer->block[i * stride + key_words], orders_width);
	if (packer->has_time)
	{
		for (int i = 0; i < n; i++)
			at = put_column(at, packer->block[i * stride + key_words + 1], first_width);
		for (int i = 0; i < n; i++)
			at = put_column(at, packer->block[i * stride + key_words + 2], lifespan_width);
	}
	if (packer->nlimbs > 0)
	{
		for (int i = 0; i < n; i++)
		{
			const uint64 *limbs = packer->block + i * stride + money_at;
			uint64		extension = money_is_negative(limbs, packer->nlimbs) ?
				PG_UINT64_MAX : 0;

			for (int left = money_width, limb = 0; left > 0; left -= 8, limb++)
				at = put_column(at, limb < packer->nlimbs ? limbs[limb] : extension,
								Min(left, 8));
		}
	}

	packer->body.len += (int) (at - start);
	Assert(packer->body.len < packer->body.maxlen);
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

void
retention_pack_entry(Packer *packer, const uint64 *entry)
{
	if ((int64) entry[packer->key_words] < 0)
		orders_out_of_range();
	memcpy(packer->block + packer->nblock * packer->stride, entry,
		   packer->stride * sizeof(uint64));
	if (++packer->nblock == PACKED_BLOCK)
		pack_block(packer);
}

/* All entries of a table, whose shape is the packer's. */
void
retention_pack_table(Packer *packer, const CustomerTable *table)
{
	TableScan	scan;
	const uint64 *entry;

	Assert(table->stride == packer->stride);
	retention_scan_begin(&scan, table);
	while ((entry = scan_next(&scan)) != NULL)
		if (!entry_is_void(table, entry))
			retention_pack_entry(packer, entry);
	retention_scan_end(&scan);
}

/* Write the header; returns the size of the whole value. */
Size
retention_pack_end(Packer *packer, const BaseTotals *totals, StringInfo header)
{
	pack_block(packer);
	if (totals->orders < 0 || totals->guest_orders < 0)
		orders_out_of_range();

	initStringInfo(header);
	appendStringInfoSpaces(header, VARHDRSZ);
	appendStringInfoCharMacro(header, FORM_PACKED);
	appendStringInfoCharMacro(header, (char) totals->key);
	appendStringInfoCharMacro(header, (char) totals->time);
	appendStringInfoCharMacro(header, (char) totals->amount);
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
		retention_put_varint(header, totals->revenue.scale);
		retention_put_varint(header, (packer->money_bytes + 7) / 8);
		retention_put_money(header, totals->revenue);
		retention_put_money(header, totals->refunded);
		retention_put_money(header, totals->guest_revenue);
	}
	return header->len + packer->body.len;
}

/* The value, to where there is room for it; the packer is used up. */
void
retention_pack_write(Packer *packer, StringInfo header, void *to, Size size)
{
	Assert(size == (Size) (header->len + packer->body.len));
	memcpy(to, header->data, header->len);
	memcpy((char *) to + header->len, packer->body.data, packer->body.len);
	SET_VARSIZE(to, size);
	pfree(header->data);
	pfree(packer->body.data);
	pfree(packer->block);
}

struct varlena *
retention_pack_finish(Packer *packer, const BaseTotals *totals)
{
	StringInfoData header;
	Size		size = retention_pack_end(packer, totals, &header);
	struct varlena *value = palloc(size);

	retention_pack_write(packer, &header, value, size);
	return value;
}

static void
read_header(Unpacker *unpacker)
{
	BaseTotals *totals = &unpacker->totals;
	ByteReader *in = &unpacker->in;
	uint8		version;
	uint8		selected;
	int32		sample;

	version = reader_byte(in);
	if (version != FORM_PACKED)
		retention_unknown_version("customer_base", version);
	totals->key = reader_byte(in);
	totals->time = reader_byte(in);
	totals->amount = reader_byte(in);
	if (totals->key > KEY_KIND_LAST || totals->time > TIME_KIND_LAST ||
		totals->amount > AMOUNT_KIND_LAST)
		invalid("A kind of key, time or amount is unknown.");
	selected = reader_byte(in);
	sample = (int32) retention_get_number(in, SAMPLE_MAX, "The size of a sample is impossible.");
	if (selected > 1 || (sample != 0 && sample < SAMPLE_MIN) ||
		(totals->key == KEY_NONE && (selected || sample)))
		invalid("The size or kind of a sample is impossible.");
	totals->selected = selected;
	totals->sample = sample;
	totals->bound = sample == 0 ? PG_UINT64_MAX : reader_bytes(in, 8);

	/* a customer takes a byte of his hash at least, or the head of a block */
	totals->entries = retention_get_room(in);
	totals->customers = retention_get_room(in);
	totals->repeaters = retention_get_room(in);
	totals->orders = retention_get_count(in);
	totals->refunds = retention_get_count(in);
	totals->guest_orders = retention_get_count(in);
	totals->guest_refunds = retention_get_count(in);
	totals->first = INSTANT_NEVER_FIRST;
	totals->last = INSTANT_NEVER_LAST;
	if (totals->time != TIME_NONE)
	{
		totals->lifespan[0] = retention_get_varint(in);
		totals->lifespan[1] = retention_get_varint(in);
		totals->first = unzigzag(retention_get_varint(in));
		totals->last = unzigzag(retention_get_varint(in));
	}
	if (totals->amount != AMOUNT_NONE)
	{
		int			scale = (int) retention_get_number(in, MONEY_MAX_SCALE, "The scale of money is impossible.");
		int			nlimbs = (int) retention_get_number(in, MONEY_MAX_LIMBS, "The width of money is impossible.");

		unpacker->scale = scale;
		unpacker->nlimbs = Max(nlimbs, 1);
		totals->revenue = retention_get_money(in, scale);
		totals->refunded = retention_get_money(in, scale);
		totals->guest_revenue = retention_get_money(in, scale);
	}

	unpacker->key_words = key_words(totals->key);
	unpacker->has_time = totals->time != TIME_NONE;
	unpacker->stride = table_stride(totals->key, totals->time, unpacker->nlimbs);
	unpacker->left = totals->entries;
}

/* Read the header. */
void
retention_unpack_begin(Unpacker *unpacker, const struct varlena *value)
{
	memset(unpacker, 0, sizeof(Unpacker));
	retention_read_value(&unpacker->in, value, "customer_base");
	read_header(unpacker);
}

static int
get_width(ByteReader *in)
{
	int			width = reader_byte(in);

	if (width > 8)
		invalid("A column is too wide.");
	return width;
}

static void
unpack_block(Unpacker *unpacker)
{
	ByteReader *in = &unpacker->in;

	CHECK_FOR_INTERRUPTS();
	unpacker->count = reader_byte(in) + 1;
	unpacker->next = 0;
	if (unpacker->count > unpacker->left)
		invalid("A block has too many customers.");
	unpacker->hash = reader_bytes(in, 8);
	unpacker->hash_width = get_width(in);
	unpacker->orders_width = get_width(in);
	if (unpacker->has_time)
	{
		uint8		unit = reader_byte(in);

		if (unit >= lengthof(time_units))
			invalid("A unit of time is unknown.");
		unpacker->unit = time_units[unit];
		unpacker->base = (int64) reader_bytes(in, 8);
		unpacker->first_width = get_width(in);
		unpacker->lifespan_width = get_width(in);
	}
	if (unpacker->nlimbs > 0)
	{
		unpacker->money_width = (int) retention_get_number(in, (uint64) unpacker->nlimbs * 8,
														   "A column of money is too wide.");
		if (unpacker->money_width == 0)
			invalid("A column of money has no width.");
	}

	unpacker->hashes = reader_column(in, unpacker->count - 1, unpacker->hash_width);
	if (unpacker->key_words == 2)
		unpacker->lows = reader_column(in, unpacker->count, 8);
	unpacker->orders = reader_column(in, unpacker->count, unpacker->orders_width);
	unpacker->firsts = reader_column(in, unpacker->count, unpacker->first_width);
	unpacker->lifespans = reader_column(in, unpacker->count, unpacker->lifespan_width);
	unpacker->moneys = reader_column(in, unpacker->count, unpacker->money_width);
}

/* The next entry, in unpacker->stride words; false behind the last. */
bool
retention_unpack_next(Unpacker *unpacker, uint64 *entry)
{
	const uint8 *end = unpacker->in.end;
	uint64	   *facts = entry + unpacker->key_words;
	int			i;

	if (unpacker->next == unpacker->count)
	{
		if (unpacker->left == 0)
			return false;
		unpack_block(unpacker);
	}

	i = unpacker->next++;
	unpacker->left--;
	if (i > 0)
		unpacker->hash += load_bytes(unpacker->hashes + (i - 1) * unpacker->hash_width,
									 unpacker->hash_width, end);
	entry[0] = unpacker->hash;
	if (unpacker->key_words == 2)
		entry[1] = load_bytes(unpacker->lows + i * 8, 8, end);
	facts[0] = load_bytes(unpacker->orders + i * unpacker->orders_width,
						  unpacker->orders_width, end);
	if (unpacker->has_time)
	{
		uint64		first = load_bytes(unpacker->firsts + i * unpacker->first_width,
									   unpacker->first_width, end);
		uint64		lifespan = load_bytes(unpacker->lifespans + i * unpacker->lifespan_width,
										  unpacker->lifespan_width, end);

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
	if (unpacker->nlimbs > 0)
	{
		const uint8 *at = unpacker->moneys + i * unpacker->money_width;
		uint64	   *limbs = entry + unpacker->stride - unpacker->nlimbs;
		int			width = unpacker->money_width;
		uint64		extension = at[width - 1] & 0x80 ? PG_UINT64_MAX : 0;

		for (int limb = 0; limb < unpacker->nlimbs; limb++, at += 8, width -= 8)
		{
			limbs[limb] = width > 0 ? load_bytes(at, Min(width, 8), end) : extension;
			if (width > 0 && width < 8)
				limbs[limb] |= extension << (8 * width);
		}
	}
	return true;
}

void
retention_packed_totals(const struct varlena *value, BaseTotals *totals)
{
	Unpacker	unpacker;

	retention_unpack_begin(&unpacker, value);
	*totals = unpacker.totals;
}

/*
 * The same of a value that may lie in a TOAST table, of which no more is
 * brought than the header takes.  Returns false if it is in another form.
 */
bool
retention_stored_totals(Datum value, BaseTotals *totals)
{
	Unpacker	unpacker;
	ByteReader *in = &unpacker.in;

	memset(&unpacker, 0, sizeof(Unpacker));
	retention_read_head(in, value, "customer_base");
	if (in->at < in->end && (*in->at == FORM_TABLE || *in->at == FORM_SINGLE))
		return false;
	read_header(&unpacker);
	*totals = unpacker.totals;
	return true;
}

/* The totals of the header that its entries must add up to. */
typedef struct Recount
{
	int64		customers;
	int64		repeaters;
	uint64		orders;
	uint64		lifespan[2];
	int64		first;
	int64		last;
	Money		revenue;
} Recount;

static void
recount_entry(Recount *count, const Unpacker *unpacker, const uint64 *entry)
{
	const uint64 *facts = entry + unpacker->key_words;

	if ((int64) facts[0] < 0 || count->orders + facts[0] > PG_INT64_MAX)
		invalid("A customer has an impossible number of orders.");
	count->orders += facts[0];
	count->customers += facts[0] > 0;
	count->repeaters += facts[0] > 1;
	if (unpacker->has_time && facts[0] > 0)
	{
		int64		first = (int64) facts[1];
		int64		last = (int64) facts[2];

		if (first > last || !IS_VALID_TIMESTAMP(first) || !IS_VALID_TIMESTAMP(last) ||
			(facts[0] == 1 && first != last))
			invalid("A customer has impossible times of orders.");
		lifespan_add(count->lifespan, (uint64) last - (uint64) first, 0);
		count->first = Min(count->first, first);
		count->last = Max(count->last, last);
	}
	if (unpacker->nlimbs > 0)
	{
		uint64	   *sum = unconstify(uint64 *, count->revenue.limbs);

		if (facts[0] == 0 && !money_is_negative(entry + unpacker->stride - unpacker->nlimbs,
												unpacker->nlimbs))
			invalid("A customer has neither orders nor refunds.");
		(void) money_add(sum, unpacker->nlimbs + 1,
						 entry + unpacker->stride - unpacker->nlimbs, unpacker->nlimbs);
	}
	else if (facts[0] == 0)
		invalid("A customer has neither orders nor money.");
}

/*
 * Are these the totals of the entries?  A sample that has dropped customers
 * has seen more orders than its entries say.
 */
static bool
totals_are_counted(const BaseTotals *totals, const Recount *count)
{
	if (count->customers != totals->customers || count->repeaters != totals->repeaters ||
		count->lifespan[0] != totals->lifespan[0] || count->lifespan[1] != totals->lifespan[1])
		return false;
	if (totals_are_estimates(totals) && !totals->selected)
		return (int64) count->orders <= totals->orders &&
			count->first >= totals->first && count->last <= totals->last;
	return (int64) count->orders == totals->orders &&
		count->first == totals->first && count->last == totals->last;
}

static bool
totals_are_possible(const BaseTotals *totals)
{
	if (totals->repeaters > totals->customers || totals->customers > totals->orders)
		return false;
	if (totals->sample > 0 && totals->entries > totals->sample)
		return false;
	if (totals->selected && totals->refunds > 0)
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
	if (totals->amount != AMOUNT_NONE &&
		(!money_is_possible(totals->refunded, 0, totals->refunds) ||
		 !money_is_possible(totals->guest_revenue, totals->guest_orders, totals->guest_refunds)))
		return false;
	return true;
}

/* Of a base for one customer there are only totals. */
static bool
single_is_possible(const BaseTotals *totals)
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

/*
 * Raise an error if the bytes are not exactly what packing their content
 * gives.  Nothing is allocated by what they claim, only by what they are.
 */
void
retention_packed_validate(const struct varlena *value)
{
	Unpacker	unpacker;
	Packer		packer;
	Recount		count;
	uint64	   *entry;
	uint64		previous[2] = {0, 0};
	struct varlena *again;
	const BaseTotals *totals = &unpacker.totals;

	retention_unpack_begin(&unpacker, value);
	if (!totals_are_possible(totals) ||
		(totals->key == KEY_NONE && !single_is_possible(totals)))
		invalid("The totals contradict each other.");

	memset(&count, 0, sizeof(count));
	count.first = INSTANT_NEVER_FIRST;
	count.last = INSTANT_NEVER_LAST;
	count.revenue.nlimbs = unpacker.nlimbs + 1;
	count.revenue.scale = unpacker.scale;
	count.revenue.limbs = palloc0(count.revenue.nlimbs * sizeof(uint64));
	entry = palloc(unpacker.stride * sizeof(uint64));
	retention_pack_begin(&packer, totals->key, totals->time, unpacker.nlimbs);
	while (retention_unpack_next(&unpacker, entry))
	{
		uint64		low = unpacker.key_words == 2 ? entry[1] : 0;

		if (packer.entries + packer.nblock > 0 &&
			(entry[0] < previous[0] || (entry[0] == previous[0] && low <= previous[1])))
			invalid("The customers are not in order.");
		if (entry[0] > totals->bound)
			invalid("A customer is beyond the bound of the sample.");
		previous[0] = entry[0];
		previous[1] = low;
		recount_entry(&count, &unpacker, entry);
		retention_pack_entry(&packer, entry);
	}
	if (unpacker.in.at != unpacker.in.end)
		invalid("The value goes on behind its end.");

	if (totals->key != KEY_NONE && !totals_are_counted(totals, &count))
		invalid("The totals are not those of the customers.");
	if (totals->key != KEY_NONE && totals->amount != AMOUNT_NONE &&
		(!totals_are_estimates(totals) || totals->selected))
	{
		Money		difference;

		retention_money_negate(unconstify(uint64 *, count.revenue.limbs), count.revenue.nlimbs);
		difference = retention_money_sum(count.revenue, totals->revenue);
		if (!money_is_zero(difference.limbs, difference.nlimbs))
			invalid("The revenue is not that of the customers.");
	}

	again = retention_pack_finish(&packer, totals);
	retention_check_canonical(value, again, "customer_base");
	pfree(again);
	pfree(entry);
}
