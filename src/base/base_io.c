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

PG_FUNCTION_INFO_V1(retention_base_in);
Datum
retention_base_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	struct varlena *value = retention_value_of_text(text);

	/*
	 * PostgreSQL reads customer_base(key) as a cast to the type of that name
	 * where the key is of a type like text, but not text itself: so the value
	 * that comes here may be a customer's key.
	 */
	if (value == NULL || (uint8) *VARDATA(value) > FORM_LAST)
		retention_invalid_text(text, "customer_base",
							   "If this is a customer's key, cast it: customer_base(key::text), or lower(key)::text of a citext.");
	retention_base_packed_validate(value);
	PG_RETURN_POINTER(value);
}

PG_FUNCTION_INFO_V1(retention_base_out);
Datum
retention_base_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(retention_value_text(retention_base_pack(PG_GETARG_DATUM(0)),
										 "customer_base"));
}

PG_FUNCTION_INFO_V1(retention_base_recv);
Datum
retention_base_recv(PG_FUNCTION_ARGS)
{
	struct varlena *value = retention_value_recv(fcinfo);

	retention_base_packed_validate(value);
	PG_RETURN_POINTER(value);
}

PG_FUNCTION_INFO_V1(retention_base_send);
Datum
retention_base_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(retention_value_send(retention_base_pack(PG_GETARG_DATUM(0))));
}

VALUE_OPERATORS(base, retention_base_pack, true);
