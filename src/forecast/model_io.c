/*-------------------------------------------------------------------------
 *
 * model_io.c
 *	  Models in and out, and models made from published parameters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/model_json.h"
#include "pg/bytes.h"
#include "pg/value_functions.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/* The binary form is the text form behind this byte. */
#define BINARY_VERSION	1

static Datum
model_of_text(char *text, ModelType type)
{
	Datum		json = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));

	PG_RETURN_DATUM(retention_model_datum(retention_model_of_json(DatumGetJsonbP(json), type)));
}

static Datum
model_recv(FunctionCallInfo fcinfo, ModelType type)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgint(buffer, 1);
	int			length;

	if (version != BINARY_VERSION)
		retention_unknown_version(retention_model_type_name(type), version);
	return model_of_text(pq_getmsgtext(buffer, buffer->len - buffer->cursor, &length), type);
}

static void
model_text(FunctionCallInfo fcinfo, ModelType type, StringInfo out)
{
	initStringInfo(out);
	retention_model_to_json(retention_model_read(PG_GETARG_DATUM(0), type), out);
}

static Datum
model_out(FunctionCallInfo fcinfo, ModelType type)
{
	StringInfoData out;

	model_text(fcinfo, type, &out);
	PG_RETURN_CSTRING(out.data);
}

static Datum
model_send(FunctionCallInfo fcinfo, ModelType type)
{
	StringInfoData out;
	StringInfoData message;

	model_text(fcinfo, type, &out);
	pq_begintypsend(&message);
	pq_sendint8(&message, BINARY_VERSION);
	pq_sendtext(&message, out.data, out.len);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* A cast function makes to_json() and the like see an object, not a string. */
static Datum
model_json(FunctionCallInfo fcinfo, ModelType type)
{
	StringInfoData out;

	model_text(fcinfo, type, &out);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

static Datum
model_jsonb(FunctionCallInfo fcinfo, ModelType type)
{
	StringInfoData out;

	model_text(fcinfo, type, &out);
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data)));
}

static Datum
model_of_jsonb(FunctionCallInfo fcinfo, ModelType type)
{
	PG_RETURN_DATUM(retention_model_datum(retention_model_of_json(PG_GETARG_JSONB_P(0), type)));
}

#define FUNCTION(name, body) \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS) { return body; } \
	extern Datum name(PG_FUNCTION_ARGS)

#define INPUT_OUTPUT(name, type) \
	FUNCTION(retention_##name##_in, model_of_text(PG_GETARG_CSTRING(0), type)); \
	FUNCTION(retention_##name##_out, model_out(fcinfo, type)); \
	FUNCTION(retention_##name##_recv, model_recv(fcinfo, type)); \
	FUNCTION(retention_##name##_send, model_send(fcinfo, type)); \
	FUNCTION(retention_##name##_json, model_json(fcinfo, type)); \
	FUNCTION(retention_##name##_jsonb, model_jsonb(fcinfo, type)); \
	FUNCTION(retention_##name##_of_jsonb, model_of_jsonb(fcinfo, type))

INPUT_OUTPUT(purchase_model, MODEL_PURCHASE);
INPUT_OUTPUT(spend_model, MODEL_SPEND);
INPUT_OUTPUT(retention_model, MODEL_RETENTION);

/* A model has one form. */
static struct varlena *
model_bytes(Datum value)
{
	return PG_DETOAST_DATUM_PACKED(value);
}

VALUE_OPERATORS(model, model_bytes, false);

static Model *
model_of_kind(ModelType type, const text *name)
{
	char	   *kind_name = text_to_cstring(name);
	int			k = 0;
	const ModelKind *kind = retention_model_of_name(type, kind_name, &k);

	if (kind == NULL || k == 0)
		retention_unknown_kind(type, kind_name, kind != NULL, false);
	return retention_model_create(kind, k);
}

/* Parameters are jsonb, or a text of it. */
static Datum
jsonb_of_text(Datum text_datum)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(TextDatumGetCString(text_datum)));
}

/* purchase_model(kind, parameters, unit) */
PG_FUNCTION_INFO_V1(retention_purchase_model_make);
Datum
retention_purchase_model_make(PG_FUNCTION_ARGS)
{
	double		days = retention_unit_days(PG_GETARG_TEXT_PP(2));
	Model	   *model = model_of_kind(MODEL_PURCHASE, PG_GETARG_TEXT_PP(0));

	retention_model_set_params(model, PG_GETARG_JSONB_P(1));
	for (int i = 0; i < model->kind->nparams; i++)
		if (model->kind->units[i] == PARAM_TIME)
			model->params[i] = Min(model->params[i] * days, MODEL_LARGEST_PARAM);
	PG_RETURN_DATUM(retention_model_datum(model));
}

PG_FUNCTION_INFO_V1(retention_purchase_model_make_text);
Datum
retention_purchase_model_make_text(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall3(retention_purchase_model_make, PG_GETARG_DATUM(0),
							   jsonb_of_text(PG_GETARG_DATUM(1)), PG_GETARG_DATUM(2));
}

/* spend_model(p, q, v) */
PG_FUNCTION_INFO_V1(retention_spend_model_make);
Datum
retention_spend_model_make(PG_FUNCTION_ARGS)
{
	Model	   *model = retention_model_create(&retention_gamma_gamma.about, 1);

	for (int i = 0; i < model->kind->nparams; i++)
	{
		model->params[i] = PG_GETARG_FLOAT8(i);
		if (!(model->params[i] >= MODEL_LEAST_PARAM && model->params[i] <= MODEL_LARGEST_PARAM))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid \"%s\" of a spend_model: %g",
							model->kind->params[i], model->params[i]),
					 errdetail("A parameter must be above 0, and between 1e-30 and 1e30.")));
	}
	PG_RETURN_DATUM(retention_model_datum(model));
}

/* retention_model(kind, parameters) */
PG_FUNCTION_INFO_V1(retention_retention_model_make);
Datum
retention_retention_model_make(PG_FUNCTION_ARGS)
{
	Model	   *model = model_of_kind(MODEL_RETENTION, PG_GETARG_TEXT_PP(0));

	retention_model_set_params(model, PG_GETARG_JSONB_P(1));
	PG_RETURN_DATUM(retention_model_datum(model));
}

PG_FUNCTION_INFO_V1(retention_retention_model_make_text);
Datum
retention_retention_model_make_text(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall2(retention_retention_model_make, PG_GETARG_DATUM(0),
							   jsonb_of_text(PG_GETARG_DATUM(1)));
}
