/*-------------------------------------------------------------------------
 *
 * history_io.c
 *	  Input and output of purchase_history: text (base64) and binary.
 *
 * Both carry the packed form as it is.  What comes in is checked byte for
 * byte before it is a value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_state.h"
#include "pg/value_functions.h"

VALUE_FUNCTION(retention_history_in, retention_state_in(&retention_history_states, PG_GETARG_CSTRING(0), NULL));
VALUE_FUNCTION(retention_history_recv, retention_state_recv(&retention_history_states, fcinfo));
VALUE_OUTPUT(history, HISTORY_TYPE, retention_history_pack);
VALUE_OPERATORS(history, retention_history_pack, true);
