/*-------------------------------------------------------------------------
 *
 * model_registry.c
 *	  The list of all models, by number and by name.
 *
 *-------------------------------------------------------------------------
 */
#include "model/model_registry.h"

#include <stddef.h>
#include <string.h>

#include "model/contract.h"
#include "model/purchase_kind.h"
#include "model/spend_kind.h"

const ModelKind *const retention_model_kinds[] = {
#define PURCHASE_MODEL(name) &retention_##name.about,
#define SPEND_MODEL(name) &retention_##name.about,
#define CONTRACT_MODEL(name) &retention_##name.about,
#include "model/model_list.h"
	NULL
};

const PurchaseKind *const retention_purchase_kinds[] = {
#define PURCHASE_MODEL(name) &retention_##name,
#define SPEND_MODEL(name)
#define CONTRACT_MODEL(name)
#include "model/model_list.h"
	NULL
};

const ModelKind *
retention_model_of_number(ModelType type, int number)
{
	for (const ModelKind *const *kind = retention_model_kinds; *kind != NULL; kind++)
		if ((*kind)->number == number && (*kind)->type == type)
			return *kind;
	return NULL;
}

/*
 * The next letter or digit of a name that counts, in lower case; 0 at its end.
 * What else there is of ASCII only parts words.
 */
static int
next_letter(const char **name)
{
	for (; **name != '\0'; (*name)++)
	{
		int			letter = (unsigned char) **name;

		if (letter >= 'A' && letter <= 'Z')
			letter += 'a' - 'A';
		if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter >= 128)
		{
			(*name)++;
			return letter;
		}
	}
	return 0;
}

bool
retention_same_model(const char *name, const char *other)
{
	int			letter;

	do
	{
		letter = next_letter(&name);
		if (letter != next_letter(&other))
			return false;
	} while (letter != 0);
	return true;
}

/* The k of a name such as mbg/cnbd-3, if it begins as this kind's does; or 0. */
static int
k_of_name(const char *name, const ModelKind *kind)
{
	const char *end = kind->name + strlen(kind->name) - 1;	/* the k */
	int			k = 0;
	int			letter;

	for (const char *own = kind->name;;)
	{
		int			expected = next_letter(&own);

		if (own > end)
			break;
		if (next_letter(&name) != expected)
			return 0;
	}
	while ((letter = next_letter(&name)) != 0)
	{
		if (letter < (k == 0 ? '1' : '0') || letter > '9')
			return 0;
		k = 10 * k + letter - '0';
		if (k > MODEL_MAX_K)
			return 0;
	}
	return k;
}

const ModelKind *
retention_model_of_name(ModelType type, const char *name, int *k)
{
	for (const ModelKind *const *each = retention_model_kinds; *each != NULL; each++)
	{
		const ModelKind *kind = *each;
		bool		found = retention_same_model(name, kind->name);

		if (kind->type != type)
			continue;
		for (int i = 0; i < MODEL_MAX_ALIASES && kind->aliases[i] != NULL; i++)
			found |= retention_same_model(name, kind->aliases[i]);
		*k = kind->has_k ? 0 : 1;
		if (found)
			return kind;
		if (kind->has_k && (*k = k_of_name(name, kind)) > 0)
			return kind;
	}
	return NULL;
}
