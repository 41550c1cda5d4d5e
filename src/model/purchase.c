/*-------------------------------------------------------------------------
 *
 * purchase.c
 *	  The list of the models of repeat buying.
 *
 *-------------------------------------------------------------------------
 */
#include "model/purchase.h"

#include <stddef.h>
#include <string.h>

const PurchaseKind *const retention_purchase_kinds[] = {
	&retention_nbd,
	&retention_bg_nbd,
	&retention_mbg_nbd,
	&retention_pareto_nbd,
	&retention_bg_cnbd_k,
	&retention_mbg_cnbd_k,
	NULL
};

const PurchaseKind *
retention_purchase_kind(const char *name)
{
	for (int i = 0; retention_purchase_kinds[i] != NULL; i++)
		if (strcmp(retention_purchase_kinds[i]->name, name) == 0)
			return retention_purchase_kinds[i];
	return NULL;
}
