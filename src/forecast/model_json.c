/*-------------------------------------------------------------------------
 *
 * model_json.c
 *	  Models as JSON: what they look like to people, dumps and other servers.
 *
 * One table says which fields there are.  Numbers are printed with the fewest
 * digits that give the same number back, whatever extra_float_digits says, and
 * days as ISO dates, whatever datestyle says: a model that is dumped and
 * restored predicts the same to the last bit.
 *
 * Whatever comes in is checked field by field, and unknown fields are errors,
 * as a misspelt one would be lost.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "forecast/model_json.h"
#include "pg/bytes.h"

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"

typedef enum FieldKind
{
	FIELD_TYPE,
	FIELD_VERSION,
	FIELD_KIND,
	FIELD_UNIT,
	FIELD_PARAMETERS,
	FIELD_COVARIANCE,

	/* of fitted models */
	FIELD_COUNT,				/* int64, not negative */
	FIELD_ITERATIONS,			/* the same, of int32 */
	FIELD_NUMBER,				/* double */
	FIELD_SIZE,					/* double, not negative */
	FIELD_BOOL,
	FIELD_DAY,					/* int64, too */
	FIELD_REGION,
	FIELD_MESSAGE
} FieldKind;

#define PURCHASE	(1 << MODEL_PURCHASE)
#define SPEND		(1 << MODEL_SPEND)
#define RETENTION	(1 << MODEL_RETENTION)
#define ALL			(PURCHASE | SPEND | RETENTION)

typedef struct Field
{
	const char *key;
	FieldKind	kind;
	int			types;			/* that have it */
	Size		offset;			/* in Model */
	Size		known;			/* of the bool that says whether it's there; 0: it has to be */
} Field;

static const Field fields[] = {
	{"type", FIELD_TYPE, ALL, 0, 0},
	{"version", FIELD_VERSION, ALL, 0, 0},
	{"model", FIELD_KIND, ALL, 0, 0},
	{"unit", FIELD_UNIT, PURCHASE, 0, 0},
	{"parameters", FIELD_PARAMETERS, ALL, 0, 0},
	{"log_covariance", FIELD_COVARIANCE, ALL, 0, offsetof(Model, has_covariance)},
	{"customers", FIELD_COUNT, ALL, offsetof(Model, customers), 0},
	{"cells", FIELD_COUNT, ALL, offsetof(Model, cells), 0},
	{"repeat_purchases", FIELD_SIZE, PURCHASE, offsetof(Model, purchases), 0},
	{"left_out_no_repeat", FIELD_COUNT, SPEND, offsetof(Model, no_repeat), 0},
	{"left_out_not_positive", FIELD_COUNT, SPEND, offsetof(Model, not_positive), 0},
	{"correlation", FIELD_NUMBER, SPEND, offsetof(Model, correlation), offsetof(Model, knows_correlation)},
	{"influence", FIELD_SIZE, SPEND, offsetof(Model, influence), offsetof(Model, knows_influence)},
	{"influential_mean_spend", FIELD_SIZE, SPEND, offsetof(Model, influential), offsetof(Model, knows_influence)},
	{"as_of", FIELD_DAY, PURCHASE, offsetof(Model, as_of), 0},
	{"loglik", FIELD_NUMBER, ALL, offsetof(Model, loglik), 0},
	{"nbd_loglik", FIELD_NUMBER, PURCHASE, offsetof(Model, nbd_loglik), offsetof(Model, knows_nbd)},
	{"iterations", FIELD_ITERATIONS, ALL, offsetof(Model, iterations), 0},
	{"gradient_norm", FIELD_SIZE, ALL, offsetof(Model, gradient_norm), 0},
	{"converged", FIELD_BOOL, ALL, offsetof(Model, converged), 0},
	{"boundary", FIELD_BOOL, ALL, offsetof(Model, boundary), 0},
	{"message", FIELD_MESSAGE, ALL, offsetof(Model, message), 0},
	{"region", FIELD_REGION, ALL, 0, 0}
};

/* ---- out ---- */

#define field_at(model, field, type) ((type *) ((char *) (model) + (field)->offset))
#define field_known(model, field) ((bool *) ((char *) (model) + (field)->known))

static void
put_number(StringInfo out, double number)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number + 0.0, digits);
	appendStringInfoString(out, number == 0 ? "0" : digits);
}

static void
put_params(const Model *model, StringInfo out)
{
	for (int i = 0; i < model->kind->nparams; i++)
	{
		appendStringInfo(out, "%s\"%s\": ", i == 0 ? "{" : ", ",
						 model->kind->params[i]);
		put_number(out, model->params[i]);
	}
	appendStringInfoChar(out, '}');
}

static void
put_covariance(const Model *model, StringInfo out)
{
	for (int i = 0; i < model->kind->nparams; i++)
		for (int j = 0; j < model->kind->nparams; j++)
		{
			appendStringInfoString(out, j > 0 ? ", " : i == 0 ? "[[" : "], [");
			put_number(out, model_covariance(model, i, j));
		}
	appendStringInfoString(out, "]]");
}

/* Of each point all numbers in one array: its path, the drop, parameters, and the covariance's lower triangle. */
static void
put_region(const Model *model, StringInfo out)
{
	int			n = model->kind->nparams;

	for (int i = 0; i < model->nregion; i++)
	{
		const RegionPoint *point = &model->region[i];

		appendStringInfoString(out, i == 0 ? "[[" : "], [");
		put_number(out, point->path);
		appendStringInfoString(out, ", ");
		put_number(out, point->drop);
		for (int j = 0; j < n + n * (n + 1) / 2; j++)
		{
			appendStringInfoString(out, ", ");
			put_number(out, j < n ? point->params[j] : point->covariance[j - n]);
		}
	}
	appendStringInfoString(out, "]]");
}

/* Does the model have this field? */
static bool
has_field(const Model *model, const Field *field)
{
	if ((field->types & (1 << model->kind->type)) == 0 ||
		(field->kind >= FIELD_COUNT && !model->fitted) ||
		(field->known != 0 && !*field_known(model, field)))
		return false;
	if (field->kind == FIELD_DAY)
		return *field_at(model, field, int64) != HISTOGRAM_NO_DAY;
	if (field->kind == FIELD_MESSAGE)
		return *field_at(model, field, ModelMessage) != MESSAGE_NONE;
	if (field->kind == FIELD_REGION)
		return model->nregion > 0;
	return true;
}

void
retention_model_to_json(const Model *model, StringInfo out)
{
	const char *separator = "{";

	for (const Field *field = fields; field < fields + lengthof(fields); field++)
	{
		char		day[MAXDATELEN + 1];

		if (!has_field(model, field))
			continue;
		appendStringInfo(out, "%s\"%s\": ", separator, field->key);
		separator = ", ";
		switch (field->kind)
		{
			case FIELD_TYPE:
				appendStringInfo(out, "\"%s\"", retention_model_type_name(model->kind->type));
				break;
			case FIELD_VERSION:
				appendStringInfo(out, "%d", MODEL_VERSION);
				break;
			case FIELD_KIND:
				appendStringInfo(out, "\"%s\"", retention_model_kind_name(model));
				break;
			case FIELD_UNIT:
				appendStringInfoString(out, "\"day\"");
				break;
			case FIELD_PARAMETERS:
				put_params(model, out);
				break;
			case FIELD_COVARIANCE:
				put_covariance(model, out);
				break;
			case FIELD_COUNT:
				appendStringInfo(out, INT64_FORMAT, *field_at(model, field, int64));
				break;
			case FIELD_ITERATIONS:
				appendStringInfo(out, INT64_FORMAT, *field_at(model, field, int64));
				break;
			case FIELD_NUMBER:
			case FIELD_SIZE:
				put_number(out, *field_at(model, field, double));
				break;
			case FIELD_BOOL:
				appendStringInfoString(out, *field_at(model, field, bool) ? "true" : "false");
				break;
			case FIELD_DAY:
				JsonEncodeDateTime(day, DateADTGetDatum((DateADT) *field_at(model, field, int64)),
								   DATEOID, NULL);
				appendStringInfo(out, "\"%s\"", day);
				break;
			case FIELD_REGION:
				put_region(model, out);
				break;
			case FIELD_MESSAGE:
				appendStringInfo(out, "\"%s\"",
								 retention_message_code(*field_at(model, field, ModelMessage)));
				break;
		}
	}
	appendStringInfoChar(out, '}');
}

/* ---- in ---- */

/* A value as JSON has it, for messages. */
static char *
value_text(const JsonbValue *value)
{
	char	   *text;

	switch (value->type)
	{
		case jbvNull:
			return pstrdup("null");
		case jbvString:
			text = psprintf("\"%.*s\"", value->val.string.len, value->val.string.val);
			break;
		case jbvNumeric:
			text = DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
			break;
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvBinary:
			text = JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
			break;
		default:
			return pstrdup("?");
	}
	return pnstrdup(text, pg_mbcliplen(text, (int) strlen(text), 60));
}

compat_noreturn static void invalid(ModelType type, const char *key, const JsonbValue *value,
									const char *detail) compat_attribute_noreturn();

static void
invalid(ModelType type, const char *key, const JsonbValue *value, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid \"%s\" of a %s: %s", key, retention_model_type_name(type),
					value_text(value)),
			 errdetail("%s", detail)));
}

static void
missing(ModelType type, const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("%s has no \"%s\"", retention_model_type_name(type), key)));
}

static void
unknown(ModelType type, const char *what, const JsonbValue *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("unknown %s of a %s: %s", what, retention_model_type_name(type),
					value_text(key))));
}

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) &&
		!JsonContainerIsScalar(value->val.binary.data);
}

static double
get_number(ModelType type, const char *key, const JsonbValue *value)
{
	double		number;

	if (value->type != jbvNumeric)
		invalid(type, key, value, "It must be a number.");
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	if (!isfinite(number))
		invalid(type, key, value, "It must be finite.");
	return number;
}

static int64
get_count(ModelType type, const char *key, const JsonbValue *value, int64 most)
{
	Datum		number;
	Datum		limit = NumericGetDatum(int64_to_numeric(most));

	if (value->type == jbvNumeric)
	{
		number = NumericGetDatum(value->val.numeric);
		if (DatumGetBool(DirectFunctionCall2(numeric_ge, number,
											 NumericGetDatum(int64_to_numeric(0)))) &&
			DatumGetBool(DirectFunctionCall2(numeric_le, number, limit)))
		{
			int64		count = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));

			if (DatumGetBool(DirectFunctionCall2(numeric_eq, number,
												 NumericGetDatum(int64_to_numeric(count)))))
				return count;
		}
	}
	invalid(type, key, value, "It must be a whole number, not negative.");
}

static bool
string_is(const JsonbValue *value, const char *string)
{
	return value->type == jbvString && value->val.string.len == strlen(string) &&
		memcmp(value->val.string.val, string, value->val.string.len) == 0;
}

/* ISO only: date's input also knows "today", and orders of day and month that depend on datestyle. */
static int32
get_day(ModelType type, const char *key, const JsonbValue *value)
{
	char	   *text;
	size_t		year;
	DateADT		day;

	if (value->type != jbvString)
		invalid(type, key, value, "It must be a date: YYYY-MM-DD.");
	text = pnstrdup(value->val.string.val, value->val.string.len);
	year = strspn(text, "0123456789");
	if (year < 4 || text[year] != '-' || strspn(text + year + 1, "0123456789") != 2 ||
		text[year + 3] != '-')
		invalid(type, key, value, "It must be a date: YYYY-MM-DD.");
	day = DatumGetDateADT(DirectFunctionCall1(date_in, CStringGetDatum(text)));
	if (DATE_NOT_FINITE(day))
		invalid(type, key, value, "It must be finite.");
	return day;
}

static ModelMessage
get_message(ModelType type, const char *key, const JsonbValue *value)
{
	for (int message = MESSAGE_NONE + 1; message <= MESSAGE_LAST; message++)
		if (string_is(value, retention_message_code(message)))
			return message;
	invalid(type, key, value, "It is none of the messages that there are.");
}

/* An object with a number above 0 for each parameter. */
static void
get_params(Model *model, const JsonbValue *value)
{
	JsonbContainer *object;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	key;

	if (!is_object(value))
		invalid(model->kind->type, "parameters", value, "It must be an object.");
	object = value->val.binary.data;
	for (int i = 0; i < model->kind->nparams; i++)
	{
		const char *name = model->kind->params[i];
		JsonbValue	param;

		if (getKeyJsonValueFromContainer(object, name, (int) strlen(name), &param) == NULL)
			missing(model->kind->type, name);
		model->params[i] = get_number(model->kind->type, name, &param);
		if (!(model->params[i] >= MODEL_LEAST_PARAM && model->params[i] <= MODEL_LARGEST_PARAM))
			invalid(model->kind->type, name, &param, "A parameter must be above 0, and between 1e-30 and 1e30.");
	}
	iterator = JsonbIteratorInit(object);
	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		bool		known = token != WJB_KEY;

		for (int i = 0; i < model->kind->nparams; i++)
			known |= token == WJB_KEY && string_is(&key, model->kind->params[i]);
		if (!known)
			unknown(model->kind->type, "parameter", &key);
	}
}

/* Symmetric, as many rows and columns as there are parameters. */
static void
get_covariance(Model *model, const JsonbValue *value)
{
	int			n = model->kind->nparams;
	double		matrix[MODEL_MAX_PARAMS][MODEL_MAX_PARAMS];
	bool		matches = is_array(value) && JsonContainerSize(value->val.binary.data) == n;

	for (int i = 0; i < n && matches; i++)
	{
		JsonbValue *row = getIthJsonbValueFromContainer(value->val.binary.data, i);

		matches = is_array(row) && JsonContainerSize(row->val.binary.data) == n;
		for (int j = 0; j < n && matches; j++)
			matrix[i][j] = get_number(model->kind->type, "log_covariance",
									  getIthJsonbValueFromContainer(row->val.binary.data, j));
	}
	if (!matches)
		invalid(model->kind->type, "log_covariance", value,
				"It must be an array of as many arrays of as many numbers as there are parameters.");
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
		{
			if (matrix[i][j] != matrix[j][i])
				invalid(model->kind->type, "log_covariance", value, "It must be symmetric.");
			model->covariance[i * (i + 1) / 2 + j] = matrix[i][j];
		}
	if (!retention_covariance_is_possible(model->covariance, n))
		invalid(model->kind->type, "log_covariance", value, "It is no covariance: a variance is negative, or a correlation above 1.");
	model->has_covariance = true;
}

/* As many numbers of each point as put_region() writes. */
static void
get_region(Model *model, const JsonbValue *value)
{
	static const char *const key = "region";
	ModelType	type = model->kind->type;
	int			n = model->kind->nparams;
	int			numbers = 2 + n + n * (n + 1) / 2;
	int			points = is_array(value) ? JsonContainerSize(value->val.binary.data) : 0;

	if (points < 1 || points > REGION_MOST)
		invalid(type, key, value, psprintf("It must be an array of 1 to %d points.", REGION_MOST));
	model->region = palloc(points * sizeof(RegionPoint));
	for (int i = 0; i < points; i++)
	{
		JsonbValue *row = getIthJsonbValueFromContainer(value->val.binary.data, i);
		RegionPoint *point = &model->region[i];

		if (!is_array(row) || JsonContainerSize(row->val.binary.data) != numbers)
			invalid(type, key, row, psprintf("A point must be an array of %d numbers.", numbers));
		for (int j = 0; j < numbers; j++)
		{
			JsonbValue *element = getIthJsonbValueFromContainer(row->val.binary.data, j);
			double		number = get_number(type, key, element);

			if (j < 2 && number < 0)
				invalid(type, key, element, "It must not be negative.");
			if (j >= 2 && j < 2 + n && !(number >= MODEL_LEAST_PARAM && number <= MODEL_LARGEST_PARAM))
				invalid(type, key, element, "A parameter must be above 0, and between 1e-30 and 1e30.");
			*(j == 0 ? &point->path : j == 1 ? &point->drop : j < 2 + n ? &point->params[j - 2] :
			  &point->covariance[j - 2 - n]) = number;
		}
		if (!retention_covariance_is_possible(point->covariance, n))
			invalid(type, key, row, "It is no covariance: a variance is negative, or a correlation above 1.");
	}
	model->nregion = points;
}

/* The model that is being read begins with its kind. */
static Model *
create_of_kind(ModelType type, JsonbContainer *object)
{
	JsonbValue	value;
	const ModelKind *kind = NULL;
	int			k = 0;

	if (getKeyJsonValueFromContainer(object, "model", strlen("model"), &value) == NULL)
		missing(type, "model");
	if (value.type == jbvString)
		kind = retention_model_of_name(type, pnstrdup(value.val.string.val, value.val.string.len), &k);
	if (kind == NULL || k == 0)
		invalid(type, "model", &value, "It is none of the models that there are.");
	return retention_model_create(kind, k);
}

static void
get_field(Model *model, const Field *field, const JsonbValue *value)
{
	ModelType	type = model->kind->type;

	switch (field->kind)
	{
		case FIELD_TYPE:
			if (!string_is(value, retention_model_type_name(type)))
				invalid(type, field->key, value, "It is of another type.");
			break;
		case FIELD_VERSION:
		case FIELD_KIND:
			break;
		case FIELD_UNIT:
			if (!string_is(value, "day"))
				invalid(type, field->key, value, "It must be \"day\"; purchase_model() takes parameters in other units.");
			break;
		case FIELD_PARAMETERS:
			get_params(model, value);
			break;
		case FIELD_COVARIANCE:
			get_covariance(model, value);
			break;
		case FIELD_COUNT:
			*field_at(model, field, int64) = get_count(type, field->key, value, PG_INT64_MAX);
			break;
		case FIELD_ITERATIONS:
			*field_at(model, field, int64) = get_count(type, field->key, value, PG_INT32_MAX);
			break;
		case FIELD_NUMBER:
		case FIELD_SIZE:
			*field_at(model, field, double) = get_number(type, field->key, value);
			if (field->kind == FIELD_SIZE && *field_at(model, field, double) < 0)
				invalid(type, field->key, value, "It must not be negative.");
			break;
		case FIELD_BOOL:
			if (value->type != jbvBool)
				invalid(type, field->key, value, "It must be true or false.");
			*field_at(model, field, bool) = value->val.boolean;
			break;
		case FIELD_DAY:
			*field_at(model, field, int64) = get_day(type, field->key, value);
			break;
		case FIELD_REGION:
			get_region(model, value);
			break;
		case FIELD_MESSAGE:
			*field_at(model, field, ModelMessage) = get_message(type, field->key, value);
			break;
	}
	if (field->known != 0)
		*field_known(model, field) = true;
}

/* Before all others: those of another version may be unknown, or mean something else. */
static void
check_version(ModelType type, JsonbContainer *object)
{
	JsonbValue	value;
	int64		version;

	if (getKeyJsonValueFromContainer(object, "version", strlen("version"), &value) == NULL)
		missing(type, "version");
	version = get_count(type, "version", &value, PG_INT32_MAX);
	if (version != MODEL_VERSION)
		retention_unknown_version(retention_model_type_name(type), (int) version);
}

static bool
is_known_field(ModelType type, const JsonbValue *key)
{
	for (const Field *field = fields; field < fields + lengthof(fields); field++)
		if ((field->types & (1 << type)) != 0 && string_is(key, field->key))
			return true;
	return false;
}

Model *
retention_model_of_json(Jsonb *json, ModelType type)
{
	Model	   *model;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("%s must be a JSON object", retention_model_type_name(type))));
	check_version(type, &json->root);
	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY && !is_known_field(type, &value))
			unknown(type, "field", &value);

	model = create_of_kind(type, &json->root);
	model->fitted = getKeyJsonValueFromContainer(&json->root, "customers", strlen("customers"),
												 &value) != NULL;
	for (const Field *field = fields; field < fields + lengthof(fields); field++)
	{
		if ((field->types & (1 << type)) == 0)
			continue;
		if (getKeyJsonValueFromContainer(&json->root, field->key, (int) strlen(field->key),
										 &value) != NULL)
		{
			if (field->kind >= FIELD_COUNT && !model->fitted)
				missing(type, "customers");
			get_field(model, field, &value);
		}
		else if (field->known == 0 && field->kind != FIELD_UNIT &&
				 field->kind != FIELD_DAY && field->kind != FIELD_REGION && field->kind != FIELD_MESSAGE &&
				 (field->kind < FIELD_COUNT || model->fitted))
			missing(type, field->key);
	}
	model->knows_influence = model->knows_influence && model->influential > 0;
	if (model->knows_correlation && fabs(model->correlation) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid \"correlation\" of a %s: %g", retention_model_type_name(type),
						model->correlation),
				 errdetail("It must be between -1 and 1.")));
	retention_model_check(model);
	return model;
}

/* The parameters that somebody names, as an object. */
void
retention_model_set_params(Model *model, Jsonb *json)
{
	JsonbValue	value;

	value.type = jbvBinary;
	value.val.binary.data = &json->root;
	value.val.binary.len = VARSIZE(json) - VARHDRSZ;
	get_params(model, &value);
}
