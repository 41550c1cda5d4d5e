/*-------------------------------------------------------------------------
 *
 * history_validate.c
 *	  A purchase_history as bytes: checking what comes from outside.
 *
 * The bytes are read, every customer is checked, and all is packed again: what
 * is not the same then is no value.
 *
 * A name must be a text of this database, and that of the identity beside which it stands.
 * Of a nondeterministic collation that can't be told, since which one it was is not known
 * here: there any text may be anybody's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_packed.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define invalid(detail)	retention_invalid_value(HISTORY_TYPE, detail)

/* Of a customer, or nobody. */
static void
check_occasions(const HistoryUnpacker *unpacker, const CustomerView *customer, bool nobodys)
{
	OccasionShape shape = unpacker->shape;
	bool		has_amounts = unpacker->kind.amount != AMOUNT_NONE;
	int32		least = grain_of_day(DAY_FIRST - 1, unpacker->kind.grain);
	int32		most = grain_of_day(DAY_LAST + 1, unpacker->kind.grain);
	int32		no_period = grain_of_day(0, unpacker->kind.grain);

	for (int64 i = 0; i < customer->n; i++)
	{
		const uint64 *occasion = customer->occasions + i * occasion_words(shape);
		OccasionKind kind = mark_kind(occasion[0]);
		int32		period = mark_period(occasion[0]);
		int64		rows = mark_count(occasion[0]);

		if (period < least || period > most ||
			(i > 0 && mark_slot(occasion[0]) <= mark_slot(occasion[-occasion_words(shape)])))
			invalid("A customer has impossible periods.");
		if (kind > OCCASION_KIND_LAST || (kind > OF_CUSTOMERS_LAST) != nobodys ||
			(kind == OF_NO_TIME && period != no_period))
			invalid("A customer has occasions of another kind.");
		if (!has_amounts && kind != OF_ORDERS && kind != OF_GUEST_ORDERS && kind != OF_NO_TIME)
			invalid("There are refunds without amounts.");
		if (!kind_has_money(kind) && !units_are_zero(occasion + 1, shape.money_words))
			invalid("There is money without amounts.");
		if (rows < -COUNT_MAX || occasion_is_nothing(occasion, shape.money_words))
			invalid("A customer has occasions of no rows.");
		/* it can't be told when rows that were taken away were the first */
		if (rows <= 0 && unpacker->kind.grain != GRAIN_DAY)
			invalid("Rows have been taken away from periods longer than a day.");
	}
}

/* Of the customers of a run, if there are any. */
static void
check_names(const HistoryUnpacker *unpacker, const Run *run)
{
	const CustomerName *name = unpacker->names;
	RunCursor	cursor;
	CustomerView customer;

	if (name == NULL)
		return;
	run_begin(&cursor, run, unpacker->shape);
	for (; run_next(&cursor, &customer); name++)
	{
		text	   *key;
		Identity	identity;

		CHECK_FOR_INTERRUPTS();
		if (!pg_verify_mbstr(GetDatabaseEncoding(), name->bytes, name->length, true))
			invalid("A name is no text in the encoding of the database.");
		if (unpacker->kind.key != KEY_TEXT)
			continue;
		key = cstring_to_text_with_len(name->bytes, name->length);
		identity = retention_identity_text(PointerGetDatum(key), InvalidOid, false);
		pfree(key);
		if (identity.hash != customer.identity[0] || identity.low != customer.identity[1])
			invalid("A name is not that of its customer.");
	}
}

/* Of an anchored history, the first orders are of the days of the whole, and no order is behind its last. */
static void
check_whole(const HistoryUnpacker *unpacker)
{
	const HistoryWhole *whole = &unpacker->whole;

	if (unpacker->kind.anchored && unpacker->totals.customers > 0 &&
		(whole->first_day == DAY_NEVER_FIRST || unpacker->totals.last_day > whole->last_day))
		invalid("The days of the whole are not those of the orders.");
}

static void
check_origins(const HistoryUnpacker *unpacker, int n)
{
	const HistoryWhole *whole = &unpacker->whole;

	for (int i = 0; i < n; i++)
	{
		uint64		origin = unpacker->origins[i];

		if (origin != 0 && (whole->first_day == DAY_NEVER_FIRST ||
							mark_period(origin) < grain_of_day(whole->first_day, unpacker->kind.grain) ||
							mark_period(origin) > grain_of_day(whole->last_day, unpacker->kind.grain)))
			invalid("A customer's first order is not of the days of the whole.");
	}
}

/* Where periods are longer than days, packing does not tell the first and the last day. */
static void
check_days(const HistoryUnpacker *unpacker, const HistoryTotals *counted)
{
	const HistoryTotals *totals = &unpacker->totals;
	Grain		grain = unpacker->kind.grain;

	if (counted->customers != totals->customers)
		invalid("The totals are not those of the customers.");
	if (counted->customers > 0 &&
		(grain_of_day(totals->first_day, grain) != counted->first_day ||
		 grain_of_day(totals->last_day, grain) != counted->last_day))
		invalid("The first or the last day is not that of the orders.");
}

/*
 * Raise an error if the bytes are not exactly what packing their content
 * gives.  Nothing is allocated by what they claim, only by what they are.
 */
void
retention_history_validate(const struct varlena *value)
{
	HistoryUnpacker unpacker;
	HistoryPacker packer;
	const Run  *run;
	CustomerView customer;
	RunCursor	cursor;
	uint64		previous[2] = {0, 0};
	bool		any = false;
	int			customers;
	int64		nobodys = 0;	/* of the money that is elsewhere */
	struct varlena *again;

	retention_history_unpack_begin(&unpacker, value, false);
	retention_history_unpack_names(&unpacker);
	retention_history_pack_begin(&packer, unpacker.shape, 0);
	packer.whole = unpacker.whole;
	if (unpacker.kind.anchored)
		packer.origins = unpacker.origins;
	if ((run = retention_history_unpack_nobody(&unpacker)) != NULL)
	{
		if (unpacker.wide)
			nobodys = retention_history_mark_nobody(&unpacker);
		run_begin(&cursor, run, unpacker.shape);
		(void) run_next(&cursor, &customer);
		check_occasions(&unpacker, &customer, true);
		retention_history_pack_run(&packer, run, unpacker.shape, NULL);
	}
	while ((run = retention_history_unpack_next(&unpacker)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		retention_history_mark_elsewhere(&unpacker);
		run_begin(&cursor, run, unpacker.shape);
		customers = 0;
		while (run_next(&cursor, &customer))
		{
			customers++;
			if (any && compare_identity(previous, customer.identity, unpacker.shape.key_words) >= 0)
				invalid("The customers are not in order.");
			any = true;
			memcpy(previous, customer.identity, unpacker.shape.key_words * sizeof(uint64));
			check_occasions(&unpacker, &customer, false);
		}
		check_names(&unpacker, run);
		if (unpacker.kind.anchored)
		{
			check_origins(&unpacker, customers);
			packer.origins = unpacker.origins;
		}
		retention_history_pack_run(&packer, run, unpacker.shape, unpacker.names);
	}
	for (int64 i = 0; i < wide_count(unpacker.wide); i++)
		if (wide_key_is_nobodys(unpacker.wide->items[i].key))
			nobodys--;
		else if (i >= unpacker.next_wide)
			invalid("Money is of nobody.");
	if (nobodys != 0)
		invalid("Money is of nobody.");
	check_days(&unpacker, &packer.totals);
	check_whole(&unpacker);
	again = retention_blocks_finish(retention_history_pack_end(&packer, &unpacker.kind, unpacker.totals.revenue.scale,
															   unpacker.totals.first_day, unpacker.totals.last_day,
															   unpacker.wide));
	retention_check_canonical(value, again, HISTORY_TYPE);
	pfree(again);
	retention_wide_free(unpacker.wide);
	retention_history_unpack_end(&unpacker);
}
