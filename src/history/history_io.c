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

PG_FUNCTION_INFO_V1(retention_history_in);
Datum
retention_history_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	struct varlena *value = retention_value_of_text(text);

	if (value == NULL || (uint8) *VARDATA(value) > FORM_LAST)
		retention_invalid_text(text, HISTORY_TYPE, NULL);
	retention_history_validate(value);
	PG_RETURN_POINTER(value);
}

PG_FUNCTION_INFO_V1(retention_history_out);
Datum
retention_history_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(retention_value_text(retention_history_pack(PG_GETARG_DATUM(0)),
										 HISTORY_TYPE));
}

PG_FUNCTION_INFO_V1(retention_history_recv);
Datum
retention_history_recv(PG_FUNCTION_ARGS)
{
	struct varlena *value = retention_value_recv(fcinfo);

	retention_history_validate(value);
	PG_RETURN_POINTER(value);
}

PG_FUNCTION_INFO_V1(retention_history_send);
Datum
retention_history_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(retention_value_send(retention_history_pack(PG_GETARG_DATUM(0))));
}

VALUE_OPERATORS(history, retention_history_pack, true);
