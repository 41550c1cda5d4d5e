/*-------------------------------------------------------------------------
 *
 * retention.c
 *	  The module itself: its magic block, and nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/compat.h"

RETENTION_MODULE_MAGIC;
