/*-------------------------------------------------------------------------
 *
 * money_units.c
 *	  Money as states keep it: whole units of 10^-scale in one or two words.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "order/money_total.h"
#include "order/money_units.h"

#include "miscadmin.h"

/* The fewest words of units that hold the limbs; 0 if they are too many. */
static int
words_of_limbs(const uint64 *limbs, int nlimbs)
{
	int			bytes = retention_money_bytes(limbs, nlimbs);

	if (bytes <= (int) sizeof(uint64))
		return limbs[0] == UNITS_SIGN ? 2 : 1;
	if (bytes <= 2 * (int) sizeof(uint64))
		return limbs[1] == UNITS_SIGN && limbs[0] == 0 ? 0 : 2;
	return 0;
}

/*
 * An amount that was read at the state's scale and does not fit one word there,
 * or has more digits than the scale.  The scale is no larger than units may
 * have, and no smaller than the amount's digits unless those are more.
 */
void
retention_row_units(Datum datum, AmountKind kind, const Amount *amount, int scale, RowUnits *row)
{
	int			at = Max(scale, amount->dscale);
	int			nlimbs = retention_amount_limbs(datum, kind, amount, at);
	uint64	   *limbs = palloc(Max(nlimbs, UNITS_MAX_WORDS) * sizeof(uint64));

	retention_amount_wide(datum, kind, amount, at, limbs, nlimbs);
	row->wide = (Money) {limbs, nlimbs, at};
	row->words = retention_units_of_money(row->wide, scale, row->units);
	if (row->words > 0)
		pfree(limbs);
}

/* Do the limbs need more words, even of units that are so many times larger, 10^power? */
static bool
is_far_too_wide(Money money, int power)
{
	/* log2(10) < 3.3220 */
	return retention_money_bytes(money.limbs, money.nlimbs) * INT64CONST(8) - 8 >
		UNITS_MAX_WORDS * 64 + power * INT64CONST(33220) / 10000 + 1;
}

/* The number divided by 10^power, if nothing is left over. */
static bool
divide_by_ten(uint64 *limbs, int nlimbs, int power)
{
	bool		negative = money_is_negative(limbs, nlimbs);
	bool		exact = true;

	if (negative)
		retention_money_negate(limbs, nlimbs);
	/* the least number of all has no counterpart, but is no multiple of ten either */
	exact = !money_is_negative(limbs, nlimbs);
	while (exact && power > 0)
	{
		static const uint32 powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
		int			step = Min(power, (int) lengthof(powers) - 1);

		exact = retention_money_divide(limbs, nlimbs, powers[step]) == 0;
		power -= step;
	}
	if (negative)
		retention_money_negate(limbs, nlimbs);
	return exact;
}

/* The same in limbs of its own, which are one more where "negative" needs it. */
static Money
copy_limbs(Money money, int nlimbs)
{
	uint64	   *limbs = palloc(nlimbs * sizeof(uint64));

	(void) retention_money_convert(money.limbs, money.nlimbs, 0, limbs, nlimbs, 0);
	return (Money) {limbs, nlimbs, money.scale};
}

Money
retention_money_copy(Money money)
{
	return money.limbs ? copy_limbs(money, money.nlimbs) : money;
}

Money
retention_money_negative(Money money)
{
	Money		negative = copy_limbs(money, money.nlimbs + 1);

	retention_money_negate(unconstify(uint64 *, negative.limbs), negative.nlimbs);
	return negative;
}

/*
 * The same money with no zero at the end of its digits behind the point, and in the
 * fewest limbs.  The limbs are changed in place.
 */
Money
retention_money_shorten(Money money)
{
	uint64	   *limbs = unconstify(uint64 *, money.limbs);
	uint64	   *rest = palloc(money.nlimbs * sizeof(uint64));

	/* by many digits as long as that goes, then by one */
	for (int step = 9; step > 0; step -= 8)
		while (money.scale >= step)
		{
			memcpy(rest, limbs, money.nlimbs * sizeof(uint64));
			CHECK_FOR_INTERRUPTS();
			if (!divide_by_ten(rest, money.nlimbs, step))
				break;
			memcpy(limbs, rest, money.nlimbs * sizeof(uint64));
			money.scale -= step;
		}
	pfree(rest);
	money.nlimbs = (retention_money_bytes(limbs, money.nlimbs) + 7) / 8;
	return money;
}

/*
 * Money as units of a scale, in the fewest words, which is returned; 0 if two
 * can't hold it, or it has digits below the scale.
 */
int
retention_units_of_money(Money money, int scale, uint64 *units)
{
	uint64		room[8];
	int			nlimbs = money.nlimbs;
	uint64	   *limbs;
	int			words = 0;

	if (is_far_too_wide(money, Max(money.scale - scale, 0)))
		return 0;
	if (scale >= money.scale)
		nlimbs = 3 + (scale - money.scale) / 19;
	limbs = nlimbs <= (int) lengthof(room) ? room : palloc(nlimbs * sizeof(uint64));
	if (scale >= money.scale)
	{
		if (retention_money_convert(money.limbs, Min(money.nlimbs, nlimbs), money.scale, limbs, nlimbs, scale))
			words = words_of_limbs(limbs, nlimbs);
	}
	else
	{
		memcpy(limbs, money.limbs, nlimbs * sizeof(uint64));
		if (divide_by_ten(limbs, nlimbs, money.scale - scale))
			words = words_of_limbs(limbs, nlimbs);
	}
	if (words > 0)
		memcpy(units, limbs, words * sizeof(uint64));
	if (limbs != room)
		pfree(limbs);
	return words;
}

/* units *= 10^power; false if they don't fit, and then they're undefined. */
bool
retention_units_rescale(uint64 *units, int words, int power)
{
	uint64		to[UNITS_MAX_WORDS];

	if (!retention_money_convert(units, words, 0, to, words, power) ||
		units_are_elsewhere(to, words))
		return false;
	memcpy(units, to, words * sizeof(uint64));
	return true;
}

/* The same of a sum, which keeps its room for more addends. */
bool
retention_sum_rescale(uint64 *sum, int power)
{
	uint64		to[SUM_WORDS];

	if (!retention_money_convert(sum, SUM_WORDS, 0, to, SUM_WORDS, power) ||
		!money_has_room(to, SUM_WORDS))
		return false;
	memcpy(sum, to, sizeof(to));
	return true;
}

/* Money as a sum of units of a scale; false if it isn't one, or leaves no room. */
bool
retention_sum_of_money(Money money, int scale, uint64 *sum)
{
	int			nlimbs = Min(money.nlimbs, (retention_money_bytes(money.limbs, money.nlimbs) + 7) / 8);

	if (money.scale > scale)
	{
		uint64	   *limbs = palloc(nlimbs * sizeof(uint64));
		bool		exact;

		memcpy(limbs, money.limbs, nlimbs * sizeof(uint64));
		exact = divide_by_ten(limbs, nlimbs, money.scale - scale) &&
			retention_sum_of_money((Money) {limbs, nlimbs, scale}, scale, sum);
		pfree(limbs);
		return exact;
	}
	return retention_money_convert(money.limbs, nlimbs, money.scale, sum, SUM_WORDS, scale) &&
		money_has_room(sum, SUM_WORDS);
}

/* Units to be read as money. */
Money
retention_units_money(const uint64 *units, int words, int scale)
{
	return (Money) {units, words, scale};
}

/*
 * A sum of units, and what is kept elsewhere (no limbs if that is nothing), with
 * so many digits behind the point.  The limbs may be the sum's own.
 */
Money
retention_total_money(const uint64 *sum, Money wide, int scale)
{
	Money		units = {sum, SUM_WORDS, units_scale(scale)};

	if (wide.limbs != NULL)
		units = retention_money_sum(units, wide);
	return retention_money_at_scale(units, scale);
}

/* The same money with so many digits behind the point, no fewer. */
Money
retention_money_at_scale(Money money, int scale)
{
	static const uint64 zero[1] = {0};
	Money		nothing = {zero, 1, scale};

	return money.scale == scale ? money : retention_money_sum(money, nothing);
}

/*
 * Add money of any kind to a total of units of this scale.  It's units where it
 * can be, and as they may have come from anywhere they leave room for others.
 */
void
retention_total_add_any(MoneyTotal *total, Money money, int scale)
{
	uint64		sum[SUM_WORDS];

	if (!retention_sum_of_money(money, scale, sum))
	{
		retention_total_add_money(total, money);
		return;
	}
	sum_add_sum(total->units, sum);
	if (!money_has_room(total->units, SUM_WORDS))
	{
		retention_total_add_money(total, retention_units_money(total->units, SUM_WORDS, scale));
		memset(total->units, 0, sizeof(total->units));
	}
}

/* The same total in units of a larger scale. */
void
retention_total_rescale(MoneyTotal *total, int scale, int to_scale)
{
	if (retention_sum_rescale(total->units, to_scale - scale))
		return;
	retention_total_add_money(total, retention_units_money(total->units, SUM_WORDS, scale));
	memset(total->units, 0, sizeof(total->units));
}

/* Add money that is no units; in the current context, which the total stays in. */
void
retention_total_add_money(MoneyTotal *total, Money money)
{
	static const uint64 zero[1] = {0};
	Money		before = total->wide;

	/* a copy even of the first: whose limbs are given may free them */
	total->wide = retention_money_sum(before.limbs ? before : (Money) {zero, 1, 0}, money);
	if (before.limbs)
		pfree(unconstify(uint64 *, before.limbs));
}
