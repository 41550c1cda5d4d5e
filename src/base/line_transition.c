/*-------------------------------------------------------------------------
 *
 * line_transition.c
 *	  From lines of orders to states: the transition functions of the aggregates
 *	  over a customer and the number of an order.
 *
 * (Those over an amount and a number are base_transition.c's, where an order takes the
 * customer's place.)
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_transition.h"
#include "base/customer_order_pairs.h"
#include "order/pair_identity.h"

/* The state must not be NULL in a moving frame, even if the first row is a guest's. */
static void
begin_pairs(FunctionCallInfo fcinfo, Transition *transition, KeyKind key)
{
	bool		folded = false;

	retention_check_line_keys(fcinfo);
	if (key_customer(key) == KEY_TEXT || key_order(key) == KEY_TEXT)
		folded = retention_text_is_folded(PG_GET_COLLATION());
	transition->state = retention_pairs_begin(transition->home, folded ? key_folded(key) : key);
}

/* "sign" is 1 for a row that comes and -1 for one that leaves. */
static pg_attribute_always_inline Datum
add_pair(FunctionCallInfo fcinfo, KeyKind customer, Datum (*cast_customer) (Datum key),
		 KeyKind order, Datum (*cast_order) (Datum key), int sign)
{
	KeyKind		key = PAIR_KEY(customer, order);
	Transition	transition;
	CustomerTable *table;
	uint64		entry[ENTRY_MAX_WORDS];
	Identity	of_customer;
	Identity	of_order;
	bool		folded;

	transition_begin(&retention_base_states, fcinfo, &transition);
	if (unlikely(transition.empty))
		begin_pairs(fcinfo, &transition, key);
	else
		check_state_kinds(transition.state, FORM_TABLE, key, TIME_NONE, AMOUNT_NONE);
	if (PG_ARGISNULL(1))
		return transition_end(&retention_base_states, &transition);

	table = state_table(transition.state);
	folded = key_is_folded(table->key);
	of_customer = identity_of_datum(cast_customer(PG_GETARG_DATUM(1)), customer, PG_GET_COLLATION(), folded);
	if (!PG_ARGISNULL(2))
		of_order = identity_of_datum(cast_order(PG_GETARG_DATUM(2)), order, PG_GET_COLLATION(), folded);
	pair_identity(entry, key, of_customer, PG_ARGISNULL(2) ? NULL : &of_order);
	entry[key_words(key)] = (uint64) (int64) sign;
	if (sign < 0)
		table->leaving = true;
	transition.state = retention_pairs_absorb(transition.home, transition.state, entry);
	return transition_end(&retention_base_states, &transition);
}

/*
 * retention_add_pair_CUSTOMER_ORDER and retention_remove_pair_CUSTOMER_ORDER: of int8,
 * text and uuid; of what casts to these where both do, since a call is of a form
 * that has the very type of one.
 */
#define PAIR(name, customer, cast_customer, order, cast_order) \
	TRANSITION(retention_add_pair_##name, add_pair(fcinfo, customer, cast_customer, order, cast_order, 1)); \
	TRANSITION(retention_remove_pair_##name, add_pair(fcinfo, customer, cast_customer, order, cast_order, -1))

#define PAIR_CUSTOMER(name, customer) \
	PAIR(name##_int8, customer, same_key, KEY_INT8, same_key); \
	PAIR(name##_uuid, customer, same_key, KEY_UUID, same_key); \
	PAIR(name##_text, customer, same_key, KEY_TEXT, same_key)

PAIR_CUSTOMER(int8, KEY_INT8);
PAIR_CUSTOMER(uuid, KEY_UUID);
PAIR_CUSTOMER(text, KEY_TEXT);

#define PAIR_CAST(name, customer, cast) \
	PAIR(name##_int4, customer, cast, KEY_INT8, int8_of_int4); \
	PAIR(name##_int2, customer, cast, KEY_INT8, int8_of_int2); \
	PAIR(name##_char, customer, cast, KEY_TEXT, text_of_char)

PAIR_CAST(int4, KEY_INT8, int8_of_int4);
PAIR_CAST(int2, KEY_INT8, int8_of_int2);
PAIR_CAST(char, KEY_TEXT, text_of_char);

/* beside an int2, a literal might be of either integer: then it's a text, as beside an int8 */
PAIR(int2_text, KEY_INT8, int8_of_int2, KEY_TEXT, same_key);
PAIR(text_int2, KEY_TEXT, same_key, KEY_INT8, int8_of_int2);
