/*-------------------------------------------------------------------------
 *
 * base_io.c
 *	  Input and output of customer_base: text (base64) and binary.
 *
 * Both carry the packed form as it is.  What comes in is checked byte for
 * byte before it is a value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/base_state.h"
#include "pg/value_functions.h"

/*
 * PostgreSQL reads customer_base(key) as a cast to the type of that name
 * where the key is of a type like text, but not text itself: so the value
 * that comes in may be a customer's key.
 */
VALUE_FUNCTION(retention_base_in, retention_state_in(&retention_base_states, PG_GETARG_CSTRING(0),
	"If this is a customer's key, cast it: customer_base(key::text), or lower(key)::text of a citext."));
VALUE_FUNCTION(retention_base_recv, retention_state_recv(&retention_base_states, fcinfo));
VALUE_OUTPUT(base, BASE_TYPE, retention_base_pack);
VALUE_OPERATORS(base, retention_base_pack, true);
