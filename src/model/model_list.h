/*
 * The list of all models: a new one is a file in this folder and a line here.
 * Each line is the name, without "retention_", of what the file defines.  It's
 * included by the headers, which declare them, and by model_registry.c; there is no
 * guard, as each time the words mean something else.
 *
 * The order is that in which models are tried, and named to those who ask.
 */
PURCHASE_MODEL(nbd)
PURCHASE_MODEL(bg_nbd)
PURCHASE_MODEL(mbg_nbd)
PURCHASE_MODEL(pareto_nbd)
PURCHASE_MODEL(bg_cnbd_k)
PURCHASE_MODEL(mbg_cnbd_k)
SPEND_MODEL(gamma_gamma)
CONTRACT_MODEL(sbg)
CONTRACT_MODEL(bdw)

#undef PURCHASE_MODEL
#undef SPEND_MODEL
#undef CONTRACT_MODEL
