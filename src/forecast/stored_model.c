/*-------------------------------------------------------------------------
 *
 * stored_model.c
 *	  A model as it lies in a table.
 *
 * In memory a model is a struct, which later versions will want to change; in
 * a table it's bytes that say what they are, the same on every machine:
 *
 *	version, type, kind, k, message		a byte each
 *	what is known						a byte of STORED_ flags
 *	number of parameters				a byte
 *	parameters							8 bytes each
 *	their covariance					the lower triangle, 8 bytes each, if it's known
 *	what the fit says of itself			8 bytes each, if there was one
 *	points of its region				how many (8 bytes), and each one's numbers, if it has one
 *
 * So a model of a kind with more parameters lies beside one with fewer, and
 * what a later version has to say besides takes another version number and a
 * reader of its own.  The predictions of a million customers read a model a
 * million times, so reading it is a few copies and no parsing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "forecast/fitted_model.h"
#include "pg/bytes.h"

#define STORED_FITTED		0x01
#define STORED_CONVERGED	0x02
#define STORED_BOUNDARY		0x04
#define STORED_COVARIANCE	0x08
#define STORED_NBD			0x10
#define STORED_CORRELATION	0x20
#define STORED_REGION		0x40
#define STORED_FLAGS		0x7F

/* What a fit says of itself, in the order in which it's stored; int64 or double. */
static const Size fit_fields[] = {
	offsetof(Model, customers),
	offsetof(Model, cells),
	offsetof(Model, no_repeat),
	offsetof(Model, not_positive),
	offsetof(Model, purchases),
	offsetof(Model, as_of),
	offsetof(Model, loglik),
	offsetof(Model, nbd_loglik),
	offsetof(Model, correlation),
	offsetof(Model, iterations),
	offsetof(Model, gradient_norm),
	offsetof(Model, influence),
	offsetof(Model, influential)
};

/* The bytes in front of the numbers. */
#define HEAD_BYTES		7

static inline int
covariances(const Model *model)
{
	return model->kind->nparams * (model->kind->nparams + 1) / 2;
}

/* The numbers of a point of the region. */
static inline int
region_numbers(const Model *model)
{
	return 2 + model->kind->nparams + covariances(model);
}

/* How many bytes a model takes, without the length word. */
static Size
stored_bytes(const Model *model)
{
	return HEAD_BYTES + sizeof(uint64) *
		(model->kind->nparams + (model->has_covariance ? covariances(model) : 0) +
		 (model->fitted ? lengthof(fit_fields) : 0) +
		 (model->nregion > 0 ? 1 + model->nregion * region_numbers(model) : 0));
}

/* So many numbers of 8 bytes; returns what is behind them. */
static uint8 *
put_numbers(uint8 *at, const void *numbers, int n)
{
	for (int i = 0; i < n; i++)
	{
		uint64		word;

		memcpy(&word, (const char *) numbers + i * sizeof(word), sizeof(word));
		store_bytes(at, word);
		at += sizeof(word);
	}
	return at;
}

static const uint8 *
get_numbers(const uint8 *at, void *numbers, int n)
{
	for (int i = 0; i < n; i++)
	{
		uint64		word = load_bytes(at, sizeof(word), at + sizeof(word));

		memcpy((char *) numbers + i * sizeof(word), &word, sizeof(word));
		at += sizeof(word);
	}
	return at;
}

/* A model as a value. */
Datum
retention_model_datum(const Model *model)
{
	Size		bytes = stored_bytes(model);
	struct varlena *value = palloc(VARHDRSZ + bytes);
	uint8	   *at = (uint8 *) VARDATA(value);

	retention_model_check(model);
	SET_VARSIZE(value, VARHDRSZ + bytes);
	at = put_byte(at, MODEL_VERSION);
	at = put_byte(at, model->kind->type);
	at = put_byte(at, model->kind->number);
	at = put_byte(at, model->k);
	at = put_byte(at, model->message);
	at = put_byte(at, (model->fitted ? STORED_FITTED : 0) |
				  (model->converged ? STORED_CONVERGED : 0) |
				  (model->boundary ? STORED_BOUNDARY : 0) |
				  (model->has_covariance ? STORED_COVARIANCE : 0) |
				  (model->knows_nbd ? STORED_NBD : 0) |
				  (model->knows_correlation ? STORED_CORRELATION : 0) |
				  (model->nregion > 0 ? STORED_REGION : 0));
	at = put_byte(at, model->kind->nparams);
	at = put_numbers(at, model->params, model->kind->nparams);
	if (model->has_covariance)
		at = put_numbers(at, model->covariance, covariances(model));
	if (model->fitted)
		for (int i = 0; i < lengthof(fit_fields); i++)
			at = put_numbers(at, (const char *) model + fit_fields[i], 1);
	if (model->nregion > 0)
	{
		int64		points = model->nregion;

		at = put_numbers(at, &points, 1);
		for (int i = 0; i < model->nregion; i++)
		{
			at = put_numbers(at, &model->region[i].path, 1);
			at = put_numbers(at, &model->region[i].drop, 1);
			at = put_numbers(at, model->region[i].params, model->kind->nparams);
			at = put_numbers(at, model->region[i].covariance, covariances(model));
		}
	}
	Assert(at == (uint8 *) value + VARSIZE(value));
	return PointerGetDatum(value);
}

/* The reader of version 1, of which "at" is behind the version. */
static Model *
read_version_1(const uint8 *at, Size bytes, ModelType type)
{
	const char *type_name = retention_model_type_name(type);
	const ModelKind *kind;
	Model	   *model;
	uint8		flags;

	if (unlikely(bytes < HEAD_BYTES))
		retention_invalid_value(type_name, "The value ends too early.");
	if (unlikely(at[0] != type))
		retention_invalid_value(type_name, "The value is of another type.");
	flags = at[4];

	/* a new kind is no new version */
	kind = retention_model_of_number(type, at[1]);
	if (unlikely(kind == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unknown model in a value of type %s: %d", type_name, at[1]),
				 errhint("A newer version of the extension may have written it.")));
	if (unlikely(at[2] < 1 || at[2] > (kind->has_k ? MODEL_MAX_K : 1)))
		retention_invalid_value(type_name, "The k of the model is impossible.");
	if (unlikely(at[3] > MESSAGE_LAST || (flags & ~STORED_FLAGS) != 0))
		retention_invalid_value(type_name, "What the fit says of itself is impossible.");
	model = retention_model_create(kind, at[2]);
	model->message = at[3];
	model->fitted = (flags & STORED_FITTED) != 0;
	model->converged = (flags & STORED_CONVERGED) != 0;
	model->boundary = (flags & STORED_BOUNDARY) != 0;
	model->has_covariance = (flags & STORED_COVARIANCE) != 0;
	model->knows_nbd = (flags & STORED_NBD) != 0;
	model->knows_correlation = (flags & STORED_CORRELATION) != 0;
	if (unlikely(at[5] != model->kind->nparams))
		retention_invalid_value(type_name, "The number of parameters is not that of the model.");
	if ((flags & STORED_REGION) != 0)
	{
		Size		before = stored_bytes(model);
		int64		points = 0;

		if (bytes >= before + sizeof(uint64))
			(void) get_numbers(at - 1 + before, &points, 1);
		if (unlikely(points < 1 || points > REGION_MOST))
			retention_invalid_value(type_name, "The number of points of its region is impossible.");
		model->nregion = (int) points;
	}
	if (unlikely(bytes != stored_bytes(model)))
		retention_invalid_value(type_name, "The value is not as long as it says.");
	at = get_numbers(at + HEAD_BYTES - 1, model->params, model->kind->nparams);
	if (model->has_covariance)
		at = get_numbers(at, model->covariance, covariances(model));
	if (model->fitted)
		for (int i = 0; i < lengthof(fit_fields); i++)
			at = get_numbers(at, (char *) model + fit_fields[i], 1);

	/* a mean spend is above 0 */
	model->knows_influence = model->influential > 0;
	if (model->nregion > 0)
	{
		at += sizeof(uint64);
		model->region = palloc(model->nregion * sizeof(RegionPoint));
		for (int i = 0; i < model->nregion; i++)
		{
			at = get_numbers(at, &model->region[i].path, 1);
			at = get_numbers(at, &model->region[i].drop, 1);
			at = get_numbers(at, model->region[i].params, model->kind->nparams);
			at = get_numbers(at, model->region[i].covariance, covariances(model));
		}
	}
	return model;
}

/* What comes from outside has been checked, so this sees to its form alone. */
const Model *
retention_model_read(Datum datum, ModelType type)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	const uint8 *at = (const uint8 *) VARDATA_ANY(value);
	Size		bytes = VARSIZE_ANY_EXHDR(value);
	Model	   *model = NULL;

	if (unlikely(bytes == 0))
		retention_invalid_value(retention_model_type_name(type), "The value ends too early.");
	switch (*at)
	{
		case MODEL_VERSION:
			model = read_version_1(at + 1, bytes, type);
			break;
		default:
			retention_unknown_version(retention_model_type_name(type), *at);
	}
	retention_model_check(model);
	return model;
}
