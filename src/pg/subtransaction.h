/*-------------------------------------------------------------------------
 *
 * subtransaction.h
 *	  What may fail, and leave nothing behind when it does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RETENTION_SUBTRANSACTION_H
#define RETENTION_SUBTRANSACTION_H

#include "postgres.h"

extern ErrorData *retention_attempt(void (*work) (void *), void *arg);

#endif							/* RETENTION_SUBTRANSACTION_H */
