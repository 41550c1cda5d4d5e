/*-------------------------------------------------------------------------
 *
 * model_json.h
 *	  Models as JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_MODEL_JSON_H
#define RETENTION_MODEL_JSON_H

#include "forecast/fitted_model.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

extern void retention_model_to_json(const Model *model, StringInfo out);
extern Model *retention_model_of_json(Jsonb *json, ModelType type);
extern void retention_model_set_params(Model *model, Jsonb *json);

#endif							/* RETENTION_MODEL_JSON_H */
